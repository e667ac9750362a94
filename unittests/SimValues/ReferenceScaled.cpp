//===- ReferenceScaled.cpp - Numbers that share a scale ---------------------===//
//
// Products and TQUANT with groups of 32 (library 3.15, 4.1).
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include <cmath>

using namespace pto;
using namespace pto::reference;

namespace {

/// Every number is multiplied by its scale before anything is added.
void multiply(Model &m, bool isVector) {
  const Argument &a = m.at("a"), &b = m.at("b"), &as = m.at("a_scale"), &bs = m.at("b_scale");
  const Argument &dst = m.at("dst");
  int64_t rows = isVector ? 1 : a.shape.validRows, cols = b.shape.validCols;
  int64_t inner = isVector ? b.shape.validRows : a.shape.validCols;
  if (rows == 0 || cols == 0 || inner == 0)
    return;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col) {
      double sum = 0, magnitude = 0;
      auto add = [&](double value) {
        sum += value;
        magnitude += std::fabs(value);
      };
      for (int64_t k = 0; k < inner; ++k)
        add(m.real(a, row, k) * m.real(as, row, k / 32) *
            (m.real(b, k, col) * m.real(bs, k / 32, col)));
      if (m.has("c_in"))
        add(m.real(m.at("c_in"), row, col));
      if (m.has("bias"))
        add(m.real(m.at("bias"), 0, col));
      m.putReal(dst, row, col, sum, double(inner + 1) * spacing(Element::F32, magnitude));
    }
}

void quantize(Model &m) {
  const Argument &src = m.at("src"), &dst = m.at("dst");
  int64_t rows = src.shape.validRows, cols = src.shape.validCols;
  bool alongRows = m.attribute("grpAxis") == 1, nv = m.attribute("quantScaleAlg") == 1;
  if (m.has("exp_zz"))
    return m.skip("the exponents in boxes are compared by KernelMx");
  if (m.attribute("interleave") > 0)
    return m.skip("nobody knows what is interleaved");
  int64_t perRow = alongRows ? cols / 32 : cols, groups = rows * cols / 32;
  for (int64_t group = 0; group < groups; ++group) {
    auto each = [&](auto visit) {
      for (int64_t i = 0; i < 32; ++i)
        alongRows ? visit(group / perRow, group % perRow * 32 + i)
                  : visit(group / perRow * 32 + i, group % perRow);
    };
    double largest = 0;
    each([&](int64_t row, int64_t col) {
      largest = std::max(largest, std::fabs(m.real(src, row, col)));
    });
    // By search where the simulator takes logarithms: the exponent of the largest number, or the
    // first scale that brings it down to the largest of e4m3, 448 = 1.75 * 2^8.
    int exponent = -127;
    if (largest > 0)
      while (exponent < 127 && (nv ? largest > 448 * std::ldexp(1, exponent)
                                   : largest >= std::ldexp(1, exponent + 9)))
        ++exponent;
    auto put = [&](const char *name, auto store) {
      const Argument &out = m.at(name);
      store(out, group / out.shape.validCols, group % out.shape.validCols);
    };
    double inverse = std::ldexp(1, -exponent);
    put("exp", [&](auto &out, int64_t row, int64_t col) {
      m.putBits(out, row, col, uint64_t(exponent + 127));
    });
    put("max", [&](auto &out, int64_t row, int64_t col) { m.putReal(out, row, col, largest); });
    put("scaling", [&](auto &out, int64_t row, int64_t col) { m.putReal(out, row, col, inverse); });
    each([&](int64_t row, int64_t col) {
      m.putBits(dst, row, col,
                fromReal(Element::F8E4M3, m.real(src, row, col) * inverse, Round::Rint, true));
    });
  }
}
} // namespace

std::vector<NamedReference> reference::scaledReferences() {
  std::vector<NamedReference> out{{"tquant.mx", quantize}};
  for (bool isVector : {false, true})
    for (const char *form : {".mx", ".mx.acc", ".mx.bias"})
      out.push_back({(isVector ? "tgemv" : "tmatmul") + std::string(form),
                     [=](Model &m) { multiply(m, isVector); }});
  return out;
}
