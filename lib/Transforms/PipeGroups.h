//===- PipeGroups.h - Which initialize ops open one pipe --------*- C++ -*-===//
//
// Both cores open a pipe, each for itself. They are recognised by the reservation into which the
// consumer pops; a pipe of addresses has none and is recognised by its number.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEGROUPS_H
#define PTOAS_LIB_TRANSFORMS_PIPEGROUPS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "ptoas/IR/Pipes.h"

namespace pto {

struct PipeMember {
  PipeInit init;
  std::optional<CoreKind> core; ///< by section or kernel kind
  mlir::func::FuncOp function;
  llvm::SmallVector<mlir::func::FuncOp, 2> kernels; ///< functions that nobody calls, of which
                                                    ///< `function` is a part
};

/// The initialize ops of one pipe, in order of the module.
struct PipeGroup {
  llvm::SmallVector<PipeMember, 2> members;
  /// By direction, of those that the pipe carries; null where the address is not of a reservation.
  ReserveBufferOp reservation(PipeDirection direction) const;
  const PipeInit &first() const { return members.front().init; }
};

/// All pipes of the module, in order of their first initialize op.
std::vector<PipeGroup> findPipeGroups(mlir::ModuleOp module);

/// For each function the functions that nobody calls and that reach it; itself when nobody calls
/// it.
llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::func::FuncOp, 2>>
kernelsOf(mlir::ModuleOp module);

/// What members of one pipe must agree on and do not: "slot_size = 1024 and 2048"; empty when they
/// agree. What one of them leaves open agrees with everything.
std::string disagreement(const PipeInit &a, const PipeInit &b);

/// What a pass chose for an initialize op that does not say it: "derived" from something, or a
/// "default". Kept beside the op until its pipe is reported.
void noteOrigin(mlir::Operation *init, llvm::StringRef clause, llvm::StringRef origin);
/// "given" unless a pass chose it, on all sides of the pipe.
llvm::StringRef originOf(const PipeGroup &group, llvm::StringRef clause);
void forgetOrigins(mlir::Operation *init);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEGROUPS_H
