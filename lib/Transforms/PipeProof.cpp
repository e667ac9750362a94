//===- PipeProof.cpp - Cores that let one another finish -------------------===//
//
// Kernels whose counts are constants are run once. Where they depend on parameters, a run for each
// small value of each of them shows what the filling, the steady state and the emptying of the
// rings do: a protocol whose period is that of its rings repeats itself after two rounds.
//
//===----------------------------------------------------------------------===//

#include "PipeProof.h"
#include "PipeProtocol.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/IR/CrossCore.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/StringExtras.h"
#include <numeric>

using namespace pto;
using mlir::func::FuncOp;

namespace {

/// The kernels that run together in a block.
struct Launch {
  FuncOp cube, vector; ///< may be the same
  llvm::SmallVector<uint32_t> pipes;
};

/// Kernels that share a pipe run together. Where several take one side, each of them is a kernel of
/// its own and who meets whom is not known: they have no launch.
std::vector<Launch> launchesOf(llvm::ArrayRef<PipeGroup> groups) {
  llvm::EquivalenceClasses<mlir::Operation *> together;
  llvm::SmallVector<mlir::Operation *> order; // of their first pipe
  for (const PipeGroup &group : groups) {
    mlir::Operation *first = group.first().op->getParentOfType<FuncOp>();
    together.insert(first);
    for (const PipeMember &member : group.members)
      for (mlir::Operation *kernel : member.kernels) {
        if (!llvm::is_contained(order, kernel))
          order.push_back(kernel);
        together.unionSets(first, kernel);
      }
  }
  std::vector<Launch> launches;
  llvm::DenseSet<mlir::Operation *> done;
  for (mlir::Operation *kernel : order) {
    mlir::Operation *leader = together.getLeaderValue(kernel);
    if (!done.insert(leader).second)
      continue;
    Launch launch;
    bool isPlain = true;
    for (auto [number, group] : llvm::enumerate(groups)) {
      if (together.getLeaderValue(group.members.front().function) != leader)
        continue;
      launch.pipes.push_back(number);
      bool sides[2] = {false, false};
      for (const PipeMember &member : group.members) {
        isPlain &= member.core.has_value() && member.kernels.size() == 1;
        if (!isPlain)
          break;
        FuncOp &side = *member.core == CoreKind::Cube ? launch.cube : launch.vector;
        isPlain &= !side || side == member.kernels.front();
        side = member.kernels.front();
        sides[*member.core == CoreKind::Vector] = true;
      }
      isPlain &= sides[0] && sides[1]; // else the peer is in another module
    }
    if (isPlain && launch.cube && launch.vector)
      launches.push_back(launch);
  }
  return launches;
}

/// Kernels of both kinds of core without a pipe, whose cores meet by flags of their own.
std::vector<Launch> launchesByFlags(mlir::ModuleOp module, llvm::ArrayRef<Launch> others) {
  std::vector<Launch> launches;
  auto kernels = kernelsOf(module);
  for (FuncOp root : rootFunctions(module)) {
    if (coreKindOf(root) || llvm::any_of(others, [&](const Launch &launch) {
          return launch.cube == root || launch.vector == root;
        }))
      continue;
    bool hasFlags = false, sides[2] = {false, false};
    module.walk([&](mlir::Operation *op) {
      auto function = op->getParentOfType<FuncOp>();
      if (!function || !llvm::is_contained(kernels.lookup(function), root))
        return;
      hasFlags |= stepsOnFlags(op, /*inner=*/false);
      if (auto core = coreKindOf(op))
        sides[*core == CoreKind::Vector] = true;
    });
    if (hasFlags && sides[0] && sides[1])
      launches.push_back({root, root, {}});
  }
  return launches;
}

class Proof {
public:
  Proof(const Launch &launch, llvm::ArrayRef<PipeGroup> groups, bool isInside, bool isMild)
      : launch(launch), groups(groups), arch(archOf(this->launch.cube)), isInside(isInside),
        isMild(isMild) {
    for (auto [number, group] : llvm::enumerate(groups))
      for (const PipeMember &member : group.members)
        scene.pipeOf[member.init.op] = number;
    scene.sharesParameters =
        this->launch.cube == this->launch.vector ||
        this->launch.cube.getArgumentTypes() == this->launch.vector.getArgumentTypes();
    for (uint32_t pipe : launch.pipes)
      slots = std::max(slots, std::min<int64_t>(groups[pipe].first().slotNum, mostSlots));
  }

