//===- ExactUniverse.cpp - All items that could be added -------------------===//

#include "ExactUniverse.h"
#include "ptoas/Sync/Check.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <array>
#include <set>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

namespace {
/// Ids that each candidate may use. More than any real program has: C3 then fails only where no
/// number of ids would help.
constexpr uint32_t idsEach = 8;

/// Producer of handoffs that are set where an arm begins; waits where it ends have the number of
/// its items as consumer.
constexpr unsigned armBegin = ~0u;

struct StatementList {
  NodeId owner = none;
  unsigned arm = 0;
  NodeId innermost = none; ///< loop
  bool isBody = false;
  bool isDead = false;              ///< in a loop that never runs
  unsigned leave = ~0u;             ///< index of the Leave of a loop that ends inside
  unsigned around = ~0u, index = 0; ///< list of the owner, and its place there
  std::vector<NodeId> items;
  std::vector<std::set<Pipe>> pipes; ///< per item: of the accesses in it
};

class Maker {
public:
  Maker(Universe &universe, unsigned maxDelay) : universe(universe), maxDelay(maxDelay) {}

  void run() {
    used = collect(none, 0, none, universe.program.top, ~0u, 0);
    findOrders();
    for (unsigned list = 0; list < lists.size(); ++list)
      candidatesOf(list);
    universe.program.eventIds = idsEach * (universe.candidates.size() + 1);
    universe.candidateOf.assign(universe.program.nodes.size(), none);
    for (unsigned list = 0; list < lists.size(); ++list)
      rewrite(list);
  }

private:
  std::set<Pipe> collect(NodeId owner, unsigned arm, NodeId innermost, std::vector<NodeId> items,
                         unsigned around, unsigned place);
  std::vector<uint32_t> primePlaces(const StatementList &body, Pipe pipe) const;
  void candidatesOf(unsigned list);
  void findOrders();
  bool mayHandOff(Pipe from, Pipe to) const;
  void rewrite(unsigned list);
  void add(NodeKind kind, uint32_t candidate, EventId id);
  /// In the last turn of a loop that ends inside only the items before the Leave run: does the
  /// wait?
  bool takesFirst(uint32_t candidate) const {
    const Candidate &c = universe.candidates[candidate];
    return lists[c.list].leave != ~0u && c.consumer < lists[c.list].leave;
  }
  /// Tokens that are left when the loop is over.
  int64_t drains(uint32_t candidate) const {
    const Candidate &c = universe.candidates[candidate];
    const StatementList &list = lists[c.list];
    if (list.leave == ~0u)
      return c.delay;
    return c.delay + (c.producer < list.leave) - takesFirst(candidate);
  }
  EventId idIn(uint32_t candidate, NodeId loop, int64_t add) const {
    int32_t base = idsEach * candidate;
    return loop == none ? EventId{base} : EventId{base, idsEach, loop, llvm::mod(add, idsEach)};
  }

  Universe &universe;
  unsigned maxDelay;
  std::array<std::array<bool, numPipes>, numPipes> asked{};
  std::vector<StatementList> lists;
  std::set<Pipe> used; ///< by the program
  std::vector<NodeId> out;
};
} // namespace

std::set<Pipe> Maker::collect(NodeId owner, unsigned arm, NodeId innermost,
                              std::vector<NodeId> items, unsigned around, unsigned place) {
  unsigned self = lists.size();
  lists.emplace_back();
  StatementList list;
  list.owner = owner;
  list.arm = arm;
  list.innermost = innermost;
  list.isBody = owner != none && owner == innermost;
  list.isDead =
      (list.isBody && universe.program[owner].trip == 0) || (around != ~0u && lists[around].isDead);
  lists[self].isDead = list.isDead; // the lists inside look
  list.around = around;
  list.index = place;
  list.items = items;
  std::set<Pipe> all;
  for (unsigned index = 0; index < items.size(); ++index) {
    NodeId id = items[index];
    const Node node = universe.program[id];
    if (node.kind == NodeKind::Leave)
      list.leave = index;
    std::set<Pipe> pipes;
    if (node.kind == NodeKind::Access)
      pipes.insert(node.pipe);
    for (unsigned i = 0; i < node.arms.size(); ++i) {
      NodeId loop = node.kind == NodeKind::Loop ? id : innermost;
      std::set<Pipe> inside = collect(id, i, loop, node.arms[i], self, index);
      if (node.trip != 0) // what never runs uses no pipe
        pipes.insert(inside.begin(), inside.end());
    }
    all.insert(pipes.begin(), pipes.end());
    list.pipes.push_back(std::move(pipes));
  }
  lists[self] = std::move(list);
  return all;
}

