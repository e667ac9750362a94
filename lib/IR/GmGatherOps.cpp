//===- GmGatherOps.cpp - Text and checks of mgather and mscatter ------------===//

#include "OperandGroup.h"
#include "Rules.h"

using namespace pto;
using mlir::failure;
using mlir::ParseResult;

namespace {
/// Before 0.60 the shape of the index tile told rows from elements. Adds the attribute when it can
/// be told.
ParseResult inferCoalesce(mlir::OpAsmParser &parser, llvm::SMLoc at, mlir::Type index,
                          mlir::Type data, mlir::NamedAttrList &attributes) {
  if (attributes.get("coalesce"))
    return mlir::success();
  auto idx = llvm::dyn_cast<TileBufType>(index), tile = llvm::dyn_cast<TileBufType>(data);
  bool isRow = false, isElement = false;
  if (idx && tile && idx.getValidRows() >= 0 && idx.getValidCols() >= 0) {
    bool isLine = idx.getBlayout() == BLayout::RowMajor
                      ? idx.getValidRows() == 1 && idx.getValidCols() == tile.getValidRows()
                      : idx.getValidCols() == 1 && idx.getValidRows() == tile.getValidRows();
    isRow = isLine;
    isElement =
        idx.getValidRows() == tile.getValidRows() && idx.getValidCols() == tile.getValidCols();
  }
  if (isRow == isElement)
    return parser.emitError(at, "needs to know whether an index names a row or an element: give "
                                "coalesce = #pto<coalesce row> or #pto<coalesce elem>");
  attributes.set("coalesce", CoalesceAttr::get(parser.getContext(),
                                               isRow ? CoalesceKind::Row : CoalesceKind::Elem));
  return mlir::success();
}

/// The library walks a table in ND only.
mlir::LogicalResult verifyTable(mlir::Operation *op, mlir::Value view) {
  if (auto part = view.getDefiningOp<PartitionViewOp>())
    view = part.getSource();
  auto make = view.getDefiningOp<MakeTensorViewOp>();
  if (!make || !make.getLayout() || *make.getLayout() == LayoutKind::ND)
    return mlir::success();
  return op->emitOpError() << "needs a table of layout nd, but it is "
                           << stringifyLayoutKind(*make.getLayout());
}
} // namespace

ParseResult MGatherOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {2, 3}, outs, {1, 1}))
    return failure();
  if (inferCoalesce(parser, ins.at, ins.types[1], outs.types[0], result.attributes))
    return failure();
  bool inUb = ins.isTile(1);
  Segments segments(parser, result);
  return failure(segments.add(ins, 0) || segments.add(ins, placeIf(inUb, 1)) ||
                 segments.add(ins, placeIf(!inUb, 1)) ||
                 segments.add(ins, placeIf(ins.operands.size() > 2, 2)) || segments.add(outs, 0) ||
                 segments.finish());
}

void MGatherOp::print(mlir::OpAsmPrinter &printer) {
  printGroup(printer, "ins", {getSrc(), getIdx(), getGmIdx(), getScratch()});
  printGroup(printer, "outs", {getDst()});
  printRest(printer, *this, {});
}

mlir::LogicalResult MGatherOp::verify() { return verifyTable(*this, getSrc()); }

ParseResult MScatterOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {2, 2}, outs, {1, 1}))
    return failure();
  Segments segments(parser, result);
  return failure(inferCoalesce(parser, ins.at, ins.types[1], ins.types[0], result.attributes) ||
                 segments.add(ins, 0) || segments.add(ins, 1) || segments.add(outs, 0) ||
                 segments.finish());
}

void MScatterOp::print(mlir::OpAsmPrinter &printer) {
  printGroup(printer, "ins", {getSrc(), getIdx()});
  printGroup(printer, "outs", {getDst()});
  printRest(printer, *this, {});
}

mlir::LogicalResult MScatterOp::verify() { return verifyTable(*this, getDst()); }
