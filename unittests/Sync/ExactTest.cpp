//===- ExactTest.cpp - insert() against the provably best ------------------===//
//
// A fixed sample; `sync-soak --exact` runs as many programs as one likes.
//
//===----------------------------------------------------------------------===//

#include "Exact.h"
#include "Builder.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

static void expectNearOptimum(Goal goal) {
  Comparison result = compareWithExact(goal, 1, 150);
  llvm::outs() << table(result);
  for (const std::string &report : result.reports)
    llvm::outs() << report << "\n";
  llvm::outs().flush();
  unsigned decided = result.programs - result.undecided;
  EXPECT_GE(decided, 140u);
  EXPECT_GE((result.equal + result.below) * 100, decided * 95);
  EXPECT_EQ(result.farAbove, 0u);
}

TEST(SyncExact, TimeObjectiveIsNearTheOptimum) { expectNearOptimum(Goal::TimeThenCount); }
TEST(SyncExact, CountObjectiveIsNearTheOptimum) { expectNearOptimum(Goal::Count); }
