//===- Destination.cpp - Results that are the destination by another name -===//

#include "ptoas/IR/Pto.h"

using namespace pto;

namespace {
mlir::Value destination(mlir::Operation *op) {
  return *llvm::cast<RecordOp>(op).getRecordOperands(findOpInfo(op)->operand("dst")).begin();
}
} // namespace

mlir::LogicalResult pto::verifyReturnedDestination(mlir::Operation *op) {
  if (!op->getNumResults())
    return mlir::success();
  mlir::Type result = op->getResult(0).getType(), dst = destination(op).getType();
  if (result == dst)
    return mlir::success();
  return op->emitOpError() << "returns dst, which is " << dst << ", but its result is " << result;
}

mlir::Value pto::returnedDestination(mlir::Operation *op) {
  return op->getNumResults() == 1 && op->hasTrait<ReturnsDestination>() ? destination(op)
                                                                        : mlir::Value();
}
