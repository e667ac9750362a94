//===- ScaleOps.cpp - Checks of tget_scale_addr ----------------------------===//

#include "ptoas/IR/Pto.h"

using namespace pto;
using mlir::LogicalResult;
using mlir::Operation;

/// A scale tile has one place: it is bound once, before anything uses it.
LogicalResult TGetScaleAddrOp::verify() {
  mlir::Block *block = (*this)->getBlock();
  for (Operation *user : getDst().getUsers()) {
    if (user == getOperation())
      continue;
    if (auto other = llvm::dyn_cast<TGetScaleAddrOp>(user); other && other.getDst() == getDst()) {
      if (other->getBlock() == block && getOperation()->isBeforeInBlock(other))
        continue; // the other one says it
      auto diagnostic = emitOpError() << "binds a tile for the second time";
      diagnostic.attachNote(user->getLoc()) << "bound here; declare a scale tile per operand";
      return diagnostic;
    }
    Operation *at = block->findAncestorOpInBlock(*user);
    if (at && getOperation()->isBeforeInBlock(at))
      continue;
    auto diagnostic = emitOpError() << "binds a tile that is used elsewhere";
    diagnostic.attachNote(user->getLoc())
        << "here; a use must follow the binding, in its block or inside";
    return diagnostic;
  }
  return mlir::success();
}

mlir::LogicalResult SetQuantScalarOp::verify() {
  static constexpr ElementMask made =
      maskOf(Element::I8) | maskOf(Element::U8) | maskOf(Element::I16) | maskOf(Element::F16) |
      maskOf(Element::BF16) | maskOf(Element::F8E4M3) | maskOf(Element::HIF8);
  auto element = elementOf(getType());
  if (element && (made & maskOf(*element)))
    return mlir::success();
  return emitOpError() << "scales into elements of " << getType()
                       << ", which no push makes; they make i8, ui8, i16, f16, bf16, f8E4M3, hif8";
}
