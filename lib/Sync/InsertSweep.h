//===- InsertSweep.h - The inserter's clock sweep -----------------*- C++ -*-===//
//
// Walks a program with the planned items in it and finds which demands hold, which waits tell
// nothing new and what each set knows about earlier waits. Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTSWEEP_H
#define PTOAS_LIB_SYNC_INSERTSWEEP_H

#include "InsertPlan.h"
#include "llvm/ADT/DenseMap.h"
#include <array>
#include <memory>

namespace pto::sync::inserter {

using Clock = std::vector<Position>;

/// What a set knows about the waits of the pipe that takes its token.
struct Knowledge {
  llvm::SmallVector<Position, 4> claims; ///< by (level, column of such waits)
  unsigned width = 0;                    ///< columns
  unsigned complete = 0;  ///< levels below this one: all that is before the loop that is open there
  NodeId outlined = none; ///< during a run: the loop in whose terms the first level is

  bool empty() const { return claims.empty(); }
  Position at(unsigned level, unsigned column) const { return claims[level * width + column]; }
  /// To what both say.
  void lower(const Knowledge &other);
  /// On the innermost level.
  Position last(unsigned column) const { return claims[claims.size() - width + column]; }
};

struct HandoffFacts {
  bool redundant = false; ///< the wait tells its pipe nothing about the pipe of the set
  // The rest only when waits are tracked.
  Position set = 0, wait = 0;    ///< places of the items in the list
  Position prime = 0, drain = 0; ///< of the first prime and the last drain, with a delay
  Knowledge atPrime, atSet;
  Knowledge atDrained; ///< in a loop that is walked turn by turn: of the sets that are drained

  const Knowledge &atLastSets() const { return atDrained.empty() ? atSet : atDrained; }
};

/// State at a place. `know` holds one claim per (open level, observer, column); an observer is a
/// pipe, or the outside world, which learns at fences. A column is accesses of a pipe or, when
/// tracked, its waits; in small programs each of them is alone (Columns). `top` is the latest item
/// of each column by level, on the paths so far.
///
/// Inside a loop that is being outlined there are two levels whatever its depth: the loop's own,
/// and one that stands for all around it, where a claim is a Mask.
struct SweepState {
  enum Presence : uint8_t { Absent, Pending, Empty };
  struct Slot {
    Presence presence = Absent;
    Clock snapshot; ///< by (level, column) when pending
  };
  /// A hand-written flag, or a ring of them that rotates with a loop: slots[c] is the token of id
  /// base + (counter + c) mod count.
  struct Token {
    Pipe from, to;
    int32_t base;
    NodeId loop;
    llvm::SmallVector<Slot, 1> slots;
  };
  Clock know, top;
  std::vector<Token> tokens;
};

/// A claim in terms of what was known when control came to a loop: the set of observers any of
/// which knew as much, or everything before the loop. The better of two is the union; both paths
/// know at least the intersection.
using Mask = Position;
inline constexpr Mask everything = -1;

class Sweep {
public:
  /// Results are kept between runs and overwritten for what a run visits.
  Sweep(const Tree &tree, const Demands &demands, Plan &plan);

  /// Walks one list as if everything before it were complete; a loop body with its loop.
  void run(ListId list, bool trackWaits);
  /// Handoffs get new numbers: nothing that is kept between runs is theirs.
  void renumber() {
    queues.clear();
    handoffs.clear();
  }
  /// The plan changed inside the list after the last run over it.
  void forget(ListId list);
  /// Demands (indices) that failed in the last run over the list; for the function those of all
  /// lists.
  std::vector<uint32_t> failures(ListId list) const;

  /// In Knowledge, of the waits on a handoff or of a Wait node; both as they were in the last run.
  unsigned offsetOf(HandoffId h) const {
    return waitColumn(h) - waitRanges[unsigned(plan.handoffs[h].to)].first;
  }
  unsigned offsetOfWait(NodeId wait) const {
    return waitColumnOf(wait) - waitRanges[unsigned(tree.program[wait].key.to)].first;
  }

  /// Else who knows of a wait knows of all earlier ones of its pipe.
  bool tellsWaitsApart() const { return demands.columns.areAlone(); }

