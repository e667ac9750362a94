//===- KernelReduceTest.cpp - Reductions and expansions against models -----===//

#include "KernelTesting.h"
#include <cmath>
#include <random>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr uint64_t scratchAt = 0x8000, resultAt = 0xc000;

/// A reduction of a tile of `rows` x `cols` valid elements; the tile has a column block more.
struct Reduce {
  TestMachine machine;
  TileOperand src, tmp, dst;

  Reduce(Element element, int64_t rows, int64_t cols, bool ofRows, Arch arch = Arch::A3,
         std::optional<Element> result = std::nullopt)
      : machine(arch) {
    int64_t width = (cols + 31) / 32 * 32 + 32;
    src = tile(Space::Vec, element, Form::ND, rows + 1, width, rows, cols, 0);
    tmp = tile(Space::Vec, element, Form::ND, rows, width, rows, width, scratchAt);
    dst = ofRows
              ? tile(Space::Vec, result.value_or(element), Form::DN, 32, 1, rows, 1, resultAt)
              : tile(Space::Vec, result.value_or(element), Form::ND, 1, width, 1, cols, resultAt);
    std::mt19937 random(7);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c)
        machine.set(src, r, c,
                    isFloat(element) ? int(random() % 4001 - 2000) / 64.0
                                     : int64_t(random() % 251) - 125);
  }
  void run(llvm::StringRef kernel, std::vector<Attribute> attributes = {}) {
    machine.run(findKernel(kernel), {operand(src), operand(tmp), operand(dst)}, attributes);
    EXPECT_THAT(machine.failures, IsEmpty());
  }
  int64_t rows() const { return src.shape.validRows; }
  int64_t cols() const { return src.shape.validCols; }
  double at(int64_t r, int64_t c) { return machine.get(src, r, c); }
};

TEST(KernelReduce, WholeNumbersWrap) {
  for (Element element : {Element::I16, Element::I32})
    for (int64_t cols : {1, 7, 200}) {
      Reduce call(element, 3, cols, true);
      call.run("row_sum");
      std::vector<int64_t> sums;
      for (int64_t r = 0; r < 3; ++r) {
        int64_t sum = 0;
        for (int64_t c = 0; c < cols; ++c)
          sum += int64_t(call.at(r, c));
        EXPECT_EQ(call.machine.get(call.dst, r, 0), double(sum));
      }
      call.run("row_prod");
      for (int64_t r = 0; r < 3; ++r) {
        uint64_t product = 1;
        for (int64_t c = 0; c < cols; ++c)
          product *= uint64_t(int64_t(call.at(r, c)));
        int64_t wrapped = element == Element::I16 ? int16_t(product) : int32_t(product);
        EXPECT_EQ(call.machine.get(call.dst, r, 0), double(wrapped));
      }
    }
}

TEST(KernelReduce, ExtremesAndTheirFirstPlaces) {
  for (Element element : {Element::F16, Element::F32, Element::I16, Element::I32})
    for (int64_t cols : {1, 64, 131}) {
      Reduce values(element, 4, cols, true), places(element, 4, cols, true, Arch::A3, Element::I32);
      for (bool largest : {true, false}) {
        values.run(largest ? "row_max" : "row_min");
        places.run(largest ? "row_argmax" : "row_argmin");
        for (int64_t r = 0; r < 4; ++r) {
          int64_t best = 0;
          for (int64_t c = 1; c < cols; ++c)
            if (largest ? values.at(r, c) > values.at(r, best)
                        : values.at(r, c) < values.at(r, best))
              best = c;
          EXPECT_EQ(values.machine.get(values.dst, r, 0), values.at(r, best));
          EXPECT_EQ(places.machine.get(places.dst, r, 0), double(best));
        }
      }
    }
}

