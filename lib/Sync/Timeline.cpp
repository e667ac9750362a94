//===- Timeline.cpp - What synchronisation costs in a model of pipes -------===//

#include "ptoas/Sync/Timeline.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <map>
#include <numeric>

using namespace pto;
using namespace pto::sync;

namespace {

using Time = int64_t;

/// When bytes were last written and read, in pieces that do not overlap.
class Touched {
public:
  /// The time from which bytes [begin, end) may be read, or written.
  Time readyAt(int64_t begin, int64_t end, bool writes) {
    Time ready = 0;
    for (auto it = split(begin); it != pieces.end() && it->first < end; ++it)
      ready = std::max({ready, it->second.written, writes ? it->second.read : 0});
    return ready;
  }
  void touch(int64_t begin, int64_t end, bool writes, Time until) {
    if (begin >= end)
      return;
    split(end);
    for (auto it = split(begin); it->first < end; ++it) {
      Time &time = writes ? it->second.written : it->second.read;
      time = std::max(time, until);
    }
  }
  void shift(Time by) {
    for (auto &[begin, piece] : pieces) {
      piece.written += by;
      piece.read += by;
    }
  }

private:
  struct Piece {
    Time written = 0, read = 0;
  };
  /// From its key to the next one; the first begins before all bytes.
  std::map<int64_t, Piece> pieces{{INT64_MIN, {}}};

  /// The piece that begins at `place`.
  std::map<int64_t, Piece>::iterator split(int64_t place) {
    auto it = std::prev(pieces.upper_bound(place));
    return it->first == place ? it : pieces.emplace_hint(std::next(it), place, it->second);
  }
};

class Walk {
public:
  Walk(const Program &program, llvm::ArrayRef<uint64_t> cycles, const TimelineOptions &options,
       bool isFree, Timeline &out)
      : program(program), cycles(cycles), options(options), isFree(isFree), out(out),
        counters(program.nodes.size()), turns(program.nodes.size()),
        periods(program.nodes.size(), 1) {
    findPeriods(program.top, none);
  }

  bool run() { return list(program.top); }
  Time end() const { return *llvm::max_element(times); }

private:
  const Program &program;
  llvm::ArrayRef<uint64_t> cycles;
  const TimelineOptions &options;
  bool isFree;
  Timeline &out;
  std::array<Time, numPipes> times{};
  std::map<std::tuple<Pipe, Pipe, int64_t>, std::vector<Time>> tokens;
  std::map<uint32_t, Touched> memories; ///< by space, GM by root behind them
  std::vector<int64_t> counters;
  std::vector<uint32_t> turns;  ///< by branch: times that it was met
  std::vector<int64_t> periods; ///< by loop: iterations after which ids, slots and arms come round
  uint64_t steps = 0, weight = 1;

