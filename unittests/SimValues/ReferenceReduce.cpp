//===- ReferenceReduce.cpp - Rows and columns to one value each -------------===//
//
// Sums and products of floats may be taken in any order, within a bound that every order keeps; of
// small whole numbers every order gives the same.
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include <cmath>

using namespace pto;
using namespace pto::reference;

namespace {
enum class Kind { Sum, Product, Max, Min, ArgMax, ArgMin };

/// The elements of one line.
struct Line {
  std::vector<double> reals;
  std::vector<Int> wholes;
};

void reduceReals(Model &m, const Argument &dst, int64_t row, int64_t col, const Line &line,
                 Kind kind) {
  Element e = dst.shape.element;
  double value = line.reals.front(), magnitude = std::fabs(value);
  bool hasNan = std::isnan(value);
  for (size_t i = 1; i < line.reals.size(); ++i) {
    double x = line.reals[i];
    hasNan |= std::isnan(x);
    magnitude += std::fabs(x);
    value = kind == Kind::Sum       ? value + x
            : kind == Kind::Product ? value * x
            : kind == Kind::Max     ? std::max(value, x)
                                    : std::min(value, x);
  }
  if (hasNan)
    value = NAN; // modelled: NaN wins
  bool isExact = m.c.data != Data::Mild || kind == Kind::Max || kind == Kind::Min;
  double slack =
      isExact ? 1e-9 * spacing(e, value)
              : double(line.reals.size()) * spacing(e, kind == Kind::Sum ? magnitude : value) / 2;
  m.putReal(dst, row, col, value, slack);
}

void reduceWholes(Model &m, const Argument &dst, int64_t row, int64_t col, const Line &line,
                  Kind kind) {
  Element e = dst.shape.element;
  Int value = line.wholes.front();
  for (size_t i = 1; i < line.wholes.size(); ++i) {
    Int x = line.wholes[i];
    value = kind == Kind::Sum       ? value + x
            : kind == Kind::Product ? toWhole(e, fromWhole(e, value * x))
            : kind == Kind::Max     ? std::max(value, x)
                                    : std::min(value, x);
  }
  m.putWhole(dst, row, col, value);
}

/// Modelled: the first of equal ones.
void findExtreme(Model &m, const Argument &dst, int64_t row, int64_t col, const Line &line,
                 Kind kind) {
  size_t best = 0;
  auto scan = [&](const auto &values) {
    for (size_t i = 1; i < values.size(); ++i)
      if (kind == Kind::ArgMax ? values[i] > values[best] : values[i] < values[best])
        best = i;
  };
  if (llvm::any_of(line.reals, [](double x) { return std::isnan(x); }))
    return m.any(dst, row, col);
  if (line.wholes.empty())
    scan(line.reals);
  else
    scan(line.wholes);
  m.putWhole(dst, row, col, Int(best));
}

/// Which of the scratch is lost: floats of one repeat leave it alone.
void scratchOf(Model &m, bool rows, Kind kind) {
  if (!m.has("tmp"))
    return;
  const Argument &src = m.at("src"), &tmp = m.at("tmp");
  Element e = src.shape.element;
  bool isArg = kind == Kind::ArgMax || kind == Kind::ArgMin;
  if (!rows && !isArg) { // TCOLSUM
    if (m.attribute("isBinary") == 1)
      m.anyTile(tmp);
    return;
  }
  if (m.arch == Arch::A5)
    return;
  bool isLong = src.shape.validCols * sizeOf(e) > 256;
  if (isArg)
    return m.anyTile(tmp);
  if (!isReal(e) || kind == Kind::Product || isLong) {
    m.anyTile(tmp);
    m.lost(tmp, 0, 32);
  }
}

void reduce(Model &m, bool rows, Kind kind) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  const TileShape &s = src.shape;
  if (dst.shape.validRows == 0 && dst.shape.validCols == 0)
    return;
  if (s.validRows == 0 || s.validCols == 0)
    return m.skip("nothing to reduce");
  scratchOf(m, rows, kind);
  for (int64_t i = 0, lines = rows ? s.validRows : s.validCols; i < lines; ++i) {
    Line line;
    for (int64_t j = 0, n = rows ? s.validCols : s.validRows; j < n; ++j) {
      int64_t row = rows ? i : j, col = rows ? j : i;
      if (isReal(s.element))
        line.reals.push_back(m.real(src, row, col));
      else
        line.wholes.push_back(m.whole(src, row, col));
    }
    int64_t row = rows ? i : 0, col = rows ? 0 : i;
    if (kind == Kind::ArgMax || kind == Kind::ArgMin)
      findExtreme(m, dst, row, col, line, kind);
    else if (isReal(s.element))
      reduceReals(m, dst, row, col, line, kind);
    else
      reduceWholes(m, dst, row, col, line, kind);
  }
}
} // namespace

std::vector<NamedReference> reference::reduceReferences() {
  std::vector<NamedReference> out;
  const std::pair<const char *, Kind> kinds[] = {
      {"sum", Kind::Sum}, {"prod", Kind::Product},  {"max", Kind::Max},
      {"min", Kind::Min}, {"argmax", Kind::ArgMax}, {"argmin", Kind::ArgMin}};
  for (bool rows : {true, false})
    for (auto [name, kind] : kinds)
      out.push_back({(rows ? "trow" : "tcol") + std::string(name),
                     [rows, kind = kind](Model &m) { reduce(m, rows, kind); }});
  return out;
}
