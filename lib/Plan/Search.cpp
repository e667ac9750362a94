//===- Search.cpp - Exact placement ----------------------------------------===//
//
// Branch and bound for "does the group fit below the capacity?".
//
// Canonical placements. Push every item of a plan down as far as the items below it allow, again
// and again: the sum of addresses falls, so this ends, and in the end each item lies at its floor,
// the lowest place above all lower items that are live with it. Sorted by (address, rank) such a
// plan is a sequence in which addresses never fall. The search builds exactly these sequences.
//
// An open item that the sequence has passed (its floor lies below the last address) must be raised
// by another before it can be placed. So whether a state can be completed depends only on the open
// items, each with its release (the higher of floor and last address) and whether it was passed.
// States that failed are remembered by exactly these facts.
//
// Cuts, all of which keep at least one canonical plan if there is a plan:
//   - Clique bound: in each section all open items lie apart, none below its release. Stacked in
//     the order of release they must end below the capacity.
//   - The chosen item would start at or above the end of an open one at its floor: that one could
//     slide below, so the sequence is not canonical.
//   - An item was passed, and nothing open can raise it.
//   - Of items of one shape the first goes lowest.
// When the open items fall apart into parts that never meet, each part is searched alone: without
// this, a dead end on one side of the line would revisit all choices on the other.
//
//===----------------------------------------------------------------------===//

#include "Arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

namespace {

using Span = std::pair<uint64_t, uint64_t>; ///< bytes [first, second)
using Ranks = std::vector<uint32_t>;

class Search {
public:
  Search(const Arena &arena, const Conflicts &conflicts, llvm::ArrayRef<ItemId> order)
      : arena(arena), order(order.begin(), order.end()), nodes(order.size()), state(order.size()) {
    std::vector<uint32_t> rank(arena.items.size(), none);
    for (uint32_t r = 0; r < order.size(); ++r)
      rank[order[r]] = r;
    for (uint32_t r = 0; r < order.size(); ++r)
      addNode(r, conflicts, rank);
    buildSections();
    findTwins();
  }

  SearchOutcome run(uint64_t &budget) {
    steps = budget;
    Ranks all(nodes.size());
    for (uint32_t r = 0; r < all.size(); ++r)
      all[r] = r;
    bool found = descend(all, 0, none);
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
    uint64_t size = 0, alignment = 1;
    uint64_t top = 0; ///< end of the highest placed item that is live with it
    uint64_t place = 0;
    bool placed = false;
    uint32_t openConflicts = 0;
    uint32_t twin = none; ///< the item of the same shape that has to go before it
    Ranks conflicts;
    std::vector<Span> fixed; ///< fixed items live with it, by address
    LiveRange sections;      ///< as ranges of section numbers
  };
  struct Choice {
    uint64_t place;
    uint32_t rank;
    bool operator<(const Choice &o) const {
      return place != o.place ? place < o.place : rank < o.rank;
    }
  };
  struct State {
    uint64_t release = 0;
    bool passed = false;
  };
  /// What `put` changed, to be taken back.
  struct Undo {
    uint32_t rank;
    uint64_t top;
  };

