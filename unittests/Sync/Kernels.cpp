//===- Kernels.cpp - Hand-made programs of known answer --------------------===//

#include "Kernels.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

static EventId id(int32_t base) { return {base}; }
static EventId rotating(int32_t base, uint32_t count, NodeId loop, int64_t add) {
  return {base, count, loop, add};
}
static Rotation ring(uint32_t count, NodeId loop, int64_t add = 0) { return {count, 0, loop, add}; }

//===----------------------------------------------------------------------===//
// Library calls
//===----------------------------------------------------------------------===//

void judge::addPut(Builder &b, RegionId dst, RegionId src, RegionId stage) {
  b.openMacro("tput");
  b.access(Pipe::MTE2, {src}, {stage}, "tput load");
  b.handoff(Pipe::MTE2, Pipe::MTE3, id(0));
  b.access(Pipe::MTE3, {stage}, {dst}, "tput store");
  b.handoff(Pipe::MTE3, Pipe::MTE2, id(0));
  b.close();
}

void judge::addGet(Builder &b, RegionId dst, RegionId src, RegionId stage) {
  b.openMacro("tget");
  b.access(Pipe::MTE2, {src}, {stage}, "tget load");
  b.handoff(Pipe::MTE2, Pipe::MTE3, id(0));
  b.barrier(Pipe::ALL);
  b.access(Pipe::MTE3, {stage}, {dst}, "tget store");
  b.handoff(Pipe::MTE3, Pipe::MTE2, id(0));
  b.close();
}

void judge::addSplitPut(Builder &b, uint32_t dst, uint32_t src, int64_t stageOffset,
                        int64_t chunk) {
  int64_t half = chunk / 2;
  RegionId upper = b.tile(Space::Vec, stageOffset, half, "upper");
  RegionId lower = b.tile(Space::Vec, stageOffset + half, half, "lower");
  b.openMacro("tput split");
  NodeId loop = b.openLoop(std::nullopt, 1);
  b.access(Pipe::MTE2, {b.global(src, 0, half, loop, chunk)}, {upper}, "tput load upper");
  b.handoff(Pipe::MTE2, Pipe::MTE3, id(0));
  b.barrier(Pipe::ALL);
  b.access(Pipe::MTE3, {upper}, {b.global(dst, 0, half, loop, chunk)}, "tput store upper");
  b.access(Pipe::MTE2, {b.global(src, half, half, loop, chunk)}, {lower}, "tput load lower");
  b.set(Pipe::MTE3, Pipe::MTE2, id(0));
  b.set(Pipe::MTE2, Pipe::MTE3, id(1));
  b.wait(Pipe::MTE3, Pipe::MTE2, id(0));
  b.wait(Pipe::MTE2, Pipe::MTE3, id(1));
  b.barrier(Pipe::ALL);
  b.access(Pipe::MTE3, {lower}, {b.global(dst, half, half, loop, chunk)}, "tput store lower");
  b.handoff(Pipe::MTE3, Pipe::MTE2, id(1));
  b.close();
  b.close();
}

