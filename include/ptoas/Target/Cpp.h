//===- Cpp.h - C++17 for the vendor's tile library --------------*- C++ -*-===//
//
// The last stage: a lowered module becomes text. Nothing in the project reads that text (law
// 3). Its shape is an interface that front-ends parse (include line, `AICORE void NAME(`, core
// guards, `get_subblockid()`); the promises are kept by unittests/Target/CppShapeTest.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_TARGET_CPP_H
#define PTOAS_TARGET_CPP_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace pto {

struct CppOptions {
  /// Source keeps the names of the .pto text, made legal and unique; Numbered gives v1, v2, ... per
  /// function.
  enum Names { Source, Numbered } names = Source;
  /// A comment per pto.addptr: which pointer moved by what.
  bool traceAddPtr = false;
};

/// Reports everything in `module` that has no C++ form, each at its location: operations that an
/// earlier stage should have lowered, tiles without address, values of types that cannot be passed,
/// recursion, illegal entries and names.
mlir::LogicalResult checkForCpp(mlir::ModuleOp module);

/// Runs checkForCpp and prints `module` when it passes; writes nothing to `os` otherwise.
///
/// `index` is int64_t, and index arithmetic is taken not to overflow; iN arithmetic wraps. f16 and
/// bf16 scalars compute in float and round once. Functions come after the functions that they call.
mlir::LogicalResult emitCpp(mlir::ModuleOp module, llvm::raw_ostream &os,
                            const CppOptions &options = {});

} // namespace pto

#endif // PTOAS_TARGET_CPP_H
