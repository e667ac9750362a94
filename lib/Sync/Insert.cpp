//===- Insert.cpp - Adds the synchronisation that is missing ---------------===//
//
// Statement lists are solved bottom-up (InsertSolve), then the function gets event ids (InsertIds);
// what C3 misses comes back as reverse handoffs, and what does not fit is merged or cut.
//
//===----------------------------------------------------------------------===//

#include "InsertArms.h"
#include "InsertEmit.h"
#include "InsertIds.h"
#include "InsertKeep.h"
#include "InsertMarks.h"
#include "InsertPolish.h"
#include "InsertSearch.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

namespace {

class Inserter {
public:
  Inserter(const Program &program, const InsertOptions &options)
      : options(options), marks(program), tree(marks.program()),
        demands(tree, tree.hasFlagsInNests()), plan(tree), sweep(tree, demands, plan),
        solver(tree, demands, plan, sweep, this->options),
        ids(tree, plan, sweep, this->options, stats) {
    if (tree.hasFlagsInNests())
      useKeptTokens();
  }

  InsertResult run();

private:
  InsertOptions options;
  InsertStats stats;
  Marks marks;
  Tree tree;
  Demands demands;
  Plan plan;
  Sweep sweep;
  Solver solver;
  IdAllocator ids;

  void useKeptTokens();
  bool finish();
  bool repair();
  bool addCredits(bool &stuck);
  void trim();
  void sweepPlan();
  bool standsWithoutIt();
  bool isRightAsItCame();
  void solve();
  std::optional<uint32_t> lastConflict(const Handoff &handoff) const;
  void searchBest();
  llvm::SmallVector<Reason, 2> missing(llvm::function_ref<void()> remove);
  void explain();
  void primeEarly();
  void keepTokens(Plan::Saved unsearched);
};

} // namespace

/// What hand-written flags order although the sweep over the whole does not see it is not asked
/// for.
void Inserter::useKeptTokens() {
  PartJudge::Verdict verdict = PartJudge(options).judge(tree, demands);
  for (uint32_t demand : verdict.served)
    demands.all[demand].need = unknown;
  ids.takeForGone(verdict.gone);
}

/// Orders that are still open in the finished function: pruning across compound items can be wrong.
/// True when there were any.
bool Inserter::repair() {
  std::vector<Want> open = solver.wants(0, true, false);
  for (const Want &want : open)
    if (!solver.request(want, false))
      solver.drain(want);
  for (const Want &want : solver.wants(0, false, false)) {
    plan.addBarrier(want.span.list, want.span.consumer, want.from, want.reasons);
    open.push_back(want);
  }
  return !open.empty();
}

/// True when every token is known to be gone; else the plan changed, unless nothing helps
/// (`stuck`).
bool Inserter::addCredits(bool &stuck) {
  std::vector<Want> missing = ids.credits();
  bool progress = false;
  for (const Want &want : missing) {
    bool room = want.distance || want.span.producer < want.span.consumer;
    progress |= (room && solver.request(want, true)) || solver.drain(want);
  }
  stuck = !missing.empty() && !progress;
  return missing.empty();
}

/// Gives ids until everything fits and holds. False: take the last rung.
bool Inserter::finish() {
  constexpr unsigned maxRounds = 40; // measured: 2 to 5, more only with very few ids
  for (unsigned round = 0; round < maxRounds; ++round) {
    sweepPlan();
    if (repair())
      continue;
    if (!ids.allocate(/*final=*/true))
      continue;
    bool stuck = false;
    if (addCredits(stuck))
      return true;
    if (stuck)
      return false;
  }
  return false;
}

/// What the items of the plan, as it is now, tell and need.
void Inserter::sweepPlan() {
  plan.attachAll();
  sweep.run(0, true);
}

/// Is the plan, from which something was taken, still right as it stands?
bool Inserter::standsWithoutIt() {
  sweepPlan();
  return solver.wants(0, true, false).empty() && solver.wants(0, false, false).empty() &&
         ids.allocate() && ids.credits().empty();
}

/// Does what the program came with serve all orders? Lists that are solved one by one do not see
/// that, and would get handoffs that only the search for less takes out again.
bool Inserter::isRightAsItCame() {
  auto isByHand = [&](NodeId node) {
    NodeKind kind = tree.program[node].kind;
    bool orders = kind == NodeKind::Wait || kind == NodeKind::Barrier;
    return orders && !tree.listOf(node).frozen;
  };
  return llvm::any_of(tree.order, isByHand) && standsWithoutIt();
}