void judge::addPingPongPut(Builder &b, uint32_t dst, uint32_t src, int64_t stageOffset,
                           int64_t chunk) {
  uint64_t bytes = chunk;
  b.openMacro("tput ping pong");
  b.access(Pipe::MTE2, {b.global(src, 0, bytes)}, {b.tile(Space::Vec, stageOffset, bytes, "ping")},
           "tput first load");
  b.set(Pipe::MTE2, Pipe::MTE3, id(0));
  NodeId loop = b.openLoop();
  RegionId here = b.tile(Space::Vec, stageOffset, bytes, "stage", ring(2, loop, 0));
  RegionId ahead = b.tile(Space::Vec, stageOffset, bytes, "stage", ring(2, loop, 1));
  b.wait(Pipe::MTE2, Pipe::MTE3, rotating(0, 2, loop, 0));
  b.barrier(Pipe::ALL);
  b.access(Pipe::MTE3, {here}, {b.global(dst, 0, bytes, loop, chunk)}, "tput store");
  b.access(Pipe::MTE2, {b.global(src, chunk, bytes, loop, chunk)}, {ahead}, "tput load");
  b.set(Pipe::MTE3, Pipe::MTE2, rotating(0, 2, loop, 0));
  b.set(Pipe::MTE2, Pipe::MTE3, rotating(0, 2, loop, 1));
  b.wait(Pipe::MTE3, Pipe::MTE2, rotating(0, 2, loop, 0));
  b.close();
  // The last chunk lies where the trip count says: the model knows the bytes of both tiles only.
  b.wait(Pipe::MTE2, Pipe::MTE3, rotating(0, 2, loop, 0));
  b.barrier(Pipe::ALL);
  b.access(Pipe::MTE3, {b.tile(Space::Vec, stageOffset, 2 * bytes, "stage")},
           {b.global(dst, 0, 8 * bytes)}, "tput last store");
  b.set(Pipe::MTE3, Pipe::MTE2, rotating(0, 2, loop, 0));
  b.wait(Pipe::MTE3, Pipe::MTE2, rotating(0, 2, loop, 0));
  b.close();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static void addTail(Builder &b, Tail tail, uint32_t dst) {
  RegionId data = b.global(dst, 0, 256);
  RegionId tile = b.tile(Space::Vec, 1024, 256, "tail");
  switch (tail) {
  case Tail::Nothing:
    break;
  case Tail::Load:
    b.access(Pipe::MTE2, {data}, {tile}, "tail load");
    break;
  case Tail::Scalar:
    b.access(Pipe::S, {data}, {}, "tail scalar load");
    break;
  case Tail::Store:
    b.access(Pipe::MTE3, {tile}, {data}, "tail store");
    break;
  case Tail::Notify:
    b.plain(NodeKind::Publish);
    break;
  }
}

Program judge::ringStep(Tail tail, Arch arch) {
  Builder b(CoreKind::Vector, arch);
  uint32_t in = b.root("in"), src = b.root("src"), dst = b.root("dst");
  RegionId tile = b.tile(Space::Vec, 0, 256, "tile");
  RegionId srcData = b.global(src, 0, 256);
  b.access(Pipe::MTE2, {b.global(in, 0, 256)}, {tile}, "tload");
  b.access(Pipe::MTE3, {tile}, {srcData}, "tstore");
  addPut(b, b.global(dst, 0, 256), srcData, tile);
  addTail(b, tail, dst);
  return std::move(b.program);
}

Program judge::ringStepBroken() {
  Builder b;
  uint32_t in = b.root("in"), src = b.root("src"), dst = b.root("dst");
  RegionId tile = b.tile(Space::Vec, 0, 256, "tile");
  RegionId srcData = b.global(src, 0, 256), dstData = b.global(dst, 0, 256);
  b.access(Pipe::MTE2, {b.global(in, 0, 256)}, {tile}, "tload");
  b.handoff(Pipe::MTE2, Pipe::MTE3, id(1));
  b.access(Pipe::MTE3, {tile}, {srcData}, "tstore");
  b.set(Pipe::MTE3, Pipe::MTE2, id(0));
  addPut(b, dstData, srcData, tile);
  b.wait(Pipe::MTE3, Pipe::MTE2, id(0));
  b.access(Pipe::MTE2, {dstData}, {b.tile(Space::Vec, 1024, 256, "tail")}, "tail load");
  b.barrier(Pipe::ALL);
  return std::move(b.program);
}

Program judge::getMirror(Tail tail, Arch arch) {
  Builder b(CoreKind::Vector, arch);
  uint32_t remote = b.root("remote"), dst = b.root("dst"), out = b.root("out");
  RegionId stage = b.tile(Space::Vec, 0, 256, "stage");
  RegionId old = b.tile(Space::Vec, 256, 256, "old");
  RegionId dstData = b.global(dst, 0, 256);
  b.access(Pipe::MTE2, {dstData}, {old}, "tload dst");
  b.access(Pipe::V, {stage, old}, {stage}, "tadd on stage");
  b.access(Pipe::MTE3, {stage}, {b.global(out, 0, 256)}, "tstore stage");
  addGet(b, dstData, b.global(remote, 0, 256), stage);
  addTail(b, tail, dst);
  b.access(Pipe::V, {old}, {stage}, "reuse of stage");
  return std::move(b.program);
}

Program judge::vectorAdd(unsigned slots, std::optional<int64_t> trip, Arch arch) {
  Builder b(CoreKind::Vector, arch);
  uint32_t a = b.root("a"), c = b.root("b"), sum = b.root("c");
  NodeId loop = b.openLoop(trip);
  RegionId x = b.tile(Space::Vec, 0, 256, "x", ring(slots, loop));
  RegionId y = b.tile(Space::Vec, 2048, 256, "y", ring(slots, loop));
  RegionId z = b.tile(Space::Vec, 4096, 256, "z", ring(slots, loop));
  b.access(Pipe::MTE2, {b.global(a, 0, 256, loop, 256)}, {x}, "tload a");
  b.access(Pipe::MTE2, {b.global(c, 0, 256, loop, 256)}, {y}, "tload b");
  b.access(Pipe::V, {x, y}, {z}, "tadd");
  b.access(Pipe::MTE3, {z}, {b.global(sum, 0, 256, loop, 256)}, "tstore c");
  b.close();
  return std::move(b.program);
}

Program judge::threeSlot(std::optional<int64_t> trip, Arch arch) {
  Builder b(CoreKind::Vector, arch);
  uint32_t xs = b.root("x"), zs = b.root("z"), ys = b.root("y"), rest = b.root("rest");
  auto slot = [&](int64_t base, unsigned n) { return b.tile(Space::Vec, base + 64 * n, 64); };
  auto work = [&](RegionId x, RegionId z) {
    b.access(Pipe::V, {x, z}, {x}, "tadd");
    b.access(Pipe::V, {x}, {x}, "tadds");
  };
  for (unsigned n = 0; n < 2; ++n) {
    b.access(Pipe::MTE2, {b.global(xs, 64 * n, 64)}, {slot(0, n)}, "tload x");
    b.access(Pipe::MTE2, {b.global(zs, 64 * n, 64)}, {slot(192, n)}, "tload z");
  }
  NodeId loop = b.openLoop(trip);
  RegionId x = b.tile(Space::Vec, 0, 64, "x", ring(3, loop, 0));
  RegionId z = b.tile(Space::Vec, 192, 64, "z", ring(3, loop, 0));
  b.access(Pipe::MTE2, {b.global(xs, 128, 64, loop, 64)},
           {b.tile(Space::Vec, 0, 64, "x", ring(3, loop, 2))}, "tload x");
  b.access(Pipe::MTE2, {b.global(zs, 128, 64, loop, 64)},
           {b.tile(Space::Vec, 192, 64, "z", ring(3, loop, 2))}, "tload z");
  work(x, z);
  b.access(Pipe::MTE3, {x}, {b.global(ys, 0, 64, loop, 64)}, "tstore");
  b.close();
  for (unsigned n = 0; n < 2; ++n) {
    work(slot(0, n), slot(192, n));
    b.access(Pipe::MTE3, {slot(0, n)}, {b.global(rest, 64 * n, 64)}, "tstore");
  }
  return std::move(b.program);
}

Program judge::gemm(std::optional<int64_t> trip, Arch arch) {
  Builder b(CoreKind::Cube, arch);
  uint32_t as = b.root("a"), bs = b.root("b"), cs = b.root("c");
  NodeId outer = b.openLoop(trip);
  NodeId inner = b.openLoop();
  RegionId a1 = b.tile(Space::Mat, 0, 1024, "a1", ring(2, inner));
  RegionId b1 = b.tile(Space::Mat, 4096, 1024, "b1", ring(2, inner));
  RegionId a0 = b.tile(Space::Left, 0, 1024, "a0", ring(2, inner));
  RegionId b0 = b.tile(Space::Right, 0, 1024, "b0", ring(2, inner));
  RegionId acc = b.tile(Space::Acc, 0, 1024, "acc", ring(2, outer));
  b.access(Pipe::MTE2, {b.global(as, 0, 1024, inner, 1024)}, {a1}, "tload a");
  b.access(Pipe::MTE2, {b.global(bs, 0, 1024, inner, 1024)}, {b1}, "tload b");
  b.access(Pipe::MTE1, {a1}, {a0}, "textract a");
  b.access(Pipe::MTE1, {b1}, {b0}, "textract b");
  NodeId mad = b.access(Pipe::M, {a0, b0, acc}, {acc}, "tmatmul.acc");
  b.program[mad].accumulates = true;
  b.close();
  b.access(Pipe::FIX, {acc}, {b.global(cs, 0, 1024, outer, 1024)}, "tstore c");
  b.close();
  return std::move(b.program);
}

Program judge::branchBetween() {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId u = b.tile(Space::Vec, 0, 64, "u"), v = b.tile(Space::Vec, 64, 64, "v");
  NodeId loop = b.openLoop();
  b.access(Pipe::MTE2, {b.global(in, 0, 64, loop, 64)}, {u}, "tload u");
  b.openBranch();
  b.access(Pipe::V, {u}, {u}, "tadd u");
  b.nextArm();
  b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {v}, "tload v");
  b.close();
  b.access(Pipe::MTE3, {u}, {b.global(out, 0, 64, loop, 128)}, "tstore u");
  b.access(Pipe::MTE3, {v}, {b.global(out, 64, 64, loop, 128)}, "tstore v");
  b.close();
  return std::move(b.program);
}

