//===- Region.cpp - Rectangles of tiles and views as byte runs -------------===//

#include "Region.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>

using namespace pto;
using namespace pto::sim;

TileShape pto::sim::storageGrid(const TileShape &shape) {
  TileShape grid = shape;
  if (!shape.isBoxed())
    return grid;
  if (shape.rows == 1) {
    grid.blayout = BLayout::RowMajor;
    grid.slayout = SLayout::NoneBox;
    return grid;
  }
  grid.rows = shape.storedRows();
  if (shape.space == Space::Acc)
    grid.fractal = 1024;
  bool isMatrixOperand =
      shape.space == Space::Left || shape.space == Space::Right || shape.space == Space::Acc;
  if (shape.compact == CompactMode::Normal && isMatrixOperand) {
    grid.rows = llvm::alignTo(uint64_t(shape.validRows), uint64_t(grid.boxRows()));
    grid.cols = llvm::alignTo(uint64_t(shape.validCols), uint64_t(grid.boxCols()));
  }
  return grid;
}

namespace {
/// A layout turned so that consecutive elements always run along `minor`: column-ordered layouts
/// are the row-ordered ones with rows and columns exchanged.
struct Turned {
  bool byColumns;
  int64_t major, minor, majors, minors; // the region
  int64_t gridMajors, gridMinors;
  int64_t boxMajor, boxMinor;
  llvm::function_ref<void(Piece)> visit;

  void emit(int64_t atMajor, int64_t atMinor, int64_t countMajor, int64_t countMinor,
            int64_t offset) const {
    Region region = byColumns ? Region{atMinor, atMajor, countMinor, countMajor}
                              : Region{atMajor, atMinor, countMajor, countMinor};
    visit({region, offset, byColumns});
  }

  /// Lines of `pitch` elements: one piece when whole lines are taken, else a piece per line.
  void emitLines(int64_t atMajor, int64_t atMinor, int64_t countMajor, int64_t countMinor,
                 int64_t offset, int64_t pitch) const {
    if (countMinor == pitch)
      return emit(atMajor, atMinor, countMajor, countMinor, offset);
    for (int64_t i = 0; i < countMajor; ++i)
      emit(atMajor + i, atMinor, 1, countMinor, offset + i * pitch);
  }

  void emitPlain() const {
    emitLines(major, minor, majors, minors, major * gridMinors + minor, gridMinors);
  }

  /// Boxes: columns of boxes one after the other (`stacked`: Nz, Zn), or rows of boxes (Zz, Nn).
  void emitBoxes(bool stacked) const {
    int64_t boxElements = boxMajor * boxMinor, boxesPerRow = gridMinors / boxMinor;
    for (int64_t at = minor, end = minor + minors; at < end;) {
      int64_t inBox = at % boxMinor, count = std::min(boxMinor - inBox, end - at);
      if (stacked) { // boxes below one another are adjacent, so lines run on across them
        int64_t column = at / boxMinor * gridMajors * boxMinor;
        emitLines(major, at, majors, count, column + major * boxMinor + inBox, boxMinor);
      } else {
        for (int64_t line = major, last = major + majors; line < last;) {
          int64_t lineInBox = line % boxMajor, lines = std::min(boxMajor - lineInBox, last - line);
          int64_t box = line / boxMajor * boxesPerRow + at / boxMinor;
          emitLines(line, at, lines, count, box * boxElements + lineInBox * boxMinor + inBox,
                    boxMinor);
          line += lines;
        }
      }
      at += count;
    }
  }
};
} // namespace

void pto::sim::forEachPiece(const TileShape &grid, Region region,
                            llvm::function_ref<void(Piece)> visit) {
  if (region.empty())
    return;
  bool boxed = grid.isBoxed();
  bool byColumns = boxed ? grid.slayout == SLayout::ColMajor : grid.blayout == BLayout::ColMajor;
  int64_t boxRows = grid.boxRows(), boxCols = grid.boxCols();
  Turned turned = byColumns ? Turned{true,      region.col, region.row, region.cols, region.rows,
                                     grid.cols, grid.rows,  boxCols,    boxRows,     visit}
                            : Turned{false,     region.row, region.col, region.rows, region.cols,
                                     grid.rows, grid.cols,  boxRows,    boxCols,     visit};
  if (!boxed)
    return turned.emitPlain();
  turned.emitBoxes((grid.blayout == BLayout::ColMajor) != byColumns);
}

int64_t pto::sim::matrixRows(const ViewOperand &view) {
  const auto &s = view.shape;
  switch (view.layout) {
  case Layout::ND:
    return s[0] * s[1] * s[2] * s[3];
  case Layout::DN:
    return s[3];
  case Layout::NZ:
    return s[2] * s[3];
  case Layout::MxAZz:
    return s[0] * s[1] * s[3];
  case Layout::MxBNn:
    return s[2] * s[4];
  }
  return 0;
}

