//===- CompareConvertOps.cpp - Text of tsels and tcvt ----------------------===//

#include "ptoas/IR/CustomSyntax.h"

using namespace pto;
using mlir::ParseResult;

ParseResult pto::parseScratchThenScalar(mlir::OpAsmParser &parser,
                                        std::optional<mlir::OpAsmParser::UnresolvedOperand> &tmp,
                                        mlir::OpAsmParser::UnresolvedOperand &scalar,
                                        mlir::Type &maskType, mlir::Type &srcType,
                                        mlir::Type &tmpType, mlir::Type &scalarType) {
  if (parser.parseComma() || parser.parseOperand(scalar))
    return mlir::failure();
  if (mlir::succeeded(parser.parseOptionalComma())) {
    tmp = scalar;
    if (parser.parseOperand(scalar))
      return mlir::failure();
  }
  if (parser.parseColonType(maskType) || parser.parseComma() || parser.parseType(srcType) ||
      parser.parseComma())
    return mlir::failure();
  if (tmp && (parser.parseType(tmpType) || parser.parseComma()))
    return mlir::failure();
  return parser.parseType(scalarType);
}

void pto::printScratchThenScalar(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value tmp,
                                 mlir::Value scalar, mlir::Type maskType, mlir::Type srcType,
                                 mlir::Type tmpType, mlir::Type scalarType) {
  if (tmp)
    printer << ", " << tmp;
  printer << ", " << scalar << " : " << maskType << ", " << srcType;
  if (tmp)
    printer << ", " << tmpType;
  printer << ", " << scalarType;
}

ParseResult pto::parseConvertModes(mlir::OpAsmParser &parser, mlir::NamedAttrList &attributes) {
  auto at = parser.getCurrentLocation();
  if (parser.parseOptionalAttrDict(attributes))
    return mlir::failure();
  mlir::Attribute old = attributes.erase("sat_mode");
  if (!old)
    return mlir::success();
  if (attributes.get("satmode"))
    return parser.emitError(at, "satmode and sat_mode are one attribute: give one of them");
  attributes.set("satmode", old);
  return mlir::success();
}

void pto::printConvertModes(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                            mlir::DictionaryAttr attributes) {
  llvm::SmallVector<llvm::StringRef> implied{"operandSegmentSizes"};
  const OpInfo &info = *findOpInfo(op);
  for (const AttributeInfo &a : info.attributes)
    if (attributeValue(op, a.name) == a.defaultValue)
      implied.push_back(a.name);
  printer.printOptionalAttrDict(attributes.getValue(), implied);
}
