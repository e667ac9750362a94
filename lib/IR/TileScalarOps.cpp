//===- TileScalarOps.cpp - Text of tdivs -----------------------------------===//

#include "ptoas/IR/CustomSyntax.h"

using namespace pto;

mlir::ParseResult
pto::parseTileAndScalar(mlir::OpAsmParser &parser,
                        std::optional<mlir::OpAsmParser::UnresolvedOperand> &dividend,
                        mlir::OpAsmParser::UnresolvedOperand &scalar,
                        std::optional<mlir::OpAsmParser::UnresolvedOperand> &divisor,
                        mlir::Type &dividendType, mlir::Type &scalarType, mlir::Type &divisorType) {
  mlir::OpAsmParser::UnresolvedOperand first, second;
  mlir::Type firstType, secondType;
  if (parser.parseOperand(first) || parser.parseComma() || parser.parseOperand(second) ||
      parser.parseColon())
    return mlir::failure();
  auto at = parser.getCurrentLocation();
  if (parser.parseType(firstType) || parser.parseComma() || parser.parseType(secondType))
    return mlir::failure();
  bool isFirst = llvm::isa<TileBufType>(firstType), isSecond = llvm::isa<TileBufType>(secondType);
  if (isFirst == isSecond)
    return parser.emitError(at, "expected a tile and a scalar, in either order");
  (isFirst ? dividend : divisor) = isFirst ? first : second;
  (isFirst ? dividendType : divisorType) = isFirst ? firstType : secondType;
  scalar = isFirst ? second : first;
  scalarType = isFirst ? secondType : firstType;
  return mlir::success();
}

void pto::printTileAndScalar(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value dividend,
                             mlir::Value scalar, mlir::Value divisor, mlir::Type, mlir::Type,
                             mlir::Type) {
  mlir::Value first = dividend ? dividend : scalar, second = dividend ? scalar : divisor;
  printer << first << ", " << second << " : " << first.getType() << ", " << second.getType();
}
