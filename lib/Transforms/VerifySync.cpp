//===- VerifySync.cpp - Proves the synchronisation of the finished program -===//

#include "ScalarCache.h"
#include "SyncText.h"
#include "ptoas/Sync/Check.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_VERIFYSYNC
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;

namespace {
struct VerifySyncPass : pto::impl::VerifySyncBase<VerifySyncPass> {
  using VerifySyncBase::VerifySyncBase;
  VerifySyncPass(const VerifySyncOptions &options, SyncReport *report)
      : VerifySyncBase(options), report(report) {}

  void runOnOperation() override {
    for (auto function : rootFunctions(getOperation()))
      for (CoreKind core : coresOf(function))
        if (!judge(function, core))
          signalPassFailure();
    markAllAnalysesPreserved();
  }

  bool judge(mlir::func::FuncOp function, CoreKind core) {
    auto model = buildSyncModel(function, core);
    if (mlir::failed(model))
      return false;
    if (!model->hasAccess && !model->hasSync)
      return true;
    if (!model->hasSync && !always) {
      function.emitRemark()
          << "@" << function.getName()
          << " has no synchronisation, so nothing was proven; --enable-insert-sync "
             "adds and proves it";
      return true;
    }
    sync::CheckResult result = sync::check(model->program);
    Author author = Author::Source;
    if (inserted) {
      const SyncFunction *entry = reported(function, core);
      author = entry && entry->handWritten ? Author::Both : Author::Inserter;
    }
    bool accepted = assume ? result.acceptedIfAssumed() : result.accepted();
    if (!accepted)
      sync::namePaths(model->program, result);
    bool isOurs = false;
    std::vector<StaleLine> lines = findStaleLines(*model);
    for (const StaleLine &line : lines)
      if (!assume || !line.unproven) {
        accepted = false;
        isOurs |= emitStaleLine(*model, line, warn, author);
      }
    for (const sync::Finding &finding : result.findings)
      if (!assume || !finding.unproven)
        isOurs |= emitFinding(*model, finding, warn, author);
    if (report)
      report->refusedOwn |= !accepted && isOurs;
    record(*model, function, core, result, accepted);
    if (SyncFunction *entry = assume ? reported(function, core) : nullptr)
      for (const StaleLine &line : lines)
        if (line.unproven)
          entry->assumptions.push_back(describeAssumption(*model, line));
    return accepted || warn;
  }

  SyncFunction *reported(mlir::func::FuncOp function, CoreKind core) const {
    if (!report)
      return nullptr;
    auto it = llvm::find_if(report->functions, [&](const SyncFunction &f) {
      return f.name == function.getName() && f.core == name(core);
    });
    return it == report->functions.end() ? nullptr : &*it;
  }

  void record(const SyncModel &model, mlir::func::FuncOp function, CoreKind core,
              const sync::CheckResult &result, bool accepted) {
    if (!report)
      return;
    SyncFunction *entry = reported(function, core);
    if (!entry) // hand-written synchronisation
      entry = &report->functions.emplace_back(
          summarize(model, model.program, function.getName(), core, report->detailed));
    entry->judged = true;
    entry->accepted = accepted;
    for (const sync::Finding &finding : result.findings)
      if (assume && finding.unproven)
        entry->assumptions.push_back(describeAssumption(model, finding));
    entry->hazards = result.hazards;
  }
  SyncReport *report = nullptr;
};
} // namespace

std::unique_ptr<mlir::Pass> pto::createVerifySyncPass(const VerifySyncOptions &options,
                                                      SyncReport *report) {
  return std::make_unique<VerifySyncPass>(options, report);
}
