//===- Reads.cpp - What the printed text reads -----------------------------===//

#include "Reads.h"
#include "Pipes.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Value;
namespace scf = mlir::scf;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

namespace {
/// Where a whole view comes from: its own make_tensor_view, or the slots of the pipe that binds it.
void findOrigin(Value whole, ViewSource &source) {
  source.make = whole.getDefiningOp<MakeTensorViewOp>();
  auto entry = whole.getDefiningOp<DeclareGlobalOp>();
  auto pipe = entry ? pipeOfEntry(entry) : std::nullopt;
  if (!pipe || !pipe->gm)
    return;
  source.make = pipe->gm.getDefiningOp<MakeTensorViewOp>();
  source.entry = whole;
}
} // namespace

std::optional<ViewSource> cpp::viewSource(Value view, ConstantFolder &constants) {
  ViewSource source;
  llvm::ArrayRef<int64_t> typeShape;
  if (auto part = view.getDefiningOp<PartitionViewOp>()) {
    findOrigin(part.getSource(), source);
    llvm::append_range(source.offsets, part.getOffsets());
    llvm::append_range(source.extents, part.getSizes());
    source.element = part.getResult().getType().getElementType();
    typeShape = part.getResult().getType().getShape();
  } else if (auto type = llvm::dyn_cast<TensorViewType>(view.getType())) {
    findOrigin(view, source);
    if (source.make)
      llvm::append_range(source.extents, source.make.getShape());
    source.element = type.getElementType();
    typeShape = type.getShape();
  }
  if (!source.make)
    return std::nullopt;
  size_t rank = source.extents.size(), pad = 5 - rank;
  source.shape.fill(1);
  for (size_t i = 0; i < rank; ++i) {
    bool isOpen = mlir::ShapedType::isDynamic(typeShape[i]);
    source.shape[pad + i] =
        isOpen ? constants.fold(source.extents[i]).value_or(dynamicDim) : typeShape[i];
    source.strides[pad + i] = constants.fold(source.make.getStrides()[i]).value_or(dynamicDim);
  }
  // A padded dimension has extent 1; its stride says where the next copy would begin.
  for (size_t i = pad; i-- > 0;) {
    int64_t extent = source.shape[i + 1], stride = source.strides[i + 1];
    bool isStatic = extent != dynamicDim && stride != dynamicDim;
    source.strides[i] = isStatic ? int64_t(uint64_t(extent) * stride) : dynamicDim;
  }
  if (auto element = elementOf(source.element); element && isPackedPair(*element)) {
    bool isDn = source.make.getLayout() == LayoutKind::DN;
    source.pairs = isDn ? 3 : 4;
  }
  return source;
}

std::optional<Extent> cpp::extentOf(Operation *op, ConstantFolder &constants) {
  bool isStride = llvm::isa<GetTensorViewStrideOp>(op);
  if (!isStride && !llvm::isa<GetTensorViewDimOp>(op))
    return std::nullopt;
  auto source = viewSource(op->getOperand(0), constants);
  auto dim = constants.fold(op->getOperand(1));
  if (!source || !dim || *dim < 0 || *dim >= int64_t(source->extents.size()))
    return std::nullopt;
  int64_t known = (isStride ? source->strides : source->shape)[5 - source->extents.size() + *dim];
  return Extent{known == dynamicDim ? std::nullopt : std::optional(known),
                isStride ? Value(source->make.getStrides()[*dim]) : source->extents[*dim]};
}

bool cpp::needsGlobalTensor(Value view, ConstantFolder &constants) {
  return llvm::any_of(view.getUsers(), [&](Operation *user) {
    return !llvm::isa<PartitionViewOp, InitializeL2G2LPipeOp>(user) && !extentOf(user, constants);
  });
}

//===----------------------------------------------------------------------===//
// Counting
//===----------------------------------------------------------------------===//

Reads::Reads(Operation *function, ConstantFolder &constants) : constants(constants) {
  visit(function);
  // What does not fit in half a line is easier to read in two statements; the bound also keeps the
  // text linear.
  constexpr unsigned mostOperators = 4;
  llvm::DenseMap<Operation *, unsigned> operators;
  function->walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    if (isDropped(op) || !mayInline(op))
      return;
    unsigned weight = 1;
    for (Value operand : op->getOperands())
      weight += operators.lookup(operand.getDefiningOp());
    if (weight > mostOperators)
      return;
    operators[op] = weight;
    inlined.insert(op);
  });
}

