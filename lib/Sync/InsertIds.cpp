//===- InsertIds.cpp - Event ids for handoffs ------------------------------===//
//
// Numbers such as 13.4 are sections of docs/memory-and-sync.md.
//
//===----------------------------------------------------------------------===//

#include "InsertIds.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

IdAllocator::IdAllocator(const Tree &tree, Plan &plan, Sweep &sweep, const InsertOptions &options,
                         InsertStats &stats)
    : tree(tree), plan(plan), sweep(sweep), options(options), stats(stats) {
  arcs.resize(numPipes * numPipes * tree.program.eventIds);
  taken.resize(arcs.size());
  forDrains.resize(arcs.size());
  for (NodeId node : tree.order)
    reserve(node);
  findWaysToScalar();
}

/// C5: an id that a macro or hand-written code uses is left out for the whole function. Its waits
/// become arcs of no length, for credits().
void IdAllocator::reserve(NodeId node) {
  const Node &n = tree.program[node];
  if (n.kind != NodeKind::Set && n.kind != NodeKind::Wait)
    return;
  bool dead = tree.listOf(node).dead;
  if (n.kind == NodeKind::Set && !dead)
    handWritten.push_back(node);
  if (n.kind == NodeKind::Wait && !dead && n.key.id.count > 1)
    ringWaits[ringOf(n.key)].push_back(node);
  const EventId &id = n.key.id;
  bool isBounded = id.known || id.count > 1;
  int64_t first = isBounded ? id.base : 0, ids = tree.program.eventIds;
  int64_t last = isBounded ? std::min<int64_t>(ids, first + id.count) : ids;
  Position at = tree.places[node].begin;
  for (int64_t e = std::max<int64_t>(0, first); e < last; ++e) {
    taken[slot(n.key.from, n.key.to, e)] = true;
    if (n.kind == NodeKind::Wait && !dead)
      arcsOf(n.key.from, n.key.to, e).insert({at, {at, at, at, node, none}});
  }
}

//===----------------------------------------------------------------------===//
// Arcs and rules
//===----------------------------------------------------------------------===//

Position IdAllocator::firstPlace(HandoffId h) const {
  const HandoffFacts &facts = sweep.handoffs[h];
  if (NodeId loop = plan.handoffs[h].keptOver; loop != none)
    return ringStart(loop);
  return plan.handoffs[h].delay ? facts.prime : facts.set;
}

llvm::SmallVector<IdAllocator::Arc, 2> IdAllocator::arcsFor(HandoffId h, uint32_t count) const {
  const Handoff &handoff = plan.handoffs[h];
  const HandoffFacts &facts = sweep.handoffs[h];
  NodeId consumer = plan.consumerOf(handoff), loop = plan.loopOf(handoff);
  if (NodeId around = handoff.keptOver; around != none) {
    Position end = tree.places[around].end;
    return {{ringStart(around), end + nodeStep / 8, end + nodeStep / 16, around, h}};
  }
  if (count > 1) { // the ring turns with the loop and keeps its ids all the time
    NodeId around = handoff.number == none ? loop : tree.program.startOf(handoff.number);
    Position start = ringStart(around);
    if (handoff.primeAfter != none)
      start = std::min(start, facts.prime);
    Arc arc{start, tree.places[around].end + nodeStep / 8, facts.wait, consumer, h};
    if (plan.drains(handoff)) {
      arc.lastWait = facts.drain;
      arc.waitAt = loop;
    }
    return {arc};
  }
  bool drains = plan.drains(handoff);
  if (!handoff.delay && !drains)
    return {{facts.set, facts.wait, facts.wait, consumer, h}};
  if (!handoff.delay) // taken inside, or behind the loop when it ends between set and wait
    return {{facts.set, facts.wait, facts.wait, consumer, h},
            {facts.wait, facts.drain, facts.drain, loop, h}};
  if (!drains) // the last token is taken before the loop ends inside
    return {{facts.prime, facts.wait, facts.wait, consumer, h},
            {facts.set, tree.places[loop].end, facts.wait, consumer, h}};
  // A circular arc: between wait and set of one iteration the id is free for others.
  return {{facts.prime, facts.wait, facts.wait, consumer, h},
          {facts.set, facts.drain, facts.drain, loop, h}};
}

