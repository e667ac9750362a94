//===- Transfer.h - Views of global memory as the library sees them -*- C++ -*-===//
#ifndef PTOAS_IR_TRANSFER_H
#define PTOAS_IR_TRANSFER_H

#include "ptoas/IR/Pto.h"

namespace pto {

/// What is known about the global side of a transfer: five extents and strides in elements, -1
/// where only run time knows (library 1.1).
struct GlobalFacts {
  std::optional<LayoutKind> layout; ///< none: nobody has said, and it is inferred later
  std::array<int64_t, 5> shape, strides;
  int64_t elementBytes = 0;
};

/// What types and constant operands say about a view; none when it has no or more than five
/// dimensions.
std::optional<GlobalFacts> globalFacts(mlir::Value view);

/// Rows and columns of a view that has a layout, -1 where only run time knows.
std::array<int64_t, 2> matrixOf(const GlobalFacts &view);

/// May TLOAD move such a view into `dst`, or TSTORE `src` into it? Reports why not at `op`. Both
/// know only what is known before the program runs; a view without a layout is taken as right.
mlir::LogicalResult checkLoad(mlir::Operation *op, const GlobalFacts &view, mlir::Value dst);
mlir::LogicalResult checkStore(mlir::Operation *op, const GlobalFacts &view, mlir::Value src);

/// The matrix of the view against the valid region of a tile, where both are known.
mlir::LogicalResult checkExtents(mlir::Operation *op, const GlobalFacts &view, mlir::Value tile,
                                 llvm::StringRef name);

} // namespace pto

#endif // PTOAS_IR_TRANSFER_H
