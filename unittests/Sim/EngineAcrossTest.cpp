//===- EngineAcrossTest.cpp - a5: moves into another core's memory ----------===//

#include "EngineCluster.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
constexpr int64_t rows = 16, cols = 32;

/// The cube core moves an accumulator into UB (`mode` of the library), the vector cores use it.
struct IntoUb {
  Cluster kernel{{"y"}, Arch::A5};
  int moved = 0, used = 0;

  IntoUb(int64_t mode, bool signals, bool hasVectorCores = true) {
    Half &c = kernel.cube;
    TileShape acc;
    acc.space = Space::Acc;
    acc.rows = acc.validRows = rows;
    acc.cols = acc.validCols = cols;
    acc.blayout = BLayout::ColMajor;
    acc.slayout = SLayout::RowMajor;
    acc.fractal = 1024;
    Handle from = c.b.tile(kernel.program.addShape(acc), c.b.constant(0));
    Handle to = c.tile(Space::Vec, 256, rows, cols);
    c.fill(from, c.b.constant(5));
    c.handoff(Pipe::M, Pipe::FIX);
    moved = c.issue("pto.tmov", findKernel("move"), Pipe::FIX, {Operand::Tile, Operand::Tile},
                    {from, to});
    kernel.program.calls.back().attributes = {{"accToVecMode", mode}};
    if (signals)
      for (int64_t id : {3, 19})
        c.crossSet(Pipe::FIX, CrossMode::Direct, id);
    c.finish();
    if (!hasVectorCores)
      return;
    Half &h = kernel.vector;
    if (signals)
      h.crossWait(Pipe::V, CrossMode::Direct, 3);
    // What each core gets, from where the whole begins.
    Handle mine = h.tile(Space::Vec, 256, mode == 2 ? rows / 2 : rows, cols);
    Label end = h.b.newLabel();
    Register sub = h.b.special(SpecialValue::SubblockIndex);
    if (mode < 2)
      h.b.jumpIf(h.b.compareI(/*ne=*/1, Element::I64, sub, h.b.constant(mode)), end);
    used = h.use(mine);
    h.b.place(end);
    h.finish();
  }

  Report run(const Options &options = {}) {
    GlobalMemory memory;
    uint64_t y = memory.allocate(0, "y", 64);
    return sim::run(kernel.program, memory, kernel.launch({y}), options);
  }
};
} // namespace

TEST(EngineAcross, AccumulatorsLandInTheUbOfTheCoreThatTheModeNames) {
  for (int64_t mode : {0, 1, 2})
    for (const Options &options : schedules(3)) {
      Report report = IntoUb(mode, /*signals=*/true).run(options);
      EXPECT_TRUE(report.clean()) << "mode " << mode << '\n' << textOf(report);
    }
}

TEST(EngineAcross, WithoutAFlagTheMoveRacesWithItsReader) {
  for (int64_t mode : {0, 1, 2})
    for (const Options &options : schedules(3)) {
      IntoUb test(mode, /*signals=*/false);
      Report report = test.run(options);
      const Finding *race = find(report, FindingKind::Race, test.used, test.moved);
      ASSERT_NE(race, nullptr) << "mode " << mode << '\n' << textOf(report);
      EXPECT_EQ(race->where.core, CoreKind::Vector);
      EXPECT_EQ(race->other->core, CoreKind::Cube);
      EXPECT_EQ(race->memory, "vec");
      EXPECT_EQ(race->begin, 256u);
    }
}

TEST(EngineAcross, ABlockWithoutVectorCores) {
  IntoUb test(0, false, /*hasVectorCores=*/false);
  GlobalMemory memory;
  Launch launch;
  launch.ranks.resize(1);
  launch.ranks[0].push_back({0, 0, 1, {memory.allocate(0, "y", 64)}});
  Report report = sim::run(test.kernel.program, memory, launch);
  const Finding *finding = find(report, FindingKind::KernelFailure, test.moved);
  ASSERT_NE(finding, nullptr) << textOf(report);
  EXPECT_NE(
      finding->what.find("writes into the vector core's UB, but this launch has no such core"),
      std::string::npos)
      << finding->what;
}
