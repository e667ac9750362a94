//===- Footprint.cpp - Bytes that a program says and does it touches ---------===//

#include "Footprint.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace pto;
using namespace pto::reference;

void Stretches::normalise() {
  std::sort(all.begin(), all.end());
  size_t kept = 0;
  for (auto [begin, end] : std::vector(all)) {
    if (begin >= end)
      continue;
    if (kept && begin <= all[kept - 1].second)
      all[kept - 1].second = std::max(all[kept - 1].second, end);
    else
      all[kept++] = {begin, end};
  }
  all.resize(kept);
}

uint64_t Stretches::bytes() const {
  uint64_t sum = 0;
  for (auto [begin, end] : all)
    sum += end - begin;
  return sum;
}

Stretches Stretches::missingFrom(const Stretches &o) const {
  Stretches out;
  size_t i = 0;
  for (auto [begin, end] : o.all) {
    while (i < all.size() && all[i].second <= begin)
      ++i;
    for (size_t j = i; begin < end; ++j) {
      if (j == all.size() || all[j].first >= end) {
        out.add(begin, end);
        break;
      }
      if (all[j].first > begin)
        out.add(begin, all[j].first);
      begin = std::max(begin, all[j].second);
    }
  }
  return out;
}

Stretches Stretches::commonWith(const Stretches &o) const {
  Stretches out;
  for (auto [begin, end] : o.all)
    for (auto [b, e] : all)
      if (std::max(begin, b) < std::min(end, e))
        out.add(std::max(begin, b), std::min(end, e));
  out.normalise();
  return out;
}

/// The bytes that a region may name.
static Stretches regionBytes(const SyncModel &model, const sync::Region &region, Arch arch,
                             const Arrays &arrays) {
  Stretches out;
  bool isGlobal = region.space == Space::GM;
  uint64_t base = 0, end = isGlobal ? ~uint64_t(0) : capacity(region.space, arch);
  if (isGlobal && region.root != sync::none) {
    llvm::StringRef name = model.program.roots[region.root].name;
    name.consume_front("%");
    if (auto found = arrays.find(name.str()); found != arrays.end())
      std::tie(base, end) = found->second;
  }
  if (!region.offset.known || !region.offset.terms.empty() || region.offset.symbol != sync::none) {
    out.add(base, end); // anywhere
    return out;
  }
  std::vector<int64_t> starts{int64_t(base) + region.offset.constant};
  auto repeat = [&](int64_t count, int64_t stride) {
    std::vector<int64_t> all;
    for (int64_t start : starts)
      for (int64_t i = 0; i < count; ++i)
        all.push_back(start + i * stride);
    starts = std::move(all);
  };
  repeat(region.rotation.count, region.rotation.stride);
  for (const sync::Region::Dim &dim : region.dims)
    repeat(dim.extent, dim.stride);
  for (int64_t start : starts)
    out.add(uint64_t(start), uint64_t(start) + region.run);
  out.normalise();
  return out;
}

std::vector<Claim> reference::claimsOf(const SyncModel &model, Arch arch, const Arrays &arrays) {
  std::vector<Claim> out;
  for (const sync::Node &node : model.program.nodes) {
    bool isAccess = node.kind == sync::NodeKind::Access || node.kind == sync::NodeKind::Publish;
    if (!isAccess || node.source == sync::none)
      continue;
    std::string op = model.sources[node.source]->getName().getStringRef().str();
    auto claim = [&](llvm::ArrayRef<sync::RegionId> regions, bool isWrite) {
      for (sync::RegionId id : regions) {
        const sync::Region &region = model.program.regions[id];
        llvm::StringRef name = region.name;
        name.consume_front("%");
        out.push_back({{op, node.pipe, isWrite, region.space},
                       name.str(),
                       regionBytes(model, region, arch, arrays)});
      }
    };
    claim(node.reads, false);
    claim(node.writes, true);
  }
  return out;
}

Footprint reference::footprintOf(llvm::ArrayRef<sim::Observer::Touch> touches,
                                 const sim::Program &program) {
  Footprint out;
  for (const sim::Observer::Touch &t : touches)
    out[{program.places[t.place].op, t.pipe, t.isWrite, t.space}].add(t.begin, t.end);
  for (auto &[access, bytes] : out)
    bytes.normalise();
  return out;
}

std::vector<std::string> reference::unclaimed(const Footprint &touched,
                                              llvm::ArrayRef<Claim> claims) {
  std::vector<std::string> out;
  for (auto &[access, bytes] : touched) {
    Stretches claimed;
    for (const Claim &claim : claims)
      if (claim.access == access)
        for (auto [begin, end] : claim.bytes.list())
          claimed.add(begin, end);
    claimed.normalise();
    Stretches missing = claimed.missingFrom(bytes);
    if (missing.list().empty())
      continue;
    auto [begin, end] = missing.list().front();
    out.push_back(llvm::formatv("{0} {1} [{2}, {3}) of {4} on {5} ({6} bytes in all), which the "
                                "model does not have",
                                access.op, access.isWrite ? "writes" : "reads", begin, end,
                                name(access.space), name(access.pipe), missing.bytes()));
  }
  return out;
}
