//===- Core.h - One core: a scalar unit and its pipes -----------*- C++ -*-===//
//
// The scheduler (Engine.cpp) picks among the steps that a core offers: let S dispatch, start the
// head of a queue, complete an item in flight. Every clock (H1 - H7) and every time stamp follows
// from program order and from which token meets which wait, not from the order of the steps.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_ENGINE_CORE_H
#define PTOAS_LIB_SIM_ENGINE_CORE_H

#include "CoreState.h"

namespace pto::sim {

struct Span;
class ItemContext;

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