/// What came later (credits, merges, smaller delays) can make redundant what was there before.
/// Takes out one item at a time, and once more what a handoff that went had asked for; bounded, so
/// that it costs nothing in large functions.
void Inserter::trim() {
  constexpr uint64_t maxVisits = 8192;
  uint64_t end = sweep.visits + maxVisits;
  auto attempt = [&](auto remove) {
    if (sweep.visits > end)
      return false;
    Plan::Saved before = plan.save(stats);
    remove();
    if (standsWithoutIt())
      return true;
    plan.restore(std::move(before), stats);
    return false;
  };
  for (bool again = true; std::exchange(again, false);) {
    for (NodeId node = 0; node < plan.points.size(); ++node)
      for (size_t i = plan.points[node].barriers.size(); i-- > 0;)
        attempt([&] {
          auto &barriers = plan.points[node].barriers;
          barriers.erase(barriers.begin() + i);
        });
    for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
      if (plan.handoffs[h].alive)
        again |= attempt([&] { plan.handoffs[h].alive = false; });
  }
  standsWithoutIt(); // gives the ids
}

/// The last item before the loop whose work the first wait of the handoff must see complete; none
/// when there is no such item.
std::optional<uint32_t> Inserter::lastConflict(const Handoff &handoff) const {
  NodeId loop = tree.lists[handoff.span.list].owner;
  const Place &place = tree.places[loop];
  const List &around = tree.lists[place.list];
  Position latest = -1;
  for (const Reason &reason : handoff.reasons)
    for (uint32_t i = demands.first[reason.later]; i < demands.first[reason.later + 1]; ++i) {
      const Demand &demand = demands.all[i];
      if (demand.pipe == handoff.from && demand.need > around.begin && demand.need < place.begin)
        latest = std::max(latest, demand.need);
    }
  if (latest < 0)
    return std::nullopt;
  uint32_t item = tree.itemHolding(place.list, tree.nodeAt(latest));
  // A loop around that ends inside must not end between the primes and this loop.
  bool isCut = around.leave != none && item < around.leave && around.leave < place.index;
  return isCut ? around.leave : item;
}

/// A prime directly before its loop is set when everything before it on its pipe is over. Where the
/// first iteration needs less it goes behind the last item that it needs, if the plan stays right.
void Inserter::primeEarly() {
  constexpr uint64_t maxVisits = 8192;
  uint64_t end = sweep.visits + maxVisits;
  for (HandoffId h = 0; h < plan.handoffs.size() && sweep.visits < end; ++h) {
    Handoff &handoff = plan.handoffs[h];
    if (!handoff.alive || !handoff.delay)
      continue;
    std::optional<uint32_t> item = lastConflict(handoff);
    if (!item || *item + 1 >= tree.places[tree.lists[handoff.span.list].owner].index)
      continue;
    Plan::Saved before = plan.save(stats);
    handoff.primeAfter = *item;
    if (!standsWithoutIt() || stats.merged != before.stats.merged)
      plan.restore(std::move(before), stats);
  }
  standsWithoutIt(); // gives the ids
}

/// The best plan, where the program is small enough to look for it.
void Inserter::searchBest() {
  auto settles = [&] { return standsWithoutIt(); };
  auto credits = [&]() -> std::optional<std::vector<Want>> {
    sweepPlan();
    if (!ids.allocate())
      return std::nullopt;
    return ids.credits();
  };
  Search search(tree, demands, plan, sweep, options, stats, settles, credits);
  auto isShort = [](const Point &p) { // the items of the search know of no drains
    return llvm::any_of(p.barriers, [](const BarrierPlan &b) { return !b.drains.empty(); });
  };
  if (!options.searchSteps || llvm::any_of(plan.points, isShort))
    return;
  if (search.run())
    trim(); // what none of the measured runs meets costs nothing there
  else
    standsWithoutIt(); // facts and ids are those of what was tried last
}

/// What the plan misses when `remove` took something out of it: orders, or else tokens that must be
/// known to be gone.
llvm::SmallVector<Reason, 2> Inserter::missing(llvm::function_ref<void()> remove) {
  Plan::Saved before = plan.save(stats);
  remove();
  sweepPlan();
  std::vector<Want> all = solver.wants(0, true, false);
  llvm::append_range(all, solver.wants(0, false, false));
  if (all.empty() && ids.allocate())
    all = ids.credits();
  llvm::SmallVector<Reason, 2> reasons;
  for (const Want &want : all)
    reasons.append(want.reasons);
  plan.restore(std::move(before), stats);
  return reasons;
}

