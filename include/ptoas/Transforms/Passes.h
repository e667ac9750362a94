//===- Passes.h - Declarations generated from Passes.td ---------*- C++ -*-===//
#ifndef PTOAS_TRANSFORMS_PASSES_H
#define PTOAS_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Transforms/SyncReport.h"

namespace pto {

#define GEN_PASS_DECL
#include "ptoas/Transforms/Passes.h.inc"

/// The sync passes with a report to fill; it must outlive the pass. The generated create functions
/// have none.
std::unique_ptr<mlir::Pass> createInsertSyncPass(SyncReport *report, unsigned dropped = 0,
                                                 bool fewInstructions = false);
std::unique_ptr<mlir::Pass> createBarrierAllSyncPass(SyncReport *report);
std::unique_ptr<mlir::Pass> createResolvePipesPass(SyncReport *report);
std::unique_ptr<mlir::Pass> createVerifySyncPass(const VerifySyncOptions &options,
                                                 SyncReport *report);
std::unique_ptr<mlir::Pass> createPrepareForCppPass(SyncReport *report);

#define GEN_PASS_REGISTRATION
#include "ptoas/Transforms/Passes.h.inc"

} // namespace pto

#endif // PTOAS_TRANSFORMS_PASSES_H
