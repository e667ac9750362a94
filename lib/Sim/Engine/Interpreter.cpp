//===- Interpreter.cpp - The scalar unit -----------------------------------===//

#include "Access.h"
#include "Scalar.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

bool Core::stepScalar() {
  if (scalar.state == State::Returned)
    return false;
  if (scalar.state != State::Running)
    return tryUnblock();
  if (isQueueFull()) // HQ5
    return false;
  // Now and then the scheduler gets its turn in a loop that dispatches nothing.
  for (unsigned steps = 0; steps < 65536; ++steps) {
    if (machine.isExhausted())
      return false;
    if (!scalar.micro.empty()) {
      Opcode opcode = function.code[scalar.pc].opcode;
      if (!scalar.transfer && (opcode == Opcode::Transfer || opcode == Opcode::Collective))
        scalar.transfer = sequence + 1;
      stepMicro();
      if (scalar.micro.empty())
        scalar.transfer = 0;
      return true;
    }
    const Instruction &instruction = function.code[scalar.pc];
    ++machine.instructions;
    if (execute(instruction) || (machine.options.stopAtFirst && !machine.findings.empty()))
      return true;
  }
  return true;
}

void Core::reportUnfinished() {
  if (Finding *finding = machine.report(FindingKind::Unfinished, here()))
    finding->what = formatv("the run was ended here, after {0} steps", machine.options.mostSteps);
}

bool Core::tryUnblock() {
  PipeState &self = pipes[scalarPipe];
  switch (scalar.state) {
  case State::OnFlag: {
    const FlagState &flag = flags[scalar.key];
    if (flag.tokens.empty() || (scalar.key.isBuffer() && flag.taken != scalar.turn))
      return false;
    takeToken(scalar.key, self, scalar.at, self.time);
    self.clock.local[scalarPipe] = self.dispatched;
    scalarKnows(); // H6
    break;
  }
  case State::OnCrossFlag:
    if (!machine.crossFlags.isUp(number, scalar.cross))
      return false;
    takeCross(scalar.cross, self, scalar.at, self.time);
    self.clock.local[scalarPipe] = self.dispatched;
    scalarKnows();
    break;
  case State::OnBarrier:
    if (!allDrained())
      return false;
    finishBarrierAll();
    break;
  case State::OnSignal:
    if (!signalHolds(scalar.signal))
      return false;
    acquire(scalar.signal);
    scalar.pc += scalar.signal.isInstruction;
    break;
  case State::OnCopy:
    if (!isCopied(scalar.event))
      return false;
    finishCopy(scalar.event);
    words[function.code[scalar.pc].result] = 1;
    ++scalar.pc;
    break;
  case State::Running:
  case State::Returned:
    break;
  }
  scalar.state = State::Running;
  return true;
}

/// True when something was dispatched, or S blocked or returned. Leaves pc at the next instruction,
/// except at a transfer (its micro steps belong to it) and at a signal that does not hold yet.
bool Core::execute(const Instruction &instruction) {
  switch (instruction.opcode) {
  case Opcode::Jump:
    scalar.pc = instruction.target;
    pipes[scalarPipe].time += machine.options.cost.scalar;
    return false;
  case Opcode::JumpIf:
    scalar.pc = words[instruction.in[0]] & 1 ? instruction.target : scalar.pc + 1;
    pipes[scalarPipe].time += machine.options.cost.scalar;
    return false;
  case Opcode::MakeTile:
  case Opcode::CopyHandle:
  case Opcode::Retarget:
  case Opcode::SetValid:
  case Opcode::TileField:
  case Opcode::MakeView:
    executeHandle(instruction);
    break;
  case Opcode::LoadGm:
  case Opcode::StoreGm:
  case Opcode::LoadTile:
  case Opcode::StoreTile:
    executeMemory(instruction);
    break;
  case Opcode::ClearLocal:
  case Opcode::CheckIndex:
  case Opcode::LoadLocal:
  case Opcode::StoreLocal:
  case Opcode::Print:
    executeLocal(instruction);
    break;
  case Opcode::Trap:
    trap();
    return true;
  case Opcode::SetQuant:
    setQuant(instruction);
    break;
  case Opcode::Issue:
    dispatchCall(instruction);
    if (scalar.micro.empty())
      ++scalar.pc;
    return true;
  case Opcode::Collective:
  case Opcode::Transfer:
  case Opcode::SyncAll:
  case Opcode::SyncAllSoft:
  case Opcode::MakeFifo:
  case Opcode::EndFifo:
  case Opcode::FifoPush:
  case Opcode::FifoPop:
  case Opcode::FifoAlloc:
  case Opcode::FifoFree:
    return executeSteps(instruction);
  case Opcode::AsyncCopy:
  case Opcode::AsyncWait:
  case Opcode::AsyncTest:
    executeAsync(instruction);
    return true;
  case Opcode::Await:
    awaitSignal(signalWait(instruction));
    return true;
  case Opcode::Notify:
    notify(instruction);
    ++scalar.pc;
    return true;
  case Opcode::Test:
    test(instruction);
    ++scalar.pc;
    return true;
  case Opcode::SetFlag:
  case Opcode::WaitFlag:
  case Opcode::Barrier:
  case Opcode::CrossSet:
  case Opcode::CrossWait:
  case Opcode::GetBuffer:
  case Opcode::ReleaseBuffer:
  case Opcode::Fence:
  case Opcode::CacheLine:
  case Opcode::Return:
    executeSync(instruction);
    ++scalar.pc;
    return true;
  default:
    executeScalar(instruction);
    break;
  }
  ++scalar.pc;
  return false;
}

