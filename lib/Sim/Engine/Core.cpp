//===- Core.cpp - Names, begin and end of one core -------------------------===//

#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

std::string FlagKey::describe() const {
  if (isBuffer())
    return formatv("buffer {0}", id);
  if (isUnitFlag())
    return formatv("the unit flag {0} > {1} of the accumulator at byte {2}", name(from), name(to),
                   id - firstUnit);
  return formatv("event {0} of {1} > {2}", id, name(from), name(to));
}

std::string FlagKey::label() const {
  if (isBuffer())
    return describe();
  if (isUnitFlag())
    return formatv("{0} > {1}, unit flag", name(from), name(to));
  return formatv("{0} > {1}, {2}", name(from), name(to), id);
}

Core::Core(Machine &machine, uint32_t number)
    : number(number), machine(machine), identity(machine.identity(number)),
      launch(machine.launchOf(number)), function(machine.program.functions[launch.function]) {
  words.resize(function.registers);
  handles.resize(function.handles);
  llvm::copy(launch.arguments, words.begin());
  scalarKnows();
  machine.cores[number] = this;
  if (!machine.options.leftFlags)
    return;
  for (const LeftFlag &left : *machine.options.leftFlags) // HQ10
    if (left.core == number && !left.isCross)
      for (uint64_t n = 0; n < left.count; ++n)
        flags[{left.from, left.to, left.id}].tokens.emplace_back();
}

Occurrence Core::here(Phase phase) const {
  const Instruction &instruction = function.code[scalar.pc];
  Occurrence by;
  by.core = number;
  by.place = instruction.place;
  by.phase = phase;
  by.sequence = sequence;
  by.call = scalar.transfer;
  if (instruction.iteration != none) {
    by.hasIteration = true;
    by.iteration = int64_t(words[instruction.iteration]);
  }
  return by;
}

bool Core::knows(const RemoteRef &released) const {
  if (state() == State::Returned || !released)
    return true;
  const Clock &clock = pipes[scalarPipe].clock;
  return llvm::all_of(released->cores, [&](const auto &entry) {
    const Prefixes *known = entry.first == number ? &clock.local
                            : clock.remote        ? clock.remote->find(entry.first)
                                                  : nullptr;
    return known && covers(*known, entry.second);
  });
}

void Core::scalarKnows() {
  auto snapshot = llvm::makeIntrusiveRefCnt<Clock>(pipes[scalarPipe].clock);
  snapshot->local[scalarPipe] = 0; // items carry the position of S themselves, it changes too often
  scalar.known = snapshot;
}

//===----------------------------------------------------------------------===//
// Exit
//===----------------------------------------------------------------------===//

void Core::checkExit() {
  flushValues(); // the end of a kernel writes the cache back
  for (unsigned p = 0; p < numAgents; ++p) {
    const PipeState &pipe = pipes[p];
    if (Pipe(p) == Pipe::S || pipe.lastGmWrite <= scalar.exit[p])
      continue;
    if (Finding *finding = machine.report(FindingKind::IncompleteAtExit, pipe.lastGmWriter,
                                          &machine.returned[number])) {
      const GlobalMemory::Allocation *array = machine.memory.find(pipe.lastGmBegin);
      finding->memory = formatv("gm array '{0}' of rank {1}", array->name, array->rank);
      finding->begin = pipe.lastGmBegin - array->address;
      finding->end = pipe.lastGmEnd - array->address;
      finding->what = formatv("the function returns while {0} on {1} may still be writing GM: "
                              "bytes [{2}, {3}) of {4}",
                              finding->where.op, agentName(Pipe(p)), finding->begin, finding->end,
                              finding->memory);
      finding->notes.push_back(Pipe(p) == dmaEngine
                                   ? std::string("wait for the event of the transfer")
                                   : formatv("missing edge: end with pipe_barrier(PIPE_ALL), or a "
                                             "flag {0} > S behind the last store",
                                             name(Pipe(p)))
                                         .str());
    }
  }
  for (const auto &[key, flag] : flags) {
    if (key.isBuffer()) {
      if (flag.balance > 0)
        if (Finding *finding =
                machine.report(FindingKind::TokenLeft, flag.lastSet, &machine.returned[number])) {
          finding->what = formatv("{0} is still held by {1} when the function returns",
                                  key.describe(), name(flag.lastSet.pipe));
          finding->notes.push_back("every get_buf needs a rls_buf on the same pipe");
        }
      continue;
    }
    if (machine.options.leftFlags && !flag.tokens.empty())
      machine.leftNow.push_back(
          {number, key.from, key.to, false, false, key.id, flag.tokens.size()});
    if (key.isUnitFlag() && key.from == Pipe::FIX)
      continue; // drained and free: as it was before the kernel
    for (const Token &token : flag.tokens)
      if (token.by.position == 0) // left by the launch before, which has reported it
        continue;
      else if (Finding *finding =
                   machine.report(FindingKind::TokenLeft, token.by, &machine.returned[number])) {
        finding->what = formatv("{0} is still set when the function returns", key.describe());
        finding->notes.push_back("missing edge: a wait for it before the return; a flag that stays "
                                 "up releases a wait of the next kernel on this core");
      }
  }
}

CoreTime Core::times() const {
  CoreTime result;
  result.core = identity.kind;
  result.rank = identity.rank;
  result.block = identity.block;
  result.subblock = launch.subblock;
  for (unsigned p = 0; p < numPipes; ++p)
    result.pipes[p] = pipes[p].account;
  for (const PipeState &agent : pipes)
    result.cycles = std::max(result.cycles, agent.time);
  return result;
}
