//===- RandomKept.cpp - Nests with flags that somebody wrote by hand -------===//

#include "RandomProgram.h"
#include <functional>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
/// A nest whose inner loops move slots from MTE2 to V and on to MTE3. Flags are kept over outer
/// loops, or stand as handoffs somewhere in the body; branches choose by turns, by the ends of a
/// loop or by nothing that is known; loops may end inside. Many of them are wrong.
class KeptGenerator {
public:
  explicit KeptGenerator(Random &random)
      : random(random), b(CoreKind::Vector, random.chance(85) ? Arch::A5 : Arch::A3) {
    b.root("in");
    b.root("out");
    odd = random.pick({0, 0, 4, 12});
    slots = random.pick({1, 2, 2, 2, 3, 4});
    ids = random.chance(85) ? slots : random.pick({1, 2, 3});
    stores = random.chance(40);
    outSlots = random.pick({1, 2, 2, 3});
    outIds = random.chance(80) ? outSlots : random.pick({1, 2});
    byArms = slots == 2 && random.chance(40);
    isSoup = random.chance(35);
    runsOn = random.chance(40);
  }

  Program run() {
    unsigned depth = random.pick({2, 2, 2, 3});
    keptAt = isSoup ? 0 : random.pick({0, 0, 0, 1});
    if (runsOn)
      running = b.program.addCounter(none, {}, "turns");
    nest(depth, 0);
    if (random.chance(20))
      epilogue();
    b.barrier(Pipe::ALL);
    b.program.closeCounters();
    return std::move(b.program);
  }

private:
  Random &random;
  Builder b;
  uint32_t slots, ids, outSlots, outIds;
  unsigned odd; ///< percent: this turns or stands otherwise than it should
  bool stores, byArms, isSoup;
  bool runsOn; ///< one number for all inner loops
  NodeId running = none;
  unsigned keptAt = 0;
  std::vector<NodeId> loops;

  NodeId open(bool isInner) {
    unsigned kind = random.below(10);
    if (kind < (isInner && runsOn ? 1 : 3))
      return b.openWhile();
    if (kind < 5)
      return b.openLoop(random.pick<int64_t>({1, 2, 3, 4, 5, 6}));
    return b.openLoop(std::nullopt, random.chance(20) ? 1 : 0);
  }
  /// The number that slots and ids turn with.
  NodeId counter() {
    if (runsOn && !random.chance(odd))
      return running;
    return !random.chance(odd) ? loops.back() : loops[random.below(loops.size())];
  }
  RegionId slot(int64_t place, uint32_t count) {
    if (count == 1 || random.chance(odd / 2))
      return b.tile(Space::Vec, place, 64);
    return b.tile(Space::Vec, place, 64, "", {count, 64, counter(), random.chance(odd)});
  }
  EventId eventId(uint32_t count) {
    if (count == 1)
      return {0};
    return {0, count, counter(), random.chance(odd)};
  }
  void ring(Pipe from, Pipe to, uint32_t count, bool sets) {
    for (uint32_t id = 0; id < count; ++id)
      sets ? b.set(from, to, {int32_t(id)}) : b.wait(from, to, {int32_t(id)});
  }
  void rings(bool sets) {
    if (isSoup)
      return;
    ring(Pipe::V, Pipe::MTE2, byArms ? 2 : ids, sets);
    if (stores)
      ring(Pipe::MTE3, Pipe::V, outIds, sets);
  }

  /// The body of an inner loop piece by piece, so that it may end between any two.
  using Piece = std::function<void()>;
  std::vector<Piece> pieces() {
    std::vector<Piece> list;
    auto add = [&](Piece piece) { list.push_back(std::move(piece)); };
    RegionId in = b.global(0, 0, 64), out = b.global(1, 0, 64), sum = b.tile(Space::Vec, 4096, 64);
    uint32_t arms = byArms ? 2 : 1;
    for (uint32_t arm = 0; arm < arms; ++arm) {
      RegionId tile = byArms ? b.tile(Space::Vec, 64 * arm, 64) : slot(0, slots);
      RegionId used = byArms || !random.chance(odd) ? tile : slot(0, slots);
      RegionId result = stores ? slot(1024, outSlots) : sum;
      EventId id = byArms ? EventId{int32_t(arm)} : eventId(ids);
      EventId outId = eventId(outIds);
      auto inArm = [&, arm](Piece piece) {
        if (!byArms)
          return add(piece);
        NodeId turning = counter();
        add([=, this] {
          b.turns = {turning, 2, uint16_t(arm)};
          Condition condition;
          condition.turns = b.turns;
          b.openBranch(condition);
          piece();
          b.nextArm();
          b.close();
          b.turns = {};
        });
      };
      if (!isSoup)
        inArm([=, this] { b.wait(Pipe::V, Pipe::MTE2, id); });
      inArm([=, this] { b.access(Pipe::MTE2, {in}, {tile}); });
      inArm([=, this] { b.handoff(Pipe::MTE2, Pipe::V, id); });
      if (stores && !isSoup)
        inArm([=, this] { b.wait(Pipe::MTE3, Pipe::V, outId); });
      inArm([=, this] { b.access(Pipe::V, {used}, {result}); });
      if (b.program.arch == Arch::A3)
        inArm([=, this] { b.barrier(Pipe::V); });
      if (stores) {
        inArm([=, this] { b.handoff(Pipe::V, Pipe::MTE3, outId); });
        inArm([=, this] { b.access(Pipe::MTE3, {result}, {out}); });
      }
      if (stores && !isSoup)
        inArm([=, this] { b.set(Pipe::MTE3, Pipe::V, outId); });
      if (!isSoup)
        inArm([=, this] { b.set(Pipe::V, Pipe::MTE2, id); });
    }
    return list;
  }

