//===- PipeText.cpp - Clauses of pipe operations ---------------------------===//

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

} // namespace

ParseResult pipes::parseClauses(OpAsmParser &parser, OperationState &result,
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

void pipes::printClauses(OpAsmPrinter &printer, mlir::Operation *op,
                         llvm::ArrayRef<Clause> clauses) {
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

void pipes::printRest(OpAsmPrinter &printer, mlir::Operation *op, llvm::ArrayRef<Clause> clauses) {
  llvm::SmallVector<StringRef> known{"operandSegmentSizes"};
  for (const Clause &clause : clauses)
    known.push_back(clause.attribute);
  printer.printOptionalAttrDict(op->getAttrs(), known);
}

/// Upstream keeps the number of the front-end's pipe among the other attributes.
ParseResult pipes::parseRest(OpAsmParser &parser, OperationState &result) {
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

namespace {
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
} // namespace

void pipes::printSubblock(OpAsmPrinter &printer, mlir::Value value) {
  if (value)
    printer << " aiv_subblockid(" << value << " : " << value.getType() << ')';
}

ParseResult pipes::parseCallClauses(OpAsmParser &parser, OperationState &result,
                                    llvm::ArrayRef<Clause> clauses,
                                    std::optional<Unresolved> *subblock, mlir::Type &subblockType) {
  return mlir::failure((subblock && parseSubblock(parser, *subblock, subblockType)) ||
                       parseClauses(parser, result, clauses) ||
                       (subblock && parseSubblock(parser, *subblock, subblockType)));
}
