//===- CheckPipes.cpp - Pipes that hang or lose data -----------------------===//
//
// Counts are those of one life of a pipe, from its initialize op to the end of that block; what
// depends on parameters is run for many of them (PipeProof).
//
//===----------------------------------------------------------------------===//

#include "PipeEntries.h"
#include "PipeProof.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace pto {
#define GEN_PASS_DEF_CHECKPIPES
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Operation;

namespace {

//===----------------------------------------------------------------------===//
// Counting
//===----------------------------------------------------------------------===//

/// How often the chosen calls of a pipe run.
class Count {
public:
  Count(const PipeInit &init, llvm::function_ref<bool(const PipeCall &)> chosen) : init(init) {
    for (Operation *user : init.op->getResult(0).getUsers())
      if (auto call = PipeCall::of(user); call && chosen(*call)) {
        calls.insert(user);
        for (Operation *op = user; op && op != init.op->getParentOp(); op = op->getParentOp())
          holders.insert(op);
      }
  }
  bool any() const { return !calls.empty(); }
  /// None when it depends on what only run time knows.
  std::optional<int64_t> total() const { return of(*init.op->getBlock()); }

private:
  std::optional<int64_t> of(mlir::Block &block) const {
    int64_t sum = 0;
    for (Operation &op : block)
      if (holders.contains(&op)) {
        auto one = of(&op);
        if (!one)
          return std::nullopt;
        sum += *one;
      }
    return sum;
  }
  std::optional<int64_t> of(Operation *op) const {
    if (calls.contains(op))
      return 1;
    if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op)) {
      auto lower = constantOf(loop.getLowerBound()), upper = constantOf(loop.getUpperBound()),
           step = constantOf(loop.getStep());
      auto inside = of(*loop.getBody());
      if (!lower || !upper || !step || *step <= 0 || !inside)
        return std::nullopt;
      int64_t trip = *upper <= *lower ? 0 : (*upper - *lower - 1) / *step + 1, product;
      return llvm::MulOverflow(trip, *inside, product) ? std::nullopt : std::optional(product);
    }
    if (!llvm::isa<mlir::scf::IfOp, SectionCubeOp, SectionVectorOp>(op))
      return std::nullopt;
    std::optional<int64_t> all;
    for (mlir::Region &region : op->getRegions()) {
      auto arm = region.empty() ? std::optional<int64_t>(0) : of(region.front());
      if (!arm || (all && *all != *arm))
        return std::nullopt;
      all = arm;
    }
    return all;
  }

  const PipeInit &init;
  llvm::DenseSet<Operation *> calls, holders;
};

//===----------------------------------------------------------------------===//
// One side
//===----------------------------------------------------------------------===//

/// The consumer's calls of a pipe.
class Consumer {
public:
  Consumer(const PipeInit &init) : init(init) {
    for (Operation *user : init.op->getResult(0).getUsers())
      if (auto call = PipeCall::of(user); call && !call->isProducer())
        calls.push_back(*call);
    std::reverse(calls.begin(), calls.end()); // users stand last first
  }

  bool check() {
    if (calls.empty())
      return true;
    bool ok = balances();
    // What frees what is plain only where all of it stands in one block.
    inOneBlock = llvm::all_of(calls, [&](const PipeCall &call) {
      return call.op->getBlock() == calls.front().op->getBlock();
    });
    if (inOneBlock)
      llvm::sort(calls,
                 [](const PipeCall &a, const PipeCall &b) { return a.op->isBeforeInBlock(b.op); });
    ok = noUseAfterFree() && ok;
    ok = alternates() && ok;
    return slotsSuffice() && ok;
  }

private:
  /// A pop that nobody frees: the producer waits for its slot forever. Through global memory the
  /// load of a tile gives the slot back.
  bool balances() {
    Count pops(init, [](const PipeCall &c) { return c.kind == PipeCall::Pop; });
    Count frees(init, [](const PipeCall &c) { return c.kind == PipeCall::Free; });
    auto popped = pops.total(), freed = frees.total();
    bool never = pops.any() && !frees.any();
    if (!never && (!popped || !freed || *popped == *freed))
      return true;
    bool isHarmless = init.throughGm() && init.local;
    bool tooMany = !never && *freed > *popped;
    auto at = llvm::find_if(calls, [&](const PipeCall &c) {
      return c.kind == (never || *popped > *freed ? PipeCall::Pop : PipeCall::Free);
    });
    auto diagnostic = isHarmless ? mlir::emitWarning(at->op->getLoc())
                                       << "'" << at->op->getName() << "' op "
                                 : at->op->emitOpError();
    if (never)
      diagnostic << "pops what no pto.tfree gives back";
    else
      diagnostic << "belongs to a pipe that pops " << *popped << " and frees " << *freed
                 << (*popped + *freed == 1 ? " entry" : " entries");
    if (tooMany)
      diagnostic << "; "
                 << (isHarmless ? "on this pipe the pop itself gives the slot back, on others "
                                : "")
                 << "the producer may fill a slot that is still in use";
    else
      diagnostic << (isHarmless
                         ? "; on this pipe the pop itself gives the slot back, on others the "
                           "producer would wait forever"
                         : "; the producer waits forever for a slot that is not given back");
    diagnostic.attachNote(init.op->getLoc()) << "the pipe";
    return isHarmless;
  }

