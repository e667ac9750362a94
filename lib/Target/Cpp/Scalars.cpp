//===- Scalars.cpp - arith operations as expressions -----------------------===//
//
// MLIR's integers have no sign: a value is printed in the signed type of its width, and unsigned
// meaning appears as a cast in the one operation that has it. Where operands cannot be negative the
// cast is left out.
//
//===----------------------------------------------------------------------===//

#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringMap.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Type;
using mlir::Value;
namespace arith = mlir::arith;

namespace {
unsigned widthOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }
bool isBool(Type type) { return type.isInteger(1); }
bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

/// Prints one operation.
class Scalar {
public:
  Scalar(Operation *op, const ScalarContext &context)
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

  Operation *const op;
  const ScalarContext &context;
  const Type type;   ///< of the first operand
  const Type result; ///< of the first result
};

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Expr Scalar::wrapping(llvm::StringRef symbol, Precedence p) const {
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

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

struct Form {
  Expr (*print)(const Scalar &);
  bool onBool = false; ///< i1 operands have a C++ form too
  bool readsTwice = false;
};

using P = Precedence;
#define FORM(expression) [](const Scalar &s) -> Expr { return expression; }

const llvm::StringMap<Form> &forms() {
  static const llvm::StringMap<Form> table = {
      {"arith.constant", {FORM(s.constantValue()), true}},
      // i1 adds and subtracts as exclusive or, and multiplies as and.
      {"arith.addi", {FORM(isBool(s.type) ? s.plain("!=", P::Equality) : s.addition()), true}},
      {"arith.subi",
       {FORM(isBool(s.type) ? s.plain("!=", P::Equality) : s.wrapping("-", P::Additive)), true}},
      {"arith.muli",
       {FORM(isBool(s.type) ? s.plain("&&", P::LogicalAnd) : s.wrapping("*", P::Multiplicative)),
        true}},
      {"arith.divsi", {FORM(s.plain("/", P::Multiplicative))}},
      {"arith.remsi", {FORM(s.plain("%", P::Multiplicative))}},
      {"arith.divui", {FORM(s.unsignedDivision("/"))}},
      {"arith.remui", {FORM(s.unsignedDivision("%"))}},
      {"arith.ceildivsi", {FORM(s.ceilDivision(false))}},
      {"arith.ceildivui", {FORM(s.ceilDivision(true))}},
      {"arith.floordivsi",
       {FORM(s.argsAreNonNegative()
                 ? s.plain("/", P::Multiplicative)
                 : s.helper(Helper::FloorDiv, cppType(s.type), {s.arg(0), s.arg(1)}))}},
      {"arith.andi", {FORM(s.bitwise("&", "&&", P::BitAnd, P::LogicalAnd)), true}},
      {"arith.ori", {FORM(s.bitwise("|", "||", P::BitOr, P::LogicalOr)), true}},
      {"arith.xori", {FORM(s.bitwise("^", "!=", P::BitXor, P::Equality)), true}},
      {"arith.shli", {FORM(s.shift("<<"))}},
      {"arith.shrsi", {FORM(s.plain(">>", P::Shift))}},
      {"arith.shrui", {FORM(s.shift(">>"))}},
      {"arith.maxsi", {FORM(s.extremum(">", false)), true, true}},
      {"arith.minsi", {FORM(s.extremum("<", false)), true, true}},
      {"arith.maxui", {FORM(s.extremum(">", true)), true, true}},
      {"arith.minui", {FORM(s.extremum("<", true)), true, true}},
      {"arith.cmpi", {FORM(s.compareIntegers()), true}},
      {"arith.select", {FORM(s.choice(s.arg(0), s.arg(1), s.arg(2))), true}},
      {"arith.addf", {FORM(s.floatBinary("+", P::Additive))}},
      {"arith.subf", {FORM(s.floatBinary("-", P::Additive))}},
      {"arith.mulf", {FORM(s.floatBinary("*", P::Multiplicative))}},
      {"arith.divf", {FORM(s.floatBinary("/", P::Multiplicative))}},
      {"arith.remf", {FORM(s.floatCall(Helper::Remainder))}},
      {"arith.negf", {FORM(s.floatResult(prefix("-", s.floatArg(0))))}},
      {"arith.maximumf", {FORM(s.floatCall(Helper::Maximum))}},
      {"arith.minimumf", {FORM(s.floatCall(Helper::Minimum))}},
      {"arith.maxnumf", {FORM(s.floatCall(Helper::MaxNum))}},
      {"arith.minnumf", {FORM(s.floatCall(Helper::MinNum))}},
      {"arith.cmpf", {FORM(s.compareFloats()), false, true}},
      {"arith.extsi", {FORM(s.signExtend()), true}},
      {"arith.extui", {FORM(s.zeroExtend()), true}},
      {"arith.trunci", {FORM(s.truncate())}},
      {"arith.index_cast", {FORM(s.indexCast(false)), true}},
      {"arith.index_castui", {FORM(s.indexCast(true)), true}},
      {"arith.sitofp", {FORM(s.intToFloat(false)), true}},
      {"arith.uitofp", {FORM(s.intToFloat(true)), true}},
      {"arith.fptosi", {FORM(s.floatToInt(false))}},
      {"arith.fptoui", {FORM(s.floatToInt(true))}},
      {"arith.extf", {FORM(cast(cppType(s.result), s.result.isF64() ? s.floatArg(0) : s.arg(0)))}},
      {"arith.truncf", {FORM(cast(cppType(s.result), s.arg(0)))}},
      {"arith.bitcast", {FORM(s.bitcast()), true}},
      {"arith.addui_extended", {FORM(s.viaUnsigned("+", P::Additive)), false, true}},
      {"arith.mulsi_extended", {FORM(s.wrapping("*", P::Multiplicative)), false, true}},
      {"arith.mului_extended", {FORM(s.wrapping("*", P::Multiplicative)), false, true}}};
  return table;
}
#undef FORM

const Form *findForm(Operation *op) {
  auto it = forms().find(op->getName().getStringRef());
  return it == forms().end() ? nullptr : &it->second;
}

/// Conversions that no C++ cast rounds correctly, and roundings that it does not know.
std::string conversionProblem(Operation *op) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  bool isFromInteger = llvm::isa<arith::SIToFPOp, arith::UIToFPOp>(op);
  if (to.isBF16() && ((isFromInteger && widthOf(from) > 16) || from.isF64()))
    return "would be rounded twice on the way to bf16; convert to f32 first, where the rounding is "
           "yours";
  if (isHalf(from) && isHalf(to) && from != to)
    return "converts between f16 and bf16 directly; convert to f32 first";
  auto truncation = llvm::dyn_cast<arith::TruncFOp>(op);
  if (truncation && truncation.getRoundingmode().value_or(arith::RoundingMode::to_nearest_even) !=
                        arith::RoundingMode::to_nearest_even)
    return "rounds in a way that C++ casts cannot; only to_nearest_even has a C++ form";
  return "";
}
} // namespace

