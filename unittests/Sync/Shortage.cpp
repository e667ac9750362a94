//===- Shortage.cpp - Does a program need bar(ALL) in a loop? --------------===//

#include "Shortage.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

/// Calls `visit(list, inLoop)` for all statement lists outside of macros.
static void forEachList(Program &program, std::vector<NodeId> &list, bool inLoop,
                        llvm::function_ref<void(std::vector<NodeId> &, bool)> visit) {
  for (NodeId id : list) {
    NodeKind kind = program[id].kind;
    if (kind == NodeKind::Loop || kind == NodeKind::Branch)
      for (size_t arm = 0; arm < program[id].arms.size(); ++arm) {
        // `visit` adds nodes: no reference to a node's arms outlives it.
        std::vector<NodeId> inside = program[id].arms[arm];
        forEachList(program, inside, inLoop || kind == NodeKind::Loop, visit);
        program[id].arms[arm] = std::move(inside);
      }
  }
  visit(list, inLoop);
}

std::vector<NodeId> judge::fullBarriersInLoops(const Program &program) {
  std::vector<NodeId> found;
  Program copy = program;
  forEachList(copy, copy.top, false, [&](std::vector<NodeId> &list, bool inLoop) {
    for (NodeId id : list)
      if (const Node &node = copy[id];
          inLoop && node.kind == NodeKind::Barrier && node.pipe == Pipe::ALL && node.inserted)
        found.push_back(id);
  });
  return found;
}

/// An id of the pair that no flag of the program has; none when there is none.
static std::optional<int32_t> freeId(const Program &program, Pipe from, Pipe to) {
  std::vector<bool> owned(program.eventIds);
  for (const Node &node : program.nodes) {
    bool isFlag = node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
    if (!isFlag || node.key.from != from || node.key.to != to)
      continue;
    if (!node.key.id.known)
      return std::nullopt;
    for (uint32_t i = 0; i < node.key.id.count; ++i)
      if (node.key.id.base + i < owned.size())
        owned[node.key.id.base + i] = true;
  }
  auto it = llvm::find(owned, false);
  return it == owned.end() ? std::nullopt : std::optional<int32_t>(it - owned.begin());
}

/// The pairs over which S learns all about the pipe, in their order; empty when there is no way.
static std::vector<FlagKey> wayToScalar(const Program &program, Pipe pipe) {
  auto step = [&](Pipe from, Pipe to) -> std::vector<FlagKey> {
    std::optional<int32_t> id = freeId(program, from, to);
    if (!flagPairIsListed(from, to) || !id)
      return {};
    return {{from, to, {*id}}};
  };
  if (std::vector<FlagKey> way = step(pipe, Pipe::S); !way.empty())
    return way;
  for (unsigned p = 0; p < numPipes; ++p) {
    if (Pipe(p) == pipe || !coreHasPipe(program.core, Pipe(p), program.arch))
      continue;
    std::vector<FlagKey> way = step(pipe, Pipe(p)), rest = step(Pipe(p), Pipe::S);
    if (way.empty() || rest.empty())
      continue;
    llvm::append_range(way, rest);
    return way;
  }
  return {};
}

std::optional<Program> judge::withoutFullBarriersInLoops(const Program &input) {
  Program result = withBarriersEverywhere(input);
  std::vector<std::vector<FlagKey>> ways;
  for (unsigned p = 0; p < numPipes; ++p)
    if (Pipe(p) != Pipe::S && coreHasPipe(input.core, Pipe(p), input.arch)) {
      ways.push_back(wayToScalar(input, Pipe(p)));
      if (ways.back().empty())
        return std::nullopt;
    }
  forEachList(result, result.top, false, [&](std::vector<NodeId> &list, bool inLoop) {
    if (!inLoop)
      return;
    std::vector<NodeId> longer;
    for (NodeId id : list) {
      const Node &node = result[id];
      if (node.kind != NodeKind::Barrier || node.pipe != Pipe::ALL || !node.inserted) {
        longer.push_back(id);
        continue;
      }
      for (const std::vector<FlagKey> &way : ways)
        for (const FlagKey &key : way)
          for (NodeKind kind : {NodeKind::Set, NodeKind::Wait}) {
            Node flag;
            flag.kind = kind;
            flag.pipe = kind == NodeKind::Set ? key.from : key.to;
            flag.key = key;
            flag.inserted = true;
            longer.push_back(result.add(std::move(flag)));
          }
    }
    list = std::move(longer);
  });
  if (!check(result).accepted())
    return std::nullopt;
  return result;
}

