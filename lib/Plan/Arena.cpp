//===- Arena.cpp - One memory, prepared for the solvers --------------------===//

#include "Arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <map>

using namespace pto;
using namespace pto::plan;
using llvm::Twine;

namespace {

LiveRange normalised(LiveRange range) {
  llvm::erase_if(range, [](Interval i) { return i.begin >= i.end; });
  llvm::sort(range, [](Interval a, Interval b) { return a.begin < b.begin; });
  LiveRange merged;
  for (Interval i : range) {
    if (!merged.empty() && i.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, i.end);
    else
      merged.push_back(i);
  }
  return merged;
}

/// A begin or an end of an interval. Ends sort before begins at one position: intervals are half
/// open, so touching ones never meet.
struct Event {
  uint32_t position;
  bool begins;
  ItemId item;
  bool operator<(const Event &o) const {
    return std::tie(position, begins, item) < std::tie(o.position, o.begins, o.item);
  }
};

std::vector<Event> eventsOf(const Arena &arena, llvm::ArrayRef<ItemId> items) {
  std::vector<Event> events;
  for (ItemId id : items)
    for (Interval i : arena.items[id].live) {
      events.push_back({i.begin, true, id});
      events.push_back({i.end, false, id});
    }
  llvm::sort(events);
  return events;
}

//===----------------------------------------------------------------------===//
// Reading the problem
//===----------------------------------------------------------------------===//

class Builder {
public:
  Builder(const Problem &problem, Space space, std::vector<Failure> &failures)
      : problem(problem), failures(failures), granule(alignment(space)) {
    arena.space = space;
    arena.capacity = problem.capacity[unsigned(space)];
  }

  Arena build() {
    if (arena.capacity % granule)
      fail(Failure::Malformed, none, none,
           "a capacity of " + Twine(arena.capacity) + " bytes is no multiple of " + Twine(granule));
    for (BufferId b = 0; b < problem.buffers.size(); ++b)
      if (problem.buffers[b].space == arena.space)
        addBuffer(b);
    for (uint32_t w = 0; w < problem.windows.size(); ++w)
      if (problem.windows[w].space == arena.space)
        addWindow(w);
    checkFixed();
    return std::move(arena);
  }

private:
  void fail(Failure::Kind kind, BufferId buffer, uint32_t window, const Twine &text,
            BufferId other = none) {
    Failure failure;
    failure.kind = kind;
    failure.space = arena.space;
    failure.text = text.str();
    failure.buffer = buffer;
    failure.other = other;
    failure.window = window;
    failures.push_back(std::move(failure));
  }

  /// The size of a buffer may come straight from user input: refuse what would wrap around.
  bool sizeIsSane(const Buffer &buffer) {
    constexpr uint64_t most = uint64_t(1) << 40;
    return buffer.bytes && buffer.slots && buffer.bytes <= most && buffer.slots <= (1u << 20);
  }

  void addBuffer(BufferId id) {
    const Buffer &buffer = problem.buffers[id];
    if (arena.space == Space::GM)
      return fail(Failure::Malformed, id, none, "global memory is not planned");
    if (!sizeIsSane(buffer))
      return fail(Failure::Malformed, id, none,
                  "a size of " + Twine(buffer.slots) + " x " + Twine(buffer.bytes) + " bytes");
    if (buffer.alignment && !llvm::isPowerOf2_64(buffer.alignment))
      return fail(Failure::Malformed, id, none,
                  "an alignment of " + Twine(buffer.alignment) + " is no power of two");
    Item item;
    item.size = llvm::alignTo(spanOf(buffer), granule);
    item.alignment = alignmentOf(buffer);
    item.live = normalised(buffer.live);
    item.buffer = id;
    item.fixed = buffer.pinned;
    if (item.fixed && !pinIsLegal(id, item))
      return;
    add(std::move(item));
  }

  bool pinIsLegal(BufferId id, const Item &item) {
    if (*item.fixed % item.alignment) { // P1
      fail(Failure::BadPin, id, none,
           "the address " + Twine(*item.fixed) + " is no multiple of " + Twine(item.alignment));
      return false;
    }
    if (item.size > arena.capacity || *item.fixed > arena.capacity - item.size) { // P2
      fail(Failure::BadPin, id, none,
           Twine(item.size) + " bytes at address " + Twine(*item.fixed) + " end above the " +
               Twine(arena.capacity) + " bytes of " + name(arena.space));
      return false;
    }
    return true;
  }

  void addWindow(uint32_t id) {
    const Window &window = problem.windows[id];
    bool aligned = window.address % granule == 0 && window.bytes % granule == 0;
    bool inside = window.bytes && window.bytes <= arena.capacity &&
                  window.address <= arena.capacity - window.bytes;
    if (!aligned || !inside)
      return fail(Failure::Malformed, none, id,
                  "a window of " + Twine(window.bytes) + " bytes at " + Twine(window.address) +
                      (aligned ? " does not lie inside " : " is not aligned in ") +
                      name(arena.space));
    Item item;
    item.size = window.bytes;
    item.live = normalised(window.live);
    if (window.live.empty())
      item.live = {{0, ~0u}};
    item.window = id;
    item.fixed = window.address;
    add(std::move(item));
  }

