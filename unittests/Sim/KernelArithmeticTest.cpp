//===- KernelArithmeticTest.cpp - TREM and TPOW against the pages ----------===//

#include "KernelBinary.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

//===----------------------------------------------------------------------===//
// TREM (library 3.3)
//===----------------------------------------------------------------------===//

TEST(KernelElementwise, RemainderOfFloatsHasTheSignOfTheDivisor) {
  struct Row {
    float a, b, remainder;
  };
  const Row rows[] = {{7, 3, 1},    {-7, 3, 2}, {7, -3, -2},
                      {-7, -3, -1}, {6, 3, 0},  {0.75f, 0.5f, 0.25f}};
  for (Arch arch : {Arch::A3, Arch::A5}) {
    Binary call(Element::F32, arch);
    for (int i = 0; i < 6; ++i)
      call.setPair(10 + i, rows[i].a, rows[i].b);
    call.runScratch("rem");
    EXPECT_THAT(call.machine.failures, IsEmpty());
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(decodeFloat(Element::F32, call.at(call.result, 10 + i)), rows[i].remainder);
    call.expectReals([](double a, double b) {
      float x = float(a), y = float(b), quotient = std::floor(x / y), r = x - quotient * y;
      return double(r * y < 0 ? r + y : r);
    });
    ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
    if (arch == Arch::A3) {
      TestMachine::touch(written, 0x4000, 50 * 4);       // a row of intermediate values
      TestMachine::touch(written, 0x4000 + 64 * 4, 256); // a mask behind the row stride
    }
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
  }
}

// One row of scratch, as old grammars allow, is too small on a2/a3: the mask would hit a neighbour.
TEST(KernelElementwise, RemainderNeedsScratchForItsMaskOnA3) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    Binary call(Element::F32, arch);
    call.scratch.shape.rows = call.scratch.shape.validRows = 1;
    call.runScratch("rem");
    if (arch == Arch::A3)
      EXPECT_THAT(call.machine.failures,
                  ElementsAre(HasSubstr("has 256 bytes, but the library writes 512")));
    else
      EXPECT_THAT(call.machine.failures, IsEmpty());
  }
}

TEST(KernelElementwise, RemainderOfIntegersSpoilsItsSourcesOnA3) {
  Binary call(Element::I32, Arch::A3);
  struct Row {
    int32_t a, b, remainder, rounded;
  };
  // 2^24 + 1 is no float: it becomes 2^24.
  const Row rows[] = {{7, 3, 1, 7},   {-7, 3, 2, -7},
                      {7, -3, -2, 7}, {16777217, 2, 0, 16777216},
                      {9, 0, 9, 9},   {2147483647, 0, 2147483647, 2147483647}};
  for (int i = 0; i < 6; ++i) {
    encodeInteger(Element::I32, rows[i].a, call.at(call.a, 10 + i));
    encodeInteger(Element::I32, rows[i].b, call.at(call.b, 10 + i));
  }
  call.runScratch("rem");
  EXPECT_THAT(call.machine.failures, IsEmpty());
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(decodeInteger(Element::I32, call.at(call.result, 10 + i)), rows[i].remainder);
    EXPECT_EQ(decodeInteger(Element::I32, call.at(call.a, 10 + i)), rows[i].rounded);
    EXPECT_EQ(decodeFloat(Element::F32, call.at(call.b, 10 + i)), rows[i].b);
  }
  ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
  written.merge(call.machine.bytesOfTile(call.a, 5, 50));
  written.merge(call.machine.bytesOfTile(call.b, 5, 50));
  TestMachine::touch(written, 0x4000, 50 * 4);
  TestMachine::touch(written, 0x4000 + 64 * 4, 8);
  EXPECT_EQ(call.machine.writes(Space::Vec), written);
}

TEST(KernelElementwise, RemainderOnA5) {
  for (Element element : {Element::I16, Element::I32, Element::U16, Element::U32}) {
    Binary call(element);
    call.runScratch("rem");
    call.expectFootprint();
    call.expectWholes([](Whole a, Whole b) {
      if (b == 0)
        return a;
      Whole r = a % b;
      return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    });
  }
  for (Element element : {Element::I64, Element::U64}) {
    Binary call(element);
    call.runScratch("rem");
    call.expectWholes([](Whole a, Whole b) { return b == 0 ? 0 : a % b; });
  }
}

