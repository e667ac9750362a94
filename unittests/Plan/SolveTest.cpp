//===- SolveTest.cpp - The planner on small and on random problems ---------===//

#include "PlanTesting.h"
#include <chrono>

using namespace pto;
using namespace pto::plan;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

//===----------------------------------------------------------------------===//
// Sharing
//===----------------------------------------------------------------------===//

TEST(Solve, NothingToPlace) {
  Result result = solve(Problem::forArch(Arch::A3));
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(vec(result).method, Method::Empty);
}

TEST(Solve, FillsAMemoryToTheLastByteWithoutSharing) {
  Problem problem = vecProblem(192 * kib, {tile("a", 96 * kib, {{0, 2}}), //
                                           tile("b", 96 * kib, {{4, 6}})});
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_THAT(result.plan.address, ElementsAre(0, 96 * kib));
  EXPECT_EQ(vec(result).method, Method::NoSharing);
  EXPECT_EQ(vec(result).peak, 192 * kib);
  EXPECT_EQ(vec(result).bound, 96 * kib);
}

TEST(Solve, TouchingLifetimesShare) {
  Problem problem = vecProblem(64 * kib, {tile("x", 64 * kib, {{0, 5}}), //
                                          tile("y", 64 * kib, {{5, 9}})});
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_THAT(result.plan.address, ElementsAre(0, 0));
  EXPECT_EQ(vec(result).method, Method::FirstFit);

  problem.buffers[1].live = {{4, 9}};
  EXPECT_FALSE(solve(problem).ok());
}

TEST(Solve, TwoHalvesFitIntoADeadWhole) {
  Problem problem =
      vecProblem(64 * kib, {tile("whole", 64 * kib, {{0, 4}}), tile("left", 32 * kib, {{4, 8}}),
                            tile("right", 32 * kib, {{4, 8}})});
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_EQ(vec(result).peak, 64 * kib);
}

TEST(Solve, HolesInALiveRangeAreUsed) {
  // A branch: `outer` lives before it and in its second arm only, `arm` in the first.
  Problem problem = vecProblem(
      1 * kib, {tile("outer", 1 * kib, {{0, 2}, {6, 8}}), tile("arm", 1 * kib, {{2, 6}})});
  expectGood(problem, solve(problem));
}

TEST(Solve, IntervalsMayComeInAnyOrderAndOverlap) {
  Problem problem =
      vecProblem(2 * kib, {tile("a", 1 * kib, {{6, 8}, {3, 3}, {0, 2}, {1, 4}, {4, 6}}),
                           tile("b", 1 * kib, {{7, 9}}), tile("c", 1 * kib, {{8, 9}})});
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_EQ(vec(result).bound, 2 * kib);
}

TEST(Solve, NeverAccessedBufferMayLieOverAnything) {
  Problem problem =
      vecProblem(1 * kib, {tile("used", 1 * kib, {{0, 2}}), tile("idle", 1 * kib, {})});
  expectGood(problem, solve(problem));

  problem.buffers[1].bytes = 2 * kib;
  Result result = solve(problem);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_TRUE(result.failures[0].proven);
  EXPECT_EQ(headline(problem, result.failures[0]),
            "vec memory overflows: 'idle' alone has 2048 bytes, 1024 more than its 1024");
}

TEST(Solve, MemoriesAreIndependent) {
  Problem problem = vecProblem(192 * kib, {tile("v", 192 * kib, {{0, 9}}),
                                           tile("m", 512 * kib, {{0, 9}}, Space::Mat),
                                           tile("l", 64 * kib, {{0, 9}}, Space::Left)});
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_THAT(result.plan.address, ElementsAre(0, 0, 0));
}

//===----------------------------------------------------------------------===//
// Slots, alignment, windows, pins
//===----------------------------------------------------------------------===//

TEST(Solve, AlignmentIsThatOfTheMemory) {
  Problem problem = Problem::forArch(Arch::A3);
  for (Space space : {Space::Vec, Space::Acc, Space::Bias})
    for (unsigned i = 0; i < 3; ++i)
      problem.buffers.push_back(tile("t", 40, {{0, 1}}, space));
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_THAT(result.plan.address, ElementsAre(0, 64, 128, 0, 512, 1024, 0, 64, 128));
}

TEST(Solve, ABufferMayAskForMoreAlignment) {
  Problem problem = vecProblem(1 * kib, {tile("a", 32, {{0, 1}}), tile("b", 256, {{0, 1}})});
  problem.buffers[1].alignment = 256;
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_EQ(result.plan.address[1] % 256, 0u);
  problem.buffers[1].alignment = 48;
  EXPECT_EQ(solve(problem).failures.at(0).kind, Failure::Malformed);
}

TEST(Solve, SlotsAreOneBlockWithAlignedStride) {
  Problem problem = vecProblem(192, {tile("ring", 40, {{0, 9}}), tile("t", 32, {{0, 9}})});
  problem.buffers[0].slots = 2; // 64 + 40 bytes
  EXPECT_EQ(strideOf(problem.buffers[0]), 64u);
  EXPECT_EQ(spanOf(problem.buffers[0]), 104u);
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_THAT(result.plan.address, ElementsAre(0, 128));
}

