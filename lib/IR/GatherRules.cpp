//===- GatherRules.cpp - Rules of gathers, scatters, sorts and merges ------===//

#include "Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
using Valid = std::array<int64_t, 2>;

TileBufType tile(const Subject &s) { return llvm::cast<TileBufType>(s.value.getType()); }
/// Bytes of an element, 0 for a type without a storage form.
unsigned elementBytes(const Subject &s) {
  auto element = elementOf(elementTypeOf(s.value.getType()));
  return element ? bytesOf(*element) : 0;
}
bool mayEqual(int64_t a, int64_t b) { return a < 0 || b < 0 || a == b; }
} // namespace

PTO_RULE(integersAsWide) {
  auto list = subjects(op, info, rule);
  unsigned width = std::max<unsigned>(elementBytes(list[1]), unsigned(rule.numbers[0]));
  mlir::Type type = elementTypeOf(list[0].value.getType());
  if (llvm::isa<mlir::IntegerType>(type) && elementBytes(list[0]) == width)
    return success();
  return op->emitOpError() << "needs " << list[0].name << " of integers of " << width
                           << " bytes for elements of type " << elementName(list[1].value.getType())
                           << " of " << list[1].name << ", but it has " << elementName(type);
}

PTO_RULE(fullCols) {
  for (auto &s : subjects(op, info, rule))
    if (int64_t valid = validShape(s.value)[1]; !mayEqual(valid, tile(s).getCols()))
      return op->emitOpError() << "needs all columns of " << s.name << " valid, but it has "
                               << tile(s).getCols() << " of which " << valid << " are";
  return success();
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {
/// Of every `step` neighbours the one at `first` is meant.
struct Pattern {
  int64_t step, first;
  bool byRows;
  explicit Pattern(Operation *op) : byRows(attributeValue(op, "axis") == int64_t(AxisKind::COL)) {
    auto kind = MaskPatternKind(attributeValue(op, "maskPattern"));
    bool isPair = kind == MaskPatternKind::P0101 || kind == MaskPatternKind::P1010;
    step = kind == MaskPatternKind::P1111 ? 1 : isPair ? 2 : 4;
    first = step == 1 ? 0 : int64_t(kind) - (isPair ? 1 : 3);
  }
  int64_t kept(int64_t of) const {
    return of < 0 ? -1 : of <= first ? 0 : (of - first - 1) / step + 1;
  }
};
} // namespace

PTO_RULE(packs) {
  auto list = subjects(op, info, rule);
  Pattern pattern(op);
  Valid from = validShape(list[0].value), to = validShape(list[1].value);
  if (from[0] < 0 || from[1] < 0 || to[0] < 0 || to[1] < 0)
    return success();
  if (pattern.byRows) {
    if (pattern.kept(from[0]) <= to[0] && from[1] == to[1])
      return success();
    return op->emitOpError() << "keeps " << pattern.kept(from[0]) << " rows of " << from[1]
                             << " elements, but " << list[1].name << " has " << extents(to);
  }
  int64_t kept = from[0] * pattern.kept(from[1]);
  if (kept <= to[0] * to[1])
    return success();
  return op->emitOpError() << "keeps " << pattern.kept(from[1]) << " elements in each of "
                           << from[0] << " rows = " << kept << ", but " << list[1].name << " has "
                           << extents(to) << " = " << to[0] * to[1];
}

PTO_RULE(spreads) {
  auto list = subjects(op, info, rule);
  Pattern pattern(op);
  Valid from = validShape(list[0].value), to = validShape(list[1].value);
  Valid wanted = from;
  int64_t &spread = wanted[pattern.byRows ? 0 : 1];
  spread = spread < 0 ? -1 : spread * pattern.step;
  if (mayEqual(wanted[0], to[0]) && mayEqual(wanted[1], to[1]))
    return success();
  return op->emitOpError() << "spreads " << extents(from) << " elements to every " << pattern.step
                           << (pattern.step == 1   ? "st"
                               : pattern.step == 2 ? "nd"
                                                   : "th")
                           << (pattern.byRows ? " row" : " column") << ", so " << list[1].name
                           << " needs " << extents(wanted) << ", but it has " << extents(to);
}

PTO_RULE(blockOffsets) {
  auto list = subjects(op, info, rule);
  Valid offsets = validShape(list[0].value), dst = validShape(list[1].value);
  constexpr int64_t block = 32;
  int64_t bytes = elementBytes(list[1]);
  int64_t blocks = dst[1] < 0 ? -1 : int64_t(llvm::divideCeil(uint64_t(dst[1] * bytes), block));
  auto isShort = [](int64_t have, int64_t need) { return have >= 0 && need >= 0 && have < need; };
  if (!isShort(offsets[0], dst[0]) && !isShort(offsets[1], blocks))
    return success();
  return op->emitOpError() << "takes one offset per 32 bytes of " << list[1].name << ", so "
                           << list[0].name << " needs " << extents({dst[0], blocks})
                           << " valid elements, but it has " << extents(offsets);
}

//===----------------------------------------------------------------------===//
// Sorting: records of 8 bytes, groups of 32
//===----------------------------------------------------------------------===//

static constexpr int64_t recordBytes = 8, groupSize = 32;

PTO_RULE(sortRecords) {
  auto list = subjects(op, info, rule);
  int64_t bytes = elementBytes(list[0]), values = validShape(list[0].value)[1];
  if (values < 0 || bytes == 0)
    return success();
  int64_t groups = int64_t(llvm::alignTo(uint64_t(values), groupSize));
  int64_t need = groups * (recordBytes / bytes), have = tile(list[1]).getCols();
  if (have >= need)
    return success();
  return op->emitOpError() << "leaves a record of " << recordBytes / bytes
                           << " elements for each of " << groups << " columns in whole groups of "
                           << groupSize << ", so " << list[1].name << " needs " << need
                           << " columns, but it has " << have;
}

PTO_RULE(sortIndices) {
  auto list = subjects(op, info, rule);
  Valid src = validShape(list[0].value), idx = validShape(list[1].value);
  if ((mayEqual(idx[0], 1) || mayEqual(idx[0], src[0])) && mayEqual(idx[1], src[1]))
    return success();
  return op->emitOpError() << "needs an index for each element, so " << list[1].name << " needs "
                           << extents(src) << " valid elements, or " << extents({1, src[1]})
                           << " for all rows, but it has " << extents(idx);
}

PTO_RULE(sortTail) {
  auto list = subjects(op, info, rule);
  int64_t values = validShape(list[0].value)[1];
  bool hasScratch = !llvm::cast<RecordOp>(op).getRecordOperands(info.operand("tmp")).empty();
  if (hasScratch || values < 0 || values % groupSize == 0)
    return success();
  return op->emitOpError() << "leaves the last " << values % groupSize << " of " << values
                           << " columns of " << list[0].name
                           << " unsorted without a scratch tile; give it tmp";
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

PTO_RULE(mergeLength) {
  auto list = subjects(op, info, rule);
  constexpr int64_t unit = 64, runs = 4, mostGroups = 255;
  auto length = constantOf(list[1].value);
  if (!length)
    return success();
  if (*length <= 0 || *length % unit)
    return op->emitOpError() << "needs " << list[1].name << " that is a positive multiple of "
                             << unit << ", but it is " << *length;
  int64_t cols = validShape(list[0].value)[1];
  if (cols < 0 || (cols / runs % *length == 0 && cols % runs == 0 && cols / runs >= *length &&
                   cols / runs / *length <= mostGroups))
    return success();
  return op->emitOpError() << "merges groups of " << runs << " runs of " << *length
                           << " elements, 1 to " << mostGroups << " of them, but " << list[0].name
                           << " has " << cols << " valid columns";
}

PTO_RULE(mergeRoom) {
  auto list = subjects(op, info, rule);
  if (list.size() < 3 || list[0].name != info.operands[rule.operands[0]].name)
    return success(); // without scratch nothing is merged into it
  int64_t have = tile(list[0]).getCols(), sum = 0;
  for (const Subject &s : llvm::ArrayRef(list).drop_front(2))
    sum += tile(s).getCols();
  int64_t need = std::max(sum, tile(list[1]).getCols());
  if (have >= need)
    return success();
  return op->emitOpError() << "needs scratch " << list[0].name << " of " << need
                           << " columns (the sources have " << sum << ", " << list[1].name
                           << " has " << tile(list[1]).getCols() << "), but it has " << have;
}
