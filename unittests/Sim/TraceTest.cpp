//===- TraceTest.cpp - The timeline and its JSON ---------------------------===//

#include "EngineTesting.h"
#include <map>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// One event of the JSON, with the fields that the tests look at.
struct Event {
  std::string phase, name;
  int64_t pid = 0, tid = 0, begin = 0, duration = 0, id = 0;
  std::map<std::string, std::string> text; ///< arguments that are strings
  std::map<std::string, int64_t> number;   ///< and those that are numbers
  bool holds(const Event &other) const {
    return pid == other.pid && tid == other.tid && begin <= other.begin &&
           other.begin < begin + duration;
  }
};

std::vector<Event> eventsOf(const Trace &trace) {
  std::string text;
  llvm::raw_string_ostream os(text);
  trace.write(os);
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(text);
  EXPECT_TRUE(bool(json));
  std::vector<Event> events;
  for (const llvm::json::Value &value : *json->getAsObject()->getArray("traceEvents")) {
    const llvm::json::Object &object = *value.getAsObject();
    Event event;
    event.phase = object.getString("ph")->str();
    event.name = object.getString("name")->str();
    event.pid = *object.getInteger("pid");
    event.tid = *object.getInteger("tid");
    event.begin = object.getInteger("ts").value_or(0);
    event.duration = object.getInteger("dur").value_or(0);
    event.id = object.getInteger("id").value_or(0);
    if (const llvm::json::Object *arguments = object.getObject("args"))
      for (const auto &[key, argument] : *arguments) {
        if (auto string = argument.getAsString())
          event.text[key.str()] = string->str();
        else
          event.number[key.str()] = *argument.getAsInteger();
      }
    events.push_back(std::move(event));
  }
  return events;
}

std::vector<Event> ofPhase(const std::vector<Event> &events, llvm::StringRef phase) {
  std::vector<Event> result;
  llvm::copy_if(events, std::back_inserter(result),
                [&](const Event &event) { return event.phase == phase; });
  return result;
}

/// Two ranks: two loads in a loop into ping and pong, an addition, a store to the peer's window,
/// flags to and from S, a scalar load, a signal and its wait. Arguments: input, peer's window, own
/// cell, peer's cell.
struct Exchange {
  Exchange() : k({"in", "peer", "cell", "peercell"}) {
    Handle ping = k.tile(0), pong = k.tile(256), sum = k.tile(512);
    Register i = k.b.constant(0);
    k.b.setIteration(i);
    k.load(k.view(0), ping);
    k.b.copy(i, k.b.constant(1));
    k.load(k.view(0), pong);
    k.b.setIteration(none);
    k.handoff(Pipe::MTE2, Pipe::V, 0);
    k.add(ping, pong, sum);
    k.handoff(Pipe::V, Pipe::MTE3, 3);
    k.store(sum, k.view(1));
    k.handoff(Pipe::MTE3, Pipe::S, 0);
    k.handoff(Pipe::S, Pipe::MTE2, 1);
    k.line("pto.load_scalar");
    k.b.loadGm(Element::F32, 0);
    k.barrier(Pipe::V);
    k.barrier(Pipe::ALL);
    k.fence();
    k.notify(k.signal(3), k.b.constant(1));
    k.await(k.signal(2), k.b.constant(1));
    k.barrier(Pipe::ALL);
    k.finish();
  }
  Trace run(const Options &options = {}) const {
    GlobalMemory memory;
    Launch launch;
    launch.ranks.resize(2);
    std::vector<uint64_t> in, window;
    for (unsigned rank = 0; rank < 2; ++rank) {
      in.push_back(floats(memory, rank, "in", 64, 0));
      window.push_back(memory.allocate(rank, "window", 1024));
      int32_t zero = 0;
      memory.store(window[rank] + 512, &zero, sizeof zero);
    }
    for (unsigned rank = 0; rank < 2; ++rank)
      launch.ranks[rank].push_back(
          {0, 0, 1, {in[rank], window[1 - rank], window[rank] + 512, window[1 - rank] + 512}});
    Trace trace;
    Report report = sim::run(k.program, memory, launch, options, &trace);
    EXPECT_TRUE(report.clean()) << textOf(report);
    return trace;
  }
  KernelText k;
};
} // namespace

TEST(Trace, EveryArrowBindsToASetAndItsWait) {
  Exchange kernel;
  for (const Options &options : schedules(10)) {
    std::vector<Event> events = eventsOf(kernel.run(options));
    std::vector<Event> slices = ofPhase(events, "X"), starts = ofPhase(events, "s");
    std::vector<Event> ends = ofPhase(events, "f");
    ASSERT_EQ(starts.size(), 2 * 4 + 2u); // four flags on each rank, two signals
    ASSERT_EQ(ends.size(), starts.size());
    for (size_t i = 0; i < starts.size(); ++i) {
      auto holds = [&](const Event &flow) {
        return llvm::find_if(slices, [&](const Event &slice) { return slice.holds(flow); });
      };
      auto from = holds(starts[i]), to = holds(ends[i]);
      ASSERT_NE(from, slices.end()) << starts[i].name;
      ASSERT_NE(to, slices.end()) << ends[i].name;
      EXPECT_EQ(starts[i].id, ends[i].id);
      EXPECT_LT(starts[i].begin, ends[i].begin);
      bool isSignal = starts[i].name == "signal";
      EXPECT_EQ(from->name, isSignal ? "pto.comm.tnotify" : "set " + starts[i].name);
      EXPECT_EQ(to->name, isSignal ? "pto.comm.twait" : "wait " + starts[i].name);
      EXPECT_EQ(starts[i].pid != ends[i].pid, isSignal) << "a signal goes to the other rank";
    }
    auto count = [&](llvm::StringRef prefix) {
      return size_t(llvm::count_if(slices, [&](const Event &slice) {
        return llvm::StringRef(slice.name).starts_with(prefix);
      }));
    };
    EXPECT_EQ(count("set "), 8u);
    EXPECT_EQ(count("wait "), 8u);
  }
}

