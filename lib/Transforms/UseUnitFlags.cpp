//===- UseUnitFlags.cpp - Accumulators that go to FIX by unit flag ---------===//
//
// A product with phase final gives its accumulator to FIX, a store with phase final waits for that
// and gives it back, and the next product waits for the store (library 9). It works only if
// both sides do so at every hand-over: with one side alone the core hangs. So an accumulator gets
// phases when each of its blocks hands it over completely, and none at all otherwise.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "ptoas/IR/OpInfo.h"
#include "ptoas/IR/TileHandle.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace pto {
#define GEN_PASS_DEF_USEUNITFLAGS
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Operation;
using mlir::Value;

namespace {

/// What an operation does with an accumulator.
enum class Use { Starts, AddsTo, Drains, Other };

bool hasAttribute(const OpInfo &info, llvm::StringRef name) {
  return llvm::any_of(info.attributes, [&](auto &attribute) { return attribute.name == name; });
}

Use useOf(Operation *op, Value accumulator) {
  const OpInfo *info = findOpInfo(op);
  auto pipe = info ? pipeOf(op) : std::nullopt;
  if (!pipe)
    return Use::Other;
  bool isRead = false, isWritten = false;
  for (auto [i, operand] : llvm::enumerate(info->operands))
    for (Value value : llvm::cast<RecordOp>(op).getRecordOperands(i)) {
      isRead |= value == accumulator && reads(operand.role);
      isWritten |= value == accumulator && writes(operand.role);
    }
  if (*pipe == Pipe::M && isWritten && hasAttribute(*info, "accPhase"))
    return isRead ? Use::AddsTo : Use::Starts;
  // A store with a vector of parameters takes no phase.
  bool hasVector = llvm::any_of(llvm::enumerate(info->operands), [&](auto indexed) {
    return indexed.value().name == "fp" &&
           !llvm::cast<RecordOp>(op).getRecordOperands(indexed.index()).empty();
  });
  bool takesPhase = hasAttribute(*info, "stPhase") && !hasVector;
  return *pipe == Pipe::FIX && isRead && !isWritten && takesPhase ? Use::Drains : Use::Other;
}

/// The accumulator as its operations name it: the tile, or a slot of a ring that is named once.
Value handleOf(AllocTileOp tile) { return tile.getResult(); }
Value handleOf(AllocMultiTileOp ring) {
  Value whole = ring.getResult();
  auto get = whole.hasOneUse() ? llvm::dyn_cast<MultiTileGetOp>(*whole.user_begin()) : nullptr;
  return get ? get.getResult() : Value();
}

/// The operations that use it, by block in the order of the text; none unless every block starts
/// with sums of its own and drains each of its results once.
std::optional<llvm::SmallVector<std::pair<Operation *, Use>>> handOvers(Value accumulator) {
  llvm::MapVector<mlir::Block *, llvm::SmallVector<Operation *>> blocks;
  for (Operation *user : accumulator.getUsers())
    if (!llvm::is_contained(blocks[user->getBlock()], user))
      blocks[user->getBlock()].push_back(user);
  llvm::SmallVector<std::pair<Operation *, Use>> all;
  for (auto &[block, users] : blocks) {
    llvm::sort(users, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    bool holdsSums = false;
    for (Operation *user : users) {
      Use use = useOf(user, accumulator);
      if (use == Use::Other || (use != Use::Starts && !holdsSums) ||
          attributeValue(user, "accPhase") || attributeValue(user, "stPhase"))
        return std::nullopt;
      // Sums that nobody drains would be given back by nobody.
      if (use == Use::Starts && holdsSums)
        return std::nullopt;
      holdsSums = use != Use::Drains;
      all.push_back({user, use});
    }
    if (holdsSums)
      return std::nullopt;
  }
  return all;
}

struct UseUnitFlagsPass : pto::impl::UseUnitFlagsBase<UseUnitFlagsPass> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      Value accumulator;
      if (auto tile = llvm::dyn_cast<AllocTileOp>(op))
        accumulator = handleOf(tile);
      else if (auto ring = llvm::dyn_cast<AllocMultiTileOp>(op))
        accumulator = handleOf(ring);
      auto type = accumulator ? llvm::dyn_cast<TileBufType>(accumulator.getType()) : TileBufType();
      if (!type || type.getSpace() != Space::Acc)
        return;
      auto uses = handOvers(accumulator);
      if (!uses)
        return;
      for (size_t i = 0; i < uses->size(); ++i) {
        auto [user, use] = (*uses)[i];
        bool isLast = i + 1 < uses->size() && (*uses)[i + 1].second == Use::Drains;
        if (use == Use::Drains)
          user->setAttr("stPhase", StPhaseAttr::get(&getContext(), StPhaseKind::Final));
        else
          user->setAttr("accPhase",
                        AccPhaseAttr::get(&getContext(),
                                          isLast ? AccPhaseKind::Final : AccPhaseKind::Partial));
      }
    });
  }
};

} // namespace
