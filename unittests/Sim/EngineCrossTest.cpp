//===- EngineCrossTest.cpp - Flags between the cores of a rank -------------===//

#include "EngineCluster.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
constexpr CrossMode acrossKinds = CrossMode::CubeVector;

/// Both vector cores store to x; the cube core loads x once it has heard of them.
struct Gather {
  Cluster kernel{{"x"}};
  int stored = 0, loaded = 0, waited = 0;

  explicit Gather(bool withFlag, bool secondSets = true) {
    Half &v = kernel.vector;
    Handle tile = v.tile(Space::Vec, 0, 1, 64);
    Register sub = v.b.special(SpecialValue::SubblockIndex);
    v.fill(tile, sub);
    v.handoff(Pipe::V, Pipe::MTE3);
    Register bytes = v.b.arith(ArithOp::MulI, Element::I64, sub, v.b.constant(256));
    Register mine = v.b.arith(ArithOp::AddI, Element::I64, v.b.argument(0), bytes);
    stored = v.store(tile, v.view(mine, 1, 64));
    Label skip = v.b.newLabel();
    if (!secondSets)
      v.b.jumpIf(sub, skip);
    if (withFlag)
      v.crossSet(Pipe::MTE3, acrossKinds, 3);
    v.b.place(skip);
    v.finish();
    Half &c = kernel.cube;
    Handle both = c.tile(Space::Mat, 0, 16, 8);
    if (withFlag)
      waited = c.crossWait(Pipe::S, acrossKinds, 3);
    loaded = c.load(c.view(c.b.argument(0), 16, 8), both);
    c.finish();
  }

  Report run(const Options &options, Trace *trace = nullptr) {
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 128, 0);
    return sim::run(kernel.program, memory, kernel.launch({x}), options, trace);
  }
};
} // namespace

TEST(EngineCross, AFlagOrdersTheCoresOfABlock) {
  for (const Options &options : schedules(6)) {
    Report report = Gather(/*withFlag=*/true).run(options);
    EXPECT_TRUE(report.clean()) << textOf(report);
  }
}

TEST(EngineCross, WithoutItTheStoreAndTheLoadRace) {
  for (const Options &options : schedules(3)) {
    Gather gather(/*withFlag=*/false);
    Report report = gather.run(options);
    const Finding *race = find(report, FindingKind::Race, gather.stored, gather.loaded);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->notes.front(), "missing edge: a flag between the two cores, set on MTE2 after "
                                   "pto.tload and waited for before pto.tstore");
  }
}

TEST(EngineCross, TheCubeNeedsBothVectorCores) {
  for (const Options &options : schedules(3)) {
    Gather gather(/*withFlag=*/true, /*secondSets=*/false);
    Report report = gather.run(options);
    const Finding *hang = find(report, FindingKind::StarvedWait, gather.waited);
    ASSERT_NE(hang, nullptr) << textOf(report);
    EXPECT_NE(hang->what.find("rank 0 block 0 vector 1 has not set it"), std::string::npos)
        << hang->what;
  }
}

TEST(EngineCross, TheTimelineShowsWhichCoreTheFlagCameFrom) {
  Trace trace;
  Gather(/*withFlag=*/true).run({}, &trace);
  EXPECT_TRUE(llvm::any_of(trace.arrows, [](const Trace::Arrow &arrow) {
    return arrow.name == "flag 3" && arrow.toCore == 0 && arrow.fromCore > 0 &&
           arrow.from == Pipe::MTE3 && arrow.begin < arrow.end;
  }));
}

