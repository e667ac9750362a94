//===- Program.h - What the simulator executes ------------------*- C++ -*-===//
//
// The flat form of a lowered module: per function a vector of instructions that the scalar unit of
// a core interprets. Scalar instructions compute on 64-bit words; the others hand work to the
// pipes. No MLIR: a lowering builds it through FunctionBuilder, tests by hand. Functions do not
// call one another, the lowering inlines.
//
// Words: signless and signed integers are kept sign-extended to 64 bits (i1 as 0 or 1), unsigned
// ones zero-extended, floats as the bits of a double, pointers as GM byte addresses.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_PROGRAM_H
#define PTOAS_SIM_PROGRAM_H

#include "ptoas/Sim/Kernel.h"
#include <deque>
#include <optional>

namespace pto::sim {

using Register = uint32_t; ///< index into the words of a function
using Handle = uint32_t;   ///< index into its tile and view variables
inline constexpr uint32_t none = ~0u;

enum class Opcode : uint8_t {
  Constant,  ///< result = immediate
  Copy,      ///< result = in[0] (block arguments)
  Arith,     ///< result = in[0] `kind: ArithOp` in[1], in type `element`
  CompareI,  ///< result = i1; kind = predicate as in arith.cmpi (eq 0 ... uge 9)
  CompareF,  ///< result = i1; kind = predicate as in arith.cmpf (false 0 ... true 15)
  Select,    ///< result = in[0] ? in[1] : in[2]
  Cast,      ///< result = in[0] from type `from` to type `element`; kind: CastOp
  Jump,      ///< to instruction `target`
  JumpIf,    ///< to `target` when in[0] is not 0, else fall through
  Special,   ///< result = kind: SpecialValue
  LoadGm,    ///< result = GM[in[0] + in[1] * size] of type `element` (in[1] may be none)
  StoreGm,   ///< GM[in[0] + in[1] * size] = in[2]
  LoadTile,  ///< result = element number in[1] of the storage of tile in[0]
  StoreTile, ///< element number in[1] of tile in[0] = in[2]
  MakeTile, ///< handle result = tile of shape `target` at address in[0], valid in[1] x in[2] (none:
            ///< static)
  CopyHandle, ///< handle result = a copy of handle in[0]
  Retarget,   ///< TASSIGN: tile in[0] now lies at address in[1]
  SetValid,   ///< tile in[0] has valid extents in[1] x in[2] (none: unchanged)
  TileField,  ///< result = kind: TileFieldName of tile in[0]
  MakeView,   ///< handle result = view of type `element`; pool: pointer, 5 extents, 5 strides
  Issue,      ///< Program::calls[target] with the operands in the pool, on its pipe
  Transfer, ///< TPUT or TGET; kind: TransferOp; pool: dst view, src view, tile, second tile or none
  Collective, ///< kind: CollectiveOp; immediate: root; pool: src or dst view, accumulator or none,
              ///< tile, second tile or none, one view per rank
  Notify,     ///< TNOTIFY: signal view in[0], value in[1]; kind: NotifyOp
  Await,      ///< TWAIT: signal view in[0], operand in[1]; kind: WaitCompare
  Test,       ///< TTEST: result = i1; otherwise as Await, without waiting
  SetFlag,    ///< pipe > toPipe, id = in[0], or immediate when in[0] is none
  WaitFlag,
  Barrier,   ///< pipe_barrier(pipe)
  CrossSet,  ///< flag of other cores, once `pipe` is done: id = in[0] or immediate; kind: CrossMode
  CrossWait, ///< holds `pipe` until this core's counter of that flag is up, and takes one from it
  SyncAll,   ///< SYNCALL in hardware; kind: SyncAllCores
  SyncAllSoft, ///< SYNCALL by the counter at in[0]; in[1]: cores that take part (none: all); kind:
               ///< SyncAllCores
  GetBuffer,   ///< get_buf: `pipe` takes buffer id in[0] or immediate
  ReleaseBuffer, ///< rls_buf
  AsyncCopy,     ///< result = event of a copy by the DMA engine; in[0]: event id of its session or
                 ///< none; pool: dst view, src view (both none: a prefetch)
  AsyncWait,     ///< result = 1 when the copy of event in[0] is complete
  AsyncTest,     ///< result = whether it is
  MakeFifo,  ///< handle result = TPipe of shape `target`; in: GM ring, C2V and V2C landing buffers
             ///< (of a local ring: the rings)
  EndFifo,   ///< destructor of in[0]
  FifoPush,  ///< TPUSH of tile in[1] into FIFO in[0]; none: of the entry that FifoAlloc gave; the
             ///< part of vector core in[2], none: its own
  FifoPop,   ///< TPOP into tile in[1], which moves to its slot; none: result = entry address; in[2]
             ///< as for FifoPush
  FifoAlloc, ///< TALLOC: result = address of the next entry
  FifoFree,  ///< TFREE; immediate: 1 for an entry, 0 for a tile
  SetQuant, ///< SET_QUANT_SCALAR of in[0], or SET_QUANT_VECTOR of tile in[1]; `element`: what b8 is
  Fence,    ///< dsb: what S knows complete becomes visible to other cores and ranks
  CacheLine, ///< dcci of the line at in[0], of the whole data cache when none
  // Arrays of the scalar unit: `immediate` elements in the registers from `target` on, then as many
  // that say whether an element has been written.
  ClearLocal, ///< all elements are undefined
  CheckIndex, ///< in[0] is an index into `immediate` elements
  LoadLocal,  ///< result = element in[0]
  StoreLocal, ///< element in[0] = in[1]
  Print,      ///< printf of in[0], of type `element`, by the format Program::texts[target]
  Trap,       ///< the core stops with a finding
  Return,
};

enum class ArithOp : uint8_t {
  AddI,
  SubI,
  MulI,
  DivSI,
  DivUI,
  RemSI,
  RemUI,
  CeilDivSI,
  CeilDivUI,
  FloorDivSI,
  AndI,
  OrI,
  XorI,
  ShLI,
  ShRSI,
  ShRUI,
  MaxSI,
  MaxUI,
  MinSI,
  MinUI,
  AddF,
  SubF,
  MulF,
  DivF,
  RemF,
  MaximumF,
  MinimumF,
  MaxNumF,
  MinNumF,
  NegF, ///< NegF: in[1] is none
};
enum class CastOp : uint8_t {
  ExtSI,
  ExtUI,
  TruncI,
  ExtF,
  TruncF,
  SIToFP,
  UIToFP,
  FPToSI,
  FPToUI,
  IndexCast,
  IndexCastUI,
  Bitcast, ///< also pointer <-> integer (Bitcast)
};
enum class SpecialValue : uint8_t {
  BlockIndex,
  BlockCount,
  SubblockIndex,
  SubblockCount,
  Rank,
  RankCount
};
/// Which cores a cross-core flag goes to (cross-core 1, 2). All but Direct count up once every core
/// of the sending group has sent.
enum class CrossMode : uint8_t {
  SameKind,   ///< FFTS mode 0: from all cores of one kind to all of them
  Subblocks,  ///< FFTS mode 1: between the vector cores of a block
  CubeVector, ///< FFTS mode 2: from the cube core to its vector cores, or from all of those to it
  Direct      ///< a5, intra-block: from one core to one; the cube's ids 16 to 31 are vector core 1
};
enum class SyncAllCores : uint8_t { Vector, Cube, Mix };
/// How the two vector cores share a slot (cross-core 4): numbers of TileSplitAxis.
enum class FifoSplit : uint8_t { None, UpDown, LeftRight, UpDownOdd, LeftRightOdd };
enum class FifoDirection : uint8_t { C2V = 1, V2C = 2, Both = 3 };
enum class TileFieldName : uint8_t { Address, ValidRows, ValidCols };
enum class TransferOp : uint8_t { Put, PutAtomicAdd, Get };
enum class CollectiveOp : uint8_t { Broadcast, Gather, Scatter, ReduceSum, ReduceMax, ReduceMin };
enum class NotifyOp : uint8_t { AtomicAdd, Set };            ///< numbers of library 1.5
enum class WaitCompare : uint8_t { EQ, NE, GT, GE, LT, LE }; ///< numbers of library 1.5

/// One step of the scalar unit. What the fields mean is said at the opcode.
struct Instruction {
  Opcode opcode = Opcode::Return;
  uint8_t kind = 0;
  Element element = Element::I64, from = Element::I64;
  Layout layout = Layout::ND;
  Pipe pipe = Pipe::S, toPipe = Pipe::S;
  bool isReplay = false; ///< both vector cores of the block do it, with the same result
  uint16_t poolCount = 0;
  uint32_t result = none;
  std::array<uint32_t, 3> in{none, none, none};
  uint32_t poolFirst = 0;
  uint32_t target = none;
  uint32_t place = 0;        ///< index into Program::places
  Register iteration = none; ///< induction variable of the innermost loop, for messages
  int64_t immediate = 0;
};

/// A tile operation: what is the same at every execution of one call.
struct Call {
  std::string op; ///< mnemonic, for messages
  KernelFunction kernel = nullptr;
  StepsFunction steps = nullptr; ///< of calls that may be more than one instruction
  Pipe pipe = Pipe::V;           ///< S: runs at once and the scalar unit waits for it
  bool accumulates = false;      ///< MMAD into an accumulator: chains on one tile are ordered (H7)
  std::vector<Attribute> attributes;
  std::string modelled; ///< what is a choice of the simulator's, for the report; empty: nothing
  struct OperandType {
    Operand::Kind kind = Operand::None;
    Element element = Element::I32; ///< Scalar only
  };
  std::vector<OperandType> operands; ///< as many as registers in the pool
};

/// Template arguments of a TPipe (cross-core 4).
struct FifoShape {
  unsigned flagId = 0; ///< data; +1 free; Both: +2, +3 for V2C
  FifoDirection direction = FifoDirection::C2V;
  uint64_t slotSize = 0; ///< bytes of a whole entry
  unsigned slots = 8, localSlots = 2;
  bool unitFlag = false;  ///< accumulators are stored as soon as the product says Final
  bool isLocal = false;   ///< a5: the ring lies in the consumer's own memory, nothing in GM
  bool isNoSplit = false; ///< a5: which vector cores the constructor and the destructor count with
  /// What a push from the accumulator converts to; none: its own type.
  std::optional<Element> pushed;
  bool isScaled = false; ///< by what SetQuant said last
  bool relu = false;
  Layout layout = Layout::ND; ///< of accumulators in a slot; other tiles lie by their own layout

