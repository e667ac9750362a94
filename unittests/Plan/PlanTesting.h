//===- PlanTesting.h - What the planner's tests share -----------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_PLAN_PLANTESTING_H
#define PTOAS_UNITTESTS_PLAN_PLANTESTING_H

#include "ptoas/Plan/Plan.h"
#include "ptoas/Plan/Validate.h"
#include <gmock/gmock.h>
#include <random>

namespace pto::plan {

inline constexpr uint64_t kib = 1024;

inline Buffer tile(std::string name, uint64_t bytes, LiveRange live, Space space = Space::Vec) {
  Buffer buffer;
  buffer.name = std::move(name);
  buffer.bytes = bytes;
  buffer.live = std::move(live);
  buffer.space = space;
  return buffer;
}

inline Problem vecProblem(uint64_t capacity, std::vector<Buffer> buffers) {
  Problem problem = Problem::forArch(Arch::A3);
  problem.capacity[unsigned(Space::Vec)] = capacity;
  problem.buffers = std::move(buffers);
  return problem;
}

inline const Usage &vec(const Result &result) { return result.usage[unsigned(Space::Vec)]; }

inline void expectGood(const Problem &problem, const Result &result) {
  ASSERT_TRUE(result.ok()) << headline(problem, result.failures.front());
  for (const Violation &violation : validate(problem, result.plan))
    ADD_FAILURE() << describe(problem, violation);
}

/// The least capacity that any plan can have.
inline uint64_t boundOf(const Problem &problem) {
  Problem open = problem;
  open.capacity[unsigned(Space::Vec)] = uint64_t(1) << 40;
  return vec(solve(open)).bound;
}

/// Up to `units` granules per buffer, with that least capacity; some live ranges have a hole.
inline Problem randomProblem(std::mt19937 &random, unsigned count, unsigned line, unsigned units) {
  Problem problem = Problem::forArch(Arch::A3);
  auto upTo = [&](unsigned n) { return unsigned(random() % n); };
  for (unsigned i = 0; i < count; ++i) {
    unsigned begin = upTo(line);
    LiveRange live{{begin, begin + 1 + upTo(line / 3)}};
    if (upTo(5) == 0) // a branch makes a hole
      live.push_back({live[0].end + 1, live[0].end + 2 + upTo(3)});
    problem.buffers.push_back(tile("b" + std::to_string(i), 32 * (1 + upTo(units)), live));
  }
  problem.capacity[unsigned(Space::Vec)] = boundOf(problem);
  return problem;
}

} // namespace pto::plan

#endif // PTOAS_UNITTESTS_PLAN_PLANTESTING_H
