//===- Solve.cpp - The ladder from no sharing to exact search --------------===//

#include "Arena.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

namespace {

class ArenaSolver {
public:
  ArenaSolver(const Problem &problem, const Options &options, Arena arena)
      : problem(problem), arena(std::move(arena)), steps(options.searchSteps),
        address(this->arena.items.size()) {
    for (ItemId id : this->arena.fixed)
      address[id] = *this->arena.items[id].fixed;
  }

  void run(Result &result) {
    Usage &usage = result.usage[unsigned(arena.space)];
    std::vector<ItemId> all(arena.items.size());
    for (ItemId id = 0; id < all.size(); ++id) {
      all[id] = id;
      if (arena.items[id].buffer != none)
        usage.total += arena.items[id].size;
    }
    Worst worst = worstPosition(arena, all);
    usage.bound = worst.bytes;
    if (std::optional<Failure> failure = place(usage, worst, all)) {
      result.failures.push_back(std::move(*failure));
      return;
    }
    for (ItemId id = 0; id < all.size(); ++id) {
      const Item &item = arena.items[id];
      if (item.buffer == none)
        continue;
      result.plan.address[item.buffer] = address[id];
      usage.peak = std::max(usage.peak, address[id] + item.size);
    }
  }

private:
  std::optional<Failure> place(Usage &usage, Worst worst, llvm::ArrayRef<ItemId> all) {
    if (arena.movable.empty())
      return std::nullopt;
    usage.method = Method::NoSharing;
    if (placeWithoutSharing(arena, address))
      return std::nullopt;
    // Before the bound: a buffer that nobody accesses counts at no position, yet has to lie
    // somewhere.
    for (ItemId id : arena.movable)
      if (arena.items[id].size > arena.capacity)
        return tooLarge(arena.items[id]);
    if (worst.bytes > arena.capacity)
      return overflow(worst, all, 0, true);
    return placeSharing(usage);
  }

  /// Groups that never meet are placed one by one, each from address 0.
  std::optional<Failure> placeSharing(Usage &usage) {
    usage.method = Method::FirstFit;
    Conflicts conflicts(arena);
    std::optional<Failure> undecided;
    for (const std::vector<ItemId> &group : components(arena, conflicts)) {
      uint64_t best = placeFirstFit(arena, conflicts, group, address);
      if (best <= arena.capacity)
        continue;
      usage.method = Method::Search;
      SearchOutcome outcome = placeBySearch(arena, conflicts, group, steps, address);
      if (outcome == SearchOutcome::Found)
        continue;
      std::vector<ItemId> items = group;
      llvm::append_range(items, arena.fixed);
      bool proven = outcome == SearchOutcome::Impossible;
      Failure failure = overflow(worstPosition(arena, items), items, best, proven);
      if (proven)
        return failure;
      if (!undecided)
        undecided = std::move(failure);
    }
    return undecided;
  }

  Failure tooLarge(const Item &item) {
    Failure failure = overflow({item.size, 0}, {}, 0, true);
    failure.position = item.live.empty() ? 0 : item.live.front().begin;
    failure.live.push_back(item.buffer);
    return failure;
  }

  Failure overflow(Worst worst, llvm::ArrayRef<ItemId> candidates, uint64_t best, bool proven) {
    Failure failure;
    failure.space = arena.space;
    failure.capacity = arena.capacity;
    failure.needed = worst.bytes;
    failure.position = worst.position;
    failure.best = best;
    failure.proven = proven;
    for (ItemId id : candidates) {
      const Item &item = arena.items[id];
      bool live = llvm::any_of(item.live, [&](Interval i) {
        return i.begin <= worst.position && worst.position < i.end;
      });
      if (live && item.buffer != none)
        failure.live.push_back(item.buffer);
      else if (live)
        failure.liveWindows.push_back(item.window);
    }
    llvm::sort(failure.live, [&](BufferId a, BufferId b) {
      uint64_t x = spanOf(problem.buffers[a]), y = spanOf(problem.buffers[b]);
      return x != y ? x > y : a < b;
    });
    return failure;
  }

  const Problem &problem;
  const Arena arena;
  uint64_t steps;
  Addresses address;
};

} // namespace

Result pto::plan::solve(const Problem &problem, const Options &options) {
  Result result;
  result.plan.address.assign(problem.buffers.size(), 0);
  for (unsigned s = 0; s < numSpaces; ++s) {
    size_t before = result.failures.size();
    Arena arena = buildArena(problem, Space(s), result.failures);
    if (result.failures.size() == before)
      ArenaSolver(problem, options, std::move(arena)).run(result);
  }
  return result;
}
