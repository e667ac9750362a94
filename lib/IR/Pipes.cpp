//===- Pipes.cpp - Pipe operations, seen alike -----------------------------===//

#include "ptoas/IR/Pipes.h"
#include "mlir/IR/SymbolTable.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;

llvm::StringRef pto::name(PipeDirection direction) {
  return direction == PipeDirection::C2V ? "C2V" : direction == PipeDirection::V2C ? "V2C" : "BOTH";
}

namespace {
template <typename Op> PipeInit initOf(Op op) {
  PipeInit init;
  init.op = op;
  init.direction = PipeDirection(op.getDirMask());
  init.slotSize = signedOf(op.getSlotSize());
  init.slotNum = signedOf(op.getSlotNum());
  init.localSlotNum = signedOf(op.getLocalSlotNum());
  init.flagBase = signedOf(op.getFlagBase());
  init.consSyncPeriod = signedOf(op.getConsSyncPeriod());
  init.id = signedOf(op.getId());
  init.noSplit = op.getNosplit();
  init.unitFlag = op.getUnitFlag();
  init.epilogue = op.getAccPushEpilogueAttr();
  init.local = op.getLocalAddr();
  init.peerLocal = op.getPeerLocalAddr();
  return init;
}
} // namespace

std::optional<PipeInit> PipeInit::of(mlir::Operation *op) {
  if (auto through = llvm::dyn_cast_or_null<InitializeL2G2LPipeOp>(op)) {
    PipeInit init = initOf(through);
    init.gm = through.getGmAddr();
    return init;
  }
  if (auto local = llvm::dyn_cast_or_null<InitializeL2LPipeOp>(op))
    return initOf(local);
  return std::nullopt;
}

std::optional<PipeInit> PipeInit::behind(mlir::Value handle) { return of(handle.getDefiningOp()); }

std::optional<PipeCall> PipeCall::of(mlir::Operation *op) {
  auto make = [](Kind kind, auto call, mlir::Value subblock = {}) {
    return PipeCall{kind, call, call.getEntry(), call.getPipeHandle(), call.getSplit(), subblock};
  };
  return llvm::TypeSwitch<mlir::Operation *, std::optional<PipeCall>>(op)
      .Case([&](TAllocOp o) { return make(Alloc, o); })
      .Case([&](TPushOp o) { return make(Push, o, o.getAivSubblockid()); })
      .Case([&](TPopOp o) { return make(Pop, o, o.getAivSubblockid()); })
      .Case([&](TFreeOp o) { return make(Free, o); })
      .Default([](mlir::Operation *) { return std::nullopt; });
}

std::optional<PipeDirection> PipeCall::direction() const {
  auto core = coreKindOf(op);
  if (!core)
    return std::nullopt;
  return isProducer() == (*core == CoreKind::Cube) ? PipeDirection::C2V : PipeDirection::V2C;
}

llvm::StringRef pto::formOf(const PipeCall &call) {
  auto init = PipeInit::behind(call.handle);
  bool onCube = call.direction() && call.isProducer() == (call.direction() == PipeDirection::C2V);
  bool isAddress = call.entry && !call.tile();
  switch (call.kind) {
  case PipeCall::Alloc:
    return "address";
  case PipeCall::Push:
    if (isAddress)
      return onCube ? "address, cube" : "address, vector";
    return call.tile().getSpace() == Space::Acc ? "from acc" : "from vec";
  case PipeCall::Pop:
    if (isAddress)
      return "address";
    break;
  case PipeCall::Free:
    if (isAddress)
      return onCube && archOf(call.op) == Arch::A5 ? "address, a5 cube" : "address";
    break;
  }
  if (!init || init->throughGm())
    return "through GM";
  return onCube ? "local, cube" : "local, vector";
}

bool pto::usesUnitFlag(mlir::Operation *op) {
  if (auto call = PipeCall::of(op)) {
    auto init = PipeInit::behind(call->handle);
    return call->kind == PipeCall::Push && call->tile() && init && init->unitFlag.value_or(false);
  }
  return attributeValue(op, "accPhase") >= int64_t(AccPhaseKind::Partial) ||
         attributeValue(op, "stPhase") == int64_t(StPhaseKind::Final);
}

ReserveBufferOp pto::reservationOf(mlir::Value address) {
  if (!address)
    return {};
  if (auto reserve = address.getDefiningOp<ReserveBufferOp>())
    return reserve;
  auto import = address.getDefiningOp<ImportReservedBufferOp>();
  auto *peer = import ? mlir::SymbolTable::lookupNearestSymbolFrom(import, import.getPeerFuncAttr())
                      : nullptr;
  ReserveBufferOp found;
  if (peer)
    peer->walk([&](ReserveBufferOp reserve) {
      if (reserve.getName() == import.getName())
        found = reserve;
    });
  return found;
}

int64_t pto::movedBytes(TileBufType tile) {
  int64_t rows = tile.hasDynamicValidRows() ? tile.getRows() : tile.getValidRows();
  int64_t cols = tile.hasDynamicValidCols() ? tile.getCols() : tile.getValidCols();
  auto element = elementOf(tile.getElementType());
  return rows * cols * (element ? bytesOf(*element) : 1);
}

bool pto::isForBothVectorCores(mlir::Operation *region) {
  bool unsplit = false, asks = false;
  region->walk([&](mlir::Operation *op) {
    auto call = PipeCall::of(op);
    unsplit |= call && call->split == 0;
    asks |= llvm::isa<GetSubblockIdxOp, GetSubblockNumOp>(op);
  });
  return unsplit && !asks;
}
