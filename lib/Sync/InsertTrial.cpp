//===- InsertTrial.cpp - A selection of items, tried on runs ---------------===//

#include "InsertTrial.h"
#include "llvm/ADT/STLExtras.h"
#include <cassert>
#include <numeric>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// The item stands at each of these places.
template <typename Visit> void Selection::forEachPlace(ItemId id, Visit visit) {
  const Item &item = items[id];
  const List &list = tree.lists[item.span.list];
  At &consumer = points[list.items[item.span.consumer]];
  if (item.isBarrier())
    return visit(consumer.barriers);
  visit(consumer.waits);
  NodeId producer = list.items[item.span.producer];
  const Node &node = tree.program[producer];
  bool isEarly = !item.late && node.kind == NodeKind::Loop && node.trip != 0;
  visit(isEarly ? points[producer].early : points[producer].sets);
  if (list.isBody && (item.delay || list.leave != none))
    visit(points[list.owner].carried);
  if (item.primeAfter != none)
    visit(points[tree.lists[list.parent].items[item.primeAfter]].primes);
}

void Selection::add(ItemId id) {
  assert(!chosen[id]);
  chosen.set(id);
  if (freeNumbers.empty())
    freeNumbers.push_back(nextNumber++);
  numbers[id] = freeNumbers.pop_back_val();
  // Waits on S come first: what S learns everybody learns (H6).
  auto rank = [&](ItemId i) { return std::pair(items[i].to != Pipe::S, i); };
  forEachPlace(id, [&](llvm::SmallVector<ItemId, 4> &place) {
    auto at = llvm::upper_bound(place, id, [&](ItemId a, ItemId b) { return rank(a) < rank(b); });
    place.insert(at, id);
  });
}

void Selection::remove(ItemId id) {
  chosen.reset(id);
  freeNumbers.push_back(numbers[id]);
  forEachPlace(id,
               [&](llvm::SmallVector<ItemId, 4> &place) { place.erase(llvm::find(place, id)); });
}

//===----------------------------------------------------------------------===//
// Walk
//===----------------------------------------------------------------------===//

/// C3 in the search: an id comes back so many turns after its set, which chains of handoffs have to
/// tell; that is four turns after its wait, while ids last.
static uint32_t ringOf(const Item &item) { return uint32_t(item.delay) + 4; }

class Trial::Walk {
public:
  Walk(Trial &trial, const Selection &selection)
      : trial(trial), tree(trial.tree), items(trial.items), selection(selection),
        queues(selection.numbersEnd()), flags(trial.run.flags) {}

  std::optional<Miss> go();

private:
  struct Queue {
    llvm::SmallVector<Token, 3> tokens;
    llvm::SmallVector<std::pair<int16_t, Moment>, 6> lastWaits; ///< by slot: its number and moment
  };
  Trial &trial;
  const Tree &tree;
  const std::vector<Item> &items;
  const Selection &selection;
  std::vector<Queue> queues; ///< by number of the item
  std::vector<std::optional<Token>> flags;
  std::array<Clock, numPipes> know;
  std::array<int16_t, numPipes> accesses{}, waits{};
  std::optional<Miss> miss;

  Queue &queueOf(ItemId item) { return queues[selection.numberOf(item)]; }
  void raise(Clock &clock, const Clock &by) {
    for (unsigned i = 0; i < 16; ++i)
      clock.at[i] = std::max(clock.at[i], by.at[i]);
  }
  int16_t &accessesKnown(Pipe observer, Pipe pipe) {
    return know[unsigned(observer)].at[unsigned(pipe)];
  }
  Token token(Pipe from, Moment at) {
    Token token{know[unsigned(from)], at, 0};
    token.clock.at[unsigned(from)] = accesses[unsigned(from)];
    token.clock.at[8 + unsigned(from)] = waits[unsigned(from)];
    return token;
  }
  void learn(Pipe from, Pipe to, const Token &token, Moment at) {
    trial.edges.push_back({from, to, token.set, at});
    raise(know[unsigned(to)], token.clock);
    ++waits[unsigned(to)];
    if (to != Pipe::S)
      return;
    know[unsigned(Pipe::S)].at[8 + unsigned(Pipe::S)] = waits[unsigned(Pipe::S)];
    for (Clock &clock : know)
      raise(clock, know[unsigned(Pipe::S)]);
  }
  void wait(ItemId id, Moment at) {
    Queue &queue = queueOf(id);
    Token token = queue.tokens.front();
    queue.tokens.erase(queue.tokens.begin());
    learn(items[id].from, items[id].to, token, at);
    queue.lastWaits[token.slot] = {waits[unsigned(items[id].to)], at};
  }
  void set(ItemId id, Moment at, int64_t turn) {
    const Item &item = items[id];
    Queue &queue = queueOf(id);
    uint32_t ring = ringOf(item), slot = (turn + ring) % ring;
    queue.lastWaits.resize(ring);
    auto [number, moment] = queue.lastWaits[slot];
    bool isKnown = know[unsigned(item.from)].at[8 + unsigned(item.to)] >= number;
    if (trial.strongFlags && !isKnown && !miss)
      miss = {item.to, item.from, moment, at, true, id};
    queue.tokens.push_back(token(item.from, at));
    queue.tokens.back().slot = slot;
  }
  void prime(ItemId id, Moment at) {
    for (int64_t m = 0; m < items[id].delay; ++m)
      set(id, at, m - items[id].delay);
  }
  void barrier(Pipe pipe, Moment at);
  void leaf(const Step &step, uint32_t index);
  void before(const Step &step, Moment at);
  void after(const Step &step, Moment at);
};

