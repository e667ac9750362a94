//===- RunCase.cpp - From a case to a module, a program and a run -----------===//

#include "../IR/Messages.h"
#include "Case.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/TileHandle.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/SimLower/Lower.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::reference;

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

namespace {
/// Gives the operands of a draft, which are arguments of its function, a place.
class Places {
public:
  Places(mlir::func::FuncOp function) : function(function), b(function.getContext()) {
    b.setInsertionPointToStart(&function.front());
  }

  void run(const Case &c) {
    unsigned next = 0;
    for (auto [value, argument] : llvm::zip(c.draft.operands, c.arguments)) {
      if (!value || value->constant || value->same)
        continue;
      mlir::BlockArgument old = function.front().getArgument(next);
      mlir::Value placed;
      if (argument.kind == Argument::Tile)
        placed = tile(argument, llvm::cast<TileBufType>(old.getType()));
      else if (argument.kind == Argument::View)
        placed = view(argument, old, next);
      else if (argument.kind == Argument::Counts)
        placed = mlir::arith::ConstantOp::create(
            b, loc(),
            mlir::DenseElementsAttr::get(llvm::cast<mlir::ShapedType>(old.getType()),
                                         b.getI16IntegerAttr(0)));
      if (!placed) {
        ++next; // a number: passed by the launch
        continue;
      }
      old = function.front().getArgument(argument.kind == Argument::View ? next + 1 : next);
      old.replaceAllUsesWith(placed);
      function.front().eraseArgument(old.getArgNumber());
      next += argument.kind == Argument::View; // the pointer
    }
    function.setFunctionType(
        b.getFunctionType(function.front().getArgumentTypes(), function.getResultTypes()));
    b.setInsertionPoint(function.front().getTerminator());
    BarrierOp::create(b, loc(), PipeKind::PIPE_ALL);
  }

private:
  mlir::Location loc() { return b.getUnknownLoc(); }
  /// What messages and the regions of the synchronisation model are called.
  mlir::Location nameOf(const Argument &argument) {
    return mlir::NameLoc::get(b.getStringAttr(argument.name));
  }
  mlir::Value index(int64_t n) {
    return mlir::arith::ConstantOp::create(b, loc(), b.getIndexAttr(n));
  }

  mlir::Value tile(const Argument &argument, TileBufType type) {
    bool isOpen = type.getValidRows() < 0;
    mlir::Value rows = isOpen ? index(argument.shape.validRows) : mlir::Value();
    mlir::Value cols = isOpen ? index(argument.shape.validCols) : mlir::Value();
    auto at = [&](uint64_t address) -> mlir::Value {
      return mlir::arith::ConstantOp::create(b, loc(), b.getI64IntegerAttr(int64_t(address)));
    };
    if (!argument.isWindow)
      return AllocTileOp::create(b, nameOf(argument), type, at(argument.address), rows, cols);
    const TileShape &outer = argument.shape;
    auto parent = TileBufType::get(type.getContext(), outer.space, type.getElementType(),
                                   outer.rows, outer.cols, outer.rows, outer.cols, outer.blayout,
                                   outer.slayout, outer.fractal, outer.pad, outer.compact);
    int64_t first = 32 / sizeOf(outer.element); // the window begins one block to the right
    mlir::Value whole = AllocTileOp::create(b, loc(), parent, at(argument.address - 32),
                                            mlir::Value(), mlir::Value());
    int64_t sizes[] = {argument.declared.rows, argument.declared.cols};
    return SubviewOp::create(b, nameOf(argument), windowType(parent, sizes, rows, cols), whole,
                             index(0), index(first), rows, cols, b.getDenseI64ArrayAttr(sizes));
  }

  mlir::Value view(const Argument &argument, mlir::BlockArgument old, unsigned number) {
    auto part = llvm::dyn_cast<PartitionTensorViewType>(old.getType());
    mlir::Type element =
        part ? part.getElementType() : llvm::cast<TensorViewType>(old.getType()).getElementType();
    mlir::Value pointer =
        function.front().insertArgument(number, PtrType::get(element), nameOf(argument));
    llvm::SmallVector<mlir::Value> extents, steps, zeros;
    llvm::SmallVector<int64_t> open;
    for (unsigned d = 5 - argument.rank; d < 5; ++d) {
      extents.push_back(index(argument.extent[d]));
      steps.push_back(index(argument.step[d]));
      zeros.push_back(index(0));
      open.push_back(mlir::ShapedType::kDynamic);
    }
    auto layout = LayoutAttr::get(b.getContext(), LayoutKind(unsigned(argument.layout)));
    auto shape =
        part ? llvm::ArrayRef<int64_t>(open) : llvm::cast<TensorViewType>(old.getType()).getShape();
    mlir::Value whole =
        MakeTensorViewOp::create(b, loc(), TensorViewType::get(b.getContext(), shape, element),
                                 pointer, extents, steps, layout);
    if (!part)
      return whole;
    return PartitionViewOp::create(b, nameOf(argument), part, whole, zeros, extents);
  }

  mlir::func::FuncOp function;
  mlir::OpBuilder b;
};
} // namespace

