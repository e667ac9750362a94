//===- Tiles.cpp - Tiles, rings and views of tiles -------------------------===//
//
// Every handle is a Tile variable of its own with an address of its own. Addresses that the text
// knows are numbers; others are taken from the tile that is viewed.
//
//===----------------------------------------------------------------------===//

#include "Printer.h"
#include "ptoas/IR/TileHandle.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Value;

namespace {
/// `Tile<...> name(open extents);`, and the name.
std::string declareTile(Printer &p, Value tile, const TileShape &shape,
                        llvm::ArrayRef<std::string> openExtents) {
  std::string name = p.declare(tile);
  std::string arguments = openExtents.empty() ? "" : "(" + llvm::join(openExtents, ", ") + ")";
  p.line(tileType(shape) + " " + name + arguments + ";");
  return name;
}

void assignAddress(Printer &p, llvm::StringRef tile, const Expr &address) {
  p.line("TASSIGN(" + tile + ", " + address.text + ");");
}

/// The byte offset in its memory at which a tile begins, where the text knows it.
std::optional<int64_t> knownAddress(Printer &p, Value tile) {
  auto sum = [&](Value base, std::optional<int64_t> from,
                 llvm::ArrayRef<std::pair<Value, int64_t>> terms) -> std::optional<int64_t> {
    std::optional<int64_t> address = base ? p.constants.fold(base) : from;
    for (auto [value, factor] : terms) {
      auto constant = p.constants.fold(value);
      if (!address || !constant)
        return std::nullopt;
      *address += *constant * factor;
    }
    return address;
  };
  Operation *op = tile.getDefiningOp();
  if (auto alloc = llvm::dyn_cast_if_present<AllocTileOp>(op))
    return sum(alloc.getAddr(), std::nullopt, {});
  if (auto get = llvm::dyn_cast_if_present<MultiTileGetOp>(op)) {
    auto ring = llvm::cast<AllocMultiTileOp>(get.getSource().getDefiningOp());
    return sum(ring.getAddr(), std::nullopt,
               {{get.getSlot(), int64_t(ring.getResult().getType().getStride())}});
  }
  if (auto window = llvm::dyn_cast_if_present<SubviewOp>(op)) {
    TileShape source = storageOf(window.getSource());
    std::array<int64_t, 2> stride = elementStrides(source);
    int64_t bytes = bytesOf(source.element);
    return sum(nullptr, knownAddress(p, window.getSource()),
               {{window.getRow(), stride[0] * bytes}, {window.getCol(), stride[1] * bytes}});
  }
  if (auto view = llvm::dyn_cast_if_present<TileView>(op))
    return knownAddress(p, view.getViewedTile());
  return std::nullopt;
}

Expr dataOf(Printer &p, Value tile) {
  return cast("uint64_t", call(p.valueOf(tile).text + ".data", {}));
}

/// `start + value * factor + ... + number` in unsigned arithmetic; some value is not constant, or
/// there is a start.
Expr advanced(Printer &p, std::optional<Expr> start, int64_t number,
              llvm::ArrayRef<std::pair<Value, int64_t>> terms) {
  for (auto [value, factor] : terms) {
    if (auto constant = p.constants.fold(value)) {
      number += *constant * factor;
      continue;
    }
    Expr term = castToUnsigned("uint64_t", p.valueOf(value));
    if (factor != 1)
      term = binary(term, "*", literal(factor), Precedence::Multiplicative);
    start = start ? binary(*start, "+", term, Precedence::Additive) : term;
  }
  return number ? binary(*start, "+", literal(number), Precedence::Additive) : *start;
}

Expr knownOr(Printer &p, Value tile, llvm::function_ref<Expr()> otherwise) {
  auto known = knownAddress(p, tile);
  return known ? castToUnsigned("uint64_t", literal(*known)) : otherwise();
}
} // namespace

void cpp::printAllocTile(Printer &p, AllocTileOp op) {
  // Only the open extents are arguments of the constructor.
  llvm::SmallVector<std::string, 2> valid;
  for (Value extent : {op.getValidRow(), op.getValidCol()})
    if (extent)
      valid.push_back(p.valueOf(extent).text);
  Expr address = castToUnsigned("uint64_t", p.valueOf(op.getAddr()));
  std::string name = declareTile(p, op.getResult(), op.getResult().getType().getTileShape(), valid);
  assignAddress(p, name, address);
}

