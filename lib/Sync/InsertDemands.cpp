//===- InsertDemands.cpp - What must be complete before what ---------------===//

#include "InsertTree.h"
#include "Part.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// By program, not by tree: parts of a program have the same.
Columns::Columns(const Program &program) : byNode(program.nodes.size()) {
  constexpr size_t mostAlone = 24; // accesses: the work of a sweep grows with the columns
  size_t accesses = 0;
  bool hasPaths = false;
  for (const Node &node : program.nodes) {
    accesses += node.kind == NodeKind::Access;
    hasPaths |= node.kind == NodeKind::Branch || node.kind == NodeKind::Loop;
  }
  alone = hasPaths && accesses <= mostAlone;
  for (unsigned pipe = 0; pipe < numPipes; ++pipe) {
    unsigned first = total;
    for (NodeId id = 0; id < program.nodes.size(); ++id)
      if (program[id].kind == NodeKind::Access && program[id].pipe == Pipe(pipe)) {
        if (alone || total == first)
          ++total;
        byNode[id] = total - 1;
      }
    ranges[pipe] = {first, total};
  }
}

namespace {

/// All accesses that touch one region in one way.
struct Site {
  Pipe pipe;
  unsigned column;
  bool writes, accumulates, unitFlag;
  Turns turns;
  NodeId sample;            ///< any of them: they are alike for the exemption table
  std::vector<Position> at; ///< ascending
};

/// Overlap of two regions seen from one open loop.
struct Sharing {
  bool sameIteration;
  std::optional<int64_t> carried;
};

class Builder {
public:
  Builder(const Tree &tree, Demands &out, bool apart)
      : tree(tree), program(tree.program), overlap(program), out(out), apart(apart) {}

  void run();

private:
  const Tree &tree;
  const Program &program;
  Overlap overlap;
  Demands &out;
  bool apart;
  std::vector<llvm::SmallVector<Site, 2>> sites; ///< by region
  llvm::SmallVector<Site, 8> globals;            ///< GM accesses per pipe and mode
  llvm::DenseMap<std::pair<uint64_t, NodeId>, Sharing> known;
  size_t nodeStart = 0; ///< demands of the node at work start here

  void collect();
  void record(llvm::SmallVectorImpl<Site> &list, const Node &node, NodeId id, bool writes);
  void addAccess(NodeId id);
  void addPublish(NodeId id);
  void addConflicts(NodeId id, RegionId later, bool laterWrites);
  const Sharing &sharing(RegionId x, RegionId y, llvm::ArrayRef<NodeId> open);
  void note(Demand demand);
  void noteCarried(Demand demand, const Site &site, RegionId earlier, int64_t distance);
};

} // namespace

void Builder::record(llvm::SmallVectorImpl<Site> &list, const Node &node, NodeId id, bool writes) {
  unsigned column = out.columns.of(id);
  bool accumulates = writes ? node.accumulates : accumulatesInPlace(program, node);
  Site *site = llvm::find_if(list, [&](const Site &s) {
    return s.column == column && s.writes == writes && s.accumulates == accumulates &&
           s.unitFlag == node.unitFlag && s.turns == node.turns;
  });
  if (site == list.end()) {
    list.push_back({node.pipe, column, writes, accumulates, node.unitFlag, node.turns, id, {}});
    site = &list.back();
  }
  Position place = tree.places[id].begin;
  if (site->at.empty() || site->at.back() != place)
    site->at.push_back(place);
}

void Builder::collect() {
  sites.resize(program.regions.size());
  for (NodeId id : tree.order) {
    const Node &node = program[id];
    if (node.kind != NodeKind::Access || tree.listOf(id).dead)
      continue;
    for (bool writes : {false, true})
      for (RegionId region : writes ? node.writes : node.reads) {
        record(sites[region], node, id, writes);
        if (program.regions[region].space == Space::GM)
          record(globals, node, id, writes);
      }
  }
}

