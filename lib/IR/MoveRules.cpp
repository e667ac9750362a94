//===- MoveRules.cpp - Rules on moves, conversions and layouts -------------===//

#include "Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
constexpr int64_t blockBytes = 32;

TileBufType tile(mlir::Value v) { return llvm::cast<TileBufType>(v.getType()); }
int64_t elementBytes(mlir::Value v) { return bytesOf(tile(v).getTileShape().element); }
bool isNz(TileBufType t) {
  return t.getBlayout() == BLayout::ColMajor && t.getSlayout() == SLayout::RowMajor;
}
bool isZn(TileBufType t) {
  return t.getBlayout() == BLayout::RowMajor && t.getSlayout() == SLayout::ColMajor;
}
bool isNd(TileBufType t) {
  return t.getBlayout() == BLayout::RowMajor && t.getSlayout() == SLayout::NoneBox;
}

/// Does the call scale what leaves an accumulator?
bool isScaled(Operation *op, const OpInfo &info) {
  auto record = llvm::cast<RecordOp>(op);
  for (auto [i, operand] : llvm::enumerate(info.operands))
    if ((operand.name == "fp" || operand.name == "preQuantScalar") &&
        !record.getRecordOperands(i).empty())
      return true;
  return false;
}

LogicalResult inTable(Operation *op, llvm::ArrayRef<Subject> list, const RuleInfo &rule,
                      llvm::StringRef how) {
  auto a = elementOf(elementTypeOf(list[0].value.getType())),
       b = elementOf(elementTypeOf(list[1].value.getType()));
  for (size_t i = 0; i + 1 < rule.numbers.size(); i += 2)
    if (a == Element(rule.numbers[i]) && b == Element(rule.numbers[i + 1]))
      return success();
  auto diagnostic = op->emitOpError()
                    << "does not take element types (" << list[0].name << "; " << list[1].name
                    << ") = (" << elementName(list[0].value.getType()) << "; "
                    << elementName(list[1].value.getType()) << ")" << how << " on "
                    << name(archOf(op)) << "; it takes";
  for (size_t i = 0; i + 1 < rule.numbers.size(); i += 2)
    diagnostic << (i ? ", (" : " (") << name(Element(rule.numbers[i])) << "; "
               << name(Element(rule.numbers[i + 1])) << ")";
  return diagnostic;
}
} // namespace

//===----------------------------------------------------------------------===//
// Which operands and attributes go together
//===----------------------------------------------------------------------===//

PTO_RULE(atMostOne) {
  auto list = subjects(op, info, rule);
  if (list.size() < 2)
    return success();
  return op->emitOpError() << "takes either " << list[0].name << " or " << list[1].name
                           << ", but it has both";
}

PTO_RULE(absent) {
  auto list = subjects(op, info, rule);
  if (list.empty())
    return success();
  return op->emitOpError() << "does not take " << list[0].name << " on " << name(archOf(op));
}

PTO_RULE(attributeAbsent) {
  const AttributeInfo &attribute = info.attributes[rule.attribute];
  if (!op->hasAttr(attribute.name))
    return success();
  return op->emitOpError() << "does not take " << attribute.name << " here on " << name(archOf(op));
}

