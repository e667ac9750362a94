//===- Number.cpp - Exact conversion between bits in memory and numbers ----===//
//
// One description per float format drives one decoder and one encoder. A double holds every value
// of every narrower format, so encoding from double rounds exactly once.
//
//===----------------------------------------------------------------------===//

#include "ptoas/Sim/Kernel.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/ErrorHandling.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace pto;
using namespace pto::sim;
namespace endian = llvm::support::endian;

namespace {

/// A sign-exponent-mantissa format of at most 16 bits with IEEE subnormals.
struct SmallFloat {
  int exponentBits, mantissaBits;
  bool hasInfinity; ///< false: e4m3, whose top exponent holds numbers and only the all-ones
                    ///< mantissa is NaN

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  uint64_t topExponent() const { return (uint64_t(1) << exponentBits) - 1; }
  uint64_t mantissaMask() const { return (uint64_t(1) << mantissaBits) - 1; }
  uint64_t signBit() const { return uint64_t(1) << (exponentBits + mantissaBits); }
};

constexpr SmallFloat f16Format{5, 10, true}, bf16Format{8, 7, true}, e4m3Format{4, 3, false},
    e5m2Format{5, 2, true};

constexpr int doubleMantissaBits = 52, doubleBias = 1023;
constexpr uint64_t doubleMantissaMask = (uint64_t(1) << doubleMantissaBits) - 1;

} // namespace

static double decodeSmall(const SmallFloat &format, uint64_t bits) {
  uint64_t mantissa = bits & format.mantissaMask();
  uint64_t exponent = (bits >> format.mantissaBits) & format.topExponent();
  uint64_t sign = (bits & format.signBit()) ? uint64_t(1) << 63 : 0;
  bool isTop = exponent == format.topExponent();
  if (isTop && (format.hasInfinity || mantissa == format.mantissaMask()))
    // Infinity, or a NaN with its payload moved to the top, so that encoding gives the same bits
    // back.
    return llvm::bit_cast<double>(sign | uint64_t(0x7ff) << doubleMantissaBits |
                                  (format.hasInfinity
                                       ? mantissa << (doubleMantissaBits - format.mantissaBits)
                                       : doubleMantissaMask));
  double magnitude = exponent == 0
                         ? std::ldexp(double(mantissa), 1 - format.bias() - format.mantissaBits)
                         : std::ldexp(double(mantissa | (uint64_t(1) << format.mantissaBits)),
                                      int(exponent) - format.bias() - format.mantissaBits);
  return sign ? -magnitude : magnitude;
}

static uint64_t encodeSmallNan(const SmallFloat &format, uint64_t doubleBits) {
  uint64_t top = format.topExponent() << format.mantissaBits;
  if (!format.hasInfinity)
    return top | format.mantissaMask();
  uint64_t payload =
      (doubleBits & doubleMantissaMask) >> (doubleMantissaBits - format.mantissaBits);
  // A payload that lies below the kept bits would turn into infinity: set the quiet bit instead.
  return top | (payload ? payload : uint64_t(1) << (format.mantissaBits - 1));
}

static uint64_t encodeSmall(const SmallFloat &format, double value) {
  uint64_t bits = llvm::bit_cast<uint64_t>(value);
  uint64_t sign = std::signbit(value) ? format.signBit() : 0;
  if (std::isnan(value))
    return sign | encodeSmallNan(format, bits);
  uint64_t overflow = format.hasInfinity
                          ? format.topExponent() << format.mantissaBits
                          : (format.topExponent() << format.mantissaBits) | format.mantissaMask();
  if (std::isinf(value))
    return sign | overflow;
  int exponent = int((bits >> doubleMantissaBits) & 0x7ff) - doubleBias;
  if (exponent ==
      -doubleBias) // zero and the subnormals of double: far below half of any format's least
    return sign;
  uint64_t significand = (bits & doubleMantissaMask) | (uint64_t(1) << doubleMantissaBits);
  // Bits that fall off: those below the mantissa, and one more per step below the least normal
  // exponent.
  int dropped = doubleMantissaBits - format.mantissaBits;
  int least = 1 - format.bias();
  bool subnormal = exponent < least;
  if (subnormal)
    dropped += least - exponent;
  if (dropped > doubleMantissaBits + 1)
    return sign;
  uint64_t kept = significand >> dropped;
  uint64_t rest = significand & ((uint64_t(1) << dropped) - 1), half = uint64_t(1) << (dropped - 1);
  if (rest > half || (rest == half && (kept & 1)))
    ++kept;
  // A carry out of the mantissa moves into the exponent field by itself, because the fields are
  // adjacent.
  uint64_t magnitude =
      subnormal ? kept : kept + (uint64_t(exponent + format.bias() - 1) << format.mantissaBits);
  return sign | std::min(magnitude, overflow);
}

