//===- EngineFifoTest.cpp - TPipe between the cores of a block -------------===//

#include "EngineCluster.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// What tells one FIFO test from another.
struct Variant {
  unsigned slots = 8, localSlots = 2;
  int64_t tiles = 20, popped = 20;
  bool ordersLanding = true; ///< does the consumer keep its landing buffers until they are used?
  bool ends = true;          ///< is the destructor run?
  bool unitFlag = false;     ///< of the pipe; then nothing else orders product and push
  int64_t accPhase = 0;      ///< of the product
  FifoSplit split = FifoSplit::UpDown;
};
constexpr int64_t rows = 16, cols = 32;

/// The cube pushes tiles filled with their number; the vector cores pop halves and store them to y,
/// tile after tile.
struct CubeToVector {
  Cluster kernel{{"ring", "y"}};
  int pushed = 0, popped = 0, used = 0;

  explicit CubeToVector(const Variant &v) {
    FifoShape shape;
    shape.flagId = 0;
    shape.slotSize = rows * cols * sizeof(float);
    shape.slots = v.slots;
    shape.localSlots = v.localSlots;
    shape.unitFlag = v.unitFlag;
    uint32_t type = kernel.program.addFifo(shape);
    produce(v, type);
    consume(v, type);
  }

  void produce(const Variant &v, uint32_t type) {
    Half &c = kernel.cube;
    c.line("pto.aic_initialize_pipe");
    Handle fifo = c.b.fifo(type, c.b.argument(0), none, none);
    Handle acc = c.tile(Space::Acc, 0, rows, cols);
    c.loop(v.tiles, [&](Register i) {
      c.fill(acc, i);
      kernel.program.calls.back().attributes.push_back({"accPhase", v.accPhase});
      if (!v.unitFlag)
        c.handoff(Pipe::M, Pipe::FIX);
      pushed = c.push(fifo, acc, v.split);
      if (!v.unitFlag)
        c.handoff(Pipe::FIX, Pipe::M);
    });
    v.ends ? c.finish({fifo}) : c.finish();
  }

  void consume(const Variant &v, uint32_t type) {
    Half &h = kernel.vector;
    bool upDown = v.split == FifoSplit::UpDown;
    int64_t height = upDown ? rows / 2 : rows, width = upDown ? cols : cols / 2;
    h.line("pto.aiv_initialize_pipe");
    Handle fifo = h.b.fifo(type, h.b.argument(0), h.b.constant(0), none);
    Handle tile = h.tile(Space::Vec, 0, height, width);
    Register sub = h.b.special(SpecialValue::SubblockIndex);
    Register half = h.b.arith(ArithOp::MulI, Element::I64, sub,
                              h.b.constant((upDown ? height * cols : width) * 4));
    h.loop(v.popped, [&](Register i) {
      popped = h.pop(fifo, tile, v.split);
      h.handoff(Pipe::MTE2, Pipe::MTE3);
      Register tileBytes = h.b.arith(ArithOp::MulI, Element::I64, i, h.b.constant(rows * cols * 4));
      Register to =
          h.b.arith(ArithOp::AddI, Element::I64,
                    h.b.arith(ArithOp::AddI, Element::I64, h.b.argument(1), half), tileBytes);
      Register r = h.b.constant(height), w = h.b.constant(width), pitch = h.b.constant(cols),
               one = h.b.constant(1);
      used = h.store(tile, h.b.view(Element::F32, Layout::ND, to, {r, w}, {pitch, one}));
      if (v.ordersLanding)
        h.handoff(Pipe::MTE3, Pipe::MTE2);
    });
    v.ends ? h.finish({fifo}) : h.finish();
  }

  Report run(const Options &options, std::vector<float> *values = nullptr) {
    GlobalMemory memory;
    uint64_t ring = memory.allocate(0, "ring", 64 << 10);
    uint64_t y = memory.allocate(0, "y", 64 * rows * cols * sizeof(float));
    Report report = sim::run(kernel.program, memory, kernel.launch({ring, y}), options);
    if (values)
      *values = readFloats(memory, y, 20 * rows * cols);
    return report;
  }
};
} // namespace

