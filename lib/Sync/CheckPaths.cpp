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

/// The values that branches inside depend on. Those that two items of the list need are decided
/// before the first of the two.
Paths::Values Paths::collect(llvm::ArrayRef<NodeId> nodes) {
  Values all;
  for (NodeId id : nodes) {
    const Node &node = program[id];
    Values inside;
    for (const std::vector<NodeId> &arm : node.arms)
      for (auto [value, item] : collect(arm))
        inside.try_emplace(value, id);
    if (node.kind == NodeKind::Branch && movesTokens(node)) {
      const Condition &condition = node.condition;
      if (condition.value != none && !chosenArm(condition))
        inside.try_emplace(condition.value, id);
      if (condition.loop != none && condition.first <= mostEnds && condition.last <= mostEnds) {
        Ends &loop = ends[condition.loop];
        loop.first = std::max<int64_t>(loop.first, condition.first);
        loop.last = std::max<int64_t>(loop.last, condition.last);
      }
    }
    for (auto [value, item] : inside) {
      auto [first, isNew] = all.try_emplace(value, id);
      if (!isNew && !llvm::is_contained(decide[first->second], value))
        decide[first->second].push_back(value);
    }
  }
  return all;
}

llvm::ArrayRef<uint32_t> Paths::decideAt(NodeId item) const {
  auto found = decide.find(item);
  return found == decide.end() ? llvm::ArrayRef<uint32_t>() : found->second;
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

/// Walks the rest of a list once for each arm that the value can choose; false when that would be
/// too much work, or when there is nothing to decide.
bool Checker::splitAt(NodeId id, llvm::ArrayRef<NodeId> rest, State &state) {
  constexpr int64_t maxCopies = 64;
  auto value = llvm::find_if(paths.decideAt(id),
                             [&](uint32_t value) { return !paths.chosen.contains(value); });
  if (value == paths.decideAt(id).end() || copies * 2 > maxCopies)
    return false;
  uint32_t decided = *value;
  copies *= 2;
  std::optional<State> joined;
  for (unsigned arm : {0u, 1u}) {
    // Another case is no start for an invariant.
    lastWalks.erase(lastWalks.lower_bound(layout[id].begin), lastWalks.end());
    State path = state;
    paths.chosen[decided] = arm;
    walk(rest, path);
    if (!joined) {
      joined = std::move(path);
      continue;
    }
    State::Mismatches mismatches;
    joined->join(std::move(path), mismatches);
    reportMismatches(rest.back(), mismatches, true);
  }
  paths.chosen.erase(decided);
  lastWalks.erase(lastWalks.lower_bound(layout[id].begin), lastWalks.end());
  copies /= 2;
  state = std::move(*joined);
  return true;
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
    reportMismatches(id, mismatches, true);
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
