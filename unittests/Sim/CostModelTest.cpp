//===- CostModelTest.cpp - Figures of time, and what follows from them -----===//

#include "ptoas/Sim/Cost.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sim;

namespace {
constexpr double gibi = 1024.0 * 1024.0 * 1024.0;

Operand tile(Space space, Element element, int64_t rows, int64_t cols, int64_t validCols = -1) {
  Operand operand;
  operand.kind = Operand::Tile;
  operand.tile.shape.space = space;
  operand.tile.shape.element = element;
  operand.tile.shape.rows = operand.tile.shape.validRows = rows;
  operand.tile.shape.cols = cols;
  operand.tile.shape.validCols = validCols < 0 ? cols : validCols;
  return operand;
}

using Bytes = std::array<uint64_t, numSpaces>;
Bytes bytes(Space space, uint64_t count) {
  Bytes result{};
  result[unsigned(space)] = count;
  return result;
}

/// A complete text, of which a test replaces one line.
std::string textWith(const std::string &line, const std::string &replaced) {
  std::string text = CostTable::textOf(Arch::A3).str();
  size_t at = text.find("\n" + replaced) + 1;
  EXPECT_NE(at, 0u) << replaced;
  text.replace(at, text.find('\n', at) - at, line);
  return text;
}

std::string errorOf(const std::string &text) {
  llvm::Expected<CostTable> table = CostTable::parse(text, "my.costs");
  if (table)
    return "";
  return llvm::toString(table.takeError());
}
} // namespace

TEST(CostModel, BuiltInFiguresAreComplete) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    const CostTable &table = CostTable::of(arch);
    EXPECT_EQ(table.arch, arch);
    EXPECT_EQ(table.clock, 1.85);
    for (const auto &row : table.routes)
      for (const CostTable::Route &route : row)
        EXPECT_GT(route.bandwidth, 0);
    EXPECT_EQ(errorOf(CostTable::textOf(arch).str()), "");
  }
}

TEST(CostModel, ATransferTakesItsBytesAtTheBandwidthOfItsRoute) {
  CostTable table;
  auto cycles = [&](Pipe pipe, Bytes read, Bytes written) {
    return table.cycles("pto.x", pipe, {}, read, written);
  };
  auto expected = [](double bandwidth, uint64_t count, double head) {
    return uint64_t(std::ceil(head + double(count) * 1.85e9 / (bandwidth * gibi)));
  };
  EXPECT_EQ(cycles(Pipe::MTE2, bytes(Space::GM, 65536), bytes(Space::Vec, 65536)),
            expected(100.9, 65536, 0));
  EXPECT_EQ(cycles(Pipe::MTE2, bytes(Space::GM, 65536), bytes(Space::Mat, 65536)),
            expected(135, 65536, 0));
  EXPECT_EQ(cycles(Pipe::MTE1, bytes(Space::Mat, 16384), bytes(Space::Left, 16384)),
            expected(441, 16384, 42));
  EXPECT_EQ(cycles(Pipe::MTE1, bytes(Space::Mat, 16384), bytes(Space::Right, 16384)),
            expected(220.5, 16384, 42));
  EXPECT_EQ(cycles(Pipe::MTE3, bytes(Space::Vec, 4096), bytes(Space::GM, 4096)),
            expected(188.46, 4096, 0));
  // Half as many bytes are written as read, and the few of the parameters do not count.
  Bytes sums = bytes(Space::Acc, 65536);
  sums[unsigned(Space::Scaling)] = 128;
  EXPECT_EQ(cycles(Pipe::FIX, sums, bytes(Space::GM, 32768)), expected(70, 32768, 0));
  EXPECT_EQ(cycles(Pipe::MTE2, Bytes{}, bytes(Space::Mat, 1024)), expected(32, 1024, 0));
  EXPECT_EQ(cycles(Pipe::MTE2, bytes(Space::GM, 64), Bytes{}), 1u) << "a prefetch";
}

