//===- RandomClusterUnroll.cpp - From statements to steps ------------------===//
//
// Loops and branches go; calls of the library become what cross-core 3 to 6 say that they do. FIFOs
// of a5 are the intended ones: credits mean that slots are free.
//
//===----------------------------------------------------------------------===//

#include "RandomClusterOracle.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

bool Region::overlaps(const Region &other) const {
  if (space != other.space || (space != Space::GM && owner != other.owner) || begin >= other.end ||
      other.begin >= end)
    return false;
  auto rows = [](const Region &region, auto visit) {
    int64_t pitch = region.row ? region.pitch : region.end - region.begin;
    for (int64_t at = region.begin; at < region.end; at += pitch)
      visit(at, std::min(region.end, at + (region.row ? region.row : pitch)));
  };
  bool found = false;
  rows(*this, [&](int64_t a0, int64_t a1) {
    rows(other, [&](int64_t b0, int64_t b1) { found |= a0 < b1 && b0 < a1; });
  });
  return found;
}

namespace {
/// What a core has done on a FIFO so far.
struct FifoUse {
  int64_t pushed = 0, popped = 0, freed = 0, credits = 0;
};

class Unroller {
public:
  Unroller(const ClusterProgram &program, Unrolled &result) : program(program), result(result) {}
  void run();

private:
  void body(const std::vector<Node> &nodes, int64_t i);
  void statement(const Statement &statement, int64_t i);
  void work(Step step, const Statement &statement);
  void syncAll(Step step, const Statement &statement);
  void softSync(Step step, const Statement &statement);
  bool fifo(Step step, const Statement &statement);

  // FIFOs
  bool isCube() const { return program.cores[core].kind == CoreKind::Cube; }
  unsigned first() const { return core - core % coresPerBlock; } ///< of the block
  std::vector<int64_t> flags(const Ring &ring, bool sends, bool isFree) const;
  void message(Step step, const Ring &ring, bool sends, bool isFree, bool sets);
  void credit(const Step &step, const Ring &ring, FifoUse &use);
  void push(const Step &step, const Ring &ring, FifoUse &use);
  Region slot(const Ring &ring, int64_t index, bool toCube, bool isVector, unsigned part) const;

  int add(const Step &step) {
    result.ofCore[core].push_back(int(result.steps.size()));
    result.steps.push_back(step);
    return int(result.steps.size()) - 1;
  }
  Region region(const SlotRange &range, int64_t slot) const {
    return {range.space, core, range.begin + slot * range.pitch, range.end + slot * range.pitch};
  }

  const ClusterProgram &program;
  Unrolled &result;
  unsigned core = 0, coresPerBlock = 1;
  std::map<const Statement *, int> numbers;
  std::map<std::pair<unsigned, int64_t>, int> events;     ///< by core: the last copy
  std::map<std::pair<unsigned, int64_t>, bool> isPending; ///< by core and accumulator
  std::map<std::pair<unsigned, int64_t>, FifoUse> uses;   ///< by core and FIFO
};
} // namespace

static void number(const std::vector<Node> &nodes, std::map<const Statement *, int> &numbers) {
  for (const Node &node : nodes)
    if (node.kind == Node::Leaf)
      numbers.emplace(&node.statement, int(numbers.size()));
    else
      number(node.body, numbers);
}

void Unroller::run() {
  coresPerBlock = unsigned(program.cores.size()) / program.blocks;
  for (const CoreProgram &each : program.cores)
    number(each.body, numbers);
  result.ofCore.resize(program.cores.size());
  for (core = 0; core < program.cores.size(); ++core)
    body(program.cores[core].body, 0);
}

void Unroller::body(const std::vector<Node> &nodes, int64_t i) {
  for (const Node &node : nodes)
    switch (node.kind) {
    case Node::Leaf:
      statement(node.statement, i);
      break;
    case Node::Loop:
      for (int64_t n = 0; n < node.trip; ++n)
        body(node.body, n);
      break;
    case Node::If:
      if (i >= node.low && i < node.high && (i - node.low) % node.every == 0)
        body(node.body, i);
      break;
    }
}

