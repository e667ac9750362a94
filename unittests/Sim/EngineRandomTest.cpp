//===- EngineRandomTest.cpp - The verdict against a brute-force closure ----===//
//
// Random programs of one core, and of two ranks that signal each other. A happens-before graph with
// a start and an end per item is closed by plain search, sharing nothing with the engine's clocks;
// the engine must report a race exactly when some conflicting pair is unordered there, only such
// pairs, and the same under every schedule. Without a race, values must not depend on the schedule.
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"
#include <random>
#include <set>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
constexpr int64_t granule = 32, granules = 8, memoryBytes = granule * granules;
constexpr Pipe pipes[] = {Pipe::S, Pipe::V, Pipe::MTE2, Pipe::MTE3};

struct Range {
  int64_t begin = 0, end = 0;
  bool overlaps(const Range &o) const { return begin < o.end && o.begin < end; }
  bool operator==(const Range &) const = default;
};

struct Step {
  enum Kind { Work, Set, Wait, Barrier, Fence, Notify, Await } kind = Work;
  Pipe pipe = Pipe::S;  ///< whose queue it goes to; Barrier: ALL too
  Pipe other = Pipe::S; ///< Set: destination; Wait: source
  int64_t id = 0;       ///< event; Notify, Await: cell, used once
  int set = -1;         ///< Wait: index of its set; Await: of its notify
  int rank = 0;
  Range read, write;
};

/// Work is often a conflict, and sync often enough that a part of the programs is right.
class Generator {
public:
  Generator(std::mt19937 &random, unsigned ranks) : random(random), ranks(ranks), open(ranks) {}

  std::vector<Step> make(unsigned length) {
    unsigned syncShare = 2 + below(8);
    while (steps.size() < length) {
      unsigned draw = below(10);
      rank = below(ranks);
      Step step;
      step.rank = rank;
      step.pipe = pipes[below(4)];
      if (draw >= syncShare) {
        if (below(4))
          step.read = range();
        step.write = range();
        steps.push_back(step);
      } else if (ranks > 1 && below(3) == 0) {
        addSignal(step);
      } else {
        addSync(step, draw < syncShare / 2);
      }
    }
    for (rank = 0; rank < int(ranks); ++rank)
      while (!open[rank].empty())
        closeOne(0);
    return std::move(steps);
  }

private:
  unsigned below(unsigned n) { return unsigned(random() % n); }
  Range range() {
    int64_t begin = below(granules);
    return {granule * begin, granule * (begin + 1 + below(std::min<int64_t>(2, granules - begin)))};
  }
  void closeOne(unsigned which) {
    auto &sets = open[rank];
    Step wait = steps[sets[which]];
    wait.kind = Step::Wait;
    wait.set = sets[which];
    std::swap(wait.pipe, wait.other);
    sets.erase(sets.begin() + which);
    steps.push_back(wait);
  }
  void addSync(Step step, bool close) {
    auto &sets = open[rank];
    if (close && !sets.empty())
      return closeOne(below(sets.size()));
    if (below(6) == 0) {
      step.kind = Step::Barrier;
      step.pipe = below(3) ? pipes[1 + below(3)] : Pipe::ALL;
      steps.push_back(step);
    } else if (sets.size() < numEventIds) {
      step.kind = Step::Set;
      while (step.other == step.pipe)
        step.other = pipes[below(4)];
      std::set<int64_t> used; // C2: no id that is pending
      for (int index : sets)
        used.insert(steps[index].id);
      while (used.count(step.id))
        ++step.id;
      sets.push_back(steps.size());
      steps.push_back(step);
    }
  }
  /// Mostly the right idiom: drain, dsb, signal; now and then a part of it is missing. The wait
  /// follows at once.
  void addSignal(Step step) {
    step.pipe = Pipe::S;
    if (below(4)) {
      Step drain = step;
      drain.kind = Step::Barrier;
      drain.pipe = Pipe::ALL;
      steps.push_back(drain);
    }
    if (below(4)) {
      step.kind = Step::Fence;
      steps.push_back(step);
    }
    step.kind = Step::Notify;
    step.id = cells++;
    steps.push_back(step);
    step.kind = Step::Await;
    step.set = int(steps.size()) - 1;
    step.rank = 1 - rank;
    steps.push_back(step);
  }

  std::mt19937 &random;
  unsigned ranks;
  int rank = 0;
  int64_t cells = 0;
  std::vector<Step> steps;
  std::vector<std::vector<int>> open; ///< per rank: sets without a wait
};

