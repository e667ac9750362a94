//===- RandomClusterRun.cpp - Random programs in words, and campaigns -------===//

#include "RandomCluster.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;
using llvm::formatv;

//===----------------------------------------------------------------------===//
// In words
//===----------------------------------------------------------------------===//

static void list(const std::vector<Node> &nodes, unsigned depth, int &number,
                 llvm::raw_ostream &os) {
  static constexpr const char *kinds[] = {
      "work",  "load",       "store",        "copy",          "set",        "wait", "bar",
      "get",   "release",    "cross-set",    "cross-wait",    "dsb",        "dcci", "notify",
      "await", "syncall",    "syncall soft", "wait for copy", "push",       "pop",  "free",
      "alloc", "push entry", "pop entry",    "free entry",    "end of fifo"};
  for (const Node &node : nodes) {
    os.indent(2 * depth);
    if (node.kind == Node::Loop) {
      os << "for i < " << node.trip << '\n';
      list(node.body, depth + 1, number, os);
      continue;
    }
    if (node.kind == Node::If) {
      os << formatv("if {0} <= i < {1}, every {2}\n", node.low, node.high, node.every);
      list(node.body, depth + 1, number, os);
      continue;
    }
    const Statement &s = node.statement;
    os << formatv("{0}: {1} {2}", number++, kinds[s.kind], name(s.pipe));
    if (s.kind == Statement::Set || s.kind == Statement::Wait)
      os << (s.kind == Statement::Set ? " > " : " < ") << name(s.other);
    if (s.isSync() && s.kind != Statement::Barrier && s.kind != Statement::Fence)
      os << " id " << s.id << (s.rotates ? " + slot" : "");
    if (s.unitPhase)
      os << " unit flag " << s.unitPhase;
    if (s.kind == Statement::SoftSync)
      os << " of " << s.id2;
    if (s.kind == Statement::Await)
      os << formatv(" >= round + {0}", s.id2);
    for (auto [what, range] : {std::pair("reads", s.read), std::pair("writes", s.write)})
      if (range.end > range.begin)
        os << formatv(" {0} {1} [{2}, {3}) + {4} slot", what, name(range.space), range.begin,
                      range.end, range.pitch);
    if (s.index.modulus > 1 || s.index.shift || s.index.step > 1)
      os << formatv("  round (i - {0}) / {1}, mod {2}", s.index.shift, s.index.step,
                    s.index.modulus);
    os << '\n';
  }
}

