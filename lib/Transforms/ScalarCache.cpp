//===- ScalarCache.cpp - Finds what the scalar data cache hides ------------===//
//
// Scalar accesses of global memory go through lines of 64 bytes that the pipes and the other cores
// bypass (sync 10). Order alone does not help: a store has to be written back and fenced before
// others use its bytes, a line has to be dropped before a load sees what others wrote (C8).
//
//===----------------------------------------------------------------------===//

#include "ScalarCache.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace pto;
using sync::Node;
using sync::NodeId;
using sync::NodeKind;
using sync::Region;
using sync::RegionId;

namespace {
constexpr int64_t lineBytes = 64;

class Lines {
public:
  explicit Lines(const SyncModel &model);
  bool any() const { return !scalars.empty(); }
  std::vector<StaleLine> run();

private:
  enum class Use : uint8_t { Load, Store, Clean };
  struct Scalar {
    Use use;
    LineName name;
    RegionId region = sync::none; ///< of its bytes; none: the whole cache
    RegionId wide = sync::none;   ///< all bytes that may be in its line
  };
  /// Scalar accesses and what may be the matter with their lines. True: from an earlier iteration,
  /// or another call, so that what names them may name another line now.
  struct State {
    std::map<NodeId, bool> dirty, cleaned, cached;
    std::set<NodeId> stale;            ///< writes by other pipes to cached lines
    std::map<NodeId, NodeId> acquired; ///< cached accesses, and the signal that came since
    std::set<NodeId> fresh;            ///< CacheInvalid whose line is as memory has it
    bool operator==(const State &) const = default;
  };

  const SyncModel &model;
  sync::Program program; ///< of the model, with the wide regions
  std::optional<sync::Overlap> overlap;
  std::map<NodeId, Scalar> scalars;
  /// By region: scalar accesses of it, of a line of it, and what other pipes write there. Only what
  /// may overlap is looked at.
  std::map<RegionId, std::vector<NodeId>> byBytes, byLine, writers;
  std::set<NodeId> acquires;
  llvm::MapVector<std::pair<NodeId, NodeId>, StaleLine> found;

  void find(const std::vector<NodeId> &nodes);
  void note(NodeId id, Use use);
  bool isSameLine(NodeId x, bool isOld, NodeId y) const;
  template <typename Function>
  void forEach(RegionId region, const std::map<RegionId, std::vector<NodeId>> &nodes,
               Function &&function) const;
  void report(NodeId scalar, NodeId other, RegionId bytes);
  void walk(llvm::ArrayRef<NodeId> nodes, State &state);
  void node(NodeId id, State &state);
  void loop(NodeId id, State &state);
  void scalar(NodeId id, State &state);
  void clean(NodeId id, State &state);
  void foreign(NodeId id, State &state);
  void age(State &state) const;
  static void join(State &state, const State &other);
};
} // namespace

LineName pto::lineName(mlir::Operation *op) {
  mlir::Value pointer, index;
  if (auto load = llvm::dyn_cast<LoadScalarOp>(op))
    std::tie(pointer, index) = std::pair<mlir::Value, mlir::Value>(load.getPtr(), load.getOffset());
  else if (auto store = llvm::dyn_cast<StoreScalarOp>(op))
    std::tie(pointer, index) =
        std::pair<mlir::Value, mlir::Value>(store.getPtr(), store.getOffset());
  else
    pointer = llvm::cast<CacheInvalidOp>(op).getPtr();
  auto sum = pointer && !index ? pointer.getDefiningOp<AddPtrOp>() : AddPtrOp();
  if (sum)
    std::tie(pointer, index) = std::pair<mlir::Value, mlir::Value>(sum.getPtr(), sum.getOffset());
  bool isZero = index && mlir::matchPattern(index, mlir::m_Zero());
  return {pointer, isZero ? mlir::Value() : index};
}

bool pto::hearsOthers(mlir::Operation *op) {
  return llvm::isa<CommTWaitOp, CommTTestOp, SyncWaitOp, WaitCrossBlockOp, WaitIntraBlockOp,
                   SyncAllOp>(op);
}

Lines::Lines(const SyncModel &model) : model(model) {
  bool hasScalars = llvm::any_of(model.sources, [](mlir::Operation *op) {
    return llvm::isa<LoadScalarOp, StoreScalarOp>(op);
  });
  if (!hasScalars)
    return;
  program = model.program;
  find(program.top);
  overlap.emplace(program);
  for (NodeId id = 0; id < program.nodes.size(); ++id)
    if (program[id].kind == NodeKind::Access && program[id].pipe != Pipe::S)
      for (RegionId region : program[id].writes)
        if (program.regions[region].space == Space::GM)
          writers[region].push_back(id);
  for (auto &[id, scalar] : scalars)
    if (scalar.region != sync::none) {
      byBytes[scalar.region].push_back(id);
      byLine[scalar.wide].push_back(id);
    }
}

