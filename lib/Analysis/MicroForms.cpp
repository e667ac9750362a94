//===- MicroForms.cpp - Which form a library call takes --------------------===//
//
// Answers with the names of `Form` records (Comm.td, Elementwise.td). A form is left out only when
// the shapes in the text rule it out (library 5.2); when in doubt it stays.
//
//===----------------------------------------------------------------------===//

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/IR/TileHandle.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using mlir::Operation;
using mlir::Value;

namespace {

/// Run-time valid extents of the staging tile at entry; none when unknown.
std::array<std::optional<int64_t>, 2> entryValid(Value tile) {
  std::array<std::optional<int64_t>, 2> valid;
  for (auto [extent, known] : llvm::zip(valid, knownValid(tile)))
    if (known >= 0)
      extent = known;
  return valid;
}

/// A chunked call leaves the staging tile at its last chunk's size, so a tile with run-time extents
/// that another call uses too has extents nobody knows at the second call.
bool staysAsDeclared(Value tile, Operation *call) {
  auto type = llvm::cast<TileBufType>(tile.getType());
  if (!type.hasDynamicValidRows() && !type.hasDynamicValidCols())
    return true;
  return llvm::all_of(tile.getUsers(), [&](Operation *user) {
    const OpInfo *info = findOpInfo(user);
    return user == call || !info || info->pipeRule != PipeRule::ByMicro;
  });
}

/// The form that halves a chunk by itself; `most` chunks at the most (TPUT), or any number from 8
/// on (TGET).
struct Halved {
  llvm::StringRef name;
  std::optional<uint64_t> most;
};

llvm::SmallVector<llvm::StringRef, 4> transferForms(Operation *call, Value src, Value ping,
                                                    bool twoTiles, Halved halved) {
  auto part = llvm::dyn_cast<PartitionTensorViewType>(src.getType());
  auto type = llvm::cast<TileBufType>(ping.getType());
  auto valid = entryValid(ping);
  bool known =
      part && part.hasStaticShape() && valid[0] && valid[1] && *valid[0] > 0 && *valid[1] > 0;
  llvm::SmallVector<llvm::StringRef, 4> fits{twoTiles ? "fits, two tiles" : "fits, one tile"};
  llvm::SmallVector<llvm::StringRef, 4> chunked;
  if (twoTiles)
    chunked = {"two tiles", "two tiles, even number of chunks"};
  else
    chunked = {"chunks"};

  // Halves: compile-time conditions of form C.
  bool mayHalve = !twoTiles && type.getBlayout() == BLayout::RowMajor &&
                  type.getSlayout() == SLayout::NoneBox && type.getRows() % 2 == 0;
  if (known) {
    llvm::SmallVector<int64_t, 5> s(5 - part.getShape().size(), 1);
    llvm::append_range(s, part.getShape());
    auto times = [](auto... factors) { // no extent of the text may wrap around into a small one
      uint64_t all = 1;
      ((all = llvm::SaturatingMultiply<uint64_t>(all, factors)), ...);
      return all;
    };
    if (times(s[0], s[1], s[2], s[3]) <= uint64_t(*valid[0]) && s[4] <= *valid[1] &&
        staysAsDeclared(ping, call))
      return fits;
    auto ceil = [](int64_t a, int64_t b) { return (a - 1) / b + 1; };
    uint64_t chunks = times(s[0], s[1], s[2], ceil(s[3], *valid[0]), ceil(s[4], *valid[1]));
    mayHalve &= *valid[0] == type.getRows() && *valid[1] == type.getCols() && chunks >= 8 &&
                chunks <= halved.most.value_or(chunks);
    if (staysAsDeclared(ping, call)) {
      if (mayHalve)
        return {halved.name};
      if (twoTiles)
        return {chunks % 2 ? "two tiles" : "two tiles, even number of chunks"};
      return chunked;
    }
    mayHalve = !twoTiles && type.getRows() % 2 == 0;
  }
  if (mayHalve)
    chunked.push_back(halved.name);
  fits.append(chunked);
  return fits;
}

//===----------------------------------------------------------------------===//
// Collectives (library 5.6)
//===----------------------------------------------------------------------===//

/// Into how many chunks a view goes; 0 when it fits into the tile, none when that is not known.
std::optional<uint64_t> chunksOf(Value view, Value tile, Operation *call) {
  auto part = llvm::dyn_cast<PartitionTensorViewType>(view.getType());
  auto valid = entryValid(tile);
  if (!part || !part.hasStaticShape() || !valid[0] || !valid[1] || *valid[0] <= 0 ||
      *valid[1] <= 0 || !staysAsDeclared(tile, call))
    return std::nullopt;
  llvm::SmallVector<int64_t, 5> s(5 - part.getShape().size(), 1);
  llvm::append_range(s, part.getShape());
  uint64_t rows = 1, chunks = 1;
  for (int64_t extent : {s[0], s[1], s[2], s[3]})
    rows = llvm::SaturatingMultiply<uint64_t>(rows, uint64_t(extent));
  if (rows <= uint64_t(*valid[0]) && s[4] <= *valid[1])
    return 0;
  auto ceil = [](int64_t a, int64_t b) { return (a - 1) / b + 1; };
  for (int64_t n : {s[0], s[1], s[2], ceil(s[3], *valid[0]), ceil(s[4], *valid[1])})
    chunks = llvm::SaturatingMultiply<uint64_t>(chunks, uint64_t(n));
  return chunks;
}

/// `fits` is the form of a view that fits, `chunked` that of chunks through one tile.
llvm::SmallVector<llvm::StringRef, 4> collectiveForms(Operation *call, Value view, Value ping,
                                                      bool twoTiles, llvm::StringRef fits,
                                                      llvm::StringRef chunked) {
  auto chunks = chunksOf(view, ping, call);
  if (chunks == 0)
    return {fits};
  if (!chunks && !twoTiles)
    return fits == chunked ? llvm::SmallVector<llvm::StringRef, 4>{fits}
                           : llvm::SmallVector<llvm::StringRef, 4>{fits, chunked};
  if (!twoTiles)
    return {chunked};
  if (!chunks)
    return {fits, "two tiles"};
  return {"two tiles"};
}

llvm::SmallVector<llvm::StringRef, 4> reductionForms(CommTReduceOp call) {
  size_t others = call.getGroup().size() - 1;
  if (others == 0)
    return {"one rank"};
  if (!call.getPong())
    return {"one tile"};
  if (others == 1)
    return {"two tiles, one other rank"};
  return {others % 2 ? "two tiles, odd number of other ranks"
                     : "two tiles, even number of other ranks"};
}

} // namespace

