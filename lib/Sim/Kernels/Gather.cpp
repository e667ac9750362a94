//===- Gather.cpp - TGATHER, TGATHERB, TSCATTER ----------------------------===//
//
// Indices count elements through the physical rows of a plain tile (library 3.10).
//
//===----------------------------------------------------------------------===//

#include "Gather.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <cstring>
#include <map>

using namespace pto;
using namespace pto::sim;

namespace {

enum GatherOperand : unsigned { Source, Indices, Thresholds, Scratch, Result, Counts };

bool isGiven(const KernelContext &context, unsigned index) {
  return index < context.operands.size() && context.operands[index].kind != Operand::None;
}

/// The valid region as packed bytes, row by row.
Packed readValid(KernelContext &context, const TileOperand &tile) {
  Region region = validRegion(tile);
  Packed values(region.rows, region.cols, bytesOf(tile.shape.element));
  if (!region.empty())
    readTile(context, tile, region, values);
  return values;
}

int64_t integerAt(Packed &values, Element element, int64_t row, int64_t col) {
  return decodeInteger(element, values.at(row, col));
}

/// Bytes of a tile from element `flat` on.
uint64_t addressOf(const TileOperand &tile, int64_t flat) {
  return tile.address + uint64_t(flat) * bytesOf(tile.shape.element);
}

/// Reports an index that lies outside `tile`; true when it lies inside.
bool isInside(KernelContext &context, const TileOperand &tile, int64_t flat, int64_t row,
              int64_t col) {
  if (flat >= 0 && flat < tile.shape.rows * tile.shape.cols)
    return true;
  context.fail("index " + std::to_string(flat) + " at (" + std::to_string(row) + ", " +
               std::to_string(col) + ") lies outside a tile of " +
               extents(tile.shape.rows, tile.shape.cols) + " elements");
  return false;
}

//===----------------------------------------------------------------------===//
// TGATHER
//===----------------------------------------------------------------------===//

void gatherByIndex(KernelContext &context, const TileOperand &src, const TileOperand &dst) {
  const TileOperand *indices = tileAt(context, Indices);
  if (!indices)
    return;
  Region region = validRegion(dst);
  if (indices->shape.validRows != region.rows || indices->shape.validCols != region.cols)
    return context.fail("a result of " + extents(region.rows, region.cols) +
                        " valid elements, but indices of " +
                        extents(indices->shape.validRows, indices->shape.validCols));
  if (region.empty())
    return;
  Packed which = readValid(context, *indices);
  Packed out(region.rows, region.cols, bytesOf(src.shape.element));
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; ++col) {
      int64_t flat = integerAt(which, indices->shape.element, row, col);
      if (!isInside(context, src, flat, row, col))
        return;
      context.read(src.shape.space, addressOf(src, flat), out.at(row, col), out.elementBytes);
    }
  writeTile(context, dst, region, out);
  if (context.arch == Arch::A3)
    if (const TileOperand *tmp = tileAt(context, Scratch))
      scribble(context, *tmp, 0, uint64_t(which.elements()) * which.elementBytes);
}

double numberAt(Packed &values, Element element, int64_t row, int64_t col) {
  return isFloat(element) ? decodeFloat(element, values.at(row, col))
                          : double(decodeInteger(element, values.at(row, col)));
}

/// Numbers of the elements of a row: on a5 rows begin at whole repeats of 256 bytes.
int64_t rowStride(const KernelContext &context, const TileOperand &src) {
  int64_t repeat = 256 / bytesOf(src.shape.element);
  return context.arch == Arch::A3 ? src.shape.cols
                                  : int64_t(llvm::alignTo(uint64_t(src.shape.validCols), repeat));
}

/// What the elements of `row` are compared with: on a3 after conversion to their type.
double thresholdOf(const KernelContext &context, Packed &thresholds, Element integer,
                   Element element, int64_t row) {
  auto value = double(integerAt(thresholds, integer, row, 0));
  if (!isFloat(element) || (context.arch == Arch::A5 && element == Element::F32))
    return value;
  std::byte bytes[8];
  encodeFloat(element, value, bytes);
  return decodeFloat(element, bytes);
}

