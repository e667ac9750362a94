//===- CheckDemand.cpp - What must be complete before each access ---------===//

#include "CheckDemand.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;
using llvm::ArrayRef;

Demands::Demands(const Program &program, const Layout &layout)
    : program(program), layout(layout), overlap(program), sites(program.regions.size()),
      gmReads(layout.columns().size()), gmWrites(layout.columns().size()),
      range(program.nodes.size()) {
  collect(program.top);
  build(program.top);
  if (!program.atExitDrain)
    return;
  // C7: S must know that the last write to GM of every pipe is done; what S wrote itself is.
  for (auto [column, writes] : llvm::enumerate(gmWrites))
    if (!writes.positions.empty() && layout.columns().pipeOf(column) != Pipe::S)
      exit.push_back({Rule::C7, Row(Pipe::S), unsigned(column), 0, writes.positions.back(), 0, none,
                      Hazard::RAW, writes.regions.back(), none});
}

ArrayRef<Demand> Demands::of(NodeId node) const {
  return ArrayRef(all).slice(range[node].first, range[node].second);
}

//===----------------------------------------------------------------------===//
// Who touches what
//===----------------------------------------------------------------------===//

void Demands::note(NodeId id, RegionId region, bool writes) {
  const Node &node = program[id];
  uint32_t at = layout[id].begin;
  Pipe pipe = pipeOf(node);
  unsigned column = layout.columns().of(id);
  std::vector<Sites> &kinds = sites[region];
  bool accumulates = writes ? node.accumulates : accumulatesInPlace(program, node);
  auto kind = llvm::find_if(kinds, [&](const Sites &s) {
    return s.column == column && s.writes == writes && s.accumulates == accumulates &&
           s.unitFlag == node.unitFlag && s.turns == node.turns;
  });
  if (kind == kinds.end())
    kind =
        kinds.insert(kind, {pipe, column, writes, accumulates, node.unitFlag, node.turns, id, {}});
  kind->positions.push_back(at);
  // The signal of a publication makes itself visible: the library cleans its line and fences it.
  if (program.regions[region].space == Space::GM && node.kind == NodeKind::Access) {
    Publication &list = (writes ? gmWrites : gmReads)[column];
    list.positions.push_back(at);
    list.regions.push_back(region);
  }
}

void Demands::collect(ArrayRef<NodeId> nodes) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    if (neverRuns(node))
      continue;
    if (touchesMemory(node)) {
      for (RegionId region : node.reads)
        note(id, region, false);
      for (RegionId region : node.writes)
        note(id, region, true);
    }
    for (const std::vector<NodeId> &arm : node.arms)
      collect(arm);
  }
}

//===----------------------------------------------------------------------===//
// Demands
//===----------------------------------------------------------------------===//

void Demands::build(ArrayRef<NodeId> nodes) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    if (neverRuns(node))
      continue;
    if (touchesMemory(node) || node.kind == NodeKind::Publish)
      buildAccess(id);
    if (node.kind == NodeKind::Loop)
      openLoops.push_back(id);
    for (size_t arm = 0; arm < node.arms.size(); ++arm) {
      if (node.kind == NodeKind::Branch)
        openArms.push_back({layout[id].begin, layout[id].armBegins[arm]});
      build(node.arms[arm]);
      if (node.kind == NodeKind::Branch)
        openArms.pop_back();
    }
    if (node.kind == NodeKind::Loop)
      openLoops.pop_back();
  }
}

static bool isWeaker(const Demand &a, const Demand &b) {
  return std::make_pair(-a.distance, a.position) <= std::make_pair(-b.distance, b.position);
}

static bool isSameKind(const Demand &a, const Demand &b) {
  return a.rule == b.rule && a.row == b.row && a.column == b.column && a.level == b.level;
}

bool Demands::isOfOnePipe(const Demand &a, const Demand &b) const {
  return a.rule == b.rule && a.row == b.row && a.level == b.level &&
         layout.columns().pipeOf(a.column) == layout.columns().pipeOf(b.column);
}

void Demands::buildAccess(NodeId id) {
  const Node &node = program[id];
  uint32_t at = layout[id].begin;
  range[id].first = uint32_t(all.size());
  current.clear();
  if (touchesMemory(node)) {
    for (RegionId region : node.reads)
      conflicts(node, at, region, false);
    for (RegionId region : node.writes)
      conflicts(node, at, region, true);
  }
  if (node.kind == NodeKind::Publish)
    publication(node, at);
  for (const Demand &demand : current) {
    furthest = std::max(furthest, demand.distance);
    // Per pipe and loop, however far in the other ends stand.
    bool isFirst = llvm::none_of(ArrayRef(current).take_front(&demand - current.data()),
                                 [&](const Demand &old) { return isOfOnePipe(demand, old); });
    numC1 += demand.rule == Rule::C1 && isFirst;
  }
  llvm::append_range(all, current);
  range[id].second = uint32_t(all.size()) - range[id].first;
}

