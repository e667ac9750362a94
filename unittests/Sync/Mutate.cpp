//===- Mutate.cpp - Programs with one thing wrong --------------------------===//

#include "Mutate.h"
#include "StatementLists.h"
#include "Trace.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

const char *judge::name(Mutation mutation) {
  static constexpr const char *names[] = {"drop flag",      "drop handoff", "drop barrier",
                                          "drop exit",      "change id",    "move handoff",
                                          "shift rotation", "swap next",    "move tile"};
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

void judge::collectLists(const Program &program, List list, bool intoMacros,
                         std::vector<List> &result) {
  result.push_back(list);
  for (NodeId id : list.in(program)) {
    if (program[id].kind == NodeKind::Macro && !intoMacros)
      continue;
    for (size_t arm = 0; arm < program[id].arms.size(); ++arm)
      collectLists(program, {id, arm}, intoMacros, result);
  }
}

namespace {
struct Place {
  List list;
  size_t index;
};
} // namespace

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

Program judge::without(Program program, llvm::ArrayRef<NodeId> nodes) {
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
  // A wait behind a set of the same id in one list takes its token, on paths that are not sampled,
  // too.
  std::vector<NodeId> open;
  const std::vector<NodeId> *list = nullptr;
  for (const Place &place : synchronisation(program)) {
    if (std::exchange(list, &place.list.in(program)) != &place.list.in(program))
      open.clear();
    NodeId id = (*list)[place.index];
    const Node &node = program[id];
    if (!isFlag(node))
      continue;
    classes.insert(id);
    order.push_back(id);
    if (node.kind == NodeKind::Set) {
      open.push_back(id);
      continue;
    }
    auto set = llvm::find_if(open, [&](NodeId other) {
      const FlagKey &key = program[other].key;
      return key.from == node.key.from && key.to == node.key.to && key.id == node.key.id;
    });
    if (set != open.end()) {
      classes.unionSets(*set, id);
      open.erase(set);
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

std::vector<std::vector<NodeId>> judge::deletableItems(const Program &program, uint64_t seed) {
  std::vector<std::vector<NodeId>> items = handoffs(program, seed);
  for (const Place &place : synchronisation(program)) {
    NodeId id = place.list.in(program)[place.index];
    if (!isFlag(program[id]))
      items.push_back({id});
  }
  return items;
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

/// Gives all of a handoff other ids by one and the same shift, so that it stays right in itself.
/// `wanted` is the first id to take, if it fits.
static bool moveHandoff(Program &program, llvm::ArrayRef<NodeId> group,
                        std::optional<int64_t> wanted, Random &random) {
  int64_t first = program.eventIds, end = 0;
  for (NodeId id : group) {
    const EventId &event = program[id].key.id;
    first = std::min<int64_t>(first, event.base);
    end = std::max<int64_t>(end, event.base + std::max(event.count, 1u));
  }
  int64_t room = int64_t(program.eventIds) - (end - first);
  if (room < 1 || first < 0)
    return false;
  int64_t target =
      wanted ? std::min<int64_t>(*wanted, room) : (first + random.between(1, room)) % (room + 1);
  for (NodeId id : group)
    program[id].key.id.base += target - first;
  return true;
}

/// The id of another handoff of the same pair of pipes, if there is one: moving there collides.
static std::optional<int64_t> idOfRival(const Program &program,
                                        llvm::ArrayRef<std::vector<NodeId>> groups,
                                        llvm::ArrayRef<NodeId> group, Random &random) {
  const FlagKey &mine = program[group.front()].key;
  llvm::SmallVector<int64_t, 8> rivals;
  for (const std::vector<NodeId> &other : groups) {
    const FlagKey &key = program[other.front()].key;
    if (key.from == mine.from && key.to == mine.to && key.id.base != mine.id.base)
      rivals.push_back(key.id.base);
  }
  if (rivals.empty() || random.chance(20))
    return std::nullopt;
  // Next to it as well: ranges of rotating ids that overlap in part.
  return std::max<int64_t>(0, random.pick(llvm::ArrayRef<int64_t>(rivals)) + random.between(-1, 1));
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
  std::vector<std::vector<NodeId>> groups = handoffs(program, seed);
  for (const std::vector<NodeId> &group : groups) {
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
    if (groups.empty())
      continue;
    const std::vector<NodeId> &group = groups[random.below(groups.size())];
    Mutant moved{Mutation::MoveHandoff, group.front(), program[group.front()].inserted, program};
    if (moveHandoff(moved.program, group, idOfRival(program, groups, group, random), random))
      visit(moved);
  }
}

//===----------------------------------------------------------------------===//
// Baselines
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
/// Rewrites each statement list with random synchronisation in between.
class Sprinkler {
public:
  Sprinkler(const Program &input, Random &random) : result(input), random(random) {
    for (unsigned p = 0; p < numPipes; ++p)
      if (coreHasPipe(result.core, Pipe(p), result.arch))
        pipes.push_back(Pipe(p));
    // Dense programs are clean now and then, sparse ones fail in simple ways.
    density = random.pick({20, 50, 85});
    // Few ids: handoffs meet on them, which insert() would avoid.
    idRange = random.pick({1u, 2u, 3u, result.eventIds});
  }

  Program run() {
    std::vector<List> lists;
    collectLists(result, {}, false, lists);
    // Inner lists come after the lists that hold them: a rotation is planned before its body is.
    for (const List &list : lists) {
      std::vector<NodeId> longer;
      for (NodeId id : std::vector<NodeId>(list.in(result))) {
        if (random.chance(density))
          between(longer);
        if (result[id].kind == NodeKind::Loop && random.chance(60))
          addRotation(id, longer);
        else
          longer.push_back(id);
      }
      if (list.owner == none)
        barrier(Pipe::ALL, longer);
      list.in(result) = std::move(longer);
    }
    return std::move(result);
  }

private:
  void append(Node node, std::vector<NodeId> &list) {
    node.inserted = true;
    list.push_back(result.add(std::move(node)));
  }
  void barrier(Pipe pipe, std::vector<NodeId> &list) {
    Node node;
    node.kind = NodeKind::Barrier;
    node.pipe = pipe;
    append(std::move(node), list);
  }
  void flag(NodeKind kind, const FlagKey &key, std::vector<NodeId> &list) {
    Node node;
    node.kind = kind;
    node.key = key;
    append(std::move(node), list);
  }
  FlagKey randomPair() {
    Pipe from = random.pick(llvm::ArrayRef<Pipe>(pipes)), to = from;
    while (to == from)
      to = random.pick(llvm::ArrayRef<Pipe>(pipes));
    return {from, to, {int32_t(random.below(idRange))}};
  }

  void between(std::vector<NodeId> &list) {
    unsigned dice = random.below(100);
    Pipe pipe = random.pick(llvm::ArrayRef<Pipe>(pipes));
    if (dice < 10)
      barrier(Pipe::ALL, list);
    else if (dice < 30 && barrierIsLegal(pipe, result.arch))
      barrier(pipe, list);
    else if (dice < 35)
      append(fence(), list);
    else
      for (unsigned count = random.between(1, 4); count > 0; --count) {
        FlagKey key = randomPair();
        flag(NodeKind::Set, key, list);
        flag(NodeKind::Wait, key, list);
      }
  }
  static Node fence() {
    Node node;
    node.kind = NodeKind::Fence;
    return node;
  }

  /// A handoff that lags `delay` iterations behind over `count` ids: prime, wait, set, drain.
  void addRotation(NodeId loop, std::vector<NodeId> &list) {
    FlagKey key = randomPair();
    uint32_t count = random.between(1, std::min(3u, result.eventIds));
    int64_t delay = random.between(0, count);
    key.id.base = random.below(std::min(idRange, result.eventIds - count + 1));
    for (int64_t i = 0; i < delay; ++i)
      flag(NodeKind::Set, {key.from, key.to, {key.id.base + int32_t(i)}}, list);
    list.push_back(loop);
    auto rotated = [&](int64_t add) {
      EventId id = key.id;
      if (count > 1)
        id = {key.id.base, count, loop, add};
      return FlagKey{key.from, key.to, id};
    };
    for (int64_t i = 0; i < delay; ++i)
      flag(NodeKind::Wait, rotated(i), list);
    std::vector<NodeId> longer = result[loop].arms[0];
    size_t first = random.below(longer.size() + 1);
    size_t second = first + random.below(longer.size() + 1 - first);
    std::vector<NodeId> pair;
    bool setFirst = delay == 0 || (delay < count && random.chance(30));
    flag(setFirst ? NodeKind::Set : NodeKind::Wait, rotated(setFirst ? delay : 0), pair);
    flag(setFirst ? NodeKind::Wait : NodeKind::Set, rotated(setFirst ? 0 : delay), pair);
    longer.insert(longer.begin() + second, pair[1]);
    longer.insert(longer.begin() + first, pair[0]);
    result[loop].arms[0] = std::move(longer);
  }

  Program result;
  Random &random;
  llvm::SmallVector<Pipe, 8> pipes;
  unsigned density, idRange;
};
} // namespace

Program judge::withRandomSynchronisation(const Program &program, Random &random) {
  return Sprinkler(program, random).run();
}
