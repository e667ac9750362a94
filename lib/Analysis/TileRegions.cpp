//===- TileRegions.cpp - Which bytes a tile value names --------------------===//
//
// A tile value is followed to the declarations that it may stand for: through views of tiles,
// branches, loop variables and calls. What cannot be followed could lie anywhere in its memory.
//
//===----------------------------------------------------------------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "ptoas/IR/TileHandle.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Operation;
using mlir::Value;

/// Beyond so many places a tile counts as anywhere: branches that choose between choices multiply.
static constexpr size_t mostPlaces = 16, mostFollowed = 256;

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

sync::Region ModelBuilder::tileAt(TileBufType type, Value address, Frame *frame) {
  sync::Region region;
  region.space = type.getSpace();
  region.run = type.getTileShape().bytes();
  region.offset.known = bool(address);
  if (address) {
    region.offset = offsets.read(address, frame, 1, &region.rotation);
    offsets.close(region.offset);
    if (!region.offset.known)
      region.rotation = {};
  }
  return region;
}

void ModelBuilder::addSlot(sync::Region &region, Value slot, Frame *frame, MultiTileBufType type) {
  if (!region.offset.known)
    return;
  auto stride = int64_t(type.getStride());
  sync::Rotation ring = region.rotation;
  sync::Offset number = offsets.read(slot, frame, stride, &ring);
  offsets.close(number);
  if (number.known && number.symbol == sync::none) {
    OffsetReader::add(region.offset, number);
    region.rotation = ring;
  } else if (region.rotation.count == 1) {
    region.rotation = {uint32_t(type.getCount()), stride, sync::none, 0};
  } else {
    region.offset.known = false; // a ring that turns and lies on a ring
  }
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// The window's lines: contiguous runs, one per row (or column, or row of boxes), of whole 32-byte
/// blocks, because a load pads the last block of a line (library 2.1).
static void narrow(sync::Region &region, const TileShape &window, const TileShape &storage) {
  int64_t bytes = bytesOf(window.element);
  bool byRows = window.blayout == BLayout::RowMajor;
  int64_t box = byRows ? window.boxRows() : window.boxCols();
  int64_t lines = (byRows ? window.rows : window.cols) / box;
  int64_t pitch = (byRows ? storage.cols : storage.rows) * box * bytes;
  int64_t run = (byRows ? window.cols : window.rows) * box * bytes;
  run = std::min(pitch, int64_t(llvm::alignTo(uint64_t(run), 32)));
  region.dims.clear();
  if (run == pitch || lines == 1) {
    region.run = uint64_t(run * lines);
    return;
  }
  region.run = uint64_t(run);
  region.dims.push_back({lines, pitch});
}

bool ModelBuilder::collectView(Bound tile, std::vector<Place> &out) {
  auto view = tile.value.getDefiningOp<TileView>();
  if (!view)
    return false;
  if (auto get = tile.value.getDefiningOp<MultiTileGetOp>()) {
    Bound source = follow(get.getSource(), tile.frame);
    auto ring = source.value.getDefiningOp<AllocMultiTileOp>();
    if (!ring)
      return false;
    MultiTileBufType type = ring.getResult().getType();
    sync::Region region = tileAt(type.getSlot(), ring.getAddr(), source.frame);
    addSlot(region, get.getSlot(), tile.frame, type);
    out.push_back({std::move(region)});
    return true;
  }
  size_t first = out.size();
  collect(follow(view.getViewedTile(), tile.frame), out);
  TileShape shape = llvm::cast<TileBufType>(tile.value.getType()).getTileShape();
  auto window = tile.value.getDefiningOp<SubviewOp>();
  for (Place &place : llvm::MutableArrayRef(out).drop_front(first)) {
    sync::Region &region = place.region;
    if (!region.offset.known || !place.isExact)
      continue; // a part of it lies somewhere in it too
    if (!window) {
      region.run = shape.bytes(); // the whole of its source, or the beginning of it
      continue;
    }
    std::array<int64_t, 2> stride = elementStrides(storageOf(window.getSource()));
    int64_t bytes = bytesOf(shape.element);
    sync::Rotation ring = region.rotation;
    sync::Offset at = offsets.read(window.getRow(), tile.frame, stride[0] * bytes, &ring);
    OffsetReader::add(at, offsets.read(window.getCol(), tile.frame, stride[1] * bytes, &ring));
    offsets.close(at);
    // Somewhere in its source, or at a place that the source's own address already makes symbolic.
    if (!at.known || at.symbol != sync::none) {
      place.isExact = false;
      continue;
    }
    OffsetReader::add(region.offset, at);
    region.rotation = ring;
    narrow(region, shape, storageOf(tile.value));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// Variables of an open loop that change places, as in `iter_args(%now = %ping, %next = %pong)`
/// with `yield %next, %now`: equal tiles at equal distances are a ring.
bool ModelBuilder::collectTurning(mlir::scf::ForOp loop, unsigned number, Frame *frame,
                                  std::vector<Place> &out) {
  auto around = llvm::find_if(
      open, [&](const OpenLoop &o) { return o.op == loop.getOperation() && o.frame == frame; });
  if (around == open.end())
    return false;
  sync::NodeId node = around->node;
  // In the order in which the variable takes them.
  std::vector<sync::Region> tiles;
  for (unsigned at = number; tiles.empty() || at != number;) {
    std::vector<Place> first;
    collect(follow(loop.getInitArgs()[at], frame), first);
    auto next = llvm::dyn_cast<mlir::BlockArgument>(loop.getYieldedValues()[at]);
    bool isOne = first.size() == 1 && first[0].isExact && first[0].region.offset.known &&
                 first[0].region.rotation.count == 1;
    if (!isOne || !next || next.getOwner() != loop.getBody() || tiles.size() >= mostPlaces)
      return false;
    tiles.push_back(std::move(first[0].region));
    at = next.getArgNumber() - loop.getNumInductionVars();
  }
  auto byAddress = [](const sync::Region &a, const sync::Region &b) {
    return a.offset.constant < b.offset.constant;
  };
  auto count = int64_t(tiles.size());
  sync::Region ring = *llvm::min_element(tiles, byAddress);
  int64_t base = ring.offset.constant;
  int64_t span = llvm::max_element(tiles, byAddress)->offset.constant - base;
  if (count > 1) {
    if (span == 0 || span % (count - 1))
      return false;
    ring.rotation = {uint32_t(count), span / (count - 1), node, 0};
    ring.rotation.add = (tiles[0].offset.constant - base) / ring.rotation.stride;
  }
  for (auto [i, tile] : llvm::enumerate(tiles)) {
    sync::Region expected = ring;
    expected.rotation = {};
    expected.offset.constant =
        base + (int64_t(i) + ring.rotation.add) % count * ring.rotation.stride;
    if (!(tile == expected))
      return false;
  }
  out.push_back({std::move(ring)});
  return true;
}

bool ModelBuilder::collectChoice(Bound tile, std::vector<Place> &out) {
  if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(tile.value))
    if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(argument.getOwner()->getParentOp()))
      if (collectTurning(loop, argument.getArgNumber() - loop.getNumInductionVars(), tile.frame,
                         out))
        return true;
  auto choice = alternatives(tile);
  if (!choice)
    return false;
  for (const Bound &value : choice->now)
    collect(value, out);
  // The counter of the loop was another one then: it must not be read.
  std::vector<OpenLoop> outer = open;
  llvm::erase_if(open,
                 [&](const OpenLoop &o) { return o.op == choice->loop && o.frame == tile.frame; });
  for (const Bound &value : choice->earlier)
    collect(value, out);
  open = std::move(outer);
  return true;
}

void ModelBuilder::collect(Bound tile, std::vector<Place> &out) {
  for (const Bound &outer : following)
    if (outer.value == tile.value && outer.frame == tile.frame)
      return; // carried round a loop: its other sources are found on the way
  following.push_back(tile);
  llvm::scope_exit leave([&] { following.pop_back(); });
  auto type = llvm::cast<TileBufType>(tile.value.getType());
  if (++followed <= mostFollowed) {
    if (auto alloc = tile.value.getDefiningOp<AllocTileOp>())
      return out.push_back({tileAt(type, alloc.getAddr(), tile.frame)});
    if (tile.value.getDefiningOp<DeclareTileOp>())
      return out.push_back({poppedRegion(tile, type)});
    if (auto assign = tile.value.getDefiningOp<TAssignOp>())
      return out.push_back({tileAt(type, assign.getAddr(), tile.frame)});
    if (collectView(tile, out) || collectChoice(tile, out))
      return;
  }
  out.push_back({tileAt(type, nullptr, tile.frame)});
}

/// A window that is addressed by the physical extents of its source.
static void widen(sync::Region &region, Value tile, uint64_t behind) {
  region.dims.clear();
  region.run = std::max(region.run, storageOf(tile).bytes()) + behind;
}

ModelBuilder::Regions ModelBuilder::tileRegions(Bound tile, TileBufType type, bool isWhole,
                                                uint64_t behind) {
  std::vector<Place> places;
  followed = 0;
  collect(tile, places);
  if (places.size() > mostPlaces || places.empty() ||
      llvm::any_of(places, [](const Place &p) { return !p.region.offset.known; })) {
    sync::Region anywhere = tileAt(type, nullptr, tile.frame);
    anywhere.run = capacity(type.getSpace(), model.program.arch);
    places.clear();
    places.push_back({std::move(anywhere)});
  }
  Regions ids;
  for (Place &place : places) {
    if (place.region.offset.known && (isWhole || behind))
      widen(place.region, tile.value, behind);
    place.region.name = nameOf(tile.value);
    sync::RegionId id = model.program.intern(std::move(place.region));
    if (!llvm::is_contained(ids, id))
      ids.push_back(id);
  }
  return ids;
}
