//===- ProfileTest.cpp - Stalls, critical path, and the page of HTML -------===//

#include "ptoas/Sim/Profile.h"
#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// A load, an addition that waits for it, a store that waits for the addition: nothing overlaps.
struct Chain {
  Chain() : k({"x", "y"}) {
    Handle in = k.tile(0, 16), out = k.tile(4096, 16);
    load = k.load(k.view(0, 16), in);
    k.set(Pipe::MTE2, Pipe::V, 0);
    k.wait(Pipe::MTE2, Pipe::V, 0);
    add = k.add(in, in, out);
    k.set(Pipe::V, Pipe::MTE3, 1);
    k.wait(Pipe::V, Pipe::MTE3, 1);
    store = k.store(out, k.view(1, 16));
    k.barrier(Pipe::ALL);
    k.finish();
  }
  Report run(Trace &trace, const Options &options = {}) const {
    GlobalMemory memory;
    Launch launch;
    uint64_t x = floats(memory, 0, "x", 1024, 0), y = floats(memory, 0, "y", 1024, 0);
    launch.ranks.push_back({{0, 0, 1, {x, y}}});
    Report report = sim::run(k.program, memory, launch, options, &trace);
    EXPECT_TRUE(report.clean()) << textOf(report);
    return report;
  }
  KernelText k;
  int load, add, store;
};

uint64_t cyclesOf(const Profile &profile, llvm::StringRef name) {
  uint64_t cycles = 0;
  for (const Profile::Part &part : profile.parts)
    if (part.name == name)
      cycles += part.cycles;
  return cycles;
}

std::string pageOf(const Trace &trace) {
  std::string text;
  llvm::raw_string_ostream os(text);
  writeTimeline(trace, Profile(trace), CostTable::of(Arch::A3), "a </script> title", os);
  return text;
}

/// What stands in the element `data` of the page.
llvm::json::Object dataOf(const Trace &trace) {
  std::string text = pageOf(trace);
  llvm::StringRef page = text;
  llvm::StringRef data = page.split("type=\"application/json\">").second.split("</script>").first;
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(data);
  EXPECT_TRUE(bool(json));
  return json ? std::move(*json->getAsObject()) : llvm::json::Object();
}
} // namespace

TEST(Profile, TheCriticalPathOfAChainIsTheChain) {
  Chain chain;
  Trace trace;
  Report report = chain.run(trace);
  Profile profile(trace);
  // Bytes at the bandwidth of the route, 16 repeats of an addition: by hand from the figures.
  EXPECT_EQ(cyclesOf(profile, "pto.tload"), 70u);
  EXPECT_EQ(cyclesOf(profile, "pto.tadd"), 56u);
  EXPECT_EQ(cyclesOf(profile, "pto.tstore"), 38u);
  uint64_t sum = 0;
  for (const Profile::Part &part : profile.parts)
    sum += part.cycles;
  EXPECT_EQ(sum, report.cycles);
  EXPECT_EQ(profile.parts.front().name, "pto.tload") << "the longest first";
  for (size_t i = 1; i < profile.path.size(); ++i)
    EXPECT_LE(trace.slices[profile.path[i]].end, trace.slices[profile.path[i - 1]].begin);
}

TEST(Profile, WhatRunsBesideItIsNotOnThePath) {
  KernelText k({"x"});
  Handle big = k.tile(0, 64), other = k.tile(65536);
  k.load(k.view(0, 64), big);
  k.add(other, other, other); // reads what nobody wrote: time is all that counts here
  k.barrier(Pipe::ALL);
  k.finish();
  GlobalMemory memory;
  Launch launch;
  launch.ranks.push_back({{0, 0, 1, {floats(memory, 0, "x", 4096, 0)}}});
  Trace trace;
  sim::run(k.program, memory, launch, {}, &trace);
  Profile profile(trace);
  EXPECT_GT(cyclesOf(profile, "pto.tload"), 0u);
  EXPECT_EQ(cyclesOf(profile, "pto.tadd"), 0u);
}

TEST(Profile, StallsNameBothInstructions) {
  Chain chain;
  Trace trace;
  Report report = chain.run(trace);
  Profile profile(trace);
  auto at = [](int line) { return "k.pto:" + std::to_string(line) + ":3"; };
  auto find = [&](llvm::StringRef what) {
    auto found =
        llvm::find_if(profile.stalls, [&](const auto &stall) { return stall.what == what; });
    EXPECT_NE(found, profile.stalls.end()) << what.str();
    return found;
  };
  auto load = find("MTE2 > V, 0");
  EXPECT_EQ(load->pipe, Pipe::V);
  EXPECT_EQ(load->op, "pto.tadd");
  EXPECT_EQ(load->at, at(chain.add));
  EXPECT_EQ(load->after, "pto.tload");
  EXPECT_EQ(load->afterAt, at(chain.load));
  EXPECT_EQ(load->count, 1u);
  auto add = find("V > MTE3, 1");
  EXPECT_EQ(add->op, "pto.tstore");
  EXPECT_EQ(add->at, at(chain.store));
  EXPECT_EQ(add->after, "pto.tadd");
  EXPECT_EQ(add->afterAt, at(chain.add));
  // What the report counts per pipe is the sum of its stalls.
  for (Pipe pipe : laneOrder) {
    uint64_t sum = 0;
    for (const Profile::Stall &stall : profile.stalls)
      sum += stall.pipe == pipe ? stall.cycles : 0;
    EXPECT_EQ(sum, report.cores[0].pipes[unsigned(pipe)].stalled) << name(pipe).str();
  }
  EXPECT_EQ(profile.stalls.back().what, "pipe_barrier(ALL)") << "which says little";
}

