//===- PartTest.cpp - Programs cut down, against their runs -----------------===//
//
// cutDown() says what a program does when iterations are left out. Here both are run, and what is
// left out of the run of the whole must be the run of the part.
//
//===----------------------------------------------------------------------===//

#include "../../lib/Sync/Part.h"
#include "Mutate.h"
#include "RandomProgram.h"
#include "ptoas/Sync/Insert.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
struct Event {
  NodeId node;
  int64_t id; ///< of a set or wait; -1 when it is not known
};

/// One run: trip counts and arms follow from the counters around.
class Runner {
public:
  Runner(const Program &program, const Program &whole, const Part *skip, const Part *part)
      : program(program), whole(whole), skip(skip), part(part), counters(program.nodes.size()) {}

  std::vector<Event> run() {
    list(program.top);
    return std::move(events);
  }

private:
  const Program &program, &whole; ///< trip counts are those of the whole
  const Part *skip;               ///< leaves out iterations of the whole
  const Part *part;               ///< is the part: its counter is in terms of its own iterations
  std::vector<int64_t> counters;
  std::vector<Event> events;

  int64_t tripOf(NodeId loop) const {
    const Node &node = whole[loop];
    int64_t sum = loop * 7;
    for (size_t other = 0; other < loop; ++other)
      sum += counters[other] * 3;
    int64_t trip = node.trip.value_or(std::max<int64_t>(node.minTrip, sum % 5));
    if (part && loop == part->loop)
      trip = (trip - int64_t(part->residue) + part->period - 1) / int64_t(part->period);
    return trip;
  }

  void list(const std::vector<NodeId> &nodes) {
    for (NodeId id : nodes) {
      const Node &node = program[id];
      if (node.kind == NodeKind::Loop) {
        int64_t trip = tripOf(id);
        for (int64_t i = 0; i < trip; ++i) {
          bool isPart = part && id == part->loop;
          counters[id] = isPart ? i * part->period + part->residue : i;
          if (!skip || id != skip->loop || i % skip->period == skip->residue)
            list(node.arms[0]);
        }
        counters[id] = 0; // ids behind the loop are compared where both know them
      } else if (node.kind == NodeKind::Branch) {
        unsigned arm = (id + counters[skip ? skip->loop : part->loop]) % node.arms.size();
        if (auto only = chosenArm(node.condition))
          EXPECT_LT(*only, node.arms.size());
        list(node.arms[arm]);
      } else {
        int64_t number = -1;
        bool isFlag = node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
        if (isFlag && node.key.id.known) {
          number = node.key.id.base;
          if (node.key.id.count > 1) {
            int64_t counter = counters[node.key.id.loop];
            int64_t at = (counter + node.key.id.add) % int64_t(node.key.id.count);
            number += at < 0 ? at + node.key.id.count : at;
          }
        }
        events.push_back({id, number});
      }
    }
  }
};
} // namespace

TEST(SyncPart, IsTheRunWithoutTheOtherIterations) {
  unsigned compared = 0, standing = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    Program whole = insert(randomNest(random)).program;
    for (NodeId loop = 0; loop < whole.nodes.size(); ++loop) {
      if (whole[loop].kind != NodeKind::Loop)
        continue;
      for (unsigned period : {2u, 3u, 4u})
        for (unsigned residue = 0; residue < period; ++residue) {
          Part part{loop, period, residue, false};
          Program cut = cutDown(whole, part);
          std::vector<Event> rest = Runner(whole, whole, &part, nullptr).run();
          std::vector<Event> mine = Runner(cut, whole, nullptr, &part).run();
          ASSERT_EQ(rest.size(), mine.size()) << seed << "\n" << listing(whole);
          for (size_t i = 0; i < rest.size(); ++i) {
            ASSERT_EQ(rest[i].node, mine[i].node);
            const EventId &id = whole[rest[i].node].key.id;
            if (mine[i].id < 0 || id.count < 2)
              continue;
            // Behind its loop an id depends on the trip count, which the part does not know.
            EXPECT_TRUE(id.loop != loop || cut[mine[i].node].key.id.count == 1);
            ++compared;
            if (id.loop != loop)
              EXPECT_EQ(rest[i].id, mine[i].id) << seed << "\n" << listing(whole);
            else if (rest[i].id == mine[i].id)
              ++standing;
          }
        }
    }
  }
  EXPECT_GT(compared, 5000u);
  EXPECT_GT(standing, 1000u);
}

// Slots that meet: of one ring, whole or in pieces, in iterations that differ by its size.
TEST(SyncPart, MeetingTurns) {
  Region x;
  x.space = Space::Vec;
  x.run = 64;
  x.rotation = {2, 64, 5, 0};
  Region piece = x, next = x, other = x, wide = x, moved = x;
  piece.offset.constant = 32;
  piece.run = 32;
  next.rotation.add = 1;
  other.rotation.loop = 6;
  wide.run = 96;
  moved.offset.terms.push_back({3, 64});
  Turns always;
  EXPECT_EQ(meetingTurns(x, always, x, always), (SharedTurns{2, 5, 5}));
  EXPECT_EQ(meetingTurns(x, always, piece, always), (SharedTurns{2, 5, 5}));
  EXPECT_EQ(meetingTurns(x, always, other, always), (SharedTurns{2, 5, 6}));
  Region nowhere = x; // two pointers of which nobody knows the origin
  nowhere.space = Space::GM;
  nowhere.root = none;
  EXPECT_EQ(meetingTurns(nowhere, always, nowhere, always), std::nullopt);
  for (const Region *y : {&next, &wide, &moved})
    EXPECT_EQ(meetingTurns(x, always, *y, always), std::nullopt);
  Region still;
  still.run = 64;
  Turns odd{5, 2, 1}, even{5, 2, 0};
  EXPECT_EQ(meetingTurns(still, odd, still, odd), (SharedTurns{2, 5, 5}));
  EXPECT_EQ(meetingTurns(still, odd, still, even), std::nullopt);
}