  Condition condition() {
    Condition result;
    unsigned kind = random.below(10);
    if (kind < 4 && !loops.empty())
      result.turns = {counter(), 2, uint16_t(random.below(2))};
    else if (kind < 6 && !loops.empty() && !b.program[loops.back()].endsInside)
      result.loop = loops.back(), result.first = random.chance(70), result.last = !result.first,
      result.inverted = random.chance(50);
    else if (kind < 7)
      result.value = 1;
    return result;
  }
  /// A handoff or barrier by itself, here or in a branch.
  void extra() {
    bool inBranch = random.chance(65);
    if (inBranch)
      b.openBranch(condition());
    auto [from, to] = random.pick<std::pair<Pipe, Pipe>>({{Pipe::V, Pipe::MTE2},
                                                          {Pipe::V, Pipe::MTE2},
                                                          {Pipe::MTE2, Pipe::V},
                                                          {Pipe::MTE3, Pipe::V},
                                                          {Pipe::V, Pipe::MTE3},
                                                          {Pipe::MTE3, Pipe::MTE2}});
    if (random.chance(8))
      b.barrier(Pipe::ALL);
    else
      b.handoff(from, to, {int32_t(random.between(5, 7))});
    if (inBranch) {
      b.nextArm();
      b.close();
    }
  }

  void inner(NodeId loop) {
    std::vector<Piece> list = pieces();
    bool endsInside = b.program[loop].endsInside;
    // Tokens on their way when it ends are rarely meant.
    size_t leave = isSoup || random.chance(10) ? random.below(list.size() + 1)
                                               : random.pick({size_t(0), list.size()});
    unsigned chance = isSoup ? 35 : 6;
    for (size_t at = 0; at <= list.size(); ++at) {
      if (random.chance(chance))
        extra();
      if (at == leave && endsInside)
        b.leave();
      if (random.chance(chance))
        extra();
      if (at < list.size())
        list[at]();
    }
  }

  void epilogue() {
    if (random.chance(70))
      b.handoff(Pipe::V, Pipe::MTE2, {7});
    b.access(Pipe::MTE2, {b.global(0, 0, 64)}, {b.tile(Space::Vec, 0, 64)});
    if (random.chance(80))
      b.handoff(Pipe::MTE2, Pipe::V, {7});
  }

  void nest(unsigned depth, unsigned level) {
    if (level == keptAt)
      rings(true);
    NodeId loop = open(depth == 1);
    loops.push_back(loop);
    Counter *number = runsOn ? &b.program.counters.front() : nullptr;
    if (number && number->over == none && level == keptAt)
      number->over = loop;
    if (number && depth == 1 && !b.program[loop].endsInside && !random.chance(odd / 2))
      number->loops.push_back(loop);
    if (depth == 1) {
      inner(loop);
    } else {
      bool endsInside = b.program[loop].endsInside, isBefore = random.chance(50);
      if (random.chance(12))
        extra();
      if (endsInside && !isBefore)
        b.leave();
      bool guarded = random.chance(25);
      if (guarded)
        b.openBranch(condition());
      nest(depth - 1, level + 1);
      if (guarded) {
        b.nextArm();
        if (random.chance(30))
          extra();
        b.close();
      }
      if (random.chance(25) && level + 1 != keptAt)
        nest(1, level + 1);
      if (random.chance(12))
        epilogue();
      if (endsInside && isBefore)
        b.leave();
      if (random.chance(isSoup ? 30 : 12))
        extra();
    }
    loops.pop_back();
    b.close();
    if (level == keptAt)
      rings(false);
  }
};
} // namespace

Program judge::randomKept(Random &random) { return KeptGenerator(random).run(); }
