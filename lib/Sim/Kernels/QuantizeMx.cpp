//===- QuantizeMx.cpp - TQUANT with a scale for every 32 numbers -----------===//
//
// library 3.15. Modelled where the library leaves it open: groups are stored row by row; the scale
// of nv is the least power of two with which nothing saturates; a group without a finite maximum
// has the exponent 255 (NaN), and its numbers are NaN.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include <algorithm>
#include <cmath>
#include <vector>

using namespace pto;
using namespace pto::sim;

namespace {

constexpr int64_t groupSize = 32;
constexpr int quantTypeMxFp4 = 3, scaleAlgNv = 1, axisOfColumns = 0;

struct Target {
  bool four;
  int largestExponent; ///< of its greatest number
  double largest;
};

/// The f8E8M0 code of the scale of a group: its biased exponent, 0 to 254, or 255 for NaN.
int scaleCode(double maximum, const Target &to, bool nv) {
  if (!std::isfinite(maximum))
    return 255;
  if (maximum == 0)
    return 0;
  int exponent = std::ilogb(maximum) - to.largestExponent;
  if (nv) {
    exponent = std::ilogb(maximum / to.largest);
    if (std::ldexp(to.largest, exponent) < maximum)
      ++exponent;
  }
  return std::clamp(exponent + 127, 0, 254);
}

/// Rounds to nearest even and saturates.
uint8_t encodeFp8(double value, double largest) {
  uint8_t code;
  encodeFloat(Element::F8E4M3, std::isnan(value) ? value : std::clamp(value, -largest, largest),
              &code);
  return code;
}

struct Groups {
  bool alongRows;
  int64_t rows, cols; ///< of the matrix of groups
  int64_t count() const { return rows * cols; }
  /// The group of an element.
  int64_t of(int64_t row, int64_t col) const {
    return alongRows ? row * cols + col / groupSize : row / groupSize * cols + col;
  }
  /// Where the exponent of a group stands in the order of a left scale tile: boxes of 16 x 2, row
  /// by row (library 4.1).
  int64_t inBoxes(int64_t group) const {
    int64_t row = group / cols, col = group % cols;
    return ((row / 16) * (cols / 2) + col / 2) * 32 + row % 16 * 2 + col % 2;
  }
};

/// Writes one element per group into the valid region, row by row.
void writeGroups(KernelContext &context, const TileOperand &tile, const Groups &groups,
                 llvm::function_ref<void(int64_t, std::byte *)> encode) {
  Region valid = validRegion(tile);
  Packed packed(valid.rows, valid.cols, bytesOf(tile.shape.element));
  for (int64_t i = 0; i < groups.count(); ++i)
    encode(i, packed.data() + i * packed.elementBytes);
  writeTile(context, tile, valid, packed);
}

/// What the library fills up with zero: 16-bit rows behind their valid columns.
void fillTails(KernelContext &context, const TileOperand &src) {
  const TileShape &shape = src.shape;
  if (bytesOf(shape.element) != 2 || shape.validCols == shape.cols)
    return;
  Packed zeros(shape.validRows, shape.cols - shape.validCols, 2);
  std::fill_n(zeros.data(), zeros.elements() * 2, std::byte{0});
  writeTile(context, src, {0, shape.validCols, zeros.rows, zeros.cols}, zeros);
}

/// False after a report.
bool isLegal(KernelContext &context, const TileOperand *const *tiles, const Groups &groups) {
  const TileShape &src = tiles[0]->shape, &dst = tiles[1]->shape;
  int64_t along = groups.alongRows ? src.validCols : src.validRows;
  auto per = dst.numbersPerElement();
  if (src.validRows != dst.validRows || src.validCols != dst.validCols * per[1]) {
    context.fail("the source has " + extents(src.validRows, src.validCols) +
                 " valid numbers, the result " + extents(dst.validRows, dst.validCols * per[1]));
    return false;
  }
  if (along % groupSize) {
    context.fail("groups of 32 numbers along an extent of " + std::to_string(along));
    return false;
  }
  for (unsigned i = 2; i < 5; ++i)
    if (Region valid = validRegion(*tiles[i]); valid.elements() != groups.count()) {
      context.fail("operand " + std::to_string(i) + " has " + extents(valid.rows, valid.cols) +
                   " valid elements for " + std::to_string(groups.count()) + " groups");
      return false;
    }
  if (context.attribute("interleave", 0)) {
    context.fail(
        "interleaved groups are not modelled: the library does not say what is interleaved");
    return false;
  }
  return true;
}

void writeNumbers(KernelContext &context, const TileOperand &dst, const std::vector<double> &scaled,
                  const Target &to) {
  Region valid = validRegion(dst);
  Packed packed(valid.rows, valid.cols, 1);
  for (int64_t i = 0; i < packed.elements(); ++i)
    packed.as<uint8_t>()[i] = to.four
                                  ? encodePair(dst.shape.element, scaled[2 * i], scaled[2 * i + 1])
                                  : encodeFp8(scaled[i], to.largest);
  writeTile(context, dst, valid, packed);
}
} // namespace

