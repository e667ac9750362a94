//===- KernelTransferTest.cpp - Layout walks, TLOAD and TSTORE -------------===//

#include "../../lib/Sim/Kernels/Region.h"
#include "KernelTesting.h"
#include <cmath>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

//===----------------------------------------------------------------------===//
// Pieces of tiles
//===----------------------------------------------------------------------===//

/// Every element of the region exactly once, at the place that the layout formula gives.
static int checkPieces(const TileShape &shape, Region region) {
  int pieces = 0;
  std::set<std::pair<int64_t, int64_t>> seen;
  forEachPiece(storageGrid(shape), region, [&](const Piece &piece) {
    ++pieces;
    const Region &r = piece.region;
    for (int64_t row = 0; row < r.rows; ++row)
      for (int64_t col = 0; col < r.cols; ++col) {
        int64_t at = piece.offset + (piece.byColumns ? col * r.rows + row : row * r.cols + col);
        EXPECT_EQ(at, shape.elementOffset(r.row + row, r.col + col));
        EXPECT_TRUE(seen.insert({r.row + row, r.col + col}).second);
      }
  });
  EXPECT_EQ(int64_t(seen.size()), region.elements());
  for (auto [row, col] : seen) {
    EXPECT_TRUE(row >= region.row && row < region.row + region.rows);
    EXPECT_TRUE(col >= region.col && col < region.col + region.cols);
  }
  return pieces;
}

TEST(KernelRegion, PiecesFollowEveryLayout) {
  for (Element element : {Element::I8, Element::F16, Element::F32})
    for (Form form : {Form::ND, Form::DN, Form::Nz, Form::Zz, Form::Zn, Form::Nn}) {
      TileShape shape = tile(Space::Mat, element, form, 64, 96).shape;
      for (int64_t row : {0, 5, 16, 33})
        for (int64_t rows : {0, 1, 16, 31})
          for (int64_t col : {0, 3, 32})
            for (int64_t cols : {1, 7, 32, 64})
              checkPieces(shape, {row, col, rows, cols});
    }
}

TEST(KernelRegion, PiecesAreAsLongAsTheLayoutAllows) {
  auto pieces = [](Form form, Region region) {
    return checkPieces(tile(Space::Mat, Element::F16, form, 64, 96).shape, region);
  };
  EXPECT_EQ(pieces(Form::ND, {0, 0, 64, 96}), 1);
  EXPECT_EQ(pieces(Form::ND, {0, 0, 10, 95}), 10);
  EXPECT_EQ(pieces(Form::DN, {0, 3, 64, 20}), 1);
  EXPECT_EQ(pieces(Form::Nz, {0, 0, 64, 96}), 6);  // one per column of boxes
  EXPECT_EQ(pieces(Form::Nz, {3, 0, 50, 96}), 6);  // whole lines of a box run on
  EXPECT_EQ(pieces(Form::Nz, {3, 0, 50, 90}), 55); // 5 whole columns, 50 short lines
  EXPECT_EQ(pieces(Form::Zz, {0, 0, 64, 96}), 24); // one per box
  EXPECT_EQ(pieces(Form::Zn, {0, 0, 64, 96}), 4);
}

TEST(KernelRegion, GridOfCompactAndAccumulatorTiles) {
  TileShape left = tile(Space::Left, Element::F16, Form::Zz, 64, 64, 20, 30).shape;
  left.compact = CompactMode::Normal;
  TileShape grid = storageGrid(left);
  EXPECT_EQ(grid.rows, 32); // 20 and 30 up to the 16 x 16 fractal
  EXPECT_EQ(grid.cols, 32);
  left.space = Space::Mat; // compact modes of L1 tiles do not move anything
  EXPECT_EQ(storageGrid(left).rows, 64);
  TileShape acc = tile(Space::Acc, Element::F32, Form::Nz, 32, 32).shape;
  acc.fractal = 512;
  EXPECT_EQ(storageGrid(acc).boxCols(), 16);
  TileShape vector = tile(Space::Left, Element::F16, Form::Zz, 1, 256).shape;
  EXPECT_EQ(storageGrid(vector).elementOffset(0, 200), 200);
}

//===----------------------------------------------------------------------===//
// TLOAD and TSTORE
//===----------------------------------------------------------------------===//

