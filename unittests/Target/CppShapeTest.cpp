//===- CppShapeTest.cpp - What front-ends rely on --------------------------===//
//
// PyPTO does not compile our output as it is: it takes it apart with regular expressions and pastes
// it into a wrapper. Each test here is one promise to it. A change that breaks one breaks users,
// whatever else it improves.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "llvm/Support/Regex.h"
#include "gmock/gmock.h"

using namespace pto;
using namespace pto::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {
std::string kernel(llvm::StringRef attributes, llvm::StringRef body = "",
                   llvm::StringRef arguments = "") {
  return ("module attributes {pto.target_arch = \"a3\"} {\nfunc.func @k(" + arguments + ") " +
          (attributes.empty() ? "" : "attributes {" + attributes + "} ") + "{\n" + body +
          "\nreturn\n}\n}\n")
      .str();
}
constexpr llvm::StringLiteral vectorKind = "pto.kernel_kind = #pto.kernel_kind<vector>";
constexpr llvm::StringLiteral cubeKind = "pto.kernel_kind = #pto.kernel_kind<cube>";

unsigned countOf(llvm::StringRef text, llvm::StringRef what) { return text.count(what); }
} // namespace

TEST(CppShape, PrologueIsTwoLines) {
  EXPECT_THAT(
      emitOk(kernel("")),
      StartsWith("#include \"pto/pto-inst.hpp\"\nusing namespace pto;\n\nAICORE void k() {\n"));
  // An empty module is a legal file.
  EXPECT_EQ(emitOk(""), "#include \"pto/pto-inst.hpp\"\nusing namespace pto;\n");
}

