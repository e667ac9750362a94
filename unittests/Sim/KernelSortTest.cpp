//===- KernelSortTest.cpp - TSORT32, TMRGSORT ------------------------------===//

#include "KernelTesting.h"
#include <algorithm>
#include <cmath>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

using Pair = std::pair<double, int64_t>;

TileOperand line(Element element, int64_t cols, uint64_t address, int64_t valid = -1) {
  return tile(Space::Vec, element, Form::ND, 1, cols, 1, valid < 0 ? cols : valid, address);
}
/// The record `index` of a list at `address`, by the layout of the page.
Pair recordAt(TestMachine &machine, Element element, uint64_t address, int64_t index) {
  return {machine.take(Space::Vec, address + index * 8, element),
          int64_t(machine.take(Space::Vec, address + index * 8 + 4, Element::U32))};
}
void putRecord(TestMachine &machine, Element element, uint64_t address, int64_t index,
               Pair record) {
  machine.put(Space::Vec, address + index * 8, element, record.first);
  machine.put(Space::Vec, address + index * 8 + 4, Element::U32, double(record.second));
}
/// Values that are all different, in no order.
double valueOf(int64_t i) { return double((i * 37) % 101) - 50; }

} // namespace

TEST(KernelSort, GroupsOf32GreatestFirst) {
  for (Element element : {Element::F32, Element::F16}) {
    TestMachine machine;
    int64_t slots = element == Element::F32 ? 2 : 4;
    TileOperand src = line(element, 64, 0), idx = line(Element::U32, 64, 0x1000),
                dst = line(element, 64 * slots, 0x2000);
    std::vector<Pair> expected[2];
    for (int64_t i = 0; i < 64; ++i) {
      machine.set(src, 0, i, valueOf(i));
      machine.set(idx, 0, i, double(1000 + i));
      expected[i / 32].push_back({valueOf(i), 1000 + i});
    }
    machine.run(findKernel("sort32"), {operand(src), operand(idx), Operand(), operand(dst)});
    EXPECT_THAT(machine.failures, IsEmpty());
    for (auto &group : expected)
      std::sort(group.rbegin(), group.rend());
    for (int64_t i = 0; i < 64; ++i)
      EXPECT_EQ(recordAt(machine, element, 0x2000, i), expected[i / 32][i % 32]) << i;
    EXPECT_EQ(machine.writes(Space::Vec).size(), 64u * 8);
  }
}

TEST(KernelSort, OneRowOfIndicesServesAllAndScratchSortsTheTail) {
  TestMachine machine;
  TileOperand src = tile(Space::Vec, Element::F32, Form::ND, 2, 48, 2, 40, 0),
              idx = line(Element::U32, 48, 0x1000, 40),
              tmp = tile(Space::Vec, Element::F32, Form::ND, 2, 64, 0x3000),
              dst = tile(Space::Vec, Element::F32, Form::ND, 2, 128, 0x2000);
  for (int64_t i = 0; i < 40; ++i) {
    machine.set(idx, 0, i, double(i));
    machine.set(src, 0, i, double(i));
    machine.set(src, 1, i, -double(i));
  }
  machine.run(findKernel("sort32"), {operand(src), operand(idx), operand(tmp), operand(dst)});
  EXPECT_THAT(machine.failures, IsEmpty());
  EXPECT_EQ(recordAt(machine, Element::F32, 0x2000, 0), Pair(31, 31));
  EXPECT_EQ(recordAt(machine, Element::F32, 0x2000, 32), Pair(39, 39));
  EXPECT_EQ(recordAt(machine, Element::F32, 0x2000, 39), Pair(32, 32));
  EXPECT_TRUE(std::isnan(recordAt(machine, Element::F32, 0x2000, 40).first));
  EXPECT_EQ(recordAt(machine, Element::F32, 0x2000 + 512, 1), Pair(-1, 1));
  EXPECT_TRUE(machine.writes(Space::Vec).count(0x3000));
  machine.run(findKernel("sort32"), {operand(src), operand(idx), Operand(), operand(dst)});
  EXPECT_THAT(machine.failures,
              ElementsAre(HasSubstr(
                  "leaves the last 8 of 40 columns unsorted, because it has no scratch tile")));
}