int64_t pto::sim::matrixCols(const ViewOperand &view) {
  const auto &s = view.shape;
  switch (view.layout) {
  case Layout::ND:
    return s[4];
  case Layout::DN:
    return s[0] * s[1] * s[2] * s[4];
  case Layout::NZ:
    return s[0] * s[1] * s[4];
  case Layout::MxAZz:
    return s[2] * s[4];
  case Layout::MxBNn:
    return s[0] * s[1] * s[3];
  }
  return 0;
}

/// Emits the pieces of one s3 x s4 block of a view.
static void emitBlock(const ViewOperand &view, Region region, int64_t offset,
                      llvm::function_ref<void(Piece)> visit) {
  bool byColumns = view.layout == Layout::DN || view.layout == Layout::MxBNn;
  int64_t lines = byColumns ? region.cols : region.rows,
          count = byColumns ? region.rows : region.cols;
  // Of DN, s3 counts the rows; in all others lines are s3.
  int64_t pitch = view.layout == Layout::DN ? view.stride[4] : view.stride[3];
  int64_t step = view.layout == Layout::DN ? view.stride[3] : view.stride[4];
  auto emit = [&](int64_t line, int64_t at, int64_t someLines, int64_t someCount) {
    Region piece = byColumns ? Region{region.row + at, region.col + line, someCount, someLines}
                             : Region{region.row + line, region.col + at, someLines, someCount};
    visit({piece, offset + line * pitch + at * step, byColumns});
  };
  if (count > 1 && step != 1) {
    for (int64_t line = 0; line < lines; ++line)
      for (int64_t at = 0; at < count; ++at)
        emit(line, at, 1, 1);
  } else if (pitch == count) {
    emit(0, 0, lines, count);
  } else {
    for (int64_t line = 0; line < lines; ++line)
      emit(line, 0, 1, count);
  }
}

/// The part of the matrix that block (outer, i2) of a view holds, with outer = i0 * s1 + i1.
static Region blockOf(const ViewOperand &view, int64_t outer, int64_t i2) {
  const auto &s = view.shape;
  switch (view.layout) {
  case Layout::ND:
    return {(outer * s[2] + i2) * s[3], 0, s[3], s[4]};
  case Layout::DN:
    return {0, (outer * s[2] + i2) * s[4], s[3], s[4]};
  case Layout::NZ:
    return {i2 * s[3], outer * s[4], s[3], s[4]};
  case Layout::MxAZz:
    return {outer * s[3], i2 * s[4], s[3], s[4]};
  case Layout::MxBNn:
    return {i2 * s[4], outer * s[3], s[4], s[3]};
  }
  return {};
}

void pto::sim::forEachPiece(const ViewOperand &view, int64_t rows, int64_t cols,
                            llvm::function_ref<void(Piece)> visit) {
  const auto &s = view.shape;
  const auto &stride = view.stride;
  // Groups that lie outside the wanted part are not walked: a view may be far larger than the tile.
  bool outerIsRow = view.layout == Layout::ND || view.layout == Layout::MxAZz;
  for (int64_t i0 = 0; i0 < s[0]; ++i0)
    for (int64_t i1 = 0; i1 < s[1]; ++i1)
      for (int64_t i2 = 0; i2 < s[2]; ++i2) {
        Region region = blockOf(view, i0 * s[1] + i1, i2);
        bool below = region.row >= rows, behind = region.col >= cols;
        if (outerIsRow ? below : behind)
          return;
        if (below || behind)
          break;
        region.rows = std::min(region.rows, rows - region.row);
        region.cols = std::min(region.cols, cols - region.col);
        if (!region.empty())
          emitBlock(view, region, i0 * stride[0] + i1 * stride[1] + i2 * stride[2], visit);
      }
}

/// Copies `lines` x `count` elements between two strided arrays.
template <unsigned Bytes>
static void copyStrided(std::byte *to, int64_t toLine, int64_t toStep, const std::byte *from,
                        int64_t fromLine, int64_t fromStep, int64_t lines, int64_t count) {
  for (int64_t line = 0; line < lines; ++line)
    for (int64_t i = 0; i < count; ++i)
      std::memcpy(to + (line * toLine + i * toStep) * Bytes,
                  from + (line * fromLine + i * fromStep) * Bytes, Bytes);
}

namespace {
/// Where the elements of a piece lie inside a packed matrix.
struct Placement {
  std::byte *start;
  int64_t lines, count; // as in the piece: lines of consecutive elements
  int64_t linePitch, step;
  unsigned bytes;

