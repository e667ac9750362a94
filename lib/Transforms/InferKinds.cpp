//===- InferKinds.cpp - Which core runs a function that does not say it ----===//
//
// One file is compiled for both kinds of core. A function without `pto.kernel_kind` and without
// sections gets the kind that its operations name; operations of both kinds go into sections. A
// file of one kind stays as it is: nobody compiles it for the other.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace pto {
#define GEN_PASS_DEF_INFERKINDS
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Operation;
using mlir::func::FuncOp;

namespace {
/// What operations say about the cores that run them.
struct Evidence {
  Operation *cube = nullptr, *vector = nullptr; ///< the first of each kind
  bool has(CoreKind kind) const { return kind == CoreKind::Cube ? cube : vector; }
  bool isMixed() const { return cube && vector; }
  std::optional<CoreKind> only() const {
    if (!cube == !vector)
      return std::nullopt;
    return cube ? CoreKind::Cube : CoreKind::Vector;
  }
};

/// The kind that has all of the pipes, when the other has not.
std::optional<CoreKind> kindWith(Operation *op, llvm::ArrayRef<Pipe> pipes) {
  Arch arch = archOf(op);
  auto hasAll = [&](CoreKind kind) {
    return llvm::all_of(pipes,
                        [&](Pipe p) { return p == Pipe::ALL || coreHasPipe(kind, p, arch); });
  };
  bool cube = hasAll(CoreKind::Cube), vector = hasAll(CoreKind::Vector);
  if (cube == vector)
    return std::nullopt;
  return cube ? CoreKind::Cube : CoreKind::Vector;
}

std::optional<CoreKind> kindOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<CoreKind>>(op)
      .Case<SetFlagOp, WaitFlagOp, SetFlagDynOp, WaitFlagDynOp>([](auto flag) {
        return kindWith(flag, {toPipe(flag.getSrcPipe()), toPipe(flag.getDstPipe())});
      })
      .Case([](BarrierOp barrier) { return kindWith(barrier, {toPipe(barrier.getPipeKind())}); })
      .Default([](Operation *other) { return coreOf(other); });
}

struct InferKindsPass : pto::impl::InferKindsBase<InferKindsPass> {
  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    if (!module->hasAttr(kernelKindAttr))
      infer(module);
    module.walk([&](mlir::func::CallOp call) {
      if (!reachesItsCore(call))
        signalPassFailure();
    });
  }

private:
  /// The other kind of core runs nothing of such a function, so that the call would be lost without
  /// a word. A caller of no kind calls the halves of a kernel.
  static bool reachesItsCore(mlir::func::CallOp call) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr());
    auto here = coreKindOf(call), there = callee ? coreKindOf(callee) : std::nullopt;
    if (!here || !there || here == there)
      return true;
    call.emitOpError()
            .append("calls @", callee.getName(), ", which runs on the ", name(*there),
                    " core, from code of the ", name(*here),
                    " core, where nothing would happen; call it from code of its own core, or "
                    "from the function that calls both halves")
            .attachNote(callee.getLoc())
        << "the function";
    return false;
  }

  void infer(mlir::ModuleOp module) {
    bool anySaid = false;
    Evidence all;
    llvm::MapVector<FuncOp, Evidence> silent;
    for (FuncOp function : module.getOps<FuncOp>()) {
      if (function.isDeclaration())
        continue;
      if (says(function)) {
        anySaid = true;
        continue;
      }
      Evidence own = evidenceOf(function);
      silent[function] = own;
      all.cube = all.cube ? all.cube : own.cube;
      all.vector = all.vector ? all.vector : own.vector;
    }
    if (!anySaid && !all.isMixed())
      return;
    for (auto [function, evidence] : silent) {
      if (auto kind = evidence.only())
        function->setAttr(kernelKindAttr,
                          KernelKindAttr::get(&getContext(), *kind == CoreKind::Cube
                                                                 ? KernelKind::Cube
                                                                 : KernelKind::Vector));
      else if (evidence.isMixed() && mlir::failed(divide(function)))
        signalPassFailure();
    }
  }

  static bool says(FuncOp function) {
    return function->hasAttr(kernelKindAttr) ||
           function
               ->walk([](Operation *op) {
                 return llvm::isa<SectionCubeOp, SectionVectorOp>(op)
                            ? mlir::WalkResult::interrupt()
                            : mlir::WalkResult::advance();
               })
               .wasInterrupted();
  }

  static Evidence evidenceOf(Operation *root) {
    Evidence found;
    root->walk([&](Operation *op) {
      auto kind = kindOf(op);
      if (kind == CoreKind::Cube && !found.cube)
        found.cube = op;
      if (kind == CoreKind::Vector && !found.vector)
        found.vector = op;
    });
    return found;
  }

  /// Puts runs of operations of one kind into sections.
  static mlir::LogicalResult divide(FuncOp function) {
    if (!llvm::hasSingleElement(function.getBody()))
      return function.emitOpError("mixes operations of both kinds of core in several blocks; put "
                                  "each kind into pto.section.cube or pto.section.vector");
    llvm::SmallVector<Operation *> run;
    std::optional<CoreKind> kind;
    auto close = [&] {
      return run.empty() ? mlir::success() : enclose(std::exchange(run, {}), *kind);
    };
    for (Operation &op : llvm::make_early_inc_range(function.front())) {
      Evidence evidence = evidenceOf(&op);
      if (evidence.isMixed()) {
        auto diagnostic = op.emitOpError()
                          << "holds operations of the cube core and of the vector core; put each "
                             "kind into pto.section.cube or pto.section.vector";
        diagnostic.attachNote(evidence.cube->getLoc()) << "one of the cube core";
        diagnostic.attachNote(evidence.vector->getLoc()) << "one of the vector core";
        return diagnostic;
      }
      if (evidence.only() != kind || !evidence.only())
        if (mlir::failed(close()))
          return mlir::failure();
      kind = evidence.only();
      if (kind)
        run.push_back(&op);
    }
    return close();
  }

  static mlir::LogicalResult enclose(llvm::ArrayRef<Operation *> run, CoreKind kind) {
    auto isInside = [&](Operation *user) {
      Operation *at = run.front()->getBlock()->findAncestorOpInBlock(*user);
      return at && !at->isBeforeInBlock(run.front()) && !run.back()->isBeforeInBlock(at);
    };
    for (Operation *op : run)
      for (Operation *user : op->getUsers())
        if (!isInside(user)) {
          auto diagnostic = op->emitOpError()
                            << "runs on the " << name(kind)
                            << " core, but its result is used beside other operations; put what "
                               "belongs together into one pto.section."
                            << name(kind);
          diagnostic.attachNote(user->getLoc()) << "used here";
          return diagnostic;
        }
    mlir::OpBuilder b(run.front());
    Operation *section = kind == CoreKind::Cube
                             ? SectionCubeOp::create(b, run.front()->getLoc()).getOperation()
                             : SectionVectorOp::create(b, run.front()->getLoc()).getOperation();
    mlir::Region &body = section->getRegion(0);
    if (body.empty())
      body.emplaceBlock();
    for (Operation *op : run)
      op->moveBefore(&body.front(), body.front().end());
    return mlir::success();
  }
};
} // namespace
