//===- KernelPartialTest.cpp - Fused and partial operations ----------------===//

#include "KernelBinary.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

//===----------------------------------------------------------------------===//
// Two calls through the destination
//===----------------------------------------------------------------------===//

TEST(KernelFused, RoundsAfterEachCall) {
  for (bool adds : {true, false}) {
    Binary call(Element::F16);
    // 2048 + 1 rounds to 2048 in f16; the exact sum of all three would be 2050.
    call.setPair(0, 2048, adds ? 1 : -1);
    TileOperand third = call.scratch;
    for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i)
      call.machine.put(Space::Vec, call.machine.address(third, i / 50, i % 50), Element::F16, 1);
    call.run(findKernel(adds ? "add_add" : "subtract_add"),
             {operand(call.a), operand(call.b), operand(third), operand(call.result)});
    EXPECT_THAT(call.machine.failures, IsEmpty());
    EXPECT_EQ(decodeFloat(Element::F16, call.at(call.result, 0)), 2048);
    auto round = [](double value) {
      uint16_t bits;
      encodeFloat(Element::F16, value, &bits);
      return decodeFloat(Element::F16, &bits);
    };
    for (int64_t i = 10; i < Binary::validRows * Binary::validCols; ++i) {
      double a = decodeFloat(Element::F16, call.input(0, i)),
             b = decodeFloat(Element::F16, call.input(1, i));
      double model = round(round(adds ? a + b : a - b) + 1);
      double got = decodeFloat(Element::F16, call.at(call.result, i));
      ASSERT_TRUE(got == model || (std::isnan(got) && std::isnan(model))) << a << " " << b;
    }
  }
}

TEST(KernelFused, WholesWrapAndTheLastOperandIsAdded) {
  Binary call(Element::I16);
  for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i)
    encodeInteger(Element::I16, 1000, call.at(call.scratch, i));
  call.run(findKernel("subtract_add"), {operand(call.a), integerOperand(3, Element::I32),
                                        operand(call.scratch), operand(call.result)});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  call.expectWholes([](Whole a, Whole) { return a - 3 + 1000; });
}

TEST(KernelFused, TheLastOperandMustSurviveTheFirstCall) {
  Binary call(Element::F32);
  for (const TileOperand *dst : {&call.a, &call.b, &call.scratch}) {
    call.run(findKernel("add_add"),
             {operand(call.a), operand(call.b), operand(call.scratch), operand(*dst)});
    if (dst == &call.scratch)
      EXPECT_THAT(call.machine.failures,
                  ElementsAre(HasSubstr("the result shares bytes with the last operand")));
    else
      EXPECT_THAT(call.machine.failures, IsEmpty());
  }
}

TEST(KernelFused, AddRelu) {
  Binary call(Element::I16, Arch::A3);
  call.runMap("pto.taddrelu");
  call.expectFootprint();
  call.expectWholes([](Whole a, Whole b) {
    Whole sum = int16_t(a + b);
    return sum > 0 ? sum : Whole(0);
  });
}

//===----------------------------------------------------------------------===//
// Partial
//===----------------------------------------------------------------------===//

namespace {

/// src0 valid in 3 x 20, src1 and the result in 5 x 50; `swapped`: the other way round.
struct PartialCall : Binary {
  bool swapped;
  PartialCall(Element element, bool swapped) : Binary(element), swapped(swapped) {
    TileShape &part = (swapped ? b : a).shape;
    part.validRows = 3;
    part.validCols = 20;
  }
  bool inPart(int64_t i) const { return i / validCols < 3 && i % validCols < 20; }
};

} // namespace

