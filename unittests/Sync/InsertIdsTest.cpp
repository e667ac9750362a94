//===- InsertIdsTest.cpp - Delays, ids, and what happens without them ------===//

#include "Kernels.h"
#include "SynchronisedTest.h"
#include "llvm/ADT/STLExtras.h"
#include <gmock/gmock.h>
#include <set>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

TEST(InsertIdsTest, DoubleBufferKeepsBothSlotsBusy) {
  auto delayOf = [](unsigned most) {
    InsertOptions options;
    options.maxDelay = most;
    Program p = synchronised(vectorAdd(2), options);
    return llvm::count_if(
        p.top, [&](NodeId id) { return p[id].kind == NodeKind::Set && p[id].key.from == Pipe::V; });
  };
  EXPECT_EQ(delayOf(1), 1);
  EXPECT_EQ(delayOf(2), 2) << "two primes: the load of the other slot need not wait";
  EXPECT_EQ(delayOf(8), 2) << "never more than the distance";
}

/// n loads to n tiles, each used by V: tokens go one way only.
Program oneWay(unsigned n, bool inLoop) {
  Builder b;
  uint32_t in = b.root("in");
  if (inLoop)
    b.openLoop();
  for (unsigned i = 0; i < n; ++i) {
    RegionId tile = b.tile(Space::Vec, 64 * i, 64);
    b.access(Pipe::MTE2, {b.global(in, 64 * i, 64)}, {tile}, "tload");
    b.access(Pipe::V, {tile}, {tile}, "tadd");
  }
  if (inLoop)
    b.close();
  return std::move(b.program);
}

TEST(InsertIdsTest, Credits) {
  InsertStats stats = insert(oneWay(100, false)).stats;
  EXPECT_EQ(stats.credits, 23u) << "one per half ring of 8 ids";
  EXPECT_EQ(stats.barrierAll, 1u);
  synchronised(oneWay(100, false));
  InsertOptions weak;
  weak.strongFlags = false;
  EXPECT_EQ(insert(oneWay(100, false), weak).stats.credits, 0u);
  synchronised(oneWay(100, false), weak);
}

/// The ids of the sets of one pair in program order.
std::vector<int32_t> idsOf(const Program &program, Pipe from, Pipe to) {
  std::vector<int32_t> ids;
  for (NodeId id : program.top)
    if (const Node &node = program[id];
        node.kind == NodeKind::Set && node.key.from == from && node.key.to == to)
      ids.push_back(node.key.id.base);
  return ids;
}

TEST(InsertIdsTest, ThreeIdsSufficeWhereOldTokensAreKnownToBeGone) {
  TwoTiles t;
  for (unsigned i = 0; i < 20; ++i) { // back and forth on one tile
    t.load(t.x);
    t.add(t.x, t.x);
  }
  for (auto [from, to] : {std::pair(Pipe::MTE2, Pipe::V), {Pipe::V, Pipe::MTE2}}) {
    std::vector<int32_t> ids = idsOf(synchronised(t.b.program), from, to);
    EXPECT_EQ(llvm::adjacent_find(ids), ids.end()) << "the one that rested longest";
    EXPECT_THAT(std::set(ids.begin(), ids.end()), ::testing::ElementsAre(0, 1, 2));
    InsertOptions weak;
    weak.strongFlags = false;
    ids = idsOf(synchronised(t.b.program, weak), from, to);
    EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 8u) << "nothing is known: all of them";
  }
  std::vector<int32_t> ids = idsOf(synchronised(oneWay(8, false)), Pipe::MTE2, Pipe::V);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 8u) << "no reuse is known to be safe";
}

TEST(InsertIdsTest, ManyCarriedHandoffsAreMerged) {
  for (unsigned n : {40, 100}) {
    InsertStats stats = insert(oneWay(n, true)).stats;
    EXPECT_GT(stats.merged, 0u);
    EXPECT_EQ(stats.barrierAll, 1u);
    synchronised(oneWay(n, true));
  }
}

TEST(InsertIdsTest, FewIds) {
  for (unsigned ids : {1, 2, 3})
    for (const NamedKernel &kernel : allKernels()) {
      SCOPED_TRACE(kernel.name);
      Program program = kernel.program;
      program.eventIds = ids;
      expectRight(insert(program).program);
    }
}