  void addNode(uint32_t r, const Conflicts &conflicts, llvm::ArrayRef<uint32_t> rank) {
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
      }
    }
    llvm::sort(node.fixed);
  }

  /// A section stands for the positions at which one maximal set of items is live: from a begin to
  /// the next end. All other positions see a subset of a neighbour's items.
  void buildSections() {
    std::vector<std::pair<uint32_t, bool>> events; // (position, begins)
    for (ItemId id : order)
      for (Interval i : arena.items[id].live) {
        events.emplace_back(i.begin, true);
        events.emplace_back(i.end, false);
      }
    llvm::sort(events);
    std::vector<uint32_t> starts;
    for (size_t e = 0; e + 1 < events.size(); ++e)
      if (events[e].second && !events[e + 1].second)
        starts.push_back(events[e].first);
    auto numberOf = [&](uint32_t position) {
      return uint32_t(llvm::lower_bound(starts, position) - starts.begin());
    };
    for (uint32_t r = 0; r < order.size(); ++r)
      for (Interval i : arena.items[order[r]].live)
        nodes[r].sections.push_back({numberOf(i.begin), numberOf(i.end)});
    stack.resize(starts.size());
    link.resize(starts.size());
  }

  void findTwins() {
    Ranks byShape(nodes.size());
    for (uint32_t r = 0; r < byShape.size(); ++r)
      byShape[r] = r;
    auto before = [&](uint32_t a, uint32_t b) {
      const Item &x = arena.items[order[a]], &y = arena.items[order[b]];
      if (std::tie(x.size, x.alignment) != std::tie(y.size, y.alignment))
        return std::tie(x.size, x.alignment) < std::tie(y.size, y.alignment);
      auto less = [](Interval i, Interval j) {
        return i.begin != j.begin ? i.begin < j.begin : i.end < j.end;
      };
      return std::lexicographical_compare(x.live.begin(), x.live.end(), y.live.begin(),
                                          y.live.end(), less);
    };
    llvm::sort(byShape,
               [&](uint32_t a, uint32_t b) { return before(a, b) || (!before(b, a) && a < b); });
    for (size_t i = 1; i < byShape.size(); ++i)
      if (!before(byShape[i - 1], byShape[i]))
        nodes[byShape[i]].twin = byShape[i - 1];
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

  /// Fills `state` for the items of `open`.
  void computeStates(const Ranks &open, uint64_t last, uint32_t lastRank) {
    for (uint32_t r : open) {
      uint64_t floor = floorOf(nodes[r]);
      bool passed = floor < last || (floor == last && lastRank != none && r < lastRank);
      state[r] = {std::max(floor, last), passed};
    }
  }

  /// The clique bound over all sections of `open`.
  bool stacksFit(const Ranks &open) {
    byRelease = open;
    llvm::sort(byRelease, [&](uint32_t a, uint32_t b) {
      return state[a].release != state[b].release ? state[a].release < state[b].release : a < b;
    });
    for (uint32_t r : open)
      for (Interval range : nodes[r].sections)
        std::fill(stack.begin() + range.begin, stack.begin() + range.end, 0);
    for (uint32_t r : byRelease) {
      uint64_t size = nodes[r].size, from = state[r].release, most = from + size;
      for (Interval range : nodes[r].sections)
        for (uint32_t s = range.begin; s < range.end; ++s)
          most = std::max(most, stack[s] = std::max(stack[s], from) + size);
      if (most > arena.capacity)
        return false;
    }
    return true;
  }

  std::string keyOf(const Ranks &open) const {
    std::string key;
    key.reserve(open.size() * 12);
    auto append = [&](auto value) {
      key.append(reinterpret_cast<const char *>(&value), sizeof value);
    };
    for (uint32_t r : open) {
      append(r);
      append(state[r].release << 1 | state[r].passed);
    }
    return key;
  }

  /// The parts of `open` that never meet, by their least rank.
  std::vector<Ranks> parts(const Ranks &open) {
    // Union of sections, with the least section as the name of a set.
    auto find = [&](uint32_t s) {
      while (link[s] != s)
        s = link[s] = link[link[s]];
      return s;
    };
    for (uint32_t r : open)
      for (Interval range : nodes[r].sections)
        for (uint32_t s = range.begin; s < range.end; ++s)
          link[s] = s;
    for (uint32_t r : open)
      for (Interval range : nodes[r].sections)
        for (uint32_t s = range.begin; s < range.end; ++s) {
          uint32_t a = find(nodes[r].sections.front().begin), b = find(s);
          link[std::max(a, b)] = std::min(a, b);
        }
    std::vector<std::pair<uint32_t, uint32_t>> tagged; // (set, rank)
    for (uint32_t r : open)
      tagged.emplace_back(find(nodes[r].sections.front().begin), r);
    llvm::sort(tagged);
    std::vector<Ranks> result;
    for (size_t i = 0; i < tagged.size(); ++i) {
      if (i == 0 || tagged[i].first != tagged[i - 1].first)
        result.emplace_back();
      result.back().push_back(tagged[i].second);
    }
    return result;
  }

  /// The items that may come next, in the order to try them; empty when a cut applies.
  std::vector<Choice> choices(const Ranks &open) const {
    std::vector<Choice> result;
    uint64_t bound = ~uint64_t(0); // end of the open item that could end lowest
    for (uint32_t r : open) {
      const Node &node = nodes[r];
      if (state[r].passed) {
        if (node.openConflicts == 0)
          return {};
        continue;
      }
      bound = std::min(bound, state[r].release + node.size);
      if (node.twin == none || nodes[node.twin].placed)
        result.push_back({state[r].release, r});
    }
    llvm::erase_if(result, [&](const Choice &choice) { return choice.place >= bound; });
    llvm::sort(result);
    return result;
  }

  /// Places all of `open` at or above `last`; on failure leaves the state as it was.
  bool descend(const Ranks &open, uint64_t last, uint32_t lastRank) {
    if (open.empty())
      return true;
    uint64_t cost = 0;
    for (uint32_t r : open)
      for (Interval range : nodes[r].sections)
        cost += 2 + range.end - range.begin;
    if (steps < cost) {
      exhausted = true;
      return false;
    }
    steps -= cost;
    computeStates(open, last, lastRank);
    if (!stacksFit(open))
      return false;
    std::string key = keyOf(open);
    if (failed.contains(key))
      return false;
    if (branch(open, last, lastRank))
      return true;
    if (!exhausted && failedBytes < memoryLimit) {
      failedBytes += key.size();
      failed.insert(key);
    }
    return false;
  }

  bool branch(const Ranks &open, uint64_t last, uint32_t lastRank) {
    std::vector<Ranks> groups = parts(open);
    size_t mark = trail.size();
    if (groups.size() > 1) {
      bool all =
          llvm::all_of(groups, [&](const Ranks &group) { return descend(group, last, lastRank); });
      if (!all)
        takeBack(mark);
      return all;
    }
    for (const Choice &choice : choices(open)) {
      put(choice);
      Ranks rest;
      llvm::copy_if(open, std::back_inserter(rest), [&](uint32_t r) { return r != choice.rank; });
      if (descend(rest, choice.place, choice.rank))
        return true;
      takeBack(mark);
      if (exhausted)
        return false;
    }
    return false;
  }

  void put(const Choice &choice) {
    Node &node = nodes[choice.rank];
    node.place = choice.place;
    node.placed = true;
    for (uint32_t other : node.conflicts) {
      trail.push_back({other, nodes[other].top});
      nodes[other].top = std::max(nodes[other].top, choice.place + node.size);
      --nodes[other].openConflicts;
    }
    trail.push_back({choice.rank, none}); // last, so that it is found first
  }

  void takeBack(size_t mark) {
    while (trail.size() > mark) {
      Node &node = nodes[trail.back().rank];
      trail.pop_back();
      node.placed = false;
      for (size_t i = 0; i < node.conflicts.size(); ++i, trail.pop_back()) {
        Node &other = nodes[trail.back().rank];
        other.top = trail.back().top;
        ++other.openConflicts;
      }
    }
  }

  const Arena &arena;
  std::vector<ItemId> order;
  std::vector<Node> nodes; ///< by rank: position in `order`
  std::vector<Undo> trail;
  uint64_t steps = 0;
  bool exhausted = false;
  static constexpr size_t memoryLimit = size_t(1) << 27;
  llvm::StringSet<> failed; ///< keys of states that cannot be completed
  size_t failedBytes = 0;
  // Scratch, by rank and by section.
  std::vector<State> state;
  std::vector<uint64_t> stack;
  Ranks byRelease, link;
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
  // one: try each briefly before trusting one for long. In between, try to prove the contrary.
  auto trySequences = [&](uint64_t share) {
    for (llvm::ArrayRef<ItemId> order : orders) {
      uint64_t left = std::min(share, steps), before = left;
      Search search(arena, conflicts, order);
      SearchOutcome outcome = search.run(left);
      steps -= before - left;
      if (outcome == SearchOutcome::Found)
        search.store(address);
      if (outcome != SearchOutcome::OutOfSteps)
        return outcome;
    }
    return SearchOutcome::OutOfSteps;
  };
  SearchOutcome outcome = trySequences(steps / 50);
  if (outcome != SearchOutcome::OutOfSteps)
    return outcome;
  uint64_t proof = steps * 3 / 4;
  steps -= proof;
  outcome = searchOrders(arena, conflicts, group, proof, address);
  steps += proof;
  return outcome != SearchOutcome::OutOfSteps ? outcome : trySequences(steps / std::size(orders));
}