/// From which pipe to which is an order asked for, by a path or by check()? Pairs that the vendor
/// does not list are candidates only there (HQ2).
void Maker::findOrders() {
  for (const Finding &finding : check(universe.program).findings)
    if (finding.rule == Rule::C1)
      asked[unsigned(universe.program[finding.earlier].pipe)]
           [unsigned(universe.program[finding.later].pipe)] = true;
  for (const Trace &trace : sampledPaths(universe.program)) {
    std::vector<std::array<bool, numPipes>> readBy(trace.footprints.size()),
        writtenBy(trace.footprints.size());
    for (const Event &event : trace.events) {
      if (event.kind != Event::Access)
        continue;
      auto meet = [&](llvm::ArrayRef<uint32_t> mine, const auto &theirs) {
        for (uint32_t index : mine)
          for (uint32_t other : trace.sharing[index])
            for (unsigned from = 0; from < numPipes; ++from)
              asked[from][unsigned(event.pipe)] |= theirs[other][from];
      };
      meet(event.reads, writtenBy);
      meet(event.writes, writtenBy);
      meet(event.writes, readBy);
      for (uint32_t index : event.reads)
        readBy[index][unsigned(event.pipe)] = true;
      for (uint32_t index : event.writes)
        writtenBy[index][unsigned(event.pipe)] = true;
    }
  }
}

bool Maker::mayHandOff(Pipe from, Pipe to) const {
  if (from == to)
    return false;
  bool holdsDispatch = from == Pipe::S || to == Pipe::S; // for all pipes, not for a relay
  return (flagPairIsListed(from, to) && !holdsDispatch) || asked[unsigned(from)][unsigned(to)];
}

/// Behind what do primes tell something else than directly before the loop? Behind each earlier
/// item of their pipe, but not where the loop around can end in between.
std::vector<uint32_t> Maker::primePlaces(const StatementList &body, Pipe pipe) const {
  const StatementList &around = lists[body.around];
  std::vector<uint32_t> places;
  for (uint32_t i = body.index; i-- > 0 && i != around.leave;)
    if (around.pipes[i].count(pipe))
      places.push_back(i);
  return places;
}

void Maker::candidatesOf(unsigned index) {
  const StatementList &list = lists[index];
  const Program &program = universe.program;
  if (list.isDead)
    return;
  auto add = [&](const Candidate &candidate) {
    universe.candidates.push_back(candidate);
    if (candidate.delay)
      for (uint32_t place : primePlaces(list, candidate.from)) {
        universe.candidates.push_back(candidate);
        universe.candidates.back().primeAfter = place;
      }
  };
  for (unsigned j = 0; j < list.items.size(); ++j)
    for (Pipe to : list.pipes[j]) {
      if (to != Pipe::S && barrierIsLegal(to, program.arch))
        universe.candidates.push_back({to, to, index, j, j, 0});
      for (unsigned i = 0; i < list.items.size(); ++i)
        for (Pipe from : list.pipes[i])
          for (int64_t delay = i < j ? 0 : 1; delay <= (list.isBody ? maxDelay : 0); ++delay)
            if (mayHandOff(from, to)) {
              add({from, to, index, i, j, delay});
              const Node &producer = program[list.items[i]];
              if (producer.kind == NodeKind::Loop && producer.trip != 0)
                add({from, to, index, i, j, delay, true});
            }
    }
  if (list.owner == none || program[list.owner].kind != NodeKind::Branch)
    return;
  unsigned end = list.items.size();
  for (unsigned i = 0; i < end; ++i)
    for (Pipe inside : list.pipes[i])
      for (Pipe other : used) {
        if (mayHandOff(other, inside))
          add({other, inside, index, armBegin, i, 0});
        if (mayHandOff(inside, other))
          add({inside, other, index, i, end, 0});
      }
}

