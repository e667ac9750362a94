//===- CustomSyntax.h - Bracket items of flags and barriers -----*- C++ -*-===//
#ifndef PTOAS_IR_CUSTOMSYNTAX_H
#define PTOAS_IR_CUSTOMSYNTAX_H

#include "ptoas/IR/Pto.h"

namespace pto {

template <typename Attr> struct TokenEnum;
template <> struct TokenEnum<PipeAttr> {
  static constexpr llvm::StringLiteral what = "pipe";
  static constexpr llvm::StringLiteral known = "PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, "
                                               "PIPE_MTE3, PIPE_FIX and PIPE_ALL";
  static auto read(llvm::StringRef text) { return symbolizePipeKind(text); }
};
template <> struct TokenEnum<EventAttr> {
  static constexpr llvm::StringLiteral what = "event id";
  static constexpr llvm::StringLiteral known = "EVENT_ID0 to EVENT_ID7";
  static auto read(llvm::StringRef text) { return symbolizeEventKind(text); }
};
template <> struct TokenEnum<FenceScopeAttr> {
  static constexpr llvm::StringLiteral what = "fence scope";
  static constexpr llvm::StringLiteral known = "local_memory, gm and all";
  static auto read(llvm::StringRef text) { return symbolizeFenceScopeKind(text); }
};

/// The word of `<TOKEN>` or `"TOKEN"`; none when something else stands there.
mlir::ParseResult parseTokenText(mlir::OpAsmParser &parser, std::optional<std::string> &text);

/// Reads `<TOKEN>`, `"TOKEN"` or the whole attribute `#pto.x<TOKEN>`; the first is printed.
template <typename Attr> mlir::ParseResult parseToken(mlir::OpAsmParser &parser, Attr &attr) {
  auto at = parser.getCurrentLocation();
  std::optional<std::string> word;
  if (parseTokenText(parser, word))
    return mlir::failure();
  if (!word)
    return parser.parseAttribute(attr);
  llvm::StringRef text = *word;
  auto value = TokenEnum<Attr>::read(text);
  if (!value)
    return parser.emitError(at, "unknown ")
           << TokenEnum<Attr>::what << " '" << text << "'; there are " << TokenEnum<Attr>::known;
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
/// An operand of a move in its list, with its type.
struct MoveItem {
  mlir::OpAsmParser::UnresolvedOperand operand;
  mlir::Type type;
  llvm::SMLoc at;
};
/// What the list of tstore, tmov, textract or tinsert holds, told apart by type.
struct MoveItems {
  MoveItem src;
  std::optional<MoveItem> row, col, fp, preQuantScalar, tmp;
};
mlir::ParseResult parseMoveItems(mlir::OpAsmParser &parser, MoveItems &items);
/// An error when the item is there.
mlir::ParseResult refuse(mlir::OpAsmParser &parser, const std::optional<MoveItem> &item);
/// An error when row or column is missing.
mlir::ParseResult requireWindow(mlir::OpAsmParser &parser, const MoveItems &items);
/// `<lead>%value : type`, nothing for an absent value.
void printLate(mlir::OpAsmPrinter &printer, llvm::StringRef lead, mlir::Value value);

using OptionalOperand = std::optional<mlir::OpAsmParser::UnresolvedOperand>;
inline void hand(const std::optional<MoveItem> &item, OptionalOperand &operand) {
  if (item)
    operand = item->operand;
}
inline void hand(const std::optional<MoveItem> &item, OptionalOperand &operand, mlir::Type &type) {
  hand(item, operand);
  if (item)
    type = item->type;
}

/// tstore: `%src : T fp %fp : F` or `%src : T, %q : i64`.
inline mlir::ParseResult parseStoreItems(mlir::OpAsmParser &parser,
                                         mlir::OpAsmParser::UnresolvedOperand &src,
                                         mlir::Type &srcType, OptionalOperand &fp,
                                         mlir::Type &fpType, OptionalOperand &preQuantScalar) {
  MoveItems items;
  if (parseMoveItems(parser, items) || refuse(parser, items.row) || refuse(parser, items.tmp))
    return mlir::failure();
  src = items.src.operand;
  srcType = items.src.type;
  hand(items.fp, fp, fpType);
  hand(items.preQuantScalar, preQuantScalar);
  return mlir::success();
}
inline void printStoreItems(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value src,
                            mlir::Type srcType, mlir::Value fp, mlir::Type,
                            mlir::Value preQuantScalar) {
  printer << src << " : " << srcType;
  printLate(printer, " fp ", fp);
  printLate(printer, ", ", preQuantScalar);
}

/// tmov: `%src : T, %fp : F`, `%src : T, %q : i64` or `%src : T, %tmp : S`.
inline mlir::ParseResult parseMovItems(mlir::OpAsmParser &parser,
                                       mlir::OpAsmParser::UnresolvedOperand &src,
                                       mlir::Type &srcType, OptionalOperand &fp, mlir::Type &fpType,
                                       OptionalOperand &preQuantScalar, OptionalOperand &tmp,
                                       mlir::Type &tmpType) {
  MoveItems items;
  if (parseMoveItems(parser, items) || refuse(parser, items.row))
    return mlir::failure();
  src = items.src.operand;
  srcType = items.src.type;
  hand(items.fp, fp, fpType);
  hand(items.preQuantScalar, preQuantScalar);
  hand(items.tmp, tmp, tmpType);
  return mlir::success();
}
inline void printMovItems(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value src,
                          mlir::Type srcType, mlir::Value fp, mlir::Type,
                          mlir::Value preQuantScalar, mlir::Value tmp, mlir::Type) {
  printer << src << " : " << srcType;
  printLate(printer, ", ", fp);
  printLate(printer, ", ", preQuantScalar);
  printLate(printer, ", ", tmp);
}

/// textract: `%src, %row, %col : T, index, index fp %fp : F`, or with `%q` and `i64` in the list.
inline mlir::ParseResult
parseExtractItems(mlir::OpAsmParser &parser, mlir::OpAsmParser::UnresolvedOperand &src,
                  mlir::Type &srcType, mlir::OpAsmParser::UnresolvedOperand &row,
                  mlir::OpAsmParser::UnresolvedOperand &col, OptionalOperand &fp,
                  mlir::Type &fpType, OptionalOperand &preQuantScalar) {
  MoveItems items;
  if (parseMoveItems(parser, items) || requireWindow(parser, items) || refuse(parser, items.tmp))
    return mlir::failure();
  src = items.src.operand;
  srcType = items.src.type;
  row = items.row->operand;
  col = items.col->operand;
  hand(items.fp, fp, fpType);
  hand(items.preQuantScalar, preQuantScalar);
  return mlir::success();
}
inline void printExtractItems(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value src,
                              mlir::Type srcType, mlir::Value row, mlir::Value col, mlir::Value fp,
                              mlir::Type, mlir::Value preQuantScalar) {
  printer << src << ", " << row << ", " << col;
  if (preQuantScalar)
    printer << ", " << preQuantScalar;
  printer << " : " << srcType << ", index, index";
  if (preQuantScalar)
    printer << ", i64";
  printLate(printer, " fp ", fp);
}

/// tinsert: `%src, %row, %col : T, index, index fp %fp : F`, or `pre_quant %q : i64`.
inline mlir::ParseResult
parseInsertItems(mlir::OpAsmParser &parser, mlir::OpAsmParser::UnresolvedOperand &src,
                 mlir::Type &srcType, mlir::OpAsmParser::UnresolvedOperand &row,
                 mlir::OpAsmParser::UnresolvedOperand &col, OptionalOperand &fp, mlir::Type &fpType,
                 OptionalOperand &preQuantScalar) {
  return parseExtractItems(parser, src, srcType, row, col, fp, fpType, preQuantScalar);
}
inline void printInsertItems(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value src,
                             mlir::Type srcType, mlir::Value row, mlir::Value col, mlir::Value fp,
                             mlir::Type, mlir::Value preQuantScalar) {
  printer << src << ", " << row << ", " << col << " : " << srcType << ", index, index";
  printLate(printer, " fp ", fp);
  printLate(printer, " pre_quant ", preQuantScalar);
}

/// A class of operations, `<TLOAD>` or the attribute in full.
mlir::ParseResult parseOpClass(mlir::OpAsmParser &parser, mlir::Attribute &attr);
void printOpClass(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Attribute attr);
/// A flag id: a number, or a value of type index.
mlir::ParseResult parseFlagId(mlir::OpAsmParser &parser, mlir::IntegerAttr &id,
                              std::optional<mlir::OpAsmParser::UnresolvedOperand> &dynamicId);
void printFlagId(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::IntegerAttr id,
                 mlir::Value dynamicId);
mlir::ParseResult parseFenceScope(mlir::OpAsmParser &parser, FenceScopeAttr &attr);
void printFenceScope(mlir::OpAsmPrinter &printer, mlir::Operation *op, FenceScopeAttr attr);
/// `(%counter[, %used] : T[, i32])`, or `()` in hard mode; nothing is read as `()`.
mlir::ParseResult
parseSyncAllOperands(mlir::OpAsmParser &parser,
                     std::optional<mlir::OpAsmParser::UnresolvedOperand> &workspace,
                     std::optional<mlir::OpAsmParser::UnresolvedOperand> &used,
                     mlir::Type &workspaceType, mlir::Type &usedType);
void printSyncAllOperands(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Value workspace,
                          mlir::Value used, mlir::Type workspaceType, mlir::Type usedType);
/// `shape = [...], strides = [...]`; front-ends write it with and without the comma.
mlir::ParseResult
parseShapeAndStrides(mlir::OpAsmParser &parser,
                     llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &shape,
                     llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &strides);
void printShapeAndStrides(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::OperandRange shape,
                          mlir::OperandRange strides);

/// The pipe of a class of operations; none for other attributes.
std::optional<Pipe> pipeOfClass(mlir::Attribute attr);
/// The core kind that runs `op`, from the section or function around it; none when nothing says.
std::optional<CoreKind> coreKindOf(mlir::Operation *op);

/// `-> index`, which may be missing; `-> index, index`, which is not printed.
inline mlir::ParseResult parseIndexResult(mlir::OpAsmParser &parser, mlir::Type &type) {
  type = parser.getBuilder().getIndexType();
  return mlir::failed(parser.parseOptionalArrow()) ? mlir::success() : parser.parseType(type);
}
inline void printIndexResult(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Type type) {
  printer << "-> " << type;
}
inline mlir::ParseResult parseIndexPair(mlir::OpAsmParser &parser, mlir::Type &first,
                                        mlir::Type &second) {
  first = second = parser.getBuilder().getIndexType();
  if (mlir::failed(parser.parseOptionalArrow()))
    return mlir::success();
  return mlir::failure(parser.parseType(first) || parser.parseComma() || parser.parseType(second));
}
inline void printIndexPair(mlir::OpAsmPrinter &, mlir::Operation *, mlir::Type, mlir::Type) {}

} // namespace pto

#endif // PTOAS_IR_CUSTOMSYNTAX_H
