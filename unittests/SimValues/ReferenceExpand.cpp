//===- ReferenceExpand.cpp - A value per row or column, partial operations --===//

#include "Model.h"
#include <cmath>

using namespace pto;
using namespace pto::reference;

namespace {
enum class Kind { Add, Sub, Mul, Div, Max, Min, ExpDif };

void combine(Model &m, const Argument &dst, int64_t row, int64_t col, uint64_t a, uint64_t b,
             Kind kind) {
  Element e = dst.shape.element;
  if (!isReal(e)) {
    Int x = toWhole(e, a), y = toWhole(e, b);
    if (kind == Kind::Div && (y == 0 || (x == leastWhole(e) && y == -1)))
      return m.any(dst, row, col);
    Int value = kind == Kind::Add   ? x + y
                : kind == Kind::Sub ? x - y
                : kind == Kind::Mul ? Int((unsigned __int128)x * (unsigned __int128)y)
                : kind == Kind::Div ? x / y
                : kind == Kind::Max ? std::max(x, y)
                                    : std::min(x, y);
    return m.putWhole(dst, row, col, value);
  }
  double x = toReal(e, a), y = toReal(e, b);
  bool isNan = std::isnan(x) || std::isnan(y);
  switch (kind) {
  case Kind::Add:
    return m.putReal(dst, row, col, x + y);
  case Kind::Sub:
    return m.putReal(dst, row, col, x - y);
  case Kind::Mul:
    return m.putReal(dst, row, col, x * y);
  case Kind::Div:
    return m.putReal(dst, row, col, x / y);
  case Kind::Max: // modelled: NaN wins; the sign of a zero is open
    return m.putReal(dst, row, col, isNan ? NAN : std::max(x, y), 1e-9 * spacing(e, 0));
  case Kind::Min:
    return m.putReal(dst, row, col, isNan ? NAN : std::min(x, y), 1e-9 * spacing(e, 0));
  case Kind::ExpDif: { // two instructions: the difference is rounded
    double value = std::exp(rounded(e, x - y));
    return m.putReal(dst, row, col, value, spacing(e, value));
  }
  }
}

bool isEmpty(const Argument &a) { return a.shape.validRows == 0 || a.shape.validCols == 0; }

void expand(Model &m, bool rows) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  if (isEmpty(dst))
    return;
  if (isEmpty(src))
    return m.skip("no value to spread");
  forEachValid(dst, [&](int64_t row, int64_t col) {
    m.putBits(dst, row, col, m.bits(src, rows ? row : 0, rows ? 0 : col));
  });
}

/// The operand with the extents of the result is the whole one; the other has a value per row: one
/// column, or a row-major block of copies.
void expandBinary(Model &m, bool rows, Kind kind) {
  const Argument &s0 = m.at("src0"), &s1 = m.at("src1"), &dst = m.at("dst");
  if (isEmpty(dst))
    return;
  if (isEmpty(s0) || isEmpty(s1))
    return m.skip("no values");
  if (m.has("tmp") && m.arch == Arch::A3)
    m.lost(m.at("tmp"), 0, 32), m.anyTile(m.at("tmp"));
  auto isWhole = [&](const Argument &a) {
    return a.shape.validRows == dst.shape.validRows && a.shape.validCols == dst.shape.validCols &&
           a.shape.blayout == BLayout::RowMajor;
  };
  bool firstIsWhole = !rows || isWhole(s0);
  if (rows && !isWhole(s0) && !isWhole(s1))
    return m.skip("no whole operand");
  forEachValid(dst, [&](int64_t row, int64_t col) {
    auto at = [&](const Argument &a, bool isWholeOne) {
      if (isWholeOne)
        return m.bits(a, row, col);
      return m.bits(a, rows ? row : 0, rows ? 0 : col);
    };
    combine(m, dst, row, col, at(s0, firstIsWhole), at(s1, !firstIsWhole), kind);
  });
}

/// Where one source alone is valid it is copied.
void partial(Model &m, Kind kind) {
  const Argument &s0 = m.at("src0"), &s1 = m.at("src1"), &dst = m.at("dst");
  auto covers = [](const Argument &a, int64_t row, int64_t col) {
    return row < a.shape.validRows && col < a.shape.validCols;
  };
  forEachValid(dst, [&](int64_t row, int64_t col) {
    bool first = covers(s0, row, col), second = covers(s1, row, col);
    if (first && second)
      combine(m, dst, row, col, m.bits(s0, row, col), m.bits(s1, row, col), kind);
    else
      m.putBits(dst, row, col, m.bits(first ? s0 : s1, row, col));
  });
}

/// Of equal values that of src0.
void partialArg(Model &m, bool largest) {
  const Argument &s0 = m.at("src0"), &s1 = m.at("src1"), &dst = m.at("dst");
  const Argument &i0 = m.at("src0Idx"), &i1 = m.at("src1Idx"), &index = m.at("dstIdx");
  auto covers = [](const Argument &a, int64_t row, int64_t col) {
    return row < a.shape.validRows && col < a.shape.validCols;
  };
  forEachValid(dst, [&](int64_t row, int64_t col) {
    bool takeFirst = covers(s0, row, col);
    if (takeFirst && covers(s1, row, col)) {
      double x = m.real(s0, row, col), y = m.real(s1, row, col);
      if (std::isnan(x) || std::isnan(y)) {
        m.any(dst, row, col);
        return m.any(index, row, col);
      }
      takeFirst = largest ? x >= y : x <= y;
    }
    m.putBits(dst, row, col, m.bits(takeFirst ? s0 : s1, row, col));
    m.putBits(index, row, col, m.bits(takeFirst ? i0 : i1, row, col));
  });
}
} // namespace

std::vector<NamedReference> reference::expandReferences() {
  std::vector<NamedReference> out;
  const std::pair<const char *, Kind> kinds[] = {
      {"add", Kind::Add}, {"sub", Kind::Sub}, {"mul", Kind::Mul},      {"div", Kind::Div},
      {"max", Kind::Max}, {"min", Kind::Min}, {"expdif", Kind::ExpDif}};
  for (bool rows : {true, false}) {
    std::string stem = rows ? "trowexpand" : "tcolexpand";
    out.push_back({stem, [rows](Model &m) { expand(m, rows); }});
    for (auto [name, kind] : kinds)
      out.push_back({stem + name, [rows, kind = kind](Model &m) { expandBinary(m, rows, kind); }});
  }
  for (auto [name, kind] : llvm::ArrayRef(kinds))
    if (kind != Kind::Sub && kind != Kind::Div && kind != Kind::ExpDif)
      out.push_back({"tpart" + std::string(name), [kind = kind](Model &m) { partial(m, kind); }});
  out.push_back({"tpartargmax", [](Model &m) { partialArg(m, true); }});
  out.push_back({"tpartargmin", [](Model &m) { partialArg(m, false); }});
  return out;
}
