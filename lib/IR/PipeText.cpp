//===- PipeText.cpp - Text of pipe operations ------------------------------===//
//
// `{key = value, ...}` in any order, each key once; one order is printed. The same clauses serve
// all operations of the family, so that what one of them takes the others take too.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "ptoas/IR/Pipes.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using llvm::StringRef;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OperationState;
using mlir::ParseResult;
using Unresolved = OpAsmParser::UnresolvedOperand;

namespace {

/// A clause as the text and as the attribute name it.
struct Clause {
  enum Kind : uint8_t { I8, I32, Bool, Epilogue, String, Space, Symbol } kind;
  StringRef key;
  bool required = false;
  StringRef attribute = key;
};
constexpr Clause frontendInit[] = {{Clause::I32, "id"},
                                   {Clause::I8, "dir_mask", true},
                                   {Clause::I32, "slot_size", true},
                                   {Clause::I32, "slot_num"},
                                   {Clause::I32, "local_slot_num"},
                                   {Clause::Bool, "nosplit"},
                                   {Clause::Bool, "unit_flag"},
                                   {Clause::Epilogue, "acc_push_epilogue"}};
constexpr Clause handleInit[] = {{Clause::I32, "id"},
                                 {Clause::I8, "dir_mask", true},
                                 {Clause::I32, "slot_size", true},
                                 {Clause::I32, "slot_num", true},
                                 {Clause::I32, "local_slot_num"},
                                 {Clause::I32, "flag_base"},
                                 {Clause::Bool, "nosplit"},
                                 {Clause::Bool, "unit_flag"},
                                 {Clause::Epilogue, "acc_push_epilogue"}};
constexpr Clause frontendCall[] = {{Clause::I32, "id"}, {Clause::I8, "split", true}};
constexpr Clause handleCall[] = {{Clause::I8, "split", true}};
constexpr Clause reservation[] = {{Clause::String, "name", true},
                                  {Clause::I32, "size", true},
                                  {Clause::Space, "location", true},
                                  {Clause::Bool, "auto", true, "is_auto"},
                                  {Clause::I32, "base"}};
constexpr Clause import[] = {{Clause::String, "name", true}, {Clause::Symbol, "peer_func", true}};

ParseResult parseInteger(OpAsmParser &parser, unsigned width, mlir::Attribute &value) {
  int64_t number = 0;
  auto at = parser.getCurrentLocation();
  if (parser.parseInteger(number))
    return mlir::failure();
  auto type = parser.getBuilder().getIntegerType(width);
  if (mlir::succeeded(parser.parseOptionalColon())) {
    mlir::Type given;
    if (parser.parseType(given))
      return mlir::failure();
  }
  if (!llvm::isIntN(width, number))
    return parser.emitError(at, "") << number << " does not fit into " << width << " bits";
  value = mlir::IntegerAttr::get(type, number);
  return mlir::success();
}

template <typename Attr> ParseResult parseAs(OpAsmParser &parser, mlir::Attribute &value) {
  Attr attr;
  if (parser.parseAttribute(attr))
    return mlir::failure();
  value = attr;
  return mlir::success();
}

ParseResult parseValue(OpAsmParser &parser, Clause::Kind kind, mlir::Attribute &value) {
  switch (kind) {
  case Clause::I8:
    return parseInteger(parser, 8, value);
  case Clause::I32:
    return parseInteger(parser, 32, value);
  case Clause::Bool:
    return parseAs<mlir::BoolAttr>(parser, value);
  case Clause::Epilogue:
    return parseAs<AccPushEpilogueAttr>(parser, value);
  case Clause::String:
    return parseAs<mlir::StringAttr>(parser, value);
  case Clause::Space:
    return parseAs<AddressSpaceAttr>(parser, value);
  case Clause::Symbol:
    return parseAs<mlir::FlatSymbolRefAttr>(parser, value);
  }
  return mlir::failure();
}

ParseResult parseClauses(OpAsmParser &parser, OperationState &result,
                         llvm::ArrayRef<Clause> clauses) {
  auto begin = parser.getCurrentLocation();
  auto one = [&]() -> ParseResult {
    auto at = parser.getCurrentLocation();
    StringRef key;
    if (parser.parseKeyword(&key))
      return mlir::failure();
    auto *clause = llvm::find_if(clauses, [&](const Clause &c) { return c.key == key; });
    if (clause == clauses.end()) {
      auto keys = llvm::map_range(clauses, [](const Clause &c) { return c.key.str(); });
      return parser.emitError(at, "unexpected clause '")
             << key << "'; known are " << llvm::join(keys, ", ");
    }
    mlir::Attribute value;
    if (result.attributes.get(clause->attribute))
      return parser.emitError(at, "duplicate '") << key << "' clause";
    if (parser.parseEqual() || parseValue(parser, clause->kind, value))
      return mlir::failure();
    result.addAttribute(clause->attribute, value);
    return mlir::success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Braces, one))
    return mlir::failure();
  for (const Clause &clause : clauses)
    if (clause.required && !result.attributes.get(clause.attribute))
      return parser.emitError(begin, "expected '") << clause.key << "' clause";
  return mlir::success();
}

