//===- Sort.cpp - TSORT32, TMRGSORT ----------------------------------------===//
//
// Records are 8 bytes: a value in the first 4 (f16: in 2 of them), an index in the last 4
// (library 3.11).
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>

using namespace pto;
using namespace pto::sim;

namespace {

constexpr int64_t groupSize = 32;

struct Record {
  uint32_t value = 0, index = 0;
};
static_assert(sizeof(Record) == 8);

/// Floats in the order of their bits: -NaN, numbers, +NaN. The library pads with -NaN and expects
/// it behind everything else.
int32_t keyOf(const Record &record, Element element) {
  int32_t bits = element == Element::F16 ? int32_t(uint32_t(uint16_t(record.value)) << 16)
                                         : int32_t(record.value);
  return bits < 0 ? int32_t(~uint32_t(bits) ^ 0x80000000u) : bits;
}

bool areReals(KernelContext &context, Element element) {
  if (element == Element::F16 || element == Element::F32)
    return true;
  context.fail("this operation does not compute on " + name(element).str());
  return false;
}

/// Modelled: equal values keep their order (the library leaves it to the hardware).
void sortGroup(llvm::MutableArrayRef<Record> group, Element element) {
  auto isBefore = [&](const Record &a, const Record &b) {
    return keyOf(a, element) > keyOf(b, element);
  };
  for (Record *end = group.begin(); end != group.end(); ++end) {
    Record record = *end;
    Record *at = std::upper_bound(group.begin(), end, record, isBefore);
    std::move_backward(at, end, end + 1);
    *at = record;
  }
}

} // namespace

//===----------------------------------------------------------------------===//
// TSORT32
//===----------------------------------------------------------------------===//

void pto::sim::sort32Kernel(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0), *idx = tileAt(context, 1), *dst = tileAt(context, 3);
  bool hasScratch = context.operands[2].kind == Operand::Tile;
  if (!src || !idx || !dst || !areReals(context, src->shape.element) || validRegion(*src).empty())
    return;
  Region region = validRegion(*src);
  Element element = src->shape.element;
  unsigned bytes = bytesOf(element);
  if ((idx->shape.validRows != 1 && idx->shape.validRows != region.rows) ||
      idx->shape.validCols < region.cols)
    return context.fail("needs indices for " + extents(region.rows, region.cols) +
                        " elements, but has " +
                        extents(idx->shape.validRows, idx->shape.validCols));
  int64_t tail = region.cols % groupSize;
  if (tail && !hasScratch)
    return context.fail("leaves the last " + std::to_string(tail) + " of " +
                        std::to_string(region.cols) +
                        " columns unsorted, because it has no scratch tile");
  auto padded = int64_t(llvm::alignTo(uint64_t(region.cols), groupSize));
  if (padded * int64_t(sizeof(Record)) > dst->shape.cols * int64_t(bytes) ||
      region.rows > dst->shape.rows)
    return context.fail("leaves " + extents(region.rows, padded) +
                        " records of 8 bytes, but the result is a tile of " +
                        extents(dst->shape.rows, dst->shape.cols));
  Packed values(region.rows, region.cols, bytes);
  readTile(context, *src, region, values);
  Packed indices(idx->shape.validRows, region.cols, 4);
  readTile(context, *idx, {0, 0, idx->shape.validRows, region.cols}, indices);
  for (int64_t row = 0; row < region.rows; ++row) {
    llvm::SmallVector<Record, 64> records(padded,
                                          Record{element == Element::F16 ? 0xffffu : ~0u, 0});
    for (int64_t col = 0; col < region.cols; ++col) {
      records[col].value = 0;
      std::memcpy(&records[col].value, values.at(row, col), bytes);
      std::memcpy(&records[col].index, indices.at(indices.rows == 1 ? 0 : row, col), 4);
    }
    for (int64_t group = 0; group < padded; group += groupSize)
      sortGroup(llvm::MutableArrayRef(records).slice(group, groupSize), element);
    context.write(dst->shape.space, dst->address + uint64_t(row * dst->shape.cols) * bytes,
                  records.data(), uint64_t(padded) * sizeof(Record));
  }
  if (hasScratch && tail)
    scribble(context, context.operands[2].tile, 0, uint64_t(padded) * bytes);
}

//===----------------------------------------------------------------------===//
// TMRGSORT
//===----------------------------------------------------------------------===//

