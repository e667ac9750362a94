//===- RandomCluster.cpp - Random programs that are right by construction --===//

#include "RandomCluster.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <random>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
constexpr int64_t slotBytes = 64;

/// A ring of `slots` slots that `rounds` rounds of stages pass through. Round r uses slot r mod
/// slots; stage 0 of round r comes after the last stage of round r - slots.
struct Channel {
  enum Kind { Local, InGm, Cached, BetweenRanks } kind = Local;
  struct Stage {
    std::vector<unsigned> cores; ///< that run it: one, or both vector cores with half a slot each
    Pipe pipe = Pipe::S;
    int64_t shift = 0; ///< iteration of round 0
  };
  std::vector<Stage> stages;
  int64_t slots = 1, rounds = 0, step = 1;
  int64_t base = 0; ///< in its memory
  bool usesBuffers = false;
  int64_t buffer = 0; ///< of slot 0
};

/// How a hand-over is made.
enum class Idiom { None, Flag, ViaScalar, PipeBarrier, AllBarrier, Cross, Signal };

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}
  ClusterProgram make();

private:
  unsigned below(unsigned n) { return unsigned(random() % n); }
  bool oneIn(unsigned n) { return below(n) == 0; }

  void chooseCores();
  using Parts = std::vector<std::vector<std::vector<Statement>>>; ///< by stage and core
  Channel makeChannel();
  Parts partsOf(Channel &channel);
  void placeStages(Channel &channel);
  void addGroup();
  void connect(Channel &channel, size_t from);
  void connectCores(Channel &channel, size_t from, Statement set, Statement wait);
  void touch(const Channel &channel, size_t stage);
  Idiom chooseIdiom(const Channel &channel, const Channel::Stage &from, const Channel::Stage &to);
  std::vector<Pipe> pipesOf(unsigned core) const;

  RoundIndex index(const Channel &channel, size_t stage) const {
    return {channel.stages[stage].shift, channel.step, channel.slots};
  }
  int64_t takeIds(unsigned core, Pipe from, Pipe to, int64_t count);

  std::mt19937_64 random;
  ClusterProgram program;
  std::map<std::tuple<unsigned, Pipe, Pipe>, int64_t> nextId; ///< by core and pair
  int64_t nextCross = 0, nextBuffer = 0;
  /// Of the channel being connected, by stage and core: what stands before and behind the work.
  Parts entry, body, exit;
  std::vector<std::vector<Statement>> prologue, epilogue; ///< by core
};
} // namespace

void Generator::chooseCores() {
  program.arch = oneIn(2) ? Arch::A3 : Arch::A5;
  auto add = [&](CoreKind kind, unsigned rank, unsigned subblock) {
    program.cores.push_back({kind, rank, subblock, {}});
  };
  switch (below(5)) {
  case 0:
    return add(CoreKind::Vector, 0, 0);
  case 1:
    return add(CoreKind::Cube, 0, 0);
  case 2:
    add(CoreKind::Vector, 0, 0);
    return add(CoreKind::Vector, 1, 0);
  default:
    add(CoreKind::Cube, 0, 0);
    add(CoreKind::Vector, 0, 0);
    return add(CoreKind::Vector, 0, 1);
  }
}

std::vector<Pipe> Generator::pipesOf(unsigned core) const {
  std::vector<Pipe> pipes;
  for (Pipe pipe : {Pipe::S, Pipe::V, Pipe::M, Pipe::MTE1, Pipe::MTE2, Pipe::MTE3, Pipe::FIX})
    if (coreHasPipe(program.cores[core].kind, pipe, program.arch))
      pipes.push_back(pipe);
  return pipes;
}

/// Shifts grow from stage to stage, and by less than the rounds that the ring holds, so that in one
/// global order of iterations and stages everything waits for something earlier.
void Generator::placeStages(Channel &channel) {
  int64_t slack = channel.slots * channel.step - 1, shift = 0;
  for (Channel::Stage &stage : channel.stages) {
    int64_t more = slack ? below(unsigned(slack) + 1) : 0;
    slack -= more;
    stage.shift = shift += more;
  }
}

