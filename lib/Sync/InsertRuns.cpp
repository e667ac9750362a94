//===- InsertRuns.cpp - Concrete runs of a small program -------------------===//

#include "InsertRuns.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <map>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

namespace {
class Runner {
public:
  Runner(const Tree &tree, const Demands &demands, const RunPlan &plan, size_t limit)
      : tree(tree), program(tree.program), demands(demands), plan(plan), limit(limit),
        random{plan.seed}, counters(program.nodes.size()), lengths(program.nodes.size()) {
    run.activations.resize(tree.lists.size());
  }

  std::optional<Run> take() {
    if (!list(0, tree.lists[0].items.size(), none))
      return std::nullopt;
    run.firstNeed.push_back(run.needs.size());
    return std::move(run);
  }

private:
  const Tree &tree;
  const Program &program;
  const Demands &demands;
  const RunPlan &plan;
  size_t limit;
  Lottery random;
  std::vector<int64_t> counters, lengths; ///< of loops that run
  uint32_t visitNow = none;
  std::vector<std::vector<uint32_t>> turnStarts = {{0}}; ///< of the function and the open loops
  std::array<std::vector<uint32_t>, numPipes> accesses;  ///< steps so far
  std::map<std::tuple<Pipe, Pipe, int64_t>, uint32_t> flagNumbers;
  Run run;

  bool list(ListId id, size_t items, uint32_t activation);
  bool loop(NodeId id);
  bool node(NodeId id);
  bool flag(Step &step, const FlagKey &key);
  void needsOf(NodeId id);
  unsigned armOf(NodeId id);
  int64_t turnsOf(NodeId loop);
  std::optional<uint32_t> latest(const Demand &demand);

  Step step(Step::Kind kind, NodeId id) const {
    const List &around = tree.listOf(id);
    uint32_t turn = around.loops.empty() ? 0 : uint32_t(counters[around.loops.back()]);
    return {kind, id, turn, none};
  }
  void push(const Step &step) {
    run.firstNeed.push_back(run.needs.size());
    run.steps.push_back(step);
  }
};
} // namespace

bool Runner::list(ListId id, size_t items, uint32_t activation) {
  uint32_t visit = run.visits.size();
  run.visits.emplace_back();
  if (activation == none) {
    activation = run.activations[id].size();
    run.activations[id].emplace_back();
  }
  run.activations[id][activation].visits.push_back(visit);
  uint32_t around = std::exchange(visitNow, visit);
  for (NodeId item : tree.lists[id].items.take_front(items)) {
    run.visits[visit].begin.push_back(run.steps.size());
    if (run.steps.size() > limit || !node(item))
      return false;
    run.visits[visit].end.push_back(run.steps.size() - 1);
  }
  visitNow = around;
  return true;
}

int64_t Runner::turnsOf(NodeId id) {
  const Node &n = program[id];
  bool hasBranch = false, hasLoop = false;
  if (plan.rare != RareArm::None)
    for (NodeId item : tree.lists[tree.places[id].arms[0]].items) {
      hasBranch |= program[item].kind == NodeKind::Branch;
      hasLoop |= program[item].kind == NodeKind::Loop;
    }
  int64_t most = hasBranch && !hasLoop ? longTrip : modelTrip;
  if (n.trip)
    return std::min(*n.trip, most);
  int64_t trip = !plan.trip ? int64_t(random(4)) : most == longTrip ? longTrip : *plan.trip;
  return std::max(trip, std::min(n.minTrip, most));
}

bool Runner::loop(NodeId id) {
  const Node &n = program[id];
  ListId body = tree.places[id].arms[0];
  int64_t trip = turnsOf(id);
  lengths[id] = trip;
  uint32_t activation = run.activations[body].size();
  run.activations[body].emplace_back();
  run.activations[body].back().open = run.steps.size() - 1;
  run.activations[body].back().around = visitNow;
  turnStarts.emplace_back();
  size_t items = tree.lists[body].items.size();
  for (const Counter &counter : program.counters)
    if (counter.over == id)
      counters[counter.node] = 0;
  for (int64_t i = 0; i < trip + n.endsInside; ++i) {
    counters[id] = i;
    turnStarts.back().push_back(run.steps.size());
    if (!list(body, i < trip ? items : tree.lists[body].leave, activation))
      return false;
    for (const Counter &counter : program.counters)
      if (i < trip && llvm::is_contained(counter.loops, id))
        ++counters[counter.node];
  }
  counters[id] = trip;
  turnStarts.pop_back();
  run.activations[body][activation].close = run.steps.size();
  return true;
}

/// What is known of the condition decides; equal values choose alike.
unsigned Runner::armOf(NodeId id) {
  const Node &n = program[id];
  const Condition &condition = n.condition;
  if (const Turns &mine = condition.turns; mine.loop != none)
    return llvm::mod(counters[mine.loop], mine.period) != mine.residue;
  if (condition.loop != none) {
    int64_t at = counters[condition.loop];
    bool atEnd = at < condition.first || lengths[condition.loop] - at <= condition.last;
    return atEnd != condition.inverted;
  }
  if (const List &around = tree.listOf(id); plan.rare != RareArm::None && !around.loops.empty()) {
    bool isRare = counters[around.loops.back()] % rarePeriod == rarePeriod - 1;
    return isRare == (plan.rare == RareArm::First) ? 0 : n.arms.size() - 1;
  }
  if (condition.value != none)
    return plan.arm ? std::min(*plan.arm, 1u) : (plan.seed >> (condition.value % 8)) & 1;
  unsigned last = n.arms.size() - 1;
  return plan.arm ? std::min(*plan.arm, last) : unsigned(random(last + 1));
}

