//===- Scalar.cpp - Arithmetic of the scalar unit --------------------------===//

#include "Scalar.h"
#include <bit>
#include <cmath>

using namespace pto;
using namespace pto::sim;

static unsigned bitsOf(Element type) { return type == Element::I1 ? 1 : 8 * bytesOf(type); }

static uint64_t zeroExtend(Element type, uint64_t bits) {
  unsigned width = bitsOf(type);
  return width == 64 ? bits : bits & ((uint64_t(1) << width) - 1);
}

static int64_t signExtend(Element type, uint64_t bits) {
  unsigned shift = 64 - bitsOf(type);
  return int64_t(bits << shift) >> shift;
}

static double toDouble(uint64_t word) { return std::bit_cast<double>(word); }
static uint64_t toWord(double value) { return std::bit_cast<uint64_t>(value); }

/// A word that holds a double, rounded to the precision of `type`.
static uint64_t roundTo(Element type, double value) {
  if (type == Element::F64)
    return toWord(value);
  if (type == Element::F32)
    return toWord(double(float(value)));
  uint64_t bytes = 0;
  encodeFloat(type, value, &bytes);
  return toWord(decodeFloat(type, &bytes));
}

uint64_t sim::canonical(Element type, uint64_t bits) {
  if (isFloat(type))
    return bits;
  return type == Element::I1 || isUnsigned(type) ? zeroExtend(type, bits)
                                                 : uint64_t(signExtend(type, bits));
}

static std::optional<uint64_t> divide(ArithOp op, Element type, uint64_t a, uint64_t b) {
  int64_t sa = signExtend(type, a), sb = signExtend(type, b);
  uint64_t ua = zeroExtend(type, a), ub = zeroExtend(type, b);
  if (ub == 0 || (sb == -1 && sa == INT64_MIN))
    return std::nullopt;
  switch (op) {
  case ArithOp::DivSI:
    return uint64_t(sa / sb);
  case ArithOp::DivUI:
    return ua / ub;
  case ArithOp::RemSI:
    return uint64_t(sa % sb);
  case ArithOp::RemUI:
    return ua % ub;
  case ArithOp::CeilDivSI:
    return uint64_t(sa / sb + (sa % sb != 0 && (sa < 0) == (sb < 0)));
  case ArithOp::CeilDivUI:
    return ua / ub + (ua % ub != 0);
  default: // FloorDivSI
    return uint64_t(sa / sb - (sa % sb != 0 && (sa < 0) != (sb < 0)));
  }
}

static uint64_t evaluateInteger(ArithOp op, Element type, uint64_t a, uint64_t b) {
  int64_t sa = signExtend(type, a), sb = signExtend(type, b);
  uint64_t ua = zeroExtend(type, a), ub = zeroExtend(type, b);
  bool tooFar = ub >= bitsOf(type); // poison in MLIR; we give what an infinitely wide shift gives
  switch (op) {
  case ArithOp::AddI:
    return a + b;
  case ArithOp::SubI:
    return a - b;
  case ArithOp::MulI:
    return a * b;
  case ArithOp::AndI:
    return a & b;
  case ArithOp::OrI:
    return a | b;
  case ArithOp::XorI:
    return a ^ b;
  case ArithOp::ShLI:
    return tooFar ? 0 : a << ub;
  case ArithOp::ShRSI:
    return uint64_t(sa >> (tooFar ? 63 : ub));
  case ArithOp::ShRUI:
    return tooFar ? 0 : ua >> ub;
  case ArithOp::MaxSI:
    return sa > sb ? a : b;
  case ArithOp::MaxUI:
    return ua > ub ? a : b;
  case ArithOp::MinSI:
    return sa < sb ? a : b;
  default: // MinUI
    return ua < ub ? a : b;
  }
}

static double evaluateFloat(ArithOp op, double a, double b) {
  bool nan = std::isnan(a) || std::isnan(b);
  switch (op) {
  case ArithOp::AddF:
    return a + b;
  case ArithOp::SubF:
    return a - b;
  case ArithOp::MulF:
    return a * b;
  case ArithOp::DivF:
    return a / b;
  case ArithOp::RemF:
    return std::fmod(a, b);
  case ArithOp::MaximumF:
    return nan ? NAN : a == b ? (std::signbit(a) ? b : a) : std::fmax(a, b);
  case ArithOp::MinimumF:
    return nan ? NAN : a == b ? (std::signbit(a) ? a : b) : std::fmin(a, b);
  case ArithOp::MaxNumF:
    return std::fmax(a, b);
  case ArithOp::MinNumF:
    return std::fmin(a, b);
  default: // NegF
    return -a;
  }
}

