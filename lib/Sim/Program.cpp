//===- Program.cpp - Builds and validates flat programs --------------------===//

#include "ptoas/Sim/Program.h"
#include "llvm/ADT/Twine.h"
#include <bit>
#include <cassert>

using namespace pto;
using namespace pto::sim;

FunctionBuilder::FunctionBuilder(Program &program, std::string name, CoreKind core,
                                 std::vector<std::string> arguments)
    : program(program) {
  function.name = std::move(name);
  function.core = core;
  function.registers = arguments.size();
  function.arguments = std::move(arguments);
}

uint32_t FunctionBuilder::finish() {
  // A label behind the last instruction still needs something to jump to.
  ret();
  for (Instruction &i : function.code)
    if (i.opcode == Opcode::Jump || i.opcode == Opcode::JumpIf)
      i.target = labels[i.target];
  program.functions.push_back(std::move(function));
  return program.functions.size() - 1;
}

Instruction &FunctionBuilder::emit(Opcode opcode) {
  Instruction i;
  i.opcode = opcode;
  i.place = current.place;
  i.iteration = current.iteration;
  i.isReplay = current.isReplay;
  function.code.push_back(i);
  return function.code.back();
}

Register FunctionBuilder::produce(Instruction &instruction) {
  return instruction.result = newRegister();
}

Register FunctionBuilder::constant(int64_t value) {
  Instruction &i = emit(Opcode::Constant);
  i.immediate = value;
  return produce(i);
}

Register FunctionBuilder::constantFloat(double value) {
  return constant(std::bit_cast<int64_t>(value));
}

Register FunctionBuilder::arith(ArithOp op, Element type, Register a, Register b) {
  Instruction &i = emit(Opcode::Arith);
  i.kind = uint8_t(op);
  i.element = type;
  i.in = {a, b, none};
  return produce(i);
}

Register FunctionBuilder::compareI(unsigned predicate, Element type, Register a, Register b) {
  Instruction &i = emit(Opcode::CompareI);
  i.kind = uint8_t(predicate);
  i.element = type;
  i.in = {a, b, none};
  return produce(i);
}

Register FunctionBuilder::compareF(unsigned predicate, Register a, Register b) {
  Instruction &i = emit(Opcode::CompareF);
  i.kind = uint8_t(predicate);
  i.in = {a, b, none};
  return produce(i);
}

Register FunctionBuilder::select(Register condition, Register a, Register b) {
  Instruction &i = emit(Opcode::Select);
  i.in = {condition, a, b};
  return produce(i);
}

Register FunctionBuilder::cast(CastOp op, Element from, Element to, Register value) {
  Instruction &i = emit(Opcode::Cast);
  i.kind = uint8_t(op);
  i.from = from;
  i.element = to;
  i.in[0] = value;
  return produce(i);
}

Register FunctionBuilder::special(SpecialValue value) {
  Instruction &i = emit(Opcode::Special);
  i.kind = uint8_t(value);
  return produce(i);
}

void FunctionBuilder::copy(Register into, Register from) {
  Instruction &i = emit(Opcode::Copy);
  i.result = into;
  i.in[0] = from;
}

Label FunctionBuilder::newLabel() {
  labels.push_back(none);
  return {uint32_t(labels.size() - 1)};
}

void FunctionBuilder::place(Label label) { labels[label.id] = function.code.size(); }

void FunctionBuilder::jump(Label label) { emit(Opcode::Jump).target = label.id; }

void FunctionBuilder::jumpIf(Register condition, Label label) {
  Instruction &i = emit(Opcode::JumpIf);
  i.in[0] = condition;
  i.target = label.id;
}

Register FunctionBuilder::loadGm(Element type, Register pointer, Register index) {
  Instruction &i = emit(Opcode::LoadGm);
  i.element = type;
  i.in = {pointer, index, none};
  return produce(i);
}

void FunctionBuilder::storeGm(Element type, Register pointer, Register index, Register value) {
  Instruction &i = emit(Opcode::StoreGm);
  i.element = type;
  i.in = {pointer, index, value};
}

Register FunctionBuilder::loadTile(Handle tile, Register index) {
  Instruction &i = emit(Opcode::LoadTile);
  i.in = {tile, index, none};
  return produce(i);
}

void FunctionBuilder::storeTile(Handle tile, Register index, Register value) {
  emit(Opcode::StoreTile).in = {tile, index, value};
}

Handle FunctionBuilder::tile(uint32_t shape, Register address, Register rows, Register cols,
                             bool isOwn) {
  Instruction &i = emit(Opcode::MakeTile);
  i.kind = isOwn;
  i.target = shape;
  i.in = {address, rows, cols};
  return i.result = newHandle();
}

void FunctionBuilder::copyHandle(Handle into, Handle from) {
  Instruction &i = emit(Opcode::CopyHandle);
  i.result = into;
  i.in[0] = from;
}

void FunctionBuilder::retarget(Handle tile, Register address) {
  emit(Opcode::Retarget).in = {tile, address, none};
}

void FunctionBuilder::setValid(Handle tile, Register rows, Register cols) {
  emit(Opcode::SetValid).in = {tile, rows, cols};
}

