//===- CheckParts.cpp - Proofs that leave out iterations -------------------===//
//
// Claims are about prefixes: "all of M up to here, one iteration ago". A token that is kept from
// one execution of a loop to the next says less, only that the slot of its id is free, and nothing
// when the loop did not run. What the whole program leaves in doubt about two accesses of one loop
// is looked at again in a part of it (Part.h), where prefixes are about one slot alone, and where
// the loop always runs.
//
//===----------------------------------------------------------------------===//

#include "Checker.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

/// C3: the innermost loop around set and old wait, further in than what carries them. With an id
/// that turns with it, set and wait must be of the same iterations.
void Checker::findLoop(Doubt &doubt) const {
  const Finding &finding = doubt.finding;
  if (finding.rule != Rule::C3 || finding.earlier == none)
    return;
  auto isInside = [&](NodeId node, NodeId loop) {
    return layout[loop].begin < layout[node].begin && layout[node].end < layout[loop].end;
  };
  const EventId &id = finding.key.id;
  if (rotates(id)) {
    bool allAlike = llvm::all_of(program.nodes, [&](const Node &node) {
      bool isFlag = node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
      NodeId at = NodeId(&node - program.nodes.data());
      return !isFlag || node.key.from != finding.key.from || node.key.to != finding.key.to ||
             node.key.id.base != id.base || node.key.id.loop != id.loop || layout[at].begin == 0 ||
             !isInside(at, id.loop) || (node.key.id.add - id.add) % int64_t(id.count) == 0;
    });
    if (!allAlike || id.count > mostParts || !isInside(finding.earlier, id.loop) ||
        !isInside(finding.later, id.loop))
      return;
    doubt.within = id.loop;
    doubt.period = id.count;
  } else {
    for (NodeId loop = 0; loop < program.nodes.size(); ++loop)
      if (program[loop].kind == NodeKind::Loop && layout[loop].begin != 0 &&
          isInside(finding.earlier, loop) && isInside(finding.later, loop) &&
          (doubt.within == none || isInside(loop, doubt.within)))
        doubt.within = loop;
  }
  if (doubt.within == finding.loop) // nothing is further in
    doubt.within = none;
}

/// Did the walk over the part leave in doubt what the walk over the whole did?
bool Checker::refutes(const Doubt &doubt) const {
  return exhausted != none || llvm::any_of(doubts, [&](const Doubt &mine) {
           if (doubt.demand)
             return mine.demand == doubt.demand;
           // A set on a token that is pending in the part alone (C2) says nothing about C3.
           bool isAbout = mine.finding.rule == Rule::C3 || mine.finding.rule == Rule::C2;
           return isAbout && mine.finding.later == doubt.finding.later;
         });
}

/// Of doubts about one loop and period, forgets what holds in the part of every residue.
void Checker::tryParts(llvm::MutableArrayRef<Doubt *> same, bool always) {
  Part cut{same[0]->within, same[0]->period, 0, always};
  if (!canCut(program, cut))
    return;
  std::vector<bool> stays(same.size());
  for (; cut.residue < cut.period; ++cut.residue) {
    Program smaller = cutDown(program, cut);
    Layout itsLayout(smaller);
    Checker walk(smaller, options, itsLayout, demands, &cut);
    walk.walkAll();
    result.sweeps += walk.result.sweeps;
    visits += walk.visits;
    for (auto [index, doubt] : llvm::enumerate(same))
      stays[index] = stays[index] || walk.refutes(*doubt);
    if (llvm::all_of(stays, [](bool stay) { return stay; }))
      return;
  }
  for (auto [index, doubt] : llvm::enumerate(same))
    if (!stays[index])
      doubt = nullptr;
}

/// Turns what is left in doubt into findings.
void Checker::settle() {
  // A broken program may be full of doubts: more work than this would not say more.
  uint64_t most = visits * 64 + 1'000'000;
  using Group = std::tuple<uint32_t, NodeId, unsigned>;
  std::map<Group, std::vector<Doubt *>> groups;
  std::vector<Doubt *> rest;
  for (Doubt &doubt : doubts) {
    findLoop(doubt);
    if (doubt.within == none)
      rest.push_back(&doubt);
    else
      groups[{layout[doubt.within].begin, doubt.within, doubt.period}].push_back(&doubt);
  }
  // What is wrong anyway is not proven at any cost.
  for (auto &[group, same] : groups) {
    bool turns = std::get<2>(group) > 1;
    for (bool always : {true, false})
      if ((turns || always) && !same.empty() && visits <= most) {
        tryParts(same, always);
        llvm::erase(same, nullptr);
      }
    llvm::append_range(rest, same);
  }
  for (Doubt *doubt : rest) {
    // Of one kind the strongest demand speaks for all.
    bool isCovered = doubt->demand && llvm::any_of(rest, [&](const Doubt *other) {
                       const Demand *x = doubt->demand, *y = other->demand;
                       return y && x != y && other->finding.later == doubt->finding.later &&
                              demands.isOfOnePipe(*x, *y) && (y->certain || !x->certain) &&
                              std::make_pair(-x->distance, x->position) <
                                  std::make_pair(-y->distance, y->position);
                     });
    if (!isCovered)
      result.findings.push_back(std::move(doubt->finding));
  }
}