  /// The call that gives an entry back: by name, else in the order of the pops.
  Operation *freeOf(size_t pop) {
    mlir::Value entry = calls[pop].entry;
    Operation *named = nullptr;
    for (Operation *user : entry.getUsers()) // the last one first
      if (auto call = PipeCall::of(user); call && call->kind == PipeCall::Free)
        if (!inOneBlock || calls[pop].op->isBeforeInBlock(user))
          named = user;
    if (named || !inOneBlock)
      return named;
    size_t number = llvm::count_if(llvm::ArrayRef(calls).take_front(pop), isPop);
    for (const PipeCall &call : calls)
      if (call.kind == PipeCall::Free && number-- == 0)
        return call.op;
    return nullptr;
  }
  static bool isPop(const PipeCall &call) { return call.kind == PipeCall::Pop; }

  /// The last use of an entry, or of a part of it, in the block of `after` and behind it, but not
  /// behind the pop that gives the same name to the next one.
  static Operation *useBehind(mlir::Value entry, Operation *after) {
    mlir::Block *block = after->getBlock();
    Operation *again = nullptr;
    for (Operation *user : entry.getUsers())
      if (auto call = PipeCall::of(user); call && isPop(*call) && user->getBlock() == block)
        if (after->isBeforeInBlock(user) && (!again || user->isBeforeInBlock(again)))
          again = user;
    return useBetween(entry, after, again);
  }
  static Operation *useBetween(mlir::Value entry, Operation *after, Operation *before) {
    for (Operation *user : entry.getUsers()) {
      Operation *at = after->getBlock()->findAncestorOpInBlock(*user);
      if (at && after->isBeforeInBlock(at) && (!before || at->isBeforeInBlock(before)))
        return user;
      if (llvm::isa<PartitionViewOp>(user))
        if (Operation *use = useBetween(user->getResult(0), after, before))
          return use;
    }
    return nullptr;
  }

  bool noUseAfterFree() {
    bool ok = true;
    for (size_t i = 0; i < calls.size(); ++i) {
      Operation *free = isPop(calls[i]) ? freeOf(i) : nullptr;
      Operation *use = free ? useBehind(calls[i].entry, free) : nullptr;
      if (!use)
        continue;
      use->emitOpError()
              .append("uses an entry that was given back before; the producer may already fill it "
                      "again")
              .attachNote(free->getLoc())
          << "given back here";
      ok = false;
    }
    return ok;
  }

  /// library 9.3: an address is given back by the number of the last pop.
  bool alternates() {
    const PipeCall *held = nullptr;
    for (const PipeCall &call : calls) {
      if (!inOneBlock || call.tile() || !call.entry)
        continue;
      if (isPop(call) && held) {
        call.op->emitOpError()
                .append("pops a second address before the first is given back; the library gives "
                        "back by the number of the last pop, so pops and frees alternate")
                .attachNote(held->op->getLoc())
            << "the first";
        return false;
      }
      held = isPop(call) ? &call : nullptr;
    }
    return true;
  }

  /// Nobody protects a local slot: the pop that comes round to it overwrites a tile that is in use.
  bool slotsSuffice() {
    if (!inOneBlock || !init.throughGm() || !init.local || !init.localSlotNum)
      return true;
    llvm::SmallVector<const PipeCall *> pops;
    for (const PipeCall &call : calls)
      if (isPop(call))
        pops.push_back(&call);
    for (size_t i = 0; i + *init.localSlotNum < pops.size(); ++i) {
      const PipeCall *over = pops[i + *init.localSlotNum];
      Operation *use = useBehind(pops[i]->entry, over->op);
      if (!use)
        continue;
      auto error = use->emitOpError();
      error << "uses a tile that a later pop has overwritten: the pipe keeps " << *init.localSlotNum
            << (*init.localSlotNum == 1 ? " tile" : " tiles")
            << " (local_slot_num); use it before, or keep more";
      error.attachNote(pops[i]->op->getLoc()) << "popped here";
      error.attachNote(over->op->getLoc()) << "overwritten here";
      error.attachNote(init.op->getLoc()) << "the pipe";
      return false;
    }
    return true;
  }