/// Position at which the items of a level start: those between two such positions have exactly
/// `level` loops in common with the access at `at`.
uint32_t Demands::levelBegin(unsigned level, uint32_t at) const {
  if (level == 0)
    return 0;
  return level <= openLoops.size() ? layout[openLoops[level - 1]].begin : at;
}

/// The last of `positions` in [from, before) that can run in the same iteration: not one in another
/// arm of a branch that the access stands in.
std::optional<uint32_t> Demands::latest(ArrayRef<uint32_t> positions, uint32_t from,
                                        uint32_t before) const {
  for (;;) {
    const auto *end = llvm::lower_bound(positions, before);
    if (end == positions.begin() || *(end - 1) < from)
      return std::nullopt;
    uint32_t found = *(end - 1);
    auto other = llvm::find_if(
        openArms, [&](const Arm &arm) { return arm.branchBegin < found && found < arm.begin; });
    if (other == openArms.end())
      return found;
    before = other->branchBegin;
  }
}

/// 0: same iteration; otherwise the least distance carried by loop level - 1; none: no overlap.
std::optional<int64_t> Demands::distance(RegionId x, RegionId y, unsigned level, bool carried) {
  NodeId loop = level == 0 ? none : openLoops[level - 1];
  auto [entry, isNew] =
      known.try_emplace({uint64_t(x) << 32 | y, uint64_t(loop) << 1 | carried}, -1);
  if (isNew) {
    auto open = ArrayRef(openLoops).take_front(level);
    if (carried)
      entry->second = overlap.carried(x, y, open, level - 1).value_or(-1);
    else if (overlap.sameIteration(x, y, open))
      entry->second = 0;
  }
  return entry->second < 0 ? std::nullopt : std::optional(entry->second);
}

/// Do the bytes lie where the program says? Else they may meet or not.
static bool certainlyMeet(const Region &x, const Region &y) {
  bool onePlace = x.space != Space::GM || (x.root == y.root && x.root != none);
  return onePlace && x.offset.known && y.offset.known && x.offset.symbol == y.offset.symbol;
}

static Hazard hazardOf(bool earlierWrites, bool laterWrites) {
  return !earlierWrites ? Hazard::WAR : laterWrites ? Hazard::WAW : Hazard::RAW;
}

void Demands::conflicts(const Node &node, uint32_t at, RegionId region, bool writes) {
  // Later accesses tend to have later regions: starting with them, most others turn out to be
  // covered.
  for (RegionId other : llvm::reverse(overlap.neighbours()[region]))
    for (const Sites &kind : sites[other]) {
      // What S did is complete before anything later is dispatched (H6).
      auto exempt = [&](ArrayRef<NodeId> equal) {
        return isExempt(program, overlap, program[kind.sample], other, kind.writes, node, region,
                        writes, equal);
      };
      if ((!kind.writes && !writes) || kind.pipe == Pipe::S || exempt({}))
        continue;
      Demand demand{Rule::C1,
                    Row(pipeOf(node)),
                    kind.column,
                    0,
                    0,
                    0,
                    none,
                    hazardOf(kind.writes, writes),
                    other,
                    region,
                    certainlyMeet(program.regions[other], program.regions[region])};
      auto shared =
          meetingTurns(program.regions[other], kind.turns, program.regions[region], node.turns);
      for (unsigned level = 0; level <= openLoops.size(); ++level) {
        // L2: only the latest instance per pipe and level matters, claims are prefixes.
        demand.level = level;
        auto position = latest(kind.positions, levelBegin(level, at), levelBegin(level + 1, at));
        demand.distance = 0;
        demand.loop = none;
        demand.position = position.value_or(0);
        demand.meeting = shared ? meetingOf(demand, *shared, level) : Meeting();
        // Ask about bytes last: it costs most.
        ArrayRef<NodeId> equal = ArrayRef(openLoops).take_front(level);
        if (position && bothRun(program, kind.turns, node.turns, equal) && !isCovered(demand) &&
            distance(other, region, level, false) && !exempt(equal))
          require(demand);
        if (level == 0)
          continue;
        demand.loop = openLoops[level - 1];
        carried(demand, kind, node, [&] { return exempt(equal.drop_back()); });
      }
    }
}

/// Where both ends stand in loops of their own, one beside the other or one for both, that count
/// what they meet by. `level` loops are open around both, as far as the demand goes.
Meeting Demands::meetingOf(const Demand &demand, const SharedTurns &shared, unsigned level) const {
  auto holdsEarlier = [&](NodeId loop) {
    return layout[loop].begin < demand.position && demand.position < layout[loop].end;
  };
  NodeId around = none;
  for (NodeId loop : ArrayRef(openLoops).drop_front(level))
    if (program.counts(loop, shared.later))
      around = loop;
  if (around == none)
    return {};
  bool isOne = shared.earlier == shared.later;
  if (isOne && holdsEarlier(around))
    return {around, shared.period, shared.later, none};
  // What is left out because of one number must not hold the other end.
  auto isOpen = [&](NodeId loop) { return llvm::is_contained(openLoops, loop); };
  llvm::SmallVector<NodeId, 2> loops = program.loopsOf(shared.earlier);
  bool isBeside =
      llvm::any_of(loops, [&](NodeId loop) { return holdsEarlier(loop) && !isOpen(loop); }) &&
      (isOne || (llvm::none_of(loops, isOpen) &&
                 llvm::none_of(program.loopsOf(shared.later), holdsEarlier)));
  if (!isBeside)
    return {};
  auto [first, second] = std::minmax(shared.earlier, shared.later);
  return {none, shared.period, first, isOne ? none : second};
}

