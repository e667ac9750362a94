//===- InsertSearchLearn.cpp - What only the sweep misses ------------------===//
//
// The runs of the search are few, the sweep stands for all: what it refuses becomes a clause, too.
//
//===----------------------------------------------------------------------===//

#include "InsertSearch.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Can anything that is inserted serve the demand?
bool Search::isOurs(const Demand &demand) const {
  int64_t distance = -(demand.need >> 46);
  NodeId loop = distance ? tree.listOf(demand.later).loops[demand.level - 1] : none;
  return !demand.fence && tree.spanOf(tree.nodeAt(demand.need), demand.later, loop).has_value();
}

/// The demand that the sweep misses with these items; none when it misses nothing.
std::optional<uint32_t> Search::missedBySweep(llvm::ArrayRef<ItemId> selection,
                                              std::optional<uint32_t> which) {
  uint64_t visits = sweep.visits;
  write(selection);
  plan.attachAll();
  sweep.run(0, false);
  work += (sweep.visits - visits) * (32 + selection.size() / 4);
  std::vector<uint32_t> failures = sweep.failures(0);
  if (which)
    return llvm::is_contained(failures, *which) ? which : std::nullopt;
  llvm::erase_if(failures, [&](uint32_t i) { return !isOurs(demands.all[i]); });
  if (failures.empty())
    return std::nullopt;
  return *llvm::min_element(failures);
}

/// The same for C3.
std::optional<Search::LateSet> Search::lateBySweep(llvm::ArrayRef<ItemId> selection,
                                                   std::optional<LateSet> which) {
  uint64_t visits = sweep.visits;
  write(selection);
  std::optional<LateSet> first;
  for (const Want &want : credits())
    for (const Reason &reason : want.reasons) {
      LateSet late(want.from, want.to, reason.earlier, reason.later, reason.distance);
      if (which ? late == *which : !first || late < *first)
        first = late;
    }
  work += (sweep.visits - visits) * (32 + selection.size() / 4);
  return first;
}

/// Does `a` tell whatever `b` tells, as early?
static bool tellsAll(const Item &a, const Item &b) {
  if (a.from != b.from || a.to != b.to || a.span.list != b.span.list)
    return false;
  if (a.isBarrier())
    return a.span.consumer == b.span.consumer;
  return a.delay <= b.delay && !a.delay == !b.delay && a.span.producer >= b.span.producer &&
         a.span.consumer <= b.span.consumer && a.late >= b.late &&
         (a.primeAfter == none || a.primeAfter == b.primeAfter);
}

/// By item one that tells all that it tells, and that nothing else exceeds.
std::vector<ItemId> Search::superiors() const {
  std::vector<ItemId> result(items.size());
  for (ItemId id = 0; id < items.size(); ++id) {
    result[id] = id;
    for (ItemId other = 0; other < items.size(); ++other)
      if (other != result[id] && tellsAll(items[other], items[result[id]]))
        result[id] = other;
  }
  return result;
}

/// The items of which one is needed, with those selected, to bring what is missing: what does not,
/// neither alone nor in halves, is let in, and the rest are they. `untried` are taken to be so.
llvm::BitVector Search::whatBrings(llvm::ArrayRef<ItemId> selection, llvm::BitVector untried,
                                   llvm::function_ref<bool(llvm::ArrayRef<ItemId>)> isMissed) {
  std::vector<ItemId> grown = selection.vec(), others, best = superiors();
  llvm::BitVector result(items.size());
  auto grow = [&](auto &self, llvm::ArrayRef<ItemId> more) -> void {
    size_t size = grown.size();
    grown.insert(grown.end(), more.begin(), more.end());
    if (isMissed(grown))
      return;
    grown.resize(size);
    if (more.size() == 1) {
      result.set(more[0]);
      return;
    }
    self(self, more.take_front(more.size() / 2));
    self(self, more.drop_front(more.size() / 2));
  };
  for (ItemId id = 0; id < items.size(); ++id)
    if (best[id] == id && !now->has(id) && !untried[id] && items[id].from != Pipe::ALL)
      others.push_back(id);
  if (!others.empty())
    grow(grow, others);
  // What tells less than one of them was not tried.
  for (ItemId id = 0; id < items.size(); ++id)
    if (result[best[id]] && !now->has(id))
      untried.set(id);
  return untried;
}

/// A clause from what only the sweep misses. False when it is neither an order nor C3.
bool Search::learn(llvm::ArrayRef<ItemId> selection) {
  constexpr unsigned mostLearned = 24;
  if (learned >= mostLearned)
    return false;
  llvm::BitVector empty(items.size());
  Clause clause{empty, empty};
  if (std::optional<uint32_t> miss = missedBySweep(selection, std::nullopt)) {
    clause.any = whatBrings(selection, empty, [&](llvm::ArrayRef<ItemId> more) {
      return missedBySweep(more, miss).has_value();
    });
  } else if (!learnsIds) {
    return false;
  } else if (std::optional<LateSet> late = lateBySweep(selection, std::nullopt)) {
    clause.isAboutIds = true;
    // Which id comes back where depends on all handoffs of the pair.
    llvm::BitVector others = empty;
    for (ItemId id = 0; id < items.size(); ++id)
      if (items[id].from == std::get<1>(*late) && items[id].to == std::get<0>(*late))
        (now->has(id) ? clause.given : others).set(id);
    clause.any = whatBrings(selection, others, [&](llvm::ArrayRef<ItemId> more) {
      return lateBySweep(more, late).has_value();
    });
  } else {
    return false;
  }
  ++learned;
  clauses.push_back(std::move(clause));
  return true;
}
