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
  if (auto forms = formsByShape(call); !forms.empty() || info.pipeRule == PipeRule::ByRoute)
    return {forms.begin(), forms.end()};
  llvm::SmallVector<llvm::StringRef, 4> all;
  for (const MicroForm &f : info.micro)
    all.push_back(f.name);
  return all;
}