std::optional<uint64_t> sim::evaluate(ArithOp op, Element type, uint64_t a, uint64_t b) {
  if (op >= ArithOp::AddF)
    return roundTo(type, evaluateFloat(op, toDouble(a), toDouble(b)));
  bool isDivision = op >= ArithOp::DivSI && op <= ArithOp::FloorDivSI;
  std::optional<uint64_t> result =
      isDivision ? divide(op, type, a, b) : evaluateInteger(op, type, a, b);
  if (!result)
    return result;
  return canonical(type, *result);
}

bool sim::compareInteger(unsigned predicate, Element type, uint64_t a, uint64_t b) {
  int64_t sa = signExtend(type, a), sb = signExtend(type, b);
  uint64_t ua = zeroExtend(type, a), ub = zeroExtend(type, b);
  switch (predicate) {
  case 0:
    return ua == ub;
  case 1:
    return ua != ub;
  case 2:
    return sa < sb;
  case 3:
    return sa <= sb;
  case 4:
    return sa > sb;
  case 5:
    return sa >= sb;
  case 6:
    return ua < ub;
  case 7:
    return ua <= ub;
  case 8:
    return ua > ub;
  default:
    return ua >= ub;
  }
}

bool sim::compareFloat(unsigned predicate, uint64_t left, uint64_t right) {
  double a = toDouble(left), b = toDouble(right);
  // arith.cmpf: 0 false, 1-6 ordered (oeq ogt oge olt ole one), 7 ord, 8-13 unordered (ueq ...), 14
  // uno, 15 true.
  if (predicate == 0 || predicate == 15)
    return predicate == 15;
  bool unordered = std::isnan(a) || std::isnan(b);
  if (predicate == 7 || predicate == 14)
    return unordered == (predicate == 14);
  if (unordered)
    return predicate >= 8;
  switch (predicate >= 8 ? predicate - 7 : predicate) {
  case 1:
    return a == b;
  case 2:
    return a > b;
  case 3:
    return a >= b;
  case 4:
    return a < b;
  case 5:
    return a <= b;
  default:
    return a != b;
  }
}

/// Out-of-range values saturate: MLIR leaves them open, the chip saturates.
static uint64_t floatToInteger(Element type, double value, bool isSigned) {
  if (std::isnan(value))
    return 0;
  unsigned bits = bitsOf(type) - (isSigned ? 1 : 0);
  double limit = std::ldexp(1.0, int(bits));
  if (value >= limit)
    return bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  if (isSigned)
    return value <= -limit ? uint64_t(0) - (uint64_t(1) << bits) : uint64_t(int64_t(value));
  return value <= 0 ? 0 : uint64_t(value);
}

static uint64_t bitcast(Element from, Element to, uint64_t value) {
  uint64_t bytes = 0;
  wordToBytes(from, value, &bytes);
  return wordFromBytes(to, &bytes);
}

uint64_t sim::convert(CastOp op, Element from, Element to, uint64_t value) {
  switch (op) {
  case CastOp::ExtSI:
  case CastOp::IndexCast:
    return canonical(to, uint64_t(signExtend(from, value)));
  case CastOp::ExtUI:
  case CastOp::IndexCastUI:
    return canonical(to, zeroExtend(from, value));
  case CastOp::TruncI:
    return canonical(to, value);
  case CastOp::ExtF:
  case CastOp::TruncF:
    return roundTo(to, toDouble(value));
  case CastOp::SIToFP:
    return roundTo(to, double(signExtend(from, value)));
  case CastOp::UIToFP:
    return roundTo(to, double(zeroExtend(from, value)));
  case CastOp::FPToSI:
    return canonical(to, floatToInteger(to, toDouble(value), true));
  case CastOp::FPToUI:
    return canonical(to, floatToInteger(to, toDouble(value), false));
  case CastOp::Bitcast:
    return bitcast(from, to, value);
  }
  return value;
}

bool sim::holds(WaitCompare compare, int32_t value, int32_t against) {
  switch (compare) {
  case WaitCompare::EQ:
    return value == against;
  case WaitCompare::NE:
    return value != against;
  case WaitCompare::GT:
    return value > against;
  case WaitCompare::GE:
    return value >= against;
  case WaitCompare::LT:
    return value < against;
  case WaitCompare::LE:
    return value <= against;
  }
  return false;
}

uint64_t sim::wordFromBytes(Element type, const void *bytes) {
  return isFloat(type) ? toWord(decodeFloat(type, bytes))
                       : canonical(type, uint64_t(decodeInteger(type, bytes)));
}

void sim::wordToBytes(Element type, uint64_t word, void *bytes) {
  if (isFloat(type))
    encodeFloat(type, toDouble(word), bytes);
  else
    encodeInteger(type, int64_t(word), bytes);
}
