//===- CheckLoopTest.cpp - The checker on loops, rings and kernels --------===//

#include "CheckTesting.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

EventId rotating(int32_t base, uint32_t count, NodeId loop, int64_t add) {
  return {base, count, loop, add};
}

bool accepts(const Program &program, bool strong = true) {
  return check(program, {strong}).accepted();
}
bool finds(const Program &program, Rule rule, bool strong = true) {
  for (const Finding &finding : check(program, {strong}).findings)
    if (finding.rule == rule)
      return true;
  return false;
}

struct CheckLoopTest : testing::Test, TwoTiles {};

TEST_F(CheckLoopTest, CarriedHazardNamesLoopAndDistance) {
  NodeId loop = b.openLoop();
  RegionId far = b.tile(Space::Vec, 4096, 256, "far");
  NodeId writer = load(b.tile(Space::Vec, 0, 256, "x", {3, 0, loop, 2}));
  NodeId reader = add(b.tile(Space::Vec, 0, 256, "x", {3, 0, loop, 0}), far);
  b.close();
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 3u);
  EXPECT_EQ(result.findings[0].later, writer); // WAR: the slot read one iteration ago
  EXPECT_EQ(result.findings[0].earlier, reader);
  EXPECT_EQ(result.findings[0].distance, 1);
  EXPECT_EQ(result.findings[0].loop, loop);
  EXPECT_EQ(result.findings[1].later, reader); // RAW: the slot filled two iterations ago
  EXPECT_EQ(result.findings[1].earlier, writer);
  EXPECT_EQ(result.findings[1].distance, 2);
  EXPECT_EQ(result.findings[2].hazard, Hazard::WAW); // far
  EXPECT_EQ(result.findings[2].what, "no barrier of V stands between them");
}

TEST_F(CheckLoopTest, PrimedCreditCoversTheFirstIteration) {
  auto program = [](bool prime) {
    CheckLoopTest_PrimedCreditCoversTheFirstIteration_Test t;
    Builder &b = t.b;
    if (prime)
      b.set(Pipe::V, Pipe::MTE2, id(0));
    b.openLoop();
    b.wait(Pipe::V, Pipe::MTE2, id(0));
    t.load(t.x);
    b.handoff(Pipe::MTE2, Pipe::V, id(0));
    b.barrier(Pipe::V);
    t.add(t.x, t.y);
    b.set(Pipe::V, Pipe::MTE2, id(0));
    b.close();
    b.wait(Pipe::V, Pipe::MTE2, id(0));
    return std::move(b.program);
  };
  EXPECT_TRUE(accepts(program(true)));
  EXPECT_TRUE(finds(program(false), Rule::C2));
}

TEST_F(CheckLoopTest, PrimeMustCoverWhatStandsBeforeTheLoop) {
  auto program = [](bool afterTheAdd) {
    CheckLoopTest_PrimeMustCoverWhatStandsBeforeTheLoop_Test t;
    Builder &b = t.b;
    if (!afterTheAdd)
      b.set(Pipe::V, Pipe::MTE2, id(0));
    t.add(t.x, t.y);
    if (afterTheAdd)
      b.set(Pipe::V, Pipe::MTE2, id(0));
    b.openLoop();
    b.wait(Pipe::V, Pipe::MTE2, id(0));
    t.load(t.x);
    b.handoff(Pipe::MTE2, Pipe::V, id(0));
    b.barrier(Pipe::V);
    t.add(t.x, t.y);
    b.set(Pipe::V, Pipe::MTE2, id(0));
    b.close();
    b.wait(Pipe::V, Pipe::MTE2, id(0));
    return std::move(b.program);
  };
  EXPECT_TRUE(accepts(program(true)));
  CheckResult result = check(program(false));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C1);
  EXPECT_EQ(result.findings[0].loop, none); // only the first iteration is wrong
}

TEST_F(CheckLoopTest, KnowledgeFromALoopThatMayNotRun) {
  auto program = [](int64_t minTrip) {
    CheckLoopTest_KnowledgeFromALoopThatMayNotRun_Test t;
    t.load(t.x);
    t.b.openLoop(std::nullopt, minTrip);
    t.b.barrier(Pipe::ALL);
    t.b.close();
    t.add(t.x, t.y);
    return std::move(t.b.program);
  };
  EXPECT_TRUE(accepts(program(1)));
  EXPECT_TRUE(finds(program(0), Rule::C1));
}

TEST_F(CheckLoopTest, AccessInALoopThatMayNotRunStillCounts) {
  b.openLoop();
  load(x);
  b.close();
  add(x, y);
  EXPECT_TRUE(finds(b.program, Rule::C1));
}

