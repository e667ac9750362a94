//===- EngineTransferTest.cpp - TPUT and TGET run as the library does ------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
struct Outcome {
  Report report;
  std::vector<float> dst;
};

/// One transfer of rows x cols elements from x to z, whatever the kernel does around it.
Outcome transfer(const KernelText &k, size_t count, const Options &options = {}) {
  GlobalMemory memory;
  uint64_t x = floats(memory, 0, "x", count, 1), z = memory.allocate(0, "z", count * 4);
  Outcome outcome;
  outcome.report = run(k.program, memory, oneCore({x, z}), options);
  outcome.dst = readFloats(memory, z, count);
  return outcome;
}

void expectCopied(const KernelText &k, size_t count) {
  for (const Options &options : schedules(30)) {
    Outcome outcome = transfer(k, count, options);
    ASSERT_TRUE(outcome.report.clean()) << textOf(outcome.report);
    for (size_t i = 0; i < count; ++i)
      ASSERT_EQ(outcome.dst[i], float(i + 1)) << i;
  }
}

/// Counts micro steps by pipe: the handed-over items of one transfer and a final drain.
uint64_t itemsOf(const KernelText &k, size_t count, Pipe pipe) {
  return transfer(k, count).report.cores[0].pipes[unsigned(pipe)].items;
}
} // namespace

TEST(EngineTransfer, FormAOneTileThatFits) {
  KernelText k({"x", "z"});
  k.put(k.view(1), k.view(0), k.tile(0));
  k.barrier(Pipe::ALL);
  k.finish();
  expectCopied(k, 64);
  // load, set, wait on MTE2; wait, store, set on MTE3.
  EXPECT_EQ(itemsOf(k, 64, Pipe::MTE2), 3u);
  EXPECT_EQ(itemsOf(k, 64, Pipe::MTE3), 3u);
}

TEST(EngineTransfer, FormBChunks) {
  for (bool isGet : {false, true}) {
    KernelText k({"x", "z"});
    Handle tile = k.dynamicTile(0, 2, 64, 2, 64);
    Handle dst = k.view(1, 5, 96), src = k.view(0, 5, 96);
    isGet ? k.get(dst, src, tile) : k.put(dst, src, tile); // 3 row steps x 2 column steps
    k.barrier(Pipe::ALL);
    k.finish();
    expectCopied(k, 5 * 96);
    EXPECT_EQ(itemsOf(k, 5 * 96, Pipe::MTE2), 6 * 3u);
  }
}

TEST(EngineTransfer, FormCSplitsFullChunksInHalves) {
  for (bool isGet : {false, true})
    for (int64_t chunks : {7, 8, 16, 17}) {
      KernelText k({"x", "z"});
      Handle tile = k.dynamicTile(0, 2, 32, 2, 32);
      Handle dst = k.view(1, 2 * chunks, 32), src = k.view(0, 2 * chunks, 32);
      isGet ? k.get(dst, src, tile) : k.put(dst, src, tile);
      k.barrier(Pipe::ALL);
      k.finish();
      expectCopied(k, 64 * chunks);
      bool split = chunks >= 8 && (isGet || chunks <= 16);
      // Split: two loads, two sets, two waits on MTE2; else one of each.
      EXPECT_EQ(itemsOf(k, 64 * chunks, Pipe::MTE2), uint64_t(chunks) * (split ? 6 : 3));
    }
}

TEST(EngineTransfer, FormCLeavesTheTailWhole) {
  KernelText k({"x", "z"});
  k.put(k.view(1, 17, 32), k.view(0, 17, 32), k.dynamicTile(0, 2, 32, 2, 32));
  k.barrier(Pipe::ALL);
  k.finish();
  expectCopied(k, 17 * 32);
  EXPECT_EQ(itemsOf(k, 17 * 32, Pipe::MTE2), 8 * 6 + 3u);
}

