//===- OperandGroup.h - `ins(...)` and `outs(...)` of several forms -*- C++ -*-===//
#ifndef PTOAS_LIB_IR_OPERANDGROUP_H
#define PTOAS_LIB_IR_OPERANDGROUP_H

#include "ptoas/IR/Pto.h"

namespace pto {

/// `ins(%a, %b, {attributes} : A, B, "word")`, for operations whose forms differ in the number of
/// operands. The comma before the attributes may be missing, and so may they and the word.
struct OperandGroup {
  llvm::SmallVector<mlir::OpAsmParser::UnresolvedOperand, 6> operands;
  llvm::SmallVector<mlir::Type, 6> types;
  llvm::SMLoc at;
  std::string word;
  bool noScratch = false; ///< `no_tmp` stood behind the operands

  /// Attributes inside the brackets are added to `attributes`.
  mlir::ParseResult parse(mlir::OpAsmParser &parser, llvm::StringRef keyword,
                          mlir::NamedAttrList &attributes);
  bool isTile(unsigned i) const { return llvm::isa<TileBufType>(types[i]); }
};

/// How many operands a group may have.
struct OperandCount {
  size_t least, most;
};

/// `ins(...) outs(...) {attributes}`. Other numbers of operands than these are refused.
mlir::ParseResult parseGroups(mlir::OpAsmParser &parser, mlir::OperationState &result,
                              OperandGroup &ins, OperandCount inputs, OperandGroup &outs,
                              OperandCount outputs);

/// The place of an operand that is there only in some forms.
inline std::optional<unsigned> placeIf(bool isThere, size_t place) {
  return isThere ? std::optional(unsigned(place)) : std::nullopt;
}

/// Operands of an operation with segments: per operand of the record the place in a group, or
/// none.
class Segments {
public:
  Segments(mlir::OpAsmParser &parser, mlir::OperationState &result)
      : parser(parser), result(result) {}
  /// The next operand of the record.
  mlir::ParseResult add(const OperandGroup &group, std::optional<unsigned> index);
  /// After the last one; also refuses attributes that are given twice.
  mlir::ParseResult finish();

private:
  mlir::OpAsmParser &parser;
  mlir::OperationState &result;
  llvm::SmallVector<int32_t, 8> sizes;
};

/// The present ones of `values`, as a group; `attributes` and `word` as they are printed.
void printGroup(mlir::OpAsmPrinter &printer, llvm::StringRef keyword,
                llvm::ArrayRef<mlir::Value> values, const llvm::Twine &attributes = "",
                llvm::StringRef word = "");

/// The attributes behind the brackets: all but `printed`, the segments, and defaults.
void printRest(mlir::OpAsmPrinter &printer, mlir::Operation *op,
               llvm::ArrayRef<llvm::StringRef> printed);

} // namespace pto

#endif // PTOAS_LIB_IR_OPERANDGROUP_H
