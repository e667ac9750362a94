//===- GmGather.cpp - MGATHER, MSCATTER, TPREFETCH --------------------------===//

#include "Generate.h"
#include "llvm/ADT/SmallVector.h"
#include <cstring>
#include <map>
#include <optional>

using namespace pto;
using namespace pto::sim;

namespace {

enum class Beyond : uint8_t { Undefined, Clamp, Wrap, Zero, Skip };

/// A global tensor in ND as the table that indices count through.
struct Table {
  const ViewOperand &view;
  bool byElement;
  int64_t entries() const {
    return byElement ? matrixRows(view) * matrixCols(view) : matrixRows(view);
  }
  /// GM address of an entry: of a row its first element.
  uint64_t addressOf(int64_t entry) const {
    int64_t row = byElement ? entry / matrixCols(view) : entry;
    int64_t col = byElement ? entry % matrixCols(view) : 0;
    const auto &s = view.shape;
    std::array<int64_t, 5> at = {row / (s[3] * s[2] * s[1]), row / (s[3] * s[2]) % s[1],
                                 row / s[3] % s[2], row % s[3], col};
    int64_t offset = 0;
    for (int d = 0; d < 5; ++d)
      offset += at[d] * view.stride[d];
    return view.address + uint64_t(offset) * bytesOf(view.element);
  }
};

/// The entry that an index names, none for one to be left alone. Indices are unsigned words: a
/// negative one lies far beyond the table.
std::optional<int64_t> entryOf(KernelContext &context, const Table &table, int64_t index,
                               Beyond beyond, bool &ok) {
  auto wanted = int64_t(uint32_t(index)), entries = table.entries();
  if (wanted < entries)
    return wanted;
  if (beyond == Beyond::Clamp && entries > 0)
    return entries - 1;
  if (beyond == Beyond::Wrap && entries > 0)
    return wanted % entries;
  if (beyond == Beyond::Zero || beyond == Beyond::Skip)
    return std::nullopt;
  context.fail("index " + std::to_string(int32_t(index)) + " lies beyond a table of " +
               std::to_string(entries) + (table.byElement ? " elements" : " rows") +
               ", and what happens then is undefined");
  ok = false;
  return std::nullopt;
}

/// `count` indices, from a tile in its own order or from global memory.
std::optional<Packed> readIndices(KernelContext &context, unsigned tileIndex, unsigned viewIndex,
                                  Region data, bool byElement) {
  int64_t rows = data.rows, cols = byElement ? data.cols : 1;
  Packed out(rows, cols, 4);
  if (context.operands[tileIndex].kind == Operand::Tile) {
    const TileOperand *tile = tileAt(context, tileIndex);
    if (!tile)
      return std::nullopt;
    Region valid = validRegion(*tile);
    bool lies = !byElement && tile->shape.blayout == BLayout::RowMajor;
    if (lies ? valid.rows != 1 || valid.cols != rows : valid.rows != rows || valid.cols != cols) {
      context.fail("needs " + extents(lies ? 1 : rows, lies ? rows : cols) + " indices, but has " +
                   extents(valid.rows, valid.cols));
      return std::nullopt;
    }
    // A line of indices is packed the same, lying or standing.
    Packed line(valid.rows, valid.cols, 4);
    readTile(context, *tile, valid, line);
    std::memcpy(out.data(), line.data(), uint64_t(out.elements()) * 4);
    return out;
  }
  const ViewOperand *view = viewAt(context, viewIndex);
  if (!view)
    return std::nullopt;
  int64_t have = matrixRows(*view) * matrixCols(*view);
  if (have < out.elements()) {
    context.fail("needs " + std::to_string(out.elements()) + " indices, but has " +
                 std::to_string(have));
    return std::nullopt;
  }
  Packed all(matrixRows(*view), matrixCols(*view), 4);
  readView(context, *view, all);
  std::memcpy(out.data(), all.data(), uint64_t(out.elements()) * 4);
  return out;
}

bool fits(KernelContext &context, const Table &table, const TileOperand &tile) {
  if (table.view.layout != Layout::ND) {
    context.fail("a table lies in ND, but this one lies in " + layoutOf(table.view.layout).str());
    return false;
  }
  if (table.view.element != tile.shape.element) {
    context.fail("a table of " + name(table.view.element).str() + ", but a tile of " +
                 name(tile.shape.element).str());
    return false;
  }
  if (!table.byElement && matrixCols(table.view) < tile.shape.validCols) {
    context.fail("rows of " + std::to_string(matrixCols(table.view)) +
                 " elements, but the tile takes " + std::to_string(tile.shape.validCols));
    return false;
  }
  return true;
}

bool isByElement(const KernelContext &context) { return context.attribute("coalesce", 0) == 1; }

//===----------------------------------------------------------------------===//
// MGATHER
//===----------------------------------------------------------------------===//

enum GatherOperand : unsigned { Source, Indices, GlobalIndices, Scratch, Result };

void tableGather(KernelContext &context) {
  const ViewOperand *view = viewAt(context, Source);
  const TileOperand *dst = tileAt(context, Result);
  if (!view || !dst || validRegion(*dst).empty())
    return;
  Table table{*view, isByElement(context)};
  constexpr Beyond modes[] = {Beyond::Undefined, Beyond::Clamp, Beyond::Wrap, Beyond::Zero};
  Beyond beyond = modes[context.attribute("gatherOob", 0) & 3];
  Region region = validRegion(*dst);
  if (!fits(context, table, *dst))
    return;
  auto indices = readIndices(context, Indices, GlobalIndices, region, table.byElement);
  if (!indices)
    return;
  Packed out(region.rows, region.cols, bytesOf(view->element));
  std::memset(out.data(), 0, uint64_t(out.elements()) * out.elementBytes);
  int64_t span = table.byElement ? 1 : region.cols;
  bool ok = true;
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; col += span) {
      int64_t index = decodeInteger(Element::I32, indices->at(row, table.byElement ? col : 0));
      auto entry = entryOf(context, table, index, beyond, ok);
      if (!ok)
        return;
      for (int64_t i = 0; entry && i < span; ++i)
        context.read(Space::GM,
                     table.addressOf(*entry) + uint64_t(i * view->stride[4]) * out.elementBytes,
                     out.at(row, col + i), out.elementBytes);
    }
  writeTile(context, *dst, region, out);
  scribbleView(context, context.operands[Scratch]);
}

