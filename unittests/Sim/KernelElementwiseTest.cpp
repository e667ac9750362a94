//===- KernelElementwiseTest.cpp - Vector arithmetic against scalar models ===//

#include "KernelTesting.h"
#include <cmath>
#include <random>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr Element wholeElements[] = {Element::I8, Element::I16, Element::I32, Element::I64,
                                     Element::U8, Element::U16, Element::U32, Element::U64};
constexpr Element realElements[] = {Element::F16, Element::BF16, Element::F32, Element::F64};

/// A value of an element type, as the models see it.
using Whole = __int128;

Whole readWhole(Element element, const uint8_t *bytes) {
  int64_t value = decodeInteger(element, bytes);
  return element == Element::U64 ? Whole(uint64_t(value)) : Whole(value);
}

/// A binary call on tiles of random bits and of the values that break naive code.
struct Binary {
  static constexpr int64_t rows = 6, cols = 64, validRows = 5, validCols = 50;
  TestMachine machine;
  TileOperand a, b, scratch, result;
  std::vector<uint8_t> before[2]; ///< the inputs' memory as it was
  Element element;

  Binary(Element element, Arch arch = Arch::A5) : machine(arch), element(element) {
    a = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x0);
    b = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x2000);
    scratch = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x4000);
    result = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x6000);
    std::mt19937_64 random(42);
    for (const TileOperand *input : {&a, &b})
      for (int64_t i = 0; i < validRows * validCols; ++i) {
        uint8_t *cell = at(*input, i);
        uint64_t bits = random();
        std::memcpy(cell, &bits, bytesOf(element));
        if (i % 3 ==
            0) // small values, so that quotients and shifts are interesting; zeros among them
          machine.put(Space::Vec, machine.address(*input, i / validCols, i % validCols), element,
                      isUnsigned(element) ? double(bits % 9) : double(bits % 19) - 9);
      }
    setSpecials();
  }

  void setSpecials() {
    double infinity = INFINITY, nan = NAN;
    const double reals[][2] = {{0.0, -0.0}, {infinity, 1}, {-infinity, infinity},
                               {nan, 1},    {1, nan},      {1, 0},
                               {-1, 0},     {0, 0},        {1e4, 1e4},
                               {-7.5, 2}};
    for (int i = 0; i < 10; ++i) {
      if (isFloat(element)) {
        setPair(i, reals[i][0], reals[i][1]);
        continue;
      }
      int64_t least = isUnsigned(element) ? 0 : int64_t(-1) << (bytesOf(element) * 8 - 1);
      const int64_t wholes[][2] = {{least, -1}, {least, least}, {-1, -1},   {5, 0},  {0, 5},
                                   {-7, 2},     {7, -2},        {least, 1}, {-1, 1}, {100, 100}};
      encodeInteger(element, wholes[i][0], at(a, i));
      encodeInteger(element, wholes[i][1], at(b, i));
    }
  }

  void setPair(int64_t i, double first, double second) {
    machine.put(Space::Vec, machine.address(a, 0, i), element, first);
    machine.put(Space::Vec, machine.address(b, 0, i), element, second);
  }

  uint8_t *at(const TileOperand &tile, int64_t i) {
    return machine.at(Space::Vec, machine.address(tile, i / validCols, i % validCols));
  }

  void run(KernelFunction kernel, std::vector<Operand> operands,
           std::vector<Attribute> attributes = {}) {
    before[0].assign(machine.at(Space::Vec, 0), machine.at(Space::Vec, 0x2000));
    before[1].assign(machine.at(Space::Vec, 0x2000), machine.at(Space::Vec, 0x4000));
    machine.run(kernel, std::move(operands), std::move(attributes));
  }
  void runMap(llvm::StringRef mnemonic) {
    run(findMapKernel(mnemonic), {operand(a), operand(b), operand(result)});
  }
  void runScratch(llvm::StringRef name, std::vector<Attribute> attributes = {}) {
    run(findKernel(name), {operand(a), operand(b), operand(scratch), operand(result)}, attributes);
  }

  /// Input `which` of element i as it was before the call.
  const uint8_t *input(int which, int64_t i) const {
    uint64_t address = machine.address(a, i / validCols, i % validCols);
    return before[which].data() + address;
  }

  void expectFootprint() {
    EXPECT_THAT(machine.failures, IsEmpty());
    ByteSet inputs = machine.bytesOfTile(a, validRows, validCols);
    inputs.merge(machine.bytesOfTile(b, validRows, validCols));
    EXPECT_EQ(machine.reads(Space::Vec), inputs);
    EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(result, validRows, validCols));
  }

  void expectWholes(Whole (*model)(Whole, Whole)) {
    for (int64_t i = 0; i < validRows * validCols; ++i) {
      uint64_t expected = 0, got = 0;
      Whole x = readWhole(element, input(0, i)), y = readWhole(element, input(1, i));
      encodeInteger(element, int64_t(model(x, y)), &expected);
      std::memcpy(&got, at(result, i), bytesOf(element));
      ASSERT_EQ(got, expected) << name(element).str() << " " << int64_t(x) << " " << int64_t(y);
    }
  }
  void expectReals(double (*model)(double, double)) {
    for (int64_t i = 0; i < validRows * validCols; ++i) {
      double x = decodeFloat(element, input(0, i)), y = decodeFloat(element, input(1, i));
      uint64_t expected = 0, got = 0;
      encodeFloat(element, model(x, y), &expected);
      std::memcpy(&got, at(result, i), bytesOf(element));
      if (std::isnan(decodeFloat(element, &expected)))
        ASSERT_TRUE(std::isnan(decodeFloat(element, &got)))
            << name(element).str() << " " << x << " " << y;
      else
        ASSERT_EQ(got, expected) << name(element).str() << " " << x << " " << y;
    }
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// Rounding a double result once equals rounding through f32 for these operations: 24 >= 2 * 11
/// + 2.
TEST(KernelElementwise, MapsOfRealNumbers) {
  struct Row {
    const char *mnemonic;
    double (*model)(double, double);
  };
  const Row rows[] = {
      {"pto.tadd", [](double a, double b) { return a + b; }},
      {"pto.tsub", [](double a, double b) { return a - b; }},
      {"pto.tmul", [](double a, double b) { return a * b; }},
      {"pto.tdiv", [](double a, double b) { return a / b; }},
      {"pto.tmax",
       [](double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN
                                       : a < b                        ? b
                                                                      : a; }},
      {"pto.tmin",
       [](double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN
                                       : b < a                        ? b
                                                                      : a; }},
  };
  for (const Row &row : rows)
    for (Element element : realElements) {
      Binary call(element);
      call.runMap(row.mnemonic);
      call.expectFootprint();
      call.expectReals(row.model);
    }
}

TEST(KernelElementwise, MapsOfWholeNumbers) {
  struct Row {
    const char *mnemonic;
    Whole (*model)(Whole, Whole);
  };
  const Row rows[] = {
      {"pto.tadd", [](Whole a, Whole b) { return a + b; }},
      {"pto.tsub", [](Whole a, Whole b) { return a - b; }},
      {"pto.tmul", [](Whole a, Whole b) { return Whole(uint64_t(a) * uint64_t(b)); }},
      {"pto.tdiv", [](Whole a, Whole b) { return b == 0 ? 0 : a / b; }},
      {"pto.tmax", [](Whole a, Whole b) { return a < b ? b : a; }},
      {"pto.tmin", [](Whole a, Whole b) { return b < a ? b : a; }},
      {"pto.tand", [](Whole a, Whole b) { return a & b; }},
      {"pto.tor", [](Whole a, Whole b) { return a | b; }},
      {"pto.tfmod", [](Whole a, Whole b) { return b == 0 ? a : a % b; }},
  };
  for (const Row &row : rows)
    for (Element element : wholeElements) {
      Binary call(element);
      call.runMap(row.mnemonic);
      call.expectFootprint();
      call.expectWholes(row.model);
    }
}

TEST(KernelElementwise, FmodFollowsTheFormulaInFloat) {
  for (Element element : {Element::F16, Element::F32}) {
    Binary call(element);
    call.runMap("pto.tfmod");
    call.expectReals([](double a, double b) {
      float x = float(a), y = float(b);
      return double(x - std::trunc(x / y) * y);
    });
  }
}

TEST(KernelElementwise, BitOperationsRefuseFloats) {
  Binary call(Element::F32);
  call.runMap("pto.tand");
  EXPECT_THAT(call.machine.failures, ElementsAre("this operation does not compute on f32"));
  EXPECT_THAT(call.machine.writes(Space::Vec), IsEmpty());
  Binary byte(Element::F8E4M3);
  byte.runMap("pto.tadd");
  EXPECT_THAT(byte.machine.failures, ElementsAre("this operation does not compute on f8E4M3"));
  EXPECT_EQ(findMapKernel("pto.tload"), nullptr);
  EXPECT_EQ(findKernel("no such kernel"), nullptr);
}

TEST(KernelElementwise, ScalarsBroadcastInTheElementType) {
  Binary call(Element::F16);
  // 0.1 becomes an f16 first: 0.0999755859375.
  call.run(findMapKernel("pto.tmul"),
           {operand(call.a), realOperand(0.1, Element::F32), operand(call.result)});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_EQ(call.machine.reads(Space::Vec), call.machine.bytesOfTile(call.a, 5, 50));
  call.expectReals([](double a, double) { return a * 0.0999755859375; });
  Binary whole(Element::I16);
  whole.run(findMapKernel("pto.tsub"),
            {operand(whole.a), integerOperand(70000, Element::I32), operand(whole.result)});
  whole.expectWholes([](Whole a, Whole) { return a - 70000; });
}

TEST(KernelElementwise, ExtentsThatDisagreeAreReported) {
  Binary call(Element::F32);
  call.b.shape.validCols = 49;
  call.runMap("pto.tadd");
  EXPECT_THAT(call.machine.failures,
              ElementsAre("operand 1 has 5x49 valid elements, the result 5x50"));
  call.result.shape.validRows = call.a.shape.validRows = call.b.shape.validRows = 0;
  call.b.shape.validCols = 50;
  call.runMap("pto.tadd");
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_THAT(call.machine.writes(Space::Vec), IsEmpty());
}

TEST(KernelElementwise, OperandsThatAreNoTilesAreReported) {
  Binary call(Element::F32);
  call.a.shape.validRows = 7; // of 6
  call.runMap("pto.tadd");
  EXPECT_THAT(call.machine.failures,
              ElementsAre("operand 0 has 7x50 valid elements, but is a tile of 6x64"));
  call.a.shape.validRows = 5;
  call.result.shape.validCols = -1;
  call.runMap("pto.tadd");
  EXPECT_THAT(call.machine.failures,
              ElementsAre("operand 2 has 5x-1 valid elements, but is a tile of 6x64"));
  call.run(findMapKernel("pto.tadd"), {operand(call.a), Operand(), operand(call.a)});
  EXPECT_THAT(call.machine.failures, ElementsAre("operand 1 is not a tile"));
  call.result = tile(Space::Vec, Element::F32, Form::Nz, 16, 64, 5, 50);
  call.result.shape.fractal = 100;
  call.runMap("pto.tadd");
  EXPECT_THAT(call.machine.failures,
              ElementsAre("operand 2 has the fractal size 100, which is none of 32, 512, 1024"));
}

TEST(KernelElementwise, ResultMayLieOverAnInput) {
  Binary call(Element::F32);
  call.result = call.a;
  call.runMap("pto.tadd");
  EXPECT_THAT(call.machine.failures, IsEmpty());
  call.expectReals([](double a, double b) { return a + b; });
}

//===----------------------------------------------------------------------===//
// TXOR, TSHL, TSHR, TPRELU
//===----------------------------------------------------------------------===//

TEST(KernelElementwise, XorOverwritesItsScratchOnA3) {
  for (Element element : wholeElements)
    for (Arch arch : {Arch::A3, Arch::A5}) {
      Binary call(element, arch);
      call.runScratch("xor");
      EXPECT_THAT(call.machine.failures, IsEmpty());
      call.expectWholes([](Whole a, Whole b) { return a ^ b; });
      ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
      if (arch == Arch::A3)
        written.merge(call.machine.bytesOfTile(call.scratch, 5, 50));
      EXPECT_EQ(call.machine.writes(Space::Vec), written);
    }
}

TEST(KernelElementwise, ShiftsAreThoseOfTheElementType) {
  for (Element element : wholeElements)
    for (bool left : {true, false}) {
      Binary call(element);
      for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i)
        encodeInteger(element, i % 32,
                      call.at(call.b, i)); // up to 31: C++ promotes small types to int
      call.run(findKernel(left ? "shift_left" : "shift_right"),
               {operand(call.a), operand(call.b), operand(call.result)});
      call.expectFootprint();
      if (left)
        call.expectWholes([](Whole a, Whole b) { return Whole(uint64_t(a) << int(b)); });
      else
        call.expectWholes([](Whole a, Whole b) { return a >> int(b); });
    }
}

