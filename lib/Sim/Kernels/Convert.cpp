//===- Convert.cpp - TCVT --------------------------------------------------===//
//
// Which pair of types rounds and saturates how: library 3.6. A double holds every value but those
// of 64-bit integers, so that each element is rounded once.
//
//===----------------------------------------------------------------------===//

#include "Half.h"
#include "Kernels.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>

using namespace pto;
using namespace pto::sim;

namespace {

enum class Rounding : uint8_t { NearestEven, HalfAway, Floor, Ceil, Truncate, Odd };
/// What becomes of a value that the type does not hold.
enum class Excess : uint8_t {
  Clamp,
  LowBits,      ///< of the exact integer
  LowBitsOfI32, ///< of the integer clamped to 32 bits
  LowBitsOfI16, ///< of the integer clamped to 16 bits
  Infinity,     ///< floats
};

/// The numbers of the attribute (library 1.5).
Rounding roundingOf(Arch arch, Element from, Element to, int64_t mode) {
  bool toWhole = isFloat(from) && !isFloat(to);
  Rounding none = toWhole ? Rounding::Truncate : Rounding::NearestEven;
  if (to == Element::HIF8)
    return Rounding::HalfAway;
  // fp8 knows one rounding; i32 to f16 on a2/a3 is a dequantising move.
  if (to == Element::F8E4M3 || to == Element::F8E5M2 ||
      (arch == Arch::A3 && from == Element::I32 && to == Element::F16))
    return Rounding::NearestEven;
  switch (mode) {
  case 0:
    return none;
  case 2:
    return Rounding::HalfAway;
  case 3:
    return Rounding::Floor;
  case 4:
    return Rounding::Ceil;
  case 5:
    return Rounding::Truncate;
  case 6:
    return from == Element::F32 && to == Element::F16 ? Rounding::Odd : none;
  default:
    return Rounding::NearestEven;
  }
}

bool isOneOf(Element from, Element to, llvm::ArrayRef<std::pair<Element, Element>> pairs) {
  return llvm::is_contained(pairs, std::pair(from, to));
}

/// The conversions whose values without saturation a scratch tile holds.
bool goesThroughWider(Element from, Element to) {
  return isOneOf(
      from, to,
      {{Element::F32, Element::I16}, {Element::F16, Element::I16}, {Element::F16, Element::I8}});
}

Excess excessOf(Arch arch, Element from, Element to, bool saturates, bool hasScratch) {
  bool heeded = arch == Arch::A5 ? to != Element::F32 && !isLowPrecision(to)
                                 : hasScratch || goesThroughWider(from, to) ||
                                       isOneOf(from, to,
                                               {{Element::F16, Element::U8},
                                                {Element::I64, Element::I32},
                                                {Element::I32, Element::I16}});
  if (isFloat(from) && to == Element::F32)
    return Excess::Infinity; // exact, so that infinity stays
  if (saturates || !heeded)
    return Excess::Clamp;
  if (isFloat(to))
    return Excess::Infinity;
  if (!goesThroughWider(from, to) || (arch == Arch::A3 && !hasScratch))
    return Excess::LowBits;
  return arch == Arch::A5 && to == Element::I8 ? Excess::LowBitsOfI16 : Excess::LowBitsOfI32;
}

double roundToWhole(Rounding rounding, double value) {
  switch (rounding) {
  case Rounding::NearestEven:
    return std::nearbyint(value);
  case Rounding::HalfAway:
    return std::round(value);
  case Rounding::Floor:
    return std::floor(value);
  case Rounding::Ceil:
    return std::ceil(value);
  case Rounding::Truncate:
    return std::trunc(value);
  case Rounding::Odd: {
    double below = std::floor(std::fabs(value));
    bool stays = below == std::fabs(value) || std::fmod(below, 2) != 0;
    return std::copysign(stays ? below : below + 1, value);
  }
  }
  return value;
}

/// A number of a packed format, rounded by the mode and saturated; without infinities there is
/// nothing else to do (library 1.8).
double roundToPair(Element to, double value, Rounding rounding) {
  bool e2m1 = to == Element::F4E2M1x2;
  double largest = e2m1 ? 6 : 1.75;
  if (std::isnan(value) || value == 0)
    return value;
  if (std::fabs(value) >= largest)
    return std::copysign(largest, value);
  // Steps of 1/4 in e1m2; in e2m1 half the exponent, at least 1/2.
  double step = e2m1 ? std::ldexp(1, std::max(std::ilogb(value), 0) - 1) : 0.25;
  return roundToWhole(rounding, value / step) * step;
}

struct FloatFormat {
  int mantissaBits, leastExponent;
  double largest;
};
FloatFormat formatOf(Element element) {
  switch (element) {
  case Element::F16:
    return {10, -14, 65504.0};
  case Element::BF16:
    return {7, -126, 0x1.fep127};
  case Element::F8E4M3:
    return {3, -6, 448.0};
  case Element::F8E5M2:
    return {2, -14, 57344.0};
  default:
    return {23, -126, 0x1.fffffep127};
  }
}

/// Modelled: with saturation infinities become the largest number too, NaN stays.
void storeFloat(Element to, double value, Rounding rounding, Excess excess, std::byte *out) {
  FloatFormat format = formatOf(to);
  double result = value;
  if (std::isfinite(value) && value != 0) {
    int exponent = std::max(std::ilogb(value), format.leastExponent) - format.mantissaBits;
    result = std::ldexp(roundToWhole(rounding, std::ldexp(value, -exponent)), exponent);
  }
  if (std::fabs(result) > format.largest) {
    bool inward = rounding == Rounding::Truncate || rounding == Rounding::Odd ||
                  rounding == (value > 0 ? Rounding::Floor : Rounding::Ceil);
    bool stays = excess == Excess::Clamp || (std::isfinite(value) && inward);
    result = std::copysign(stays ? format.largest : HUGE_VAL, value);
  }
  encodeFloat(to, result, out);
}

struct Range {
  double least, most;
};
Range rangeOf(Element element) {
  unsigned bits = bytesOf(element) * 8;
  if (isUnsigned(element))
    return {0, std::ldexp(1, bits) - 1};
  return {-std::ldexp(1, bits - 1), std::ldexp(1, bits - 1) - 1};
}

/// The low 64 bits of a whole number.
int64_t lowBits(double whole) {
  double rest = std::fmod(whole, 0x1p64);
  uint64_t magnitude = uint64_t(std::fabs(rest));
  return int64_t(rest < 0 ? 0 - magnitude : magnitude);
}

int64_t clampToRange(Element to, double whole) {
  Range range = rangeOf(to);
  // 2^63 - 1 is no double: the comparison decides before the conversion could overflow.
  if (whole >= range.most && to == Element::I64)
    return INT64_MAX;
  return int64_t(std::clamp(whole, range.least, range.most));
}

/// Modelled: NaN becomes 0; infinities without saturation have no low bits.
void storeWhole(Element to, double whole, Excess excess, std::byte *out) {
  int64_t value = 0;
  if (std::isnan(whole))
    value = 0;
  else if (excess == Excess::Clamp)
    value = clampToRange(to, whole);
  else if (excess == Excess::LowBitsOfI32)
    value = clampToRange(Element::I32, whole);
  else if (excess == Excess::LowBitsOfI16)
    value = clampToRange(Element::I16, whole);
  else if (std::isfinite(whole))
    value = lowBits(whole);
  encodeInteger(to, value, out);
}

/// A 64-bit integer as a double that rounds like it: the last bit says whether bits were lost.
double stickyDouble(int64_t value) {
  uint64_t magnitude = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
  int excess = std::max(0, llvm::bit_width(magnitude) - 53);
  uint64_t kept = magnitude >> excess;
  kept |= kept << excess != magnitude;
  double result = std::ldexp(double(kept), excess);
  return value < 0 ? -result : result;
}

struct Conversion {
  Element from, to;
  Rounding rounding;
  Excess excess;

