//===- Validate.cpp - Judges a memory plan ---------------------------------===//

#include "ptoas/Plan/Validate.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

namespace {

/// Bytes from `first` to one before `past`.
struct Extent {
  uint64_t first, past;
  bool meets(const Extent &o) const { return first < o.past && o.first < past; }
};

uint64_t requiredAlignment(const Buffer &buffer) {
  uint64_t hardware = pto::alignment(buffer.space);
  return buffer.alignment > hardware ? buffer.alignment : hardware;
}

/// Slots one behind the other, each at an aligned place.
Extent extentOf(const Buffer &buffer, uint64_t address) {
  uint64_t unit = requiredAlignment(buffer);
  uint64_t slot = (buffer.bytes + unit - 1) / unit * unit;
  return {address, address + slot * buffer.slots - (slot - buffer.bytes)};
}

std::optional<uint32_t> firstCommonPosition(llvm::ArrayRef<Interval> xs,
                                            llvm::ArrayRef<Interval> ys) {
  std::optional<uint32_t> first;
  for (Interval x : xs)
    for (Interval y : ys) {
      uint32_t begin = std::max(x.begin, y.begin), end = std::min(x.end, y.end);
      if (begin < end && (!first || begin < *first))
        first = begin;
    }
  return first;
}

void judgePlace(const Problem &problem, BufferId id, uint64_t address,
                std::vector<Violation> &found) {
  const Buffer &buffer = problem.buffers[id];
  auto report = [&](Violation::Rule rule) {
    Violation violation;
    violation.rule = rule;
    violation.buffer = id;
    violation.address = address;
    found.push_back(violation);
  };
  if (address % requiredAlignment(buffer)) // P1
    report(Violation::Alignment);
  if (extentOf(buffer, address).past > problem.capacity[unsigned(buffer.space)]) // P2
    report(Violation::Capacity);
  if (buffer.pinned && *buffer.pinned != address) // P5
    report(Violation::Pin);
}

void judgePairs(const Problem &problem, llvm::ArrayRef<uint64_t> address, BufferId id,
                std::vector<Violation> &found) {
  const Buffer &buffer = problem.buffers[id];
  Extent extent = extentOf(buffer, address[id]);
  for (BufferId other = id + 1; other < problem.buffers.size(); ++other) { // P3
    const Buffer &second = problem.buffers[other];
    if (second.space != buffer.space || !extent.meets(extentOf(second, address[other])))
      continue;
    if (auto position = firstCommonPosition(buffer.live, second.live))
      found.push_back({Violation::Overlap, id, other, none, address[id], *position});
  }
  for (uint32_t w = 0; w < problem.windows.size(); ++w) { // P4
    const Window &window = problem.windows[w];
    if (window.space != buffer.space ||
        !extent.meets({window.address, window.address + window.bytes}))
      continue;
    LiveRange always{{0, ~0u}};
    if (auto position =
            firstCommonPosition(buffer.live, window.live.empty() ? always : window.live))
      found.push_back({Violation::Taken, id, none, w, address[id], *position});
  }
}

} // namespace

std::vector<Violation> pto::plan::validate(const Problem &problem, const Plan &plan) {
  std::vector<Violation> found;
  if (plan.address.size() != problem.buffers.size())
    return {Violation()};
  for (BufferId id = 0; id < problem.buffers.size(); ++id) {
    judgePlace(problem, id, plan.address[id], found);
    judgePairs(problem, plan.address, id, found);
  }
  return found;
}

std::string pto::plan::describe(const Problem &problem, const Violation &violation) {
  if (violation.rule == Violation::Missing)
    return "the plan has not one address per buffer";
  const Buffer &buffer = problem.buffers[violation.buffer];
  Extent extent = extentOf(buffer, violation.address);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "buffer '" << buffer.name << "' at bytes " << extent.first << " to " << extent.past
     << " of " << name(buffer.space);
  switch (violation.rule) {
  case Violation::Missing:
    break;
  case Violation::Alignment:
    os << " is not aligned to " << requiredAlignment(buffer);
    break;
  case Violation::Capacity:
    os << " ends above the capacity of " << problem.capacity[unsigned(buffer.space)];
    break;
  case Violation::Overlap:
    os << " shares bytes with '" << problem.buffers[violation.other].name
       << "', which is live at the same time";
    break;
  case Violation::Taken: {
    const Window &window = problem.windows[violation.window];
    os << " shares bytes with the window '" << window.name << "' at " << window.address << " to "
       << window.address + window.bytes;
    break;
  }
  case Violation::Pin:
    os << " is pinned at " << *buffer.pinned;
    break;
  }
  return text;
}
