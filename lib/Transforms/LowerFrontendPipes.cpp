//===- LowerFrontendPipes.cpp - From pipe numbers to pipe handles ----------===//
//
// One function at a time: each initialize op becomes the library's pipe of the arch, each call
// finds the pipe of its number. Every clause of an initialize op is handed on, or said to be
// missing.
//
//===----------------------------------------------------------------------===//

#include "PipeGroups.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Dominance.h"
#include "ptoas/IR/Pipes.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace pto {
#define GEN_PASS_DEF_LOWERFRONTENDPIPES
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Operation;
using mlir::Value;

namespace {

/// The lowered pipes of one function. The two cores number theirs separately: sections may share a
/// function.
class FunctionLowering {
public:
  explicit FunctionLowering(mlir::func::FuncOp function) : function(function) {}
  bool run();

private:
  template <typename Op> bool init(Op op, CoreKind core);
  Operation *create(mlir::OpBuilder &b, mlir::Location loc, PipeDirection direction, Value slots,
                    Value c2v, Value v2c, const mlir::NamedAttrList &clauses);
  template <typename Op> bool alloc(Op op, CoreKind core);
  template <typename Op> bool push(Op op, CoreKind core);
  template <typename Op> bool pop(Op op, CoreKind core);
  template <typename Op> bool free(Op op, CoreKind core);
  bool call(Operation *op);
  /// The handle that a call of a front-end means, null after an error.
  Value handleOf(Operation *op, CoreKind core, PipeCall::Kind kind, Value entry, int64_t split);

