//===- ReferenceGather.cpp - Gathers and scatters, in UB and in tables -------===//

#include "Model.h"
#include <cmath>

using namespace pto;
using namespace pto::reference;

namespace {
/// Element number `flat` of a plain tile, through its physical rows.
uint64_t flatAddress(const Argument &a, Int flat) {
  return a.address + uint64_t(flat) * sizeOf(a.shape.element);
}

//===----------------------------------------------------------------------===//
// TGATHER
//===----------------------------------------------------------------------===//

void gatherByIndex(Model &m, const Argument &src, const Argument &dst) {
  const Argument &indices = m.at("indices");
  if (m.arch == Arch::A3 && m.has("tmp"))
    m.anyTile(m.at("tmp"));
  forEachValid(dst, [&](int64_t row, int64_t col) {
    m.putBits(dst, row, col,
              m.bitsAt(Space::Vec, flatAddress(src, m.whole(indices, row, col)),
                       sizeOf(src.shape.element)));
  });
}

struct Pattern {
  int64_t step, first;
  bool isKept(int64_t i) const { return i % step == first; }
};
Pattern patternOf(Model &m) { // numbers of library 1.5: P0101, P1010, P0001 ... P1000, P1111
  static constexpr Pattern all[] = {{1, 0}, {2, 0}, {2, 1}, {4, 0}, {4, 1}, {4, 2}, {4, 3}, {1, 0}};
  return all[m.attribute("maskPattern")];
}

void gatherByPattern(Model &m, const Argument &src, const Argument &dst) {
  Pattern pattern = patternOf(m);
  unsigned size = sizeOf(dst.shape.element);
  if (m.attribute("axis") == 1) {
    int64_t to = 0;
    for (int64_t row = 0; row < src.shape.validRows; ++row)
      if (pattern.isKept(row)) {
        for (int64_t col = 0; col < src.shape.validCols; ++col)
          m.putBits(dst, to, col, m.bits(src, row, col));
        ++to;
      }
    return;
  }
  Int to = 0;
  forEachValid(src, [&](int64_t row, int64_t col) {
    if (pattern.isKept(col))
      m.putBitsAt(Space::Vec, flatAddress(dst, to++), size, m.bits(src, row, col));
  });
}

void gatherByComparison(Model &m, const Argument &src, const Argument &dst) {
  const Argument &limits = m.at("thresholds"), &counts = m.at("cdst");
  Element e = src.shape.element;
  unsigned size = sizeOf(e);
  bool onA3 = m.arch == Arch::A3, greater = m.attribute("cmpMode") == 4;
  int64_t cols = src.shape.validCols, repeat = 256 / size;
  if (onA3) { // the table and the thresholds lie behind the scratch tile
    const Argument &tmp = m.at("tmp");
    m.anyTile(tmp);
    uint64_t bytes = uint64_t(tmp.shape.rows * tmp.shape.cols) * sizeOf(tmp.shape.element);
    uint64_t table = uint64_t(src.shape.rows * src.shape.cols) * 4;
    m.anyBytes(Space::Vec, tmp.address + bytes,
               table +
                   uint64_t(limits.shape.rows * limits.shape.cols) * sizeOf(limits.shape.element));
    m.lost(tmp, bytes, table);
  }
  if (src.shape.validRows == 0 || cols == 0)
    return;
  int64_t stride = onA3 ? src.shape.cols : (cols + repeat - 1) / repeat * repeat;
  for (int64_t row = 0; row < src.shape.validRows; ++row) {
    double limit = double(m.whole(limits, row, 0));
    if (isReal(e) && (onA3 || e != Element::F32))
      limit = rounded(e, limit);
    Int found = 0;
    for (int64_t col = 0; col < cols; ++col) {
      double value = isReal(e) ? m.real(src, row, col) : double(m.whole(src, row, col));
      if (!onA3 && e == Element::F32)
        value = roundWhole(value, Round::Rint);
      if (greater ? value > limit : value == limit)
        m.putBitsAt(Space::Vec, flatAddress(dst, row * dst.shape.cols + found++), 4,
                    uint32_t(m.attribute("offset") + row * stride + col));
    }
    if (found > dst.shape.cols)
      return m.skip("more found than the result holds");
    m.putBitsAt(Space::Vec, flatAddress(counts, row), 4, uint64_t(found));
  }
}

void gather(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  if (m.has("cdst"))
    gatherByComparison(m, src, dst);
  else if (m.has("indices"))
    gatherByIndex(m, src, dst);
  else
    gatherByPattern(m, src, dst);
}

void gatherBlocks(Model &m) {
  const Argument &src = m.at("src"), &offsets = m.at("offsets"), &dst = m.at("dst");
  unsigned size = sizeOf(dst.shape.element);
  int64_t perBlock = 32 / size;
  if (offsets.shape.validRows < dst.shape.validRows ||
      offsets.shape.validCols * perBlock < dst.shape.validCols)
    return m.skip("too few offsets");
  forEachValid(dst, [&](int64_t row, int64_t col) {
    auto offset = uint64_t(m.bits(offsets, row, col / perBlock));
    m.putBits(dst, row, col,
              m.bitsAt(Space::Vec, src.address + offset + uint64_t(col % perBlock) * size, size));
  });
}

/// All of the result is zero first; of equal indices the last wins.
void scatter(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  unsigned size = sizeOf(dst.shape.element);
  Pattern pattern = m.has("indexes") ? Pattern{1, 0} : patternOf(m);
  bool byRows = m.attribute("axis") == 1;
  if (!m.has("indexes")) {
    int64_t rows = src.shape.validRows * (byRows ? pattern.step : 1);
    int64_t cols = src.shape.validCols * (byRows ? 1 : pattern.step);
    if (dst.shape.validRows != rows || dst.shape.validCols != cols)
      return m.skip("extents differ");
  }
  for (Int flat = 0; flat < dst.shape.rows * dst.shape.cols; ++flat)
    m.putBitsAt(Space::Vec, flatAddress(dst, flat), size, 0);
  forEachValid(src, [&](int64_t row, int64_t col) {
    uint64_t bits = m.bits(src, row, col);
    if (m.has("indexes"))
      return m.putBitsAt(Space::Vec, flatAddress(dst, m.whole(m.at("indexes"), row, col)), size,
                         bits);
    int64_t toRow = byRows ? row * pattern.step + pattern.first : row;
    int64_t toCol = byRows ? col : col * pattern.step + pattern.first;
    m.putBits(dst, toRow, toCol, bits);
  });
}

//===----------------------------------------------------------------------===//
// Tables in GM (library 3.13)
//===----------------------------------------------------------------------===//

struct Entry {
  enum Kind { Inside, Zero, Skip, Open } kind;
  int64_t at;
};

/// Which entry an index names. `mode`: 0 undefined, then by the meaning of the operation.
Entry entryOf(Int index, int64_t capacity, bool isScatter, int64_t mode) {
  auto value = int64_t(uint32_t(index)); // words: a negative one lies far beyond
  if (value < capacity)
    return {Entry::Inside, value};
  enum { Undefined, Clamp, Wrap, Zero, Skip } what = Undefined;
  if (isScatter)
    what = mode == 1 ? Skip : mode == 2 ? Clamp : mode == 3 ? Wrap : Undefined;
  else
    what = mode == 1 ? Clamp : mode == 2 ? Wrap : mode == 3 ? Zero : Undefined;
  switch (what) {
  case Clamp:
    return {Entry::Inside, capacity - 1};
  case Wrap:
    return {Entry::Inside, value % capacity};
  case Zero:
    return {Entry::Zero, 0};
  case Skip:
    return {Entry::Skip, 0};
  default:
    return {Entry::Open, 0};
  }
}

struct Table {
  const Argument &view;
  bool byRows;
  int64_t cols = colsOfView(view), rows = rowsOfView(view);
  int64_t capacity() const { return byRows ? rows : rows * cols; }
  std::pair<int64_t, int64_t> place(int64_t entry, int64_t col) const {
    return byRows ? std::pair(entry, col) : std::pair(entry / cols, entry % cols);
  }
};

/// The number of the index of element (row, col): one per row, or one per element.
Int indexOf(Model &m, const Argument &idx, bool byRows, int64_t row, int64_t col) {
  if (!byRows)
    return m.whole(idx, row, col);
  // A row of indices, or a column.
  bool isRow = idx.isTile() ? idx.shape.validRows == 1 : rowsOfView(idx) == 1;
  return isRow ? m.whole(idx, 0, row) : m.whole(idx, row, 0);
}

void tableGather(Model &m) {
  const Argument &dst = m.at("dst");
  Table table{m.at("src"), m.attribute("coalesce") == 0};
  const Argument &idx = m.has("idx") ? m.at("idx") : m.at("gmIdx");
  if (dst.shape.validRows == 0 || dst.shape.validCols == 0)
    return;
  if (table.byRows && table.cols != dst.shape.validCols)
    return m.skip("rows of another length");
  if (m.has("scratch")) {
    const Argument &scratch = m.at("scratch");
    for (int64_t row = 0; row < rowsOfView(scratch); ++row)
      for (int64_t col = 0; col < colsOfView(scratch); ++col)
        m.any(scratch, row, col);
  }
  forEachValid(dst, [&](int64_t row, int64_t col) {
    Entry entry = entryOf(indexOf(m, idx, table.byRows, row, col), table.capacity(), false,
                          m.attribute("gatherOob"));
    if (entry.kind == Entry::Open)
      return m.skip("an index beyond the table");
    if (entry.kind == Entry::Zero)
      return m.putBits(dst, row, col, 0);
    auto [r, c] = table.place(entry.at, col);
    m.putBits(dst, row, col, m.bits(table.view, r, c));
  });
}

void tableScatter(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst"), &idx = m.at("idx");
  Table table{dst, m.attribute("coalesce") == 0};
  if (src.shape.validRows == 0 || src.shape.validCols == 0)
    return;
  if (table.byRows && table.cols != src.shape.validCols)
    return m.skip("rows of another length");
  int64_t atomic = m.attribute("scatterAtomicOp");
  Element e = dst.element;
  // Sums of several entries: in the order of the elements.
  std::map<std::pair<int64_t, int64_t>, double> reals;
  std::map<std::pair<int64_t, int64_t>, Int> wholes;
  std::map<std::pair<int64_t, int64_t>, int> hits;
  forEachValid(src, [&](int64_t row, int64_t col) {
    Entry entry = entryOf(indexOf(m, idx, table.byRows, row, col), table.capacity(), true,
                          m.attribute("scatterOob"));
    if (entry.kind == Entry::Open)
      return m.skip("an index beyond the table");
    if (entry.kind == Entry::Skip)
      return;
    auto place = table.place(entry.at, col);
    bool isOpen = atomic == 0 && ++hits[place] > 1 && m.attribute("scatterConflict") == 1;
    if (isOpen)
      return m.any(dst, place.first, place.second);
    uint64_t bits = m.bits(src, row, col);
    if (atomic == 0)
      return m.putBits(dst, place.first, place.second, bits);
    if (isReal(e)) {
      double old = reals.try_emplace(place, m.real(dst, place.first, place.second)).first->second;
      double value = toReal(e, bits);
      bool isNan = std::isnan(old) || std::isnan(value);
      double now = atomic == 1   ? rounded(e, old + value)
                   : isNan       ? NAN
                   : atomic == 2 ? std::max(old, value)
                                 : std::min(old, value);
      reals[place] = now;
      if (isNan || std::isinf(now) || (atomic == 1 && ++hits[place] > 1))
        return m.any(dst, place.first, place.second); // the order of additions is not defined
      return m.putReal(dst, place.first, place.second, now, 1e-9 * spacing(e, 0));
    }
    Int old = wholes.try_emplace(place, m.whole(dst, place.first, place.second)).first->second;
    Int value = toWhole(e, bits);
    wholes[place] = atomic == 1   ? toWhole(e, fromWhole(e, old + value))
                    : atomic == 2 ? std::max(old, value)
                                  : std::min(old, value);
    m.putWhole(dst, place.first, place.second, wholes[place]);
  });
}
} // namespace

std::vector<NamedReference> reference::gatherReferences() {
  return {{"tgather", gather},
          {"tgatherb", gatherBlocks},
          {"tscatter", scatter},
          {"mgather", tableGather},
          {"mscatter", tableScatter}};
}
