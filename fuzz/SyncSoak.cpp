//===- SyncSoak.cpp - Random programs until something breaks ---------------===//
//
//   sync-soak [--programs N] [--seed S] [--tweaks T] [--schedules K] [--reports R] [--announce]
//             [--checker-only]        random synchronisation instead of insert()
//             [--kept]                nests with flags as people write them
//             [--nests]               loops in loops through rings of tiles
//             [--picky]               also reports what is right but wasteful
//             [--exact time|count]    insert() against the provably best solution of small programs
//             [--ids few|all]         bar(ALL) in loops against programs that can do without
//   sync-soak [--nests] --show S     prints the program of a seed and what insert() makes of it
//
// Exit 1 when insert() or check() is wrong anywhere. Every figure depends on the arguments only.
//
//===----------------------------------------------------------------------===//

#include "Campaign.h"
#include "Exact.h"
#include "Shortage.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto::sync;
using namespace pto::sync::judge;

static int usage() {
  llvm::errs() << "usage: sync-soak [--programs N] [--seed S] [--tweaks T] [--schedules K] "
                  "[--reports R] [--announce] [--checker-only] [--kept] [--nests] [--picky] "
                  "[--exact time|count] [--ids few|all] | --show S\n";
  return 2;
}

static int show(uint64_t seed, bool nest) {
  Problem problem = randomProblem(seed, nest);
  llvm::outs() << "arch " << pto::name(problem.program.arch) << ", core "
               << pto::name(problem.program.core) << ", ids " << problem.program.eventIds
               << ", maxDelay " << problem.options.maxDelay << "\n"
               << listing(problem.program) << "----\n";
  Program output = insert(problem.program, problem.options).program;
  llvm::outs() << listing(output);
  for (const Finding &finding : check(output).findings)
    llvm::outs() << (finding.warning ? "warning: " : "finding: ") << finding.what << "\n";
  if (std::optional<Violation> violation = findViolation(output, seed, 80))
    llvm::outs() << "violation: " << describe(output, *violation) << "\n";
  return 0;
}

static int compare(Goal goal, const CampaignOptions &options) {
  Comparison result =
      compareWithExact(goal, options.seed, options.programs, options.maxReports, options.picky);
  llvm::outs() << table(result);
  for (const std::string &report : result.reports)
    llvm::outs() << "\n" << report;
  return isNearOptimum(result) ? 0 : 1;
}

static int runShortage(bool fewIds, const CampaignOptions &options) {
  ShortageTally tally = runShortageCampaign(options, fewIds);
  llvm::outs() << table(tally);
  for (const std::string &report : tally.reports)
    llvm::outs() << "\n" << report;
  return tally.needless || tally.rejected || tally.unclean ? 1 : 0;
}

int main(int argc, char **argv) {
  CampaignOptions options;
  options.programs = 2000;
  bool checkerOnly = false;
  std::optional<Goal> exact;
  std::optional<bool> fewIds;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    bool *toggle = argument == "--announce"       ? &options.announce
                   : argument == "--checker-only" ? &checkerOnly
                   : argument == "--kept"         ? &options.kept
                   : argument == "--picky"        ? &options.picky
                   : argument == "--nests"        ? &options.nests
                                                  : nullptr;
    if (toggle) {
      *toggle = true;
      continue;
    }
    if (argument == "--exact" && i + 1 < argc) {
      llvm::StringRef goal = argv[++i];
      if (goal != "time" && goal != "count")
        return usage();
      exact = goal == "time" ? Goal::TimeThenCount : Goal::Count;
      continue;
    }
    if (argument == "--ids" && i + 1 < argc) {
      llvm::StringRef pool = argv[++i];
      if (pool != "few" && pool != "all")
        return usage();
      fewIds = pool == "few";
      continue;
    }
    uint64_t value = 0;
    if (i + 1 == argc || llvm::StringRef(argv[++i]).getAsInteger(10, value))
      return usage();
    if (argument == "--show")
      return show(value, options.nests);
    if (argument == "--programs")
      options.programs = value;
    else if (argument == "--seed")
      options.seed = value;
    else if (argument == "--tweaks")
      options.tweaks = value;
    else if (argument == "--schedules")
      options.schedules = value;
    else if (argument == "--reports")
      options.maxReports = value;
    else
      return usage();
  }
  if (exact)
    return compare(*exact, options);
  if (fewIds)
    return runShortage(*fewIds, options);
  Tally tally = checkerOnly ? runCheckerCampaign(options) : runCampaign(options);
  llvm::outs() << table(tally);
  for (const std::string &report : tally.reports)
    llvm::outs() << "\n" << report;
  bool failed = tally.unclean || tally.rejected || tally.failedRuns || tally.disturbed ||
                tally.unstable || tally.disagreed || tally.falseAccepts() || tally.simulatedBad ||
                tally.differed;
  return failed ? 1 : 0;
}
