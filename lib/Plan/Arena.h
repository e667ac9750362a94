//===- Arena.h - One memory, prepared for the solvers -----------*- C++ -*-===//
//
// Buffers and windows of one memory in one shape: sizes rounded to the granule, live ranges sorted
// and merged. Rounding loses nothing: addresses and the capacity are multiples of the granule, so
// the bytes that it adds could hold no other item.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_PLAN_ARENA_H
#define PTOAS_LIB_PLAN_ARENA_H

#include "ptoas/Plan/Plan.h"
#include "llvm/ADT/ArrayRef.h"

namespace pto::plan {

using ItemId = uint32_t;

struct Item {
  uint64_t size = 0; ///< bytes, a multiple of the granule
  uint64_t alignment = 1;
  LiveRange live; ///< sorted, disjoint, not touching, none empty
  BufferId buffer = none;
  uint32_t window = none;
  std::optional<uint64_t> fixed;
  /// Positions at which it is live, summed.
  uint64_t length() const;
};

struct Arena {
  Space space = Space::Vec;
  uint64_t capacity = 0;
  std::vector<Item> items; ///< in the order of the problem, windows last
  std::vector<ItemId> movable, fixed;
};

/// Collects what lies in `space`. Appends a failure for each malformed buffer or window and for
/// each pinned address that breaks a rule.
Arena buildArena(const Problem &problem, Space space, std::vector<Failure> &failures);

/// The position at which most bytes are live.
struct Worst {
  uint64_t bytes = 0;
  uint32_t position = 0;
};
Worst worstPosition(const Arena &arena, llvm::ArrayRef<ItemId> items);

/// The inclusion-maximal sets of items that are live at one position, in the order of positions
/// (the same set may come twice).
std::vector<std::vector<ItemId>> maximalCliques(const Arena &arena, llvm::ArrayRef<ItemId> items);

/// For each item those that are live with it at some position, ascending. Quadratic only in the
/// number of items that are live at one position; callers check the bound first, so the capacity
/// limits that number.
class Conflicts {
public:
  explicit Conflicts(const Arena &arena);
  llvm::ArrayRef<ItemId> of(ItemId item) const { return lists[item]; }

private:
  std::vector<std::vector<ItemId>> lists;
};

/// Movable items that can influence one another's place, each group and its members ascending.
std::vector<std::vector<ItemId>> components(const Arena &arena, const Conflicts &conflicts);

using Addresses = std::vector<uint64_t>; ///< by ItemId

/// All items end to end around the fixed ones, whoever lives when. False when they do not fit.
bool placeWithoutSharing(const Arena &arena, Addresses &address);

/// First-fit in several orders. Returns the least peak that an order reached; the members of
/// `group` fit when it is at most the capacity, and then `address` holds their places.
uint64_t placeFirstFit(const Arena &arena, const Conflicts &conflicts, llvm::ArrayRef<ItemId> group,
                       Addresses &address);

enum class SearchOutcome : uint8_t { Found, Impossible, OutOfSteps };

/// Exact, within `steps`, which it uses up: `group` has a placement below the capacity (then
/// `address` holds one) or none. `placeBySearch` takes turns between sequences and orders.
SearchOutcome placeBySearch(const Arena &arena, const Conflicts &conflicts,
                            llvm::ArrayRef<ItemId> group, uint64_t &steps, Addresses &address);
SearchOutcome searchOrders(const Arena &arena, const Conflicts &conflicts,
                           llvm::ArrayRef<ItemId> group, uint64_t &steps, Addresses &address);

} // namespace pto::plan

#endif // PTOAS_LIB_PLAN_ARENA_H