/// Few ids meet in loops that end inside, whose last iteration is only the beginning of one.
TEST(InsertIdsTest, FewIdsInLoopsThatEndInside) {
  TwoTiles
      again; // the last wait is one before the end, of an id whose token of before waits behind
  again.b.openLoop();
  again.b.openWhile();
  again.load(again.x);
  again.b.openLoop();
  again.load(again.y);
  again.add(again.y, again.y);
  again.b.close();
  again.b.leave();
  again.add(again.x, again.x);
  again.b.close();
  again.b.close();
  again.add(again.x, again.x);
  again.load(again.x);
  TwoTiles credit; // a wait directly before the end
  credit.load(credit.x);
  credit.b.openWhile();
  credit.add(credit.x, credit.x);
  credit.b.leave();
  credit.load(credit.y);
  credit.add(credit.y, credit.y);
  credit.load(credit.y);
  credit.b.close();
  for (const Program &input : {again.b.program, credit.b.program})
    for (unsigned ids : {1, 2, 3}) {
      Program program = input;
      program.eventIds = ids;
      InsertResult result = insert(program);
      expectRight(result.program);
      EXPECT_EQ(result.stats.inLoops, 0u);
    }
}

/// Merged handoffs of a trial that was taken back say nothing about the next one.
TEST(InsertIdsTest, FewIdsInNests) {
  Builder cube(CoreKind::Cube);
  RegionId acc = cube.tile(Space::Acc, 0, 128);
  cube.openLoop(1);
  NodeId middle = cube.openLoop();
  cube.openLoop();
  NodeId chain = cube.access(Pipe::M, {}, {acc}, "tmatmul.acc");
  cube.program[chain].accumulates = true;
  cube.close();
  NodeId inner = cube.openLoop(3);
  cube.access(Pipe::M, {cube.tile(Space::Right, 0, 64, "", {2, 64, inner, 1})},
              {cube.tile(Space::Acc, 0, 64, "", {2, 64, middle, 0})}, "tmatmul");
  cube.access(Pipe::MTE1, {}, {cube.tile(Space::Right, 0, 64, "", {2, 64, inner, 0})}, "textract");
  cube.close();
  cube.close();
  cube.close();
  Builder vector;
  uint32_t g = vector.root("g");
  NodeId outer = vector.openLoop();
  vector.openLoop();
  vector.access(Pipe::V, {}, {vector.tile(Space::Vec, 0, 64, "", {3, 64, outer, 1})}, "tadd");
  vector.close();
  vector.openBranch();
  vector.access(Pipe::MTE2, {}, {vector.tile(Space::Vec, 0, 64, "", {3, 64, outer, 0})}, "tload");
  vector.nextArm();
  vector.nextArm();
  vector.close();
  vector.openLoop(3);
  vector.access(Pipe::MTE3, {}, {vector.global(g, 0, 64, outer, 64)}, "tstore");
  vector.access(Pipe::MTE2, {vector.global(g, 64, 64)}, {}, "tload");
  vector.close();
  vector.close();
  vector.openBranch();
  vector.access(Pipe::MTE2, {}, {}, "tload");
  vector.nextArm();
  vector.access(Pipe::V, {}, {vector.tile(Space::Vec, 0, 64)}, "tadd");
  vector.close();
  for (const Program &input : {cube.program, vector.program})
    for (unsigned ids : {1, 2, 3, 4})
      for (unsigned delay : {1, 2, 3})
        for (uint64_t steps : {uint64_t(0), InsertOptions().searchSteps}) {
          Program program = input;
          program.eventIds = ids;
          InsertOptions options;
          options.maxDelay = delay;
          options.searchSteps = steps;
          expectRight(insert(program, options).program);
        }
}

TEST(InsertIdsTest, DrainsWhereIdsRunShort) {
  Builder b(CoreKind::Cube);
  b.program.eventIds = 1;
  RegionId mat = b.tile(Space::Mat, 0, 64), left = b.tile(Space::Left, 0, 64);
  RegionId right = b.tile(Space::Right, 0, 64), acc = b.tile(Space::Acc, 0, 64);
  b.openLoop();
  b.access(Pipe::MTE1, {mat}, {left}, "textract");
  b.access(Pipe::MTE1, {mat}, {right}, "textract");
  b.access(Pipe::M, {left}, {acc}, "tmatmul");
  b.access(Pipe::M, {left, right}, {acc}, "tmatmul");
  b.access(Pipe::FIX, {acc}, {mat}, "tmov");
  b.close();
  InsertResult result = insert(b.program);
  expectRight(result.program);
  EXPECT_EQ(result.stats.inLoops, 0u);
  for (const Node &node : result.program.nodes) // MTE1 goes by way of M
    EXPECT_FALSE(node.kind == NodeKind::Set && node.key.from == Pipe::MTE1 &&
                 node.key.to == Pipe::S);
}
