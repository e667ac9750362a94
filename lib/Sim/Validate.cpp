//===- Validate.cpp - Refuses programs that the engine could not run -------===//

#include "ptoas/Sim/Program.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

namespace {
/// Which of in[0..2] and result are registers (R, or r when optional), handles (H) or unused (-).
struct Form {
  char result;
  char in[3];
};

class Validator {
public:
  Validator(const Program &program, const Function &function)
      : program(program), function(function) {}
  std::string check();

private:
  std::string checkInstruction(const Instruction &instruction);
  std::string checkCall(const Instruction &instruction);
  std::string checkCollective(const Instruction &instruction) const;
  std::string checkIndex(char kind, uint32_t index, const char *what) const;
  std::string checkPool(const Instruction &instruction, uint32_t at, char kind) const {
    return checkIndex(kind, function.pool[instruction.poolFirst + at], "operand");
  }

  const Program &program;
  const Function &function;
};
} // namespace

static Form formOf(const Instruction &instruction) {
  switch (instruction.opcode) {
  case Opcode::Constant:
  case Opcode::Special:
    return {'R', {'-', '-', '-'}};
  case Opcode::Copy:
  case Opcode::Cast:
    return {'R', {'R', '-', '-'}};
  case Opcode::Arith:
    return {'R', {'R', ArithOp(instruction.kind) == ArithOp::NegF ? '-' : 'R', '-'}};
  case Opcode::CompareI:
  case Opcode::CompareF:
    return {'R', {'R', 'R', '-'}};
  case Opcode::Select:
    return {'R', {'R', 'R', 'R'}};
  case Opcode::JumpIf:
    return {'-', {'R', '-', '-'}};
  case Opcode::LoadGm:
    return {'R', {'R', 'r', '-'}};
  case Opcode::StoreGm:
    return {'-', {'R', 'r', 'R'}};
  case Opcode::LoadTile:
    return {'R', {'H', 'R', '-'}};
  case Opcode::StoreTile:
    return {'-', {'H', 'R', 'R'}};
  case Opcode::MakeTile:
    return {'H', {'R', 'r', 'r'}};
  case Opcode::CopyHandle:
    return {'H', {'H', '-', '-'}};
  case Opcode::Retarget:
    return {'-', {'H', 'R', '-'}};
  case Opcode::SetValid:
    return {'-', {'H', 'r', 'r'}};
  case Opcode::TileField:
    return {'R', {'H', '-', '-'}};
  case Opcode::MakeView:
    return {'H', {'-', '-', '-'}};
  case Opcode::Notify:
  case Opcode::Await:
    return {'-', {'H', 'R', '-'}};
  case Opcode::Test:
    return {'R', {'H', 'R', '-'}};
  case Opcode::SetFlag:
  case Opcode::WaitFlag:
  case Opcode::CacheLine:
  case Opcode::CrossSet:
  case Opcode::CrossWait:
  case Opcode::GetBuffer:
  case Opcode::ReleaseBuffer:
    return {'-', {'r', '-', '-'}};
  case Opcode::SyncAllSoft:
    return {'-', {'R', 'r', '-'}};
  case Opcode::AsyncCopy:
    return {'R', {'r', '-', '-'}};
  case Opcode::AsyncWait:
  case Opcode::AsyncTest:
    return {'R', {'R', '-', '-'}};
  case Opcode::MakeFifo:
    return {'H', {'r', 'r', 'r'}};
  case Opcode::EndFifo:
  case Opcode::FifoFree:
    return {'-', {'H', '-', '-'}};
  case Opcode::SetQuant:
    return {'-', {'r', 'h', '-'}};
  case Opcode::FifoPush:
    return {'-', {'H', 'h', 'r'}};
  case Opcode::FifoPop:
    return {instruction.in[1] == none ? 'R' : '-', {'H', 'h', 'r'}};
  case Opcode::FifoAlloc:
    return {'R', {'H', '-', '-'}};
  case Opcode::CheckIndex:
  case Opcode::Print:
    return {'-', {'R', '-', '-'}};
  case Opcode::LoadLocal:
    return {'R', {'R', '-', '-'}};
  case Opcode::StoreLocal:
    return {'-', {'R', 'R', '-'}};
  case Opcode::ClearLocal:
  case Opcode::Trap:
  case Opcode::Jump:
  case Opcode::Issue:
  case Opcode::Collective:
  case Opcode::Transfer:
  case Opcode::Barrier:
  case Opcode::SyncAll:
  case Opcode::Fence:
  case Opcode::Return:
    break;
  }
  return {'-', {'-', '-', '-'}};
}

std::string Validator::checkIndex(char kind, uint32_t index, const char *what) const {
  if (kind == '-' || ((kind == 'r' || kind == 'h') && index == none))
    return "";
  bool isHandle = kind == 'H' || kind == 'h';
  uint32_t limit = isHandle ? function.handles : function.registers;
  if (index < limit)
    return "";
  return formatv("{0} {1} is not one of {2} {3}", what, index, limit,
                 isHandle ? "handles" : "registers");
}

