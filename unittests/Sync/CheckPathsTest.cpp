//===- CheckPathsTest.cpp - Loops that end inside, branches that choose alike --===//

#include "Builder.h"
#include "Oracle.h"
#include "ptoas/Sync/Check.h"
#include "ptoas/Sync/Insert.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

struct PathsTest : testing::Test, TwoTiles {
  void when(Condition condition, llvm::function_ref<void()> then) {
    b.openBranch(condition);
    then();
    b.nextArm();
    b.close();
  }
  static Condition value(uint32_t number) {
    Condition condition;
    condition.value = number;
    return condition;
  }
  /// All iterations of the loop but the first and the last ones, as numbers.
  static Condition notAtEnd(NodeId loop, uint8_t first, uint8_t last) {
    Condition condition;
    condition.loop = loop;
    condition.first = first;
    condition.last = last;
    return condition;
  }
};

unsigned count(const Program &program, NodeKind kind) {
  unsigned sum = 0;
  for (const Node &node : program.nodes)
    sum += node.inserted && node.kind == kind;
  return sum;
}

// Each value is decided only where it matters: there may be more of them than cases could be told
// apart together. A step that leaves its wait out is found, with the paths on which it is missed.
TEST_F(PathsTest, ManyValuesOneAfterTheOther) {
  constexpr uint32_t many = 40, all = many;
  auto program = [](uint32_t without) {
    PathsTest_ManyValuesOneAfterTheOther_Test t;
    for (uint32_t v = 0; v < many; ++v) {
      t.when(value(v), [&] {
        t.load(t.x);
        t.b.set(Pipe::MTE2, Pipe::V, {0});
      });
      t.when(value(v), [&] {
        t.b.wait(Pipe::MTE2, Pipe::V, {0});
        t.add(t.x, t.y);
        if (v != without)
          t.b.handoff(Pipe::V, Pipe::MTE2, {0});
        t.b.barrier(Pipe::V);
      });
    }
    t.b.barrier(Pipe::ALL);
    return std::move(t.b.program);
  };
  EXPECT_TRUE(check(program(all)).accepted());
  EXPECT_FALSE(findViolation(program(all), 1, 50));
  CheckResult result = check(program(17));
  ASSERT_FALSE(result.accepted());
  for (const Finding &finding : result.findings) { // the next load that runs: any of the later ones
    EXPECT_TRUE(finding.rule == Rule::C1 || finding.rule == Rule::C3);
    EXPECT_FALSE(finding.unproven);
    ASSERT_FALSE(finding.path.empty());
    EXPECT_GT(finding.path.front().first, 17u);
    EXPECT_EQ(finding.path.back().second, 0u);
  }
}

// Two waits on ids that cannot be read: what one of them may tell is unproven, what neither tells
// is wrong.
TEST(CheckPathsUnreadableTest, WhatAnUnreadableWaitMayTellIsUnproven) {
  TwoTiles t;
  EventId unknown;
  unknown.known = false;
  t.load(t.x);
  t.b.set(Pipe::MTE2, Pipe::V, unknown);
  t.b.wait(Pipe::MTE2, Pipe::V, unknown);
  NodeId add = t.add(t.x, t.y);
  NodeId store = t.store(t.y);
  t.b.barrier(Pipe::ALL);
  CheckResult result = check(t.b.program);
  EXPECT_FALSE(result.accepted());
  EXPECT_FALSE(result.acceptedIfAssumed());
  auto findingAt = [&](NodeId later) {
    return *llvm::find_if(result.findings, [&](const Finding &f) { return f.later == later; });
  };
  EXPECT_TRUE(findingAt(add).unproven);
  EXPECT_FALSE(findingAt(store).unproven);
  t.b.program.top.erase(llvm::find(t.b.program.top, store));
  EXPECT_TRUE(check(t.b.program).acceptedIfAssumed());
  EXPECT_FALSE(check(t.b.program).accepted());
  // Trusting them is no way to be accepted.
  EXPECT_FALSE(check(t.b.program, {.trustDoubtfulWaits = true}).accepted());
}

