//===- InsertTree.cpp - Statement lists of a program -----------------------===//

#include "InsertTree.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Tree::Tree(const Program &program) : program(program) {
  places.resize(program.nodes.size());
  rotations.resize(program.nodes.size());
  addList(none, 0);
  Position next = nodeStep;
  number(0, next);
}

ListId Tree::addList(NodeId owner, unsigned arm) {
  List list;
  list.owner = owner;
  if (owner == none) {
    list.items = program.top;
  } else {
    const Place &place = places[owner];
    const List &parent = lists[place.list];
    const Node &node = program[owner];
    list.items = node.arms[arm];
    list.parent = place.list;
    list.depth = parent.depth + 1;
    list.loops = parent.loops;
    list.isBody = node.kind == NodeKind::Loop;
    if (list.isBody)
      list.loops.push_back(owner);
    if (node.endsInside)
      list.leave =
          llvm::find_if(list.items, [&](NodeId n) { return program[n].kind == NodeKind::Leave; }) -
          list.items.begin();
    list.dead = parent.dead || (list.isBody && node.trip == 0);
    list.frozen = list.dead || parent.frozen || node.kind == NodeKind::Macro;
    list.exclusive = parent.exclusive;
  }
  lists.push_back(std::move(list));
  return lists.size() - 1;
}

void Tree::number(ListId id, Position &next) {
  lists[id].begin = next;
  llvm::ArrayRef<NodeId> items = lists[id].items; // `lists` grows below
  for (uint32_t index = 0; index < items.size(); ++index) {
    NodeId node = items[index];
    Place &place = places[node];
    place.list = id;
    place.index = index;
    place.begin = place.end = next;
    order.push_back(node);
    next += nodeStep;
    const Node &n = program[node];
    if ((n.kind == NodeKind::Set || n.kind == NodeKind::Wait) && rotates(n.key.id))
      rotations[program.startOf(n.key.id.loop)].push_back(n.key);
    for (unsigned arm = 0; arm < n.arms.size(); ++arm) {
      ListId inner = addList(node, arm);
      places[node].arms.push_back(inner);
      // Up to half a step before the arm: what is inserted before its first item belongs to it.
      if (n.kind == NodeKind::Branch && arm > 0)
        lists[inner].exclusive.insert(lists[inner].exclusive.begin(),
                                      {places[node].begin, next - nodeStep / 2});
      number(inner, next);
    }
    if (!n.arms.empty()) {
      places[node].end = next;
      order.push_back(node);
      next += nodeStep;
    }
  }
  lists[id].end = next;
}

NodeId Tree::nodeAt(Position claim) const {
  Position place = claim & (iteration - 1);
  return order[place / nodeStep - 1];
}

uint32_t Tree::itemHolding(ListId list, NodeId node) const {
  while (places[node].list != list)
    node = lists[places[node].list].owner;
  return places[node].index;
}

/// The innermost list around `list` that may be changed.
ListId Tree::visible(ListId list) const {
  while (lists[list].frozen)
    list = lists[list].parent;
  return list;
}

std::optional<Span> Tree::spanOf(NodeId earlier, NodeId later, NodeId loop) const {
  if (loop != none) {
    ListId body = places[loop].arms[0];
    if (lists[body].frozen)
      return std::nullopt;
    return Span{body, itemHolding(body, earlier), itemHolding(body, later)};
  }
  ListId x = visible(places[earlier].list), y = visible(places[later].list);
  while (x != y) {
    if (lists[x].depth >= lists[y].depth)
      x = lists[x].parent;
    else
      y = lists[y].parent;
  }
  Span span{x, itemHolding(x, earlier), itemHolding(x, later)};
  if (span.producer >= span.consumer)
    return std::nullopt;
  return span;
}

bool Tree::hasFlagsInNests() const {
  return llvm::any_of(order, [&](NodeId node) {
    bool isFlag = program[node].kind == NodeKind::Set || program[node].kind == NodeKind::Wait;
    return isFlag && listOf(node).loops.size() > 1 && !listOf(node).frozen;
  });
}

bool Tree::alwaysRuns(NodeId loop) const {
  const Node &node = program[loop];
  return node.endsInside || node.trip.value_or(node.minTrip) > 0;
}
