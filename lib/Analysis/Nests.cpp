//===- Nests.cpp - Numbers that run on over a nest of loops ----------------===//
//
// `pingpong ^= 1`, carried by an inner loop and by the loops around it, does not begin anew with
// the inner loop; nor does i * n + j. Such a number is counted by the nest (sync::Counter).
//
//===----------------------------------------------------------------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Operation;
using mlir::Value;
using mlir::scf::ForOp;
namespace arith = mlir::arith;
using arith::CmpIPredicate;

/// Without changes of type, which small numbers do not notice.
static Value bare(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    bool isCast = llvm::isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp>(op) ||
                  (llvm::isa<arith::ExtSIOp>(op) && !op->getOperand(0).getType().isInteger(1));
    if (!isCast)
      break;
    value = op->getOperand(0);
  }
  return value;
}

static std::optional<int64_t> numberOf(Value value) {
  auto number = constantOf(bare(value));
  return number && value.getType().isInteger(1) ? *number & 1 : number;
}

/// x + c, with the constant on either side.
static std::optional<NumberStep> sum(Value value) {
  auto add = bare(value).getDefiningOp<arith::AddIOp>();
  if (!add)
    return std::nullopt;
  for (unsigned i : {0u, 1u})
    if (auto by = numberOf(add->getOperand(1 - i)); by && *by < INT32_MAX && *by > INT32_MIN)
      return NumberStep{bare(add->getOperand(i)), *by, 0};
  return std::nullopt;
}

/// next if it is less than n, else 0; by a comparison of x or of next = x + 1, with constants.
static std::optional<NumberStep> wrapped(arith::SelectOp select) {
  auto compare = bare(select.getCondition()).getDefiningOp<arith::CmpIOp>();
  auto limit = compare ? numberOf(compare.getRhs()) : std::nullopt;
  if (!limit)
    return std::nullopt;
  bool wrapsIfTrue;
  switch (compare.getPredicate()) {
  case CmpIPredicate::eq:
  case CmpIPredicate::sge:
  case CmpIPredicate::uge:
    wrapsIfTrue = true;
    break;
  case CmpIPredicate::ne:
  case CmpIPredicate::slt:
  case CmpIPredicate::ult:
    wrapsIfTrue = false;
    break;
  default:
    return std::nullopt;
  }
  Value zero = select.getTrueValue(), next = select.getFalseValue();
  if (!wrapsIfTrue)
    std::swap(zero, next);
  Value left = bare(compare.getLhs());
  // Of two values the other one may be written as a number.
  if (numberOf(zero) == 0 && numberOf(next) == 1 && *limit == 1)
    return NumberStep{left, 1, 2};
  if (numberOf(zero) == 1 && numberOf(next) == 0 && *limit == 0 &&
      llvm::is_contained({CmpIPredicate::eq, CmpIPredicate::ne}, compare.getPredicate()))
    return NumberStep{left, 1, 2};
  auto step = sum(next);
  if (numberOf(zero) != 0 || !step || step->by != 1)
    return std::nullopt;
  int64_t count = left == bare(next) ? *limit : left == step->base ? *limit + 1 : 0;
  if (count < 2 || count > INT32_MAX)
    return std::nullopt;
  return NumberStep{step->base, 1, count};
}

std::optional<NumberStep> analysis::numberStep(Value value, Frame *frame) {
  Operation *op = bare(value).getDefiningOp();
  if (!op)
    return std::nullopt;
  if (auto count = modulus(op, frame)) {
    auto step = sum(op->getOperand(0));
    if (step && step->by < 0)
      return std::nullopt;
    return NumberStep{step ? step->base : bare(op->getOperand(0)), step ? step->by : 0, *count};
  }
  if (llvm::isa<arith::XOrIOp>(op))
    for (unsigned i : {0u, 1u})
      if (numberOf(op->getOperand(1 - i)) == 1)
        return NumberStep{bare(op->getOperand(i)), 1, 2};
  if (llvm::isa<arith::SubIOp>(op) && numberOf(op->getOperand(0)) == 1)
    return NumberStep{bare(op->getOperand(1)), 1, 2};
  if (auto select = llvm::dyn_cast<arith::SelectOp>(op))
    return wrapped(select);
  return sum(value);
}

namespace {
/// Follows a variable through the loops of a nest.
class Follower {
public:
  explicit Follower(Frame *frame) : frame(frame) {}

