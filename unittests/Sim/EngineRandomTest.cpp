//===- EngineRandomTest.cpp - The verdict against a brute-force closure ----===//
//
// Random programs of one core. A happens-before graph with a start and an end per item is closed by
// plain search, sharing nothing with the engine's clocks; the engine must report a race exactly
// when some conflicting pair is unordered there, only such pairs, and the same under every
// schedule. Without a race, values must not depend on the schedule.
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
  enum Kind { Work, Set, Wait, Barrier } kind = Work;
  Pipe pipe = Pipe::S;  ///< whose queue it goes to; Barrier: ALL too
  Pipe other = Pipe::S; ///< Set: destination; Wait: source
  int64_t id = 0;
  int set = -1; ///< Wait: index of its set
  Range read, write;
};

/// Work is often a conflict, and sync often enough that a part of the programs is right.
std::vector<Step> generate(std::mt19937 &random, unsigned length) {
  auto below = [&](unsigned n) { return unsigned(random() % n); };
  auto range = [&] {
    int64_t begin = below(granules);
    return Range{granule * begin,
                 granule * (begin + 1 + below(std::min<int64_t>(2, granules - begin)))};
  };
  std::vector<Step> steps;
  std::vector<int> open; // sets without a wait
  unsigned syncShare = 2 + below(8);
  auto closeOne = [&](unsigned which) {
    Step wait = steps[open[which]];
    wait.kind = Step::Wait;
    wait.set = open[which];
    std::swap(wait.pipe, wait.other);
    open.erase(open.begin() + which);
    steps.push_back(wait);
  };
  while (steps.size() < length) {
    Step step;
    step.pipe = pipes[below(4)];
    unsigned draw = below(10);
    if (draw >= syncShare) {
      if (below(4))
        step.read = range();
      step.write = range();
      steps.push_back(step);
    } else if (draw < syncShare / 2 && !open.empty()) {
      closeOne(below(open.size()));
    } else if (below(6) == 0) {
      step.kind = Step::Barrier;
      step.pipe = below(3) ? pipes[1 + below(3)] : Pipe::ALL;
      steps.push_back(step);
    } else if (open.size() < numEventIds) {
      step.kind = Step::Set;
      while (step.other == step.pipe)
        step.other = pipes[below(4)];
      std::set<int64_t> used; // C2: no id that is pending
      for (int index : open)
        used.insert(steps[index].id);
      while (used.count(step.id))
        ++step.id;
      open.push_back(steps.size());
      steps.push_back(step);
    }
  }
  while (!open.empty())
    closeOne(0);
  return steps;
}

/// Node 2i is the start of step i, 2i + 1 its end; a set ends when its flag is up.
class Closure {
public:
  explicit Closure(const std::vector<Step> &steps, Arch arch) : reach(2 * steps.size()) {
    std::vector<std::vector<int>> edges(2 * steps.size());
    auto edge = [&](int from, int to) { edges[from].push_back(to); };
    auto start = [](int i) { return 2 * i; };
    auto end = [](int i) { return 2 * i + 1; };
    for (int v = 0; v < int(steps.size()); ++v) {
      const Step &to = steps[v];
      edge(start(v), end(v)); // H1
      if (to.kind == Step::Wait)
        edge(end(to.set), end(v)); // H4
      for (int u = 0; u < v; ++u) {
        const Step &from = steps[u];
        bool fromAll = from.kind == Step::Barrier && from.pipe == Pipe::ALL;
        bool toAll = to.kind == Step::Barrier && to.pipe == Pipe::ALL;
        if (fromAll || from.pipe == Pipe::S) // H5, H6: dispatched later, S is synchronous
          edge(end(u), start(v));
        if (toAll)
          edge(end(u), end(v)); // H5
        if (from.pipe != to.pipe)
          continue;
        edge(start(u), start(v)); // H2
        if (from.kind == Step::Wait || from.kind == Step::Barrier)
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

private:
  std::vector<std::vector<bool>> reach;
};

/// Pairs of steps that conflict and are not ordered, less the exempt ones (1.4b).
std::set<std::pair<int, int>> expectedRaces(const std::vector<Step> &steps, Arch arch) {
  Closure closure(steps, arch);
  std::set<std::pair<int, int>> races;
  for (int v = 0; v < int(steps.size()); ++v)
    for (int u = 0; u < v; ++u) {
      const Step &x = steps[u], &y = steps[v];
      if (x.kind != Step::Work || y.kind != Step::Work || closure.ordered(u, v))
        continue;
      bool loads = x.pipe == Pipe::MTE2 && y.pipe == Pipe::MTE2 && x.write == y.write;
      if ((x.write.overlaps(y.write) && !loads) || x.write.overlaps(y.read) ||
          x.read.overlaps(y.write))
        races.insert({u, v});
    }
  return races;
}

/// For a failing program: its steps, and the pairs that should race.
std::string listing(const std::vector<Step> &steps, const std::set<std::pair<int, int>> &races) {
  static constexpr const char *kinds[] = {"work", "set", "wait", "barrier"};
  std::string text;
  llvm::raw_string_ostream os(text);
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step &step = steps[i];
    os << i << ": " << kinds[step.kind] << ' ' << name(step.pipe);
    if (step.kind == Step::Work)
      os << " read [" << step.read.begin << ", " << step.read.end << ") write [" << step.write.begin
         << ", " << step.write.end << ')';
    else if (step.kind != Step::Barrier)
      os << (step.kind == Step::Set ? " > " : " < ") << name(step.other) << ' ' << step.id;
    os << '\n';
  }
  for (auto [u, v] : races)
    os << "race: " << u << ' ' << v << '\n';
  return text;
}

/// Writes bytes that depend on what was read and on who writes.
void mixKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(memoryBytes);
  int64_t r0 = context.attribute("r0", 0), r1 = context.attribute("r1", 0);
  int64_t w0 = context.attribute("w0", 0), w1 = context.attribute("w1", 0);
  uint32_t hash = uint32_t(context.attribute("step", 0)) * 2654435761u;
  if (r1 > r0)
    context.read(Space::Vec, r0, bytes.data(), r1 - r0);
  for (int64_t i = 0; i < r1 - r0; ++i)
    hash = (hash ^ bytes[i]) * 16777619u;
  for (int64_t i = 0; i < w1 - w0; ++i)
    bytes[i] = uint8_t(hash >> (i % 24));
  context.write(Space::Vec, w0, bytes.data(), w1 - w0);
}

/// Copies all of the test's memory to GM, on S.
void dumpKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(memoryBytes);
  context.read(Space::Vec, 0, bytes.data(), memoryBytes);
  context.write(Space::GM, context.operands[0].scalar.bits, bytes.data(), memoryBytes);
}

