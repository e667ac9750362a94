//===- InsertSolve.h - Which handoffs and barriers are needed -----*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTSOLVE_H
#define PTOAS_LIB_SYNC_INSERTSOLVE_H

#include "InsertSweep.h"
#include "ptoas/Sync/Insert.h"
#include <map>

namespace pto::sync::inserter {

/// An order that does not hold yet: of equal consumer and pipes the latest producer, with the
/// reasons of all.
struct Want {
  Pipe from, to;
  Span span;
  int64_t distance = 0;
  llvm::SmallVector<Reason, 2> reasons;
};

/// Makes an order of wants total: of two that are equal in this too, it does not matter which is
/// first.
inline auto tieBreaker(const Want &want) {
  const Reason &reason = want.reasons.front();
  return std::tuple(reason.later, reason.earlier, reason.region, reason.hazard);
}

class Solver {
public:
  Solver(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
         const InsertOptions &options)
      : tree(tree), demands(demands), plan(plan), sweep(sweep), options(options) {}

  /// Orders everything that has both ends in different items of this list. The lists inside must
  /// be solved: nothing outside of a list can help what is inside.
  void solve(ListId list);

  /// Demands that failed in the last sweep over `list` and can be served there (`onlyHere`), or
  /// anywhere. Different pipes (`cross`) or the same.
  std::vector<Want> wants(ListId list, bool cross, bool onlyHere) const;

  /// Adds the handoff, or brings it back when it was dropped. False when it is there already.
  bool request(const Want &want, bool credit);

  /// The last but one rung: dispatch waits at the consumer. False when it does already.
  bool drain(const Want &want);

private:
  const Tree &tree;
  const Demands &demands;
  Plan &plan;
  Sweep &sweep;
  const InsertOptions &options;
  using Key = std::tuple<ListId, uint32_t, uint32_t, int64_t, Pipe, Pipe>;
  std::map<Key, HandoffId> seen;

  bool addHandoffs(ListId list);
  void dropRedundant(ListId list);
  void addBarriers(ListId list);
  bool lowerDelays(ListId list);
  void tryWithout(ListId list);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTSOLVE_H
