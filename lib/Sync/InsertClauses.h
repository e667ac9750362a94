//===- InsertClauses.h - Clauses, with learning -------------------*- C++ -*-===//
//
// What the search for the best plan (sync 13.7) draws its conclusions with. Private to
// lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTCLAUSES_H
#define PTOAS_LIB_SYNC_INSERTCLAUSES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <vector>

namespace pto::sync::inserter {

/// A variable, or that it is false.
using Literal = uint32_t;
constexpr Literal isTrue(uint32_t variable) { return 2 * variable; }
constexpr Literal isFalse(uint32_t variable) { return 2 * variable + 1; }
constexpr Literal negated(Literal literal) { return literal ^ 1; }
constexpr uint32_t variableOf(Literal literal) { return literal / 2; }

/// Conflict-driven clause learning. The caller decides, and may add clauses at any time; what they
/// contradict is taken back as far as it takes.
class Clauses {
public:
  explicit Clauses(uint32_t variables) { grow(variables); }
  uint32_t addVariable() {
    grow(values.size() + 1);
    return values.size() - 1;
  }
  void add(llvm::ArrayRef<Literal> literals);
  /// All that follows from what was decided. Where that is a contradiction a clause is learned that
  /// says why, and what it forbids is taken back. False when nothing is left to take back: there is
  /// no solution.
  bool propagate();
  void decide(Literal literal);
  void takeAllBack() { backTo(0); }

  bool holds(Literal literal) const { return values[variableOf(literal)] == Value(literal & 1); }
  bool isOpen(uint32_t variable) const { return values[variable] == Open; }
  /// What holds, in the order in which it came.
  llvm::ArrayRef<Literal> trail() const { return held; }
  uint64_t steps = 0; ///< clauses looked at

private:
  enum Value : uint8_t { True, False, Open };
  static constexpr uint32_t noClause = ~0u;
  using Lits = llvm::SmallVector<Literal, 6>;

  std::vector<Lits> clauses;                   ///< the first two of each are watched
  std::vector<std::vector<uint32_t>> watching; ///< by literal: clauses that look when it fails
  std::vector<Value> values;                   ///< by variable, as the next two
  std::vector<uint32_t> levels, reasons;
  std::vector<bool> seen;
  std::vector<Literal> held;
  std::vector<uint32_t> levelStarts; ///< in `held`
  size_t drawn = 0;                  ///< so many of `held` were looked at
  uint32_t conflict = noClause;      ///< of which every literal fails
  bool isHopeless = false;

  uint32_t level() const { return levelStarts.size(); }
  bool fails(Literal literal) const { return holds(negated(literal)); }
  void grow(uint32_t variables);
  void hold(Literal literal, uint32_t reason);
  void backTo(uint32_t level);
  uint32_t attach(Lits literals);
  uint32_t firstConflict();
  void learn(uint32_t conflict);
  bool isImplied(Literal literal) const;
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTCLAUSES_H
