//===- OracleTest.cpp - Is the judge itself right? -------------------------===//
//
// Axioms and machine are two readings of the same rules; here they judge one another, without the
// checker and the inserter.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"
#include "Kernels.h"
#include "Mutate.h"
#include "RandomProgram.h"
#include "llvm/ADT/STLExtras.h"
#include <cstdio>
#include <gtest/gtest.h>
#include <set>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
/// Two tiles, one input and one output: enough for one case per rule.
struct OracleTest : ::testing::Test {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId u = b.tile(Space::Vec, 0, 64, "u"), v = b.tile(Space::Vec, 64, 64, "v");

  void load(RegionId tile) { b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {tile}, "tload"); }
  void add(RegionId tile) { b.access(Pipe::V, {tile}, {tile}, "tadd"); }
  void store(RegionId tile) { b.access(Pipe::MTE3, {tile}, {b.global(out, 0, 64)}, "tstore"); }

  /// The rules that fail on any sampled path.
  std::set<Rule> rules(bool strongFlags = true) {
    std::set<Rule> result;
    forEachPath(b.program, 1, 20, [&](const Trace &trace) {
      for (const Violation &v : violations(b.program, trace, strongFlags, false))
        result.insert(v.rule);
      return true;
    });
    return result;
  }
  /// What schedules of all sampled paths end in.
  std::set<Outcome::Kind> outcomes(FlagModel model) {
    std::set<Outcome::Kind> result;
    Random random(5);
    forEachPath(b.program, 1, 6, [&](const Trace &trace) {
      Machine machine(b.program, trace);
      for (unsigned i = 0; i < 200; ++i)
        result.insert(machine.run(random, model).kind);
      return true;
    });
    return result;
  }
};
} // namespace

using Rules = std::set<Rule>;
using Kinds = std::set<Outcome::Kind>;

TEST_F(OracleTest, HandoffOrdersBothWays) {
  load(u);
  b.handoff(Pipe::MTE2, Pipe::V, {0});
  add(u);
  b.handoff(Pipe::V, Pipe::MTE3, {0});
  store(u);
  b.barrier(Pipe::ALL);
  EXPECT_EQ(rules(), Rules{});
  EXPECT_EQ(outcomes(FlagModel::Lossy), Kinds{Outcome::Clean});
}

TEST_F(OracleTest, MissingHandoffIsC1) {
  load(u);
  add(u);
  EXPECT_EQ(rules(), Rules{Rule::C1});
  EXPECT_TRUE(outcomes(FlagModel::Counting).count(Outcome::Race));
}

TEST_F(OracleTest, SamePipeNeedsBarrierOnA3Only) {
  add(u);
  add(u);
  EXPECT_EQ(rules(), Rules{Rule::C1});
  EXPECT_TRUE(outcomes(FlagModel::Counting).count(Outcome::Race));
  b.program.arch = Arch::A5; // H7
  EXPECT_EQ(rules(), Rules{});
  EXPECT_EQ(outcomes(FlagModel::Counting), Kinds{Outcome::Clean});
}

TEST_F(OracleTest, RelayCarriesKnowledge) {
  load(u);
  b.handoff(Pipe::MTE2, Pipe::V, {0});
  b.handoff(Pipe::V, Pipe::MTE3, {0});
  store(u);
  b.barrier(Pipe::ALL);
  EXPECT_EQ(rules(), Rules{});
}

TEST_F(OracleTest, WaitOnScalarHoldsDispatch) {
  load(u);
  b.handoff(Pipe::MTE2, Pipe::S, {0});
  add(u);
  EXPECT_EQ(rules(), Rules{}); // H6
}

TEST_F(OracleTest, LoadAfterLoadIsExemptOnEqualBytesOnly) {
  load(u);
  load(u);
  EXPECT_EQ(rules(), Rules{});
  load(b.tile(Space::Vec, 32, 64, "astride"));
  EXPECT_EQ(rules(), Rules{Rule::C1});
}

TEST_F(OracleTest, TwoSetsAreC2) {
  load(u);
  b.set(Pipe::MTE2, Pipe::V, {0});
  b.set(Pipe::MTE2, Pipe::V, {0});
  b.wait(Pipe::MTE2, Pipe::V, {0});
  EXPECT_EQ(rules(), Rules{Rule::C2});
  EXPECT_TRUE(outcomes(FlagModel::Counting).count(Outcome::Leftover));
}

TEST_F(OracleTest, WaitWithoutSetHangs) {
  b.wait(Pipe::MTE2, Pipe::V, {0});
  EXPECT_EQ(rules(), Rules{Rule::C2});
  EXPECT_EQ(outcomes(FlagModel::Counting), Kinds{Outcome::Hang});
}

TEST_F(OracleTest, RunAheadIsC3AndLosesTokens) {
  for (RegionId tile : {u, v}) {
    load(tile);
    b.handoff(Pipe::MTE2, Pipe::V, {0});
    add(tile);
  }
  EXPECT_EQ(rules(), Rules{Rule::C3});
  EXPECT_EQ(rules(false), Rules{});
  EXPECT_EQ(outcomes(FlagModel::Counting), Kinds{Outcome::Clean});
  EXPECT_TRUE(outcomes(FlagModel::Lossy).count(Outcome::Hang));
}

