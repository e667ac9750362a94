//===- AffineSum.h - Can an affine expression be zero? ----------*- C++ -*-===//
//
// Overlap of two regions is one question: does sum(coefficient * v) + r = 0 have a solution with
// integers v and r in given ranges? Rows and columns of boxes, loop counters, ring slots and the
// iteration distance are all such terms.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_AFFINESUM_H
#define PTOAS_LIB_SYNC_AFFINESUM_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>

namespace pto::sync {

class AffineSum {
public:
  /// Stands for an end of a range that is not known; arithmetic saturates here.
  static constexpr int64_t unbounded = int64_t(1) << 60;

  /// The free part r: any integer in [low, high].
  AffineSum(int64_t low, int64_t high) : low(low), high(high) {}

  /// Adds coefficient * v with v in [from, to]. `to` may be `unbounded`. An empty range makes the
  /// sum unsolvable.
  void add(int64_t coefficient, int64_t from, int64_t to);
  void addConstant(int64_t value);

  /// Has the equation a solution? Exact while the search stays within its budget, else true.
  bool canVanish() const;
  /// The least v in [from, to] for which sum + coefficient * v = 0 has a solution. When the search
  /// leaves its budget: `from`, which is never too large.
  std::optional<int64_t> least(int64_t coefficient, int64_t from, int64_t to) const;

private:
  struct Term {
    int64_t coefficient;
    int64_t from, to;
    bool wanted; ///< the variable that `least` minimises
  };
  class Search;

  int64_t low, high;
  bool solvable = true;
  llvm::SmallVector<Term, 8> terms; ///< coefficients > 0
};

} // namespace pto::sync

#endif // PTOAS_LIB_SYNC_AFFINESUM_H
