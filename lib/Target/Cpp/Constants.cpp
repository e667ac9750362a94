//===- Constants.cpp - What is known about integers ------------------------===//

#include "Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Value;
namespace arith = mlir::arith;

namespace {
unsigned widthOf(mlir::Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }
} // namespace

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

std::optional<int64_t> ConstantFolder::fold(mlir::Value value) { return fold(value, 0); }

std::optional<int64_t> ConstantFolder::fold(mlir::Value value, unsigned depth) {
  auto it = known.find(value);
  if (it != known.end())
    return it->second;
  auto result = compute(value, depth);
  known[value] = result;
  return result;
}

std::optional<int64_t> ConstantFolder::compute(mlir::Value value, unsigned depth) {
  constexpr unsigned deepest = 64; // what is deeper stays an expression
  mlir::Operation *op = value.getDefiningOp();
  if (!op || depth > deepest || !value.getType().isIntOrIndex() || value.getType().isInteger(1))
    return std::nullopt;
  if (auto constant = llvm::dyn_cast<arith::ConstantOp>(op)) {
    auto integer = llvm::dyn_cast<mlir::IntegerAttr>(constant.getValue());
    return integer ? integer.getValue().trySExtValue() : std::nullopt;
  }
  if (llvm::isa<arith::IndexCastOp, arith::ExtSIOp>(op)) {
    auto operand = fold(op->getOperand(0), depth + 1);
    // A cast that drops bits is left to the C++ compiler.
    return operand && llvm::isIntN(widthOf(value.getType()), *operand) ? operand : std::nullopt;
  }
  // Only the 64-bit types: narrower ones would have to wrap at their width.
  if (!value.getType().isIndex() && !value.getType().isInteger(64))
    return std::nullopt;
  if (!llvm::isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return std::nullopt;
  auto lhs = fold(op->getOperand(0), depth + 1), rhs = fold(op->getOperand(1), depth + 1);
  if (!lhs || !rhs)
    return std::nullopt;
  uint64_t a = *lhs, b = *rhs;
  if (llvm::isa<arith::AddIOp>(op))
    return int64_t(a + b);
  return llvm::isa<arith::SubIOp>(op) ? int64_t(a - b) : int64_t(a * b);
}

//===----------------------------------------------------------------------===//
// Signs
//===----------------------------------------------------------------------===//

namespace {
bool isNonNegative(Value value, ConstantFolder &constants, unsigned depth) {
  if (auto constant = constants.fold(value))
    return *constant >= 0;
  // What is longer than this is rare in index arithmetic; giving up costs a cast.
  constexpr unsigned deepest = 8;
  if (depth > deepest)
    return false;
  auto operand = [&](unsigned i) {
    return isNonNegative(value.getDefiningOp()->getOperand(i), constants, depth + 1);
  };
  if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(value)) {
    auto loop = llvm::dyn_cast<mlir::scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && loop.getInductionVar() == value && !loop.getUnsignedCmp() &&
           isNonNegative(loop.getLowerBound(), constants, depth + 1);
  }
  bool isIndex = value.getType().isIndex();
  return llvm::TypeSwitch<Operation *, bool>(value.getDefiningOp())
      // Index arithmetic does not overflow (Cpp.h); narrower types wrap.
      .Case<arith::AddIOp, arith::MulIOp>([&](auto) { return isIndex && operand(0) && operand(1); })
      .Case<arith::DivSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp, arith::MinSIOp>(
          [&](auto) { return operand(0) && operand(1); })
      .Case<arith::RemSIOp, arith::ShRSIOp, arith::DivUIOp>([&](auto) { return operand(0); })
      .Case<arith::MaxSIOp, arith::AndIOp>([&](auto) { return operand(0) || operand(1); })
      .Case<arith::RemUIOp, arith::MinUIOp>([&](auto) { return operand(1); })
      .Case<arith::SelectOp>([&](auto) { return operand(1) && operand(2); })
      .Case<arith::IndexCastOp>([&](arith::IndexCastOp cast) {
        return widthOf(cast.getIn().getType()) <= widthOf(value.getType()) && operand(0);
      })
      .Case<arith::ExtUIOp>([](auto) { return true; })
      .Default([](Operation *) { return false; });
}
} // namespace

bool cpp::isNonNegative(Value value, ConstantFolder &constants) {
  return ::isNonNegative(value, constants, 0);
}
