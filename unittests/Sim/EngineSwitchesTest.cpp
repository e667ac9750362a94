//===- EngineSwitchesTest.cpp - Each open question, answered both ways -----===//
//
// For every switch of docs/sim-switches.md a program that is clean under one answer and not under
// the other.
//
//===----------------------------------------------------------------------===//

#include "EngineCluster.h"
#include "ptoas/Sim/Assumptions.h"
#include <set>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
Report runAlone(const KernelText &k, const Options &options) {
  GlobalMemory memory;
  uint64_t x = floats(memory, 0, "x", 64, 0), y = floats(memory, 0, "y", 64, 0);
  return run(k.program, memory, oneCore({x, y}), options);
}

Options with(const std::string &text) {
  Options options;
  bool keepsFlags = false;
  EXPECT_FALSE(bool(assume(text, options, keepsFlags))) << text;
  return options;
}

/// Under every schedule.
void expect(const KernelText &k, const std::string &assumption, bool clean) {
  for (Options schedule : schedules(4)) {
    Options options = with(assumption);
    options.schedule = schedule.schedule;
    options.seed = schedule.seed;
    Report report = runAlone(k, options);
    EXPECT_EQ(report.clean(), clean) << assumption << '\n' << textOf(report);
  }
}
} // namespace

TEST(EngineSwitches, OneBitFlags) { // HQ1
  KernelText k({"x", "y"});
  Handle a = k.tile(0);
  for (int n = 0; n < 2; ++n) { // the second set may come before the first wait is over
    k.load(k.view(0), a);
    k.handoff(Pipe::MTE2, Pipe::V, 0);
    k.add(a, a, k.tile(256 * (n + 1)));
    if (n == 0)
      k.load(k.view(0), k.tile(1024));
  }
  k.barrier(Pipe::ALL);
  k.finish();
  Options options = with("flag=bit");
  EXPECT_NE(find(runAlone(k, options), FindingKind::FlagCollision), nullptr);
  EXPECT_EQ(find(runAlone(k, with("flag=counter")), FindingKind::FlagCollision), nullptr);
}

TEST(EngineSwitches, UnlistedPairs) { // HQ2
  KernelText k({"x", "y"}, CoreKind::Cube);
  int set = k.set(Pipe::MTE1, Pipe::S, 0);
  k.wait(Pipe::MTE1, Pipe::S, 0);
  k.finish();
  EXPECT_EQ(runAlone(k, with("pairs=allow")).findings.size(), 0u);
  Report warned = runAlone(k, with("pairs=warn"));
  EXPECT_TRUE(warned.clean());
  ASSERT_NE(find(warned, FindingKind::UnlistedPair, set), nullptr);
  EXPECT_NE(textOf(warned).find(": warning: event 0 of MTE1 > S"), std::string::npos);
  EXPECT_TRUE(says(runAlone(k, with("pairs=refuse")), FindingKind::IllegalSync, set,
                   "list this pair of pipes, and --chip pairs=refuse says that it does not exist"));
}

TEST(EngineSwitches, RoundTripThroughGm) { // HQ3
  for (bool fences : {false, true}) {
    KernelText k({"x", "y"});
    Handle a = k.tile(0);
    k.load(k.view(0), a);
    k.handoff(Pipe::MTE2, Pipe::MTE3, 0);
    k.store(a, k.view(1));
    if (fences) {
      k.handoff(Pipe::MTE3, Pipe::S, 0);
      k.fence();
    } else {
      k.handoff(Pipe::MTE3, Pipe::MTE2, 0);
    }
    k.load(k.view(1), a); // what MTE3 reads from the tile is over in both cases
    k.barrier(Pipe::ALL);
    k.finish();
    expect(k, "round-trip=flag", true);
    expect(k, "round-trip=dsb", fences);
  }
}

