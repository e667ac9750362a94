//===- Simulate.h - A trace in the simulator ---------------------*- C++ -*-===//
//
// Test support. The third judge of a trace, after the axioms and the machine: the engine of pto-sim
// runs it as a kernel of one core that touches the same bytes. It shares nothing with lib/Sync.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_SIMULATE_H
#define PTOAS_UNITTESTS_SYNC_SIMULATE_H

#include "Trace.h"

namespace pto::sync::judge {

/// What the simulator finds about order, flags and the exit: under the eager, the lazy and a random
/// schedule, with flags that count and flags of one bit. Empty: nothing; none: the trace touches
/// bytes that the chip does not have.
std::optional<std::string> simulate(const Program &program, const Trace &trace, uint64_t seed,
                                    uint64_t *runs = nullptr);

/// One run that counts tokens, eager: enough for a verdict on order, which does not depend on luck.
std::optional<std::string> simulateOnce(const Program &program, const Trace &trace);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_SIMULATE_H