/// Gives items that were exchanged for others their reasons: what is missing without them. What was
/// there before is looked at again as well, in functions that are not large.
void Inserter::explain() {
  constexpr uint64_t maxVisits = 1 << 20;
  uint64_t end = sweep.visits + maxVisits;
  auto isNew = [](const Handoff &h) { return h.alive && h.reasons.empty(); };
  auto isNewAt = [](const Point &p) {
    return llvm::any_of(p.barriers, [](const BarrierPlan &b) { return b.reasons.empty(); });
  };
  if (llvm::none_of(plan.handoffs, isNew) && llvm::none_of(plan.points, isNewAt))
    return;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h) {
    if (!plan.handoffs[h].alive || (sweep.visits > end && !isNew(plan.handoffs[h])))
      continue;
    llvm::SmallVector<Reason, 2> reasons = missing([&] { plan.handoffs[h].alive = false; });
    Handoff &handoff = plan.handoffs[h];
    if (reasons.empty()) // with it there are enough ids
      reasons.push_back({plan.producerOf(handoff), plan.consumerOf(handoff), Hazard::WAR, none,
                         handoff.delay, handoff.delay ? plan.loopOf(handoff) : none,
                         Reason::Credit});
    handoff.reasons = std::move(reasons);
    handoff.credit =
        llvm::all_of(handoff.reasons, [](const Reason &r) { return r.kind == Reason::Credit; });
  }
  for (NodeId node = 0; node < plan.points.size(); ++node)
    for (size_t i = 0; i < plan.points[node].barriers.size(); ++i) {
      if (sweep.visits > end && !plan.points[node].barriers[i].reasons.empty())
        continue;
      llvm::SmallVector<Reason, 2> reasons = missing([&] {
        auto &barriers = plan.points[node].barriers;
        barriers.erase(barriers.begin() + i);
      });
      plan.points[node].barriers[i].reasons.assign(reasons.begin(), reasons.end());
    }
  standsWithoutIt(); // gives the ids
}

/// Keeps tokens over outer loops. The search does not know what that will save, and what it found
/// may be in the way: the plan from before it is tried as well.
void Inserter::keepTokens(Plan::Saved unsearched) {
  Keeper keeper(tree, plan, sweep, ids, options, stats);
  keeper.run();
  if (stats.searched == InsertStats::NotTried)
    return;
  InsertStats before = stats;
  Plan::Saved found = plan.save(stats);
  Keeper::Price best = keeper.price();
  auto backTo = [&](Plan::Saved plan) {
    sweep.renumber();
    this->plan.restore(std::move(plan), stats);
    stats = before;
    this->plan.attachAll();
  };
  backTo(std::move(unsearched));
  if (standsWithoutIt()) {
    explain();
    if (keeper.run() && Keeper::isBetter(keeper.price(), best))
      return;
  }
  backTo(std::move(found));
}

void Inserter::solve() {
  for (ListId list = tree.lists.size(); list-- > 0;)
    if (!tree.lists[list].frozen)
      solver.solve(list);
  stats.lastRung = !finish();
  if (stats.lastRung)
    return;
  auto settles = [&] { return standsWithoutIt(); };
  trim();
  if (options.objective == Objective::Count)
    Polisher(tree, demands, plan, sweep, solver, options, stats, settles).run();
  primeEarly();
  ArmPlacer(tree, plan, sweep, stats, settles).run();
  Plan::Saved unsearched = plan.save(stats);
  searchBest();
  explain();
  if (options.keepTokens)
    keepTokens(std::move(unsearched));
}

InsertResult Inserter::run() {
  if (!options.fullBarriers) {
    if (!isRightAsItCame())
      solve();
    stats.visits = sweep.visits;
  }
  bool onlyBarriers = options.fullBarriers || stats.lastRung;
  Program result =
      marks.without(onlyBarriers ? withFullBarriers(tree, stats) : withPlan(tree, plan, stats));
  if (options.exitBarrier)
    addExitBarrier(result, stats);
  return {std::move(result), stats};
}

InsertResult sync::insert(const Program &program, const InsertOptions &options) {
  return Inserter(program, options).run();
}