/// Calls it for the nodes whose region may overlap `region`, with that region.
template <typename Function>
void Lines::forEach(RegionId region, const std::map<RegionId, std::vector<NodeId>> &nodes,
                    Function &&function) const {
  for (RegionId other : overlap->neighbours()[region])
    if (auto found = nodes.find(other); found != nodes.end())
      for (NodeId id : found->second)
        function(id, other);
}

void Lines::find(const std::vector<NodeId> &nodes) {
  for (NodeId id : nodes) {
    for (const std::vector<NodeId> &arm : model.program[id].arms)
      find(arm);
    uint32_t source = program[id].source;
    if (source == sync::none || program[id].kind != NodeKind::Access)
      continue;
    mlir::Operation *op = model.sources[source];
    if (llvm::isa<LoadScalarOp>(op))
      note(id, Use::Load);
    else if (llvm::isa<StoreScalarOp>(op))
      note(id, Use::Store);
    else if (llvm::isa<CacheInvalidOp>(op))
      note(id, Use::Clean);
    else if (hearsOthers(op))
      acquires.insert(id);
  }
}

void Lines::note(NodeId id, Use use) {
  const Node &node = program[id];
  Scalar scalar{use, lineName(model.sources[node.source])};
  for (RegionId region : use == Use::Store ? node.writes : node.reads) {
    if (program.regions[region].space != Space::GM)
      return; // on chip there is no cache
    Region wide = program.regions[region];
    wide.offset.constant -= lineBytes - 1;
    wide.run += 2 * (lineBytes - 1);
    scalar.region = region;
    scalar.wide = program.intern(std::move(wide));
  }
  scalars.emplace(id, scalar);
}

/// Certainly? `isOld`: `x` ran in another iteration or call.
bool Lines::isSameLine(NodeId x, bool isOld, NodeId y) const {
  const Scalar &a = scalars.at(x), &b = scalars.at(y);
  if (a.region == sync::none || b.region == sync::none)
    return false;
  if (!isOld && a.name == b.name)
    return true;
  const Region &r = program.regions[a.region], &s = program.regions[b.region];
  bool isComparable = r.root == s.root && r.root != sync::none && r.offset.known &&
                      s.offset.known && r.offset.symbol == s.offset.symbol &&
                      r.offset.terms == s.offset.terms && r.rotation == s.rotation;
  bool isFixed = r.offset.terms.empty() && r.rotation.count <= 1;
  bool isPlain = isFixed && r.offset.symbol == sync::none; // arrays begin with a line
  return isComparable && (isFixed || !isOld) &&
         (r.offset.constant == s.offset.constant ||
          (isPlain && r.offset.constant / lineBytes == s.offset.constant / lineBytes));
}

void Lines::report(NodeId scalar, NodeId other, RegionId bytes) {
  bool isKnown = bytes == sync::none;
  if (!isKnown) {
    const Region &x = program.regions[scalars.at(scalar).region], &y = program.regions[bytes];
    isKnown = x.root == y.root && x.root != sync::none && x.offset.known && y.offset.known &&
              x.offset.symbol == y.offset.symbol;
  }
  found.insert({{scalar, other}, {scalar, other, scalars.at(scalar).use == Use::Store, !isKnown}});
}

void Lines::scalar(NodeId id, State &state) {
  const Scalar &me = scalars.at(id);
  if (me.use == Use::Clean)
    return clean(id, state);
  bool isFresh =
      llvm::any_of(state.fresh, [&](NodeId line) { return isSameLine(line, false, id); });
  if (me.use == Use::Load && !isFresh) {
    forEach(me.region, writers, [&](NodeId write, RegionId region) {
      if (state.stale.count(write))
        report(id, write, region);
    });
    for (auto [line, signal] : state.acquired)
      if (overlap->ever(scalars.at(line).wide, me.region))
        report(id, signal, sync::none);
  }
  state.cached[id] = false;
  if (me.use == Use::Store)
    state.dirty[id] = false;
}

void Lines::clean(NodeId id, State &state) {
  bool isAll = scalars.at(id).region == sync::none;
  auto isCleaned = [&](const auto &entry) {
    return isAll || isSameLine(entry.first, entry.second, id);
  };
  for (const auto &entry : state.dirty)
    if (isCleaned(entry))
      state.cleaned.insert(entry);
  std::erase_if(state.dirty, isCleaned);
  std::erase_if(state.cached, isCleaned);
  std::erase_if(state.acquired,
                [&](const auto &entry) { return isCleaned(std::pair(entry.first, false)); });
  if (isAll)
    state.stale.clear();
  else
    state.fresh.insert(id);
}

