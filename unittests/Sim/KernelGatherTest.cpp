//===- KernelGatherTest.cpp - Gathers, scatters, sorts, merges -------------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr uint64_t sourceAt = 0, secondAt = 0x2000, scratchAt = 0x4000, resultAt = 0x6000,
                   countsAt = 0x8000;

TileOperand plain(Element element, int64_t rows, int64_t cols, uint64_t address,
                  int64_t validRows = -1, int64_t validCols = -1) {
  return tile(Space::Vec, element, Form::ND, rows, cols, validRows < 0 ? rows : validRows,
              validCols < 0 ? cols : validCols, address);
}

/// Fills the valid region by rows.
void fill(TestMachine &machine, const TileOperand &tile, const std::vector<double> &values) {
  ASSERT_EQ(values.size(), size_t(tile.shape.validRows * tile.shape.validCols));
  for (size_t i = 0; i < values.size(); ++i)
    machine.set(tile, int64_t(i) / tile.shape.validCols, int64_t(i) % tile.shape.validCols,
                values[i]);
}
std::vector<double> valuesOf(TestMachine &machine, const TileOperand &tile, int64_t rows,
                             int64_t cols) {
  std::vector<double> out;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col)
      out.push_back(machine.get(tile, row, col));
  return out;
}
std::vector<double> countedFrom(double first, size_t count) {
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i)
    out.push_back(first + double(i));
  return out;
}

void runGather(TestMachine &machine, std::vector<std::pair<unsigned, Operand>> given,
               std::vector<Attribute> attributes = {}) {
  std::vector<Operand> operands(6);
  for (auto &[index, operand] : given)
    operands[index] = operand;
  machine.run(findKernel("gather"), operands, std::move(attributes));
}
enum : unsigned { Source, Indices, Thresholds, Scratch, Result, Counts };

} // namespace

//===----------------------------------------------------------------------===//
// TGATHER
//===----------------------------------------------------------------------===//

TEST(KernelGather, ByIndexCountsThroughPhysicalRows) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    TestMachine machine(arch);
    TileOperand src = plain(Element::F16, 2, 16, sourceAt, 2, 10),
                indices = plain(Element::I32, 1, 8, secondAt),
                tmp = plain(Element::I32, 1, 8, scratchAt),
                dst = plain(Element::F16, 1, 16, resultAt, 1, 8);
    fill(machine, src, countedFrom(1, 20));
    // Row 1 begins at element 16, whatever is valid.
    fill(machine, indices, {0, 9, 16, 25, 3, 3, 17, 2});
    runGather(machine, {{Source, operand(src)},
                        {Indices, operand(indices)},
                        {Scratch, operand(tmp)},
                        {Result, operand(dst)}});
    EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_THAT(valuesOf(machine, dst, 1, 8), ElementsAre(1, 10, 11, 20, 4, 4, 12, 3));
    // Of the source only what is wanted is read; a3 uses its scratch tile, a5 does not.
    EXPECT_FALSE(machine.reads(Space::Vec).count(sourceAt + 2));
    EXPECT_EQ(machine.writes(Space::Vec).count(scratchAt), arch == Arch::A3 ? 1u : 0u);
  }
}

TEST(KernelGather, AnIndexOutsideTheSourceIsAFinding) {
  TestMachine machine;
  TileOperand src = plain(Element::F32, 1, 8, sourceAt),
              indices = plain(Element::I32, 1, 8, secondAt),
              dst = plain(Element::F32, 1, 8, resultAt);
  fill(machine, indices, {0, 1, 2, 8, 0, 0, 0, 0});
  runGather(machine, {{Source, operand(src)}, {Indices, operand(indices)}, {Result, operand(dst)}});
  EXPECT_THAT(machine.failures,
              ElementsAre("index 8 at (0, 3) lies outside a tile of 1x8 elements"));
  EXPECT_THAT(machine.writes(Space::Vec), IsEmpty());
}

TEST(KernelGather, ByPatternPacksWithoutRegardToRows) {
  struct Row {
    int64_t pattern;
    std::vector<double> kept;
  };
  // Two rows, 0 to 7 and 8 to 15.
  const Row rows[] = {{1, {0, 2, 4, 6, 8, 10, 12, 14}},
                      {2, {1, 3, 5, 7, 9, 11, 13, 15}},
                      {3, {0, 4, 8, 12}},
                      {4, {1, 5, 9, 13}},
                      {5, {2, 6, 10, 14}},
                      {6, {3, 7, 11, 15}},
                      {7, countedFrom(0, 16)}};
  for (const Row &row : rows) {
    TestMachine machine;
    TileOperand src = plain(Element::I32, 2, 8, sourceAt),
                dst = plain(Element::F32, 2, 8, resultAt);
    dst.shape.element = Element::I32;
    fill(machine, src, countedFrom(0, 16));
    runGather(machine, {{Source, operand(src)}, {Result, operand(dst)}},
              {{"maskPattern", row.pattern}, {"axis", 0}});
    EXPECT_THAT(machine.failures, IsEmpty());
    std::vector<double> out = valuesOf(machine, dst, 2, 8);
    out.resize(row.kept.size());
    EXPECT_EQ(out, row.kept) << row.pattern;
    EXPECT_EQ(machine.writes(Space::Vec).size(), row.kept.size() * 4);
  }
}

