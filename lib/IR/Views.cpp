//===- Views.cpp - Text and checks of pointers, views and tiles ------------===//

#include "Rules.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::ParseResult;

//===----------------------------------------------------------------------===//
// make_tensor_view
//===----------------------------------------------------------------------===//

using Unresolved = OpAsmParser::UnresolvedOperand;

LogicalResult MakeTensorViewOp::verify() {
  TensorViewType type = getResult().getType();
  size_t rank = type.getShape().size();
  if (rank == 0 || rank > 5)
    return emitOpError() << "makes a view of " << rank << " dimensions; the library has 1 to 5";
  if (getShape().size() != rank || getStrides().size() != rank)
    return emitOpError() << "needs " << rank << " extents and strides for its result, but has "
                         << getShape().size() << " and " << getStrides().size();
  for (auto [i, value, extent] : llvm::enumerate(getShape(), type.getShape())) {
    auto constant = constantOf(value);
    if (constant && *constant < 0)
      return emitOpError() << "has a negative extent " << *constant << " in dimension " << i;
    if (constant && extent >= 0 && *constant != extent)
      return emitOpError() << "has extent " << *constant << " in dimension " << i
                           << ", but its type says " << extent;
  }
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// partition_view
//===----------------------------------------------------------------------===//

namespace {
llvm::SmallVector<int64_t> partitionShape(mlir::ValueRange sizes) {
  llvm::SmallVector<int64_t> shape;
  for (mlir::Value size : sizes) {
    auto constant = constantOf(size);
    shape.push_back(constant && *constant >= 0 ? *constant : mlir::ShapedType::kDynamic);
  }
  return shape;
}
} // namespace

ParseResult PartitionViewOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  Unresolved source;
  llvm::SmallVector<Unresolved> offsets, sizes;
  TensorViewType sourceType;
  mlir::Type index = parser.getBuilder().getIndexType();
  if (parser.parseOperand(source) || parser.parseComma() || parser.parseKeyword("offsets") ||
      parser.parseEqual() || parser.parseOperandList(offsets, OpAsmParser::Delimiter::Square) ||
      parser.parseComma() || parser.parseKeyword("sizes") || parser.parseEqual() ||
      parser.parseOperandList(sizes, OpAsmParser::Delimiter::Square) ||
      parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(sourceType) ||
      parser.resolveOperand(source, sourceType, result.operands) ||
      parser.resolveOperands(offsets, index, result.operands))
    return mlir::failure();
  llvm::SmallVector<mlir::Value> sizeValues;
  if (parser.resolveOperands(sizes, index, sizeValues))
    return mlir::failure();
  llvm::append_range(result.operands, sizeValues);
  result.getOrAddProperties<Properties>().operandSegmentSizes = {1, int32_t(offsets.size()),
                                                                 int32_t(sizes.size())};
  PartitionTensorViewType type;
  if (mlir::succeeded(parser.parseOptionalArrow())) {
    if (parser.parseType(type))
      return mlir::failure();
  } else {
    type = PartitionTensorViewType::get(parser.getContext(), partitionShape(sizeValues),
                                        sourceType.getElementType());
  }
  result.addTypes(type);
  return mlir::success();
}

void PartitionViewOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSource() << ", offsets = [" << getOffsets() << "], sizes = [" << getSizes()
          << "]";
  printer.printOptionalAttrDict((*this)->getAttrs(), {getOperandSegmentSizesAttrName()});
  printer << " : " << getSource().getType() << " -> " << getResult().getType();
}

