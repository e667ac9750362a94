//===- Trace.cpp - Path expansion ------------------------------------------===//

#include "Trace.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// Values that are fixed for a whole path come from its seed, whoever asks and in whatever order.
static int64_t pathConstant(uint64_t seed, uint64_t what) {
  return 32 * Random(seed ^ (what * 0x100000001b3u)).between(-6, 6);
}

Footprint judge::footprintOf(const Program &program, const Region &region,
                             llvm::ArrayRef<int64_t> counters, uint64_t seed, Random &random) {
  Footprint result{unsigned(region.space), {}};
  int64_t base = region.offset.constant;
  if (region.space == Space::GM) {
    uint32_t root = region.root;
    if (root == none) // it may be any pointer of the program, and stays the same one on a path
      root = program.roots.empty() ? 0 : Random(seed ^ 7).below(program.roots.size());
    bool aliases = root < program.roots.size() && program.roots[root].mayAlias;
    // All pointers that may alias live in one memory, at bases that differ from path to path.
    result.memory = aliases ? numSpaces : numSpaces + 1 + root;
    if (aliases)
      base += pathConstant(seed, 1000 + root);
  }
  for (const Offset::Term &term : region.offset.terms)
    base += term.coefficient * counters[term.loop];
  if (region.offset.symbol != none)
    base += pathConstant(seed, region.offset.symbol);
  if (!region.offset.known)
    base += 32 * random.between(0, 8);
  if (region.rotation.count > 1) {
    int64_t slot = region.rotation.loop == none
                       ? int64_t(random.below(region.rotation.count))
                       : llvm::mod(counters[region.rotation.loop] + region.rotation.add,
                                   region.rotation.count);
    base += region.rotation.stride * slot;
  }

  std::vector<int64_t> starts = {base};
  for (const Region::Dim &dim : region.dims) {
    std::vector<int64_t> wider;
    for (int64_t start : starts)
      for (int64_t i = 0; i < dim.extent; ++i)
        wider.push_back(start + i * dim.stride);
    starts = std::move(wider);
  }
  llvm::sort(starts);
  for (int64_t start : starts) {
    Interval run{start, start + int64_t(region.run)};
    if (!result.bytes.empty() && run.begin <= result.bytes.back().end)
      result.bytes.back().end = std::max(result.bytes.back().end, run.end);
    else if (run.begin < run.end)
      result.bytes.push_back(run);
  }
  return result;
}

static bool shareByte(const Footprint &x, const Footprint &y) {
  auto a = x.bytes.begin(), b = y.bytes.begin();
  while (a != x.bytes.end() && b != y.bytes.end()) {
    if (a->end <= b->begin)
      ++a;
    else if (b->end <= a->begin)
      ++b;
    else
      return true;
  }
  return false;
}