void cpp::printSlot(Printer &p, MultiTileGetOp op) {
  auto ring = llvm::cast<AllocMultiTileOp>(op.getSource().getDefiningOp());
  MultiTileBufType type = ring.getResult().getType();
  llvm::SmallVector<std::string, 2> valid;
  for (Value extent : {ring.getValidRow(), ring.getValidCol()})
    if (extent)
      valid.push_back(p.valueOf(extent).text);
  Expr address = knownOr(p, op.getResult(), [&] {
    auto known = p.constants.fold(ring.getAddr());
    std::optional<Expr> base;
    if (!known)
      base = castToUnsigned("uint64_t", p.valueOf(ring.getAddr()));
    return advanced(p, base, known.value_or(0), {{op.getSlot(), int64_t(type.getStride())}});
  });
  std::string name = declareTile(p, op.getResult(), type.getSlot().getTileShape(), valid);
  assignAddress(p, name, address);
}

void cpp::printWindow(Printer &p, SubviewOp op) {
  TileShape source = storageOf(op.getSource()), shape = storageOf(op.getResult());
  std::array<int64_t, 2> stride = elementStrides(source);
  int64_t bytes = bytesOf(shape.element);
  llvm::SmallVector<std::string, 2> valid;
  for (auto [known, given, size] : {std::tuple(shape.validRows, op.getValidRow(), op.getSizes()[0]),
                                    {shape.validCols, op.getValidCol(), op.getSizes()[1]}}) {
    if (known >= 0)
      continue;
    Expr extent = p.valueOf(given);
    valid.push_back(
        choose(binary(extent, "<", literal(size), Precedence::Relational), extent, literal(size))
            .text);
  }
  Expr address = knownOr(p, op.getResult(), [&] {
    return advanced(p, dataOf(p, op.getSource()), 0,
                    {{op.getRow(), stride[0] * bytes}, {op.getCol(), stride[1] * bytes}});
  });
  std::string name = declareTile(p, op.getResult(), shape, valid);
  assignAddress(p, name, address);
}

void cpp::printReshape(Printer &p, TReshapeOp op) {
  TileShape from = op.getSource().getType().getTileShape(),
            to = op.getResult().getType().getTileShape();
  std::string source = p.valueOf(op.getSource()).text;
  llvm::SmallVector<std::string, 2> valid;
  if (to.validRows < 0)
    valid.push_back(to.rows == from.rows ? source + ".GetValidRow()" : std::to_string(to.rows));
  if (to.validCols < 0)
    valid.push_back(to.cols == from.cols ? source + ".GetValidCol()" : std::to_string(to.cols));
  std::string name = declareTile(p, op.getResult(), to, valid);
  p.line("TRESHAPE(" + name + ", " + source + ");");
}

void cpp::printBitcast(Printer &p, BitcastOp op) {
  TileShape shape = op.getResult().getType().getTileShape();
  std::string source = p.valueOf(op.getSource()).text;
  llvm::SmallVector<std::string, 2> valid;
  if (shape.validRows < 0)
    valid.push_back(source + ".GetValidRow()");
  if (shape.validCols < 0)
    valid.push_back(source + ".GetValidCol()");
  Expr address = knownOr(p, op.getResult(), [&] { return dataOf(p, op.getSource()); });
  std::string name = declareTile(p, op.getResult(), shape, valid);
  assignAddress(p, name, address);
}

void cpp::printMove(Printer &p, TAssignOp op) {
  // A copy of the handle: the valid extents go along.
  Expr address = castToUnsigned("uint64_t", p.valueOf(op.getAddr()));
  std::string source = p.valueOf(op.getSource()).text, name = p.declare(op.getResult());
  p.line(cppType(op.getResult().getType()) + " " + name + " = " + source + ";");
  assignAddress(p, name, address);
}

void cpp::printValid(Printer &p, Operation *op) {
  Value tile = op->getOperand(0);
  TileShape shape = llvm::cast<TileBufType>(tile.getType()).getTileShape();
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    bool isCols = llvm::isa<TileValidColsOp>(op) || i == 1;
    int64_t known = isCols ? shape.validCols : shape.validRows;
    if (known >= 0)
      p.bind(result, literal(known));
    else if (p.reads.count(result))
      p.defineVariable(result,
                       call(p.valueOf(tile).text + (isCols ? ".GetValidCol" : ".GetValidRow"), {}));
  }
}
