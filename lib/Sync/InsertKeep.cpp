//===- InsertKeep.cpp - Tokens that stay over the turns of an outer loop ---===//

#include "InsertKeep.h"
#include "InsertEmit.h"
#include "InsertTrial.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Visits of all sweeps together, and nodes times the depth of the nest, about what one sweep
/// visits: small and middle-sized functions only, so that nothing but linear work is left in large
/// ones.
static constexpr uint64_t mostVisits = 1 << 18;
static constexpr size_t largestSweep = 2048;
/// Of one handoff, where there is one for each slot.
static constexpr int64_t mostTokens = 4;

/// The loops over which its tokens could be kept, outermost first.
std::vector<NodeId> Keeper::loopsAround(const Handoff &handoff) const {
  const List &list = tree.lists[handoff.span.list];
  bool waitsFirst = handoff.span.consumer <= handoff.span.producer;
  if (!handoff.alive || !handoff.delay || handoff.credit || !waitsFirst || list.leave != none)
    return {};
  return {list.loops.begin(), std::prev(list.loops.end())};
}

/// The places of all handoffs and what they know, as if nothing were kept.
void Keeper::sweepUnkept() {
  std::vector<NodeId> keptOver;
  for (Handoff &handoff : plan.handoffs)
    keptOver.push_back(std::exchange(handoff.keptOver, none));
  plan.attachAll();
  sweep.run(0, true);
  for (auto [handoff, loop] : llvm::zip(plan.handoffs, keptOver))
    handoff.keptOver = loop;
  plan.attachAll();
}

/// The item of the tree that a node of the finished program is, or that an inserted set follows, or
/// an inserted wait precedes.
NodeId Keeper::itemAt(const Tree &finished, NodeId node) const {
  auto isOld = [&](NodeId n) { return n < tree.places.size(); };
  const Place &place = finished.places[node];
  llvm::ArrayRef<NodeId> items = finished.lists[place.list].items;
  auto before = items.take_front(place.index), after = items.drop_front(place.index);
  auto last = llvm::find_if(llvm::reverse(before), isOld);
  auto next = llvm::find_if(after, isOld);
  bool follows = finished.program[node].kind == NodeKind::Set && last != before.rend();
  return isOld(node) ? node : follows || next == after.end() ? *last : *next;
}

/// Adds handoffs for the orders that are missing, and for sets that do not know of a wait; false
/// when that cannot be.
bool Keeper::add(const Tree &finished, const Demands &demands, const PartJudge::Verdict &verdict) {
  std::map<std::tuple<ListId, uint32_t, Pipe, Pipe, bool>, Handoff> wanted;
  auto want = [&](Pipe from, Pipe to, const Reason &reason) {
    std::optional<Span> span = tree.spanOf(reason.earlier, reason.later, reason.loop);
    if (!span || from == to || (!reason.distance && span->producer >= span->consumer))
      return false;
    bool isCredit = reason.kind == Reason::Credit;
    auto [it, isNew] = wanted.try_emplace({span->list, span->consumer, from, to, isCredit});
    Handoff &all = it->second;
    if (isNew) {
      all.span = *span;
      all.distance = reason.distance;
    }
    all.from = from;
    all.to = to;
    all.credit = all.late = isCredit;
    all.span.producer = std::max(all.span.producer, span->producer);
    all.distance = std::min(all.distance, reason.distance);
    all.reasons.push_back(reason);
    return all.distance > 0 || all.span.producer < all.span.consumer;
  };
  bool all = verdict.fenced;
  for (uint32_t index : verdict.missing) {
    const Demand &demand = demands.all[index];
    int64_t distance = -(demand.need >> 46);
    NodeId loop = distance ? finished.listOf(demand.later).loops[demand.level - 1] : none;
    all &= !demand.fence && want(demand.pipe, pipeOf(tree.program[demand.later]),
                                 {finished.nodeAt(demand.need), demand.later, demand.hazard, none,
                                  distance, loop, demand.kind});
  }
  for (Reason reason : verdict.untold) {
    const FlagKey &key = finished.program[reason.later].key;
    reason.earlier = itemAt(finished, reason.earlier);
    reason.later = itemAt(finished, reason.later);
    all &= want(key.to, key.from, reason);
  }
  if (!all)
    return false;
  for (auto &[place, handoff] : wanted) {
    handoff.delay = std::min<int64_t>(handoff.distance, options.maxDelay);
    plan.add(std::move(handoff));
  }
  sweepUnkept();
  return true;
}