TEST(EngineSwitches, OrderOnOnePipe) { // HQ4
  KernelText stores({"x", "y"});
  Handle a = stores.tile(0);
  stores.load(stores.view(0), a);
  stores.handoff(Pipe::MTE2, Pipe::MTE3, 0);
  stores.store(a, stores.view(1));
  stores.store(a, stores.view(1));
  stores.barrier(Pipe::ALL);
  stores.finish();
  expect(stores, "order-MTE3=yes", true);
  expect(stores, "order-MTE3=no", false);

  KernelText loads({"x", "y"});
  Handle b = loads.tile(0);
  loads.load(loads.view(0), b);
  loads.load(loads.view(1), b);
  loads.barrier(Pipe::ALL);
  loads.finish();
  expect(loads, "reload=ordered", true);
  expect(loads, "reload=unordered", false);

  Program program;
  FunctionBuilder f(program, "products", CoreKind::Cube, {});
  TileShape shape;
  shape.space = Space::Acc;
  shape.rows = shape.validRows = shape.cols = shape.validCols = 16;
  Handle acc = f.tile(program.addShape(shape), f.constant(0));
  Call call;
  call.op = "product";
  call.pipe = Pipe::M;
  call.accumulates = true;
  call.operands.push_back({Operand::Tile, Element::F32});
  call.kernel = [](KernelContext &context) {
    std::vector<float> values(256);
    context.write(Space::Acc, context.operands[0].tile.address, values.data(), 1024);
  };
  uint32_t product = program.addCall(std::move(call));
  f.issue(product, {acc});
  f.issue(product, {acc});
  f.barrier(Pipe::ALL);
  f.finish();
  GlobalMemory memory;
  EXPECT_TRUE(run(program, memory, oneCore({}), with("accumulate=ordered")).clean());
  EXPECT_FALSE(run(program, memory, oneCore({}), with("accumulate=unordered")).clean());
}

TEST(EngineSwitches, DepthOfQueues) { // HQ5
  // The wait of V stands before its set: fine as long as S gets there.
  KernelText k({"x", "y"});
  Handle a = k.tile(0);
  k.load(k.view(0), a);
  k.barrier(Pipe::ALL);
  k.wait(Pipe::MTE2, Pipe::V, 0);
  for (int n = 1; n < 6; ++n)
    k.add(a, a, k.tile(256 * n));
  k.set(Pipe::MTE2, Pipe::V, 0);
  k.barrier(Pipe::ALL);
  k.finish();
  expect(k, "queue=unbounded", true);
  expect(k, "queue=8", true);
  expect(k, "queue=2", false);
  Report report = runAlone(k, with("queue=2"));
  EXPECT_NE(textOf(report).find("the queue of V is full (2 items)"), std::string::npos)
      << textOf(report);
}

TEST(EngineSwitches, CostOfSync) { // HQ6
  KernelText k({"x", "y"});
  k.barrier(Pipe::ALL);
  k.finish();
  EXPECT_EQ(runAlone(k, with("sync-cycles=9")).cycles - runAlone(k, with("sync-cycles=1")).cycles,
            8u);
}

TEST(EngineSwitches, NumberOfEventIds) { // HQ7
  KernelText k({"x", "y"});
  k.handoff(Pipe::MTE2, Pipe::V, 9);
  k.finish();
  expect(k, "event-ids=16", true);
  expect(k, "event-ids=8", false);
}

static Report countTo(int64_t sets, const Options &options) {
  Cluster kernel({});
  kernel.vector.loop(
      sets, [&](Register) { kernel.vector.crossSet(Pipe::MTE3, CrossMode::CubeVector, 2); });
  kernel.vector.finish();
  kernel.cube.loop(sets,
                   [&](Register) { kernel.cube.crossWait(Pipe::S, CrossMode::CubeVector, 2); });
  kernel.cube.finish();
  GlobalMemory memory;
  return run(kernel.program, memory, kernel.launch({}), options);
}