Program judge::publishAfterLoop() {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId u = b.tile(Space::Vec, 0, 64, "u");
  NodeId loop = b.openLoop();
  b.access(Pipe::MTE2, {b.global(in, 0, 64, loop, 64)}, {u}, "tload");
  b.access(Pipe::MTE3, {u}, {b.global(out, 0, 64, loop, 64)}, "tstore");
  b.close();
  b.plain(NodeKind::Publish);
  b.access(Pipe::MTE2, {b.global(out, 0, 64)}, {u}, "tload back");
  return std::move(b.program);
}

std::vector<NamedKernel> judge::allKernels() {
  std::vector<NamedKernel> list;
  static constexpr std::pair<Tail, const char *> tails[] = {{Tail::Nothing, "nothing"},
                                                            {Tail::Load, "load"},
                                                            {Tail::Scalar, "scalar"},
                                                            {Tail::Store, "store"},
                                                            {Tail::Notify, "notify"}};
  for (Arch arch : {Arch::A3, Arch::A5}) {
    std::string suffix = " " + name(arch).str();
    for (auto [tail, what] : tails) {
      list.push_back({std::string("ring step, then ") + what + suffix, ringStep(tail, arch)});
      list.push_back({std::string("tget, then ") + what + suffix, getMirror(tail, arch)});
    }
    for (unsigned slots : {1, 2, 3})
      list.push_back({"vector add, " + std::to_string(slots) + " slots" + suffix,
                      vectorAdd(slots, std::nullopt, arch)});
    list.push_back({"vector add, 4 tiles" + suffix, vectorAdd(2, 4, arch)});
    list.push_back({"three slots" + suffix, threeSlot(std::nullopt, arch)});
    list.push_back({"gemm" + suffix, gemm(std::nullopt, arch)});
  }
  list.push_back({"branch in loop", branchBetween()});
  list.push_back({"publish after loop", publishAfterLoop()});
  return list;
}
