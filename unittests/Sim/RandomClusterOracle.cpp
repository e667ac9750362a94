//===- RandomClusterOracle.cpp - What is wrong with a program, by closure --===//
//
// The program is unrolled to steps. Two graphs have a start and an end per step: one of what must
// happen first (a step without a way to happen is a hang), one of what is known to have happened
// (rules H1 to H7 and C8), closed by search. Nothing here comes from the engine.
//
//===----------------------------------------------------------------------===//

#include "RandomCluster.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// A statement at one iteration.
struct Step {
  const Statement *statement;
  int number; ///< of the statement in the text
  unsigned core;
  int64_t id = 0, round = 0;
  int64_t readBegin = 0, readEnd = 0, writeBegin = 0, writeEnd = 0;

  Statement::Kind kind() const { return statement->kind; }
  Pipe pipe() const { return statement->pipe; }
  bool isAccess() const { return kind() <= Statement::ScalarStore; }
  bool drains() const { // ends when all pipes are through
    return (kind() == Statement::Barrier && pipe() == Pipe::ALL) || kind() == Statement::Notify;
  }
  bool waits() const {
    return kind() == Statement::Wait || kind() == Statement::Get ||
           kind() == Statement::CrossWait || kind() == Statement::Await;
  }
  bool signals() const { // takes effect when what stands before it on its pipe is complete
    return kind() == Statement::Set || kind() == Statement::Release ||
           kind() == Statement::CrossSet;
  }
};

class Oracle {
public:
  explicit Oracle(const ClusterProgram &program) : program(program) {}
  Judgement judge();

private:
  void unroll(unsigned core, const std::vector<Node> &nodes, int64_t i);
  void addStep(unsigned core, const Statement &statement, int64_t i);
  static int start(int step) { return 2 * step; }
  static int end(int step) { return 2 * step + 1; }
  void mustPrecede(int from, int to) { progress[from].push_back(to); }
  void isKnown(int from, int to) {
    known[from].push_back(to);
    progress[from].push_back(to);
  }
  void addCoreEdges(unsigned core);
  void matchFlags();
  void matchBuffers();
  void matchCross();
  void matchSignals();
  bool closeAll();
  bool precedes(int from, int to) const { return reach[from].test(to); }
  void checkRaces();
  void checkCache();
  bool isShown(int store, int reader) const;
  int cleaned(int step) const;
  void checkExit();

  const ClusterProgram &program;
  std::vector<Step> steps;
  std::vector<std::vector<int>> ofCore; ///< steps in program order
  std::map<const Statement *, int> numbers;
  std::vector<std::vector<int>> progress, known;
  std::vector<llvm::BitVector> reach;
  Judgement result;
};
} // namespace

//===----------------------------------------------------------------------===//
// Unrolling
//===----------------------------------------------------------------------===//

static void number(const std::vector<Node> &nodes, std::map<const Statement *, int> &numbers) {
  for (const Node &node : nodes)
    if (node.kind == Node::Leaf)
      numbers.emplace(&node.statement, int(numbers.size()));
    else
      number(node.body, numbers);
}

void Oracle::addStep(unsigned core, const Statement &statement, int64_t i) {
  Step step{&statement, numbers.at(&statement), core};
  int64_t slot = statement.index.slot(i);
  step.id = statement.id + (statement.rotates ? slot : 0);
  step.round = statement.index.round(i);
  step.readBegin = statement.read.begin + slot * statement.read.pitch;
  step.readEnd = statement.read.end + slot * statement.read.pitch;
  step.writeBegin = statement.write.begin + slot * statement.write.pitch;
  step.writeEnd = statement.write.end + slot * statement.write.pitch;
  ofCore[core].push_back(int(steps.size()));
  steps.push_back(step);
}

void Oracle::unroll(unsigned core, const std::vector<Node> &nodes, int64_t i) {
  for (const Node &node : nodes)
    switch (node.kind) {
    case Node::Leaf:
      addStep(core, node.statement, i);
      break;
    case Node::Loop:
      for (int64_t n = 0; n < node.trip; ++n)
        unroll(core, node.body, n);
      break;
    case Node::If:
      if (i >= node.low && i < node.high && (i - node.low) % node.every == 0)
        unroll(core, node.body, i);
      break;
    }
}

//===----------------------------------------------------------------------===//
// Edges
//===----------------------------------------------------------------------===//

