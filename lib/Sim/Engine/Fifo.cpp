//===- Fifo.cpp - TPipe as the library runs it -----------------------------===//
//
// TPUSH, TPOP, TALLOC and TFREE become the waits, transfers and sets of the library (cross-core 4):
// what orders the slots is what these say and nothing else, so that a ring which is reused too
// early is a race here. The library protects no landing buffer; neither does this.
//
//===----------------------------------------------------------------------===//

#include "Core.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;
using Kind = MicroStep::Kind;

/// Does this core send (or receive) on the FIFO? A finding when it does not.
bool Core::playsRole(const FifoState &fifo, bool producer) {
  FifoDirection direction = fifo.shape->direction;
  bool fromCube = direction == FifoDirection::C2V;
  if (direction == FifoDirection::Both ||
      (identity.kind == CoreKind::Cube) == (fromCube == producer))
    return true;
  if (Finding *finding = machine.report(FindingKind::IllegalSync, here()))
    finding->what =
        formatv("{0}: the FIFO leads from the {1} core to the {2} core, so the {3} core "
                "does not {4}",
                finding->where.op, fromCube ? "cube" : "vector", fromCube ? "vector" : "cube",
                name(identity.kind), producer ? "push" : "pop");
  return false;
}

int64_t Core::fifoFlag(const FifoState &fifo, bool producer, bool isFree) const {
  bool toCube = (identity.kind == CoreKind::Vector) == producer;
  int64_t base = fifo.shape->flagId;
  if (fifo.shape->direction == FifoDirection::Both && toCube)
    base += 2;
  return base + isFree;
}

void Core::fifoSet(const FifoState &fifo, Pipe pipe, bool isFree) {
  MicroStep &step = scalar.micro.emplace_back();
  step.kind = Kind::CrossSet;
  step.pipe = pipe;
  step.cross = {CrossMode::CubeVector, fifoFlag(fifo, /*producer=*/!isFree, isFree)};
}

void Core::fifoWait(const FifoState &fifo, bool isFree) {
  MicroStep &step = scalar.micro.emplace_back();
  step.kind = Kind::CrossWait;
  step.cross = {CrossMode::CubeVector, fifoFlag(fifo, /*producer=*/isFree, isFree)};
}

void Core::micro(Kind kind, const TileOperand &tile, const ViewOperand &view) {
  MicroStep &step = scalar.micro.emplace_back();
  step.kind = kind;
  step.tile = tile;
  step.view = view;
}

/// Sparse credits: the producer asks for one only where a period of its second round begins.
void Core::awaitCredit(FifoState &fifo) {
  const FifoShape &shape = *fifo.shape;
  if (fifo.pushed < shape.slots || fifo.pushed % shape.period() != 0)
    return;
  ++fifo.credits;
  fifoWait(fifo, /*isFree=*/true);
}

/// The part of slot `index` that this core moves as `tile`.
ViewOperand Core::slotView(const FifoState &fifo, uint64_t index, const TileOperand &tile,
                           FifoSplit split, bool producer) const {
  const FifoShape &shape = *fifo.shape;
  const TileShape &type = tile.shape;
  bool isVector = identity.kind == CoreKind::Vector;
  bool toCube = isVector == producer;
  int64_t rows = type.validRows, cols = type.validCols, sub = launch.subblock;
  int64_t offset = 0, pitch = cols;
  if (isVector)
    switch (split) {
    case FifoSplit::None:
      break;
    case FifoSplit::UpDown:
      offset = sub * rows * cols;
      break;
    case FifoSplit::LeftRight:
      offset = sub * cols;
      pitch = 2 * cols;
      break;
    case FifoSplit::UpDownOdd:
      offset = sub * (rows + sub) * cols;
      break;
    case FifoSplit::LeftRightOdd:
      offset = sub * (cols + sub);
      pitch = 2 * cols + 2 * sub - 1;
      break;
    }
  ViewOperand view;
  view.element = type.element;
  view.address =
      fifo.gm + (index % shape.slots) * shape.slotSize + uint64_t(offset) * bytesOf(type.element);
  if (shape.direction == FifoDirection::Both && toCube)
    view.address += shape.slots * shape.slotSize;
  view.shape = {1, 1, 1, rows, cols};
  view.stride = {rows * pitch, rows * pitch, rows * pitch, pitch, 1};
  return view;
}

