//===- ReferenceSort.cpp - Sorts, merges, generated tiles --------------------===//

#include "Model.h"
#include <algorithm>

using namespace pto;
using namespace pto::reference;

namespace {
//===----------------------------------------------------------------------===//
// Records of 8 bytes: a value in front, its index in the last four
//===----------------------------------------------------------------------===//

struct Record {
  double value;
  uint64_t bits, index;
};

void putRecord(Model &m, uint64_t at, Element e, const Record &record) {
  m.putBitsAt(Space::Vec, at, sizeOf(e), record.bits);
  if (sizeOf(e) == 2)
    m.anyBytes(Space::Vec, at + 2, 2);
  m.putBitsAt(Space::Vec, at + 4, 4, record.index);
}

/// The numbers of a case are distinct, so that the order is.
void sort32(Model &m) {
  const Argument &src = m.at("src"), &idx = m.at("idx"), &dst = m.at("dst");
  Element e = src.shape.element;
  unsigned size = sizeOf(e);
  int64_t cols = src.shape.validCols;
  if (src.shape.validRows == 0 || cols == 0)
    return;
  if (cols % 32 && !m.has("tmp"))
    return m.skip("a tail without scratch");
  if (idx.shape.validCols < cols)
    return m.skip("too few indices");
  if (m.has("tmp") && cols % 32) {
    m.anyTile(m.at("tmp"));
    m.lost(m.at("tmp"), 0, 32);
  }
  for (int64_t row = 0; row < src.shape.validRows; ++row) {
    uint64_t line = dst.address + uint64_t(row * dst.shape.cols) * size;
    for (int64_t group = 0; group < cols; group += 32) {
      std::vector<Record> records;
      for (int64_t col = group; col < std::min(group + 32, cols); ++col)
        records.push_back({m.real(src, row, col), m.bits(src, row, col),
                           m.bits(idx, idx.shape.validRows == 1 ? 0 : row, col)});
      llvm::sort(records, [](const Record &a, const Record &b) { return a.value > b.value; });
      for (int64_t i = 0; i < 32; ++i) {
        uint64_t at = line + uint64_t(group + i) * 8;
        if (i < int64_t(records.size())) {
          putRecord(m, at, e, records[i]);
        } else { // -NaN behind a short last group
          m.anyBytes(Space::Vec, at, 8);
          m.putBitsAt(Space::Vec, at + size - 1, 1, 0xff);
        }
      }
    }
  }
}

std::vector<Record> listOf(Model &m, const Argument &a) {
  Element e = a.shape.element;
  std::vector<Record> out;
  for (int64_t i = 0; i < a.shape.validCols * int64_t(sizeOf(e)) / 8; ++i) {
    uint64_t at = a.address + uint64_t(i) * 8;
    uint64_t bits = m.bitsAt(Space::Vec, at, sizeOf(e));
    out.push_back({toReal(e, bits), bits, m.bitsAt(Space::Vec, at + 4, 4)});
  }
  return out;
}

/// Inputs are sorted, and no two values are equal, so that a merge is a sort.
void mergeSort(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  Element e = src.shape.element;
  auto greater = [](const Record &a, const Record &b) { return a.value > b.value; };
  std::vector<Record> all = listOf(m, src);
  if (m.has("blockLen")) {
    size_t group = 4 * size_t(m.at("blockLen").whole) * sizeOf(e) / 8;
    if (group == 0 || all.size() % group || all.empty())
      return m.skip("no whole groups");
    for (size_t at = 0; at < all.size(); at += group)
      std::sort(all.begin() + at, all.begin() + at + group, greater);
    for (auto [i, record] : llvm::enumerate(all))
      putRecord(m, dst.address + i * 8, e, record);
    return;
  }
  std::vector<size_t> ends{all.size()};
  std::vector<std::vector<Record>> lists{all};
  for (const char *name : {"src1", "src2", "src3"})
    if (m.has(name))
      lists.push_back(listOf(m, m.at(name)));
  all.clear();
  for (auto &list : lists)
    all.insert(all.end(), list.begin(), list.end());
  uint64_t bytes = all.size() * 8;
  std::sort(all.begin(), all.end(), greater);
  if (m.attribute("exhausted") == 1) {
    // Up to the last record of the list that ends first.
    size_t stop = all.size();
    for (auto &list : lists) {
      if (list.empty())
        stop = 0;
      for (size_t i = 0; i < stop; ++i)
        if (!list.empty() && all[i].index == list.back().index)
          stop = i + 1;
    }
    all.resize(stop);
  }
  const Argument &tmp = m.at("tmp");
  m.anyTile(tmp);
  m.lost(tmp, 0, std::min<uint64_t>(bytes, 32));
  uint64_t room = uint64_t(dst.shape.validCols) * sizeOf(e);
  m.anyBytes(Space::Vec, dst.address, room); // behind the last record: what tmp held
  for (size_t i = 0; i < all.size() && (i + 1) * 8 <= room; ++i)
    putRecord(m, dst.address + i * 8, e, all[i]);
}

//===----------------------------------------------------------------------===//
// Generated tiles (library 3.12)
//===----------------------------------------------------------------------===//

void count(Model &m) {
  const Argument &dst = m.at("dst");
  Int start = m.at("S").whole;
  bool down = m.attribute("descending") == 1;
  bool scratch = m.has("tmp") && m.arch == Arch::A3;
  if (scratch) {
    const Argument &tmp = m.at("tmp");
    uint64_t bytes = sizeOf(dst.shape.element) == 2 ? 1792 : 768;
    m.anyBytes(tmp.shape.space, tmp.address, bytes);
    if (down)
      start = -start; // -(S + k): right for S = 0 alone
  }
  forEachValid(dst, [&](int64_t row, int64_t col) {
    m.putWhole(dst, row, col, down ? start - col : start + col);
  });
}

void triangle(Model &m) {
  const Argument &dst = m.at("dst");
  auto diagonal = int64_t(m.at("diagonal").whole);
  bool upper = m.attribute("upperOrLower") == 1;
  forEachValid(dst, [&](int64_t row, int64_t col) {
    bool one = upper ? !(col < row + diagonal) : col <= row + diagonal;
    if (isReal(dst.shape.element))
      m.putReal(dst, row, col, one);
    else
      m.putWhole(dst, row, col, one);
  });
}

/// Philox 4x32 as its paper gives it (Salmon et al. 2011). Modelled: the pages name key, counter
/// and rounds only.
void randomWords(Model &m) {
  const Argument &dst = m.at("dst");
  auto word = [&](const char *name) { return uint32_t(m.at(name).whole); };
  int64_t n = 0;
  forEachValid(dst, [&](int64_t row, int64_t col) {
    unsigned __int128 counter = 0;
    for (const char *name : {"counter3", "counter2", "counter1", "counter0"})
      counter = counter << 32 | word(name);
    counter += uint64_t(n / 4);
    uint32_t x[4], k0 = word("key0"), k1 = word("key1");
    for (int i = 0; i < 4; ++i)
      x[i] = uint32_t(counter >> (32 * i));
    for (int64_t round = 0; round < m.attribute("rounds"); ++round) {
      uint64_t p0 = uint64_t(x[0]) * 0xD2511F53u, p1 = uint64_t(x[2]) * 0xCD9E8D57u;
      uint32_t next[] = {uint32_t(p1 >> 32) ^ x[1] ^ k0, uint32_t(p1),
                         uint32_t(p0 >> 32) ^ x[3] ^ k1, uint32_t(p0)};
      std::copy(next, next + 4, x);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    m.putBits(dst, row, col, x[n++ % 4]);
  });
}

void histogram(Model &m) {
  const Argument &src = m.at("src"), &idx = m.at("idx"), &dst = m.at("dst");
  unsigned size = sizeOf(src.shape.element);
  int64_t byte = m.attribute("byte");
  if (byte >= size || (size == 4 && byte != 3))
    return m.skip("which index belongs to which element is not said");
  if (src.shape.validRows == 0 || src.shape.validCols == 0)
    return;
  for (int64_t row = 0; row < src.shape.validRows; ++row) {
    std::vector<Int> counts(256);
    for (int64_t col = 0; col < src.shape.validCols; ++col) {
      uint64_t value = m.bits(src, row, col);
      bool counted = byte + 1 == size || value >> 8 == m.bits(idx, row, 0);
      counts[value >> (8 * byte) & 0xff] += counted;
    }
    for (int64_t bin = 0; bin < 256; ++bin)
      m.putWhole(dst, row, bin, counts[bin]);
  }
}
} // namespace

std::vector<NamedReference> reference::sortReferences() {
  return {{"tsort32", sort32}, {"tmrgsort", mergeSort}};
}
std::vector<NamedReference> reference::generateReferences() {
  return {{"tci", count}, {"ttri", triangle}, {"trandom", randomWords}, {"thistogram", histogram}};
}
