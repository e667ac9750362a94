//===- Checker.cpp - Running the walk and ordering what it found ----------===//

#include "Checker.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

/// Iterations that claims have to remember: the longest dependence or ring, within reason.
static int64_t horizon(const Program &program, const Demands &demands) {
  constexpr int64_t most = 16;
  int64_t age = std::max<int64_t>(2, demands.maxDistance());
  for (const Node &node : program.nodes)
    if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
      age = std::max<int64_t>(age, node.key.id.count);
  return std::min(age, most) + 1;
}

Checker::Checker(const Program &program, const CheckOptions &options, const Layout &layout,
                 const Demands &demands)
    : program(program), options(options), layout(layout), demands(demands), paths(program),
      maxAge(horizon(program, demands)) {
  findSilentRows();
}

void Checker::hold(NodeId node, unsigned choice) {
  const Condition &condition = program[node].condition;
  if (program[node].kind == NodeKind::Branch && condition.value != none)
    paths.chosen[condition.value] = choice;
  else
    held = {node, choice};
}

void Checker::findSilentRows() {
  std::array<bool, numRows> speaks{};
  for (const Node &node : program.nodes) {
    if (node.kind == NodeKind::Publish)
      speaks[visible] = true;
    if (node.kind == NodeKind::Fence) // which takes what S knows
      speaks[Row(Pipe::S)] = true;
    if (node.kind == NodeKind::Set && node.key.from != Pipe::ALL)
      speaks[Row(node.key.from)] = true;
    if (touchesMemory(node) || node.kind == NodeKind::Publish)
      speaks[Row(pipeOf(node))] = true;
  }
  for (Row row = 0; row < numRows; ++row)
    if (!speaks[row])
      silent.push_back(row);
}

Finding &Checker::report(Rule rule, NodeId later, NodeId earlier, const FlagKey &key,
                         std::string what) {
  Finding finding;
  finding.rule = rule;
  finding.later = later;
  finding.earlier = earlier;
  finding.key = key;
  finding.what = std::move(what);
  finding.path.assign(paths.chosen.begin(), paths.chosen.end());
  doubts.push_back({std::move(finding), nullptr, {}});
  return doubts.back().finding;
}

Finding &Checker::reportToken(TokenFault fault, NodeId later, NodeId earlier, const FlagKey &key,
                              std::string what) {
  Finding &finding = report(Rule::C2, later, earlier, key, std::move(what));
  finding.token = fault;
  return finding;
}

void Checker::reportMismatches(NodeId at, const State::Mismatches &mismatches, bool iterations) {
  for (const auto &[key, by, mine] : mismatches) {
    const char *what = "the token is pending on some paths only";
    if (iterations)
      what = mine ? "the token is pending before the first iteration, but not after it"
                  : "the token is pending after an iteration, but not before the first";
    reportToken(TokenFault::SomePaths, at == none ? by : at, by, key, what).unproven = !iterations;
  }
}

void Checker::exit(State &state) {
  auto left = [&](const Token &token, const FlagKey &key) {
    report(Rule::C7, none, token.by, key,
           describe(program, key) + " is still set when the function returns");
  };
  for (const auto &[key, token] : state.tokens)
    if (token.pending)
      left(token, {key.from, key.to, {key.id}});
  for (const auto &[ring, list] : state.rings)
    for (size_t k = 0; k < list.size(); ++k)
      if (list[k].pending)
        left(list[k], {ring.from, ring.to, {ring.base, ring.count, ring.number, int64_t(k)}});
  for (const Demand &demand : demands.atExit())
    test(demand, none, state);
}

void Checker::walkAll() {
  State state(layout.columns());
  walk(program.top, state);
  if (exhausted == none)
    return exit(state);
  report(Rule::Limit, exhausted, none, {},
         "the program is nested too deeply to be checked within the limit of work");
  doubts.back().finding.unproven = true;
}

/// A finding by its places, whatever its words.
static auto rank(const Finding &f, const Layout &layout) {
  uint32_t at = f.later == none ? none : layout[f.later].begin;
  return std::make_tuple(at, f.rule, f.later, f.earlier == none ? 0 : layout[f.earlier].begin,
                         f.hazard, f.earlierRegion, f.laterRegion, f.loop, f.distance, f.key.from,
                         f.key.to, f.key.id.base, f.key.id.count, f.key.id.add);
}

CheckResult Checker::run() {
  checkLegality(program, result.findings);
  result.hazards = demands.countC1();
  walkAll();
  settle();

  auto order = [&](const Finding &f) { return rank(f, layout); };
  // A loop's body may be walked more than once on the way to its verdict; one wording stays.
  llvm::sort(result.findings, [&](const Finding &a, const Finding &b) {
    auto x = order(a), y = order(b);
    // What is certain stays.
    return x != y ? x < y : std::tie(a.unproven, a.what) < std::tie(b.unproven, b.what);
  });
  auto same = [&](const Finding &a, const Finding &b) { return order(a) == order(b); };
  result.findings.erase(llvm::unique(result.findings, same), result.findings.end());
  return std::move(result);
}

bool CheckResult::accepted() const {
  return llvm::all_of(findings, [](const Finding &finding) { return finding.warning; });
}

bool CheckResult::acceptedIfAssumed() const {
  return llvm::all_of(findings,
                      [](const Finding &finding) { return finding.warning || finding.unproven; });
}

CheckResult pto::sync::check(const Program &program, const CheckOptions &options) {
  Layout layout(program);
  Demands demands(program, layout);
  CheckResult result = Checker(program, options, layout, demands).run();
  bool hasDoubtfulWait = llvm::any_of(result.findings, [&](const Finding &finding) {
    return finding.rule == Rule::C2 && finding.unproven && finding.later != none &&
           program[finding.later].kind == NodeKind::Wait;
  });
  if (!hasDoubtfulWait || options.trustDoubtfulWaits || result.acceptedIfAssumed())
    return result;
  // What is gone when those waits tell all that they might hangs on them.
  CheckOptions trusting = options;
  trusting.trustDoubtfulWaits = true;
  CheckResult left = Checker(program, trusting, layout, demands).run();
  for (Finding &finding : result.findings)
    finding.unproven |= llvm::none_of(left.findings, [&](const Finding &other) {
      return rank(other, layout) == rank(finding, layout);
    });
  return result;
}
