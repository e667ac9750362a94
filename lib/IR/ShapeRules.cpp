//===- ShapeRules.cpp - Rules that relate extents of several operands ------===//

#include "Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::failure;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
TileBufType tile(mlir::Value v) { return llvm::cast<TileBufType>(v.getType()); }
std::string triple(mlir::Type d, mlir::Type l, mlir::Type r) {
  return "(" + elementName(d) + "; " + elementName(l) + ", " + elementName(r) + ")";
}
/// Logical extent: valid when known, otherwise physical.
int64_t known(int64_t valid, int64_t physical) { return valid >= 0 ? valid : physical; }
} // namespace

PTO_RULE(minValid) {
  auto list = subjects(op, info, rule);
  if (list.size() < 2)
    return success();
  auto have = validShape(list[0].value), as = validShape(list[1].value);
  if ((have[0] >= 0 && have[0] < rule.numbers[0]) ||
      (have[1] >= 0 && as[1] >= 0 && have[1] < as[1]))
    return op->emitOpError() << "needs scratch " << list[0].name << " of at least "
                             << rule.numbers[0] << " rows and the columns of " << list[1].name
                             << " (" << extents({rule.numbers[0], as[1]}) << "), but it has "
                             << extents(have);
  return success();
}

PTO_RULE(validRows) {
  for (auto &s : subjects(op, info, rule)) {
    auto valid = validShape(s.value);
    if (valid[0] >= 0 && valid[0] != rule.numbers[0])
      return op->emitOpError() << "needs " << s.name << " with " << rule.numbers[0]
                               << " valid row(s), but it has " << valid[0];
  }
  return success();
}

PTO_RULE(physicalRows) {
  for (auto &s : subjects(op, info, rule))
    if (int64_t rows = storedShape(s.value)[0]; rows != rule.numbers[0])
      return op->emitOpError() << "needs " << s.name << " of " << rule.numbers[0]
                               << " row(s), but it has " << rows;
  return success();
}

PTO_RULE(validColsCover) {
  auto list = subjects(op, info, rule);
  auto a = validShape(list[0].value), b = validShape(list[1].value);
  if (a[1] >= 0 && b[1] >= 0 && a[1] < b[1])
    return op->emitOpError() << "needs " << list[0].name << " as wide as " << list[1].name
                             << ", but it has " << a[1] << " valid columns and " << list[1].name
                             << " has " << b[1];
  return success();
}

PTO_RULE(triples) {
  auto list = subjects(op, info, rule);
  std::array<std::optional<Element>, 3> have;
  for (auto [i, s] : llvm::enumerate(list))
    have[i] = elementOf(elementTypeOf(s.value.getType()));
  for (size_t i = 0; i + 2 < rule.numbers.size(); i += 3)
    if (have[0] == Element(rule.numbers[i]) && have[1] == Element(rule.numbers[i + 1]) &&
        have[2] == Element(rule.numbers[i + 2]))
      return success();
  auto diagnostic = op->emitOpError() << "does not take element types (" << list[0].name << "; "
                                      << list[1].name << ", " << list[2].name << ") = "
                                      << triple(list[0].value.getType(), list[1].value.getType(),
                                                list[2].value.getType())
                                      << " on " << name(archOf(op)) << "; it takes";
  for (size_t i = 0; i + 2 < rule.numbers.size(); i += 3)
    diagnostic << (i ? ", (" : " (") << name(Element(rule.numbers[i])) << "; "
               << name(Element(rule.numbers[i + 1])) << ", " << name(Element(rule.numbers[i + 2]))
               << ")";
  return diagnostic;
}

