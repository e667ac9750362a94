//===- CppTypes.h - C++ spelling of types -----------------------*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_CPPTYPES_H
#define PTOAS_TARGET_CPP_CPPTYPES_H

#include "ptoas/IR/Pto.h"
#include <optional>
#include <string>

namespace pto::cpp {

/// A shape or its strides, padded on the left to the library's five dimensions; -1 is known at run
/// time only.
using Dims = std::array<int64_t, 5>;
inline constexpr int64_t dynamicDim = -1;

/// C++ type of a scalar, pointer or tile; empty when there is none (library 6.1).
std::string cppType(mlir::Type type);
/// The unsigned integer type of the width of `type` (integer or index).
std::string unsignedType(mlir::Type type);
/// `Tile<...>` with all eleven arguments.
std::string tileType(TileShape shape);
/// `pto::Shape<1, 1, 1, 16, -1>`, `pto::Stride<...>`
std::string dimsType(llvm::StringRef name, const Dims &dims);
std::string globalTensorType(mlir::Type element, const Dims &shape, const Dims &strides,
                             Layout layout);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_CPPTYPES_H
