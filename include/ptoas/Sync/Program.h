//===- Program.h - A program as synchronisation sees it ---------*- C++ -*-===//
//
// The problem that the inserter solves and the checker judges: structured control flow over
// accesses to memory, flags and barriers of ONE core. No MLIR here; `Analysis/SyncModel` builds it
// from the IR and `Transforms/InsertSync` writes a solution back. Rules C1 - C10 and H1 - H7 are
// those of docs/memory-and-sync.md.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SYNC_PROGRAM_H
#define PTOAS_SYNC_PROGRAM_H

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace pto::sync {

using NodeId = uint32_t;
using RegionId = uint32_t;
inline constexpr uint32_t none = ~0u;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A byte offset: constant + sum of coefficient * counter of a loop + an unknown but fixed symbol.
/// Loop counters count iterations from 0, whatever the bounds in the source are. The loop of a term
/// encloses every access that uses it.
struct Offset {
  struct Term {
    NodeId loop;
    int64_t coefficient;
    bool operator==(const Term &) const = default;
  };
  int64_t constant = 0;
  llvm::SmallVector<Term, 2> terms; ///< sorted by loop, no zero coefficients
  uint32_t symbol =
      none; ///< names a run-time value that is the same in all iterations; equal symbols cancel
  bool known = true; ///< false: could be anything inside the root or memory
  bool operator==(const Offset &) const = default;
};

/// A slot of a ring of equal buffers: the address is offset + stride * ((counter(loop) + add) mod
/// count).
struct Rotation {
  uint32_t count = 1; ///< 1: no ring
  int64_t stride = 0; ///< bytes between slots
  NodeId loop = none; ///< none with count > 1: an unknown slot
  int64_t add = 0;
  bool operator==(const Rotation &) const = default;
};

/// The bytes that one access may touch: `run` contiguous bytes, repeated along `dims` (outermost
/// first).
struct Region {
  struct Dim {
    int64_t extent;
    int64_t stride; ///< bytes
    bool operator==(const Dim &) const = default;
  };
  Space space = Space::Vec;
  uint32_t root = 0; ///< GM: which pointer it comes from (index into Program::roots); on chip 0
  Offset offset;
  llvm::SmallVector<Dim, 4> dims;
  uint64_t run = 0;
  Rotation rotation;
  std::string name; ///< as the source calls it; only for messages, not part of equality
  bool operator==(const Region &o) const {
    return space == o.space && root == o.root && offset == o.offset && dims == o.dims &&
           run == o.run && rotation == o.rotation;
  }
  /// Bytes from the first to one past the last byte, over all dims, without the rotation; 0 when
  /// empty.
  uint64_t span() const;
  /// The same as offsets relative to `offset`: low <= 0 (below 0 with a negative stride), bytes lie
  /// in [low, high).
  void bounds(int64_t &low, int64_t &high) const;
  bool isEmpty() const; ///< no byte, for certain
};

/// A pointer of the program. Different roots are distinct memory unless both are marked (the report
/// names the assumption).
struct Root {
  std::string name;
  bool mayAlias = false; ///< pto.may_alias, or a pointer of unknown origin
};

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// base + (counter(loop) + add) mod count; count 1 is the static id `base`. Outside its loop the
/// counter is the trip count.
struct EventId {
  int32_t base = 0;
  uint32_t count = 1;
  NodeId loop = none;
  int64_t add = 0;
  bool known = true; ///< false: a hand-written dynamic id that we cannot read
  bool operator==(const EventId &) const = default;
};

/// Does the id turn with a loop, or with a number that runs on, in a way that is known?
inline bool rotates(const EventId &id) { return id.known && id.count > 1 && id.loop != none; }

/// Identity of a flag: the directed pair and the id (sync 4).
struct FlagKey {
  Pipe from = Pipe::S, to = Pipe::S;
  EventId id;
};

enum class NodeKind : uint8_t {
  Access,  ///< reads and writes on `pipe`
  Set,     ///< set_flag(key)
  Wait,    ///< wait_flag(key)
  Barrier, ///< pipe_barrier(pipe); ALL included
  Fence,   ///< dsb: what S knows to be complete becomes visible to other cores and ranks
  Publish, ///< a signal to another core or rank: C8 holds here. Executes on S (TNOTIFY), or with
           ///< `signals` on `pipe` (a flag between cores), where it comes after all that is earlier
  Loop,    ///< arms[0] is the body
  Branch,  ///< exactly one of `arms` runs (an absent else is an empty arm)
  Macro, ///< a call that runs arms[0] as it stands; nothing may be inserted inside (library calls,
         ///< helper functions)
  Leave, ///< stands directly in the body of a loop with `endsInside`: the loop is over here, or
         ///< goes on
  Counter, ///< stands nowhere: only names a number that a nest counts (see Program::counters)
};

/// Iterations of a loop: those with counter mod period = residue.
struct Turns {
  NodeId loop = none; ///< none: all
  uint16_t period = 1, residue = 0;
  bool operator==(const Turns &) const = default;
};

/// What chooses the arm of a branch of two arms, where that is known.
struct Condition {
  /// Equal numbers choose equal arms within one execution of the smallest list that holds them all.
  uint32_t value = none;
  /// arms[0] runs but for the first iterations of the loop and the last (as numbers); with
  /// `inverted` arms[1] does.
  NodeId loop = none;
  uint8_t first = 0, last = 0;
  bool inverted = false;
  Turns turns; ///< arms[0] runs in these and arms[1] in all others, when it names a loop
};

enum class Hazard : uint8_t { RAW, WAR, WAW };

/// Why an inserted item is there: `later` must come after `earlier` of `distance` iterations ago
/// (in `loop`).
struct Reason {
  NodeId earlier = none, later = none;
  Hazard hazard = Hazard::RAW;
  RegionId region = none; ///< bytes of the later access
  int64_t distance = 0;
  NodeId loop = none;
  enum Kind : uint8_t { Order, Credit, Exit, Publication } kind = Order; ///< C1, C3, C7, C8
};

struct Node {
  NodeKind kind = NodeKind::Access;
  Pipe pipe = Pipe::S; ///< Access, Barrier
  llvm::SmallVector<RegionId, 3> reads, writes;
  bool accumulates = false; ///< MMAD on one Acc tile: ordered by hardware among its kind (H7)
  bool unitFlag = false; ///< Access on M or FIX: hands its accumulator over by the unit flag (H7)
  bool signals = false;  ///< Access, Publish: a message between cores, queued on `pipe`: after
                         ///< everything earlier on it, before everything later
  Turns turns;           ///< Access: it runs in these only
  bool transparent =
      false;   ///< Macro: a helper or a region of the source. Its flags are the program's
               ///< own, which others may set or wait for; C5 is about library calls
  FlagKey key; ///< Set, Wait
  std::optional<int64_t> trip; ///< Loop: exact number of iterations when known
  int64_t minTrip = 0;         ///< Loop: at least so many
  bool endsInside = false;     ///< Loop: ends at the one Leave in its body and nowhere else
                               ///< (scf.while); trip and minTrip say nothing then
  std::vector<std::vector<NodeId>> arms; ///< Loop, Macro: one; Branch: two or more
  Condition condition;                   ///< Branch
  uint32_t source = none;      ///< client's index of the operation (several nodes may share it);
                               ///< Counter: its place in Program::counters
  std::string label;           ///< "pto.tload", "pto.comm.tput load"; only for messages
  bool inserted = false;       ///< put there by the inserter
  std::vector<Reason> reasons; ///< of inserted nodes
};

/// A number that runs on over the executions of loops in a loop, as `pingpong ^= 1` does: 0 where
/// `over` begins, one more after each iteration of each of `loops`. Its node may stand wherever a
/// loop names a counter: Rotation, EventId, Turns; in an Offset::Term only inside of `loops`, none
/// of which stands in another one. What uses it stands in `over`.
struct Counter {
  NodeId node = none, over = none;
  llvm::SmallVector<NodeId, 2> loops;
  /// Loops with one of `loops` further in, whose iterations move it by any number.
  llvm::SmallVector<NodeId, 4> around;
  /// The source can say the number modulo this, and modulo what divides it; 0: modulo anything.
  uint32_t modulus = 0;
};

struct Program {
  Arch arch = Arch::A3;
  CoreKind core = CoreKind::Vector;
  unsigned eventIds = numEventIds; ///< tests use fewer
  bool atExitDrain = true;         ///< C7 is demanded at the end (false for helpers)
  std::vector<Node> nodes;         ///< by NodeId; order has no meaning
  std::vector<Region> regions;     ///< by RegionId, no two equal
  std::vector<Root> roots;         ///< GM pointers
  std::vector<NodeId> top;         ///< the function body
  std::vector<Counter> counters;   ///< that run on; few

  NodeId add(Node node);
  /// Of what may be the node of a loop; null when it is.
  const Counter *counterOf(NodeId node) const;
  /// The loops that count it: itself, when it is a loop.
  llvm::SmallVector<NodeId, 2> loopsOf(NodeId number) const;
  /// Does an iteration of `loop` move the number by one? `loop` may be what it names.
  bool counts(NodeId loop, NodeId number) const;
  /// The loop whose beginning makes the number 0.
  NodeId startOf(NodeId number) const;
  /// Has the number one value as long as the loop stays in one iteration?
  bool isSteady(NodeId number, NodeId loop) const;
  NodeId addCounter(NodeId over, llvm::ArrayRef<NodeId> loops, std::string name);
  /// To be called when all loops are in their places: fills Counter::around.
  void closeCounters();
  RegionId intern(Region region); ///< equal regions share an id; linear in nothing (hashed)
  const Node &operator[](NodeId id) const { return nodes[id]; }
  Node &operator[](NodeId id) { return nodes[id]; }

private:
  std::vector<std::pair<uint64_t, RegionId>> index; ///< open hash of regions, see Program.cpp
};

/// Prints an indented listing, one node a line: for tests and --debug.
void print(const Program &program, llvm::raw_ostream &os);
/// "MTE2>V, 1" or "V>MTE2, 0+(i+1)%2": what stands between the brackets of a set or wait.
std::string describe(const Program &program, const FlagKey &key);
/// The region's name, else its place ("vec[0 : 256 B]"), with the slot of its ring.
std::string describe(const Program &program, RegionId region);

//===----------------------------------------------------------------------===//
// Overlap: may two regions share a byte?
//===----------------------------------------------------------------------===//

/// The facts on overlap that checker and inserter both use (the simulator does not: it sees real
/// bytes). `open` are the loops that enclose both accesses, outermost first.
class Overlap {
public:
  explicit Overlap(const Program &program) : program(program) {}

  /// May `x` and `y` share bytes when all loops in `open` are in the same iteration for both?
  bool sameIteration(RegionId x, RegionId y, llvm::ArrayRef<NodeId> open) const;

  /// The least d >= 1 such that `x` of iteration i of open[level] and `y` of iteration i + d may
  /// share bytes, with equal counters of open[0 .. level-1] and any counters of loops further in;
  /// none when no d does (or the trip count is too small for it).
  std::optional<int64_t> carried(RegionId x, RegionId y, llvm::ArrayRef<NodeId> open,
                                 unsigned level) const;

  /// May they share bytes in any iterations at all? Cheap first filter.
  bool ever(RegionId x, RegionId y) const;

  /// Do both name the very same bytes, or slots of one ring (equal or disjoint)? Then
  /// load-after-load (WAW on MTE2) and accumulation chains are exempt (sync 3). The loops in
  /// `equal` are in the same iteration for both.
  bool sameTile(RegionId x, RegionId y, llvm::ArrayRef<NodeId> equal = {}) const;

  /// For each region, the ids of all regions that may ever overlap it (itself included), sorted;
  /// pairs of which no node writes either are left out. Built by a sweep over sorted spans per root
  /// and memory, not over all pairs; only what really may overlap costs (n offsets with n different
  /// symbols in one written root are n^2 pairs).
  const std::vector<std::vector<RegionId>> &neighbours() const;

private:
  const Program &program;
  mutable std::vector<std::vector<RegionId>> table;
};

/// May two accesses run in one iteration of all loops in `open`?
bool bothRun(const Program &program, const Turns &x, const Turns &y, llvm::ArrayRef<NodeId> open);
/// The least number of iterations of `loop`, at least `distance`, after which `y` may run when `x`
/// did, with equal counters of the loops in `outer`; none when it never does.
std::optional<int64_t> turnsApart(const Program &program, const Turns &x, const Turns &y,
                                  NodeId loop, llvm::ArrayRef<NodeId> outer, int64_t distance);

/// Does what the node reads of accumulators belong to the chain that it writes (H7)? Not if it
/// takes its sums from one accumulator and leaves them in another, or if nobody knows which slots
/// they are.
bool accumulatesInPlace(const Program &program, const Node &node);

/// The exemptions from C1 (sync 3), on a pair of accesses.
bool isExempt(const Program &program, const Overlap &overlap, const Node &earlier, RegionId x,
              bool xWrites, const Node &later, RegionId y, bool yWrites,
              llvm::ArrayRef<NodeId> equal = {});

} // namespace pto::sync

#endif // PTOAS_SYNC_PROGRAM_H