/// Library calls that are micro-programs. True when there are steps to run, which move pc on.
bool Core::executeSteps(const Instruction &instruction) {
  switch (instruction.opcode) {
  case Opcode::Collective:
    executeCollective(instruction);
    break;
  case Opcode::Transfer:
    executeTransfer(instruction);
    break;
  case Opcode::SyncAll:
    executeSyncAll(instruction);
    break;
  case Opcode::SyncAllSoft:
    executeSyncAllSoft(instruction);
    break;
  default:
    executeFifo(instruction);
    noteSlots(instruction);
    break;
  }
  if (!scalar.micro.empty())
    return true;
  ++scalar.pc;
  return false;
}

void Core::executeSync(const Instruction &instruction) {
  FlagKey key{instruction.pipe, instruction.toPipe, instruction.immediate};
  if (instruction.in[0] != none)
    key.id = int64_t(words[instruction.in[0]]);
  PipeState &self = pipes[scalarPipe];
  switch (instruction.opcode) {
  case Opcode::SetFlag:
    dispatchSet(key, Phase::Self);
    return;
  case Opcode::WaitFlag:
    dispatchWait(key, Phase::Self);
    return;
  case Opcode::Barrier:
    dispatchBarrier(instruction.pipe, Phase::Self);
    return;
  case Opcode::CrossSet:
    dispatchCrossSet(instruction.pipe, {CrossMode(instruction.kind), key.id}, Phase::Self);
    return;
  case Opcode::CrossWait:
    dispatchCrossWait(instruction.pipe, {CrossMode(instruction.kind), key.id}, Phase::Self);
    return;
  case Opcode::GetBuffer:
    dispatchGetBuffer(instruction.pipe, key.id);
    return;
  case Opcode::ReleaseBuffer:
    dispatchReleaseBuffer(instruction.pipe, key.id);
    return;
  case Opcode::Fence:
    draw(SliceKind::Sync, "dsb", here(), self.time, self.time + machine.options.cost.sync);
    fence();
    return;
  case Opcode::Return:
    scalar.state = State::Returned;
    scalar.exit = self.clock.local;
    machine.returned[number] = here();
    return;
  default: // CacheLine
    if (instruction.in[0] == none)
      cleanAllLines();
    else
      cleanLine(words[instruction.in[0]]);
    draw(SliceKind::Sync, "dcci", here(), self.time, self.time + machine.options.cost.sync);
    self.time += machine.options.cost.sync;
    return;
  }
}

//===----------------------------------------------------------------------===//
// Words and handles
//===----------------------------------------------------------------------===//

