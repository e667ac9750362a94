//===- Trace.cpp - The timeline as Chrome trace events ---------------------===//

#include "ptoas/Sim/Trace.h"
#include "llvm/Support/JSON.h"
#include <algorithm>

using namespace pto;
using namespace pto::sim;

void Trace::write(llvm::raw_ostream &os) const {
  llvm::json::OStream json(os);
  auto lane = [&](uint32_t core, Pipe pipe) {
    json.attribute("pid", int64_t(core));
    json.attribute("tid", int64_t(pipe));
  };
  auto named = [&](llvm::StringRef what, uint32_t core, Pipe pipe, llvm::StringRef text) {
    json.object([&] {
      json.attribute("ph", "M");
      json.attribute("name", what);
      lane(core, pipe);
      json.attributeObject("args", [&] { json.attribute("name", text); });
    });
  };
  json.objectBegin();
  json.attribute("displayTimeUnit", "ns");
  json.attributeBegin("traceEvents");
  json.arrayBegin();
  for (uint32_t core = 0; core < cores.size(); ++core) {
    named("process_name", core, Pipe::S, cores[core]);
    for (unsigned p = 0; p < numPipes; ++p)
      named("thread_name", core, Pipe(p), name(Pipe(p)));
  }
  for (const Slice &slice : slices)
    json.object([&] {
      json.attribute("ph", "X");
      json.attribute("name", slice.name);
      json.attribute("cat", slice.kind == SliceKind::Work ? "work" : "stall");
      lane(slice.core, slice.pipe);
      json.attribute("ts", int64_t(slice.begin));
      json.attribute("dur", int64_t(slice.end - slice.begin));
      if (slice.kind == SliceKind::Stall)
        json.attribute("cname", "terrible");
      json.attributeObject("args", [&] { json.attribute("location", slice.location); });
    });
  for (size_t id = 0; id < arrows.size(); ++id) {
    const Arrow &arrow = arrows[id];
    for (bool isEnd : {false, true})
      json.object([&] {
        json.attribute("ph", isEnd ? "f" : "s");
        if (isEnd)
          json.attribute("bp", "e");
        json.attribute("name", arrow.name);
        json.attribute("cat", "flag");
        json.attribute("id", int64_t(id));
        lane(isEnd ? arrow.toCore : arrow.fromCore, isEnd ? arrow.to : arrow.from);
        json.attribute("ts", int64_t(isEnd ? arrow.end : arrow.begin));
      });
  }
  json.arrayEnd();
  json.attributeEnd();
  json.objectEnd();
}
