//===- Options.cpp - Command line of pto-sim -------------------------------===//

#include "Options.h"
#include "ptoas/Pipelines/CommandLine.h"
#include "ptoas/Sim/Assumptions.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/WithColor.h"

using namespace pto;
using namespace pto::sim;
namespace cl = llvm::cl;

static cl::OptionCategory category("Simulation");

static cl::opt<std::string> input(cl::Positional, cl::desc("<kernel.pto>"), cl::init("-"),
                                  cl::cat(category));
static cl::list<std::string>
    functions("function", cl::value_desc("name"), cl::CommaSeparated, cl::cat(category),
              cl::desc("Kernel to launch; a cube and a vector function together are one mixed "
                       "kernel (a,b, or the option twice), other lists run one after the other on "
                       "the same arrays. Default: "
                       "the pto.entry functions, else those that nobody calls"));
static cl::list<std::string>
    arguments("arg", cl::value_desc("name=value"), cl::cat(category),
              cl::desc("Binds an argument, by its name in the text or by position (0=). Values: "
                       "FILE.npy[:ELEMENT] ({rank} in the path: the rank's number), "
                       "zeros:SHAPE:ELEMENT, random:SHAPE:ELEMENT:SEED, poison:SHAPE:ELEMENT, "
                       "window:OFFSET:SHAPE:ELEMENT (zeroed, reached by peers), same:OTHER, "
                       "a number, rank, peer, ranks, block, ctx (table of windows)"));
static cl::list<std::string>
    outputs("out", cl::value_desc("name=file.npy"), cl::cat(category),
            cl::desc("Writes the array of an argument after the first run; {rank} in the path for "
                     "several ranks. Written also when the run has findings (the exit code is 1 "
                     "then), not after errors; existing files are replaced as a whole"));
static cl::opt<unsigned> blocks("blocks", cl::init(1), cl::value_desc("n"), cl::cat(category),
                                cl::desc("Blocks per rank (default 1)"));
static cl::opt<unsigned> ranks("ranks", cl::init(1), cl::value_desc("n"), cl::cat(category),
                               cl::desc("Ranks, each with its own arrays (default 1)"));
static ChoiceOption<Schedule> schedule(
    "schedule", cl::init(Schedule::Eager), cl::cat(category),
    cl::desc("When asynchronous work completes (default eager; random with --seed or --runs)"),
    cl::values(clEnumValN(Schedule::Eager, "eager", "as soon as possible"),
               clEnumValN(Schedule::Lazy, "lazy", "as late as possible"),
               clEnumValN(Schedule::Random, "random", "by seed")));
static cl::opt<uint64_t> seed("seed", cl::init(0), cl::value_desc("s"), cl::cat(category),
                              cl::desc("Seed of the random schedule (default 0)"));
static cl::opt<unsigned>
    runs("runs", cl::init(1), cl::value_desc("k"), cl::cat(category),
         cl::desc("Runs with seeds s ... s+k-1; findings are merged (default 1)"));
static ChoiceOption<FlagModel>
    flagModel("flag-model", cl::init(FlagModel::Counter), cl::cat(category),
              cl::desc("What a second set of a flag does before its wait"),
              cl::values(clEnumValN(FlagModel::Counter, "counter", "counts (default)"),
                         clEnumValN(FlagModel::SingleBit, "bit", "is lost")));
static cl::list<std::string> assumptionTexts(
    "chip", cl::value_desc("name=value"), cl::cat(category), cl::CommaSeparated,
    cl::desc("What the chip does where nobody knows: flag, pairs, round-trip, "
             "order-PIPE, accumulate, reload, queue, sync-cycles, event-ids, count, "
             "publish, leftover, cache (docs/sim-switches.md)"));
static cl::opt<bool> progress("progress", cl::cat(category),
                              cl::desc("Says on standard error every two seconds how far a run is "
                                       "(default: after ten seconds, on a terminal)"));
static cl::opt<unsigned>
    memoryLimit("memory-limit", cl::init(8192), cl::value_desc("MiB"), cl::cat(category),
                cl::desc("Gives a run up that needs more memory (default 8192)"));
static cl::opt<bool> freeSync(
    "free-sync", cl::cat(category),
    cl::desc("Compare with free synchronisation: a run that takes no notice of flags and "
             "barriers inside a core, in which every item waits exactly for those whose "
             "bytes it shares, at no cost; with --summary also which waits cost how much"));
enum class Credits : uint8_t { Library, Intended };
static ChoiceOption<Credits> primedCredits(
    "a5-credits", cl::init(Credits::Library), cl::cat(category),
    cl::desc("What the credits mean that the library of a5 gives in the constructor of a FIFO"),
    cl::values(clEnumValN(Credits::Library, "library", "as many as it gives: too many (default)"),
               clEnumValN(Credits::Intended, "intended", "that all slots are free at the start")));
static cl::opt<bool> stopAtFirst("stop-at-first", cl::cat(category),
                                 cl::desc("End a run at its first finding"));
static cl::opt<uint64_t>
    stepLimit("step-limit", cl::init(0), cl::value_desc("n"), cl::cat(category),
              cl::desc("End a run, with a finding, after so many steps of all cores: for programs "
                       "that may never end (default 0: no limit)"));
static cl::opt<std::string>
    reportPath("report", cl::value_desc("file.json"), cl::cat(category),
               cl::desc("Writes findings and times as JSON (- for stdout)"));
