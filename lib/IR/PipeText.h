//===- PipeText.h - Clauses of pipe operations ------------------*- C++ -*-===//
//
// `{key = value, ...}` in any order, each key once; one order is printed. The same clauses serve
// all operations of the family, so that what one of them takes the others take too.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_IR_PIPETEXT_H
#define PTOAS_LIB_IR_PIPETEXT_H

#include "mlir/IR/OpImplementation.h"
#include "ptoas/IR/Pipes.h"

namespace pto::pipes {

/// A clause as the text and as the attribute name it.
struct Clause {
  enum Kind : uint8_t { I8, I32, Bool, Epilogue, String, Space, Symbol } kind;
  llvm::StringRef key;
  bool required = false;
  llvm::StringRef attribute = key;
};

mlir::ParseResult parseClauses(mlir::OpAsmParser &parser, mlir::OperationState &result,
                               llvm::ArrayRef<Clause> clauses);
void printClauses(mlir::OpAsmPrinter &printer, mlir::Operation *op, llvm::ArrayRef<Clause> clauses);

/// The attributes that are no clauses.
mlir::ParseResult parseRest(mlir::OpAsmParser &parser, mlir::OperationState &result);
void printRest(mlir::OpAsmPrinter &printer, mlir::Operation *op, llvm::ArrayRef<Clause> clauses);

using Unresolved = mlir::OpAsmParser::UnresolvedOperand;
/// The clauses of a call, with `aiv_subblockid(%i : type)` before or behind them where the call
/// takes one; the type may be left out for an index.
mlir::ParseResult parseCallClauses(mlir::OpAsmParser &parser, mlir::OperationState &result,
                                   llvm::ArrayRef<Clause> clauses,
                                   std::optional<Unresolved> *subblock, mlir::Type &subblockType);
void printSubblock(mlir::OpAsmPrinter &printer, mlir::Value value);

template <typename Op>
void setSegments(mlir::OperationState &result, std::initializer_list<bool> present) {
  auto &sizes = result.getOrAddProperties<typename Op::Properties>().operandSegmentSizes;
  for (auto [i, is] : llvm::enumerate(present))
    sizes[i] = is ? 1 : 0;
}

} // namespace pto::pipes

#endif // PTOAS_LIB_IR_PIPETEXT_H
