//===- Campaign.h - Inserter and checker before the judge ---------*- C++ -*-===//
//
// Test support, shared by the property tests and by sync-soak: random programs go through insert();
// its output and mutants of it go through check(), the oracle and the machine, and every
// disagreement is counted. The first failures of each kind are shrunk and reported.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_CAMPAIGN_H
#define PTOAS_UNITTESTS_SYNC_CAMPAIGN_H

#include "Mutate.h"
#include "Oracle.h"
#include "RandomProgram.h"
#include "ptoas/Sync/Insert.h"
#include <array>

namespace pto::sync::judge {

struct CampaignOptions {
  uint64_t seed = 1; ///< programs use seed, seed + 1, ...
  unsigned programs = 100;
  unsigned tweaks = 4;           ///< random mutants per program besides all deletions
  unsigned schedules = 2;        ///< runs of the machine per path and flag model
  unsigned simulatedPaths = 2;   ///< of each output, under every schedule and flag model
  unsigned simulatedMutants = 4; ///< of each program, on the path on which the axioms judge them
  unsigned maxReports = 3;
  /// Reports also what is right but not good: needless refusals of the checker, handoffs that
  /// checker and oracle can do without, outputs to which a second insert() adds.
  bool picky = false;
  bool nests = false;    ///< programs of randomNest(), with mutants that change the slots of tiles
  bool kept = false;     ///< programs of randomKept(); for insert() those of keptProblem()
  bool announce = false; ///< prints each seed before its program: finds crashes and hangs
};

/// Checker against oracle on mutants of one kind.
struct Verdicts {
  unsigned bothBad = 0, bothClean = 0;
  unsigned falseReject = 0; ///< checker only; clean on the sampled paths
  unsigned falseAccept = 0; ///< oracle only
  unsigned total() const { return bothBad + bothClean + falseReject + falseAccept; }
};

struct Tally {
  unsigned programs = 0, schedules = 0, lastRung = 0;
  InsertStats items;              ///< sums
  unsigned inLoopsWithAllIds = 0; ///< bar(ALL) in loops of programs that have all ids of the chip
  // Failures of the inserter: none of these may happen.
  unsigned rejected = 0;   ///< check() refuses the output
  unsigned unclean = 0;    ///< the oracle finds a violation in the output
  unsigned failedRuns = 0; ///< a schedule of the output goes wrong
  unsigned disturbed = 0;  ///< an existing statement was moved, changed or removed
  unsigned unstable = 0;   ///< a second run on the same input gave something else
  unsigned repeated = 0;   ///< insert() on its own output adds more: not wrong, but not wanted
  /// Failure of the oracle: a schedule of a mutant fails that the axioms call clean.
  unsigned disagreed = 0;
  // The simulator: runs of outputs, those with a finding, traces of mutants, and those on which it
  // and the axioms differ.
  uint64_t simulated = 0, simulatedBad = 0, compared = 0, differed = 0;
  std::array<Verdicts, numMutations> mutants;
  Verdicts unmutated; ///< of runCheckerCampaign
  /// Deletions of inserted items (handoffs: as a whole), and those that stay clean on all sampled
  /// paths.
  unsigned handoffs = 0, redundantHandoffs = 0, barriers = 0, redundantBarriers = 0;
  unsigned flags = 0, redundantFlags = 0;
  unsigned proven = 0; ///< of all redundant ones those that check() accepts: redundant on all paths
  std::vector<std::string> reports;

  unsigned falseAccepts() const;
  unsigned falseRejects() const;
  unsigned rejectedMutants() const;
  /// Percent of single deletions of inserted items (flags, barriers) that stay clean.
  double redundancy() const;
};

/// What insert() is asked for in the program of this seed.
struct Problem {
  Program program;
  InsertOptions options;
};
Problem randomProblem(uint64_t seed, bool nest = false);
/// The same for randomKept(): bare, or with flags that only lack some order.
Problem keptProblem(uint64_t seed);

Tally runCampaign(const CampaignOptions &options);

/// check() alone against the oracle: random synchronisation, and what is left of it when all is
/// taken away that is not needed, each with mutants. insert() has no part in it.
Tally runCheckerCampaign(const CampaignOptions &options);

/// Judges the mutants of one synchronised program into `tally`.
void judgeMutants(const Program &program, uint64_t seed, const CampaignOptions &options,
                  Tally &tally);

/// True when `output` without inserted statements is `input`.
bool keepsStatements(const Program &input, const Program &output);

/// The figures of a tally, one a line.
std::string table(const Tally &tally);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_CAMPAIGN_H
