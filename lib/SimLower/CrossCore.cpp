//===- CrossCore.cpp - Flags between cores, SYNCALL ------------------------===//

#include "ptoas/IR/CrossCore.h"
#include "Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

static_assert(int(SyncCoreTypeKind::AIVOnly) == int(SyncAllCores::Vector) &&
              int(SyncCoreTypeKind::AICOnly) == int(SyncAllCores::Cube) &&
              int(SyncCoreTypeKind::Mix) == int(SyncAllCores::Mix));
static_assert(int(CrossMode::SameKind) == 0 && int(CrossMode::Subblocks) == 1 &&
              int(CrossMode::CubeVector) == 2);

void Lowering::lowerCrossFlag(Operation *op, const CrossCoreFlag &flag) {
  if (!checkPipe(op, flag.pipe))
    return;
  CrossMode mode = flag.intraBlock ? CrossMode::Direct : CrossMode(flag.mode);
  auto emit = [&](int64_t id, Register dynamic) {
    flag.isSet ? builder.crossSet(flag.pipe, mode, id, dynamic)
               : builder.crossWait(flag.pipe, mode, id, dynamic);
  };
  Register dynamic = flag.id ? none : word(flag.dynamicId);
  emit(flag.id.value_or(0), dynamic);
  // The cube of a5 names each of its vector cores (cross-core 2).
  if (!flag.mirrored || root.core != CoreKind::Cube)
    return;
  if (dynamic != none)
    dynamic =
        builder.arith(ArithOp::AddI, Element::I64, dynamic, builder.constant(secondVectorIds));
  emit(flag.id.value_or(0) + secondVectorIds, dynamic);
}

bool Lowering::lowerCrossCore(Operation *op) {
  if (auto flag = crossCoreFlagOf(op))
    return lowerCrossFlag(op, *flag), true;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](SetFftsOp) { return true; }) // every core's flags have one place here
      .Case([&](SyncAllOp all) {
        auto cores = SyncAllCores(all.getCoreType());
        if (all.getMode() == SyncAllModeKind::Soft)
          builder.syncAllSoft(cores, get(all.getWorkspace()).view->pointer,
                              all.getUsed() ? word(all.getUsed()) : none);
        else
          builder.syncAll(cores);
        return true;
      })
      .Default([](Operation *) { return false; });
}

bool Lowering::lowerBuffer(Operation *op) {
  auto emit = [&](bool takes, mlir::Attribute holder, int64_t id, Register dynamic) {
    Pipe pipe = *bufferPipe(holder); // the verifier has made sure that it is one
    if (checkPipe(op, pipe))
      takes ? builder.getBuffer(pipe, id, dynamic) : builder.releaseBuffer(pipe, id, dynamic);
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](GetBufOp o) { return emit(true, o.getOpType(), int32_t(o.getBufId()), none); })
      .Case([&](RlsBufOp o) { return emit(false, o.getOpType(), int32_t(o.getBufId()), none); })
      .Case([&](GetBufDynOp o) { return emit(true, o.getOpType(), 0, word(o.getBufId())); })
      .Case([&](RlsBufDynOp o) { return emit(false, o.getOpType(), 0, word(o.getBufId())); })
      .Default([](Operation *) { return false; });
}
