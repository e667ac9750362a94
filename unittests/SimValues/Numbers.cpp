//===- Numbers.cpp - Number formats, a second time --------------------------===//

#include "Numbers.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace pto;
using namespace pto::reference;

namespace {
/// sign, exponent, mantissa, from the top.
struct Format {
  int exponentBits, mantissaBits;
  bool hasInfinity; ///< else the code of all ones alone is NaN
  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int bits() const { return 1 + exponentBits + mantissaBits; }
};

Format formatOf(Element element) {
  switch (element) {
  case Element::F16:
    return {5, 10, true};
  case Element::BF16:
    return {8, 7, true};
  case Element::F8E4M3:
    return {4, 3, false};
  case Element::F8E5M2:
    return {5, 2, true};
  case Element::F64:
    return {11, 52, true};
  default:
    return {8, 23, true};
  }
}
} // namespace

double reference::roundWhole(double value, Round mode) {
  double below = std::floor(value), above = std::ceil(value);
  if (below == above || !std::isfinite(value))
    return value;
  double result = 0, fraction = value - below;
  bool belowIsEven = std::fmod(below, 2) == 0;
  switch (mode) {
  case Round::None:
  case Round::Rint:
    result = fraction < 0.5 ? below : fraction > 0.5 ? above : belowIsEven ? below : above;
    break;
  case Round::Away:
    result = fraction < 0.5 ? below : fraction > 0.5 ? above : value < 0 ? below : above;
    break;
  case Round::Floor:
    result = below;
    break;
  case Round::Ceil:
    result = above;
    break;
  case Round::Trunc:
    result = value < 0 ? above : below;
    break;
  case Round::Odd:
    result = belowIsEven ? above : below;
    break;
  }
  return result == 0 ? std::copysign(0.0, value) : result;
}

bool reference::isReal(Element element) {
  switch (element) {
  case Element::F16:
  case Element::BF16:
  case Element::F32:
  case Element::F64:
  case Element::F8E4M3:
  case Element::F8E5M2:
    return true;
  default:
    return false;
  }
}

unsigned reference::sizeOf(Element element) {
  switch (element) {
  case Element::I64:
  case Element::U64:
  case Element::F64:
  case Element::Index:
    return 8;
  case Element::I32:
  case Element::U32:
  case Element::F32:
    return 4;
  case Element::I16:
  case Element::U16:
  case Element::F16:
  case Element::BF16:
    return 2;
  default:
    return 1;
  }
}

double reference::toReal(Element element, uint64_t bits) {
  if (element == Element::F8E8M0) // a power of two, without sign
    return bits == 255 ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1, int(bits) - 127);
  Format f = formatOf(element);
  bool isNegative = bits >> (f.bits() - 1) & 1;
  uint64_t exponent = bits >> f.mantissaBits & ((uint64_t(1) << f.exponentBits) - 1);
  uint64_t mantissa = bits & ((uint64_t(1) << f.mantissaBits) - 1);
  uint64_t top = (uint64_t(1) << f.exponentBits) - 1;
  double magnitude;
  if (exponent == top && f.hasInfinity)
    magnitude = mantissa ? std::numeric_limits<double>::quiet_NaN() : HUGE_VAL;
  else if (exponent == top && mantissa + 1 == uint64_t(1) << f.mantissaBits)
    magnitude = std::numeric_limits<double>::quiet_NaN();
  else if (exponent == 0)
    magnitude = std::ldexp(double(mantissa), 1 - f.bias() - f.mantissaBits);
  else
    magnitude = std::ldexp(double(mantissa | uint64_t(1) << f.mantissaBits),
                           int(exponent) - f.bias() - f.mantissaBits);
  return isNegative ? -magnitude : magnitude;
}

double reference::largestReal(Element element) {
  Format f = formatOf(element);
  int exponent = (1 << f.exponentBits) - 1 - f.bias() - (f.hasInfinity ? 1 : 0);
  double mantissa = 2 - std::ldexp(f.hasInfinity ? 1 : 2, -f.mantissaBits);
  return std::ldexp(mantissa, exponent);
}

double reference::spacing(Element element, double value) {
  Format f = formatOf(element);
  int exponent = value == 0 || !std::isfinite(value) ? 1 - f.bias() : std::ilogb(value);
  return std::ldexp(1, std::max(exponent, 1 - f.bias()) - f.mantissaBits);
}

uint64_t reference::fromReal(Element element, double value, Round mode, bool saturates) {
  Format f = formatOf(element);
  uint64_t sign = uint64_t(std::signbit(value)) << (f.bits() - 1);
  uint64_t infinity = ((uint64_t(1) << f.exponentBits) - 1) << f.mantissaBits;
  if (std::isnan(value))
    return infinity | (f.hasInfinity ? uint64_t(1) << (f.mantissaBits - 1)
                                     : (uint64_t(1) << f.mantissaBits) - 1);
  double step = spacing(element, value), largest = largestReal(element);
  double near = std::isinf(value) ? value : roundWhole(value / step, mode) * step;
  if (std::fabs(near) > largest) {
    bool inward = mode == Round::Trunc || mode == Round::Odd ||
                  (mode == Round::Floor && value > 0) || (mode == Round::Ceil && value < 0);
    if (!saturates && (std::isinf(value) || !inward))
      return sign | (f.hasInfinity ? infinity : infinity | ((uint64_t(1) << f.mantissaBits) - 1));
    near = largest;
  }
  near = std::fabs(near);
  if (near == 0)
    return sign;
  int exponent = std::max(std::ilogb(near), 1 - f.bias());
  uint64_t units = uint64_t(std::ldexp(near, f.mantissaBits - exponent));
  bool isNormal = units >> f.mantissaBits;
  uint64_t field = isNormal ? uint64_t(exponent + f.bias()) : 0;
  return sign | field << f.mantissaBits | (units & ((uint64_t(1) << f.mantissaBits) - 1));
}

double reference::rounded(Element element, double value) {
  return toReal(element, fromReal(element, value));
}

static bool isSignedWhole(Element element) {
  switch (element) {
  case Element::I8:
  case Element::I16:
  case Element::I32:
  case Element::I64:
  case Element::Index:
    return true;
  default:
    return false;
  }
}

Int reference::leastWhole(Element element) {
  return isSignedWhole(element) ? -(Int(1) << (8 * sizeOf(element) - 1)) : Int(0);
}
Int reference::mostWhole(Element element) {
  return (Int(1) << (8 * sizeOf(element) - isSignedWhole(element))) - 1;
}

Int reference::toWhole(Element element, uint64_t bits) {
  unsigned width = 8 * sizeOf(element);
  Int value = width == 64 ? Int(bits) : Int(bits & ((uint64_t(1) << width) - 1));
  return isSignedWhole(element) && value >> (width - 1) & 1 ? value - (Int(1) << width) : value;
}

uint64_t reference::fromWhole(Element element, Int value) {
  unsigned width = 8 * sizeOf(element);
  return uint64_t(value) & (width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1);
}

uint64_t reference::padBits(Element element, PadValue pad) {
  bool isPlain = isReal(element) ? sizeOf(element) >= 2 : sizeOf(element) <= 4;
  if (pad == PadValue::Null || pad == PadValue::Zero || !isPlain)
    return 0;
  if (isReal(element))
    return fromReal(element, pad == PadValue::Max ? HUGE_VAL : -HUGE_VAL);
  return fromWhole(element, pad == PadValue::Max ? mostWhole(element) : leastWhole(element));
}
