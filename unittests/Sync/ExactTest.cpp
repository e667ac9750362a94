//===- ExactTest.cpp - insert() against the provably best ------------------===//
//
// A fixed sample; `sync-soak --exact` runs as many programs as one likes.
//
//===----------------------------------------------------------------------===//

#include "Exact.h"
#include "Builder.h"
#include "ExactUniverse.h"
#include "Mutate.h"
#include "Oracle.h"
#include "ptoas/Sync/Check.h"
#include "ptoas/Sync/Insert.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

static void expectNearOptimum(Goal goal, unsigned programs) {
  Comparison result = compareWithExact(goal, 1, programs);
  llvm::outs() << table(result);
  for (const std::string &report : result.reports)
    llvm::outs() << report << "\n";
  llvm::outs().flush();
  unsigned decided = result.programs - result.undecided;
  EXPECT_GE(decided * 100, programs * 95);
  EXPECT_TRUE(isNearOptimum(result));
}

TEST(SyncExact, TimeObjectiveIsNearTheOptimum) { expectNearOptimum(Goal::TimeThenCount, 80); }
TEST(SyncExact, CountObjectiveIsNearTheOptimum) { expectNearOptimum(Goal::Count, 150); }

// The search and the tests measure by models of their own: were they different, some plan would get
// dearer. And what it leaves as it is has the reasons that it had.
TEST(SyncExact, SearchNeverMakesAPlanDearer) {
  unsigned better = 0;
  for (uint64_t seed = 1000; seed < 1150; ++seed) {
    Program program = randomSmallProgram(seed);
    for (Objective objective : {Objective::Time, Objective::Count}) {
      InsertOptions options;
      options.objective = objective;
      options.keepTokens = false; // comes after the search, which does not know what it will save
      options.cyclesOf = [&](NodeId node) { return durationOf(program, node); };
      InsertResult with = insert(program, options);
      options.searchSteps = 0;
      InsertResult without = insert(program, options);
      EXPECT_EQ(without.stats.searched, InsertStats::NotTried);
      ASSERT_TRUE(check(with.program).accepted()) << seed << "\n" << listing(with.program);
      Price now = priceOf(with.program), old = priceOf(without.program);
      if (objective == Objective::Count)
        now.time = old.time = 0;
      EXPECT_LE(now, old) << seed << "\n" << listing(with.program);
      better += now < old;
      for (const Node &node : with.program.nodes)
        EXPECT_TRUE(!node.inserted || !node.reasons.empty()) << seed << "\n"
                                                             << listing(with.program);
    }
  }
  EXPECT_GE(better, 30u); // one in six was above the optimum before there was a search
}

// What the baseline excludes slow sets by: orders that are kept for nothing take no longer than any
// sync that keeps them, and where it does they add nothing.
TEST(SyncExact, OrdersBoundTheTimeFromBelow) {
  unsigned atBound = 0, above = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Program source = randomSmallProgram(seed);
    Program with = insert(source).program;
    std::vector<Trace> bare = measuredPaths(source), synced = measuredPaths(with);
    ASSERT_EQ(bare.size(), synced.size());
    for (size_t i = 0; i < bare.size(); ++i) {
      Orders orders = ordersOf(source, bare[i]);
      for (Halved halved : {Halved::None, Halved::GlobalMoves, Halved::Others}) {
        uint64_t time = modelledTime(with, synced[i], halved);
        uint64_t bound = modelledTime(source, bare[i], halved, orders);
        EXPECT_EQ(modelledTime(with, synced[i], halved, orders), time) << seed;
        EXPECT_LE(bound, time) << seed;
        EXPECT_LE(modelledTime(source, bare[i], halved), bound) << seed;
        ++(bound == time ? atBound : above);
      }
    }
  }
  EXPECT_GE(atBound, 100u);
  EXPECT_GE(above, 100u);
}

