//===- CampaignTally.cpp - Figures of a campaign ---------------------------===//

#include "Campaign.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

unsigned Tally::falseAccepts() const {
  unsigned sum = unmutated.falseAccept;
  for (const Verdicts &verdicts : mutants)
    sum += verdicts.falseAccept;
  return sum;
}

unsigned Tally::falseRejects() const {
  unsigned sum = unmutated.falseReject;
  for (const Verdicts &verdicts : mutants)
    sum += verdicts.falseReject;
  return sum;
}

unsigned Tally::rejectedMutants() const {
  unsigned sum = unmutated.falseReject + unmutated.bothBad;
  for (const Verdicts &verdicts : mutants)
    sum += verdicts.falseReject + verdicts.bothBad;
  return sum;
}

static double percent(unsigned part, unsigned whole) { return whole ? 100.0 * part / whole : 0; }

double Tally::redundancy() const {
  return percent(redundantFlags + redundantBarriers, flags + barriers);
}

std::string judge::table(const Tally &tally) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "  programs " << tally.programs << ", on the last rung " << tally.lastRung
     << llvm::format(" (%.2f %%)", percent(tally.lastRung, tally.programs)) << "\n"
     << "  handoffs " << tally.items.handoffs << ", credits " << tally.items.credits << ", merged "
     << tally.items.merged << ", drains " << tally.items.drains << ", barriers "
     << tally.items.barriers << ", bar(ALL) " << tally.items.barrierAll << ", in loops "
     << tally.items.inLoops << " (with all ids " << tally.inLoopsWithAllIds << ")\n"
     << "  outputs: rejected " << tally.rejected << ", unclean " << tally.unclean << ", disturbed "
     << tally.disturbed << ", unstable " << tally.unstable << ", not idempotent " << tally.repeated
     << "\n"
     << "  simulator: runs " << tally.simulated << ", with findings " << tally.simulatedBad
     << "; traces of mutants " << tally.compared << ", judged unlike the axioms " << tally.differed
     << "\n"
     << "  schedules " << tally.schedules << ", failed " << tally.failedRuns
     << "; axioms contradicted " << tally.disagreed << "\n"
     << "  checker, oracle   both bad  both clean  false reject  false accept\n";
  auto row = [&](const char *what, const Verdicts &v) {
    if (v.total() > 0)
      os << llvm::format("    %-15s %8u %11u %13u %13u\n", what, v.bothBad, v.bothClean,
                         v.falseReject, v.falseAccept);
  };
  row("no mutation", tally.unmutated);
  for (unsigned m = 0; m < numMutations; ++m)
    row(name(Mutation(m)), tally.mutants[m]);
  os << llvm::format("  redundant: flags %u of %u, barriers %u of %u (together %.2f %%); ",
                     tally.redundantFlags, tally.flags, tally.redundantBarriers, tally.barriers,
                     tally.redundancy())
     << llvm::format("whole handoffs %u of %u (%.2f %%); proven for all paths: %u of them all\n",
                     tally.redundantHandoffs, tally.handoffs,
                     percent(tally.redundantHandoffs, tally.handoffs), tally.proven);
  return text;
}
