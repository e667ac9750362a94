//===- CheckTest.cpp - What must not reach the printer ---------------------===//

#include "Emit.h"
#include "gmock/gmock.h"

using namespace pto::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
/// Every case is one function body on lines 2 and following.
std::vector<std::string> body(llvm::StringRef text, llvm::StringRef arguments = "") {
  return rejected(("func.func @k(" + arguments + ") {\n" + text + "\nreturn }").str());
}
} // namespace

TEST(CppCheck, EveryLeftoverIsReportedAtItsLine) {
  EXPECT_THAT(
      body("pto.record_event[#pto.pipe_event_type<TLOAD>, #pto.pipe_event_type<TVEC>, "
           "#pto.event<EVENT_ID0>]\n"
           "pto.barrier_sync[#pto.pipe_event_type<TVEC>]\n"
           "%t = pto.alloc_tile : !pto.tile_buf<vec, 16x64xf32>"),
      ElementsAre(HasSubstr("2: 'pto.record_event' op has no C++ form"),
                  HasSubstr("3: 'pto.barrier_sync' op has no C++ form"),
                  HasSubstr("4: 'pto.alloc_tile' op has no address; give addr = ... or let the "
                            "planner choose (--pto-level=level2)")));
}

// Types and plain constants leave the rows open, arithmetic on constants does not.
TEST(CppCheck, ExtentsOfATransfer) {
  EXPECT_THAT(
      body("%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
           "%c8 = arith.constant 8 : index\n%c64 = arith.constant 64 : index\n"
           "%n = arith.addi %c8, %c8 : index\n%a = arith.constant 0 : i64\n"
           "%v = pto.make_tensor_view %p, shape = [%n, %c64], strides = [%c64, %c1] : "
           "!pto.tensor_view<?x64xf32>\n"
           "%w = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%n, %c64] : "
           "!pto.tensor_view<?x64xf32> -> !pto.partition_tensor_view<?x64xf32>\n"
           "%t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 8x64xf32>\n"
           "pto.tload ins(%w : !pto.partition_tensor_view<?x64xf32>) outs(%t : "
           "!pto.tile_buf<vec, 8x64xf32>)\n"
           "pto.tstore ins(%t : !pto.tile_buf<vec, 8x64xf32>) outs(%w : "
           "!pto.partition_tensor_view<?x64xf32>)",
           "%p: !pto.ptr<f32>"),
      ElementsAre(
          HasSubstr("11: 'pto.tload' op needs equal extents on both sides, but the view is, "
                    "in ND, a matrix of 16x64 and dst has 8x64 valid elements"),
          HasSubstr("12: 'pto.tstore' op needs equal extents on both sides, but the view is, "
                    "in ND, a matrix of 16x64 and src has 8x64 valid elements")));
}

TEST(CppCheck, BlocksAndBranches) {
  EXPECT_THAT(body("cf.br ^next\n^next:"),
              testing::Contains(HasSubstr("'func.func' op has control flow between blocks")));
}

TEST(CppCheck, OperationsThatHaveNoPlaceOrNoForm) {
  EXPECT_THAT(rejected("%x = pto.get_block_idx"),
              ElementsAre(HasSubstr("1: 'pto.get_block_idx' op stands outside a function; only "
                                    "functions have a C++ form there")));
  EXPECT_THAT(rejected("func.func @k() attributes {pto.kernel_kind = #pto.kernel_kind<cube>} {\n"
                       "pto.section.vector { pto.dsb }\nreturn }"),
              ElementsAre(HasSubstr("2: 'pto.section.vector' op lies in a function for the other "
                                    "kind of core, where it would never run")));
  EXPECT_THAT(rejected("module attributes {pto.target_arch = \"a5\"} {\nfunc.func @k() {\n"
                       "pto.barrier <PIPE_V>\nreturn } }"),
              ElementsAre(HasSubstr("3: 'pto.barrier' op of PIPE_V is not accepted by the compiler "
                                    "for a5")));
  EXPECT_THAT(
      body("%p = pto.initialize_l2g2l_pipe {id = 0, dir_mask = 1, slot_size = 1024, slot_num = 8} "
           "(%gm : !pto.ptr<f32>, %a : i32) -> !pto.pipe",
           "%gm: !pto.ptr<f32>, %a: i32"),
      ElementsAre(HasSubstr("has no flag_base or no local_slot_num; an earlier stage decides them "
                            "(pto-resolve-pipes)")));
  EXPECT_THAT(body("%b = arith.sitofp %a : i32 to bf16", "%a: i32"),
              ElementsAre(HasSubstr("would be rounded twice on the way to bf16; convert to f32 "
                                    "first, where the rounding is yours")));
  EXPECT_THAT(body("%b = arith.select %c, %x, %x : vector<4xi1>, vector<4xi16>",
                   "%c: vector<4xi1>, %x: vector<4xi16>"),
              testing::Contains(HasSubstr("has no C++ form for a vector of conditions")));
}

