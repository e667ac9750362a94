//===- Compile.cpp - The pipeline from a parsed module to C++-ready IR -----===//

#include "ptoas/Pipelines/Compile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/Timing.h"
#include "ptoas/IR/CrossCore.h"
#include "ptoas/IR/OpInfo.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Pipelines/CommandLine.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"

using namespace pto;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {
enum class ArchFlag { Default, A3, A5 };
enum class GmAlias { Declared, May };

struct Flags {
  cl::OptionCategory category{"ptoas pipeline"};
  ChoiceOption<ArchFlag> arch{"pto-arch",
                              cl::desc("Target (default: the module's pto.target_arch, else a3)"),
                              cl::init(ArchFlag::Default), cl::cat(category),
                              cl::values(clEnumValN(ArchFlag::A3, "a3", "Ascend 910B/C"),
                                         clEnumValN(ArchFlag::A3, "a2", "same as a3"),
                                         clEnumValN(ArchFlag::A3, "a2a3", "same as a3"),
                                         clEnumValN(ArchFlag::A5, "a5", "Ascend 950"))};
  ChoiceOption<Level> level{
      "pto-level", cl::desc("Who gives tiles their addresses (default level2)"),
      cl::init(Level::Level2), cl::cat(category),
      cl::values(clEnumValN(Level::Level1, "level1", "ptoas (as level2)"),
                 clEnumValN(Level::Level2, "level2", "ptoas plans memory"),
                 clEnumValN(Level::Level3, "level3", "the program: every alloc_tile has an addr"))};
  cl::opt<bool> insertSync{"enable-insert-sync",
                           cl::desc("Insert the synchronisation that is missing, and prove it"),
                           cl::cat(category)};
  cl::opt<bool> barrierAll{"enable-inject-barrier-all-sync",
                           cl::desc("Drain all pipes before every access (slow, for debugging)"),
                           cl::cat(category)};
  ChoiceOption<VerifySync> verify{
      "verify-sync", cl::desc("Findings on hand-written synchronisation (default warn)"),
      cl::init(VerifySync::Warn), cl::cat(category),
      cl::values(clEnumValN(VerifySync::Off, "off", "are not looked for"),
                 clEnumValN(VerifySync::Warn, "warn", "are warnings"),
                 clEnumValN(VerifySync::Error, "error", "are errors"))};
  cl::opt<bool> assume{
      "assume",
      cl::desc("Take for right what the checker cannot decide; --explain-sync and --sync-report "
               "list it"),
      cl::cat(category)};
  ChoiceOption<SyncObjective> objective{
      "sync-objective", cl::desc("What --enable-insert-sync goes for (default time)"),
      cl::init(SyncObjective::Time), cl::cat(category),
      cl::values(clEnumValN(SyncObjective::Time, "time", "much overlap of the pipes"),
                 clEnumValN(SyncObjective::Count, "count",
                            "few flags and barriers that run, at the price of some overlap"))};
  cl::opt<bool> unitFlags{
      "use-unit-flags",
      cl::desc("With --enable-insert-sync: hand accumulators to FIX by their unit flag instead of "
               "event flags, where products and stores alternate"),
      cl::cat(category)};
  cl::opt<unsigned> dropInserted{
      "drop-inserted-sync", cl::ReallyHidden, cl::init(0),
      cl::desc("Leave out the n-th inserted instruction: shows what the checker is for")};
  ChoiceOption<GmAlias> gmAlias{
      "gm-alias", cl::desc("Pointer arguments of a kernel are (default declared)"),
      cl::init(GmAlias::Declared), cl::cat(category),
      cl::values(clEnumValN(GmAlias::Declared, "declared",
                            "distinct memory, but for two that are both marked pto.may_alias"),
                 clEnumValN(GmAlias::May, "may", "all marked: any two may overlap"))};
  ChoiceOption<VerifySync> verifyPipes{
      "verify-pipes", cl::desc("Pipes between cores that hang or lose data (default error)"),
      cl::init(VerifySync::Error), cl::cat(category),
      cl::values(clEnumValN(VerifySync::Error, "error", "are errors"),
                 clEnumValN(VerifySync::Off, "off", "are not looked for"))};
  cl::opt<bool> noLayout{"disable-infer-layout",
                         cl::desc("Views without a layout are nd, whatever their strides say"),
                         cl::cat(category)};
};

/// Flags of other ptoas versions, taken so that scripts go on working. Each says what it does here
/// when it is given.
struct ForeignFlags {
  cl::OptionCategory category{"ptoas compatibility"};
  cl::opt<bool> graphSolver{"enable-graph-sync-solver", cl::desc("As --enable-insert-sync"),
                            cl::cat(category)};
  cl::opt<bool> bufferIds{"enable-bufid_sync", cl::desc("As --enable-insert-sync"),
                          cl::cat(category)};
  cl::opt<std::string> backend{"pto-backend", cl::desc("emitc is the only one"),
                               cl::value_desc("emitc"), cl::init("emitc"), cl::cat(category)};
  cl::opt<int> eventIdMax{"graph-sync-solver-event-id-max", cl::desc("No effect"),
                          cl::cat(category)};
  cl::opt<bool> bufferIdDebug{"enable-bufid-sync-debug", cl::desc("No effect: --explain-sync"),
                              cl::cat(category)};
  cl::opt<int> insertSyncDebug{"pto-insert-sync-debug", cl::desc("No effect: --explain-sync"),
                               cl::cat(category)};
  cl::opt<bool> opFusion{"enable-op-fusion", cl::desc("No effect"), cl::cat(category)};
  cl::opt<bool> shapeInference{"enable-shape-inference", cl::desc("No effect"), cl::cat(category)};
  cl::opt<std::string> planner{"plan-memory-impl", cl::desc("No effect"),
                               cl::value_desc("legacy|modern"), cl::cat(category)};
  cl::opt<bool> orderBySize{"plan-memory-order-by-size", cl::desc("No effect"), cl::cat(category)};
  cl::opt<std::string> cannVersion{"cann-output-version", cl::desc("No effect"), cl::cat(category)};

  bool insertSync() const { return graphSolver || bufferIds; }
};

/// Made once by registerCompileOptions; a static object would register flags in every tool that
/// links this library.
Flags *flags = nullptr;
ForeignFlags *foreignFlags = nullptr;
} // namespace