  std::optional<NumberStep> step; ///< all loops take the same; `base` means nothing
  llvm::SmallVector<Operation *, 2> loops;
  llvm::SmallVector<Value, 2> variables;                       ///< of the loops
  llvm::SmallVector<std::pair<Operation *, unsigned>, 4> seen; ///< variables on the way

  /// Does the variable take a step at the end of the iterations of some loops, and no other?
  bool collect(ForOp loop, unsigned index) {
    Value at = bare(loop.getYieldedValues()[index]), begin = loop.getRegionIterArgs()[index];
    seen.push_back({loop, index});
    bool steps = false;
    if (at != begin && !llvm::isa<ForOp>(at.getDefiningOp() ? at.getDefiningOp() : loop)) {
      auto mine = numberStep(at, frame);
      if (!mine || (step && (step->by != mine->by || step->count != mine->count)))
        return false;
      step = mine;
      steps = true;
      at = mine->base;
    }
    size_t inside = loops.size();
    while (at != begin) {
      auto child = at.getDefiningOp<ForOp>();
      if (!child || child->getBlock() != loop.getBody())
        return false;
      unsigned number = llvm::cast<mlir::OpResult>(at).getResultNumber();
      if (!collect(child, number))
        return false;
      at = bare(child.getInitArgs()[number]);
    }
    // A sum of all steps has a place in each iteration only if loops that count stand apart.
    if (steps && loops.size() > inside && step->count == 0)
      return false;
    if (steps) {
      loops.push_back(loop);
      variables.push_back(begin);
    }
    return true;
  }

private:
  Frame *frame;
};
} // namespace

sync::NodeId NestCounters::find(Operation *over, llvm::ArrayRef<Operation *> loops, unsigned index,
                                Frame *frame) {
  for (const Nest &nest : nests)
    if (nest.over == over && nest.index == index && nest.frame == frame &&
        llvm::ArrayRef<Operation *>(nest.loops) == loops)
      return nest.node;
  sync::NodeId node = program.addCounter(sync::none, {}, "turns");
  nests.push_back({over, llvm::SmallVector<Operation *, 2>(loops), index, frame, node});
  return node;
}

void NestCounters::close() {
  for (auto [nest, counter] : llvm::zip(nests, program.counters)) {
    counter.over = nodeOf(nest.over, nest.frame);
    for (Operation *loop : nest.loops)
      counter.loops.push_back(nodeOf(loop, nest.frame));
  }
  program.closeCounters();
}

/// A variable of a loop, counted through the nest that carries it on.
const NestCounters::Carried &NestCounters::carried(ForOp loop, unsigned index, Frame *frame) {
  auto [entry, isNew] = known.try_emplace({loop, index, frame});
  Carried &result = entry->second;
  if (!isNew)
    return result;
  // To the loop where it begins with a constant.
  ForOp top = loop;
  unsigned at = index;
  bool isBehind = false; // behind another loop of its list
  Value first = bare(loop.getInitArgs()[index]);
  while (!constantOf(first)) {
    if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(first)) {
      auto outer = llvm::dyn_cast_or_null<ForOp>(top->getParentOp());
      if (!outer || argument.getOwner() != outer.getBody() || argument.getArgNumber() == 0)
        return result;
      top = outer;
      at = argument.getArgNumber() - 1;
      isBehind = false;
      first = bare(top.getInitArgs()[at]);
      continue;
    }
    auto before = first.getDefiningOp<ForOp>();
    if (!before || before->getBlock() != top->getBlock())
      return result;
    isBehind = true;
    first = bare(before.getInitArgs()[llvm::cast<mlir::OpResult>(first).getResultNumber()]);
  }
  Follower nest(frame);
  std::pair<Operation *, unsigned> variable{loop, index};
  if (isBehind || !nest.collect(top, at) || nest.loops.empty() ||
      !llvm::is_contained(nest.seen, variable))
    return result;
  NumberStep step = *nest.step;
  int64_t begin = *numberOf(first);
  bool turns = step.count > 0;
  if (turns && (begin < 0 || begin >= step.count || step.by % step.count != 1))
    return result;
  result.step = step;
  result.first = begin;
  result.loops = nest.loops;
  bool isOwn = top == loop && nest.loops.size() == 1 && nest.loops[0] == loop;
  result.number = isOwn ? nodeOf(loop, frame) : find(top, nest.loops, at, frame);
  if (isOwn)
    return result;
  for (auto [counting, variable] : llvm::zip(nest.loops, nest.variables))
    model.numbers[{result.number, counting}] = {variable, begin};
  program.counters[program[result.number].source].modulus = turns          ? uint32_t(step.count)
                                                            : step.by == 1 ? 0
                                                                           : 1;
  return result;
}

