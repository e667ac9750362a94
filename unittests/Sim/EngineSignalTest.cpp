//===- EngineSignalTest.cpp - Several cores and ranks ----------------------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// The ring shuffle: every rank puts its input into the next rank's window, signals, waits, and
/// reads back. Arguments: input, own window, peer's window, own cell, peer's cell, output.
struct Ring {
  Ring(bool drain, bool dsb) : k({"in", "win", "peerwin", "cell", "peercell", "out"}) {
    Handle tile = k.tile(0), stage = k.tile(256), back = k.tile(512);
    k.load(k.view(0), tile);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 1);
    Register offset = k.b.constant(1024);
    Register src = k.b.arith(ArithOp::AddI, Element::I64, 1, offset); // own source half
    k.store(tile, k.view(src));
    k.handoff(Pipe::MTE3, Pipe::MTE2, 1);
    put = k.put(k.view(2), k.view(src), stage);
    if (drain)
      k.barrier(Pipe::ALL);
    if (dsb)
      k.fence();
    k.notify(k.signal(4), k.b.constant(1));
    k.await(k.signal(3), k.b.constant(1));
    readBack = k.load(k.view(1), back);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    k.store(back, k.view(5));
    k.barrier(Pipe::ALL);
    k.finish();
  }

  Report run(unsigned ranks, const Options &options) {
    GlobalMemory memory;
    Launch launch;
    launch.ranks.resize(ranks);
    std::vector<uint64_t> in, win, out;
    for (unsigned r = 0; r < ranks; ++r) {
      in.push_back(floats(memory, r, "in", 64, 100.f * r));
      win.push_back(memory.allocate(r, "window", 4096));
      out.push_back(memory.allocate(r, "out", 256));
      int32_t zero = 0;
      memory.store(win[r] + 2048, &zero, 4);
    }
    for (unsigned r = 0; r < ranks; ++r) {
      unsigned peer = (r + 1) % ranks;
      launch.ranks[r].push_back(
          {0, 0, 1, {in[r], win[r], win[peer], win[r] + 2048, win[peer] + 2048, out[r]}});
    }
    Report report = sim::run(k.program, memory, launch, options);
    for (unsigned r = 0; r < ranks; ++r)
      outputs.push_back(readFloats(memory, out[r], 64));
    return report;
  }

  KernelText k;
  int put, readBack;
  std::vector<std::vector<float>> outputs; ///< of the last run
};
} // namespace

TEST(EngineSignal, RingIsCleanWhenDrainedAndFenced) {
  Ring ring(true, true);
  for (unsigned ranks : {1, 2, 5})
    for (const Options &options : schedules(200)) {
      ring.outputs.clear();
      Report report = ring.run(ranks, options);
      ASSERT_TRUE(report.clean()) << textOf(report);
      for (unsigned r = 0; r < ranks; ++r)
        for (unsigned i = 0; i < 64; ++i)
          ASSERT_EQ(ring.outputs[r][i], 100.f * ((r + ranks - 1) % ranks) + i);
    }
}

TEST(EngineSignal, RingIsRacyWithoutDrainOrFence) {
  // C8, under every schedule. One rank alone is no exception: MTE3 > MTE2 is ordered by TPUT's own
  // wait there.
  for (auto [drain, dsb] : {std::pair(false, true), {true, false}, {false, false}}) {
    Ring ring(drain, dsb);
    for (const Options &options : schedules(50)) {
      Report report = ring.run(2, options);
      const Finding *race = find(report, FindingKind::Race);
      ASSERT_NE(race, nullptr) << textOf(report);
      EXPECT_EQ(race->memory.substr(0, 17), "gm array 'window'");
      EXPECT_NE(race->where.rank, race->other->rank);
      EXPECT_NE(race->notes[0].find("dsb, TNOTIFY"), std::string::npos);
    }
  }
}

TEST(EngineSignal, CyclesDoNotDependOnTheSchedule) {
  Ring ring(true, true);
  uint64_t cycles = ring.run(3, {}).cycles;
  EXPECT_GT(cycles, 0u);
  for (const Options &options : schedules(50))
    EXPECT_EQ(ring.run(3, options).cycles, cycles);
}

