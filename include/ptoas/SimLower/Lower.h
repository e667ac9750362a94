//===- Lower.h - From a pto module to a program of the simulator -*- C++ -*-===//
//
// The one place where the simulator meets MLIR. A kernel is what one launch runs on each block: a
// vector function, a cube function, or one of each. Calls are inlined, control flow becomes jumps,
// views become GM descriptors, and every operation with a record becomes a call of its kernel.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIMLOWER_LOWER_H
#define PTOAS_SIMLOWER_LOWER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Sim/Program.h"
#include "llvm/ADT/SmallVector.h"

namespace pto::sim {

/// An argument of a kernel's function.
struct Parameter {
  std::string name; ///< as in the text without %; its position when the text has none
  bool isPointer = false;
  bool mayAlias = false;          ///< marked pto.may_alias: its array may share bytes with others
  Element element = Element::I64; ///< of the value, or of what the pointer points to
  /// Set: the argument is this property of the core rather than a value that the launch passes.
  /// `findKernels` sets it for the arguments that PyPTO's runtime fills in (`__pypto_spmd_*`).
  std::optional<SpecialValue> special;
};

/// A function as one kind of core runs it.
struct CoreFunction {
  mlir::func::FuncOp function;
  CoreKind core = CoreKind::Vector;
  std::vector<Parameter> parameters;
  uint32_t index = none; ///< in Program::functions; set by `lowerKernels`
};

/// What is launched together: one core function, or a cube one followed by a vector one.
struct Kernel {
  std::string name;
  std::vector<CoreFunction> cores;

  bool isMixed() const { return cores.size() == 2; }
};

/// The kernels of a module, in launch order. `functions` names them: one function, or a cube and a
/// vector function, are one kernel; any other list is one kernel after the other. When empty, the
/// functions marked `pto.entry` are taken, else the public ones that nobody calls; those must be
/// one kernel. Errors (none found, several, unknown name, arguments that cannot be passed) are
/// reported at the function or module.
mlir::FailureOr<std::vector<Kernel>> findKernels(mlir::ModuleOp module,
                                                 llvm::ArrayRef<std::string> functions = {});

/// Lowers the kernels, which stay in the order of `findKernels` and get their index. Tiles must
/// have addresses. All errors are reported, each with its location. Inlining can square a program
/// again and again: beyond `mostOperations` it is not one that hardware could hold either.
mlir::FailureOr<Program> lowerKernels(mlir::ModuleOp module, llvm::MutableArrayRef<Kernel> kernels,
                                      uint64_t mostOperations = uint64_t(1) << 22);

} // namespace pto::sim

#endif // PTOAS_SIMLOWER_LOWER_H
