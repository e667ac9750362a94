//===- CheckTest.cpp - Each rule triggered, each near miss accepted -------===//

#include "ptoas/Sync/Check.h"
#include "Kernels.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

/// The rules of all findings, "C1 C3", warnings as "C4w"; "" when there is none.
std::string verdict(const Program &program, bool strong = true) {
  std::string text;
  for (const Finding &finding : check(program, {strong}).findings)
    text += (text.empty() ? "" : " ") + name(finding.rule).str() + (finding.warning ? "w" : "");
  return text;
}

EventId id(int32_t base) { return {base}; }

/// The end is drained unless a test says otherwise.
struct CheckTest : testing::Test, TwoTiles {
  void drain() { b.barrier(Pipe::ALL); }
};

//===----------------------------------------------------------------------===//
// C1
//===----------------------------------------------------------------------===//

TEST_F(CheckTest, NamesBothAccessesAndTheMissingEdge) {
  NodeId first = load(x), second = add(x, y);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  const Finding &finding = result.findings[0];
  EXPECT_EQ(finding.rule, Rule::C1);
  EXPECT_EQ(finding.earlier, first);
  EXPECT_EQ(finding.later, second);
  EXPECT_EQ(finding.hazard, Hazard::RAW);
  EXPECT_EQ(finding.earlierRegion, x);
  EXPECT_EQ(finding.laterRegion, x);
  EXPECT_EQ(finding.loop, none);
  EXPECT_EQ(finding.distance, 0);
  EXPECT_EQ(finding.what, "V is never told that MTE2 has finished");
  EXPECT_FALSE(result.accepted());
  EXPECT_EQ(describe(b.program, finding),
            "C1: V tadds (node 1) after MTE2 tload (node 0), RAW on x: "
            "V is never told that MTE2 has finished");
}

TEST_F(CheckTest, HandoffOrders) {
  load(x);
  b.handoff(Pipe::MTE2, Pipe::V, id(0));
  add(x, y);
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, HandoffSetBeforeTheAccessDoesNot) {
  load(y);
  b.set(Pipe::MTE2, Pipe::V, id(0));
  load(x);
  b.wait(Pipe::MTE2, Pipe::V, id(0));
  add(x, y);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].what, "V only knows that earlier work of MTE2 has finished");
}

TEST_F(CheckTest, WriteAfterReadAndWriteAfterWrite) {
  add(x, y);
  load(x);
  load(y);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 2u);
  EXPECT_EQ(result.findings[0].hazard, Hazard::WAR);
  EXPECT_EQ(result.findings[1].hazard, Hazard::WAW);
}

TEST_F(CheckTest, VectorPipeNeedsABarrierOnA3Only) {
  add(x, x);
  add(x, y);
  EXPECT_EQ(check(b.program).findings.at(0).what, "no barrier of V stands between them");
  b.program.arch = Arch::A5;
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, BarrierOfThePipe) {
  add(x, x);
  b.barrier(Pipe::V);
  add(x, y);
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, LoadAfterLoadIntoTheSameTileIsExempt) {
  load(x);
  load(x);
  EXPECT_EQ(verdict(b.program), "");
  load(b.tile(Space::Vec, 128, 256));
  EXPECT_EQ(verdict(b.program), "C1"); // a partial overlap is not
}

TEST_F(CheckTest, AccumulationChainIsOrderedByHardware) {
  Builder cube(CoreKind::Cube);
  RegionId acc = cube.tile(Space::Acc, 0, 512), left = cube.tile(Space::Left, 0, 512);
  NodeId first = cube.access(Pipe::M, {left}, {acc}, "tmatmul");
  NodeId second = cube.access(Pipe::M, {left, acc}, {acc}, "tmatmul.acc");
  cube.program[first].accumulates = cube.program[second].accumulates = true;
  EXPECT_EQ(verdict(cube.program), "");
  cube.program[first].accumulates = false;
  EXPECT_EQ(verdict(cube.program), "C1");
}

