//===- Engine.cpp - Schedules: who moves next ------------------------------===//

#include "Core.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

namespace {
/// splitmix64: the same numbers on every platform.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    state += 0x9e3779b97f4a7c15;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t limit) { return next() % limit; }

private:
  uint64_t state;
};

class Scheduler {
public:
  Scheduler(Machine &machine) : machine(machine), random(machine.options.seed) {
    // Some runs complete late, some early: else rare orders never come up.
    static constexpr uint64_t weights[] = {1, 4, 16};
    completionWeight = weights[random.below(3)];
    dispatchWeight = weights[random.below(3)];
  }

  Report run();

private:
  bool runEager(Core &core);
  bool runLazy(Core &core);
  bool stepRandom(Core &core);
  bool forceDemanded(Core &core);
  bool forceAny(Core &core);
  void sweepAll();
  void sweepRandom();
  bool activate();
  void retire(size_t index);
  bool mayDispatch(const Core &core) const {
    return core.pending() < machine.options.dispatchAhead;
  }
  bool shouldStop() const {
    return machine.isExhausted() || !incomplete.empty() ||
           (machine.options.stopAtFirst && !machine.findings.empty());
  }
  void tick();
  void reportDeadlock();

  Machine &machine;
  Random random;
  uint64_t completionWeight, dispatchWeight;
  std::vector<std::unique_ptr<Core>> active; ///< by core number
  std::vector<CoreTime> times;               ///< by core number
  uint64_t ticks = 0;
  uint32_t coresDone = 0;
  std::string incomplete; ///< why the run is given up
};
} // namespace

/// Once per step; asks now and then whether the run may go on.
void Scheduler::tick() {
  constexpr uint64_t interval = 4096;
  if (++ticks % interval || !machine.options.progress)
    return;
  incomplete = machine.options.progress({machine.instructions, machine.items, coresDone,
                                         machine.coreCount(), machine.findings.size()});
}

//===----------------------------------------------------------------------===//
// One core
//===----------------------------------------------------------------------===//

/// Everything completes at once. True when anything moved.
bool Scheduler::runEager(Core &core) {
  bool moved = false;
  while (true) {
    tick();
    bool progress = false;
    for (unsigned p = 1; p < numPipes; ++p)
      while (core.canStart(Pipe(p))) {
        core.start(Pipe(p));
        if (core.inFlight(Pipe(p)))
          core.completeNewest(Pipe(p));
        progress = true;
      }
    progress |= core.stepScalar();
    while (core.inFlight(dmaEngine)) {
      core.completeNewest(dmaEngine);
      progress = true;
    }
    moved |= progress;
    if (!progress || core.takeYield() || shouldStop())
      return moved;
  }
}

/// Dispatches and starts all it can; completes only what somebody waits for, the newest first.
bool Scheduler::runLazy(Core &core) {
  bool moved = false;
  while (true) {
    tick();
    bool progress = mayDispatch(core) && core.stepScalar();
    if (!progress)
      for (unsigned p = 1; p < numPipes && !progress; ++p)
        if (core.canStart(Pipe(p))) {
          core.start(Pipe(p));
          progress = true;
        }
    if (!progress)
      progress = forceDemanded(core) ||
                 (!mayDispatch(core) && (forceAny(core) || core.stepScalar())); // HQ5
    moved |= progress;
    if (!progress || core.takeYield() || shouldStop())
      return moved;
  }
}

bool Scheduler::forceDemanded(Core &core) {
  for (unsigned p = 1; p < numAgents; ++p)
    if (core.isDemanded(Pipe(p))) {
      core.completeNewest(Pipe(p));
      return true;
    }
  return false;
}

bool Scheduler::forceAny(Core &core) {
  for (unsigned p = 1; p < numAgents; ++p)
    if (core.inFlight(Pipe(p))) {
      core.completeNewest(Pipe(p));
      return true;
    }
  return false;
}

/// One legal step, drawn by weight. False when there is none.
bool Scheduler::stepRandom(Core &core) {
  tick();
  if (random.below(dispatchWeight + completionWeight) < dispatchWeight && mayDispatch(core) &&
      core.stepScalar()) {
    core.takeYield();
    return true;
  }
  std::array<std::pair<uint64_t, unsigned>, 2 * numAgents> choices;
  unsigned count = 0;
  uint64_t total = 0;
  for (unsigned p = 1; p < numAgents; ++p) {
    if (core.canStart(Pipe(p)))
      choices[count++] = {total += 4, p};
    if (core.inFlight(Pipe(p)))
      choices[count++] = {total += completionWeight, p + numAgents};
  }
  if (count == 0) {
    bool moved = core.stepScalar();
    core.takeYield();
    return moved;
  }
  uint64_t draw = random.below(total);
  unsigned choice = 0;
  while (choices[choice].first <= draw)
    ++choice;
  unsigned what = choices[choice].second;
  if (what < numAgents)
    core.start(Pipe(what));
  else
    core.completeNth(Pipe(what - numAgents), random.next());
  return true;
}