mlir::OwningOpRef<mlir::ModuleOp> reference::buildModule(mlir::MLIRContext &context, const Case &c,
                                                         std::string &refusal) {
  testing::Messages messages(context);
  mlir::OwningOpRef<mlir::ModuleOp> module = testing::build(&context, c.draft);
  auto refused = [&] {
    refusal = llvm::join(messages.all(), "; ");
    return mlir::OwningOpRef<mlir::ModuleOp>();
  };
  if (mlir::failed(verifyAll(*module)))
    return refused();
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  // A number that the operation makes has no way out of a kernel.
  Places(function).run(c);
  if (mlir::failed(verifyAll(*module)))
    return refused();
  return module;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

namespace {
class Watcher : public sim::Observer {
public:
  Watcher(const Case &c, Outcome &out, uint64_t base, uint32_t home, uint32_t other)
      : c(c), out(out), base(base), home(home), other(other) {}

  void touched(const Touch &touch) override {
    out.touches.push_back(touch);
    if (touch.space == Space::GM) {
      out.touches.back().begin -= base;
      out.touches.back().end -= base;
    }
  }
  std::vector<uint8_t> initial(uint32_t, Space space) override { return c.memory[unsigned(space)]; }
  void final(uint32_t core, Space space, llvm::ArrayRef<uint8_t> bytes) override {
    if (core != (isOthers(space) ? other : home))
      return;
    size_t count = c.memory[unsigned(space)].size();
    out.memory[unsigned(space)].assign(bytes.begin(), bytes.begin() + count);
  }

private:
  /// L1 and what hangs on it is the cube core's, UB the vector core's.
  bool isOthers(Space space) const {
    return leavesCore(c) && (out.core == CoreKind::Cube) == (space == Space::Vec);
  }

  const Case &c;
  Outcome &out;
  uint64_t base;
  uint32_t home, other; ///< cores
};
} // namespace

bool reference::leavesCore(const Case &c) {
  const Argument *src = c.find("src"), *dst = c.find("dst");
  if (!src || !dst || !src->isTile() || !dst->isTile())
    return false;
  Space from = src->shape.space, to = dst->shape.space;
  return (from == Space::Acc && to == Space::Vec) || (from == Space::Vec && to == Space::Mat);
}

/// A core that does nothing, for its memory.
static sim::CoreLaunch idleCore(sim::Program &program, CoreKind kind, unsigned subblock) {
  sim::FunctionBuilder builder(program, "idle", kind, {});
  return {builder.finish(), subblock, kind == CoreKind::Vector ? 2u : 1u, {}};
}

static uint64_t wordOf(const Argument &argument) {
  if (!isReal(argument.element))
    return uint64_t(argument.whole);
  uint64_t bits;
  std::memcpy(&bits, &argument.real, 8);
  return bits;
}

Outcome reference::runCase(mlir::ModuleOp module, const Case &c) {
  Outcome out;
  testing::Messages messages(*module.getContext());
  auto kernels = sim::findKernels(module);
  if (mlir::failed(kernels)) {
    out.refusal = llvm::join(messages.all(), "; ");
    return out;
  }
  auto program = sim::lowerKernels(module, *kernels);
  if (mlir::failed(program)) {
    out.refusal = llvm::join(messages.all(), "; ");
    return out;
  }
  sim::GlobalMemory memory;
  const std::vector<uint8_t> &gm = c.memory[unsigned(Space::GM)];
  uint64_t base = memory.allocate(0, "gm", std::max<uint64_t>(gm.size(), 64));
  memory.store(base, gm.data(), gm.size());
  sim::CoreLaunch core;
  core.function = kernels->front().cores.front().index;
  for (auto [value, argument] : llvm::zip(c.draft.operands, c.arguments)) {
    if (!value || value->constant || value->same)
      continue;
    if (argument.kind == Argument::View)
      core.arguments.push_back(base + argument.address);
    else if (argument.kind == Argument::Scalar)
      core.arguments.push_back(wordOf(argument));
  }
  out.core = kernels->front().cores.front().core;
  sim::Launch launch;
  launch.ranks = {{core}};
  uint32_t home = 0, other = 0;
  if (leavesCore(c) && out.core == CoreKind::Cube) {
    for (unsigned part : {0, 1})
      launch.ranks[0].push_back(idleCore(*program, CoreKind::Vector, part));
    other = uint32_t(1 + c.part);
  } else if (leavesCore(c)) {
    launch.ranks[0].insert(launch.ranks[0].begin(), idleCore(*program, CoreKind::Cube, 0));
    home = 1;
  }
  for (unsigned space = 0; space < numSpaces; ++space)
    out.memory[space] = c.memory[space]; // for those that nobody touches
  Watcher watcher(c, out, base, home, other);
  sim::Options options;
  options.observer = &watcher;
  std::string printed;
  llvm::raw_string_ostream log(printed);
  options.output = &log;
  out.report = sim::run(*program, memory, launch, options);
  out.program = std::move(*program);
  memory.load(base, out.memory[unsigned(Space::GM)].data(), gm.size());
  return out;
}