/// A variable of a loop, or what it is behind the loop, where the current operation stands: as long
/// as no other loop has counted on.
std::optional<NestCounters::Carried> OffsetReader::carriedOn(Bound bound) const {
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(bound.value);
  auto loop = llvm::dyn_cast_or_null<ForOp>(argument ? argument.getOwner()->getParentOp()
                                                     : bound.value.getDefiningOp());
  if (!loop || (argument && argument.getArgNumber() == 0))
    return std::nullopt;
  Operation *use = current;
  for (Frame *frame = currentFrame; use && frame != bound.frame; frame = frame->caller)
    use = frame->caller ? frame->call.getOperation() : nullptr;
  mlir::Block *block = argument ? argument.getOwner() : loop->getBlock();
  use = use ? block->findAncestorOpInBlock(*use) : nullptr;
  unsigned index = argument ? argument.getArgNumber() - 1
                            : llvm::cast<mlir::OpResult>(bound.value).getResultNumber();
  if (!use || nests->nodeOf(loop, bound.frame) == sync::none)
    return std::nullopt;
  // What an iteration that is over has left is not read (ModelBuilder::collectChoice).
  for (Operation *op = block->getParentOp(); op && !llvm::isa<mlir::func::FuncOp>(op);
       op = op->getParentOp())
    if (llvm::isa<mlir::LoopLikeOpInterface>(op) && llvm::none_of(open, [&](const OpenLoop &o) {
          return o.op == op && o.frame == bound.frame;
        }))
      return std::nullopt;
  const NestCounters::Carried &found = nests->carried(loop, index, bound.frame);
  if (found.number == sync::none)
    return std::nullopt;
  auto hasCounted = [&](Operation *counting) {
    Operation *at = block->findAncestorOpInBlock(*counting);
    bool isLater = at && (argument || (at != loop && loop->isBeforeInBlock(at)));
    return isLater && (at == use || at->isBeforeInBlock(use));
  };
  // Offsets name a sum where its loops count it only (sync::Counter).
  bool isSum = found.step.count == 0;
  if (llvm::any_of(found.loops, hasCounted) ||
      (isSum && !(argument && llvm::is_contained(found.loops, loop))))
    return std::nullopt;
  return found;
}

/// i * n + j, where j runs from 0 to n in a loop that stands in that of i.
std::optional<OffsetReader::Flat> OffsetReader::flat(Bound bound) const {
  auto add = bare(bound.value).getDefiningOp<arith::AddIOp>();
  if (!add)
    return std::nullopt;
  auto counting = [&](Value value) -> ForOp {
    const OpenLoop *loop = loopOf(bare(value), bound.frame);
    auto forOp = loop ? llvm::cast<ForOp>(loop->op) : ForOp();
    bool isPlain =
        forOp && constantOf(forOp.getLowerBound()) == 0 && constantOf(forOp.getStep()) == 1;
    return isPlain ? forOp : ForOp();
  };
  auto isEqual = [](Value a, Value b) {
    a = bare(a), b = bare(b);
    return a == b || (constantOf(a) && constantOf(a) == constantOf(b));
  };
  for (unsigned i : {0u, 1u}) {
    ForOp inner = counting(add->getOperand(i));
    auto product = bare(add->getOperand(1 - i)).getDefiningOp<arith::MulIOp>();
    auto outer = inner ? llvm::dyn_cast_or_null<ForOp>(inner->getParentOp()) : ForOp();
    if (!product || !outer)
      continue;
    for (unsigned k : {0u, 1u}) {
      Value rest = product->getOperand(1 - k);
      if (!isEqual(product->getOperand(k), inner.getUpperBound()))
        continue;
      ForOp over = counting(rest);
      if (!over) {
        auto deeper = flat({rest, bound.frame});
        if (!deeper || deeper->inner != outer)
          continue;
        over = deeper->over;
      } else if (over != outer) {
        continue;
      }
      // The same in all turns.
      Value length = inner.getUpperBound();
      if (!constantOf(length) && over.getRegion().isAncestor(length.getParentRegion()))
        continue;
      return Flat{over, inner};
    }
  }
  return std::nullopt;
}

std::optional<sync::NodeId> OffsetReader::flatNumber(Bound bound) const {
  auto found = flat(bound);
  if (!found)
    return std::nullopt;
  return nests->find(found->over, {found->inner.getOperation()}, sync::none, bound.frame);
}
