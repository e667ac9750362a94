//===- Arith.cpp - Scalar arithmetic ---------------------------------------===//

#include "Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
namespace arith = mlir::arith;
using mlir::Operation;

/// Number of ult in arith.cmpi.
static constexpr unsigned compareUnsignedLess = 6;

static std::optional<ArithOp> binaryOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<ArithOp>>(op)
      .Case([](arith::AddIOp) { return ArithOp::AddI; })
      .Case([](arith::SubIOp) { return ArithOp::SubI; })
      .Case([](arith::MulIOp) { return ArithOp::MulI; })
      .Case([](arith::DivSIOp) { return ArithOp::DivSI; })
      .Case([](arith::DivUIOp) { return ArithOp::DivUI; })
      .Case([](arith::RemSIOp) { return ArithOp::RemSI; })
      .Case([](arith::RemUIOp) { return ArithOp::RemUI; })
      .Case([](arith::CeilDivSIOp) { return ArithOp::CeilDivSI; })
      .Case([](arith::CeilDivUIOp) { return ArithOp::CeilDivUI; })
      .Case([](arith::FloorDivSIOp) { return ArithOp::FloorDivSI; })
      .Case([](arith::AndIOp) { return ArithOp::AndI; })
      .Case([](arith::OrIOp) { return ArithOp::OrI; })
      .Case([](arith::XOrIOp) { return ArithOp::XorI; })
      .Case([](arith::ShLIOp) { return ArithOp::ShLI; })
      .Case([](arith::ShRSIOp) { return ArithOp::ShRSI; })
      .Case([](arith::ShRUIOp) { return ArithOp::ShRUI; })
      .Case([](arith::MaxSIOp) { return ArithOp::MaxSI; })
      .Case([](arith::MaxUIOp) { return ArithOp::MaxUI; })
      .Case([](arith::MinSIOp) { return ArithOp::MinSI; })
      .Case([](arith::MinUIOp) { return ArithOp::MinUI; })
      .Case([](arith::AddFOp) { return ArithOp::AddF; })
      .Case([](arith::SubFOp) { return ArithOp::SubF; })
      .Case([](arith::MulFOp) { return ArithOp::MulF; })
      .Case([](arith::DivFOp) { return ArithOp::DivF; })
      .Case([](arith::RemFOp) { return ArithOp::RemF; })
      .Case([](arith::MaximumFOp) { return ArithOp::MaximumF; })
      .Case([](arith::MinimumFOp) { return ArithOp::MinimumF; })
      .Case([](arith::MaxNumFOp) { return ArithOp::MaxNumF; })
      .Case([](arith::MinNumFOp) { return ArithOp::MinNumF; })
      .Case([](arith::NegFOp) { return ArithOp::NegF; })
      .Default([](Operation *) { return std::nullopt; });
}

static std::optional<CastOp> castOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<CastOp>>(op)
      .Case([](arith::ExtSIOp) { return CastOp::ExtSI; })
      .Case([](arith::ExtUIOp) { return CastOp::ExtUI; })
      .Case([](arith::TruncIOp) { return CastOp::TruncI; })
      .Case([](arith::ExtFOp) { return CastOp::ExtF; })
      .Case([](arith::TruncFOp) { return CastOp::TruncF; })
      .Case([](arith::SIToFPOp) { return CastOp::SIToFP; })
      .Case([](arith::UIToFPOp) { return CastOp::UIToFP; })
      .Case([](arith::FPToSIOp) { return CastOp::FPToSI; })
      .Case([](arith::FPToUIOp) { return CastOp::FPToUI; })
      .Case([](arith::IndexCastOp) { return CastOp::IndexCast; })
      .Case([](arith::IndexCastUIOp) { return CastOp::IndexCastUI; })
      .Case([](arith::BitcastOp) { return CastOp::Bitcast; })
      .Case([](mlir::UnrealizedConversionCastOp) { return CastOp::TruncI; }) // another sign
      .Default([](Operation *) { return std::nullopt; });
}

bool Lowering::lowerArith(Operation *op) {
  if (auto constant = llvm::dyn_cast<arith::ConstantOp>(op))
    return lowerConstant(constant), true;
  if (auto select = llvm::dyn_cast<arith::SelectOp>(op))
    return lowerSelect(select), true;
  if (auto compare = llvm::dyn_cast<arith::CmpIOp>(op)) {
    if (auto type = element(op, compare.getLhs().getType()))
      define(compare, builder.compareI(unsigned(compare.getPredicate()), *type,
                                       word(compare.getLhs()), word(compare.getRhs())));
    return true;
  }
  if (auto compare = llvm::dyn_cast<arith::CmpFOp>(op)) {
    if (element(op, compare.getLhs().getType()))
      define(compare, builder.compareF(unsigned(compare.getPredicate()), word(compare.getLhs()),
                                       word(compare.getRhs())));
    return true;
  }
  return lowerArithBinary(op) || lowerArithCast(op) || lowerExtended(op);
}

