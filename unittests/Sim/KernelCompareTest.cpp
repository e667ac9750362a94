//===- KernelCompareTest.cpp - Masks and selections against models ---------===//

#include "KernelBinary.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr uint64_t maskAt = 0x8000;
constexpr Element everything[] = {Element::I8,  Element::U8,   Element::I16, Element::U16,
                                  Element::I32, Element::U32,  Element::I64, Element::U64,
                                  Element::F16, Element::BF16, Element::F32};

/// The comparisons by their numbers: eq, ne, lt, le, gt, ge.
template <typename T> bool model(int64_t mode, T a, T b) {
  const bool table[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
  return table[mode];
}
bool expected(Binary &call, int64_t mode, int64_t i) {
  const uint8_t *a = call.input(0, i), *b = call.input(1, i);
  if (isFloat(call.element))
    return model(mode, decodeFloat(call.element, a), decodeFloat(call.element, b));
  return model(mode, readWhole(call.element, a), readWhole(call.element, b));
}

TileOperand maskTile(int64_t rows = Binary::rows, int64_t cols = 64) {
  return tile(Space::Vec, Element::U8, Form::ND, rows, cols, maskAt);
}
bool bitOf(TestMachine &machine, const TileOperand &mask, int64_t row, int64_t col) {
  uint8_t byte = *machine.at(Space::Vec, mask.address + row * mask.shape.cols + col / 8);
  return byte >> (col % 8) & 1;
}

} // namespace

TEST(KernelCompare, EveryModeOfEveryElement) {
  for (Element element : everything)
    for (int64_t mode = 0; mode < 6; ++mode) {
      Binary call(element, Arch::A5);
      call.run(findKernel("compare"), {operand(call.a), operand(call.b), operand(maskTile())},
               {{"cmpMode", mode}});
      EXPECT_THAT(call.machine.failures, IsEmpty());
      for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i)
        ASSERT_EQ(bitOf(call.machine, maskTile(), i / Binary::validCols, i % Binary::validCols),
                  expected(call, mode, i))
            << name(element).str() << " mode " << mode << " element " << i;
    }
}

TEST(KernelCompare, ScalarsAreConvertedToTheElement) {
  Binary call(Element::I16, Arch::A3);
  call.run(findKernel("compare"),
           {operand(call.a), integerOperand(-7, Element::I32), operand(maskTile())},
           {{"cmpMode", 4}});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i)
    ASSERT_EQ(bitOf(call.machine, maskTile(), i / Binary::validCols, i % Binary::validCols),
              readWhole(Element::I16, call.input(0, i)) > -7);
}

// 50 columns are one repeat of 64 elements of 4 bytes: 8 bytes of mask; of 2 bytes: 16.
TEST(KernelCompare, WritesWholeRepeats) {
  struct {
    Element element;
    Arch arch;
    int64_t mode;
    uint64_t bytes;
  } rows[] = {{Element::F32, Arch::A3, 2, 8},  {Element::F16, Arch::A3, 2, 16},
              {Element::F32, Arch::A5, 2, 16}, // two repeats share a granule
              {Element::F16, Arch::A5, 2, 16}, {Element::I32, Arch::A3, 0, 8},
              {Element::I32, Arch::A3, 1, 64}}; // the whole row is inverted
  for (auto &row : rows) {
    Binary call(row.element, row.arch);
    call.run(findKernel("compare"), {operand(call.a), operand(call.b), operand(maskTile())},
             {{"cmpMode", row.mode}});
    ByteSet written;
    for (uint64_t r = 0; r < Binary::validRows; ++r)
      TestMachine::touch(written, maskAt + r * 64, row.bytes);
    EXPECT_EQ(call.machine.writes(Space::Vec), written) << name(row.element).str();
    ByteSet inputs = call.machine.bytesOfTile(call.a, Binary::validRows, Binary::validCols);
    inputs.merge(call.machine.bytesOfTile(call.b, Binary::validRows, Binary::validCols));
    EXPECT_EQ(call.machine.reads(Space::Vec), inputs);
  }
}

