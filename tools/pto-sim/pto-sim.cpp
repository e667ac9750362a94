//===- pto-sim.cpp - Runs .pto kernels on a simulated NPU ------------------===//

#include "Arguments.h"
#include "Options.h"
#include "SyncCosts.h"
#include "mlir/IR/Diagnostics.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Sim/Profile.h"
#include "ptoas/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <sys/resource.h>

using namespace pto;
using namespace pto::sim;

namespace {
/// What all runs together have shown.
struct Outcome {
  Report report;                  ///< times of the first run, findings of all
  std::optional<Profile> profile; ///< of the first run, when it is wanted
  uint64_t leastCycles = UINT64_MAX, mostCycles = 0;
  std::optional<uint64_t> freeCycles; ///< with free synchronisation
  std::optional<SyncCosts> syncCosts; ///< where the difference comes from
  std::optional<uint64_t> differs;    ///< first seed whose arrays end up other than the first run's
};
} // namespace

static bool fail(llvm::Error problem) {
  llvm::handleAllErrors(std::move(problem), [](const llvm::ErrorInfoBase &info) {
    llvm::WithColor::error(llvm::errs(), "pto-sim") << info.message() << '\n';
  });
  return false;
}

/// Writes a file as a whole or not at all; "-" is standard output.
static bool writeText(llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  llvm::Error problem = writeOutputFile(path, write);
  return problem ? fail(std::move(problem)) : true;
}

//===----------------------------------------------------------------------===//
// Watching a run
//===----------------------------------------------------------------------===//

namespace {
/// Says how far a long run is, and ends one that needs too much memory.
class Watch {
public:
  explicit Watch(const ToolOptions &options)
      : limit(options.memoryLimit), isEager(options.showsProgress),
        isShown(options.showsProgress || llvm::sys::Process::StandardErrIsDisplayed()) {}

  std::string operator()(const Progress &progress) {
    if (uint64_t used = residentBytes(); used > limit)
      return llvm::formatv(
          "it needs more than the {0} MiB of --memory-limit after {1} instructions", limit >> 20,
          progress.instructions);
    auto now = std::chrono::steady_clock::now();
    auto quiet = std::chrono::seconds(isEager || hasSpoken ? 2 : 10);
    if (!isShown || now - last < quiet)
      return "";
    last = now;
    hasSpoken = true;
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begin).count();
    llvm::errs() << llvm::formatv(
        "pto-sim: {0} s, {1} of {2} cores done, {3} instructions, {4} items, "
        "{5} findings\n",
        seconds, progress.coresDone, progress.cores, progress.instructions, progress.items,
        progress.findings);
    return "";
  }

private:
  /// The most that this process has held in memory so far.
  static uint64_t residentBytes() {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? uint64_t(usage.ru_maxrss) << 10 : 0;
  }

  uint64_t limit;
  bool isEager, isShown, hasSpoken = false;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now(), last = begin;
};
} // namespace

static Report runOnce(const Program &program, RunInputs &inputs, const Options &options,
                      Trace *trace) {
  Report report;
  for (auto [i, launch] : llvm::enumerate(inputs.launches)) {
    Report one = run(program, inputs.memory, launch, options, i == 0 ? trace : nullptr);
    if (i == 0)
      report = std::move(one);
    else
      append(report, one);
  }
  return report;
}

static bool writeOutputs(const ToolOptions &options, const Arguments &arguments,
                         const RunInputs &inputs) {
  bool ok = true;
  for (const OutputSpec &output : options.outputs) {
    unsigned array = llvm::cantFail(arguments.findArray(output.name)); // checked before the run
    for (unsigned rank = 0; rank < options.ranks; ++rank) {
      std::string path = pathForRank(output.path, rank);
      if (llvm::Error problem = writeNpy(path, arguments.read(inputs, array, rank))) {
        ok = fail(std::move(problem));
        continue;
      }
      if (!arguments.isComplete(inputs, array, rank))
        llvm::WithColor::warning(llvm::errs(), "pto-sim")
            << path << ": some bytes of '" << output.name
            << "' were never written; they are 0xff\n";
    }
  }
  return ok;
}

/// What is read off the timeline of the first run.
static bool writeTimes(const ToolOptions &options, const Trace &trace, llvm::StringRef title,
                       Outcome &outcome) {
  outcome.profile.emplace(trace);
  bool ok = true;
  if (!options.tracePath.empty())
    ok &= writeText(options.tracePath, [&](llvm::raw_ostream &os) { trace.write(os); });
  if (!options.timelinePath.empty())
    ok &= writeText(options.timelinePath, [&](llvm::raw_ostream &os) {
      writeTimeline(trace, *outcome.profile, options.engine.cost, title, os);
    });
  return ok;
}

static std::string kernelNames(llvm::ArrayRef<Kernel> kernels) {
  return llvm::join(llvm::map_range(kernels, [](const Kernel &k) { return k.name; }), ", ");
}

