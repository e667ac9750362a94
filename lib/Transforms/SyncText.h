//===- SyncText.h - Synchronisation in words --------------------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_SYNCTEXT_H
#define PTOAS_LIB_TRANSFORMS_SYNCTEXT_H

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Sync/Check.h"
#include "ptoas/Transforms/SyncReport.h"

namespace pto {

/// The location of a node: of its operation; unknown for inserted ones.
mlir::Location locationOf(const SyncModel &model, const sync::Program &program, sync::NodeId id);
/// "bytes 0..256 of %src (gm)".
std::string describeRegion(const sync::Program &program, sync::RegionId id);
/// "RAW on %tile: written by pto.tload on MTE2 (k.pto:12:5), read by pto.tstore on MTE3
/// (k.pto:14:5)".
std::string describeReason(const SyncModel &model, const sync::Program &program,
                           const sync::Reason &reason);

/// Numbers and items of a solved program, for the report. `solved` is model.program with or without
/// inserted nodes.
/// `drains`: barriers that were put around calls of functions from elsewhere, with the reason.
using Drains = llvm::DenseMap<mlir::Operation *, std::string>;
SyncFunction summarize(const SyncModel &model, const sync::Program &solved, llvm::StringRef name,
                       CoreKind core, bool detailed, const Drains &drains = Drains());
/// What --assume takes for granted, for the report.
std::string describeAssumption(const SyncModel &model, const sync::Finding &finding);

/// Who wrote the synchronisation that a finding is about; a finding on what is only ours is our
/// bug.
enum class Author : uint8_t { Source, Inserter, Both };
/// Emits one checker finding as a diagnostic with its notes. True when it is a bug of ptoas.
bool emitFinding(const SyncModel &model, const sync::Finding &finding, bool warn, Author author);

/// The same for the data cache of the scalar unit.
struct StaleLine;
std::string describeAssumption(const SyncModel &model, const StaleLine &line);
bool emitStaleLine(const SyncModel &model, const StaleLine &line, bool warn, Author author);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_SYNCTEXT_H
