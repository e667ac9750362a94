//===- InsertPolish.cpp - Exchanges that make a right plan cheaper ---------===//

#include "InsertPolish.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Polisher::Polisher(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
                   const Solver &solver, const InsertOptions &options, InsertStats &stats,
                   llvm::function_ref<bool()> settles)
    : tree(tree), demands(demands), plan(plan), sweep(sweep), solver(solver), options(options),
      stats(stats), settles(settles), runs(tree.lists.size()), pipes(tree.lists.size()) {
  for (ListId list = tree.lists.size(); list-- > 0;)
    findPipes(list);
  for (ListId list = 0; list < tree.lists.size(); ++list) // parents come first
    findRuns(list);
}

void Polisher::findPipes(ListId id) {
  const List &list = tree.lists[id];
  for (NodeId node : list.items) {
    llvm::SmallVector<Pipe, 3> inside;
    auto add = [&](Pipe pipe) {
      if (!llvm::is_contained(inside, pipe))
        inside.push_back(pipe);
    };
    if (tree.program[node].kind == NodeKind::Access)
      add(tree.program[node].pipe);
    for (ListId arm : tree.places[node].arms)
      for (const auto &item : pipes[arm])
        llvm::for_each(item, add);
    pipes[id].push_back(std::move(inside));
  }
}

/// Of a loop whose trip count is not known the model takes this one.
static constexpr int64_t unknownTrip = 4;

void Polisher::findRuns(ListId id) {
  const List &list = tree.lists[id];
  if (list.parent == none) {
    runs[id] = {1, 1};
    return;
  }
  auto [first, last] = runs[list.parent];
  const Node &owner = tree.program[list.owner];
  if (owner.kind == NodeKind::Branch) {
    const auto &arms = tree.places[list.owner].arms;
    first *= arms.front() == id;
    last *= arms.back() == id;
  } else if (owner.kind == NodeKind::Loop) {
    int64_t trip = owner.trip.value_or(std::max(owner.minTrip, unknownTrip));
    first *= trip;
    last *= trip;
  }
  runs[id] = {first, last};
}

uint64_t Polisher::executed() const {
  auto runsOf = [&](ListId list) { return runs[list].first + runs[list].second; };
  uint64_t sum = 0;
  for (const Handoff &h : plan.handoffs)
    if (h.alive) {
      sum += 2 * runsOf(h.span.list);
      if (h.delay) // primes and drains
        sum += 2 * h.delay * runsOf(tree.lists[h.span.list].parent);
    }
  for (NodeId node = 0; node < plan.points.size(); ++node)
    if (!plan.points[node].barriers.empty())
      sum += plan.points[node].barriers.size() * runsOf(tree.places[node].list);
  return sum;
}

bool Polisher::isOrdered() {
  plan.attachAll();
  sweep.run(0, false);
  return solver.wants(0, true, false).empty() && solver.wants(0, false, false).empty();
}

std::vector<Handoff> Polisher::candidates(ListId id) const {
  const List &list = tree.lists[id];
  std::vector<Handoff> result;
  for (uint32_t consumer = 0; consumer < list.items.size(); ++consumer)
    for (Pipe to : pipes[id][consumer])
      for (uint32_t producer = 0; producer < list.items.size(); ++producer)
        for (Pipe from : pipes[id][producer]) {
          if (!demands.mayHandOff(from, to))
            continue;
          int64_t first = producer < consumer ? 0 : 1, last = list.isBody ? options.maxDelay : 0;
          for (int64_t delay = first; delay <= last; ++delay) {
            Handoff handoff;
            handoff.from = from;
            handoff.to = to;
            handoff.span = {id, producer, consumer};
            handoff.distance = handoff.delay = delay;
            if (promise(handoff) > 0)
              result.push_back(std::move(handoff));
          }
        }
  return result;
}

unsigned Polisher::promise(const Handoff &c) const {
  unsigned count = 0;
  for (HandoffId h : plan.byList[c.span.list]) {
    const Handoff &old = plan.handoffs[h];
    if (!old.alive)
      continue;
    bool same = old.from == c.from && old.to == c.to && old.span.producer == c.span.producer &&
                old.span.consumer == c.span.consumer && old.delay == c.delay;
    if (same)
      return 0;
    count += old.from == c.from || old.to == c.to || c.to == Pipe::S;
  }
  // A round trip replaces a barrier of the pipe that it comes back to.
  for (NodeId item : tree.lists[c.span.list].items)
    for (const BarrierPlan &barrier : plan.points[item].barriers)
      count += barrier.pipe == c.from || barrier.pipe == c.to;
  return count;
}

/// The handoffs whose waits tell nothing new, all at once or else one by one, and the barriers.
bool Polisher::dropWhatIsRedundant(HandoffId keep) {
  if (!isOrdered())
    return false;
  llvm::SmallVector<HandoffId, 4> redundant;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (h != keep && plan.handoffs[h].alive && sweep.handoffs[h].redundant)
      redundant.push_back(h);
  for (HandoffId h : redundant)
    plan.handoffs[h].alive = false;
  if (redundant.size() > 0 && !isOrdered()) {
    for (HandoffId h : redundant)
      plan.handoffs[h].alive = true;
    for (HandoffId h : redundant) {
      plan.handoffs[h].alive = false;
      plan.handoffs[h].alive = !isOrdered();
    }
  }
  unsigned dropped =
      llvm::count_if(redundant, [&](HandoffId h) { return !plan.handoffs[h].alive; });
  for (NodeId node = 0; node < plan.points.size(); ++node)
    for (size_t i = plan.points[node].barriers.size(); i-- > 0 && !spent();) {
      auto &barriers = plan.points[node].barriers;
      BarrierPlan barrier = barriers[i];
      barriers.erase(barriers.begin() + i);
      if (isOrdered())
        ++dropped;
      else
        barriers.insert(barriers.begin() + i, barrier);
    }
  return dropped > 0;
}

bool Polisher::tryWith(const Handoff &candidate) {
  Plan::Saved before = plan.save(stats);
  HandoffId added = plan.add(candidate);
  sweep.handoffs.resize(plan.handoffs.size());
  if (dropWhatIsRedundant(added) && executed() < best && settles() && executed() < best) {
    best = executed();
    return true;
  }
  plan.restore(std::move(before), stats);
  return false;
}

/// Pairs of items are tried: longer lists are left as they are.
static constexpr size_t mostItems = 256;

void Polisher::run() {
  end = sweep.visits + options.polishVisits;
  best = executed();
  bool progress = true;
  while (progress && !spent()) {
    progress = false;
    for (ListId list = tree.lists.size(); list-- > 0;) {
      const List &items = tree.lists[list];
      if (items.frozen || items.items.size() > mostItems || plan.byList[list].empty())
        continue;
      for (const Handoff &candidate : candidates(list)) {
        if (spent())
          break;
        progress |= tryWith(candidate);
      }
    }
  }
  settles();
}
