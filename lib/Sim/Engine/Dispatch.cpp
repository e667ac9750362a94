//===- Dispatch.cpp - What the scalar unit hands to the queues -------------===//

#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

Item &Core::enqueue(Pipe pipe, Item::Kind kind, Phase phase) {
  PipeState &state = pipes[unsigned(pipe)];
  Item &item = state.queue.emplace_back();
  ++sequence;
  ++backlog;
  ++machine.items;
  item.kind = kind;
  item.by = here(phase);
  item.by.pipe = pipe;
  item.by.position = ++state.dispatched;
  item.dispatchTime = pipes[scalarPipe].time;
  item.known = scalar.known;
  if (machine.needsFences())
    item.fenced = scalar.fencedKnown;
  item.scalarPosition = pipes[scalarPipe].dispatched;
  return item;
}

void Core::dispatchWork(const Call &call, KernelFunction kernel, Pipe pipe,
                        std::vector<Operand> operands, Phase phase, uint32_t target, int64_t part) {
  if (pipe != Pipe::S) {
    takeUnit(call, operands);
    Item &item = enqueue(pipe, Item::Kind::Work, phase);
    item.call = &call;
    item.kernel = kernel;
    item.operands = operands;
    item.target = target;
    item.part = part;
    item.isReplay = isReplay(function.code[scalar.pc]);
    item.intoFifo = function.code[scalar.pc].opcode == Opcode::FifoPush;
    item.fromFifo = function.code[scalar.pc].opcode == Opcode::FifoPop;
    giveUnit(call, operands);
    return;
  }
  flushValues(); // such a call reads memory, not the cache
  // Scalar items are synchronous (H6).
  Item item;
  ++sequence;
  ++machine.items;
  item.by = here(phase);
  beginScalarAccess(item.by);
  item.call = &call;
  item.kernel = kernel;
  item.operands = std::move(operands);
  startWork(pipes[scalarPipe], item);
  completeNewest(Pipe::S);
}

/// a5: FIX writes into the UB of vector cores, MTE3 of a vector core into L1, which are memories of
/// others (library 2.4). False when the call writes at home.
bool Core::dispatchAcross(const Call &call, const std::vector<Operand> &operands) {
  bool isCube = identity.kind == CoreKind::Cube;
  if (machine.program.arch != Arch::A5 || operands.empty() ||
      operands.back().kind != Operand::Tile || call.pipe != (isCube ? Pipe::FIX : Pipe::MTE3) ||
      operands.back().tile.shape.space != (isCube ? Space::Vec : Space::Mat))
    return false;
  int64_t mode = isCube ? attributeOf(call.attributes, "accToVecMode", 0) : 0;
  bool isTaken = false, toBoth = mode >= 2; // each vector core gets a half
  for (uint32_t peer : machine.coresOfCluster(number, isCube ? CoreKind::Vector : CoreKind::Cube)) {
    int64_t part = machine.launchOf(peer).subblock;
    if (!toBoth && part != mode)
      continue;
    isTaken = true;
    dispatchWork(call, call.kernel, call.pipe, operands, Phase::Self, peer, part);
  }
  if (!isTaken)
    if (Finding *finding = machine.report(FindingKind::KernelFailure, here()))
      finding->what =
          formatv("{0} writes into the {1} core's {2}, but this launch has no such core in the "
                  "block",
                  finding->where.op, isCube ? "vector" : "cube", isCube ? "UB" : "L1");
  return true;
}

/// The accumulator that a call hands over by unit flag, if any: products from Partial on, stores
/// with Final.
static std::optional<uint64_t> unitOf(const Call &call, llvm::ArrayRef<Operand> operands,
                                      unsigned leastPhase) {
  const char *attribute = call.pipe == Pipe::M ? "accPhase" : "stPhase";
  if (call.pipe != Pipe::M && call.pipe != Pipe::FIX)
    return std::nullopt;
  auto phase =
      llvm::find_if(call.attributes, [&](const Attribute &a) { return a.name == attribute; });
  if (phase == call.attributes.end() || phase->value < leastPhase)
    return std::nullopt;
  for (const Operand &operand : llvm::reverse(operands)) // of a product the result is the last one
    if (operand.kind == Operand::Tile && operand.tile.shape.space == Space::Acc)
      return operand.tile.address;
  return std::nullopt;
}

static constexpr unsigned partialPhase = 2, finalPhase = 3; // as in the library

/// A product waits until what it finished before has been drained, a store until it is finished.
void Core::takeUnit(const Call &call, llvm::ArrayRef<Operand> operands) {
  bool isProduct = call.pipe == Pipe::M;
  auto unit = unitOf(call, operands, isProduct ? partialPhase : finalPhase);
  if (!unit)
    return;
  int64_t id = FlagKey::firstUnit + int64_t(*unit);
  if (!isProduct)
    dispatchWait({Pipe::M, Pipe::FIX, id}, Phase::Sync);
  else if (std::exchange(units[*unit], false))
    dispatchWait({Pipe::FIX, Pipe::M, id}, Phase::Sync);
}