namespace {
/// A view whose matrix has the given extents, with gaps between its lines and its groups.
ViewOperand gappedView(Element element, Layout layout, int64_t rows, int64_t cols,
                       uint64_t address = 256) {
  ViewOperand view;
  view.element = element;
  view.layout = layout;
  view.address = address;
  int64_t block = 32 / bytesOf(element);
  switch (layout) {
  case Layout::ND:
    view.shape = {1, 2, rows % 4 ? 1 : 2, rows % 4 ? rows / 2 : rows / 4, cols};
    break;
  case Layout::DN:
    view.shape = {2, 1, 1, rows, cols / 2};
    break;
  case Layout::NZ:
    view.shape = {1, cols / block, rows / 16, 16, block};
    break;
  }
  auto &s = view.shape;
  auto &st = view.stride;
  if (layout == Layout::DN) {
    st[3] = 1;
    st[4] = s[3] + 5;
    st[2] = s[4] * st[4] + 3;
  } else {
    st[4] = 1;
    st[3] = s[4] + (layout == Layout::NZ ? 0 : 3);
    st[2] = s[3] * st[3] + (layout == Layout::NZ ? 0 : 7);
  }
  st[1] = s[2] * st[2] + 11;
  st[0] = s[1] * st[1] + 13;
  return view;
}

struct Path {
  Layout layout;
  Form form;
  Space space;
  int64_t rows, cols, validRows, validCols;
};
constexpr Path paths[] = {
    {Layout::ND, Form::ND, Space::Vec, 16, 64, 16, 64},
    {Layout::ND, Form::ND, Space::Vec, 32, 64, 18, 35},
    {Layout::DN, Form::DN, Space::Vec, 32, 16, 32, 16},
    {Layout::DN, Form::DN, Space::Vec, 64, 16, 19, 10},
    {Layout::NZ, Form::Nz, Space::Vec, 32, 64, 16, 64},
    {Layout::ND, Form::Nz, Space::Mat, 64, 64, 64, 64},
    {Layout::ND, Form::Nz, Space::Mat, 64, 96, 34, 41},
    {Layout::DN, Form::Zn, Space::Mat, 64, 64, 34, 42},
    {Layout::NZ, Form::Nz, Space::Mat, 64, 64, 48, 64},
    {Layout::ND, Form::ND, Space::Mat, 16, 64, 16, 64},
};
/// A different byte pattern for each element.
uint8_t mark(int64_t row, int64_t col, unsigned byte) {
  return uint8_t(row * 31 + col * 7 + byte * 97 + 1);
}
} // namespace

TEST(KernelLoad, MovesTheMatrixAndTouchesNothingElse) {
  for (const Path &path : paths)
    for (Element element : {Element::I8, Element::BF16, Element::F32, Element::I64}) {
      unsigned size = bytesOf(element);
      if (size == 8 && path.form != Form::ND && path.form != Form::DN)
        continue; // library 2.1: 64-bit elements only by ND and DN
      TestMachine machine;
      TileOperand to = tile(path.space, element, path.form, path.rows, path.cols, path.validRows,
                            path.validCols, 512);
      ViewOperand from = gappedView(element, path.layout, path.validRows, path.validCols);
      ByteSet read;
      for (int64_t row = 0; row < path.validRows; ++row)
        for (int64_t col = 0; col < path.validCols; ++col)
          for (unsigned byte = 0; byte < size; ++byte) {
            uint64_t address = viewAddress(from, row, col) + byte;
            EXPECT_TRUE(read.insert(address).second);
            *machine.at(Space::GM, address) = mark(row, col, byte);
          }
      machine.run(findKernel("load"), {operand(from), operand(to)});
      EXPECT_THAT(machine.failures, IsEmpty());
      EXPECT_EQ(machine.reads(Space::GM), read);
      EXPECT_EQ(machine.writes(path.space),
                machine.bytesOfTile(to, path.validRows, path.validCols));
      for (int64_t row = 0; row < path.validRows; ++row)
        for (int64_t col = 0; col < path.validCols; ++col)
          for (unsigned byte = 0; byte < size; ++byte)
            ASSERT_EQ(*machine.at(path.space, machine.address(to, row, col) + byte),
                      mark(row, col, byte));
    }
}

