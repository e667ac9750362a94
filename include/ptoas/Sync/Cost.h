//===- Cost.h - What a synchronised program costs -----------------*- C++ -*-===//
//
// The objective of the inserter (sync 13.5): time in a model of in-order pipes, then instructions
// of synchronisation that run. A model for choosing between right solutions; the simulator has a
// finer one.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SYNC_COST_H
#define PTOAS_SYNC_COST_H

#include "ptoas/Sync/Program.h"

namespace pto::sync {

struct Cost {
  uint64_t cycles = 0;   ///< until everything is complete, over the measured paths
  uint64_t executed = 0; ///< sets, waits and barriers that run
  auto operator<=>(const Cost &) const = default;
};

/// Trip count that the model gives to a loop whose own is not known.
inline constexpr int64_t modelTrip = 4;
/// Known trip counts beyond are cut: the loop is in its steady state.
inline constexpr int64_t longestModelTrip = 16;
/// The bytes of a result are there so many cycles after its pipe takes the next instruction.
inline constexpr uint64_t modelLatency = 16;

/// Cycles of an access: Node::cycles, or an estimate from its bytes.
uint64_t cyclesOf(const Program &program, const Node &access);

/// Measures two paths, the first and the last arms of all branches (one path when there is none).
/// Sync costs nothing but the stall. None when that takes more than `limit` steps.
std::optional<Cost> costOf(const Program &program, uint64_t limit);

} // namespace pto::sync

#endif // PTOAS_SYNC_COST_H
