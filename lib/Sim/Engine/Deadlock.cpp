//===- Deadlock.cpp - Why a core cannot move, in words ---------------------===//

#include "Core.h"
#include "llvm/ADT/BitVector.h"
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

static std::string queuedBehind(const std::string &what, const std::string &pipe,
                                const std::string &first) {
  return formatv("{0} is queued on {1} behind {2}", what, pipe, first);
}

/// The set of `key` that is still in a queue.
static const Item *queuedSet(const PipeState &pipe, const FlagKey &key) {
  for (const Item &item : pipe.queue)
    if (item.kind == Item::Kind::Set && item.key == key)
      return &item;
  return nullptr;
}

/// The instructions that S may still come to from `from` on, the rounds of its loops included: the
/// rest of the text first, then what lies behind.
static std::vector<uint32_t> codeAhead(const Function &function, uint32_t from) {
  llvm::BitVector seen(function.code.size());
  std::vector<uint32_t> ahead, work{from};
  while (!work.empty()) {
    uint32_t at = work.back();
    work.pop_back();
    for (; at < function.code.size() && !seen.test(at); ++at) {
      seen.set(at);
      ahead.push_back(at);
      const Instruction &instruction = function.code[at];
      if (instruction.opcode == Opcode::Jump || instruction.opcode == Opcode::JumpIf)
        work.push_back(instruction.target);
      if (instruction.opcode == Opcode::Jump || instruction.opcode == Opcode::Return)
        break;
    }
  }
  llvm::sort(ahead, [&](uint32_t a, uint32_t b) {
    return std::pair(a < from, a) < std::pair(b < from, b);
  });
  return ahead;
}

