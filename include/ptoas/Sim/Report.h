//===- Report.h - What a simulated run found --------------------*- C++ -*-===//
//
// Findings, times and their three forms: structs, JSON (schema: docs/sim-report.md) and text.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_REPORT_H
#define PTOAS_SIM_REPORT_H

#include "ptoas/Support/Hardware.h"
#include "llvm/Support/JSON.h"
#include <array>
#include <map>
#include <string>
#include <vector>

namespace pto::sim {

enum class FindingKind : uint8_t {
  Race, ///< two accesses to one byte, at least one writing, without an order between them (C1)
  Uninitialised, ///< read of bytes that nothing has written
  OutOfBounds,   ///< access outside the on-chip memory or outside every GM array
  FlagCollision, ///< a flag is set again before its token was waited for (C2, C5; single bit: C3)
  IllegalSync, ///< id out of range, pipe that the core has not, barrier that the arch has not (C4)
  Deadlock,    ///< nothing can move: a cycle of agents that wait for one another (C6)
  TokenLeft,   ///< a flag is still set when the kernel returns (C7)
  IncompleteAtExit, ///< the function returns while a pipe may still be writing GM (C7)
  KernelFailure,    ///< the library would misbehave on these operands
  ScalarFailure,    ///< division by zero in the scalar unit, index outside a local array, trap
  CounterOverflow,  ///< a flag between cores can be set more often than its counter holds
  ArgumentOverlap,  ///< two arrays that are passed as distinct share bytes
  StaleCache,       ///< the data cache of a scalar unit keeps an ordered access from the bytes (C8)
  SharedLine,       ///< two agents write one cache line, one of them by scalar stores
  RecycledSlot,     ///< a tile of a FIFO is used after its slot was freed or given to a later one
  StarvedWait,      ///< nothing can move: a wait whose set, release or signal never comes (C6)
  Unfinished,       ///< the run was ended after Options::mostSteps
  UnlistedPair,     ///< a flag between pipes that the vendor does not list (HQ2); a warning
  LibraryDefect,    ///< the library, run as it is, breaks a rule by itself
};
inline constexpr unsigned numFindingKinds = unsigned(FindingKind::LibraryDefect) + 1;
enum class Hazard : uint8_t { RAW, WAR, WAW };

llvm::StringRef name(FindingKind kind); ///< "race", "uninitialised", ... as in the JSON
/// What may be right on the chip: does not spoil a run.
bool isWarning(FindingKind kind);
llvm::StringRef name(Hazard hazard);
/// Name of a pipe; ALL stands for the DMA engine of asynchronous transfers.
llvm::StringRef agentName(Pipe pipe);

/// One execution of one instruction.
struct Where {
  std::string location; ///< "file:line:col" or "" when unknown
  std::string op;       ///< mnemonic
  std::string calledAt; ///< of the inlined call, or ""
  std::string phase;    ///< inside a library call: "load", "store", "sync"; else ""
  Pipe pipe = Pipe::S;
  CoreKind core = CoreKind::Vector;
  unsigned rank = 0, block = 0, subblock = 0;
  std::optional<int64_t> iteration; ///< value of the innermost induction variable

  std::string describe() const; ///< "pto.tload on MTE2 of vector core (rank 0, block 1), i = 3"
};

struct Finding {
  FindingKind kind = FindingKind::Race;
  std::optional<Hazard> hazard; ///< Race
  Where where; ///< what the finding is reported at (races: the later in program order)
  std::optional<Where> other;     ///< the other place, when there are two
  std::string memory;             ///< "vec", or the GM array; "" when no bytes are concerned
  uint64_t begin = 0, end = 0;    ///< bytes, relative to the memory or array
  std::string what;               ///< one sentence
  std::vector<std::string> notes; ///< the way out, wait-for cycle ...
  uint64_t count = 1;             ///< how often the same pair of places showed it
};

struct PipeTime {
  uint64_t items = 0, busy = 0, stalled = 0; ///< cycles; stalled: waiting for a flag or barrier
};

struct CoreTime {
  CoreKind core = CoreKind::Vector;
  unsigned rank = 0, block = 0, subblock = 0;
  uint64_t cycles = 0; ///< from launch to the last completion
  std::array<PipeTime, numPipes> pipes;
};

struct Report {
  std::vector<Finding> findings;  ///< in source order; same run, same order
  std::vector<std::string> notes; ///< about the launch as a whole
  /// Operations of the program whose results rest on a choice of the simulator's where the
  /// library's description is silent, with what was chosen; by name. Not printed, in the JSON only.
  std::map<std::string, std::string> modelled;
  std::vector<CoreTime> cores; ///< by block, rank, core
  uint64_t cycles = 0;         ///< of the slowest core
  uint64_t instructions = 0;   ///< executed by all scalar units
  uint64_t items = 0;          ///< handed to pipes
  std::string incomplete;      ///< why the run was given up before its end; "" when it was not

  /// No findings but warnings, and the run went to its end.
  bool clean() const;
  llvm::json::Value json() const;
  /// "loc: error: what", then notes with the other place and the way out; last `notes`.
  void print(llvm::raw_ostream &os) const;
};

/// Adds what another schedule of the same launch found: equal findings are counted once, with the
/// sum of their counts, and equal notes stand once.
void addFindings(Report &into, const Report &other);
/// Adds the launch that ran after it: findings as above, cores follow, cycles and counters add up.
void append(Report &into, const Report &next);

} // namespace pto::sim

#endif // PTOAS_SIM_REPORT_H
