//===- Compile.h - The pipeline from a parsed module to C++-ready IR -*- C++ -*-===//
//
// What ptoas and pto-sim share: the options that choose passes, the pass pipeline, and what the
// passes report.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_PIPELINES_COMPILE_H
#define PTOAS_PIPELINES_COMPILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "ptoas/Support/Hardware.h"
#include "ptoas/Transforms/SyncReport.h"
#include <string>

namespace pto {

/// level1 and level2: ptoas plans memory; level3: every tile has an address.
enum class Level : uint8_t { Level1 = 1, Level2, Level3 };

enum class SyncMode : uint8_t { None, Insert, BarrierAll };
/// How findings on hand-written synchronisation are told. After insertion they are always errors.
enum class SyncObjective : uint8_t { Time, Count };
enum class VerifySync : uint8_t { Off, Warn, Error };

struct CompileOptions {
  std::optional<Arch> arch; ///< command line; the module's attribute otherwise
  Level level = Level::Level2;
  SyncMode sync = SyncMode::None;
  VerifySync verifySync = VerifySync::Warn;
  bool assume = false;     ///< what the checker cannot decide is right; the report lists it
  bool gmMayAlias = false; ///< every pointer argument is taken as marked pto.may_alias
  SyncObjective objective = SyncObjective::Time;
  bool unitFlags = false;     ///< accumulators go from M to FIX by unit flag where that is possible
  unsigned dropInserted = 0;  ///< for tests: the n-th inserted instruction is left out
  bool hasPipes = true;       ///< false: nothing in the module belongs to a pipe between cores
  bool hasFlags = true;       ///< false: nor is there a flag between cores
  bool verifyPipes = true;    ///< refuse pipes that hang or lose data
  bool inferLayout = true;    ///< give views without a layout their own
  bool prepareForCpp = false; ///< end with the pass that refuses what has no C++ form
};

/// Registers the options above with llvm::cl (call once, before parsing the command line):
/// --pto-arch --pto-level --enable-insert-sync --enable-inject-barrier-all-sync --verify-sync
/// --sync-objective --use-unit-flags --assume --gm-alias --verify-pipes
/// --disable-infer-layout, and the flags of other versions that mean nothing here.
void registerCompileOptions();
/// What the command line said.
CompileOptions compileOptionsFromCommandLine();

/// Flags that exclude one another or ask for what ptoas is not: says so on stderr and returns true.
/// Flags that it takes for compatibility get a note.
bool compileOptionsConflict();

/// Fills `passes` with the pipeline for `options`; `report` (may be null) receives what the sync
/// passes did and must outlive the run.
void buildPipeline(mlir::OpPassManager &passes, const CompileOptions &options, SyncReport *report);

/// Runs the pipeline with MLIR's pass-manager flags applied. Errors went to the diagnostic engine.
mlir::LogicalResult compile(mlir::ModuleOp module, const CompileOptions &options,
                            SyncReport *report = nullptr);

} // namespace pto

#endif // PTOAS_PIPELINES_COMPILE_H