void Core::executeScalar(const Instruction &instruction) {
  auto in = [&](unsigned i) { return instruction.in[i] == none ? 0 : words[instruction.in[i]]; };
  uint64_t &result = words[instruction.result];
  uint64_t &time = pipes[scalarPipe].time;
  switch (instruction.opcode) {
  case Opcode::Constant:
    result = uint64_t(instruction.immediate);
    return; // an immediate of the instruction that uses it
  case Opcode::Copy:
    result = in(0);
    return;
  case Opcode::Arith: {
    std::optional<uint64_t> value =
        evaluate(ArithOp(instruction.kind), instruction.element, in(0), in(1));
    if (!value)
      if (Finding *finding = machine.report(FindingKind::ScalarFailure, here()))
        finding->what =
            formatv("{0}: the divisor is 0 or the quotient overflows", finding->where.op);
    result = value.value_or(0);
    break;
  }
  case Opcode::CompareI:
    result = compareInteger(instruction.kind, instruction.element, in(0), in(1));
    break;
  case Opcode::CompareF:
    result = compareFloat(instruction.kind, in(0), in(1));
    break;
  case Opcode::Select:
    result = in(0) & 1 ? in(1) : in(2);
    break;
  case Opcode::Cast:
    result = convert(CastOp(instruction.kind), instruction.from, instruction.element, in(0));
    break;
  default: { // Special
    const uint64_t values[] = {identity.block,  machine.launch.blocks,
                               launch.subblock, launch.subblocks,
                               identity.rank,   machine.launch.ranks.size()};
    result = values[instruction.kind];
    break;
  }
  }
  time += machine.options.cost.scalar;
}

void Core::executeHandle(const Instruction &instruction) {
  auto in = [&](unsigned i) { return words[instruction.in[i]]; };
  switch (instruction.opcode) {
  case Opcode::MakeTile: {
    HandleValue &value = handles[instruction.result];
    value.poppedFrom = none;
    value.shape = instruction.target;
    value.tile.shape = machine.program.shapes[value.shape];
    value.tile.address = in(0);
    value.tile.place = instruction.place;
    value.tile.isOpen = instruction.in[1] != none || instruction.in[2] != none;
    value.tile.origin = instruction.kind ? TileOperand::Own : TileOperand::View;
    if (instruction.in[1] != none)
      value.tile.shape.validRows = int64_t(in(1));
    if (instruction.in[2] != none)
      value.tile.shape.validCols = int64_t(in(2));
    return;
  }
  case Opcode::CopyHandle:
    handles[instruction.result] = handles[instruction.in[0]];
    return;
  case Opcode::Retarget:
    handles[instruction.in[0]].tile.address = in(1);
    handles[instruction.in[0]].tile.place = instruction.place;
    handles[instruction.in[0]].poppedFrom = none;
    return;
  case Opcode::SetValid: {
    TileShape &shape = handles[instruction.in[0]].tile.shape;
    if (instruction.in[1] != none)
      shape.validRows = int64_t(in(1));
    if (instruction.in[2] != none)
      shape.validCols = int64_t(in(2));
    return;
  }
  case Opcode::TileField: {
    const TileOperand &tile = handles[instruction.in[0]].tile;
    const uint64_t fields[] = {tile.address, uint64_t(tile.shape.validRows),
                               uint64_t(tile.shape.validCols)};
    words[instruction.result] = fields[instruction.kind];
    return;
  }
  default: { // MakeView
    ViewOperand &view = handles[instruction.result].view;
    const uint32_t *pool = function.pool.data() + instruction.poolFirst;
    view.element = instruction.element;
    view.layout = instruction.layout;
    view.address = words[pool[0]];
    view.place = instruction.place;
    for (unsigned d = 0; d < 5; ++d) {
      view.shape[d] = pool[1 + d] == none ? 1 : int64_t(words[pool[1 + d]]);
      view.stride[d] = pool[6 + d] == none ? 0 : int64_t(words[pool[6 + d]]);
    }
    return;
  }
  }
}

