//===- Bytes.h - Contents and access history of one memory ------*- C++ -*-===//
//
// The history is an ordered map of segments, split where an access begins or ends and merged where
// neighbours agree, so its size follows the shapes in use and not the bytes or the length of the
// run.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_ENGINE_BYTES_H
#define PTOAS_LIB_SIM_ENGINE_BYTES_H

#include "Clock.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <map>
#include <vector>

namespace pto::sim {

/// The part of a library call that an item is.
enum class Phase : uint8_t { Self, Load, Store, Sync };

/// One execution of one instruction, as far as messages and order need it.
struct Occurrence {
  uint32_t core = 0;
  uint32_t place = 0; ///< index into Program::places
  Pipe pipe = Pipe::S;
  Phase phase = Phase::Self;
  bool hasIteration = false;
  int64_t iteration = 0;
  uint64_t sequence = 0; ///< dispatch order on its core: program order
  uint64_t position = 0; ///< in the queue of its pipe, from 1
  uint64_t call = 0; ///< steps of one execution of a library call that moves tiles share a number

  bool operator==(const Occurrence &o) const {
    return core == o.core && sequence == o.sequence && phase == o.phase;
  }
};

/// What kind of access: which pairs need no order among themselves (sync 3).
enum class AccessClass : uint8_t {
  Plain,
  Load,       ///< write of on-chip memory by MTE2
  Accumulate, ///< of an accumulator by M
  Replay,     ///< write of GM that both vector cores of a block do (cross-core 4)
  Atomic      ///< atomic add to GM, TNOTIFY, TWAIT
};

struct Access {
  Occurrence by;
  AccessClass kind = AccessClass::Plain;
  uint64_t footprint = 0; ///< hash of all bytes that the item writes in this memory; of a Replay of
                          ///< what it writes
  /// Writes by S of GM: the position on S of the dsb from which on others see the bytes (C8); until
  /// then they are in the data cache. For all other writes the position itself.
  uint64_t visible = 0;
  static constexpr uint64_t cached = ~uint64_t(0), cleaned = cached - 1; ///< no dsb yet
  bool operator==(const Access &o) const {
    return by == o.by && kind == o.kind && visible == o.visible;
  }
};

/// May `x` and `y`, of which at least one writes, stay unordered?
inline bool isExempt(const Access &x, const Access &y) {
  if (x.kind != y.kind || x.kind == AccessClass::Plain)
    return false;
  if (x.kind == AccessClass::Atomic)
    return true;
  bool isReplay = x.kind == AccessClass::Replay;
  return (x.by.core == y.by.core) != isReplay && x.by.pipe == y.by.pipe &&
         x.footprint == y.footprint;
}

/// Has `x` completed before an item with this clock starts?
inline bool isOrdered(const Access &x, uint32_t core, const Clock &clock) {
  if (x.by.core == core)
    return x.by.position <= clock.local[unsigned(x.by.pipe)];
  const Prefixes *known = clock.remote ? clock.remote->find(x.by.core) : nullptr;
  return known && x.by.position <= (*known)[unsigned(x.by.pipe)];
}

/// Does an agent with this clock see what `x` has written, given that it is complete? `agent` and
/// `core` are who looks.
inline bool isVisible(const Access &x, uint32_t core, Pipe agent, const Clock &clock) {
  if (x.by.pipe != Pipe::S || (x.by.core == core && agent == Pipe::S))
    return true;
  if (x.visible >= Access::cleaned)
    return false;
  if (x.by.core == core)
    return x.visible <= clock.local[unsigned(Pipe::S)];
  const Prefixes *known = clock.remote ? clock.remote->find(x.by.core) : nullptr;
  return known && x.visible <= (*known)[unsigned(Pipe::S)];
}

class Bytes {
public:
  explicit Bytes(uint64_t size) : size(size) {}
  const uint64_t size;

  /// Poison where nothing was stored. The range must lie inside.
  void load(uint64_t at, void *into, uint64_t count) const;
  void store(uint64_t at, const void *from, uint64_t count);

  /// `conflict` is called for every recorded access that the new one is not ordered after (C1),
  /// `unwritten` for every stretch without a value. An item first checks its reads, then writes,
  /// then records its reads: a record takes the place of an older one of its pipe, which the writes
  /// must still see.
  using Conflict =
      llvm::function_ref<void(const Access &earlier, bool earlierWrites, uint64_t, uint64_t)>;
  /// `hidden`: a write that the access is ordered after, but whose bytes it may not see (C8).
  using Hidden = llvm::function_ref<void(const Access &earlier, uint64_t, uint64_t)>;
  void checkRead(uint64_t begin, uint64_t end, const Access &access, const Clock &clock,
                 Conflict conflict, llvm::function_ref<void(uint64_t, uint64_t)> unwritten,
                 Hidden hidden) const;
  void write(uint64_t begin, uint64_t end, const Access &access, const Clock &clock,
             Conflict conflict, Hidden hidden);
  void recordRead(uint64_t begin, uint64_t end, const Access &access, const Clock &clock);

  /// Calls `visit` with every recorded write of the range.
  void forEachWriter(uint64_t begin, uint64_t end,
                     llvm::function_ref<void(const Access &, uint64_t, uint64_t)> visit) const;
  /// The scalar stores of `core` that have `from` as their visibility get `to`.
  void setVisible(uint64_t begin, uint64_t end, uint32_t core, uint64_t from, uint64_t to);

  void markWritten(uint64_t begin, uint64_t end);
  bool isWritten(uint64_t begin, uint64_t end) const;
  /// Everything so far is complete.
  void forgetAccesses();
  /// Number of segments, for tests of the growth.
  size_t segmentCount() const { return segments.size(); }

private:
  struct Segment {
    uint64_t end = 0;
    bool written = false;
    llvm::SmallVector<Access, 1> writers, readers; ///< at most one per thread, in order of arrival
    bool sameState(const Segment &o) const {
      return written == o.written && writers == o.writers && readers == o.readers;
    }
  };
  using Map = std::map<uint64_t, Segment>;

  /// Cuts at both ends and fills holes, so that segments cover [begin, end) exactly; the first of
  /// them.
  Map::iterator cover(uint64_t begin, uint64_t end);
  void splitAt(uint64_t at);
  /// Merges equal neighbours among the segments that touch [begin, end].
  void mergeAround(uint64_t begin, uint64_t end);

  std::vector<uint8_t> data; ///< up to the highest byte stored
  Map segments;              ///< by first byte; holes were never touched
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_BYTES_H
