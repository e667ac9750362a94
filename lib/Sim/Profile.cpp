//===- Profile.cpp - Stalls and the critical path of a run -----------------===//

#include "ptoas/Sim/Profile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <map>

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr uint32_t nothing = ~0u;

namespace {
/// Walks from the end of a run to its beginning, each time to what let the instruction begin when
/// it did.
class PathFinder {
public:
  PathFinder(const Trace &trace, const TraceLinks &links, Profile &profile)
      : trace(trace), links(links), profile(profile) {}
  void find();

private:
  using Slice = Trace::Slice;
  const Slice &at(uint32_t slice) const { return trace.slices[slice]; }
  uint32_t lastBefore(const TraceLinks::Lane &lane, uint64_t time) const;
  uint32_t ownPredecessor(uint32_t slice) const;
  uint32_t predecessor(uint32_t slice) const;
  void add(Pipe pipe, llvm::StringRef name, llvm::StringRef location, uint64_t cycles,
           bool isBefore = false);

  const Trace &trace;
  const TraceLinks &links;
  Profile &profile;
  /// The flag: not the slice itself but what S did before it.
  std::map<std::tuple<Pipe, llvm::StringRef, llvm::StringRef, bool>, Profile::Part> parts;
};
} // namespace

/// The last slice of a lane, stalls aside, that is over at `time`.
uint32_t PathFinder::lastBefore(const TraceLinks::Lane &lane, uint64_t time) const {
  auto next = llvm::partition_point(lane, [&](uint32_t i) { return at(i).end <= time; });
  while (next != lane.begin())
    if (uint32_t slice = *--next; at(slice).kind != Trace::SliceKind::Stall)
      return slice;
  return nothing;
}

/// What the pipe did before, when it went on to `slice` without a pause.
uint32_t PathFinder::ownPredecessor(uint32_t slice) const {
  const auto &lane = links.lanes[at(slice).core][unsigned(at(slice).pipe)];
  if (links.position[slice] == 0)
    return nothing;
  uint32_t before = lane[links.position[slice] - 1];
  bool follows = at(before).end == at(slice).begin;
  return follows && at(before).kind != Trace::SliceKind::Stall ? before : nothing;
}

uint32_t PathFinder::predecessor(uint32_t slice) const {
  const Slice &now = at(slice);
  if (uint32_t own = ownPredecessor(slice); own != nothing)
    return own;
  // A token or a signal that came later than the pipe was free; not one that had been there for
  // long when S got to the wait.
  const auto &lanes = links.lanes[now.core];
  uint32_t dispatched = lastBefore(lanes[unsigned(Pipe::S)], now.begin);
  if (uint32_t arrow = links.arrowTo[slice]; arrow != nothing)
    if (uint32_t from = links.arrows[arrow].from;
        from != nothing && at(from).begin < now.begin && at(from).end <= now.begin &&
        (dispatched == nothing || at(dispatched).end <= at(from).end))
      return from;
  // pipe_barrier(PIPE_ALL) waits for the pipe that is last.
  if (now.pipe == Pipe::S)
    for (Pipe pipe : laneOrder)
      if (uint32_t last = lastBefore(lanes[unsigned(pipe)], now.begin);
          pipe != Pipe::S && last != nothing && at(last).end == now.begin)
        return last;
  // Else it was dispatched just then: S came from its last slice through code that is not drawn.
  return dispatched;
}

void PathFinder::add(Pipe pipe, llvm::StringRef name, llvm::StringRef location, uint64_t cycles,
                     bool isBefore) {
  if (cycles == 0)
    return;
  Profile::Part &part = parts[{pipe, name, location, isBefore}];
  part.pipe = pipe;
  part.name = (isBefore ? "scalar code, then " : "") + name.str();
  part.at = location.str();
  part.cycles += cycles;
  ++part.count;
}

void PathFinder::find() {
  uint32_t slice = nothing;
  for (uint32_t i = 0; i < trace.slices.size(); ++i)
    if (at(i).kind != Trace::SliceKind::Stall && (slice == nothing || at(i).end > at(slice).end))
      slice = i;
  if (slice != nothing)
    add(Pipe::S, "scalar code at the end", "", profile.cycles - at(slice).end);
  while (slice != nothing) {
    const Slice &now = at(slice);
    profile.path.push_back(slice);
    add(now.pipe, now.name, now.location, now.end - now.begin);
    uint32_t before = predecessor(slice);
    uint64_t from = before == nothing ? 0 : at(before).end;
    add(Pipe::S, now.name, now.location, now.begin - from, /*isBefore=*/true);
    slice = before;
  }
  for (auto &[key, part] : parts)
    profile.parts.push_back(std::move(part));
  llvm::sort(profile.parts, [](const Profile::Part &a, const Profile::Part &b) {
    return std::tie(b.cycles, a.at, a.name, a.pipe) < std::tie(a.cycles, b.at, b.name, b.pipe);
  });
}

