//===- VerifySync.cpp - Proves the synchronisation of the finished program -===//

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
  VerifySyncPass(const VerifySyncOptions &options, SyncReport *report) : VerifySyncBase(options), report(report) {}

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
    if (!model->hasAccess || (!model->hasSync && !always))
      return true;
    sync::CheckResult result = sync::check(model->program);
    for (const sync::Finding &finding : result.findings)
      emitFinding(*model, finding, warn, inserted);
    record(*model, function, core, result);
    return result.accepted() || warn;
  }

  void record(const SyncModel &model, mlir::func::FuncOp function, CoreKind core, const sync::CheckResult &result) {
    if (!report)
      return;
    auto it = llvm::find_if(report->functions, [&](const SyncFunction &f) { return f.name == function.getName() && f.core == name(core); });
    if (it == report->functions.end()) // hand-written synchronisation
      it = report->functions.insert(it, summarize(model, model.program, function.getName(), core));
    it->judged = true;
    it->accepted = result.accepted();
    it->hazards = result.hazards;
  }
  SyncReport *report = nullptr;
};
} // namespace

std::unique_ptr<mlir::Pass> pto::createVerifySyncPass(const VerifySyncOptions &options, SyncReport *report) {
  return std::make_unique<VerifySyncPass>(options, report);
}