void pto::setToolVersion(llvm::StringRef tool) {
  cl::SetVersionPrinter(
      [tool = tool.str()](llvm::raw_ostream &os) { os << tool << " " PTOAS_VERSION "\n"; });
}

void pto::registerCompileOptions() {
  static Flags instance;
  flags = &instance;
  static ForeignFlags foreignInstance;
  foreignFlags = &foreignInstance;
  // MLIR's own debugging flags; applyPassManagerCLOptions refuses to run without them.
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
}

CompileOptions pto::compileOptionsFromCommandLine() {
  CompileOptions options;
  if (flags->arch != ArchFlag::Default)
    options.arch = flags->arch == ArchFlag::A5 ? Arch::A5 : Arch::A3;
  options.level = flags->level;
  bool insert = flags->insertSync || foreignFlags->insertSync();
  options.sync = insert              ? SyncMode::Insert
                 : flags->barrierAll ? SyncMode::BarrierAll
                                     : SyncMode::None;
  options.inferLayout = !flags->noLayout;
  options.verifySync = flags->verify;
  options.assume = flags->assume;
  options.objective = flags->objective;
  options.unitFlags = flags->unitFlags;
  options.dropInserted = flags->dropInserted;
  options.gmMayAlias = flags->gmAlias == GmAlias::May;
  options.verifyPipes = flags->verifyPipes == VerifySync::Error;
  return options;
}

/// One note per flag that is taken but means something else, or nothing, here.
static void noteForeignFlags() {
  const ForeignFlags &f = *foreignFlags;
  const char *const oneMode =
      "ptoas has one way to insert synchronisation; this runs --enable-insert-sync";
  const char *const explained = "no effect; --explain-sync says why each instruction is there";
  const char *const fewest = "no effect; the inserter uses the event ids that the chip has";
  const char *const planned = "no effect; the planner tries several orders and keeps the best";
  const char *const unfused = "no effect; ptoas prints the operations as they stand";
  const char *const plain = "no effect; the C++ does not depend on it";
  const std::pair<const cl::Option &, const char *> notes[] = {
      {f.graphSolver, oneMode},     {f.bufferIds, oneMode},         {f.eventIdMax, fewest},
      {f.bufferIdDebug, explained}, {f.insertSyncDebug, explained}, {f.opFusion, unfused},
      {f.shapeInference, unfused},  {f.planner, planned},           {f.orderBySize, planned},
      {f.cannVersion, plain},
  };
  for (auto [flag, text] : notes)
    if (flag.getNumOccurrences())
      llvm::errs() << "Note: --" << flag.ArgStr << ": " << text << "\n";
}