// Library 6.2, by hand: 1 at lane 0 of a piece survives beside 2^24 only in the right company.
TEST(KernelReduce, FloatSumsPairPiecesOfRows) {
  constexpr float big = 16777216; // 2^24: big + 1 is big
  auto sumOf = [&](int64_t cols, std::vector<std::pair<int64_t, float>> values) {
    Reduce call(Element::F32, 1, cols, true);
    for (int64_t c = 0; c < cols; ++c)
      call.machine.set(call.src, 0, c, 0);
    for (auto [c, v] : values)
      call.machine.set(call.src, 0, c, v);
    call.run("row_sum");
    return call.machine.get(call.dst, 0, 0);
  };
  // Four pieces of 64: (p0 + p1) + (p2 + p3) in lane 0; from left to right both ones would vanish.
  EXPECT_EQ(sumOf(256, {{0, big}, {64, 0}, {128, 1}, {192, 1}}), big + 2);
  EXPECT_EQ(sumOf(256, {{0, big}, {64, 1}, {128, 1}, {192, 0}}), big);
  // An odd third piece goes into the first partial, beside big; so does the remainder.
  EXPECT_EQ(sumOf(192, {{0, big}, {64, 0}, {128, 1}}), big);
  EXPECT_EQ(sumOf(264, {{0, big}, {128, 1}, {192, 1}, {256, 1}}), big + 2);
  EXPECT_EQ(sumOf(264, {{128, big}, {0, 1}, {64, 0}, {256, 1}}), big + 2);
  // One piece: lanes fold in pairs.
  EXPECT_EQ(sumOf(64, {{0, big}, {2, 1}, {3, 1}}), big + 2);
  EXPECT_EQ(sumOf(64, {{0, big}, {1, 1}, {2, 1}}), big);
}

TEST(KernelReduce, SumsOfHalvesRoundAtEveryStep) {
  Reduce call(Element::F16, 1, 4, true);
  double values[] = {2048, 1, 1, 0}; // 2048 + 1 is 2048 in f16
  for (int c = 0; c < 4; ++c)
    call.machine.set(call.src, 0, c, values[c]);
  call.run("row_sum");
  EXPECT_EQ(call.machine.get(call.dst, 0, 0), 2048);
}

TEST(KernelReduce, ColumnsFromTopToBottomOrInPairs) {
  constexpr float big = 16777216;
  Reduce call(Element::F32, 4, 1, false);
  double values[] = {big, 0, 1, 1};
  for (int r = 0; r < 4; ++r)
    call.machine.set(call.src, r, 0, values[r]);
  call.run("col_sum");
  EXPECT_EQ(call.machine.get(call.dst, 0, 0), big);
  EXPECT_EQ(call.machine.writes(Space::Vec), call.machine.bytesOfTile(call.dst, 1, 1));
  call.run("col_sum", {{"isBinary", 1}});
  EXPECT_EQ(call.machine.get(call.dst, 0, 0), big + 2);
}

TEST(KernelReduce, ColumnsOfEveryKind) {
  for (Element element : {Element::F32, Element::I32, Element::U32, Element::F16}) {
    Reduce call(element, 3, 70, false);
    Reduce places(element, 3, 70, false, Arch::A3, Element::I32);
    auto column = [&](int64_t c) {
      return std::array<double, 3>{call.at(0, c), call.at(1, c), call.at(2, c)};
    };
    call.run("col_max");
    places.run("col_argmax");
    for (int64_t c = 0; c < 70; ++c) {
      auto v = column(c);
      EXPECT_EQ(call.machine.get(call.dst, 0, c), *std::max_element(v.begin(), v.end()));
      EXPECT_EQ(places.machine.get(places.dst, 0, c),
                double(std::max_element(v.begin(), v.end()) - v.begin()));
    }
    call.run("col_min");
    places.run("col_argmin");
    for (int64_t c = 0; c < 70; ++c) {
      auto v = column(c);
      EXPECT_EQ(call.machine.get(call.dst, 0, c), *std::min_element(v.begin(), v.end()));
      EXPECT_EQ(places.machine.get(places.dst, 0, c),
                double(std::min_element(v.begin(), v.end()) - v.begin()));
    }
  }
  Reduce product(Element::I32, 3, 70, false);
  product.run("col_prod");
  for (int64_t c = 0; c < 70; ++c)
    EXPECT_EQ(product.machine.get(product.dst, 0, c),
              product.at(0, c) * product.at(1, c) * product.at(2, c));
}

