//===- ScalarForms.h - One arith operation as an expression -----*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_SCALARFORMS_H
#define PTOAS_TARGET_CPP_SCALARFORMS_H

#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace pto::cpp {

inline unsigned widthOf(mlir::Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}
inline bool isBool(mlir::Type type) { return type.isInteger(1); }
inline bool isHalf(mlir::Type type) { return type.isF16() || type.isBF16(); }

/// Prints one operation of arith.
class Scalar {
public:
  Scalar(mlir::Operation *op, const ScalarContext &context)
      : op(op), context(context),
        type(op->getNumOperands() ? op->getOperand(0).getType() : op->getResult(0).getType()),
        result(op->getResult(0).getType()) {}

  Expr arg(unsigned i) const { return context.valueOf(op->getOperand(i)); }
  std::optional<int64_t> constantArg(unsigned i) const {
    return context.constants.fold(op->getOperand(i));
  }
  bool argsAreNonNegative() const {
    return isNonNegative(op->getOperand(0), context.constants) &&
           isNonNegative(op->getOperand(1), context.constants);
  }
  Expr helper(Helper h, llvm::StringRef templateType, llvm::ArrayRef<Expr> args) const {
    return call((context.helpers.use(h) + "<" + templateType + ">").str(), args);
  }

  /// Operand `i` in the unsigned type of its width.
  Expr unsignedArg(unsigned i) const {
    auto constant = constantArg(i);
    if (constant && *constant >= 0 && *constant <= UINT32_MAX)
      return {std::to_string(*constant) + "u", Precedence::Primary, 0};
    return castToUnsigned(unsignedType(type), arg(i));
  }
  /// A result in the unsigned type, back in the signed one. Narrow types compute in int, where bits
  /// may be left over.
  Expr signedResult(const Expr &e) const {
    return widthOf(type) < 32 ? cast(cppType(type), e) : castToSigned(cppType(type), e);
  }
  /// Operand `i`, f16 and bf16 widened to float: the scalar unit has no arithmetic on them.
  Expr floatArg(unsigned i) const { return isHalf(type) ? cast("float", arg(i)) : arg(i); }
  std::string floatType() const { return isHalf(type) ? "float" : cppType(type); }
  /// A float result of floatType(), back in the type of the operation.
  Expr floatResult(Expr e) const { return isHalf(type) ? cast(cppType(type), e) : e; }

  /// `lhs op rhs` in the signed type.
  Expr plain(llvm::StringRef symbol, Precedence p) const {
    Expr lhs = arg(0), rhs = arg(1);
    if (widthOf(type) == 64 && lhs.isIntLiteral && rhs.isIntLiteral)
      lhs = cast("int64_t", lhs);
    return binary(lhs, symbol, rhs, p);
  }
  /// `lhs op rhs` in the unsigned type, as a value of the signed one.
  Expr viaUnsigned(llvm::StringRef symbol, Precedence p) const {
    Expr lhs = constantArg(0) ? cast(unsignedType(type), arg(0)) : unsignedArg(0);
    return signedResult(binary(lhs, symbol, unsignedArg(1), p));
  }
  Expr wrapping(llvm::StringRef symbol, Precedence p) const;
  Expr addition() const;
  Expr bitwise(llvm::StringRef symbol, llvm::StringRef logical, Precedence p,
               Precedence boolean) const;
  Expr shift(llvm::StringRef symbol) const {
    // A literal would shift an int.
    Expr value = castToUnsigned(unsignedType(type), arg(0));
    return signedResult(binary(value, symbol, arg(1), Precedence::Shift));
  }
  Expr unsignedDivision(llvm::StringRef symbol) const;
  Expr ceilDivision(bool isUnsigned) const;
  Expr extremum(llvm::StringRef comparison, bool isUnsigned) const;
  /// `condition ? yes : no`, in 64 bits where the type is: two literals would make it an int.
  Expr choice(const Expr &condition, Expr yes, const Expr &no) const;
  Expr compareIntegers() const;
  Expr compareFloats() const;
  Expr floatBinary(llvm::StringRef symbol, Precedence p) const {
    return floatResult(binary(floatArg(0), symbol, floatArg(1), p));
  }
  Expr floatCall(Helper h) const {
    return floatResult(helper(h, floatType(), {floatArg(0), floatArg(1)}));
  }
  Expr signExtend() const;
  Expr zeroExtend() const;
  Expr truncate() const;
  Expr indexCast(bool isUnsigned) const;
  Expr intToFloat(bool isUnsigned) const;
  Expr floatToInt(bool isUnsigned) const;
  Expr bitcast() const;
  Expr constantValue() const;
  Expr carry() const;
  Expr highProduct(bool isUnsigned) const;

  mlir::Operation *const op;
  const ScalarContext &context;
  const mlir::Type type;   ///< of the first operand
  const mlir::Type result; ///< of the first result
};

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_SCALARFORMS_H