void Maker::add(NodeKind kind, uint32_t candidate, EventId id) {
  const Candidate &c = universe.candidates[candidate];
  Node node;
  node.kind = kind;
  node.pipe = kind == NodeKind::Wait ? c.to : c.from;
  if (kind != NodeKind::Barrier)
    node.key = {c.from, c.to, id};
  node.inserted = true;
  out.push_back(universe.program.add(std::move(node)));
  universe.candidateOf.push_back(candidate);
}

void Maker::rewrite(unsigned index) {
  const StatementList list = lists[index];
  const std::vector<Candidate> &all = universe.candidates;
  auto isBarrier = [&](uint32_t c) { return all[c].from == all[c].to; };
  out.clear();
  for (uint32_t c = 0; c < all.size(); ++c)
    if (all[c].list == index && all[c].producer == armBegin)
      add(NodeKind::Set, c, idIn(c, list.innermost, 0));
  for (unsigned item = 0; item < list.items.size(); ++item) {
    NodeId id = list.items[item];
    std::vector<uint32_t> waits, barriers, carried, early, sets, primes;
    for (uint32_t c = 0; c < all.size(); ++c) {
      const Candidate &candidate = all[c];
      if (lists[candidate.list].owner == id && !isBarrier(c) && (all[c].delay || drains(c)))
        carried.push_back(c);
      if (candidate.primeAfter == item && lists[candidate.list].around == index)
        primes.push_back(c);
      if (candidate.list != index)
        continue;
      if (isBarrier(c) && candidate.consumer == item)
        barriers.push_back(c);
      if (!isBarrier(c) && candidate.consumer == item)
        waits.push_back(c);
      if (!isBarrier(c) && candidate.producer == item)
        (candidate.early ? early : sets).push_back(c);
    }
    // What S learns everybody learns (H6), so its waits come first.
    llvm::sort(waits, [&](uint32_t a, uint32_t b) {
      return std::pair(all[a].to != Pipe::S, a) < std::pair(all[b].to != Pipe::S, b);
    });
    for (uint32_t c : waits)
      add(NodeKind::Wait, c, idIn(c, list.innermost, -all[c].delay));
    for (uint32_t c : barriers)
      add(NodeKind::Barrier, c, {});
    auto prime = [&](uint32_t c) {
      for (int64_t m = 0; m < all[c].delay; ++m)
        add(NodeKind::Set, c, {int32_t(idsEach * c + llvm::mod(m - all[c].delay, idsEach))});
    };
    for (uint32_t c : carried)
      if (all[c].primeAfter == none)
        prime(c);
    out.push_back(id);
    for (uint32_t c : early)
      add(NodeKind::Set, c, idIn(c, list.innermost, 0));
    std::optional<int64_t> trip = universe.program[id].trip;
    for (uint32_t c : carried)
      for (int64_t m = 0; m < drains(c); ++m)
        add(NodeKind::Wait, c,
            trip ? EventId{int32_t(idsEach * c + llvm::mod(*trip + m - all[c].delay, idsEach))}
                 : idIn(c, id, m - all[c].delay + takesFirst(c)));
    for (uint32_t c : sets)
      add(NodeKind::Set, c, idIn(c, list.innermost, 0));
    llvm::for_each(primes, prime);
  }
  for (uint32_t c = 0; c < all.size(); ++c)
    if (all[c].list == index && all[c].consumer == list.items.size())
      add(NodeKind::Wait, c, idIn(c, list.innermost, 0));
  (list.owner == none ? universe.program.top : universe.program[list.owner].arms[list.arm]) = out;
}

