//===- Contents.cpp - Numbers in memory before a case runs ------------------===//

#include "Contents.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace pto;
using namespace pto::reference;

uint64_t reference::readBits(const std::vector<uint8_t> &memory, uint64_t at, unsigned size) {
  uint64_t bits = 0;
  if (at + size <= memory.size())
    std::memcpy(&bits, memory.data() + at, size);
  return bits;
}
void reference::writeBits(std::vector<uint8_t> &memory, uint64_t at, unsigned size, uint64_t bits) {
  if (at + size <= memory.size())
    std::memcpy(memory.data() + at, &bits, size);
}

Data reference::dataFor(const Case &c, uint64_t seed) {
  llvm::StringRef name = c.info->name;
  if (c.info->family == "matmul" || name.contains("sum") || name.contains("prod"))
    return seed % 2 ? Data::Mild : Data::Small;
  if (name == "pto.tsort32" || name == "pto.tmrgsort" || name == "pto.tquant.mx")
    return Data::Mild;
  return Data::Wild;
}

namespace {
double wildReal(std::mt19937_64 &random, Element element) {
  const double specials[] = {0.0,
                             -0.0,
                             INFINITY,
                             -INFINITY,
                             NAN,
                             1,
                             -1,
                             largestReal(element),
                             -largestReal(element),
                             spacing(element, 0),
                             -3 * spacing(element, 0),
                             0.5,
                             -2.5,
                             3.5};
  switch (random() % 4) {
  case 0:
    return specials[random() % std::size(specials)];
  case 1:
    return (int64_t(random() % 33) - 16) / 2.0;
  case 2:
    return std::ldexp(double(int64_t(random() % 4096) - 2048), int(random() % 24) - 16);
  default:
    return toReal(element, random());
  }
}

Int wildWhole(std::mt19937_64 &random, Element element) {
  Int least = leastWhole(element), most = mostWhole(element);
  const Int specials[] = {0, 1, least, most, least + 1, most - 1, least < 0 ? Int(-1) : most / 2};
  switch (random() % 4) {
  case 0:
    return specials[random() % std::size(specials)];
  case 1:
    return least < 0 ? Int(int64_t(random() % 19)) - 9 : Int(random() % 10);
  default:
    return toWhole(element, random());
  }
}

uint64_t sample(Case &c, Element element) {
  std::mt19937_64 &random = c.random;
  int64_t small = int64_t(random() % 9) - 4;
  if (c.info->name.contains("prod")) // products stay small
    small = random() % 16 ? 1 - 2 * int64_t(random() % 2) : 2;
  if (!isReal(element))
    return fromWhole(element, c.data == Data::Small ? Int(small) : wildWhole(random, element));
  switch (c.data) {
  case Data::Wild:
    return fromReal(element, wildReal(random, element));
  case Data::Small:
    return fromReal(element, double(small));
  case Data::Mild:
    return fromReal(element, (double(random() % 100001) - 50000) / 40000 +
                                 (c.info->name.contains("prod") ? 1 : 0));
  }
  return 0;
}

/// Random numbers over the valid region.
void fillTile(Case &c, const Argument &a, llvm::function_ref<uint64_t(int64_t, int64_t)> bits) {
  for (int64_t row = 0; row < a.shape.validRows; ++row)
    for (int64_t col = 0; col < a.shape.validCols; ++col)
      writeBits(c.memory[unsigned(a.shape.space)], placeOf(a, row, col), sizeOf(a.shape.element),
                bits(row, col));
}
void fillView(Case &c, const Argument &a) {
  int64_t rows = rowsOfView(a), cols = colsOfView(a);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col)
      writeBits(c.memory[unsigned(Space::GM)], placeOfView(a, row, col), sizeOf(a.element),
                sample(c, a.element));
}