TEST(KernelReduce, Footprint) {
  struct Row {
    Element element;
    int64_t cols;
    Arch arch;
    const char *kernel;
    bool usesScratch;
  };
  // Library 6.2: floats touch the scratch only behind one repeat; a5 not at all.
  const Row rows[] = {
      {Element::F32, 64, Arch::A3, "row_sum", false},
      {Element::F32, 65, Arch::A3, "row_sum", true},
      {Element::F16, 128, Arch::A3, "row_max", false},
      {Element::F16, 129, Arch::A3, "row_max", true},
      {Element::I32, 8, Arch::A3, "row_min", true},
      {Element::F32, 8, Arch::A3, "row_prod", true},
      {Element::F32, 100, Arch::A5, "row_sum", false},
      {Element::I16, 8, Arch::A5, "row_sum", false},
  };
  for (const Row &row : rows) {
    Reduce call(row.element, 3, row.cols, true, row.arch);
    call.run(row.kernel);
    EXPECT_EQ(call.machine.reads(Space::Vec), call.machine.bytesOfTile(call.src, 3, row.cols));
    ByteSet written = call.machine.bytesOfTile(call.dst, 3, 1);
    if (row.usesScratch)
      written.merge(call.machine.bytesOfTile(call.tmp, 3, call.tmp.shape.cols));
    EXPECT_EQ(call.machine.writes(Space::Vec), written) << row.kernel << " " << row.cols;
  }
}

