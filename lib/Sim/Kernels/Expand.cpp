//===- Expand.cpp - TROWEXPAND*, TCOLEXPAND* -------------------------------===//

#include "Elementwise.h"
#include "Kernels.h"
#include "Reduce.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>
#include <optional>

using namespace pto;
using namespace pto::sim;

namespace {

enum class Axis : uint8_t { Row, Column };

/// One element of `line` for each row (the first column) or column (the first row) of dst.
std::optional<Packed> readLine(KernelContext &context, const TileOperand &line, Axis axis,
                               Region dst) {
  Region valid = validRegion(line);
  bool rows = axis == Axis::Row;
  if (rows ? valid.rows != dst.rows || valid.cols < 1 : valid.cols != dst.cols || valid.rows < 1) {
    context.fail("values for each " + std::string(rows ? "row" : "column") + " of " +
                 extents(dst.rows, dst.cols) + " valid elements, but the source has " +
                 extents(valid.rows, valid.cols));
    return std::nullopt;
  }
  Region read = rows ? Region{0, 0, dst.rows, 1} : Region{0, 0, 1, dst.cols};
  Packed values(read.rows, read.cols, bytesOf(line.shape.element));
  readTile(context, line, read, values);
  return values;
}

bool haveOneElement(KernelContext &context, llvm::ArrayRef<const TileOperand *> tiles) {
  for (const TileOperand *tile : tiles)
    if (tile->shape.element != tiles.back()->shape.element) {
      context.fail("operands of different element types");
      return false;
    }
  return true;
}

void expand(KernelContext &context, Axis axis) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 1);
  if (!src || !dst || !haveOneElement(context, {src, dst}) || validRegion(*dst).empty())
    return;
  Region region = validRegion(*dst);
  auto line = readLine(context, *src, axis, region);
  if (!line)
    return;
  Packed out(region.rows, region.cols, line->elementBytes);
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; ++col)
      std::memcpy(out.at(row, col),
                  line->data() + (axis == Axis::Row ? row : col) * out.elementBytes,
                  out.elementBytes);
  writeTile(context, *dst, region, out);
}

/// Which source has the shape of the result; the other has a value per row (library 6.2).
std::optional<unsigned> wholeSource(const TileOperand *const sources[2], Region dst) {
  auto isWhole = [&](const TileOperand &tile) {
    return tile.shape.blayout == BLayout::RowMajor && tile.shape.validRows == dst.rows &&
           tile.shape.validCols == dst.cols;
  };
  auto isPerRow = [&](const TileOperand &tile) {
    int64_t block = 32 / bytesOf(tile.shape.element);
    return tile.shape.validRows == dst.rows &&
           tile.shape.validCols == (tile.shape.blayout == BLayout::RowMajor ? block : 1);
  };
  for (unsigned whole : {0u, 1u})
    if (isWhole(*sources[whole]) && isPerRow(*sources[1 - whole]))
      return whole;
  return std::nullopt;
}

template <typename Function>
void expandBinary(KernelContext &context, Axis axis, Function function) {
  const TileOperand *sources[] = {tileAt(context, 0), tileAt(context, 1)};
  const TileOperand *dst = tileAt(context, context.operands.size() - 1);
  if (!sources[0] || !sources[1] || !dst ||
      !haveOneElement(context, {sources[0], sources[1], dst}) || validRegion(*dst).empty())
    return;
  Region region = validRegion(*dst);
  std::optional<unsigned> whole = axis == Axis::Row ? wholeSource(sources, region) : 0;
  if (!whole || sources[*whole]->shape.validRows != region.rows ||
      sources[*whole]->shape.validCols != region.cols)
    return context.fail("no source has the " + extents(region.rows, region.cols) +
                        " valid elements of the result beside one with a value per " +
                        (axis == Axis::Row ? "row" : "column"));
  auto line = readLine(context, *sources[1 - *whole], axis, region);
  if (!line)
    return;
  Packed full(region.rows, region.cols, line->elementBytes),
      out(region.rows, region.cols, line->elementBytes);
  readTile(context, *sources[*whole], region, full);
  bool known = dispatchElement(dst->shape.element, [&]<typename Number>() {
    using Stored = typename Number::Stored;
    if constexpr (std::is_invocable_v<Function, Number, Stored, Stored>) {
      for (int64_t row = 0; row < region.rows; ++row)
        for (int64_t col = 0; col < region.cols; ++col) {
          Stored a = full.as<Stored>()[row * region.cols + col];
          Stored b = line->as<Stored>()[axis == Axis::Row ? row : col];
          out.as<Stored>()[row * region.cols + col] =
              *whole == 0 ? function(Number(), a, b) : function(Number(), b, a);
        }
      writeTile(context, *dst, region, out);
      if (context.arch == Arch::A3 && context.operands.size() == 4 &&
          context.operands[2].kind == Operand::Tile) // a5 leaves it alone
        scribble(context, context.operands[2].tile, 0, context.operands[2].tile.shape.bytes());
    } else {
      context.fail("this operation does not compute on " + name(dst->shape.element).str());
    }
  });
  if (!known)
    context.fail("this operation does not compute on " + name(dst->shape.element).str());
}

