//===- InsertSearch.h - The best plan of a small program ----------*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTSEARCH_H
#define PTOAS_LIB_SYNC_INSERTSEARCH_H

#include "InsertClauses.h"
#include "InsertSolve.h"
#include "InsertSweep.h"
#include "InsertTrial.h"
#include "ptoas/Sync/Insert.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>

namespace pto::sync::inserter {

/// The best of all selections of handoffs and barriers that could stand anywhere, from a plan that
/// is right (sync 13.7). Each order that a selection misses on a run is a clause, "one of these
/// items"; items that together take too long, or cost too much with what is still asked for, are
/// one, too. The search decides for an item of a clause that nothing hits, and learns from
/// contradictions. Bounded by work.
class Search {
public:
  /// `settles` brings the plan to an end (ids, credits) and says whether it is right; `credits`
  /// gives ids and says which sets do not know that the last token is gone, none where ids do not
  /// suffice.
  Search(const Tree &tree, const Demands &demands, Plan &plan, Sweep &sweep,
         const InsertOptions &options, InsertStats &stats, llvm::function_ref<bool()> settles,
         llvm::function_ref<std::optional<std::vector<Want>>()> credits);

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
  /// Items that take that long together.
  struct Core {
    std::vector<ItemId> items;
    uint64_t time;
  };

  const Tree &tree;
  const Demands &demands;
  Plan &plan;
  Sweep &sweep;
  const InsertOptions &options;
  InsertStats &stats;
  llvm::function_ref<bool()> settles;
  llvm::function_ref<std::optional<std::vector<Want>>()> credits;

  std::vector<Item> items;
  std::vector<Balanced> cycles; ///< by node
  std::vector<Trial> trials, measured;
  uint64_t lastSeed = 0;        ///< of the runs drawn by lot; none where all are alike
  unsigned runsInVain = 0;      ///< so often was none found, the last times
  std::vector<size_t> order;    ///< of trials: those that failed last come first
  std::optional<Selection> now; ///< what the search stands at
  std::vector<Clause> clauses;
  std::vector<Core> cores;
  std::optional<Clauses> known;   ///< clauses, cores and what follows, within the limits of today
  std::vector<uint32_t> orSlower; ///< by item: variable of `known` that holds with it, or with any
                                  ///< that holds back no less; none where nobody asked
  std::vector<uint64_t> alone;    ///< by item: the time that it takes, and one; zero: not measured
  std::vector<ItemId> planned, best; ///< selections: of the plan, and the best so far
  Price bestPrice;
  uint64_t timeLimit = 0;
  bool isForTime = false;     ///< count is no matter
  uint64_t work = 0, end = 0; ///< in steps
  bool wasCut = false;        ///< some search ended before its time
  bool learnsIds = true;
  unsigned refused = 0; ///< selections that the sweep or the ids refused

  bool isSmall() const;
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

  uint64_t timeNow(uint64_t limit = ~uint64_t(0), llvm::BitVector *holding = nullptr);
  std::optional<std::pair<size_t, Miss>> missNow();
  bool missesNothing() { return !missNow(); }
  bool isActive(const Clause &clause) const;
  void tell(const Clause &clause);
  void tell(const Core &core);
  void begin();
  void follow();
  bool isTooSlow();
  std::vector<const Clause *> open() const;
  bool isTooDear(llvm::ArrayRef<const Clause *> open);
  ItemId choose(llvm::ArrayRef<const Clause *> open);
  void startAtBest(Lottery &random);
  bool step();
  void leaf();
  uint64_t limitBelow(const Price &price) const;
  std::optional<uint32_t> missedBySweep(llvm::ArrayRef<ItemId> selection,
                                        std::optional<uint32_t> which);
  bool isOurs(const Demand &demand) const;
  /// A set that does not know that a token is gone: pipe of that wait, pipe of the set, and where
  /// they stand.
  using LateSet = std::tuple<Pipe, Pipe, NodeId, NodeId, int64_t>;
  std::optional<LateSet> lateBySweep(llvm::ArrayRef<ItemId> selection,
                                     std::optional<LateSet> which);
  bool hasIds(llvm::ArrayRef<ItemId> selection);
  llvm::BitVector shortOfIds(llvm::ArrayRef<ItemId> selection);
  bool learn(llvm::ArrayRef<ItemId> selection);
  bool addMissingRun();
  llvm::BitVector whatBrings(llvm::ArrayRef<ItemId> selection, llvm::BitVector untried,
                             const llvm::BitVector &likely,
                             llvm::function_ref<bool(llvm::ArrayRef<ItemId>)> isMissed);
  std::vector<ItemId> superiors() const;
  std::vector<ItemId> superior;                      ///< once it was asked for
  std::map<uint32_t, llvm::BitVector> broughtBefore; ///< by demand: items of its clauses
  std::map<LateSet, llvm::BitVector> toldBefore;     ///< the same for C3
  void improve(bool forTime, uint64_t budget);
  void improveAll(uint64_t budget);
  void loosen();

  void restore(Plan::Saved state);
  void write(llvm::ArrayRef<ItemId> selection);
  bool accepts(llvm::ArrayRef<ItemId> selection);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTSEARCH_H
