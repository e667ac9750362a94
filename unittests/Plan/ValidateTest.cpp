//===- ValidateTest.cpp - Bad plans are caught -----------------------------===//

#include "ptoas/Plan/Validate.h"
#include "llvm/ADT/STLExtras.h"
#include <gmock/gmock.h>
#include <random>

using namespace pto;
using namespace pto::plan;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

/// Two tiles that are live together, one later tile, a window that is taken late.
Problem sample() {
  Problem problem = Problem::forArch(Arch::A3);
  auto add = [&](const char *name, uint64_t bytes, LiveRange live) {
    Buffer buffer;
    buffer.name = name;
    buffer.bytes = bytes;
    buffer.live = std::move(live);
    problem.buffers.push_back(std::move(buffer));
  };
  add("a", 64, {{0, 4}});
  add("b", 40, {{2, 6}});
  add("c", 64, {{4, 8}, {10, 12}});
  problem.windows.push_back({"scratch", Space::Vec, 128, 64, {{7, 9}}, 0});
  return problem;
}

std::vector<std::string> texts(const Problem &problem, std::vector<uint64_t> address) {
  std::vector<std::string> result;
  for (const Violation &violation : validate(problem, Plan{std::move(address)}))
    result.push_back(describe(problem, violation));
  return result;
}

TEST(Validate, AcceptsAGoodPlan) { EXPECT_THAT(texts(sample(), {0, 64, 0}), IsEmpty()); }

TEST(Validate, WantsOneAddressPerBuffer) {
  EXPECT_THAT(texts(sample(), {0, 64}), ElementsAre("the plan has not one address per buffer"));
}

TEST(Validate, Overlap) {
  EXPECT_THAT(texts(sample(), {0, 32, 192}),
              ElementsAre("buffer 'a' at bytes 0 to 64 of vec shares bytes with 'b', which is live "
                          "at the same time"));
  std::vector<Violation> found = validate(sample(), Plan{{192, 0, 32}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].position, 4u);
  EXPECT_EQ(found[0].other, 2u);
}

TEST(Validate, OneByteIsEnough) {
  Problem problem = sample();
  problem.buffers[1].bytes = 33;
  EXPECT_THAT(texts(problem, {32, 0, 192}).size(), 1u); // b reaches byte 32
  problem.buffers[1].bytes = 32;
  EXPECT_THAT(texts(problem, {32, 0, 192}), IsEmpty());
}

TEST(Validate, Windows) {
  EXPECT_THAT(texts(sample(), {0, 64, 160}),
              ElementsAre("buffer 'c' at bytes 160 to 224 of vec shares bytes with the window "
                          "'scratch' at 128 to 192"));
  EXPECT_THAT(texts(sample(), {128, 64, 0}), IsEmpty()); // a is dead when the window is taken
  Problem always = sample();
  always.windows[0].live = {};
  EXPECT_EQ(validate(always, Plan{{128, 64, 0}}).at(0).rule, Violation::Taken);
}

TEST(Validate, AlignmentCapacityAndPins) {
  EXPECT_THAT(texts(sample(), {8, 96, 192}),
              ElementsAre("buffer 'a' at bytes 8 to 72 of vec is not aligned to 32"));
  EXPECT_THAT(texts(sample(), {0, 64, 196576}),
              ElementsAre("buffer 'c' at bytes 196576 to 196640 of vec ends above the capacity of "
                          "196608"));
  Problem pinned = sample();
  pinned.buffers[2].pinned = 256;
  EXPECT_THAT(texts(pinned, {0, 64, 0}),
              ElementsAre("buffer 'c' at bytes 0 to 64 of vec is pinned at 256"));
  Problem wide = sample();
  wide.buffers[0].alignment = 128;
  EXPECT_EQ(validate(wide, Plan{{64, 0, 256}}).at(0).rule, Violation::Alignment);
}

TEST(Validate, EverySlotCounts) {
  Problem problem = sample();
  problem.buffers[1].slots = 3; // slots at +0, +64, +128
  EXPECT_THAT(texts(problem, {128, 0, 192}).size(), 1u);
  EXPECT_THAT(texts(problem, {160, 0, 192}).size(), 1u); // the last slot ends at 168
  EXPECT_THAT(texts(problem, {192, 0, 192}), IsEmpty());
}

TEST(Validate, MemoriesDoNotMeet) {
  Problem problem = sample();
  problem.buffers[1].space = Space::Mat;
  EXPECT_THAT(texts(problem, {0, 0, 0}), IsEmpty());
}

/// Every plan of the solver is accepted; moved onto a live neighbour it is refused.
TEST(Validate, RefusesMutatedPlans) {
  std::mt19937 random(2);
  unsigned mutants = 0, killed = 0;
  for (unsigned round = 0; round < 60; ++round) {
    Problem problem = Problem::forArch(Arch::A3);
    for (unsigned i = 0; i < 40; ++i) {
      Buffer buffer;
      buffer.name = "b" + std::to_string(i);
      buffer.bytes = 32 * (1 + random() % 600);
      unsigned begin = random() % 60;
      buffer.live = {{begin, begin + 1 + unsigned(random() % 10)}};
      problem.buffers.push_back(std::move(buffer));
    }
    Result result = solve(problem);
    ASSERT_TRUE(result.ok());
    ASSERT_THAT(validate(problem, result.plan), IsEmpty());
    for (BufferId victim = 0; victim < 40; ++victim) {
      const Interval live = problem.buffers[victim].live[0];
      BufferId other = 0;
      auto meets = [&](const Interval &o) { return o.begin < live.end && live.begin < o.end; };
      while (other < 40 && (other == victim || !meets(problem.buffers[other].live[0])))
        ++other;
      if (other == 40)
        continue;
      Plan mutant = result.plan;
      mutant.address[victim] = mutant.address[other];
      ++mutants;
      killed += llvm::any_of(validate(problem, mutant), [&](const Violation &v) {
        return v.rule == Violation::Overlap &&
               std::minmax(v.buffer, v.other) == std::minmax(victim, other);
      });
    }
  }
  EXPECT_GT(mutants, 1000u);
  EXPECT_EQ(killed, mutants);
  RecordProperty("mutants", int(mutants));
}

} // namespace
