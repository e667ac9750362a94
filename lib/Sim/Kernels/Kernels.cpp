//===- Kernels.cpp - Kernels by name ---------------------------------------===//

#include "Kernels.h"
#include "Gather.h"
#include "Generate.h"
#include "Reduce.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cstring>
#include <limits>

using namespace pto;
using namespace pto::sim;

namespace {
struct NamedKernel {
  llvm::StringRef name;
  KernelFunction function;
};
constexpr NamedKernel kernels[] = {
    {"load", loadKernel},
    {"store", storeKernel},
    {"move", moveKernel},
    {"extract", extractKernel},
    {"insert", insertKernel},
    {"transpose", transposeKernel},
    {"concat", concatKernel},
    {"concat_index", concatIndexKernel},
    {"fill_pad", fillPadKernel},
    {"matmul", matmulKernel},
    {"matmul_acc", matmulAccKernel},
    {"matmul_bias", matmulBiasKernel},
    {"gemv", gemvKernel},
    {"gemv_acc", gemvAccKernel},
    {"gemv_bias", gemvBiasKernel},
    {"matmul_mx", matmulMxKernel},
    {"matmul_mx_acc", matmulMxAccKernel},
    {"matmul_mx_bias", matmulMxBiasKernel},
    {"gemv_mx", gemvMxKernel},
    {"gemv_mx_acc", gemvMxAccKernel},
    {"gemv_mx_bias", gemvMxBiasKernel},
    {"xor", xorKernel},
    {"prelu", preluKernel},
    {"rem", remainderKernel},
    {"pow", powerKernel},
    {"shift_left", shiftLeftKernel},
    {"shift_right", shiftRightKernel},
    {"divide_scalar", divideScalarKernel},
    {"rem_scalar", remainderByScalarKernel},
    {"axpy", axpyKernel},
    {"rsqrt", rsqrtKernel},
    {"print", printKernel},
    {"compare", compareKernel},
    {"select", selectKernel},
    {"select_scalar", selectScalarKernel},
    {"convert", convertKernel},
    {"quantize", quantizeKernel},
    {"dequantize", dequantizeKernel},
    {"quantize_mx", quantizeMxKernel},
    {"add_add", addAddKernel},
    {"subtract_add", subtractAddKernel},
    {"partial_add", partialAddKernel},
    {"partial_mul", partialMulKernel},
    {"partial_max", partialMaxKernel},
    {"partial_min", partialMinKernel},
    {"partial_argmax", partialArgMaxKernel},
    {"partial_argmin", partialArgMinKernel},
    {"sort32", sort32Kernel},
    {"merge_sort", mergeSortKernel},
};
} // namespace

KernelFunction pto::sim::findKernel(llvm::StringRef name) {
  const auto *found = llvm::find_if(kernels, [&](const NamedKernel &k) { return k.name == name; });
  if (found != std::end(kernels))
    return found->function;
  for (auto find :
       {findReduceKernel, findExpandKernel, findGatherKernel, findGenerateKernel, findTableKernel})
    if (KernelFunction function = find(name))
      return function;
  return nullptr;
}

int64_t pto::sim::attributeOf(llvm::ArrayRef<Attribute> attributes, llvm::StringRef name,
                              int64_t otherwise) {
  for (const Attribute &attribute : attributes)
    if (attribute.name == name)
      return attribute.value;
  return otherwise;
}

const TileOperand *pto::sim::tileAt(KernelContext &context, unsigned index) {
  if (index >= context.operands.size() || context.operands[index].kind != Operand::Tile) {
    context.fail("operand " + std::to_string(index) + " is not a tile");
    return nullptr;
  }
  const TileShape &shape = context.operands[index].tile.shape;
  // Valid extents are run-time values: nothing before this point has seen them.
  if (shape.validRows < 0 || shape.validRows > shape.rows || shape.validCols < 0 ||
      shape.validCols > shape.cols) {
    context.fail("operand " + std::to_string(index) + " has " +
                 extents(shape.validRows, shape.validCols) + " valid elements, but is a tile of " +
                 extents(shape.rows, shape.cols));
    return nullptr;
  }
  if (shape.isBoxed() && shape.boxRows() == 0) {
    context.fail("operand " + std::to_string(index) + " has the fractal size " +
                 std::to_string(shape.fractal) + ", which is none of 32, 512, 1024");
    return nullptr;
  }
  return &context.operands[index].tile;
}

const ViewOperand *pto::sim::viewAt(KernelContext &context, unsigned index) {
  if (index < context.operands.size() && context.operands[index].kind == Operand::View)
    return &context.operands[index].view;
  context.fail("operand " + std::to_string(index) + " is not a view of global memory");
  return nullptr;
}

llvm::StringRef pto::sim::layoutOf(Layout layout) {
  constexpr llvm::StringLiteral names[] = {"ND", "DN", "NZ", "MX_A_ZZ", "MX_B_NN"};
  return names[unsigned(layout)];
}

std::string pto::sim::layoutOf(const TileShape &shape) {
  std::string text = "in " + name(shape.space).str() + " that is ";
  text += shape.blayout == BLayout::RowMajor ? "row_major" : "col_major";
  if (!shape.isBoxed())
    return text + " without boxes";
  return text + " with boxes by " + (shape.slayout == SLayout::RowMajor ? "rows" : "columns");
}

void pto::sim::encodePad(PadValue pad, Element element, std::byte *bytes) {
  unsigned size = bytesOf(element);
  std::memset(bytes, 0, size);
  bool isMax = pad == PadValue::Max;
  // library 1.6: 64-bit integers and the one-byte floats always pad with zero.
  if ((pad != PadValue::Max && pad != PadValue::Min) || isLowPrecision(element))
    return;
  if (isFloat(element)) {
    double infinity = std::numeric_limits<double>::infinity();
    return encodeFloat(element, isMax ? infinity : -infinity, bytes);
  }
  if (size == 8)
    return;
  unsigned bits = size * 8;
  int64_t max = isUnsigned(element) ? (int64_t(1) << bits) - 1 : (int64_t(1) << (bits - 1)) - 1;
  int64_t min = isUnsigned(element) ? 0 : -max - 1;
  encodeInteger(element, isMax ? max : min, bytes);
}

void pto::sim::scribble(KernelContext &context, const TileOperand &scratch, uint64_t offset,
                        uint64_t bytes) {
  // The access model knows the tile only: what the library writes behind it hits a neighbour.
  if (offset + bytes > scratch.shape.bytes())
    context.fail("the scratch tile has " + std::to_string(scratch.shape.bytes()) +
                 " bytes, but the library writes " + std::to_string(offset + bytes));
  llvm::SmallVector<std::byte, 256> pattern(bytes, std::byte{0xa5});
  context.write(scratch.shape.space, scratch.address + offset, pattern.data(), bytes);
}

void pto::sim::scribbleView(KernelContext &context, const Operand &scratch) {
  if (scratch.kind != Operand::View)
    return;
  const ViewOperand &view = scratch.view;
  Packed junk(matrixRows(view), matrixCols(view), bytesOf(view.element));
  std::memset(junk.data(), 0xa5, uint64_t(junk.elements()) * junk.elementBytes);
  writeView(context, view, junk, false);
}
