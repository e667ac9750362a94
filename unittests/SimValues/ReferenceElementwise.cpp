//===- ReferenceElementwise.cpp - One result element from its own operands --===//
//
// Floats: the exact result, rounded once, unless the library says that it rounds on the way
// (library 3.3). A double is wide enough for that: 53 bits are more than twice 24 and two more.
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <optional>

using namespace pto;
using namespace pto::reference;

namespace {
using Reals = llvm::ArrayRef<double>;
using Wholes = llvm::ArrayRef<Int>;
using Maybe = std::optional<Int>; ///< none: the specification does not say

struct Rule {
  const char *op;
  std::vector<std::string> inputs;
  std::function<double(Reals, Element)> real;
  std::function<Maybe(Wholes, Element)> whole;
  double slack = 0; ///< in spacings of the result
};

/// For values of which the sign of a zero is open.
constexpr double signOfZero = 1e-9;

double larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : a < b ? b : a; }
double smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : b < a ? b : a; }
Maybe quotient(Int a, Int b, Element e) {
  if (b == 0 || (a == leastWhole(e) && b == -1))
    return std::nullopt;
  return a / b;
}
Maybe shifted(Int a, Int count, Element e, bool left) {
  if (count < 0 || count >= Int(8 * sizeOf(e)))
    return std::nullopt;
  return left ? a << int(count) : a >> int(count);
}
/// As the library writes it, in f32.
double truncatedRemainder(double a, double b) {
  float x = float(a), y = float(b), q = x / y, whole = std::trunc(q), product = whole * y;
  return x - product;
}

std::vector<Rule> binaryRules() {
  auto mulW = [](Wholes v, Element) -> Maybe {
    return Int((unsigned __int128)v[0] * (unsigned __int128)v[1]);
  };
  struct Pair {
    std::vector<const char *> ops; ///< of two tiles, of a tile and a scalar
    decltype(Rule::real) real;
    decltype(Rule::whole) whole;
    double slack = 0;
  };
  const Pair pairs[] = {
      {{"tadd", "tadds"},
       [](Reals v, Element) { return v[0] + v[1]; },
       [](Wholes v, Element) -> Maybe { return v[0] + v[1]; }},
      {{"tsub", "tsubs"},
       [](Reals v, Element) { return v[0] - v[1]; },
       [](Wholes v, Element) -> Maybe { return v[0] - v[1]; }},
      {{"tmul", "tmuls"}, [](Reals v, Element) { return v[0] * v[1]; }, mulW},
      {{"tmax", "tmaxs"},
       [](Reals v, Element) { return larger(v[0], v[1]); },
       [](Wholes v, Element) -> Maybe { return std::max(v[0], v[1]); },
       signOfZero},
      {{"tmin", "tmins"},
       [](Reals v, Element) { return smaller(v[0], v[1]); },
       [](Wholes v, Element) -> Maybe { return std::min(v[0], v[1]); },
       signOfZero},
      {{"tdiv"},
       [](Reals v, Element) { return v[0] / v[1]; },
       [](Wholes v, Element e) { return quotient(v[0], v[1], e); }},
      {{"tfmod", "tfmods"},
       [](Reals v, Element) { return truncatedRemainder(v[0], v[1]); },
       [](Wholes v, Element) { return v[1] == 0 ? Maybe() : Maybe(v[0] % v[1]); }},
      {{"tand", "tands"}, nullptr, [](Wholes v, Element) -> Maybe { return v[0] & v[1]; }},
      {{"tor", "tors"}, nullptr, [](Wholes v, Element) -> Maybe { return v[0] | v[1]; }},
      {{"txor", "txors"}, nullptr, [](Wholes v, Element) -> Maybe { return v[0] ^ v[1]; }},
      {{"tshl", "tshls"},
       nullptr,
       [](Wholes v, Element e) { return shifted(v[0], v[1], e, true); }},
      {{"tshr", "tshrs"},
       nullptr,
       [](Wholes v, Element e) { return shifted(v[0], v[1], e, false); }},
      // The slope of TLRELU is f32: the product is rounded as such.
      {{"tprelu"},
       [](Reals v, Element) { return v[0] > 0 ? v[0] : double(float(v[0] * v[1])); },
       nullptr},
      {{"taddrelu"},
       [](Reals v, Element) { return larger(v[0] + v[1], 0); },
       [](Wholes v, Element e) -> Maybe {
         return std::max(toWhole(e, fromWhole(e, v[0] + v[1])), Int(0));
       },
       signOfZero},
  };
  std::vector<Rule> out;
  for (const Pair &pair : pairs)
    for (const char *op : pair.ops) {
      llvm::StringRef name = op;
      bool isScalar = name.ends_with("s") && name != "tabs";
      std::vector<std::string> inputs{"src0", "src1"};
      if (isScalar) // TMULS alone calls its tile src0
        inputs = {name == "tmuls" ? "src0" : "src", "scalar"};
      out.push_back({op, inputs, pair.real, pair.whole, pair.slack});
    }
  return out;
}

