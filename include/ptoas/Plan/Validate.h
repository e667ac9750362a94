//===- Validate.h - Judges a memory plan ------------------------*- C++ -*-===//
//
// Runs after every plan, and on the addresses that users write themselves. Compares all pairs on
// purpose and shares no code with the planner (law 4: who solves does not check); it reads the
// fields of Problem only, not the helpers below it.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_PLAN_VALIDATE_H
#define PTOAS_PLAN_VALIDATE_H

#include "ptoas/Plan/Plan.h"

namespace pto::plan {

/// One broken rule of Problem.h.
struct Violation {
  enum Rule : uint8_t {
    Missing,   ///< the plan has not one address per buffer
    Alignment, ///< P1
    Capacity,  ///< P2
    Overlap,   ///< P3: `buffer` < `other`
    Taken,     ///< P4: `window`
    Pin        ///< P5
  };
  Rule rule = Missing;
  BufferId buffer = none, other = none;
  uint32_t window = none;
  uint64_t address = 0;  ///< of `buffer`
  uint32_t position = 0; ///< Overlap, Taken: the first position at which both are live
  bool operator==(const Violation &) const = default;
};

/// All violations, by buffer, then rule, then the other party. Empty: the plan is good.
std::vector<Violation> validate(const Problem &problem, const Plan &plan);

/// One sentence without a full stop: the buffers by name, the bytes, the rule.
std::string describe(const Problem &problem, const Violation &violation);

} // namespace pto::plan

#endif // PTOAS_PLAN_VALIDATE_H
