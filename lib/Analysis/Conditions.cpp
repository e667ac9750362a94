//===- Conditions.cpp - What chooses the arm of a branch -------------------===//
//
// Two branches on one value choose alike, and a comparison of a loop's counter with an end of its
// range tells the first or the last iterations from the others: hand-written pipelines guard their
// flags by both (sync 8).
//
//===----------------------------------------------------------------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Value;
using mlir::arith::CmpIPredicate;

namespace {
/// left < right, left <= right or left == right, perhaps negated.
struct Comparison {
  enum Kind : uint8_t { Less, LessOrEqual, Equal } kind;
  Value left, right;
  bool negated = false;
};

std::optional<Comparison> comparison(Value condition) {
  auto compare = condition.getDefiningOp<mlir::arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  Value a = compare.getLhs(), b = compare.getRhs();
  switch (compare.getPredicate()) {
  case CmpIPredicate::slt:
    return Comparison{Comparison::Less, a, b};
  case CmpIPredicate::sle:
    return Comparison{Comparison::LessOrEqual, a, b};
  case CmpIPredicate::sgt:
    return Comparison{Comparison::Less, b, a};
  case CmpIPredicate::sge:
    return Comparison{Comparison::LessOrEqual, b, a};
  case CmpIPredicate::eq:
    return Comparison{Comparison::Equal, a, b};
  case CmpIPredicate::ne:
    return Comparison{Comparison::Equal, a, b, true};
  default:
    return std::nullopt; // unsigned: front-ends count with signed ones
  }
}
} // namespace

/// a - b + c - d as one sum, where equal values of run time cancel.
sync::Offset OffsetReader::difference(llvm::ArrayRef<std::pair<Value, int64_t>> terms,
                                      Frame *frame) const {
  OffsetReader inner(*this, stepsLeft);
  sync::Offset sum;
  for (auto [value, sign] : terms)
    inner.readInto(value, frame, sign, sum);
  inner.close(sum);
  return sum;
}

/// Iterations at an end of a loop that a branch may tell from the others: more is no guard.
static constexpr int64_t mostTold = 100;

/// The branch is taken in all iterations of a loop from some number on, or up to one.
static bool readFirst(const Comparison &compare, const sync::Offset &d, sync::Condition &out) {
  if (!d.known || d.symbol != sync::none || d.terms.size() != 1)
    return false;
  int64_t step = d.terms[0].coefficient, c = d.constant;
  bool grows = step > 0;
  int64_t first; // the first iteration in which the comparison is not what it was before
  if (compare.kind == Comparison::Equal) {
    if (c != 0)
      return false;
    first = 1;
  } else {
    // d < 0 or d <= 0, with d = step * t + c.
    int64_t bound = compare.kind == Comparison::Less ? -c : -c + 1; // d < bound + c
    first = grows ? llvm::divideCeilSigned(bound, step)
                  : llvm::divideFloorSigned(bound, step) + 1; // t from which d is small enough
  }
  if (first <= 0 || first > mostTold)
    return false;
  out.loop = d.terms[0].loop;
  out.first = uint8_t(first);
  // Equal, or small while it grows: only the first iterations hold.
  bool holdsFirst = compare.kind == Comparison::Equal || grows;
  out.inverted = holdsFirst != compare.negated;
  return true;
}

/// The branch is taken in all iterations of a loop but the last ones.
bool ModelBuilder::readLast(Value condition, Frame &frame, sync::Condition &out) {
  auto compare = comparison(condition);
  for (const OpenLoop &loop : llvm::reverse(open)) {
    auto forOp = llvm::dyn_cast<mlir::scf::ForOp>(loop.op);
    auto step = forOp ? constantOf(forOp.getStep()) : std::nullopt;
    if (!step || loop.frame != &frame || *step <= 0)
      continue;
    Value iv = forOp.getInductionVar(), end = forOp.getUpperBound();
    // left - right = (iv - end) + ahead
    sync::Offset ahead =
        offsets.difference({{compare->left, 1}, {compare->right, -1}, {iv, -1}, {end, 1}}, &frame);
    if (!ahead.known || ahead.symbol != sync::none || !ahead.terms.empty())
      continue;
    int64_t distance = ahead.constant - (compare->kind == Comparison::LessOrEqual);
    if (distance <= 0 || distance % *step || distance / *step > mostTold ||
        (compare->kind == Comparison::Equal && *step != 1))
      continue;
    if (compare->kind == Comparison::Equal && distance != 1)
      continue; // one iteration amid others
    out.loop = loop.node;
    out.last = uint8_t(distance / *step);
    out.inverted = (compare->kind == Comparison::Equal) != compare->negated;
    return true;
  }
  return false;
}

