//===- Local.cpp - Arrays of the scalar unit, output, trap -----------------===//

#include "Core.h"
#include "ptoas/Support/PrintFormat.h"
#include "llvm/Support/FormatVariadic.h"
#include <bit>

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

bool Core::isInside(uint64_t index, const Instruction &instruction) {
  if (index < uint64_t(instruction.immediate))
    return true;
  if (Finding *finding = machine.report(FindingKind::ScalarFailure, here()))
    finding->what = formatv("{0}: index {1} is outside the {2} elements of the array",
                            finding->where.op, int64_t(index), instruction.immediate);
  return false;
}

void Core::executeLocal(const Instruction &instruction) {
  uint64_t elements = uint64_t(instruction.immediate);
  auto in = [&](unsigned i) { return words[instruction.in[i]]; };
  auto value = [&](uint64_t index) -> uint64_t & { return words[instruction.target + index]; };
  auto isWritten = [&](uint64_t index) -> uint64_t & { return value(elements + index); };
  uint64_t &time = pipes[unsigned(Pipe::S)].time;
  switch (instruction.opcode) {
  case Opcode::ClearLocal:
    std::fill_n(&isWritten(0), elements, 0);
    return; // a stack slot costs nothing
  case Opcode::CheckIndex:
    (void)isInside(in(0), instruction);
    return;
  case Opcode::StoreLocal:
    if (isInside(in(0), instruction)) {
      value(in(0)) = in(1);
      isWritten(in(0)) = 1;
    }
    break;
  case Opcode::LoadLocal: {
    bool inside = isInside(in(0), instruction);
    if (inside && !isWritten(in(0)))
      if (Finding *finding = machine.report(FindingKind::Uninitialised, here()))
        finding->what =
            formatv("{0} reads element {1}, which nothing has written", finding->where.op, in(0));
    words[instruction.result] = inside && isWritten(in(0)) ? value(in(0)) : 0;
    break;
  }
  default: { // Print
    const std::string &format = machine.program.texts[instruction.target];
    machine.print(number, isFloat(instruction.element)
                              ? formatFloat(format, std::bit_cast<double>(in(0)))
                              : formatInteger(format, int64_t(in(0))));
    break;
  }
  }
  time += machine.options.cost.scalar;
}

void Core::trap() {
  if (Finding *finding = machine.report(FindingKind::ScalarFailure, here()))
    finding->what = formatv("{0} stops the kernel", finding->where.op);
  scalar.state = State::Returned;
  scalar.exit = pipes[unsigned(Pipe::S)].clock.local;
}
