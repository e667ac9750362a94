//===- Fifo.cpp - TPipe as the library runs it -----------------------------===//
//
// TPUSH, TPOP, TALLOC and TFREE become the waits, transfers and sets of the library (cross-core 4,
// 6): what orders the slots is what these say and nothing else, so that a ring which is reused too
// early is a race here. The library protects no landing buffer; neither does this.
//
//===----------------------------------------------------------------------===//

#include "Core.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

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

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

/// On which pipe one side waits and signals (cross-core 4, 6). On a3 every wait holds S.
Pipe Core::fifoPipe(const FifoState &fifo, bool producer, bool isWait) const {
  bool isCube = identity.kind == CoreKind::Cube;
  if (producer)
    return isCube ? Pipe::FIX : Pipe::MTE3;
  if (machine.program.arch == Arch::A3)
    return Pipe::MTE2;
  if (fifo.shape->isLocal)
    return isCube ? Pipe::MTE1 : Pipe::V;
  return isCube && !isWait ? Pipe::MTE1 : Pipe::MTE2;
}

/// What stands for one message: the cube core of a5 names each of its vector cores.
Core::CrossFlagList Core::fifoFlags(const FifoState &fifo, bool producer, bool isFree,
                                    bool isSplit) const {
  bool toCube = (identity.kind == CoreKind::Vector) == producer;
  int64_t id = fifo.shape->flagId + isFree;
  if (fifo.shape->direction == FifoDirection::Both && toCube)
    id += 2;
  if (machine.program.arch == Arch::A3)
    return {{CrossMode::CubeVector, id}};
  CrossFlagList flags{{CrossMode::Direct, id}};
  if (identity.kind == CoreKind::Cube && isSplit)
    flags.push_back({CrossMode::Direct, id + secondVectorCore});
  return flags;
}

void Core::fifoSet(const FifoState &fifo, bool isFree, bool isSplit) {
  for (CrossFlag flag : fifoFlags(fifo, /*producer=*/!isFree, isFree, isSplit)) {
    MicroStep &step = scalar.micro.emplace_back();
    step.kind = Kind::CrossSet;
    step.pipe = fifoPipe(fifo, /*producer=*/!isFree, /*isWait=*/false);
    step.cross = flag;
  }
}

void Core::fifoWait(const FifoState &fifo, bool isFree, bool isSplit) {
  for (CrossFlag flag : fifoFlags(fifo, /*producer=*/isFree, isFree, isSplit)) {
    MicroStep &step = scalar.micro.emplace_back();
    step.kind = Kind::CrossWait;
    step.pipe = fifoPipe(fifo, /*producer=*/isFree, /*isWait=*/true);
    step.cross = flag;
  }
}

MicroStep &Core::micro(Kind kind, const TileOperand &tile, const ViewOperand &view) {
  MicroStep &step = scalar.micro.emplace_back();
  step.kind = kind;
  step.tile = tile;
  step.view = view;
  return step;
}

/// Sparse credits: the producer asks for one only where a period of its second round begins.
void Core::awaitCredit(FifoState &fifo, FifoSplit split) {
  const FifoShape &shape = *fifo.shape;
  if (fifo.pushed < shape.slots || fifo.pushed % shape.period() != 0)
    return;
  ++fifo.credits;
  size_t first = scalar.micro.size();
  fifoWait(fifo, /*isFree=*/true, split != FifoSplit::None);
  if (machine.program.arch == Arch::A5 && machine.options.primedCredits)
    for (size_t i = first; i < scalar.micro.size(); ++i) {
      scalar.micro[i].fifo = &fifo;
      scalar.micro[i].entry = fifo.pushed;
    }
}

