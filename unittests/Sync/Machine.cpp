//===- Machine.cpp - A random schedule of queues and flags -----------------===//

#include "Oracle.h"
#include "llvm/ADT/STLExtras.h"
#include <array>
#include <deque>

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

Machine::Machine(const Program &program, const Trace &trace)
    : program(program), trace(trace), before(trace.events.size()) {
  struct Use {
    uint32_t event;
    bool writes;
  };
  std::vector<std::vector<Use>> uses(trace.footprints.size());
  for (uint32_t later = 0; later < trace.events.size(); ++later) {
    const Event &event = trace.events[later];
    auto look = [&](uint32_t footprint, bool writes) {
      for (uint32_t other : trace.sharing[footprint])
        for (const Use &use : uses[other])
          if ((writes || use.writes) &&
              !isHardwareOrdered(program, trace, trace.events[use.event], other, use.writes, event,
                                 footprint, writes))
            before[later].push_back(use.event);
    };
    llvm::for_each(event.reads, [&](uint32_t f) { look(f, false); });
    llvm::for_each(event.writes, [&](uint32_t f) { look(f, true); });
    for (uint32_t footprint : event.reads)
      uses[footprint].push_back({later, false});
    for (uint32_t footprint : event.writes)
      uses[footprint].push_back({later, true});
  }
}

namespace pto::sync::judge {
/// The state of one run.
class Schedule {
public:
  Schedule(const Machine &machine, Random &random, FlagModel model)
      : program(machine.program), trace(machine.trace), before(machine.before), random(random),
        model(model), tokens(trace.flags.size(), 0), done(trace.events.size(), false),
        fenced(trace.events.size(), false) {
    // Half of the schedules complete nothing until something forces it: the worst case for races.
    lazy = random.chance(50);
    for (unsigned &weight : issueWeight)
      weight = random.pick({1u, 1u, 8u});
  }
  Outcome run();

private:
  struct Action {
    enum Kind : uint8_t { Dispatch, Issue, Fire, Complete } kind;
    uint32_t what; ///< Issue: pipe; Fire, Complete: event
    unsigned weight;
  };
  struct PipeState {
    std::deque<uint32_t> queue;  ///< not issued
    std::vector<uint32_t> open;  ///< accesses dispatched and not complete, in order
    std::vector<uint32_t> armed; ///< sets issued and not fired
  };

  bool mayDispatch() const;
  bool mayIssue(unsigned pipe) const;
  void listActions();
  void perform(const Action &action);
  void dispatch();
  void dispatchScalar(uint32_t id);
  void issue(unsigned pipe);
  void start(uint32_t id);
  void complete(uint32_t id);
  void raiseFlag(uint32_t flag);
  void checkPublication(uint32_t id);
  void checkExit();
  PipeState &stateOf(Pipe pipe) { return pipes[unsigned(pipe)]; }
  /// Are all accesses of the pipe that come before `id` complete?
  bool isDrained(const PipeState &state, uint32_t id) const {
    return state.open.empty() || state.open.front() >= id;
  }
  void fail(Outcome::Kind kind, NodeId later, NodeId earlier) {
    if (outcome.kind == Outcome::Clean)
      outcome = {kind, later, earlier};
  }

  const Program &program;
  const Trace &trace;
  const std::vector<std::vector<uint32_t>> &before;
  Random &random;
  FlagModel model;
  bool lazy;
  std::array<unsigned, numPipes> issueWeight;
  std::array<PipeState, numPipes> pipes;
  std::vector<unsigned> tokens;
  std::vector<bool> done, fenced;
  std::vector<uint32_t> flying;
  std::vector<std::pair<uint32_t, bool>> global; ///< dispatched GM accesses, and do they write
  uint32_t next = 0;
  std::vector<Action> actions;
  Outcome outcome;
};
} // namespace pto::sync::judge

bool Schedule::mayDispatch() const {
  if (next == trace.events.size())
    return false;
  const Event &event = trace.events[next];
  if (event.kind == Event::Wait && event.pipe == Pipe::S)
    return tokens[event.flag] > 0;
  if (event.kind == Event::Barrier && event.pipe == Pipe::ALL)
    return llvm::all_of(pipes, [](const PipeState &state) {
      return state.queue.empty() && state.open.empty() && state.armed.empty();
    });
  return true;
}

bool Schedule::mayIssue(unsigned pipe) const {
  const PipeState &state = pipes[pipe];
  if (state.queue.empty())
    return false;
  uint32_t id = state.queue.front();
  const Event &event = trace.events[id];
  if (event.kind == Event::Wait)
    return tokens[event.flag] > 0;
  if (event.kind == Event::Barrier ||
      (event.kind == Event::Access && keepsOrder(Pipe(pipe), program.arch)))
    return isDrained(state, id);
  return true;
}