TEST_F(CheckLoopTest, LoopThatNeverRunsDoesNot) {
  b.openLoop(0);
  load(x);
  b.close();
  add(x, y);
  EXPECT_TRUE(accepts(b.program));
}

TEST_F(CheckLoopTest, LoopOfOneIterationHasNoBackEdge) {
  auto program = [](std::optional<int64_t> trip) {
    CheckLoopTest_LoopOfOneIterationHasNoBackEdge_Test t;
    t.b.openLoop(trip, 1);
    t.load(t.x);
    t.b.set(Pipe::MTE2, Pipe::V, id(0));
    t.b.close();
    t.b.wait(Pipe::MTE2, Pipe::V, id(0));
    t.add(t.x, t.y);
    return std::move(t.b.program);
  };
  EXPECT_TRUE(accepts(program(1)));
  EXPECT_TRUE(finds(program(2), Rule::C2));
  EXPECT_TRUE(finds(program(std::nullopt), Rule::C2));
}

TEST_F(CheckLoopTest, FewIterationsAreWalkedAsTheyRun) {
  // Every token is taken by hand after the loop, one id per iteration: no invariant holds at the
  // head.
  auto program = [](std::optional<int64_t> trip, int drains) {
    CheckLoopTest_FewIterationsAreWalkedAsTheyRun_Test t;
    NodeId loop = t.b.openLoop(trip);
    t.load(t.x);
    t.b.set(Pipe::MTE2, Pipe::V, rotating(0, 3, loop, 0));
    t.b.close();
    for (int k = 0; k < drains; ++k)
      t.b.wait(Pipe::MTE2, Pipe::V, id(k));
    t.add(t.x, t.y);
    return std::move(t.b.program);
  };
  EXPECT_TRUE(accepts(program(3, 3)));
  EXPECT_TRUE(accepts(program(2, 2)));
  EXPECT_TRUE(finds(program(2, 1), Rule::C7));
  EXPECT_TRUE(finds(program(2, 3), Rule::C2));
  EXPECT_TRUE(finds(program(4, 3), Rule::C2));
  EXPECT_TRUE(finds(program(std::nullopt, 3), Rule::C2));
}

TEST_F(CheckLoopTest, TokenLeftByAnIteration) {
  b.openLoop();
  b.set(Pipe::MTE2, Pipe::V, id(0));
  b.close();
  EXPECT_TRUE(finds(b.program, Rule::C2));
}

/// A load per iteration handed to V over `ids` rotating ids, with nothing coming back except
/// through `credit`.
Program oneWay(uint32_t ids, bool credit) {
  Builder b;
  RegionId gm = b.global(b.root("in"), 0, 256);
  NodeId loop = b.openLoop();
  RegionId tile = b.tile(Space::Vec, 0, 256, "x", {64, 0, loop, 0});
  RegionId old = b.tile(Space::Vec, 65536, 256, "y", {64, 0, loop, 0});
  if (credit)
    b.handoff(Pipe::V, Pipe::MTE2, id(0));
  b.access(Pipe::MTE2, {gm}, {tile});
  b.handoff(Pipe::MTE2, Pipe::V, rotating(0, ids, loop, 0));
  b.barrier(Pipe::V);
  b.access(Pipe::V, {tile}, {old});
  b.close();
  return std::move(b.program);
}

TEST_F(CheckLoopTest, RotatingIdsAreNotEnoughWithoutACredit) {
  EXPECT_TRUE(finds(oneWay(4, false), Rule::C3));
  EXPECT_TRUE(accepts(oneWay(4, true)));
  EXPECT_TRUE(accepts(oneWay(1, true)));
  EXPECT_FALSE(finds(oneWay(4, false), Rule::C3, /*strong=*/false));
}

TEST_F(CheckLoopTest, WaitOfTheLastIterationIsRememberedAfterTheLoop) {
  auto program = [](bool credit) {
    CheckLoopTest_WaitOfTheLastIterationIsRememberedAfterTheLoop_Test t;
    Builder &b = t.b;
    b.openLoop();
    b.handoff(Pipe::V, Pipe::MTE2, id(0));
    b.handoff(Pipe::MTE2, Pipe::V, id(0));
    b.close();
    if (credit)
      b.handoff(Pipe::V, Pipe::MTE2, id(1));
    b.handoff(Pipe::MTE2, Pipe::V, id(0));
    return std::move(b.program);
  };
  EXPECT_TRUE(accepts(program(true)));
  EXPECT_TRUE(finds(program(false), Rule::C3));
}

