//===- MoveOps.cpp - Operand lists of tstore, tmov, textract, tinsert ------===//
//
// Three ages of one list: all operands before the colon; optional ones behind it, each with its own
// type; optional ones behind a keyword. All are read by one parser that tells the operands apart by
// their types; each operation prints its newest form.
//
//===----------------------------------------------------------------------===//

#include "ptoas/IR/CustomSyntax.h"

using namespace pto;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::ParseResult;
using mlir::Type;
using mlir::Value;

namespace {
ParseResult parseItems(OpAsmParser &parser, llvm::SmallVectorImpl<MoveItem> &items) {
  do {
    MoveItem item;
    item.at = parser.getCurrentLocation();
    if (parser.parseOperand(item.operand))
      return mlir::failure();
    items.push_back(item);
  } while (mlir::succeeded(parser.parseOptionalComma()));
  if (parser.parseColon() || parser.parseType(items[0].type))
    return mlir::failure();
  for (size_t i = 1, inList = items.size(); i < inList; ++i)
    if (parser.parseComma() || parser.parseType(items[i].type))
      return mlir::failure();
  // Late items, with or without a keyword.
  while (true) {
    MoveItem item;
    item.at = parser.getCurrentLocation();
    bool isLate = mlir::succeeded(parser.parseOptionalComma());
    isLate |= mlir::succeeded(parser.parseOptionalKeyword("fp")) ||
              mlir::succeeded(parser.parseOptionalKeyword("pre_quant"));
    if (!isLate)
      return mlir::success();
    if (parser.parseOperand(item.operand) || parser.parseColonType(item.type))
      return mlir::failure();
    items.push_back(item);
  }
}
} // namespace

ParseResult pto::parseMoveItems(OpAsmParser &parser, MoveItems &items) {
  llvm::SmallVector<MoveItem> list;
  if (parseItems(parser, list))
    return mlir::failure();
  if (!llvm::isa<TileBufType>(list[0].type))
    return parser.emitError(list[0].at, "expected a tile, but its type is ") << list[0].type;
  items.src = list[0];
  auto take = [&](std::optional<MoveItem> &place, const MoveItem &item) -> ParseResult {
    if (place)
      return parser.emitError(item.at, "one operand of type ") << item.type << " too many";
    place = item;
    return mlir::success();
  };
  bool leavesAccumulator = llvm::cast<TileBufType>(list[0].type).getSpace() == Space::Acc;
  for (const MoveItem &item : llvm::ArrayRef(list).drop_front()) {
    auto tile = llvm::dyn_cast<TileBufType>(item.type);
    std::optional<MoveItem> *place = nullptr;
    if (tile) // parameters of a conversion, or the scratch of a move inside vec
      place = leavesAccumulator || tile.getSpace() == Space::Scaling ? &items.fp : &items.tmp;
    else if (item.type.isIndex())
      place = items.row ? &items.col : &items.row;
    else if (item.type.isInteger(64))
      place = &items.preQuantScalar;
    else
      return parser.emitError(item.at, "expected a tile, an index or an i64, but its type is ")
             << item.type;
    if (take(*place, item))
      return mlir::failure();
  }
  return mlir::success();
}

ParseResult pto::refuse(OpAsmParser &parser, const std::optional<MoveItem> &item) {
  if (!item)
    return mlir::success();
  return parser.emitError(item->at, "no operand of type ") << item->type << " belongs here";
}

ParseResult pto::requireWindow(OpAsmParser &parser, const MoveItems &items) {
  if (items.row && items.col)
    return mlir::success();
  return parser.emitError(items.src.at, "expected a row and a column of type index behind it");
}

void pto::printLate(OpAsmPrinter &printer, llvm::StringRef lead, Value value) {
  if (value)
    printer << lead << value << " : " << value.getType();
}
