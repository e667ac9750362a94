//===- Text.h - What the parser may be given --------------------*- C++ -*-===//
#ifndef PTOAS_PARSE_TEXT_H
#define PTOAS_PARSE_TEXT_H

#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace pto {

/// Refuses, with an error at the place, what MLIR's parser must not see: brackets nested so deeply
/// that it would run out of stack, a zero byte, which it would skip, and another container.
mlir::LogicalResult checkText(const llvm::MemoryBuffer &buffer, mlir::MLIRContext &context);

/// The text of `buffer`, which it points into, behind the byte order mark that some editors write.
std::unique_ptr<llvm::MemoryBuffer> textOf(const llvm::MemoryBuffer &buffer);

} // namespace pto

#endif // PTOAS_PARSE_TEXT_H
