//===- Core.cpp - Dispatch, queues, flags and barriers of one core ---------===//

#include "Core.h"
#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

std::string FlagKey::describe() const {
  if (isUnitFlag())
    return formatv("the unit flag {0} > {1} of the accumulator at byte {2}", name(from), name(to),
                   id - firstUnit);
  return formatv("event {0} of {1} > {2}", id, name(from), name(to));
}

std::string FlagKey::label() const {
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
}

Occurrence Core::here(Phase phase) const {
  const Instruction &instruction = function.code[scalar.pc];
  Occurrence by;
  by.core = number;
  by.place = instruction.place;
  by.phase = phase;
  by.sequence = sequence;
  if (instruction.iteration != none) {
    by.hasIteration = true;
    by.iteration = int64_t(words[instruction.iteration]);
  }
  return by;
}

void Core::scalarKnows() {
  auto snapshot = llvm::makeIntrusiveRefCnt<Clock>(pipes[scalarPipe].clock);
  snapshot->local[scalarPipe] = 0; // items carry the position of S themselves, it changes too often
  scalar.known = snapshot;
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

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
  item.scalarPosition = pipes[scalarPipe].dispatched;
  return item;
}

void Core::dispatchWork(const Call &call, KernelFunction kernel, Pipe pipe,
                        std::vector<Operand> operands, Phase phase, uint32_t target) {
  if (pipe != Pipe::S) {
    takeUnit(call, operands);
    Item &item = enqueue(pipe, Item::Kind::Work, phase);
    item.call = &call;
    item.kernel = kernel;
    item.operands = operands;
    item.target = target;
    item.isReplay = isReplay(function.code[scalar.pc]);
    item.intoFifo = function.code[scalar.pc].opcode == Opcode::FifoPush;
    giveUnit(call, operands);
    return;
  }
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
  if (problem.empty())
    return true;
  if (Finding *finding = machine.report(FindingKind::IllegalSync, by))
    finding->what = problem;
  return false;
}

