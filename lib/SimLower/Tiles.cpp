//===- Tiles.cpp - Tiles, rings and views of tiles -------------------------===//

#include "Lowering.h"
#include "ptoas/IR/TileHandle.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;
using mlir::Value;

bool Lowering::lowerTile(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](AllocTileOp alloc) { return lowerAlloc(alloc), true; })
      .Case([&](AllocMultiTileOp ring) {
        if (!ring.getAddr())
          (void)error(op, "has no address: give it one (addr = ...) or let the memory planner "
                          "choose (--pto-level=level2)");
        return true;
      })
      .Case([&](MultiTileGetOp get) { return lowerSlot(get), true; })
      .Case([&](SubviewOp window) { return lowerWindow(window), true; })
      .Case<TReshapeOp, BitcastOp>(
          [&](auto view) { return lowerReshape(op, view.getSource()), true; })
      .Case([&](TAssignOp move) { return lowerMove(move), true; })
      .Case([&](TGetScaleAddrOp bind) {
        Register address = builder.tileField(TileFieldName::Address, handle(bind.getSrc()));
        builder.retarget(handle(bind.getDst()), builder.arith(ArithOp::ShRUI, Element::I64, address,
                                                              builder.constant(scaleAddressShift)));
        return true;
      })
      .Case([&](SetValidShapeOp set) {
        builder.setValid(handle(set.getSource()), word(set.getRow()), word(set.getCol()));
        return true;
      })
      .Case<TileValidRowsOp, TileValidColsOp, GetValidShapeOp>(
          [&](auto valid) { return lowerValid(op, valid.getSource()), true; })
      .Case([&](SetQuantScalarOp set) {
        builder.setQuant(word(set.getScale()), *elementOf(set.getType()));
        return true;
      })
      .Case([&](SetQuantVectorOp set) { return builder.setQuant(handle(set.getFp())), true; })
      .Default([](Operation *) { return false; });
}

void Lowering::bindTile(Value result, TileShape shape, Register address, Register rows,
                        Register cols, bool isOwn) {
  Handle handle = builder.tile(program.addShape(shape), address, rows, cols, isOwn);
  bind(result, {Binding::Tile, handle, nullptr});
}

void Lowering::lowerAlloc(AllocTileOp op) {
  if (!op.getAddr())
    return (void)error(op, "has no address: give it one (addr = ...) or let the memory planner "
                           "choose (--pto-level=level2)");
  bindTile(op.getResult(), op.getResult().getType().getTileShape(), word(op.getAddr()),
           op.getValidRow() ? word(op.getValidRow()) : none,
           op.getValidCol() ? word(op.getValidCol()) : none, /*isOwn=*/true);
}

/// base + the sum of value * factor; a constant value costs nothing while the kernel runs.
Register Lowering::sumOfProducts(Register base, llvm::ArrayRef<std::pair<Value, int64_t>> terms) {
  for (auto [value, factor] : terms) {
    if (constantOf(value) == 0)
      continue;
    Register product =
        builder.arith(ArithOp::MulI, Element::I64, word(value), builder.constant(factor));
    base = builder.arith(ArithOp::AddI, Element::I64, base, product);
  }
  return base;
}

void Lowering::lowerSlot(MultiTileGetOp op) {
  auto ring = op.getSource().getDefiningOp<AllocMultiTileOp>();
  if (!ring || !ring.getAddr())
    return (void)error(op, "takes a slot of a ring that has no address in this function");
  MultiTileBufType type = ring.getResult().getType();
  Register address =
      sumOfProducts(word(ring.getAddr()), {{op.getSlot(), int64_t(type.getStride())}});
  bindTile(op.getResult(), type.getSlot().getTileShape(), address,
           ring.getValidRow() ? word(ring.getValidRow()) : none,
           ring.getValidCol() ? word(ring.getValidCol()) : none, /*isOwn=*/true);
}

void Lowering::lowerWindow(SubviewOp op) {
  TileShape source = storageOf(op.getSource()), shape = storageOf(op.getResult());
  std::array<int64_t, 2> stride = elementStrides(source);
  int64_t bytes = bytesOf(shape.element);
  Register base = builder.tileField(TileFieldName::Address, handle(op.getSource()));
  Register address =
      sumOfProducts(base, {{op.getRow(), stride[0] * bytes}, {op.getCol(), stride[1] * bytes}});
  auto atMost = [&](Value extent, int64_t known, int64_t size) {
    return known >= 0
               ? none
               : builder.arith(ArithOp::MinSI, Element::I64, word(extent), builder.constant(size));
  };
  bindTile(op.getResult(), shape, address,
           atMost(op.getValidRow(), shape.validRows, op.getSizes()[0]),
           atMost(op.getValidCol(), shape.validCols, op.getSizes()[1]));
}

void Lowering::lowerReshape(Operation *op, Value source) {
  TileShape from = llvm::cast<TileBufType>(source.getType()).getTileShape();
  TileShape to = llvm::cast<TileBufType>(op->getResult(0).getType()).getTileShape();
  auto extent = [&](int64_t known, int64_t own, int64_t other, TileFieldName field) {
    if (known >= 0)
      return none;
    return own == other ? builder.tileField(field, handle(source)) : builder.constant(own);
  };
  Register rows = extent(to.validRows, to.rows, from.rows, TileFieldName::ValidRows);
  Register cols = extent(to.validCols, to.cols, from.cols, TileFieldName::ValidCols);
  bindTile(op->getResult(0), to, builder.tileField(TileFieldName::Address, handle(source)), rows,
           cols);
}

void Lowering::lowerMove(TAssignOp op) {
  Binding result = fresh(op, op.getResult().getType());
  builder.copyHandle(result.id, handle(op.getSource()));
  builder.retarget(result.id, word(op.getAddr()));
  bind(op.getResult(), result);
}

void Lowering::lowerValid(Operation *op, Value tile) {
  bool onlyCols = llvm::isa<TileValidColsOp>(op);
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    define(result, builder.tileField(onlyCols || i == 1 ? TileFieldName::ValidCols
                                                        : TileFieldName::ValidRows,
                                     handle(tile)));
}
