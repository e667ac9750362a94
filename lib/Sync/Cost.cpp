//===- Cost.cpp - What a synchronised program costs ------------------------===//

#include "ptoas/Sync/Cost.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <array>

using namespace pto;
using namespace pto::sync;

uint64_t sync::cyclesOf(const Program &program, const Node &access) {
  if (access.cycles)
    return access.cycles;
  if (access.pipe == Pipe::S)
    return 2;
  // The wider of the two sides at 64 bytes a cycle, and a start-up: which way a choice goes depends
  // on little more.
  uint64_t read = 0, written = 0;
  auto bytes = [&](RegionId id) {
    uint64_t sum = program.regions[id].run;
    for (const Region::Dim &dim : program.regions[id].dims)
      sum *= std::max<int64_t>(dim.extent, 0);
    return sum;
  };
  for (RegionId id : access.reads)
    read += bytes(id);
  for (RegionId id : access.writes)
    written += bytes(id);
  return 24 + std::max(read, written) / 64;
}

namespace {
class Walk {
public:
  Walk(const Program &program, bool lastArms, uint64_t limit)
      : program(program), lastArms(lastArms), limit(limit), counters(program.nodes.size(), 0) {}

  std::optional<Cost> run() {
    if (!list(program.top))
      return std::nullopt;
    return Cost{end, executed};
  }

private:
  struct Queue {
    uint64_t free = 0, complete = 0;
  };
  const Program &program;
  bool lastArms;
  uint64_t limit, steps = 0;
  std::vector<int64_t> counters;
  std::array<Queue, numPipes> queues;
  llvm::DenseMap<std::pair<uint64_t, int64_t>, uint64_t> tokens; ///< by pair and id: when raised
  uint64_t dispatch = 0, end = 0, executed = 0;

  bool list(llvm::ArrayRef<NodeId> items) {
    return llvm::all_of(items, [&](NodeId id) { return node(id); });
  }
  bool node(NodeId id);
  void step(const Node &node);
  std::pair<uint64_t, int64_t> flag(const FlagKey &key) const;
};
} // namespace

std::pair<uint64_t, int64_t> Walk::flag(const FlagKey &key) const {
  int64_t id = key.id.base;
  if (key.id.count > 1 && key.id.loop != none) {
    int64_t turn = (counters[key.id.loop] + key.id.add) % int64_t(key.id.count);
    id += turn < 0 ? turn + key.id.count : turn;
  }
  return {unsigned(key.from) * numPipes + unsigned(key.to), id};
}

void Walk::step(const Node &node) {
  if (node.kind == NodeKind::Barrier && node.pipe == Pipe::ALL) {
    ++executed;
    for (const Queue &queue : queues)
      dispatch = std::max({dispatch, queue.complete, queue.free});
    return;
  }
  bool isSet = node.kind == NodeKind::Set, isWait = node.kind == NodeKind::Wait;
  Pipe pipe = isSet ? node.key.from : isWait ? node.key.to : node.pipe;
  Queue &queue = queues[unsigned(pipe)];
  uint64_t start = std::max(dispatch, queue.free);
  switch (node.kind) {
  case NodeKind::Access:
    queue.free = start + cyclesOf(program, node);
    queue.complete = queue.free + (pipe == Pipe::S ? 0 : modelLatency);
    break;
  case NodeKind::Set: // what comes after it does not wait for it
    tokens[flag(node.key)] = std::max(start, queue.complete);
    ++executed;
    break;
  case NodeKind::Wait:
    queue.free = std::max(start, tokens.lookup(flag(node.key)));
    ++executed;
    break;
  case NodeKind::Barrier:
    queue.free = std::max(start, queue.complete);
    ++executed;
    break;
  default:
    break;
  }
  if (pipe == Pipe::S)
    dispatch = std::max(dispatch, queue.free);
  end = std::max({end, queue.free, queue.complete});
}

bool Walk::node(NodeId id) {
  if (++steps > limit)
    return false;
  const Node &node = program[id];
  switch (node.kind) {
  case NodeKind::Loop: {
    int64_t trip =
        std::min(node.trip.value_or(std::max(node.minTrip, modelTrip)), longestModelTrip);
    for (int64_t i = 0; i < trip; ++i) {
      counters[id] = i;
      if (!list(node.arms[0]))
        return false;
    }
    counters[id] = trip; // outside its loop a counter is the trip count
    return true;
  }
  case NodeKind::Branch:
    return list(lastArms ? node.arms.back() : node.arms.front());
  case NodeKind::Macro:
    return list(node.arms[0]);
  default:
    step(node);
    return true;
  }
}

std::optional<Cost> sync::costOf(const Program &program, uint64_t limit) {
  std::optional<Cost> first = Walk(program, false, limit).run();
  bool hasBranch =
      llvm::any_of(program.nodes, [](const Node &node) { return node.kind == NodeKind::Branch; });
  if (!first || !hasBranch)
    return first;
  std::optional<Cost> second = Walk(program, true, limit).run();
  if (!second)
    return second;
  return Cost{first->cycles + second->cycles, first->executed + second->executed};
}
