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

/// Where both ends of an order stand, further in than what carries them, and where they meet. What
/// has neither a loop nor a period is judged in the whole program.
struct Meeting {
  NodeId loop = none; ///< both stand in it; none: in loops one beside the other
  /// The values of the numbers, of the earlier end and of the later one, differ by a multiple of
  /// it. Each stands in a loop that counts its own; where there is one number, the second is none.
  unsigned period = 1;
  NodeId first = none, second = none;
  bool isPartial() const { return loop != none || period > 1; }
  auto operator<=>(const Meeting &) const = default;
};

/// What runs of a program: of the loops that count `numbers` the iterations in which the number mod
/// period = residue.
struct Part {
  NodeId loop = none;
  unsigned period = 1, residue = 0;
  /// Of all lists around the loop only those executions in which it runs such an iteration. Nothing
  /// is known of the counters around it then.
  bool always = false;
  llvm::SmallVector<NodeId, 2> numbers = {}; ///< empty: of the loop's own counter
};

/// May the part be judged by its cut? What ends inside an iteration need not end inside one that is
/// left: the cut, which says so, would have run the first half once more.
bool canCut(const Program &program, const Part &part);

/// The program with the same nodes, in which ids that turn with the numbers stand still and
/// conditions on what was left out are open. Only what its flags and barriers order is meant: sets
/// and waits need not alternate in it, and its accesses still say where their bytes are by the
/// counters of the whole program.
Program cutDown(const Program &program, const Part &part);

/// The same in place, of the items alone, which hold all that the part leaves out; returns the
/// nodes as they were before.
std::vector<std::pair<NodeId, Node>> cutInPlace(Program &program, const Part &part,
                                                llvm::ArrayRef<NodeId> items);

/// Condition::value from here on: the arm of that number runs.
inline constexpr uint32_t firstChosenArm = none - 64;
inline std::optional<unsigned> chosenArm(const Condition &condition) {
  if (condition.value < firstChosenArm || condition.value == none)
    return std::nullopt;
  return condition.value - firstChosenArm;
}

/// Each residue is a walk of its own.
inline constexpr unsigned mostParts = 16;

/// Where only equal turns of two numbers share bytes.
struct SharedTurns {
  unsigned period;
  NodeId earlier, later; ///< the number that each end turns with
  bool operator==(const SharedTurns &) const = default;
};

/// The numbers, and how much they may differ by multiples of, at most mostParts, when the accesses
/// share bytes, whatever the loops around do; none when nothing is known. `x` and `y` are the
/// regions, with the iterations in which the accesses run.
std::optional<SharedTurns> meetingTurns(const Region &x, const Turns &runsX, const Region &y,
                                        const Turns &runsY);

} // namespace pto::sync

#endif // PTOAS_LIB_SYNC_PART_H