TEST_F(CheckTest, SumsThatMoveToAnotherAccumulatorAreNoChain) {
  for (bool barrier : {false, true}) {
    Builder cube(CoreKind::Cube);
    RegionId one = cube.tile(Space::Acc, 0, 256), two = cube.tile(Space::Acc, 256, 256);
    NodeId moves = cube.access(Pipe::M, {one}, {two}, "tmatmul.acc");
    if (barrier)
      cube.barrier(Pipe::M);
    NodeId starts = cube.access(Pipe::M, {}, {one}, "tmatmul");
    cube.program[moves].accumulates = cube.program[starts].accumulates = true;
    EXPECT_EQ(verdict(cube.program), barrier ? "" : "C1");
  }
}

TEST_F(CheckTest, UnitFlagsOrderProductsAndStores) {
  for (bool both : {false, true}) {
    Builder cube(CoreKind::Cube);
    RegionId sums = cube.tile(Space::Acc, 0, 256);
    cube.openLoop();
    NodeId product = cube.access(Pipe::M, {}, {sums}, "tmatmul");
    NodeId store =
        cube.access(Pipe::FIX, {sums}, {cube.global(cube.root("out"), 0, 256)}, "tstore");
    cube.barrier(Pipe::FIX);
    cube.close();
    cube.barrier(Pipe::ALL);
    cube.program[product].accumulates = cube.program[product].unitFlag = true;
    cube.program[store].unitFlag = both;
    EXPECT_EQ(verdict(cube.program), both ? "" : "C1 C1"); // WAR around the loop, RAW
  }
}

TEST_F(CheckTest, WaitThenSetRelaysWithoutAnAccessBetween) {
  load(x);
  b.handoff(Pipe::MTE2, Pipe::V, id(0));
  b.handoff(Pipe::V, Pipe::MTE3, id(0));
  store(x);
  drain();
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, WaitOnScalarHoldsEveryPipe) {
  load(x);
  b.handoff(Pipe::MTE2, Pipe::S, id(0));
  add(x, y);
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, ScalarAccessIsCompleteBeforeAnythingLater) {
  b.access(Pipe::S, {}, {x}, "store scalar");
  add(x, y);
  EXPECT_EQ(verdict(b.program), "");
  b.access(Pipe::S, {y}, {}, "load scalar");
  EXPECT_EQ(check(b.program).findings.at(0).what, "S is never told that V has finished");
}

TEST_F(CheckTest, ColumnTilesOfOneMatrixNeedNoOrder) {
  for (int column = 0; column < 4; ++column) {
    Region box;
    box.space = Space::GM;
    box.root = out;
    box.offset.constant = 64 * column;
    box.dims = {{8, 256}};
    box.run = 64;
    b.access(Pipe::MTE3, {b.tile(Space::Vec, 1024 * column, 512)}, {b.region(box)}, "tstore");
  }
  drain();
  EXPECT_EQ(verdict(b.program), "");
}

//===----------------------------------------------------------------------===//
// C2, C3: tokens
//===----------------------------------------------------------------------===//

TEST_F(CheckTest, WaitWithoutSet) {
  b.wait(Pipe::MTE2, Pipe::V, id(0));
  EXPECT_EQ(verdict(b.program), "C2");
}

TEST_F(CheckTest, SetTwice) {
  NodeId first = b.set(Pipe::MTE2, Pipe::V, id(0));
  NodeId second = b.set(Pipe::MTE2, Pipe::V, id(0));
  b.wait(Pipe::MTE2, Pipe::V, id(0));
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C2);
  EXPECT_EQ(result.findings[0].later, second);
  EXPECT_EQ(result.findings[0].earlier, first);
}

