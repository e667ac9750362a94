//===- Queues.cpp - Starting and completing what the pipes hold ------------===//

#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

bool Core::canStart(Pipe which) const {
  const PipeState &pipe = pipes[unsigned(which)];
  if (pipe.queue.empty())
    return false;
  const Item &head = pipe.queue.front();
  switch (head.kind) {
  case Item::Kind::Work: // H7: ordered pipes, and accumulation in the order of the queue
    return pipe.inFlight == 0 ||
           !(machine.keepsOrder(which) ||
             (which == Pipe::M && head.call->accumulates && machine.options.accumulationIsOrdered));
  case Item::Kind::Set: // H3: not a barrier for what follows
  case Item::Kind::CrossSet:
    return true;
  case Item::Kind::CrossWait:
    return machine.crossFlags.isUp(number, head.cross);
  case Item::Kind::Wait: {
    auto flag = flags.find(head.key);
    return flag != flags.end() && !flag->second.tokens.empty() &&
           (!head.key.isBuffer() || head.turn == flag->second.taken);
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
    if (isFree({item.by.place, which, which}, pipe, pipe.time))
      return;
    draw(SliceKind::Sync, "pipe_barrier", item.by, pipe.time,
         pipe.time + machine.options.cost.sync);
    pipe.time += machine.options.cost.sync;
    ++pipe.account.items;
    return;
  }
}

/// HQ3: does a flag alone show a load what this core has stored to GM, or only a dsb?
static Clock withoutUnfenced(const Clock &clock, const Clock *fenced) {
  Clock seen = clock;
  for (Pipe writer : {Pipe::MTE3, Pipe::FIX}) {
    uint64_t &known = seen.local[unsigned(writer)];
    known = std::min(known, fenced ? fenced->local[unsigned(writer)] : 0);
  }
  return seen;
}

void Core::startWork(PipeState &pipe, Item &item) {
  FlyingItem &flying = pipe.flying.emplace_back();
  flying.by = item.by;
  ItemContext context(*this, item, flying);
  item.kernel(context);
  if (machine.options.flagOrdersRoundTrip || item.by.pipe != Pipe::MTE2)
    context.judge(pipe.clock, pipe.clock, item.call->accumulates);
  else
    context.judge(pipe.clock, withoutUnfenced(pipe.clock, item.fenced.get()),
                  item.call->accumulates);
  checkSharedLines(context.writtenSpans(), item.by, pipe.clock);
  waitForBytes(pipe, item, context);
  if (!item.intoFifo)
    context.noteGmWrite(pipe);
  uint64_t cycles = machine.options.cost.cycles(item.call->op, item.by.pipe, item.operands,
                                                context.readBytes, context.writtenBytes);
  drawOp(SliceKind::Work, item.by, pipe.time, pipe.time + cycles, item.operands);
  pipe.time += cycles;
  if (machine.options.freeSync || machine.options.account)
    context.touchUntil(pipe.time);
  pipe.workEnd = pipe.time;
  pipe.blamed.reset();
  pipe.account.busy += cycles;
  ++pipe.account.items;
  // H7: loads into the same bytes are ordered by the hardware, so their values must land in
  // order.
  if (item.by.pipe == Pipe::MTE2 && machine.options.reloadIsOrdered && context.loadFootprint()) {
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
  ++flag.taken;
  flag.lastTaken = by;
  pipe.clock.join(token.clock); // H4
  if (isFree({by.place, key.from, key.to}, pipe, std::max(at, token.time)))
    return;
  uint64_t arrival = std::max(at, token.time);
  uint64_t sync = machine.options.cost.sync; // HQ6
  drawFlag(SliceKind::Stall, "stall:", key, by, at, arrival);
  drawFlag(SliceKind::Sync, "wait", key, by, arrival, arrival + sync);
  if (machine.trace && token.by.position)
    drawArrow(key.label(), number, token.by.pipe, by.pipe, token.time - sync, arrival);
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
  if (which == dmaEngine)
    return scalar.state == State::OnCopy;
  if (scalar.state == State::OnBarrier)
    return true;
  // Its own head: a barrier, or work that the pipe keeps in order.
  if (!pipe.queue.empty() && pipe.queue.front().kind != Item::Kind::Wait &&
      pipe.queue.front().kind != Item::Kind::CrossWait)
    return true;
  auto isArmed = [&](const FlagKey &key) {
    auto flag = flags.find(key);
    return (key.from == which || key.isBuffer()) && flag != flags.end() && flag->second.armed > 0;
  };
  if (scalar.state == State::OnFlag && isArmed(scalar.key))
    return true;
  return llvm::any_of(pipes, [&](const PipeState &to) {
    return !to.queue.empty() && to.queue.front().kind == Item::Kind::Wait &&
           isArmed(to.queue.front().key);
  });
}

bool Core::allDrained() const { // the DMA engine is no pipe
  return llvm::all_of(llvm::ArrayRef(pipes).drop_back(), [](const PipeState &pipe) {
    return pipe.queue.empty() && pipe.inFlight == 0 && pipe.armed.empty();
  });
}

/// H5: everything before is complete, for everything dispatched later.
void Core::finishBarrierAll() {
  PipeState &self = pipes[scalarPipe];
  uint64_t before = self.time, arrival = before;
  for (unsigned p = 0; p < numPipes; ++p) {
    self.clock.local[p] = pipes[p].dispatched;
    self.clock.remote = join(self.clock.remote, pipes[p].clock.remote); // what its waits brought
    arrival = std::max(arrival, pipes[p].time);
  }
  if (isFree({scalar.at.place, Pipe::ALL, Pipe::S}, self, arrival))
    return scalarKnows();
  self.time = arrival;
  self.account.stalled += self.time - before;
  uint64_t after = self.time + machine.options.cost.sync;
  draw(SliceKind::Stall, "stall: pipe_barrier(ALL)", scalar.at, before, self.time);
  draw(SliceKind::Sync, "pipe_barrier(ALL)", scalar.at, self.time, after);
  self.time = after;
  scalarKnows();
}
