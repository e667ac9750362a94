//===- CrossCore.h - What a flag between cores says -------------*- C++ -*-===//
#ifndef PTOAS_IR_CROSSCORE_H
#define PTOAS_IR_CROSSCORE_H

#include "ptoas/IR/Pto.h"

namespace pto {

/// A set or a wait between cores, whatever it is spelled.
struct CrossCoreFlag {
  bool isSet = false;
  Pipe pipe = Pipe::S;
  std::optional<int64_t> id; ///< none: `dynamicId`
  mlir::Value dynamicId;
  int64_t mode = 2; ///< 0 all cores of the kind, 1 the vector cores of the block, 2 the other kind
  /// A flag inside the block (set_intra_block, a5) instead of FFTS.
  bool intraBlock = false;
  /// With intraBlock: a cube core sets or awaits `id` and `id + 16`, one for each vector core.
  bool mirrored = false;
  std::optional<CoreKind> kind; ///< of the core, as far as text and pipe tell
};

/// Describes sync.set, sync.wait and their like; none for other operations.
std::optional<CrossCoreFlag> crossCoreFlagOf(mlir::Operation *op);

/// Flag ids of vector core 1 on a cube core of a5 lie this much behind those of vector core 0.
inline constexpr int64_t secondVectorIds = 16;

/// The pipe that get_buf, rls_buf and their like name; none when the attribute names no single one.
std::optional<Pipe> bufferPipe(mlir::Attribute opType);

} // namespace pto

#endif // PTOAS_IR_CROSSCORE_H
