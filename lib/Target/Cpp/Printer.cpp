//===- Printer.cpp - Text with structure -----------------------------------===//

#include "Printer.h"
#include "Pipes.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::Value;
namespace scf = mlir::scf;

void Printer::head(const llvm::Twine &text) {
  line(text.isTriviallyEmpty() ? "{" : text + " {");
  ++depth;
}

void Printer::close(const llvm::Twine &tail) {
  names.leaveScope();
  --depth;
  line("}" + tail);
}

void Printer::reopen(const llvm::Twine &middle) {
  names.leaveScope();
  names.enterScope();
  --depth;
  line("} " + middle + " {");
  ++depth;
}

std::string Printer::declare(Value value, llvm::StringRef hint) {
  std::string name = names.declare(hint.empty() ? sourceName(value) : hint);
  bindName(value, name);
  return name;
}

Expr Printer::valueOf(Value value) {
  auto it = values.find(value);
  if (it != values.end())
    return it->second;
  auto constant = constants.fold(value);
  assert(constant && "value read before its definition was printed");
  return literal(*constant);
}

void Printer::define(Value value, const Expr &expr) {
  if (expr.isAtom() || reads.isInlined(value.getDefiningOp()))
    return bind(value, expr);
  defineVariable(value, expr);
}

void Printer::defineVariable(Value value, const Expr &expr) {
  // The name comes after the text: an initialiser never names its own variable.
  line(cppType(value.getType()) + " " + declare(value) + " = " + expr.text + ";");
}

/// A list of counts is written by the call that takes it, so it is always a variable.
static void printCounts(Printer &p, mlir::arith::ConstantOp op) {
  auto values = llvm::cast<mlir::DenseIntElementsAttr>(op.getValue()).getValues<llvm::APInt>();
  std::string text;
  for (const llvm::APInt &value : values)
    text += (text.empty() ? "{" : ", ") + std::to_string(value.getZExtValue());
  p.defineVariable(op, {text + "}"});
}

void Printer::block(mlir::Block &block, Operation *end) {
  for (Operation &op : llvm::make_range(block.begin(), end ? end->getIterator() : block.end()))
    if (!op.hasTrait<mlir::OpTrait::IsTerminator>() || llvm::isa<mlir::func::ReturnOp>(op))
      statement(&op);
}

void Printer::statement(Operation *op) {
  if (reads.isDropped(op))
    return;
  if (isScalarOp(op)) {
    auto value = [this](Value v) { return valueOf(v); };
    auto expressions = scalarExpr(op, {value, constants, helpers});
    for (auto [result, expr] : llvm::zip(op->getResults(), expressions))
      define(result, expr);
    return;
  }
  if (auto pipe = PipeInit::of(op))
    return printPipe(*this, *pipe);
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](mlir::func::CallOp o) { printCall(*this, o); })
      .Case([&](mlir::func::ReturnOp o) { printReturn(*this, o); })
      .Case([&](scf::ForOp o) { printFor(*this, o); })
      .Case([&](scf::IfOp o) { printIf(*this, o); })
      .Case([&](scf::WhileOp o) { printWhile(*this, o); })
      .Case([&](scf::IndexSwitchOp o) { printSwitch(*this, o); })
      .Case([&](scf::ExecuteRegionOp o) { printExecuteRegion(*this, o); })
      .Case([&](SectionCubeOp o) { printSection(*this, o, CoreKind::Cube); })
      .Case([&](SectionVectorOp o) { printSection(*this, o, CoreKind::Vector); })
      .Case([&](AllocTileOp o) { printAllocTile(*this, o); })
      .Case([&](MakeTensorViewOp o) { printView(*this, o.getResult()); })
      .Case([&](PartitionViewOp o) { printView(*this, o.getResult()); })
      .Case<DeclareLocalArrayOp, DeclareEventIdArrayOp, DeclareStructOp>(
          [&](auto o) { printVariable(*this, o->getResult(0)); })
      .Case<GetTensorViewDimOp, GetTensorViewStrideOp>([&](auto o) { printViewDim(*this, o); })
      .Case([](AllocMultiTileOp) {}) // its slots are printed where they are taken
      .Case([&](MultiTileGetOp o) { printSlot(*this, o); })
      .Case([&](SubviewOp o) { printWindow(*this, o); })
      .Case([&](TReshapeOp o) { printReshape(*this, o); })
      .Case([&](BitcastOp o) { printBitcast(*this, o); })
      .Case([&](TAssignOp o) { printMove(*this, o); })
      .Case<TileValidRowsOp, TileValidColsOp, GetValidShapeOp>(
          [&](auto o) { printValid(*this, o); })
      .Case([&](DeclareTileOp o) { printDeclareTile(*this, o); })
      .Case([&](DeclareGlobalOp o) { printView(*this, o.getEntry()); })
      .Case([&](TFreeOp o) { printFree(*this, o); })
      .Case([&](AddPtrOp o) {
        printRecord(*this, llvm::cast<RecordOp>(o.getOperation()));
        if (traceAddPtr)
          line(("/* ADDPTR_TRACE: " + sourceName(o.getResult()) + " = " + valueOf(o.getPtr()).text +
                " + " + valueOf(o.getOffset()).text + " */")
                   .str());
      })
      .Case<CommTBroadcastOp, CommTGatherOp, CommTScatterOp, CommTReduceOp, BuildAsyncSessionOp>(
          [&](auto o) { printComm(*this, o); })
      .Case<FenceBarrierAllOp, CacheInvalidOp, SyncAllOp, GetBufOp, RlsBufOp, GetBufDynOp,
            RlsBufDynOp, SyncSetOp, SyncWaitOp, SetCrossBlockOp, WaitCrossBlockOp, SetIntraBlockOp,
            WaitIntraBlockOp>([&](auto o) { printSync(*this, o); })
      .Case([&](mlir::arith::ConstantOp o) { printCounts(*this, o); })
      .Case([&](RecordOp o) { printRecord(*this, o); })
      .Default([](Operation *) { llvm_unreachable("checkForCpp lets no other operation pass"); });
}
