//===- Constants.h - What is known about integers ---------------*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_CONSTANTS_H
#define PTOAS_TARGET_CPP_CONSTANTS_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace pto::cpp {

/// The constant that an integer value always has: constants, casts of them and arithmetic on them.
/// Remembered, because a long chain of additions would otherwise be walked from every link.
class ConstantFolder {
public:
  std::optional<int64_t> fold(mlir::Value value);

private:
  std::optional<int64_t> compute(mlir::Value value, unsigned depth);
  std::optional<int64_t> fold(mlir::Value value, unsigned depth);
  llvm::DenseMap<mlir::Value, std::optional<int64_t>> known;
};

/// True when `value`, read as a signed number, is certainly not negative: then unsigned and signed
/// arithmetic agree and the plain operator can be printed.
bool isNonNegative(mlir::Value value, ConstantFolder &constants);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_CONSTANTS_H