/// A sweep over footprints by their first byte: only those whose spans meet are compared.
static void findSharing(Trace &trace) {
  std::vector<uint32_t> order, open;
  trace.sharing.resize(trace.footprints.size());
  for (uint32_t i = 0; i < trace.footprints.size(); ++i)
    if (!trace.footprints[i].bytes.empty())
      order.push_back(i);
  llvm::sort(order, [&](uint32_t a, uint32_t b) {
    const Footprint &x = trace.footprints[a], &y = trace.footprints[b];
    return std::tuple(x.memory, x.bytes.front().begin, a) <
           std::tuple(y.memory, y.bytes.front().begin, b);
  });
  for (uint32_t id : order) {
    const Footprint &y = trace.footprints[id];
    llvm::erase_if(open, [&](uint32_t other) {
      const Footprint &x = trace.footprints[other];
      return x.memory != y.memory || x.bytes.back().end <= y.bytes.front().begin;
    });
    trace.sharing[id].push_back(id);
    for (uint32_t other : open)
      if (shareByte(trace.footprints[other], y)) {
        trace.sharing[id].push_back(other);
        trace.sharing[other].push_back(id);
      }
    open.push_back(id);
  }
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

namespace {
class Expander {
public:
  Expander(const Program &program, const PathPlan &plan, Random &random, size_t limit)
      : program(program), plan(plan), random(random), limit(limit), seed(random.next()),
        counters(program.nodes.size(), 0), lengths(program.nodes.size(), 0) {
    uint32_t most = 2;
    for (const Region &region : program.regions)
      most = std::max(most, region.rotation.count);
    for (const Node &node : program.nodes)
      most = std::max(most, node.key.id.count);
    // Rings wrap only after as many iterations as they have slots; beyond 8 traces get too long.
    most = std::min(most, 8u);
    trips = {0, 1, 2, 3, 5, most + 1, 2 * most + 1};
  }

  bool run(llvm::ArrayRef<NodeId> list);
  Trace take() {
    findSharing(trace);
    return std::move(trace);
  }

private:
  uint32_t footprint(RegionId region);
  uint32_t flag(Flag flag);
  int64_t idOf(const EventId &id);
  size_t armOf(const Node &branch);
  bool runLoop(NodeId id);
  bool runMacro(NodeId id);
  void collectFlags(llvm::ArrayRef<NodeId> list, std::vector<uint32_t> &result);

  const Program &program;
  const PathPlan &plan;
  Random &random;
  size_t limit;
  uint64_t seed;
  std::vector<int64_t> counters, lengths; ///< of loops that run
  std::vector<NodeId> loopsAround;
  llvm::SmallVector<int64_t, 8> trips;
  std::map<Footprint, uint32_t> footprintIndex;
  std::map<Flag, uint32_t> flagIndex;
  Trace trace;
};
} // namespace

uint32_t Expander::footprint(RegionId region) {
  Footprint bytes = footprintOf(program, program.regions[region], counters, seed, random);
  auto [it, isNew] = footprintIndex.try_emplace(bytes, trace.footprints.size());
  if (isNew)
    trace.footprints.push_back(std::move(bytes));
  return it->second;
}

uint32_t Expander::flag(Flag flag) {
  auto [it, isNew] = flagIndex.try_emplace(flag, trace.flags.size());
  if (isNew)
    trace.flags.push_back(flag);
  return it->second;
}

int64_t Expander::idOf(const EventId &id) {
  if (!id.known)
    return random.below(program.eventIds);
  if (id.count <= 1)
    return id.base;
  return id.base + llvm::mod((id.loop == none ? 0 : counters[id.loop]) + id.add, id.count);
}

/// What is known of the condition decides; equal values choose alike on the whole path.
size_t Expander::armOf(const Node &branch) {
  const Condition &condition = branch.condition;
  if (const Turns &mine = condition.turns; mine.loop != none)
    return llvm::mod(counters[mine.loop], mine.period) != mine.residue;
  if (condition.loop != none) {
    int64_t at = counters[condition.loop];
    bool atEnd = at < condition.first || lengths[condition.loop] - at <= condition.last;
    return atEnd != condition.inverted;
  }
  if (plan.rareArm && !loopsAround.empty()) {
    bool isRare = counters[loopsAround.back()] % 3 == 2;
    return isRare == (*plan.rareArm == 0) ? 0 : branch.arms.size() - 1;
  }
  if (condition.value != none)
    return plan.arm ? std::min(*plan.arm, 1u) : pathConstant(seed, 2000 + condition.value) > 0;
  size_t last = branch.arms.size() - 1;
  return plan.arm ? std::min<size_t>(*plan.arm, last) : random.below(last + 1);
}

bool Expander::runLoop(NodeId id) {
  const Node &node = program[id];
  llvm::ArrayRef<NodeId> body = node.arms[0];
  auto holds = [&](NodeKind kind) {
    return llvm::any_of(body, [&](NodeId item) { return program[item].kind == kind; });
  };
  bool isLong = plan.rareArm && holds(NodeKind::Branch) && !holds(NodeKind::Loop);
  int64_t trip = node.trip   ? *node.trip
                 : isLong    ? 8
                 : plan.trip ? *plan.trip
                             : trips[random.below(plan.few ? 4 : trips.size())];
  if (!node.trip)
    trip = std::max(trip, node.minTrip);
  lengths[id] = trip;
  for (const Counter &counter : program.counters)
    if (counter.over == id)
      counters[counter.node] = 0;
  loopsAround.push_back(id);
  size_t leave = llvm::find_if(body, [&](NodeId n) { return program[n].kind == NodeKind::Leave; }) -
                 body.begin();
  for (int64_t i = 0; i < trip; ++i) {
    counters[id] = i;
    if (!run(body))
      return false;
    for (const Counter &counter : program.counters)
      if (llvm::is_contained(counter.loops, id))
        ++counters[counter.node];
  }
  counters[id] = trip; // outside its loop a counter is the trip count (EventId)
  bool isShort = !node.endsInside || run(body.take_front(leave));
  loopsAround.pop_back();
  return isShort;
}

void Expander::collectFlags(llvm::ArrayRef<NodeId> list, std::vector<uint32_t> &result) {
  for (NodeId id : list) {
    const Node &node = program[id];
    const EventId &event = node.key.id;
    if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait) {
      int64_t first = event.known ? event.base : 0;
      int64_t count = event.known ? std::max(event.count, 1u) : program.eventIds;
      for (int64_t i = 0; i < count; ++i)
        result.push_back(flag({node.key.from, node.key.to, first + i}));
    }
    for (const std::vector<NodeId> &arm : node.arms)
      collectFlags(arm, result);
  }
}

bool Expander::runMacro(NodeId id) {
  auto [it, isNew] = trace.macroFlags.try_emplace(id);
  if (isNew) {
    collectFlags(program[id].arms[0], it->second);
    llvm::sort(it->second);
    it->second.erase(std::unique(it->second.begin(), it->second.end()), it->second.end());
  }
  trace.events.push_back({Event::Enter, Pipe::S, id});
  if (!run(program[id].arms[0]))
    return false;
  trace.events.push_back({Event::Leave, Pipe::S, id});
  return true;
}

