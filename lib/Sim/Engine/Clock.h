//===- Clock.h - What is known to be complete -------------------*- C++ -*-===//
//
// Per observer and pipe one integer is exact: completion becomes visible only through sets,
// barriers and waits (H3 - H6), and those speak about prefixes of a pipe's queue. Knowledge of
// other cores is rare, so it is shared and sparse.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_ENGINE_CLOCK_H
#define PTOAS_LIB_SIM_ENGINE_CLOCK_H

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <array>

namespace pto::sim {

/// What moves data for a core: its pipes, and behind them the DMA engine of asynchronous transfers,
/// which takes the place of ALL.
inline constexpr unsigned numAgents = numPipes + 1;
inline constexpr Pipe dmaEngine = Pipe::ALL;
static_assert(unsigned(dmaEngine) == numPipes);

/// For each of them: every item up to this position (from 1) of its queue is complete.
using Prefixes = std::array<uint64_t, numAgents>;

inline bool raise(Prefixes &into, const Prefixes &by) {
  bool changed = false;
  for (unsigned p = 0; p < numAgents; ++p)
    if (by[p] > into[p]) {
      into[p] = by[p];
      changed = true;
    }
  return changed;
}

inline bool covers(const Prefixes &all, const Prefixes &some) {
  for (unsigned p = 0; p < numAgents; ++p)
    if (all[p] < some[p])
      return false;
  return true;
}

/// Prefixes of other cores, sorted by core. Immutable once shared.
struct RemoteClock : llvm::RefCountedBase<RemoteClock> {
  llvm::SmallVector<std::pair<uint32_t, Prefixes>, 2> cores;

  const Prefixes *find(uint32_t core) const {
    const auto *at = llvm::lower_bound(
        cores, core, [](const auto &entry, uint32_t c) { return entry.first < c; });
    return at != cores.end() && at->first == core ? &at->second : nullptr;
  }
  void raise(uint32_t core, const Prefixes &by) {
    auto *at = llvm::lower_bound(cores, core,
                                 [](const auto &entry, uint32_t c) { return entry.first < c; });
    if (at != cores.end() && at->first == core)
      pto::sim::raise(at->second, by);
    else
      cores.insert(at, {core, by});
  }
};
using RemoteRef = llvm::IntrusiveRefCntPtr<const RemoteClock>;

inline RemoteRef join(const RemoteRef &a, const RemoteRef &b) {
  if (a == b || !b)
    return a;
  if (!a)
    return b;
  // Most joins bring what is known already; those must not copy.
  bool isNews = llvm::any_of(b->cores, [&](const auto &entry) {
    const Prefixes *known = a->find(entry.first);
    return !known || !covers(*known, entry.second);
  });
  if (!isNews)
    return a;
  auto both = llvm::makeIntrusiveRefCnt<RemoteClock>(*a);
  for (const auto &[core, prefixes] : b->cores)
    both->raise(core, prefixes);
  return both;
}

struct Clock : llvm::RefCountedBase<Clock> {
  Prefixes local{};
  RemoteRef remote;

  void join(const Clock &other) {
    raise(local, other.local);
    remote = pto::sim::join(remote, other.remote);
  }
};
using ClockRef = llvm::IntrusiveRefCntPtr<const Clock>;

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_CLOCK_H
