//===- Shortage.h - Does a program need bar(ALL) in a loop? -------*- C++ -*-===//
//
// Test support: what insert() does when ids run short, against what could be done.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_SHORTAGE_H
#define PTOAS_UNITTESTS_SYNC_SHORTAGE_H

#include "Campaign.h"

namespace pto::sync::judge {

/// bar(ALL)s in loops that insert() has put there.
std::vector<NodeId> fullBarriersInLoops(const Program &program);

/// A right solution of the program without bar(ALL) in loops, over as few ids as there can be; none
/// when there is no such solution.
///
/// What it tries is the strongest there is: before every item in a loop all that was dispatched is
/// complete and S knows it, by flags each of which is over before the next begins, so that every
/// pair of pipes takes one id that nothing else owns. If check() accepts that, it is a solution. If
/// some pipe finds no way to S over ids that are free, then what it has done can become known to
/// others only by flags that the program came with, and by bar(ALL).
std::optional<Program> withoutFullBarriersInLoops(const Program &input);

struct ShortageTally {
  unsigned programs = 0, merged = 0, drained = 0, lastRung = 0;
  unsigned withFullBarriers = 0; ///< bar(ALL) in a loop of the output
  unsigned needless = 0;         ///< of them, those of programs that have a solution without
  unsigned rejected = 0;         ///< outputs that check() refuses
  unsigned unclean = 0;          ///< outputs in which the oracle finds a violation
  std::vector<std::string> reports;
};

/// `shortage`: pools of one to three ids, where the others are of all sizes.
Problem randomShortProblem(uint64_t seed);
ShortageTally runShortageCampaign(const CampaignOptions &options, bool shortage);
std::string table(const ShortageTally &tally);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_SHORTAGE_H
