//===- TileHandles.cpp - Text and checks of tiles and views of tiles -------===//

#include "Rules.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "ptoas/IR/TileHandle.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::Operation;
using mlir::ParseResult;
using mlir::Value;

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

TileShape pto::storageOf(Value tile) {
  TileShape own = llvm::cast<TileBufType>(tile.getType()).getTileShape();
  auto window = tile.getDefiningOp<SubviewOp>();
  if (!window)
    return own;
  TileShape source = storageOf(window.getSource());
  // The extent along which lines are laid: where it is the source's, the window is a tile by
  // itself.
  bool byRows = own.blayout == BLayout::RowMajor;
  if (byRows ? own.cols == source.cols : own.rows == source.rows)
    return own;
  own.rows = source.rows;
  own.cols = source.cols;
  return own;
}

std::array<int64_t, 2> pto::elementStrides(const TileShape &shape) {
  if (shape.blayout == BLayout::RowMajor)
    return {shape.cols, shape.boxRows()};
  return {shape.boxCols(), shape.rows};
}

std::array<int64_t, 2> pto::knownValid(Value tile) {
  auto type = llvm::cast<TileBufType>(tile.getType());
  std::array<int64_t, 2> valid{type.getValidRows(), type.getValidCols()};
  // An open extent that is a constant in the program is as good as a static one, unless it changes.
  Value row, col;
  if (auto alloc = tile.getDefiningOp<AllocTileOp>()) {
    row = alloc.getValidRow();
    col = alloc.getValidCol();
  } else if (auto get = tile.getDefiningOp<MultiTileGetOp>()) {
    if (auto ring = get.getSource().getDefiningOp<AllocMultiTileOp>()) {
      row = ring.getValidRow();
      col = ring.getValidCol();
    }
  }
  if ((!row && !col) || llvm::any_of(tile.getUsers(), llvm::IsaPred<SetValidShapeOp>))
    return valid;
  if (valid[0] < 0 && row)
    valid[0] = constantOf(row).value_or(-1);
  if (valid[1] < 0 && col)
    valid[1] = constantOf(col).value_or(-1);
  return valid;
}

TileBufType pto::windowType(TileBufType source, llvm::ArrayRef<int64_t> sizes, Value validRow,
                            Value validCol) {
  auto extent = [](Value given, int64_t size) {
    if (!given)
      return size;
    auto constant = constantOf(given);
    return constant && *constant >= 0 ? std::min(*constant, size) : TileBufType::dynamic;
  };
  return TileBufType::get(source.getContext(), source.getSpace(), source.getElementType(), sizes[0],
                          sizes[1], extent(validRow, sizes[0]), extent(validCol, sizes[1]),
                          source.getBlayout(), source.getSlayout(), source.getFractal(),
                          source.getPad(), source.getCompact());
}

//===----------------------------------------------------------------------===//
// alloc_tile, alloc_multi_tile
//===----------------------------------------------------------------------===//

