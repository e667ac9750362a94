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

/// Does `pipe` do nothing between the producer and the consumer, which may be in the next
/// iteration?
bool ArmPlacer::isFree(const Handoff &handoff, Pipe pipe) const {
  llvm::ArrayRef<NodeId> items = tree.lists[handoff.span.list].items;
  auto isIdle = [&](size_t begin, size_t end) {
    return begin >= end || llvm::none_of(items.slice(begin, end - begin), [&](NodeId item) {
             return pipes[item] >> unsigned(pipe) & 1;
           });
  };
  size_t after = handoff.span.producer + 1, consumer = handoff.span.consumer;
  return handoff.delay ? isIdle(after, items.size()) && isIdle(0, consumer)
                       : isIdle(after, consumer);
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
      same->delay = 0;
      same->primeAfter = none;
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

/// What the handoff becomes; nothing when it stays.
std::vector<Handoff> ArmPlacer::moved(const Move &move) const {
  const Handoff &handoff = plan.handoffs[move.handoff];
  bool isMovable = handoff.alive && !handoff.credit && handoff.delay <= 1 &&
                   !plan.isEarly(handoff) &&
                   isFree(handoff, move.toConsumer ? handoff.from : handoff.to);
  return isMovable ? inArms(handoff, move.toConsumer) : std::vector<Handoff>();
}

bool ArmPlacer::attempt(llvm::ArrayRef<Move> moves) {
  std::vector<std::pair<HandoffId, std::vector<Handoff>>> changes;
  for (const Move &move : moves) {
    if (llvm::any_of(changes, [&](auto &change) { return change.first == move.handoff; }))
      continue; // from the branch to itself, an iteration later
    if (std::vector<Handoff> inside = moved(move); !inside.empty())
      changes.emplace_back(move.handoff, std::move(inside));
  }
  if (changes.empty())
    return true; // a copy of the plan for each of many branches is not linear
  Plan::Saved before = plan.save(stats);
  for (auto &[handoff, inside] : changes) {
    plan.handoffs[handoff].alive = false;
    for (Handoff &h : inside)
      plan.add(std::move(h));
  }
  if (settles() && stats.merged == before.stats.merged)
    return true;
  plan.restore(std::move(before), stats);
  sweep.renumber();
  return false;
}

void ArmPlacer::run() {
  constexpr uint64_t maxVisits = 8192;
  uint64_t end = sweep.visits + maxVisits;
  std::vector<NodeId> branches;
  for (const List &list : tree.lists) // outer ones come first: what moves in can move on
    for (NodeId item : list.items)
      if (tree.program[item].kind == NodeKind::Branch && !list.frozen)
        branches.push_back(item);
  for (NodeId branch : branches) {
    if (sweep.visits > end)
      break;
    std::vector<Move> moves;
    for (HandoffId h : plan.points[branch].waits)
      moves.push_back({h, true});
    for (HandoffId h : plan.points[branch].sets)
      moves.push_back({h, false});
    // Together: one that stays in every iteration can need the other there, to know that its token
    // is gone (C3).
    if (!attempt(moves) && moves.size() > 1)
      for (const Move &move : moves)
        attempt(move);
  }
  if (!branches.empty())
    settles(); // gives the ids
}
