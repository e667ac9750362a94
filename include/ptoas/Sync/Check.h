//===- Check.h - Is this program's synchronisation right? -------*- C++ -*-===//
//
// The independent checker. It shares no code with Sync/Insert: only the program, the hardware table
// and the overlap facts. It decides C1 - C5, C7 and C8 for all trip counts and branches. It never
// accepts a wrong program. A right one that hangs on what only run time knows (ids that it cannot
// read, conditions that are related in ways it does not see) is reported as unproven.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SYNC_CHECK_H
#define PTOAS_SYNC_CHECK_H

#include "ptoas/Sync/Program.h"

namespace pto::sync {

/// Limit: the work limit was met, nothing is known about the rest of the program.
enum class Rule : uint8_t { C1, C2, C3, C4, C5, C7, C8, Limit };

llvm::StringRef name(Rule rule);     ///< "C1"
llvm::StringRef name(Hazard hazard); ///< "RAW"

/// What is wrong with a token (C2).
enum class TokenFault : uint8_t {
  None,       ///< the finding is about something else
  Again,      ///< set while it is there
  Missing,    ///< waited for while it is not there
  SomePaths,  ///< there on some paths, or in some iterations, only
  Unreadable, ///< the event id is not known
  Rotation,   ///< an id of several that turn with a loop: whose token it is cannot be told
};

struct Finding {
  Rule rule = Rule::C1;
  /// The access, set, wait, barrier or call at which the rule fails, or the branch or loop whose
  /// paths disagree (C2); none: at the exit.
  NodeId later = none;
  /// C1, C7, C8: the access that may not be complete. C2, C5, C7: the set whose token is there,
  /// when one is. C3: the old wait. Missing: the wait that took the last token, or a set of the
  /// same pair that nobody has waited for.
  NodeId earlier = none;
  Hazard hazard = Hazard::RAW;   ///< C1
  RegionId earlierRegion = none; ///< C1, C7, C8: the bytes of `earlier`
  RegionId laterRegion = none;   ///< C1: the bytes of `later`
  NodeId loop = none;            ///< the loop that carries the pair; none: same iteration
  int64_t distance = 0;          ///< iterations of `loop` between them
  FlagKey key;                   ///< C2 - C5 and the tokens of C7
  TokenFault token = TokenFault::None;
  std::string what;     ///< one clause: "V is never told that MTE2 has finished"
  bool warning = false; ///< C4: the vendor's list does not name the pair (HQ2)
  /// Right or wrong by a condition, a trip count, an event id or a place that only run time knows.
  bool unproven = false;
  /// Conditions that the path takes for granted: Condition::value and the arm.
  std::vector<std::pair<uint32_t, unsigned>> path;
  /// By namePaths: branches that must take this arm, loops that must not run (0) or run (1).
  std::vector<std::pair<NodeId, unsigned>> choices;
};

/// One line: rule, both ends by label or node number, bytes, distance, and `what`.
std::string describe(const Program &program, const Finding &finding);

struct CheckOptions {
  bool strongFlags = true; ///< also C3: right when a flag is one bit (HQ1)
  /// Visits of nodes after which the check ends with Rule::Limit: nests of loops may need sweeps of
  /// sweeps.
  uint64_t mostVisits = 20'000'000;
  /// A wait on an id that cannot be read, or for a flag that is set on some paths only, tells all
  /// that it might. Such a check accepts nothing; what it still finds does not hang on those waits.
  bool trustDoubtfulWaits = false;
};

struct CheckResult {
  std::vector<Finding> findings; ///< in program order of `later`, without duplicates
  uint64_t hazards = 0;          ///< C1 demands: per access, the nearest conflict per pipe and loop
  uint64_t sweeps = 0;           ///< walks over loop bodies, for benchmarks
  bool accepted() const;         ///< no finding that is not a warning
  bool acceptedIfAssumed() const; ///< none but warnings and what is `unproven`
};

/// Every node stands at most once in the structure; loops and macros have exactly one arm. Near
/// linear in the nodes, times about five sweeps per loop and the number of regions that may
/// overlap.
CheckResult check(const Program &program, const CheckOptions &options = {});

/// Adds to each finding the choices without which it is not found. Checks again a bounded number of
/// times; where there are too many branches some stay unnamed.
void namePaths(const Program &program, CheckResult &result, const CheckOptions &options = {});

} // namespace pto::sync

#endif // PTOAS_SYNC_CHECK_H
