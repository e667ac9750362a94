//===- CommOps.cpp - Text and checks of collectives and async transfers ----===//

#include "Rules.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::OpAsmParser;

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

/// `(%a, ..., recv(%ping[, %pong]), group(%x, ...) : types)` with `leading` operands in front.
template <typename Op>
static mlir::ParseResult parseCollective(OpAsmParser &parser, mlir::OperationState &result,
                                         unsigned leading) {
  llvm::SmallVector<OpAsmParser::UnresolvedOperand> operands, tiles, group;
  llvm::SmallVector<mlir::Type> types;
  auto at = parser.getCurrentLocation();
  auto inParentheses = OpAsmParser::Delimiter::Paren;
  if (parser.parseLParen())
    return mlir::failure();
  for (unsigned i = 0; i < leading; ++i)
    if (parser.parseOperand(operands.emplace_back()) || parser.parseComma())
      return mlir::failure();
  if (parser.parseKeyword("recv") || parser.parseOperandList(tiles, inParentheses) ||
      parser.parseComma() || parser.parseKeyword("group") ||
      parser.parseOperandList(group, inParentheses) || parser.parseColonTypeList(types) ||
      parser.parseRParen() || parser.parseOptionalAttrDict(result.attributes))
    return mlir::failure();
  if (tiles.empty() || tiles.size() > 2)
    return parser.emitError(at, "expected one or two tiles in recv(...), but got ") << tiles.size();
  llvm::append_range(operands, tiles);
  llvm::append_range(operands, group);
  auto &sizes = result.getOrAddProperties<typename Op::Properties>().operandSegmentSizes;
  std::fill(sizes.begin(), sizes.end(), 1);
  sizes[leading + 1] = int32_t(tiles.size()) - 1;
  sizes[leading + 2] = int32_t(group.size());
  return parser.resolveOperands(operands, types, at, result.operands);
}

template <typename Op>
static void printCollective(mlir::OpAsmPrinter &printer, Op op, mlir::ValueRange leading) {
  printer << '(' << leading << ", recv(" << op.getPing();
  if (op.getPong())
    printer << ", " << op.getPong();
  printer << "), group(" << op.getGroup() << ") : " << op->getOperandTypes() << ')';
  printer.printOptionalAttrDict(op->getAttrs(), {"operandSegmentSizes"});
}

/// What the text says of the strides of a view; -1 where only run time knows, and where the extent
/// is 1.
static llvm::SmallVector<int64_t, 5> stridesOf(mlir::Value view) {
  auto part = view.getDefiningOp<PartitionViewOp>();
  auto whole = part ? part.getSource().getDefiningOp<MakeTensorViewOp>() : MakeTensorViewOp();
  auto shape = llvm::cast<PartitionTensorViewType>(view.getType()).getShape();
  llvm::SmallVector<int64_t, 5> strides(shape.size(), -1);
  if (whole && whole.getStrides().size() == shape.size())
    for (auto [stride, extent, value] : llvm::zip(strides, shape, whole.getStrides()))
      stride = extent == 1 ? -1 : constantOf(value).value_or(-1);
  return strides;
}

/// The library moves the tensors of all ranks with the strides of one (library 5.6).
template <typename Op> static LogicalResult verifyStrides(Op op) {
  auto first = stridesOf(op.getGroup().front());
  for (auto [rank, tensor] : llvm::enumerate(op.getGroup())) {
    auto other = stridesOf(tensor);
    for (auto [d, a, b] : llvm::enumerate(first, other))
      if (a >= 0 && b >= 0 && a != b)
        return op.emitOpError() << "has tensors in its group whose strides along dimension " << d
                                << " differ, " << a << " of rank 0 and " << b << " of rank " << rank
                                << "; the library moves all with those of one";
  }
  return mlir::success();
}

template <typename Op> static LogicalResult verifyGroup(Op op) {
  int64_t ranks = int64_t(op.getGroup().size()), root = int32_t(op.getRoot());
  if (ranks == 0)
    return op.emitOpError("needs the tensor of at least one rank in its group");
  for (mlir::Value tensor : op.getGroup())
    if (tensor.getType() != op.getGroup().front().getType())
      return op.emitOpError() << "needs one type for the tensors of its group, but it has "
                              << op.getGroup().front().getType() << " and " << tensor.getType();
  if (root < 0 || root >= ranks)
    return op.emitOpError() << "has root " << root << ", but its group has the ranks 0.."
                            << ranks - 1;
  return verifyStrides(op);
}

/// The five extents of the library, outermost first.
static std::array<int64_t, 5> padded(mlir::Value view) {
  std::array<int64_t, 5> extents{1, 1, 1, 1, 1};
  auto shape = llvm::cast<PartitionTensorViewType>(view.getType()).getShape();
  std::copy_backward(shape.begin(), shape.end(), extents.end());
  return extents;
}

/// The tensor of the caller holds the blocks of all ranks, one below the other.
template <typename Op>
static LogicalResult verifyBlocks(Op op, mlir::Value whole, llvm::StringRef wholeName) {
  if (mlir::failed(verifyGroup(op)))
    return mlir::failure();
  int64_t ranks = int64_t(op.getGroup().size());
  std::array<int64_t, 5> block = padded(op.getGroup().front()), have = padded(whole);
  block[3] *= ranks;
  for (unsigned d = 0; d < 5; ++d)
    if (have[d] < block[d])
      return op.emitOpError() << "needs " << block[d] << " elements of " << wholeName
                              << " along dimension " << d << " of five for " << ranks
                              << " ranks, but it has " << have[d];
  return mlir::success();
}

