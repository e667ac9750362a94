//===- EngineFifoA5Test.cpp - TPipe of a5: rings in local memory, intra-block flags ----------===//

#include "EngineCluster.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
constexpr int64_t rows = 16, cols = 64;
constexpr uint64_t slotBytes = rows * cols * sizeof(float);

struct Variant {
  FifoDirection direction = FifoDirection::C2V;
  FifoSplit split = FifoSplit::UpDown;
  bool isLocal = true, frees = true, unitFlag = false;
  unsigned slots = 8;
  int64_t tiles = 20;
};

/// Tiles filled with their number go from one side to the other, which stores them to y one behind
/// the other. Half of a tile is the part of a vector core.
struct Ring {
  Cluster kernel{{"ring", "y"}, Arch::A5};
  int pushed = 0, popped = 0, freed = 0, used = 0;

  explicit Ring(const Variant &v) {
    FifoShape shape;
    shape.direction = v.direction;
    shape.slotSize = slotBytes;
    shape.slots = v.slots;
    shape.isLocal = v.isLocal;
    shape.isNoSplit = v.split == FifoSplit::None;
    shape.unitFlag = v.unitFlag;
    uint32_t type = kernel.program.addFifo(shape);
    if (v.direction == FifoDirection::C2V)
      toVector(v, type);
    else
      toCube(v, type);
  }

  static int64_t height(const Variant &v) { return v.split == FifoSplit::UpDown ? rows / 2 : rows; }
  static int64_t width(const Variant &v) {
    return v.split == FifoSplit::LeftRight ? cols / 2 : cols;
  }

  /// y + (tile * rows * cols + the part of this core) * 4
  Handle target(Half &h, const Variant &v, Register i, int64_t rows_, int64_t cols_) {
    Register sub = h.b.special(SpecialValue::SubblockIndex);
    int64_t part = h.core == CoreKind::Cube          ? 0
                   : v.split == FifoSplit::UpDown    ? rows_ * cols
                   : v.split == FifoSplit::LeftRight ? cols_
                                                     : 0;
    auto times = [&](Register a, int64_t b) {
      return h.b.arith(ArithOp::MulI, Element::I64, a, h.b.constant(b));
    };
    auto plus = [&](Register a, Register b) {
      return h.b.arith(ArithOp::AddI, Element::I64, a, b);
    };
    Register to = plus(plus(h.b.argument(1), times(i, slotBytes)), times(sub, part * 4));
    Register r = h.b.constant(rows_), w = h.b.constant(cols_), pitch = h.b.constant(cols),
             one = h.b.constant(1);
    return h.b.view(Element::F32, Layout::ND, to, {r, w}, {pitch, one});
  }

  /// Code of a pipe without a split runs on vector core 0 alone.
  void onFirst(Half &h, const Variant &v, llvm::function_ref<void()> body) {
    Label end = h.b.newLabel();
    if (v.split == FifoSplit::None)
      h.b.jumpIf(h.b.special(SpecialValue::SubblockIndex), end);
    body();
    h.b.place(end);
  }

  void toVector(const Variant &v, uint32_t type) {
    Half &c = kernel.cube, &h = kernel.vector;
    Handle in = c.b.fifo(type, c.b.argument(0), c.b.constant(0), none);
    Handle acc = c.tile(Space::Acc, 0, rows, cols);
    c.loop(v.tiles, [&](Register i) {
      c.fill(acc, i);
      if (v.unitFlag)
        kernel.program.calls.back().attributes.push_back({"accPhase", 3});
      else
        c.handoff(Pipe::M, Pipe::FIX);
      pushed = c.push(in, acc, v.split);
      if (!v.unitFlag)
        c.handoff(Pipe::FIX, Pipe::M);
    });
    c.finish({in});
    Handle out = none;
    onFirst(h, v, [&] {
      out = h.b.fifo(type, h.b.argument(0), h.b.constant(0), none);
      Handle tile = h.tile(Space::Vec, 0, height(v), width(v));
      h.loop(v.tiles, [&](Register i) {
        popped = h.pop(out, tile, v.split);
        Pipe from = v.isLocal ? Pipe::V : Pipe::MTE2;
        h.handoff(from, Pipe::MTE3);
        used = h.store(tile, target(h, v, i, height(v), width(v)));
        h.handoff(Pipe::MTE3, from);
        free(h, out, v);
      });
    });
    h.finish({out});
  }

  void toCube(const Variant &v, uint32_t type) {
    Half &c = kernel.cube, &h = kernel.vector;
    Handle in = none;
    onFirst(h, v, [&] {
      in = h.b.fifo(type, h.b.argument(0), none, h.b.constant(0));
      Handle tile = h.tile(Space::Vec, 0, height(v), width(v));
      h.loop(v.tiles, [&](Register i) {
        h.fill(tile, i);
        h.handoff(Pipe::V, Pipe::MTE3);
        pushed = h.push(in, tile, v.split);
        h.handoff(Pipe::MTE3, Pipe::V);
      });
    });
    h.finish({in});
    Handle out = c.b.fifo(type, c.b.argument(0), none, c.b.constant(0));
    Handle tile = c.tile(Space::Mat, 0, rows, cols);
    c.loop(v.tiles, [&](Register) {
      popped = c.pop(out, tile, v.split);
      used = c.use(tile, Pipe::MTE1);
      free(c, out, v);
    });
    c.finish({out});
  }

  void free(Half &h, Handle fifo, const Variant &v) {
    if (!v.frees || !v.isLocal)
      return;
    freed = h.line("pto.tfree");
    h.b.free(fifo, v.split, /*isEntry=*/false);
  }

