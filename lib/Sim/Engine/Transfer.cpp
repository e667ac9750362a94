//===- Transfer.cpp - Library calls of several steps -----------------------===//
//
// The micro-programs of TPUT and TGET (sync 9), unrolled for the run-time shapes when the call is
// dispatched. Their event ids are those of the library, so a token of the caller on id 0 or 1
// collides as on the chip (C5).
//
//===----------------------------------------------------------------------===//

#include "Transfer.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using Kind = MicroStep::Kind;

namespace {
class TransferBuilder {
public:
  TransferBuilder(std::deque<MicroStep> &steps, bool atomic) : steps(steps), atomic(atomic) {}

  void load(const Chunk &chunk) { move(Kind::Load, chunk.tile, chunk.src); }
  void store(const Chunk &chunk) { move(Kind::Store, chunk.tile, chunk.dst); }
  void set(Pipe from, Pipe to, int64_t id) { sync(Kind::Set, {from, to, id}); }
  void wait(Pipe from, Pipe to, int64_t id) { sync(Kind::Wait, {from, to, id}); }
  void handoff(Pipe from, Pipe to, int64_t id) {
    set(from, to, id);
    wait(from, to, id);
  }
  void barrierAll() { sync(Kind::BarrierAll, {}); }

  /// Forms A and B: one chunk, then nothing is in flight (B with the barrier).
  void serial(const Chunk &chunk, bool barrier);
  /// Form C: the chunk in two halves of the same tile.
  void halves(const Chunk &chunk);
  /// Form D: chunks alternate between two tiles, a store overlaps the next load.
  void pingPong(llvm::ArrayRef<Chunk> chunks);

private:
  void move(Kind kind, const TileOperand &tile, const ViewOperand &view) {
    MicroStep &step = steps.emplace_back();
    step.kind = kind;
    step.tile = tile;
    step.view = view;
    step.atomic = atomic && kind == Kind::Store;
  }
  void sync(Kind kind, FlagKey key) {
    MicroStep &step = steps.emplace_back();
    step.kind = kind;
    step.key = key;
  }

  std::deque<MicroStep> &steps;
  bool atomic;
};
} // namespace

void TransferBuilder::serial(const Chunk &chunk, bool barrier) {
  load(chunk);
  handoff(Pipe::MTE2, Pipe::MTE3, 0);
  if (barrier)
    barrierAll();
  store(chunk);
  handoff(Pipe::MTE3, Pipe::MTE2, 0);
}

void TransferBuilder::halves(const Chunk &chunk) {
  Chunk upper = chunk, lower = chunk;
  int64_t rows = chunk.tile.shape.rows / 2;
  for (Chunk *half : {&upper, &lower}) {
    half->tile.shape.rows = half->tile.shape.validRows = rows;
    half->src.shape[3] = half->dst.shape[3] = rows;
  }
  uint64_t size = bytesOf(chunk.src.element);
  lower.tile.address += uint64_t(rows) * chunk.tile.shape.cols * size;
  lower.src.address += uint64_t(rows * chunk.src.stride[3]) * size;
  lower.dst.address += uint64_t(rows * chunk.dst.stride[3]) * size;
  load(upper);
  handoff(Pipe::MTE2, Pipe::MTE3, 0);
  barrierAll();
  store(upper);
  load(lower);
  set(Pipe::MTE3, Pipe::MTE2, 0);
  set(Pipe::MTE2, Pipe::MTE3, 1);
  wait(Pipe::MTE3, Pipe::MTE2, 0);
  wait(Pipe::MTE2, Pipe::MTE3, 1);
  barrierAll();
  store(lower);
  handoff(Pipe::MTE3, Pipe::MTE2, 1);
}

void TransferBuilder::pingPong(llvm::ArrayRef<Chunk> chunks) {
  for (size_t n = 0; n < chunks.size(); ++n) {
    int64_t id = n % 2, other = 1 - id;
    if (n > 0) {
      wait(Pipe::MTE2, Pipe::MTE3, other);
      barrierAll();
      store(chunks[n - 1]);
    }
    load(chunks[n]);
    if (n > 0)
      set(Pipe::MTE3, Pipe::MTE2, other);
    set(Pipe::MTE2, Pipe::MTE3, id);
    if (n > 0)
      wait(Pipe::MTE3, Pipe::MTE2, other);
  }
  int64_t last = (chunks.size() - 1) % 2;
  wait(Pipe::MTE2, Pipe::MTE3, last);
  barrierAll();
  store(chunks.back());
  handoff(Pipe::MTE3, Pipe::MTE2, last);
}