void Unroller::statement(const Statement &statement, int64_t i) {
  int64_t slot = statement.index.slot(i);
  Step step;
  step.number = numbers.at(&statement);
  step.core = core;
  step.pipe = statement.pipe;
  step.other = statement.other;
  step.mode = statement.mode;
  step.id = statement.id + (statement.rotates ? slot : 0);
  if (!statement.read.empty())
    step.read = region(statement.read, slot);
  if (!statement.write.empty())
    step.write = region(statement.write, slot);
  auto as = [&](Step::Kind kind) {
    step.kind = kind;
    add(step);
  };
  switch (statement.kind) {
  case Statement::Work:
    return work(step, statement);
  case Statement::ScalarLoad:
    return as(Step::ScalarLoad);
  case Statement::ScalarStore:
    return as(Step::ScalarStore);
  case Statement::Copy:
    step.kind = Step::Copy;
    events[{core, step.id}] = add(step);
    return;
  case Statement::CopyWait: {
    auto event = events.find({core, step.id});
    step.other = Pipe::ALL;
    step.copy = event == events.end() ? -1 : event->second;
    return as(Step::Wait);
  }
  case Statement::Set:
    return as(Step::Set);
  case Statement::Wait:
    return as(Step::Wait);
  case Statement::Barrier:
    return as(Step::Barrier);
  case Statement::Get:
    return as(Step::Get);
  case Statement::Release:
    return as(Step::Release);
  case Statement::CrossSet:
    return as(Step::CrossSet);
  case Statement::CrossWait:
    return as(Step::CrossWait);
  case Statement::Fence:
    return as(Step::Fence);
  case Statement::Clean:
    return as(Step::Clean);
  case Statement::Notify:
    return as(Step::Notify);
  case Statement::Await:
    step.wanted = statement.id2 + (statement.isCumulative ? statement.index.round(i) : 0);
    return as(Step::Await);
  case Statement::SyncAll:
    return syncAll(step, statement);
  case Statement::SoftSync:
    return softSync(step, statement);
  default:
    fifo(step, statement);
  }
}

/// A product with a unit flag waits until what was finished there has been drained; the last one
/// says that it is finished. A store waits for that and says that it is drained.
void Unroller::work(Step step, const Statement &statement) {
  step.accumulates = statement.accumulates;
  if (!statement.unitPhase) {
    add(step);
    return;
  }
  bool isProduct = step.pipe == Pipe::M;
  Step flag = step;
  flag.id = Step::firstUnit + (isProduct ? step.write.begin : step.read.begin);
  flag.read = flag.write = {};
  Pipe peer = isProduct ? Pipe::FIX : Pipe::M;
  bool &pending = isPending[{core, flag.id}];
  flag.other = peer;
  flag.kind = Step::Wait;
  if (!isProduct || pending)
    add(flag);
  if (isProduct)
    pending = false;
  add(step);
  flag.kind = Step::Set;
  if (statement.unitPhase == 3) {
    add(flag);
    pending |= isProduct;
  }
}

/// The legs of cross-core 3.
void Unroller::syncAll(Step step, const Statement &statement) {
  bool onA5 = program.arch == Arch::A5;
  auto leg = [&](Step::Kind kind, Pipe pipe, CrossMode mode, int64_t id) {
    step.kind = kind;
    step.pipe = pipe;
    step.mode = mode;
    step.id = id;
    add(step);
  };
  auto all = [&](Pipe pipe, int64_t id) {
    leg(Step::CrossSet, pipe, CrossMode::SameKind, id);
    leg(Step::CrossWait, Pipe::S, CrossMode::SameKind, id);
  };
  leg(Step::Barrier, Pipe::ALL, CrossMode::SameKind, 0);
  if (statement.cores == SyncAllCores::Vector)
    return all(Pipe::MTE3, 14);
  if (statement.cores == SyncAllCores::Cube)
    return all(Pipe::FIX, 11);
  CrossMode across = onA5 ? CrossMode::Direct : CrossMode::CubeVector;
  if (!isCube()) {
    leg(Step::CrossSet, Pipe::MTE3, across, 12);
    return leg(Step::CrossWait, Pipe::S, across, 13);
  }
  leg(Step::CrossWait, Pipe::S, across, 12);
  if (onA5)
    leg(Step::CrossWait, Pipe::S, across, 28);
  all(Pipe::FIX, 11);
  leg(Step::CrossSet, onA5 ? Pipe::S : Pipe::MTE3, across, 13);
  if (onA5)
    leg(Step::CrossSet, Pipe::S, across, 29);
}

