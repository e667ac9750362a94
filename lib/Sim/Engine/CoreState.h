//===- CoreState.h - What a core is made of: queues, flags, FIFOs -*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_ENGINE_CORESTATE_H
#define PTOAS_LIB_SIM_ENGINE_CORESTATE_H

#include "Machine.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>

namespace pto::sim {

struct FifoState;

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

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_CORESTATE_H
