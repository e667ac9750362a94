//===- Expr.cpp - Expressions with precedence, literals --------------------===//

#include "Expr.h"
#include "CppTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"

using namespace pto;
using namespace pto::cpp;
using llvm::APFloat;
using llvm::StringRef;

std::string cpp::atLeast(const Expr &expr, Precedence least) {
  return expr.precedence >= least ? expr.text : "(" + expr.text + ")";
}

Expr cpp::binary(const Expr &lhs, StringRef op, const Expr &rhs, Precedence precedence) {
  bool isArithmetic =
      precedence == Precedence::Additive || precedence == Precedence::Multiplicative;
  bool isComparison = precedence == Precedence::Equality || precedence == Precedence::Relational;
  // `a && b < c` and `a < b + c` read well; `a & b + c`, `a + b << c` and `a == b < c` do not.
  Precedence left = isArithmetic   ? precedence
                    : isComparison ? Precedence::Shift
                                   : Precedence::Unary;
  if (precedence == Precedence::LogicalAnd || precedence == Precedence::LogicalOr)
    left = lhs.precedence == precedence ? precedence : Precedence::Equality;
  Precedence right = isArithmetic ? Precedence(unsigned(precedence) + 1) : left;
  if (precedence == Precedence::LogicalAnd || precedence == Precedence::LogicalOr)
    right = Precedence::Equality;
  return {atLeast(lhs, left) + " " + op.str() + " " + atLeast(rhs, right), precedence,
          lhs.operators + rhs.operators + 1};
}

Expr cpp::cast(StringRef type, const Expr &operand) {
  return {"(" + type.str() + ")" + atLeast(operand, Precedence::Unary), Precedence::Unary,
          operand.operators + 1};
}

Expr cpp::castToSigned(StringRef type, const Expr &operand) {
  Expr result = cast(type, operand);
  result.unsignedText = operand.text;
  result.unsignedPrecedence = operand.precedence;
  return result;
}

Expr cpp::castToUnsigned(StringRef type, const Expr &operand) {
  if (operand.unsignedText.empty())
    return cast(type, operand);
  return {operand.unsignedText, operand.unsignedPrecedence, operand.operators};
}

Expr cpp::prefix(StringRef op, const Expr &operand) {
  // `--x` would be another operator.
  Precedence least =
      StringRef(operand.text).starts_with(op) ? Precedence::Primary : Precedence::Unary;
  if (least == Precedence::Primary && operand.precedence != Precedence::Primary)
    return {op.str() + "(" + operand.text + ")", Precedence::Unary, operand.operators + 1};
  return {op.str() + atLeast(operand, least), Precedence::Unary, operand.operators + 1};
}

Expr cpp::choose(const Expr &condition, const Expr &yes, const Expr &no) {
  auto arm = [](const Expr &e) { return atLeast(e, Precedence::LogicalOr); };
  return {arm(condition) + " ? " + arm(yes) + " : " + arm(no), Precedence::Ternary,
          condition.operators + yes.operators + no.operators + 1};
}

Expr cpp::call(StringRef function, llvm::ArrayRef<Expr> arguments) {
  Expr result = {function.str() + "(", Precedence::Postfix, 1};
  llvm::interleave(
      arguments,
      [&](const Expr &e) {
        result.text += e.text;
        result.operators += e.operators;
      },
      [&] { result.text += ", "; });
  result.text += ")";
  return result;
}

Expr cpp::literal(int64_t value) {
  // No literal of type int64_t has this value: the minus sign is an operator.
  if (value == INT64_MIN)
    return {"-9223372036854775807 - 1", Precedence::Additive, 0, false};
  bool fits = value >= -INT32_MAX && value <= INT32_MAX;
  return {std::to_string(value), value < 0 ? Precedence::Unary : Precedence::Primary, 0, fits};
}

namespace {
/// The double or float literal that a reader would write for `value`, or empty when decimal digits
/// cannot say it. `literalSemantics` is what the compiler reads (float or double); the value is
/// then converted to its own type.
std::string shortestDecimal(const APFloat &value, const llvm::fltSemantics &literalSemantics) {
  for (unsigned digits = 1; digits <= 17; ++digits) {
    llvm::SmallString<32> text;
    value.toString(text, digits, /*FormatMaxPadding=*/6);
    APFloat read(literalSemantics);
    auto status = read.convertFromString(text, APFloat::rmNearestTiesToEven);
    if (!status) {
      llvm::consumeError(status.takeError());
      continue;
    }
    bool losesInfo;
    read.convert(value.getSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    if (!read.bitwiseIsEqual(value))
      continue;
    StringRef spelled = text;
    // 1e+06 is a double literal as it stands, 16 is not.
    if (!spelled.contains('.') && !spelled.contains_insensitive('e'))
      text += ".0";
    return text.str().lower();
  }
  return "";
}

Expr floatConstant(mlir::FloatAttr attr, bool &usesBitcast) {
  mlir::Type type = attr.getType();
  APFloat value = attr.getValue();
  std::string cType = cppType(type);
  bool isDouble = type.isF64();
  std::string text;
  if (value.isInfinity())
    text = isDouble ? "__builtin_inf()" : "__builtin_inff()";
  else if (value.bitwiseIsEqual(APFloat::getQNaN(value.getSemantics())))
    text = isDouble ? "__builtin_nan(\"\")" : "__builtin_nanf(\"\")";
  else if (value.isNaN()) {
    usesBitcast = true;
    unsigned width = type.getIntOrFloatBitWidth();
    llvm::SmallString<24> bits;
    value.bitcastToAPInt().toString(bits, 16, /*Signed=*/false, /*formatAsCLiteral=*/true);
    return call("ptoas_bitcast<" + cType + ">", {cast("uint" + std::to_string(width) + "_t",
                                                      {bits.str().str(), Precedence::Primary, 0})});
  } else {
    text = shortestDecimal(value, isDouble ? APFloat::IEEEdouble() : APFloat::IEEEsingle());
    assert(!text.empty() && "17 digits say every double");
    text += isDouble ? "" : "f";
  }
  if (value.isInfinity() && value.isNegative())
    text.insert(0, 1, '-');
  bool isNegative = StringRef(text).starts_with("-");
  Expr plain = {text, isNegative ? Precedence::Unary : Precedence::Primary, 0};
  if (type.isF32() || isDouble)
    return plain;
  Expr narrowed = cast(cType, plain);
  narrowed.operators = 0; // still a literal to the reader
  return narrowed;
}
} // namespace

Expr cpp::constant(mlir::TypedAttr attr, bool &usesBitcast) {
  if (auto floating = llvm::dyn_cast<mlir::FloatAttr>(attr))
    return floatConstant(floating, usesBitcast);
  auto integer = llvm::cast<mlir::IntegerAttr>(attr);
  if (integer.getType().isInteger(1))
    return {integer.getValue().isZero() ? "false" : "true", Precedence::Primary, 0};
  return literal(integer.getValue().getSExtValue());
}
