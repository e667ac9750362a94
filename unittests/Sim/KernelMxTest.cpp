//===- KernelMxTest.cpp - Products and quantisation with shared scales ------===//
//
// Against loops over single numbers: pairs are taken apart by hand, scales are powers of two.
//
//===----------------------------------------------------------------------===//

#include "KernelTesting.h"
#include <cmath>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

bool isFour(Element e) { return e == Element::F4E2M1x2 || e == Element::F4E1M2x2; }

TileOperand scales(Space space, Form form, int64_t rows, int64_t cols, int64_t validRows,
                   int64_t validCols, uint64_t address) {
  TileOperand t = tile(space, Element::F8E8M0, form, rows, cols, validRows, validCols, address);
  t.shape.fractal = 32;
  return t;
}

/// Number (row, col) of a tile whose pairs run along `axis`.
struct NumbersOf {
  TestMachine &machine;
  const TileOperand &tile;
  unsigned axis;

  double get(int64_t row, int64_t col) {
    if (!isFour(tile.shape.element))
      return machine.get(tile, row, col);
    return decodePair(tile.shape.element, byte(row, col))[half(row, col)];
  }
  void set(int64_t row, int64_t col, double value) {
    if (!isFour(tile.shape.element))
      return machine.set(tile, row, col, value);
    auto pair = decodePair(tile.shape.element, byte(row, col));
    pair[half(row, col)] = value;
    byte(row, col) = encodePair(tile.shape.element, pair[0], pair[1]);
  }

private:
  unsigned half(int64_t row, int64_t col) const { return unsigned(axis ? col : row) % 2; }
  uint8_t &byte(int64_t row, int64_t col) {
    (axis ? col : row) /= 2;
    return *machine.at(tile.shape.space, machine.address(tile, row, col));
  }
};

struct Product {
  TestMachine machine{Arch::A5};
  int64_t m, k, n, groups;
  TileOperand a, as, b, bs, c, bias;
  NumbersOf left, right;

  Product(Element ea, Element eb, int64_t m, int64_t k, int64_t n)
      : m(m), k(k), n(n), groups((k + 31) / 32), left{machine, a, 1}, right{machine, b, 0} {
    int64_t per = isFour(ea) ? 2 : 1, rows = m == 1 ? 1 : 32;
    a = tile(Space::Left, ea, Form::Nz, rows, 128 / per, m, k / per, 0x400);
    b = tile(Space::Right, eb, Form::Zn, 128 / per, 32, k / per, n, 0x800);
    as = scales(Space::ScaleLeft, Form::Zz, rows, 4, m, groups, 0x40);
    bs = scales(Space::ScaleRight, Form::Nn, 4, 32, groups, n, 0x80);
    c = tile(Space::Acc, Element::F32, Form::Nz, 32, 32, m, n, 0x1000);
    bias = tile(Space::Bias, Element::F32, Form::ND, 1, 32, 1, n);
    if (m == 1) // one row is a plain vector, whatever the tile declares
      for (TileOperand *t : {&a, &as}) {
        t->shape.blayout = BLayout::RowMajor;
        t->shape.slayout = SLayout::NoneBox;
      }
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < k; ++j)
        left.set(i, j, double((i * 7 + j * 3) % 7 - 3) / 2);
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = 0; j < n; ++j)
        right.set(i, j, double((i * 5 + j * 11) % 5 - 2) / 2);
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t i = 0; i < m; ++i)
        machine.set(as, i, g, std::ldexp(1, int((i + g) % 5) - 2));
      for (int64_t j = 0; j < n; ++j)
        machine.set(bs, g, j, std::ldexp(1, int((j + 2 * g) % 3) - 1));
    }
    for (int64_t j = 0; j < n; ++j) {
      machine.set(bias, 0, j, 100.0 + double(j));
      for (int64_t i = 0; i < m; ++i)
        machine.set(c, i, j, double(i - j));
    }
  }
  double expected(int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t l = 0; l < k; ++l)
      sum += left.get(i, l) * machine.get(as, i, l / 32) * right.get(l, j) *
             machine.get(bs, l / 32, j);
    return sum;
  }
  void check(const char *kernel, std::vector<Operand> operands,
             llvm::function_ref<double(int64_t, int64_t)> start) {
    std::vector<double> wanted;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j)
        wanted.push_back(start(i, j) + expected(i, j));
    machine.run(findKernel(kernel), std::move(operands));
    EXPECT_THAT(machine.failures, IsEmpty());
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j)
        ASSERT_EQ(machine.get(c, i, j), wanted[size_t(i * n + j)])
            << kernel << " " << i << " " << j;
    EXPECT_EQ(machine.writes(Space::Acc), machine.bytesOfTile(c, m, n));
    EXPECT_EQ(machine.reads(Space::ScaleLeft), machine.bytesOfTile(as, m, groups));
    EXPECT_EQ(machine.reads(Space::ScaleRight), machine.bytesOfTile(bs, groups, n));
    EXPECT_EQ(machine.reads(Space::Left), machine.bytesOfTile(a, m, a.shape.validCols));
    EXPECT_EQ(machine.reads(Space::Right), machine.bytesOfTile(b, b.shape.validRows, n));
  }
};

} // namespace

