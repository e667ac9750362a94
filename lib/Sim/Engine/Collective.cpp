//===- Collective.cpp - TBROADCAST, TGATHER, TSCATTER, TREDUCE -------------===//
//
// The library's programs (library 5.6), unrolled when the call is dispatched, with its event ids.
// None of them uses pipe_barrier(ALL). The caller moves the data of every rank.
//
//===----------------------------------------------------------------------===//

#include "Transfer.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using Kind = MicroStep::Kind;

namespace {
/// One chunk and all the places it goes to.
struct Spread {
  TileOperand tile;
  ViewOperand from;
  llvm::SmallVector<ViewOperand, 4> to;
};

class CollectiveBuilder {
public:
  explicit CollectiveBuilder(std::deque<MicroStep> &steps) : steps(steps) {}

  void load(const TileOperand &tile, const ViewOperand &view) { move(Kind::Load, tile, view); }
  void store(const TileOperand &tile, const ViewOperand &view) { move(Kind::Store, tile, view); }
  void set(Pipe from, Pipe to, int64_t id) { step(Kind::Set).key = {from, to, id}; }
  void wait(Pipe from, Pipe to, int64_t id) { step(Kind::Wait).key = {from, to, id}; }
  void handoff(Pipe from, Pipe to, int64_t id) {
    set(from, to, id);
    wait(from, to, id);
  }
  void combine(KernelFunction kernel, const TileOperand &sum, const TileOperand &other) {
    MicroStep &combined = step(Kind::Combine);
    combined.tile = sum;
    combined.other = other;
    combined.kernel = kernel;
  }

  void storeAll(const Spread &chunk) {
    for (const ViewOperand &view : chunk.to)
      store(chunk.tile, view);
  }
  /// Every store of the only chunk is waited for before the next.
  void once(const Spread &chunk);
  /// Chunks one after the other through one tile.
  void oneTile(llvm::ArrayRef<Spread> chunks);
  /// Form D without its barriers: the stores of a chunk overlap the load of the next.
  void twoTiles(llvm::ArrayRef<Spread> chunks);

private:
  MicroStep &step(Kind kind) {
    MicroStep &added = steps.emplace_back();
    added.kind = kind;
    return added;
  }
  void move(Kind kind, const TileOperand &tile, const ViewOperand &view) {
    MicroStep &added = step(kind);
    added.tile = tile;
    added.view = view;
  }

  std::deque<MicroStep> &steps;
};
} // namespace

void CollectiveBuilder::once(const Spread &chunk) {
  load(chunk.tile, chunk.from);
  handoff(Pipe::MTE2, Pipe::MTE3, 0);
  for (const ViewOperand &view : chunk.to) {
    store(chunk.tile, view);
    handoff(Pipe::MTE3, Pipe::MTE2, 0);
  }
}

void CollectiveBuilder::oneTile(llvm::ArrayRef<Spread> chunks) {
  for (const Spread &chunk : chunks) {
    load(chunk.tile, chunk.from);
    handoff(Pipe::MTE2, Pipe::MTE3, 0);
    storeAll(chunk);
    handoff(Pipe::MTE3, Pipe::MTE2, 0);
  }
}

void CollectiveBuilder::twoTiles(llvm::ArrayRef<Spread> chunks) {
  for (size_t n = 0; n < chunks.size(); ++n) {
    int64_t id = n % 2, other = 1 - id;
    if (n > 0) {
      wait(Pipe::MTE2, Pipe::MTE3, other);
      storeAll(chunks[n - 1]);
    }
    load(chunks[n].tile, chunks[n].from);
    if (n > 0)
      set(Pipe::MTE3, Pipe::MTE2, other);
    set(Pipe::MTE2, Pipe::MTE3, id);
    if (n > 0)
      wait(Pipe::MTE3, Pipe::MTE2, other);
  }
  int64_t last = (chunks.size() - 1) % 2;
  wait(Pipe::MTE2, Pipe::MTE3, last);
  storeAll(chunks.back());
  handoff(Pipe::MTE3, Pipe::MTE2, last);
}

//===----------------------------------------------------------------------===//
// Which bytes
//===----------------------------------------------------------------------===//

namespace {
/// The operands of one call, with the geometry that the library gives them.
struct CollectiveCall {
  CollectiveOp op;
  size_t root = 0;
  ViewOperand local;              ///< src or dst of the caller
  std::vector<ViewOperand> group; ///< all with the extents and strides of one of them
  HandleValue *acc = nullptr, *ping = nullptr, *pong = nullptr;