/// dst [M, N] = lhs [M, K] x rhs [K, N]; an extent known only at run time agrees with any (library
/// 4).
PTO_RULE(matmulShape) {
  auto list = subjects(op, info, rule);
  auto d = validShape(list[0].value), l = validShape(list[1].value), r = validShape(list[2].value);
  struct {
    const char *what;
    int64_t a, b;
    llvm::StringRef an, bn;
    int64_t physical;
  } pairs[] = {{"M", d[0], l[0], list[0].name, list[1].name, tile(list[0].value).getRows()},
               {"K", l[1], r[0], list[1].name, list[2].name, tile(list[1].value).getCols()},
               {"N", d[1], r[1], list[0].name, list[2].name, tile(list[0].value).getCols()}};
  for (auto &p : pairs) {
    if (p.a >= 0 && p.b >= 0 && p.a != p.b)
      return op->emitOpError() << "needs one " << p.what << ", but " << p.an << " has " << p.a
                               << " and " << p.bn << " has " << p.b
                               << " (valid extents: " << list[0].name << " " << extents(d) << ", "
                               << list[1].name << " " << extents(l) << ", " << list[2].name << " "
                               << extents(r) << ")";
    // Packed pairs run along k.
    int64_t factor = p.what[0] == 'K' ? numbersIn(list[1].value, {1, 1})[1] : 1;
    int64_t extent = known(p.a, p.physical) * factor;
    if (extent < 1 || extent > 4095)
      return op->emitOpError() << "needs " << p.what << " in 1..4095, but it is " << extent;
  }
  return success();
}

PTO_RULE(window) {
  auto list = subjects(op, info, rule);
  auto outer = tile(list[0].value), inner = tile(list[3].value);
  std::array<int64_t, 2> size{inner.getRows(), inner.getCols()};
  if (!rule.numbers.empty()) { // of a valid region that only run time knows at least 0 is sure
    size = validShape(list[3].value);
    for (int64_t &extent : size)
      extent = std::max<int64_t>(extent, 0);
  }
  struct {
    const char *what;
    mlir::Value at;
    int64_t size, limit;
  } axes[] = {{"row", list[1].value, size[0], outer.getRows()},
              {"column", list[2].value, size[1], outer.getCols()}};
  for (auto &axis : axes) {
    auto at = constantOf(axis.at);
    if (!at)
      continue;
    if (*at < 0)
      return op->emitOpError() << "needs window offsets that are not negative, but the "
                               << axis.what << " is " << *at;
    if (*at > axis.limit - axis.size)
      return op->emitOpError() << "has a window of " << axis.size << " " << axis.what << "s at "
                               << axis.what << " " << *at << " that leaves " << list[0].name
                               << ", which has " << axis.limit;
  }
  return success();
}

PTO_RULE(wholeFractals) {
  auto list = subjects(op, info, rule);
  auto outer = tile(list[0].value);
  auto element = elementOf(outer.getElementType());
  int64_t c0 = element ? 32 / bytesOf(*element) : 1; // elements of one 32-byte block
  for (auto [at, what] : {std::pair(list[1].value, "row"), std::pair(list[2].value, "column")}) {
    int64_t step = outer.getSlayout() == SLayout::NoneBox ? 1 : std::max<int64_t>(c0, 1);
    // Rows of Nz and columns of Zn come in sixteens, the other axis in 32-byte blocks
    // (library 2.5).
    bool sixteens = (outer.getSlayout() == SLayout::RowMajor) == (llvm::StringRef(what) == "row");
    if (outer.getSlayout() != SLayout::NoneBox && sixteens)
      step = 16;
    else if (outer.getSlayout() != SLayout::NoneBox && outer.getFractal() == 32)
      step = 2; // boxes of scales
    if (auto value = constantOf(at); value && *value % step)
      return op->emitOpError() << "moves whole fractals, so its " << what
                               << " offset must be a multiple of " << step << ", but it is "
                               << *value;
  }
  return success();
}

PTO_RULE(route) {
  if (pipeOf(op))
    return success();
  auto spaceName = [](mlir::Value v) {
    auto t = llvm::dyn_cast<TileBufType>(v.getType());
    return t ? name(t.getSpace()) : name(Space::GM);
  };
  auto list = subjects(op, info, rule);
  Arch arch = archOf(op);
  auto diagnostic = op->emitOpError()
                    << "cannot move from " << spaceName(list[0].value) << " to "
                    << spaceName(list[1].value) << " on " << name(arch) << "; it can move";
  bool first = true;
  for (const RouteInfo &r : info.routes)
    if (r.archs >> unsigned(arch) & 1) {
      diagnostic << (first ? " " : ", ") << name(r.from) << " > " << name(r.to);
      first = false;
    }
  return diagnostic;
}