/// The first set of `key` in the code that S has not reached, or null. A set with a run-time id may
/// be it.
static const Instruction *laterSet(const Function &function, uint32_t from, const FlagKey &key) {
  for (uint32_t i : codeAhead(function, from)) {
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
std::string Core::explainFlag(const FlagKey &key, Agent &next,
                              std::optional<Occurrence> &other) const {
  const PipeState &from = pipes[unsigned(key.from)];
  if (const Item *set = queuedSet(from, key)) {
    next.pipe = key.from;
    return queuedBehind("its set, " + text(set->by) + ",", name(key.from).str(),
                        text(from.queue.front().by));
  }
  auto flag = flags.find(key);
  bool wasSet = flag != flags.end() && flag->second.sets > 0;
  bool hasReturned = scalar.state == State::Returned;
  const Instruction *set =
      hasReturned && wasSet ? nullptr : laterSet(function, hasReturned ? 0 : scalar.pc, key);
  if (set) {
    const Place &place = machine.program.places[set->place];
    if (hasReturned) {
      other.emplace();
      other->core = number;
      other->place = set->place;
      other->pipe = key.from;
      return formatv("its set{0} was not executed on this path",
                     place.location.empty() ? "" : " at " + place.location);
    }
    next.pipe = Pipe::S;
    return formatv("its set{0} comes later in the program, and S cannot get there",
                   place.location.empty() ? "" : " at " + place.location);
  }
  if (!wasSet)
    return "no set of it was executed or is still to come";
  other = flag->second.lastTaken;
  return formatv("the token of its last set, {0}, was taken by {1}", text(flag->second.lastSet),
                 text(flag->second.lastTaken));
}

/// Who holds the buffer, or is to take and release it before.
std::string Core::explainBuffer(const FlagKey &key, Agent &next) const {
  const FlagState &buffer = flags.at(key);
  bool isFree = !buffer.tokens.empty(); // then somebody else comes before
  for (unsigned p = 1; p < numPipes; ++p)
    for (const Item &item : pipes[p].queue)
      if (item.key == key &&
          (item.kind == Item::Kind::Set ||
           (isFree && item.kind == Item::Kind::Wait && item.turn == buffer.taken))) {
        next.pipe = Pipe(p);
        return queuedBehind(text(item.by), name(next.pipe).str(), text(pipes[p].queue.front().by));
      }
  if (scalar.state == State::Returned)
    return formatv("{0} holds it and never releases it", text(buffer.lastTaken));
  next.pipe = Pipe::S;
  return formatv("{0} holds it, and S cannot get to its release", text(buffer.lastTaken));
}

/// The last TNOTIFY of the first cell of a signal that had one.
std::optional<Occurrence> Core::lastSignal(const SignalWait &wait) const {
  std::optional<Occurrence> last;
  forEachCell(wait.signal, [&](uint64_t address) {
    auto cell = machine.signals.find(address);
    if (last || cell == machine.signals.end() || cell->second.history.back().core == none)
      return;
    last.emplace();
    last->core = cell->second.history.back().core;
    last->place = cell->second.history.back().place;
  });
  return last;
}

/// A core that is stuck before a TNOTIFY may be the one that would have sent the signal.
Core::Block Core::explainOnSignal(Agent &next) const {
  std::string why = explainSignal(scalar.signal);
  if (!scalar.signal.isInstruction)
    return {Block::Signal, scalar.at,
            why + ": not all cores that take part have come (the library gives up after a million "
                  "looks and goes on without them)",
            lastSignal(scalar.signal)};
  for (const Core *core : machine.cores) {
    if (!core || core == this || core->state() == State::Returned)
      continue;
    const auto &code = core->function.code;
    for (uint32_t i : codeAhead(core->function, core->scalar.pc))
      if (code[i].opcode == Opcode::Notify) {
        next = {core->number, Pipe::S};
        const Place &place = machine.program.places[code[i].place];
        return {Block::SignalCycle, scalar.at,
                formatv("{0}; {1} has a {2}{3} ahead of it, and its S cannot get there", why,
                        machine.coreName(core->number), place.op,
                        place.location.empty() ? "" : " at " + place.location),
                std::nullopt};
      }
  }
  return {Block::Signal, scalar.at, why + " and nobody can still change it",
          lastSignal(scalar.signal)};
}

std::optional<Core::Block> Core::explainAgent(Pipe agent, Agent &next) const {
  next = {number, Pipe::ALL};
  auto onFlag = [&](const Occurrence &at, const FlagKey &key) {
    std::optional<Occurrence> other;
    std::string why = key.isBuffer() ? explainBuffer(key, next) : explainFlag(key, next, other);
    if (key.isBuffer())
      other = flags.at(key).lastTaken;
    return Block{next.pipe == Pipe::ALL ? Block::NoSource : Block::Cycle, at,
                 formatv("waits for {0}; {1}", key.describe(), why), other};
  };
  if (agent != Pipe::S) {
    const PipeState &pipe = pipes[unsigned(agent)];
    if (pipe.queue.empty())
      return std::nullopt;
    if (pipe.queue.front().kind == Item::Kind::CrossWait)
      return explainOnCross(pipe.queue.front().by, pipe.queue.front().cross, next);
    if (pipe.queue.front().kind != Item::Kind::Wait)
      return std::nullopt;
    return onFlag(pipe.queue.front().by, pipe.queue.front().key);
  }
  switch (scalar.state) {
  case State::OnFlag:
    return onFlag(scalar.at, scalar.key);
  case State::OnCrossFlag:
    return explainOnCross(scalar.at, scalar.cross, next);
  case State::OnBarrier:
    for (unsigned p = 1; p < numPipes; ++p)
      if (!pipes[p].queue.empty()) {
        next.pipe = Pipe(p);
        return Block{Block::Cycle, scalar.at,
                     formatv("waits for {0}, whose queue holds {1} {2}", name(next.pipe),
                             pipes[p].queue.size(), pipes[p].queue.size() == 1 ? "item" : "items"),
                     std::nullopt};
      }
    return std::nullopt;
  case State::OnSignal:
    return explainOnSignal(next);
  case State::Running:
    if (!isQueueFull())
      return std::nullopt;
    for (unsigned p = 1; p < numPipes; ++p)
      if (pipes[p].queue.size() > machine.options.queueDepth) {
        next.pipe = Pipe(p);
        return Block{Block::Cycle, pipes[p].queue.back().by,
                     formatv("is held by S, for the queue of {0} is full ({1} items)",
                             name(next.pipe), machine.options.queueDepth),
                     std::nullopt};
      }
    return std::nullopt;
  case State::OnCopy:
  case State::Returned:
    return std::nullopt;
  }
  return std::nullopt;
}

std::string Core::describe(const Block &block) const {
  return formatv("{0} of {1} stands at {2}: it {3}", name(block.at.pipe), machine.coreName(number),
                 text(block.at), block.why);
}

/// A set of `flag` that is queued here and would reach `waiter`.
const Item *Core::queuedCrossSet(uint32_t waiter, CrossFlag flag) const {
  for (const PipeState &pipe : pipes)
    for (const Item &item : pipe.queue)
      if (item.kind == Item::Kind::CrossSet &&
          machine.crossFlags.reaches(number, item.cross, waiter, flag))
        return &item;
  return nullptr;
}

/// May this operation on a FIFO set the flag?
bool Core::fifoSets(const Instruction &instruction, uint32_t waiter, CrossFlag flag) const {
  uint32_t number = handles[instruction.in[0]].fifo;
  if (number == none)
    return true; // its FIFO has not been made yet
  const FifoState &fifo = fifos[number];
  bool isPush = instruction.opcode == Opcode::FifoPush;
  if (instruction.opcode == Opcode::FifoFree && !fifo.shape->isLocal && !instruction.immediate)
    return false;
  if (instruction.opcode == Opcode::FifoPop && (fifo.shape->isLocal || instruction.in[1] == none))
    return false;
  return llvm::any_of(
      fifoFlags(fifo, isPush, /*isFree=*/!isPush, FifoSplit(instruction.kind) != FifoSplit::None),
      [&](CrossFlag set) { return machine.crossFlags.reaches(this->number, set, waiter, flag); });
}

/// May S of this core still come to a set of `flag` that reaches `waiter`?
bool Core::setsLater(uint32_t waiter, CrossFlag flag) const {
  auto reaches = [&](CrossFlag sent) {
    return machine.crossFlags.reaches(number, sent, waiter, flag);
  };
  if (llvm::any_of(scalar.micro, [&](const MicroStep &step) {
        return step.kind == MicroStep::Kind::CrossSet && reaches(step.cross);
      }))
    return true;
  for (uint32_t i : codeAhead(function, scalar.pc)) {
    const Instruction &instruction = function.code[i];
    switch (instruction.opcode) {
    case Opcode::CrossSet:
      if (instruction.in[0] != none ||
          reaches({CrossMode(instruction.kind), instruction.immediate}))
        return true;
      break;
    case Opcode::FifoPush:
    case Opcode::FifoPop:
    case Opcode::FifoFree:
      if (fifoSets(instruction, waiter, flag))
        return true;
      break;
    case Opcode::SyncAll:
      return true;
    case Opcode::MakeFifo: // its constructor may give credits
      if (machine.program.arch == Arch::A5)
        return true;
      break;
    default:
      break;
    }
  }
  return false;
}

/// What the senders of the flag do instead of setting it.
std::optional<Core::Block> Core::explainOnCross(const Occurrence &at, CrossFlag flag,
                                                Agent &next) const {
  std::string why = formatv("waits for flag {0} of other cores", flag.id);
  // Those that hold back a set which others have made come first.
  CrossFlags::Cores peers = machine.crossFlags.missing(number, flag);
  if (!peers.empty())
    why +=
        formatv("; {0} has not set it, others of its group have", machine.coreName(peers.front()));
  else
    peers = machine.crossFlags.possibleSenders(number);
  for (uint32_t peer : peers) {
    const Core *core = machine.cores[peer];
    if (!core)
      continue; // it has ended: before a deadlock all have been started
    if (const Item *set = core->queuedCrossSet(number, flag)) {
      next = {peer, set->by.pipe};
      why += "; " + queuedBehind("its set, " + text(set->by) + ",",
                                 name(next.pipe).str() + " of " + machine.coreName(peer),
                                 text(core->pipes[unsigned(next.pipe)].queue.front().by));
      return Block{Block::Cycle, at, why, std::nullopt};
    }
    if (core->state() != State::Returned && core->setsLater(number, flag)) {
      next = {peer, Pipe::S};
      why += formatv("; its set comes later in the program of {0}, and S cannot get there",
                     machine.coreName(peer));
      return Block{Block::Cycle, at, why, std::nullopt};
    }
  }
  why += peers.empty() ? "; this launch has no core that could set it"
                       : "; no core is left that would set it";
  return Block{Block::NoSource, at, why, std::nullopt};
}