  HandleValue &chunkTile() const { return acc ? *acc : *ping; }
  const ViewOperand &region() const {
    return op == CollectiveOp::Broadcast ? local : group[acc ? root : 0];
  }
  /// Part `rank` of the local tensor: rank-th block of rows.
  ViewOperand part(size_t rank) const {
    ViewOperand view = local;
    int64_t rows = group.front().shape[3];
    view.address += uint64_t(int64_t(rank) * rows * view.stride[3]) * bytesOf(view.element);
    view.shape = group.front().shape;
    return view;
  }
  bool fits(int64_t rows, int64_t cols) const {
    const auto &s = region().shape;
    return s[0] * s[1] * s[2] * s[3] <= rows && s[4] <= cols;
  }
};
} // namespace

/// From where to where, rank by rank; all of them have the shape of `from`.
static std::vector<std::pair<ViewOperand, llvm::SmallVector<ViewOperand, 4>>>
movesOf(const CollectiveCall &call) {
  std::vector<std::pair<ViewOperand, llvm::SmallVector<ViewOperand, 4>>> moves;
  if (call.op == CollectiveOp::Broadcast) {
    moves.push_back({call.local, {}});
    for (const ViewOperand &view : call.group) {
      moves.back().second.push_back(view);
      moves.back().second.back().shape = call.local.shape;
    }
    return moves;
  }
  for (size_t rank = 0; rank < call.group.size(); ++rank) {
    bool gathers = call.op == CollectiveOp::Gather;
    moves.push_back({gathers ? call.group[rank] : call.part(rank),
                     {gathers ? call.part(rank) : call.group[rank]}});
  }
  return moves;
}

static std::vector<Spread> chunksOf(const CollectiveCall &call, int64_t rows, int64_t cols,
                                    const Program &program) {
  llvm::SmallVector<HandleValue *, 2> tiles{call.ping};
  if (call.pong)
    tiles.push_back(call.pong);
  std::vector<Spread> all;
  for (auto &[from, to] : movesOf(call)) {
    size_t first = all.size();
    for (auto [i, view] : llvm::enumerate(to)) {
      // The tiles take turns across ranks; cutting again gives the same chunks of the other places.
      std::vector<Chunk> chunks = cut(from, view, rows, cols, tiles, program, first);
      for (auto [n, chunk] : llvm::enumerate(chunks)) {
        if (i == 0)
          all.push_back({chunk.tile, chunk.src, {}});
        all[first + n].to.push_back(chunk.dst);
      }
    }
  }
  return all;
}

static void buildMoves(CollectiveBuilder &builder, const CollectiveCall &call, int64_t rows,
                       int64_t cols, const Program &program) {
  // A single rank is broadcast to without cutting, whether it fits or not.
  bool single = call.op == CollectiveOp::Broadcast && call.group.size() == 1;
  if (call.fits(rows, cols) || single) {
    for (auto &[from, to] : movesOf(call))
      builder.once({call.ping->tile, from, to});
    return;
  }
  std::vector<Spread> chunks = chunksOf(call, rows, cols, program);
  call.pong ? builder.twoTiles(chunks) : builder.oneTile(chunks);
}

//===----------------------------------------------------------------------===//
// TREDUCE
//===----------------------------------------------------------------------===//

/// One chunk of every rank: `parts[0]` is the root's, the others follow in the order of ranks.
static void buildSum(CollectiveBuilder &builder, llvm::ArrayRef<ViewOperand> parts,
                     const ViewOperand &dst, llvm::ArrayRef<TileOperand> tiles,
                     KernelFunction kernel) {
  const TileOperand &acc = tiles[0];
  size_t others = parts.size() - 1;
  builder.load(acc, parts[0]);
  if (others == 0) {
    builder.handoff(Pipe::MTE2, Pipe::MTE3, 0);
  } else if (tiles.size() == 2) {
    builder.handoff(Pipe::MTE2, Pipe::V, 0);
    for (size_t i = 0; i < others; ++i) {
      builder.load(tiles[1], parts[1 + i]);
      builder.handoff(Pipe::MTE2, Pipe::V, 1);
      builder.combine(kernel, acc, tiles[1]);
      if (i + 1 < others)
        builder.handoff(Pipe::V, Pipe::MTE2, 0);
    }
    builder.handoff(Pipe::V, Pipe::MTE3, 0);
  } else {
    // Ping has id 1, pong id 2.
    builder.set(Pipe::MTE2, Pipe::V, 0);
    builder.load(tiles[1], parts[1]);
    builder.set(Pipe::MTE2, Pipe::V, 1);
    builder.wait(Pipe::MTE2, Pipe::V, 0);
    for (size_t i = 0; i < others; ++i) {
      size_t current = 1 + i % 2, next = 3 - current;
      if (i + 1 < others) {
        builder.load(tiles[next], parts[2 + i]);
        builder.set(Pipe::MTE2, Pipe::V, int64_t(next));
      }
      builder.wait(Pipe::MTE2, Pipe::V, int64_t(current));
      builder.combine(kernel, acc, tiles[current]);
      if (i + 1 < others)
        builder.handoff(Pipe::V, Pipe::MTE2, 0);
      else
        builder.handoff(Pipe::V, Pipe::MTE3, 0);
    }
  }
  builder.store(acc, dst);
  builder.handoff(Pipe::MTE3, Pipe::MTE2, 0);
}

