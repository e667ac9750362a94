//===- SyncModel.cpp - From IR to a synchronisation problem ----------------===//

#include "ptoas/Analysis/SyncModel.h"
#include "ModelBuilder.h"
#include "ptoas/IR/CustomSyntax.h"

using namespace pto;
using mlir::func::FuncOp;

llvm::SmallVector<FuncOp> pto::rootFunctions(mlir::ModuleOp module) {
  llvm::SmallVector<FuncOp> roots;
  llvm::DenseSet<mlir::StringAttr> called;
  auto functions = module.getOps<FuncOp>();
  if (llvm::hasSingleElement(functions) && !(*functions.begin()).isDeclaration())
    return {*functions.begin()};
  module.walk([&](mlir::func::CallOp call) { called.insert(call.getCalleeAttr().getAttr()); });
  for (FuncOp function : module.getOps<FuncOp>())
    if (!function.isDeclaration() && !called.contains(function.getSymNameAttr()))
      roots.push_back(function);
  return roots;
}

std::optional<CoreKind> pto::coreOf(mlir::Operation *op) {
  if (auto pipe = pipeOf(op)) {
    if (*pipe == Pipe::V)
      return CoreKind::Vector;
    if (*pipe == Pipe::M || *pipe == Pipe::MTE1 || *pipe == Pipe::FIX)
      return CoreKind::Cube;
  }
  for (mlir::Value operand : op->getOperands())
    if (auto tile = llvm::dyn_cast<TileBufType>(operand.getType()))
      return tile.getSpace() == Space::Vec ? CoreKind::Vector : CoreKind::Cube;
  return std::nullopt;
}

llvm::SmallVector<CoreKind, 2> pto::coresOf(FuncOp function) {
  if (auto kind = coreKindOf(function))
    return {*kind};
  bool cube = false, vector = false, sections = false;
  function.walk([&](mlir::Operation *op) {
    bool isCube = llvm::isa<SectionCubeOp>(op), isVector = llvm::isa<SectionVectorOp>(op);
    if ((isCube || isVector) && !sections) {
      sections = true;
      cube = vector = false; // sections say it; what stands inside them need not
    }
    auto kind = sections ? std::nullopt : coreOf(op);
    if (auto call =
            llvm::dyn_cast<mlir::func::CallOp>(op)) // an entry that calls the halves of a kernel
      if (auto callee =
              mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr()))
        kind = coreKindOf(callee);
    cube |= isCube || kind == CoreKind::Cube;
    vector |= isVector || kind == CoreKind::Vector;
  });
  llvm::SmallVector<CoreKind, 2> cores;
  if (cube)
    cores.push_back(CoreKind::Cube);
  if (vector || !cube)
    cores.push_back(CoreKind::Vector);
  return cores;
}

mlir::FailureOr<SyncModel> pto::buildSyncModel(FuncOp function, CoreKind core) {
  SyncModel model;
  analysis::ModelBuilder builder(model, core);
  if (mlir::failed(builder.run(function)))
    return mlir::failure();
  return model;
}
