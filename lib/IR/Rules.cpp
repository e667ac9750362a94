//===- Rules.cpp - Rules on types, layouts and extents ---------------------===//

#include "Rules.h"
#include "ptoas/IR/TileHandle.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::failure;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

llvm::SmallVector<Subject, 4> rules::subjects(Operation *op, const OpInfo &info,
                                              const RuleInfo &rule) {
  llvm::SmallVector<Subject, 4> out;
  auto record = llvm::cast<RecordOp>(op);
  for (uint8_t index : rule.operands)
    for (mlir::Value v : record.getRecordOperands(index))
      out.push_back({info.operands[index].name, v});
  return out;
}

std::string rules::extents(llvm::ArrayRef<int64_t> shape) {
  std::string out;
  for (int64_t d : shape)
    out += (out.empty() ? "" : "x") + (d < 0 ? std::string("?") : std::to_string(d));
  return out.empty() ? "scalar" : out;
}

mlir::Type rules::elementTypeOf(mlir::Type type) {
  if (auto tile = llvm::dyn_cast<TileBufType>(type))
    return tile.getElementType();
  if (auto view = llvm::dyn_cast<PartitionTensorViewType>(type))
    return view.getElementType();
  if (auto view = llvm::dyn_cast<TensorViewType>(type))
    return view.getElementType();
  if (auto ptr = llvm::dyn_cast<PtrType>(type))
    return ptr.getElementType();
  return type;
}

