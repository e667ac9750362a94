//===- ScalarCache.h - Lines of the scalar data cache -----------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_SCALARCACHE_H
#define PTOAS_LIB_TRANSFORMS_SCALARCACHE_H

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Transforms/SyncReport.h"

namespace pto {

/// A scalar store that may still be in the cache when `other` uses its bytes or tells another core
/// of them; or a scalar load that may hit a line from before `other`, a write by another pipe or a
/// signal from another core.
struct StaleLine {
  sync::NodeId scalar, other;
  bool isStore;
  bool unproven; ///< only run time knows whether the bytes are the same
};

/// In program order of the walk, each pair once.
std::vector<StaleLine> findStaleLines(const SyncModel &model);

/// Writes back and fences, or fetches anew, the lines of all such accesses of the module.
mlir::LogicalResult cleanScalarLines(mlir::ModuleOp module, SyncReport *report);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_SCALARCACHE_H