namespace {

using Records = llvm::SmallVector<Record, 128>;

Records readRecords(KernelContext &context, const TileOperand &tile) {
  uint64_t bytes = uint64_t(tile.shape.validCols) * bytesOf(tile.shape.element);
  Records records(bytes / sizeof(Record));
  if (!records.empty())
    context.read(tile.shape.space, tile.address, records.data(), records.size() * sizeof(Record));
  return records;
}

/// The greatest head first, of equal ones that of the earlier list. Ends with the first list when
/// `untilExhausted`.
Records merge(llvm::ArrayRef<llvm::ArrayRef<Record>> lists, Element element, bool untilExhausted) {
  Records merged;
  llvm::SmallVector<size_t, 4> taken(lists.size(), 0);
  while (true) {
    int best = -1;
    for (unsigned i = 0; i < lists.size(); ++i) {
      if (taken[i] == lists[i].size()) {
        if (untilExhausted)
          return merged;
        continue;
      }
      if (best < 0 || keyOf(lists[i][taken[i]], element) > keyOf(lists[best][taken[best]], element))
        best = int(i);
    }
    if (best < 0)
      return merged;
    merged.push_back(lists[best][taken[best]++]);
  }
}

/// Runs of `length` elements inside one list, four at a time.
void mergeRuns(KernelContext &context, const TileOperand &src, const TileOperand &dst,
               int64_t length) {
  constexpr int64_t runs = 4, mostGroups = 255;
  Element element = src.shape.element;
  int64_t cols = src.shape.validCols, group = runs * length;
  if (length <= 0 || length % 64 || cols % group || cols == 0 || cols / group > mostGroups)
    return context.fail("merges groups of 4 runs of " + std::to_string(length) +
                        " elements, 1 to 255 of them, but the list has " + std::to_string(cols));
  if (dst.shape.cols < cols)
    return context.fail("merges " + std::to_string(cols) + " elements into a list of " +
                        std::to_string(dst.shape.cols));
  Records all = readRecords(context, src), out;
  size_t run = size_t(length) * bytesOf(element) / sizeof(Record);
  for (size_t at = 0; at < all.size(); at += runs * run) {
    auto part = [&](size_t i) { return llvm::ArrayRef(all).slice(at + i * run, run); };
    out.append(merge({part(0), part(1), part(2), part(3)}, element, false));
  }
  context.write(dst.shape.space, dst.address, out.data(), out.size() * sizeof(Record));
}

/// The result is built in the scratch tile, from where as much is copied as dst is wide.
void mergeLists(KernelContext &context, llvm::ArrayRef<const TileOperand *> sources,
                const TileOperand &tmp, const TileOperand &dst) {
  Element element = sources.front()->shape.element;
  llvm::SmallVector<Records, 4> lists;
  uint64_t bytes = 0;
  for (const TileOperand *source : sources) {
    lists.push_back(readRecords(context, *source));
    bytes += lists.back().size() * sizeof(Record);
  }
  llvm::SmallVector<llvm::ArrayRef<Record>, 4> heads(lists.begin(), lists.end());
  Records merged = merge(heads, element, context.attribute("exhausted", 0) != 0);
  scribble(context, tmp, 0, bytes);
  // Behind the end of a merge that stopped early lies what was in the scratch tile.
  llvm::SmallVector<std::byte, 1024> image(
      uint64_t(dst.shape.validCols) * bytesOf(dst.shape.element), std::byte{0xa5});
  if (image.size() > tmp.shape.bytes())
    return context.fail("copies " + std::to_string(image.size()) +
                        " bytes of the result from a scratch tile of " +
                        std::to_string(tmp.shape.bytes()));
  std::memcpy(image.data(), merged.data(),
              std::min<uint64_t>(image.size(), merged.size() * sizeof(Record)));
  if (!image.empty())
    context.write(dst.shape.space, dst.address, image.data(), image.size());
}

} // namespace

void pto::sim::mergeSortKernel(KernelContext &context) {
  enum : unsigned { First, Length = 4, Scratch, Result };
  const TileOperand *src = tileAt(context, First), *dst = tileAt(context, Result);
  if (!src || !dst || !areReals(context, src->shape.element))
    return;
  if (context.operands[Length].kind == Operand::Scalar)
    return mergeRuns(context, *src, *dst, context.operands[Length].scalar.asInteger());
  llvm::SmallVector<const TileOperand *, 4> sources{src};
  for (unsigned i = First + 1; i < Length; ++i)
    if (context.operands[i].kind == Operand::Tile) {
      const TileOperand *source = tileAt(context, i);
      if (!source)
        return;
      sources.push_back(source);
    }
  if (const TileOperand *tmp = tileAt(context, Scratch))
    mergeLists(context, sources, *tmp, *dst);
}
