//===- Cross.cpp - Setting and waiting for flags between cores -------------===//
//
// A set belongs to a pipe like set_flag: it goes out when everything before it there is complete.
// On a2/a3 a wait holds the scalar unit, and with it all that comes later.
//
//===----------------------------------------------------------------------===//

#include "Core.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

bool Core::checkCross(Pipe pipe, CrossFlag flag, const Occurrence &by) {
  const Arch arch = machine.program.arch;
  bool twoPeers = flag.isDirect() && identity.kind == CoreKind::Cube;
  int64_t ids = machine.options.crossIds * (twoPeers ? 2 : 1);
  std::string problem;
  if (flag.id < 0 || flag.id >= ids)
    problem = formatv("flag {0} between cores does not exist: ids are 0 to {1}", flag.id, ids - 1);
  else if (!coreHasPipe(identity.kind, pipe, arch))
    problem =
        formatv("a {0} core of {1} has no pipe {2}", name(identity.kind), name(arch), name(pipe));
  else if (flag.isDirect() && arch == Arch::A3)
    problem = "a3 has no flags from one core to one other; its flags go to all cores of a group";
  else if (machine.crossFlags.receivers(number, flag).empty())
    problem = formatv("flag {0} is for other cores of the block, but this launch gives the block "
                      "none that receives it",
                      flag.id);
  if (problem.empty())
    return true;
  if (Finding *finding = machine.report(FindingKind::IllegalSync, by))
    finding->what = problem;
  return false;
}

/// What a token of `pipe` says: all that the pipe knows, and itself up to `by`.
CrossToken Core::crossToken(const PipeState &pipe, const Occurrence &by, uint64_t time,
                            const Clock *fenced) const {
  auto clock = llvm::makeIntrusiveRefCnt<RemoteClock>();
  if (pipe.clock.remote)
    clock->cores = pipe.clock.remote->cores;
  Prefixes own = pipe.clock.local;
  own[unsigned(by.pipe)] = by.position;
  if (!machine.options.crossFlagPublishes) // HQ9
    for (Pipe writer : {Pipe::MTE3, Pipe::FIX}) {
      uint64_t &known = own[unsigned(writer)];
      known = std::min(known, fenced ? fenced->local[unsigned(writer)] : 0);
    }
  clock->raise(number, own);
  return {clock, time, by};
}

static std::string label(CrossFlag flag) { return formatv("flag {0}", flag.id); }

void Core::dispatchCrossSet(Pipe which, CrossFlag flag, Phase phase) {
  Occurrence at = here(phase);
  at.pipe = which;
  if (!checkCross(which, flag, at))
    return;
  if (which != Pipe::S) {
    enqueue(which, Item::Kind::CrossSet, phase).cross = flag;
    return;
  }
  PipeState &self = pipes[scalarPipe];
  beginScalarAccess(at);
  uint64_t begin = std::exchange(self.time, self.time + machine.options.cost.sync);
  if (machine.trace)
    draw(SliceKind::Sync, "set " + label(flag), at, begin, self.time);
  machine.crossFlags.send(number, flag, crossToken(self, at, self.time, scalar.fencedKnown.get()));
}

void Core::dispatchCrossWait(Pipe which, CrossFlag flag, Phase phase, const FifoState *fifo,
                             uint64_t entry) {
  if (machine.program.arch == Arch::A3)
    which = Pipe::S;
  Occurrence at = here(phase);
  at.pipe = which;
  if (!checkCross(which, flag, at))
    return;
  if (which != Pipe::S) {
    Item &item = enqueue(which, Item::Kind::CrossWait, phase);
    item.cross = flag;
    item.fifo = fifo;
    item.entry = entry;
    machine.crossFlags.noteWait(item.by, flag);
    return;
  }
  ++machine.items;
  at.sequence = ++sequence;
  at.position = ++pipes[scalarPipe].dispatched;
  machine.crossFlags.noteWait(at, flag);
  scalar.state = State::OnCrossFlag;
  scalar.cross = flag;
  scalar.at = at;
}

void Core::startCrossSet(PipeState &pipe, const Item &item) {
  uint64_t begin = std::exchange(pipe.time, pipe.time + machine.options.cost.sync);
  ++pipe.account.items;
  if (machine.trace)
    draw(SliceKind::Sync, "set " + label(item.cross), item.by, begin, pipe.time);
  CrossToken token = crossToken(pipe, item.by, pipe.time, item.fenced.get());
  if (pipe.inFlight == 0)
    return machine.crossFlags.send(number, item.cross, std::move(token));
  Token armed{Clock(), token.time, token.by};
  armed.clock.remote = token.clock;
  pipe.armed.push_back({item.by.position, {}, std::move(armed), item.cross});
}

void Core::takeCross(CrossFlag flag, PipeState &pipe, const Occurrence &by, uint64_t at) {
  CrossToken token = machine.crossFlags.take(number, flag);
  pipe.clock.remote = join(pipe.clock.remote, token.clock);
  if (const Prefixes *own =
          token.clock ? token.clock->find(number) : nullptr) // what comes back from the others
    raise(pipe.clock.local, *own);
  uint64_t arrival = std::max(at, token.time), sync = machine.options.cost.sync;
  if (machine.trace) {
    draw(SliceKind::Stall, "stall: " + label(flag), by, at, arrival);
    draw(SliceKind::Sync, "wait " + label(flag), by, arrival, arrival + sync);
    if (token.by.position)
      drawArrow(label(flag), token.by.core, token.by.pipe, by.pipe, token.time - sync, arrival);
  }
  pipe.account.stalled += arrival - at;
  ++pipe.account.items;
  pipe.time = arrival + sync;
}
