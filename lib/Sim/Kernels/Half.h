//===- Half.h - f16 and bf16 against float, without branches ----*- C++ -*-===//
//
// The same conversions as Number.cpp for loops over many elements: written with selects only, so
// that they vectorise.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_KERNELS_HALF_H
#define PTOAS_LIB_SIM_KERNELS_HALF_H

#include <bit>
#include <cstdint>

namespace pto::sim {

inline float widenF16(uint16_t half) {
  uint32_t magnitude = half & 0x7fff;
  // The exponent field is read with float's bias and corrected by 2^112, which also scales
  // subnormals exactly.
  float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  uint32_t bits =
      magnitude >= 0x7c00 ? (magnitude << 13) | 0x7f800000 : std::bit_cast<uint32_t>(scaled);
  return std::bit_cast<float>(bits | uint32_t(half & 0x8000) << 16);
}

/// Round to nearest even; overflows to infinity.
inline uint16_t narrowF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7fffffff;
  uint32_t rounded = (magnitude + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  uint32_t normal = rounded - (112 << 10); // from float's bias to half's
  normal = normal > 0x7c00 ? 0x7c00 : normal;
  // Below 2^-14 the adder rounds: next to 0.5 a float has exactly the spacing of f16's subnormals.
  uint32_t subnormal = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) -
                       std::bit_cast<uint32_t>(0.5f);
  uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x1ff);
  uint32_t finite = magnitude < 0x38800000 ? subnormal : normal;
  return uint16_t((magnitude > 0x7f800000 ? nan : finite) | ((bits >> 16) & 0x8000));
}

inline float widenBF16(uint16_t half) { return std::bit_cast<float>(uint32_t(half) << 16); }

/// Round to nearest even; overflows to infinity.
inline uint16_t narrowBF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return uint16_t((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
}

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_HALF_H
