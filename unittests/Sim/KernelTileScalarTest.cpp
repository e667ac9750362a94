//===- KernelTileScalarTest.cpp - One tile, with or without a scalar -------===//
//
// Values against models written out here. Results of +, -, *, /, min, max and of all integers are
// compared bit by bit; those of exp, log and sqrt too, since models and kernels round the host's
// result once.
//
//===----------------------------------------------------------------------===//

#include "KernelBinary.h"

using namespace pto;
using namespace pto::sim;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

/// A call on tile `a` of Binary and one scalar; `b` holds the scalar everywhere, for the models.
struct Single : Binary {
  Operand scalar;
  Single(Element element, double value, Arch arch = Arch::A5) : Binary(element, arch) {
    for (int64_t i = 0; i < validRows * validCols; ++i)
      machine.put(Space::Vec, machine.address(b, i / validCols, i % validCols), element, value);
    scalar =
        isFloat(element) ? realOperand(value, element) : integerOperand(int64_t(value), element);
  }
  void runScalar(llvm::StringRef mnemonic) {
    run(findMapKernel(mnemonic), {operand(a), scalar, operand(result)});
    expectOneInput();
  }
  void runUnary(llvm::StringRef mnemonic) {
    run(findMapKernel(mnemonic), {operand(a), operand(result)});
    expectOneInput();
  }
  void expectOneInput() {
    EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_EQ(machine.reads(Space::Vec), machine.bytesOfTile(a, validRows, validCols));
    EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(result, validRows, validCols));
  }
};

constexpr Element wholes[] = {Element::I8, Element::I16, Element::I32, Element::I64,
                              Element::U8, Element::U16, Element::U32, Element::U64};
constexpr Element reals[] = {Element::F16, Element::BF16, Element::F32};

} // namespace

TEST(KernelTileScalar, WholesWrap) {
  struct Row {
    const char *mnemonic;
    Whole (*model)(Whole, Whole);
  };
  const Row rows[] = {
      {"pto.tadds", [](Whole a, Whole s) { return a + s; }},
      {"pto.tsubs", [](Whole a, Whole s) { return a - s; }},
      {"pto.tmuls", [](Whole a, Whole s) { return a * s; }},
      {"pto.tmaxs", [](Whole a, Whole s) { return a > s ? a : s; }},
      {"pto.tmins", [](Whole a, Whole s) { return a < s ? a : s; }},
      {"pto.tands", [](Whole a, Whole s) { return a & s; }},
      {"pto.tors", [](Whole a, Whole s) { return a | s; }},
      {"pto.tshls", [](Whole a, Whole s) { return Whole(uint64_t(a) << int(s)); }},
      {"pto.tshrs", [](Whole a, Whole s) { return a >> int(s); }},
      {"pto.tfmods", [](Whole a, Whole s) { return a % s; }},
  };
  for (const Row &row : rows)
    for (Element element : wholes) {
      SCOPED_TRACE(row.mnemonic);
      Single call(element, 5);
      call.runScalar(row.mnemonic);
      call.expectWholes(row.model);
    }
}

TEST(KernelTileScalar, FloatsRoundOnce) {
  struct Row {
    const char *mnemonic;
    double (*model)(double, double);
  };
  const Row rows[] = {
      {"pto.tadds", [](double a, double s) { return double(float(a) + float(s)); }},
      {"pto.tsubs", [](double a, double s) { return double(float(a) - float(s)); }},
      {"pto.tmuls", [](double a, double s) { return double(float(a) * float(s)); }},
      {"pto.tmaxs", [](double a, double s) { return std::isnan(a) || a > s ? a : s; }},
      {"pto.tmins", [](double a, double s) { return std::isnan(a) || a < s ? a : s; }},
      {"pto.tlrelu", [](double a, double s) { return a > 0 ? a : double(float(a) * float(s)); }},
      {"pto.tfmods",
       [](double a, double s) {
         float x = float(a), y = float(s), quotient = std::trunc(x / y), whole = quotient * y;
         return double(x - whole);
       }},
  };
  for (const Row &row : rows)
    for (Element element : reals) {
      SCOPED_TRACE(row.mnemonic);
      Single call(element, -2.5);
      call.runScalar(row.mnemonic);
      call.expectReals(row.model);
    }
}