// Work on one program has a bound.
TEST(SyncExact, SearchIsBounded) {
  Program program = randomSmallProgram(152);
  InsertOptions options;
  options.searchSteps = 1000;
  InsertResult result = insert(program, options);
  EXPECT_EQ(result.stats.searched, InsertStats::CutShort);
  EXPECT_TRUE(check(result.program).accepted());
}

// The search itself, where the answer is known: one load, one use, one store of one tile.
TEST(SyncExact, FindsWhatIsKnown) {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId tile = b.tile(Space::Vec, 0, 64);
  b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {tile});
  b.access(Pipe::V, {tile}, {tile});
  b.access(Pipe::MTE3, {tile}, {b.global(out, 0, 64)});
  for (Goal goal : {Goal::TimeThenCount, Goal::Count}) {
    std::optional<Optimum> best = solveExactly(b.program, goal, {~uint64_t(0), 0});
    ASSERT_TRUE(best);
    EXPECT_EQ(best->items, 2u); // MTE2>V and V>MTE3
    EXPECT_EQ(best->price.executed, 4u);
  }
}

/// Sets of candidates that run at most `most` instructions, but no more than `limit` sets; false
/// when there are more.
static bool forEachCheapSet(const Universe &universe, uint64_t most, unsigned limit,
                            llvm::function_ref<void(const llvm::BitVector &)> visit) {
  llvm::BitVector chosen(universe.candidates.size());
  unsigned visited = 0;
  auto grow = [&](auto &self, size_t from, uint64_t left) -> bool {
    if (++visited > limit)
      return false;
    visit(chosen);
    for (size_t next = from; next < chosen.size(); ++next) {
      uint64_t price = universe.candidates[next].executed;
      if (price == 0 || price > left)
        continue;
      chosen.set(next);
      bool goesOn = self(self, next + 1, left - price);
      chosen.reset(next);
      if (!goesOn)
        return false;
    }
    return true;
  };
  return grow(grow, 0, most);
}

// The baseline against brute force: of all sets of candidates that are as cheap or a little dearer,
// none that is better is accepted.
TEST(SyncExact, NoSetIsBetterThanTheBaseline) {
  unsigned tried = 0, sets = 0, accepted = 0;
  for (uint64_t seed = 1; tried < 24; ++seed) {
    Program program = randomSmallProgram(seed);
    Universe universe(program, 2);
    for (Goal goal : {Goal::Count, Goal::TimeThenCount}) {
      std::optional<Optimum> best = solveExactly(program, goal, {~uint64_t(0), 0});
      ASSERT_TRUE(best) << seed;
      if (best->items == 0)
        continue;
      uint64_t most = best->price.executed + 1;
      constexpr unsigned limit = 4000;
      if (!forEachCheapSet(universe, most, limit, [](const llvm::BitVector &) {}))
        continue;
      ++tried;
      forEachCheapSet(universe, most, limit, [&](const llvm::BitVector &chosen) {
        ++sets;
        Program with = universe.with(chosen);
        Price price = priceOf(with);
        bool isBetter =
            goal == Goal::Count ? price.executed < best->price.executed : price < best->price;
        if (!check(with).accepted() || findViolation(with, 1, 12))
          return;
        ++accepted;
        EXPECT_FALSE(isBetter) << seed << "\n" << listing(with);
      });
    }
  }
  EXPECT_GE(sets, 1000u);
  EXPECT_GE(accepted, tried); // the baseline's own at least
}

// Exchanges are tried by pairs of items: a list too long for that is left as the default leaves it.
TEST(SyncExact, LongListsAreLeftAsTheyAre) {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  for (int64_t i = 0; i < 1000; ++i) {
    RegionId tile = b.tile(Space::Vec, 64 * (i % 8), 64);
    b.access(Pipe::MTE2, {b.global(in, 64 * i, 64)}, {tile});
    b.access(Pipe::V, {tile}, {tile});
    b.access(Pipe::MTE3, {tile}, {b.global(out, 64 * i, 64)});
  }
  InsertOptions few;
  few.objective = Objective::Count;
  EXPECT_EQ(insert(b.program, few).program.nodes.size(), insert(b.program).program.nodes.size());
}
