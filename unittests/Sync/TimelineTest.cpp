//===- TimelineTest.cpp - Times worked out by hand --------------------------===//

#include "ptoas/Sync/Timeline.h"
#include "Builder.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

/// Loads of 100 cycles, additions of 10 and stores of 50; flags, barriers and dispatch are free.
struct TimelineTest : testing::Test {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId gmIn = b.global(in, 0, 64), gmOut = b.global(out, 0, 64);
  RegionId x = b.tile(Space::Vec, 0, 64), y = b.tile(Space::Vec, 64, 64);
  TimelineOptions options;
  TimelineTest() { options.dispatch = options.sync = 0; }

  void load(RegionId tile) { b.access(Pipe::MTE2, {gmIn}, {tile}); }
  void add(RegionId from, RegionId to) { b.access(Pipe::V, {from}, {to}); }
  void store(RegionId tile) { b.access(Pipe::MTE3, {tile}, {gmOut}); }
  Timeline times() {
    std::vector<uint64_t> cycles;
    for (const Node &node : b.program.nodes)
      cycles.push_back(node.kind != NodeKind::Access ? 0
                       : node.pipe == Pipe::MTE2     ? 100
                       : node.pipe == Pipe::V        ? 10
                                                     : 50);
    return *timeline(b.program, cycles, options);
  }
};

TEST_F(TimelineTest, PipesRunSideBySideUntilAFlag) {
  load(x);
  NodeId set = b.set(Pipe::MTE2, Pipe::V, {0});
  load(y);
  NodeId wait = b.wait(Pipe::MTE2, Pipe::V, {0});
  add(x, x);
  Timeline t = times();
  EXPECT_EQ(t.cycles, 200u); // both loads; the addition ends at 110
  EXPECT_EQ(t.free, 200u);
  EXPECT_EQ(t.stalled[wait], 100u);
  EXPECT_EQ(t.stalled[set], 0u);
  EXPECT_EQ(t.executed[wait], 1u);
}

TEST_F(TimelineTest, AFullBarrierCostsWhatItHolds) {
  load(x);
  NodeId all = b.barrier(Pipe::ALL);
  add(x, x);
  load(y); // needs nothing of what came before
  Timeline t = times();
  EXPECT_EQ(t.cycles, 200u);
  EXPECT_EQ(t.stalled[all], 100u);
  EXPECT_EQ(t.free, 200u); // the pipe of the loads is busy all the time
  store(x);                // 110 to 160 when nothing holds it
  EXPECT_EQ(times().free, 200u);
}

TEST_F(TimelineTest, FreeSynchronisationKeepsEveryDependence) {
  load(x);
  add(x, y);
  store(y);
  load(x);   // after the addition has read it: 110 to 210
  add(x, y); // after the store, which ends at 160, and the load: 210 to 220
  EXPECT_EQ(times().free, 220u);
}

TEST_F(TimelineTest, LongLoopsCountAsTheirLastIterations) {
  b.openLoop(1000);
  load(x);
  NodeId wait;
  b.set(Pipe::MTE2, Pipe::V, {0});
  wait = b.wait(Pipe::MTE2, Pipe::V, {0});
  add(x, y);
  b.set(Pipe::V, Pipe::MTE2, {0});
  b.wait(Pipe::V, Pipe::MTE2, {0});
  b.close();
  Timeline t = times();
  EXPECT_EQ(t.cycles, 110000u);
  EXPECT_EQ(t.free, 110000u);
  EXPECT_EQ(t.executed[wait], 1000u);
  EXPECT_EQ(t.stalled[wait], 100000u);
}

TEST_F(TimelineTest, RingsOfIdsComeRoundInLoopsThatAreCutShort) {
  NodeId loop = b.openLoop(1001);
  load(x);
  b.set(Pipe::MTE2, Pipe::V, {0, 3, loop, 0});
  b.wait(Pipe::MTE2, Pipe::V, {0, 3, loop, 0});
  add(x, y);
  b.close();
  EXPECT_EQ(times().cycles, 100110u); // loads follow one another, the last addition comes behind
}

TEST_F(TimelineTest, ArmsThatTakeTurnsAreCountedToTheEnd) {
  NodeId loop = b.openLoop(32);
  Condition third;
  third.turns = {loop, 3, 0};
  b.openBranch(third); // iterations 0, 3, .. 30
  NodeId first = b.barrier(Pipe::V);
  b.nextArm();
  NodeId rest = b.barrier(Pipe::V);
  b.close();
  b.openBranch(); // nobody knows: by turns
  NodeId even = b.barrier(Pipe::V);
  b.nextArm();
  NodeId odd = b.barrier(Pipe::V);
  b.close();
  b.close();
  Timeline t = times();
  EXPECT_EQ(t.executed[first], 11u);
  EXPECT_EQ(t.executed[rest], 21u);
  EXPECT_EQ(t.executed[even], 16u);
  EXPECT_EQ(t.executed[odd], 16u);
}

TEST_F(TimelineTest, LoopsOfUnknownLengthRunAsOftenAsTold) {
  b.openLoop();
  load(x);
  b.close();
  EXPECT_EQ(times().cycles, 800u);
  options.trips = 3;
  EXPECT_EQ(times().cycles, 300u);
}

TEST_F(TimelineTest, TooLongIsNoTimeline) {
  for (unsigned i = 0; i < 5; ++i)
    load(x);
  options.limit = 4;
  std::vector<uint64_t> cycles(b.program.nodes.size(), 1);
  EXPECT_FALSE(timeline(b.program, cycles, options));
}

} // namespace