std::string sim::testing::listing(const ClusterProgram &program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  int number = 0;
  for (auto [n, ring] : llvm::enumerate(program.rings))
    os << formatv(
        "fifo {0}: direction {1}, {2} slots, {3} local, split {4}, flag {5}{6}{7}; gm {8}, "
        "vec {9}, mat {10}\n",
        n, unsigned(ring.shape.direction), ring.shape.slots, ring.shape.localSlots,
        unsigned(ring.split), ring.shape.flagId, ring.shape.isLocal ? ", in place" : "",
        ring.shape.unitFlag ? ", unit flag" : "", ring.gm, ring.inVec, ring.inMat);
  for (const CoreProgram &core : program.cores) {
    os << formatv("{0}: {1} core {2} of rank {3}, block {4}\n", name(program.arch), name(core.kind),
                  core.subblock, core.rank, core.block);
    list(core.body, 1, number, os);
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Campaign
//===----------------------------------------------------------------------===//

static std::string describe(uint64_t seed, const char *what, const ClusterProgram &program,
                            const ClusterRun &run, const Judgement &judgement) {
  std::string text = formatv("seed {0}: {1}\n", seed, what);
  llvm::raw_string_ostream os(text);
  os << listing(program);
  run.report.print(os);
  os << "closure:" << (judgement.hangs ? " hangs" : "");
  for (auto [u, v] : judgement.races)
    os << formatv(" race {0} {1},", u, v);
  for (const std::string &other : judgement.others)
    os << ' ' << other << ',';
  return text + "\n";
}

static std::vector<Options> schedulesOf(uint64_t seed, unsigned random) {
  std::vector<Options> all(2 + random);
  all[1].schedule = Schedule::Lazy;
  for (unsigned n = 0; n < random; ++n) {
    all[2 + n].schedule = Schedule::Random;
    all[2 + n].seed = seed * 16 + n;
  }
  return all;
}

namespace {
class Campaign {
public:
  explicit Campaign(unsigned randomSchedules) : randomSchedules(randomSchedules) {}
  void judge(uint64_t seed);
  ClusterTally tally;

private:
  void judgeClean(uint64_t seed, const char *what, const ClusterProgram &program,
                  const Judgement &verdict);
  void judgeMutant(uint64_t seed, const ClusterProgram &mutant);
  void complain(uint64_t &counter, std::string text) {
    if (tally.reports.size() < 3)
      tally.reports.push_back(std::move(text));
    ++counter;
  }

  unsigned randomSchedules;
};
} // namespace

/// A program that the closure finds nothing wrong with: clean under every schedule, and the same
/// bytes.
void Campaign::judgeClean(uint64_t seed, const char *what, const ClusterProgram &program,
                          const Judgement &verdict) {
  std::vector<uint8_t> first;
  for (auto [s, options] : llvm::enumerate(schedulesOf(seed, randomSchedules))) {
    ClusterRun run = runCluster(program, options);
    tally.statements += s == 0 ? run.report.items : 0;
    if (!run.clean())
      return complain(tally.falseAlarms, describe(seed, what, program, run, verdict));
    if (s == 0)
      first = run.memory;
    else if (run.memory != first)
      complain(tally.unstable, describe(seed, "values differ", program, run, verdict));
  }
}

/// One statement less: reported, or redundant by the closure.
void Campaign::judgeMutant(uint64_t seed, const ClusterProgram &mutant) {
  ++tally.mutants;
  Judgement less = judgeByClosure(mutant);
  if (less.clean()) {
    ++tally.redundant;
    return judgeClean(seed, "redundant, but reported", mutant, less);
  }
  std::vector<Options> schedules = schedulesOf(seed, randomSchedules);
  ClusterRun run = runCluster(mutant, schedules[seed % schedules.size()]);
  if (run.clean())
    complain(tally.missed, describe(seed, "not reported", mutant, run, less));
  else if (less.saysAllRaces() && llvm::any_of(run.races, [&](auto pair) {
             return pair.first >= 0 && !less.races.count(pair);
           }))
    complain(tally.disagreed, describe(seed, "a race that is none", mutant, run, less));
}

void Campaign::judge(uint64_t seed) {
  ClusterProgram program = randomCluster(seed);
  ++tally.programs;
  Judgement verdict = judgeByClosure(program);
  if (!verdict.clean())
    return complain(tally.disagreed, describe(seed, "wrong by the closure", program,
                                              runCluster(program, {}), verdict));
  judgeClean(seed, "right by construction", program, verdict);
  if (unsigned syncs = countSync(program))
    judgeMutant(seed, withoutSync(program, unsigned((seed * 2654435761u) % syncs)));
}

ClusterTally sim::testing::clusterCampaign(uint64_t seed, uint64_t count,
                                           unsigned randomSchedules) {
  Campaign campaign(randomSchedules);
  for (uint64_t n = seed; n < seed + count; ++n)
    campaign.judge(n);
  return campaign.tally;
}

std::string sim::testing::table(const ClusterTally &tally) {
  return formatv(
      "{0} programs right by construction, {1} items; {2} false alarms, {3} whose values "
      "depend on the schedule\n{4} with one synchronisation less: {5} redundant, {6} not "
      "reported, {7} with a wrong pair\n",
      tally.programs, tally.statements, tally.falseAlarms, tally.unstable, tally.mutants,
      tally.redundant, tally.missed, tally.disagreed);
}
