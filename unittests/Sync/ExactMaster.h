//===- ExactMaster.h - Cheapest set that meets the known demands --*- C++ -*-===//
//
// Test support, private to Exact*: a weighted hitting set with exclusions, by Z3.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_EXACT_MASTER_H
#define PTOAS_UNITTESTS_SYNC_EXACT_MASTER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <memory>
#include <optional>
#include <vector>

namespace pto::sync::judge {

class Master {
public:
  /// One item per weight.
  explicit Master(llvm::ArrayRef<uint64_t> weights);
  ~Master();
  Master(const Master &) = delete;

  /// At least one of `any`, if `condition` (an item) is taken; `none`: in any case.
  void require(llvm::ArrayRef<uint32_t> any, uint32_t condition);
  /// Not all of `slow` together, which take `time`, nor any that take as long in their place:
  /// `noFaster` lists, for an item, all that do, itself included.
  void exclude(llvm::ArrayRef<uint32_t> slow, uint64_t time,
               llvm::function_ref<std::vector<uint32_t>(uint32_t)> noFaster);

  /// Some set of which no item is superfluous that takes `limit` at most, as far as exclude() said;
  /// none when there is none. Limits may only fall.
  std::optional<llvm::BitVector> any(uint64_t limit);
  /// The cheapest set that takes `limit` at most, which must stay the same; none when there is
  /// none.
  std::optional<llvm::BitVector> cheapest(uint64_t limit);

private:
  struct Z3;
  std::unique_ptr<Z3> z3;
};

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_EXACT_MASTER_H
