//===- FreeSync.cpp - The bound: synchronisation at no cost ----------------===//

#include "FreeSync.h"
#include "Access.h"

using namespace pto;
using namespace pto::sim;

std::map<uint64_t, TouchTimes::Piece>::iterator TouchTimes::split(uint64_t place) {
  auto it = std::prev(pieces.upper_bound(place));
  return it->first == place ? it : pieces.emplace_hint(std::next(it), place, it->second);
}

uint64_t TouchTimes::readyAt(uint64_t begin, uint64_t end, bool writes) {
  uint64_t ready = 0;
  for (auto it = std::prev(pieces.upper_bound(begin)); it != pieces.end() && it->first < end; ++it)
    ready = std::max({ready, it->second.written, writes ? it->second.read : 0});
  return ready;
}

void TouchTimes::touch(uint64_t begin, uint64_t end, bool writes, uint64_t until) {
  if (begin >= end)
    return;
  split(end);
  for (auto it = split(begin); it->first < end; ++it) {
    uint64_t &time = writes ? it->second.written : it->second.read;
    time = std::max(time, until);
  }
}

uint64_t ItemContext::readyAt() const {
  uint64_t ready = 0;
  for (const std::vector<Span> *spans : {&reads, &writes})
    for (const Span &span : *spans)
      ready = std::max(ready, core.machine.touchTimes[span.memory].readyAt(span.begin, span.end,
                                                                           spans == &writes));
  return ready;
}

void ItemContext::touchUntil(uint64_t time) const {
  for (const std::vector<Span> *spans : {&reads, &writes})
    for (const Span &span : *spans)
      core.machine.touchTimes[span.memory].touch(span.begin, span.end, spans == &writes, time);
}

bool Core::isFree(const SyncSite &site, PipeState &pipe, uint64_t arrival) {
  SyncAccount *account = machine.options.account;
  if (!account)
    return false;
  if (account->free.contains(site))
    return true;
  if (arrival <= pipe.time)
    return false;
  pipe.blamed = site;
  if (&pipe == &pipes[unsigned(Pipe::S)]) { // all that S has not handed out yet is late
    SyncAccount::Late &late = account->late[site];
    late.cycles += arrival - pipe.time;
    ++late.count;
  }
  return false;
}

void Core::waitForBytes(PipeState &pipe, const Item &item, const ItemContext &context) {
  SyncAccount *account = machine.options.account;
  if (!account && !machine.options.freeSync)
    return;
  uint64_t ready = context.readyAt();
  uint64_t earliest = std::max({ready, pipe.workEnd, item.dispatchTime});
  if (account && pipe.blamed && earliest < pipe.time) {
    SyncAccount::Late &late = account->late[*pipe.blamed];
    late.cycles += pipe.time - earliest;
    ++late.count;
  }
  pipe.time = std::max(pipe.time, ready);
}

void Core::scalarTouches(const Span &span, bool writes) {
  if (!machine.options.freeSync && !machine.options.account)
    return;
  uint64_t &time = pipes[unsigned(Pipe::S)].time;
  TouchTimes &touched = machine.touchTimes[span.memory];
  time = std::max(time, touched.readyAt(span.begin, span.end, writes));
  touched.touch(span.begin, span.end, writes, time);
}