llvm::SmallVector<IdAllocator::SetPlace, 2> IdAllocator::setsOf(HandoffId h, uint32_t count) const {
  const Handoff &handoff = plan.handoffs[h];
  if (handoff.keptOver != none)
    return {}; // judged in the finished program
  const HandoffFacts &facts = sweep.handoffs[h];
  unsigned level = tree.lists[handoff.span.list].loops.size();
  NodeId loop = plan.loopOf(handoff);
  const Place &around = tree.places[loop == none ? plan.producerOf(handoff) : loop];
  NodeId primed =
      handoff.primeAfter == none ? loop : tree.lists[around.list].items[handoff.primeAfter];
  if (count > 1) { // rotationHolds() looks at what is inside the loop
    Position start = handoff.primeAfter == none ? ringStart(loop) : facts.prime;
    // An id for every token: a prime takes the id of a token that was waited for inside the loop,
    // and only the last sets take those that were drained.
    if (std::optional<uint32_t> all = countForAll(h); all && count >= *all && handoff.delay)
      return {{start, facts.atPrime, primed, around.list, level - 1, h, facts.wait},
              {start, facts.atSet, primed, around.list, level - 1, h, facts.wait},
              {start, facts.atLastSets(), primed, around.list, level - 1, h, facts.drain}};
    return {{start, handoff.delay ? facts.atPrime : facts.atSet, primed, around.list, level - 1}};
  }
  SetPlace inList{facts.set, facts.atSet, plan.producerOf(handoff), handoff.span.list, level};
  if (!handoff.delay)
    return {inList};
  return {{facts.prime, facts.atPrime, primed, around.list, level - 1}, inList};
}

/// May the loop have come, after this arc, to earlier ones once more? So it is, seen from behind a
/// loop that ends inside, with what stands behind its end, and with a token of which the wait
/// stands before the set.
bool IdAllocator::isBeforeItsTime(const Arc &arc, const List &seenFrom) const {
  if (arc.lastWait < arc.from)
    return true;
  if (arc.waitAt == none)
    return false;
  const Place *place = &tree.places[arc.waitAt];
  for (const List *list = &tree.lists[place->list]; list->parent != none;
       list = &tree.lists[place->list]) {
    if (list->leave != none && place->index > list->leave &&
        !llvm::is_contained(seenFrom.loops, list->owner))
      return true;
    place = &tree.places[list->owner];
  }
  return false;
}

/// C3 at a set: the latest waits of the id before it, on every level, are known to have happened.
bool IdAllocator::holds(const Arcs &users, const SetPlace &set,
                        llvm::function_ref<void(const Arc &, unsigned, int64_t)> late) const {
  bool ok = true;
  auto demand = [&](const Arc &arc, unsigned level, int64_t distance) {
    Position wait = set.own != none && arc.handoff == set.own ? set.ownWait : arc.lastWait;
    if (set.known.at(level, offsetOf(arc)) >= wait - distance * iteration)
      return;
    ok = false;
    late(arc, level, distance);
  };
  const List &list = tree.lists[set.list];
  for (unsigned level = set.known.complete; level <= set.levels; ++level) {
    Position from = level ? tree.places[list.loops[level - 1]].begin : 0;
    Position to = level < list.loops.size() ? tree.places[list.loops[level]].begin : set.at;
    auto it = users.lower_bound(to);
    for (auto [begin, end] : list.exclusive)
      if (it != users.begin() && std::prev(it)->first > begin && std::prev(it)->first < end)
        it = users.lower_bound(begin);
    while (it != users.begin()) {
      const Arc &arc = (--it)->second;
      if (arc.lastWait > from && arc.lastWait < to)
        demand(arc, level, 0);
      if (speaksForEarlier(arc, list))
        break;
    }
    if (level == 0 || runsOnce(list.loops[level - 1]))
      continue;
    Position end = tree.places[list.loops[level - 1]].end;
    // Arcs that end with a drain behind the loop say nothing about the iteration before.
    it = users.lower_bound(end);
    while (it != users.begin() && std::prev(it)->second.lastWait >= end)
      --it;
    while (it != users.begin()) {
      const Arc &arc = (--it)->second;
      if (arc.lastWait > from)
        demand(arc, level, 1);
      if (arc.lastWait <= from || speaksForEarlier(arc, list))
        break;
    }
  }
  return ok;
}

/// C3 inside a ring: the set of an iteration reuses the id whose wait was count - delay iterations
/// ago.
bool IdAllocator::rotationHolds(HandoffId h, uint32_t count) const {
  if (count == 1 || runsOnce(plan.loopOf(plan.handoffs[h])))
    return true;
  if (std::optional<uint32_t> all = countForAll(h); all && count >= *all)
    return true;
  const HandoffFacts &facts = sweep.handoffs[h];
  return facts.atSet.last(sweep.offsetOf(h)) >=
         facts.wait - (count - plan.handoffs[h].delay) * iteration;
}

