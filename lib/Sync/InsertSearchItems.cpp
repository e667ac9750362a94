//===- InsertSearchItems.cpp - Items of the search, plans and runs ---------===//

#include "InsertMarks.h"
#include "InsertSearch.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

//===----------------------------------------------------------------------===//
// Items and runs
//===----------------------------------------------------------------------===//

static constexpr size_t mostAccesses = 24, mostItems = 4000;

bool Search::isSmall() const {
  size_t accesses = 0;
  for (NodeId node : tree.order)
    accesses += tree.program[node].kind == NodeKind::Access;
  return accesses <= mostAccesses;
}

/// Items before the loop behind which its primes can stand to some effect: those that hold the
/// pipe. Behind the last of them it may still wait before the loop.
llvm::SmallVector<uint32_t, 4> Search::primePlaces(ListId body, Pipe pipe) const {
  constexpr size_t most = 3;
  const Place &loop = tree.places[tree.lists[body].owner];
  const List &around = tree.lists[loop.list];
  llvm::SmallVector<uint32_t, 4> places;
  for (uint32_t i = loop.index; i-- > 0 && places.size() < most;) {
    if (i == around.leave)
      break; // the loop around can end between them
    llvm::SmallVector<Pipe, 3> pipes;
    collectPipes(around.items[i], pipes);
    if (llvm::is_contained(pipes, pipe))
      places.push_back(i);
  }
  return places;
}

/// The pipes of the accesses in the item; at a mark (none) all may wait and set.
void Search::collectPipes(NodeId node, llvm::SmallVector<Pipe, 3> &into) const {
  if (node == none) {
    for (NodeId item : tree.lists[0].items)
      collectPipes(item, into);
    return;
  }
  const Node &n = tree.program[node];
  if ((n.kind == NodeKind::Access || n.kind == NodeKind::Publish) &&
      !llvm::is_contained(into, pipeOf(n)))
    into.push_back(pipeOf(n));
  for (ListId arm : tree.places[node].arms)
    if (!tree.lists[arm].dead)
      for (NodeId inner : tree.lists[arm].items)
        collectPipes(inner, into);
}

void Search::addItems(ListId id) {
  const List &list = tree.lists[id];
  // A loop that runs once carries nothing, but primes may let in what waits later.
  bool isOnce = list.isBody && tree.program[list.owner].trip == 1;
  int64_t mostDelay = !list.isBody ? 0 : isOnce ? 1 : options.maxDelay;
  std::vector<llvm::SmallVector<Pipe, 3>> pipes(list.items.size());
  auto isMarkAt = [&](uint32_t index) { return isMark(tree.program[list.items[index]]); };
  for (uint32_t index = 0; index < list.items.size(); ++index)
    collectPipes(isMarkAt(index) ? none : list.items[index], pipes[index]);
  auto add = [&](Pipe from, Pipe to, uint32_t producer, uint32_t consumer, int64_t delay) {
    bool isLoop = from != to && tree.program[list.items[producer]].kind == NodeKind::Loop;
    for (bool late : {false, true}) {
      if (late && !isLoop)
        break;
      items.push_back({from, to, {id, producer, consumer}, delay, late});
      if (delay)
        for (uint32_t prime : primePlaces(id, from)) {
          items.push_back({from, to, {id, producer, consumer}, delay, late});
          items.back().primeAfter = prime;
        }
    }
  };
  for (uint32_t j = 0; j < list.items.size(); ++j)
    for (Pipe to : pipes[j]) {
      if (barrierIsLegal(to, tree.program.arch) && !isMarkAt(j))
        add(to, to, j, j, 0);
      for (uint32_t i = 0; i < list.items.size(); ++i)
        for (Pipe from : pipes[i])
          for (int64_t delay = i < j ? 0 : 1; delay <= mostDelay; ++delay)
            if (demands.mayHandOff(from, to) && !(isMarkAt(i) && isMarkAt(j)))
              add(from, to, i, j, delay);
    }
}

/// False when there are too many.
bool Search::makeItems() {
  for (ListId list = 0; list < tree.lists.size() && items.size() < mostItems; ++list)
    if (!tree.lists[list].frozen)
      addItems(list);
  // The plan can hold what is not among them: full barriers, merged handoffs.
  auto addUnknown = [&](const Item &item) {
    if (!find(item))
      items.push_back(item);
  };
  for (const Handoff &h : plan.handoffs)
    if (h.alive)
      addUnknown(itemOf(h));
  for (NodeId node : tree.order)
    for (const BarrierPlan &barrier : plan.points[node].barriers) {
      const Place &place = tree.places[node];
      addUnknown({barrier.pipe, barrier.pipe, {place.list, place.index, place.index}, 0});
    }
  return items.size() < mostItems;
}

/// Does `a` tell whatever `b` tells, as early, for no more instructions?
static bool isStronger(const Item &a, const Item &b) {
  return a.weight <= b.weight && a.delay <= b.delay && !a.delay == !b.delay &&
         a.span.producer >= b.span.producer && a.span.consumer <= b.span.consumer &&
         a.late >= b.late && a.primeAfter == none;
}