void Builder::run() {
  collect();
  out.first.assign(program.nodes.size() + 1, 0);
  for (NodeId id = 0; id < program.nodes.size(); ++id) {
    nodeStart = out.first[id] = out.all.size();
    if (tree.places[id].list == none || tree.listOf(id).dead)
      continue;
    if (program[id].kind == NodeKind::Access || program[id].kind == NodeKind::Publish)
      addAccess(id);
    if (program[id].kind == NodeKind::Publish)
      addPublish(id);
  }
  out.first.back() = out.all.size();
}

void Builder::addAccess(NodeId id) {
  for (RegionId region : program[id].reads)
    addConflicts(id, region, false);
  for (RegionId region : program[id].writes)
    addConflicts(id, region, true);
}

const Sharing &Builder::sharing(RegionId x, RegionId y, llvm::ArrayRef<NodeId> open) {
  NodeId loop = open.empty() ? none : open.back();
  auto [it, fresh] = known.try_emplace({uint64_t(x) << 32 | y, loop});
  if (fresh) {
    it->second.sameIteration = overlap.sameIteration(x, y, open);
    if (loop != none)
      it->second.carried = overlap.carried(x, y, open, open.size() - 1);
  }
  return it->second;
}

/// The last place of `at` that is before `bound` and not in an arm that excludes the reader.
static std::optional<Position> lastBefore(const std::vector<Position> &at, Position bound,
                                          llvm::ArrayRef<std::pair<Position, Position>> exclusive) {
  auto it = llvm::lower_bound(at, bound);
  for (auto [from, to] : exclusive)
    if (it != at.begin() && *std::prev(it) > from && *std::prev(it) < to)
      it = std::lower_bound(at.begin(), it, from);
  if (it == at.begin())
    return std::nullopt;
  return *std::prev(it);
}

static Hazard hazardOf(bool earlierWrites, bool laterWrites) {
  if (!earlierWrites)
    return Hazard::WAR;
  return laterWrites ? Hazard::WAW : Hazard::RAW;
}

void Builder::addConflicts(NodeId id, RegionId later, bool laterWrites) {
  const Node &node = program[id];
  const List &list = tree.listOf(id);
  Pipe pipe = pipeOf(node);
  unsigned depth = list.loops.size();
  for (RegionId earlier : overlap.neighbours()[later])
    for (const Site &site : sites[earlier]) {
      if (!site.writes && !laterWrites)
        continue;
      // H6: what S did is complete before anything later is dispatched.
      if (site.pipe == Pipe::S || (site.pipe == pipe && keepsOrder(pipe, program.arch)))
        continue;
      auto exempt = [&](llvm::ArrayRef<NodeId> equal) {
        return isExempt(program, overlap, program[site.sample], earlier, site.writes, node, later,
                        laterWrites, equal);
      };
      if (exempt({}))
        continue;
      Demand demand{id, site.pipe, 0, false, 0, later, hazardOf(site.writes, laterWrites)};
      demand.column = site.column;
      for (unsigned level = 0; level <= depth; ++level) {
        llvm::ArrayRef<NodeId> open = llvm::ArrayRef(list.loops).take_front(level);
        demand.level = level;
        Position from = level ? tree.places[open.back()].begin : 0;
        Position to = tree.places[level < depth ? list.loops[level] : id].begin;
        auto same = lastBefore(site.at, to, list.exclusive);
        if (same && *same > from && bothRun(program, site.turns, node.turns, open) &&
            sharing(earlier, later, open).sameIteration && !exempt(open)) {
          demand.need = *same;
          note(demand);
        }
        if (level == 0)
          continue;
        auto last = lastBefore(site.at, tree.places[open.back()].end, {});
        if (!last || *last <= from)
          continue;
        auto distance = sharing(earlier, later, open).carried;
        if (distance)
          distance =
              turnsApart(program, site.turns, node.turns, open.back(), open.drop_back(), *distance);
        if (distance && !exempt(open.drop_back())) {
          int64_t d = std::min(*distance, maxDistance);
          out.longestDistance = std::max(out.longestDistance, d);
          demand.need = *last - d * iteration;
          if (apart)
            noteCarried(demand, site, earlier, d);
          else
            note(demand);
        }
      }
    }
}

