//===- AssignPipeIds.cpp - Every pipe of a front-end has a number ----------===//

#include "mlir/IR/Builders.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_ASSIGNPIPEIDS
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;

namespace {
struct AssignPipeIdsPass : pto::impl::AssignPipeIdsBase<AssignPipeIdsPass> {
  void runOnOperation() override {
    mlir::Builder b(&getContext());
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<AicInitializePipeOp, AivInitializePipeOp, TAllocToAivOp, TAllocToAicOp,
                    TPushToAivOp, TPushToAicOp, TPopFromAicOp, TPopFromAivOp, TFreeFromAicOp,
                    TFreeFromAivOp>(op) &&
          !op->hasAttr("id"))
        op->setAttr("id", b.getI32IntegerAttr(0));
    });
  }
};
} // namespace
