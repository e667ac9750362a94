//===- EngineDeadlockTest.cpp - Hangs and their explanation ---------------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

static Report runAlone(const KernelText &k, const Options &options = {}) {
  GlobalMemory memory;
  return run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}), options);
}

TEST(EngineDeadlock, WaitWithoutAnySet) {
  KernelText k({"x"});
  int wait = k.wait(Pipe::MTE2, Pipe::V, 2);
  k.barrier(Pipe::ALL);
  k.finish();
  for (const Options &options : schedules(10)) {
    Report report = runAlone(k, options);
    ASSERT_NE(find(report, FindingKind::StarvedWait, wait), nullptr); // the root, not the barrier
    std::string text = textOf(report);
    EXPECT_NE(text.find(at(wait) +
                        ": error: starved wait: pto.wait_flag waits for event 2 of MTE2 > V; "
                        "no set of it was executed or is still to come\n" +
                        at(wait) +
                        ": note: here: pto.wait_flag on V of vector core 0 (rank 0, "
                        "block 0)\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("S of rank 0 block 0 vector 0 stands at pto.barrier"), std::string::npos)
        << text;
  }
}

TEST(EngineDeadlock, SetBehindABlockedScalarUnit) {
  KernelText k({"x"});
  int wait = k.wait(Pipe::MTE2, Pipe::S, 0);
  k.load(k.view(0), k.tile(0));
  int set = k.set(Pipe::MTE2, Pipe::S, 0);
  k.finish();
  for (const Options &options : schedules(10)) {
    Report report = runAlone(k, options);
    ASSERT_NE(find(report, FindingKind::Deadlock, wait), nullptr);
    EXPECT_NE(textOf(report).find("its set at " + at(set) +
                                  " comes later in the program, and S cannot get there (this "
                                  "closes the cycle at S)"),
              std::string::npos)
        << textOf(report);
  }
}

TEST(EngineDeadlock, SetOnAPathThatWasNotTaken) {
  KernelText k({"x"});
  Label skip = k.b.newLabel();
  k.b.jumpIf(k.b.constant(1), skip);
  int set = k.set(Pipe::MTE2, Pipe::V, 0);
  k.b.place(skip);
  int wait = k.wait(Pipe::MTE2, Pipe::V, 0);
  k.finish();
  Report report = runAlone(k);
  EXPECT_NE(find(report, FindingKind::StarvedWait, wait, set), nullptr) << textOf(report);
  EXPECT_TRUE(says(report, FindingKind::StarvedWait, wait,
                   "its set at " + at(set) + " was not executed on this path"));
}

TEST(EngineDeadlock, CycleOfTwoPipes) {
  KernelText k({"x"});
  int waitV = k.wait(Pipe::MTE2, Pipe::V, 0);
  int setV = k.set(Pipe::V, Pipe::MTE2, 0);
  int waitM = k.wait(Pipe::V, Pipe::MTE2, 0);
  int setM = k.set(Pipe::MTE2, Pipe::V, 0);
  k.finish();
  for (const Options &options : schedules(10)) {
    Report report = runAlone(k, options);
    ASSERT_NE(find(report, FindingKind::Deadlock), nullptr);
    std::string text = textOf(report);
    EXPECT_NE(text.find("its set, pto.set_flag at " + at(setM) + ", is queued on MTE2 behind " +
                        "pto.wait_flag at " + at(waitM)),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("its set, pto.set_flag at " + at(setV) + ", is queued on V behind " +
                        "pto.wait_flag at " + at(waitV)),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("closes the cycle"), std::string::npos);
  }
}

TEST(EngineDeadlock, TokenTakenByAnotherWait) {
  KernelText k({"x"});
  int set = k.set(Pipe::MTE2, Pipe::V, 0);
  int first = k.wait(Pipe::MTE2, Pipe::V, 0);
  k.wait(Pipe::MTE2, Pipe::V, 0);
  k.finish();
  Report report = runAlone(k);
  ASSERT_NE(find(report, FindingKind::StarvedWait), nullptr);
  EXPECT_NE(textOf(report).find("the token of its last set, pto.set_flag at " + at(set) +
                                ", was taken by pto.wait_flag at " + at(first)),
            std::string::npos)
      << textOf(report);
}

TEST(EngineDeadlock, WaitDispatchedBeforeItsSetStillRuns) {
  // Legal for the machine: the wait holds V only, and S reaches the set.
  KernelText k({"x"});
  Handle t = k.tile(0);
  k.wait(Pipe::MTE2, Pipe::V, 0);
  k.add(t, t, k.tile(256));
  k.load(k.view(0), t);
  k.set(Pipe::MTE2, Pipe::V, 0);
  k.finish();
  for (const Options &options : schedules(10))
    EXPECT_TRUE(runAlone(k, options).clean()) << textOf(runAlone(k, options));
}

TEST(EngineDeadlock, SignalThatNobodySends) {
  KernelText k({"x"});
  int wait = k.await(k.signal(0), k.b.constant(7), WaitCompare::EQ);
  k.finish();
  for (const Options &options : schedules(5)) {
    Report report = runAlone(k, options);
    ASSERT_NE(find(report, FindingKind::StarvedWait, wait), nullptr);
    EXPECT_NE(
        textOf(report).find("starved wait: pto.comm.twait waits until the signal at byte 0 of "
                            "'x' of rank 0 is == 7; it is 0 and nobody can still change it"),
        std::string::npos)
        << textOf(report);
  }
}

TEST(EngineDeadlock, RanksThatWaitBeforeTheySignal) {
  KernelText k({"own", "peer"});
  int wait = k.await(k.signal(0), k.b.constant(1), WaitCompare::GE);
  int notify = k.notify(k.signal(1), k.b.constant(1));
  k.finish();
  GlobalMemory memory;
  uint64_t cells[2];
  int32_t zero = 0;
  for (unsigned rank : {0u, 1u}) {
    cells[rank] = memory.allocate(rank, "cell", 4);
    memory.store(cells[rank], &zero, sizeof zero);
  }
  Launch launch;
  launch.ranks.resize(2);
  for (unsigned rank : {0u, 1u})
    launch.ranks[rank].push_back({0, 0, 1, {cells[rank], cells[1 - rank]}});
  EXPECT_TRUE(
      says(run(k.program, memory, launch), FindingKind::Deadlock, wait,
           "has a pto.comm.tnotify at " + at(notify) + " ahead of it, and its S cannot get there"));
}

TEST(EngineDeadlock, SignalNamesTheCellThatIsMissing) {
  // Two cells; one notify raises the first only.
  KernelText k({"x"});
  k.notify(k.signal(0), k.b.constant(1));
  int wait = k.await(k.view(0, 1, 2, Element::I32), k.b.constant(1), WaitCompare::GE);
  k.finish();
  GlobalMemory memory;
  uint64_t cells = memory.allocate(0, "cells", 8);
  int64_t zero = 0;
  memory.store(cells, &zero, sizeof zero);
  Report report = run(k.program, memory, oneCore({cells}));
  ASSERT_NE(find(report, FindingKind::StarvedWait, wait), nullptr);
  EXPECT_NE(textOf(report).find("the signal at byte 4 of 'cells' of rank 0 is >= 1; it is 0 and"),
            std::string::npos)
      << textOf(report);
}

TEST(EngineDeadlock, LostTokenOfABitFlag) {
  KernelText k({"x"});
  Handle a = k.tile(0), b = k.tile(256);
  k.load(k.view(0), a);
  k.set(Pipe::MTE2, Pipe::V, 0);
  k.load(k.view(0), b);
  k.set(Pipe::MTE2, Pipe::V, 0);
  k.wait(Pipe::MTE2, Pipe::V, 0);
  k.wait(Pipe::MTE2, Pipe::V, 0);
  k.barrier(Pipe::ALL);
  k.finish();
  Options options;
  options.flags = FlagModel::SingleBit;
  Report report = runAlone(k, options);
  EXPECT_NE(find(report, FindingKind::StarvedWait), nullptr);
  EXPECT_NE(find(report, FindingKind::FlagCollision), nullptr);
}
