//===- InsertTest.cpp - Is what is missing added, and nothing else? --------===//

#include "Kernels.h"
#include "RandomProgram.h"
#include "SynchronisedTest.h"
#include "ptoas/Sync/Check.h"
#include "llvm/ADT/STLExtras.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;
using ::testing::Contains;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

namespace {

/// "MTE2>V" or "bar(V)" or "fence" for each item that was inserted into one list; a handoff counts
/// by its sets.
std::vector<std::string> insertedIn(const Program &program, const std::vector<NodeId> &list) {
  std::vector<std::string> items;
  for (NodeId id : list) {
    const Node &node = program[id];
    if (!node.inserted)
      continue;
    if (node.kind == NodeKind::Set)
      items.push_back(name(node.key.from).str() + ">" + name(node.key.to).str());
    else if (node.kind == NodeKind::Barrier)
      items.push_back("bar(" + name(node.pipe).str() + ")");
    else if (node.kind == NodeKind::Fence)
      items.push_back("fence");
  }
  return items;
}

std::vector<std::string> insertedIn(const Program &program) {
  return insertedIn(program, program.top);
}

const std::vector<NodeId> &bodyOf(const Program &program, NodeKind kind) {
  for (const Node &node : program.nodes)
    if (node.kind == kind)
      return node.arms[0];
  return program.top;
}

unsigned countInserted(const Program &program) {
  return llvm::count_if(program.nodes, [](const Node &node) { return node.inserted; });
}

//===----------------------------------------------------------------------===//
// Kernels of known answer
//===----------------------------------------------------------------------===//

TEST(InsertTest, RingStep) {
  Program p = synchronised(ringStep(Tail::Nothing));
  EXPECT_THAT(insertedIn(p), UnorderedElementsAre("MTE2>MTE3", "MTE3>MTE2", "bar(ALL)"));
  EXPECT_EQ(countInserted(p), 5u);
  auto position = [&](NodeKind kind, Pipe from) {
    return llvm::find_if(p.top,
                         [&](NodeId id) {
                           return p[id].kind == kind &&
                                  (kind == NodeKind::Macro || p[id].key.from == from);
                         }) -
           p.top.begin();
  };
  EXPECT_LT(position(NodeKind::Wait, Pipe::MTE3), position(NodeKind::Macro, Pipe::S));
  for (NodeId id : p.top)
    if (p[id].kind == NodeKind::Set)
      EXPECT_NE(p[id].key.id.base, 0) << "TPUT uses id 0 itself (C5)";
  EXPECT_EQ(p[p.top.back()].pipe, Pipe::ALL);
}

TEST(InsertTest, AfterRingStep) {
  // TPUT's last wait tells MTE2 that the store is complete (sync 9).
  EXPECT_EQ(countInserted(synchronised(ringStep(Tail::Load))), 5u);
  EXPECT_THAT(insertedIn(synchronised(ringStep(Tail::Scalar))),
              UnorderedElementsAre("MTE2>MTE3", "MTE3>MTE2", "MTE3>S", "bar(ALL)"));
  EXPECT_THAT(insertedIn(synchronised(ringStep(Tail::Store))),
              UnorderedElementsAre("MTE2>MTE3", "MTE3>MTE2", "bar(MTE3)", "bar(ALL)"));
  // C8: TPUT's load is drained by MTE2>S, and its store with it, since MTE2 has waited for it.
  EXPECT_THAT(insertedIn(synchronised(ringStep(Tail::Notify))),
              UnorderedElementsAre("MTE2>MTE3", "MTE3>MTE2", "MTE2>S", "fence", "bar(ALL)"));
}

TEST(InsertTest, GetMirror) {
  // Users of the staging tile before the call, and V on it after the call; a load of dst after it
  // needs nothing.
  std::vector<std::string> items = insertedIn(synchronised(getMirror(Tail::Nothing)));
  EXPECT_THAT(items, UnorderedElementsAre("MTE2>V", "V>MTE3", "MTE3>MTE2", "MTE3>V", "bar(ALL)"));
  EXPECT_THAT(insertedIn(synchronised(getMirror(Tail::Load))),
              ::testing::UnorderedElementsAreArray(items));
  std::vector<std::string> scalar = insertedIn(synchronised(getMirror(Tail::Scalar)));
  EXPECT_TRUE(llvm::is_contained(scalar, "MTE3>S"));
}

TEST(InsertTest, ThreeSlots) {
  for (unsigned delay : {1, 2, 3}) {
    InsertOptions options;
    options.maxDelay = delay;
    Program p = synchronised(threeSlot(), options);
    EXPECT_THAT(insertedIn(p, bodyOf(p, NodeKind::Loop)),
                UnorderedElementsAre("MTE2>V", "V>MTE3", "MTE3>MTE2", "bar(V)"));
  }
  Program a5 = synchronised(threeSlot(std::nullopt, Arch::A5));
  EXPECT_THAT(insertedIn(a5, bodyOf(a5, NodeKind::Loop)),
              UnorderedElementsAre("MTE2>V", "V>MTE3", "MTE3>MTE2"));
}

TEST(InsertTest, Gemm) {
  Program p = synchronised(gemm());
  const std::vector<NodeId> &outer = bodyOf(p, NodeKind::Loop);
  NodeId inner = *llvm::find_if(outer, [&](NodeId id) { return p[id].kind == NodeKind::Loop; });
  // One MTE1>MTE2 tells that both operands were taken: as fast as one for each.
  EXPECT_THAT(insertedIn(p, p[inner].arms[0]),
              UnorderedElementsAre("MTE2>MTE1", "MTE2>MTE1", "MTE1>MTE2", "MTE1>M", "M>MTE1"));
}

// What only the arm that stores needs stands in the arm; both arms of what both need share it. The
// search is off: in large programs it is the solver that does this.
TEST(InsertTest, WhatOneArmNeedsStandsThere) {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId tile = b.tile(Space::Vec, 0, 64), sum = b.tile(Space::Vec, 64, 64);
  b.openLoop();
  b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {tile});
  NodeId both = b.openBranch();
  b.access(Pipe::V, {tile, sum}, {sum});
  b.nextArm();
  b.access(Pipe::V, {tile}, {sum});
  b.close();
  NodeId one = b.openBranch();
  b.access(Pipe::MTE3, {sum}, {b.global(out, 0, 64)});
  b.nextArm();
  b.close();
  b.close();
  InsertOptions options;
  options.searchSteps = 0;
  Program p = synchronised(b.program, options);
  EXPECT_THAT(insertedIn(p, p[one].arms[0]), Contains("V>MTE3"));
  EXPECT_TRUE(p[one].arms[1].empty());
  const std::vector<NodeId> &body = bodyOf(p, NodeKind::Loop);
  EXPECT_THAT(insertedIn(p, body), Contains("MTE2>V"));
  EXPECT_THAT(insertedIn(p, body), Not(Contains("V>MTE3")));
  EXPECT_THAT(insertedIn(p, p[both].arms[1]), Not(Contains("MTE2>V")));
}

