//===- SimSoak.cpp - Random programs in the simulator, until one is wrong --===//
//
//   sim-soak [--programs N] [--seed S] [--schedules K]
//   sim-soak --show S     prints the program of a seed
//
// Programs that are right by construction must be clean under every schedule and give the same
// bytes; with one synchronisation less they must be reported, or shown redundant by a closure.
//
//===----------------------------------------------------------------------===//

#include "RandomCluster.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto::sim::testing;

int main(int argc, char **argv) {
  uint64_t programs = 20000, seed = 1, schedules = 2, show = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    llvm::StringRef argument = argv[i];
    uint64_t *value = argument == "--programs"    ? &programs
                      : argument == "--seed"      ? &seed
                      : argument == "--schedules" ? &schedules
                      : argument == "--show"      ? &show
                                                  : nullptr;
    if (!value || llvm::StringRef(argv[i + 1]).getAsInteger(10, *value)) {
      llvm::errs() << "usage: sim-soak [--programs N] [--seed S] [--schedules K] | --show S\n";
      return 2;
    }
  }
  if (show) {
    llvm::outs() << listing(randomCluster(show));
    return 0;
  }
  ClusterTally tally = clusterCampaign(seed, programs, unsigned(schedules));
  for (const std::string &report : tally.reports)
    llvm::outs() << report << '\n';
  llvm::outs() << table(tally);
  return tally.failed() ? 1 : 0;
}
