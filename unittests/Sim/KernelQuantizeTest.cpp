//===- KernelQuantizeTest.cpp - TQUANT, TDEQUANT against numbers -----------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// Two rows of four values with a factor and an offset for each row.
struct Quantize {
  TestMachine machine;
  TileOperand src, factor, offset, tmp, dst;

  Quantize(Arch arch, Element to) : machine(arch) {
    src = tile(Space::Vec, Element::F32, Form::ND, 2, 8, 2, 4);
    factor = tile(Space::Vec, Element::F32, Form::DN, 8, 1, 2, 1, 0x100);
    offset = tile(Space::Vec, Element::F32, Form::DN, 8, 1, 2, 1, 0x200);
    tmp = tile(Space::Vec, Element::F32, Form::ND, 2, 8, 2, 4, 0x300);
    dst = tile(Space::Vec, to, Form::ND, 2, 32, 2, 4, 0x400);
    const double values[] = {1.25, -0.75, 1000, 0.25, 3, -3, -1000, 0.5};
    for (int64_t i = 0; i < 8; ++i)
      machine.set(src, i / 4, i % 4, values[i]);
    machine.set(factor, 0, 0, 2);
    machine.set(factor, 1, 0, 0.5);
    machine.set(offset, 0, 0, 10);
    machine.set(offset, 1, 0, 128);
  }
  std::vector<double> run(bool hasOffset) {
    machine.run(findKernel("quantize"),
                {operand(src), operand(factor), hasOffset ? operand(offset) : Operand(),
                 operand(tmp), operand(dst)});
    EXPECT_THAT(machine.failures, IsEmpty());
    std::vector<double> out;
    for (int64_t i = 0; i < 8; ++i)
      out.push_back(machine.get(dst, i / 4, i % 4));
    return out;
  }
};

} // namespace

TEST(KernelQuantize, ScalesRoundsAndClamps) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    // 2.5, -1.5, 2000, 0.5 | 1.5, -1.5, -500, 0.25: ties go to the even neighbour.
    EXPECT_THAT(Quantize(arch, Element::I8).run(false), ElementsAre(2, -2, 127, 0, 2, -2, -128, 0));
    // 12.5, 8.5, 2010, 10.5 | 129.5, 126.5, -372, 128.25
    EXPECT_THAT(Quantize(arch, Element::U8).run(true),
                ElementsAre(12, 8, 255, 10, 130, 126, 0, 128));
  }
}

TEST(KernelQuantize, DestroysItsSourceOnA3) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    Quantize call(arch, Element::I8);
    call.run(false);
    ByteSet read = call.machine.bytesOfTile(call.src, 2, 4);
    read.merge(call.machine.bytesOfTile(call.factor, 2, 1));
    EXPECT_EQ(call.machine.reads(Space::Vec), read);
    ByteSet written = call.machine.bytesOfTile(call.dst, 2, 4);
    if (arch == Arch::A3) {
      written.merge(call.machine.bytesOfTile(call.src, 2, 4));
      written.merge(call.machine.bytesOfTile(call.tmp, 2, 4));
    }
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
    EXPECT_EQ(call.machine.get(call.src, 0, 0) == 1.25, arch == Arch::A5);
  }
}

TEST(KernelQuantize, ParametersCoverTheRows) {
  Quantize call(Arch::A5, Element::I8);
  call.factor.shape.validRows = 1;
  call.machine.run(findKernel("quantize"), {operand(call.src), operand(call.factor), Operand(),
                                            Operand(), operand(call.dst)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("operand 1 has 1x1 valid elements of f32 for the parameters of 2 rows"));
  call.dst.shape.validCols = 5;
  call.machine.run(findKernel("quantize"), {operand(call.src), operand(call.offset), Operand(),
                                            Operand(), operand(call.dst)});
  EXPECT_THAT(call.machine.failures,
              ElementsAre("the source has 2x4 valid elements, the result 2x5"));
}

TEST(KernelQuantize, DequantizesByRow) {
  for (Element from : {Element::I8, Element::I16}) {
    TestMachine machine;
    TileOperand src = tile(Space::Vec, from, Form::ND, 2, 32, 2, 3),
                scale = tile(Space::Vec, Element::F32, Form::DN, 8, 1, 2, 1, 0x100),
                offset = tile(Space::Vec, Element::F32, Form::DN, 8, 1, 2, 1, 0x200),
                dst = tile(Space::Vec, Element::F32, Form::ND, 2, 8, 2, 3, 0x300);
    const double values[] = {-128, 0, 127, 1, 2, 3};
    for (int64_t i = 0; i < 6; ++i)
      machine.set(src, i / 3, i % 3, values[i]);
    machine.set(scale, 0, 0, 0.5);
    machine.set(scale, 1, 0, 10);
    machine.set(offset, 0, 0, -2);
    machine.set(offset, 1, 0, 2.5);
    machine.run(findKernel("dequantize"),
                {operand(src), operand(scale), operand(offset), operand(dst)});
    EXPECT_THAT(machine.failures, IsEmpty());
    std::vector<double> out;
    for (int64_t i = 0; i < 6; ++i)
      out.push_back(machine.get(dst, i / 3, i % 3));
    EXPECT_THAT(out, ElementsAre(-63, 1, 64.5, -15, -5, 5));
    ByteSet read = machine.bytesOfTile(src, 2, 3);
    read.merge(machine.bytesOfTile(scale, 2, 1));
    read.merge(machine.bytesOfTile(offset, 2, 1));
    EXPECT_EQ(machine.reads(Space::Vec), read);
    EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(dst, 2, 3));
  }
}