/// Offsets, indices and counts that mean something. False: any number will do.
bool fillIndices(Case &c, const Argument &a) {
  llvm::StringRef op = c.info->name, name = a.name;
  Element element = a.shape.element;
  auto below = [&](uint64_t n) { return n ? c.random() % n : 0; };
  auto fill = [&](auto value) {
    fillTile(c, a, [&](int64_t row, int64_t col) { return fromWhole(element, value(row, col)); });
    return true;
  };
  auto elementsOf = [&](llvm::StringRef operand) {
    const TileShape &t = c.find(operand)->shape;
    return uint64_t(std::min<Int>(t.rows * t.cols, mostWhole(element)));
  };
  if (op == "pto.tgather" && name == "indices")
    return fill([&](int64_t, int64_t) { return Int(below(elementsOf("src"))); });
  if (op == "pto.tgather" && name == "thresholds")
    return fill([&](int64_t, int64_t) { return Int(below(7)) - 3; });
  if (op == "pto.tgatherb" && name == "offsets") {
    const TileShape &t = c.find("src")->shape;
    uint64_t blocks = uint64_t(t.rows * t.cols) * sizeOf(t.element) / 32;
    return fill([&](int64_t, int64_t) { return Int(below(blocks) * 32); });
  }
  if (op == "pto.tscatter" && name == "indexes")
    return fill([&](int64_t, int64_t) { return Int(below(elementsOf("dst"))); });
  if (op == "pto.tconcatidx" && name.ends_with("Idx")) {
    const TileShape &t = c.find(name.drop_back(3))->shape;
    Int size = sizeOf(element), most = std::min<Int>(t.validCols, mostWhole(element) / size);
    return fill([&](int64_t, int64_t) { return Int(below(uint64_t(most) + 1)) * size; });
  }
  if ((op == "pto.tshl" || op == "pto.tshr") && name == "src1")
    return fill([&](int64_t, int64_t) { return Int(below(8 * sizeOf(element))); });
  return false;
}

/// Exponents for which more than zero, one and infinity come out.
bool fillPowers(Case &c, const Argument &a) {
  Element element = a.shape.element;
  fillTile(c, a, [&](int64_t, int64_t) {
    if (c.random() % 8 == 0)
      return sample(c, element);
    int64_t small = int64_t(c.random() % 15) - 7;
    return isReal(element) ? fromReal(element, double(small) / (a.name == "base" ? 2 : 1))
                           : fromWhole(element, small);
  });
  return true;
}

/// Records (value, index) in descending order, of values that no other list has.
void fillSortedList(Case &c, const Argument &a, int64_t number) {
  Element element = a.shape.element;
  unsigned size = sizeOf(element);
  int64_t records = a.shape.validCols * size / 8;
  int64_t run = records;
  if (const Argument *length = c.find("blockLen"))
    run = int64_t(length->whole) * size / 8;
  auto &memory = c.memory[unsigned(a.shape.space)];
  for (int64_t i = 0; i < records; ++i) {
    // Runs interleave: the rank of a record counts records of all runs and lists.
    int64_t lists = 4, within = run ? i % run : 0, which = run ? (i / run + number) % lists : 0;
    double value = double(1000 - within * lists - which) * (element == Element::F16 ? 1 : 0.25);
    if (within % 5 == 3)
      value -= lists / 4.0 * (element == Element::F16 ? 0 : 0.1); // not evenly
    uint64_t at = a.address + uint64_t(i) * 8;
    writeBits(memory, at, 4, fromReal(element, value));
    writeBits(memory, at + 4, 4, uint64_t(number * 100000 + i));
  }
}