//===----------------------------------------------------------------------===//
// All cores
//===----------------------------------------------------------------------===//

bool Scheduler::activate() {
  if (machine.nextCore == machine.coreCount())
    return false;
  active.push_back(std::make_unique<Core>(machine, machine.nextCore++));
  return true;
}

void Scheduler::retire(size_t index) {
  Core &core = *active[index];
  core.checkExit();
  ++coresDone;
  times[core.number] = core.times();
  active.erase(active.begin() + index);
}

/// Eager and lazy: the cores in turn, each as far as it gets.
void Scheduler::sweepAll() {
  bool lazy = machine.options.schedule == Schedule::Lazy;
  while (!shouldStop()) {
    while (active.size() < machine.options.activeCores && activate()) {
    }
    bool moved = false;
    for (size_t i = 0; i < active.size() && !shouldStop();) {
      moved |= lazy ? runLazy(*active[i]) : runEager(*active[i]);
      if (active[i]->finished())
        retire(i);
      else
        ++i;
    }
    if (active.empty() && machine.nextCore == machine.coreCount())
      return;
    // Nobody waits for the rest (lazy): one of them completes, then all look again.
    for (size_t i = 0; i < active.size() && !moved; ++i) {
      moved = forceAny(*active[i]);
      if (moved && active[i]->finished())
        retire(i);
    }
    if (!moved && !activate())
      return reportDeadlock();
  }
}

/// Random: any core that is not known to be stuck makes one step.
void Scheduler::sweepRandom() {
  std::vector<Core *> movable;
  auto wakeAll = [&] {
    movable.clear();
    for (auto &core : active)
      movable.push_back(core.get());
  };
  while (!shouldStop()) {
    while (active.size() < machine.options.activeCores && activate())
      movable.push_back(active.back().get());
    if (std::exchange(machine.signalled, false))
      wakeAll();
    if (movable.empty()) {
      if (active.empty() && machine.nextCore == machine.coreCount())
        return;
      if (!activate())
        return reportDeadlock();
      movable.push_back(active.back().get());
    }
    size_t pick = random.below(movable.size());
    Core *core = movable[pick];
    if (stepRandom(*core) && !core->finished())
      continue;
    movable[pick] = movable.back();
    movable.pop_back();
    if (core->finished())
      retire(llvm::find_if(active, [&](auto &entry) { return entry.get() == core; }) -
             active.begin());
  }
}

void Scheduler::reportDeadlock() {
  if (shouldStop()) // nobody moves any more because the run was ended
    return;
  constexpr size_t sentencesToPrint = 24;
  std::vector<Core::Block> blocks;
  std::vector<Core::Agent> nexts; // that each of them waits for
  std::vector<std::string> sentences;
  // Each agent is followed by the one it waits for, so that a cycle reads in its own order.
  std::map<Core::Agent, size_t> visited; // to its block
  for (const auto &core : active)
    for (unsigned p = 0; p < numPipes; ++p) {
      size_t first = blocks.size(); // of this chain
      for (Core::Agent agent{core->number, Pipe(p)}, next{};
           agent.pipe != Pipe::ALL && visited.try_emplace(agent, blocks.size()).second;
           agent = next) {
        const Core &at = *machine.cores[agent.core];
        std::optional<Core::Block> block = at.explainAgent(agent.pipe, next);
        if (!block)
          break;
        auto met = visited.find(next);
        if (next.pipe != Pipe::ALL && met != visited.end() && met->second >= first) {
          block->why +=
              formatv(" (this closes the cycle at {0}{1})", name(next.pipe),
                      next.core == agent.core ? "" : " of " + machine.coreName(next.core));
          (met->second < blocks.size() ? blocks[met->second] : *block).beginsCycle = true;
        }
        sentences.push_back(at.describe(*block));
        blocks.push_back(std::move(*block));
        nexts.push_back(next);
      }
    }
  // What starves on its own explains the others: a wait without a set before a cycle, both before a
  // missing signal; and who is on a cycle those that only wait for it.
  auto root = llvm::min_element(blocks, [](const auto &a, const auto &b) {
    return std::pair(a.cause, !a.beginsCycle) < std::pair(b.cause, !b.beginsCycle);
  });
  bool isCycle = root->cause == Core::Block::Cycle || root->cause == Core::Block::SignalCycle;
  // The other place: where the one that it waits for stands, or what the reason names.
  std::optional<Occurrence> other = root->other;
  if (auto met = visited.find(nexts[root - blocks.begin()]);
      isCycle && met != visited.end() && met->second < blocks.size())
    other = blocks[met->second].at;
  Finding *finding = machine.report(isCycle ? FindingKind::Deadlock : FindingKind::StarvedWait,
                                    root->at, other ? &*other : nullptr);
  finding->what =
      formatv("{0}: {1} {2}", isCycle ? "deadlock" : "starved wait", finding->where.op, root->why);
  for (size_t i = 0; i < blocks.size(); ++i)
    if (&blocks[i] != &*root && finding->notes.size() < sentencesToPrint)
      finding->notes.push_back(std::move(sentences[i]));
  if (blocks.size() > sentencesToPrint + 1)
    finding->notes.push_back(formatv("... and {0} more", blocks.size() - sentencesToPrint - 1));
  finding->notes.push_back("on the device this appears as error 507018 or an execution timeout");
}

