//===- PartNumbersTest.cpp - Programs cut down by numbers that run on -------===//
//
// A run of the whole, in which the iterations that a part leaves out are skipped: in what remains
// the part must name the same ids and choose the same arms, counted by what it runs itself.
//
//===----------------------------------------------------------------------===//

#include "../../lib/Sync/Part.h"
#include "Mutate.h"
#include "RandomProgram.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
class Follower {
public:
  Follower(const Program &whole, const Program &cut, const Part &part)
      : whole(whole), cut(cut), part(part), counters(whole.nodes.size()), kept(whole.nodes.size()),
        lengths(whole.nodes.size()) {
    list(whole.top, true);
  }
  unsigned standing = 0, turning = 0, arms = 0;

private:
  const Program &whole, &cut;
  const Part &part;
  /// Of the run of the whole, and of what is left of it.
  std::vector<int64_t> counters, kept, lengths;

  bool isCut(NodeId loop) const {
    return llvm::any_of(part.numbers, [&](NodeId number) { return whole.counts(loop, number); });
  }
  bool isLeft(NodeId loop) const {
    return llvm::all_of(part.numbers, [&](NodeId number) {
      return !whole.counts(loop, number) ||
             counters[number] % int64_t(part.period) == int64_t(part.residue);
    });
  }
  static int64_t idOf(const EventId &id, const std::vector<int64_t> &counters) {
    if (id.count <= 1)
      return id.base;
    int64_t at = (counters[id.loop] + id.add) % int64_t(id.count);
    return id.base + (at < 0 ? at + id.count : at);
  }
  unsigned armOf(const Node &branch, const std::vector<int64_t> &at, unsigned any) const {
    const Condition &condition = branch.condition;
    if (auto arm = chosenArm(condition))
      return *arm;
    if (const Turns &mine = condition.turns; mine.loop != none)
      return at[mine.loop] % mine.period != mine.residue;
    if (condition.loop != none) {
      bool atEnd = at[condition.loop] < condition.first ||
                   lengths[condition.loop] - at[condition.loop] <= condition.last;
      return atEnd != condition.inverted;
    }
    return any;
  }

  void list(const std::vector<NodeId> &nodes, bool runs) {
    for (NodeId id : nodes) {
      const Node &node = whole[id];
      switch (node.kind) {
      case NodeKind::Loop:
        loop(id, runs);
        break;
      case NodeKind::Branch: {
        unsigned any = (id + counters[id % counters.size()]) % node.arms.size();
        unsigned arm = armOf(node, counters, any);
        const Condition &left = cut[id].condition;
        if (runs && (chosenArm(left) || left.turns.loop != none || left.loop != none)) {
          EXPECT_EQ(armOf(cut[id], kept, arm), arm) << listing(whole);
          ++arms;
        }
        list(node.arms[arm], runs);
        break;
      }
      case NodeKind::Set:
      case NodeKind::Wait: {
        const EventId &mine = cut[id].key.id;
        if (!runs || !mine.known || node.key.id.count <= 1)
          break;
        EXPECT_EQ(idOf(mine, kept), idOf(node.key.id, counters)) << listing(whole);
        ++(mine.count == 1 ? standing : turning);
        break;
      }
      default:
        for (const std::vector<NodeId> &arm : node.arms)
          list(arm, runs);
      }
    }
  }

  void loop(NodeId id, bool runs) {
    const Node &node = whole[id];
    int64_t sum = id * 7;
    for (size_t other = 0; other < id; ++other)
      sum += counters[other] * 3;
    int64_t trip = node.trip.value_or(std::max<int64_t>(node.minTrip, sum % 6));
    lengths[id] = trip;
    for (const Counter &counter : whole.counters)
      if (counter.over == id)
        counters[counter.node] = kept[counter.node] = 0;
    kept[id] = 0;
    for (int64_t i = 0; i < trip; ++i) {
      counters[id] = i;
      bool isHere = runs && isLeft(id);
      list(node.arms[0], isHere);
      kept[id] += isHere;
      for (const Counter &counter : whole.counters)
        if (llvm::is_contained(counter.loops, id)) {
          ++counters[counter.node];
          kept[counter.node] += isHere;
        }
    }
    counters[id] = trip;
    // Behind a loop its counter is the number of iterations; of one that is cut nobody knows it.
    if (!isCut(id))
      kept[id] = trip;
  }
};
} // namespace

TEST(SyncPart, NumbersThatRunOn) {
  unsigned standing = 0, turning = 0, arms = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Program whole = randomKept(random);
    std::vector<NodeId> numbers;
    for (NodeId id = 0; id < whole.nodes.size(); ++id)
      if (whole[id].kind == NodeKind::Loop || whole[id].kind == NodeKind::Counter)
        numbers.push_back(id);
    for (size_t i = 0; i < numbers.size(); ++i)
      for (unsigned period : {2u, 3u}) {
        Part part{none, period, unsigned(seed) % period, false, {numbers[i]}};
        if (random.chance(50) && i + 1 < numbers.size())
          part.numbers.push_back(numbers[i + 1]);
        if (!canCut(whole, part))
          continue;
        Program cut = cutDown(whole, part);
        Follower run(whole, cut, part);
        standing += run.standing;
        turning += run.turning;
        arms += run.arms;
      }
  }
  EXPECT_GT(standing, 200u);
  EXPECT_GT(turning, 200u);
  EXPECT_GT(arms, 200u);
}