namespace {
/// Sums up the stalls of a trace by what waited for what.
class StallCounter {
public:
  StallCounter(const Trace &trace, const TraceLinks &links);
  void count(uint32_t slice);
  std::vector<Profile::Stall> take();

private:
  using Slice = Trace::Slice;

  const Trace &trace;
  const TraceLinks &links;
  std::vector<const Slice *> nextWork,
      lastWork; ///< by slice, on its lane, itself included; or null
  using Key = std::tuple<Pipe, llvm::StringRef, llvm::StringRef, llvm::StringRef, llvm::StringRef,
                         llvm::StringRef>;
  std::map<Key, Profile::Stall> stalls;
};
} // namespace

StallCounter::StallCounter(const Trace &trace, const TraceLinks &links)
    : trace(trace), links(links), nextWork(trace.slices.size()), lastWork(trace.slices.size()) {
  for (const auto &lanes : links.lanes)
    for (const TraceLinks::Lane &lane : lanes) {
      auto fill = [&](auto order, std::vector<const Slice *> &list) {
        const Slice *work = nullptr;
        for (uint32_t slice : order) {
          if (trace.slices[slice].kind == Trace::SliceKind::Work)
            work = &trace.slices[slice];
          list[slice] = work;
        }
      };
      fill(llvm::make_range(lane.begin(), lane.end()), lastWork);
      fill(llvm::reverse(lane), nextWork);
    }
}

void StallCounter::count(uint32_t number) {
  const Slice &slice = trace.slices[number];
  if (slice.kind != Trace::SliceKind::Stall)
    return;
  llvm::StringRef what = slice.name, op, at = slice.location, after, afterAt;
  what.consume_front("stall: ");
  // The wait itself follows its stall; its arrow leads back to the set.
  const auto &lane = links.lanes[slice.core][unsigned(slice.pipe)];
  uint32_t next = links.position[number] + 1;
  uint32_t arrow = next < lane.size() ? links.arrowTo[lane[next]] : nothing;
  // What S does next is arithmetic that is not drawn.
  const Slice *waiting = slice.pipe == Pipe::S ? nullptr : nextWork[number];
  if (waiting) {
    op = waiting->name;
    at = waiting->location;
  }
  if (uint32_t from = arrow == nothing ? nothing : links.arrows[arrow].from; from != nothing) {
    const Slice &work = lastWork[from] ? *lastWork[from] : trace.slices[from];
    after = work.name;
    afterAt = work.location;
  }
  Profile::Stall &stall = stalls[{slice.pipe, what, op, at, after, afterAt}];
  if (stall.count++ == 0) {
    stall.pipe = slice.pipe;
    stall.what = what.str();
    stall.op = op.str();
    stall.at = at.str();
    stall.after = after.str();
    stall.afterAt = afterAt.str();
  }
  stall.cycles += slice.end - slice.begin;
}

std::vector<Profile::Stall> StallCounter::take() {
  std::vector<Profile::Stall> list;
  for (auto &[key, stall] : stalls)
    list.push_back(std::move(stall));
  // The map has an order; S waits at every PIPE_ALL for all that it has dispatched, which says
  // little.
  auto key = [](const Profile::Stall &s) {
    return std::tuple(s.what == "pipe_barrier(ALL)", ~s.cycles, s.pipe, s.what, s.op, s.at, s.after,
                      s.afterAt);
  };
  llvm::sort(list, [&](const auto &a, const auto &b) { return key(a) < key(b); });
  return list;
}

