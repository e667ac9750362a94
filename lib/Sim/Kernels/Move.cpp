//===- Move.cpp - TMOV, TEXTRACT, TINSERT: between the memories of a core --===//
//
// Pairs of memories: library 2.4. Moves into the matrix operands carry whole
// fractals: the bytes of the destination's grid are touched whatever its valid region is, and the
// padding is what L1 holds.
//
//===----------------------------------------------------------------------===//

#include "Fixpipe.h"
#include "Kernels.h"
#include <algorithm>

using namespace pto;
using namespace pto::sim;

namespace {
/// Where a window starts in the source.
struct Origin {
  int64_t row = 0, col = 0;
};
} // namespace

static bool sameElementSize(KernelContext &context, const TileShape &from, const TileShape &to) {
  if (bytesOf(from.element) == bytesOf(to.element))
    return true;
  context.fail("a move from " + name(from.element).str() + " to " + name(to.element).str() +
               " between these memories cannot convert");
  return false;
}

/// False, after a report, when the window leaves the tile.
static bool windowFits(KernelContext &context, const TileShape &from, Origin at, int64_t rows,
                       int64_t cols, const char *what = "source") {
  if (at.row >= 0 && at.col >= 0 && at.row <= from.rows - rows && at.col <= from.cols - cols)
    return true;
  context.fail("the window of " + extents(rows, cols) + " at (" + std::to_string(at.row) + ", " +
               std::to_string(at.col) + ") leaves the " + extents(from.rows, from.cols) + " " +
               what);
  return false;
}

/// Moves exactly the valid region of the destination.
static void moveValid(KernelContext &context, const TileOperand &from, Origin at,
                      const TileOperand &to) {
  Region valid = validRegion(to);
  if (!sameElementSize(context, from.shape, to.shape) ||
      !windowFits(context, from.shape, at, valid.rows, valid.cols) || valid.empty())
    return;
  Packed data(valid.rows, valid.cols, bytesOf(to.shape.element));
  readTile(context, from, {at.row, at.col, valid.rows, valid.cols}, data);
  writeTile(context, to, valid, data);
}

/// Mat -> Left, Right and their scales: whole fractals (library 2.5). What lies outside the
/// destination's valid region moves too, as residue.
static void moveFractals(KernelContext &context, const TileOperand &from, Origin at,
                         const TileOperand &to) {
  TileShape grid = storageGrid(to.shape);
  if (!sameElementSize(context, from.shape, to.shape) ||
      !windowFits(context, storageGrid(from.shape), at, grid.rows, grid.cols) ||
      grid.rows * grid.cols == 0)
    return;
  if (isPackedPair(grid.element) && from.shape.isByColumns() != grid.isByColumns())
    return context.fail("a transposing move would have to take pairs of " +
                        name(grid.element).str() + " apart");
  // A transposing move reads square blocks, the others the fractals of the source (library 2.5).
  bool transposes = from.shape.isBoxed() && from.shape.slayout != grid.slayout;
  int64_t side = std::max<int64_t>(16, 32 / bytesOf(grid.element));
  int64_t rowUnit = transposes ? side : from.shape.boxRows();
  int64_t colUnit = transposes ? side : from.shape.boxCols();
  if (at.row % rowUnit || at.col % colUnit)
    context.fail("the window starts at (" + std::to_string(at.row) + ", " + std::to_string(at.col) +
                 "), inside a fractal of " + extents(rowUnit, colUnit));
  Packed data(grid.rows, grid.cols, bytesOf(grid.element),
              grid.slayout == SLayout::ColMajor ? Packed::ByColumns : Packed::ByRows);
  int64_t rows = std::min(grid.rows, to.shape.validRows),
          cols = std::min(grid.cols, to.shape.validCols);
  auto part = [&](Region r, Use use) {
    if (!r.empty())
      readTile(context, from, {at.row + r.row, at.col + r.col, r.rows, r.cols}, data, r.row, r.col,
               use);
  };
  part({0, 0, rows, cols}, Use::Value);
  part({0, cols, rows, grid.cols - cols}, Use::Residue);
  part({rows, 0, grid.rows - rows, grid.cols}, Use::Residue);
  writeTile(context, to, {0, 0, grid.rows, grid.cols}, data);
}

