//===- ModelBuilder.cpp - The walk that builds a SyncModel -----------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/IR/Pipes.h"
#include "ptoas/Parse/Parse.h"

using namespace pto;
using namespace pto::analysis;
using mlir::failure;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;
using sync::Node;
using sync::NodeId;
using sync::NodeKind;

uint32_t ModelBuilder::sourceOf(Operation *op) {
  model.sources.push_back(op);
  return uint32_t(model.sources.size() - 1);
}

NodeId ModelBuilder::add(Node node, List &list) {
  if (node.kind == NodeKind::Access)
    node.turns = turns;
  list.push_back(model.program.add(std::move(node)));
  return list.back();
}

LogicalResult ModelBuilder::run(mlir::func::FuncOp function) {
  Frame top;
  top.function = function;
  model.program.arch = archOf(function);
  model.program.core = core;
  model.blocks[{sync::none, 0}] = &function.getBody().front();
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitOpError()
           << "has several blocks; synchronisation needs structured control flow (scf)";
  LogicalResult result = block(function.getBody().front(), top, model.program.top);
  nests.close();
  return result;
}

LogicalResult ModelBuilder::block(mlir::Block &body, Frame &frame, List &list) {
  bool ok = true;
  for (Operation &op : body)
    if (!op.hasTrait<mlir::OpTrait::IsTerminator>()) // sections have none
      ok &= mlir::succeeded(operation(&op, frame, list));
  return success(ok);
}

LogicalResult ModelBuilder::operation(Operation *op, Frame &frame, List &list) {
  offsets.startOperation(op, &frame);
  if (auto section = llvm::dyn_cast<SectionCubeOp>(op))
    return core == CoreKind::Cube ? block(section.getBody().front(), frame, list) : success();
  if (auto section = llvm::dyn_cast<SectionVectorOp>(op))
    return core == CoreKind::Vector ? block(section.getBody().front(), frame, list) : success();
  if (auto callOp = llvm::dyn_cast<mlir::func::CallOp>(op))
    return call(callOp, frame, list);
  if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op))
    return forLoop(loop, frame, list);
  if (auto loop = llvm::dyn_cast<mlir::scf::WhileOp>(op))
    return whileLoop(loop, frame, list);
  if (llvm::isa<mlir::scf::IfOp, mlir::scf::IndexSwitchOp>(op))
    return branch(op, frame, list);
  if (auto region = llvm::dyn_cast<mlir::scf::ExecuteRegionOp>(op);
      region && region.getRegion().hasOneBlock())
    return region.getNoInline() ? contiguous(region, frame, list)
                                : block(region.getRegion().front(), frame, list);
  if (op->getNumRegions())
    return op->emitOpError() << "is control flow that synchronisation does not know; use scf.for, "
                                "scf.if, scf.while or scf.index_switch";
  if (syncOperation(op, frame, list) || crossCoreSet(op, list) || cacheOperation(op, frame, list))
    return success();
  if (const OpInfo *info = findOpInfo(op))
    record(op, *info, frame, list);
  return success();
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

LogicalResult ModelBuilder::forLoop(mlir::scf::ForOp loop, Frame &frame, List &list) {
  Node node;
  node.kind = NodeKind::Loop;
  node.source = sourceOf(loop);
  node.label = "scf.for";
  node.trip = tripCount(loop);
  node.minTrip = node.trip.value_or(0);
  node.arms.resize(1);
  NodeId id = add(std::move(node), list);
  open.push_back({loop, id, &frame});
  nests.note(loop, &frame, id);
  List body;
  LogicalResult result = block(*loop.getBody(), frame, body);
  closed.push_back(open.back());
  open.pop_back();
  model.program[id].arms[0] = std::move(body);
  if (!insideMacro)
    model.blocks[{id, 0}] = loop.getBody();
  return result;
}

