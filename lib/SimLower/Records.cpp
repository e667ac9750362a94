//===- Records.cpp - Operations by their records, and those of the engine --===//

#include "Lowering.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

static_assert(int(NotifyKind::AtomicAdd) == int(NotifyOp::AtomicAdd) &&
              int(NotifyKind::Set) == int(NotifyOp::Set));
static_assert(int(WaitCmpKind::EQ) == int(WaitCompare::EQ) &&
              int(WaitCmpKind::GE) == int(WaitCompare::GE) &&
              int(WaitCmpKind::LE) == int(WaitCompare::LE));

void Lowering::lowerRecord(Operation *op) {
  const OpInfo &info = *findOpInfo(op);
  if (info.engine.empty())
    return lowerKernel(op, info);
  if (!lowerSync(op) && !lowerFlag(op) && !lowerComm(op) && !lowerAsync(op) && !lowerCoreId(op) &&
      !lowerBuffer(op) && !lowerVariable(op) && !lowerPipe(op) && !lowerCrossCore(op))
    (void)error(op, "is not simulated");
}

bool Lowering::checkPipe(Operation *op, Pipe pipe) {
  if (pipe == Pipe::ALL || coreHasPipe(root.core, pipe, arch))
    return true;
  (void)error(op, "needs PIPE_" + name(pipe) + ", which a " + name(root.core) + " core on " +
                      name(arch) + " does not have; put it into a section of the other kind");
  return false;
}

//===----------------------------------------------------------------------===//
// Operations with a kernel
//===----------------------------------------------------------------------===//

/// Does the record say that the library call may use flags inside on `arch`?
static bool usesFlagsInside(const OpInfo &info, Arch arch) {
  return llvm::any_of(info.micro, [&](const MicroForm &form) {
    return form.name.starts_with(name(arch)) &&
           llvm::any_of(form.steps, [](auto &step) { return step.kind == MicroStep::Set; });
  });
}

void Lowering::lowerKernel(Operation *op, const OpInfo &info) {
  Call call;
  call.op = info.name.str();
  call.modelled = info.modelled.str();
  call.kernel = info.kernel.empty() ? findMapKernel(info.name) : findKernel(info.kernel);
  if (!call.kernel)
    return (void)error(op, "is not simulated: it has no kernel");
  for (const AttributeInfo &attribute : info.attributes)
    if (attribute.defaultValue >= 0 || op->hasAttr(attribute.name))
      call.attributes.push_back({attribute.name.str(), attributeValue(op, attribute.name)});

  llvm::SmallVector<uint32_t, 6> operands;
  for (unsigned i = 0; i < info.operands.size(); ++i) {
    auto range = llvm::cast<RecordOp>(op).getRecordOperands(i);
    if (info.operands[i].variadic)
      return (void)error(op, "is not simulated: its operand list '" + info.operands[i].name +
                                 "' has no fixed length");
    // Counts that a call leaves to S are no operand of its kernel.
    if (range.empty() || isExecutedCounts(range.front().getType())) {
      call.operands.push_back({});
      operands.push_back(none);
      continue;
    }
    Binding binding = get(range.front());
    operands.push_back(binding.id);
    if (binding.kind == Binding::Word)
      call.operands.push_back(
          {Operand::Scalar, element(op, range.front().getType()).value_or(Element::I64)});
    else
      call.operands.push_back(
          {binding.kind == Binding::Tile ? Operand::Tile : Operand::View, Element::I32});
  }
  // What the record says of the steps is for the checker; the simulator has its own knowledge.
  call.steps = findSteps(info.kernel);
  if (!call.steps && usesFlagsInside(info, arch))
    return (void)error(op, "is not simulated: the steps of its library call are not known");
  std::optional<Pipe> pipe = pipeOf(op);
  if (!pipe)
    return (void)error(op, "runs on no pipe of " + name(arch));
  if (!checkPipe(op, *pipe))
    return;
  call.pipe = *pipe;
  call.accumulates = *pipe == Pipe::M; // H7: all products on the cube unit
  builder.issue(program.addCall(std::move(call)), operands);
}

//===----------------------------------------------------------------------===//
// Operations of the engine
//===----------------------------------------------------------------------===//

bool Lowering::lowerFlag(Operation *op) {
  auto flag = [&](bool isSet, Pipe from, Pipe to, auto id) {
    if (!checkPipe(op, from) || !checkPipe(op, to))
      return true;
    if constexpr (std::is_same_v<decltype(id), Register>)
      isSet ? builder.setFlagDynamic(from, to, id) : builder.waitFlagDynamic(from, to, id);
    else
      isSet ? builder.setFlag(from, to, int64_t(id)) : builder.waitFlag(from, to, int64_t(id));
    return true;
  };
  // The verifier has made sure that the classes of record_event and wait_event have pipes.
  auto classPipe = [](mlir::Attribute attr) { return *pipeOfClass(attr); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<SetFlagOp, WaitFlagOp>([&](auto f) {
        return flag(llvm::isa<SetFlagOp>(op), toPipe(f.getSrcPipe()), toPipe(f.getDstPipe()),
                    f.getEventId());
      })
      .Case<SetFlagDynOp, WaitFlagDynOp>([&](auto f) {
        return flag(llvm::isa<SetFlagDynOp>(op), toPipe(f.getSrcPipe()), toPipe(f.getDstPipe()),
                    word(f.getEventId()));
      })
      .Case<RecordEventOp, WaitEventOp>([&](auto f) {
        return flag(llvm::isa<RecordEventOp>(op), classPipe(f.getSrcOp()), classPipe(f.getDstOp()),
                    f.getEventId());
      })
      .Default([](Operation *) { return false; });
}

bool Lowering::lowerSync(Operation *op) {
  auto barrier = [&](Pipe pipe) {
    if (checkPipe(op, pipe))
      builder.barrier(pipe);
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](BarrierOp b) { return barrier(toPipe(b.getPipeKind())); })
      .Case([&](BarrierSyncOp b) {
        // By class of operations, a barrier that the arch has no use for is no error (sync 3).
        Pipe pipe = *pipeOfClass(b.getOpClass());
        return barrierIsLegal(pipe, arch) ? barrier(pipe) : true;
      })
      .Case([&](FenceBarrierAllOp fence) {
        builder.barrier(Pipe::ALL);
        if (fence.getScope() != FenceScopeKind::LocalMemory)
          builder.fence();
        return true;
      })
      .Case([&](DsbOp) { return builder.fence(), true; })
      .Case([&](CacheInvalidOp invalid) {
        builder.cacheLine(invalid.getPtr() ? word(invalid.getPtr()) : none);
        return true;
      })
      .Default([](Operation *) { return false; });
}