  /// Tiles per credit.
  unsigned period() const { return slots <= 2 ? slots : slots / 2; }
};

/// Where an instruction comes from.
struct Place {
  std::string location; ///< "file:line:col", without quotes; "" when unknown
  std::string op;       ///< "pto.tload"
  std::string calledAt; ///< location of the inlined call, or ""
};

struct Function {
  std::string name;
  CoreKind core = CoreKind::Vector;
  std::vector<std::string> arguments; ///< names; argument i arrives in register i
  uint32_t registers = 0, handles = 0;
  std::vector<Instruction> code; ///< the last one is a Return
  std::vector<uint32_t>
      pool; ///< long operand lists: registers or handles, none for absent operands
};

struct Program {
  Arch arch = Arch::A3;
  std::vector<Function> functions;
  std::deque<Call> calls; ///< a deque: references stay valid while calls are added
  std::vector<TileShape> shapes;
  std::vector<FifoShape> fifos;
  std::vector<Place> places{Place{}}; ///< [0] is unknown
  std::vector<std::string> texts;     ///< formats of Print
  /// What TPUT, TGET, TPUSH and TPOP use to move a tile: load (view, tile) and store (tile, view),
  /// operands as in the op records.
  KernelFunction load = nullptr, store = nullptr;
  /// What TREDUCE combines two tiles with, operands as tadd: by sum, largest, smallest.
  std::array<KernelFunction, 3> combine{};

