//===- InsertDrains.cpp - Where no id is left for a handoff ----------------===//
//
// A drain is a flag to S that is set and waited for at one place. It holds dispatch, as bar(ALL)
// does, but waits for one pipe only; and it takes an id for no longer than that place (sync 13.4).
//
//===----------------------------------------------------------------------===//

#include "InsertIds.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

static bool isSamePair(const Flag &a, const Flag &b) { return a.from == b.from && a.to == b.to; }

bool Plan::addDrain(ListId list, uint32_t before, Pipe pipe, llvm::ArrayRef<Reason> reasons) {
  bool fresh = addBarrier(list, before, Pipe::ALL, reasons);
  auto &barriers = points[tree.lists[list].items[before]].barriers;
  auto &drains = llvm::find_if(barriers, [](auto &b) { return b.pipe == Pipe::ALL; })->drains;
  if (!fresh && drains.empty())
    return false; // bar(ALL)
  llvm::ArrayRef<Flag> way = waysToScalar[unsigned(pipe)];
  if (way.empty()) {
    drains.clear();
    return true;
  }
  bool grows = false;
  for (const Flag &flag :
       llvm::reverse(way)) // of a way the last comes after all that its pipe learns
    if (llvm::none_of(drains, [&](const Flag &f) { return isSamePair(f, flag); })) {
      drains.insert(drains.begin(), flag);
      grows = true;
    }
  return grows;
}

/// Over pairs that the vendor lists and that have an id which nobody owns: directly, or by way of
/// another pipe.
void IdAllocator::findWaysToScalar() {
  auto isOpen = [&](Pipe from, Pipe to) {
    if (!flagPairIsListed(from, to) || !sweep.tracks(from) || !sweep.tracks(to))
      return false;
    return llvm::any_of(llvm::seq<int64_t>(tree.program.eventIds),
                        [&](int64_t id) { return !taken[slot(from, to, id)]; });
  };
  for (unsigned p = 0; p < numPipes; ++p) {
    llvm::SmallVector<Flag, 2> &way = plan.waysToScalar[p];
    if (Pipe(p) == Pipe::S)
      continue;
    if (isOpen(Pipe(p), Pipe::S))
      way = {{Pipe(p), Pipe::S}};
    for (unsigned relay = 0; relay < numPipes && way.empty(); ++relay)
      if (relay != p && isOpen(Pipe(p), Pipe(relay)) && isOpen(Pipe(relay), Pipe::S))
        way = {{Pipe(p), Pipe(relay)}, {Pipe(relay), Pipe::S}};
  }
}

/// The one that rested longest of up to three. `handoffs`: ids that handoffs have, by pair and id.
std::optional<int32_t> IdAllocator::idForDrain(const Flag &flag, Position at,
                                               const std::vector<bool> &handoffs) {
  constexpr unsigned enough = 3; // as for handoffs
  unsigned inUse = 0;
  for (int64_t id = 0; id < tree.program.eventIds; ++id)
    inUse += !arcsOf(flag.from, flag.to, id).empty();
  std::optional<std::tuple<bool, Position, int32_t>> best;
  for (int64_t id = 0; id < tree.program.eventIds; ++id) {
    size_t index = slot(flag.from, flag.to, id);
    // Everybody knows of what S has waited for (H6). On the way to another pipe C3 holds among
    // drains, of which each knows of those before; a handoff's wait it may not know of.
    if (taken[index] || (flag.to != Pipe::S && handoffs[index]))
      continue;
    const Arcs &users = arcs[index];
    auto next = users.lower_bound(at);
    Position lastUse = next == users.begin() ? 0 : std::prev(next)->second.to;
    if (lastUse > at)
      continue; // a token is on its way
    std::tuple rank(users.empty() && inUse >= enough, lastUse, int32_t(id));
    if (!best || rank < *best)
      best = rank;
  }
  return best ? std::optional(std::get<2>(*best)) : std::nullopt;
}

/// One id of the pair that no handoff gets from now on.
bool IdAllocator::leaveToDrains(const Flag &flag) {
  for (int64_t id = tree.program.eventIds; id-- > 0;)
    if (size_t index = slot(flag.from, flag.to, id); !taken[index]) {
      bool fresh = !forDrains[index];
      forDrains[index] = true;
      return fresh;
    }
  return false;
}

bool IdAllocator::placeDrains(NodeId node, BarrierPlan &barrier,
                              const std::vector<bool> &handoffs) {
  Position at = plan.drainPlace(node);
  for (Flag &flag : barrier.drains) {
    std::optional<int32_t> id = idForDrain(flag, at, handoffs);
    if (!id && (!mayReserve || leaveToDrains(flag)))
      return false;
    if (!id) {
      barrier.drains.clear(); // bar(ALL), which says all that they say
      break;
    }
    flag.id = *id;
    arcsOf(flag.from, flag.to, *id).insert({at, {at, at, at, node, none}});
    ++at;
  }
  return true;
}

/// When all handoffs have their ids. False when they have to leave one to drains: again.
bool IdAllocator::placeDrains() {
  std::vector<bool> handoffs(arcs.size());
  for (size_t i = 0; i < arcs.size(); ++i)
    handoffs[i] = !arcs[i].empty();
  for (const List &list : tree.lists)
    for (NodeId node : list.items)
      for (BarrierPlan &barrier : plan.points[node].barriers)
        if (!placeDrains(node, barrier, handoffs))
          return false;
  return true;
}
