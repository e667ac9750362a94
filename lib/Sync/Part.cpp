//===- Part.cpp - A program cut down to part of what it runs ---------------===//

#include "Part.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;

namespace {

class Cutter {
public:
  Cutter(const Program &program, const Part &part)
      : program(program), part(part), result(program), inside(program.nodes.size()),
        around(program.nodes.size()) {
    find(program.top);
    mark(program[part.loop].arms[0]);
  }

  Program run() {
    for (NodeId id = 0; id < program.nodes.size(); ++id) {
      Node &node = result[id];
      if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
        flag(id, node.key.id);
      if (node.kind == NodeKind::Branch)
        branch(id, node);
      if (node.kind == NodeKind::Loop && part.always && around[id])
        loop(node, 1);
    }
    Node &cut = result[part.loop];
    int64_t least = cut.trip.value_or(cut.minTrip);
    if (part.always || part.period > 1)
      loop(cut, part.always || least >= int64_t(part.period));
    return std::move(result);
  }

private:
  const Program &program;
  const Part &part;
  Program result;
  std::vector<bool> inside; ///< by node: of the loop
  std::vector<bool> around; ///< by node: its loops and branches

  bool find(llvm::ArrayRef<NodeId> nodes) {
    for (NodeId id : nodes) {
      if (id == part.loop)
        return true;
      for (auto [arm, list] : llvm::enumerate(program[id].arms))
        if (find(list)) {
          around[id] = true;
          if (part.always && program[id].kind == NodeKind::Branch)
            choose(result[id], arm);
          return true;
        }
    }
    return false;
  }

  void mark(llvm::ArrayRef<NodeId> nodes) {
    for (NodeId id : nodes) {
      inside[id] = true;
      for (const std::vector<NodeId> &arm : program[id].arms)
        mark(arm);
    }
  }

  static void choose(Node &branch, unsigned arm) {
    branch.condition = Condition();
    branch.condition.value = firstChosenArm + arm;
  }

  static void loop(Node &node, int64_t minTrip) {
    node.trip.reset();
    node.minTrip = minTrip;
  }

  /// Is nothing known of this loop's counter in the part?
  bool isLost(NodeId counter) const { return part.always && counter != none && around[counter]; }

  void flag(NodeId id, EventId &event) const {
    if (!event.known || event.count <= 1 || event.loop == none)
      return;
    std::optional<int64_t> trip = program[event.loop].trip;
    auto standStill = [&](int64_t counter) {
      int64_t at = (counter + event.add) % int64_t(event.count);
      event = EventId{event.base + int32_t(at < 0 ? at + event.count : at)};
    };
    if (event.loop == part.loop && part.period > 1) {
      if (inside[id] && part.period % event.count == 0)
        standStill(part.residue);
      else if (!inside[id] && trip)
        standStill(*trip);
      else
        event.known = false;
    } else if (isLost(event.loop)) {
      event.known = false;
    } else if (event.loop == part.loop && part.always && !inside[id] && trip) {
      standStill(*trip);
    }
  }

  void branch(NodeId id, Node &node) const {
    Condition &condition = node.condition;
    if (chosenArm(condition))
      return;
    auto forget = [&] {
      condition.loop = none;
      condition.first = condition.last = 0;
      condition.turns = Turns();
    };
    if (isLost(condition.loop) || isLost(condition.turns.loop))
      return forget();
    if (part.period == 1 || !inside[id])
      return;
    if (condition.turns.loop == part.loop) {
      if (part.period % condition.turns.period == 0)
        return choose(node, part.residue % condition.turns.period != condition.turns.residue);
      forget();
    } else if (condition.loop == part.loop) {
      if (condition.last == 0 && part.residue >= condition.first)
        return choose(node, condition.inverted);
      forget();
    }
  }
};

} // namespace

static bool contains(const Program &program, llvm::ArrayRef<NodeId> nodes, NodeId wanted) {
  return llvm::any_of(nodes, [&](NodeId id) {
    return id == wanted || llvm::any_of(program[id].arms, [&](const std::vector<NodeId> &arm) {
             return contains(program, arm, wanted);
           });
  });
}

bool sync::canCut(const Program &program, const Part &part) {
  if (part.period > 1 && program[part.loop].endsInside)
    return false;
  // Of a loop around it the last half is kept. In a second half the loop does not matter to that;
  // in a first one it may not run there, although it always runs in the part.
  auto mayHide = [&](const Node &node) {
    if (node.kind != NodeKind::Loop || !node.endsInside)
      return false;
    llvm::ArrayRef<NodeId> body = node.arms[0];
    auto isLeave = [&](NodeId id) { return program[id].kind == NodeKind::Leave; };
    return contains(program, body.take_until(isLeave), part.loop);
  };
  return !part.always || llvm::none_of(program.nodes, mayHide);
}

Program sync::cutDown(const Program &program, const Part &part) {
  return Cutter(program, part).run();
}

/// Rings of equal slots: no byte of one is in another slot of the other.
static bool shareSlots(const Region &x, const Region &y) {
  const Rotation &a = x.rotation, &b = y.rotation;
  if (a.count < 2 || a.count > mostParts || a.count != b.count || a.loop == none ||
      a.loop != b.loop || a.stride != b.stride || (a.add - b.add) % int64_t(a.count) != 0)
    return false;
  bool isOnePlace = x.space == y.space && x.root == y.root && x.root != none;
  if (!isOnePlace || !x.offset.known || !y.offset.known || x.offset.symbol != y.offset.symbol ||
      !x.offset.terms.empty() || !y.offset.terms.empty())
    return false;
  int64_t lowX, highX, lowY, highY;
  x.bounds(lowX, highX);
  y.bounds(lowY, highY);
  for (int64_t slots = 1 - int64_t(a.count); slots < int64_t(a.count); ++slots) {
    int64_t shift = y.offset.constant - x.offset.constant + slots * a.stride;
    if (slots != 0 && lowY + shift < highX && lowX < highY + shift)
      return false;
  }
  return true;
}

std::optional<Turns> sync::meetingTurns(const Region &x, const Turns &runsX, const Region &y,
                                        const Turns &runsY) {
  if (shareSlots(x, y))
    return Turns{x.rotation.loop, uint16_t(x.rotation.count), 0};
  if (runsX.loop != none && runsX == runsY && runsX.period > 1 && runsX.period <= mostParts)
    return Turns{runsX.loop, runsX.period, 0};
  return std::nullopt;
}