TEST(KernelSort, MergesRunsInsideAList) {
  for (Element element : {Element::F32, Element::F16}) {
    TestMachine machine;
    // 64 elements are 32 records of f32 or 16 of f16; two groups of four runs.
    int64_t run = element == Element::F32 ? 32 : 16, group = 4 * run, records = 2 * group;
    TileOperand src = line(element, 512, 0), dst = line(element, 512, 0x4000);
    std::vector<Pair> expected[2];
    for (int64_t i = 0; i < records; ++i) {
      // Within a run values fall.
      Pair record{double((i / run * 7) % 5) - double(i % run), i};
      putRecord(machine, element, 0, i, record);
      expected[i / group].push_back(record);
    }
    for (auto &part : expected)
      std::stable_sort(part.begin(), part.end(),
                       [](const Pair &a, const Pair &b) { return a.first > b.first; });
    machine.run(findKernel("merge_sort"), {operand(src), Operand(), Operand(), Operand(),
                                           integerOperand(64), Operand(), operand(dst)});
    EXPECT_THAT(machine.failures, IsEmpty());
    for (int64_t i = 0; i < records; ++i)
      EXPECT_EQ(recordAt(machine, element, 0x4000, i), expected[i / group][i % group]) << i;
    src.shape.validCols = 300;
    machine.run(findKernel("merge_sort"), {operand(src), Operand(), Operand(), Operand(),
                                           integerOperand(64), Operand(), operand(dst)});
    EXPECT_THAT(
        machine.failures,
        ElementsAre(HasSubstr(
            "merges groups of 4 runs of 64 elements, 1 to 255 of them, but the list has 300")));
  }
}

TEST(KernelSort, MergesListsThroughTheScratchTile) {
  auto merge = [](TestMachine &machine, int64_t keep, bool exhausted) {
    // 9 7 5 3 | 8 6 | 10 1 1 1
    const std::vector<double> lists[] = {{9, 7, 5, 3}, {8, 6}, {10, 1, 1, 1}};
    std::vector<Operand> operands(7);
    for (unsigned i = 0; i < 3; ++i) {
      operands[i] = operand(line(Element::F32, 8, i * 0x100, int64_t(lists[i].size()) * 2));
      for (size_t j = 0; j < lists[i].size(); ++j)
        putRecord(machine, Element::F32, i * 0x100, int64_t(j), {lists[i][j], int64_t(10 * i + j)});
    }
    operands[5] = operand(line(Element::F32, 24, 0x1000));
    operands[6] = operand(line(Element::F32, 24, 0x2000, keep * 2));
    machine.run(findKernel("merge_sort"), operands, {{"exhausted", exhausted}});
  };
  TestMachine all;
  merge(all, 10, false);
  EXPECT_THAT(all.failures, IsEmpty());
  const Pair sorted[] = {{10, 20}, {9, 0}, {8, 10}, {7, 1},  {6, 11},
                         {5, 2},   {3, 3}, {1, 21}, {1, 22}, {1, 23}};
  for (int64_t i = 0; i < 10; ++i)
    EXPECT_EQ(recordAt(all, Element::F32, 0x2000, i), sorted[i]) << i;
  EXPECT_EQ(all.writes(Space::Vec).count(0x1000), 1u);

  TestMachine best;
  merge(best, 3, false);
  EXPECT_EQ(recordAt(best, Element::F32, 0x2000, 2), Pair(8, 10));
  EXPECT_FALSE(best.writes(Space::Vec).count(0x2000 + 24));

  // The second list ends with 6; behind it lies what was in the scratch tile.
  TestMachine early;
  merge(early, 10, true);
  EXPECT_EQ(recordAt(early, Element::F32, 0x2000, 4), Pair(6, 11));
  EXPECT_EQ(early.take(Space::Vec, 0x2000 + 5 * 8, Element::U32), double(0xa5a5a5a5u));
}
