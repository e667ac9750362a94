//===- CheckPaths.h - Branches that choose alike ----------------*- C++ -*-===//
//
// Where one branch sets a flag and another waits for it, the program is right only because both
// choose alike: their condition is one value, or follows from the counter of a loop. This says
// where the walk must look at the cases apart.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_CHECKPATHS_H
#define PTOAS_LIB_SYNC_CHECKPATHS_H

#include "ptoas/Sync/Program.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

namespace pto::sync::checker {

/// Iterations at the ends of a loop that its branches tell from the others.
struct Ends {
  int64_t first = 0, last = 0;
  bool any() const { return first || last; }
};

/// What is known of the iteration that is being walked.
struct Phase {
  std::optional<int64_t> counter, left; ///< iterations before and after it
  int64_t atLeast = 0, leftAtLeast = 0; ///< when they are not known
};

class Paths {
public:
  explicit Paths(const Program &program);

  /// A value that several branches of one list depend on, decided before the first of them.
  struct Decision {
    uint32_t value;
    NodeId last; ///< item of the list behind which no branch asks for it
  };
  llvm::ArrayRef<Decision> decideAt(NodeId item) const;
  /// Decisions of the item's list from the item on.
  unsigned decisionsFrom(NodeId item) const { return following.lookup(item); }
  Ends endsOf(NodeId loop) const { return ends.lookup(loop); }

  std::map<uint32_t, unsigned> chosen; ///< arm, by value that the walk has decided
  std::map<NodeId, Phase> phases;      ///< of open loops with ends
  /// The arm that runs, when the cases decided so far say it.
  std::optional<unsigned> armOf(const Node &branch) const;

private:
  const Program &program;
  llvm::DenseMap<NodeId, llvm::SmallVector<Decision, 1>> decide;
  llvm::DenseMap<NodeId, unsigned> following;
  llvm::DenseMap<NodeId, Ends> ends;

  struct Use {
    NodeId first = none; ///< item of a list that moves tokens by the value
    NodeId last = none;  ///< that asks for it at all
    bool again = false;  ///< more than one moves tokens
  };
  using Values = std::map<uint32_t, Use>;
  Values collect(llvm::ArrayRef<NodeId> nodes);
  bool movesTokens(const Node &branch) const;
};

} // namespace pto::sync::checker

#endif // PTOAS_LIB_SYNC_CHECKPATHS_H
