//===- Check.h - Is this program's synchronisation right? -------*- C++ -*-===//
//
// The independent checker (spec sync-and-memory 3.4). It shares no code with Sync/Insert: only the program, the hardware
// table and the overlap facts. It decides C1 - C5, C7 and C8 for all trip counts and branches.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SYNC_CHECK_H
#define PTOAS_SYNC_CHECK_H

#include "ptoas/Sync/Program.h"

namespace pto::sync {

enum class Rule : uint8_t { C1, C2, C3, C4, C5, C7, C8, Limit };

struct Finding {
  Rule rule = Rule::C1;
  NodeId later = none;       ///< the access, set, wait or macro at which the rule fails; none: at the exit
  NodeId earlier = none;     ///< C1: the access that is not ordered before; C2, C5: the set that is pending; C3: the old wait
  Hazard hazard = Hazard::RAW;
  RegionId earlierRegion = none, laterRegion = none; ///< C1: the bytes on either side
  NodeId loop = none;        ///< the loop that carries the pair; none: same iteration
  int64_t distance = 0;      ///< iterations between them
  FlagKey key;               ///< C2 - C5
  std::string what;          ///< one clause in words: "is not ordered after", "no token can be there", ...
  bool warning = false;      ///< C4: pair not in the vendor's list (HQ2)
};

struct CheckOptions {
  bool strongFlags = true; ///< also C3: right when a flag is one bit (HQ1)
};

struct CheckResult {
  std::vector<Finding> findings; ///< in program order of `later`, without duplicates
  uint64_t hazards = 0;          ///< C1 demands that were examined
  uint64_t sweeps = 0;           ///< loop sweeps, for benchmarks
  bool accepted() const;         ///< no finding that is not a warning
};

CheckResult check(const Program &program, const CheckOptions &options = {});

} // namespace pto::sync

#endif // PTOAS_SYNC_CHECK_H
