//===- RandomCluster.cpp - Random programs that are right by construction --===//
//
// How channels become statements: the idioms of their links, what stands around the work, and the
// loops and branches of each core.
//
//===----------------------------------------------------------------------===//

#include "RandomClusterGenerator.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

//===----------------------------------------------------------------------===//
// Idioms
//===----------------------------------------------------------------------===//

/// Or -1 when they are used up. The id 7 between MTE2 and MTE3 belongs to the DMA sessions.
int64_t Generator::takeIds(unsigned core, Pipe from, Pipe to, int64_t count) {
  int64_t &next = nextId[{leader(core), from, to}];
  bool isSessions =
      (from == Pipe::MTE2 && to == Pipe::MTE3) || (from == Pipe::MTE3 && to == Pipe::MTE2);
  if (next + count > int64_t(numEventIds) - isSessions)
    return -1;
  return std::exchange(next, next + count);
}

Idiom Generator::chooseIdiom(const Channel &channel, const Channel::Link &link) {
  const Channel::Stage &from = channel.stages[link.from], &to = channel.stages[link.to];
  if (from.role == Channel::Copy)
    return Idiom::Event;
  if (channel.kind == Channel::Team)
    return Idiom::Group;
  if (from.cores != to.cores)
    return channel.kind == Channel::BetweenRanks ? Idiom::Signal : Idiom::Cross;
  if (from.pipe == Pipe::S || channel.usesBuffers)
    return Idiom::None; // H6, or get and release
  if (channel.usesUnit && (from.role == Channel::Product || to.role == Channel::Product))
    return Idiom::None;
  bool isLocalRing = channel.kind == Channel::Fifo && program.rings[channel.ring].shape.isLocal;
  bool holdsPipe = (from.role == Channel::Pop && isLocalRing) || to.role == Channel::Free;
  if (from.pipe == to.pipe)
    return keepsOrder(to.pipe, program.arch) || holdsPipe ? Idiom::None // H3, H4, H7
           : oneIn(20)                                    ? Idiom::AllBarrier
                                                          : Idiom::PipeBarrier;
  if (oneIn(20))
    return Idiom::AllBarrier;
  if (to.pipe != Pipe::S && oneIn(4) && flagPairIsListed(from.pipe, Pipe::S))
    return Idiom::ViaScalar;
  return flagPairIsListed(from.pipe, to.pipe) ? Idiom::Flag : Idiom::AllBarrier;
}

/// Adds a statement to a list of each core.
static void onAll(std::vector<std::vector<Statement>> &lists, const std::vector<unsigned> &cores,
                  const Statement &statement) {
  for (unsigned core : cores)
    lists[core].push_back(statement);
}

void Generator::connectByFlag(const Channel &channel, const Channel::Link &link, Statement set,
                              Statement wait) {
  const Channel::Stage &source = channel.stages[link.from], &target = channel.stages[link.to];
  onAll(exit[link.from], source.cores, set);
  onAll(entry[link.to], target.cores, wait);
  if (!link.wraps)
    return;
  for (int64_t slot = 0; slot < target.slots; ++slot) // prime and drain
    for (Statement *end : {&set, &wait}) {
      Statement fixed = *end;
      fixed.id += slot;
      fixed.rotates = false;
      onAll(end == &set ? prologue : epilogue, source.cores, fixed);
    }
}

/// By a flag between cores, which the cube core of a5 sets and awaits per vector core.
void Generator::connectCores(Channel &channel, const Channel::Link &link, Statement set,
                             Statement wait) {
  const Channel::Stage &source = channel.stages[link.from], &target = channel.stages[link.to];
  bool onA5 = program.arch == Arch::A5;
  set.kind = Statement::CrossSet;
  set.pipe = source.pipe;
  wait.kind = Statement::CrossWait;
  wait.pipe = onA5 ? target.pipe : Pipe::S;
  set.mode = wait.mode = onA5 ? CrossMode::Direct : CrossMode::CubeVector;
  set.id = wait.id = nextCross++;
  auto add = [&](auto &lists, const std::vector<unsigned> &cores, Statement statement) {
    onAll(lists, cores, statement);
    statement.id += 16;
    if (onA5 && program.cores[cores[0]].kind == CoreKind::Cube)
      onAll(lists, cores, statement);
  };
  add(exit[link.from], source.cores, set);
  add(entry[link.to], target.cores, wait);
  for (int64_t slot = 0; link.wraps && slot < target.slots; ++slot) {
    add(prologue, source.cores, set);
    add(epilogue, target.cores, wait);
  }
}

