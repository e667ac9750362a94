//===- KernelTableTest.cpp - MGATHER, MSCATTER, TPREFETCH ------------------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr uint64_t tableAt = 0x100, indexAt = 0x4000;

/// A table of rows x 8 numbers, 10 * row + column, with rows 16 apart.
struct TableCall {
  TestMachine machine;
  ViewOperand table;
  explicit TableCall(int64_t rows, Element element = Element::F32) {
    table.element = element;
    table.address = tableAt;
    table.shape = {1, 1, 1, rows, 8};
    table.stride = {16 * rows, 16 * rows, 16 * rows, 16, 1};
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < 8; ++col)
        put(row, col, double(10 * row + col));
  }
  void put(int64_t row, int64_t col, double value) {
    machine.put(Space::GM, viewAddress(table, row, col), table.element, value);
  }
  double get(int64_t row, int64_t col) {
    return machine.take(Space::GM, viewAddress(table, row, col), table.element);
  }
  TileOperand data(int64_t rows) const {
    return tile(Space::Vec, table.element, Form::ND, rows, 8, 0);
  }
  TileOperand indices(int64_t rows, int64_t cols, std::vector<double> values) {
    TileOperand idx = tile(Space::Vec, Element::I32, Form::ND, rows, 8, rows, cols, indexAt);
    for (size_t i = 0; i < values.size(); ++i)
      machine.set(idx, int64_t(i) / cols, int64_t(i) % cols, values[i]);
    return idx;
  }
};

std::vector<double> line(TestMachine &machine, const TileOperand &tile, int64_t row) {
  std::vector<double> out;
  for (int64_t col = 0; col < tile.shape.validCols; ++col)
    out.push_back(machine.get(tile, row, col));
  return out;
}

} // namespace