/// Node 2i is the start of step i, 2i + 1 its end; a set ends when its flag is up.
class Closure {
public:
  explicit Closure(const std::vector<Step> &steps, Arch arch) : reach(2 * steps.size()) {
    std::vector<std::vector<int>> edges(2 * steps.size());
    auto edge = [&](int from, int to) { edges[from].push_back(to); };
    auto start = [](int i) { return 2 * i; };
    auto end = [](int i) { return 2 * i + 1; };
    std::vector<int> released(steps.size(), -1); // Notify: the last dsb before it
    std::array<int, 2> fence{-1, -1};
    for (int v = 0; v < int(steps.size()); ++v) {
      const Step &to = steps[v];
      edge(start(v), end(v)); // H1
      if (to.kind == Step::Wait)
        edge(end(to.set), end(v)); // H4
      if (to.kind == Step::Await && released[to.set] >= 0)
        edge(start(released[to.set]), end(v)); // C8
      if (to.kind == Step::Notify)
        released[v] = fence[to.rank];
      if (to.kind == Step::Notify || to.kind == Step::Fence)
        fence[to.rank] = v; // the signal has its own dsb, behind its store
      // A signal ends with pipe_barrier(ALL): it starts with its dsb and ends when all is drained.
      auto drains = [](const Step &step) {
        return (step.kind == Step::Barrier && step.pipe == Pipe::ALL) || step.kind == Step::Notify;
      };
      for (int u = 0; u < v; ++u) {
        const Step &from = steps[u];
        if (from.rank != to.rank)
          continue;
        bool fromAll = drains(from), toAll = drains(to);
        if (fromAll || from.pipe == Pipe::S) // H5, H6: dispatched later, S is synchronous
          edge(end(u), start(v));
        if (toAll)
          edge(end(u), end(v)); // H5
        if (from.pipe != to.pipe)
          continue;
        edge(start(u), start(v)); // H2
        if (from.kind == Step::Wait || from.kind == Step::Barrier || from.kind == Step::Await)
          edge(end(u), start(v)); // H4, H5
        if (to.kind == Step::Set || to.kind == Step::Barrier)
          edge(end(u), end(v)); // H3, H5
        if (keepsOrder(to.pipe, arch) && from.kind == Step::Work)
          edge(end(u), start(v)); // H7
      }
    }
    for (unsigned node = 0; node < edges.size(); ++node) {
      reach[node].resize(edges.size());
      std::vector<int> work{int(node)};
      while (!work.empty()) {
        int at = work.back();
        work.pop_back();
        for (int next : edges[at])
          if (!reach[node][next]) {
            reach[node][next] = true;
            work.push_back(next);
          }
      }
    }
  }
  /// Is u complete before v starts?
  bool ordered(int u, int v) const { return reach[2 * u + 1][2 * v]; }

  /// Has wait u consumed its token before set v can be up?
  bool consumed(int u, int v) const { return reach[2 * u + 1][2 * v + 1]; }

private:
  std::vector<std::vector<bool>> reach;
};

/// Pairs of steps that conflict and are not ordered, less the exempt ones (sync 3).
std::set<std::pair<int, int>> expectedRaces(const std::vector<Step> &steps, Arch arch,
                                            bool onChip) {
  Closure closure(steps, arch);
  std::set<std::pair<int, int>> races;
  for (int v = 0; v < int(steps.size()); ++v)
    for (int u = 0; u < v; ++u) {
      const Step &x = steps[u], &y = steps[v];
      if (x.kind != Step::Work || y.kind != Step::Work || closure.ordered(u, v))
        continue;
      bool loads = onChip && x.pipe == Pipe::MTE2 && y.pipe == Pipe::MTE2 && x.write == y.write;
      if ((x.write.overlaps(y.write) && !loads) || x.write.overlaps(y.read) ||
          x.read.overlaps(y.write))
        races.insert({u, v});
    }
  return races;
}

/// C3: is some flag set again before the wait for its last token is known to be over?
bool breaksStrongFlags(const std::vector<Step> &steps, Arch arch) {
  Closure closure(steps, arch);
  std::map<std::tuple<Pipe, Pipe, int64_t>, int> lastWait;
  for (int v = 0; v < int(steps.size()); ++v) {
    const Step &step = steps[v];
    if (step.kind == Step::Wait)
      lastWait[{step.other, step.pipe, step.id}] = v;
    auto wait = lastWait.find({step.pipe, step.other, step.id});
    if (step.kind == Step::Set && wait != lastWait.end() && !closure.consumed(wait->second, v))
      return true;
  }
  return false;
}

