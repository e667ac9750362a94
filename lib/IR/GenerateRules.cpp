//===- GenerateRules.cpp - Rules of generated tiles and of tables in GM ----===//

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
} // namespace

PTO_RULE(minCols) {
  for (auto &s : subjects(op, info, rule))
    if (tile(s).getCols() < rule.numbers[0])
      return op->emitOpError() << "needs " << s.name << " of at least " << rule.numbers[0]
                               << " columns, but it has " << tile(s).getCols();
  return success();
}

PTO_RULE(histogramIndex) {
  auto list = subjects(op, info, rule);
  auto element = elementOf(tile(list[0]).getElementType());
  int64_t bytes = element ? bytesOf(*element) : 0, byte = attributeValue(op, "byte");
  if (byte >= bytes)
    return op->emitOpError() << "counts byte " << byte << " of elements that have " << bytes;
  Valid src = validShape(list[0].value), idx = validShape(list[1].value);
  if (bytes == 2) {
    if (tile(list[1]).getBlayout() == BLayout::ColMajor && mayEqual(idx, {src[0], 1}))
      return success();
    return op->emitOpError() << "needs a byte per row in " << list[1].name << ", so it needs "
                             << extents({src[0], 1}) << " valid elements, col_major, but it has "
                             << extents(idx)
                             << (tile(list[1]).getBlayout() == BLayout::RowMajor ? ", row_major"
                                                                                 : "");
  }
  int64_t higher = bytes - 1 - byte;
  if (tile(list[1]).getBlayout() == BLayout::RowMajor && (idx[0] < 0 || idx[0] >= higher) &&
      tile(list[1]).getCols() == tile(list[0]).getCols())
    return success();
  return op->emitOpError() << "needs a row of " << tile(list[0]).getCols() << " columns in "
                           << list[1].name << " for each of " << higher
                           << " higher bytes, row_major, but it has " << extents(idx) << " of "
                           << tile(list[1]).getCols() << " columns";
}

//===----------------------------------------------------------------------===//
// Tables in global memory
//===----------------------------------------------------------------------===//

PTO_RULE(gatherScratch) {
  auto record = llvm::cast<RecordOp>(op);
  auto given = [&](unsigned i) { return !record.getRecordOperands(rule.operands[i]).empty(); };
  bool byElement = attributeValue(op, "coalesce") == int64_t(CoalesceKind::Elem);
  bool wanted = given(1) && byElement;
  if (given(0) == wanted)
    return success();
  if (wanted)
    return op->emitOpError() << "needs scratch in global memory to gather elements into L1";
  return op->emitOpError() << "takes scratch only to gather elements into L1";
}

PTO_RULE(tableIndices) {
  auto list = subjects(op, info, rule);
  Valid idx = validShape(list[0].value), data = validShape(list[1].value);
  if (attributeValue(op, "coalesce") == int64_t(CoalesceKind::Elem)) {
    if (mayEqual(idx, data))
      return success();
    return op->emitOpError() << "needs an index per element, but " << list[0].name << " has "
                             << extents(idx) << " valid elements and " << list[1].name << " has "
                             << extents(data);
  }
  bool byRows = tile(list[0]).getBlayout() == BLayout::RowMajor;
  if (mayEqual(idx, byRows ? Valid{1, data[0]} : Valid{data[0], 1}))
    return success();
  return op->emitOpError() << "needs an index per row, so " << list[0].name << " needs "
                           << extents({1, data[0]}) << " valid elements row_major or "
                           << extents({data[0], 1}) << " col_major, but it has " << extents(idx)
                           << (byRows ? " row_major" : " col_major");
}

PTO_RULE(atomicElements) {
  auto kind = ScatterAtomicKind(attributeValue(op, "scatterAtomicOp"));
  if (kind == ScatterAtomicKind::None)
    return success();
  ElementMask legal = maskOf(Element::I32) | maskOf(Element::F32) |
                      (kind == ScatterAtomicKind::Add ? maskOf(Element::F16) : 0);
  for (auto &s : subjects(op, info, rule))
    if (auto element = elementOf(tile(s).getElementType()); !element || !(legal & maskOf(*element)))
      return op->emitOpError() << "combines by " << stringifyScatterAtomicKind(kind) << " only "
                               << (kind == ScatterAtomicKind::Add ? "i32, f16 and f32"
                                                                  : "i32 and f32")
                               << ", but " << s.name << " has " << elementName(s.value.getType());
  return success();
}
