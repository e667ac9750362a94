//===- QuantizeRules.cpp - Rules of quantisation ---------------------------===//

#include "Rules.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

PTO_RULE(quantizedTo) {
  auto list = subjects(op, info, rule);
  auto kind = QuantKind(attributeValue(op, "quant_type"));
  if (kind != QuantKind::INT8_SYM && kind != QuantKind::INT8_ASYM)
    return success(); // another rule says so
  bool asymmetric = kind == QuantKind::INT8_ASYM, hasOffset = list.size() > 1;
  if (hasOffset != asymmetric)
    return op->emitOpError() << "makes " << stringifyQuantKind(kind)
                             << (asymmetric ? ", which needs an offset"
                                            : ", which takes no offset; INT8_ASYM does");
  Element wanted = asymmetric ? Element::U8 : Element::I8;
  if (elementOf(elementTypeOf(list[0].value.getType())) == wanted)
    return success();
  return op->emitOpError() << "makes " << stringifyQuantKind(kind) << ", so " << list[0].name
                           << " needs elements of type " << name(wanted) << ", but it has "
                           << elementName(list[0].value.getType());
}

PTO_RULE(valuePerRow) {
  auto list = subjects(op, info, rule);
  auto tile = llvm::cast<TileBufType>(list[0].value.getType());
  auto have = validShape(list[0].value), as = validShape(list[1].value);
  bool fits = (have[1] < 0 || have[1] == 1) && (have[0] < 0 || as[0] < 0 || have[0] == as[0]);
  if (!fits)
    return op->emitOpError() << "takes a value per row, so " << list[0].name << " needs "
                             << extents({as[0], 1}) << " valid elements, but it has "
                             << extents(have);
  if (archOf(op) == Arch::A3 && tile.getBlayout() == BLayout::RowMajor)
    return op->emitOpError() << "takes a column of values, but " << list[0].name
                             << " is row_major; make it col_major";
  return success();
}
