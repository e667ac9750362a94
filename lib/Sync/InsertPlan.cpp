//===- InsertPlan.cpp - What the inserter means to add ---------------------===//

#include "InsertPlan.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

HandoffId Plan::add(Handoff handoff) {
  HandoffId id = handoffs.size();
  byList[handoff.span.list].push_back(id);
  handoffs.push_back(std::move(handoff));
  return id;
}

void Plan::attach(ListId id) {
  const List &list = tree.lists[id];
  for (NodeId node : list.items) {
    points[node].waits.clear();
    points[node].sets.clear();
  }
  if (list.isBody)
    carried[list.owner].clear();
  for (HandoffId h : byList[id]) {
    const Handoff &handoff = handoffs[h];
    if (!handoff.alive)
      continue;
    points[producerOf(handoff)].sets.push_back(h);
    points[consumerOf(handoff)].waits.push_back(h);
    if (list.isBody && handoff.keptOver == none && (handoff.delay || drains(handoff)))
      carried[list.owner].push_back(h);
  }
  // Waits on S first, they inform everybody, then the latest set first: the last link of a chain
  // that covers a handoff is set later than it. With that order pruning is exact (sync 13.2).
  auto rank = [&](HandoffId h) {
    const Handoff &handoff = handoffs[h];
    return std::tuple(handoff.to != Pipe::S, handoff.delay, -int64_t(handoff.span.producer), h);
  };
  for (NodeId node : list.items)
    llvm::sort(points[node].waits, [&](HandoffId a, HandoffId b) { return rank(a) < rank(b); });
}

void Plan::attachAll() {
  for (Point &point : points)
    point.primes.clear();
  for (std::vector<HandoffId> &list : carried)
    list.clear(); // what went when a plan was taken back is in no list any more
  for (ListId list = 0; list < tree.lists.size(); ++list)
    if (!byList[list].empty())
      attach(list);
  for (std::vector<HandoffId> &list : kept)
    list.clear();
  for (HandoffId h = 0; h < handoffs.size(); ++h)
    if (handoffs[h].alive && handoffs[h].keptOver != none)
      kept[handoffs[h].keptOver].push_back(h);
  for (HandoffId h = 0; h < handoffs.size(); ++h)
    if (const Handoff &handoff = handoffs[h]; handoff.alive && handoff.primeAfter != none) {
      const List &around = tree.lists[tree.lists[handoff.span.list].parent];
      points[around.items[handoff.primeAfter]].primes.push_back(h);
    }
}

bool Plan::addBarrier(ListId list, uint32_t before, Pipe pipe, llvm::ArrayRef<Reason> reasons) {
  auto &barriers = points[tree.lists[list].items[before]].barriers;
  BarrierPlan *plan = llvm::find_if(barriers, [&](auto &b) { return b.pipe == pipe; });
  bool fresh = plan == barriers.end();
  if (fresh) {
    barriers.push_back({pipe, {}, {}});
    plan = &barriers.back();
  }
  plan->reasons.append(reasons.begin(), reasons.end());
  return fresh;
}
