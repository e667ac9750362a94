//===- TransferRules.cpp - Rules on loads, stores and packed pairs ----------===//

#include "Rules.h"
#include "ptoas/IR/Transfer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
/// The layout that the program gave the view; none when it is inferred later or made elsewhere.
std::optional<LayoutKind> layoutOf(mlir::Value view) {
  if (auto part = view.getDefiningOp<PartitionViewOp>())
    view = part.getSource();
  auto make = view.getDefiningOp<MakeTensorViewOp>();
  return make ? make.getLayout() : std::nullopt;
}

/// Rows and columns of a view as the library sees it (library 1.1); none while the layout may still
/// become one or the other.
std::optional<std::array<int64_t, 2>> knownMatrix(mlir::Value view) {
  auto facts = globalFacts(view);
  if (!facts)
    return std::nullopt; // another rule says so
  if (!facts->layout) {
    if (facts->shape[0] != 1 || facts->shape[1] != 1 || facts->shape[2] != 1)
      return std::nullopt;
    facts->layout = LayoutKind::ND;
  }
  return matrixOf(*facts);
}

LogicalResult sameCount(Operation *op, const Subject &view, const Subject &tile) {
  auto part = llvm::cast<PartitionTensorViewType>(view.value.getType());
  auto valid = validShape(tile.value);
  if (!part.hasStaticShape() || valid[0] < 0 || valid[1] < 0)
    return success();
  uint64_t count = 1;
  for (int64_t extent : part.getShape())
    count = llvm::SaturatingMultiply<uint64_t>(count, extent);
  if (count == uint64_t(valid[0] * valid[1]))
    return success();
  return op->emitOpError() << "needs as many elements on both sides, but " << view.name << " has "
                           << extents(part.getShape()) << " = " << count
                           << " and the valid region of " << tile.name << " has " << extents(valid)
                           << " = " << valid[0] * valid[1];
}

bool isPacked(mlir::Value value) {
  auto element = elementOf(elementTypeOf(value.getType()));
  return element && isPackedPair(*element);
}

/// Do neighbours in memory stand in one column? None where the layout is not known yet.
std::optional<bool> isByColumns(mlir::Value value) {
  if (auto tile = llvm::dyn_cast<TileBufType>(value.getType()))
    return tile.getTileShape().isByColumns();
  auto layout = layoutOf(value);
  if (!layout)
    return std::nullopt;
  return *layout == LayoutKind::DN || *layout == LayoutKind::MX_B_NN;
}
} // namespace

PTO_RULE(sameMatrix) {
  auto list = subjects(op, info, rule);
  // One row or column is stored into a view of any shape (library 2.2).
  auto stored = storedShape(list[1].value);
  bool isLine = list[1].name == "src" && (stored[0] == 1 || stored[1] == 1);
  auto matrix = isLine ? std::nullopt : knownMatrix(list[0].value);
  if (!matrix)
    return sameCount(op, list[0], list[1]);
  auto valid = validShape(list[1].value);
  bool agree = true;
  for (unsigned axis : {0u, 1u})
    agree &= (*matrix)[axis] < 0 || valid[axis] < 0 || (*matrix)[axis] == valid[axis];
  if (agree)
    return success();
  return op->emitOpError() << "needs equal extents on both sides, but " << list[0].name << " is a "
                           << extents(*matrix) << " matrix and the valid region of " << list[1].name
                           << " is " << extents(valid);
}

PTO_RULE(pairsStay) {
  auto list = subjects(op, info, rule);
  auto from = isByColumns(list[0].value), to = isByColumns(list[1].value);
  if (!isPacked(list[1].value) || !from || !to || *from == *to)
    return success();
  auto axis = [](bool byColumns) { return byColumns ? "columns" : "rows"; };
  return op->emitOpError() << "moves pairs of 4-bit numbers as they are, but they stand in "
                           << axis(*from) << " of " << list[0].name << " and in " << axis(*to)
                           << " of " << list[1].name;
}

PTO_RULE(noPadding) {
  llvm::StringRef given;
  for (int64_t attribute : llvm::reverse(rule.numbers))
    if (attributeValue(op, info.attributes[attribute].name) != 0)
      given = info.attributes[attribute].name;
  if (auto list = subjects(op, info, rule); !list.empty())
    given = list[0].name;
  if (given.empty())
    return success();
  return op->emitOpError() << "has " << given
                           << ", but the library's load takes no padding; give the type of dst "
                              "pad=1 (zero), 2 (max) or 3 (min), and fill the rest with "
                              "pto.tfillpad";
}
