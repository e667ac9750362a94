//===- PrepareForCpp.cpp - Leaves only what has a C++ form -----------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Target/Cpp.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_PREPAREFORCPP
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;

namespace {
struct PrepareForCppPass : pto::impl::PrepareForCppBase<PrepareForCppPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<mlir::func::FuncOp>())
      flushScalarStores(function);
    if (mlir::failed(checkForCpp(getOperation())))
      signalPassFailure();
  }

  /// The scalar data cache is not coherent: without this, stores may never reach global memory
  /// (library 6.4).
  void flushScalarStores(mlir::func::FuncOp function) {
    if (function.isDeclaration() ||
        !function.walk([](StoreScalarOp) { return mlir::WalkResult::interrupt(); })
             .wasInterrupted())
      return;
    function.walk([](mlir::func::ReturnOp ret) {
      mlir::OpBuilder b(ret);
      auto *before = ret->getPrevNode();
      if (!before || !llvm::isa<BarrierOp>(before) ||
          llvm::cast<BarrierOp>(before).getPipeKind() != PipeKind::PIPE_ALL)
        BarrierOp::create(b, ret.getLoc(), PipeKind::PIPE_ALL);
      CacheInvalidOp::create(b, ret.getLoc(), mlir::Value(),
                             AddressSpaceAttr::get(b.getContext(), AddressSpaceKind::Gm));
      DsbOp::create(b, ret.getLoc());
    });
  }
};
} // namespace
