//===- InferLayout.cpp - The layout of global memory, where the text is silent ----===//
//
// Only the two innermost dimensions decide: elements of a row adjacent is ND, elements of a column
// adjacent is DN. What the program wrote stays, and NZ is never guessed: the strides of a fractal
// tensor are also those of an ordinary contiguous one.
//
//===----------------------------------------------------------------------===//

#include "ptoas/IR/OpInfo.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_INFERLAYOUT
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;

namespace {
/// What the tiles that move through a view would like.
struct Wish {
  bool rowMajor = false, colMajor = false;
};

void collectWishes(mlir::Value view, Wish &wish) {
  for (mlir::Operation *user : view.getUsers()) {
    if (auto part = llvm::dyn_cast<PartitionViewOp>(user)) {
      collectWishes(part.getResult(), wish);
      continue;
    }
    if (!llvm::isa<RecordOp>(user))
      continue;
    for (mlir::Value operand : user->getOperands())
      if (auto tile = llvm::dyn_cast<TileBufType>(operand.getType()))
        if (tile.getSpace() == Space::Vec && tile.getSlayout() == SLayout::NoneBox)
          (tile.getBlayout() == BLayout::RowMajor ? wish.rowMajor : wish.colMajor) = true;
  }
}

LayoutKind inferred(MakeTensorViewOp view) {
  auto type = view.getResult().getType();
  auto innermost = [&](mlir::OperandRange values, size_t back) {
    return constantOf(values[values.size() - 1 - back]);
  };
  size_t rank = view.getStrides().size();
  if (rank < 2)
    return LayoutKind::ND;
  auto extent = [&](size_t back) {
    int64_t given = type.getShape()[rank - 1 - back];
    return mlir::ShapedType::isDynamic(given) ? innermost(view.getShape(), back)
                                              : std::optional<int64_t>(given);
  };
  // A dimension of one element has no stride to speak of.
  bool single[] = {extent(0) == 1, extent(1) == 1};
  bool adjacentInRow = single[0] || innermost(view.getStrides(), 0) == 1;
  bool adjacentInColumn = single[1] || innermost(view.getStrides(), 1) == 1;
  if (adjacentInRow != adjacentInColumn)
    return adjacentInRow ? LayoutKind::ND : LayoutKind::DN;
  if (!adjacentInRow)
    return LayoutKind::ND; // nothing is known: what the library assumes by default
  Wish wish;
  collectWishes(view.getResult(), wish);
  if (wish.rowMajor != wish.colMajor)
    return wish.rowMajor ? LayoutKind::ND : LayoutKind::DN;
  return single[0] && !single[1] ? LayoutKind::DN : LayoutKind::ND;
}

/// Parts, loads and stores that say a layout themselves, as front-ends write it.
void collectSayings(mlir::Value view, llvm::SmallVectorImpl<mlir::Operation *> &all) {
  for (mlir::Operation *user : view.getUsers()) {
    if (user->getAttrOfType<LayoutAttr>("layout"))
      all.push_back(user);
    if (auto part = llvm::dyn_cast<PartitionViewOp>(user))
      collectSayings(part.getResult(), all);
  }
}
LayoutKind said(mlir::Operation *op) { return op->getAttrOfType<LayoutAttr>("layout").getValue(); }

struct InferLayoutPass : pto::impl::InferLayoutBase<InferLayoutPass> {
  void runOnOperation() override {
    getOperation().walk([&](MakeTensorViewOp view) {
      llvm::SmallVector<mlir::Operation *> sayings;
      collectSayings(view.getResult(), sayings);
      if (!view.getLayout())
        view.setLayout(sayings.empty() ? inferred(view) : said(sayings.back()));
      for (mlir::Operation *op : llvm::reverse(sayings)) // in the order of the text
        if (said(op) != *view.getLayout()) {
          (op->emitOpError() << "says layout " << stringifyLayoutKind(said(op))
                             << ", but its view has " << stringifyLayoutKind(*view.getLayout()))
                  .attachNote(view.getLoc())
              << "the view is made here; one layout is for all that goes through it";
          signalPassFailure();
        }
    });
  }
};
} // namespace