void Schedule::listActions() {
  actions.clear();
  if (mayDispatch())
    actions.push_back({Action::Dispatch, 0, 4});
  for (unsigned pipe = 0; pipe < numPipes; ++pipe) {
    if (mayIssue(pipe))
      actions.push_back({Action::Issue, pipe, issueWeight[pipe]});
    for (uint32_t id : pipes[pipe].armed)
      if (isDrained(pipes[pipe], id))
        actions.push_back({Action::Fire, id, 2});
  }
  if (!lazy || actions.empty())
    for (uint32_t id : flying)
      actions.push_back({Action::Complete, id, 2});
}

void Schedule::start(uint32_t id) {
  for (uint32_t earlier : before[id])
    if (!done[earlier])
      fail(Outcome::Race, trace.events[id].node, trace.events[earlier].node);
}

void Schedule::complete(uint32_t id) {
  done[id] = true;
  llvm::erase(flying, id);
  llvm::erase(stateOf(trace.events[id].pipe).open, id);
}

void Schedule::raiseFlag(uint32_t flag) {
  tokens[flag] = model == FlagModel::Lossy ? 1 : tokens[flag] + 1;
}

void Schedule::checkPublication(uint32_t id) {
  for (auto [earlier, writes] : global)
    if (!done[earlier] || (writes && !fenced[earlier]))
      fail(Outcome::Unpublished, trace.events[id].node, trace.events[earlier].node);
}

void Schedule::checkExit() {
  for (auto [earlier, writes] : global)
    if (writes && !done[earlier] && program.atExitDrain)
      fail(Outcome::Unfinished, none, trace.events[earlier].node);
}

void Schedule::dispatchScalar(uint32_t id) {
  const Event &event = trace.events[id];
  switch (event.kind) {
  case Event::Publish:
    checkPublication(id);
    [[fallthrough]];
  case Event::Access:
    start(id);
    done[id] = true; // H6: synchronous
    break;
  case Event::Set:
    raiseFlag(event.flag);
    break;
  case Event::Wait:
    --tokens[event.flag];
    break;
  case Event::Fence:
    for (auto [earlier, writes] : global)
      fenced[earlier] = done[earlier];
    break;
  case Event::Barrier:
  case Event::Enter:
  case Event::Leave:
    break;
  }
}

void Schedule::dispatch() {
  uint32_t id = next++;
  const Event &event = trace.events[id];
  if (event.pipe == Pipe::S || event.pipe == Pipe::ALL) {
    dispatchScalar(id);
  } else {
    stateOf(event.pipe).queue.push_back(id);
    if (event.kind == Event::Access)
      stateOf(event.pipe).open.push_back(id);
  }
  auto isGlobal = [&](uint32_t footprint) { return trace.footprints[footprint].isGlobal(); };
  bool writes = llvm::any_of(event.writes, isGlobal);
  if (writes || llvm::any_of(event.reads, isGlobal))
    global.push_back({id, writes});
  if (next == trace.events.size())
    checkExit();
}

void Schedule::issue(unsigned pipe) {
  uint32_t id = pipes[pipe].queue.front();
  pipes[pipe].queue.pop_front();
  const Event &event = trace.events[id];
  if (event.kind == Event::Access) {
    start(id);
    flying.push_back(id);
  } else if (event.kind == Event::Set) {
    pipes[pipe].armed.push_back(id);
  } else if (event.kind == Event::Wait) {
    --tokens[event.flag];
  }
}

void Schedule::perform(const Action &action) {
  switch (action.kind) {
  case Action::Dispatch:
    dispatch();
    break;
  case Action::Issue:
    issue(action.what);
    break;
  case Action::Fire:
    llvm::erase(stateOf(trace.events[action.what].pipe).armed, action.what);
    raiseFlag(trace.events[action.what].flag);
    break;
  case Action::Complete:
    complete(action.what);
    break;
  }
}

Outcome Schedule::run() {
  while (outcome.kind == Outcome::Clean) {
    listActions();
    if (actions.empty())
      break;
    unsigned total = 0;
    for (const Action &action : actions)
      total += action.weight;
    unsigned choice = random.below(total);
    size_t index = 0;
    while (choice >= actions[index].weight)
      choice -= actions[index++].weight;
    perform(actions[index]);
  }
  if (outcome.kind != Outcome::Clean)
    return outcome;
  bool stuck = next < trace.events.size() ||
               llvm::any_of(pipes, [](const PipeState &state) { return !state.queue.empty(); });
  if (stuck)
    fail(Outcome::Hang, none, none);
  else if (llvm::any_of(tokens, [](unsigned count) { return count > 0; }))
    fail(Outcome::Leftover, none, none);
  return outcome;
}

Outcome Machine::run(Random &random, FlagModel model) const {
  return Schedule(*this, random, model).run();
}
