//===- InsertSweepOutlines.cpp - What a loop does to what is around it -----===//
//
// Levels do not borrow from one another, and inside of a loop nothing tells them apart that are
// around it: what somebody knows there is what somebody knew when control came to the loop, or all
// that is before it. So a loop is walked alone, with sets of observers for claims, and from then on
// the lists around it only look at its outline. That keeps the sweep linear in deep nests.
//
// Loops with hand-written flags, which may carry tokens in or out, and with signals, which get a
// fence or not by what is known there, are walked in place.
//
//===----------------------------------------------------------------------===//

#include "InsertSweep.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// Marks the loops that can be outlined; true when nothing in the list speaks against it.
bool Sweep::findClosed(ListId id) {
  bool result = true;
  for (NodeId node : tree.lists[id].items) {
    NodeKind kind = tree.program[node].kind;
    result &= kind != NodeKind::Set && kind != NodeKind::Wait && kind != NodeKind::Publish;
    bool inside = true;
    for (ListId arm : tree.places[node].arms)
      inside &= findClosed(arm);
    if (kind == NodeKind::Loop)
      closed[node] = inside;
    // A library call takes what it sets; a helper may leave that to who calls it.
    bool isLibrary = kind == NodeKind::Macro && !tree.program[node].transparent;
    bool balanced = isLibrary && llvm::none_of(tree.places[node].arms, [&](ListId l) {
                      return llvm::any_of(tree.lists[l].items, [&](NodeId inner) {
                        return !tree.places[inner].arms.empty() ||
                               tree.program[inner].kind == NodeKind::Publish;
                      });
                    });
    result &= inside || balanced;
  }
  return result;
}

void Sweep::forget(ListId list) {
  if (tree.lists[list].isBody)
    outlines[tree.lists[list].owner].epoch = 0;
}

std::vector<uint32_t> Sweep::failures(ListId id) const {
  const List &list = tree.lists[id];
  bool isOutlined = list.isBody && closed[list.owner];
  std::vector<uint32_t> all = isOutlined ? outlines[list.owner].failures : failing;
  if (id == 0)
    for (const Outline &outline : outlines)
      llvm::append_range(all, outline.failures);
  llvm::sort(all); // turn by turn one may fail more than once
  all.erase(llvm::unique(all), all.end());
  return all;
}

//===----------------------------------------------------------------------===//
// Making an outline
//===----------------------------------------------------------------------===//

/// Notes a demand on the lists around the loop that is being outlined.
void Sweep::askOutside(uint32_t index, Mask mask) {
  if (mask == everything)
    return;
  const Demand &demand = demands.all[index];
  uint8_t column = demand.column;
  // Most that could be asked for is known inside: there are few of them.
  auto group = llvm::find_if(outward, [&](const Outward &o) {
    return o.mask == mask && o.level == demand.level && o.column == column && o.isOwn;
  });
  if (group == outward.end()) {
    using Needs = std::vector<std::pair<Position, uint32_t>>;
    outward.push_back({uint8_t(demand.level), column, true, mask, std::make_shared<Needs>()});
    group = std::prev(outward.end());
  }
  group->needs->push_back({demand.need, index});
}

/// Of the token that a prime puts on its way, in terms of what is known when control comes to the
/// loop. One that was set earlier counts as an observer of its own.
Mask Sweep::firstToken(NodeId loop, size_t index, unsigned column) const {
  const Handoff &handoff = plan.handoffs[plan.carried[loop][index]];
  if (handoff.primeAfter != none)
    return observers + index < 63 ? Mask(1) << (observers + index) : 0;
  if (isOf(column, handoff.from))
    return everything;
  return Mask(1) << indexOf(handoff.from);
}

/// The tokens that the observer has set before control comes to the loop: what they say about
/// others it knows itself, so that a path with its knowledge has theirs as well.
Mask Sweep::primesBy(NodeId loop, unsigned observer, unsigned column) const {
  Mask result = 0;
  for (auto [index, h] : llvm::enumerate(plan.carried[loop])) {
    const Handoff &handoff = plan.handoffs[h];
    if (handoff.primeAfter != none && indexOf(handoff.from) == observer &&
        !isOf(column, handoff.from))
      result |= firstToken(loop, index, column);
  }
  return result;
}