/// The optional operands between source and destination: parameters per column (a tile) or for all
/// (a number of 64 bits; row and column are of type index).
static const Operand &optionalOperand(const KernelContext &context, Operand::Kind kind) {
  static const Operand absent;
  for (const Operand &operand : context.operands.drop_front().drop_back())
    if (operand.kind == kind &&
        (kind != Operand::Scalar || operand.scalar.element != Element::Index))
      return operand;
  return absent;
}

/// Mat -> Bias: a row of the accumulator's type, or of half precision that is widened
/// (library 2.4).
static void moveBias(KernelContext &context, const TileOperand &from, const TileOperand &to) {
  Element source = from.shape.element, target = to.shape.element;
  if (source == target)
    return moveValid(context, from, {}, to);
  bool widens = target == Element::F32 &&
                (source == Element::F16 || (source == Element::BF16 && context.arch == Arch::A5));
  if (!widens)
    return context.fail("a bias of " + name(source).str() + " cannot become " + name(target).str());
  Region row = validRegion(to);
  if (!windowFits(context, from.shape, {}, row.rows, row.cols) || row.empty())
    return;
  Packed narrow(row.rows, row.cols, bytesOf(source)), wide(row.rows, row.cols, bytesOf(target));
  readTile(context, from, row, narrow);
  for (int64_t i = 0; i < narrow.elements(); ++i)
    encodeFloat(target, decodeFloat(source, narrow.data() + i * bytesOf(source)),
                wide.data() + i * bytesOf(target));
  writeTile(context, to, row, wide);
}

/// In the dual modes each vector core takes a half of the rows or columns that move; it lies in its
/// UB where the whole would begin (library 2.4). False, after a report, when there is no half.
static bool takeHalf(KernelContext &context, const char *op, Origin &at, Region &target) {
  int64_t mode = context.attribute("accToVecMode", 0);
  if (mode < 2)
    return true;
  bool byRows = mode == 2;
  int64_t &extent = byRows ? target.rows : target.cols;
  if (extent % (byRows ? 2 : 32)) {
    context.fail(
        std::string(op) + " gives each vector core half of " + std::to_string(extent) +
        (byRows ? " rows, which must be even" : " columns, which must be a multiple of 32"));
    return false;
  }
  extent /= 2;
  (byRows ? at.row : at.col) += context.part * extent;
  return true;
}

/// Acc -> Mat and Vec, through the FIX pipe. Parameters count the columns that move.
static void moveAccumulator(KernelContext &context, const char *op, const TileOperand &from,
                            Origin at, const TileOperand &to, Region target) {
  if (to.shape.space == Space::Vec && !takeHalf(context, op, at, target))
    return;
  if (!windowFits(context, from.shape, at, target.rows, target.cols) || target.empty())
    return;
  Fixpipe fixpipe(to.shape.element);
  if (!readFixpipe(context, optionalOperand(context, Operand::Scalar),
                   optionalOperand(context, Operand::Tile), {0, 0, target.rows, target.cols},
                   fixpipe))
    return;
  if (auto why = fixpipe.whyNot(from.shape.element, context.arch))
    return context.fail(std::string(op) + ": " + *why);
  Packed data(target.rows, target.cols, bytesOf(from.shape.element));
  readTile(context, from, {at.row, at.col, target.rows, target.cols}, data);
  Packed converted = fixpipe.convert(data, from.shape.element);
  writeTile(context, to, target, converted);
}

static void noPath(KernelContext &context, const char *op, const TileOperand &from,
                   const TileOperand &to) {
  context.fail(std::string(op) + " has no path from " + name(from.shape.space).str() + " to " +
               name(to.shape.space).str() + " on " + name(context.arch).str());
}

static bool leavesAccumulator(KernelContext &context, const TileOperand &from,
                              const TileOperand &to) {
  Space target = to.shape.space;
  return from.shape.space == Space::Acc &&
         (target == Space::Mat || (target == Space::Vec && context.arch == Arch::A5));
}

