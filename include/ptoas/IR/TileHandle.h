//===- TileHandle.h - Facts about tile values -------------------*- C++ -*-===//
//
// What the text says about a tile value beyond its type: how its lines lie, and extents that are
// constants behind a `?`. Printer, analysis and simulator share these facts.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_TILEHANDLE_H
#define PTOAS_IR_TILEHANDLE_H

#include "ptoas/IR/Pto.h"

namespace pto {

/// The shape by which the elements of `tile` are addressed from its first one: the type's own, but
/// that of the source for a window that is narrower than its source (library 1.7). Valid extents
/// are those of the type.
TileShape storageOf(mlir::Value tile);

/// Elements from a row to the next and from a column to the next. With boxes: for rows and columns
/// that begin a box.
std::array<int64_t, 2> elementStrides(const TileShape &shape);

/// Valid rows and columns; -1 where only run time knows, also because set_validshape changes them.
std::array<int64_t, 2> knownValid(mlir::Value tile);

/// The type that subview has when its text leaves it out. `valid` are the operands, null without.
TileBufType windowType(TileBufType source, llvm::ArrayRef<int64_t> sizes, mlir::Value validRow,
                       mlir::Value validCol);

/// The alignment that every operation may assume of a tile (library 1.2): whole blocks of 32 bytes
/// or whole boxes. Reports at `op`.
mlir::LogicalResult verifyTileLayout(mlir::Operation *op, TileBufType type);

} // namespace pto

#endif // PTOAS_IR_TILEHANDLE_H
