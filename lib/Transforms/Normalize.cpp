//===- Normalize.cpp - One spelling for what has two -----------------------===//

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_NORMALIZE
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;

namespace {
struct NormalizePass : pto::impl::NormalizeBase<NormalizePass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> work;
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<RecordEventOp, WaitEventOp, BarrierSyncOp, BarrierOp, FenceBarrierAllOp,
                    mlir::affine::AffineApplyOp>(op))
        work.push_back(op);
    });
    for (mlir::Operation *op : work)
      rewrite(op);
  }

  void rewrite(mlir::Operation *op) {
    mlir::OpBuilder b(op);
    auto pipe = [&](mlir::Attribute kind) { return fromPipe(*pipeOfClass(kind)); };
    if (auto e = llvm::dyn_cast<RecordEventOp>(op)) {
      SetFlagOp::create(b, op->getLoc(), pipe(e.getSrcOp()), pipe(e.getDstOp()), e.getEventId());
    } else if (auto e = llvm::dyn_cast<WaitEventOp>(op)) {
      WaitFlagOp::create(b, op->getLoc(), pipe(e.getSrcOp()), pipe(e.getDstOp()), e.getEventId());
    } else if (auto s = llvm::dyn_cast<BarrierSyncOp>(op)) {
      auto barrier = BarrierOp::create(b, op->getLoc(), pipe(s.getOpClass()));
      dropOrdered(barrier);
    } else if (auto barrier = llvm::dyn_cast<BarrierOp>(op)) {
      return dropOrdered(barrier);
    } else if (auto apply = llvm::dyn_cast<mlir::affine::AffineApplyOp>(op)) {
      // As arithmetic: what everything behind this pass reads.
      auto results = mlir::affine::expandAffineMap(b, op->getLoc(), apply.getAffineMap(),
                                                   llvm::to_vector(apply.getOperands()));
      if (!results) // semi-affine: a division by something that is not a constant
        return;
      apply.getResult().replaceAllUsesWith(results->front());
    } else if (auto fence = llvm::dyn_cast<FenceBarrierAllOp>(op)) {
      BarrierOp::create(b, op->getLoc(), PipeKind::PIPE_ALL);
      if (fence.getScope() != FenceScopeKind::LocalMemory)
        DsbOp::create(b, op->getLoc());
    }
    op->erase();
  }

  /// A barrier that the arch neither accepts nor needs.
  void dropOrdered(BarrierOp barrier) {
    Pipe pipe = toPipe(barrier.getPipeKind());
    Arch arch = archOf(barrier);
    if (pipe == Pipe::ALL || barrierIsLegal(pipe, arch))
      return;
    barrier.emitRemark() << "barrier of PIPE_" << name(pipe)
                         << " is dropped: that pipe keeps its order on " << name(arch);
    barrier.erase();
  }
};
} // namespace
