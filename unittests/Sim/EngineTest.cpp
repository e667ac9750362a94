//===- EngineTest.cpp - One core: order, races, bounds, exit --------------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// z = x + y with all handoffs; `skip` leaves out the n-th sync statement.
struct VectorAdd {
  explicit VectorAdd(int skip = -1) : k({"x", "y", "z"}) {
    Handle x = k.tile(0), y = k.tile(256), z = k.tile(512);
    auto sync = [&, n = 0](auto emit) mutable {
      if (n++ != skip)
        emit();
    };
    loadX = k.load(k.view(0), x);
    loadY = k.load(k.view(1), y);
    sync([&] { k.handoff(Pipe::MTE2, Pipe::V, 0); });
    add = k.add(x, y, z);
    sync([&] { k.handoff(Pipe::V, Pipe::MTE3, 0); });
    store = k.store(z, k.view(2));
    sync([&] { k.barrier(Pipe::ALL); });
    k.finish();
  }
  Report run(const Options &options, std::vector<float> *result = nullptr,
             Trace *trace = nullptr) const {
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 64, 0), y = floats(memory, 0, "y", 64, 100);
    uint64_t z = memory.allocate(0, "z", 256);
    Report report = sim::run(k.program, memory, oneCore({x, y, z}), options, trace);
    if (result)
      *result = readFloats(memory, z, 64);
    return report;
  }
  KernelText k;
  int loadX, loadY, add, store;
};
} // namespace

TEST(Engine, CorrectHandoffsAreCleanUnderEverySchedule) {
  VectorAdd kernel;
  uint64_t cycles = kernel.run({}).cycles;
  for (const Options &options : schedules(200)) {
    std::vector<float> z;
    Report report = kernel.run(options, &z);
    ASSERT_TRUE(report.clean()) << textOf(report);
    for (int i = 0; i < 64; ++i)
      ASSERT_EQ(z[i], 100 + 2 * i);
    EXPECT_EQ(report.cycles, cycles) << "time must not depend on the schedule";
  }
}

TEST(Engine, MissingLoadHandoffIsARaceUnderEverySchedule) {
  VectorAdd kernel(0);
  for (const Options &options : schedules(50)) {
    Report report = kernel.run(options);
    const Finding *race = find(report, FindingKind::Race, kernel.add, kernel.loadX);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->hazard, Hazard::RAW);
    EXPECT_EQ(race->memory, "vec");
    EXPECT_EQ(race->end - race->begin, 256u);
    EXPECT_NE(find(report, FindingKind::Race, kernel.add, kernel.loadY), nullptr);
    EXPECT_EQ(report.findings.size(), 2u) << textOf(report);
  }
}

TEST(Engine, MissingStoreHandoffIsARaceUnderEverySchedule) {
  VectorAdd kernel(1);
  for (const Options &options : schedules(50)) {
    Report report = kernel.run(options);
    EXPECT_NE(find(report, FindingKind::Race, kernel.store, kernel.add), nullptr);
    EXPECT_EQ(report.findings.size(), 1u) << textOf(report);
  }
}

TEST(Engine, MissingDrainIsFoundAtExit) {
  VectorAdd kernel(2);
  for (const Options &options : schedules(50)) {
    Report report = kernel.run(options);
    EXPECT_NE(find(report, FindingKind::IncompleteAtExit, kernel.store), nullptr);
    EXPECT_EQ(report.findings.size(), 1u) << textOf(report);
  }
}

TEST(Engine, RaceIsToldInWords) {
  Report report = VectorAdd(1).run({});
  std::string text = textOf(report);
  EXPECT_EQ(text,
            "k.pto:6:3: error: race (RAW): pto.tstore reads bytes [512, 768) of vec on MTE3, not "
            "ordered after pto.tadd that writes them on V\n"
            "k.pto:6:3: note: here: pto.tstore on MTE3 of vector core 0 (rank 0, block 0)\n"
            "k.pto:5:3: note: there: pto.tadd on V of vector core 0 (rank 0, block 0)\n"
            "k.pto:6:3: note: missing edge: set_flag(V, MTE3, id) after pto.tadd, "
            "wait_flag(V, MTE3, id) before pto.tstore\n");
}

