//===- InsertPolish.h - Exchanges that make a right plan cheaper --*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTPOLISH_H
#define PTOAS_LIB_SYNC_INSERTPOLISH_H

#include "InsertSolve.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::inserter {

/// Objective::Count (sync 13.6). Local search on a plan that is right: one handoff more that makes
/// others unnecessary, as long as fewer instructions run. Bounded by work.
class Polisher {
public:
  /// `settles` brings the plan to an end (ids, credits) and says whether it is right.
  Polisher(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep, const Solver &solver,
           const InsertOptions &options, InsertStats &stats, llvm::function_ref<bool()> settles);

  void run();

private:
  const Tree &tree;
  const Demands &demands;
  Plan &plan;
  Sweep &sweep;
  const Solver &solver;
  const InsertOptions &options;
  InsertStats &stats;
  llvm::function_ref<bool()> settles;
  uint64_t end = 0;  ///< of the work, in visits of the sweep
  uint64_t best = 0; ///< instructions that run
  /// By list: how often it runs when all branches take their first arm, or their last.
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  std::vector<std::vector<llvm::SmallVector<Pipe, 3>>>
      pipes; ///< by list and item: of the accesses in it

  bool spent() const { return sweep.visits > end; }
  bool isOrdered();
  uint64_t executed() const;

  void findPipes(ListId list);
  void findRuns(ListId list);
  std::vector<Handoff> candidates(ListId list) const;
  /// How many items of the plan the handoff could make unnecessary.
  unsigned promise(const Handoff &candidate) const;
  bool tryWith(const Handoff &candidate);
  bool dropWhatIsRedundant(HandoffId keep);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTPOLISH_H