TEST(CppShape, CommHeaderOnlyForCommOps) {
  EXPECT_THAT(emitOk(kernel("")), Not(HasSubstr("pto_comm_inst")));
  std::string text = emitOk(kernel(vectorKind, R"(
    %c1 = arith.constant 1 : index
    %one = arith.constant 1 : i32
    %v = pto.make_tensor_view %p, shape = [%c1], strides = [%c1] : !pto.tensor_view<1xi32>
    pto.comm.tnotify(%v, %one : !pto.tensor_view<1xi32>, i32) {notifyOp = #pto<notify_op set>}
    pto.comm.twait(%v, %one : !pto.tensor_view<1xi32>, i32) {cmp = #pto<wait_cmp ge>})",
                                   "%p: !pto.ptr<i32>"));
  EXPECT_THAT(text,
              StartsWith("#include \"pto/pto-inst.hpp\"\n#include \"pto/comm/pto_comm_inst.hpp\"\n"
                         "using namespace pto;\n"));
  // Enumerators stand in place, not in variables.
  EXPECT_THAT(text, HasSubstr("  pto::comm::TNOTIFY(v, 1, pto::comm::NotifyOp::Set);\n"
                              "  pto::comm::TWAIT(v, 1, pto::comm::WaitCmp::GE);\n"));
}

// PyPTO finds functions by `AICORE void NAME(` and rewrites an optional `extern "C"` and
// `__global__` before it.
TEST(CppShape, FunctionHeads) {
  llvm::Regex find("^(extern \"C\" )?(__global__ )?AICORE void k\\(", llvm::Regex::Newline);
  EXPECT_TRUE(find.match(emitOk(kernel(""))));
  for (llvm::StringRef entry : {"pto.entry", "hacc.entry", "pto.kernel", "pto.aicore"})
    EXPECT_THAT(emitOk(kernel(entry)), HasSubstr("\nextern \"C\" __global__ AICORE void k() {\n"));
  EXPECT_THAT(emitOk(kernel("pto.visibility = \"external\"")),
              HasSubstr("\nextern \"C\" AICORE void k() {\n"));
  EXPECT_THAT(emitOk("func.func private @f() { return }"),
              HasSubstr("\nstatic AICORE void f() {\n"));
  EXPECT_THAT(emitOk("func.func private @f(!pto.ptr<f32>, index) -> i32"),
              HasSubstr("\nextern \"C\" AICORE int32_t f(__gm__ float*, int64_t);\n"));
}

TEST(CppShape, ParametersKeepOrderAndTypes) {
  EXPECT_THAT(
      emitOk(kernel(
          "", "",
          "%a: !pto.ptr<f16>, %b: !pto.ptr<bf16>, %c: !pto.ptr<ui8>, %d: index, %e: i1, %f: f64")),
      HasSubstr("AICORE void k(__gm__ half* a, __gm__ bfloat16_t* b, __gm__ uint8_t* c, int64_t d, "
                "bool e, double f) {\n"));
}

// One text is compiled once per kind of core; each compilation picks its half by the guard.
TEST(CppShape, GuardsEncloseTheWholeBody) {
  EXPECT_THAT(emitOk(kernel(vectorKind, "pto.barrier <PIPE_ALL>")),
              HasSubstr("AICORE void k() {\n#if defined(__DAV_VEC__)\n  set_mask_norm();\n  "
                        "set_vector_mask(-1, -1);\n"
                        "  pipe_barrier(PIPE_ALL);\n#endif // __DAV_VEC__\n  return;\n}\n"));
  EXPECT_THAT(emitOk(kernel(cubeKind, "pto.barrier <PIPE_M>")),
              HasSubstr("AICORE void k() {\n#if defined(__DAV_CUBE__)\n  pipe_barrier(PIPE_M);\n"
                        "#endif // __DAV_CUBE__\n  return;\n}\n"));
}

TEST(CppShape, SectionsAreGuardsOfTheirOwn) {
  std::string text = emitOk(kernel("", "pto.section.cube { pto.barrier <PIPE_M> }\n"
                                       "pto.section.vector { pto.barrier <PIPE_V> }"));
  EXPECT_THAT(
      text, HasSubstr("#if defined(__DAV_CUBE__)\n  pipe_barrier(PIPE_M);\n#endif // __DAV_CUBE__\n"
                      "#if defined(__DAV_VEC__)\n  set_mask_norm();\n  set_vector_mask(-1, -1);\n"
                      "  pipe_barrier(PIPE_V);\n#endif // __DAV_VEC__\n  return;\n"));
}

TEST(CppShape, GuardedFunctionsThatReturnAValueReturnOneOnBothKinds) {
  std::string text = emitOk("func.func @f(%a: i32) -> i32 attributes {" + vectorKind.str() +
                            "} { return %a : i32 }");
  EXPECT_THAT(text, HasSubstr("  return a;\n#else\n  return {};\n#endif // __DAV_VEC__\n}\n"));
}

// The wrapper replaces get_subblockid by a macro: the register must not be read in any other way.
TEST(CppShape, LaneIdOnlyThroughItsFunction) {
  std::string text = emitOk(kernel(vectorKind, R"(
    %s = pto.get_subblock_idx
    %n = pto.get_subblock_num
    %b = pto.get_block_idx
    pto.store_scalar %s, %p[%c] : !pto.ptr<i64>, i64
    pto.store_scalar %n, %p[%c] : !pto.ptr<i64>, i64
    pto.store_scalar %b, %p[%c] : !pto.ptr<i64>, i64)",
                                   "%p: !pto.ptr<i64>, %c: index"));
  EXPECT_EQ(countOf(text, "get_subblockid()"), 1u);
  EXPECT_THAT(
      text,
      HasSubstr(
          "p[c] = get_subblockid();\n  p[c] = get_subblockdim();\n  p[c] = get_block_idx();"));
}

TEST(CppShape, FlagsAndBarriers) {
  std::string text = emitOk(kernel(vectorKind, R"(
    pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID3>]
    pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID3>]
    %c1 = arith.constant 1 : index
    %id = arith.addi %i, %c1 : index
    pto.set_flag_dyn[<PIPE_V>, <PIPE_MTE3>, %id]
    pto.wait_flag_dyn[<PIPE_V>, <PIPE_MTE3>, %i]
    pto.fence.barrier_all <gm>)",
                                   "%i: index"));
  EXPECT_THAT(text, HasSubstr("  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);\n"
                              "  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);\n"
                              "  set_flag(PIPE_V, PIPE_MTE3, (event_t)(i + 1));\n"
                              "  wait_flag(PIPE_V, PIPE_MTE3, (event_t)i);\n"
                              "  pipe_barrier(PIPE_ALL);\n  dsb(DSB_DDR);\n"));
}

