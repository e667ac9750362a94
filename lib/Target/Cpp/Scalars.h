//===- Scalars.h - arith operations as expressions --------------*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_SCALARS_H
#define PTOAS_TARGET_CPP_SCALARS_H

#include "Constants.h"
#include "CppTypes.h"
#include "Expr.h"
#include "Helpers.h"

namespace pto::cpp {

/// What turning an operation into an expression needs to know.
struct ScalarContext {
  llvm::function_ref<Expr(mlir::Value)> valueOf;
  ConstantFolder &constants;
  UsedHelpers &helpers;
};

/// True for the operations of the arith dialect.
bool isScalarOp(mlir::Operation *op);
/// A constant list of counts (vector<4xi16>): a variable for calls to write to, no scalar.
bool isCountsConstant(mlir::Operation *op);
/// What keeps an arith operation from being printed, as the rest of a sentence; empty when nothing
/// does.
std::string scalarProblem(mlir::Operation *op);
/// True when the expression names an operand more than once, so that operands must be variables.
bool readsOperandsTwice(mlir::Operation *op);
/// The value of an operation without scalarProblem. One expression per result: the extended sums
/// and products have two.
llvm::SmallVector<Expr> scalarExpr(mlir::Operation *op, const ScalarContext &context);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_SCALARS_H
