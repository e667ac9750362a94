//===- KernelLayoutTest.cpp - TTRANS, TCONCAT, TFILLPAD, TINSERT -----------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Small numbers that every element type holds, different for neighbours.
static double mark(int64_t row, int64_t col) { return double((row * 13 + col * 5) % 101); }

static void fill(TestMachine &machine, const TileOperand &tile, int64_t rows, int64_t cols,
                 double plus = 0) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col)
      machine.set(tile, row, col, mark(row, col) + plus);
}

TEST(KernelTranspose, TurnsTheValidRegionInWholeBlocks) {
  for (auto [element, arch] :
       {std::pair(Element::I8, Arch::A3), {Element::BF16, Arch::A3}, {Element::F32, Arch::A5}}) {
    TestMachine machine(arch);
    TileOperand from = tile(Space::Vec, element, Form::ND, 32, 64, 19, 37);
    TileOperand to = tile(Space::Vec, element, Form::ND, 64, 32, 37, 19, 0x4000);
    TileOperand tmp = tile(Space::Vec, element, Form::ND, 64, 32, 0x8000);
    fill(machine, from, 19, 37);
    machine.run(findKernel("transpose"), {operand(from), operand(tmp), operand(to)});
    EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_EQ(machine.reads(Space::Vec), machine.bytesOfTile(from, 19, 37));
    for (int row = 0; row < 37; ++row)
      for (int col = 0; col < 19; ++col)
        ASSERT_EQ(machine.get(to, row, col), mark(col, row));
    // a3: whole blocks of 32 bytes of the result, and the scratch tile (library 3.14).
    ByteSet written = machine.bytesOfTile(to, 37, 19);
    if (arch == Arch::A3) {
      written = machine.bytesOfTile(to, 37, 32);
      int64_t rows = element == Element::I8 ? 64 : 48; // 37 up to a multiple of 32 or 16
      written.merge(machine.bytesOfTile(tmp, rows, 32));
    }
    EXPECT_EQ(machine.writes(Space::Vec), written);
  }
}

TEST(KernelTranspose, IsScalarWhereRowsAreNoWholeRepeats) {
  TestMachine machine;
  TileOperand from = tile(Space::Vec, Element::F32, Form::ND, 8, 16);
  TileOperand to = tile(Space::Vec, Element::F32, Form::ND, 16, 8, 0x4000);
  fill(machine, from, 8, 16);
  std::vector<Operand> call = {operand(from), operand(from), operand(to)};
  machine.run(findKernel("transpose"), call);
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 16, 8));
  EXPECT_EQ(findSteps("transpose")(Arch::A3, call, {}).size(), 5u);
  EXPECT_TRUE(findSteps("transpose")(Arch::A5, call, {}).empty());
  to.shape.rows = to.shape.validRows = 8;
  machine.run(findKernel("transpose"), {operand(from), operand(from), operand(to)});
  EXPECT_THAT(machine.failures, ElementsAre("TTRANS of 8x16 elements into a tile of 8x8"));
}

TEST(KernelConcat, PutsColumnsSideBySide) {
  TestMachine machine;
  TileOperand a = tile(Space::Vec, Element::F16, Form::ND, 4, 32, 4, 19);
  TileOperand b = tile(Space::Vec, Element::F16, Form::ND, 4, 16, 4, 11, 0x1000);
  TileOperand to = tile(Space::Vec, Element::F16, Form::ND, 4, 32, 0x2000);
  fill(machine, a, 4, 19);
  fill(machine, b, 4, 11, 200);
  std::vector<Operand> call = {operand(a), operand(b), operand(to)};
  machine.run(findKernel("concat"), call);
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 4, 30));
  for (int row = 0; row < 4; ++row)
    for (int col = 0; col < 30; ++col)
      EXPECT_EQ(machine.get(to, row, col), col < 19 ? mark(row, col) : mark(row, col - 19) + 200);
  // 38 bytes end inside a block: V copies the first tile, S the second, and nothing follows.
  auto steps = findSteps("concat")(Arch::A3, call, {});
  ASSERT_EQ(steps.size(), 6u);
  machine.run(steps[0].kernel, call);
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 4, 19));
  machine.run(steps[5].kernel, call);
  EXPECT_EQ(steps[5].pipe, Pipe::S);
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 4, 11, 0, 19));
  b.shape.validCols = 16;
  machine.run(findKernel("concat"), {operand(a), operand(b), operand(to)});
  EXPECT_THAT(machine.failures, ElementsAre("TCONCAT of 19 and 16 columns into a tile of 32"));
}

