//===- InsertTrialCuts.cpp - What a selection of items misses on a run -----===//
//
// The tokens of an item on a run, which of two items holds back more, and which could bring an
// order that is missing.
//
//===----------------------------------------------------------------------===//

#include "InsertTrial.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

/// All tokens that the item would send on this run, or its barriers.
const std::vector<Trial::Pair> &Trial::pairsOf(ItemId id) {
  if (pairs.empty())
    pairs.resize(items.size());
  std::vector<Pair> &result = pairs[id];
  if (!result.empty())
    return result;
  const Item &item = items[id];
  const Span &span = item.span;
  const List &list = tree.lists[span.list];
  for (const Activation &activation : run.activations[span.list]) {
    llvm::SmallVector<Moment, 4> queue;
    if (item.delay) {
      bool isEarly = item.primeAfter != none;
      Moment prime = isEarly ? run.visits[activation.around].end[item.primeAfter] : activation.open;
      queue.assign(item.delay, 4 * prime + (isEarly ? 3 : 2));
    }
    auto take = [&](Moment at) {
      result.push_back({queue.front(), at});
      queue.erase(queue.begin());
    };
    for (uint32_t v : activation.visits) {
      const Visit &visit = run.visits[v];
      auto put = [&] {
        if (span.producer >= visit.end.size())
          return;
        const Node &node = tree.program[list.items[span.producer]];
        bool isEarly = !item.late && node.kind == NodeKind::Loop && node.trip != 0;
        queue.push_back(4 * Moment(visit.end[span.producer]) + (isEarly ? 0 : 2));
      };
      if (!item.isBarrier() && span.producer < span.consumer)
        put();
      if (span.consumer < visit.begin.size()) {
        Moment at = 4 * Moment(visit.begin[span.consumer]);
        if (item.isBarrier())
          result.push_back({at + 1, at + 1});
        else
          take(at);
      }
      if (!item.isBarrier() && span.producer >= span.consumer)
        put();
    }
    while (!queue.empty())
      take(4 * Moment(activation.close) + 1);
  }
  return result;
}

bool Trial::holdsBackNoLess(ItemId a, ItemId b) {
  if (items[a].from != items[b].from || items[a].to != items[b].to)
    return false;
  const std::vector<Pair> &theirs = pairsOf(b), &mine = pairsOf(a);
  // Both ascend, by set and by wait: of mine the last that is waited for in time was set last.
  auto next = mine.begin();
  return llvm::all_of(theirs, [&](const Pair &their) {
    while (next != mine.end() && next->wait <= their.wait)
      ++next;
    return next != mine.begin() && std::prev(next)->set >= their.set;
  });
}

uint64_t Trial::executed(ItemId id) { return pairsOf(id).size() * (items[id].isBarrier() ? 1 : 2); }

/// Spreads what is known of the source over the tokens and barriers of the last walk.
void Trial::propagate(const Miss &miss, Knows &knows) const {
  for (const Edge &edge : edges) { // ascending by wait
    bool carries =
        edge.from == miss.from ? edge.set > miss.source : edge.set >= knows[unsigned(edge.from)];
    carries |= edge.set >= knows[unsigned(edge.from)];
    if (!carries || edge.wait >= knows[unsigned(edge.to)] || (miss.isReuse && edge.from == edge.to))
      continue;
    knows[unsigned(edge.to)] = edge.wait;
    if (edge.to == Pipe::S)
      for (Moment &known : knows)
        known = std::min(known, edge.wait);
  }
}

/// Would the item let somebody know of the source who does not know yet; with `latest`, so early
/// that the target knows?
bool Trial::crosses(const Item &item, llvm::ArrayRef<Pair> pairs, const Miss &miss,
                    const Knows &knows, const Knows *latest) const {
  if (item.from == Pipe::ALL || (item.isBarrier() && (item.from != miss.from || miss.isReuse)))
    return false; // a full barrier is never a choice
  unsigned from = unsigned(item.from), to = unsigned(item.to);
  Moment known = knows[to], end = std::min(known - 1, miss.target);
  if (latest)
    end = std::min(end, (*latest)[to]);
  for (const Pair &pair : pairs)
    if (pair.wait <= end &&
        ((item.from == miss.from && pair.set > miss.source) || pair.set >= knows[from]))
      return true;
  return false;
}

llvm::BitVector Trial::cut(const Selection &selection, const Miss &miss) {
  constexpr Moment never = 1 << 30;
  Knows knows;
  knows.fill(never);
  if (miss.isReuse ? miss.from == Pipe::S : keepsOrder(miss.from, tree.program.arch))
    knows[unsigned(miss.from)] = miss.source;
  if (miss.from == Pipe::S)
    knows.fill(miss.source);
  propagate(miss, knows);
  // From when on the others must know, so that the target does.
  Knows latest;
  latest.fill(-1);
  latest[unsigned(miss.to)] = latest[unsigned(Pipe::S)] = miss.target;
  for (const Edge &edge : llvm::reverse(edges))
    if (edge.wait <= latest[unsigned(edge.to)] && edge.from != edge.to)
      latest[unsigned(edge.from)] = std::max(latest[unsigned(edge.from)], edge.set);
  auto all = [&](const Knows *until) {
    llvm::BitVector result(items.size());
    for (ItemId id = 0; id < items.size(); ++id)
      if (!selection.has(id) && crosses(items[id], pairsOf(id), miss, knows, until))
        result.set(id);
    return result;
  };
  llvm::BitVector best = all(nullptr), seen = best;
  // What does not suffice alone may be there as well: the order is still missing.
  for (unsigned round = 0; round < numPipes; ++round) {
    llvm::BitVector direct = all(&latest), rest = seen;
    rest.reset(direct);
    if (rest.none())
      break;
    for (unsigned id : rest.set_bits()) {
      const Item &item = items[id];
      for (const Pair &pair : pairsOf(id))
        if (pair.wait <= miss.target &&
            ((item.from == miss.from && pair.set > miss.source) ||
             pair.set >= knows[unsigned(item.from)]) &&
            pair.wait < knows[unsigned(item.to)]) {
          knows[unsigned(item.to)] = pair.wait;
          if (item.to == Pipe::S)
            for (Moment &known : knows)
              known = std::min(known, pair.wait);
        }
    }
    propagate(miss, knows);
    if (knows[unsigned(miss.to)] <= miss.target)
      break;
    seen = all(nullptr);
    if (seen.count() < best.count())
      best = seen;
  }
  return best;
}