TEST_F(PathsTest, ATokenThatTheEndOfALoopMeetsIsDrainedBehindIt) {
  auto program = [](bool drain) {
    PathsTest_ATokenThatTheEndOfALoopMeetsIsDrainedBehindIt_Test t;
    t.b.openWhile();
    t.load(t.x);
    t.b.set(Pipe::MTE2, Pipe::V, {0});
    t.b.leave();
    t.b.wait(Pipe::MTE2, Pipe::V, {0});
    t.add(t.x, t.y);
    t.b.handoff(Pipe::V, Pipe::MTE2, {0});
    t.b.barrier(Pipe::V);
    t.b.close();
    if (drain)
      t.b.wait(Pipe::MTE2, Pipe::V, {0});
    t.b.barrier(Pipe::ALL);
    return std::move(t.b.program);
  };
  EXPECT_TRUE(check(program(true)).accepted());
  CheckResult result = check(program(false));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C7);
  EXPECT_FALSE(result.findings[0].unproven);
}

TEST_F(PathsTest, TheFirstRegionOfAWhileAlwaysRunsTheSecondPerhaps) {
  auto program = [](bool second) {
    PathsTest_TheFirstRegionOfAWhileAlwaysRunsTheSecondPerhaps_Test t;
    t.load(t.x);
    t.b.openWhile();
    if (!second)
      t.b.handoff(Pipe::MTE2, Pipe::V, {0});
    t.b.leave();
    if (second)
      t.b.handoff(Pipe::MTE2, Pipe::V, {0});
    t.b.close();
    t.add(t.x, t.y);
    t.b.barrier(Pipe::ALL);
    // C3 of the repeated flag is not the matter here.
    return check(t.b.program, {.strongFlags = false});
  };
  EXPECT_TRUE(program(false).accepted());
  EXPECT_FALSE(program(true).accepted());
}

TEST_F(PathsTest, AWhileIsSolvedWithoutADrainOfAllPipes) {
  b.openWhile();
  load(x);
  b.leave();
  add(x, y);
  store(y);
  b.close();
  InsertResult result = insert(b.program);
  EXPECT_EQ(count(result.program, NodeKind::Barrier), 1u) << "the one at the exit";
  EXPECT_TRUE(check(result.program).accepted());
  EXPECT_FALSE(findViolation(result.program, 1, 200));
  // Load after load of the next iteration waits for the addition: one token back, one forth, and
  // between V and MTE3 the same.
  EXPECT_EQ(result.stats.handoffs, 4u);
}

/// The primes of a loop at the beginning of an arm are no part of the arm before.
TEST_F(PathsTest, APrimeAtTheBeginningOfAnArmCounts) {
  b.openBranch();
  b.nextArm();
  b.openWhile();
  b.openBranch();
  store(x);
  b.nextArm();
  add(y, x);
  b.close();
  b.leave();
  b.close();
  b.close();
  InsertResult result = insert(b.program);
  EXPECT_TRUE(check(result.program).accepted());
  EXPECT_FALSE(findViolation(result.program, 1, 100));
}

TEST_F(PathsTest, OneConditionAtTwoBranches) {
  auto verdict = [](uint32_t second) {
    PathsTest_OneConditionAtTwoBranches_Test t;
    t.when(value(0), [&] {
      t.load(t.x);
      t.b.set(Pipe::MTE2, Pipe::V, {0});
    });
    t.when(value(second), [&] {
      t.b.wait(Pipe::MTE2, Pipe::V, {0});
      t.add(t.x, t.y);
    });
    t.b.barrier(Pipe::ALL);
    return check(t.b.program);
  };
  EXPECT_TRUE(verdict(0).accepted());
  CheckResult other = verdict(1);
  EXPECT_FALSE(other.accepted());
  EXPECT_TRUE(other.acceptedIfAssumed());
}

