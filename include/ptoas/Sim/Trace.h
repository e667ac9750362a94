//===- Trace.h - The timeline of a run ---------------------------*- C++ -*-===//
//
// Slices in cycles, written as Chrome trace events (Perfetto opens them): one process per core, one
// thread per pipe; or as a page of HTML that shows itself. The slices of one lane do not overlap,
// and both ends of an arrow lie at the first cycle of a slice: viewers bind an arrow to the slice
// that is open there, or drop it.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_TRACE_H
#define PTOAS_SIM_TRACE_H

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"
#include <array>
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
    llvm::StringRef name; ///< mnemonic, "set MTE2 > V, 0", or "stall: " and what it waits for
    llvm::StringRef location, calledAt;    ///< as in Place
    std::optional<int64_t> iteration;      ///< of the innermost loop
    std::vector<llvm::StringRef> operands; ///< "vec at 0x100: 16x64 f32, valid 16x64"
  };
  /// A token from its set to its wait, or a signal from its TNOTIFY to a TWAIT.
  struct Arrow {
    uint32_t fromCore = 0, toCore = 0;
    Pipe from = Pipe::S, to = Pipe::S;
    uint64_t begin = 0, end = 0; ///< first cycles of the two slices
    llvm::StringRef name;        ///< "MTE2 > V, 0", or "signal"
  };

  Trace() = default;
  Trace(Trace &&) = default;
  Trace &operator=(Trace &&) = default;

  uint64_t cycles = 0;            ///< of the whole run
  std::vector<std::string> cores; ///< "rank 0 block 0 vector 0"
  std::vector<Slice> slices;      ///< of one lane in the order of time
  std::vector<Arrow> arrows;

  /// The text for a field of a slice or arrow: kept once, as long as the trace lives.
  llvm::StringRef text(llvm::StringRef text) { return texts.insert(text).first->first(); }

  /// {"traceEvents": [...]}; one cycle is written as one microsecond, since viewers know no cycles.
  void write(llvm::raw_ostream &os) const;

private:
  llvm::StringSet<> texts;
};

/// Lanes from top to bottom: data flows downwards, S dispatches below it.
inline constexpr std::array<Pipe, numPipes> laneOrder = {Pipe::MTE2, Pipe::MTE1, Pipe::M, Pipe::V,
                                                         Pipe::FIX,  Pipe::MTE3, Pipe::S};

/// The slices of each lane, and what the arrows lead from and to.
struct TraceLinks {
  explicit TraceLinks(const Trace &trace);

  using Lane = std::vector<uint32_t>;            ///< indices of slices, by time
  std::vector<std::array<Lane, numPipes>> lanes; ///< by core, pipe
  std::vector<uint32_t> position;                ///< of a slice in its lane
  struct Ends {
    uint32_t from, to; ///< slices; ~0u: there is none at that place
  };
  std::vector<Ends> arrows;      ///< of the arrows of the trace
  std::vector<uint32_t> arrowTo; ///< by slice: an arrow that ends there, or ~0u
};

} // namespace pto::sim

#endif // PTOAS_SIM_TRACE_H
