//===- Element.cpp - Element types and tile layouts ------------------------===//

#include "ptoas/Support/Element.h"

using namespace pto;
using llvm::StringRef;

namespace {
struct Row {
  StringRef name;
  unsigned bytes;
};
/// In the order of the enum.
constexpr Row rows[numElements] = {
    {"i1", 1},     {"i8", 1},   {"i16", 2},      {"i32", 4},      {"i64", 8},
    {"ui8", 1},    {"ui16", 2}, {"ui32", 4},     {"ui64", 8},     {"f16", 2},
    {"bf16", 2},   {"f32", 4},  {"f64", 8},      {"f8E4M3", 1},   {"f8E5M2", 1},
    {"f8E8M0", 1}, {"hif8", 1}, {"f4E1M2x2", 1}, {"f4E2M1x2", 1}, {"index", 8},
};
} // namespace

StringRef pto::name(Element element) { return rows[unsigned(element)].name; }

std::optional<Element> pto::parseElement(StringRef text) {
  for (unsigned i = 0; i < numElements; ++i)
    if (rows[i].name == text)
      return Element(i);
  return std::nullopt;
}

unsigned pto::bytesOf(Element element) { return rows[unsigned(element)].bytes; }

bool pto::isFloat(Element element) {
  return element >= Element::F16 && element <= Element::F4E2M1x2;
}

bool pto::isUnsigned(Element element) { return element >= Element::U8 && element <= Element::U64; }

bool pto::isLowPrecision(Element element) {
  return element >= Element::F8E4M3 && element <= Element::F4E2M1x2;
}

bool pto::isPackedPair(Element element) {
  return element == Element::F4E1M2x2 || element == Element::F4E2M1x2;
}

int64_t TileShape::boxRows() const {
  if (!isBoxed())
    return 1;
  int64_t perBlock = 32 / bytesOf(element); // elements of one 32-byte block
  switch (fractal) {
  case 1024:
    return 16;
  case 32:
    return slayout == SLayout::RowMajor ? 16 : 2;
  case 512:
    return slayout == SLayout::RowMajor ? 16 : perBlock;
  }
  return 0;
}

int64_t TileShape::boxCols() const {
  if (!isBoxed())
    return 1;
  int64_t perBlock = 32 / bytesOf(element);
  switch (fractal) {
  case 1024:
    return 16;
  case 32:
    return slayout == SLayout::RowMajor ? 2 : 16;
  case 512:
    return slayout == SLayout::RowMajor ? perBlock : 16;
  }
  return 0;
}

int64_t TileShape::storedRows() const {
  if (!isBoxed() || fractal != 32 || rows == 1)
    return rows;
  int64_t box = boxRows();
  return (rows + box - 1) / box * box;
}

int64_t TileShape::elementOffset(int64_t row, int64_t col) const {
  if (!isBoxed())
    return blayout == BLayout::RowMajor ? row * cols + col : col * rows + row;
  int64_t ir = boxRows(), ic = boxCols();
  int64_t block = blayout == BLayout::RowMajor
                      ? (cols / ic) * (row / ir) + col / ic          // Zz, Zn
                      : (storedRows() / ir) * (col / ic) + row / ir; // Nz, Nn
  int64_t inner =
      slayout == SLayout::RowMajor ? (row % ir) * ic + col % ic : (col % ic) * ir + row % ir;
  return block * ir * ic + inner;
}