std::string Validator::checkCall(const Instruction &instruction) {
  if (instruction.target >= program.calls.size())
    return "call out of range";
  const Call &call = program.calls[instruction.target];
  if (!call.kernel)
    return formatv("{0} has no kernel", call.op);
  if (call.pipe == Pipe::ALL || !coreHasPipe(function.core, call.pipe, program.arch))
    return formatv("{0} runs on pipe {1}, which a {2} core of {3} does not have", call.op,
                   name(call.pipe), name(function.core), name(program.arch));
  if (instruction.poolCount != call.operands.size())
    return formatv("{0} takes {1} operands, not {2}", call.op, call.operands.size(),
                   instruction.poolCount);
  for (unsigned i = 0; i < call.operands.size(); ++i) {
    Operand::Kind kind = call.operands[i].kind;
    char form = kind == Operand::Scalar ? 'r' : kind == Operand::None ? '-' : 'h';
    if (std::string error = checkPool(instruction, i, form); !error.empty())
      return error;
  }
  return "";
}

std::string Validator::checkCollective(const Instruction &instruction) const {
  if (function.core != CoreKind::Vector)
    return "collectives run on the vector core";
  bool reduces = CollectiveOp(instruction.kind) >= CollectiveOp::ReduceSum;
  if (!program.load || !program.store || (reduces && llvm::is_contained(program.combine, nullptr)))
    return "the program names no kernels for collectives";
  int64_t ranks = int64_t(instruction.poolCount) - 4;
  if (ranks < 1 || instruction.immediate < 0 || instruction.immediate >= ranks)
    return "a collective takes a group of ranks, and a root in it";
  std::string error;
  for (unsigned i = 0; i < instruction.poolCount && error.empty(); ++i)
    error = checkPool(instruction, i, i == 1 ? (reduces ? 'H' : 'h') : i == 3 ? 'h' : 'H');
  return error;
}

std::string Validator::checkInstruction(const Instruction &instruction) {
  Form form = formOf(instruction);
  std::string error = checkIndex(form.result, instruction.result, "result");
  for (unsigned i = 0; i < 3 && error.empty(); ++i)
    error = checkIndex(form.in[i], instruction.in[i], "operand");
  if (!error.empty())
    return error;
  if (instruction.place >= program.places.size())
    return "place out of range";
  if (instruction.iteration != none && instruction.iteration >= function.registers)
    return "iteration register out of range";
  if (uint64_t(instruction.poolFirst) + instruction.poolCount > function.pool.size())
    return "operand list out of range";
  switch (instruction.opcode) {
  case Opcode::Jump:
  case Opcode::JumpIf:
    return instruction.target < function.code.size() ? "" : "jump out of range";
  case Opcode::MakeTile:
    return instruction.target < program.shapes.size() ? "" : "tile shape out of range";
  case Opcode::MakeView:
    if (instruction.poolCount != 11)
      return "a view takes a pointer, 5 extents and 5 strides";
    for (unsigned i = 0; i < 11 && error.empty(); ++i)
      error = checkPool(instruction, i, i == 0 ? 'R' : 'r');
    return error;
  case Opcode::ClearLocal:
  case Opcode::LoadLocal:
  case Opcode::StoreLocal:
    return instruction.immediate > 0 && instruction.immediate <= function.registers &&
                   instruction.target + 2 * uint64_t(instruction.immediate) <= function.registers
               ? ""
               : "local array out of range";
  case Opcode::Print:
    return instruction.target < program.texts.size() ? "" : "format out of range";
  case Opcode::Issue:
    return checkCall(instruction);
  case Opcode::CrossSet:
  case Opcode::CrossWait:
    if (instruction.pipe == Pipe::ALL)
      return "a flag between cores goes out on one pipe";
    return "";
  case Opcode::GetBuffer:
  case Opcode::ReleaseBuffer:
    return coreHasPipe(function.core, instruction.pipe, program.arch)
               ? ""
               : "a buffer is taken by a pipe that the core has not";
  case Opcode::AsyncCopy:
    if (instruction.poolCount != 2)
      return "an asynchronous copy takes dst and src";
    for (unsigned i = 0; i < 2 && error.empty(); ++i)
      error = checkPool(instruction, i, 'h');
    return error;
  case Opcode::MakeFifo:
    if (!program.load || !program.store)
      return "the program names no kernels for TPUSH and TPOP";
    if (instruction.target >= program.fifos.size())
      return "FIFO shape out of range";
    if (const FifoShape &fifo = program.fifos[instruction.target];
        fifo.slots == 0 || fifo.localSlots == 0 || fifo.slotSize == 0)
      return "a FIFO needs slots";
    if (const FifoShape &fifo = program.fifos[instruction.target];
        fifo.isLocal && program.arch == Arch::A3)
      return "a FIFO of a3 lies in global memory";
    return "";
  case Opcode::Collective:
    return checkCollective(instruction);
  case Opcode::Transfer:
    if (function.core != CoreKind::Vector)
      return "TPUT and TGET run on the vector core";
    if (!program.load || !program.store)
      return "the program names no kernels for TPUT and TGET";
    if (instruction.poolCount != 4)
      return "a transfer takes dst, src and one or two tiles";
    for (unsigned i = 0; i < 4 && error.empty(); ++i)
      error = checkPool(instruction, i, i == 3 ? 'h' : 'H');
    return error;
  default:
    return "";
  }
}

std::string Validator::check() {
  if (function.code.empty() || function.code.back().opcode != Opcode::Return)
    return formatv("{0}: the last instruction is not a return", function.name);
  if (function.registers < function.arguments.size())
    return formatv("{0}: fewer registers than arguments", function.name);
  for (size_t i = 0; i < function.code.size(); ++i)
    if (std::string error = checkInstruction(function.code[i]); !error.empty())
      return formatv("{0}: instruction {1}: {2}", function.name, i, error);
  return "";
}

std::string sim::validate(const Program &program) {
  for (const Function &function : program.functions)
    if (std::string error = Validator(program, function).check(); !error.empty())
      return error;
  return "";
}