TEST_F(OracleTest, ForeignTokenIsC5) {
  std::set<Rule> found;
  Program program = ringStepBroken();
  forEachPath(program, 1, 1, [&](const Trace &trace) {
    for (const Violation &v : violations(program, trace, true, false))
      found.insert(v.rule);
    return true;
  });
  EXPECT_TRUE(found.count(Rule::C1) && found.count(Rule::C2) && found.count(Rule::C5));
}

TEST_F(OracleTest, StoreInFlightAtExitIsC7) {
  store(u);
  EXPECT_EQ(rules(), Rules{Rule::C7});
  EXPECT_TRUE(outcomes(FlagModel::Counting).count(Outcome::Unfinished));
  b.program.atExitDrain = false;
  EXPECT_EQ(rules(), Rules{});
}

TEST_F(OracleTest, SignalNeedsDrainThenFence) {
  store(u);
  b.plain(NodeKind::Fence); // too early: the store may be in flight
  b.handoff(Pipe::MTE3, Pipe::S, {0});
  b.plain(NodeKind::Publish);
  EXPECT_EQ(rules(), Rules{Rule::C8});
  EXPECT_TRUE(outcomes(FlagModel::Counting).count(Outcome::Unpublished));
  std::swap(b.program.top[1], b.program.top[2]);
  std::swap(b.program.top[2], b.program.top[3]);
  EXPECT_EQ(rules(), Rules{});
  EXPECT_EQ(outcomes(FlagModel::Counting), Kinds{Outcome::Clean});
}

TEST_F(OracleTest, SignalAfterLoadNeedsNoFence) {
  load(u);
  b.handoff(Pipe::MTE2, Pipe::S, {0});
  b.plain(NodeKind::Publish);
  EXPECT_EQ(rules(), Rules{});
}

TEST_F(OracleTest, IllegalIdsAndBarriersAreC4) {
  b.handoff(Pipe::MTE2, Pipe::V, {8});
  EXPECT_EQ(rules(), Rules{Rule::C4});
  b.program.top.clear();
  b.barrier(Pipe::M);
  EXPECT_EQ(rules(), Rules{Rule::C4});
}

TEST_F(OracleTest, RotatingTokenIsDrainedByTripCount) {
  // A handoff that lags one iteration behind, over two ids; without the prime the first wait hangs.
  NodeId prime = b.set(Pipe::V, Pipe::MTE2, {0});
  NodeId loop = b.openLoop();
  b.wait(Pipe::V, Pipe::MTE2, {0, 2, loop, 0});
  load(u);
  b.handoff(Pipe::MTE2, Pipe::V, {0, 2, loop, 0});
  add(u);
  b.set(Pipe::V, Pipe::MTE2, {0, 2, loop, 1});
  b.close();
  b.wait(Pipe::V, Pipe::MTE2, {0, 2, loop, 0});
  EXPECT_EQ(rules(), Rules{});
  EXPECT_EQ(outcomes(FlagModel::Lossy), Kinds{Outcome::Clean});
  llvm::erase(b.program.top, prime);
  EXPECT_EQ(rules(), Rules{Rule::C2});
}

TEST(OracleProperty, BarriersEverywhereAreAlwaysClean) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Program program = withBarriersEverywhere(randomProgram(random, randomShape(random)));
    std::optional<Violation> violation = findViolation(program, seed, 12);
    ASSERT_FALSE(violation) << "seed " << seed << ": " << describe(program, *violation) << "\n"
                            << listing(program);
  }
}

// Clean by the axioms means clean under every schedule; a race by the axioms is found by the
// machine on most traces (it draws schedules at random, so not on all).
TEST(OracleProperty, AxiomsAndMachineAgree) {
  unsigned clean = 0, racy = 0, raced = 0;
  for (uint64_t seed = 0; seed < 250; ++seed) {
    Random random(seed + 1000);
    Program full = withBarriersEverywhere(randomProgram(random, randomShape(random)));
    auto judgeOne = [&](const Program &program) {
      auto onTrace = [&](const Trace &trace) {
        std::vector<Violation> found = violations(program, trace, true);
        Machine machine(program, trace);
        bool hit = false;
        for (unsigned i = 0; i < 40 && !hit; ++i) {
          Outcome outcome = machine.run(random, i % 2 ? FlagModel::Lossy : FlagModel::Counting);
          hit = outcome.kind != Outcome::Clean;
          EXPECT_TRUE(!found.empty() || !hit) << "seed " << seed << " outcome " << outcome.kind
                                              << " at node " << outcome.later << "\n"
                                              << listing(program);
        }
        clean += found.empty();
        bool isRace = !found.empty() && found.front().rule == Rule::C1;
        racy += isRace;
        raced += isRace && hit;
        return true;
      };
      forEachPath(program, seed, 2, onTrace, 120);
    };
    judgeOne(full);
    unsigned taken = 0;
    forEachMutant(full, seed, 3, [&](const Mutant &mutant) {
      if (++taken % 4 == 0)
        judgeOne(mutant.program);
    });
  }
  std::printf("  clean traces %u, racy %u, of these the machine met %u\n", clean, racy, raced);
  EXPECT_GT(clean, 100u);
  EXPECT_GT(raced, racy * 9 / 10);
}
