//===- SearchTest.cpp - The exact searches against brute force -------------===//

#include "../../lib/Plan/Arena.h"
#include "PlanTesting.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::plan;

namespace {

bool meet(const LiveRange &xs, const LiveRange &ys) {
  return llvm::any_of(xs, [&](Interval x) {
    return llvm::any_of(ys, [&](Interval y) { return x.begin < y.end && y.begin < x.end; });
  });
}

/// Tries every address of every buffer, one buffer after the other.
bool bruteForce(const Problem &problem, Plan &plan, size_t next = 0) {
  if (next == problem.buffers.size())
    return validate(problem, plan).empty();
  const Buffer &buffer = problem.buffers[next];
  uint64_t step = alignmentOf(buffer), capacity = problem.capacity[unsigned(Space::Vec)];
  for (uint64_t at = 0; at + buffer.bytes <= capacity; at += step) {
    auto isFree = [&](uint64_t from, uint64_t bytes, const LiveRange &live) {
      return from + bytes <= at || at + buffer.bytes <= from || !meet(buffer.live, live);
    };
    bool free = llvm::all_of(problem.windows, [&](const Window &window) {
      return isFree(window.address, window.bytes, window.live);
    });
    for (size_t other = 0; other < next && free; ++other)
      free = isFree(plan.address[other], problem.buffers[other].bytes, problem.buffers[other].live);
    plan.address[next] = at;
    if (free && bruteForce(problem, plan, next + 1))
      return true;
  }
  return false;
}

bool bruteForce(const Problem &problem) {
  Plan plan{std::vector<uint64_t>(problem.buffers.size())};
  return bruteForce(problem, plan);
}

TEST(Search, AgreesWithBruteForceAtTheTightestCapacity) {
  std::mt19937 random(7);
  unsigned searched = 0, impossible = 0;
  for (unsigned round = 0; round < 800; ++round) {
    Problem problem = randomProblem(random, 5 + round % 5, 9, 4);
    Result result = solve(problem);
    searched += vec(result).method == Method::Search;
    EXPECT_EQ(bruteForce(problem), result.ok()) << "round " << round;
    if (result.ok()) {
      expectGood(problem, result);
      continue;
    }
    ++impossible;
    EXPECT_TRUE(result.failures[0].proven);
  }
  // Both answers of the search are exercised, or this test says nothing.
  EXPECT_GE(searched, 8u);
  EXPECT_GE(impossible, 5u);
}

TEST(Search, AgreesWithBruteForceAroundWindows) {
  std::mt19937 random(11);
  unsigned found = 0, impossible = 0;
  for (unsigned round = 0; round < 600; ++round) {
    Problem problem = randomProblem(random, 6, 9, 4);
    uint64_t &capacity = problem.capacity[unsigned(Space::Vec)];
    capacity += 32;
    uint64_t at = random() % (capacity / 32) * 32;
    unsigned begin = random() % 8;
    problem.windows.push_back({"w", Space::Vec, at, 32, {{begin, begin + 3}}, 0});
    Result result = solve(problem);
    EXPECT_EQ(bruteForce(problem), result.ok()) << "round " << round;
    if (result.ok())
      expectGood(problem, result);
    ++(result.ok() ? found : impossible);
  }
  EXPECT_GE(found, 100u);
  EXPECT_GE(impossible, 10u);
}

TEST(Search, FindsWhatFirstFitMisses) {
  std::mt19937 random(3);
  unsigned saved = 0;
  for (unsigned round = 0; round < 400; ++round) {
    Problem problem = randomProblem(random, 24, 30, 12);
    Result result = solve(problem, {.searchSteps = 400'000});
    if (vec(result).method != Method::Search || !result.ok())
      continue;
    ++saved;
    expectGood(problem, result);
    EXPECT_FALSE(solve(problem, {.searchSteps = 0}).ok());
  }
  EXPECT_GE(saved, 5u);
}

/// The search over orders alone: solve() would mostly be content before it comes to that.
TEST(OrderSearch, AgreesWithBruteForce) {
  std::mt19937 random(13);
  unsigned found = 0, impossible = 0;
  for (unsigned round = 0; round < 600; ++round) {
    Problem problem = randomProblem(random, 5 + round % 4, 9, 4);
    if (round % 2) {
      uint64_t at = random() % (problem.capacity[unsigned(Space::Vec)] / 32) * 32;
      problem.windows.push_back({"w", Space::Vec, at, 32, {{4, 6}}, 0});
    }
    if (round % 3 == 0)
      problem.buffers[0].alignment = 64;
    std::vector<Failure> failures;
    Arena arena = buildArena(problem, Space::Vec, failures);
    Conflicts conflicts(arena);
    Addresses address(arena.items.size());
    bool fits = true;
    for (const std::vector<ItemId> &group : components(arena, conflicts)) {
      uint64_t steps = 10'000'000;
      SearchOutcome outcome = searchOrders(arena, conflicts, group, steps, address);
      ASSERT_NE(outcome, SearchOutcome::OutOfSteps);
      fits &= outcome == SearchOutcome::Found;
    }
    EXPECT_EQ(bruteForce(problem), fits) << "round " << round;
    ++(fits ? found : impossible);
    if (fits) { // items are the buffers in their order, then the window
      address.resize(problem.buffers.size());
      EXPECT_TRUE(validate(problem, Plan{address}).empty()) << "round " << round;
    }
  }
  EXPECT_GE(found, 100u);
  EXPECT_GE(impossible, 100u);
}

TEST(OrderSearch, ProvesWhatSequencesCannot) {
  // Twenty-four buffers with five per cent of room: the search over sequences runs out of steps.
  std::mt19937 random(3);
  unsigned proven = 0;
  for (unsigned round = 0; round < 60; ++round) {
    Problem problem = randomProblem(random, 24, 30, 12);
    uint64_t &capacity = problem.capacity[unsigned(Space::Vec)];
    capacity += capacity / 20 / 32 * 32;
    Result result = solve(problem, {.searchSteps = 1'000'000});
    proven += !result.ok() && result.failures[0].proven;
  }
  EXPECT_GE(proven, 2u);
}

} // namespace