struct RandomProgram {
  RandomProgram(const std::vector<Step> &steps, Arch arch) : k({"out"}, CoreKind::Vector, arch) {
    Step all;
    all.write = {0, memoryBytes};
    emit(all, -1);
    for (size_t i = 0; i < steps.size(); ++i)
      emit(steps[i], int(i));
    k.barrier(Pipe::ALL);
    uint32_t dump = k.call("dump", dumpKernel, Pipe::S, {Operand::Scalar});
    k.issue("dump", dump, {k.b.argument(0)});
    k.finish();
  }
  void emit(const Step &step, int index) {
    int line = 0;
    switch (step.kind) {
    case Step::Work: {
      uint32_t call = k.call("mix", mixKernel, step.pipe, {});
      k.program.calls[call].attributes = {{"r0", step.read.begin},
                                          {"r1", step.read.end},
                                          {"w0", step.write.begin},
                                          {"w1", step.write.end},
                                          {"step", index + 2}};
      line = k.issue("mix", call, {});
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
    }
    if (index >= 0)
      stepAt[at(line)] = index;
  }
  KernelText k;
  std::map<std::string, int> stepAt;
};

struct Verdict {
  std::set<std::pair<int, int>> races;
  std::vector<float> memory;
  uint64_t cycles;
};

Verdict judge(const RandomProgram &program, const Options &options) {
  GlobalMemory memory;
  uint64_t out = memory.allocate(0, "out", memoryBytes);
  Report report = run(program.k.program, memory, oneCore({out}), options);
  Verdict verdict;
  for (const Finding &finding : report.findings) {
    EXPECT_EQ(finding.kind, FindingKind::Race) << textOf(report);
    if (finding.other)
      verdict.races.insert(
          {program.stepAt.at(finding.other->location), program.stepAt.at(finding.where.location)});
  }
  verdict.memory = readFloats(memory, out, memoryBytes / 4);
  verdict.cycles = report.cycles;
  return verdict;
}
} // namespace

TEST(EngineRandom, VerdictIsTheClosureUnderEverySchedule) {
  std::mt19937 random(7);
  unsigned racy = 0, clean = 0;
  for (unsigned n = 0; n < 1500; ++n) {
    Arch arch = n % 3 ? Arch::A3 : Arch::A5;
    std::vector<Step> steps = generate(random, 4 + random() % 24);
    // barrier(V) does not exist on a5
    for (Step &step : steps)
      if (arch == Arch::A5 && step.kind == Step::Barrier && step.pipe == Pipe::V)
        step.pipe = Pipe::MTE2;
    auto expected = expectedRaces(steps, arch);
    RandomProgram program(steps, arch);
    Verdict first = judge(program, {});
    (expected.empty() ? clean : racy)++;
    for (const Options &options : schedules(6)) {
      Verdict verdict = judge(program, options);
      ASSERT_EQ(verdict.races.empty(), expected.empty()) << "program " << n << '\n'
                                                         << listing(steps, expected);
      for (auto pair : verdict.races)
        ASSERT_TRUE(expected.count(pair))
            << "program " << n << ": " << pair.first << " and " << pair.second << " are ordered";
      ASSERT_EQ(verdict.cycles, first.cycles) << "program " << n;
      if (expected.empty())
        ASSERT_EQ(0, std::memcmp(verdict.memory.data(), first.memory.data(), memoryBytes))
            << "program " << n << ": values depend on the schedule";
    }
  }
  std::printf("random programs: %u racy, %u clean, 8 schedules each\n", racy, clean);
  EXPECT_GT(racy, 300u);
  EXPECT_GT(clean, 300u);
}