void pto::sim::quantizeMxKernel(KernelContext &context) {
  const TileOperand *tiles[5];
  for (unsigned i = 0; i < 5; ++i)
    if (!(tiles[i] = tileAt(context, i)))
      return;
  const TileOperand &src = *tiles[0];
  Region region = validRegion(src);
  if (region.empty())
    return;
  Groups groups{context.attribute("grpAxis", 1) != axisOfColumns, region.rows, region.cols};
  (groups.alongRows ? groups.cols : groups.rows) /= groupSize;
  if (!isLegal(context, tiles, groups))
    return;
  bool four = context.attribute("quant_type", 2) == quantTypeMxFp4;
  Target to{four, four ? 2 : 8, four ? 6.0 : 448.0};
  bool nv = context.attribute("quantScaleAlg", 0) == scaleAlgNv;

  Element element = src.shape.element;
  Packed in(region.rows, region.cols, bytesOf(element));
  readTile(context, src, region, in);
  std::vector<double> numbers(size_t(in.elements())), maxima(size_t(groups.count()), 0.0);
  for (int64_t i = 0; i < in.elements(); ++i) {
    numbers[i] = decodeFloat(element, in.data() + i * in.elementBytes);
    double &maximum = maxima[groups.of(i / region.cols, i % region.cols)];
    if (std::fabs(numbers[i]) > maximum || std::isnan(numbers[i]))
      maximum = std::fabs(numbers[i]);
  }
  std::vector<int> codes;
  for (double maximum : maxima)
    codes.push_back(scaleCode(maximum, to, nv));
  // The inverse, 2^(127 - code).
  auto factor = [&](int64_t group) {
    return codes[group] == 255 ? std::nan("") : std::ldexp(1.0, 127 - codes[group]);
  };
  for (int64_t i = 0; i < in.elements(); ++i)
    numbers[i] *= factor(groups.of(i / region.cols, i % region.cols));
  writeNumbers(context, *tiles[1], numbers, to);
  writeGroups(context, *tiles[2], groups,
              [&](int64_t i, std::byte *out) { *out = std::byte(codes[i]); });
  writeGroups(context, *tiles[3], groups,
              [&](int64_t i, std::byte *out) { encodeFloat(element, maxima[i], out); });
  writeGroups(context, *tiles[4], groups,
              [&](int64_t i, std::byte *out) { encodeFloat(element, factor(i), out); });
  fillTails(context, src);
  if (context.operands.size() < 6 || context.operands[5].kind != Operand::Tile)
    return;
  const TileOperand *boxed = tileAt(context, 5);
  if (!boxed)
    return;
  if (groups.rows % 16 || groups.cols % 2 || validRegion(*boxed).elements() != groups.count())
    return context.fail(
        "the exponents of " + extents(groups.rows, groups.cols) + " groups do not fill " +
        extents(boxed->shape.validRows, boxed->shape.validCols) + " elements in boxes of 16x2");
  std::vector<int> order(codes.size());
  for (int64_t i = 0; i < groups.count(); ++i)
    order[groups.inBoxes(i)] = codes[i];
  writeGroups(context, *boxed, groups,
              [&](int64_t i, std::byte *out) { *out = std::byte(order[i]); });
}
