//===- InsertSearch.cpp - The best plan of a small program -----------------===//

#include "InsertSearch.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Search::Search(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
               const InsertOptions &options, InsertStats &stats, llvm::function_ref<bool()> settles,
               llvm::function_ref<std::optional<std::vector<Want>>()> credits)
    : tree(tree), demands(demands), plan(plan), sweep(sweep), options(options), stats(stats),
      settles(settles), credits(credits) {}

/// More than `limit` is not told exactly. `holding`: with the items that hold back something.
uint64_t Search::timeNow(uint64_t limit, llvm::BitVector *holding) {
  uint64_t sum = 0;
  for (Trial &trial : measured) {
    work += 16 + trial.steps();
    sum += trial.time(*now, cycles, limit - sum, holding);
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

void Search::tell(const Clause &clause) {
  llvm::SmallVector<Literal, 16> literals;
  for (unsigned id : clause.any.set_bits())
    literals.push_back(isTrue(id));
  for (unsigned id : clause.given.set_bits())
    literals.push_back(isFalse(id));
  known->add(literals);
}

/// Nor any that hold back no less in their place.
void Search::tell(const Core &core) {
  llvm::SmallVector<Literal, 16> literals;
  for (ItemId id : core.items) {
    if (orSlower[id] == none) {
      orSlower[id] = known->addVariable();
      work += items.size() * 2;
      for (ItemId other = 0; other < items.size(); ++other)
        if (llvm::all_of(measured, [&](Trial &t) { return t.holdsBackNoLess(other, id); }))
          known->add({isFalse(other), isTrue(orSlower[id])});
    }
    literals.push_back(isFalse(orSlower[id]));
  }
  known->add(literals);
}

/// Anew, under the limits of today.
void Search::begin() {
  known.emplace(items.size());
  orSlower.assign(items.size(), none);
  llvm::BitVector useful = worthTrying();
  for (ItemId id = 0; id < items.size(); ++id)
    if (!useful[id])
      known->add(isFalse(id));
  for (const Clause &clause : clauses)
    tell(clause);
  for (const Core &core : cores)
    if (core.time > timeLimit)
      tell(core);
}

/// What is known to hold is selected.
void Search::follow() {
  llvm::SmallVector<ItemId, 16> gone;
  for (unsigned id : now->all().set_bits())
    if (!known->holds(isTrue(id)))
      gone.push_back(id);
  for (ItemId id : gone)
    now->remove(id);
  for (Literal literal : known->trail())
    if (uint32_t id = variableOf(literal);
        id < items.size() && literal == isTrue(id) && !now->has(id))
      now->add(id);
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

/// With a core more when what is selected takes too long.
bool Search::isTooSlow() {
  llvm::BitVector holding(items.size());
  if (timeNow(timeLimit, &holding) <= timeLimit)
    return false;
  // What holds back nothing now does not do so without the others.
  llvm::SmallVector<ItemId, 16> all(now->all().set_bits()), core;
  for (ItemId id : all)
    if (!holding[id])
      now->remove(id);
  for (Literal literal : llvm::reverse(known->trail())) { // decided last, first to go
    uint32_t id = variableOf(literal);
    if (id >= items.size() || !now->has(id))
      continue;
    now->remove(id);
    if (timeNow(timeLimit) <= timeLimit) {
      now->add(id);
      core.push_back(id);
    }
  }
  cores.push_back({std::vector<ItemId>(core.begin(), core.end()), timeNow(timeLimit)});
  for (ItemId id : all)
    if (!now->has(id))
      now->add(id);
  tell(cores.back());
  return true;
}

/// Clauses that nothing hits, those first of which the fewest items are left.
std::vector<const Search::Clause *> Search::open() const {
  std::vector<std::pair<unsigned, size_t>> active;
  for (size_t i = 0; i < clauses.size(); ++i)
    if (isActive(clauses[i])) {
      auto left = [&](unsigned id) { return known->isOpen(id); };
      active.push_back({llvm::count_if(clauses[i].any.set_bits(), left), i});
    }
  llvm::sort(active);
  std::vector<const Clause *> result;
  for (auto [left, i] : active)
    result.push_back(&clauses[i]);
  return result;
}

/// With a clause more when what is selected, and what the clauses that are open ask for, costs no
/// less than the best. A clause costs what is left of the price of its cheapest item, and all its
/// items are paid for in part by that.
bool Search::isTooDear(llvm::ArrayRef<const Clause *> open) {
  uint64_t atLeast = 0;
  llvm::SmallVector<Literal, 32> reasons;
  for (unsigned id : now->all().set_bits()) {
    atLeast += items[id].weight;
    reasons.push_back(isFalse(id));
  }
  std::vector<uint64_t> left(items.size());
  for (ItemId id = 0; id < items.size(); ++id)
    left[id] = items[id].weight;
  llvm::BitVector cheaper(items.size()); // these are out, and would cost less
  for (const Clause *clause : open) {
    if (atLeast >= bestPrice.count)
      break;
    uint64_t least = ~uint64_t(0);
    for (unsigned id : clause->any.set_bits())
      if (known->isOpen(id))
        least = std::min(least, left[id]);
    atLeast += least;
    for (unsigned id : clause->any.set_bits())
      if (left[id] >= least)
        left[id] -= least;
      else
        cheaper.set(id);
  }
  if (atLeast < bestPrice.count)
    return false;
  for (unsigned id : cheaper.set_bits())
    reasons.push_back(isTrue(id));
  known->add(reasons);
  return true;
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

/// Of the items of a clause that nothing hits the one that takes the least time alone, or else the
/// one that is cheapest by the clause that it hits; of equals one of the plan, which goes straight
/// from an access to one that needs it.
ItemId Search::choose(llvm::ArrayRef<const Clause *> open) {
  auto timeAlone = [&](ItemId id) {
    if (!alone[id]) {
      Selection all = std::move(*now);
      now.emplace(tree, items).add(id);
      alone[id] = 1 + timeNow();
      now.emplace(std::move(all));
    }
    return alone[id];
  };
  std::optional<std::tuple<uint64_t, bool, ItemId>> first;
  for (unsigned id : open.front()->any.set_bits()) {
    if (!known->isOpen(id))
      continue;
    uint64_t hits = llvm::count_if(open, [&](const Clause *c) { return c->any[id]; });
    std::tuple rank(isForTime ? timeAlone(id) : 1024 * items[id].weight / hits,
                    !llvm::is_contained(planned, id), ItemId(id));
    if (!first || rank < *first)
      first = rank;
  }
  return std::get<2>(*first);
}

/// Part of the best selection, by chance.
void Search::startAtBest(Lottery &random) {
  known->takeAllBack();
  unsigned share = random(8);
  for (ItemId id : best) {
    if (!known->propagate())
      return;
    if (random(8) < share && known->isOpen(id))
      known->decide(isTrue(id));
  }
}

/// One conclusion or decision. False when nothing is left to try.
bool Search::step() {
  uint64_t before = known->steps;
  if (!known->propagate())
    return false;
  work += 8 + 2 * clauses.size() + known->steps - before;
  follow();
  std::vector<const Clause *> open = this->open();
  if (!isForTime && isTooDear(open))
    return true;
  if (options.objective == Objective::Time && isTooSlow())
    return true;
  if (!open.empty()) {
    known->decide(isTrue(choose(open)));
    return true;
  }
  auto miss = missNow();
  if (!miss) {
    leaf();
    return true;
  }
  Trial &trial = trials[miss->first];
  Clause next{trial.cut(*now, miss->second), llvm::BitVector(items.size())};
  work += trial.steps() * 4 + items.size() / 4;
  if (miss->second.isReuse)
    next.given.set(miss->second.condition);
  tell(clauses.emplace_back(std::move(next)));
  return true;
}

/// Nothing is missing on the runs.
void Search::leaf() {
  Price price{timeNow(), 0};
  if (options.objective == Objective::Count)
    price.time = 0;
  std::vector<ItemId> selection;
  for (unsigned id : now->all().set_bits()) {
    selection.push_back(id);
    price.count += items[id].weight;
  }
  Plan::Saved before = plan.save(stats);
  bool isRight = accepts(selection);
  bool isOnRun = !isRight && addMissingRun();
  bool isLearned = !isRight && !isOnRun && learn(selection);
  restore(std::move(before));
  if (isRight) {
    best = selection;
    bestPrice = price;
    timeLimit = limitBelow(price);
    return;
  }
  ++refused;
  if (isOnRun)
    return; // it is missing there
  if (isLearned)
    return tell(clauses.back());
  llvm::SmallVector<Literal, 16> all;
  for (ItemId id : selection)
    all.push_back(isFalse(id));
  known->add(all);
}

/// What comes next may take no more time than the best, or less while time is what is looked for.
uint64_t Search::limitBelow(const Price &price) const {
  return options.objective == Objective::Time ? price.time - isForTime : ~uint64_t(0);
}

/// Looks for the least time, or else for what costs least and takes no more time than the best.
void Search::improve(bool forTime, uint64_t budget) {
  constexpr uint64_t turn = 120000; // steps from one start at the best to the next
  isForTime = forTime;
  timeLimit = limitBelow(bestPrice);
  end = work + budget;
  begin();
  Lottery random{1};
  uint64_t next = work + 5 * turn;
  bool goesOn = true;
  while (goesOn && !spent()) {
    if (work > next) {
      next = work + turn;
      startAtBest(random);
    }
    goesOn = step();
  }
  wasCut |= goesOn;
  now.emplace(tree, items);
}

/// Looks for the best plan that is better than the one that is known.
void Search::improveAll(uint64_t budget) {
  uint64_t until = work + budget;
  if (options.objective == Objective::Time && bestPrice.time > 0)
    improve(true, budget / 2);
  improve(false, until - std::min(work, until));
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

bool Search::run() {
  if (!isSmall())
    return false;
  cycles = balancedCycles(tree, options);
  if (!makeItems() || !makeTrials())
    return false;
  now.emplace(tree, items);
  alone.resize(items.size());
  if (!takePlan())
    return false;
  planned = best;
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
