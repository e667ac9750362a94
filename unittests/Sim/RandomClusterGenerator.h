//===- RandomClusterGenerator.h - How random programs are put together ----*- C++ -*-===//
//
// A program is made of channels: stages that hand rings of slots on to one another. Links say which
// stage must come before which; each becomes one of the idioms.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIM_RANDOMCLUSTERGENERATOR_H
#define PTOAS_UNITTESTS_SIM_RANDOMCLUSTERGENERATOR_H

#include "RandomCluster.h"
#include <map>
#include <random>

namespace pto::sim::testing {

/// Rings that `rounds` rounds of stages pass through. Round r uses slot r mod slots of its ring.
struct Channel {
  enum Kind { Local, InGm, Cached, BetweenRanks, Team, Accumulator, Fifo } kind = Local;
  enum Role { Touch, Copy, Product, Drain, Push, Pop, Use, Free };
  struct Stage {
    std::vector<unsigned> cores; ///< that run it, each with its part of the slot
    Pipe pipe = Pipe::S;
    int64_t shift = 0; ///< iteration of round 0
    int64_t slots = 1; ///< of the ring that it works in
    Role role = Touch;
    unsigned rotation = 0; ///< Team: which part a core has
  };
  /// Stage `to` of a round comes after stage `from` of the same round, or of `slots` rounds before.
  struct Link {
    size_t from, to;
    bool wraps = false;
  };
  std::vector<Stage> stages;
  std::vector<Link> links;
  int64_t rounds = 0, step = 1;
  int64_t base = 0;       ///< in its memory
  int64_t secondBase = 0; ///< Accumulator, Fifo: of the accumulators or tiles that go in
  bool usesBuffers = false;
  int64_t buffer = 0;                       ///< of slot 0
  SyncAllCores team = SyncAllCores::Vector; ///< Team
  bool isPair = false;                      ///< Team: the vector cores of one block
  size_t ring = 0;                          ///< Fifo
  bool isEntry = false, toCube = false;     ///< Fifo
  int64_t event = -1;                       ///< of its Copy stage
  bool usesUnit = false;                    ///< unit flags in place of M > FIX and FIX > M
};

/// How a hand-over is made.
enum class Idiom { None, Flag, ViaScalar, PipeBarrier, AllBarrier, Cross, Group, Signal, Event };

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}
  ClusterProgram make();

private:
  static constexpr int64_t slotBytes = 192; ///< three lines, so that 2, 3 and 4 cores have parts
  static constexpr int64_t mostCross = 11;  ///< the others belong to SYNCALL

  unsigned below(unsigned n) { return unsigned(random() % n); }
  bool oneIn(unsigned n) { return below(n) == 0; }

  void chooseCores();
  std::vector<Pipe> pipesOf(unsigned core) const;
  std::vector<unsigned> coresOf(CoreKind kind) const;
  /// The vector core 0 of the same block: vector cores mostly run the same.
  unsigned leader(unsigned core) const;
  bool isCluster() const { return coresPerBlock == 3; }

  // Channels (RandomClusterChannels.cpp)
  Channel makeChannel();
  void makeRing(Channel &channel);
  bool makeTeam(Channel &channel);
  bool makeAccumulator(Channel &channel);
  void finishRing(Channel &channel, int64_t slots);
  void placeStages(Channel &channel, int64_t slots);
  /// FIFOs, both channels of one with two directions (RandomClusterFifo.cpp).
  bool addFifo(std::vector<Channel> &channels);
  Channel fifoChannel(size_t ring, bool toCube, bool isEntry);
  void placeFifo(Channel &channel);
  void touchFifo(const Channel &channel, size_t stage);
  Statement moveEntry(const Channel &channel, size_t stage, unsigned part, Statement work);

  // Statements (RandomCluster.cpp)
  using Parts = std::vector<std::vector<std::vector<Statement>>>; ///< by stage and core
  Parts partsOf(Channel &channel);
  void addGroup();
  void connect(Channel &channel, const Channel::Link &link);
  void connectByFlag(const Channel &channel, const Channel::Link &link, Statement set,
                     Statement wait);
  void connectCores(Channel &channel, const Channel::Link &link, Statement set, Statement wait);
  void connectTeam(Channel &channel, const Channel::Link &link, Statement set, Statement wait);
  void connectEvent(Channel &channel, const Channel::Link &link);
  void touch(const Channel &channel, size_t stage);
  bool touchCached(const Channel &channel, size_t stage, Statement work, SlotRange slot,
                   std::vector<Statement> &list);
  void touchAccumulator(const Channel &channel, size_t stage);
  void products(const Channel &channel, Statement work, std::vector<Statement> &list);
  Idiom chooseIdiom(const Channel &channel, const Channel::Link &link);

  RoundIndex index(const Channel &channel, size_t stage) const {
    return {channel.stages[stage].shift, channel.step, channel.stages[stage].slots};
  }
  int64_t takeIds(unsigned core, Pipe from, Pipe to, int64_t count);

  std::mt19937_64 random;
  ClusterProgram program;
  unsigned coresPerBlock = 1;
  std::map<std::tuple<unsigned, Pipe, Pipe>, int64_t> nextId; ///< by core and pair
  int64_t nextCross = 0, nextBuffer = 0;
  /// Of the channel being connected, by stage and core: what stands before and behind the work.
  Parts entry, body, exit;
  std::vector<std::vector<Statement>> prologue, epilogue; ///< by core
};

} // namespace pto::sim::testing

#endif // PTOAS_UNITTESTS_SIM_RANDOMCLUSTERGENERATOR_H
