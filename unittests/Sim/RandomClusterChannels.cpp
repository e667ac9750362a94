//===- RandomClusterChannels.cpp - What stages a channel has ---------------===//
//
// Who takes part, on which pipe, in which iteration. Shifts grow from stage to stage, and by less
// than the rounds that the ring holds, so that in one global order of iterations and stages
// everything waits for something earlier.
//
//===----------------------------------------------------------------------===//

#include "RandomClusterGenerator.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

void Generator::chooseCores() {
  program.arch = oneIn(2) ? Arch::A3 : Arch::A5;
  auto add = [&](CoreKind kind, unsigned rank, unsigned subblock, unsigned block = 0) {
    program.cores.push_back({kind, rank, subblock, block, {}});
  };
  auto addCluster = [&](unsigned block) {
    add(CoreKind::Cube, 0, 0, block);
    add(CoreKind::Vector, 0, 0, block);
    add(CoreKind::Vector, 0, 1, block);
    coresPerBlock = 3;
  };
  switch (below(10)) {
  case 0:
    return add(CoreKind::Vector, 0, 0);
  case 1:
    return add(CoreKind::Cube, 0, 0);
  case 2:
    add(CoreKind::Vector, 0, 0);
    return add(CoreKind::Vector, 1, 0);
  case 3: { // one core per block
    CoreKind kind = oneIn(3) ? CoreKind::Cube : CoreKind::Vector;
    program.blocks = 2 + below(2);
    for (unsigned block = 0; block < program.blocks; ++block)
      add(kind, 0, 0, block);
    return;
  }
  case 4:
    program.blocks = 2;
    addCluster(0);
    return addCluster(1);
  default:
    return addCluster(0);
  }
}

std::vector<Pipe> Generator::pipesOf(unsigned core) const {
  std::vector<Pipe> pipes;
  for (Pipe pipe : {Pipe::S, Pipe::V, Pipe::M, Pipe::MTE1, Pipe::MTE2, Pipe::MTE3, Pipe::FIX})
    if (coreHasPipe(program.cores[core].kind, pipe, program.arch))
      pipes.push_back(pipe);
  return pipes;
}

std::vector<unsigned> Generator::coresOf(CoreKind kind) const {
  std::vector<unsigned> cores;
  for (auto [number, core] : llvm::enumerate(program.cores))
    if (core.kind == kind)
      cores.push_back(unsigned(number));
  return cores;
}

unsigned Generator::leader(unsigned core) const { return core - program.cores[core].subblock; }

void Generator::placeStages(Channel &channel, int64_t slots) {
  int64_t slack = slots * channel.step - 1, shift = 0;
  for (Channel::Stage &stage : channel.stages) {
    int64_t more = slack ? below(unsigned(slack) + 1) : 0;
    slack -= more;
    stage.shift = shift += more;
    stage.slots = slots;
  }
}

/// One ring through all stages and back.
void Generator::finishRing(Channel &channel, int64_t slots) {
  for (size_t s = 0; s + 1 < channel.stages.size(); ++s)
    channel.links.push_back({s, s + 1});
  channel.links.push_back({channel.stages.size() - 1, 0, /*wraps=*/true});
  int64_t &size = channel.kind == Channel::Local ? program.localBytes : program.gmBytes;
  channel.base = size;
  size += slots * slotBytes;
  placeStages(channel, slots);
}

/// All cores of a kind, both of a block, or all there are, with a part of every slot for each; from
/// stage to stage they take other parts.
bool Generator::makeTeam(Channel &channel) {
  if (program.cores.size() < 2 || program.cores.back().rank > 0)
    return false;
  channel.kind = Channel::Team;
  std::vector<unsigned> cubes = coresOf(CoreKind::Cube), team = coresOf(CoreKind::Vector);
  if (cubes.size() > 1 && oneIn(3)) {
    channel.team = SyncAllCores::Cube;
    team = cubes;
  } else if (isCluster() && oneIn(3)) {
    channel.team = SyncAllCores::Mix;
    team.insert(team.end(), cubes.begin(), cubes.end());
    llvm::sort(team);
  } else if (isCluster() && oneIn(2)) {
    channel.isPair = true;
    team.assign(2, 1 + 3 * below(program.blocks));
    ++team[1];
  }
  if (team.size() < 2)
    return false;
  std::vector<Pipe> pipes = pipesOf(team[0]);
  llvm::erase_if(pipes, [&](Pipe pipe) {
    return llvm::any_of(team, [&](unsigned core) {
      return !coreHasPipe(program.cores[core].kind, pipe, program.arch);
    });
  });
  for (unsigned stages = 2 + below(2); stages > 0; --stages) {
    channel.stages.push_back({team, pipes[below(pipes.size())]});
    channel.stages.back().rotation = below(unsigned(team.size()));
  }
  return true;
}

