//===- InsertSweep.cpp - Transfer functions of the clock sweep -------------===//

#include "InsertSweep.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Sweep::Sweep(const Tree &tree, const Demands &demands, Plan &plan)
    : existingSets(tree.places.size()), tree(tree), demands(demands), plan(plan),
      accesses(demands.columns.size()), lastItems(tree.places.size()), settled(tree.places.size()),
      closed(tree.places.size()), outlines(tree.places.size()), arrivals(tree.places.size()) {
  indices.fill(none);
  auto use = [&](Pipe pipe) {
    if (pipe != Pipe::ALL && indexOf(pipe) == none)
      indices[unsigned(pipe)] = pipes++;
  };
  use(Pipe::S); // of Publish and Fence
  for (NodeId node : tree.order) {
    const Node &n = tree.program[node];
    if (n.kind == NodeKind::Access || n.kind == NodeKind::Barrier || n.kind == NodeKind::Publish)
      use(n.kind == NodeKind::Publish ? pipeOf(n) : n.pipe);
    if (n.kind == NodeKind::Set || n.kind == NodeKind::Wait) {
      use(n.key.from);
      use(n.key.to);
    }
  }
  if (indexOf(Pipe::MTE1) != none)
    use(Pipe::M); // for drains: no flag from MTE1 to S is listed
  outside = pipes;
  observers = pipes + 1;
  bool publishes = false, asksS = false;
  for (NodeId node : tree.order) {
    const Node &n = tree.program[node];
    publishes |= n.kind == NodeKind::Publish;
    asksS |= n.kind == NodeKind::Fence || (n.kind == NodeKind::Access && n.pipe == Pipe::S) ||
             (n.kind == NodeKind::Set && n.key.from == Pipe::S);
  }
  if (!publishes)
    silent.push_back(outside);
  if (!publishes && !asksS)
    silent.push_back(indexOf(Pipe::S));
  findClosed(0);
}

/// Where which column stands in this run; true when it is as in the last one.
bool Sweep::layOutColumns(bool trackWaits) {
  unsigned before = std::exchange(columns, accesses);
  if (!trackWaits)
    return columns == before;
  bool alone = demands.columns.areAlone();
  waitColumns.assign(alone ? plan.handoffs.size() : 0, none);
  existingWaits.assign(alone ? tree.places.size() : 0, none);
  for (unsigned pipe = 0; pipe < numPipes; ++pipe) {
    unsigned first = columns;
    columns += indices[pipe] != none;
    for (HandoffId h = 0; h < waitColumns.size(); ++h)
      if (plan.handoffs[h].alive && plan.handoffs[h].to == Pipe(pipe))
        waitColumns[h] = columns++;
    for (NodeId node = 0; node < existingWaits.size(); ++node)
      if (tree.program[node].kind == NodeKind::Wait && tree.program[node].key.to == Pipe(pipe))
        existingWaits[node] = columns++;
    waitRanges[pipe] = {first, columns};
  }
  return !alone && columns == before;
}

void Sweep::run(ListId id, bool trackWaits) {
  const List &list = tree.lists[id];
  bool sameColumns = layOutColumns(trackWaits);
  base = list.loops.size() - list.isBody;
  open.clear();
  failing.clear();
  ++runs;
  handoffs.resize(plan.handoffs.size());
  queues.resize(plan.handoffs.size());
  if (id == 0 || !sameColumns) { // every list may have changed
    ++epoch;
    Clock last(columns, -1);
    findLastItems(0, last);
  }
  if (list.isBody && closed[list.owner])
    return makeOutline(list.owner);
  State s;
  // Claims are prefixes: just before the first item, everything is complete.
  Position start = list.isBody ? placeOf(list.owner) : list.begin - 1;
  s.know.assign(observers * columns, start);
  s.top.assign(columns, start);
  if (list.isBody)
    walkLoop(list.owner, s);
  else
    walkList(id, s);
  if (trackWaits)
    expandKnowledge();
}

