//===- ScaleRules.cpp - Rules on numbers that share a scale ----------------===//

#include "Rules.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
/// Numbers that share a scale (library 4.1).
constexpr int64_t groupSize = 32;

TileBufType tile(mlir::Value v) { return llvm::cast<TileBufType>(v.getType()); }
} // namespace

PTO_RULE(scaleTile) {
  auto list = subjects(op, info, rule);
  Space operand = tile(list[1].value).getSpace();
  if (operand != Space::Left && operand != Space::Right)
    return success(); // another rule says so
  bool left = operand == Space::Left;
  TileBufType type = tile(list[0].value);
  bool isRight =
      left ? type.getSpace() == Space::ScaleLeft && type.getBlayout() == BLayout::RowMajor
           : type.getSpace() == Space::ScaleRight && type.getBlayout() == BLayout::ColMajor;
  if (isRight)
    return success();
  llvm::StringRef layout = left ? "row_major" : "col_major";
  return op->emitOpError() << "needs " << list[0].name << " as the scales of a " << name(operand)
                           << " tile, in scaling with fractal=32, blayout=" << layout
                           << " and slayout=" << layout << ", but it is " << type;
}

PTO_RULE(scaleExtents) {
  auto list = subjects(op, info, rule);
  bool left = tile(list[1].value).getSpace() == Space::Left;
  auto numbers = numbersIn(list[1].value, validShape(list[1].value)),
       have = validShape(list[0].value), wanted = numbers;
  int64_t &k = wanted[left ? 1 : 0];
  if (k >= 0)
    k = int64_t(llvm::divideCeil(uint64_t(k), uint64_t(groupSize)));
  bool agree = true;
  for (unsigned axis : {0u, 1u})
    agree &= have[axis] < 0 || wanted[axis] < 0 || have[axis] == wanted[axis];
  if (agree)
    return success();
  return op->emitOpError() << "keeps a scale for every " << groupSize << " numbers along k, so "
                           << list[0].name << " needs " << extents(wanted)
                           << " valid elements for the " << extents(numbers) << " numbers of "
                           << list[1].name << ", but it has " << extents(have);
}

PTO_RULE(wholeGroups) {
  auto list = subjects(op, info, rule);
  for (auto [s, axis] : {std::pair(&list[0], 1u), std::pair(&list[1], 0u)})
    if (int64_t k = numbersIn(s->value, storedShape(s->value))[axis]; k % (2 * groupSize))
      return op->emitOpError() << "works on a multiple of " << 2 * groupSize
                               << " numbers along k, but " << s->name << " holds " << k;
  return success();
}

PTO_RULE(mxResult) {
  auto list = subjects(op, info, rule);
  auto kind = QuantKind(attributeValue(op, "quant_type"));
  if (kind != QuantKind::MXFP8 && kind != QuantKind::MXFP4_E2M1)
    return success(); // another rule says so
  bool four = kind == QuantKind::MXFP4_E2M1;
  TileShape src = tile(list[0].value).getTileShape(), dst = tile(list[1].value).getTileShape();
  bool isElement = four ? dst.element == Element::F4E2M1x2
                        : dst.element == Element::I8 || dst.element == Element::U8;
  if (!isElement)
    return op->emitOpError() << "makes " << stringifyQuantKind(kind)
                             << ", so dst needs elements of " << (four ? "f4E2M1x2" : "i8 or ui8")
                             << ", but it has " << elementName(list[1].value.getType());
  if (four && bytesOf(src.element) != 2)
    return op->emitOpError() << "makes " << stringifyQuantKind(kind)
                             << " of f16 and bf16 only, but src has " << name(src.element);
  bool nz = attributeValue(op, "storeMode") == int64_t(VecStoreModeKind::NZ);
  bool fits = nz ? dst.blayout == BLayout::ColMajor && dst.slayout == SLayout::RowMajor
                 : dst.blayout == BLayout::RowMajor && !dst.isBoxed();
  if (fits)
    return success();
  return op->emitOpError() << "leaves " << (nz ? "boxes" : "plain rows")
                           << ", so dst needs blayout "
                           << (nz ? "col_major and slayout row_major"
                                  : "row_major and slayout none_box");
}

PTO_RULE(groupCount) {
  auto list = subjects(op, info, rule);
  auto valid = validShape(list[0].value);
  bool alongRows = attributeValue(op, "grpAxis") == int64_t(MxGroupAxisKind::Axis1);
  if (int64_t length = valid[alongRows ? 1 : 0]; length > 0 && length % groupSize)
    return op->emitOpError() << "makes groups of " << groupSize << " numbers along "
                             << (alongRows ? "rows" : "columns") << ", but " << list[0].name
                             << " has " << extents(valid) << " valid elements";
  if (valid[0] < 0 || valid[1] < 0)
    return success();
  int64_t groups = valid[0] * valid[1] / groupSize;
  for (auto &s : llvm::ArrayRef(list).drop_front()) {
    auto have = validShape(s.value);
    if (have[0] >= 0 && have[1] >= 0 && have[0] * have[1] != groups)
      return op->emitOpError() << "makes " << groups << " groups of the " << extents(valid)
                               << " valid elements of " << list[0].name << ", but " << s.name
                               << " has " << extents(have) << " = " << have[0] * have[1];
  }
  return success();
}
