//===- FillPad.cpp - TFILLPAD -----------------------------------------------===//

#include "Kernels.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>

using namespace pto;
using namespace pto::sim;

/// Fills a region of the tile with one value.
static void fill(KernelContext &context, const TileOperand &to, Region region,
                 const std::byte *value) {
  if (region.empty())
    return;
  Packed data(region.rows, region.cols, bytesOf(to.shape.element));
  for (int64_t i = 0; i < data.elements(); ++i)
    std::memcpy(data.data() + i * data.elementBytes, value, data.elementBytes);
  writeTile(context, to, region, data);
}

/// In L1: rows behind the valid ones, in the column blocks that have valid columns; all of the
/// others.
static void fillMatrix(KernelContext &context, const TileOperand &to) {
  const TileShape &shape = to.shape;
  if (context.attribute("padValue", int64_t(PadValue::Zero)) == int64_t(PadValue::Null))
    return;
  int64_t used = std::min<int64_t>(
      llvm::alignTo(uint64_t(shape.validCols), uint64_t(shape.boxCols())), shape.cols);
  std::byte zero[8] = {};
  fill(context, to, {shape.validRows, 0, shape.rows - shape.validRows, used}, zero);
  fill(context, to, {0, used, shape.rows, shape.cols - used}, zero);
}

void pto::sim::fillPadKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0), *to = tileAt(context, 1);
  if (!from || !to)
    return;
  const TileShape &source = from->shape, &target = to->shape;
  if (target.space == Space::Mat)
    return fillMatrix(context, *to);
  if (source.rows > target.rows || source.cols > target.cols)
    return context.fail("TFILLPAD of a tile of " + extents(source.rows, source.cols) +
                        " into one of " + extents(target.rows, target.cols));
  if (target.validRows == 0 || target.validCols == 0)
    return;
  unsigned size = bytesOf(target.element);
  int64_t rows = source.validRows, cols = source.validCols, kept = cols;
  // library 3.14: with one pad on both sides the tail of the last block is TLOAD's work.
  if (source.pad == target.pad)
    kept = std::min<int64_t>(llvm::alignTo(uint64_t(cols), 32 / size), source.cols);
  bool inPlace = from->address == to->address;
  if (!inPlace && rows && cols) {
    Packed data(rows, kept, size);
    readTile(context, *from, {0, 0, rows, cols}, data);
    if (kept > cols)
      readTile(context, *from, {0, cols, rows, kept - cols}, data, 0, cols, Use::Residue);
    writeTile(context, *to, {0, 0, rows, kept}, data);
  }
  std::byte value[8];
  encodePad(target.pad, target.element, value);
  fill(context, *to, {0, kept, rows, target.cols - kept}, value);
  fill(context, *to, {rows, 0, target.validRows - rows, target.cols}, value);
}
