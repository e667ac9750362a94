//===- Random.h - The same numbers on every platform -------------*- C++ -*-===//
//
// Test support. The standard distributions differ between libraries; a failing seed must mean the
// same program everywhere.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_RANDOM_H
#define PTOAS_UNITTESTS_SYNC_RANDOM_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace pto::sync::judge {

/// A counter run through a 64-bit mixer: any seed is as good as any other, also 0, 1, 2, ...
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    state += 0x9e3779b97f4a7c15u;
    uint64_t bits = state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
  }
  /// 0 .. count-1; count >= 1.
  uint64_t below(uint64_t count) { return next() % count; }
  /// low .. high, both included.
  int64_t between(int64_t low, int64_t high) { return low + int64_t(below(high - low + 1)); }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename T> T pick(std::initializer_list<T> list) {
    return *(list.begin() + below(list.size()));
  }
  template <typename T> const T &pick(llvm::ArrayRef<T> list) { return list[below(list.size())]; }

private:
  uint64_t state;
};

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_RANDOM_H
