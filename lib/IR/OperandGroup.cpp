//===- OperandGroup.cpp - `ins(...)` and `outs(...)` of several forms ------===//

#include "OperandGroup.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using mlir::failure;
using mlir::ParseResult;
using mlir::success;

ParseResult OperandGroup::parse(mlir::OpAsmParser &parser, llvm::StringRef keyword,
                                mlir::NamedAttrList &attributes) {
  if (parser.parseKeyword(keyword) || parser.parseLParen())
    return failure();
  at = parser.getCurrentLocation();
  bool comma = true;
  while (comma) {
    mlir::OpAsmParser::UnresolvedOperand operand;
    mlir::OptionalParseResult parsed = parser.parseOptionalOperand(operand);
    if (!parsed.has_value())
      break; // attributes, or an error that the next token shows
    if (mlir::failed(*parsed))
      return failure();
    operands.push_back(operand);
    comma = mlir::succeeded(parser.parseOptionalComma());
  }
  noScratch = mlir::succeeded(parser.parseOptionalKeyword("no_tmp"));
  size_t before = attributes.getAttrs().size();
  if (parser.parseOptionalAttrDict(attributes))
    return failure();
  if (comma && attributes.getAttrs().size() == before)
    return parser.emitError(parser.getCurrentLocation(), "expected an operand or attributes");
  if (parser.parseColon())
    return failure();
  do {
    if (mlir::succeeded(parser.parseOptionalString(&word)))
      break;
    if (parser.parseType(types.emplace_back()))
      return failure();
  } while (mlir::succeeded(parser.parseOptionalComma()));
  if (types.size() != operands.size())
    return parser.emitError(at) << "has " << operands.size() << " operands in " << keyword
                                << "(...), but " << types.size() << " types";
  return parser.parseRParen();
}

/// "two", "one or two", "one to three".
static std::string inWords(OperandCount count) {
  static constexpr const char *words[] = {"no", "one", "two", "three", "four", "five", "six"};
  std::string text = words[count.least];
  if (count.most > count.least)
    text += std::string(count.most == count.least + 1 ? " or " : " to ") + words[count.most];
  return text;
}

ParseResult pto::parseGroups(mlir::OpAsmParser &parser, mlir::OperationState &result,
                             OperandGroup &ins, OperandCount inputs, OperandGroup &outs,
                             OperandCount outputs) {
  if (ins.parse(parser, "ins", result.attributes) ||
      outs.parse(parser, "outs", result.attributes) ||
      parser.parseOptionalAttrDict(result.attributes))
    return failure();
  auto fits = [](const OperandGroup &group, OperandCount count) {
    return group.operands.size() >= count.least && group.operands.size() <= count.most;
  };
  if (fits(ins, inputs) && fits(outs, outputs))
    return success();
  return parser.emitError(ins.at) << "takes " << inWords(inputs)
                                  << (inputs.most == 1 ? " operand" : " operands")
                                  << " in ins(...) and " << inWords(outputs)
                                  << " in outs(...), but has " << ins.operands.size() << " and "
                                  << outs.operands.size();
}

ParseResult Segments::add(const OperandGroup &group, std::optional<unsigned> index) {
  sizes.push_back(index ? 1 : 0);
  if (!index)
    return success();
  return parser.resolveOperand(group.operands[*index], group.types[*index], result.operands);
}

ParseResult Segments::finish() {
  if (auto twice = result.attributes.findDuplicate())
    return parser.emitError(parser.getNameLoc(), "has the attribute '")
           << twice->getName().getValue() << "' twice";
  if (result.name.hasTrait<mlir::OpTrait::AttrSizedOperandSegments>())
    result.addAttribute("operandSegmentSizes", parser.getBuilder().getDenseI32ArrayAttr(sizes));
  return success();
}

void pto::printGroup(mlir::OpAsmPrinter &printer, llvm::StringRef keyword,
                     llvm::ArrayRef<mlir::Value> values, const llvm::Twine &attributes,
                     llvm::StringRef word) {
  auto present = llvm::make_filter_range(values, [](mlir::Value v) { return bool(v); });
  printer << ' ' << keyword << '(';
  llvm::interleaveComma(present, printer, [&](mlir::Value v) { printer << v; });
  printer << attributes.str() << " : ";
  llvm::interleaveComma(present, printer, [&](mlir::Value v) { printer << v.getType(); });
  if (!word.empty())
    printer << ", \"" << word << '"';
  printer << ')';
}

void pto::printRest(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                    llvm::ArrayRef<llvm::StringRef> printed) {
  llvm::SmallVector<llvm::StringRef> hidden(printed);
  hidden.push_back("operandSegmentSizes");
  for (const AttributeInfo &a : findOpInfo(op)->attributes)
    if (a.defaultValue >= 0 && attributeValue(op, a.name) == a.defaultValue)
      hidden.push_back(a.name);
  printer.printOptionalAttrDict(op->getAttrs(), hidden);
}
