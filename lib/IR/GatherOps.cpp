//===- GatherOps.cpp - Text of tgather and tscatter, room behind scratch ---===//

#include "OperandGroup.h"
#include "Rules.h"

using namespace pto;
using mlir::failure;
using mlir::ParseResult;

namespace {
/// "row" or "col" behind the types of a pattern form; older texts say nothing and mean rows.
template <typename Attr>
ParseResult addAxis(mlir::OpAsmParser &parser, const OperandGroup &ins,
                    mlir::NamedAttrList &attributes) {
  if (ins.word == "col")
    attributes.set("axis", Attr::get(parser.getContext(), AxisKind::COL));
  else if (!ins.word.empty() && ins.word != "row")
    return parser.emitError(ins.at)
           << "expected \"row\" or \"col\", but found \"" << ins.word << '"';
  return mlir::success();
}

std::string patternText(std::optional<MaskPatternKind> pattern) {
  if (!pattern)
    return "";
  return (", {maskPattern = #pto.mask_pattern<" + stringifyMaskPatternKind(*pattern) + ">}").str();
}
llvm::StringRef axisText(std::optional<MaskPatternKind> pattern, AxisKind axis) {
  return pattern ? stringifyAxisKind(axis) : "";
}
} // namespace

//===----------------------------------------------------------------------===//
// tgather: two results say that it compares, a maskPattern that it packs
//===----------------------------------------------------------------------===//

/// 0.41 wrote the pattern behind the brackets, as a clause or among the attributes.
static ParseResult parsePatternClause(mlir::OpAsmParser &parser, mlir::NamedAttrList &attributes) {
  MaskPatternAttr pattern;
  if (mlir::failed(parser.parseOptionalKeyword("maskPattern")))
    return mlir::success();
  return failure(parser.parseEqual() || parser.parseAttribute(pattern, "maskPattern", attributes));
}

ParseResult TGatherOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {1, 3}, outs, {1, 2}) ||
      parsePatternClause(parser, result.attributes))
    return failure();
  size_t inputs = ins.operands.size();
  if (addAxis<GatherAxisAttr>(parser, ins, result.attributes))
    return failure();
  bool compares = outs.operands.size() == 2;
  if (compares && inputs > 1 && !ins.isTile(1))
    return parser.emitError(ins.at, "compares with a tile that holds one integer per row; the "
                                    "library takes no scalar");
  Segments segments(parser, result);
  return failure(segments.add(ins, 0) || segments.add(ins, placeIf(inputs > 1 && !compares, 1)) ||
                 segments.add(ins, placeIf(inputs > 1 && compares, 1)) ||
                 segments.add(ins, placeIf(inputs > 2, 2)) || segments.add(outs, 0) ||
                 segments.add(outs, placeIf(compares, 1)) || segments.finish());
}

void TGatherOp::print(mlir::OpAsmPrinter &printer) {
  printGroup(printer, "ins", {getSrc(), getIndices(), getThresholds(), getTmp()},
             patternText(getMaskPattern()), axisText(getMaskPattern(), getAxis()));
  printGroup(printer, "outs", {getDst(), getCdst()});
  if (getMaskPattern())
    printRest(printer, *this, {"maskPattern", "axis"});
  else
    printRest(printer, *this, {});
}

/// On a3 the comparing form keeps a table of element numbers and the converted thresholds behind
/// tmp (library 5.5). No planner knows of these bytes, so the place of tmp must be the author's.
mlir::LogicalResult TGatherOp::verify() {
  if (!getThresholds() || !getTmp() || archOf(*this) != Arch::A3)
    return mlir::success();
  TileShape src = getSrc().getType().getTileShape(), tmp = getTmp().getType().getTileShape();
  uint64_t behind =
      uint64_t(src.rows) * src.cols * 4 + getThresholds().getType().getTileShape().bytes();
  auto alloc = getTmp().getDefiningOp<AllocTileOp>();
  if (alloc && !alloc.getAddr())
    return emitOpError() << "writes " << behind
                         << " bytes behind tmp on a3, which the planner cannot keep free; place "
                            "the tiles by hand (addr = ..., --pto-level=level3)";
  auto at = alloc ? constantOf(alloc.getAddr()) : std::nullopt;
  uint64_t limit = capacity(Space::Vec, Arch::A3);
  if (at && *at >= 0 && uint64_t(*at) + tmp.bytes() + behind > limit)
    return emitOpError() << "writes " << behind << " bytes behind tmp on a3, which ends at "
                         << uint64_t(*at) + tmp.bytes() << " of " << limit << " bytes";
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// tscatter
//===----------------------------------------------------------------------===//

ParseResult TScatterOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {1, 2}, outs, {1, 1}))
    return failure();
  Segments segments(parser, result);
  return failure(addAxis<ScatterAxisAttr>(parser, ins, result.attributes) || segments.add(ins, 0) ||
                 segments.add(ins, placeIf(ins.operands.size() > 1, 1)) || segments.add(outs, 0) ||
                 segments.finish());
}

void TScatterOp::print(mlir::OpAsmPrinter &printer) {
  printGroup(printer, "ins", {getSrc(), getIndexes()}, patternText(getMaskPattern()),
             axisText(getMaskPattern(), getAxis()));
  printGroup(printer, "outs", {getDst()});
  if (getMaskPattern())
    printRest(printer, *this, {"maskPattern", "axis"});
  else
    printRest(printer, *this, {});
}
