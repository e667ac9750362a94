//===- RandomClusterLower.cpp - Random programs in the engine ---------------===//
//
// One function per core of a block; blocks branch to their own text.
//
//===----------------------------------------------------------------------===//

#include "RandomCluster.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

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
  context.write(Space(context.attribute("space", 0)), uint64_t(context.attribute("begin", 0)),
                bytes.data(), bytes.size());
}
void dumpKernel(KernelContext &context) {
  std::vector<uint8_t> bytes(size_t(context.attribute("bytes", 0)));
  uint64_t begin = uint64_t(context.attribute("begin", 0));
  context.read(Space(context.attribute("space", 0)), begin, bytes.data(), bytes.size());
  context.write(Space::GM, context.operands[0].scalar.bits + begin, bytes.data(), bytes.size());
}

/// TLOAD and TSTORE of FIFOs: the tile is contiguous, the view has rows.
void moveRows(KernelContext &context, const TileOperand &tile, const ViewOperand &view,
              bool isLoad) {
  uint64_t row = uint64_t(view.shape[4]) * bytesOf(view.element);
  std::vector<uint8_t> bytes(row);
  for (uint64_t r = 0; r < uint64_t(view.shape[3]); ++r) {
    uint64_t at = view.address + r * uint64_t(view.stride[3]) * bytesOf(view.element);
    context.read(isLoad ? Space::GM : tile.shape.space, isLoad ? at : tile.address + r * row,
                 bytes.data(), row);
    context.write(isLoad ? tile.shape.space : Space::GM, isLoad ? tile.address + r * row : at,
                  bytes.data(), row);
  }
}
void loadKernel(KernelContext &context) {
  moveRows(context, context.operands[1].tile, context.operands[0].view, true);
}
void storeKernel(KernelContext &context) {
  moveRows(context, context.operands[0].tile, context.operands[2].view, false);
}

/// The programs of one core in all blocks as a function; arguments: shared GM, cells, the dumps.
class Lowering {
public:
  Lowering(Program &program, const ClusterProgram &source, llvm::ArrayRef<unsigned> cores,
           llvm::ArrayRef<int> firstNumbers)
      : program(program), source(source), cores(cores), firstNumbers(firstNumbers),
        kind(source.cores[cores[0]].kind), number(0),
        b(program, "core" + std::to_string(cores[0]), kind, {"gm", "cells", "dump"}) {}

  void run() {
    Label end = b.newLabel();
    for (auto [block, each] : llvm::enumerate(cores)) {
      Label next = b.newLabel();
      b.jumpIf(b.compareI(/*ne=*/1, Element::I64, b.special(SpecialValue::BlockIndex),
                          b.constant(int64_t(block))),
               next);
      core = each;
      number = firstNumbers[each];
      begin();
      lower(source.cores[core].body, none);
      whole("dump", dumpKernel, add(b.argument(2), b.constant(int64_t(block) * source.localBytes)));
      b.jump(end);
      b.place(next);
    }
    b.place(end);
    place("return");
    b.finish();
  }

private:
  Space local() const { return kind == CoreKind::Cube ? Space::Mat : Space::Vec; }
  void place(const std::string &text) { b.setPlace(program.addPlace({text, text, ""})); }
  /// All of local memory but the rings that other cores fill.
  void whole(const char *name, KernelFunction kernel, std::optional<Register> pointer) {
    int64_t begin = 0;
    for (const Ring &ring : source.rings) {
      if (!ring.shape.isLocal)
        continue;
      int64_t at = kind == CoreKind::Cube ? ring.inMat : ring.inVec;
      piece(name, kernel, pointer, begin, at);
      begin = at + ring.shape.slots * Ring::bytes;
    }
    piece(name, kernel, pointer, begin, source.localBytes);
  }
  void piece(const char *name, KernelFunction kernel, std::optional<Register> pointer,
             int64_t begin, int64_t end) {
    place(name);
    Call call;
    call.op = name;
    call.kernel = kernel;
    call.pipe = Pipe::S;
    call.attributes = {{"begin", begin}, {"bytes", end - begin}, {"space", int64_t(local())}};
    std::vector<uint32_t> operands;
    if (pointer) {
      call.operands.push_back({Operand::Scalar, Element::I64});
      operands.push_back(*pointer);
    }
    b.issue(program.addCall(std::move(call)), operands);
  }

