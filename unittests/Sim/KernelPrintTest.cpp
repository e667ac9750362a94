//===- KernelPrintTest.cpp - TPRINT ----------------------------------------===//

#include "KernelTesting.h"

using namespace pto;
using namespace pto::sim;

TEST(KernelPrint, ShowsTheValidRegionOfATile) {
  TestMachine machine;
  Operand tile;
  tile.kind = Operand::Tile;
  tile.tile.shape.element = Element::F16;
  tile.tile.shape.rows = 2;
  tile.tile.shape.cols = 16;
  tile.tile.shape.validRows = 2;
  tile.tile.shape.validCols = 2;
  double values[2][2] = {{1.5, -2}, {0.25, 65504}};
  for (int row = 0; row < 2; ++row)
    for (int col = 0; col < 2; ++col)
      encodeFloat(Element::F16, values[row][col], machine.at(Space::Vec, row * 32 + col * 2));
  machine.run(findKernel("print"), {tile, {}}, {{"printFormat", 0}});
  EXPECT_EQ(machine.printed, "  1.5000  -2.0000\n  0.2500 65504.0000\n");
  machine.printed.clear();
  machine.run(findKernel("print"), {tile, {}}, {{"printFormat", 1}});
  EXPECT_EQ(machine.printed, "    1.50    -2.00\n    0.25 65504.00\n");
  // Only the valid elements are read.
  EXPECT_EQ(machine.readBytes[unsigned(Space::Vec)].size(), 8u);
}

TEST(KernelPrint, ShowsAPartOfGlobalMemory) {
  TestMachine machine;
  Operand view;
  view.kind = Operand::View;
  view.view.element = Element::I8;
  view.view.address = 100;
  view.view.shape = {1, 1, 1, 2, 2};
  view.view.stride = {0, 0, 0, 10, 1};
  for (auto [address, value] : {std::pair(100, -1), {101, 2}, {110, 3}, {111, -128}})
    encodeInteger(Element::I8, value, machine.at(Space::GM, uint64_t(address)));
  machine.run(findKernel("print"), {view, {}}, {{"printFormat", 2}});
  EXPECT_EQ(machine.printed, "        -1          2\n         3       -128\n");
}
