//===- ModelBuilder.h - The walk that builds a SyncModel --------*- C++ -*-===//
//
// Private to lib/Analysis. A Frame is one activation of a function: values of a helper mean
// something only together with the call that is being followed, because its arguments stand for the
// caller's values.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_ANALYSIS_MODELBUILDER_H
#define PTOAS_LIB_ANALYSIS_MODELBUILDER_H

#include "Pipes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/Analysis/SyncModel.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

namespace pto::analysis {

struct Frame {
  Frame *caller = nullptr;
  mlir::func::CallOp call; ///< in the caller
  mlir::func::FuncOp function;
  unsigned loopDepth = 0; ///< loops around the call, of all callers
};

/// A value in its frame; arguments of helpers are followed to the caller first.
struct Bound {
  mlir::Value value;
  Frame *frame;
};
Bound follow(mlir::Value value, Frame *frame);

/// Loops around the current operation that the model knows, innermost last.
struct OpenLoop {
  mlir::Operation *op; ///< scf.for: its counter has a meaning; other loops: only their node
  sync::NodeId node;
  Frame *frame;
};

/// The constant n of `x mod n`, written as a remainder or as a mask of the low bits.
std::optional<int64_t> modulus(mlir::Operation *op, Frame *frame);

/// (base + by) mod count; without a count the sum itself. Where a number in [0, count) is changed
/// by other means, as by `1 - x`, that is one, too.
struct NumberStep {
  mlir::Value base;
  int64_t by, count;
};
std::optional<NumberStep> numberStep(mlir::Value value, Frame *frame);

/// Numbers that run on over a nest (sync::Counter).
class NestCounters {
public:
  explicit NestCounters(SyncModel &model) : model(model), program(model.program) {}

  struct Carried {
    sync::NodeId number = sync::none; ///< none: not known
    NumberStep step;                  ///< of each iteration that counts
    int64_t first = 0;
    llvm::SmallVector<mlir::Operation *, 2> loops; ///< whose iterations count
  };
  /// What the variable is where an iteration of the loop begins.
  const Carried &carried(mlir::scf::ForOp loop, unsigned index, Frame *frame);
  /// `index` tells numbers of one nest apart.
  sync::NodeId find(mlir::Operation *over, llvm::ArrayRef<mlir::Operation *> loops, unsigned index,
                    Frame *frame);
  void note(mlir::Operation *loop, Frame *frame, sync::NodeId node) { nodes[{loop, frame}] = node; }
  sync::NodeId nodeOf(mlir::Operation *loop, Frame *frame) const {
    auto found = nodes.find({loop, frame});
    return found == nodes.end() ? sync::none : found->second;
  }
  /// Writes the loops down, when all have their nodes.
  void close();

private:
  struct Nest {
    mlir::Operation *over;
    llvm::SmallVector<mlir::Operation *, 2> loops;
    unsigned index;
    Frame *frame;
    sync::NodeId node;
  };
  SyncModel &model;
  sync::Program &program;
  std::vector<Nest> nests;
  // Looked up only.
  std::map<std::tuple<mlir::Operation *, unsigned, Frame *>, Carried> known;
  std::map<std::pair<mlir::Operation *, Frame *>, sync::NodeId> nodes;
};

/// Turns index arithmetic into sync::Offset (constant + counters + one opaque symbol).
class OffsetReader {
public:
  OffsetReader(const std::vector<OpenLoop> &open, NestCounters *nests)
      : open(open), nests(nests), stepsLeft(&ownSteps) {}
  OffsetReader(const OffsetReader &) = delete;

  /// The value times `scale`. With `ring` one term that turns with a loop goes there: (counter + c)
  /// mod count, `scale` bytes a step; without, or for a second one, such a term is a value that
  /// nobody can read.
  sync::Offset read(mlir::Value value, Frame *frame, int64_t scale, sync::Rotation *ring = nullptr);
  static void add(sync::Offset &into, const sync::Offset &other);
  /// To be called for every operation: what its offsets may take starts anew.
  void startOperation(mlir::Operation *op, Frame *frame) {
    ownSteps = mostSteps;
    current = op;
    currentFrame = frame;
  }
  /// Replaces the collected symbolic terms by one interned symbol.
  void close(sync::Offset &offset);

