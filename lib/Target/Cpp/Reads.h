//===- Reads.h - What the printed text reads --------------------*- C++ -*-===//
//
// Not every operand appears in the text: a static extent is part of a type, a view that is only
// partitioned leaves nothing behind. Counting what is really read decides which pure values need a
// variable, which are written where they are used, and which vanish.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_TARGET_CPP_READS_H
#define PTOAS_TARGET_CPP_READS_H

#include "Constants.h"
#include "CppTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace pto::cpp {

/// Where a view points and how it is laid out, in terms of the values that say so.
struct ViewSource {
  MakeTensorViewOp make; ///< of a pipe's entry: the slots, which have its strides
  mlir::Value entry;     ///< the pipe's entry that the view is, or is a part of; else null
  llvm::SmallVector<mlir::Value> offsets; ///< of a partition; empty for the whole view
  mlir::Type element;
  Dims shape, strides; ///< padded to five, in elements; dynamicDim where a value below says it
  /// The dimension along which packed pairs run; the library counts numbers there, and in the
  /// strides of the others (library 1.8). None for elements of one number.
  std::optional<size_t> pairs;
  llvm::SmallVector<mlir::Value> extents; ///< per dimension of the view, unpadded
};
/// Describes the result of make_tensor_view or partition_view; none for other values.
std::optional<ViewSource> viewSource(mlir::Value view, ConstantFolder &constants);

/// The extent that get_tensor_view_dim names, or the stride that get_tensor_view_stride does, when
/// the dimension is constant: a number or a value. None for other operations.
struct Extent {
  std::optional<int64_t> constant;
  mlir::Value value;
};
std::optional<Extent> extentOf(mlir::Operation *op, ConstantFolder &constants);

/// True when the view needs a GlobalTensor variable of its own.
bool needsGlobalTensor(mlir::Value view, ConstantFolder &constants);

class Reads {
public:
  Reads(mlir::Operation *function, ConstantFolder &constants);

  unsigned count(mlir::Value value) const { return counts.lookup(value).count; }
  /// True when `op` has no effect and the text never asks for its results.
  bool isDropped(mlir::Operation *op) const;
  /// True when the result of `op` is written as an expression in the one place that reads it.
  bool isInlined(mlir::Operation *op) const { return inlined.contains(op); }
  bool printsNothing(mlir::Operation *op) const { return isDropped(op) || isInlined(op); }

private:
  struct Count {
    unsigned count = 0;
    mlir::Operation *reader = nullptr;
  };
  void visit(mlir::Operation *op);
  bool mayInline(mlir::Operation *op) const;
  void read(mlir::Value value, mlir::Operation *reader, unsigned times = 1);
  void readOperands(mlir::Operation *op);
  void readView(mlir::Value view, mlir::Operation *reader);

  ConstantFolder &constants;
  // Looked up only, never walked.
  llvm::DenseMap<mlir::Value, Count> counts;
  llvm::DenseSet<mlir::Operation *> inlined;
};

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_READS_H
