//===- CrossFlags.cpp - Counters, groups and what they carry ---------------===//

#include "CrossFlags.h"
#include "Machine.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

CrossFlags::CrossFlags(Machine &machine) : machine(machine) {
  if (machine.options.leftFlags)
    for (const LeftFlag &left : *machine.options.leftFlags) // HQ10
      if (left.isCross)
        counters[{left.core, left.isDirect, left.id}].tokens.resize(left.count);
}

CrossFlags::Cores CrossFlags::senders(uint32_t core, CrossFlag flag) const {
  CoreKind kind = machine.identity(core).kind;
  switch (flag.mode) {
  case CrossMode::SameKind:
    return machine.coresOfRank(core, kind);
  case CrossMode::Subblocks:
  case CrossMode::CubeVector:
    return machine.coresOfCluster(core, kind);
  case CrossMode::Direct:
    break;
  }
  return {core};
}

CrossFlags::Cores CrossFlags::receivers(uint32_t core, CrossFlag flag) const {
  CoreKind kind = machine.identity(core).kind;
  CoreKind other = kind == CoreKind::Cube ? CoreKind::Vector : CoreKind::Cube;
  switch (flag.mode) {
  case CrossMode::SameKind:
  case CrossMode::Subblocks:
    return senders(core, flag);
  case CrossMode::CubeVector:
    return machine.coresOfCluster(core, other);
  case CrossMode::Direct:
    break;
  }
  Cores peers = machine.coresOfCluster(core, other);
  unsigned subblock = flag.id >= secondVectorCore ? 1 : 0;
  if (kind == CoreKind::Cube)
    llvm::erase_if(peers,
                   [&](uint32_t peer) { return machine.launchOf(peer).subblock != subblock; });
  return peers;
}

int64_t CrossFlags::receivedId(uint32_t from, uint32_t to, CrossFlag flag) const {
  if (!flag.isDirect())
    return flag.id;
  if (machine.identity(from).kind == CoreKind::Cube)
    return flag.id % secondVectorCore;
  return flag.id + (machine.launchOf(from).subblock ? secondVectorCore : 0);
}

void CrossFlags::send(uint32_t core, CrossFlag flag, CrossToken token) {
  Cores group = senders(core, flag);
  if (group.size() > 1) {
    Gate &gate = gates[{flag.mode, group.front(), flag.id}];
    gate[core].push_back(std::move(token));
    if (llvm::any_of(group, [&](uint32_t member) { return gate[member].empty(); }))
      return;
    std::optional<CrossToken> joined;
    for (uint32_t member : group) {
      CrossToken one = std::move(gate[member].front());
      gate[member].pop_front();
      if (!joined) {
        joined = std::move(one);
        continue;
      }
      joined->clock = join(joined->clock, one.clock);
      if (one.time > joined->time) {
        joined->time = one.time;
        joined->by = one.by;
      }
    }
    token = std::move(*joined);
  }
  for (uint32_t to : receivers(core, flag))
    deliver(core, to, flag, token);
  machine.signalled = true;
}

void CrossFlags::deliver(uint32_t from, uint32_t to, CrossFlag flag, const CrossToken &token) {
  int64_t id = receivedId(from, to, flag);
  Counter &counter = counters[{to, flag.isDirect(), id}];
  ++counter.sets;
  checkCount(from, to, counter, id, token);
  counter.tokens.push_back(token);
}

/// Judged by what the senders know of the receiver's waits and not by the count of this run, so
/// that every schedule shows it.
void CrossFlags::checkCount(uint32_t from, uint32_t to, Counter &counter, int64_t id,
                            const CrossToken &token) {
  uint64_t taken = counter.gone;
  const Prefixes *found = token.clock ? token.clock->find(to) : nullptr;
  const Prefixes known = found ? *found : Prefixes{};
  for (unsigned p = 0; p < numPipes; ++p)
    taken += llvm::upper_bound(counter.waits[p], known[p]) - counter.waits[p].begin();
  // What all who set this flag know to be taken need not be remembered.
  counter.senders[from] = known;
  for (unsigned p = 0; p < numPipes; ++p) {
    uint64_t common = known[p];
    for (const auto &[sender, knows] : counter.senders)
      common = std::min(common, knows[p]);
    while (!counter.waits[p].empty() && counter.waits[p].front() <= common) {
      counter.waits[p].pop_front();
      ++counter.gone;
    }
  }
  uint64_t limit = machine.options.crossCount;
  bool isOverrun = llvm::any_of(machine.overruns, [&](const auto &ring) {
    return int64_t(ring.flag) == id || int64_t(ring.flag) + 2 == id;
  });
  if (counter.sets - taken <= limit || isOverrun)
    return;
  // The oldest set that may still stand in the counter.
  const CrossToken *oldest = counter.tokens.empty() ? nullptr : &counter.tokens.front();
  Finding *finding = machine.report(FindingKind::CounterOverflow, token.by,
                                    oldest && oldest->by.position ? &oldest->by : nullptr);
  if (!finding)
    return;
  finding->what = formatv("{0} may count flag {1} of {2} up to {3}; the counter holds {4}",
                          finding->where.op, id, machine.coreName(to), counter.sets - taken, limit);
  finding->notes.push_back("wait for an answer of the receiver earlier, or give the FIFO fewer "
                           "slots: its data flag counts up to the number of slots");
}