void pto::sim::moveKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0);
  const TileOperand *to = from ? tileAt(context, context.operands.size() - 1) : nullptr;
  if (!to)
    return;
  Space target = to->shape.space;
  if (leavesAccumulator(context, *from, *to))
    return moveAccumulator(context, "TMOV", *from, {}, *to, validRegion(*to));
  switch (from->shape.space) {
  case Space::Vec:
    if (const Operand &tmp = optionalOperand(context, Operand::Tile); tmp.kind == Operand::Tile) {
      scribble(context, tmp.tile, 0, tmp.tile.shape.bytes());
      if (!to->shape.isBoxed()) // library 2.4
        return context.fail(
            "reordered scales are not modelled without boxes in the result that say "
            "in which order they end up");
    }
    if (target == Space::Vec || (target == Space::Mat && context.arch == Arch::A5))
      return moveValid(context, *from, {}, *to);
    break;
  case Space::Mat:
    if (target == Space::Left || target == Space::Right)
      return moveFractals(context, *from, {}, *to);
    if (target == Space::Bias)
      return moveBias(context, *from, *to);
    if (target == Space::Scaling)
      return moveValid(context, *from, {}, *to);
    if ((target == Space::ScaleLeft || target == Space::ScaleRight) && context.arch == Arch::A5)
      return moveFractals(context, *from, {}, *to);
    break;
  default:
    break;
  }
  noPath(context, "TMOV", *from, *to);
}

/// library 2.4: the a2/a3 vector copy works on 32-byte blocks of the tile that has the window.
static void checkBlock(KernelContext &context, const TileOperand &outer, Origin at) {
  if (context.arch == Arch::A3 && !outer.shape.isBoxed() &&
      at.col * bytesOf(outer.shape.element) % 32)
    context.fail("the window starts at column " + std::to_string(at.col) +
                 ", not on a 32-byte block");
}

void pto::sim::extractKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0);
  const TileOperand *to = from ? tileAt(context, context.operands.size() - 1) : nullptr;
  if (!to)
    return;
  Origin at{context.operands[1].scalar.asInteger(), context.operands[2].scalar.asInteger()};
  Space source = from->shape.space, target = to->shape.space;
  bool intoScales =
      (target == Space::ScaleLeft || target == Space::ScaleRight) && context.arch == Arch::A5;
  if (source == Space::Mat && (target == Space::Left || target == Space::Right || intoScales))
    return moveFractals(context, *from, at, *to);
  if (source == Space::Vec && target == Space::Vec) {
    checkBlock(context, *from, at);
    return moveValid(context, *from, at, *to);
  }
  if (context.arch == Arch::A5 && ((source == Space::Mat && target == Space::Scaling) ||
                                   (source == Space::Vec && target == Space::Mat)))
    return moveValid(context, *from, at, *to);
  if (leavesAccumulator(context, *from, *to))
    return moveAccumulator(context, "TEXTRACT", *from, at, *to, validRegion(*to));
  noPath(context, "TEXTRACT", *from, *to);
}

void pto::sim::insertKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0);
  const TileOperand *to = from ? tileAt(context, context.operands.size() - 1) : nullptr;
  if (!to)
    return;
  Origin at{context.operands[1].scalar.asInteger(), context.operands[2].scalar.asInteger()};
  Region valid = validRegion(*from), window{at.row, at.col, valid.rows, valid.cols};
  if (!windowFits(context, to->shape, at, valid.rows, valid.cols, "destination") || valid.empty())
    return;
  if (leavesAccumulator(context, *from, *to))
    return moveAccumulator(context, "TINSERT", *from, {}, *to, window);
  Space source = from->shape.space, target = to->shape.space;
  if (source != Space::Vec ||
      (target != Space::Vec && (target != Space::Mat || context.arch != Arch::A5)))
    return noPath(context, "TINSERT", *from, *to);
  if (!sameElementSize(context, from->shape, to->shape))
    return;
  if (target == Space::Vec)
    checkBlock(context, *to, at);
  Packed data(valid.rows, valid.cols, bytesOf(to->shape.element));
  readTile(context, *from, valid, data);
  writeTile(context, *to, window, data);
}
