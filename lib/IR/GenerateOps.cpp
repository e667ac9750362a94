//===- GenerateOps.cpp - Text and checks of tci and thistogram --------------===//

#include "OperandGroup.h"
#include "Rules.h"

using namespace pto;
using mlir::failure;
using mlir::ParseResult;

//===----------------------------------------------------------------------===//
// tci: 0.41 wrote its attribute inside the brackets
//===----------------------------------------------------------------------===//

ParseResult TCiOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {1, 2}, outs, {1, 1}))
    return failure();
  Segments segments(parser, result);
  return failure(segments.add(ins, 0) || segments.add(ins, placeIf(ins.operands.size() > 1, 1)) ||
                 segments.add(outs, 0) || segments.finish());
}

void TCiOp::print(mlir::OpAsmPrinter &printer) {
  printGroup(printer, "ins", {getS(), getTmp()});
  printGroup(printer, "outs", {getDst()});
  printRest(printer, *this, {});
}

/// The library's form with a scratch tile on a3 (library 3.12).
mlir::LogicalResult TCiOp::verify() {
  if (getTmp() && archOf(*this) == Arch::A3 && getDescending() && constantOf(getS()) != 0)
    return emitOpError() << "counts down from -S on a3 when it has a scratch tile, which is right "
                            "only for S = 0; leave tmp out";
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// thistogram: 0.41 wrote isMSB for byte 1 and byte 0
//===----------------------------------------------------------------------===//

ParseResult THistogramOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {2, 2}, outs, {1, 1}))
    return failure();
  if (mlir::Attribute old = result.attributes.get("isMSB")) {
    auto flag = llvm::dyn_cast<mlir::BoolAttr>(old);
    auto byte = llvm::dyn_cast_or_null<mlir::IntegerAttr>(result.attributes.get("byte"));
    if (!flag || (byte && byte.getInt() != flag.getValue()))
      return parser.emitError(ins.at, "isMSB contradicts byte; give byte alone");
    result.attributes.erase("isMSB");
    result.attributes.set("byte", parser.getBuilder().getI32IntegerAttr(flag.getValue()));
  }
  Segments segments(parser, result);
  return failure(segments.add(ins, 0) || segments.add(ins, 1) || segments.add(outs, 0) ||
                 segments.finish());
}

void THistogramOp::print(mlir::OpAsmPrinter &printer) {
  printGroup(printer, "ins", {getSrc(), getIdx()});
  printGroup(printer, "outs", {getDst()});
  printRest(printer, *this, {});
}
