//===- LowerTest.cpp - Kernels of a module and their flat form -------------===//

#include "ptoas/SimLower/Lower.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gmock/gmock.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
class LowerTest : public testing::Test {
protected:
  LowerTest() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
  }
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry result;
    registerDialects(result);
    return result;
  }
  void parse(llvm::StringRef text) {
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "k.pto"), llvm::SMLoc());
    module = parseProgram(sources, context);
    ASSERT_TRUE(module) << messages;
  }
  std::vector<Kernel> kernels(llvm::ArrayRef<std::string> functions = {}) {
    auto result = findKernels(*module, functions);
    return mlir::succeeded(result) ? *result : std::vector<Kernel>();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string messages;
};
} // namespace

TEST_F(LowerTest, ParametersSayWhatALaunchPasses) {
  parse(
      R"(func.func @k(%x: !pto.ptr<bf16> {pto.may_alias}, %n: index, %__pypto_spmd_block_idx: i32) {
             return
           })");
  auto found = kernels();
  ASSERT_EQ(found.size(), 1u) << messages;
  ASSERT_EQ(found[0].cores.size(), 1u);
  const std::vector<Parameter> &p = found[0].cores[0].parameters;
  ASSERT_EQ(p.size(), 3u);
  EXPECT_EQ(p[0].name, "x");
  EXPECT_TRUE(p[0].isPointer && p[0].mayAlias);
  EXPECT_EQ(p[0].element, Element::BF16);
  EXPECT_FALSE(p[1].isPointer);
  EXPECT_EQ(p[1].element, Element::Index);
  EXPECT_EQ(p[2].special, SpecialValue::BlockIndex);
}

TEST_F(LowerTest, HalvesOfAMixedKernelAreOneKernelCubeFirst) {
  parse(R"(func.func @v() attributes {pto.kernel_kind = #pto.kernel_kind<vector>} { return }
           func.func @c() attributes {pto.kernel_kind = #pto.kernel_kind<cube>} { return })");
  auto found = kernels();
  ASSERT_EQ(found.size(), 1u) << messages;
  ASSERT_TRUE(found[0].isMixed());
  EXPECT_EQ(found[0].cores[0].core, CoreKind::Cube);
  EXPECT_EQ(found[0].cores[1].core, CoreKind::Vector);
  EXPECT_EQ(kernels({"v"}).size(), 1u);
  EXPECT_EQ(kernels({"v", "v"}).size(), 2u);
}

TEST_F(LowerTest, EntriesWinOverRootsAndHelpersAreNoKernels) {
  parse(R"(func.func @helper() { return }
           func.func @a() attributes {pto.entry} { func.call @helper() : () -> () return }
           func.func @b() { return })");
  auto found = kernels();
  ASSERT_EQ(found.size(), 1u) << messages;
  EXPECT_EQ(found[0].name, "a");
}

TEST_F(LowerTest, TheKindOfCoreComesFromSectionsCalleesAndPipes) {
  parse(R"(func.func @sections() { pto.section.cube {} pto.section.vector {} return }
           func.func @calls() { func.call @sections() : () -> () return }
           func.func @pipes(%t: i64) {
             %l = pto.alloc_tile addr = %t : !pto.tile_buf<mat, 16x64xf32, blayout=col_major, slayout=row_major>
             %n = pto.alloc_tile addr = %t : !pto.tile_buf<left, 16x64xf32, blayout=row_major, slayout=row_major>
             pto.tmov ins(%l : !pto.tile_buf<mat, 16x64xf32, blayout=col_major, slayout=row_major>) outs(%n : !pto.tile_buf<left, 16x64xf32, blayout=row_major, slayout=row_major>)
             return
           })");
  EXPECT_TRUE(kernels({"sections"})[0].isMixed());
  EXPECT_TRUE(kernels({"calls"})[0].isMixed());
  auto pipes = kernels({"pipes"});
  ASSERT_EQ(pipes[0].cores.size(), 1u);
  EXPECT_EQ(pipes[0].cores[0].core, CoreKind::Cube);
}

TEST_F(LowerTest, PlacesNameTheOperationAndTheInlinedCall) {
  parse("func.func @k() {\n"
        "  func.call @f() : () -> ()\n"
        "  return\n"
        "}\n"
        "func.func private @f() {\n"
        "  pto.barrier <PIPE_ALL>\n"
        "  return\n"
        "}\n");
  auto found = kernels();
  auto program = lowerKernels(*module, found);
  ASSERT_TRUE(mlir::succeeded(program)) << messages;
  const Function &function = program->functions[found[0].cores[0].index];
  std::vector<std::string> lines;
  for (const Instruction &i : function.code)
    if (i.opcode == Opcode::Barrier) {
      const Place &place = program->places[i.place];
      lines = {place.op, place.location, place.calledAt};
    }
  EXPECT_THAT(lines, ElementsAre("pto.barrier", "k.pto:6:3", "k.pto:2:3"));
}

TEST_F(LowerTest, ATileWithoutAddressIsAnError) {
  parse(R"(func.func @k() {
             %t = pto.alloc_tile : !pto.tile_buf<vec, 16x64xf32>
             %u = pto.alloc_multi_tile : !pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2>
             return
           })");
  auto found = kernels();
  EXPECT_TRUE(mlir::failed(lowerKernels(*module, found)));
  // Both are told.
  for (const char *op : {"'pto.alloc_tile'", "'pto.alloc_multi_tile'"})
    EXPECT_THAT(messages, HasSubstr(std::string(op) +
                                    " op has no address: give it one (addr = ...) or let the "
                                    "memory planner choose (--pto-level=level2)"));
}

TEST_F(LowerTest, WhatIsNoKernel) {
  parse("func.func private @f() { return }");
  EXPECT_TRUE(kernels().empty());
  EXPECT_THAT(messages, HasSubstr("the module has no kernel: no function with a body is public and "
                                  "called by nobody; name one with --function"));
  parse(R"(func.func @f(%a: i64) {
             %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>
             pto.tadd ins(%t, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)
             %l = pto.alloc_tile addr = %a : !pto.tile_buf<mat, 16x64xf32, blayout=col_major, slayout=row_major>
             %n = pto.alloc_tile addr = %a : !pto.tile_buf<left, 16x64xf32, blayout=row_major, slayout=row_major>
             pto.tmov ins(%l : !pto.tile_buf<mat, 16x64xf32, blayout=col_major, slayout=row_major>) outs(%n : !pto.tile_buf<left, 16x64xf32, blayout=row_major, slayout=row_major>)
             return
           })");
  EXPECT_TRUE(kernels().empty());
  EXPECT_THAT(messages,
              HasSubstr("@f uses both kinds of core; say which code is for which by "
                        "pto.section.cube and pto.section.vector, or give each its own function "
                        "with pto.kernel_kind"));
}