void Core::giveUnit(const Call &call, llvm::ArrayRef<Operand> operands) {
  auto unit = unitOf(call, operands, finalPhase);
  if (!unit)
    return;
  bool isProduct = call.pipe == Pipe::M;
  units[*unit] |= isProduct;
  int64_t id = FlagKey::firstUnit + int64_t(*unit);
  dispatchSet(isProduct ? FlagKey{Pipe::M, Pipe::FIX, id} : FlagKey{Pipe::FIX, Pipe::M, id},
              Phase::Sync);
}

bool Core::checkKey(const FlagKey &key, const Occurrence &by) {
  std::string problem;
  if (key.isUnitFlag())
    return true;
  if (key.id < 0 || uint64_t(key.id) >= machine.options.eventIds)
    problem = formatv("{0} does not exist: ids are 0 to {1}", key.describe(),
                      machine.options.eventIds - 1);
  else if (key.from == key.to)
    problem = formatv("{0}: a pipe cannot signal itself; use pipe_barrier", key.describe());
  else
    for (Pipe pipe : {key.from, key.to})
      if (pipe == Pipe::ALL || !coreHasPipe(identity.kind, pipe, machine.program.arch))
        problem = formatv("{0}: a {1} core has no pipe {2}", key.describe(), name(identity.kind),
                          name(pipe));
  if (problem.empty() && !flagPairIsListed(key.from, key.to)) { // HQ2
    UnlistedPairs policy = machine.options.unlistedPairs;
    if (policy == UnlistedPairs::Refused)
      problem = formatv("{0}: the vendor does not list this pair of pipes, and --chip pairs=refuse "
                        "says that it does not exist then",
                        key.describe());
    else if (policy == UnlistedPairs::Warned)
      if (Finding *finding = machine.report(FindingKind::UnlistedPair, by)) {
        finding->what = formatv("{0}: the vendor does not list this pair of pipes, so it may not "
                                "exist on the chip",
                                key.describe());
        finding->notes.push_back("hand over through a third pipe whose pairs are listed");
      }
  }
  if (problem.empty())
    return true;
  if (Finding *finding = machine.report(FindingKind::IllegalSync, by))
    finding->what = problem;
  return false;
}

/// The flag of an instruction on `pipe` at `at`; null when there is nothing to do.
FlagState *Core::findFlag(const FlagKey &key, Pipe pipe, Phase phase, Occurrence &at) {
  if (machine.options.freeSync)
    return nullptr;
  at = here(phase);
  at.pipe = pipe;
  return checkKey(key, at) ? &flags[key] : nullptr; // C4
}

void Core::dispatchSet(const FlagKey &key, Phase phase) {
  Occurrence at;
  FlagState *found = findFlag(key, key.from, phase, at);
  if (!found)
    return;
  FlagState &flag = *found;
  if (flag.balance > 0) // C2, C5: judged in program order, so independent of the schedule
    if (Finding *finding = machine.report(FindingKind::FlagCollision, at, &flag.lastSet)) {
      finding->what = formatv("{0} is set again while the token of {1} has not been waited for",
                              key.describe(), finding->other->op);
      finding->notes.push_back(
          "use another event id for one of the two, or wait for the first before the second");
    }
  ++flag.balance;
  ++flag.sets;
  if (key.from == Pipe::S) {
    PipeState &pipe = pipes[scalarPipe];
    ++sequence;
    ++machine.items;
    at.sequence = sequence;
    at.position = ++pipe.dispatched;
    pipe.clock.local[scalarPipe] = at.position;
    uint64_t begin = pipe.time;
    pipe.time += machine.options.cost.sync;
    drawFlag(SliceKind::Sync, "set", key, at, begin, pipe.time);
    flag.lastSet = at;
    checkConsumed(key, flag.lastWait, at, pipe.clock);
    raiseFlag(key, {pipe.clock, pipe.time, at});
    return;
  }
  Item &item = enqueue(key.from, Item::Kind::Set, phase);
  item.key = key;
  item.previousWait = flag.lastWait;
  flag.lastSet = item.by;
}

void Core::dispatchWait(const FlagKey &key, Phase phase) {
  Occurrence at;
  FlagState *found = findFlag(key, key.to, phase, at);
  if (!found)
    return;
  FlagState &flag = *found;
  --flag.balance;
  if (key.to == Pipe::S) {
    PipeState &pipe = pipes[scalarPipe];
    ++machine.items;
    at.sequence = ++sequence;
    at.position = ++pipe.dispatched;
    flag.lastWait = at;
    scalar.state = State::OnFlag;
    scalar.key = key;
    scalar.at = at;
    return;
  }
  Item &item = enqueue(key.to, Item::Kind::Wait, phase);
  item.key = key;
  flag.lastWait = item.by;
}

