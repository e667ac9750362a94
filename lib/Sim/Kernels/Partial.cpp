//===- Partial.cpp - TPARTADD and its like, TPARTARGMAX, TPARTARGMIN -------===//

#include "Elementwise.h"
#include <optional>

using namespace pto;
using namespace pto::sim;

namespace {

/// A source over the valid region of the result; the rest of it is absent.
struct Part {
  Region valid;
  Packed values;

  Part(KernelContext &context, const TileOperand &tile)
      : valid(validRegion(tile)),
        values(std::max<int64_t>(valid.rows, 0), std::max<int64_t>(valid.cols, 0),
               bytesOf(tile.shape.element)) {
    if (!valid.empty())
      readTile(context, tile, valid, values);
  }
  bool has(int64_t row, int64_t col) const { return row < valid.rows && col < valid.cols; }
  template <typename T> T at(int64_t row, int64_t col) const {
    return values.as<T>()[row * valid.cols + col];
  }
};

/// No source may be larger than the result, and one must cover it (library 3.8).
bool areParts(KernelContext &context, const TileOperand &a, const TileOperand &b,
              const TileOperand &dst) {
  bool covered = false;
  for (const TileOperand *src : {&a, &b}) {
    Region part = validRegion(*src), whole = validRegion(dst);
    if (part.rows > whole.rows || part.cols > whole.cols ||
        src->shape.element != dst.shape.element) {
      context.fail("a source has " + extents(part.rows, part.cols) + " valid elements of " +
                   name(src->shape.element).str() + ", the result " +
                   extents(whole.rows, whole.cols) + " of " + name(dst.shape.element).str());
      return false;
    }
    covered |= part.rows == whole.rows && part.cols == whole.cols;
  }
  if (!covered)
    context.fail("no source covers the " + extents(dst.shape.validRows, dst.shape.validCols) +
                 " valid elements of the result");
  return covered;
}

template <typename Function> void combine(KernelContext &context, Function function) {
  const TileOperand *sources[] = {tileAt(context, 0), tileAt(context, 1)};
  const TileOperand *dst = tileAt(context, 2);
  if (!sources[0] || !sources[1] || !dst || !areParts(context, *sources[0], *sources[1], *dst) ||
      validRegion(*dst).empty())
    return;
  Region region = validRegion(*dst);
  Part a(context, *sources[0]), b(context, *sources[1]);
  Packed out(region.rows, region.cols, bytesOf(dst->shape.element));
  bool known = dispatchElement(dst->shape.element, [&]<typename Number>() {
    using Stored = typename Number::Stored;
    for (int64_t row = 0; row < region.rows; ++row)
      for (int64_t col = 0; col < region.cols; ++col) {
        Stored &result = out.as<Stored>()[row * region.cols + col];
        if (!a.has(row, col) || !b.has(row, col))
          result = (a.has(row, col) ? a : b).template at<Stored>(row, col);
        else
          result = Number::store(function(Number::load(a.template at<Stored>(row, col)),
                                          Number::load(b.template at<Stored>(row, col))));
      }
  });
  if (!known)
    return context.fail("this operation does not compute on " + name(dst->shape.element).str());
  writeTile(context, *dst, region, out);
}

/// `firstWins(a, b)`: the pair of src0 is taken.
template <typename Function> void choose(KernelContext &context, Function firstWins) {
  const TileOperand *tiles[6];
  for (unsigned i = 0; i < 6; ++i)
    if (!(tiles[i] = tileAt(context, i)))
      return;
  const TileOperand &dst = *tiles[4], &dstIndex = *tiles[5];
  if (!areParts(context, *tiles[0], *tiles[1], dst) ||
      !areParts(context, *tiles[2], *tiles[3], dstIndex) || validRegion(dst).empty())
    return;
  for (unsigned i : {0, 1, 4}) {
    const TileShape &values = tiles[i]->shape, &places = tiles[i == 4 ? 5 : i + 2]->shape;
    if (values.validRows != places.validRows || values.validCols != places.validCols)
      return context.fail("indices of " + extents(places.validRows, places.validCols) +
                          " valid elements go with values of " +
                          extents(values.validRows, values.validCols));
  }
  Region region = validRegion(dst);
  Part a(context, *tiles[0]), b(context, *tiles[1]), aIndex(context, *tiles[2]),
      bIndex(context, *tiles[3]);
  Packed out(region.rows, region.cols, bytesOf(dst.shape.element)),
      places(region.rows, region.cols, bytesOf(dstIndex.shape.element));
  auto value = [&](Part &part, int64_t row, int64_t col) {
    return decodeFloat(dst.shape.element, part.values.at(row, col));
  };
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; ++col) {
      bool first = a.has(row, col) &&
                   (!b.has(row, col) || firstWins(value(a, row, col), value(b, row, col)));
      std::copy_n((first ? a : b).values.at(row, col), out.elementBytes, out.at(row, col));
      std::copy_n((first ? aIndex : bIndex).values.at(row, col), places.elementBytes,
                  places.at(row, col));
    }
  writeTile(context, dst, region, out);
  writeTile(context, dstIndex, region, places);
}

} // namespace

void pto::sim::partialAddKernel(KernelContext &context) {
  combine(context, [](auto a, auto b) { return a + b; });
}
void pto::sim::partialMulKernel(KernelContext &context) {
  combine(context, [](auto a, auto b) { return a * b; });
}
void pto::sim::partialMaxKernel(KernelContext &context) {
  combine(context, [](auto a, auto b) { return value::maximum(a, b); });
}
void pto::sim::partialMinKernel(KernelContext &context) {
  combine(context, [](auto a, auto b) { return value::minimum(a, b); });
}
void pto::sim::partialArgMaxKernel(KernelContext &context) {
  choose(context, [](double a, double b) { return a >= b; });
}
void pto::sim::partialArgMinKernel(KernelContext &context) {
  choose(context, [](double a, double b) { return a <= b; });
}