void Core::dispatchCall(const Instruction &instruction) {
  const Call &call = machine.program.calls[instruction.target];
  const uint32_t *pool = function.pool.data() + instruction.poolFirst;
  std::vector<Operand> operands(call.operands.size());
  for (unsigned i = 0; i < operands.size(); ++i) {
    if (pool[i] == none)
      continue;
    if (call.operands[i].kind == Operand::Tile)
      checkSlot(handles[pool[i]]);
    operands[i].kind = call.operands[i].kind;
    switch (operands[i].kind) {
    case Operand::Tile:
      operands[i].tile = handles[pool[i]].tile;
      break;
    case Operand::View:
      operands[i].view = handles[pool[i]].view;
      break;
    case Operand::Scalar:
      operands[i].scalar = {call.operands[i].element, words[pool[i]]};
      break;
    case Operand::None:
      break;
    }
  }
  if (call.steps)
    if (auto steps = call.steps(machine.program.arch, operands, call.attributes); !steps.empty())
      return startLibraryCall(call, steps, std::move(operands));
  if (!dispatchAcross(call, operands))
    dispatchWork(call, call.kernel, call.pipe, std::move(operands), Phase::Self);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Gives `by` its place in the order of S, whose earlier accesses are all complete.
void Core::beginScalarAccess(Occurrence &by) {
  PipeState &self = pipes[scalarPipe];
  by.pipe = Pipe::S;
  by.sequence = ++sequence;
  by.position = ++self.dispatched;
  self.clock.local[scalarPipe] = by.position;
}

bool Core::scalarRead(const Occurrence &by, Space space, uint64_t address, void *into,
                      uint64_t bytes, AccessClass kind) {
  Span span;
  if (!locate(space, address, bytes, false, by, span)) {
    std::memset(into, 0xff, bytes);
    return false;
  }
  scalarTouches(span, false);
  judgeRead(span, {by, kind, 0, 0}, pipes[scalarPipe].clock);
  span.memory->recordRead(span.begin, span.end, {by, kind, 0, 0}, pipes[scalarPipe].clock);
  span.memory->load(span.begin, into, bytes);
  return true;
}

bool Core::scalarWrite(const Occurrence &by, Space space, uint64_t address, const void *from,
                       uint64_t bytes, AccessClass kind) {
  Span span;
  if (!locate(space, address, bytes, true, by, span))
    return false;
  scalarTouches(span, true);
  judgeWrite(span, {by, kind, 0, 0}, pipes[scalarPipe].clock);
  if (space == Space::GM)
    checkSharedLines(span, by, pipes[scalarPipe].clock);
  span.memory->store(span.begin, from, bytes);
  if (space == Space::GM && kind != AccessClass::Atomic && !machine.signals.empty())
    machine.noteWrite(address, bytes);
  return true;
}

void Core::executeMemory(const Instruction &instruction) {
  Occurrence by = here();
  beginScalarAccess(by);
  bool onTile = instruction.opcode == Opcode::LoadTile || instruction.opcode == Opcode::StoreTile;
  bool isLoad = instruction.opcode == Opcode::LoadGm || instruction.opcode == Opcode::LoadTile;
  const TileOperand *tile = onTile ? &handles[instruction.in[0]].tile : nullptr;
  Element element = onTile ? tile->shape.element : instruction.element;
  Space space = onTile ? tile->shape.space : Space::GM;
  uint64_t index = instruction.in[1] == none ? 0 : words[instruction.in[1]];
  uint64_t address = (onTile ? tile->address : words[instruction.in[0]]) + index * bytesOf(element);
  const CostTable &cost = machine.options.cost;
  uint64_t bytes = 0;
  if (onTile)
    checkSlot(handles[instruction.in[0]]);
  if (isLoad) {
    if (onTile)
      scalarRead(by, space, address, &bytes, bytesOf(element), AccessClass::Plain);
    else
      cachedLoad(by, address, &bytes, bytesOf(element));
    words[instruction.result] = wordFromBytes(element, &bytes);
  } else {
    wordToBytes(element, words[instruction.in[2]], &bytes);
    if (onTile)
      scalarWrite(by, space, address, &bytes, bytesOf(element), AccessClass::Plain);
    else
      cachedStore(by, address, &bytes, bytesOf(element));
  }
  uint64_t &time = pipes[scalarPipe].time;
  uint64_t end = time + (isLoad && !onTile ? cost.scalarLoad : cost.scalar);
  if (machine.trace) {
    Operand place; // where the element lies
    place.kind = onTile ? Operand::Tile : Operand::View;
    if (onTile)
      place.tile = *tile;
    place.view.element = element;
    place.view.address = address;
    drawOp(SliceKind::Work, by, time, end, place);
  }
  time = end;
}
