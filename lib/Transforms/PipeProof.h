//===- PipeProof.h - Pipes that let their kernels finish --------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEPROOF_H
#define PTOAS_LIB_TRANSFORMS_PIPEPROOF_H

#include "PipeGroups.h"

namespace pto {

/// Runs the protocol of all pipes whose two sides are in the module. An error with the cycle where
/// the cores of a block wait for one another or leave flags up; a warning where that is not proven,
/// with the reason. False after an error.
bool provePipes(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEPROOF_H
