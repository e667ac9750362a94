//===- Quantize.cpp - TQUANT, TDEQUANT -------------------------------------===//

#include "Kernels.h"
#include <algorithm>
#include <cmath>
#include <optional>

using namespace pto;
using namespace pto::sim;

/// The first element of each of the first `rows` rows; nothing after a report.
static std::optional<Packed> valuesOfRows(KernelContext &context, unsigned index, int64_t rows) {
  const TileOperand *tile = tileAt(context, index);
  if (!tile)
    return std::nullopt;
  if (tile->shape.element != Element::F32 || tile->shape.validRows < rows ||
      tile->shape.validCols < 1) {
    context.fail("operand " + std::to_string(index) + " has " +
                 extents(tile->shape.validRows, tile->shape.validCols) + " valid elements of " +
                 name(tile->shape.element).str() + " for the parameters of " +
                 std::to_string(rows) + " rows");
    return std::nullopt;
  }
  Packed values(rows, 1, 4);
  readTile(context, *tile, {0, 0, rows, 1}, values);
  return values;
}

static bool haveOneRegion(KernelContext &context, const TileShape &src, const TileShape &dst) {
  if (src.validRows == dst.validRows && src.validCols == dst.validCols)
    return true;
  context.fail("the source has " + extents(src.validRows, src.validCols) +
               " valid elements, the result " + extents(dst.validRows, dst.validCols));
  return false;
}

/// Every valid row is overwritten with what nobody can mistake for data.
static void scribbleRows(KernelContext &context, const TileOperand &tile, Region region) {
  uint64_t bytes = bytesOf(tile.shape.element), pitch = uint64_t(tile.shape.cols) * bytes;
  for (int64_t row = 0; row < region.rows; ++row)
    scribble(context, tile, row * pitch, region.cols * bytes);
}

/// Each step is rounded to f32; the last one to the nearest integer, ties to even, and clamped.
/// Modelled: NaN becomes 0.
void pto::sim::quantizeKernel(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 4);
  if (!src || !dst || validRegion(*dst).empty() || !haveOneRegion(context, src->shape, dst->shape))
    return;
  Region region = validRegion(*dst);
  bool hasOffset = context.operands[2].kind == Operand::Tile;
  auto factors = valuesOfRows(context, 1, region.rows);
  auto offsets = hasOffset ? valuesOfRows(context, 2, region.rows) : std::nullopt;
  if (!factors || (hasOffset && !offsets))
    return;
  Packed in(region.rows, region.cols, 4), out(region.rows, region.cols, 1);
  readTile(context, *src, region, in);
  bool isSigned = !isUnsigned(dst->shape.element);
  float least = isSigned ? -128.0f : 0.0f, most = isSigned ? 127.0f : 255.0f;
  for (int64_t i = 0; i < in.elements(); ++i) {
    int64_t row = i / region.cols;
    float scaled = in.as<float>()[i] * factors->as<float>()[row];
    if (offsets)
      scaled += offsets->as<float>()[row];
    float whole = std::isnan(scaled) ? 0.0f : std::clamp(std::nearbyint(scaled), least, most);
    out.as<uint8_t>()[i] = uint8_t(int(whole));
  }
  writeTile(context, *dst, region, out);
  if (context.arch != Arch::A3)
    return;
  scribbleRows(context, *src, region);
  if (context.operands[3].kind == Operand::Tile)
    scribbleRows(context, context.operands[3].tile, region);
}

void pto::sim::dequantizeKernel(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 3);
  if (!src || !dst || validRegion(*dst).empty() || !haveOneRegion(context, src->shape, dst->shape))
    return;
  Region region = validRegion(*dst);
  auto scales = valuesOfRows(context, 1, region.rows);
  auto offsets = valuesOfRows(context, 2, region.rows);
  if (!scales || !offsets)
    return;
  Packed in(region.rows, region.cols, bytesOf(src->shape.element)),
      out(region.rows, region.cols, 4);
  readTile(context, *src, region, in);
  for (int64_t i = 0; i < in.elements(); ++i) {
    int64_t row = i / region.cols;
    float value = float(decodeInteger(src->shape.element, in.data() + i * in.elementBytes));
    float shifted = value - offsets->as<float>()[row];
    out.as<float>()[i] = shifted * scales->as<float>()[row];
  }
  writeTile(context, *dst, region, out);
}