/// The part of `view` with `rows` x `cols` elements at `at`.
static ViewOperand slice(const ViewOperand &view, const std::array<int64_t, 5> &at, int64_t rows,
                         int64_t cols) {
  ViewOperand part = view;
  int64_t offset = 0;
  for (unsigned d = 0; d < 5; ++d)
    offset += at[d] * view.stride[d];
  part.address += uint64_t(offset) * bytesOf(view.element);
  part.shape = {1, 1, 1, rows, cols};
  return part;
}

std::vector<Chunk> sim::cut(const ViewOperand &src, const ViewOperand &dst, int64_t rows,
                            int64_t cols, llvm::ArrayRef<HandleValue *> tiles,
                            const Program &program, size_t first) {
  std::vector<Chunk> chunks;
  const auto &extent = src.shape;
  std::array<int64_t, 5> at{};
  for (at[0] = 0; at[0] < extent[0]; ++at[0])
    for (at[1] = 0; at[1] < extent[1]; ++at[1])
      for (at[2] = 0; at[2] < extent[2]; ++at[2])
        for (at[3] = 0; at[3] < extent[3]; at[3] += rows)
          for (at[4] = 0; at[4] < extent[4]; at[4] += cols) {
            int64_t height = std::min(rows, extent[3] - at[3]);
            int64_t width = std::min(cols, extent[4] - at[4]);
            HandleValue &staging = *tiles[(first + chunks.size()) % tiles.size()];
            const TileShape &declared = program.shapes[staging.shape];
            if (declared.validRows < 0)
              staging.tile.shape.validRows = height;
            if (declared.validCols < 0)
              staging.tile.shape.validCols = width;
            chunks.push_back({slice(src, at, height, width), slice(dst, at, height, width),
                              staging.tile, height == rows && width == cols});
          }
  return chunks;
}

void Core::executeTransfer(const Instruction &instruction) {
  const uint32_t *pool = function.pool.data() + instruction.poolFirst;
  ViewOperand dst = handles[pool[0]].view, src = handles[pool[1]].view;
  dst.shape = src.shape; // the region is that of src, with the strides of each side
  bool isGet = TransferOp(instruction.kind) == TransferOp::Get;
  TransferBuilder builder(scalar.micro, TransferOp(instruction.kind) == TransferOp::PutAtomicAdd);
  if (llvm::any_of(src.shape, [](int64_t extent) { return extent <= 0; }))
    return; // an empty region returns at once
  const TileOperand staging = handles[pool[2]].tile;
  int64_t rows = staging.shape.validRows, cols = staging.shape.validCols;
  if (rows <= 0 || cols <= 0) {
    if (Finding *finding = machine.report(FindingKind::KernelFailure, here()))
      finding->what = llvm::formatv("{0}: the staging tile has no valid elements ({1} x {2})",
                                    finding->where.op, rows, cols);
    return;
  }
  bool twoTiles = pool[3] != none;
  if (src.shape[0] * src.shape[1] * src.shape[2] * src.shape[3] <= rows && src.shape[4] <= cols) {
    // Form A: only TPUT with one tile goes without the barrier. The valid extents stay as the
    // caller set them.
    builder.serial({src, dst, staging, true}, isGet || twoTiles);
    return;
  }
  llvm::SmallVector<HandleValue *, 2> tiles{&handles[pool[2]]};
  if (twoTiles)
    tiles.push_back(&handles[pool[3]]);
  std::vector<Chunk> chunks = cut(src, dst, rows, cols, tiles, machine.program);
  if (twoTiles) {
    builder.pingPong(chunks);
    return;
  }
  const TileShape &shape = staging.shape;
  bool canSplit = shape.space == Space::Vec && shape.blayout == BLayout::RowMajor &&
                  !shape.isBoxed() && shape.rows % 2 == 0 && shape.rows >= 2 &&
                  rows == shape.rows && cols == shape.cols && chunks.size() >= 8 &&
                  (isGet || chunks.size() <= 16);
  for (const Chunk &chunk : chunks)
    if (canSplit && chunk.full)
      builder.halves(chunk);
    else
      builder.serial(chunk, true);
}

