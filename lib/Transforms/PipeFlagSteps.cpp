//===- PipeFlagSteps.cpp - Flags of the program in the script of a core ----===//
//
// What sets and waits for a flag without being a pipe: the program's own flags between cores,
// SYNCALL, and inside a core what orders its hardware pipes.
//
//===----------------------------------------------------------------------===//

#include "PipeScript.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/IR/CrossCore.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using mlir::Operation;
using mlir::Value;

namespace {

/// The steps inside a library call that names flags of its own, in its first form; empty for other
/// operations.
llvm::ArrayRef<MicroStep> stepsInside(Operation *op) {
  const OpInfo *info = findOpInfo(op);
  if (!info || info->micro.empty() || info->family == "pipe")
    return {};
  auto forms = possibleForms(op);
  for (const MicroForm &form : info->micro)
    if (!forms.empty() && form.name == forms.front())
      return form.steps;
  return {};
}

bool ordersPipes(const MicroStep &step) {
  return step.kind == MicroStep::Set || step.kind == MicroStep::Wait ||
         (step.kind == MicroStep::Barrier && step.pipe == Pipe::ALL);
}

class Steps {
public:
  Steps(Operation *op, CoreKind core, llvm::function_ref<std::optional<int64_t>(Value)> number,
        std::string &why)
      : op(op), core(core), arch(archOf(op)), number(number), why(why) {}
  using List = std::optional<llvm::SmallVector<PipeStep, 4>>;

  List of(bool inner) {
    if (auto flag = crossCoreFlagOf(op)) {
      if (!cross(*flag))
        return std::nullopt;
    } else if (auto all = llvm::dyn_cast<SyncAllOp>(op)) {
      if (!syncAll(all))
        return std::nullopt;
    } else if (inner && !insideCore()) {
      return std::nullopt;
    }
    return std::move(list);
  }

private:
  PipeStep &add(PipeStep::Kind kind, Pipe pipe) {
    PipeStep &step = list.emplace_back(PipeStep{kind, 0, op});
    step.flag.pipe = pipe;
    return step;
  }

  //===--------------------------------------------------------------------===//
  // Between cores
  //===--------------------------------------------------------------------===//

  void between(bool isSet, Pipe pipe, int64_t id, uint8_t mode, bool isDirect) {
    PipeStep &step = add(isSet ? PipeStep::Set : PipeStep::Wait, pipe);
    step.flag.id = id;
    step.flag.mode = mode;
    step.flag.isDirect = isDirect;
  }

  std::optional<int64_t> known(std::optional<int64_t> id, Value dynamic) {
    auto value = id ? id : number(dynamic);
    if (!value)
      why = "which flag it takes depends on data";
    return value;
  }

  bool cross(const CrossCoreFlag &flag) {
    auto id = known(flag.id, flag.dynamicId);
    if (!id)
      return false;
    between(flag.isSet, flag.pipe, *id, uint8_t(flag.mode), flag.intraBlock);
    if (flag.mirrored && core == CoreKind::Cube)
      between(flag.isSet, flag.pipe, *id + secondVectorIds, uint8_t(flag.mode), true);
    return true;
  }

  /// The legs of SYNCALL (cross-core 3).
  bool syncAll(SyncAllOp all) {
    constexpr int64_t cubes = 11, toCube = 12, toVectors = 13, vectors = 14;
    bool isCube = core == CoreKind::Cube, onA5 = arch == Arch::A5;
    bool isMix = all.getCoreType() == SyncCoreTypeKind::Mix;
    if (!isMix && (all.getCoreType() == SyncCoreTypeKind::AICOnly) != isCube)
      return true;
    if (all.getMode() == SyncAllModeKind::Soft) {
      why = "a soft SYNCALL counts in global memory how many cores have come";
      return false;
    }
    add(PipeStep::Drain, Pipe::S);
    auto meet = [&] {
      between(true, isCube ? Pipe::FIX : Pipe::MTE3, isCube ? cubes : vectors, 0, false);
      between(false, Pipe::S, isCube ? cubes : vectors, 0, false);
    };
    auto across = [&](bool isSet, Pipe pipe, int64_t id) {
      between(isSet, pipe, id, 2, onA5);
      if (onA5 && isCube)
        between(isSet, pipe, id + secondVectorIds, 2, true);
    };
    if (!isMix) {
      meet();
    } else if (isCube) {
      across(false, Pipe::S, toCube);
      meet();
      across(true, onA5 ? Pipe::S : Pipe::MTE3, toVectors);
    } else {
      across(true, Pipe::MTE3, toCube);
      across(false, Pipe::S, toVectors);
    }
    return true;
  }

  //===--------------------------------------------------------------------===//
  // Inside a core
  //===--------------------------------------------------------------------===//

