//===- InsertKeep.h - Tokens that stay over the turns of an outer loop -*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTKEEP_H
#define PTOAS_LIB_SYNC_INSERTKEEP_H

#include "InsertIds.h"
#include "Part.h"

namespace pto::sync::inserter {

/// The last step (sync 13.3). A loop in a loop drains what it primed each time, which brings two
/// pipes together. Where a handoff waits before it sets, all of its ids are set whenever its loop is
/// not running, whatever the trip count: they may stay so until the loop around it is over. What the
/// drains told is then missing, and what the kept tokens tell instead is known only in parts of the
/// program: the sweep judges the finished program with all its flags, not the plan.
class Keeper {
public:
  Keeper(const Tree &tree, Plan &plan, IdAllocator &ids, const InsertOptions &options,
         InsertStats &stats)
      : tree(tree), plan(plan), ids(ids), options(options), stats(stats) {}

  void run();

private:
  const Tree &tree;
  Plan &plan;
  IdAllocator &ids;
  const InsertOptions &options;
  InsertStats &stats;
  uint64_t spent = 0;

  /// Orders and tokens about one loop, in iterations that differ by a multiple of `period`.
  struct Doubts {
    NodeId within;
    unsigned period;
    std::vector<uint32_t> demands;
    std::vector<NodeId> sets;
  };

  std::vector<NodeId> loopsAround(const Handoff &handoff) const;
  bool tryAll(llvm::ArrayRef<HandoffId> handoffs);
  bool attempt(llvm::function_ref<void()> change);
  void dropCredits();
  static Doubts &about(std::vector<Doubts> &all, NodeId within, unsigned period);
  bool isRight(const Program &program);
  bool noteCredits(const Tree &finished, Sweep &sweep, Plan &none, std::vector<Doubts> &doubts);
  bool holdsInParts(const Tree &finished, const Demands &demands, const Doubts &doubts,
                    bool always);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTKEEP_H
