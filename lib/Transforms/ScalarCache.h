//===- ScalarCache.h - Lines of the scalar data cache -----------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_SCALARCACHE_H
#define PTOAS_LIB_TRANSFORMS_SCALARCACHE_H

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Transforms/SyncReport.h"

namespace pto {

/// The pointer and the index that name the line of a scalar access, or of pto.cmo.cacheinvalid, in
/// the text. No index: 0; no pointer: all lines.
using LineName = std::pair<mlir::Value, mlir::Value>;
LineName lineName(mlir::Operation *op);
/// Does the program know behind it that other cores have written something?
bool hearsOthers(mlir::Operation *op);

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

/// Writes back and fences the lines of scalar stores behind which others may look, and drops those
/// of scalar loads before which others may have written. By a rule of its own
/// (ScalarCacheInsert.cpp): findStaleLines judges what comes out.
mlir::LogicalResult cleanScalarLines(mlir::ModuleOp module, SyncReport *report);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_SCALARCACHE_H