TEST(KernelStore, MovesTheMatrixAndTouchesNothingElse) {
  for (const Path &path : paths)
    for (Element element : {Element::I8, Element::F16, Element::F32, Element::I64}) {
      bool keepsFamily = path.layout == Layout::NZ
                             ? path.form == Form::Nz
                             : path.form == (path.layout == Layout::ND ? Form::ND : Form::DN);
      unsigned size = bytesOf(element);
      if (!keepsFamily || (size == 8 && path.form == Form::Nz))
        continue;
      TestMachine machine;
      TileOperand from = tile(path.space, element, path.form, path.rows, path.cols, path.validRows,
                              path.validCols, 512);
      ViewOperand to = gappedView(element, path.layout, path.validRows, path.validCols);
      for (int64_t row = 0; row < path.validRows; ++row)
        for (int64_t col = 0; col < path.validCols; ++col)
          for (unsigned byte = 0; byte < size; ++byte)
            *machine.at(path.space, machine.address(from, row, col) + byte) = mark(row, col, byte);
      machine.run(findKernel("store"), {operand(from), Operand(), operand(to)});
      EXPECT_THAT(machine.failures, IsEmpty());
      EXPECT_EQ(machine.reads(path.space),
                machine.bytesOfTile(from, path.validRows, path.validCols));
      ByteSet written;
      for (int64_t row = 0; row < path.validRows; ++row)
        for (int64_t col = 0; col < path.validCols; ++col)
          for (unsigned byte = 0; byte < size; ++byte) {
            uint64_t address = viewAddress(to, row, col) + byte;
            written.insert(address);
            ASSERT_EQ(*machine.at(Space::GM, address), mark(row, col, byte));
          }
      EXPECT_EQ(machine.writes(Space::GM), written);
    }
}

TEST(KernelLoad, PadsOnlyTheLastBlockOfEachRow) {
  struct Row {
    Element element;
    PadValue pad;
    uint64_t bits;
  };
  // library 1.6
  for (const Row &row :
       {Row{Element::F32, PadValue::Zero, 0}, Row{Element::F32, PadValue::Max, 0x7f800000},
        Row{Element::F32, PadValue::Min, 0xff800000}, Row{Element::F16, PadValue::Max, 0x7c00},
        Row{Element::BF16, PadValue::Min, 0xff80}, Row{Element::I8, PadValue::Max, 0x7f},
        Row{Element::I16, PadValue::Min, 0x8000}, Row{Element::U16, PadValue::Max, 0xffff},
        Row{Element::U32, PadValue::Min, 0}, Row{Element::I32, PadValue::Max, 0x7fffffff},
        Row{Element::I64, PadValue::Max, 0}, Row{Element::F8E4M3, PadValue::Max, 0}}) {
    TestMachine machine(Arch::A5);
    int64_t block = 32 / bytesOf(row.element), valid = 2 * block - 3;
    TileOperand to = tile(Space::Vec, row.element, Form::ND, 4, 4 * block, 3, valid);
    to.shape.pad = row.pad;
    ViewOperand from;
    from.element = row.element;
    from.shape = {1, 1, 1, 3, valid};
    from.stride = {0, 0, 0, valid, 1};
    machine.run(findKernel("load"), {operand(from), operand(to)});
    EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 3, 2 * block));
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t c = valid; c < 2 * block; ++c) {
        uint64_t bits = 0;
        std::memcpy(&bits, machine.at(Space::Vec, machine.address(to, r, c)), bytesOf(row.element));
        EXPECT_EQ(bits, row.bits) << name(row.element).str();
      }
  }
}

TEST(KernelLoad, PadsColumnsOfColumnTiles) {
  TestMachine machine;
  TileOperand to = tile(Space::Vec, Element::F32, Form::DN, 16, 2, 5, 2);
  to.shape.pad = PadValue::Zero;
  ViewOperand from = gappedView(Element::F32, Layout::DN, 5, 2);
  machine.run(findKernel("load"), {operand(from), operand(to)});
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 8, 2));
  EXPECT_EQ(machine.get(to, 7, 1), 0);
}

