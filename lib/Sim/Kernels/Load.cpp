//===- Load.cpp - TLOAD: global memory to Vec and Mat ----------------------===//
//
// Which transfers exist: library 2.1. Every one of them keeps the logical matrix; only the
// places change.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>

using namespace pto;
using namespace pto::sim;

/// Whether the MTE2 can write a view of this layout into a tile of this shape (library 2.1).
static bool pathExists(Layout from, const TileShape &to, Arch arch) {
  bool nz = to.blayout == BLayout::ColMajor && to.slayout == SLayout::RowMajor;
  bool zn = to.blayout == BLayout::RowMajor && to.slayout == SLayout::ColMajor;
  bool matrix = to.space == Space::Mat;
  switch (from) {
  case Layout::ND:
    return (!to.isBoxed() && to.blayout == BLayout::RowMajor) || (matrix && nz);
  case Layout::DN:
    return (!to.isBoxed() && to.blayout == BLayout::ColMajor) || (matrix && zn) ||
           (matrix && nz && arch == Arch::A5);
  case Layout::NZ:
    return nz;
  case Layout::MxAZz:
    return matrix && arch == Arch::A5 && to.fractal == 32 && to.blayout == BLayout::RowMajor &&
           to.slayout == SLayout::RowMajor;
  case Layout::MxBNn:
    return matrix && arch == Arch::A5 && to.fractal == 32 && to.blayout == BLayout::ColMajor &&
           to.slayout == SLayout::ColMajor;
  }
  return false;
}

/// Pairs of 4-bit numbers are moved as they are: they must run along one axis on both sides.
static bool turnsPairs(Layout from, const TileShape &to) {
  return isPackedPair(to.element) && (from == Layout::DN) != to.isByColumns();
}

/// Fills the tail of the last 32-byte block of each line of the valid region, and nothing beyond
/// it.
static void padTails(KernelContext &context, const TileOperand &tile, Region filled) {
  const TileShape &shape = tile.shape;
  unsigned size = bytesOf(shape.element);
  bool byColumns = shape.blayout == BLayout::ColMajor;
  int64_t lines = byColumns ? filled.cols : filled.rows,
          count = byColumns ? filled.rows : filled.cols;
  int64_t pitch = byColumns ? shape.rows : shape.cols;
  uint64_t used = uint64_t(count) * size, tail = llvm::alignTo(used, 32) - used;
  std::byte value[8], block[32];
  encodePad(shape.pad, shape.element, value);
  for (uint64_t i = 0; i < tail; i += size)
    std::memcpy(block + i, value, size);
  for (int64_t line = 0; tail && line < lines; ++line)
    context.write(shape.space, tile.address + uint64_t(line * pitch) * size + used, block, tail);
}

void pto::sim::loadKernel(KernelContext &context) {
  const ViewOperand *source = viewAt(context, 0);
  const TileOperand *tile = tileAt(context, 1);
  if (!source || !tile)
    return;
  const ViewOperand &view = *source;
  const TileShape &shape = tile->shape;
  if (bytesOf(view.element) != bytesOf(shape.element))
    return context.fail("TLOAD moves elements of " + name(view.element).str() + " into a tile of " +
                        name(shape.element).str() + ", whose size differs");
  if (!pathExists(view.layout, shape, context.arch))
    return context.fail("TLOAD has no path from a view in " + layoutOf(view.layout).str() +
                        " into a tile " + layoutOf(shape) + ", on " + name(context.arch).str());
  if (turnsPairs(view.layout, shape))
    return context.fail("TLOAD would have to take pairs of " + name(shape.element).str() +
                        " apart: they run along the other axis in the tile");

  int64_t rows = matrixRows(view), cols = matrixCols(view);
  if (rows != shape.validRows || cols != shape.validCols)
    context.fail("TLOAD of a " + extents(rows, cols) + " view into a tile with " +
                 extents(shape.validRows, shape.validCols) + " valid elements");
  // After that report the part which both have is moved, so that the run can go on.
  Region moved{0, 0, std::min(rows, shape.validRows), std::min(cols, shape.validCols)};
  if (moved.empty())
    return;
  bool byColumns =
      shape.isBoxed() ? shape.slayout == SLayout::ColMajor : shape.blayout == BLayout::ColMajor;
  Packed data(moved.rows, moved.cols, bytesOf(shape.element),
              byColumns ? Packed::ByColumns : Packed::ByRows);
  readView(context, view, data);
  writeTile(context, *tile, moved, data);
  if (shape.space == Space::Vec && shape.pad != PadValue::Null && !shape.isBoxed())
    padTails(context, *tile, moved);
}
