//===- RandomCluster.h - Random programs that are right by construction -*- C++ -*-===//
//
// Programs of one or more cores with loops and branches, in which rings of slots are handed from
// stage to stage. Every hand-over is one of the idioms of the trade: flags with fixed or rotating
// ids, barriers of one pipe or all, the scalar unit in between, buffer ids, chains of products and
// unit flags, flags between the cores of a block (to one, to the other kind, between the vector
// cores), between all cores of a kind, SYNCALL of both forms, FIFOs of both archs, signals between
// ranks, transfers by the DMA engine, the data cache cleaned. The oracle is written from the rules
// of sync 5 and 6 and of cross-core 1 to 6 and shares nothing with the engine: it unrolls the
// program, closes happens-before by brute force and says what is wrong, if anything is.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIM_RANDOMCLUSTER_H
#define PTOAS_UNITTESTS_SIM_RANDOMCLUSTER_H

#include "ptoas/Sim/Engine.h"
#include <set>

namespace pto::sim::testing {

/// An index of the innermost loop: (i - shift) / step, taken modulo `modulus`.
struct RoundIndex {
  int64_t shift = 0, step = 1, modulus = 1;
  int64_t round(int64_t i) const { return (i - shift) / step; }
  int64_t slot(int64_t i) const { return round(i) % modulus; }
};

/// Bytes of a memory: those of slot 0; slot n lies n * `pitch` behind.
struct SlotRange {
  Space space = Space::GM;
  int64_t begin = 0, end = 0, pitch = 0;
  bool empty() const { return begin == end; }
};

struct Statement {
  enum Kind {
    Work,
    ScalarLoad, ///< through the data cache
    ScalarStore,
    Copy, ///< by the DMA engine, from `read` to `write`; event `id`
    Set,
    Wait,
    Barrier,
    Get,
    Release,
    CrossSet,
    CrossWait,
    Fence,
    Clean, ///< dcci of the line of `read`
    Notify,
    Await,
    SyncAll,  ///< in hardware
    SoftSync, ///< by a counter; `id`: cell, `id2`: cores that take part
    CopyWait, ///< for event `id`
    // Of FIFO `id`:
    Push, ///< of the tile in `read`
    Pop,
    Free,
    Alloc, ///< of entries, which the program writes and reads itself
    PushEntry,
    PopEntry,
    FreeEntry,
    EndFifo
  } kind = Work;
  Pipe pipe = Pipe::S;  ///< whose queue it goes to; Barrier: ALL too
  Pipe other = Pipe::S; ///< Set: destination; Wait: source
  CrossMode mode = CrossMode::CubeVector;
  SyncAllCores cores = SyncAllCores::Vector;
  FifoSplit split = FifoSplit::None;
  int64_t id = 0;            ///< flag, buffer, cell; of slot 0 when it rotates
  bool rotates = false;      ///< the id is id + slot
  bool isCumulative = false; ///< Await: until the cell reaches round + `id2`, else `id2`
  bool polls = false;        ///< Await: by TTEST in a loop
  int64_t id2 = 0;
  /// Work on an accumulator: 2 unit flag of a product that is not the last, 3 of the last one or of
  /// the store; 0 none.
  int64_t unitPhase = 0;
  bool accumulates = false; ///< Work on M
  RoundIndex index;
  SlotRange read, write; ///< empty: none
  bool isUnit() const { return kind == Work && unitPhase == 3; }
  bool isSync() const { return kind > Copy || isUnit(); }
};

/// A statement, or statements in a loop or under a condition.
struct Node {
  enum Kind { Leaf, Loop, If } kind = Leaf;
  Statement statement;
  int64_t trip = 0; ///< Loop
  /// If: low <= i < high and (i - low) is a multiple of `every`, i of the innermost loop.
  int64_t low = 0, high = 0, every = 1;
  std::vector<Node> body;
};

struct CoreProgram {
  CoreKind kind = CoreKind::Vector;
  unsigned rank = 0, subblock = 0, block = 0;
  std::vector<Node> body;
};

/// A FIFO between the cores of a block; its tiles have `rows` x `cols` elements of f32.
struct Ring {
  static constexpr int64_t rows = 16, cols = 16, bytes = rows * cols * 4;
  FifoShape shape;
  std::vector<unsigned> cores;  ///< that make it: a cube core and vector cores
  int64_t gm = 0;               ///< of the ring of a2/a3
  int64_t inVec = 0, inMat = 0; ///< landing buffers, or the rings of a5
  FifoSplit split = FifoSplit::None;
  int64_t directions() const { return shape.direction == FifoDirection::Both ? 2 : 1; }
};

struct ClusterProgram {
  Arch arch = Arch::A3;
  std::vector<CoreProgram> cores; ///< by block, then rank
  std::vector<Ring> rings;
  unsigned blocks = 1;
  unsigned cells = 0;  ///< signals and counters
  unsigned events = 0; ///< of transfers by the DMA engine
  int64_t gmBytes = 64, localBytes = 64, accBytes = 0;
};

ClusterProgram randomCluster(uint64_t seed);

/// Statements that synchronise, in the order of the text; a product or a store with a unit flag is
/// one of them and loses the flag.
unsigned countSync(const ClusterProgram &program);
/// The program without the n-th of them.
ClusterProgram withoutSync(const ClusterProgram &program, unsigned n);

/// What is wrong with a program.
struct Judgement {
  bool hangs = false;
  std::set<std::pair<int, int>> races; ///< numbers of statements in the order of the text
  std::set<std::string> others;        ///< "token left", ...
  bool clean() const { return !hangs && races.empty() && others.empty(); }
  /// What a program means that hangs, or that releases what nobody holds, is not defined.
  bool saysAllRaces() const { return !hangs && !others.count("release without get"); }
};
Judgement judgeByClosure(const ClusterProgram &program);

/// A run of the engine, with the places of findings as numbers of statements.
struct ClusterRun {
  Report report;
  std::set<std::pair<int, int>> races;
  std::vector<uint8_t> memory;
  bool clean() const { return report.clean(); }
};
ClusterRun runCluster(const ClusterProgram &program, const Options &options);

std::string listing(const ClusterProgram &program);

/// What `count` programs from `seed` on have shown; `reports` are the first failures in words.
struct ClusterTally {
  uint64_t programs = 0, statements = 0, mutants = 0, redundant = 0;
  uint64_t falseAlarms = 0, missed = 0, unstable = 0, disagreed = 0;
  std::vector<std::string> reports;
  bool failed() const { return falseAlarms || missed || unstable || disagreed; }
};
ClusterTally clusterCampaign(uint64_t seed, uint64_t count, unsigned randomSchedules);
std::string table(const ClusterTally &tally);

} // namespace pto::sim::testing

#endif // PTOAS_UNITTESTS_SIM_RANDOMCLUSTER_H
