//===- Offsets.cpp - Index arithmetic as affine offsets --------------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Value;

Bound analysis::follow(Value value, Frame *frame) {
  while (auto argument = llvm::dyn_cast<mlir::BlockArgument>(value)) {
    if (!frame->caller || argument.getOwner() != &frame->function.getBody().front())
      break;
    value = frame->call.getOperand(argument.getArgNumber());
    frame = frame->caller;
  }
  return {value, frame};
}

std::optional<int64_t> analysis::product(int64_t a, int64_t b) {
  constexpr int64_t largest = int64_t(1) << 48;
  int64_t result;
  if (llvm::MulOverflow(a, b, result) || result > largest || result < -largest)
    return std::nullopt;
  return result;
}

std::optional<int64_t> analysis::tripCount(mlir::scf::ForOp loop) {
  auto lower = constantOf(loop.getLowerBound()), upper = constantOf(loop.getUpperBound()),
       step = constantOf(loop.getStep());
  int64_t length;
  if (!lower || !upper || !step || *step <= 0 || llvm::SubOverflow(*upper, *lower, length))
    return std::nullopt;
  return length <= 0 ? 0 : (length - 1) / *step + 1;
}

const OpenLoop *OffsetReader::loopOf(Value value, Frame *frame) const {
  for (const OpenLoop &loop : open)
    if (auto forOp = llvm::dyn_cast<mlir::scf::ForOp>(loop.op);
        forOp && loop.frame == frame && forOp.getInductionVar() == value)
      return &loop;
  return nullptr;
}

/// The same value in every iteration of every open loop.
bool OffsetReader::isFixed(Bound bound) const {
  mlir::Operation *at = bound.value.getDefiningOp();
  mlir::Block *block =
      at ? at->getBlock() : llvm::cast<mlir::BlockArgument>(bound.value).getOwner();
  if (bound.frame->loopDepth)
    return false;
  for (mlir::Operation *op = block->getParentOp(); op && !llvm::isa<mlir::func::FuncOp>(op);
       op = op->getParentOp())
    if (llvm::isa<mlir::LoopLikeOpInterface>(op))
      return false;
  return true;
}

void OffsetReader::opaque(Bound bound, int64_t scale, sync::Offset &out) {
  if (isFixed(bound))
    symbols.push_back({bound, scale});
  else
    out.known = false;
}

void OffsetReader::add(sync::Offset &into, const sync::Offset &other) {
  into.constant += other.constant;
  into.known &= other.known;
  for (const auto &term : other.terms) {
    auto it =
        llvm::lower_bound(into.terms, term.loop,
                          [](const sync::Offset::Term &t, sync::NodeId l) { return t.loop < l; });
    if (it != into.terms.end() && it->loop == term.loop) {
      it->coefficient += term.coefficient;
      if (!it->coefficient)
        into.terms.erase(it);
    } else if (term.coefficient) {
      into.terms.insert(it, term);
    }
  }
}

void OffsetReader::readInto(Value raw, Frame *rawFrame, int64_t scale, sync::Offset &out) {
  auto [value, frame] = follow(raw, rawFrame);
  if (auto constant = constantOf(value)) {
    auto scaled = product(*constant, scale);
    out.known &= scaled.has_value();
    out.constant += scaled.value_or(0);
    return;
  }
  if (*stepsLeft == 0)
    return opaque({value, frame}, scale, out);
  --*stepsLeft;
  if (const OpenLoop *loop = loopOf(value, frame)) {
    // iv = lower + step * counter
    auto forOp = llvm::cast<mlir::scf::ForOp>(loop->op);
    auto step = constantOf(forOp.getStep());
    auto coefficient = step ? product(*step, scale) : std::nullopt;
    if (!coefficient)
      return opaque({value, frame}, scale, out);
    readInto(forOp.getLowerBound(), frame, scale, out);
    sync::Offset term;
    term.terms.push_back({loop->node, *coefficient});
    return add(out, term);
  }
  if (auto carried = carriedOn({value, frame}); carried && carried->step.count == 0) {
    auto first = product(carried->first, scale), coefficient = product(carried->step.by, scale);
    if (first && coefficient) {
      sync::Offset part;
      part.constant = *first;
      part.terms.push_back({carried->number, *coefficient});
      return add(out, part);
    }
  }
  if (auto variable = growing({value, frame}))
    if (auto coefficient = product(variable->step, scale)) {
      sync::Offset term;
      term.terms.push_back({variable->loop, *coefficient});
      add(out, term);
      return readInto(variable->first, frame, scale, out);
    }
  mlir::Operation *op = value.getDefiningOp();
  if (readTurning({value, frame}, scale, out))
    return;
  if (!op)
    return opaque({value, frame}, scale, out);
  if (auto part = quotient({value, frame})) {
    bool fits = product(part->constant, scale).has_value();
    part->constant *= fits ? scale : 0;
    for (auto &term : part->terms) {
      auto bytes = product(term.coefficient, scale);
      fits &= bytes.has_value();
      term.coefficient = bytes.value_or(0);
    }
    if (!fits)
      return opaque({value, frame}, scale, out);
    return add(out, *part);
  }
  if (llvm::isa<mlir::arith::IndexCastOp, mlir::arith::IndexCastUIOp, mlir::arith::ExtSIOp,
                mlir::arith::ExtUIOp>(op))
    return readInto(op->getOperand(0), frame, scale, out);
  // With constant lengths its loops say more.
  if (auto whole = flat({value, frame}); whole && !constantOf(whole->inner.getUpperBound())) {
    sync::Offset part;
    part.terms.push_back({*flatNumber({value, frame}), scale});
    return add(out, part);
  }
  if (llvm::isa<mlir::arith::AddIOp, mlir::arith::SubIOp>(op)) {
    readInto(op->getOperand(0), frame, scale, out);
    return readInto(op->getOperand(1), frame, llvm::isa<mlir::arith::AddIOp>(op) ? scale : -scale,
                    out);
  }
  if (llvm::isa<mlir::arith::MulIOp>(op))
    for (unsigned i : {0u, 1u}) {
      Bound side = follow(op->getOperand(i), frame);
      auto factor = constantOf(side.value);
      if (auto scaled = factor ? product(*factor, scale) : std::nullopt)
        return readInto(op->getOperand(1 - i), frame, *scaled, out);
    }
  opaque({value, frame}, scale, out);
}

