//===- InsertShortage.cpp - Too few ids: what is given up ------------------===//

#include "InsertIds.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Does without the handoff: dispatch waits at its consumer.
void IdAllocator::cut(HandoffId h) {
  Handoff &handoff = plan.handoffs[h];
  handoff.alive = false;
  plan.addDrain(handoff.span.list, handoff.span.consumer, handoff.from, handoff.reasons);
}

static bool canMerge(const Handoff &a, const Handoff &b) {
  if (a.span.list != b.span.list || !a.delay != !b.delay)
    return false;
  return a.delay ||
         std::max(a.span.producer, b.span.producer) < std::min(a.span.consumer, b.span.consumer);
}

static int64_t farApart(const Handoff &a, const Handoff &b) {
  return std::abs(int64_t(a.span.producer) - b.span.producer) +
         std::abs(int64_t(a.span.consumer) - b.span.consumer);
}

/// Of `h` and what is in its way, the one in the fewest loops: its drain runs least often.
HandoffId IdAllocator::cheapestToCut(HandoffId h) {
  auto depth = [&](HandoffId id) { return tree.lists[plan.handoffs[id].span.list].loops.size(); };
  for (HandoffId rival : rivalsOf(h))
    if (depth(rival) < depth(h))
      h = rival;
  return h;
}

/// The handoffs that hold ids which `h` could use, itself included. A constant number of them meet
/// at one place.
std::vector<HandoffId> IdAllocator::rivalsOf(HandoffId h) {
  const Handoff &handoff = plan.handoffs[h];
  std::vector<HandoffId> rivals{h};
  for (int64_t id = 0; id < tree.program.eventIds; ++id) {
    if (!isForHandoffs(handoff.from, handoff.to, id))
      continue;
    const Arcs &users = arcsOf(handoff.from, handoff.to, id);
    for (const Arc &arc : arcsFor(h, countsFor(h).back())) {
      auto next = users.lower_bound(arc.from);
      if (next != users.begin() && std::prev(next)->second.to > arc.from)
        rivals.push_back(std::prev(next)->second.handoff);
      if (next != users.end() && next->second.from < arc.to)
        rivals.push_back(next->second.handoff);
    }
  }
  llvm::sort(rivals);
  rivals.erase(llvm::unique(rivals), rivals.end());
  return rivals;
}

/// Makes the competitors of `h` ask for fewer ids, with as little loss as possible: a shorter
/// delay, then one handoff for two. False when nothing is left to give.
bool IdAllocator::relieve(HandoffId h) {
  std::vector<HandoffId> rivals = rivalsOf(h);
  auto longest = llvm::max_element(rivals, [&](HandoffId a, HandoffId b) {
    return plan.handoffs[a].delay < plan.handoffs[b].delay;
  });
  if (plan.handoffs[*longest].delay <= 1)
    return mergeNearest(h, rivals);
  if (*longest != h)
    remove(*longest);
  --plan.handoffs[*longest].delay;
  if (*longest != h && !place(*longest))
    cut(*longest);
  return true;
}

bool IdAllocator::mergeNearest(HandoffId h, llvm::ArrayRef<HandoffId> rivals) {
  std::optional<std::tuple<int64_t, HandoffId, HandoffId>> best;
  for (size_t i = 0; i < rivals.size(); ++i)
    for (size_t j = i + 1; j < rivals.size(); ++j) {
      const Handoff &a = plan.handoffs[rivals[i]], &b = plan.handoffs[rivals[j]];
      std::tuple cost(farApart(a, b), rivals[i], rivals[j]);
      if (canMerge(a, b) && (!best || cost < *best))
        best = cost;
    }
  if (!best)
    return false;
  auto [distance, a, b] = *best;
  if (a != h)
    remove(a);
  if (b != h)
    remove(b);
  if (b == h)
    std::swap(a, b); // `h` must stay
  merge(a, b);
  // It needs ids only where both of them held some.
  if (a != h && !place(a))
    cut(a);
  return true;
}

/// Latest set, earliest wait, least delay: serves what both served (13.4).
void IdAllocator::merge(HandoffId into, HandoffId other) {
  Handoff &a = plan.handoffs[into], &b = plan.handoffs[other];
  HandoffFacts &x = sweep.handoffs[into];
  const HandoffFacts &y = sweep.handoffs[other];
  mergedFacts.push_back({into, x});
  if (y.set > x.set) {
    x.set = y.set;
    x.atSet = y.atSet;
    x.atDrained = y.atDrained;
  }
  x.wait = std::min(x.wait, y.wait);
  a.span.producer = std::max(a.span.producer, b.span.producer);
  a.span.consumer = std::min(a.span.consumer, b.span.consumer);
  a.delay = std::min(a.delay, b.delay);
  a.distance = std::min(a.distance, b.distance);
  a.credit &= b.credit;
  a.late |= b.late;
  a.reasons.append(b.reasons);
  b.alive = false;
  ++stats.merged;
}