/// One loop over `before` and `after` that ends between them.
LogicalResult ModelBuilder::whileLoop(mlir::scf::WhileOp loop, Frame &frame, List &list) {
  Node node;
  node.kind = NodeKind::Loop;
  node.endsInside = true;
  node.source = sourceOf(loop);
  node.label = "scf.while";
  node.arms.resize(1);
  NodeId id = add(std::move(node), list);
  open.push_back({loop, id, &frame});
  List body;
  LogicalResult first = block(loop.getBefore().front(), frame, body);
  Node leave;
  leave.kind = NodeKind::Leave;
  leave.source = sourceOf(loop.getConditionOp());
  leave.label = "scf.condition";
  add(std::move(leave), body);
  LogicalResult rest = block(loop.getAfter().front(), frame, body);
  closed.push_back(open.back());
  open.pop_back();
  model.program[id].arms[0] = std::move(body);
  if (!insideMacro)
    model.blocks[{id, 0}] = &loop.getBefore().front();
  return success(mlir::succeeded(first) && mlir::succeeded(rest));
}

/// Nothing may come between its operations: one piece, as a library call is.
LogicalResult ModelBuilder::contiguous(mlir::scf::ExecuteRegionOp region, Frame &frame,
                                       List &list) {
  bool outer = std::exchange(insideMacro, true);
  Node macro;
  macro.kind = NodeKind::Macro;
  macro.source = sourceOf(region);
  macro.label = "scf.execute_region";
  macro.transparent = true;
  macro.arms.emplace_back();
  LogicalResult result = block(region.getRegion().front(), frame, macro.arms.front());
  insideMacro = outer;
  if (!macro.arms.front().empty())
    add(std::move(macro), list);
  return result;
}

LogicalResult ModelBuilder::branch(Operation *op, Frame &frame, List &list) {
  Node node;
  node.kind = NodeKind::Branch;
  node.source = sourceOf(op);
  node.label = op->getName().getStringRef().str();
  if (auto choice = llvm::dyn_cast<mlir::scf::IfOp>(op))
    node.condition = conditionOf(choice.getCondition(), frame);
  NodeId id = add(std::move(node), list);
  std::vector<List> arms;
  bool ok = true;
  std::vector<sync::Turns> inArm = armTurns(op, frame);
  if (llvm::isa<mlir::scf::IfOp>(op))
    model.program[id].condition.turns = inArm[0];
  sync::Turns outer = turns;
  for (mlir::Region &region : op->getRegions()) {
    arms.emplace_back();
    if (region.empty())
      continue; // scf.if without else
    turns = inArm[arms.size() - 1].loop == sync::none ? outer : inArm[arms.size() - 1];
    ok &= mlir::succeeded(block(region.front(), frame, arms.back()));
    if (!insideMacro)
      model.blocks[{id, unsigned(arms.size() - 1)}] = &region.front();
  }
  turns = outer;
  model.program[id].arms = std::move(arms);
  return success(ok);
}