Universe::Universe(const Program &source, unsigned maxDelay) : program(source) {
  program.atExitDrain = false; // the drain at the exit is no choice, and is not measured
  Maker(*this, maxDelay).run();
  for (const Trace &trace : measuredPaths(program))
    for (const Event &event : trace.events)
      if (uint32_t candidate = candidateOf[event.node]; candidate != none)
        ++candidates[candidate].executed;
}

Program Universe::with(const llvm::BitVector &chosen) const {
  Program result = program;
  auto clean = [&](std::vector<NodeId> &list) {
    llvm::erase_if(list, [&](NodeId id) { return !isChosen(id, chosen); });
  };
  clean(result.top);
  for (Node &node : result.nodes)
    for (std::vector<NodeId> &arm : node.arms)
      clean(arm);
  return result;
}

//===----------------------------------------------------------------------===//
// Paths
//===----------------------------------------------------------------------===//

Path::Path(const Universe &universe, Trace all)
    : trace(std::move(all)), events(std::move(trace.events)), places(universe.candidates.size()) {
  for (uint32_t at = 0; at < events.size(); ++at) {
    uint32_t candidate = universe.candidateOf[events[at].node];
    (candidate == none ? fixed : places[candidate]).push_back(at);
  }
}

void Path::select(const llvm::BitVector &chosen) {
  kept = fixed;
  for (unsigned candidate : chosen.set_bits())
    llvm::append_range(kept, places[candidate]);
  llvm::sort(kept);
  trace.events.clear();
  for (uint32_t at : kept)
    trace.events.push_back(events[at]);
}

Pressure::Pressure(const Universe &universe, llvm::ArrayRef<Path> measured)
    : universe(universe), tokens(universe.candidates.size()) {
  for (uint32_t index = 0; index < measured.size(); ++index) {
    std::vector<std::vector<uint32_t>> open(tokens.size());
    // A set between two sets tells the same as they do, and so with waits and barriers: what counts
    // is how much of other kinds stands before.
    uint32_t notSets = 0, notWaits = 0, notBarriers = 0;
    for (const Event &event : measured[index].events) {
      uint32_t candidate = universe.candidateOf[event.node];
      if (event.kind == Event::Set)
        open[candidate].push_back(notSets);
      else if (event.kind == Event::Barrier)
        tokens[candidate].push_back({index, notBarriers, notBarriers});
      else if (event.kind == Event::Wait) {
        tokens[candidate].push_back({index, open[candidate].front(), notWaits});
        open[candidate].erase(open[candidate].begin());
      }
      notSets += event.kind != Event::Set;
      notWaits += event.kind != Event::Wait;
      notBarriers += event.kind != Event::Barrier;
    }
  }
}

bool Pressure::isNoFaster(uint32_t a, uint32_t b) const {
  const Candidate &x = universe.candidates[a], &y = universe.candidates[b];
  return x.from == y.from && x.to == y.to && llvm::all_of(tokens[b], [&](const Token &theirs) {
           return llvm::any_of(tokens[a], [&](const Token &mine) {
             return mine.path == theirs.path && mine.set >= theirs.set && mine.wait <= theirs.wait;
           });
         });
}

std::vector<uint32_t> Pressure::noFasterThan(uint32_t candidate) const {
  std::vector<uint32_t> result;
  for (uint32_t other = 0; other < tokens.size(); ++other)
    if (isNoFaster(other, candidate))
      result.push_back(other);
  return result;
}

std::vector<Trace> judge::sampledPaths(const Program &program) {
  static constexpr std::pair<int64_t, unsigned> plans[] = {{3, 0}, {3, 9},  {1, 0},  {1, 9},
                                                           {2, 0}, {2, 9},  {0, 0},  {6, 0},
                                                           {6, 9}, {11, 0}, {11, 9}, {4, 1}};
  std::vector<Trace> result;
  auto add = [&](const PathPlan &plan, uint64_t seed) {
    Random random(seed);
    if (std::optional<Trace> trace = expand(program, plan, random, 60000))
      result.push_back(std::move(*trace));
  };
  for (auto [trip, arm] : plans) {
    PathPlan plan;
    plan.trip = trip;
    plan.arm = arm;
    add(plan, 1);
  }
  bool hasBranch =
      llvm::any_of(program.nodes, [](const Node &node) { return node.kind == NodeKind::Branch; });
  for (uint64_t seed = 1; seed < (hasBranch ? 25 : 13); ++seed) {
    PathPlan plan;
    plan.few = true;
    add(plan, seed);
  }
  return result;
}

