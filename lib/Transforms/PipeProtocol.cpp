//===- PipeProtocol.cpp - Do the cores of a block finish? ------------------===//

#include "PipeProtocol.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using llvm::formatv;

namespace {

using Cores = llvm::SmallVector<unsigned, 2>;

/// One flag: of a pipe and direction, data or free, from a core to a core.
struct Flag {
  uint32_t pipe;
  PipeDirection direction;
  bool isFree;
  unsigned from, to;
  auto operator<=>(const Flag &) const = default;
};

/// A set or a wait of one step; both of all flags at once.
struct Action {
  bool isWait;
  bool isEnd; ///< a wait of the destructor
  bool isFree;
  uint32_t step;  ///< in the script
  uint64_t entry; ///< number of the entry that it is about
  Cores peers;
};

/// What runs in order: on a3 a core, whose waits all hold its scalar unit; on a5 one side of a pipe
/// on a core, since a wait there holds one hardware pipe.
struct Agent {
  unsigned core = 0;
  std::vector<Action> actions;
  size_t at = 0;
  bool isDone() const { return at == actions.size(); }
};

class Protocol {
public:
  Protocol(const PipeScripts &scripts, llvm::ArrayRef<PipeGroup> groups, Arch arch)
      : scripts(scripts), groups(groups), arch(arch) {
    for (unsigned core = 0; core < numPipeCores; ++core)
      expand(core);
  }

  std::optional<PipeHang> run() {
    bool moved = true;
    while (std::exchange(moved, false))
      for (auto &[key, agent] : agents)
        moved |= advance(agent);
    for (auto &[key, agent] : agents)
      if (!agent.isDone())
        return explain(agent);
    return leftOver();
  }

private:
  //===--------------------------------------------------------------------===//
  // From operations to flags
  //===--------------------------------------------------------------------===//

  /// The counters of one pipe and direction on one core, from its making to its end.
  struct Side {
    uint64_t moved = 0, freed = 0, credits = 0;
    bool isSplit = false;
  };

  /// The vector cores that a call is about.
  Cores vectors(bool isSplit) const { return arch == Arch::A3 || isSplit ? Cores{1, 2} : Cores{1}; }
  Cores peersOf(unsigned core, bool isSplit) const {
    return core == 0 ? vectors(isSplit) : Cores{0};
  }

  /// Which agent of a core does it: on a5 the hardware pipe that waits and signals.
  unsigned lane(unsigned core, const PipeStep &step, bool isFree, bool isWait) const {
    if (arch == Arch::A3)
      return 0;
    bool isProducer = (core == 0) == (step.direction == PipeDirection::C2V);
    if (isProducer)
      return 1; // FIX, MTE3
    if (!groups[step.pipe].first().throughGm())
      return 2;                                    // V, MTE1
    return core == 0 && isFree && !isWait ? 2 : 3; // MTE2
  }

  Agent &agentOf(unsigned core, unsigned lane) {
    Agent &agent = agents[{core, lane}];
    agent.core = core;
    return agent;
  }

  void expand(unsigned core) {
    std::map<std::pair<uint32_t, PipeDirection>, Side> sides;
    const auto &steps = scripts[core].steps;
    for (uint32_t i = 0; i < steps.size(); ++i) {
      const PipeStep &step = steps[i];
      if (step.kind == PipeStep::Open || step.kind == PipeStep::Close) {
        for (PipeDirection one : {PipeDirection::C2V, PipeDirection::V2C}) {
          if (step.kind == PipeStep::Close)
            end(core, i, one, sides[{step.pipe, one}]);
          sides[{step.pipe, one}] = {};
        }
        continue;
      }
      Side &side = sides[{step.pipe, step.direction}];
      side.isSplit |= step.isSplit;
      expand(core, i, side);
    }
  }