//===----------------------------------------------------------------------===//
// The operations
//===----------------------------------------------------------------------===//

void Core::makeFifo(const Instruction &instruction) {
  auto in = [&](unsigned i) { return instruction.in[i] == none ? 0 : words[instruction.in[i]]; };
  FifoState &fifo = fifos.emplace_back();
  fifo.shape = &machine.program.fifos[instruction.target];
  fifo.gm = in(0);
  fifo.c2v = in(1);
  fifo.v2c = in(2);
  handles[instruction.result].fifo = fifos.size() - 1;
}

void Core::push(FifoState &fifo, const Instruction &instruction) {
  if (instruction.opcode == Opcode::FifoAlloc || instruction.in[1] != none) {
    uint64_t index = fifo.pushed;
    awaitCredit(fifo);
    ++fifo.pushed;
    if (instruction.opcode == Opcode::FifoAlloc) {
      // The entry forms know no second ring: in both directions they lie in that of C2V.
      words[instruction.result] = fifo.gm + (index % fifo.shape->slots) * fifo.shape->slotSize +
                                  launch.subblock * uint64_t(instruction.immediate);
      return;
    }
    const TileOperand &tile = handles[instruction.in[1]].tile;
    micro(Kind::Store, tile,
          slotView(fifo, index, tile, FifoSplit(instruction.kind), /*producer=*/true));
    scalar.micro.back().unitFlag = fifo.shape->unitFlag && tile.shape.space == Space::Acc;
  }
  fifoSet(fifo, identity.kind == CoreKind::Cube ? Pipe::FIX : Pipe::MTE3, /*isFree=*/false);
}

void Core::pop(FifoState &fifo, const Instruction &instruction) {
  const FifoShape &shape = *fifo.shape;
  if (instruction.opcode == Opcode::FifoFree) {
    // A tile's credit has followed its load; only the holder of an entry gives it back himself.
    if (instruction.immediate && fifo.popped % shape.period() == 0)
      fifoSet(fifo, Pipe::MTE2, /*isFree=*/true);
    return;
  }
  uint64_t index = fifo.popped++;
  fifoWait(fifo, /*isFree=*/false);
  if (instruction.in[1] == none) {
    words[instruction.result] = fifo.gm + (index % shape.slots) * shape.slotSize +
                                launch.subblock * uint64_t(instruction.immediate);
    return;
  }
  TileOperand &tile = handles[instruction.in[1]].tile;
  uint64_t landing = identity.kind == CoreKind::Cube ? fifo.v2c : fifo.c2v;
  tile.address = landing + (index % shape.localSlots) * shape.slotSize;
  micro(Kind::Load, tile,
        slotView(fifo, index, tile, FifoSplit(instruction.kind), /*producer=*/false));
  if (fifo.popped % shape.period() == 0)
    fifoSet(fifo, Pipe::MTE2, /*isFree=*/true);
}

void Core::executeFifo(const Instruction &instruction) {
  if (instruction.opcode == Opcode::MakeFifo)
    return makeFifo(instruction);
  uint32_t number = handles[instruction.in[0]].fifo;
  if (number == none) // on this path the FIFO was not made
    return;
  FifoState &fifo = fifos[number];
  if (instruction.opcode == Opcode::EndFifo) {
    // The destructor takes the credits that nobody asked for, so that the flags end at 0.
    for (uint64_t left = fifo.pushed / fifo.shape->period(); left > fifo.credits; --left)
      fifoWait(fifo, /*isFree=*/true);
    return;
  }
  bool isProducer =
      instruction.opcode == Opcode::FifoPush || instruction.opcode == Opcode::FifoAlloc;
  if (playsRole(fifo, isProducer))
    isProducer ? push(fifo, instruction) : pop(fifo, instruction);
}