TEST(KernelLoad, BoxedTilesHaveNothingToPad) {
  TestMachine machine;
  TileOperand to = tile(Space::Vec, Element::I8, Form::Nz, 48, 64, 16, 64);
  to.shape.pad = PadValue::Zero;
  machine.run(findKernel("load"),
              {operand(gappedView(Element::I8, Layout::NZ, 16, 64)), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(to, 16, 64));
}

TEST(KernelLoad, ReportsMisuse) {
  TestMachine machine;
  KernelFunction load = findKernel("load");
  ViewOperand view = gappedView(Element::F32, Layout::ND, 16, 64);
  TileOperand small = tile(Space::Vec, Element::F32, Form::ND, 16, 64, 8, 64);
  machine.run(load, {operand(view), operand(small)});
  EXPECT_THAT(machine.failures,
              ElementsAre("TLOAD of a 16x64 view into a tile with 8x64 valid elements"));
  EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(small, 8, 64));
  machine.run(load, {operand(view), operand(tile(Space::Vec, Element::F16, Form::ND, 16, 64))});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("f32 into a tile of f16")));
  machine.run(load, {operand(view), operand(tile(Space::Vec, Element::F32, Form::Nz, 16, 64))});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("no path")));
  view.layout = Layout::DN;
  machine.run(load, {operand(view), operand(tile(Space::Mat, Element::F32, Form::Nz, 64, 32))});
  EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("no path"))); // DN -> Nz is a5 only
  EXPECT_THAT(machine.writes(Space::Mat), IsEmpty());
}

TEST(KernelLoad, MovesNothingForAnEmptyRegion) {
  TestMachine machine;
  ViewOperand view;
  view.shape = {1, 1, 1, 0, 64};
  machine.run(findKernel("load"),
              {operand(view), operand(tile(Space::Vec, Element::F32, Form::ND, 16, 64, 0, 64))});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_THAT(machine.writes(Space::Vec), IsEmpty());
}