Report Scheduler::run() {
  times.resize(machine.coreCount());
  if (machine.options.schedule == Schedule::Random)
    sweepRandom();
  else
    sweepAll();
  if (active.empty())
    machine.crossFlags.checkEnd();
  else if (machine.isExhausted())
    active.front()->reportUnfinished();
  if (machine.options.leftFlags)
    *machine.options.leftFlags = std::move(machine.leftNow);
  for (const auto &core : active) // stuck, or stopped early
    times[core->number] = core->times();
  Report report;
  report.findings = machine.findings.take();
  report.cores = std::move(times);
  for (const CoreTime &core : report.cores)
    report.cycles = std::max(report.cycles, core.cycles);
  report.instructions = machine.instructions;
  report.items = machine.items;
  report.incomplete = incomplete;
  for (const Call &call : machine.program.calls)
    if (!call.modelled.empty())
      report.modelled[call.op] = call.modelled;
  return report;
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

/// Arrays passed as distinct must be distinct: the compiler assumed so (design 6). Sweep over
/// starts.
static void checkArrays(std::vector<ArgumentArray> arrays, Report &report) {
  llvm::sort(arrays, [](const ArgumentArray &a, const ArgumentArray &b) {
    return std::tie(a.rank, a.address, a.name) < std::tie(b.rank, b.address, b.name);
  });
  for (size_t i = 1, widest = 0; i < arrays.size(); ++i) {
    const ArgumentArray &first = arrays[widest], &second = arrays[i];
    uint64_t firstEnd = first.address + first.bytes;
    bool overlap = first.rank == second.rank && second.address < firstEnd && second.bytes;
    if (overlap && first.group != second.group) {
      Finding finding;
      finding.kind = FindingKind::ArgumentOverlap;
      finding.where.rank = second.rank;
      finding.memory = formatv("gm array '{0}' of rank {1}", first.name, first.rank);
      finding.begin = second.address - first.address;
      finding.end = std::min(first.bytes, finding.begin + second.bytes);
      finding.what = formatv("arguments '{0}' and '{1}' of rank {2} share {3} bytes, but the "
                             "program was compiled as if they were distinct",
                             first.name, second.name, first.rank, finding.end - finding.begin);
      finding.notes.push_back("mark the pointers with pto.may_alias, or pass distinct arrays");
      report.findings.push_back(std::move(finding));
    }
    if (first.rank != second.rank || second.address + second.bytes > firstEnd)
      widest = i;
  }
}

/// Does any function of the launch hold a flag or a barrier of its own?
static bool synchronises(const Program &program, const Launch &launch) {
  for (const std::vector<CoreLaunch> &cores : launch.ranks)
    for (const CoreLaunch &core : cores)
      if (llvm::any_of(program.functions[core.function].code, [](const Instruction &instruction) {
            return instruction.opcode == Opcode::SetFlag ||
                   instruction.opcode == Opcode::WaitFlag || instruction.opcode == Opcode::Barrier;
          }))
        return true;
  return false;
}

Report sim::run(const Program &program, GlobalMemory &memory, const Launch &launch,
                const Options &options, Trace *trace) {
  Machine machine(program, memory, launch, options, trace);
  if (trace)
    for (uint32_t core = 0; core < machine.coreCount(); ++core)
      trace->cores.push_back(machine.coreName(core));
  Report report = Scheduler(machine).run();
  if (trace)
    trace->cycles = report.cycles;
  checkArrays(launch.arrays, report);
  if (llvm::any_of(report.findings,
                   [](const Finding &finding) { return finding.kind == FindingKind::Race; }) &&
      !synchronises(program, launch))
    report.notes.push_back("the kernel has no synchronisation; try --enable-insert-sync");
  memory.settle();
  return report;
}
