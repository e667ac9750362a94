//===- Slots.cpp - Tiles that have lost their slot, or lie over one --------===//

#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

/// A tile that TPOP has filled holds its slot until TFREE, and until the landing buffers have gone
/// round once (cross-core 4).
void Core::noteSlots(const Instruction &instruction) {
  if (instruction.opcode == Opcode::MakeFifo)
    return;
  uint32_t fifo = handles[instruction.in[0]].fifo;
  if (fifo == none) // on this path the FIFO was not made
    return;
  if (instruction.opcode == Opcode::FifoPush && instruction.in[1] != none)
    checkSlot(handles[instruction.in[1]]);
  freedTiles.resize(fifos.size());
  if (instruction.opcode == Opcode::FifoFree && !instruction.immediate)
    ++freedTiles[fifo];
  if (instruction.opcode != Opcode::FifoPop || instruction.in[1] == none)
    return;
  HandleValue &tile = handles[instruction.in[1]];
  tile.poppedFrom = fifo;
  tile.popNumber = fifos[fifo].popped;
  tile.poppedBy = here();
  tile.tile.place = instruction.place;
}

void Core::checkSlot(const HandleValue &tile) {
  if (tile.poppedFrom == none)
    return;
  const FifoState &fifo = fifos[tile.poppedFrom];
  // A ring in the own memory is its own landing buffer.
  uint64_t landing = fifo.shape->isLocal ? fifo.shape->slots : fifo.shape->localSlots;
  bool isFreed = freedTiles[tile.poppedFrom] >= tile.popNumber;
  bool isRecycled = fifo.popped >= tile.popNumber + landing;
  if (!isFreed && !isRecycled)
    return;
  Finding *finding = machine.report(FindingKind::RecycledSlot, here(), &tile.poppedBy);
  if (!finding)
    return;
  finding->memory = name(tile.tile.shape.space).str();
  finding->begin = tile.tile.address;
  finding->end = tile.tile.address + tile.tile.shape.bytes();
  if (isFreed) {
    finding->what = formatv("{0} uses the tile of {1} after its slot was freed", finding->where.op,
                            finding->other->op);
    finding->notes.push_back("move the TFREE behind the last use of the tile");
    return;
  }
  finding->what =
      formatv("{0} uses the tile of {1}, whose landing buffer a pop {2} tiles later has "
              "taken",
              finding->where.op, finding->other->op, fifo.popped - tile.popNumber);
  finding->notes.push_back("use the tile before, copy it, or give the pipe more local slots");
}

//===----------------------------------------------------------------------===//
// Landing buffers over other tiles
//===----------------------------------------------------------------------===//

/// The first tile of the item from there that lies over the bytes.
static const TileOperand *tileOf(const Item &item, const Span &span, TileOperand::Origin origin) {
  for (const Operand &operand : item.operands)
    if (operand.kind == Operand::Tile && operand.tile.origin == origin &&
        operand.tile.shape.space == span.space && operand.tile.address < span.end &&
        span.begin < operand.tile.address + operand.tile.shape.bytes())
      return &operand.tile;
  return nullptr;
}

/// The library trusts LocalSlotNum: buffers beyond the memory that is meant for them lie over
/// whatever comes next. Flags may well order both, so that no race says it: a value is lost.
void Core::checkLandings(const Item &item, llvm::ArrayRef<Span> reads,
                         llvm::ArrayRef<Span> writes) {
  if (landings.empty() || item.target != none)
    return;
  for (const Span &span : reads)
    for (const Foreign &bytes : foreign) {
      bool isHit = bytes.space == span.space && bytes.begin < span.end && span.begin < bytes.end;
      if (isHit && bytes.over && tileOf(item, span, TileOperand::Own))
        reportOverlap(item, span, *bytes.over, bytes.writer);
      else if (isHit && !bytes.over && tileOf(item, span, TileOperand::Popped))
        reportOverlap(item, span, bytes.writer, bytes.writer);
    }
  for (const Span &span : writes)
    if (span.space != Space::GM)
      noteLanding(item, span);
}

void Core::noteLanding(const Item &item, const Span &span) {
  if (item.fromFifo) {
    for (Foreign &bytes : foreign)
      if (bytes.space == span.space && bytes.begin < span.end && span.begin < bytes.end)
        bytes.over = item.by;
    return;
  }
  bool isOwn = tileOf(item, span, TileOperand::Own);
  for (const Landing &landing : landings) {
    uint64_t begin = std::max(span.begin, landing.begin), end = std::min(span.end, landing.end);
    if (landing.space != span.space || begin >= end)
      continue;
    // What is written anew is what it was meant to be.
    std::vector<Foreign> kept;
    for (const Foreign &bytes : foreign) {
      if (bytes.space != span.space || bytes.end <= begin || end <= bytes.begin) {
        kept.push_back(bytes);
        continue;
      }
      Foreign part = bytes;
      part.end = begin;
      if (bytes.begin < begin)
        kept.push_back(part);
      part = bytes;
      part.begin = end;
      if (end < bytes.end)
        kept.push_back(part);
    }
    if (isOwn)
      kept.push_back({span.space, begin, end, item.by, std::nullopt});
    foreign = std::move(kept);
  }
}

void Core::reportOverlap(const Item &item, const Span &span, const Occurrence &over,
                         const Occurrence &lost) {
  Finding *finding = machine.report(FindingKind::RecycledSlot, item.by, &over);
  if (!finding)
    return;
  finding->memory = name(span.space).str();
  finding->begin = span.begin;
  finding->end = span.end;
  bool byPop = !(over == lost);
  finding->what =
      formatv("{0} reads bytes [{1}, {2}) of {3} that {4} has overwritten: {5}", finding->where.op,
              span.begin, span.end, finding->memory, finding->other->op,
              byPop ? "a landing buffer of its FIFO lies over the tile"
                    : "its tile lies over a landing "
                      "buffer");
  finding->notes.push_back("give the pipe fewer local slots (local_slot_num), or its buffer more "
                           "room");
}
