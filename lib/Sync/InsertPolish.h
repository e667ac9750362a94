//===- InsertPolish.h - Exchanges that make a right plan cheaper --*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTPOLISH_H
#define PTOAS_LIB_SYNC_INSERTPOLISH_H

#include "InsertSolve.h"
#include "ptoas/Sync/Cost.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::inserter {

/// Local search on a plan that is right: one handoff more that makes others unnecessary, as long as
/// the objective falls (sync 13.5). Bounded by work, so that it costs nothing in large functions.
class Polisher {
public:
  /// `settles` brings the plan to an end (ids, credits) and says whether it is right.
  Polisher(const Tree &tree, Plan &plan, Sweep &sweep, const Solver &solver,
           const InsertOptions &options, InsertStats &stats, llvm::function_ref<bool()> settles);

  void run();

private:
  const Tree &tree;
  Plan &plan;
  Sweep &sweep;
  const Solver &solver;
  const InsertOptions &options;
  InsertStats &stats;
  llvm::function_ref<bool()> settles;
  uint64_t end = 0; ///< of the work, in visits of the sweep
  Cost best;
  std::vector<std::vector<llvm::SmallVector<Pipe, 3>>>
      pipes; ///< by list and item: of the accesses in it

  struct State {
    std::vector<Handoff> handoffs;
    std::vector<Point> points;
    std::vector<std::vector<HandoffId>> byList;
    InsertStats stats;
  };
  State save() const { return {plan.handoffs, plan.points, plan.byList, stats}; }
  void restore(const State &state);
  bool spent() const { return sweep.visits > end; }
  bool isOrdered();
  std::optional<Cost> cost() const;
  bool isBetter(const Cost &cost) const;

  void findPipes(ListId list);
  std::vector<Handoff> candidates(ListId list) const;
  /// How many items of the plan the handoff could make unnecessary.
  unsigned promise(const Handoff &candidate) const;
  bool tryWith(const Handoff &candidate);
  bool dropWhatIsRedundant(HandoffId keep);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTPOLISH_H