TEST(Trace, SlicesOfALaneDoNotOverlap) {
  std::map<std::pair<int64_t, int64_t>, std::vector<Event>> lanes;
  for (const Event &slice : ofPhase(eventsOf(Exchange().run()), "X")) {
    EXPECT_GT(slice.duration, 0) << slice.name;
    lanes[{slice.pid, slice.tid}].push_back(slice);
  }
  EXPECT_EQ(lanes.size(), 2 * 4u); // MTE2, V, MTE3, S
  for (auto &[lane, slices] : lanes) {
    llvm::sort(slices, [](const Event &a, const Event &b) { return a.begin < b.begin; });
    for (size_t i = 1; i < slices.size(); ++i)
      EXPECT_LE(slices[i - 1].begin + slices[i - 1].duration, slices[i].begin)
          << slices[i - 1].name << ", " << slices[i].name;
  }
}

TEST(Trace, LanesAreNamedAndOrdered) {
  std::vector<std::string> lanes;
  int64_t lastIndex = -1;
  for (const Event &event : ofPhase(eventsOf(Exchange().run()), "M")) {
    EXPECT_GE(event.pid, 1);
    EXPECT_GE(event.tid, 1);
    EXPECT_NE(event.pid, event.tid);
    if (event.pid != 1)
      continue;
    if (event.name == "thread_name")
      lanes.push_back(event.text.at("name"));
    if (event.name == "process_name") {
      EXPECT_EQ(event.text.at("name"), "rank 0 block 0 vector 0");
    }
    if (event.name == "thread_sort_index")
      EXPECT_GT(event.number.at("sort_index"),
                std::exchange(lastIndex, event.number.at("sort_index")));
  }
  EXPECT_EQ(lanes, (std::vector<std::string>{"MTE2", "V", "MTE3", "S"}));
}

TEST(Trace, ArgumentsTellPingFromPong) {
  std::vector<Event> loads, scalars;
  for (const Event &slice : ofPhase(eventsOf(Exchange().run()), "X"))
    if (slice.pid == 1 && slice.name == "pto.tload")
      loads.push_back(slice);
    else if (slice.pid == 1 && slice.name == "pto.load_scalar")
      scalars.push_back(slice);
  ASSERT_EQ(loads.size(), 2u);
  EXPECT_EQ(loads[0].text.at("operand 0"), "gm array 'in' of rank 0, byte 0: 1x1x1x1x64 f32");
  EXPECT_EQ(loads[0].text.at("operand 1"), "vec at 0x0: 1x64 f32, valid 1x64");
  EXPECT_EQ(loads[1].text.at("operand 1"), "vec at 0x100: 1x64 f32, valid 1x64");
  EXPECT_EQ(loads[0].text.at("location"), at(1));
  EXPECT_EQ(loads[0].number.at("iteration"), 0);
  EXPECT_EQ(loads[1].number.at("iteration"), 1);
  ASSERT_EQ(scalars.size(), 1u);
  EXPECT_EQ(scalars[0].text.at("operand 0"), "gm array 'in' of rank 0, byte 0: 1x1x1x1x1 f32");
  EXPECT_EQ(scalars[0].text.count("iteration") + scalars[0].number.count("iteration"), 0u);
}

TEST(Trace, AViewOutsideEveryArray) {
  KernelText k({"x"});
  k.load(k.view(0), k.tile(0));
  k.finish();
  GlobalMemory memory;
  Trace trace;
  run(k.program, memory, oneCore({0x1000}), {}, &trace);
  std::vector<Event> slices = ofPhase(eventsOf(trace), "X");
  ASSERT_FALSE(slices.empty());
  EXPECT_EQ(slices[0].text["operand 0"], "gm at 0x1000, outside every array: 1x1x1x1x64 f32");
}

TEST(Trace, StallsSayWhatTheyWaitFor) {
  std::vector<std::string> stalls;
  for (const Trace::Slice &slice : Exchange().run().slices)
    if (slice.core == 0 && slice.kind == Trace::SliceKind::Stall)
      stalls.push_back(slice.name.str());
  EXPECT_TRUE(llvm::is_contained(stalls, "stall: MTE2 > V, 0"));
  EXPECT_TRUE(llvm::is_contained(stalls, "stall: MTE3 > S, 0"));
  EXPECT_FALSE(llvm::is_contained(stalls, "stall: S > MTE2, 1")) << "it comes when MTE2 is idle";
}
