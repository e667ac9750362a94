//===- CheckLayout.cpp - Positions of the nodes of a program --------------===//

#include "CheckLayout.h"
#include "llvm/ADT/STLExtras.h"
#include <cassert>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

static constexpr Columns noneInside = [] {
  Columns columns{};
  columns.fill(-1);
  return columns;
}();

template <typename T> static void sortUnique(std::vector<T> &list) {
  llvm::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Layout::Layout(const Program &program) : program(program), items(program.nodes.size()) {
  Columns last = noneInside;
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

Columns Layout::findLast(llvm::ArrayRef<NodeId> nodes, const std::vector<bool> *asks) {
  Columns last = noneInside;
  for (NodeId id : nodes) {
    const Node &node = program[id];
    if (neverRuns(node))
      continue;
    bool counts = !asks || (*asks)[id];
    if (counts && touchesMemory(node))
      last[accessColumn(pipeOf(node))] = items[id].begin;
    if (counts && node.kind == NodeKind::Wait)
      last[waitColumn(node.key.to)] = items[id].begin;
    Columns inside = noneInside;
    for (const std::vector<NodeId> &arm : node.arms) {
      Columns inArm = findLast(arm, asks);
      for (unsigned c = 0; c < numColumns; ++c)
        inside[c] = std::max(inside[c], inArm[c]);
    }
    for (unsigned c = 0; c < numColumns; ++c)
      last[c] = std::max(last[c], inside[c]);
    if (node.kind == NodeKind::Loop || node.kind == NodeKind::Branch)
      items[id].last = inside;
  }
  return last;
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

void Layout::noteKey(const FlagKey &key) {
  for (NodeId macro : openMacros) {
    int32_t first = isReadable(key.id) ? key.id.base : 0;
    uint32_t count = isReadable(key.id) ? key.id.count : program.eventIds;
    for (uint32_t k = 0; k < count; ++k)
      items[macro].keys.push_back({key.from, key.to, first + int32_t(k)});
  }
}

void Layout::number(llvm::ArrayRef<NodeId> nodes, Columns &last) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    Item &item = items[id];
    if (neverRuns(node))
      continue;
    assert(item.begin == 0 && "a node stands twice in the structure");
    item.node = id;
    item.begin = next(id);
    if (touchesMemory(node))
      last[accessColumn(pipeOf(node))] = item.begin;
    switch (node.kind) {
    case NodeKind::Wait:
      last[waitColumn(node.key.to)] = item.begin;
      [[fallthrough]];
    case NodeKind::Set:
      noteKey(node.key);
      break;
    case NodeKind::Loop:
      item.last = noneInside;
      number(node.arms[0], item.last);
      for (unsigned c = 0; c < numColumns; ++c)
        last[c] = std::max(last[c], item.last[c]);
      break;
    case NodeKind::Branch:
      item.last = noneInside;
      for (const std::vector<NodeId> &arm : node.arms) {
        item.armBegins.push_back(next(id));
        number(arm, item.last);
      }
      for (unsigned c = 0; c < numColumns; ++c)
        last[c] = std::max(last[c], item.last[c]);
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
