//===- Signal.cpp - TNOTIFY, TWAIT, TTEST and dsb --------------------------===//
//
// A signal releases what S knew complete at the last dsb before it (C8): the dsb inside TNOTIFY
// comes after the store, and so does its pipe_barrier(ALL) (library 5.3).
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "Scalar.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);

void Core::fence() {
  publishLines();
  PipeState &self = pipes[scalarPipe];
  self.time += machine.options.cost.sync;
  scalar.fenced = self.clock.local;
  scalar.fencedRemote = self.clock.remote;
  if (machine.needsFences())
    scalar.fencedKnown = llvm::makeIntrusiveRefCnt<Clock>(self.clock);
}

static Operand signalOperand(const ViewOperand &signal) {
  Operand operand;
  operand.kind = Operand::View;
  operand.view = signal;
  return operand;
}

int32_t Core::signal(const Occurrence &by, const ViewOperand &signal, NotifyOp op, int32_t value) {
  int32_t old = 0;
  uint64_t begin = pipes[scalarPipe].time;
  cleanLine(signal.address); // the call begins and ends with a dcci
  bool reads = op == NotifyOp::AtomicAdd;
  if (reads && !scalarRead(by, Space::GM, signal.address, &old, sizeof old, AccessClass::Atomic))
    return 0;
  auto released = llvm::makeIntrusiveRefCnt<RemoteClock>();
  if (scalar.fencedRemote)
    released->cores = scalar.fencedRemote->cores;
  released->raise(number, scalar.fenced);
  auto [cell, isNew] = machine.signals.try_emplace(signal.address);
  auto &history = cell->second.history;
  if (isNew) {
    int32_t before = 0;
    machine.memory.load(signal.address, &before, sizeof before);
    history.push_back({before, nullptr, 0, none, 0, 0});
  }
  value = int32_t(uint32_t(old) + uint32_t(value));
  scalarWrite(by, Space::GM, signal.address, &value, sizeof value, AccessClass::Atomic);
  // Others see it when the dsb inside the call is through.
  history.push_back({value, join(history.back().released, released),
                     std::max(history.back().time, begin + machine.options.cost.sync), number,
                     by.place, begin});
  machine.signalled = true;
  machine.trimHistory(cell->second);
  return old;
}

void Core::notify(const Instruction &instruction) {
  const ViewOperand &cell = handles[instruction.in[0]].view;
  Occurrence by = here();
  beginScalarAccess(by);
  uint64_t begin = pipes[scalarPipe].time;
  signal(by, cell, NotifyOp(instruction.kind), int32_t(words[instruction.in[1]]));
  fence();
  drawOp(SliceKind::Sync, by, begin, pipes[scalarPipe].time, signalOperand(cell));
  dispatchBarrier(Pipe::ALL, Phase::Sync);
}

/// Soft SYNCALL: counts this core in; the round is over when all have come.
void Core::arrive(const MicroStep &step) {
  Occurrence by = here(Phase::Sync);
  beginScalarAccess(by);
  int64_t before = signal(by, step.view, NotifyOp::AtomicAdd, 1);
  pipes[scalarPipe].time += machine.options.cost.scalarLoad;
  scalar.micro.front().count =
      (before / step.count + 1) * step.count; // of the AwaitCount behind it
}

SignalWait Core::signalWait(const Instruction &instruction) const {
  return {handles[instruction.in[0]].view, WaitCompare(instruction.kind),
          int32_t(words[instruction.in[1]]), true};
}

void Core::awaitSignal(SignalWait wait) {
  scalar.state = State::OnSignal;
  scalar.at = here(wait.isInstruction ? Phase::Self : Phase::Sync);
  scalar.signal = std::move(wait);
}

void sim::forEachCell(const ViewOperand &view, llvm::function_ref<void(uint64_t)> visit) {
  std::array<int64_t, 5> at{};
  int64_t cells = 1;
  for (int64_t extent : view.shape)
    cells *= extent;
  for (int64_t n = 0; n < cells; ++n) {
    int64_t offset = 0;
    for (unsigned d = 0; d < 5; ++d)
      offset += at[d] * view.stride[d];
    visit(view.address + uint64_t(offset) * sizeof(int32_t));
    for (unsigned d = 5; d-- > 0;) {
      if (++at[d] < view.shape[d])
        break;
      at[d] = 0;
    }
  }
}