/// Changes the plan, if what comes of it is right, perhaps with handoffs for what the drains told
/// others.
bool Keeper::attempt(llvm::function_ref<void()> change, bool adds) {
  unsigned rounds = adds ? 3 : 1;
  if (judge.visits > mostVisits)
    return false;
  Plan::Saved before = plan.save(stats);
  change();
  bool added = false;
  for (unsigned round = 0; round < rounds; ++round) {
    plan.attachAll();
    if (!ids.allocate() || !canSayIds())
      break;
    InsertStats ignored;
    Program finished = withPlan(tree, plan, ignored);
    Tree itsTree(finished);
    Demands demands(itsTree, true);
    PartJudge::Verdict verdict = judge.judge(itsTree, demands);
    if (verdict.isRight())
      return true;
    if (round + 1 == rounds || !add(itsTree, demands, verdict))
      break;
    added = true;
  }
  backTo(std::move(before));
  if (added)
    sweepUnkept();
  return false;
}

void Keeper::backTo(Plan::Saved before) {
  plan.restore(std::move(before), stats);
  plan.attachAll();
}

/// Keeps the tokens of all of them over as many loops as can be. With the primes and drains go the
/// credits that told them of one another (C3); those that others need stay, if it is right so.
bool Keeper::tryAll(llvm::ArrayRef<HandoffId> handoffs) {
  size_t deepest = 0;
  bool longer = false; // a ring of more slots than tokens: one for each
  for (HandoffId h : handoffs) {
    deepest = std::max(deepest, loopsAround(plan.handoffs[h]).size());
    longer |= plan.handoffs[h].distance > plan.handoffs[h].delay;
  }
  for (bool full : {false, true})
    for (size_t skipped = 0; skipped < deepest && longer >= full; ++skipped)
      for (bool withoutCredits : {true, false})
        if (attempt([&] { keep(handoffs, skipped, full, withoutCredits); }, /*adds=*/true))
          return true;
  return false;
}

/// The number that runs on with which the slots turn that the handoff is about; none when they turn
/// with the loop.
NodeId Keeper::numberFor(const Handoff &handoff) const {
  NodeId loop = plan.loopOf(handoff);
  for (const Reason &reason : handoff.reasons)
    for (NodeId number :
         {reason.region == none ? none : tree.program.regions[reason.region].rotation.loop,
          reason.later == none ? none : tree.program[reason.later].turns.loop})
      if (number != none && tree.program.counterOf(number) && tree.program.counts(loop, number))
        return number;
  return none;
}

/// Can all ids be written down that turn with a number that runs on?
bool Keeper::canSayIds() const {
  return llvm::all_of(plan.handoffs, [&](const Handoff &handoff) {
    const Counter *counter = tree.program.counterOf(handoff.number);
    return !handoff.alive || !counter || counter->modulus % handoff.count == 0;
  });
}