  void expand(unsigned core, uint32_t i, Side &side) {
    const PipeStep &step = scripts[core].steps[i];
    const PipeInit &init = groups[step.pipe].first();
    uint64_t period = uint64_t(init.syncPeriod());
    auto add = [&](bool isWait, bool isFree, uint64_t entry) {
      agentOf(core, lane(core, step, isFree, isWait))
          .actions.push_back({isWait, false, isFree, i, entry, peersOf(core, step.isSplit)});
    };
    auto reserve = [&] {
      if (side.moved >= uint64_t(init.slotNum) && side.moved % period == 0) {
        ++side.credits;
        add(true, true, side.moved);
      }
      ++side.moved;
    };
    switch (step.kind) {
    case PipeStep::Alloc:
      return reserve();
    case PipeStep::Push:
      if (step.isTile)
        reserve();
      return add(false, false, side.moved - 1);
    case PipeStep::Pop:
      add(true, false, side.moved++);
      // Through global memory the load of a tile gives the slot back.
      if (step.isTile && init.throughGm() && side.moved % period == 0)
        add(false, true, side.moved - 1);
      return;
    case PipeStep::Free: {
      uint64_t count = init.throughGm() ? side.moved : ++side.freed;
      bool gives = !init.throughGm() || !step.isTile;
      if (gives && count && count % period == 0)
        add(false, true, count - 1);
      return;
    }
    default:
      return;
    }
  }

  /// The destructor of the producer takes the credits that are left.
  void end(unsigned core, uint32_t i, PipeDirection direction, const Side &side) {
    bool isProducer = (core == 0) == (direction == PipeDirection::C2V);
    if (!isProducer)
      return;
    PipeStep step = scripts[core].steps[i];
    step.direction = direction;
    uint64_t period = uint64_t(groups[step.pipe].first().syncPeriod());
    for (uint64_t left = side.moved / period; left > side.credits; --left) {
      Action action{true, true, true, i, side.moved, peersOf(core, side.isSplit)};
      directions[{core, i}] = direction;
      agentOf(core, lane(core, step, true, true)).actions.push_back(action);
    }
  }

  PipeDirection directionOf(const Agent &agent, const Action &action) const {
    auto found = directions.find({agent.core, action.step});
    return found != directions.end() && action.isEnd
               ? found->second
               : scripts[agent.core].steps[action.step].direction;
  }

  Flag flagOf(const Agent &agent, const Action &action, unsigned peer) const {
    return {scripts[agent.core].steps[action.step].pipe, directionOf(agent, action), action.isFree,
            action.isWait ? peer : agent.core, action.isWait ? agent.core : peer};
  }

  //===--------------------------------------------------------------------===//
  // The run
  //===--------------------------------------------------------------------===//

  bool advance(Agent &agent) {
    size_t before = agent.at;
    for (; !agent.isDone(); ++agent.at) {
      const Action &action = agent.actions[agent.at];
      if (action.isWait && llvm::any_of(action.peers, [&](unsigned peer) {
            return counts[flagOf(agent, action, peer)] == 0;
          }))
        break;
      for (unsigned peer : action.peers) {
        Flag flag = flagOf(agent, action, peer);
        counts[flag] += action.isWait ? -1 : 1;
        if (!action.isWait)
          lastSet[flag] = scripts[agent.core].steps[action.step].op;
      }
    }
    return agent.at != before;
  }

  //===--------------------------------------------------------------------===//
  // In words
  //===--------------------------------------------------------------------===//

  static std::string coreName(unsigned core) {
    return core == 0 ? "the cube core" : formatv("vector core {0}", core - 1).str();
  }
  std::string pipeName(uint32_t pipe, PipeDirection direction) const {
    const PipeInit &init = groups[pipe].first();
    std::string text = init.id ? formatv("pipe {0}", *init.id).str() : "the pipe";
    return text + " (" + name(direction).str() + ")";
  }

  std::string words(const Agent &agent, const Action &action) const {
    const PipeStep &step = scripts[agent.core].steps[action.step];
    std::string pipe = pipeName(step.pipe, directionOf(agent, action));
    const PipeInit &init = groups[step.pipe].first();
    if (action.isEnd)
      return formatv("{0} has sent {1} entries on {2} and waits at its end for the credits that "
                     "stand out",
                     coreName(agent.core), action.entry, pipe);
    if (action.isFree)
      return formatv("{0} waits here for a free slot of {1} to send entry {2}; all {3} are taken",
                     coreName(agent.core), pipe, action.entry, init.slotNum);
    return formatv("{0} waits here for entry {1} of {2}", coreName(agent.core), action.entry, pipe);
  }