  bool run() {
    // Which parameters matter shows only on the paths that are followed.
    for (int64_t count : {int64_t(3), 2 * slots + 3}) {
      scene.otherwise = count;
      for (bool isVector : {false, true}) {
        scene.divisors.swap(found[isVector]);
        follow(isVector);
        scene.divisors.swap(found[isVector]);
      }
    }
    for (auto &[parameter, unit] : found[0]) {
      auto other = found[1].find(parameter);
      (other == found[1].end() ? alone : shared).push_back(parameter);
      scene.divisors[parameter] = other == found[1].end() ? unit : std::lcm(unit, other->second);
    }
    for (auto &[parameter, unit] : found[1])
      if (scene.divisors.try_emplace(parameter, unit).second)
        alone.push_back(parameter);
    scene.divisorsStand = true;
    return judge();
  }

private:
  static constexpr int64_t mostSlots = 16;

  PipeScripts follow(bool vectorOnly, bool all = false) {
    PipeScripts scripts;
    if (all || !vectorOnly)
      scripts[0] = followPipes(launch.cube, CoreKind::Cube, 0, scene);
    if (all || vectorOnly)
      for (int64_t sub : {0, 1})
        scripts[1 + sub] = followPipes(launch.vector, CoreKind::Vector, sub, scene);
    return scripts;
  }

  bool judge() {
    if (shared.empty() && alone.empty())
      return attempt({}, {0}) != Bad;
    for (const PipeParameter &parameter : shared)
      for (int64_t count = 0; count <= 2 * slots + 3; ++count)
        for (int64_t others : {int64_t(3), 2 * slots + 3}) {
          PipeValues values{{parameter, count}};
          Verdict verdict = attempt(values, {others, count});
          if (verdict != Good)
            return verdict != Bad;
        }
    // Who counts by a parameter of his own finishes only where the caller relates it to the
    // other's, unless the pipes do not depend on its value after all.
    for (const PipeParameter &parameter : alone)
      for (int64_t count = 0; count <= 2 * slots + 3; ++count) {
        PipeValues values{{parameter, count}};
        for (const PipeParameter &other : alone)
          values.try_emplace(other, 3);
        PipeScripts scripts = scriptsFor(values, 3);
        if (isVoid(scripts))
          continue;
        std::optional<PipeHang> hang;
        Verdict verdict = run(scripts, hang);
        if (verdict == Bad)
          warnAboutRelation();
        if (verdict != Good)
          return true;
      }
    return true;
  }

  static bool isVoid(const PipeScripts &scripts) {
    return llvm::any_of(scripts, [](const PipeScript &script) { return script.isVoid; });
  }

  PipeScripts scriptsFor(const PipeValues &values, int64_t others) {
    scene.values = values;
    scene.otherwise = others;
    return follow(false, /*all=*/true);
  }

  enum Verdict : uint8_t { Good, Unknown, Bad };

  /// The verdict on one run; told already when it is Unknown.
  Verdict run(const PipeScripts &scripts, std::optional<PipeHang> &hang) {
    for (const PipeScript &script : scripts)
      if (!script.isComplete()) {
        if (!isInside || scene.withInner) // else it was told before the flags were inserted
          warnAboutScript(script);
        return Unknown;
      }
    PipeOrder order = arch == Arch::A3 ? PipeOrder::Program : PipeOrder::Lanes;
    PipeActions actions = pipeActions(scripts, groups, arch, order);
    if (actions.doubtful) {
      if (!isInside)
        warn(actions.doubtful) << actions.doubt;
      return Unknown;
    }
    if (mlir::Operation *own = !isInside ? collision(scripts) : nullptr)
      return tellCollision(own), Bad;
    hang = runPipes(actions, scripts, groups);
    return hang ? Bad : Good;
  }