void printClauses(OpAsmPrinter &printer, mlir::Operation *op, llvm::ArrayRef<Clause> clauses) {
  printer << " {";
  bool first = true;
  for (const Clause &clause : clauses) {
    mlir::Attribute value = op->getAttr(clause.attribute);
    if (!value)
      continue;
    if (!std::exchange(first, false))
      printer << ", ";
    printer << clause.key << " = ";
    printer.printAttributeWithoutType(value);
  }
  printer << '}';
}

void printRest(OpAsmPrinter &printer, mlir::Operation *op, llvm::ArrayRef<Clause> clauses) {
  llvm::SmallVector<StringRef> known{"operandSegmentSizes"};
  for (const Clause &clause : clauses)
    known.push_back(clause.attribute);
  printer.printOptionalAttrDict(op->getAttrs(), known);
}

/// Upstream keeps the number of the front-end's pipe among the other attributes.
ParseResult parseRest(OpAsmParser &parser, OperationState &result) {
  constexpr StringRef old = "__pto.frontend_id";
  if (parser.parseOptionalAttrDict(result.attributes))
    return mlir::failure();
  if (mlir::Attribute id = result.attributes.get(old)) {
    result.attributes.erase(old);
    if (!result.attributes.get("id"))
      result.addAttribute("id", id);
  }
  return mlir::success();
}

template <typename Op>
void setSegments(OperationState &result, std::initializer_list<bool> present) {
  auto &sizes = result.getOrAddProperties<typename Op::Properties>().operandSegmentSizes;
  for (auto [i, is] : llvm::enumerate(present))
    sizes[i] = is ? 1 : 0;
}

//===----------------------------------------------------------------------===//
// Initialize operations of front-ends
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

/// `aiv_subblockid(%i : type)`; the type may be left out for an index.
ParseResult parseSubblock(OpAsmParser &parser, std::optional<Unresolved> &value, mlir::Type &type) {
  if (value || mlir::failed(parser.parseOptionalKeyword("aiv_subblockid")))
    return mlir::success();
  value.emplace();
  type = parser.getBuilder().getIndexType();
  return mlir::failure(parser.parseLParen() || parser.parseOperand(*value) ||
                       (mlir::succeeded(parser.parseOptionalColon()) && parser.parseType(type)) ||
                       parser.parseRParen());
}
void printSubblock(OpAsmPrinter &printer, mlir::Value value) {
  if (value)
    printer << " aiv_subblockid(" << value << " : " << value.getType() << ')';
}

/// The clauses of a call, with the sub-block before or behind them.
ParseResult parseCallClauses(OpAsmParser &parser, OperationState &result,
                             llvm::ArrayRef<Clause> clauses, std::optional<Unresolved> *subblock,
                             mlir::Type &subblockType) {
  return mlir::failure((subblock && parseSubblock(parser, *subblock, subblockType)) ||
                       parseClauses(parser, result, clauses) ||
                       (subblock && parseSubblock(parser, *subblock, subblockType)));
}

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
  return parseReservation(parser, result, reservation);
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
  for (auto [value, key] : llvm::zip(valid, llvm::ArrayRef<StringRef>{"valid_row", "valid_col"}))
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
