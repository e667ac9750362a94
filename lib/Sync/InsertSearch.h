//===- InsertSearch.h - The best plan of a small program ----------*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTSEARCH_H
#define PTOAS_LIB_SYNC_INSERTSEARCH_H

#include "InsertSolve.h"
#include "InsertSweep.h"
#include "InsertTrial.h"
#include "ptoas/Sync/Insert.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::inserter {

/// Branch and bound over all handoffs and barriers that could stand anywhere, from a plan that is
/// right (sync 13.7). Each order that a selection misses on a run is a clause, "one of these
/// items"; the search branches over the items of a clause that nothing hits yet. Bounded by work.
class Search {
public:
  /// `settles` brings the plan to an end (ids, credits) and says whether it is right; `credits`
  /// gives ids and says which sets do not know that the last token is gone, none where ids do not
  /// suffice.
  Search(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
         const InsertOptions &options, InsertStats &stats, llvm::function_ref<bool()> settles,
         llvm::function_ref<std::vector<Want>()> credits);

  /// True when the plan became better. Its items have no reasons yet.
  bool run();

private:
  struct Price {
    uint64_t time = 0, count = 0;
    auto operator<=>(const Price &) const = default;
  };
  struct Clause {
    llvm::BitVector any;
    llvm::BitVector given; ///< asked for only with all of these
    bool isAboutIds = false;
  };

  const Tree &tree;
  const Demands &demands;
  Plan &plan;
  Sweep &sweep;
  const InsertOptions &options;
  InsertStats &stats;
  llvm::function_ref<bool()> settles;
  llvm::function_ref<std::vector<Want>()> credits;

  std::vector<Item> items;
  std::vector<Balanced> cycles; ///< by node
  std::vector<Trial> trials, measured;
  std::vector<size_t> order;    ///< of trials: those that failed last come first
  std::optional<Selection> now; ///< what the search stands at
  std::vector<Clause> clauses;
  std::vector<ItemId> best; ///< the best selection so far
  Price bestPrice;
  uint64_t timeLimit = 0;
  bool firstOnly = false; ///< stop at the first that keeps the limit of time
  bool stop = false;
  uint64_t work = 0, end = 0; ///< in steps
  bool wasCut = false;        ///< some search ended before its time
  bool learnsIds = true;
  unsigned learned = 0; ///< clauses from what only the sweep misses
  unsigned refused = 0; ///< selections that the sweep or the ids refused

  bool isSmall() const;
  void estimateCycles();
  bool makeItems();
  llvm::BitVector worthTrying() const;
  void collectPipes(NodeId node, llvm::SmallVector<Pipe, 3> &into) const;
  llvm::SmallVector<uint32_t, 4> primePlaces(ListId body, Pipe pipe) const;
  void addItems(ListId list);
  bool makeTrials();
  Item itemOf(const Handoff &handoff) const;
  std::optional<ItemId> find(const Item &item) const;
  bool takePlan();
  bool spent() const { return work > end; }

  uint64_t timeNow(uint64_t limit = ~uint64_t(0));
  std::optional<std::pair<size_t, Miss>> missNow();
  bool missesNothing() { return !missNow(); }
  bool isActive(const Clause &clause) const;
  /// The clause with the fewest items left that nothing hits, and the least weight that all of them
  /// take; none with `dead` when one has no item left.
  const Clause *open(const llvm::BitVector &allowed, uint64_t &atLeast, bool &dead) const;
  void explore(uint64_t count, llvm::BitVector allowed);
  void branch(const Clause &clause, uint64_t count, llvm::BitVector &allowed);
  bool leaf(uint64_t count);
  std::optional<uint32_t> missedBySweep(llvm::ArrayRef<ItemId> selection,
                                        std::optional<uint32_t> which);
  bool isOurs(const Demand &demand) const;
  /// A set that does not know that a token is gone: pipe of that wait, pipe of the set, and where
  /// they stand.
  using LateSet = std::tuple<Pipe, Pipe, NodeId, NodeId, int64_t>;
  std::optional<LateSet> lateBySweep(llvm::ArrayRef<ItemId> selection,
                                     std::optional<LateSet> which);
  bool learn(llvm::ArrayRef<ItemId> selection);
  llvm::BitVector whatBrings(llvm::ArrayRef<ItemId> selection, llvm::BitVector untried,
                             llvm::function_ref<bool(llvm::ArrayRef<ItemId>)> isMissed);
  std::vector<ItemId> superiors() const;
  void setLimit(bool first);
  void improve(bool first, uint64_t budget);
  void improveAll(uint64_t budget);
  void improveParts(bool first, uint64_t budget);
  void loosen();

  void restore(Plan::Saved state);
  void write(llvm::ArrayRef<ItemId> selection);
  bool accepts(llvm::ArrayRef<ItemId> selection);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTSEARCH_H
