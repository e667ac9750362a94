//===- KeepTest.cpp - Tokens that stay set between executions of a loop -----===//
//
// As vendors write their GEMM: flags are raised before all loops and taken back behind them.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"
#include "Campaign.h"
#include "Mutate.h"
#include "Oracle.h"
#include "ptoas/Sync/Check.h"
#include "ptoas/Sync/Insert.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
struct Knobs {
  bool flags = true;
  uint32_t slots = 2, ids = 2;
  int64_t loadAdd = 0;    ///< the load is that many slots ahead
  bool outerSlot = false; ///< slots turn with the outer loop
  bool epilogue = false;  ///< V comes back to slot 0 behind the inner loop
  std::optional<int64_t> trip = std::nullopt;
  bool runsOn = false;   ///< one number for all executions of the inner loop
  unsigned loops = 1;    ///< inner loops, one after the other
  int64_t secondAdd = 0; ///< slots and ids of the second turn with a number that far ahead
};

/// for o { for i { load slot i; use it } }, kept by hand.
Program nest(const Knobs &knobs) {
  Builder b;
  uint32_t in = b.root("in");
  auto primes = [&](bool sets) {
    for (uint32_t id = 0; knobs.flags && id < knobs.ids; ++id)
      sets ? b.set(Pipe::V, Pipe::MTE2, {int32_t(id)}) : b.wait(Pipe::V, Pipe::MTE2, {int32_t(id)});
  };
  primes(true);
  NodeId outer = b.openLoop();
  NodeId running = knobs.runsOn ? b.program.addCounter(outer, {}, "turns") : none;
  for (unsigned loop = 0; loop < knobs.loops; ++loop) {
    NodeId inner = b.openLoop(knobs.trip);
    if (knobs.runsOn)
      b.program.counters.front().loops.push_back(inner);
    NodeId number = knobs.runsOn ? running : inner;
    int64_t add = loop * knobs.secondAdd;
    EventId id{0, knobs.ids, knobs.ids > 1 ? number : none, add};
    Rotation ring{knobs.slots, 64, knobs.outerSlot ? outer : number, add}, ahead = ring;
    ahead.add += knobs.loadAdd;
    RegionId used = b.tile(Space::Vec, 0, 64, "t", ring);
    if (knobs.flags)
      b.wait(Pipe::V, Pipe::MTE2, id);
    b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {b.tile(Space::Vec, 0, 64, "t", ahead)}, "tload");
    if (knobs.flags)
      b.handoff(Pipe::MTE2, Pipe::V, id);
    b.access(Pipe::V, {used}, {b.tile(Space::Vec, 1024, 64, "r")}, "tadds");
    if (knobs.flags)
      b.set(Pipe::V, Pipe::MTE2, id);
    else
      b.barrier(Pipe::V); // it writes one tile each time
    b.close();
  }
  if (knobs.epilogue)
    b.access(Pipe::V, {b.tile(Space::Vec, 0, 64, "t")}, {b.tile(Space::Vec, 2048, 64, "s")},
             "tadds");
  b.close();
  primes(false);
  b.barrier(Pipe::ALL);
  b.program.closeCounters();
  return std::move(b.program);
}

/// Accepted and clean, or neither.
void expectVerdict(const Knobs &knobs, bool right, const char *what) {
  Program program = nest(knobs);
  // On V of a5 neighbours are in order: what is left are the flags.
  program.arch = Arch::A5;
  EXPECT_EQ(check(program).accepted(), right) << what << "\n" << listing(program);
  EXPECT_EQ(findViolation(program, 7, 200).has_value(), !right) << what << "\n" << listing(program);
}

unsigned waitsOutside(const Program &program, const std::vector<NodeId> &nodes, unsigned depth) {
  unsigned count = 0;
  for (NodeId id : nodes) {
    count += program[id].kind == NodeKind::Wait && depth == 1;
    for (const std::vector<NodeId> &arm : program[id].arms)
      count += waitsOutside(program, arm, depth + (program[id].kind == NodeKind::Loop));
  }
  return count;
}
} // namespace