TEST(EngineCross, TwoKindsOfCoreThatWaitForEachOtherFirst) {
  for (const Options &options : schedules(3)) {
    Cluster kernel({});
    int cubeWaits = kernel.cube.crossWait(Pipe::S, acrossKinds, 0);
    kernel.cube.crossSet(Pipe::FIX, acrossKinds, 1);
    kernel.cube.finish();
    kernel.vector.crossWait(Pipe::S, acrossKinds, 1);
    kernel.vector.crossSet(Pipe::MTE3, acrossKinds, 0);
    kernel.vector.finish();
    GlobalMemory memory;
    Report report = run(kernel.program, memory, kernel.launch({}), options);
    const Finding *hang = find(report, FindingKind::Deadlock, cubeWaits);
    ASSERT_NE(hang, nullptr) << textOf(report);
    std::string text = textOf(report);
    EXPECT_NE(text.find("its set comes later in the program of rank 0 block 0 vector 0"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("closes the cycle at S of rank 0 block 0 cube 0"), std::string::npos)
        << text;
  }
}

static Report countTo(int64_t sets, const Options &options) {
  Cluster kernel({});
  kernel.vector.loop(sets, [&](Register) { kernel.vector.crossSet(Pipe::MTE3, acrossKinds, 2); });
  kernel.vector.finish();
  kernel.cube.loop(sets, [&](Register) { kernel.cube.crossWait(Pipe::S, acrossKinds, 2); });
  kernel.cube.finish();
  GlobalMemory memory;
  return run(kernel.program, memory, kernel.launch({}), options);
}

TEST(EngineCross, ACounterHoldsFifteen) {
  for (const Options &options : schedules(4)) {
    EXPECT_TRUE(countTo(15, options).clean());
    Report report = countTo(16, options);
    const Finding *finding = find(report, FindingKind::CounterOverflow);
    ASSERT_NE(finding, nullptr) << textOf(report);
    EXPECT_NE(finding->what.find("flag 2 of rank 0 block 0 cube 0 up to 16; the counter holds 15"),
              std::string::npos)
        << finding->what;
  }
}

TEST(EngineCross, WhatIsStillUpAtTheEndIsReported) {
  Cluster kernel({});
  int set = kernel.cube.crossSet(Pipe::FIX, acrossKinds, 4);
  kernel.cube.finish();
  kernel.vector.finish();
  GlobalMemory memory;
  Report report = run(kernel.program, memory, kernel.launch({}));
  const Finding *finding = find(report, FindingKind::TokenLeft, set);
  ASSERT_NE(finding, nullptr) << textOf(report);
  EXPECT_EQ(finding->count, 2u); // both vector cores
}

TEST(EngineCross, AHalfSetFlagThatNobodyReceivesIsReported) {
  Cluster kernel({});
  Label skip = kernel.vector.b.newLabel();
  kernel.vector.b.jumpIf(kernel.vector.b.special(SpecialValue::SubblockIndex), skip);
  int set = kernel.vector.crossSet(Pipe::MTE3, acrossKinds, 4);
  kernel.vector.b.place(skip);
  kernel.vector.finish();
  kernel.cube.finish();
  GlobalMemory memory;
  Report report = run(kernel.program, memory, kernel.launch({}));
  const Finding *finding = find(report, FindingKind::TokenLeft, set);
  ASSERT_NE(finding, nullptr) << textOf(report);
  EXPECT_NE(finding->what.find("nobody receives it"), std::string::npos) << finding->what;
}

TEST(EngineCross, IdsAndDirectionsThatDoNotExist) {
  Cluster kernel({});
  int id = kernel.vector.crossSet(Pipe::MTE3, acrossKinds, 16);
  int direct = kernel.vector.crossSet(Pipe::MTE3, CrossMode::Direct, 1);
  int pipe = kernel.vector.crossSet(Pipe::FIX, acrossKinds, 1);
  kernel.vector.finish();
  kernel.cube.finish();
  GlobalMemory memory;
  Report report = run(kernel.program, memory, kernel.launch({}));
  auto refused = [&](int line, llvm::StringRef words) {
    return says(report, FindingKind::IllegalSync, line, words);
  };
  EXPECT_TRUE(refused(id, "flag 16 between cores does not exist: ids are 0 to 15"));
  EXPECT_TRUE(refused(direct, "a3 has no flags from one core to one other"));
  EXPECT_TRUE(refused(pipe, "a vector core of a3 has no pipe FIX"));
  // Without the other kind of core nobody would receive it.
  Launch launch = kernel.launch({});
  llvm::erase_if(launch.ranks[0], [&](const CoreLaunch &core) {
    return kernel.program.functions[core.function].core == CoreKind::Vector;
  });
  Cluster alone({});
  int set = alone.cube.crossSet(Pipe::FIX, acrossKinds, 1);
  alone.cube.finish();
  Launch cubes;
  cubes.ranks.push_back({{0, 0, 1, {}}});
  EXPECT_TRUE(says(run(alone.program, memory, cubes), FindingKind::IllegalSync, set,
                   "flag 1 is for other cores of the block, but this launch gives the block none "
                   "that receives it"));
}

//===----------------------------------------------------------------------===//
// One core to one core (a5)
//===----------------------------------------------------------------------===//

TEST(EngineCross, TheCubeAddressesEachVectorCoreByItself) {
  for (const Options &options : schedules(3)) {
    Cluster kernel({"x"}, Arch::A5);
    Half &v = kernel.vector, &c = kernel.cube;
    // Vector core 1 alone loads what the cube stored; it hears by flag 5, which the cube calls 21.
    Handle acc = c.tile(Space::Acc, 0, 16, 16), tile = v.tile(Space::Vec, 0, 16, 16);
    c.fill(acc, c.b.constant(7));
    c.handoff(Pipe::M, Pipe::FIX);
    c.store(acc, c.view(c.b.argument(0), 16, 16), Pipe::FIX);
    c.crossSet(Pipe::FIX, CrossMode::Direct, 5 + 16);
    c.crossWait(Pipe::MTE2, CrossMode::Direct, 6 + 16);
    c.finish();
    Label other = v.b.newLabel();
    Register sub = v.b.special(SpecialValue::SubblockIndex), one = v.b.constant(1);
    v.b.jumpIf(v.b.compareI(/*ne=*/1, Element::I64, sub, one), other);
    v.crossWait(Pipe::MTE2, CrossMode::Direct, 5);
    v.load(v.view(v.b.argument(0), 16, 16), tile);
    v.crossSet(Pipe::MTE2, CrossMode::Direct, 6);
    v.b.place(other);
    v.finish();
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 256, 0);
    Report report = run(kernel.program, memory, kernel.launch({x}), options);
    EXPECT_TRUE(report.clean()) << textOf(report);
  }
}