TEST(Solve, WindowsAreAvoidedOnlyWhileTaken) {
  Problem problem = vecProblem(
      192 * kib, {tile("early", 192 * kib, {{0, 4}}), tile("late", 180 * kib, {{4, 8}})});
  problem.windows.push_back({"row-expand scratch", Space::Vec, 184 * kib, 8 * kib, {{6, 7}}, 0});
  Result result = solve(problem);
  expectGood(problem, result);

  problem.windows[0].live = {}; // always
  result = solve(problem);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_TRUE(result.failures[0].proven);
  EXPECT_THAT(result.failures[0].live, ElementsAre(0));
  EXPECT_THAT(result.failures[0].liveWindows, ElementsAre(0));
}

TEST(Solve, BuffersFlowAroundAWindowInTheMiddle) {
  Problem problem =
      vecProblem(4 * kib, {tile("a", 1 * kib, {{0, 9}}), tile("b", 2 * kib, {{0, 9}})});
  problem.windows.push_back({"fifo", Space::Vec, 1 * kib, 1 * kib, {}, 0});
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_THAT(result.plan.address, ElementsAre(0, 2 * kib));

  std::swap(problem.buffers[0], problem.buffers[1]); // end to end wastes the first gap
  result = solve(problem);
  expectGood(problem, result);
  EXPECT_EQ(vec(result).method, Method::FirstFit);
}

TEST(Solve, PinnedAddressesStay) {
  Problem problem = vecProblem(4 * kib, {tile("a", 1 * kib, {{0, 9}}), tile("p", 1 * kib, {{0, 9}}),
                                         tile("q", 1 * kib, {{9, 12}})});
  problem.buffers[1].pinned = 0;
  problem.buffers[2].pinned = 512;
  Result result = solve(problem);
  expectGood(problem, result);
  EXPECT_EQ(result.plan.address[1], 0u);
  EXPECT_EQ(result.plan.address[2], 512u);
}

TEST(Solve, BadPinsAreNamed) {
  auto failureOf = [](uint64_t first, uint64_t second) {
    Problem problem = vecProblem(4 * kib, {tile("p", 1 * kib, {{0, 9}}), //
                                           tile("q", 1 * kib, {{8, 12}})});
    problem.windows.push_back({"fifo", Space::Vec, 3 * kib, 1 * kib, {}, 0});
    problem.buffers[0].pinned = first;
    problem.buffers[1].pinned = second;
    Result result = solve(problem);
    return result.failures.empty() ? "" : headline(problem, result.failures[0]);
  };
  EXPECT_EQ(failureOf(0, 1 * kib), "");
  EXPECT_EQ(failureOf(8, 1 * kib), "buffer 'p': the address 8 is no multiple of 32");
  EXPECT_EQ(failureOf(0, 3104),
            "buffer 'q': 1024 bytes at address 3104 end above the 4096 bytes of vec");
  EXPECT_EQ(failureOf(0, 992), "buffer 'q': the address 992 lies over the live buffer 'p' at 0");
  EXPECT_EQ(failureOf(2080, 0), "buffer 'p': the address 2080 lies over the window 'fifo' at 3072");
  EXPECT_THAT(failureOf(~uint64_t(31), 0), HasSubstr("end above"));
}

TEST(Solve, MalformedProblemsAreRefused) {
  auto failureOf = [](auto change) {
    Problem problem = vecProblem(4 * kib, {tile("a", 64, {{0, 1}})});
    change(problem);
    Result result = solve(problem);
    return result.failures.empty() ? "" : headline(problem, result.failures[0]);
  };
  EXPECT_EQ(failureOf([](Problem &p) { p.buffers[0].bytes = 0; }),
            "buffer 'a': a size of 1 x 0 bytes");
  EXPECT_THAT(failureOf([](Problem &p) { p.buffers[0].bytes = ~0ull; }), HasSubstr("a size of"));
  EXPECT_EQ(failureOf([](Problem &p) { p.buffers[0].alignment = 48; }),
            "buffer 'a': an alignment of 48 is no power of two");
  EXPECT_EQ(failureOf([](Problem &p) { p.buffers[0].space = Space::GM; }),
            "buffer 'a': global memory is not planned");
  EXPECT_EQ(failureOf([](Problem &p) { p.capacity[unsigned(Space::Vec)] = 100; }),
            "vec memory: a capacity of 100 bytes is no multiple of 32");
  EXPECT_EQ(failureOf([](Problem &p) { p.windows.push_back({"w", Space::Vec, 16, 32, {}, 0}); }),
            "window 'w': a window of 32 bytes at 16 is not aligned in vec");
  EXPECT_EQ(failureOf([](Problem &p) { p.windows.push_back({"w", Space::Vec, 4064, 64, {}, 0}); }),
            "window 'w': a window of 64 bytes at 4064 does not lie inside vec");
  EXPECT_EQ(failureOf([](Problem &p) {
              p.windows.push_back({"v", Space::Vec, 0, 64, {}, 0});
              p.windows.push_back({"w", Space::Vec, 32, 64, {{5, 6}}, 0});
            }),
            "window 'v': the window overlaps the window 'w'");
}