  /// The peer whose set is missing, and the agent of it that would make it; null when none will.
  const Agent *sourceOf(const Agent &agent, const Action &action, unsigned &peer) {
    for (unsigned one : action.peers) {
      Flag flag = flagOf(agent, action, one);
      if (counts[flag] != 0)
        continue;
      peer = one;
      for (auto &[key, other] : agents) {
        if (other.core != one)
          continue;
        for (size_t i = other.at; i < other.actions.size(); ++i)
          if (const Action &later = other.actions[i]; !later.isWait && later.isFree == flag.isFree)
            if (llvm::is_contained(later.peers, agent.core) &&
                flagOf(other, later, agent.core) == flag)
              return &other;
      }
      return nullptr;
    }
    return nullptr;
  }

  std::string noSource(const Agent &agent, const Action &action, unsigned peer) const {
    const PipeStep &step = scripts[agent.core].steps[action.step];
    std::string pipe = pipeName(step.pipe, directionOf(agent, action));
    uint64_t moved = 0;
    bool isForOther = false;
    for (const PipeStep &other : scripts[peer].steps)
      if (other.pipe == step.pipe && other.direction == directionOf(agent, action) &&
          other.kind == (action.isFree ? PipeStep::Pop : PipeStep::Push)) {
        ++moved;
        isForOther |= !llvm::is_contained(peersOf(peer, other.isSplit), agent.core);
      }
    if (isForOther)
      return formatv("without a split {0} sends to vector core 0 alone", coreName(peer));
    if (action.isFree)
      return formatv("{0} receives {1} of them and gives none back after that", coreName(peer),
                     moved);
    return formatv("{0} sends {1} entries on {2} in all", coreName(peer), moved, pipe);
  }

  PipeHang explain(const Agent &first) {
    PipeHang hang;
    llvm::SmallVector<const Agent *> chain;
    for (const Agent *agent = &first; agent;) {
      auto seen = llvm::find(chain, agent);
      if (seen != chain.end()) { // what leads into the cycle is no part of it
        hang.isCycle = true;
        if (size_t before = seen - chain.begin())
          hang.stops.erase(hang.stops.begin(), hang.stops.begin() + before);
        return hang;
      }
      chain.push_back(agent);
      const Action &action = agent->actions[agent->at];
      hang.stops.push_back({scripts[agent->core].steps[action.step].op, words(*agent, action)});
      unsigned peer = 0;
      const Agent *next = sourceOf(*agent, action, peer);
      if (!next)
        hang.reason = noSource(*agent, action, peer);
      agent = next;
    }
    return hang;
  }

  /// Flags that are still up at the end.
  std::optional<PipeHang> leftOver() {
    for (auto &[flag, count] : counts)
      if (count > 0) {
        PipeHang hang;
        // Who does not finish with a flag at 0 leaves it to the next kernel.
        hang.stops.push_back(
            {lastSet[flag],
             formatv("{0} {1} on {2} than {3} {4}, so that a flag still counts {5} at the end",
                     coreName(flag.from),
                     flag.isFree ? "gives back more entries" : "sends more entries",
                     pipeName(flag.pipe, flag.direction), coreName(flag.to),
                     flag.isFree ? "asks for" : "receives", count)});
        return hang;
      }
    return std::nullopt;
  }

  const PipeScripts &scripts;
  llvm::ArrayRef<PipeGroup> groups;
  Arch arch;
  std::map<std::pair<unsigned, unsigned>, Agent> agents;             ///< by core and lane
  std::map<std::pair<unsigned, uint32_t>, PipeDirection> directions; ///< of destructors
  std::map<Flag, int64_t> counts;
  std::map<Flag, mlir::Operation *> lastSet;
};

} // namespace

std::optional<PipeHang> pto::runPipes(const PipeScripts &scripts, llvm::ArrayRef<PipeGroup> groups,
                                      Arch arch) {
  return Protocol(scripts, groups, arch).run();
}