PTO_RULE(attributeOneOf) {
  const AttributeInfo &attribute = info.attributes[rule.attribute];
  if (!op->hasAttr(attribute.name))
    return success();
  int64_t value = attributeValue(op, attribute.name);
  if (llvm::is_contained(rule.numbers, value))
    return success();
  auto spelling = [&](int64_t wanted) {
    const auto *found =
        llvm::find_if(attribute.cases, [&](const AttributeCase &c) { return c.value == wanted; });
    return found == attribute.cases.end() ? llvm::StringRef() : found->cpp.rsplit("::").second;
  };
  auto diagnostic = op->emitOpError() << "does not take " << attribute.name << " "
                                      << spelling(value) << " here; it takes";
  for (auto [i, legal] : llvm::enumerate(rule.numbers))
    diagnostic << (i ? ", " : " ") << spelling(legal);
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

PTO_RULE(convertsPlain) {
  return isScaled(op, info) ? success()
                            : inTable(op, subjects(op, info, rule), rule, " without a scale");
}

PTO_RULE(convertsScaled) {
  return isScaled(op, info) ? inTable(op, subjects(op, info, rule), rule, " with a scale")
                            : success();
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

PTO_RULE(matrixSource) {
  auto list = subjects(op, info, rule);
  auto src = tile(list[0].value), dst = tile(list[1].value);
  int64_t bytes = elementBytes(list[0].value);
  if (src.getRows() == 1 && src.getBlayout() == BLayout::RowMajor) { // the vector of a TGEMV
    if (src.getCols() * bytes % 512)
      return op->emitOpError() << "moves a vector in pieces of 512 bytes, but " << list[0].name
                               << " has " << src.getCols() * bytes;
    return success();
  }
  if (!isNz(src) && !isZn(src))
    return op->emitOpError() << "moves whole boxes, so it needs " << list[0].name
                             << " as Nz (blayout col_major, slayout row_major), as Zn "
                                "(row_major, col_major) or with one row";
  int64_t side = bytes == 1 ? 32 : 16;
  bool transposes = isNz(src) != (dst.getSpace() == Space::Left);
  if (transposes && (dst.getRows() % side || dst.getCols() % side))
    return op->emitOpError() << "transposes squares of " << extents({side, side}) << ", but "
                             << list[1].name << " has " << extents({dst.getRows(), dst.getCols()});
  return success();
}

PTO_RULE(sameLayout) {
  auto list = subjects(op, info, rule);
  for (auto [i, operand] : llvm::enumerate(info.operands)) // with scratch the call reorders
    if (operand.name == "tmp" && !llvm::cast<RecordOp>(op).getRecordOperands(i).empty())
      return success();
  auto src = tile(list[0].value), dst = tile(list[1].value);
  if (src.getSpace() == Space::Vec && dst.getSpace() == Space::Mat && !isNd(src) && !isNz(src))
    return op->emitOpError() << "makes Nz in mat of row_major none_box or of Nz (col_major, "
                                "row_major), but "
                             << list[0].name << " is another";
  if (src.getSpace() != Space::Vec || dst.getSpace() != Space::Vec ||
      (src.getBlayout() == dst.getBlayout() && src.getSlayout() == dst.getSlayout()) ||
      (archOf(op) == Arch::A5 && isNd(src) && isNz(dst)))
    return success();
  return op->emitOpError() << "keeps the layout inside vec, but " << list[0].name << " and "
                           << list[1].name << " have others";
}

PTO_RULE(scaleWords) {
  for (auto &s : subjects(op, info, rule)) {
    auto t = tile(s.value);
    Element element = t.getTileShape().element;
    if (element == Element::F8E8M0 || element == Element::U8)
      continue;
    if (element != Element::I64 && element != Element::U64)
      return op->emitOpError() << "needs scales of f8E8M0, ui8 or 64-bit words in " << s.name
                               << ", but it has " << elementName(t);
    if (t.getRows() != 1 || t.getCols() % 16)
      return op->emitOpError() << "moves one row of a multiple of 16 words into scaling, but "
                               << s.name << " has " << extents({t.getRows(), t.getCols()});
  }
  return success();
}

PTO_RULE(vecWindow) {
  auto list = subjects(op, info, rule);
  auto outer = tile(list[0].value), inner = tile(list[3].value);
  if (outer.getSpace() != Space::Vec || inner.getSpace() != Space::Vec)
    return success();
  bool nd = isNd(outer) && isNd(inner), nz = isNz(outer) && isNz(inner);
  // On a5 from plain rows into boxes, too; an extract reads the outer tile, an insert writes it.
  auto src = info.operands[rule.operands[0]].name == "src" ? outer : inner;
  bool makesBoxes = archOf(op) == Arch::A5 && isNd(src) && isNz(src == outer ? inner : outer);
  if (!nd && !nz && !makesBoxes)
    return op->emitOpError() << "copies between tiles of one layout, none_box row_major or Nz "
                                "(col_major, row_major), but "
                             << list[0].name << " and " << list[3].name << " have others";
  if (archOf(op) != Arch::A3)
    return success();
  int64_t block = std::max<int64_t>(blockBytes / elementBytes(list[0].value), 1);
  auto row = constantOf(list[1].value), col = constantOf(list[2].value);
  if (col && *col % block)
    return op->emitOpError() << "copies blocks of 32 bytes on a3, so its column offset must be a "
                                "multiple of "
                             << block << ", but it is " << *col;
  if (nz && row && *row % 16)
    return op->emitOpError() << "copies boxes of 16 rows on a3, so its row offset must be a "
                                "multiple of 16, but it is "
                             << *row;
  return success();
}

PTO_RULE(rowBytes) {
  for (auto &s : subjects(op, info, rule)) {
    int64_t bytes = tile(s.value).getCols() * elementBytes(s.value);
    if (bytes % rule.numbers[0])
      return op->emitOpError() << "needs rows of a multiple of " << rule.numbers[0]
                               << " bytes, but those of " << s.name << " have " << bytes;
  }
  return success();
}

PTO_RULE(padGiven) {
  for (auto &s : subjects(op, info, rule))
    if (tile(s.value).getPad() == PadValue::Null)
      return op->emitOpError() << "fills with the pad of " << s.name
                               << ", which is null; give its type pad=1 (zero), 2 (max) or 3 (min)";
  return success();
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

PTO_RULE(maxCols) {
  for (auto &s : subjects(op, info, rule))
    if (tile(s.value).getCols() > rule.numbers[0])
      return op->emitOpError() << "takes at most " << rule.numbers[0] << " columns, but " << s.name
                               << " has " << tile(s.value).getCols();
  return success();
}

PTO_RULE(shapeCovers) {
  auto list = subjects(op, info, rule);
  auto outer = tile(list[0].value), inner = tile(list[1].value);
  if (outer.getRows() >= inner.getRows() && outer.getCols() >= inner.getCols())
    return success();
  return op->emitOpError() << "needs " << list[0].name << " at least as large as " << list[1].name
                           << ", but it has " << extents({outer.getRows(), outer.getCols()})
                           << " and " << list[1].name << " has "
                           << extents({inner.getRows(), inner.getCols()});
}

PTO_RULE(fitsTransposed) {
  auto list = subjects(op, info, rule);
  auto valid = validShape(list[0].value);
  auto dst = tile(list[1].value);
  if (valid[0] <= dst.getCols() && valid[1] <= dst.getRows())
    return success();
  return op->emitOpError() << "turns the " << extents(valid) << " valid elements of "
                           << list[0].name << " into " << extents({valid[1], valid[0]}) << ", but "
                           << list[1].name << " has " << extents({dst.getRows(), dst.getCols()});
}

std::array<int64_t, 2> rules::transposedShape(std::array<int64_t, 2> valid, TileBufType dst) {
  int64_t bytes = bytesOf(*elementOf(dst.getElementType())), multiple = bytes == 1 ? 32 : 16;
  // A destination whose rows are no whole repeats is filled by a scalar loop (library 5.1).
  if (dst.getCols() % multiple)
    return {1, blockBytes / bytes};
  return {int64_t(llvm::alignTo(uint64_t(valid[1]), blockBytes / bytes)),
          int64_t(llvm::alignTo(uint64_t(valid[0]), multiple))};
}

PTO_RULE(transposeScratch) {
  auto list = subjects(op, info, rule);
  auto valid = list.size() < 3 ? std::array<int64_t, 2>{-1, -1} : validShape(list[1].value);
  if (valid[0] < 0 || valid[1] < 0)
    return success();
  int64_t bytes = elementBytes(list[2].value);
  auto [rows, cols] = transposedShape(valid, tile(list[2].value));
  auto tmp = tile(list[0].value);
  if (int64_t(tmp.getTileShape().bytes()) >= rows * cols * bytes)
    return success();
  return op->emitOpError() << "keeps the transposed elements in " << list[0].name
                           << " in whole blocks, " << extents({rows, cols}) << " = "
                           << rows * cols * bytes << " bytes, but it has "
                           << extents({tmp.getRows(), tmp.getCols()}) << " = "
                           << tmp.getTileShape().bytes();
}

PTO_RULE(concatFits) {
  auto list = subjects(op, info, rule);
  int64_t a = validShape(list[0].value)[1], b = validShape(list[1].value)[1],
          limit = tile(list[2].value).getCols();
  if (std::max<int64_t>(a, 0) + std::max<int64_t>(b, 0) <= limit)
    return success();
  return op->emitOpError() << "puts " << extents({a}) << " and " << extents({b})
                           << " columns side by side, but " << list[2].name << " has " << limit;
}
