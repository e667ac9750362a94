//===- Rings.cpp - Numbers that turn with a loop ---------------------------===//
//
// (counter + c) mod count: the slot of a ring. Kept apart from affine sums, because equal
// remainders come round again.
//
//===----------------------------------------------------------------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Operation;
using mlir::Value;

/// The constant n of `x mod n`, written as a remainder or as a mask of the low bits.
std::optional<int64_t> analysis::modulus(Operation *op, Frame *frame) {
  if (!llvm::isa_and_present<mlir::arith::RemUIOp, mlir::arith::RemSIOp, mlir::arith::AndIOp>(op))
    return std::nullopt;
  auto count = constantOf(follow(op->getOperand(1), frame).value);
  if (!count || *count < 0 || *count >= INT32_MAX)
    return std::nullopt;
  if (!llvm::isa<mlir::arith::AndIOp>(op))
    return *count ? count : std::nullopt;
  return llvm::isPowerOf2_64(uint64_t(*count) + 1) ? std::optional(*count + 1) : std::nullopt;
}

std::optional<OffsetReader::Growing> OffsetReader::growing(Bound bound) const {
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(bound.value);
  if (!argument || argument.getArgNumber() == 0)
    return std::nullopt;
  for (const OpenLoop &loop : open) {
    auto forOp = llvm::dyn_cast<mlir::scf::ForOp>(loop.op);
    if (!forOp || loop.frame != bound.frame || argument.getOwner() != forOp.getBody())
      continue;
    // From what is yielded back to the variable, over additions of constants.
    int64_t step = 0;
    Value value = forOp.getTiedLoopYieldedValue(argument)->get();
    while (value != argument) {
      Operation *op = value.getDefiningOp();
      if (!llvm::isa_and_present<mlir::arith::AddIOp, mlir::arith::SubIOp, AddPtrOp>(op))
        return std::nullopt;
      auto constant = constantOf(follow(op->getOperand(1), bound.frame).value);
      bool isSmall = constant && *constant < INT32_MAX && *constant > -INT32_MAX;
      if (!isSmall || step > INT32_MAX || step < -INT32_MAX)
        return std::nullopt;
      step += llvm::isa<mlir::arith::SubIOp>(op) ? -*constant : *constant;
      value = op->getOperand(0);
    }
    return Growing{forOp.getTiedLoopInit(argument)->get(), step, loop.node};
  }
  return std::nullopt;
}

std::optional<sync::Rotation> OffsetReader::turning(Bound bound) const {
  if (auto carried = carriedOn(bound); carried && carried->step.count > 0)
    return sync::Rotation{uint32_t(carried->step.count), 0, carried->number, carried->first};
  // One step on from such a number.
  if (auto step = numberStep(bound.value, bound.frame);
      step && step->count > 0 && *stepsLeft > 0 && step->base != bound.value) {
    --*stepsLeft;
    if (auto base = turning({step->base, bound.frame});
        base && base->loop != sync::none && base->count == step->count) {
      base->add = (base->add + step->by) % int64_t(base->count);
      return base;
    }
  }
  Operation *op = bound.value.getDefiningOp();
  auto count = modulus(op, bound.frame);
  if (!count)
    return std::nullopt;
  OffsetReader inner(*this, stepsLeft);
  sync::Offset number = inner.read(op->getOperand(0), bound.frame, 1);
  inner.close(number);
  // Not negative, so that the remainder is that of mathematics whatever its sign rule.
  bool isPlain = number.known && number.symbol == sync::none && number.constant >= 0 &&
                 llvm::all_of(number.terms, [](auto &term) { return term.coefficient > 0; });
  if (!isPlain)
    return std::nullopt;
  llvm::erase_if(number.terms, [&](auto &term) { return term.coefficient % *count == 0; });
  int64_t add = number.constant % *count;
  if (number.terms.empty())
    return sync::Rotation{uint32_t(*count), 0, sync::none, add};
  // With constant lengths the number of the turn is a sum over its loops.
  if (auto turn =
          number.terms.size() > 1 ? flatNumber({op->getOperand(0), bound.frame}) : std::nullopt)
    return sync::Rotation{uint32_t(*count), 0, *turn, add};
  if (number.terms.size() > 1 || number.terms.front().coefficient % *count != 1)
    return std::nullopt;
  return sync::Rotation{uint32_t(*count), 0, number.terms.front().loop, add};
}

/// x / n where what turns in x turns by multiples of n, as in the number of the iteration,
/// (iv - lower) / step.
std::optional<sync::Offset> OffsetReader::quotient(Bound bound) const {
  Operation *op = bound.value.getDefiningOp();
  if (!llvm::isa_and_present<mlir::arith::DivUIOp, mlir::arith::DivSIOp, mlir::arith::ShRUIOp>(op))
    return std::nullopt;
  auto divisor = constantOf(follow(op->getOperand(1), bound.frame).value);
  if (!divisor || *divisor < 0 || *divisor > INT32_MAX)
    return std::nullopt;
  if (llvm::isa<mlir::arith::ShRUIOp>(op))
    divisor = *divisor < 31 ? int64_t(1) << *divisor : 0;
  OffsetReader inner(*this, stepsLeft);
  sync::Offset number = inner.read(op->getOperand(0), bound.frame, 1);
  inner.close(number);
  // Not negative, so that rounding down is rounding to zero; then the rest of the constant is all
  // that rounding takes.
  bool isPlain = *divisor > 0 && number.known && number.symbol == sync::none &&
                 number.constant >= 0 && llvm::all_of(number.terms, [&](auto &term) {
                   return term.coefficient > 0 && term.coefficient % *divisor == 0;
                 });
  if (!isPlain)
    return std::nullopt;
  number.constant /= *divisor;
  for (auto &term : number.terms)
    term.coefficient /= *divisor;
  return number;
}

bool OffsetReader::readTurning(Bound bound, int64_t scale, sync::Offset &out) {
  auto number = turning(bound);
  if (!number)
    return false;
  if (number->loop == sync::none) {
    auto bytes = product(number->add, scale);
    out.known &= bytes.has_value();
    out.constant += bytes.value_or(0);
    return true;
  }
  // One ring at a time, and towards higher addresses.
  if (!ring || ring->count > 1 || scale <= 0 || !product(number->count, scale))
    return false;
  *ring = *number;
  ring->stride = scale;
  return true;
}