/// For a failing program: its steps, and the pairs that should race.
std::string listing(const std::vector<Step> &steps, const std::set<std::pair<int, int>> &races) {
  static constexpr const char *kinds[] = {"work", "set",    "wait", "barrier",
                                          "dsb",  "notify", "await"};
  std::string text;
  llvm::raw_string_ostream os(text);
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step &step = steps[i];
    os << i << ": rank " << step.rank << ' ' << kinds[step.kind] << ' ' << name(step.pipe);
    if (step.kind == Step::Work)
      os << " read [" << step.read.begin << ", " << step.read.end << ") write [" << step.write.begin
         << ", " << step.write.end << ')';
    else if (step.kind == Step::Set || step.kind == Step::Wait)
      os << (step.kind == Step::Set ? " > " : " < ") << name(step.other) << ' ' << step.id;
    else if (step.kind != Step::Barrier)
      os << ' ' << step.id;
    os << '\n';
  }
  for (auto [u, v] : races)
    os << "race: " << u << ' ' << v << '\n';
  return text;
}

/// Writes bytes that depend on what was read and on who writes: in UB, or in GM when there is an
/// operand.
void mixKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(memoryBytes);
  bool inGm = !context.operands.empty();
  Space space = inGm ? Space::GM : Space::Vec;
  uint64_t base = inGm ? context.operands[0].scalar.bits : 0;
  int64_t r0 = context.attribute("r0", 0), r1 = context.attribute("r1", 0);
  int64_t w0 = context.attribute("w0", 0), w1 = context.attribute("w1", 0);
  uint32_t hash = uint32_t(context.attribute("step", 0)) * 2654435761u;
  if (r1 > r0)
    context.read(space, base + r0, bytes.data(), r1 - r0);
  for (int64_t i = 0; i < r1 - r0; ++i)
    hash = (hash ^ bytes[i]) * 16777619u;
  for (int64_t i = 0; i < w1 - w0; ++i)
    bytes[i] = uint8_t(hash >> (i % 24));
  context.write(space, base + w0, bytes.data(), w1 - w0);
}

/// Copies all of the test's UB to GM, on S.
void dumpKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(memoryBytes);
  context.read(Space::Vec, 0, bytes.data(), memoryBytes);
  context.write(Space::GM, context.operands[0].scalar.bits, bytes.data(), memoryBytes);
}

/// One rank works in UB and dumps it to `out`; two ranks work in `out` itself.
struct RandomProgram {
  RandomProgram(const std::vector<Step> &steps, Arch arch, unsigned ranks)
      : k({"out", "cells"}, CoreKind::Vector, arch), inGm(ranks > 1) {
    if (!inGm) {
      Step all;
      all.write = {0, memoryBytes};
      emit(all, -1);
    }
    Label second = k.b.newLabel(), end = k.b.newLabel();
    if (ranks > 1)
      k.b.jumpIf(k.b.special(SpecialValue::Rank), second);
    for (int rank = 0; rank < int(ranks); ++rank) {
      if (rank == 1)
        k.b.place(second);
      for (size_t i = 0; i < steps.size(); ++i)
        if (steps[i].rank == rank)
          emit(steps[i], int(i));
      k.barrier(Pipe::ALL);
      if (rank == 0 && ranks > 1)
        k.b.jump(end);
    }
    k.b.place(end);
    if (ranks == 1)
      k.b.place(second);
    if (!inGm)
      k.issue("dump", k.call("dump", dumpKernel, Pipe::S, {Operand::Scalar}), {k.b.argument(0)});
    k.finish();
  }
  Handle cell(int64_t number) {
    return k.signal(k.b.arith(ArithOp::AddI, Element::I64, 1, k.b.constant(64 * number)));
  }
  void emit(const Step &step, int index) {
    int line = 0;
    switch (step.kind) {
    case Step::Work: {
      std::vector<Operand::Kind> kinds(inGm, Operand::Scalar);
      uint32_t call = k.call("mix", mixKernel, step.pipe, kinds);
      k.program.calls[call].attributes = {{"r0", step.read.begin},
                                          {"r1", step.read.end},
                                          {"w0", step.write.begin},
                                          {"w1", step.write.end},
                                          {"step", index + 2}};
      line = k.issue("mix", call, std::vector<uint32_t>(inGm, k.b.argument(0)));
      break;
    }
    case Step::Set:
      line = k.set(step.pipe, step.other, step.id);
      break;
    case Step::Wait:
      line = k.wait(step.other, step.pipe, step.id);
      break;
    case Step::Barrier:
      line = k.barrier(step.pipe);
      break;
    case Step::Fence:
      line = k.fence();
      break;
    case Step::Notify:
      line = k.notify(cell(step.id), k.b.constant(1));
      break;
    case Step::Await:
      line = k.await(cell(step.id), k.b.constant(1), WaitCompare::EQ);
      break;
    }
    if (index >= 0)
      stepAt[at(line)] = index;
  }
  KernelText k;
  bool inGm;
  std::map<std::string, int> stepAt;
};

