//===- EngineScalarTest.cpp - The scalar unit's arithmetic -----------------===//

#include "EngineTesting.h"
#include <bit>
#include <cmath>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// Runs what `emit` computes and returns its word; `failed` tells of a finding.
uint64_t compute(llvm::function_ref<Register(FunctionBuilder &)> emit, bool *failed = nullptr) {
  KernelText k({"out"});
  k.line("arith");
  Register value = emit(k.b);
  k.b.storeGm(Element::I64, 0, none, value);
  k.finish();
  GlobalMemory memory;
  uint64_t out = memory.allocate(0, "out", 8), word = 0;
  Report report = run(k.program, memory, oneCore({out}));
  if (failed)
    *failed = find(report, FindingKind::ScalarFailure) != nullptr;
  EXPECT_TRUE(memory.load(out, &word, 8));
  return word;
}

int64_t integer(ArithOp op, Element type, int64_t a, int64_t b, bool *failed = nullptr) {
  return int64_t(compute(
      [&](FunctionBuilder &f) { return f.arith(op, type, f.constant(a), f.constant(b)); }, failed));
}

double floating(ArithOp op, Element type, double a, double b) {
  return std::bit_cast<double>(compute([&](FunctionBuilder &f) {
    return f.arith(op, type, f.constantFloat(a), f.constantFloat(b));
  }));
}

int64_t cast(CastOp op, Element from, Element to, int64_t value) {
  return int64_t(
      compute([&](FunctionBuilder &f) { return f.cast(op, from, to, f.constant(value)); }));
}

bool less(unsigned predicate, Element type, int64_t a, int64_t b) {
  return compute([&](FunctionBuilder &f) {
    return f.compareI(predicate, type, f.constant(a), f.constant(b));
  });
}
} // namespace

TEST(EngineScalar, IntegersWrapAtTheirWidth) {
  EXPECT_EQ(integer(ArithOp::AddI, Element::I8, 127, 1), -128);
  EXPECT_EQ(integer(ArithOp::AddI, Element::U8, 255, 1), 0);
  EXPECT_EQ(integer(ArithOp::SubI, Element::I32, INT32_MIN, 1), INT32_MAX);
  EXPECT_EQ(integer(ArithOp::MulI, Element::I16, 300, 300), int16_t(90000));
  EXPECT_EQ(integer(ArithOp::XorI, Element::I1, 1, 1), 0);
}

TEST(EngineScalar, DivisionsRoundAsNamed) {
  EXPECT_EQ(integer(ArithOp::DivSI, Element::I32, -7, 2), -3);
  EXPECT_EQ(integer(ArithOp::RemSI, Element::I32, -7, 2), -1);
  EXPECT_EQ(integer(ArithOp::FloorDivSI, Element::I32, -7, 2), -4);
  EXPECT_EQ(integer(ArithOp::CeilDivSI, Element::I32, 7, 2), 4);
  EXPECT_EQ(integer(ArithOp::CeilDivSI, Element::I32, -7, 2), -3);
  EXPECT_EQ(integer(ArithOp::CeilDivUI, Element::I32, 7, 2), 4);
  EXPECT_EQ(integer(ArithOp::DivUI, Element::I8, -2, 2), 127); // 254 / 2
  EXPECT_EQ(integer(ArithOp::RemUI, Element::I8, -1, 16), 15);
}

TEST(EngineScalar, DivisionByZeroIsAFinding) {
  bool failed = false;
  integer(ArithOp::RemUI, Element::I32, 1, 0, &failed);
  EXPECT_TRUE(failed);
  integer(ArithOp::RemUI, Element::I32, 1, 1, &failed);
  EXPECT_FALSE(failed);
  integer(ArithOp::DivSI, Element::I64, INT64_MIN, -1, &failed);
  EXPECT_TRUE(failed);
}

TEST(EngineScalar, ShiftsAndExtrema) {
  EXPECT_EQ(integer(ArithOp::ShLI, Element::I32, 1, 31), INT32_MIN);
  EXPECT_EQ(integer(ArithOp::ShRSI, Element::I32, -8, 1), -4);
  EXPECT_EQ(integer(ArithOp::ShRUI, Element::I32, -8, 1), 0x7ffffffc);
  EXPECT_EQ(integer(ArithOp::MaxSI, Element::I32, -1, 1), 1);
  EXPECT_EQ(integer(ArithOp::MaxUI, Element::I32, -1, 1), -1);
  EXPECT_EQ(integer(ArithOp::MinUI, Element::I32, -1, 1), 1);
}

