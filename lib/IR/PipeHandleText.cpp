//===- PipeHandleText.cpp - Text of pipe handles and reservations ----------===//

#include "PipeText.h"
#include "mlir/IR/Builders.h"

using namespace pto;
using namespace pto::pipes;
using llvm::StringRef;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OperationState;
using mlir::ParseResult;

namespace {
constexpr Clause handleInit[] = {{Clause::I32, "id"},
                                 {Clause::I8, "dir_mask", true},
                                 {Clause::I32, "slot_size", true},
                                 {Clause::I32, "slot_num", true},
                                 {Clause::I32, "local_slot_num"},
                                 {Clause::I32, "cons_sync_period"},
                                 {Clause::I32, "flag_base"},
                                 {Clause::Bool, "nosplit"},
                                 {Clause::Bool, "unit_flag"},
                                 {Clause::Epilogue, "acc_push_epilogue"}};
constexpr Clause handleCall[] = {{Clause::I8, "split", true}};
constexpr Clause reservation[] = {{Clause::String, "name", true},
                                  {Clause::I32, "size", true},
                                  {Clause::Space, "location", true},
                                  {Clause::Bool, "auto", false, "is_auto"},
                                  {Clause::I32, "base"}};
constexpr Clause import[] = {{Clause::String, "name", true}, {Clause::Symbol, "peer_func", true}};

/// `([%entry,] %pipe : [T,] !pto.pipe)`
ParseResult parseHandleCall(OpAsmParser &parser, OperationState &result, bool takesSubblock) {
  llvm::SmallVector<Unresolved, 2> operands;
  llvm::SmallVector<mlir::Type, 2> types;
  std::optional<Unresolved> subblock;
  mlir::Type subblockType;
  auto at = parser.getCurrentLocation();
  if (parser.parseLParen() || parser.parseOperandList(operands) ||
      parser.parseColonTypeList(types) || parser.parseRParen() ||
      parseCallClauses(parser, result, handleCall, takesSubblock ? &subblock : nullptr,
                       subblockType) ||
      parseRest(parser, result) || parser.resolveOperands(operands, types, at, result.operands))
    return mlir::failure();
  return subblock ? parser.resolveOperand(*subblock, subblockType, result.operands)
                  : mlir::success();
}
void printHandleCall(OpAsmPrinter &printer, mlir::Operation *op, mlir::Value entry,
                     mlir::Value handle, mlir::Value subblock) {
  printer << '(';
  if (entry)
    printer << entry << ", ";
  printer << handle << " : ";
  if (entry)
    printer << entry.getType() << ", ";
  printer << handle.getType() << ')';
  printSubblock(printer, subblock);
  printClauses(printer, op, handleCall);
  printRest(printer, op, handleCall);
}

} // namespace

ParseResult TAllocOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseHandleCall(parser, result, /*takesSubblock=*/false);
}
void TAllocOp::print(OpAsmPrinter &printer) {
  printHandleCall(printer, *this, getEntry(), getPipeHandle(), {});
}
ParseResult TPushOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseHandleCall(parser, result, /*takesSubblock=*/true);
}
void TPushOp::print(OpAsmPrinter &printer) {
  printHandleCall(printer, *this, getEntry(), getPipeHandle(), getAivSubblockid());
}
ParseResult TPopOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseHandleCall(parser, result, /*takesSubblock=*/true);
}
void TPopOp::print(OpAsmPrinter &printer) {
  printHandleCall(printer, *this, getEntry(), getPipeHandle(), getAivSubblockid());
}
ParseResult TFreeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseHandleCall(parser, result, /*takesSubblock=*/false);
}
void TFreeOp::print(OpAsmPrinter &printer) {
  printHandleCall(printer, *this, getEntry(), getPipeHandle(), {});
}

//===----------------------------------------------------------------------===//
// Handles
//===----------------------------------------------------------------------===//