/// Chains of products in L0C, drained to L1 and read there; two rings that share the drain.
bool Generator::makeAccumulator(Channel &channel) {
  std::vector<unsigned> cubes = coresOf(CoreKind::Cube);
  if (cubes.empty())
    return false;
  std::vector<unsigned> core{cubes[below(unsigned(cubes.size()))]};
  channel.kind = Channel::Accumulator;
  channel.usesUnit = oneIn(2);
  channel.stages.resize(3);
  const std::array<std::pair<Pipe, Channel::Role>, 3> roles{
      {{Pipe::M, Channel::Product}, {Pipe::FIX, Channel::Drain}, {Pipe::MTE1, Channel::Use}}};
  for (auto [stage, role] : llvm::zip(channel.stages, roles)) {
    stage.cores = core;
    std::tie(stage.pipe, stage.role) = role;
  }
  channel.links = {{0, 1}, {1, 0, true}, {1, 2}, {2, 1, true}};
  int64_t slots = 1 + below(2);
  channel.base = program.localBytes;
  program.localBytes += slots * slotBytes;
  channel.secondBase = program.accBytes;
  program.accBytes += slots * slotBytes;
  placeStages(channel, slots);
  return true;
}

/// Stages on one core, between the cores of a block, or between two ranks.
void Generator::makeRing(Channel &channel) {
  int64_t slots = 1 + below(3);
  unsigned stages = 2 + below(3);
  auto single = [&](unsigned core) {
    std::vector<Pipe> pipes = pipesOf(core);
    return Channel::Stage{{core}, pipes[below(unsigned(pipes.size()))]};
  };
  bool isRanks = program.cores.back().rank > 0;
  if (isCluster() && !oneIn(3)) {
    channel.kind = Channel::InGm;
    // Flags go from the cube core to both vector cores and from both of them to it.
    unsigned cube = 3 * below(program.blocks);
    for (unsigned s = 0; s < stages; ++s) {
      Channel::Stage stage = single(cube + below(2));
      if (stage.cores[0] > cube)
        stage.cores = {cube + 1, cube + 2};
      channel.stages.push_back(stage);
    }
  } else if (isRanks && !oneIn(3)) {
    channel.kind = Channel::BetweenRanks;
    for (unsigned s = 0; s < stages; ++s)
      channel.stages.push_back(single(below(2)));
  } else {
    unsigned core = below(unsigned(program.cores.size()));
    channel.kind = oneIn(3) ? Channel::Cached : oneIn(2) ? Channel::InGm : Channel::Local;
    for (unsigned s = 0; s < stages; ++s)
      channel.stages.push_back(single(core));
    Channel::Stage &some = channel.stages[below(stages)];
    bool isVector = program.cores[core].kind == CoreKind::Vector;
    if (channel.kind == Channel::Cached) {
      some.pipe = Pipe::S;
    } else if (channel.kind == Channel::InGm && isVector && oneIn(2)) {
      some.pipe = Pipe::S;
      some.role = Channel::Copy;
      channel.event = program.events;
      program.events += unsigned(slots);
    }
    channel.usesBuffers =
        program.arch == Arch::A5 && oneIn(2) && channel.event < 0 && nextBuffer + slots <= 32;
    if (channel.usesBuffers) {
      channel.buffer = nextBuffer;
      nextBuffer += slots;
    }
  }
  finishRing(channel, slots);
}

Channel Generator::makeChannel() {
  Channel channel;
  channel.rounds = oneIn(12) ? 0 : 1 + below(5);
  channel.step = 1 + oneIn(3);
  if (oneIn(4) && makeAccumulator(channel))
    return channel;
  if (oneIn(3) && makeTeam(channel)) {
    finishRing(channel, 1 + below(3));
    return channel;
  }
  channel.kind = Channel::Local;
  channel.team = SyncAllCores::Vector;
  channel.isPair = false;
  makeRing(channel);
  return channel;
}
