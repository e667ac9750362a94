//===- Move.cpp - TMOV and TEXTRACT: between the memories of a core --------===//
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

/// False, after a report, when the window leaves the source.
static bool windowFits(KernelContext &context, const TileShape &from, Origin at, int64_t rows,
                       int64_t cols) {
  if (at.row >= 0 && at.col >= 0 && at.row <= from.rows - rows && at.col <= from.cols - cols)
    return true;
  context.fail("the window of " + extents(rows, cols) + " at (" + std::to_string(at.row) + ", " +
               std::to_string(at.col) + ") leaves the " + extents(from.rows, from.cols) +
               " source");
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

/// Mat -> Left, Right: whole fractals (library 2.5). What lies outside the destination's valid
/// region moves too, as residue.
static void moveFractals(KernelContext &context, const TileOperand &from, Origin at,
                         const TileOperand &to) {
  TileShape grid = storageGrid(to.shape);
  if (!sameElementSize(context, from.shape, to.shape) ||
      !windowFits(context, from.shape, at, grid.rows, grid.cols) || grid.rows * grid.cols == 0)
    return;
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

/// Acc -> Mat, through the FIX pipe.
static void moveAccumulator(KernelContext &context, const TileOperand &from, Origin at,
                            const Operand &parameters, const Operand &preQuantScalar,
                            const TileOperand &to) {
  Region valid = validRegion(to);
  if (!windowFits(context, from.shape, at, valid.rows, valid.cols) || valid.empty())
    return;
  Fixpipe fixpipe(to.shape.element);
  if (!readFixpipe(context, preQuantScalar, parameters, {0, at.col, valid.rows, valid.cols},
                   fixpipe))
    return;
  if (auto why = fixpipe.whyNot(from.shape.element, context.arch))
    return context.fail("TMOV: " + *why);
  Packed data(valid.rows, valid.cols, bytesOf(from.shape.element));
  readTile(context, from, {at.row, at.col, valid.rows, valid.cols}, data);
  Packed converted = fixpipe.convert(data, from.shape.element);
  writeTile(context, to, valid, converted);
}

static void noPath(KernelContext &context, const char *op, const TileOperand &from,
                   const TileOperand &to) {
  context.fail(std::string(op) + " has no path from " + name(from.shape.space).str() + " to " +
               name(to.shape.space).str() + " on " + name(context.arch).str());
}

/// The optional operands between source and destination: parameters per column (a tile) or for all
/// (a number).
static const Operand &optionalOperand(const KernelContext &context, Operand::Kind kind) {
  static const Operand absent;
  for (const Operand &operand : context.operands.drop_front().drop_back())
    if (operand.kind == kind)
      return operand;
  return absent;
}

void pto::sim::moveKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0);
  const TileOperand *to = from ? tileAt(context, context.operands.size() - 1) : nullptr;
  if (!to)
    return;
  Space target = to->shape.space;
  switch (from->shape.space) {
  case Space::Vec:
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
    break;
  case Space::Acc:
    if (target == Space::Mat)
      return moveAccumulator(context, *from, {}, optionalOperand(context, Operand::Tile),
                             optionalOperand(context, Operand::Scalar), *to);
    break;
  default:
    break;
  }
  noPath(context, "TMOV", *from, *to);
}

void pto::sim::extractKernel(KernelContext &context) {
  const TileOperand *from = tileAt(context, 0), *to = tileAt(context, 3);
  if (!from || !to)
    return;
  Origin at{context.operands[1].scalar.asInteger(), context.operands[2].scalar.asInteger()};
  Space source = from->shape.space, target = to->shape.space;
  if (source == Space::Mat && (target == Space::Left || target == Space::Right))
    return moveFractals(context, *from, at, *to);
  if (source == Space::Vec && target == Space::Vec) {
    // library 2.4: the a2/a3 vector copy works on 32-byte blocks of the source.
    if (context.arch == Arch::A3 && !from->shape.isBoxed() &&
        at.col * bytesOf(from->shape.element) % 32)
      context.fail("the window starts at column " + std::to_string(at.col) +
                   ", not on a 32-byte block");
    return moveValid(context, *from, at, *to);
  }
  if (context.arch == Arch::A5 && ((source == Space::Mat && target == Space::Scaling) ||
                                   (source == Space::Vec && target == Space::Mat)))
    return moveValid(context, *from, at, *to);
  if (source == Space::Acc && target == Space::Mat)
    return moveAccumulator(context, *from, at, Operand(), Operand(), *to);
  noPath(context, "TEXTRACT", *from, *to);
}
