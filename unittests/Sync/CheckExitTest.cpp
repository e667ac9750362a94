//===- CheckExitTest.cpp - What is complete at the end and at a signal ----===//

#include "CheckTesting.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

struct CheckExitTest : CheckTest {};

TEST_F(CheckExitTest, TokenLeftAtTheExit) {
  b.set(Pipe::MTE2, Pipe::V, id(0));
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C7);
  EXPECT_EQ(result.findings[0].what, "MTE2>V, 0 is still set when the function returns");
}

TEST_F(CheckExitTest, StoreInFlightAtTheExit) {
  NodeId node = store(x);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C7);
  EXPECT_EQ(result.findings[0].later, none);
  EXPECT_EQ(result.findings[0].earlier, node);
  b.program.atExitDrain = false;
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckExitTest, HandoffToScalarIsADrain) {
  store(x);
  b.handoff(Pipe::MTE3, Pipe::S, id(0));
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckExitTest, BarrierOfTheStorePipeIsNoDrain) {
  store(x);
  b.barrier(Pipe::MTE3); // holds later stores, not the return
  EXPECT_EQ(verdict(b.program), "C7");
}

TEST_F(CheckExitTest, StoreInALoopIsDrainedAfterIt) {
  b.openLoop();
  b.barrier(Pipe::MTE3);
  store(x);
  b.close();
  EXPECT_EQ(verdict(b.program), "C7");
  b.barrier(Pipe::ALL);
  EXPECT_EQ(verdict(b.program), "");
}

TEST_F(CheckExitTest, SignalNeedsCompletionThenFence) {
  auto program = [](std::vector<char> steps) {
    CheckExitTest_SignalNeedsCompletionThenFence_Test t;
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

TEST_F(CheckExitTest, FenceInOneArmIsNotEnough) {
  store(x);
  drain();
  b.openBranch();
  b.plain(NodeKind::Fence);
  b.nextArm();
  b.close();
  b.plain(NodeKind::Publish);
  EXPECT_EQ(verdict(b.program), "C8");
}

TEST_F(CheckExitTest, ScalarStoreToGlobalMemoryIsFencedToo) {
  b.access(Pipe::S, {}, {gmOut}, "store scalar");
  b.plain(NodeKind::Publish);
  EXPECT_EQ(verdict(b.program), "C8");
}

TEST_F(CheckExitTest, SignalInALoopSeesTheStoreOfTheIterationBefore) {
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