/// All items; where time is no matter, those of which none is stronger.
llvm::BitVector Search::worthTrying() const {
  llvm::BitVector result(items.size(), true);
  if (options.objective == Objective::Time)
    return result;
  std::map<std::tuple<ListId, Pipe, Pipe>, std::vector<ItemId>> alike;
  for (ItemId id = 0; id < items.size(); ++id)
    if (!items[id].isBarrier())
      alike[{items[id].span.list, items[id].from, items[id].to}].push_back(id);
  for (const auto &[key, group] : alike)
    for (ItemId weak : group)
      for (ItemId strong : group)
        if (result[strong] && strong != weak && isStronger(items[strong], items[weak])) {
          result.reset(weak);
          break;
        }
  return result;
}

Item Search::itemOf(const Handoff &h) const {
  bool isLoop = tree.program[plan.producerOf(h)].kind == NodeKind::Loop;
  return {h.from, h.to, h.span, h.delay, h.late && isLoop, h.primeAfter};
}

std::optional<ItemId> Search::find(const Item &item) const {
  for (ItemId id = 0; id < items.size(); ++id)
    if (items[id].sameAs(item))
      return id;
  return std::nullopt;
}

bool Search::makeTrials() {
  auto add = [&](std::vector<Trial> &into, const RunPlan &plan) {
    std::optional<Run> run = makeRun(tree, demands, plan, longestRun);
    if (run)
      into.emplace_back(tree, items, std::move(*run), options.strongFlags);
    return run.has_value();
  };
  for (const RunPlan &plan : measuredRuns(tree))
    if (!add(measured, plan))
      return false;
  bool branches = measured.size() > 1, loops = false;
  for (NodeId node : tree.order)
    loops |= tree.program[node].kind == NodeKind::Loop;
  constexpr int64_t untilIdsReturn = 8; // turns
  for (int64_t trip : {modelTrip, int64_t(1), int64_t(2), int64_t(0), int64_t(3), untilIdsReturn})
    for (unsigned arm : {0u, 99u})
      if ((loops || trip == modelTrip) && (branches || arm == 0))
        add(trials, {trip, arm, 1});
  if (loops && branches)
    for (uint64_t seed = 1; seed <= 3; ++seed)
      add(trials, {untilIdsReturn, std::nullopt, seed});
  if (loops || branches)
    while (lastSeed < (branches ? 12 : 6))
      add(trials, {std::nullopt, std::nullopt, ++lastSeed});
  for (ItemId id = 0; id < items.size(); ++id) {
    for (Trial &trial : measured)
      items[id].weight += trial.executed(id);
    items[id].weight = items[id].weight * mostItems + 1;
  }
  for (size_t i = 0; i < trials.size(); ++i)
    order.push_back(i);
  return !trials.empty();
}

/// The plan as it is becomes the first best selection.
bool Search::takePlan() {
  for (const Handoff &h : plan.handoffs)
    if (h.alive) {
      std::optional<ItemId> id = find(itemOf(h));
      if (!id)
        return false;
      if (!llvm::is_contained(best, *id))
        best.push_back(*id);
    }
  for (NodeId node = 0; node < plan.points.size(); ++node)
    for (const BarrierPlan &barrier : plan.points[node].barriers) {
      const Place &place = tree.places[node];
      best.push_back(
          *find({barrier.pipe, barrier.pipe, {place.list, place.index, place.index}, 0}));
    }
  for (ItemId id : best) {
    now->add(id);
    bestPrice.count += items[id].weight;
  }
  bestPrice.time = timeNow();
  for (ItemId id : best)
    now->remove(id);
  return true;
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

void Search::restore(Plan::Saved state) {
  plan.restore(std::move(state), stats);
  sweep.renumber();
  for (std::vector<HandoffId> &carried : plan.carried)
    carried.clear();
  plan.attachAll();
}

void Search::write(llvm::ArrayRef<ItemId> selection) {
  plan.handoffs.clear();
  sweep.renumber();
  for (std::vector<HandoffId> &list : plan.byList)
    list.clear();
  for (Point &point : plan.points) {
    point.barriers.clear();
    point.waits.clear();
    point.sets.clear();
    point.primes.clear();
  }
  for (std::vector<HandoffId> &carried : plan.carried)
    carried.clear();
  for (ItemId id : selection) {
    const Item &item = items[id];
    if (item.isBarrier()) {
      plan.addBarrier(item.span.list, item.span.consumer, item.from, {});
      continue;
    }
    Handoff handoff;
    handoff.from = item.from;
    handoff.to = item.to;
    handoff.span = item.span;
    handoff.distance = handoff.delay = item.delay;
    handoff.late = item.late;
    handoff.primeAfter = item.primeAfter;
    plan.add(std::move(handoff));
  }
}

bool Search::accepts(llvm::ArrayRef<ItemId> selection) {
  uint64_t visits = sweep.visits;
  write(selection);
  bool ok = settles();
  for (const Handoff &h : plan.handoffs)
    ok &= h.alive;
  work += (sweep.visits - visits) * 32;
  return ok;
}