TEST(KernelElementwise, UndefinedShiftsAreReportedOnce) {
  Binary call(Element::I16);
  for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i)
    encodeInteger(Element::I16, i == 7 ? -1 : i == 9 ? 32 : 1, call.at(call.b, i));
  encodeInteger(Element::I16, -5, call.at(call.a, 7));
  call.run(findKernel("shift_right"), {operand(call.a), operand(call.b), operand(call.result)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("element 7 is shifted by -1, which C++ leaves undefined"));
  EXPECT_EQ(decodeInteger(Element::I16, call.at(call.result, 7)), -1);
}

TEST(KernelElementwise, PreluMultipliesWhatIsNotPositive) {
  for (Element element : {Element::F16, Element::F32}) {
    Binary call(element);
    call.runScratch("prelu");
    EXPECT_THAT(call.machine.failures, IsEmpty());
    EXPECT_EQ(call.machine.writes(Space::Vec), call.machine.bytesOfTile(call.result, 5, 50));
    call.expectReals([](double a, double b) { return a > 0 ? a : a * b; });
  }
}

TEST(KernelElementwise, PreluWritesMaskAndSelectRowOnA3) {
  Binary call(Element::F32, Arch::A3);
  call.scratch = tile(Space::Vec, Element::U8, Form::ND, 6, 32, 6, 32, 0x4000);
  call.runScratch("prelu");
  ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
  written.merge(call.machine.bytesOfTile(call.scratch, 5, 8)); // one repeat of 64 lanes per row
  written.merge(call.machine.bytesOfTile(call.scratch, 1, 32, 5, 0));
  EXPECT_EQ(call.machine.writes(Space::Vec), written);
}

//===----------------------------------------------------------------------===//
// TREM (isa-library 6.4)
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
// TPOW (isa-library 6.2)
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
