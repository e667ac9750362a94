//===- PipeOps.cpp - Checks of pipe handles and reservations ---------------===//

#include "PipeRules.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "ptoas/IR/CustomSyntax.h"

using namespace pto;
using namespace pto::pipes;
using mlir::LogicalResult;

//===----------------------------------------------------------------------===//
// Initialize operations
//===----------------------------------------------------------------------===//

namespace {
LogicalResult verifyHandle(const PipeInit &init) {
  mlir::Operation *op = init.op;
  Parameters p{int64_t(init.direction), init.slotSize, init.slotNum, init.localSlotNum,
               init.consSyncPeriod,     init.noSplit,  init.epilogue};
  if (mlir::failed(verifyParameters(op, p)))
    return mlir::failure();
  int64_t last = numCrossCoreFlags - init.flagCount();
  if (init.flagBase && (*init.flagBase < 0 || *init.flagBase > last))
    return op->emitOpError() << "has flag_base = " << *init.flagBase << ", but its "
                             << init.flagCount() << " flags must lie in 0.."
                             << numCrossCoreFlags - 1 << "; take 0.." << last;
  bool both = init.direction == PipeDirection::Both;
  if (init.local && both != bool(init.peerLocal))
    return op->emitOpError() << (both ? "goes both ways and needs two local addresses, that of C2V "
                                        "and that of V2C"
                                      : "goes one way and has one local address, but is given two");
  return init.local ? verifySlotAlignment(op, init.slotSize) : mlir::success();
}
} // namespace