TEST_F(CheckLoopTest, StaticIdInsideALiveRotation) {
  NodeId loop = b.openLoop();
  b.handoff(Pipe::MTE2, Pipe::V, rotating(0, 2, loop, 0));
  b.handoff(Pipe::MTE2, Pipe::V, id(1));
  b.barrier(Pipe::ALL);
  b.close();
  EXPECT_TRUE(says(b.program, Rule::C2,
                   "this id belongs to ids that rotate with a loop, so whose token it is cannot be "
                   "told"));
}

TEST_F(CheckLoopTest, RotatingIdOutsideItsLoop) {
  NodeId loop = b.openLoop();
  b.barrier(Pipe::ALL);
  b.close();
  b.set(Pipe::MTE2, Pipe::V, rotating(0, 2, loop, 0));
  EXPECT_TRUE(says(b.program, Rule::C2, "outside its loop the rotating id cannot be told"));
}

TEST_F(CheckLoopTest, StaticIdAfterTheRotationIsOver) {
  NodeId loop = b.openLoop();
  b.handoff(Pipe::MTE2, Pipe::V, rotating(0, 2, loop, 0));
  b.barrier(Pipe::ALL);
  b.close();
  b.handoff(Pipe::MTE2, Pipe::V, id(1));
  EXPECT_TRUE(accepts(b.program));
}

TEST_F(CheckLoopTest, TwoRotationsThatShareAnId) {
  NodeId loop = b.openLoop();
  b.handoff(Pipe::MTE2, Pipe::V, rotating(0, 2, loop, 0));
  b.handoff(Pipe::MTE2, Pipe::V, rotating(1, 2, loop, 0));
  b.barrier(Pipe::ALL);
  b.close();
  EXPECT_TRUE(says(b.program, Rule::C2, "two rotations share ids of one pair"));
}

TEST_F(CheckLoopTest, FullRingDrainsByStaticIds) {
  // Two slots primed by hand, filled again in every iteration, drained one by one: order does not
  // matter.
  auto program = [](int drains) {
    Builder b;
    b.set(Pipe::V, Pipe::MTE2, id(0));
    b.set(Pipe::V, Pipe::MTE2, id(1));
    NodeId loop = b.openLoop();
    b.wait(Pipe::V, Pipe::MTE2, rotating(0, 2, loop, 0));
    b.handoff(Pipe::MTE2, Pipe::V, rotating(0, 2, loop, 0));
    b.set(Pipe::V, Pipe::MTE2, rotating(0, 2, loop, 0));
    b.close();
    for (int k = 0; k < drains; ++k)
      b.wait(Pipe::V, Pipe::MTE2, id(k));
    return std::move(b.program);
  };
  EXPECT_TRUE(accepts(program(2)));
  EXPECT_TRUE(finds(program(1), Rule::C7));
}

TEST_F(CheckLoopTest, KnownTripNamesTheDrain) {
  auto program = [](int64_t trip, int32_t drain) {
    Builder b;
    b.set(Pipe::V, Pipe::MTE2, id(0));
    NodeId loop = b.openLoop(trip);
    b.wait(Pipe::V, Pipe::MTE2, rotating(0, 2, loop, 0));
    b.handoff(Pipe::MTE2, Pipe::V, id(0));
    b.set(Pipe::V, Pipe::MTE2, rotating(0, 2, loop, 1));
    b.close();
    b.wait(Pipe::V, Pipe::MTE2, id(drain));
    return std::move(b.program);
  };
  EXPECT_TRUE(accepts(program(5, 1)));
  EXPECT_FALSE(accepts(program(5, 0)));
  EXPECT_TRUE(accepts(program(6, 0)));
}

//===----------------------------------------------------------------------===//
// Kernels with synchronisation by hand
//===----------------------------------------------------------------------===//

/// y = (x + z) + 1 in place, three slots, loads two ahead: three handoffs and one bar(V) per
/// iteration (sync 13.3). Items of synchronisation are counted; number `without` is left out.
struct ThreeSlot {
  Builder b;
  int count = 0, without;
  bool keep() { return count++ != without; }
  void set(Pipe from, Pipe to, EventId event) {
    if (keep())
      b.set(from, to, event);
  }
  void wait(Pipe from, Pipe to, EventId event) {
    if (keep())
      b.wait(from, to, event);
  }
  void bar(Pipe pipe) {
    if (keep())
      b.barrier(pipe);
  }