void Core::dispatchSet(const FlagKey &key, Phase phase) {
  if (machine.options.freeSync)
    return;
  Occurrence at = here(phase);
  at.pipe = key.from;
  if (!checkKey(key, at)) // C4
    return;
  FlagState &flag = flags[key];
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
  if (machine.options.freeSync)
    return;
  Occurrence at = here(phase);
  at.pipe = key.to;
  if (!checkKey(key, at)) // C4
    return;
  FlagState &flag = flags[key];
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

//===----------------------------------------------------------------------===//
// Queues
//===----------------------------------------------------------------------===//

bool Core::canStart(Pipe which) const {
  const PipeState &pipe = pipes[unsigned(which)];
  if (pipe.queue.empty())
    return false;
  const Item &head = pipe.queue.front();
  switch (head.kind) {
  case Item::Kind::Work: // H7: ordered pipes, and accumulation in the order of the queue
    return pipe.inFlight == 0 ||
           !(machine.keepsOrder(which) || (which == Pipe::M && head.call->accumulates));
  case Item::Kind::Set: // H3: not a barrier for what follows
  case Item::Kind::CrossSet:
    return true;
  case Item::Kind::CrossWait:
    return machine.crossFlags.isUp(number, head.cross);
  case Item::Kind::Wait: {
    auto flag = flags.find(head.key);
    return flag != flags.end() && !flag->second.tokens.empty();
  }
  case Item::Kind::Barrier: // H5
    return pipe.inFlight == 0;
  }
  return false;
}

void Core::start(Pipe which) {
  PipeState &pipe = pipes[unsigned(which)];
  Item item = std::move(pipe.queue.front());
  pipe.queue.pop_front();
  if (item.known != pipe.joined) { // H6
    pipe.clock.join(*item.known);
    pipe.joined = item.known;
  }
  uint64_t &scalarSeen = pipe.clock.local[scalarPipe];
  scalarSeen = std::max(scalarSeen, item.scalarPosition);
  pipe.time = std::max(pipe.time, item.dispatchTime);
  switch (item.kind) {
  case Item::Kind::Work:
    if (machine.keepsOrder(which))
      pipe.clock.local[unsigned(which)] = item.by.position - 1;
    startWork(pipe, item);
    return;
  case Item::Kind::Set:
    --backlog;
    startSet(pipe, item);
    return;
  case Item::Kind::CrossSet:
    --backlog;
    startCrossSet(pipe, item);
    return;
  case Item::Kind::Wait:
    --backlog;
    takeToken(item.key, pipe, item.by, pipe.time);
    return;
  case Item::Kind::CrossWait:
    --backlog;
    if (item.fifo)
      judgeCredit(item, pipe);
    takeCross(item.cross, pipe, item.by, pipe.time);
    return;
  case Item::Kind::Barrier:
    --backlog;
    pipe.clock.local[unsigned(which)] = item.by.position;
    draw(SliceKind::Sync, "pipe_barrier", item.by, pipe.time,
         pipe.time + machine.options.cost.sync);
    pipe.time += machine.options.cost.sync;
    ++pipe.account.items;
    return;
  }
}

void Core::startWork(PipeState &pipe, Item &item) {
  FlyingItem &flying = pipe.flying.emplace_back();
  flying.by = item.by;
  ItemContext context(*this, item, flying);
  item.kernel(context);
  context.judge(pipe.clock, item.call->accumulates);
  if (machine.options.freeSync)
    pipe.time = std::max(pipe.time, context.readyAt());
  if (context.writesGm() && !item.intoFifo) {
    pipe.lastGmWrite = item.by.position;
    pipe.lastGmWriter = item.by;
  }
  uint64_t cycles = machine.options.cost.cycles(item.call->op, item.by.pipe, item.operands,
                                                context.readBytes, context.writtenBytes);
  drawOp(SliceKind::Work, item.by, pipe.time, pipe.time + cycles, item.operands);
  pipe.time += cycles;
  if (machine.options.freeSync)
    context.touchUntil(pipe.time);
  pipe.account.busy += cycles;
  ++pipe.account.items;
  // H7: loads into the same bytes are ordered by the hardware, so their values must land in
  // order.
  if (item.by.pipe == Pipe::MTE2 && context.loadFootprint()) {
    auto [last, isNew] = pipe.loads.try_emplace(context.loadFootprint(), item.by.position);
    uint64_t previous = std::exchange(last->second, item.by.position);
    ++pipe.inFlight;
    if (!isNew && previous >= pipe.flying.front().by.position)
      completePosition(pipe, previous);
    return;
  }
  ++pipe.inFlight;
}

/// C3: with a one-bit flag the wait for the last token must be over before the next set.
void Core::checkConsumed(const FlagKey &key, const Occurrence &previous, const Occurrence &by,
                         const Clock &clock) {
  if (machine.options.flags != FlagModel::SingleBit || previous.position == 0 ||
      previous.position <= clock.local[unsigned(key.to)])
    return;
  Finding *finding = machine.report(FindingKind::FlagCollision, by, &previous);
  if (!finding)
    return;
  finding->what = formatv("{0} may be set before {1} has consumed the token before it; a one-bit "
                          "flag loses one",
                          key.describe(), finding->other->op);
  finding->notes.push_back(formatv("order the set behind the wait (a flag {0} > {1}), or rotate "
                                   "event ids",
                                   name(key.to), name(key.from)));
}

void Core::startSet(PipeState &pipe, Item &item) {
  checkConsumed(item.key, item.previousWait, item.by, pipe.clock);
  Token token{pipe.clock, 0, item.by};
  token.clock.local[unsigned(item.by.pipe)] = item.by.position;
  token.time = pipe.time + machine.options.cost.sync;
  drawFlag(SliceKind::Sync, "set", item.key, item.by, pipe.time, token.time);
  pipe.time = token.time;
  ++pipe.account.items;
  if (pipe.inFlight == 0)
    raiseFlag(item.key, std::move(token));
  else {
    pipe.armed.push_back({item.by.position, item.key, std::move(token), {}});
    ++flags[item.key].armed;
  }
}

void Core::raiseFlag(const FlagKey &key, Token token) {
  auto &tokens = flags[key].tokens;
  if (machine.options.flags == FlagModel::SingleBit && !tokens.empty())
    return; // the bit is up already: this token is lost
  tokens.push_back(std::move(token));
}

void Core::takeToken(const FlagKey &key, PipeState &pipe, const Occurrence &by, uint64_t at) {
  FlagState &flag = flags[key];
  Token token = std::move(flag.tokens.front());
  flag.tokens.pop_front();
  flag.lastTaken = by;
  pipe.clock.join(token.clock); // H4
  uint64_t arrival = std::max(at, token.time);
  uint64_t sync = machine.options.cost.sync; // HQ6
  drawFlag(SliceKind::Stall, "stall:", key, by, at, arrival);
  drawFlag(SliceKind::Sync, "wait", key, by, arrival, arrival + sync);
  if (machine.trace)
    drawArrow(key.label(), number, key.from, key.to, token.time - sync, arrival);
  pipe.account.stalled += arrival - at;
  ++pipe.account.items;
  pipe.time = arrival + sync;
}

//===----------------------------------------------------------------------===//
// Completion
//===----------------------------------------------------------------------===//

void Core::completeNewest(Pipe which) {
  PipeState &pipe = pipes[unsigned(which)];
  completePosition(pipe, pipe.flying.back().by.position);
}

void Core::completeNth(Pipe which, uint64_t n) {
  PipeState &pipe = pipes[unsigned(which)];
  auto item = pipe.flying.begin() + n % pipe.flying.size();
  while (item->done) // a neighbour in place of one that is gone: any choice is legal
    if (++item == pipe.flying.end())
      item = pipe.flying.begin();
  completePosition(pipe, item->by.position);
}

void Core::completePosition(PipeState &pipe, uint64_t position) {
  auto item = llvm::lower_bound(pipe.flying, position, [](const FlyingItem &flying, uint64_t p) {
    return flying.by.position < p;
  });
  if (item == pipe.flying.end() || item->by.position != position || item->done)
    return;
  apply(*item);
  item->done = true;
  item->data = {};
  item->writes = {};
  --pipe.inFlight;
  if (pipe.flying.back().by.pipe != Pipe::S)
    --backlog;
  while (!pipe.flying.empty() && pipe.flying.front().done)
    pipe.flying.pop_front();
  while (!pipe.flying.empty() && pipe.flying.back().done)
    pipe.flying.pop_back();
  if (pipe.flying.empty())
    pipe.loads.clear();
  // H3: a set fires when everything before it is complete.
  uint64_t oldest = pipe.flying.empty() ? ~uint64_t(0) : pipe.flying.front().by.position;
  while (!pipe.armed.empty() && pipe.armed.front().position < oldest) {
    ArmedSet set = std::move(pipe.armed.front());
    pipe.armed.pop_front();
    if (set.cross) {
      CrossToken token{set.token.clock.remote, set.token.time, set.token.by};
      machine.crossFlags.send(number, *set.cross, std::move(token));
      continue;
    }
    --flags[set.key].armed;
    raiseFlag(set.key, std::move(set.token));
  }
}

bool Core::isDemanded(Pipe which) const {
  const PipeState &pipe = pipes[unsigned(which)];
  if (pipe.inFlight == 0)
    return false;
  if (scalar.state == State::OnBarrier)
    return true;
  // Its own head: a barrier, or work that the pipe keeps in order.
  if (!pipe.queue.empty() && pipe.queue.front().kind != Item::Kind::Wait &&
      pipe.queue.front().kind != Item::Kind::CrossWait)
    return true;
  auto isArmed = [&](const FlagKey &key) {
    auto flag = flags.find(key);
    return key.from == which && flag != flags.end() && flag->second.armed > 0;
  };
  if (scalar.state == State::OnFlag && isArmed(scalar.key))
    return true;
  return llvm::any_of(pipes, [&](const PipeState &to) {
    return !to.queue.empty() && to.queue.front().kind == Item::Kind::Wait &&
           isArmed(to.queue.front().key);
  });
}

bool Core::allDrained() const {
  return llvm::all_of(pipes, [](const PipeState &pipe) {
    return pipe.queue.empty() && pipe.inFlight == 0 && pipe.armed.empty();
  });
}

/// H5: everything before is complete, for everything dispatched later.
void Core::finishBarrierAll() {
  PipeState &self = pipes[scalarPipe];
  uint64_t before = self.time;
  for (unsigned p = 0; p < numPipes; ++p) {
    self.clock.local[p] = pipes[p].dispatched;
    self.clock.remote = join(self.clock.remote, pipes[p].clock.remote); // what they waited for
    self.time = std::max(self.time, pipes[p].time);
  }
  self.account.stalled += self.time - before;
  uint64_t after = self.time + machine.options.cost.sync;
  draw(SliceKind::Stall, "stall: pipe_barrier(ALL)", scalar.at, before, self.time);
  draw(SliceKind::Sync, "pipe_barrier(ALL)", scalar.at, self.time, after);
  self.time = after;
  scalarKnows();
}

//===----------------------------------------------------------------------===//
// Exit
//===----------------------------------------------------------------------===//

void Core::checkExit() {
  for (unsigned p = 0; p < numPipes; ++p) {
    const PipeState &pipe = pipes[p];
    if (Pipe(p) == Pipe::S || pipe.lastGmWrite <= scalar.exit[p])
      continue;
    if (Finding *finding = machine.report(FindingKind::IncompleteAtExit, pipe.lastGmWriter)) {
      finding->memory = "gm";
      finding->what = formatv("the function returns while {0} on {1} may still be writing GM",
                              finding->where.op, name(Pipe(p)));
      finding->notes.push_back(formatv("end with pipe_barrier(PIPE_ALL), or a flag {0} > S behind "
                                       "the last store",
                                       name(Pipe(p))));
    }
  }
  for (const auto &[key, flag] : flags) {
    if (key.isUnitFlag() && key.from == Pipe::FIX)
      continue; // drained and free: as it was before the kernel
    for (const Token &token : flag.tokens)
      if (Finding *finding = machine.report(FindingKind::TokenLeft, token.by)) {
        finding->what = formatv("{0} is still set when the function returns", key.describe());
        finding->notes.push_back("wait for it before the return: a flag that stays up releases a "
                                 "wait of the next kernel on this core");
      }
  }
}

CoreTime Core::times() const {
  CoreTime result;
  result.core = identity.kind;
  result.rank = identity.rank;
  result.block = identity.block;
  result.subblock = launch.subblock;
  for (unsigned p = 0; p < numPipes; ++p) {
    result.pipes[p] = pipes[p].account;
    result.cycles = std::max(result.cycles, pipes[p].time);
  }
  return result;
}
