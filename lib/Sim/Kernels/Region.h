//===- Region.h - Rectangles of tiles and views as byte runs ----*- C++ -*-===//
//
// Every kernel moves data in two steps: from memory into a packed array (one element after the
// other, in the order of rows or of columns), and back. This header knows the layouts in between,
// so that no kernel does.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_KERNELS_REGION_H
#define PTOAS_LIB_SIM_KERNELS_REGION_H

#include "ptoas/Sim/Kernel.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <cstddef>
#include <memory>

namespace pto::sim {

/// A rectangle of elements by logical row and column.
struct Region {
  int64_t row = 0, col = 0, rows = 0, cols = 0;
  bool empty() const { return rows <= 0 || cols <= 0; }
  int64_t elements() const { return empty() ? 0 : rows * cols; }
};

/// A rectangle whose elements lie one behind the other in memory.
struct Piece {
  Region region;
  int64_t offset; ///< of its first element from element 0 of the tile or view, in elements
  bool byColumns; ///< consecutive elements go down a column, not along a row
};

/// The shape by which a tile's elements are really placed. Differs from the declared one for
/// compact tiles, whose grid follows the valid shape (library 1.3), for accumulators, which are
/// always 16 x 16 boxes, and for boxed tiles of one row, which are plain vectors.
TileShape storageGrid(const TileShape &shape);

/// Calls `visit` for the pieces that make up `region` of a tile with this grid, each byte once, as
/// few as the layout allows. Pieces may lie outside the tile when the region does.
void forEachPiece(const TileShape &grid, Region region, llvm::function_ref<void(Piece)> visit);

/// Rows and columns of a global tensor seen as a matrix (library 1.1: ND s0*s1*s2*s3 x s4, DN
/// s3 x s0*s1*s2*s4, NZ s2*s3 x s0*s1*s4; of scales: library 4.1).
int64_t matrixRows(const ViewOperand &view);
int64_t matrixCols(const ViewOperand &view);

/// The pieces of the first `rows` rows and `cols` columns of that matrix.
void forEachPiece(const ViewOperand &view, int64_t rows, int64_t cols,
                  llvm::function_ref<void(Piece)> visit);

/// A dense matrix of elements, taken as bytes.
class Packed {
public:
  enum Order : uint8_t { ByRows, ByColumns };
  Packed(int64_t rows, int64_t cols, unsigned elementBytes, Order order = ByRows)
      : rows(rows), cols(cols), elementBytes(elementBytes), order(order),
        storage(new std::byte[uint64_t(rows * cols) * elementBytes]) {}

  const int64_t rows, cols;
  const unsigned elementBytes;
  const Order order;

  std::byte *data() { return storage.get(); }
  const std::byte *data() const { return storage.get(); }
  int64_t elements() const { return rows * cols; }
  template <typename T> T *as() { return reinterpret_cast<T *>(storage.get()); }
  template <typename T> const T *as() const { return reinterpret_cast<const T *>(storage.get()); }
  std::byte *at(int64_t row, int64_t col) {
    return storage.get() +
           uint64_t(order == ByRows ? row * cols + col : col * rows + row) * elementBytes;
  }

private:
  std::unique_ptr<std::byte[]> storage; // left as it is: every element is filled before it is used
};

/// Whether never-written bytes in a read are a finding.
enum class Use : uint8_t { Value, Residue };

/// Copies `from` of the tile into `into`, at (row, col) there.
void readTile(KernelContext &context, const TileOperand &tile, Region from, Packed &into,
              int64_t row = 0, int64_t col = 0, Use use = Use::Value);
/// Copies all of `from` over `to` of the tile (same extents).
void writeTile(KernelContext &context, const TileOperand &tile, Region to, Packed &from);

/// Copies the first into.rows x into.cols elements of the view's matrix.
void readView(KernelContext &context, const ViewOperand &view, Packed &into);
/// Copies all of `from` to the start of the view's matrix; as additions when `atomicAdd`.
void writeView(KernelContext &context, const ViewOperand &view, Packed &from, bool atomicAdd);

/// The valid region of a tile (library 3.1: the iteration space of an instruction unless said
/// otherwise).
inline Region validRegion(const TileOperand &tile) {
  return {0, 0, tile.shape.validRows, tile.shape.validCols};
}

/// "16x64", for messages.
std::string extents(int64_t rows, int64_t cols);
llvm::StringRef layoutOf(Layout layout);      ///< "ND"
std::string layoutOf(const TileShape &shape); ///< "in vec that is row_major without boxes"

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_REGION_H
