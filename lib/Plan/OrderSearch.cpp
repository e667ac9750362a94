//===- OrderSearch.cpp - Proves that there is no placement -----------------===//
//
// The same question as Search.cpp, asked differently: of two items that are live together one lies
// below the other; which? Every item has a window [early, late) that it has to lie in. Windows
// shrink by what the decided pairs and the cliques of Arena imply; an empty window refutes the
// decisions. Good at showing that nothing fits, where the search over sequences is good at finding
// what fits.
//
//===----------------------------------------------------------------------===//

#include "Arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

namespace {

class OrderSearch {
public:
  OrderSearch(const Arena &arena, const Conflicts &conflicts, llvm::ArrayRef<ItemId> group,
              uint64_t &steps)
      : arena(arena), group(group), steps(steps), window(arena.items.size()),
        pairsOf(arena.items.size()), cliquesOf(arena.items.size()),
        itemIsTouched(arena.items.size()) {
    std::vector<ItemId> members(group.begin(), group.end());
    for (ItemId id : group) {
      window[id] = {0, llvm::alignDown(arena.capacity - sizeOf(id), alignmentOf(id)) + sizeOf(id)};
      for (ItemId other : conflicts.of(id)) {
        if (std::optional<uint64_t> at = arena.items[other].fixed) {
          window[other] = {*at, *at + sizeOf(other)};
          members.push_back(other);
        }
        if (arena.items[other].fixed || id < other)
          pairs.push_back({id, other});
      }
    }
    llvm::sort(members);
    members.erase(llvm::unique(members), members.end());
    cliques = maximalCliques(arena, members);
    cliqueIsTouched.resize(cliques.size());
    for (uint32_t index = 0; index < pairs.size(); ++index)
      for (ItemId id : {pairs[index].a, pairs[index].b})
        pairsOf[id].push_back(index);
    for (uint32_t index = 0; index < cliques.size(); ++index)
      for (ItemId id : cliques[index])
        cliquesOf[id].push_back(index);
    llvm::for_each(members, [&](ItemId id) { touch(id); });
  }

  SearchOutcome run(Addresses &address) {
    orderTwins();
    SearchOutcome outcome = decide();
    if (outcome == SearchOutcome::Found)
      for (ItemId id : group)
        address[id] = window[id].early;
    return outcome;
  }

private:
  /// Bytes [early, late): both bounds are reached by some aligned address.
  struct Window {
    uint64_t early = 0, late = 0;
  };
  struct Pair {
    ItemId a, b;
    enum : uint8_t { Open, ABelow, BBelow } order = Open;
  };
  /// A change to take back: of a pair's order or of a window.
  struct Undo {
    bool isPair;
    uint32_t index;
    Window window;
  };

  uint64_t sizeOf(ItemId id) const { return arena.items[id].size; }
  uint64_t alignmentOf(ItemId id) const { return arena.items[id].alignment; }

  //===--------------------------------------------------------------------===//
  // Changes
  //===--------------------------------------------------------------------===//

  bool raise(ItemId id, uint64_t early) {
    if (early <= window[id].early)
      return true;
    trail.push_back({false, id, window[id]});
    window[id].early = llvm::alignTo(early, alignmentOf(id));
    touch(id);
    return window[id].early + sizeOf(id) <= window[id].late;
  }

  bool lower(ItemId id, uint64_t late) {
    if (late >= window[id].late)
      return true;
    if (late < sizeOf(id))
      return false;
    trail.push_back({false, id, window[id]});
    window[id].late = llvm::alignDown(late - sizeOf(id), alignmentOf(id)) + sizeOf(id);
    touch(id);
    return window[id].early + sizeOf(id) <= window[id].late;
  }

  void order(uint32_t index, bool aBelow) {
    trail.push_back({true, index, {}});
    pairs[index].order = aBelow ? Pair::ABelow : Pair::BBelow;
    touch(pairs[index].a);
  }

  void takeBack(size_t mark) {
    for (; trail.size() > mark; trail.pop_back()) {
      const Undo &undo = trail.back();
      if (undo.isPair)
        pairs[undo.index].order = Pair::Open;
      else
        window[undo.index] = undo.window;
    }
  }

  //===--------------------------------------------------------------------===//
  // Consequences
  //===--------------------------------------------------------------------===//

  bool canLieBelow(ItemId low, ItemId high) const {
    return window[low].early + sizeOf(low) + sizeOf(high) <= window[high].late;
  }

  bool imply(uint32_t index) {
    const Pair &pair = pairs[index];
    if (pair.order == Pair::Open) {
      bool ab = canLieBelow(pair.a, pair.b), ba = canLieBelow(pair.b, pair.a);
      if (!ab && !ba)
        return false;
      if (ab && ba)
        return true;
      order(index, ab);
    }
    ItemId low = pair.order == Pair::ABelow ? pair.a : pair.b;
    ItemId high = pair.order == Pair::ABelow ? pair.b : pair.a;
    return raise(high, window[low].early + sizeOf(low)) &&
           lower(low, window[high].late - sizeOf(high));
  }

