//===- Simulate.cpp - A trace in the simulator -----------------------------===//

#include "Simulate.h"
#include "ptoas/Sim/Engine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {

/// Reads and writes the ranges that its attributes list. GM offsets are from operand 0 on.
void touch(sim::KernelContext &context) {
  int64_t ranges = context.attribute("ranges", 0);
  uint64_t gm = uint64_t(context.operands[0].scalar.asInteger());
  for (bool writes : {false, true})
    for (int64_t i = 0; i < ranges; ++i) {
      auto field = [&](const char *what) { return context.attribute(what + std::to_string(i), 0); };
      if ((field("writes") != 0) != writes)
        continue;
      auto space = Space(field("space"));
      std::vector<uint8_t> bytes(size_t(field("bytes")), 1);
      uint64_t at = uint64_t(field("begin")) + (space == Space::GM ? gm : 0);
      if (writes)
        context.write(space, at, bytes.data(), bytes.size());
      else
        context.read(space, at, bytes.data(), bytes.size());
    }
}

class Lowering {
public:
  Lowering(const sync::Program &program, const Trace &trace)
      : source(program), trace(trace), b(lowered, "trace", program.core, {"gm"}) {
    lowered.arch = program.arch;
  }

  bool run() {
    if (!placeMemories())
      return false;
    for (const Event &event : trace.events)
      lower(event);
    place("return");
    b.finish();
    return sim::validate(lowered).empty();
  }

  sim::Program lowered;
  uint64_t gmBytes = 64;

private:
  const sync::Program &source;
  const Trace &trace;
  sim::FunctionBuilder b;
  std::map<uint32_t, int64_t> gmBase; ///< of each pointer: offset of its byte 0

  void place(std::string text) { b.setPlace(lowered.addPlace({text, text, ""})); }

  /// Pointers get stretches of GM of their own.
  bool placeMemories() {
    std::map<uint32_t, std::pair<int64_t, int64_t>> used;
    for (const Footprint &footprint : trace.footprints) {
      if (footprint.bytes.empty())
        continue;
      int64_t begin = footprint.bytes.front().begin, end = footprint.bytes.back().end;
      if (footprint.isGlobal()) {
        auto [it, isNew] = used.try_emplace(footprint.memory, begin, end);
        it->second = {std::min(it->second.first, begin), std::max(it->second.second, end)};
      } else if (begin < 0 || uint64_t(end) > capacity(Space(footprint.memory), source.arch)) {
        return false;
      }
    }
    for (auto [memory, range] : used) {
      gmBase[memory] = int64_t(gmBytes) - range.first;
      gmBytes += uint64_t(range.second - range.first + 64) / 64 * 64;
    }
    return true;
  }

  void access(const Event &event) {
    sim::Call call;
    call.op = "access";
    call.kernel = touch;
    call.pipe = event.pipe;
    call.accumulates = source[event.node].accumulates;
    call.operands = {{sim::Operand::Scalar, Element::I64}};
    int64_t ranges = 0;
    for (bool writes : {false, true})
      for (uint32_t index : writes ? event.writes : event.reads) {
        const Footprint &footprint = trace.footprints[index];
        for (const Interval &interval : footprint.bytes) {
          auto field = [&](const char *what, int64_t value) {
            call.attributes.push_back({what + std::to_string(ranges), value});
          };
          bool global = footprint.isGlobal();
          field("space", int64_t(global ? Space::GM : Space(footprint.memory)));
          field("begin", interval.begin + (global ? gmBase[footprint.memory] : 0));
          field("bytes", interval.end - interval.begin);
          field("writes", writes);
          ++ranges;
        }
      }
    call.attributes.push_back({"ranges", ranges});
    b.issue(lowered.addCall(std::move(call)), {b.argument(0)});
  }

  void lower(const Event &event) {
    place("node " + std::to_string(event.node));
    switch (event.kind) {
    case Event::Access:
      return access(event);
    case Event::Set:
    case Event::Wait: {
      const Flag &flag = trace.flags[event.flag];
      return event.kind == Event::Set ? b.setFlag(flag.from, flag.to, flag.id)
                                      : b.waitFlag(flag.from, flag.to, flag.id);
    }
    case Event::Barrier:
      return b.barrier(event.pipe);
    case Event::Fence:
      return b.fence();
    case Event::Publish: // one core has nobody to tell
      if (!event.reads.empty() || !event.writes.empty())
        access(event);
      return;
    case Event::Enter:
    case Event::Leave:
      return;
    }
  }
};

bool isAboutOrder(sim::FindingKind kind, const sync::Program &program) {
  using enum sim::FindingKind;
  if (kind == IncompleteAtExit)
    return program.atExitDrain;
  return kind == Race || kind == FlagCollision || kind == IllegalSync || kind == Deadlock ||
         kind == StarvedWait || kind == TokenLeft;
}

std::string runOnce(const sync::Program &program, const Lowering &lowering, sim::Options options) {
  sim::GlobalMemory memory;
  uint64_t gm = memory.allocate(0, "gm", lowering.gmBytes);
  sim::Launch launch;
  launch.ranks.resize(1);
  launch.ranks[0].push_back({0, 0, 1, {gm}});
  options.eventIds = std::max(program.eventIds, numEventIds);
  options.stopAtFirst = false;
  sim::Report report = sim::run(lowering.lowered, memory, launch, options);
  for (const sim::Finding &finding : report.findings)
    if (isAboutOrder(finding.kind, program)) {
      std::string text = sim::name(finding.kind).str() + " at " + finding.where.location;
      if (finding.other)
        text += ", after " + finding.other->location;
      return text + (options.flags == sim::FlagModel::SingleBit ? ", flags of one bit" : "");
    }
  return report.incomplete;
}

} // namespace

std::optional<std::string> judge::simulate(const sync::Program &program, const Trace &trace,
                                           uint64_t seed, uint64_t *runs) {
  Lowering lowering(program, trace);
  if (!lowering.run())
    return std::nullopt;
  for (sim::Schedule schedule : {sim::Schedule::Eager, sim::Schedule::Lazy, sim::Schedule::Random})
    for (sim::FlagModel flags : {sim::FlagModel::Counter, sim::FlagModel::SingleBit}) {
      sim::Options options;
      options.schedule = schedule;
      options.seed = seed;
      options.flags = flags;
      if (runs)
        ++*runs;
      if (std::string finding = runOnce(program, lowering, options); !finding.empty())
        return finding;
    }
  return "";
}

std::optional<std::string> judge::simulateOnce(const sync::Program &program, const Trace &trace) {
  Lowering lowering(program, trace);
  if (!lowering.run())
    return std::nullopt;
  return runOnce(program, lowering, {});
}