TEST(EngineFifo, EveryTileArrivesInItsPlace) {
  for (FifoSplit split : {FifoSplit::UpDown, FifoSplit::LeftRight})
    for (unsigned slots : {1, 2, 4, 8})
      for (const Options &options : schedules(4)) {
        Variant variant;
        variant.slots = slots;
        variant.split = split;
        std::vector<float> values;
        Report report = CubeToVector(variant).run(options, &values);
        EXPECT_TRUE(report.clean()) << textOf(report);
        for (size_t i = 0; i < values.size(); ++i)
          ASSERT_EQ(values[i], float(i / (rows * cols))) << i;
      }
}

TEST(EngineFifo, ALandingBufferThatIsStillInUse) {
  for (const Options &options : schedules(3)) {
    Variant variant;
    variant.ordersLanding = false;
    CubeToVector test(variant);
    Report report = test.run(options);
    const Finding *race = find(report, FindingKind::Race, test.popped, test.used);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->hazard, Hazard::WAR);
    EXPECT_EQ(race->memory, "vec");
  }
}

TEST(EngineFifo, ARingOfFiveSlotsIsReusedBeforeTheFirstCredit) {
  for (const Options &options : schedules(3)) {
    Variant variant;
    variant.slots = 5; // credits cover two tiles, which five is no multiple of
    CubeToVector test(variant);
    Report report = test.run(options);
    const Finding *race = find(report, FindingKind::Race);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->memory, "gm array 'ring' of rank 0");
    EXPECT_EQ(race->where.op, "pto.tpop"); // between cores by number: the cube comes first
    EXPECT_EQ(race->other->op, "pto.tpush");
  }
}

TEST(EngineFifo, ADataCounterHoldsFifteenTiles) {
  for (const Options &options : schedules(3)) {
    Variant variant;
    variant.slots = 14;
    EXPECT_TRUE(CubeToVector(variant).run(options).clean());
    variant.slots = 16;
    CubeToVector test(variant);
    Report report = test.run(options);
    EXPECT_NE(find(report, FindingKind::CounterOverflow, test.pushed), nullptr) << textOf(report);
  }
}

TEST(EngineFifo, TheDestructorTakesTheCreditsThatAreLeft) {
  Variant variant;
  for (int64_t tiles : {1, 4, 7, 8, 9, 12, 16, 17, 20, 40}) {
    variant.tiles = variant.popped = tiles;
    variant.ends = true;
    Report report = CubeToVector(variant).run({});
    EXPECT_TRUE(report.clean()) << tiles << "\n" << textOf(report);
    // Left over without it: one credit per four tiles, less the waits at 8, 12, 16 ...
    int64_t left = tiles / 4 - (tiles > 8 ? (tiles - 5) / 4 : 0);
    variant.ends = false;
    report = CubeToVector(variant).run({});
    const Finding *finding = find(report, FindingKind::TokenLeft);
    ASSERT_EQ(finding != nullptr, left > 0) << tiles << "\n" << textOf(report);
    if (finding)
      EXPECT_NE(finding->what.find("flag 1 of rank 0 block 0 cube 0 still counts " +
                                   std::to_string(left)),
                std::string::npos)
          << finding->what;
  }
}

TEST(EngineFifo, AConsumerThatStopsEarlyHangsTheProducer) {
  for (const Options &options : schedules(3)) {
    Variant variant;
    variant.popped = 3;
    CubeToVector test(variant);
    Report report = test.run(options);
    const Finding *hang = find(report, FindingKind::StarvedWait, test.pushed);
    ASSERT_NE(hang, nullptr) << textOf(report);
    EXPECT_NE(hang->what.find("waits for flag 1 of other cores; no core is left"),
              std::string::npos)
        << hang->what;
    variant.popped = 21;
    CubeToVector more(variant);
    EXPECT_NE(find(more.run(options), FindingKind::StarvedWait, more.popped), nullptr);
  }
}

TEST(EngineFifo, TheUnitFlagOrdersProductAndPush) {
  constexpr int64_t final = 3;
  for (const Options &options : schedules(4)) {
    Variant variant;
    variant.unitFlag = true;
    variant.accPhase = final;
    std::vector<float> values;
    Report report = CubeToVector(variant).run(options, &values);
    EXPECT_TRUE(report.clean()) << textOf(report);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(values[i], float(i / (rows * cols))) << i;
  }
}