bool Core::signalHolds(const SignalWait &wait) const {
  bool all = true;
  forEachCell(wait.signal, [&](uint64_t address) {
    int32_t value = 0;
    // A cell outside every array never changes: let it pass, `acquire` reports it.
    if (machine.memory.load(address, &value, sizeof value))
      all &= holds(wait.compare, value, wait.against);
  });
  return all;
}

/// The first cell that does not satisfy the wait, and that nothing can make satisfy it.
std::string Core::explainSignal(const SignalWait &wait) const {
  static constexpr const char *symbols[] = {"==", "!=", ">", ">=", "<", "<="};
  int32_t value = 0;
  std::optional<uint64_t> cell;
  forEachCell(wait.signal, [&](uint64_t address) {
    int32_t found = 0;
    if (cell || !machine.memory.load(address, &found, sizeof found) ||
        holds(wait.compare, found, wait.against))
      return;
    cell = address;
    value = found;
  });
  const GlobalMemory::Allocation *array = machine.memory.find(*cell);
  auto signal = machine.signals.find(*cell);
  size_t seen = signal == machine.signals.end() ? 0 : signal->second.writes();
  std::string after =
      seen ? llvm::formatv(" after {0} {1}", seen, seen == 1 ? "write" : "writes").str() : "";
  return llvm::formatv("waits until the signal at byte {0} of '{1}' of rank {2} is {3} {4}; it is "
                       "{5}{6}{7}",
                       *cell - array->address, array->name, array->rank,
                       symbols[unsigned(wait.compare)], wait.against, value,
                       machine.memory.isInitialised(*cell, sizeof value) ? "" : " (never written)",
                       after);
}

void Core::acquire(const SignalWait &wait) {
  PipeState &self = pipes[scalarPipe];
  Occurrence by = here();
  beginScalarAccess(by);
  uint64_t before = self.time;
  llvm::SmallVector<const SignalCell::Entry *, 4> heard;
  forEachCell(wait.signal, [&](uint64_t address) {
    int32_t value = 0;
    cleanLine(address); // each look begins with a dcci
    scalarRead(by, Space::GM, address, &value, sizeof value, AccessClass::Atomic);
    auto cell = machine.signals.find(address);
    if (cell == machine.signals.end())
      return;
    // The wait may have passed as soon as the condition began to hold: it learns nothing from
    // signals after that.
    const auto &history = cell->second.history;
    size_t first = history.size() - 1;
    while (first > 0 && holds(wait.compare, history[first - 1].value, wait.against))
      --first;
    self.clock.remote = join(self.clock.remote, history[first].released);
    self.time = std::max(self.time, history[first].time);
    if (history[first].core != none)
      heard.push_back(&history[first]);
  });
  self.account.stalled += self.time - before;
  draw(SliceKind::Stall, "stall: signal", by, before, self.time);
  for (const SignalCell::Entry *entry : heard)
    drawArrow("signal", entry->core, Pipe::S, Pipe::S, entry->notified, self.time);
  uint64_t begin = std::exchange(self.time, self.time + machine.options.cost.scalarLoad);
  drawOp(SliceKind::Sync, by, begin, self.time, signalOperand(wait.signal));
  scalarKnows();
}

void Core::test(const Instruction &instruction) {
  SignalWait wait = signalWait(instruction);
  bool passed = signalHolds(wait);
  if (passed)
    acquire(wait);
  else {
    uint64_t &time = pipes[scalarPipe].time;
    uint64_t begin = std::exchange(time, time + machine.options.cost.scalarLoad);
    drawOp(SliceKind::Sync, here(), begin, time, signalOperand(wait.signal));
  }
  words[instruction.result] = passed;
  hasYielded = true;
}
