//===- Pipes.cpp - Where the entries of a pipe lie -------------------------===//
//
// A call does not say which slot it means: its number is how many calls ran before it. Where that
// number is an affine function of loop counters, the slot is known.
//
//===----------------------------------------------------------------------===//

#include "Pipes.h"
#include "ModelBuilder.h"
#include "ptoas/IR/CustomSyntax.h"
#include <deque>

using namespace pto;
using namespace pto::analysis;
using mlir::Operation;

//===----------------------------------------------------------------------===//
// Numbers of calls
//===----------------------------------------------------------------------===//

namespace {
/// An address push only says that the slot is full: its talloc was the one that advanced.
bool advances(const PipeCall &call, bool producer) {
  if (producer)
    return call.kind == PipeCall::Alloc || (call.kind == PipeCall::Push && call.tile());
  return call.kind == PipeCall::Pop;
}
} // namespace

CallNumbers::CallNumbers(const PipeInit &init, bool producer) {
  mlir::Value handle = init.op->getResult(0);
  for (Operation *user : handle.getUsers())
    if (auto call = PipeCall::of(user); call && advances(*call, producer)) {
      calls.insert(user);
      for (Operation *op = user; op && op != init.op->getParentOp(); op = op->getParentOp())
        holders.insert(op);
    }
  place(*init.op->getBlock(), Number{});
}

std::optional<int64_t> CallNumbers::count(Operation *op) {
  if (calls.contains(op))
    return 1;
  if (!holders.contains(op))
    return 0;
  if (auto known = counts.find(op); known != counts.end())
    return known->second;
  std::optional<int64_t> total;
  if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op)) {
    auto inside = count(*loop.getBody());
    auto trip = tripCount(loop);
    if (inside && trip)
      total = product(*inside, *trip);
  } else if (auto branch = llvm::dyn_cast<mlir::scf::IfOp>(op)) {
    auto first = count(branch.getThenRegion().front());
    auto second = branch.getElseRegion().empty() ? std::optional<int64_t>(0)
                                                 : count(branch.getElseRegion().front());
    if (first == second)
      total = first;
  } else if (llvm::isa<SectionCubeOp, SectionVectorOp>(op)) {
    total = count(op->getRegion(0).front());
  }
  return counts[op] = total;
}

std::optional<int64_t> CallNumbers::count(mlir::Block &block) {
  int64_t sum = 0;
  for (Operation &op : block)
    if (holders.contains(&op)) {
      auto one = count(&op);
      if (!one)
        return std::nullopt;
      sum += *one;
    }
  return sum;
}

void CallNumbers::place(mlir::Block &block, std::optional<Number> at) {
  for (Operation &op : block) {
    if (!holders.contains(&op))
      continue;
    if (calls.contains(&op)) {
      numbers[&op] = at;
    } else if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op)) {
      std::optional<Number> inside;
      if (auto each = count(*loop.getBody()); each && at) {
        inside = at;
        inside->terms.push_back({loop, *each});
      }
      place(*loop.getBody(), inside);
    } else {
      bool known = llvm::isa<mlir::scf::IfOp, SectionCubeOp, SectionVectorOp>(op);
      for (mlir::Region &region : op.getRegions())
        for (mlir::Block &inner : region)
          place(inner, known ? at : std::nullopt);
    }
    auto ran = count(&op);
    if (at && ran)
      at->start += *ran;
    else
      at.reset();
  }
}