TEST(Engine, SamePipeNeedsABarrierOnA3Only) {
  for (Arch arch : {Arch::A3, Arch::A5})
    for (bool barrier : {false, true}) {
      if (barrier && arch == Arch::A5)
        continue; // PIPE_V is rejected there
      KernelText k({"x"}, CoreKind::Vector, arch);
      Handle x = k.tile(0), y = k.tile(256);
      k.load(k.view(0), x);
      k.handoff(Pipe::MTE2, Pipe::V, 0);
      int first = k.add(x, x, y);
      if (barrier)
        k.barrier(Pipe::V);
      int second = k.add(y, x, y);
      k.finish();
      for (const Options &options : schedules(10)) {
        GlobalMemory memory;
        Report report = run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}), options);
        bool racy = arch == Arch::A3 && !barrier;
        EXPECT_EQ(find(report, FindingKind::Race, second, first) != nullptr, racy)
            << textOf(report);
        EXPECT_EQ(report.clean(), !racy);
      }
    }
}

TEST(Engine, OrderTableCanBeSwitched) {
  KernelText k({"x"});
  Handle x = k.tile(0);
  k.load(k.view(0), x);
  k.handoff(Pipe::MTE2, Pipe::V, 0);
  k.add(x, x, x);
  k.add(x, x, x);
  k.finish();
  Options options;
  GlobalMemory memory;
  uint64_t array = floats(memory, 0, "x", 64, 0);
  EXPECT_FALSE(run(k.program, memory, oneCore({array}), options).clean());
  options.keepsOrder[unsigned(Pipe::V)] = true;
  EXPECT_TRUE(run(k.program, memory, oneCore({array}), options).clean());
}

TEST(Engine, LoadAfterLoadOfTheSameBytesIsExemptAndLandsInOrder) {
  KernelText k({"x", "y", "z"});
  Handle t = k.tile(0);
  k.load(k.view(0), t);
  k.load(k.view(1), t);
  k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
  k.store(t, k.view(2));
  k.barrier(Pipe::ALL);
  k.finish();
  for (const Options &options : schedules(50)) {
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 64, 0), y = floats(memory, 0, "y", 64, 500);
    uint64_t z = memory.allocate(0, "z", 256);
    Report report = run(k.program, memory, oneCore({x, y, z}), options);
    EXPECT_TRUE(report.clean()) << textOf(report);
    EXPECT_EQ(readFloats(memory, z, 64)[0], 500);
  }
}

TEST(Engine, PartialOverlapOfLoadsIsARace) {
  KernelText k({"x"});
  int first = k.load(k.view(0), k.tile(0));
  int second = k.load(k.view(0), k.tile(128));
  k.finish();
  GlobalMemory memory;
  Report report = run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}));
  const Finding *race = find(report, FindingKind::Race, second, first);
  ASSERT_NE(race, nullptr);
  EXPECT_EQ(race->hazard, Hazard::WAW);
  EXPECT_EQ(race->begin, 128u);
  EXPECT_EQ(race->end, 256u);
}

TEST(Engine, RelayThroughAnotherPipeOrders) {
  // MTE2 > V > MTE3 without an item on V in between: the set of V carries what V knew (H3).
  KernelText k({"x", "z"});
  Handle t = k.tile(0);
  k.load(k.view(0), t);
  k.handoff(Pipe::MTE2, Pipe::V, 0);
  k.handoff(Pipe::V, Pipe::MTE3, 0);
  k.store(t, k.view(1));
  k.handoff(Pipe::MTE3, Pipe::S, 0);
  k.finish();
  for (const Options &options : schedules(20)) {
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 64, 7), z = memory.allocate(0, "z", 256);
    Report report = run(k.program, memory, oneCore({x, z}), options);
    EXPECT_TRUE(report.clean()) << textOf(report);
    EXPECT_EQ(readFloats(memory, z, 1)[0], 7);
  }
}

