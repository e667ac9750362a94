//===- KernelMoveTest.cpp - TMOV and TEXTRACT ------------------------------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Small numbers that every element type holds, different for each element of a box and for its
/// neighbours.
static double mark(int64_t row, int64_t col) { return double((row * 13 + col * 5) % 101); }

static void fill(TestMachine &machine, const TileOperand &tile) {
  for (int64_t row = 0; row < tile.shape.rows; ++row)
    for (int64_t col = 0; col < tile.shape.cols; ++col)
      machine.set(tile, row, col, mark(row, col));
}

static ByteSet without(const ByteSet &all, const ByteSet &some) {
  ByteSet rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

namespace {
struct FractalCase {
  Arch arch;
  Space to;
  Form fromForm, toForm;
};
/// library 1.4 and 2.5; the second of each pair is the transposing one.
constexpr FractalCase fractalCases[] = {
    {Arch::A3, Space::Left, Form::Nz, Form::Zz},  {Arch::A3, Space::Left, Form::Zn, Form::Zz},
    {Arch::A5, Space::Left, Form::Nz, Form::Nz},  {Arch::A5, Space::Left, Form::Zn, Form::Nz},
    {Arch::A3, Space::Right, Form::Zn, Form::Zn}, {Arch::A3, Space::Right, Form::Nz, Form::Zn},
};
} // namespace

TEST(KernelMove, MatrixOperandsTakeWholeFractals) {
  for (const FractalCase &fractal : fractalCases)
    for (Element element : {Element::I8, Element::F16, Element::BF16, Element::F32}) {
      TestMachine machine(fractal.arch);
      TileOperand from = tile(Space::Mat, element, fractal.fromForm, 64, 96, 0x400);
      TileOperand to = tile(fractal.to, element, fractal.toForm, 64, 96, 37, 70, 0x800);
      fill(machine, from);
      machine.run(findKernel("move"), {operand(from), Operand(), Operand(), operand(to)});
      EXPECT_THAT(machine.failures, IsEmpty());
      ByteSet used = machine.bytesOfTile(from, 37, 70), all = machine.bytesOfTile(from, 64, 96);
      EXPECT_EQ(machine.reads(Space::Mat), used);
      EXPECT_EQ(machine.residues(Space::Mat), without(all, used));
      EXPECT_EQ(machine.writes(fractal.to), machine.bytesOfTile(to, 64, 96));
      for (int row = 0; row < 64; ++row)
        for (int col = 0; col < 96; ++col)
          ASSERT_EQ(machine.get(to, row, col), mark(row, col));
    }
}

TEST(KernelMove, CompactTilesTakeTheFractalsOfTheirValidShape) {
  TestMachine machine;
  TileOperand from = tile(Space::Mat, Element::F16, Form::Nz, 64, 64);
  TileOperand to = tile(Space::Left, Element::F16, Form::Zz, 64, 64, 20, 30, 0x800);
  to.shape.compact = CompactMode::Normal;
  fill(machine, from);
  machine.run(findKernel("move"), {operand(from), Operand(), Operand(), operand(to)});
  // 20 x 30 rounds up to 32 x 32, and the rows of boxes are two boxes long.
  TileOperand placed = tile(Space::Left, Element::F16, Form::Zz, 32, 32, 0x800);
  EXPECT_EQ(machine.writes(Space::Left), machine.bytesOfTile(placed, 32, 32));
  for (int row = 0; row < 32; ++row)
    for (int col = 0; col < 32; ++col)
      ASSERT_EQ(machine.get(placed, row, col), mark(row, col));
}

TEST(KernelMove, VectorOfAGemvStaysAVector) {
  TestMachine machine;
  TileOperand from = tile(Space::Mat, Element::F16, Form::ND, 1, 256);
  TileOperand to = tile(Space::Left, Element::F16, Form::Zz, 1, 256);
  fill(machine, from);
  machine.run(findKernel("move"), {operand(from), Operand(), Operand(), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.writes(Space::Left).size(), 512u);
  for (int col = 0; col < 256; ++col)
    EXPECT_EQ(machine.take(Space::Left, 2 * col, Element::F16), mark(0, col));
}

TEST(KernelMove, BiasKeepsOrWidens) {
  for (auto [source, target] : {std::pair(Element::F32, Element::F32),
                                {Element::I32, Element::I32},
                                {Element::F16, Element::F32}}) {
    TestMachine machine;
    TileOperand from = tile(Space::Mat, source, Form::ND, 1, 64, 1, 50);
    TileOperand to = tile(Space::Bias, target, Form::ND, 1, 64, 1, 50);
    fill(machine, from);
    machine.run(findKernel("move"), {operand(from), Operand(), Operand(), operand(to)});
    EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_EQ(machine.reads(Space::Mat), machine.bytesOfTile(from, 1, 50));
    EXPECT_EQ(machine.writes(Space::Bias), machine.bytesOfTile(to, 1, 50));
    for (int col = 0; col < 50; ++col)
      EXPECT_EQ(machine.get(to, 0, col), mark(0, col));
  }
  TestMachine machine;
  machine.run(findKernel("move"),
              {operand(tile(Space::Mat, Element::BF16, Form::ND, 1, 64)), Operand(), Operand(),
               operand(tile(Space::Bias, Element::F32, Form::ND, 1, 64))});
  EXPECT_THAT(machine.failures, ElementsAre("a bias of bf16 cannot become f32"));
}

TEST(KernelMove, VecToVecMovesTheValidRegion) {
  TestMachine machine;
  TileOperand from = tile(Space::Vec, Element::F16, Form::ND, 16, 64);
  TileOperand to = tile(Space::Vec, Element::F16, Form::ND, 16, 64, 5, 33, 0x4000);
  fill(machine, from);
  machine.run(findKernel("move"), {operand(from), Operand(), Operand(), operand(to)});
  EXPECT_EQ(machine.reads(Space::Vec), machine.bytesOfTile(from, 5, 33));
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 5, 33));
  EXPECT_EQ(machine.get(to, 4, 32), mark(4, 32));
}

