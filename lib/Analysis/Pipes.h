//===- Pipes.h - Which call of a pipe is which ------------------*- C++ -*-===//
#ifndef PTOAS_LIB_ANALYSIS_PIPES_H
#define PTOAS_LIB_ANALYSIS_PIPES_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/IR/Pipes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace pto::analysis {

/// The number, from 0, of each call of a pipe that takes the next slot: of the producer (talloc,
/// tpush of a tile) or of the consumer (tpop). Looked up only, never walked.
class CallNumbers {
public:
  struct Term {
    mlir::scf::ForOp loop;
    int64_t calls; ///< in one iteration
  };
  /// start + sum of calls * iteration of the loop
  struct Number {
    int64_t start = 0;
    llvm::SmallVector<Term, 2> terms; ///< outermost first
  };
  CallNumbers(const PipeInit &init, bool producer);
  /// None when it depends on what only run time knows.
  std::optional<Number> of(mlir::Operation *call) const;

private:
  /// How many calls run in one execution; none when that is not fixed.
  std::optional<int64_t> count(mlir::Operation *op);
  std::optional<int64_t> count(mlir::Block &block);
  void place(mlir::Block &block, std::optional<Number> at);

  llvm::DenseSet<mlir::Operation *> calls, holders; ///< holders: with a call inside
  llvm::DenseMap<mlir::Operation *, std::optional<int64_t>> counts;
  llvm::DenseMap<mlir::Operation *, std::optional<Number>> numbers;
};

} // namespace pto::analysis

#endif // PTOAS_LIB_ANALYSIS_PIPES_H
