//===- ReferenceMove.cpp - Between memories, and what FIX does on the way ----===//

#include "Model.h"
#include <cmath>
#include <functional>

using namespace pto;
using namespace pto::reference;

namespace {
bool isEmpty(const Argument &a) { return a.shape.validRows == 0 || a.shape.validCols == 0; }

//===----------------------------------------------------------------------===//
// What leaves an accumulator: scale, clamp, convert (library 2.3)
//===----------------------------------------------------------------------===//

/// Places the converted value by `put`-like functions of the model.
struct Destination {
  Model &m;
  const Argument &a;
  int64_t row, col;
  bool isAtomic = false;

  void real(double value) const {
    m.putReal(a, row, col, isAtomic ? m.real(a, row, col) + value : value);
  }
  void whole(Int value) const {
    m.putWhole(a, row, col, isAtomic ? m.whole(a, row, col) + value : value);
  }
};

void leaveAccumulator(Model &m, const Argument &src, int64_t row, int64_t col, int64_t column,
                      const Destination &to) {
  Element from = src.shape.element;
  Element into = to.a.isTile() ? to.a.shape.element : to.a.element;
  bool relu = m.attribute("reluPreMode") == 1;
  bool hasScale = m.has("fp") || m.has("preQuantScalar");
  if (!hasScale && from == Element::I32) {
    Int value = m.whole(src, row, col);
    return to.whole(relu && value < 0 ? Int(0) : value);
  }
  float value =
      from == Element::F32 ? float(m.real(src, row, col)) : float(int32_t(m.whole(src, row, col)));
  if (hasScale) {
    uint64_t word =
        m.has("fp") ? m.bits(m.at("fp"), 0, column) : uint64_t(m.at("preQuantScalar").whole);
    value *= float(toReal(Element::F32, word & 0xffffffff));
  }
  if (relu && value < 0)
    value = 0;
  if (isReal(into)) {
    // Too large for the result: saturated or infinite is not said for floats.
    bool isOpen = std::fabs(value) > largestReal(into) && into != Element::F32;
    if (isOpen)
      return m.any(to.a, to.row, to.col);
    return to.real(rounded(into, value));
  }
  if (std::isnan(value))
    return m.any(to.a, to.row, to.col);
  double whole = roundWhole(value, Round::Rint);
  Int least = leastWhole(into), most = mostWhole(into);
  to.whole(whole < double(least) ? least : whole > double(most) ? most : Int(whole));
}

/// Conversions that the simulator says it does not model.
bool isUnmodelled(Model &m, const Argument &src, Element into) {
  if (m.attribute("reluPreMode") > 1)
    return true;
  return src.shape.element == Element::I32 && into == Element::I16;
}

/// Which of rows x cols elements that leave an accumulator for UB go to vector core `c.part`; they
/// lie there from where the whole would. Empty: none. Nothing: the mode has no meaning here.
struct Share {
  int64_t firstRow, firstCol, rows, cols;
};
std::optional<Share> shareOf(Model &m, const Argument &dst, int64_t rows, int64_t cols) {
  int64_t mode = std::max<int64_t>(m.attribute("accToVecMode"), 0), part = m.c.part;
  if (dst.shape.space != Space::Vec)
    return Share{0, 0, rows, cols};
  if (mode < 2)
    return mode == part ? Share{0, 0, rows, cols} : Share{0, 0, 0, 0};
  if (mode == 2 ? rows % 2 != 0 : cols % 32 != 0)
    return std::nullopt;
  return mode == 2 ? Share{part * rows / 2, 0, rows / 2, cols}
                   : Share{0, part * cols / 2, rows, cols / 2};
}

//===----------------------------------------------------------------------===//
// GM
//===----------------------------------------------------------------------===//

void load(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  const TileShape &t = dst.shape;
  if (rowsOfView(src) != t.validRows || colsOfView(src) != t.validCols)
    return m.skip("extents differ");
  forEachValid(dst,
               [&](int64_t row, int64_t col) { m.putBits(dst, row, col, m.bits(src, row, col)); });
  if (t.pad == PadValue::Null || t.space != Space::Vec || t.isBoxed() || isEmpty(dst))
    return;
  // The rest of the last block of 32 bytes of each line, and nothing behind it.
  bool byRows = t.blayout == BLayout::RowMajor;
  int64_t lines = byRows ? t.validRows : t.validCols, used = byRows ? t.validCols : t.validRows;
  int64_t perBlock = 32 / sizeOf(t.element), end = (used + perBlock - 1) / perBlock * perBlock;
  for (int64_t line = 0; line < lines; ++line)
    for (int64_t i = used; i < end; ++i)
      m.putBits(dst, byRows ? line : i, byRows ? i : line, padBits(t.element, t.pad));
}

void store(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  bool isAtomic = m.attribute("atomicType") == 1, isAcc = src.shape.space == Space::Acc;
  if (rowsOfView(dst) != src.shape.validRows || colsOfView(dst) != src.shape.validCols)
    return m.skip("extents differ");
  if (isAcc && isUnmodelled(m, src, dst.element))
    return m.skip("not modelled");
  constexpr ElementMask canAdd = maskOf(Element::F32) | maskOf(Element::F16) |
                                 maskOf(Element::BF16) | maskOf(Element::I32) |
                                 maskOf(Element::I16) | maskOf(Element::I8);
  if (isAtomic && !(canAdd & maskOf(dst.element)))
    return m.skip("no such addition");
  forEachValid(src, [&](int64_t row, int64_t col) {
    Destination to{m, dst, row, col, isAtomic};
    if (isAcc)
      return leaveAccumulator(m, src, row, col, col, to);
    if (!isAtomic)
      return m.putBits(dst, row, col, m.bits(src, row, col));
    if (isReal(dst.element))
      to.real(toReal(dst.element, m.bits(src, row, col)));
    else
      to.whole(toWhole(dst.element, m.bits(src, row, col)));
  });
}

//===----------------------------------------------------------------------===//
// On chip
//===----------------------------------------------------------------------===//

/// The destination's whole grid, for moves of whole fractals (library 2.5); its valid region else.
void moveWindow(Model &m, const Argument &src, int64_t row, int64_t col, const Argument &dst) {
  const TileShape &t = dst.shape;
  if (src.shape.space == Space::Acc) {
    if (isUnmodelled(m, src, t.element))
      return m.skip("not modelled");
    auto share = shareOf(m, dst, t.validRows, t.validCols);
    if (!share)
      return m.skip("cannot be halved");
    for (int64_t i = 0; i < share->rows; ++i)
      for (int64_t j = 0; j < share->cols; ++j)
        leaveAccumulator(m, src, row + share->firstRow + i, col + share->firstCol + j,
                         share->firstCol + j, {m, dst, i, j});
    return;
  }
  bool isWhole = t.space == Space::Left || t.space == Space::Right;
  bool widens = t.space == Space::Bias && src.shape.element != t.element;
  int64_t rows = t.validRows, cols = t.validCols;
  if (isWhole && t.compact == CompactMode::Normal) {
    int64_t inner = 32 / sizeOf(t.element);
    int64_t r = t.slayout == SLayout::RowMajor ? 16 : inner,
            c = t.slayout == SLayout::RowMajor ? inner : 16;
    rows = (rows + r - 1) / r * r;
    cols = (cols + c - 1) / c * c;
  } else if (isWhole) {
    rows = t.rows;
    cols = t.cols;
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) {
      if (widens)
        m.putReal(dst, i, j, m.real(src, row + i, col + j));
      else
        m.putBits(dst, i, j, m.bits(src, row + i, col + j));
    }
}

void move(Model &m) {
  if (m.has("tmp"))
    m.anyTile(m.at("tmp"));
  moveWindow(m, m.at("src"), 0, 0, m.at("dst"));
}

void extract(Model &m) {
  moveWindow(m, m.at("src"), int64_t(m.at("indexRow").whole), int64_t(m.at("indexCol").whole),
             m.at("dst"));
}

void insert(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  auto row = int64_t(m.at("indexRow").whole), col = int64_t(m.at("indexCol").whole);
  bool isAcc = src.shape.space == Space::Acc;
  if (isAcc && isUnmodelled(m, src, dst.shape.element))
    return m.skip("not modelled");
  if (!isAcc)
    return forEachValid(
        src, [&](int64_t i, int64_t j) { m.putBits(dst, row + i, col + j, m.bits(src, i, j)); });
  auto share = shareOf(m, dst, src.shape.validRows, src.shape.validCols);
  if (!share)
    return m.skip("cannot be halved");
  for (int64_t i = 0; i < share->rows; ++i)
    for (int64_t j = 0; j < share->cols; ++j)
      leaveAccumulator(m, src, share->firstRow + i, share->firstCol + j, share->firstCol + j,
                       {m, dst, row + i, col + j});
}

void prefetch(Model &m) { m.anyTile(m.at("dst")); }

/// On the scalar unit; what is printed is compared elsewhere.
void print(Model &m) {
  if (!m.has("tmp"))
    return;
  const Argument &tmp = m.at("tmp");
  for (int64_t row = 0; row < rowsOfView(tmp); ++row)
    for (int64_t col = 0; col < colsOfView(tmp); ++col)
      m.any(tmp, row, col);
}

void setValue(Model &m) {
  const Argument &dst = m.at("dst");
  unsigned size = sizeOf(dst.shape.element);
  m.putBitsAt(dst.shape.space, dst.address + uint64_t(m.at("offset").whole) * size, size,
              m.bits(m.at("val"), 0, 0));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void multiply(Model &m, const Argument &a, const Argument &b, bool isVector, bool accumulates) {
  const Argument &dst = m.at("dst");
  int64_t rows = isVector ? 1 : a.shape.validRows, cols = b.shape.validCols;
  int64_t inner = isVector ? b.shape.validRows : a.shape.validCols;
  if (rows == 0 || cols == 0 || inner == 0)
    return; // nothing happens
  Element e = dst.shape.element;
  // a3 adds to what it writes, whatever the other operand says.
  const Argument &sum = accumulates && m.arch == Arch::A5 ? m.at("acc_in") : dst;
  const Argument *bias = m.has("bias") ? &m.at("bias") : nullptr;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col) {
      double real = 0, magnitude = 0;
      Int whole = 0;
      for (int64_t k = 0; k < inner; ++k) {
        if (isReal(e)) {
          double product = m.real(a, row, k) * m.real(b, k, col);
          real += product;
          magnitude += std::fabs(product);
        } else {
          whole += m.whole(a, row, k) * m.whole(b, k, col);
        }
      }
      auto plus = [&](const Argument &more, int64_t r) {
        if (isReal(e)) {
          real += m.real(more, r, col);
          magnitude += std::fabs(m.real(more, r, col));
        } else {
          whole += m.whole(more, r, col);
        }
      };
      if (accumulates)
        plus(sum, row);
      if (bias)
        plus(*bias, 0);
      double slack = m.c.data == Data::Mild ? double(inner + 1) * spacing(e, magnitude) : 0;
      if (isReal(e))
        m.putReal(dst, row, col, real, slack);
      else
        m.putWhole(dst, row, col, whole);
    }
  // One row is raised to a box of 16 on a3.
  for (int64_t row = 1; row < 16 && rows == 1 && m.arch == Arch::A3 && !isVector; ++row)
    for (int64_t col = 0; col < cols; ++col)
      m.any(dst, row, col);
}
} // namespace

std::vector<NamedReference> reference::moveReferences() {
  return {{"tload", load},       {"tstore", store},       {"tmov", move},
          {"textract", extract}, {"tinsert", insert},     {"tprint", print},
          {"tsetval", setValue}, {"tprefetch", prefetch}, {"tgetval", [](Model &) {}}};
}

std::vector<NamedReference> reference::matmulReferences() {
  std::vector<NamedReference> out;
  for (bool isVector : {false, true}) {
    std::string stem = isVector ? "tgemv" : "tmatmul";
    out.push_back(
        {stem, [=](Model &m) { multiply(m, m.at("lhs"), m.at("rhs"), isVector, false); }});
    out.push_back(
        {stem + ".acc", [=](Model &m) { multiply(m, m.at("lhs"), m.at("rhs"), isVector, true); }});
    out.push_back(
        {stem + ".bias", [=](Model &m) { multiply(m, m.at("a"), m.at("b"), isVector, false); }});
  }
  return out;
}