LogicalResult ModelBuilder::call(mlir::func::CallOp callOp, Frame &frame, List &list) {
  auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<mlir::func::FuncOp>(
      callOp, callOp.getCalleeAttr());
  if (auto kind = coreKindOf(callee); kind && *kind != core)
    return success(); // empty on this core
  Node macro;
  macro.kind = NodeKind::Macro;
  macro.source = sourceOf(callOp);
  macro.label = ("call of @" + callOp.getCallee()).str();
  if (callee.isDeclaration()) {
    // Taken as drained before and after: all that we know of code from elsewhere.
    List inside;
    Node barrier;
    barrier.kind = NodeKind::Barrier;
    barrier.pipe = Pipe::ALL;
    barrier.source = macro.source;
    barrier.label = macro.label;
    add(std::move(barrier), inside);
    macro.arms.push_back(std::move(inside));
    add(std::move(macro), list);
    return success();
  }
  for (Frame *f = &frame; f; f = f->caller)
    if (f->function == callee)
      return callOp.emitOpError() << "calls @" << callee.getName()
                                  << " while it runs; kernels cannot recurse";
  if (!llvm::hasSingleElement(callee.getBody()))
    return callee.emitOpError()
           << "has several blocks; synchronisation needs structured control flow (scf)";
  if (frames.size() >= mostCalls) {
    if (!std::exchange(tooManyCalls, true)) // said once
      callOp.emitOpError() << "is call number " << mostCalls
                           << " when helpers are followed in place, which is as far as "
                           << "synchronisation goes; let helpers call one another less often";
    return failure();
  }
  auto inner = std::make_unique<Frame>();
  inner->caller = &frame;
  inner->call = callOp;
  inner->function = callee;
  inner->loopDepth = frame.loopDepth;
  for (Operation *p = callOp->getParentOp(); p && !llvm::isa<mlir::func::FuncOp>(p);
       p = p->getParentOp())
    inner->loopDepth += llvm::isa<mlir::LoopLikeOpInterface>(p);
  bool outer = insideMacro;
  insideMacro = true;
  List inside;
  LogicalResult result = block(callee.getBody().front(), *inner, inside);
  insideMacro = outer;
  frames.push_back(std::move(inner));
  if (inside.empty())
    return result; // a helper that only computes
  macro.arms.push_back(std::move(inside));
  macro.transparent = true;
  add(std::move(macro), list);
  return result;
}

//===----------------------------------------------------------------------===//
// Flags, barriers, fences
//===----------------------------------------------------------------------===//

sync::EventId ModelBuilder::eventId(mlir::Value value, Frame &frame) {
  sync::EventId id = readEventId(value, open, closed);
  if (id.known)
    return id;
  sync::Rotation ring;
  sync::Offset number = offsets.read(value, &frame, 1, &ring);
  offsets.close(number);
  if (!number.known || number.symbol != sync::none || !number.terms.empty() ||
      number.constant < 0 || number.constant > INT32_MAX)
    return id;
  return {int32_t(number.constant), ring.count, ring.loop, ring.add};
}

bool ModelBuilder::syncOperation(Operation *op, Frame &frame, List &list) {
  Node node;
  node.source = sourceOf(op);
  node.label = op->getName().getStringRef().str();
  auto flag = [&](NodeKind kind, PipeKind from, PipeKind to, sync::EventId id) {
    node.kind = kind;
    node.key = {toPipe(from), toPipe(to), id};
  };
  auto fixed = [](EventKind id) {
    sync::EventId e;
    e.base = int32_t(id);
    return e;
  };
  if (auto set = llvm::dyn_cast<SetFlagOp>(op))
    flag(NodeKind::Set, set.getSrcPipe(), set.getDstPipe(), fixed(set.getEventId()));
  else if (auto wait = llvm::dyn_cast<WaitFlagOp>(op))
    flag(NodeKind::Wait, wait.getSrcPipe(), wait.getDstPipe(), fixed(wait.getEventId()));
  else if (auto set = llvm::dyn_cast<SetFlagDynOp>(op))
    flag(NodeKind::Set, set.getSrcPipe(), set.getDstPipe(), eventId(set.getEventId(), frame));
  else if (auto wait = llvm::dyn_cast<WaitFlagDynOp>(op))
    flag(NodeKind::Wait, wait.getSrcPipe(), wait.getDstPipe(), eventId(wait.getEventId(), frame));
  else if (auto barrier = llvm::dyn_cast<BarrierOp>(op)) {
    node.kind = NodeKind::Barrier;
    node.pipe = toPipe(barrier.getPipeKind());
  } else if (llvm::isa<DsbOp>(op)) {
    node.kind = NodeKind::Fence;
  } else {
    model.sources.pop_back();
    return false;
  }
  model.hasSync = true;
  add(std::move(node), list);
  return true;
}

