//===- RandomClusterOracle.h - Steps that a program comes down to ---------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_SIM_RANDOMCLUSTERORACLE_H
#define PTOAS_UNITTESTS_SIM_RANDOMCLUSTERORACLE_H

#include "RandomCluster.h"
#include <map>

namespace pto::sim::testing {

/// Bytes that one step touches: all from `begin` to `end`, or rows of `row` bytes every `pitch`.
struct Region {
  Space space = Space::GM;
  unsigned owner = 0; ///< core whose memory it is, unless in GM
  int64_t begin = 0, end = 0;
  int64_t row = 0, pitch = 0;

  bool empty() const { return begin == end; }
  bool overlaps(const Region &other) const;
  bool operator==(const Region &other) const {
    return space == other.space && owner == other.owner && begin == other.begin &&
           end == other.end && row == other.row;
  }
};

/// What one core does at one time. Calls of the library are the steps that they are made of.
struct Step {
  enum Kind {
    Work,
    ScalarLoad,
    ScalarStore,
    Copy,
    Set,
    Wait,
    Barrier,
    Get,
    Release,
    CrossSet,
    CrossWait,
    Fence,
    Clean,
    Notify,
    Arrive, ///< of a soft SYNCALL
    Await
  } kind = Work;
  int number = 0; ///< of the statement in the text
  unsigned core = 0;
  Pipe pipe = Pipe::S, other = Pipe::S;
  CrossMode mode = CrossMode::CubeVector;
  int64_t id = 0;     ///< of a unit flag: `firstUnit` and the address
  int64_t wanted = 0; ///< Await; of a soft SYNCALL the number of cores
  bool isSoft = false;
  int copy = -1; ///< Wait for the DMA engine: the step that posted the transfer; -1: there is none
  bool accumulates = false, intoFifo = false;
  Region read, write;

  static constexpr int64_t firstUnit = 1000;
  bool isAccess() const { return kind <= Copy; }
  bool isCopyWait() const { return kind == Wait && other == Pipe::ALL; }
  bool drains() const { // ends when all pipes are through
    return (kind == Barrier && pipe == Pipe::ALL) || kind == Notify;
  }
  bool waits() const { return kind == Wait || kind == Get || kind == CrossWait || kind == Await; }
  bool signals() const { // takes effect when what stands before it on its pipe is complete
    return kind == Set || kind == Release || kind == CrossSet;
  }
};

/// The steps of all cores, and by core in program order.
struct Unrolled {
  std::vector<Step> steps;
  std::vector<std::vector<int>> ofCore;
};
Unrolled unroll(const ClusterProgram &program);

} // namespace pto::sim::testing

#endif // PTOAS_UNITTESTS_SIM_RANDOMCLUSTERORACLE_H