TEST_F(CheckTest, DifferentIdsAndPairsDoNotMeet) {
  b.set(Pipe::MTE2, Pipe::V, id(0));
  b.set(Pipe::MTE2, Pipe::V, id(1));
  b.set(Pipe::MTE2, Pipe::MTE3, id(0));
  b.wait(Pipe::MTE2, Pipe::V, id(1));
  b.wait(Pipe::MTE2, Pipe::V, id(0));
  b.wait(Pipe::MTE2, Pipe::MTE3, id(0));
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, SetInOneArmOnly) {
  b.openBranch();
  NodeId set = b.set(Pipe::MTE2, Pipe::V, id(0));
  b.nextArm();
  b.close();
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C2);
  EXPECT_EQ(result.findings[0].earlier, set);
  EXPECT_EQ(result.findings[0].what, "the token is pending on some paths only");
}

TEST_F(CheckTest, EveryArmSetsAndTheJoinWaits) {
  b.openBranch();
  load(x);
  b.set(Pipe::MTE2, Pipe::V, id(0));
  b.nextArm();
  load(y);
  load(x);
  b.set(Pipe::MTE2, Pipe::V, id(0));
  b.nextArm();
  b.set(Pipe::MTE2, Pipe::V, id(0));
  b.close();
  b.wait(Pipe::MTE2, Pipe::V, id(0));
  add(x, y);
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, OneArmThatDoesNotHandOverIsFound) {
  b.openBranch();
  load(x);
  b.handoff(Pipe::MTE2, Pipe::V, id(0));
  b.nextArm();
  load(x);
  b.nextArm();
  b.close();
  add(x, y);
  EXPECT_EQ(verdict(b.program), "C1");
}

TEST_F(CheckTest, UnfinishedWorkOfALaterArmDoesNotHideAHandoff) {
  b.openBranch();
  load(x);
  b.handoff(Pipe::MTE2, Pipe::V, id(0));
  b.nextArm();
  load(y);
  b.close();
  add(x, x);
  EXPECT_EQ(verdict(b.program), "");
  add(y, y);
  EXPECT_EQ(verdict(b.program), "C1");
}

TEST_F(CheckTest, ArmsOfOneBranchDoNotFollowEachOther) {
  b.openBranch();
  load(x);
  b.nextArm();
  add(x, y);
  b.close();
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, UnknownIdIsUnproven) {
  EventId unknown;
  unknown.known = false;
  b.set(Pipe::MTE2, Pipe::V, unknown);
  b.wait(Pipe::MTE2, Pipe::V, unknown);
  EXPECT_EQ(verdict(b.program), "C2 C2");
}

TEST_F(CheckTest, SecondHandoffOnOneIdNeedsACredit) {
  auto program = [](bool credit, int32_t second) {
    CheckTest_SecondHandoffOnOneIdNeedsACredit_Test t;
    t.load(t.x);
    t.b.handoff(Pipe::MTE2, Pipe::V, id(0));
    t.add(t.x, t.x);
    if (credit)
      t.b.handoff(Pipe::V, Pipe::MTE2, id(0));
    t.load(t.y);
    t.b.handoff(Pipe::MTE2, Pipe::V, id(second));
    t.add(t.y, t.y);
    return std::move(t.b.program);
  };
  EXPECT_EQ(verdict(program(false, 0)), "C3");
  EXPECT_EQ(verdict(program(false, 0), /*strong=*/false), "");
  EXPECT_EQ(verdict(program(false, 1)), "");
  EXPECT_EQ(verdict(program(true, 0)), "");
}

//===----------------------------------------------------------------------===//
// C4, C5
//===----------------------------------------------------------------------===//