TEST(InsertTest, AllKernels) {
  for (const NamedKernel &kernel : allKernels()) {
    SCOPED_TRACE(kernel.name);
    InsertStats stats = insert(kernel.program).stats;
    EXPECT_EQ(stats.barrierAll, 1u) << "only the one at the exit";
    synchronised(kernel.program);
  }
}

TEST(InsertTest, FullBarriers) {
  InsertOptions options;
  options.fullBarriers = true;
  EXPECT_THAT(
      insertedIn(synchronised(ringStep(Tail::Notify), options)),
      UnorderedElementsAre("bar(ALL)", "bar(ALL)", "bar(ALL)", "bar(ALL)", "fence", "bar(ALL)"));
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    expectRight(insert(randomProgram(random, randomShape(random)), options).program, seed);
  }
}

//===----------------------------------------------------------------------===//
// Publication and exit
//===----------------------------------------------------------------------===//

TEST(InsertTest, PublicationDrainsWhatTouchedMemory) {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId u = b.tile(Space::Vec, 0, 64, "u"), v = b.tile(Space::Vec, 64, 64, "v");
  b.access(Pipe::V, {v}, {v}, "tadd");
  b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {u}, "tload");
  b.plain(NodeKind::Publish);
  b.access(Pipe::MTE3, {v}, {b.global(out, 0, 64)}, "tstore");
  b.plain(NodeKind::Publish);
  b.plain(NodeKind::Publish);
  Program p = synchronised(b.program);
  // The load may be of a buffer that the signal frees; V touches no memory that others see; the
  // second signal finds all done.
  EXPECT_THAT(insertedIn(p),
              UnorderedElementsAre("MTE2>S", "V>MTE3", "MTE3>S", "fence", "bar(ALL)"));
}

TEST(InsertTest, Exit) {
  Program withBarrier = ringStep(Tail::Nothing);
  Node barrier;
  barrier.kind = NodeKind::Barrier;
  barrier.pipe = Pipe::ALL;
  withBarrier.top.push_back(withBarrier.add(barrier));
  EXPECT_EQ(insert(withBarrier).stats.barrierAll, 0u) << "the one that is there does";
  InsertOptions helper;
  helper.exitBarrier = false;
  EXPECT_EQ(insert(ringStep(Tail::Nothing), helper).stats.barrierAll, 0u);
}

