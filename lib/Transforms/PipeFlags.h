//===- PipeFlags.h - Cross-core flags of pipes ------------------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEFLAGS_H
#define PTOAS_LIB_TRANSFORMS_PIPEFLAGS_H

#include "PipeGroups.h"

namespace pto {

/// Gives every initialize op its flag_base. Flags that the program names, in a pipe or in a
/// synchronisation of its own, are taken first; other pipes take the lowest that are free in all
/// their kernels. False after an error.
bool assignPipeFlags(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEFLAGS_H
