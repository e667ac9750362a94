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

/// An extent in elements as the library counts it (library 1.8).
std::string inNumbers(const Expr &elements, int64_t perElement) {
  if (perElement == 1)
    return elements.text;
  return binary(elements, "*", literal(perElement), Precedence::Multiplicative).text;
}

/// The open extents of a tile, from the values that say them.
llvm::SmallVector<std::string, 2> openExtents(Printer &p, const TileShape &shape, Value rows,
                                              Value cols) {
  auto per = shape.numbersPerElement();
  llvm::SmallVector<std::string, 2> extents;
  if (rows)
    extents.push_back(inNumbers(p.valueOf(rows), per[0]));
  if (cols)
    extents.push_back(inNumbers(p.valueOf(cols), per[1]));
  return extents;
}

/// `source.GetValidCol()`, counted in elements of another type.
std::string extentOfSource(const std::string &source, const TileShape &from, const TileShape &to,
                           unsigned axis) {
  std::string text = source + (axis ? ".GetValidCol()" : ".GetValidRow()");
  int64_t have = from.numbersPerElement()[axis], wanted = to.numbersPerElement()[axis];
  if (have < wanted)
    return text + " * " + std::to_string(wanted / have);
  return have > wanted ? text + " / " + std::to_string(have / wanted) : text;
}

Expr knownOr(Printer &p, Value tile, llvm::function_ref<Expr()> otherwise) {
  auto known = knownAddress(p, tile);
  return known ? castToUnsigned("uint64_t", literal(*known)) : otherwise();
}
} // namespace

void cpp::printAllocTile(Printer &p, AllocTileOp op) {
  // Only the open extents are arguments of the constructor.
  TileShape shape = op.getResult().getType().getTileShape();
  auto valid = openExtents(p, shape, op.getValidRow(), op.getValidCol());
  Expr address = castToUnsigned("uint64_t", p.valueOf(op.getAddr()));
  std::string name = declareTile(p, op.getResult(), shape, valid);
  assignAddress(p, name, address);
}

void cpp::printSlot(Printer &p, MultiTileGetOp op) {
  auto ring = llvm::cast<AllocMultiTileOp>(op.getSource().getDefiningOp());
  MultiTileBufType type = ring.getResult().getType();
  auto valid =
      openExtents(p, type.getSlot().getTileShape(), ring.getValidRow(), ring.getValidCol());
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
  auto per = shape.numbersPerElement();
  for (auto [known, given, size, factor] :
       {std::tuple(shape.validRows, op.getValidRow(), op.getSizes()[0], per[0]),
        {shape.validCols, op.getValidCol(), op.getSizes()[1], per[1]}}) {
    if (known >= 0)
      continue;
    Expr extent = p.valueOf(given);
    Expr clamped =
        choose(binary(extent, "<", literal(size), Precedence::Relational), extent, literal(size));
    valid.push_back(inNumbers(clamped, factor));
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
  auto per = to.numbersPerElement();
  if (to.validRows < 0)
    valid.push_back(to.rows == from.rows ? extentOfSource(source, from, to, 0)
                                         : std::to_string(to.rows * per[0]));
  if (to.validCols < 0)
    valid.push_back(to.cols == from.cols ? extentOfSource(source, from, to, 1)
                                         : std::to_string(to.cols * per[1]));
  std::string name = declareTile(p, op.getResult(), to, valid);
  p.line("TRESHAPE(" + name + ", " + source + ");");
}

void cpp::printBitcast(Printer &p, BitcastOp op) {
  TileShape shape = op.getResult().getType().getTileShape(),
            from = op.getSource().getType().getTileShape();
  std::string source = p.valueOf(op.getSource()).text;
  llvm::SmallVector<std::string, 2> valid;
  if (shape.validRows < 0)
    valid.push_back(extentOfSource(source, from, shape, 0));
  if (shape.validCols < 0)
    valid.push_back(extentOfSource(source, from, shape, 1));
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
    else if (p.reads.count(result)) {
      Expr extent = call(p.valueOf(tile).text + (isCols ? ".GetValidCol" : ".GetValidRow"), {});
      if (int64_t factor = shape.numbersPerElement()[isCols ? 1 : 0]; factor > 1)
        extent = binary(extent, "/", literal(factor), Precedence::Multiplicative);
      p.defineVariable(result, extent);
    }
  }
}
