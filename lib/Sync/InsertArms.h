//===- InsertArms.h - Handoffs that only an arm needs -------------*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTARMS_H
#define PTOAS_LIB_SYNC_INSERTARMS_H

#include "InsertSweep.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::inserter {

/// Moves handoffs to or from a branch into the arms that need them, where these are not all, and
/// where the pipe that sets later, or waits earlier, has nothing to do in between (sync 13.5).
/// Bounded by work.
class ArmPlacer {
public:
  /// `settles` brings the plan to an end (ids, credits) and says whether it is right.
  ArmPlacer(const Tree &tree, Plan &plan, Sweep &sweep, InsertStats &stats,
            llvm::function_ref<bool()> settles);
  void run();

private:
  const Tree &tree;
  Plan &plan;
  Sweep &sweep;
  InsertStats &stats;
  llvm::function_ref<bool()> settles;
  std::vector<uint32_t> pipes; ///< by node: bits of the pipes of the accesses in it

  struct Move {
    HandoffId handoff;
    bool toConsumer; ///< into arms of its consumer, or of its producer
  };
  bool isFree(const Handoff &handoff, Pipe pipe) const;
  std::vector<Handoff> inArms(const Handoff &handoff, bool ofConsumer) const;
  std::vector<Handoff> moved(const Move &move) const;
  bool attempt(llvm::ArrayRef<Move> moves);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTARMS_H
