//===- ScalarIntegers.cpp - Integer arithmetic ---------------------------===//

#include "ScalarForms.h"

using namespace pto;
using namespace pto::cpp;
namespace arith = mlir::arith;

Expr Scalar::wrapping(llvm::StringRef symbol, Precedence p) const {
  // Generated texts add 0 and multiply by 1; nobody writes that.
  if (constantArg(1) == (symbol == "*" ? 1 : 0) && !isBool(type))
    return arg(0);
  auto flags = llvm::dyn_cast<arith::ArithIntegerOverflowFlagsInterface>(op);
  if (type.isIndex() || (flags && flags.hasNoSignedWrap()))
    return plain(symbol, p);
  // int holds every sum and product of narrow operands; in the unsigned type a product could
  // overflow int.
  if (widthOf(type) < 32)
    return cast(cppType(type), binary(arg(0), symbol, arg(1), p));
  return viaUnsigned(symbol, p);
}

Expr Scalar::addition() const {
  auto constant = constantArg(1);
  if (!constant || *constant >= 0 || *constant < -INT32_MAX || isBool(type))
    return wrapping("+", Precedence::Additive);
  // `a - 1` is what one writes for a + (-1).
  Expr lhs = arg(0), amount = literal(-*constant);
  auto flags = llvm::cast<arith::ArithIntegerOverflowFlagsInterface>(op);
  if (type.isIndex() || flags.hasNoSignedWrap())
    return binary(lhs, "-", amount, Precedence::Additive);
  if (widthOf(type) < 32)
    return cast(cppType(type), binary(lhs, "-", amount, Precedence::Additive));
  amount.text += "u";
  return signedResult(binary(unsignedArg(0), "-", amount, Precedence::Additive));
}

Expr Scalar::bitwise(llvm::StringRef symbol, llvm::StringRef logical, Precedence p,
                     Precedence boolean) const {
  bool isXor = symbol == "^";
  auto constant = constantArg(1);
  if (isBool(type)) {
    auto attr = op->getOperand(1).getDefiningOp<arith::ConstantOp>();
    bool isTrue = attr && !llvm::cast<mlir::IntegerAttr>(attr.getValue()).getValue().isZero();
    if (isXor && isTrue)
      return prefix("!", arg(0));
    return binary(arg(0), logical, arg(1), boolean);
  }
  if (isXor && constant == -1)
    return prefix("~", arg(0));
  return binary(arg(0), symbol, arg(1), p);
}

Expr Scalar::unsignedDivision(llvm::StringRef symbol) const {
  if (argsAreNonNegative())
    return plain(symbol, Precedence::Multiplicative);
  return viaUnsigned(symbol, Precedence::Multiplicative);
}

Expr Scalar::ceilDivision(bool isUnsigned) const {
  auto divisor = constantArg(1);
  if (type.isIndex() && argsAreNonNegative() && divisor.value_or(0) > 0) {
    Expr sum = binary(arg(0), "+", literal(*divisor - 1), Precedence::Additive);
    return binary(sum, "/", literal(*divisor), Precedence::Multiplicative);
  }
  if (!isUnsigned)
    return helper(Helper::CeilDiv, cppType(type), {arg(0), arg(1)});
  return cast(cppType(type),
              helper(Helper::CeilDiv, unsignedType(type), {unsignedArg(0), unsignedArg(1)}));
}

Expr Scalar::extremum(llvm::StringRef comparison, bool isUnsigned) const {
  bool wantsGreater = comparison == ">";
  // true is 1 as an unsigned and -1 as a signed number.
  if (isBool(type))
    return wantsGreater == isUnsigned ? binary(arg(0), "||", arg(1), Precedence::LogicalOr)
                                      : binary(arg(0), "&&", arg(1), Precedence::LogicalAnd);
  bool needsCast = isUnsigned && !argsAreNonNegative();
  Expr test = binary(needsCast ? unsignedArg(0) : arg(0), comparison,
                     needsCast ? unsignedArg(1) : arg(1), Precedence::Relational);
  return choice(test, arg(0), arg(1));
}

Expr Scalar::choice(const Expr &condition, Expr yes, const Expr &no) const {
  if (yes.isIntLiteral && no.isIntLiteral && result.isIntOrIndex() && widthOf(result) == 64)
    yes = cast("int64_t", yes);
  return choose(condition, yes, no);
}

Expr Scalar::compareIntegers() const {
  using P = arith::CmpIPredicate;
  P predicate = llvm::cast<arith::CmpIOp>(op).getPredicate();
  auto relation = [&](llvm::StringRef symbol, bool isUnsigned) {
    if (isBool(type)) {
      // bool compares as an unsigned number; signed, true is less than false.
      return isUnsigned ? binary(arg(0), symbol, arg(1), Precedence::Relational)
                        : binary(arg(1), symbol, arg(0), Precedence::Relational);
    }
    if (!isUnsigned || argsAreNonNegative())
      return binary(arg(0), symbol, arg(1), Precedence::Relational);
    return binary(unsignedArg(0), symbol, unsignedArg(1), Precedence::Relational);
  };
  switch (predicate) {
  case P::eq:
    return binary(arg(0), "==", arg(1), Precedence::Equality);
  case P::ne:
    return binary(arg(0), "!=", arg(1), Precedence::Equality);
  case P::slt:
  case P::ult:
    return relation("<", predicate == P::ult);
  case P::sle:
  case P::ule:
    return relation("<=", predicate == P::ule);
  case P::sgt:
  case P::ugt:
    return relation(">", predicate == P::ugt);
  case P::sge:
  case P::uge:
    return relation(">=", predicate == P::uge);
  }
  llvm_unreachable("all predicates are handled");
}

Expr Scalar::carry() const {
  Expr sum = binary(unsignedArg(0), "+", unsignedArg(1), Precedence::Additive);
  return binary(cast(unsignedType(type), sum), "<", unsignedArg(0), Precedence::Relational);
}

Expr Scalar::highProduct(bool isUnsigned) const {
  unsigned width = widthOf(type);
  std::string wide = isUnsigned ? "uint64_t" : "int64_t";
  if (width == 64) {
    Expr lhs = isUnsigned ? unsignedArg(0) : arg(0), rhs = isUnsigned ? unsignedArg(1) : arg(1);
    Expr high = helper(Helper::MulHigh, wide, {lhs, rhs});
    return isUnsigned ? cast(cppType(type), high) : high;
  }
  auto widened = [&](unsigned i) {
    return cast(wide, isUnsigned ? cast(unsignedType(type), arg(i)) : arg(i));
  };
  Expr product = binary(widened(0), "*", widened(1), Precedence::Multiplicative);
  return cast(cppType(type), binary(product, ">>", literal(width), Precedence::Shift));
}
