//===- Campaign.cpp - Inserter and checker before the judge ----------------===//

#include "Campaign.h"
#include "Simulate.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

//===----------------------------------------------------------------------===//
// One program
//===----------------------------------------------------------------------===//

Problem judge::randomProblem(uint64_t seed, bool nest) {
  Random random(seed);
  Problem problem;
  problem.program = nest ? randomNest(random) : randomProgram(random, randomShape(random));
  problem.options.maxDelay = random.pick({1, 1, 2, 3});
  if (random.chance(10)) { // a helper function
    problem.program.atExitDrain = false;
    problem.options.exitBarrier = false;
  }
  return problem;
}

Problem judge::keptProblem(uint64_t seed) {
  Random random(seed ^ 0x5eed);
  Problem problem;
  Program &program = problem.program;
  program = randomKept(random);
  problem.options.maxDelay = random.pick({1, 2, 2, 3});
  // Flags that are wrong in themselves cannot be helped.
  CheckResult result = check(program);
  bool lacksOrder = llvm::all_of(
      result.findings, [](const Finding &f) { return f.rule == Rule::C1 || f.rule == Rule::C7; });
  if (lacksOrder && random.chance(60))
    return problem;
  std::vector<NodeId> flags;
  for (NodeId id = 0; id < program.nodes.size(); ++id) {
    NodeKind kind = program[id].kind;
    if (kind == NodeKind::Set || kind == NodeKind::Wait || kind == NodeKind::Barrier)
      flags.push_back(id);
  }
  program = without(program, flags);
  return problem;
}

static Problem problemOf(const CampaignOptions &options, uint64_t seed) {
  return options.kept ? keptProblem(seed) : randomProblem(seed, options.nests);
}

static bool sameLists(const Program &input, const std::vector<NodeId> &before,
                      const Program &output, const std::vector<NodeId> &after) {
  std::vector<NodeId> kept;
  for (NodeId id : after)
    if (id < input.nodes.size())
      kept.push_back(id);
    else if (!output[id].inserted)
      return false;
  return kept == before;
}

bool judge::keepsStatements(const Program &input, const Program &output) {
  if (!sameLists(input, input.top, output, output.top))
    return false;
  for (NodeId id = 0; id < input.nodes.size(); ++id) {
    const Node &x = input[id], &y = output[id];
    bool same = x.kind == y.kind && x.pipe == y.pipe && x.reads == y.reads &&
                x.writes == y.writes && x.key.from == y.key.from && x.key.to == y.key.to &&
                x.key.id == y.key.id && x.arms.size() == y.arms.size();
    if (!same)
      return false;
    for (size_t arm = 0; arm < x.arms.size(); ++arm)
      if (x.kind == NodeKind::Macro ? x.arms[arm] != y.arms[arm]
                                    : !sameLists(input, x.arms[arm], output, y.arms[arm]))
        return false;
  }
  return true;
}

namespace {
/// Judges what insert() made of one problem.
class Trial {
public:
  Trial(const CampaignOptions &options, uint64_t seed, Tally &tally)
      : options(options), seed(seed), tally(tally), problem(problemOf(options, seed)) {}

  void run();

private:
  using Failure = llvm::function_ref<bool(const Program &input, const Program &output)>;
  Program insertInto(const Program &program) const {
    return insert(program, problem.options).program;
  }
  /// Shrinks the input as long as `fails` holds for what insert() makes of it.
  void report(const char *what, Failure fails);
  bool isRejected(const Program &output) const { return !check(output).accepted(); }
  bool isUnclean(const Program &output) const { return bool(findViolation(output, seed, 40)); }
  bool failsOnMachine(const Program &output);
  std::string simulated(const Program &output) const;
  bool isRepeated(const Program &output) const {
    return insertInto(output).nodes.size() != output.nodes.size();
  }
  bool hasNeedlessHandoff(const Program &output) const;

  const CampaignOptions &options;
  uint64_t seed;
  Tally &tally;
  Problem problem;
};
} // namespace

static std::optional<Violation> lookHard(const Program &program, uint64_t seed) {
  if (std::optional<Violation> violation = findViolation(program, seed, 8))
    return violation;
  return findViolation(program, seed + 77, 60);
}

static std::string firstFinding(const Program &program) {
  for (const Finding &finding : check(program).findings)
    if (!finding.warning)
      return "rule " + std::to_string(unsigned(finding.rule)) + " at node " +
             std::to_string(finding.later) + ", earlier " + std::to_string(finding.earlier) +
             ", distance " + std::to_string(finding.distance) + ": " + finding.what;
  return "none";
}