TEST_F(CheckTest, IdOutOfRange) {
  b.handoff(Pipe::MTE2, Pipe::V, id(8));
  EXPECT_EQ(verdict(b.program), "C4 C4");
  b.program.eventIds = 9;
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, PairsThatTheCoreDoesNotHave) {
  b.handoff(Pipe::V, Pipe::FIX, id(0));
  EXPECT_EQ(check(b.program).findings.at(0).what, "a vector core of a3 has no pipe FIX");
  Builder own;
  own.handoff(Pipe::V, Pipe::V, id(0));
  EXPECT_EQ(check(own.program).findings.at(0).what, "a pipe has no flag to itself");
}

TEST_F(CheckTest, AccessOnNoPipe) {
  b.access(Pipe::ALL, {x}, {y});
  EXPECT_EQ(verdict(b.program), "C4");
}

TEST_F(CheckTest, UnlistedPairIsAWarning) {
  Builder cube(CoreKind::Cube);
  cube.handoff(Pipe::S, Pipe::MTE1, id(0));
  EXPECT_EQ(verdict(cube.program), "C4w C4w");
  EXPECT_TRUE(check(cube.program).accepted());
}

TEST_F(CheckTest, BarrierThatTheArchRejects) {
  b.barrier(Pipe::V);
  EXPECT_EQ(verdict(b.program), "");
  b.program.arch = Arch::A5;
  EXPECT_EQ(verdict(b.program), "C4");
}

TEST_F(CheckTest, TokenAcrossACallThatUsesItsFlag) {
  CheckResult result = check(ringStepBroken());
  std::string rules;
  for (const Finding &finding : result.findings)
    if (rules.find(name(finding.rule).str()) == std::string::npos)
      rules += name(finding.rule).str();
  EXPECT_EQ(rules, "C5C1C2"); // all at once
}

/// ring_step with the handoffs before the call on `event`, and `after` the call (sync 9).
std::string ringStepVerdict(int32_t event, Pipe reader) {
  Builder b;
  uint32_t in = b.root("in"), src = b.root("src"), dst = b.root("dst");
  RegionId tile = b.tile(Space::Vec, 0, 256, "tile"), other = b.tile(Space::Vec, 256, 256);
  RegionId gmSrc = b.global(src, 0, 256), gmDst = b.global(dst, 0, 256);
  b.access(Pipe::MTE2, {b.global(in, 0, 256)}, {tile}, "tload");
  b.handoff(Pipe::MTE2, Pipe::MTE3, id(1));
  b.access(Pipe::MTE3, {tile}, {gmSrc}, "tstore");
  b.handoff(Pipe::MTE3, Pipe::MTE2, id(event));
  addPut(b, gmDst, gmSrc, tile);
  if (reader == Pipe::MTE2)
    b.access(reader, {gmDst}, {other}, "tload");
  else
    b.access(reader, {gmDst}, {}, "load scalar");
  b.barrier(Pipe::ALL);
  return verdict(b.program);
}

TEST_F(CheckTest, RingStepNeedsNothingAfterTheCallForALoad) {
  EXPECT_EQ(ringStepVerdict(1, Pipe::MTE2), "");
  EXPECT_EQ(ringStepVerdict(1, Pipe::S), "C1"); // only MTE2 learns from the call's last wait
}

TEST_F(CheckTest, IdZeroBeforeTheCallReusesItUnderTheStrongRule) {
  // The set inside the call has the pair MTE3 > MTE2 too; the call's first handoff tells MTE3 of
  // the wait before it.
  EXPECT_EQ(ringStepVerdict(0, Pipe::MTE2), "");
}

TEST_F(CheckTest, CallThatLeavesAToken) {
  b.openMacro("leaky");
  b.set(Pipe::MTE2, Pipe::V, id(3));
  b.close();
  b.wait(Pipe::MTE2, Pipe::V, id(3));
  EXPECT_EQ(verdict(b.program), "C5");
}

TEST_F(CheckTest, CallWithItsOwnLoopAndRotation) {
  addPingPongPut(b, out, in, 0, 128);
  drain();
  EXPECT_EQ(verdict(b.program), "");
}

//===----------------------------------------------------------------------===//
// C7, C8
//===----------------------------------------------------------------------===//