void Reads::read(Value value, Operation *reader, unsigned times) {
  if (constants.fold(value))
    return;
  Count &c = counts[value];
  c.count += times;
  c.reader = reader;
}

void Reads::readView(Value view, Operation *reader) {
  auto source = viewSource(view, constants);
  if (!source || !needsGlobalTensor(view, constants))
    return;
  read(source->entry ? source->entry : source->make.getPtr(), reader);
  for (Value offset : source->offsets)
    read(offset, reader);
  // Extents and strides also make up the padded strides, and strides the offset: they are names,
  // not expressions.
  size_t pad = 5 - source->extents.size();
  for (auto [i, extent] : llvm::enumerate(source->extents))
    if (source->shape[pad + i] == dynamicDim)
      read(extent, reader, 2);
  for (Value stride : source->make.getStrides())
    read(stride, reader, 2);
}

void Reads::readOperands(Operation *op) {
  if (auto make = llvm::dyn_cast<MakeTensorViewOp>(op))
    return readView(make.getResult(), op);
  if (auto part = llvm::dyn_cast<PartitionViewOp>(op))
    return readView(part.getResult(), op);
  if (auto pipe = PipeInit::of(op)) {
    for (Value value : {slotPointer(*pipe), pipe->local, pipe->peerLocal})
      if (value)
        read(value, op);
    return;
  }
  if (auto entry = llvm::dyn_cast<DeclareGlobalOp>(op))
    return readView(entry.getEntry(), op);
  if (auto extent = extentOf(op, constants)) {
    if (!extent->constant)
      read(extent->value, op);
    return;
  }
  if (auto get = llvm::dyn_cast<MultiTileGetOp>(op)) {
    read(get.getSlot(), op);
    if (auto ring = get.getSource().getDefiningOp<AllocMultiTileOp>())
      for (Value operand : ring->getOperands()) // by every slot: a name, not an expression
        read(operand, op, 2);
    return;
  }
  if (llvm::isa<AllocMultiTileOp>(op))
    return;
  if (auto loop = llvm::dyn_cast<scf::ForOp>(op)) {
    // The loop's head asks for them in every iteration: no work is left there.
    read(loop.getUpperBound(), op, 2);
    read(loop.getStep(), op, 2);
    read(loop.getLowerBound(), op);
    for (Value init : loop.getInitArgs())
      read(init, op);
    return;
  }
  unsigned times = readsOperandsTwice(op) || llvm::isa<SubviewOp>(op) ? 2 : 1;
  for (Value operand : op->getOperands())
    read(operand, op, times);
}

// Readers come before what they read: backwards, regions before the operands of the operation that
// holds them.
void Reads::visit(Operation *op) {
  for (mlir::Region &region : llvm::reverse(op->getRegions()))
    for (mlir::Block &block : llvm::reverse(region))
      for (Operation &nested : llvm::reverse(block))
        visit(&nested);
  if (!isDropped(op))
    readOperands(op);
}

bool Reads::isDropped(Operation *op) const {
  if (op->getNumResults() == 0 || op->getNumRegions() || !mlir::isMemoryEffectFree(op))
    return false;
  return llvm::all_of(op->getResults(), [&](Value v) { return count(v) == 0; });
}

bool Reads::mayInline(Operation *op) const {
  if (op->getNumResults() != 1 || !mlir::isMemoryEffectFree(op))
    return false;
  Count c = counts.lookup(op->getResult(0));
  // In a nested block the expression might be evaluated again and again.
  if (c.count != 1 || c.reader->getBlock() != op->getBlock())
    return false;
  // Operations take tiles by reference, so a tile is a variable.
  if (llvm::isa<TileBufType>(op->getResult(0).getType()))
    return false;
  // `(p + i)[j]` is harder to read than a pointer with a name.
  bool isPointer = llvm::isa<PtrType>(op->getResult(0).getType());
  if (isPointer && !llvm::isa<MakeTensorViewOp, PartitionViewOp>(c.reader))
    return false;
  // Loop variables change one after the other: what they become is computed before, into variables.
  bool assignsLoopVariables = llvm::isa<scf::YieldOp, scf::ConditionOp>(c.reader) &&
                              llvm::isa<scf::ForOp, scf::WhileOp>(c.reader->getParentOp());
  return !assignsLoopVariables || c.reader->getNumOperands() == 1 ||
         (llvm::isa<scf::ConditionOp>(c.reader) && c.reader->getOperand(0) == op->getResult(0));
}
