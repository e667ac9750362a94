//===- MatmulMx.cpp - TMATMUL_MX and TGEMV_MX -------------------------------===//
//
// Numbers that share a scale in groups of 32 along k (library 4.1). m and k come from the valid
// region of the left operand, of TGEMV_MX k from the right one. Modelled: the sum is exact and
// rounded once to f32; the hardware's order of additions is not documented.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include <vector>

using namespace pto;
using namespace pto::sim;

namespace {

constexpr int64_t groupSize = 32;

struct ScaledProduct {
  const TileOperand *left = nullptr, *leftScale = nullptr, *right = nullptr, *rightScale = nullptr;
  const TileOperand *result = nullptr, *start = nullptr; ///< `start`: an accumulator or a bias
  bool gemv = false;

  explicit operator bool() const { return left && leftScale && right && rightScale && result; }
};

/// A dense matrix of numbers, by rows.
struct Numbers {
  int64_t cols;
  std::vector<double> values;
  double &at(int64_t row, int64_t col) { return values[size_t(row * cols + col)]; }
};

/// `rows` x `cols` numbers of a tile; of packed pairs a last odd one travels along unused.
Numbers readNumbers(KernelContext &context, const TileOperand &tile, int64_t rows, int64_t cols) {
  auto per = tile.shape.numbersPerElement();
  int64_t elementRows = (rows + per[0] - 1) / per[0], elementCols = (cols + per[1] - 1) / per[1];
  Packed packed(elementRows, elementCols, bytesOf(tile.shape.element));
  readTile(context, tile, {0, 0, elementRows, elementCols}, packed);
  Numbers numbers{cols, std::vector<double>(size_t(rows * cols))};
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col) {
      const std::byte *bytes = packed.at(row / per[0], col / per[1]);
      numbers.at(row, col) =
          isPackedPair(tile.shape.element)
              ? decodePair(tile.shape.element, uint8_t(*bytes))[row % per[0] + col % per[1]]
              : decodeFloat(tile.shape.element, bytes);
    }
  return numbers;
}

bool isFp8(Element e) { return e == Element::F8E4M3 || e == Element::F8E5M2; }

/// False after a report.
bool typesExist(KernelContext &context, const ScaledProduct &p) {
  Element left = p.left->shape.element, right = p.right->shape.element;
  bool pair = (isFp8(left) && isFp8(right)) || (isPackedPair(left) && isPackedPair(right));
  if (context.arch != Arch::A5 || !pair || p.result->shape.element != Element::F32) {
    context.fail("the matrix unit does not multiply " + name(left).str() + " by " +
                 name(right).str() + " with scales into " + name(p.result->shape.element).str() +
                 " on " + name(context.arch).str());
    return false;
  }
  for (const TileOperand *scale : {p.leftScale, p.rightScale})
    if (scale->shape.element != Element::F8E8M0) {
      context.fail("scales are f8E8M0, not " + name(scale->shape.element).str());
      return false;
    }
  return true;
}

/// False after a report, or when there is nothing to do.
bool extentsFit(KernelContext &context, const ScaledProduct &p, int64_t m, int64_t k, int64_t n) {
  int64_t groups = (k + groupSize - 1) / groupSize;
  const TileShape &result = p.result->shape;
  auto check = [&](const TileOperand &tile, int64_t rows, int64_t cols, const char *what) {
    if (tile.shape.validRows == rows && tile.shape.validCols == cols)
      return true;
    context.fail(std::string(what) + " of a product of " + std::to_string(m) + "x" +
                 std::to_string(k) + "x" + std::to_string(n) + " are " + extents(rows, cols) +
                 ", but the tile holds " + extents(tile.shape.validRows, tile.shape.validCols));
    return false;
  };
  if (result.validRows != m || result.validCols != n)
    context.fail("the product is " + extents(m, n) + ", the result tile holds " +
                 extents(result.validRows, result.validCols));
  return m > 0 && k > 0 && n > 0 && check(*p.leftScale, m, groups, "the left scales") &&
         check(*p.rightScale, groups, n, "the right scales");
}

void run(KernelContext &context, const ScaledProduct &p) {
  if (!p || !typesExist(context, p))
    return;
  auto leftPer = p.left->shape.numbersPerElement(), rightPer = p.right->shape.numbersPerElement();
  int64_t m = p.left->shape.validRows, n = p.right->shape.validCols;
  int64_t leftK = p.left->shape.validCols * leftPer[1],
          rightK = p.right->shape.validRows * rightPer[0], k = p.gemv ? rightK : leftK;
  if (leftK != rightK)
    context.fail("A has " + std::to_string(leftK) + " columns, B has " + std::to_string(rightK) +
                 " rows");
  if (!extentsFit(context, p, m, k, n))
    return;
  Numbers left = readNumbers(context, *p.left, m, k), right = readNumbers(context, *p.right, k, n);
  int64_t groups = (k + groupSize - 1) / groupSize;
  Numbers leftScale = readNumbers(context, *p.leftScale, m, groups),
          rightScale = readNumbers(context, *p.rightScale, groups, n);
  Packed out(m, n, 4);
  Packed start(p.start && p.start->shape.space == Space::Bias ? 1 : m, n, 4);
  if (p.start)
    readTile(context, *p.start, {0, 0, start.rows, n}, start);
  for (int64_t row = 0; row < m; ++row)
    for (int64_t col = 0; col < n; ++col) {
      double sum = p.start ? start.as<float>()[start.rows == 1 ? col : row * n + col] : 0;
      for (int64_t group = 0; group < groups; ++group) {
        double part = 0;
        for (int64_t i = group * groupSize, end = std::min(i + groupSize, k); i < end; ++i)
          part += left.at(row, i) * right.at(i, col);
        sum += part * leftScale.at(row, group) * rightScale.at(group, col);
      }
      out.as<float>()[row * n + col] = float(sum);
    }
  writeTile(context, *p.result, {0, 0, m, n}, out);
}

/// Operands from `first` on: a, a_scale, b, b_scale; dst is the last one.
ScaledProduct product(KernelContext &context, unsigned first, std::optional<unsigned> start,
                      bool gemv) {
  return {tileAt(context, first),
          tileAt(context, first + 1),
          tileAt(context, first + 2),
          tileAt(context, first + 3),
          tileAt(context, unsigned(context.operands.size()) - 1),
          start ? tileAt(context, *start) : nullptr,
          gemv};
}
} // namespace

void pto::sim::matmulMxKernel(KernelContext &context) {
  run(context, product(context, 0, std::nullopt, false));
}
void pto::sim::matmulMxAccKernel(KernelContext &context) {
  run(context, product(context, 1, 0, false));
}
void pto::sim::matmulMxBiasKernel(KernelContext &context) {
  run(context, product(context, 0, 4, false));
}
void pto::sim::gemvMxKernel(KernelContext &context) {
  run(context, product(context, 0, std::nullopt, true));
}
void pto::sim::gemvMxAccKernel(KernelContext &context) {
  run(context, product(context, 1, 0, true));
}
void pto::sim::gemvMxBiasKernel(KernelContext &context) {
  run(context, product(context, 0, 4, true));
}