void Sweep::makeOutline(NodeId loop) {
  const List &body = tree.lists[tree.places[loop].arms[0]];
  auto openBefore = std::exchange(open, {loop});
  auto baseBefore = std::exchange(base, body.loops.size() - 1);
  auto outliningBefore = std::exchange(outlining, true);
  auto failingBefore = std::exchange(failing, {});
  auto outwardBefore = std::exchange(outward, {});
  auto turnBefore = std::exchange(turn, 0);

  Position begin = placeOf(loop);
  Head entry;
  for (unsigned observer = 0; observer < observers; ++observer)
    for (unsigned column = 0; column < columns; ++column)
      entry.state.know.push_back(Mask(1) << observer | primesBy(loop, observer, column));
  entry.state.know.insert(entry.state.know.end(), observers * columns, begin);
  muteObservers(entry.state.know);
  entry.state.top.assign(2 * columns, begin);
  for (size_t i = 0; i < plan.carried[loop].size(); ++i) {
    Clock token;
    for (unsigned column = 0; column < columns; ++column)
      token.push_back(firstToken(loop, i, column));
    token.insert(token.end(), columns, begin);
    entry.queues.emplace_back(plan.handoffs[plan.carried[loop][i]].delay, token);
  }
  Head exit = goesTurnByTurn(loop) ? turnByTurn(loop, entry) : fixpoint(loop, entry);

  for (Outward &asked : outward)
    if (asked.isOwn)
      llvm::sort(*asked.needs, [](auto &a, auto &b) {
        return std::pair(-a.first, a.second) < std::pair(-b.first, b.second);
      });
  outlines[loop] = {epoch, std::move(exit), std::exchange(outward, outwardBefore),
                    std::exchange(failing, failingBefore)};
  open = openBefore;
  base = baseBefore;
  outlining = outliningBefore;
  turn = turnBefore;
}

//===----------------------------------------------------------------------===//
// Using it
//===----------------------------------------------------------------------===//

/// What the mask means on a level at the head of the loop, where `begin` is all before it.
Position Sweep::carry(Mask mask, unsigned column, size_t level, Position begin,
                      const Head &entry) const {
  bool inMasks = level == 0 && outlining;
  if (mask == everything)
    return inMasks ? everything : begin;
  Position best = inMasks ? 0 : unknown;
  for (uint64_t rest = mask; rest; rest &= rest - 1) {
    unsigned source = llvm::countr_zero(rest);
    Position claim = source < observers
                         ? entry.state.know[(level * observers + source) * columns + column]
                         : entry.queues[source - observers].front()[level * columns + column];
    best = inMasks ? best | claim : std::max(best, claim);
  }
  return best;
}

/// Which of the demands from inside the loop hold here; what is about levels further out is asked
/// there.
void Sweep::judge(const std::vector<Outward> &asked, NodeId loop, const Head &entry) {
  for (const Outward &demand : asked) {
    if (outlining ? demand.level <= base : demand.level < base) {
      Mask mask = outlining ? carry(demand.mask, demand.column, 0, 0, entry) : everything;
      if (mask != everything)
        outward.push_back({demand.level, demand.column, false, mask, demand.needs});
      continue;
    }
    size_t level = demand.level - base;
    Position begin = placeOf(level < open.size() ? open[level] : loop);
    Position known = carry(demand.mask, demand.column, level, begin, entry);
    for (auto [need, index] : *demand.needs) {
      if (need <= known)
        break;
      failing.push_back(index);
    }
  }
}

