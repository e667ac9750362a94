//===- ScalarFloats.cpp - Float arithmetic, conversions, constants -------===//

#include "ScalarForms.h"

using namespace pto;
using namespace pto::cpp;
namespace arith = mlir::arith;

Expr Scalar::compareFloats() const {
  using P = arith::CmpFPredicate;
  Expr a = floatArg(0), b = floatArg(1);
  auto relation = [&](llvm::StringRef symbol) {
    return binary(a, symbol, b, Precedence::Relational);
  };
  auto isNumber = [](const Expr &e, llvm::StringRef symbol) {
    return binary(e, symbol, e, Precedence::Equality);
  };
  // An unordered comparison is true for NaN: the negation of the opposite ordered one.
  switch (llvm::cast<arith::CmpFOp>(op).getPredicate()) {
  case P::AlwaysFalse:
    return {"false", Precedence::Primary, 0};
  case P::AlwaysTrue:
    return {"true", Precedence::Primary, 0};
  case P::OEQ:
    return binary(a, "==", b, Precedence::Equality);
  case P::UNE:
    return binary(a, "!=", b, Precedence::Equality);
  case P::OGT:
    return relation(">");
  case P::OGE:
    return relation(">=");
  case P::OLT:
    return relation("<");
  case P::OLE:
    return relation("<=");
  case P::UGT:
    return prefix("!", relation("<="));
  case P::UGE:
    return prefix("!", relation("<"));
  case P::ULT:
    return prefix("!", relation(">="));
  case P::ULE:
    return prefix("!", relation(">"));
  case P::ONE:
    return binary(relation("<"), "||", relation(">"), Precedence::LogicalOr);
  case P::UEQ:
    return prefix("!", binary(relation("<"), "||", relation(">"), Precedence::LogicalOr));
  case P::ORD:
    return binary(isNumber(a, "=="), "&&", isNumber(b, "=="), Precedence::LogicalAnd);
  case P::UNO:
    return binary(isNumber(a, "!="), "||", isNumber(b, "!="), Precedence::LogicalOr);
  }
  llvm_unreachable("all predicates are handled");
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

Expr Scalar::signExtend() const {
  Expr widened = cast(cppType(result), arg(0));
  return isBool(type) ? prefix("-", widened) : widened;
}

Expr Scalar::zeroExtend() const {
  bool plainly = isBool(type) || isNonNegative(op->getOperand(0), context.constants);
  return cast(cppType(result), plainly ? arg(0) : cast(unsignedType(type), arg(0)));
}

Expr Scalar::truncate() const {
  if (!isBool(result))
    return cast(cppType(result), arg(0));
  return binary(binary(arg(0), "&", literal(1), Precedence::BitAnd), "!=", literal(0),
                Precedence::Equality);
}

Expr Scalar::indexCast(bool isUnsigned) const {
  if (widthOf(type) == widthOf(result))
    return arg(0); // index and i64 are one type in C++
  if (widthOf(type) > widthOf(result))
    return truncate();
  return isUnsigned ? zeroExtend() : signExtend();
}

Expr Scalar::intToFloat(bool isUnsigned) const {
  Expr value = arg(0);
  if (isBool(type) && !isUnsigned)
    return choose(value, cast(cppType(result), literal(-1)), cast(cppType(result), literal(0)));
  if (isUnsigned && !isBool(type) && !isNonNegative(op->getOperand(0), context.constants))
    value = unsignedArg(0);
  // 16 bits and less are exact in float; scalarProblem rejects the rest, which would be rounded
  // twice.
  return cast(cppType(result), result.isBF16() ? cast("float", value) : value);
}

Expr Scalar::floatToInt(bool isUnsigned) const {
  Expr value = floatArg(0);
  return cast(cppType(result), isUnsigned ? cast(unsignedType(result), value) : value);
}

Expr Scalar::bitcast() const {
  std::string from = cppType(type), to = cppType(result);
  return from == to ? arg(0) : helper(Helper::Bitcast, to, {cast(from, arg(0))});
}

Expr Scalar::constantValue() const {
  bool usesBitcast = false;
  Expr e = constant(llvm::cast<arith::ConstantOp>(op).getValue(), usesBitcast);
  if (usesBitcast)
    context.helpers.use(Helper::Bitcast);
  return e;
}
