//===- SortOps.cpp - Text of tmrgsort --------------------------------------===//

#include "OperandGroup.h"

using namespace pto;
using mlir::failure;
using mlir::ParseResult;

// A list of counts behind the result says that whole lists are merged: two to four of them, then
// the scratch tile unless `no_tmp` stands there.
ParseResult TMrgSortOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  OperandGroup ins, outs;
  if (parseGroups(parser, result, ins, {2, 5}, outs, {1, 2}))
    return failure();
  // What is printed always says it; what is the default is not stored.
  if (auto flag = llvm::dyn_cast_or_null<mlir::BoolAttr>(result.attributes.get("exhausted"));
      flag && !flag.getValue())
    result.attributes.erase("exhausted");
  size_t inputs = ins.operands.size();
  bool merges = outs.operands.size() == 2;
  size_t lists = merges ? inputs - (ins.noScratch ? 0 : 1) : 1;
  if (merges ? lists < 2 || lists > 4 : inputs != 2)
    return parser.emitError(ins.at)
           << "takes "
           << (merges ? "two to four lists and a scratch tile" : "a list and a block length")
           << " in ins(...), but has " << inputs << " operands";
  Segments segments(parser, result);
  return failure(
      segments.add(ins, 0) || segments.add(ins, placeIf(lists > 1, 1)) ||
      segments.add(ins, placeIf(lists > 2, 2)) || segments.add(ins, placeIf(lists > 3, 3)) ||
      segments.add(ins, placeIf(!merges, 1)) ||
      segments.add(ins, placeIf(merges && !ins.noScratch, lists)) || segments.add(outs, 0) ||
      segments.add(outs, placeIf(merges, 1)) || segments.finish());
}

void TMrgSortOp::print(mlir::OpAsmPrinter &printer) {
  bool merges = bool(getExcuted());
  std::string attributes = merges ? " {exhausted = " : "";
  if (merges)
    attributes = (getTmp() ? "" : " no_tmp") + attributes + (getExhausted() ? "true}" : "false}");
  printGroup(printer, "ins", {getSrc(), getSrc1(), getSrc2(), getSrc3(), getBlockLen(), getTmp()},
             attributes);
  printGroup(printer, "outs", {getDst(), getExcuted()});
  printRest(printer, *this, {"exhausted"});
}
