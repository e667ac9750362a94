//===- KernelGenerateTest.cpp - Counting, triangles, random, histograms ----===//

#include "KernelTesting.h"
#include <cmath>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
TileOperand plain(Element element, int64_t rows, int64_t cols, uint64_t address,
                  int64_t validCols = -1) {
  return tile(Space::Vec, element, Form::ND, rows, cols, rows, validCols < 0 ? cols : validCols,
              address);
}
} // namespace

TEST(KernelGenerate, CountsAndWraps) {
  TestMachine machine;
  TileOperand dst = plain(Element::I16, 1, 16, 0, 3);
  machine.run(findKernel("count_up"), {integerOperand(32766), Operand(), operand(dst)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.get(dst, 0, 1), 32767);
  EXPECT_EQ(machine.get(dst, 0, 2), -32768);
  EXPECT_EQ(machine.writes(Space::Vec).size(), 6u);
  machine.run(findKernel("count_up"), {integerOperand(1), Operand(), operand(dst)},
              {{"descending", 1}});
  EXPECT_EQ(machine.get(dst, 0, 2), -1);
}

TEST(KernelGenerate, TheFormWithScratchOfA3CountsDownFromMinusS) {
  TileOperand dst = plain(Element::I32, 1, 8, 0), tmp = plain(Element::F32, 1, 192, 0x1000);
  TestMachine a3(Arch::A3), a5(Arch::A5);
  for (TestMachine *machine : {&a3, &a5})
    machine->run(findKernel("count_up"), {integerOperand(5), operand(tmp), operand(dst)},
                 {{"descending", 1}});
  EXPECT_EQ(a3.get(dst, 0, 2), -7);
  EXPECT_EQ(a5.get(dst, 0, 2), 3);
  EXPECT_EQ(a3.writes(Space::Vec).size(), 32u + 768);
  // Without scratch a3 counts on S.
  const std::vector<Operand> operands = {integerOperand(5), Operand(), operand(dst)};
  auto steps = findSteps("count_up")(Arch::A3, operands, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].pipe, Pipe::S);
}

TEST(KernelGenerate, Triangles) {
  TestMachine machine;
  TileOperand dst = plain(Element::F16, 3, 16, 0, 4);
  auto rows = [&](int64_t upper, int64_t diagonal) {
    machine.run(findKernel("triangle"), {integerOperand(diagonal), operand(dst)},
                {{"upperOrLower", upper}});
    std::string text;
    for (int64_t row = 0; row < 3; ++row)
      for (int64_t col = 0; col < 4; ++col)
        text += machine.get(dst, row, col) == 1 ? '1' : machine.get(dst, row, col) == 0 ? '0' : '?';
    return text;
  };
  EXPECT_EQ(rows(0, 0), "1000"
                        "1100"
                        "1110");
  EXPECT_EQ(rows(0, 1), "1100"
                        "1110"
                        "1111");
  EXPECT_EQ(rows(1, 0), "1111"
                        "0111"
                        "0011");
  EXPECT_EQ(rows(1, -1), "1111"
                         "1111"
                         "0111");
}

// The vectors that the authors of Philox publish with Random123 (kat_vectors).
TEST(KernelGenerate, RandomWordsAreThoseOfPhilox) {
  struct Row {
    int64_t rounds;
    std::array<uint32_t, 6> words; ///< key, counter
    std::array<uint32_t, 4> expected;
  };
  constexpr uint32_t all = 0xffffffff;
  const Row rows[] = {
      {7, {0, 0, 0, 0, 0, 0}, {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48}},
      {7, {all, all, all, all, all, all}, {0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662}},
      {10, {0, 0, 0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {10, {all, all, all, all, all, all}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {10,
       {0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const Row &row : rows) {
    TestMachine machine(Arch::A5);
    TileOperand dst = plain(Element::U32, 1, 8, 0);
    std::vector<Operand> operands;
    for (uint32_t word : row.words)
      operands.push_back(integerOperand(int32_t(word), Element::I32));
    operands.push_back(operand(dst));
    machine.run(findKernel("random"), operands, {{"rounds", row.rounds}});
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(uint32_t(machine.get(dst, 0, i)), row.expected[i]);
    // The next four words are those of the next counter, with its carry.
    std::vector<double> next;
    for (int i = 4; i < 8; ++i)
      next.push_back(machine.get(dst, 0, i));
    for (unsigned i = 2, carry = 1; i < 6; ++i) {
      uint32_t word = row.words[i] + carry;
      carry = carry && word == 0;
      operands[i] = integerOperand(int32_t(word), Element::I32);
    }
    machine.run(findKernel("random"), operands, {{"rounds", row.rounds}});
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(machine.get(dst, 0, i), next[i]);
  }
}

TEST(KernelGenerate, HistogramsOfBytes) {
  TestMachine machine(Arch::A5);
  TileOperand src = plain(Element::U16, 2, 16, 0, 4),
              idx = tile(Space::Vec, Element::U8, Form::DN, 32, 1, 2, 1, 0x1000),
              dst = plain(Element::U32, 2, 256, 0x2000);
  const uint16_t values[2][4] = {{0x0102, 0x0103, 0x0202, 0x0102},
                                 {0xff00, 0xff00, 0x0000, 0xffff}};
  for (int row = 0; row < 2; ++row)
    for (int col = 0; col < 4; ++col)
      machine.set(src, row, col, values[row][col]);
  machine.set(idx, 0, 0, 1);
  machine.set(idx, 1, 0, 0xff);
  auto total = [&](int64_t row) {
    double sum = 0;
    for (int64_t bin = 0; bin < 256; ++bin)
      sum += machine.get(dst, row, bin);
    return sum;
  };
  std::vector<Operand> operands = {operand(src), operand(idx), operand(dst)};
  machine.run(findKernel("histogram"), operands, {{"byte", 1}});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(machine.get(dst, 0, 1), 3);
  EXPECT_EQ(machine.get(dst, 0, 2), 1);
  EXPECT_EQ(machine.get(dst, 1, 255), 3);
  EXPECT_EQ(total(0), 4);
  // The low byte counts where the high one is that of idx.
  machine.run(findKernel("histogram"), operands, {{"byte", 0}});
  EXPECT_EQ(machine.get(dst, 0, 2), 2);
  EXPECT_EQ(machine.get(dst, 0, 3), 1);
  EXPECT_EQ(total(0), 3);
  EXPECT_EQ(machine.get(dst, 1, 0), 2);
  EXPECT_EQ(machine.get(dst, 1, 255), 1);
  machine.run(findKernel("histogram"), operands, {{"byte", 2}});
  EXPECT_THAT(machine.failures,
              ElementsAre("counts byte 2 of 2; of 32-bit elements the simulator knows the highest "
                          "byte only"));
  operands[2].tile.shape.rows = operands[2].tile.shape.validRows = 1;
  machine.run(findKernel("histogram"), operands, {{"byte", 1}});
  EXPECT_THAT(
      machine.failures,
      ElementsAre(HasSubstr("needs 2x256 counters and an index for each row, but has 1x256")));
}