//===----------------------------------------------------------------------===//
// Overflow
//===----------------------------------------------------------------------===//

TEST(Overflow, NamesWhoIsLiveAtTheWorstPoint) {
  Problem problem =
      vecProblem(192 * kib, {tile("early", 100 * kib, {{0, 2}}), tile("small", 16 * kib, {{3, 9}}),
                             tile("acc", 96 * kib, {{4, 9}}), tile("ring", 48 * kib, {{5, 9}})});
  problem.buffers[3].slots = 2;
  Result result = solve(problem);
  ASSERT_EQ(result.failures.size(), 1u);
  const Failure &failure = result.failures[0];
  EXPECT_EQ(failure.needed, 208 * kib);
  EXPECT_EQ(failure.capacity, 192 * kib);
  EXPECT_EQ(failure.position, 5u);
  EXPECT_TRUE(failure.proven);
  EXPECT_EQ(headline(problem, failure),
            "vec memory overflows: 212992 bytes are live together, 16384 more than its 196608");
  EXPECT_THAT(details(problem, failure),
              ElementsAre("98304 bytes: 'acc'", "98304 bytes: 'ring' (2 slots of 49152)",
                          "16384 bytes: 'small'",
                          "use smaller tiles or fewer slots, or finish with one of these before "
                          "the next begins"));
  EXPECT_THAT(details(problem, failure, 1),
              ElementsAre("98304 bytes: 'acc'", "114688 bytes: 2 smaller buffers", testing::_));
}

/// Fits by bytes, yet not in any arrangement: p and q pin the middle of a full line.
Problem fragmented() {
  Problem problem = vecProblem(128, {tile("p", 32, {{0, 4}}), tile("t", 64, {{0, 4}})});
  problem.buffers[0].pinned = 32;
  problem.capacity[unsigned(Space::Vec)] = 96;
  return problem;
}

TEST(Overflow, ProvenBySearchWhenTheBytesWouldSuffice) {
  Problem problem = fragmented();
  Result result = solve(problem);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_TRUE(result.failures[0].proven);
  EXPECT_EQ(result.failures[0].needed, 96u);
  EXPECT_EQ(headline(problem, result.failures[0]),
            "vec memory overflows: 96 of 96 bytes are live together, but no arrangement of the "
            "buffers fits (proven by search; best peak 128)");
  EXPECT_THAT(details(problem, result.failures[0]).back(),
              HasSubstr("; fixed addresses cut the memory into pieces"));
}

TEST(Overflow, SaysWhenTheSearchGaveUp) {
  Problem problem = fragmented();
  Result result = solve(problem, {.searchSteps = 0});
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_FALSE(result.failures[0].proven);
  EXPECT_THAT(headline(problem, result.failures[0]), HasSubstr("the search gave up"));
}

//===----------------------------------------------------------------------===//
// Random problems of a real size
//===----------------------------------------------------------------------===//

TEST(Random, MostFitIntoTheLowerBound) {
  std::mt19937 random(1);
  unsigned tight = 0;
  constexpr unsigned rounds = 150;
  for (unsigned round = 0; round < rounds; ++round) {
    Problem problem = randomProblem(random, 60, 120, 40);
    Result result = solve(problem, {.searchSteps = 400'000});
    if (!result.ok())
      continue;
    ++tight;
    expectGood(problem, result);
    EXPECT_EQ(vec(result).peak, vec(result).bound);
  }
  EXPECT_GE(tight, rounds * 9 / 10);
}

TEST(Random, EqualProblemsGiveEqualPlans) {
  std::mt19937 random(5);
  Problem problem = randomProblem(random, 80, 100, 40);
  Result first = solve(problem, {.searchSteps = 400'000});
  for (unsigned i = 0; i < 5; ++i)
    EXPECT_EQ(solve(problem, {.searchSteps = 400'000}).plan, first.plan);
}

TEST(Random, ThousandsOfBuffersInTurn) {
  std::mt19937 random(9);
  Problem problem = Problem::forArch(Arch::A3);
  for (unsigned i = 0; i < 6000; ++i)
    problem.buffers.push_back(
        tile("t" + std::to_string(i), 32 * (1 + random() % 200), {{2 * i, 2 * i + 30}}));
  auto begin = std::chrono::steady_clock::now();
  Result result = solve(problem);
  auto taken = std::chrono::steady_clock::now() - begin;
  expectGood(problem, result);
  EXPECT_EQ(vec(result).method, Method::FirstFit);
  RecordProperty("microseconds",
                 int(std::chrono::duration_cast<std::chrono::microseconds>(taken).count()));
}

} // namespace