TEST(Engine, ScalarReadNeedsAFlagToS) {
  for (bool handoff : {false, true}) {
    KernelText k({"x", "z", "out"});
    Handle t = k.tile(0);
    k.load(k.view(0), t);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    int store = k.store(t, k.view(1));
    if (handoff)
      k.handoff(Pipe::MTE3, Pipe::S, 0);
    int read = k.line("pto.load_scalar");
    Register value = k.b.loadGm(Element::F32, 1, k.b.constant(3));
    k.line("pto.store_scalar");
    k.b.storeGm(Element::F32, 2, none, value);
    k.barrier(Pipe::ALL);
    k.finish();
    for (const Options &options : schedules(20)) {
      GlobalMemory memory;
      uint64_t x = floats(memory, 0, "x", 64, 10), z = memory.allocate(0, "z", 256);
      uint64_t out = memory.allocate(0, "out", 4);
      Report report = run(k.program, memory, oneCore({x, z, out}), options);
      EXPECT_EQ(find(report, FindingKind::Race, read, store) == nullptr, handoff);
      EXPECT_EQ(report.clean(), handoff) << textOf(report);
      if (handoff)
        EXPECT_EQ(readFloats(memory, out, 1)[0], 13);
    }
  }
}

TEST(Engine, UninitialisedReadIsFound) {
  KernelText k({"z"});
  Handle t = k.tile(0);
  int store = k.store(t, k.view(0));
  k.barrier(Pipe::ALL);
  k.finish();
  for (const Options &options : schedules(5)) {
    GlobalMemory memory;
    Report report = run(k.program, memory, oneCore({memory.allocate(0, "z", 256)}), options);
    const Finding *finding = find(report, FindingKind::Uninitialised, store);
    ASSERT_NE(finding, nullptr) << textOf(report);
    EXPECT_EQ(finding->end - finding->begin, 256u);
    EXPECT_EQ(report.findings.size(), 1u);
  }
}

TEST(Engine, PoisonArrayIsUninitialised) {
  KernelText k({"x"});
  int load = k.load(k.view(0), k.tile(0));
  k.finish();
  GlobalMemory memory;
  Report report = run(k.program, memory, oneCore({memory.allocate(0, "x", 256)}));
  ASSERT_NE(find(report, FindingKind::Uninitialised, load), nullptr);
  EXPECT_EQ(report.findings[0].memory, "gm array 'x' of rank 0");
}

TEST(Engine, FlagSetTwiceNamesBothSets) {
  KernelText k({"x"});
  k.load(k.view(0), k.tile(0));
  int first = k.set(Pipe::MTE2, Pipe::V, 3);
  int second = k.set(Pipe::MTE2, Pipe::V, 3);
  k.wait(Pipe::MTE2, Pipe::V, 3);
  k.wait(Pipe::MTE2, Pipe::V, 3);
  k.finish();
  for (const Options &options : schedules(10)) {
    GlobalMemory memory;
    Report report = run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}), options);
    EXPECT_NE(find(report, FindingKind::FlagCollision, second, first), nullptr);
    EXPECT_EQ(report.findings.size(), 1u) << textOf(report);
  }
}

TEST(Engine, TokenLeftAtExit) {
  KernelText k({"x"});
  k.load(k.view(0), k.tile(0));
  int set = k.set(Pipe::MTE2, Pipe::V, 3);
  k.finish();
  for (const Options &options : schedules(10)) {
    GlobalMemory memory;
    Report report = run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}), options);
    ASSERT_NE(find(report, FindingKind::TokenLeft, set), nullptr);
    EXPECT_EQ(report.findings.size(), 1u) << textOf(report);
  }
}

TEST(Engine, SingleBitFlagsNeedTheWaitBeforeTheNextSet) {
  // C3: independent buffers, so only the flag itself is at stake (sync 7).
  KernelText k({"x"});
  Handle a = k.tile(0), b = k.tile(256), c = k.tile(512), d = k.tile(768);
  k.load(k.view(0), a);
  k.set(Pipe::MTE2, Pipe::V, 0);
  int firstWait = k.wait(Pipe::MTE2, Pipe::V, 0);
  k.add(a, a, c);
  k.load(k.view(0), b);
  int secondSet = k.set(Pipe::MTE2, Pipe::V, 0);
  k.wait(Pipe::MTE2, Pipe::V, 0);
  k.add(b, b, d);
  k.finish();
  for (Options options : schedules(20)) {
    GlobalMemory memory;
    Launch launch = oneCore({floats(memory, 0, "x", 64, 0)});
    EXPECT_TRUE(run(k.program, memory, launch, options).clean());
    options.flags = FlagModel::SingleBit;
    Report report = run(k.program, memory, launch, options);
    EXPECT_NE(find(report, FindingKind::FlagCollision, secondSet, firstWait), nullptr)
        << textOf(report);
    EXPECT_TRUE(says(report, FindingKind::FlagCollision, secondSet,
                     "may be set before pto.wait_flag has consumed the token before it; a one-bit "
                     "flag loses one"));
    EXPECT_TRUE(says(report, FindingKind::FlagCollision, secondSet,
                     "order the set behind the wait (a flag V > MTE2), or rotate event ids"));
  }
}