bool cpp::isCountsConstant(Operation *op) {
  return llvm::isa<arith::ConstantOp>(op) && isExecutedCounts(op->getResult(0).getType());
}

bool cpp::isScalarOp(Operation *op) {
  return llvm::isa_and_present<arith::ArithDialect>(op->getDialect()) && !isCountsConstant(op);
}

bool cpp::readsOperandsTwice(Operation *op) {
  const Form *form = isScalarOp(op) ? findForm(op) : nullptr;
  return form && form->readsTwice;
}

std::string cpp::scalarProblem(Operation *op) {
  const Form *form = findForm(op);
  if (!form)
    return "has no C++ form";
  auto isPrintable = [&](Type type) {
    auto element = elementOf(type);
    return element && !isLowPrecision(*element) &&
           !(llvm::isa<mlir::IntegerType>(type) && !type.isSignlessInteger());
  };
  // A choice is the one operation that also takes pointers and tiles.
  if (llvm::isa<arith::SelectOp>(op)) {
    if (!isBool(op->getOperand(0).getType()))
      return "has no C++ form for a vector of conditions";
    if (cppType(op->getResult(0).getType()).empty())
      return "chooses between values that cannot be C++ variables; choose between pointers, and "
             "make the view where it is used";
    return "";
  }
  for (Type type : llvm::concat<Type>(op->getOperandTypes(), op->getResultTypes()))
    if (!isPrintable(type)) {
      std::string text;
      llvm::raw_string_ostream(text) << "has no C++ form for " << type;
      return text;
    }
  bool isFloatToBool =
      llvm::isa<arith::FPToSIOp, arith::FPToUIOp>(op) && isBool(op->getResult(0).getType());
  if (!form->onBool &&
      ((op->getNumOperands() && isBool(op->getOperand(0).getType())) || isFloatToBool))
    return "has no C++ form for i1";
  return op->getNumOperands() == 1 ? conversionProblem(op) : "";
}

llvm::SmallVector<Expr> cpp::scalarExpr(Operation *op, const ScalarContext &context) {
  Scalar scalar(op, context);
  llvm::SmallVector<Expr> results = {findForm(op)->print(scalar)};
  if (llvm::isa<arith::AddUIExtendedOp>(op))
    results.push_back(scalar.carry());
  else if (op->getNumResults() == 2)
    results.push_back(scalar.highProduct(llvm::isa<arith::MulUIExtendedOp>(op)));
  return results;
}