/// The same for each of the loops further in alone, as far as they hold both ends.
void Builder::noteCarried(Demand demand, const Site &site, RegionId earlier, int64_t distance) {
  const Node &node = program[demand.later];
  auto loops = llvm::ArrayRef(tree.listOf(demand.later).loops);
  std::optional<SharedTurns> meeting = meetingTurns(program.regions[earlier], site.turns,
                                                    program.regions[demand.region], node.turns);
  Position last = demand.need & (iteration - 1);
  auto holdsBoth = [&](NodeId loop) {
    return program.counts(loop, meeting->earlier) && tree.places[loop].begin < last &&
           last < tree.places[loop].end;
  };
  if (meeting && meeting->earlier == meeting->later)
    if (const NodeId *loop = llvm::find_if(loops.drop_front(demand.level), holdsBoth);
        loop != loops.end()) {
      demand.within = *loop;
      demand.period = meeting->period;
      demand.number = meeting->earlier;
      return note(demand);
    }
  for (size_t depth = demand.level; depth <= loops.size(); ++depth) {
    const Place &around = tree.places[loops[depth - 1]];
    auto last = lastBefore(site.at, around.end, {});
    if (depth < loops.size())
      if (const Place &deeper = tree.places[loops[depth]];
          last && *last > deeper.begin && *last < deeper.end)
        last = lastBefore(site.at, deeper.begin, {});
    if (!last || *last <= around.begin)
      continue;
    demand.within = depth > demand.level ? loops[depth - 1] : none;
    demand.need = *last - distance * iteration;
    note(demand);
  }
}

/// C8: whatever this core did to global memory must be over before another core hears of it, and
/// what it wrote must be fenced.
void Builder::addPublish(NodeId id) {
  const List &list = tree.listOf(id);
  unsigned depth = list.loops.size();
  const Node &node = program[id];
  for (const Site &site : globals) {
    if (node.signals && (!site.writes || site.pipe == node.pipe))
      continue; // on a pipe: what others wrote
    Demand demand{id, site.pipe, 0, false, 0, none, Hazard::RAW, Reason::Publication};
    demand.hazard = hazardOf(site.writes, true);
    demand.column = site.column;
    auto add = [&](Position need) {
      demand.need = need;
      demand.fence = false;
      if (site.pipe != Pipe::S)
        note(demand);
      demand.fence = true;
      if (site.writes && !node.signals)
        note(demand);
    };
    for (unsigned level = 0; level <= depth; ++level) {
      demand.level = level;
      Position from = level ? tree.places[list.loops[level - 1]].begin : 0;
      Position to = tree.places[level < depth ? list.loops[level] : id].begin;
      auto same = lastBefore(site.at, to, list.exclusive);
      if (same && *same > from)
        add(*same);
      if (level == 0 || program[list.loops[level - 1]].trip == 1)
        continue;
      auto last = lastBefore(site.at, tree.places[list.loops[level - 1]].end, {});
      if (last && *last > from)
        add(*last - iteration);
    }
  }
}

void Builder::note(Demand demand) {
  for (size_t i = nodeStart; i < out.all.size(); ++i) {
    Demand &old = out.all[i];
    if (old.column == demand.column && old.level == demand.level && old.region == demand.region &&
        old.hazard == demand.hazard && old.fence == demand.fence && old.kind == demand.kind &&
        old.within == demand.within && old.period == demand.period && old.number == demand.number) {
      old.need = std::max(old.need, demand.need);
      return;
    }
  }
  out.all.push_back(demand);
}

Demands::Demands(const Tree &tree, bool apart) : columns(tree.program) {
  Builder(tree, *this, apart).run();
  for (unsigned from = 0; from < numPipes; ++from)
    for (unsigned to = 0; to < numPipes; ++to)
      if (Pipe(from) != Pipe::S && Pipe(to) != Pipe::S && flagPairIsListed(Pipe(from), Pipe(to)))
        partners[from] |= 1u << to;
  for (const Demand &demand : all)
    partners[unsigned(demand.pipe)] |= 1u << unsigned(pipeOf(tree.program[demand.later]));
}
