//===- InsertKeep.h - Tokens that stay over the turns of an outer loop -*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTKEEP_H
#define PTOAS_LIB_SYNC_INSERTKEEP_H

#include "InsertParts.h"

namespace pto::sync::inserter {

/// The last step (sync 13.3). A loop in a loop drains what it primed each time, which brings two
/// pipes together. Where a handoff waits before it sets, all of its ids are set whenever its loop
/// is not running, whatever the trip count: they may stay so until the loop around it is over. What
/// the drains told is then missing, and what the kept tokens tell instead is seen only in parts of
/// the program: the finished program with all its flags is judged, not the plan.
class Keeper {
public:
  Keeper(const Tree &tree, Plan &plan, Sweep &sweep, IdAllocator &ids, const InsertOptions &options,
         InsertStats &stats)
      : tree(tree), plan(plan), sweep(sweep), ids(ids), options(options), stats(stats),
        judge(options) {}

  /// True when any are kept now.
  bool run();

  /// Of the plan as it is, by the objective: cycles and instructions, or instructions and nothing.
  using Price = std::pair<uint64_t, uint64_t>;
  Price price() const;
  static bool isBetter(const Price &now, const Price &old);

private:
  const Tree &tree;
  Plan &plan;
  Sweep &sweep;
  IdAllocator &ids;
  const InsertOptions &options;
  InsertStats &stats;
  PartJudge judge;

  std::vector<NodeId> loopsAround(const Handoff &handoff) const;
  bool tryAll(llvm::ArrayRef<HandoffId> handoffs);
  NodeId numberFor(const Handoff &handoff) const;
  bool canSayIds() const;
  void keep(llvm::ArrayRef<HandoffId> handoffs, size_t skipped, bool full, bool withoutCredits);
  bool attempt(llvm::function_ref<void()> change, bool adds);
  void trim();
  NodeId itemAt(const Tree &finished, NodeId node) const;
  bool add(const Tree &finished, const Demands &demands, const PartJudge::Verdict &verdict);
  void sweepUnkept();
  void backTo(Plan::Saved before);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTKEEP_H
