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
CrossToken Core::crossToken(const PipeState &pipe, const Occurrence &by, uint64_t time) const {
  auto clock = llvm::makeIntrusiveRefCnt<RemoteClock>();
  if (pipe.clock.remote)
    clock->cores = pipe.clock.remote->cores;
  Prefixes own = pipe.clock.local;
  own[unsigned(by.pipe)] = by.position;
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
  machine.crossFlags.send(number, flag, crossToken(self, at, self.time));
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
  CrossToken token = crossToken(pipe, item.by, pipe.time);
  if (pipe.inFlight == 0)
    return machine.crossFlags.send(number, item.cross, std::move(token));
  Token armed{Clock(), token.time, token.by};
  armed.clock.remote = token.clock;
  pipe.armed.push_back({item.by.position, {}, std::move(armed), item.cross});
}

void Core::takeCross(CrossFlag flag, PipeState &pipe, const Occurrence &by, uint64_t at) {
  CrossToken token = machine.crossFlags.take(number, flag);
  pipe.clock.remote = join(pipe.clock.remote, token.clock);
  if (const Prefixes *own = token.clock->find(number)) // what comes back from the others
    raise(pipe.clock.local, *own);
  uint64_t arrival = std::max(at, token.time), sync = machine.options.cost.sync;
  if (machine.trace) {
    draw(SliceKind::Stall, "stall: " + label(flag), by, at, arrival);
    draw(SliceKind::Sync, "wait " + label(flag), by, arrival, arrival + sync);
    drawArrow(label(flag), token.by.core, token.by.pipe, by.pipe, token.time - sync, arrival);
  }
  pipe.account.stalled += arrival - at;
  ++pipe.account.items;
  pipe.time = arrival + sync;
}

//===----------------------------------------------------------------------===//
// SYNCALL
//===----------------------------------------------------------------------===//

/// The legs of the library's barrier (cross-core 3).
void Core::executeSyncAll(const Instruction &instruction) {
  constexpr int64_t cubes = 11, toCube = 12, toVectors = 13, vectors = 14;
  bool isCube = identity.kind == CoreKind::Cube, onA5 = machine.program.arch == Arch::A5;
  auto add = [&](MicroStep::Kind kind, Pipe pipe, CrossMode mode, int64_t id) {
    MicroStep &step = scalar.micro.emplace_back();
    step.kind = kind;
    step.pipe = pipe;
    step.cross = {mode, id};
  };
  auto meet = [&](Pipe pipe, int64_t id) {
    add(MicroStep::Kind::CrossSet, pipe, CrossMode::SameKind, id);
    add(MicroStep::Kind::CrossWait, Pipe::S, CrossMode::SameKind, id);
  };
  CrossMode across = onA5 ? CrossMode::Direct : CrossMode::CubeVector;
  add(MicroStep::Kind::BarrierAll, Pipe::S, across, 0);
  switch (SyncAllCores(instruction.kind)) {
  case SyncAllCores::Vector:
    if (!isCube)
      meet(Pipe::MTE3, vectors);
    return;
  case SyncAllCores::Cube:
    if (isCube)
      meet(Pipe::FIX, cubes);
    return;
  case SyncAllCores::Mix:
    break;
  }
  if (!isCube) {
    add(MicroStep::Kind::CrossSet, Pipe::MTE3, across, toCube);
    add(MicroStep::Kind::CrossWait, Pipe::S, across, toVectors);
    return;
  }
  add(MicroStep::Kind::CrossWait, Pipe::S, across, toCube);
  if (onA5)
    add(MicroStep::Kind::CrossWait, Pipe::S, across, toCube + secondVectorCore);
  meet(Pipe::FIX, cubes);
  add(MicroStep::Kind::CrossSet, onA5 ? Pipe::S : Pipe::MTE3, across, toVectors);
  if (onA5)
    add(MicroStep::Kind::CrossSet, Pipe::S, across, toVectors + secondVectorCore);
}
