//===- Check.cpp - What has no C++ form ------------------------------------===//
//
// Everything that the printer relies on is asked here, and every failure is reported, so that
// printing cannot fail.
//
//===----------------------------------------------------------------------===//

#include "Printer.h"
#include "Scalars.h"
#include "TemplateHelpers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "ptoas/IR/CrossCore.h"
#include "ptoas/IR/Transfer.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Operation;
using mlir::func::FuncOp;
namespace scf = mlir::scf;

namespace {
class Checker {
public:
  bool ok = true;

  void function(FuncOp function);
  void nested(Operation *op);
  void notAFunction(Operation *op) {
    fail(op) << "stands outside a function; only functions have a C++ form there";
  }

private:
  mlir::InFlightDiagnostic fail(Operation *op) {
    ok = false;
    return op->emitOpError();
  }
  void signature(FuncOp function);
  void types(Operation *op);
  void record(RecordOp op);
  void view(Operation *op, mlir::Value source);
  void section(Operation *op, CoreKind kind);
  void regions(Operation *op);
  void crossCore(Operation *op);
  void operands(RecordOp op);
  void transfer(RecordOp op);
  void group(Operation *op, mlir::ValueRange tensors);

  ConstantFolder constants;
};

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void Checker::signature(FuncOp function) {
  if (!isLegalFunctionName(function.getSymName()))
    fail(function) << "is named @" << function.getSymName()
                   << ", which C++ or the tile library does not allow; rename it";
  if (isEntry(function) && function.isExternal())
    fail(function) << "is marked as an entry, but has no body";
  if (isEntry(function) && function.getNumResults())
    fail(function) << "is an entry and returns values; an entry must return void";
  for (mlir::Type type :
       llvm::concat<const mlir::Type>(function.getArgumentTypes(), function.getResultTypes()))
    if (cppType(type).empty())
      fail(function) << "cannot pass a value of type " << type
                     << (llvm::isa<MultiTileBufType>(type)
                             ? "; pass the tiles that pto.multi_tile_get gives"
                             : "; pass pointers and scalars, and make views inside");
}

void Checker::function(FuncOp function) {
  signature(function);
  if (function.isExternal())
    return;
  if (!llvm::hasSingleElement(function.getBody()))
    fail(function) << "has control flow between blocks; use scf.if, scf.for or scf.while";
  function.getBody().walk([&](Operation *op) { nested(op); });
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// What to hand on instead of a value that is no variable of its own.
llvm::StringRef wayOut(mlir::Type type) {
  if (llvm::isa<TensorViewType, PartitionTensorViewType>(type))
    return "; hand on the pointer and the extents, and make the view where it is used";
  if (llvm::isa<LocalArrayType, EventIdArrayType, StructType>(type))
    return "; hand on its elements, or index one that is declared outside";
  return "";
}

/// Values that become variables need a type; views become GlobalTensors where they are made.
void Checker::types(Operation *op) {
  for (mlir::Value result : op->getResults()) {
    bool hasOwnText =
        llvm::isa<MakeTensorViewOp, PartitionViewOp, DeclareLocalArrayOp, DeclareEventIdArrayOp,
                  DeclareStructOp, AllocMultiTileOp, DeclareGlobalOp>(op) ||
        llvm::isa<PipeHandleType>(result.getType());
    if (!hasOwnText && cppType(result.getType()).empty())
      fail(op) << "has a result of type " << result.getType() << ", which cannot be a C++ variable"
               << wayOut(result.getType());
  }
  for (mlir::Region &region : op->getRegions())
    for (mlir::BlockArgument argument : region.getArguments())
      if (cppType(argument.getType()).empty())
        fail(op) << "has a region argument of type " << argument.getType()
                 << ", which cannot be a C++ variable";
}

void Checker::view(Operation *op, mlir::Value source) {
  if (!viewSource(source, constants))
    fail(op) << "takes a view that no pto.make_tensor_view in this function makes";
}

void Checker::section(Operation *op, CoreKind kind) {
  auto function = op->getParentOfType<FuncOp>();
  auto own = function ? function->getAttrOfType<KernelKindAttr>(kernelKindAttr) : KernelKindAttr();
  if (own && (own.getValue() == KernelKind::Cube) != (kind == CoreKind::Cube))
    fail(op) << "lies in a function for the other kind of core, where it would never run";
}

/// Every view is made in this function.
void Checker::operands(RecordOp op) {
  const OpInfo &info = op.getOpInfo();
  for (auto [i, operand] : llvm::enumerate(info.operands))
    if (operand.role != Role::Value)
      for (mlir::Value value : op.getRecordOperands(i))
        if (llvm::isa<TensorViewType, PartitionTensorViewType>(value.getType()))
          view(op, value);
}

/// The tensors of a group stand in one C++ array.
void Checker::group(Operation *op, mlir::ValueRange tensors) {
  auto first = viewSource(tensors.front(), constants);
  for (mlir::Value tensor : tensors) {
    auto source = viewSource(tensor, constants);
    if (first && source && viewType(*first) != viewType(*source)) {
      fail(op) << "has a group of tensors whose C++ types differ: " << viewType(*first) << " and "
               << viewType(*source) << "; give their views the same constant extents and strides";
      return;
    }
  }
}

void Checker::record(RecordOp op) {
  const OpInfo &info = op.getOpInfo();
  if (info.cpp.empty()) {
    fail(op) << "has no C++ form; an earlier stage lowers it";
    return;
  }
  for (const CppPiece &piece : info.cpp)
    if (piece.kind == CppPiece::Helper && !findTemplateHelper(piece.text))
      fail(op) << "names the C++ helper '" << piece.text
               << "', which lib/Target/Cpp/Helpers.cpp does not have";
  operands(op);
  transfer(op);
}

/// What types and plain constants leave open arithmetic on constants may decide.
void Checker::transfer(RecordOp op) {
  bool isLoad = llvm::isa<TLoadOp>(op);
  if (!isLoad && !llvm::isa<TStoreOp>(op))
    return;
  mlir::Value view = isLoad ? llvm::cast<TLoadOp>(op).getSrc() : llvm::cast<TStoreOp>(op).getDst();
  mlir::Value tile = isLoad ? llvm::cast<TLoadOp>(op).getDst() : llvm::cast<TStoreOp>(op).getSrc();
  auto source = viewSource(view, constants);
  auto facts = globalFacts(view);
  if (!source || !facts)
    return;
  facts->layout = source->make.getLayout().value_or(LayoutKind::ND);
  for (unsigned i = 0; i < 5; ++i) {
    facts->shape[i] = source->shape[i] == dynamicDim ? -1 : source->shape[i];
    facts->strides[i] = source->strides[i] == dynamicDim ? -1 : source->strides[i];
  }
  ok &= mlir::succeeded(isLoad ? checkLoad(op, *facts, tile) : checkStore(op, *facts, tile));
  // One row or column goes into a view of any shape, as long as they are equally long.
  auto type = llvm::cast<TileBufType>(tile.getType());
  if (isLoad || (type.getRows() != 1 && type.getCols() != 1))
    ok &= mlir::succeeded(checkExtents(op, *facts, tile, isLoad ? "dst" : "src"));
}

/// Cross-core flags of a2/a3 work only after set_ffts, in the function itself or in a caller of it.
bool mayFollowSetFfts(FuncOp function, llvm::SmallPtrSetImpl<Operation *> &seen) {
  if (!seen.insert(function).second)
    return false;
  if (function.walk([](SetFftsOp) { return mlir::WalkResult::interrupt(); }).wasInterrupted())
    return true;
  auto module = function->getParentOfType<mlir::ModuleOp>();
  return module
      .walk([&](mlir::func::CallOp call) {
        auto caller = call->getParentOfType<FuncOp>();
        return call.getCallee() == function.getSymName() && caller && mayFollowSetFfts(caller, seen)
                   ? mlir::WalkResult::interrupt()
                   : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

void Checker::crossCore(Operation *op) {
  CrossCoreFlag flag = *crossCoreFlagOf(op);
  if (flag.mirrored && !flag.kind)
    fail(op) << "may run on the cube, which has a flag per vector core, or on a vector core, which "
                "has one; put it into pto.section.cube or pto.section.vector";
  auto function = op->getParentOfType<FuncOp>();
  llvm::SmallPtrSet<Operation *, 4> seen;
  if (archOf(op) == Arch::A3 && function && !mayFollowSetFfts(function, seen))
    fail(op) << "uses flags of other cores, but nothing has said where they lie; write "
                "pto.set_ffts first, with the kernel's ffts address";
}

void Checker::regions(Operation *op) {
  for (mlir::Region &region : op->getRegions())
    if (!region.empty() && !llvm::hasSingleElement(region))
      fail(op) << "has control flow between blocks; use scf.if, scf.for or scf.while";
}

void Checker::nested(Operation *op) {
  if (isScalarOp(op)) {
    if (std::string problem = scalarProblem(op); !problem.empty())
      fail(op) << problem;
    return;
  }
  types(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case<mlir::func::CallOp, mlir::func::ReturnOp, scf::YieldOp, scf::ConditionOp>([](auto) {})
      .Case<scf::ForOp, scf::IfOp, scf::WhileOp, scf::IndexSwitchOp, scf::ExecuteRegionOp>(
          [&](auto o) { regions(o); })
      .Case([&](SectionCubeOp o) { section(o, CoreKind::Cube); })
      .Case([&](SectionVectorOp o) { section(o, CoreKind::Vector); })
      .Case<AllocTileOp, AllocMultiTileOp>([&](auto o) {
        if (!o.getAddr())
          fail(o)
              << "has no address; give addr = ... or let the planner choose (--pto-level=level2)";
      })
      .Case([&](MultiTileGetOp o) {
        if (!o.getSource().getDefiningOp<AllocMultiTileOp>())
          fail(o) << "takes a slot of a ring that no pto.alloc_multi_tile in this function makes";
      })
      .Case<SubviewOp, TReshapeOp, BitcastOp, TAssignOp, TileValidRowsOp, TileValidColsOp,
            GetValidShapeOp>([](auto) {})
      .Case<MakeTensorViewOp, DeclareLocalArrayOp, DeclareEventIdArrayOp, DeclareStructOp,
            DeclareTileOp>([](auto) {})
      .Case<InitializeL2G2LPipeOp, InitializeL2LPipeOp>([&](auto o) {
        if (!o.getFlagBase() || !o.getLocalSlotNum())
          fail(o) << "has no flag_base or no local_slot_num; an earlier stage decides them "
                     "(pto-resolve-pipes)";
      })
      .Case([&](DeclareGlobalOp o) {
        if (!viewSource(o.getEntry(), constants))
          fail(o) << "declares an entry that no pipe over a pto.make_tensor_view binds";
      })
      .Case([&](mlir::arith::ConstantOp o) {
        if (!llvm::isa<mlir::DenseIntElementsAttr>(o.getValue()))
          fail(o) << "has no C++ form; write the counts as dense<0>";
      })
      .Case([&](PartitionViewOp o) { view(o, o.getResult()); })
      .Case<GetTensorViewDimOp, GetTensorViewStrideOp>([&](auto o) {
        view(o, o.getSource());
        auto source = viewSource(o.getSource(), constants);
        if (source && source->pairs && !extentOf(o, constants))
          fail(o) << "asks for a dimension that only run time knows, of a view of packed pairs, "
                     "which the library counts in another way";
      })
      .Case<CommTBroadcastOp, CommTGatherOp, CommTScatterOp, CommTReduceOp>([&](auto o) {
        operands(o);
        group(o, o.getGroup());
      })
      .Case<FenceBarrierAllOp, BuildAsyncSessionOp, CacheInvalidOp, SyncAllOp, GetBufOp, RlsBufOp,
            GetBufDynOp, RlsBufDynOp>([](auto) {})
      .Case<SyncSetOp, SyncWaitOp, SetCrossBlockOp, WaitCrossBlockOp, SetIntraBlockOp,
            WaitIntraBlockOp>([&](auto o) { crossCore(o); })
      .Case([&](TSyncOp o) {
        fail(o) << "has no C++ form: it waits for event objects, which no operation makes; use "
                   "pto.wait_flag";
      })
      .Case([&](BarrierOp o) {
        Pipe pipe = toPipe(o.getPipeKind());
        if (!barrierIsLegal(pipe, archOf(o)))
          fail(o) << "of PIPE_" << name(pipe) << " is not accepted by the compiler for "
                  << name(archOf(o));
      })
      .Case([&](RecordOp o) { record(o); })
      .Default([&](Operation *o) { fail(o) << "has no C++ form"; });
}
} // namespace

mlir::LogicalResult pto::checkForCpp(mlir::ModuleOp module) {
  Checker checker;
  for (Operation &op : *module.getBody()) {
    if (auto function = llvm::dyn_cast<FuncOp>(op))
      checker.function(function);
    else
      checker.notAFunction(&op);
  }
  llvm::SmallVector<FuncOp> order;
  bool isOrdered = mlir::succeeded(orderFunctions(module, order));
  return mlir::success(checker.ok && isOrdered);
}

mlir::LogicalResult pto::emitCpp(mlir::ModuleOp module, llvm::raw_ostream &os,
                                 const CppOptions &options) {
  if (mlir::failed(checkForCpp(module)))
    return mlir::failure();
  return printModule(module, os, options);
}
