//===- Report.cpp - Findings and times as JSON and text --------------------===//

#include "ptoas/Sim/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>
#include <tuple>

using namespace pto;
using namespace pto::sim;
using llvm::formatv;
using llvm::StringRef;

StringRef sim::name(FindingKind kind) {
  static constexpr StringRef names[] = {
      "race",           "uninitialised-read", "out-of-bounds",    "flag-collision",
      "illegal-sync",   "deadlock",           "token-left",       "gm-write-incomplete-at-exit",
      "kernel-failure", "scalar-failure",     "counter-overflow", "argument-overlap",
      "stale-cache",    "shared-line",        "recycled-slot",    "starved-wait",
      "unfinished",     "unlisted-pair",      "library-defect"};
  static_assert(std::size(names) == numFindingKinds);
  return names[unsigned(kind)];
}

bool sim::isWarning(FindingKind kind) { return kind == FindingKind::UnlistedPair; }

bool Report::clean() const {
  return incomplete.empty() &&
         llvm::all_of(findings, [](const Finding &finding) { return isWarning(finding.kind); });
}

StringRef sim::name(Hazard hazard) {
  static constexpr StringRef names[] = {"RAW", "WAR", "WAW"};
  return names[unsigned(hazard)];
}

StringRef sim::agentName(Pipe pipe) { return pipe == Pipe::ALL ? "DMA" : name(pipe); }

std::string Where::describe() const {
  std::string text = op.empty() ? "an instruction" : op;
  if (!phase.empty())
    text += " (its " + phase + ")";
  text += formatv(" on {0} of {1} core {2} (rank {3}, block {4})", agentName(pipe), name(core),
                  subblock, rank, block)
              .str();
  if (iteration)
    text += formatv(", iteration {0}", *iteration).str();
  if (!calledAt.empty())
    text += ", called at " + calledAt;
  return text;
}

static llvm::json::Value toJson(const Where &where) {
  llvm::json::Object object{
      {"location", where.location}, {"op", where.op},     {"pipe", agentName(where.pipe)},
      {"core", name(where.core)},   {"rank", where.rank}, {"block", where.block},
      {"subblock", where.subblock}};
  if (!where.phase.empty())
    object["phase"] = where.phase;
  if (!where.calledAt.empty())
    object["calledAt"] = where.calledAt;
  if (where.iteration)
    object["iteration"] = *where.iteration;
  return object;
}

static llvm::json::Value toJson(const Finding &finding) {
  llvm::json::Object object{{"kind", name(finding.kind)},
                            {"severity", isWarning(finding.kind) ? "warning" : "error"},
                            {"what", finding.what},
                            {"where", toJson(finding.where)},
                            {"count", int64_t(finding.count)}};
  if (finding.hazard)
    object["hazard"] = name(*finding.hazard);
  if (finding.other)
    object["other"] = toJson(*finding.other);
  if (!finding.memory.empty())
    object["bytes"] = llvm::json::Object{{"memory", finding.memory},
                                         {"begin", int64_t(finding.begin)},
                                         {"end", int64_t(finding.end)}};
  if (!finding.notes.empty())
    object["notes"] = llvm::json::Array(finding.notes);
  return object;
}

llvm::json::Value Report::json() const {
  llvm::json::Array list, coreList;
  for (const Finding &finding : findings)
    list.push_back(toJson(finding));
  for (const CoreTime &core : cores) {
    llvm::json::Object pipes;
    for (unsigned p = 0; p < numPipes; ++p)
      if (const PipeTime &time = core.pipes[p]; time.items || time.stalled)
        pipes[name(Pipe(p))] = llvm::json::Object{{"items", int64_t(time.items)},
                                                  {"busy", int64_t(time.busy)},
                                                  {"stalled", int64_t(time.stalled)}};
    coreList.push_back(llvm::json::Object{{"core", name(core.core)},
                                          {"rank", core.rank},
                                          {"block", core.block},
                                          {"subblock", core.subblock},
                                          {"cycles", int64_t(core.cycles)},
                                          {"pipes", std::move(pipes)}});
  }
  llvm::json::Object object{{"version", 1},
                            {"clean", clean()},
                            {"cycles", int64_t(cycles)},
                            {"instructions", int64_t(instructions)},
                            {"items", int64_t(items)},
                            {"findings", std::move(list)},
                            {"cores", std::move(coreList)}};
  if (!notes.empty())
    object["notes"] = llvm::json::Array(notes);
  if (!incomplete.empty())
    object["incomplete"] = incomplete;
  llvm::json::Object choices;
  for (const auto &[op, what] : modelled)
    choices[op] = what;
  object["modelled"] = std::move(choices);
  return object;
}

void Report::print(llvm::raw_ostream &os) const {
  auto place = [](const Where &where) {
    return where.location.empty() ? std::string("<unknown>") : where.location;
  };
  for (const Finding &finding : findings) {
    os << place(finding.where) << (isWarning(finding.kind) ? ": warning: " : ": error: ")
       << finding.what << '\n';
    os << place(finding.where) << ": note: here: " << finding.where.describe() << '\n';
    if (finding.other)
      os << place(*finding.other) << ": note: there: " << finding.other->describe() << '\n';
    for (const std::string &note : finding.notes)
      os << place(finding.where) << ": note: " << note << '\n';
    if (finding.count > 1)
      os << place(finding.where) << ": note: seen " << finding.count << " times\n";
  }
  for (const std::string &note : notes)
    os << "note: " << note << '\n';
  if (!incomplete.empty())
    os << "error: the run is not complete: " << incomplete << '\n';
}

void sim::addFindings(Report &into, const Report &other) {
  auto keyOf = [](const Finding &finding) {
    const Where *second = finding.other ? &*finding.other : nullptr;
    return std::tuple(finding.kind, finding.hazard, finding.where.location, finding.where.op,
                      finding.where.phase, second ? second->location : "", second ? second->op : "",
                      second ? second->phase : "");
  };
  std::map<decltype(keyOf(Finding())), size_t> known;
  for (size_t i = 0; i < into.findings.size(); ++i)
    known.try_emplace(keyOf(into.findings[i]), i);
  for (const Finding &finding : other.findings) {
    auto [it, isNew] = known.try_emplace(keyOf(finding), into.findings.size());
    if (isNew)
      into.findings.push_back(finding);
    else
      into.findings[it->second].count += finding.count;
  }
  for (const std::string &note : other.notes)
    if (!llvm::is_contained(into.notes, note))
      into.notes.push_back(note);
  if (into.incomplete.empty())
    into.incomplete = other.incomplete;
  into.modelled.insert(other.modelled.begin(), other.modelled.end());
}

void sim::append(Report &into, const Report &next) {
  addFindings(into, next);
  into.cores.insert(into.cores.end(), next.cores.begin(), next.cores.end());
  into.cycles += next.cycles;
  into.instructions += next.instructions;
  into.items += next.items;
}
