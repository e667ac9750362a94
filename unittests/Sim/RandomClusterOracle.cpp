//===- RandomClusterOracle.cpp - What is wrong with a program, by closure --===//
//
// The program is unrolled to steps (RandomClusterUnroll.cpp). Two graphs have a start and an end
// per step: one of what must happen first (a step without a way to happen is a hang), one of what
// is known to have happened (rules H1 to H7 and C8), closed by search. Nothing here comes from the
// engine.
//
//===----------------------------------------------------------------------===//

#include "RandomClusterOracle.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
class Oracle {
public:
  explicit Oracle(const ClusterProgram &program) : program(program) {}
  Judgement judge();

private:
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
  void matchSoftSyncs();
  std::vector<int> lastFences() const;
  std::vector<std::pair<unsigned, int64_t>> sendersOf(unsigned core, CrossMode mode,
                                                      int64_t id) const;
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
  std::vector<std::vector<int>> progress, known;
  std::vector<llvm::BitVector> reach;
  Judgement result;
};
} // namespace

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
      if (from.kind == Step::Copy) {
        // Beside the pipes: only a wait for the event of this transfer or a later one knows of it.
        if (to.isCopyWait() && to.copy >= u)
          isKnown(end(u), end(v));
        continue;
      }
      if (from.drains() || from.pipe == Pipe::S) // H5, H6
        isKnown(end(u), start(v));
      if (to.drains())
        isKnown(end(u), end(v)); // H5
      if (from.pipe != to.pipe || to.kind == Step::Copy)
        continue;
      isKnown(start(u), start(v)); // H2
      if (from.waits() || from.kind == Step::Barrier)
        isKnown(end(u), start(v)); // H4, H5
      if (to.signals() || to.kind == Step::Barrier)
        isKnown(end(u), end(v)); // H3, H5
      if (keepsOrder(to.pipe, program.arch) && from.isAccess())
        isKnown(end(u), start(v)); // H7
    }
}