  /// Whatever finishes in program order finishes: flags inside a core hold nothing longer than
  /// until what stands before them is done.
  Verdict runInside(const PipeScripts &plain, std::optional<PipeHang> &hang) {
    if (Verdict verdict = run(plain, hang); verdict != Good)
      return verdict;
    if (!runPipes(pipeActions(plain, groups, arch, PipeOrder::Program), plain, groups))
      return Good;
    scene.withInner = true;
    PipeScripts scripts = follow(false, /*all=*/true);
    Verdict verdict = run(scripts, hang);
    scene.withInner = false;
    return verdict;
  }

  /// With the parameters of one side alone at each of `others`: the caller relates them, so that
  /// one that goes well is enough.
  Verdict attempt(const PipeValues &values, llvm::ArrayRef<int64_t> others) {
    std::optional<PipeHang> hang;
    PipeValues with;
    for (int64_t other : others) {
      hang.reset();
      scene.values = values;
      scene.otherwise = other;
      for (const PipeParameter &parameter : shared)
        scene.values.try_emplace(parameter, others.front());
      PipeScripts scripts = follow(false, /*all=*/true);
      if (isVoid(scripts))
        return Good;
      Verdict verdict = isInside ? runInside(scripts, hang) : run(scripts, hang);
      if (verdict != Bad || !hang)
        return verdict;
      with = scene.values;
      for (const PipeParameter &parameter : alone)
        with.try_emplace(parameter, other);
    }
    tell(*hang, with);
    return isMild ? Unknown : Bad;
  }

  //===--------------------------------------------------------------------===//
  // In words
  //===--------------------------------------------------------------------===//

  std::string nameOf(const PipeParameter &parameter) const {
    auto function = parameter.function ? llvm::cast<FuncOp>(parameter.function) : launch.cube;
    mlir::Value argument = function.getArgument(parameter.position);
    if (auto name = llvm::dyn_cast<mlir::NameLoc>(argument.getLoc()))
      return "%" + name.getName().str();
    return "%arg" + std::to_string(parameter.position);
  }

  void tell(const PipeHang &hang, const PipeValues &values) const {
    std::string when;
    for (auto &[parameter, count] : values)
      when += (when.empty() ? " when " : " and ") + nameOf(parameter) + " = " +
              std::to_string(count * scene.divisors.at(parameter));
    const PipeStop &first = hang.stops.front();
    bool isLeft = hang.reason.empty() && !hang.isCycle;
    auto error = isMild ? mlir::emitWarning(first.op->getLoc())
                              << "'" << first.op->getName() << "' op "
                        : first.op->emitOpError();
    error << (isLeft ? "does not balance" : "hangs") << when << ": " << first.what;
    for (const PipeStop &stop : llvm::drop_begin(hang.stops))
      error.attachNote(stop.op->getLoc()) << "meanwhile " << stop.what;
    if (hang.isCycle)
      error.attachNote(first.op->getLoc())
          << "which closes the cycle, so that no core gets on; "
          << (waitsForSlot(hang) ? "let the sender be fewer entries ahead, or give the ring more "
                                   "slots (slot_num)"
                                 : "let one of them set or send before it waits");
    else if (!isLeft)
      error.attachNote(hang.stops.back().op->getLoc()) << "it waits for ever: " << hang.reason;
    for (uint32_t pipe : launch.pipes)
      error.attachNote(groups[pipe].first().op->getLoc()) << "a pipe of this kernel";
  }

  static bool waitsForSlot(const PipeHang &hang) {
    return llvm::any_of(hang.stops, [](const PipeStop &stop) {
      auto call = PipeCall::of(stop.op);
      return call && call->isProducer();
    });
  }

