//===- Part.cpp - A program cut down to part of what it runs ---------------===//

#include "Part.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::sync;

static bool contains(const Program &program, llvm::ArrayRef<NodeId> nodes, NodeId wanted) {
  return llvm::any_of(nodes, [&](NodeId id) {
    return id == wanted || llvm::any_of(program[id].arms, [&](const std::vector<NodeId> &arm) {
             return contains(program, arm, wanted);
           });
  });
}

namespace {

class Cutter {
public:
  using Nodes = std::vector<std::pair<NodeId, Node>>;

  Cutter(const Program &program, const Part &part)
      : program(program), part(part), numbers(part.numbers) {
    if (numbers.empty())
      numbers.push_back(part.loop);
  }

  /// The nodes that are others in the part, as they are there.
  Nodes run(llvm::ArrayRef<NodeId> nodes) {
    find(nodes);
    cut(nodes);
    return std::move(changed);
  }

private:
  const Program &program;
  const Part &part;
  llvm::SmallVector<NodeId, 2> numbers;
  std::vector<NodeId> around; ///< the loop's loops and branches
  std::vector<NodeId> open;   ///< loops
  Nodes changed;

  bool find(llvm::ArrayRef<NodeId> nodes) {
    for (NodeId id : nodes) {
      if (id == part.loop)
        return true;
      for (const std::vector<NodeId> &list : program[id].arms)
        if (find(list)) {
          around.push_back(id);
          return true;
        }
    }
    return false;
  }
  bool isAround(NodeId id) const { return llvm::is_contained(around, id); }
  bool isCut(NodeId loop) const {
    return part.period > 1 &&
           llvm::any_of(numbers, [&](NodeId number) { return program.counts(loop, number); });
  }
  bool isCounted(NodeId number) const {
    return llvm::any_of(open, [&](NodeId loop) { return program.counts(loop, number); });
  }

  Node &change(NodeId id) {
    changed.push_back({id, program[id]});
    return changed.back().second;
  }

  void cut(llvm::ArrayRef<NodeId> nodes) {
    for (NodeId id : nodes) {
      const Node &node = program[id];
      if ((node.kind == NodeKind::Set || node.kind == NodeKind::Wait) && rotates(node.key.id))
        flag(id, node.key.id);
      if (node.kind == NodeKind::Branch)
        branch(id);
      bool isLoop = node.kind == NodeKind::Loop;
      if (isLoop)
        open.push_back(id);
      for (const std::vector<NodeId> &arm : node.arms)
        cut(arm);
      if (isLoop) {
        open.pop_back();
        loop(id);
      }
    }
  }

  static void choose(Node &branch, unsigned arm) {
    branch.condition = Condition();
    branch.condition.value = firstChosenArm + arm;
  }

  void loop(NodeId id) {
    const Node &old = program[id];
    bool runs = part.always && (isAround(id) || id == part.loop), isLeft = isCut(id);
    if ((!runs && !isLeft) || (old.trip && *old.trip <= 0))
      return;
    // One number takes each residue in so many iterations; two may take it in different ones.
    auto counts = [&](NodeId number) { return program.counts(id, number); };
    runs |= llvm::count_if(numbers, counts) == 1 &&
            old.trip.value_or(old.minTrip) >= int64_t(part.period);
    Node &node = change(id);
    node.trip.reset();
    node.minTrip = runs;
  }

  /// Is nothing known of this number in the part?
  bool isLost(NodeId number) const {
    if (number == none || llvm::is_contained(numbers, number))
      return false;
    const Counter *counter = program.counterOf(number);
    if (!counter)
      return isCut(number) || (part.always && isAround(number));
    // It runs on in what is left out, unless that is not where it is counted.
    bool onlyHere = counter->loops.size() == 1 && counter->loops[0] == part.loop;
    if (part.always && isAround(counter->over) && !onlyHere)
      return true;
    return part.period > 1 && llvm::any_of(numbers, [&](NodeId cutNumber) {
             auto holds = [&](NodeId loop) {
               return program.counts(loop, cutNumber) || isInside(loop, cutNumber);
             };
             return llvm::any_of(counter->loops, holds);
           });
  }
  /// Does the loop stand in one that counts the number?
  bool isInside(NodeId loop, NodeId number) const {
    return llvm::any_of(program.loopsOf(number), [&](NodeId outer) {
      return contains(program, program[outer].arms[0], loop);
    });
  }

