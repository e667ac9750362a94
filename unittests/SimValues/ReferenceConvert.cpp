//===- ReferenceConvert.cpp - TCVT, TQUANT, TDEQUANT -------------------------===//
//
// The tables of library 3.6 and 3.9, pair by pair.
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include <cmath>
#include <optional>

using namespace pto;
using namespace pto::reference;
using E = Element;

namespace {
bool isPair(E from, E to, std::initializer_list<std::pair<E, E>> pairs) {
  for (auto [a, b] : pairs)
    if (a == from && b == to)
      return true;
  return false;
}

Round modeOf(Arch arch, E from, E to, int64_t attribute) {
  Round mode = attribute == 7 ? Round::Rint : Round(attribute);
  bool toWhole = isReal(from) && !isReal(to);
  Round natural = toWhole ? Round::Trunc : Round::Rint;
  if (to == E::F8E4M3 || to == E::F8E5M2)
    return Round::Rint;
  if (arch == Arch::A3 && from == E::I32 && to == E::F16)
    return Round::Rint;
  if (mode == Round::None || (mode == Round::Odd && !isPair(from, to, {{E::F32, E::F16}})))
    return natural;
  return mode;
}

struct Saturation {
  bool saturates;
  bool isOpen = false; ///< what becomes of values that do not fit is not said
  bool throughI32 = false, throughI16 = false;
};
Saturation saturationOf(const Model &m, E from, E to) {
  bool on = m.attribute("satmode") == 0, hasTmp = m.has("tmp");
  bool widened = isPair(from, to, {{E::F32, E::I16}, {E::F16, E::I16}, {E::F16, E::I8}});
  if (m.arch == Arch::A3) {
    bool heeded = hasTmp || widened ||
                  isPair(from, to, {{E::F16, E::U8}, {E::I64, E::I32}, {E::I32, E::I16}});
    if (on || !heeded)
      return {true};
    return {false, false, hasTmp && widened};
  }
  if (on || to == E::F8E4M3 || to == E::F8E5M2)
    return {true};
  if (widened)
    return {false, false, to == E::I16, to == E::I8};
  // Low bits of narrowed integers; nothing is said of the rest but f32 to f16 and bf16.
  bool isSaid = (!isReal(from) && !isReal(to)) || (isReal(to) && isReal(from));
  return {false, !isSaid};
}

Int clamped(Int value, E to) { return std::clamp(value, leastWhole(to), mostWhole(to)); }

void convertToWhole(Model &m, const Argument &dst, int64_t row, int64_t col, double value,
                    Saturation s) {
  E to = dst.shape.element;
  if (std::isnan(value))
    return m.any(dst, row, col);
  bool isHuge = std::fabs(value) >= 0x1p100;
  Int whole = isHuge ? Int(0) : Int(value);
  auto beyond = [&](E type) {
    return isHuge || whole < leastWhole(type) || whole > mostWhole(type);
  };
  auto into = [&](E type) {
    return !isHuge ? clamped(whole, type) : value < 0 ? leastWhole(type) : mostWhole(type);
  };
  if (s.saturates)
    return m.putWhole(dst, row, col, into(to));
  if (s.throughI32 && m.arch == Arch::A3)
    return m.putWhole(dst, row, col, into(E::I32));
  // Of what the wider type does not hold there are no low bits.
  E wider = s.throughI16 ? E::I16 : E::I32;
  if (beyond(sizeOf(to) < 4 ? wider : to) || (beyond(to) && s.isOpen))
    return m.any(dst, row, col);
  m.putWhole(dst, row, col, whole);
}

void convert(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  E from = src.shape.element, to = dst.shape.element;
  Round mode = modeOf(m.arch, from, to, m.attribute("rmode"));
  Saturation s = saturationOf(m, from, to);
  if (m.has("tmp") && m.arch == Arch::A3 && s.throughI32 && dst.shape.validRows &&
      dst.shape.validCols) {
    m.anyTile(m.at("tmp"));
    m.lost(m.at("tmp"), 0, 32);
  }
  forEachValid(dst, [&](int64_t row, int64_t col) {
    if (!isReal(from) && !isReal(to)) {
      Int value = m.whole(src, row, col);
      return m.putWhole(dst, row, col, s.saturates ? clamped(value, to) : value);
    }
    if (!isReal(to))
      return convertToWhole(m, dst, row, col, roundWhole(m.real(src, row, col), mode), s);
    if (isReal(from) && from == to) { // to a whole number, whose zero may have either sign
      double value = roundWhole(m.real(src, row, col), mode);
      return m.putReal(dst, row, col, value, 1e-9 * spacing(to, 0));
    }
    if (!isReal(from)) {
      Int whole = m.whole(src, row, col);
      // 64 bits into 53: an odd last bit stands for what is lost, far below any result's.
      Int magnitude = whole < 0 ? -whole : whole;
      int shift = 0;
      bool sticky = false;
      for (; magnitude >> 53; ++shift) {
        sticky |= bool(magnitude & 1);
        magnitude >>= 1;
      }
      double value = std::ldexp(double(uint64_t(magnitude | Int(sticky))), shift);
      return m.putBits(dst, row, col, fromReal(to, whole < 0 ? -value : value, mode, s.saturates));
    }
    double value = m.real(src, row, col);
    if (std::isnan(value))
      return m.putReal(dst, row, col, value);
    if (std::isinf(value) &&
        s.saturates) // narrowed: the largest, or infinite; the pages do not say
      return largestReal(to) < largestReal(from) ? m.any(dst, row, col)
                                                 : m.putReal(dst, row, col, value);
    m.putBits(dst, row, col, fromReal(to, value, mode, s.saturates));
  });
}

/// Every step in f32. a3 computes in the source and keeps integers in tmp.
void quantize(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst"), &scale = m.at("fp");
  const Argument *offset = m.has("offset") ? &m.at("offset") : nullptr;
  E to = dst.shape.element;
  bool isEmpty = dst.shape.validRows == 0 || dst.shape.validCols == 0;
  if (m.arch == Arch::A3 && !isEmpty) {
    forEachValid(src, [&](int64_t row, int64_t col) { m.any(src, row, col); });
    if (m.has("tmp")) {
      m.anyTile(m.at("tmp"));
      m.lost(m.at("tmp"), 0, uint64_t(src.shape.validCols) * 4);
    }
  }
  forEachValid(dst, [&](int64_t row, int64_t col) {
    float value = float(m.real(src, row, col)) * float(m.real(scale, row, 0));
    if (offset)
      value += float(m.real(*offset, row, 0));
    if (std::isnan(value))
      return m.any(dst, row, col);
    double whole = roundWhole(value, Round::Rint);
    Int clampedValue = std::fabs(whole) > 1e6 ? (whole < 0 ? leastWhole(to) : mostWhole(to))
                                              : clamped(Int(whole), to);
    m.putWhole(dst, row, col, clampedValue);
  });
}

void dequantize(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  forEachValid(dst, [&](int64_t row, int64_t col) {
    float value = float(int64_t(m.whole(src, row, col)));
    float shifted = value - float(m.real(m.at("offset"), row, 0));
    m.putReal(dst, row, col, double(shifted) * m.real(m.at("scale"), row, 0));
  });
}

//===----------------------------------------------------------------------===//
// Masks (library 3.7)
//===----------------------------------------------------------------------===//

bool holds(int64_t mode, auto a, auto b) {
  switch (mode) { // library 1.5
  case 0:
    return a == b;
  case 1:
    return a != b;
  case 2:
    return a < b;
  case 3:
    return a <= b;
  case 4:
    return a > b;
  default:
    return a >= b;
  }
}

void compare(Model &m, const Argument &first, const Argument &second) {
  const Argument &dst = m.at("dst");
  E e = first.shape.element;
  if (first.shape.validRows == 0 || first.shape.validCols == 0)
    return;
  auto cols = uint64_t(first.shape.validCols), pitch = uint64_t(dst.shape.cols);
  uint64_t perRepeat = 256 / sizeOf(e) * (m.arch == Arch::A5 && sizeOf(e) == 4 ? 2 : 1);
  uint64_t bytes = (cols + perRepeat - 1) / perRepeat * (perRepeat / 8);
  bool inverts =
      m.arch == Arch::A3 && e == E::I32 && second.isTile() && m.attribute("cmpMode") == 1;
  for (int64_t row = 0; row < first.shape.validRows; ++row) {
    uint64_t line = dst.address + uint64_t(row) * pitch;
    m.lost(dst, uint64_t(row) * pitch, inverts ? pitch : bytes);
    for (uint64_t byte = 0; byte * 8 < cols; ++byte) {
      uint8_t value = 0;
      for (uint64_t bit = 0; bit < 8 && byte * 8 + bit < cols; ++bit) {
        auto col = int64_t(byte * 8 + bit);
        bool is = isReal(e) ? holds(m.attribute("cmpMode"), m.real(first, row, col),
                                    toReal(e, m.bits(second, row, col)))
                            : holds(m.attribute("cmpMode"), m.whole(first, row, col),
                                    toWhole(e, m.bits(second, row, col)));
        value |= uint8_t(is) << bit;
      }
      m.putBitsAt(Space::Vec, line + byte, 1, value);
      if (byte * 8 + 8 > cols)
        m.anyBits(Space::Vec, line + byte, uint8_t(0xff << (cols % 8)));
    }
  }
}

void select(Model &m, const Argument &chosen, const Argument &other) {
  const Argument &dst = m.at("dst"), &mask = m.at("mask");
  if (m.has("tmp") && m.arch == Arch::A3 && !other.isTile()) // S puts the scalar there in any case
    m.anyBytes(Space::Vec, m.at("tmp").address, sizeOf(dst.shape.element));
  if (m.has("tmp") && m.arch == Arch::A3 && dst.shape.validRows && dst.shape.validCols) {
    const Argument &tmp = m.at("tmp");
    if (other.isTile())
      m.lost(tmp, 0, sizeOf(dst.shape.element) == 2 ? 16 : 8);
    else
      m.lost(tmp, 0, uint64_t(dst.shape.validCols) * sizeOf(dst.shape.element));
  }
  forEachValid(dst, [&](int64_t row, int64_t col) {
    uint64_t byte =
        m.bitsAt(Space::Vec, mask.address + uint64_t(row * mask.shape.cols + col / 8), 1);
    m.putBits(dst, row, col, m.bits(byte >> (col % 8) & 1 ? chosen : other, row, col));
  });
}
} // namespace

std::vector<NamedReference> reference::convertReferences() {
  return {{"tcvt", convert}, {"tquant", quantize}, {"tdequant", dequantize}};
}
std::vector<NamedReference> reference::compareReferences() {
  return {
      {"tcmp", [](Model &m) { compare(m, m.at("src0"), m.at("src1")); }},
      {"tcmps", [](Model &m) { compare(m, m.at("src"), m.at("scalar")); }},
      {"tsel", [](Model &m) { select(m, m.at("src0"), m.at("src1")); }},
      {"tsels", [](Model &m) { select(m, m.at("src"), m.at("scalar")); }},
  };
}