TEST(KernelMx, ProductsOfAllTypes) {
  const std::pair<Element, Element> pairs[] = {
      {Element::F8E4M3, Element::F8E4M3},     {Element::F8E4M3, Element::F8E5M2},
      {Element::F8E5M2, Element::F8E4M3},     {Element::F4E2M1x2, Element::F4E2M1x2},
      {Element::F4E1M2x2, Element::F4E2M1x2}, {Element::F4E1M2x2, Element::F4E1M2x2}};
  for (auto [ea, eb] : pairs)
    for (auto [m, k, n] : {std::tuple(32, 128, 32), {17, 96, 31}, {2, 34, 1}, {1, 64, 16}}) {
      const char *names[2][3] = {{"matmul_mx", "matmul_mx_acc", "matmul_mx_bias"},
                                 {"gemv_mx", "gemv_mx_acc", "gemv_mx_bias"}};
      auto name = [&](int form) { return names[m == 1][form]; };
      Product p(ea, eb, m, k, n);
      Operand a = operand(p.a), as = operand(p.as), b = operand(p.b), bs = operand(p.bs),
              c = operand(p.c);
      p.check(name(0), {a, as, b, bs, c}, [](auto, auto) { return 0; });
      Product q(ea, eb, m, k, n);
      q.check(name(1), {c, a, as, b, bs, c}, [](int64_t i, int64_t j) { return double(i - j); });
      q.check(name(2), {a, as, b, bs, operand(q.bias), c},
              [](int64_t, int64_t j) { return 100.0 + double(j); });
    }
}

TEST(KernelMx, AScaleThatIsNoNumberSpoilsItsGroup) {
  Product p(Element::F8E4M3, Element::F8E4M3, 2, 64, 2);
  *p.machine.at(Space::ScaleLeft, p.machine.address(p.as, 1, 1)) = 0xff;
  p.machine.run(findKernel("matmul_mx"),
                {operand(p.a), operand(p.as), operand(p.b), operand(p.bs), operand(p.c)});
  EXPECT_EQ(p.machine.get(p.c, 0, 0), p.expected(0, 0));
  EXPECT_TRUE(std::isnan(p.machine.get(p.c, 1, 0)) && std::isnan(p.machine.get(p.c, 1, 1)));
}

TEST(KernelMx, ExtentsAndTypesMustFit) {
  Product p(Element::F8E4M3, Element::F8E4M3, 16, 64, 16);
  auto run = [&] {
    p.machine.run(findKernel("matmul_mx"),
                  {operand(p.a), operand(p.as), operand(p.b), operand(p.bs), operand(p.c)});
    return p.machine.failures;
  };
  p.as.shape.validCols = 1;
  EXPECT_THAT(run(), ElementsAre("the left scales of a product of 16x64x16 are 16x2, but the tile "
                                 "holds 16x1"));
  p.as.shape.validCols = 2;
  p.bs.shape.element = Element::U8;
  EXPECT_THAT(run(), ElementsAre("scales are f8E8M0, not ui8"));
  p.bs.shape.element = Element::F8E8M0;
  p.b.shape.element = Element::F4E2M1x2;
  EXPECT_THAT(run(), ElementsAre(HasSubstr("does not multiply f8E4M3 by f4E2M1x2 with scales")));
}

//===----------------------------------------------------------------------===//
// Scales on their way
//===----------------------------------------------------------------------===//

TEST(KernelMx, ScalesAreLoadedAndMovedInBoxes) {
  for (bool left : {true, false}) {
    TestMachine machine(Arch::A5);
    Form form = left ? Form::Zz : Form::Nn;
    int64_t rows = left ? 32 : 6, cols = left ? 6 : 32;
    ViewOperand view;
    view.element = Element::F8E8M0;
    view.layout = left ? Layout::MxAZz : Layout::MxBNn;
    view.address = 64;
    view.shape = {1, 2, 3, 16, 2};
    view.stride = {200, 100, 32, 2, 1};
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col)
        *machine.at(Space::GM, viewAddress(view, row, col)) = uint8_t(row * 7 + col * 31);
    TileOperand mat = scales(Space::Mat, form, rows, cols, rows, cols, 0x100),
                to = scales(left ? Space::ScaleLeft : Space::ScaleRight, form, rows, cols, rows,
                            cols, 0x40);
    machine.run(findKernel("load"), {operand(view), operand(mat)});
    EXPECT_THAT(machine.failures, IsEmpty());
    machine.run(findKernel("move"), {operand(mat), operand(to)});
    EXPECT_THAT(machine.failures, IsEmpty());
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col)
        EXPECT_EQ(*machine.at(to.shape.space, machine.address(to, row, col)),
                  uint8_t(row * 7 + col * 31));
  }
}

