//===- FirstFit.cpp - Placement without backtracking -----------------------===//

#include "Arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

namespace {

using Span = std::pair<uint64_t, uint64_t>; ///< bytes [first, second)

/// The lowest place for `item` outside `taken`, which it sorts.
uint64_t firstGap(const Item &item, std::vector<Span> &taken) {
  llvm::sort(taken);
  uint64_t place = 0;
  for (const Span &span : taken) {
    if (place + item.size <= span.first)
      break;
    place = std::max(place, llvm::alignTo(span.second, item.alignment));
  }
  return place;
}

class FirstFit {
public:
  FirstFit(const Arena &arena, const Conflicts &conflicts, llvm::ArrayRef<ItemId> group)
      : arena(arena), conflicts(conflicts), group(group.begin(), group.end()),
        placed(arena.items.size()), place(arena.items.size()) {
    for (ItemId id : arena.fixed)
      placed[id] = true, place[id] = *arena.items[id].fixed;
  }

  uint64_t run(Addresses &address) {
    uint64_t best = ~uint64_t(0);
    for (const std::vector<uint64_t> &weight : weights()) {
      std::vector<ItemId> order = group;
      llvm::sort(order, [&](ItemId a, ItemId b) {
        return weight[a] != weight[b] ? weight[a] > weight[b] : a < b;
      });
      // What an order could not place goes first in the next round: it is what the order
      // underrates. A few rounds catch most; the exact search catches the rest.
      for (unsigned round = 0; round < 6; ++round) {
        uint64_t peak = placeAll(order);
        best = std::min(best, peak);
        if (peak <= arena.capacity) {
          for (ItemId id : group)
            address[id] = place[id];
          return best;
        }
        bringForwardMisfits(order);
      }
    }
    return best;
  }

private:
  /// One weight per order and item, heaviest first.
  std::vector<std::vector<uint64_t>> weights() const {
    std::vector<std::vector<uint64_t>> result(5, std::vector<uint64_t>(arena.items.size()));
    for (ItemId id : group) {
      const Item &item = arena.items[id];
      uint64_t length = item.length(), around = item.size;
      for (ItemId other : conflicts.of(id))
        around += arena.items[other].size;
      result[0][id] = item.size;
      result[1][id] = item.size * length;
      result[2][id] = item.live.empty() ? 0 : ~0u - item.live.front().begin; // earliest first
      result[3][id] = around;
      result[4][id] = length;
    }
    return result;
  }

  void bringForwardMisfits(std::vector<ItemId> &order) {
    std::vector<ItemId> misfits, others;
    for (ItemId id : order) {
      bool fits = place[id] + arena.items[id].size <= arena.capacity;
      (fits ? others : misfits).push_back(id);
    }
    llvm::append_range(misfits, others);
    order = std::move(misfits);
  }

  uint64_t placeAll(llvm::ArrayRef<ItemId> order) {
    for (ItemId id : order)
      placed[id] = false;
    uint64_t peak = 0;
    for (ItemId id : order) {
      taken.clear();
      for (ItemId other : conflicts.of(id))
        if (placed[other])
          taken.emplace_back(place[other], place[other] + arena.items[other].size);
      place[id] = firstGap(arena.items[id], taken);
      placed[id] = true;
      peak = std::max(peak, place[id] + arena.items[id].size);
    }
    return peak;
  }

  const Arena &arena;
  const Conflicts &conflicts;
  std::vector<ItemId> group;
  std::vector<bool> placed;
  Addresses place;
  std::vector<Span> taken;
};

} // namespace

bool pto::plan::placeWithoutSharing(const Arena &arena, Addresses &address) {
  std::vector<Span> taken;
  for (ItemId id : arena.fixed)
    taken.emplace_back(*arena.items[id].fixed, *arena.items[id].fixed + arena.items[id].size);
  llvm::sort(taken);
  uint64_t place = 0;
  auto next = taken.begin();
  for (ItemId id : arena.movable) {
    const Item &item = arena.items[id];
    place = llvm::alignTo(place, item.alignment);
    for (; next != taken.end() && place + item.size > next->first; ++next)
      place = std::max(place, llvm::alignTo(next->second, item.alignment));
    if (place + item.size > arena.capacity)
      return false;
    address[id] = place;
    place += item.size;
  }
  return true;
}

uint64_t pto::plan::placeFirstFit(const Arena &arena, const Conflicts &conflicts,
                                  llvm::ArrayRef<ItemId> group, Addresses &address) {
  return FirstFit(arena, conflicts, group).run(address);
}
