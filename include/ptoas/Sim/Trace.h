//===- Trace.h - The timeline of a run ---------------------------*- C++ -*-===//
//
// Slices in cycles, written as Chrome trace events (Perfetto opens them): one process per core, one
// thread per pipe. The slices of one lane do not overlap, and both ends of an arrow lie at the
// first cycle of a slice: viewers bind an arrow to the slice that is open there, or drop it.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_TRACE_H
#define PTOAS_SIM_TRACE_H

#include "ptoas/Support/Hardware.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace pto::sim {

struct Trace {
  /// Sync: set, wait, barrier, dsb and signals, without the stall before them.
  enum class SliceKind : uint8_t { Work, Sync, Stall };
  struct Slice {
    uint32_t core = 0; ///< index into cores
    Pipe pipe = Pipe::S;
    SliceKind kind = SliceKind::Work;
    uint64_t begin = 0, end = 0; ///< cycles
    std::string name; ///< mnemonic, "set MTE2 > V, 0", or "stall: " and what it waits for
    std::string location, calledAt;    ///< as in Place
    std::optional<int64_t> iteration;  ///< of the innermost loop
    std::vector<std::string> operands; ///< "vec at 0x100: 16x64 f32, valid 16x64"
  };
  /// A token from its set to its wait, or a signal from its TNOTIFY to a TWAIT.
  struct Arrow {
    uint32_t fromCore = 0, toCore = 0;
    Pipe from = Pipe::S, to = Pipe::S;
    uint64_t begin = 0, end = 0; ///< first cycles of the two slices
    std::string name;            ///< "MTE2 > V, 0", or "signal"
  };
  std::vector<std::string> cores; ///< "rank 0 block 0 vector 0"
  std::vector<Slice> slices;
  std::vector<Arrow> arrows;

  /// {"traceEvents": [...]}; one cycle is written as one microsecond, since viewers know no cycles.
  void write(llvm::raw_ostream &os) const;
};

} // namespace pto::sim

#endif // PTOAS_SIM_TRACE_H
