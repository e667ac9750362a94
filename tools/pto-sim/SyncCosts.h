//===- SyncCosts.h - Which flags a run is slower for ------------*- C++ -*-===//
#ifndef PTOAS_TOOLS_PTO_SIM_SYNCCOSTS_H
#define PTOAS_TOOLS_PTO_SIM_SYNCCOSTS_H

#include "ptoas/Sim/Engine.h"

namespace pto::sim {

/// The waits that a run would be shorter without, each on top of those before it.
struct SyncCosts {
  struct Site {
    std::string what;    ///< "V > MTE3", "pipe_barrier(ALL)"
    std::string op, at;  ///< what stands there, and where
    uint64_t cycles = 0; ///< won when it costs nothing
    uint64_t late = 0;   ///< by which all work behind it began later than need be
    uint64_t count = 0;  ///< times that it did
  };
  std::vector<Site> sites;
  uint64_t rest = 0; ///< cycles that none of them explains
  llvm::json::Value json() const;
};

/// `run` simulates once more, with an account. `cycles` is how long it took with all flags and
/// `free` with none; sites are tried until they explain nearly all of the difference.
SyncCosts findSyncCosts(const Program &program, uint64_t cycles, uint64_t free,
                        llvm::function_ref<uint64_t(SyncAccount &)> run);

void printSyncCosts(const SyncCosts &costs, uint64_t cycles, uint64_t free, llvm::raw_ostream &os);

} // namespace pto::sim

#endif // PTOAS_TOOLS_PTO_SIM_SYNCCOSTS_H