struct Verdict {
  std::set<std::pair<int, int>> races;
  std::vector<float> memory;
  uint64_t cycles;
};

Verdict judge(const RandomProgram &program, const Options &options, unsigned ranks) {
  GlobalMemory memory;
  uint64_t out = floats(memory, 0, "out", memoryBytes / 4, 0);
  std::vector<char> zeros(64 * 64);
  uint64_t cells = memory.allocate(0, "cells", zeros.size());
  memory.store(cells, zeros.data(), zeros.size());
  Launch launch = oneCore({out, cells});
  launch.ranks.resize(ranks, launch.ranks[0]);
  Report report = run(program.k.program, memory, launch, options);
  Verdict verdict;
  for (const Finding &finding : report.findings) {
    EXPECT_EQ(finding.kind, FindingKind::Race) << textOf(report);
    if (!finding.other)
      continue;
    auto pair = std::minmax(program.stepAt.at(finding.other->location),
                            program.stepAt.at(finding.where.location));
    verdict.races.insert(pair);
  }
  verdict.memory = readFloats(memory, out, memoryBytes / 4);
  verdict.cycles = report.cycles;
  return verdict;
}

/// Runs `count` random programs; returns how many raced.
unsigned campaign(unsigned count, unsigned ranks, unsigned seed) {
  std::mt19937 random(seed);
  unsigned racy = 0;
  for (unsigned n = 0; n < count; ++n) {
    Arch arch = n % 3 ? Arch::A3 : Arch::A5;
    std::vector<Step> steps = Generator(random, ranks).make(4 + random() % (24 * ranks));
    for (Step &step : steps) // barrier(V) does not exist on a5
      if (arch == Arch::A5 && step.kind == Step::Barrier && step.pipe == Pipe::V)
        step.pipe = Pipe::MTE2;
    auto expected = expectedRaces(steps, arch, ranks == 1);
    racy += !expected.empty();
    RandomProgram program(steps, arch, ranks);
    Verdict first = judge(program, {}, ranks);
    for (const Options &options : schedules(6)) {
      Verdict verdict = judge(program, options, ranks);
      bool agrees = verdict.races.empty() == expected.empty() && verdict.cycles == first.cycles;
      for (auto pair : verdict.races)
        agrees &= expected.count(pair) == 1; // no pair that is ordered
      if (expected.empty()) // values may depend on the schedule only where there is a race
        agrees &= verdict.memory == first.memory ||
                  !std::memcmp(verdict.memory.data(), first.memory.data(), memoryBytes);
      EXPECT_TRUE(agrees) << "program " << n << '\n' << listing(steps, expected);
      if (!agrees)
        return racy;
    }
  }
  return racy;
}
} // namespace

TEST(EngineRandom, VerdictIsTheClosureUnderEverySchedule) {
  constexpr unsigned count = 1500;
  unsigned racy = campaign(count, 1, 7);
  std::printf("one core: %u programs, %u racy, 8 schedules each\n", count, racy);
  EXPECT_GT(racy, count / 5);
  EXPECT_LT(racy, count - count / 5);
}

TEST(EngineRandom, VerdictIsTheClosureForTwoRanks) {
  constexpr unsigned count = 800;
  unsigned racy = campaign(count, 2, 11);
  std::printf("two ranks: %u programs, %u racy, 8 schedules each\n", count, racy);
  EXPECT_GT(racy, count / 10);
  EXPECT_LT(racy, count - count / 10);
}

TEST(EngineRandom, SingleBitFlagsAreJudgedByC3UnderEverySchedule) {
  std::mt19937 random(3);
  unsigned broken = 0;
  constexpr unsigned count = 600;
  for (unsigned n = 0; n < count; ++n) {
    std::vector<Step> steps = Generator(random, 1).make(40 + random() % 60);
    bool expected = breaksStrongFlags(steps, Arch::A3);
    broken += expected;
    RandomProgram program(steps, Arch::A3, 1);
    for (Options options : schedules(4)) {
      options.flags = FlagModel::SingleBit;
      GlobalMemory memory;
      uint64_t out = floats(memory, 0, "out", memoryBytes / 4, 0);
      Report report = run(program.k.program, memory, oneCore({out, out}), options);
      ASSERT_EQ(find(report, FindingKind::FlagCollision) != nullptr, expected)
          << "program " << n << '\n'
          << listing(steps, {});
      // Only a lost token can hang these programs, and every loss is told.
      ASSERT_TRUE(expected || (!find(report, FindingKind::Deadlock) &&
                               !find(report, FindingKind::StarvedWait)));
    }
  }
  std::printf("single-bit flags: %u programs, %u break C3\n", count, broken);
  EXPECT_GT(broken, count / 10);
  EXPECT_LT(broken, count - count / 10);
}