TEST(KernelTileScalar, AWiderScalarIsConvertedAsCppDoes) {
  Single call(Element::I8, 0);
  call.scalar = integerOperand(0x101, Element::I32);
  call.runScalar("pto.tadds");
  call.expectWholes([](Whole a, Whole) { return a + 1; });
}

TEST(KernelTileScalar, Fills) {
  Single call(Element::BF16, 1.5);
  call.run(findMapKernel("pto.texpands"), {call.scalar, operand(call.result)});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_THAT(call.machine.reads(Space::Vec), IsEmpty());
  call.expectReals([](double, double s) { return s; });
}

TEST(KernelTileScalar, ExclusiveOrAndPowerTakeAScalar) {
  Single bits(Element::I16, 0x35);
  bits.run(findKernel("xor"),
           {operand(bits.a), bits.scalar, operand(bits.scratch), operand(bits.result)});
  bits.expectOneInput();
  bits.expectWholes([](Whole a, Whole s) { return a ^ s; });
  Single square(Element::I32, 2);
  square.run(findKernel("pow"),
             {operand(square.a), square.scalar, Operand(), operand(square.result)});
  square.expectOneInput();
  square.expectWholes([](Whole a, Whole) { return a * a; });
}

TEST(KernelTileScalar, RemainderOfFloatsIsCorrectedOnA3Only) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    Single call(Element::F32, 3, arch);
    call.run(findKernel("rem_scalar"),
             {operand(call.a), call.scalar, operand(call.scratch), operand(call.result)});
    EXPECT_THAT(call.machine.failures, IsEmpty());
    if (arch == Arch::A3)
      call.expectReals([](double a, double s) {
        float x = float(a), y = float(s), whole = std::floor(x / y) * y, r = x - whole;
        return double(r * y < 0 ? r + y : r);
      });
    else
      call.expectReals([](double a, double s) {
        float x = float(a), y = float(s), whole = std::floor(x / y) * y;
        return double(x - whole);
      });
    ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
    if (arch == Arch::A3)
      TestMachine::touch(written, 0x4000, 50 * 4); // a row of intermediate values
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
  }
}

TEST(KernelTileScalar, RemainderOfWholes) {
  Single call(Element::I32, -3, Arch::A3);
  encodeInteger(Element::I32, 16777217, call.at(call.a, 10)); // no float: it becomes 2^24
  encodeInteger(Element::I32, 7, call.at(call.a, 11));
  call.run(findKernel("rem_scalar"),
           {operand(call.a), call.scalar, operand(call.scratch), operand(call.result)});
  EXPECT_EQ(decodeInteger(Element::I32, call.at(call.result, 10)), -2);
  EXPECT_EQ(decodeInteger(Element::I32, call.at(call.result, 11)), -2);
  EXPECT_EQ(decodeInteger(Element::I32, call.at(call.a, 10)), 16777216);
  EXPECT_EQ(decodeInteger(Element::I32, call.at(call.a, 11)), 7);
  for (Element element : {Element::I16, Element::U16, Element::I32, Element::U32}) {
    Single onA5(element, 7);
    onA5.run(findKernel("rem_scalar"),
             {operand(onA5.a), onA5.scalar, operand(onA5.scratch), operand(onA5.result)});
    onA5.expectOneInput();
    onA5.expectWholes([](Whole a, Whole s) { return (a % s + s) % s; });
  }
  Single half(Element::F16, 3, Arch::A3);
  half.run(findKernel("rem_scalar"),
           {operand(half.a), half.scalar, operand(half.scratch), operand(half.result)});
  ASSERT_EQ(half.machine.failures.size(), 1u);
  EXPECT_THAT(half.machine.failures[0], HasSubstr("does not compute on f16"));
}

TEST(KernelTileScalar, DividesInEitherOrder) {
  for (bool tileFirst : {true, false}) {
    Single call(Element::F32, 3);
    Operand none, one = operand(call.a);
    call.run(findKernel("divide_scalar"),
             {tileFirst ? one : none, call.scalar, tileFirst ? none : one, operand(call.result)});
    call.expectOneInput();
    if (tileFirst)
      call.expectReals([](double a, double s) { return double(float(a) / float(s)); });
    else
      call.expectReals([](double a, double s) { return double(float(s) / float(a)); });
    Single whole(Element::I64, 3);
    one = operand(whole.a);
    whole.run(findKernel("divide_scalar"), {tileFirst ? one : none, whole.scalar,
                                            tileFirst ? none : one, operand(whole.result)});
    if (tileFirst)
      whole.expectWholes([](Whole a, Whole s) { return a / s; });
    else
      whole.expectWholes([](Whole a, Whole s) { return a == 0 ? 0 : s / a; });
  }
}

