//===- ExactCompare.cpp - insert() against the optimum ---------------------===//

#include "Exact.h"
#include "Mutate.h"
#include "RandomProgram.h"
#include "ptoas/Sync/Insert.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

Program judge::randomSmallProgram(uint64_t seed) {
  Random random(seed);
  Shape shape;
  shape.core = random.chance(65) ? CoreKind::Vector : CoreKind::Cube;
  shape.arch = random.chance(65) ? Arch::A3 : Arch::A5;
  shape.accesses = random.pick({4, 6, 8, 10, 12});
  shape.depth = random.below(3);
  shape.calls = shape.publishes = shape.handWritten = shape.unknowns = false;
  Program program = randomProgram(random, shape);
  program.atExitDrain = false; // the drain is the same for all
  return program;
}

static InsertOptions optionsFor(const Program &program, Goal goal) {
  InsertOptions options;
  options.exitBarrier = false;
  options.objective = goal == Goal::Count ? Objective::Count : Objective::Time;
  options.cyclesOf = [&](NodeId node) { return durationOf(program, node); };
  return options;
}

static std::string text(const Price &price) {
  return std::to_string(price.time) + " cycles, " + std::to_string(price.executed) + " executed";
}

Comparison judge::compareWithExact(Goal goal, uint64_t seed, unsigned programs, unsigned maxReports,
                                   bool allAbove) {
  Comparison result;
  for (unsigned i = 0; i < programs; ++i) {
    Program program = randomSmallProgram(seed + i);
    InsertOptions options = optionsFor(program, goal);
    InsertResult ours = insert(program, options);
    Price price = priceOf(ours.program);
    ++result.programs;
    bool noneAtLimit = false;
    std::optional<Optimum> best =
        solveExactly(program, goal, price, options.maxDelay, 6000, &noneAtLimit);
    auto report = [&](llvm::StringRef what) {
      if (result.reports.size() >= maxReports)
        return;
      bool isComplete = ours.stats.searched == InsertStats::Complete;
      std::string lines = std::string(what) + ", seed " + std::to_string(seed + i) + ": ours " +
                          text(price) + ", search " + (isComplete ? "complete" : "cut short") +
                          ", refused " + std::to_string(ours.stats.refused);
      if (best)
        lines += "; exact " + text(best->price) + "\n---- exact\n" + listing(best->program);
      result.reports.push_back(lines + "---- ours\n" + listing(ours.program));
    };
    if (!best && noneAtLimit) {
      ++result.below;
      report("below");
      continue;
    }
    if (!best) {
      // Under TimeThenCount the search starts at our own time: nothing found means that no
      // candidates reach it.
      ++result.undecided;
      report("undecided");
      continue;
    }
    result.checkerOnly += best->checkerCuts > 0;
    bool same = goal == Goal::Count ? price.executed == best->price.executed : price == best->price;
    bool better = goal == Goal::Count ? price.executed < best->price.executed : price < best->price;
    if (same || better) {
      ++(same ? result.equal : result.below);
      if (better)
        report("below");
      continue;
    }
    unsigned items = ours.stats.handoffs + ours.stats.credits + ours.stats.barriers;
    bool near = ours.stats.barrierAll == 0 && items <= best->items + 1 &&
                (goal == Goal::Count || price.time * 100 <= best->price.time * 102);
    ++(near ? result.above : result.farAbove);
    if (!near || allAbove)
      report(near ? "above" : "far above");
  }
  return result;
}

bool judge::isNearOptimum(const Comparison &c) {
  return c.farAbove == 0 && (c.equal + c.below) * 100 >= (c.programs - c.undecided) * 95;
}

std::string judge::table(const Comparison &c) {
  std::string text;
  llvm::raw_string_ostream os(text);
  unsigned decided = c.programs - c.undecided;
  auto row = [&](const char *what, unsigned count) {
    os << llvm::format("    %-42s %6u  %5.1f %%\n", what, count,
                       decided ? 100.0 * count / decided : 0.0);
  };
  os << "  programs " << c.programs << ", undecided " << c.undecided << "\n";
  row("equal to the optimum", c.equal);
  row("better (outside of the exact search)", c.below);
  row("above, by one item or 2 % of the time", c.above);
  row("above by more", c.farAbove);
  row("with an order that only check() asks for", c.checkerOnly);
  return text;
}