std::vector<Rule> otherRules() {
  std::vector<std::string> one{"src"};
  auto addAdd = [](Reals v, Element e) { return rounded(e, v[0] + v[1]) + v[2]; };
  auto addAddW = [](Wholes v, Element) -> Maybe { return v[0] + v[1] + v[2]; };
  auto subAdd = [](Reals v, Element e) { return rounded(e, v[0] - v[1]) + v[2]; };
  auto subAddW = [](Wholes v, Element) -> Maybe { return v[0] - v[1] + v[2]; };
  return {
      {"tlrelu",
       {"src", "slope"},
       [](Reals v, Element) { return v[0] > 0 ? v[0] : double(float(v[0] * v[1])); },
       nullptr},
      {"texpands",
       {"scalar"},
       [](Reals v, Element) { return v[0]; },
       [](Wholes v, Element) -> Maybe { return v[0]; }},
      {"tabs", one, [](Reals v, Element) { return std::fabs(v[0]); },
       [](Wholes v, Element) -> Maybe { return v[0] < 0 ? -v[0] : v[0]; }},
      {"tneg", one, [](Reals v, Element) { return -v[0]; },
       [](Wholes v, Element) -> Maybe { return -v[0]; }},
      {"tnot", one, nullptr, [](Wholes v, Element) -> Maybe { return ~v[0]; }},
      {"trelu", one, [](Reals v, Element) { return larger(v[0], 0); },
       [](Wholes v, Element) -> Maybe { return std::max(v[0], Int(0)); }, signOfZero},
      {"texp", one, [](Reals v, Element) { return std::exp(v[0]); }, nullptr, 1},
      {"tlog", one, [](Reals v, Element) { return std::log(v[0]); }, nullptr, 1},
      {"tsqrt", one, [](Reals v, Element) { return std::sqrt(v[0]); }, nullptr},
      {"trecip", one, [](Reals v, Element) { return 1 / v[0]; }, nullptr},
      {"trsqrt", one, [](Reals v, Element) { return 1 / std::sqrt(v[0]); }, nullptr, 1},
      {"taddc", {"src0", "src1", "src2"}, addAdd, addAddW},
      {"tsubc", {"src0", "src1", "src2"}, subAdd, subAddW},
      {"taddsc", {"src0", "scalar", "src1"}, addAdd, addAddW},
      {"tsubsc", {"src0", "scalar", "src1"}, subAdd, subAddW},
  };
}

/// What is lost in the scratch tile (library 3.5).
void scratchOf(Model &m) {
  if (!m.has("tmp"))
    return;
  const Argument &tmp = m.at("tmp"), &dst = m.at("dst");
  if (dst.shape.validRows == 0 || dst.shape.validCols == 0)
    return;
  if (m.op == "trsqrt") // one block, on either arch
    return m.lost(tmp, 0, 32);
  if (m.arch == Arch::A5)
    return;
  uint64_t row = uint64_t(dst.shape.validCols) * sizeOf(dst.shape.element);
  m.anyTile(tmp);
  if (m.op == "tprelu") // a bit per element, in whole repeats
    m.lost(tmp, 0, (row + 255) / 256 * (256 / sizeOf(dst.shape.element) / 8));
  else
    m.lost(tmp, 0, row);
}

void apply(Model &m, const Rule &rule) {
  const Argument &dst = m.at("dst");
  Element element = dst.shape.element;
  std::vector<const Argument *> inputs;
  for (const std::string &name : rule.inputs)
    inputs.push_back(&m.at(name));
  scratchOf(m);
  forEachValid(dst, [&](int64_t row, int64_t col) {
    std::vector<double> reals;
    std::vector<Int> wholes;
    for (const Argument *a : inputs) {
      if (isReal(element))
        reals.push_back(m.real(*a, row, col));
      else
        wholes.push_back(m.whole(*a, row, col));
    }
    if (isReal(element)) {
      double value = rule.real(reals, element);
      m.putReal(dst, row, col, value, rule.slack * spacing(element, value));
    } else if (Maybe value = rule.whole(wholes, element)) {
      m.putWhole(dst, row, col, *value);
    } else {
      m.any(dst, row, col);
    }
  });
}
} // namespace

std::vector<NamedReference> reference::elementwiseReferences() {
  std::vector<NamedReference> out;
  for (auto list : {binaryRules(), otherRules()})
    for (Rule &rule : list)
      out.push_back({rule.op, [rule](Model &m) { apply(m, rule); }});
  return out;
}
