//===- CheckTest.cpp - Each rule triggered, each near miss accepted -------===//

#include "CheckTesting.h"
#include "Oracle.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

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

// What only run time knows may be assumed away. It stands nearer, but speaks for nothing else.
TEST_F(CheckTest, WhatIsCertainIsNotAssumed) {
  Region anywhere;
  anywhere.space = Space::Vec;
  anywhere.run = 256;
  anywhere.offset.known = false;
  RegionId unknown = b.region(anywhere);
  load(x);
  load(unknown);
  add(x, y);
  drain();
  EXPECT_FALSE(check(b.program).acceptedIfAssumed());
  b.program[b.program.top[0]].writes[0] = y;
  b.program[b.program.top[2]].writes.clear();
  CheckResult result = check(b.program);
  EXPECT_FALSE(result.accepted());
  EXPECT_TRUE(result.acceptedIfAssumed());
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
  EXPECT_TRUE(
      says(program(false, 0), Rule::C3, "MTE2 does not know that V has taken the token before"));
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
  EXPECT_TRUE(says(b.program, Rule::C4, "event id 8 leaves the range 0 to 7"));
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
  EXPECT_TRUE(says(b.program, Rule::C4, "an access runs on one pipe, ALL is none"));
  b.handoff(Pipe::ALL, Pipe::V, id(0));
  EXPECT_TRUE(says(b.program, Rule::C4, "a flag connects two single pipes, ALL is none"));
}

TEST_F(CheckTest, UnlistedPairIsAWarning) {
  Builder cube(CoreKind::Cube);
  cube.handoff(Pipe::S, Pipe::MTE1, id(0));
  EXPECT_EQ(verdict(cube.program), "C4w C4w");
  EXPECT_TRUE(says(cube.program, Rule::C4,
                   "the vendor's list of flags does not name this pair of pipes (HQ2)"));
  EXPECT_TRUE(check(cube.program).accepted());
}

TEST_F(CheckTest, BarrierThatTheArchRejects) {
  b.barrier(Pipe::V);
  EXPECT_EQ(verdict(b.program), "");
  b.program.arch = Arch::A5;
  EXPECT_EQ(verdict(b.program), "C4");
  EXPECT_TRUE(
      says(b.program, Rule::C4,
           "pipe_barrier(V) is not accepted on a5, where the pipe keeps its order without"));
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
  EXPECT_TRUE(says(b.program, Rule::C5,
                   "the token is pending when the call, which uses this flag inside, is over"));
}

/// A helper's flags are those of the program: one sets, the other waits.
TEST_F(CheckTest, HelperThatSetsForItsCaller) {
  auto program = [](unsigned calls) {
    TwoTiles t;
    for (unsigned i = 0; i < calls; ++i) {
      NodeId helper = t.b.openMacro("call of @stage");
      t.b.program[helper].transparent = true;
      t.load(t.x);
      t.b.set(Pipe::MTE2, Pipe::V, id(3));
      t.b.close();
    }
    t.b.wait(Pipe::MTE2, Pipe::V, id(3));
    t.add(t.x, t.y);
    t.b.barrier(Pipe::ALL);
    return std::move(t.b.program);
  };
  EXPECT_EQ(verdict(program(1)), "");
  EXPECT_FALSE(findViolation(program(1), 1, 10));
  EXPECT_EQ(verdict(program(2)), "C2"); // the same set twice
  EXPECT_TRUE(findViolation(program(2), 1, 10));
}

/// A wait that took no token leaves none that the next set could lose.
TEST_F(CheckTest, AWaitWithoutATokenIsOneFault) {
  b.wait(Pipe::MTE2, Pipe::V, id(0));
  b.handoff(Pipe::MTE2, Pipe::V, id(0));
  EXPECT_EQ(verdict(b.program), "C2");
}

TEST_F(CheckTest, AWaitForAnotherIdNamesTheTokenThatNobodyTook) {
  NodeId set = b.set(Pipe::MTE2, Pipe::V, id(0));
  NodeId wait = b.wait(Pipe::MTE2, Pipe::V, id(1));
  CheckResult result = check(b.program);
  auto at = llvm::find_if(result.findings, [&](const Finding &f) { return f.later == wait; });
  ASSERT_NE(at, result.findings.end());
  EXPECT_EQ(at->token, TokenFault::Missing);
  EXPECT_EQ(at->earlier, set);
}

TEST_F(CheckTest, CallWithItsOwnLoopAndRotation) {
  addPingPongPut(b, out, in, 0, 128);
  drain();
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckTest, WorkWithoutEndIsGivenUp) {
  b.openLoop();
  load(x);
  b.close();
  CheckOptions few;
  few.mostVisits = 1;
  EXPECT_TRUE(says(b.program, Rule::Limit,
                   "the program is nested too deeply to be checked within the limit of work", few));
  EXPECT_TRUE(check(b.program, few).findings.back().unproven);
}

} // namespace