  uint32_t addPlace(Place place) {
    return places.push_back(std::move(place)), uint32_t(places.size() - 1);
  }
  uint32_t addCall(Call call) {
    return calls.push_back(std::move(call)), uint32_t(calls.size() - 1);
  }
  uint32_t addText(std::string text) {
    return texts.push_back(std::move(text)), uint32_t(texts.size() - 1);
  }
  uint32_t addFifo(const FifoShape &fifo) {
    return fifos.push_back(fifo), uint32_t(fifos.size() - 1);
  }
  uint32_t addShape(const TileShape &shape) {
    return shapes.push_back(shape), uint32_t(shapes.size() - 1);
  }
};

/// Refuses a program that the engine could not run: a register, handle, table index or jump out of
/// range, a missing kernel, a function that can run off its end, a pipe that the core kind does not
/// have. Empty when it is well formed.
std::string validate(const Program &program);

/// A jump target that may be used before it is placed.
struct Label {
  uint32_t id = none;
};

/// Appends instructions to one function. Every emitting call uses the current place and iteration.
/// Registers may be assigned more than once (block arguments: `copy`).
class FunctionBuilder {
public:
  FunctionBuilder(Program &program, std::string name, CoreKind core,
                  std::vector<std::string> arguments);
  /// Patches the jumps, appends a Return when the last instruction is none, and adds the function
  /// to the program.
  uint32_t finish();

  void setPlace(uint32_t place) { current.place = place; }
  uint32_t currentPlace() const { return current.place; }
  void setIteration(Register inductionVariable) { current.iteration = inductionVariable; }
  void setReplay(bool isReplay) { current.isReplay = isReplay; }

  Register argument(unsigned index) const { return index; }
  Register newRegister() { return function.registers++; }
  Handle newHandle() { return function.handles++; }

  Register constant(int64_t value);
  Register constantFloat(double value);
  Register arith(ArithOp op, Element type, Register a, Register b = none);
  Register compareI(unsigned predicate, Element type, Register a, Register b);
  Register compareF(unsigned predicate, Register a, Register b);
  Register select(Register condition, Register a, Register b);
  Register cast(CastOp op, Element from, Element to, Register value);
  Register special(SpecialValue value);
  void copy(Register into, Register from);

