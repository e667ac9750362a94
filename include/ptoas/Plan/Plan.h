//===- Plan.h - Gives every buffer an address -------------------*- C++ -*-===//
//
// The planner (docs/memory-and-sync.md 11). It shares no code with Plan/Validate, which judges its
// result. Per memory it tries, in this order:
//
//   1. no sharing at all: buffers end to end around the windows (adds no dependence, linear);
//   2. first-fit into gaps in several orders, each time bringing forward what did not fit;
//   3. an exact search over canonical placements, within a budget of steps.
//
// Overflow is reported only after all three, and says whether it is proven.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_PLAN_PLAN_H
#define PTOAS_PLAN_PLAN_H

#include "ptoas/Plan/Problem.h"

namespace pto::plan {

struct Options {
  /// Work of the exact search per memory, in visits of a live range: half a second at most.
  /// Counting work and not time keeps the output a function of the input.
  uint64_t searchSteps = 20'000'000;
};

/// Addresses in bytes from the start of the memory, by BufferId: where slot 0 begins.
struct Plan {
  std::vector<uint64_t> address;
  bool operator==(const Plan &) const = default;
};

/// Which step found the plan of one memory.
enum class Method : uint8_t { Empty, NoSharing, FirstFit, Search };

/// Figures on one memory. Bytes; windows count where they are taken.
struct Usage {
  Method method = Method::Empty;
  uint64_t total = 0; ///< sum over all buffers: what no sharing would need
  uint64_t bound = 0; ///< most bytes live at one position: no plan can use less
  uint64_t peak = 0;  ///< one past the highest byte used by a buffer
};

/// Why there is no plan.
struct Failure {
  enum Kind : uint8_t {
    Malformed, ///< `text` says what; the problem itself is wrong
    BadPin,    ///< a pinned address breaks P1, P2, P3 or P4; `text` says which
    Overflow
  };
  Kind kind = Overflow;
  Space space = Space::Vec;
  std::string text;           ///< Malformed, BadPin: one sentence without a full stop
  BufferId buffer = none;     ///< Malformed, BadPin: the culprit
  BufferId other = none;      ///< BadPin: the pinned buffer that it collides with
  uint32_t window = none;     ///< BadPin, Malformed: the window
  uint64_t capacity = 0;      ///< Overflow
  uint64_t needed = 0;        ///< Overflow: bytes live together at the worst position
  uint64_t best = 0;          ///< Overflow: least peak that any order reached
  uint32_t position = 0;      ///< Overflow: the worst position
  std::vector<BufferId> live; ///< Overflow: who is live there, largest first
  std::vector<uint32_t> liveWindows;
  bool proven = false; ///< Overflow: no plan exists; otherwise the search ran out of steps
};

struct Result {
  Plan plan; ///< of use only when ok()
  std::array<Usage, numSpaces> usage{};
  std::vector<Failure> failures; ///< by memory; within one memory in the order of buffers
  bool ok() const { return failures.empty(); }
};

/// Deterministic: equal problems give equal results. Near-linear as long as buffers need not share;
/// otherwise linear in the pairs of buffers that are live together, of which the capacity bounds
/// the number per buffer.
Result solve(const Problem &problem, const Options &options = {});

/// One line without a full stop: what, how much, how sure.
std::string headline(const Problem &problem, const Failure &failure);
/// The lines below it: for an overflow one line per live buffer, largest first (the smallest are
/// summed up after `limit` lines), then the way out.
std::vector<std::string> details(const Problem &problem, const Failure &failure,
                                 unsigned limit = 12);

} // namespace pto::plan

#endif // PTOAS_PLAN_PLAN_H
