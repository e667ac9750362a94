//===- PipeActions.cpp - Scripts as sets and waits of flags ----------------===//
//
// The protocol of the library's pipes (cross-core 4, 6) and the flags of the program (cross-core
// 1 - 3), core by core.
//
//===----------------------------------------------------------------------===//

#include "PipeActions.h"
#include "ptoas/IR/CrossCore.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <set>

using namespace pto;

namespace {

using Cores = llvm::SmallVector<unsigned, 2>;

class Expander {
public:
  Expander(const PipeScripts &scripts, llvm::ArrayRef<PipeGroup> groups, Arch arch, PipeOrder order)
      : scripts(scripts), groups(groups), arch(arch), order(order) {}

  PipeActions run() {
    for (core = 0; core < numPipeCores; ++core)
      for (const PipeStep &step : scripts[core].steps)
        if (step.kind == PipeStep::Set)
          for (const PipeFlag &flag : flagsSet(step))
            modes[{flag.to, flag.mode == directMode, flag.id}].insert(flag.mode);
    for (core = 0; core < numPipeCores; ++core)
      expand();
    return std::move(actions);
  }

private:
  /// The counters of one pipe and direction on one core, from its making to its end.
  struct Side {
    uint64_t moved = 0, freed = 0, credits = 0;
    bool isSplit = false;
  };

  //===--------------------------------------------------------------------===//
  // Pipes
  //===--------------------------------------------------------------------===//

  /// The vector cores that a call is about.
  Cores peers(bool isSplit) const {
    return core != 0 ? Cores{0} : arch == Arch::A3 || isSplit ? Cores{1, 2} : Cores{1};
  }

  /// The hardware pipe that waits and signals (cross-core 6).
  Pipe laneOf(const PipeStep &step, bool isWait, bool isFree) const {
    bool isCube = core == 0;
    if (isCube == (step.direction == PipeDirection::C2V)) // the producer
      return isCube ? Pipe::FIX : Pipe::MTE3;
    if (!groups[step.pipe].first().throughGm())
      return isCube ? Pipe::MTE1 : Pipe::V;
    return isCube && isFree && !isWait ? Pipe::MTE1 : Pipe::MTE2;
  }

  PipeAction &add(PipeAction::Kind kind, Pipe lane, uint64_t entry) {
    return actions.of[core].emplace_back(
        PipeAction{kind, order == PipeOrder::Program ? Pipe::S : lane, false, at, entry, {}});
  }

  PipeAction &message(const PipeStep &step, bool isWait, bool isFree, uint64_t entry,
                      bool isSplit) {
    PipeAction &action =
        add(isWait ? PipeAction::Wait : PipeAction::Set, laneOf(step, isWait, isFree), entry);
    for (unsigned peer : peers(isSplit))
      action.flags.push_back({isFree ? PipeFlag::Free : PipeFlag::Data, step.pipe, step.direction,
                              0, 0, isWait ? peer : core, isWait ? core : peer});
    return action;
  }

  void pipeCall(const PipeStep &step, Side &side) {
    const PipeInit &init = groups[step.pipe].first();
    uint64_t period = uint64_t(init.syncPeriod());
    side.isSplit |= step.isSplit;
    auto say = [&](bool isWait, bool isFree, uint64_t entry) {
      message(step, isWait, isFree, entry, step.isSplit);
    };
    auto reserve = [&] {
      if (side.moved >= uint64_t(init.slotNum) && side.moved % period == 0) {
        ++side.credits;
        say(true, true, side.moved);
      }
      ++side.moved;
    };
    switch (step.kind) {
    case PipeStep::Alloc:
      return reserve();
    case PipeStep::Push:
      if (step.isTile)
        reserve();
      return say(false, false, side.moved - 1);
    case PipeStep::Pop:
      say(true, false, side.moved++);
      // Through global memory the load of a tile gives the slot back.
      if (step.isTile && init.throughGm() && side.moved % period == 0)
        say(false, true, side.moved - 1);
      return;
    default: {
      uint64_t count = init.throughGm() ? side.moved : ++side.freed;
      bool gives = !init.throughGm() || !step.isTile;
      if (gives && count && count % period == 0)
        say(false, true, count - 1);
    }
    }
  }

  /// The destructor of the producer takes the credits that are left.
  void end(PipeStep step, PipeDirection direction, const Side &side) {
    if ((core == 0) != (direction == PipeDirection::C2V))
      return;
    step.direction = direction;
    uint64_t period = uint64_t(groups[step.pipe].first().syncPeriod());
    for (uint64_t left = side.moved / period; left > side.credits; --left)
      message(step, true, true, side.moved, side.isSplit).isEnd = true;
  }

  //===--------------------------------------------------------------------===//
  // Flags of the program
  //===--------------------------------------------------------------------===//

  static Cores kind(bool isCube) { return isCube ? Cores{0} : Cores{1, 2}; }

  PipeFlag own(uint8_t mode, int64_t id, unsigned from, unsigned to) const {
    return {PipeFlag::Own, 0, PipeDirection::C2V, mode, id, from, to};
  }

