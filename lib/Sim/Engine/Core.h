//===- Core.h - One core: a scalar unit and its pipes -----------*- C++ -*-===//
//
// The scheduler (Engine.cpp) picks among the steps that a core offers: let S dispatch, start the
// head of a queue, complete an item in flight. Every clock (H1 - H7) and every time stamp follows
// from program order and from which token meets which wait, not from the order of the steps.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_ENGINE_CORE_H
#define PTOAS_LIB_SIM_ENGINE_CORE_H

#include "Machine.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>

namespace pto::sim {

struct Span;
struct FifoState;
class ItemContext;

struct FlagKey {
  Pipe from = Pipe::S, to = Pipe::S;
  int64_t id = 0;
  auto operator<=>(const FlagKey &) const = default;
  /// The handshake of one accumulator (cross-core 5) is a flag beyond the event ids.
  static constexpr int64_t firstUnit = int64_t(1) << 32;
  bool isUnitFlag() const { return id >= firstUnit; }
  /// A buffer id (sync 10.2) is a flag from its last holder, whichever pipe that is, to its next.
  static FlagKey buffer(int64_t id) { return {Pipe::ALL, Pipe::ALL, id}; }
  bool isBuffer() const { return from == Pipe::ALL; }
  std::string describe() const; ///< "event 0 of MTE3 > MTE2"
  std::string label() const;    ///< "MTE3 > MTE2, 0"
};

struct Token {
  Clock clock; ///< everything that is complete when the flag is up (H3 and the relay)
  uint64_t time = 0;
  Occurrence by;
};

struct FlagState {
  std::deque<Token> tokens;
  // In program order, whatever has executed:
  int64_t balance = 0; ///< sets minus waits dispatched so far
  Occurrence lastSet, lastWait;
  uint64_t sets = 0, waits = 0;
  uint64_t taken = 0;   ///< tokens taken so far
  Occurrence lastTaken; ///< the wait that took the last token taken
  uint64_t armed = 0;   ///< sets that have started and wait for their pipe
};

/// Something in the queue of a pipe.
struct Item {
  enum class Kind : uint8_t { Work, Set, Wait, Barrier, CrossSet, CrossWait } kind = Kind::Work;
  uint64_t turn = 0; ///< Wait for a buffer: how many took it before in program order
  Occurrence by;
  uint64_t dispatchTime = 0;
  ClockRef known;              ///< what S knew (H6)
  uint64_t scalarPosition = 0; ///< S itself is complete up to here
  ClockRef fenced;             ///< what S knew at its last dsb (HQ3, HQ9)
  FlagKey key;                 ///< Set, Wait
  CrossFlag cross;             ///< CrossSet, CrossWait
  Occurrence
      previousWait; ///< Set: the wait for the last token of the key; position 0: there was none
  const Call *call = nullptr; ///< Work
  KernelFunction kernel = nullptr;
  std::vector<Operand> operands;
  uint32_t target = none;          ///< Work: the core whose on-chip memory it writes; none: its own
  int64_t part = 0;                ///< Work: as in KernelContext
  bool isReplay = false;           ///< Work: the other vector core of the block does the same
  bool intoFifo = false;           ///< Work: of a tile that the other core takes before it ends
  bool fromFifo = false;           ///< Work: into a landing buffer
  const FifoState *fifo = nullptr; ///< CrossWait: for a credit that may have come too early
  uint64_t entry = 0;              ///< of that FIFO, which the credit lets in
};

/// Bytes that a started item will write.
struct PendingWrite {
  Space space;
  uint32_t owner; ///< the core whose memory it is, unless in GM
  bool atomic;
  Element element;                 ///< of an atomic add
  uint64_t address, offset, bytes; ///< offset into FlyingItem::data
};

struct FlyingItem {
  Occurrence by;
  bool done = false;
  std::vector<PendingWrite> writes;
  std::vector<uint8_t> data;
};

struct ArmedSet {
  uint64_t position;
  FlagKey key;
  Token token;
  std::optional<CrossFlag> cross; ///< of other cores, in place of `key`
};

struct PipeState {
  uint64_t dispatched = 0; ///< positions given so far
  std::deque<Item> queue;
  std::deque<FlyingItem> flying;  ///< in start order; completed ones are removed from both ends
  uint64_t inFlight = 0;          ///< of them, not done
  std::deque<ArmedSet> armed;     ///< sets that wait for what was started before them
  Clock clock;                    ///< K[this pipe]: known complete when its next item starts
  ClockRef joined;                ///< last dispatch knowledge that was joined, to skip it next time
  uint64_t time = 0;              ///< cycle at which the pipe is free
  uint64_t workEnd = 0;           ///< cycle at which its last work was over
  std::optional<SyncSite> blamed; ///< with an account: the wait that held it last since then
  llvm::DenseMap<uint64_t, uint64_t> loads; ///< MTE2: bytes written to last load of them (H7)
  uint64_t lastGmWrite = 0;                 ///< position
  Occurrence lastGmWriter;
  uint64_t lastGmBegin = 0, lastGmEnd = 0; ///< the first stretch of what it wrote
  PipeTime account;
};

/// One step of a library call that S runs after another (library 5).
struct MicroStep {
  enum class Kind : uint8_t {
    Load,
    Store,
    Deliver,
    Run,
    Combine,
    Set,
    Wait,
    BarrierAll,
    CrossSet,
    CrossWait,
    Arrive, ///< counts up the signal `view` and says what the next AwaitCount waits for
    AwaitCount,
    Fence
  } kind = Kind::Load;
  TileOperand tile;  ///< Load, Store, Deliver; Combine: read and written
  TileOperand other; ///< Combine: read; Deliver: written, in the memory of core `target`
  int64_t row = 0,
          col = 0; ///< Deliver: of the window, in the source from the cube, else in `other`
  uint32_t target = none;
  const Call *call = nullptr;      ///< Store, Deliver: in place of the library's plain transfer
  const FifoState *fifo = nullptr; ///< CrossWait: as in Item
  uint64_t entry = 0;
  Operand scale; ///< Store, Deliver: what the values are multiplied by, if anything
  ViewOperand view;
  FlagKey key;
  bool atomic = false;
  Pipe pipe = Pipe::S; ///< Run, with the operands that the call was dispatched with; cross flags
  KernelFunction kernel = nullptr;
  CrossFlag cross;
  int64_t count = 0; ///< Arrive: cores that take part; AwaitCount: what the signal must reach
};

/// What S waits for at a signal.
struct SignalWait {
  ViewOperand signal;
  WaitCompare compare = WaitCompare::GE;
  int32_t against = 0;
  bool isInstruction = true; ///< TWAIT; else a step of a call
};

/// Calls `visit` with the GM address of every cell of the signal.
void forEachCell(const ViewOperand &view, llvm::function_ref<void(uint64_t)> visit);

/// A line of GM in the data cache of the scalar unit (sync 10).
struct CacheLine {
  ClockRef fetched;                       ///< what S knew when it came in
  Occurrence by;                          ///< the access that brought it in
  bool isFilled = false, isDirty = false; ///< lazy and random schedules: has `data`, has stores
  std::array<uint8_t, 64> data{};
};

/// A TPipe object of one core (cross-core 4).
struct FifoState {
  const FifoShape *shape = nullptr;
  uint64_t gm = 0, c2v = 0, v2c = 0;
  uint64_t pushed = 0, popped = 0; ///< tiles that this core sent and received so far
  uint64_t freed = 0;              ///< tiles that this core gave back, of a ring in local memory
  uint64_t credits = 0;            ///< waits for free slots so far
  std::optional<Call> transfer;    ///< of accumulators, with the conversion of this FIFO
};

struct HandleValue {
  uint32_t shape = none;      ///< tiles: index into Program::shapes
  uint32_t fifo = none;       ///< index into Core::fifos
  uint32_t poppedFrom = none; ///< tiles that TPOP filled: index into Core::fifos
  uint64_t popNumber = 0;     ///< and which pop it was, from 1
  Occurrence poppedBy;
  TileOperand tile;
  ViewOperand view;
};

class Core {
public:
  Core(Machine &machine, uint32_t number);
  ~Core();

