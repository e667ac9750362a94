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
  work += (sweep.visits - visits) * (16 + selection.size() / 8);
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
  std::optional<std::vector<Want>> wants = credits();
  for (const Want &want : wants ? *wants : std::vector<Want>())
    for (const Reason &reason : want.reasons) {
      LateSet late(want.from, want.to, reason.earlier, reason.later, reason.distance);
      if (which ? late == *which : !first || late < *first)
        first = late;
    }
  work += (sweep.visits - visits) * (16 + selection.size() / 8);
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
/// neither alone nor in halves, is let in, and the rest are they. `untried` are taken to be so;
/// `likely` come last, and are tried one by one.
llvm::BitVector Search::whatBrings(llvm::ArrayRef<ItemId> selection, llvm::BitVector untried,
                                   const llvm::BitVector &likely,
                                   llvm::function_ref<bool(llvm::ArrayRef<ItemId>)> isMissed) {
  if (superior.empty())
    superior = superiors();
  std::vector<ItemId> grown = selection.vec(), others, last;
  llvm::BitVector result(items.size());
  auto grow = [&](auto &self, llvm::ArrayRef<ItemId> more) -> void {
    if (more.empty())
      return;
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
    if (superior[id] == id && !now->has(id) && !untried[id] && items[id].from != Pipe::ALL)
      (likely[id] ? last : others).push_back(id);
  grow(grow, others);
  for (ItemId id : last)
    grow(grow, id);
  // What tells less than one of them was not tried.
  for (ItemId id = 0; id < items.size(); ++id)
    if (result[superior[id]] && !now->has(id))
      untried.set(id);
  return untried;
}

/// A run, of some drawn by lot, that misses an order, so that its clauses come cheap from now on.
/// Of fewer where none was found the last times.
bool Search::addMissingRun() {
  constexpr unsigned mostTries = 64;
  if (!lastSeed)
    return false;
  for (unsigned i = 0; i < mostTries >> std::min(runsInVain, 6u); ++i) {
    std::optional<Run> run =
        makeRun(tree, demands, {std::nullopt, std::nullopt, ++lastSeed}, longestRun);
    work += 4 * (run ? run->steps.size() : longestRun);
    if (!run)
      continue;
    Trial trial(tree, items, std::move(*run), options.strongFlags);
    if (!trial.firstMiss(*now))
      continue;
    trials.push_back(std::move(trial));
    order.insert(order.begin(), trials.size() - 1);
    runsInVain = 0;
    return true;
  }
  ++runsInVain;
  return false;
}

bool Search::hasIds(llvm::ArrayRef<ItemId> selection) {
  uint64_t visits = sweep.visits;
  write(selection);
  bool fits = credits().has_value();
  work += (sweep.visits - visits) * (16 + selection.size() / 8);
  return fits;
}

/// The handoffs of one pair for which there are not enough ids; no items when they suffice.
llvm::BitVector Search::shortOfIds(llvm::ArrayRef<ItemId> selection) {
  llvm::BitVector result(items.size());
  if (hasIds(selection))
    return result;
  llvm::SmallVector<std::pair<Pipe, Pipe>, 8> pairs;
  for (ItemId id : selection)
    if (!items[id].isBarrier() &&
        !llvm::is_contained(pairs, std::pair(items[id].from, items[id].to)))
      pairs.push_back({items[id].from, items[id].to});
  for (auto [from, to] : pairs) {
    std::vector<ItemId> others = selection.vec();
    llvm::erase_if(others, [&](ItemId id) { return items[id].from == from && items[id].to == to; });
    if (!hasIds(others))
      continue;
    for (ItemId id : selection)
      if (items[id].from == from && items[id].to == to)
        result.set(id);
    return result;
  }
  return result;
}

/// A clause from what only the sweep misses. False when it is neither an order nor C3.
bool Search::learn(llvm::ArrayRef<ItemId> selection) {
  llvm::BitVector empty(items.size());
  Clause clause{empty, empty};
  if (std::optional<uint32_t> miss = missedBySweep(selection, std::nullopt)) {
    llvm::BitVector &likely = broughtBefore.try_emplace(*miss, empty).first->second;
    clause.any = whatBrings(selection, empty, likely, [&](llvm::ArrayRef<ItemId> more) {
      return missedBySweep(more, miss).has_value();
    });
    likely |= clause.any;
  } else if (!learnsIds) {
    return false;
  } else if (std::optional<LateSet> late = lateBySweep(selection, std::nullopt)) {
    clause.isAboutIds = true;
    // Which id comes back where depends on all handoffs of the pair, but for one that comes to its
    // own.
    auto [to, from, wait, set, distance] = *late;
    llvm::BitVector others = empty;
    for (ItemId id = 0; id < items.size(); ++id)
      if (items[id].from == from && items[id].to == to)
        (now->has(id) ? clause.given : others).set(id);
    for (ItemId id : selection) {
      llvm::ArrayRef<NodeId> nodes = tree.lists[items[id].span.list].items;
      if (clause.given[id] && distance > 0 && nodes[items[id].span.consumer] == wait &&
          nodes[items[id].span.producer] == set) {
        clause.given.reset();
        clause.given.set(id);
        others.reset();
        break;
      }
    }
    llvm::BitVector &likely = toldBefore.try_emplace(*late, empty).first->second;
    clause.any = whatBrings(selection, others, likely, [&](llvm::ArrayRef<ItemId> more) {
      return lateBySweep(more, late).has_value();
    });
    likely |= clause.any;
  } else if (llvm::BitVector together = shortOfIds(selection); together.any()) {
    clause.isAboutIds = true;
    clause.given = together;
  } else {
    return false;
  }
  clauses.push_back(std::move(clause));
  return true;
}