Profile::Profile(const Trace &trace) : cycles(trace.cycles) {
  TraceLinks links(trace);
  StallCounter counter(trace, links);
  for (uint32_t i = 0; i < trace.slices.size(); ++i)
    counter.count(i);
  stalls = counter.take();
  PathFinder(trace, links, *this).find();
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

llvm::json::Value Profile::stallsJson() const {
  llvm::json::Array list;
  for (const Stall &stall : stalls)
    list.push_back(llvm::json::Object{{"pipe", name(stall.pipe)},
                                      {"what", stall.what},
                                      {"op", stall.op},
                                      {"at", stall.at},
                                      {"after", stall.after},
                                      {"afterAt", stall.afterAt},
                                      {"cycles", int64_t(stall.cycles)},
                                      {"count", int64_t(stall.count)}});
  return list;
}

llvm::json::Value Profile::pathJson() const {
  llvm::json::Array list;
  for (const Part &part : parts)
    list.push_back(llvm::json::Object{{"pipe", name(part.pipe)},
                                      {"name", part.name},
                                      {"at", part.at},
                                      {"cycles", int64_t(part.cycles)},
                                      {"count", int64_t(part.count)}});
  return list;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static double percent(uint64_t part, uint64_t whole) {
  return whole ? 100.0 * double(part) / double(whole) : 0;
}

/// Pipes of all cores of a kind together: shares are averages.
static void printPipes(const Report &report, CoreKind kind, llvm::raw_ostream &os) {
  uint64_t cores = 0;
  std::array<PipeTime, numPipes> sum{};
  for (const CoreTime &core : report.cores)
    if (core.core == kind) {
      ++cores;
      for (unsigned p = 0; p < numPipes; ++p) {
        sum[p].items += core.pipes[p].items;
        sum[p].busy += core.pipes[p].busy;
        sum[p].stalled += core.pipes[p].stalled;
      }
    }
  if (cores == 0)
    return;
  std::string head = formatv("{0} cores: {1}", name(kind), cores);
  os << formatv("  {0,-18}{1,10}{2,10}{3,10}{4,10}\n", head, "busy", "share", "stalled", "share");
  for (Pipe pipe : laneOrder) {
    const PipeTime &time = sum[unsigned(pipe)];
    bool isIdle = time.items == 0 && time.stalled == 0;
    if (isIdle || (pipe == Pipe::S && time.busy == 0)) // what S does besides is not counted
      continue;
    uint64_t all = cores * report.cycles;
    os << formatv("    {0,-16}{1,10:N}{2,9:f1}%{3,10:N}{4,9:f1}%\n", name(pipe), time.busy / cores,
                  percent(time.busy, all), time.stalled / cores, percent(time.stalled, all));
  }
}

/// Without the folders: all places are of one program.
static llvm::StringRef shortPlace(llvm::StringRef location) {
  return location.empty() ? "unknown" : llvm::sys::path::filename(location);
}

void sim::printSummary(const Report &report, const Profile &profile, const CostTable &cost,
                       llvm::raw_ostream &os) {
  constexpr size_t lines = 8; // of either list
  uint64_t all = report.cycles + cost.launch;
  os << formatv("  {0:N} cycles are {1:f1} us at {2} GHz; with {3:N} for the launch {4:f1} us "
                "(estimate)\n\n",
                report.cycles, cost.microseconds(report.cycles), cost.clock, cost.launch,
                cost.microseconds(all));
  for (CoreKind kind : {CoreKind::Cube, CoreKind::Vector})
    printPipes(report, kind, os);
  os << formatv("\n  {0,10} {1,6}  stalls of all cores\n", "cycles", "times");
  for (const Profile::Stall &stall : llvm::ArrayRef(profile.stalls).take_front(lines)) {
    os << formatv("  {0,10:N} {1,6:N}  {2,-4} waits for {3,-18}", stall.cycles, stall.count,
                  name(stall.pipe), stall.what);
    os << ' ' << (stall.op.empty() ? "" : stall.op + " ") << "at " << shortPlace(stall.at);
    if (!stall.after.empty())
      os << ", after " << stall.after << " at " << shortPlace(stall.afterAt);
    os << '\n';
  }
  if (profile.stalls.size() > lines)
    os << formatv("  ... and {0} more\n", profile.stalls.size() - lines);
  os << formatv("\n  {0,10} {1,6}  critical path\n", "cycles", "times");
  for (const Profile::Part &part : llvm::ArrayRef(profile.parts).take_front(lines))
    os << formatv("  {0,10:N} {1,6:N}  {2,5:f1}%  {3,-4} {4}{5}\n", part.cycles, part.count,
                  percent(part.cycles, profile.cycles), name(part.pipe), part.name,
                  part.at.empty() ? "" : " at " + shortPlace(part.at).str());
  if (profile.parts.size() > lines)
    os << formatv("  ... and {0} more\n", profile.parts.size() - lines);
}
