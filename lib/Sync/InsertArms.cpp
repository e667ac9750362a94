//===- InsertArms.cpp - Handoffs that only an arm needs --------------------===//

#include "InsertArms.h"
#include "InsertMarks.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

ArmPlacer::ArmPlacer(const Tree &tree, Plan &plan, Sweep &sweep, InsertStats &stats,
                     llvm::function_ref<bool()> settles)
    : tree(tree), plan(plan), sweep(sweep), stats(stats), settles(settles),
      pipes(tree.places.size(), 0) {
  for (ListId list = tree.lists.size(); list-- > 0;) // children come first
    for (NodeId item : tree.lists[list].items) {
      const Node &node = tree.program[item];
      if (node.kind == NodeKind::Access || node.kind == NodeKind::Publish)
        pipes[item] |= 1u << unsigned(pipeOf(node));
      if (NodeId owner = tree.lists[list].owner; owner != none)
        pipes[owner] |= pipes[item];
    }
}

/// Does `pipe` do nothing between the producer and the consumer?
bool ArmPlacer::isFree(const Handoff &handoff, Pipe pipe) const {
  const Span &span = handoff.span;
  auto between = tree.lists[span.list].items.slice(span.producer + 1);
  return llvm::none_of(
      between.take_front(span.consumer - span.producer - 1),
      [&](NodeId item) { return pipes[item] >> unsigned(pipe) & 1; });
}

/// One handoff for each arm of the branch that is the consumer, or the producer, in which one of
/// the orders ends, or begins. None where all arms take part.
std::vector<Handoff> ArmPlacer::inArms(const Handoff &handoff, bool ofConsumer) const {
  NodeId branch = ofConsumer ? plan.consumerOf(handoff) : plan.producerOf(handoff);
  std::vector<Handoff> result;
  for (const Reason &reason : handoff.reasons) {
    NodeId access = ofConsumer ? reason.later : reason.earlier;
    if (reason.kind != Reason::Order || access == none)
      return {};
    ListId arm = tree.places[access].list;
    while (arm != 0 && tree.lists[arm].owner != branch)
      arm = tree.lists[arm].parent;
    if (arm == 0 || tree.lists[arm].frozen)
      return {}; // also serves what is elsewhere
    uint32_t item = tree.itemHolding(arm, access), end = tree.lists[arm].items.size() - 1;
    auto same = llvm::find_if(result, [&](const Handoff &h) { return h.span.list == arm; });
    if (same == result.end()) {
      result.push_back(handoff);
      same = std::prev(result.end());
      same->span = ofConsumer ? Span{arm, 0, item} : Span{arm, item, end};
      same->reasons.clear();
    }
    same->span.consumer = ofConsumer ? std::min(same->span.consumer, item) : end;
    same->span.producer = ofConsumer ? 0 : std::max(same->span.producer, item);
    same->reasons.push_back(reason);
  }
  if (result.size() == tree.places[branch].arms.size())
    result.clear();
  return result;
}

bool ArmPlacer::move(HandoffId id, bool toConsumer) {
  const Handoff handoff = plan.handoffs[id];
  NodeId branch = toConsumer ? plan.consumerOf(handoff) : plan.producerOf(handoff);
  if (tree.program[branch].kind != NodeKind::Branch || plan.isEarly(handoff) ||
      !isFree(handoff, toConsumer ? handoff.from : handoff.to))
    return false;
  std::vector<Handoff> inside = inArms(handoff, toConsumer);
  if (inside.empty())
    return false;
  Plan::Saved before = plan.save(stats);
  plan.handoffs[id].alive = false;
  for (Handoff &h : inside)
    plan.add(std::move(h));
  if (settles() && stats.merged == before.stats.merged)
    return true;
  plan.restore(std::move(before), stats);
  sweep.renumber();
  return false;
}

void ArmPlacer::run() {
  constexpr uint64_t maxVisits = 8192;
  uint64_t end = sweep.visits + maxVisits;
  for (HandoffId h = 0; h < plan.handoffs.size() && sweep.visits < end; ++h) // grows
    if (plan.handoffs[h].alive && !plan.handoffs[h].delay && !plan.handoffs[h].credit)
      if (!move(h, true))
        move(h, false);
  settles(); // gives the ids
}