TEST(EngineSignal, AtomicAddCountsAllRanks) {
  // Every rank adds 1 to the cell of rank 0 after writing its slot; rank 0 waits for all and sums a
  // slot of each.
  KernelText k({"mine", "cell", "all", "out"});
  Handle tile = k.tile(0);
  Register isRoot = k.b.compareI(0, Element::I64, k.b.special(SpecialValue::Rank), k.b.constant(0));
  Register ranks = k.b.special(SpecialValue::RankCount);
  k.line("store_scalar");
  k.b.storeGm(Element::F32, 0, none, k.b.constantFloat(2)); // in a cache line of its own
  k.b.cacheLine(0);
  k.fence();
  k.notify(k.signal(1), k.b.constant(1), NotifyOp::AtomicAdd);
  Label root = k.b.newLabel(), end = k.b.newLabel();
  k.b.jumpIf(isRoot, root);
  k.b.jump(end);
  k.b.place(root);
  k.await(k.signal(1), ranks);
  int load = k.load(k.view(2, 8, 16), k.tile(256, 8, 16));
  k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
  k.store(k.tile(256, 8, 16), k.view(3, 8, 16));
  k.barrier(Pipe::ALL);
  k.b.place(end);
  k.finish();
  (void)tile;
  for (const Options &options : schedules(50)) {
    GlobalMemory memory;
    uint64_t slots = floats(memory, 0, "slots", 128, 0), out = floats(memory, 0, "out", 128, 0);
    uint64_t cell = memory.allocate(0, "cell", 64);
    int32_t zero = 0;
    memory.store(cell, &zero, 4);
    Launch launch;
    launch.ranks.resize(8);
    for (unsigned r = 0; r < 8; ++r)
      launch.ranks[r].push_back({0, 0, 1, {slots + 64 * r, cell, slots, out}});
    Report report = run(k.program, memory, launch, options);
    ASSERT_TRUE(report.clean()) << load << textOf(report);
    for (unsigned r = 0; r < 8; ++r)
      EXPECT_EQ(readFloats(memory, out, 128)[16 * r], 2);
  }
}

TEST(EngineSignal, LaterSignalsAreNotCredited) {
  // Rank 1 signals 1, then writes, then signals 2. Rank 0 waits for >= 1 only: its read races, even
  // when the second signal has long arrived.
  KernelText k({"data", "cell", "in"});
  Register isReader =
      k.b.compareI(0, Element::I64, k.b.special(SpecialValue::Rank), k.b.constant(0));
  Label reader = k.b.newLabel(), end = k.b.newLabel();
  Handle tile = k.tile(0), back = k.tile(256);
  k.b.jumpIf(isReader, reader);
  k.fence();
  k.notify(k.signal(1), k.b.constant(1));
  k.load(k.view(2), tile);
  k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
  int write = k.store(tile, k.view(0));
  k.barrier(Pipe::ALL);
  k.fence();
  k.notify(k.signal(1), k.b.constant(2));
  k.b.jump(end);
  k.b.place(reader);
  k.await(k.signal(1), k.b.constant(1));
  int read = k.load(k.view(0), back);
  k.b.place(end);
  k.finish();
  for (const Options &options : schedules(50)) {
    GlobalMemory memory;
    uint64_t data = floats(memory, 0, "data", 64, 0), in = floats(memory, 1, "in", 64, 9);
    uint64_t cell = memory.allocate(0, "cell", 64);
    int32_t zero = 0;
    memory.store(cell, &zero, 4);
    Launch launch;
    launch.ranks.resize(2);
    for (unsigned r = 0; r < 2; ++r)
      launch.ranks[r].push_back({0, 0, 1, {data, cell, in}});
    Report report = run(k.program, memory, launch, options);
    EXPECT_TRUE(find(report, FindingKind::Race, read, write) ||
                find(report, FindingKind::Race, write, read))
        << textOf(report);
  }
}

TEST(EngineSignal, PollingWithTestLetsOthersMove) {
  KernelText k({"data", "cell"});
  Register isReader =
      k.b.compareI(0, Element::I64, k.b.special(SpecialValue::Rank), k.b.constant(0));
  Label reader = k.b.newLabel(), end = k.b.newLabel();
  k.b.jumpIf(isReader, reader);
  k.fence();
  k.notify(k.signal(1), k.b.constant(1));
  k.b.jump(end);
  k.b.place(reader);
  Handle signal = k.signal(1);
  Register one = k.b.constant(1);
  Label again = k.b.newLabel();
  k.b.place(again);
  k.line("pto.comm.ttest");
  Register passed = k.b.test(WaitCompare::EQ, signal, one);
  Register failed = k.b.arith(ArithOp::XorI, Element::I1, passed, one);
  k.b.jumpIf(failed, again);
  k.b.place(end);
  k.finish();
  for (const Options &options : schedules(20)) {
    GlobalMemory memory;
    uint64_t cell = memory.allocate(0, "cell", 64);
    int32_t zero = 0;
    memory.store(cell, &zero, 4);
    Launch launch;
    launch.ranks.resize(2);
    for (unsigned r = 0; r < 2; ++r)
      launch.ranks[r].push_back({0, 0, 1, {0, cell}});
    EXPECT_TRUE(run(k.program, memory, launch, options).clean());
  }
}

