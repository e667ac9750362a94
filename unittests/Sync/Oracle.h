//===- Oracle.h - The independent judge of one trace --------------*- C++ -*-===//
//
// Test support. Two judges that share only the trace: `violations` applies the axioms H1 - H7 with
// vector clocks and is exact; `Machine` runs queues, flags and in-flight accesses under a random
// schedule. Neither uses lib/Sync beyond the data of Program.h.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_ORACLE_H
#define PTOAS_UNITTESTS_SYNC_ORACLE_H

#include "Trace.h"
#include "ptoas/Sync/Check.h"

namespace pto::sync::judge {

/// A rule that fails on the trace. `event` is the place in it, `earlier` as in sync::Finding.
struct Violation {
  Rule rule;
  NodeId later = none, earlier = none;
  size_t event = 0;
  size_t earlierEvent = 0; ///< C1, C3: the place of `earlier`
};

/// "C3: set(MTE2>V, 1) of node 7 at event 12 after node 5"
std::string describe(const Program &program, const Violation &violation);

/// All violations of C1, C2, C3 (if `strongFlags`), C4, C5, C7, C8 on this trace, in trace order;
/// only those of the first bad event when `firstOnly`.
std::vector<Violation> violations(const Program &program, const Trace &trace, bool strongFlags,
                                  bool firstOnly = true);

/// The first violation on up to `count` sampled paths.
std::optional<Violation> findViolation(const Program &program, uint64_t seed, unsigned count,
                                       bool strongFlags = true);

enum class FlagModel : uint8_t {
  Counting, ///< every set adds a token
  Lossy,    ///< one bit: a set on a pending flag is lost (HQ1)
};

struct Outcome {
  enum Kind : uint8_t {
    Clean,
    Race,        ///< `later` started while `earlier`, with which it conflicts, was not complete
    Hang,        ///< nothing can move any more
    Unfinished,  ///< C7: the kernel returned while the GM write `earlier` was in flight
    Unpublished, ///< C8: `later` signalled before `earlier` was complete and visible
    Leftover,    ///< C7: a flag is still set at the end
  };
  Kind kind = Clean;
  NodeId later = none, earlier = none;
};

/// In-order dispatch, one FIFO per pipe, completion in any order; sets fire when all earlier
/// accesses of their pipe are complete and do not hold the queue.
class Machine {
public:
  Machine(const Program &program, const Trace &trace);
  /// One schedule. May be called any number of times.
  Outcome run(Random &random, FlagModel model) const;

private:
  friend class Schedule;
  const Program &program;
  const Trace &trace;
  /// Per event the earlier accesses that must be complete when it starts.
  std::vector<std::vector<uint32_t>> before;
};

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_ORACLE_H
