//===- SyncCosts.cpp - Which flags a run is slower for ---------------------===//
//
// Where work begins later than its bytes allow, the wait in front of it is a suspect, and the one
// that makes most work late is tried first: the run is repeated with that wait free. What is won is
// measured and not guessed, because a wait that is gone may leave another one standing.
//
//===----------------------------------------------------------------------===//

#include "SyncCosts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace pto;
using namespace pto::sim;

/// The call that has it inside, where it is no operation of its own.
static std::string describe(const SyncSite &site, llvm::StringRef op) {
  std::string inside =
      op.starts_with("pto.wait_flag") || op == "pto.barrier" ? "" : " in " + op.str();
  if (site.from == Pipe::ALL)
    return "pipe_barrier(ALL)" + inside;
  if (site.from == site.to)
    return llvm::formatv("pipe_barrier({0}){1}", name(site.from), inside);
  return llvm::formatv("wait for {0} > {1}{2}", name(site.from), name(site.to), inside);
}

SyncCosts sim::findSyncCosts(const Program &program, uint64_t cycles, uint64_t free,
                             llvm::function_ref<uint64_t(SyncAccount &)> run) {
  constexpr unsigned mostTried = 24; // runs
  SyncCosts costs;
  SyncAccount account;
  run(account);
  uint64_t least = cycles, goal = free + (cycles - std::min(free, cycles)) / 20;
  for (unsigned tried = 0; tried < mostTried && least > goal && !account.late.empty(); ++tried) {
    auto worst = llvm::max_element(account.late, [](const auto &a, const auto &b) {
      return a.second.cycles < b.second.cycles;
    });
    auto [site, late] = *worst;
    account.free.insert(site);
    account.late.clear();
    uint64_t now = run(account);
    const Place &place = program.places[site.place];
    costs.sites.push_back({describe(site, place.op), place.op, place.location,
                           least - std::min(now, least), late.cycles, late.count});
    least = std::min(least, now);
  }
  costs.rest = least - std::min(free, least);
  llvm::erase_if(costs.sites, [](const SyncCosts::Site &site) { return site.cycles == 0; });
  llvm::sort(costs.sites, [](const SyncCosts::Site &a, const SyncCosts::Site &b) {
    return std::tie(b.cycles, a.at, a.what) < std::tie(a.cycles, b.at, b.what);
  });
  return costs;
}

llvm::json::Value SyncCosts::json() const {
  llvm::json::Array list;
  for (const Site &site : sites)
    list.push_back(llvm::json::Object{{"what", site.what},
                                      {"op", site.op},
                                      {"at", site.at},
                                      {"cycles", int64_t(site.cycles)},
                                      {"lateCycles", int64_t(site.late)},
                                      {"count", int64_t(site.count)}});
  return llvm::json::Object{{"sites", std::move(list)}, {"rest", int64_t(rest)}};
}

void sim::printSyncCosts(const SyncCosts &costs, uint64_t cycles, uint64_t free,
                         llvm::raw_ostream &os) {
  constexpr size_t lines = 8;
  os << llvm::formatv("\n  flags and barriers inside the cores cost {0:N} cycles ({1:P2})\n",
                      cycles - std::min(free, cycles),
                      free ? double(cycles) / double(free) - 1 : 0);
  os << llvm::formatv("  {0,10} {1,6}  won when these are free, too\n", "cycles", "times");
  uint64_t others = 0;
  for (auto [i, site] : llvm::enumerate(costs.sites)) {
    if (i >= lines) {
      others += site.cycles;
      continue;
    }
    os << llvm::formatv("  {0,10:N} {1,6:N}  {2} at {3}\n", site.cycles, site.count, site.what,
                        llvm::sys::path::filename(site.at));
  }
  if (others)
    os << llvm::formatv("  {0,10:N}         {1} more\n", others, costs.sites.size() - lines);
  os << llvm::formatv(
      "  {0,10:N}         all others, and the cycle that each set, wait and barrier "
      "takes\n",
      costs.rest);
}