/// `full`: with a token for each slot. Then what hands on inside an iteration turns over as many
/// ids, so that the ids of a slot are its own as well.
void Keeper::keep(llvm::ArrayRef<HandoffId> handoffs, size_t skipped, bool full,
                  bool withoutCredits) {
  for (HandoffId h : handoffs) {
    Handoff &handoff = plan.handoffs[h];
    std::vector<NodeId> loops = loopsAround(handoff);
    if (skipped >= loops.size())
      continue;
    handoff.keptOver = loops[skipped];
    handoff.primeAfter = none;
    // A number that runs on begins with its tokens.
    NodeId number = numberFor(handoff);
    bool begins = number != none && llvm::is_contained(llvm::ArrayRef(loops).drop_front(skipped),
                                                       tree.program.startOf(number));
    if (begins) {
      handoff.number = number;
      for (HandoffId other : plan.byList[handoff.span.list])
        if (plan.handoffs[other].delay == 0)
          plan.handoffs[other].number = number;
    }
    if (!full || handoff.distance <= handoff.delay || handoff.distance > mostTokens)
      continue;
    handoff.delay = handoff.distance;
    for (HandoffId other : plan.byList[handoff.span.list])
      if (plan.handoffs[other].delay == 0)
        plan.handoffs[other].turn = std::max(plan.handoffs[other].turn, uint32_t(handoff.delay));
  }
  for (Handoff &handoff : plan.handoffs)
    handoff.alive &= !withoutCredits || !handoff.credit;
}

/// Takes out what is not needed any more: credits first, all together or one by one, since primes
/// and drains that are gone had to know of one another (C3); then everything else that is not kept.
void Keeper::trim() {
  auto drop = [&](llvm::ArrayRef<HandoffId> list) {
    return attempt(
        [&] {
          for (HandoffId h : list)
            plan.handoffs[h].alive = false;
        },
        /*adds=*/false);
  };
  std::vector<HandoffId> credits, others;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (plan.handoffs[h].alive && plan.handoffs[h].keptOver == none)
      (plan.handoffs[h].credit ? credits : others).push_back(h);
  if (!credits.empty() && !drop(credits))
    for (HandoffId h : credits)
      drop(h);
  for (HandoffId h : others)
    drop(h);
}

bool Keeper::run() {
  std::vector<HandoffId> candidates;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (!loopsAround(plan.handoffs[h]).empty())
      candidates.push_back(h);
  size_t depth = 0;
  for (const List &list : tree.lists)
    depth = std::max(depth, list.loops.size());
  if (candidates.empty() || tree.order.size() * depth > largestSweep)
    return false;
  sweepUnkept(); // a search that took its plan back left nothing of the handoffs that are there now
  Plan::Saved before = plan.save(stats);
  Price old = price();
  bool any = tryAll(candidates);
  if (!any)
    for (HandoffId h : candidates)
      any |= tryAll(h);
  if (any)
    trim();
  if (any && isBetter(price(), old))
    return true;
  backTo(std::move(before));
  return false;
}

/// The model does not tell less than a hundredth.
bool Keeper::isBetter(const Price &now, const Price &old) {
  return now.first * 100 < old.first * 99 ||
         (now.first <= old.first && now.second <= old.second && now != old);
}

Keeper::Price Keeper::price() const {
  constexpr size_t mostSteps = 100'000; // where a run is longer nothing is kept
  InsertStats ignored;
  Program finished = withPlan(tree, plan, ignored);
  Tree itsTree(finished);
  Demands demands(itsTree);
  std::vector<Item> none;
  Selection empty(itsTree, none);
  std::vector<Balanced> cycles = balancedCycles(itsTree, options);
  uint64_t time = 0, instructions = 0;
  for (const RunPlan &runPlan : measuredRuns(itsTree)) {
    std::optional<Run> run = makeRun(itsTree, demands, runPlan, mostSteps);
    if (!run)
      return {~0ull, ~0ull};
    instructions += llvm::count_if(run->steps, [&](const Step &step) {
      return step.kind == Step::Leaf && step.node >= tree.places.size();
    });
    time += Trial(itsTree, none, std::move(*run), false).time(empty, cycles, ~0ull);
  }
  return options.objective == Objective::Count ? Price(instructions, 0) : Price(time, instructions);
}
