//===- Views.cpp - Pointers, global views, scalar accesses -----------------===//

#include "Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

bool Lowering::lowerView(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](MakeTensorViewOp make) { return lowerMakeView(make), true; })
      .Case([&](PartitionViewOp partition) { return lowerPartition(partition), true; })
      .Case([&](GetTensorViewDimOp dim) { return lowerDim(dim, &ViewParts::shape), true; })
      .Case([&](GetTensorViewStrideOp dim) { return lowerDim(dim, &ViewParts::stride), true; })
      .Case([&](AddPtrOp add) {
        if (auto type = element(op, add.getPtr().getType().getElementType()))
          define(add, advance(word(add.getPtr()), word(add.getOffset()), *type));
        return true;
      })
      .Case([&](LoadScalarOp load) {
        if (auto type = element(op, load.getValue().getType()))
          define(load, builder.loadGm(*type, word(load.getPtr()), word(load.getOffset())));
        return true;
      })
      .Case([&](StoreScalarOp store) {
        if (auto type = element(op, store.getValue().getType()))
          builder.storeGm(*type, word(store.getPtr()), word(store.getOffset()),
                          word(store.getValue()));
        return true;
      })
      .Default([](Operation *) { return false; });
}

Register Lowering::advance(Register pointer, Register elements, Element element) {
  if (unsigned bytes = bytesOf(element); bytes != 1)
    elements = builder.arith(ArithOp::MulI, Element::I64, elements, builder.constant(bytes));
  return builder.arith(ArithOp::AddI, Element::I64, pointer, elements);
}

void Lowering::bindView(mlir::Value result, ViewParts parts) {
  Handle handle = builder.view(parts.element, parts.layout.value_or(Layout::ND), parts.pointer,
                               parts.shape, parts.stride);
  views.push_back(std::move(parts));
  bind(result, {Binding::View, handle, &views.back()});
}

void Lowering::lowerMakeView(MakeTensorViewOp op) {
  std::optional<Element> type = element(op, op.getResult().getType().getElementType());
  if (!type)
    return;
  ViewParts parts;
  parts.pointer = word(op.getPtr());
  parts.element = *type;
  // Where the text is silent and the layout was not inferred, memory is row-major.
  parts.layout = Layout(attributeValue(op, "layout", int64_t(Layout::ND)));
  for (mlir::Value extent : op.getShape())
    parts.shape.push_back(word(extent));
  for (mlir::Value stride : op.getStrides())
    parts.stride.push_back(word(stride));
  bindView(op.getResult(), std::move(parts));
}

void Lowering::lowerPartition(PartitionViewOp op) {
  const ViewParts &source = *get(op.getSource()).view;
  ViewParts parts;
  parts.element = source.element;
  parts.layout = source.layout;
  parts.stride = source.stride;
  Register elements = none;
  for (auto [offset, stride] : llvm::zip(op.getOffsets(), source.stride)) {
    if (constantOf(offset) == 0)
      continue;
    Register product = builder.arith(ArithOp::MulI, Element::I64, word(offset), stride);
    elements =
        elements == none ? product : builder.arith(ArithOp::AddI, Element::I64, elements, product);
  }
  parts.pointer =
      elements == none ? source.pointer : advance(source.pointer, elements, parts.element);
  for (mlir::Value size : op.getSizes())
    parts.shape.push_back(word(size));
  bindView(op.getResult(), std::move(parts));
}

template <typename Op>
void Lowering::lowerDim(Op op, llvm::SmallVector<Register, 5> ViewParts::*list) {
  llvm::ArrayRef<Register> values = get(op.getSource()).view->*list;
  if (std::optional<int64_t> dim = constantOf(op.getDim())) {
    if (*dim < 0 || *dim >= int64_t(values.size()))
      return (void)error(op, "asks for dimension " + llvm::Twine(*dim) + " of a view that has " +
                                 llvm::Twine(values.size()));
    return define(op.getResult(), values[*dim]);
  }
  Register result = values.back(), dim = word(op.getDim());
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    Register number = builder.constant(int64_t(i));
    Register isThis = builder.compareI(/*eq=*/0, Element::Index, dim, number);
    result = builder.select(isThis, values[i], result);
  }
  define(op.getResult(), result);
}