static void buildReduction(CollectiveBuilder &builder, const CollectiveCall &call, int64_t rows,
                           int64_t cols, const Program &program) {
  std::vector<ViewOperand> order{call.group[call.root]};
  for (size_t rank = 0; rank < call.group.size(); ++rank)
    if (rank != call.root)
      order.push_back(call.group[rank]);
  KernelFunction kernel = program.combine[unsigned(call.op) - unsigned(CollectiveOp::ReduceSum)];
  llvm::SmallVector<HandleValue *, 3> handles{call.acc, call.ping};
  if (call.pong)
    handles.push_back(call.pong);
  ViewOperand dst = call.local;
  dst.shape = call.region().shape;
  auto tilesNow = [&] {
    llvm::SmallVector<TileOperand, 3> tiles;
    for (HandleValue *handle : handles)
      tiles.push_back(handle->tile);
    return tiles;
  };
  if (call.fits(rows, cols))
    return buildSum(builder, order, dst, tilesNow(), kernel);
  // Every tile takes the extents of the chunk.
  std::vector<std::vector<Chunk>> cuts;
  for (const ViewOperand &view : order)
    cuts.push_back(cut(view, dst, rows, cols, {call.acc}, program));
  for (size_t n = 0; n < cuts.front().size(); ++n) {
    const Chunk &chunk = cuts.front()[n];
    llvm::SmallVector<ViewOperand, 4> parts;
    for (const std::vector<Chunk> &of : cuts)
      parts.push_back(of[n].src);
    llvm::SmallVector<TileOperand, 3> tiles = tilesNow();
    for (auto [tile, handle] : llvm::zip(tiles, handles)) {
      const TileShape &declared = program.shapes[handle->shape];
      if (declared.validRows < 0)
        tile.shape.validRows = chunk.tile.shape.validRows;
      if (declared.validCols < 0)
        tile.shape.validCols = chunk.tile.shape.validCols;
      handle->tile.shape = tile.shape;
    }
    buildSum(builder, parts, chunk.dst, tiles, kernel);
  }
}

//===----------------------------------------------------------------------===//
// The call
//===----------------------------------------------------------------------===//

void Core::executeCollective(const Instruction &instruction) {
  const uint32_t *pool = function.pool.data() + instruction.poolFirst;
  auto tile = [&](unsigned i) { return pool[i] == none ? nullptr : &handles[pool[i]]; };
  CollectiveCall call;
  call.op = CollectiveOp(instruction.kind);
  call.root = size_t(instruction.immediate);
  call.local = handles[pool[0]].view;
  call.acc = tile(1);
  call.ping = tile(2);
  call.pong = tile(3);
  for (unsigned i = 4; i < instruction.poolCount; ++i)
    call.group.push_back(handles[pool[i]].view);
  // The tensors of all ranks are taken to look like one of them.
  const size_t model = call.acc ? call.root : 0;
  const ViewOperand like = call.group[model];
  for (auto [rank, view] : llvm::enumerate(call.group))
    for (unsigned d = 0; d < view.stride.size(); ++d)
      if (like.shape[d] > 1 && view.stride[d] != like.stride[d])
        if (Finding *finding = machine.report(FindingKind::KernelFailure, here()))
          finding->what =
              llvm::formatv("{0}: the tensor of rank {1} has stride {2} along dimension "
                            "{3} of five, but all are moved with those of rank {4}, {5}",
                            finding->where.op, rank, view.stride[d], d, model, like.stride[d]);
  for (ViewOperand &view : call.group) {
    view.shape = like.shape;
    view.stride = like.stride;
  }
  if (llvm::any_of(call.region().shape, [](int64_t extent) { return extent <= 0; }))
    return; // an empty region returns at once
  const TileShape &shape = call.chunkTile().tile.shape;
  int64_t rows = shape.validRows, cols = shape.validCols;
  if (rows <= 0 || cols <= 0) {
    if (Finding *finding = machine.report(FindingKind::KernelFailure, here()))
      finding->what = llvm::formatv("{0}: the staging tile has no valid elements ({1} x {2})",
                                    finding->where.op, rows, cols);
    return;
  }
  CollectiveBuilder builder(scalar.micro);
  if (call.acc)
    buildReduction(builder, call, rows, cols, machine.program);
  else
    buildMoves(builder, call, rows, cols, machine.program);
}
