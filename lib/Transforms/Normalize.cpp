//===- Normalize.cpp - One spelling for what has two -----------------------===//

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_NORMALIZE
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
namespace arith = mlir::arith;

namespace {
/// Where the first element of a view lies; null for a view that was handed on.
mlir::Value addressOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value view) {
  if (auto make = view.getDefiningOp<MakeTensorViewOp>())
    return make.getPtr();
  auto part = view.getDefiningOp<PartitionViewOp>();
  auto make = part ? part.getSource().getDefiningOp<MakeTensorViewOp>() : MakeTensorViewOp();
  if (!make)
    return {};
  mlir::Value offset;
  for (auto [at, stride] : llvm::zip(part.getOffsets(), make.getStrides())) {
    mlir::Value step = arith::MulIOp::create(b, loc, at, stride);
    offset = offset ? arith::AddIOp::create(b, loc, offset, step) : step;
  }
  return offset ? AddPtrOp::create(b, loc, make.getPtr().getType(), make.getPtr(), offset)
                : make.getPtr();
}

struct NormalizePass : pto::impl::NormalizeBase<NormalizePass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> work;
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<RecordEventOp, WaitEventOp, BarrierSyncOp, BarrierOp, FenceBarrierAllOp,
                    CacheInvalidOp, mlir::affine::AffineApplyOp, mlir::math::AbsIOp,
                    mlir::math::AbsFOp>(op))
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
    } else if (auto invalid = llvm::dyn_cast<CacheInvalidOp>(op)) {
      return nameByAddress(b, invalid);
    } else if (!rewriteMath(b, op)) {
      return;
    }
    op->erase();
  }

  void nameByAddress(mlir::OpBuilder &b, CacheInvalidOp op) {
    if (!op.getPtr() || llvm::isa<PtrType>(op.getPtr().getType()))
      return;
    if (mlir::Value address = addressOf(b, op.getLoc(), op.getPtr()))
      return op.getPtrMutable().assign(address);
    op.emitOpError("names a view whose address is not known here; make the view in this function, "
                   "or name a pointer");
    signalPassFailure();
  }

  /// As arithmetic, which everything behind this pass reads; false for what stays.
  bool rewriteMath(mlir::OpBuilder &b, mlir::Operation *op) {
    mlir::Value x = op->getOperand(0), positive;
    mlir::Location loc = op->getLoc();
    if (!x.getType().isIntOrIndexOrFloat())
      return false;
    if (llvm::isa<mlir::math::AbsIOp>(op)) {
      mlir::Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(x.getType()));
      mlir::Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, zero);
      mlir::Value negated = arith::SubIOp::create(b, loc, zero, x);
      positive = arith::SelectOp::create(b, loc, isNegative, negated, x);
    } else {
      // The larger of both, and 0.0 of the two zeros.
      positive = arith::MaximumFOp::create(b, loc, x, arith::NegFOp::create(b, loc, x));
    }
    op->getResult(0).replaceAllUsesWith(positive);
    return true;
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