TEST(KernelMove, AccumulatorsConvertOnTheWayToL1) {
  TestMachine machine;
  TileOperand from = tile(Space::Acc, Element::F32, Form::Nz, 32, 64, 20, 40);
  TileOperand to = tile(Space::Mat, Element::F16, Form::Nz, 32, 64, 20, 40);
  for (int row = 0; row < 20; ++row)
    for (int col = 0; col < 40; ++col)
      machine.set(from, row, col, col % 3 ? row * 0.5 : -1);
  machine.run(findKernel("move"), {operand(from), operand(to)}, {{"reluPreMode", 1}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.reads(Space::Acc), machine.bytesOfTile(from, 20, 40));
  EXPECT_EQ(machine.writes(Space::Mat), machine.bytesOfTile(to, 20, 40));
  for (int row = 0; row < 20; ++row)
    for (int col = 0; col < 40; ++col)
      EXPECT_EQ(machine.get(to, row, col), col % 3 ? row * 0.5 : 0);
}

TEST(KernelMove, ParametersScaleEachColumn) {
  TestMachine machine;
  TileOperand from = tile(Space::Acc, Element::F32, Form::Nz, 16, 16);
  TileOperand to = tile(Space::Mat, Element::I8, Form::Nz, 16, 32, 16, 16);
  TileOperand scales = tile(Space::Scaling, Element::U64, Form::ND, 1, 16);
  for (int col = 0; col < 16; ++col) {
    float scale = col * 0.5f;
    uint64_t parameter = 0;
    std::memcpy(&parameter, &scale, 4);
    std::memcpy(machine.at(Space::Scaling, col * 8), &parameter, 8);
    for (int row = 0; row < 16; ++row)
      machine.set(from, row, col, row - 4);
  }
  machine.run(findKernel("move"), {operand(from), operand(scales), Operand(), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.reads(Space::Scaling), machine.bytesOfTile(scales, 1, 16));
  for (int row = 0; row < 16; ++row)
    for (int col = 0; col < 16; ++col)
      EXPECT_EQ(machine.get(to, row, col), std::nearbyint((row - 4) * col * 0.5));
}

TEST(KernelMove, ReportsPathsThatDoNotExist) {
  TestMachine machine;
  TileOperand vec = tile(Space::Vec, Element::F16, Form::ND, 16, 64),
              mat = tile(Space::Mat, Element::F16, Form::Nz, 16, 64);
  machine.run(findKernel("move"), {operand(vec), Operand(), Operand(), operand(mat)});
  EXPECT_THAT(machine.failures, ElementsAre("TMOV has no path from vec to mat on a3"));
  machine.run(findKernel("move"), {operand(mat), Operand(), Operand(), operand(vec)});
  EXPECT_THAT(machine.failures, ElementsAre("TMOV has no path from mat to vec on a3"));
  machine.run(findKernel("move"), {operand(mat), Operand(), Operand(),
                                   operand(tile(Space::Left, Element::F32, Form::Zz, 16, 64))});
  EXPECT_THAT(machine.failures,
              ElementsAre("a move from f16 to f32 between these memories cannot convert"));
  TestMachine a5(Arch::A5);
  fill(a5, vec);
  a5.run(findKernel("move"), {operand(vec), Operand(), Operand(), operand(mat)});
  EXPECT_THAT(a5.failures, IsEmpty());
  EXPECT_EQ(a5.get(mat, 7, 40), mark(7, 40));
}

TEST(KernelExtract, WindowsOfMatrixOperands) {
  for (const FractalCase &fractal : fractalCases)
    for (Element element : {Element::I8, Element::F16, Element::F32}) {
      TestMachine machine(fractal.arch);
      TileOperand from = tile(Space::Mat, element, fractal.fromForm, 96, 128);
      TileOperand to = tile(fractal.to, element, fractal.toForm, 32, 64, 32, 50, 0x1000);
      fill(machine, from);
      machine.run(findKernel("extract"),
                  {operand(from), integerOperand(64), integerOperand(32), operand(to)});
      EXPECT_THAT(machine.failures, IsEmpty());
      EXPECT_EQ(machine.reads(Space::Mat), machine.bytesOfTile(from, 32, 50, 64, 32));
      EXPECT_EQ(machine.residues(Space::Mat), machine.bytesOfTile(from, 32, 14, 64, 82));
      EXPECT_EQ(machine.writes(fractal.to), machine.bytesOfTile(to, 32, 64));
      for (int row = 0; row < 32; ++row)
        for (int col = 0; col < 64; ++col)
          ASSERT_EQ(machine.get(to, row, col), mark(row + 64, col + 32));
    }
}

TEST(KernelExtract, VecWindowIsExact) {
  TestMachine machine;
  TileOperand from = tile(Space::Vec, Element::F32, Form::ND, 16, 64);
  TileOperand to = tile(Space::Vec, Element::F32, Form::ND, 8, 16, 8, 13, 0x4000);
  fill(machine, from);
  machine.run(findKernel("extract"),
              {operand(from), integerOperand(5), integerOperand(8), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.reads(Space::Vec), machine.bytesOfTile(from, 8, 13, 5, 8));
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 8, 13));
  EXPECT_EQ(machine.get(to, 7, 12), mark(12, 20));
}

TEST(KernelExtract, ReportsMisuse) {
  TestMachine machine;
  KernelFunction extract = findKernel("extract");
  TileOperand from = tile(Space::Mat, Element::F16, Form::Nz, 32, 32),
              to = tile(Space::Left, Element::F16, Form::Zz, 16, 16);
  machine.run(extract, {operand(from), integerOperand(17), integerOperand(INT64_MAX), operand(to)});
  EXPECT_THAT(
      machine.failures,
      ElementsAre("the window of 16x16 at (17, 9223372036854775807) leaves the 32x32 source"));
  EXPECT_THAT(machine.writes(Space::Left), IsEmpty());
  machine.run(extract, {operand(from), integerOperand(8), integerOperand(0), operand(to)});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("inside a fractal of 16x16")));
  TileOperand bytes = tile(Space::Mat, Element::I8, Form::Nz, 64, 64),
              right = tile(Space::Right, Element::I8, Form::Zn, 32, 32);
  machine.run(extract, {operand(bytes), integerOperand(16), integerOperand(0), operand(right)});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("inside a fractal of 32x32")));
  TileOperand vec = tile(Space::Vec, Element::F16, Form::ND, 16, 64),
              part = tile(Space::Vec, Element::F16, Form::ND, 16, 32, 0x4000);
  machine.run(extract, {operand(vec), integerOperand(0), integerOperand(8), operand(part)});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("not on a 32-byte block")));
  machine.run(extract, {operand(vec), integerOperand(-1), integerOperand(0), operand(part)});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("(-1, 0) leaves")));
  machine.run(extract, {operand(vec), integerOperand(0), integerOperand(0), operand(to)});
  EXPECT_THAT(machine.failures, ElementsAre("TEXTRACT has no path from vec to left on a3"));
}
