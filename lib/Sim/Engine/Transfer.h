//===- Transfer.h - Chunks of a transfer between ranks ----------*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_ENGINE_TRANSFER_H
#define PTOAS_LIB_SIM_ENGINE_TRANSFER_H

#include "Core.h"

namespace pto::sim {

/// One chunk on its way: src region -> staging tile -> dst region.
struct Chunk {
  ViewOperand src, dst;
  TileOperand tile;
  bool full = false; ///< has the staging tile's whole valid extent
};

/// Chunks run over dims 0, 1, 2, then rows, then columns; none spans two outer indices
/// (library 5.2). Both views have the src shape. The tiles take turns, beginning with the one that
/// chunk number `first` has. Tiles with dynamic valid extents take the size of each chunk and keep
/// that of their last one.
std::vector<Chunk> cut(const ViewOperand &src, const ViewOperand &dst, int64_t rows, int64_t cols,
                       llvm::ArrayRef<HandleValue *> tiles, const Program &program,
                       size_t first = 0);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_TRANSFER_H
