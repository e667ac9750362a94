//===- CrossFlags.h - Flags between the cores of a rank ----------*- C++ -*-===//
//
// Every core has a counter per flag id. A set counts up those of the receiving cores, once all
// cores of the sending group have set (cross-core 1, 2). What is delivered carries what its senders
// know to be complete. Counters outlive the cores: a token can arrive after the return.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_ENGINE_CROSSFLAGS_H
#define PTOAS_LIB_SIM_ENGINE_CROSSFLAGS_H

#include "Bytes.h"
#include "ptoas/Sim/Program.h"
#include <deque>
#include <map>

namespace pto::sim {

class Machine;

/// What the cube of an a5 block adds to a flag's id to address vector core 1 (cross-core 2).
inline constexpr int64_t secondVectorCore = 16;

struct CrossFlag {
  CrossMode mode = CrossMode::CubeVector;
  int64_t id = 0;
  bool isDirect() const { return mode == CrossMode::Direct; }
};

struct CrossToken {
  RemoteRef clock; ///< complete when the token arrives, the sender's own pipes included
  uint64_t time = 0;
  Occurrence by; ///< of several senders the last one
};

class CrossFlags {
public:
  explicit CrossFlags(Machine &machine);

  using Cores = llvm::SmallVector<uint32_t, 4>;
  /// Who sends together with `core`, and who receives.
  Cores senders(uint32_t core, CrossFlag flag) const;
  Cores receivers(uint32_t core, CrossFlag flag) const;

  void send(uint32_t core, CrossFlag flag, CrossToken token);
  bool isUp(uint32_t core, CrossFlag flag) const;
  CrossToken take(uint32_t core, CrossFlag flag);
  /// The token behind the next `ahead` ones, null when it has not been sent yet.
  const CrossToken *peek(uint32_t core, CrossFlag flag, size_t ahead) const;
  /// The library leaves `count` of this flag behind when all goes well (cross-core 6).
  void expectLeft(uint32_t core, CrossFlag flag, unsigned fifo, uint64_t count) {
    expected[{core, flag.isDirect(), flag.id}] = {fifo, count};
  }
  /// A wait was dispatched: its place in the queue of its pipe.
  void noteWait(const Occurrence &wait, CrossFlag flag);

  /// Does `sent` by `core` count up what `waiter` calls `waited`?
  bool reaches(uint32_t core, CrossFlag sent, uint32_t waiter, CrossFlag waited) const;
  /// Cores that some flag could lead from to `core`, those of its block first.
  Cores possibleSenders(uint32_t core) const;
  /// Cores of a group that have not set `flag` although others of it have, so that `core` waits.
  Cores missing(uint32_t core, CrossFlag flag) const;
  /// C7: counters that are still up, and sets that never became a count.
  void checkEnd();

private:
  /// Modes of FFTS share counters, a5's direct flags have their own.
  struct CounterKey {
    uint32_t core;
    bool direct;
    int64_t id;
    auto operator<=>(const CounterKey &) const = default;
  };
  struct Counter {
    std::deque<CrossToken> tokens;
    uint64_t sets = 0;
    /// Positions of the waits by waiting pipe, less `gone` that all who set it knew of.
    std::array<std::deque<uint64_t>, numPipes> waits;
    uint64_t gone = 0;
    std::map<uint32_t, Prefixes> senders; ///< what each knew of the waiting core at its last set
  };
  struct GateKey {
    CrossMode mode;
    uint32_t firstSender;
    int64_t id;
    auto operator<=>(const GateKey &) const = default;
  };
  using Gate = std::map<uint32_t, std::deque<CrossToken>>; ///< by sender, as many as the group has

  int64_t receivedId(uint32_t from, uint32_t to, CrossFlag flag) const;
  void deliver(uint32_t from, uint32_t to, CrossFlag flag, const CrossToken &token);
  bool isLibrarys(const CounterKey &key, const Counter &counter);
  void checkCount(uint32_t from, uint32_t to, Counter &counter, int64_t id,
                  const CrossToken &token);

  Machine &machine;
  struct Expected {
    unsigned fifo; ///< its first flag
    uint64_t count;
  };

  std::map<CounterKey, Counter> counters;
  std::map<CounterKey, Expected> expected;
  std::map<GateKey, Gate> gates;
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_CROSSFLAGS_H