void Trial::Walk::barrier(Pipe pipe, Moment at) {
  if (pipe != Pipe::ALL) {
    accessesKnown(pipe, pipe) = accesses[unsigned(pipe)];
    trial.edges.push_back({pipe, pipe, at, at});
    return;
  }
  for (unsigned from = 0; from < numPipes; ++from)
    for (unsigned to = 0; to < numPipes; ++to) {
      know[to].at[from] = accesses[from];
      know[to].at[8 + from] = waits[from];
      trial.edges.push_back({Pipe(from), Pipe(to), at, at});
    }
}

void Trial::Walk::leaf(const Step &step, uint32_t index) {
  const Node &node = tree.program[step.node];
  Moment at = 4 * Moment(index) + 1;
  switch (node.kind) {
  case NodeKind::Access:
  case NodeKind::Publish: {
    Pipe pipe = pipeOf(node);
    for (uint32_t i = trial.run.firstNeed[index]; i < trial.run.firstNeed[index + 1]; ++i) {
      const Need &need = trial.run.needs[i];
      if (accessesKnown(pipe, need.pipe) < int16_t(need.count) && !miss)
        miss = {need.pipe, pipe, 4 * Moment(need.source) + 1, at};
    }
    if (node.kind == NodeKind::Publish)
      return;
    int16_t count = ++accesses[unsigned(pipe)];
    if (pipe == Pipe::S)
      for (Clock &clock : know)
        clock.at[unsigned(pipe)] = count;
    else if (keepsOrder(pipe, tree.program.arch))
      accessesKnown(pipe, pipe) = count;
    return;
  }
  case NodeKind::Set:
    flags[step.flag] = token(node.key.from, at);
    return;
  case NodeKind::Wait:
    if (flags[step.flag])
      learn(node.key.from, node.key.to, *flags[step.flag], at);
    flags[step.flag].reset();
    return;
  case NodeKind::Barrier:
    return barrier(node.pipe, at);
  default:
    return;
  }
}

void Trial::Walk::before(const Step &step, Moment at) {
  const Selection::At &point = selection.at(step.node);
  for (ItemId id : point.waits)
    wait(id, at);
  for (ItemId id : point.barriers)
    barrier(items[id].from, at + 1);
  if (step.kind == Step::Open)
    for (ItemId id : point.carried)
      if (items[id].primeAfter == none)
        prime(id, at + 2);
}

void Trial::Walk::after(const Step &step, Moment at) {
  const Selection::At &point = selection.at(step.node);
  for (ItemId id : point.early)
    set(id, at, step.turn);
  for (ItemId id : point.carried)
    while (!queueOf(id).tokens.empty())
      wait(id, at + 1);
  for (ItemId id : point.sets)
    set(id, at + 2, step.turn);
  for (ItemId id : point.primes)
    prime(id, at + 3);
}

std::optional<Miss> Trial::Walk::go() {
  trial.edges.clear();
  for (auto [index, step] : llvm::enumerate(trial.run.steps)) {
    if (step.kind != Step::Close)
      before(step, 4 * Moment(index));
    if (step.kind == Step::Leaf)
      leaf(step, index);
    if (miss)
      return miss;
    if (step.kind != Step::Open)
      after(step, 4 * Moment(index));
    if (miss)
      return miss;
  }
  return miss;
}

Trial::Trial(const Tree &tree, const std::vector<Item> &items, Run run, bool strongFlags)
    : tree(tree), items(items), run(std::move(run)), strongFlags(strongFlags) {}