  llvm::SmallVector<PipeFlag, 2> flagsSet(const PipeStep &step) const {
    const FlagStep &flag = step.flag;
    llvm::SmallVector<PipeFlag, 2> flags;
    if (flag.isDirect) {
      int64_t id = flag.id % secondVectorIds;
      flags.push_back(core ? own(directMode, id + (core - 1) * secondVectorIds, core, 0)
                           : own(directMode, id, 0, flag.id < secondVectorIds ? 1 : 2));
      return flags;
    }
    for (unsigned to : kind((core == 0) == (flag.mode != 2)))
      flags.push_back(own(flag.mode, flag.id, core, to));
    return flags;
  }

  /// Those that a wait takes one of. Who may set the flag shows only on all cores together.
  llvm::SmallVector<PipeFlag, 2> flagsAwaited(const PipeStep &step) {
    const FlagStep &flag = step.flag;
    llvm::SmallVector<PipeFlag, 2> flags;
    if (flag.isDirect) {
      flags.push_back(
          own(directMode, flag.id, core ? 0 : 1 + unsigned(flag.id / secondVectorIds), core));
      return flags;
    }
    auto found = modes.find({core, false, flag.id});
    bool isSet = found != modes.end();
    if (isSet && found->second.size() > 1)
      doubt(step, llvm::formatv("flag {0} is set in {1} modes, and a wait takes whichever comes "
                                "first",
                                flag.id, found->second.size()));
    uint8_t mode = isSet ? *found->second.begin() : 2;
    for (unsigned from : kind((core == 0) == (mode != 2)))
      flags.push_back(own(mode, flag.id, from, core));
    return flags;
  }

  void doubt(const PipeStep &step, std::string what) {
    if (actions.doubtful)
      return;
    actions.doubtful = step.op;
    actions.doubt = std::move(what);
  }

  void wait(const PipeStep &step) {
    PipeAction &action = add(PipeAction::Wait, arch == Arch::A3 ? Pipe::S : step.flag.pipe, 0);
    action.flags = flagsAwaited(step);
    for (const PipeFlag &flag : action.flags)
      if (auto [known, isNew] = waiters.try_emplace(flag, action.lane);
          !isNew && known->second != action.lane)
        doubt(step, llvm::formatv("flag {0} is waited for on {1} and on {2}, and whichever comes "
                                  "first takes it",
                                  step.flag.id, name(known->second), name(action.lane)));
  }

  void inner(const PipeStep &step) {
    const FlagStep &f = step.flag;
    bool isSet = step.kind == PipeStep::InnerSet;
    bool isBuffer = f.from == Pipe::ALL;
    int64_t key = ((int64_t(f.from) * 8 + int64_t(f.to)) << 32) + f.id;
    // An accumulator is drained at first, and until a product has finished it.
    if (f.id >= firstUnitFlag && f.to == Pipe::M && !isSet && !finished.erase({core, f.id}))
      return;
    if (f.id >= firstUnitFlag && f.to == Pipe::FIX && isSet)
      finished.insert({core, f.id});
    // Nobody holds a buffer at first.
    if (isBuffer && !isSet && held.insert({core, f.id}).second)
      return;
    PipeAction &action = add(isSet ? PipeAction::Set : PipeAction::Wait, f.pipe, 0);
    action.flags.push_back({PipeFlag::Inner, 0, PipeDirection::C2V, 0, key, core, core});
  }

  //===--------------------------------------------------------------------===//
  // Cores
  //===--------------------------------------------------------------------===//

  void expand() {
    std::map<std::pair<uint32_t, PipeDirection>, Side> sides;
    const auto &steps = scripts[core].steps;
    for (at = 0; at < steps.size(); ++at) {
      const PipeStep &step = steps[at];
      switch (step.kind) {
      case PipeStep::Open:
      case PipeStep::Close:
        for (PipeDirection one : {PipeDirection::C2V, PipeDirection::V2C}) {
          if (step.kind == PipeStep::Close)
            end(step, one, sides[{step.pipe, one}]);
          sides[{step.pipe, one}] = {};
        }
        break;
      case PipeStep::Set:
        add(PipeAction::Set, step.flag.pipe, 0).flags = flagsSet(step);
        break;
      case PipeStep::Wait:
        wait(step);
        break;
      case PipeStep::InnerSet:
      case PipeStep::InnerWait:
        inner(step);
        break;
      case PipeStep::Drain:
        add(PipeAction::Drain, Pipe::S, 0);
        break;
      default:
        pipeCall(step, sides[{step.pipe, step.direction}]);
      }
    }
  }

  const PipeScripts &scripts;
  llvm::ArrayRef<PipeGroup> groups;
  Arch arch;
  PipeOrder order;
  unsigned core = 0;
  uint32_t at = 0; ///< number of the step
  PipeActions actions;
  /// In which modes a flag is set, by the core that receives it.
  std::map<std::tuple<unsigned, bool, int64_t>, std::set<uint8_t>> modes;
  std::map<PipeFlag, Pipe> waiters;
  std::set<std::pair<unsigned, int64_t>> held, finished; ///< buffers; accumulators
};

} // namespace

PipeActions pto::pipeActions(const PipeScripts &scripts, llvm::ArrayRef<PipeGroup> groups,
                             Arch arch, PipeOrder order) {
  return Expander(scripts, groups, arch, order).run();
}
