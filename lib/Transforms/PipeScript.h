//===- PipeScript.h - What one core does on its pipes -----------*- C++ -*-===//
//
// The operations of a core on its pipes and on the flags that it shares with other cores, in the
// order in which they run, for given values of what only run time knows. Control is followed, data
// is not: where a branch, a loop or the number of a flag depends on data, there is no script.
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

/// A flag as one core names it.
struct FlagStep {
  Pipe pipe = Pipe::S; ///< that signals, or that waits
  int64_t id = 0;
  uint8_t mode = 2;                  ///< between cores: who sets it together (cross-core 1)
  bool isDirect = false;             ///< from one core to one other (a5)
  Pipe from = Pipe::S, to = Pipe::S; ///< inside a core
  auto operator<=>(const FlagStep &) const = default;
};

/// One operation of a core. Open and Close are the life of the library's object.
struct PipeStep {
  enum Kind : uint8_t {
    Open,
    Alloc,
    Push,
    Pop,
    Free,
    Close,
    Set, ///< of a flag between cores that the program names itself
    Wait,
    InnerSet, ///< of a flag between two pipes of the core
    InnerWait,
    Drain ///< the scalar unit waits for all pipes
  } kind;
  uint32_t pipe;       ///< number of its group
  mlir::Operation *op; ///< of Close the initialize op
  PipeDirection direction = PipeDirection::C2V;
  bool isTile = false, isSplit = false;
  FlagStep flag = {};
  bool operator==(const PipeStep &o) const {
    return kind == o.kind && pipe == o.pipe && direction == o.direction && isTile == o.isTile &&
           isSplit == o.isSplit && flag == o.flag;
  }
};

struct PipeScript {
  std::vector<PipeStep> steps;
  mlir::Operation *unknown = nullptr; ///< where something depends on data: there is no script
  std::string why;                    ///< what it is that depends on data
  bool isTooLong = false;
  bool isVoid =
      false; ///< these values of the parameters mean nothing: a division by 0, a step of 0
  bool isComplete() const { return !unknown && !isTooLong && !isVoid; }
};

/// What the interpretation of a kernel needs to know about the others.
struct PipeScene {
  llvm::DenseMap<mlir::Operation *, uint32_t> pipeOf; ///< by initialize op
  bool sharesParameters = false;
  bool withInner = false; ///< follow the flags and barriers inside a core, too
  PipeValues values;
  int64_t otherwise = 0; ///< of parameters that `values` does not name, in units of their divisor
  // Found out on the way, unless it stands:
  std::map<PipeParameter, int64_t> divisors; ///< of every parameter that control depends on
  bool divisorsStand = false;                ///< all cores of a run must be given the same values
};

/// The unit flag of an accumulator (cross-core 5), as a flag between M and FIX; an event id is
/// less.
inline constexpr int64_t firstUnitFlag = int64_t(1) << 20;

/// Does an operation set or wait for a flag, or drain the pipes; between cores, or with `inner`
/// inside one?
bool stepsOnFlags(mlir::Operation *op, bool inner);
/// What it does there, on a core of that kind. `number` reads a value that names a flag. None, with
/// the reason in `why`, where that is not known.
std::optional<llvm::SmallVector<PipeStep, 4>>
flagSteps(mlir::Operation *op, CoreKind core, bool inner,
          llvm::function_ref<std::optional<int64_t>(mlir::Value)> number, std::string &why);

/// The script of one core of a kernel. Notes in `scene` on which parameters it depends.
PipeScript followPipes(mlir::func::FuncOp kernel, CoreKind core, int64_t subblock,
                       PipeScene &scene);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPESCRIPT_H
