//===- Oracle.cpp - Exact happens-before on one trace ----------------------===//
//
// knows[q][p] is the place in p's queue up to which everything is complete before the next item of
// q starts. One number per pair is exact: completion becomes visible through H3, H5 and H6 only,
// and all of them speak about prefixes of a queue.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"
#include "llvm/Support/raw_ostream.h"
#include <array>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
using Clock = std::array<uint32_t, numPipes>;
constexpr unsigned scalar = unsigned(Pipe::S);

/// The latest access of one kind to one footprint; older ones of the kind are in every prefix that
/// holds this one.
struct Record {
  Pipe pipe;
  bool writes, accumulates;
  uint32_t place;
  uint32_t event;
};

class HappensBefore {
public:
  HappensBefore(const Program &program, const Trace &trace, bool strongFlags, bool firstOnly)
      : program(program), trace(trace), strongFlags(strongFlags), firstOnly(firstOnly),
        pending(trace.flags.size()), lastSet(trace.flags.size(), none),
        lastWait(trace.flags.size()), records(trace.footprints.size()) {}

  std::vector<Violation> run();

private:
  void report(Rule rule, NodeId earlier, size_t earlierEvent = 0) {
    NodeId later = at < trace.events.size() ? trace.events[at].node : none;
    found.push_back({rule, later, earlier, at, earlierEvent});
  }
  void access(const Event &event);
  void set(const Event &event);
  void wait(const Event &event);
  void barrier(Pipe pipe);
  void publish();
  void foreignTokens(NodeId macro);
  void exit();
  void shareScalarKnowledge();
  void checkOrder(const Event &event, uint32_t footprint, bool writes);
  void remember(const Event &event, uint32_t footprint, bool writes);

  const Program &program;
  const Trace &trace;
  bool strongFlags, firstOnly;
  size_t at = 0;
  Clock issued{};
  std::array<Clock, numPipes> knows{};
  Clock visible{};                           ///< C8: per pipe the prefix that a Fence has covered
  std::vector<std::optional<Clock>> pending; ///< per flag the token's snapshot
  std::vector<NodeId> lastSet;
  struct LastWait {
    uint32_t place = 0, event = 0;
  };
  std::vector<LastWait> lastWait; ///< per flag its last wait, by its place in the queue of `to`
  std::vector<std::vector<Record>> records;
  struct Latest {
    uint32_t place = 0;
    NodeId node = none;
  };
  std::array<Latest, numPipes> globalAccess, globalWrite; ///< C7, C8: per pipe
  std::vector<Violation> found;
};
} // namespace

static void raise(Clock &clock, const Clock &other) {
  for (unsigned p = 0; p < numPipes; ++p)
    clock[p] = std::max(clock[p], other[p]);
}

/// H6: items on S are synchronous, and everything dispatched later knows what S knows.
void HappensBefore::shareScalarKnowledge() {
  knows[scalar][scalar] = issued[scalar];
  for (Clock &clock : knows)
    raise(clock, knows[scalar]);
}

void HappensBefore::checkOrder(const Event &event, uint32_t footprint, bool writes) {
  const Clock &known = knows[unsigned(event.pipe)];
  for (uint32_t other : trace.sharing[footprint])
    for (const Record &record : records[other]) {
      if ((!writes && !record.writes) || record.place <= known[unsigned(record.pipe)])
        continue;
      const Event &earlier = trace.events[record.event];
      if (!isHardwareOrdered(program, trace, earlier, other, record.writes, event, footprint,
                             writes))
        report(Rule::C1, earlier.node, record.event);
    }
}

void HappensBefore::remember(const Event &event, uint32_t footprint, bool writes) {
  unsigned pipe = unsigned(event.pipe);
  bool accumulates = program[event.node].accumulates;
  Record latest{event.pipe, writes, accumulates, issued[pipe], uint32_t(at)};
  auto same = [&](const Record &r) {
    return r.pipe == event.pipe && r.writes == writes && r.accumulates == accumulates;
  };
  auto it = llvm::find_if(records[footprint], same);
  if (it == records[footprint].end())
    records[footprint].push_back(latest);
  else
    *it = latest;
  if (!trace.footprints[footprint].isGlobal())
    return;
  globalAccess[pipe] = {issued[pipe], event.node};
  if (writes)
    globalWrite[pipe] = {issued[pipe], event.node};
}

void HappensBefore::access(const Event &event) {
  unsigned pipe = unsigned(event.pipe);
  ++issued[pipe];
  for (uint32_t footprint : event.reads)
    checkOrder(event, footprint, false);
  for (uint32_t footprint : event.writes)
    checkOrder(event, footprint, true);
  for (uint32_t footprint : event.reads)
    remember(event, footprint, false);
  for (uint32_t footprint : event.writes)
    remember(event, footprint, true);
  if (event.pipe == Pipe::S)
    shareScalarKnowledge();
  else if (keepsOrder(event.pipe, program.arch)) // H7
    knows[pipe][pipe] = issued[pipe];
}

