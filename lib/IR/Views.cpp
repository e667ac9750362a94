//===- Views.cpp - Text and checks of pointers and views -------------------===//

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

namespace {
/// NZ memory is a sequence of boxes: the last two extents are those of a box (library 1.1). So is
/// that of scales (library 4.1).
LogicalResult verifyBoxes(MakeTensorViewOp op) {
  LayoutKind layout = op.getLayout().value_or(LayoutKind::ND);
  if (layout == LayoutKind::ND || layout == LayoutKind::DN)
    return mlir::success();
  TensorViewType type = op.getResult().getType();
  auto element = elementOf(type.getElementType());
  size_t rank = type.getShape().size();
  llvm::StringRef name = stringifyLayoutKind(layout);
  if (!element || rank < 2)
    return op.emitOpError() << "has layout " << name << " and " << rank << " dimension(s); " << name
                            << " needs those of a box as its last two";
  bool ofScales = layout != LayoutKind::NZ;
  if (ofScales && (*element != Element::F8E8M0 || archOf(op) == Arch::A3))
    return op.emitOpError() << "has layout " << name
                            << ", which is for scales (f8E8M0) on a5, but its elements are "
                            << elementName(type) << " on " << pto::name(archOf(op));
  const int64_t box[] = {16, ofScales ? 2 : 32 / int64_t(bytesOf(*element))};
  for (size_t i = 0; i < 2; ++i) {
    size_t dim = rank - 2 + i;
    int64_t extent = type.getShape()[dim];
    if (extent < 0)
      extent = constantOf(op.getShape()[dim]).value_or(box[i]);
    if (extent != box[i])
      return op.emitOpError() << "has layout " << name << " and extent " << extent
                              << " in dimension " << dim << "; the boxes of " << elementName(type)
                              << " are " << box[0] << "x" << box[1];
  }
  return mlir::success();
}
} // namespace

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
  for (auto [i, value] : llvm::enumerate(getStrides()))
    if (auto constant = constantOf(value); constant && *constant < 0)
      return emitOpError() << "has a negative stride " << *constant << " in dimension " << i;
  return verifyBoxes(*this);
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

namespace {
/// The library moves rows of adjacent elements (nd) or columns of adjacent elements (dn), whatever
/// the other stride says (library 2.1): a view whose elements lie apart would be read wrongly.
LogicalResult verifyAdjacent(PartitionViewOp op) {
  auto make = op.getSource().getDefiningOp<MakeTensorViewOp>();
  size_t rank = op.getSizes().size();
  if (!make || make.getStrides().size() != rank)
    return mlir::success();
  auto layout = make.getLayout();
  if (layout && *layout != LayoutKind::ND && *layout != LayoutKind::DN)
    return mlir::success();
  // How far elements lie apart along the last dimension and the one before; 1 where it does not
  // matter or is not known.
  auto distance = [&](size_t fromEnd) -> int64_t {
    if (rank <= fromEnd)
      return 1;
    size_t dim = rank - 1 - fromEnd;
    int64_t extent = op.getResult().getType().getShape()[dim];
    return extent > 1 ? constantOf(make.getStrides()[dim]).value_or(1) : 1;
  };
  int64_t inRow = distance(0), inColumn = distance(1);
  bool isWrong =
      !layout ? inRow != 1 && inColumn != 1 : (*layout == LayoutKind::ND ? inRow : inColumn) != 1;
  if (!isWrong)
    return mlir::success();
  bool byRows = !layout || *layout == LayoutKind::ND;
  auto diagnostic = op.emitOpError()
                    << "takes " << (byRows ? "rows" : "columns") << " whose elements lie "
                    << (byRows ? inRow : inColumn) << " apart; layout " << (byRows ? "nd" : "dn")
                    << " moves adjacent elements";
  diagnostic.attachNote(make.getLoc())
      << (layout ? "the view says so here; leave the layout out and it follows from the strides"
                 : "neither stride of the last two dimensions is 1 here");
  return diagnostic;
}
} // namespace

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
  return mlir::success(ok && mlir::succeeded(verifyAdjacent(*this)));
}

//===----------------------------------------------------------------------===//
// get_tensor_view_dim, get_tensor_view_stride
//===----------------------------------------------------------------------===//

namespace {
LogicalResult verifyDimension(mlir::Operation *op, mlir::Value source, mlir::Value dim) {
  auto part = llvm::dyn_cast<PartitionTensorViewType>(source.getType());
  int64_t rank = part ? part.getRank() : llvm::cast<TensorViewType>(source.getType()).getRank();
  auto constant = constantOf(dim);
  if (constant && (*constant < 0 || *constant >= rank))
    return op->emitOpError() << "asks for dimension " << *constant << " of a view that has "
                             << rank;
  return mlir::success();
}
} // namespace

LogicalResult GetTensorViewDimOp::verify() { return verifyDimension(*this, getSource(), getDim()); }
LogicalResult GetTensorViewStrideOp::verify() {
  return verifyDimension(*this, getSource(), getDim());
}