std::optional<CallNumbers::Number> CallNumbers::of(Operation *call) const {
  return numbers.lookup(call);
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

std::optional<CallNumbers::Number> ModelBuilder::numberOf(const PipeCall &call, Frame &frame) {
  auto init = PipeInit::behind(call.handle);
  auto &numbers = callNumbers[{init->op, call.isProducer()}];
  if (!numbers)
    numbers = std::make_unique<CallNumbers>(*init, call.isProducer());
  auto number = numbers->of(call.op);
  // The entry may be used behind the loop that counts it.
  bool isOpen = number && llvm::all_of(number->terms, [&](const CallNumbers::Term &term) {
                  return llvm::any_of(open, [&](const OpenLoop &loop) {
                    return loop.op == term.loop && loop.frame == &frame;
                  });
                });
  return isOpen ? number : std::nullopt;
}

sync::NodeId ModelBuilder::nodeOf(mlir::scf::ForOp loop, Frame &frame) const {
  return llvm::find_if(open, [&](const OpenLoop &l) { return l.op == loop && l.frame == &frame; })
      ->node;
}

namespace {
/// slot = number mod count, as a rotation by one loop; none when no rotation says it.
struct Slot {
  sync::Rotation rotation;
  int64_t first = 0; ///< slots in front of it
};
std::optional<Slot> slotOf(const CallNumbers::Number &number, int64_t count, int64_t stride) {
  Slot slot;
  mlir::scf::ForOp turning;
  int64_t step = 0;
  for (const CallNumbers::Term &term : number.terms)
    if (term.calls % count) {
      if (turning)
        return std::nullopt;
      turning = term.loop;
      step = term.calls % count;
    }
  slot.first = number.start % count;
  if (!turning)
    return slot;
  if (count % step)
    return std::nullopt;
  // (start + step * i) mod count = start mod step + step * ((i + start / step) mod (count / step))
  slot.first = number.start % step;
  slot.rotation.count = uint32_t(count / step);
  slot.rotation.stride = stride * step;
  slot.rotation.add = number.start / step;
  return slot;
}
} // namespace

sync::Region ModelBuilder::poppedRegion(Bound tile, TileBufType type) {
  sync::Region region;
  region.space = type.getSpace();
  region.run = type.getTileShape().bytes();
  std::optional<PipeCall> pop;
  bool isOne = true;
  for (Operation *user : tile.value.getUsers())
    if (auto call = PipeCall::of(user); call && call->kind == PipeCall::Pop) {
      isOne &= !pop;
      pop = call;
    }
  auto init = pop ? PipeInit::behind(pop->handle) : std::nullopt;
  mlir::Value buffer = init && pop->direction() ? init->consumerBuffer(*pop->direction()) : nullptr;
  region.offset.known = false;
  if (isOne && buffer && init->localSlotNum) {
    region.offset = offsets.read(buffer, tile.frame, 1);
    offsets.close(region.offset);
  }
  if (!region.offset.known)
    return region;
  int64_t count = init->throughGm() ? *init->localSlotNum : init->slotNum;
  bool isDense = init->throughGm() && model.program.arch == Arch::A5; // library 9.4
  int64_t stride = isDense ? int64_t(region.run) : init->slotSize;
  auto number = numberOf(*pop, *tile.frame);
  auto slot = number ? slotOf(*number, count, stride) : std::nullopt;
  if (slot) {
    region.rotation = slot->rotation;
    region.offset.constant += slot->first * stride;
    if (region.rotation.count > 1)
      for (const CallNumbers::Term &term : number->terms)
        if (term.calls % count)
          region.rotation.loop = nodeOf(term.loop, *tile.frame);
  } else if (count > 1) {
    region.rotation = {uint32_t(count), stride, sync::none, 0};
  }
  if (region.rotation.count == 1)
    region.rotation = {};
  return region;
}

/// Frees give back in the order of the pops. Which is which is only known where all of them stand
/// in one block.
void ModelBuilder::pairFrees(mlir::Value handle) {
  llvm::SmallVector<PipeCall> calls;
  for (Operation *user : handle.getUsers())
    if (auto call = PipeCall::of(user); call && !call->isProducer())
      calls.push_back(*call);
  if (llvm::any_of(calls, [&](const PipeCall &call) {
        return call.op->getBlock() != calls.front().op->getBlock();
      }))
    return;
  llvm::sort(calls,
             [](const PipeCall &a, const PipeCall &b) { return a.op->isBeforeInBlock(b.op); });
  std::deque<mlir::Value> held;
  for (const PipeCall &call : calls) {
    if (call.kind == PipeCall::Pop) {
      held.push_back(call.entry);
    } else if (!held.empty()) {
      freed[call.op] = held.front();
      held.pop_front();
    }
  }
}

/// What a tfree without an entry gives back: the oldest tile that was not given back yet, or any
/// slot where that is not known.
ModelBuilder::Regions ModelBuilder::freedRegions(Operation *free, Frame &frame) {
  auto call = PipeCall::of(free);
  auto init = call ? PipeInit::behind(call->handle) : std::nullopt;
  if (!init || call->kind != PipeCall::Free || call->entry)
    return {};
  if (freedOf.insert(init->op).second)
    pairFrees(call->handle);
  if (mlir::Value tile = freed.lookup(free))
    return regionsOf(tile, frame);
  mlir::Value buffer = init->consumerBuffer(*call->direction());
  if (!buffer)
    return {};
  sync::Region region;
  region.space = *call->direction() == PipeDirection::C2V ? Space::Vec : Space::Mat;
  region.name = "the slots of " + nameOf(call->handle);
  region.offset = offsets.read(buffer, &frame, 1);
  offsets.close(region.offset);
  region.run = region.offset.known ? uint64_t(init->slotNum * init->slotSize)
                                   : capacity(region.space, model.program.arch);
  return {model.program.intern(std::move(region))};
}

/// Each talloc and tpop gives a slot that nobody else holds until it is handed back, so that slots
/// of different numbers are different memory, also when the ring comes round.
mlir::Value ModelBuilder::entryOrigin(Bound entry, uint32_t &root, sync::Offset &offset) {
  for (Operation *user : entry.value.getUsers()) {
    auto call = PipeCall::of(user);
    auto init = call ? PipeInit::behind(call->handle) : std::nullopt;
    if (!init || !init->gm || (call->kind != PipeCall::Alloc && call->kind != PipeCall::Pop))
      continue;
    root = ringRoot({call->handle, entry.frame});
    auto number = numberOf(*call, *entry.frame);
    offset.known = number.has_value();
    if (number) {
      offset.constant += number->start * init->slotSize;
      for (const CallNumbers::Term &term : number->terms) {
        sync::Offset one;
        one.terms.push_back({nodeOf(term.loop, *entry.frame), term.calls * init->slotSize});
        OffsetReader::add(offset, one);
      }
    }
    return init->gm;
  }
  return {};
}

uint32_t ModelBuilder::ringRoot(Bound handle) {
  for (auto &[known, number] : roots)
    if (known.value == handle.value && known.frame == handle.frame)
      return number;
  sync::Root root;
  root.name = "the slots of " + nameOf(handle.value);
  model.program.roots.push_back(std::move(root));
  roots.push_back({handle, uint32_t(model.program.roots.size() - 1)});
  return roots.back().second;
}
