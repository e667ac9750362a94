//===- Elementwise.cpp - Reading the inputs of elementwise calls -----------===//

#include "Elementwise.h"
#include <cstring>

using namespace pto;
using namespace pto::sim;

/// Converts one element between types, as C++ would: floats to floats and integers to integers, or
/// across.
static void convertElement(Element from, const std::byte *in, Element to, std::byte *out) {
  if (isFloat(from) && isFloat(to))
    encodeFloat(to, decodeFloat(from, in), out);
  else if (isFloat(to))
    encodeFloat(to, double(decodeInteger(from, in)), out);
  else if (isFloat(from))
    encodeInteger(to, int64_t(decodeFloat(from, in)), out);
  else
    encodeInteger(to, decodeInteger(from, in), out);
}

void pto::sim::encodeScalar(const ScalarOperand &scalar, Element to, std::byte *out) {
  if (isFloat(to))
    encodeFloat(to, scalar.asDouble(), out);
  else
    encodeInteger(to, isFloat(scalar.element) ? int64_t(scalar.asDouble()) : scalar.asInteger(),
                  out);
}

ElementwiseCall::ElementwiseCall(KernelContext &context, unsigned inputs, unsigned output)
    : context(context), destination(tileAt(context, output)) {
  if (!destination)
    return;
  region = validRegion(*destination);
  bool codable = dispatchElement(element(), []<typename Number>() {});
  if (!codable) {
    refuse();
    return;
  }
  for (unsigned i = 0; i < inputs; ++i) {
    const Operand &operand = context.operands[i];
    if (operand.kind == Operand::Scalar)
      continue;
    if (!tileAt(context, i))
      return;
    const TileShape &shape = operand.tile.shape;
    if (shape.validRows != region.rows || shape.validCols != region.cols)
      context.fail("operand " + std::to_string(i) + " has " +
                   extents(shape.validRows, shape.validCols) + " valid elements, the result " +
                   extents(region.rows, region.cols));
  }
  if (!region.empty())
    for (unsigned i = 0; i < inputs; ++i)
      readInput(context.operands[i], i);
}

void ElementwiseCall::readInput(const Operand &operand, unsigned index) {
  Packed &target = packed.emplace_back(region.rows, region.cols, bytesOf(element()));
  unsigned size = target.elementBytes;
  if (operand.kind == Operand::Scalar) {
    std::byte value[8];
    encodeScalar(operand.scalar, element(), value);
    for (int64_t i = 0; i < target.elements(); ++i)
      std::memcpy(target.data() + i * size, value, size);
    return;
  }
  Element from = operand.tile.shape.element;
  if (from == element())
    return readTile(context, operand.tile, region, target);
  Packed raw(region.rows, region.cols, bytesOf(from));
  readTile(context, operand.tile, region, raw);
  for (int64_t i = 0; i < raw.elements(); ++i)
    convertElement(from, raw.data() + i * raw.elementBytes, element(), target.data() + i * size);
}