TEST(CppCheck, ValuesThatAreNoVariables) {
  EXPECT_THAT(body("%c1 = arith.constant 1 : index\n%z = arith.constant 0 : i7\n"
                   "%r = scf.for %i = %n to %n step %c1 iter_args(%a = %z) -> (i7) {\n"
                   "scf.yield %a : i7 }",
                   "%n: index"),
              testing::Contains(HasSubstr("4: 'scf.for' op has a region argument of type 'i7', "
                                          "which cannot be a C++ variable")));
  EXPECT_THAT(
      body("%c1 = arith.constant 1 : index\n%c64 = arith.constant 64 : index\n"
           "%v = pto.make_tensor_view %x, shape = [%c1, %c64], strides = [%c64, %c1] : "
           "!pto.tensor_view<1x64xf32>\n"
           "%s = arith.select %c, %v, %v : !pto.tensor_view<1x64xf32>",
           "%x: !pto.ptr<f32>, %c: i1"),
      testing::Contains(HasSubstr("chooses between values that cannot be C++ variables; choose "
                                  "between pointers, and make the view where it is used")));
  EXPECT_THAT(rejected("func.func @k() {\n"
                       "%d = arith.constant dense_resource<counts> : vector<4xi16>\nreturn }\n"
                       "{-# dialect_resources: { builtin: { counts: "
                       "\"0x0800000001000000000000000000\" } } #-}"),
              ElementsAre(HasSubstr("'arith.constant' op has no C++ form; write the counts as "
                                    "dense<0>")));
}

TEST(CppCheck, Recursion) {
  EXPECT_THAT(rejected("func.func @a() {\nfunc.call @b() : () -> ()\nreturn }\n"
                       "func.func @b() {\nfunc.call @a() : () -> ()\nreturn }"),
              ElementsAre(HasSubstr("5: 'func.call' op makes @a call itself; recursion has no C++ "
                                    "form on the device")));
}

TEST(CppCheck, Entries) {
  EXPECT_THAT(rejected("func.func @k() -> i32 attributes {pto.entry} {\n%c = arith.constant 1 : "
                       "i32\nreturn %c : i32 }"),
              ElementsAre(HasSubstr("an entry must return void")));
  EXPECT_THAT(rejected("func.func private @k() attributes {pto.entry}"),
              ElementsAre(HasSubstr("has no body")));
}

TEST(CppCheck, FunctionNamesStayAsTheyAreOrFail) {
  EXPECT_THAT(rejected("func.func @TLOAD() { return }"), ElementsAre(HasSubstr("is named @TLOAD")));
  EXPECT_THAT(rejected("func.func @\"a b\"() { return }"), ElementsAre(HasSubstr("rename it")));
  EXPECT_THAT(rejected("func.func @while() { return }"), ElementsAre(HasSubstr("rename it")));
}

TEST(CppCheck, ViewsAreNotPassedAround) {
  EXPECT_THAT(rejected("func.func private @f(!pto.tensor_view<4x4xf32>)"),
              ElementsAre(HasSubstr("cannot pass a value of type")));
  EXPECT_THAT(
      body(
          "%c4 = arith.constant 4 : index\n"
          "%a = pto.make_tensor_view %p, shape = [%c4], strides = [%c4] : !pto.tensor_view<4xf32>\n"
          "%b = arith.select %c, %a, %a : !pto.tensor_view<4xf32>",
          "%p: !pto.ptr<f32>, %c: i1"),
      testing::Contains(HasSubstr("make the view where it is used")));
}

TEST(CppCheck, Scalars) {
  EXPECT_THAT(
      body("%a = arith.constant dense<1.0> : vector<4xf32>"),
      testing::Contains(HasSubstr("'arith.constant' op has no C++ form for vector<4xf32>")));
  EXPECT_THAT(body("%a = arith.constant 3 : i7\n%b = arith.divsi %x, %x : i1", "%x: i1"),
              ElementsAre(HasSubstr("no C++ form for i7"), HasSubstr("no C++ form for i1")));
  EXPECT_THAT(body("%a = arith.sitofp %x : i32 to bf16", "%x: i32"),
              ElementsAre(HasSubstr("rounded twice")));
  EXPECT_THAT(body("%a = arith.truncf %x upward : f32 to f16", "%x: f32"),
              ElementsAre(HasSubstr("rounds in a way")));
}