TEST(KernelGather, ByPatternOfWholeRows) {
  TestMachine machine;
  TileOperand src = plain(Element::I16, 4, 16, sourceAt),
              dst = plain(Element::I16, 2, 16, resultAt);
  fill(machine, src, countedFrom(0, 64));
  runGather(machine, {{Source, operand(src)}, {Result, operand(dst)}},
            {{"maskPattern", 2}, {"axis", 1}});
  EXPECT_THAT(machine.failures, IsEmpty());
  std::vector<double> rows = countedFrom(16, 16);
  for (double value : countedFrom(48, 16))
    rows.push_back(value);
  EXPECT_EQ(valuesOf(machine, dst, 2, 16), rows);
}

TEST(KernelGather, ByComparisonNumbersElements) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    TestMachine machine(arch);
    TileOperand src = plain(Element::F32, 2, 8, sourceAt, 2, 5),
                limits = plain(Element::I32, 2, 8, secondAt, 2, 1),
                tmp = plain(Element::I32, 1, 8, scratchAt),
                dst = plain(Element::I32, 2, 8, resultAt),
                counts = plain(Element::I32, 1, 8, countsAt);
    // 2.5 rounds to 2 on a5, so it is not greater there.
    fill(machine, src, {1, 2.5, 3, 0, 4, 9, 7, 8, 10, 8});
    fill(machine, limits, {2, 8});
    runGather(machine,
              {{Source, operand(src)},
               {Thresholds, operand(limits)},
               {Scratch, operand(tmp)},
               {Result, operand(dst)},
               {Counts, operand(counts)}},
              {{"cmpMode", 4}, {"offset", 100}});
    EXPECT_THAT(machine.failures, IsEmpty());
    bool onA3 = arch == Arch::A3;
    std::vector<double> first = valuesOf(machine, dst, 1, onA3 ? 3 : 2);
    EXPECT_EQ(first, onA3 ? (std::vector<double>{101, 102, 104}) : (std::vector<double>{102, 104}));
    // The second row begins at src.cols on a3, at a whole repeat of 64 elements on a5.
    EXPECT_EQ(machine.get(dst, 1, 0), onA3 ? 108 : 164);
    EXPECT_EQ(machine.get(dst, 1, 1), onA3 ? 111 : 167);
    EXPECT_THAT(valuesOf(machine, counts, 1, 2), ElementsAre(onA3 ? 3 : 2, 2));
  }
}