TEST_F(LowerTest, OperationsWithoutAMeaning) {
  parse(R"(func.func @a(%i: i32) { cf.switch %i : i32, [ default: ^a, 1: ^b ]
           ^a: return
           ^b: return }
           func.func @b(%n: index) { scf.parallel (%i) = (%n) to (%n) step (%n) { pto.dsb } return })");
  auto found = kernels({"a", "b"});
  EXPECT_TRUE(mlir::failed(lowerKernels(*module, found)));
  for (const char *op : {"'cf.switch'", "'scf.parallel'"})
    EXPECT_THAT(messages, HasSubstr(std::string(op) + " op has no meaning in the simulator"));
}

TEST_F(LowerTest, ARingOfAnotherFunctionHasNoAddress) {
  parse(R"(func.func @k(%a: i64) {
             %r = pto.alloc_multi_tile addr = %a : !pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2>
             func.call @f(%r) : (!pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2>) -> ()
             return
           }
           func.func private @f(%r: !pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2>) {
             %c0 = arith.constant 0 : index
             %t = pto.multi_tile_get %r[%c0] : !pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2> -> !pto.tile_buf<vec, 16x64xf32>
             return
           })");
  auto found = kernels();
  EXPECT_TRUE(mlir::failed(lowerKernels(*module, found)));
  EXPECT_THAT(messages, HasSubstr("takes a slot of a ring that has no address in this function"));
}

/// Each call is inlined: 2^11 of the innermost function.
TEST_F(LowerTest, ProgramsThatGrowTooLargeAreGivenUp) {
  std::string text = "func.func @f11() { return }\n";
  for (int depth = 10; depth >= 0; --depth) {
    std::string next = "func.call @f" + std::to_string(depth + 1) + "() : () -> () ";
    text += "func.func @f" + std::to_string(depth) + "() { " + next + next + "return }\n";
  }
  parse(text);
  auto found = kernels({"f0"});
  EXPECT_TRUE(mlir::succeeded(lowerKernels(*module, found)));
  EXPECT_TRUE(mlir::failed(lowerKernels(*module, found, /*mostOperations=*/1000)));
  EXPECT_THAT(messages, HasSubstr("is beyond the 1000 operations that a kernel may have when "
                                  "all calls are inlined"));
}

/// What the pipelines of the tools refuse before, with more to say about it.
TEST_F(LowerTest, WhatTheCoreDoesNotHaveAndWhatPassesReplace) {
  parse(R"(func.func @k() { pto.section.cube { func.call @f() : () -> () } return }
           func.func private @f() { pto.barrier <PIPE_V> return })");
  auto found = kernels();
  EXPECT_TRUE(mlir::failed(lowerKernels(*module, found)));
  EXPECT_THAT(messages, HasSubstr("'pto.barrier' op needs PIPE_V, which a cube core on a3 does not "
                                  "have; put it into a section of the other kind"));
  messages.clear();
  parse(
      R"(func.func @k(%a: i64) attributes {pto.kernel_kind = #pto.kernel_kind<vector>} {
             %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 8x16xf32>
             pto.tpush_to_aic(%t : !pto.tile_buf<vec, 8x16xf32>) {split = 1}
             return
           })");
  found = kernels();
  EXPECT_TRUE(mlir::failed(lowerKernels(*module, found)));
  EXPECT_THAT(messages, HasSubstr("'pto.tpush_to_aic' op is not simulated"));
}

TEST_F(LowerTest, EveryOperationHasAMeaning) {
  // Records whose operations the lowering would refuse are found here, not by a user.
  for (const OpInfo &info : allOpInfos()) {
    if (!info.engine.empty())
      continue;
    EXPECT_TRUE(info.kernel.empty() ? findMapKernel(info.name) : findKernel(info.kernel))
        << info.name.str();
    EXPECT_FALSE(llvm::any_of(info.operands, [](auto &operand) { return operand.variadic; }))
        << info.name.str();
    bool usesFlagsInside = llvm::any_of(info.micro, [](const MicroForm &form) {
      return llvm::any_of(form.steps, [](auto &step) { return step.kind == MicroStep::Set; });
    });
    EXPECT_TRUE(!usesFlagsInside || findSteps(info.kernel)) << info.name.str();
  }
}
