//===- InsertSearch.cpp - The best plan of a small program -----------------===//

#include "InsertSearch.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Search::Search(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
               const InsertOptions &options, InsertStats &stats,
               llvm::function_ref<bool()> settles)
    : tree(tree), demands(demands), plan(plan), sweep(sweep), options(options), stats(stats),
      settles(settles) {}

//===----------------------------------------------------------------------===//
// Items and runs
//===----------------------------------------------------------------------===//

static constexpr size_t mostAccesses = 24, mostItems = 4000, mostSteps = 1500;

bool Search::isSmall() const {
  size_t accesses = 0;
  for (NodeId node : tree.order)
    accesses += tree.program[node].kind == NodeKind::Access;
  return accesses <= mostAccesses;
}

void Search::addItems(ListId id) {
  const List &list = tree.lists[id];
  std::vector<llvm::SmallVector<Pipe, 3>> pipes(list.items.size());
  auto collect = [&](auto &self, NodeId node, llvm::SmallVector<Pipe, 3> &into) -> void {
    const Node &n = tree.program[node];
    if ((n.kind == NodeKind::Access || n.kind == NodeKind::Publish) &&
        !llvm::is_contained(into, pipeOf(n)))
      into.push_back(pipeOf(n));
    for (ListId arm : tree.places[node].arms)
      if (!tree.lists[arm].dead)
        for (NodeId inner : tree.lists[arm].items)
          self(self, inner, into);
  };
  for (auto [node, into] : llvm::zip(list.items, pipes))
    collect(collect, node, into);
  auto add = [&](Pipe from, Pipe to, uint32_t producer, uint32_t consumer, int64_t delay) {
    items.push_back({from, to, {id, producer, consumer}, delay});
    if (tree.program[list.items[producer]].kind != NodeKind::Loop || from == to)
      return;
    items.push_back(items.back());
    items.back().late = true;
  };
  for (uint32_t j = 0; j < list.items.size(); ++j)
    for (Pipe to : pipes[j]) {
      if (barrierIsLegal(to, tree.program.arch))
        add(to, to, j, j, 0);
      for (uint32_t i = 0; i < list.items.size(); ++i)
        for (Pipe from : pipes[i])
          for (int64_t delay = i < j ? 0 : 1; delay <= (list.isBody ? options.maxDelay : 0);
               ++delay)
            if (from != to)
              add(from, to, i, j, delay);
    }
}

void Search::makeItems() {
  for (ListId list = 0; list < tree.lists.size() && items.size() < mostItems; ++list)
    if (!tree.lists[list].frozen)
      addItems(list);
  // The plan can hold what is not among them: full barriers, merged handoffs.
  auto addUnknown = [&](Item item) {
    if (!find(item))
      items.push_back(item);
  };
  for (const Handoff &h : plan.handoffs)
    if (h.alive)
      addUnknown({h.from, h.to, h.span, h.delay, h.late});
  for (NodeId node : tree.order)
    for (const BarrierPlan &barrier : plan.points[node].barriers) {
      const Place &place = tree.places[node];
      addUnknown({barrier.pipe, barrier.pipe, {place.list, place.index, place.index}, 0});
    }
}

std::optional<ItemId> Search::find(const Item &item) const {
  bool isLoop =
      tree.program[tree.lists[item.span.list].items[item.span.producer]].kind == NodeKind::Loop;
  for (ItemId id = 0; id < items.size(); ++id) {
    Item same = item;
    same.late &= isLoop;
    if (items[id].sameAs(same))
      return id;
  }
  return std::nullopt;
}

bool Search::makeTrials() {
  auto add = [&](std::vector<Trial> &into, const RunPlan &plan) {
    std::optional<Run> run = makeRun(tree, demands, plan, mostSteps);
    if (run)
      into.emplace_back(tree, items, std::move(*run));
    return run.has_value();
  };
  for (const RunPlan &plan : measuredRuns(tree))
    if (!add(measured, plan))
      return false;
  bool branches = measured.size() > 1, loops = false;
  for (NodeId node : tree.order)
    loops |= tree.program[node].kind == NodeKind::Loop;
  for (int64_t trip : {4, 1, 2, 0, 3})
    for (unsigned arm : {0u, 99u})
      if ((loops || trip == 4) && (branches || arm == 0))
        add(trials, {trip, arm, 1});
  if (loops || branches)
    for (uint64_t seed = 1; seed <= (branches ? 12u : 6u); ++seed)
      add(trials, {std::nullopt, std::nullopt, seed});
  for (ItemId id = 0; id < items.size(); ++id)
    for (Trial &trial : measured)
      items[id].weight += trial.executed(id);
  for (size_t i = 0; i < trials.size(); ++i)
    order.push_back(i);
  return !trials.empty();
}