Problem judge::randomShortProblem(uint64_t seed) {
  Random random(seed);
  Problem problem;
  Shape shape = randomShape(random);
  shape.eventIds = random.pick({1, 1, 2, 2, 3});
  shape.accesses = random.pick({6, 10, 16, 24});
  problem.program = randomProgram(random, shape);
  problem.options.maxDelay = random.pick({1, 1, 2, 3});
  return problem;
}

ShortageTally judge::runShortageCampaign(const CampaignOptions &options, bool shortage) {
  ShortageTally tally;
  for (unsigned i = 0; i < options.programs; ++i) {
    uint64_t seed = options.seed + i;
    Problem problem = shortage ? randomShortProblem(seed) : randomProblem(seed);
    InsertResult result = insert(problem.program, problem.options);
    ++tally.programs;
    tally.merged += result.stats.merged > 0;
    tally.drained += result.stats.drains > 0;
    tally.lastRung += result.stats.lastRung;
    CheckResult verdict = check(result.program);
    bool rejected = !verdict.accepted();
    tally.rejected += rejected;
    tally.unclean += findViolation(result.program, seed, 8).has_value();
    std::vector<NodeId> barriers = fullBarriersInLoops(result.program);
    bool needless = !barriers.empty() && withoutFullBarriersInLoops(problem.program);
    tally.withFullBarriers += !barriers.empty();
    tally.needless += needless;
    bool wanted = rejected || needless || (options.picky && !barriers.empty());
    if (!wanted || tally.reports.size() >= options.maxReports)
      continue;
    std::string text = (rejected   ? "refused"
                        : needless ? "needless bar(ALL)"
                                   : "bar(ALL)") +
                       std::string(", seed ") + std::to_string(seed) + ", ids " +
                       std::to_string(problem.program.eventIds) + "\n";
    for (NodeId id : barriers)
      for (const Reason &reason : result.program[id].reasons)
        text += "  node " + std::to_string(id) + ": " +
                (reason.kind == Reason::Credit ? "token of " : "order of ") +
                std::to_string(reason.earlier) + " and " + std::to_string(reason.later) + "\n";
    for (const Finding &finding : verdict.findings)
      if (!finding.warning)
        text += "  nodes " + std::to_string(finding.earlier) + " and " +
                std::to_string(finding.later) + ": " + finding.what + "\n";
    Program shown = result.program;
    if (rejected) {
      const std::string &what = verdict.findings.front().what; // a case of its own: not another one
      auto isRefused = [&](const Program &candidate) {
        CheckResult again = check(insert(candidate, problem.options).program);
        return !again.accepted() && again.findings.front().what == what;
      };
      shown = insert(shrink(problem.program, isRefused), problem.options).program;
    }
    tally.reports.push_back(text + listing(shown));
  }
  return tally;
}

std::string judge::table(const ShortageTally &tally) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "  programs " << tally.programs << "; handoffs merged in " << tally.merged
     << ", dispatch held in " << tally.drained << ", on the last rung " << tally.lastRung
     << ", refused " << tally.rejected << ", unclean " << tally.unclean
     << "\n  bar(ALL) in loops of " << tally.withFullBarriers
     << ", which have a solution without: " << tally.needless << "\n";
  return text;
}
