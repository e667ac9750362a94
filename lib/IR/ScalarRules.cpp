//===- ScalarRules.cpp - Rules on scalars and on operands that must be there ===//

#include "Rules.h"

using namespace pto;
using namespace pto::rules;
using mlir::failure;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

#define PTO_RULE(name)                                                                             \
  LogicalResult rules::name(Operation *op, const OpInfo &info, const RuleInfo &rule)

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
  if (!subjects(op, info, rule).empty())
    return success();
  return op->emitOpError() << "needs its operand " << info.operands[rule.operands[0]].name
                           << ": the library has no call without it";
}

PTO_RULE(oneOf) {
  auto list = subjects(op, info, rule);
  if (list.size() == 1)
    return success();
  return op->emitOpError() << "needs exactly one of " << info.operands[rule.operands[0]].name
                           << " and " << info.operands[rule.operands[1]].name << ", but it has "
                           << (list.empty() ? "neither" : "both");
}