TEST(KernelTileScalar, DividingInPlaceMultipliesByTheReciprocalOnA3) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    Single call(Element::F32, 3, arch);
    call.setPair(12, 10, 3);
    call.run(findKernel("divide_scalar"),
             {operand(call.a), call.scalar, Operand(), operand(call.a)});
    float expected = arch == Arch::A3 ? 10.0f * (1.0f / 3.0f) : 10.0f / 3.0f;
    EXPECT_EQ(decodeFloat(Element::F32, call.at(call.a, 12)), expected);
  }
}

TEST(KernelTileScalar, AxpyAddsToItsResult) {
  for (Element from : {Element::F16, Element::F32}) {
    TestMachine machine;
    TileOperand src = tile(Space::Vec, from, Form::ND, 2, 16);
    TileOperand dst = tile(Space::Vec, Element::F32, Form::ND, 2, 16, 0x1000);
    for (int64_t i = 0; i < 32; ++i) {
      machine.set(src, i / 16, i % 16, double(i) / 4);
      machine.set(dst, i / 16, i % 16, double(100 - i));
    }
    machine.run(findKernel("axpy"), {operand(src), realOperand(0.5, from), operand(dst)});
    EXPECT_THAT(machine.failures, IsEmpty());
    for (int64_t i = 0; i < 32; ++i)
      EXPECT_EQ(machine.get(dst, i / 16, i % 16), 100 - double(i) + double(i) / 8);
    ByteSet read = machine.bytesOfTile(src, 2, 16);
    read.merge(machine.bytesOfTile(dst, 2, 16));
    EXPECT_EQ(machine.reads(Space::Vec), read);
  }
}

TEST(KernelUnary, Wholes) {
  struct Row {
    const char *mnemonic;
    Whole (*model)(Whole, Whole);
  };
  const Row rows[] = {{"pto.tabs", [](Whole a, Whole) { return a < 0 ? -a : a; }},
                      {"pto.tneg", [](Whole a, Whole) { return -a; }},
                      {"pto.tnot", [](Whole a, Whole) { return ~a; }},
                      {"pto.trelu", [](Whole a, Whole) { return a < 0 ? Whole(0) : a; }}};
  for (const Row &row : rows)
    for (Element element : wholes) {
      SCOPED_TRACE(row.mnemonic);
      Single call(element, 0);
      call.runUnary(row.mnemonic);
      call.expectWholes(row.model);
    }
}

TEST(KernelUnary, Floats) {
  struct Row {
    const char *mnemonic;
    double (*model)(double, double);
  };
  const Row rows[] = {
      {"pto.tabs", [](double a, double) { return std::fabs(a); }},
      {"pto.tneg", [](double a, double) { return -a; }},
      {"pto.trelu", [](double a, double) { return a < 0 ? 0 : a; }},
      {"pto.texp", [](double a, double) { return double(std::exp(float(a))); }},
      {"pto.tlog", [](double a, double) { return double(std::log(float(a))); }},
      {"pto.tsqrt", [](double a, double) { return double(std::sqrt(float(a))); }},
      {"pto.trecip", [](double a, double) { return double(1 / float(a)); }},
  };
  for (const Row &row : rows)
    for (Element element : reals) {
      SCOPED_TRACE(row.mnemonic);
      Single call(element, 0);
      call.runUnary(row.mnemonic);
      call.expectReals(row.model);
    }
}

TEST(KernelUnary, ReciprocalRootMayHaveScratch) {
  for (bool hasScratch : {false, true}) {
    Single call(Element::F32, 0);
    call.run(findKernel("rsqrt"), {operand(call.a), hasScratch ? operand(call.scratch) : Operand(),
                                   operand(call.result)});
    EXPECT_THAT(call.machine.failures, IsEmpty());
    call.expectReals([](double a, double) { return double(1 / std::sqrt(float(a))); });
    ByteSet written = call.machine.bytesOfTile(call.result, 5, 50);
    if (hasScratch)
      TestMachine::touch(written, 0x4000, 32);
    EXPECT_EQ(call.machine.writes(Space::Vec), written);
  }
}