LogicalResult pto::verifyTileLayout(Operation *op, TileBufType type) {
  TileShape t = type.getTileShape();
  int64_t bytes = bytesOf(t.element);
  if (isLowPrecision(t.element) && archOf(op) == Arch::A3)
    return op->emitOpError() << "has a tile of " << name(t.element) << ", which exists on a5 only";
  if (!t.isBoxed()) {
    bool rowMajor = t.blayout == BLayout::RowMajor;
    int64_t line = (rowMajor ? t.cols : t.rows) * bytes;
    // The library counts the numbers of a pair as if each took a byte (library 1.8).
    int64_t multiple = isPackedPair(t.element) ? 16 : 32;
    if (line % multiple)
      return op->emitOpError() << "has " << (rowMajor ? "rows of " : "columns of ") << line
                               << " bytes; a tile without boxes needs a multiple of " << multiple;
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

namespace {
/// `?` in the type and an operand go together; a constant operand fits into the shape.
LogicalResult verifyValid(Operation *op, Value value, int64_t inType, int64_t extent,
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

/// A constant address is aligned, and `bytes` from it on lie inside the memory.
LogicalResult verifyAddress(Operation *op, Value value, Space space, uint64_t bytes) {
  auto address = value ? constantOf(value) : std::nullopt;
  if (!address)
    return mlir::success();
  uint64_t limit = capacity(space, archOf(op));
  if (*address < 0 || *address % int64_t(alignment(space)))
    return op->emitOpError() << "has address " << *address << "; " << name(space)
                             << " needs a multiple of " << alignment(space);
  if (uint64_t(*address) + bytes > limit)
    return op->emitOpError() << "lies at " << *address << " and takes " << bytes << " bytes, but "
                             << name(space) << " on " << name(archOf(op)) << " ends at " << limit;
  return mlir::success();
}

template <typename Alloc> LogicalResult verifyAlloc(Alloc op, TileBufType type, uint64_t bytes) {
  bool ok = mlir::succeeded(verifyTileLayout(op, type));
  ok &= mlir::succeeded(
      verifyValid(op, op.getValidRow(), type.getValidRows(), type.getRows(), "valid_row"));
  ok &= mlir::succeeded(
      verifyValid(op, op.getValidCol(), type.getValidCols(), type.getCols(), "valid_col"));
  ok &= mlir::succeeded(verifyAddress(op, op.getAddr(), type.getSpace(), bytes));
  return mlir::success(ok);
}
} // namespace

LogicalResult AllocTileOp::verify() {
  TileBufType type = getResult().getType();
  return verifyAlloc(*this, type, type.getTileShape().bytes());
}

LogicalResult AllocMultiTileOp::verify() {
  MultiTileBufType ring = getResult().getType();
  TileShape slot = ring.getSlot().getTileShape();
  if (isLowPrecision(slot.element))
    return emitOpError() << "does not take slots of the low-precision type " << name(slot.element);
  if (slot.compact == CompactMode::RowPlusOne)
    return emitOpError() << "does not take slots with compact=2 (a row more than the shape says)";
  return verifyAlloc(*this, ring.getSlot(), ring.getBytes());
}

LogicalResult MultiTileGetOp::verify() {
  MultiTileBufType ring = getSource().getType();
  if (getResult().getType() != ring.getSlot())
    return emitOpError() << "gives a " << getResult().getType() << ", but the slots are "
                         << ring.getSlot();
  auto slot = constantOf(getSlot());
  if (slot && (*slot < 0 || *slot >= ring.getCount()))
    return emitOpError() << "takes slot " << *slot << " of a ring of " << ring.getCount();
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// subview
//===----------------------------------------------------------------------===//

ParseResult SubviewOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  OpAsmParser::UnresolvedOperand source, row, col, validRow, validCol;
  llvm::SmallVector<int64_t> sizes;
  mlir::Type index = parser.getBuilder().getIndexType();
  auto number = [&] { return parser.parseInteger(sizes.emplace_back()); };
  if (parser.parseOperand(source) || parser.parseLSquare() || parser.parseOperand(row) ||
      parser.parseComma() || parser.parseOperand(col) || parser.parseRSquare() ||
      parser.parseKeyword("sizes"))
    return mlir::failure();
  auto at = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, number))
    return mlir::failure();
  if (sizes.size() != 2)
    return parser.emitError(at, "expected two sizes, but got ") << sizes.size();
  bool hasValid = mlir::succeeded(parser.parseOptionalKeyword("valid"));
  if (hasValid && (parser.parseLSquare() || parser.parseOperand(validRow) || parser.parseComma() ||
                   parser.parseOperand(validCol) || parser.parseRSquare()))
    return mlir::failure();
  TileBufType type, resultType;
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(type) ||
      parser.resolveOperand(source, type, result.operands) ||
      parser.resolveOperand(row, index, result.operands) ||
      parser.resolveOperand(col, index, result.operands))
    return mlir::failure();
  if (hasValid && (parser.resolveOperand(validRow, index, result.operands) ||
                   parser.resolveOperand(validCol, index, result.operands)))
    return mlir::failure();
  auto &properties = result.getOrAddProperties<Properties>();
  properties.operandSegmentSizes = {1, 1, 1, hasValid, hasValid};
  properties.sizes = parser.getBuilder().getDenseI64ArrayAttr(sizes);
  if (mlir::succeeded(parser.parseOptionalArrow())) {
    if (parser.parseType(resultType))
      return mlir::failure();
  } else {
    // What the type would refuse is refused before it is made.
    if (sizes[0] <= 0 || sizes[1] <= 0 || sizes[0] > type.getRows() || sizes[1] > type.getCols())
      return parser.emitError(at, "a window of ")
             << sizes[0] << "x" << sizes[1] << " does not fit into a tile of "
             << extents({type.getRows(), type.getCols()});
    resultType = windowType(type, sizes, hasValid ? result.operands[3] : Value(),
                            hasValid ? result.operands[4] : Value());
  }
  result.addTypes(resultType);
  return mlir::success();
}

void SubviewOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSource() << '[' << getRow() << ", " << getCol() << "] sizes ["
          << getSizes()[0] << ", " << getSizes()[1] << ']';
  if (getValidRow() && getValidCol())
    printer << " valid [" << getValidRow() << ", " << getValidCol() << ']';
  printer.printOptionalAttrDict((*this)->getAttrs(),
                                {getOperandSegmentSizesAttrName(), getSizesAttrName()});
  printer << " : " << getSource().getType() << " -> " << getResult().getType();
}

namespace {
/// One direction of a window: offset, size and valid extent against the source and its boxes.
LogicalResult verifyWindow(SubviewOp op, Value offset, Value valid, int64_t size, int64_t whole,
                           int64_t box, llvm::StringRef what) {
  auto at = constantOf(offset), extent = valid ? constantOf(valid) : std::nullopt;
  if (size <= 0 || size > whole)
    return op.emitOpError() << "takes " << size << " " << what << " of a tile that has " << whole;
  if (at && *at < 0)
    return op.emitOpError() << "begins at the negative " << what.drop_back() << " " << *at;
  if (at && *at > whole - size)
    return op.emitOpError() << "takes " << size << " " << what << " from " << *at
                            << " on, but its source has " << whole;
  if (size % box || (at && *at % box))
    return op.emitOpError() << "takes " << size << " " << what << " from "
                            << (at ? std::to_string(*at) : "?")
                            << " on; both must be multiples of the " << box << " " << what
                            << " of a box";
  if (extent && (*extent <= 0 || *extent > size))
    return op.emitOpError() << "has " << *extent << " valid " << what << ", which is not in 1.."
                            << size;
  return mlir::success();
}

/// The type of a window that keeps its source's line distance does not say so: who takes it by its
/// type would address other bytes.
LogicalResult verifyHandedOn(SubviewOp op) {
  TileShape type = op.getResult().getType().getTileShape(), storage = storageOf(op.getResult());
  if (type.rows == storage.rows && type.cols == storage.cols)
    return mlir::success();
  for (Operation *user : op.getResult().getUsers()) {
    if (llvm::isa<RecordOp>(user) && !llvm::isa<TReshapeOp, BitcastOp, TAssignOp>(user))
      continue;
    auto diagnostic = op.emitOpError()
                      << "is a window of " << type.rows << "x" << type.cols
                      << " whose lines are those of a tile of " << storage.rows << "x"
                      << storage.cols << "; its type cannot say that, so it cannot be handed on";
    diagnostic.attachNote(user->getLoc())
        << "by '" << user->getName()
        << "'; hand on the whole tile and take the window behind, or take whole lines";
    return diagnostic;
  }
  return mlir::success();
}
} // namespace

/// A window of a window of ...: what asks where its bytes lie walks all of them each time. Said
/// once for each row.
static LogicalResult verifyNumberOfWindows(SubviewOp op) {
  constexpr unsigned most = 64;
  unsigned windows = 1;
  for (auto outer = op.getSource().getDefiningOp<SubviewOp>(); outer && windows < most + 2;
       outer = outer.getSource().getDefiningOp<SubviewOp>())
    ++windows;
  if (windows != most + 1)
    return mlir::success();
  return op.emitOpError() << "is window " << windows
                          << " in a row, each of the one before; at most " << most
                          << " are followed, so take it of the tile itself";
}

