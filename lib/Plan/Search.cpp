//===- Search.cpp - Exact placement ----------------------------------------===//
//
// Branch and bound for "does the group fit below the capacity?".
//
// Canonical placements. Push every item of a plan down as far as the items below it allow, again
// and again: the sum of addresses falls, so this ends, and in the end each item lies at its floor,
// the lowest place above all lower items that are live with it. Sorted by (address, rank) such a
// plan is a sequence in which addresses never fall. The search builds exactly these sequences.
//
// Cuts, all of which keep at least one canonical plan if there is a plan:
//   - an open item would end above the capacity, from its floor or from the last address;
//   - in some section of the line of positions the bytes still to place do not fit above what is
//     placed (addresses never fall);
//   - the chosen item would start at or above the end of an open one at its floor: that one could
//     slide below, so the sequence is not canonical;
//   - an open item whose floor lies below the last address, and nothing open can raise it.
//
//===----------------------------------------------------------------------===//

#include "Arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

namespace {

using Span = std::pair<uint64_t, uint64_t>; ///< bytes [first, second)

class Search {
public:
  Search(const Arena &arena, const Conflicts &conflicts, llvm::ArrayRef<ItemId> order)
      : arena(arena), order(order.begin(), order.end()), nodes(order.size()) {
    std::vector<uint32_t> rank(arena.items.size(), none);
    for (uint32_t r = 0; r < order.size(); ++r)
      rank[order[r]] = r;
    std::vector<ItemId> fixed;
    for (uint32_t r = 0; r < order.size(); ++r)
      addNode(r, conflicts, rank, fixed);
    llvm::sort(fixed);
    fixed.erase(llvm::unique(fixed), fixed.end());
    buildSections(fixed);
    open.resize(order.size());
    for (uint32_t r = 0; r < order.size(); ++r)
      open[r] = r;
  }

  SearchOutcome run(uint64_t &budget) {
    steps = budget;
    bool found = descend(0, none);
    budget = steps;
    return found       ? SearchOutcome::Found
           : exhausted ? SearchOutcome::OutOfSteps
                       : SearchOutcome::Impossible;
  }

  void store(Addresses &address) const {
    for (uint32_t r = 0; r < order.size(); ++r)
      address[order[r]] = nodes[r].place;
  }

private:
  struct Node {
    uint64_t size, alignment;
    uint64_t top = 0; ///< end of the highest placed item that is live with it
    uint64_t place = 0;
    uint32_t openConflicts = 0;
    std::vector<uint32_t> conflicts;
    std::vector<Span> fixed;        ///< fixed items live with it, by address
    std::vector<Interval> sections; ///< as ranges of section numbers
  };
  /// A stretch of the line of positions in which the same items are live throughout.
  struct Section {
    uint64_t top = 0, openBytes = 0;
    std::vector<Span> fixed;
  };
  struct Choice {
    uint64_t place;
    uint32_t rank;
    bool operator<(const Choice &o) const {
      return std::tie(place, rank) < std::tie(o.place, o.rank);
    }
  };

  void addNode(uint32_t r, const Conflicts &conflicts, llvm::ArrayRef<uint32_t> rank,
               std::vector<ItemId> &fixed) {
    const Item &item = arena.items[order[r]];
    Node &node = nodes[r];
    node.size = item.size;
    node.alignment = item.alignment;
    for (ItemId other : conflicts.of(order[r])) {
      if (rank[other] != none) {
        node.conflicts.push_back(rank[other]);
        ++node.openConflicts;
      } else if (arena.items[other].fixed) {
        uint64_t at = *arena.items[other].fixed;
        node.fixed.emplace_back(at, at + arena.items[other].size);
        fixed.push_back(other);
      }
    }
    llvm::sort(node.fixed);
  }

  void buildSections(llvm::ArrayRef<ItemId> fixed) {
    std::vector<uint32_t> cuts;
    auto addCuts = [&](ItemId id) {
      for (Interval i : arena.items[id].live)
        cuts.push_back(i.begin), cuts.push_back(i.end);
    };
    llvm::for_each(order, addCuts);
    llvm::for_each(fixed, addCuts);
    llvm::sort(cuts);
    cuts.erase(llvm::unique(cuts), cuts.end());
    auto numberOf = [&](uint32_t position) {
      return uint32_t(llvm::lower_bound(cuts, position) - cuts.begin());
    };
    sections.resize(cuts.size());
    for (uint32_t r = 0; r < order.size(); ++r)
      for (Interval i : arena.items[order[r]].live) {
        Interval range{numberOf(i.begin), numberOf(i.end)};
        nodes[r].sections.push_back(range);
        for (uint32_t s = range.begin; s < range.end; ++s)
          sections[s].openBytes += nodes[r].size;
      }
    for (ItemId id : fixed)
      for (Interval i : arena.items[id].live)
        for (uint32_t s = numberOf(i.begin); s < numberOf(i.end); ++s)
          sections[s].fixed.emplace_back(*arena.items[id].fixed,
                                         *arena.items[id].fixed + arena.items[id].size);
  }

