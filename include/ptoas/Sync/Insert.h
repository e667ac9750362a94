//===- Insert.h - Adds the synchronisation that is missing ------*- C++ -*-===//
//
// The inserter (sync 13). It shares no code with Sync/Check; its result is
// judged there.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SYNC_INSERT_H
#define PTOAS_SYNC_INSERT_H

#include "ptoas/Sync/Program.h"
#include <functional>

namespace pto::sync {

/// What is best, of two solutions that are both right.
enum class Objective : uint8_t {
  Time,  ///< every handoff as early set and as late waited for as can be
  Count, ///< few instructions that run, at the price of some overlap (sync 13.6)
};

struct InsertOptions {
  Objective objective = Objective::Time;
  bool strongFlags = true; ///< obey C3
  /// Iterations that a loop-carried handoff may lag behind (sync 13.3), at least 1. Two keep both
  /// slots of a double buffer busy; one would make each load wait for the use of the iteration
  /// before.
  unsigned maxDelay = 2;
  /// Objective::Count: the most nodes that the sweep may visit while it looks for exchanges.
  uint64_t polishVisits = 200000;
  /// The most work for the search for the best plan of a small program (sync 13.7), in steps of
  /// runs; 0: none.
  uint64_t searchSteps = 6000000;
  /// Cycles of an access, 0 when unknown; without it all take alike.
  std::function<uint64_t(NodeId)> cyclesOf;
  /// Let the tokens of an inner loop stay set over the turns of a loop around it (sync 13.3).
  bool keepTokens = true;
  bool exitBarrier = true; ///< end with bar(ALL) (C7); false for helper functions
  /// Solve nothing: bar(ALL) before every item that touches memory or sets a flag, and a fence
  /// before each signal.
  bool fullBarriers = false;
};

struct InsertStats {
  unsigned handoffs = 0;   ///< set and wait pairs that order accesses; one with primes counts once
  unsigned credits = 0;    ///< handoffs that only tell that an id is free again (C3)
  unsigned drains = 0;     ///< flags with which dispatch waits for a pipe where ids ran short
  unsigned merged = 0;     ///< handoffs that were joined with another because ids ran short
  unsigned barriers = 0;   ///< bar(p)
  unsigned barrierAll = 0; ///< bar(ALL), the one at the exit included
  unsigned inLoops = 0;    ///< of them, in loops
  bool lastRung = false;   ///< fell back to bar(ALL) before every item
  /// How the search for the best plan ended (sync 13.7).
  enum Searched : uint8_t { NotTried, CutShort, Complete } searched = NotTried;
  unsigned refused = 0; ///< plans that were right on the runs of the search and not on all
  uint64_t visits = 0;  ///< nodes walked by all sweeps, for benchmarks
};

struct InsertResult {
  Program program; ///< the input with nodes added (Node::inserted), ids of old nodes unchanged
  InsertStats stats;
};

/// Deterministic. Never touches the inside of a Macro, never moves or removes an existing node.
InsertResult insert(const Program &program, const InsertOptions &options = {});

} // namespace pto::sync

#endif // PTOAS_SYNC_INSERT_H