namespace {
/// `(%gm : T, %local : i32, %peer : i32) {attrs} -> !pto.pipe`; a local ring has no %gm.
template <typename Op>
ParseResult parseHandleInit(OpAsmParser &parser, OperationState &result, unsigned least,
                            unsigned most) {
  llvm::SmallVector<Unresolved, 3> operands;
  llvm::SmallVector<mlir::Type, 3> types;
  mlir::Type type;
  if (parseClauses(parser, result, handleInit))
    return mlir::failure();
  auto at = parser.getCurrentLocation();
  auto one = [&] {
    return mlir::failure(parser.parseOperand(operands.emplace_back()) ||
                         parser.parseColonType(types.emplace_back()));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, one) ||
      parseRest(parser, result) || parser.parseArrow() || parser.parseType(type))
    return mlir::failure();
  if (operands.size() < least || operands.size() > most)
    return parser.emitError(at, "expected ") << least << " to " << most << " operands";
  if (parser.resolveOperands(operands, types, at, result.operands))
    return mlir::failure();
  if constexpr (std::is_same_v<Op, InitializeL2G2LPipeOp>)
    setSegments<Op>(result, {true, operands.size() > 1, operands.size() > 2});
  result.addTypes(type);
  return mlir::success();
}
void printHandleInit(OpAsmPrinter &printer, mlir::Operation *op) {
  printClauses(printer, op, handleInit);
  printer << " (";
  llvm::interleaveComma(op->getOperands(), printer,
                        [&](mlir::Value v) { printer << v << " : " << v.getType(); });
  printer << ')';
  printRest(printer, op, handleInit);
  printer << " -> " << op->getResult(0).getType();
}

ParseResult parseReservation(OpAsmParser &parser, OperationState &result,
                             llvm::ArrayRef<Clause> clauses) {
  mlir::Type type;
  if (parseClauses(parser, result, clauses) || parseRest(parser, result) || parser.parseArrow() ||
      parser.parseType(type))
    return mlir::failure();
  result.addTypes(type);
  return mlir::success();
}
void printReservation(OpAsmPrinter &printer, mlir::Operation *op, llvm::ArrayRef<Clause> clauses) {
  printClauses(printer, op, clauses);
  printRest(printer, op, clauses);
  printer << " -> " << op->getResult(0).getType();
}
} // namespace

ParseResult InitializeL2G2LPipeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseHandleInit<InitializeL2G2LPipeOp>(parser, result, 1, 3);
}
void InitializeL2G2LPipeOp::print(OpAsmPrinter &printer) { printHandleInit(printer, *this); }
ParseResult InitializeL2LPipeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseHandleInit<InitializeL2LPipeOp>(parser, result, 1, 2);
}
void InitializeL2LPipeOp::print(OpAsmPrinter &printer) { printHandleInit(printer, *this); }
ParseResult ReserveBufferOp::parse(OpAsmParser &parser, OperationState &result) {
  if (parseReservation(parser, result, reservation))
    return mlir::failure();
  // A base says by itself that it is not for ptoas to choose.
  if (!result.attributes.get("is_auto"))
    result.addAttribute("is_auto", parser.getBuilder().getBoolAttr(!result.attributes.get("base")));
  return mlir::success();
}
void ReserveBufferOp::print(OpAsmPrinter &printer) {
  printReservation(printer, *this, reservation);
}
ParseResult ImportReservedBufferOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseReservation(parser, result, import);
}
void ImportReservedBufferOp::print(OpAsmPrinter &printer) {
  printReservation(printer, *this, import);
}
ParseResult DeclareTileOp::parse(OpAsmParser &parser, OperationState &result) {
  std::optional<Unresolved> valid[2];
  mlir::Type type, index = parser.getBuilder().getIndexType();
  static constexpr llvm::StringLiteral keys[] = {"valid_row", "valid_col"};
  for (auto [value, key] : llvm::zip(valid, keys))
    if (mlir::succeeded(parser.parseOptionalKeyword(key)))
      if (parser.parseEqual() || parser.parseOperand(value.emplace()))
        return mlir::failure();
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseArrow() ||
      parser.parseType(type))
    return mlir::failure();
  for (auto &value : valid)
    if (value && parser.resolveOperand(*value, index, result.operands))
      return mlir::failure();
  setSegments<DeclareTileOp>(result, {valid[0].has_value(), valid[1].has_value()});
  result.addTypes(type);
  return mlir::success();
}
void DeclareTileOp::print(OpAsmPrinter &printer) {
  if (getValidRow())
    printer << " valid_row = " << getValidRow();
  if (getValidCol())
    printer << " valid_col = " << getValidCol();
  printer.printOptionalAttrDict((*this)->getAttrs(), {"operandSegmentSizes"});
  printer << " -> " << getTile().getType();
}
ParseResult DeclareGlobalOp::parse(OpAsmParser &parser, OperationState &result) {
  mlir::Type type;
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseArrow() ||
      parser.parseType(type))
    return mlir::failure();
  result.addTypes(type);
  return mlir::success();
}
void DeclareGlobalOp::print(OpAsmPrinter &printer) {
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " -> " << getEntry().getType();
}
