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

  /// Values to decide before the item: several later branches of the same list depend on each.
  llvm::ArrayRef<uint32_t> decideAt(NodeId item) const;
  Ends endsOf(NodeId loop) const { return ends.lookup(loop); }

  std::map<uint32_t, unsigned> chosen; ///< arm, by value that the walk has decided
  std::map<NodeId, Phase> phases;      ///< of open loops with ends
  /// The arm that runs, when the cases decided so far say it.
  std::optional<unsigned> armOf(const Node &branch) const;

private:
  const Program &program;
  llvm::DenseMap<NodeId, llvm::SmallVector<uint32_t, 1>> decide;
  llvm::DenseMap<NodeId, Ends> ends;

  using Values = std::map<uint32_t, NodeId>; ///< to the first item of a list that needs it
  Values collect(llvm::ArrayRef<NodeId> nodes);
  bool movesTokens(const Node &branch) const;
};

} // namespace pto::sync::checker

#endif // PTOAS_LIB_SYNC_CHECKPATHS_H
