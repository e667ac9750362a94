//===- KernelRefusalsTest.cpp - Calls that the simulator does not compute --===//
//
// What reaches a kernel has passed the verifier, but for what only run time knows and for calls of
// the C++ interface. Each says in numbers what does not fit.
//
//===----------------------------------------------------------------------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
using Operands = std::vector<Operand>;

std::vector<std::string> refusals(const char *kernel, Operands operands,
                                  std::vector<Attribute> attributes = {}, Arch arch = Arch::A3) {
  TestMachine machine(arch);
  machine.run(findKernel(kernel), std::move(operands), std::move(attributes));
  return machine.failures;
}

TileOperand vec(Element element, int64_t rows, int64_t cols, uint64_t address = 0) {
  return tile(Space::Vec, element, Form::ND, rows, cols, address);
}

ViewOperand view(Element element, int64_t rows, int64_t cols, Layout layout = Layout::ND) {
  ViewOperand result;
  result.element = element;
  result.layout = layout;
  result.shape = {1, 1, 1, rows, cols};
  result.stride = {rows * cols, rows * cols, rows * cols, cols, 1};
  if (layout == Layout::DN)
    std::swap(result.stride[3], result.stride[4]);
  return result;
}
} // namespace

TEST(KernelRefusals, LoadsAndStores) {
  Operand f32 = operand(vec(Element::F32, 8, 8)), none;
  EXPECT_THAT(refusals("load", {f32, f32}),
              ElementsAre("operand 0 is not a view of global memory"));
  EXPECT_THAT(refusals("load", {operand(view(Element::F16, 8, 8)), f32}),
              ElementsAre("TLOAD moves elements of f16 into a tile of f32, whose size differs"));
  EXPECT_THAT(refusals("load", {operand(view(Element::F32, 8, 8, Layout::DN)), f32}),
              ElementsAre("TLOAD has no path from a view in DN into a tile in vec that is "
                          "row_major without boxes, on a3"));
  EXPECT_THAT(refusals("store", {f32, none, operand(view(Element::F16, 8, 8))}),
              ElementsAre("TSTORE moves elements of f32 into a view of f16, whose size differs"));
  EXPECT_THAT(refusals("store", {f32, none, operand(view(Element::F32, 8, 8, Layout::DN))}),
              ElementsAre("TSTORE has no path from a tile in vec that is row_major without boxes "
                          "into a view in DN, on a3"));
  Operand acc = operand(tile(Space::Acc, Element::F32, Form::Nz, 16, 16)),
          into = operand(view(Element::F32, 16, 16));
  EXPECT_THAT(refusals("store", {acc, none, into}, {{"reluPreMode", 2}}),
              ElementsAre("reluPreMode 2 is not modelled: only no_relu and normal_relu are"));
  EXPECT_THAT(refusals("move", {acc, operand(tile(Space::Scaling, Element::F32, Form::ND, 1, 16)),
                                operand(tile(Space::Mat, Element::F16, Form::Nz, 16, 16))}),
              ElementsAre("quantisation parameters are 64-bit elements, not f32"));
  EXPECT_THAT(refusals("store", {f32, none, operand(view(Element::F32, 4, 8))}),
              ElementsAre("TSTORE of 8x8 valid elements into a 4x8 view"));
}

TEST(KernelRefusals, Gathers) {
  enum : unsigned { Source, Indices, Thresholds, Scratch, Result, Counts };
  auto gather = [](Operands operands, std::vector<Attribute> attributes = {}) {
    return refusals("gather", std::move(operands), std::move(attributes));
  };
  Operand src = operand(vec(Element::I32, 2, 8)), none;
  Operand small = operand(vec(Element::I32, 1, 8, 0x2000));
  Operands byIndex(6);
  byIndex[Source] = src;
  byIndex[Indices] = small;
  byIndex[Result] = operand(vec(Element::I32, 2, 8, 0x3000));
  EXPECT_THAT(gather(byIndex), ElementsAre("a result of 2x8 valid elements, but indices of 1x8"));

  Operands byComparison(6);
  byComparison[Source] = src;
  byComparison[Thresholds] = small;
  byComparison[Counts] = byComparison[Result] = operand(vec(Element::I32, 2, 8, 0x3000));
  EXPECT_THAT(gather(byComparison),
              ElementsAre("needs a threshold for each of 2 rows, but has 1x8"));
  // Memory begins as it is everywhere, so that every element equals its threshold.
  byComparison[Thresholds] = operand(vec(Element::I32, 2, 8, 0x2000));
  byComparison[Result] = operand(tile(Space::Vec, Element::I32, Form::ND, 2, 4, 0x3000));
  EXPECT_THAT(gather(byComparison),
              ElementsAre("row 0 has 8 elements that satisfy the comparison, but the result is a "
                          "tile of 2x4"));

  Operands byPattern(6);
  byPattern[Source] = src;
  byPattern[Result] = operand(vec(Element::I32, 1, 8, 0x3000));
  EXPECT_THAT(gather(byPattern, {{"maskPattern", 7}}),
              ElementsAre("keeps 16 elements, but the result is a tile of 1x8"));

  EXPECT_THAT(refusals("gather_blocks", {src, small, operand(vec(Element::I32, 2, 16, 0x3000))}),
              ElementsAre("needs 2x2 offsets, but has 1x8"));
}

