//===- Deadlock.cpp - Why a core cannot move, in words ---------------------===//

#include "Core.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

std::string Core::text(const Occurrence &occurrence) const {
  Where where = machine.where(occurrence);
  std::string place = where.location.empty() ? "" : " at " + where.location;
  std::string iteration =
      where.iteration ? formatv(" (iteration {0})", *where.iteration).str() : "";
  std::string phase = where.phase.empty() ? "" : " (" + where.phase + ")";
  return (where.op.empty() ? "an instruction" : where.op) + phase + place + iteration;
}

/// The set of `key` that is still in a queue.
static const Item *queuedSet(const PipeState &pipe, const FlagKey &key) {
  for (const Item &item : pipe.queue)
    if (item.kind == Item::Kind::Set && item.key == key)
      return &item;
  return nullptr;
}

/// The first set of `key` in the code that S has not reached, or null. A set with a run-time id may
/// be it.
static const Instruction *laterSet(const Function &function, uint32_t from, const FlagKey &key) {
  for (uint32_t i = from; i < function.code.size(); ++i) {
    const Instruction &instruction = function.code[i];
    if (instruction.opcode == Opcode::SetFlag && instruction.pipe == key.from &&
        instruction.toPipe == key.to &&
        (instruction.in[0] != none || instruction.immediate == key.id))
      return &instruction;
  }
  return nullptr;
}

/// Who would raise the flag, and what that agent is itself waiting for: `next` is it, ALL when
/// there is nobody.
std::string Core::explainFlag(const FlagKey &key, Pipe &next) const {
  next = Pipe::ALL;
  const PipeState &from = pipes[unsigned(key.from)];
  if (const Item *set = queuedSet(from, key)) {
    next = key.from;
    return formatv("its set, {0}, is queued on {1} behind {2}", text(set->by), name(key.from),
                   text(from.queue.front().by));
  }
  if (const Instruction *set = laterSet(function, scalar.pc, key)) {
    const Place &place = machine.program.places[set->place];
    if (scalar.state == State::Returned)
      return formatv("its set{0} was not executed on this path",
                     place.location.empty() ? "" : " at " + place.location);
    next = Pipe::S;
    return formatv("its set{0} comes later in the program, and S cannot get there",
                   place.location.empty() ? "" : " at " + place.location);
  }
  auto flag = flags.find(key);
  if (flag == flags.end() || flag->second.sets == 0)
    return "no set of it was executed or is still to come";
  return formatv("the token of its last set, {0}, was taken by {1}", text(flag->second.lastSet),
                 text(flag->second.lastTaken));
}

std::optional<Core::Block> Core::explainAgent(Pipe agent, Pipe &next) const {
  next = Pipe::ALL;
  auto onFlag = [&](const Occurrence &at, const FlagKey &key) {
    std::string why = explainFlag(key, next);
    return Block{next == Pipe::ALL ? Block::NoSource : Block::Cycle, at,
                 formatv("waits for {0}; {1}", key.describe(), why)};
  };
  if (agent != Pipe::S) {
    const PipeState &pipe = pipes[unsigned(agent)];
    if (pipe.queue.empty() || pipe.queue.front().kind != Item::Kind::Wait)
      return std::nullopt;
    return onFlag(pipe.queue.front().by, pipe.queue.front().key);
  }
  switch (scalar.state) {
  case State::OnFlag:
    return onFlag(scalar.at, scalar.key);
  case State::OnBarrier:
    for (unsigned p = 1; p < numPipes; ++p)
      if (!pipes[p].queue.empty()) {
        next = Pipe(p);
        return Block{Block::Cycle, scalar.at,
                     formatv("waits for {0}, whose queue holds {1} {2}", name(next),
                             pipes[p].queue.size(), pipes[p].queue.size() == 1 ? "item" : "items")};
      }
    return std::nullopt;
  case State::OnSignal:
    return Block{Block::Signal, scalar.at, explainSignal(function.code[scalar.pc])};
  case State::Running:
  case State::Returned:
    return std::nullopt;
  }
  return std::nullopt;
}

std::string Core::describe(const Block &block) const {
  return formatv("{0} of {1} stands at {2}: it {3}", name(block.at.pipe), machine.coreName(number),
                 text(block.at), block.why);
}

std::vector<Core::Block> Core::explainBlocks() const {
  std::vector<Block> blocks;
  std::array<bool, numPipes> visited{};
  for (unsigned start = 0; start < numPipes; ++start) {
    Pipe agent = Pipe(start), next = Pipe::ALL;
    for (; agent != Pipe::ALL && !visited[unsigned(agent)]; agent = next) {
      visited[unsigned(agent)] = true;
      std::optional<Block> block = explainAgent(agent, next);
      if (!block)
        break;
      if (next != Pipe::ALL && visited[unsigned(next)])
        block->why += formatv(" (this closes the cycle at {0})", name(next));
      blocks.push_back(std::move(*block));
    }
  }
  return blocks;
}
