//===- InsertSweepLoops.cpp - Loops and joins of the clock sweep -----------===//
//
// Every open loop has claims of its own: a place in its body and a number of iterations ago. They
// start from "complete up to the loop" and descend until the back edge takes nothing away
// (sync 13.1).
// Iterations before the first are empty, so claims about them hold; that lets the tokens of primes
// meet those of the back edge.
//
//===----------------------------------------------------------------------===//

#include "InsertSweep.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Calls visit(clock, observers in it) for everything in the head that makes claims.
template <typename Visit> void Sweep::forEachClock(Head &head, Visit visit) const {
  visit(head.state.know, observers);
  for (State::Token &token : head.state.tokens)
    for (State::Slot &slot : token.slots)
      if (slot.presence == State::Pending)
        visit(slot.snapshot, 1u);
  for (std::vector<Clock> &queue : head.queues)
    for (Clock &clock : queue)
      visit(clock, 1u);
}

//===----------------------------------------------------------------------===//
// Entering, turning, leaving
//===----------------------------------------------------------------------===//

/// A claim about all items of its column on this path may be raised to "now". Needed before paths
/// meet, else the path without items of a column takes from the other what it knows.
void Sweep::normalise(Head &head, Position now) const {
  const Clock &tops = head.state.top;
  const Position *top = tops.data() + tops.size() - columns;
  forEachClock(head, [&](Clock &clock, unsigned rows) {
    Position *block = clock.data() + clock.size() - rows * columns;
    for (unsigned r = 0; r < rows; ++r, block += columns)
      for (unsigned column = 0; column < columns; ++column)
        if (block[column] >= top[column])
          block[column] = now;
  });
}

void Sweep::enter(NodeId loop, Head &head) const {
  Position now = placeOf(loop);
  normalise(head, now);
  startRotation(loop, head.state);
  forEachClock(
      head, [&](Clock &clock, unsigned rows) { clock.insert(clock.end(), rows * columns, now); });
  head.state.top.insert(head.state.top.end(), columns, now);
  muteObservers(head.state.know);
}

/// On the innermost level.
void Sweep::muteObservers(Clock &know) const {
  for (unsigned observer : silent)
    std::fill_n(know.end() - (observers - observer) * columns, columns, unknown);
}

void Sweep::age(NodeId loop, Position *block) const {
  const Clock &last = lastItems[loop];
  Position limit = -(demands.longestDistance + 1) * iteration;
  for (unsigned column = 0; column < columns; ++column) {
    Position claim = block[column] - iteration, place = claim & (iteration - 1);
    if (last[column] < 0)
      claim = placeOf(loop);
    else if (place >= last[column]) // a whole iteration is the same as nothing of the next one
      claim += iteration - place + placeOf(loop);
    block[column] = claim < limit ? unknown : claim;
  }
}

void Sweep::nextIteration(NodeId loop, Head &head) const {
  forEachClock(head, [&](Clock &clock, unsigned rows) {
    Position *block = clock.data() + clock.size() - rows * columns;
    for (unsigned r = 0; r < rows; ++r)
      age(loop, block + r * columns);
  });
  std::fill(head.state.top.end() - columns, head.state.top.end(), placeOf(loop));
  for (State::Token &token : head.state.tokens)
    if (token.loop != none && tree.program.counts(loop, token.loop))
      std::rotate(token.slots.begin(), token.slots.begin() + 1, token.slots.end());
}

/// Brings a head at `now`, inside the last iteration of a loop, into the form that leave() takes:
/// all of a column, or up to a place of that iteration.
void Sweep::stopInside(NodeId loop, Position now, Head &head) const {
  normalise(head, now);
  forEachClock(head, [&](Clock &clock, unsigned rows) {
    for (Position &claim : llvm::MutableArrayRef(clock).take_back(rows * columns))
      claim = claim == now ? placeOf(loop) : claim - iteration;
  });
}