void gatherByComparison(KernelContext &context, const TileOperand &src, const TileOperand &dst) {
  const TileOperand *thresholds = tileAt(context, Thresholds), *counts = tileAt(context, Counts);
  if (!thresholds || !counts || validRegion(src).empty())
    return;
  if (thresholds->shape.validRows != src.shape.validRows || thresholds->shape.validCols < 1)
    return context.fail("needs a threshold for each of " + std::to_string(src.shape.validRows) +
                        " rows, but has " +
                        extents(thresholds->shape.validRows, thresholds->shape.validCols));
  Packed limits = readValid(context, *thresholds);
  Packed values = readValid(context, src);
  Element element = src.shape.element;
  bool greater = context.attribute("cmpMode", 0) == 4;
  // a5 compares f32 after rounding it to integers (library 3.10).
  bool rounds = context.arch == Arch::A5 && element == Element::F32;
  int64_t offset = context.attribute("offset", 0), stride = rowStride(context, src);
  for (int64_t row = 0; row < values.rows; ++row) {
    double limit = thresholdOf(context, limits, thresholds->shape.element, element, row);
    llvm::SmallVector<int32_t, 64> found;
    for (int64_t col = 0; col < values.cols; ++col) {
      double value = numberAt(values, element, row, col);
      value = rounds ? std::nearbyint(value) : value;
      if (greater ? value > limit : value == limit)
        found.push_back(int32_t(offset + row * stride + col));
    }
    if (int64_t(found.size()) > dst.shape.cols || row >= dst.shape.rows)
      return context.fail("row " + std::to_string(row) + " has " + std::to_string(found.size()) +
                          " elements that satisfy the comparison, but the result is a tile of " +
                          extents(dst.shape.rows, dst.shape.cols));
    if (!found.empty())
      context.write(dst.shape.space, addressOf(dst, row * dst.shape.cols), found.data(),
                    found.size() * 4);
    if (!isInside(context, *counts, row, row, 0))
      return;
    auto count = int32_t(found.size());
    context.write(counts->shape.space, addressOf(*counts, row), &count, 4);
  }
}

void gatherByPattern(KernelContext &context, const TileOperand &src, const TileOperand &dst) {
  MaskPattern pattern(context);
  Region region = validRegion(src);
  if (region.empty())
    return;
  Packed values = readValid(context, src);
  llvm::SmallVector<std::byte, 1024> kept;
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; ++col)
      if ((pattern.byRows ? row : col) % pattern.step == pattern.first)
        kept.append(values.at(row, col), values.at(row, col) + values.elementBytes);
  int64_t elements = int64_t(kept.size()) / values.elementBytes;
  // Whole rows keep their place in a row; single elements run on without regard to rows.
  int64_t pitch = pattern.byRows ? region.cols : elements;
  int64_t lines = elements == 0 ? 0 : elements / pitch;
  if (pattern.byRows ? lines > dst.shape.rows || pitch > dst.shape.cols
                     : elements > dst.shape.rows * dst.shape.cols)
    return context.fail("keeps " + std::to_string(elements) +
                        " elements, but the result is a tile of " +
                        extents(dst.shape.rows, dst.shape.cols));
  for (int64_t line = 0; line < lines; ++line)
    context.write(dst.shape.space, addressOf(dst, line * dst.shape.cols),
                  kept.data() + line * pitch * values.elementBytes,
                  uint64_t(pitch) * values.elementBytes);
}

void gather(KernelContext &context) {
  const TileOperand *src = tileAt(context, Source), *dst = tileAt(context, Result);
  if (!src || !dst)
    return;
  if (isGiven(context, Counts))
    gatherByComparison(context, *src, *dst);
  else if (isGiven(context, Indices))
    gatherByIndex(context, *src, *dst);
  else
    gatherByPattern(context, *src, *dst);
}

//===----------------------------------------------------------------------===//
// TGATHERB
//===----------------------------------------------------------------------===//

void gatherBlocks(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *offsets = tileAt(context, 1),
                    *dst = tileAt(context, 2);
  if (!src || !offsets || !dst || validRegion(*dst).empty())
    return;
  constexpr int64_t block = 32;
  Region region = validRegion(*dst);
  unsigned bytes = bytesOf(dst->shape.element);
  auto blocks = int64_t(llvm::divideCeil(uint64_t(region.cols) * bytes, block));
  if (offsets->shape.validRows < region.rows || offsets->shape.validCols < blocks)
    return context.fail("needs " + extents(region.rows, blocks) + " offsets, but has " +
                        extents(offsets->shape.validRows, offsets->shape.validCols));
  Packed where(region.rows, blocks, bytesOf(offsets->shape.element));
  readTile(context, *offsets, {0, 0, region.rows, blocks}, where);
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t i = 0; i < blocks; ++i) {
      int64_t offset = int64_t(uint32_t(integerAt(where, Element::U32, row, i)));
      int64_t count = std::min(block, region.cols * bytes - i * block);
      if (uint64_t(offset + count) > src->shape.bytes())
        return context.fail("offset " + std::to_string(offset) + " of block " + std::to_string(i) +
                            " in row " + std::to_string(row) + " lies outside a source of " +
                            std::to_string(src->shape.bytes()) + " bytes");
      std::byte data[block];
      context.read(src->shape.space, src->address + offset, data, count);
      context.write(dst->shape.space, addressOf(*dst, row * dst->shape.cols) + i * block, data,
                    count);
    }
}

//===----------------------------------------------------------------------===//
// TSCATTER
//===----------------------------------------------------------------------===//