/// A flag to other cores: what it publishes is complete on its pipe (C8, sync 10.1).
bool ModelBuilder::crossCoreSet(Operation *op, List &list) {
  if (!llvm::isa<SyncSetOp, SetCrossBlockOp, SetIntraBlockOp>(op))
    return false;
  auto pipe = op->getAttrOfType<PipeAttr>("pipe_kind");
  if (!pipe || toPipe(pipe.getValue()) == Pipe::ALL)
    return false;
  Node node;
  node.kind = NodeKind::Publish;
  node.signals = true;
  node.pipe = toPipe(pipe.getValue());
  node.source = sourceOf(op);
  node.label = op->getName().getStringRef().str();
  add(std::move(node), list);
  return true;
}

/// What concerns the scalar data cache (sync 10). A line that is dropped counts as read: what other
/// pipes write there has to be complete.
bool ModelBuilder::cacheOperation(Operation *op, Frame &frame, List &list) {
  auto invalid = llvm::dyn_cast<CacheInvalidOp>(op);
  if (!invalid && !llvm::isa<SyncWaitOp, WaitCrossBlockOp, WaitIntraBlockOp, SyncAllOp>(op))
    return false;
  if (llvm::isa<SyncAllOp>(op)) { // begins with PIPE_ALL
    Node barrier;
    barrier.kind = NodeKind::Barrier;
    barrier.pipe = Pipe::ALL;
    barrier.source = sourceOf(op);
    barrier.label = op->getName().getStringRef().str() + "'s own barrier";
    add(std::move(barrier), list);
  }
  Node node;
  node.pipe = Pipe::S;
  node.source = sourceOf(op);
  node.label = op->getName().getStringRef().str();
  if (invalid && invalid.getPtr())
    node.reads.push_back(lineRegion(invalid.getPtr(), frame));
  add(std::move(node), list);
  return true;
}

//===----------------------------------------------------------------------===//
// Record operations
//===----------------------------------------------------------------------===//

void ModelBuilder::access(Node &node, Role role, llvm::ArrayRef<sync::RegionId> regions) {
  if (reads(role))
    llvm::append_range(node.reads, regions);
  if (writes(role))
    llvm::append_range(node.writes, regions);
}

void ModelBuilder::record(Operation *op, const OpInfo &info, Frame &frame, List &list) {
  // With a pipe of its own a call without a form is one instruction of that pipe.
  if (!info.micro.empty() && (info.pipeRule != PipeRule::ByRoute || !possibleForms(op).empty()))
    return micro(op, info, frame, list);
  auto pipe = pipeOf(op);
  if (!pipe)
    return;
  Node node;
  node.pipe = *pipe;
  node.source = sourceOf(op);
  node.label = info.name.str();
  bool publishes = false, writesAcc = false;
  for (auto [i, operand] : llvm::enumerate(info.operands)) {
    publishes |= operand.role == Role::SignalOut;
    for (mlir::Value value : llvm::cast<RecordOp>(op).getRecordOperands(i)) {
      if (operand.role == Role::Value)
        continue;
      // Scalar accesses name a pointer and an index, tile operations name a view.
      if (llvm::isa<PtrType>(value.getType()))
        access(node, operand.role,
               scalarRegion(
                   value,
                   *llvm::cast<RecordOp>(op).getRecordOperands(info.operand("offset")).begin(),
                   frame));
      else
        access(node, operand.role, operandRegions(op, info, unsigned(i), value, frame));
      auto tile = llvm::dyn_cast<TileBufType>(value.getType());
      writesAcc |= tile && tile.getSpace() == Space::Acc && writes(operand.role);
    }
  }
  node.accumulates = *pipe == Pipe::M && writesAcc;
  node.unitFlag = (*pipe == Pipe::M || *pipe == Pipe::FIX) && usesUnitFlag(op);
  model.hasAccess |= *pipe != Pipe::S;
  if (publishes) {
    // TNOTIFY: the signal, then PIPE_ALL (library 5.3).
    node.kind = NodeKind::Publish;
    Node barrier;
    barrier.kind = NodeKind::Barrier;
    barrier.pipe = Pipe::ALL;
    barrier.source = node.source;
    barrier.label = node.label + "'s own barrier";
    add(std::move(node), list);
    add(std::move(barrier), list);
    return;
  }
  add(std::move(node), list);
}