bool Lowering::lowerArithBinary(Operation *op) {
  std::optional<ArithOp> kind = binaryOf(op);
  if (!kind)
    return false;
  if (auto type = element(op, op->getResult(0).getType()))
    define(op->getResult(0),
           builder.arith(*kind, *type, word(op->getOperand(0)),
                         op->getNumOperands() > 1 ? word(op->getOperand(1)) : none));
  return true;
}

bool Lowering::lowerArithCast(Operation *op) {
  std::optional<CastOp> kind = castOf(op);
  if (!kind || op->getNumOperands() != 1 || op->getNumResults() != 1)
    return false;
  auto from = element(op, op->getOperand(0).getType());
  auto to = element(op, op->getResult(0).getType());
  if (from && to)
    define(op->getResult(0), builder.cast(*kind, *from, *to, word(op->getOperand(0))));
  return true;
}

void Lowering::lowerConstant(arith::ConstantOp op) {
  if (isExecutedCounts(op.getType()))
    return; // nothing reads them
  std::optional<Element> type = element(op, op.getType());
  if (!type)
    return;
  if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(op.getValue())) {
    // Words keep i1 as 0 or 1 and every other signless integer sign-extended.
    const llvm::APInt &value = integer.getValue();
    define(op, builder.constant(*type == Element::I1 ? int64_t(value.getZExtValue())
                                                     : value.getSExtValue()));
    return;
  }
  llvm::APFloat value = llvm::cast<mlir::FloatAttr>(op.getValue()).getValue();
  bool inexact;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  define(op, builder.constantFloat(value.convertToDouble()));
}

void Lowering::lowerSelect(arith::SelectOp op) {
  Binding left = get(op.getTrueValue()), right = get(op.getFalseValue());
  Register condition = word(op.getCondition());
  if (left.kind == Binding::Word)
    return define(op, builder.select(condition, left.id, right.id));
  // Tiles and views are variables of their own: branch around a copy.
  Binding result = fresh(op, op.getType());
  Label then = builder.newLabel(), end = builder.newLabel();
  builder.jumpIf(condition, then);
  assign(op, result, right);
  builder.jump(end);
  builder.place(then);
  assign(op, result, left);
  builder.place(end);
  bind(op, result);
}

//===----------------------------------------------------------------------===//
// Results of twice the width
//===----------------------------------------------------------------------===//

bool Lowering::lowerExtended(Operation *op) {
  if (!llvm::isa<arith::AddUIExtendedOp, arith::MulSIExtendedOp, arith::MulUIExtendedOp>(op))
    return false;
  std::optional<Element> type = element(op, op->getOperand(0).getType());
  if (!type)
    return true;
  Register a = word(op->getOperand(0)), b = word(op->getOperand(1));
  if (llvm::isa<arith::AddUIExtendedOp>(op)) {
    Register sum = builder.arith(ArithOp::AddI, *type, a, b);
    define(op->getResult(0), sum);
    define(op->getResult(1), builder.compareI(compareUnsignedLess, *type, sum, a));
    return true;
  }
  define(op->getResult(0), builder.arith(ArithOp::MulI, *type, a, b));
  define(op->getResult(1), highProduct(*type, llvm::isa<arith::MulSIExtendedOp>(op), a, b));
  return true;
}

/// The upper half of a product.
Register Lowering::highProduct(Element type, bool isSigned, Register a, Register b) {
  auto i64 = [&](ArithOp op, Register x, Register y) {
    return builder.arith(op, Element::I64, x, y);
  };
  if (type != Element::I64 && type != Element::Index) {
    CastOp extend = isSigned ? CastOp::ExtSI : CastOp::ExtUI;
    Register product = i64(ArithOp::MulI, builder.cast(extend, type, Element::I64, a),
                           builder.cast(extend, type, Element::I64, b));
    Register width = builder.constant(type == Element::I1 ? 1 : 8 * bytesOf(type));
    return builder.cast(CastOp::TruncI, Element::I64, type, i64(ArithOp::ShRUI, product, width));
  }
  // Schoolbook in 32-bit digits.
  Register half = builder.constant(32), mask = builder.constant(0xffffffff);
  auto low = [&](Register x) { return i64(ArithOp::AndI, x, mask); };
  auto high = [&](Register x) { return i64(ArithOp::ShRUI, x, half); };
  Register a0 = low(a), a1 = high(a), b0 = low(b), b1 = high(b);
  Register cross = i64(ArithOp::AddI, i64(ArithOp::MulI, a1, b0), high(i64(ArithOp::MulI, a0, b0)));
  Register other = i64(ArithOp::AddI, i64(ArithOp::MulI, a0, b1), low(cross));
  Register result =
      i64(ArithOp::AddI, i64(ArithOp::MulI, a1, b1), i64(ArithOp::AddI, high(cross), high(other)));
  if (!isSigned)
    return result;
  // A negative factor x stands for x - 2^64 where the unsigned product took x.
  Register sign = builder.constant(63);
  auto correction = [&](Register x, Register y) {
    return i64(ArithOp::AndI, i64(ArithOp::ShRSI, x, sign), y);
  };
  return i64(ArithOp::SubI, i64(ArithOp::SubI, result, correction(a, b)), correction(b, a));
}
