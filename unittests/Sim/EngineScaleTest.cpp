//===- EngineScaleTest.cpp - Many blocks, long runs ------------------------===//

#include "EngineCluster.h"
#include <chrono>
#include <sys/resource.h>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
double secondsOf(llvm::function_ref<void()> body) {
  auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// KiB that the process has held at most so far.
long peakKiB() {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Two ranks that add up `rounds` times what the other one has sent, by signals; S stores a count
/// through the cache.
Report pingPong(int64_t rounds, Schedule schedule) {
  Program program;
  program.load = findKernel("load");
  program.store = findKernel("store");
  FunctionBuilder b(program, "rank", CoreKind::Vector, {"own", "other", "mine", "count"});
  Register one = b.constant(1), cols = b.constant(64), i = b.newRegister();
  Register end = b.constant(rounds);
  auto view = [&](Register pointer) {
    return b.view(Element::F32, Layout::ND, pointer, {one, cols}, {cols, one});
  };
  auto cell = [&](Register pointer) {
    return b.view(Element::I32, Layout::ND, pointer, {one, one}, {one, one});
  };
  TileShape shape;
  shape.rows = shape.validRows = 1;
  shape.cols = shape.validCols = 64;
  Handle tile = b.tile(program.addShape(shape), b.constant(0));
  Call load{"load", program.load, nullptr, Pipe::MTE2, false, {}, {}};
  load.operands = {{Operand::View, Element::F32}, {Operand::Tile, Element::F32}};
  uint32_t loads = program.addCall(load);
  b.copy(i, b.constant(0));
  Label head = b.newLabel(), exit = b.newLabel();
  b.place(head);
  b.jumpIf(b.compareI(5, Element::I64, i, end), exit);
  b.issue(loads, {view(0), tile});
  b.setFlag(Pipe::MTE2, Pipe::V, 0);
  b.waitFlag(Pipe::MTE2, Pipe::V, 0);
  b.barrier(Pipe::ALL);
  b.storeGm(Element::I64, 3, none, i);
  b.cacheLine(3);
  b.fence();
  b.copy(i, b.arith(ArithOp::AddI, Element::I64, i, one));
  b.notify(NotifyOp::AtomicAdd, cell(1), one);
  b.await(WaitCompare::GE, cell(2), i);
  b.jump(head);
  b.place(exit);
  b.finish();
  EXPECT_EQ(validate(program), "");
  GlobalMemory memory;
  uint64_t x = floats(memory, 0, "x", 64, 0);
  uint64_t cells[2], counts[2];
  for (unsigned rank = 0; rank < 2; ++rank) {
    cells[rank] = floats(memory, rank, "cell", 16, 0);
    counts[rank] = floats(memory, rank, "count", 16, 0);
    uint32_t zero = 0;
    memory.store(cells[rank], &zero, 4);
  }
  Launch launch;
  for (unsigned rank = 0; rank < 2; ++rank)
    launch.ranks.push_back({{0, 0, 1, {x, cells[1 - rank], cells[rank], counts[rank]}}});
  Options options;
  options.schedule = schedule;
  return run(program, memory, launch, options);
}
} // namespace

TEST(EngineScale, MemoryFollowsLiveStateAndNotTheRun) {
  for (Schedule schedule : {Schedule::Eager, Schedule::Lazy, Schedule::Random}) {
    EXPECT_TRUE(pingPong(2000, schedule).clean());
    long before = peakKiB();
    Report report = pingPong(60000, schedule);
    EXPECT_TRUE(report.clean()) << textOf(report);
    long growth = peakKiB() - before;
    std::printf("schedule %u: %llu items, %ld KiB more than a run of a thirtieth\n",
                unsigned(schedule), (unsigned long long)report.items, growth);
    EXPECT_LT(growth, 4096);
  }
}

TEST(EngineScale, AThousandBlocks) {
  // z = x + x by rows; all blocks read one array and write their own rows of another.
  KernelText k({"x", "z"});
  Handle a = k.tile(0, 16, 64), c = k.tile(8192, 16, 64);
  Register block = k.b.special(SpecialValue::BlockIndex);
  Register offset = k.b.arith(ArithOp::MulI, Element::I64, block, k.b.constant(4096));
  Register row = k.b.arith(ArithOp::AddI, Element::I64, 1, offset);
  for (int n = 0; n < 4; ++n) {
    k.load(k.view(0, 16, 64), a);
    k.handoff(Pipe::MTE2, Pipe::V, 0);
    k.add(a, a, c);
    k.handoff(Pipe::V, Pipe::MTE3, 0);
    k.handoff(Pipe::V, Pipe::MTE2, 1);
    k.store(c, k.view(row, 16, 64));
    k.handoff(Pipe::MTE3, Pipe::V, 0);
    k.barrier(Pipe::MTE3);
  }
  k.barrier(Pipe::ALL);
  k.finish();
  constexpr unsigned blocks = 1024;
  for (Schedule schedule : {Schedule::Eager, Schedule::Lazy, Schedule::Random}) {
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 1024, 0);
    uint64_t z = memory.allocate(0, "z", blocks * 4096);
    Launch launch = oneCore({x, z});
    launch.blocks = blocks;
    Options options;
    options.schedule = schedule;
    Report report;
    double seconds = secondsOf([&] { report = run(k.program, memory, launch, options); });
    EXPECT_TRUE(report.clean()) << textOf(report);
    EXPECT_TRUE(memory.isInitialised(z, blocks * 4096));
    std::printf("schedule %u: %u blocks, %llu items in %.2f s\n", unsigned(schedule), blocks,
                (unsigned long long)report.items, seconds);
    EXPECT_LT(seconds, 20); // what the simulator promises for a kernel of this size
  }
}
