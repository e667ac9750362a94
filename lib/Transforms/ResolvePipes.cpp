//===- ResolvePipes.cpp - What the two sides of a pipe left open -----------===//
//
// Peers, local slots, flags and addresses, in this order. All errors of a step are told before the
// next one starts.
//
//===----------------------------------------------------------------------===//

#include "PipeFlags.h"
#include "PipeGroups.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_RESOLVEPIPES
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Operation;

//===----------------------------------------------------------------------===//
// Peers
//===----------------------------------------------------------------------===//

namespace {
llvm::StringRef coreName(std::optional<CoreKind> core) { return core ? name(*core) : "unknown"; }

bool sidesAgree(const PipeGroup &group) {
  const PipeInit &first = group.first();
  for (const PipeMember &member : llvm::drop_begin(group.members)) {
    std::string what = disagreement(member.init, first);
    if (what.empty())
      continue;
    member.init.op->emitOpError()
            .append("and its peer disagree: ", what)
            .attachNote(first.op->getLoc())
        << "the peer";
    return false;
  }
  return true;
}

/// A reservation joins exactly one producer and one consumer; a pipe of addresses may have its
/// other side in another module.
bool sidesComplete(const PipeGroup &group) {
  for (const PipeMember &member : group.members)
    if (!member.core) {
      member.init.op->emitOpError()
          << "does not say which core opens it; put it into pto.section.cube or "
             "pto.section.vector, or give the function a kernel_kind";
      return false;
    }
  // Whoever cannot be recognised would be given flags of his own.
  const PipeInit &first = group.first();
  if (!first.id && !first.flagBase && !group.reservation(PipeDirection::C2V) &&
      !group.reservation(PipeDirection::V2C)) {
    first.op->emitOpError() << "does not say which pipe of the other core it is; give both sides "
                               "the same id or flag_base, or take the local address from a "
                               "reservation (pto.reserve_buffer, pto.import_reserved_buffer)";
    return false;
  }
  if (!first.local)
    return true;
  for (auto [i, member] : llvm::enumerate(group.members))
    for (const PipeMember &other : llvm::ArrayRef(group.members).take_front(i))
      if (other.core == member.core &&
          (other.function == member.function || group.reservation(PipeDirection::C2V) ||
           group.reservation(PipeDirection::V2C))) {
        member.init.op->emitOpError()
                .append("is the second pipe that a ", name(*member.core),
                        " core opens over the same reservation; each pipe needs its own")
                .attachNote(other.init.op->getLoc())
            << "the first";
        return false;
      }
  for (PipeDirection one : {PipeDirection::C2V, PipeDirection::V2C})
    if (group.first().carries(one) && group.members.size() < 2)
      if (ReserveBufferOp reserve = group.reservation(one)) {
        CoreKind present = *group.members.front().core;
        group.first()
                .op->emitOpError()
                .append("has no peer: no ", present == CoreKind::Cube ? "vector" : "cube",
                        " core opens a pipe over the reservation '", reserve.getName(),
                        "', so that this side waits forever")
                .attachNote(reserve.getLoc())
            << "the reservation; the other function gets its address by "
               "pto.import_reserved_buffer";
        return false;
      }
  return true;
}
} // namespace

//===----------------------------------------------------------------------===//
// Local slots
//===----------------------------------------------------------------------===//