std::optional<uint32_t> IdAllocator::countForAll(HandoffId h) const {
  constexpr int64_t most = 4; // of a pair's ids for one handoff
  NodeId loop = plan.loopOf(plan.handoffs[h]);
  if (loop == none || !tree.program[loop].trip)
    return std::nullopt;
  int64_t trip = *tree.program[loop].trip, delay = plan.handoffs[h].delay;
  int64_t tokens = trip + delay;
  if (tokens > most || trip < delay)
    return std::nullopt;
  return uint32_t(tokens);
}

/// In the next turn of the loop around, the primes would have to know of the drains and do not;
/// with an id for every token they need not.
bool IdAllocator::primesMeetDrains(HandoffId h) const {
  const HandoffFacts &facts = sweep.handoffs[h];
  unsigned around = tree.lists[plan.handoffs[h].span.list].loops.size() - 1;
  if (!plan.handoffs[h].delay || around == 0)
    return false;
  Position drain = facts.drain - iteration, wait = facts.wait - iteration;
  auto knows = [&](const Knowledge &known, Position position) {
    return around < known.complete || known.at(around, sweep.offsetOf(h)) >= position;
  };
  return !knows(facts.atPrime, drain) && knows(facts.atPrime, wait) &&
         knows(facts.atLastSets(), drain);
}

