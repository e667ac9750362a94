//===- Profile.h - Where the time of a run went -----------------*- C++ -*-===//
//
// Read off the timeline of a run: what stalled whom for how long, and the chain of instructions,
// flags and dispatches that the last cycle hangs on.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_PROFILE_H
#define PTOAS_SIM_PROFILE_H

#include "ptoas/Sim/Cost.h"
#include "ptoas/Sim/Report.h"
#include "ptoas/Sim/Trace.h"

namespace pto::sim {

struct Profile {
  explicit Profile(const Trace &trace);

  /// The stalls of one wait, of all cores and iterations.
  struct Stall {
    Pipe pipe = Pipe::S; ///< that waits
    std::string what;    ///< "MTE2 > V, 0", "pipe_barrier(ALL)", "signal"
    /// The instruction that had to wait and its location, on S "" and that of the wait; the one
    /// that it waited for, whose completion the set says, "" for barriers.
    std::string op, at, after, afterAt;
    uint64_t cycles = 0, count = 0;
  };
  /// An instruction of the critical path, all of its executions there.
  struct Part {
    Pipe pipe = Pipe::S;
    std::string name, at; ///< mnemonic, "set V > MTE3, 0" ..., or "scalar code"; location
    uint64_t cycles = 0, count = 0;
  };
  std::vector<Stall> stalls;  ///< the longest first
  std::vector<Part> parts;    ///< of the critical path, the longest first; together `cycles`
  std::vector<uint32_t> path; ///< slices of it, from the last to the first
  uint64_t cycles = 0;        ///< of the whole run

  llvm::json::Value stallsJson() const;
  llvm::json::Value pathJson() const;
};

/// The table of `--summary`: busy and stalled shares per pipe, the longest stalls, the critical
/// path.
void printSummary(const Report &report, const Profile &profile, const CostTable &cost,
                  llvm::raw_ostream &os);

/// A page of HTML without external resources that shows the timeline.
void writeTimeline(const Trace &trace, const Profile &profile, const CostTable &cost,
                   llvm::StringRef title, llvm::raw_ostream &os);

} // namespace pto::sim

#endif // PTOAS_SIM_PROFILE_H