TEST(EngineTransfer, FormDPingPong) {
  for (bool isGet : {false, true})
    for (int64_t rows : {1, 2, 4, 5, 9}) {
      KernelText k({"x", "z"});
      Handle ping = k.dynamicTile(0, 1, 64, 1, 64), pong = k.dynamicTile(256, 1, 64, 1, 64);
      Handle dst = k.view(1, rows, 64), src = k.view(0, rows, 64);
      isGet ? k.get(dst, src, ping, pong) : k.put(dst, src, ping, pong);
      k.barrier(Pipe::ALL);
      k.finish();
      expectCopied(k, 64 * rows);
    }
}

TEST(EngineTransfer, DynamicStagingKeepsTheExtentsOfItsLastChunk) {
  // library 5.2: a second call with the same tile then uses smaller chunks.
  KernelText k({"x", "z"});
  Handle tile = k.dynamicTile(0, 4, 64, 4, 64);
  k.put(k.view(1, 5, 64), k.view(0, 5, 64), tile); // chunks of 4 and 1 rows
  k.barrier(Pipe::ALL);
  k.put(k.view(1, 5, 64), k.view(0, 5, 64), tile); // five chunks of one row
  k.barrier(Pipe::ALL);
  k.finish();
  expectCopied(k, 5 * 64);
  EXPECT_EQ(itemsOf(k, 5 * 64, Pipe::MTE2), (2 + 5) * 3u);
}

TEST(EngineTransfer, StaticStagingThatDoesNotDivideIsReported) {
  KernelText k({"x", "z"});
  int put = k.put(k.view(1, 5, 64), k.view(0, 5, 64), k.tile(0, 2, 64));
  k.barrier(Pipe::ALL);
  k.finish();
  EXPECT_NE(find(transfer(k, 5 * 64).report, FindingKind::KernelFailure, put), nullptr);
}

TEST(EngineTransfer, EmptyRegionReturnsAtOnce) {
  KernelText k({"x", "z"});
  int put = k.put(k.view(1, 0, 64), k.view(0, 0, 64), k.tile(0));
  k.finish();
  Outcome outcome = transfer(k, 64);
  EXPECT_TRUE(outcome.report.clean()) << put;
  EXPECT_EQ(outcome.report.items, 0u);
}

TEST(EngineTransfer, StagingWithoutValidElementsIsReported) {
  KernelText k({"x", "z"});
  Handle empty = k.dynamicTile(0, 2, 64, 0, 64);
  int put = k.put(k.view(1), k.view(0), empty);
  int gathered = k.line("pto.comm.tgather");
  k.b.collective(CollectiveOp::Gather, 0, k.view(1), none, empty, none, {k.view(0)});
  k.finish();
  Report report = transfer(k, 64).report;
  for (int line : {put, gathered})
    EXPECT_TRUE(says(report, FindingKind::KernelFailure, line,
                     "the staging tile has no valid elements (0 x 64)"));
}

/// Three ranks through two receive tiles: nothing inside the call orders the second addition on V
/// behind the first (library 5.6). The verifier refuses it, for the simulator it is a defect of the
/// library.
TEST(EngineTransfer, StepsOfOneCallThatRace) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    KernelText k({"x", "z"}, CoreKind::Vector, arch);
    k.program.combine.fill(findMapKernel("pto.tadd"));
    Handle sum = k.tile(0), ping = k.tile(256), pong = k.tile(512), from = k.view(0);
    int reduced = k.line("pto.comm.treduce");
    k.b.collective(CollectiveOp::ReduceSum, 0, k.view(1), sum, ping, pong, {from, from, from});
    k.barrier(Pipe::ALL);
    k.finish();
    Report report = transfer(k, 64).report;
    EXPECT_EQ(report.clean(), arch == Arch::A5) << textOf(report);
    for (auto words : {"defect of the library, not of the kernel: race (RAW): pto.comm.treduce",
                       "both are steps of one call; use its form with one receive tile"})
      EXPECT_EQ(bool(says(report, FindingKind::LibraryDefect, reduced, words)), arch == Arch::A3);
  }
}