TEST(KernelConcat, CountsComeFromIndexTiles) {
  TestMachine machine;
  TileOperand a = tile(Space::Vec, Element::F32, Form::ND, 3, 16);
  TileOperand b = tile(Space::Vec, Element::F32, Form::ND, 3, 16, 0x1000);
  TileOperand to = tile(Space::Vec, Element::F32, Form::ND, 3, 32, 0x2000);
  TileOperand i = tile(Space::Vec, Element::I16, Form::ND, 3, 16, 3, 1, 0x3000);
  TileOperand j = tile(Space::Vec, Element::I16, Form::ND, 3, 16, 3, 1, 0x4000);
  fill(machine, a, 3, 16);
  fill(machine, b, 3, 16, 200);
  int first[] = {3, 0, 16}, second[] = {2, 16, 0};
  for (int row = 0; row < 3; ++row) {
    machine.set(i, row, 0, 2 * first[row]); // in bytes of an index
    machine.set(j, row, 0, 2 * second[row]);
  }
  std::vector<Operand> call = {operand(a), operand(b), operand(i), operand(j), operand(to)};
  machine.run(findKernel("concat_index"), call);
  EXPECT_THAT(machine.failures, IsEmpty());
  for (int row = 0; row < 3; ++row)
    for (int col = 0; col < first[row] + second[row]; ++col)
      EXPECT_EQ(machine.get(to, row, col),
                col < first[row] ? mark(row, col) : mark(row, col - first[row]) + 200);
  machine.set(i, 1, 0, 2 * 17);
  machine.run(findKernel("concat_index"), call);
  EXPECT_THAT(machine.failures, ElementsAre("TCONCAT of 17 and 16 columns into a tile of 32"));
  machine.set(j, 1, 0, 0);
  machine.run(findKernel("concat_index"), call);
  EXPECT_THAT(machine.failures,
              ElementsAre("TCONCAT of 17 and 0 columns of tiles that have 16 and 16"));
}

namespace {
/// The rule of library 3.14, element by element: what TFILLPAD leaves at (row, col), none for the
/// old value.
std::optional<double> filled(const TileOperand &from, const TileOperand &to, int64_t row,
                             int64_t col, double pad) {
  int64_t kept = from.shape.validCols;
  while (from.shape.pad == to.shape.pad && kept * bytesOf(to.shape.element) % 32)
    ++kept;
  if (row < from.shape.validRows && col < from.shape.validCols)
    return mark(row, col);
  if (row < from.shape.validRows && col < kept)
    return 77; // what stood behind the valid region of the source
  return row < to.shape.validRows ? std::optional(pad) : std::nullopt;
}
} // namespace

TEST(KernelFillPad, CopiesAndFills) {
  for (PadValue sourcePad : {PadValue::Null, PadValue::Max})
    for (auto [rows, cols] : {std::pair<int64_t, int64_t>(16, 32), {32, 64}}) {
      TestMachine machine;
      TileOperand from = tile(Space::Vec, Element::I16, Form::ND, 16, 32, 9, 21);
      TileOperand to = tile(Space::Vec, Element::I16, Form::ND, rows, cols, 13, cols, 0x4000);
      from.shape.pad = sourcePad;
      to.shape.pad = PadValue::Max;
      for (int row = 0; row < 16; ++row)
        for (int col = 0; col < 32; ++col)
          machine.set(from, row, col, 77);
      fill(machine, from, 9, 21);
      for (int row = 0; row < rows; ++row)
        for (int col = 0; col < cols; ++col)
          machine.set(to, row, col, -5);
      machine.run(findKernel("fill_pad"), {operand(from), operand(to)});
      EXPECT_THAT(machine.failures, IsEmpty());
      for (int row = 0; row < rows; ++row)
        for (int col = 0; col < cols; ++col)
          ASSERT_EQ(machine.get(to, row, col), filled(from, to, row, col, 32767).value_or(-5))
              << row << ", " << col;
    }
}

TEST(KernelFillPad, InPlaceTouchesOnlyWhatIsFilled) {
  TestMachine machine;
  TileOperand from = tile(Space::Vec, Element::F32, Form::ND, 16, 32, 9, 21);
  TileOperand to = tile(Space::Vec, Element::F32, Form::ND, 16, 32);
  to.shape.pad = PadValue::Min;
  machine.run(findKernel("fill_pad"), {operand(from), operand(to)});
  EXPECT_THAT(machine.reads(Space::Vec), IsEmpty());
  ByteSet expected = machine.bytesOfTile(to, 9, 11, 0, 21);
  expected.merge(machine.bytesOfTile(to, 7, 32, 9, 0));
  EXPECT_EQ(machine.writes(Space::Vec), expected);
  EXPECT_EQ(machine.get(to, 15, 31), -INFINITY);
  to.shape.rows = 8;
  to.shape.validRows = 8;
  machine.run(findKernel("fill_pad"), {operand(from), operand(to)});
  EXPECT_THAT(machine.failures, ElementsAre("TFILLPAD of a tile of 16x32 into one of 8x32"));
}

