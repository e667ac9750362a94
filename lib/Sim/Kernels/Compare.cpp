//===- Compare.cpp - TCMP, TCMPS, TSEL, TSELS ------------------------------===//
//
// A mask holds one bit per element, the lowest bit of a byte first; every row begins at a byte of
// its own (library 3.7).
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace pto;
using namespace pto::sim;

namespace {

constexpr std::byte garbage{0xa5}; // of the bits behind the valid columns

/// The numbers of the dialect's attribute (library 1.5).
enum class Comparison : int64_t { EQ, NE, LT, LE, GT, GE };

template <typename Value> bool holds(Comparison comparison, Value a, Value b) {
  switch (comparison) {
  case Comparison::EQ:
    return a == b;
  case Comparison::NE:
    return a != b;
  case Comparison::LT:
    return a < b;
  case Comparison::LE:
    return a <= b;
  case Comparison::GT:
    return a > b;
  case Comparison::GE:
    return a >= b;
  }
  return false;
}

uint64_t pitchOf(const TileShape &mask) { return uint64_t(mask.cols) * bytesOf(mask.element); }

/// Bytes of mask that are written for a row: one repeat's at least; on a5 two of 4-byte elements
/// share a granule.
uint64_t maskBytes(Arch arch, Element element, int64_t cols) {
  uint64_t elementsPerRepeat = 256 / bytesOf(element);
  if (arch == Arch::A5 && bytesOf(element) == 4)
    elementsPerRepeat *= 2;
  return llvm::divideCeil(uint64_t(cols), elementsPerRepeat) * (elementsPerRepeat / 8);
}

/// The second source: a tile, or a scalar in every place. False after a report.
bool readSecond(KernelContext &context, const TileShape &first, Packed &second) {
  const Operand &operand = context.operands[1];
  if (operand.kind == Operand::Scalar) {
    std::byte value[8];
    encodeScalar(operand.scalar, first.element, value);
    for (int64_t i = 0; i < second.elements(); ++i)
      std::memcpy(second.data() + i * second.elementBytes, value, second.elementBytes);
    return true;
  }
  const TileOperand *tile = tileAt(context, 1);
  if (!tile)
    return false;
  if (tile->shape.element != first.element || tile->shape.validRows != first.validRows ||
      tile->shape.validCols != first.validCols) {
    context.fail("the sources have " + extents(first.validRows, first.validCols) + " " +
                 name(first.element).str() + " and " +
                 extents(tile->shape.validRows, tile->shape.validCols) + " " +
                 name(tile->shape.element).str() + " valid elements");
    return false;
  }
  readTile(context, *tile, validRegion(*tile), second);
  return true;
}

} // namespace

void pto::sim::compareKernel(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *dst = tileAt(context, 2);
  if (!src || !dst || validRegion(*src).empty())
    return;
  const TileShape &shape = src->shape;
  auto comparison = Comparison(context.attribute("cmpMode", 0));
  Packed first(shape.validRows, shape.validCols, bytesOf(shape.element)),
      second(shape.validRows, shape.validCols, bytesOf(shape.element));
  readTile(context, *src, validRegion(*src), first);
  if (!readSecond(context, shape, second))
    return;
  uint64_t bytes = maskBytes(context.arch, shape.element, shape.validCols);
  uint64_t pitch = pitchOf(dst->shape);
  // Of i32 tiles a2/a3 has equality only; not-equal inverts whole rows of the mask.
  bool wholesOnA3 = context.arch == Arch::A3 && shape.element == Element::I32 &&
                    context.operands[1].kind == Operand::Tile;
  if (wholesOnA3 && comparison == Comparison::NE)
    bytes = std::max(bytes, pitch);
  if (wholesOnA3 && comparison > Comparison::NE)
    return context.fail("i32 tiles are compared by eq and ne only on a3");
  if ((shape.validRows - 1) * pitch + bytes > dst->shape.bytes())
    return context.fail("a row of the mask has " + std::to_string(pitch) +
                        " bytes, but the library writes " + std::to_string(bytes));
  bool known = dispatchElement(shape.element, [&]<typename Number>() {
    using Stored = typename Number::Stored;
    for (int64_t row = 0; row < shape.validRows; ++row) {
      llvm::SmallVector<std::byte, 64> mask(bytes, garbage);
      for (int64_t col = 0; col < shape.validCols; ++col) {
        int64_t i = row * shape.validCols + col;
        std::byte bit{uint8_t(1u << (col % 8))};
        bool isSet = holds(comparison, Number::load(first.as<Stored>()[i]),
                           Number::load(second.as<Stored>()[i]));
        mask[col / 8] = isSet ? mask[col / 8] | bit : mask[col / 8] & ~bit;
      }
      context.write(dst->shape.space, dst->address + row * pitch, mask.data(), bytes);
    }
  });
  if (!known)
    context.fail("this operation does not compare " + name(shape.element).str());
}

/// dst = bit ? chosen : other, whatever the elements mean.
static void selectBytes(KernelContext &context, const TileOperand &dst, const Packed &chosen,
                        const Packed &other) {
  const TileOperand *mask = tileAt(context, 0);
  if (!mask)
    return;
  Region region = validRegion(dst);
  uint64_t pitch = pitchOf(mask->shape), bytes = llvm::divideCeil(uint64_t(region.cols), 8);
  if ((region.rows - 1) * pitch + bytes > mask->shape.bytes())
    return context.fail("the mask has rows of " + std::to_string(pitch) + " bytes, but " +
                        std::to_string(bytes) + " are read");
  Packed out(region.rows, region.cols, bytesOf(dst.shape.element));
  llvm::SmallVector<uint8_t, 64> bits(bytes);
  for (int64_t row = 0; row < region.rows; ++row) {
    context.read(mask->shape.space, mask->address + row * pitch, bits.data(), bytes);
    for (int64_t col = 0; col < region.cols; ++col) {
      int64_t at = (row * region.cols + col) * out.elementBytes;
      const Packed &from = bits[col / 8] >> (col % 8) & 1 ? chosen : other;
      std::memcpy(out.data() + at, from.data() + at, out.elementBytes);
    }
  }
  writeTile(context, dst, region, out);
}

void pto::sim::selectKernel(KernelContext &context) {
  llvm::ArrayRef<Operand> all = context.operands;
  const Operand sources[] = {all[1], all[2], all[4]};
  context.operands = sources;
  ElementwiseCall call(context, 2, 2);
  context.operands = all;
  if (!call)
    return;
  selectBytes(context, call.output(), call.input(0), call.input(1));
  if (context.arch == Arch::A3 && all[3].kind == Operand::Tile)
    scribble(context, all[3].tile, 0, bytesOf(call.element()) == 2 ? 16 : 8);
}

void pto::sim::selectScalarKernel(KernelContext &context) {
  llvm::ArrayRef<Operand> all = context.operands;
  const Operand sources[] = {all[1], all[3], all[4]};
  context.operands = sources;
  ElementwiseCall call(context, 2, 2);
  context.operands = all;
  if (!call)
    return;
  selectBytes(context, call.output(), call.input(0), call.input(1));
  if (context.arch != Arch::A3 || all[2].kind != Operand::Tile)
    return;
  // The scalar lies in tmp by now and is spread over a row of it.
  const TileOperand &tmp = all[2].tile;
  std::byte value[8];
  context.read(tmp.shape.space, tmp.address, value, bytesOf(tmp.shape.element));
  scribble(context, tmp, 0, uint64_t(call.output().shape.validCols) * bytesOf(call.element()));
}