Channel Generator::makeChannel() {
  Channel channel;
  channel.slots = 1 + below(3);
  channel.rounds = oneIn(12) ? 0 : 1 + below(5);
  channel.step = 1 + oneIn(3);
  bool isCluster = program.cores.size() == 3;
  unsigned stages = 2 + below(3);
  auto single = [&](unsigned core) {
    std::vector<Pipe> pipes = pipesOf(core);
    return Channel::Stage{{core}, pipes[below(pipes.size())], 0};
  };
  bool between = program.cores.size() > 1 && !oneIn(3);
  if (between && isCluster) {
    channel.kind = Channel::InGm;
    // Flags go from the cube core to both vector cores and from both of them to it.
    for (unsigned s = 0; s < stages; ++s) {
      Channel::Stage stage = single(below(2));
      if (stage.cores[0] == 1)
        stage.cores = {1, 2};
      channel.stages.push_back(stage);
    }
  } else if (between) {
    channel.kind = Channel::BetweenRanks;
    for (unsigned s = 0; s < stages; ++s)
      channel.stages.push_back(single(below(2)));
  } else {
    unsigned core = below(program.cores.size());
    channel.kind = oneIn(3) ? Channel::Cached : oneIn(3) ? Channel::InGm : Channel::Local;
    for (unsigned s = 0; s < stages; ++s)
      channel.stages.push_back(single(core));
    if (channel.kind == Channel::Cached)
      channel.stages[below(stages)].pipe = Pipe::S;
    channel.usesBuffers = program.arch == Arch::A5 && oneIn(2) && nextBuffer + channel.slots <= 32;
    if (channel.usesBuffers) {
      channel.buffer = nextBuffer;
      nextBuffer += channel.slots;
    }
  }
  int64_t &size = channel.kind == Channel::Local ? program.localBytes : program.gmBytes;
  channel.base = size;
  size += channel.slots * slotBytes;
  placeStages(channel);
  return channel;
}

int64_t Generator::takeIds(unsigned core, Pipe from, Pipe to, int64_t count) {
  if (program.cores.size() == 3)
    core = std::min(core, 1u); // the vector cores mostly run the same
  int64_t &next = nextId[{core, from, to}];
  if (next + count > int64_t(numEventIds))
    return -1;
  return std::exchange(next, next + count);
}

Idiom Generator::chooseIdiom(const Channel &channel, const Channel::Stage &from,
                             const Channel::Stage &to) {
  if (from.cores != to.cores)
    return channel.kind == Channel::BetweenRanks ? Idiom::Signal : Idiom::Cross;
  if (from.pipe == Pipe::S || channel.usesBuffers)
    return Idiom::None; // H6, or get and release
  if (from.pipe == to.pipe)
    return keepsOrder(to.pipe, program.arch) ? Idiom::None
           : oneIn(20)                       ? Idiom::AllBarrier
                                             : Idiom::PipeBarrier;
  if (oneIn(20))
    return Idiom::AllBarrier;
  if (to.pipe != Pipe::S && oneIn(4) && flagPairIsListed(from.pipe, Pipe::S))
    return Idiom::ViaScalar;
  return flagPairIsListed(from.pipe, to.pipe) ? Idiom::Flag : Idiom::AllBarrier;
}

/// The accesses of a stage, and what the data cache needs around them.
void Generator::touch(const Channel &channel, size_t number) {
  const Channel::Stage &stage = channel.stages[number];
  for (auto [part, core] : llvm::enumerate(stage.cores)) {
    Statement work;
    work.pipe = stage.pipe;
    work.index = index(channel, number);
    SlotRange slot{channel.kind != Channel::Local               ? Space::GM
                   : program.cores[core].kind == CoreKind::Cube ? Space::Mat
                                                                : Space::Vec,
                   channel.base, channel.base + slotBytes, slotBytes};
    std::vector<Statement> &list = body[number][core];
    if (channel.kind == Channel::Cached) {
      slot.end = slot.begin + 8; // all of them the same bytes of a line
      if (stage.pipe == Pipe::S) {
        Statement clean = work, fence = work;
        clean.kind = Statement::Clean;
        fence.kind = Statement::Fence;
        clean.read = work.read = work.write = slot;
        bool stores = number == 0 || oneIn(2);
        work.kind = stores ? Statement::ScalarStore : Statement::ScalarLoad;
        if (stores) {
          work.read = {};
          list.insert(list.end(), {work, clean, fence});
        } else {
          work.write = {};
          list.insert(list.end(), {clean, work});
        }
        continue;
      }
    } else if (stage.cores.size() > 1) {
      slot.begin += part * slotBytes / 2; // each vector core has its half
      slot.end = slot.begin + slotBytes / 2;
    }
    if (number > 0)
      work.read = slot;
    if (number == 0 || oneIn(2))
      work.write = slot;
    list.push_back(work);
  }
}

