//===- CheckPaths.cpp - Branches that choose alike -------------------------===//

#include "CheckPaths.h"
#include "Checker.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

//===----------------------------------------------------------------------===//
// Which branches matter
//===----------------------------------------------------------------------===//

static constexpr int64_t mostEnds = 4; ///< iterations at one end of a loop that are told apart

Paths::Paths(const Program &program) : program(program) { collect(program.top); }

/// Does an arm end with other tokens than it began with? Other branches have nothing that another
/// one would have to match.
bool Paths::movesTokens(const Node &branch) const {
  for (const std::vector<NodeId> &arm : branch.arms) {
    std::map<std::tuple<Pipe, Pipe, int32_t, NodeId>, int> balance;
    for (NodeId id : arm) {
      const Node &node = program[id];
      if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
        balance[{node.key.from, node.key.to, node.key.id.base, node.key.id.loop}] +=
            node.kind == NodeKind::Set ? 1 : -1;
      else if (node.kind == NodeKind::Branch && movesTokens(node))
        return true;
    }
    if (llvm::any_of(balance, [](auto &entry) { return entry.second != 0; }))
      return true;
  }
  return false;
}

/// The values that branches inside depend on. Those by which two items of the list move tokens are
/// decided before the first of the two.
Paths::Values Paths::collect(llvm::ArrayRef<NodeId> nodes) {
  Values all;
  for (NodeId id : nodes) {
    const Node &node = program[id];
    std::map<uint32_t, bool> inside; // does it move tokens?
    for (const std::vector<NodeId> &arm : node.arms)
      for (auto &[value, use] : collect(arm))
        inside[value] |= use.first != none;
    const Condition &condition = node.condition;
    if (node.kind == NodeKind::Branch && condition.value != none && !chosenArm(condition))
      inside[condition.value] |= movesTokens(node);
    if (node.kind == NodeKind::Branch && condition.loop != none && condition.first <= mostEnds &&
        condition.last <= mostEnds && movesTokens(node)) {
      Ends &loop = ends[condition.loop];
      loop.first = std::max<int64_t>(loop.first, condition.first);
      loop.last = std::max<int64_t>(loop.last, condition.last);
    }
    for (auto [value, moves] : inside) {
      Use &use = all[value];
      use.last = id;
      use.again |= moves && use.first != none;
      if (moves && use.first == none)
        use.first = id;
    }
  }
  for (auto &[value, use] : all)
    if (use.again)
      decide[use.first].push_back({value, use.last});
  unsigned many = 0;
  for (NodeId id : llvm::reverse(nodes))
    if (auto here = decide.find(id); here != decide.end())
      following[id] = many += here->second.size();
  return all;
}

llvm::ArrayRef<Paths::Decision> Paths::decideAt(NodeId item) const {
  auto found = decide.find(item);
  return found == decide.end() ? llvm::ArrayRef<Decision>() : found->second;
}

std::optional<unsigned> Paths::armOf(const Node &branch) const {
  const Condition &condition = branch.condition;
  if (auto arm = chosenArm(condition))
    return arm;
  if (auto arm = chosen.find(condition.value); arm != chosen.end())
    return arm->second;
  auto found = phases.find(condition.loop);
  if (condition.loop == none || found == phases.end())
    return std::nullopt;
  const Phase &phase = found->second;
  // arms[0] runs but for the first and the last iterations, or the other way round.
  auto isEnd = [](std::optional<int64_t> place, int64_t atLeast, int64_t many) {
    if (many == 0)
      return std::optional(false);
    if (place)
      return std::optional(*place < many);
    return atLeast >= many ? std::optional(false) : std::nullopt;
  };
  auto head = isEnd(phase.counter, phase.atLeast, condition.first);
  auto tail = isEnd(phase.left, phase.leftAtLeast, condition.last);
  bool atEnd = head.value_or(false) || tail.value_or(false);
  if (!atEnd && (!head || !tail))
    return std::nullopt;
  return unsigned(atEnd != condition.inverted);
}

//===----------------------------------------------------------------------===//
// Walking case by case
//===----------------------------------------------------------------------===//