void Unroller::softSync(Step step, const Statement &statement) {
  step.isSoft = true;
  step.wanted = statement.id2 ? statement.id2 : int64_t(program.blocks);
  for (Step::Kind kind :
       {Step::Barrier, Step::Fence, Step::Arrive, Step::Await, Step::Fence, Step::Barrier}) {
    step.kind = kind;
    step.pipe = kind == Step::Barrier ? Pipe::ALL : Pipe::S;
    add(step);
  }
}

//===----------------------------------------------------------------------===//
// FIFOs
//===----------------------------------------------------------------------===//

/// Ids of one message of this core: on a5 the cube core has one for each vector core with a part.
std::vector<int64_t> Unroller::flags(const Ring &ring, bool sends, bool isFree) const {
  bool toCube = isCube() != sends;
  int64_t id = int64_t(ring.shape.flagId) + (isFree ? 1 : 0);
  if (ring.shape.direction == FifoDirection::Both && toCube)
    id += 2;
  if (program.arch == Arch::A5 && isCube() && ring.split != FifoSplit::None)
    return {id, id + 16};
  return {id};
}

/// Sets or awaits the data flag or the free flag, as one who sends or receives tiles.
void Unroller::message(Step step, const Ring &ring, bool sends, bool isFree, bool sets) {
  bool onA5 = program.arch == Arch::A5;
  Pipe receives = !onA5                ? Pipe::MTE2
                  : ring.shape.isLocal ? (isCube() ? Pipe::MTE1 : Pipe::V)
                  : sets && isCube()   ? Pipe::MTE1
                                       : Pipe::MTE2;
  step.pipe = sends ? (isCube() ? Pipe::FIX : Pipe::MTE3) : receives;
  if (!onA5 && !sets)
    step.pipe = Pipe::S;
  step.kind = sets ? Step::CrossSet : Step::CrossWait;
  step.mode = onA5 ? CrossMode::Direct : CrossMode::CubeVector;
  step.read = step.write = {};
  for (int64_t id : flags(ring, sends, isFree)) {
    step.id = id;
    add(step);
  }
}

void Unroller::credit(const Step &step, const Ring &ring, FifoUse &use) {
  int64_t slots = ring.shape.slots, period = slots <= 2 ? slots : slots / 2;
  if (use.pushed >= slots && use.pushed % period == 0) {
    ++use.credits;
    message(step, ring, /*sends=*/true, /*isFree=*/true, /*sets=*/false);
  }
}

/// The bytes of a slot that a core moves: all of them, or the part of a vector core.
Region Unroller::slot(const Ring &ring, int64_t index, bool toCube, bool isVector,
                      unsigned part) const {
  constexpr int64_t all = Ring::bytes, width = Ring::cols * 4;
  bool isLocal = ring.shape.isLocal;
  int64_t begin = index % ring.shape.slots * all + (!isLocal ? ring.gm
                                                    : toCube ? ring.inMat
                                                             : ring.inVec);
  if (!isLocal && toCube && ring.shape.direction == FifoDirection::Both)
    begin += ring.shape.slots * all;
  Region region{isLocal ? (toCube ? Space::Mat : Space::Vec) : Space::GM, 0, begin, begin + all};
  if (isLocal)
    region.owner = toCube ? first() : first() + 1 + part;
  if (ring.split == FifoSplit::None || !isVector)
    return region;
  region.end = begin + all / 2;
  if (isLocal && !toCube)
    return region; // a part begins where the slot does
  bool isUpDown = ring.split == FifoSplit::UpDown;
  if (!isLocal && !isUpDown) { // half of every row
    region.begin += part * width / 2;
    region.end = region.begin + (Ring::rows - 1) * width + width / 2;
    region.row = width / 2;
    region.pitch = width;
  } else if (isLocal && isUpDown) { // half of every column of fractals, which are 16 x 32 bytes
    region.begin += part * 256;
    region.end = region.begin + all - 256;
    region.row = 256;
    region.pitch = 512;
  } else {
    region.begin += part * all / 2;
    region.end += part * all / 2;
  }
  return region;
}

