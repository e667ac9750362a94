//===- OverlapPropertyTest.cpp - Overlap against brute force ---------------===//
//
// Overlap may say "maybe" too often, never too seldom. Two regions in a nest of two loops; every
// combination of counters is expanded to bytes.
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"
#include "RandomProgram.h"
#include "Trace.h"
#include <cstdio>
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
/// Two regions and the loops around them; all bytes of both at all counters.
struct Case {
  explicit Case(uint64_t seed) : random(seed) {
    outer = openLoop();
    inner = openLoop();
    x = randomRegion(builder, random, {outer, inner});
    y = random.chance(10) ? x : randomRegion(builder, random, {outer, inner});
    if (random.chance(30))
      y = sibling();
    builder.access(Pipe::V, {}, {x});
    builder.access(Pipe::V, {}, {y});
    builder.close();
    builder.close();
    xBytes = expandAll(x);
    yBytes = expandAll(y);
  }

  NodeId openLoop() {
    bool known = random.chance(70);
    int64_t trip = known ? random.between(1, 5) : 12;
    trips.push_back(trip);
    return known ? builder.openLoop(trip) : builder.openLoop();
  }

  /// The region of x moved a little: rings and column tiles of one shape meet this way.
  RegionId sibling() {
    Region region = builder.program.regions[x];
    if (region.rotation.count > 1 && random.chance(60))
      region.rotation.add += random.between(-2, 2);
    else
      region.offset.constant += random.pick({-8, -4, 4, 8, 16, 32});
    return builder.region(std::move(region));
  }

  std::vector<Footprint> expandAll(RegionId region) {
    std::vector<Footprint> all;
    std::vector<int64_t> counters(builder.program.nodes.size());
    for (counters[outer] = 0; counters[outer] < trips[0]; ++counters[outer])
      for (counters[inner] = 0; counters[inner] < trips[1]; ++counters[inner])
        all.push_back(
            footprintOf(builder.program, builder.program.regions[region], counters, 1, random));
    return all;
  }

  bool share(int64_t xOuter, int64_t xInner, int64_t yOuter, int64_t yInner) const {
    const Footprint &a = xBytes[xOuter * trips[1] + xInner];
    const Footprint &b = yBytes[yOuter * trips[1] + yInner];
    if (a.memory != b.memory)
      return false;
    for (const Interval &s : a.bytes)
      for (const Interval &t : b.bytes)
        if (s.begin < t.end && t.begin < s.end)
          return true;
    return false;
  }

  /// True when some quadruple of counters satisfies `when` and shares a byte.
  bool any(llvm::function_ref<bool(int64_t, int64_t, int64_t, int64_t)> when) const {
    for (int64_t xo = 0; xo < trips[0]; ++xo)
      for (int64_t xi = 0; xi < trips[1]; ++xi)
        for (int64_t yo = 0; yo < trips[0]; ++yo)
          for (int64_t yi = 0; yi < trips[1]; ++yi)
            if (when(xo, xi, yo, yi) && share(xo, xi, yo, yi))
              return true;
    return false;
  }

  std::optional<int64_t> leastDistance(unsigned level) const {
    for (int64_t d = 1; d < trips[level]; ++d)
      if (any([&](int64_t xo, int64_t xi, int64_t yo, int64_t yi) {
            return level == 0 ? yo == xo + d : xo == yo && yi == xi + d;
          }))
        return d;
    return std::nullopt;
  }

  Builder builder;
  Random random;
  std::vector<int64_t> trips;
  NodeId outer, inner;
  RegionId x, y;
  std::vector<Footprint> xBytes, yBytes;
};

/// How often the answer was weaker than the truth.
struct Precision {
  unsigned asked = 0, weaker = 0;
  void count(bool isWeaker) {
    ++asked;
    weaker += isWeaker;
  }
  double percent() const { return asked ? 100.0 * weaker / asked : 0; }
};
} // namespace

static std::string context(const Case &test, uint64_t seed) {
  return "seed " + std::to_string(seed) + "\n" + listing(test.builder.program);
}