bool pto::compileOptionsConflict() {
  bool conflict = false;
  if (flags->barrierAll && (flags->insertSync || foreignFlags->insertSync())) {
    llvm::StringRef other = flags->insertSync           ? "enable-insert-sync"
                            : foreignFlags->graphSolver ? "enable-graph-sync-solver"
                                                        : "enable-bufid_sync";
    llvm::errs() << "Error: --" << other
                 << " and --enable-inject-barrier-all-sync exclude one another\n";
    conflict = true;
  }
  if (!llvm::StringRef(foreignFlags->backend).equals_insensitive("emitc")) {
    llvm::errs() << "Error: --pto-backend=" << foreignFlags->backend
                 << ": ptoas prints C++ only (emitc)\n";
    conflict = true;
  }
  noteForeignFlags();
  return conflict;
}

//===----------------------------------------------------------------------===//
// Pipeline
//===----------------------------------------------------------------------===//

void pto::buildPipeline(mlir::OpPassManager &passes, const CompileOptions &options,
                        SyncReport *report) {
  passes.addPass(createInferKinds());
  if (options.hasPipes) {
    passes.addPass(createAssignPipeIds());
    passes.addPass(createLowerFrontendPipes());
    passes.addPass(createInferPipeNoSplit());
  }
  passes.addPass(createNormalize());
  if (options.inferLayout)
    passes.addPass(createInferLayout());
  passes.addPass(options.level == Level::Level3 ? createCheckMemory() : createPlanMemory());
  passes.addPass(createBindScales());
  if (options.hasPipes) {
    passes.addPass(createResolvePipesPass(report));
    passes.addPass(createSetFfts());
  }
  bool checkPipes = options.verifyPipes && (options.hasPipes || options.hasFlags);
  if (checkPipes) {
    CheckPipesOptions check;
    check.ownFlags = options.verifySync == VerifySync::Off    ? "off"
                     : options.verifySync == VerifySync::Warn ? "warn"
                                                              : "error";
    passes.addPass(createCheckPipes(check));
  }
  if (options.sync == SyncMode::Insert && options.unitFlags)
    passes.addPass(createUseUnitFlags());
  if (options.sync == SyncMode::Insert)
    passes.addPass(createInsertSyncPass(report, options.dropInserted,
                                        options.objective == SyncObjective::Count));
  else if (options.sync == SyncMode::BarrierAll)
    passes.addPass(createBarrierAllSyncPass(report));
  if (checkPipes && options.hasPipes) {
    CheckPipesOptions check;
    check.inside = true;
    passes.addPass(createCheckPipes(check));
  }
  // Always after insertion, and then findings are our own bugs (design 5).
  bool inserted = options.sync != SyncMode::None;
  if (inserted || options.verifySync != VerifySync::Off) {
    VerifySyncOptions verify;
    verify.inserted = inserted;
    verify.always = inserted;
    verify.assume = options.assume;
    verify.warn = !inserted && options.verifySync == VerifySync::Warn;
    passes.addPass(createVerifySyncPass(verify, report));
  }
  if (options.prepareForCpp)
    passes.addPass(createPrepareForCppPass(report));
}

/// Most kernels have no pipes and no flags between cores, and each pass that looks for them walks
/// all of it.
static void noteWhatItUses(mlir::ModuleOp module, CompileOptions &options) {
  options.hasPipes = options.hasFlags = false;
  module.walk([&](RecordOp op) {
    options.hasPipes |= op.getOpInfo().family == "pipe";
    options.hasFlags |= llvm::isa<SyncAllOp>(op) || crossCoreFlagOf(op);
    return options.hasPipes ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
}

/// What --gm-alias=may asks for, as the text would: everything behind sees the same marks.
static void markPointers(mlir::ModuleOp module) {
  for (auto function : module.getOps<mlir::func::FuncOp>())
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
      if (llvm::isa<PtrType>(type))
        function.setArgAttr(i, mayAliasAttr, mlir::UnitAttr::get(module.getContext()));
}

mlir::LogicalResult pto::compile(mlir::ModuleOp module, const CompileOptions &options,
                                 SyncReport *report) {
  mlir::PassManager passes(module.getContext(), mlir::ModuleOp::getOperationName());
  if (flags) { // else this is a library in a program with a command line of its own
    if (mlir::failed(mlir::applyPassManagerCLOptions(passes)))
      return mlir::failure();
    mlir::applyDefaultTimingPassManagerCLOptions(passes);
  }
  // The parser verified everything already; passes of ours are trusted between one another in
  // release builds.
#ifdef NDEBUG
  passes.enableVerifier(false);
#endif
  CompileOptions needed = options;
  noteWhatItUses(module, needed);
  buildPipeline(passes, needed, report);
  if (options.gmMayAlias)
    markPointers(module);
  return passes.run(module);
}