/// From the head of a loop, already entered, to the end of its last iteration.
Sweep::Head Sweep::across(NodeId loop, const Head &entry) {
  if (outlines[loop].epoch != epoch)
    makeOutline(loop);
  const Outline &outline = outlines[loop];
  ++visits;
  if (tracksWaits()) {
    if (turn > 0) {
      open.push_back(loop); // the entry has claims of its level, too
      join(arrivals[loop].head, entry);
      open.pop_back();
    } else {
      arrivals[loop] = {runs, outlining ? open.front() : none, entry};
    }
  }
  judge(outline.outward, loop, entry);
  Head exit = entry;
  size_t levels = open.size() + 1;
  auto apply = [&](Clock &clock, const Clock &outlined, unsigned rows) {
    size_t size = rows * columns;
    clock.resize((levels + 1) * size);
    for (size_t level = 0; level < levels; ++level) {
      Position begin = placeOf(level < open.size() ? open[level] : loop);
      for (size_t i = 0; i < size; ++i)
        clock[level * size + i] = carry(outlined[i], i % columns, level, begin, entry);
    }
    std::copy(outlined.end() - size, outlined.end(), clock.end() - size);
  };
  apply(exit.state.know, outline.exit.state.know, observers);
  exit.queues.clear();
  for (const std::vector<Clock> &queue : outline.exit.queues) {
    auto &tokens = exit.queues.emplace_back();
    for (const Clock &token : queue)
      apply(tokens.emplace_back(), token, 1);
  }
  // A token that nobody takes inside learns nothing there.
  for (State::Token &token : exit.state.tokens)
    for (State::Slot &slot : token.slots)
      if (slot.presence == State::Pending)
        for (unsigned column = 0; column < columns; ++column)
          slot.snapshot[slot.snapshot.size() - columns + column] =
              lastItems[loop][column] < 0 ? placeOf(loop) : unknown;
  return exit;
}

//===----------------------------------------------------------------------===//
// What sets know on all levels
//===----------------------------------------------------------------------===//

/// The arrival at the loop with all levels around it instead of masks.
Sweep::Head Sweep::expand(NodeId loop) const {
  const Arrival &arrival = arrivals[loop];
  if (arrival.outlined == none)
    return arrival.head;
  const Head &outer = arrivals[arrival.outlined].head; // expanded before
  const List &body = tree.lists[tree.places[loop].arms[0]];
  size_t levels = body.loops.size() - 1; // around the one that is outlined
  auto apply = [&](const Clock &inMasks, unsigned rows) {
    Clock clock;
    size_t size = rows * columns;
    for (size_t level = 0; level < levels; ++level)
      for (size_t i = 0; i < size; ++i)
        clock.push_back(carry(inMasks[i], i % columns, level, placeOf(body.loops[level]), outer));
    clock.insert(clock.end(), inMasks.begin() + size, inMasks.end());
    return clock;
  };
  Head result;
  result.state.know = apply(arrival.head.state.know, observers);
  for (const std::vector<Clock> &queue : arrival.head.queues) {
    auto &tokens = result.queues.emplace_back();
    for (const Clock &token : queue)
      tokens.push_back(apply(token, 1));
  }
  return result;
}

void Sweep::expandKnowledge(Knowledge &known, Pipe to) const {
  NodeId loop = std::exchange(known.outlined, none);
  if (loop == none || arrivals[loop].run != runs)
    return;
  const List &body = tree.lists[tree.places[loop].arms[0]];
  unsigned levels = body.loops.size(), first = commonWaits(to);
  llvm::ArrayRef<Position> masks = llvm::ArrayRef(known.claims).take_front(known.width);
  Knowledge all;
  all.width = known.width;
  for (unsigned level = 0; level < levels; ++level)
    for (auto [offset, mask] : llvm::enumerate(masks))
      all.claims.push_back(
          carry(mask, first + offset, level, placeOf(body.loops[level]), arrivals[loop].head));
  bool isComplete = llvm::all_of(masks, [](Mask mask) { return mask == everything; });
  all.complete = isComplete ? levels : 0;
  all.claims.append(known.claims.begin() + known.width, known.claims.end());
  known = std::move(all);
}

/// At the end of a run over the function.
void Sweep::expandKnowledge() {
  for (const List &list : tree.lists) // parents come first
    if (list.isBody && closed[list.owner] && arrivals[list.owner].run == runs)
      arrivals[list.owner].head = expand(list.owner);
  for (auto [facts, handoff] : llvm::zip(handoffs, plan.handoffs)) {
    expandKnowledge(facts.atSet, handoff.to);
    expandKnowledge(facts.atPrime, handoff.to);
    expandKnowledge(facts.atDrained, handoff.to);
  }
  for (NodeId node = 0; node < existingSets.size(); ++node)
    if (!existingSets[node].empty())
      expandKnowledge(existingSets[node], tree.program[node].key.to);
  for (Arrival &arrival : arrivals)
    arrival.head = {};
}
