//===- Layout.cpp - TTRANS and TCONCAT --------------------------------------===//

#include "Kernels.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::sim;

static constexpr int64_t blockBytes = 32;

//===----------------------------------------------------------------------===//
// TTRANS
//===----------------------------------------------------------------------===//

/// On a2/a3 the vector unit leaves garbage behind the last valid column inside its block.
static void scribbleTails(KernelContext &context, const TileOperand &to, int64_t rows,
                          int64_t cols) {
  int64_t block = blockBytes / bytesOf(to.shape.element);
  int64_t end = std::min<int64_t>(llvm::alignTo(uint64_t(cols), block), to.shape.cols);
  if (end == cols)
    return;
  Packed tail(rows, end - cols, bytesOf(to.shape.element));
  std::fill_n(tail.data(), tail.elements() * tail.elementBytes, std::byte{0xa5});
  writeTile(context, to, {0, cols, rows, end - cols}, tail);
}

void pto::sim::transposeKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0), *to = tileAt(context, 2);
  if (!from || !to)
    return;
  Region valid = validRegion(*from);
  if (valid.rows > to->shape.cols || valid.cols > to->shape.rows)
    return context.fail("TTRANS of " + extents(valid.rows, valid.cols) +
                        " elements into a tile of " + extents(to->shape.rows, to->shape.cols));
  if (valid.empty())
    return;
  unsigned size = bytesOf(from->shape.element);
  // Read by rows, written by columns: the same bytes are then the transposed matrix.
  Packed data(valid.rows, valid.cols, size),
      turned(valid.cols, valid.rows, size, Packed::ByColumns);
  readTile(context, *from, valid, data);
  std::copy_n(data.data(), data.elements() * size, turned.data());
  writeTile(context, *to, {0, 0, valid.cols, valid.rows}, turned);
  bool inBlocks = to->shape.cols % (size == 1 ? 32 : 16) == 0;
  if (context.arch != Arch::A3 || !inBlocks)
    return;
  scribbleTails(context, *to, valid.cols, valid.rows);
  if (const TileOperand *tmp = tileAt(context, 1))
    scribble(context, *tmp, 0,
             llvm::alignTo(uint64_t(valid.cols), blockBytes / size) *
                 llvm::alignTo(uint64_t(valid.rows), size == 1 ? 32 : 16) * size);
}

//===----------------------------------------------------------------------===//
// TCONCAT
//===----------------------------------------------------------------------===//

/// False, after a report, when the columns do not fit.
static bool fits(KernelContext &context, int64_t first, int64_t second, const TileShape &to) {
  if (first >= 0 && second >= 0 && first <= to.cols - second)
    return true;
  context.fail("TCONCAT of " + std::to_string(first) + " and " + std::to_string(second) +
               " columns into a tile of " + std::to_string(to.cols));
  return false;
}

/// Copies the first `region.cols` columns of the rows of `region` to column `at`.
static void copyColumns(KernelContext &context, const TileOperand &from, Region region,
                        const TileOperand &to, int64_t at) {
  if (region.empty())
    return;
  Packed data(region.rows, region.cols, bytesOf(from.shape.element));
  readTile(context, from, region, data);
  writeTile(context, to, {region.row, at, region.rows, region.cols}, data);
}

static void concat(KernelContext &context, bool first, bool second) {
  const TileOperand *a = tileAt(context, 0), *b = tileAt(context, 1), *to = tileAt(context, 2);
  if (!a || !b || !to || !fits(context, a->shape.validCols, b->shape.validCols, to->shape))
    return;
  int64_t rows = to->shape.validRows;
  if (first)
    copyColumns(context, *a, {0, 0, rows, a->shape.validCols}, *to, 0);
  if (second)
    copyColumns(context, *b, {0, 0, rows, b->shape.validCols}, *to, a->shape.validCols);
}

void pto::sim::concatKernel(KernelContext &context) { concat(context, true, true); }
void pto::sim::concatFirstKernel(KernelContext &context) { concat(context, true, false); }
void pto::sim::concatSecondKernel(KernelContext &context) { concat(context, false, true); }

/// Reads the counts of the rows: bytes of an index, at the head of each row of an index tile.
static std::vector<int64_t> readCounts(KernelContext &context, const TileOperand &index,
                                       int64_t rows) {
  unsigned size = bytesOf(index.shape.element);
  Packed heads(rows, 1, size);
  readTile(context, index, {0, 0, rows, 1}, heads);
  std::vector<int64_t> counts;
  for (int64_t row = 0; row < rows; ++row)
    counts.push_back(decodeInteger(index.shape.element, heads.at(row, 0)) / size);
  return counts;
}

/// `copies`: false for the part of S, which only fetches the counts.
static void concatByIndex(KernelContext &context, bool copies) {
  const TileOperand *tiles[5];
  for (unsigned i = 0; i < 5; ++i)
    if (!(tiles[i] = tileAt(context, i)))
      return;
  const TileOperand &to = *tiles[4];
  int64_t rows = to.shape.validRows;
  if (rows == 0)
    return;
  std::vector<int64_t> first = readCounts(context, *tiles[2], rows),
                       second = readCounts(context, *tiles[3], rows);
  for (int64_t row = 0; copies && row < rows; ++row) {
    if (!fits(context, first[row], second[row], to.shape))
      return;
    if (first[row] > tiles[0]->shape.cols || second[row] > tiles[1]->shape.cols)
      return context.fail("TCONCAT of " + std::to_string(first[row]) + " and " +
                          std::to_string(second[row]) + " columns of tiles that have " +
                          std::to_string(tiles[0]->shape.cols) + " and " +
                          std::to_string(tiles[1]->shape.cols));
    copyColumns(context, *tiles[0], {row, 0, 1, first[row]}, to, 0);
    copyColumns(context, *tiles[1], {row, 0, 1, second[row]}, to, first[row]);
  }
}

void pto::sim::concatIndexKernel(KernelContext &context) { concatByIndex(context, true); }
void pto::sim::concatIndexReadKernel(KernelContext &context) { concatByIndex(context, false); }
