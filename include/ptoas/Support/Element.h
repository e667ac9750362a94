//===- Element.h - Element types and tile layouts without MLIR --*- C++ -*-===//
//
// The vocabulary of data shared by the op table, the planner and the simulator. `Element` numbers
// are bit positions in the type masks of the op table.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SUPPORT_ELEMENT_H
#define PTOAS_SUPPORT_ELEMENT_H

#include "ptoas/Support/Hardware.h"
#include <array>

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
/// Packed fp4: an element is a pair of numbers, the first one in the low half of the byte.
bool isPackedPair(Element element);

/// Numbers as in the dialect's attributes (library 1.5).
enum class BLayout : uint8_t { RowMajor, ColMajor };
enum class SLayout : uint8_t { NoneBox, RowMajor, ColMajor };
enum class PadValue : uint8_t { Null, Zero, Max, Min };
enum class CompactMode : uint8_t { Null, Normal, RowPlusOne };
/// Layout of a global tensor. The last two are those of scales (library 4.1).
enum class Layout : uint8_t { ND, DN, NZ, MxAZz, MxBNn };

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
  /// Do neighbours in memory stand in one column?
  bool isByColumns() const {
    return isBoxed() ? slayout == SLayout::ColMajor : blayout == BLayout::ColMajor;
  }
  /// Numbers that an element holds along rows and along columns: 1 x 1, or 2 along the axis of
  /// neighbours in memory (library 1.8).
  std::array<int64_t, 2> numbersPerElement() const {
    int64_t pair = isPackedPair(element) ? 2 : 1;
    return isByColumns() ? std::array<int64_t, 2>{pair, 1} : std::array<int64_t, 2>{1, pair};
  }
  /// Bytes of storage: rows x cols elements; boxes of scales are whole (library 1.2).
  uint64_t bytes() const { return uint64_t(storedRows()) * cols * bytesOf(element); }
  /// Rows that take up space: `rows`, in whole boxes where a tile may declare fewer.
  int64_t storedRows() const;
  /// Rows and columns of the inner box, in elements (library 1.2); 1 x 1 when not boxed, 0 when the
  /// fractal size is none of 32, 512, 1024.
  int64_t boxRows() const;
  int64_t boxCols() const;
  /// Offset in elements of (row, col) inside the tile's storage (library 1.3).
  int64_t elementOffset(int64_t row, int64_t col) const;
};

} // namespace pto

#endif // PTOAS_SUPPORT_ELEMENT_H