  enum class State : uint8_t {
    Running,
    OnFlag,
    OnCrossFlag,
    OnBarrier,
    OnSignal,
    OnCopy, ///< for an asynchronous transfer
    Returned
  };
  State state() const { return scalar.state; }
  bool finished() const { return state() == State::Returned && backlog == 0; }

  /// S runs up to and including its next dispatch. False when it is blocked or has returned.
  bool stepScalar();
  /// Can the head of the queue start now?
  bool canStart(Pipe pipe) const;
  void start(Pipe pipe);
  uint64_t inFlight(Pipe pipe) const { return pipes[unsigned(pipe)].inFlight; }
  /// Completes the newest, or one drawn by any number `n`, of the items in flight; there must be
  /// one.
  void completeNewest(Pipe pipe);
  void completeNth(Pipe pipe, uint64_t n);
  /// Is somebody waiting for completions of this pipe?
  bool isDemanded(Pipe pipe) const;
  /// Items that are queued or in flight.
  uint64_t pending() const { return backlog; }

  /// Does S know all of this, or has it returned?
  bool knows(const RemoteRef &released) const;

  /// True once after a TTEST: polling loops let other cores move.
  bool takeYield() { return std::exchange(hasYielded, false); }

  /// The run ends although this core has not.
  void reportUnfinished();
  /// C7, after the core has finished.
  void checkExit();
  /// Why an agent (S or a pipe) of this core cannot move.
  struct Block {
    enum Cause : uint8_t {
      NoSource,
      Cycle,
      SignalCycle,
      Signal
    } cause; ///< in the order in which they explain a hang
    Occurrence at;
    std::string why;                 ///< "waits for event 0 of MTE3 > MTE2; ..."
    std::optional<Occurrence> other; ///< NoSource: the set or wait that the reason names
    bool beginsCycle = false;
  };
  /// "S of rank 0 block 0 vector 0 stands at pto.barrier at k.pto:3:4: it waits for ..."
  std::string describe(const Block &block) const;
  /// S or a pipe of a core; ALL: nobody.
  struct Agent {
    uint32_t core;
    Pipe pipe;
    auto operator<=>(const Agent &) const = default;
  };
  /// Null when `agent` of this core is not blocked; else `next` is the one that it waits for.
  std::optional<Block> explainAgent(Pipe agent, Agent &next) const;
  CoreTime times() const;

