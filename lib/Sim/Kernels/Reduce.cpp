//===- Reduce.cpp - TROW* and TCOL* reductions -----------------------------===//

#include "Reduce.h"
#include "Elementwise.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <vector>

using namespace pto;
using namespace pto::sim;

namespace {

constexpr int64_t repeatBytes = 256, blockBytes = 32; // of the vector unit

//===----------------------------------------------------------------------===//
// Orders of folding
//===----------------------------------------------------------------------===//

/// Computes in the element type: every partial result is rounded, as it passes through UB.
template <typename Number, typename Function> struct Folder {
  using Stored = typename Number::Stored;
  Function function;

  Stored operator()(Stored a, Stored b) const {
    return Number::store(function(Number::load(a), Number::load(b)));
  }
  /// Neighbours in pairs until one is left; an odd last one waits for the next round.
  Stored tree(std::vector<Stored> values) const {
    while (values.size() > 1) {
      size_t pairs = values.size() / 2;
      for (size_t i = 0; i < pairs; ++i)
        values[i] = (*this)(values[2 * i], values[2 * i + 1]);
      if (values.size() % 2)
        values[pairs] = values.back();
      values.resize(pairs + values.size() % 2);
    }
    return values.front();
  }
};

/// The order of the library for rows of floats (library 6.2): pieces of 256 bytes are combined lane
/// by lane in pairs (2i, 2i + 1); an odd last piece and the remainder go into the first partial;
/// partials are combined in pairs, then the lanes. Modelled: lanes fold as a tree, which the
/// library leaves to the hardware; an odd partial goes into the first one, too.
template <typename Number, typename Function>
typename Number::Stored foldByPieces(const typename Number::Stored *row, int64_t count,
                                     Folder<Number, Function> fold) {
  using Stored = typename Number::Stored;
  const int64_t lanes = repeatBytes / int64_t(sizeof(Stored));
  int64_t pieces = count / lanes, remainder = count % lanes;
  if (pieces == 0)
    return fold.tree(std::vector<Stored>(row, row + count));
  std::vector<std::vector<Stored>> partials;
  auto into = [&](std::vector<Stored> &target, const Stored *from, int64_t n) {
    for (int64_t lane = 0; lane < n; ++lane)
      target[lane] = fold(target[lane], from[lane]);
  };
  for (int64_t piece = 0; piece + 1 < pieces; piece += 2) {
    partials.emplace_back(row + piece * lanes, row + (piece + 1) * lanes);
    into(partials.back(), row + (piece + 1) * lanes, lanes);
  }
  if (partials.empty())
    partials.emplace_back(row, row + lanes);
  else if (pieces % 2)
    into(partials.front(), row + (pieces - 1) * lanes, lanes);
  into(partials.front(), row + pieces * lanes, remainder);
  while (partials.size() > 1) {
    size_t pairs = partials.size() / 2;
    for (size_t i = 0; i < pairs; ++i) {
      into(partials[2 * i], partials[2 * i + 1].data(), lanes);
      partials[i].swap(partials[2 * i]);
    }
    if (partials.size() % 2)
      into(partials.front(), partials.back().data(), lanes);
    partials.resize(pairs);
  }
  return fold.tree(std::move(partials.front()));
}

/// The lanes of one block run along the row, then a scalar loop folds the lanes: all integers
/// (library 6.2). Modelled: TROWPROD of floats, whose order the pages do not tell, has flags at the
/// same places and is taken to do the same.
template <typename Number, typename Function>
typename Number::Stored foldByLanes(const typename Number::Stored *row, int64_t count,
                                    Folder<Number, Function> fold) {
  using Stored = typename Number::Stored;
  int64_t lanes = std::min<int64_t>(blockBytes / int64_t(sizeof(Stored)), count);
  std::vector<Stored> sums(row, row + lanes);
  for (int64_t i = lanes; i < count; ++i)
    sums[i % lanes] = fold(sums[i % lanes], row[i]);
  for (int64_t lane = 1; lane < lanes; ++lane)
    sums[0] = fold(sums[0], sums[lane]);
  return sums[0];
}

//===----------------------------------------------------------------------===//
// The frame of a reduction
//===----------------------------------------------------------------------===//

enum class Axis : uint8_t { Row, Column };

/// Source and destination of a reduction. False when there is nothing to do, or something wrong has
/// been reported.
struct Reduction {
  KernelContext &context;
  const TileOperand *src, *dst;
  Region from;