  void within(bool isSet, Pipe from, Pipe to, int64_t id) {
    PipeStep &step = add(isSet ? PipeStep::InnerSet : PipeStep::InnerWait, isSet ? from : to);
    step.flag.from = from;
    step.flag.to = to;
    step.flag.id = id;
  }

  template <typename Op> bool flag(Op op, bool isSet, std::optional<int64_t> id, Value dynamic) {
    auto value = known(id, dynamic);
    if (value)
      within(isSet, toPipe(op.getSrcPipe()), toPipe(op.getDstPipe()), *value);
    return value.has_value();
  }

  /// A lock that pipes take in program order: a flag from a release to the next get.
  bool buffer(bool isRelease, mlir::Attribute holder, std::optional<int64_t> id, Value dynamic) {
    auto value = known(id, dynamic);
    auto pipe = bufferPipe(holder);
    if (!value || !pipe)
      return false;
    within(isRelease, *pipe, Pipe::ALL, *value);
    list.back().flag.pipe = *pipe;
    list.back().flag.from = Pipe::ALL;
    return true;
  }

  /// The accumulator by the place of its tile; all rows of FIX and M that it takes are one.
  void unit(bool isProduct) {
    int64_t id = firstUnitFlag;
    for (Value operand : op->getOperands())
      if (auto alloc = operand.getDefiningOp<AllocTileOp>();
          alloc && alloc.getType().getSpace() == Space::Acc && alloc.getAddr())
        id += constantOf(alloc.getAddr()).value_or(0);
    if (!isProduct) {
      within(false, Pipe::M, Pipe::FIX, id);
      within(true, Pipe::FIX, Pipe::M, id);
      return;
    }
    within(false, Pipe::FIX, Pipe::M, id);
    if (attributeValue(op, "accPhase") == int64_t(AccPhaseKind::Final))
      within(true, Pipe::M, Pipe::FIX, id);
  }

  bool insideCore() {
    if (usesUnitFlag(op))
      return unit(pipeOf(op) == Pipe::M), true;
    return llvm::TypeSwitch<Operation *, bool>(op)
        .Case([&](SetFlagOp o) { return flag(o, true, int64_t(o.getEventId()), {}); })
        .Case([&](WaitFlagOp o) { return flag(o, false, int64_t(o.getEventId()), {}); })
        .Case([&](SetFlagDynOp o) { return flag(o, true, std::nullopt, o.getEventId()); })
        .Case([&](WaitFlagDynOp o) { return flag(o, false, std::nullopt, o.getEventId()); })
        .Case([&](GetBufOp o) { return buffer(false, o.getOpType(), int32_t(o.getBufId()), {}); })
        .Case([&](RlsBufOp o) { return buffer(true, o.getOpType(), int32_t(o.getBufId()), {}); })
        .Case(
            [&](GetBufDynOp o) { return buffer(false, o.getOpType(), std::nullopt, o.getBufId()); })
        .Case(
            [&](RlsBufDynOp o) { return buffer(true, o.getOpType(), std::nullopt, o.getBufId()); })
        .Case([&](BarrierOp o) {
          if (toPipe(o.getPipeKind()) == Pipe::ALL)
            add(PipeStep::Drain, Pipe::S);
          return true; // that of one pipe only waits for what is before it there
        })
        .Default([&](Operation *) {
          for (const MicroStep &step : stepsInside(op))
            if (step.kind == MicroStep::Barrier && step.pipe == Pipe::ALL)
              add(PipeStep::Drain, Pipe::S);
            else if (step.kind == MicroStep::Set || step.kind == MicroStep::Wait)
              within(step.kind == MicroStep::Set, step.pipe, step.to, step.id);
          return true;
        });
  }

  Operation *op;
  CoreKind core;
  Arch arch;
  llvm::function_ref<std::optional<int64_t>(Value)> number;
  std::string &why;
  llvm::SmallVector<PipeStep, 4> list;
};

} // namespace

bool pto::stepsOnFlags(Operation *op, bool inner) {
  if (llvm::isa<SyncAllOp>(op) || crossCoreFlagOf(op))
    return true;
  if (!inner)
    return false;
  if (usesUnitFlag(op))
    return !PipeCall::of(op);
  return llvm::isa<SetFlagOp, WaitFlagOp, SetFlagDynOp, WaitFlagDynOp, GetBufOp, RlsBufOp,
                   GetBufDynOp, RlsBufDynOp, BarrierOp>(op) ||
         llvm::any_of(stepsInside(op), ordersPipes);
}

std::optional<llvm::SmallVector<PipeStep, 4>>
pto::flagSteps(Operation *op, CoreKind core, bool inner,
               llvm::function_ref<std::optional<int64_t>(Value)> number, std::string &why) {
  return Steps(op, core, number, why).of(inner);
}