/// Conditions that are related in a way that nobody sees: what hangs on the token is unproven, and
/// what happened after the set is no part of it.
TEST_F(PathsTest, AWaitForATokenOfSomePathsTellsWhatItsSetKnew) {
  NodeId late = none;
  when(value(0), [&] {
    load(x);
    b.set(Pipe::MTE2, Pipe::V, {0});
    load(y);
  });
  NodeId wait = none;
  when(value(1), [&] {
    wait = b.wait(Pipe::MTE2, Pipe::V, {0});
    b.access(Pipe::V, {x}, {}, "use");
    late = b.access(Pipe::V, {y}, {}, "use");
  });
  b.barrier(Pipe::ALL);
  CheckResult result = check(b.program);
  EXPECT_FALSE(result.acceptedIfAssumed());
  for (const Finding &finding : result.findings)
    EXPECT_EQ(finding.unproven, finding.later != late);
  auto at = llvm::find_if(result.findings, [&](const Finding &f) { return f.later == wait; });
  ASSERT_NE(at, result.findings.end());
  EXPECT_EQ(at->what, "waits for a flag that is set on some paths only");
  EXPECT_EQ(at->token, TokenFault::SomePaths);
}

TEST_F(PathsTest, ASecondWaitForATokenOfSomePathsIsWrong) {
  when(value(0), [&] { b.set(Pipe::MTE2, Pipe::V, {0}); });
  b.wait(Pipe::MTE2, Pipe::V, {0});
  EXPECT_TRUE(check(b.program).acceptedIfAssumed());
  NodeId second = b.wait(Pipe::MTE2, Pipe::V, {0});
  CheckResult result = check(b.program);
  EXPECT_FALSE(result.acceptedIfAssumed());
  for (const Finding &finding : result.findings)
    EXPECT_EQ(finding.unproven, finding.later != second);
}

TEST_F(PathsTest, ASetOverATokenOfSomePathsIsUnproven) {
  when(value(0), [&] { b.set(Pipe::MTE2, Pipe::V, {0}); });
  NodeId second = b.set(Pipe::MTE2, Pipe::V, {0});
  b.wait(Pipe::MTE2, Pipe::V, {0});
  CheckResult result = check(b.program);
  EXPECT_TRUE(result.acceptedIfAssumed());
  auto at = llvm::find_if(result.findings, [&](const Finding &f) { return f.later == second; });
  ASSERT_NE(at, result.findings.end());
  EXPECT_EQ(at->what, "the flag is set again, and on some paths its token was not taken");
}

/// In a loop both conditions turn with it: no iteration may be worse than the first.
TEST_F(PathsTest, TokensOfSomePathsInALoop) {
  b.openLoop();
  when(value(0), [&] {
    load(x);
    b.set(Pipe::MTE2, Pipe::V, {0});
  });
  when(value(1), [&] {
    b.wait(Pipe::MTE2, Pipe::V, {0});
    add(x, y);
    b.barrier(Pipe::ALL);
  });
  b.barrier(Pipe::ALL);
  b.close();
  CheckResult result = check(b.program);
  EXPECT_FALSE(result.accepted());
  EXPECT_TRUE(result.acceptedIfAssumed());
}

/// The trip count decides; two iterations are wrong whatever it is.
TEST_F(PathsTest, TheWordsSayWhichIterationsHaveTheToken) {
  auto words = [](bool sets, bool before) {
    PathsTest_TheWordsSayWhichIterationsHaveTheToken_Test t;
    if (before)
      t.b.set(Pipe::MTE2, Pipe::V, {0});
    NodeId loop = t.b.openLoop();
    if (sets)
      t.b.set(Pipe::MTE2, Pipe::V, {0});
    else
      t.b.wait(Pipe::MTE2, Pipe::V, {0});
    t.b.close();
    std::string text;
    CheckResult result = check(t.b.program);
    EXPECT_FALSE(result.acceptedIfAssumed());
    for (const Finding &finding : result.findings)
      if (finding.later == loop && !finding.unproven)
        text = finding.what;
    return text;
  };
  EXPECT_EQ(words(true, false),
            "the token is pending after an iteration, but not before the first");
  EXPECT_EQ(words(false, true),
            "the token is pending before the first iteration, but not after it");
}

TEST_F(PathsTest, AFindingNamesTheConditionOfItsPath) {
  when(value(3), [&] { b.set(Pipe::MTE2, Pipe::V, {0}); });
  add(x, y);
  when(value(3), [&] {
    b.wait(Pipe::MTE2, Pipe::V, {0});
    b.wait(Pipe::MTE2, Pipe::V, {0});
  });
  b.barrier(Pipe::ALL);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].rule, Rule::C2);
  EXPECT_EQ(result.findings[0].path, (std::vector<std::pair<uint32_t, unsigned>>{{3, 0}}));
}

