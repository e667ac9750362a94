//===- Engine.h - Runs a program on a simulated NPU -------------*- C++ -*-===//
//
// Ranks x blocks x cores, each with a scalar unit that dispatches in order to asynchronous in-order
// pipes (docs/memory-and-sync.md 1 - 5). Kernels read when an item
// starts and their writes take effect when it completes; when that is, the schedule decides. The
// race verdict does not depend on it: it comes from vector clocks (H1 - H7).
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_ENGINE_H
#define PTOAS_SIM_ENGINE_H

#include "ptoas/Sim/Cost.h"
#include "ptoas/Sim/Memory.h"
#include "ptoas/Sim/Program.h"
#include "ptoas/Sim/Report.h"
#include "ptoas/Sim/Trace.h"
#include <functional>
#include <map>
#include <set>

namespace pto::sim {

enum class Schedule : uint8_t {
  Eager, ///< everything completes as soon as it is dispatched
  Lazy,  ///< nothing completes before something else waits for it, and then the newest first
  Random ///< any legal next step, by seed
};
/// Watches the memory of a run: what tests and tools learn from it that no report says. Calls come
/// in the order of the schedule.
class Observer {
public:
  virtual ~Observer() = default;

  /// One stretch of bytes that one item touches. Addresses of GM are those of GlobalMemory.
  struct Touch {
    uint32_t core = 0;
    uint32_t place = 0; ///< index into Program::places
    Pipe pipe = Pipe::S;
    Space space = Space::GM;
    uint64_t begin = 0, end = 0;
    bool isWrite = false;
    bool isResidue = false; ///< read with whole fractals, for nobody's use
  };
  virtual void touched(const Touch &) {}
  /// What a memory of a core holds before its first use; the bytes behind it are not written yet.
  virtual std::vector<uint8_t> initial(uint32_t /*core*/, Space) { return {}; }
  /// What it holds when the core has ended.
  virtual void final(uint32_t /*core*/, Space, llvm::ArrayRef<uint8_t>) {}
};

/// What a second set of a flag does before the first was waited for (HQ1).
enum class FlagModel : uint8_t { Counter, SingleBit };

/// What a flag between pipes that the vendor does not list is (HQ2).
enum class UnlistedPairs : uint8_t { Allowed, Warned, Refused };

/// A flag or counter that was still up when a kernel returned, for the next launch (HQ10).
struct LeftFlag {
  uint32_t core = 0; ///< number in the launch
  Pipe from = Pipe::S, to = Pipe::S;
  bool isCross = false, isDirect = false; ///< a counter between cores; of a5's direct flags
  int64_t id = 0;
  uint64_t count = 1;
};

/// Where a long run stands.
struct Progress {
  uint64_t instructions, items; ///< so far
  uint32_t coresDone, cores;
  uint64_t findings;
};

/// A wait or a barrier inside a core, as the program writes it: all its executions.
struct SyncSite {
  uint32_t place = 0;                ///< index into Program::places
  Pipe from = Pipe::S, to = Pipe::S; ///< of a barrier of all pipes ALL and S
  auto operator<=>(const SyncSite &) const = default;
};

/// What synchronisation inside cores costs: work that began later than its pipe, its dispatch and
/// the bytes that it shares with others allow. Kept next to a run that honours all flags.
struct SyncAccount {
  std::set<SyncSite> free; ///< these hold nobody; what comes behind them waits for its bytes
  struct Late {
    uint64_t cycles = 0, count = 0;
  };
  std::map<SyncSite, Late> late; ///< by the wait that came last before the work
};

/// The members with an HQ number are what nobody outside the vendor knows about the chip (sync 12);
/// their defaults are what production code relies on (docs/sim-switches.md).
struct Options {
  Schedule schedule = Schedule::Eager;
  uint64_t seed = 0;
  FlagModel flags = FlagModel::Counter;                ///< HQ1
  UnlistedPairs unlistedPairs = UnlistedPairs::Warned; ///< HQ2
  bool flagOrdersRoundTrip =
      true; ///< HQ3: MTE3 > MTE2 makes a GM store visible to a load; else dsb
  /// HQ4: same-pipe order of dependent neighbours by pipe; unset: sync 3 (keepsOrder in
  /// Support/Hardware.h).
  std::array<std::optional<bool>, numPipes> keepsOrder;
  bool accumulationIsOrdered = true; ///< products into one accumulator (H7)
  bool reloadIsOrdered = true;       ///< loads into the same bytes, on MTE2 (H7)
  uint64_t queueDepth = 0; ///< HQ5: items that a pipe's queue holds before S stalls; 0: any number
  unsigned eventIds = numEventIds; ///< HQ7
  unsigned crossIds = 16;          ///< flags between cores, per core
  unsigned crossCount = 15;        ///< HQ8: what one of their counters holds
  bool crossFlagPublishes =
      true; ///< HQ9: such a flag makes GM writes of its pipe visible; else dsb
  std::vector<LeftFlag> *leftFlags = nullptr; ///< HQ10: what survives a launch; null: nothing does
  bool cachesScalars = true; ///< scalar accesses of GM go through a cache (sync 10); else coherent
  /// a5: the constructor of a FIFO gives credits as the library does; else they are taken for what
  /// they mean, that all slots are free (cross-core 6).
  bool primedCredits = true;
  CostTable cost; ///< HQ6: `sync`
  /// Take no notice of flags and barriers inside a core; items wait for the bytes that they share
  /// with others, at no cost. Eager only; the report has times and no findings about order.
  bool freeSync = false;
  SyncAccount *account = nullptr; ///< kept when somebody wants it
  bool stopAtFirst = false;       ///< end the run at the first finding
  /// End the run, with a finding, after so many instructions of S and items of pipes.
  uint64_t mostSteps = UINT64_MAX;
  llvm::raw_ostream *output = nullptr; ///< what TPRINT and printf write; null: nobody reads it
  Observer *observer = nullptr;
  uint64_t activeCores =
      64; ///< cores that run at the same time; more start when all of these are stuck
  uint64_t dispatchAhead =
      4096; ///< items that S may be ahead of the pipes of its core (lazy and random schedules)
  /// Called every few thousand steps; what it returns, unless empty, ends the run (for
  /// Report::incomplete).
  std::function<std::string(const Progress &)> progress;
};

/// One core of a block.
struct CoreLaunch {
  uint32_t function = 0; ///< index into Program::functions; its core kind is the core's
  unsigned subblock = 0, subblocks = 1;
  std::vector<uint64_t> arguments; ///< words, one per argument of the function
};

/// An array that was passed as an argument of its own. Two of one rank and different `group` must
/// not share bytes.
struct ArgumentArray {
  unsigned rank = 0;
  std::string name, group; ///< arrays declared `same:` carry one group
  uint64_t address = 0, bytes = 0;
};

/// One kernel launch on every rank: `ranks[r]` are the cores of each of the `blocks` blocks of rank
/// r.
struct Launch {
  unsigned blocks = 1;
  std::vector<std::vector<CoreLaunch>> ranks;
  std::vector<ArgumentArray> arrays;
};

/// Runs the launch to its end or until nothing can move. The program must be valid (`validate`).
/// Arrays keep their contents for the next launch. Same inputs and options give the same report,
/// contents and trace.
Report run(const Program &program, GlobalMemory &memory, const Launch &launch,
           const Options &options = {}, Trace *trace = nullptr);

} // namespace pto::sim

#endif // PTOAS_SIM_ENGINE_H
