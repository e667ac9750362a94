//===- Report.cpp - Says why there is no plan ------------------------------===//

#include "ptoas/Plan/Plan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::plan;

static std::string overflowHeadline(const Problem &problem, const Failure &failure) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << name(failure.space) << " memory overflows: ";
  if (failure.needed > failure.capacity) {
    if (failure.live.size() == 1 && failure.liveWindows.empty())
      os << "'" << problem.buffers[failure.live.front()].name << "' alone has " << failure.needed
         << " bytes, ";
    else
      os << failure.needed << " bytes are live together, ";
    os << failure.needed - failure.capacity << " more than its " << failure.capacity;
    return text;
  }
  os << failure.needed << " of " << failure.capacity << " bytes are live together, but ";
  if (failure.proven)
    os << "no arrangement of the buffers fits (proven by search; ";
  else
    os << "no arrangement that fits was found (the search gave up, one may exist; ";
  os << "best peak " << failure.best << ")";
  return text;
}

std::string pto::plan::headline(const Problem &problem, const Failure &failure) {
  if (failure.kind == Failure::Overflow)
    return overflowHeadline(problem, failure);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (failure.buffer != none)
    os << "buffer '" << problem.buffers[failure.buffer].name << "': ";
  else if (failure.window != none)
    os << "window '" << problem.windows[failure.window].name << "': ";
  else
    os << name(failure.space) << " memory: ";
  os << failure.text;
  return text;
}

std::vector<std::string> pto::plan::details(const Problem &problem, const Failure &failure,
                                            unsigned limit) {
  std::vector<std::string> lines;
  if (failure.kind != Failure::Overflow)
    return lines;
  uint64_t rest = 0;
  bool pins = false;
  for (auto [count, id] : llvm::enumerate(failure.live)) {
    const Buffer &buffer = problem.buffers[id];
    pins |= buffer.pinned.has_value();
    if (count >= limit) {
      rest += spanOf(buffer);
      continue;
    }
    std::string line = (llvm::Twine(spanOf(buffer)) + " bytes: '" + buffer.name + "'").str();
    if (buffer.slots > 1)
      line +=
          (" (" + llvm::Twine(buffer.slots) + " slots of " + llvm::Twine(buffer.bytes) + ")").str();
    if (buffer.pinned)
      line += (" (pinned at " + llvm::Twine(*buffer.pinned) + ")").str();
    lines.push_back(std::move(line));
  }
  if (failure.live.size() > limit)
    lines.push_back((llvm::Twine(rest) + " bytes: " + llvm::Twine(failure.live.size() - limit) +
                     " smaller buffers")
                        .str());
  for (uint32_t id : failure.liveWindows) {
    const Window &window = problem.windows[id];
    lines.push_back((llvm::Twine(window.bytes) + " bytes: window '" + window.name + "' at " +
                     llvm::Twine(window.address))
                        .str());
  }
  lines.push_back("use smaller tiles or fewer slots, or finish with one of these before the next "
                  "begins");
  if (pins || !failure.liveWindows.empty())
    lines.back() += "; fixed addresses cut the memory into pieces";
  return lines;
}