TEST(KernelRefusals, Scatters) {
  Operand src = operand(vec(Element::I32, 2, 8)), none,
          dst = operand(vec(Element::I32, 4, 8, 0x3000));
  EXPECT_THAT(refusals("scatter", {src, operand(vec(Element::I32, 1, 8, 0x2000)), dst}),
              ElementsAre("a source of 2x8 valid elements, but indexes of 1x8"));
  EXPECT_THAT(refusals("scatter", {src, none, dst}, {{"maskPattern", 1}}),
              ElementsAre("spreads over 2x16 elements, but the result has 4x8"));
}

TEST(KernelRefusals, Tables) {
  auto gather = [](const ViewOperand &table, const TileOperand &dst) {
    return refusals("table_gather",
                    {operand(table), operand(vec(Element::I32, 1, 8, 0x1000)), Operand(), Operand(),
                     operand(dst)},
                    {{"coalesce", 0}});
  };
  TileOperand dst = vec(Element::F32, 8, 8);
  EXPECT_THAT(gather(view(Element::F32, 8, 8, Layout::DN), dst),
              ElementsAre("a table lies in ND, but this one lies in DN"));
  EXPECT_THAT(gather(view(Element::F16, 8, 8), dst),
              ElementsAre("a table of f16, but a tile of f32"));
  EXPECT_THAT(gather(view(Element::F32, 8, 4), dst),
              ElementsAre("rows of 4 elements, but the tile takes 8"));
}

TEST(KernelRefusals, ScratchThatIsTooSmall) {
  Operands operands(6);
  operands[0] = operand(vec(Element::I32, 1, 16));
  TileOperand indices = vec(Element::I32, 1, 16, 0x2000);
  operands[1] = operand(indices);
  operands[3] = operand(vec(Element::I32, 1, 8, 0x1000));
  operands[4] = operand(vec(Element::I32, 1, 16, 0x3000));
  TestMachine machine;
  for (int64_t i = 0; i < 16; ++i)
    machine.set(indices, 0, i, 0);
  machine.run(findKernel("gather"), operands);
  EXPECT_THAT(machine.failures,
              ElementsAre("the scratch tile has 32 bytes, but the library writes 64"));
}

TEST(KernelRefusals, Arithmetic) {
  Operand whole = operand(vec(Element::I32, 8, 8)), real = operand(vec(Element::F32, 8, 8));
  EXPECT_THAT(refusals("rem", {whole, real, whole, whole}),
              ElementsAre("TREM of i32 takes tiles of i32"));
  EXPECT_THAT(refusals("compare",
                       {operand(vec(Element::F8E4M3, 1, 32)), operand(vec(Element::F8E4M3, 1, 32)),
                        operand(vec(Element::U8, 1, 256, 0x1000))}),
              ElementsAre("this operation does not compare f8E4M3"));
  TileOperand left = tile(Space::Left, Element::F16, Form::Nz, 16, 16),
              right = tile(Space::Right, Element::F16, Form::Zn, 16, 16),
              result = tile(Space::Acc, Element::F32, Form::Nz, 16, 16),
              start = tile(Space::Acc, Element::I32, Form::Nz, 16, 16);
  EXPECT_THAT(
      refusals("matmul_acc", {operand(start), operand(left), operand(right), operand(result)}),
      Contains("the sum starts from i32, but the result is f32"));
}

TEST(KernelRefusals, Moves) {
  Operand from = operand(vec(Element::F8E4M3, 8, 32)), to = operand(vec(Element::F8E4M3, 8, 32));
  EXPECT_THAT(refusals("move", {from, operand(vec(Element::U8, 8, 32, 0x1000)), to}, {}, Arch::A5),
              ElementsAre(HasSubstr("reordered scales are not modelled without boxes in the "
                                    "result")));
}

TEST(KernelRefusals, Sorts) {
  TileOperand src = vec(Element::F32, 1, 32), dst = vec(Element::F32, 1, 64, 0x1000);
  EXPECT_THAT(refusals("sort32", {operand(src), operand(vec(Element::U32, 1, 8, 0x2000)), Operand(),
                                  operand(dst)}),
              ElementsAre("needs indices for 1x32 elements, but has 1x8"));
  TileOperand indices = vec(Element::U32, 1, 32, 0x2000);
  EXPECT_THAT(refusals("sort32", {operand(src), operand(indices), Operand(),
                                  operand(vec(Element::F32, 1, 32, 0x1000))}),
              ElementsAre("leaves 1x32 records of 8 bytes, but the result is a tile of 1x32"));
  auto merge = [](Operands sources, Operand length, const Operand &tmp, const TileOperand &dst) {
    sources.resize(4);
    for (const Operand &last : {length, tmp, operand(dst)})
      sources.push_back(last);
    return refusals("merge_sort", std::move(sources));
  };
  EXPECT_THAT(merge({operand(vec(Element::F32, 1, 256))}, integerOperand(64), Operand(),
                    vec(Element::F32, 1, 128, 0x1000)),
              ElementsAre("merges 256 elements into a list of 128"));
  EXPECT_THAT(merge({operand(src), operand(src)}, Operand(),
                    operand(vec(Element::F32, 1, 64, 0x4000)), vec(Element::F32, 1, 128, 0x1000)),
              ElementsAre("copies 512 bytes of the result from a scratch tile of 256"));
}
