//===- PipeProtocol.cpp - Do the cores of a block finish? ------------------===//

#include "PipeProtocol.h"
#include "ptoas/IR/CrossCore.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using llvm::formatv;

namespace {

/// One hardware pipe of a core, with its share of the actions, in order.
struct Lane {
  std::vector<uint32_t> actions; ///< by number in the core's list
  size_t at = 0;
  bool isDone() const { return at == actions.size(); }
  uint32_t head() const { return actions[at]; }
};

/// Lanes are told by core and pipe.
struct LaneId {
  unsigned core = 0;
  Pipe pipe = Pipe::S;
  bool operator==(const LaneId &) const = default;
};

class Protocol {
public:
  Protocol(const PipeActions &actions, const PipeScripts &scripts, llvm::ArrayRef<PipeGroup> groups)
      : actions(actions), scripts(scripts), groups(groups) {
    for (unsigned core = 0; core < numPipeCores; ++core)
      for (auto [number, action] : llvm::enumerate(actions.of[core]))
        lanes[core][unsigned(action.lane)].actions.push_back(number);
  }

  std::optional<PipeHang> run() {
    bool moved = true;
    while (std::exchange(moved, false))
      eachLane([&](LaneId id) {
        moved |= advance(id);
        return false;
      });
    std::optional<PipeHang> hang;
    eachLane([&](LaneId id) {
      if (!lane(id).isDone())
        hang = explain(id);
      return hang.has_value();
    });
    return hang ? hang : leftOver();
  }

private:
  /// Until `visit` says that it is enough.
  void eachLane(llvm::function_ref<bool(LaneId)> visit) const {
    for (unsigned core = 0; core < numPipeCores; ++core)
      for (unsigned pipe = 0; pipe < numPipes; ++pipe)
        if (visit({core, Pipe(pipe)}))
          return;
  }
  Lane &lane(LaneId id) { return lanes[id.core][unsigned(id.pipe)]; }
  const Lane &lane(LaneId id) const { return lanes[id.core][unsigned(id.pipe)]; }
  const PipeAction &headOf(LaneId id) const { return actions.of[id.core][lane(id).head()]; }
  const PipeStep &stepOf(unsigned core, const PipeAction &action) const {
    return scripts[core].steps[action.step];
  }

  //===--------------------------------------------------------------------===//
  // The run
  //===--------------------------------------------------------------------===//

  /// The scalar unit hands out what comes behind the action that it stands at only then.
  bool isIssued(LaneId id) const {
    const Lane &scalar = lane({id.core, Pipe::S});
    return id.pipe == Pipe::S || scalar.isDone() || lane(id).head() < scalar.head();
  }

  /// The first pipe that still has something before `number`.
  std::optional<LaneId> busyBefore(unsigned core, uint32_t number) const {
    for (unsigned pipe = 1; pipe < numPipes; ++pipe)
      if (const Lane &other = lanes[core][pipe]; !other.isDone() && other.head() < number)
        return LaneId{core, Pipe(pipe)};
    return std::nullopt;
  }

  bool canRun(LaneId id) {
    if (!isIssued(id))
      return false;
    const PipeAction &action = headOf(id);
    if (action.kind == PipeAction::Drain)
      return !busyBefore(id.core, lane(id).head());
    return action.kind == PipeAction::Set ||
           llvm::all_of(action.flags, [&](const PipeFlag &flag) { return counts[flag] > 0; });
  }

  bool advance(LaneId id) {
    Lane &own = lane(id);
    size_t before = own.at;
    for (; !own.isDone() && canRun(id); ++own.at) {
      const PipeAction &action = headOf(id);
      for (const PipeFlag &flag : action.flags) {
        bool isSet = action.kind == PipeAction::Set;
        counts[flag] += isSet ? 1 : -1;
        if (isSet)
          lastSet[flag] = stepOf(id.core, action).op;
      }
    }
    return own.at != before;
  }

  //===--------------------------------------------------------------------===//
  // Who waits for whom
  //===--------------------------------------------------------------------===//

  const PipeFlag *missingOf(const PipeAction &action) const {
    for (const PipeFlag &flag : action.flags)
      if (auto found = counts.find(flag); found == counts.end() || found->second == 0)
        return &flag;
    return nullptr;
  }

  /// Who would set the flag; none when nobody will.
  std::optional<LaneId> sourceOf(const PipeFlag &flag) const {
    for (unsigned pipe = 0; pipe < numPipes; ++pipe) {
      const Lane &other = lanes[flag.from][pipe];
      for (size_t i = other.at; i < other.actions.size(); ++i) {
        const PipeAction &later = actions.of[flag.from][other.actions[i]];
        if (later.kind == PipeAction::Set && llvm::is_contained(later.flags, flag))
          return LaneId{flag.from, Pipe(pipe)};
      }
    }
    return std::nullopt;
  }