/// All cores of a team meet: by a flag that they all set, or by SYNCALL.
void Generator::connectTeam(Channel &channel, const Channel::Link &link, Statement set,
                            Statement wait) {
  const Channel::Stage &source = channel.stages[link.from], &target = channel.stages[link.to];
  bool isMix = channel.team == SyncAllCores::Mix;
  bool byFlag = program.arch == Arch::A3 && !isMix && oneIn(2);
  bool isWhole = !channel.isPair || program.blocks == 1;
  if (!byFlag) {
    bool isSoft = !isWhole || oneIn(2);
    wait.kind = isSoft ? Statement::SoftSync : Statement::SyncAll;
    wait.cores = channel.team;
    if (isSoft) {
      wait.id = program.cells++;
      // Without a number one kind of core counts blocks.
      bool saysItself = !isMix && target.cores.size() == program.blocks && oneIn(2);
      wait.id2 = saysItself ? 0 : int64_t(target.cores.size());
    }
    return onAll(entry[link.to], target.cores, wait);
  }
  set.kind = Statement::CrossSet;
  set.pipe = source.pipe;
  wait.kind = Statement::CrossWait;
  set.mode = wait.mode = channel.isPair ? CrossMode::Subblocks : CrossMode::SameKind;
  set.id = wait.id = nextCross++;
  onAll(exit[link.from], source.cores, set);
  onAll(entry[link.to], target.cores, wait);
  for (int64_t slot = 0; link.wraps && slot < target.slots; ++slot) {
    onAll(prologue, source.cores, set);
    onAll(epilogue, target.cores, wait);
  }
}

/// Who comes behind a copy waits for its event first; after the last rounds somebody must.
void Generator::connectEvent(Channel &channel, const Channel::Link &link) {
  const Channel::Stage &target = channel.stages[link.to];
  Statement wait;
  wait.kind = Statement::CopyWait;
  wait.id = channel.event;
  wait.rotates = target.slots > 1;
  wait.index = index(channel, link.to);
  onAll(entry[link.to], target.cores, wait);
  for (int64_t slot = 0; link.wraps && slot < target.slots; ++slot) {
    Statement fixed = wait;
    fixed.rotates = false;
    fixed.id += slot;
    onAll(epilogue, target.cores, fixed);
  }
}