mlir::ParseResult CommTBroadcastOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  return parseCollective<CommTBroadcastOp>(parser, result, 1);
}
mlir::ParseResult CommTGatherOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  return parseCollective<CommTGatherOp>(parser, result, 1);
}
mlir::ParseResult CommTScatterOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  return parseCollective<CommTScatterOp>(parser, result, 1);
}
mlir::ParseResult CommTReduceOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  return parseCollective<CommTReduceOp>(parser, result, 2);
}
void CommTBroadcastOp::print(mlir::OpAsmPrinter &p) { printCollective(p, *this, getSrc()); }
void CommTGatherOp::print(mlir::OpAsmPrinter &p) { printCollective(p, *this, getDst()); }
void CommTScatterOp::print(mlir::OpAsmPrinter &p) { printCollective(p, *this, getSrc()); }
void CommTReduceOp::print(mlir::OpAsmPrinter &p) {
  printCollective(p, *this, (*this)->getOperands().take_front(2));
}

LogicalResult CommTBroadcastOp::verify() { return verifyGroup(*this); }
LogicalResult CommTGatherOp::verify() { return verifyBlocks(*this, getDst(), "dst"); }
LogicalResult CommTScatterOp::verify() { return verifyBlocks(*this, getSrc(), "src"); }
LogicalResult CommTReduceOp::verify() {
  if (mlir::failed(verifyGroup(*this)))
    return mlir::failure();
  // With two tiles the sums follow one another on V, and the library has no barrier between them.
  if (getPong() && getGroup().size() > 2 && archOf(*this) == Arch::A3)
    return emitOpError() << "adds " << getGroup().size() - 1
                         << " ranks through two tiles, between which the library has no barrier "
                            "of PIPE_V; a3 needs one: give a single tile in recv(...)";
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Asynchronous transfers
//===----------------------------------------------------------------------===//

LogicalResult BuildAsyncSessionOp::verify() {
  auto tile = llvm::cast<TileBufType>(getScratch().getType());
  constexpr int64_t least = 8;
  if (tile.getSpace() != Space::Vec || tile.getTileShape().bytes() < least)
    return emitOpError() << "needs a scratch tile in vec of at least " << least
                         << " bytes, but it has " << tile.getTileShape().bytes() << " in "
                         << name(tile.getSpace());
  PtrType workspace = getWorkspace().getType();
  auto element = llvm::dyn_cast<mlir::IntegerType>(workspace.getElementType());
  if (workspace.getSpace() != Space::GM || !element || element.getWidth() != 8)
    return emitOpError() << "needs a workspace of 8-bit integers in gm, but got " << workspace;
  auto outside = [&](llvm::StringRef what, int64_t value, int64_t first, int64_t last) {
    if (value >= first && value <= last)
      return false;
    emitOpError() << "has " << what << " " << value << "; it lies in " << first << ".." << last;
    return true;
  };
  constexpr int64_t most32 = UINT32_MAX;
  if (outside("sync_id", int32_t(getSyncId()), 0, 7) ||
      outside("block_bytes", int64_t(getBlockBytes()), 1, INT64_MAX) ||
      outside("comm_block_offset", int64_t(getCommBlockOffset()), 0, INT64_MAX) ||
      outside("queue_num", int32_t(getQueueNum()), 1, INT32_MAX) ||
      (getChannelGroupIdx() &&
       outside("channel_group_idx", int64_t(*getChannelGroupIdx()), 0, most32)))
    return mlir::failure();
  return mlir::success();
}

static llvm::ArrayRef<int64_t> shapeOf(mlir::Value view) {
  if (auto part = llvm::dyn_cast<PartitionTensorViewType>(view.getType()))
    return part.getShape();
  return llvm::cast<TensorViewType>(view.getType()).getShape();
}

static LogicalResult verifyFlat(mlir::Operation *op, mlir::Value dst, mlir::Value src) {
  for (auto [what, view] : {std::pair("dst", dst), std::pair("src", src)}) {
    auto shape = shapeOf(view);
    bool isFlat = !shape.empty() && shape.back() > 0 &&
                  llvm::all_of(shape.drop_back(), [](int64_t extent) { return extent == 1; });
    if (!isFlat)
      return op->emitOpError() << "moves one row of a static extent, but " << what << " has "
                               << extents(shape);
  }
  if (shapeOf(dst).back() != shapeOf(src).back() ||
      elementTypeOf(dst.getType()) != elementTypeOf(src.getType()))
    return op->emitOpError() << "needs one element type and one extent, but dst is "
                             << extents(shapeOf(dst)) << " of " << elementName(dst.getType())
                             << " and src " << extents(shapeOf(src)) << " of "
                             << elementName(src.getType());
  return mlir::success();
}

LogicalResult TPutAsyncOp::verify() { return verifyFlat(*this, getDst(), getSrc()); }
LogicalResult TGetAsyncOp::verify() { return verifyFlat(*this, getDst(), getSrc()); }