LogicalResult InitializeL2G2LPipeOp::verify() {
  if (archOf(*this) == Arch::A5 && getDirMask() == 3)
    return emitOpError()
           << "has dir_mask = 3, which the library of a5 does not have through global "
              "memory; open two pipes";
  return verifyHandle(*PipeInit::of(*this));
}
LogicalResult InitializeL2LPipeOp::verify() {
  if (archOf(*this) == Arch::A3)
    return emitOpError() << "keeps its slots in local memory, but on a3 they lie in global memory; "
                            "use pto.initialize_l2g2l_pipe";
  return verifyHandle(*PipeInit::of(*this));
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

namespace {
/// An address names one slot, or the half of it that one vector core has.
LogicalResult verifyAddress(const PipeCall &call, const PipeInit &init) {
  mlir::Operation *op = call.op;
  if (!init.throughGm() || init.local)
    return op->emitOpError() << "names an address, but its pipe keeps tiles in local memory; "
                                "addresses need pto.initialize_l2g2l_pipe without local addresses";
  auto entry = llvm::cast<TensorViewType>(call.entry.getType());
  bool binds = call.kind == PipeCall::Alloc || call.kind == PipeCall::Pop;
  if (!binds && !call.entry.getDefiningOp<DeclareGlobalOp>())
    return op->emitOpError() << "names an entry that is no slot of a pipe; "
                             << (call.kind == PipeCall::Push
                                     ? "store into what talloc gives, and push that"
                                     : "free what tpop gave");
  auto slot = llvm::dyn_cast<TensorViewType>(init.gm.getType());
  if (!slot || slot.getElementType() != entry.getElementType() || slot.getRank() != entry.getRank())
    return op->emitOpError() << "names an entry of type " << entry << ", but the slots are "
                             << init.gm.getType() << "; they must be a tensor view of the same "
                             << "element type and rank";
  auto element = elementOf(entry.getElementType());
  if (!entry.hasStaticShape() || !element)
    return op->emitOpError() << "names an entry of type " << entry
                             << "; the library needs static extents to find the half of a core";
  int64_t bytes = bytesOf(*element);
  for (int64_t extent : entry.getShape())
    bytes *= extent;
  bool isHalf = call.split && bytes * 2 == init.slotSize;
  if (bytes != init.slotSize && !isHalf)
    return op->emitOpError() << "names an entry of " << bytes << " bytes, but a slot has "
                             << init.slotSize
                             << (call.split ? "; it must be the slot or half of it" : "");
  return mlir::success();
}

LogicalResult verifyTileFits(const PipeCall &call, const PipeInit &init) {
  TileBufType tile = call.tile();
  bool isHalf = tile.getSpace() == Space::Vec && (call.split == 1 || call.split == 2);
  int64_t bytes = movedBytes(tile) * (isHalf ? 2 : 1);
  if (call.kind == PipeCall::Pop && !init.consumerBuffer(*call.direction()))
    return call.op->emitOpError()
               .append("pops a tile, but its pipe has no local memory to keep it in; give the "
                       "address of a reservation, or pop an address (pto.declare_global)")
               .attachNote(init.op->getLoc())
           << "the pipe";
  if (bytes > init.slotSize && !init.epilogue)
    return call.op->emitOpError()
               .append("moves ", bytes, " bytes", isHalf ? " in two halves" : "",
                       ", but a slot has ", init.slotSize)
               .attachNote(init.op->getLoc())
           << "the pipe";
  return mlir::success();
}

LogicalResult noCore(mlir::Operation *op) {
  return op->emitOpError() << "does not say which core runs it; put it into pto.section.cube or "
                              "pto.section.vector, or give the function a kernel_kind";
}

LogicalResult verifyHandleCall(mlir::Operation *op, bool hasSubblock = false) {
  PipeCall call = *PipeCall::of(op);
  auto direction = call.direction();
  if (!direction)
    return noCore(op);
  auto init = PipeInit::behind(call.handle);
  if (!init)
    return op->emitOpError() << "takes a pipe that no initialize op of this function makes; a pipe "
                                "cannot be passed on";
  bool isCube = call.isProducer() == (*direction == PipeDirection::C2V);
  mlir::Type entry = call.entry ? call.entry.getType() : mlir::Type();
  if (mlir::failed(verifyCall(op, {call.kind, isCube, entry, call.split, false, hasSubblock})))
    return mlir::failure();
  return verifyAgainst(call, *init);
}

/// The operations that give an entry its place take one that has none yet.
LogicalResult verifyBinds(mlir::Operation *op, mlir::Value entry) {
  if (llvm::isa_and_nonnull<DeclareTileOp, DeclareGlobalOp>(entry.getDefiningOp()))
    return mlir::success();
  return op->emitOpError() << "gives its entry a place, so the entry comes from pto.declare_tile "
                              "or pto.declare_global";
}
} // namespace

LogicalResult TAllocOp::verify() {
  return mlir::failed(verifyHandleCall(*this)) ? mlir::failure() : verifyBinds(*this, getEntry());
}
LogicalResult TPushOp::verify() { return verifyHandleCall(*this, bool(getAivSubblockid())); }
LogicalResult TPopOp::verify() {
  if (mlir::failed(verifyHandleCall(*this, bool(getAivSubblockid()))))
    return mlir::failure();
  return verifyBinds(*this, getEntry());
}
LogicalResult TFreeOp::verify() { return verifyHandleCall(*this); }

LogicalResult DeclareTileOp::verify() {
  TileBufType type = getTile().getType();
  for (auto [value, isOpen, what] :
       {std::tuple(getValidRow(), type.hasDynamicValidRows(), "valid_row"),
        std::tuple(getValidCol(), type.hasDynamicValidCols(), "valid_col")})
    if (value && !isOpen)
      return emitOpError() << "gives " << what << ", but its type " << type << " fixes it";
  return mlir::success();
}
LogicalResult DeclareGlobalOp::verify() {
  if (!getEntry().getType().hasStaticShape())
    return emitOpError() << "declares an entry of type " << getEntry().getType()
                         << "; entries of a pipe have static extents";
  return mlir::success();
}

LogicalResult pto::verifyAgainst(const PipeCall &call, const PipeInit &init) {
  if (!call.direction())
    return noCore(call.op);
  PipeDirection direction = *call.direction();
  if (!init.carries(direction)) {
    bool onCube = call.isProducer() == (direction == PipeDirection::C2V);
    return call.op->emitOpError()
               .append(call.isProducer() ? "sends" : "receives", " on the ",
                       onCube ? "cube" : "vector", " core, which needs a pipe in direction ",
                       name(direction), ", but its pipe goes ", name(init.direction))
               .attachNote(init.op->getLoc())
           << "the pipe";
  }
  if (!call.entry)
    return mlir::success();
  return call.tile() ? verifyTileFits(call, init) : verifyAddress(call, init);
}

//===----------------------------------------------------------------------===//
// Reservations
//===----------------------------------------------------------------------===//

LogicalResult ReserveBufferOp::verify() {
  auto kind = getLocation();
  if (kind != AddressSpaceKind::Vec && kind != AddressSpaceKind::Mat)
    return emitOpError() << "reserves memory in " << stringifyAddressSpaceKind(kind)
                         << "; tiles are popped into vec or mat";
  if (signedOf(getSize()) <= 0)
    return emitOpError() << "reserves " << signedOf(getSize()) << " bytes; at least one is needed";
  if (!getIsAuto() && !getBase())
    return emitOpError() << "has auto = false, so it needs a base";
  Space space = kind == AddressSpaceKind::Vec ? Space::Vec : Space::Mat;
  int64_t limit = int64_t(capacity(space, archOf(*this))), base = signedOf(getBase()).value_or(0);
  if (base < 0 || base % reservationAlignment)
    return emitOpError() << "has base = " << base << "; reservations begin at a multiple of "
                         << reservationAlignment << " bytes";
  if (base + signedOf(getSize()) > limit)
    return emitOpError() << "lies at " << base << " and takes " << getSize() << " bytes, but "
                         << pto::name(space) << " on " << pto::name(archOf(*this)) << " ends at "
                         << limit;
  return mlir::success();
}

LogicalResult ImportReservedBufferOp::verify() {
  auto *peer = mlir::SymbolTable::lookupNearestSymbolFrom(*this, getPeerFuncAttr());
  if (!llvm::isa_and_nonnull<mlir::FunctionOpInterface>(peer))
    return emitOpError() << "names @" << getPeerFunc() << ", which is no function of this module";
  return mlir::success();
}