  /// A variable of an open loop that grows by the same number of elements in every iteration.
  struct Growing {
    mlir::Value first;
    int64_t step;
    sync::NodeId loop;
  };
  std::optional<Growing> growing(Bound bound) const;
  /// A value that is (counter + add) mod count; without a loop it is the constant `add`.
  std::optional<sync::Rotation> turning(Bound bound) const;
  /// Sum of the values times their signs.
  sync::Offset difference(llvm::ArrayRef<std::pair<mlir::Value, int64_t>> terms,
                          Frame *frame) const;

private:
  /// For a part of what another one reads, from the same steps.
  OffsetReader(const OffsetReader &outer, unsigned *stepsLeft)
      : open(outer.open), nests(outer.nests), current(outer.current),
        currentFrame(outer.currentFrame), stepsLeft(stepsLeft) {}
  void readInto(mlir::Value value, Frame *frame, int64_t scale, sync::Offset &out);
  bool readTurning(Bound bound, int64_t scale, sync::Offset &out);
  std::optional<sync::Offset> quotient(Bound bound) const;
  void opaque(Bound bound, int64_t scale, sync::Offset &out);
  bool isFixed(Bound bound) const;
  const OpenLoop *loopOf(mlir::Value inductionVariable, Frame *frame) const;

  // Nests.cpp
  std::optional<NestCounters::Carried> carriedOn(Bound bound) const;
  struct Flat {
    mlir::scf::ForOp over, inner;
  };
  std::optional<Flat> flat(Bound bound) const;
  std::optional<sync::NodeId> flatNumber(Bound bound) const;

  const std::vector<OpenLoop> &open;
  NestCounters *nests;
  mlir::Operation *current = nullptr; ///< that is being read
  Frame *currentFrame = nullptr;
  /// Values may be shared, so that the terms of a sum can double with each line: bounded, as is the
  /// depth. What is left is opaque.
  static constexpr unsigned mostSteps = 2048;
  unsigned ownSteps = mostSteps;
  unsigned *stepsLeft;
  sync::Rotation *ring = nullptr;                 ///< of the offset being read
  std::vector<std::pair<Bound, int64_t>> symbols; ///< of the offset being read
  std::vector<std::vector<std::pair<Bound, int64_t>>> interned;
  /// Numbers in `interned` by a hash of the sum: only looked up, so that addresses decide nothing.
  llvm::DenseMap<unsigned, llvm::SmallVector<uint32_t, 1>> internedByHash;
};

/// a * b; none when it is larger than any distance in memory, so that sums of a few such products
/// cannot overflow.
std::optional<int64_t> product(int64_t a, int64_t b);

/// What messages call a value.
std::string nameOf(mlir::Value value);

/// Exact number of iterations of a loop when bounds and step are constant.
std::optional<int64_t> tripCount(mlir::scf::ForOp loop);

/// Reads the event id of a dynamic flag: base + (counter + c) mod n, as Transforms/InsertSync
/// writes it.
sync::EventId readEventId(mlir::Value value, const std::vector<OpenLoop> &open,
                          const std::vector<OpenLoop> &closed);

class ModelBuilder {
public:
  ModelBuilder(SyncModel &model, CoreKind core)
      : model(model), core(core), nests(model), offsets(open, &nests) {}
  mlir::LogicalResult run(mlir::func::FuncOp function);

private:
  using List = std::vector<sync::NodeId>;
  mlir::LogicalResult block(mlir::Block &block, Frame &frame, List &list);
  mlir::LogicalResult operation(mlir::Operation *op, Frame &frame, List &list);
  mlir::LogicalResult call(mlir::func::CallOp call, Frame &frame, List &list);
  mlir::LogicalResult forLoop(mlir::scf::ForOp loop, Frame &frame, List &list);
  mlir::LogicalResult whileLoop(mlir::scf::WhileOp loop, Frame &frame, List &list);
  mlir::LogicalResult branch(mlir::Operation *op, Frame &frame, List &list);
  mlir::LogicalResult contiguous(mlir::scf::ExecuteRegionOp region, Frame &frame, List &list);
  // Conditions.cpp
  sync::Condition conditionOf(mlir::Value condition, Frame &frame);
  bool readLast(mlir::Value condition, Frame &frame, sync::Condition &out);
  std::vector<sync::Turns> armTurns(mlir::Operation *branch, Frame &frame);
  bool syncOperation(mlir::Operation *op, Frame &frame, List &list);
  sync::EventId eventId(mlir::Value value, Frame &frame);
  bool crossCoreSet(mlir::Operation *op, List &list);
  bool cacheOperation(mlir::Operation *op, Frame &frame, List &list);
  void record(mlir::Operation *op, const OpInfo &info, Frame &frame, List &list);
  void micro(mlir::Operation *op, const OpInfo &info, Frame &frame, List &list);
  /// The regions that one operand may name: several when branches or loops choose the tile.
  using Regions = llvm::SmallVector<sync::RegionId, 1>;
  List steps(mlir::Operation *op, const OpInfo &info, llvm::ArrayRef<MicroStep> steps, size_t &at,
             uint32_t source, llvm::ArrayRef<Regions> regions);
  sync::RegionId half(sync::RegionId id, MicroStep::Part part);
  void access(sync::Node &node, Role role, llvm::ArrayRef<sync::RegionId> regions);

