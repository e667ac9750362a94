//===- PipeFrontendText.cpp - Text of what front-ends write ----------------===//

#include "PipeText.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::pipes;
using llvm::StringRef;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OperationState;
using mlir::ParseResult;

namespace {
constexpr Clause frontendInit[] = {{Clause::I32, "id"},
                                   {Clause::I8, "dir_mask", true},
                                   {Clause::I32, "slot_size", true},
                                   {Clause::I32, "slot_num"},
                                   {Clause::I32, "local_slot_num"},
                                   {Clause::I32, "cons_sync_period"},
                                   {Clause::Bool, "nosplit"},
                                   {Clause::Bool, "unit_flag"},
                                   {Clause::Epilogue, "acc_push_epilogue"}};
constexpr Clause frontendCall[] = {{Clause::I32, "id"}, {Clause::I8, "split", true}};

//===----------------------------------------------------------------------===//
// Initialize operations
//===----------------------------------------------------------------------===//

constexpr StringRef frontendOperands[] = {"gm_slot_buffer", "gm_slot_tensor", "c2v_consumer_buf",
                                          "v2c_consumer_buf"};

template <typename Op> ParseResult parseFrontendInit(OpAsmParser &parser, OperationState &result) {
  if (parseClauses(parser, result, frontendInit))
    return mlir::failure();
  std::optional<Unresolved> values[4];
  mlir::Type types[4];
  auto one = [&]() -> ParseResult {
    auto at = parser.getCurrentLocation();
    StringRef key;
    if (parser.parseKeyword(&key))
      return mlir::failure();
    size_t i = llvm::find(frontendOperands, key) - std::begin(frontendOperands);
    if (i == std::size(frontendOperands))
      return parser.emitError(at, "unexpected operand '")
             << key << "'; known are " << llvm::join(llvm::ArrayRef(frontendOperands), ", ");
    if (values[i])
      return parser.emitError(at, "duplicate '") << key << "' operand";
    values[i].emplace();
    return mlir::failure(parser.parseEqual() || parser.parseOperand(*values[i]) ||
                         parser.parseColonType(types[i]));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, one) ||
      parseRest(parser, result))
    return mlir::failure();
  for (auto [value, type] : llvm::zip(values, types))
    if (value && parser.resolveOperand(*value, type, result.operands))
      return mlir::failure();
  setSegments<Op>(result, {values[0].has_value(), values[1].has_value(), values[2].has_value(),
                           values[3].has_value()});
  return mlir::success();
}

