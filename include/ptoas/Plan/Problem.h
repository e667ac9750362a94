//===- Problem.h - What has to be placed on chip ----------------*- C++ -*-===//
//
// The pure problem of memory planning: buffers with sizes and live ranges, windows that are taken
// already, capacities. No MLIR here; the adapter in Transforms builds it and writes the addresses
// back. Rules P1 - P5 below are what a plan must obey; Plan/Validate checks them one by one.
//
//   P1  An address is a multiple of the alignment of its memory (and of the buffer's own, if more).
//   P2  A buffer ends at or below the capacity of its memory.
//   P3  Two buffers that are live at one position share no byte.
//   P4  A buffer shares no byte with a window that is taken at a position where the buffer is live.
//   P5  A pinned buffer lies where it is pinned.
//
// Positions. A function is laid out on a line of positions so that "live at the same time" becomes
// "the ranges intersect". With operation number k starting at 2k and ending at 2k + 1, a value read
// last by k is live to 2k + 1 (exclusive), and the result of k is live from 2k + 1 when k may work
// in place, from 2k when it may not. What is live around a loop's back edge is live over
// the whole loop. Arms of a branch lie side by side on the line, so they never meet.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_PLAN_PROBLEM_H
#define PTOAS_PLAN_PROBLEM_H

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace pto::plan {

using BufferId = uint32_t;
inline constexpr uint32_t none = ~0u;

/// Positions begin <= p < end. Touching intervals do not meet.
struct Interval {
  uint32_t begin = 0, end = 0;
  bool operator==(const Interval &) const = default;
};

/// A set of positions: intervals in any order, overlapping or not; empty ones count for nothing.
using LiveRange = llvm::SmallVector<Interval, 2>;

/// One thing to place: a tile, a ring of equal slots, or all members of a must-alias group.
struct Buffer {
  std::string name; ///< as the source calls it; only for messages
  Space space = Space::Vec;
  uint64_t bytes = 0;             ///< of one slot; 0 is malformed
  uint32_t slots = 1;             ///< placed one behind the other, `stride` bytes apart
  uint64_t alignment = 0;         ///< 0: what the memory asks; otherwise a power of two
  LiveRange live;                 ///< empty: never accessed, may lie over anything
  std::optional<uint64_t> pinned; ///< the user's address
  uint32_t source = none;         ///< the client's index of the operation that defines it
};

/// Bytes that are not ours: a FIFO at a fixed place, the library's scratch at the top of UB.
/// Windows of one memory must not overlap one another at one position.
struct Window {
  std::string name;
  Space space = Space::Vec;
  uint64_t address = 0, bytes = 0; ///< multiples of the alignment of the memory
  LiveRange live;                  ///< when taken; empty: always
  uint32_t source = none;
};

struct Problem {
  std::array<uint64_t, numSpaces> capacity{}; ///< bytes; multiples of the memory's alignment
  std::vector<Buffer> buffers;
  std::vector<Window> windows;

  /// A problem with the capacities of a chip. GM has none: a buffer there is malformed.
  static Problem forArch(Arch arch);
};

/// The alignment P1 asks of `buffer`.
uint64_t alignmentOf(const Buffer &buffer);
/// Bytes from one slot to the next.
uint64_t strideOf(const Buffer &buffer);
/// Bytes from the first byte of slot 0 to one past the last byte of the last slot.
uint64_t spanOf(const Buffer &buffer);

} // namespace pto::plan

#endif // PTOAS_PLAN_PROBLEM_H
