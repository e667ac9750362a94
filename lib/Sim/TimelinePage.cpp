//===- TimelinePage.cpp - The timeline as a page of HTML -------------------===//
//
// The page (timeline/page.html and its scripts) reads what stands in its element `data`. Strings
// stand there once, slices as lists of numbers by lane, begins as differences: a hundred thousand
// events are a few megabytes.
//
//===----------------------------------------------------------------------===//

#include "TimelinePage.inc" // pageText, modelScript, drawScript, inputScript
#include "ptoas/Sim/Profile.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/JSON.h"

using namespace pto;
using namespace pto::sim;

namespace {
class PageWriter {
public:
  PageWriter(const Trace &trace, const Profile &profile, llvm::raw_ostream &os)
      : trace(trace), profile(profile), links(trace), json(os), numbers(trace.slices.size()) {}
  void write(const CostTable &cost, llvm::StringRef title);

private:
  uint32_t text(llvm::StringRef string) {
    return texts.insert({string, uint32_t(texts.size())}).first->second;
  }
  void lane(uint32_t core, Pipe pipe, const TraceLinks::Lane &lane);
  /// One list of the lane: `field` writes the entry of a slice.
  template <typename Field>
  void list(llvm::StringRef key, const TraceLinks::Lane &lane, Field field) {
    json.attributeArray(key, [&] {
      for (uint32_t slice : lane)
        field(trace.slices[slice]);
    });
  }
  void arrows();

  const Trace &trace;
  const Profile &profile;
  const TraceLinks links;
  llvm::json::OStream json;
  llvm::MapVector<llvm::StringRef, uint32_t> texts;
  std::vector<uint32_t> numbers; ///< of slices, through all lanes
  uint32_t count = 0;
};
} // namespace

void PageWriter::lane(uint32_t core, Pipe pipe, const TraceLinks::Lane &lane) {
  for (uint32_t slice : lane)
    numbers[slice] = count++;
  json.object([&] {
    using Slice = Trace::Slice;
    json.attribute("core", core);
    json.attribute("pipe", name(pipe));
    uint64_t last = 0;
    list("begin", lane,
         [&](const Slice &s) { json.value(int64_t(s.begin - std::exchange(last, s.begin))); });
    list("length", lane, [&](const Slice &s) { json.value(int64_t(s.end - s.begin)); });
    list("kind", lane, [&](const Slice &s) { json.value(unsigned(s.kind)); });
    list("name", lane, [&](const Slice &s) { json.value(text(s.name)); });
    list("location", lane, [&](const Slice &s) { json.value(text(s.location)); });
    list("called", lane, [&](const Slice &s) { json.value(text(s.calledAt)); });
    list("iteration", lane, [&](const Slice &s) {
      json.value(s.iteration ? llvm::json::Value(*s.iteration) : llvm::json::Value(nullptr));
    });
    list("operands", lane, [&](const Slice &s) {
      json.array([&] {
        for (llvm::StringRef operand : s.operands)
          json.value(text(operand));
      });
    });
  });
}

void PageWriter::arrows() {
  json.attributeArray("arrows", [&] {
    for (size_t a = 0; a < trace.arrows.size(); ++a)
      if (auto [from, to] = links.arrows[a]; from != ~0u && to != ~0u)
        json.array([&] {
          json.value(numbers[from]);
          json.value(numbers[to]);
          json.value(text(trace.arrows[a].name));
        });
  });
}

void PageWriter::write(const CostTable &cost, llvm::StringRef title) {
  text(""); // number 0: the page takes it for "none"
  json.object([&] {
    json.attribute("title", title);
    json.attribute("arch", name(cost.arch));
    json.attribute("clock", cost.clock);
    json.attribute("cycles", int64_t(trace.cycles));
    json.attributeArray("cores", [&] {
      for (const std::string &core : trace.cores)
        json.value(core);
    });
    json.attributeArray("lanes", [&] {
      for (uint32_t core = 0; core < trace.cores.size(); ++core)
        for (Pipe pipe : laneOrder)
          if (const auto &lane = links.lanes[core][unsigned(pipe)]; !lane.empty())
            this->lane(core, pipe, lane);
    });
    arrows();
    json.attributeArray("path", [&] {
      for (uint32_t slice : profile.path)
        json.value(numbers[slice]);
    });
    json.attribute("stalls", profile.stallsJson());
    json.attribute("parts", profile.pathJson());
    json.attributeArray("texts", [&] {
      for (const auto &[string, number] : texts)
        json.value(llvm::json::fixUTF8(string));
    });
  });
}

void sim::writeTimeline(const Trace &trace, const Profile &profile, const CostTable &cost,
                        llvm::StringRef title, llvm::raw_ostream &os) {
  std::string data;
  llvm::raw_string_ostream stream(data);
  PageWriter(trace, profile, stream).write(cost, title);
  auto [head, afterData] = llvm::StringRef(pageText).split("/*DATA*/");
  auto [middle, tail] = afterData.split("/*SCRIPTS*/");
  os << head;
  // A string may hold "</script>", which would end the element.
  for (llvm::StringRef rest = data; !rest.empty();) {
    auto [plain, next] = rest.split('<');
    os << plain;
    if (plain.size() != rest.size())
      os << "\\u003c";
    rest = next;
  }
  os << middle;
  for (const char *script : {modelScript, drawScript, inputScript})
    os << "<script>\n" << script << "</script>\n";
  os << tail;
}