  void add(Item item) {
    auto id = ItemId(arena.items.size());
    (item.fixed ? arena.fixed : arena.movable).push_back(id);
    arena.items.push_back(std::move(item));
  }

  /// P3 and P4 among what cannot move: a sweep over positions that keeps the live items sorted by
  /// address, so that only neighbours need a look.
  void checkFixed() {
    std::map<uint64_t, ItemId> live;
    std::vector<bool> reported(arena.items.size());
    for (const Event &event : eventsOf(arena, arena.fixed)) {
      const Item &item = arena.items[event.item];
      auto at = live.lower_bound(*item.fixed);
      if (!event.begins) {
        if (at != live.end() && at->second == event.item)
          live.erase(at);
        continue;
      }
      ItemId other = none;
      if (at != live.end() && at->first < *item.fixed + item.size)
        other = at->second;
      else if (at != live.begin() && endOf(std::prev(at)->second) > *item.fixed)
        other = std::prev(at)->second;
      if (other == none)
        live.emplace(*item.fixed, event.item);
      else if (!reported[event.item])
        collide(event.item, other), reported[event.item] = true;
    }
  }

  uint64_t endOf(ItemId id) const { return *arena.items[id].fixed + arena.items[id].size; }

  void collide(ItemId a, ItemId b) {
    const Item *x = &arena.items[a], *y = &arena.items[b];
    if (x->buffer == none)
      std::swap(x, y);
    if (x->buffer == none)
      return fail(Failure::Malformed, none, x->window,
                  "the window overlaps the window '" + Twine(problem.windows[y->window].name) +
                      "'");
    llvm::StringRef other =
        y->buffer != none ? problem.buffers[y->buffer].name : problem.windows[y->window].name;
    fail(Failure::BadPin, x->buffer, y->window,
         "the address " + Twine(*x->fixed) + " lies over " +
             (y->buffer != none ? "the live buffer '" : "the window '") + other + "' at " +
             Twine(*y->fixed),
         y->buffer);
  }

  const Problem &problem;
  std::vector<Failure> &failures;
  const uint64_t granule;
  Arena arena;
};

} // namespace

uint64_t Item::length() const {
  uint64_t sum = 0;
  for (Interval i : live)
    sum += i.end - i.begin;
  return sum;
}

Arena pto::plan::buildArena(const Problem &problem, Space space, std::vector<Failure> &failures) {
  return Builder(problem, space, failures).build();
}

//===----------------------------------------------------------------------===//
// Who is live with whom
//===----------------------------------------------------------------------===//

Worst pto::plan::worstPosition(const Arena &arena, llvm::ArrayRef<ItemId> items) {
  Worst worst;
  uint64_t bytes = 0;
  for (const Event &event : eventsOf(arena, items)) {
    uint64_t size = arena.items[event.item].size;
    bytes = event.begins ? bytes + size : bytes - size;
    if (bytes > worst.bytes)
      worst = {bytes, event.position};
  }
  return worst;
}

std::vector<std::vector<ItemId>> pto::plan::maximalCliques(const Arena &arena,
                                                           llvm::ArrayRef<ItemId> items) {
  std::vector<std::vector<ItemId>> cliques;
  std::vector<ItemId> live;
  bool grown = false; // an end after a begin: the set before it is contained in no neighbour
  for (const Event &event : eventsOf(arena, items)) {
    if (event.begins) {
      live.push_back(event.item);
      grown = true;
      continue;
    }
    if (grown)
      cliques.push_back(live);
    grown = false;
    live.erase(llvm::find(live, event.item));
  }
  return cliques;
}

Conflicts::Conflicts(const Arena &arena) : lists(arena.items.size()) {
  std::vector<ItemId> all(arena.items.size());
  for (ItemId i = 0; i < all.size(); ++i)
    all[i] = i;
  std::vector<ItemId> live;
  for (const Event &event : eventsOf(arena, all)) {
    if (!event.begins) {
      live.erase(llvm::find(live, event.item));
      continue;
    }
    for (ItemId other : live) {
      lists[other].push_back(event.item);
      lists[event.item].push_back(other);
    }
    live.push_back(event.item);
  }
  for (std::vector<ItemId> &list : lists) {
    llvm::sort(list);
    list.erase(llvm::unique(list), list.end());
  }
}

std::vector<std::vector<ItemId>> pto::plan::components(const Arena &arena,
                                                       const Conflicts &conflicts) {
  std::vector<std::vector<ItemId>> groups;
  std::vector<bool> seen(arena.items.size());
  for (ItemId id : arena.fixed)
    seen[id] = true; // what cannot move carries no influence
  for (ItemId root : arena.movable) {
    if (seen[root])
      continue;
    std::vector<ItemId> group{root};
    seen[root] = true;
    for (size_t next = 0; next < group.size(); ++next)
      for (ItemId other : conflicts.of(group[next]))
        if (!seen[other])
          seen[other] = true, group.push_back(other);
    llvm::sort(group);
    groups.push_back(std::move(group));
  }
  return groups;
}