/// Walks the list from the item on once for each arm that a value can choose: to its end, or where
/// that would be too much work up to the last branch that asks for the value. The number of items
/// walked; 0 when there is nothing to decide, or too much.
size_t Checker::splitAt(llvm::ArrayRef<NodeId> rest, State &state) {
  constexpr int64_t maxCopies = 64, maxDecisions = 6;
  NodeId id = rest.front();
  auto decision = llvm::find_if(paths.decideAt(id), [&](const Paths::Decision &d) {
    return !paths.chosen.contains(d.value);
  });
  if (decision == paths.decideAt(id).end() || copies * 2 > maxCopies)
    return 0;
  auto [value, last] = *decision;
  int64_t open = paths.decideAt(id).end() - decision + paths.decisionsFrom(id) -
                 int64_t(paths.decideAt(id).size());
  if (open > maxDecisions || copies << open > maxCopies)
    rest = rest.take_front(llvm::find(rest, last) - rest.begin() + 1);
  copies *= 2;
  std::optional<State> joined;
  State::Mismatches mismatches;
  for (unsigned arm : {0u, 1u}) {
    // Another case is no start for an invariant.
    lastWalks.erase(lastWalks.lower_bound(layout[id].begin), lastWalks.end());
    State path = state;
    paths.chosen[value] = arm;
    walk(rest, path);
    if (uint32_t now = layout[rest.back()].end) // a loop that never runs has no place
      path.normalise(now);
    if (!joined)
      joined = std::move(path);
    else
      joined->join(std::move(path), mismatches);
  }
  paths.chosen.erase(value);
  reportMismatches(none, mismatches); // there may be no branch at the end of the list
  lastWalks.erase(lastWalks.lower_bound(layout[id].begin), lastWalks.end());
  copies /= 2;
  state = std::move(*joined);
  return rest.size();
}

/// A loop whose branches tell its first or last iterations from the others: these as they run, an
/// invariant for those between them. `state` stands at the head; so it does at the end.
void Checker::loopWithEnds(NodeId id, Ends ends, State &state) {
  const Node &node = program[id];
  const Item &item = layout[id];
  int64_t few = ends.first + ends.last;
  std::optional<State> exit, empty;
  auto leave = [&](State path, bool ran) {
    path.leaveLoop(item, ran, node.trip);
    path.normalise(item.end);
    State::Mismatches mismatches;
    if (!ran)
      empty = std::move(path);
    else if (exit)
      exit->join(std::move(path), mismatches);
    else
      exit = std::move(path);
    reportMismatches(id, mismatches);
  };
  auto step = [&](State &path, Phase phase) {
    lastWalks.erase(lastWalks.lower_bound(item.begin), lastWalks.lower_bound(item.end));
    paths.phases[id] = phase;
    iterate(id, path);
  };
  for (int64_t trip = node.minTrip; trip < few && !node.trip; ++trip) {
    State path = state;
    for (int64_t i = 0; i < trip; ++i)
      step(path, {i, trip - 1 - i, 0, 0});
    leave(std::move(path), trip > 0);
  }
  State path = std::move(state);
  int64_t trip = node.trip.value_or(few + 1);
  for (int64_t i = 0; i < std::min(ends.first, trip); ++i)
    step(path, {i, node.trip ? std::optional(trip - 1 - i) : std::nullopt, 0, ends.last});
  if (trip > few) {
    lastWalks.erase(lastWalks.lower_bound(item.begin), lastWalks.lower_bound(item.end));
    paths.phases[id] = {std::nullopt, std::nullopt, ends.first, ends.last};
    State out = fixpoint(id, path);
    State::Mismatches reported; // by fixpoint
    if (!node.trip)
      out.join(std::move(path), reported);
    path = std::move(out);
  }
  for (int64_t left = std::min(ends.last, trip - ends.first); left-- > 0;)
    step(path, {node.trip ? std::optional(trip - 1 - left) : std::nullopt, left, ends.first, 0});
  leave(std::move(path), trip > 0);
  paths.phases.erase(id);
  lastWalks.erase(lastWalks.lower_bound(item.begin), lastWalks.lower_bound(item.end));
  if (exit && empty)
    state = joinWithEmpty(id, std::move(*exit), std::move(*empty));
  else
    state = std::move(exit ? *exit : *empty);
}