TEST(KernelCompare, RefusesWhatTheLibraryGetsWrong) {
  Binary call(Element::I32, Arch::A3);
  call.run(findKernel("compare"), {operand(call.a), operand(call.b), operand(maskTile())},
           {{"cmpMode", 2}});
  EXPECT_THAT(call.machine.failures, ElementsAre("i32 tiles are compared by eq and ne only on a3"));
  Binary wide(Element::F16, Arch::A3); // 16 bytes a row, but the last row is one byte short
  TileOperand small = tile(Space::Vec, Element::U8, Form::ND, 5, 15, maskAt);
  wide.run(findKernel("compare"), {operand(wide.a), operand(wide.b), operand(small)});
  EXPECT_THAT(wide.machine.failures,
              ElementsAre("a row of the mask has 15 bytes, but the library writes 16"));
}

TEST(KernelSelect, TakesOneOfTwoByItsBit) {
  for (Element element : everything)
    for (Arch arch : {Arch::A3, Arch::A5}) {
      Binary call(element, arch);
      TileOperand mask = maskTile();
      for (int64_t i = 0; i < Binary::rows * 64; ++i)
        *call.machine.at(Space::Vec, maskAt + i) = uint8_t(i * 37 + 11);
      call.run(findKernel("select"), {operand(mask), operand(call.a), operand(call.b),
                                      operand(call.scratch), operand(call.result)});
      EXPECT_THAT(call.machine.failures, IsEmpty());
      for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i) {
        bool first = bitOf(call.machine, mask, i / Binary::validCols, i % Binary::validCols);
        ASSERT_EQ(
            std::memcmp(call.at(call.result, i), call.input(first ? 0 : 1, i), bytesOf(element)), 0)
            << name(element).str() << " element " << i;
      }
      ByteSet written = call.machine.bytesOfTile(call.result, Binary::validRows, Binary::validCols);
      if (arch == Arch::A3)
        TestMachine::touch(written, call.scratch.address, bytesOf(element) == 2 ? 16 : 8);
      EXPECT_EQ(call.machine.writes(Space::Vec), written);
      ByteSet read = call.machine.bytesOfTile(call.a, Binary::validRows, Binary::validCols);
      read.merge(call.machine.bytesOfTile(call.b, Binary::validRows, Binary::validCols));
      for (uint64_t r = 0; r < Binary::validRows; ++r)
        TestMachine::touch(read, maskAt + r * 64, 7); // 50 bits
      EXPECT_EQ(call.machine.reads(Space::Vec), read);
    }
}

TEST(KernelSelect, TakesAScalarElsewhere) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    Binary call(Element::F32, arch);
    TileOperand mask = maskTile();
    for (int64_t i = 0; i < Binary::rows * 64; ++i)
      *call.machine.at(Space::Vec, maskAt + i) = 0x55;
    call.run(findKernel("select_scalar"), {operand(mask), operand(call.a), operand(call.scratch),
                                           realOperand(2.5, Element::F32), operand(call.result)});
    EXPECT_THAT(call.machine.failures, IsEmpty());
    for (int64_t i = 10; i < Binary::validRows * Binary::validCols; ++i) {
      uint32_t got, first;
      std::memcpy(&got, call.at(call.result, i), 4);
      std::memcpy(&first, call.input(0, i), 4);
      bool even = i % Binary::validCols % 2 == 0;
      ASSERT_EQ(got, even ? first : 0x40200000u) << i; // 2.5f
    }
    ByteSet written = call.machine.bytesOfTile(call.result, Binary::validRows, Binary::validCols);
    if (arch == Arch::A3)
      TestMachine::touch(written, call.scratch.address, 50 * 4);
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
  }
}

TEST(KernelSelect, NeedsAMaskForEveryElement) {
  Binary call(Element::F32);
  TileOperand mask = tile(Space::Vec, Element::U8, Form::ND, 1, 32, maskAt);
  call.run(findKernel("select"),
           {operand(mask), operand(call.a), operand(call.b), Operand(), operand(call.result)});
  EXPECT_THAT(call.machine.failures, ElementsAre("the mask has rows of 32 bytes, but 7 are read"));
}