TEST(CostModel, AVectorInstructionTakesItsRepeats) {
  CostTable table;
  auto cycles = [&](const char *op, std::vector<Operand> operands) {
    return table.cycles(op, Pipe::V, operands, {}, {});
  };
  Operand small = tile(Space::Vec, Element::F32, 1, 64),
          full = tile(Space::Vec, Element::F32, 16, 64);
  EXPECT_EQ(cycles("pto.tadd", {small, small, small}), 10u + 2 + 14);
  EXPECT_EQ(cycles("pto.tadd", {full, full, full}), 10u + 2 * 16 + 14);
  EXPECT_EQ(cycles("pto.texp", {full, full}), 13u + 2 * 16 + 17);
  EXPECT_EQ(cycles("pto.trowsum", {full, full, tile(Space::Vec, Element::F32, 16, 1)}),
            14u + 16 + 24);
  Operand f16 = tile(Space::Vec, Element::F16, 16, 64);
  EXPECT_EQ(cycles("pto.tadd", {f16, f16, f16}), 10u + 2 * 8 + 14);
  // A row of 40 valid elements of 64 is a repeat of its own, rows of 40 of 40 run on.
  Operand strided = tile(Space::Vec, Element::F32, 16, 64, 40);
  Operand dense = tile(Space::Vec, Element::F32, 16, 40);
  EXPECT_EQ(cycles("pto.tadd", {strided, strided, strided}), 10u + 2 * 16 + 14);
  EXPECT_EQ(cycles("pto.tadd", {dense, dense, dense}), 10u + 2 * 10 + 14);
  EXPECT_EQ(cycles("pto.tadd", {tile(Space::Vec, Element::F32, 16, 64, 0)}), 24u);
}

TEST(CostModel, AProductTakesItsFractals) {
  CostTable table;
  auto cycles = [&](Element element, int64_t m, int64_t k, int64_t n) {
    Operand operands[] = {tile(Space::Left, element, m, k), tile(Space::Right, element, k, n),
                          tile(Space::Acc, Element::F32, m, n)};
    return table.cycles("pto.tmatmul", Pipe::M, operands, {}, {});
  };
  EXPECT_EQ(cycles(Element::F16, 128, 64, 256), 6u + 8 * 4 * 16);
  EXPECT_EQ(cycles(Element::F16, 1, 1, 1), 7u);
  EXPECT_EQ(cycles(Element::I8, 128, 64, 256), 6u + 8 * 2 * 16);
  EXPECT_EQ(cycles(Element::F32, 16, 16, 16), 6u + 2 * 2);
}

TEST(CostModel, FiguresCanBeReplaced) {
  llvm::Expected<CostTable> table = CostTable::parse(
      textWith("route gm vec 50 7", "route gm    vec") + "vector pto.tadd 1 1 1 # mine\n", "x");
  ASSERT_TRUE(bool(table));
  EXPECT_EQ(table->routes[unsigned(Space::GM)][unsigned(Space::Vec)].bandwidth, 50);
  EXPECT_EQ(table->routes[unsigned(Space::GM)][unsigned(Space::Vec)].head, 7);
  EXPECT_EQ(table->routes[unsigned(Space::GM)][unsigned(Space::Mat)].bandwidth, 135);
  Operand full = tile(Space::Vec, Element::F32, 16, 64);
  EXPECT_EQ(table->cycles("pto.tadd", Pipe::V, full, {}, {}), 18u);
  EXPECT_EQ(table->cycles("pto.tsub", Pipe::V, full, {}, {}), 56u);
}

TEST(CostModel, MistakesAreNamedWithTheirLine) {
  // The clock stands in line 4, after two lines of comment and the chip.
  EXPECT_EQ(errorOf(textWith("clock fast", "clock")),
            "my.costs:4: 'fast' is not a number of at least 0");
  EXPECT_EQ(errorOf(textWith("clock 0", "clock")), "my.costs:4: clock must be above 0");
  EXPECT_EQ(errorOf(textWith("clock -1", "clock")),
            "my.costs:4: '-1' is not a number of at least 0");
  EXPECT_EQ(errorOf(textWith("clock", "clock")), "my.costs:4: 'clock' takes 1 words: clock GHz");
  EXPECT_EQ(errorOf(textWith("arch a4", "arch")),
            "my.costs:3: 'a4' is no chip; there are a3 and a5");
  EXPECT_EQ(errorOf(textWith("clocks 1", "clock")), "my.costs:4: unknown key 'clocks'");
  EXPECT_NE(errorOf(textWith("route gm foo 1 1", "route gm    vec"))
                .find("no route gm foo; the memories are gm"),
            std::string::npos);
  EXPECT_NE(
      errorOf(textWith("vector tadd 1 1 1", "vector pto.tadds"))
          .find("'tadd' is no operation: their names begin with pto., `vector *` is all others"),
      std::string::npos);
  EXPECT_NE(errorOf(textWith("", "clock")).find("the file ends without 'clock'"),
            std::string::npos);
  EXPECT_NE(errorOf(CostTable::textOf(Arch::A3).str() + "sync 1\n").find("'sync' is said twice"),
            std::string::npos);
  EXPECT_NE(errorOf(CostTable::textOf(Arch::A3).str() + "route gm vec 1 1\n")
                .find("'route gm vec' is said twice"),
            std::string::npos);
}
