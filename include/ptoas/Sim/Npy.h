//===- Npy.h - Arrays in NumPy's .npy files ---------------------*- C++ -*-===//
//
// Versions 1 and 2 of the format, little-endian, of the dtypes that have an Element: b1, i1 ... i8,
// u1 ... u8, f2, f4, f8. What NumPy lacks (bf16, fp8) travels as unsigned integers of the same
// width.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_NPY_H
#define PTOAS_SIM_NPY_H

#include "ptoas/Support/Element.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace pto::sim {

/// A dense array in C order: the last dimension is consecutive. No dimensions: one element.
struct Array {
  Element element = Element::F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes; ///< exactly elements() * bytesOf(element)

  /// The product of the dimensions.
  uint64_t elements() const;
};

/// Reads the whole content of a file. Arrays in Fortran order are turned into C order. Every
/// malformed, truncated or unsupported input is an error that says what was found.
llvm::Expected<Array> parseNpy(llvm::ArrayRef<uint8_t> content);
llvm::Expected<Array> readNpy(llvm::StringRef path);

/// The content of a .npy file, version 1 (2 when the header needs it).
std::vector<uint8_t> formatNpy(const Array &array);
/// Writes to a new file that replaces `path` only when complete.
llvm::Error writeNpy(llvm::StringRef path, const Array &array);

} // namespace pto::sim

#endif // PTOAS_SIM_NPY_H