  mlir::func::FuncOp function;
  llvm::MapVector<std::pair<CoreKind, int64_t>, Operation *> pipes;
  mlir::DominanceInfo dominance;
};

Operation *FunctionLowering::create(mlir::OpBuilder &b, mlir::Location loc, PipeDirection direction,
                                    Value slots, Value c2v, Value v2c,
                                    const mlir::NamedAttrList &clauses) {
  Value local = direction == PipeDirection::V2C ? v2c : c2v;
  Value peer = direction == PipeDirection::Both ? v2c : Value();
  mlir::OperationState state(loc, slots ? InitializeL2G2LPipeOp::getOperationName()
                                        : InitializeL2LPipeOp::getOperationName());
  for (Value operand : {slots, local, peer})
    if (operand)
      state.addOperands(operand);
  state.addAttributes(clauses.getAttrs());
  if (slots)
    state.getOrAddProperties<InitializeL2G2LPipeOp::Properties>().operandSegmentSizes = {
        1, local ? 1 : 0, peer ? 1 : 0};
  state.addTypes(PipeHandleType::get(b.getContext()));
  return b.create(state);
}

template <typename Op> bool FunctionLowering::init(Op op, CoreKind core) {
  int64_t id = signedOf(op.getId()).value_or(0);
  auto [at, isNew] = pipes.insert({{core, id}, nullptr});
  if (!isNew) {
    op.emitOpError()
            .append("opens a second pipe with id = ", id, "; each id is opened once")
            .attachNote(at->second->getLoc())
        << "the first";
    return false;
  }
  mlir::OpBuilder b(op);
  auto direction = PipeDirection(op.getDirMask());
  mlir::NamedAttrList clauses;
  for (mlir::NamedAttribute attr : op->getAttrs())
    if (attr.getName() != "operandSegmentSizes")
      clauses.append(attr);
  clauses.set("id", b.getI32IntegerAttr(id));
  if (!op.getSlotNum())
    clauses.set("slot_num",
                b.getI32IntegerAttr(int32_t(slotsOf(std::nullopt, signedOf(op.getConsSyncPeriod()),
                                                    direction == PipeDirection::Both))));
  // On a5 the ring lies in the consumer's memory; only addresses need global memory there.
  Value slots = op.getGmSlotTensor();
  if (!slots && archOf(op) == Arch::A3)
    slots = op.getGmSlotBuffer();
  Value c2v = op.getC2vConsumerBuf(), v2c = op.getV2cConsumerBuf();
  auto named = mlir::NameLoc::get(b.getStringAttr("pipe" + llvm::Twine(id)), placeOf(op.getLoc()));
  at->second = create(b, named, direction, slots, c2v, v2c, clauses);
  if (!op.getSlotNum())
    noteOrigin(at->second, "slot_num", op.getConsSyncPeriod() ? "derived" : "default");
  op->erase();
  return true;
}

Value FunctionLowering::handleOf(Operation *op, CoreKind core, PipeCall::Kind kind, Value entry,
                                 int64_t split) {
  int64_t id = attributeValue(op, "id");
  auto found = pipes.find({core, id});
  if (found == pipes.end()) {
    auto error = op->emitOpError() << "names pipe id = " << id << ", which no pto.ai"
                                   << (core == CoreKind::Cube ? "c" : "v")
                                   << "_initialize_pipe of @" << function.getName() << " opens";
    for (auto &[key, pipe] : pipes)
      if (key.first == core)
        error.attachNote(pipe->getLoc()) << "id = " << key.second << " is opened here";
    return {};
  }
  Operation *pipe = found->second;
  if (!dominance.properlyDominates(pipe, op)) {
    op->emitOpError()
            .append("may run before pipe id = ", id,
                    " is opened; open it where all its "
                    "calls come after")
            .attachNote(pipe->getLoc())
        << "opened here";
    return {};
  }
  PipeCall call{kind, op, entry, pipe->getResult(0), split, {}};
  return mlir::succeeded(verifyAgainst(call, *PipeInit::of(pipe))) ? pipe->getResult(0) : Value();
}

template <typename Op> bool FunctionLowering::alloc(Op op, CoreKind core) {
  Value handle = handleOf(op, core, PipeCall::Alloc, op.getEntry(), op.getSplit());
  if (!handle)
    return false;
  mlir::OpBuilder b(op);
  auto entry = DeclareGlobalOp::create(b, op.getLoc(), op.getEntry().getType());
  TAllocOp::create(b, placeOf(op.getLoc()), entry, handle, op.getSplitAttr());
  op.getEntry().replaceAllUsesWith(entry.getEntry());
  return true;
}

template <typename Op> bool FunctionLowering::push(Op op, CoreKind core) {
  Value handle = handleOf(op, core, PipeCall::Push, op.getEntry(), op.getSplit());
  if (!handle)
    return false;
  mlir::OpBuilder b(op);
  TPushOp::create(b, op.getLoc(), op.getEntry(), handle, op.getAivSubblockid(), op.getSplitAttr());
  return true;
}

template <typename Op> bool FunctionLowering::pop(Op op, CoreKind core) {
  Value handle = handleOf(op, core, PipeCall::Pop, op.getEntry(), op.getSplit());
  if (!handle)
    return false;
  mlir::OpBuilder b(op);
  Operation *entry;
  if (auto tile = llvm::dyn_cast<TileBufType>(op.getEntry().getType()))
    entry = DeclareTileOp::create(b, op.getLoc(), tile, op.getValidRow(), op.getValidCol());
  else
    entry = DeclareGlobalOp::create(b, op.getLoc(), op.getEntry().getType());
  TPopOp::create(b, placeOf(op.getLoc()), entry->getResult(0), handle, op.getAivSubblockid(),
                 op.getSplitAttr());
  op.getEntry().replaceAllUsesWith(entry->getResult(0));
  return true;
}

template <typename Op> bool FunctionLowering::free(Op op, CoreKind core) {
  Value handle = handleOf(op, core, PipeCall::Free, op.getEntry(), op.getSplit());
  if (!handle)
    return false;
  mlir::OpBuilder b(op);
  TFreeOp::create(b, op.getLoc(), op.getEntry(), handle, op.getSplitAttr());
  return true;
}

bool FunctionLowering::call(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](TAllocToAivOp o) { return alloc(o, CoreKind::Cube); })
      .Case([&](TAllocToAicOp o) { return alloc(o, CoreKind::Vector); })
      .Case([&](TPushToAivOp o) { return push(o, CoreKind::Cube); })
      .Case([&](TPushToAicOp o) { return push(o, CoreKind::Vector); })
      .Case([&](TPopFromAicOp o) { return pop(o, CoreKind::Vector); })
      .Case([&](TPopFromAivOp o) { return pop(o, CoreKind::Cube); })
      .Case([&](TFreeFromAicOp o) { return free(o, CoreKind::Vector); })
      .Case([&](TFreeFromAivOp o) { return free(o, CoreKind::Cube); });
}

bool FunctionLowering::run() {
  llvm::SmallVector<Operation *> inits, calls;
  function.walk([&](Operation *op) {
    if (llvm::isa<AicInitializePipeOp, AivInitializePipeOp>(op))
      inits.push_back(op);
    else if (llvm::isa<TAllocToAivOp, TAllocToAicOp, TPushToAivOp, TPushToAicOp, TPopFromAicOp,
                       TPopFromAivOp, TFreeFromAicOp, TFreeFromAivOp>(op))
      calls.push_back(op);
  });
  bool ok = true;
  for (Operation *op : inits) {
    if (auto aic = llvm::dyn_cast<AicInitializePipeOp>(op))
      ok &= init(aic, CoreKind::Cube);
    else
      ok &= init(llvm::cast<AivInitializePipeOp>(op), CoreKind::Vector);
  }
  if (!ok)
    return false;
  for (Operation *op : calls)
    ok &= call(op);
  // Users come after what they use.
  if (ok)
    for (Operation *op : llvm::reverse(calls))
      op->erase();
  return ok;
}

struct LowerFrontendPipesPass : pto::impl::LowerFrontendPipesBase<LowerFrontendPipesPass> {
  void runOnOperation() override {
    getOperation().walk([&](mlir::func::FuncOp function) {
      if (!FunctionLowering(function).run())
        signalPassFailure();
    });
  }
};
} // namespace
