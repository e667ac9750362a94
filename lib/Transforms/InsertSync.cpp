//===- InsertSync.cpp - Adds the synchronisation that is missing -----------===//
//
// Adapters around Sync/Insert and the barrier-all mode: model, solve, write back. Helpers come
// before their callers, which see them as calls whose inside nobody touches.
//
//===----------------------------------------------------------------------===//

#include "Materialize.h"
#include "ScalarCache.h"
#include "SyncCost.h"
#include "SyncText.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Sync/Check.h"
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

/// What the passes ask about the whole module, from one walk over it.
struct Source {
  bool hasCalls = false, hasSync = false;
  bool hasMovedTiles = false;       ///< reported
  std::vector<sync::FlagKey> flags; ///< that the source sets, each once
};

void noteFlag(mlir::Operation *op, Source &source,
              std::set<std::tuple<PipeKind, PipeKind, int>> &seen) {
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
    source.flags.push_back(key);
}

Source readSource(mlir::ModuleOp module) {
  Source source;
  std::set<std::tuple<PipeKind, PipeKind, int>> seen;
  module.walk([&](mlir::Operation *op) {
    if (llvm::isa<SetFlagOp, WaitFlagOp, SetFlagDynOp, WaitFlagDynOp, BarrierOp, DsbOp>(op)) {
      source.hasSync = true;
      noteFlag(op, source, seen);
    } else if (llvm::isa<mlir::func::CallOp>(op)) {
      source.hasCalls = true;
    } else if (llvm::isa<TAssignOp>(op)) {
      // A tile that moves is one that automatic synchronisation does not follow (library 1.7).
      op->emitOpError() << "is not supported with automatic synchronisation; declare a tile with "
                           "pto.alloc_tile for each place, or synchronise by hand";
      source.hasMovedTiles = true;
    }
  });
  return source;
}

/// What a function calls, and itself at last. Recursion is refused by the model.
void appendCalleesFirst(FuncOp function, const Source &source,
                        llvm::DenseSet<mlir::Operation *> &seen, std::vector<FuncOp> &order) {
  if (function.isDeclaration() || !seen.insert(function).second)
    return;
  if (source.hasCalls)
    function.walk([&](mlir::func::CallOp call) {
      if (auto callee =
              mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr()))
        appendCalleesFirst(callee, source, seen, order);
    });
  order.push_back(function);
}

std::vector<FuncOp> calleesFirst(mlir::ModuleOp module, const Source &source) {
  std::vector<FuncOp> order;
  llvm::DenseSet<mlir::Operation *> seen;
  for (FuncOp function : module.getOps<FuncOp>())
    appendCalleesFirst(function, source, seen, order);
  return order;
}

/// What lacks nothing and stays as it is, by function and core: roots that the checker accepts as
/// they came, and helpers that no other root calls. Not the inserter's judgement: of flags that
/// people write, the checker understands more.
using Complete = std::set<std::pair<mlir::Operation *, CoreKind>>;
mlir::FailureOr<Complete> findComplete(mlir::ModuleOp module, const Source &source) {
  Complete complete, lacking;
  if (!source.hasSync)
    return complete;
  for (FuncOp root : rootFunctions(module)) {
    std::vector<FuncOp> reached;
    llvm::DenseSet<mlir::Operation *> seen;
    appendCalleesFirst(root, source, seen, reached);
    for (CoreKind core : coresOf(root)) {
      auto model = buildSyncModel(root, core);
      if (mlir::failed(model))
        return mlir::failure();
      bool isRight = model->hasSync && sync::check(model->program).accepted();
      for (FuncOp function : reached)
        (isRight ? complete : lacking).insert({function, core});
    }
  }
  for (const auto &some : lacking)
    complete.erase(some);
  return complete;
}

/// The model takes a function from elsewhere as drained before and after: here that becomes true.
Drains drainAroundForeignCalls(FuncOp function) {
  Drains drains;
  auto isDrain = [](mlir::Operation *op) {
    auto barrier = llvm::dyn_cast_or_null<BarrierOp>(op);
    return barrier && barrier.getPipeKind() == PipeKind::PIPE_ALL;
  };
  function.walk([&](mlir::func::CallOp call) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr());
    if (!callee || !callee.isDeclaration())
      return;
    std::string reason = ("nothing is known of @" + call.getCallee() + " (" +
                          locationText(call.getLoc()) + "), so all pipes wait before and after it")
                             .str();
    mlir::OpBuilder b(call);
    if (!isDrain(call->getPrevNode()))
      drains[BarrierOp::create(b, call.getLoc(), PipeKind::PIPE_ALL)] = reason;
    b.setInsertionPointAfter(call);
    if (!isDrain(call->getNextNode()))
      drains[BarrierOp::create(b, call.getLoc(), PipeKind::PIPE_ALL)] = reason;
  });
  return drains;
}