  explicit ThreeSlot(int without = -1, uint32_t ids = 2) : without(without) {
    uint32_t gx = b.root("x"), gz = b.root("z"), gy = b.root("y");
    auto slot = [&](int64_t at, NodeId loop, int64_t add) {
      return loop == none ? b.tile(Space::Vec, at + 256 * add, 256)
                          : b.tile(Space::Vec, at, 256, "", {3, 0, loop, add});
    };
    auto loads = [&](NodeId loop, int64_t add) {
      b.access(Pipe::MTE2, {b.global(gx, 256 * add, 256, loop, 256)}, {slot(0, loop, add)});
      b.access(Pipe::MTE2, {b.global(gz, 256 * add, 256, loop, 256)}, {slot(768, loop, add)});
    };
    loads(none, 0);
    loads(none, 1);
    set(Pipe::MTE2, Pipe::V, id(0));
    set(Pipe::MTE3, Pipe::MTE2, id(0));
    NodeId loop = b.openLoop();
    wait(Pipe::MTE3, Pipe::MTE2, rotating(0, ids, loop, 0));
    loads(loop, 2);
    set(Pipe::MTE2, Pipe::V, rotating(0, ids, loop, 1));
    wait(Pipe::MTE2, Pipe::V, rotating(0, ids, loop, 0));
    RegionId x = slot(0, loop, 0), z = slot(768, loop, 0);
    b.access(Pipe::V, {x, z}, {x}, "add");
    bar(Pipe::V);
    b.access(Pipe::V, {x}, {x}, "adds");
    set(Pipe::V, Pipe::MTE3, rotating(0, 2, loop, 0));
    wait(Pipe::V, Pipe::MTE3, rotating(0, 2, loop, 0));
    b.access(Pipe::MTE3, {x}, {b.global(gy, 0, 256, loop, 256)}, "store");
    set(Pipe::MTE3, Pipe::MTE2, rotating(0, ids, loop, 1));
    b.close();
    wait(Pipe::MTE2, Pipe::V, rotating(0, ids, loop, 0));
    wait(Pipe::MTE3, Pipe::MTE2, rotating(0, ids, loop, 0));
    bar(Pipe::ALL);
  }
};

TEST_F(CheckLoopTest, ThreeSlotPipelineAtItsMinimum) {
  ThreeSlot whole;
  CheckResult result = check(whole.b.program);
  EXPECT_TRUE(result.accepted());
  EXPECT_LE(result.sweeps, 6u);
  ASSERT_EQ(whole.count, 12);
  for (int k = 0; k < whole.count; ++k)
    EXPECT_FALSE(accepts(ThreeSlot(k).b.program)) << "without item " << k;
}

TEST_F(CheckLoopTest, ThreeSlotPipelineNeedsTwoIdsBecauseTheSetComesFirst) {
  EXPECT_TRUE(finds(ThreeSlot(-1, 1).b.program, Rule::C2));
}

/// GEMM skeleton, two slots in L1 and L0; every inner handoff on one id. `credit` ends the outer
/// iteration.
Program gemmByHand(bool credit) {
  Builder b(CoreKind::Cube);
  uint32_t ga = b.root("a"), gc = b.root("c");
  NodeId outer = b.openLoop();
  RegionId acc = b.tile(Space::Acc, 0, 512, "c");
  b.set(Pipe::MTE1, Pipe::MTE2, id(0));
  b.set(Pipe::M, Pipe::MTE1, id(0));
  NodeId inner = b.openLoop();
  RegionId l1 = b.tile(Space::Mat, 0, 512, "l1", {2, 0, inner, 0});
  RegionId l0 = b.tile(Space::Left, 0, 512, "l0", {2, 0, inner, 0});
  b.wait(Pipe::MTE1, Pipe::MTE2, id(0));
  b.access(Pipe::MTE2, {b.global(ga, 0, 512, inner, 512)}, {l1}, "tload");
  b.handoff(Pipe::MTE2, Pipe::MTE1, id(0));
  b.wait(Pipe::M, Pipe::MTE1, id(0));
  b.access(Pipe::MTE1, {l1}, {l0}, "textract");
  b.set(Pipe::MTE1, Pipe::MTE2, id(0));
  b.handoff(Pipe::MTE1, Pipe::M, id(0));
  NodeId mad = b.access(Pipe::M, {l0, acc}, {acc}, "tmatmul.acc");
  b.program[mad].accumulates = true;
  b.set(Pipe::M, Pipe::MTE1, id(0));
  b.close();
  b.wait(Pipe::MTE1, Pipe::MTE2, id(0));
  b.wait(Pipe::M, Pipe::MTE1, id(0));
  b.handoff(Pipe::M, Pipe::FIX, id(0));
  b.access(Pipe::FIX, {acc}, {b.global(gc, 0, 512, outer, 512)}, "tstore");
  b.handoff(Pipe::FIX, Pipe::M, id(0));
  if (credit)
    b.barrier(Pipe::ALL);
  b.close();
  b.barrier(Pipe::ALL);
  return std::move(b.program);
}