/// The elements of dst that take a value, each once: the last of several wins.
using Placed = std::map<int64_t, const std::byte *>;

bool placeByIndex(KernelContext &context, const TileOperand &dst, Packed &values, Placed &placed) {
  const TileOperand *indexes = tileAt(context, 1);
  if (!indexes)
    return false;
  if (indexes->shape.validRows != values.rows || indexes->shape.validCols != values.cols) {
    context.fail("a source of " + extents(values.rows, values.cols) +
                 " valid elements, but indexes of " +
                 extents(indexes->shape.validRows, indexes->shape.validCols));
    return false;
  }
  Packed where = readValid(context, *indexes);
  for (int64_t row = 0; row < values.rows; ++row)
    for (int64_t col = 0; col < values.cols; ++col) {
      int64_t flat = integerAt(where, indexes->shape.element, row, col);
      if (!isInside(context, dst, flat, row, col))
        return false;
      placed[flat] = values.at(row, col);
    }
  return true;
}

bool placeByPattern(KernelContext &context, const TileOperand &dst, Packed &values,
                    Placed &placed) {
  MaskPattern pattern(context);
  int64_t rows = values.rows * (pattern.byRows ? pattern.step : 1),
          cols = values.cols * (pattern.byRows ? 1 : pattern.step);
  if (dst.shape.validRows != rows || dst.shape.validCols != cols) {
    context.fail("spreads over " + extents(rows, cols) + " elements, but the result has " +
                 extents(dst.shape.validRows, dst.shape.validCols));
    return false;
  }
  for (int64_t row = 0; row < values.rows; ++row)
    for (int64_t col = 0; col < values.cols; ++col) {
      int64_t toRow = pattern.byRows ? row * pattern.step + pattern.first : row;
      int64_t toCol = pattern.byRows ? col : col * pattern.step + pattern.first;
      placed[toRow * dst.shape.cols + toCol] = values.at(row, col);
    }
  return true;
}

bool place(KernelContext &context, const TileOperand &dst, Packed &values, Placed &placed) {
  return isGiven(context, 1) ? placeByIndex(context, dst, values, placed)
                             : placeByPattern(context, dst, values, placed);
}

/// Zero and values in one go.
void scatter(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 2);
  if (!src || !dst)
    return;
  Packed values = readValid(context, *src);
  Placed placed;
  if (!place(context, *dst, values, placed))
    return;
  llvm::SmallVector<std::byte, 1024> image(dst->shape.bytes(), std::byte(0));
  for (auto &[flat, bytes] : placed)
    std::memcpy(image.data() + flat * values.elementBytes, bytes, values.elementBytes);
  context.write(dst->shape.space, dst->address, image.data(), image.size());
}

} // namespace

MaskPattern::MaskPattern(const KernelContext &context) : byRows(context.attribute("axis", 0) == 1) {
  // 1, 2: the one or the other of two; 3 to 6: one of four; 7: every one.
  int64_t number = context.attribute("maskPattern", 7);
  step = number <= 2 ? 2 : number <= 6 ? 4 : 1;
  first = step == 2 ? number - 1 : step == 4 ? number - 3 : 0;
}

void pto::sim::buildGatherTable(KernelContext &context) {
  const TileOperand *src = tileAt(context, Source), *tmp = tileAt(context, Scratch);
  if (!src || !tmp)
    return;
  uint64_t behind = uint64_t(src->shape.rows) * src->shape.cols * 4 +
                    context.operands[Thresholds].tile.shape.bytes();
  llvm::SmallVector<std::byte, 1024> table(tmp->shape.bytes() + behind, std::byte{0xa5});
  context.write(tmp->shape.space, tmp->address, table.data(), table.size());
}

void pto::sim::fetchThresholds(KernelContext &context) {
  if (const TileOperand *tile = tileAt(context, Thresholds))
    readValid(context, *tile);
}

void pto::sim::clearScatterResult(KernelContext &context) {
  if (const TileOperand *dst = tileAt(context, 2)) {
    llvm::SmallVector<std::byte, 1024> zero(dst->shape.bytes(), std::byte(0));
    context.write(dst->shape.space, dst->address, zero.data(), zero.size());
  }
}

void pto::sim::scatterOnScalar(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 2);
  if (!src || !dst)
    return;
  Packed values = readValid(context, *src);
  Placed placed;
  if (!place(context, *dst, values, placed))
    return;
  for (auto &[flat, bytes] : placed)
    context.write(dst->shape.space, addressOf(*dst, flat), bytes, values.elementBytes);
}

KernelFunction pto::sim::findGatherKernel(llvm::StringRef name) {
  if (name == "gather")
    return gather;
  if (name == "gather_blocks")
    return gatherBlocks;
  return name == "scatter" ? scatter : nullptr;
}
