//===- ReferenceArithmetic.cpp - Remainders, powers, division, TAXPY --------===//
//
// Operations that are more than an expression, by library 3.3, 3.4 and 3.9.
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include <cmath>

using namespace pto;
using namespace pto::reference;

namespace {
//===----------------------------------------------------------------------===//
// TREM, TREMS
//===----------------------------------------------------------------------===//

float floorRemainder(float a, float b, bool corrects) {
  float quotient = a / b, whole = std::floor(quotient), product = whole * b, result = a - product;
  return corrects && result * b < 0 ? result + b : result;
}

/// The sign of the divisor.
Int floorModulo(Int a, Int b) {
  Int result = a % b;
  return result != 0 && (result < 0) != (b < 0) ? result + b : result;
}

/// a3, i32: through f32. None: beyond i32.
std::optional<Int> throughFloat(Int a, Int b) {
  float x = float(int32_t(a)), y = float(int32_t(b));
  double result = b == 0 ? x : floorRemainder(x, y, true);
  if (result >= 2147483648.0 || result < -2147483648.0)
    return std::nullopt;
  return Int(int64_t(result));
}

void remainder(Model &m, const Argument &a, const Argument &b, bool isScalar) {
  const Argument &dst = m.at("dst");
  Element e = dst.shape.element;
  bool onA3 = m.arch == Arch::A3, corrects = onA3 || !isScalar;
  bool isEmpty = dst.shape.validRows == 0 || dst.shape.validCols == 0;
  if (onA3 && m.has("tmp") && !isEmpty) { // a row, and behind the next one's start a mask
    const Argument &tmp = m.at("tmp");
    uint64_t rowBytes = uint64_t(dst.shape.cols) * 4;
    m.lost(tmp, 0, uint64_t(dst.shape.validCols) * 4);
    if (!isScalar) {
      m.anyBytes(tmp.shape.space, tmp.address, rowBytes + 256);
      m.lost(tmp, rowBytes, e == Element::F32 ? 256 : 1);
    }
  }
  forEachValid(dst, [&](int64_t row, int64_t col) {
    if (e == Element::F32) {
      double x = m.real(a, row, col), y = m.real(b, row, col);
      bool exact = !onA3 && !isScalar && m.attribute("precisionType") == 1;
      double value = floorRemainder(float(x), float(y), corrects);
      if (exact) {
        float rest = std::fmod(float(x), float(y));
        value = rest * float(y) < 0 ? rest + float(y) : rest;
      }
      return m.putReal(dst, row, col, value, 1e-9 * spacing(e, value));
    }
    if (e == Element::F16) {
      float value =
          floorRemainder(float(m.real(a, row, col)), float(m.real(b, row, col)), corrects);
      if (std::isnan(value))
        return m.putReal(dst, row, col, NAN);
      if (value == 0)
        return m.putReal(dst, row, col, 0, 1e-12); // either sign
      return m.putBits(dst, row, col, fromReal(e, value, Round::Trunc));
    }
    Int x = m.whole(a, row, col), y = m.whole(b, row, col);
    if (onA3) { // the sources are lost: rounded, and as the bits of floats
      if (auto value = throughFloat(x, y))
        m.putWhole(dst, row, col, *value);
      else
        m.any(dst, row, col);
      if (a.address != dst.address)
        m.any(a, row, col);
      if (!isScalar && b.address != dst.address && b.address != a.address)
        m.putBits(b, row, col, fromReal(Element::F32, double(float(int32_t(y)))));
      return;
    }
    if (sizeOf(e) == 8)
      return m.putWhole(dst, row, col, y == 0 ? Int(0) : x % y);
    if (y == 0)
      return m.any(dst, row, col);
    m.putWhole(dst, row, col, floorModulo(x, y));
  });
}

//===----------------------------------------------------------------------===//
// TPOW, TPOWS
//===----------------------------------------------------------------------===//

Int wholePower(Int base, Int exponent, Element e) {
  if (exponent == 0)
    return 1;
  if (base == 0 || base == 1)
    return base;
  if (base == -1)
    return exponent % 2 ? Int(-1) : Int(1);
  if (exponent < 0)
    return 0;
  uint64_t result = 1, square = uint64_t(base);
  for (auto left = uint64_t(exponent); left; left >>= 1, square *= square)
    if (left & 1)
      result *= square;
  return toWhole(e, result);
}

void power(Model &m, const Argument &base, const Argument &exponent) {
  const Argument &dst = m.at("dst");
  Element e = dst.shape.element;
  if (m.has("tmp") && isReal(e))
    m.anyTile(m.at("tmp"));
  forEachValid(dst, [&](int64_t row, int64_t col) {
    if (!isReal(e))
      return m.putWhole(dst, row, col,
                        wholePower(m.whole(base, row, col), m.whole(exponent, row, col), e));
    double b = m.real(base, row, col), x = m.real(exponent, row, col);
    if (x == 0)
      return m.putReal(dst, row, col, 1);
    if (b == 0)
      return m.putReal(dst, row, col, x > 0 ? 0.0 : HUGE_VAL);
    if (b == -1 && std::isinf(x))
      return m.putReal(dst, row, col, 1);
    if (b < 0 && std::isinf(x))
      return m.any(dst, row, col); // infinity is neither odd nor even
    if (b < 0 && std::floor(x) != x)
      return m.putReal(dst, row, col, NAN);
    double logarithm = x * std::log(std::fabs(b)), value = std::exp(logarithm);
    if (b < 0 && std::fmod(x, 2) != 0)
      value = -value;
    // The logarithm and its product are rounded to f32 before the exponential.
    double relative = (std::fabs(logarithm) * 2 + 4) * 0x1p-23;
    if (std::isinf(value) || std::isnan(value) || relative > 0.01)
      relative = 0.01;
    m.putReal(dst, row, col, value,
              std::isfinite(value) ? std::fabs(value) * relative + spacing(e, 0) : 1);
  });
}

//===----------------------------------------------------------------------===//
// TDIVS, TAXPY
//===----------------------------------------------------------------------===//

void divideScalar(Model &m) {
  const Argument &dst = m.at("dst"), &scalar = m.at("scalar");
  bool tileFirst = m.has("dividend");
  const Argument &tile = m.at(tileFirst ? "dividend" : "divisor");
  const Argument &a = tileFirst ? tile : scalar, &b = tileFirst ? scalar : tile;
  Element e = dst.shape.element;
  bool byReciprocal = m.arch == Arch::A3 && tileFirst && tile.address == dst.address;
  forEachValid(dst, [&](int64_t row, int64_t col) {
    if (isReal(e)) {
      double x = m.real(a, row, col), y = m.real(b, row, col);
      // In place a3 multiplies by the rounded reciprocal.
      return m.putReal(dst, row, col, byReciprocal ? x * rounded(e, 1 / y) : x / y);
    }
    Int x = m.whole(a, row, col), y = m.whole(b, row, col);
    if (y == 0 || (x == leastWhole(e) && y == -1))
      return m.any(dst, row, col);
    m.putWhole(dst, row, col, x / y);
  });
}

/// One rounding or two: the pages do not say.
void axpy(Model &m) {
  const Argument &dst = m.at("dst"), &src = m.at("src"), &scalar = m.at("scalar");
  Element e = dst.shape.element;
  forEachValid(dst, [&](int64_t row, int64_t col) {
    double product = m.real(src, row, col) * m.real(scalar, row, col);
    double value = m.real(dst, row, col) + product;
    if (std::fabs(product) > largestReal(e))
      return m.any(dst, row, col); // infinite before or after the addition
    m.putReal(dst, row, col, value, spacing(e, product));
  });
}
} // namespace

std::vector<NamedReference> reference::arithmeticReferences() {
  return {
      {"trem", [](Model &m) { remainder(m, m.at("src0"), m.at("src1"), false); }},
      {"trems", [](Model &m) { remainder(m, m.at("src"), m.at("scalar"), true); }},
      {"tpow", [](Model &m) { power(m, m.at("base"), m.at("exp")); }},
      {"tpows", [](Model &m) { power(m, m.at("src"), m.at("scalar")); }},
      {"tdivs", divideScalar},
      {"taxpy", axpy},
  };
}