  PipeHang explain(LaneId first) const {
    struct Link {
      LaneId at;
      std::optional<PipeStop> stop;
    };
    llvm::SmallVector<Link> chain;
    PipeHang hang;
    size_t begin = 0;
    for (std::optional<LaneId> at = first; at;) {
      auto seen = llvm::find_if(chain, [&](const Link &link) { return link.at == *at; });
      if (seen != chain.end()) { // what leads into the cycle is no part of it
        hang.isCycle = true;
        begin = seen - chain.begin();
        break;
      }
      Link &link = chain.emplace_back(Link{*at, {}});
      LaneId here = *at;
      if (!isIssued(here)) {
        at = LaneId{here.core, Pipe::S};
        continue;
      }
      const PipeAction &action = headOf(here);
      bool isInside =
          action.kind == PipeAction::Drain || action.flags.front().kind == PipeFlag::Inner;
      link.stop = PipeStop{stepOf(here.core, action).op, words(here, action), isInside};
      if (action.kind == PipeAction::Drain) {
        at = busyBefore(here.core, lane(here).head());
        continue;
      }
      const PipeFlag &flag = *missingOf(action);
      at = sourceOf(flag);
      if (!at)
        hang.reason = noSource(flag, action, here.core);
    }
    for (Link &link : llvm::drop_begin(chain, begin))
      if (link.stop)
        hang.stops.push_back(std::move(*link.stop));
    // A cycle begins anywhere: best with what one core waits for of another.
    auto outside = llvm::find_if(hang.stops, [](const PipeStop &stop) { return !stop.isInside; });
    if (hang.isCycle && outside != hang.stops.end())
      std::rotate(hang.stops.begin(), outside, hang.stops.end());
    return hang;
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
  /// As the receiver names it.
  static std::string flagName(const PipeFlag &flag) { return formatv("flag {0}", flag.id); }

  std::string words(LaneId at, const PipeAction &action) const {
    std::string core = coreName(at.core);
    if (action.kind == PipeAction::Drain)
      return core + " waits here until its pipes are empty (PIPE_ALL)";
    const PipeFlag &flag = *missingOf(action);
    if (flag.kind == PipeFlag::Own)
      return formatv("{0} waits here for {1} of {2}", core, flagName(flag), coreName(flag.from));
    if (flag.kind == PipeFlag::Inner)
      return formatv("{0} waits here on {1} for a flag of its own", core, name(at.pipe));
    std::string pipe = pipeName(flag.pipe, flag.direction);
    if (action.isEnd)
      return formatv("{0} has sent {1} entries on {2} and waits at its end for the credits that "
                     "stand out",
                     core, action.entry, pipe);
    if (flag.kind == PipeFlag::Free)
      return formatv("{0} waits here for a free slot of {1} to send entry {2}; all {3} are taken",
                     core, pipe, action.entry, groups[flag.pipe].first().slotNum);
    return formatv("{0} waits here for entry {1} of {2}", core, action.entry, pipe);
  }

  std::string noSource(const PipeFlag &flag, const PipeAction &action, unsigned core) const {
    std::string peer = coreName(flag.from);
    if (flag.kind == PipeFlag::Own || flag.kind == PipeFlag::Inner) {
      size_t sets = llvm::count_if(actions.of[flag.from], [&](const PipeAction &other) {
        return other.kind == PipeAction::Set && llvm::is_contained(other.flags, flag);
      });
      return formatv("{0} sets it {1} {2} in all", peer, sets, sets == 1 ? "time" : "times");
    }
    bool isFree = flag.kind == PipeFlag::Free, isForOther = false;
    uint64_t moved = 0;
    for (const PipeStep &other : scripts[flag.from].steps)
      if (other.kind == (isFree ? PipeStep::Pop : PipeStep::Push) && other.pipe == flag.pipe &&
          other.direction == flag.direction) {
        ++moved;
        isForOther |= archOf(other.op) == Arch::A5 && flag.from == 0 && core == 2 && !other.isSplit;
      }
    if (isForOther)
      return formatv("without a split {0} sends to vector core 0 alone", peer);
    if (isFree)
      return formatv("{0} receives {1} of them and gives none back after that", peer, moved);
    return formatv("{0} sends {1} entries on {2} in all", peer, moved,
                   pipeName(flag.pipe, flag.direction));
  }

  /// Flags that are still up at the end: who does not finish with a flag at 0 leaves it to the next
  /// kernel. Those inside a core are judged elsewhere.
  std::optional<PipeHang> leftOver() const {
    for (auto &[flag, count] : counts) {
      if (count <= 0 || flag.kind == PipeFlag::Inner)
        continue;
      std::string from = coreName(flag.from), to = coreName(flag.to), what;
      if (flag.kind == PipeFlag::Own)
        what = formatv("{0} sets {1} more often than {2} waits for it, so that it still counts {3} "
                       "at the end",
                       from, flagName(flag), to, count);
      else
        what =
            formatv("{0} {1} on {2} than {3} {4}, so that a flag still counts {5} at the end", from,
                    flag.kind == PipeFlag::Free ? "gives back more entries" : "sends more entries",
                    pipeName(flag.pipe, flag.direction), to,
                    flag.kind == PipeFlag::Free ? "asks for" : "receives", count);
      PipeHang hang;
      hang.stops.push_back({lastSet.at(flag), what, false});
      return hang;
    }
    return std::nullopt;
  }

  const PipeActions &actions;
  const PipeScripts &scripts;
  llvm::ArrayRef<PipeGroup> groups;
  Lane lanes[numPipeCores][numPipes];
  std::map<PipeFlag, int64_t> counts;
  std::map<PipeFlag, mlir::Operation *> lastSet;
};

} // namespace

std::optional<PipeHang> pto::runPipes(const PipeActions &actions, const PipeScripts &scripts,
                                      llvm::ArrayRef<PipeGroup> groups) {
  return Protocol(actions, scripts, groups).run();
}
