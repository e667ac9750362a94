//===- CustomSyntax.h - Bracket items of flags and barriers -----*- C++ -*-===//
#ifndef PTOAS_IR_CUSTOMSYNTAX_H
#define PTOAS_IR_CUSTOMSYNTAX_H

#include "ptoas/IR/Pto.h"

namespace pto {

template <typename Attr> struct TokenEnum;
template <> struct TokenEnum<PipeAttr> {
  static constexpr llvm::StringLiteral what = "pipe";
  static auto read(llvm::StringRef text) { return symbolizePipeKind(text); }
};
template <> struct TokenEnum<EventAttr> {
  static constexpr llvm::StringLiteral what = "event id";
  static auto read(llvm::StringRef text) { return symbolizeEventKind(text); }
};
template <> struct TokenEnum<FenceScopeAttr> {
  static constexpr llvm::StringLiteral what = "fence scope";
  static auto read(llvm::StringRef text) { return symbolizeFenceScopeKind(text); }
};

/// Reads `<TOKEN>`, `"TOKEN"` or the whole attribute `#pto.x<TOKEN>`; the first is printed.
template <typename Attr> mlir::ParseResult parseToken(mlir::OpAsmParser &parser, Attr &attr) {
  auto at = parser.getCurrentLocation();
  std::string text;
  llvm::StringRef word;
  if (mlir::succeeded(parser.parseOptionalLess())) {
    if (parser.parseKeyword(&word) || parser.parseGreater())
      return mlir::failure();
    text = word.str();
  } else if (mlir::failed(parser.parseOptionalString(&text))) {
    return parser.parseAttribute(attr);
  }
  auto value = TokenEnum<Attr>::read(text);
  if (!value)
    return parser.emitError(at, "unknown ") << TokenEnum<Attr>::what << " '" << text << "'";
  attr = Attr::get(parser.getContext(), *value);
  return mlir::success();
}
template <typename Attr>
void printToken(mlir::OpAsmPrinter &printer, mlir::Operation *, Attr attr) {
  printer.printStrippedAttrOrType(attr);
}

/// `{isBinary = true}` behind the scratch tile of tcolsum; false is not printed, but may be read.
inline mlir::ParseResult parseBinaryFlag(mlir::OpAsmParser &parser, mlir::BoolAttr &isBinary) {
  if (mlir::failed(parser.parseOptionalLBrace()))
    return mlir::success();
  return mlir::failure(parser.parseKeyword("isBinary") || parser.parseEqual() ||
                       parser.parseAttribute(isBinary) || parser.parseRBrace());
}
inline void printBinaryFlag(mlir::OpAsmPrinter &printer, mlir::Operation *,
                            mlir::BoolAttr isBinary) {
  if (isBinary && isBinary.getValue())
    printer << " {isBinary = true}";
}
/// `%tile, %scalar : T, s` or `%scalar, %tile : s, T`: which one is the tile, the types tell.
mlir::ParseResult parseTileAndScalar(mlir::OpAsmParser &parser,
                                     std::optional<mlir::OpAsmParser::UnresolvedOperand> &dividend,
                                     mlir::OpAsmParser::UnresolvedOperand &scalar,
                                     std::optional<mlir::OpAsmParser::UnresolvedOperand> &divisor,
                                     mlir::Type &dividendType, mlir::Type &scalarType,
                                     mlir::Type &divisorType);
void printTileAndScalar(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::Value dividend,
                        mlir::Value scalar, mlir::Value divisor, mlir::Type dividendType,
                        mlir::Type scalarType, mlir::Type divisorType);

/// `[, %tmp], %scalar : M, S[, T], s` of tsels: the optional scratch tile stands before the scalar.
mlir::ParseResult parseScratchThenScalar(mlir::OpAsmParser &parser,
                                         std::optional<mlir::OpAsmParser::UnresolvedOperand> &tmp,
                                         mlir::OpAsmParser::UnresolvedOperand &scalar,
                                         mlir::Type &maskType, mlir::Type &srcType,
                                         mlir::Type &tmpType, mlir::Type &scalarType);
void printScratchThenScalar(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::Value tmp,
                            mlir::Value scalar, mlir::Type maskType, mlir::Type srcType,
                            mlir::Type tmpType, mlir::Type scalarType);

/// The attributes of tcvt; `sat_mode` is an old name of `satmode`.
mlir::ParseResult parseConvertModes(mlir::OpAsmParser &parser, mlir::NamedAttrList &attributes);
void printConvertModes(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                       mlir::DictionaryAttr attributes);

/// The pipe of a class of operations; none for other attributes.
std::optional<Pipe> pipeOfClass(mlir::Attribute attr);
/// The core kind that runs `op`, from the section or function around it; none when nothing says.
std::optional<CoreKind> coreKindOf(mlir::Operation *op);

} // namespace pto

#endif // PTOAS_IR_CUSTOMSYNTAX_H