template <typename Op> void printFrontendInit(OpAsmPrinter &printer, Op op) {
  printClauses(printer, op, frontendInit);
  printer << " (";
  bool first = true;
  for (auto [i, key] : llvm::enumerate(frontendOperands))
    for (mlir::Value value : op.getODSOperands(i)) {
      if (!std::exchange(first, false))
        printer << ", ";
      printer << key << " = " << value << " : " << value.getType();
    }
  printer << ')';
  printRest(printer, op, frontendInit);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

ParseResult parseFrontendAlloc(OpAsmParser &parser, OperationState &result) {
  mlir::Type type, none;
  if (parseCallClauses(parser, result, frontendCall, nullptr, none) || parseRest(parser, result) ||
      parser.parseArrow() || parser.parseType(type))
    return mlir::failure();
  result.addTypes(type);
  return mlir::success();
}
void printFrontendAlloc(OpAsmPrinter &printer, mlir::Operation *op) {
  printClauses(printer, op, frontendCall);
  printRest(printer, op, frontendCall);
  printer << " -> " << op->getResult(0).getType();
}

ParseResult parseFrontendPush(OpAsmParser &parser, OperationState &result) {
  Unresolved entry;
  std::optional<Unresolved> subblock;
  mlir::Type type, subblockType;
  if (parser.parseLParen() || parser.parseOperand(entry) || parser.parseColonType(type) ||
      parser.parseRParen() ||
      parseCallClauses(parser, result, frontendCall, &subblock, subblockType) ||
      parseRest(parser, result) || parser.resolveOperand(entry, type, result.operands))
    return mlir::failure();
  return subblock ? parser.resolveOperand(*subblock, subblockType, result.operands)
                  : mlir::success();
}
void printFrontendPush(OpAsmPrinter &printer, mlir::Operation *op) {
  printer << '(' << op->getOperand(0) << " : " << op->getOperand(0).getType() << ')';
  printSubblock(printer, op->getNumOperands() > 1 ? op->getOperand(1) : mlir::Value());
  printClauses(printer, op, frontendCall);
  printRest(printer, op, frontendCall);
}

template <typename Op> ParseResult parseFrontendPop(OpAsmParser &parser, OperationState &result) {
  llvm::SmallVector<Unresolved, 2> valid;
  std::optional<Unresolved> subblock;
  mlir::Type type, subblockType;
  auto at = parser.getCurrentLocation();
  if (parser.parseOperandList(valid, OpAsmParser::Delimiter::OptionalParen))
    return mlir::failure();
  if (valid.size() != 0 && valid.size() != 2)
    return parser.emitError(at, "valid extents come in pairs, (%rows, %cols)");
  if (parseCallClauses(parser, result, frontendCall, &subblock, subblockType) ||
      parseRest(parser, result) || parser.parseArrow() || parser.parseType(type) ||
      parser.resolveOperands(valid, parser.getBuilder().getIndexType(), result.operands) ||
      (subblock && parser.resolveOperand(*subblock, subblockType, result.operands)))
    return mlir::failure();
  setSegments<Op>(result, {!valid.empty(), !valid.empty(), subblock.has_value()});
  result.addTypes(type);
  return mlir::success();
}
template <typename Op> void printFrontendPop(OpAsmPrinter &printer, Op op) {
  if (op.getValidRow())
    printer << " (" << op.getValidRow() << ", " << op.getValidCol() << ')';
  printSubblock(printer, op.getAivSubblockid());
  printClauses(printer, op, frontendCall);
  printRest(printer, op, frontendCall);
  printer << " -> " << op.getEntry().getType();
}

ParseResult parseFrontendFree(OpAsmParser &parser, OperationState &result) {
  mlir::Type none;
  if (mlir::succeeded(parser.parseOptionalLParen())) {
    Unresolved entry;
    mlir::Type type;
    if (parser.parseOperand(entry) || parser.parseColonType(type) || parser.parseRParen() ||
        parser.resolveOperand(entry, type, result.operands))
      return mlir::failure();
  }
  return mlir::failure(parseCallClauses(parser, result, frontendCall, nullptr, none) ||
                       parseRest(parser, result));
}
void printFrontendFree(OpAsmPrinter &printer, mlir::Operation *op) {
  if (op->getNumOperands())
    printer << '(' << op->getOperand(0) << " : " << op->getOperand(0).getType() << ')';
  printClauses(printer, op, frontendCall);
  printRest(printer, op, frontendCall);
}

} // namespace

ParseResult AicInitializePipeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendInit<AicInitializePipeOp>(parser, result);
}
void AicInitializePipeOp::print(OpAsmPrinter &printer) { printFrontendInit(printer, *this); }
ParseResult AivInitializePipeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendInit<AivInitializePipeOp>(parser, result);
}
void AivInitializePipeOp::print(OpAsmPrinter &printer) { printFrontendInit(printer, *this); }
ParseResult TAllocToAivOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendAlloc(parser, result);
}
void TAllocToAivOp::print(OpAsmPrinter &printer) { printFrontendAlloc(printer, *this); }
ParseResult TAllocToAicOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendAlloc(parser, result);
}
void TAllocToAicOp::print(OpAsmPrinter &printer) { printFrontendAlloc(printer, *this); }
ParseResult TPushToAivOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendPush(parser, result);
}
void TPushToAivOp::print(OpAsmPrinter &printer) { printFrontendPush(printer, *this); }
ParseResult TPushToAicOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendPush(parser, result);
}
void TPushToAicOp::print(OpAsmPrinter &printer) { printFrontendPush(printer, *this); }
ParseResult TPopFromAicOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendPop<TPopFromAicOp>(parser, result);
}
void TPopFromAicOp::print(OpAsmPrinter &printer) { printFrontendPop(printer, *this); }
ParseResult TPopFromAivOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendPop<TPopFromAivOp>(parser, result);
}
void TPopFromAivOp::print(OpAsmPrinter &printer) { printFrontendPop(printer, *this); }
ParseResult TFreeFromAicOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendFree(parser, result);
}
void TFreeFromAicOp::print(OpAsmPrinter &printer) { printFrontendFree(printer, *this); }
ParseResult TFreeFromAivOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFrontendFree(parser, result);
}
void TFreeFromAivOp::print(OpAsmPrinter &printer) { printFrontendFree(printer, *this); }
