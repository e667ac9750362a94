//===- PipeRules.h - What both levels of pipe operations obey ---*- C++ -*-===//
#ifndef PTOAS_LIB_IR_PIPERULES_H
#define PTOAS_LIB_IR_PIPERULES_H

#include "ptoas/IR/Pipes.h"

namespace pto::pipes {

/// The numbers of an initialize op; `slotNum` is none where a default will be taken.
struct Parameters {
  int64_t mask, slotSize;
  std::optional<int64_t> slotNum, localSlotNum, syncPeriod;
  std::optional<bool> noSplit;
  AccPushEpilogueAttr epilogue;
};
/// Each is told once, with the way out.
mlir::LogicalResult verifyParameters(mlir::Operation *op, const Parameters &p);

/// A call of either level.
struct Call {
  PipeCall::Kind kind;
  bool isCube;      ///< the core that runs it
  mlir::Type entry; ///< null for the tfree of a tile
  int64_t split;
  bool hasValid, hasSubblock;
};
mlir::LogicalResult verifyCall(mlir::Operation *op, const Call &call);

/// "c2v_consumer_buf" needs a local ring whose slots are aligned.
mlir::LogicalResult verifySlotAlignment(mlir::Operation *op, int64_t slotSize);

} // namespace pto::pipes

#endif // PTOAS_LIB_IR_PIPERULES_H