/// Solves every function of the module with `solve(function, model, is a root)`.
template <typename Solve>
mlir::LogicalResult forEachProgram(mlir::ModuleOp module, const Source &source, SyncReport *report,
                                   Solve solve) {
  if (source.hasMovedTiles)
    return mlir::failure();
  auto roots = rootFunctions(module);
  for (FuncOp function : calleesFirst(module, source)) {
    auto cores = coresOf(function);
    bool isRoot = llvm::is_contained(roots, function);
    Drains drains;
    if (source.hasCalls)
      drains = drainAroundForeignCalls(function);
    for (CoreKind core : cores) {
      auto model = buildSyncModel(function, core);
      if (mlir::failed(model))
        return mlir::failure();
      if (!isRoot && !model->hasAccess)
        continue; // a helper that only computes
      sync::Program solved = solve(function, *model, isRoot);
      if (report) {
        SyncFunction &entry = report->functions.emplace_back(
            summarize(*model, solved, function.getName(), core, report->detailed, drains));
        entry.handWritten = source.hasSync;
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

/// Takes the n-th inserted instruction out of the program, counted from 1 in the order of the text.
void dropInserted(sync::Program &program, unsigned n) {
  auto visit = [&](auto &self, std::vector<sync::NodeId> &list) -> void {
    for (size_t i = 0; i < list.size() && n; ++i) {
      if (program[list[i]].inserted && --n == 0) {
        list.erase(list.begin() + i);
        return;
      }
      for (std::vector<sync::NodeId> &arm : program[list[i]].arms)
        self(self, arm);
    }
  };
  visit(visit, program.top);
}

struct InsertSyncPass : pto::impl::InsertSyncBase<InsertSyncPass> {
  InsertSyncPass() = default;
  InsertSyncPass(SyncReport *report, unsigned dropped, bool fewInstructions)
      : report(report), dropped(dropped),
        objective(fewInstructions ? sync::Objective::Count : sync::Objective::Time) {}

  void runOnOperation() override {
    Source source = readSource(getOperation());
    auto complete = findComplete(getOperation(), source);
    if (mlir::failed(complete))
      return signalPassFailure();
    auto solve = [&](FuncOp function, const SyncModel &model, bool isRoot) {
      const sync::Program &program = model.program;
      if (complete->contains({function, program.core}))
        return program;
      sync::InsertOptions options;
      options.exitBarrier = isRoot;
      options.objective = objective;
      if (isRoot) {
        options.cyclesOf = accessCycles(model, program);
        sync::Program solved = sync::insert(program, options).program;
        dropInserted(solved, dropped);
        return solved;
      }
      sync::Program helper = program;
      std::vector<sync::NodeId> work = addCallersWork(helper, source.flags);
      options.cyclesOf = accessCycles(model, helper);
      sync::Program solved = sync::insert(helper, options).program;
      llvm::erase_if(solved.top, [&](sync::NodeId id) { return llvm::is_contained(work, id); });
      return solved;
    };
    if (mlir::failed(forEachProgram(getOperation(), source, report, solve)) ||
        mlir::failed(cleanScalarLines(getOperation(), report)))
      signalPassFailure();
  }
  SyncReport *report = nullptr;
  unsigned dropped = 0;
  sync::Objective objective = sync::Objective::Time;
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
    Source source = readSource(getOperation());
    auto solve = [](FuncOp, const SyncModel &model, bool) {
      sync::Program program = model.program;
      drainBefore(program, program.top);
      sync::Node exit;
      exit.kind = sync::NodeKind::Barrier;
      exit.pipe = Pipe::ALL;
      exit.inserted = true;
      program.top.push_back(program.add(std::move(exit)));
      return program;
    };
    if (mlir::failed(forEachProgram(getOperation(), source, report, solve)) ||
        mlir::failed(cleanScalarLines(getOperation(), report)))
      signalPassFailure();
    for (SyncFunction &f :
         report ? llvm::MutableArrayRef(report->functions) : llvm::MutableArrayRef<SyncFunction>())
      for (SyncItem &item : f.items)
        if (item.isFull && item.reasons.empty())
          item.reasons.push_back("asked for: every access waits for all pipes");
  }
  SyncReport *report = nullptr;
};
} // namespace

std::unique_ptr<mlir::Pass> pto::createInsertSyncPass(SyncReport *report, unsigned dropped,
                                                      bool fewInstructions) {
  return std::make_unique<InsertSyncPass>(report, dropped, fewInstructions);
}
std::unique_ptr<mlir::Pass> pto::createBarrierAllSyncPass(SyncReport *report) {
  return std::make_unique<BarrierAllSyncPass>(report);
}