/// Raises `last` to the last place of each column in the list, and notes that of every loop.
void Sweep::findLastItems(ListId id, Clock &last) {
  if (tree.lists[id].dead)
    return;
  auto raise = [&](unsigned column, Position at) { last[column] = std::max(last[column], at); };
  for (NodeId node : tree.lists[id].items) {
    const Node &n = tree.program[node];
    Position at = placeOf(node);
    if (tracksWaits())
      findLastWaits(node, last);
    if (n.kind == NodeKind::Access)
      raise(demands.columns.of(node), at);
    for (ListId arm : tree.places[node].arms) {
      if (n.kind != NodeKind::Loop) {
        findLastItems(arm, last);
        continue;
      }
      Clock inner(columns, -1);
      findLastItems(arm, inner);
      for (unsigned column = 0; column < columns; ++column)
        raise(column, inner[column]);
      lastItems[node] = std::move(inner);
    }
  }
}

/// The places that walkList and drain will give to the waits at a node.
void Sweep::findLastWaits(NodeId node, Clock &last) const {
  auto raise = [&](unsigned column, Position at) { last[column] = std::max(last[column], at); };
  Position at = placeOf(node);
  for (auto [index, h] : llvm::enumerate(plan.points[node].waits))
    raise(waitColumn(h), at - nodeStep / 2 + Position(index));
  for (const BarrierPlan &planned : plan.points[node].barriers)
    for (auto [index, flag] : llvm::enumerate(planned.drains))
      raise(commonWaits(flag.to), plan.drainPlace(node) + Position(index));
  if (tree.program[node].kind == NodeKind::Wait)
    raise(waitColumnOf(node), at);
  Position drained = tree.places[node].end + nodeStep / 16;
  for (HandoffId h : plan.carried[node])
    raise(waitColumn(h), drained += plan.drains(plan.handoffs[h]));
}

//===----------------------------------------------------------------------===//
// Lists and nodes
//===----------------------------------------------------------------------===//

void Sweep::walkList(ListId id, State &s) {
  visits += tree.lists[id].items.size();
  for (NodeId node : tree.lists[id].items) {
    Point &point = plan.points[node];
    const Place &place = tree.places[node];
    Position at = place.begin - nodeStep / 2;
    for (HandoffId h : point.waits) {
      handoffs[h].wait = at++;
      waitFor(h, s);
    }
    for (const BarrierPlan &planned : point.barriers) {
      if (planned.drains.empty())
        barrier(planned.pipe, s);
      for (const Flag &flag : planned.drains) {
        Clock token = snapshot(flag.from, s);
        learn(flag.to, tracksWaits() ? commonWaits(flag.to) : none, &token, at++, s);
      }
    }
    point.fence = false; // publish() decides
    walkNode(node, s);
    at = place.end + nodeStep / 4;
    for (HandoffId h : point.sets)
      if (!plan.isEarly(plan.handoffs[h])) // else walkLoop has walked it
        setAfter(h, at++, s);
    for (HandoffId h : point.primes) {
      prime(h, at, s);
      at += plan.handoffs[h].delay;
    }
  }
}

void Sweep::setAfter(HandoffId id, Position at, State &s) {
  const Handoff &handoff = plan.handoffs[id];
  handoffs[id].set = at;
  if (tracksWaits()) {
    HandoffFacts &facts = handoffs[id];
    Knowledge known = knowledge(handoff.from, handoff.to, s);
    NodeId loop = plan.loopOf(handoff);
    int64_t trip = loop == none ? 0 : tree.program[loop].trip.value_or(0);
    int64_t firstDrained = trip - handoff.delay;
    if (turn == 0)
      facts.atDrained = {};
    else if (turn == firstDrained)
      facts.atDrained = known;
    else if (turn > firstDrained && !facts.atDrained.empty())
      facts.atDrained.lower(known);
    note(facts.atSet, std::move(known));
  }
  queues[id].push_back(snapshot(handoff.from, s));
}

void Sweep::walkNode(NodeId id, State &s) {
  const Node &node = tree.program[id];
  switch (node.kind) {
  case NodeKind::Access:
    return access(id, s);
  case NodeKind::Publish:
    return publish(id, s);
  case NodeKind::Set:
    return existingSet(id, s);
  case NodeKind::Wait:
    return existingWait(id, s);
  case NodeKind::Barrier:
    return barrier(node.pipe, s);
  case NodeKind::Fence:
    return fence(s);
  case NodeKind::Loop:
    return walkLoop(id, s);
  case NodeKind::Branch:
    return walkBranch(id, s);
  case NodeKind::Macro:
    return walkList(tree.places[id].arms[0], s);
  case NodeKind::Leave: {
    Head &head = leaving[open.back()];
    head.state = s;
    saveQueues(open.back(), head);
    return stopInside(open.back(), placeOf(id), head);
  }
  case NodeKind::Counter:
    return;
  }
}

