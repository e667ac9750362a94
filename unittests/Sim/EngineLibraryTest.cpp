//===- EngineLibraryTest.cpp - Calls that use flags inside ----------------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// x << y on integers or x ** y on floats, stored. Arguments: x, y, result.
struct LibraryCall {
  LibraryCall(Element element, bool holdsToken, bool ordersLoads, Arch arch = Arch::A3)
      : k({"x", "y", "z"}, CoreKind::Vector, arch) {
    Handle x = tile(element, 0), y = tile(element, 256), z = tile(element, 512);
    k.load(k.view(0, 1, 64, element), x);
    k.load(k.view(1, 1, 64, element), y);
    if (ordersLoads)
      k.handoff(Pipe::MTE2, Pipe::V, 3);
    if (holdsToken)
      token = k.set(Pipe::S, Pipe::V, 0);
    bool isReal = isFloat(element);
    std::string name = isReal ? "pow" : "shift_left";
    std::vector<Operand::Kind> kinds(isReal ? 4 : 3, Operand::Tile);
    if (isReal)
      kinds[2] = Operand::None; // no scratch
    uint32_t id = k.call("pto.call", findKernel(name), Pipe::V, kinds);
    k.program.calls[id].steps = findSteps(name);
    call = k.issue("pto.call", id,
                   isReal ? std::vector<uint32_t>{x, y, none, z} : std::vector<uint32_t>{x, y, z});
    if (holdsToken)
      k.wait(Pipe::S, Pipe::V, 0);
    k.handoff(Pipe::V, Pipe::MTE3, 0);
    k.store(z, k.view(2, 1, 64, element));
    k.barrier(Pipe::ALL);
    k.finish();
  }
  Handle tile(Element element, int64_t address) {
    TileShape shape;
    shape.element = element;
    shape.rows = shape.validRows = 1;
    shape.cols = shape.validCols = 64;
    return k.b.tile(k.program.addShape(shape), k.b.constant(address));
  }
  template <typename T> Report run(const Options &options, std::vector<T> &z, Trace *trace) {
    GlobalMemory memory;
    std::vector<T> x(64, T(3)), y(64, T(2));
    uint64_t at[3];
    for (unsigned i = 0; i < 3; ++i)
      at[i] = memory.allocate(0, k.program.functions[0].arguments[i], 256);
    memory.store(at[0], x.data(), 256);
    memory.store(at[1], y.data(), 256);
    Report report = sim::run(k.program, memory, oneCore({at[0], at[1], at[2]}), options, trace);
    z.resize(64);
    EXPECT_TRUE(memory.load(at[2], z.data(), 256));
    return report;
  }
  KernelText k;
  int call = 0, token = 0;
};
} // namespace

TEST(EngineLibrary, ScalarLoopIsOrderedByItsOwnFlags) {
  LibraryCall kernel(Element::I32, false, true);
  for (const Options &options : schedules(50)) {
    std::vector<int32_t> z;
    Report report = kernel.run(options, z, nullptr);
    ASSERT_TRUE(report.clean()) << textOf(report);
    EXPECT_EQ(z, std::vector<int32_t>(64, 12));
  }
}

TEST(EngineLibrary, ScalarLoopRunsOnS) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    std::vector<int32_t> z;
    Trace trace;
    EXPECT_TRUE(LibraryCall(Element::I32, false, true, arch).run({}, z, &trace).clean());
    for (const Trace::Slice &slice : trace.slices)
      if (slice.name == "pto.call") {
        EXPECT_EQ(slice.pipe, arch == Arch::A3 ? Pipe::S : Pipe::V);
      }
  }
}

TEST(EngineLibrary, LoadsThatNothingOrdersRaceWithTheLoop) {
  LibraryCall kernel(Element::I32, false, false);
  for (const Options &options : schedules(20)) {
    std::vector<int32_t> z;
    Report report = kernel.run(options, z, nullptr);
    const Finding *race = find(report, FindingKind::Race, kernel.call, 1);
    ASSERT_NE(race, nullptr) << textOf(report);
    EXPECT_EQ(race->where.pipe, Pipe::S);
  }
}

TEST(EngineLibrary, FloatPowerEndsOnS) {
  LibraryCall kernel(Element::F32, false, true);
  Trace trace;
  std::vector<float> z;
  Report report = kernel.run({}, z, &trace);
  EXPECT_TRUE(report.clean()) << textOf(report);
  EXPECT_NEAR(z[0], 9, 1e-5);
  std::vector<Pipe> pipes;
  for (const Trace::Slice &slice : trace.slices)
    if (slice.name == "pto.call")
      pipes.push_back(slice.pipe);
  EXPECT_EQ(pipes, (std::vector<Pipe>{Pipe::V, Pipe::S}));
}

TEST(EngineLibrary, TokenOfTheCallerCollides) {
  // C5: the call sets S > V 0 while the caller's token is up.
  LibraryCall kernel(Element::I32, true, true);
  for (const Options &options : schedules(20)) {
    std::vector<int32_t> z;
    Report report = kernel.run(options, z, nullptr);
    const Finding *collision = find(report, FindingKind::FlagCollision, kernel.call, kernel.token);
    ASSERT_NE(collision, nullptr) << textOf(report);
    EXPECT_EQ(collision->where.phase, "sync");
  }
}
