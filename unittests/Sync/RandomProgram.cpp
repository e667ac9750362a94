//===- RandomProgram.cpp - Programs nobody would write ---------------------===//

#include "RandomProgram.h"
#include "Kernels.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

Shape judge::randomShape(Random &random) {
  Shape shape;
  shape.core = random.chance(65) ? CoreKind::Vector : CoreKind::Cube;
  shape.arch = random.chance(65) ? Arch::A3 : Arch::A5;
  shape.eventIds = random.pick({8, 8, 8, 4, 3});
  shape.accesses = random.pick({4, 6, 8, 10, 16});
  shape.depth = random.below(4);
  shape.calls = random.chance(50);
  shape.publishes = random.chance(30);
  shape.handWritten = random.chance(25);
  shape.unknowns = random.chance(25);
  return shape;
}

namespace {
/// A tile or a ring of tiles that the program keeps coming back to.
struct Buffer {
  Space space;
  int64_t offset;
  uint64_t bytes;
  uint32_t slots;
};

class Generator {
public:
  Generator(Random &random, const Shape &shape)
      : random(random), shape(shape), b(shape.core, shape.arch) {
    b.program.eventIds = shape.eventIds;
    bool alias = shape.unknowns && random.chance(40);
    b.root("g", alias);
    b.root("h", alias);
    b.root("k");
    shape.core == CoreKind::Vector ? makeVectorBuffers() : makeCubeBuffers();
  }

  Program run() {
    statements(shape.accesses, shape.depth);
    return std::move(b.program);
  }

private:
  void makeVectorBuffers();
  void makeCubeBuffers();
  NodeId recentLoop() {
    size_t reach = std::min<size_t>(loops.size(), 2);
    return loops[loops.size() - 1 - random.below(reach)];
  }
  RegionId slot(const Buffer &buffer);
  RegionId vector() { return slot(random.pick(llvm::ArrayRef<Buffer>(buffers))); }
  RegionId global();
  RegionId strided();
  void access();
  void vectorAccess();
  void cubeAccess();
  void call();
  void handWritten();
  void turnAbout(unsigned count, unsigned depth);
  void statements(unsigned count, unsigned depth);

  Random &random;
  const Shape &shape;
  Builder b;
  std::vector<Buffer> buffers;
  std::vector<NodeId> loops;
  unsigned handIds = 0; ///< flag pairs by hand so far: each has a key of its own
};
} // namespace

void Generator::makeVectorBuffers() {
  uint32_t slots = random.between(1, 3);
  int64_t end = 64 * slots;
  buffers.push_back({Space::Vec, 0, 64, slots});
  buffers.push_back({Space::Vec, end, 64, uint32_t(random.between(1, 2))});
  // The third may straddle the others: a partial overlap.
  buffers.push_back({Space::Vec, random.pick<int64_t>({0, 32, end + 32, 512}), 64, 1});
}

void Generator::makeCubeBuffers() {
  uint32_t slots = random.between(1, 3);
  buffers.push_back({Space::Mat, 0, 64, slots});
  buffers.push_back({Space::Mat, random.pick<int64_t>({32, 64 * slots}), 64, 1});
  buffers.push_back({Space::Left, 0, 64, uint32_t(random.between(1, 2))});
  buffers.push_back({Space::Right, 0, 64, uint32_t(random.between(1, 2))});
  buffers.push_back({Space::Acc, 0, 64, uint32_t(random.between(1, 2))});
}

RegionId Generator::slot(const Buffer &buffer) {
  if (buffer.slots == 1)
    return b.tile(buffer.space, buffer.offset, buffer.bytes);
  if (random.chance(8)) // the whole ring
    return b.tile(buffer.space, buffer.offset, buffer.bytes * buffer.slots);
  Rotation ring{buffer.slots, 0, none, 0};
  if (!loops.empty() && random.chance(85)) {
    ring.loop = recentLoop();
    ring.add = random.between(-1, buffer.slots);
    return b.tile(buffer.space, buffer.offset, buffer.bytes, "", ring);
  }
  if (shape.unknowns && random.chance(20)) // some slot
    return b.tile(buffer.space, buffer.offset, buffer.bytes, "", ring);
  int64_t place = buffer.offset + buffer.bytes * random.below(buffer.slots);
  return b.tile(buffer.space, place, buffer.bytes);
}