/// Drops the claims of the loop after they have extended those of the list around it. A claim that
/// is not complete up to the loop cannot be extended.
void Sweep::leave(NodeId loop, Head &head, bool ran) const {
  Clock &tops = head.state.top;
  tops.resize(tops.size() - columns);
  Position *top = tops.data() + tops.size() - columns;
  const Place &place = tree.places[loop];
  forEachClock(head, [&](Clock &clock, unsigned rows) {
    size_t size = clock.size() - rows * columns;
    const Position *inner = clock.data() + size;
    Position *outer = clock.data() + size - rows * columns;
    for (unsigned i = 0; i < rows * columns; ++i)
      if (outer[i] >= top[i % columns]) {
        if (inner[i] >= 0)
          outer[i] = place.end;
        else
          outer[i] = inner[i] >= -iteration ? inner[i] + iteration : place.begin;
      }
    clock.resize(size);
  });
  if (ran)
    for (unsigned column = 0; column < columns; ++column)
      top[column] = std::max(top[column], lastItems[loop][column]);
}

//===----------------------------------------------------------------------===//
// Joins
//===----------------------------------------------------------------------===//

void Sweep::join(Head &head, const Head &other) const {
  lowerClock(head.state.know, other.state.know);
  for (auto [top, theirs] : llvm::zip(head.state.top, other.state.top))
    top = std::max(top, theirs);
  for (auto [queue, theirs] : llvm::zip(head.queues, other.queues))
    for (auto [clock, their] : llvm::zip(queue, theirs))
      lowerClock(clock, their);
  joinTokens(head.state, other.state);
}

/// What both say.
void Sweep::lowerClock(Clock &clock, const Clock &limit) const {
  for (size_t i = 0; i < clock.size(); ++i)
    clock[i] = i < maskEnd(clock) ? clock[i] & limit[i] : std::min(clock[i], limit[i]);
}

