//===- ReduceRules.cpp - Rules of reductions and expansions ----------------===//

#include "Rules.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
using Valid = std::array<int64_t, 2>;

TileBufType tile(const Subject &s) { return llvm::cast<TileBufType>(s.value.getType()); }
bool mayEqual(int64_t a, int64_t b) { return a < 0 || b < 0 || a == b; }
bool mayEqual(Valid a, Valid b) { return mayEqual(a[0], b[0]) && mayEqual(a[1], b[1]); }
/// Since 0.48 a result of 0x0 valid elements says that nothing is to be done.
bool isNoOp(Valid v) { return v[0] == 0 && v[1] == 0; }

LogicalResult sameExtent(Operation *op, llvm::ArrayRef<Subject> list, unsigned axis,
                         llvm::StringRef what) {
  Valid a = validShape(list[0].value), b = validShape(list[1].value);
  if (isNoOp(b) || mayEqual(a[axis], b[axis]))
    return success();
  return op->emitOpError() << "needs equally many valid " << what << ", but " << list[0].name
                           << " has " << extents(a) << " and " << list[1].name << " has "
                           << extents(b);
}

/// One value per row: a column, or one 32-byte block of copies in each row.
bool isPerRow(const Subject &s, int64_t rows, int64_t blockCols) {
  Valid valid = validShape(s.value);
  int64_t cols = tile(s).getBlayout() == BLayout::RowMajor ? blockCols : 1;
  return tile(s).getSlayout() == SLayout::NoneBox && mayEqual(valid, {rows, cols});
}
bool isWhole(const Subject &s, Valid dst) {
  return tile(s).getBlayout() == BLayout::RowMajor && tile(s).getSlayout() == SLayout::NoneBox &&
         mayEqual(validShape(s.value), dst);
}
} // namespace

PTO_RULE(sameRows) { return sameExtent(op, subjects(op, info, rule), 0, "rows"); }
PTO_RULE(sameCols) { return sameExtent(op, subjects(op, info, rule), 1, "columns"); }

PTO_RULE(noBoxes) {
  for (auto &s : subjects(op, info, rule))
    if (tile(s).getSlayout() != SLayout::NoneBox)
      return op->emitOpError() << "needs " << s.name << " with slayout none_box, but it has boxes";
  return success();
}

PTO_RULE(rowResult) {
  auto list = subjects(op, info, rule);
  TileBufType dst = tile(list[1]);
  if (dst.getSlayout() != SLayout::NoneBox)
    return op->emitOpError() << "needs " << list[1].name
                             << " with slayout none_box, but it has boxes";
  int64_t cols = storedShape(list[1].value)[1];
  if (dst.getBlayout() == BLayout::ColMajor && cols != 1)
    return op->emitOpError() << "needs " << list[1].name
                             << " row_major, or col_major with one column, but it is col_major "
                                "with "
                             << cols;
  Valid from = validShape(list[0].value), to = validShape(list[1].value);
  if (isNoOp(to) || mayEqual(to, {from[0], 1}))
    return success();
  return op->emitOpError() << "leaves one value per row, so " << list[1].name << " needs "
                           << extents({from[0], 1}) << " valid elements, but it has "
                           << extents(to);
}

PTO_RULE(perRow) {
  auto list = subjects(op, info, rule);
  Valid dst = validShape(list[2].value);
  auto element = elementOf(tile(list[2]).getElementType());
  if (isNoOp(dst) || !element || isLowPrecision(*element))
    return success(); // a low-precision type is refused by `tiles`
  int64_t blockCols = 32 / bytesOf(*element);
  auto fits = [&](const Subject &whole, const Subject &perRow) {
    return isWhole(whole, dst) && isPerRow(perRow, dst[0], blockCols);
  };
  if (fits(list[0], list[1]) || fits(list[1], list[0]))
    return success();
  return op->emitOpError() << "needs one source of " << extents(dst)
                           << " valid elements, row_major without boxes like " << list[2].name
                           << ", and a value per row in the other (" << extents({dst[0], 1})
                           << " col_major or " << extents({dst[0], blockCols})
                           << " row_major), but " << list[0].name << " has "
                           << extents(validShape(list[0].value)) << " and " << list[1].name
                           << " has " << extents(validShape(list[1].value));
}