void Unroller::push(const Step &step, const Ring &ring, FifoUse &use) {
  bool toCube = !isCube();
  Step move = step;
  move.kind = Step::Work;
  move.pipe = isCube() ? Pipe::FIX : Pipe::MTE3;
  move.intoFifo = true;
  Step unit = move;
  unit.read = unit.write = {};
  unit.id = Step::firstUnit + step.read.begin;
  unit.other = Pipe::M;
  bool usesUnit = ring.shape.unitFlag && !toCube;
  unit.kind = Step::Wait;
  if (usesUnit)
    add(unit);
  unsigned part = program.cores[core].subblock;
  bool toBoth = ring.shape.isLocal && !toCube && ring.split != FifoSplit::None;
  for (unsigned each = toBoth ? 0 : part; each <= (toBoth ? 1 : part); ++each) {
    move.write = slot(ring, use.pushed, toCube, toCube || ring.shape.isLocal, each);
    add(move);
  }
  unit.kind = Step::Set;
  if (usesUnit)
    add(unit);
}

bool Unroller::fifo(Step step, const Statement &statement) {
  const Ring &ring = program.rings[size_t(statement.id)];
  FifoUse &use = uses[{core, statement.id}];
  int64_t slots = ring.shape.slots, period = slots <= 2 ? slots : slots / 2;
  bool onA5 = program.arch == Arch::A5;
  switch (statement.kind) {
  case Statement::Alloc:
    credit(step, ring, use);
    ++use.pushed;
    return true;
  case Statement::Push:
    credit(step, ring, use);
    push(step, ring, use);
    ++use.pushed;
    [[fallthrough]];
  case Statement::PushEntry:
    message(step, ring, /*sends=*/true, /*isFree=*/false, /*sets=*/true);
    return true;
  case Statement::Pop: {
    message(step, ring, /*sends=*/false, /*isFree=*/false, /*sets=*/false);
    int64_t index = use.popped++;
    if (ring.shape.isLocal)
      return true;
    Step load = step;
    load.kind = Step::Work;
    load.pipe = Pipe::MTE2;
    load.read = slot(ring, index, isCube(), !isCube(), program.cores[core].subblock);
    int64_t bytes = step.write.end - step.write.begin, base = isCube() ? ring.inMat : ring.inVec;
    load.write.begin = base + index % ring.shape.localSlots * (onA5 ? bytes : Ring::bytes);
    load.write.end = load.write.begin + bytes;
    add(load);
    if (use.popped % period == 0)
      message(step, ring, /*sends=*/false, /*isFree=*/true, /*sets=*/true);
    return true;
  }
  case Statement::PopEntry:
    ++use.popped;
    message(step, ring, /*sends=*/false, /*isFree=*/false, /*sets=*/false);
    return true;
  case Statement::Free:
  case Statement::FreeEntry: {
    int64_t count = ring.shape.isLocal ? ++use.freed : use.popped;
    if (count % period == 0)
      message(step, ring, /*sends=*/false, /*isFree=*/true, /*sets=*/true);
    return true;
  }
  default: // EndFifo: credits that were sent and never asked for
    for (int64_t left = use.pushed / period - use.credits; left > 0; --left)
      message(step, ring, /*sends=*/true, /*isFree=*/true, /*sets=*/false);
    return true;
  }
}

Unrolled sim::testing::unroll(const ClusterProgram &program) {
  Unrolled result;
  Unroller(program, result).run();
  return result;
}
