//===- PipeScript.h - What one core does on its pipes -----------*- C++ -*-===//
//
// The operations of a core on its pipes in the order in which they run, for given values of what
// only run time knows. Control is followed, data is not: where a branch or a loop depends on data,
// there is no script.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPESCRIPT_H
#define PTOAS_LIB_TRANSFORMS_PIPESCRIPT_H

#include "PipeGroups.h"
#include <map>

namespace pto {

/// A scalar that the caller of a kernel gives. Kernels of one launch with the same parameters are
/// given the same values, so that those have one name: the position.
struct PipeParameter {
  mlir::Operation *function = nullptr; ///< null when the kernels share their parameters
  unsigned position = 0;
  auto operator<=>(const PipeParameter &) const = default;
};
using PipeValues = std::map<PipeParameter, int64_t>;

/// One operation of a core on a pipe. Open and Close are the life of the library's object.
struct PipeStep {
  enum Kind : uint8_t { Open, Alloc, Push, Pop, Free, Close } kind;
  uint32_t pipe;       ///< number of its group
  mlir::Operation *op; ///< of Close the initialize op
  PipeDirection direction = PipeDirection::C2V;
  bool isTile = false, isSplit = false;
  bool operator==(const PipeStep &o) const {
    return kind == o.kind && pipe == o.pipe && direction == o.direction && isTile == o.isTile &&
           isSplit == o.isSplit;
  }
};

struct PipeScript {
  std::vector<PipeStep> steps;
  mlir::Operation *unknown = nullptr; ///< where control depends on data: there is no script
  bool isTooLong = false;
  bool isVoid =
      false; ///< these values of the parameters mean nothing: a division by 0, a step of 0
  bool isComplete() const { return !unknown && !isTooLong && !isVoid; }
};

/// What the interpretation of a kernel needs to know about the others.
struct PipeScene {
  llvm::DenseMap<mlir::Operation *, uint32_t> pipeOf; ///< by initialize op
  bool sharesParameters = false;
  PipeValues values;
  int64_t otherwise = 0; ///< of parameters that `values` does not name, in units of their divisor
  // Found out on the way:
  std::map<PipeParameter, int64_t> divisors; ///< of every parameter that control depends on
};

/// The script of one core of a kernel. Notes in `scene` on which parameters it depends.
PipeScript followPipes(mlir::func::FuncOp kernel, CoreKind core, int64_t subblock,
                       PipeScene &scene);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPESCRIPT_H
