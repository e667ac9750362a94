//===- PipeActions.h - Scripts as sets and waits of flags -------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEACTIONS_H
#define PTOAS_LIB_TRANSFORMS_PIPEACTIONS_H

#include "PipeScript.h"

namespace pto {

/// 0 is the cube core, 1 and 2 are the vector cores.
inline constexpr unsigned numPipeCores = 3;
using PipeScripts = std::array<PipeScript, numPipeCores>;

/// What counts from one core to one other. Where several cores set a flag together, the receiver
/// waits for one of these of each of them.
struct PipeFlag {
  enum Kind : uint8_t { Data, Free, Own, Inner } kind;
  /// Data, Free: the pipe and its direction. Own: the flag of the program by its number at the
  /// receiver; with `direct` one of a5. Inner: two hardware pipes of one core.
  uint32_t pipe = 0;
  PipeDirection direction = PipeDirection::C2V;
  uint8_t mode = 0;
  int64_t id = 0;
  unsigned from = 0, to = 0;
  auto operator<=>(const PipeFlag &) const = default;
};

struct PipeAction {
  enum Kind : uint8_t { Set, Wait, Drain } kind;
  Pipe lane;                            ///< what it holds: on a3 every wait the scalar unit
  bool isEnd;                           ///< a wait of the destructor
  uint32_t step;                        ///< in the script
  uint64_t entry;                       ///< number of the entry that it is about
  llvm::SmallVector<PipeFlag, 2> flags; ///< all at once
};

/// How a core takes its actions.
enum class PipeOrder : uint8_t {
  Program, ///< one after the other: a3, and on a5 the strictest order that flags may enforce
  Lanes    ///< each hardware pipe for itself, behind what the scalar unit has issued: a5
};

/// The actions of all cores, or the flag of which it is not known who releases whom.
struct PipeActions {
  std::array<std::vector<PipeAction>, numPipeCores> of;
  mlir::Operation *doubtful = nullptr;
  std::string doubt;
};
PipeActions pipeActions(const PipeScripts &scripts, llvm::ArrayRef<PipeGroup> groups, Arch arch,
                        PipeOrder order);

/// The mode of flags from one core to one other, which have none.
inline constexpr uint8_t directMode = 3;

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEACTIONS_H
