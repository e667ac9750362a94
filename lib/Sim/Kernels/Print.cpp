//===- Print.cpp - TPRINT --------------------------------------------------===//

#include "Kernels.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sim;

/// Width and digits behind the point, by the number of printFormat.
static constexpr std::pair<unsigned, unsigned> formats[] = {{8, 4}, {8, 2}, {10, 6}};

static std::string table(Packed &values, Element element, int64_t format) {
  auto [width, digits] = formats[format];
  std::string text;
  llvm::raw_string_ostream os(text);
  for (int64_t row = 0; row < values.rows; ++row) {
    for (int64_t col = 0; col < values.cols; ++col) {
      const void *at = values.at(row, col);
      os << (col ? " " : "");
      if (isFloat(element))
        os << llvm::format("%*.*f", int(width), int(digits), decodeFloat(element, at));
      else
        os << llvm::format("%*lld", int(width), (long long)decodeInteger(element, at));
    }
    os << '\n';
  }
  return text;
}

void pto::sim::printKernel(KernelContext &context) {
  int64_t format = context.attribute("printFormat", 0);
  if (context.operands.size() > 1)
    scribbleView(context, context.operands[1]);
  if (context.operands[0].kind == Operand::View) {
    const ViewOperand &view = context.operands[0].view;
    Packed values(matrixRows(view), matrixCols(view), bytesOf(view.element));
    readView(context, view, values);
    return context.print(table(values, view.element, format));
  }
  const TileOperand *tile = tileAt(context, 0);
  if (!tile)
    return;
  Region region = validRegion(*tile);
  Packed values(region.rows, region.cols, bytesOf(tile->shape.element));
  readTile(context, *tile, region, values);
  context.print(table(values, tile->shape.element, format));
}
