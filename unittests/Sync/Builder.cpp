//===- Builder.cpp - Writes a sync::Program in program order ---------------===//

#include "Builder.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

NodeId Builder::append(Node node) {
  NodeId id = program.add(std::move(node));
  std::vector<NodeId> &list =
      frames.empty() ? program.top : program[frames.back().node].arms[frames.back().arm];
  list.push_back(id);
  return id;
}

NodeId Builder::open(Node node) {
  node.arms.resize(1);
  NodeId id = append(std::move(node));
  frames.push_back({id, 0});
  return id;
}

RegionId Builder::tile(Space space, int64_t offset, uint64_t bytes, std::string name,
                       Rotation ring) {
  Region result;
  result.space = space;
  result.offset.constant = offset;
  result.run = bytes;
  result.name = std::move(name);
  if (ring.count > 1 && ring.stride == 0)
    ring.stride = bytes;
  result.rotation = ring;
  return region(std::move(result));
}

RegionId Builder::global(uint32_t root, int64_t constant, uint64_t bytes, NodeId loop,
                         int64_t coefficient) {
  Region result;
  result.space = Space::GM;
  result.root = root;
  result.offset.constant = constant;
  if (loop != none && coefficient != 0)
    result.offset.terms.push_back({loop, coefficient});
  result.run = bytes;
  return region(std::move(result));
}

NodeId Builder::access(Pipe pipe, llvm::ArrayRef<RegionId> reads, llvm::ArrayRef<RegionId> writes,
                       std::string label) {
  Node node;
  node.pipe = pipe;
  node.turns = turns;
  node.reads.assign(reads.begin(), reads.end());
  node.writes.assign(writes.begin(), writes.end());
  node.label = std::move(label);
  return append(std::move(node));
}

NodeId Builder::flag(NodeKind kind, Pipe from, Pipe to, EventId id) {
  Node node;
  node.kind = kind;
  node.key = {from, to, id};
  return append(std::move(node));
}

NodeId Builder::barrier(Pipe pipe) {
  Node node;
  node.kind = NodeKind::Barrier;
  node.pipe = pipe;
  return append(std::move(node));
}

NodeId Builder::plain(NodeKind kind) {
  Node node;
  node.kind = kind;
  return append(std::move(node));
}

NodeId Builder::openLoop(std::optional<int64_t> trip, int64_t minTrip) {
  Node node;
  node.kind = NodeKind::Loop;
  node.trip = trip;
  node.minTrip = trip.value_or(minTrip);
  return open(std::move(node));
}

NodeId Builder::openWhile() {
  Node node;
  node.kind = NodeKind::Loop;
  node.endsInside = true;
  return open(std::move(node));
}

NodeId Builder::openBranch(Condition condition) {
  Node node;
  node.kind = NodeKind::Branch;
  node.condition = condition;
  return open(std::move(node));
}

void Builder::nextArm() {
  Frame &frame = frames.back();
  program[frame.node].arms.emplace_back();
  ++frame.arm;
}

NodeId Builder::openMacro(std::string label) {
  Node node;
  node.kind = NodeKind::Macro;
  node.label = std::move(label);
  return open(std::move(node));
}

void Builder::close() { frames.pop_back(); }