// What a join hides is asked again, choice by choice.
TEST_F(PathsTest, PathsOfAFindingAreNamed) {
  NodeId load = this->load(x);
  when({}, [&] { b.handoff(Pipe::MTE2, Pipe::V, {0}); });
  NodeId branch = b.program.top.back();
  when({}, [&] { b.barrier(Pipe::V); });
  NodeId loop = b.openLoop();
  b.handoff(Pipe::MTE2, Pipe::V, {1});
  b.handoff(Pipe::V, Pipe::MTE2, {1});
  b.close();
  NodeId add = this->add(x, y);
  b.barrier(Pipe::ALL);
  CheckResult result = check(b.program);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].later, add);
  EXPECT_EQ(result.findings[0].earlier, load);
  EXPECT_TRUE(result.findings[0].choices.empty());
  namePaths(b.program, result);
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].choices,
            (std::vector<std::pair<NodeId, unsigned>>{{branch, 1}, {loop, 0}}));
}

/// A token from one iteration to the next, without prime and drain: the first iteration does not
/// wait and the last does not set.
TEST_F(PathsTest, GuardsInPlaceOfPrimeAndDrain) {
  auto verdict = [](std::optional<int64_t> trip, uint8_t first, uint8_t last) {
    PathsTest_GuardsInPlaceOfPrimeAndDrain_Test t;
    NodeId loop = t.b.openLoop(trip);
    t.when(notAtEnd(loop, first, 0), [&] { t.b.wait(Pipe::V, Pipe::MTE2, {0}); });
    t.load(t.x);
    t.b.handoff(Pipe::MTE2, Pipe::V, {0});
    t.b.barrier(Pipe::V);
    t.add(t.x, t.y);
    t.when(notAtEnd(loop, 0, last), [&] { t.b.set(Pipe::V, Pipe::MTE2, {0}); });
    t.b.close();
    t.b.barrier(Pipe::ALL);
    bool accepted = check(t.b.program).accepted();
    EXPECT_EQ(accepted, !findViolation(t.b.program, 1, 200)) << unsigned(first) << unsigned(last);
    return accepted;
  };
  for (std::optional<int64_t> trip : {std::optional<int64_t>(), std::optional<int64_t>(1),
                                      std::optional<int64_t>(3), std::optional<int64_t>(9)}) {
    EXPECT_TRUE(verdict(trip, 1, 1));
    EXPECT_FALSE(verdict(trip, 0, 1));
    EXPECT_FALSE(verdict(trip, 1, 0));
  }
}

TEST_F(PathsTest, ArmsThatTakeTurnsMeetEverySecondIteration) {
  NodeId loop = b.openLoop(8);
  Condition even;
  even.turns = {loop, 2, 0};
  b.openBranch(even);
  b.turns = even.turns;
  load(x);
  b.access(Pipe::V, {x}, {}, "use");
  b.nextArm();
  b.turns.residue = 1;
  load(y);
  b.access(Pipe::V, {y}, {}, "use");
  b.close();
  b.turns = {};
  b.close();
  InsertResult result = insert(b.program);
  EXPECT_TRUE(check(result.program).accepted());
  EXPECT_FALSE(findViolation(result.program, 1, 50));
  for (const Node &node : result.program.nodes)
    if (node.kind == NodeKind::Wait && node.key.from == Pipe::V)
      for (const Reason &reason : node.reasons)
        EXPECT_EQ(reason.distance, 2);
}

} // namespace

TEST(CheckPathsTest, TokenKnownToBeGoneStaysKnownBehindALoopThatMayNotRun) {
  auto program = [](bool tells) {
    Builder b;
    b.handoff(Pipe::MTE3, Pipe::V, {0}); // a wait on V of which MTE2 is told nothing
    b.openLoop();
    b.handoff(Pipe::MTE2, Pipe::V, {0});
    if (tells)
      b.handoff(Pipe::V, Pipe::S, {0});
    b.close();
    b.handoff(Pipe::MTE2, Pipe::V, {0});
    return std::move(b.program);
  };
  EXPECT_TRUE(check(program(true)).accepted());
  EXPECT_EQ(check(program(false)).findings.front().rule, Rule::C3);
}