/// A box of rows: column tiles of one matrix, that interleave without sharing bytes.
RegionId Generator::strided() {
  Region region;
  region.space = Space::GM;
  region.root = 0;
  region.offset.constant = 32 * random.between(0, 3);
  if (!loops.empty() && random.chance(60))
    region.offset.terms.push_back({recentLoop(), random.pick<int64_t>({32, 128, 256})});
  region.dims.push_back({random.between(1, 3), 128});
  region.run = random.pick({32, 64});
  return b.region(std::move(region));
}

RegionId Generator::global() {
  if (random.chance(15))
    return strided();
  Region region;
  region.space = Space::GM;
  region.root = random.below(3);
  region.run = 64;
  if (region.root == 1)
    return b.region(std::move(region));
  region.offset.constant = 64 * random.between(0, 3);
  if (!loops.empty() && random.chance(70)) {
    NodeId loop = recentLoop();
    region.offset.terms.push_back({loop, random.pick<int64_t>({64, 64, 128, 32, -64})});
    if (loop != loops.front() && random.chance(30))
      region.offset.terms.insert(region.offset.terms.begin(), {loops.front(), 256});
  }
  if (shape.unknowns && random.chance(15))
    region.offset.symbol = random.below(2);
  else if (shape.unknowns && random.chance(8))
    region.offset.known = false;
  return b.region(std::move(region));
}

void Generator::call() {
  // A chunked call whose source shares bytes with its destination races within itself: "k" is
  // apart.
  int64_t stage = buffers[0].offset;
  // The chunked forms own ids 0 and 1: of three ids they would leave one, too few under C3.
  switch (random.below(shape.eventIds > 3 ? 4 : 2)) {
  case 0:
    return addPut(b, global(), global(), vector());
  case 1:
    return addGet(b, global(), global(), vector());
  case 2:
    return addSplitPut(b, random.below(2), 2, stage, 64);
  default:
    return addPingPongPut(b, random.below(2), 2, stage, 64);
  }
}

void Generator::vectorAccess() {
  unsigned dice = random.below(100);
  if (dice < 30) {
    b.access(Pipe::MTE2, {global()}, {vector()}, "tload");
  } else if (dice < 65) {
    llvm::SmallVector<RegionId, 2> from = {vector()};
    if (random.chance(35))
      from.push_back(vector());
    b.access(Pipe::V, from, {vector()}, "tadd");
  } else if (dice < 85 || (dice >= 92 && !shape.calls)) {
    b.access(Pipe::MTE3, {vector()}, {global()}, "tstore");
  } else if (dice < 92) {
    RegionId from = random.chance(50) ? vector() : global();
    if (random.chance(30))
      b.access(Pipe::S, {from}, {random.chance(70) ? vector() : global()}, "scalar copy");
    else
      b.access(Pipe::S, {from}, {}, "scalar load");
  } else {
    call();
  }
}

void Generator::cubeAccess() {
  RegionId left = slot(buffers[2]), right = slot(buffers[3]), acc = slot(buffers[4]);
  RegionId mat = slot(buffers[random.below(2)]);
  bool hasStore = coreHasPipe(CoreKind::Cube, Pipe::MTE3, shape.arch);
  switch (random.below(hasStore ? 10 : 9)) {
  case 0:
  case 1:
    b.access(Pipe::MTE2, {global()}, {mat}, "tload");
    break;
  case 2:
  case 3:
    b.access(Pipe::MTE1, {mat}, {random.chance(50) ? left : right}, "textract");
    break;
  case 4:
  case 5: {
    bool accumulates = random.chance(70);
    llvm::SmallVector<RegionId, 3> from = {left, right};
    if (accumulates)
      from.push_back(acc);
    NodeId mad = b.access(Pipe::M, from, {acc}, accumulates ? "tmatmul.acc" : "tmatmul");
    b.program[mad].accumulates = accumulates;
    break;
  }
  case 6:
    b.access(Pipe::FIX, {acc}, {global()}, "tstore");
    break;
  case 7:
    b.access(Pipe::FIX, {acc}, {mat}, "tmov");
    break;
  case 8:
    b.access(Pipe::S, {global()}, {}, "scalar load");
    break;
  default:
    b.access(Pipe::MTE3, {mat}, {global()}, "tstore mat");
    break;
  }
}