void Oracle::addCoreEdges(unsigned core) {
  const std::vector<int> &list = ofCore[core];
  for (int v : list)
    isKnown(start(v), end(v)); // H1
  for (size_t j = 0; j < list.size(); ++j)
    for (size_t i = 0; i < j; ++i) {
      int u = list[i], v = list[j];
      const Step &from = steps[u], &to = steps[v];
      if (from.drains() || from.pipe() == Pipe::S) // H5, H6
        isKnown(end(u), start(v));
      if (to.drains())
        isKnown(end(u), end(v)); // H5
      if (from.pipe() != to.pipe())
        continue;
      isKnown(start(u), start(v)); // H2
      if (from.waits() || from.kind() == Statement::Barrier)
        isKnown(end(u), start(v)); // H4, H5
      if (to.signals() || to.kind() == Statement::Barrier)
        isKnown(end(u), end(v)); // H3, H5
      if (keepsOrder(to.pipe(), program.arch) && from.isAccess())
        isKnown(end(u), start(v)); // H7
    }
}

void Oracle::matchFlags() {
  std::map<std::tuple<unsigned, Pipe, Pipe, int64_t>, std::pair<std::vector<int>, std::vector<int>>>
      flags; // sets, waits
  for (const std::vector<int> &list : ofCore)
    for (int s : list) {
      const Step &step = steps[s];
      if (step.kind() == Statement::Set) {
        auto &[sets, waits] = flags[{step.core, step.pipe(), step.statement->other, step.id}];
        if (sets.size() > waits.size())
          result.others.insert("flag set twice");
        sets.push_back(s);
      } else if (step.kind() == Statement::Wait) {
        flags[{step.core, step.statement->other, step.pipe(), step.id}].second.push_back(s);
      }
    }
  for (auto &[key, pair] : flags) {
    auto &[sets, waits] = pair;
    if (sets.size() > waits.size())
      result.others.insert("flag left");
    if (waits.size() > sets.size())
      result.hangs = true;
    for (size_t n = 0; n < std::min(sets.size(), waits.size()); ++n)
      isKnown(end(sets[n]), end(waits[n])); // H4
  }
}

/// A get waits for the release of the get before it in program order.
void Oracle::matchBuffers() {
  std::map<std::pair<unsigned, int64_t>, std::vector<int>> uses; // gets and releases
  for (const std::vector<int> &list : ofCore)
    for (int s : list)
      if (steps[s].kind() == Statement::Get || steps[s].kind() == Statement::Release)
        uses[{steps[s].core, steps[s].id}].push_back(s);
  for (auto &[key, list] : uses) {
    int last = -1; // release
    bool isHeld = false;
    for (int s : list) {
      if (steps[s].kind() == Statement::Release) {
        if (!isHeld)
          result.others.insert("release without get");
        isHeld = false;
        last = s;
        continue;
      }
      if (isHeld)
        result.hangs = true; // nested
      if (last >= 0)
        isKnown(end(last), end(s));
      isHeld = true;
    }
    if (isHeld)
      result.others.insert("buffer held");
  }
}

void Oracle::matchCross() {
  bool onA5 = program.arch == Arch::A5;
  auto isCube = [&](unsigned core) { return program.cores[core].kind == CoreKind::Cube; };
  std::map<std::pair<unsigned, int64_t>, std::vector<int>> sets, waits; // by core and id
  for (const std::vector<int> &list : ofCore)
    for (int s : list)
      if (steps[s].kind() == Statement::CrossSet)
        sets[{steps[s].core, steps[s].id}].push_back(s);
      else if (steps[s].kind() == Statement::CrossWait)
        waits[{steps[s].core, steps[s].id}].push_back(s);
  // Who is counted up, by whom: the cube core is 0, the vector cores are 1 and 2.
  std::map<std::pair<unsigned, int64_t>, std::vector<std::pair<unsigned, int64_t>>> sources;
  for (int64_t id = 0; id < 32; ++id)
    for (unsigned core = 0; core < program.cores.size(); ++core) {
      if (id >= 16 && !(onA5 && isCube(core)))
        continue; // only the cube core of a5 has ids for a second peer
      auto &from = sources[{core, id}];
      if (onA5 && isCube(core))
        from = {{id < 16 ? 1u : 2u, id % 16}};
      else if (onA5)
        from = {{0u, id + (core == 2 ? 16 : 0)}};
      else if (isCube(core))
        from = {{1u, id}, {2u, id}};
      else
        from = {{0u, id}};
    }
  for (auto &[receiver, from] : sources) {
    size_t least = SIZE_MAX, most = 0;
    for (auto &source : from) {
      least = std::min(least, sets[source].size());
      most = std::max(most, sets[source].size());
    }
    const std::vector<int> &list = waits[receiver];
    if (list.size() > least)
      result.hangs = true;
    if (list.size() < least || least < most)
      result.others.insert("counter left");
    for (size_t n = 0; n < std::min(list.size(), least); ++n)
      for (auto &source : from)
        isKnown(end(sets[source][n]), end(list[n]));
  }
}

