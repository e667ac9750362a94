//===- InsertRuns.h - Concrete runs of a small program ------------*- C++ -*-===//
//
// What the search for the best plan is guided by (sync 13.7): a few runs of the program, with trip
// counts and arms chosen, and what each access needs complete on them. The sweep, which covers all
// runs, has the last word. Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTRUNS_H
#define PTOAS_LIB_SYNC_INSERTRUNS_H

#include "InsertTree.h"
#include "ptoas/Sync/Insert.h"

namespace pto::sync::inserter {

/// One node as it is run: a leaf, or the begin or end of a node with lists in it.
struct Step {
  enum Kind : uint8_t { Leaf, Open, Close } kind;
  NodeId node;
  uint32_t turn = 0;    ///< counter of the innermost loop around the node
  uint32_t flag = none; ///< Set, Wait: number of the hand-written flag
};

/// The access on `pipe` at the step `source`, the `count`-th of its pipe, must be complete.
struct Need {
  Pipe pipe;
  uint16_t count;
  uint32_t source;
};

/// A list as it is run once: the steps at which its items begin and end.
struct Visit {
  std::vector<uint32_t> begin, end; ///< by item; shorter than the list when its loop ends inside
};

/// One entry of control into a list: of a loop body all turns, else one visit.
struct Activation {
  uint32_t open = none, close = none; ///< steps of the loop
  uint32_t around = none;             ///< visit of the list that the loop is in
  llvm::SmallVector<uint32_t, 4> visits;
};

struct Run {
  std::vector<Step> steps;
  std::vector<uint32_t> firstNeed; ///< by step, one past the end included
  std::vector<Need> needs;
  std::vector<Visit> visits;
  std::vector<std::vector<Activation>> activations; ///< by list
  uint32_t flags = 0;                               ///< hand-written ones
};

/// Numbers as if by chance, the same in every build.
struct Lottery {
  uint64_t state;
  uint64_t operator()(uint64_t end) { ///< below `end`
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % end;
  }
};

/// Which of the first and the last arm of a branch in a loop runs once in `rarePeriod` turns, and
/// the other in all others.
enum class RareArm : uint8_t { None, First, Last };

/// How a run goes: turns of loops of unknown trip count, arms of branches; absent: random.
struct RunPlan {
  std::optional<int64_t> trip;
  std::optional<unsigned> arm;
  uint64_t seed = 1;
  RareArm rare = RareArm::None; ///< else loops with branches and without loops in them turn longer
};

/// In the model a loop turns no more often, and so often when nothing is known; a loop whose
/// branches take turns with their arms does `longTrip` turns (sync 13.6).
inline constexpr int64_t modelTrip = 4, longTrip = 8, rarePeriod = 3;

/// None when the run has more than `limit` steps, or flags whose ids nobody knows.
std::optional<Run> makeRun(const Tree &tree, const Demands &demands, const RunPlan &plan,
                           size_t limit);

/// The runs on which plans are compared: all branches take their first arm, or all their last, or
/// one of them in few turns.
std::vector<RunPlan> measuredRuns(const Tree &tree);

/// One number for each balance of the pipes: cycles as the caller says, half of them for moves to
/// and from global memory, and half of them for all else (sync 13.6).
using Balanced = std::array<uint64_t, 3>;

/// Of each access, by node.
std::vector<Balanced> balancedCycles(const Tree &tree, const InsertOptions &options);

/// Steps of the longest run that is measured.
inline constexpr size_t longestRun = 3000;

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTRUNS_H
