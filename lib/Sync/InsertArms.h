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

/// Moves handoffs to or from a branch into the arms that need them, where these are not all and
/// nothing is set later or waited for earlier than before (sync 13.5). Bounded by work.
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

  bool isFree(const Handoff &handoff, Pipe pipe) const;
  std::vector<Handoff> inArms(const Handoff &handoff, bool ofConsumer) const;
  bool move(HandoffId id, bool toConsumer);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTARMS_H
