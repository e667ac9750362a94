//===- Timeline.h - What synchronisation costs in a model of pipes -*- C++ -*-===//
//
// For reports, and where the inserter has two right solutions of a nest of loops. Pipes are queues
// that take one access after the other; how long each takes, the caller says.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SYNC_TIMELINE_H
#define PTOAS_SYNC_TIMELINE_H

#include "ptoas/Sync/Program.h"

namespace pto::sync {

struct TimelineOptions {
  int64_t trips = 8;     ///< of a loop whose trip count nobody knows
  int64_t walked = 6;    ///< iterations of a loop that are walked, at least one turn of what comes
                         ///< round in it; the others count as the last turn
  uint64_t dispatch = 1; ///< cycles of the scalar unit per instruction
  uint64_t sync = 1;     ///< cycles of a flag, barrier or fence on its pipe
  uint64_t limit = 400'000; ///< steps; longer programs have no timeline
};

struct Timeline {
  uint64_t cycles = 0; ///< from the first dispatch to the end of the last access
  /// The same with the same order of issue, but without synchronisation: every access waits exactly
  /// for the accesses whose bytes it shares, at no cost. No synchronisation can be faster.
  uint64_t free = 0;
  std::vector<uint64_t> executed; ///< by node
  std::vector<uint64_t> stalled;  ///< by node, of waits and full barriers: cycles of standing still
};

/// `cycles`: of each access, by NodeId. None when the walk is longer than the limit. Branches take
/// turns with their arms where nothing is known of their condition.
std::optional<Timeline> timeline(const Program &program, llvm::ArrayRef<uint64_t> cycles,
                                 const TimelineOptions &options = {});

} // namespace pto::sync

#endif // PTOAS_SYNC_TIMELINE_H
