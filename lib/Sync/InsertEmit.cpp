//===- InsertEmit.cpp - Writes a plan into a program -----------------------===//

#include "InsertEmit.h"
#include "InsertMarks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

namespace {

/// Builds the new statement lists. Old nodes keep their ids.
class Writer {
public:
  Writer(const Tree &tree, InsertStats &stats) : tree(tree), result(tree.program), stats(stats) {}

  template <typename Rewrite> Program rewrite(Rewrite item) {
    for (ListId id = 0; id < tree.lists.size(); ++id) {
      const List &list = tree.lists[id];
      if (list.frozen)
        continue;
      out.clear();
      for (NodeId node : list.items)
        item(node);
      std::vector<NodeId> *target = &result.top;
      if (list.owner != none) {
        const Place &place = tree.places[list.owner];
        unsigned arm = llvm::find(place.arms, id) - place.arms.begin();
        target = &result.nodes[list.owner].arms[arm];
      }
      *target = out;
    }
    return std::move(result);
  }

  void keep(NodeId node) { out.push_back(node); }
  void flag(NodeKind kind, const Handoff &h, EventId id);
  void drain(const BarrierPlan &planned);
  void barrier(Pipe pipe, llvm::ArrayRef<Reason> reasons);
  void fence(NodeId before);
  void planned(NodeId node, const Plan &plan);

private:
  const Tree &tree;
  Program result;
  InsertStats &stats;
  std::vector<NodeId> out;

  void append(Node node) {
    node.inserted = true;
    out.push_back(result.add(std::move(node)));
  }
};

} // namespace

void Writer::flag(NodeKind kind, const Handoff &h, EventId id) {
  Node node;
  node.kind = kind;
  node.pipe = kind == NodeKind::Set ? h.from : h.to;
  node.key = {h.from, h.to, id};
  node.reasons.assign(h.reasons.begin(), h.reasons.end());
  append(std::move(node));
}

void Writer::drain(const BarrierPlan &planned) {
  for (const Flag &drain : planned.drains) {
    Handoff handoff;
    handoff.from = drain.from;
    handoff.to = drain.to;
    handoff.reasons.assign(planned.reasons.begin(), planned.reasons.end());
    flag(NodeKind::Set, handoff, {drain.id});
    flag(NodeKind::Wait, handoff, {drain.id});
    ++stats.drains;
  }
}

void Writer::barrier(Pipe pipe, llvm::ArrayRef<Reason> reasons) {
  Node node;
  node.kind = NodeKind::Barrier;
  node.pipe = pipe;
  node.reasons.assign(reasons.begin(), reasons.end());
  append(std::move(node));
  ++(pipe == Pipe::ALL ? stats.barrierAll : stats.barriers);
}

void Writer::fence(NodeId before) {
  Node node;
  node.kind = NodeKind::Fence;
  Reason reason;
  reason.later = before;
  reason.kind = Reason::Publication;
  node.reasons.push_back(reason);
  append(std::move(node));
}

/// The id of the iteration that is `add` after the current one.
static EventId idOf(const Handoff &h, NodeId loop, int64_t add) {
  if (h.count == 1)
    return {h.base};
  return {h.base, h.count, loop, llvm::mod(add, h.count)};
}

/// The same where the counter is known to be `counter`.
static EventId idAt(const Handoff &h, int64_t counter) {
  return {h.base + int32_t(llvm::mod(counter, h.count))};
}

/// What stands around one item, in the order that the sweep walked it.
void Writer::planned(NodeId node, const Plan &plan) {
  const Point &point = plan.points[node];
  for (HandoffId id : point.waits) {
    const Handoff &h = plan.handoffs[id];
    flag(NodeKind::Wait, h, idOf(h, plan.numberOf(h), -h.delay));
  }
  const BarrierPlan *all = llvm::find_if(
      point.barriers, [](auto &b) { return b.pipe == Pipe::ALL && b.drains.empty(); });
  for (const BarrierPlan &planned : point.barriers) {
    if (all != point.barriers.end() && all != &planned)
      continue;
    drain(planned);
    if (!planned.drains.empty())
      continue;
    barrier(planned.pipe, planned.reasons);
    stats.inLoops += planned.pipe == Pipe::ALL && !tree.listOf(node).loops.empty();
  }
  if (point.fence)
    fence(node);
  auto prime = [&](HandoffId id) {
    const Handoff &h = plan.handoffs[id];
    for (int64_t m = 0; m < h.delay; ++m)
      flag(NodeKind::Set, h, idAt(h, m - h.delay));
  };
  auto set = [&](HandoffId id) {
    const Handoff &h = plan.handoffs[id];
    flag(NodeKind::Set, h, idOf(h, plan.numberOf(h), 0));
    ++(h.credit ? stats.credits : stats.handoffs);
  };
  for (HandoffId id : plan.carried[node])
    if (plan.handoffs[id].primeAfter == none)
      prime(id);
  // Kept tokens have an id each, which their iteration finds by its counter.
  auto eachKept = [&](NodeKind kind) {
    for (HandoffId id : plan.kept[node])
      for (int64_t m = 0; m < plan.handoffs[id].delay; ++m)
        flag(kind, plan.handoffs[id], idAt(plan.handoffs[id], m));
  };
  eachKept(NodeKind::Set);
  keep(node);
  for (HandoffId id : point.sets)
    if (plan.isEarly(plan.handoffs[id]))
      set(id);
  std::optional<int64_t> trip = tree.program[node].trip;
  for (HandoffId id : plan.carried[node]) {
    const Handoff &h = plan.handoffs[id];
    for (int64_t m = 0; m < plan.drains(h); ++m) // after the loop its counter is the trip count
      flag(NodeKind::Wait, h,
           trip ? idAt(h, *trip + m - h.delay) : idOf(h, node, m - h.delay + plan.takesFirst(h)));
  }
  eachKept(NodeKind::Wait);
  for (HandoffId id : point.sets)
    if (!plan.isEarly(plan.handoffs[id]))
      set(id);
  for (HandoffId id : point.primes)
    prime(id);
}

Program inserter::withPlan(const Tree &tree, const Plan &plan, InsertStats &stats) {
  Writer writer(tree, stats);
  return writer.rewrite([&](NodeId node) { writer.planned(node, plan); });
}

Program inserter::withFullBarriers(const Tree &tree, InsertStats &stats) {
  Writer writer(tree, stats);
  return writer.rewrite([&](NodeId node) {
    NodeKind kind = tree.program[node].kind;
    Reason reason;
    reason.later = node;
    if (isMark(tree.program[node]))
      return writer.keep(node);
    if (kind == NodeKind::Access || kind == NodeKind::Macro || kind == NodeKind::Publish ||
        kind == NodeKind::Set)
      writer.barrier(Pipe::ALL, reason);
    if (kind == NodeKind::Publish)
      writer.fence(node);
    writer.keep(node);
  });
}

void inserter::addExitBarrier(Program &program, InsertStats &stats) {
  auto isFull = [&](NodeId node) {
    return program[node].kind == NodeKind::Barrier && program[node].pipe == Pipe::ALL;
  };
  if (!program.top.empty() && isFull(program.top.back()))
    return;
  Node node;
  node.kind = NodeKind::Barrier;
  node.pipe = Pipe::ALL;
  node.inserted = true;
  Reason reason;
  reason.kind = Reason::Exit;
  node.reasons.push_back(reason);
  program.top.push_back(program.add(std::move(node)));
  ++stats.barrierAll;
}
