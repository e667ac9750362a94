//===- SetFfts.cpp - Where the flags between cores lie ---------------------===//
//
// A pipe of a3 works on flags whose base the kernel must set first. Front-ends that keep the
// parameter for it and nothing else get the call; those whose launcher sets the base have no such
// parameter.
//
//===----------------------------------------------------------------------===//

#include "PipeGroups.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_SETFFTS
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::func::FuncOp;

namespace {

/// The first parameter, an i64 pointer of that name that nothing uses; null when there is none.
mlir::Value flagBaseOf(FuncOp kernel) {
  if (kernel.getNumArguments() == 0)
    return {};
  mlir::Value first = kernel.getArgument(0);
  auto pointer = llvm::dyn_cast<PtrType>(first.getType());
  auto name = llvm::dyn_cast<mlir::NameLoc>(first.getLoc());
  bool isNamed = name && (name.getName() == "ffts" || name.getName() == "ffts_addr");
  bool isBase = pointer && pointer.getElementType().isInteger(64);
  return isNamed && isBase && first.use_empty() ? first : mlir::Value();
}

struct SetFftsPass : pto::impl::SetFftsBase<SetFftsPass> {
  void runOnOperation() override {
    if (archOf(getOperation()) != Arch::A3)
      return;
    auto kernels = kernelsOf(getOperation());
    llvm::SmallVector<FuncOp> work;
    llvm::DenseSet<mlir::Operation *> seen;
    getOperation().walk([&](mlir::Operation *op) {
      if (PipeInit::of(op))
        for (FuncOp kernel : kernels.lookup(op->getParentOfType<FuncOp>()))
          if (seen.insert(kernel).second)
            work.push_back(kernel);
    });
    for (FuncOp kernel : work)
      if (mlir::Value base = flagBaseOf(kernel)) {
        auto b = mlir::OpBuilder::atBlockBegin(&kernel.getBody().front());
        SetFftsOp::create(b, kernel.getLoc(), base);
      }
  }
};

} // namespace