TEST(KernelElementwise, RemainderOfHalvesIsTruncated) {
  Binary call(Element::F16);
  // 0.300048828125 is 0.3 as an f16; 1 - 3 * 0.300048828125 is an f16 again.
  call.setPair(10, 1, 0.300048828125);
  call.setPair(11, -0x1p-24, 3); // 3 - 2^-24 in f32 rounds to 3; truncation has nothing left to cut
  call.setPair(12, -0x1p-13, 1); // 1 - 2^-13 lies between 1 - 2^-11 and 1: cut down to 1 - 2^-11
  call.setPair(13, 0x1p-13, -1);
  call.runScratch("rem");
  auto result = [&](int i) { return decodeFloat(Element::F16, call.at(call.result, i)); };
  EXPECT_EQ(result(10), 0.099853515625);
  EXPECT_EQ(result(11), 3);
  EXPECT_EQ(result(12), 1 - 0x1p-11);
  EXPECT_EQ(result(13), -(1 - 0x1p-11));
}

TEST(KernelElementwise, RemainderInHighPrecisionIsExact) {
  Binary call(Element::F32);
  call.setPair(10, 1e9, 0.7f);
  call.setPair(11, -1e9, 0.7f);
  call.runScratch("rem", {{"precisionType", 1}});
  double exact = std::fmod(1e9, double(0.7f));
  EXPECT_EQ(decodeFloat(Element::F32, call.at(call.result, 10)), float(exact));
  EXPECT_NEAR(decodeFloat(Element::F32, call.at(call.result, 11)), double(0.7f) - exact, 1e-7);
}

TEST(KernelElementwise, RemainderRefusesOtherTypes) {
  for (auto [element, arch] :
       {std::pair(Element::F16, Arch::A3), {Element::I16, Arch::A3}, {Element::BF16, Arch::A5}}) {
    Binary call(element, arch);
    call.runScratch("rem");
    EXPECT_THAT(call.machine.failures, ElementsAre(HasSubstr("does not compute on")));
    EXPECT_THAT(call.machine.writes(Space::Vec), IsEmpty());
  }
}

//===----------------------------------------------------------------------===//
// TPOW (library 3.4)
//===----------------------------------------------------------------------===//

TEST(KernelElementwise, PowerOfWholeNumbers) {
  struct Row {
    int64_t base, exponent, power;
  };
  const Row rows[] = {{3, 4, 81},  {-3, 3, -27},    {5, 0, 1},      {0, 0, 1},   {0, 3, 0},
                      {0, -1, 0},  {1, -5, 1},      {-1, -3, -1},   {-1, -4, 1}, {2, -1, 0},
                      {-7, -2, 0}, {2, 15, -32768}, {3, 11, -19461}};
  Binary call(Element::I16);
  for (int i = 0; i < 13; ++i) {
    encodeInteger(Element::I16, rows[i].base, call.at(call.a, i));
    encodeInteger(Element::I16, rows[i].exponent, call.at(call.b, i));
  }
  call.runScratch("pow");
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_EQ(call.machine.writes(Space::Vec), call.machine.bytesOfTile(call.result, 5, 50));
  for (int i = 0; i < 13; ++i)
    EXPECT_EQ(decodeInteger(Element::I16, call.at(call.result, i)), rows[i].power) << i;
}

TEST(KernelElementwise, PowerOfFloats) {
  struct Row {
    double base, exponent, power;
  };
  const Row rows[] = {{2, 10, 1024},  {-2, 3, -8},       {-2, 2, 4},        {4, 0.5, 2},
                      {-4, 0.5, NAN}, {0, 2, 0},         {0, -2, INFINITY}, {0, 0, 1},
                      {NAN, 0, 1},    {-1, INFINITY, 1}, {2, -INFINITY, 0}, {NAN, 1, NAN},
                      {2, NAN, NAN},  {-2, -1, -0.5}};
  for (Element element : {Element::F32, Element::F16}) {
    Binary call(element);
    for (int i = 0; i < 14; ++i)
      call.setPair(10 + i, rows[i].base, rows[i].exponent);
    call.runScratch("pow");
    EXPECT_THAT(call.machine.failures, IsEmpty());
    ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
    written.merge(call.machine.bytesOfTile(call.scratch, 5, 50));
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
    for (int i = 0; i < 14; ++i) {
      double got = decodeFloat(element, call.at(call.result, 10 + i)), expected = rows[i].power;
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(got)) << i;
      else if (std::isinf(expected) || expected == 0)
        EXPECT_EQ(got, expected) << i;
      else
        EXPECT_NEAR(got / expected, 1, 1e-6) << i;
    }
  }
}