static std::string firstViolation(const Program &program, uint64_t seed) {
  std::optional<Violation> violation = findViolation(program, seed, 80);
  return violation ? describe(program, *violation) : "none";
}

void Trial::report(const char *what, Failure fails) {
  if (tally.reports.size() >= options.maxReports)
    return;
  Program small = shrink(problem.program, [&](const Program &candidate) {
    return fails(candidate, insertInto(candidate));
  });
  Program output = insertInto(small);
  tally.reports.push_back(std::string(what) + ", seed " + std::to_string(seed) + ", arch " +
                          pto::name(small.arch).str() + ", ids " + std::to_string(small.eventIds) +
                          ", maxDelay " + std::to_string(problem.options.maxDelay) + "\ninput:\n" +
                          listing(small) + "output:\n" + listing(output) +
                          "finding: " + firstFinding(output) +
                          "\nviolation: " + firstViolation(output, seed) + "\n");
}

bool Trial::failsOnMachine(const Program &output) {
  Random random(seed);
  bool failed = false;
  auto onTrace = [&](const Trace &trace) {
    Machine machine(output, trace);
    for (FlagModel model : {FlagModel::Counting, FlagModel::Lossy})
      for (unsigned i = 0; i < options.schedules && !failed; ++i) {
        ++tally.schedules;
        failed = machine.run(random, model).kind != Outcome::Clean;
      }
    return !failed;
  };
  forEachPath(output, seed + 1, 2, onTrace, 200);
  return failed;
}

/// What the simulator finds on some paths of the output.
std::string Trial::simulated(const Program &output) const {
  std::string finding;
  auto onTrace = [&](const Trace &trace) {
    finding = simulate(output, trace, seed, &tally.simulated).value_or("");
    return finding.empty();
  };
  forEachPath(output, seed + 3, options.simulatedPaths, onTrace, 200);
  return finding;
}

bool Trial::hasNeedlessHandoff(const Program &output) const {
  return llvm::any_of(handoffs(output, seed), [&](const std::vector<NodeId> &group) {
    Program less = without(output, group);
    return output[group.front()].inserted && check(less).accepted() && !lookHard(less, seed);
  });
}

void Trial::run() {
  InsertResult result = insert(problem.program, problem.options);
  const Program &output = result.program;
  ++tally.programs;
  tally.lastRung += result.stats.lastRung;
  tally.items.handoffs += result.stats.handoffs;
  tally.items.credits += result.stats.credits;
  tally.items.merged += result.stats.merged;
  tally.items.drains += result.stats.drains;
  tally.items.barriers += result.stats.barriers;
  tally.items.barrierAll += result.stats.barrierAll;
  tally.items.inLoops += result.stats.inLoops;
  if (problem.program.eventIds == numEventIds)
    tally.inLoopsWithAllIds += result.stats.inLoops;

  if (!keepsStatements(problem.program, output)) {
    ++tally.disturbed;
    report("statements disturbed",
           [](const Program &in, const Program &out) { return !keepsStatements(in, out); });
  }
  tally.unstable += listing(insertInto(problem.program)) != listing(output);
  tally.repeated += isRepeated(output);
  if (options.picky && isRepeated(output))
    report("not idempotent", [&](const Program &, const Program &p) { return isRepeated(p); });
  if (options.picky && hasNeedlessHandoff(output))
    report("needless handoff",
           [&](const Program &, const Program &p) { return hasNeedlessHandoff(p); });
  if (isUnclean(output)) {
    ++tally.unclean;
    report("unclean output", [&](const Program &, const Program &p) { return isUnclean(p); });
  } else if (isRejected(output)) {
    ++tally.rejected;
    report("rejected output",
           [&](const Program &, const Program &p) { return isRejected(p) && !isUnclean(p); });
  } else if (failsOnMachine(output)) {
    ++tally.failedRuns;
    report("failed schedule", [&](const Program &, const Program &p) { return failsOnMachine(p); });
  } else if (std::string finding = simulated(output); !finding.empty()) {
    ++tally.simulatedBad;
    report(("simulator: " + finding).c_str(),
           [&](const Program &, const Program &p) { return !simulated(p).empty(); });
  }
  judgeMutants(output, seed, options, tally);
}

//===----------------------------------------------------------------------===//
// Mutants
//===----------------------------------------------------------------------===//