TEST(CppCheck, SectionOfTheOtherKind) {
  EXPECT_THAT(rejected("func.func @k() attributes {pto.kernel_kind = #pto.kernel_kind<vector>} {\n"
                       "pto.section.cube { pto.barrier <PIPE_M> }\nreturn }"),
              testing::Contains(HasSubstr("would never run")));
}

TEST(CppCheck, BarriersThatTheCompilerRejects) {
  EXPECT_THAT(rejected("module attributes {pto.target_arch = \"a5\"} { func.func @k() {\n"
                       "pto.barrier <PIPE_V>\nreturn } }"),
              ElementsAre(HasSubstr("2: 'pto.barrier' op of PIPE_V is not accepted")));
}

TEST(CppCheck, FlagsBetweenCoresNeedTheirAddress) {
  EXPECT_THAT(body("pto.sync.set <PIPE_MTE3>, 1"),
              ElementsAre(HasSubstr("nothing has said where they lie; write pto.set_ffts first")));
  // In a caller of a caller is early enough; recursion does not hang the search.
  std::vector<std::string> errors = rejected(
      "func.func @k(%a: i64) { pto.set_ffts %a : i64\n func.call @f() : () -> ()\n return }\n"
      "func.func @f() { func.call @g() : () -> ()\n return }\n"
      "func.func @g() { pto.sync.wait <PIPE_V>, 1\n return }\n"
      "func.func @h() { func.call @h() : () -> ()\n pto.sync.wait <PIPE_V>, 1\n return }");
  EXPECT_THAT(errors, testing::UnorderedElementsAre(
                          HasSubstr("'pto.sync.wait' op uses flags of other cores"),
                          HasSubstr("makes @h call itself")));
}

TEST(CppCheck, FlagsInsideTheBlockNeedToKnowTheirCore) {
  EXPECT_THAT(rejected("module attributes {pto.target_arch = \"a5\"} { func.func @k() {\n"
                       "pto.sync.set <PIPE_MTE2>, 1\nreturn } }"),
              ElementsAre(HasSubstr("put it into pto.section.cube or pto.section.vector")));
}

TEST(CppCheck, TensorsOfAGroupStandInOneArray) {
  EXPECT_THAT(
      body(
          "%c4 = arith.constant 4 : index\n%c1 = arith.constant 1 : index\n"
          "%c0 = arith.constant 0 : index\n%z = arith.constant 0 : i64\n"
          "%t = pto.alloc_tile addr = %z : !pto.tile_buf<vec, 1x8xf32, valid=1x4>\n"
          "%v = pto.make_tensor_view %p, shape = [%c4], strides = [%c1] : !pto.tensor_view<4xf32>\n"
          "%w = pto.make_tensor_view %p, shape = [%c4], strides = [%n] : !pto.tensor_view<4xf32>\n"
          "%a = pto.partition_view %v, offsets = [%c0], sizes = [%c4] : !pto.tensor_view<4xf32> "
          "-> !pto.partition_tensor_view<4xf32>\n"
          "%b = pto.partition_view %w, offsets = [%c0], sizes = [%c4] : !pto.tensor_view<4xf32> "
          "-> !pto.partition_tensor_view<4xf32>\n"
          "pto.comm.tbroadcast(%a, recv(%t), group(%a, %b) : !pto.partition_tensor_view<4xf32>, "
          "!pto.tile_buf<vec, 1x8xf32, valid=1x4>, !pto.partition_tensor_view<4xf32>, "
          "!pto.partition_tensor_view<4xf32>) {root = 0 : i32}",
          "%p: !pto.ptr<f32>, %n: index"),
      ElementsAre(HasSubstr("has a group of tensors whose C++ types differ")));
}

TEST(CppCheck, EventObjects) {
  EXPECT_THAT(body("pto.tsync ins(%i : index)", "%i: index"),
              ElementsAre(HasSubstr("it waits for event objects, which no operation makes")));
}

TEST(CppCheck, ArraysStayWhereTheyAre) {
  EXPECT_THAT(rejected("func.func @f(%a: !pto.local_array<4xf32>) { return }"),
              ElementsAre(HasSubstr("cannot pass a value of type")));
  EXPECT_THAT(body("%r = scf.if %c -> !pto.local_array<4xf32> {\n"
                   "%a = pto.declare_local_array -> !pto.local_array<4xf32>\n"
                   "scf.yield %a : !pto.local_array<4xf32>\n} else {\n"
                   "%b = pto.declare_local_array -> !pto.local_array<4xf32>\n"
                   "scf.yield %b : !pto.local_array<4xf32>\n}",
                   "%c: i1"),
              ElementsAre(HasSubstr("hand on its elements, or index one that is declared")));
}
