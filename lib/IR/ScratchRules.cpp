//===- ScratchRules.cpp - Rules on scratch tiles and on shared bytes -------===//

#include "Rules.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
TileBufType tile(mlir::Value v) { return llvm::cast<TileBufType>(v.getType()); }
int64_t bytesOfTile(mlir::Value v) {
  return elementOf(tile(v).getElementType()) ? int64_t(tile(v).getTileShape().bytes()) : 0;
}

LogicalResult missing(Operation *op, llvm::StringRef what, const llvm::Twine &size) {
  return op->emitOpError() << "needs its scratch tile " << what << " on " << name(archOf(op))
                           << ", of at least " << size;
}
LogicalResult tooSmall(Operation *op, const Subject &tmp, const llvm::Twine &size) {
  return op->emitOpError() << "needs scratch " << tmp.name << " of at least " << size
                           << ", but it has " << bytesOfTile(tmp.value);
}

/// First and last byte + 1 of a tile whose address is known.
std::optional<std::pair<int64_t, int64_t>> bytesAt(mlir::Value v) {
  auto alloc = v.getDefiningOp<AllocTileOp>();
  auto address = alloc && alloc.getAddr() ? constantOf(alloc.getAddr()) : std::nullopt;
  if (!address)
    return std::nullopt;
  return std::pair(*address, *address + bytesOfTile(v));
}

/// Rows of the valid columns of `as`, in its element type: all of them when `rows` is 0, half of
/// them when it is -2.
LogicalResult holdsRows(Operation *op, const OpInfo &info, const RuleInfo &rule, int64_t rows) {
  bool given = !llvm::cast<RecordOp>(op).getRecordOperands(rule.operands[0]).empty();
  auto list = subjects(op, info, rule);
  const Subject &as = list.back();
  auto valid = validShape(as.value);
  auto element = elementOf(tile(as.value).getElementType());
  if (!element)
    return success();
  if (rows <= 0)
    rows = rows && valid[0] >= 0 ? int64_t(llvm::divideCeil(valid[0], -rows)) : valid[0];
  std::string shape = extents({rows, valid[1]}) + " " + name(*element).str();
  if (!given)
    return missing(op, info.operands[rule.operands[0]].name, shape);
  // An extent of run time is at most that of the tile, which is all that the text can promise.
  if (rows < 0 || valid[1] < 0)
    return success();
  int64_t needed = ((rows - 1) * tile(list[0].value).getCols() + valid[1]) * bytesOf(*element);
  if (rows == 0 || valid[1] == 0 || bytesOfTile(list[0].value) >= needed)
    return success();
  return tooSmall(op, list[0], llvm::Twine(needed) + " bytes (" + shape + ")");
}
} // namespace

PTO_RULE(scratchRows) { return holdsRows(op, info, rule, rule.numbers[0]); }

PTO_RULE(scratchForFloats) {
  auto as = llvm::cast<RecordOp>(op).getRecordOperands(rule.operands[1]);
  bool floats = llvm::isa<mlir::FloatType>(elementTypeOf((*as.begin()).getType()));
  return floats ? holdsRows(op, info, rule, 0) : success();
}

namespace {
/// 256 bytes for f32, else one bit per element in whole repeats.
int64_t maskBytes(TileBufType dst) {
  bool isF32 = elementOf(dst.getElementType()) == Element::F32;
  return isF32 ? 256 : 8 * int64_t(llvm::divideCeil(dst.getCols(), 64));
}
} // namespace
int64_t rules::remainderBytes(TileBufType dst) { return dst.getCols() * 4 + maskBytes(dst); }

PTO_RULE(remainderScratch) {
  auto list = subjects(op, info, rule);
  TileBufType dst = tile(list.back().value);
  if (!elementOf(dst.getElementType()))
    return success();
  int64_t needed = remainderBytes(dst);
  std::string text = std::to_string(needed) + " bytes (a row of " + list.back().name.str() +
                     " and a mask of " + std::to_string(maskBytes(dst)) + ")";
  if (list.size() < 2)
    return missing(op, info.operands[rule.operands[0]].name, text);
  return bytesOfTile(list[0].value) >= needed ? success() : tooSmall(op, list[0], text);
}

PTO_RULE(scratchBytes) {
  auto list = subjects(op, info, rule);
  std::string text = std::to_string(rule.numbers[0]) + " bytes";
  if (list.empty())
    return missing(op, info.operands[rule.operands[0]].name, text);
  return bytesOfTile(list[0].value) >= rule.numbers[0] ? success() : tooSmall(op, list[0], text);
}

/// Library 3.12.
PTO_RULE(countScratch) {
  auto list = subjects(op, info, rule);
  auto element = elementOf(tile(list.back().value).getElementType());
  if (list.size() < 2 || !element)
    return success();
  int64_t needed = bytesOf(*element) == 2 ? 1792 : 768;
  if (bytesOfTile(list[0].value) >= needed)
    return success();
  return tooSmall(op, list[0], llvm::Twine(needed) + " bytes to count in " + name(*element).str());
}

