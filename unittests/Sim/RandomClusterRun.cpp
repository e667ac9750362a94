//===- RandomClusterRun.cpp - Random programs in the engine, and campaigns -===//

#include "RandomCluster.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;
using llvm::formatv;

namespace {
/// Writes bytes that depend on what was read and on who writes.
void mixKernel(KernelContext &context) {
  int64_t r0 = context.operands[0].scalar.asInteger(), w0 = context.operands[1].scalar.asInteger();
  int64_t reads = context.attribute("reads", 0), writes = context.attribute("writes", 0);
  auto readSpace = Space(context.attribute("readSpace", 0));
  auto writeSpace = Space(context.attribute("writeSpace", 0));
  uint32_t hash = uint32_t(context.attribute("number", 0)) * 2654435761u;
  std::vector<uint8_t> bytes(size_t(std::max(reads, writes)));
  if (reads)
    context.read(readSpace, uint64_t(r0), bytes.data(), uint64_t(reads));
  for (int64_t i = 0; i < reads; ++i)
    hash = (hash ^ bytes[size_t(i)]) * 16777619u;
  for (int64_t i = 0; i < writes; ++i)
    bytes[size_t(i)] = uint8_t(hash >> (i % 24));
  if (writes)
    context.write(writeSpace, uint64_t(w0), bytes.data(), uint64_t(writes));
}

/// Zeros into local memory, or local memory into GM.
void fillKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(size_t(context.attribute("bytes", 0)));
  context.write(Space(context.attribute("space", 0)), 0, bytes.data(), bytes.size());
}
void dumpKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(size_t(context.attribute("bytes", 0)));
  context.read(Space(context.attribute("space", 0)), 0, bytes.data(), bytes.size());
  context.write(Space::GM, context.operands[0].scalar.bits, bytes.data(), bytes.size());
}

/// One core's program as a function; arguments: shared GM, cells, the core's dump.
class Lowering {
public:
  Lowering(Program &program, const ClusterProgram &source, unsigned core, int &number)
      : program(program), source(source), core(source.cores[core]), number(number),
        b(program, "core" + std::to_string(core), this->core.kind, {"gm", "cells", "dump"}) {}

  void run() {
    whole("fill", fillKernel, {});
    lower(core.body, none);
    whole("dump", dumpKernel, b.argument(2));
    place("return");
    b.finish();
  }

private:
  Space local() const { return core.kind == CoreKind::Cube ? Space::Mat : Space::Vec; }
  void place(const std::string &text) { b.setPlace(program.addPlace({text, text, ""})); }
  void whole(const char *name, KernelFunction kernel, std::optional<Register> pointer) {
    place(name);
    Call call;
    call.op = name;
    call.kernel = kernel;
    call.pipe = Pipe::S;
    call.attributes = {{"bytes", source.localBytes}, {"space", int64_t(local())}};
    std::vector<uint32_t> operands;
    if (pointer) {
      call.operands.push_back({Operand::Scalar, Element::I64});
      operands.push_back(*pointer);
    }
    b.issue(program.addCall(std::move(call)), operands);
  }

  Register add(Register x, Register y) { return b.arith(ArithOp::AddI, Element::I64, x, y); }
  Register sub(Register x, Register y) { return b.arith(ArithOp::SubI, Element::I64, x, y); }
  Register round(const RoundIndex &index, Register i) {
    return b.arith(ArithOp::DivSI, Element::I64, sub(i, b.constant(index.shift)),
                   b.constant(index.step));
  }
  Register slot(const RoundIndex &index, Register i) {
    return b.arith(ArithOp::RemSI, Element::I64, round(index, i), b.constant(index.modulus));
  }
  Register address(const SlotRange &range, const RoundIndex &index, Register i) {
    Register offset = b.constant(range.begin);
    if (range.pitch && index.modulus > 1)
      offset = add(offset,
                   b.arith(ArithOp::MulI, Element::I64, slot(index, i), b.constant(range.pitch)));
    return range.space == Space::GM && range.end > range.begin ? add(b.argument(0), offset)
                                                               : offset;
  }

