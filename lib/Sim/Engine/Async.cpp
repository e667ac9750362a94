//===- Async.cpp - Transfers by the DMA engine -----------------------------===//
//
// A transfer reads and writes some time between its call and the end of the wait for its event.
// The engine is one more agent of the core: it starts in order what S posts, keeps no order among
// neighbours, and a wait speaks about all that was posted up to its event. No pipe_barrier knows of
// it.
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S), dmaPipe = unsigned(dmaEngine);

/// Both views are flat.
static void copyFlat(KernelContext &context) {
  const ViewOperand &dst = context.operands[0].view, &src = context.operands[1].view;
  int64_t elements = 1;
  for (int64_t extent : src.shape)
    elements *= std::max<int64_t>(extent, 0);
  std::vector<uint8_t> bytes(uint64_t(elements) * bytesOf(src.element));
  context.read(Space::GM, src.address, bytes.data(), bytes.size());
  context.write(Space::GM, dst.address, bytes.data(), bytes.size());
}

void Core::startCopy(const Instruction &instruction) {
  const uint32_t *pool = function.pool.data() + instruction.poolFirst;
  PipeState &self = pipes[scalarPipe], &engine = pipes[dmaPipe];
  words[instruction.result] = 0;
  Occurrence post = here();
  beginScalarAccess(post);
  self.time += machine.options.cost.scalarLoad;
  if (pool[0] == none || pool[1] == none)
    return; // a prefetch: nothing that a program can see
  checkSessionFlags(instruction, post);
  Item item;
  item.by = here();
  item.by.pipe = dmaEngine;
  item.by.sequence = ++sequence;
  item.by.position = ++engine.dispatched;
  item.call = &machine.copy;
  item.operands.resize(2);
  for (unsigned i = 0; i < 2; ++i) {
    item.operands[i].kind = Operand::View;
    item.operands[i].view = handles[pool[i]].view;
  }
  ++machine.items;
  ++backlog;
  engine.clock.join(self.clock);
  engine.time = std::max(engine.time, self.time);
  FlyingItem &flying = engine.flying.emplace_back();
  flying.by = item.by;
  ItemContext context(*this, item, flying);
  copyFlat(context);
  context.judge(engine.clock, engine.clock, false);
  checkSharedLines(context.writtenSpans(), item.by, engine.clock);
  context.noteGmWrite(engine);
  engine.time += machine.options.cost.cycles(item.call->op, Pipe::MTE3, item.operands,
                                             context.readBytes, context.writtenBytes);
  ++engine.inFlight;
  words[instruction.result] = item.by.position;
}

/// The library hands over between MTE2 and MTE3 with the id of the session, in one direction or in
/// both: a token of the caller on either flag may be taken by it (C5).
void Core::checkSessionFlags(const Instruction &instruction, const Occurrence &by) {
  int64_t id = instruction.in[0] == none ? 0 : int64_t(words[instruction.in[0]]);
  for (FlagKey key : {FlagKey{Pipe::MTE2, Pipe::MTE3, id}, FlagKey{Pipe::MTE3, Pipe::MTE2, id}}) {
    auto flag = flags.find(key);
    if (flag == flags.end() || flag->second.balance <= 0)
      continue;
    if (Finding *finding = machine.report(FindingKind::FlagCollision, by, &flag->second.lastSet)) {
      finding->what = formatv("{0} uses {1}, the id of its session, while the token of {2} has not "
                              "been waited for",
                              finding->where.op, key.describe(), finding->other->op);
      finding->notes.push_back("give the session another sync_id, or wait for the flag before");
    }
  }
}

bool Core::isCopied(uint64_t event) const {
  const auto &flying = pipes[dmaPipe].flying; // the first is not done
  return flying.empty() || flying.front().by.position > event;
}

/// S learns that all up to `event` is complete.
void Core::finishCopy(uint64_t event) {
  PipeState &self = pipes[scalarPipe];
  uint64_t begin = self.time;
  self.time = std::max(self.time, pipes[dmaPipe].time);
  self.account.stalled += self.time - begin;
  draw(SliceKind::Stall, "stall: transfer", here(), begin, self.time);
  uint64_t &known = self.clock.local[dmaPipe];
  known = std::max(known, event);
  scalarKnows();
}

void Core::executeAsync(const Instruction &instruction) {
  if (instruction.opcode == Opcode::AsyncCopy) {
    startCopy(instruction);
    ++scalar.pc;
    return;
  }
  uint64_t event = std::min(words[instruction.in[0]], pipes[dmaPipe].dispatched);
  if (instruction.opcode == Opcode::AsyncWait) {
    scalar.event = event;
    scalar.state = State::OnCopy;
    scalar.at = here();
    return;
  }
  bool isDone = isCopied(event);
  words[instruction.result] = isDone;
  if (isDone)
    finishCopy(event);
  // A program that asks in a loop gets its answer the second time.
  while (!isCopied(event))
    completePosition(pipes[dmaPipe], pipes[dmaPipe].flying.front().by.position);
  hasYielded = true;
  ++scalar.pc;
}