bool CrossFlags::isUp(uint32_t core, CrossFlag flag) const {
  auto found = counters.find({core, flag.isDirect(), flag.id});
  return found != counters.end() && !found->second.tokens.empty();
}

CrossToken CrossFlags::take(uint32_t core, CrossFlag flag) {
  auto &tokens = counters[{core, flag.isDirect(), flag.id}].tokens;
  CrossToken token = std::move(tokens.front());
  tokens.pop_front();
  return token;
}

const CrossToken *CrossFlags::peek(uint32_t core, CrossFlag flag, size_t ahead) const {
  auto found = counters.find({core, flag.isDirect(), flag.id});
  return found != counters.end() && found->second.tokens.size() > ahead
             ? &found->second.tokens[ahead]
             : nullptr;
}

void CrossFlags::noteWait(const Occurrence &wait, CrossFlag flag) {
  counters[{wait.core, flag.isDirect(), flag.id}].waits[unsigned(wait.pipe)].push_back(
      wait.position);
}

bool CrossFlags::reaches(uint32_t core, CrossFlag sent, uint32_t waiter, CrossFlag waited) const {
  return sent.isDirect() == waited.isDirect() &&
         llvm::is_contained(receivers(core, sent), waiter) &&
         receivedId(core, waiter, sent) == waited.id;
}

CrossFlags::Cores CrossFlags::possibleSenders(uint32_t core) const {
  CoreKind kind = machine.identity(core).kind;
  CoreKind other = kind == CoreKind::Cube ? CoreKind::Vector : CoreKind::Cube;
  Cores all = machine.coresOfCluster(core, other);
  for (uint32_t peer : machine.coresOfRank(core, kind))
    if (peer != core)
      all.push_back(peer);
  return all;
}

CrossFlags::Cores CrossFlags::missing(uint32_t core, CrossFlag flag) const {
  Cores late;
  for (const auto &[key, gate] : gates) {
    CrossFlag sent{key.mode, key.id};
    if (key.id != flag.id || !llvm::is_contained(receivers(key.firstSender, sent), core))
      continue;
    bool begun = llvm::any_of(gate, [](const auto &queue) { return !queue.second.empty(); });
    for (uint32_t member : senders(key.firstSender, sent)) {
      auto queue = gate.find(member);
      if (begun && (queue == gate.end() || queue->second.empty()))
        late.push_back(member);
    }
  }
  return late;
}

/// What the destructor of the library leaves up; told once per FIFO.
bool CrossFlags::isLibrarys(const CounterKey &key, const Counter &counter) {
  auto found = expected.find(key);
  if (found == expected.end() || found->second.count != counter.tokens.size())
    return false;
  unsigned fifo = found->second.fifo;
  if (llvm::any_of(machine.overruns, [&](const auto &ring) { return ring.flag == fifo; }))
    return true;
  machine.overruns.push_back({fifo, Space::GM, none, 0, 0});
  if (Finding *finding = machine.report(FindingKind::LibraryDefect, counter.tokens.back().by)) {
    finding->what = formatv("flag {0} of {1} still counts {2} when the kernel ends: the destructor "
                            "of the FIFO takes as many credits as its constructor gave, and not "
                            "those that are left",
                            key.id, machine.coreName(key.core), counter.tokens.size());
    finding->notes.push_back("the next FIFO on this flag begins with these credits; give it other "
                             "flags");
  }
  return true;
}

void CrossFlags::checkEnd() {
  for (const auto &[key, counter] : counters) {
    if (counter.tokens.empty() || isLibrarys(key, counter))
      continue;
    if (machine.options.leftFlags)
      machine.leftNow.push_back(
          {key.core, Pipe::S, Pipe::S, true, key.direct, key.id, counter.tokens.size()});
    if (counter.tokens.front().by.position == 0)
      continue; // left by the launch before, which has reported it
    Finding *finding = machine.report(FindingKind::TokenLeft, counter.tokens.front().by,
                                      &machine.returned[key.core]);
    if (!finding)
      continue;
    finding->what = formatv("flag {0} of {1} still counts {2} when the kernel ends", key.id,
                            machine.coreName(key.core), counter.tokens.size());
    finding->notes.push_back(formatv("missing edge: a wait for flag {0} on {1} before it returns",
                                     key.id, machine.coreName(key.core)));
    finding->notes.push_back("every set needs a wait: what stays up releases a wait of the next "
                             "kernel on this core");
  }
  for (const auto &[key, gate] : gates) {
    const Occurrence *late = nullptr; // where one returned that has not set it
    for (uint32_t member : senders(key.firstSender, {key.mode, key.id}))
      if (auto queue = gate.find(member); !late && (queue == gate.end() || queue->second.empty()))
        late = &machine.returned[member];
    for (const auto &[member, queue] : gate)
      if (!queue.empty())
        if (Finding *finding = machine.report(FindingKind::TokenLeft, queue.front().by, late)) {
          finding->what =
              formatv("flag {0} of {1} was set {2} time(s) more than by the cores that set it "
                      "together with it, so nobody receives it",
                      key.id, machine.coreName(member), queue.size());
          finding->notes.push_back("all cores of the group must set the flag equally often");
        }
  }
}
