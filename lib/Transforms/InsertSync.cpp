//===- InsertSync.cpp - Adds the synchronisation that is missing -----------===//
//
// Adapters around Sync/Insert and the barrier-all mode: model, solve, write back. Helpers come
// before their callers, which see them as calls whose inside nobody touches.
//
//===----------------------------------------------------------------------===//

#include "Materialize.h"
#include "SyncText.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Sync/Insert.h"
#include "ptoas/Transforms/Passes.h"
#include <set>

namespace pto {
#define GEN_PASS_DEF_INSERTSYNC
#define GEN_PASS_DEF_BARRIERALLSYNC
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::func::FuncOp;

namespace {

/// Callees first. Recursion is refused by the model.
std::vector<FuncOp> calleesFirst(mlir::ModuleOp module) {
  std::vector<FuncOp> order;
  llvm::DenseSet<mlir::Operation *> seen;
  auto visit = [&](auto &self, FuncOp function) -> void {
    if (function.isDeclaration() || !seen.insert(function).second)
      return;
    function.walk([&](mlir::func::CallOp call) {
      if (auto callee =
              mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr()))
        self(self, callee);
    });
    order.push_back(function);
  };
  for (FuncOp function : module.getOps<FuncOp>())
    visit(visit, function);
  return order;
}

bool isSync(mlir::Operation *op) {
  return llvm::isa<SetFlagOp, WaitFlagOp, SetFlagDynOp, WaitFlagDynOp, BarrierOp, DsbOp>(op);
}

/// What touches memory on some pipe, or may do so inside.
bool needsOrder(mlir::Operation *op) {
  const OpInfo *info = findOpInfo(op);
  return llvm::isa<mlir::func::CallOp>(op) || (info && (pipeOf(op) || !info->micro.empty()));
}

/// The model takes an scf.while as one piece, because the text of its first region stands at two
/// places of the program. Unless the source synchronises it by hand, everything inside waits for
/// all pipes (the last rung of sync 13.4).
void drainInsideWhile(FuncOp function, std::vector<SyncRemark> &remarks) {
  llvm::SmallVector<mlir::Operation *> work;
  function.walk([&](mlir::scf::WhileOp loop) {
    auto own = loop->walk([](mlir::Operation *op) {
      return isSync(op) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
    });
    if (loop->getParentOfType<mlir::scf::WhileOp>() || own.wasInterrupted())
      return;
    size_t before = work.size();
    loop->walk([&](mlir::Operation *op) {
      if (needsOrder(op))
        work.push_back(op);
    });
    if (work.size() > before)
      remarks.push_back({"everything inside scf.while (" + locationText(loop.getLoc()) +
                         ") waits for all pipes; scf.for would not need that"});
  });
  for (mlir::Operation *op : work) {
    mlir::OpBuilder b(op);
    BarrierOp::create(b, op->getLoc(), PipeKind::PIPE_ALL);
    const OpInfo *info = findOpInfo(op);
    if (info && llvm::any_of(info->operands,
                             [](const OperandInfo &o) { return o.role == Role::SignalOut; }))
      DsbOp::create(b, op->getLoc()); // C8
  }
}

/// The model takes a function from elsewhere as drained before and after: here that becomes true.
void drainAroundForeignCalls(FuncOp function, std::vector<SyncRemark> &remarks) {
  auto isDrain = [](mlir::Operation *op) {
    auto barrier = llvm::dyn_cast_or_null<BarrierOp>(op);
    return barrier && barrier.getPipeKind() == PipeKind::PIPE_ALL;
  };
  function.walk([&](mlir::func::CallOp call) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr());
    if (!callee || !callee.isDeclaration())
      return;
    mlir::OpBuilder b(call);
    if (!isDrain(call->getPrevNode()))
      BarrierOp::create(b, call.getLoc(), PipeKind::PIPE_ALL);
    b.setInsertionPointAfter(call);
    if (!isDrain(call->getNextNode()) && !llvm::isa<mlir::func::ReturnOp>(call->getNextNode()))
      BarrierOp::create(b, call.getLoc(), PipeKind::PIPE_ALL);
    remarks.push_back({("nothing is known of @" + call.getCallee() + " (" +
                        locationText(call.getLoc()) + "), so all pipes wait before and after it")
                           .str()});
  });
}