  void flag(NodeId id, EventId event) {
    bool turns = part.period > 1 && llvm::is_contained(numbers, event.loop);
    bool isIn = isCounted(event.loop), isOwn = !program.counterOf(event.loop);
    std::optional<int64_t> trip = isOwn ? program[event.loop].trip : std::nullopt;
    auto standStill = [&](int64_t counter) {
      int64_t at = llvm::mod(counter + event.add, event.count);
      change(id).key.id = EventId{event.base + int32_t(at)};
    };
    if (turns && isIn && part.period % event.count == 0)
      standStill(part.residue);
    else if ((turns || (event.loop == part.loop && part.always)) && !isIn && trip)
      standStill(*trip);
    else if (turns || isLost(event.loop))
      change(id).key.id.known = false;
  }

  void branch(NodeId id) {
    const Node &node = program[id];
    if (part.always && isAround(id)) {
      for (auto [arm, list] : llvm::enumerate(node.arms))
        if (contains(program, list, part.loop))
          return choose(change(id), arm);
    }
    const Condition &condition = node.condition;
    if (chosenArm(condition))
      return;
    auto forget = [&] {
      Condition &open = change(id).condition;
      open.loop = none;
      open.first = open.last = 0;
      open.turns = Turns();
    };
    auto stands = [&](NodeId number) {
      return part.period > 1 && number != none && llvm::is_contained(numbers, number) &&
             isCounted(number);
    };
    if (stands(condition.turns.loop)) {
      if (part.period % condition.turns.period == 0)
        return choose(change(id), part.residue % condition.turns.period != condition.turns.residue);
      forget();
    } else if (stands(condition.loop)) {
      if (condition.last == 0 && part.residue >= condition.first)
        return choose(change(id), condition.inverted);
      forget();
    } else if (isLost(condition.loop) || isLost(condition.turns.loop) ||
               (part.period > 1 && llvm::is_contained(numbers, condition.turns.loop))) {
      forget();
    }
  }
};

} // namespace

bool sync::canCut(const Program &program, const Part &part) {
  llvm::SmallVector<NodeId, 2> numbers = part.numbers;
  if (numbers.empty())
    numbers.push_back(part.loop);
  for (NodeId number : numbers)
    if (part.period > 1 && llvm::any_of(program.loopsOf(number),
                                        [&](NodeId loop) { return program[loop].endsInside; }))
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
  Program result = program;
  for (auto &[id, node] : Cutter(program, part).run(program.top))
    result[id] = std::move(node);
  return result;
}

std::vector<std::pair<NodeId, Node>> sync::cutInPlace(Program &program, const Part &part,
                                                      llvm::ArrayRef<NodeId> items) {
  std::vector<std::pair<NodeId, Node>> nodes = Cutter(program, part).run(items);
  for (auto &[id, node] : nodes)
    std::swap(program[id], node);
  return nodes;
}

/// Rings of equal slots, turned by one number or by two: no byte of one is in another slot of the
/// other.
static bool shareSlots(const Region &x, const Region &y) {
  const Rotation &a = x.rotation, &b = y.rotation;
  if (a.count < 2 || a.count > mostParts || a.count != b.count || a.loop == none ||
      b.loop == none || a.stride != b.stride || (a.add - b.add) % int64_t(a.count) != 0)
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

std::optional<SharedTurns> sync::meetingTurns(const Region &x, const Turns &runsX, const Region &y,
                                              const Turns &runsY) {
  if (shareSlots(x, y))
    return SharedTurns{x.rotation.count, x.rotation.loop, y.rotation.loop};
  bool alike = runsX.period == runsY.period && runsX.residue == runsY.residue;
  if (alike && runsX.loop != none && runsY.loop != none && runsX.period > 1 &&
      runsX.period <= mostParts)
    return SharedTurns{runsX.period, runsX.loop, runsY.loop};
  return std::nullopt;
}
