//===- EngineClusterTest.cpp - Whole clusters at random, against a closure -===//
//
// A fixed sample of what `sim-soak` runs by the ten thousand.
//
//===----------------------------------------------------------------------===//

#include "RandomCluster.h"
#include <gtest/gtest.h>

using namespace pto::sim;
using namespace pto::sim::testing;

TEST(EngineCluster, RightProgramsAreCleanAndEveryDefectIsReportedOrRedundant) {
  ClusterTally tally = clusterCampaign(/*seed=*/1, /*count=*/600, /*randomSchedules=*/2);
  std::printf("%s", table(tally).c_str());
  for (const std::string &report : tally.reports)
    ADD_FAILURE() << report;
  EXPECT_FALSE(tally.failed());
  EXPECT_GT(tally.mutants, 500u);
  EXPECT_LT(tally.redundant, tally.mutants / 3); // else the generator is too tame
}