/// a5: credits that the constructor gave stand before those of the consumer, so that a wait takes
/// one a whole period of them too early (cross-core 6). Judged by what this pipe knows and not by
/// the count of this run.
void Core::judgeCredit(const Item &item, const PipeState &pipe) {
  const FifoState &fifo = *item.fifo;
  const FifoShape &shape = *fifo.shape;
  const CrossToken *due = machine.crossFlags.peek(number, item.cross, shape.period());
  const Prefixes *known =
      due && pipe.clock.remote ? pipe.clock.remote->find(due->by.core) : nullptr;
  if (known && due->by.position <= (*known)[unsigned(due->by.pipe)])
    return;
  bool isNew = llvm::none_of(
      machine.overruns, [&](const Machine::Overrun &ring) { return ring.flag == shape.flagId; });
  bool toCube = identity.kind == CoreKind::Vector;
  uint64_t bytes = shape.slots * shape.slotSize, local = toCube ? fifo.v2c : fifo.c2v;
  auto add = [&](Machine::Overrun ring) {
    if (!machine.isOverrun(ring.space, ring.owner, ring.begin))
      machine.overruns.push_back(ring);
  };
  if (!shape.isLocal)
    add({shape.flagId, Space::GM, none, fifo.gm, fifo.gm + 2 * bytes});
  for (uint32_t peer : machine.crossFlags.receivers(number, item.cross))
    if (shape.isLocal)
      add({shape.flagId, toCube ? Space::Mat : Space::Vec, peer, local, local + bytes});
  Finding *finding = isNew ? machine.report(FindingKind::LibraryDefect, item.by) : nullptr;
  if (!finding)
    return;
  finding->what = formatv(
      "{0} of entry {1} passes on one of the {2} credits that the library of a5 gives in the "
      "constructor of the FIFO: nothing orders it after entry {3}, whose slot it fills, was given "
      "back",
      finding->where.op, item.entry, shape.period(), item.entry - shape.slots);
  finding->notes.push_back(
      formatv("a producer that is faster than its consumer overwrites entries; let it be at most "
              "{0} entries ahead by other means. The same FIFO is not judged further",
              shape.slots));
  finding->notes.push_back("--a5-credits=intended takes these credits for what they mean, that all "
                           "slots are free, and judges the rest");
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

/// The part of slot `index` that this core moves as `tile`.
ViewOperand Core::slotView(const FifoState &fifo, uint64_t index, const TileOperand &tile,
                           FifoSplit split, bool producer, int64_t sub) const {
  const FifoShape &shape = *fifo.shape;
  const TileShape &type = tile.shape;
  bool isVector = identity.kind == CoreKind::Vector;
  bool toCube = isVector == producer;
  int64_t rows = type.validRows, cols = type.validCols;
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
  view.element = producer && type.space == Space::Acc ? pushedElement(fifo, tile) : type.element;
  view.address =
      fifo.gm + (index % shape.slots) * shape.slotSize + uint64_t(offset) * bytesOf(type.element);
  if (shape.direction == FifoDirection::Both && toCube)
    view.address += shape.slots * shape.slotSize;
  // Tiles of L1 take their fractals from plain rows.
  bool isBoxed = type.isBoxed() && type.space == Space::Vec;
  bool isByColumns = !type.isBoxed() && type.blayout == BLayout::ColMajor && rows > 1 && cols > 1;
  view.layout = type.space == Space::Acc ? (producer ? shape.layout : Layout::ND)
                : isBoxed                ? Layout::NZ
                : isByColumns            ? Layout::DN
                                         : Layout::ND;
  view.shape = {1, 1, 1, rows, cols};
  view.stride = {rows * pitch, rows * pitch, rows * pitch, pitch, 1};
  if (view.layout == Layout::DN)
    view.stride = {rows * cols, rows * cols, rows * cols, 1, rows};
  if (view.layout == Layout::NZ) {
    int64_t width = 32 / bytesOf(view.element);
    int64_t across = (cols + width - 1) / width, down = (rows + 15) / 16;
    view.shape = {1, across, down, 16, width};
    view.stride = {rows * cols, down * 16 * width, 16 * width, width, 1};
  }
  return view;
}

//===----------------------------------------------------------------------===//
// Conversion on the way out (library 9.6)
//===----------------------------------------------------------------------===//

void Core::setQuant(const Instruction &instruction) {
  quant = {};
  if (instruction.in[1] != none) {
    quant.kind = Operand::Tile;
    quant.tile = handles[instruction.in[1]].tile;
    return;
  }
  // The parameter has the bits of a float in its low half.
  float scale = float(llvm::bit_cast<double>(words[instruction.in[0]]));
  quant.kind = Operand::Scalar;
  quant.scalar = {Element::I64, llvm::bit_cast<uint32_t>(scale)};
  quantByte = instruction.element;
}

/// What a push multiplies by; a finding when nobody has said it.
bool Core::findScale(const FifoState &fifo, Operand &scale) {
  if (!fifo.shape->isScaled)
    return true;
  scale = quant;
  if (scale.kind != Operand::None)
    return true;
  if (Finding *finding = machine.report(FindingKind::KernelFailure, here())) {
    finding->what = formatv("{0} scales by a parameter that nothing has set", finding->where.op);
    finding->notes.push_back("pto.set_quant_scalar or pto.set_quant_vector comes before the push");
  }
  return false;
}

Element Core::pushedElement(const FifoState &fifo, const TileOperand &tile) const {
  Element pushed = fifo.shape->pushed.value_or(tile.shape.element);
  return pushed == Element::I8 && fifo.shape->isScaled ? quantByte : pushed;
}

/// a5: the tile goes into the slot in the consumer's own memory, in one piece for each vector core
/// that has a part of it (cross-core 6).
void Core::deliver(FifoState &fifo, uint64_t index, const TileOperand &tile, FifoSplit split,
                   int64_t subblock) {
  bool toCube = identity.kind == CoreKind::Vector, isSplit = split != FifoSplit::None;
  int64_t rows = tile.shape.validRows, cols = tile.shape.validCols;
  Operand scale;
  if (!toCube && !findScale(fifo, scale))
    return;
  TileOperand slot;
  slot.shape.element = toCube ? tile.shape.element : pushedElement(fifo, tile);
  slot.address =
      (toCube ? fifo.v2c : fifo.c2v) + (index % fifo.shape->slots) * fifo.shape->slotSize;
  auto extents = [&](int64_t height, int64_t width) {
    slot.shape.rows = slot.shape.validRows = height;
    slot.shape.cols = slot.shape.validCols = width;
  };
  auto step = [&](uint32_t target, int64_t row, int64_t col) {
    MicroStep &piece = micro(Kind::Deliver, tile, {});
    piece.other = slot;
    piece.target = target;
    piece.row = row;
    piece.col = col;
    piece.call = toCube ? &machine.toCube : &*fifo.transfer;
    if (!toCube)
      piece.scale = scale;
  };
  auto unit = [&](Kind kind, Pipe from, Pipe to) {
    if (fifo.shape->unitFlag && !toCube)
      micro(kind, tile, {}).key = {from, to, FlagKey::firstUnit + int64_t(tile.address)};
  };
  CrossFlags::Cores peers =
      machine.coresOfCluster(number, toCube ? CoreKind::Cube : CoreKind::Vector);
  if (toCube) {
    // L1 holds fractals of 16 rows and 32 bytes.
    int64_t width = 32 / bytesOf(tile.shape.element);
    slot.shape.space = Space::Mat;
    slot.shape.blayout = BLayout::ColMajor;
    slot.shape.slayout = SLayout::RowMajor;
    slot.shape.fractal = 512;
    extents(llvm::alignTo(rows * (split == FifoSplit::UpDown ? 2 : 1), 16),
            llvm::alignTo(cols * (split == FifoSplit::LeftRight ? 2 : 1), width));
    for (uint32_t peer : peers)
      step(peer, split == FifoSplit::UpDown ? subblock * rows : 0,
           split == FifoSplit::LeftRight ? subblock * cols : 0);
    return;
  }
  slot.shape.space = Space::Vec;
  if (fifo.shape->layout != Layout::ND)
    slot.shape.blayout = BLayout::ColMajor;
  if (fifo.shape->layout == Layout::NZ)
    slot.shape.slayout = SLayout::RowMajor;
  extents(split == FifoSplit::UpDown ? rows / 2 : rows,
          split == FifoSplit::LeftRight ? cols / 2 : cols);
  unit(Kind::Wait, Pipe::M, Pipe::FIX);
  for (uint32_t peer : peers) {
    int64_t part = machine.launchOf(peer).subblock;
    if (part == 0 || isSplit)
      step(peer, split == FifoSplit::UpDown ? part * rows / 2 : 0,
           split == FifoSplit::LeftRight ? part * cols / 2 : 0);
  }
  unit(Kind::Set, Pipe::FIX, Pipe::M);
}

void Core::pushTile(FifoState &fifo, uint64_t index, const TileOperand &tile, FifoSplit split,
                    int64_t subblock) {
  if (fifo.shape->isLocal)
    return deliver(fifo, index, tile, split, subblock);
  MicroStep &store =
      micro(Kind::Store, tile, slotView(fifo, index, tile, split, /*producer=*/true, subblock));
  if (tile.shape.space != Space::Acc)
    return;
  store.call = &*fifo.transfer;
  if (!findScale(fifo, store.scale))
    scalar.micro.pop_back();
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
  const FifoShape &shape = *fifo.shape;
  fifo.transfer = shape.isLocal ? machine.toVector : machine.fixStore;
  if (shape.unitFlag && !shape.isLocal)
    fifo.transfer->attributes.push_back({"stPhase", 3});
  Register buffer = instruction.in[identity.kind == CoreKind::Cube ? 2 : 1];
  if (!shape.isLocal && consumes(shape) && buffer != none)
    landings.push_back({identity.kind == CoreKind::Cube ? Space::Mat : Space::Vec, words[buffer],
                        words[buffer] + shape.localSlots * shape.slotSize});
  if (shape.relu)
    fifo.transfer->attributes.push_back({"reluPreMode", 1});
  if (consumes(shape) && machine.program.arch == Arch::A5 && machine.options.primedCredits)
    for (unsigned i = 0; i < shape.period(); ++i)
      fifoSet(fifo, /*isFree=*/true, !shape.isNoSplit);
}

bool Core::consumes(const FifoShape &shape) const {
  return shape.direction == FifoDirection::Both ||
         (shape.direction == FifoDirection::V2C) == (identity.kind == CoreKind::Cube);
}

/// The destructor takes the credits that nobody asked for, so that the flags end at 0; that of a5
/// as many as the constructor gave, whatever is left.
void Core::endFifo(FifoState &fifo) {
  const FifoShape &shape = *fifo.shape;
  uint64_t left = fifo.pushed / shape.period() - fifo.credits;
  if (machine.program.arch == Arch::A5 && machine.options.primedCredits) {
    if (consumes(shape) && shape.direction != FifoDirection::Both)
      return;
    if (left)
      for (CrossFlag flag : fifoFlags(fifo, /*producer=*/true, /*isFree=*/true, !shape.isNoSplit))
        machine.crossFlags.expectLeft(number, flag, shape.flagId, left);
    left = shape.period();
  }
  bool isSplit = machine.program.arch == Arch::A3 || !shape.isNoSplit;
  for (; left > 0; --left)
    fifoWait(fifo, /*isFree=*/true, isSplit);
}

int64_t Core::subblockOf(const Instruction &instruction) const {
  return instruction.in[2] == none ? int64_t(launch.subblock) : int64_t(words[instruction.in[2]]);
}

void Core::push(FifoState &fifo, const Instruction &instruction) {
  FifoSplit split = FifoSplit(instruction.kind);
  if (instruction.opcode == Opcode::FifoAlloc || instruction.in[1] != none) {
    uint64_t index = fifo.pushed;
    awaitCredit(fifo, split);
    ++fifo.pushed;
    if (instruction.opcode == Opcode::FifoAlloc) {
      // The entry forms know no second ring: in both directions they lie in that of C2V.
      words[instruction.result] = fifo.gm + (index % fifo.shape->slots) * fifo.shape->slotSize +
                                  launch.subblock * uint64_t(instruction.immediate);
      return;
    }
    pushTile(fifo, index, handles[instruction.in[1]].tile, split, subblockOf(instruction));
  }
  fifoSet(fifo, /*isFree=*/false, split != FifoSplit::None);
}

/// Through global memory a tile's credit has followed its load; only the holder of an entry gives
/// it back himself, by the number of the last pop.
void Core::free(FifoState &fifo, const Instruction &instruction) {
  uint64_t count = fifo.shape->isLocal ? ++fifo.freed : fifo.popped;
  if ((fifo.shape->isLocal || instruction.immediate) && count % fifo.shape->period() == 0)
    fifoSet(fifo, /*isFree=*/true, FifoSplit(instruction.kind) != FifoSplit::None);
}

void Core::pop(FifoState &fifo, const Instruction &instruction) {
  const FifoShape &shape = *fifo.shape;
  FifoSplit split = FifoSplit(instruction.kind);
  uint64_t index = fifo.popped++;
  fifoWait(fifo, /*isFree=*/false, split != FifoSplit::None);
  if (instruction.in[1] == none) {
    words[instruction.result] = fifo.gm + (index % shape.slots) * shape.slotSize +
                                launch.subblock * uint64_t(instruction.immediate);
    return;
  }
  TileOperand &tile = handles[instruction.in[1]].tile;
  tile.origin = TileOperand::Popped;
  uint64_t landing = identity.kind == CoreKind::Cube ? fifo.v2c : fifo.c2v;
  if (shape.isLocal) {
    tile.address = landing + (index % shape.slots) * shape.slotSize;
    return;
  }
  // Through global memory a5 sets the tiles side by side (library 9.4).
  uint64_t pitch = machine.program.arch == Arch::A5 ? tile.shape.bytes() : shape.slotSize;
  tile.address = landing + (index % shape.localSlots) * pitch;
  micro(Kind::Load, tile,
        slotView(fifo, index, tile, split, /*producer=*/false, subblockOf(instruction)));
  if (fifo.popped % shape.period() == 0)
    fifoSet(fifo, /*isFree=*/true, split != FifoSplit::None);
}

/// Does the other vector core do the same? On a3 both push what is not split, into one slot.
bool Core::isReplay(const Instruction &instruction) const {
  return instruction.isReplay ||
         (instruction.opcode == Opcode::FifoPush && identity.kind == CoreKind::Vector &&
          machine.program.arch == Arch::A3 && FifoSplit(instruction.kind) == FifoSplit::None);
}

void Core::executeFifo(const Instruction &instruction) {
  if (instruction.opcode == Opcode::MakeFifo)
    return makeFifo(instruction);
  uint32_t number = handles[instruction.in[0]].fifo;
  if (number == none) // on this path the FIFO was not made
    return;
  FifoState &fifo = fifos[number];
  if (instruction.opcode == Opcode::EndFifo)
    return endFifo(fifo);
  bool isProducer =
      instruction.opcode == Opcode::FifoPush || instruction.opcode == Opcode::FifoAlloc;
  if (!playsRole(fifo, isProducer))
    return;
  if (isProducer)
    push(fifo, instruction);
  else if (instruction.opcode == Opcode::FifoFree)
    free(fifo, instruction);
  else
    pop(fifo, instruction);
}
