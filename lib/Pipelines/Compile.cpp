//===- Compile.cpp - The pipeline from a parsed module to C++-ready IR -----===//

#include "ptoas/Pipelines/Compile.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/Timing.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"

using namespace pto;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

namespace {
/// Values are read in any case, as front-ends write them.
template <typename T> struct NoCaseParser : cl::parser<T> {
  using cl::parser<T>::parser;
  bool parse(cl::Option &option, llvm::StringRef name, llvm::StringRef value, T &out) {
    std::string lower = value.lower();
    return cl::parser<T>::parse(option, name, lower, out);
  }
};

enum class ArchFlag { Default, A3, A5 };

struct Flags {
  cl::OptionCategory category{"ptoas pipeline"};
  cl::opt<ArchFlag, false, NoCaseParser<ArchFlag>> arch{
      "pto-arch", cl::desc("Target (default: the module's pto.target_arch, else a3)"),
      cl::init(ArchFlag::Default), cl::cat(category),
      cl::values(clEnumValN(ArchFlag::A3, "a3", "Ascend 910B/C"),
                 clEnumValN(ArchFlag::A3, "a2", "same as a3"),
                 clEnumValN(ArchFlag::A3, "a2a3", "same as a3"),
                 clEnumValN(ArchFlag::A5, "a5", "Ascend 950"))};
  cl::opt<Level, false, NoCaseParser<Level>> level{
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
  cl::opt<VerifySync> verify{"verify-sync",
                             cl::desc("Findings on hand-written synchronisation (default warn)"),
                             cl::init(VerifySync::Warn), cl::cat(category),
                             cl::values(clEnumValN(VerifySync::Off, "off", "are not looked for"),
                                        clEnumValN(VerifySync::Warn, "warn", "are warnings"),
                                        clEnumValN(VerifySync::Error, "error", "are errors"))};
};

/// Made once by registerCompileOptions; a static object would register flags in every tool that
/// links this library.
Flags *flags = nullptr;
} // namespace

void pto::registerCompileOptions() {
  static Flags instance;
  flags = &instance;
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
  options.sync = flags->insertSync   ? SyncMode::Insert
                 : flags->barrierAll ? SyncMode::BarrierAll
                                     : SyncMode::None;
  options.verifySync = flags->verify;
  return options;
}

bool pto::compileOptionsConflict() {
  if (!flags->insertSync || !flags->barrierAll)
    return false;
  llvm::errs()
      << "Error: --enable-insert-sync and --enable-inject-barrier-all-sync exclude one another\n";
  return true;
}

//===----------------------------------------------------------------------===//
// Pipeline
//===----------------------------------------------------------------------===//

void pto::buildPipeline(mlir::OpPassManager &passes, const CompileOptions &options,
                        SyncReport *report) {
  passes.addPass(createNormalize());
  passes.addPass(options.level == Level::Level3 ? createCheckMemory() : createPlanMemory());
  if (options.sync == SyncMode::Insert)
    passes.addPass(createInsertSyncPass(report));
  else if (options.sync == SyncMode::BarrierAll)
    passes.addPass(createBarrierAllSyncPass(report));
  // Always after insertion, and then findings are our own bugs (design 5).
  bool inserted = options.sync != SyncMode::None;
  if (inserted || options.verifySync != VerifySync::Off) {
    VerifySyncOptions verify;
    verify.inserted = inserted;
    verify.always = inserted;
    verify.warn = !inserted && options.verifySync == VerifySync::Warn;
    passes.addPass(createVerifySyncPass(verify, report));
  }
  if (options.prepareForCpp)
    passes.addPass(createPrepareForCpp());
}

mlir::LogicalResult pto::compile(mlir::ModuleOp module, const CompileOptions &options,
                                 SyncReport *report) {
  mlir::PassManager passes(module.getContext(), mlir::ModuleOp::getOperationName());
  if (mlir::failed(mlir::applyPassManagerCLOptions(passes)))
    return mlir::failure();
  mlir::applyDefaultTimingPassManagerCLOptions(passes);
  // The parser verified everything already; passes of ours are trusted between one another in
  // release builds.
#ifdef NDEBUG
  passes.enableVerifier(false);
#endif
  buildPipeline(passes, options, report);
  return passes.run(module);
}