TEST(KernelTable, GathersRowsAndElements) {
  TableCall call(4);
  TileOperand dst = call.data(3), idx = call.indices(1, 3, {2, 0, 2});
  call.machine.run(findKernel("table_gather"),
                   {operand(call.table), operand(idx), Operand(), Operand(), operand(dst)},
                   {{"coalesce", 0}});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_THAT(line(call.machine, dst, 0), ElementsAre(20, 21, 22, 23, 24, 25, 26, 27));
  EXPECT_THAT(line(call.machine, dst, 1), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(line(call.machine, dst, 2), line(call.machine, dst, 0));
  EXPECT_EQ(call.machine.reads(Space::GM).size(), 2u * 32);

  TileOperand one = call.data(1), each = call.indices(1, 8, {31, 0, 8, 9, 1, 1, 16, 30});
  call.machine.run(findKernel("table_gather"),
                   {operand(call.table), operand(each), Operand(), Operand(), operand(one)},
                   {{"coalesce", 1}});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_THAT(line(call.machine, one, 0), ElementsAre(37, 0, 10, 11, 1, 1, 20, 36));
}

TEST(KernelTable, BeyondTheTable) {
  const std::vector<std::vector<double>> expected = {{}, {30, 30}, {10, 30}, {0, 0}};
  for (int64_t mode = 0; mode < 4; ++mode) {
    TableCall call(4);
    // 5 is 1 modulo 4; -1 is the largest word, 3 modulo 4.
    TileOperand dst = call.data(2), idx = call.indices(1, 2, {5, -1});
    call.machine.run(findKernel("table_gather"),
                     {operand(call.table), operand(idx), Operand(), Operand(), operand(dst)},
                     {{"coalesce", 0}, {"gatherOob", mode}});
    if (mode == 0) {
      EXPECT_THAT(call.machine.failures,
                  ElementsAre(HasSubstr("index 5 lies beyond a table of 4 rows")));
      continue;
    }
    EXPECT_THAT(call.machine.failures, IsEmpty());
    EXPECT_EQ(call.machine.get(dst, 0, 0), expected[mode][0]);
    EXPECT_EQ(call.machine.get(dst, 1, 0), expected[mode][1]);
  }
}

TEST(KernelTable, GathersIntoNzWithIndicesInGlobalMemory) {
  TableCall call(4, Element::F16);
  ViewOperand indices;
  indices.element = Element::I32;
  indices.address = indexAt;
  indices.shape = {1, 1, 1, 1, 16};
  indices.stride = {16, 16, 16, 16, 1};
  for (int i = 0; i < 16; ++i)
    call.machine.put(Space::GM, indexAt + 4 * i, Element::I32, 3 - i % 4);
  TileOperand dst = tile(Space::Mat, Element::F16, Form::Nz, 16, 16, 16, 8, 0);
  call.machine.run(findKernel("table_gather"),
                   {operand(call.table), Operand(), operand(indices), Operand(), operand(dst)},
                   {{"coalesce", 0}});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_EQ(call.machine.get(dst, 0, 5), 35);
  EXPECT_EQ(call.machine.get(dst, 7, 2), 2);
  EXPECT_EQ(call.machine.writes(Space::Mat), call.machine.bytesOfTile(dst, 16, 8));
}

TEST(KernelTable, ScattersRows) {
  TableCall call(4);
  TileOperand src = call.data(3), idx = call.indices(1, 3, {1, 3, 1});
  for (int64_t i = 0; i < 24; ++i)
    call.machine.set(src, i / 8, i % 8, 100 + double(i));
  call.machine.run(findKernel("table_scatter"), {operand(src), operand(idx), operand(call.table)},
                   {{"coalesce", 0}});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_EQ(call.get(1, 0), 116); // the last of two
  EXPECT_EQ(call.get(3, 7), 115);
  EXPECT_EQ(call.get(0, 0), 0);
  EXPECT_EQ(call.machine.writes(Space::GM).size(), 2u * 32);
}

TEST(KernelTable, CombinesAndSkips) {
  auto run = [](int64_t how, int64_t oob, std::vector<double> where) {
    auto call = std::make_unique<TableCall>(1);
    TileOperand src = call->data(1), idx = call->indices(1, 8, std::move(where));
    for (int64_t i = 0; i < 8; ++i)
      call->machine.set(src, 0, i, double(i) - 1); // -1 to 6
    call->machine.run(findKernel("table_scatter"),
                      {operand(src), operand(idx), operand(call->table)},
                      {{"coalesce", 1}, {"scatterAtomicOp", how}, {"scatterOob", oob}});
    return call;
  };
  // The table holds 0 to 7; everything goes to element 3 and 4 in turn.
  const std::vector<double> turns = {3, 4, 3, 4, 3, 4, 3, 4};
  auto sum = run(1, 0, turns);
  EXPECT_EQ(sum->get(0, 3), 3 + (-1 + 1 + 3 + 5));
  EXPECT_EQ(sum->get(0, 4), 4 + (0 + 2 + 4 + 6));
  EXPECT_EQ(sum->machine.additions().size(), 8u);
  auto largest = run(2, 0, turns);
  EXPECT_EQ(largest->get(0, 3), 5);
  EXPECT_EQ(largest->get(0, 4), 6);
  auto smallest = run(3, 0, turns);
  EXPECT_EQ(smallest->get(0, 3), -1);
  EXPECT_EQ(smallest->get(0, 4), 0);
  auto skipped = run(0, 1, {8, 0, 9, 1, 10, 2, 11, 3});
  EXPECT_THAT(skipped->machine.failures, IsEmpty());
  EXPECT_EQ(skipped->get(0, 0), 0);
  EXPECT_EQ(skipped->get(0, 3), 6);
  EXPECT_EQ(skipped->machine.writes(Space::GM).size(), 16u);
  auto clamped = run(0, 2, {8, 0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(clamped->get(0, 7), -1);
  auto refused = run(0, 0, {8, 0, 1, 2, 3, 4, 5, 6});
  EXPECT_THAT(refused->machine.failures,
              ElementsAre(HasSubstr("index 8 lies beyond a table of 8 elements")));
}

TEST(KernelTable, APrefetchLeavesNothingInItsTile) {
  TableCall call(2);
  TileOperand dst = call.data(2);
  call.machine.run(findKernel("prefetch"), {operand(call.table), operand(dst)});
  EXPECT_THAT(call.machine.failures, IsEmpty());
  EXPECT_EQ(call.machine.reads(Space::GM).size(), 64u);
  EXPECT_EQ(call.machine.writes(Space::Vec), call.machine.bytesOfTile(dst, 2, 8));
}