  Reduction(KernelContext &context, Axis axis)
      : context(context), src(tileAt(context, 0)),
        dst(tileAt(context, context.operands.size() - 1)) {
    if (!src || !dst)
      return;
    from = validRegion(*src);
    Region to = validRegion(*dst);
    // Since 0.48 a result of 0x0 says that nothing is to be done.
    if (to.rows == 0 && to.cols == 0)
      return;
    bool rows = axis == Axis::Row;
    if (rows ? to.rows != from.rows || to.cols != 1 : to.cols != from.cols || to.rows < 1)
      context.fail("a reduction of " + extents(from.rows, from.cols) + " valid elements has " +
                   extents(to.rows, to.cols) + " in its result");
    else if (from.empty())
      context.fail("a reduction of " + extents(from.rows, from.cols) +
                   " valid elements has no value");
    else
      ready = true;
  }
  explicit operator bool() const { return ready; }

  Packed read(Packed::Order order) {
    Packed values(from.rows, from.cols, bytesOf(src->shape.element), order);
    readTile(context, *src, from, values);
    return values;
  }
  void refuse() {
    context.fail("this operation does not compute on " + name(src->shape.element).str());
  }
  /// What the library leaves in its scratch tile is not part of its interface.
  void scribbleScratch(bool used) {
    if (!used || context.operands.size() < 3 || context.operands[1].kind != Operand::Tile)
      return;
    const TileOperand &tmp = context.operands[1].tile;
    scribble(context, tmp, 0, tmp.shape.bytes());
  }
  bool isLongRow() const { return from.cols * bytesOf(src->shape.element) > repeatBytes; }

private:
  bool ready = false;
};

template <typename Function> void reduceRows(KernelContext &context, Function f, bool byLanes) {
  Reduction call(context, Axis::Row);
  if (!call)
    return;
  Packed in = call.read(Packed::ByRows);
  Packed out(call.from.rows, 1, in.elementBytes);
  bool known = dispatchElement(call.src->shape.element, [&]<typename Number>() {
    using Stored = typename Number::Stored;
    Folder<Number, Function> fold{f};
    bool lanes = byLanes || value::Whole<typename Number::Value>;
    for (int64_t row = 0; row < call.from.rows; ++row) {
      const Stored *from = in.as<Stored>() + row * call.from.cols;
      out.as<Stored>()[row] = lanes ? foldByLanes<Number, Function>(from, call.from.cols, fold)
                                    : foldByPieces<Number, Function>(from, call.from.cols, fold);
    }
    writeTile(context, *call.dst, {0, 0, call.from.rows, 1}, out);
    call.scribbleScratch(context.arch == Arch::A3 && (lanes || call.isLongRow()));
  });
  if (!known)
    call.refuse();
}

template <typename Function> void reduceCols(KernelContext &context, Function f) {
  Reduction call(context, Axis::Column);
  if (!call)
    return;
  bool binary = context.operands.size() == 3 && context.operands[1].kind == Operand::Tile &&
                context.attribute("isBinary", 0) != 0;
  Packed in = call.read(Packed::ByColumns);
  Packed out(1, call.from.cols, in.elementBytes);
  bool known = dispatchElement(call.src->shape.element, [&]<typename Number>() {
    using Stored = typename Number::Stored;
    Folder<Number, Function> fold{f};
    for (int64_t col = 0; col < call.from.cols; ++col) {
      const Stored *from = in.as<Stored>() + col * call.from.rows, *end = from + call.from.rows;
      Stored &to = out.as<Stored>()[col];
      if (binary)
        to = fold.tree(std::vector<Stored>(from, end));
      else
        for (to = *from++; from != end; ++from)
          to = fold(to, *from);
    }
    writeTile(context, *call.dst, {0, 0, 1, call.from.cols}, out);
    call.scribbleScratch(binary);
  });
  if (!known)
    call.refuse();
}

/// The first place of the extreme value; `before` says that its first argument wins. NaN never wins
/// against a value that stands first. Modelled: the pages leave ties and NaN open.
template <typename Before> void findExtreme(KernelContext &context, Axis axis, Before before) {
  Reduction call(context, axis);
  if (!call)
    return;
  bool rows = axis == Axis::Row;
  Packed in = call.read(rows ? Packed::ByRows : Packed::ByColumns);
  int64_t lines = rows ? call.from.rows : call.from.cols;
  int64_t length = rows ? call.from.cols : call.from.rows;
  Element index = call.dst->shape.element;
  Packed out(rows ? lines : 1, rows ? 1 : lines, bytesOf(index));
  bool known = dispatchElement(call.src->shape.element, [&]<typename Number>() {
    const auto *values = in.as<typename Number::Stored>();
    for (int64_t line = 0; line < lines; ++line, values += length) {
      int64_t best = 0;
      for (int64_t i = 1; i < length; ++i)
        if (before(Number::load(values[i]), Number::load(values[best])))
          best = i;
      encodeInteger(index, best, out.data() + line * out.elementBytes);
    }
    writeTile(context, *call.dst, {0, 0, out.rows, out.cols}, out);
    call.scribbleScratch(context.arch == Arch::A3);
  });
  if (!known)
    call.refuse();
}

//===----------------------------------------------------------------------===//
// By name
//===----------------------------------------------------------------------===//

constexpr auto add = [](auto a, auto b) { return a + b; };
constexpr auto multiply = [](auto a, auto b) { return a * b; };
constexpr auto larger = [](auto a, auto b) { return value::maximum(a, b); };
constexpr auto smaller = [](auto a, auto b) { return value::minimum(a, b); };
constexpr auto above = [](auto a, auto b) { return b < a; };
constexpr auto below = [](auto a, auto b) { return a < b; };

struct Entry {
  llvm::StringLiteral name;
  KernelFunction function;
};
constexpr Entry entries[] = {
    {"row_sum", [](KernelContext &c) { reduceRows(c, add, false); }},
    {"row_max", [](KernelContext &c) { reduceRows(c, larger, false); }},
    {"row_min", [](KernelContext &c) { reduceRows(c, smaller, false); }},
    {"row_prod", [](KernelContext &c) { reduceRows(c, multiply, true); }},
    {"row_argmax", [](KernelContext &c) { findExtreme(c, Axis::Row, above); }},
    {"row_argmin", [](KernelContext &c) { findExtreme(c, Axis::Row, below); }},
    {"col_sum", [](KernelContext &c) { reduceCols(c, add); }},
    {"col_max", [](KernelContext &c) { reduceCols(c, larger); }},
    {"col_min", [](KernelContext &c) { reduceCols(c, smaller); }},
    {"col_prod", [](KernelContext &c) { reduceCols(c, multiply); }},
    {"col_argmax", [](KernelContext &c) { findExtreme(c, Axis::Column, above); }},
    {"col_argmin", [](KernelContext &c) { findExtreme(c, Axis::Column, below); }},
};

} // namespace

KernelFunction pto::sim::findReduceKernel(llvm::StringRef name) {
  const auto *found = llvm::find_if(entries, [&](const Entry &e) { return e.name == name; });
  return found == std::end(entries) ? nullptr : found->function;
}