TEST(EngineTransfer, PutAtomicAddAdds) {
  KernelText k({"x", "z"});
  k.line("pto.comm.tput");
  Handle x = k.view(0);
  k.b.transfer(TransferOp::PutAtomicAdd, x, x, k.tile(0)); // x += x
  k.barrier(Pipe::ALL);
  k.put(k.view(1), x, k.tile(256));
  k.barrier(Pipe::ALL);
  k.finish();
  for (const Options &options : schedules(10)) {
    Outcome outcome = transfer(k, 64, options);
    EXPECT_TRUE(outcome.report.clean()) << textOf(outcome.report);
    EXPECT_EQ(outcome.dst[10], 22);
  }
}

TEST(EngineTransfer, PendingTokenOnIdZeroCollides) {
  // What another compiler printed: flag set before TPUT, waited for after it.
  KernelText k({"x", "z"});
  Handle tile = k.tile(0), stage = k.tile(256);
  k.load(k.view(0), tile);
  k.handoff(Pipe::MTE2, Pipe::MTE3, 1);
  int store = k.store(tile, k.view(0));
  int set = k.set(Pipe::MTE3, Pipe::MTE2, 0);
  int put = k.put(k.view(1), k.view(0), stage);
  k.wait(Pipe::MTE3, Pipe::MTE2, 0);
  k.barrier(Pipe::ALL);
  k.finish();
  for (const Options &options : schedules(20)) {
    Outcome outcome = transfer(k, 64, options);
    const Finding *collision = find(outcome.report, FindingKind::FlagCollision, put, set);
    ASSERT_NE(collision, nullptr) << textOf(outcome.report);
    EXPECT_EQ(collision->where.phase, "sync");
    const Finding *race = find(outcome.report, FindingKind::Race, put, store);
    ASSERT_NE(race, nullptr) << textOf(outcome.report);
    EXPECT_EQ(race->where.phase, "load");
    EXPECT_EQ(collision->what.substr(0, 20), "event 0 of MTE3 > MT");
  }
}

TEST(EngineTransfer, TrailingWaitOrdersMte2AndNobodyElse) {
  // sync 9: after TPUT and TGET a load of dst is covered, a store into it is not.
  for (bool isGet : {false, true}) {
    KernelText k({"x", "z"});
    Handle stage = k.tile(0), other = k.tile(256), third = k.tile(512);
    k.load(k.view(0), third);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    int call = isGet ? k.get(k.view(1), k.view(0), stage) : k.put(k.view(1), k.view(0), stage);
    int load = k.load(k.view(1), other);
    int store = k.store(third, k.view(1));
    k.barrier(Pipe::ALL);
    k.finish();
    for (const Options &options : schedules(20)) {
      Outcome outcome = transfer(k, 64, options);
      EXPECT_EQ(find(outcome.report, FindingKind::Race, load, call), nullptr);
      EXPECT_NE(find(outcome.report, FindingKind::Race, store, call), nullptr)
          << textOf(outcome.report);
    }
  }
}

TEST(EngineTransfer, SourceNeedsTheStoreBeforeIt) {
  for (bool handoff : {false, true}) {
    KernelText k({"x", "z"});
    Handle tile = k.tile(0), stage = k.tile(256);
    k.load(k.view(0), tile);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    int store = k.store(tile, k.view(0));
    if (handoff)
      k.handoff(Pipe::MTE3, Pipe::MTE2, 0);
    int put = k.put(k.view(1), k.view(0), stage);
    k.barrier(Pipe::ALL);
    k.finish();
    for (const Options &options : schedules(20)) {
      Outcome outcome = transfer(k, 64, options);
      const Finding *race = find(outcome.report, FindingKind::Race, put, store);
      EXPECT_EQ(race == nullptr, handoff) << textOf(outcome.report);
      if (race)
        EXPECT_EQ(race->where.phase, "load");
    }
  }
}