//===----------------------------------------------------------------------===//
// Hand-written synchronisation
//===----------------------------------------------------------------------===//

/// A double buffer with the flags of its author, who may have forgotten one direction.
Program handWritten(bool withReuse) {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  if (withReuse)
    for (int32_t id : {0, 1})
      b.set(Pipe::MTE3, Pipe::MTE2, {id});
  NodeId loop = b.openLoop();
  EventId slot{0, 2, loop, 0};
  RegionId tile = b.tile(Space::Vec, 0, 64, "tile", {2, 0, loop, 0});
  if (withReuse)
    b.wait(Pipe::MTE3, Pipe::MTE2, slot);
  b.access(Pipe::MTE2, {b.global(in, 0, 64, loop, 64)}, {tile}, "tload");
  b.handoff(Pipe::MTE2, Pipe::MTE3, slot);
  b.access(Pipe::MTE3, {tile}, {b.global(out, 0, 64, loop, 64)}, "tstore");
  if (withReuse)
    b.set(Pipe::MTE3, Pipe::MTE2, slot);
  b.close();
  if (withReuse)
    for (int64_t add : {0, 1})
      b.wait(Pipe::MTE3, Pipe::MTE2, {0, 2, loop, add});
  return std::move(b.program);
}

TEST(InsertTest, HandWrittenFlagsAreUsed) {
  EXPECT_EQ(countInserted(synchronised(handWritten(true))), 1u) << "only the exit";
  Program p = synchronised(handWritten(false));
  EXPECT_THAT(insertedIn(p, bodyOf(p, NodeKind::Loop)), UnorderedElementsAre("MTE3>MTE2"));
}

TEST(InsertTest, SecondTimeAddsNothing) {
  for (const NamedKernel &kernel : allKernels()) {
    Program once = insert(kernel.program).program;
    EXPECT_EQ(insert(once).program.nodes.size(), once.nodes.size()) << kernel.name;
  }
}

// Two library calls leave rings of ids behind that hold id 0 both, which a third one goes on with.
TEST(InsertTest, SecondTimeAddsNothingBehindTwoRings) {
  Builder b;
  uint32_t g = b.root("g"), h = b.root("h"), k = b.root("k");
  addPingPongPut(b, g, k, 0, 64);
  addPingPongPut(b, h, k, 0, 64);
  RegionId tile = b.tile(Space::Vec, 512, 64);
  b.openLoop();
  b.access(Pipe::V, {}, {tile});
  addGet(b, b.global(k, 128, 64), b.global(g, 192, 64), tile);
  b.close();
  Program once = synchronised(b.program);
  EXPECT_EQ(insert(once).program.nodes.size(), once.nodes.size());
}

TEST(InsertTest, OldNodesStay) {
  Program before = gemm();
  Program after = insert(before).program;
  ASSERT_GT(after.nodes.size(), before.nodes.size());
  for (NodeId id = 0; id < after.nodes.size(); ++id) {
    EXPECT_EQ(after[id].inserted, id >= before.nodes.size());
    if (!after[id].inserted)
      EXPECT_EQ(after[id].label, before[id].label);
  }
  std::vector<NodeId> kept = after.top;
  llvm::erase_if(kept, [&](NodeId id) { return after[id].inserted; });
  EXPECT_EQ(kept, before.top);
}

TEST(InsertTest, NothingGoesIntoMacros) {
  Program p = synchronised(ringStep(Tail::Scalar));
  for (NodeId id : bodyOf(p, NodeKind::Macro))
    EXPECT_FALSE(p[id].inserted);
}

//===----------------------------------------------------------------------===//
// Reasons
//===----------------------------------------------------------------------===//

TEST(InsertTest, Reasons) {
  for (const NamedKernel &kernel : allKernels()) {
    Program p = insert(kernel.program).program;
    for (const Node &node : p.nodes) {
      if (!node.inserted)
        continue;
      ASSERT_FALSE(node.reasons.empty()) << kernel.name;
      for (const Reason &reason : node.reasons) {
        EXPECT_EQ(reason.kind == Reason::Exit, &node == &p[p.top.back()]) << kernel.name;
        if (reason.kind == Reason::Order)
          EXPECT_TRUE(reason.earlier != none && reason.later != none && reason.region != none);
        EXPECT_EQ(reason.distance > 0, reason.loop != none);
      }
    }
  }
  Program p = insert(ringStep(Tail::Nothing)).program;
  NodeId set = *llvm::find_if(p.top, [&](NodeId id) {
    return p[id].kind == NodeKind::Set && p[id].key.from == Pipe::MTE3;
  });
  const Reason &reason = p[set].reasons.front();
  EXPECT_EQ(p[reason.earlier].label, "tstore");
  EXPECT_EQ(p[reason.later].label, "tput load");
}