TEST(KernelMx, PairsAreNotTakenApart) {
  TestMachine machine(Arch::A5);
  TileOperand nz = tile(Space::Mat, Element::F4E2M1x2, Form::Nz, 32, 32),
              zn = tile(Space::Right, Element::F4E2M1x2, Form::Zn, 32, 32);
  machine.run(findKernel("move"), {operand(nz), operand(zn)});
  EXPECT_THAT(
      machine.failures,
      ElementsAre(HasSubstr("a transposing move would have to take pairs of f4E2M1x2 apart")));
  ViewOperand view;
  view.element = Element::F4E2M1x2;
  view.layout = Layout::DN;
  view.shape = {1, 1, 1, 32, 32};
  view.stride = {1024, 1024, 1024, 1, 32};
  machine.run(findKernel("load"), {operand(view), operand(nz)});
  EXPECT_THAT(machine.failures,
              ElementsAre(HasSubstr("TLOAD would have to take pairs of f4E2M1x2 apart")));
}

//===----------------------------------------------------------------------===//
// TQUANT
//===----------------------------------------------------------------------===//

namespace {
struct Quantize {
  TestMachine machine{Arch::A5};
  TileOperand src, dst, exp, max, scaling, boxed;
  NumbersOf result;
  bool four, alongRows;
  int64_t groups;

  Quantize(Element from, bool four, bool alongRows, int64_t rows, int64_t cols)
      : result{machine, dst, 1}, four(four), alongRows(alongRows), groups(rows * cols / 32) {
    src = tile(Space::Vec, from, Form::ND, rows, cols + 32, rows, cols);
    dst = tile(Space::Vec, four ? Element::F4E2M1x2 : Element::U8, Form::ND, rows, cols, rows,
               four ? cols / 2 : cols, 0x6000);
    auto perGroup = [&](Element e, uint64_t address) {
      return tile(Space::Vec, e, Form::ND, 1, (groups + 31) / 32 * 32, 1, groups, address);
    };
    exp = perGroup(Element::U8, 0x10000);
    max = perGroup(from, 0x11000);
    scaling = perGroup(from, 0x12000);
    boxed = perGroup(Element::U8, 0x13000);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < cols; ++j)
        machine.set(src, i, j,
                    std::sin(double(i * 37 + j * 11)) * std::ldexp(1, int(i + j / 32) % 9 - 4));
  }
  int64_t groupOf(int64_t i, int64_t j) const {
    return alongRows ? i * (src.shape.validCols / 32) + j / 32 : i / 32 * src.shape.validCols + j;
  }
  double number(int64_t i, int64_t j) {
    return four ? result.get(i, j)
                : machine.take(Space::Vec, machine.address(dst, i, j), Element::F8E4M3);
  }
  void run(int64_t nv, bool zz = false) {
    std::vector<Operand> operands{operand(src), operand(dst), operand(exp), operand(max),
                                  operand(scaling)};
    if (zz)
      operands.push_back(operand(boxed));
    machine.run(findKernel("quantize_mx"), operands,
                {{"quant_type", four ? 3 : 2}, {"quantScaleAlg", nv}, {"grpAxis", alongRows}});
    EXPECT_THAT(machine.failures, IsEmpty());
  }
};
} // namespace

