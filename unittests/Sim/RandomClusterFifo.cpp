//===- RandomClusterFifo.cpp - Channels that are FIFOs ----------------------===//
//
// A tile is produced, pushed, popped, used and given back. The FIFO orders push and pop and the
// reuse of its slots; the tiles that go in and the landing buffers are rings that the program must
// protect itself (cross-core 4, 6).
//
//===----------------------------------------------------------------------===//

#include "RandomClusterGenerator.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

bool Generator::addFifo(std::vector<Channel> &channels) {
  bool isBoth = oneIn(3), onA5 = program.arch == Arch::A5;
  // Its ids are even, and those of other flags begin behind them.
  int64_t flag = (nextCross + 1) / 2 * 2, flags = isBoth ? 4 : 2;
  if (!isCluster() || flag + flags > mostCross)
    return false;
  Ring ring;
  ring.shape.isLocal = onA5 && (isBoth || !oneIn(3));
  bool toCube = !isBoth && oneIn(2) && (!onA5 || ring.shape.isLocal);
  ring.shape.direction = isBoth   ? FifoDirection::Both
                         : toCube ? FifoDirection::V2C
                                  : FifoDirection::C2V;
  ring.shape.flagId = unsigned(flag);
  ring.shape.slotSize = Ring::bytes;
  ring.shape.slots = std::array{1u, 2u, 3u, 4u}[below(4)];
  ring.shape.localSlots = 1 + below(3);
  bool isEntry = !isBoth && !ring.shape.isLocal && oneIn(3);
  // Without a split a vector core's tile is the whole one, and on a3 both would push it.
  bool mayBeWhole = !isBoth && !toCube;
  ring.split = mayBeWhole && oneIn(3) ? FifoSplit::None
               : isEntry || oneIn(2)  ? FifoSplit::UpDown
                                      : FifoSplit::LeftRight;
  ring.shape.isNoSplit = ring.split == FifoSplit::None;
  ring.shape.unitFlag = !toCube && !isEntry && oneIn(2);
  unsigned cube = 3 * below(program.blocks);
  ring.cores = {cube, cube + 1, cube + 2};
  if (onA5 && ring.split == FifoSplit::None)
    ring.cores.pop_back(); // only vector core 0 runs it
  nextCross = flag + flags;
  size_t number = program.rings.size();
  program.rings.push_back(ring);
  auto take = [](int64_t &size, int64_t bytes) { return std::exchange(size, size + bytes); };
  Ring &made = program.rings.back();
  int64_t all = ring.shape.slots * Ring::bytes;
  if (!ring.shape.isLocal)
    made.gm = take(program.gmBytes, all * ring.directions());
  int64_t landing = ring.shape.isLocal ? all
                    : isEntry          ? ring.shape.slots * Ring::bytes
                                       : ring.shape.localSlots * Ring::bytes;
  // Cores share the layout of local memory, so the buffers of both directions get room in each.
  made.inVec = take(program.localBytes, landing);
  made.inMat = take(program.localBytes, landing);
  if (!toCube)
    channels.push_back(fifoChannel(number, false, isEntry));
  if (toCube || isBoth)
    channels.push_back(fifoChannel(number, true, isEntry));
  return true;
}

Channel Generator::fifoChannel(size_t number, bool toCube, bool isEntry) {
  const Ring &ring = program.rings[number];
  const FifoShape &shape = ring.shape;
  Channel channel;
  channel.kind = Channel::Fifo;
  channel.ring = number;
  channel.toCube = toCube;
  channel.isEntry = isEntry;
  channel.usesUnit = shape.unitFlag && !toCube;
  channel.rounds = oneIn(12) ? 0 : 1 + below(9);
  channel.step = 1 + oneIn(3);
  std::vector<unsigned> cube{ring.cores[0]}, vectors(ring.cores.begin() + 1, ring.cores.end());
  const std::vector<unsigned> &from = toCube ? vectors : cube, &to = toCube ? cube : vectors;
  auto anyPipe = [&](unsigned core) {
    std::vector<Pipe> pipes = pipesOf(core);
    return pipes[below(unsigned(pipes.size()))];
  };
  auto add = [&](const std::vector<unsigned> &cores, Pipe pipe, Channel::Role role) {
    channel.stages.push_back({cores, pipe, 0, 1, role});
  };
  Pipe landing = !shape.isLocal ? Pipe::MTE2 : toCube ? Pipe::MTE1 : Pipe::V;
  add(from, toCube ? anyPipe(from[0]) : Pipe::M, Channel::Product);
  add(from, toCube ? Pipe::MTE3 : Pipe::FIX, Channel::Push);
  add(to, landing, Channel::Pop);
  add(to, anyPipe(to[0]), Channel::Use);
  channel.links = {{0, 1}, {1, 0, true}, {2, 3}};
  if (shape.isLocal) {
    add(to, landing, Channel::Free);
    channel.links.push_back({3, 4});
  } else {
    channel.links.push_back({3, 2, true});
  }
  placeFifo(channel);
  int64_t &size = toCube ? program.localBytes : program.accBytes;
  channel.secondBase = size;
  size += channel.stages[0].slots * Ring::bytes;
  return channel;
}