TEST(SyncKeep, HandWritten) {
  expectVerdict({}, true, "two slots, two ids");
  expectVerdict({.slots = 3, .ids = 3}, true, "three slots, three ids");
  expectVerdict({.slots = 1, .ids = 1}, true, "one slot, one id");
  expectVerdict({.slots = 4, .ids = 2}, true, "two slots to an id");
  expectVerdict({.ids = 1}, true, "one id for both slots");
  expectVerdict({.trip = 5}, true, "an odd trip count");
  expectVerdict({.slots = 1, .ids = 2}, false, "one slot, two ids");
  expectVerdict({.slots = 3, .ids = 2}, false, "id and slot do not turn alike");
  expectVerdict({.loadAdd = 1}, false, "the slot of another id");
  expectVerdict({.outerSlot = true}, false, "a slot that stands still while ids turn");
  expectVerdict({.epilogue = true}, false, "V comes back behind the loop");
}

// `pingpong ^= 1`: the number goes on where the loop before left it.
TEST(SyncKeep, HandWrittenNumbersThatRunOn) {
  expectVerdict({.runsOn = true}, true, "two slots, two ids");
  expectVerdict({.slots = 3, .ids = 3, .runsOn = true}, true, "three slots, three ids");
  expectVerdict({.slots = 4, .ids = 2, .runsOn = true}, true, "two slots to an id");
  expectVerdict({.ids = 1, .runsOn = true}, true, "one id for both slots");
  expectVerdict({.trip = 3, .runsOn = true}, true, "an odd trip count");
  expectVerdict({.slots = 1, .ids = 2, .runsOn = true}, false, "one slot, two ids");
  expectVerdict({.loadAdd = 1, .runsOn = true}, false, "the slot of another id");
  expectVerdict({.outerSlot = true, .runsOn = true}, false, "a slot that stands still");
  expectVerdict({.epilogue = true, .runsOn = true}, false, "V comes back behind the loop");
}

// Loops one after the other that use one ring: each begins with slot 0, or where the last one
// ended.
TEST(SyncKeep, HandWrittenSiblings) {
  for (bool runsOn : {false, true}) {
    expectVerdict({.runsOn = runsOn, .loops = 2}, true, "two loops");
    expectVerdict({.runsOn = runsOn, .loops = 3}, true, "three loops");
    expectVerdict({.slots = 3, .ids = 3, .runsOn = runsOn, .loops = 2}, true, "three slots");
    expectVerdict({.trip = 5, .runsOn = runsOn, .loops = 2}, true, "odd trip counts");
    expectVerdict({.slots = 1, .ids = 1, .runsOn = runsOn, .loops = 2}, true, "one slot");
    expectVerdict({.runsOn = runsOn, .loops = 2, .secondAdd = 2}, true, "a whole turn ahead");
    expectVerdict({.loadAdd = 1, .runsOn = runsOn, .loops = 2}, false, "the slot of another id");
  }
  expectVerdict({.slots = 3, .ids = 2, .loops = 2}, false, "id and slot do not turn alike");
}

// Where the limit of work leaves parts of a program out, the words say so.
TEST(SyncKeep, LimitOfWork) {
  Program program = nest({});
  program.arch = Arch::A5;
  CheckOptions options;
  auto isLimit = [](const Finding &finding) { return finding.rule == Rule::Limit; };
  CheckResult result;
  for (options.mostVisits = 1;; ++options.mostVisits)
    if (result = check(program, options); llvm::none_of(result.findings, isLimit))
      break;
  ASSERT_FALSE(result.findings.empty());
  EXPECT_NE(result.findings[0].what.find(
                "; whether flags that stay set over outer loops order it was not looked at: the "
                "function has more of them than the limit of work allows"),
            std::string::npos)
      << result.findings[0].what;
}

// The tokens of the ring are kept, and each deletion is missed.
TEST(SyncKeep, InsertKeepsTokensOfARing) {
  for (Knobs knobs : {Knobs{.flags = false}, Knobs{.flags = false, .slots = 1, .ids = 1},
                      Knobs{.flags = false, .trip = 6}}) {
    Program bare = nest(knobs);
    InsertOptions options;
    Program kept = insert(bare, options).program;
    options.keepTokens = false;
    Program local = insert(bare, options).program;
    EXPECT_TRUE(check(kept).accepted()) << listing(kept);
    EXPECT_FALSE(findViolation(kept, 3, 200)) << listing(kept);
    EXPECT_EQ(waitsOutside(kept, kept.top, 0), 0u) << listing(kept);
    EXPECT_GT(waitsOutside(local, local.top, 0), 0u) << listing(local);
    EXPECT_LT(kept.nodes.size(), local.nodes.size());
    EXPECT_EQ(insert(kept).program.nodes.size(), kept.nodes.size()) << listing(kept);
    forEachMutant(kept, 1, 0, [&](const Mutant &mutant) {
      if (mutant.mutation == Mutation::DropFlag)
        EXPECT_FALSE(check(mutant.program).accepted()) << listing(mutant.program);
    });
  }
}