  void lower(const std::vector<Node> &nodes, Register i);
  void lowerLoop(const Node &loop);
  void lowerIf(const Node &branch, Register i);
  void lowerStatement(const Statement &statement, Register i);
  void lowerWork(const Statement &statement, Register i);
  Handle cell(const Statement &statement) {
    Register one = b.constant(1);
    return b.view(Element::I32, Layout::ND, add(b.argument(1), b.constant(64 * statement.id)),
                  {one, one}, {one, one});
  }

  Program &program;
  const ClusterProgram &source;
  const CoreProgram &core;
  int &number;
  FunctionBuilder b;
};
} // namespace

void Lowering::lower(const std::vector<Node> &nodes, Register i) {
  for (const Node &node : nodes)
    if (node.kind == Node::Leaf)
      lowerStatement(node.statement, i);
    else if (node.kind == Node::Loop)
      lowerLoop(node);
    else
      lowerIf(node, i);
}

void Lowering::lowerLoop(const Node &loop) {
  Register i = b.newRegister(), one = b.constant(1), trip = b.constant(loop.trip);
  b.copy(i, b.constant(0));
  Label head = b.newLabel(), end = b.newLabel();
  b.place(head);
  b.jumpIf(b.compareI(/*sge=*/5, Element::I64, i, trip), end);
  b.setIteration(i);
  lower(loop.body, i);
  b.copy(i, add(i, one));
  b.jump(head);
  b.place(end);
  b.setIteration(none);
}

void Lowering::lowerIf(const Node &branch, Register i) {
  Label end = b.newLabel();
  b.jumpIf(b.compareI(/*slt=*/2, Element::I64, i, b.constant(branch.low)), end);
  b.jumpIf(b.compareI(/*sge=*/5, Element::I64, i, b.constant(branch.high)), end);
  Register rest = b.arith(ArithOp::RemSI, Element::I64, sub(i, b.constant(branch.low)),
                          b.constant(branch.every));
  b.jumpIf(b.compareI(/*ne=*/1, Element::I64, rest, b.constant(0)), end);
  lower(branch.body, i);
  b.place(end);
}

void Lowering::lowerWork(const Statement &statement, Register i) {
  Call call;
  call.op = "mix";
  call.kernel = mixKernel;
  call.pipe = statement.pipe;
  call.operands = {{Operand::Scalar, Element::I64}, {Operand::Scalar, Element::I64}};
  call.attributes = {{"reads", statement.read.end - statement.read.begin},
                     {"writes", statement.write.end - statement.write.begin},
                     {"readSpace", int64_t(statement.read.space)},
                     {"writeSpace", int64_t(statement.write.space)},
                     {"number", number}};
  Register r0 = address(statement.read, statement.index, i);
  Register w0 = address(statement.write, statement.index, i);
  b.issue(program.addCall(std::move(call)), {r0, w0});
}

void Lowering::lowerStatement(const Statement &statement, Register i) {
  place(std::to_string(number++));
  Register id = statement.rotates ? add(slot(statement.index, i), b.constant(statement.id)) : none;
  switch (statement.kind) {
  case Statement::Work:
    return lowerWork(statement, i);
  case Statement::ScalarLoad:
    b.loadGm(Element::I64, address(statement.read, statement.index, i));
    return;
  case Statement::ScalarStore:
    return b.storeGm(Element::I64, address(statement.write, statement.index, i), none,
                     add(i, b.constant(number)));
  case Statement::Set:
    return id == none ? b.setFlag(statement.pipe, statement.other, statement.id)
                      : b.setFlagDynamic(statement.pipe, statement.other, id);
  case Statement::Wait:
    return id == none ? b.waitFlag(statement.other, statement.pipe, statement.id)
                      : b.waitFlagDynamic(statement.other, statement.pipe, id);
  case Statement::Barrier:
    return b.barrier(statement.pipe);
  case Statement::Get:
    return b.getBuffer(statement.pipe, statement.id, id);
  case Statement::Release:
    return b.releaseBuffer(statement.pipe, statement.id, id);
  case Statement::CrossSet:
    return b.crossSet(statement.pipe, statement.mode, statement.id);
  case Statement::CrossWait:
    return b.crossWait(statement.pipe, statement.mode, statement.id);
  case Statement::Fence:
    return b.fence();
  case Statement::Clean:
    return b.cacheLine(address(statement.read, statement.index, i));
  case Statement::Notify:
    return b.notify(NotifyOp::AtomicAdd, cell(statement), b.constant(1));
  case Statement::Await: {
    Register wanted = b.constant(statement.id2);
    if (statement.isCumulative)
      wanted = add(wanted, round(statement.index, i));
    return b.await(WaitCompare::GE, cell(statement), wanted);
  }
  }
}

