//===- Part.h - A program cut down to part of what it runs --------*- C++ -*-===//
//
// A fact about programs, like Overlap. Of a run leave out iterations, with all that stands in them:
// whatever is ordered in what remains is ordered in the run as well. Queues keep their order, and a
// wait that takes the token of an earlier set than it does in the run learns less, never more (H3,
// H4). So two accesses that meet only in the iterations of one slot may be judged where no others
// run; there the ids of a ring that turns with the slots stand still.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_PART_H
#define PTOAS_LIB_SYNC_PART_H

#include "ptoas/Sync/Program.h"

namespace pto::sync {

/// What runs of a program: of `loop` the iterations with counter mod period = residue.
struct Part {
  NodeId loop = none;
  unsigned period = 1, residue = 0;
  /// Of all lists around the loop only those executions in which it runs such an iteration. Nothing
  /// is known of the counters around it then.
  bool always = false;
};

/// May the part be judged by its cut? What ends inside an iteration need not end inside one that is
/// left: the cut, which says so, would have run the first half once more.
bool canCut(const Program &program, const Part &part);

/// The program with the same nodes, in which ids that turn with the loop stand still and conditions
/// on what was left out are open. Only what its flags and barriers order is meant: sets and waits
/// need not alternate in it, and its accesses still say where their bytes are by the counters of
/// the whole program.
Program cutDown(const Program &program, const Part &part);

/// Condition::value from here on: the arm of that number runs.
inline constexpr uint32_t firstChosenArm = none - 64;
inline std::optional<unsigned> chosenArm(const Condition &condition) {
  if (condition.value < firstChosenArm || condition.value == none)
    return std::nullopt;
  return condition.value - firstChosenArm;
}

/// Each residue is a walk of its own.
inline constexpr unsigned mostParts = 16;

/// The loop and the number of iterations, at most mostParts, such that both can only share bytes
/// when the loop's counters differ by a multiple of it, whatever the loops around it do; none when
/// there is no such loop. `x` and `y` are the regions, with the iterations in which the accesses
/// run.
std::optional<Turns> meetingTurns(const Region &x, const Turns &runsX, const Region &y,
                                  const Turns &runsY);

} // namespace pto::sync

#endif // PTOAS_LIB_SYNC_PART_H