  /// Local memory, events of transfers, FIFOs.
  void begin() {
    whole("fill", fillKernel, {});
    if (source.events) {
      events = b.localArray(source.events);
      for (unsigned event = 0; event < source.events; ++event)
        b.storeLocal(events, source.events, b.constant(event), b.constant(0));
    }
    fifos.assign(source.rings.size(), none);
    for (auto [n, ring] : llvm::enumerate(source.rings))
      if (llvm::is_contained(ring.cores, core))
        fifos[n] = b.fifo(program.addFifo(ring.shape), add(b.argument(0), b.constant(ring.gm)),
                          b.constant(ring.inVec), b.constant(ring.inMat));
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

  Handle flatView(const SlotRange &range, const RoundIndex &index, Register i) {
    Register one = b.constant(1);
    return b.view(Element::U8, Layout::ND, address(range, index, i),
                  {one, b.constant(range.end - range.begin)}, {b.constant(range.end), one});
  }
  Handle tile(const Statement &statement, const SlotRange &range, Register i);
  void lowerFifo(const Statement &statement, Register i);
  void lowerEvent(const Statement &statement, Register i);

  Program &program;
  const ClusterProgram &source;
  const llvm::ArrayRef<unsigned> cores;   ///< by block
  const llvm::ArrayRef<int> firstNumbers; ///< of the statements of each core
  const CoreKind kind;
  unsigned core = 0; ///< being lowered
  int number;
  FunctionBuilder b;
  Register events = none;
  std::vector<Handle> fifos;
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
  std::vector<uint32_t> operands{address(statement.read, statement.index, i),
                                 address(statement.write, statement.index, i)};
  call.accumulates = statement.accumulates;
  if (statement.unitPhase) { // goes by the accumulator
    call.attributes.push_back(
        {statement.pipe == Pipe::M ? "accPhase" : "stPhase", statement.unitPhase});
    call.operands.push_back({Operand::Tile});
    operands.push_back(
        tile(statement, statement.pipe == Pipe::M ? statement.write : statement.read, i));
  }
  b.issue(program.addCall(std::move(call)), operands);
}

Handle Lowering::tile(const Statement &statement, const SlotRange &range, Register i) {
  TileShape shape;
  shape.element = Element::F32;
  shape.space = range.space;
  shape.rows = shape.validRows = Ring::rows;
  shape.cols = shape.validCols = Ring::cols;
  bool isBoxed = range.space == Space::Acc || range.space == Space::Mat;
  if (isBoxed) {
    shape.blayout = BLayout::ColMajor;
    shape.slayout = SLayout::RowMajor;
    shape.fractal = range.space == Space::Acc ? 1024 : 512;
  } else if (statement.split == FifoSplit::UpDown) {
    shape.rows = shape.validRows = Ring::rows / 2;
  } else if (statement.split == FifoSplit::LeftRight) {
    shape.cols = shape.validCols = Ring::cols / 2;
  }
  return b.tile(program.addShape(shape), address(range, statement.index, i));
}

/// Transfers by the DMA engine; their events lie in an array of the scalar unit.
void Lowering::lowerEvent(const Statement &statement, Register i) {
  Register event = b.constant(statement.id);
  if (statement.rotates)
    event = add(slot(statement.index, i), event);
  if (statement.kind == Statement::CopyWait) {
    b.asyncWait(b.loadLocal(events, source.events, event));
    return;
  }
  Handle dst = flatView(statement.write, statement.index, i);
  Handle src = flatView(statement.read, statement.index, i);
  b.storeLocal(events, source.events, event,
               b.asyncCopy(/*session=*/b.constant(int64_t(numEventIds) - 1), dst, src));
}

void Lowering::lowerFifo(const Statement &statement, Register i) {
  Handle fifo = fifos[size_t(statement.id)];
  switch (statement.kind) {
  case Statement::Push:
    return b.push(fifo, tile(statement, statement.read, i), statement.split);
  case Statement::Pop:
    return b.pop(fifo, tile(statement, statement.write, i), statement.split);
  case Statement::Free:
    return b.free(fifo, statement.split, /*isEntry=*/false);
  case Statement::Alloc:
    b.allocEntry(fifo, statement.split, 0);
    return;
  case Statement::PushEntry:
    return b.pushEntry(fifo, statement.split);
  case Statement::PopEntry:
    b.popEntry(fifo, statement.split, 0);
    return;
  case Statement::FreeEntry:
    return b.free(fifo, statement.split, /*isEntry=*/true);
  default:
    return b.endFifo(fifo);
  }
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
    if (!statement.polls)
      return b.await(WaitCompare::GE, cell(statement), wanted);
    Handle signal = cell(statement);
    Label again = b.newLabel(), over = b.newLabel();
    b.place(again);
    b.jumpIf(b.test(WaitCompare::GE, signal, wanted), over);
    b.jump(again);
    return b.place(over);
  }
  case Statement::SyncAll:
    return b.syncAll(statement.cores);
  case Statement::SoftSync: {
    Register counter = add(b.argument(1), b.constant(64 * statement.id));
    return b.syncAllSoft(statement.cores, counter,
                         statement.id2 ? b.constant(statement.id2) : none);
  }
  case Statement::Copy:
  case Statement::CopyWait:
    return lowerEvent(statement, i);
  default:
    return lowerFifo(statement, i);
  }
}