/// Half of the rows of a row-major tile. A view and a window stay whole: which half of the chunk
/// lies where is not modelled.
sync::RegionId ModelBuilder::half(sync::RegionId id, MicroStep::Part part) {
  sync::Region region = model.program.regions[id];
  if (part == MicroStep::Whole || region.space == Space::GM || !region.offset.known ||
      !region.dims.empty())
    return id;
  region.run /= 2;
  if (part == MicroStep::Lower)
    region.offset.constant += int64_t(region.run);
  return model.program.intern(std::move(region));
}

ModelBuilder::List ModelBuilder::steps(Operation *op, const OpInfo &info,
                                       llvm::ArrayRef<MicroStep> program, size_t &at,
                                       uint32_t source, llvm::ArrayRef<Regions> regions) {
  List list;
  for (; at < program.size() && program[at].kind != MicroStep::LoopEnd; ++at) {
    const MicroStep &step = program[at];
    Node node;
    node.source = source;
    node.label = info.name.str() + "'s own";
    switch (step.kind) {
    case MicroStep::Access:
    case MicroStep::Signal:
      node.signals = step.kind == MicroStep::Signal;
      node.pipe = step.pipe;
      for (uint8_t i : step.reads)
        for (sync::RegionId id : regions[i])
          node.reads.push_back(half(id, step.part));
      for (uint8_t i : step.writes)
        for (sync::RegionId id : regions[i])
          node.writes.push_back(half(id, step.part));
      node.label = info.name.str() + " on " + name(step.pipe).str();
      node.unitFlag = step.pipe == Pipe::FIX && pushesByUnitFlag;
      break;
    case MicroStep::Set:
    case MicroStep::Wait:
      node.kind = step.kind == MicroStep::Set ? NodeKind::Set : NodeKind::Wait;
      node.key.from = step.pipe;
      node.key.to = step.to;
      node.key.id.base = step.id;
      break;
    case MicroStep::Barrier:
      node.kind = NodeKind::Barrier;
      node.pipe = step.pipe;
      break;
    case MicroStep::LoopBegin:
      node.kind = NodeKind::Loop;
      node.minTrip = step.id;
      node.arms.push_back(steps(op, info, program, ++at, source, regions));
      break;
    case MicroStep::LoopEnd:
      break;
    }
    add(std::move(node), list);
  }
  return list;
}

void ModelBuilder::micro(Operation *op, const OpInfo &info, Frame &frame, List &list) {
  llvm::SmallVector<Regions> regions(info.operands.size());
  for (unsigned i = 0; i < info.operands.size(); ++i) {
    if (info.operands[i].role == Role::Value)
      continue;
    for (mlir::Value value : llvm::cast<RecordOp>(op).getRecordOperands(i))
      llvm::append_range(regions[i], llvm::isa<PipeHandleType>(value.getType())
                                         ? freedRegions(op, frame)
                                         : operandRegions(op, info, i, value, frame));
  }
  model.hasAccess = true;
  pushesByUnitFlag = usesUnitFlag(op);
  Node macro;
  macro.kind = NodeKind::Macro;
  macro.source = sourceOf(op);
  macro.label = info.name.str();
  std::vector<List> forms;
  for (llvm::StringRef wanted : possibleForms(op))
    for (const MicroForm &form : info.micro)
      if (form.name == wanted) {
        size_t at = 0;
        forms.push_back(steps(op, info, form.steps, at, macro.source, regions));
      }
  if (forms.size() == 1) {
    macro.arms = std::move(forms);
  } else {
    // Shapes do not tell which form runs: any of them may.
    Node any;
    any.kind = NodeKind::Branch;
    any.source = macro.source;
    any.label = macro.label;
    any.arms = std::move(forms);
    List inside;
    add(std::move(any), inside);
    macro.arms.push_back(std::move(inside));
  }
  add(std::move(macro), list);
}