  bool tracks(Pipe pipe) const { return indexOf(pipe) != none; }

  uint64_t visits = 0;                 ///< nodes walked by all runs
  std::vector<HandoffFacts> handoffs;  ///< by HandoffId
  std::vector<Knowledge> existingSets; ///< by NodeId: of the Set nodes that the program came with

private:
  using State = SweepState;

  const Tree &tree;
  const Demands &demands;
  Plan &plan;
  std::array<unsigned, numPipes> indices; ///< of the pipes that the program uses, else none
  unsigned accesses;                      ///< columns of them; those of waits come after
  unsigned pipes = 0;
  unsigned outside = 0; ///< observer: other cores
  /// Observers that nobody asks: in loops their claims would only age, a turn for every iteration.
  llvm::SmallVector<unsigned, 2> silent;
  unsigned observers = 0;
  unsigned columns = 0;
  unsigned base = 0; ///< level of the outermost claims that are kept
  llvm::SmallVector<NodeId, 4> open;
  bool outlining = false;                 ///< claims of level 0 are masks
  int64_t turn = 0;                       ///< of the loop that is being walked turn by turn
  std::vector<std::vector<Clock>> queues; ///< by handoff: its tokens on the way, oldest first
  std::vector<Clock> lastItems;           ///< by loop: last place per column inside

  unsigned level() const { return base + open.size(); }
  unsigned indexOf(Pipe pipe) const { return indices[unsigned(pipe)]; }
  bool tracksWaits() const { return columns > accesses; }
  Position placeOf(NodeId node) const { return tree.places[node].begin; }
  using Range = std::pair<unsigned, unsigned>; ///< of columns: first, one past the last
  std::array<Range, numPipes> waitRanges;
  std::vector<unsigned> waitColumns, existingWaits; ///< by HandoffId and NodeId, where alone
  bool layOutColumns(bool trackWaits);
  /// Of waits that drain for a barrier; where waits are not alone, of all.
  unsigned commonWaits(Pipe pipe) const { return waitRanges[unsigned(pipe)].first; }
  unsigned waitColumn(HandoffId h) const {
    return demands.columns.areAlone() ? waitColumns[h] : commonWaits(plan.handoffs[h].to);
  }
  unsigned waitColumnOf(NodeId wait) const {
    return demands.columns.areAlone() ? existingWaits[wait]
                                      : commonWaits(tree.program[wait].key.to);
  }
  bool isOf(unsigned column, Pipe pipe) const {
    auto isIn = [&](Range range) { return range.first <= column && column < range.second; };
    return isIn(demands.columns.of(pipe)) || (tracksWaits() && isIn(waitRanges[unsigned(pipe)]));
  }
  Position *row(State &s, unsigned observer) const { return s.know.data() + observer * columns; }
  Position *top(State &s) const { return s.top.data() + open.size() * columns; }

  void findLastItems(ListId list, Clock &last);
  void findLastWaits(NodeId node, Clock &last) const;
  void muteObservers(Clock &know) const;
  void walkList(ListId list, State &s);
  void walkNode(NodeId id, State &s);
  void walkBranch(NodeId id, State &s);
  void access(NodeId id, State &s);
  void publish(NodeId id, State &s);
  /// How many claims of the clock, the first ones, are masks.
  size_t maskEnd(const Clock &clock) const {
    return outlining ? clock.size() / (open.size() + 1) : 0;
  }
  void raise(Position *claims, const Position *others, size_t level) const;
  bool holds(uint32_t demand, unsigned observer, State &s);
  void barrier(Pipe pipe, State &s) const;
  void fence(State &s) const;
  void broadcast(State &s) const;

  Clock snapshot(Pipe from, State &s) const;
  void learn(Pipe to, unsigned column, const Clock *token, Position at, State &s) const;
  Knowledge knowledge(Pipe from, Pipe to, State &s) const;
  void note(Knowledge &facts, Knowledge known) const;
  void completeColumn(Position *claims, size_t stride, unsigned column, State &s) const;
  void completeColumns(Position *claims, size_t stride, Range range, State &s) const;
  void completeAccesses(Position *claims, size_t stride, Pipe pipe, State &s) const {
    completeColumns(claims, stride, demands.columns.of(pipe), s);
  }
  void waitFor(HandoffId id, State &s);
  void existingSet(NodeId id, State &s);
  void existingWait(NodeId id, State &s);