TEST(KernelFillPad, BytesHandAFlagToTheScalarUnit) {
  std::vector<Operand> bytes(2, operand(tile(Space::Vec, Element::I8, Form::ND, 16, 32))),
      words(2, operand(tile(Space::Vec, Element::I16, Form::ND, 16, 32)));
  EXPECT_EQ(findSteps("fill_pad")(Arch::A3, bytes, {}).size(), 3u);
  EXPECT_TRUE(findSteps("fill_pad")(Arch::A5, bytes, {}).empty());
  EXPECT_TRUE(findSteps("fill_pad")(Arch::A3, words, {}).empty());
}

TEST(KernelFillPad, MatricesGetZeroInWholeBlocks) {
  TestMachine machine;
  TileOperand to = tile(Space::Mat, Element::F16, Form::Nz, 48, 64, 20, 25);
  for (int row = 0; row < 48; ++row)
    for (int col = 0; col < 64; ++col)
      machine.set(to, row, col, 3);
  machine.run(findKernel("fill_pad"), {operand(to), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  for (int row = 0; row < 48; ++row)
    for (int col = 0; col < 64; ++col) // 25 columns use two blocks of 16
      EXPECT_EQ(machine.get(to, row, col), row < 20 && col < 32 ? 3 : 0) << row << ", " << col;
  machine.run(findKernel("fill_pad"), {operand(to), operand(to)}, {{"padValue", 0}});
  EXPECT_THAT(machine.writes(Space::Mat), IsEmpty());
}

TEST(KernelInsert, PutsTheValidRegionIntoAWindow) {
  TestMachine machine;
  TileOperand from = tile(Space::Vec, Element::F16, Form::ND, 8, 32, 5, 19);
  TileOperand to = tile(Space::Vec, Element::F16, Form::ND, 16, 64, 0x4000);
  fill(machine, from, 5, 19);
  machine.run(findKernel("insert"),
              {operand(from), integerOperand(3, Element::Index), integerOperand(32, Element::Index),
               Operand(), Operand(), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.reads(Space::Vec), machine.bytesOfTile(from, 5, 19));
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 5, 19, 3, 32));
  EXPECT_EQ(machine.get(to, 7, 50), mark(4, 18));
  auto insert = [&](int64_t row, int64_t col, const TileOperand &target) {
    machine.run(findKernel("insert"), {operand(from), integerOperand(row, Element::Index),
                                       integerOperand(col, Element::Index), operand(target)});
    return machine.failures;
  };
  EXPECT_THAT(insert(12, 0, to),
              ElementsAre("the window of 5x19 at (12, 0) leaves the 16x64 destination"));
  EXPECT_THAT(insert(0, 5, to), ElementsAre(HasSubstr("not on a 32-byte block")));
  EXPECT_THAT(insert(0, 0, tile(Space::Mat, Element::F16, Form::Nz, 16, 64)),
              ElementsAre("TINSERT has no path from vec to mat on a3"));
  EXPECT_THAT(insert(0, 0, tile(Space::Vec, Element::F32, Form::ND, 16, 64)),
              ElementsAre(HasSubstr("cannot convert")));
}

TEST(KernelInsert, OneElementGoesThroughTheScalarUnit) {
  Operand one = operand(tile(Space::Vec, Element::F32, Form::ND, 1, 8, 1, 1)),
          all = operand(tile(Space::Vec, Element::F32, Form::ND, 8, 8));
  Operand zero = integerOperand(0, Element::Index);
  for (Arch arch : {Arch::A3, Arch::A5}) {
    EXPECT_EQ(findSteps("insert")(arch, std::vector{one, zero, zero, all}, {}).size(), 5u);
    EXPECT_TRUE(findSteps("insert")(arch, std::vector{all, zero, zero, one}, {}).empty());
    EXPECT_EQ(findSteps("extract")(arch, std::vector{all, zero, zero, one}, {}).size(), 5u);
    EXPECT_TRUE(findSteps("extract")(arch, std::vector{one, zero, zero, all}, {}).empty());
  }
}

TEST(KernelInsert, AccumulatorsAreScaledByColumn) {
  TestMachine machine;
  TileOperand from = tile(Space::Acc, Element::I32, Form::Nz, 16, 16, 9, 10);
  TileOperand to = tile(Space::Mat, Element::F16, Form::Nz, 32, 32);
  TileOperand scales = tile(Space::Scaling, Element::U64, Form::ND, 1, 16);
  for (int col = 0; col < 10; ++col) {
    float scale = 0.25f * float(col);
    uint64_t parameter = 0;
    std::memcpy(&parameter, &scale, 4);
    std::memcpy(machine.at(Space::Scaling, uint64_t(col) * 8), &parameter, 8);
    for (int row = 0; row < 9; ++row)
      machine.set(from, row, col, row - 4);
  }
  auto zero = integerOperand(0, Element::Index), sixteen = integerOperand(16, Element::Index);
  machine.run(findKernel("insert"),
              {operand(from), sixteen, sixteen, operand(scales), Operand(), operand(to)},
              {{"reluPreMode", 1}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.writes(Space::Mat), machine.bytesOfTile(to, 9, 10, 16, 16));
  for (int row = 0; row < 9; ++row)
    for (int col = 0; col < 10; ++col)
      EXPECT_EQ(machine.get(to, 16 + row, 16 + col), std::max(row - 4, 0) * 0.25 * col);
  // The same columns of parameters serve a window that is read from further right.
  TileOperand part = tile(Space::Mat, Element::F16, Form::Nz, 16, 16, 9, 4);
  machine.run(findKernel("extract"), {operand(from), zero, integerOperand(6, Element::Index),
                                      operand(scales), Operand(), operand(part)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.get(part, 8, 3), 4 * 0.25 * 3);
  machine.run(findKernel("insert"), {operand(from), zero, zero, operand(scales), Operand(),
                                     operand(tile(Space::Mat, Element::I16, Form::Nz, 32, 32))});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("is not modelled")));
}

TEST(KernelMove, AccumulatorsReachOneVectorCoreOrHalvesBoth) {
  TestMachine machine(Arch::A5);
  TileOperand from = tile(Space::Acc, Element::F32, Form::Nz, 16, 32, 6, 32);
  TileOperand to = tile(Space::Vec, Element::F32, Form::ND, 16, 32, 6, 32);
  fill(machine, from, 6, 32);
  machine.run(findKernel("move"), {operand(from), operand(to)}, {{"accToVecMode", 0}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.get(to, 4, 6), mark(4, 6));
  machine.part = 1; // the lower half of the rows, where the whole would begin
  machine.run(findKernel("move"), {operand(from), operand(to)}, {{"accToVecMode", 2}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 3, 32));
  EXPECT_EQ(machine.get(to, 2, 6), mark(5, 6));
  machine.run(findKernel("move"), {operand(from), operand(to)}, {{"accToVecMode", 3}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 6, 16));
  EXPECT_EQ(machine.get(to, 5, 1), mark(5, 17));
  TileOperand odd = tile(Space::Vec, Element::F32, Form::ND, 16, 32, 5, 7);
  machine.run(findKernel("move"), {operand(from), operand(odd)}, {{"accToVecMode", 2}});
  EXPECT_THAT(machine.failures,
              ElementsAre(HasSubstr("gives each vector core half of 5 rows, which must be even")));
  machine.run(findKernel("move"), {operand(from), operand(odd)}, {{"accToVecMode", 3}});
  EXPECT_THAT(machine.failures,
              ElementsAre(HasSubstr("half of 7 columns, which must be a multiple of 32")));
}

TEST(KernelStore, ParametersScaleEachColumn) {
  TestMachine machine;
  TileOperand from = tile(Space::Acc, Element::F32, Form::Nz, 16, 16, 4, 16);
  TileOperand scales = tile(Space::Scaling, Element::U64, Form::ND, 1, 16);
  for (int col = 0; col < 16; ++col) {
    float scale = 2.0f * float(col);
    uint64_t parameter = 0;
    std::memcpy(&parameter, &scale, 4);
    std::memcpy(machine.at(Space::Scaling, uint64_t(col) * 8), &parameter, 8);
    for (int row = 0; row < 4; ++row)
      machine.set(from, row, col, row);
  }
  ViewOperand to;
  to.element = Element::I8;
  to.shape = {1, 1, 1, 4, 16};
  to.stride = {0, 0, 0, 16, 1};
  machine.run(findKernel("store"), {operand(from), operand(scales), Operand(), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  for (int row = 0; row < 4; ++row)
    for (int col = 0; col < 16; ++col)
      EXPECT_EQ(machine.take(Space::GM, uint64_t(row) * 16 + col, Element::I8), row * 2 * col);
}