std::optional<Miss> Trial::firstMiss(const Selection &selection) {
  return Walk(*this, selection).go();
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

/// Pipes take one access after the other, and its bytes are there some cycles later; flags cost
/// nothing but the wait (sync 13.6).
static constexpr uint64_t resultLatency = 16;

static Balanced latest(const Balanced &a, const Balanced &b) {
  Balanced result;
  for (unsigned i = 0; i < result.size(); ++i)
    result[i] = std::max(a[i], b[i]);
  return result;
}

uint64_t Trial::time(const Selection &selection, llvm::ArrayRef<Balanced> cycles, uint64_t limit,
                     llvm::BitVector *holding) const {
  struct Queue {
    Balanced free{}, complete{};
  };
  std::array<Queue, numPipes> queues;
  std::vector<llvm::SmallVector<Balanced, 4>> tokens(selection.numbersEnd());
  std::vector<Balanced> flags(run.flags);
  Balanced dispatch{}, end{};
  auto sum = [&] { return std::accumulate(end.begin(), end.end(), uint64_t(0)); };
  auto on = [&](Pipe pipe, auto act) {
    Queue &queue = queues[unsigned(pipe)];
    act(queue, latest(dispatch, queue.free));
    if (pipe == Pipe::S)
      dispatch = latest(dispatch, queue.free);
    end = latest(end, latest(queue.free, queue.complete));
  };
  auto barrier = [&](Pipe pipe) {
    bool isHolding = pipe == Pipe::ALL;
    if (pipe != Pipe::ALL)
      on(pipe, [&](Queue &queue, const Balanced &start) {
        queue.free = latest(start, queue.complete);
        isHolding = queue.free != start;
      });
    else
      for (const Queue &queue : queues)
        dispatch = latest(dispatch, queue.complete);
    return isHolding;
  };
  auto setOn = [&](Pipe pipe, Balanced &token) {
    on(pipe, [&](Queue &queue, const Balanced &start) { token = latest(start, queue.complete); });
  };
  auto waitOn = [&](Pipe pipe, const Balanced &token) {
    bool isHolding = false;
    on(pipe, [&](Queue &queue, const Balanced &start) {
      queue.free = latest(start, token);
      isHolding = queue.free != start;
    });
    return isHolding;
  };
  auto tokensOf = [&](ItemId id) -> auto & { return tokens[selection.numberOf(id)]; };
  auto set = [&](ItemId id) { setOn(items[id].from, tokensOf(id).emplace_back()); };
  auto prime = [&](ItemId id) {
    for (int64_t m = 0; m < items[id].delay; ++m)
      set(id);
  };
  auto wait = [&](ItemId id) {
    auto &queue = tokensOf(id);
    if (waitOn(items[id].to, queue.front()) && holding)
      holding->set(id);
    queue.erase(queue.begin());
  };
  std::vector<Balanced> complete(run.steps.size()); ///< by step of an access
  auto access = [&](size_t index, NodeId node, Pipe pipe) {
    on(pipe, [&](Queue &queue, const Balanced &earliest) {
      Balanced start = earliest;
      for (uint32_t i = run.firstNeed[index]; i < run.firstNeed[index + 1]; ++i)
        start = latest(start, complete[run.needs[i].source]);
      for (unsigned i = 0; i < start.size(); ++i) {
        queue.free[i] = start[i] + cycles[node][i];
        queue.complete[i] = queue.free[i] + (pipe == Pipe::S ? 0 : resultLatency);
      }
      complete[index] = queue.complete;
    });
  };
  for (auto [index, step] : llvm::enumerate(run.steps)) {
    const Node &node = tree.program[step.node];
    const Selection::At &point = selection.at(step.node);
    if (step.kind != Step::Close) {
      llvm::for_each(point.waits, wait);
      for (ItemId id : point.barriers)
        if (barrier(items[id].from) && holding)
          holding->set(id);
      if (step.kind == Step::Open)
        for (ItemId id : point.carried)
          if (items[id].primeAfter == none)
            prime(id);
    }
    if (step.kind == Step::Leaf) {
      if (node.kind == NodeKind::Access)
        access(index, step.node, node.pipe);
      else if (node.kind == NodeKind::Barrier)
        barrier(node.pipe);
      else if (node.kind == NodeKind::Set)
        setOn(node.key.from, flags[step.flag]);
      else if (node.kind == NodeKind::Wait)
        waitOn(node.key.to, flags[step.flag]);
    }
    if (step.kind == Step::Open)
      continue;
    if (sum() > limit)
      break;
    llvm::for_each(point.early, set);
    for (ItemId id : point.carried)
      while (!tokensOf(id).empty())
        wait(id);
    llvm::for_each(point.sets, set);
    llvm::for_each(point.primes, prime);
  }
  return sum();
}
