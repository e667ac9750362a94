//===- Slots.cpp - Tiles that have lost their slot -------------------------===//

#include "Core.h"
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
