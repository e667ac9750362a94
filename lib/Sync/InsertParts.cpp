//===- InsertParts.cpp - What flags of a program order in parts of it ------===//

#include "InsertParts.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

PartJudge::Doubts &PartJudge::about(std::vector<Doubts> &all, NodeId within, unsigned period,
                                    NodeId number) {
  if (number == within)
    number = none;
  auto it = llvm::find_if(all, [&](const Doubts &d) {
    return d.within == within && d.period == period && d.number == number;
  });
  if (it != all.end())
    return *it;
  all.push_back({within, period, number, {}, {}});
  return all.back();
}

/// The loop in which a set and the old wait of its id meet, further in than the one that carries
/// them, and after how many iterations.
static std::optional<Turns> loopOf(const Tree &tree, const Reason &reason) {
  const EventId &id = tree.program[reason.later].key.id;
  auto isInside = [&](NodeId node, NodeId loop) {
    return tree.places[loop].begin < tree.places[node].begin &&
           tree.places[node].begin < tree.places[loop].end;
  };
  if (id.count > 1) {
    const EventId &old = tree.program[reason.earlier].key.id;
    if (id.loop == none || id.count > mostParts || old.loop != id.loop || id.loop == reason.loop ||
        (id.add - old.add) % int64_t(id.count) != 0)
      return std::nullopt;
    for (NodeId loop : tree.program.loopsOf(id.loop))
      if (loop != reason.loop && isInside(reason.earlier, loop) && isInside(reason.later, loop))
        return Turns{loop, uint16_t(id.count), 0};
    return std::nullopt;
  }
  for (NodeId loop : llvm::reverse(tree.listOf(reason.later).loops)) {
    if (loop == reason.loop)
      break;
    if (isInside(reason.earlier, loop))
      return Turns{loop};
  }
  return std::nullopt;
}

/// What the whole program leaves in doubt.
void PartJudge::note(const Tree &tree, const Demands &demands, std::vector<Doubts> &doubts,
                     Verdict &verdict) {
  Plan empty(tree);
  Sweep sweep(tree, demands, empty);
  sweep.run(0, true);
  visits += sweep.visits;
  verdict.fenced = llvm::none_of(empty.points, [](const Point &point) { return point.fence; });
  for (uint32_t failure : sweep.failures(0)) {
    const Demand &demand = demands.all[failure];
    if (demand.within == none)
      verdict.missing.push_back(failure);
    else
      about(doubts, demand.within, demand.period, demand.number).demands.push_back(failure);
  }
  InsertStats ignored;
  for (const Want &want : IdAllocator(tree, empty, sweep, options, ignored).credits())
    for (const Reason &reason : want.reasons) {
      if (auto loop = loopOf(tree, reason))
        about(doubts, loop->loop, loop->period,
              loop->period > 1 ? tree.program[reason.later].key.id.loop : none)
            .sets.push_back(reason);
      else
        verdict.untold.push_back(reason);
    }
}

/// What does not hold in the part of some residue either.
PartJudge::Doubts PartJudge::refuted(const Tree &tree, const Demands &demands, const Doubts &doubts,
                                     bool always) {
  Part part{doubts.within, doubts.period, 0, always};
  part.numbers.push_back(doubts.number == none ? doubts.within : doubts.number);
  if (!canCut(tree.program, part))
    return doubts;
  Demands asked = demands;
  if (always) // where iterations are left out any distance may become the shortest
    for (uint32_t index : doubts.demands)
      asked.all[index].need = (asked.all[index].need & (iteration - 1)) - iteration;
  Doubts result{doubts.within, doubts.period, doubts.number, {}, {}};
  for (; part.residue < part.period; ++part.residue) {
    Program cut = cutDown(tree.program, part);
    Tree itsTree(cut);
    Plan empty(itsTree);
    Sweep sweep(itsTree, asked, empty);
    sweep.run(0, true);
    visits += sweep.visits;
    for (uint32_t failure : sweep.failures(0)) {
      const Turns &turns = cut[asked.all[failure].later].turns;
      bool runs = turns.loop != part.numbers.front() || part.period % turns.period != 0 ||
                  part.residue % turns.period == turns.residue;
      if (runs && llvm::is_contained(doubts.demands, failure))
        result.demands.push_back(failure);
    }
    InsertStats ignored;
    for (const Want &want : IdAllocator(itsTree, empty, sweep, options, ignored).credits())
      for (const Reason &reason : want.reasons)
        if (auto set = llvm::find_if(
                doubts.sets, [&](const Reason &asked) { return asked.later == reason.later; });
            set != doubts.sets.end())
          result.sets.push_back(*set);
  }
  return result;
}

PartJudge::Verdict PartJudge::judge(const Tree &tree, const Demands &demands) {
  Verdict verdict;
  std::vector<Doubts> doubts;
  note(tree, demands, doubts, verdict);
  for (Doubts &open : doubts) {
    for (bool always : {true, false}) {
      if (open.empty() || (!always && open.period == 1))
        continue;
      Doubts left = refuted(tree, demands, open, always);
      auto stays = [&](const Reason &set) {
        return llvm::any_of(left.sets, [&](const Reason &r) { return r.later == set.later; });
      };
      for (uint32_t demand : open.demands)
        if (!llvm::is_contained(left.demands, demand))
          verdict.served.push_back(demand);
      for (const Reason &set : open.sets)
        if (!stays(set))
          verdict.gone.push_back(set.later);
      llvm::erase_if(open.demands,
                     [&](uint32_t demand) { return !llvm::is_contained(left.demands, demand); });
      llvm::erase_if(open.sets, [&](const Reason &set) { return !stays(set); });
    }
    llvm::append_range(verdict.missing, open.demands);
    llvm::append_range(verdict.untold, open.sets);
  }
  llvm::erase_if(verdict.gone, [&](NodeId set) {
    return llvm::any_of(verdict.untold, [&](const Reason &r) { return r.later == set; });
  });
  return verdict;
}