void Oracle::matchFlags() {
  std::map<std::tuple<unsigned, Pipe, Pipe, int64_t>, std::pair<std::vector<int>, std::vector<int>>>
      flags; // sets, waits
  for (const std::vector<int> &list : ofCore)
    for (int s : list) {
      const Step &step = steps[s];
      if (step.kind == Step::Set) {
        auto &[sets, waits] = flags[{step.core, step.pipe, step.other, step.id}];
        if (sets.size() > waits.size())
          result.others.insert("flag set twice");
        sets.push_back(s);
      } else if (step.kind == Step::Wait && !step.isCopyWait()) {
        flags[{step.core, step.other, step.pipe, step.id}].second.push_back(s);
      }
    }
  for (auto &[key, pair] : flags) {
    auto &[sets, waits] = pair;
    // That an accumulator was drained is nothing left over.
    bool isDrained = std::get<3>(key) >= Step::firstUnit && std::get<1>(key) == Pipe::FIX;
    if (sets.size() > waits.size() && !isDrained)
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
      if (steps[s].kind == Step::Get || steps[s].kind == Step::Release)
        uses[{steps[s].core, steps[s].id}].push_back(s);
  for (auto &[key, list] : uses) {
    int last = -1; // release
    bool isHeld = false;
    for (int s : list) {
      if (steps[s].kind == Step::Release) {
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

/// Who must have set a flag so that `core` counts one: cross-core 1, 2. With the id there.
std::vector<std::pair<unsigned, int64_t>> Oracle::sendersOf(unsigned core, CrossMode mode,
                                                            int64_t id) const {
  const CoreProgram &self = program.cores[core];
  bool isCube = self.kind == CoreKind::Cube;
  std::vector<std::pair<unsigned, int64_t>> result;
  for (unsigned other = 0; other < program.cores.size(); ++other) {
    const CoreProgram &peer = program.cores[other];
    bool isInBlock = peer.block == self.block && peer.rank == self.rank;
    switch (mode) {
    case CrossMode::SameKind:
      if (peer.kind == self.kind && peer.rank == self.rank)
        result.push_back({other, id});
      break;
    case CrossMode::Subblocks:
      if (peer.kind == self.kind && isInBlock)
        result.push_back({other, id});
      break;
    case CrossMode::CubeVector:
      if (peer.kind != self.kind && isInBlock)
        result.push_back({other, id});
      break;
    case CrossMode::Direct:
      // The cube core's ids from 16 on are those of vector core 1.
      if (isInBlock && isCube && peer.kind != self.kind && peer.subblock == unsigned(id / 16))
        result.push_back({other, id % 16});
      if (isInBlock && !isCube && peer.kind != self.kind)
        result.push_back({other, id + 16 * self.subblock});
    }
  }
  return result;
}

void Oracle::matchCross() {
  using Key = std::tuple<unsigned, CrossMode, int64_t>;
  std::map<Key, std::vector<int>> sets, waits; // by core
  std::set<std::pair<CrossMode, int64_t>> used;
  for (const std::vector<int> &list : ofCore)
    for (int s : list) {
      const Step &step = steps[s];
      if (step.kind == Step::CrossSet)
        sets[{step.core, step.mode, step.id}].push_back(s);
      else if (step.kind == Step::CrossWait)
        waits[{step.core, step.mode, step.id}].push_back(s);
      else
        continue;
      for (int64_t peer : {int64_t(0), int64_t(16)}) // of a direct flag the number at its other end
        used.insert({step.mode, step.mode == CrossMode::Direct ? step.id % 16 + peer : step.id});
    }
  for (auto [mode, id] : used)
    for (unsigned core = 0; core < program.cores.size(); ++core) {
      if (mode == CrossMode::Direct && id >= 16 && program.cores[core].kind == CoreKind::Vector)
        continue;
      size_t least = SIZE_MAX, most = 0;
      auto from = sendersOf(core, mode, id);
      for (auto [sender, itsId] : from) {
        least = std::min(least, sets[{sender, mode, itsId}].size());
        most = std::max(most, sets[{sender, mode, itsId}].size());
      }
      const std::vector<int> &list = waits[{core, mode, id}];
      if (from.empty())
        least = 0;
      if (list.size() > least)
        result.hangs = true;
      if (list.size() < least || least < most)
        result.others.insert("counter left");
      for (size_t n = 0; n < std::min(list.size(), least); ++n)
        for (auto [sender, itsId] : from)
          isKnown(end(sets[{sender, mode, itsId}][n]), end(list[n]));
    }
}

/// The last dsb before each signal, or -1.
std::vector<int> Oracle::lastFences() const {
  std::vector<int> released(steps.size(), -1);
  for (const std::vector<int> &list : ofCore) {
    int fence = -1;
    for (int s : list) {
      if (steps[s].kind == Step::Notify || steps[s].kind == Step::Arrive)
        released[s] = fence;
      if (steps[s].kind == Step::Notify || steps[s].kind == Step::Fence)
        fence = s;
    }
  }
  return released;
}

void Oracle::matchSignals() {
  std::map<int64_t, std::vector<int>> notifies;
  std::vector<int> released = lastFences();
  for (const std::vector<int> &list : ofCore)
    for (int s : list)
      if (steps[s].kind == Step::Notify)
        notifies[steps[s].id].push_back(s);
  for (int s = 0; s < int(steps.size()); ++s) {
    const Step &step = steps[s];
    if (step.kind != Step::Await || step.isSoft || step.wanted <= 0)
      continue;
    const std::vector<int> &list = notifies[step.id];
    if (step.wanted > int64_t(list.size())) {
      result.hangs = true;
      continue;
    }
    int by = list[size_t(step.wanted - 1)];
    // The store comes first in the call, its own barrier behind it.
    mustPrecede(start(by), end(s));
    if (released[by] >= 0)
      isKnown(start(released[by]), end(s)); // C8
  }
}

/// Nobody is through the n-th round before all have come to it.
void Oracle::matchSoftSyncs() {
  struct Round {
    std::map<unsigned, std::vector<int>> arrivals, awaits; ///< by core
    int64_t wanted = 0;
  };
  std::vector<int> released = lastFences();
  std::map<int64_t, Round> counters;
  for (const std::vector<int> &list : ofCore)
    for (int s : list)
      if (steps[s].isSoft && (steps[s].kind == Step::Arrive || steps[s].kind == Step::Await)) {
        Round &round = counters[steps[s].id];
        round.wanted = steps[s].wanted;
        auto &by = steps[s].kind == Step::Arrive ? round.arrivals : round.awaits;
        by[steps[s].core].push_back(s);
      }
  for (auto &[cell, round] : counters) {
    size_t least = SIZE_MAX, most = 0;
    for (auto &[core, list] : round.arrivals) {
      least = std::min(least, list.size());
      most = std::max(most, list.size());
    }
    if (int64_t(round.arrivals.size()) != round.wanted || least != most) {
      result.hangs = true;
      continue;
    }
    for (auto &[core, awaits] : round.awaits)
      for (size_t n = 0; n < awaits.size(); ++n)
        for (auto &[other, arrivals] : round.arrivals) {
          mustPrecede(start(arrivals[n]), end(awaits[n]));
          if (released[arrivals[n]] >= 0)
            isKnown(start(released[arrivals[n]]), end(awaits[n])); // C8
        }
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
  for (int v = 0; v < int(steps.size()); ++v)
    for (int u = 0; u < v; ++u) {
      const Step &x = steps[u], &y = steps[v];
      if (!x.isAccess() || !y.isAccess())
        continue;
      bool isSamePipe = x.core == y.core && x.pipe == y.pipe && x.write == y.write;
      bool loads = isSamePipe && x.pipe == Pipe::MTE2 && x.write.space != Space::GM; // sync 3
      bool chain = isSamePipe && x.accumulates && y.accumulates;                     // H7
      bool isConflict = (!loads && x.write.overlaps(y.write)) || x.write.overlaps(y.read) ||
                        x.read.overlaps(y.write);
      if (isConflict && !chain && !precedes(end(u), start(v)) && !precedes(end(v), start(u)))
        result.races.insert(std::minmax(x.number, y.number));
    }
}

/// The first dcci of the line of `step` behind it on its core, or -1.
int Oracle::cleaned(int step) const {
  const Step &store = steps[step];
  bool isBehind = false;
  for (int s : ofCore[store.core]) {
    if (isBehind && steps[s].kind == Step::Clean &&
        steps[s].read.begin / 64 == store.write.begin / 64)
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
    if (isBehind && (steps[s].kind == Step::Fence || steps[s].kind == Step::Notify))
      return precedes(start(s), start(reader));
    isBehind |= s == clean;
  }
  return false;
}

static bool covers(const Region &all, const Region &part) {
  return all.space == part.space && all.begin <= part.begin && all.end >= part.end;
}

void Oracle::checkCache() {
  auto overlaps = [](const Step &x, const Step &store) {
    return x.read.overlaps(store.write) || x.write.overlaps(store.write);
  };
  for (int u = 0; u < int(steps.size()); ++u) {
    const Step &store = steps[u];
    if (store.kind != Step::ScalarStore)
      continue;
    for (int v = 0; v < int(steps.size()); ++v) {
      const Step &x = steps[v];
      bool isOwn = x.core == store.core && x.pipe == Pipe::S;
      if (!x.isAccess() || isOwn || !overlaps(x, store) || !precedes(end(u), start(v)))
        continue;
      // A later store of the bytes takes the place of this one.
      bool isReplaced = llvm::any_of(ofCore[store.core], [&](int w) {
        return w != u && steps[w].isAccess() && covers(steps[w].write, store.write) &&
               precedes(end(u), start(w)) && precedes(end(w), start(v));
      });
      if (!isReplaced && !isShown(u, v))
        result.others.insert("store left in the cache");
    }
  }
  for (const std::vector<int> &list : ofCore) {
    std::map<int64_t, int> fetched; // line to the access that brought it in
    for (int s : list) {
      const Step &step = steps[s];
      bool isLoad = step.kind == Step::ScalarLoad;
      if (step.kind == Step::Clean)
        fetched.erase(step.read.begin / 64);
      if (!isLoad && step.kind != Step::ScalarStore)
        continue;
      int64_t line = (isLoad ? step.read : step.write).begin / 64;
      int first = fetched.try_emplace(line, s).first->second;
      for (int w = 0; isLoad && w < int(steps.size()); ++w) {
        const Step &writer = steps[w];
        bool isOwn = writer.core == step.core && writer.pipe == Pipe::S;
        if (isOwn || !writer.isAccess() || !writer.write.overlaps(step.read) ||
            !precedes(end(w), start(s)) || precedes(end(w), start(first)))
          continue;
        // An own store of the bytes behind it is what the load sees.
        bool isReplaced = llvm::any_of(list, [&](int o) {
          return steps[o].kind == Step::ScalarStore && covers(steps[o].write, step.read) &&
                 precedes(end(w), start(o)) && precedes(end(o), start(s));
        });
        if (!isReplaced)
          result.others.insert("stale line");
      }
    }
  }
}

/// C7: what S does not know complete at its end. There the run copies local memory but L0C, so the
/// same goes for writes of that. What a FIFO holds is its receiver's.
void Oracle::checkExit() {
  for (int s = 0; s < int(steps.size()); ++s) {
    const Step &step = steps[s];
    bool isPipes = step.kind == Step::Copy || (step.kind == Step::Work && step.pipe != Pipe::S);
    if (!isPipes || step.write.empty() || step.write.space == Space::Acc || step.intoFifo)
      continue;
    bool isOver = llvm::any_of(ofCore[step.core], [&](int t) {
      bool onScalar = steps[t].pipe == Pipe::S || steps[t].drains();
      return onScalar && precedes(end(s), end(t));
    });
    if (!isOver)
      result.others.insert("incomplete at exit");
  }
}

Judgement Oracle::judge() {
  Unrolled unrolled = unroll(program);
  steps = std::move(unrolled.steps);
  ofCore = std::move(unrolled.ofCore);
  progress.resize(2 * steps.size());
  known.resize(2 * steps.size());
  for (unsigned core = 0; core < program.cores.size(); ++core)
    addCoreEdges(core);
  matchFlags();
  matchBuffers();
  matchCross();
  matchSignals();
  matchSoftSyncs();
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