  Report run(Options options, std::vector<float> *values = nullptr) {
    GlobalMemory memory;
    uint64_t ring = memory.allocate(0, "ring", 16 * slotBytes);
    uint64_t y = memory.allocate(0, "y", 32 * slotBytes);
    Report report = sim::run(kernel.program, memory, kernel.launch({ring, y}), options);
    if (values)
      *values = readFloats(memory, y, 20 * rows * cols);
    return report;
  }
};

std::vector<Options> intended(unsigned count) {
  auto all = schedules(count);
  std::vector<Options> options(all.begin(), all.end());
  for (Options &one : options)
    one.primedCredits = false;
  return options;
}
} // namespace

TEST(EngineFifoA5, EveryTileArrivesInItsPlace) {
  for (bool isLocal : {true, false})
    for (FifoSplit split : {FifoSplit::None, FifoSplit::UpDown, FifoSplit::LeftRight})
      for (unsigned slots : {1, 2, 4, 8})
        for (const Options &options : intended(3)) {
          Variant variant;
          variant.split = split;
          variant.slots = slots;
          variant.isLocal = isLocal;
          std::vector<float> values;
          Report report = Ring(variant).run(options, &values);
          ASSERT_TRUE(report.clean()) << textOf(report);
          for (size_t i = 0; i < values.size(); ++i)
            ASSERT_EQ(values[i], float(i / (rows * cols))) << i;
        }
}

TEST(EngineFifoA5, TheCubeGetsBothHalvesInItsOwnMemory) {
  for (FifoSplit split : {FifoSplit::None, FifoSplit::UpDown, FifoSplit::LeftRight})
    for (const Options &options : intended(4)) {
      Variant variant;
      variant.direction = FifoDirection::V2C;
      variant.split = split;
      // A byte that nobody wrote would be a finding, and so would one that is overwritten in use.
      EXPECT_TRUE(Ring(variant).run(options).clean());
    }
}

TEST(EngineFifoA5, TheUnitFlagOrdersProductAndPush) {
  for (const Options &options : intended(4)) {
    Variant variant;
    variant.unitFlag = true;
    std::vector<float> values;
    Report report = Ring(variant).run(options, &values);
    EXPECT_TRUE(report.clean()) << textOf(report);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(values[i], float(i / (rows * cols))) << i;
  }
}

TEST(EngineFifoA5, EntriesThatAreNotFreedHangTheProducer) {
  for (const Options &options : intended(3)) {
    Variant variant;
    variant.frees = false;
    Ring test(variant);
    Report report = test.run(options);
    const Finding *hang = find(report, FindingKind::StarvedWait, test.pushed);
    ASSERT_NE(hang, nullptr) << textOf(report);
    EXPECT_NE(hang->what.find("waits for flag 1 of other cores"), std::string::npos) << hang->what;
  }
}

TEST(EngineFifoA5, ASlotThatIsFreedBeforeItsUseIsARace) {
  Variant variant;
  variant.slots = 2;
  Ring test(variant);
  // The consumer's last handoff is what keeps TFREE behind the store.
  auto &code = test.kernel.program.functions[1].code;
  std::vector<size_t> flags;
  for (size_t i = 0; i < code.size(); ++i)
    if (code[i].opcode == Opcode::SetFlag || code[i].opcode == Opcode::WaitFlag)
      flags.push_back(i);
  ASSERT_EQ(flags.size(), 4u);
  for (size_t i : {flags[2], flags[3]})
    code[i].opcode = Opcode::Fence; // does nothing here
  for (const Options &options : intended(3)) {
    Report report = test.run(options);
    const Finding *race = find(report, FindingKind::Race);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->where.op, "pto.tstore");
    EXPECT_EQ(race->other->op, "pto.tpush");
  }
}

//===----------------------------------------------------------------------===//
// What the library does by itself
//===----------------------------------------------------------------------===//

TEST(EngineFifoA5, CreditsOfTheConstructorAreToldOnce) {
  for (const Options &options : schedules(4)) {
    Variant variant;
    Ring test(variant);
    Report report = test.run(options);
    ASSERT_EQ(report.findings.size(), 1u) << textOf(report);
    const Finding *defect = find(report, FindingKind::LibraryDefect, test.pushed);
    ASSERT_NE(defect, nullptr) << textOf(report);
    EXPECT_NE(defect->what.find("of entry 8 passes on one of the 4 credits"), std::string::npos)
        << defect->what;
    EXPECT_TRUE(says(report, FindingKind::LibraryDefect, test.pushed,
                     "let it be at most 8 entries ahead by other means"));
    EXPECT_TRUE(says(report, FindingKind::LibraryDefect, test.pushed,
                     "--a5-credits=intended takes these credits for what they mean"));
  }
}

TEST(EngineFifoA5, OneRoundNeedsNoCredit) {
  for (const Options &options : schedules(4)) {
    Variant variant;
    variant.tiles = 8;
    Report report = Ring(variant).run(options);
    // 8 entries give back two credits, which nobody asks for: the destructor takes four.
    ASSERT_EQ(report.findings.size(), 1u) << textOf(report);
    const Finding *left = find(report, FindingKind::LibraryDefect);
    ASSERT_NE(left, nullptr) << textOf(report);
    EXPECT_NE(left->what.find("flag 1 of rank 0 block 0 cube 0 still counts 2"), std::string::npos)
        << left->what;
    EXPECT_TRUE(says(report, FindingKind::LibraryDefect, 0,
                     "the next FIFO on this flag begins with these credits; give it other flags"));
    variant.tiles = 3;
    EXPECT_TRUE(Ring(variant).run(options).clean());
  }
}