  uint64_t floorOf(const Node &node) const {
    uint64_t place = llvm::alignTo(node.top, node.alignment);
    for (const Span &span : node.fixed) {
      if (place + node.size <= span.first)
        break;
      place = std::max(place, llvm::alignTo(span.second, node.alignment));
    }
    return place;
  }

  bool sectionsFit(uint64_t last) const {
    for (const Section &section : sections) {
      if (!section.openBytes)
        continue;
      uint64_t level = std::max(section.top, last), bytes = level + section.openBytes;
      for (const Span &span : section.fixed)
        bytes += span.second - std::min(span.second, std::max(span.first, level));
      if (bytes > arena.capacity)
        return false;
    }
    return true;
  }

  /// The items that may come next; empty when a cut applies. `bound` is the end of the open item
  /// that could end lowest.
  std::vector<Choice> choices(uint64_t last, uint32_t lastRank) const {
    std::vector<Choice> result;
    uint64_t bound = ~uint64_t(0);
    for (uint32_t r : open) {
      const Node &node = nodes[r];
      uint64_t floor = floorOf(node);
      if (std::max(floor, last) + node.size > arena.capacity)
        return {};
      if (floor < last && node.openConflicts == 0)
        return {};
      bound = std::min(bound, floor + node.size);
      if (floor > last || (floor == last && (lastRank == none || r > lastRank)))
        result.push_back({floor, r});
    }
    llvm::erase_if(result, [&](const Choice &choice) { return choice.place >= bound; });
    llvm::sort(result);
    return result;
  }

  bool descend(uint64_t last, uint32_t lastRank) {
    if (open.empty())
      return true;
    uint64_t cost = open.size() + sections.size();
    if (steps < cost) {
      exhausted = true;
      return false;
    }
    steps -= cost;
    if (!sectionsFit(last))
      return false;
    for (const Choice &choice : choices(last, lastRank)) {
      size_t mark = trail.size();
      put(choice);
      if (descend(choice.place, choice.rank))
        return true;
      takeBack(choice.rank, mark);
      if (exhausted)
        return false;
    }
    return false;
  }

  void set(uint64_t &cell, uint64_t value) {
    trail.emplace_back(&cell, cell);
    cell = value;
  }

  void put(const Choice &choice) {
    Node &node = nodes[choice.rank];
    node.place = choice.place;
    open.erase(llvm::lower_bound(open, choice.rank));
    uint64_t end = choice.place + node.size;
    for (uint32_t other : node.conflicts) {
      set(nodes[other].top, std::max(nodes[other].top, end));
      --nodes[other].openConflicts;
    }
    for (Interval range : node.sections)
      for (uint32_t s = range.begin; s < range.end; ++s) {
        set(sections[s].top, std::max(sections[s].top, end));
        sections[s].openBytes -= node.size;
      }
  }

  void takeBack(uint32_t rank, size_t mark) {
    Node &node = nodes[rank];
    for (; trail.size() > mark; trail.pop_back())
      *trail.back().first = trail.back().second;
    for (uint32_t other : node.conflicts)
      ++nodes[other].openConflicts;
    for (Interval range : node.sections)
      for (uint32_t s = range.begin; s < range.end; ++s)
        sections[s].openBytes += node.size;
    open.insert(llvm::lower_bound(open, rank), rank);
  }

  const Arena &arena;
  std::vector<ItemId> order;
  std::vector<Node> nodes; ///< by rank: position in `order`
  std::vector<Section> sections;
  std::vector<uint32_t> open; ///< ranks, ascending
  std::vector<std::pair<uint64_t *, uint64_t>> trail;
  uint64_t steps = 0;
  bool exhausted = false;
};

std::vector<ItemId> sortedBy(llvm::ArrayRef<ItemId> group,
                             llvm::function_ref<uint64_t(ItemId)> weight) {
  std::vector<ItemId> order(group.begin(), group.end());
  llvm::sort(order, [&](ItemId a, ItemId b) {
    uint64_t x = weight(a), y = weight(b);
    return x != y ? x > y : a < b;
  });
  return order;
}

} // namespace

SearchOutcome pto::plan::placeBySearch(const Arena &arena, const Conflicts &conflicts,
                                       llvm::ArrayRef<ItemId> group, uint64_t &steps,
                                       Addresses &address) {
  const std::vector<Item> &items = arena.items;
  std::vector<ItemId> orders[] = {
      sortedBy(group, [&](ItemId id) { return items[id].size * items[id].length(); }),
      sortedBy(group, [&](ItemId id) { return items[id].length(); }),
      sortedBy(group, [&](ItemId id) { return items[id].size; })};
  // Orders differ by powers of ten in the steps that they need, and nobody knows which is the lucky
  // one: try each briefly before trusting one for long.
  for (uint64_t parts : {48, 3})
    for (size_t o = 0; o < std::size(orders); ++o) {
      uint64_t share = steps / (parts == 3 ? std::size(orders) - o : parts), left = share;
      Search search(arena, conflicts, orders[o]);
      SearchOutcome outcome = search.run(left);
      steps -= share - left;
      if (outcome == SearchOutcome::Found)
        search.store(address);
      if (outcome != SearchOutcome::OutOfSteps)
        return outcome;
    }
  return SearchOutcome::OutOfSteps;
}