sync::Offset OffsetReader::read(Value value, Frame *frame, int64_t scale, sync::Rotation *into) {
  sync::Offset out;
  ring = into;
  readInto(value, frame, scale, out);
  ring = nullptr;
  return out;
}

void OffsetReader::close(sync::Offset &offset) {
  // Equal sums of the same fixed values get one number: they cancel in a comparison. Found by
  // identity of the values, in order of appearance, so that numbers do not depend on addresses.
  std::vector<std::pair<Bound, int64_t>> merged;
  for (auto &[bound, scale] : symbols) {
    auto it = llvm::find_if(merged, [&](auto &m) {
      return m.first.value == bound.value && m.first.frame == bound.frame;
    });
    if (it == merged.end())
      merged.push_back({bound, scale});
    else
      it->second += scale;
  }
  symbols.clear();
  llvm::erase_if(merged, [](auto &m) { return m.second == 0; });
  if (merged.empty() || !offset.known)
    return;
  auto same = [&](const std::vector<std::pair<Bound, int64_t>> &other) {
    return other.size() == merged.size() && llvm::all_of(merged, [&](auto &m) {
             return llvm::any_of(other, [&](auto &o) {
               return o.first.value == m.first.value && o.first.frame == m.first.frame &&
                      o.second == m.second;
             });
           });
  };
  unsigned hash = 0; // of the terms in any order
  for (auto &[bound, scale] : merged)
    hash += unsigned(llvm::hash_combine(bound.value.getAsOpaquePointer(),
                                        static_cast<void *>(bound.frame), scale));
  auto &numbers = internedByHash[hash >> 2]; // away from the keys that a DenseMap reserves
  auto it = llvm::find_if(numbers, [&](uint32_t number) { return same(interned[number]); });
  offset.symbol = it == numbers.end() ? uint32_t(interned.size()) : *it;
  if (it == numbers.end()) {
    numbers.push_back(offset.symbol);
    interned.push_back(std::move(merged));
  }
}

//===----------------------------------------------------------------------===//
// Event ids
//===----------------------------------------------------------------------===//