TEST_F(CheckLoopTest, GemmNeedsACreditPerOuterIterationUnderTheStrongRule) {
  EXPECT_TRUE(accepts(gemmByHand(true)));
  EXPECT_TRUE(accepts(gemmByHand(false), /*strong=*/false));
  CheckResult result = check(gemmByHand(false));
  EXPECT_FALSE(result.findings.empty());
  for (const Finding &finding : result.findings)
    EXPECT_EQ(finding.rule, Rule::C3);
}

TEST_F(CheckLoopTest, DeepNestsStayCheap) {
  std::vector<NodeId> loops;
  for (int depth = 0; depth < 8; ++depth) {
    loops.push_back(b.openLoop());
    b.wait(Pipe::MTE2, Pipe::V, id(depth));
    b.set(Pipe::MTE2, Pipe::V, id(depth));
    load(b.tile(Space::Vec, 512, 256, "r", {3, 0, loops.back(), 0}));
  }
  add(x, y);
  for (int depth = 0; depth < 8; ++depth)
    b.close();
  Program whole = std::move(b.program);
  std::vector<NodeId> primes;
  for (int depth = 0; depth < 8; ++depth) {
    Node node;
    node.kind = NodeKind::Set;
    node.key = {Pipe::MTE2, Pipe::V, id(depth)};
    primes.push_back(whole.add(node));
  }
  whole.top.insert(whole.top.begin(), primes.begin(), primes.end());
  CheckResult result = check(whole, {false});
  for (const Finding &finding : result.findings)
    EXPECT_NE(finding.rule, Rule::Limit);
  EXPECT_LT(result.sweeps, 400u); // 5^8 without warm starts
}

/// load into slot i, add from it; the load waits for the add of `delay` iterations before.
Program ringByHand(int64_t slots, int64_t delay) {
  TwoTiles t;
  Builder &b = t.b;
  b.program.arch = Arch::A5; // V keeps its order
  b.program.eventIds = 32;
  NodeId loop = NodeId(b.program.nodes.size()) + delay; // behind the primes
  auto rotating = [&](int64_t add) { return EventId{0, uint32_t(delay), loop, add}; };
  for (int32_t k = 0; k < delay; ++k)
    b.set(Pipe::V, Pipe::MTE2, {k});
  b.openLoop();
  RegionId slot = b.tile(Space::Vec, 4096, 256, "slot", {uint32_t(slots), 256, loop, 0});
  b.wait(Pipe::V, Pipe::MTE2, rotating(0));
  t.load(slot);
  b.set(Pipe::MTE2, Pipe::V, rotating(0));
  b.wait(Pipe::MTE2, Pipe::V, rotating(0));
  t.add(slot, t.y);
  b.set(Pipe::V, Pipe::MTE2, rotating(0));
  b.close();
  for (int32_t k = 0; k < delay; ++k)
    b.wait(Pipe::V, Pipe::MTE2, rotating(k));
  b.barrier(Pipe::ALL);
  return std::move(b.program);
}

TEST_F(CheckLoopTest, RingsOfUpToSixteenSlotsAndAsManyIterations) {
  for (int64_t slots = 2; slots <= 16; ++slots) {
    EXPECT_TRUE(check(ringByHand(slots, slots)).findings.empty()) << slots;
    EXPECT_TRUE(check(ringByHand(slots, slots - 1)).findings.empty()) << slots;
    CheckResult late = check(ringByHand(slots, slots + 1));
    ASSERT_EQ(late.findings.size(), 1u) << slots;
    EXPECT_EQ(late.findings[0].rule, Rule::C1);
    EXPECT_EQ(late.findings[0].hazard, Hazard::WAR);
    EXPECT_EQ(late.findings[0].distance, slots);
  }
}

TEST_F(CheckLoopTest, VerdictIsTheSameEveryTime) {
  Program program = gemmByHand(false);
  auto text = [&] {
    std::string all;
    for (const Finding &finding : check(program).findings)
      all += std::to_string(finding.later) + " " + std::to_string(finding.earlier) + finding.what;
    return all;
  };
  std::string first = text();
  for (int run = 0; run < 20; ++run)
    EXPECT_EQ(text(), first);
}

} // namespace
