//===- Exact.cpp - The provably best synchronisation of small programs -----===//

#include "ExactMaster.h"
#include "ExactUniverse.h"
#include "Oracle.h"
#include "ptoas/Sync/Check.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

//===----------------------------------------------------------------------===//
// Prices
//===----------------------------------------------------------------------===//

uint64_t judge::durationOf(const Program &program, NodeId access) {
  return program[access].pipe == Pipe::S ? 2 : Random(access).pick({20, 40, 80, 160});
}

uint64_t judge::modelledTime(const Program &program, const Trace &trace, Halved halved,
                             const Orders &orders) {
  auto cycles = [&](const Event &event) {
    bool isGlobal = event.pipe == Pipe::MTE2 || event.pipe == Pipe::MTE3 || event.pipe == Pipe::FIX;
    bool isHalf = halved == (isGlobal ? Halved::GlobalMoves : Halved::Others);
    return durationOf(program, event.node) / (isHalf ? 2 : 1);
  };
  struct Queue {
    uint64_t free = 0;     ///< when its next instruction can start
    uint64_t complete = 0; ///< when the bytes of all earlier ones are there
  };
  std::array<Queue, numPipes> queues;
  std::vector<uint64_t> tokens(trace.flags.size(), 0);
  std::vector<uint64_t> complete; ///< by number of the access
  uint64_t dispatch = 0, end = 0;
  for (const Event &event : trace.events) {
    if (event.kind == Event::Barrier && event.pipe == Pipe::ALL) {
      for (Queue &queue : queues)
        dispatch = std::max(dispatch, queue.complete);
      continue;
    }
    Queue &queue = queues[unsigned(event.pipe)];
    uint64_t start = std::max(dispatch, queue.free);
    switch (event.kind) {
    case Event::Access:
      if (!orders.empty())
        for (uint32_t earlier : orders[complete.size()])
          start = std::max(start, complete[earlier]);
      queue.free = start + cycles(event);
      queue.complete = queue.free + (event.pipe == Pipe::S ? 0 : resultLatency);
      complete.push_back(queue.complete);
      break;
    case Event::Set: // does not hold what comes after it
      tokens[event.flag] = std::max(start, queue.complete);
      break;
    case Event::Wait:
      queue.free = std::max(start, tokens[event.flag]);
      break;
    case Event::Barrier:
      queue.free = std::max(start, queue.complete);
      break;
    default:
      break;
    }
    if (event.pipe == Pipe::S)
      dispatch = std::max(dispatch, queue.free);
    end = std::max({end, queue.free, queue.complete});
  }
  return end;
}

static uint64_t timeOf(const Program &program, const Trace &trace, const Orders &orders = {}) {
  uint64_t sum = 0;
  for (Halved halved : {Halved::None, Halved::GlobalMoves, Halved::Others})
    sum += modelledTime(program, trace, halved, orders);
  return sum;
}

Price judge::priceOf(const Program &program) {
  Price price;
  for (const Trace &trace : measuredPaths(program)) {
    price.time += timeOf(program, trace);
    price.executed += llvm::count_if(trace.events, [](const Event &event) {
      return event.kind == Event::Set || event.kind == Event::Wait || event.kind == Event::Barrier;
    });
  }
  return price;
}