/// Numbers of ids to try: what C3 asks for, then fewer, which takes a credit (13.4).
llvm::SmallVector<uint32_t, 3> IdAllocator::countsFor(HandoffId h) const {
  const Handoff &handoff = plan.handoffs[h];
  const HandoffFacts &facts = sweep.handoffs[h];
  bool setFirst = facts.set < facts.wait;
  if (handoff.keptOver != none)
    return {uint32_t(handoff.delay)};
  if (handoff.turn)
    return {handoff.turn};
  uint32_t inFlight = std::max<int64_t>(1, handoff.delay + (handoff.delay && setFirst));
  if (!options.strongFlags)
    return {inFlight};
  std::optional<uint32_t> all = countForAll(h);
  if (runsOnce(plan.loopOf(handoff))) { // the set comes back to the id of a prime, if at all
    bool isTold = facts.atSet.last(sweep.offsetOf(h)) >= facts.wait;
    if (!all || !handoff.delay || setFirst || isTold)
      return {inFlight};
    return {*all, inFlight};
  }
  int64_t back = setFirst;
  while (back <= maxDistance && facts.atSet.last(sweep.offsetOf(h)) < facts.wait - back * iteration)
    ++back;
  bool isNeverTold = back > maxDistance;
  if (isNeverTold)
    back = 2; // nobody tells it; a credit will, and it takes an iteration or two
  uint32_t best = std::max<int64_t>(inFlight, handoff.delay + back);
  if (all && (isNeverTold || *all < best || primesMeetDrains(h)))
    best = std::max(inFlight, *all);
  llvm::SmallVector<uint32_t, 3> counts{best};
  for (uint32_t fewer : {inFlight + 1, inFlight})
    if (fewer < counts.back())
      counts.push_back(fewer);
  return counts;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

/// No credit has room between a wait inside an item, or of a drain after it, and a set right after
/// that item: then the set must know of the wait anyway.
bool IdAllocator::hasRoom(const Arc &arc, HandoffId next) const {
  if (next == none || plan.handoffs[next].keptOver != none)
    return true;
  const HandoffFacts &facts = sweep.handoffs[next];
  Position item = tree.places[plan.producerOf(plan.handoffs[next])].begin;
  return !options.strongFlags || arc.lastWait < item || facts.set < arc.lastWait ||
         facts.atSet.last(offsetOf(arc)) >= arc.lastWait;
}

/// Sets of others that come to the id next, behind the arcs or in the next turn of a loop, and
/// would not know that this token is gone.
unsigned IdAllocator::breaksNext(HandoffId h, llvm::ArrayRef<Arc> wanted, Arcs &users) const {
  llvm::SmallVector<HandoffId, 4> next;
  auto addFirst = [&](Position from) {
    if (auto it = users.lower_bound(from); it != users.end() && it->second.handoff != none)
      next.push_back(it->second.handoff);
  };
  for (const Arc &arc : wanted)
    addFirst(arc.to);
  for (NodeId loop : tree.lists[plan.handoffs[h].span.list].loops)
    addFirst(tree.places[loop].begin);
  llvm::sort(next);
  next.erase(llvm::unique(next), next.end());
  for (const Arc &arc : wanted)
    users.insert({arc.from, arc});
  unsigned broken = 0;
  for (HandoffId other : next)
    for (const SetPlace &set : setsOf(other, plan.handoffs[other].count))
      holds(users, set, [&](const Arc &arc, unsigned, int64_t) { broken += arc.handoff == h; });
  for (const Arc &arc : wanted)
    users.erase(arc.from);
  return broken;
}

/// Ids whose reuse keeps C3, for it and for who comes next; of those the ones that the pair uses
/// already, once these are enough to rotate over; of those the one that rested longest (13.4).
std::optional<int32_t> IdAllocator::pick(HandoffId h, uint32_t count) {
  // What a loop's handoff of the default delay turns over. Where nothing is known of old tokens, as
  // many as there are.
  unsigned enough = options.strongFlags ? 3 : tree.program.eventIds;
  const Handoff &handoff = plan.handoffs[h];
  auto wanted = arcsFor(h, count);
  auto sets = setsOf(h, count);
  auto isOpen = [&](int64_t id) {
    return isForHandoffs(handoff.from, handoff.to, id) &&
           !arcsOf(handoff.from, handoff.to, id).empty();
  };
  unsigned inUse = llvm::count_if(llvm::seq<int64_t>(tree.program.eventIds), isOpen);
  using Rank = std::tuple<unsigned, unsigned, Position, int32_t>;
  std::optional<Rank> best;
  for (int64_t first = 0; first + count <= tree.program.eventIds; ++first) {
    unsigned broken = 0, ids = inUse;
    Position lastUse = 0;
    bool free = true;
    for (int64_t id = first; free && id < first + count; ++id) {
      Arcs &users = arcsOf(handoff.from, handoff.to, id);
      ids += users.empty();
      free = isForHandoffs(handoff.from, handoff.to, id);
      for (const Arc &arc : wanted) {
        auto next = users.lower_bound(arc.from);
        free = free && (next == users.end() ||
                        (next->second.from >= arc.to && hasRoom(arc, next->second.handoff)));
        if (next != users.begin()) {
          free = free && std::prev(next)->second.to <= arc.from;
          lastUse = std::max(lastUse, std::prev(next)->second.to);
        }
      }
      if (free && options.strongFlags)
        for (const SetPlace &set : sets)
          holds(users, set, [&](const Arc &arc, unsigned, int64_t distance) {
            ++broken;
            free &= distance > 0 || arc.lastWait < tree.places[set.item].begin;
          });
      if (free && options.strongFlags)
        broken += breaksNext(h, wanted, users);
    }
    Rank rank{broken, ids > std::max(inUse, enough) ? ids : 0, lastUse, int32_t(first)};
    if (free && (!best || rank < *best))
      best = rank;
  }
  if (!best)
    return std::nullopt;
  return std::get<3>(*best);
}

bool IdAllocator::place(HandoffId h) {
  Handoff &handoff = plan.handoffs[h];
  for (uint32_t count : countsFor(h))
    if (std::optional<int32_t> base = pick(h, count)) {
      handoff.base = *base;
      handoff.count = count;
      for (const Arc &arc : arcsFor(h, count))
        for (uint32_t i = 0; i < count; ++i)
          arcsOf(handoff.from, handoff.to, *base + i).insert({arc.from, arc});
      return true;
    }
  return false;
}

void IdAllocator::remove(HandoffId h) {
  const Handoff &handoff = plan.handoffs[h];
  for (const Arc &arc : arcsFor(h, handoff.count))
    for (uint32_t i = 0; i < handoff.count; ++i)
      arcsOf(handoff.from, handoff.to, handoff.base + i).erase(arc.from);
}

bool IdAllocator::allocate(bool final) {
  mayReserve = final;
  mergedFacts.clear();
  for (size_t i = 0; i < arcs.size(); ++i)
    if (!taken[i])
      arcs[i].clear();
  std::vector<HandoffId> order;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (plan.handoffs[h].alive)
      order.push_back(h);
  llvm::sort(order, [&](HandoffId a, HandoffId b) {
    return std::pair(firstPlace(a), a) < std::pair(firstPlace(b), b);
  });
  bool fits = true;
  for (HandoffId h : order) {
    if (!plan.handoffs[h].alive)
      continue;
    while (!place(h)) {
      fits = false;
      if (relieve(h))
        continue;
      HandoffId victim = cheapestToCut(h);
      if (victim != h)
        remove(victim);
      cut(victim);
      if (victim == h)
        break;
    }
  }
  for (auto &[h, facts] : llvm::reverse(mergedFacts))
    sweep.handoffs[h] = facts;
  return fits && placeDrains();
}