namespace {
/// counter(loop) + add, by the shapes that InsertSync writes: iv, (iv - lower) / step, the trip
/// count after the loop.
struct Counter {
  sync::NodeId loop = sync::none;
  int64_t add = 0;
};

/// The while whose iterations a value counts: a variable that begins at 0, passes from the first
/// region to the second and grows by 1 there.
mlir::scf::WhileOp countedWhile(Value value) {
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(value);
  auto loop = llvm::dyn_cast_or_null<mlir::scf::WhileOp>(
      argument ? argument.getOwner()->getParentOp() : value.getDefiningOp());
  if (!loop)
    return {};
  auto passed = loop.getConditionOp().getArgs();
  // The number of the variable in the first region, and in the second.
  size_t first, second;
  if (argument && argument.getOwner() == loop.getBeforeBody()) {
    first = argument.getArgNumber();
    second = llvm::find(passed, value) - passed.begin();
  } else {
    second =
        argument ? argument.getArgNumber() : llvm::cast<mlir::OpResult>(value).getResultNumber();
    auto from = llvm::dyn_cast<mlir::BlockArgument>(passed[second]);
    if (!from || from.getOwner() != loop.getBeforeBody())
      return {};
    first = from.getArgNumber();
  }
  if (second == passed.size() || constantOf(loop.getInits()[first]) != 0)
    return {};
  auto next = loop.getYieldOp()->getOperand(first).getDefiningOp<mlir::arith::AddIOp>();
  bool counts =
      next && next.getLhs() == loop.getAfterArguments()[second] && constantOf(next.getRhs()) == 1;
  return counts ? loop : mlir::scf::WhileOp();
}

/// How many iterations a loop has had: ceil(max(upper - lower, 0) / step), without what a lower
/// bound of 0 and a step of 1 make superfluous.
std::optional<Counter> readTrips(Value value, const std::vector<OpenLoop> &closed) {
  auto div = value.getDefiningOp<mlir::arith::CeilDivSIOp>();
  auto max = (div ? div.getLhs() : value).getDefiningOp<mlir::arith::MaxSIOp>();
  if (!max || constantOf(max.getRhs()) != 0)
    return std::nullopt;
  Value length = max.getLhs();
  auto sub = length.getDefiningOp<mlir::arith::SubIOp>();
  for (const OpenLoop &loop : llvm::reverse(closed)) {
    auto forOp = llvm::dyn_cast<mlir::scf::ForOp>(loop.op);
    if (!forOp)
      continue;
    Value upper = forOp.getUpperBound(), lower = forOp.getLowerBound(), step = forOp.getStep();
    bool isStep = div ? div.getRhs() == step : constantOf(step) == 1;
    bool isLength = (sub && sub.getLhs() == upper && sub.getRhs() == lower) ||
                    (length == upper && constantOf(lower) == 0);
    if (isStep && isLength)
      return Counter{loop.node, 0};
  }
  return std::nullopt;
}

std::optional<Counter> readCounter(Value value, const std::vector<OpenLoop> &open,
                                   const std::vector<OpenLoop> &closed) {
  int64_t sum = 0;
  while (mlir::Operation *op = value.getDefiningOp()) {
    auto c = llvm::isa<mlir::arith::AddIOp>(op) ? constantOf(op->getOperand(1)) : std::nullopt;
    if (c ? llvm::AddOverflow(sum, *c, sum) : !llvm::isa<mlir::arith::IndexCastOp>(op))
      break;
    value = op->getOperand(0);
  }
  if (auto repeat = countedWhile(value)) {
    bool isResult = llvm::isa<mlir::OpResult>(value);
    for (const OpenLoop &loop : llvm::reverse(isResult ? closed : open))
      if (loop.op == repeat.getOperation())
        return Counter{loop.node, sum};
    return std::nullopt;
  }
  for (const OpenLoop &loop : open) {
    auto forOp = llvm::dyn_cast<mlir::scf::ForOp>(loop.op);
    if (!forOp)
      continue;
    Value iv = forOp.getInductionVar();
    if (value == iv && constantOf(forOp.getLowerBound()) == 0 && constantOf(forOp.getStep()) == 1)
      return Counter{loop.node, sum};
    auto div = value.getDefiningOp<mlir::arith::DivUIOp>();
    auto sub = div ? div.getLhs().getDefiningOp<mlir::arith::SubIOp>() : nullptr;
    if (sub && sub.getLhs() == iv && sub.getRhs() == forOp.getLowerBound() &&
        div.getRhs() == forOp.getStep())
      return Counter{loop.node, sum};
  }
  if (auto trips = readTrips(value, closed))
    return Counter{trips->loop, sum};
  return std::nullopt;
}
} // namespace

sync::EventId analysis::readEventId(Value value, const std::vector<OpenLoop> &open,
                                    const std::vector<OpenLoop> &closed) {
  sync::EventId id;
  if (auto constant = constantOf(value)) {
    id.base = int32_t(*constant);
    return id;
  }
  int64_t base = 0;
  if (auto addOp = value.getDefiningOp<mlir::arith::AddIOp>())
    if (auto c = constantOf(addOp.getRhs())) {
      base = *c;
      value = addOp.getLhs();
    }
  auto rem = value.getDefiningOp<mlir::arith::RemUIOp>();
  auto count = rem ? constantOf(rem.getRhs()) : std::nullopt;
  auto counter = count && *count > 0 ? readCounter(rem.getLhs(), open, closed) : std::nullopt;
  if (!counter) {
    id.known = false;
    return id;
  }
  id.base = int32_t(base);
  id.count = uint32_t(*count);
  id.loop = counter->loop;
  id.add = counter->add % *count;
  return id;
}