namespace {
/// The largest tile that the consumer pops in one direction; 0 when none is known.
int64_t largestPop(const PipeGroup &group, PipeDirection direction, Operation *&where) {
  int64_t bytes = 0;
  for (const PipeMember &member : group.members)
    for (Operation *user : member.init.op->getResult(0).getUsers())
      if (auto call = PipeCall::of(user);
          call && call->kind == PipeCall::Pop && call->tile() && call->direction() == direction)
        if (auto tileBytes = int64_t(call->tile().getTileShape().bytes()); tileBytes > bytes) {
          bytes = tileBytes;
          where = user;
        }
  return bytes;
}

/// LocalSlotNum: what a side says, else what fits into the reservation, else the library's default.
int64_t localSlotsOf(const PipeGroup &group, llvm::StringRef &origin) {
  const PipeInit &first = group.first();
  origin = "given";
  for (const PipeMember &member : group.members)
    if (member.init.localSlotNum)
      return *member.init.localSlotNum;
  int64_t slots = first.slotNum;
  bool isReserved = false;
  for (PipeDirection one : {PipeDirection::C2V, PipeDirection::V2C})
    if (first.throughGm() && first.carries(one))
      if (ReserveBufferOp reserve = group.reservation(one)) {
        isReserved = true;
        slots = std::min(slots, int64_t(reserve.getSize()) / first.slotSize);
      }
  origin = isReserved ? "derived" : "default";
  return isReserved ? std::max<int64_t>(slots, 1) : std::min(libraryLocalSlots, first.slotNum);
}

/// The slots that the consumer rotates through lie in the reservation, and none in another.
bool reservationHolds(const PipeGroup &group, PipeDirection direction, int64_t localSlots) {
  const PipeInit &first = group.first();
  if (!first.carries(direction) || !first.consumerBuffer(direction))
    return true;
  Operation *where = nullptr;
  int64_t slots = first.throughGm() ? localSlots : first.slotNum;
  int64_t tile = largestPop(group, direction, where);
  // Through global memory the library of a5 sets tiles side by side (library 9.4).
  bool isDense = first.throughGm() && archOf(first.op) == Arch::A5;
  int64_t stride = isDense && tile ? tile : first.slotSize;
  if (tile > stride && slots > 1) {
    where->emitOpError()
            .append("pops a tile of ", tile, " bytes, but the ", slots,
                    " slots that it rotates through are slot_size = ", stride,
                    " bytes apart, so that it would overwrite the next one")
            .attachNote(first.op->getLoc())
        << "the pipe";
    return false;
  }
  ReserveBufferOp reserve = group.reservation(direction);
  int64_t needed = (slots - 1) * stride + (tile ? tile : stride);
  if (!reserve || needed <= reserve.getSize())
    return true;
  auto error = reserve.emitOpError();
  error << "reserves " << reserve.getSize() << " bytes, but the pipe keeps " << slots
        << (slots == 1 ? " slot of " : " slots of ") << stride << " bytes there, " << needed
        << " in all; reserve " << needed << " or lower "
        << (first.throughGm() ? "local_slot_num" : "slot_num");
  error.attachNote(first.op->getLoc()) << "the pipe";
  return false;
}
} // namespace

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ResolvePipesPass : pto::impl::ResolvePipesBase<ResolvePipesPass> {
  ResolvePipesPass() = default;
  explicit ResolvePipesPass(SyncReport *report) : report(report) {}

  void runOnOperation() override {
    auto groups = findPipeGroups(getOperation());
    bool ok = true;
    for (const PipeGroup &group : groups)
      ok &= sidesComplete(group) && sidesAgree(group);
    if (!ok)
      return signalPassFailure();
    std::vector<PipeSummary> summaries;
    for (const PipeGroup &group : groups)
      ok &= decideSlots(group, summaries.emplace_back());
    ok = ok && assignPipeFlags(getOperation(), groups);
    if (!ok || !placeReservations())
      return signalPassFailure();
    for (auto [group, summary] : llvm::zip(groups, summaries)) {
      summarise(group, summary);
      if (report)
        report->pipes.push_back(std::move(summary));
    }
  }

  /// What is still open, and in `summary` where everything comes from.
  bool decideSlots(const PipeGroup &group, PipeSummary &summary) {
    mlir::Builder b(&getContext());
    llvm::StringRef origin;
    int64_t localSlots = localSlotsOf(group, origin);
    auto isGiven = [&](auto says) { return llvm::any_of(group.members, says); };
    auto note = [&](llvm::StringRef what, llvm::StringRef from) {
      summary.origins.push_back({what.str(), from.str()});
    };
    note("direction", "given");
    note("slot_size", "given");
    note("slot_num", originOf(group, "slot_num"));
    note("local_slot_num", origin);
    note("flags", isGiven([](const PipeMember &m) { return m.init.flagBase.has_value(); })
                      ? "given"
                      : "derived");
    note("nosplit", originOf(group, "nosplit"));
    note("unit_flag", isGiven([](const PipeMember &m) { return m.init.unitFlag.has_value(); })
                          ? "given"
                          : "default");
    bool unitFlag = llvm::any_of(
        group.members, [](const PipeMember &m) { return m.init.unitFlag.value_or(false); });
    note("cons_sync_period",
         isGiven([](const PipeMember &m) { return m.init.consSyncPeriod.has_value(); })
             ? "given"
             : "derived");
    AccPushEpilogueAttr epilogue;
    for (const PipeMember &member : group.members)
      epilogue = member.init.epilogue ? member.init.epilogue : epilogue;
    if (epilogue)
      note("acc_push_epilogue", "given");
    // Each side counts its pipes for itself; from here on the pipe has one number.
    std::optional<int64_t> id;
    for (const PipeMember &member : group.members)
      if (member.init.id)
        id = std::min(id.value_or(*member.init.id), *member.init.id);
    for (const PipeMember &member : group.members) {
      if (id)
        member.init.op->setAttr("id", b.getI32IntegerAttr(int32_t(*id)));
      member.init.op->setAttr("local_slot_num", b.getI32IntegerAttr(localSlots));
      member.init.op->setAttr("unit_flag", b.getBoolAttr(unitFlag));
      if (epilogue)
        member.init.op->setAttr("acc_push_epilogue", epilogue);
    }
    // Both are told.
    bool down = reservationHolds(group, PipeDirection::C2V, localSlots);
    bool up = reservationHolds(group, PipeDirection::V2C, localSlots);
    return down && up;
  }

  /// Reservations and imports become the constants that the planner or the program chose.
  bool placeReservations() {
    bool ok = true;
    llvm::SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      if (llvm::isa<ReserveBufferOp, ImportReservedBufferOp>(op))
        work.push_back(op);
    });
    llvm::SmallVector<std::pair<Operation *, int64_t>> bases;
    for (Operation *op : work) {
      ReserveBufferOp reserve = reservationOf(op->getResult(0));
      if (reserve && reserve.getBase()) {
        bases.push_back({op, *reserve.getBase()});
        continue;
      }
      ok = false;
      auto import = llvm::dyn_cast<ImportReservedBufferOp>(op);
      if (import && !reserve)
        op->emitOpError() << "names the reservation '" << import.getName() << "', which @"
                          << import.getPeerFunc() << " does not make";
      else if (!import)
        op->emitOpError() << "has no base; plan memory first (pto-plan-memory)";
    }
    if (!ok)
      return false;
    for (auto [op, base] : bases) {
      mlir::OpBuilder b(op);
      auto constant =
          mlir::arith::ConstantOp::create(b, op->getLoc(), b.getI32IntegerAttr(int32_t(base)));
      op->getResult(0).replaceAllUsesWith(constant);
      op->erase();
    }
    return true;
  }

  static void summarise(const PipeGroup &group, PipeSummary &s) {
    PipeInit init = *PipeInit::of(group.first().op);
    s.id = init.id;
    s.direction = name(init.direction).str();
    s.memory = !init.throughGm() ? "local" : "global";
    s.slotSize = init.slotSize;
    s.slotNum = init.slotNum;
    s.syncPeriod = init.syncPeriod();
    s.localSlotNum = *init.localSlotNum;
    s.flagBase = *init.flagBase;
    s.flags = init.flagCount();
    s.noSplit = init.noSplit.value_or(false);
    s.unitFlag = init.unitFlag.value_or(false);
    if (init.epilogue)
      llvm::raw_string_ostream(s.epilogue) << init.epilogue;
    for (const PipeMember &member : group.members) {
      PipeInit own = *PipeInit::of(member.init.op);
      PipeSide side{coreName(member.core).str(),
                    mlir::func::FuncOp(member.function).getName().str(),
                    locationText(member.init.op->getLoc()),
                    {}};
      for (mlir::Value address : {own.local, own.peerLocal})
        if (auto constant = address ? constantOf(address) : std::nullopt)
          side.addresses.push_back(*constant);
      s.sides.push_back(std::move(side));
      forgetOrigins(member.init.op);
    }
  }

  SyncReport *report = nullptr;
};
} // namespace

std::unique_ptr<mlir::Pass> pto::createResolvePipesPass(SyncReport *report) {
  return std::make_unique<ResolvePipesPass>(report);
}
