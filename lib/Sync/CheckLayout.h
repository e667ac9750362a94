//===- CheckLayout.h - Positions of the nodes of a program ------*- C++ -*-===//
//
// The checker speaks about prefixes of a pipe's queue, so every node gets a number in program
// order. A claim combines such a position with an age in iterations; larger claims know more.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_CHECKLAYOUT_H
#define PTOAS_LIB_SYNC_CHECKLAYOUT_H

#include "ptoas/Sync/Program.h"
#include <array>

namespace pto::sync::checker {

/// "Complete up to `position` of the iteration `age` ago": position - age * iteration.
using Claim = int64_t;
inline constexpr Claim iteration = Claim(1) << 32;
inline constexpr Claim unknown = -(Claim(1) << 62);
inline uint32_t positionOf(Claim claim) { return uint32_t(claim & (iteration - 1)); }

/// What is counted: accesses (C1) and, apart from them, waits (C3). Mixed into one column a late
/// wait would make an otherwise complete prefix look incomplete. So does an access that nobody
/// asked about, on paths without the one that was: in programs that are not large each access and
/// each wait is a column of its own, in others those of a pipe are one.
class Columns {
public:
  explicit Columns(const Program &program);

  unsigned size() const { return unsigned(pipes.size()); }
  /// Of an access or a wait.
  unsigned of(NodeId node) const { return byNode[node]; }
  using Range = std::pair<unsigned, unsigned>; ///< first, one past the last
  Range ofAccesses(Pipe pipe) const { return accesses[unsigned(pipe)]; }
  Range ofWaits(Pipe pipe) const { return waits[unsigned(pipe)]; }
  Pipe pipeOf(unsigned column) const { return pipes[column]; }

private:
  std::vector<Pipe> pipes; ///< by column
  std::vector<unsigned> byNode;
  std::array<Range, numPipes> accesses, waits;

  template <typename Takes> Range add(const Program &program, Pipe pipe, bool alone, Takes takes);
};

/// Identity of a static flag.
struct StaticKey {
  Pipe from, to;
  int32_t id;
  auto operator<=>(const StaticKey &) const = default;
};

/// Ids base .. base + count - 1 of a pair that rotate with one number, which a loop or a nest
/// counts.
struct Ring {
  Pipe from, to;
  int32_t base;
  uint32_t count;
  NodeId number;
  auto operator<=>(const Ring &) const = default;
  bool holds(const StaticKey &key) const {
    return from == key.from && to == key.to && key.id >= base && key.id < base + int32_t(count);
  }
};

struct Item {
  uint32_t begin = 0, end = 0;     ///< positions around the node; 0: never runs
  std::vector<uint32_t> armBegins; ///< Branch: position before each arm
  std::vector<Claim> last;         ///< Loop, Branch: latest position per column inside, -1 without
  std::vector<Ring> rings;         ///< Loop: ids that rotate from its beginning on
  std::vector<Ring> turning;       ///< Loop: ids that each of its iterations rotates
  std::vector<StaticKey> keys;     ///< Macro: flags used inside
  NodeId node = none;
  /// Does the ring turn with the loop alone?
  bool isOwn(const Ring &ring) const { return ring.number == node; }
};

/// The numbering. Loops that never run are left out.
class Layout {
public:
  explicit Layout(const Program &program);

  const Item &operator[](NodeId node) const { return items[node]; }
  NodeId nodeAt(uint32_t position) const { return at[position]; }
  const Columns &columns() const { return table; }
  /// Finds the rings of the loops in the list anew, after ids in it have changed.
  void findRings(llvm::ArrayRef<NodeId> nodes);

private:
  const Program &program;
  Columns table;
  std::vector<Item> items;
  std::vector<NodeId> at{none};
  std::vector<NodeId> openLoops, openMacros;

  uint32_t next(NodeId node) {
    at.push_back(node);
    return uint32_t(at.size() - 1);
  }
  void number(llvm::ArrayRef<NodeId> nodes, std::vector<Claim> &last);
  void noteKey(const FlagKey &key);
  void noteRing(const FlagKey &key);
  void collectRings(llvm::ArrayRef<NodeId> nodes);
};

inline bool neverRuns(const Node &node) {
  return node.kind == NodeKind::Loop && node.trip && *node.trip <= 0;
}
inline bool runsAtLeastOnce(const Node &loop) {
  return loop.endsInside || (loop.trip ? *loop.trip > 0 : loop.minTrip > 0);
}
inline bool isReadable(const EventId &id) { return id.known && (id.count <= 1 || id.loop != none); }
/// Does the node read or write memory? Publish does when it names the signal's cell. ALL is no pipe
/// to run on: reported by C4 and not followed further.
inline bool touchesMemory(const Node &node) {
  return (node.kind == NodeKind::Access && node.pipe != Pipe::ALL) ||
         (node.kind == NodeKind::Publish && !(node.reads.empty() && node.writes.empty()));
}
/// TNOTIFY executes on S whatever its `pipe` says.
inline Pipe pipeOf(const Node &node) {
  return node.kind == NodeKind::Publish && !node.signals ? Pipe::S : node.pipe;
}

} // namespace pto::sync::checker

#endif // PTOAS_LIB_SYNC_CHECKLAYOUT_H