  void operator()(const std::byte *in, std::byte *out) const {
    if (!isFloat(from)) {
      int64_t value = decodeInteger(from, in);
      if (isFloat(to))
        return storeFloat(to, stickyDouble(value), rounding, excess, out);
      bool clamps = excess == Excess::Clamp && bytesOf(to) < 8;
      return encodeInteger(to, clamps ? clampToRange(to, double(value)) : value, out);
    }
    double value = decodeFloat(from, in);
    if (to == Element::HIF8) // rounds and saturates in one step
      return encodeFloat(to,
                         std::isinf(value) ? std::copysign(32768.0, value)
                                           : std::clamp(value, -32768.0, 32768.0),
                         out);
    if (!isFloat(to))
      return storeWhole(to, roundToWhole(rounding, value), excess, out);
    if (from == to) // f32 to f32 is how the library rounds to whole numbers
      return encodeFloat(to, roundToWhole(rounding, value), out);
    storeFloat(to, value, rounding, excess, out);
  }
};

/// bf16 to packed pairs and back (a5): two neighbours of a row share an element.
void convertPairs(const Conversion &c, const Packed &in, Packed &out) {
  if (isPackedPair(c.to)) {
    for (int64_t i = 0, e = out.elements(); i < e; ++i) {
      auto number = [&](int64_t at) {
        return roundToPair(c.to, decodeFloat(c.from, in.data() + at * in.elementBytes), c.rounding);
      };
      out.as<uint8_t>()[i] = encodePair(c.to, number(2 * i), number(2 * i + 1));
    }
    return;
  }
  for (int64_t i = 0, e = in.elements(); i < e; ++i) {
    auto pair = decodePair(c.from, in.as<uint8_t>()[i]);
    for (int64_t half : {0, 1})
      encodeFloat(c.to, pair[half], out.data() + (2 * i + half) * out.elementBytes);
  }
}

/// Kernels convert between f32 and half floats all the time.
bool convertFast(const Conversion &c, const Packed &in, Packed &out) {
  auto loop = [&]<typename From, typename To>(const From *from, To *to, auto function) {
    for (int64_t i = 0, e = in.elements(); i < e; ++i)
      to[i] = function(from[i]);
    return true;
  };
  if (c.to == Element::F32 && c.from == Element::F16)
    return loop(in.as<uint16_t>(), out.as<float>(), widenF16);
  if (c.to == Element::F32 && c.from == Element::BF16)
    return loop(in.as<uint16_t>(), out.as<float>(), widenBF16);
  if (c.from != Element::F32 || c.rounding != Rounding::NearestEven)
    return false;
  float most = c.excess == Excess::Clamp ? float(formatOf(c.to).largest) : HUGE_VALF;
  auto clamp = [most](float v) { return v > most ? most : v < -most ? -most : v; };
  if (c.to == Element::F16)
    return loop(in.as<float>(), out.as<uint16_t>(), [&](float v) { return narrowF16(clamp(v)); });
  if (c.to == Element::BF16)
    return loop(in.as<float>(), out.as<uint16_t>(), [&](float v) { return narrowBF16(clamp(v)); });
  return false;
}

/// Bytes of tmp that the conversions through wider integers fill (library 3.6).
uint64_t scratchBytes(const TileShape &src, Element to) {
  int64_t rows = src.validRows, cols = src.validCols, width = std::min<int64_t>(cols, 64);
  auto blocks = [](int64_t elements, int64_t perBlock) {
    return 32 * ((elements + perBlock - 1) / perBlock);
  };
  if (src.element == Element::F16)
    return to == Element::I8 ? std::max(blocks(width, 8), 128 + blocks(width, 16))
                             : blocks(width, 8);
  int64_t bytes = 256 * std::min<int64_t>(cols / 64, 255);
  if (int64_t rest = cols % 64)
    bytes =
        std::max(bytes, 32 * (std::min<int64_t>(rows, 255) - 1) * (src.cols / 8) + blocks(rest, 8));
  return bytes;
}

} // namespace