void fillOperand(Case &c, Argument &a, int64_t number) {
  llvm::StringRef op = c.info->name, name = a.name;
  if (a.kind == Argument::View)
    return fillView(c, a);
  const TileShape &t = a.shape;
  if (op == "pto.tmrgsort" && name.starts_with("src"))
    return fillSortedList(c, a, number);
  if (op == "pto.tsort32" && name == "src") { // no two equal in a row
    std::vector<int> order(size_t(t.validCols));
    for (int64_t row = 0; row < t.validRows; ++row) {
      for (int64_t i = 0; i < t.validCols; ++i)
        order[i] = int(i) - 100;
      std::shuffle(order.begin(), order.end(), c.random);
      for (int64_t col = 0; col < t.validCols; ++col)
        writeBits(c.memory[unsigned(t.space)], placeOf(a, row, col), sizeOf(t.element),
                  fromReal(t.element, order[col] / 2.0));
    }
    return;
  }
  if (op.starts_with("pto.tpow") && fillPowers(c, a))
    return;
  if (fillIndices(c, a))
    return;
  // Factors, and what is compared or counted by a few values.
  bool isFactor = t.space == Space::Scaling || op == "pto.tquant" || name == "scale" ||
                  name == "offset" ||
                  (name == "fp" && (t.element == Element::U64 || t.element == Element::I64));
  bool isRare =
      (op == "pto.tgather" && name == "src" && c.find("thresholds")) || op == "pto.thistogram";
  fillTile(c, a, [&](int64_t, int64_t) -> uint64_t {
    if (t.element == Element::F8E8M0) // 1/8 to 8
      return 124 + c.random() % 7;
    if (isFactor && sizeOf(t.element) == 8)
      return fromReal(Element::F32, double(int64_t(c.random() % 17) - 8) / 4);
    if (isFactor)
      return fromReal(t.element, double(int64_t(c.random() % 801) - 400) / 7);
    if (isRare && c.random() % 4)
      return isReal(t.element)
                 ? fromReal(t.element, double(int64_t(c.random() % 13) - 6) / 2)
                 : fromWhole(t.element, Int(c.random() % 3) - (op == "pto.thistogram" ? 0 : 1));
    return sample(c, t.element);
  });
}

void fillScalar(Case &c, Argument &a) {
  llvm::StringRef op = c.info->name;
  if (isReal(a.element)) {
    a.real = toReal(a.element, c.random() % 4
                                   ? fromReal(a.element, double(int64_t(c.random() % 33) - 16) / 4)
                                   : sample(c, a.element));
    return;
  }
  a.whole = toWhole(a.element, sample(c, a.element));
  if (op.starts_with("pto.tsh"))
    a.whole = Int(c.random() % 8);
  if (op.starts_with("pto.tpow"))
    a.whole = Int(c.random() % 9) - (leastWhole(a.element) < 0 ? 3 : 0);
  if (op == "pto.ttri")
    a.whole = Int(c.random() % 15) - 7;
  if (a.name == "preQuantScalar")
    a.whole = Int(fromReal(Element::F32, double(int64_t(c.random() % 17) - 8) / 4));
}
} // namespace

void reference::fillContents(Case &c) {
  int64_t number = 0;
  for (auto [a, value] : llvm::zip(c.arguments, c.draft.operands)) {
    if (a.kind == Argument::Scalar && value && !value->constant)
      fillScalar(c, a);
    if ((a.isTile() || a.kind == Argument::View) && value && !value->same)
      fillOperand(c, a, number++);
  }
}

void reference::fillTableIndices(Case &c, int64_t tableRows, bool beyond) {
  const Argument *idx = c.find("idx") ? c.find("idx") : c.find("gmIdx");
  if (!idx)
    return;
  auto &memory = c.memory[unsigned(idx->isTile() ? idx->shape.space : Space::GM)];
  int64_t rows = idx->isTile() ? idx->shape.validRows : rowsOfView(*idx);
  int64_t cols = idx->isTile() ? idx->shape.validCols : colsOfView(*idx);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col) {
      uint64_t at = idx->isTile() ? placeOf(*idx, row, col) : placeOfView(*idx, row, col);
      bool out = beyond && c.random() % 3 == 0;
      uint64_t value = c.random() % uint64_t(tableRows);
      writeBits(memory, at, 4, out ? (c.random() % 2 ? tableRows + value : uint64_t(-1)) : value);
    }
}