static cl::opt<std::string> tracePath(
    "trace", cl::value_desc("file.json"), cl::cat(category),
    cl::desc("Writes the timeline of the first run as Chrome trace events (- for stdout)"));
static cl::opt<std::string>
    timelinePath("timeline", cl::value_desc("file.html"), cl::cat(category),
                 cl::desc("Writes the timeline of the first run as a page that opens in any "
                          "browser (- for stdout)"));
static cl::opt<bool> summary("summary", cl::cat(category),
                             cl::desc("Say where the time of the first run went: busy and stalled "
                                      "pipes, the longest stalls, the critical path"));
static cl::opt<std::string>
    costPath("cost-model", cl::value_desc("file.costs"), cl::cat(category),
             cl::desc("Figures of time in place of the built-in ones (docs/cost-model.md)"));
static cl::opt<bool> printCosts("print-cost-model", cl::cat(category),
                                cl::desc("Print the built-in figures of the chip of --pto-arch "
                                         "(default a3), to start from, and end"));

static void complain(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "pto-sim") << message << '\n';
}

/// NAME=FILE.npy; `ranks` files need different names.
static std::optional<OutputSpec> parseOutput(llvm::StringRef text) {
  auto [name, path] = text.split('=');
  name.consume_front("%");
  if (name.empty() || !path.ends_with(".npy")) {
    complain("--out: '" + text + "' is not NAME=FILE.npy");
    return std::nullopt;
  }
  if (ranks > 1 && !path.contains("{rank}")) {
    complain("--out: with several ranks every rank has its own '" + name +
             "'; put {rank} into the path '" + path + "'");
    return std::nullopt;
  }
  return OutputSpec{name.str(), path.str()};
}

static bool checkNumbers() {
  bool ok = true;
  for (cl::opt<unsigned> *option : {&blocks, &ranks, &runs})
    if (*option == 0) {
      complain("--" + option->ArgStr + " is at least 1");
      ok = false;
    }
  constexpr uint64_t mostCores = 1 << 20;
  if (uint64_t(blocks) * ranks > mostCores) {
    complain("--blocks times --ranks is at most " + llvm::Twine(mostCores));
    ok = false;
  }
  if (memoryLimit == 0) {
    complain("--memory-limit is at least 1");
    ok = false;
  }
  if (runs > 1 && schedule.getNumOccurrences() && schedule != Schedule::Random) {
    complain("--runs explores seeds, so it needs --schedule=random");
    ok = false;
  }
  return ok;
}

std::optional<ToolOptions> pto::sim::parseCommandLine(int argc, char **argv) {
  registerCompileOptions();
  setToolVersion("pto-sim");
  cl::ParseCommandLineOptions(
      argc, argv,
      "pto-sim: runs .pto kernels on a simulated NPU and says where they race, hang or read "
      "garbage\n\nTakes the pipeline flags of ptoas; hand-written synchronisation is judged by the "
      "run "
      "alone unless --verify-sync is given.\nExit code 0 when the run is clean, 1 after findings "
      "or errors.\n");

  ToolOptions options;
  options.compile = compileOptionsFromCommandLine();
  if (printCosts) {
    llvm::outs() << CostTable::textOf(options.compile.arch.value_or(Arch::A3));
    std::exit(0);
  }
  bool ok = !compileOptionsConflict();
  ok &= checkNumbers();
  options.input = input;
  options.functions = functions;
  for (const std::string &text : arguments) {
    auto spec = parseArgument(text);
    if (!spec) {
      complain("--arg: " + llvm::toString(spec.takeError()));
      ok = false;
      continue;
    }
    options.arguments.push_back(std::move(*spec));
  }
  for (const std::string &text : outputs) {
    auto output = parseOutput(text);
    ok &= output.has_value();
    if (output)
      options.outputs.push_back(*output);
  }
  options.blocks = blocks;
  options.ranks = ranks;
  options.runs = runs;
  bool wantsSeeds = runs > 1 || seed.getNumOccurrences();
  options.engine.schedule =
      wantsSeeds && !schedule.getNumOccurrences() ? Schedule::Random : schedule;
  options.engine.seed = seed;
  options.engine.flags = flagModel;
  options.engine.stopAtFirst = stopAtFirst;
  for (const std::string &text : assumptionTexts)
    if (llvm::Error problem = assume(text, options.engine, options.keepsFlags)) {
      complain("--chip: " + llvm::toString(std::move(problem)));
      ok = false;
    } else if (llvm::StringRef(text).starts_with("sync-cycles=")) {
      options.syncCycles = options.engine.cost.sync;
    }
  options.showsProgress = progress;
  options.memoryLimit = uint64_t(memoryLimit) << 20;
  if (stepLimit)
    options.engine.mostSteps = stepLimit;
  options.freeSync = freeSync;
  options.engine.primedCredits = primedCredits == Credits::Library;
  options.reportPath = reportPath;
  options.tracePath = tracePath;
  options.timelinePath = timelinePath;
  options.costPath = costPath;
  options.summary = summary;
  // The run is the judge of hand-written synchronisation here; what the checker thinks of it is for
  // those who ask. What ptoas inserts is proven in any case.
  if (!cl::getRegisteredOptions()["verify-sync"]->getNumOccurrences())
    options.compile.verifySync = VerifySync::Off;
  if (!ok)
    return std::nullopt;
  return options;
}