TEST_F(CheckTest, TokenLeftAtTheExit) {
  b.set(Pipe::MTE2, Pipe::V, id(0));
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C7);
  EXPECT_EQ(result.findings[0].what, "MTE2>V, 0 is still set when the function returns");
}

TEST_F(CheckTest, StoreInFlightAtTheExit) {
  NodeId node = store(x);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C7);
  EXPECT_EQ(result.findings[0].later, none);
  EXPECT_EQ(result.findings[0].earlier, node);
  b.program.atExitDrain = false;
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, HandoffToScalarIsADrain) {
  store(x);
  b.handoff(Pipe::MTE3, Pipe::S, id(0));
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, BarrierOfTheStorePipeIsNoDrain) {
  store(x);
  b.barrier(Pipe::MTE3); // holds later stores, not the return
  EXPECT_EQ(verdict(b.program), "C7");
}

TEST_F(CheckTest, StoreInALoopIsDrainedAfterIt) {
  b.openLoop();
  b.barrier(Pipe::MTE3);
  store(x);
  b.close();
  EXPECT_EQ(verdict(b.program), "C7");
  b.barrier(Pipe::ALL);
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, SignalNeedsCompletionThenFence) {
  auto program = [](std::vector<char> steps) {
    CheckTest_SignalNeedsCompletionThenFence_Test t;
    for (char step : steps) {
      if (step == 'w')
        t.store(t.x);
      if (step == 'r')
        t.load(t.y);
      if (step == 'b')
        t.b.barrier(Pipe::ALL);
      if (step == 'm')
        t.b.barrier(Pipe::MTE3);
      if (step == 'f')
        t.b.plain(NodeKind::Fence);
      if (step == 'p')
        t.b.plain(NodeKind::Publish);
    }
    t.drain();
    return std::move(t.b.program);
  };
  EXPECT_EQ(verdict(program({'w', 'b', 'f', 'p'})), "");
  EXPECT_EQ(verdict(program({'w', 'f', 'b', 'p'})), "C8"); // fenced too early
  EXPECT_EQ(verdict(program({'w', 'b', 'p'})), "C8");
  EXPECT_EQ(verdict(program({'w', 'm', 'f', 'p'})), "C8"); // bar(MTE3) does not hold S
  EXPECT_EQ(verdict(program({'r', 'b', 'p'})), "");        // reads need completion only
  EXPECT_EQ(verdict(program({'r', 'p'})), "C8");
  EXPECT_EQ(verdict(program({'p', 'w'})), "");
  EXPECT_EQ(check(program({'w', 'b', 'p'})).findings.at(0).what,
            "no fence stands between the end of the write by MTE3 and the signal");
  EXPECT_EQ(check(program({'w', 'f', 'p'})).findings.at(0).what,
            "S is never told that MTE3 has finished");
}

TEST_F(CheckTest, FenceInOneArmIsNotEnough) {
  store(x);
  drain();
  b.openBranch();
  b.plain(NodeKind::Fence);
  b.nextArm();
  b.close();
  b.plain(NodeKind::Publish);
  EXPECT_EQ(verdict(b.program), "C8");
}

TEST_F(CheckTest, ScalarStoreToGlobalMemoryIsFencedToo) {
  b.access(Pipe::S, {}, {gmOut}, "store scalar");
  b.plain(NodeKind::Publish);
  EXPECT_EQ(verdict(b.program), "C8");
}

TEST_F(CheckTest, SignalInALoopSeesTheStoreOfTheIterationBefore) {
  NodeId loop = b.openLoop();
  b.plain(NodeKind::Publish);
  b.barrier(Pipe::MTE3);
  store(x);
  b.close();
  drain();
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C8);
  EXPECT_EQ(result.findings[0].loop, loop);
  EXPECT_EQ(result.findings[0].distance, 1);
}

} // namespace