//===----------------------------------------------------------------------===//
// Properties
//===----------------------------------------------------------------------===//

TEST(InsertTest, RandomPrograms) {
  InsertStats sum;
  unsigned lastRungs = 0;
  constexpr unsigned programs = 600;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Program program = randomProgram(random, randomShape(random));
    InsertOptions options;
    options.maxDelay = 1 + seed % 3;
    options.strongFlags = seed % 5 != 0;
    InsertResult result = insert(program, options);
    expectRight(result.program, seed, options.strongFlags);
    lastRungs += result.stats.lastRung;
    sum.handoffs += result.stats.handoffs;
    sum.barriers += result.stats.barriers;
    if (!result.stats.lastRung)
      EXPECT_EQ(insert(result.program, options).program.nodes.size(), result.program.nodes.size());
    if (::testing::Test::HasFailure())
      return;
  }
  EXPECT_GT(sum.handoffs, programs);
  EXPECT_GT(sum.barriers, programs / 4);
  EXPECT_LE(lastRungs, programs / 100);
}

TEST(InsertTest, RepairsWhatWasDeleted) {
  for (uint64_t seed = 1000; seed < 1200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Program whole = insert(randomProgram(random, randomShape(random))).program;
    for (const std::vector<NodeId> &item : deletableItems(whole, seed))
      expectRight(insert(without(whole, item)).program, seed);
    if (::testing::Test::HasFailure())
      return;
  }
}

TEST(InsertTest, SameInputSameOutput) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    Program program = randomProgram(random, randomShape(random));
    std::string first = listing(insert(program).program);
    for (unsigned run = 0; run < 3; ++run)
      EXPECT_EQ(listing(insert(program).program), first);
  }
}

//===----------------------------------------------------------------------===//
// Growth
//===----------------------------------------------------------------------===//

/// load, load, add, store over 8 slots of 3 tiles.
Program groups(unsigned operations, unsigned depth, std::optional<int64_t> trip = {}) {
  Builder b;
  uint32_t x = b.root("x"), y = b.root("y"), z = b.root("z");
  for (unsigned i = 0; i < depth; ++i)
    b.openLoop(trip);
  for (unsigned i = 0; i < operations / 4; ++i) {
    auto tile = [&](unsigned n) { return b.tile(Space::Vec, 256 * (i % 8 * 3 + n), 256); };
    b.access(Pipe::MTE2, {b.global(x, 256 * i, 256)}, {tile(0)}, "tload");
    b.access(Pipe::MTE2, {b.global(y, 256 * i, 256)}, {tile(1)}, "tload");
    b.access(Pipe::V, {tile(0), tile(1)}, {tile(2)}, "tadd");
    b.access(Pipe::MTE3, {tile(2)}, {b.global(z, 256 * i, 256)}, "tstore");
  }
  for (unsigned i = 0; i < depth; ++i)
    b.close();
  return std::move(b.program);
}

TEST(InsertTest, VisitsGrowLinearly) {
  for (unsigned depth : {0, 1, 2}) {
    uint64_t small = insert(groups(1600, depth)).stats.visits;
    InsertStats large = insert(groups(6400, depth)).stats;
    EXPECT_LE(large.visits, 5 * small) << depth;
    EXPECT_EQ(large.merged, 0u) << "8 slots need 8 ids: circular arcs fit exactly";
    EXPECT_EQ(large.barrierAll, 1u);
  }
}

TEST(InsertTest, NestsCostLittleMoreThanOneLoop) {
  InsertResult one = insert(groups(1600, 1, 16)), eight = insert(groups(1600, 8, 16));
  // Every loop is walked alone; around it only its outline counts (sync 13.1).
  EXPECT_LE(eight.stats.visits, one.stats.visits + one.stats.visits / 3);
  EXPECT_EQ(eight.stats.merged, 0u);
  EXPECT_EQ(eight.stats.inLoops, 0u);
  // The checker has all levels in view: some turns more for each loop around.
  EXPECT_LE(check(one.program).sweeps, 4u);
  EXPECT_LE(check(eight.program).sweeps, 8u * 8);
}

} // namespace