TEST(KernelStore, ColumnTilesReachAnyLayout) {
  // library 2.2: a tile with one column is accepted with any layout.
  TestMachine machine;
  TileOperand from = tile(Space::Vec, Element::F32, Form::DN, 16, 1, 10, 1);
  ViewOperand to;
  to.shape = {1, 1, 1, 10, 1};
  to.stride = {0, 0, 0, 4, 1};
  for (int row = 0; row < 10; ++row)
    machine.set(from, row, 0, row + 0.5);
  machine.run(findKernel("store"), {operand(from), Operand(), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  for (int row = 0; row < 10; ++row)
    EXPECT_EQ(machine.take(Space::GM, row * 16, Element::F32), row + 0.5);
  EXPECT_EQ(machine.writes(Space::GM).size(), 40u);
}

TEST(KernelStore, AddsAtomically) {
  for (Element element :
       {Element::F32, Element::F16, Element::BF16, Element::I32, Element::I16, Element::I8}) {
    TestMachine machine;
    TileOperand from = tile(Space::Vec, element, Form::ND, 2, 32);
    ViewOperand to = gappedView(element, Layout::ND, 2, 32);
    for (int row = 0; row < 2; ++row)
      for (int col = 0; col < 32; ++col) {
        machine.set(from, row, col, col - 3);
        machine.put(Space::GM, viewAddress(to, row, col), element, 2 * row);
      }
    machine.run(findKernel("store"), {operand(from), Operand(), operand(to)}, {{"atomicType", 1}});
    EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_THAT(machine.writes(Space::GM), IsEmpty());
    EXPECT_EQ(machine.additions().size(), 64u * bytesOf(element));
    for (int row = 0; row < 2; ++row)
      for (int col = 0; col < 32; ++col)
        EXPECT_EQ(machine.take(Space::GM, viewAddress(to, row, col), element), col - 3 + 2 * row);
  }
  TestMachine machine;
  machine.run(findKernel("store"),
              {operand(tile(Space::Vec, Element::U32, Form::ND, 2, 32)), Operand(),
               operand(gappedView(Element::U32, Layout::ND, 2, 32))},
              {{"atomicType", 1}});
  EXPECT_THAT(machine.failures, ElementsAre("there is no atomic add of ui32"));
}

//===----------------------------------------------------------------------===//
// Through the FIX pipe
//===----------------------------------------------------------------------===//

/// The bits of a float in the low half of a parameter.
static int64_t quantParameter(float scale) {
  uint32_t bits;
  std::memcpy(&bits, &scale, 4);
  return bits;
}

TEST(KernelStore, ConvertsAccumulators) {
  struct Row {
    Element from, to;
    float scale; ///< 0: none
    bool relu;
    double in, out;
  };
  for (const Row &row : {
           Row{Element::F32, Element::F32, 0, false, 1.1f, 1.1f},
           Row{Element::F32, Element::F16, 0, false, 1 + 0x1p-11, 1},
           Row{Element::F32, Element::F16, 0, false, 1e6, INFINITY},
           Row{Element::F32, Element::BF16, 0, false, 1 + 0x3p-8, 1 + 0x1p-6},
           Row{Element::F32, Element::F32, 0, true, -5, 0},
           Row{Element::I32, Element::I32, 0, false, -2147483648.0, -2147483648.0},
           Row{Element::I32, Element::I32, 0, true, -7, 0},
           Row{Element::F32, Element::I8, 2, false, 10.25, 20}, // 20.5 to even
           Row{Element::F32, Element::I8, 2, false, 1000, 127},
           Row{Element::F32, Element::I8, 2, true, -1000, 0},
           Row{Element::F32, Element::U8, 1, false, 300, 255},
           Row{Element::I32, Element::I8, 0.5, false, -301, -128},
           Row{Element::I32, Element::F16, 0.25, false, 5, 1.25},
       }) {
    TestMachine machine;
    TileOperand from = tile(Space::Acc, row.from, Form::Nz, 32, 48, 20, 40, 1024);
    ViewOperand to = gappedView(row.to, Layout::ND, 20, 40);
    for (int r = 0; r < 20; ++r)
      for (int c = 0; c < 40; ++c)
        machine.set(from, r, c, (r + c) % 2 ? row.in : 0);
    machine.run(findKernel("store"),
                {operand(from), row.scale ? integerOperand(quantParameter(row.scale)) : Operand(),
                 operand(to)},
                {{"reluPreMode", row.relu}});
    EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_EQ(machine.reads(Space::Acc), machine.bytesOfTile(from, 20, 40));
    EXPECT_EQ(machine.writes(Space::GM).size(), 800u * bytesOf(row.to));
    for (int r = 0; r < 20; ++r)
      for (int c = 0; c < 40; ++c)
        ASSERT_EQ(machine.take(Space::GM, viewAddress(to, r, c), row.to), (r + c) % 2 ? row.out : 0)
            << name(row.from).str() << " " << name(row.to).str() << " " << row.in;
  }
}

TEST(KernelStore, RefusesConversionsThatDoNotExist) {
  auto failure = [](Element from, Element to, bool quant, Arch arch) {
    TestMachine machine(arch);
    machine.run(findKernel("store"), {operand(tile(Space::Acc, from, Form::Nz, 16, 16)),
                                      quant ? integerOperand(quantParameter(1)) : Operand(),
                                      operand(gappedView(to, Layout::ND, 16, 16))});
    return machine.failures.empty() ? std::string() : machine.failures[0];
  };
  EXPECT_THAT(failure(Element::F32, Element::I8, false, Arch::A3),
              HasSubstr("f32 to i8 without quantisation on a3"));
  EXPECT_THAT(failure(Element::F32, Element::F16, true, Arch::A3),
              HasSubstr("f32 to f16 with quantisation on a3"));
  EXPECT_EQ(failure(Element::F32, Element::F16, true, Arch::A5), "");
  EXPECT_THAT(
      failure(Element::I32, Element::F32, false, Arch::A5),
      HasSubstr("the FIX pipe has no conversion from i32 to f32 without quantisation on a5"));
  EXPECT_THAT(failure(Element::I32, Element::I16, true, Arch::A3),
              HasSubstr("from i32 to i16 the FIX pipe shifts by another field of the parameter, "
                        "which is not modelled"));
}

TEST(KernelStore, AccumulatorsReachNzViews) {
  TestMachine machine;
  TileOperand from = tile(Space::Acc, Element::F32, Form::Nz, 32, 32);
  ViewOperand to = gappedView(Element::F16, Layout::NZ, 32, 32);
  for (int r = 0; r < 32; ++r)
    for (int c = 0; c < 32; ++c)
      machine.set(from, r, c, r * 32 + c);
  machine.run(findKernel("store"), {operand(from), Operand(), operand(to)});
  EXPECT_THAT(machine.failures, IsEmpty());
  for (int r = 0; r < 32; ++r)
    for (int c = 0; c < 32; ++c)
      EXPECT_EQ(machine.take(Space::GM, viewAddress(to, r, c), Element::F16), r * 32 + c);
}
