//===- InsertSolve.cpp - Which handoffs and barriers are needed ------------===//

#include "InsertSolve.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

std::vector<Want> Solver::wants(ListId id, bool cross, bool onlyHere) const {
  std::vector<Want> all;
  for (uint32_t failure : sweep.failures(id)) {
    const Demand &demand = demands.all[failure];
    NodeId later = demand.later;
    Pipe pipe = pipeOf(tree.program[later]);
    if ((demand.pipe != pipe) != cross)
      continue;
    int64_t distance = -(demand.need >> 46);
    NodeId loop = distance ? tree.listOf(later).loops[demand.level - 1] : none;
    NodeId earlier = tree.nodeAt(demand.need);
    std::optional<Span> span = tree.spanOf(earlier, later, loop);
    if (!span || (onlyHere && span->list != id))
      continue;
    Reason reason{earlier, later, demand.hazard, demand.region, distance, loop, demand.kind};
    all.push_back({demand.pipe, pipe, *span, distance, {reason}});
  }
  // Lemma L2: a set after the latest producer covers all earlier ones of its pipe.
  auto group = [](const Want &w) { return std::tuple(w.span.list, w.span.consumer, w.from, w.to); };
  auto rank = [&](const Want &w) {
    return std::tuple(group(w), w.distance, -int64_t(w.span.producer), tieBreaker(w));
  };
  llvm::sort(all, [&](const Want &a, const Want &b) { return rank(a) < rank(b); });
  std::vector<Want> result;
  for (Want &want : all) {
    if (!result.empty() && group(result.back()) == group(want))
      result.back().reasons.append(want.reasons);
    else
      result.push_back(std::move(want));
  }
  return result;
}

bool Solver::request(const Want &want, bool credit) {
  Key key{want.span.list, want.span.producer, want.span.consumer,
          want.distance,  want.from,          want.to};
  auto [it, fresh] = seen.try_emplace(key, plan.handoffs.size());
  if (!fresh) {
    Handoff &old = plan.handoffs[it->second];
    if (old.alive && credit && plan.isEarly(old))
      return old.late = true;
    if (old.alive || old.pinned)
      return false;
    old.alive = old.pinned = true;
    return true;
  }
  Handoff handoff;
  handoff.from = want.from;
  handoff.to = want.to;
  handoff.span = want.span;
  handoff.distance = want.distance;
  // A smaller delay is a stronger handoff and hides that the demand is implied (sync 13.2): only
  // credits, which are not pruned, start with the one that they keep.
  handoff.delay = credit ? std::min<int64_t>(want.distance, options.maxDelay) : want.distance;
  handoff.credit = handoff.late = credit;
  handoff.reasons = want.reasons;
  plan.add(std::move(handoff));
  return true;
}

bool Solver::drain(const Want &want) {
  return plan.addDrain(want.span.list, want.span.consumer, want.from, want.reasons);
}

bool Solver::addHandoffs(ListId list) {
  std::vector<Want> missing = wants(list, true, true);
  if (missing.empty())
    return false;
  bool progress = false;
  for (const Want &want : missing)
    progress |= request(want, false);
  if (!progress)
    for (const Want &want : missing)
      drain(want);
  plan.attach(list);
  sweep.run(list, false);
  dropRedundant(list);
  return true;
}

void Solver::dropRedundant(ListId list) {
  for (HandoffId h : plan.byList[list])
    if (sweep.handoffs[h].redundant && !plan.handoffs[h].pinned)
      plan.handoffs[h].alive = false;
  plan.attach(list);
}

/// Stabs the open intervals between dependent accesses of one pipe with as few barriers as
/// possible; a carried one is an interval on the circle of the loop (sync 13.2).
void Solver::addBarriers(ListId list) {
  std::vector<Want> missing = wants(list, false, true);
  auto rank = [](const Want &w) {
    return std::tuple(w.distance > 0, w.span.consumer, tieBreaker(w));
  };
  llvm::sort(missing, [&](const Want &a, const Want &b) { return rank(a) < rank(b); });
  std::map<Pipe, std::vector<uint32_t>> placed; // ascending
  for (const Want &want : missing) {
    std::vector<uint32_t> &at = placed[want.from];
    auto after = llvm::upper_bound(at, want.span.producer);
    if (after == at.end() && want.distance)
      after = at.begin(); // around the circle
    bool covered = after != at.end() && (*after <= want.span.consumer || want.distance > 1 ||
                                         (want.distance && *after > want.span.producer));
    uint32_t before = covered ? *after : want.span.consumer;
    if (!covered)
      at.insert(llvm::upper_bound(at, before), before);
    plan.addBarrier(list, before, want.from, want.reasons);
  }
}

bool Solver::lowerDelays(ListId list) {
  bool lowered = false;
  for (HandoffId h : plan.byList[list]) {
    Handoff &handoff = plan.handoffs[h];
    int64_t most = std::max(1u, options.maxDelay);
    if (!handoff.alive || handoff.delay <= most)
      continue;
    handoff.delay = most; // fewer ids; stronger, so still right (sync 13.3)
    lowered = true;
  }
  if (!lowered)
    return false;
  plan.attach(list);
  sweep.run(list, false);
  dropRedundant(list);
  return true;
}

/// At the wait before a compound item nobody can say yet whether a chain inside serves what is
/// inside. Tries without each such handoff; bounded, so that long lists stay linear.
void Solver::tryWithout(ListId list) {
  constexpr uint64_t maxVisits = 2048;
  uint64_t end = sweep.visits + maxVisits;
  auto isCompound = [&](NodeId node) { return !tree.program[node].arms.empty(); };
  for (HandoffId h : plan.byList[list]) {
    Handoff &handoff = plan.handoffs[h];
    if (!handoff.alive || !isCompound(plan.consumerOf(handoff)))
      continue;
    if (sweep.visits > end)
      return;
    handoff.alive = false;
    plan.attach(list);
    sweep.run(list, false);
    handoff.alive = !wants(list, true, true).empty() || !wants(list, false, true).empty();
    plan.attach(list);
  }
}

void Solver::solve(ListId list) {
  constexpr unsigned maxRounds = 8; // two suffice unless pruning between compound items was wrong
  bool lowered = false;
  for (unsigned round = 0; round < maxRounds; ++round) {
    sweep.run(list, false);
    if (addHandoffs(list))
      continue;
    // Barriers after all handoffs are as strong as they get: a round trip can replace a barrier.
    if (!std::exchange(lowered, true) && lowerDelays(list))
      continue;
    if (wants(list, false, true).empty())
      break;
    addBarriers(list);
  }
  tryWithout(list);
  sweep.forget(list);
}