TEST(Engine, IllegalFlagsAndBarriers) {
  KernelText k({"x"});
  int id = k.set(Pipe::MTE2, Pipe::V, 8);
  int pipe = k.set(Pipe::MTE2, Pipe::M, 0);
  int self = k.set(Pipe::V, Pipe::V, 0);
  int barrier = k.barrier(Pipe::M), buffer = k.line("pto.get_buf");
  k.b.getBuffer(Pipe::V, 1);
  k.finish();
  GlobalMemory memory;
  Report report = run(k.program, memory, oneCore({0}));
  auto refused = [&](int line, llvm::StringRef words) {
    return says(report, FindingKind::IllegalSync, line, words);
  };
  EXPECT_TRUE(refused(id, "event 8 of MTE2 > V does not exist: ids are 0 to 7"));
  EXPECT_TRUE(refused(pipe, "event 0 of MTE2 > M: a vector core has no pipe M"));
  EXPECT_TRUE(refused(self, "event 0 of V > V: a pipe cannot signal itself; use pipe_barrier"));
  EXPECT_TRUE(refused(barrier, "pipe_barrier(PIPE_M) does not exist on a vector core of a3"));
  EXPECT_TRUE(refused(buffer, "a3 has no buffer ids; use flags"));
  EXPECT_EQ(report.findings.size(), 5u) << textOf(report);
}

TEST(Engine, OverlappingArgumentsAreReported) {
  VectorAdd kernel;
  GlobalMemory memory;
  uint64_t x = floats(memory, 0, "window", 256, 0);
  Launch launch = oneCore({x, x + 128, x + 512});
  launch.arrays = {{0, "x", "x", x, 256}, {0, "y", "y", x + 128, 256}, {0, "z", "z", x + 512, 256}};
  Report report = run(kernel.k.program, memory, launch);
  const Finding *finding = find(report, FindingKind::ArgumentOverlap);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->end - finding->begin, 128u);
  EXPECT_EQ(report.findings.size(), 1u) << textOf(report);
  launch.arrays[1].group = "x";
  EXPECT_TRUE(run(kernel.k.program, memory, launch).clean());
}

TEST(Engine, SameSeedSameReportAndTrace) {
  VectorAdd kernel(0);
  for (const Options &options : schedules(3)) {
    std::string first;
    for (int i = 0; i < 5; ++i) {
      Trace trace;
      Report report = kernel.run(options, nullptr, &trace);
      std::string text;
      llvm::raw_string_ostream os(text);
      os << report.json();
      trace.write(os);
      if (i == 0)
        first = text;
      EXPECT_EQ(text, first);
    }
  }
}

TEST(Engine, DispatchWindowNeverBlocksDispatch) {
  // HQ5: V waits for a set that comes only after more items than the window holds.
  KernelText k({"x"});
  Handle t = k.tile(0);
  k.load(k.view(0), t);
  k.handoff(Pipe::MTE2, Pipe::S, 0);
  k.wait(Pipe::S, Pipe::V, 0);
  for (int i = 0; i < 10; ++i)
    k.add(t, t, k.tile(256 * (i + 1)));
  k.set(Pipe::S, Pipe::V, 0);
  k.finish();
  for (Options options : schedules(10)) {
    options.dispatchAhead = 3;
    GlobalMemory memory;
    Report report = run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}), options);
    EXPECT_TRUE(report.clean()) << textOf(report);
  }
}