LogicalResult SubviewOp::verify() {
  TileBufType source = getSource().getType(), result = getResult().getType();
  if (mlir::failed(verifyNumberOfWindows(*this)))
    return mlir::failure();
  if (getSizes().size() != 2)
    return emitOpError() << "needs two sizes, but has " << getSizes().size();
  if (bool(getValidRow()) != bool(getValidCol()))
    return emitOpError() << "gives one valid extent; give both or none";
  if (source.getCompact() != CompactMode::Null)
    return emitOpError() << "takes a window of a compact tile, whose lines lie by its valid region";
  TileShape shape = source.getTileShape();
  int64_t rows = getSizes()[0], cols = getSizes()[1];
  bool ok = mlir::succeeded(
      verifyWindow(*this, getRow(), getValidRow(), rows, shape.rows, shape.boxRows(), "rows"));
  ok &= mlir::succeeded(
      verifyWindow(*this, getCol(), getValidCol(), cols, shape.cols, shape.boxCols(), "columns"));
  if (!ok)
    return mlir::failure();
  TileBufType expected = windowType(source, getSizes(), getValidRow(), getValidCol());
  if (result != expected)
    return emitOpError() << "has the type " << result << ", but its sizes and source make it "
                         << expected;
  // The strides of the storage decide which byte the window begins with.
  auto row = constantOf(getRow()), col = constantOf(getCol());
  std::array<int64_t, 2> stride = elementStrides(storageOf(getSource()));
  int64_t bytes = bytesOf(shape.element);
  for (auto [at, step] : {std::pair(row, stride[0]), std::pair(col, stride[1])})
    if (at && *at * step * bytes % 32)
      return emitOpError() << "begins " << *at * step * bytes
                           << " bytes behind its source; a tile begins at a multiple of 32";
  return verifyHandedOn(*this);
}

//===----------------------------------------------------------------------===//
// treshape, bitcast, tassign
//===----------------------------------------------------------------------===//

LogicalResult TReshapeOp::verify() {
  TileShape from = getSource().getType().getTileShape(), to = getResult().getType().getTileShape();
  if (from.space != to.space)
    return emitOpError() << "makes a tile in " << name(to.space) << " from one in "
                         << name(from.space);
  if (from.isBoxed() != to.isBoxed())
    return emitOpError() << "makes a tile " << (to.isBoxed() ? "with" : "without")
                         << " boxes from one " << (from.isBoxed() ? "with" : "without");
  if (from.bytes() != to.bytes())
    return emitOpError() << "makes a tile of " << to.bytes() << " bytes from one of "
                         << from.bytes();
  return verifyTileLayout(*this, getResult().getType());
}

LogicalResult BitcastOp::verify() {
  TileShape from = getSource().getType().getTileShape(), to = getResult().getType().getTileShape();
  if (from.element == to.element)
    return emitOpError() << "changes nothing: both element types are " << name(from.element);
  TileBufType type = getSource().getType();
  auto expected = TileBufType::get(
      getContext(), type.getSpace(), getResult().getType().getElementType(), type.getRows(),
      type.getCols(), type.getValidRows(), type.getValidCols(), type.getBlayout(),
      type.getSlayout(), type.getFractal(), type.getPad(), type.getCompact());
  if (getResult().getType() != expected)
    return emitOpError() << "changes more than the element type; pto.treshape does that";
  if (to.bytes() > from.bytes())
    return emitOpError() << "makes a tile of " << to.bytes() << " bytes from one of only "
                         << from.bytes();
  return verifyTileLayout(*this, getResult().getType());
}