Orders judge::ordersOf(const Program &program, const Trace &trace) {
  std::vector<uint32_t> numbers; ///< by event
  Orders orders;
  for (const Event &event : trace.events) {
    numbers.push_back(orders.size());
    if (event.kind == Event::Access)
      orders.emplace_back();
  }
  for (const Violation &miss : violations(program, trace, false, false))
    if (miss.rule == Rule::C1)
      orders[numbers[miss.event]].push_back(numbers[miss.earlierEvent]);
  return orders;
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

namespace {
class Search {
public:
  Search(const Program &source, unsigned maxDelay);

  std::optional<Optimum> run(Goal goal, const Price &start, unsigned maxRounds, bool *noneAtLimit);

private:
  using Set = llvm::BitVector;

  /// Adds a cut for all that `chosen` misses, and for what it misses with one more item, and so on.
  /// False: it misses nothing.
  bool addCuts(Set chosen);
  std::optional<Violation> firstMiss(Path &path, const Set &chosen);
  /// The same for what only check() misses: orders on paths that were not sampled, and what its
  /// abstraction loses.
  bool addCheckerCut(const Set &chosen);
  /// The items of which one is needed to order the two events: as few as can be.
  llvm::SmallVector<uint32_t, 16> smallestCut(const Path &path, size_t earlier, size_t later,
                                              Set chosen) const;
  std::optional<Price> accepted(const Set &chosen, uint64_t limit);
  /// Forbids the items of `chosen` that together cost more than `limit`.
  void excludeSlow(const Set &chosen, uint64_t limit);
  uint64_t timeWith(const Set &chosen);

  Universe universe;
  std::vector<Path> paths, measured;
  std::vector<Orders> orders; ///< by path that is measured
  std::optional<Pressure> pressure;
  std::optional<Master> master;
  unsigned cuts = 0, checkerCuts = 0, rounds = 0;
};
} // namespace

Search::Search(const Program &source, unsigned maxDelay) : universe(source, maxDelay) {
  for (Trace &trace : sampledPaths(universe.program))
    paths.emplace_back(universe, std::move(trace));
  for (Trace &trace : measuredPaths(universe.program)) {
    measured.emplace_back(universe, std::move(trace));
    measured.back().select(Set(universe.candidates.size()));
    orders.push_back(ordersOf(universe.program, measured.back().trace));
  }
  paths.insert(paths.end(), measured.begin(), measured.end());
  pressure.emplace(universe, measured);
  std::vector<uint64_t> weights;
  for (const Candidate &candidate : universe.candidates)
    weights.push_back(candidate.executed);
  master.emplace(weights);
}

std::optional<Violation> Search::firstMiss(Path &path, const Set &chosen) {
  path.select(chosen);
  std::vector<Violation> found = violations(universe.program, path.trace, true);
  if (found.empty())
    return std::nullopt;
  Violation miss = found.front(); // its places are in what is left; ours in all events
  miss.event = path.kept[miss.event];
  miss.earlierEvent = path.kept[miss.earlierEvent];
  return miss;
}

llvm::SmallVector<uint32_t, 16> Search::smallestCut(const Path &path, size_t earlier, size_t later,
                                                    Set chosen) const {
  Frontier frontier(universe, path, earlier, later);
  llvm::SmallVector<uint32_t, 16> cut = frontier(chosen);
  // All others can be taken as well: they carry nothing across.
  auto takeAllBut = [&](llvm::ArrayRef<uint32_t> items) {
    chosen.set();
    for (uint32_t item : items)
      chosen.reset(item);
  };
  takeAllBut(cut);
  for (size_t i = 0; i < cut.size();) {
    Set more = chosen;
    more.set(cut[i]);
    llvm::SmallVector<uint32_t, 16> next = frontier(more);
    if (next.empty()) { // this one alone suffices
      ++i;
      continue;
    }
    cut = std::move(next);
    takeAllBut(cut);
    i = 0;
  }
  return cut;
}

bool Search::addCuts(Set chosen) {
  unsigned before = cuts;
  Set useless(chosen.size());
  for (Path &path : paths)
    while (std::optional<Violation> miss = firstMiss(path, chosen)) {
      bool isReuse = miss->rule == Rule::C3; // asked for only by the handoff that uses its id again
      uint32_t condition = isReuse ? universe.candidateOf[miss->later] : none;
      llvm::SmallVector<uint32_t, 16> cut =
          smallestCut(path, miss->earlierEvent, miss->event, chosen);
      master->require(cut, condition);
      ++cuts;
      if (isReuse && cut.empty()) { // this handoff cannot be had at all
        chosen.reset(condition);
        useless.set(condition);
        continue;
      }
      auto rank = [&](uint32_t a) {
        return std::pair(useless[a], universe.candidates[a].executed);
      };
      auto next = llvm::min_element(cut, [&](auto a, auto b) { return rank(a) < rank(b); });
      if (next == cut.end() || useless[*next])
        return true; // no way on from here; the cuts are good all the same
      chosen.set(*next);
    }
  return cuts > before;
}

bool Search::addCheckerCut(const Set &chosen) {
  auto findings = [&](const Set &set) { return check(universe.with(set)).findings; };
  std::vector<Finding> all = findings(chosen);
  auto first = llvm::find_if(all, [](const Finding &finding) { return !finding.warning; });
  if (first == all.end())
    return false;
  Finding miss = *first;
  auto isMissed = [&](const Set &set) {
    return llvm::any_of(findings(set), [&](const Finding &finding) {
      return finding.rule == miss.rule && finding.later == miss.later;
    });
  };
  // More items never lose an order: what does not bring it alone or in halves is let in, the rest
  // is the cut.
  Set grown = chosen;
  llvm::SmallVector<uint32_t, 16> cut;
  auto grow = [&](auto &self, llvm::ArrayRef<uint32_t> items) -> void {
    Set more = grown;
    for (uint32_t item : items)
      more.set(item);
    if (isMissed(more))
      grown = std::move(more);
    else if (items.size() == 1)
      cut.push_back(items[0]);
    else {
      self(self, items.take_front(items.size() / 2));
      self(self, items.drop_front(items.size() / 2));
    }
  };
  std::vector<uint32_t> others;
  for (uint32_t item = 0; item < chosen.size(); ++item)
    if (!chosen[item])
      others.push_back(item);
  grow(grow, others);
  uint32_t condition = miss.rule == Rule::C3 ? universe.candidateOf[miss.later] : none;
  master->require(cut, condition);
  ++checkerCuts;
  return true;
}

/// No set of items that contains these and is right takes less.
uint64_t Search::timeWith(const Set &chosen) {
  uint64_t sum = 0;
  for (auto [path, orders] : llvm::zip(measured, orders)) {
    path.select(chosen);
    sum += timeOf(universe.program, path.trace, orders);
  }
  return sum;
}

void Search::excludeSlow(const Set &chosen, uint64_t limit) {
  // Time grows with the items: what the others leave too slow stays so with anything added. And
  // whatever is added has to keep the orders, so that they may be counted in.
  Set core = chosen;
  for (unsigned item : chosen.set_bits()) {
    core.reset(item);
    if (timeWith(core) <= limit)
      core.set(item);
  }
  llvm::SmallVector<uint32_t, 16> all(core.set_bits_begin(), core.set_bits_end());
  master->exclude(all, timeWith(core), [&](uint32_t item) { return pressure->noFasterThan(item); });
}

/// What a set costs that misses nothing and takes `limit` at most; else the master knows more.
std::optional<Price> Search::accepted(const Set &chosen, uint64_t limit) {
  if (addCuts(chosen))
    return std::nullopt;
  if (timeWith(chosen) > limit) {
    excludeSlow(chosen, limit);
    return std::nullopt;
  }
  if (addCheckerCut(chosen)) // last, for it takes longest
    return std::nullopt;
  return priceOf(universe.with(chosen));
}

std::optional<Optimum> Search::run(Goal goal, const Price &start, unsigned maxRounds,
                                   bool *noneAtLimit) {
  constexpr uint64_t anyTime = ~uint64_t(0);
  uint64_t limit = goal == Goal::Count ? anyTime : start.time;
  // First the least time, then the cheapest set that takes no more.
  while (goal == Goal::TimeThenCount && limit > 0) {
    if (++rounds > maxRounds)
      return std::nullopt;
    std::optional<Set> chosen = master->any(limit - 1);
    if (!chosen)
      break;
    if (std::optional<Price> now = accepted(*chosen, limit - 1))
      limit = now->time;
  }
  while (++rounds <= maxRounds) {
    std::optional<Set> chosen = master->cheapest(limit);
    if (!chosen) {
      if (noneAtLimit)
        *noneAtLimit = true;
      return std::nullopt;
    }
    if (std::optional<Price> now = accepted(*chosen, limit))
      return Optimum{*now,  unsigned(chosen->count()), universe.with(*chosen), cuts, checkerCuts,
                     rounds};
  }
  return std::nullopt;
}

std::optional<Optimum> judge::solveExactly(const Program &program, Goal goal, const Price &start,
                                           unsigned maxDelay, unsigned maxRounds,
                                           bool *noneAtLimit) {
  return Search(program, maxDelay).run(goal, start, maxRounds, noneAtLimit);
}