void Generator::connect(Channel &channel, const Channel::Link &link) {
  const Channel::Stage &source = channel.stages[link.from], &target = channel.stages[link.to];
  Idiom idiom = chooseIdiom(channel, link);
  Statement set, wait;
  set.index = index(channel, link.from);
  wait.index = index(channel, link.to);
  if (idiom == Idiom::Flag || idiom == Idiom::ViaScalar) {
    Pipe waiter = idiom == Idiom::Flag ? target.pipe : Pipe::S;
    int64_t id = takeIds(source.cores[0], source.pipe, waiter, target.slots);
    if (id < 0)
      idiom = Idiom::AllBarrier;
    set.kind = Statement::Set;
    set.pipe = source.pipe;
    set.other = waiter;
    wait.kind = Statement::Wait;
    wait.pipe = waiter;
    wait.other = source.pipe;
    set.id = wait.id = id;
    set.rotates = wait.rotates = target.slots > 1;
  }
  switch (idiom) {
  case Idiom::None:
    return;
  case Idiom::PipeBarrier:
  case Idiom::AllBarrier:
    wait.kind = Statement::Barrier;
    wait.pipe = idiom == Idiom::AllBarrier || !barrierIsLegal(target.pipe, program.arch)
                    ? Pipe::ALL
                    : target.pipe;
    return onAll(entry[link.to], target.cores, wait);
  case Idiom::Flag:
  case Idiom::ViaScalar:
    return connectByFlag(channel, link, set, wait);
  case Idiom::Cross:
    return connectCores(channel, link, set, wait);
  case Idiom::Group:
    return connectTeam(channel, link, set, wait);
  case Idiom::Event:
    return connectEvent(channel, link);
  case Idiom::Signal: {
    Statement drain, fence;
    drain.kind = Statement::Barrier;
    drain.pipe = Pipe::ALL;
    fence.kind = Statement::Fence;
    set.kind = Statement::Notify;
    wait.kind = Statement::Await;
    wait.polls = oneIn(3);
    set.id = wait.id = program.cells++;
    wait.isCumulative = true;
    wait.id2 = link.wraps ? 1 - target.slots : 1; // rounds that must be through
    for (unsigned c : source.cores)
      exit[link.from][c].insert(exit[link.from][c].end(), {drain, fence, set});
    return onAll(entry[link.to], target.cores, wait);
  }
  }
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

/// What the data cache needs around a scalar access of `slot`.
bool Generator::touchCached(const Channel &channel, size_t number, Statement work, SlotRange slot,
                            std::vector<Statement> &list) {
  if (channel.kind != Channel::Cached || work.pipe != Pipe::S)
    return false;
  Statement clean = work, fence = work;
  clean.kind = Statement::Clean;
  fence.kind = Statement::Fence;
  clean.read = slot;
  if (number == 0 || oneIn(2)) {
    work.kind = Statement::ScalarStore;
    work.write = slot;
    list.insert(list.end(), {work, clean, fence});
  } else {
    work.kind = Statement::ScalarLoad;
    work.read = slot;
    list.insert(list.end(), {clean, work});
  }
  return true;
}

/// The accesses of a stage.
void Generator::touch(const Channel &channel, size_t number) {
  const Channel::Stage &stage = channel.stages[number];
  if (channel.kind == Channel::Accumulator)
    return touchAccumulator(channel, number);
  if (channel.kind == Channel::Fifo)
    return touchFifo(channel, number);
  bool touchesRead = number > 0, touchesWrite = number == 0 || oneIn(2);
  for (auto [place, core] : llvm::enumerate(stage.cores)) {
    Statement work;
    work.pipe = stage.pipe;
    work.index = index(channel, number);
    SlotRange slot{channel.kind != Channel::Local               ? Space::GM
                   : program.cores[core].kind == CoreKind::Cube ? Space::Mat
                                                                : Space::Vec,
                   channel.base, channel.base + slotBytes, slotBytes};
    std::vector<Statement> &list = body[number][core];
    if (channel.kind == Channel::Cached)
      slot.end = slot.begin + 8; // all of them the same bytes of a line
    if (touchCached(channel, number, work, slot, list))
      continue;
    int64_t parts = int64_t(stage.cores.size());
    if (parts > 1) { // each core has its part
      slot.begin += (int64_t(place) + stage.rotation) % parts * (slotBytes / parts);
      slot.end = slot.begin + slotBytes / parts;
    }
    if (stage.role == Channel::Copy) {
      work.kind = Statement::Copy;
      work.pipe = Pipe::ALL;
      work.id = channel.event;
      work.rotates = stage.slots > 1;
      work.read = work.write = slot;
      work.read.end = work.write.begin = slot.begin + slotBytes / 2;
      list.push_back(work);
      continue;
    }
    if (touchesRead)
      work.read = slot;
    if (touchesWrite)
      work.write = slot;
    list.push_back(work);
  }
}

/// One to three products into the accumulator `work.write`, of which only the first does not read
/// it.
void Generator::products(const Channel &channel, Statement work, std::vector<Statement> &list) {
  work.accumulates = true;
  unsigned count = 1 + below(3);
  for (unsigned n = 0; n < count; ++n) {
    work.read = n ? work.write : SlotRange{};
    work.unitPhase = !channel.usesUnit ? 0 : n + 1 < count ? 2 : 3;
    list.push_back(work);
  }
}

void Generator::touchAccumulator(const Channel &channel, size_t number) {
  const Channel::Stage &stage = channel.stages[number];
  Statement work;
  work.pipe = stage.pipe;
  work.index = index(channel, number);
  SlotRange acc{Space::Acc, channel.secondBase, channel.secondBase + slotBytes, slotBytes};
  SlotRange mat{Space::Mat, channel.base, channel.base + slotBytes, slotBytes};
  std::vector<Statement> &list = body[number][stage.cores[0]];
  switch (stage.role) {
  case Channel::Product:
    work.write = acc;
    return products(channel, work, list);
  case Channel::Drain:
    work.read = acc;
    work.write = mat;
    work.unitPhase = channel.usesUnit ? 3 : 0;
    break;
  default:
    work.read = mat;
    break;
  }
  list.push_back(work);
}

/// The statements of every stage of a channel, by stage and core.
Generator::Parts Generator::partsOf(Channel &channel) {
  size_t stages = channel.stages.size(), cores = program.cores.size();
  entry.assign(stages, std::vector<std::vector<Statement>>(cores));
  body = exit = entry;
  for (const Channel::Link &link : channel.links)
    connect(channel, link);
  for (size_t s = 0; s < stages; ++s)
    touch(channel, s);
  Parts parts(stages, std::vector<std::vector<Statement>>(cores));
  for (size_t s = 0; s < stages; ++s)
    for (size_t core = 0; core < cores; ++core) {
      std::vector<Statement> &list = parts[s][core];
      list = entry[s][core];
      llvm::append_range(list, body[s][core]);
      llvm::append_range(list, exit[s][core]);
      if (!channel.usesBuffers || body[s][core].empty())
        continue;
      Statement get;
      get.pipe = channel.stages[s].pipe;
      get.id = channel.buffer;
      get.rotates = channel.stages[s].slots > 1;
      get.index = index(channel, s);
      get.kind = Statement::Get;
      list.insert(list.begin(), get);
      get.kind = Statement::Release;
      list.push_back(get);
    }
  return parts;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static Node leaf(const Statement &statement) {
  Node node;
  node.statement = statement;
  return node;
}

/// A stage in the loop: its statements in the iterations that are its rounds.
static Node inLoop(const Channel &channel, size_t stage, llvm::ArrayRef<Statement> statements) {
  Node part;
  part.kind = Node::If;
  part.low = channel.stages[stage].shift;
  part.every = channel.step;
  part.high = part.low + channel.rounds * channel.step;
  llvm::append_range(part.body, llvm::map_range(statements, leaf));
  return part;
}

/// Some channels whose stages share one loop.
void Generator::addGroup() {
  std::vector<Channel> channels;
  for (unsigned n = 1 + below(3); n > 0 && nextCross + 4 <= mostCross; --n)
    if (!oneIn(3) || !addFifo(channels))
      channels.push_back(makeChannel());
  size_t cores = program.cores.size();
  prologue.assign(cores, {});
  epilogue.assign(cores, {});
  int64_t trip = 0;
  std::vector<std::pair<size_t, size_t>> order; // channel, stage
  std::vector<Parts> parts;
  bool repeats = true;
  for (auto [c, channel] : llvm::enumerate(channels)) {
    parts.push_back(partsOf(channel));
    trip = std::max(trip, channel.rounds * channel.step + channel.stages.back().shift);
    // Signals and FIFOs count on and on.
    repeats &= channel.kind != Channel::BetweenRanks && channel.kind != Channel::Fifo;
    // Stages of one channel keep their order in the body; those of different ones mix.
    size_t at = 0;
    for (size_t s = 0; s < channel.stages.size(); ++s) {
      at += below(unsigned(order.size() - at) + 1);
      order.insert(order.begin() + at++, {c, s});
    }
  }
  int64_t times = !repeats ? 1 : oneIn(12) ? 0 : 1 + oneIn(3);
  for (size_t core = 0; core < cores; ++core) {
    Node loop, outer;
    loop.kind = outer.kind = Node::Loop;
    loop.trip = trip;
    outer.trip = times;
    for (auto [c, s] : order)
      if (!parts[c][s][core].empty())
        loop.body.push_back(inLoop(channels[c], s, parts[c][s][core]));
    llvm::append_range(outer.body, llvm::map_range(prologue[core], leaf));
    outer.body.push_back(std::move(loop));
    llvm::append_range(outer.body, llvm::map_range(epilogue[core], leaf));
    program.cores[core].body.push_back(std::move(outer));
  }
}

ClusterProgram Generator::make() {
  chooseCores();
  for (unsigned groups = 1 + below(2); groups > 0; --groups)
    addGroup();
  for (auto [number, ring] : llvm::enumerate(program.rings)) {
    Statement end;
    end.kind = Statement::EndFifo;
    end.id = int64_t(number);
    for (unsigned core : ring.cores)
      program.cores[core].body.push_back(leaf(end));
  }
  for (CoreProgram &core : program.cores) {
    Node drain;
    drain.statement.kind = Statement::Barrier;
    drain.statement.pipe = Pipe::ALL;
    core.body.push_back(drain);
  }
  return std::move(program);
}

ClusterProgram sim::testing::randomCluster(uint64_t seed) { return Generator(seed).make(); }

//===----------------------------------------------------------------------===//
// Without one statement
//===----------------------------------------------------------------------===//

static unsigned countSync(const std::vector<Node> &nodes) {
  unsigned count = 0;
  for (const Node &node : nodes)
    count += node.kind == Node::Leaf ? node.statement.isSync() : countSync(node.body);
  return count;
}

static bool removeSync(std::vector<Node> &nodes, unsigned &n) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind != Node::Leaf) {
      if (removeSync(nodes[i].body, n))
        return true;
    } else if (nodes[i].statement.isSync() && n-- == 0) {
      if (nodes[i].statement.isUnit())
        nodes[i].statement.unitPhase = 0;
      else
        nodes.erase(nodes.begin() + i);
      return true;
    }
  }
  return false;
}

unsigned sim::testing::countSync(const ClusterProgram &program) {
  unsigned count = 0;
  for (const CoreProgram &core : program.cores)
    count += ::countSync(core.body);
  return count;
}

ClusterProgram sim::testing::withoutSync(const ClusterProgram &program, unsigned n) {
  ClusterProgram result = program;
  for (CoreProgram &core : result.cores)
    if (removeSync(core.body, n))
      break;
  return result;
}