/// The arms of a branch that goes by a number that turns with a loop, as ping and pong do.
std::vector<sync::Turns> ModelBuilder::armTurns(mlir::Operation *branch, Frame &frame) {
  std::vector<sync::Turns> arms(branch->getNumRegions());
  auto turns = [](const sync::Rotation &number) {
    return number.loop != sync::none && number.count <= UINT16_MAX;
  };
  auto when = [](const sync::Rotation &number, int64_t value) {
    int64_t residue = (value - number.add) % number.count;
    residue += residue < 0 ? number.count : 0;
    return sync::Turns{number.loop, uint16_t(number.count), uint16_t(residue)};
  };
  if (auto choice = llvm::dyn_cast<mlir::scf::IndexSwitchOp>(branch)) {
    auto number = offsets.turning(follow(choice.getArg(), &frame));
    for (auto [i, value] : llvm::enumerate(choice.getCases()))
      if (number && turns(*number) && value >= 0 && value < number->count)
        arms[i + 1] = when(*number, value); // the default comes first
    return arms;
  }
  auto choice = llvm::dyn_cast<mlir::scf::IfOp>(branch);
  Bound bound = choice ? follow(choice.getCondition(), &frame) : Bound{};
  auto compare = choice ? comparison(bound.value) : std::nullopt;
  if (choice && !compare) // one bit that turns
    if (auto bit = offsets.turning(bound); bit && turns(*bit) && bit->count == 2) {
      arms[0] = when(*bit, 1);
      arms[1] = when(*bit, 0);
      return arms;
    }
  if (!compare || compare->kind != Comparison::Equal)
    return arms;
  auto number = offsets.turning(follow(compare->left, bound.frame));
  auto value = constantOf(follow(compare->right, bound.frame).value);
  if (!number || !turns(*number) || !value || *value < 0 || *value >= number->count)
    return arms;
  arms[compare->negated] = when(*number, *value);
  if (number->count == 2)
    arms[!compare->negated] = when(*number, 1 - *value);
  return arms;
}

sync::Condition ModelBuilder::conditionOf(Value condition, Frame &frame) {
  sync::Condition out;
  Bound bound = follow(condition, &frame);
  auto compare = comparison(bound.value);
  // Found by identity and numbered by appearance.
  using Key = ConditionKey;
  Key key{-1, bound.value.getAsOpaquePointer(), bound.frame, nullptr, nullptr, 0};
  if (compare) {
    Bound a = follow(compare->left, bound.frame), b = follow(compare->right, bound.frame);
    auto constant = constantOf(b.value);
    key = {int(compare->kind),
           a.value.getAsOpaquePointer(),
           a.frame,
           constant ? nullptr : b.value.getAsOpaquePointer(),
           constant ? nullptr : b.frame,
           constant.value_or(0)};
    sync::Offset d = offsets.difference({{compare->left, 1}, {compare->right, -1}}, bound.frame);
    if (!readFirst(*compare, d, out) && bound.frame == &frame)
      readLast(bound.value, frame, out);
  }
  // A negated comparison chooses the other arm: only plain ones share numbers.
  if (!compare || !compare->negated) {
    auto [entry, isNew] = conditions.try_emplace(key, uint32_t(conditions.size()));
    if (isNew)
      model.conditions.push_back(bound.value);
    out.value = entry->second;
  }
  return out;
}
