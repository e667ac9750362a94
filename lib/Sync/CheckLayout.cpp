//===- CheckLayout.cpp - Positions of the nodes of a program --------------===//

#include "CheckLayout.h"
#include "llvm/ADT/STLExtras.h"
#include <cassert>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

/// By program, whether a node runs or not: a part of it has the same columns.
Columns::Columns(const Program &program) : byNode(program.nodes.size()) {
  constexpr unsigned mostAlone = 64; // the work of a walk grows with the columns
  auto isWait = [](const Node &node) { return node.kind == NodeKind::Wait; };
  bool accessesAlone = llvm::count_if(program.nodes, touchesMemory) <= mostAlone;
  bool waitsAlone = llvm::count_if(program.nodes, isWait) <= mostAlone;
  for (unsigned pipe = 0; pipe < numPipes; ++pipe) {
    waits[pipe] = add(program, Pipe(pipe), waitsAlone,
                      [&](const Node &node) { return isWait(node) && node.key.to == Pipe(pipe); });
    accesses[pipe] = add(program, Pipe(pipe), accessesAlone, [&](const Node &node) {
      return touchesMemory(node) && checker::pipeOf(node) == Pipe(pipe);
    });
  }
  if (pipes.empty()) // of sets alone: the depth of a state is known by the size of its clocks
    pipes.push_back(Pipe::S);
}

template <typename Takes>
Columns::Range Columns::add(const Program &program, Pipe pipe, bool alone, Takes takes) {
  unsigned first = size();
  for (NodeId id = 0; id < program.nodes.size(); ++id)
    if (takes(program[id])) {
      if (alone || size() == first)
        pipes.push_back(pipe);
      byNode[id] = size() - 1;
    }
  return {first, size()};
}

template <typename T> static void sortUnique(std::vector<T> &list) {
  llvm::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Layout::Layout(const Program &program)
    : program(program), table(program), items(program.nodes.size()) {
  std::vector<Claim> last(table.size(), -1);
  number(program.top, last);
  findRings(program.top);
}

/// A ring lives from the head of the loop on that begins its number, so that loop has to know it
/// before its body is walked.
void Layout::noteRing(const FlagKey &key) {
  if (!rotates(key.id) || !llvm::is_contained(openLoops, program.startOf(key.id.loop)))
    return;
  Ring ring{key.from, key.to, key.id.base, key.id.count, key.id.loop};
  items[program.startOf(key.id.loop)].rings.push_back(ring);
  for (NodeId loop : program.loopsOf(key.id.loop))
    items[loop].turning.push_back(ring);
}

void Layout::findRings(llvm::ArrayRef<NodeId> nodes) {
  auto each = [&](auto &self, llvm::ArrayRef<NodeId> list, auto visit) -> void {
    for (NodeId id : list) {
      if (program[id].kind == NodeKind::Loop)
        visit(items[id]);
      for (const std::vector<NodeId> &arm : program[id].arms)
        self(self, arm, visit);
    }
  };
  each(each, nodes, [](Item &item) { item.rings.clear(), item.turning.clear(); });
  collectRings(nodes);
  each(each, nodes, [](Item &item) { sortUnique(item.rings), sortUnique(item.turning); });
}

void Layout::collectRings(llvm::ArrayRef<NodeId> nodes) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    if (neverRuns(node))
      continue;
    if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
      noteRing(node.key);
    bool isLoop = node.kind == NodeKind::Loop;
    if (isLoop)
      openLoops.push_back(id);
    for (const std::vector<NodeId> &arm : node.arms)
      collectRings(arm);
    if (isLoop)
      openLoops.pop_back();
  }
}

static void raise(std::vector<Claim> &last, const std::vector<Claim> &inside) {
  for (auto [mine, other] : llvm::zip(last, inside))
    mine = std::max(mine, other);
}

void Layout::noteKey(const FlagKey &key) {
  for (NodeId macro : openMacros) {
    int32_t first = isReadable(key.id) ? key.id.base : 0;
    uint32_t count = isReadable(key.id) ? key.id.count : program.eventIds;
    for (uint32_t k = 0; k < count; ++k)
      items[macro].keys.push_back({key.from, key.to, first + int32_t(k)});
  }
}

void Layout::number(llvm::ArrayRef<NodeId> nodes, std::vector<Claim> &last) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    Item &item = items[id];
    if (neverRuns(node))
      continue;
    assert(item.begin == 0 && "a node stands twice in the structure");
    item.node = id;
    item.begin = next(id);
    if (touchesMemory(node))
      last[table.of(id)] = item.begin;
    switch (node.kind) {
    case NodeKind::Wait:
      if (node.key.to != Pipe::ALL)
        last[table.of(id)] = item.begin;
      [[fallthrough]];
    case NodeKind::Set:
      noteKey(node.key);
      break;
    case NodeKind::Loop:
      item.last.assign(table.size(), -1);
      number(node.arms[0], item.last);
      raise(last, item.last);
      break;
    case NodeKind::Branch:
      item.last.assign(table.size(), -1);
      for (const std::vector<NodeId> &arm : node.arms) {
        item.armBegins.push_back(next(id));
        number(arm, item.last);
      }
      raise(last, item.last);
      break;
    case NodeKind::Macro:
      openMacros.push_back(id);
      number(node.arms[0], last);
      openMacros.pop_back();
      sortUnique(item.keys);
      break;
    case NodeKind::Access:
    case NodeKind::Barrier:
    case NodeKind::Fence:
    case NodeKind::Publish:
    case NodeKind::Leave:
    case NodeKind::Counter:
      break;
    }
    item.end = next(id);
  }
}