void HappensBefore::set(const Event &event) {
  const Flag &flag = trace.flags[event.flag];
  unsigned from = unsigned(flag.from), to = unsigned(flag.to);
  ++issued[from];
  if (flag.id < 0 || flag.id >= int64_t(program.eventIds) || flag.from == flag.to ||
      !coreHasPipe(program.core, flag.from, program.arch) ||
      !coreHasPipe(program.core, flag.to, program.arch))
    report(Rule::C4, none);
  if (pending[event.flag])
    report(Rule::C2, lastSet[event.flag]);
  if (strongFlags && lastWait[event.flag].place > knows[from][to])
    report(Rule::C3, trace.events[lastWait[event.flag].event].node, lastWait[event.flag].event);
  // Relay: the token carries all that its source knew, plus all of the source's own queue (H3).
  Clock snapshot = knows[from];
  snapshot[from] = issued[from];
  pending[event.flag] = snapshot;
  lastSet[event.flag] = event.node;
  if (flag.from == Pipe::S)
    shareScalarKnowledge();
}

void HappensBefore::wait(const Event &event) {
  unsigned to = unsigned(trace.flags[event.flag].to);
  ++issued[to];
  if (!pending[event.flag]) {
    report(Rule::C2, none);
    return;
  }
  raise(knows[to], *pending[event.flag]); // H4
  pending[event.flag].reset();
  lastWait[event.flag] = {issued[to], uint32_t(at)};
  if (to == scalar)
    shareScalarKnowledge();
}

void HappensBefore::barrier(Pipe pipe) { // H5
  if (!barrierIsLegal(pipe, program.arch) || !coreHasPipe(program.core, pipe, program.arch))
    report(Rule::C4, none);
  if (pipe == Pipe::ALL)
    knows.fill(issued);
  else
    knows[unsigned(pipe)][unsigned(pipe)] = issued[unsigned(pipe)];
}

void HappensBefore::publish() {
  for (unsigned p = 0; p < numPipes; ++p)
    if (globalAccess[p].place > knows[scalar][p])
      report(Rule::C8, globalAccess[p].node);
    else if (globalWrite[p].place > visible[p])
      report(Rule::C8, globalWrite[p].node);
}

void HappensBefore::foreignTokens(NodeId macro) {
  if (program[macro].transparent) // the program's own flags: C2 says all
    return;
  for (uint32_t flag : trace.macroFlags.at(macro))
    if (pending[flag])
      report(Rule::C5, lastSet[flag]);
}

void HappensBefore::exit() {
  for (size_t flag = 0; flag < pending.size(); ++flag)
    if (pending[flag])
      report(Rule::C2, lastSet[flag]);
  for (unsigned p = 0; p < numPipes && program.atExitDrain; ++p)
    if (globalWrite[p].place > knows[scalar][p])
      report(Rule::C7, globalWrite[p].node);
}

std::vector<Violation> HappensBefore::run() {
  for (at = 0; at < trace.events.size(); ++at) {
    if (firstOnly && !found.empty())
      return std::move(found);
    const Event &event = trace.events[at];
    switch (event.kind) {
    case Event::Access:
      access(event);
      break;
    case Event::Set:
      set(event);
      break;
    case Event::Wait:
      wait(event);
      break;
    case Event::Barrier:
      barrier(event.pipe);
      break;
    case Event::Fence:
      ++issued[scalar];
      shareScalarKnowledge();
      raise(visible, knows[scalar]);
      break;
    case Event::Publish:
      publish();
      access(event);
      break;
    case Event::Enter:
    case Event::Leave:
      foreignTokens(event.node);
      break;
    }
  }
  if (!firstOnly || found.empty())
    exit();
  return std::move(found);
}

std::vector<Violation> judge::violations(const Program &program, const Trace &trace,
                                         bool strongFlags, bool firstOnly) {
  return HappensBefore(program, trace, strongFlags, firstOnly).run();
}

std::optional<Violation> judge::findViolation(const Program &program, uint64_t seed, unsigned count,
                                              bool strongFlags) {
  std::optional<Violation> first;
  forEachPath(program, seed, count, [&](const Trace &trace) {
    std::vector<Violation> found = violations(program, trace, strongFlags);
    if (!found.empty())
      first = found.front();
    return !first;
  });
  return first;
}

static std::string nodeText(const Program &program, NodeId id) {
  if (id == none)
    return "-";
  const Node &node = program[id];
  std::string text = "node " + std::to_string(id);
  if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
    text += std::string(node.kind == NodeKind::Set ? " set(" : " wait(") +
            sync::describe(program, node.key) + ")";
  else if (!node.label.empty())
    text += " " + node.label;
  return text;
}

std::string judge::describe(const Program &program, const Violation &violation) {
  static constexpr const char *rules[] = {"C1", "C2", "C3", "C4", "C5", "C7", "C8", "limit"};
  return std::string(rules[unsigned(violation.rule)]) + ": " + nodeText(program, violation.later) +
         " at event " + std::to_string(violation.event) + ", earlier " +
         nodeText(program, violation.earlier);
}