  const uint32_t number;

private:
  friend class ItemContext;

  // Scalar unit (Interpreter.cpp)
  bool execute(const Instruction &instruction);
  bool executeSteps(const Instruction &instruction);
  void executeScalar(const Instruction &instruction);
  void executeHandle(const Instruction &instruction);
  void executeMemory(const Instruction &instruction);
  void executeSync(const Instruction &instruction);
  void executeLocal(const Instruction &instruction); ///< Local.cpp
  bool isInside(uint64_t index, const Instruction &instruction);
  void trap();
  void dispatchCall(const Instruction &instruction);
  bool dispatchAcross(const Call &call, const std::vector<Operand> &operands);
  bool tryUnblock();
  Occurrence here(Phase phase = Phase::Self) const; ///< the current instruction

  void noteSlots(const Instruction &instruction); ///< after an operation on a FIFO
  void checkSlot(const HandleValue &handle);
  /// Do landing buffers and tiles of the program lie over one another? By the bytes of an item.
  void checkLandings(const Item &item, llvm::ArrayRef<Span> reads, llvm::ArrayRef<Span> writes);
  void noteLanding(const Item &item, const Span &span);
  void reportOverlap(const Item &item, const Span &span, const Occurrence &over,
                     const Occurrence &lost);

  // Asynchronous transfers (Async.cpp)
  void executeAsync(const Instruction &instruction);
  void startCopy(const Instruction &instruction);
  void checkSessionFlags(const Instruction &instruction, const Occurrence &by);
  bool isCopied(uint64_t event) const;
  void finishCopy(uint64_t event);

  // Library calls with flags inside (Transfer.cpp)
  void executeTransfer(const Instruction &instruction);
  void executeCollective(const Instruction &instruction); ///< Collective.cpp
  void startLibraryCall(const Call &call, llvm::ArrayRef<LibraryStep> steps,
                        std::vector<Operand> operands);
  void stepMicro();

