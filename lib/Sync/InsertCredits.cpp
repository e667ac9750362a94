//===- InsertCredits.cpp - Tokens that must be known to be gone (C3) -------===//

#include "InsertIds.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

void IdAllocator::addWant(std::vector<Want> &out, Pipe from, Pipe to, NodeId waitAt, NodeId setAt,
                          unsigned level, int64_t distance) {
  NodeId loop = distance ? tree.listOf(setAt).loops[level - 1] : none;
  Reason reason{waitAt, setAt, Hazard::WAR, none, distance, loop, Reason::Credit};
  Want want{to, from, {}, distance, {reason}};
  if (std::optional<Span> span = tree.spanOf(waitAt, setAt, loop)) {
    want.span = *span;
  } else {
    if (tree.listOf(setAt).frozen)
      return; // both inside one macro
    // The set is inside the item before which the wait stands, or right before or after it: there
    // is room for a credit between two items inside, or else for a barrier.
    const Place &set = tree.places[setAt];
    bool inside = tree.places[waitAt].list != set.list;
    want.span = {set.list, set.index - (inside && set.index > 0), set.index};
  }
  out.push_back(std::move(want));
}

void IdAllocator::collect(std::vector<Want> &out, HandoffId h) {
  const Handoff &handoff = plan.handoffs[h];
  for (const SetPlace &set : setsOf(h, handoff.count))
    for (uint32_t i = 0; i < handoff.count; ++i)
      holds(arcsOf(handoff.from, handoff.to, handoff.base + i), set,
            [&](const Arc &arc, unsigned level, int64_t distance) {
              addWant(out, handoff.from, handoff.to, arc.waitAt, set.item, level, distance);
            });
  if (!rotationHolds(h, handoff.count))
    addWant(out, handoff.from, handoff.to, plan.consumerOf(handoff), plan.producerOf(handoff),
            tree.lists[handoff.span.list].loops.size(), handoff.count - handoff.delay);
}

void IdAllocator::collectExisting(std::vector<Want> &out) {
  for (NodeId node : handWritten) {
    const FlagKey &key = tree.program[node].key;
    const List &list = tree.listOf(node);
    const Knowledge &known = sweep.existingSets[node];
    unsigned levels = list.loops.size();
    if (!key.id.known || known.empty())
      continue;
    if (key.id.count > 1)
      if (const auto *loop = llvm::find_if(
              list.loops, [&](NodeId l) { return tree.program.counts(l, key.id.loop); });
          loop != list.loops.end()) {
        levels = loop - list.loops.begin();
        collectRing(out, node, *loop, levels + 1);
      }
    SetPlace set{tree.places[node].begin, known, node, tree.places[node].list, levels};
    int64_t end = std::min<int64_t>(tree.program.eventIds, key.id.base + int64_t(key.id.count));
    for (int64_t id = std::max(0, key.id.base); id < end; ++id)
      holds(arcsOf(key.from, key.to, id), set,
            [&](const Arc &arc, unsigned level, int64_t distance) {
              addWant(out, key.from, key.to, arc.waitAt, node, level, distance);
            });
  }
}

/// A hand-written ring inside its loop: the last wait on the slot of this set, by the difference of
/// what they add to the number. `level` counts the loop `counting`, which counts it.
void IdAllocator::collectRing(std::vector<Want> &out, NodeId node, NodeId counting,
                              unsigned level) {
  const FlagKey &key = tree.program[node].key;
  const Place &set = tree.places[node], &loop = tree.places[counting];
  int64_t count = key.id.count;
  struct Wait {
    Position claim; ///< that it is over
    NodeId node;
    int64_t distance;
  };
  llvm::SmallVector<Wait, 4> waits;
  for (NodeId wait : ringWaits[ringOf(key)]) {
    Position at = tree.places[wait].begin;
    if (at < loop.begin || at > loop.end)
      continue;
    int64_t distance = (tree.program[wait].key.id.add - key.id.add) % count;
    if (distance < 0 || (distance == 0 && at > set.begin))
      distance += count;
    if (std::optional<int64_t> trip = tree.program[counting].trip; trip && distance >= *trip)
      continue; // the loop is over before the slot comes back
    waits.push_back({at - distance * iteration, wait, distance});
  }
  // Who knows of the last one knows of all, unless they are told apart.
  llvm::sort(waits, [](const Wait &a, const Wait &b) {
    return std::pair(-a.claim, a.node) < std::pair(-b.claim, b.node);
  });
  if (!sweep.tellsWaitsApart() && waits.size() > 1)
    waits.truncate(1);
  for (const Wait &wait : waits)
    if (sweep.existingSets[node].at(level, sweep.offsetOfWait(wait.node)) < wait.claim)
      addWant(out, key.from, key.to, wait.node, node, level, wait.distance);
}

std::vector<Want> IdAllocator::credits() {
  std::vector<Want> late;
  if (!options.strongFlags)
    return late;
  for (HandoffId h = 0; h < plan.handoffs.size(); ++h)
    if (plan.handoffs[h].alive)
      collect(late, h);
  collectExisting(late);
  auto group = [](const Want &w) { return std::tuple(w.span.list, w.from, w.to, w.distance); };
  auto rank = [&](const Want &w) {
    return std::tuple(group(w), w.span.consumer, w.span.producer, tieBreaker(w));
  };
  llvm::sort(late, [&](const Want &a, const Want &b) { return rank(a) < rank(b); });
  // One credit serves all reuses between whose ends it fits; half of the first interval is given up
  // for that, half a ring of slack remains (sync 13.4).
  std::vector<Want> result;
  uint32_t limit = 0;
  for (Want &want : late) {
    Want *last = result.empty() || group(result.back()) != group(want) ? nullptr : &result.back();
    bool same = last && last->span.producer == want.span.producer &&
                last->span.consumer == want.span.consumer;
    bool fits = last && !want.distance && last->span.producer <= want.span.producer &&
                want.span.producer <= limit && want.span.producer < last->span.consumer;
    if (same || fits) {
      last->span.producer = want.span.producer;
      last->reasons.append(want.reasons);
      continue;
    }
    limit = (want.span.producer + want.span.consumer) / 2;
    result.push_back(std::move(want));
  }
  return result;
}