  /// In a clique all lie apart. If a subset and one more item do not fit below the end of the
  /// subset's windows, the one lies above the subset (edge finding). `upside` does the same for
  /// "below", by reading addresses from the top.
  bool implyClique(llvm::ArrayRef<ItemId> clique, bool upside) {
    struct Member {
      ItemId id;
      uint64_t early, late, size;
    };
    std::vector<Member> members; // a snapshot: windows change on the way
    for (ItemId id : clique) {
      Window w = window[id];
      if (upside)
        w = {arena.capacity - w.late, arena.capacity - w.early};
      members.push_back({id, w.early, w.late, sizeOf(id)});
    }
    llvm::sort(members, [](const Member &x, const Member &y) {
      return x.early != y.early ? x.early > y.early : x.id < y.id;
    });
    for (const Member &last : members) {
      uint64_t sum = 0;
      for (const Member &first : members) {
        if (first.late > last.late)
          continue;
        sum += first.size; // of the subset with windows inside [first.early, last.late)
        if (first.early + sum > last.late)
          return false;
        for (const Member &one : members) {
          bool above =
              one.late > last.late && std::min(first.early, one.early) + sum + one.size > last.late;
          uint64_t bound = first.early + sum;
          if (above && !(upside ? lower(one.id, arena.capacity - bound) : raise(one.id, bound)))
            return false;
        }
      }
    }
    return true;
  }

  void touch(ItemId id) {
    if (!itemIsTouched[id])
      itemIsTouched[id] = true, touchedItems.push_back(id);
  }

  /// Follows all consequences of the touched items. On failure nothing stays touched.
  bool propagate() {
    while (true) {
      bool possible = followPairs();
      if (possible && touchedCliques.empty())
        return true;
      if (!possible || !followCliques()) {
        forgetTouched();
        return false;
      }
    }
  }

  bool followPairs() {
    while (!touchedItems.empty()) {
      ItemId id = touchedItems.back();
      touchedItems.pop_back();
      itemIsTouched[id] = false;
      if (!spend(pairsOf[id].size() + cliquesOf[id].size()))
        return false;
      for (uint32_t clique : cliquesOf[id])
        if (!cliqueIsTouched[clique])
          cliqueIsTouched[clique] = true, touchedCliques.push_back(clique);
      for (uint32_t index : pairsOf[id])
        if (!imply(index))
          return false;
    }
    return true;
  }

  bool followCliques() {
    std::vector<uint32_t> batch;
    std::swap(batch, touchedCliques);
    for (uint32_t index : batch)
      cliqueIsTouched[index] = false;
    return llvm::all_of(batch, [&](uint32_t index) {
      const std::vector<ItemId> &clique = cliques[index];
      return spend(2 * clique.size() * clique.size()) && implyClique(clique, false) &&
             implyClique(clique, true);
    });
  }

  void forgetTouched() {
    for (ItemId id : touchedItems)
      itemIsTouched[id] = false;
    for (uint32_t index : touchedCliques)
      cliqueIsTouched[index] = false;
    touchedItems.clear();
    touchedCliques.clear();
  }

  bool spend(uint64_t cost) {
    exhausted |= steps < cost;
    steps -= exhausted ? 0 : cost;
    return !exhausted;
  }

  //===--------------------------------------------------------------------===//
  // Decisions
  //===--------------------------------------------------------------------===//

  /// Of items of one shape the first goes lowest.
  void orderTwins() {
    for (uint32_t index = 0; index < pairs.size(); ++index) {
      const Item &a = arena.items[pairs[index].a], &b = arena.items[pairs[index].b];
      if (!b.fixed && a.size == b.size && a.alignment == b.alignment && a.live == b.live)
        order(index, true);
    }
  }

  uint64_t slack(ItemId low, ItemId high) const {
    return window[high].late - window[low].early - sizeOf(low) - sizeOf(high);
  }

  SearchOutcome decide() {
    if (!propagate())
      return exhausted ? SearchOutcome::OutOfSteps : SearchOutcome::Impossible;
    // The tightest open pair: there a decision has most consequences.
    uint32_t tightest = none;
    uint64_t least = ~uint64_t(0);
    bool apart = true;
    for (uint32_t index = 0; index < pairs.size(); ++index) {
      const Pair &pair = pairs[index];
      if (pair.order != Pair::Open)
        continue;
      apart &= window[pair.a].early + sizeOf(pair.a) <= window[pair.b].early ||
               window[pair.b].early + sizeOf(pair.b) <= window[pair.a].early;
      uint64_t ab = slack(pair.a, pair.b), ba = slack(pair.b, pair.a);
      uint64_t score = 4 * std::min(ab, ba) + std::max(ab, ba);
      if (score < least)
        least = score, tightest = index;
    }
    if (apart) // every item at its lowest address is a placement
      return SearchOutcome::Found;
    bool aFirst =
        slack(pairs[tightest].a, pairs[tightest].b) >= slack(pairs[tightest].b, pairs[tightest].a);
    for (bool aBelow : {aFirst, !aFirst}) {
      size_t mark = trail.size();
      order(tightest, aBelow);
      SearchOutcome outcome = decide();
      if (outcome != SearchOutcome::Impossible)
        return outcome;
      takeBack(mark);
    }
    return SearchOutcome::Impossible;
  }

  const Arena &arena;
  llvm::ArrayRef<ItemId> group;
  uint64_t &steps;
  std::vector<Window> window; ///< by ItemId
  std::vector<Pair> pairs;
  std::vector<std::vector<ItemId>> cliques;
  std::vector<Undo> trail;
  bool exhausted = false;
  // Work to do: items whose window or order changed, cliques that hold one of them.
  std::vector<std::vector<uint32_t>> pairsOf, cliquesOf; ///< by ItemId
  std::vector<bool> itemIsTouched, cliqueIsTouched;
  std::vector<ItemId> touchedItems;
  std::vector<uint32_t> touchedCliques;
};

} // namespace

SearchOutcome pto::plan::searchOrders(const Arena &arena, const Conflicts &conflicts,
                                      llvm::ArrayRef<ItemId> group, uint64_t &steps,
                                      Addresses &address) {
  return OrderSearch(arena, conflicts, group, steps).run(address);
}