namespace {
/// Stands for MMAD: writes Acc [at, at + 64); `chained` reads it too.
void accumulateKernel(KernelContext &context) {
  uint64_t at = context.attribute("at", 0);
  float sum[16] = {};
  if (context.attribute("chained", 0))
    context.read(Space::Acc, at, sum, sizeof sum);
  for (float &value : sum)
    value += 1;
  context.write(Space::Acc, at, sum, sizeof sum);
}
void drainKernel(KernelContext &context) {
  float sum[16];
  context.read(Space::Acc, 0, sum, sizeof sum);
  context.write(Space::GM, context.operands[0].scalar.bits, sum, sizeof sum);
}

struct Accumulation {
  Accumulation(int64_t secondAt, bool handoff) : k({"z"}, CoreKind::Cube) {
    auto mmad = [&](int64_t at, bool chained) {
      uint32_t call = k.call("pto.tmatmul", accumulateKernel, Pipe::M, {});
      k.program.calls[call].accumulates = true;
      k.program.calls[call].attributes = {{"at", at}, {"chained", chained}};
      return k.issue("pto.tmatmul", call, {});
    };
    first = mmad(0, false);
    second = mmad(secondAt, true);
    mmad(secondAt, true);
    if (handoff)
      k.handoff(Pipe::M, Pipe::FIX, 0);
    uint32_t drain = k.call("pto.tstore", drainKernel, Pipe::FIX, {Operand::Scalar});
    store = k.issue("pto.tstore", drain, {k.b.argument(0)});
    k.barrier(Pipe::ALL);
    k.finish();
  }
  Report run(const Options &options, float &sum) {
    GlobalMemory memory;
    uint64_t z = memory.allocate(0, "z", 64);
    Report report = sim::run(k.program, memory, oneCore({z}), options);
    sum = readFloats(memory, z, 1)[0];
    return report;
  }
  KernelText k;
  int first, second, store;
};
} // namespace

TEST(Engine, AccumulationChainsAreOrderedOnOneTileOnly) {
  float sum = 0;
  for (const Options &options : schedules(30)) {
    EXPECT_TRUE(Accumulation(0, true).run(options, sum).clean());
    EXPECT_EQ(sum, 3);
    Accumulation shifted(32, true); // half of the tile: no chain (H7)
    EXPECT_NE(find(shifted.run(options, sum), FindingKind::Race, shifted.second, shifted.first),
              nullptr);
    Accumulation loose(0, false);
    EXPECT_NE(find(loose.run(options, sum), FindingKind::Race, loose.store), nullptr);
  }
}

TEST(Engine, LoopRunsAndNamesTheIteration) {
  // Double buffering with rotating ids; the wait of iteration 3 is left out by a branch.
  KernelText k({"x", "z"});
  auto &b = k.b;
  Register i = b.constant(0), n = b.constant(6), one = b.constant(1), two = b.constant(2);
  Register bytes = b.constant(256), bad = b.constant(3);
  Label head = b.newLabel(), skip = b.newLabel();
  b.place(head);
  b.setIteration(i);
  Register slot = b.arith(ArithOp::RemUI, Element::I64, i, two);
  Register offset = b.arith(ArithOp::MulI, Element::I64, slot, bytes);
  TileShape shape;
  shape.rows = shape.validRows = 1;
  shape.cols = shape.validCols = 64;
  Handle t = b.tile(k.program.addShape(shape), offset);
  Register at = b.arith(ArithOp::MulI, Element::I64, i, bytes);
  int load = k.load(k.view(b.arith(ArithOp::AddI, Element::I64, 0, at)), t);
  k.line("set");
  b.setFlagDynamic(Pipe::MTE2, Pipe::MTE3, slot);
  b.jumpIf(b.compareI(0, Element::I64, i, bad), skip);
  k.line("wait");
  b.waitFlagDynamic(Pipe::MTE2, Pipe::MTE3, slot);
  b.place(skip);
  int store = k.store(t, k.view(b.arith(ArithOp::AddI, Element::I64, 1, at)));
  k.handoff(Pipe::MTE3, Pipe::MTE2, 7);
  b.copy(i, b.arith(ArithOp::AddI, Element::I64, i, one));
  b.jumpIf(b.compareI(2, Element::I64, i, n), head);
  k.barrier(Pipe::ALL);
  k.finish();
  for (const Options &options : schedules(20)) {
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 384, 0), z = memory.allocate(0, "z", 384 * 4);
    Report report = run(k.program, memory, oneCore({x, z}), options);
    const Finding *race = find(report, FindingKind::Race, store, load);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->where.iteration, 3);
    EXPECT_EQ(race->other->iteration, 3);
    EXPECT_NE(find(report, FindingKind::FlagCollision), nullptr);
  }
}
