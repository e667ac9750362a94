//===- PipeRules.cpp - What both levels of pipe operations obey ------------===//

#include "PipeRules.h"

using namespace pto;
using namespace pto::pipes;
using mlir::LogicalResult;

namespace {
LogicalResult verifySlots(mlir::Operation *op, const Parameters &p) {
  if (p.syncPeriod && *p.syncPeriod < 1)
    return op->emitOpError() << "has cons_sync_period = " << *p.syncPeriod
                             << "; the consumer gives slots back after at least one entry";
  int64_t slots = slotsOf(p.slotNum, p.syncPeriod, p.mask == 3);
  if (slots < 1)
    return op->emitOpError() << "has slot_num = " << slots << "; a ring has at least one slot";
  if (p.syncPeriod && slots >= 1 && *p.syncPeriod != syncPeriodOf(slots))
    return op->emitOpError() << "has cons_sync_period = " << *p.syncPeriod
                             << ", but with slot_num = " << slots
                             << " the library gives slots back every " << syncPeriodOf(slots)
                             << " entries and has no other setting; take "
                             << "slot_num = " << slotsForPeriod(*p.syncPeriod)
                             << ", or leave one of the two out";
  // library 9.2: the producer reuses a slot before it waits for the first time.
  if (slots >= 5 && slots % 2)
    return op->emitOpError() << "has slot_num = " << slots
                             << "; the consumer gives slots back every slot_num / 2 = " << slots / 2
                             << " entries, which does not divide it, so that the producer reuses a "
                                "slot that is still read; take "
                             << slots - 1 << " or " << slots + 1;
  // A producer that is a whole ring ahead leaves one signal per slot.
  if (slots > mostPendingSignals)
    return op->emitOpError() << "has slot_num = " << slots << ", but a cross-core flag counts to "
                             << mostPendingSignals
                             << " and the producer may be slot_num entries ahead; take 14 or less";
  if (p.localSlotNum && (*p.localSlotNum < 1 || *p.localSlotNum > slots))
    return op->emitOpError() << "has local_slot_num = " << *p.localSlotNum
                             << ", which is not in 1.." << slots << " (slot_num)";
  return mlir::success();
}

LogicalResult verifyEpilogue(mlir::Operation *op, const Parameters &p) {
  if (!p.epilogue)
    return mlir::success();
  if (p.mask != 1 || !p.noSplit.value_or(false))
    return op->emitOpError() << "has an acc_push_epilogue; the library converts only on pipes from "
                                "cube to vector that are not split (dir_mask = 1, nosplit = true)";
  switch (p.epilogue.getQuant()) {
  case EpilogueQuantKind::Qs322bf16Scalar:
  case EpilogueQuantKind::Qs322bf16Vec:
  case EpilogueQuantKind::Qf322hif8Scalar:
  case EpilogueQuantKind::Qf322fp8Scalar:
    if (archOf(op) == Arch::A3)
      return op->emitOpError() << "has quant = "
                               << stringifyEpilogueQuantKind(p.epilogue.getQuant())
                               << ", which only a5 has";
    return mlir::success();
  default:
    return mlir::success();
  }
}
} // namespace

LogicalResult pipes::verifyParameters(mlir::Operation *op, const Parameters &p) {
  if (p.mask < 1 || p.mask > 3)
    return op->emitOpError() << "has dir_mask = " << p.mask
                             << "; 1 goes from cube to vector, 2 from vector to cube, 3 both ways";
  bool ok = mlir::succeeded(verifySlots(op, p));
  if (p.slotSize < 1) {
    op->emitOpError() << "has slot_size = " << p.slotSize << "; a slot has at least one byte";
    ok = false;
  }
  return mlir::success(ok & mlir::succeeded(verifyEpilogue(op, p)));
}

LogicalResult pipes::verifySlotAlignment(mlir::Operation *op, int64_t slotSize) {
  int64_t unit = alignment(Space::Vec);
  if (slotSize % unit)
    return op->emitOpError() << "has slot_size = " << slotSize
                             << " and keeps slots in local memory, "
                             << "where each begins at a multiple of " << unit
                             << " bytes; round up to " << (slotSize / unit + 1) * unit;
  return mlir::success();
}

namespace {
LogicalResult verifyTile(mlir::Operation *op, const Call &call, TileBufType tile) {
  bool pushes = call.kind == PipeCall::Push;
  Space wanted =
      pushes ? (call.isCube ? Space::Acc : Space::Vec) : (call.isCube ? Space::Mat : Space::Vec);
  if (tile.getSpace() != wanted)
    return op->emitOpError() << (pushes ? "pushes" : "pops") << " a tile in "
                             << name(tile.getSpace()) << "; a " << (call.isCube ? "cube" : "vector")
                             << " core " << (pushes ? "pushes from " : "pops into ")
                             << name(wanted);
  bool isOpen = tile.hasDynamicValidRows() && tile.hasDynamicValidCols();
  if (call.hasValid && !isOpen)
    return op->emitOpError() << "gives valid extents, but its tile has valid="
                             << tile.getValidRows() << "x" << tile.getValidCols()
                             << "; let the type say valid=?x?";
  if (call.split < 3)
    return mlir::success();
  // The two halves differ by one row or column, which the vector core must be told.
  if (call.kind == PipeCall::Pop && !isOpen)
    return op->emitOpError() << "has split = " << call.split
                             << ", whose halves differ by one; its tile needs valid=?x? and the "
                                "extents (%rows, %cols)";
  int64_t odd = call.split == 3 ? tile.getValidRows() : tile.getValidCols();
  if (pushes && odd >= 0 && odd % 2 == 0)
    return op->emitOpError() << "has split = " << call.split << " for " << odd
                             << (call.split == 3 ? " rows" : " columns")
                             << ", an even number; use split = " << call.split - 2;
  return mlir::success();
}
} // namespace

LogicalResult pipes::verifyCall(mlir::Operation *op, const Call &call) {
  if (call.split < 0 || call.split > 4)
    return op->emitOpError() << "has split = " << call.split
                             << "; 0 is none, 1 rows, 2 columns, 3 odd rows, 4 odd columns";
  bool toVector = call.isCube == (call.kind == PipeCall::Alloc || call.kind == PipeCall::Push);
  if (call.split >= 3 && !toVector)
    return op->emitOpError() << "has split = " << call.split
                             << ", which exists only from cube to vector";
  auto tile = llvm::dyn_cast_or_null<TileBufType>(call.entry);
  if (call.split >= 3 && call.entry && !tile)
    return op->emitOpError() << "has split = " << call.split
                             << ", which exists only for tiles; an address has 0, 1 or 2";
  if (call.hasValid && !tile)
    return op->emitOpError() << "gives valid extents, but pops an address";
  if (call.hasSubblock && (call.split == 0 || !tile || tile.getSpace() != Space::Vec))
    return op->emitOpError()
           << "has aiv_subblockid, which goes with a tile in vec and a split other than 0";
  return tile ? verifyTile(op, call, tile) : mlir::success();
}
