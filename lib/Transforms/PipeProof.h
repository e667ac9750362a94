//===- PipeProof.h - Pipes that let their kernels finish --------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEPROOF_H
#define PTOAS_LIB_TRANSFORMS_PIPEPROOF_H

#include "PipeGroups.h"

namespace pto {

/// How to tell about kernels without a pipe, whose hang is of flags alone that their authors set.
enum class OwnFlags : uint8_t { Off, Warn, Error };

/// Runs what the cores of a block do on their pipes and on the program's own flags, for all kernels
/// that the module holds whole. An error with the cycle where they wait for one another or leave
/// flags up; a warning where that is not proven, with the reason. False after an error.
bool provePipes(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups, OwnFlags ownFlags);

/// The same for a5 once flags and barriers inside the cores stand: there a wait holds one hardware
/// pipe, and only those say what else it holds. Tells what `provePipes` could not see.
bool proveInside(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEPROOF_H
