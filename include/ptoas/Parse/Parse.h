//===- Parse.h - From text to a verified module -----------------*- C++ -*-===//
#ifndef PTOAS_PARSE_PARSE_H
#define PTOAS_PARSE_PARSE_H

#include "mlir/IR/OwningOpRef.h"
#include "ptoas/IR/Pto.h"
#include "llvm/Support/SourceMgr.h"

namespace pto {

/// Registers what a .pto file may hold: pto, func, arith, scf, cf, builtin.
void registerDialects(mlir::DialectRegistry &registry);

/// Parses `sources` (text or MLIR bytecode) and verifies it. All semantic errors are reported, not
/// only the first of each function; a syntax error ends the parse. The arch is `arch` when given
/// (command line), else the module's `pto.target_arch`, else a3; it is written to the module, in
/// one spelling. SSA names of the text become NameLocs, so that passes, messages and printers can
/// call a value what the source calls it. With `addsScratch` (someone will plan memory) scratch
/// tiles that the library needs and the text leaves out are declared. Null after errors, which went
/// to the context's diagnostic engine.
mlir::OwningOpRef<mlir::ModuleOp> parseProgram(const llvm::SourceMgr &sources,
                                               mlir::MLIRContext &context,
                                               std::optional<Arch> arch = std::nullopt,
                                               bool addsScratch = false);

/// Verifies every operation on its own, then the module's structure; every failure is reported.
mlir::LogicalResult verifyAll(mlir::ModuleOp module);

/// Refuses calls that nest deeper than anything that follows them can.
mlir::LogicalResult checkCallDepth(mlir::ModuleOp module);

/// The name that the source gives to a value, without '%'; empty when it has none ("3" counts as a
/// name).
llvm::StringRef sourceName(mlir::Value value);

/// The place without a value's name: for operations that a pass makes, which are not what the
/// source called so.
mlir::Location placeOf(mlir::Location location);

/// "file:line:col" of a location, looked through names, fusions and call sites; empty when unknown.
std::string locationText(mlir::Location location);

} // namespace pto

#endif // PTOAS_PARSE_PARSE_H