/// The plan as it is becomes the first best selection.
bool Search::takePlan() {
  for (const Handoff &h : plan.handoffs)
    if (h.alive) {
      std::optional<ItemId> id = find({h.from, h.to, h.span, h.delay, h.late});
      if (!id || h.primeAfter != none)
        return false;
      if (!llvm::is_contained(best, *id))
        best.push_back(*id);
    }
  for (NodeId node : tree.order)
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

uint64_t Search::timeNow() {
  uint64_t sum = 0;
  for (Trial &trial : measured) {
    sum += trial.time(*now, cycles);
    work += trial.steps();
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Clauses
//===----------------------------------------------------------------------===//

std::optional<std::pair<size_t, Miss>> Search::missNow() {
  for (size_t &first : order) {
    work += trials[first].steps();
    if (std::optional<Miss> miss = trials[first].firstMiss(*now)) {
      std::swap(first, order.front()); // what failed last fails soonest
      return std::pair(order.front(), *miss);
    }
  }
  return std::nullopt;
}

bool Search::isActive(const Clause &clause) const {
  return !clause.any.anyCommon(now->all()) && (!clause.condition || now->has(*clause.condition));
}

const Search::Clause *Search::open(const llvm::BitVector &allowed, uint64_t &atLeast,
                                   bool &dead) const {
  llvm::SmallVector<std::tuple<unsigned, size_t>, 32> active; // items left, clause
  for (size_t i = 0; i < clauses.size(); ++i)
    if (isActive(clauses[i])) {
      llvm::BitVector left = clauses[i].any;
      left &= allowed;
      unsigned count = left.count();
      if (count == 0) {
        dead = true;
        return nullptr;
      }
      active.push_back({count, i});
    }
  if (active.empty())
    return nullptr;
  llvm::sort(active);
  // Clauses that share no item are paid for one by one.
  llvm::BitVector used(items.size());
  for (auto [count, i] : active) {
    llvm::BitVector left = clauses[i].any;
    left &= allowed;
    if (left.anyCommon(used))
      continue;
    used |= left;
    uint64_t least = ~uint64_t(0);
    for (unsigned id : left.set_bits())
      least = std::min(least, items[id].weight);
    atLeast += least;
  }
  return &clauses[std::get<1>(active.front())];
}

//===----------------------------------------------------------------------===//
// Branch and bound
//===----------------------------------------------------------------------===//

void Search::explore(uint64_t count, llvm::BitVector allowed) {
  for (;;) {
    if (spent() || stop)
      return;
    work += 1 + clauses.size() / 8;
    uint64_t atLeast = count;
    bool dead = false;
    const Clause *clause = open(allowed, atLeast, dead);
    if (dead || (!firstOnly && atLeast >= bestPrice.count))
      return;
    if (clause)
      return branch(*clause, count, allowed);
    auto miss = missNow();
    if (!miss)
      return leaf(count);
    Trial &trial = trials[miss->first];
    Clause next{trial.cut(*now, miss->second), std::nullopt};
    work += trial.steps() * 4 + items.size() / 4;
    if (miss->second.isReuse)
      next.condition = miss->second.condition;
    clauses.push_back(std::move(next));
  }
}

void Search::branch(const Clause &clause, uint64_t count, llvm::BitVector &allowed) {
  llvm::BitVector left = clause.any;
  left &= allowed;
  struct Choice {
    uint64_t time, weight;
    unsigned hits;
    ItemId id;
  };
  std::vector<Choice> choices;
  for (unsigned id : left.set_bits()) {
    now->add(id);
    uint64_t time = options.objective == Objective::Time ? timeNow() : 0;
    now->remove(id);
    if (time > timeLimit)
      continue;
    unsigned hits = 0;
    for (const Clause &other : clauses)
      hits += other.any[id] && isActive(other);
    choices.push_back({time, items[id].weight, hits, ItemId(id)});
  }
  llvm::sort(choices, [&](const Choice &a, const Choice &b) {
    auto rank = [&](const Choice &c) {
      uint64_t each = 1024 * c.weight / std::max(1u, c.hits);
      return std::tuple(firstOnly ? c.time : 0, each, c.time, c.id);
    };
    return rank(a) < rank(b);
  });
  for (const Choice &choice : choices) {
    if (spent() || stop)
      return;
    now->add(choice.id);
    explore(count + choice.weight, allowed);
    now->remove(choice.id);
    allowed.reset(choice.id); // with it everything was tried
  }
}

void Search::leaf(uint64_t count) {
  Price price{timeNow(), count};
  if (options.objective == Objective::Count)
    price.time = 0;
  std::vector<ItemId> selection;
  for (unsigned id : now->all().set_bits())
    selection.push_back(id);
  State before = save();
  if (!accepts(selection)) {
    restore(before);
    ++refused;
    return;
  }
  restore(before);
  best = selection;
  bestPrice = price;
  stop |= firstOnly;
}

void Search::improve(Price limit, bool first, uint64_t budget) {
  timeLimit = limit.time;
  firstOnly = first;
  stop = false;
  end = work + budget;
  explore(0, llvm::BitVector(items.size(), true));
  wasCut = spent();
}

/// Of equal price is what sets earlier and waits later: how long accesses really take, the model
/// does not know so well.
void Search::loosen() {
  std::vector<ItemId> tight = best;
  for (ItemId id : best)
    now->add(id);
  uint64_t time = timeNow();
  for (ItemId &id : best) {
    const Item &item = items[id];
    if (item.isBarrier())
      continue;
    auto slack = [&](const Item &i) {
      return int64_t(i.span.consumer) - i.span.producer + i.delay * int64_t(1 << 20);
    };
    std::vector<ItemId> others;
    for (ItemId other = 0; other < items.size(); ++other) {
      const Item &o = items[other];
      if (o.from == item.from && o.to == item.to && o.span.list == item.span.list &&
          o.delay == item.delay && o.weight <= item.weight && o.late <= item.late &&
          o.span.producer <= item.span.producer && o.span.consumer >= item.span.consumer &&
          !now->has(other) && slack(o) + item.late - o.late > slack(item))
        others.push_back(other);
    }
    llvm::sort(others, [&](ItemId a, ItemId b) {
      return std::pair(-slack(items[a]), a) < std::pair(-slack(items[b]), b);
    });
    now->remove(id);
    ItemId tightest = id;
    for (ItemId other : others) {
      now->add(other);
      if (timeNow() <= time && missesNothing()) {
        id = other;
        break;
      }
      now->remove(other);
    }
    if (id == tightest)
      now->add(id);
  }
  State before = save();
  if (!accepts(best))
    best = std::move(tight);
  restore(before);
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

void Search::restore(const State &state) {
  plan.handoffs = state.handoffs;
  plan.points = state.points;
  plan.byList = state.byList;
  stats = state.stats;
  for (std::vector<HandoffId> &carried : plan.carried)
    carried.clear();
  plan.attachAll();
}

void Search::write(llvm::ArrayRef<ItemId> selection) {
  plan.handoffs.clear();
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
    plan.add(std::move(handoff));
  }
}

bool Search::accepts(llvm::ArrayRef<ItemId> selection) {
  uint64_t visits = sweep.visits;
  write(selection);
  bool ok = settles();
  for (const Handoff &h : plan.handoffs)
    ok &= h.alive;
  work += (sweep.visits - visits) * 16;
  return ok;
}

bool Search::run() {
  if (!isSmall())
    return false;
  constexpr uint64_t unknownCycles = 64, scalarCycles = 2;
  cycles.assign(tree.program.nodes.size(), 0);
  for (NodeId node : tree.order)
    if (const Node &n = tree.program[node]; n.kind == NodeKind::Access)
      cycles[node] = options.cyclesOf      ? options.cyclesOf(node)
                     : n.pipe == Pipe::S ? scalarCycles
                                         : unknownCycles;
  makeItems();
  if (items.size() >= mostItems || !makeTrials())
    return false;
  now.emplace(tree, items);
  if (!takePlan())
    return false;
  Price start = bestPrice;
  State before = save();
  if (options.objective == Objective::Time) {
    bool progress = true;
    while (progress && bestPrice.time) {
      uint64_t old = bestPrice.time;
      improve({old - 1, 0}, true, options.searchSteps / 4);
      progress = bestPrice.time < old;
    }
    improve({bestPrice.time, 0}, false, options.searchSteps);
  } else {
    bestPrice.time = 0;
    start.time = 0;
    improve({~uint64_t(0), 0}, false, options.searchSteps);
  }
  auto report = [&] {
    stats.searched = wasCut ? InsertStats::CutShort : InsertStats::Complete;
    stats.refused = refused;
  };
  if (bestPrice < start) {
    loosen();
    if (accepts(best)) {
      report();
      return true;
    }
    restore(before);
    settles();
  }
  report();
  return false;
}
