//===- SyncModel.h - From IR to a synchronisation problem -------*- C++ -*-===//
//
// Builds the sync::Program of one root function on one core kind: accesses with their regions from
// the op records, library calls as the micro programs of their records, helper functions in place.
// It states facts and decides nothing.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_ANALYSIS_SYNCMODEL_H
#define PTOAS_ANALYSIS_SYNCMODEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Sync/Program.h"
#include "llvm/ADT/DenseMap.h"

namespace pto {

struct SyncModel {
  sync::Program program;
  std::vector<mlir::Operation *> sources; ///< by Node::source
  /// The block of each statement list: the function body (node none), a loop's body, a branch's
  /// arms. Lists inside macros have none.
  std::map<std::pair<sync::NodeId, unsigned>, mlir::Block *> blocks;
  /// A number of the program that runs on, by its node and a loop that counts it: there it is
  /// (number + first), modulo Counter::modulus. Others are sums over the counters of their loops.
  struct Number {
    mlir::Value value;
    int64_t first;
  };
  std::map<std::pair<sync::NodeId, mlir::Operation *>, Number> numbers;
  std::vector<mlir::Value> conditions; ///< by sync::Condition::value
  bool hasSync = false;                ///< the IR holds flags, barriers or fences
  bool hasAccess = false;              ///< some pipe other than S has work
};

/// Functions that nobody calls, in order of the module; each is judged with its helpers in place.
llvm::SmallVector<mlir::func::FuncOp> rootFunctions(mlir::ModuleOp module);

/// The core kinds that run code of `function`: by kernel kind, else by its sections, else by what
/// its operations use.
llvm::SmallVector<CoreKind, 2> coresOf(mlir::func::FuncOp function);
/// What one operation says about the core that runs it: a pipe that only one kind has, or a memory
/// of one kind.
std::optional<CoreKind> coreOf(mlir::Operation *op);

/// Fails with an error for recursion. Tiles must have addresses (after planning); one without is
/// taken as unknown.
mlir::FailureOr<SyncModel> buildSyncModel(mlir::func::FuncOp function, CoreKind core);

/// Names of the forms of the call's micro program that its shapes do not rule out, in the order of
/// the record.
llvm::SmallVector<llvm::StringRef, 4> possibleForms(mlir::Operation *call);

} // namespace pto

#endif // PTOAS_ANALYSIS_SYNCMODEL_H
