//===- Views.cpp - Tensor views --------------------------------------------===//
//
// A tensor view exists in the text only as GlobalTensor variables: of the parts that operations
// use, or of the whole view when one uses it directly. Offsets are summed in 64 bits onto the base
// pointer.
//
//===----------------------------------------------------------------------===//

#include "Printer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Value;

namespace {
/// Offset in elements of a part from the view's base: constant terms folded into one number at the
/// end.
Expr offsetOf(Printer &p, ViewSource source, bool &isZero) {
  Expr sum;
  bool isEmpty = true;
  uint64_t fixed = 0;
  auto add = [&](const Expr &term) {
    sum = isEmpty ? term : binary(sum, "+", term, Precedence::Additive);
    isEmpty = false;
  };
  for (auto [offset, stride] : llvm::zip(source.offsets, source.make.getStrides())) {
    auto constantOffset = p.constants.fold(offset), constantStride = p.constants.fold(stride);
    if (constantOffset && constantStride) {
      fixed += uint64_t(*constantOffset) * uint64_t(*constantStride);
      continue;
    }
    if (constantOffset == 0 || constantStride == 0)
      continue;
    Expr term = p.valueOf(offset);
    if (constantOffset == 1)
      term = p.valueOf(stride);
    else if (constantStride != 1)
      term = binary(term, "*", p.valueOf(stride), Precedence::Multiplicative);
    add(term);
  }
  if (fixed || isEmpty)
    add(literal(int64_t(fixed)));
  isZero = sum.text == "0";
  return sum;
}

/// Constructor arguments of a Shape or Stride: what its template arguments leave open.
std::string dimsArguments(llvm::ArrayRef<std::string> texts, const Dims &dims) {
  llvm::SmallVector<llvm::StringRef> open;
  for (auto [text, dim] : llvm::zip(texts, dims))
    if (dim == dynamicDim)
      open.push_back(text);
  return llvm::join(open, ", ");
}

/// The expressions of the padded shape and strides; entries of static dimensions are not used.
void dimsTexts(Printer &p, ViewSource source, std::array<std::string, 5> &shape,
               std::array<std::string, 5> &strides) {
  size_t pad = 5 - source.extents.size();
  Operation::operand_range strideValues = source.make.getStrides();
  auto extentAt = [&](size_t i) {
    int64_t fixed = source.shape[pad + i];
    return fixed == dynamicDim ? p.valueOf(source.extents[i]) : literal(fixed);
  };
  for (size_t i = 0; i < source.extents.size(); ++i) {
    shape[pad + i] = extentAt(i).text;
    strides[pad + i] = p.valueOf(strideValues[i]).text;
  }
  if (!pad || source.strides[0] != dynamicDim)
    return;
  Expr extent = extentAt(0), stride = p.valueOf(strideValues[0]);
  std::string whole = extent.text == "1" ? stride.text
                      : stride.text == "1"
                          ? extent.text
                          : binary(extent, "*", stride, Precedence::Multiplicative).text;
  for (size_t i = 0; i < pad; ++i)
    strides[i] = whole;
}
} // namespace

/// Extent or stride `i` in the numbers that the library counts (library 1.8).
static int64_t numbersPer(const ViewSource &source, size_t i, bool isStride) {
  return source.pairs && (*source.pairs == i) != isStride ? 2 : 1;
}
static Dims inNumbers(const ViewSource &source, Dims dims, bool isStride) {
  for (auto [i, dim] : llvm::enumerate(dims))
    if (dim != dynamicDim)
      dim *= numbersPer(source, i, isStride);
  return dims;
}

std::string cpp::viewType(const ViewSource &source) {
  LayoutKind layout = LayoutKind::ND;
  MakeTensorViewOp make = source.make;
  if (auto given = make.getLayout())
    layout = *given;
  return globalTensorType(source.element, inNumbers(source, source.shape, false),
                          inNumbers(source, source.strides, true), Layout(unsigned(layout)));
}

void cpp::printView(Printer &p, Value view) {
  if (!needsGlobalTensor(view, p.constants))
    return;
  ViewSource source = *viewSource(view, p.constants);
  bool isZero;
  Expr offset = offsetOf(p, source, isZero);
  Expr base = view == source.entry ? Expr{"nullptr"}
              : source.entry       ? Expr{p.valueOf(source.entry).text + ".data()"}
                                   : p.valueOf(source.make.getPtr());
  // `base + i * n + j`: each step stays inside the view, as the sum does.
  std::string arguments =
      isZero ? base.text : atLeast(base, Precedence::Additive) + " + " + offset.text;

  std::array<std::string, 5> shape, strides;
  dimsTexts(p, source, shape, strides);
  for (size_t i = 0; i < 5; ++i) {
    if (numbersPer(source, i, false) > 1 && source.shape[i] == dynamicDim)
      shape[i] = "2 * (" + shape[i] + ")";
    if (numbersPer(source, i, true) > 1 && source.strides[i] == dynamicDim)
      strides[i] = "2 * (" + strides[i] + ")";
  }
  Dims libraryShape = inNumbers(source, source.shape, false),
       libraryStrides = inNumbers(source, source.strides, true);
  bool hasOpenStride = llvm::is_contained(source.strides, dynamicDim);
  // The constructors are (pointer), (pointer, shape) and (pointer, shape, stride).
  if (hasOpenStride || llvm::is_contained(source.shape, dynamicDim))
    arguments +=
        ", " + dimsType("Shape", libraryShape) + "(" + dimsArguments(shape, libraryShape) + ")";
  if (hasOpenStride)
    arguments += ", " + dimsType("Stride", libraryStrides) + "(" +
                 dimsArguments(strides, libraryStrides) + ")";
  std::string type = viewType(source);
  p.line(type + " " + p.declare(view) + "(" + arguments + ");");
}

void cpp::printViewDim(Printer &p, Operation *op) {
  if (auto extent = extentOf(op, p.constants)) {
    p.bind(op->getResult(0),
           extent->constant ? literal(*extent->constant) : p.valueOf(extent->value));
    return;
  }
  // Dimensions of the view are the last ones of the library's five.
  Value view = op->getOperand(0);
  ViewSource source = *viewSource(view, p.constants);
  int64_t pad = 5 - int64_t(source.extents.size());
  Expr dim = p.valueOf(op->getOperand(1));
  if (pad)
    dim = binary(dim, "+", literal(pad), Precedence::Additive);
  llvm::StringRef getter = llvm::isa<GetTensorViewStrideOp>(op) ? ".GetStride" : ".GetShape";
  p.define(op->getResult(0), call(p.valueOf(view).text + getter.str(), {cast("int", dim)}));
}