//===----------------------------------------------------------------------===//
// SYNCALL
//===----------------------------------------------------------------------===//

/// Every vector core stores its number; then each loads what the core of the next block stored.
static Report exchange(std::optional<SyncAllCores> barrier, const Options &options, int &loaded,
                       Arch arch = Arch::A3) {
  constexpr unsigned blocks = 3;
  Cluster kernel({"x"}, arch);
  Half &v = kernel.vector, &c = kernel.cube;
  auto i64 = Element::I64;
  Register block = v.b.special(SpecialValue::BlockIndex);
  Register sub = v.b.special(SpecialValue::SubblockIndex);
  auto place = [&](Register number) {
    Register core =
        v.b.arith(ArithOp::AddI, i64, v.b.arith(ArithOp::MulI, i64, number, v.b.constant(2)), sub);
    Register bytes = v.b.arith(ArithOp::MulI, i64, core, v.b.constant(256));
    return v.view(v.b.arith(ArithOp::AddI, i64, v.b.argument(0), bytes), 1, 64);
  };
  Register next =
      v.b.arith(ArithOp::RemSI, i64, v.b.arith(ArithOp::AddI, i64, block, v.b.constant(1)),
                v.b.constant(blocks));
  Handle out = v.tile(Space::Vec, 0, 1, 64), in = v.tile(Space::Vec, 256, 1, 64);
  v.fill(out, block);
  v.handoff(Pipe::V, Pipe::MTE3);
  v.store(out, place(block));
  if (barrier) {
    v.line("pto.syncall");
    v.b.syncAll(*barrier);
    c.line("pto.syncall");
    c.b.syncAll(*barrier);
  }
  loaded = v.load(place(next), in);
  v.finish();
  c.finish();
  GlobalMemory memory;
  uint64_t x = floats(memory, 0, "x", 64 * 2 * blocks, 0);
  return run(kernel.program, memory, kernel.launch({x}, blocks), options);
}

TEST(EngineCross, AllCoresMeet) {
  int loaded = 0;
  for (Options options : schedules(4))
    for (Arch arch : {Arch::A3, Arch::A5})
      for (SyncAllCores cores : {SyncAllCores::Vector, SyncAllCores::Mix}) {
        options.activeCores = 4; // fewer than the barrier needs at the same time
        Report report = exchange(cores, options, loaded, arch);
        EXPECT_TRUE(report.clean()) << textOf(report);
      }
}

TEST(EngineCross, WithoutABarrierOfTheVectorCoresTheyRace) {
  int loaded = 0;
  for (std::optional<SyncAllCores> cores : {std::optional<SyncAllCores>(), {SyncAllCores::Cube}}) {
    Report report = exchange(cores, {}, loaded);
    EXPECT_NE(find(report, FindingKind::Race, loaded), nullptr) << textOf(report);
    EXPECT_TRUE(llvm::all_of(report.findings, [](const Finding &finding) {
      return finding.kind == FindingKind::Race;
    })) << textOf(report);
  }
}