  Regions regionsOf(mlir::Value value, Frame &frame);
  /// What the call touches of its operand: all of a tile that it addresses by physical extents.
  Regions operandRegions(mlir::Operation *op, const OpInfo &info, unsigned operand,
                         mlir::Value value, Frame &frame);
  sync::RegionId globalRegion(mlir::Value value, Frame &frame);
  // TileRegions.cpp
  /// Bytes that a tile may name. Not exact: somewhere inside the region, so that its beginning is
  /// not the tile's.
  struct Place {
    sync::Region region;
    bool isExact = true;
  };
  /// `isWhole`: with what lies between the lines of a window; `behind`: bytes behind the tile.
  Regions tileRegions(Bound tile, TileBufType type, bool isWhole = false, uint64_t behind = 0);
  void collect(Bound tile, std::vector<Place> &out);
  bool collectTurning(mlir::scf::ForOp loop, unsigned number, Frame *frame,
                      std::vector<Place> &out);
  bool collectView(Bound tile, std::vector<Place> &out);
  bool collectChoice(Bound tile, std::vector<Place> &out);
  // Choices.cpp
  /// What the result of a branch, a call or a loop, or a variable of a loop, may stand for.
  struct Alternatives {
    llvm::SmallVector<Bound, 2> now;     ///< values of this iteration
    llvm::SmallVector<Bound, 2> earlier; ///< values of an iteration of `loop` that is over
    mlir::Operation *loop = nullptr;
  };
  std::optional<Alternatives> alternatives(Bound value);
  /// The one pointer that all alternatives begin with; none when they differ.
  std::optional<Bound> origin(Bound pointer);
  sync::Region tileAt(TileBufType type, mlir::Value address, Frame *frame);
  void addSlot(sync::Region &region, mlir::Value slot, Frame *frame, MultiTileBufType ring);
  /// A part of a view, or a whole one without `offsets`.
  sync::RegionId viewRegion(Bound part, Bound view, mlir::ValueRange offsets, mlir::Type element,
                            llvm::ArrayRef<int64_t> shape);
  /// Without an index: what the pointer points to.
  sync::RegionId scalarRegion(mlir::Value pointer, mlir::Value index, Frame &frame);
  sync::RegionId lineRegion(mlir::Value place, Frame &frame);
  /// Pipes: the place of a popped tile, of what a tfree gives back, of an entry in global memory.
  sync::Region poppedRegion(Bound tile, TileBufType type);
  Regions freedRegions(mlir::Operation *free, Frame &frame);
  /// Root and offset of an entry; the slots' view, null when no pipe binds it.
  mlir::Value entryOrigin(Bound entry, uint32_t &root, sync::Offset &offset);
  std::optional<CallNumbers::Number> numberOf(const PipeCall &call, Frame &frame);
  sync::NodeId nodeOf(mlir::scf::ForOp loop, Frame &frame) const;
  uint32_t ringRoot(Bound handle);
  void pairFrees(mlir::Value handle);

  uint32_t rootOf(Bound pointer, int64_t bytes, sync::Offset &offset);
  uint32_t rootNumber(Bound bound);

  uint32_t sourceOf(mlir::Operation *op);
  sync::NodeId add(sync::Node node, List &list);

  SyncModel &model;
  CoreKind core;
  std::vector<OpenLoop> open, closed;
  NestCounters nests;
  OffsetReader offsets;
  std::vector<std::pair<Bound, uint32_t>> roots;
  /// Kind of comparison, both sides with their frames, the right one as a number if it is constant.
  using ConditionKey =
      std::tuple<int, const void *, const void *, const void *, const void *, int64_t>;
  std::map<ConditionKey, uint32_t> conditions; ///< looked up only
  /// Of pipes, by initialize op and side; looked up only.
  std::map<std::pair<mlir::Operation *, bool>, std::unique_ptr<CallNumbers>> callNumbers;
  llvm::DenseSet<mlir::Operation *> freedOf;            ///< initialize ops whose frees are paired
  llvm::DenseMap<mlir::Operation *, mlir::Value> freed; ///< by tfree: the tile
  /// Helpers stand in place at each call, so their number can double with each level: bounded, so
  /// that no input hangs.
  static constexpr size_t mostCalls = 10000;
  bool tooManyCalls = false;
  std::vector<std::unique_ptr<Frame>> frames;
  bool insideMacro = false;
  bool pushesByUnitFlag = false; ///< the call at hand, from the accumulator
  sync::Turns turns;             ///< iterations in which the current operation runs
  /// Tiles that the current query is following, so that a loop's own cycle ends it; and how many it
  /// has looked at.
  std::vector<Bound> following;
  size_t followed = 0;
};

} // namespace pto::analysis

#endif // PTOAS_LIB_ANALYSIS_MODELBUILDER_H