bool Runner::flag(Step &step, const FlagKey &key) {
  if (!key.id.known)
    return false;
  int64_t id = key.id.base;
  if (key.id.count > 1)
    id += llvm::mod((key.id.loop == none ? 0 : counters[key.id.loop]) + key.id.add, key.id.count);
  step.flag = flagNumbers.try_emplace({key.from, key.to, id}, run.flags).first->second;
  run.flags = std::max(run.flags, step.flag + 1);
  return true;
}

/// The last access that the demand is about: of its pipe, up to its place in the turn that it
/// names, and not before the loop that carries it.
std::optional<uint32_t> Runner::latest(const Demand &demand) {
  const std::vector<uint32_t> &turns = turnStarts[demand.level];
  int64_t distance = -(demand.need >> 46);
  Position place = demand.need & (iteration - 1);
  int64_t turn = int64_t(turns.size()) - 1 - distance;
  if (turn < 0)
    return std::nullopt;
  const std::vector<uint32_t> &steps = accesses[unsigned(demand.pipe)];
  uint32_t end = size_t(turn) + 1 < turns.size() ? turns[turn + 1] : run.steps.size();
  for (auto it = llvm::lower_bound(steps, end); it != steps.begin();) {
    uint32_t step = *--it;
    NodeId node = run.steps[step].node;
    if (step < turns.front())
      return std::nullopt;
    if (demands.columns.of(node) != demand.column)
      continue;
    if (step < turns[turn] || tree.places[node].begin <= place)
      return step;
  }
  return std::nullopt;
}

void Runner::needsOf(NodeId id) {
  for (uint32_t i = demands.first[id]; i < demands.first[id + 1]; ++i) {
    const Demand &demand = demands.all[i];
    if (demand.fence)
      continue; // a fence is put in when it is missing
    std::optional<uint32_t> source = latest(demand);
    if (!source)
      continue;
    const std::vector<uint32_t> &steps = accesses[unsigned(demand.pipe)];
    uint16_t count = llvm::lower_bound(steps, *source) - steps.begin() + 1;
    auto mine = llvm::MutableArrayRef(run.needs).drop_front(run.firstNeed.back());
    auto *same = llvm::find_if(mine, [&](const Need &n) { return n.pipe == demand.pipe; });
    if (same == mine.end())
      run.needs.push_back({demand.pipe, count, *source});
    else if (same->count < count)
      *same = {demand.pipe, count, *source};
  }
}

bool Runner::node(NodeId id) {
  const Node &n = program[id];
  Step leaf = step(Step::Leaf, id);
  switch (n.kind) {
  case NodeKind::Access:
  case NodeKind::Publish:
    push(leaf);
    needsOf(id);
    if (n.kind == NodeKind::Access)
      accesses[unsigned(n.pipe)].push_back(run.steps.size() - 1);
    return true;
  case NodeKind::Set:
  case NodeKind::Wait:
    if (!flag(leaf, n.key))
      return false;
    push(leaf);
    return true;
  case NodeKind::Barrier:
  case NodeKind::Fence:
  case NodeKind::Leave:
    push(leaf);
    return true;
  case NodeKind::Loop:
  case NodeKind::Branch:
  case NodeKind::Macro:
    break;
  case NodeKind::Counter:
    return true;
  }
  push(step(Step::Open, id));
  const auto &arms = tree.places[id].arms;
  bool fits = n.kind == NodeKind::Loop ? loop(id) : arms.empty() || [&] {
    ListId arm = arms[n.kind == NodeKind::Branch ? armOf(id) : 0];
    return list(arm, tree.lists[arm].items.size(), none);
  }();
  push(step(Step::Close, id));
  return fits;
}

std::optional<Run> inserter::makeRun(const Tree &tree, const Demands &demands, const RunPlan &plan,
                                     size_t limit) {
  return Runner(tree, demands, plan, limit).take();
}

std::vector<RunPlan> inserter::measuredRuns(const Tree &tree) {
  std::vector<RunPlan> plans{{modelTrip, 0}};
  bool hasBranch = false, inLoop = false;
  for (NodeId node : tree.order)
    if (const Node &n = tree.program[node]; n.kind == NodeKind::Branch && n.arms.size() > 1) {
      hasBranch = true;
      inLoop |= !tree.listOf(node).loops.empty();
    }
  if (hasBranch)
    plans.push_back({modelTrip, 99});
  if (inLoop)
    for (RareArm rare : {RareArm::First, RareArm::Last})
      plans.push_back({modelTrip, 0, 1, rare});
  return plans;
}

std::vector<Balanced> inserter::balancedCycles(const Tree &tree, const InsertOptions &options) {
  constexpr uint64_t unknownCycles = 64, scalarCycles = 2;
  std::vector<Balanced> cycles(tree.program.nodes.size());
  for (NodeId node : tree.order) {
    const Node &n = tree.program[node];
    if (n.kind != NodeKind::Access)
      continue;
    uint64_t known = options.cyclesOf ? options.cyclesOf(node) : 0;
    uint64_t all = known ? known : n.pipe == Pipe::S ? scalarCycles : unknownCycles;
    bool moves = n.pipe == Pipe::MTE2 || n.pipe == Pipe::MTE3 || n.pipe == Pipe::FIX;
    cycles[node] = {all, moves ? all / 2 : all, moves ? all : all / 2};
  }
  return cycles;
}