static void countRedundancy(const Mutant &mutant, bool isClean, bool isProven, Tally &tally) {
  if (!mutant.inserted)
    return;
  bool counts = mutant.mutation == Mutation::DropHandoff ||
                mutant.mutation == Mutation::DropBarrier || mutant.mutation == Mutation::DropFlag;
  tally.proven += counts && isProven;
  if (mutant.mutation == Mutation::DropHandoff) {
    ++tally.handoffs;
    tally.redundantHandoffs += isClean;
  } else if (mutant.mutation == Mutation::DropBarrier) {
    ++tally.barriers;
    tally.redundantBarriers += isClean;
  } else if (mutant.mutation == Mutation::DropFlag) {
    ++tally.flags;
    tally.redundantFlags += isClean;
  }
}

/// A program that the axioms call clean must survive the machine.
static void confirmOnMachine(const Program &program, uint64_t seed, Tally &tally) {
  Random random(seed);
  auto onTrace = [&](const Trace &trace) {
    ++tally.schedules;
    Outcome outcome = Machine(program, trace).run(random, FlagModel::Lossy);
    tally.disagreed += outcome.kind != Outcome::Clean;
    return true;
  };
  forEachPath(program, seed, 1, onTrace, 150);
}

/// Shrinks a program on which checker and oracle differ.
static std::string disagreement(const Program &program, const char *what, uint64_t seed,
                                bool isClean) {
  Program small = shrink(program, [&](const Program &candidate) {
    return check(candidate).accepted() != isClean && !lookHard(candidate, seed) == isClean;
  });
  return std::string(isClean ? "FALSE REJECT, " : "FALSE ACCEPT, ") + what + ", seed " +
         std::to_string(seed) + ", arch " + pto::name(small.arch).str() + ", ids " +
         std::to_string(small.eventIds) + "\n" + listing(small) +
         "finding: " + firstFinding(small) + "\nviolation: " + firstViolation(small, seed) + "\n";
}

/// Only what counting flags need (C3 aside): accepted, although a path is wrong?
static bool isWeaklyAccepted(const Program &program, uint64_t seed) {
  return check(program, {.strongFlags = false}).accepted() &&
         findViolation(program, seed, 40, /*strongFlags=*/false);
}

/// Counts one program; returns true when the oracle calls it clean.
static bool judgeInto(Verdicts &verdicts, const Program &program, const char *what, uint64_t seed,
                      const CampaignOptions &options, Tally &tally) {
  bool accepted = check(program).accepted();
  bool isClean = !lookHard(program, seed);
  ++(accepted  ? isClean ? verdicts.bothClean : verdicts.falseAccept
     : isClean ? verdicts.falseReject
               : verdicts.bothBad);
  if (accepted && isClean)
    confirmOnMachine(program, seed, tally);
  if (options.kept && !isClean && isWeaklyAccepted(program, seed)) {
    ++verdicts.falseAccept;
    auto still = [&](const Program &p) { return isWeaklyAccepted(p, seed); };
    tally.reports.push_back("FALSE ACCEPT, weak flags, seed " + std::to_string(seed) + "\n" +
                            listing(shrink(program, still)));
  }
  bool wanted = accepted != isClean && (accepted || options.picky);
  if (wanted && tally.reports.size() < options.maxReports)
    tally.reports.push_back(disagreement(program, what, seed, isClean));
  return isClean;
}

/// The simulator must find something on a path exactly when the axioms do. C5 and C8 speak about
/// what one core alone does not show, C3 is about flags of one bit. C2 wants the set in front of
/// its wait; on the machine another queue may bring it all the same.
static void compareOnSimulator(const Program &program, Mutation mutation, uint64_t seed,
                               Tally &tally, unsigned maxReports) {
  bool reorders = mutation == Mutation::SwapNext || mutation == Mutation::ShiftRotation;
  auto isBeyond = [&](const Violation &v) {
    return v.rule == Rule::C5 || v.rule == Rule::C8 || (reorders && v.rule == Rule::C2);
  };
  auto differs = [&](const Program &p) {
    bool differ = false;
    auto onTrace = [&](const Trace &trace) {
      std::vector<Violation> all = violations(p, trace, /*strongFlags=*/false, false);
      std::optional<std::string> finding;
      if (llvm::none_of(all, isBeyond))
        finding = simulateOnce(p, trace);
      if (!finding)
        return true;
      ++tally.compared;
      differ = all.empty() != finding->empty();
      return !differ;
    };
    forEachPath(p, seed, 2, onTrace, 200);
    return differ;
  };
  if (!differs(program))
    return;
  ++tally.differed;
  if (tally.reports.size() >= maxReports)
    return;
  Program small = shrink(program, differs);
  std::string text = std::string("SIMULATOR, ") + name(mutation) + ", seed " +
                     std::to_string(seed) + ", arch " + pto::name(small.arch).str() + "\n" +
                     listing(small) + "violation: " + firstViolation(small, seed) + "\n";
  auto onTrace = [&](const Trace &trace) {
    text += "simulator: " + simulateOnce(small, trace).value_or("no such bytes") + "\n";
    return true;
  };
  forEachPath(small, seed, 2, onTrace, 200);
  tally.reports.push_back(text);
}