  void findPeriods(llvm::ArrayRef<NodeId> nodes, NodeId inner);
  void comesRound(NodeId number, int64_t after);
  bool list(llvm::ArrayRef<NodeId> nodes);
  bool node(NodeId id);
  bool loop(NodeId id);
  void access(NodeId id);
  void flag(NodeId id);
  void barrier(NodeId id);
  unsigned armOf(NodeId id);
  template <typename Visit> void forEachRun(RegionId region, Visit visit);
  void shift(Time by);
  Time &timeOf(Pipe pipe) { return times[unsigned(pipe)]; }
  Time dispatch() { return timeOf(Pipe::S) += options.dispatch; }
};

/// Visits the bytes of a region as the counters stand: memory, begin, end.
template <typename Visit> void Walk::forEachRun(RegionId id, Visit visit) {
  constexpr int64_t mostRuns = 512;
  const Region &region = program.regions[id];
  bool isGm = region.space == Space::GM;
  uint32_t memory =
      isGm ? numSpaces + (region.root == none ? 0 : 1 + region.root) : unsigned(region.space);
  Touched &touched = memories[memory];
  bool known = region.offset.known && !(region.rotation.count > 1 && region.rotation.loop == none);
  if (!known)
    return visit(touched, INT64_MIN + 1, INT64_MAX);
  int64_t base = region.offset.constant;
  for (const Offset::Term &term : region.offset.terms)
    base += term.coefficient * counters[term.loop];
  if (region.rotation.count > 1)
    base += region.rotation.stride *
            llvm::mod(counters[region.rotation.loop] + region.rotation.add, region.rotation.count);
  int64_t runs = 1;
  for (const Region::Dim &dim : region.dims)
    runs *= dim.extent;
  if (runs > mostRuns) {
    int64_t low, high;
    region.bounds(low, high);
    return visit(touched, base + low, base + high);
  }
  for (int64_t i = 0; i < runs; ++i) {
    int64_t at = base, rest = i;
    for (const Region::Dim &dim : llvm::reverse(region.dims)) {
      at += rest % dim.extent * dim.stride;
      rest /= dim.extent;
    }
    visit(touched, at, at + int64_t(region.run));
  }
}

void Walk::access(NodeId id) {
  const Node &n = program[id];
  Time start = std::max(dispatch(), timeOf(n.pipe));
  auto each = [&](auto visit) {
    for (bool writes : {false, true})
      for (RegionId region : writes ? n.writes : n.reads)
        forEachRun(region, [&](Touched &memory, int64_t begin, int64_t end) {
          visit(memory, begin, end, writes);
        });
  };
  if (isFree)
    each([&](Touched &memory, int64_t begin, int64_t end, bool writes) {
      start = std::max(start, memory.readyAt(begin, end, writes));
    });
  Time until = start + Time(cycles[id]);
  timeOf(n.pipe) = until;
  if (isFree)
    each([&](Touched &memory, int64_t begin, int64_t end, bool writes) {
      memory.touch(begin, end, writes, until);
    });
}

void Walk::flag(NodeId id) {
  const Node &n = program[id];
  const EventId &event = n.key.id;
  int64_t number = event.base;
  if (event.count > 1 && event.loop != none)
    number += llvm::mod(counters[event.loop] + event.add, event.count);
  std::vector<Time> &waiting = tokens[{n.key.from, n.key.to, number}];
  bool isSet = n.kind == NodeKind::Set;
  Time &time = timeOf(isSet ? n.key.from : n.key.to);
  time = std::max(time, dispatch());
  if (isSet) {
    time += Time(options.sync);
    waiting.push_back(time);
    return;
  }
  if (!waiting.empty()) { // else it hangs, which is not for us to say
    out.stalled[id] += weight * uint64_t(std::max<Time>(0, waiting.front() - time));
    time = std::max(time, waiting.front());
    waiting.erase(waiting.begin());
  }
  time += Time(options.sync);
}

void Walk::barrier(NodeId id) {
  Pipe pipe = program[id].pipe;
  if (pipe != Pipe::ALL) {
    timeOf(pipe) = std::max(timeOf(pipe), dispatch()) + Time(options.sync);
    return;
  }
  dispatch();
  Time last = end();
  out.stalled[id] += weight * uint64_t(last - timeOf(Pipe::S));
  times.fill(last + Time(options.sync));
}

/// Does the counter tell which arm it is, with no need to know the last iteration?
bool isOfFirstIterations(const Condition &condition) {
  return condition.loop != none && condition.last == 0;
}

unsigned Walk::armOf(NodeId id) {
  const Node &n = program[id];
  const Condition &condition = n.condition;
  const Turns &mine = condition.turns;
  if (mine.loop != none)
    return llvm::mod(counters[mine.loop], mine.period) != mine.residue;
  if (isOfFirstIterations(condition))
    return (counters[condition.loop] < condition.first) != condition.inverted;
  return turns[id]++ % n.arms.size();
}

void Walk::shift(Time by) {
  for (Time &time : times)
    time += by;
  for (auto &[key, waiting] : tokens)
    for (Time &time : waiting)
      time += by;
  for (auto &[number, memory] : memories)
    memory.shift(by);
}

void Walk::comesRound(NodeId number, int64_t after) {
  constexpr int64_t most = 64; // of turns that are no part of one another
  if (number == none)
    return;
  for (NodeId loop : program.loopsOf(number))
    if (int64_t both = std::lcm(periods[loop], after); both <= most)
      periods[loop] = both;
}

void Walk::findPeriods(llvm::ArrayRef<NodeId> nodes, NodeId inner) {
  for (NodeId id : nodes) {
    const Node &n = program[id];
    comesRound(n.key.id.loop, n.key.id.count);
    for (const auto *regions : {&n.reads, &n.writes})
      for (RegionId region : *regions)
        comesRound(program.regions[region].rotation.loop, program.regions[region].rotation.count);
    if (n.kind == NodeKind::Branch && n.condition.turns.loop != none)
      comesRound(n.condition.turns.loop, n.condition.turns.period);
    else if (n.kind == NodeKind::Branch && !isOfFirstIterations(n.condition) && !n.arms.empty())
      comesRound(inner, int64_t(n.arms.size()));
    for (const std::vector<NodeId> &arm : n.arms)
      findPeriods(arm, n.kind == NodeKind::Loop ? id : inner);
  }
}

bool Walk::loop(NodeId id) {
  const Node &n = program[id];
  int64_t trip = n.trip.value_or(std::max(n.minTrip, options.trips));
  // What is not walked is a whole number of turns, each like the last one.
  int64_t period = periods[id], least = std::max(options.walked, period), walked = trip;
  if (trip > least)
    walked = least + (trip - least) % period;
  int64_t more = (trip - walked) / period;
  uint64_t outer = weight;
  Time before = end();
  for (const Counter &counter : program.counters)
    if (counter.over == id)
      counters[counter.node] = 0;
  auto count = [&](int64_t by) {
    for (const Counter &counter : program.counters)
      if (llvm::is_contained(counter.loops, id))
        counters[counter.node] += by;
  };
  for (int64_t i = 0; i < walked; ++i) {
    counters[id] = i;
    if (more && i == walked - period) {
      weight = outer * uint64_t(1 + more);
      before = end();
    }
    if (!list(n.arms[0]))
      return false;
    count(1);
  }
  count(trip - walked);
  weight = outer;
  if (more)
    shift((end() - before) * more);
  counters[id] = trip;
  return true;
}

bool Walk::node(NodeId id) {
  const Node &n = program[id];
  if (!isFree)
    out.executed[id] += weight;
  switch (n.kind) {
  case NodeKind::Access:
  case NodeKind::Publish:
    access(id);
    return true;
  case NodeKind::Set:
  case NodeKind::Wait:
    if (!isFree)
      flag(id);
    return true;
  case NodeKind::Barrier:
    if (!isFree)
      barrier(id);
    return true;
  case NodeKind::Fence:
    dispatch();
    return true;
  case NodeKind::Loop:
    return loop(id);
  case NodeKind::Branch:
    return n.arms.empty() || list(n.arms[armOf(id)]);
  case NodeKind::Macro:
    return list(n.arms[0]);
  case NodeKind::Leave:
  case NodeKind::Counter:
    return true;
  }
  return true;
}

bool Walk::list(llvm::ArrayRef<NodeId> nodes) {
  for (NodeId id : nodes)
    if (++steps > options.limit || !node(id))
      return false;
  return true;
}

} // namespace

std::optional<Timeline> sync::timeline(const Program &program, llvm::ArrayRef<uint64_t> cycles,
                                       const TimelineOptions &options) {
  Timeline out;
  out.executed.resize(program.nodes.size());
  out.stalled.resize(program.nodes.size());
  Walk synced(program, cycles, options, false, out), free(program, cycles, options, true, out);
  if (!synced.run() || !free.run())
    return std::nullopt;
  out.cycles = uint64_t(synced.end());
  out.free = uint64_t(free.end());
  return out;
}