TEST(EngineSignal, BlocksShareInputsAndOwnOutputs) {
  // Block b copies row b; with `same` all blocks write row 0: WAW between blocks under every
  // schedule.
  for (bool same : {false, true}) {
    KernelText k({"x", "z"});
    Register block = k.b.special(SpecialValue::BlockIndex), row = k.b.constant(256);
    Register offset = k.b.arith(ArithOp::MulI, Element::I64, block, row);
    Register target = same ? 1 : k.b.arith(ArithOp::AddI, Element::I64, 1, offset);
    k.load(k.view(k.b.arith(ArithOp::AddI, Element::I64, 0, offset)), k.tile(0));
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    int store = k.store(k.tile(0), k.view(target));
    k.barrier(Pipe::ALL);
    k.finish();
    for (const Options &options : schedules(5)) {
      GlobalMemory memory;
      uint64_t x = floats(memory, 0, "x", 64 * 100, 0), z = memory.allocate(0, "z", 25600);
      Launch launch = oneCore({x, z});
      launch.blocks = 100;
      Report report = run(k.program, memory, launch, options);
      EXPECT_EQ(report.cores.size(), 100u);
      const Finding *race = find(report, FindingKind::Race, store, store);
      ASSERT_EQ(race != nullptr, same) << textOf(report);
      if (!same)
        EXPECT_EQ(readFloats(memory, z, 6400)[6399], 6399);
      else
        EXPECT_GE(race->count, 99u);
    }
  }
}

TEST(EngineSignal, OrderedAtomicAddsDoNotHideAnOlderWrite) {
  // Rank 0 writes plainly and signals rank 1, which adds; rank 2 adds without waiting. Adds commute
  // with one another, so the race of rank 2 is with the write, and the add in between must not
  // cover it.
  KernelText k({"data", "cell", "one"});
  Label second = k.b.newLabel(), third = k.b.newLabel(), end = k.b.newLabel();
  Register rank = k.b.special(SpecialValue::Rank);
  k.b.jumpIf(k.b.compareI(0, Element::I64, rank, k.b.constant(1)), second);
  k.b.jumpIf(k.b.compareI(0, Element::I64, rank, k.b.constant(2)), third);
  int write = k.line("pto.store_scalar");
  k.b.storeGm(Element::F32, 0, none, k.b.constantFloat(5));
  k.b.cacheLine(0);
  k.fence();
  k.notify(k.signal(1), k.b.constant(1));
  k.b.jump(end);
  k.b.place(second);
  k.await(k.signal(1), k.b.constant(1));
  k.b.place(third);
  int add = k.line("pto.comm.tput");
  k.b.transfer(TransferOp::PutAtomicAdd, k.view(0, 1, 8), k.view(2, 1, 8), k.tile(0, 1, 8));
  k.barrier(Pipe::ALL);
  k.b.place(end);
  k.finish();
  for (unsigned ranks : {2, 3})
    for (const Options &options : schedules(20)) {
      GlobalMemory memory;
      uint64_t data = floats(memory, 0, "data", 8, 0), one = floats(memory, 0, "one", 8, 1);
      uint64_t cell = memory.allocate(0, "cell", 64);
      int32_t zero = 0;
      memory.store(cell, &zero, 4);
      Launch launch = oneCore({data, cell, one});
      launch.ranks.resize(ranks, launch.ranks[0]);
      Report report = run(k.program, memory, launch, options);
      bool races = find(report, FindingKind::Race, add, write) ||
                   find(report, FindingKind::Race, write, add);
      EXPECT_EQ(races, ranks == 3) << textOf(report);
      EXPECT_EQ(report.clean(), ranks == 2);
      if (ranks == 2)
        EXPECT_EQ(readFloats(memory, data, 8)[0], 6);
    }
}
