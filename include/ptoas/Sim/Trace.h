//===- Trace.h - The timeline of a run ---------------------------*- C++ -*-===//
//
// Slices in cycles, written as Chrome trace events (Perfetto opens them): one process per core, one
// thread per pipe.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_TRACE_H
#define PTOAS_SIM_TRACE_H

#include "ptoas/Support/Hardware.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace pto::sim {

struct Trace {
  enum class SliceKind : uint8_t { Work, Stall };
  struct Slice {
    uint32_t core = 0; ///< index into cores
    Pipe pipe = Pipe::S;
    SliceKind kind = SliceKind::Work;
    uint64_t begin = 0, end = 0; ///< cycles
    std::string name;            ///< mnemonic, or what the stall waits for
    std::string location;
  };
  /// A token from its set to its wait.
  struct Arrow {
    uint32_t fromCore = 0, toCore = 0;
    Pipe from = Pipe::S, to = Pipe::S;
    uint64_t begin = 0, end = 0;
    std::string name; ///< "flag 0"
  };
  std::vector<std::string> cores; ///< "rank 0 block 0 vector 0"
  std::vector<Slice> slices;
  std::vector<Arrow> arrows;

  /// {"traceEvents": [...]}; one cycle is written as one microsecond, since viewers know no cycles.
  void write(llvm::raw_ostream &os) const;
};

} // namespace pto::sim

#endif // PTOAS_SIM_TRACE_H
