//===- Value.h - Element values as the expressions of op records see them --===//
//
// `Map<"maximum(src0 + src1, 0)">` of an op record becomes C++ over these values: float for f16,
// bf16 and f32 (the result is rounded once), double for f64, Wrapping<T> for integers. A function
// that a type does not have is simply not declared for it, and the op then refuses that element
// type.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_KERNELS_VALUE_H
#define PTOAS_LIB_SIM_KERNELS_VALUE_H

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

namespace pto::sim::value {

/// An integer as the vector unit computes with it: sums, products and shifts wrap, division
/// truncates.
template <typename T> struct Wrapping {
  using Bits = std::make_unsigned_t<T>;
  static constexpr unsigned width = sizeof(T) * 8;
  T value;

  Wrapping() = default;
  constexpr Wrapping(T value) : value(value) {}

  // Through the unsigned type: small types would otherwise promote to int, whose overflow is
  // undefined.
  friend constexpr Wrapping operator+(Wrapping a, Wrapping b) { return T(Wide(a) + Wide(b)); }
  friend constexpr Wrapping operator-(Wrapping a, Wrapping b) { return T(Wide(a) - Wide(b)); }
  friend constexpr Wrapping operator*(Wrapping a, Wrapping b) { return T(Wide(a) * Wide(b)); }
  friend constexpr Wrapping operator-(Wrapping a) { return T(-Wide(a)); }
  friend constexpr Wrapping operator~(Wrapping a) { return T(~a.value); }
  friend constexpr Wrapping operator&(Wrapping a, Wrapping b) { return T(a.value & b.value); }
  friend constexpr Wrapping operator|(Wrapping a, Wrapping b) { return T(a.value | b.value); }
  friend constexpr Wrapping operator^(Wrapping a, Wrapping b) { return T(a.value ^ b.value); }
  /// Truncating. Modelled: division by zero gives 0 (the pages are silent); the least number by -1
  /// wraps.
  friend constexpr Wrapping operator/(Wrapping a, Wrapping b) {
    if (b.value == 0)
      return T(0);
    if constexpr (std::is_signed_v<T>)
      if (b.value == T(-1))
        return -a;
    return T(a.value / b.value);
  }
  /// a - (a / b) * b, so the sign follows a, and a % 0 is a.
  friend constexpr Wrapping operator%(Wrapping a, Wrapping b) { return a - a / b * b; }
  /// Counts of the width and above shift everything out. A negative count is a large one.
  friend constexpr Wrapping operator<<(Wrapping a, Wrapping b) {
    return Bits(b.value) >= width ? T(0) : T(Wide(a) << unsigned(b.value));
  }
  friend constexpr Wrapping operator>>(Wrapping a, Wrapping b) {
    return T(a.value >> (Bits(b.value) >= width ? width - 1 : unsigned(b.value))) &
           (Bits(b.value) >= width && std::is_unsigned_v<T> ? T(0) : T(-1));
  }
  friend constexpr bool operator==(Wrapping a, Wrapping b) { return a.value == b.value; }
  friend constexpr auto operator<=>(Wrapping a, Wrapping b) { return a.value <=> b.value; }

private:
  /// At least 32 bits, unsigned.
  struct Wide {
    using Type = std::conditional_t<(sizeof(T) > 4), uint64_t, uint32_t>;
    Type bits;
    constexpr explicit Wide(Wrapping a) : bits(Type(a.value)) {}
    friend constexpr Type operator+(Wide a, Wide b) { return a.bits + b.bits; }
    friend constexpr Type operator-(Wide a, Wide b) { return a.bits - b.bits; }
    friend constexpr Type operator*(Wide a, Wide b) { return a.bits * b.bits; }
    friend constexpr Type operator-(Wide a) { return Type(0) - a.bits; }
    friend constexpr Type operator<<(Wide a, unsigned count) { return a.bits << count; }
  };
};

template <typename V> inline constexpr bool isWrapping = false;
template <typename T> inline constexpr bool isWrapping<Wrapping<T>> = true;

template <typename V>
concept Real = std::floating_point<V>;
template <typename V>
concept Whole = isWrapping<V>;

/// The greater one; NaN when either is NaN. Modelled: the pages do not say what the unit does with
/// NaN.
template <typename V> constexpr V maximum(V a, std::type_identity_t<V> b) {
  if constexpr (Real<V>)
    return std::isnan(a) ? a : (a < b || std::isnan(b) ? b : a);
  else
    return a < b ? b : a;
}
/// The lesser one; NaN when either is NaN.
template <typename V> constexpr V minimum(V a, std::type_identity_t<V> b) {
  if constexpr (Real<V>)
    return std::isnan(a) ? a : (b < a || std::isnan(b) ? b : a);
  else
    return b < a ? b : a;
}
template <typename V> constexpr V relu(V a) { return maximum(a, V(0)); }
template <Real V> V abs(V a) { return std::fabs(a); }
template <Whole V> constexpr V abs(V a) { return a < V(0) ? -a : a; }
template <Real V> V exp(V a) { return std::exp(a); }
template <Real V> V log(V a) { return std::log(a); }
template <Real V> V sqrt(V a) { return std::sqrt(a); }
template <Real V> V rsqrt(V a) { return V(1) / std::sqrt(a); }
template <Real V> V recip(V a) { return V(1) / a; }
template <Real V> V floor(V a) { return std::floor(a); }
template <Real V> V trunc(V a) { return std::trunc(a); }
/// TDIV: the quotient of floats, the truncated one of integers.
template <typename V> constexpr V divide(V a, std::type_identity_t<V> b) { return a / b; }
/// TFMOD (library 3.3): the formula, not the exact remainder; the sign follows a.
template <Real V> V truncatedRemainder(V a, std::type_identity_t<V> b) {
  return a - std::trunc(a / b) * b;
}
template <Whole V> constexpr V truncatedRemainder(V a, std::type_identity_t<V> b) { return a % b; }

} // namespace pto::sim::value

#endif // PTOAS_LIB_SIM_KERNELS_VALUE_H