namespace {
/// The type of a value that the text names without one. The parser tells types to nobody but in its
/// complaint about a wrong one.
mlir::Type typeOfNamed(OpAsmParser &parser, OpAsmParser::UnresolvedOperand operand) {
  mlir::Type found;
  mlir::ScopedDiagnosticHandler handler(parser.getContext(), [&](mlir::Diagnostic &complaint) {
    for (const mlir::DiagnosticArgument &argument : complaint.getArguments())
      if (argument.getKind() == mlir::DiagnosticArgument::DiagnosticArgumentKind::Type)
        found = argument.getAsType();
  });
  llvm::SmallVector<Value> ignored;
  (void)parser.resolveOperand(operand, mlir::NoneType::get(parser.getContext()), ignored);
  return found;
}
} // namespace

mlir::ParseResult TAssignOp::parse(OpAsmParser &parser, mlir::OperationState &result) {
  OpAsmParser::UnresolvedOperand source, addr;
  bool isList = mlir::succeeded(parser.parseOptionalKeyword("ins"));
  mlir::Type type, addrType = parser.getBuilder().getI64Type();
  auto at = parser.getCurrentLocation();
  if ((isList && parser.parseLParen()) || parser.parseOperand(source) || parser.parseComma() ||
      parser.parseOperand(addr))
    return mlir::failure();
  if (isList) {
    if (mlir::failed(parser.parseOptionalColon()))
      type = typeOfNamed(parser, source);
    else if (parser.parseType(type) || parser.parseComma() || parser.parseType(addrType))
      return mlir::failure();
    if (parser.parseRParen() || parser.parseOptionalAttrDict(result.attributes))
      return mlir::failure();
  } else if (parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(type)) {
    return mlir::failure();
  }
  mlir::Type moved = type;
  if (isList ? mlir::succeeded(parser.parseOptionalArrow()) && parser.parseType(moved)
             : mlir::failed(parser.parseArrow()) || parser.parseType(moved))
    return mlir::failure();
  if (!llvm::isa_and_present<TileBufType>(type))
    return parser.emitError(at, "expected a tile that was defined before");
  result.addTypes(moved);
  return mlir::failure(parser.resolveOperand(source, type, result.operands) ||
                       parser.resolveOperand(addr, addrType, result.operands));
}

void TAssignOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSource() << ", " << getAddr();
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " : " << getSource().getType() << " -> " << getResult().getType();
}

LogicalResult TAssignOp::verify() {
  TileBufType type = getResult().getType();
  if (mlir::failed(verifyAddress(*this, getAddr(), type.getSpace(), type.getTileShape().bytes())))
    return mlir::failure();
  for (Operation *user : getSource().getUsers()) {
    mlir::Block *block = (*this)->getBlock();
    Operation *at = block->findAncestorOpInBlock(*user);
    // In a loop around both, what stands before comes after, too.
    bool isMadeHere = getSource().getParentBlock() == block;
    if (user == getOperation() || !at || (isMadeHere && at->isBeforeInBlock(*this)))
      continue;
    auto diagnostic = emitOpError() << "moves a tile whose old handle is still used";
    diagnostic.attachNote(user->getLoc()) << "here; use the result of pto.tassign instead";
    return diagnostic;
  }
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// set_validshape
//===----------------------------------------------------------------------===//

LogicalResult SetValidShapeOp::verify() {
  TileBufType type = getSource().getType();
  if (!type.hasDynamicValidRows() || !type.hasDynamicValidCols())
    return emitOpError() << "changes the valid extents of " << type
                         << "; both must be `?` in the type";
  Operation *maker = getSource().getDefiningOp();
  if (!llvm::isa_and_present<RecordOp>(maker) || llvm::isa<SubviewOp>(maker))
    return emitOpError() << "needs a tile that this function makes, by pto.alloc_tile or a view of "
                            "the whole of one; a window or a tile that was handed on has extents "
                            "that others rely on";
  for (auto [value, extent, what] :
       {std::tuple(getRow(), type.getRows(), "rows"), {getCol(), type.getCols(), "columns"}})
    if (auto constant = constantOf(value); constant && (*constant < 0 || *constant > extent))
      return emitOpError() << "asks for " << *constant << " valid " << what << " of " << extent;
  return mlir::success();
}