bool Sweep::lower(Head &head, const Head &next, bool giveUp) const {
  bool same = true;
  auto restrict = [&](Clock &clock, const Clock &limit) {
    for (size_t i = 0; i < clock.size(); ++i) {
      bool isMask = i < maskEnd(clock); // few bits: never worth giving up
      if (isMask ? (clock[i] & ~limit[i]) == 0 : clock[i] <= limit[i])
        continue;
      clock[i] = isMask ? clock[i] & limit[i] : giveUp ? unknown : limit[i];
      same = false;
    }
  };
  restrict(head.state.know, next.state.know);
  for (auto [queue, limits] : llvm::zip(head.queues, next.queues))
    for (auto [clock, limit] : llvm::zip(queue, limits))
      restrict(clock, limit);
  std::vector<State::Token> before = head.state.tokens;
  joinTokens(head.state, next.state);
  same &= before.size() == head.state.tokens.size();
  for (auto [old, token] : llvm::zip(before, head.state.tokens))
    for (auto [was, slot] : llvm::zip(old.slots, token.slots)) {
      same &= was.presence == slot.presence;
      if (was.presence == State::Pending && slot.presence == State::Pending)
        for (auto [a, b] : llvm::zip(was.snapshot, slot.snapshot))
          if (a != b) {
            b = giveUp && &b - slot.snapshot.data() >= ptrdiff_t(maskEnd(slot.snapshot)) ? unknown
                                                                                         : b;
            same = false;
          }
    }
  return same;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void Sweep::saveQueues(NodeId loop, Head &head) const {
  head.queues.clear();
  for (HandoffId h : plan.carried[loop])
    head.queues.push_back(queues[h]);
}

void Sweep::loadQueues(NodeId loop, const Head &head) {
  for (auto [h, queue] : llvm::zip(plan.carried[loop], head.queues))
    queues[h] = queue;
}

void Sweep::prime(HandoffId id, Position at, State &s) {
  const Handoff &handoff = plan.handoffs[id];
  handoffs[id].prime = at;
  if (tracksWaits())
    note(handoffs[id].atPrime, knowledge(handoff.from, handoff.to, s));
  queues[id].assign(handoff.delay, snapshot(handoff.from, s));
}

void Sweep::drain(NodeId loop, State &s) {
  Position at = tree.places[loop].end + nodeStep / 16;
  for (HandoffId h : plan.carried[loop]) {
    for (const Clock &token : queues[h])
      learn(plan.handoffs[h].to, tracksWaits() ? waitColumn(h) : none, &token, ++at, s);
    handoffs[h].drain = at;
    queues[h].clear();
  }
}

/// The claims of a loop about itself are the same whenever control gets to it, since levels do not
/// borrow from one another: start from where they settled in this run. One turn then confirms it,
/// which keeps the number of turns linear in the depth of a nest.
void Sweep::resume(NodeId loop, Head &head) const {
  const auto &[run, old] = settled[loop];
  if (run != runs)
    return;
  auto copy = [&](Clock &clock, const Clock &from, unsigned rows) {
    std::copy(from.end() - rows * columns, from.end(), clock.end() - rows * columns);
  };
  copy(head.state.know, old.state.know, observers);
  for (auto [queue, from] : llvm::zip(head.queues, old.queues))
    for (auto [clock, source] : llvm::zip(queue, from))
      copy(clock, source, 1);
}

/// A loop of few turns in a small program is walked as it runs: what its last turns know is more
/// than what all of them know.
bool Sweep::goesTurnByTurn(NodeId loop) const {
  constexpr int64_t mostTurns = 4;
  return demands.columns.areAlone() && closed[loop] &&
         tree.program[loop].trip.value_or(mostTurns + 1) <= mostTurns;
}

Sweep::Head Sweep::turnByTurn(NodeId loop, Head head) {
  int64_t turnBefore = turn;
  for (turn = 0; turn < *tree.program[loop].trip; ++turn) {
    loadQueues(loop, head);
    walkList(tree.places[loop].arms[0], head.state);
    saveQueues(loop, head);
    nextIteration(loop, head);
  }
  turn = turnBefore;
  return head;
}

Sweep::Head Sweep::fixpoint(NodeId loop, const Head &entry) {
  // Facts that the body does not renew fall by one iteration a sweep. Once every ring had a chance
  // to come around, what still falls is given up (sync 13.1).
  size_t patience = 2;
  for (const std::vector<Clock> &queue : entry.queues)
    patience = std::max(patience, queue.size() + 3);
  for (const State::Token &token : entry.state.tokens)
    patience = std::max(patience, token.slots.size() + 2);
  Head head = entry;
  resume(loop, head);
  size_t failuresBefore = failing.size();
  for (size_t sweep = 0;; ++sweep) {
    failing.resize(failuresBefore); // those of the last turn count
    if (outlining && loop == open.front())
      outward.clear();
    Head turn{head.state, {}};
    loadQueues(loop, head);
    walkList(tree.places[loop].arms[0], turn.state);
    saveQueues(loop, turn);
    nextIteration(loop, turn);
    // A loop that runs once has no back edge.
    if (tree.program[loop].trip == 1 || lower(head, turn, sweep >= patience)) {
      settled[loop] = {runs, std::move(head)};
      return tree.endsInside(loop) ? std::move(leaving[loop]) : std::move(turn);
    }
  }
}

void Sweep::walkLoop(NodeId loop, State &s) {
  const Place &place = tree.places[loop];
  if (tree.program[loop].trip == 0)
    return;
  Position at = placeOf(loop) - nodeStep / 8;
  for (HandoffId h : plan.carried[loop])
    if (plan.handoffs[h].primeAfter == none) {
      prime(h, at, s);
      at += plan.handoffs[h].delay;
    }
  Head entry{std::move(s), {}};
  saveQueues(loop, entry);
  enter(loop, entry);
  Head exit;
  if (closed[loop]) {
    exit = across(loop, entry);
  } else {
    open.push_back(loop);
    exit = fixpoint(loop, entry);
    open.pop_back();
  }
  leave(loop, exit, true);
  if (!tree.alwaysRuns(loop)) {
    // Leave on both paths first, then join: that loses less than leaving after the join.
    leave(loop, entry, false);
    normalise(entry, place.end);
    normalise(exit, place.end);
    join(exit, entry);
  }
  s = std::move(exit.state);
  loadQueues(loop, exit);
  at = place.end;
  for (HandoffId h : plan.points[loop].sets)
    if (plan.isEarly(plan.handoffs[h]))
      setAfter(h, ++at, s);
  drain(loop, s);
}