Register FunctionBuilder::tileField(TileFieldName field, Handle tile) {
  Instruction &i = emit(Opcode::TileField);
  i.kind = uint8_t(field);
  i.in[0] = tile;
  return produce(i);
}

Handle FunctionBuilder::view(Element type, Layout layout, Register pointer,
                             llvm::ArrayRef<Register> shape, llvm::ArrayRef<Register> stride) {
  assert(shape.size() == stride.size() && shape.size() <= 5);
  Instruction &i = emit(Opcode::MakeView);
  i.element = type;
  i.layout = layout;
  i.poolFirst = function.pool.size();
  i.poolCount = 11;
  function.pool.push_back(pointer);
  for (llvm::ArrayRef<Register> dims : {shape, stride}) {
    function.pool.insert(function.pool.end(), 5 - dims.size(), none);
    function.pool.insert(function.pool.end(), dims.begin(), dims.end());
  }
  return i.result = newHandle();
}

void FunctionBuilder::issue(uint32_t call, llvm::ArrayRef<uint32_t> operands) {
  Instruction &i = emit(Opcode::Issue);
  i.target = call;
  i.pipe = program.calls[call].pipe;
  i.poolFirst = function.pool.size();
  i.poolCount = uint16_t(operands.size());
  function.pool.insert(function.pool.end(), operands.begin(), operands.end());
}

void FunctionBuilder::transfer(TransferOp op, Handle dst, Handle src, Handle tile, Handle second) {
  Instruction &i = emit(Opcode::Transfer);
  i.kind = uint8_t(op);
  i.poolFirst = function.pool.size();
  i.poolCount = 4;
  function.pool.insert(function.pool.end(), {dst, src, tile, second});
}

void FunctionBuilder::collective(CollectiveOp op, int64_t root, Handle local, Handle accumulator,
                                 Handle tile, Handle second, llvm::ArrayRef<Handle> group) {
  Instruction &i = emit(Opcode::Collective);
  i.kind = uint8_t(op);
  i.immediate = root;
  i.poolFirst = function.pool.size();
  i.poolCount = uint16_t(4 + group.size());
  function.pool.insert(function.pool.end(), {local, accumulator, tile, second});
  function.pool.insert(function.pool.end(), group.begin(), group.end());
}

void FunctionBuilder::notify(NotifyOp op, Handle signal, Register value) {
  Instruction &i = emit(Opcode::Notify);
  i.kind = uint8_t(op);
  i.in = {signal, value, none};
}

void FunctionBuilder::await(WaitCompare compare, Handle signal, Register value) {
  Instruction &i = emit(Opcode::Await);
  i.kind = uint8_t(compare);
  i.in = {signal, value, none};
}

Register FunctionBuilder::test(WaitCompare compare, Handle signal, Register value) {
  Instruction &i = emit(Opcode::Test);
  i.kind = uint8_t(compare);
  i.in = {signal, value, none};
  return produce(i);
}

void FunctionBuilder::flag(Opcode opcode, Pipe from, Pipe to, int64_t id, Register dynamic) {
  Instruction &i = emit(opcode);
  i.pipe = from;
  i.toPipe = to;
  i.immediate = id;
  i.in[0] = dynamic;
}

void FunctionBuilder::setFlag(Pipe from, Pipe to, int64_t id) {
  flag(Opcode::SetFlag, from, to, id, none);
}
void FunctionBuilder::waitFlag(Pipe from, Pipe to, int64_t id) {
  flag(Opcode::WaitFlag, from, to, id, none);
}
void FunctionBuilder::setFlagDynamic(Pipe from, Pipe to, Register id) {
  flag(Opcode::SetFlag, from, to, 0, id);
}
void FunctionBuilder::waitFlagDynamic(Pipe from, Pipe to, Register id) {
  flag(Opcode::WaitFlag, from, to, 0, id);
}
void FunctionBuilder::barrier(Pipe pipe) { emit(Opcode::Barrier).pipe = pipe; }