  Placement(Packed &packed, int64_t row, int64_t col, const Piece &piece)
      : start(packed.at(row, col)), bytes(packed.elementBytes) {
    int64_t rowPitch = packed.order == Packed::ByRows ? packed.cols : 1;
    int64_t colPitch = packed.order == Packed::ByRows ? 1 : packed.rows;
    lines = piece.byColumns ? piece.region.cols : piece.region.rows;
    count = piece.byColumns ? piece.region.rows : piece.region.cols;
    linePitch = piece.byColumns ? colPitch : rowPitch;
    step = piece.byColumns ? rowPitch : colPitch;
  }

  bool isDense() const { return (step == 1 || count == 1) && (lines == 1 || linePitch == count); }
  uint64_t totalBytes() const { return uint64_t(lines * count) * bytes; }

  /// `toPacked`: from the dense run into the matrix, else the other way round.
  void copy(std::byte *run, bool toPacked) const {
    auto go = [&]<unsigned Bytes>() {
      if (toPacked)
        copyStrided<Bytes>(start, linePitch, step, run, count, 1, lines, count);
      else
        copyStrided<Bytes>(run, count, 1, start, linePitch, step, lines, count);
    };
    switch (bytes) {
    case 1:
      return go.template operator()<1>();
    case 2:
      return go.template operator()<2>();
    case 4:
      return go.template operator()<4>();
    default:
      return go.template operator()<8>();
    }
  }
};
} // namespace

void pto::sim::readTile(KernelContext &context, const TileOperand &tile, Region from, Packed &into,
                        int64_t row, int64_t col, Use use) {
  llvm::SmallVector<std::byte, 1024> run;
  forEachPiece(storageGrid(tile.shape), from, [&](const Piece &piece) {
    Placement place(into, row + piece.region.row - from.row, col + piece.region.col - from.col,
                    piece);
    std::byte *target = place.start;
    if (!place.isDense()) {
      run.resize_for_overwrite(place.totalBytes());
      target = run.data();
    }
    uint64_t address = tile.address + piece.offset * int64_t(place.bytes);
    if (use == Use::Value)
      context.read(tile.shape.space, address, target, place.totalBytes());
    else
      context.readResidue(tile.shape.space, address, target, place.totalBytes());
    if (!place.isDense())
      place.copy(target, /*toPacked=*/true);
  });
}

/// Calls `write` with the offset and the dense bytes of every piece that `walk` visits.
template <typename Walk, typename Write>
static void gatherPieces(Packed &from, int64_t row, int64_t col, Walk walk, Write write) {
  llvm::SmallVector<std::byte, 1024> run;
  walk([&](const Piece &piece) {
    Placement place(from, piece.region.row - row, piece.region.col - col, piece);
    const std::byte *source = place.start;
    if (!place.isDense()) {
      run.resize_for_overwrite(place.totalBytes());
      place.copy(run.data(), /*toPacked=*/false);
      source = run.data();
    }
    write(piece.offset * int64_t(place.bytes), source, piece.region.elements());
  });
}

void pto::sim::writeTile(KernelContext &context, const TileOperand &tile, Region to, Packed &from) {
  TileShape grid = storageGrid(tile.shape);
  gatherPieces(
      from, to.row, to.col, [&](auto visit) { forEachPiece(grid, to, visit); },
      [&](int64_t offset, const std::byte *bytes, int64_t elements) {
        context.write(tile.shape.space, tile.address + offset, bytes,
                      uint64_t(elements) * from.elementBytes);
      });
}

void pto::sim::readView(KernelContext &context, const ViewOperand &view, Packed &into) {
  llvm::SmallVector<std::byte, 1024> run;
  forEachPiece(view, into.rows, into.cols, [&](const Piece &piece) {
    Placement place(into, piece.region.row, piece.region.col, piece);
    std::byte *target = place.start;
    if (!place.isDense()) {
      run.resize_for_overwrite(place.totalBytes());
      target = run.data();
    }
    context.read(Space::GM, view.address + piece.offset * int64_t(place.bytes), target,
                 place.totalBytes());
    if (!place.isDense())
      place.copy(target, /*toPacked=*/true);
  });
}

void pto::sim::writeView(KernelContext &context, const ViewOperand &view, Packed &from,
                         bool atomicAdd) {
  gatherPieces(
      from, 0, 0, [&](auto visit) { forEachPiece(view, from.rows, from.cols, visit); },
      [&](int64_t offset, const std::byte *bytes, int64_t elements) {
        if (atomicAdd)
          context.atomicAdd(view.address + offset, view.element, bytes, uint64_t(elements));
        else
          context.write(Space::GM, view.address + offset, bytes,
                        uint64_t(elements) * from.elementBytes);
      });
}

std::string pto::sim::extents(int64_t rows, int64_t cols) {
  return std::to_string(rows) + "x" + std::to_string(cols);
}
