//===- Exact.h - The provably best synchronisation of small programs -*- C++ -*-===//
//
// Test support. What insert() is measured against: an implicit hitting set over all handoffs and
// barriers that could be placed. A master (Z3) proposes the cheapest set that meets all demands
// known so far; the trace axioms (Oracle) judge it; each order that it misses becomes a cut, "one
// of these items is needed", until nothing is missed. What the master then holds is an optimum of
// the relaxed problem (event ids without number), so nothing can be cheaper.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_EXACT_H
#define PTOAS_UNITTESTS_SYNC_EXACT_H

#include "Trace.h"

namespace pto::sync::judge {

/// One thing that could be added: a handoff (set after one item of a list, wait before another,
/// with primes and drains when it crosses iterations) or a barrier of one pipe before an item.
struct Candidate {
  Pipe from, to; ///< equal: a barrier
  unsigned list = 0, producer = 0, consumer = 0;
  int64_t delay = 0;
  bool early = false; ///< the set stands before the drains of its producer, a loop
  /// Item of the list around the loop behind which the primes stand; none: directly before it.
  uint32_t primeAfter = none;
  uint64_t executed = 0; ///< sync instructions that it adds to the measured paths
};

/// What a solution costs on the measured paths.
struct Price {
  uint64_t time = 0;     ///< cycles of the pipe model of `modelledTime`, summed over the paths
  uint64_t executed = 0; ///< sets, waits and barriers that run
  auto operator<=>(const Price &) const = default;
};

enum class Goal : uint8_t { TimeThenCount, Count };

/// Price of a finished program (sync 13.6). Unknown trip counts are taken as 4; of branches the
/// first arms, the last arms, and in loops one of them in every third of 8 turns are measured. Time
/// is the sum over three balances of the pipes.
Price priceOf(const Program &program);

/// Cycles that an access takes: some number that depends on the node alone.
uint64_t durationOf(const Program &program, NodeId access);

/// Whose accesses take half of that (sync 13.6).
enum class Halved : uint8_t { None, GlobalMoves, Others };

/// The orders that C1 asks for on a trace: for each access, by its number among the accesses, the
/// numbers of those that must be complete before it starts.
using Orders = std::vector<llvm::SmallVector<uint32_t, 4>>;

/// What is missing on a trace of a program without any sync.
Orders ordersOf(const Program &program, const Trace &trace);

/// Cycles until everything on the trace is complete: in-order pipes, an access takes `durationOf`,
/// its bytes are there `resultLatency` cycles later, sync costs nothing but the stall. With
/// `orders` they hold as well, whatever stands on the trace: no more than what any sync takes that
/// contains what stands there and is right.
uint64_t modelledTime(const Program &program, const Trace &trace, Halved halved,
                      const Orders &orders = {});
inline constexpr uint64_t resultLatency = 16;

struct Optimum {
  Price price;
  unsigned items = 0; ///< handoffs and barriers
  Program program;    ///< with the chosen items, over as many ids as it takes
  unsigned cuts = 0, checkerCuts = 0, rounds = 0;
};

/// The least price under `goal`, over handoffs of delay up to `maxDelay`, with C1 and C3. `start`
/// is the price of a solution that is known (of insert()): the search under TimeThenCount starts
/// below it. None when `maxRounds` did not suffice, or (`noneAtLimit`) when it is proven that no
/// candidates are as fast as `start`. The program must have no synchronisation of its
/// own, no calls and no signals.
std::optional<Optimum> solveExactly(const Program &program, Goal goal, const Price &start,
                                    unsigned maxDelay = 2, unsigned maxRounds = 6000,
                                    bool *noneAtLimit = nullptr);

/// Without synchronisation, calls and signals; up to 12 accesses.
Program randomSmallProgram(uint64_t seed);

/// insert() against the optimum on random programs.
struct Comparison {
  unsigned programs = 0, undecided = 0; ///< undecided: not part of the other figures
  unsigned equal = 0;
  unsigned above = 0;       ///< dearer than the optimum by at most one item or 2 % of the time
  unsigned farAbove = 0;    ///< by more
  unsigned below = 0;       ///< cheaper: insert() found what the candidates do not contain
  unsigned checkerOnly = 0; ///< of all: some order was asked for by check() and by no sampled path
  std::vector<std::string> reports; ///< the first of farAbove
};
Comparison compareWithExact(Goal goal, uint64_t seed, unsigned programs, unsigned maxReports = 3,
                            bool allAbove = false);
std::string table(const Comparison &comparison);
/// What is asked of insert(): as good as the optimum in 95 of 100 programs, and never far above.
bool isNearOptimum(const Comparison &comparison);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_EXACT_H
