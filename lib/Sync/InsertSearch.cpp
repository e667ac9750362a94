//===- InsertSearch.cpp - The best plan of a small program -----------------===//

#include "InsertSearch.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Search::Search(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
               const InsertOptions &options, InsertStats &stats, llvm::function_ref<bool()> settles,
               llvm::function_ref<std::vector<Want>()> credits)
    : tree(tree), demands(demands), plan(plan), sweep(sweep), options(options), stats(stats),
      settles(settles), credits(credits) {}

/// More than `limit` is not told exactly.
uint64_t Search::timeNow(uint64_t limit) {
  uint64_t sum = 0;
  for (Trial &trial : measured) {
    work += trial.steps();
    sum += trial.time(*now, cycles, limit - sum);
    if (sum > limit)
      break;
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
  return !clause.any.anyCommon(now->all()) && !clause.given.test(now->all());
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
  bool isTimed = options.objective == Objective::Time && !firstOnly, isInTime = false;
  for (;;) {
    if (spent() || stop)
      return;
    work += 1 + clauses.size() / 8;
    uint64_t atLeast = count;
    bool dead = false;
    const Clause *clause = open(allowed, atLeast, dead);
    if (dead || (!firstOnly && atLeast >= bestPrice.count))
      return;
    if (isTimed && !std::exchange(isInTime, true) && timeNow(timeLimit) > timeLimit)
      return;
    if (clause)
      return branch(*clause, count, allowed);
    auto miss = missNow();
    if (!miss) {
      if (leaf(count))
        continue;
      return;
    }
    Trial &trial = trials[miss->first];
    Clause next{trial.cut(*now, miss->second), llvm::BitVector(items.size())};
    work += trial.steps() * 4 + items.size() / 4;
    if (miss->second.isReuse)
      next.given.set(miss->second.condition);
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
    // Who looks for the fastest has to know; others look when the choice is not too dear anyway.
    uint64_t time = 0;
    if (firstOnly) {
      now->add(id);
      time = timeNow(timeLimit);
      now->remove(id);
    }
    if (time > timeLimit) {
      allowed.reset(id); // more items never make it faster
      continue;
    }
    unsigned hits = 0;
    for (const Clause &other : clauses)
      hits += other.any[id] && isActive(other);
    choices.push_back({time, items[id].weight, hits, ItemId(id)});
  }
  llvm::sort(choices, [&](const Choice &a, const Choice &b) {
    auto rank = [&](const Choice &c) {
      uint64_t each = 1024 * c.weight / std::max(1u, c.hits);
      return std::tuple(c.time, each, c.id);
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

/// True when the search goes on from here, with a clause more.
bool Search::leaf(uint64_t count) {
  Price price{timeNow(), count};
  if (options.objective == Objective::Count)
    price.time = 0;
  std::vector<ItemId> selection;
  for (unsigned id : now->all().set_bits())
    selection.push_back(id);
  Plan::Saved before = plan.save(stats);
  bool isRight = accepts(selection);
  bool goesOn = !isRight && learn(selection);
  restore(std::move(before));
  if (!isRight) {
    ++refused;
    return goesOn;
  }
  best = selection;
  bestPrice = price;
  stop |= firstOnly;
  return false;
}

/// What comes next may take no more time than the best; with `first` less, and the first such ends
/// it.
void Search::setLimit(bool first) {
  bool isTimed = options.objective == Objective::Time;
  timeLimit = isTimed ? bestPrice.time - first : ~uint64_t(0);
  firstOnly = first;
  stop = false;
}

void Search::improve(bool first, uint64_t budget) {
  setLimit(first);
  end = work + budget;
  explore(0, worthTrying());
  wasCut |= spent() && !stop;
}

/// Looks for the best plan that is better than the one that is known.
void Search::improveAll(uint64_t budget) {
  if (options.objective == Objective::Time) {
    for (uint64_t old = bestPrice.time + 1; bestPrice.time && bestPrice.time < old;) {
      old = bestPrice.time;
      improve(true, budget / 4);
      if (spent() && !stop)
        improveParts(true, budget / 2);
    }
  }
  improve(false, budget / 2);
  if (spent())
    improveParts(false, budget / 2);
}

/// Where there is too much to choose: again and again some of the best selection stays, by chance,
/// and the rest is chosen anew.
void Search::improveParts(bool first, uint64_t budget) {
  constexpr uint64_t most = 40000; // steps for one part
  uint64_t until = work + budget;
  Lottery random{1};
  setLimit(first);
  while (work < until && !stop) {
    std::vector<ItemId> kept;
    uint64_t count = 0;
    unsigned share = 1 + random(7);
    for (ItemId id : best)
      if (random(8) < share) {
        kept.push_back(id);
        now->add(id);
        count += items[id].weight;
      }
    end = std::min(until, work + most);
    work += 16; // also where nothing can be chosen
    if (options.objective == Objective::Count || timeNow(timeLimit) <= timeLimit)
      explore(count, worthTrying());
    for (ItemId id : kept)
      now->remove(id);
  }
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
          o.delay == item.delay && o.primeAfter == item.primeAfter && o.weight <= item.weight &&
          o.late <= item.late && o.span.producer <= item.span.producer &&
          o.span.consumer >= item.span.consumer && !now->has(other) &&
          slack(o) + item.late - o.late > slack(item))
        others.push_back(other);
    }
    llvm::sort(others, [&](ItemId a, ItemId b) {
      return std::pair(-slack(items[a]), a) < std::pair(-slack(items[b]), b);
    });
    now->remove(id);
    ItemId tightest = id;
    for (ItemId other : others) {
      now->add(other);
      if (timeNow(time) <= time && missesNothing()) {
        id = other;
        break;
      }
      now->remove(other);
    }
    if (id == tightest)
      now->add(id);
  }
  Plan::Saved before = plan.save(stats);
  if (!accepts(best))
    best = std::move(tight);
  restore(std::move(before));
}

//===----------------------------------------------------------------------===//
// Whole search
//===----------------------------------------------------------------------===//

void Search::estimateCycles() {
  constexpr uint64_t unknownCycles = 64, scalarCycles = 2;
  cycles.resize(tree.program.nodes.size());
  for (NodeId node : tree.order) {
    const Node &n = tree.program[node];
    if (n.kind != NodeKind::Access)
      continue;
    uint64_t known = options.cyclesOf ? options.cyclesOf(node) : 0;
    uint64_t all = known ? known : n.pipe == Pipe::S ? scalarCycles : unknownCycles;
    bool moves = n.pipe == Pipe::MTE2 || n.pipe == Pipe::MTE3 || n.pipe == Pipe::FIX;
    cycles[node] = {all, moves ? all / 2 : all, moves ? all : all / 2};
  }
}

bool Search::run() {
  if (!isSmall())
    return false;
  estimateCycles();
  if (!makeItems() || !makeTrials())
    return false;
  now.emplace(tree, items);
  if (!takePlan())
    return false;
  Price start = bestPrice;
  Plan::Saved before = plan.save(stats);
  if (options.objective == Objective::Count)
    bestPrice.time = start.time = 0;
  improveAll(options.searchSteps);
  // Ids depend on all that is known, so that a clause about them can be wrong with less.
  if (llvm::any_of(clauses, [](const Clause &clause) { return clause.isAboutIds; })) {
    llvm::erase_if(clauses, [](const Clause &clause) { return clause.isAboutIds; });
    learnsIds = false;
    improveAll(options.searchSteps / 4);
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
    restore(std::move(before));
    settles();
  }
  report();
  return false;
}