/// A tile that moves is one that automatic synchronisation does not follow (library 1.7).
mlir::LogicalResult refuseMovedTiles(mlir::ModuleOp module) {
  bool ok = true;
  module.walk([&](TAssignOp op) {
    op.emitOpError() << "is not supported with automatic synchronisation; declare a tile with "
                        "pto.alloc_tile for each place, or synchronise by hand";
    ok = false;
  });
  return mlir::success(ok);
}

/// Solves every function of the module with `solve(model program, is a root)`.
template <typename Solve>
mlir::LogicalResult forEachProgram(mlir::ModuleOp module, SyncReport *report, Solve solve) {
  if (mlir::failed(refuseMovedTiles(module)))
    return mlir::failure();
  auto roots = rootFunctions(module);
  bool handWritten =
      module
          ->walk([](mlir::Operation *op) {
            return isSync(op) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
          })
          .wasInterrupted();
  for (FuncOp function : calleesFirst(module)) {
    auto cores = coresOf(function);
    bool isRoot = llvm::is_contained(roots, function);
    std::vector<SyncRemark> remarks;
    drainInsideWhile(function, remarks);
    drainAroundForeignCalls(function, remarks);
    for (CoreKind core : cores) {
      auto model = buildSyncModel(function, core);
      if (mlir::failed(model))
        return mlir::failure();
      if (!isRoot && !model->hasAccess)
        continue; // a helper that only computes
      sync::Program solved = solve(model->program, isRoot);
      if (report) {
        SyncFunction &entry =
            report->functions.emplace_back(summarize(*model, solved, function.getName(), core));
        entry.handWritten = handWritten;
        llvm::append_range(entry.remarks, remarks);
      }
      materialize(*model, solved, core, cores.size() > 1);
    }
  }
  return mlir::success();
}

/// A helper is solved alone but judged where it is called, behind work of the caller of which its
/// pipes know nothing. Knowledge is a point up to which all is complete, so that earlier work can
/// keep a pipe from learning of later work (a loop of the helper that does not run teaches it
/// nothing). Reads of a place that nobody writes stand for that work: they are no hazard.
///
/// The flags that the source sets anywhere may be up while the helper runs (C5): a loop that never
/// runs uses them, so that their ids are not free.
std::vector<sync::NodeId> addCallersWork(sync::Program &program,
                                         llvm::ArrayRef<sync::FlagKey> handWritten) {
  sync::Region place;
  place.space = Space::GM;
  place.root = uint32_t(program.roots.size());
  place.run = 1;
  program.roots.push_back({"work of the caller", false});
  sync::RegionId region = program.intern(std::move(place));
  std::vector<sync::NodeId> work;
  for (unsigned pipe = 0; pipe < numPipes; ++pipe) {
    if (Pipe(pipe) == Pipe::S || !coreHasPipe(program.core, Pipe(pipe), program.arch))
      continue;
    sync::Node node;
    node.pipe = Pipe(pipe);
    node.label = "work of the caller";
    node.reads.push_back(region);
    work.push_back(program.add(std::move(node)));
  }
  sync::Node never;
  never.kind = sync::NodeKind::Loop;
  never.trip = 0;
  never.arms.resize(1);
  for (const sync::FlagKey &key : handWritten) {
    sync::Node set;
    set.kind = sync::NodeKind::Set;
    set.key = key;
    never.arms[0].push_back(program.add(std::move(set)));
  }
  work.push_back(program.add(std::move(never)));
  program.top.insert(program.top.begin(), work.begin(), work.end());
  return work;
}