  // Loops and joins (InsertSweepLoops.cpp).
  struct Head {
    State state;
    std::vector<std::vector<Clock>> queues; ///< of the loop's carried handoffs
  };
  llvm::DenseMap<NodeId, Head> leaving; ///< by loop that ends inside: what held at its Leave
  template <typename Visit> void forEachClock(Head &head, Visit visit) const;
  std::vector<std::pair<uint64_t, Head>> settled; ///< by loop: the run and its head
  uint64_t runs = 0;

  // What a loop does to the claims around it, without walking it again (InsertSweepOutlines.cpp).
  /// Demands inside of a loop on the lists around it that hold if all before the loop is complete
  /// up to `need`, as far as one of the observers of `mask` knows.
  struct Outward {
    uint8_t level, column;
    bool isOwn; ///< from the walk over the loop, not from a loop inside it
    Mask mask;
    std::shared_ptr<std::vector<std::pair<Position, uint32_t>>>
        needs; ///< and demand; largest first
  };
  struct Outline {
    uint64_t epoch = 0; ///< in which it was made
    Head exit;          ///< two levels: masks, and claims of the loop
    std::vector<Outward> outward;
    std::vector<uint32_t> failures; ///< of demands between iterations, or inside of one
  };
  /// What was known when control came to a loop; for the knowledge of the sets in it.
  struct Arrival {
    uint64_t run = 0;
    NodeId outlined = none; ///< the loop in whose terms level 0 is
    Head head;
  };
  std::vector<uint8_t> closed; ///< by loop: can be outlined
  std::vector<Outline> outlines;
  std::vector<Arrival> arrivals;
  uint64_t epoch = 1;
  std::vector<uint32_t> failing;
  std::vector<Outward> outward;
  bool findClosed(ListId list);
  void askOutside(uint32_t demand, Mask mask);
  Mask firstToken(NodeId loop, size_t index, unsigned column) const;
  Mask primesBy(NodeId loop, unsigned observer, unsigned column) const;
  void makeOutline(NodeId loop);
  Position carry(Mask mask, unsigned column, size_t level, Position begin, const Head &entry) const;
  void judge(const std::vector<Outward> &asked, NodeId loop, const Head &entry);
  Head across(NodeId loop, const Head &entry);
  Head expand(NodeId loop) const;
  void expandKnowledge(Knowledge &known, Pipe to) const;
  void expandKnowledge();

  void resume(NodeId loop, Head &head) const;
  void walkLoop(NodeId id, State &s);
  void prime(HandoffId id, Position at, State &s);
  void setAfter(HandoffId id, Position at, State &s);
  void drain(NodeId loop, State &s);
  bool goesTurnByTurn(NodeId loop) const;
  Head turnByTurn(NodeId loop, Head head);
  Head fixpoint(NodeId loop, const Head &entry);
  void saveQueues(NodeId loop, Head &head) const;
  void loadQueues(NodeId loop, const Head &head);
  void enter(NodeId loop, Head &head) const;
  void nextIteration(NodeId loop, Head &head) const;
  void age(NodeId loop, Position *block) const;
  void leave(NodeId loop, Head &head, bool ran) const;
  void stopInside(NodeId loop, Position now, Head &head) const;
  void normalise(Head &head, Position now) const;
  void join(Head &head, const Head &other) const;
  /// Lowers `head` to what `next` allows; true when that changed nothing.
  bool lower(Head &head, const Head &next, bool giveUp) const;
  void startRotation(NodeId loop, State &s) const;

  // Hand-written tokens (InsertSweepTokens.cpp).
  State::Slot *slotOf(const FlagKey &key, State &s) const;
  static State::Slot &staticSlot(State &s, Pipe from, Pipe to, int32_t base);
  State::Slot meet(const State::Slot &a, const State::Slot &b) const;
  void lowerClock(Clock &clock, const Clock &limit) const;
  void dissolve(State &s, size_t ring) const;
  void joinTokens(State &s, State other) const;
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTSWEEP_H