/// What a user might have written: correct in itself, neither complete nor needed.
void Generator::handWritten() {
  unsigned dice = random.below(100);
  if (dice < 50) {
    static constexpr Pipe all[] = {Pipe::V,    Pipe::M,   Pipe::MTE1, Pipe::MTE2,
                                   Pipe::MTE3, Pipe::FIX, Pipe::ALL};
    llvm::SmallVector<Pipe, 8> legal;
    for (Pipe pipe : all)
      if (coreHasPipe(shape.core, pipe, shape.arch) && barrierIsLegal(pipe, shape.arch))
        legal.push_back(pipe);
    b.barrier(random.pick(llvm::ArrayRef<Pipe>(legal)));
  } else if (dice < 60) {
    b.plain(NodeKind::Fence);
  } else if (loops.empty() && handIds == 0) {
    // Top level only and once: a repeated hand-written key may break C3 beyond repair.
    ++handIds;
    bool isVector = shape.core == CoreKind::Vector;
    Pipe from = isVector ? Pipe::V : Pipe::M, to = isVector ? Pipe::MTE3 : Pipe::FIX;
    EventId id{int32_t(shape.eventIds) - 1};
    bool guarded = random.chance(40); // by one condition
    Condition condition;
    condition.value = 0;
    auto flag = [&](bool sets) {
      if (guarded)
        b.openBranch(condition);
      if (sets)
        b.set(from, to, id);
      else
        b.wait(from, to, id);
      if (!guarded)
        return;
      b.nextArm();
      b.close();
    };
    flag(true);
    if (random.chance(60))
      access();
    flag(false);
  }
}

void Generator::access() {
  if (shape.publishes && random.chance(10))
    b.plain(NodeKind::Publish);
  else if (shape.core == CoreKind::Vector)
    vectorAccess();
  else
    cubeAccess();
}

/// Ping in one arm, pong in the other, by the counter of a loop around.
void Generator::turnAbout(unsigned count, unsigned depth) {
  Turns outer = b.turns;
  Condition condition;
  condition.turns = {recentLoop(), 2, uint16_t(random.below(2))};
  b.openBranch(condition);
  b.turns = condition.turns;
  unsigned first = random.between(1, count);
  statements(first, depth - 1);
  b.nextArm();
  b.turns.residue = 1 - b.turns.residue;
  statements(count - first, depth - 1);
  b.close();
  b.turns = outer;
}

void Generator::statements(unsigned count, unsigned depth) {
  while (count > 0) {
    unsigned dice = random.below(100), taken = 1;
    if (depth > 0 && count >= 2 && dice < 25) {
      taken = random.between(1, count);
      bool constant = random.chance(25);
      std::optional<int64_t> trip;
      if (constant)
        trip = random.pick<int64_t>({3, 3, 1, 2, 0});
      bool endsInside = !constant && random.chance(20);
      loops.push_back(endsInside ? b.openWhile() : b.openLoop(trip, random.chance(15) ? 1 : 0));
      unsigned before = endsInside ? random.below(taken + 1) : taken;
      statements(before, depth - 1);
      if (endsInside)
        b.leave();
      statements(taken - before, depth - 1);
      loops.pop_back();
      b.close();
    } else if (depth > 0 && count >= 2 && dice < 35) {
      taken = random.between(1, count);
      if (!loops.empty() && random.chance(30)) {
        turnAbout(taken, depth);
        count -= taken;
        continue;
      }
      b.openBranch();
      statements(taken, depth - 1);
      for (unsigned more = random.chance(20) ? 2 : 1; more > 0; --more) {
        b.nextArm();
        statements(random.below(3), depth - 1);
      }
      b.close();
    } else {
      if (shape.handWritten && random.chance(15))
        handWritten();
      access();
    }
    count -= taken;
  }
}

Program judge::randomProgram(Random &random, const Shape &shape) {
  return Generator(random, shape).run();
}

RegionId judge::randomRegion(Builder &b, Random &random, llvm::ArrayRef<NodeId> loops) {
  Region region;
  region.space = random.chance(50) ? Space::GM : Space::Vec;
  region.offset.constant = random.between(-4, 12) * 4;
  region.run = 4 * random.between(1, 4);
  for (unsigned dims = random.below(3); dims > 0; --dims)
    region.dims.push_back({random.between(1, 3), random.pick<int64_t>({4, 8, 16, 32, -8})});
  for (NodeId loop : loops)
    if (random.chance(45))
      region.offset.terms.push_back({loop, random.pick<int64_t>({4, 8, 12, 16, 32, -8, -16})});
  if (random.chance(35)) {
    region.rotation.count = random.between(2, 4);
    region.rotation.stride = random.pick<int64_t>({4, 8, 16, 32});
    region.rotation.add = random.between(-2, 5);
    if (random.chance(85))
      region.rotation.loop = random.pick(loops);
  }
  if (random.chance(15))
    region.offset.symbol = random.below(2);
  region.offset.known = !random.chance(8);
  return b.region(std::move(region));
}