void judge::judgeMutants(const Program &program, uint64_t seed, const CampaignOptions &options,
                         Tally &tally) {
  unsigned number = 0, step = 1 + unsigned(seed % 5);
  if (options.nests)
    forEachMovedTile(program, seed, options.tweaks, [&](const Mutant &mutant) {
      judgeInto(tally.mutants[unsigned(mutant.mutation)], mutant.program, name(mutant.mutation),
                seed, options, tally);
    });
  forEachMutant(program, seed, options.tweaks, [&](const Mutant &mutant) {
    if (number++ % step == 0 && number / step < options.simulatedMutants)
      compareOnSimulator(mutant.program, mutant.mutation, seed, tally, options.maxReports);
    Verdicts &verdicts = tally.mutants[unsigned(mutant.mutation)];
    const char *what = name(mutant.mutation);
    unsigned accepted = verdicts.bothClean;
    bool isClean = judgeInto(verdicts, mutant.program, what, seed, options, tally);
    countRedundancy(mutant, isClean, verdicts.bothClean > accepted, tally);
  });
}

//===----------------------------------------------------------------------===//
// Many programs
//===----------------------------------------------------------------------===//

Tally judge::runCampaign(const CampaignOptions &options) {
  Tally tally;
  for (unsigned i = 0; i < options.programs; ++i) {
    if (options.announce)
      llvm::errs() << "seed " << options.seed + i << "\n";
    Trial(options, options.seed + i, tally).run();
  }
  return tally;
}

/// Takes away handoffs that are wrong in themselves, one violation after the other.
static Program mended(Program program, uint64_t seed) {
  for (unsigned round = 0; round < 30; ++round) {
    std::optional<Violation> violation = lookHard(program, seed);
    if (!violation)
      break;
    auto isInvolved = [&](const std::vector<NodeId> &group) {
      return llvm::is_contained(group, violation->later) ||
             llvm::is_contained(group, violation->earlier);
    };
    std::vector<std::vector<NodeId>> groups = handoffs(program, seed);
    auto guilty = llvm::find_if(groups, isInvolved);
    if (guilty == groups.end())
      break;
    program = without(program, *guilty);
  }
  return program;
}

/// Deletes handoffs and barriers in random order as long as sampled paths stay clean.
static Program thinned(Program program, uint64_t seed, Random &random) {
  std::vector<std::vector<NodeId>> items = deletableItems(program, seed);
  for (size_t left = items.size(); left > 0; --left)
    std::swap(items[left - 1], items[random.below(left)]);
  // Barriers first, or they make every handoff superfluous.
  if (random.chance(80))
    std::partition(items.begin(), items.end(), [](auto &item) { return item.size() == 1; });
  for (const std::vector<NodeId> &item : items) {
    Program candidate = without(program, item);
    if (!lookHard(candidate, seed))
      program = std::move(candidate);
  }
  return program;
}

Tally judge::runCheckerCampaign(const CampaignOptions &options) {
  Tally tally;
  for (unsigned i = 0; i < options.programs; ++i) {
    uint64_t seed = options.seed + i;
    if (options.announce)
      llvm::errs() << "seed " << seed << "\n";
    Random random(seed ^ 0x5eed);
    if (options.kept) {
      Program program = randomKept(random);
      ++tally.programs;
      if (judgeInto(tally.unmutated, program, "no mutation", seed, options, tally))
        judgeMutants(program, seed, options, tally);
      continue;
    }
    Program bare = randomProblem(seed, options.nests).program;
    Program sprinkled = withRandomSynchronisation(bare, random);
    // Barriers on top make it clean; thinning then leaves odd but sufficient synchronisation.
    Program full = mended(withBarriersEverywhere(sprinkled), seed);
    // Twice: a barrier may have been there for a handoff (C3) that went after it.
    Program enough = thinned(thinned(full, seed, random), seed, random);
    ++tally.programs;
    for (const Program *program : {&sprinkled, &full, &enough})
      judgeInto(tally.unmutated, *program, "no mutation", seed, options, tally);
    judgeMutants(enough, seed, options, tally);
  }
  return tally;
}