/// Adds a statement to a list of each core.
static void onAll(std::vector<std::vector<Statement>> &lists, const std::vector<unsigned> &cores,
                  const Statement &statement) {
  for (unsigned core : cores)
    lists[core].push_back(statement);
}

/// By a flag between cores, which the cube core of a5 sets and awaits per vector core.
void Generator::connectCores(Channel &channel, size_t from, Statement set, Statement wait) {
  size_t to = (from + 1) % channel.stages.size();
  const Channel::Stage &source = channel.stages[from], &target = channel.stages[to];
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
  add(exit[from], source.cores, set);
  add(entry[to], target.cores, wait);
  for (int64_t slot = 0; to == 0 && slot < channel.slots; ++slot) {
    add(prologue, source.cores, set);
    add(epilogue, target.cores, wait);
  }
}

/// Orders stage `from` before the next one; from the last stage to the first one the order is that
/// of a slot's next use, `slots` rounds later.
void Generator::connect(Channel &channel, size_t from) {
  size_t to = (from + 1) % channel.stages.size();
  bool wraps = to == 0;
  const Channel::Stage &source = channel.stages[from], &target = channel.stages[to];
  Idiom idiom = chooseIdiom(channel, source, target);
  unsigned core = source.cores[0];
  Statement set, wait;
  set.index = index(channel, from);
  wait.index = index(channel, to);
  if (idiom == Idiom::Flag || idiom == Idiom::ViaScalar) {
    Pipe waiter = idiom == Idiom::Flag ? target.pipe : Pipe::S;
    int64_t id = takeIds(core, source.pipe, waiter, channel.slots);
    if (id < 0)
      idiom = Idiom::AllBarrier;
    set.kind = Statement::Set;
    set.pipe = source.pipe;
    set.other = waiter;
    wait.kind = Statement::Wait;
    wait.pipe = waiter;
    wait.other = source.pipe;
    set.id = wait.id = id;
    set.rotates = wait.rotates = channel.slots > 1;
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
    return onAll(entry[to], target.cores, wait);
  case Idiom::Flag:
  case Idiom::ViaScalar:
    onAll(exit[from], source.cores, set);
    onAll(entry[to], target.cores, wait);
    if (!wraps)
      return;
    for (int64_t slot = 0; slot < channel.slots; ++slot) { // prime and drain
      for (Statement *end : {&set, &wait}) {
        Statement fixed = *end;
        fixed.id += slot;
        fixed.rotates = false;
        onAll(end == &set ? prologue : epilogue, source.cores, fixed);
      }
    }
    return;
  case Idiom::Cross:
    return connectCores(channel, from, set, wait);
  case Idiom::Signal: {
    Statement drain, fence;
    drain.kind = Statement::Barrier;
    drain.pipe = Pipe::ALL;
    fence.kind = Statement::Fence;
    set.kind = Statement::Notify;
    wait.kind = Statement::Await;
    set.id = wait.id = program.cells++;
    wait.isCumulative = true;
    wait.id2 = wraps ? 1 - channel.slots : 1; // rounds that must be through
    for (unsigned c : source.cores)
      exit[from][c].insert(exit[from][c].end(), {drain, fence, set});
    return onAll(entry[to], target.cores, wait);
  }
  }
}

/// The statements of every stage of a channel, by stage and core.
Generator::Parts Generator::partsOf(Channel &channel) {
  size_t stages = channel.stages.size(), cores = program.cores.size();
  entry.assign(stages, std::vector<std::vector<Statement>>(cores));
  body = exit = entry;
  for (size_t s = 0; s < stages; ++s)
    connect(channel, s);
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
      get.rotates = channel.slots > 1;
      get.index = index(channel, s);
      get.kind = Statement::Get;
      list.insert(list.begin(), get);
      get.kind = Statement::Release;
      list.push_back(get);
    }
  return parts;
}

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
  for (unsigned n = 1 + below(3); n > 0 && nextCross + 4 <= 11; --n)
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
    repeats &= channel.kind != Channel::BetweenRanks; // signals count on and on
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