TEST(OverlapProperty, NeverDeniesSharedBytes) {
  Precision same, sameOuter, ever, distance;
  for (uint64_t seed = 0; seed < 8000; ++seed) {
    Case test(seed);
    Overlap overlap(test.builder.program);
    SCOPED_TRACE(context(test, seed));
    // A slot or offset that is unknown differs from instance to instance: draws prove overlap only.
    bool truth =
        test.any([](int64_t a, int64_t b, int64_t c, int64_t d) { return a == c && b == d; });
    bool answer = overlap.sameIteration(test.x, test.y, {test.outer, test.inner});
    ASSERT_TRUE(answer || !truth) << "sameIteration, both loops";
    same.count(answer != truth);

    truth = test.any([](int64_t a, int64_t, int64_t c, int64_t) { return a == c; });
    answer = overlap.sameIteration(test.x, test.y, {test.outer});
    ASSERT_TRUE(answer || !truth) << "sameIteration, outer loop";
    sameOuter.count(answer != truth);

    truth = test.any([](int64_t, int64_t, int64_t, int64_t) { return true; });
    answer = overlap.ever(test.x, test.y);
    ASSERT_TRUE(answer || !truth) << "ever";
    ever.count(answer != truth);

    for (unsigned level : {0u, 1u}) {
      std::optional<int64_t> least = test.leastDistance(level);
      std::optional<int64_t> claimed =
          overlap.carried(test.x, test.y, {test.outer, test.inner}, level);
      ASSERT_TRUE(!claimed || *claimed >= 1);
      ASSERT_TRUE(!least || (claimed && *claimed <= *least))
          << "carried at level " << level << ": least " << *least << ", claimed "
          << claimed.value_or(-1);
      distance.count(claimed != least);
    }
  }
  auto print = [](const char *what, const Precision &p) {
    std::printf("  %-28s weaker than the truth in %5u of %5u (%.1f %%)\n", what, p.weaker, p.asked,
                p.percent());
  };
  print("sameIteration, both loops", same);
  print("sameIteration, outer loop", sameOuter);
  print("ever", ever);
  print("carried", distance);
  EXPECT_LT(same.percent(), 12);
  EXPECT_LT(sameOuter.percent(), 12);
  EXPECT_LT(ever.percent(), 12);
  EXPECT_LT(distance.percent(), 12);
}

// sync 3 exempts equal tiles and slots of one ring; a partial overlap must not pass as one.
TEST(OverlapProperty, SameTileNeverOverlapsPartially) {
  unsigned claims = 0;
  for (uint64_t seed = 0; seed < 8000; ++seed) {
    Case test(seed);
    Overlap overlap(test.builder.program);
    if (!overlap.sameTile(test.x, test.y))
      continue;
    ++claims;
    SCOPED_TRACE(context(test, seed));
    bool partial = test.any([&](int64_t xo, int64_t xi, int64_t yo, int64_t yi) {
      return test.xBytes[xo * test.trips[1] + xi].bytes !=
             test.yBytes[yo * test.trips[1] + yi].bytes;
    });
    ASSERT_FALSE(partial);
  }
  EXPECT_GT(claims, 20u);
}

TEST(OverlapProperty, NeighboursHoldEveryOverlap) {
  for (uint64_t seed = 0; seed < 240; ++seed) {
    Random random(seed);
    Builder builder;
    NodeId loop = builder.openLoop(4);
    std::vector<RegionId> regions;
    for (unsigned i = 0; i < (seed % 2 ? 3 : 24); ++i) {
      regions.push_back(randomRegion(builder, random, loop));
      builder.access(Pipe::V, {}, {regions.back()});
    }
    builder.close();
    Overlap overlap(builder.program);
    const auto &table = overlap.neighbours();
    ASSERT_EQ(table.size(), builder.program.regions.size());
    for (RegionId x = 0; x < table.size(); ++x) {
      EXPECT_TRUE(llvm::is_sorted(table[x]));
      for (RegionId y = 0; y < table.size(); ++y)
        EXPECT_EQ(llvm::is_contained(table[x], y), overlap.ever(x, y))
            << "seed " << seed << " regions " << x << ", " << y << "\n"
            << listing(builder.program);
    }
  }
}
