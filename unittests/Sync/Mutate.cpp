//===- Mutate.cpp - Programs with one thing wrong --------------------------===//

#include "Mutate.h"
#include "Trace.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

const char *judge::name(Mutation mutation) {
  static constexpr const char *names[] = {"drop flag", "drop handoff", "drop barrier",
                                          "drop exit", "change id",    "shift rotation",
                                          "swap next"};
  return names[unsigned(mutation)];
}

std::string judge::listing(const Program &program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(program, os);
  return text;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

namespace {
/// A statement list: the body, or an arm of a node.
struct List {
  NodeId owner = none;
  size_t arm = 0;
  std::vector<NodeId> &in(Program &program) const {
    return owner == none ? program.top : program[owner].arms[arm];
  }
  const std::vector<NodeId> &in(const Program &program) const {
    return owner == none ? program.top : program[owner].arms[arm];
  }
};

struct Place {
  List list;
  size_t index;
};
} // namespace

static void collectLists(const Program &program, List list, bool intoMacros,
                         std::vector<List> &result) {
  result.push_back(list);
  for (NodeId id : list.in(program)) {
    if (program[id].kind == NodeKind::Macro && !intoMacros)
      continue;
    for (size_t arm = 0; arm < program[id].arms.size(); ++arm)
      collectLists(program, {id, arm}, intoMacros, result);
  }
}

static bool isFlag(const Node &node) {
  return node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
}
static bool isSynchronisation(const Node &node) {
  return isFlag(node) || node.kind == NodeKind::Barrier || node.kind == NodeKind::Fence;
}

static std::vector<Place> synchronisation(const Program &program) {
  std::vector<List> lists;
  collectLists(program, {}, false, lists);
  std::vector<Place> places;
  for (const List &list : lists)
    for (size_t i = 0; i < list.in(program).size(); ++i)
      if (isSynchronisation(program[list.in(program)[i]]))
        places.push_back({list, i});
  return places;
}

static Program without(Program program, llvm::ArrayRef<NodeId> nodes) {
  std::vector<List> lists;
  collectLists(program, {}, true, lists);
  for (const List &list : lists)
    llvm::erase_if(list.in(program), [&](NodeId id) { return llvm::is_contained(nodes, id); });
  return program;
}

//===----------------------------------------------------------------------===//
// Mutants
//===----------------------------------------------------------------------===//

std::vector<std::vector<NodeId>> judge::handoffs(const Program &program, uint64_t seed) {
  llvm::EquivalenceClasses<NodeId> classes;
  std::vector<NodeId> order;
  for (const Place &place : synchronisation(program)) {
    NodeId id = place.list.in(program)[place.index];
    if (isFlag(program[id])) {
      classes.insert(id);
      order.push_back(id);
    }
  }
  forEachPath(program, seed, 16, [&](const Trace &trace) {
    std::vector<NodeId> pending(trace.flags.size(), none);
    for (const Event &event : trace.events) {
      bool isOutside = classes.contains(event.node);
      if (event.kind == Event::Set && isOutside) {
        pending[event.flag] = event.node;
      } else if (event.kind == Event::Wait && isOutside && pending[event.flag] != none) {
        classes.unionSets(pending[event.flag], event.node);
        pending[event.flag] = none;
      }
    }
    return true;
  });
  std::vector<std::vector<NodeId>> groups;
  std::map<NodeId, size_t> groupOf;
  for (NodeId id : order) { // program order, whatever the classes' leaders are
    auto [it, isNew] = groupOf.try_emplace(classes.getLeaderValue(id), groups.size());
    if (isNew)
      groups.emplace_back();
    groups[it->second].push_back(id);
  }
  return groups;
}

/// Applies one random change other than a deletion; none when the choice does not fit the place.
static std::optional<Mutation> tweak(Program &program, const Place &place, Random &random) {
  std::vector<NodeId> &list = place.list.in(program);
  Node &node = program[list[place.index]];
  EventId &id = node.key.id;
  switch (random.below(3)) {
  case 0:
    if (place.index + 1 >= list.size())
      return std::nullopt;
    std::swap(list[place.index], list[place.index + 1]);
    return Mutation::SwapNext;
  case 1: {
    unsigned room = program.eventIds - std::max(id.count, 1u) + 1;
    if (!isFlag(node) || room < 2)
      return std::nullopt;
    id.base = (id.base + random.between(1, room - 1)) % room;
    return Mutation::ChangeId;
  }
  default:
    if (!isFlag(node) || id.count < 2)
      return std::nullopt;
    id.add += random.pick({-1, 1});
    return Mutation::ShiftRotation;
  }
}

void judge::forEachMutant(const Program &program, uint64_t seed, unsigned tweaks,
                          llvm::function_ref<void(const Mutant &)> visit) {
  std::vector<Place> places = synchronisation(program);
  for (const Place &place : places) {
    NodeId id = place.list.in(program)[place.index];
    const Node &node = program[id];
    bool atExit = place.list.owner == none && place.index + 1 == program.top.size() &&
                  node.kind == NodeKind::Barrier;
    Mutation mutation = isFlag(node) ? Mutation::DropFlag
                        : atExit     ? Mutation::DropExit
                                     : Mutation::DropBarrier;
    visit({mutation, id, node.inserted, without(program, id)});
  }
  for (const std::vector<NodeId> &group : handoffs(program, seed)) {
    bool inserted = llvm::all_of(group, [&](NodeId id) { return program[id].inserted; });
    visit({Mutation::DropHandoff, group.front(), inserted, without(program, group)});
  }
  Random random(seed);
  for (unsigned i = 0; i < tweaks && !places.empty(); ++i) {
    const Place &place = random.pick(llvm::ArrayRef<Place>(places));
    NodeId id = place.list.in(program)[place.index];
    Mutant mutant{Mutation::SwapNext, id, program[id].inserted, program};
    if (std::optional<Mutation> mutation = tweak(mutant.program, place, random)) {
      mutant.mutation = *mutation;
      visit(mutant);
    }
  }
}

//===----------------------------------------------------------------------===//
// Baseline and shrinker
//===----------------------------------------------------------------------===//

Program judge::withBarriersEverywhere(const Program &program) {
  Program result = program;
  std::vector<List> lists;
  collectLists(program, {}, false, lists);
  auto add = [&](NodeKind kind, std::vector<NodeId> &list) {
    Node node;
    node.kind = kind;
    node.pipe = Pipe::ALL;
    node.inserted = true;
    list.push_back(result.add(std::move(node)));
  };
  for (const List &list : lists) {
    std::vector<NodeId> longer;
    for (NodeId id : list.in(program)) {
      add(NodeKind::Barrier, longer);
      if (program[id].kind == NodeKind::Publish)
        add(NodeKind::Fence, longer);
      longer.push_back(id);
    }
    if (list.owner == none)
      add(NodeKind::Barrier, longer);
    list.in(result) = std::move(longer);
  }
  return result;
}

namespace {
/// Tries one removal after the other; each list of candidates is made anew after a success.
class Shrinker {
public:
  Shrinker(Program start, llvm::function_ref<bool(const Program &)> isInteresting)
      : program(std::move(start)), isInteresting(isInteresting) {}

  Program run() {
    while (dropStatement() || dropRegion() || simplifyLoop())
      ;
    return std::move(program);
  }

private:
  bool keep(Program candidate) {
    if (!isInteresting(candidate))
      return false;
    program = std::move(candidate);
    return true;
  }

  std::vector<NodeId> statements() const {
    std::vector<List> lists;
    collectLists(program, {}, true, lists);
    std::vector<NodeId> all;
    for (const List &list : lists)
      llvm::append_range(all, list.in(program));
    return all;
  }

  bool dropStatement() {
    for (NodeId id : statements())
      if (keep(without(program, id)))
        return true;
    return false;
  }

  bool dropRegion() {
    for (NodeId id : statements())
      for (bool writes : {false, true}) {
        size_t count = (writes ? program[id].writes : program[id].reads).size();
        for (size_t i = 0; i < count; ++i) {
          Program candidate = program;
          auto &regions = writes ? candidate[id].writes : candidate[id].reads;
          regions.erase(regions.begin() + i);
          if (keep(std::move(candidate)))
            return true;
        }
      }
    return false;
  }

  bool simplifyLoop() {
    for (NodeId id : statements()) {
      if (program[id].kind != NodeKind::Loop || program[id].trip)
        continue;
      Program candidate = program;
      candidate[id].trip = candidate[id].minTrip = 2;
      if (keep(std::move(candidate)))
        return true;
    }
    return false;
  }

  Program program;
  llvm::function_ref<bool(const Program &)> isInteresting;
};
} // namespace

Program judge::shrink(Program program, llvm::function_ref<bool(const Program &)> isInteresting) {
  return Shrinker(std::move(program), isInteresting).run();
}
