//===- InsertKeep.cpp - Tokens that stay over the turns of an outer loop ---===//

#include "InsertKeep.h"
#include "InsertEmit.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Visits of all sweeps together: small and middle-sized functions, so that nothing but linear work
/// is left in large ones.
static constexpr uint64_t mostVisits = 1 << 19;
static constexpr size_t mostNodes = 1024;

//===----------------------------------------------------------------------===//
// Is the finished program right?
//===----------------------------------------------------------------------===//

/// The loop in which set and old wait meet, further in than the one that carries them.
static std::optional<std::pair<NodeId, unsigned>> loopOf(const Tree &tree, const Reason &reason) {
  const EventId &id = tree.program[reason.later].key.id;
  auto isInside = [&](NodeId node, NodeId loop) {
    return tree.places[loop].begin < tree.places[node].begin &&
           tree.places[node].begin < tree.places[loop].end;
  };
  if (id.count > 1) {
    if (id.loop == none || id.loop == reason.loop || !isInside(reason.earlier, id.loop) ||
        !isInside(reason.later, id.loop))
      return std::nullopt;
    return std::pair(id.loop, unsigned(id.count));
  }
  for (NodeId loop : llvm::reverse(tree.listOf(reason.later).loops)) {
    if (loop == reason.loop)
      break;
    if (isInside(reason.earlier, loop))
      return std::pair(loop, 1u);
  }
  return std::nullopt;
}

Keeper::Doubts &Keeper::about(std::vector<Doubts> &all, NodeId within, unsigned period) {
  auto it = llvm::find_if(
      all, [&](const Doubts &d) { return d.within == within && d.period == period; });
  if (it != all.end())
    return *it;
  all.push_back({within, period, {}, {}});
  return all.back();
}

/// C3, judged on flags that stand in the program; false when one cannot be right.
bool Keeper::noteCredits(const Tree &finished, Sweep &sweep, Plan &empty,
                         std::vector<Doubts> &doubts) {
  InsertStats ignored;
  for (const Want &want : IdAllocator(finished, empty, sweep, options, ignored).credits())
    for (const Reason &reason : want.reasons) {
      auto loop = loopOf(finished, reason);
      if (!loop)
        return false;
      about(doubts, loop->first, loop->second).sets.push_back(reason.later);
    }
  return true;
}

bool Keeper::holdsInParts(const Tree &finished, const Demands &demands, const Doubts &doubts,
                          bool always) {
  Demands asked = demands;
  if (always) // where iterations are left out any distance may become the shortest
    for (uint32_t index : doubts.demands)
      asked.all[index].need = (asked.all[index].need & (iteration - 1)) - iteration;
  Part part{doubts.within, doubts.period, 0, always};
  for (; part.residue < part.period; ++part.residue) {
    Program cut = cutDown(finished.program, part);
    Tree tree(cut);
    Plan empty(tree);
    Sweep sweep(tree, asked, empty);
    sweep.run(0, true);
    spent += sweep.visits;
    for (uint32_t failure : sweep.failures(0)) {
      const Turns &turns = cut[asked.all[failure].later].turns;
      bool runs = turns.loop != part.loop || part.period % turns.period != 0 ||
                  part.residue % turns.period == turns.residue;
      if (runs && llvm::is_contained(doubts.demands, failure))
        return false;
    }
    InsertStats ignored;
    for (const Want &want : IdAllocator(tree, empty, sweep, options, ignored).credits())
      for (const Reason &reason : want.reasons)
        if (llvm::is_contained(doubts.sets, reason.later))
          return false;
  }
  return true;
}

bool Keeper::isRight(const Program &program) {
  Tree finished(program);
  Demands demands(finished, true);
  Plan empty(finished);
  Sweep sweep(finished, demands, empty);
  sweep.run(0, true);
  spent += sweep.visits;
  std::vector<Doubts> doubts;
  for (uint32_t failure : sweep.failures(0)) {
    const Demand &demand = demands.all[failure];
    if (demand.within == none)
      return false;
    about(doubts, demand.within, demand.period).demands.push_back(failure);
  }
  if (llvm::any_of(empty.points, [](const Point &point) { return point.fence; }) ||
      !noteCredits(finished, sweep, empty, doubts))
    return false;
  return llvm::all_of(doubts, [&](const Doubts &open) {
    return holdsInParts(finished, demands, open, true) ||
           (open.period > 1 && holdsInParts(finished, demands, open, false));
  });
}

//===----------------------------------------------------------------------===//
// What is kept
//===----------------------------------------------------------------------===//

/// The loops over which its tokens could be kept, outermost first.
std::vector<NodeId> Keeper::loopsAround(const Handoff &handoff) const {
  const List &list = tree.lists[handoff.span.list];
  bool waitsFirst = handoff.span.consumer <= handoff.span.producer;
  if (!handoff.alive || !handoff.delay || !waitsFirst || list.leave != none)
    return {};
  return {list.loops.begin(), std::prev(list.loops.end())};
}

/// Changes the plan, if what comes of it is right.
bool Keeper::attempt(llvm::function_ref<void()> change) {
  if (spent > mostVisits)
    return false;
  Plan::Saved before = plan.save(stats);
  change();
  plan.attachAll();
  InsertStats ignored;
  if (ids.allocate() && isRight(withPlan(tree, plan, ignored)))
    return true;
  plan.restore(std::move(before), stats);
  return false;
}

/// Keeps the tokens of all of them over as many loops as can be.
bool Keeper::tryAll(llvm::ArrayRef<HandoffId> handoffs) {
  size_t deepest = 0;
  for (HandoffId h : handoffs)
    deepest = std::max(deepest, loopsAround(plan.handoffs[h]).size());
  for (size_t skipped = 0; skipped < deepest; ++skipped) {
    auto keep = [&] {
      for (HandoffId h : handoffs) {
        std::vector<NodeId> loops = loopsAround(plan.handoffs[h]);
        if (skipped >= loops.size())
          continue;
        plan.handoffs[h].keptOver = loops[skipped];
        plan.handoffs[h].primeAfter = none;
      }
    };
    if (attempt(keep))
      return true;
  }
  return false;
}

/// The primes and drains that are gone had to know of one another (C3).
void Keeper::dropCredits() {
  std::vector<HandoffId> credits;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (plan.handoffs[h].alive && plan.handoffs[h].credit)
      credits.push_back(h);
  auto drop = [&](llvm::ArrayRef<HandoffId> list) {
    return attempt([&] {
      for (HandoffId h : list)
        plan.handoffs[h].alive = false;
    });
  };
  if (credits.empty() || drop(credits))
    return;
  for (HandoffId h : credits)
    drop(h);
}

void Keeper::run() {
  std::vector<HandoffId> candidates;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (!loopsAround(plan.handoffs[h]).empty())
      candidates.push_back(h);
  if (candidates.empty() || tree.order.size() > mostNodes)
    return;
  Plan::Saved before = plan.save(stats);
  bool any = tryAll(candidates);
  if (!any)
    for (HandoffId h : candidates)
      any |= tryAll(h);
  if (any)
    dropCredits();
  else
    plan.restore(std::move(before), stats);
}