llvm::SmallVector<llvm::StringRef, 4> pto::possibleForms(Operation *call) {
  const OpInfo &info = *findOpInfo(call);
  auto record = llvm::cast<RecordOp>(call);
  auto has = [&](llvm::StringRef form) {
    return llvm::any_of(info.micro, [&](const MicroForm &f) { return f.name == form; });
  };
  if (has("fits, one tile")) {
    auto operand = [&](llvm::StringRef name) {
      return record.getRecordOperands(info.operand(name));
    };
    return transferForms(
        call, *operand("src").begin(), *operand("ping").begin(), !operand("pong").empty(),
        has("8 to 16 chunks, halved") ? Halved{"8 to 16 chunks, halved", 16}
                                      : Halved{"8 chunks or more, halved", std::nullopt});
  }
  if (auto reduce = llvm::dyn_cast<CommTReduceOp>(call))
    return reductionForms(reduce);
  if (auto broadcast = llvm::dyn_cast<CommTBroadcastOp>(call)) {
    // A single rank is copied to in one piece, whatever its size.
    if (broadcast.getGroup().size() == 1)
      return {"fits"};
    return collectiveForms(call, broadcast.getSrc(), broadcast.getPing(), bool(broadcast.getPong()),
                           "fits", "chunks");
  }
  if (has("one tile")) { // gather and scatter: rank after rank
    auto group = record.getRecordOperands(info.operand("group"));
    Value ping = *record.getRecordOperands(info.operand("ping")).begin();
    bool twoTiles = !record.getRecordOperands(info.operand("pong")).empty();
    return collectiveForms(call, *group.begin(), ping, twoTiles, "one tile", "one tile");
  }
  if (auto forms = formsByShape(call); !forms.empty() || info.pipeRule == PipeRule::ByRoute)
    return {forms.begin(), forms.end()};
  llvm::SmallVector<llvm::StringRef, 4> all;
  for (const MicroForm &f : info.micro)
    all.push_back(f.name);
  return all;
}
