//===- RandomNest.cpp - Loops in loops as people write them ----------------===//

#include "RandomProgram.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
/// A nest whose inner loops move data through rings, mostly by their own counter: what lets tokens
/// stay from one execution to the next. Now and then something is in the way.
class NestGenerator {
public:
  explicit NestGenerator(Random &random)
      : random(random), isCube(random.chance(35)),
        b(isCube ? CoreKind::Cube : CoreKind::Vector, random.chance(65) ? Arch::A3 : Arch::A5) {
    b.program.eventIds = random.pick({8, 8, 8, 8, 4});
    b.root("in");
    b.root("out");
    for (uint32_t &count : slots)
      count = random.pick({1, 2, 2, 2, 3});
  }

  Program run() {
    unsigned depth = random.pick({2, 2, 2, 3});
    some(1);
    nest(depth);
    some(2);
    return std::move(b.program);
  }

private:
  Random &random;
  bool isCube;
  Builder b;
  std::array<uint32_t, 3> slots;
  std::vector<NodeId> loops;

  /// Ring `number` has places of its own in every memory.
  RegionId tile(Space space, unsigned number) {
    Rotation ring{slots[number], 64, none, 0};
    int64_t place = 256 * int64_t(number);
    if (ring.count == 1 || loops.empty() || random.chance(10))
      return b.tile(space, place, 64);
    ring.loop = random.chance(90) ? loops.back() : loops[random.below(loops.size())];
    ring.add = random.chance(90) ? 0 : 1;
    return b.tile(space, place, 64, "", ring);
  }
  RegionId global(uint32_t root) {
    Region region;
    region.space = Space::GM;
    region.root = root;
    region.run = 64;
    int64_t step = 64;
    for (NodeId loop : llvm::reverse(loops)) {
      region.offset.terms.insert(region.offset.terms.begin(), {loop, step});
      step *= 16;
    }
    return b.region(std::move(region));
  }

  void load() { b.access(Pipe::MTE2, {global(0)}, {tile(isCube ? Space::Mat : Space::Vec, 0)}); }
  void use() {
    if (!isCube) {
      RegionId from = tile(Space::Vec, 0);
      llvm::SmallVector<RegionId, 2> reads{from};
      RegionId to = random.chance(30) ? from : tile(Space::Vec, random.between(1, 2));
      if (random.chance(30))
        reads.push_back(to);
      b.access(Pipe::V, reads, {to});
      return;
    }
    b.access(Pipe::MTE1, {tile(Space::Mat, 0)}, {tile(Space::Left, 1)});
    RegionId acc = b.tile(Space::Acc, 0, 64);
    NodeId mad = b.access(Pipe::M, {tile(Space::Left, 1), acc}, {acc});
    b.program[mad].accumulates = true;
  }
  void store() {
    if (isCube)
      b.access(Pipe::FIX, {b.tile(Space::Acc, 0, 64)}, {global(1)});
    else
      b.access(Pipe::MTE3, {tile(Space::Vec, random.between(0, 2))}, {global(1)});
  }
  void some(unsigned most) {
    for (unsigned count = random.below(most + 1); count > 0; --count)
      random.chance(40) ? load() : random.chance(50) ? use() : store();
  }

  void nest(unsigned depth) {
    std::optional<int64_t> trip;
    if (random.chance(30))
      trip = random.pick<int64_t>({2, 3, 4, 1});
    loops.push_back(b.openLoop(trip, random.chance(25) ? 1 : 0));
    if (depth > 1) {
      some(1);
      bool guarded = random.chance(12);
      if (guarded)
        b.openBranch();
      nest(depth - 1);
      if (guarded) {
        b.nextArm();
        some(1);
        b.close();
      }
      if (random.chance(20))
        nest(1);
      some(1);
    } else {
      load();
      use();
      if (random.chance(isCube ? 15 : 70))
        store();
      some(1);
    }
    loops.pop_back();
    b.close();
  }
};
} // namespace

Program judge::randomNest(Random &random) { return NestGenerator(random).run(); }
