//===- Scalars.cpp - arith operations as expressions -----------------------===//
//
// MLIR's integers have no sign: a value is printed in the signed type of its width, and unsigned
// meaning appears as a cast in the one operation that has it. Where operands cannot be negative the
// cast is left out.
//
//===----------------------------------------------------------------------===//

#include "ScalarForms.h"
#include "llvm/ADT/StringMap.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Type;
namespace arith = mlir::arith;

namespace {
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
      {"arith.mului_extended", {FORM(s.wrapping("*", P::Multiplicative)), false, true}},
      {"builtin.unrealized_conversion_cast", {FORM(cast(cppType(s.result), s.arg(0)))}}};
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

/// The same bits under another sign: how a text joins arith, which knows signless integers only,
/// and operands of unsigned tiles.
static bool isSignCast(Operation *op) {
  if (!llvm::isa<mlir::UnrealizedConversionCastOp>(op) || op->getNumOperands() != 1 ||
      op->getNumResults() != 1)
    return false;
  auto from = llvm::dyn_cast<mlir::IntegerType>(op->getOperand(0).getType());
  auto to = llvm::dyn_cast<mlir::IntegerType>(op->getResult(0).getType());
  return from && to && from.getWidth() == to.getWidth() && elementOf(from) && elementOf(to);
}

bool cpp::isScalarOp(Operation *op) {
  if (isSignCast(op))
    return true;
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
  if (isSignCast(op))
    return "";
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
