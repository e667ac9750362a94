//===- InsertTrial.h - A selection of items, tried on runs --------*- C++ -*-===//
//
// Which orders of a run does a selection of handoffs and barriers miss, what could bring one of
// them, and how long does the run take. Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTTRIAL_H
#define PTOAS_LIB_SYNC_INSERTTRIAL_H

#include "InsertPlan.h"
#include "InsertRuns.h"
#include "llvm/ADT/BitVector.h"

namespace pto::sync::inserter {

using ItemId = uint16_t;

/// A handoff, or with `from` = `to` a barrier before item `consumer`.
struct Item {
  Pipe from, to;
  Span span;
  int64_t delay = 0;
  bool late = false;          ///< the set stands behind the drains of its producer, a loop
  uint32_t primeAfter = none; ///< as in Handoff
  /// Instructions of it that run on the measured runs, and last, itself: of plans that run as many
  /// the one of fewer items is shorter.
  uint64_t weight = 0;

  bool isBarrier() const { return from == to; }
  bool sameAs(const Item &o) const {
    return from == o.from && to == o.to && span.list == o.span.list &&
           (isBarrier() || span.producer == o.span.producer) && span.consumer == o.span.consumer &&
           delay == o.delay && late == o.late && primeAfter == o.primeAfter;
  }
};

/// The items of a selection by place. Items are kept in the order in which the plan runs them.
class Selection {
public:
  Selection(const Tree &tree, const std::vector<Item> &items)
      : tree(tree), items(items), points(tree.places.size()), chosen(items.size()),
        numbers(items.size()) {}

  struct At {
    llvm::SmallVector<ItemId, 4> waits, barriers, early, sets, carried, primes;
  };
  void add(ItemId item);
  void remove(ItemId item);
  bool has(ItemId item) const { return chosen[item]; }
  const llvm::BitVector &all() const { return chosen; }
  const At &at(NodeId node) const { return points[node]; }
  /// Chosen items have small numbers, each its own, below `numbersEnd`.
  uint32_t numberOf(ItemId item) const { return numbers[item]; }
  uint32_t numbersEnd() const { return nextNumber; }

private:
  const Tree &tree;
  const std::vector<Item> &items;
  std::vector<At> points; ///< by node
  llvm::BitVector chosen;
  std::vector<uint32_t> numbers; ///< by item
  llvm::SmallVector<uint32_t, 16> freeNumbers;
  uint32_t nextNumber = 0;
  template <typename Visit> void forEachPlace(ItemId item, Visit visit);
};

/// A moment of a run: four per step.
using Moment = int32_t;

/// An order that is missing: what `from` did before `source` is not known on `to` at `target`.
struct Miss {
  Pipe from, to;
  Moment source, target;
  bool isReuse = false; ///< C3: the wait of a token before its id is set again
  ItemId condition = 0; ///< with isReuse: the item that sets
};

class Trial {
public:
  /// With `strongFlags` an id may only be set again when its last wait is known to be over (C3).
  Trial(const Tree &tree, const std::vector<Item> &items, Run run, bool strongFlags);

  /// The first order that is missing.
  std::optional<Miss> firstMiss(const Selection &selection);
  /// The items of which one is needed, with what `selection` has, to bring the order that it
  /// misses.
  llvm::BitVector cut(const Selection &selection, const Miss &miss);
  /// Cycles (sync 13.6), the sum over all balances; when it is above `limit`, some number above it.
  /// What an access needs complete it waits for in any case: of a selection that misses some order
  /// it is no more than what any right one takes that contains it. `cycles`: of each access.
  /// `holding`: items that hold back something are added.
  uint64_t time(const Selection &selection, llvm::ArrayRef<Balanced> cycles, uint64_t limit,
                llvm::BitVector *holding = nullptr) const;
  /// Whatever `b` holds back, `a` does: pipes work in order, so that with it `b` costs no time.
  bool holdsBackNoLess(ItemId a, ItemId b);
  /// Instructions of the item that run.
  uint64_t executed(ItemId item);

  uint64_t steps() const { return run.steps.size(); }

private:
  struct Pair {
    Moment set, wait;
  };
  struct Edge { ///< a token of the selection, or a barrier
    Pipe from, to;
    Moment set, wait;
  };
  struct Clock {
    std::array<int16_t, 16> at{}; ///< accesses complete, by pipe; from 8 on waits over
  };
  struct Token {
    Clock clock;
    Moment set = 0;
    uint32_t slot = 0;
  };
  class Walk;
  friend class Walk;

  const Tree &tree;
  const std::vector<Item> &items;
  Run run;
  bool strongFlags;
  std::vector<std::vector<Pair>> pairs; ///< by item
  std::vector<Edge> edges;              ///< of the last walk

  const std::vector<Pair> &pairsOf(ItemId item);
  using Knows = std::array<Moment, numPipes>;
  void propagate(const Miss &miss, Knows &knows) const;
  bool crosses(const Item &item, llvm::ArrayRef<Pair> pairs, const Miss &miss, const Knows &knows,
               const Knows *latest) const;
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTTRIAL_H
