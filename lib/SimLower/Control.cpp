//===- Control.cpp - Loops and branches become jumps -----------------------===//

#include "Lowering.h"
#include "mlir/IR/RegionGraphTraits.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

/// Numbers of arith.cmpi.
static constexpr unsigned compareEqual = 0, compareSignedGreaterEqual = 5,
                          compareUnsignedGreaterEqual = 9;

bool Lowering::lowerControl(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](mlir::scf::ForOp loop) { return lowerFor(loop), true; })
      .Case([&](mlir::scf::WhileOp loop) { return lowerWhile(loop), true; })
      .Case([&](mlir::scf::IfOp branch) { return lowerIf(branch), true; })
      .Case([&](mlir::scf::IndexSwitchOp branch) { return lowerSwitch(branch), true; })
      .Case([&](mlir::scf::ExecuteRegionOp region) {
        Bindings results = fresh(op, op->getResultTypes());
        lowerBlocks(region.getRegion(), results);
        bind(op->getResults(), results);
        return true;
      })
      .Default([](Operation *) { return false; });
}

void Lowering::lowerFor(mlir::scf::ForOp loop) {
  std::optional<Element> type = element(loop, loop.getInductionVar().getType());
  if (!type)
    return;
  Register bound = word(loop.getUpperBound()), step = word(loop.getStep());
  Register induction = builder.newRegister();
  builder.copy(induction, word(loop.getLowerBound()));
  Bindings carried = fresh(loop, loop.getResultTypes());
  assign(loop, carried, get(loop.getInitArgs()));
  define(loop.getInductionVar(), induction);
  bind(loop.getRegionIterArgs(), carried);

  Label head = builder.newLabel(), exit = builder.newLabel();
  builder.place(head);
  unsigned predicate =
      loop.getUnsignedCmp() ? compareUnsignedGreaterEqual : compareSignedGreaterEqual;
  builder.jumpIf(builder.compareI(predicate, *type, induction, bound), exit);
  Register outer = iteration;
  iteration = induction;
  lowerBody(*loop.getBody());
  iteration = outer;
  Operation *yield = loop.getBody()->getTerminator();
  assign(yield, carried, get(yield->getOperands()));
  builder.copy(induction, builder.arith(ArithOp::AddI, *type, induction, step));
  builder.jump(head);
  builder.place(exit);
  bind(loop.getResults(), carried);
}

void Lowering::lowerWhile(mlir::scf::WhileOp loop) {
  Bindings carried = fresh(loop, loop.getInits().getTypes());
  assign(loop, carried, get(loop.getInits()));
  bind(loop.getBeforeArguments(), carried);
  Label head = builder.newLabel(), exit = builder.newLabel(), body = builder.newLabel();
  builder.place(head);
  lowerBody(*loop.getBeforeBody());
  mlir::scf::ConditionOp condition = loop.getConditionOp();
  // What the condition forwards goes to the body's arguments or, at the end, to the results. Both
  // are one set of variables: the body does not run any more when the results are read.
  Bindings forwarded = fresh(loop, loop.getResultTypes());
  assign(condition, forwarded, get(condition.getArgs()));
  builder.jumpIf(word(condition.getCondition()), body);
  builder.jump(exit);
  builder.place(body);
  bind(loop.getAfterArguments(), forwarded);
  lowerBody(*loop.getAfterBody());
  Operation *yield = loop.getYieldOp();
  assign(yield, carried, get(yield->getOperands()));
  builder.jump(head);
  builder.place(exit);
  bind(loop.getResults(), forwarded);
}

void Lowering::lowerBranchBody(mlir::Region &body, llvm::ArrayRef<Binding> results) {
  if (body.empty())
    return;
  lowerBody(body.front());
  Operation *yield = body.front().getTerminator();
  assign(yield, results, get(yield->getOperands()));
}

void Lowering::lowerIf(mlir::scf::IfOp branch) {
  Bindings results = fresh(branch, branch.getResultTypes());
  Label then = builder.newLabel(), end = builder.newLabel();
  builder.jumpIf(word(branch.getCondition()), then);
  lowerBranchBody(branch.getElseRegion(), results);
  builder.jump(end);
  builder.place(then);
  lowerBranchBody(branch.getThenRegion(), results);
  builder.place(end);
  bind(branch.getResults(), results);
}

void Lowering::lowerSwitch(mlir::scf::IndexSwitchOp branch) {
  Bindings results = fresh(branch, branch.getResultTypes());
  Register value = word(branch.getArg());
  llvm::SmallVector<Label> labels;
  for (int64_t number : branch.getCases()) {
    labels.push_back(builder.newLabel());
    Register wanted = builder.constant(number);
    builder.jumpIf(builder.compareI(compareEqual, Element::Index, value, wanted), labels.back());
  }
  Label end = builder.newLabel();
  lowerBranchBody(branch.getDefaultRegion(), results);
  builder.jump(end);
  for (auto [label, region] : llvm::zip(labels, branch.getCaseRegions())) {
    builder.place(label);
    lowerBranchBody(region, results);
    builder.jump(end);
  }
  builder.place(end);
  bind(branch.getResults(), results);
}

//===----------------------------------------------------------------------===//
// Regions of blocks
//===----------------------------------------------------------------------===//

void Lowering::lowerBlocks(mlir::Region &region, llvm::ArrayRef<Binding> results) {
  llvm::DenseMap<mlir::Block *, Label> labels;
  Label end = builder.newLabel();
  // Definitions come before uses in this order, and blocks that nothing reaches are left out.
  llvm::ReversePostOrderTraversal<mlir::Region *> order(&region);
  for (mlir::Block *block : order) {
    labels[block] = builder.newLabel();
    if (!block->isEntryBlock())
      bind(block->getArguments(),
           fresh(region.getParentOp(), mlir::TypeRange(block->getArgumentTypes())));
  }
  auto go = [&](Operation *from, mlir::Block *to, mlir::ValueRange operands) {
    assign(from, get(to->getArguments()), get(operands));
    builder.jump(labels[to]);
  };
  for (mlir::Block *block : order) {
    builder.place(labels[block]);
    lowerBody(*block);
    Operation *last = block->getTerminator();
    if (auto branch = llvm::dyn_cast<mlir::cf::BranchOp>(last)) {
      go(branch, branch.getDest(), branch.getDestOperands());
    } else if (auto branch = llvm::dyn_cast<mlir::cf::CondBranchOp>(last)) {
      Label taken = builder.newLabel();
      builder.jumpIf(word(branch.getCondition()), taken);
      go(branch, branch.getFalseDest(), branch.getFalseDestOperands());
      builder.place(taken);
      go(branch, branch.getTrueDest(), branch.getTrueDestOperands());
    } else if (llvm::isa<mlir::func::ReturnOp, mlir::scf::YieldOp>(last)) {
      assign(last, results, get(last->getOperands()));
      builder.jump(end);
    } else {
      (void)error(last, "has no meaning in the simulator");
    }
  }
  builder.place(end);
}