std::string rules::elementName(mlir::Type type) {
  // Numbers that only the dialect has are called as in its pages.
  type = elementTypeOf(type);
  if (llvm::isa<PtoDialect>(type.getDialect()))
    if (auto element = elementOf(type))
      return name(*element).str();
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::array<int64_t, 2> rules::validShape(mlir::Value value) { return knownValid(value); }

std::array<int64_t, 2> rules::storedShape(mlir::Value tile) {
  TileShape shape = storageOf(tile);
  return {shape.rows, shape.cols};
}

std::array<int64_t, 2> rules::numbersIn(mlir::Value tile, std::array<int64_t, 2> elements) {
  auto per = llvm::cast<TileBufType>(tile.getType()).getTileShape().numbersPerElement();
  for (unsigned axis : {0u, 1u})
    if (elements[axis] >= 0)
      elements[axis] *= per[axis];
  return elements;
}

namespace {
TileBufType tile(mlir::Value v) { return llvm::cast<TileBufType>(v.getType()); }

llvm::ArrayRef<int64_t> viewShape(mlir::Value v) {
  if (auto part = llvm::dyn_cast<PartitionTensorViewType>(v.getType()))
    return part.getShape();
  return llvm::cast<TensorViewType>(v.getType()).getShape();
}

bool disagree(int64_t a, int64_t b) { return a >= 0 && b >= 0 && a != b; }

/// The first of the subjects that differs from the first one, told with both values.
template <typename Key, typename Text>
LogicalResult allEqual(Operation *op, llvm::ArrayRef<Subject> list, llvm::StringRef what,
                       Key differ, Text text) {
  for (const Subject &s : list.drop_front(list.empty() ? 0 : 1))
    if (differ(list[0].value, s.value))
      return op->emitOpError() << "needs " << what << ", but " << list[0].name << " has "
                               << text(list[0].value) << " and " << s.name << " has "
                               << text(s.value);
  return success();
}

std::string spaceNames(llvm::ArrayRef<int64_t> spaces) {
  std::string out;
  for (int64_t s : spaces)
    out += (out.empty() ? "" : " or ") + name(Space(s)).str();
  return out;
}
std::string elementNames(ElementMask mask) {
  std::string out;
  for (unsigned i = 0; i < numElements; ++i)
    if (mask >> i & 1)
      out += (out.empty() ? "" : ", ") + name(Element(i)).str();
  return out;
}
llvm::StringRef layoutName(BLayout b) { return b == BLayout::RowMajor ? "row_major" : "col_major"; }
llvm::StringRef layoutName(SLayout s) {
  return s == SLayout::NoneBox ? "none_box" : s == SLayout::RowMajor ? "row_major" : "col_major";
}
} // namespace

PTO_RULE(tiles) {
  for (auto &s : subjects(op, info, rule)) {
    auto element = elementOf(tile(s.value).getElementType()); // a tile_buf has no other
    if (isLowPrecision(*element))
      return op->emitOpError() << "does not take the low-precision type " << name(*element)
                               << " of " << s.name;
  }
  return success();
}

PTO_RULE(elements) {
  ElementMask legal = info.elements[unsigned(archOf(op))];
  for (auto &s : subjects(op, info, rule)) {
    auto element = elementOf(elementTypeOf(s.value.getType()));
    if (!element || !(legal & maskOf(*element)))
      return op->emitOpError() << "does not take element type " << elementName(s.value.getType())
                               << " of " << s.name << " on " << name(archOf(op)) << "; it takes "
                               << elementNames(legal);
  }
  return success();
}

PTO_RULE(elementIs) {
  for (auto &s : subjects(op, info, rule)) {
    auto element = elementOf(elementTypeOf(s.value.getType()));
    ElementMask legal = 0;
    for (int64_t n : rule.numbers)
      legal |= maskOf(Element(n));
    if (!element || !(legal & maskOf(*element)))
      return op->emitOpError() << "needs " << s.name << " of element type " << elementNames(legal)
                               << ", but it has " << elementName(s.value.getType());
  }
  return success();
}

PTO_RULE(sameElement) {
  return allEqual(
      op, subjects(op, info, rule), "one element type",
      [](mlir::Value a, mlir::Value b) {
        return elementTypeOf(a.getType()) != elementTypeOf(b.getType());
      },
      [](mlir::Value v) { return elementName(v.getType()); });
}

PTO_RULE(sameType) {
  return allEqual(
      op, subjects(op, info, rule), "one type",
      [](mlir::Value a, mlir::Value b) { return a.getType() != b.getType(); },
      [](mlir::Value v) {
        std::string text;
        llvm::raw_string_ostream(text) << v.getType();
        return text;
      });
}

PTO_RULE(sameBytes) {
  auto bytes = [](mlir::Value v) {
    auto element = elementOf(elementTypeOf(v.getType()));
    return element ? bytesOf(*element) : 0;
  };
  return allEqual(
      op, subjects(op, info, rule), "elements of equal size",
      [&](mlir::Value a, mlir::Value b) { return bytes(a) != bytes(b); },
      [&](mlir::Value v) {
        return elementName(v.getType()) + " (" + std::to_string(bytes(v)) + " bytes)";
      });
}

PTO_RULE(sameValid) {
  return allEqual(
      op, subjects(op, info, rule), "equal valid shapes",
      [](mlir::Value a, mlir::Value b) {
        auto x = numbersIn(a, validShape(a)), y = numbersIn(b, validShape(b));
        return disagree(x[0], y[0]) || disagree(x[1], y[1]);
      },
      [](mlir::Value v) { return extents(numbersIn(v, validShape(v))); });
}

PTO_RULE(sameShape) {
  return allEqual(
      op, subjects(op, info, rule), "equal shapes",
      [](mlir::Value a, mlir::Value b) {
        return numbersIn(a, storedShape(a)) != numbersIn(b, storedShape(b));
      },
      [](mlir::Value v) { return extents(numbersIn(v, storedShape(v))); });
}

PTO_RULE(rowMajor) {
  for (auto &s : subjects(op, info, rule))
    if (tile(s.value).getBlayout() != BLayout::RowMajor)
      return op->emitOpError() << "needs " << s.name
                               << " with blayout row_major, but it is col_major";
    else if (tile(s.value).getSlayout() != SLayout::NoneBox)
      return op->emitOpError() << "needs " << s.name << " with slayout none_box, but it has boxes";
  return success();
}

PTO_RULE(inSpace) {
  for (auto &s : subjects(op, info, rule))
    if (!llvm::is_contained(rule.numbers, int64_t(tile(s.value).getSpace())))
      return op->emitOpError() << "needs " << s.name << " in " << spaceNames(rule.numbers)
                               << ", but it is in " << name(tile(s.value).getSpace());
  return success();
}

PTO_RULE(blockLayout) {
  auto b = BLayout(rule.numbers[0]);
  auto l = SLayout(rule.numbers[1]);
  for (auto &s : subjects(op, info, rule))
    if (tile(s.value).getBlayout() != b || tile(s.value).getSlayout() != l)
      return op->emitOpError() << "needs " << s.name << " with blayout " << layoutName(b)
                               << " and slayout " << layoutName(l) << " on " << name(archOf(op))
                               << ", but it has " << layoutName(tile(s.value).getBlayout())
                               << " and " << layoutName(tile(s.value).getSlayout());
  return success();
}

PTO_RULE(fractalSize) {
  for (auto &s : subjects(op, info, rule))
    if (!llvm::is_contained(rule.numbers, tile(s.value).getFractal()))
      return op->emitOpError() << "does not take the fractal size " << tile(s.value).getFractal()
                               << " of " << s.name;
  return success();
}

PTO_RULE(validPositive) {
  for (auto &s : subjects(op, info, rule)) {
    auto valid = validShape(s.value);
    if (valid[0] == 0 || valid[1] == 0)
      return op->emitOpError() << "needs positive valid extents, but " << s.name << " has "
                               << extents(valid);
  }
  return success();
}

PTO_RULE(positiveDims) {
  for (auto &s : subjects(op, info, rule))
    if (llvm::is_contained(viewShape(s.value), 0))
      return op->emitOpError() << "needs positive extents, but " << s.name << " has "
                               << extents(viewShape(s.value));
  return success();
}

PTO_RULE(staticExtents) {
  for (auto &s : subjects(op, info, rule))
    if (llvm::any_of(viewShape(s.value), [](int64_t d) { return d <= 0; }))
      return op->emitOpError() << "needs static positive extents, but " << s.name << " has "
                               << extents(viewShape(s.value));
  return success();
}

PTO_RULE(sameExtents) {
  return allEqual(
      op, subjects(op, info, rule), "equal extents",
      [](mlir::Value a, mlir::Value b) { return viewShape(a) != viewShape(b); },
      [](mlir::Value v) { return extents(viewShape(v)); });
}

PTO_RULE(viewRank) {
  for (auto &s : subjects(op, info, rule))
    if (viewShape(s.value).empty() || int64_t(viewShape(s.value).size()) > rule.numbers[0])
      return op->emitOpError() << "needs " << s.name << " of 1 to " << rule.numbers[0]
                               << " dimensions, but it has " << viewShape(s.value).size();
  return success();
}

PTO_RULE(distinct) {
  auto list = subjects(op, info, rule);
  for (auto [i, a] : llvm::enumerate(list))
    for (auto &b : llvm::drop_begin(list, i + 1))
      if (a.value == b.value)
        return op->emitOpError() << "needs different tiles, but " << a.name << " and " << b.name
                                 << " are the same";
  return success();
}
