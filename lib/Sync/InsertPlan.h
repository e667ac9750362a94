//===- InsertPlan.h - What the inserter means to add --------------*- C++ -*-===//
//
// Handoffs, barriers and fences by place, before they become nodes. Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTPLAN_H
#define PTOAS_LIB_SYNC_INSERTPLAN_H

#include "InsertTree.h"
#include "ptoas/Sync/Insert.h"

namespace pto::sync::inserter {

using HandoffId = uint32_t;

/// A set on `from` after one item of a list and a wait on `to` before another (sync 13.2). With a
/// delay the list is a loop body, and `delay` sets before the loop and as many waits after it make
/// up for the iterations in which set and wait do not meet (sync 13.3).
struct Handoff {
  Pipe from, to;
  Span span;
  int64_t distance = 0; ///< iterations between the accesses that it serves
  int64_t delay = 0;    ///< iterations between set and wait: at most `distance`
  bool credit = false;  ///< tells `to` that an id is free again (C3)
  bool late = false;    ///< its set must know of the drains of the item that it stands behind
  /// Item of the list around the loop behind which the primes stand; none: directly before the
  /// loop.
  uint32_t primeAfter = none;
  /// A loop around the one of its body: the tokens are primed before it and drained behind it, and
  /// stay from one execution of the inner loop to the next (InsertKeep.h). None: of the inner loop.
  NodeId keptOver = none;
  /// With which its ids turn; none: the counter of the innermost loop around it.
  NodeId number = none;
  uint32_t turn = 0;   ///< ids that it turns over, when not 0: as others of its loop
  bool pinned = false; ///< was dropped as redundant once, and was missed
  bool alive = true;
  int32_t base = 0;   ///< first id
  uint32_t count = 1; ///< ids that it rotates over
  llvm::SmallVector<Reason, 2> reasons;
};

/// A flag that is set and waited for at one place.
struct Flag {
  Pipe from, to;
  int32_t id = 0;
};

struct BarrierPlan {
  Pipe pipe;
  llvm::SmallVector<Reason, 1> reasons;
  /// With Pipe::ALL: dispatch waits for these pipes only, by flags to S (sync 13.4); none:
  /// bar(ALL).
  llvm::SmallVector<Flag, 0> drains;
};

/// What stands around one node.
struct Point {
  llvm::SmallVector<HandoffId, 2> waits;      ///< before it, in this order
  llvm::SmallVector<HandoffId, 2> sets;       ///< after it: before the drains of a loop unless late
  llvm::SmallVector<HandoffId, 0> primes;     ///< after its sets: of later loops
  llvm::SmallVector<BarrierPlan, 1> barriers; ///< between the waits and it
  bool fence = false;                         ///< last before it
};

class Plan {
public:
  /// What a trial may change, and what was counted until then.
  struct Saved {
    std::vector<Handoff> handoffs;
    std::vector<Point> points;
    std::vector<std::vector<HandoffId>> byList;
    InsertStats stats;
  };
  Saved save(const InsertStats &stats) const { return {handoffs, points, byList, stats}; }
  void restore(Saved saved, InsertStats &stats) {
    handoffs = std::move(saved.handoffs);
    points = std::move(saved.points);
    byList = std::move(saved.byList);
    stats = saved.stats;
  }

  explicit Plan(const Tree &tree)
      : tree(tree), points(tree.places.size()), carried(tree.places.size()),
        kept(tree.places.size()), byList(tree.lists.size()) {}

  const Tree &tree;
  /// By pipe: the flags by which S learns that all of it is complete; empty where there is no way.
  std::array<llvm::SmallVector<Flag, 2>, numPipes> waysToScalar;
  std::vector<Handoff> handoffs;
  std::vector<Point> points;                   ///< by NodeId
  std::vector<std::vector<HandoffId>> carried; ///< by loop: handoffs of its body with primes or
                                               ///< drains
  std::vector<std::vector<HandoffId>> kept;    ///< by loop: handoffs whose tokens are kept over it
  std::vector<std::vector<HandoffId>> byList;

  NodeId producerOf(const Handoff &h) const {
    return tree.lists[h.span.list].items[h.span.producer];
  }
  NodeId consumerOf(const Handoff &h) const {
    return tree.lists[h.span.list].items[h.span.consumer];
  }
  /// The innermost loop around the handoff, with whose counter its ids rotate; none outside loops.
  NodeId loopOf(const Handoff &h) const {
    const List &list = tree.lists[h.span.list];
    return list.loops.empty() ? none : list.loops.back();
  }
  NodeId numberOf(const Handoff &h) const { return h.number == none ? loopOf(h) : h.number; }
  /// Waits behind the loop: tokens that are on their way when it ends.
  int64_t drains(const Handoff &h) const {
    const List &list = tree.lists[h.span.list];
    if (list.leave == none)
      return h.delay;
    return h.delay + (h.span.producer < list.leave) - takesFirst(h);
  }
  /// Does the wait stand before the end of a loop that ends inside? Then it has taken a token more
  /// than there were whole iterations.
  bool takesFirst(const Handoff &h) const {
    const List &list = tree.lists[h.span.list];
    return list.leave != none && h.span.consumer <= list.leave; // its waits stand before it
  }
  /// Does the set stand before the drains of its producer, a loop? They may hold its pipe.
  bool isEarly(const Handoff &h) const {
    const Node &producer = tree.program[producerOf(h)];
    return !h.late && producer.kind == NodeKind::Loop && producer.trip != 0;
  }
  HandoffId add(Handoff handoff);
  /// Brings `points` and `carried` up to date with the handoffs of the list that are alive.
  void attach(ListId list);
  void attachAll();
  /// False when it is there already; the reasons are added to it.
  bool addBarrier(ListId list, uint32_t before, Pipe pipe, llvm::ArrayRef<Reason> reasons);
  /// What serves where no handoff does: nothing later is dispatched before all of `pipe` is
  /// complete. False when it is there already.
  bool addDrain(ListId list, uint32_t before, Pipe pipe, llvm::ArrayRef<Reason> reasons);
  /// Of the first drain before the node; each of the others is one further.
  Position drainPlace(NodeId node) const {
    return tree.places[node].begin - nodeStep / 2 + Position(points[node].waits.size());
  }
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTPLAN_H
