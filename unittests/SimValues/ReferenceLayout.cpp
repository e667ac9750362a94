//===- ReferenceLayout.cpp - Tiles turned, joined, filled up -----------------===//

#include "Model.h"

using namespace pto;
using namespace pto::reference;

namespace {
int64_t roundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

void transpose(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  unsigned size = sizeOf(src.shape.element);
  int64_t rows = src.shape.validRows, cols = src.shape.validCols;
  bool byVector = m.arch == Arch::A3 && dst.shape.cols % (size == 1 ? 32 : 16) == 0 &&
                  src.shape.cols * size % 32 == 0;
  if (byVector && rows && cols) {
    m.anyTile(m.at("tmp"));
    m.lost(m.at("tmp"), 0, 32);
    for (int64_t j = 0; j < cols; ++j) // whole blocks of 32 bytes are written
      for (int64_t i = rows; i < roundUp(rows, 32 / size) && i < dst.shape.cols; ++i)
        m.any(dst, j, i);
  }
  forEachValid(src, [&](int64_t i, int64_t j) { m.putBits(dst, j, i, m.bits(src, i, j)); });
}

void concat(Model &m) {
  const Argument &s0 = m.at("src0"), &s1 = m.at("src1"), &dst = m.at("dst");
  int64_t first = s0.shape.validCols;
  for (int64_t row = 0; row < dst.shape.validRows; ++row) {
    for (int64_t col = 0; col < first; ++col)
      m.putBits(dst, row, col, m.bits(s0, row, col));
    for (int64_t col = 0; col < s1.shape.validCols; ++col)
      m.putBits(dst, row, first + col, m.bits(s1, row, col));
  }
}

void concatByIndex(Model &m) {
  const Argument &s0 = m.at("src0"), &s1 = m.at("src1"), &dst = m.at("dst");
  auto countOf = [&](const Argument &index, int64_t row) {
    return int64_t(m.whole(index, row, 0)) / int64_t(sizeOf(index.shape.element));
  };
  for (int64_t row = 0; row < dst.shape.validRows; ++row) {
    int64_t first = countOf(m.at("src0Idx"), row), second = countOf(m.at("src1Idx"), row);
    for (int64_t col = 0; col < first; ++col)
      m.putBits(dst, row, col, m.bits(s0, row, col));
    for (int64_t col = 0; col < second; ++col)
      m.putBits(dst, row, first + col, m.bits(s1, row, col));
  }
}

/// L1: zero behind the valid rows in the column blocks that are in use, and all other blocks.
void fillMatrix(Model &m, const Argument &dst) {
  const TileShape &t = dst.shape;
  if (m.attribute("padValue") == 0)
    return;
  int64_t block = 32 / sizeOf(t.element), used = std::min(roundUp(t.validCols, block), t.cols);
  for (int64_t row = 0; row < t.rows; ++row)
    for (int64_t col = 0; col < t.cols; ++col)
      if (col >= used || row >= t.validRows)
        m.putBits(dst, row, col, 0);
}

void fillPad(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  const TileShape &s = src.shape, &t = dst.shape;
  if (t.space == Space::Mat)
    return fillMatrix(m, dst);
  if (t.validRows == 0 || t.validCols == 0)
    return;
  bool inPlace = src.address == dst.address;
  uint64_t pad = padBits(t.element, t.pad);
  int64_t blockEnd = std::min(roundUp(s.validCols, 32 / sizeOf(t.element)), s.cols);
  for (int64_t row = 0; row < s.validRows; ++row)
    for (int64_t col = 0; col < t.cols; ++col) {
      if (col < s.validCols)
        m.putBits(dst, row, col, m.bits(src, row, col));
      else if (s.pad == t.pad && col < blockEnd) { // filled by TLOAD, so that it travels along
        if (!inPlace)
          m.any(dst, row, col);
      } else
        m.putBits(dst, row, col, pad);
    }
  for (int64_t row = s.validRows; row < t.validRows; ++row)
    for (int64_t col = 0; col < t.cols; ++col)
      m.putBits(dst, row, col, pad);
}
} // namespace

std::vector<NamedReference> reference::layoutReferences() {
  return {{"ttrans", transpose},
          {"tconcat", concat},
          {"tconcatidx", concatByIndex},
          {"tfillpad", fillPad}};
}
