// Element types. half and bfloat16_t compute; the 8-bit and packed 4-bit floats only take up space.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

typedef _Float16 half;
typedef _Float16 float16_t;
typedef float float32_t;

#ifdef PTO_HOST_ADDRESS_SPACES
typedef __bf16 bfloat16_t;
#else
/// Compilers have the type, but the libraries of some hosts lack its conversions.
struct bfloat16_t {
  bfloat16_t() = default;
  explicit bfloat16_t(float value) {
    uint32_t all;
    __builtin_memcpy(&all, &value, sizeof(all));
    bits = uint16_t((all + 0x7fff + (all >> 16 & 1)) >> 16);
  }
  explicit operator float() const {
    uint32_t all = uint32_t(bits) << 16;
    float value;
    __builtin_memcpy(&value, &all, sizeof(value));
    return value;
  }
  uint16_t bits;
};
#endif

enum class float8_e4m3_t : uint8_t {};
enum class float8_e5m2_t : uint8_t {};
enum class float8_e8m0_t : uint8_t {};
enum class hifloat8_t : uint8_t {};
enum class float4_e2m1x2_t : uint8_t {}; ///< two values in a byte
enum class float4_e1m2x2_t : uint8_t {}; ///< two values in a byte
enum class int4b_t : uint8_t {};         ///< two values in a byte

namespace pto {
namespace rule {

/// A set of element types, one bit each. Signed and unsigned integers are different types: many
/// instructions exist for the signed ones alone.
using Elements = uint32_t;
constexpr Elements S8 = 1, U8 = 2, S16 = 4, U16 = 8, S32 = 16, U32 = 32, S64 = 64, U64 = 128;
constexpr Elements F16 = 1 << 8, BF16 = 1 << 9, F32 = 1 << 10, F64 = 1 << 11;
constexpr Elements E4M3 = 1 << 12, E5M2 = 1 << 13, E8M0 = 1 << 14, HIF8 = 1 << 15;
constexpr Elements E2M1 = 1 << 16, E1M2 = 1 << 17, S4 = 1 << 18, Bool = 1 << 19;

constexpr Elements Int8 = S8 | U8, Int16 = S16 | U16, Int32 = S32 | U32, Int64 = S64 | U64;
constexpr Elements IntTo32 = Int8 | Int16 | Int32, Int = IntTo32 | Int64;
constexpr Elements Floats = F16 | F32, Fp8 = E4M3 | E5M2, Fp4 = E2M1 | E1M2;
constexpr Elements LowPrecision = Fp8 | E8M0 | HIF8 | Fp4;
/// Elements of 8 to 32 bits that vector instructions move.
constexpr Elements Plain32 = IntTo32 | Floats | BF16;

template <typename T> struct ElementOf {
  static constexpr Elements value = 0;
};
#define PTO_ELEMENT(TYPE, BIT)                                                                     \
  template <> struct ElementOf<TYPE> {                                                             \
    static constexpr Elements value = BIT;                                                         \
  };
PTO_ELEMENT(int8_t, S8)
PTO_ELEMENT(uint8_t, U8)
PTO_ELEMENT(int16_t, S16)
PTO_ELEMENT(uint16_t, U16)
PTO_ELEMENT(int32_t, S32)
PTO_ELEMENT(uint32_t, U32)
PTO_ELEMENT(int64_t, S64)
PTO_ELEMENT(uint64_t, U64)
PTO_ELEMENT(half, F16)
PTO_ELEMENT(bfloat16_t, BF16)
PTO_ELEMENT(float, F32)
PTO_ELEMENT(double, F64)
PTO_ELEMENT(float8_e4m3_t, E4M3)
PTO_ELEMENT(float8_e5m2_t, E5M2)
PTO_ELEMENT(float8_e8m0_t, E8M0)
PTO_ELEMENT(hifloat8_t, HIF8)
PTO_ELEMENT(float4_e2m1x2_t, E2M1)
PTO_ELEMENT(float4_e1m2x2_t, E1M2)
PTO_ELEMENT(int4b_t, S4)
PTO_ELEMENT(bool, Bool)
#undef PTO_ELEMENT

template <typename T> constexpr bool isOneOf(Elements set) {
  return (ElementOf<T>::value & set) != 0;
}
/// The set of the chip that is compiled for.
constexpr Elements onArch(Elements a3, Elements a5) {
#ifdef PTO_NPU_ARCH_A5
  return (void)a3, a5;
#else
  return (void)a5, a3;
#endif
}
#ifdef PTO_NPU_ARCH_A5
constexpr bool isA5 = true;
#else
constexpr bool isA5 = false;
#endif

} // namespace rule
} // namespace pto
