//===- Helpers.h - Small functions in front of the printed code -*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_HELPERS_H
#define PTOAS_TARGET_CPP_HELPERS_H

#include "llvm/Support/raw_ostream.h"
#include <bitset>

namespace pto::cpp {

/// Functions that the printed code may need: what C++17 on the device has no operator for.
enum class Helper : uint8_t {
  Bitcast,   ///< ptoas_bitcast<To>(from): same bits
  CeilDiv,   ///< ptoas_ceil_div<T>(a, b): quotient rounded up
  FloorDiv,  ///< ptoas_floor_div<T>(a, b): quotient rounded down
  Maximum,   ///< ptoas_maximum<T>(a, b): NaN wins, +0 is larger than -0
  Minimum,   ///< ptoas_minimum<T>(a, b)
  MaxNum,    ///< ptoas_maxnum<T>(a, b): a number wins over NaN
  MinNum,    ///< ptoas_minnum<T>(a, b)
  Remainder, ///< ptoas_remainder<T>(a, b): exact, sign of a
  MulHigh,   ///< ptoas_mul_high<T>(a, b): upper half of a 128-bit product
  Random     ///< ptoas_random<rounds>(tile, key0, key1, counter0, ..., counter3)
};
inline constexpr unsigned numHelpers = 10;

class UsedHelpers {
public:
  /// The name to call; remembers that the definition is needed.
  llvm::StringRef use(Helper helper);
  /// Definitions of those that were used, in a fixed order.
  void print(llvm::raw_ostream &os) const;

private:
  std::bitset<numHelpers> used;
};

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_HELPERS_H