//===----------------------------------------------------------------------===//
// MSCATTER
//===----------------------------------------------------------------------===//

enum class Combine : uint8_t { None, Add, Max, Min };

/// The larger or smaller of two elements, into `into`.
void combine(Combine how, Element element, std::byte *into, const std::byte *value) {
  auto better = [&](auto a, auto b) { return how == Combine::Max ? b > a : b < a; };
  bool take = isFloat(element)
                  ? better(decodeFloat(element, into), decodeFloat(element, value))
                  : better(decodeInteger(element, into), decodeInteger(element, value));
  if (take)
    std::memcpy(into, value, bytesOf(element));
}

void tableScatter(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0);
  const ViewOperand *view = viewAt(context, 2);
  if (!src || !view || validRegion(*src).empty())
    return;
  Table table{*view, isByElement(context)};
  constexpr Beyond modes[] = {Beyond::Undefined, Beyond::Skip, Beyond::Clamp, Beyond::Wrap};
  Beyond beyond = modes[context.attribute("scatterOob", 0) & 3];
  auto how = Combine(context.attribute("scatterAtomicOp", 0) & 3);
  Region region = validRegion(*src);
  if (!fits(context, table, *src))
    return;
  auto indices = readIndices(context, 1, 1, region, table.byElement);
  if (!indices)
    return;
  unsigned bytes = bytesOf(view->element);
  Packed values(region.rows, region.cols, bytes);
  readTile(context, *src, region, values);
  // Each element of the table once: writes take effect together, at the end of the call.
  std::map<uint64_t, std::array<std::byte, 8>> written;
  int64_t span = table.byElement ? 1 : region.cols;
  bool ok = true;
  for (int64_t row = 0; row < region.rows; ++row)
    for (int64_t col = 0; col < region.cols; col += span) {
      int64_t index = decodeInteger(Element::I32, indices->at(row, table.byElement ? col : 0));
      auto entry = entryOf(context, table, index, beyond, ok);
      if (!ok)
        return;
      for (int64_t i = 0; entry && i < span; ++i) {
        uint64_t at = table.addressOf(*entry) + uint64_t(i * view->stride[4]) * bytes;
        const std::byte *value = values.at(row, col + i);
        if (how == Combine::Add) {
          context.atomicAdd(at, view->element, value, 1);
          continue;
        }
        auto [found, isNew] = written.try_emplace(at);
        if (isNew && how != Combine::None)
          context.read(Space::GM, at, found->second.data(), bytes);
        if (how == Combine::None)
          std::memcpy(found->second.data(), value, bytes);
        else
          combine(how, view->element, found->second.data(), value);
      }
    }
  for (auto &[at, value] : written)
    context.write(Space::GM, at, value.data(), bytes);
}

//===----------------------------------------------------------------------===//
// TPREFETCH
//===----------------------------------------------------------------------===//

void prefetch(KernelContext &context) {
  const ViewOperand *src = viewAt(context, 0);
  const TileOperand *dst = tileAt(context, 1);
  if (!src || !dst)
    return;
  Packed values(matrixRows(*src), matrixCols(*src), bytesOf(src->element));
  if (values.elements())
    readView(context, *src, values);
  scribble(context, *dst, 0, dst->shape.bytes());
}

} // namespace

void pto::sim::fetchTableIndices(KernelContext &context) {
  bool gathers = context.operands.size() > Result;
  const TileOperand *data = tileAt(context, gathers ? unsigned(Result) : 0u);
  if (data && !validRegion(*data).empty())
    (void)readIndices(context, 1, gathers ? unsigned(GlobalIndices) : 1u, validRegion(*data),
                      isByElement(context));
}

KernelFunction pto::sim::findTableKernel(llvm::StringRef name) {
  if (name == "table_gather")
    return tableGather;
  if (name == "table_scatter")
    return tableScatter;
  return name == "prefetch" ? prefetch : nullptr;
}
