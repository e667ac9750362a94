//===- Store.cpp - TSTORE: Vec, Mat and Acc to global memory ---------------===//

#include "Fixpipe.h"
#include "Kernels.h"
#include <algorithm>

using namespace pto;
using namespace pto::sim;

/// Whether MTE3 or FIX can write this tile into a view of this layout (library 2.2).
static bool pathExists(const TileShape &from, Layout to, Arch arch) {
  bool nz = from.blayout == BLayout::ColMajor && from.slayout == SLayout::RowMajor;
  if (from.space == Space::Acc)
    return to != Layout::DN || arch == Arch::A5;
  if (from.rows == 1 || from.cols == 1)
    return true;
  switch (to) {
  case Layout::ND:
    return !from.isBoxed() && from.blayout == BLayout::RowMajor;
  case Layout::DN:
    return !from.isBoxed() && from.blayout == BLayout::ColMajor;
  case Layout::NZ:
    return nz;
  case Layout::MxAZz:
  case Layout::MxBNn:
    return false;
  }
  return false;
}

/// The elements that the hardware can add in GM (library 2.2).
static bool canAddAtomically(Element element) {
  constexpr ElementMask legal = maskOf(Element::F32) | maskOf(Element::F16) |
                                maskOf(Element::BF16) | maskOf(Element::I32) |
                                maskOf(Element::I16) | maskOf(Element::I8);
  return legal & maskOf(element);
}

void pto::sim::storeKernel(KernelContext &context) {
  const TileOperand *tile = tileAt(context, 0);
  const ViewOperand *target = viewAt(context, context.operands.size() - 1);
  if (!tile || !target)
    return;
  const TileShape &shape = tile->shape;
  const ViewOperand &view = *target;
  bool atomic = context.attribute("atomicType", 0) == 1;
  if (!pathExists(shape, view.layout, context.arch))
    return context.fail("TSTORE has no path from a tile " + layoutOf(shape) + " into a view in " +
                        layoutOf(view.layout).str() + ", on " + name(context.arch).str());
  if (shape.space != Space::Acc && bytesOf(view.element) != bytesOf(shape.element))
    return context.fail("TSTORE moves elements of " + name(shape.element).str() +
                        " into a view of " + name(view.element).str() + ", whose size differs");
  if (atomic && !canAddAtomically(view.element))
    return context.fail("there is no atomic add of " + name(view.element).str());

  int64_t rows = matrixRows(view), cols = matrixCols(view);
  if (rows != shape.validRows || cols != shape.validCols)
    context.fail("TSTORE of " + extents(shape.validRows, shape.validCols) +
                 " valid elements into a " + extents(rows, cols) + " view");
  // After that report the part which both have is moved, so that the run can go on.
  Region moved{0, 0, std::min(rows, shape.validRows), std::min(cols, shape.validCols)};
  if (moved.empty())
    return;
  // The order of the view: its lines are what leaves the core.
  Packed data(moved.rows, moved.cols, bytesOf(shape.element),
              view.layout == Layout::DN && shape.space != Space::Acc ? Packed::ByColumns
                                                                     : Packed::ByRows);
  if (shape.space != Space::Acc) {
    readTile(context, *tile, moved, data);
    return writeView(context, view, data, atomic);
  }
  Fixpipe fixpipe(view.element);
  bool hasParameters = context.operands.size() == 4; // with preQuantScalar alone: 3
  if (!readFixpipe(context, context.operands[hasParameters ? 2 : 1],
                   hasParameters ? context.operands[1] : Operand(), moved, fixpipe))
    return;
  if (auto why = fixpipe.whyNot(shape.element, context.arch))
    return context.fail("TSTORE: " + *why);
  readTile(context, *tile, moved, data);
  Packed converted = fixpipe.convert(data, shape.element);
  writeView(context, view, converted, atomic);
}