void Sweep::walkBranch(NodeId id, State &s) {
  // Tokens of handoffs stay where they are: none of this list is touched inside, and those of the
  // arms start and end there.
  Head result;
  bool first = true;
  for (ListId arm : tree.places[id].arms) {
    Head path{s, {}};
    normalise(path, tree.lists[arm].begin - nodeStep / 2 - 1); // what other arms do was not done
    walkList(arm, path.state);
    normalise(path, tree.places[id].end);
    if (first)
      result = std::move(path);
    else
      join(result, path);
    first = false;
  }
  if (!first)
    s = std::move(result.state);
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

bool Sweep::holds(uint32_t index, unsigned observer, State &s) {
  const Demand &demand = demands.all[index];
  if (outlining && demand.level <= base) {
    askOutside(index, row(s, observer)[demand.column]);
    return true; // so far
  }
  if (demand.level < base)
    return true; // its other end is outside of the run
  size_t claim = (demand.level - base) * observers * columns + demand.column;
  return row(s, observer)[claim] >= demand.need;
}

/// The better of both claims.
void Sweep::raise(Position *claims, const Position *others, size_t level) const {
  if (level == 0 && outlining) {
    for (unsigned column = 0; column < columns; ++column)
      claims[column] |= others[column];
    return;
  }
  for (unsigned column = 0; column < columns; ++column)
    claims[column] = std::max(claims[column], others[column]);
}

void Sweep::access(NodeId id, State &s) {
  Pipe pipe = tree.program[id].pipe;
  for (uint32_t i = demands.first[id]; i < demands.first[id + 1]; ++i)
    if (!holds(i, indexOf(pipe), s))
      failing.push_back(i);
  top(s)[demands.columns.of(id)] = placeOf(id);
  size_t stride = observers * columns;
  if (pipe == Pipe::S) // H6: complete before anything later is dispatched
    for (unsigned observer = 0; observer < pipes; ++observer)
      completeAccesses(row(s, observer), stride, pipe, s);
  else if (keepsOrder(pipe, tree.program.arch)) // H7
    completeAccesses(row(s, indexOf(pipe)), stride, pipe, s);
}

/// C8. A missing fence is put in at once: it orders nothing else, so no plan can be better.
void Sweep::publish(NodeId id, State &s) {
  bool needsFence = false;
  for (uint32_t i = demands.first[id]; i < demands.first[id + 1]; ++i) {
    if (demands.all[i].fence)
      needsFence |= !holds(i, outside, s);
    else if (!holds(i, indexOf(pipeOf(tree.program[id])), s))
      failing.push_back(i);
  }
  if (!needsFence)
    return;
  fence(s);
  NodeId item = id;
  while (tree.listOf(item).frozen)
    item = tree.listOf(item).owner;
  plan.points[item].fence = true;
}

void Sweep::fence(State &s) const {
  for (size_t level = 0; level <= open.size(); ++level) {
    Position *block = s.know.data() + level * observers * columns;
    raise(block + outside * columns, block + indexOf(Pipe::S) * columns, level);
  }
}

/// H5.
void Sweep::barrier(Pipe pipe, State &s) const {
  size_t stride = observers * columns;
  if (pipe != Pipe::ALL)
    return completeAccesses(row(s, indexOf(pipe)), stride, pipe, s);
  for (unsigned observer = 0; observer < pipes; ++observer)
    for (unsigned column = 0; column < columns; ++column)
      completeColumn(row(s, observer), stride, column, s);
}

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

/// Claims that everything of the column so far is complete: the latest item, not this place, so
/// that equal facts have equal numbers.
void Sweep::completeColumn(Position *claims, size_t stride, unsigned column, State &s) const {
  for (size_t level = 0; level < open.size(); ++level) {
    Position &claim = claims[level * stride + column];
    claim = level == 0 && outlining ? everything : std::max(claim, placeOf(open[level]));
  }
  Position &claim = claims[open.size() * stride + column];
  claim = std::max(claim, top(s)[column]);
}

void Sweep::completeColumns(Position *claims, size_t stride, Range range, State &s) const {
  for (unsigned column = range.first; column < range.second; ++column)
    completeColumn(claims, stride, column, s);
}

/// What a token of a set on `from` says: all that the pipe knows, and all of itself (H3).
Clock Sweep::snapshot(Pipe from, State &s) const {
  Clock token;
  token.reserve(s.top.size() + columns);
  for (size_t level = 0; level <= open.size(); ++level) {
    const Position *claims = row(s, indexOf(from)) + level * observers * columns;
    token.insert(token.end(), claims, claims + columns);
  }
  completeAccesses(token.data(), columns, from, s);
  if (tracksWaits())
    completeColumns(token.data(), columns, waitRanges[unsigned(from)], s);
  return token;
}

/// S holds dispatch while it waits: what it knows holds for all that follows (H6).
void Sweep::broadcast(State &s) const {
  for (size_t level = 0; level <= open.size(); ++level) {
    Position *block = s.know.data() + level * observers * columns;
    for (unsigned observer = 0; observer < pipes; ++observer)
      raise(block + observer * columns, block + indexOf(Pipe::S) * columns, level);
  }
}

/// `column`: of the wait, where waits are tracked.
void Sweep::learn(Pipe to, unsigned column, const Clock *token, Position at, State &s) const {
  if (token)
    for (size_t level = 0; level <= open.size(); ++level)
      raise(row(s, indexOf(to)) + level * observers * columns, token->data() + level * columns,
            level);
  if (tracksWaits())
    top(s)[column] = at;
  if (to != Pipe::S)
    return;
  broadcast(s);
  if (tracksWaits())
    for (unsigned observer = 0; observer < pipes; ++observer)
      completeColumns(row(s, observer), observers * columns, waitRanges[unsigned(to)], s);
}

/// What a set knows each time that control comes to it.
void Sweep::note(Knowledge &facts, Knowledge known) const {
  if (turn > 0 && !facts.empty())
    facts.lower(known);
  else
    facts = std::move(known);
}

void Knowledge::lower(const Knowledge &other) {
  for (auto [index, mine] : llvm::enumerate(claims)) {
    bool isMask = outlined != none && index < width;
    mine = isMask ? mine & other.claims[index] : std::min(mine, other.claims[index]);
  }
}

Knowledge Sweep::knowledge(Pipe from, Pipe to, State &s) const {
  Knowledge result;
  auto [first, end] = waitRanges[unsigned(to)];
  result.width = end - first;
  for (size_t level = 0; level <= open.size(); ++level) {
    const Position *claims = row(s, indexOf(from)) + level * observers * columns;
    result.claims.append(claims + first, claims + end);
  }
  result.outlined = outlining ? open.front() : none;
  return result;
}

void Sweep::waitFor(HandoffId id, State &s) {
  const Handoff &handoff = plan.handoffs[id];
  Clock token = std::move(queues[id].front());
  queues[id].erase(queues[id].begin());
  const Position *told = token.data() + open.size() * columns;
  const Position *known = row(s, indexOf(handoff.to)) + open.size() * observers * columns;
  auto [first, end] = demands.columns.of(handoff.from);
  // Nothing new, or nothing left to tell.
  bool isRedundant = llvm::all_of(llvm::seq(first, end), [&](unsigned column) {
    return told[column] <= known[column] || known[column] >= top(s)[column];
  });
  handoffs[id].redundant = isRedundant && (turn == 0 || handoffs[id].redundant);
  learn(handoff.to, tracksWaits() ? waitColumn(id) : none, &token, handoffs[id].wait, s);
}

void Sweep::existingSet(NodeId id, State &s) {
  const FlagKey &key = tree.program[id].key;
  if (tracksWaits())
    note(existingSets[id], knowledge(key.from, key.to, s));
  Clock token = snapshot(key.from, s);
  if (State::Slot *slot = slotOf(key, s))
    *slot = {State::Pending, std::move(token)};
}

void Sweep::existingWait(NodeId id, State &s) {
  const FlagKey &key = tree.program[id].key;
  State::Slot token;
  if (State::Slot *slot = slotOf(key, s))
    token = std::exchange(*slot, {State::Empty, {}});
  learn(key.to, tracksWaits() ? waitColumnOf(id) : none,
        token.presence == State::Pending ? &token.snapshot : nullptr, placeOf(id), s);
}