TEST(EngineSwitches, WhatACounterHolds) { // HQ8
  EXPECT_TRUE(countTo(7, with("count=7")).clean());
  EXPECT_NE(find(countTo(8, with("count=7")), FindingKind::CounterOverflow), nullptr);
}

TEST(EngineSwitches, WhatAFlagBetweenCoresPublishes) { // HQ9
  Cluster kernel({"x", "y"});
  Half &v = kernel.vector, &c = kernel.cube;
  Handle a = v.tile(Space::Vec, 0, 1, 64);
  Register place =
      v.b.arith(ArithOp::AddI, Element::I64, 1,
                v.b.arith(ArithOp::MulI, Element::I64, v.b.special(SpecialValue::SubblockIndex),
                          v.b.constant(256)));
  v.load(v.view(0, 1, 64), a);
  v.handoff(Pipe::MTE2, Pipe::MTE3);
  v.store(a, v.view(place, 1, 64));
  v.crossSet(Pipe::MTE3, CrossMode::CubeVector, 0);
  v.finish();
  c.crossWait(Pipe::S, CrossMode::CubeVector, 0);
  c.issue("pto.use",
          [](KernelContext &context) {
            std::vector<char> bytes(512);
            context.read(Space::GM, context.operands[0].scalar.bits, bytes.data(), bytes.size());
          },
          Pipe::MTE2, {Operand::Scalar}, {1});
  c.finish();
  GlobalMemory memory;
  uint64_t x = floats(memory, 0, "x", 64, 0), y = floats(memory, 0, "y", 128, 0);
  Launch launch = kernel.launch({x, y});
  EXPECT_TRUE(run(kernel.program, memory, launch, with("publish=flag")).clean());
  Report report = run(kernel.program, memory, launch, with("publish=dsb"));
  EXPECT_NE(find(report, FindingKind::Race), nullptr) << textOf(report);
}

TEST(EngineSwitches, FlagsLeftBehind) { // HQ10
  KernelText leaves({"x", "y"}), takes({"x", "y"});
  leaves.set(Pipe::MTE2, Pipe::V, 0);
  leaves.finish();
  takes.wait(Pipe::MTE2, Pipe::V, 0);
  takes.finish();
  std::vector<LeftFlag> left;
  Options kept;
  kept.leftFlags = &left;
  EXPECT_NE(find(runAlone(leaves, kept), FindingKind::TokenLeft), nullptr);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_TRUE(runAlone(takes, kept).clean());
  EXPECT_TRUE(left.empty());
  EXPECT_NE(find(runAlone(takes, {}), FindingKind::StarvedWait), nullptr);
}

TEST(EngineSwitches, CoherentScalars) {
  KernelText k({"x", "y"});
  k.line("pto.store_scalar");
  k.b.storeGm(Element::F32, 0, none, k.b.constantFloat(1));
  k.load(k.view(0), k.tile(0));
  k.barrier(Pipe::ALL);
  k.finish();
  expect(k, "cache=coherent", true);
  expect(k, "cache=kept", false);
}

TEST(EngineSwitches, TheTableNamesEachQuestionAndNothingTwice) {
  std::set<std::string> names, questions;
  for (const Assumption &assumption : assumptions()) {
    EXPECT_TRUE(names.insert(assumption.name.str()).second);
    questions.insert(assumption.question.str());
    for (llvm::StringRef wrong : {"", "maybe", "0", "99999999999"}) {
      Options options;
      bool keepsFlags = false;
      llvm::Error error = assume((assumption.name + "=" + wrong).str(), options, keepsFlags);
      EXPECT_TRUE(bool(error)) << assumption.name.str() << '=' << wrong.str();
      llvm::consumeError(std::move(error));
    }
  }
  for (unsigned n = 1; n <= 10; ++n)
    EXPECT_TRUE(questions.count("HQ" + std::to_string(n))) << n;
}
