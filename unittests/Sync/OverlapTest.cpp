//===- OverlapTest.cpp - Overlap facts, by hand and against brute force ---===//

#include "../../lib/Sync/AffineSum.h"
#include "ptoas/Sync/Program.h"
#include <gtest/gtest.h>
#include <random>

using namespace pto;
using namespace pto::sync;

namespace {

struct OverlapTest : testing::Test {
  Program program;
  Overlap overlap{program};

  OverlapTest() { program.roots = {{"a"}, {"b"}, {"p", true}, {"q", true}}; }

  NodeId loop(std::optional<int64_t> trip) {
    Node node;
    node.kind = NodeKind::Loop;
    node.trip = trip;
    node.arms.resize(1);
    return program.add(node);
  }
  static Region gm(uint32_t root, int64_t at, uint64_t run) {
    Region region;
    region.space = Space::GM;
    region.root = root;
    region.offset.constant = at;
    region.run = run;
    return region;
  }
  /// `rows` rows of `cols` bytes from (row, col) of a matrix with `pitch` bytes per row.
  static Region box(int64_t row, int64_t col, int64_t rows, uint64_t cols, int64_t pitch) {
    Region region = gm(0, row * pitch + col, cols);
    region.dims = {{rows, pitch}};
    return region;
  }
  static Region slot(int64_t at, uint64_t bytes, uint32_t count, NodeId loop, int64_t add) {
    Region region;
    region.offset.constant = at;
    region.run = bytes;
    region.rotation = {count, int64_t(bytes), loop, add};
    return region;
  }
  RegionId add(Region region) { return program.intern(std::move(region)); }
};

TEST_F(OverlapTest, TouchingTilesAreApart) {
  RegionId a = add(gm(0, 0, 64)), b = add(gm(0, 64, 64)), c = add(gm(0, 63, 2));
  EXPECT_FALSE(overlap.ever(a, b));
  EXPECT_TRUE(overlap.ever(a, c));
  EXPECT_TRUE(overlap.ever(c, b));
}

TEST_F(OverlapTest, RootsAreDistinctUnlessBothMayAlias) {
  RegionId a = add(gm(0, 0, 64)), b = add(gm(1, 0, 64)), p = add(gm(2, 0, 64)),
           q = add(gm(3, 512, 64)), anywhere = add(gm(none, 0, 4));
  EXPECT_FALSE(overlap.ever(a, b));
  EXPECT_FALSE(overlap.ever(a, p));
  EXPECT_TRUE(overlap.ever(p, q));
  EXPECT_TRUE(overlap.ever(a, anywhere));
  EXPECT_TRUE(overlap.ever(q, anywhere));
}

// A program need not know any of its pointers.
TEST_F(OverlapTest, PointersOfUnknownOriginAreNeighboursOfOneAnother) {
  RegionId x = add(gm(none, 0, 64)), y = add(gm(none, 512, 64));
  Region place;
  place.space = Space::Vec;
  place.run = 64;
  RegionId tile = add(place);
  Node store;
  store.pipe = Pipe::MTE3;
  store.reads = {tile};
  store.writes = {x};
  program.add(std::move(store));
  EXPECT_TRUE(llvm::is_contained(overlap.neighbours()[x], y));
  EXPECT_TRUE(llvm::is_contained(overlap.neighbours()[y], x));
  EXPECT_FALSE(llvm::is_contained(overlap.neighbours()[x], tile));
}

TEST_F(OverlapTest, ColumnTilesOfOneMatrixAreApart) {
  RegionId left = add(box(0, 0, 32, 64, 256)), right = add(box(0, 64, 32, 64, 256)),
           middle = add(box(8, 60, 4, 8, 256)), below = add(box(32, 0, 32, 64, 256));
  EXPECT_FALSE(overlap.ever(left, right));
  EXPECT_TRUE(overlap.ever(left, middle));
  EXPECT_TRUE(overlap.ever(right, middle));
  EXPECT_FALSE(overlap.ever(left, below));
  EXPECT_FALSE(overlap.ever(middle, below));
}

TEST_F(OverlapTest, ColumnLoopIsApartForEveryTripCountThatStaysInTheRow) {
  NodeId four = loop(4), unknown = loop(std::nullopt);
  Region moving = box(0, 0, 32, 64, 256);
  moving.offset.terms = {{four, 64}};
  RegionId inRow = add(moving);
  EXPECT_EQ(overlap.carried(inRow, inRow, {four}, 0), std::nullopt);
  // Without a bound the tile reaches the next row after four iterations.
  moving.offset.terms = {{unknown, 64}};
  RegionId wraps = add(moving);
  EXPECT_EQ(overlap.carried(wraps, wraps, {unknown}, 0), 4);
  EXPECT_TRUE(overlap.sameIteration(wraps, wraps, {unknown}));
}

TEST_F(OverlapTest, CarriedDistanceOfShiftedRows) {
  NodeId i = loop(std::nullopt);
  Region row = gm(0, 0, 128);
  row.offset.terms = {{i, 128}};
  Region ahead = row;
  ahead.offset.constant = 3 * 128;
  RegionId x = add(row), y = add(ahead);
  EXPECT_EQ(overlap.carried(x, x, {i}, 0), std::nullopt);
  EXPECT_EQ(overlap.carried(y, x, {i}, 0), 3); // y of iteration i is x of i + 3
  EXPECT_EQ(overlap.carried(x, y, {i}, 0), std::nullopt);
  EXPECT_FALSE(overlap.sameIteration(x, y, {i}));
}

TEST_F(OverlapTest, InnerLoopsTakeAnyCounter) {
  NodeId outer = loop(std::nullopt), inner = loop(4);
  Region row = gm(0, 0, 128);
  row.offset.terms = {{outer, 512}, {inner, 128}};
  RegionId x = add(row);
  EXPECT_EQ(overlap.carried(x, x, {outer, inner}, 0), std::nullopt);
  EXPECT_EQ(overlap.carried(x, x, {outer, inner}, 1), std::nullopt);
  row.offset.terms = {{outer, 256}, {inner, 128}};
  RegionId half = add(row);
  EXPECT_EQ(overlap.carried(half, half, {outer, inner}, 0), 1);
}

TEST_F(OverlapTest, RingDistances) {
  NodeId i = loop(std::nullopt);
  RegionId now = add(slot(0, 64, 3, i, 0)), ahead = add(slot(0, 64, 3, i, 2)),
           all = add(slot(0, 64, 3, none, 0));
  EXPECT_FALSE(overlap.sameIteration(now, ahead, {i}));
  EXPECT_EQ(overlap.carried(now, now, {i}, 0), 3);
  EXPECT_EQ(overlap.carried(ahead, now, {i}, 0), 2); // filled two iterations ahead
  EXPECT_EQ(overlap.carried(now, ahead, {i}, 0), 1); // and refilled one later
  EXPECT_TRUE(overlap.sameIteration(now, all, {i}));
  EXPECT_EQ(overlap.carried(now, all, {i}, 0), 1);
  EXPECT_TRUE(overlap.sameTile(now, ahead));
  EXPECT_TRUE(overlap.sameTile(now, all));
}

TEST_F(OverlapTest, RingOfAShortLoopIsNotReused) {
  NodeId i = loop(3);
  RegionId x = add(slot(0, 64, 3, i, 0));
  EXPECT_EQ(overlap.carried(x, x, {i}, 0), std::nullopt);
}

TEST_F(OverlapTest, SymbolsCancelOnlyWhenEqual) {
  Region x = gm(0, 0, 64), y = gm(0, 64, 64);
  x.offset.symbol = y.offset.symbol = 7;
  RegionId a = add(x), b = add(y);
  EXPECT_FALSE(overlap.ever(a, b));
  y.offset.symbol = 8;
  RegionId c = add(y);
  EXPECT_TRUE(overlap.ever(a, c));
  y.offset.known = false;
  EXPECT_TRUE(overlap.ever(add(y), b));
}

TEST_F(OverlapTest, PartialOverlapIsNotTheSameTile) {
  RegionId a = add(slot(0, 64, 1, none, 0)), b = add(slot(32, 64, 1, none, 0));
  EXPECT_TRUE(overlap.sameTile(a, a));
  EXPECT_FALSE(overlap.sameTile(a, b));
  NodeId i = loop(std::nullopt);
  Region sliding = slot(0, 64, 1, none, 0);
  sliding.offset.terms = {{i, 32}};
  RegionId s = add(sliding);
  EXPECT_FALSE(overlap.sameTile(s, s));
  EXPECT_TRUE(overlap.sameTile(s, s, {i})) << "of one iteration";
  sliding.offset.constant = 16;
  EXPECT_FALSE(overlap.sameTile(s, add(sliding), {i}));
}

/// Every byte of `region` for given counters.
std::vector<int64_t> bytesOf(const Region &region, const std::vector<int64_t> &counter,
                             int64_t slot) {
  std::vector<int64_t> at{region.offset.constant};
  for (const Offset::Term &term : region.offset.terms)
    at[0] += term.coefficient * counter[term.loop];
  int64_t base =
      region.rotation.loop == none ? slot : counter[region.rotation.loop] + region.rotation.add;
  at[0] += region.rotation.stride * (base % region.rotation.count);
  for (const Region::Dim &dim : region.dims) {
    std::vector<int64_t> more;
    for (int64_t start : at)
      for (int64_t k = 0; k < dim.extent; ++k)
        more.push_back(start + k * dim.stride);
    at = more;
  }
  std::vector<int64_t> bytes;
  for (int64_t start : at)
    for (uint64_t k = 0; k < region.run; ++k)
      bytes.push_back(start + int64_t(k));
  return bytes;
}

// Two nested loops with known trip counts, all counters tried: the answer must never be too
// optimistic, and must be exact where the header says so (no ring, no clipping by counters that are
// correlated).
TEST_F(OverlapTest, NeverMissesWhatBruteForceFinds) {
  std::mt19937 random(1);
  auto pick = [&](int n) { return int64_t(random() % n); };
  unsigned overlapping = 0, missed = 0, extra = 0;
  for (int round = 0; round < 1500; ++round) {
    Program p;
    for (int k = 0; k < 2; ++k) {
      Node node;
      node.kind = NodeKind::Loop;
      node.trip = 1 + pick(5);
      p.add(node);
    }
    auto make = [&] {
      Region region;
      region.run = 1 + pick(4);
      region.offset.constant = pick(24);
      if (pick(2))
        region.dims.push_back({1 + pick(3), 1 + pick(12)});
      for (NodeId k = 0; k < 2; ++k)
        if (pick(2))
          region.offset.terms.push_back({k, 1 + pick(9)});
      if (pick(3) == 0)
        region.rotation = {uint32_t(2 + pick(2)), 1 + pick(6), NodeId(pick(2)), pick(3)};
      return region;
    };
    Region a = make(), b = pick(3) ? make() : a;
    RegionId x = p.intern(a), y = p.intern(b);
    bool same = false;
    std::optional<int64_t> outer;
    int64_t n0 = *p[0].trip, n1 = *p[1].trip;
    for (int64_t i = 0; i < n0; ++i)
      for (int64_t j = 0; j < n1; ++j) {
        std::vector<int64_t> mine = bytesOf(a, {i, j}, 0);
        for (int64_t k = i; k < n0; ++k)
          for (int64_t l = 0; l < n1; ++l) {
            std::vector<int64_t> theirs = bytesOf(b, {k, l}, 0);
            bool hit = std::find_first_of(mine.begin(), mine.end(), theirs.begin(), theirs.end()) !=
                       mine.end();
            same |= hit && i == k && j == l;
            if (hit && k > i)
              outer = std::min(outer.value_or(99), k - i);
          }
      }
    Overlap facts(p);
    bool saysSame = facts.sameIteration(x, y, {0, 1});
    std::optional<int64_t> saysOuter = facts.carried(x, y, {0, 1}, 0);
    overlapping += same + outer.has_value();
    missed += (same && !saysSame) || (outer && (!saysOuter || *saysOuter > *outer));
    extra += (saysSame && !same) + (saysOuter && (!outer || *saysOuter < *outer));
    ASSERT_EQ(missed, 0u) << "round " << round;
    EXPECT_TRUE(facts.ever(x, y) || !(same || outer));
  }
  EXPECT_GT(overlapping, 500u);
  EXPECT_LT(extra, 300u); // 3,000 answers; the rest comes from correlated counters
}

TEST_F(OverlapTest, NeighboursAgreeWithAllPairs) {
  std::mt19937 random(2);
  auto pick = [&](int n) { return int64_t(random() % n); };
  NodeId known = loop(4), unknown = loop(std::nullopt);
  Node writer;
  for (int k = 0; k < 150; ++k) {
    Region region = pick(3) ? gm(pick(5), pick(40) * 16, 16 + 16 * pick(2))
                            : slot(pick(30) * 16, 32, 2, unknown, 0);
    if (region.root == 4)
      region.root = none;
    if (pick(4) == 0)
      region.offset.terms.push_back({known, 16 * (1 + pick(3))});
    if (pick(4) == 0)
      region.offset.terms.push_back({unknown, 128 * (1 + pick(2))});
    if (pick(10) == 0)
      region.offset.symbol = uint32_t(pick(2));
    writer.writes.push_back(add(region));
  }
  program.add(writer);
  const auto &table = overlap.neighbours();
  for (RegionId x = 0; x < program.regions.size(); ++x) {
    std::vector<RegionId> expected;
    for (RegionId y = 0; y < program.regions.size(); ++y)
      if (x == y || overlap.ever(x, y))
        expected.push_back(y);
    EXPECT_EQ(table[x], expected) << describe(program, x);
  }
}

TEST(AffineSum, SolvesExactly) {
  AffineSum sum(-3, 3); // r
  sum.add(10, 0, 5);
  sum.addConstant(-27);
  EXPECT_TRUE(sum.canVanish()); // 30 - 27 - 3
  sum.addConstant(2);
  EXPECT_FALSE(sum.canVanish());                       // 25 is 5 from both 20 and 30
  EXPECT_EQ(sum.least(1, 0, AffineSum::unbounded), 2); // 20 - 25 + 3 + 2
  EXPECT_EQ(sum.least(-1, 0, AffineSum::unbounded), 2);
  EXPECT_EQ(sum.least(-10, 1, 3), std::nullopt);
}

} // namespace