  // Flags between cores (Cross.cpp)
  void dispatchCrossSet(Pipe pipe, CrossFlag flag, Phase phase);
  void dispatchCrossWait(Pipe pipe, CrossFlag flag, Phase phase, const FifoState *fifo = nullptr,
                         uint64_t entry = 0);
  bool checkCross(Pipe pipe, CrossFlag flag, const Occurrence &by);
  void startCrossSet(PipeState &pipe, const Item &item);
  void takeCross(CrossFlag flag, PipeState &pipe, const Occurrence &by, uint64_t at);
  void executeSyncAll(const Instruction &instruction);     ///< SyncAll.cpp
  void executeSyncAllSoft(const Instruction &instruction); ///< SyncAll.cpp
  CrossToken crossToken(const PipeState &pipe, const Occurrence &by, uint64_t time,
                        const Clock *fenced) const;

  // FIFOs (Fifo.cpp)
  void executeFifo(const Instruction &instruction);
  void setQuant(const Instruction &instruction);
  bool findScale(const FifoState &fifo, Operand &scale);
  Element pushedElement(const FifoState &fifo, const TileOperand &tile) const;
  void makeFifo(const Instruction &instruction);
  void push(FifoState &fifo, const Instruction &instruction);
  void pop(FifoState &fifo, const Instruction &instruction);
  bool playsRole(const FifoState &fifo, bool producer);
  Pipe fifoPipe(const FifoState &fifo, bool producer, bool isWait) const;
  using CrossFlagList = llvm::SmallVector<CrossFlag, 2>;
  CrossFlagList fifoFlags(const FifoState &fifo, bool producer, bool isFree, bool isSplit) const;
  void fifoSet(const FifoState &fifo, bool isFree, bool isSplit);
  void fifoWait(const FifoState &fifo, bool isFree, bool isSplit);
  void awaitCredit(FifoState &fifo, FifoSplit split);
  void endFifo(FifoState &fifo);
  bool consumes(const FifoShape &shape) const;
  bool isReplay(const Instruction &instruction) const;
  void pushTile(FifoState &fifo, uint64_t index, const TileOperand &tile, FifoSplit split,
                int64_t subblock);
  void deliver(FifoState &fifo, uint64_t index, const TileOperand &tile, FifoSplit split,
               int64_t subblock);
  void free(FifoState &fifo, const Instruction &instruction);
  int64_t subblockOf(const Instruction &instruction) const;
  ViewOperand slotView(const FifoState &fifo, uint64_t index, const TileOperand &tile,
                       FifoSplit split, bool producer, int64_t subblock) const;
  MicroStep &micro(MicroStep::Kind kind, const TileOperand &tile, const ViewOperand &view);
  void judgeCredit(const Item &item, const PipeState &pipe);

  // The scalar unit as an agent of the memory (Interpreter.cpp, Signal.cpp)
  void beginScalarAccess(Occurrence &by);
  void scalarTouches(const Span &span, bool writes); ///< FreeSync.cpp
  /// Is the wait or barrier free in this run? Else it is noted as what holds `pipe` until
  /// `arrival`.
  bool isFree(const SyncSite &site, PipeState &pipe, uint64_t arrival);
  /// When work may begin by its bytes; with an account, what held it longer is noted.
  void waitForBytes(PipeState &pipe, const Item &item, const ItemContext &context);
  bool scalarRead(const Occurrence &by, Space space, uint64_t address, void *into, uint64_t bytes,
                  AccessClass kind);
  bool scalarWrite(const Occurrence &by, Space space, uint64_t address, const void *from,
                   uint64_t bytes, AccessClass kind);
  void fence();
  void notify(const Instruction &instruction);
  /// Writes the cell as TNOTIFY does; what it held before.
  int32_t signal(const Occurrence &by, const ViewOperand &cell, NotifyOp op, int32_t value);
  void arrive(const MicroStep &step);
  void awaitSignal(SignalWait wait);
  SignalWait signalWait(const Instruction &instruction) const;
  bool signalHolds(const SignalWait &wait) const;
  void acquire(const SignalWait &wait);
  void test(const Instruction &instruction);

