//===- Matmul.cpp - TMATMUL and TGEMV, plain, accumulating and with bias ---===//
//
// Footprint (library 4): m = A.validRow, k = A.validCol, n = B.validCol elements are read and
// m x n are written, not the whole fractals around them; except that TMATMUL on a2/a3 raises m == 1
// to 16.
//
//===----------------------------------------------------------------------===//

#include "Half.h"
#include "Kernels.h"
#include <Eigen/Core>
#include <algorithm>

using namespace pto;
using namespace pto::sim;

namespace {

struct Product {
  const TileOperand *left = nullptr, *right = nullptr, *result = nullptr;
  const TileOperand *accumulator = nullptr, *bias = nullptr; ///< what the sum starts from, or zero
  bool gemv = false;
};

struct Extents {
  int64_t m, k, n;
  int64_t writtenRows; ///< rows of the accumulator that the hardware writes
};

} // namespace

/// Widens packed elements: integers to wrapping 32 bits, floats to f32 (exact for every legal
/// type).
template <typename T> static void widen(const Packed &from, Element element, T *to) {
  int64_t count = from.elements();
  switch (element) {
  case Element::F16:
    std::transform(from.as<uint16_t>(), from.as<uint16_t>() + count, to, widenF16);
    return;
  case Element::BF16:
    std::transform(from.as<uint16_t>(), from.as<uint16_t>() + count, to, widenBF16);
    return;
  case Element::F32:
    std::copy_n(from.as<float>(), count, to);
    return;
  case Element::I8:
    std::copy_n(from.as<int8_t>(), count, to);
    return;
  case Element::I32:
    std::copy_n(from.as<int32_t>(), count, to);
    return;
  default:
    for (int64_t i = 0; i < count; ++i)
      to[i] = T(decodeFloat(element, from.data() + i * from.elementBytes));
  }
}

template <typename T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T>
using ColMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

template <typename Matrix>
static Matrix readMatrix(KernelContext &context, const TileOperand &tile, int64_t rows,
                         int64_t cols, int64_t residueRows = 0) {
  Element element = tile.shape.element;
  Packed packed(rows + residueRows, cols, bytesOf(element),
                Matrix::IsRowMajor ? Packed::ByRows : Packed::ByColumns);
  readTile(context, tile, {0, 0, rows, cols}, packed);
  if (residueRows)
    readTile(context, tile, {rows, 0, residueRows, cols}, packed, rows, 0, Use::Residue);
  Matrix matrix(packed.rows, packed.cols);
  widen(packed, element, matrix.data());
  return matrix;
}

/// Computes in T: float, or uint32_t for integers, whose sums wrap.
template <typename T>
static void multiply(KernelContext &context, const Product &product, Extents size) {
  RowMajorMatrix<T> result = RowMajorMatrix<T>::Zero(size.writtenRows, size.n);
  if (product.accumulator)
    result = readMatrix<RowMajorMatrix<T>>(context, *product.accumulator, size.m, size.n,
                                           size.writtenRows - size.m);
  if (product.bias)
    result.rowwise() = readMatrix<RowMajorMatrix<T>>(context, *product.bias, 1, size.n).row(0);
  auto left = readMatrix<RowMajorMatrix<T>>(context, *product.left, size.m, size.k,
                                            size.writtenRows - size.m);
  auto right = readMatrix<ColMajorMatrix<T>>(context, *product.right, size.k, size.n);
  result.noalias() += left * right;
  Packed packed(size.writtenRows, size.n, sizeof(T));
  std::copy_n(result.data(), packed.elements(), packed.as<T>());
  writeTile(context, *product.result, {0, 0, size.writtenRows, size.n}, packed);
}

/// (dst; lhs, rhs) element triples (library 4).
static bool tripleExists(Element result, Element left, Element right, Arch arch) {
  if (result == Element::I32)
    return left == Element::I8 && right == Element::I8;
  auto isFp8 = [](Element e) { return e == Element::F8E4M3 || e == Element::F8E5M2; };
  if (result != Element::F32)
    return false;
  if ((isFp8(left) && isFp8(right)) || (left == Element::HIF8 && right == Element::HIF8))
    return arch == Arch::A5;
  return left == right && (left == Element::F16 || left == Element::BF16 || left == Element::F32);
}

static void run(KernelContext &context, const Product &product) {
  if (!product.left || !product.right || !product.result)
    return;
  const TileShape &left = product.left->shape, &right = product.right->shape,
                  &result = product.result->shape;
  if (!tripleExists(result.element, left.element, right.element, context.arch))
    return context.fail("the matrix unit does not multiply " + name(left.element).str() + " by " +
                        name(right.element).str() + " into " + name(result.element).str());
  for (const TileOperand *start : {product.accumulator, product.bias})
    if (start && start->shape.element != result.element)
      return context.fail("the sum starts from " + name(start->shape.element).str() +
                          ", but the result is " + name(result.element).str());
  if (left.validCols != right.validRows)
    context.fail("A has " + std::to_string(left.validCols) + " columns, B has " +
                 std::to_string(right.validRows) + " rows");
  // library 4: TGEMV takes k and n from B.
  Extents size{left.validRows, product.gemv ? right.validRows : left.validCols, right.validCols, 0};
  if (size.m != result.validRows || size.n != result.validCols)
    context.fail("the product is " + extents(size.m, size.n) + ", the result tile holds " +
                 extents(result.validRows, result.validCols));
  if (size.m <= 0 || size.k <= 0 || size.n <= 0)
    return; // nothing to do (library 4)
  size.writtenRows = size.m;
  if (context.arch == Arch::A3 && !product.gemv && size.m == 1) {
    if (left.rows < 16 || result.rows < 16)
      context.fail("TMATMUL of one row works on 16 rows, but its tiles have fewer: use TGEMV");
    else
      size.writtenRows = 16;
  }
  // library 4: the a2/a3 hardware accumulates into the result's own place, wherever cIn is.
  Product fixed = product;
  if (product.accumulator && context.arch == Arch::A3) {
    if (product.accumulator->address != product.result->address)
      context.fail(
          "the accumulator input lies elsewhere than the result, but a2/a3 adds to the result");
    fixed.accumulator = product.result;
  }
  if (result.element == Element::I32)
    multiply<uint32_t>(context, fixed, size);
  else
    multiply<float>(context, fixed, size);
}

static Product plain(KernelContext &context, bool gemv) {
  return {tileAt(context, 0), tileAt(context, 1), tileAt(context, 2), nullptr, nullptr, gemv};
}
static Product accumulating(KernelContext &context, bool gemv) {
  return {tileAt(context, 1),
          tileAt(context, 2),
          tileAt(context, 3),
          tileAt(context, 0),
          nullptr,
          gemv};
}
static Product withBias(KernelContext &context, bool gemv) {
  return {tileAt(context, 0), tileAt(context, 1),
          tileAt(context, 3), nullptr,
          tileAt(context, 2), gemv};
}

void pto::sim::matmulKernel(KernelContext &context) { run(context, plain(context, false)); }
void pto::sim::matmulAccKernel(KernelContext &context) {
  run(context, accumulating(context, false));
}
void pto::sim::matmulBiasKernel(KernelContext &context) { run(context, withBias(context, false)); }
void pto::sim::gemvKernel(KernelContext &context) { run(context, plain(context, true)); }
void pto::sim::gemvAccKernel(KernelContext &context) { run(context, accumulating(context, true)); }
void pto::sim::gemvBiasKernel(KernelContext &context) { run(context, withBias(context, true)); }