//===----------------------------------------------------------------------===//
// By name
//===----------------------------------------------------------------------===//

/// An operation of two values, rounded once to the element type.
template <typename Function> struct Rounded {
  Function function;
  template <typename Number>
  typename Number::Stored operator()(Number, typename Number::Stored a,
                                     typename Number::Stored b) const {
    return Number::store(function(Number::load(a), Number::load(b)));
  }
};
template <typename Function> Rounded(Function) -> Rounded<Function>;

/// Two instructions, so the difference is rounded to the element type before its exponential.
struct ExponentialOfDifference {
  template <typename Number>
    requires value::Real<typename Number::Value>
  typename Number::Stored operator()(Number, typename Number::Stored a,
                                     typename Number::Stored b) const {
    auto difference = Number::load(Number::store(Number::load(a) - Number::load(b)));
    return Number::store(value::exp(difference));
  }
};

constexpr Rounded add{[](auto a, auto b) { return a + b; }};
constexpr Rounded subtract{[](auto a, auto b) { return a - b; }};
constexpr Rounded multiply{[](auto a, auto b) { return a * b; }};
constexpr Rounded divide{[](auto a, auto b) { return value::divide(a, b); }};
constexpr Rounded larger{[](auto a, auto b) { return value::maximum(a, b); }};
constexpr Rounded smaller{[](auto a, auto b) { return value::minimum(a, b); }};
constexpr ExponentialOfDifference expdif;

struct Entry {
  llvm::StringLiteral name;
  KernelFunction function;
};
constexpr Entry entries[] = {
    {"row_expand", [](KernelContext &c) { expand(c, Axis::Row); }},
    {"row_expand_add", [](KernelContext &c) { expandBinary(c, Axis::Row, add); }},
    {"row_expand_sub", [](KernelContext &c) { expandBinary(c, Axis::Row, subtract); }},
    {"row_expand_mul", [](KernelContext &c) { expandBinary(c, Axis::Row, multiply); }},
    {"row_expand_div", [](KernelContext &c) { expandBinary(c, Axis::Row, divide); }},
    {"row_expand_max", [](KernelContext &c) { expandBinary(c, Axis::Row, larger); }},
    {"row_expand_min", [](KernelContext &c) { expandBinary(c, Axis::Row, smaller); }},
    {"row_expand_expdif", [](KernelContext &c) { expandBinary(c, Axis::Row, expdif); }},
    {"col_expand", [](KernelContext &c) { expand(c, Axis::Column); }},
    {"col_expand_add", [](KernelContext &c) { expandBinary(c, Axis::Column, add); }},
    {"col_expand_sub", [](KernelContext &c) { expandBinary(c, Axis::Column, subtract); }},
    {"col_expand_mul", [](KernelContext &c) { expandBinary(c, Axis::Column, multiply); }},
    {"col_expand_div", [](KernelContext &c) { expandBinary(c, Axis::Column, divide); }},
    {"col_expand_max", [](KernelContext &c) { expandBinary(c, Axis::Column, larger); }},
    {"col_expand_min", [](KernelContext &c) { expandBinary(c, Axis::Column, smaller); }},
    {"col_expand_expdif", [](KernelContext &c) { expandBinary(c, Axis::Column, expdif); }},
};

} // namespace

KernelFunction pto::sim::findExpandKernel(llvm::StringRef name) {
  const auto *found = llvm::find_if(entries, [&](const Entry &e) { return e.name == name; });
  return found == std::end(entries) ? nullptr : found->function;
}
