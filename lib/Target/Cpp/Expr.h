//===- Expr.h - Expressions with precedence ---------------------*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_EXPR_H
#define PTOAS_TARGET_CPP_EXPR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace pto::cpp {

/// How tightly C++ binds the outermost operator, loosest first.
enum class Precedence : uint8_t {
  Ternary,
  LogicalOr,
  LogicalAnd,
  BitOr,
  BitXor,
  BitAnd,
  Equality,
  Relational,
  Shift,
  Additive,
  Multiplicative,
  Unary, ///< casts and negative literals too
  Postfix,
  Primary
};

/// A printed expression. `operators` bounds how much is written into one line.
struct Expr {
  std::string text;
  Precedence precedence = Precedence::Primary;
  unsigned operators = 0;
  /// A literal of type int, whatever the type of the value: arithmetic on two of them is done in 32
  /// bits.
  bool isIntLiteral = false;
  /// The value in the unsigned type of its width, when the text is no more than a cast of it to the
  /// signed one.
  std::string unsignedText = "";
  Precedence unsignedPrecedence = Precedence::Primary;

  bool isAtom() const { return operators == 0; }
};

/// `expr` as an operand of an operator that binds like `least`.
std::string atLeast(const Expr &expr, Precedence least);
/// `lhs op rhs`, left associative. Operands of bit operations, shifts and logic get parentheses
/// wherever a reader (or -Wparentheses) would have to think.
Expr binary(const Expr &lhs, llvm::StringRef op, const Expr &rhs, Precedence precedence);
/// `(type)operand`
Expr cast(llvm::StringRef type, const Expr &operand);
/// `(type)operand` for the signed and the unsigned integer type of one width, 32 or 64: a cast to
/// and fro cancels.
Expr castToSigned(llvm::StringRef type, const Expr &operand);
Expr castToUnsigned(llvm::StringRef type, const Expr &operand);
Expr prefix(llvm::StringRef op, const Expr &operand);
Expr choose(const Expr &condition, const Expr &yes, const Expr &no);
/// `function(a, b)`
Expr call(llvm::StringRef function, llvm::ArrayRef<Expr> arguments);
Expr literal(int64_t value);

/// A literal that has exactly the value of `attr` after conversion to its type; half and bfloat16_t
/// literals carry their cast. `usesBitcast` is set when only ptoas_bitcast can make the value (a
/// NaN with a payload).
Expr constant(mlir::TypedAttr attr, bool &usesBitcast);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_EXPR_H