void Oracle::matchSignals() {
  std::map<int64_t, std::vector<int>> notifies;
  std::vector<int> released(steps.size(), -1); // the last dsb before
  for (const std::vector<int> &list : ofCore) {
    int fence = -1;
    for (int s : list) {
      if (steps[s].kind() == Statement::Notify) {
        notifies[steps[s].id].push_back(s);
        released[s] = fence;
      }
      if (steps[s].kind() == Statement::Notify || steps[s].kind() == Statement::Fence)
        fence = s;
    }
  }
  for (int s = 0; s < int(steps.size()); ++s) {
    const Step &step = steps[s];
    if (step.kind() != Statement::Await)
      continue;
    int64_t wanted = step.statement->id2 + (step.statement->isCumulative ? step.round : 0);
    const std::vector<int> &list = notifies[step.id];
    if (wanted <= 0)
      continue;
    if (wanted > int64_t(list.size())) {
      result.hangs = true;
      continue;
    }
    int by = list[size_t(wanted - 1)];
    // The store comes first in the call, its own barrier behind it.
    mustPrecede(start(by), end(s));
    if (released[by] >= 0)
      isKnown(start(released[by]), end(s)); // C8
  }
}

/// False when some step can never happen.
bool Oracle::closeAll() {
  size_t nodes = progress.size();
  std::vector<int> missing(nodes, 0), order;
  for (auto &list : progress)
    for (int to : list)
      ++missing[to];
  for (size_t node = 0; node < nodes; ++node)
    if (missing[node] == 0)
      order.push_back(int(node));
  for (size_t n = 0; n < order.size(); ++n)
    for (int to : progress[order[n]])
      if (--missing[to] == 0)
        order.push_back(to);
  if (order.size() < nodes)
    return false;
  reach.assign(nodes, llvm::BitVector(nodes));
  for (int node : llvm::reverse(order))
    for (int to : known[node])
      if (!reach[node].test(to)) { // else all behind it is there as well
        reach[node].set(to);
        reach[node] |= reach[to];
      }
  return true;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

void Oracle::checkRaces() {
  auto overlap = [](int64_t a0, int64_t a1, int64_t b0, int64_t b1) { return a0 < b1 && b0 < a1; };
  for (int v = 0; v < int(steps.size()); ++v)
    for (int u = 0; u < v; ++u) {
      const Step &x = steps[u], &y = steps[v];
      if (!x.isAccess() || !y.isAccess())
        continue;
      auto conflicts = [&](Space a, int64_t a0, int64_t a1, Space b, int64_t b0, int64_t b1) {
        return a == b && (a == Space::GM || x.core == y.core) && overlap(a0, a1, b0, b1);
      };
      const SlotRange &xr = x.statement->read, &xw = x.statement->write;
      const SlotRange &yr = y.statement->read, &yw = y.statement->write;
      bool loads = x.core == y.core && x.pipe() == Pipe::MTE2 && y.pipe() == Pipe::MTE2 &&
                   xw.space != Space::GM && x.writeBegin == y.writeBegin &&
                   x.writeEnd == y.writeEnd; // exempt (sync 3)
      bool isConflict =
          (!loads &&
           conflicts(xw.space, x.writeBegin, x.writeEnd, yw.space, y.writeBegin, y.writeEnd)) ||
          conflicts(xw.space, x.writeBegin, x.writeEnd, yr.space, y.readBegin, y.readEnd) ||
          conflicts(xr.space, x.readBegin, x.readEnd, yw.space, y.writeBegin, y.writeEnd);
      if (isConflict && !precedes(end(u), start(v)) && !precedes(end(v), start(u)))
        result.races.insert(std::minmax(x.number, y.number));
    }
}

/// The first dcci of the line of `step` behind it on its core, or -1.
int Oracle::cleaned(int step) const {
  const Step &store = steps[step];
  bool isBehind = false;
  for (int s : ofCore[store.core]) {
    if (isBehind && steps[s].kind() == Statement::Clean &&
        steps[s].readBegin / 64 == store.writeBegin / 64)
      return s;
    isBehind |= s == step;
  }
  return -1;
}

/// Has the cache let go of a scalar store, for a reader elsewhere (C8)?
bool Oracle::isShown(int store, int reader) const {
  int clean = cleaned(store);
  if (clean < 0)
    return false;
  bool isBehind = false;
  for (int s : ofCore[steps[store].core]) {
    if (isBehind && (steps[s].kind() == Statement::Fence || steps[s].kind() == Statement::Notify))
      return precedes(start(s), start(reader));
    isBehind |= s == clean;
  }
  return false;
}

void Oracle::checkCache() {
  auto overlaps = [](const Step &x, const Step &store) {
    return (x.statement->read.space == Space::GM && x.readBegin < store.writeEnd &&
            store.writeBegin < x.readEnd) ||
           (x.statement->write.space == Space::GM && x.writeBegin < store.writeEnd &&
            store.writeBegin < x.writeEnd);
  };
  for (int u = 0; u < int(steps.size()); ++u) {
    const Step &store = steps[u];
    if (store.kind() != Statement::ScalarStore)
      continue;
    for (int v = 0; v < int(steps.size()); ++v) {
      const Step &x = steps[v];
      bool isOwn = x.core == store.core && x.pipe() == Pipe::S;
      if (!x.isAccess() || isOwn || !overlaps(x, store) || !precedes(end(u), start(v)))
        continue;
      // A later store of the bytes takes the place of this one.
      bool isReplaced = llvm::any_of(ofCore[store.core], [&](int w) {
        return w != u && steps[w].isAccess() && steps[w].writeBegin <= store.writeBegin &&
               steps[w].writeEnd >= store.writeEnd &&
               steps[w].statement->write.space == Space::GM && precedes(end(u), start(w)) &&
               precedes(end(w), start(v));
      });
      if (!isReplaced && !isShown(u, v))
        result.others.insert("store left in the cache");
    }
  }
  for (const std::vector<int> &list : ofCore) {
    std::map<int64_t, int> fetched; // line to the access that brought it in
    for (int s : list) {
      const Step &step = steps[s];
      bool isLoad = step.kind() == Statement::ScalarLoad;
      if (step.kind() == Statement::Clean)
        fetched.erase(step.readBegin / 64);
      if (!isLoad && step.kind() != Statement::ScalarStore)
        continue;
      int64_t line = (isLoad ? step.readBegin : step.writeBegin) / 64;
      int first = fetched.try_emplace(line, s).first->second;
      for (int w = 0; isLoad && w < int(steps.size()); ++w) {
        const Step &writer = steps[w];
        bool isOwn = writer.core == step.core && writer.pipe() == Pipe::S;
        if (isOwn || !writer.isAccess() || writer.statement->write.space != Space::GM ||
            writer.writeBegin >= step.readEnd || step.readBegin >= writer.writeEnd ||
            !precedes(end(w), start(s)) || precedes(end(w), start(first)))
          continue;
        // An own store of the bytes behind it is what the load sees.
        bool isReplaced = llvm::any_of(list, [&](int o) {
          return steps[o].kind() == Statement::ScalarStore &&
                 steps[o].writeBegin <= step.readBegin && steps[o].writeEnd >= step.readEnd &&
                 precedes(end(w), start(o)) && precedes(end(o), start(s));
        });
        if (!isReplaced)
          result.others.insert("stale line");
      }
    }
  }
}

/// C7: what S does not know complete at its end. There the run copies local memory, so the same
/// goes for writes of that.
void Oracle::checkExit() {
  for (const std::vector<int> &list : ofCore)
    for (int s : list) {
      const Step &step = steps[s];
      if (step.kind() != Statement::Work || step.pipe() == Pipe::S ||
          step.writeBegin == step.writeEnd)
        continue;
      bool isOver = llvm::any_of(list, [&](int t) {
        bool onScalar = steps[t].pipe() == Pipe::S || steps[t].drains();
        return onScalar && precedes(end(s), end(t));
      });
      if (!isOver)
        result.others.insert("incomplete at exit");
    }
}

Judgement Oracle::judge() {
  for (const CoreProgram &core : program.cores)
    number(core.body, numbers);
  ofCore.resize(program.cores.size());
  for (unsigned core = 0; core < program.cores.size(); ++core)
    unroll(core, program.cores[core].body, 0);
  progress.resize(2 * steps.size());
  known.resize(2 * steps.size());
  for (unsigned core = 0; core < program.cores.size(); ++core)
    addCoreEdges(core);
  matchFlags();
  matchBuffers();
  matchCross();
  matchSignals();
  if (!closeAll())
    result.hangs = true;
  if (result.hangs)
    return std::move(result);
  checkRaces();
  checkCache();
  checkExit();
  return std::move(result);
}

Judgement sim::testing::judgeByClosure(const ClusterProgram &program) {
  return Oracle(program).judge();
}
