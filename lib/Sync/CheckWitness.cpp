//===- CheckWitness.cpp - On which paths a finding is found ---------------===//
//
// A join keeps what all paths know, so the walk cannot tell which of them did not know enough. This
// asks again, with one branch held to one arm or one loop held to run or not: what is found for one
// choice alone hangs on it.
//
//===----------------------------------------------------------------------===//

#include "Checker.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

namespace {

/// A branch, or all that choose by one value, or a loop that may not run (0) or run (1).
struct Fork {
  llvm::SmallVector<NodeId, 1> nodes;
  unsigned choices;
  uint32_t value = none;
};

class Witness {
public:
  Witness(const Program &program, CheckResult &result, const CheckOptions &options)
      : program(program), result(result), options(options), layout(program),
        demands(program, layout) {
    collect(program.top);
  }
  void run();

private:
  static constexpr size_t mostChecks = 48, mostVisits = 1'000'000;

  const Program &program;
  CheckResult &result;
  const CheckOptions &options;
  Layout layout;
  Demands demands;
  std::vector<Fork> forks;
  llvm::DenseMap<uint32_t, size_t> byValue; ///< in `forks`

  using Rank = std::tuple<Rule, NodeId, NodeId, Hazard, RegionId, RegionId, NodeId>;
  static Rank rank(const Finding &f) {
    return {f.rule, f.later, f.earlier, f.hazard, f.earlierRegion, f.laterRegion, f.loop};
  }
  void collect(llvm::ArrayRef<NodeId> nodes);
  bool matters(const Fork &fork, const Finding &finding) const;
  std::set<Rank> check(const Fork &fork, unsigned choice) const;
};

} // namespace

void Witness::collect(llvm::ArrayRef<NodeId> nodes) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    if (neverRuns(node) || node.kind == NodeKind::Macro)
      continue;
    const Condition &condition = node.condition;
    bool isFree = !chosenArm(condition) && condition.loop == none && condition.turns.loop == none;
    if (node.kind == NodeKind::Branch && isFree) {
      auto known = byValue.find(condition.value);
      if (condition.value != none && known != byValue.end())
        forks[known->second].nodes.push_back(id);
      else
        forks.push_back({{id}, unsigned(node.arms.size()), condition.value});
      if (condition.value != none)
        byValue.try_emplace(condition.value, forks.size() - 1);
    }
    if (node.kind == NodeKind::Loop && !node.trip && !runsAtLeastOnce(node))
      forks.push_back({{id}, 2});
    for (const std::vector<NodeId> &arm : node.arms)
      collect(arm);
  }
}

/// Does the fork lie where it can have to do with the finding, and does it not hold one of its
/// ends? Which way leads to those is plain.
bool Witness::matters(const Fork &fork, const Finding &finding) const {
  auto at = [&](NodeId id) { return layout[id].begin; };
  auto holdsAnEnd = [&](NodeId node) {
    return llvm::any_of(llvm::ArrayRef({finding.later, finding.earlier}), [&](NodeId end) {
      return end != none && at(node) <= at(end) && at(end) <= layout[node].end;
    });
  };
  auto isBetween = [&](NodeId node) {
    if (finding.distance && finding.loop != none)
      return at(node) > at(finding.loop) && at(node) < layout[finding.loop].end;
    return (finding.earlier == none || at(node) > at(finding.earlier)) &&
           (finding.later == none || at(node) < at(finding.later));
  };
  return llvm::none_of(finding.path, [&](auto &p) { return p.first == fork.value; }) &&
         llvm::none_of(fork.nodes, holdsAnEnd) && llvm::any_of(fork.nodes, isBetween);
}

std::set<Witness::Rank> Witness::check(const Fork &fork, unsigned choice) const {
  Checker checker(program, options, layout, demands);
  checker.hold(fork.nodes.front(), choice);
  std::set<Rank> found;
  for (const Finding &finding : checker.run().findings)
    found.insert(rank(finding));
  return found;
}

void Witness::run() {
  size_t checks = 0;
  for (const Fork &fork : forks) {
    bool asks = llvm::any_of(result.findings,
                             [&](const Finding &f) { return !f.warning && matters(fork, f); });
    if (!asks)
      continue;
    checks += fork.choices;
    if (checks > mostChecks || checks * program.nodes.size() > mostVisits)
      return;
    std::vector<std::set<Rank>> found;
    for (unsigned choice = 0; choice < fork.choices; ++choice)
      found.push_back(check(fork, choice));
    for (Finding &finding : result.findings) {
      auto isThere = [&](const std::set<Rank> &all) { return all.count(rank(finding)) != 0; };
      if (!matters(fork, finding) || llvm::count_if(found, isThere) != 1)
        continue;
      unsigned choice = llvm::find_if(found, isThere) - found.begin();
      if (fork.value != none)
        finding.path.emplace_back(fork.value, choice);
      else
        finding.choices.emplace_back(fork.nodes.front(), choice);
    }
  }
}

void pto::sync::namePaths(const Program &program, CheckResult &result,
                          const CheckOptions &options) {
  Witness(program, result, options).run();
}