// Where V comes back to a slot behind the loop, the drain told MTE2 of it: nothing is kept.
TEST(SyncKeep, NothingIsKeptThatOthersRelyOn) {
  Program program = insert(nest({.flags = false, .epilogue = true})).program;
  EXPECT_TRUE(check(program).accepted());
  EXPECT_FALSE(findViolation(program, 3, 200)) << listing(program);
}

// A loop that ends inside need not end in an iteration of the slot: the wait for its token that
// stands before the end is not there then, and the first load of the next execution is not behind
// it. (In the weak reading: what C3 wants of these flags would tell of the slot as well.)
TEST(SyncKeep, AWhileLoopEndsWithAnotherSlot) {
  Builder b(CoreKind::Vector, Arch::A5);
  uint32_t in = b.root("in");
  auto ring = [&](bool sets) {
    for (int32_t id : {0, 1})
      sets ? b.set(Pipe::V, Pipe::MTE2, {id}) : b.wait(Pipe::V, Pipe::MTE2, {id});
  };
  ring(true);
  b.openLoop();
  NodeId inner = b.openWhile();
  EventId id{0, 2, inner, 0};
  RegionId tile = b.tile(Space::Vec, 0, 64, "t", {2, 64, inner, 0});
  b.access(Pipe::MTE2, {b.global(in, 0, 64)}, {tile}, "tload");
  b.wait(Pipe::V, Pipe::MTE2, id);
  b.set(Pipe::V, Pipe::MTE2, id);
  b.leave();
  b.handoff(Pipe::V, Pipe::MTE2, {6});
  b.handoff(Pipe::MTE2, Pipe::V, {0});
  b.access(Pipe::V, {tile}, {b.tile(Space::Vec, 1024, 64, "s")}, "tadds");
  b.wait(Pipe::V, Pipe::MTE2, id);
  b.set(Pipe::V, Pipe::MTE2, id);
  b.close();
  b.close();
  ring(false);
  b.barrier(Pipe::ALL);
  EXPECT_TRUE(findViolation(b.program, 7, 200, /*strongFlags=*/false)) << listing(b.program);
  EXPECT_FALSE(check(b.program, {.strongFlags = false}).accepted()) << listing(b.program);
}

// A ring of global memory has as many slots as anybody likes: they are not looked at one by one.
TEST(SyncKeep, RingsOfManySlots) {
  for (uint32_t slots : {70000u, 1u << 24}) {
    Builder b(CoreKind::Vector, Arch::A5);
    b.root("gm");
    b.openLoop();
    NodeId inner = b.openLoop();
    Region place;
    place.space = Space::GM;
    place.run = 64;
    place.rotation = {slots, 64, inner, 0};
    RegionId slot = b.region(place), tile = b.tile(Space::Vec, 0, 64, "t");
    b.access(Pipe::MTE2, {slot}, {tile}, "tload");
    b.handoff(Pipe::MTE2, Pipe::MTE3, {0});
    b.access(Pipe::MTE3, {tile}, {slot}, "tstore");
    b.close();
    b.close();
    b.barrier(Pipe::ALL);
    CheckResult result = check(b.program);
    EXPECT_FALSE(result.accepted());
    EXPECT_LT(result.sweeps, 200u);
    Program output = insert(b.program).program;
    EXPECT_TRUE(check(output).accepted());
  }
}

/// Its plan has one handoff that the search found, without which explain() looked at it last: ids
/// were given by facts that nobody had found (seen by the assertions of SmallVector).
TEST(SyncKeep, IdsGoByTheWholePlan) {
  Problem problem = randomProblem(4400028);
  EXPECT_TRUE(check(insert(problem.program, problem.options).program).accepted());
}