LogicalResult PartitionViewOp::verify() {
  TensorViewType source = getSource().getType();
  PartitionTensorViewType part = getResult().getType();
  size_t rank = source.getShape().size();
  if (part.getElementType() != source.getElementType())
    return emitOpError() << "has elements of type " << elementName(part) << ", but its source has "
                         << elementName(source);
  if (getOffsets().size() != rank || getSizes().size() != rank || part.getShape().size() != rank)
    return emitOpError()
           << "needs " << rank
           << " offsets, sizes and result dimensions as its source has, but there are "
           << getOffsets().size() << ", " << getSizes().size() << " and " << part.getShape().size();
  bool ok = true;
  for (size_t i = 0; i < rank; ++i) {
    auto offset = constantOf(getOffsets()[i]), size = constantOf(getSizes()[i]);
    int64_t whole = source.getShape()[i], extent = part.getShape()[i];
    if (whole < 0)
      if (auto make = getSource().getDefiningOp<MakeTensorViewOp>();
          make && i < make.getShape().size())
        whole = constantOf(make.getShape()[i]).value_or(-1);
    auto fail = [&] {
      ok = false;
      return emitOpError();
    };
    if (offset && *offset < 0)
      fail() << "has the negative offset " << *offset << " in dimension " << i;
    else if (size && *size <= 0)
      fail() << "has size " << *size << " in dimension " << i << "; sizes are positive";
    else if (size && extent >= 0 && *size != extent)
      fail() << "has size " << *size << " in dimension " << i << ", but its type says " << extent;
    else if (size && whole >= 0 && (*size > whole || offset.value_or(0) > whole - *size))
      fail() << "takes " << *size << " elements from " << offset.value_or(0) << " on in dimension "
             << i << ", but its source has " << whole;
  }
  return mlir::success(ok);
}

//===----------------------------------------------------------------------===//
// alloc_tile
//===----------------------------------------------------------------------===//

namespace {
/// Alignment rules that every op may then assume (library 1.2).
LogicalResult verifyTileLayout(mlir::Operation *op, TileBufType type) {
  TileShape t = type.getTileShape();
  int64_t bytes = bytesOf(t.element);
  if (!t.isBoxed()) {
    bool rowMajor = t.blayout == BLayout::RowMajor;
    int64_t line = (rowMajor ? t.cols : t.rows) * bytes;
    if (line % 32)
      return op->emitOpError() << "has " << (rowMajor ? "rows of " : "columns of ") << line
                               << " bytes; a tile without boxes needs a multiple of 32";
    return mlir::success();
  }
  int64_t boxRows = t.boxRows(), boxCols = t.boxCols();
  if (t.cols % boxCols)
    return op->emitOpError() << "has " << t.cols
                             << " columns; its layout needs a multiple of the inner box, "
                             << boxRows << "x" << boxCols;
  if (t.rows % boxRows && t.space != Space::Vec && t.fractal != 32 && t.rows != 1)
    return op->emitOpError() << "has " << t.rows
                             << " rows; its layout needs a multiple of the inner box, " << boxRows
                             << "x" << boxCols;
  return mlir::success();
}

/// `?` in the type and an operand go together; a constant operand fits into the shape.
LogicalResult verifyValid(mlir::Operation *op, mlir::Value value, int64_t inType, int64_t extent,
                          llvm::StringRef what) {
  if ((inType == TileBufType::dynamic) != bool(value))
    return op->emitOpError() << (value ? "gives " : "must give ") << what
                             << (value ? ", but its type has the extent "
                                       : ", because its type says ")
                             << (value ? std::to_string(inType) : "?");
  if (!value)
    return mlir::success();
  auto constant = constantOf(value);
  if (constant && (*constant < 0 || *constant > extent))
    return op->emitOpError() << "has " << what << " = " << *constant << ", which is not in 0.."
                             << extent;
  return mlir::success();
}
} // namespace

LogicalResult AllocTileOp::verify() {
  TileBufType type = getResult().getType();
  bool ok = mlir::succeeded(verifyTileLayout(*this, type));
  ok &= mlir::succeeded(
      verifyValid(*this, getValidRow(), type.getValidRows(), type.getRows(), "valid_row"));
  ok &= mlir::succeeded(
      verifyValid(*this, getValidCol(), type.getValidCols(), type.getCols(), "valid_col"));
  if (!getAddr())
    return mlir::success(ok);
  if (auto address = constantOf(getAddr())) {
    Space space = type.getSpace();
    uint64_t bytes = type.getTileShape().bytes(), limit = capacity(space, archOf(*this));
    if (*address < 0 || *address % int64_t(alignment(space))) {
      emitOpError() << "has address " << *address << "; " << name(space) << " needs a multiple of "
                    << alignment(space);
      ok = false;
    } else if (uint64_t(*address) + bytes > limit) {
      emitOpError() << "lies at " << *address << " and takes " << bytes << " bytes, but "
                    << name(space) << " on " << name(archOf(*this)) << " ends at " << limit;
      ok = false;
    }
  }
  return mlir::success(ok);
}
