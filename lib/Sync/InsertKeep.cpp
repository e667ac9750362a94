//===- InsertKeep.cpp - Tokens that stay over the turns of an outer loop ---===//

#include "InsertKeep.h"
#include "InsertEmit.h"
#include "ptoas/Sync/Timeline.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Visits of all sweeps together, and nodes times the depth of the nest, about what one sweep
/// visits: small and middle-sized functions only, so that nothing but linear work is left in large
/// ones.
static constexpr uint64_t mostVisits = 1 << 18;
static constexpr size_t largestSweep = 2048;

/// The loops over which its tokens could be kept, outermost first.
std::vector<NodeId> Keeper::loopsAround(const Handoff &handoff) const {
  const List &list = tree.lists[handoff.span.list];
  bool waitsFirst = handoff.span.consumer <= handoff.span.producer;
  if (!handoff.alive || !handoff.delay || handoff.credit || !waitsFirst || list.leave != none)
    return {};
  return {list.loops.begin(), std::prev(list.loops.end())};
}

bool Keeper::isRight() {
  InsertStats ignored;
  Program finished = withPlan(tree, plan, ignored);
  Tree itsTree(finished);
  return judge.judge(itsTree, Demands(itsTree, true)).isRight;
}

/// Changes the plan, if what comes of it is right.
bool Keeper::attempt(llvm::function_ref<void()> change) {
  if (judge.visits > mostVisits)
    return false;
  Plan::Saved before = plan.save(stats);
  change();
  plan.attachAll();
  if (ids.allocate() && isRight())
    return true;
  plan.restore(std::move(before), stats);
  plan.attachAll();
  return false;
}

/// Keeps the tokens of all of them over as many loops as can be. With the primes and drains go the
/// credits that told them of one another (C3); those that others need stay, if it is right so.
bool Keeper::tryAll(llvm::ArrayRef<HandoffId> handoffs) {
  size_t deepest = 0;
  for (HandoffId h : handoffs)
    deepest = std::max(deepest, loopsAround(plan.handoffs[h]).size());
  for (size_t skipped = 0; skipped < deepest; ++skipped)
    for (bool withoutCredits : {true, false}) {
      auto keep = [&] {
        for (HandoffId h : handoffs) {
          std::vector<NodeId> loops = loopsAround(plan.handoffs[h]);
          if (skipped >= loops.size())
            continue;
          plan.handoffs[h].keptOver = loops[skipped];
          plan.handoffs[h].primeAfter = none;
        }
        for (Handoff &handoff : plan.handoffs)
          handoff.alive &= !withoutCredits || !handoff.credit;
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
  bool any = tryAll(candidates);
  if (!any)
    for (HandoffId h : candidates)
      any |= tryAll(h);
  if (any)
    dropCredits();
  return any;
}

Keeper::Price Keeper::price() const {
  InsertStats ignored;
  Program finished = withPlan(tree, plan, ignored);
  std::vector<uint64_t> cycles(finished.nodes.size());
  for (NodeId node = 0; node < tree.places.size(); ++node)
    if (finished[node].kind == NodeKind::Access) {
      uint64_t known = options.cyclesOf ? options.cyclesOf(node) : 0;
      cycles[node] = known ? known : 1;
    }
  std::optional<Timeline> run = timeline(finished, cycles);
  if (!run)
    return {~0ull, ~0ull};
  uint64_t instructions = 0;
  for (NodeId node = tree.places.size(); node < finished.nodes.size(); ++node)
    instructions += run->executed[node];
  if (options.objective == Objective::Count)
    return {instructions, 0};
  return {run->cycles, instructions};
}
