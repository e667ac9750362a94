//===- ScalarRules.cpp - Rules on scalars and on operands that must be there ===//

#include "Rules.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::failure;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

PTO_RULE(scalarIsElement) {
  auto list = subjects(op, info, rule);
  mlir::Type scalar = list[0].value.getType(), element = elementTypeOf(list[1].value.getType());
  // arith has signless integers only: one of them stands for an unsigned element too.
  bool isBitsOf = scalar.isSignlessInteger() && element.isUnsignedInteger() &&
                  scalar.getIntOrFloatBitWidth() == element.getIntOrFloatBitWidth();
  if (scalar == element || isBitsOf)
    return success();
  return op->emitOpError() << "needs a scalar of the element type " << elementName(element)
                           << " of " << list[1].name << ", but " << list[0].name << " is "
                           << elementName(scalar);
}

PTO_RULE(scalarSuits) {
  auto list = subjects(op, info, rule);
  mlir::Type scalar = list[0].value.getType(), element = elementTypeOf(list[1].value.getType());
  bool isFloat = llvm::isa<mlir::FloatType>(element);
  // Neither of the two holds the other, so C++ does not convert them.
  if ((scalar.isBF16() && element.isF16()) || (scalar.isF16() && element.isBF16()))
    return op->emitOpError() << "needs a scalar that converts to " << elementName(element)
                             << ", but " << list[0].name << " is " << elementName(scalar)
                             << "; convert it through f32";
  if (isFloat ? llvm::isa<mlir::FloatType>(scalar) : llvm::isa<mlir::IntegerType>(scalar))
    return success();
  return op->emitOpError() << "needs " << (isFloat ? "a float" : "an integer")
                           << " for elements of "
                           << "type " << elementName(element) << ", but " << list[0].name << " is "
                           << elementName(scalar);
}

PTO_RULE(notNegative) {
  for (auto &s : subjects(op, info, rule))
    if (auto value = constantOf(s.value); value && *value < 0)
      return op->emitOpError() << "needs " << s.name << " that is not negative, but it is "
                               << *value;
  return success();
}

PTO_RULE(elementInside) {
  auto list = subjects(op, info, rule);
  auto tile = llvm::cast<TileBufType>(list[1].value.getType());
  auto index = constantOf(list[0].value);
  int64_t elements = tile.getRows() * tile.getCols();
  if (!index || (*index >= 0 && *index < elements))
    return success();
  return op->emitOpError() << "needs " << list[0].name << " inside the " << elements
                           << " elements of " << list[1].name << ", but it is " << *index;
}

PTO_RULE(given) {
  if (!llvm::cast<RecordOp>(op).getRecordOperands(rule.operands[0]).empty())
    return success();
  return op->emitOpError() << "needs its operand " << info.operands[rule.operands[0]].name
                           << ": the library has no call without it";
}

//===----------------------------------------------------------------------===//
// Forms: which operands and attributes go together
//===----------------------------------------------------------------------===//

namespace {
bool isGiven(Operation *op, uint8_t operand) {
  return !llvm::cast<RecordOp>(op).getRecordOperands(operand).empty();
}
bool isSet(Operation *op, const OpInfo &info, int64_t attribute) {
  const AttributeInfo &a = info.attributes[attribute];
  return attributeValue(op, a.name, a.defaultValue) != a.defaultValue;
}
std::string listed(llvm::ArrayRef<std::string> names, llvm::StringRef last) {
  std::string text;
  for (auto [i, name] : llvm::enumerate(names))
    text += (i == 0 ? "" : i + 1 == names.size() ? " " + last.str() + " " : ", ") + name;
  return text;
}
/// Names of operands and attributes.
std::string listed(const OpInfo &info, llvm::ArrayRef<uint8_t> operands,
                   llvm::ArrayRef<int64_t> attributes, llvm::StringRef last) {
  llvm::SmallVector<std::string> names;
  for (uint8_t i : operands)
    names.push_back(info.operands[i].name.str());
  for (int64_t i : attributes)
    names.push_back(info.attributes[i].name.str());
  return listed(names, last);
}
} // namespace

PTO_RULE(oneOf) {
  auto given = llvm::count_if(rule.operands, [&](uint8_t i) { return isGiven(op, i); }) +
               llvm::count_if(rule.numbers, [&](int64_t i) { return isSet(op, info, i); });
  if (given == 1)
    return success();
  bool two = rule.operands.size() + rule.numbers.size() == 2;
  return op->emitOpError() << "needs exactly one of "
                           << listed(info, rule.operands, rule.numbers, "and") << ", but it has "
                           << (given == 0 ? (two ? "neither" : "none of them")
                               : two      ? "both"
                                          : std::to_string(given) + " of them");
}

/// The operands behind the first are those that it goes with.
static bool isAccompanied(Operation *op, const RuleInfo &rule) {
  return llvm::any_of(rule.operands.drop_front(), [&](uint8_t i) { return isGiven(op, i); });
}

PTO_RULE(givenWith) {
  bool given = isGiven(op, rule.operands[0]), accompanied = isAccompanied(op, rule);
  if (given == accompanied)
    return success();
  llvm::StringRef name = info.operands[rule.operands[0]].name;
  if (given)
    return op->emitOpError() << "takes " << name << " only together with "
                             << listed(info, rule.operands.drop_front(), {}, "or");
  llvm::SmallVector<uint8_t> others;
  llvm::copy_if(rule.operands.drop_front(), std::back_inserter(others),
                [&](uint8_t i) { return isGiven(op, i); });
  return op->emitOpError() << "needs " << name << " beside " << listed(info, others, {}, "and")
                           << ": the library has no call without it";
}

PTO_RULE(onlyWith) {
  if (!isGiven(op, rule.operands[0]) || isAccompanied(op, rule))
    return success();
  return op->emitOpError() << "takes " << info.operands[rule.operands[0]].name
                           << " only together with "
                           << listed(info, rule.operands.drop_front(), {}, "or");
}

PTO_RULE(attributeWith) {
  llvm::ArrayRef<int64_t> others = rule.numbers.drop_front();
  if (!isSet(op, info, rule.numbers[0]) ||
      llvm::any_of(rule.operands, [&](uint8_t i) { return isGiven(op, i); }) ||
      llvm::any_of(others, [&](int64_t i) { return isSet(op, info, i); }))
    return success();
  return op->emitOpError() << "takes " << info.attributes[rule.numbers[0]].name
                           << " only together with " << listed(info, rule.operands, others, "or");
}

PTO_RULE(attributeIn) {
  const AttributeInfo &attribute = info.attributes[rule.numbers[0]];
  llvm::ArrayRef<int64_t> legal = rule.numbers.drop_front();
  int64_t value = attributeValue(op, attribute.name);
  if (llvm::is_contained(legal, value))
    return success();
  auto text = [&](int64_t number) {
    for (const AttributeCase &c : attribute.cases)
      if (c.value == number)
        return llvm::StringRef(c.cpp).rsplit(':').second.lower();
    return std::to_string(number);
  };
  llvm::SmallVector<std::string> names;
  for (int64_t number : legal)
    names.push_back(text(number));
  return op->emitOpError() << "needs " << attribute.name << " of " << listed(names, "or")
                           << ", but it is " << text(value);
}