/// What a loop carries. A pair that stands in a loop further in is a demand of its own: it may hold
/// for reasons that have to do with that loop alone.
void Demands::carried(Demand demand, const Sites &kind, const Node &node,
                      llvm::function_ref<bool()> exempt) {
  unsigned level = demand.level;
  auto outer = ArrayRef(openLoops).take_front(level - 1);
  auto soonest = turnsApart(program, kind.turns, node.turns, demand.loop, outer, 1);
  if (!soonest)
    return;
  auto shared = meetingTurns(program.regions[demand.earlier], kind.turns,
                             program.regions[demand.later], node.turns);
  demand.position = 0;
  // From the list of the loop itself inwards: a later place covers what is further in.
  for (unsigned depth = level; depth <= openLoops.size(); ++depth) {
    NodeId around = openLoops[depth - 1];
    NodeId deeper = depth < openLoops.size() ? openLoops[depth] : none;
    auto latestBefore = [&](uint32_t end) {
      auto it = llvm::lower_bound(kind.positions, end);
      return it == kind.positions.begin() ? 0u : *std::prev(it);
    };
    uint32_t position = latestBefore(layout[around].end);
    if (deeper != none && position > layout[deeper].begin && position < layout[deeper].end)
      position = latestBefore(layout[deeper].begin);
    if (position < layout[around].begin || position <= demand.position)
      continue;
    demand.position = position;
    demand.meeting = {depth > level ? around : none};
    if (shared)
      if (Meeting meeting = meetingOf(demand, *shared, level); meeting.isPartial())
        demand.meeting = meeting;
    demand.distance = *soonest;
    if (isCovered(demand)) // ask about bytes last
      continue;
    auto least = distance(demand.earlier, demand.later, level, true);
    if (least)
      least = turnsApart(program, kind.turns, node.turns, demand.loop, outer, *least);
    if (!least || exempt())
      return;
    demand.distance = *least;
    require(demand);
  }
}

/// C8: reads of GM must be complete, writes also fenced. A flag on a pipe tells of what was
/// written; what it lets others overwrite is read on its own pipe.
void Demands::publication(const Node &node, uint32_t at) {
  for (unsigned column = 0; column < gmWrites.size(); ++column)
    for (bool writes : {false, true}) {
      const Publication &list = (writes ? gmWrites : gmReads)[column];
      Pipe pipe = layout.columns().pipeOf(column);
      if (node.signals && (!writes || pipe == node.pipe || pipe == Pipe::S))
        continue;
      Row row = writes && !node.signals ? visible : Row(pipeOf(node));
      Demand demand{Rule::C8, row, column, 0, 0, 0, none, hazardOf(writes, !writes), none, none};
      auto regionAt = [&](uint32_t position) {
        return list.regions[llvm::lower_bound(list.positions, position) - list.positions.begin()];
      };
      for (unsigned level = 0; level <= openLoops.size(); ++level) {
        demand.level = level;
        if (auto position =
                latest(list.positions, levelBegin(level, at), levelBegin(level + 1, at))) {
          demand.position = *position;
          demand.distance = 0;
          demand.loop = none;
          demand.earlier = regionAt(*position);
          require(demand);
        }
        if (level == 0)
          continue;
        NodeId loop = openLoops[level - 1];
        auto end = llvm::lower_bound(list.positions, layout[loop].end);
        bool comesRound = program[loop].trip.value_or(2) > 1;
        if (!comesRound || end == list.positions.begin() || *(end - 1) < layout[loop].begin)
          continue;
        demand.position = *(end - 1);
        demand.distance = 1;
        demand.loop = loop;
        demand.earlier = regionAt(demand.position);
        require(demand);
      }
    }
}

/// Does it follow from one that the node has already?
bool Demands::isCovered(const Demand &demand) {
  return llvm::any_of(current, [&](const Demand &old) {
    bool isAsWide = !old.meeting.isPartial() || old.meeting == demand.meeting;
    // What run time decides may be assumed away: it speaks for nothing that is certain.
    bool isAsCertain = old.certain || !demand.certain;
    return isSameKind(demand, old) && isAsWide && isAsCertain && isWeaker(demand, old);
  });
}

/// Keeps the strongest demand of a kind: the others follow from it.
void Demands::require(const Demand &demand) {
  if (isCovered(demand))
    return;
  auto old = llvm::find_if(current, [&](const Demand &other) {
    return isSameKind(demand, other) && other.meeting == demand.meeting &&
           other.certain == demand.certain;
  });
  if (old == current.end())
    current.push_back(demand);
  else
    *old = demand;
}