TEST(EngineFifo, AProductWithoutTheUnitFlagHangsAPushWithIt) {
  Variant variant;
  variant.unitFlag = true;
  CubeToVector test(variant);
  Report report = test.run({});
  const Finding *hang = find(report, FindingKind::StarvedWait, test.pushed);
  ASSERT_NE(hang, nullptr) << textOf(report);
  EXPECT_NE(hang->what.find("the unit flag M > FIX of the accumulator at byte 0"),
            std::string::npos)
      << hang->what;
}

TEST(EngineFifo, AProductWithTheUnitFlagWaitsForAStoreWithIt) {
  constexpr int64_t final = 3;
  Variant variant;
  variant.accPhase = final;
  Report report = CubeToVector(variant).run({});
  const Finding *hang = find(report, FindingKind::StarvedWait);
  ASSERT_NE(hang, nullptr) << textOf(report);
  EXPECT_NE(hang->what.find("the unit flag FIX > M"), std::string::npos) << hang->what;
}

TEST(EngineFifo, OnlyTheRightCorePushes) {
  Cluster kernel({"ring"});
  FifoShape shape;
  shape.slotSize = rows * cols * sizeof(float);
  Half &v = kernel.vector;
  Handle fifo = v.b.fifo(kernel.program.addFifo(shape), v.b.argument(0), none, none);
  int pushed = v.push(fifo, v.tile(Space::Vec, 0, rows, cols));
  v.finish();
  kernel.cube.finish();
  GlobalMemory memory;
  uint64_t ring = memory.allocate(0, "ring", 64 << 10);
  Report report = run(kernel.program, memory, kernel.launch({ring}));
  EXPECT_TRUE(says(report, FindingKind::IllegalSync, pushed,
                   "pto.tpush: the FIFO leads from the cube core to the vector core, so the vector "
                   "core does not push"));
}

//===----------------------------------------------------------------------===//
// Entries by address
//===----------------------------------------------------------------------===//

namespace {
/// The vector cores write halves of entries, the cube core reads whole ones into L1.
struct Entries {
  Cluster kernel{{"ring"}};
  int freed = 0, allocated = 0, stored = 0, loaded = 0;

  explicit Entries(bool frees, bool pops = true, int64_t tiles = 20) {
    constexpr int64_t half = rows / 2 * cols * sizeof(float);
    FifoShape shape;
    shape.flagId = 2;
    shape.direction = FifoDirection::V2C;
    shape.slotSize = 2 * half;
    uint32_t type = kernel.program.addFifo(shape);
    Half &v = kernel.vector, &c = kernel.cube;
    Handle out = v.b.fifo(type, v.b.argument(0), none, none);
    Handle tile = v.tile(Space::Vec, 0, rows / 2, cols);
    v.loop(tiles, [&](Register i) {
      v.fill(tile, i);
      v.handoff(Pipe::V, Pipe::MTE3);
      allocated = v.line("pto.talloc");
      Register entry = v.b.allocEntry(out, FifoSplit::UpDown, half);
      stored = v.store(tile, v.view(entry, rows / 2, cols));
      v.line("pto.tpush");
      v.b.pushEntry(out, FifoSplit::UpDown);
      v.handoff(Pipe::MTE3, Pipe::V);
    });
    v.finish({out});
    Handle in = c.b.fifo(type, c.b.argument(0), none, none);
    Handle landing = c.tile(Space::Mat, 0, rows, cols);
    c.loop(pops ? tiles : 0, [&](Register) {
      c.line("pto.tpop");
      Register entry = c.b.popEntry(in, FifoSplit::UpDown, half);
      loaded = c.load(c.view(entry, rows, cols), landing);
      if (!frees)
        return;
      freed = c.line("pto.tfree");
      c.b.free(in, FifoSplit::UpDown, /*isEntry=*/true);
    });
    c.finish({in});
  }

  Report run(const Options &options, std::vector<float> *values = nullptr) {
    GlobalMemory memory;
    uint64_t ring = memory.allocate(0, "ring", 8 * rows * cols * sizeof(float));
    Report report = sim::run(kernel.program, memory, kernel.launch({ring}), options);
    if (values)
      *values = readFloats(memory, ring, 8 * rows * cols);
    return report;
  }
};
} // namespace

