//===- Checker.h - The abstract walk ----------------------------*- C++ -*-===//
#ifndef PTOAS_LIB_SYNC_CHECKER_H
#define PTOAS_LIB_SYNC_CHECKER_H

#include "CheckPaths.h"
#include "CheckState.h"
#include "Part.h"

namespace pto::sync::checker {

/// C4: is each flag and barrier one that the hardware has? Needs no state.
void checkLegality(const Program &program, std::vector<Finding> &findings);

/// A finding, and where it might still be shown that there is none.
struct Doubt {
  Finding finding;
  const Demand *demand = nullptr; ///< C1
  Meeting meeting;
};

/// Walks the program once per loop sweep with a `State` and collects what it cannot show.
class Checker {
public:
  Checker(const Program &program, const CheckOptions &options, const Layout &layout,
          const Demands &demands);
  CheckResult run();
  /// From here on the branch takes this arm, and so do all that choose by its value; the loop does
  /// not run (0) or runs (1).
  void hold(NodeId node, unsigned choice);

private:
  const Program &program;
  const CheckOptions &options;
  const Layout &layout;
  const Demands &demands;     ///< of the whole program
  const Part *part = nullptr; ///< the part that is walked; null: all
  Meeting asked;              ///< what the part is for
  Paths paths;
  std::pair<NodeId, unsigned> held{none, 0};
  int64_t maxAge; ///< iterations that claims live (Dmax)
  CheckResult result;
  std::vector<Doubt> doubts;
  /// Rows that no instruction asks about and that tell nobody anything: in loops their claims would
  /// only age, a sweep for every iteration, so nothing is claimed of iterations before the first.
  llvm::SmallVector<Row, numRows> silent;
  std::vector<NodeId> openLoops;
  std::vector<uint32_t> loopBegins; ///< of openLoops
  /// A loop that was walked before: its invariant, and what came of it.
  struct Walked {
    State head, exit;
    std::vector<Doubt> doubts;
    bool everywhere; ///< not only on the path that was being followed
  };
  std::map<uint32_t, Walked> lastWalks; ///< by position: see `fixpoint`
  int64_t copies = 1;                   ///< of the current body because of unrolled loops around it
  uint64_t visits = 0;
  NodeId exhausted = none; ///< the node at which the work limit was met

  void findSilentRows();
  void walkAll();
  void walk(llvm::ArrayRef<NodeId> nodes, State &state);
  void access(NodeId id, State &state);
  void set(NodeId id, State &state);
  void wait(NodeId id, State &state);
  Clock told(Pipe from, const State &state) const;
  void barrier(const Node &node, State &state) const;
  void claimAll(Clock &clock, Columns::Range columns, const State &state) const;
  void checkReuse(NodeId id, const Token &token, const State &state);
  void branch(NodeId id, State &state);
  void macro(NodeId id, State &state);
  void loop(NodeId id, State &state);
  void iterate(NodeId id, State &state, State *leaving = nullptr);
  bool unroll(NodeId id, State &state);
  // CheckPaths.cpp
  size_t splitAt(llvm::ArrayRef<NodeId> rest, State &state);
  void loopWithEnds(NodeId id, Ends ends, State &state);
  State fixpoint(NodeId id, const State &entry);
  State joinWithEmpty(NodeId id, State ran, State empty);
  void checkRings(NodeId loop, State &state);
  void exit(State &state);

  bool isOpen(NodeId loop) const;
  /// The token that a set or wait means, or null after a finding.
  Token *resolve(NodeId id, State &state);
  Token *resolveStatic(NodeId id, const StaticKey &key, State &state);

  // CheckParts.cpp
  class Parts;
  void settle();
  bool refutes(const Doubt &doubt) const;

  Claim neededFor(const Demand &demand) const;
  bool isAsked(const Demand &demand, NodeId later) const;
  void test(const Demand &demand, NodeId later, const State &state);
  std::string missing(const Demand &demand, NodeId later, const State &state) const;
  Finding &report(Rule rule, NodeId later, NodeId earlier, const FlagKey &key, std::string what);
  Finding &reportToken(TokenFault fault, NodeId later, NodeId earlier, const FlagKey &key,
                       std::string what);
  void reportMissing(NodeId wait, const Token &token, const State &state);
  /// Of two paths: conditions or a trip count decide it, and they may be what the program relies
  /// on, so it is unproven. `at`: none stands for the sets.
  void reportMismatches(NodeId at, const State::Mismatches &mismatches, bool iterations = false);
};

} // namespace pto::sync::checker

#endif // PTOAS_LIB_SYNC_CHECKER_H