/// What another pipe does, and what a signal to or from another core means.
void Lines::foreign(NodeId id, State &state) {
  const Node &node = program[id];
  if (node.kind == NodeKind::Publish)
    for (const auto *stores : {&state.dirty, &state.cleaned})
      for (auto [store, isOld] : *stores)
        report(store, id, sync::none);
  if (node.kind != NodeKind::Access)
    return;
  for (const auto *regions : {&node.reads, &node.writes})
    for (RegionId region : *regions)
      forEach(region, byBytes, [&](NodeId store, RegionId) {
        if (state.dirty.count(store) || state.cleaned.count(store))
          report(store, id, region);
      });
  for (RegionId region : node.writes)
    forEach(region, byLine, [&](NodeId line, RegionId) {
      if (state.cached.count(line))
        state.stale.insert(id);
      state.fresh.erase(line);
    });
}

void Lines::node(NodeId id, State &state) {
  const Node &node = program[id];
  if (acquires.count(id)) {
    if (llvm::isa<SyncAllOp>(model.sources[node.source])) // others hear of this core, too
      for (const auto *stores : {&state.dirty, &state.cleaned})
        for (auto [store, isOld] : *stores)
          report(store, id, sync::none);
    for (auto [line, isOld] : state.cached)
      state.acquired[line] = id;
    state.fresh.clear();
  } else if (scalars.count(id)) {
    scalar(id, state);
  } else if (node.kind == NodeKind::Fence) {
    state.cleaned.clear();
  } else if (node.kind == NodeKind::Publish ||
             (node.kind == NodeKind::Access && node.pipe != Pipe::S)) {
    foreign(id, state);
  } else if (node.kind == NodeKind::Branch) {
    std::optional<State> joined;
    for (const std::vector<NodeId> &arm : node.arms) {
      State path = state;
      walk(arm, path);
      if (joined)
        join(*joined, path);
      else
        joined = std::move(path);
    }
    if (joined)
      state = std::move(*joined);
  } else if (node.kind == NodeKind::Loop) {
    loop(id, state);
  } else if (node.kind == NodeKind::Macro) {
    age(state); // a helper may name other lines when it is called again
    walk(node.arms[0], state);
    age(state);
  }
}

void Lines::walk(llvm::ArrayRef<NodeId> nodes, State &state) {
  for (NodeId id : nodes)
    node(id, state);
}

void Lines::loop(NodeId id, State &state) {
  llvm::ArrayRef<NodeId> body = program[id].arms[0];
  size_t leave = llvm::find_if(body, [&](NodeId n) { return program[n].kind == NodeKind::Leave; }) -
                 body.begin();
  while (true) { // sets that only grow, and `fresh` that only shrinks
    State next = state;
    walk(body.take_front(leave), next);
    State leaving = next;
    walk(body.drop_front(leave), next);
    age(next);
    State head = state;
    join(head, next);
    if (head == state) {
      if (program[id].endsInside)
        state = std::move(leaving);
      return age(state);
    }
    state = std::move(head);
  }
}

/// Another iteration or call begins: the names in the text may mean other lines.
void Lines::age(State &state) const {
  for (auto *accesses : {&state.dirty, &state.cleaned, &state.cached})
    for (auto &[id, isOld] : *accesses)
      isOld = true;
  std::erase_if(state.fresh, [&](NodeId id) { return !isSameLine(id, true, id); });
}

void Lines::join(State &state, const State &other) {
  auto unite = [](auto &mine, const auto &theirs) {
    for (const auto &[id, isOld] : theirs)
      mine[id] |= isOld;
  };
  unite(state.dirty, other.dirty);
  unite(state.cleaned, other.cleaned);
  unite(state.cached, other.cached);
  state.stale.insert(other.stale.begin(), other.stale.end());
  state.acquired.insert(other.acquired.begin(), other.acquired.end());
  std::erase_if(state.fresh, [&](NodeId id) { return !other.fresh.count(id); });
}

std::vector<StaleLine> Lines::run() {
  State state;
  walk(program.top, state);
  std::vector<StaleLine> lines;
  for (auto &[key, line] : found)
    lines.push_back(line);
  return lines;
}

std::vector<StaleLine> pto::findStaleLines(const SyncModel &model) {
  Lines lines(model);
  return lines.any() ? lines.run() : std::vector<StaleLine>();
}
