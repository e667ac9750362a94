//===- Bytes.cpp - Contents and access history of one memory ---------------===//

#include "Bytes.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace pto;
using namespace pto::sim;

static constexpr uint8_t poison = 0xff; // a NaN in every float format

void Bytes::load(uint64_t at, void *into, uint64_t count) const {
  if (count == 0)
    return; // `into` may be null
  uint64_t stored = at < data.size() ? std::min<uint64_t>(count, data.size() - at) : 0;
  if (stored)
    std::memcpy(into, data.data() + at, stored);
  std::memset(static_cast<uint8_t *>(into) + stored, poison, count - stored);
}

void Bytes::store(uint64_t at, const void *from, uint64_t count) {
  if (count == 0)
    return; // `from` may be null
  if (at + count > data.size()) {
    if (data.capacity() < at + count)
      data.reserve(std::min<uint64_t>(size, std::max<uint64_t>(at + count, 2 * data.size())));
    data.resize(at + count, poison);
  }
  std::memcpy(data.data() + at, from, count);
}

void Bytes::splitAt(uint64_t at) {
  auto next = segments.upper_bound(at);
  if (next == segments.begin())
    return;
  auto inside = std::prev(next);
  if (inside->first == at || inside->second.end <= at)
    return;
  Segment upper = inside->second;
  inside->second.end = at;
  segments.emplace_hint(next, at, std::move(upper));
}

Bytes::Map::iterator Bytes::cover(uint64_t begin, uint64_t end) {
  auto first = segments.find(begin);
  if (first != segments.end() && first->second.end == end)
    return first; // the common case: the same tile again
  splitAt(begin);
  splitAt(end);
  auto it = segments.lower_bound(begin);
  for (uint64_t at = begin; at < end; ++it) {
    uint64_t next = it == segments.end() ? end : std::min(end, it->first);
    if (next > at) {
      Segment hole;
      hole.end = next;
      it = segments.emplace_hint(it, at, std::move(hole));
    }
    at = it->second.end;
  }
  return segments.find(begin);
}

void Bytes::mergeAround(uint64_t begin, uint64_t end) {
  auto it = segments.lower_bound(begin);
  if (it != segments.begin())
    --it;
  while (it != segments.end()) {
    auto next = std::next(it);
    if (next == segments.end() || next->first > end)
      return;
    if (it->second.end == next->first && it->second.sameState(next->second)) {
      it->second.end = next->second.end;
      segments.erase(next);
    } else {
      it = next;
    }
  }
}

/// Replaces the entry of the same thread or appends.
static void record(llvm::SmallVectorImpl<Access> &list, const Access &access) {
  for (Access &entry : list)
    if (entry.by.core == access.by.core && entry.by.pipe == access.by.pipe &&
        entry.kind == access.kind) {
      entry = access;
      return;
    }
  list.push_back(access);
}

void Bytes::checkRead(uint64_t begin, uint64_t end, const Access &access, const Clock &clock,
                      Conflict conflict, llvm::function_ref<void(uint64_t, uint64_t)> unwritten,
                      Hidden hidden) const {
  auto it = segments.upper_bound(begin);
  if (it != segments.begin() && std::prev(it)->second.end > begin)
    --it;
  for (uint64_t at = begin; at < end; ++it) {
    uint64_t next = it == segments.end() ? end : std::min(end, it->first);
    if (next > at)
      unwritten(at, next); // a hole
    if (next == end)
      return;
    const Segment &segment = it->second;
    uint64_t first = std::max(at, it->first), last = std::min(end, segment.end);
    if (!segment.written)
      unwritten(first, last);
    for (const Access &writer : segment.writers)
      if (!isOrdered(writer, access.by.core, clock)) {
        if (!isExempt(writer, access))
          conflict(writer, true, first, last);
      } else if (!isVisible(writer, access.by.core, access.by.pipe, clock)) {
        hidden(writer, first, last);
      }
    at = last;
  }
}

void Bytes::recordRead(uint64_t begin, uint64_t end, const Access &access, const Clock &clock) {
  for (auto it = cover(begin, end); it != segments.end() && it->first < end; ++it) {
    Segment &segment = it->second;
    // A reader that is known complete here is covered by this one: who is ordered after this read
    // is ordered after it. Shared inputs have a reader per block; the sweep is kept off those.
    if (segment.readers.size() < 8)
      llvm::erase_if(segment.readers, [&](const Access &reader) {
        return isOrdered(reader, access.by.core, clock);
      });
    record(segment.readers, access);
  }
  mergeAround(begin, end);
}

void Bytes::write(uint64_t begin, uint64_t end, const Access &access, const Clock &clock,
                  Conflict conflict, Hidden hidden) {
  // Exempt pairs are not ordered, so an exempt writer covers no older access of another thread
  // (atomics).
  bool covers = access.kind != AccessClass::Atomic;
  for (auto it = cover(begin, end); it != segments.end() && it->first < end; ++it) {
    Segment &segment = it->second;
    for (bool earlierWrites : {true, false}) {
      auto &list = earlierWrites ? segment.writers : segment.readers;
      llvm::erase_if(list, [&](const Access &earlier) {
        if (earlier.by == access.by)
          return false; // another span of the same item
        if (isOrdered(earlier, access.by.core, clock)) {
          if (earlierWrites && !isVisible(earlier, access.by.core, access.by.pipe, clock))
            hidden(earlier, it->first, segment.end);
          return covers;
        }
        if (!isExempt(earlier, access))
          conflict(earlier, earlierWrites, it->first, segment.end);
        return false;
      });
    }
    segment.written = true;
    record(segment.writers, access);
  }
  mergeAround(begin, end);
}

void Bytes::forEachWriter(
    uint64_t begin, uint64_t end,
    llvm::function_ref<void(const Access &, uint64_t, uint64_t)> visit) const {
  auto it = segments.upper_bound(begin);
  if (it != segments.begin() && std::prev(it)->second.end > begin)
    --it;
  for (; it != segments.end() && it->first < end; ++it)
    for (const Access &writer : it->second.writers)
      visit(writer, std::max(begin, it->first), std::min(end, it->second.end));
}

void Bytes::setVisible(uint64_t begin, uint64_t end, uint32_t core, uint64_t from, uint64_t to) {
  // Segments may reach beyond the range by equal neighbours only, which are stores of one item.
  auto it = segments.upper_bound(begin);
  if (it != segments.begin() && std::prev(it)->second.end > begin)
    --it;
  for (; it != segments.end() && it->first < end; ++it)
    for (Access &writer : it->second.writers)
      if (writer.by.core == core && writer.by.pipe == Pipe::S && writer.visible == from)
        writer.visible = to;
}

void Bytes::markWritten(uint64_t begin, uint64_t end) {
  for (auto it = cover(begin, end); it != segments.end() && it->first < end; ++it)
    it->second.written = true;
  mergeAround(begin, end);
}

bool Bytes::isWritten(uint64_t begin, uint64_t end) const {
  auto it = segments.upper_bound(begin);
  if (it == segments.begin())
    return begin == end;
  for (--it; begin < end; ++it) {
    if (it == segments.end() || it->first > begin || it->second.end <= begin || !it->second.written)
      return false;
    begin = it->second.end;
  }
  return true;
}

void Bytes::forgetAccesses() {
  for (auto &entry : segments) {
    entry.second.writers.clear();
    entry.second.readers.clear();
  }
  if (!segments.empty())
    mergeAround(0, segments.rbegin()->first);
}
