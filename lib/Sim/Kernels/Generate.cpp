//===- Generate.cpp - TCI, TTRI, TRANDOM, THISTOGRAM ------------------------===//

#include "Generate.h"
#include "llvm/ADT/SmallVector.h"
#include <array>

using namespace pto;
using namespace pto::sim;

namespace {

void encode(Element element, int64_t value, std::byte *into) {
  if (isFloat(element))
    encodeFloat(element, double(value), into);
  else
    encodeInteger(element, value, into);
}

/// Writes `valueAt(row, col)` over the valid region.
template <typename Function>
void generate(KernelContext &context, const TileOperand &dst, Function valueAt) {
  Region region = validRegion(dst);
  if (region.empty())
    return;
  Packed values(region.rows, region.cols, bytesOf(dst.shape.element));
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; ++col)
      encode(dst.shape.element, valueAt(row, col), values.at(row, col));
  writeTile(context, dst, region, values);
}

//===----------------------------------------------------------------------===//
// TCI, TTRI
//===----------------------------------------------------------------------===//

/// Wraps in the element type.
void countUp(KernelContext &context) {
  const TileOperand *dst = tileAt(context, 2);
  if (!dst)
    return;
  int64_t start = context.operands[0].scalar.asInteger();
  bool descends = context.attribute("descending", 0) != 0;
  bool hasScratch = context.operands[1].kind == Operand::Tile && context.arch == Arch::A3;
  // The form with a scratch tile negates what it has counted (library 3.12).
  if (descends && hasScratch)
    start = -start;
  generate(context, *dst,
           [&](int64_t, int64_t col) { return descends ? start - col : start + col; });
  if (hasScratch)
    scribble(context, context.operands[1].tile, 0, bytesOf(dst->shape.element) == 2 ? 1792 : 768);
}

void triangle(KernelContext &context) {
  const TileOperand *dst = tileAt(context, 1);
  if (!dst)
    return;
  int64_t diagonal = context.operands[0].scalar.asInteger();
  bool upper = context.attribute("upperOrLower", 0) == 1;
  generate(context, *dst, [&](int64_t row, int64_t col) {
    return int64_t(upper ? col >= row + diagonal : col <= row + diagonal);
  });
}

//===----------------------------------------------------------------------===//
// TRANDOM
//===----------------------------------------------------------------------===//

/// Philox 4x32 of Salmon et al. (2011), with the constants of its paper.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key,
                               int64_t rounds) {
  for (int64_t round = 0; round < rounds; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * counter[0], b = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b),
               uint32_t(a >> 32) ^ counter[3] ^ key[1], uint32_t(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// Modelled: element 4 i + j of the valid region is word j of the counter plus i. The page names
/// key, counter and rounds, not the order of the words in the tile.
void random(KernelContext &context) {
  const TileOperand *dst = tileAt(context, 6);
  if (!dst)
    return;
  auto word = [&](unsigned i) { return uint32_t(context.operands[i].scalar.bits); };
  int64_t cols = dst->shape.validCols, last = -1;
  std::array<uint32_t, 4> words{};
  generate(context, *dst, [&](int64_t row, int64_t col) {
    int64_t element = row * cols + col;
    if (element / 4 != last) {
      last = element / 4;
      std::array<uint32_t, 4> counter{word(2), word(3), word(4), word(5)};
      uint64_t carry = uint64_t(last);
      for (uint32_t &part : counter) {
        carry += part;
        part = uint32_t(carry);
        carry >>= 32;
      }
      words = philox(counter, {word(0), word(1)}, context.attribute("rounds", 10));
    }
    return int64_t(words[element % 4]);
  });
}

//===----------------------------------------------------------------------===//
// THISTOGRAM
//===----------------------------------------------------------------------===//

void histogram(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *idx = tileAt(context, 1), *dst = tileAt(context, 2);
  constexpr int64_t bins = 256;
  if (!src || !idx || !dst || validRegion(*src).empty())
    return;
  unsigned bytes = bytesOf(src->shape.element);
  int64_t byte = context.attribute("byte", 1), higher = int64_t(bytes) - 1 - byte;
  if (higher < 0 || (bytes == 4 && higher > 0))
    return context.fail("counts byte " + std::to_string(byte) + " of " + std::to_string(bytes) +
                        "; of 32-bit elements the simulator knows the highest byte only");
  Region region = validRegion(*src);
  if (dst->shape.rows < region.rows || dst->shape.cols < bins ||
      (higher > 0 && (idx->shape.validRows < region.rows || idx->shape.validCols < 1)))
    return context.fail("needs " + extents(region.rows, bins) +
                        " counters and an index for each row, but has " +
                        extents(dst->shape.rows, dst->shape.cols) + " and " +
                        extents(idx->shape.validRows, idx->shape.validCols));
  Packed values(region.rows, region.cols, bytes), wanted(region.rows, 1, 1),
      counts(region.rows, bins, 4);
  readTile(context, *src, region, values);
  if (higher > 0)
    readTile(context, *idx, {0, 0, region.rows, 1}, wanted);
  for (int64_t row = 0; row < region.rows; ++row) {
    std::array<uint32_t, bins> found{};
    for (int64_t col = 0; col < region.cols; ++col) {
      auto value = uint64_t(decodeInteger(src->shape.element, values.at(row, col)));
      if (higher == 0 || uint8_t(value >> 8) == uint8_t(*wanted.at(row, 0)))
        ++found[value >> (8 * byte) & 0xff];
    }
    for (int64_t bin = 0; bin < bins; ++bin)
      encodeInteger(Element::U32, found[bin], counts.at(row, bin));
  }
  writeTile(context, *dst, {0, 0, region.rows, bins}, counts);
}

} // namespace

KernelFunction pto::sim::findGenerateKernel(llvm::StringRef name) {
  if (name == "count_up")
    return countUp;
  if (name == "triangle")
    return triangle;
  if (name == "random")
    return random;
  return name == "histogram" ? histogram : nullptr;
}
