//===- Trace.h - One concrete run of a program -------------------*- C++ -*-===//
//
// Test support. Expands a sync::Program along one path (chosen trip counts, arms, symbols and alias
// bases) to a flat list of events over real byte ranges and real event ids. The oracle and the
// machine judge traces; nothing here uses lib/Sync beyond the data of Program.h, so that Overlap is
// itself under test.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_TRACE_H
#define PTOAS_UNITTESTS_SYNC_TRACE_H

#include "Random.h"
#include "ptoas/Sync/Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <map>

namespace pto::sync::judge {

/// Bytes [begin, end).
struct Interval {
  int64_t begin, end;
  auto operator<=>(const Interval &) const = default;
};

/// The bytes that one access touches: sorted, disjoint, not touching one another.
struct Footprint {
  uint32_t
      memory; ///< unsigned(Space) on chip; from numSpaces on one number per distinct GM pointer
  llvm::SmallVector<Interval, 2> bytes;
  bool operator<(const Footprint &o) const {
    return memory != o.memory ? memory < o.memory
                              : std::lexicographical_compare(bytes.begin(), bytes.end(),
                                                             o.bytes.begin(), o.bytes.end());
  }
  bool isGlobal() const { return memory >= numSpaces; }
};

/// A flag of the chip: directed pair and concrete id.
struct Flag {
  Pipe from, to;
  int64_t id;
  auto operator<=>(const Flag &) const = default;
};

struct Event {
  enum Kind : uint8_t { Access, Set, Wait, Barrier, Fence, Publish, Enter, Leave };
  Kind kind;
  Pipe pipe; ///< the queue it runs on: Set: the source; Wait: the destination; Barrier may be ALL
  NodeId node;
  uint32_t flag = none; ///< Set, Wait: index into Trace::flags
  llvm::SmallVector<uint32_t, 2> reads = {},
                                 writes = {}; ///< Access, Publish: indices into Trace::footprints
};

struct Trace {
  std::vector<Event> events;
  std::vector<Footprint> footprints;          ///< no two equal
  std::vector<std::vector<uint32_t>> sharing; ///< per footprint those that share a byte, itself too
  std::vector<Flag> flags;                    ///< no two equal
  std::map<NodeId, std::vector<uint32_t>> macroFlags; ///< C5: all flags that a macro may use
};

/// What is fixed along a path; absent: random, anew each time control gets there.
struct PathPlan {
  std::optional<int64_t> trip;
  std::optional<unsigned> arm;
  bool few = false; ///< random trips stay small
  /// Of branches in loops the first arm (0) or the last (else) runs in every third turn, and the
  /// other of the two in all others; loops that hold branches and no loops turn 8 times then.
  std::optional<unsigned> rareArm;
};

/// The byte footprint of `region` when the loops stand at `counters` (by NodeId) and symbols and
/// alias bases are as `seed` says. Unknown offsets and slots are drawn from `random`.
Footprint footprintOf(const Program &program, const Region &region,
                      llvm::ArrayRef<int64_t> counters, uint64_t seed, Random &random);

/// None when the path has more than `limit` events.
std::optional<Trace> expand(const Program &program, const PathPlan &plan, Random &random,
                            size_t limit);

/// Expands up to `count` paths, the corners (all trips 2, 1, 0; first and last arms) before random
/// ones, and stops when `visit` returns false. A program with one path is visited once. Paths of
/// more than `limit` events are left out, unless there are no others.
void forEachPath(const Program &program, uint64_t seed, unsigned count,
                 llvm::function_ref<bool(const Trace &)> visit, size_t limit = 400);

/// sync 3: does the hardware order these two conflicting accesses by itself (H7)? `x` and `y`
/// are the footprints, and the pipes are equal.
bool isHardwareOrdered(const Program &program, const Trace &trace, const Event &earlier, uint32_t x,
                       bool xWrites, const Event &later, uint32_t y, bool yWrites);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_TRACE_H