  /// The first pipe of the kernel, else the first flag.
  mlir::Operation *firstOperation() const {
    if (!launch.pipes.empty())
      return groups[launch.pipes.front()].first().op;
    mlir::Operation *found = nullptr;
    launch.cube.walk([&](mlir::Operation *op) {
      if (!stepsOnFlags(op, /*inner=*/false))
        return mlir::WalkResult::advance();
      found = op;
      return mlir::WalkResult::interrupt();
    });
    return found ? found : launch.cube.getOperation();
  }

  /// At the first pipe of the kernel, else at the operation that it is about.
  mlir::InFlightDiagnostic warn(mlir::Operation *at) const {
    mlir::Operation *op = launch.pipes.empty() ? at : groups[launch.pipes.front()].first().op;
    auto warning = mlir::emitWarning(op->getLoc());
    warning << "'" << op->getName() << "' op is not proven to let its kernel finish: ";
    if (op != at)
      warning.attachNote(at->getLoc()) << "because of this";
    return warning;
  }

  /// A flag that only run time names, and that is one of a pipe.
  mlir::Operation *collision(const PipeScripts &scripts) const {
    for (const PipeScript &script : scripts)
      for (const PipeStep &step : script.steps) {
        if (step.kind != PipeStep::Set && step.kind != PipeStep::Wait)
          continue;
        int64_t id = step.flag.id % secondVectorIds;
        for (uint32_t pipe : launch.pipes) {
          const PipeInit &init = groups[pipe].first();
          if (init.flagBase && id >= *init.flagBase && id < *init.flagBase + init.flagCount())
            return step.op;
        }
      }
    return nullptr;
  }

  void tellCollision(mlir::Operation *own) const {
    auto error = own->emitOpError();
    error << "takes a cross-core flag of a pipe of its kernel; take one that no pipe has";
    for (uint32_t pipe : launch.pipes) {
      const PipeInit &init = groups[pipe].first();
      error.attachNote(init.op->getLoc())
          << "a pipe with the flags " << init.flagBase.value_or(0) << ".."
          << init.flagBase.value_or(0) + init.flagCount() - 1;
    }
  }

  void warnAboutScript(const PipeScript &script) const {
    if (script.isTooLong) {
      warn(firstOperation()) << "there are too many operations on pipes to follow all of them";
      return;
    }
    warn(script.unknown) << script.why;
  }

  void warnAboutRelation() const {
    std::string names[2];
    for (const PipeParameter &parameter : alone) {
      std::string &list = names[found[1].count(parameter)];
      list += (list.empty() ? "" : ", ") + nameOf(parameter);
    }
    auto warning = warn(firstOperation());
    warning << "counts depend on ";
    bool both = !names[0].empty() && !names[1].empty();
    if (!names[0].empty())
      warning << names[0] << " on the cube core" << (both ? " and on " : "");
    if (!names[1].empty())
      warning << names[1] << " on the vector core";
    warning << (both ? ", which only the caller relates" : ", and not on the other core");
  }

  mutable Launch launch; // handles of MLIR are not const
  llvm::ArrayRef<PipeGroup> groups;
  Arch arch;
  bool isInside;     ///< flags inside the cores stand
  bool isMild;       ///< a hang is told as a warning
  int64_t slots = 4; ///< at least: what programs without a ring hand over ahead
  PipeScene scene;
  std::map<PipeParameter, int64_t> found[2]; ///< by cube, vector
  llvm::SmallVector<PipeParameter> shared, alone;
};

} // namespace

bool pto::provePipes(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups, OwnFlags ownFlags) {
  bool ok = true;
  auto launches = launchesOf(groups);
  for (const Launch &launch : launches)
    ok &= Proof(launch, groups, /*isInside=*/false, /*isMild=*/false).run();
  if (ownFlags != OwnFlags::Off)
    for (const Launch &launch : launchesByFlags(module, launches))
      ok &= Proof(launch, groups, /*isInside=*/false, ownFlags == OwnFlags::Warn).run();
  return ok;
}

bool pto::proveInside(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups) {
  bool ok = true;
  for (const Launch &launch : launchesOf(groups))
    ok &= Proof(launch, groups, /*isInside=*/true, /*isMild=*/false).run();
  return ok;
}