/// e8m0: the byte is an exponent; there is no sign, no zero and no infinity, 0xff is NaN.
static uint8_t encodePowerOfTwo(double value) {
  if (!(value >= 0) || std::isinf(value))
    return 0xff;
  if (value < std::ldexp(1.0, -127))
    return 0;
  int exponent;
  double fraction = std::frexp(value, &exponent); // in [0.5, 1)
  int code = exponent - 1 + 127;
  // Halfway between two powers of two is 0.75; ties go to the even code.
  if (fraction > 0.75 || (fraction == 0.75 && (code & 1)))
    ++code;
  return code >= 0xff ? 0xff : uint8_t(code);
}

//===----------------------------------------------------------------------===//
// Formats by table: hif8 and the packed 4-bit floats (library 1.8)
//===----------------------------------------------------------------------===//

namespace {
/// The numbers of a format without its sign bit, ascending, with their codes.
struct NumberTable {
  struct Entry {
    double value;
    uint8_t code;
  };
  std::vector<Entry> entries;
  uint8_t signBit;

  uint8_t encode(double value, bool halfAway) const {
    uint8_t sign = std::signbit(value) ? signBit : 0;
    double magnitude = std::fabs(value);
    const auto *above =
        std::lower_bound(entries.data(), entries.data() + entries.size(), magnitude,
                         [](const Entry &entry, double wanted) { return entry.value < wanted; });
    if (above == entries.data() + entries.size())
      return sign | entries.back().code;
    if (above == entries.data() || above->value == magnitude)
      return sign | above->code;
    const Entry &below = above[-1];
    double toAbove = above->value - magnitude, toBelow = magnitude - below.value;
    bool up = toAbove < toBelow || (toAbove == toBelow && (halfAway || (below.code & 1)));
    return sign | (up ? above->code : below.code);
  }
};
} // namespace

/// The magnitude of a hif8 code of 7 bits: a prefix says how many bits the exponent has; its
/// leading one is not stored, its first stored bit is its sign.
static double hif8Magnitude(unsigned code) {
  static constexpr struct {
    unsigned prefix, prefixBits, exponentBits;
  } fields[] = {{3, 2, 4}, {2, 2, 3}, {1, 2, 2}, {1, 3, 1}, {1, 4, 0}};
  for (auto [prefix, prefixBits, exponentBits] : fields) {
    if (code >> (7 - prefixBits) != prefix)
      continue;
    unsigned mantissaBits = 7 - prefixBits - exponentBits;
    unsigned mantissa = code & ((1u << mantissaBits) - 1);
    unsigned stored = code >> mantissaBits & ((1u << exponentBits) - 1);
    int exponent = 0;
    if (exponentBits) {
      unsigned rest = stored & ((1u << (exponentBits - 1)) - 1);
      exponent = int(rest | 1u << (exponentBits - 1));
      if (stored >> (exponentBits - 1))
        exponent = -exponent;
    }
    return std::ldexp(1 + std::ldexp(double(mantissa), -int(mantissaBits)), exponent);
  }
  return code ? std::ldexp(1.0, int(code) - 23) : 0;
}

static constexpr uint8_t hif8Infinity = 0x6f, hif8Nan = 0x80;

static const NumberTable &hif8Table() {
  static const NumberTable table = [] {
    // The code of infinity has the place of the next number, so rounding to it is as to a number.
    NumberTable t{{}, 0x80};
    for (unsigned code = 0; code < 0x80; ++code)
      t.entries.push_back({hif8Magnitude(code), uint8_t(code)});
    llvm::sort(t.entries, [](auto &a, auto &b) { return a.value < b.value; });
    return t;
  }();
  return table;
}

static double decodeHif8(uint8_t code) {
  if (code == hif8Nan)
    return std::numeric_limits<double>::quiet_NaN();
  unsigned magnitude = code & 0x7f;
  double value = magnitude == hif8Infinity ? std::numeric_limits<double>::infinity()
                                           : hif8Magnitude(magnitude);
  return code & 0x80 ? -value : value;
}

/// There is no negative zero: its code is NaN.
static uint8_t encodeHif8(double value) {
  if (std::isnan(value))
    return hif8Nan;
  if (std::isinf(value))
    return value < 0 ? hif8Infinity | 0x80 : hif8Infinity;
  uint8_t code = hif8Table().encode(value, /*halfAway=*/true);
  return code == hif8Nan ? 0 : code;
}

static const NumberTable &pairTable(Element element) {
  static const NumberTable e2m1{
      {{0, 0}, {0.5, 1}, {1, 2}, {1.5, 3}, {2, 4}, {3, 5}, {4, 6}, {6, 7}}, 8};
  static const NumberTable e1m2{
      {{0, 0}, {0.25, 1}, {0.5, 2}, {0.75, 3}, {1, 4}, {1.25, 5}, {1.5, 6}, {1.75, 7}}, 8};
  return element == Element::F4E2M1x2 ? e2m1 : e1m2;
}

