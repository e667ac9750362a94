//===- PipeProtocol.h - Do the cores of a block finish? ---------*- C++ -*-===//
//
// One cube core and its vector cores, each of which follows its script. What flags do does not
// depend on when they do it, so that one run is a proof.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEPROTOCOL_H
#define PTOAS_LIB_TRANSFORMS_PIPEPROTOCOL_H

#include "PipeActions.h"

namespace pto {

/// What one core stands at for ever.
struct PipeStop {
  mlir::Operation *op;
  std::string what; ///< "the cube core waits here until ..."
  bool isInside;    ///< what it waits for comes from its own core
};

/// None when all cores finish with all flags at 0; else the chain of waits, from one core to the
/// one that it waits for, and whether it closes.
struct PipeHang {
  llvm::SmallVector<PipeStop, 3> stops;
  bool isCycle = false;
  std::string reason; ///< where it does not close: why nobody will set the flag
};
std::optional<PipeHang> runPipes(const PipeActions &actions, const PipeScripts &scripts,
                                 llvm::ArrayRef<PipeGroup> groups);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEPROTOCOL_H