  // The data cache of the scalar unit (Cache.cpp)
  bool cachedLoad(const Occurrence &by, uint64_t address, void *into, uint64_t bytes);
  void cachedStore(const Occurrence &by, uint64_t address, const void *from, uint64_t bytes);
  CacheLine &fetchLine(uint64_t line, const Occurrence &by);
  CacheLine &filledLine(uint64_t address, CacheLine &line);
  void writeBack(uint64_t address, CacheLine &line);
  void cleanLine(uint64_t address); ///< dcci
  void cleanAllLines();
  void flushValues(); ///< memory gets what was stored; no program relies on it
  void publishLines();
  void setVisible(uint64_t line, uint64_t from, uint64_t to);
  void checkStale(const Span &span, const CacheLine &line, const Occurrence &by);
  /// `fetched`: what was known when the line came in; null: it came in just now.
  void noteLineStore(uint64_t line, uint64_t bytes, const Clock *fetched, const Access &store);
  void checkSharedLines(llvm::ArrayRef<Span> spans, const Occurrence &by, const Clock &clock);
  void reportSharedLine(uint64_t line, const Occurrence &by, const Occurrence &other);

  // Dispatch and pipes (Core.cpp)
  Item &enqueue(Pipe pipe, Item::Kind kind, Phase phase);
  void dispatchWork(const Call &call, KernelFunction kernel, Pipe pipe,
                    std::vector<Operand> operands, Phase phase, uint32_t target = none,
                    int64_t part = 0);
  void dispatchSet(const FlagKey &key, Phase phase);
  void dispatchWait(const FlagKey &key, Phase phase);
  void dispatchBarrier(Pipe pipe, Phase phase);
  void dispatchGetBuffer(Pipe pipe, int64_t id);
  void dispatchReleaseBuffer(Pipe pipe, int64_t id);
  FlagState *findFlag(const FlagKey &key, Pipe pipe, Phase phase, Occurrence &at);
  FlagState *findBuffer(Pipe pipe, int64_t id, Occurrence &at);
  bool isQueueFull() const; ///< HQ5: S holds an item that its pipe has no room for
  void takeUnit(const Call &call, llvm::ArrayRef<Operand> operands);
  void giveUnit(const Call &call, llvm::ArrayRef<Operand> operands);
  bool checkKey(const FlagKey &key, const Occurrence &by);
  void startWork(PipeState &pipe, Item &item);
  void startSet(PipeState &pipe, Item &item);
  void checkConsumed(const FlagKey &key, const Occurrence &previous, const Occurrence &by,
                     const Clock &clock);
  void takeToken(const FlagKey &key, PipeState &pipe, const Occurrence &by, uint64_t at);
  void raiseFlag(const FlagKey &key, Token token);
  void apply(const FlyingItem &item);
  void completePosition(PipeState &pipe, uint64_t position);
  bool allDrained() const;
  void finishBarrierAll();
  void scalarKnows(); ///< publishes a change of what S knows to later items

  // Memory (Access.cpp)
  /// Where the operand of the item at work that has these bytes was made.
  std::optional<Occurrence> maker(Space space, uint64_t address) const;
  /// Finds the memory, on-chip that of core `owner`; reports and returns false when the range
  /// leaves it.
  bool locate(Space space, uint64_t address, uint64_t bytes, bool isWrite, const Occurrence &by,
              Span &span, uint32_t owner);
  bool locate(Space space, uint64_t address, uint64_t bytes, bool isWrite, const Occurrence &by,
              Span &span) {
    return locate(space, address, bytes, isWrite, by, span, number);
  }
  void observe(const Occurrence &by, const Span &span, bool isWrite);
  void judgeRead(const Span &span, const Access &access, const Clock &clock);
  void judgeWrite(const Span &span, const Access &access, const Clock &clock);
  void reportRace(const Span &span, const Access &seen, bool seenWrites, const Access &now,
                  bool nowWrites, uint64_t begin, uint64_t end);
  void reportHidden(const Span &span, const Access &seen, const Access &now, bool nowWrites,
                    uint64_t begin, uint64_t end);
  void reportOutOfBounds(Space space, uint64_t address, uint64_t bytes, bool isWrite,
                         const Occurrence &by);