TEST(KernelGather, ByComparisonOfHalves) {
  TestMachine machine;
  TileOperand src = plain(Element::F16, 1, 16, sourceAt),
              limits = plain(Element::I16, 1, 16, secondAt, 1, 1),
              dst = plain(Element::I32, 1, 16, resultAt),
              counts = plain(Element::I32, 1, 8, countsAt);
  fill(machine, src, {5, 1, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5});
  fill(machine, limits, {5});
  runGather(machine,
            {{Source, operand(src)},
             {Thresholds, operand(limits)},
             {Result, operand(dst)},
             {Counts, operand(counts)}},
            {{"cmpMode", 0}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_THAT(valuesOf(machine, dst, 1, 3), ElementsAre(0, 2, 15));
  EXPECT_EQ(machine.get(counts, 0, 0), 3);
}

TEST(KernelGather, TheComparingFormOfA3WritesBehindItsScratch) {
  std::vector<Operand> operands(6);
  TileOperand src = plain(Element::F32, 2, 8, sourceAt), tmp = plain(Element::I32, 1, 8, scratchAt);
  operands[Source] = operand(src);
  operands[Thresholds] = operand(plain(Element::I32, 2, 8, secondAt));
  operands[Scratch] = operand(tmp);
  operands[Result] = operands[Counts] = operand(plain(Element::I32, 2, 8, resultAt));
  auto steps = findSteps("gather")(Arch::A3, operands, {});
  ASSERT_EQ(steps.size(), 9u);
  TestMachine machine;
  machine.run(steps[0].kernel, operands);
  // The tile itself, a number for each element, and the converted thresholds.
  EXPECT_EQ(machine.writes(Space::Vec).size(), 32u + 2 * 8 * 4 + 2 * 8 * 4);
  EXPECT_TRUE(findSteps("gather")(Arch::A5, operands, {}).empty());
  operands[Counts] = Operand();
  EXPECT_TRUE(findSteps("gather")(Arch::A3, operands, {}).empty());
}

//===----------------------------------------------------------------------===//
// TGATHERB
//===----------------------------------------------------------------------===//

TEST(KernelGather, BlocksLieAnywhereInTheSource) {
  TestMachine machine;
  TileOperand src = plain(Element::I32, 4, 8, sourceAt),
              offsets = plain(Element::U32, 2, 8, secondAt, 2, 2),
              dst = plain(Element::I32, 2, 16, resultAt, 2, 12);
  fill(machine, src, countedFrom(0, 32));
  fill(machine, offsets, {96, 0, 4, 64}); // 4: a block need not lie on a boundary
  machine.run(findKernel("gather_blocks"), {operand(src), operand(offsets), operand(dst)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_THAT(valuesOf(machine, dst, 1, 12),
              ElementsAre(24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3));
  EXPECT_EQ(machine.get(dst, 1, 0), 1);
  EXPECT_EQ(machine.get(dst, 1, 8), 16);
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(dst, 2, 12));
  fill(machine, offsets, {97, 0, 0, 0});
  machine.run(findKernel("gather_blocks"), {operand(src), operand(offsets), operand(dst)});
  EXPECT_THAT(machine.failures,
              ElementsAre("offset 97 of block 0 in row 0 lies outside a source of 128 bytes"));
}

//===----------------------------------------------------------------------===//
// TSCATTER
//===----------------------------------------------------------------------===//

TEST(KernelScatter, ZeroEverywhereElseAndTheLastOfSeveralWins) {
  TileOperand src = plain(Element::I16, 1, 16, sourceAt, 1, 5),
              where = plain(Element::I16, 1, 16, secondAt, 1, 5),
              dst = plain(Element::I16, 2, 16, resultAt);
  std::vector<double> expected(32, 0);
  expected[3] = 14;
  expected[0] = 11;
  expected[31] = 12;
  expected[16] = 15;
  TestMachine machine(Arch::A5);
  fill(machine, src, {11, 12, 13, 14, 15});
  fill(machine, where, {0, 31, 3, 3, 16});
  std::vector<Operand> operands = {operand(src), operand(where), operand(dst)};
  machine.run(findKernel("scatter"), operands);
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(valuesOf(machine, dst, 2, 16), expected);
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(dst, 2, 16));

  // a3: zero on V, then S touches only what it places.
  TestMachine onA3(Arch::A3);
  fill(onA3, src, {11, 12, 13, 14, 15});
  fill(onA3, where, {0, 31, 3, 3, 16});
  auto steps = findSteps("scatter")(Arch::A3, operands, {});
  ASSERT_EQ(steps.size(), 6u);
  onA3.run(steps[0].kernel, operands);
  EXPECT_EQ(steps[0].pipe, Pipe::V);
  onA3.run(steps[3].kernel, operands);
  EXPECT_EQ(steps[3].pipe, Pipe::S);
  EXPECT_EQ(onA3.writes(Space::Vec).size(), 4u * 2);
  EXPECT_EQ(valuesOf(onA3, dst, 2, 16), expected);
}

TEST(KernelScatter, ByPattern) {
  TestMachine machine(Arch::A5);
  TileOperand src = plain(Element::I32, 2, 8, sourceAt, 2, 2),
              wide = plain(Element::I32, 2, 8, resultAt),
              high = plain(Element::I32, 4, 8, resultAt, 4, 2);
  fill(machine, src, {1, 2, 3, 4});
  machine.run(findKernel("scatter"), {operand(src), Operand(), operand(wide)},
              {{"maskPattern", 5}, {"axis", 0}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_THAT(valuesOf(machine, wide, 2, 8),
              ElementsAre(0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0));
  machine.run(findKernel("scatter"), {operand(src), Operand(), operand(high)},
              {{"maskPattern", 2}, {"axis", 1}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_THAT(valuesOf(machine, high, 4, 2), ElementsAre(0, 0, 1, 2, 0, 0, 3, 4));
  // Whole rows go without S.
  const std::vector<Attribute> wholeRows = {{"axis", 1}};
  EXPECT_TRUE(findSteps("scatter")(Arch::A3, {}, wholeRows).empty());
}