ClusterRun sim::testing::runCluster(const ClusterProgram &source, const Options &options) {
  Program program;
  program.arch = source.arch;
  int number = 0;
  for (unsigned core = 0; core < source.cores.size(); ++core)
    Lowering(program, source, core, number).run();

  ClusterRun run;
  if (std::string error = validate(program); !error.empty()) {
    run.report.incomplete = error;
    return run;
  }
  GlobalMemory memory;
  auto zeros = [&](const char *name, uint64_t bytes) {
    uint64_t address = memory.allocate(0, name, bytes);
    std::vector<char> contents(bytes);
    memory.store(address, contents.data(), bytes);
    return address;
  };
  uint64_t gm = zeros("gm", uint64_t(source.gmBytes)),
           cells = zeros("cells", 64 * (source.cells + 1));
  Launch launch;
  std::vector<uint64_t> dumps;
  for (auto [n, core] : llvm::enumerate(source.cores)) {
    launch.ranks.resize(core.rank + 1);
    dumps.push_back(zeros("dump", uint64_t(source.localBytes)));
    unsigned subblocks = source.cores.size() == 3 && core.kind == CoreKind::Vector ? 2 : 1;
    launch.ranks[core.rank].push_back(
        {uint32_t(n), core.subblock, subblocks, {gm, cells, dumps.back()}});
  }
  run.report = sim::run(program, memory, launch, options);
  auto append = [&](uint64_t address, int64_t bytes) {
    size_t at = run.memory.size();
    run.memory.resize(at + size_t(bytes));
    memory.load(address, run.memory.data() + at, uint64_t(bytes));
  };
  append(gm, source.gmBytes);
  for (uint64_t dump : dumps)
    append(dump, source.localBytes);
  auto numberOf = [](const Where &where) {
    int at = -1;
    llvm::StringRef(where.location).getAsInteger(10, at);
    return at;
  };
  for (const Finding &finding : run.report.findings)
    if (finding.kind == FindingKind::Race && finding.other)
      run.races.insert(std::minmax(numberOf(*finding.other), numberOf(finding.where)));
  return run;
}

//===----------------------------------------------------------------------===//
// In words
//===----------------------------------------------------------------------===//

static void list(const std::vector<Node> &nodes, unsigned depth, int &number,
                 llvm::raw_ostream &os) {
  static constexpr const char *kinds[] = {"work", "load", "store",   "set",       "wait",
                                          "bar",  "get",  "release", "cross-set", "cross-wait",
                                          "dsb",  "dcci", "notify",  "await"};
  for (const Node &node : nodes) {
    os.indent(2 * depth);
    if (node.kind == Node::Loop) {
      os << "for i < " << node.trip << '\n';
      list(node.body, depth + 1, number, os);
      continue;
    }
    if (node.kind == Node::If) {
      os << formatv("if {0} <= i < {1}, every {2}\n", node.low, node.high, node.every);
      list(node.body, depth + 1, number, os);
      continue;
    }
    const Statement &s = node.statement;
    os << formatv("{0}: {1} {2}", number++, kinds[s.kind], name(s.pipe));
    if (s.kind == Statement::Set || s.kind == Statement::Wait)
      os << (s.kind == Statement::Set ? " > " : " < ") << name(s.other);
    if (s.isSync() && s.kind != Statement::Barrier && s.kind != Statement::Fence)
      os << " id " << s.id << (s.rotates ? " + slot" : "");
    if (s.kind == Statement::Await)
      os << formatv(" >= round + {0}", s.id2);
    for (auto [what, range] : {std::pair("reads", s.read), std::pair("writes", s.write)})
      if (range.end > range.begin)
        os << formatv(" {0} {1} [{2}, {3}) + {4} slot", what, name(range.space), range.begin,
                      range.end, range.pitch);
    if (s.index.modulus > 1 || s.index.shift || s.index.step > 1)
      os << formatv("  round (i - {0}) / {1}, mod {2}", s.index.shift, s.index.step,
                    s.index.modulus);
    os << '\n';
  }
}

