//===- InsertIds.h - Event ids for handoffs -----------------------*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTIDS_H
#define PTOAS_LIB_SYNC_INSERTIDS_H

#include "InsertSolve.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::inserter {

/// Gives ids to all handoffs that are alive, from the facts of a sweep that tracked waits. An id is
/// held over arcs of static places; two arcs of one id of a pair never meet (C2).
class IdAllocator {
public:
  IdAllocator(const Tree &tree, Plan &plan, Sweep &sweep, const InsertOptions &options,
              InsertStats &stats);

  /// False when the plan had to change (merged handoffs, drains): sweep and try again.
  /// `final`: it may also leave ids to drains for good, which no trial must do.
  bool allocate(bool final = false);

  /// Hand-written sets of which C3 holds although the sweep over the whole does not see it.
  void takeForGone(llvm::ArrayRef<NodeId> sets) {
    llvm::erase_if(handWritten, [&](NodeId set) { return llvm::is_contained(sets, set); });
  }

  /// Sets that do not know that the last token of their id was consumed (C3), as reverse orders;
  /// neighbours are grouped.
  std::vector<Want> credits();

private:
  struct Arc {
    Position from, to, lastWait;
    NodeId waitAt;     ///< item before which (drain: after which) the wait stands
    HandoffId handoff; ///< none: hand-written, or of a drain
  };
  using Arcs = std::map<Position, Arc>; ///< by `from`; disjoint

  /// A set whose id must be known to be free.
  struct SetPlace {
    Position at;
    const Knowledge &known;
    NodeId item; ///< after which (prime: before which) it stands
    ListId list;
    unsigned levels;      ///< open loops that count
    HandoffId own = none; ///< of its last tokens another wait matters than of the others'
    Position ownWait = 0;
  };

  const Tree &tree;
  Plan &plan;
  Sweep &sweep;
  const InsertOptions &options;
  InsertStats &stats;
  std::vector<Arcs> arcs;  ///< by pair and id
  std::vector<bool> taken; ///< by pair and id: macros and hand-written flags have it
  bool mayReserve = false;
  /// What the sweep said of handoffs before others were merged into them. An allocation that fails
  /// puts it back: who takes the plan back may try again without another sweep.
  std::vector<std::pair<HandoffId, HandoffFacts>> mergedFacts;
  std::vector<bool> forDrains;     ///< by pair and id: no handoff gets it
  std::vector<NodeId> handWritten; ///< Set nodes that the program came with
  using Ring = std::tuple<Pipe, Pipe, int32_t, uint32_t, NodeId>;
  std::map<Ring, std::vector<NodeId>> ringWaits; ///< waits that it came with

  unsigned offsetOf(const Arc &arc) const {
    if (arc.handoff != none)
      return sweep.offsetOf(arc.handoff);
    bool isDrain = tree.program[arc.waitAt].kind != NodeKind::Wait;
    return isDrain ? 0 : sweep.offsetOfWait(arc.waitAt); // the common column is the first
  }
  Arcs &arcsOf(Pipe from, Pipe to, int64_t id) { return arcs[slot(from, to, id)]; }
  size_t slot(Pipe from, Pipe to, int64_t id) const {
    return (unsigned(from) * numPipes + unsigned(to)) * tree.program.eventIds + id;
  }
  static Ring ringOf(const FlagKey &key) {
    return {key.from, key.to, key.id.base, key.id.count, key.id.loop};
  }
  void reserve(NodeId node);
  bool isForHandoffs(Pipe from, Pipe to, int64_t id) const {
    return !taken[slot(from, to, id)] && !forDrains[slot(from, to, id)];
  }
  bool runsOnce(NodeId loop) const { return loop == none || tree.program[loop].trip == 1; }

  /// Where a ring that turns with the loop takes its ids: before its primes.
  Position ringStart(NodeId loop) const { return tree.places[loop].begin - nodeStep / 4; }
  Position firstPlace(HandoffId h) const;
  llvm::SmallVector<Arc, 2> arcsFor(HandoffId h, uint32_t count) const;
  llvm::SmallVector<SetPlace, 2> setsOf(HandoffId h, uint32_t count) const;
  bool isBeforeItsTime(const Arc &arc, const List &seenFrom) const;
  /// Does who knows of the last wait of this arc know of those before?
  bool speaksForEarlier(const Arc &arc, const List &seenFrom) const {
    return !sweep.tellsWaitsApart() && !isBeforeItsTime(arc, seenFrom);
  }
  bool holds(const Arcs &users, const SetPlace &set,
             llvm::function_ref<void(const Arc &, unsigned, int64_t)> late) const;
  bool rotationHolds(HandoffId h, uint32_t count) const;
  /// Ids for every token of one run of a loop of known trip count: none comes back in it.
  std::optional<uint32_t> countForAll(HandoffId h) const;
  bool primesMeetDrains(HandoffId h) const;
  llvm::SmallVector<uint32_t, 3> countsFor(HandoffId h) const;

  bool place(HandoffId h);
  bool hasRoom(const Arc &arc, HandoffId next) const;
  unsigned breaksNext(HandoffId h, llvm::ArrayRef<Arc> wanted, Arcs &users) const;
  std::optional<int32_t> pick(HandoffId h, uint32_t count);
  void remove(HandoffId h);
  void cut(HandoffId h);
  HandoffId cheapestToCut(HandoffId h);
  bool relieve(HandoffId h);
  std::vector<HandoffId> rivalsOf(HandoffId h);
  bool mergeNearest(HandoffId h, llvm::ArrayRef<HandoffId> rivals);
  void merge(HandoffId into, HandoffId other);

  std::optional<int32_t> idForDrain(const Flag &flag, Position at,
                                    const std::vector<bool> &handoffs);
  void findWaysToScalar();
  bool leaveToDrains(const Flag &flag);
  bool placeDrains(NodeId node, BarrierPlan &barrier, const std::vector<bool> &handoffs);
  bool placeDrains();

  void collect(std::vector<Want> &out, HandoffId h);
  void collectExisting(std::vector<Want> &out);
  void collectRing(std::vector<Want> &out, NodeId node, NodeId counting, unsigned level);
  void addWant(std::vector<Want> &out, Pipe from, Pipe to, NodeId waitAt, NodeId setAt,
               unsigned level, int64_t distance);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTIDS_H
