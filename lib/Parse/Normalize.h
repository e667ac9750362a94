//===- Normalize.h - What the text leaves open or says twice ----*- C++ -*-===//
#ifndef PTOAS_LIB_PARSE_NORMALIZE_H
#define PTOAS_LIB_PARSE_NORMALIZE_H

#include "mlir/IR/BuiltinOps.h"

namespace pto {

/// Results that are the destination by another name: the destination stands for them. Those of
/// another type stay, for the verifier to refuse.
void replaceReturnedDestinations(mlir::ModuleOp module);

/// Gives every call a scratch tile that the library needs and the text leaves out: an alloc_tile
/// without an address in front of it, for who plans memory.
void addMissingScratch(mlir::ModuleOp module);

} // namespace pto

#endif // PTOAS_LIB_PARSE_NORMALIZE_H