std::string sim::testing::listing(const ClusterProgram &program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  int number = 0;
  for (const CoreProgram &core : program.cores) {
    os << formatv("{0}: {1} core {2} of rank {3}\n", name(program.arch), name(core.kind),
                  core.subblock, core.rank);
    list(core.body, 1, number, os);
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Campaign
//===----------------------------------------------------------------------===//

static std::string describe(uint64_t seed, const char *what, const ClusterProgram &program,
                            const ClusterRun &run, const Judgement &judgement) {
  std::string text = formatv("seed {0}: {1}\n", seed, what);
  llvm::raw_string_ostream os(text);
  os << listing(program);
  run.report.print(os);
  os << "closure:" << (judgement.hangs ? " hangs" : "");
  for (auto [u, v] : judgement.races)
    os << formatv(" race {0} {1},", u, v);
  for (const std::string &other : judgement.others)
    os << ' ' << other << ',';
  return text + "\n";
}

static std::vector<Options> schedulesOf(uint64_t seed, unsigned random) {
  std::vector<Options> all(2 + random);
  all[1].schedule = Schedule::Lazy;
  for (unsigned n = 0; n < random; ++n) {
    all[2 + n].schedule = Schedule::Random;
    all[2 + n].seed = seed * 16 + n;
  }
  return all;
}

ClusterTally sim::testing::clusterCampaign(uint64_t seed, uint64_t count,
                                           unsigned randomSchedules) {
  ClusterTally tally;
  auto complain = [&](uint64_t &counter, std::string text) {
    if (tally.reports.size() < 3)
      tally.reports.push_back(std::move(text));
    ++counter;
  };
  for (uint64_t n = seed; n < seed + count; ++n) {
    ClusterProgram program = randomCluster(n);
    ++tally.programs;
    Judgement verdict = judgeByClosure(program);
    std::vector<Options> schedules = schedulesOf(n, randomSchedules);
    std::vector<uint8_t> first;
    for (auto [s, options] : llvm::enumerate(schedules)) {
      ClusterRun run = runCluster(program, options);
      tally.statements += s == 0 ? run.report.items : 0;
      if (!run.clean() || !verdict.clean()) {
        complain(verdict.clean() ? tally.falseAlarms : tally.disagreed,
                 describe(n, "right by construction", program, run, verdict));
        break;
      }
      if (s == 0)
        first = run.memory;
      else if (run.memory != first)
        complain(tally.unstable, describe(n, "values differ", program, run, verdict));
    }
    unsigned syncs = countSync(program);
    if (syncs == 0)
      continue;
    // One statement less: reported, or redundant by the closure.
    ClusterProgram mutant = withoutSync(program, unsigned((n * 2654435761u) % syncs));
    ++tally.mutants;
    Judgement less = judgeByClosure(mutant);
    tally.redundant += less.clean();
    ClusterRun run = runCluster(mutant, schedules[n % schedules.size()]);
    if (run.clean() && !less.clean())
      complain(tally.missed, describe(n, "not reported", mutant, run, less));
    else if (!run.clean() && less.clean())
      complain(tally.falseAlarms, describe(n, "redundant, but reported", mutant, run, less));
    else if (less.saysAllRaces() && llvm::any_of(run.races, [&](auto pair) {
               return pair.first >= 0 && !less.races.count(pair);
             }))
      complain(tally.disagreed, describe(n, "a race that is none", mutant, run, less));
  }
  return tally;
}

std::string sim::testing::table(const ClusterTally &tally) {
  return formatv(
      "{0} programs right by construction, {1} items; {2} false alarms, {3} whose values "
      "depend on the schedule\n{4} with one synchronisation less: {5} redundant, {6} not "
      "reported, {7} with a wrong pair\n",
      tally.programs, tally.statements, tally.falseAlarms, tally.unstable, tally.mutants,
      tally.redundant, tally.missed, tally.disagreed);
}