int64_t rules::convertBytes(Operation *op, TileBufType src, TileBufType dst,
                            std::array<int64_t, 2> valid) {
  auto from = elementOf(src.getElementType()), to = elementOf(dst.getElementType());
  auto [rows, cols] = valid;
  if (SaturationKind(attributeValue(op, "satmode")) == SaturationKind::ON || rows <= 0 || cols <= 0)
    return 0;
  int64_t needed = 0, width = std::min<int64_t>(cols, 64), block = 32;
  if (from == Element::F32 && to == Element::I16) {
    needed = 256 * std::min<int64_t>(cols / 64, 255);
    if (int64_t rest = cols % 64)
      needed = std::max<int64_t>(needed,
                                 block * ((std::min<int64_t>(rows, 255) - 1) * (src.getCols() / 8) +
                                          int64_t(llvm::divideCeil(rest, 8))));
  } else if (from == Element::F16 && (to == Element::I16 || to == Element::I8)) {
    needed = block * int64_t(llvm::divideCeil(width, 8));
    if (to == Element::I8)
      needed = std::max<int64_t>(needed, 128 + block * int64_t(llvm::divideCeil(width, 16)));
  }
  return needed;
}

int64_t rules::maskRowBytes(int64_t cols, Element element) {
  int64_t perRepeat = 256 / bytesOf(element);
  return int64_t(llvm::divideCeil(cols, perRepeat)) * perRepeat / 8;
}

PTO_RULE(maskScratch) {
  auto list = subjects(op, info, rule);
  auto element = elementOf(tile(list.back().value).getElementType());
  auto valid = validShape(list.back().value);
  if (!element)
    return success();
  bool isOpen = valid[0] < 0 || valid[1] < 0;
  std::string shape =
      isOpen ? "a row more than " + list.back().name.str() + " has, of a bit per element"
             : extents({valid[0] + 1, maskRowBytes(valid[1], *element)}) + " ui8";
  if (list.size() < 2)
    return missing(op, info.operands[rule.operands[0]].name, shape);
  TileBufType tmp = tile(list[0].value);
  if (isOpen || !valid[0] || !valid[1] ||
      (tmp.getRows() > valid[0] && tmp.getCols() >= maskRowBytes(valid[1], *element)))
    return success();
  return op->emitOpError() << "needs scratch " << list[0].name << " of at least " << shape
                           << " (a bit per element of " << list.back().name
                           << " in whole repeats, and a row for the select), but it has "
                           << extents({tmp.getRows(), tmp.getCols()});
}

/// Without saturation three pairs keep values of 32 bits in tmp (library 3.6).
PTO_RULE(convertScratch) {
  auto list = subjects(op, info, rule);
  if (list.size() < 3)
    return success();
  auto valid = validShape(list[1].value);
  int64_t needed = convertBytes(op, tile(list[1].value), tile(list[2].value), valid);
  if (bytesOfTile(list[0].value) >= needed)
    return success();
  return tooSmall(op, list[0],
                  llvm::Twine(needed) + " bytes to convert " + extents(valid) + " " +
                      elementName(list[1].value.getType()) + " to " +
                      elementName(list[2].value.getType()) + " without saturation");
}

PTO_RULE(disjoint) {
  auto list = subjects(op, info, rule);
  if (list[0].value == list[1].value)
    return op->emitOpError() << "writes " << list[0].name << " before it reads " << list[1].name
                             << ", but they are the same tile";
  auto a = bytesAt(list[0].value), b = bytesAt(list[1].value);
  bool overlap = a && b && tile(list[0].value).getSpace() == tile(list[1].value).getSpace() &&
                 a->first < b->second && b->first < a->second;
  if (!overlap)
    return success();
  return op->emitOpError() << "writes " << list[0].name << " before it reads " << list[1].name
                           << ", but they share bytes " << std::max(a->first, b->first) << " to "
                           << std::min(a->second, b->second) - 1 << " of "
                           << name(tile(list[0].value).getSpace());
}

PTO_RULE(partialValid) {
  auto list = subjects(op, info, rule);
  auto dst = validShape(list[2].value);
  bool covered = false;
  for (const Subject &s : llvm::ArrayRef(list).take_front(2)) {
    auto src = validShape(s.value);
    bool covers = true;
    for (unsigned axis : {0u, 1u}) {
      if (src[axis] >= 0 && dst[axis] >= 0 && src[axis] > dst[axis])
        return op->emitOpError() << "needs sources within the valid region of " << list[2].name
                                 << ", " << extents(dst) << ", but " << s.name << " has "
                                 << extents(src);
      covers &= src[axis] < 0 || dst[axis] < 0 || src[axis] == dst[axis];
    }
    covered |= covers;
  }
  if (covered)
    return success();
  return op->emitOpError() << "needs a source that covers the valid region of " << list[2].name
                           << ", " << extents(dst) << ", but " << list[0].name << " has "
                           << extents(validShape(list[0].value)) << " and " << list[1].name
                           << " has " << extents(validShape(list[1].value));
}

PTO_RULE(pairs) {
  auto list = subjects(op, info, rule);
  auto first = elementOf(elementTypeOf(list[0].value.getType()));
  auto second = elementOf(elementTypeOf(list[1].value.getType()));
  std::string partners;
  for (size_t i = 0; i + 1 < rule.numbers.size(); i += 2) {
    if (first != Element(rule.numbers[i]))
      continue;
    if (second == Element(rule.numbers[i + 1]))
      return success();
    partners += (partners.empty() ? "" : ", ") + name(Element(rule.numbers[i + 1])).str();
  }
  auto diagnostic = op->emitOpError()
                    << "does not take " << list[0].name << " of "
                    << elementName(list[0].value.getType()) << " with " << list[1].name << " of "
                    << elementName(list[1].value.getType()) << " on " << name(archOf(op));
  if (!partners.empty())
    return diagnostic << "; with " << list[0].name << " of " << name(*first) << " it takes "
                      << partners;
  return diagnostic << "; nothing goes with " << list[0].name << " of "
                    << elementName(list[0].value.getType());
}
