//===- EngineBytesTest.cpp - The segment map stays small -------------------===//

#include "../../lib/Sim/Engine/Bytes.h"
#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
Access by(Pipe pipe, uint64_t position) {
  Access access;
  access.by.pipe = pipe;
  access.by.position = access.by.sequence = position;
  return access;
}
Clock everythingUpTo(uint64_t position) {
  Clock clock;
  clock.local.fill(position);
  return clock;
}
const auto ignore = [](const Access &, bool, uint64_t, uint64_t) {};
const auto visible = [](const Access &, uint64_t, uint64_t) {};
} // namespace

TEST(EngineBytes, SegmentsFollowTheShapesInUseAndNotTheRun) {
  Bytes memory(1 << 20);
  for (uint64_t n = 1; n <= 1000; ++n) {
    // Rows of a tile one by one, then the tile as a whole: one state, one segment.
    for (uint64_t row = 0; row < 16; ++row)
      memory.write(4096 + row * 256, 4096 + (row + 1) * 256, by(Pipe::MTE2, 2 * n),
                   everythingUpTo(2 * n - 1), ignore, visible);
    ASSERT_EQ(memory.segmentCount(), 1u);
    memory.recordRead(5000, 6000, by(Pipe::V, 2 * n + 1), everythingUpTo(2 * n));
    ASSERT_EQ(memory.segmentCount(), 3u);
  }
  memory.forgetAccesses();
  EXPECT_EQ(memory.segmentCount(), 1u);
}

TEST(EngineBytes, HolesAreUnwritten) {
  Bytes memory(1024);
  memory.markWritten(100, 200);
  memory.markWritten(300, 400);
  EXPECT_TRUE(memory.isWritten(120, 200));
  EXPECT_FALSE(memory.isWritten(150, 301));
  std::vector<std::pair<uint64_t, uint64_t>> holes;
  memory.checkRead(
      50, 500, by(Pipe::V, 1), Clock(), ignore,
      [&](uint64_t begin, uint64_t end) { holes.push_back({begin, end}); }, visible);
  EXPECT_EQ(holes, (decltype(holes){{50, 100}, {200, 300}, {400, 500}}));
}

TEST(EngineBytes, BytesThatWereNeverStoredArePoison) {
  Bytes memory(64);
  uint8_t one = 1, out[4] = {};
  memory.store(40, nullptr, 0); // what moves nothing has no bytes to move
  memory.load(40, nullptr, 0);
  memory.store(2, &one, 1);
  memory.load(1, out, 4);
  EXPECT_EQ(out[0], 0xff);
  EXPECT_EQ(out[1], 1);
  EXPECT_EQ(out[2], 0xff);
}

TEST(EngineBytes, ExitFindingIsExactToTheItem) {
  // A flag behind the first store does not vouch for the second.
  for (bool second : {false, true}) {
    KernelText k({"x", "z"});
    Handle t = k.tile(0);
    k.load(k.view(0), t);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    k.store(t, k.view(1));
    k.handoff(Pipe::MTE3, Pipe::S, 0);
    Register offset = k.b.arith(ArithOp::AddI, Element::I64, 1, k.b.constant(256));
    int last = second ? k.store(t, k.view(offset)) : 0;
    k.finish();
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 64, 0), z = memory.allocate(0, "z", 512);
    Report report = run(k.program, memory, oneCore({x, z}));
    EXPECT_EQ(report.clean(), !second) << textOf(report);
    if (second)
      EXPECT_NE(find(report, FindingKind::IncompleteAtExit, last), nullptr);
  }
}