bool Lowering::lowerComm(Operation *op) {
  auto transfer = [&](TransferOp kind, auto call) {
    if (checkPipe(op, Pipe::MTE2) && checkPipe(op, Pipe::MTE3))
      builder.transfer(kind, handle(call.getDst()), handle(call.getSrc()), handle(call.getPing()),
                       call.getPong() ? handle(call.getPong()) : none);
    return true;
  };
  auto collective = [&](CollectiveOp kind, auto call, mlir::Value local, mlir::Value acc) {
    for (Pipe pipe : {Pipe::MTE2, Pipe::MTE3, Pipe::V})
      if (!checkPipe(op, pipe))
        return true;
    llvm::SmallVector<Handle, 4> group;
    for (mlir::Value tensor : call.getGroup())
      group.push_back(handle(tensor));
    builder.collective(kind, int32_t(call.getRoot()), handle(local), acc ? handle(acc) : none,
                       handle(call.getPing()), call.getPong() ? handle(call.getPong()) : none,
                       group);
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](CommTBroadcastOp c) {
        return collective(CollectiveOp::Broadcast, c, c.getSrc(), {});
      })
      .Case([&](CommTGatherOp c) { return collective(CollectiveOp::Gather, c, c.getDst(), {}); })
      .Case([&](CommTScatterOp c) { return collective(CollectiveOp::Scatter, c, c.getSrc(), {}); })
      .Case([&](CommTReduceOp c) {
        auto kind = CollectiveOp(unsigned(CollectiveOp::ReduceSum) + unsigned(c.getReduceOp()));
        return collective(kind, c, c.getDst(), c.getAcc());
      })
      .Case([&](CommTTestOp t) {
        define(t.getResult(),
               builder.test(WaitCompare(t.getCmp()), handle(t.getSignal()), word(t.getValue())));
        return true;
      })
      .Case([&](CommTPutOp put) {
        bool adds = put.getAtomicType() == AtomicKind::AtomicAdd;
        return transfer(adds ? TransferOp::PutAtomicAdd : TransferOp::Put, put);
      })
      .Case([&](CommTGetOp get) { return transfer(TransferOp::Get, get); })
      .Case([&](CommTNotifyOp n) {
        builder.notify(NotifyOp(n.getNotifyOp()), handle(n.getSignal()), word(n.getValue()));
        return true;
      })
      .Case([&](CommTWaitOp w) {
        builder.await(WaitCompare(w.getCmp()), handle(w.getSignal()), word(w.getValue()));
        return true;
      })
      .Default([](Operation *) { return false; });
}

/// A session is the id of the flags that its transfers use; an event is a place in the queue of the
/// DMA engine.
bool Lowering::lowerAsync(Operation *op) {
  auto copy = [&](mlir::Value session, Handle dst, Handle src) {
    define(op->getResult(0), builder.asyncCopy(session ? word(session) : none, dst, src));
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](BuildAsyncSessionOp build) {
        define(build.getSession(), builder.constant(int32_t(build.getSyncId())));
        return true;
      })
      .Case<MakePrefetchAsyncContextOp, GetPrefetchAsyncSessionOp>([&](auto) {
        define(op->getResult(0), builder.constant(0));
        return true;
      })
      .Case<TPutAsyncOp, TGetAsyncOp>([&](auto move) {
        return copy(move.getSession(), handle(move.getDst()), handle(move.getSrc()));
      })
      // A warm cache is nothing that a program can see.
      .Case([&](TPrefetchAsyncOp) { return copy({}, none, none); })
      .Case([&](WaitAsyncEventOp wait) {
        define(wait.getDone(), builder.asyncWait(word(wait.getEvent())));
        return true;
      })
      .Case([&](TestAsyncEventOp test) {
        define(test.getDone(), builder.asyncTest(word(test.getEvent())));
        return true;
      })
      .Default([](Operation *) { return false; });
}

bool Lowering::lowerCoreId(Operation *op) {
  auto special = [&](SpecialValue value) {
    define(op->getResult(0), builder.special(value));
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](GetBlockIdxOp) { return special(SpecialValue::BlockIndex); })
      .Case([&](GetBlockNumOp) { return special(SpecialValue::BlockCount); })
      .Case([&](GetSubblockIdxOp) { return special(SpecialValue::SubblockIndex); })
      .Case([&](GetSubblockNumOp) { return special(SpecialValue::SubblockCount); })
      .Default([](Operation *) { return false; });
}