TEST(KernelReduce, NothingToDoAndWrongExtents) {
  Reduce call(Element::F32, 3, 8, true);
  call.dst.shape.validRows = call.dst.shape.validCols = 0;
  call.run("row_sum");
  EXPECT_THAT(call.machine.writes(Space::Vec), IsEmpty());
  call.dst.shape.validRows = 2;
  call.dst.shape.validCols = 1;
  call.machine.run(findKernel("row_sum"),
                   {operand(call.src), operand(call.tmp), operand(call.dst)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("a reduction of 3x8 valid elements has 2x1 in its result"));
  call.src.shape.validCols = 0;
  call.dst.shape.validRows = 3;
  call.machine.run(findKernel("row_max"),
                   {operand(call.src), operand(call.tmp), operand(call.dst)});
  EXPECT_THAT(call.machine.failures, ElementsAre("a reduction of 3x0 valid elements has no value"));
}

//===----------------------------------------------------------------------===//
// Expansions
//===----------------------------------------------------------------------===//

struct Binary {
  const char *name;
  double (*real)(double, double);
  bool floatsOnly;
};
const Binary binaries[] = {
    {"add", [](double a, double b) { return a + b; }, false},
    {"sub", [](double a, double b) { return a - b; }, false},
    {"mul", [](double a, double b) { return a * b; }, false},
    {"div", [](double a, double b) { return a / b; }, false},
    {"max", [](double a, double b) { return std::max(a, b); }, false},
    {"min", [](double a, double b) { return std::min(a, b); }, false},
    {"expdif", [](double a, double b) { return double(std::exp(float(a - b))); }, true},
};

/// A 5 x 40 tile and a value per row (a column, or blocks of copies) or per column.
struct Expand {
  enum Kind { Column, Blocks, Row } kind;
  TestMachine machine;
  TileOperand whole, line, dst;

  Expand(Element element, Kind kind) : kind(kind) {
    int64_t block = 32 / bytesOf(element);
    whole = tile(Space::Vec, element, Form::ND, 5, 64, 5, 40, 0);
    line = kind == Column   ? tile(Space::Vec, element, Form::DN, 32, 1, 5, 1, 0x4000)
           : kind == Blocks ? tile(Space::Vec, element, Form::ND, 5, block, 5, block, 0x4000)
                            : tile(Space::Vec, element, Form::ND, 1, 64, 1, 40, 0x4000);
    dst = tile(Space::Vec, element, Form::ND, 5, 64, 5, 40, 0x6000);
    std::mt19937 random(3);
    auto fill = [&](const TileOperand &t) {
      for (int64_t r = 0; r < t.shape.validRows; ++r)
        for (int64_t c = 0; c < t.shape.validCols; ++c)
          machine.set(t, r, c, double(random() % 9 + 1));
    };
    fill(whole);
    fill(line);
  }
  double value(int64_t r, int64_t c) {
    return machine.get(line, kind == Row ? 0 : r, kind == Row ? c : 0);
  }
};

TEST(KernelExpand, BinariesOfEveryKind) {
  for (const Binary &op : binaries)
    for (Element element : {Element::F32, Element::F16, Element::I32, Element::I16, Element::I8})
      for (auto kind : {Expand::Column, Expand::Blocks, Expand::Row}) {
        if (op.floatsOnly && !isFloat(element))
          continue;
        Expand call(element, kind);
        bool rows = kind != Expand::Row;
        std::string kernel = std::string(rows ? "row_expand_" : "col_expand_") + op.name;
        std::vector<Operand> operands{operand(call.whole), operand(call.line)};
        if (rows)
          operands.push_back(Operand()); // tmp
        operands.push_back(operand(call.dst));
        for (bool swapped : {false, true}) {
          if (swapped && !rows)
            continue;
          if (swapped)
            std::swap(operands[0], operands[1]);
          call.machine.run(findKernel(kernel), operands);
          ASSERT_THAT(call.machine.failures, IsEmpty()) << kernel;
          ByteSet read = call.machine.bytesOfTile(call.whole, 5, 40);
          read.merge(call.machine.bytesOfTile(call.line, rows ? 5 : 1, rows ? 1 : 40));
          EXPECT_EQ(call.machine.reads(Space::Vec), read);
          EXPECT_EQ(call.machine.writes(Space::Vec), call.machine.bytesOfTile(call.dst, 5, 40));
          for (int64_t r = 0; r < 5; ++r)
            for (int64_t c = 0; c < 40; ++c) {
              double a = call.machine.get(call.whole, r, c), b = call.value(r, c);
              uint64_t expected = 0;
              double model = swapped ? op.real(b, a) : op.real(a, b);
              if (isFloat(element))
                encodeFloat(element, model, &expected);
              else
                encodeInteger(element, int64_t(model), &expected);
              double want = isFloat(element) ? decodeFloat(element, &expected)
                                             : double(decodeInteger(element, &expected));
              ASSERT_EQ(call.machine.get(call.dst, r, c), want) << kernel << " " << a << " " << b;
            }
        }
      }
}

TEST(KernelExpand, FillsRowsAndColumns) {
  for (Element element : {Element::U8, Element::BF16, Element::F32})
    for (auto kind : {Expand::Column, Expand::Row}) {
      Expand call(element, kind);
      call.machine.run(findKernel(kind == Expand::Row ? "col_expand" : "row_expand"),
                       {operand(call.line), operand(call.dst)});
      EXPECT_THAT(call.machine.failures, IsEmpty());
      for (int64_t r = 0; r < 5; ++r)
        for (int64_t c = 0; c < 40; ++c)
          ASSERT_EQ(call.machine.get(call.dst, r, c), call.value(r, c));
    }
}

TEST(KernelExpand, TheDifferenceIsRoundedBeforeItsExponential) {
  Expand call(Element::F16, Expand::Column);
  call.machine.set(call.whole, 0, 0, 2.0);
  call.machine.set(call.line, 0, 0, 0.0001220703125); // 2^-13: the difference rounds to 2 in f16
  call.machine.run(findKernel("row_expand_expdif"),
                   {operand(call.whole), operand(call.line), Operand(), operand(call.dst)});
  uint64_t expected = 0;
  encodeFloat(Element::F16, std::exp(2.0), &expected);
  EXPECT_EQ(call.machine.get(call.dst, 0, 0), decodeFloat(Element::F16, &expected));
}

TEST(KernelExpand, WrongOperandsAreReported) {
  Expand call(Element::F32, Expand::Column);
  auto run = [&](const char *kernel, std::vector<Operand> operands) {
    call.machine.run(findKernel(kernel), operands);
    EXPECT_THAT(call.machine.writes(Space::Vec), IsEmpty());
    return call.machine.failures;
  };
  std::string noWhole = "no source has the 5x40 valid elements of the result beside one with a "
                        "value per row";
  call.line.shape.validRows = 4;
  EXPECT_THAT(run("row_expand_add", {operand(call.whole), operand(call.line), operand(call.dst)}),
              ElementsAre(noWhole));
  EXPECT_THAT(run("row_expand", {operand(call.line), operand(call.dst)}),
              ElementsAre("values for each row of 5x40 valid elements, but the source has 4x1"));
  call.line.shape.element = Element::I32;
  EXPECT_THAT(run("row_expand", {operand(call.line), operand(call.dst)}),
              ElementsAre("operands of different element types"));
  Expand whole(Element::I32, Expand::Row);
  whole.machine.run(findKernel("col_expand_expdif"),
                    {operand(whole.whole), operand(whole.line), operand(whole.dst)});
  EXPECT_THAT(whole.machine.failures, ElementsAre("this operation does not compute on i32"));
}

} // namespace