/// Is there a branch of several arms, in a loop or anywhere?
static bool hasBranch(const Program &program, llvm::ArrayRef<NodeId> list, bool inLoop) {
  return llvm::any_of(list, [&](NodeId id) {
    const Node &node = program[id];
    if (node.kind == NodeKind::Branch && node.arms.size() > 1 && inLoop)
      return true;
    return llvm::any_of(node.arms, [&](llvm::ArrayRef<NodeId> arm) {
      return hasBranch(program, arm, inLoop || node.kind == NodeKind::Loop);
    });
  });
}

std::vector<Trace> judge::measuredPaths(const Program &program) {
  std::vector<PathPlan> plans(1);
  plans[0].arm = 0;
  if (hasBranch(program, program.top, true))
    plans.emplace_back().arm = 99;
  if (hasBranch(program, program.top, false))
    for (unsigned rare : {0u, 99u}) {
      plans.emplace_back().arm = 0;
      plans.back().rareArm = rare;
    }
  std::vector<Trace> result;
  for (PathPlan &plan : plans) {
    plan.trip = 4;
    Random random(1);
    if (std::optional<Trace> trace = expand(program, plan, random, 1u << 20))
      result.push_back(std::move(*trace));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Cuts
//===----------------------------------------------------------------------===//

Frontier::Frontier(const Universe &universe, const Path &path, size_t earlier, size_t later)
    : universe(universe), path(path), earlier(earlier), later(later) {}

namespace {
/// What the tokens of one candidate that are on their way carry, oldest first. Never more than a
/// few: its delay and one.
struct TokenQueue {
  uint16_t bits = 0;
  uint8_t size = 0;
  void push(bool bit) { bits |= uint16_t(bit) << size++; }
  bool pop() {
    bool bit = bits & 1;
    bits >>= 1;
    --size;
    return bit;
  }
};
} // namespace

llvm::SmallVector<uint32_t, 16> Frontier::operator()(const llvm::BitVector &chosen) const {
  // One bit per pipe: what it starts next knows that `earlier` is complete. Tokens carry the bit of
  // their source, and always from the pipe of `earlier` itself (H3).
  const Event &source = path.events[earlier];
  std::array<bool, numPipes> knows{};
  std::vector<TokenQueue> tokens(universe.candidates.size());
  llvm::SmallVector<uint32_t, 16> crossing;
  std::vector<bool> crosses(universe.candidates.size(), false);
  auto know = [&](Pipe pipe) {
    knows[unsigned(pipe)] = true;
    if (pipe == Pipe::S)
      knows.fill(true); // H6
  };
  auto reach = [&](uint32_t candidate, Pipe pipe) {
    if (candidate == none || chosen[candidate])
      return know(pipe);
    if (!crosses[candidate])
      crossing.push_back(candidate);
    crosses[candidate] = true;
  };
  for (size_t at = 0; at < later; ++at) {
    const Event &event = path.events[at];
    uint32_t candidate = universe.candidateOf[event.node];
    bool isAfter = at > earlier;
    if (at == earlier && (source.pipe == Pipe::S || keepsOrder(source.pipe, universe.program.arch)))
      know(source.pipe);
    else if (event.kind == Event::Set)
      tokens[candidate].push(isAfter && (knows[unsigned(event.pipe)] || event.pipe == source.pipe));
    else if (event.kind == Event::Wait && tokens[candidate].pop() && !knows[unsigned(event.pipe)])
      reach(candidate, event.pipe);
    else if (event.kind == Event::Barrier && isAfter && event.pipe == source.pipe &&
             !knows[unsigned(event.pipe)])
      reach(candidate, event.pipe);
  }
  if (knows[unsigned(path.events[later].pipe)])
    crossing.clear();
  return crossing;
}