static int countStatements(const std::vector<Node> &nodes) {
  int count = 0;
  for (const Node &node : nodes)
    count += node.kind == Node::Leaf ? 1 : countStatements(node.body);
  return count;
}

/// Number of cores of one block, over all ranks.
static unsigned perBlock(const ClusterProgram &source) {
  return unsigned(source.cores.size()) / source.blocks;
}

static Program lowerProgram(const ClusterProgram &source) {
  Program program;
  program.arch = source.arch;
  program.load = loadKernel;
  program.store = storeKernel;
  std::vector<int> firstNumbers{0};
  for (const CoreProgram &core : source.cores)
    firstNumbers.push_back(firstNumbers.back() + countStatements(core.body));
  for (unsigned core = 0; core < perBlock(source); ++core) {
    std::vector<unsigned> cores;
    for (unsigned block = 0; block < source.blocks; ++block)
      cores.push_back(block * perBlock(source) + core);
    Lowering(program, source, cores, firstNumbers).run();
  }
  return program;
}

ClusterRun sim::testing::runCluster(const ClusterProgram &source, const Options &options) {
  Program program = lowerProgram(source);
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
  launch.blocks = source.blocks;
  std::vector<uint64_t> dumps;
  int64_t dumpBytes = source.localBytes * source.blocks;
  for (unsigned n = 0; n < perBlock(source); ++n) {
    const CoreProgram &core = source.cores[n];
    launch.ranks.resize(core.rank + 1);
    dumps.push_back(zeros("dump", uint64_t(dumpBytes)));
    unsigned subblocks = perBlock(source) == 3 && core.kind == CoreKind::Vector ? 2 : 1;
    launch.ranks[core.rank].push_back(
        {uint32_t(n), core.subblock, subblocks, {gm, cells, dumps.back()}});
  }
  Options intended = options;
  intended.primedCredits = false; // a5: the library's own are a defect, told by other tests
  intended.mostSteps = 400000;    // a loop that polls for ever is a hang
  run.report = sim::run(program, memory, launch, intended);
  auto append = [&](uint64_t address, int64_t bytes) {
    size_t at = run.memory.size();
    run.memory.resize(at + size_t(bytes));
    memory.load(address, run.memory.data() + at, uint64_t(bytes));
  };
  append(gm, source.gmBytes);
  for (uint64_t dump : dumps)
    append(dump, dumpBytes);
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