TEST(CppShape, CalleesComeFirst) {
  std::string text = emitOk("func.func @a() { func.call @b() : () -> () return }\n"
                            "func.func @b() { func.call @c() : () -> () return }\n"
                            "func.func @c() { return }\n");
  EXPECT_LT(text.find("void c()"), text.find("void b()"));
  EXPECT_LT(text.find("void b()"), text.find("void a()"));
}

TEST(CppShape, NamesComeFromTheSource) {
  std::string text =
      emitOk(kernel("", "",
                    "%int: i32, %TLOAD: i32, %T: i32, %0: i32, %a.b: i32, %__pto_n: i32, "
                    "%half: i32, %linux: i32, %QK: i32, %k: i32, %i: i32, %get_block_idx: i32"));
  // Keywords, names of the library and of its macros, and names of functions are avoided; all
  // others are kept.
  EXPECT_THAT(
      text,
      HasSubstr(
          "AICORE void k(int32_t int_v, int32_t TLOAD_v, int32_t T_v, int32_t v0, int32_t a_b, "
          "int32_t pto_n, int32_t half_v, int32_t linux_v, int32_t QK_v, int32_t k_1, int32_t i, "
          "int32_t get_block_idx_v) {\n"));
}

TEST(CppShape, NamesAreUniqueWhereTheyAreVisible) {
  std::string body = bodyOf(emitOk(kernel("", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      scf.for %i_1 = %c0 to %n step %c1 {
        %v = pto.load_scalar %p[%i] : !pto.ptr<f32> -> f32
        pto.store_scalar %v, %p[%i_1] : !pto.ptr<f32>, f32
      }
    }
    scf.for %i = %c0 to %n step %c1 {
      %v = pto.load_scalar %p[%i] : !pto.ptr<f32> -> f32
      pto.store_scalar %v, %p[%i] : !pto.ptr<f32>, f32
    })",
                                          "%p: !pto.ptr<f32>, %n: index")));
  EXPECT_EQ(body, "for (int64_t i = 0; i < n; ++i) {\nfor (int64_t i_1 = 0; i_1 < n; ++i_1) {\n"
                  "float v = p[i];\np[i_1] = v;\n}\n}\n"
                  "for (int64_t i = 0; i < n; ++i) {\nfloat v = p[i];\np[i] = v;\n}\n");
}

TEST(CppShape, NumberedNames) {
  std::string source = kernel("",
                              "%x = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32\n"
                              "pto.store_scalar %x, %p[%n] : !pto.ptr<f32>, f32",
                              "%p: !pto.ptr<f32>, %n: index");
  EXPECT_THAT(
      emitOk(source, {CppOptions::Numbered}),
      HasSubstr(
          "AICORE void k(__gm__ float* v1, int64_t v2) {\n  float v3 = v1[v2];\n  v1[v2] = v3;\n"));
}

TEST(CppShape, SameInputSameBytes) {
  std::string source = kernel(vectorKind, R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %s = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %f) -> (f32) {
      %v = pto.load_scalar %p[%i] : !pto.ptr<f32> -> f32
      %m = arith.maximumf %acc, %v : f32
      scf.yield %m : f32
    }
    pto.store_scalar %s, %p[%c0] : !pto.ptr<f32>, f32)",
                              "%p: !pto.ptr<f32>, %n: index, %f: f32");
  std::string first = emitOk(source);
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(emitOk(source), first);
}

TEST(CppShape, NothingOfTheOldProloguePaths) {
  std::string text = emitOk(kernel(vectorKind, "", "%p: !pto.ptr<f32>"));
  for (llvm::StringRef old : {"ptoas_auto_sync_tail", "using T", "PTOAS__", "cstdint"})
    EXPECT_THAT(text, Not(HasSubstr(old.str())));
}