  Label newLabel();
  void place(Label label); ///< the next instruction is its target
  void jump(Label label);
  void jumpIf(Register condition, Label label);

  Register loadGm(Element type, Register pointer, Register index = none);
  void storeGm(Element type, Register pointer, Register index, Register value);
  Register loadTile(Handle tile, Register index);
  void storeTile(Handle tile, Register index, Register value);

  /// `isOwn`: the memory is this tile's and not a part of another's.
  Handle tile(uint32_t shape, Register address, Register rows = none, Register cols = none,
              bool isOwn = false);
  void copyHandle(Handle into, Handle from);
  void retarget(Handle tile, Register address);
  void setValid(Handle tile, Register rows, Register cols);
  Register tileField(TileFieldName field, Handle tile);
  Handle view(Element type, Layout layout, Register pointer, llvm::ArrayRef<Register> shape,
              llvm::ArrayRef<Register>
                  stride); ///< up to five dims, outermost first; missing outer dims are 1

  /// `operands`: a handle for Tile and View, a register for Scalar, none for absent; types as in
  /// Program::calls[call].
  void issue(uint32_t call, llvm::ArrayRef<uint32_t> operands);
  void transfer(TransferOp op, Handle dst, Handle src, Handle tile, Handle second = none);
  void collective(CollectiveOp op, int64_t root, Handle local, Handle accumulator, Handle tile,
                  Handle second, llvm::ArrayRef<Handle> group);
  void notify(NotifyOp op, Handle signal, Register value);
  void await(WaitCompare compare, Handle signal, Register value);
  Register test(WaitCompare compare, Handle signal, Register value);

  void setFlag(Pipe from, Pipe to, int64_t id);
  void waitFlag(Pipe from, Pipe to, int64_t id);
  void setFlagDynamic(Pipe from, Pipe to, Register id);
  void waitFlagDynamic(Pipe from, Pipe to, Register id);
  void barrier(Pipe pipe);
  void crossSet(Pipe pipe, CrossMode mode, int64_t id, Register dynamic = none);
  void crossWait(Pipe pipe, CrossMode mode, int64_t id, Register dynamic = none);
  void syncAll(SyncAllCores cores);
  void syncAllSoft(SyncAllCores cores, Register counter, Register used = none);
  void getBuffer(Pipe pipe, int64_t id, Register dynamic = none);
  void releaseBuffer(Pipe pipe, int64_t id, Register dynamic = none);
  Register asyncCopy(Register session, Handle dst, Handle src);
  Register asyncWait(Register event);
  Register asyncTest(Register event);
  /// Registers of absent buffers are none.
  Handle fifo(uint32_t shape, Register gm, Register c2v, Register v2c);
  void endFifo(Handle fifo);
  void push(Handle fifo, Handle tile, FifoSplit split, Register subblock = none);
  void pop(Handle fifo, Handle tile, FifoSplit split, Register subblock = none);
  void pushEntry(Handle fifo, FifoSplit split);
  /// `subblockBytes`: how far the part of vector core 1 lies behind that of core 0.
  Register popEntry(Handle fifo, FifoSplit split, int64_t subblockBytes);
  Register allocEntry(Handle fifo, FifoSplit split, int64_t subblockBytes);
  void free(Handle fifo, FifoSplit split, bool isEntry);
  /// `scale` is a float; `b8`: I8 or U8, what modes that make bytes mean.
  void setQuant(Register scale, Element b8);
  void setQuant(Handle scales);
  void fence();
  void cacheLine(Register address = none);
  void ret();

  /// An array of the scalar unit, all of its elements undefined; returns its first register, by
  /// which the others name it.
  Register localArray(uint32_t elements);
  void clearLocal(Register array, uint32_t elements);
  void checkIndex(Register index, uint32_t extent);
  Register loadLocal(Register array, uint32_t elements, Register index);
  void storeLocal(Register array, uint32_t elements, Register index, Register value);
  void print(std::string format, Element type, Register value);
  void trap();

private:
  Instruction &emit(Opcode opcode);
  Register produce(Instruction &instruction);
  void flag(Opcode opcode, Pipe from, Pipe to, int64_t id, Register dynamic);
  void cross(Opcode opcode, Pipe pipe, CrossMode mode, int64_t id, Register dynamic);
  void buffer(Opcode opcode, Pipe pipe, int64_t id, Register dynamic);
  Instruction &fifoOp(Opcode opcode, Handle fifo, Handle tile, FifoSplit split);

  Program &program;
  Function function;
  struct {
    uint32_t place = 0;
    Register iteration = none;
    bool isReplay = false;
  } current;
  std::vector<uint32_t> labels; ///< instruction index by label id, none until placed
};

} // namespace pto::sim

#endif // PTOAS_SIM_PROGRAM_H
