//===- ScalarOps.cpp - Text and checks of pointers as numbers and variables ===//

#include "Rules.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "ptoas/Support/PrintFormat.h"

using namespace pto;
using mlir::LogicalResult;
using mlir::Operation;

LogicalResult CastPtrOp::verify() {
  auto from = llvm::dyn_cast<PtrType>(getSource().getType()),
       to = llvm::dyn_cast<PtrType>(getResult().getType());
  if (!from && !to)
    return emitOpError() << "makes " << getResult().getType() << " of " << getSource().getType()
                         << ", and neither is a pointer; use arith for numbers";
  if (from && to && from.getSpace() != to.getSpace())
    return emitOpError() << "makes a pointer into " << name(to.getSpace()) << " of one into "
                         << name(from.getSpace()) << "; a pointer stays in its memory";
  mlir::Type number = from ? getResult().getType() : getSource().getType();
  if (!(from && to) && !number.isInteger(64))
    return emitOpError() << "has an address of type " << number << "; addresses have 64 bits";
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

/// Constant indices lie inside; the others are for run time.
static LogicalResult verifyIndices(Operation *op, mlir::ValueRange indices,
                                   llvm::ArrayRef<int64_t> extents) {
  if (indices.size() != extents.size())
    return op->emitOpError() << "has " << indices.size() << " indices for an array of "
                             << extents.size() << " dimensions";
  for (auto [i, index, extent] : llvm::enumerate(indices, extents)) {
    auto constant = constantOf(index);
    if (constant && (*constant < 0 || *constant >= extent))
      return op->emitOpError() << "has index " << *constant << " in dimension " << i
                               << ", whose extent is " << extent;
  }
  return mlir::success();
}

static LogicalResult verifyLocalArray(Operation *op, LocalArrayType array, mlir::ValueRange indices,
                                      mlir::Type value) {
  if (value != array.getElementType())
    return op->emitOpError() << "has a value of type " << value << ", but the array holds "
                             << array.getElementType();
  return verifyIndices(op, indices, array.getShape());
}

LogicalResult LocalArrayGetOp::verify() {
  return verifyLocalArray(*this, getArray().getType(), getIndices(), getValue().getType());
}
LogicalResult LocalArraySetOp::verify() {
  return verifyLocalArray(*this, getArray().getType(), getIndices(), getValue().getType());
}
LogicalResult EventIdArrayGetOp::verify() {
  return verifyIndices(*this, getIndex(), getArray().getType().getSize());
}
LogicalResult EventIdArraySetOp::verify() {
  return verifyIndices(*this, getIndex(), getArray().getType().getSize());
}

static LogicalResult verifyField(Operation *op, mlir::Value structure, llvm::ArrayRef<int64_t> path,
                                 mlir::Type value) {
  if (!structure.getDefiningOp<DeclareStructOp>())
    return op->emitOpError() << "takes a struct that no pto.declare_struct makes; a struct stays "
                                "in the function that declares it";
  auto type = llvm::cast<StructType>(structure.getType());
  mlir::Type field = type.at(path);
  auto inner = llvm::dyn_cast_if_present<StructType>(field);
  std::string list;
  llvm::raw_string_ostream os(list);
  llvm::interleaveComma(path, os);
  if (!field || inner)
    return op->emitOpError() << "has the path [" << list << "], which "
                             << (inner ? "ends on a struct; go on to a number in it"
                                       : "leaves the struct");
  if (field != value)
    return op->emitOpError() << "has a value of type " << value << ", but the field is " << field;
  return mlir::success();
}

LogicalResult StructGetOp::verify() {
  return verifyField(*this, getStructure(), getPath(), getValue().getType());
}
LogicalResult StructSetOp::verify() {
  return verifyField(*this, getStructure(), getPath(), getValue().getType());
}

//===----------------------------------------------------------------------===//
// tprint
//===----------------------------------------------------------------------===//

mlir::ParseResult TPrintOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  llvm::SmallVector<mlir::OpAsmParser::UnresolvedOperand, 2> operands;
  llvm::SmallVector<mlir::Type, 2> types;
  auto at = parser.getCurrentLocation();
  if (parser.parseKeyword("ins") || parser.parseLParen() || parser.parseOperandList(operands) ||
      parser.parseColonTypeList(types) || parser.parseRParen())
    return mlir::failure();
  if (operands.empty() || operands.size() > 2)
    return parser.emitError(at, "expected what is printed and perhaps a scratch view, but got ")
           << operands.size() << " operands";
  if (parser.parseOptionalAttrDict(result.attributes) ||
      parser.resolveOperands(operands, types, at, result.operands))
    return mlir::failure();
  llvm::StringRef name = getPrintFormatAttrName(result.name);
  auto number = llvm::dyn_cast_if_present<mlir::IntegerAttr>(result.attributes.get(name));
  if (!number)
    return mlir::success();
  auto kind = symbolizePrintFormatKind(uint32_t(number.getInt()));
  if (!kind)
    return parser.emitError(at, "unknown printFormat ") << number.getInt() << "; it is 0, 1 or 2";
  result.attributes.set(name, PrintFormatAttr::get(parser.getContext(), *kind));
  return mlir::success();
}

void TPrintOp::print(mlir::OpAsmPrinter &printer) {
  printer << " ins(" << getOperands() << " : " << getOperandTypes() << ')';
  llvm::SmallVector<llvm::StringRef, 1> elided;
  if (getPrintFormat() == PrintFormatKind::Width8_Precision4)
    elided.push_back(getPrintFormatAttrName());
  printer.printOptionalAttrDict((*this)->getAttrs(), elided);
}

//===----------------------------------------------------------------------===//
// print
//===----------------------------------------------------------------------===//

LogicalResult PrintOp::verify() {
  mlir::Type type = getScalar().getType();
  llvm::StringRef format = getFormat();
  auto conversions = findConversions(format);
  if (!conversions)
    return emitOpError() << "has the format \"" << format
                         << "\" with a conversion that is none of %d %i %u %x %X %o %c %f %F %e "
                            "%E %g %G %a %A, or takes a width from another argument";
  if (format.empty())
    return mlir::success();
  if (conversions->size() != 1)
    return emitOpError() << "has the format \"" << format << "\" with " << conversions->size()
                         << " conversions for one number; write one operation per number";
  bool wantsFloat = conversions->front().isFloat, isFloat = llvm::isa<mlir::FloatType>(type);
  if (wantsFloat != isFloat)
    return emitOpError() << "prints a number of type " << type << " with %"
                         << conversions->front().letter << ", which is for "
                         << (wantsFloat ? "floats" : "integers");
  return mlir::success();
}
