//===- Element.h - Element types and tile layouts without MLIR --*- C++ -*-===//
//
// The vocabulary of data shared by the op table, the planner and the simulator. `Element` numbers
// are bit positions in the type masks of the op table.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SUPPORT_ELEMENT_H
#define PTOAS_SUPPORT_ELEMENT_H

#include "ptoas/Support/Hardware.h"

namespace pto {

enum class Element : uint8_t {
  I1,
  I8,
  I16,
  I32,
  I64, // signless or signed
  U8,
  U16,
  U32,
  U64,
  F16,
  BF16,
  F32,
  F64,
  F8E4M3,
  F8E5M2,
  F8E8M0,
  HIF8, // one byte each
  F4E1M2x2,
  F4E2M1x2, // one byte holds two values
  Index     // 64-bit, scalars only
};
inline constexpr unsigned numElements = 20;

using ElementMask = uint32_t;
constexpr ElementMask maskOf(Element e) { return ElementMask(1) << unsigned(e); }

llvm::StringRef name(Element element); ///< "f16", "ui8", ...
std::optional<Element> parseElement(llvm::StringRef text);
/// Storage bytes of one element (packed fp4: of one pair).
unsigned bytesOf(Element element);
bool isFloat(Element element);
bool isUnsigned(Element element);
/// fp8, hif8, packed fp4: legal only where an op opts in.
bool isLowPrecision(Element element);

/// Numbers as in the dialect's attributes (library 1.5).
enum class BLayout : uint8_t { RowMajor, ColMajor };
enum class SLayout : uint8_t { NoneBox, RowMajor, ColMajor };
enum class PadValue : uint8_t { Null, Zero, Max, Min };
enum class CompactMode : uint8_t { Null, Normal, RowPlusOne };
/// Layout of a global tensor.
enum class Layout : uint8_t { ND, DN, NZ };

/// Everything static about a tile. Valid extents are -1 when they are only known at run time.
struct TileShape {
  Space space = Space::Vec;
  Element element = Element::F32;
  int64_t rows = 0, cols = 0;
  int64_t validRows = 0, validCols = 0;
  BLayout blayout = BLayout::RowMajor;
  SLayout slayout = SLayout::NoneBox;
  int32_t fractal = 512;
  PadValue pad = PadValue::Null;
  CompactMode compact = CompactMode::Null;

  bool isBoxed() const { return slayout != SLayout::NoneBox; }
  /// Bytes of storage: rows x cols elements.
  uint64_t bytes() const { return uint64_t(rows) * cols * bytesOf(element); }
  /// Rows and columns of the inner box, in elements (library 1.2); 1 x 1 when not boxed, 0 when the
  /// fractal size is none of 32, 512, 1024.
  int64_t boxRows() const;
  int64_t boxCols() const;
  /// Offset in elements of (row, col) inside the tile's storage (library 1.3).
  int64_t elementOffset(int64_t row, int64_t col) const;
};

} // namespace pto

#endif // PTOAS_SUPPORT_ELEMENT_H