bool Expander::run(llvm::ArrayRef<NodeId> list) {
  for (NodeId id : list) {
    if (trace.events.size() > limit)
      return false;
    const Node &node = program[id];
    switch (node.kind) {
    case NodeKind::Access:
    case NodeKind::Publish: {
      bool isAccess = node.kind == NodeKind::Access;
      Event event{isAccess ? Event::Access : Event::Publish, isAccess ? node.pipe : Pipe::S, id};
      for (RegionId region : node.reads)
        event.reads.push_back(footprint(region));
      for (RegionId region : node.writes)
        event.writes.push_back(footprint(region));
      trace.events.push_back(std::move(event));
      break;
    }
    case NodeKind::Set:
    case NodeKind::Wait: {
      bool isSet = node.kind == NodeKind::Set;
      uint32_t index = flag({node.key.from, node.key.to, idOf(node.key.id)});
      trace.events.push_back(
          {isSet ? Event::Set : Event::Wait, isSet ? node.key.from : node.key.to, id, index});
      break;
    }
    case NodeKind::Barrier:
      trace.events.push_back({Event::Barrier, node.pipe, id});
      break;
    case NodeKind::Fence:
      trace.events.push_back({Event::Fence, Pipe::S, id});
      break;
    case NodeKind::Loop:
      if (!runLoop(id))
        return false;
      break;
    case NodeKind::Branch: {
      size_t arm = armOf(node);
      if (!run(node.arms[arm]))
        return false;
      break;
    }
    case NodeKind::Macro:
      if (!runMacro(id))
        return false;
      break;
    case NodeKind::Leave:
    case NodeKind::Counter:
      break;
    }
  }
  return true;
}

std::optional<Trace> judge::expand(const Program &program, const PathPlan &plan, Random &random,
                                   size_t limit) {
  Expander expander(program, plan, random, limit);
  if (!expander.run(program.top))
    return std::nullopt;
  return expander.take();
}

/// True when nothing about a run is left open, so that all paths are the same.
static bool hasOnePath(const Program &program) {
  for (const Node &node : program.nodes)
    if (node.kind == NodeKind::Branch || (node.kind == NodeKind::Loop && !node.trip) ||
        !node.key.id.known)
      return false;
  for (const Region &region : program.regions) {
    bool openSlot = region.rotation.count > 1 && region.rotation.loop == none;
    bool openRoot = region.space == Space::GM &&
                    (region.root >= program.roots.size() || program.roots[region.root].mayAlias);
    if (!region.offset.known || region.offset.symbol != none || openSlot || openRoot)
      return false;
  }
  return true;
}

void judge::forEachPath(const Program &program, uint64_t seed, unsigned count,
                        llvm::function_ref<bool(const Trace &)> visit, size_t limit) {
  static constexpr std::pair<int64_t, unsigned> corners[] = {{2, 0}, {2, 9}, {1, 0},
                                                             {1, 9}, {0, 0}, {0, 9}};
  bool single = hasOnePath(program);
  Random random(seed);
  unsigned made = 0;
  for (unsigned attempt = 0; attempt < 4 * count && made < count; ++attempt) {
    PathPlan plan;
    if (attempt < std::min<size_t>(std::size(corners), count / 2 + 1)) {
      plan.trip = corners[attempt].first;
      plan.arm = corners[attempt].second;
    } else {
      plan.few = random.chance(30);
    }
    std::optional<Trace> trace = expand(program, plan, random, limit);
    if (!trace)
      continue;
    ++made;
    if (!visit(*trace) || single)
      return;
  }
  // Constant trip counts can make every path too long; no path at all would look like a clean one.
  for (int64_t trip : {1, 0})
    if (made == 0)
      if (std::optional<Trace> trace =
              expand(program, {trip, 0, false, std::nullopt}, random, 64 * limit))
        if (!visit(*trace))
          return;
}

bool judge::isHardwareOrdered(const Program &program, const Trace &trace, const Event &earlier,
                              uint32_t x, bool xWrites, const Event &later, uint32_t y,
                              bool yWrites) {
  if (earlier.pipe != later.pipe || x != y) // a partial overlap is never exempt
    return false;
  if (earlier.pipe == Pipe::MTE2)
    return xWrites && yWrites; // load after load into the same tile
  // A chain goes on in the accumulator that it is in: what takes its sums from another one is none.
  auto sums = [&](const Event &event) {
    llvm::SmallVector<uint32_t, 2> written;
    for (uint32_t index : event.writes)
      if (trace.footprints[index].memory == unsigned(Space::Acc))
        written.push_back(index);
    return written;
  };
  return earlier.pipe == Pipe::M && trace.footprints[x].memory == unsigned(Space::Acc) &&
         program[earlier.node].accumulates && program[later.node].accumulates &&
         sums(earlier) == sums(later);
}