  // Timeline (Timeline.cpp); without a trace these do nothing
  using SliceKind = Trace::SliceKind;
  void draw(SliceKind kind, llvm::StringRef name, const Occurrence &by, uint64_t begin,
            uint64_t end, llvm::ArrayRef<Operand> operands = {});
  void drawOp(SliceKind kind, const Occurrence &by, uint64_t begin, uint64_t end,
              llvm::ArrayRef<Operand> operands = {});
  void drawFlag(SliceKind kind, const char *verb, const FlagKey &key, const Occurrence &by,
                uint64_t begin, uint64_t end);
  void drawArrow(llvm::StringRef name, uint32_t fromCore, Pipe from, Pipe to, uint64_t begin,
                 uint64_t end);

  // Deadlock (Deadlock.cpp)
  std::string explainFlag(const FlagKey &key, Agent &next, std::optional<Occurrence> &other) const;
  std::string explainBuffer(const FlagKey &key, Agent &next) const;
  Block explainOnSignal(Agent &next) const;
  std::optional<Occurrence> lastSignal(const SignalWait &wait) const;
  std::optional<Block> explainOnCross(const Occurrence &at, CrossFlag flag, Agent &next) const;
  bool fifoSets(const Instruction &instruction, uint32_t waiter, CrossFlag flag) const;
  bool setsLater(uint32_t waiter, CrossFlag flag) const;
  const Item *queuedCrossSet(uint32_t waiter, CrossFlag flag) const;
  std::string explainSignal(const SignalWait &wait) const;
  std::string text(const Occurrence &occurrence) const;

  Machine &machine;
  const CoreIdentity identity;
  const CoreLaunch &launch;
  const Function &function;
  std::array<PipeState, numAgents> pipes; ///< last the DMA engine, which has no queue
  std::map<FlagKey, FlagState> flags;
  std::map<uint64_t, bool> units; ///< accumulators, by address: finished by M and not yet claimed
  uint64_t backlog = 0;
  uint64_t sequence = 0;
  bool hasYielded = false;

  struct {
    State state = State::Running;
    uint32_t pc = 0;
    FlagKey key;        ///< OnFlag
    uint64_t turn = 0;  ///< OnFlag, of a buffer
    SignalWait signal;  ///< OnSignal
    uint64_t event = 0; ///< OnCopy: position on the DMA engine
    CrossFlag cross;    ///< OnCrossFlag
    Occurrence at;      ///< what it is blocked at
    std::deque<MicroStep> micro;
    uint64_t transfer = 0;      ///< of transfers and collectives: number of this execution; else 0
    const Call *call = nullptr; ///< Run steps of `micro`: the call that they belong to
    std::vector<Operand> operands;
    ClockRef known;         ///< snapshot of pipes[S].clock without its own position
    RemoteRef fencedRemote; ///< C8: what a signal may release
    Prefixes fenced{};
    ClockRef fencedKnown; ///< both, for items
    Prefixes exit{};      ///< what S knew when it returned
  } scalar;
  std::vector<uint64_t> words;
  std::vector<HandleValue> handles;
  std::deque<FifoState> fifos;
  Operand quant;                          ///< what SetQuant said last
  Element quantByte = Element::I8;        ///< and what a byte is
  llvm::ArrayRef<Operand> operandsAtWork; ///< of the item whose kernel runs or is judged
  std::vector<uint64_t> freedTiles;       ///< by FIFO: TFREEs of tiles so far
  struct Landing {
    Space space;
    uint64_t begin, end;
  };
  std::vector<Landing> landings; ///< all buffers of one FIFO
  /// Bytes in landing buffers that a tile of the program's own was written into.
  struct Foreign {
    Space space;
    uint64_t begin, end;
    Occurrence writer;
    std::optional<Occurrence> over; ///< the pop that has taken them since
  };
  std::vector<Foreign> foreign;
  std::map<uint64_t, CacheLine> cache; ///< by GM address
  uint64_t dirtyLines = 0;             ///< of them, dirty
  std::vector<uint64_t> cleanedLines;  ///< since the last dsb
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_CORE_H
