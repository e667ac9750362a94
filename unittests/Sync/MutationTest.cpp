//===- MutationTest.cpp - Is every inserted item needed, and seen? ---------===//
//
// The hand-made kernels: what insert() adds is right, and whoever takes one item away is caught by
// the checker and by a schedule of the machine.
//
//===----------------------------------------------------------------------===//

#include "Campaign.h"
#include "Kernels.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
/// Does any of 60 schedules on each of 12 paths go wrong?
bool machineFinds(const Program &program, uint64_t seed) {
  Random random(seed);
  bool failed = false;
  auto onTrace = [&](const Trace &trace) {
    Machine machine(program, trace);
    for (unsigned i = 0; i < 60 && !failed; ++i)
      failed = machine.run(random, i % 2 ? FlagModel::Lossy : FlagModel::Counting).kind !=
               Outcome::Clean;
    return !failed;
  };
  forEachPath(program, seed, 12, onTrace, 200);
  return failed;
}

struct Kills {
  unsigned mutants = 0, byChecker = 0, byOracle = 0, byMachine = 0;
  unsigned spared = 0; ///< exit drains after which S knows of every GM write anyway (C7)
};
} // namespace

static Kills countKills(const Program &output) {
  Kills kills;
  forEachMutant(output, 1, 0, [&](const Mutant &mutant) {
    if (!mutant.inserted)
      return;
    bool isRejected = !check(mutant.program).accepted();
    bool isBad = findViolation(mutant.program, 1, 60).has_value();
    EXPECT_TRUE(isRejected || !isBad) << listing(mutant.program);
    if (mutant.mutation == Mutation::DropExit && !isRejected) {
      ++kills.spared;
      return;
    }
    ++kills.mutants;
    kills.byChecker += isRejected;
    kills.byOracle += isBad;
    kills.byMachine += machineFinds(mutant.program, 3);
  });
  return kills;
}

TEST(SyncMutation, KernelsAreCleanAndEveryDeletionIsFound) {
  std::printf("  %-28s handoffs credits barriers | mutants checker oracle machine, "
              "exit drain spared\n",
              "kernel");
  for (const NamedKernel &kernel : allKernels()) {
    InsertResult result = insert(kernel.program);
    SCOPED_TRACE(kernel.name + "\n" + listing(result.program));
    EXPECT_TRUE(check(result.program).accepted());
    EXPECT_FALSE(findViolation(result.program, 1, 80));
    EXPECT_FALSE(machineFinds(result.program, 1));
    EXPECT_TRUE(keepsStatements(kernel.program, result.program));
    EXPECT_FALSE(result.stats.lastRung);
    EXPECT_EQ(result.stats.barrierAll, 1u); // the exit drain
    Kills kills = countKills(result.program);
    std::printf("  %-28s %8u %7u %8u | %7u %7u %6u %7u %7u\n", kernel.name.c_str(),
                result.stats.handoffs, result.stats.credits, result.stats.barriers, kills.mutants,
                kills.byChecker, kills.byOracle, kills.byMachine, kills.spared);
    EXPECT_EQ(kills.byChecker, kills.mutants);
    EXPECT_EQ(kills.byOracle, kills.mutants);
    // Schedules are random: the machine may need more of them for the last few.
    EXPECT_GE(kills.byMachine * 10, kills.byOracle * 9);
  }
}

TEST(SyncMutation, PendingTokenAcrossCallIsRefused) {
  Program program = ringStepBroken();
  CheckResult result = check(program);
  auto has = [&](Rule rule) {
    return llvm::any_of(result.findings, [&](const Finding &f) { return f.rule == rule; });
  };
  EXPECT_TRUE(has(Rule::C1));
  EXPECT_TRUE(has(Rule::C5));
  EXPECT_TRUE(findViolation(program, 1, 1));
}
