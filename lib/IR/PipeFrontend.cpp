//===- PipeFrontend.cpp - Checks of what front-ends write ------------------===//
//
// What one operation can tell by itself. Which pipe a number means is decided when they are
// lowered.
//
//===----------------------------------------------------------------------===//

#include "PipeRules.h"
#include "ptoas/IR/CustomSyntax.h"

using namespace pto;
using namespace pto::pipes;
using mlir::LogicalResult;

namespace {
LogicalResult verifyPlace(mlir::Operation *op, CoreKind wanted) {
  auto core = coreKindOf(op);
  if (core == wanted)
    return mlir::success();
  for (mlir::Operation *p = op; p; p = p->getParentOp())
    if (p->hasAttr("pto.tileop.helper")) // takes the kind of its caller
      return mlir::success();
  return op->emitOpError() << "belongs to the " << name(wanted) << " core"
                           << (core ? ", but stands in code of the other one" : "")
                           << "; mark the function kernel_kind<" << name(wanted)
                           << "> or put the operation into pto.section." << name(wanted);
}

LogicalResult verifyId(mlir::Operation *op, std::optional<int64_t> id) {
  if (id && *id < 0)
    return op->emitOpError() << "has id = " << *id << "; ids count from 0";
  return mlir::success();
}

/// Bytes of a view that are known; none with open extents.
std::optional<int64_t> bytesOfView(TensorViewType view) {
  auto element = elementOf(view.getElementType());
  if (!view.hasStaticShape() || !element)
    return std::nullopt;
  int64_t bytes = bytesOf(*element);
  for (int64_t extent : view.getShape())
    bytes *= extent;
  return bytes;
}

/// Where the slots lie: which operands go together on which arch.
template <typename Op> LogicalResult verifyMemories(Op op) {
  int64_t mask = op.getDirMask();
  mlir::Value c2v = op.getC2vConsumerBuf(), v2c = op.getV2cConsumerBuf();
  Arch arch = archOf(op);
  if (mlir::Value tensor = op.getGmSlotTensor()) {
    if (op.getGmSlotBuffer())
      return op.emitOpError()
             << "has both gm_slot_tensor and gm_slot_buffer; the tensor says where "
                "the slots are, leave the buffer out";
    if (v2c || (c2v && mask != 1))
      return op.emitOpError() << "has gm_slot_tensor and consumer buffers, which go together only "
                                 "from cube to vector (dir_mask = 1, c2v_consumer_buf)";
    if (arch == Arch::A5 && mask == 3)
      return op.emitOpError()
             << "has gm_slot_tensor and dir_mask = 3, which the library of a5 does "
                "not have; open two pipes";
    auto bytes = bytesOfView(llvm::cast<TensorViewType>(tensor.getType()));
    if (bytes && *bytes != op.getSlotSize() && *bytes * 2 != op.getSlotSize())
      return op.emitOpError()
             << "has slot_size = " << op.getSlotSize() << ", but its gm_slot_tensor takes "
             << *bytes << " bytes; a slot is the tensor, or two of it when entries are split";
    return mlir::success();
  }
  if (((mask & 1) && !c2v) || ((mask & 2) && !v2c))
    return op.emitOpError()
           << "has dir_mask = " << mask << ", but no " << ((mask & 1) && !c2v ? "c2v" : "v2c")
           << "_consumer_buf to pop tiles into; give it, or use gm_slot_tensor and "
              "pop addresses";
  if (arch == Arch::A3 && !op.getGmSlotBuffer())
    return op.emitOpError() << "needs gm_slot_buffer: on a3 the slots lie in global memory";
  return mlir::success();
}

template <typename Op> LogicalResult verifyInit(Op op, CoreKind core) {
  Parameters p{op.getDirMask(),
               signedOf(op.getSlotSize()),
               signedOf(op.getSlotNum()),
               signedOf(op.getLocalSlotNum()),
               signedOf(op.getConsSyncPeriod()),
               op.getNosplit(),
               op.getAccPushEpilogueAttr()};
  if (mlir::failed(verifyParameters(op, p)))
    return mlir::failure();
  bool ok = mlir::succeeded(verifyPlace(op, core));
  ok &= mlir::succeeded(verifyId(op, signedOf(op.getId())));
  ok &= mlir::succeeded(verifyMemories(op));
  if (op.getC2vConsumerBuf() || op.getV2cConsumerBuf())
    ok &= mlir::succeeded(verifySlotAlignment(op, op.getSlotSize()));
  return mlir::success(ok);
}

LogicalResult verifyFrontendCall(mlir::Operation *op, const Call &call, std::optional<int64_t> id) {
  bool ok = mlir::succeeded(verifyPlace(op, call.isCube ? CoreKind::Cube : CoreKind::Vector));
  ok &= mlir::succeeded(verifyId(op, id));
  return mlir::success(ok & mlir::succeeded(verifyCall(op, call)));
}

template <typename Op> LogicalResult verifyPush(Op op, bool isCube) {
  Call call{PipeCall::Push, isCube, op.getEntry().getType(),
            op.getSplit(),  false,  bool(op.getAivSubblockid())};
  return verifyFrontendCall(op, call, signedOf(op.getId()));
}
template <typename Op> LogicalResult verifyPop(Op op, bool isCube) {
  Call call{PipeCall::Pop,           isCube,
            op.getEntry().getType(), op.getSplit(),
            bool(op.getValidRow()),  bool(op.getAivSubblockid())};
  return verifyFrontendCall(op, call, signedOf(op.getId()));
}
template <typename Op> LogicalResult verifyAlloc(Op op, bool isCube) {
  return verifyFrontendCall(
      op, {PipeCall::Alloc, isCube, op.getEntry().getType(), op.getSplit(), false, false},
      signedOf(op.getId()));
}
template <typename Op> LogicalResult verifyFree(Op op, bool isCube) {
  mlir::Type entry = op.getEntry() ? op.getEntry().getType() : mlir::Type();
  return verifyFrontendCall(op, {PipeCall::Free, isCube, entry, op.getSplit(), false, false},
                            signedOf(op.getId()));
}
} // namespace

LogicalResult AicInitializePipeOp::verify() { return verifyInit(*this, CoreKind::Cube); }
LogicalResult AivInitializePipeOp::verify() { return verifyInit(*this, CoreKind::Vector); }
LogicalResult TAllocToAivOp::verify() { return verifyAlloc(*this, /*isCube=*/true); }
LogicalResult TAllocToAicOp::verify() { return verifyAlloc(*this, /*isCube=*/false); }
LogicalResult TPushToAivOp::verify() { return verifyPush(*this, /*isCube=*/true); }
LogicalResult TPushToAicOp::verify() { return verifyPush(*this, /*isCube=*/false); }
LogicalResult TPopFromAicOp::verify() { return verifyPop(*this, /*isCube=*/false); }
LogicalResult TPopFromAivOp::verify() { return verifyPop(*this, /*isCube=*/true); }
LogicalResult TFreeFromAicOp::verify() { return verifyFree(*this, /*isCube=*/false); }
LogicalResult TFreeFromAivOp::verify() { return verifyFree(*this, /*isCube=*/true); }
