//===- Check.cpp - Transfer functions of the checker ----------------------===//

#include "ptoas/Sync/Check.h"
#include "Checker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

static bool isFlagOfTwoPipes(const FlagKey &key) {
  return key.from != Pipe::ALL && key.to != Pipe::ALL;
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

Claim Checker::neededFor(const Demand &demand) const {
  // Beyond the horizon the stronger demand at the horizon is checked. Where iterations are left out
  // any distance may become the shortest.
  int64_t most = part && part->always ? 1 : maxAge;
  return Claim(demand.position) - std::min(demand.distance, most) * iteration;
}

/// Of a part only the demands that it was made for.
bool Checker::isAsked(const Demand &demand, NodeId later) const {
  if (!part)
    return true;
  if (demand.meeting != asked)
    return false;
  const Turns &turns = program[later].turns;
  bool isCounted = turns.loop != none && (turns.loop == asked.first || turns.loop == asked.second);
  return !isCounted || part->period % turns.period != 0 ||
         part->residue % turns.period == turns.residue;
}

std::string Checker::missing(const Demand &demand, NodeId later, const State &state) const {
  Pipe earlier = layout.columns().pipeOf(demand.column);
  std::string told = name(earlier).str();
  if (demand.rule == Rule::C8 && demand.row == visible &&
      state.claim(Row(Pipe::S), demand.level, demand.column) >= neededFor(demand))
    return "no fence stands between the end of the write by " + told + " and the signal";
  if (demand.rule == Rule::C1 && demand.row == Row(earlier))
    return "no barrier of " + told + " stands between them";
  std::string pipe = name(later == none ? Pipe::S : pipeOf(program[later])).str();
  uint32_t levelBegin = demand.level == 0 ? 0 : loopBegins[demand.level - 1];
  Row row = demand.row == visible ? Row(Pipe::S) : demand.row;
  auto [first, end] = layout.columns().ofAccesses(earlier);
  if (llvm::any_of(llvm::seq(first, end), [&](unsigned column) {
        return state.claim(row, demand.level, column) > Claim(levelBegin);
      }))
    return pipe + " only knows that earlier work of " + told + " has finished";
  return pipe + " is never told that " + told + " has finished";
}

void Checker::test(const Demand &demand, NodeId later, const State &state) {
  if (!isAsked(demand, later) ||
      state.claim(demand.row, demand.level, demand.column) >= neededFor(demand))
    return;
  Finding finding;
  finding.rule = demand.rule;
  finding.later = later;
  finding.earlier = layout.nodeAt(demand.position);
  finding.hazard = demand.hazard;
  finding.earlierRegion = demand.earlier;
  finding.laterRegion = demand.later;
  finding.loop = demand.loop;
  finding.distance = demand.distance;
  finding.what = missing(demand, later, state);
  finding.unproven = !demand.certain;
  finding.path.assign(paths.chosen.begin(), paths.chosen.end());
  doubts.push_back({std::move(finding), &demand, demand.meeting});
}

void Checker::access(NodeId id, State &state) {
  const Node &node = program[id];
  for (const Demand &demand : demands.of(id))
    test(demand, id, state);
  if (!touchesMemory(node))
    return;
  Pipe pipe = pipeOf(node);
  state.reach(layout.columns().of(id), layout[id].begin);
  if (pipe == Pipe::S) { // H6: synchronous, everything dispatched later comes after it
    for (unsigned row = 0; row < numPipes; ++row)
      claimAll(state.know[row], layout.columns().ofAccesses(pipe), state);
  } else if (keepsOrder(pipe, program.arch)) { // H7
    claimAll(state.know[unsigned(pipe)], layout.columns().ofAccesses(pipe), state);
  }
}

/// All of these columns so far is complete.
void Checker::claimAll(Clock &clock, Columns::Range columns, const State &state) const {
  for (unsigned column = columns.first; column < columns.second; ++column)
    state.claimAll(clock, loopBegins, column);
}

void Checker::barrier(const Node &node, State &state) const {
  if (node.pipe != Pipe::ALL) // H5
    return claimAll(state.know[unsigned(node.pipe)], layout.columns().ofAccesses(node.pipe), state);
  for (unsigned row = 0; row < numPipes; ++row)
    claimAll(state.know[row], {0, layout.columns().size()}, state);
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

void Checker::walk(llvm::ArrayRef<NodeId> nodes, State &state) {
  while (!nodes.empty()) {
    NodeId id = nodes.front();
    const Node &node = program[id];
    bool never = neverRuns(node);
    if (!never && ++visits > options.mostVisits)
      exhausted = id;
    if (exhausted != none)
      return;
    if (size_t walked = never ? 1 : splitAt(nodes, state)) {
      nodes = nodes.drop_front(walked);
      continue;
    }
    nodes = nodes.drop_front();
    switch (node.kind) {
    case NodeKind::Access:
    case NodeKind::Publish: // C8
      access(id, state);
      break;
    case NodeKind::Set:
      if (isFlagOfTwoPipes(node.key))
        set(id, state);
      break;
    case NodeKind::Wait:
      if (isFlagOfTwoPipes(node.key))
        wait(id, state);
      break;
    case NodeKind::Barrier:
      barrier(node, state);
      break;
    case NodeKind::Fence:
      raise(state.know[visible], state.know[unsigned(Pipe::S)]);
      break;
    case NodeKind::Loop:
      loop(id, state);
      break;
    case NodeKind::Branch:
      branch(id, state);
      break;
    case NodeKind::Leave: // see iterate
    case NodeKind::Counter:
      break;
    case NodeKind::Macro:
      macro(id, state);
      break;
    }
  }
}

void Checker::branch(NodeId id, State &state) {
  const Node &node = program[id];
  std::optional<unsigned> only = held.first == id ? held.second : paths.armOf(node);
  std::optional<State> joined;
  for (size_t arm = 0; arm < node.arms.size(); ++arm) {
    if (only && arm != *only)
      continue;
    State path = state;
    // What is complete before the branch is complete before this arm, which lies behind the arms
    // that do not run.
    path.normalise(layout[id].armBegins[arm]);
    walk(node.arms[arm], path);
    path.normalise(layout[id].end);
    if (only)
      path.skipArms(layout[id]);
    if (!joined) {
      joined = std::move(path);
      continue;
    }
    State::Mismatches mismatches;
    joined->join(std::move(path), mismatches);
    reportMismatches(id, mismatches);
  }
  if (joined)
    state = std::move(*joined);
}

void Checker::macro(NodeId id, State &state) {
  // C5: the library uses its ids as if they were free.
  auto pendingSet = [&](const StaticKey &key) -> std::optional<NodeId> {
    if (auto token = state.tokens.find(key); token != state.tokens.end() && token->second.pending)
      return token->second.by;
    for (const auto &[ring, list] : state.rings)
      if (ring.holds(key))
        for (const Token &token : list)
          if (token.pending)
            return token.by;
    return std::nullopt;
  };
  auto checkKeys = [&](const char *what) {
    for (const StaticKey &key : layout[id].keys)
      if (auto by = pendingSet(key))
        report(Rule::C5, id, *by, {key.from, key.to, {key.id}}, what);
  };
  if (program[id].transparent)
    return walk(program[id].arms[0], state);
  checkKeys("the call uses this flag inside while its token is pending");
  walk(program[id].arms[0], state);
  checkKeys("the token is pending when the call, which uses this flag inside, is over");
}

void Checker::checkRings(NodeId loop, State &state) {
  const std::vector<Ring> &rings = layout[loop].rings;
  auto overlaps = [](const Ring &a, const Ring &b) {
    return a.from == b.from && a.to == b.to && a.base < b.base + int32_t(b.count) &&
           b.base < a.base + int32_t(a.count);
  };
  for (size_t k = 0; k < rings.size(); ++k) {
    FlagKey key{rings[k].from, rings[k].to, {rings[k].base, rings[k].count, rings[k].number, 0}};
    bool clash = llvm::any_of(llvm::ArrayRef(rings).take_front(k),
                              [&](const Ring &other) { return overlaps(other, rings[k]); });
    for (auto next = state.rings.begin(); next != state.rings.end();) {
      const auto &[ring, list] = *next++;
      if (!overlaps(ring, rings[k]))
        continue;
      if (!isOpen(ring.number) && State::isUniform(list))
        state.dissolve(ring);
      else
        clash = true;
    }
    // Tracked apart, two rings that share an id would look right although they are not.
    if (clash)
      reportToken(TokenFault::Rotation, loop, none, key, "two rotations share ids of one pair");
  }
}

/// The body once, and the back edge. `leaving`: what holds when the loop ends inside the body.
void Checker::iterate(NodeId id, State &state, State *leaving) {
  openLoops.push_back(id);
  loopBegins.push_back(layout[id].begin);
  llvm::ArrayRef<NodeId> body = program[id].arms[0];
  if (program[id].endsInside) {
    size_t at = llvm::find_if(body, [&](NodeId n) { return program[n].kind == NodeKind::Leave; }) -
                body.begin();
    walk(body.take_front(at), state);
    *leaving = state;
    leaving->stopInside(layout[id], layout[body[at]].begin);
    body = body.drop_front(at);
  }
  walk(body, state);
  openLoops.pop_back();
  loopBegins.pop_back();
  state.nextIteration(layout[id], maxAge);
}

/// Walks a loop of few iterations as it runs; false when that would be too much work.
bool Checker::unroll(NodeId id, State &state) {
  constexpr int64_t maxTrip = 4, maxCopies = 64;
  const std::optional<int64_t> &trip = program[id].trip;
  if (!trip || *trip > maxTrip || copies * *trip > maxCopies)
    return false;
  copies *= *trip;
  for (int64_t k = 0; k < *trip; ++k) {
    paths.phases[id] = {k, *trip - 1 - k, 0, 0};
    // The state does not only get weaker from iteration to iteration: old invariants are no start.
    lastWalks.erase(lastWalks.lower_bound(layout[id].begin), lastWalks.lower_bound(layout[id].end));
    iterate(id, state);
  }
  paths.phases.erase(id);
  copies /= *trip;
  return true;
}

/// An inductive invariant at the loop's head, and the state after one more iteration from it.
State Checker::fixpoint(NodeId id, const State &entry) {
  const Item &item = layout[id];
  State head = entry;
  State::Mismatches ignored;
  // Inside an outer fixpoint the entry only gets weaker, so the last invariant is a start that is
  // not too weak; without it the number of sweeps would be exponential in the depth. What is
  // accepted does not depend on where we start.
  bool everywhere = paths.chosen.empty() && paths.phases.empty();
  if (auto last = lastWalks.find(item.begin);
      last != lastWalks.end() && last->second.head.hasSameTokensAs(entry)) {
    const Walked &walked = last->second;
    // Walking again from a head that holds here as well could only say the same.
    if (everywhere && walked.everywhere && walked.head.top == entry.top &&
        walked.head.isImpliedBy(entry)) {
      llvm::append_range(doubts, walked.doubts);
      return walked.exit;
    }
    head.join(walked.head, ignored);
  }
  uint32_t largest = 1;
  for (const Ring &ring : item.turning)
    largest = std::max(largest, ring.count);
  unsigned patience = 2 + largest, limit = patience + 4 * unsigned(maxAge) + 16;
  for (unsigned sweep = 0;; ++sweep) {
    ++result.sweeps;
    size_t mark = doubts.size();
    State out = head, leaving(layout.columns());
    iterate(id, out, &leaving);
    State next = entry;
    State::Mismatches mismatches;
    next.join(out, mismatches, /*iterations=*/true);
    if (sweep == limit && exhausted == none)
      exhausted = id;
    if (exhausted != none || head.isImpliedBy(next)) {
      reportMismatches(id, mismatches, /*iterations=*/true);
      State &exit = program[id].endsInside ? leaving : out;
      if (!openLoops.empty())
        lastWalks.insert_or_assign(
            item.begin,
            Walked{std::move(head), exit, {doubts.begin() + mark, doubts.end()}, everywhere});
      return std::move(exit);
    }
    doubts.resize(mark);
    // What still falls now would fall by one iteration per sweep down to the horizon: give it up at
    // once.
    if (sweep >= patience)
      next.widenFrom(head);
    head = std::move(next);
  }
}

/// What holds behind a loop that may not run. Where tokens tell whether it did, that is said, and
/// all that follows is judged as if it had run: what has to be assumed is one thing, not all that
/// comes of it.
State Checker::joinWithEmpty(NodeId id, State ran, State empty) {
  std::optional<State> alone;
  if (!ran.hasSameTokensAs(empty))
    alone = ran;
  State::Mismatches mismatches;
  ran.join(std::move(empty), mismatches);
  reportMismatches(id, mismatches);
  return mismatches.empty() ? std::move(ran) : std::move(*alone);
}

void Checker::loop(NodeId id, State &state) {
  const Item &item = layout[id];
  checkRings(id, state);
  state.enterLoop(item);
  for (Row row : silent)
    std::fill(state.know[row].end() - layout.columns().size(), state.know[row].end(), unknown);
  if (held.first == id && held.second == 0) {
    state.leaveLoop(item, false, std::nullopt);
    return state.normalise(item.end);
  }
  if (unroll(id, state))
    return state.leaveLoop(item, true, program[id].trip);
  if (Ends ends = paths.endsOf(id); ends.any() && !program[id].endsInside)
    return loopWithEnds(id, ends, state);
  State end = fixpoint(id, state);
  end.leaveLoop(item, true, program[id].trip);
  if (!runsAtLeastOnce(program[id]) && held.first != id) {
    // Leaving on both paths first and joining afterwards loses less than the other order.
    state.leaveLoop(item, false, std::nullopt);
    state.normalise(item.end);
    end.normalise(item.end);
    end = joinWithEmpty(id, std::move(end), std::move(state));
  }
  state = std::move(end);
}
