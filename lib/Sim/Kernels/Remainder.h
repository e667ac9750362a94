//===- Remainder.h - What TREM and TREMS have in common ---------*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_KERNELS_REMAINDER_H
#define PTOAS_LIB_SIM_KERNELS_REMAINDER_H

#include "Elementwise.h"
#include "Half.h"
#include "Value.h"
#include <algorithm>
#include <cmath>

namespace pto::sim {

/// a - floor(a / b) * b as it is computed: rounding may leave the wrong sign.
inline float rawFloorRemainder(float a, float b) { return a - std::floor(a / b) * b; }

/// a - floor(a / b) * b, then one more b if the sign is not the divisor's.
inline float floorRemainder(float a, float b) {
  float result = rawFloorRemainder(a, b);
  return result * b < 0 ? result + b : result;
}

/// Through f32, as a2/a3 does: exact only below 2^24; a divisor of zero returns a.
inline int32_t remainderThroughFloat(int32_t a, int32_t b) {
  float dividend = float(a);
  float result = b == 0 ? dividend : floorRemainder(dividend, float(b));
  // 2^31 is a value that rounding up can reach and int32 cannot hold.
  return int32_t(std::clamp<double>(result, -2147483648.0, 2147483647.0));
}

/// a5 integers: floor modulo up to 32 bits, truncating division at 64, where a divisor of zero
/// gives 0. Modelled: below 64 bits a divisor of zero returns a, as on a2/a3.
template <typename T> T wholeRemainder(T a, T b) {
  using Number = value::Wrapping<T>;
  if (sizeof(T) == 8)
    return b == 0 ? T(0) : (Number(a) % Number(b)).value;
  T result = (Number(a) % Number(b)).value;
  bool otherSign = result != 0 && ((result < 0) != (b < 0));
  return b != 0 && otherSign ? T(result + b) : result;
}

/// f32 to f16 towards zero: the bits of the nearest value, stepped back when it is too large.
inline uint16_t truncateToF16(float value) {
  uint16_t nearest = narrowF16(value);
  bool isTooLarge = std::fabs(widenF16(nearest)) > std::fabs(value);
  return isTooLarge ? nearest - 1 : nearest;
}

/// Every element by its type: integers as above; f16 is computed in f32 by `ofHalves` and
/// truncated; f32 by `ofFloats`. No other type has a remainder.
inline void mapRemainder(ElementwiseCall &call, float (*ofHalves)(float, float),
                         float (*ofFloats)(float, float)) {
  dispatchElement(call.element(), [&]<typename Number>() {
    using Stored = typename Number::Stored;
    if constexpr (std::is_same_v<Number, BrainNumber> ||
                  std::is_same_v<Number, Plain<double, double>>) {
      call.refuse();
    } else {
      Packed result = call.result();
      const Stored *a = call.input(0).as<Stored>(), *b = call.input(1).as<Stored>();
      Stored *out = result.as<Stored>();
      for (int64_t i = 0; i < call.elements(); ++i) {
        if constexpr (value::Whole<typename Number::Value>)
          out[i] = wholeRemainder(a[i], b[i]);
        else if constexpr (std::is_same_v<Number, HalfNumber>)
          out[i] = truncateToF16(ofHalves(Number::load(a[i]), Number::load(b[i])));
        else
          out[i] = ofFloats(a[i], b[i]);
      }
      call.finish(result);
    }
  });
}

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_REMAINDER_H