/// The push of tile i waits for a credit that covers tile i - slots + period - 1, so what gives
/// that back must stand before it in the global order.
void Generator::placeFifo(Channel &channel) {
  const FifoShape &shape = program.rings[channel.ring].shape;
  // Entries have one index for the tile and for the slot.
  int64_t tiles = channel.isEntry ? shape.slots : 1 + below(2);
  int64_t landings = shape.isLocal || channel.isEntry ? shape.slots : shape.localSlots;
  int64_t period = shape.period();
  auto draw = [&](int64_t &slack) {
    int64_t more = slack > 0 ? below(unsigned(slack) + 1) : 0;
    slack -= more;
    return more;
  };
  int64_t ofTiles = tiles * channel.step - 1;
  int64_t ofSlots = (shape.slots - period + 1) * channel.step - 1;
  int64_t ofLandings = landings * channel.step - 1;
  auto &stages = channel.stages;
  stages[0].slots = stages[1].slots = tiles;
  for (size_t s = 2; s < stages.size(); ++s)
    stages[s].slots = landings;
  stages[1].shift = draw(ofTiles);
  stages[2].shift = stages[1].shift + draw(ofSlots);
  int64_t &behindPop = shape.isLocal ? ofSlots : ofLandings;
  for (size_t s = 3; s < stages.size(); ++s)
    stages[s].shift = stages[s - 1].shift + draw(behindPop);
}

/// The entry forms leave the transfer to the program.
Statement Generator::moveEntry(const Channel &channel, size_t number, unsigned part,
                               Statement work) {
  const Ring &ring = program.rings[channel.ring];
  int64_t bytes = Ring::bytes, begin = ring.gm;
  bool isVector = (channel.stages[number].role == Channel::Push) == channel.toCube;
  if (isVector && ring.split != FifoSplit::None) {
    bytes /= 2;
    begin += part * bytes;
  }
  SlotRange slot{Space::GM, begin, begin + bytes, Ring::bytes};
  (channel.stages[number].role == Channel::Push ? work.write : work.read) = slot;
  return work;
}

void Generator::touchFifo(const Channel &channel, size_t number) {
  const Channel::Stage &stage = channel.stages[number];
  const Ring &ring = program.rings[channel.ring];
  for (auto [part, core] : llvm::enumerate(stage.cores)) {
    bool isCube = program.cores[core].kind == CoreKind::Cube;
    int64_t bytes = isCube || ring.split == FifoSplit::None ? Ring::bytes : Ring::bytes / 2;
    SlotRange tile{isCube ? Space::Acc : Space::Vec, channel.secondBase, channel.secondBase + bytes,
                   Ring::bytes};
    int64_t at = isCube ? ring.inMat : ring.inVec;
    bool isPacked = program.arch == Arch::A5 && !ring.shape.isLocal && !channel.isEntry;
    SlotRange landing{isCube ? Space::Mat : Space::Vec, at, at + bytes,
                      isPacked ? bytes : Ring::bytes};
    Statement work, call;
    work.pipe = call.pipe = stage.pipe;
    work.index = call.index = index(channel, number);
    call.id = int64_t(channel.ring);
    call.split = ring.split;
    std::vector<Statement> &list = body[number][core];
    auto addCall = [&](Statement::Kind kind) {
      call.kind = kind;
      list.push_back(call);
    };
    switch (stage.role) {
    case Channel::Product:
      work.write = tile;
      if (isCube)
        products(channel, work, list);
      else
        list.push_back(work);
      break;
    case Channel::Push:
      if (!channel.isEntry) {
        call.read = tile;
        addCall(Statement::Push);
        break;
      }
      addCall(Statement::Alloc);
      work.read = tile;
      list.push_back(moveEntry(channel, number, unsigned(part), work));
      addCall(Statement::PushEntry);
      break;
    case Channel::Pop:
      if (!channel.isEntry) {
        call.write = landing;
        addCall(Statement::Pop);
        break;
      }
      addCall(Statement::PopEntry);
      work.write = landing;
      list.push_back(moveEntry(channel, number, unsigned(part), work));
      addCall(Statement::FreeEntry);
      break;
    case Channel::Use:
      work.read = landing;
      list.push_back(work);
      break;
    default:
      addCall(Statement::Free);
    }
  }
}