/// The steps of a call that is not one instruction (library 5.1), instead of the call.
void Core::startLibraryCall(const Call &call, llvm::ArrayRef<LibraryStep> steps,
                            std::vector<Operand> operands) {
  scalar.call = &call;
  scalar.operands = std::move(operands);
  for (const LibraryStep &step : steps) {
    MicroStep &micro = scalar.micro.emplace_back();
    micro.kind = step.kind == LibraryStep::Run    ? Kind::Run
                 : step.kind == LibraryStep::Set  ? Kind::Set
                 : step.kind == LibraryStep::Wait ? Kind::Wait
                                                  : Kind::BarrierAll;
    micro.key = {step.pipe, step.to, step.id};
    micro.pipe = step.pipe;
    micro.kernel = step.kernel;
  }
}

/// Runs the next step of the call at pc; the call is over when none is left.
void Core::stepMicro() {
  const MicroStep step = scalar.micro.front();
  scalar.micro.pop_front();
  switch (step.kind) {
  case Kind::Load:
  case Kind::Store: {
    bool isLoad = step.kind == Kind::Load;
    // As in the op records: tload takes view, tile; tstore takes tile, pre-quantisation scalar,
    // view.
    std::vector<Operand> operands(isLoad ? 2 : 3);
    if (step.scale.kind == Operand::Scalar)
      operands[1] = step.scale;
    else if (step.scale.kind == Operand::Tile) // a number per column stands before the other
      operands.insert(operands.begin() + 1, step.scale);
    Operand &tile = isLoad ? operands[1] : operands[0];
    Operand &view = isLoad ? operands[0] : operands.back();
    tile.kind = Operand::Tile;
    tile.tile = step.tile;
    view.kind = Operand::View;
    view.view = step.view;
    const Call &call = isLoad                                ? machine.load
                       : step.atomic                         ? machine.storeAdd
                       : step.call                           ? *step.call
                       : step.tile.shape.space == Space::Acc ? machine.fixStore
                                                             : machine.store;
    dispatchWork(call, call.kernel, call.pipe, std::move(operands),
                 isLoad ? Phase::Load : Phase::Store);
    break;
  }
  case Kind::Deliver: {
    // As textract and tinsert: source, row, column, destination.
    std::vector<Operand> operands(4);
    operands[0].kind = operands[3].kind = Operand::Tile;
    operands[0].tile = step.tile;
    operands[3].tile = step.other;
    for (unsigned i : {1, 2}) {
      operands[i].kind = Operand::Scalar;
      operands[i].scalar = {Element::Index, uint64_t(i == 1 ? step.row : step.col)};
    }
    if (step.scale.kind != Operand::None)
      operands.insert(operands.end() - 1, step.scale);
    dispatchWork(*step.call, step.call->kernel, step.call->pipe, std::move(operands), Phase::Store,
                 step.target);
    break;
  }
  case Kind::Combine: {
    std::vector<Operand> operands(3);
    for (unsigned i = 0; i < 3; ++i) {
      operands[i].kind = Operand::Tile;
      operands[i].tile = i == 1 ? step.other : step.tile;
    }
    dispatchWork(machine.combine, step.kernel, Pipe::V, std::move(operands), Phase::Self);
    break;
  }
  case Kind::Run:
    dispatchWork(*scalar.call, step.kernel ? step.kernel : scalar.call->kernel, step.pipe,
                 scalar.operands, Phase::Self);
    break;
  case Kind::Set:
    dispatchSet(step.key, Phase::Sync);
    break;
  case Kind::Wait:
    dispatchWait(step.key, Phase::Sync);
    break;
  case Kind::BarrierAll:
    dispatchBarrier(Pipe::ALL, Phase::Sync);
    break;
  case Kind::CrossSet:
    dispatchCrossSet(step.pipe, step.cross, Phase::Sync);
    break;
  case Kind::CrossWait:
    dispatchCrossWait(step.pipe, step.cross, Phase::Sync, step.fifo, step.entry);
    break;
  case Kind::Arrive:
    arrive(step);
    break;
  case Kind::AwaitCount:
    awaitSignal({step.view, WaitCompare::GE, int32_t(step.count), /*isInstruction=*/false});
    break;
  case Kind::Fence:
    fence();
    break;
  }
  if (scalar.micro.empty())
    ++scalar.pc;
}
