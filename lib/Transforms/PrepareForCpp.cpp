//===- PrepareForCpp.cpp - Leaves only what has a C++ form -----------------===//

#include "mlir/IR/Builders.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Target/Cpp.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_PREPAREFORCPP
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::func::FuncOp;

namespace {
struct PrepareForCppPass : pto::impl::PrepareForCppBase<PrepareForCppPass> {
  PrepareForCppPass() = default;
  explicit PrepareForCppPass(SyncReport *report) : report(report) {}

  void runOnOperation() override {
    auto roots = rootFunctions(getOperation());
    for (auto function : getOperation().getOps<FuncOp>())
      if (!function.isDeclaration() &&
          (llvm::is_contained(roots, function) || function->hasAttr(entryAttr)))
        flushScalarStores(function);
    if (mlir::failed(checkForCpp(getOperation())))
      signalPassFailure();
  }

private:
  /// In the function or in what it calls, each function once.
  static bool storesScalars(FuncOp function, llvm::DenseSet<mlir::Operation *> &seen) {
    if (!seen.insert(function).second)
      return false;
    return function
        .walk([&](mlir::Operation *op) {
          auto call = llvm::dyn_cast<mlir::func::CallOp>(op);
          auto callee =
              call ? mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr())
                   : FuncOp();
          return llvm::isa<StoreScalarOp>(op) || (callee && storesScalars(callee, seen))
                     ? mlir::WalkResult::interrupt()
                     : mlir::WalkResult::advance();
        })
        .wasInterrupted();
  }

  /// The scalar data cache is not coherent: without this, stores may never reach global memory
  /// (library 6.4). What helpers store is flushed with the rest, when the kernel returns.
  void flushScalarStores(FuncOp function) {
    llvm::DenseSet<mlir::Operation *> seen;
    if (!storesScalars(function, seen))
      return;
    function.walk([&](mlir::func::ReturnOp ret) {
      mlir::OpBuilder b(ret);
      auto before = llvm::dyn_cast_if_present<BarrierOp>(ret->getPrevNode());
      bool isDrained = before && before.getPipeKind() == PipeKind::PIPE_ALL;
      if (!isDrained)
        BarrierOp::create(b, ret.getLoc(), PipeKind::PIPE_ALL);
      CacheInvalidOp::create(b, ret.getLoc(), mlir::Value(),
                             AddressSpaceAttr::get(b.getContext(), AddressSpaceKind::Gm));
      DsbOp::create(b, ret.getLoc());
      record(function, !isDrained);
    });
  }

  /// The report says what is in the C++.
  void record(FuncOp function, bool barrier) const {
    if (!report)
      return;
    for (SyncFunction &entry : report->functions) {
      if (entry.name != function.getName())
        continue;
      entry.barriersAll += barrier;
      entry.fences += 1;
      if (entry.modelled) {
        entry.modelled->barriersAll += barrier;
        entry.modelled->fences += 1;
      }
      entry.remarks.push_back(
          {"the cache of the scalar unit is written back at the return (pipe_barrier ALL, dcci, "
           "dsb): scalar stores need not reach global memory before"});
    }
  }
  SyncReport *report = nullptr;
};
} // namespace

std::unique_ptr<mlir::Pass> pto::createPrepareForCppPass(SyncReport *report) {
  return std::make_unique<PrepareForCppPass>(report);
}