/// The flags that the source sets, each once.
std::vector<sync::FlagKey> flagsOf(mlir::ModuleOp module) {
  std::vector<sync::FlagKey> keys;
  std::set<std::tuple<PipeKind, PipeKind, int>> seen;
  module.walk([&](mlir::Operation *op) {
    sync::FlagKey key;
    if (auto set = llvm::dyn_cast<SetFlagOp>(op)) {
      key = {toPipe(set.getSrcPipe()), toPipe(set.getDstPipe()), {}};
      key.id.base = int32_t(set.getEventId());
    } else if (auto set = llvm::dyn_cast<SetFlagDynOp>(op)) {
      key = {toPipe(set.getSrcPipe()), toPipe(set.getDstPipe()), {}};
      key.id.known = false; // any id of the pair
    } else {
      return;
    }
    if (seen.insert({fromPipe(key.from), fromPipe(key.to), key.id.known ? key.id.base : -1}).second)
      keys.push_back(key);
  });
  return keys;
}

struct InsertSyncPass : pto::impl::InsertSyncBase<InsertSyncPass> {
  InsertSyncPass() = default;
  explicit InsertSyncPass(SyncReport *report) : report(report) {}

  void runOnOperation() override {
    std::vector<sync::FlagKey> handWritten = flagsOf(getOperation());
    auto solve = [&](const sync::Program &program, bool isRoot) {
      sync::InsertOptions options;
      options.exitBarrier = isRoot;
      if (isRoot)
        return sync::insert(program, options).program;
      sync::Program helper = program;
      std::vector<sync::NodeId> work = addCallersWork(helper, handWritten);
      sync::Program solved = sync::insert(helper, options).program;
      llvm::erase_if(solved.top, [&](sync::NodeId id) { return llvm::is_contained(work, id); });
      return solved;
    };
    if (mlir::failed(forEachProgram(getOperation(), report, solve)))
      signalPassFailure();
  }
  SyncReport *report = nullptr;
};

/// bar(ALL) before everything that touches memory, library calls and scalar accesses included
/// (W10).
void drainBefore(sync::Program &program, std::vector<sync::NodeId> &list) {
  std::vector<sync::NodeId> out;
  for (sync::NodeId id : list) {
    auto kind = program[id].kind;
    if (kind == sync::NodeKind::Access || kind == sync::NodeKind::Macro ||
        kind == sync::NodeKind::Publish) {
      auto insert = [&](sync::NodeKind what) {
        sync::Node node;
        node.kind = what;
        node.pipe = Pipe::ALL;
        node.inserted = true;
        out.push_back(program.add(std::move(node)));
      };
      insert(sync::NodeKind::Barrier);
      if (kind == sync::NodeKind::Publish)
        insert(sync::NodeKind::Fence);
    }
    if (kind == sync::NodeKind::Loop || kind == sync::NodeKind::Branch)
      for (size_t a = 0; a < program[id].arms.size(); ++a) {
        std::vector<sync::NodeId> arm = program[id].arms[a];
        drainBefore(program, arm);
        program[id].arms[a] = std::move(arm);
      }
    out.push_back(id);
  }
  list = std::move(out);
}

struct BarrierAllSyncPass : pto::impl::BarrierAllSyncBase<BarrierAllSyncPass> {
  BarrierAllSyncPass() = default;
  explicit BarrierAllSyncPass(SyncReport *report) : report(report) {}

  void runOnOperation() override {
    auto solve = [](const sync::Program &input, bool) {
      sync::Program program = input;
      drainBefore(program, program.top);
      sync::Node exit;
      exit.kind = sync::NodeKind::Barrier;
      exit.pipe = Pipe::ALL;
      exit.inserted = true;
      program.top.push_back(program.add(std::move(exit)));
      return program;
    };
    if (mlir::failed(forEachProgram(getOperation(), report, solve)))
      signalPassFailure();
  }
  SyncReport *report = nullptr;
};
} // namespace

std::unique_ptr<mlir::Pass> pto::createInsertSyncPass(SyncReport *report) {
  return std::make_unique<InsertSyncPass>(report);
}
std::unique_ptr<mlir::Pass> pto::createBarrierAllSyncPass(SyncReport *report) {
  return std::make_unique<BarrierAllSyncPass>(report);
}