void FunctionBuilder::cross(Opcode opcode, Pipe pipe, CrossMode mode, int64_t id,
                            Register dynamic) {
  Instruction &i = emit(opcode);
  i.pipe = pipe;
  i.kind = uint8_t(mode);
  i.immediate = id;
  i.in[0] = dynamic;
}
void FunctionBuilder::crossSet(Pipe pipe, CrossMode mode, int64_t id, Register dynamic) {
  cross(Opcode::CrossSet, pipe, mode, id, dynamic);
}
void FunctionBuilder::crossWait(Pipe pipe, CrossMode mode, int64_t id, Register dynamic) {
  cross(Opcode::CrossWait, pipe, mode, id, dynamic);
}
void FunctionBuilder::syncAll(SyncAllCores cores) { emit(Opcode::SyncAll).kind = uint8_t(cores); }
void FunctionBuilder::syncAllSoft(SyncAllCores cores, Register counter, Register used) {
  Instruction &i = emit(Opcode::SyncAllSoft);
  i.kind = uint8_t(cores);
  i.in = {counter, used, none};
}
void FunctionBuilder::buffer(Opcode opcode, Pipe pipe, int64_t id, Register dynamic) {
  Instruction &i = emit(opcode);
  i.pipe = pipe;
  i.immediate = id;
  i.in[0] = dynamic;
}
void FunctionBuilder::getBuffer(Pipe pipe, int64_t id, Register dynamic) {
  buffer(Opcode::GetBuffer, pipe, id, dynamic);
}
void FunctionBuilder::releaseBuffer(Pipe pipe, int64_t id, Register dynamic) {
  buffer(Opcode::ReleaseBuffer, pipe, id, dynamic);
}
Register FunctionBuilder::asyncCopy(Register session, Handle dst, Handle src) {
  Instruction &i = emit(Opcode::AsyncCopy);
  i.in[0] = session;
  i.poolFirst = function.pool.size();
  i.poolCount = 2;
  function.pool.insert(function.pool.end(), {dst, src});
  return produce(i);
}
Register FunctionBuilder::asyncWait(Register event) {
  Instruction &i = emit(Opcode::AsyncWait);
  i.in[0] = event;
  return produce(i);
}
Register FunctionBuilder::asyncTest(Register event) {
  Instruction &i = emit(Opcode::AsyncTest);
  i.in[0] = event;
  return produce(i);
}

Handle FunctionBuilder::fifo(uint32_t shape, Register gm, Register c2v, Register v2c) {
  Instruction &i = emit(Opcode::MakeFifo);
  i.target = shape;
  i.in = {gm, c2v, v2c};
  return i.result = newHandle();
}
Instruction &FunctionBuilder::fifoOp(Opcode opcode, Handle fifo, Handle tile, FifoSplit split) {
  Instruction &i = emit(opcode);
  i.kind = uint8_t(split);
  i.in = {fifo, tile, none};
  i.immediate = 0;
  return i;
}
void FunctionBuilder::endFifo(Handle fifo) { fifoOp(Opcode::EndFifo, fifo, none, FifoSplit::None); }
void FunctionBuilder::push(Handle fifo, Handle tile, FifoSplit split, Register subblock) {
  fifoOp(Opcode::FifoPush, fifo, tile, split).in[2] = subblock;
}
void FunctionBuilder::pop(Handle fifo, Handle tile, FifoSplit split, Register subblock) {
  fifoOp(Opcode::FifoPop, fifo, tile, split).in[2] = subblock;
}
void FunctionBuilder::pushEntry(Handle fifo, FifoSplit split) { push(fifo, none, split); }
Register FunctionBuilder::popEntry(Handle fifo, FifoSplit split, int64_t subblockBytes) {
  Instruction &i = fifoOp(Opcode::FifoPop, fifo, none, split);
  i.immediate = subblockBytes;
  return produce(i);
}
Register FunctionBuilder::allocEntry(Handle fifo, FifoSplit split, int64_t subblockBytes) {
  Instruction &i = fifoOp(Opcode::FifoAlloc, fifo, none, split);
  i.immediate = subblockBytes;
  return produce(i);
}
void FunctionBuilder::free(Handle fifo, FifoSplit split, bool isEntry) {
  fifoOp(Opcode::FifoFree, fifo, none, split).immediate = isEntry;
}

void FunctionBuilder::setQuant(Register scale, Element b8) {
  Instruction &instruction = emit(Opcode::SetQuant);
  instruction.in[0] = scale;
  instruction.element = b8;
}

void FunctionBuilder::setQuant(Handle scales) { emit(Opcode::SetQuant).in[1] = scales; }

void FunctionBuilder::fence() { emit(Opcode::Fence); }
void FunctionBuilder::cacheLine(Register address) { emit(Opcode::CacheLine).in[0] = address; }
void FunctionBuilder::ret() { emit(Opcode::Return); }

Register FunctionBuilder::localArray(uint32_t elements) {
  Register first = function.registers;
  function.registers += 2 * elements;
  return first;
}

void FunctionBuilder::clearLocal(Register array, uint32_t elements) {
  Instruction &i = emit(Opcode::ClearLocal);
  i.target = array;
  i.immediate = elements;
}

void FunctionBuilder::checkIndex(Register index, uint32_t extent) {
  Instruction &i = emit(Opcode::CheckIndex);
  i.in[0] = index;
  i.immediate = extent;
}

Register FunctionBuilder::loadLocal(Register array, uint32_t elements, Register index) {
  Instruction &i = emit(Opcode::LoadLocal);
  i.target = array;
  i.immediate = elements;
  i.in[0] = index;
  return produce(i);
}

void FunctionBuilder::storeLocal(Register array, uint32_t elements, Register index,
                                 Register value) {
  Instruction &i = emit(Opcode::StoreLocal);
  i.target = array;
  i.immediate = elements;
  i.in = {index, value, none};
}

void FunctionBuilder::print(std::string format, Element type, Register value) {
  Instruction &i = emit(Opcode::Print);
  i.target = program.addText(std::move(format));
  i.element = type;
  i.in[0] = value;
}
void FunctionBuilder::trap() { emit(Opcode::Trap); }