TEST(EngineScalar, FloatsRoundToTheirType) {
  EXPECT_EQ(floating(ArithOp::AddF, Element::F64, 1, 1e-12), 1 + 1e-12);
  EXPECT_EQ(floating(ArithOp::AddF, Element::F32, 1, 1e-12), 1);
  EXPECT_EQ(floating(ArithOp::AddF, Element::F16, 2048, 1), 2048);
  EXPECT_TRUE(std::isnan(floating(ArithOp::MaximumF, Element::F32, NAN, 1)));
  EXPECT_EQ(floating(ArithOp::MaxNumF, Element::F32, NAN, 1), 1);
  EXPECT_FALSE(std::signbit(floating(ArithOp::MaximumF, Element::F32, -0.0, 0.0)));
  EXPECT_TRUE(std::signbit(floating(ArithOp::MinimumF, Element::F32, 0.0, -0.0)));
}

TEST(EngineScalar, Casts) {
  EXPECT_EQ(cast(CastOp::ExtSI, Element::I1, Element::I32, 1), -1);
  EXPECT_EQ(cast(CastOp::ExtUI, Element::I1, Element::I32, 1), 1);
  EXPECT_EQ(cast(CastOp::ExtUI, Element::I8, Element::I32, -1), 255);
  EXPECT_EQ(cast(CastOp::TruncI, Element::I32, Element::I8, 0x1ff), -1);
  EXPECT_EQ(cast(CastOp::IndexCast, Element::I32, Element::Index, -5), -5);
  int64_t big = std::bit_cast<int64_t>(1e30), half = std::bit_cast<int64_t>(-2.5);
  EXPECT_EQ(cast(CastOp::FPToSI, Element::F32, Element::I32, big), INT32_MAX);
  EXPECT_EQ(cast(CastOp::FPToSI, Element::F32, Element::I32, half), -2);
  EXPECT_EQ(cast(CastOp::FPToUI, Element::F32, Element::I32, half), 0);
  EXPECT_EQ(std::bit_cast<double>(cast(CastOp::UIToFP, Element::I8, Element::F32, -1)), 255);
  EXPECT_EQ(cast(CastOp::Bitcast, Element::F32, Element::I32, std::bit_cast<int64_t>(1.0)),
            0x3f800000);
}

TEST(EngineScalar, ComparesHaveSigns) {
  EXPECT_TRUE(less(2, Element::I32, -1, 0));  // slt
  EXPECT_FALSE(less(6, Element::I32, -1, 0)); // ult
  EXPECT_TRUE(less(9, Element::I32, -1, 0));  // uge
  auto compareF = [](unsigned predicate, double a, double b) {
    return compute([&](FunctionBuilder &f) {
             return f.compareF(predicate, f.constantFloat(a), f.constantFloat(b));
           }) != 0;
  };
  EXPECT_FALSE(compareF(4, NAN, 1)); // olt
  EXPECT_TRUE(compareF(11, NAN, 1)); // ult
  EXPECT_TRUE(compareF(14, NAN, 1)); // uno
  EXPECT_FALSE(compareF(7, NAN, 1)); // ord
  EXPECT_TRUE(compareF(13, 2, 1));   // une
}

TEST(EngineScalar, TileElementsAndFields) {
  KernelText k({"out"});
  Handle tile = k.dynamicTile(512, 1, 64, 1, 8);
  k.line("pto.tsetval");
  k.b.storeTile(tile, k.b.constant(5), k.b.constantFloat(2.5));
  Register value = k.b.loadTile(tile, k.b.constant(5));
  k.b.setValid(tile, none, k.b.constant(16));
  Register cols = k.b.tileField(TileFieldName::ValidCols, tile);
  k.b.storeGm(Element::F32, 0, none, value);
  k.b.storeGm(Element::I32, 0, k.b.constant(1), cols);
  k.finish();
  GlobalMemory memory;
  uint64_t out = memory.allocate(0, "out", 8);
  Report report = run(k.program, memory, oneCore({out}));
  EXPECT_TRUE(report.clean()) << textOf(report);
  int32_t second = 0;
  memory.load(out + 4, &second, 4);
  EXPECT_EQ(readFloats(memory, out, 1)[0], 2.5f);
  EXPECT_EQ(second, 16);
}
