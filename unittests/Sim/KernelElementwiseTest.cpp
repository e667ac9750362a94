//===- KernelElementwiseTest.cpp - Vector maps against scalar models -------===//

#include "KernelBinary.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

static constexpr Element wholeElements[] = {Element::I8, Element::I16, Element::I32, Element::I64,
                                            Element::U8, Element::U16, Element::U32, Element::U64};
static constexpr Element realElements[] = {Element::F16, Element::BF16, Element::F32, Element::F64};

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// Rounding a double result once equals rounding through f32 for these operations, because f32 has
/// at least twice the digits of f16 and two more.
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