void Core::dispatchBarrier(Pipe pipe, Phase phase) {
  if (machine.options.freeSync)
    return;
  Occurrence at = here(phase);
  at.pipe = pipe == Pipe::ALL ? Pipe::S : pipe;
  if (pipe == Pipe::ALL) {
    at.sequence = ++sequence;
    scalar.state = State::OnBarrier;
    scalar.at = at;
    return;
  }
  const Program &program = machine.program;
  if (!coreHasPipe(identity.kind, pipe, program.arch) || !barrierIsLegal(pipe, program.arch)) {
    if (Finding *finding = machine.report(FindingKind::IllegalSync, at)) // C4
      finding->what = formatv("pipe_barrier(PIPE_{0}) does not exist on a {1} core of {2}",
                              name(pipe), name(identity.kind), name(program.arch));
    return;
  }
  enqueue(pipe, Item::Kind::Barrier, phase);
}

bool Core::isQueueFull() const {
  uint64_t depth = machine.options.queueDepth;
  return depth && llvm::any_of(pipes, [&](const PipeState &pipe) {
           return pipe.queue.size() > depth; // one more: that is the item that S holds
         });
}

//===----------------------------------------------------------------------===//
// Buffer ids
//===----------------------------------------------------------------------===//

static constexpr int64_t numBuffers = 32;

/// The buffer of an operation at `at`; null when there is nothing to do.
FlagState *Core::findBuffer(Pipe pipe, int64_t id, Occurrence &at) {
  if (machine.options.freeSync)
    return nullptr;
  at = here();
  at.pipe = pipe;
  std::string problem;
  if (id < 0 || id >= numBuffers)
    problem = formatv("buffer {0} does not exist: ids are 0 to {1}", id, numBuffers - 1);
  else if (machine.program.arch == Arch::A3)
    problem = "a3 has no buffer ids; use flags";
  else
    return &flags[FlagKey::buffer(id)];
  if (Finding *finding = machine.report(FindingKind::IllegalSync, at))
    finding->what = problem;
  return nullptr;
}

void Core::dispatchGetBuffer(Pipe pipe, int64_t id) {
  Occurrence at;
  FlagState *found = findBuffer(pipe, id, at);
  if (!found)
    return;
  FlagState &buffer = *found;
  FlagKey key = FlagKey::buffer(id);
  if (buffer.waits == 0)
    buffer.tokens.emplace_back(); // free at the start, and nothing to know about it
  if (buffer.balance > 0)
    if (Finding *finding = machine.report(FindingKind::FlagCollision, at, &buffer.lastSet)) {
      finding->what = formatv("{0} is taken again while {1} holds it; a get waits for the release "
                              "before it in program order, so this one hangs",
                              key.describe(), finding->other->op);
      finding->notes.push_back("release it first, or use another id: the same id does not nest");
    }
  ++buffer.balance;
  uint64_t turn = buffer.waits++;
  if (pipe == Pipe::S) {
    ++machine.items;
    at.sequence = ++sequence;
    at.position = ++pipes[scalarPipe].dispatched;
    buffer.lastSet = at;
    scalar.state = State::OnFlag;
    scalar.key = key;
    scalar.turn = turn;
    scalar.at = at;
    return;
  }
  Item &item = enqueue(pipe, Item::Kind::Wait, Phase::Self);
  item.key = key;
  item.turn = turn;
  buffer.lastSet = item.by;
}

void Core::dispatchReleaseBuffer(Pipe pipe, int64_t id) {
  Occurrence at;
  FlagState *found = findBuffer(pipe, id, at);
  if (!found)
    return;
  FlagState &buffer = *found;
  FlagKey key = FlagKey::buffer(id);
  bool isHeld = buffer.balance > 0;
  if (!isHeld || buffer.lastSet.pipe != pipe) {
    Finding *finding =
        machine.report(FindingKind::IllegalSync, at, isHeld ? &buffer.lastSet : nullptr);
    if (finding && isHeld)
      finding->what =
          formatv("{0} releases {1} on {2}, but {3} took it on {4}", finding->where.op,
                  key.describe(), name(pipe), finding->other->op, name(buffer.lastSet.pipe));
    else if (finding)
      finding->what =
          formatv("{0} releases {1}, which nobody holds", finding->where.op, key.describe());
    if (!isHeld)
      return;
  }
  --buffer.balance;
  ++buffer.sets;
  if (pipe == Pipe::S) {
    PipeState &self = pipes[scalarPipe];
    ++machine.items;
    beginScalarAccess(at);
    self.time += machine.options.cost.sync;
    raiseFlag(key, {self.clock, self.time, at});
    return;
  }
  enqueue(pipe, Item::Kind::Set, Phase::Self).key = key;
}