/// What synchronisation costs, and with --summary which of it.
static void compareWithFree(const ToolOptions &options, const Program &program,
                            const Arguments &arguments, llvm::ArrayRef<Kernel> kernels,
                            Outcome &outcome) {
  auto again = [&](bool isFree, SyncAccount *account) {
    RunInputs inputs = arguments.instantiate(kernels, options.blocks);
    Options engine = options.engine;
    engine.schedule = Schedule::Eager;
    engine.freeSync = isFree;
    engine.account = account;
    return runOnce(program, inputs, engine, nullptr).cycles;
  };
  outcome.freeCycles = again(true, nullptr);
  if (options.summary && outcome.report.clean())
    outcome.syncCosts = findSyncCosts(program, outcome.report.cycles, *outcome.freeCycles,
                                      [&](SyncAccount &account) { return again(false, &account); });
}

/// All runs; the files of --out, --trace and --timeline show the first.
static bool runAll(const ToolOptions &options, const Program &program, const Arguments &arguments,
                   llvm::ArrayRef<Kernel> kernels, Outcome &outcome) {
  std::vector<Array> first;
  Watch watch(options);
  bool ok = true;
  for (unsigned k = 0; k < options.runs; ++k) {
    RunInputs inputs = arguments.instantiate(kernels, options.blocks);
    Options engine = options.engine;
    engine.seed += k;
    engine.output = k == 0 ? &llvm::outs() : nullptr;
    engine.progress = [&](const Progress &progress) { return watch(progress); };
    std::vector<LeftFlag> left; // no launch came before the first
    if (options.keepsFlags)
      engine.leftFlags = &left;
    Trace trace;
    bool traced = k == 0 && options.isTimed();
    Report report = runOnce(program, inputs, engine, traced ? &trace : nullptr);
    outcome.leastCycles = std::min(outcome.leastCycles, report.cycles);
    outcome.mostCycles = std::max(outcome.mostCycles, report.cycles);
    if (k > 0) {
      if (!outcome.differs &&
          !llvm::equal(first, arguments.readAll(inputs),
                       [](const Array &a, const Array &b) { return a.bytes == b.bytes; }))
        outcome.differs = engine.seed;
      addFindings(outcome.report, report);
      continue;
    }
    outcome.report = std::move(report);
    if (traced)
      ok &= writeTimes(options, trace, kernelNames(kernels), outcome);
    ok &= writeOutputs(options, arguments, inputs);
    if (options.runs > 1)
      first = arguments.readAll(inputs);
  }
  if (options.freeSync)
    compareWithFree(options, program, arguments, kernels, outcome);
  return ok;
}

static llvm::StringRef name(Schedule schedule) {
  return schedule == Schedule::Eager ? "eager" : schedule == Schedule::Lazy ? "lazy" : "random";
}

/// One line per core: who is late, and on which pipe.
static void printCores(llvm::ArrayRef<CoreTime> cores, bool withRanks, llvm::raw_ostream &os) {
  constexpr size_t linesToPrint = 12;
  for (const CoreTime &core : cores.take_front(linesToPrint)) {
    const auto *busiest = llvm::max_element(
        core.pipes, [](const PipeTime &a, const PipeTime &b) { return a.busy < b.busy; });
    os << "  " << pto::name(core.core) << ' ' << core.subblock << " of block " << core.block;
    if (withRanks)
      os << " of rank " << core.rank;
    os << ": " << core.cycles << " cycles";
    if (busiest->busy)
      os << ", busiest pipe " << pto::name(Pipe(busiest - core.pipes.begin())) << " ("
         << busiest->busy * 100 / core.cycles << " %)";
    os << '\n';
  }
  if (cores.size() > linesToPrint)
    os << "  ... and " << cores.size() - linesToPrint << " more cores; --report lists them all\n";
}

static void printOutcome(const ToolOptions &options, llvm::ArrayRef<Kernel> kernels,
                         const Outcome &outcome) {
  llvm::raw_ostream &os = llvm::outs();
  uint64_t seed = options.engine.seed;
  os << kernelNames(kernels) << ": " << options.runs << (options.runs == 1 ? " run" : " runs")
     << ", schedule " << name(options.engine.schedule);
  if (options.engine.schedule == Schedule::Random) {
    os << (options.runs == 1 ? " (seed " : " (seeds ") << seed;
    if (options.runs > 1)
      os << " to " << seed + options.runs - 1;
    os << ')';
  }
  os << ", " << outcome.leastCycles;
  if (outcome.mostCycles != outcome.leastCycles)
    os << " to " << outcome.mostCycles;
  os << " cycles (estimate), ";
  if (outcome.freeCycles)
    os << *outcome.freeCycles << " with free synchronisation ("
       << llvm::formatv("{0:P2}", double(outcome.report.cycles) / *outcome.freeCycles - 1)
       << " more), ";
  size_t warnings = llvm::count_if(outcome.report.findings,
                                   [](const Finding &finding) { return isWarning(finding.kind); });
  size_t count = outcome.report.findings.size() - warnings;
  if (count)
    os << count << (count == 1 ? " finding" : " findings");
  else
    os << "no findings";
  if (warnings)
    os << ", " << warnings << (warnings == 1 ? " warning" : " warnings");
  os << '\n';
  if (llvm::any_of(kernels, [](const Kernel &kernel) { return kernel.isMixed(); }))
    printCores(outcome.report.cores, options.ranks > 1, os);
  if (options.summary)
    sim::printSummary(outcome.report, *outcome.profile, options.engine.cost, os);
  if (outcome.syncCosts)
    sim::printSyncCosts(*outcome.syncCosts, outcome.report.cycles, *outcome.freeCycles, os);
  if (outcome.differs)
    os << "results depend on the schedule: seeds " << seed << " and " << *outcome.differs
       << " leave different arrays\n";
}