TEST(EngineFifo, EntriesAreWrittenInHalvesAndReadWhole) {
  for (const Options &options : schedules(4)) {
    std::vector<float> values;
    Report report = Entries(/*frees=*/true).run(options, &values);
    EXPECT_TRUE(report.clean()) << textOf(report);
    // The last 8 of 20 tiles: 16 to 19 lie in slots 0 to 3, 12 to 15 in 4 to 7.
    for (size_t i = 0; i < values.size(); ++i) {
      size_t slot = i / (rows * cols);
      ASSERT_EQ(values[i], float(slot < 4 ? 16 + slot : 8 + slot)) << i;
    }
  }
}

TEST(EngineFifo, EntriesThatAreNotFreedHangTheProducer) {
  for (const Options &options : schedules(3)) {
    Entries test(/*frees=*/false);
    Report report = test.run(options);
    EXPECT_NE(find(report, FindingKind::StarvedWait, test.allocated), nullptr) << textOf(report);
  }
}

TEST(EngineFifo, EntriesThatNobodyPopsStayUp) {
  Report report = Entries(/*frees=*/true, /*pops=*/false, /*tiles=*/3).run({});
  const Finding *finding = find(report, FindingKind::TokenLeft);
  ASSERT_NE(finding, nullptr) << textOf(report);
  EXPECT_NE(finding->what.find("flag 2 of rank 0 block 0 cube 0 still counts 3"), std::string::npos)
      << finding->what;
  EXPECT_TRUE(says(report, FindingKind::TokenLeft, 0,
                   "missing edge: a wait for flag 2 on rank 0 block 0 cube 0 before it returns"));
}

//===----------------------------------------------------------------------===//
// Both directions
//===----------------------------------------------------------------------===//

/// A tile goes to the vector cores, is used there and comes back; the rings lie one behind the
/// other.
TEST(EngineFifo, BothDirectionsHaveFlagsAndRingsOfTheirOwn) {
  constexpr int64_t tiles = 12;
  for (const Options &options : schedules(4)) {
    Cluster kernel({"ring", "y"});
    FifoShape shape;
    shape.flagId = 4;
    shape.direction = FifoDirection::Both;
    shape.slotSize = rows * cols * sizeof(float);
    shape.slots = 4;
    uint32_t type = kernel.program.addFifo(shape);
    Half &c = kernel.cube, &v = kernel.vector;
    Handle cubeEnd = c.b.fifo(type, c.b.argument(0), none, c.b.constant(0));
    Handle acc = c.tile(Space::Acc, 0, rows, cols), mat = c.tile(Space::Mat, 0, rows, cols);
    c.loop(tiles, [&](Register i) {
      c.fill(acc, i);
      c.handoff(Pipe::M, Pipe::FIX);
      c.push(cubeEnd, acc);
      c.handoff(Pipe::FIX, Pipe::M);
      c.pop(cubeEnd, mat);
    });
    c.finish({cubeEnd});
    Handle vectorEnd = v.b.fifo(type, v.b.argument(0), v.b.constant(0), none);
    Handle tile = v.tile(Space::Vec, 0, rows / 2, cols);
    v.loop(tiles, [&](Register) {
      v.pop(vectorEnd, tile);
      v.handoff(Pipe::MTE2, Pipe::MTE3);
      v.push(vectorEnd, tile);
      v.handoff(Pipe::MTE3, Pipe::MTE2);
    });
    v.finish({vectorEnd});
    GlobalMemory memory;
    uint64_t ring = memory.allocate(0, "ring", 8 * rows * cols * sizeof(float));
    uint64_t y = memory.allocate(0, "y", 4);
    Report report = run(kernel.program, memory, kernel.launch({ring, y}), options);
    EXPECT_TRUE(report.clean()) << textOf(report);
    // Tiles 8 to 11 in the ring to the vector cores, and again in the one back.
    std::vector<float> values = readFloats(memory, ring, 8 * rows * cols);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(values[i], float(8 + i / (rows * cols) % 4)) << i;
  }
}