std::array<double, 2> pto::sim::decodePair(Element element, uint8_t byte) {
  const NumberTable &table = pairTable(element);
  auto number = [&](unsigned code) {
    double value = table.entries[code & 7].value;
    return code & 8 ? -value : value;
  };
  return {number(byte & 15u), number(byte >> 4u)};
}

/// Modelled: NaN, for which there is no code, becomes zero.
uint8_t pto::sim::encodePair(Element element, double first, double second) {
  auto code = [&](double value) -> unsigned {
    return std::isnan(value) ? 0 : pairTable(element).encode(value, /*halfAway=*/false);
  };
  return uint8_t(code(first) | code(second) << 4);
}

[[noreturn]] static void noSuchFormat(Element element, const char *what) {
  llvm::report_fatal_error(llvm::Twine("simulator: no ") + what + " coding for " + name(element));
}

double pto::sim::decodeFloat(Element element, const void *bytes) {
  switch (element) {
  case Element::F16:
    return decodeSmall(f16Format, endian::read16le(bytes));
  case Element::BF16:
    return decodeSmall(bf16Format, endian::read16le(bytes));
  case Element::F32:
    return llvm::bit_cast<float>(endian::read32le(bytes));
  case Element::F64:
    return llvm::bit_cast<double>(endian::read64le(bytes));
  case Element::F8E4M3:
    return decodeSmall(e4m3Format, *static_cast<const uint8_t *>(bytes));
  case Element::F8E5M2:
    return decodeSmall(e5m2Format, *static_cast<const uint8_t *>(bytes));
  case Element::F8E8M0: {
    uint8_t code = *static_cast<const uint8_t *>(bytes);
    return code == 0xff ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1.0, code - 127);
  }
  case Element::HIF8:
    return decodeHif8(*static_cast<const uint8_t *>(bytes));
  default:
    noSuchFormat(element, "float");
  }
}

void pto::sim::encodeFloat(Element element, double value, void *bytes) {
  switch (element) {
  case Element::F16:
    return endian::write16le(bytes, uint16_t(encodeSmall(f16Format, value)));
  case Element::BF16:
    return endian::write16le(bytes, uint16_t(encodeSmall(bf16Format, value)));
  case Element::F32:
    return endian::write32le(bytes, llvm::bit_cast<uint32_t>(float(value)));
  case Element::F64:
    return endian::write64le(bytes, llvm::bit_cast<uint64_t>(value));
  case Element::F8E4M3:
    *static_cast<uint8_t *>(bytes) = uint8_t(encodeSmall(e4m3Format, value));
    return;
  case Element::F8E5M2:
    *static_cast<uint8_t *>(bytes) = uint8_t(encodeSmall(e5m2Format, value));
    return;
  case Element::F8E8M0:
    *static_cast<uint8_t *>(bytes) = encodePowerOfTwo(value);
    return;
  case Element::HIF8:
    *static_cast<uint8_t *>(bytes) = encodeHif8(value);
    return;
  default:
    noSuchFormat(element, "float");
  }
}

int64_t pto::sim::decodeInteger(Element element, const void *bytes) {
  switch (element) {
  case Element::I1:
    return *static_cast<const uint8_t *>(bytes) & 1;
  case Element::I8:
    return *static_cast<const int8_t *>(bytes);
  case Element::U8:
    return *static_cast<const uint8_t *>(bytes);
  case Element::I16:
    return int16_t(endian::read16le(bytes));
  case Element::U16:
    return endian::read16le(bytes);
  case Element::I32:
    return int32_t(endian::read32le(bytes));
  case Element::U32:
    return endian::read32le(bytes);
  case Element::I64:
  case Element::U64:
  case Element::Index:
    return int64_t(endian::read64le(bytes));
  default:
    noSuchFormat(element, "integer");
  }
}

void pto::sim::encodeInteger(Element element, int64_t value, void *bytes) {
  switch (element) {
  case Element::I1:
    *static_cast<uint8_t *>(bytes) = value & 1;
    return;
  case Element::I8:
  case Element::U8:
    *static_cast<uint8_t *>(bytes) = uint8_t(value);
    return;
  case Element::I16:
  case Element::U16:
    return endian::write16le(bytes, uint16_t(value));
  case Element::I32:
  case Element::U32:
    return endian::write32le(bytes, uint32_t(value));
  case Element::I64:
  case Element::U64:
  case Element::Index:
    return endian::write64le(bytes, uint64_t(value));
  default:
    noSuchFormat(element, "integer");
  }
}

double ScalarOperand::asDouble() const {
  if (isFloat(element))
    return llvm::bit_cast<double>(bits);
  return element == Element::U64 ? double(bits) : double(asInteger());
}