/// The report's JSON with what was run.
static llvm::json::Value describeRun(const ToolOptions &options, llvm::ArrayRef<Kernel> kernels,
                                     const Outcome &outcome) {
  llvm::json::Value json = outcome.report.json();
  llvm::json::Object &object = *json.getAsObject();
  llvm::json::Array names;
  for (const Kernel &kernel : kernels)
    names.push_back(kernel.name);
  object["kernels"] = std::move(names);
  object["schedule"] = name(options.engine.schedule);
  object["flagModel"] = options.engine.flags == FlagModel::Counter ? "counter" : "bit";
  object["seed"] = options.engine.seed;
  object["runs"] = options.runs;
  object["blocks"] = options.blocks;
  object["ranks"] = options.ranks;
  if (outcome.freeCycles)
    object["cyclesWithFreeSync"] = *outcome.freeCycles;
  if (outcome.syncCosts)
    object["syncCosts"] = outcome.syncCosts->json();
  object["resultsDiffer"] = outcome.differs.has_value();
  const CostTable &cost = options.engine.cost;
  object["launchCycles"] = cost.launch;
  object["clockGHz"] = cost.clock;
  if (outcome.profile) {
    object["stalls"] = outcome.profile->stallsJson();
    object["criticalPath"] = outcome.profile->pathJson();
  }
  return json;
}

/// The figures of the user or the built-in ones, for the chip that the program is for.
static bool loadCosts(ToolOptions &options, Arch arch, mlir::MLIRContext &context) {
  CostTable &cost = options.engine.cost;
  cost = CostTable::of(arch);
  if (options.costPath.empty())
    return true;
  auto buffer = llvm::MemoryBuffer::getFile(options.costPath, /*IsText=*/true);
  if (!buffer)
    return fail(llvm::createFileError(options.costPath, buffer.getError()));
  auto table = CostTable::parse((*buffer)->getBuffer(), options.costPath);
  if (!table)
    return fail(table.takeError());
  if (table->arch != arch)
    return fail(llvm::createStringError("%s: the figures are of %s, the program is for %s",
                                        options.costPath.c_str(), pto::name(table->arch).data(),
                                        pto::name(arch).data()));
  for (const auto &entry : table->vectorByOp)
    if (!mlir::RegisteredOperationName::lookup(entry.first(), &context))
      return fail(llvm::createStringError("%s: there is no operation '%s'",
                                          options.costPath.c_str(), entry.first().str().c_str()));
  cost = std::move(*table);
  return true;
}

static bool simulate(ToolOptions &options, llvm::SourceMgr &sources, mlir::MLIRContext &context) {
  mlir::OwningOpRef<mlir::ModuleOp> module =
      parseProgram(sources, context, options.compile.arch, options.compile.level != Level::Level3);
  SyncReport report; // messages say who wrote the synchronisation that they are about
  if (!module || mlir::failed(compile(*module, options.compile, &report)))
    return false;
  auto kernels = findKernels(*module, options.functions);
  if (mlir::failed(kernels))
    return false;
  auto arguments =
      Arguments::match(options.arguments, *kernels, options.ranks, options.memoryLimit);
  if (!arguments)
    return fail(arguments.takeError());
  for (const OutputSpec &output : options.outputs)
    if (auto array = arguments->findArray(output.name); !array)
      return fail(llvm::joinErrors(array.takeError(), llvm::Error::success()));
  auto program = lowerKernels(*module, *kernels);
  if (mlir::failed(program) || !loadCosts(options, program->arch, context))
    return false;
  if (options.syncCycles)
    options.engine.cost.sync = *options.syncCycles;

  Outcome outcome;
  bool ok = runAll(options, *program, *arguments, *kernels, outcome);
  printOutcome(options, *kernels, outcome);
  outcome.report.print(llvm::errs());
  if (!options.reportPath.empty())
    ok &= writeText(options.reportPath, [&](llvm::raw_ostream &os) {
      os << llvm::formatv("{0:2}", describeRun(options, *kernels, outcome)) << '\n';
    });
  return ok && outcome.report.clean() && !outcome.differs;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  std::optional<ToolOptions> options = parseCommandLine(argc, argv);
  if (!options)
    return 1;
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(options->input, /*IsText=*/true);
  if (!buffer) {
    fail(llvm::createFileError(options->input, buffer.getError()));
    return 1;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false); // the source line says it better
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  return simulate(*options, sources, context) ? 0 : 1;
}
