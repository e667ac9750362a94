//===- Machine.h - What the cores of one launch share -----------*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_ENGINE_MACHINE_H
#define PTOAS_LIB_SIM_ENGINE_MACHINE_H

#include "CrossFlags.h"
#include "FreeSync.h"
#include "ptoas/Sim/Engine.h"
#include <map>
#include <tuple>

namespace pto::sim {

/// Identity of a core of the launch. Core numbers run by block, then rank, then core of the block.
struct CoreIdentity {
  CoreKind kind = CoreKind::Vector;
  unsigned rank = 0, block = 0, indexInBlock = 0;
};

/// What TNOTIFY wrote to one cell, so that a TWAIT learns from the signals that let it pass and
/// from no later ones.
struct SignalCell {
  struct Entry {
    int32_t value;
    RemoteRef released; ///< what this and all earlier signals made known
    uint64_t time;
    uint32_t core = none;  ///< that signalled; none: the host or an ordinary write
    uint32_t place = 0;    ///< of its TNOTIFY
    uint64_t notified = 0; ///< when its TNOTIFY began
  };
  /// [0] is the value before the first signal, or one that every core has learnt of since.
  std::vector<Entry> history;
  uint64_t forgotten = 0; ///< entries that stood before it
  uint64_t writes() const { return forgotten + history.size() - 1; }
  size_t trimAt = 256; ///< length at which to look for what everybody knows
};

/// The last scalar store of one core into a line of GM.
struct LineStore {
  Access store;
  uint64_t bytes = 0; ///< of the line, stored so far; a bit each
};

/// Collects findings: one per kind and pair of places, with a count.
class Findings {
public:
  /// True when the pair is new; then the caller fills in the words.
  Finding *add(FindingKind kind, const Occurrence &where, const Occurrence *other,
               std::optional<Hazard> hazard = {});
  bool empty() const { return errors == 0; } ///< warnings apart
  size_t size() const { return entries.size(); }
  /// Source order. Uninitialised reads at places that take part in a race are consequences of it
  /// and are dropped.
  std::vector<Finding> take();

private:
  using Key = std::tuple<uint32_t, FindingKind, Phase, uint32_t, Phase, int>; ///< place first
  struct Entry {
    Key key;
    Finding finding;
  };
  std::map<Key, size_t> index;
  std::vector<Entry> entries;
  size_t errors = 0;
};

class Core;

class Machine {
public:
  Machine(const Program &program, GlobalMemory &memory, const Launch &launch,
          const Options &options, Trace *trace);

  const Program &program;
  GlobalMemory &memory;
  const Launch &launch;
  const Options &options;
  Trace *trace;
  Findings findings;
  uint64_t instructions = 0, items = 0;
  bool isExhausted() const { return instructions + items >= options.mostSteps; }
  /// Library calls move their chunks with these.
  Call load, store, storeAdd, fixStore;
  Call combine;          ///< of TREDUCE, with a kernel by operation
  Call copy;             ///< of the DMA engine
  Call toVector, toCube; ///< a5: a push from the cube, and to the cube, into the other's memory
  CrossFlags crossFlags;
  /// On-chip memory by core and space. It may be written before its core starts (a5).
  Bytes &local(uint32_t core, Space space);
  /// After the end of a core: its memory goes, on a5 when nobody is left who writes into it.
  void forgetLocals(uint32_t core);
  /// Where each core returned.
  std::vector<Occurrence> returned;
  /// A ring that the library of a5 fills too early (cross-core 6): `flag` is the first of its FIFO.
  struct Overrun {
    unsigned flag;
    Space space;
    uint32_t owner; ///< none in GM
    uint64_t begin, end;
  };
  std::vector<Overrun> overruns;
  bool isOverrun(Space space, uint32_t owner, uint64_t address) const;
  std::vector<Core *> cores; ///< by number; null before the start and after the end of a core
  uint32_t nextCore = 0;     ///< the first that has not started
  bool hasEnded(uint32_t core) const { return core < nextCore && !cores[core]; }
  std::map<uint64_t, SignalCell> signals; ///< by GM address
  bool signalled = false;                 ///< a cell changed since the scheduler looked
  /// Lines of GM (by address) that scalar units store to: by core, the last store.
  std::map<uint64_t, std::vector<LineStore>> storedLines;
  std::vector<LeftFlag> leftNow;                  ///< HQ10: for the next launch
  std::map<const Bytes *, TouchTimes> touchTimes; ///< with Options::freeSync; looked up only

  unsigned coreCount() const { return launch.blocks * coresPerBlock; }
  CoreIdentity identity(uint32_t core) const;
  const CoreLaunch &launchOf(uint32_t core) const;
  /// The cores of a kind in the block of `core`, or in all blocks of its rank; by number.
  CrossFlags::Cores coresOfCluster(uint32_t core, CoreKind kind) const;
  CrossFlags::Cores coresOfRank(uint32_t core, CoreKind kind) const;
  std::string coreName(uint32_t core) const; ///< "rank 0 block 1 vector 0"
  Where where(const Occurrence &occurrence) const;
  std::string opName(const Occurrence &occurrence) const; ///< "pto.tload", "pto.comm.tput load"
  bool keepsOrder(Pipe pipe) const { return ordered[unsigned(pipe)]; }
  /// Do items have to remember what S knew at its last dsb?
  bool needsFences() const { return !options.flagOrdersRoundTrip || !options.crossFlagPublishes; }

  /// A finding about one or two places; null when the pair was seen before (it is counted).
  Finding *report(FindingKind kind, const Occurrence &at, const Occurrence *other = nullptr,
                  std::optional<Hazard> hazard = {});
  /// A rule that the library breaks by itself: told once.
  void reportDefect(const Occurrence &at, const std::string &what, const std::string &wayOut);
  /// Hands a line of output of the kernel to Options::output.
  void print(uint32_t core, llvm::StringRef text) const;
  /// Drops signals that all cores have learnt of, now and then, so that a long run keeps few.
  void trimHistory(SignalCell &cell) const;
  /// An ordinary write of GM happened: signal cells in it have a new value.
  void noteWrite(uint64_t address, uint64_t bytes);

private:
  void forgetLocal(uint32_t core);
  bool isKnownToAll(const RemoteRef &released) const;

  unsigned coresPerBlock = 0;
  std::vector<std::pair<unsigned, unsigned>> coresOfBlock; ///< (rank, index in launch.ranks[rank])
  std::array<bool, numAgents> ordered{};
  std::vector<std::array<std::unique_ptr<Bytes>, numSpaces>> locals;
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_MACHINE_H