  const PipeInit &init;
  llvm::SmallVector<PipeCall> calls;
  bool inOneBlock = false;
};

//===----------------------------------------------------------------------===//
// Both sides
//===----------------------------------------------------------------------===//

const PipeMember *sideOf(const PipeGroup &group, CoreKind core) {
  const PipeMember *found = nullptr;
  for (const PipeMember &member : group.members)
    if (member.core == core) {
      if (found)
        return nullptr; // kernels that share a number: each is right by itself
      found = &member;
    }
  return found;
}

bool conserves(const PipeGroup &group, PipeDirection direction) {
  bool down = direction == PipeDirection::C2V;
  const PipeMember *producer = sideOf(group, down ? CoreKind::Cube : CoreKind::Vector);
  const PipeMember *consumer = sideOf(group, down ? CoreKind::Vector : CoreKind::Cube);
  if (!producer || !consumer || !group.first().carries(direction))
    return true;
  auto pushed =
      Count(producer->init, [](const PipeCall &c) { return c.kind == PipeCall::Push; }).total();
  auto popped =
      Count(consumer->init, [](const PipeCall &c) { return c.kind == PipeCall::Pop; }).total();
  if (!pushed || !popped || *pushed == *popped)
    return true;
  consumer->init.op->emitOpError()
          .append("receives ", *popped, " entries ", name(direction), ", but the other core sends ",
                  *pushed,
                  *popped > *pushed ? "; the last pop waits forever"
                                    : "; what is left over keeps the flags from returning "
                                      "to 0")
          .attachNote(producer->init.op->getLoc())
      << "the sending side";
  return false;
}

/// Addresses begin at the first ring, whatever the direction.
bool addressesOneWay(const PipeGroup &group) {
  Operation *seen[2] = {nullptr, nullptr};
  for (const PipeMember &member : group.members)
    for (Operation *user : member.init.op->getResult(0).getUsers())
      if (auto call = PipeCall::of(user); call && call->entry && !call->tile())
        seen[*call->direction() == PipeDirection::V2C] = user;
  if (!seen[0] || !seen[1])
    return true;
  seen[1]->emitOpError()
          .append("names an address, as the other direction of the pipe does; in the library both "
                  "would begin at the first slot, so open two pipes")
          .attachNote(seen[0]->getLoc())
      << "the other direction";
  return false;
}

/// A producer that takes a slot says that it is full before it takes the next.
bool allocsArePushed(const PipeInit &init) {
  Count allocs(init, [](const PipeCall &c) { return c.kind == PipeCall::Alloc; });
  Count pushes(init, [](const PipeCall &c) { return c.kind == PipeCall::Push && !c.tile(); });
  auto taken = allocs.total(), sent = pushes.total();
  if (!taken || !sent || *taken == *sent)
    return true;
  init.op->emitOpError() << "takes " << *taken << " slots (pto.talloc), but sends " << *sent
                         << " (pto.tpush); each slot that is taken is sent once";
  return false;
}

struct CheckPipesPass : pto::impl::CheckPipesBase<CheckPipesPass> {
  using CheckPipesBase::CheckPipesBase;

  void runOnOperation() override {
    bool ok = true;
    auto groups = findPipeGroups(getOperation());
    if (inside) {
      if (archOf(getOperation()) == Arch::A5 && !proveInside(getOperation(), groups))
        signalPassFailure();
      return;
    }
    for (const PipeGroup &group : groups) {
      for (const PipeMember &member : group.members) {
        ok &= Consumer(member.init).check();
        ok &= allocsArePushed(member.init);
      }
      ok &= conserves(group, PipeDirection::C2V);
      ok &= conserves(group, PipeDirection::V2C);
      ok &= addressesOneWay(group);
      ok &= entriesAgree(group);
      ok &= formsExist(group);
    }
    ok &= unitFlagsMatch(getOperation());
    OwnFlags own = ownFlags == "off"     ? OwnFlags::Off
                   : ownFlags == "error" ? OwnFlags::Error
                                         : OwnFlags::Warn;
    ok = ok && provePipes(getOperation(), groups, own);
    if (!ok)
      signalPassFailure();
  }
};

} // namespace