TEST(KernelMx, QuantizesByGroups) {
  for (Element from : {Element::F32, Element::F16, Element::BF16})
    for (bool four : {false, true})
      for (bool alongRows : {true, false})
        for (int64_t nv : {0, 1}) {
          if (four && from == Element::F32)
            continue;
          Quantize call(from, four, alongRows, 32, 64);
          std::vector<double> largest(size_t(call.groups), 0.0), before;
          for (int64_t i = 0; i < 32; ++i)
            for (int64_t j = 0; j < 64; ++j) {
              before.push_back(call.machine.get(call.src, i, j));
              double &most = largest[size_t(call.groupOf(i, j))];
              most = std::max(most, std::fabs(before.back()));
            }
          call.run(nv);
          double top = four ? 6 : 448;
          for (int64_t g = 0; g < call.groups; ++g) {
            int code = int(call.machine.get(call.exp, 0, g));
            double scale = std::ldexp(1, code - 127), m = largest[size_t(g)];
            EXPECT_EQ(call.machine.get(call.max, 0, g), m);
            EXPECT_EQ(call.machine.get(call.scaling, 0, g), 1 / scale);
            if (nv) { // the least scale that reaches the maximum
              EXPECT_LE(m, top * scale);
              EXPECT_GT(m, top * scale / 2);
            } else { // 2^8 (2^2) is the largest power of two of the format
              double unit = scale * (four ? 4 : 256);
              EXPECT_TRUE(m >= unit && m < 2 * unit) << m << " " << unit;
            }
          }
          for (int64_t i = 0; i < 32; ++i)
            for (int64_t j = 0; j < 64; ++j) {
              double x =
                  before[size_t(i * 64 + j)] /
                  std::ldexp(1, int(call.machine.get(call.exp, 0, call.groupOf(i, j))) - 127);
              double got = call.number(i, j), step = four ? 2 : 32;
              double clamped = std::clamp(x, -top, top);
              // Half a step of the format at that magnitude, at least of the smallest.
              int e = std::max(std::ilogb(std::fabs(clamped) + 1e-30), four ? 0 : -6);
              step = std::ldexp(1, e - (four ? 1 : 3));
              EXPECT_LE(std::fabs(got - clamped), step / 2) << i << " " << j;
            }
        }
}

TEST(KernelMx, FillsUpRowsOfHalfPrecision) {
  for (Element from : {Element::F32, Element::F16}) {
    Quantize call(from, false, true, 16, 64);
    call.run(0, true);
    ByteSet written = call.machine.bytesOfTile(call.dst, 16, 64);
    for (TileOperand *t : {&call.exp, &call.max, &call.scaling, &call.boxed})
      written.merge(call.machine.bytesOfTile(*t, 1, call.groups));
    if (from == Element::F16)
      written.merge(call.machine.bytesOfTile(call.src, 16, 32, 0, 64));
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
    // Boxes of 16 x 2: with two groups per row the exponents follow one another as they are.
    for (int64_t g = 0; g < call.groups; ++g)
      EXPECT_EQ(call.machine.get(call.boxed, 0, g), call.machine.get(call.exp, 0, g));
  }
  Quantize wide(Element::F32, false, true, 16, 128);
  wide.run(0, true);
  for (int64_t row = 0; row < 16; ++row)
    for (int64_t col = 0; col < 4; ++col)
      EXPECT_EQ(wide.machine.get(wide.boxed, 0, col / 2 * 32 + row * 2 + col % 2),
                wide.machine.get(wide.exp, 0, row * 4 + col));
}

TEST(KernelMx, ZeroAndInfiniteGroups) {
  Quantize call(Element::F32, false, true, 2, 32);
  for (int64_t j = 0; j < 32; ++j) {
    call.machine.set(call.src, 0, j, 0);
    call.machine.set(call.src, 1, j, j == 3 ? INFINITY : 1);
  }
  call.run(0);
  EXPECT_EQ(call.machine.get(call.exp, 0, 0), 0);
  EXPECT_EQ(call.number(0, 5), 0);
  EXPECT_EQ(call.machine.get(call.exp, 0, 1), 255);
  EXPECT_TRUE(std::isnan(call.number(1, 0)));
}

TEST(KernelMx, RefusesGroupsThatDoNotFit) {
  Quantize call(Element::F32, false, true, 2, 64);
  call.exp.shape.validCols = 3;
  auto run = [&] {
    call.machine.run(findKernel("quantize_mx"),
                     {operand(call.src), operand(call.dst), operand(call.exp), operand(call.max),
                      operand(call.scaling)});
    return call.machine.failures;
  };
  EXPECT_THAT(run(), ElementsAre("operand 2 has 1x3 valid elements for 4 groups"));
  call.exp.shape.validCols = 4;
  call.machine.run(findKernel("quantize_mx"),
                   {operand(call.src), operand(call.dst), operand(call.exp), operand(call.max),
                    operand(call.scaling)},
                   {{"interleave", 1}});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("interleaved groups are not modelled: the library does not say what is "
                          "interleaved"));
  call.machine.run(findKernel("quantize_mx"),
                   {operand(call.src), operand(call.dst), operand(call.exp), operand(call.max),
                    operand(call.scaling), operand(call.exp)});
  EXPECT_THAT(call.machine.failures, ElementsAre("the exponents of 2x2 groups do not fill 1x4 "
                                                 "elements in boxes of 16x2"));
  call.exp.shape.validCols = 3;
  call.src.shape.validCols = call.dst.shape.validCols = 48;
  EXPECT_THAT(run(), ElementsAre("groups of 32 numbers along an extent of 48"));
}