TEST(KernelPartial, CombinesWhereBothAreValid) {
  struct {
    const char *kernel;
    Whole (*model)(Whole, Whole);
  } rows[] = {{"partial_add", [](Whole a, Whole b) { return a + b; }},
              {"partial_mul", [](Whole a, Whole b) { return a * b; }},
              {"partial_max", [](Whole a, Whole b) { return a > b ? a : b; }},
              {"partial_min", [](Whole a, Whole b) { return a < b ? a : b; }}};
  for (auto &row : rows)
    for (Element element : {Element::I8, Element::I16, Element::I32, Element::U16})
      for (bool swapped : {false, true}) {
        PartialCall call(element, swapped);
        call.run(findKernel(row.kernel), {operand(call.a), operand(call.b), operand(call.result)});
        EXPECT_THAT(call.machine.failures, IsEmpty());
        for (int64_t i = 0; i < Binary::validRows * Binary::validCols; ++i) {
          Whole a = readWhole(element, call.input(0, i)), b = readWhole(element, call.input(1, i));
          uint64_t expected = 0, got = 0;
          encodeInteger(element,
                        int64_t(call.inPart(i) ? row.model(a, b)
                                : swapped      ? a
                                               : b),
                        &expected);
          std::memcpy(&got, call.at(call.result, i), bytesOf(element));
          ASSERT_EQ(got, expected) << row.kernel << " " << i;
        }
        ByteSet read = call.machine.bytesOfTile(swapped ? call.b : call.a, 3, 20);
        read.merge(call.machine.bytesOfTile(swapped ? call.a : call.b, 5, 50));
        EXPECT_EQ(call.machine.reads(Space::Vec), read);
        EXPECT_EQ(call.machine.writes(Space::Vec), call.machine.bytesOfTile(call.result, 5, 50));
      }
}

TEST(KernelPartial, CopiesKeepTheirBits) {
  PartialCall call(Element::F16, false);
  encodeInteger(Element::I16, 0x7d01, call.at(call.b, 200)); // a NaN with a payload
  call.run(findKernel("partial_add"), {operand(call.a), operand(call.b), operand(call.result)});
  EXPECT_EQ(decodeInteger(Element::I16, call.at(call.result, 200)), 0x7d01);
}

TEST(KernelPartial, IndicesFollowTheirValues) {
  for (bool largest : {true, false}) {
    TestMachine machine;
    auto at = [](Element element, int64_t cols, uint64_t address) {
      return tile(Space::Vec, element, Form::ND, 1, 16, 1, cols, address);
    };
    TileOperand a = at(Element::F32, 3, 0), b = at(Element::F32, 4, 0x100),
                ai = at(Element::I32, 3, 0x200), bi = at(Element::I32, 4, 0x300),
                d = at(Element::F32, 4, 0x400), di = at(Element::I32, 4, 0x500);
    const double first[] = {1, 5, 7}, second[] = {2, 5, 6, 9};
    for (int64_t i = 0; i < 4; ++i) {
      if (i < 3) {
        machine.set(a, 0, i, first[i]);
        machine.set(ai, 0, i, double(10 + i));
      }
      machine.set(b, 0, i, second[i]);
      machine.set(bi, 0, i, double(20 + i));
    }
    machine.run(findKernel(largest ? "partial_argmax" : "partial_argmin"),
                {operand(a), operand(b), operand(ai), operand(bi), operand(d), operand(di)});
    EXPECT_THAT(machine.failures, IsEmpty());
    std::vector<double> values, places;
    for (int64_t i = 0; i < 4; ++i) {
      values.push_back(machine.get(d, 0, i));
      places.push_back(machine.get(di, 0, i));
    }
    // Equal values: the pair of src0. Where src0 ends: that of src1.
    if (largest) {
      EXPECT_THAT(values, ElementsAre(2, 5, 7, 9));
      EXPECT_THAT(places, ElementsAre(20, 11, 12, 23));
    } else {
      EXPECT_THAT(values, ElementsAre(1, 5, 6, 9));
      EXPECT_THAT(places, ElementsAre(10, 11, 22, 23));
    }
  }
}

TEST(KernelPartial, RegionsMustAddUp) {
  PartialCall call(Element::F32, false);
  TileOperand small = call.result, narrow = call.b;
  small.shape.validRows = 2;
  narrow.shape.validCols = 30;
  call.run(findKernel("partial_add"), {operand(call.a), operand(call.b), operand(small)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("a source has 3x20 valid elements of f32, the result 2x50 of f32"));
  call.run(findKernel("partial_max"), {operand(call.a), operand(narrow), operand(call.result)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("no source covers the 5x50 valid elements of the result"));
  call.run(findKernel("partial_argmax"),
           {operand(call.b), operand(call.b), operand(call.b), operand(call.a),
            operand(call.result), operand(call.scratch)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("indices of 3x20 valid elements go with values of 5x50"));
}