TEST(Profile, DoesNotDependOnTheSchedule) {
  Chain chain;
  Trace first;
  chain.run(first);
  std::string expected = pageOf(first);
  EXPECT_EQ(expected.find("</script> title"), std::string::npos) << "a string ends the element";
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Options options;
    options.schedule = Schedule::Random;
    options.seed = seed;
    Trace trace;
    chain.run(trace, options);
    Profile one(first), other(trace);
    ASSERT_EQ(one.parts.size(), other.parts.size());
    for (size_t i = 0; i < one.parts.size(); ++i)
      EXPECT_EQ(std::tie(one.parts[i].name, one.parts[i].cycles),
                std::tie(other.parts[i].name, other.parts[i].cycles));
  }
}

TEST(Profile, TheSummaryHasItsThreeParts) {
  Chain chain;
  Trace trace;
  Report report = chain.run(trace);
  std::string text;
  llvm::raw_string_ostream os(text);
  printSummary(report, Profile(trace), CostTable::of(Arch::A3), os);
  EXPECT_NE(text.find("vector cores: 1"), std::string::npos) << text;
  EXPECT_NE(text.find("V    waits for MTE2 > V, 0"), std::string::npos) << text;
  EXPECT_NE(text.find("after pto.tload at k.pto:" + std::to_string(chain.load)), std::string::npos)
      << text;
  EXPECT_NE(text.find("critical path"), std::string::npos) << text;
}

TEST(TimelinePage, HoldsEverySliceAndArrow) {
  Chain chain;
  Trace trace;
  chain.run(trace);
  llvm::json::Object data = dataOf(trace);
  EXPECT_EQ(data.getString("title"), "a </script> title");
  const llvm::json::Array &texts = *data.getArray("texts"), &lanes = *data.getArray("lanes");
  size_t slices = 0;
  std::vector<uint64_t> begins;
  for (const llvm::json::Value &value : lanes) {
    const llvm::json::Object &lane = *value.getAsObject();
    size_t count = lane.getArray("begin")->size();
    int64_t time = 0;
    for (size_t i = 0; i < count; ++i) {
      time += *(*lane.getArray("begin"))[i].getAsInteger();
      int64_t end = time + *(*lane.getArray("length"))[i].getAsInteger();
      llvm::StringRef name = *texts[*(*lane.getArray("name"))[i].getAsInteger()].getAsString();
      llvm::StringRef place = *texts[*(*lane.getArray("location"))[i].getAsInteger()].getAsString();
      EXPECT_TRUE(llvm::any_of(trace.slices, [&](const Trace::Slice &slice) {
        return slice.begin == uint64_t(time) && slice.end == uint64_t(end) && slice.name == name &&
               slice.location == place;
      })) << name.str();
      begins.push_back(uint64_t(time));
    }
    for (const char *list : {"kind", "name", "location", "called", "iteration", "operands"})
      EXPECT_EQ(lane.getArray(list)->size(), count) << list;
    slices += count;
  }
  EXPECT_EQ(slices, trace.slices.size());
  const llvm::json::Array &arrows = *data.getArray("arrows");
  ASSERT_EQ(arrows.size(), 2u);
  for (size_t a = 0; a < arrows.size(); ++a) {
    const llvm::json::Array &arrow = *arrows[a].getAsArray();
    EXPECT_EQ(begins[*arrow[0].getAsInteger()], trace.arrows[a].begin);
    EXPECT_EQ(begins[*arrow[1].getAsInteger()], trace.arrows[a].end);
  }
  EXPECT_EQ(data.getArray("path")->size(), Profile(trace).path.size());
}

TEST(TimelinePage, NeedsNothingFromOutside) {
  Chain chain;
  Trace trace;
  chain.run(trace);
  std::string page = pageOf(trace);
  for (const char *loads : {"src=", "href=", "url(", "import ", "fetch(", "XMLHttpRequest", "http"})
    EXPECT_EQ(page.find(loads), std::string::npos) << loads;
  EXPECT_EQ(page.find("/*DATA*/"), std::string::npos);
  EXPECT_EQ(page.find("/*SCRIPTS*/"), std::string::npos);
}