void pto::sim::convertKernel(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 2);
  if (!src || !dst || validRegion(*dst).empty())
    return;
  Element from = src->shape.element, to = dst->shape.element;
  auto fromPer = src->shape.numbersPerElement(), toPer = dst->shape.numbersPerElement();
  Region taken = validRegion(*src), made = validRegion(*dst);
  if (taken.rows != made.rows || taken.cols * fromPer[1] != made.cols * toPer[1])
    return context.fail("the source has " + extents(taken.rows, taken.cols * fromPer[1]) +
                        " valid " + (fromPer == toPer ? "elements" : "numbers") + ", the result " +
                        extents(made.rows, made.cols * toPer[1]));
  bool hasScratch = context.operands[1].kind == Operand::Tile;
  bool saturates = context.attribute("satmode", 1) == 0;
  Conversion convert{from, to, roundingOf(context.arch, from, to, context.attribute("rmode", 7)),
                     excessOf(context.arch, from, to, saturates, hasScratch)};
  Packed in(taken.rows, taken.cols, bytesOf(from)), out(made.rows, made.cols, bytesOf(to));
  readTile(context, *src, taken, in);
  if (isPackedPair(from) || isPackedPair(to))
    convertPairs(convert, in, out);
  else if (!convertFast(convert, in, out))
    for (int64_t i = 0; i < in.elements(); ++i)
      convert(in.data() + i * in.elementBytes, out.data() + i * out.elementBytes);
  writeTile(context, *dst, made, out);
  if (context.arch == Arch::A3 && hasScratch && !saturates && goesThroughWider(from, to))
    scribble(context, context.operands[1].tile, 0, scratchBytes(src->shape, to));
}
