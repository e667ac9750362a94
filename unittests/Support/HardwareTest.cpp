#include "ptoas/Support/Element.h"
#include <gtest/gtest.h>

using namespace pto;

TEST(Hardware, VectorCoreHasNoFixPipe) {
  EXPECT_FALSE(coreHasPipe(CoreKind::Vector, Pipe::FIX, Arch::A3));
  EXPECT_TRUE(coreHasPipe(CoreKind::Cube, Pipe::MTE3, Arch::A3));
  EXPECT_FALSE(coreHasPipe(CoreKind::Cube, Pipe::MTE3, Arch::A5));
}

TEST(Element, NzOffsetWalksColumnBlocksFirst) {
  // 32 x 32 f16 in Nz: 16 x 16 boxes, column blocks outermost (library 1.3).
  TileShape nz;
  nz.space = Space::Mat;
  nz.element = Element::F16;
  nz.rows = nz.cols = 32;
  nz.blayout = BLayout::ColMajor;
  nz.slayout = SLayout::RowMajor;
  EXPECT_EQ(nz.boxRows(), 16);
  EXPECT_EQ(nz.boxCols(), 16);
  EXPECT_EQ(nz.elementOffset(0, 1), 1);
  EXPECT_EQ(nz.elementOffset(1, 0), 16);
  EXPECT_EQ(nz.elementOffset(16, 0), 256);
  EXPECT_EQ(nz.elementOffset(0, 16), 512);
}

TEST(Element, NamesParseBack) {
  for (unsigned i = 0; i < numElements; ++i)
    EXPECT_EQ(parseElement(name(Element(i))), Element(i));
}
