//===- Trace.cpp - The timeline as Chrome trace events ---------------------===//

#include "ptoas/Sim/Trace.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

using namespace pto;
using namespace pto::sim;

static int64_t laneIndex(Pipe pipe) { return llvm::find(laneOrder, pipe) - laneOrder.begin(); }

namespace {
class Writer {
public:
  Writer(const Trace &trace, llvm::raw_ostream &os) : trace(trace), json(os) {}
  void write();

private:
  // Viewers take pid 0 for the idle process, and a tid that equals its pid for the main thread,
  // which they sort first: neither occurs.
  static int64_t processOf(uint32_t core) { return int64_t(core) + 1; }
  static int64_t threadOf(uint32_t core, Pipe pipe) {
    return 10 * processOf(core) + laneIndex(pipe) + 1;
  }
  void lane(uint32_t core, Pipe pipe) {
    json.attribute("pid", processOf(core));
    json.attribute("tid", threadOf(core, pipe));
  }
  template <typename Value>
  void metadata(llvm::StringRef what, uint32_t core, Pipe pipe, llvm::StringRef key, Value value);
  void names();
  void slice(const Trace::Slice &slice);
  void arrow(const Trace::Arrow &arrow, int64_t id, bool isEnd);

  const Trace &trace;
  llvm::json::OStream json;
};
} // namespace

template <typename Value>
void Writer::metadata(llvm::StringRef what, uint32_t core, Pipe pipe, llvm::StringRef key,
                      Value value) {
  json.object([&] {
    json.attribute("ph", "M");
    json.attribute("name", what);
    lane(core, pipe);
    json.attributeObject("args", [&] { json.attribute(key, value); });
  });
}

/// Names and order of the cores, and of those of their pipes that did anything.
void Writer::names() {
  std::vector<std::array<bool, numPipes>> used(trace.cores.size());
  for (const Trace::Slice &slice : trace.slices)
    used[slice.core][unsigned(slice.pipe)] = true;
  for (uint32_t core = 0; core < trace.cores.size(); ++core) {
    metadata("process_name", core, Pipe::S, "name", trace.cores[core]);
    metadata("process_sort_index", core, Pipe::S, "sort_index", int64_t(core));
    for (Pipe pipe : laneOrder)
      if (used[core][unsigned(pipe)]) {
        metadata("thread_name", core, pipe, "name", name(pipe));
        metadata("thread_sort_index", core, pipe, "sort_index", laneIndex(pipe));
      }
  }
}

void Writer::slice(const Trace::Slice &slice) {
  static constexpr llvm::StringRef categories[] = {"work", "sync", "stall"};
  json.object([&] {
    json.attribute("ph", "X");
    json.attribute("name", slice.name);
    json.attribute("cat", categories[unsigned(slice.kind)]);
    lane(slice.core, slice.pipe);
    json.attribute("ts", int64_t(slice.begin));
    json.attribute("dur", int64_t(slice.end - slice.begin));
    if (slice.kind == Trace::SliceKind::Stall)
      json.attribute("cname", "terrible");
    json.attributeObject("args", [&] {
      json.attribute("location", slice.location);
      if (!slice.calledAt.empty())
        json.attribute("called at", slice.calledAt);
      if (slice.iteration)
        json.attribute("iteration", *slice.iteration);
      for (size_t i = 0; i < slice.operands.size(); ++i)
        json.attribute("operand " + std::to_string(i), slice.operands[i]);
    });
  });
}

void Writer::arrow(const Trace::Arrow &arrow, int64_t id, bool isEnd) {
  json.object([&] {
    json.attribute("ph", isEnd ? "f" : "s");
    if (isEnd)
      json.attribute("bp", "e"); // binds to the slice around it, not to the next one
    json.attribute("name", arrow.name);
    json.attribute("cat", "sync");
    json.attribute("id", id);
    lane(isEnd ? arrow.toCore : arrow.fromCore, isEnd ? arrow.to : arrow.from);
    json.attribute("ts", int64_t(isEnd ? arrow.end : arrow.begin));
  });
}

void Writer::write() {
  json.object([&] {
    json.attribute("displayTimeUnit", "ns");
    json.attributeArray("traceEvents", [&] {
      names();
      // Before the arrows: viewers sort by time and keep the order of the file at equal times.
      for (const Trace::Slice &each : trace.slices)
        slice(each);
      for (size_t id = 0; id < trace.arrows.size(); ++id)
        for (bool isEnd : {false, true})
          arrow(trace.arrows[id], int64_t(id) + 1, isEnd);
    });
  });
}

void Trace::write(llvm::raw_ostream &os) const { Writer(*this, os).write(); }

TraceLinks::TraceLinks(const Trace &trace)
    : lanes(trace.cores.size()), position(trace.slices.size()), arrowTo(trace.slices.size(), ~0u) {
  for (uint32_t i = 0; i < trace.slices.size(); ++i) {
    const Trace::Slice &slice = trace.slices[i];
    Lane &lane = lanes[slice.core][unsigned(slice.pipe)];
    position[i] = uint32_t(lane.size());
    lane.push_back(i);
  }
  auto sliceAt = [&](uint32_t core, Pipe pipe, uint64_t begin) {
    const Lane &lane = lanes[core][unsigned(pipe)];
    auto at = llvm::lower_bound(
        lane, begin, [&](uint32_t i, uint64_t time) { return trace.slices[i].begin < time; });
    return at != lane.end() && trace.slices[*at].begin == begin ? *at : ~0u;
  };
  for (uint32_t a = 0; a < trace.arrows.size(); ++a) {
    const Trace::Arrow &arrow = trace.arrows[a];
    Ends ends{sliceAt(arrow.fromCore, arrow.from, arrow.begin),
              sliceAt(arrow.toCore, arrow.to, arrow.end)};
    arrows.push_back(ends);
    if (ends.to != ~0u)
      arrowTo[ends.to] = a;
  }
}
