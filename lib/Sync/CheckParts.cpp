//===- CheckParts.cpp - Proofs that leave out iterations -------------------===//
//
// Claims are about prefixes: "all of M up to here, one iteration ago". A token that is kept from
// one execution of a loop to the next says less, only that the slot of its id is free, and nothing
// when the loop did not run. What the whole program leaves in doubt about two accesses of one loop,
// or of two that share a ring, is looked at again in a part of it (Part.h), where prefixes are
// about one slot alone, and where the loop always runs.
//
// A part differs from the whole in a few items of the function. It is walked from the first of them
// on, with what is known there, to the last, so that many nests cost no more than one by one.
//
//===----------------------------------------------------------------------===//

#include "Checker.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

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

class Checker::Parts {
public:
  explicit Parts(Checker &whole)
      : whole(whole), program(whole.program), layout(whole.layout), cut(program), cutLayout(cut),
        walk(cut, whole.options, cutLayout, whole.demands) {
    for (NodeId id = 0; id < program.nodes.size(); ++id) {
      const Node &node = program[id];
      bool isFlag = node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
      if (!isFlag || !rotates(node.key.id) || layout[id].begin == 0 ||
          !isCounted(id, node.key.id.loop))
        continue;
      const EventId &key = node.key.id;
      auto [turner, isNew] = turners[ringOf(node.key)].try_emplace(key.loop, Turner{key.add});
      turner->second.isAlike &= (key.add - turner->second.add) % int64_t(key.count) == 0;
    }
    for (NodeId item : program.top)
      starts.push_back(std::max(layout[item].begin, starts.empty() ? 0 : starts.back()));
  }

  /// Forgets what holds in parts; false when there was too much to look at.
  bool run(std::vector<Doubt *> &doubts);

private:
  Checker &whole;
  const Program &program;
  const Layout &layout;
  Program cut; ///< the part that is being walked, the whole in between
  Layout cutLayout;
  Checker walk;
  using RingKey = std::tuple<Pipe, Pipe, int32_t, uint32_t>;
  /// Do all sets and waits of one ring, where one number is counted, mean one id at a time?
  struct Turner {
    int64_t add;
    bool isAlike = true;
    bool isLike(int64_t other, uint32_t count) const {
      return isAlike && (add - other) % int64_t(count) == 0;
    }
  };
  std::map<RingKey, std::map<NodeId, Turner>> turners; ///< by number
  std::vector<uint32_t> starts;                        ///< positions of the items of the function

  static RingKey ringOf(const FlagKey &key) {
    return {key.from, key.to, key.id.base, key.id.count};
  }
  bool isInside(NodeId node, NodeId loop) const {
    return layout[loop].begin < layout[node].begin && layout[node].end < layout[loop].end;
  }
  /// Does the node stand in a loop that counts the number?
  bool isCounted(NodeId node, NodeId number) const {
    return llvm::any_of(program.loopsOf(number), [&](NodeId l) { return isInside(node, l); });
  }

  /// Items of the function.
  struct Range {
    size_t first = 0, end = 0;
  };
  using Group = std::vector<Doubt *>;

  Meeting meetingOf(const Finding &finding) const;
  Meeting meetingInRing(const Finding &finding) const;
  NodeId innermost(llvm::ArrayRef<NodeId> list, NodeId a, NodeId b) const;
  Part partFor(const Meeting &meeting, Range range, llvm::ArrayRef<Doubt *> same) const;
  size_t itemOf(NodeId node) const;
  Range rangeOf(llvm::ArrayRef<Doubt *> same) const;
  void tryParts(Part part, const Meeting &meeting, Range range, const State &entry, Group &same);
};

/// The item of the function that the node is or stands in. (One that never runs holds nothing.)
size_t Checker::Parts::itemOf(NodeId node) const {
  return size_t(llvm::upper_bound(starts, layout[node].begin) - starts.begin()) - 1;
}

/// The innermost loop around both nodes.
NodeId Checker::Parts::innermost(llvm::ArrayRef<NodeId> list, NodeId a, NodeId b) const {
  auto holder = llvm::find_if(list, [&](NodeId id) { return isInside(a, id); });
  if (holder == list.end() || !isInside(b, *holder))
    return none;
  for (const std::vector<NodeId> &arm : program[*holder].arms)
    if (NodeId deeper = innermost(arm, a, b); deeper != none)
      return deeper;
  return program[*holder].kind == NodeKind::Loop ? *holder : none;
}

/// C3, of an id that turns: set and old wait must be of the same turns of their numbers, and so
/// must be all that is left out with them.
Meeting Checker::Parts::meetingInRing(const Finding &finding) const {
  const EventId &id = finding.key.id, &old = program[finding.earlier].key.id;
  if (program[finding.earlier].kind != NodeKind::Wait || !rotates(old) || old.base != id.base ||
      old.count != id.count || id.count > mostParts)
    return {};
  bool isOne = old.loop == id.loop;
  if (!isCounted(finding.earlier, old.loop) || !isCounted(finding.later, id.loop) ||
      (!isOne && (isCounted(finding.earlier, id.loop) || isCounted(finding.later, old.loop))))
    return {};
  const std::map<NodeId, Turner> &ring = turners.at(ringOf(finding.key));
  if (!ring.at(id.loop).isLike(id.add, id.count) || !ring.at(old.loop).isLike(id.add, id.count))
    return {};
  for (NodeId loop : program.loopsOf(id.loop))
    if (isOne && isInside(finding.earlier, loop) && isInside(finding.later, loop))
      return {loop, id.count, id.loop, none};
  auto [first, second] = std::minmax(old.loop, id.loop);
  return {none, id.count, first, isOne ? none : second};
}

/// C3: where set and old wait stand, further in than what carries them.
Meeting Checker::Parts::meetingOf(const Finding &finding) const {
  if (finding.rule != Rule::C3 || finding.earlier == none)
    return {};
  Meeting meeting;
  if (rotates(finding.key.id))
    meeting = meetingInRing(finding);
  else
    meeting.loop = innermost(program.top[itemOf(finding.earlier)], finding.earlier, finding.later);
  bool isFurtherIn = meeting.loop == none || meeting.loop != finding.loop;
  return isFurtherIn ? meeting : Meeting();
}

/// Other loops may use the same ids in their turns: theirs are left out as well, as long as nothing
/// that is asked about stands in them.
Part Checker::Parts::partFor(const Meeting &meeting, Range range,
                             llvm::ArrayRef<Doubt *> same) const {
  Part part{meeting.loop, meeting.period};
  for (NodeId number : {meeting.first, meeting.second})
    if (number != none)
      part.numbers.push_back(number);
  if (meeting.period == 1)
    return part;
  auto isAskedAbout = [&](NodeId number) {
    return llvm::any_of(same, [&](const Doubt *doubt) {
      return isCounted(doubt->finding.earlier, number) || isCounted(doubt->finding.later, number);
    });
  };
  auto isPart = [&](NodeId number) { return llvm::is_contained(part.numbers, number); };
  auto isInRange = [&](NodeId number) {
    size_t item = itemOf(program.startOf(number));
    return range.first <= item && item < range.end;
  };
  auto endsInside = [&](NodeId loop) { return program[loop].endsInside; };
  for (const auto &[ring, numbers] : turners) {
    auto mine = llvm::find_if(numbers, [&](auto &entry) { return isPart(entry.first); });
    if (std::get<uint32_t>(ring) != meeting.period || mine == numbers.end())
      continue;
    for (const auto &[number, turner] : numbers)
      if (!isPart(number) && turner.isLike(mine->second.add, meeting.period) && isInRange(number) &&
          !isAskedAbout(number) && llvm::none_of(program.loopsOf(number), endsInside))
        part.numbers.push_back(number);
  }
  return part;
}

/// The items that hold what is asked about.
Checker::Parts::Range Checker::Parts::rangeOf(llvm::ArrayRef<Doubt *> same) const {
  llvm::ArrayRef<NodeId> top = program.top;
  // Cases of branches are walked to the end of the list, from where they are decided on.
  if (llvm::any_of(top, [&](NodeId item) { return !whole.paths.decideAt(item).empty(); }))
    return {0, top.size()};
  Range range{top.size(), 0};
  for (const Doubt *doubt : same)
    for (NodeId node : {doubt->finding.earlier, doubt->finding.later}) {
      range.first = std::min(range.first, itemOf(node));
      range.end = std::max(range.end, itemOf(node) + 1);
    }
  return range;
}

/// Of doubts about one meeting, forgets what holds in the part of every residue.
void Checker::Parts::tryParts(Part part, const Meeting &meeting, Range range, const State &entry,
                              Group &same) {
  if (!canCut(program, part))
    return;
  llvm::ArrayRef<NodeId> items =
      llvm::ArrayRef(program.top).slice(range.first, range.end - range.first);
  std::vector<bool> stays(same.size());
  walk.part = &part;
  walk.asked = meeting;
  for (; part.residue < part.period; ++part.residue) {
    std::vector<std::pair<NodeId, Node>> undo = cutInPlace(cut, part, items);
    cutLayout.findRings(items);
    walk.doubts.clear();
    walk.lastWalks.clear();
    walk.exhausted = none;
    walk.visits = 0;
    State state = entry;
    walk.walk(items, state);
    whole.visits += walk.visits;
    for (auto [index, doubt] : llvm::enumerate(same))
      stays[index] = stays[index] || walk.refutes(*doubt);
    for (auto &[id, node] : undo)
      cut[id] = std::move(node);
    if (llvm::all_of(stays, [](bool stay) { return stay; }))
      break;
  }
  cutLayout.findRings(items);
  walk.lastWalks.clear(); // what holds in a part says nothing about the whole
  walk.exhausted = none;
  if (part.residue < part.period)
    return;
  for (auto [index, doubt] : llvm::enumerate(same))
    if (!stays[index])
      doubt = nullptr;
  llvm::erase(same, nullptr);
}

bool Checker::Parts::run(std::vector<Doubt *> &doubts) {
  // A broken program may be full of doubts: more work than this would not say more.
  uint64_t most = std::min(whole.visits * 64 + 1'000'000, whole.options.mostVisits);
  std::map<std::tuple<uint32_t, NodeId, Meeting>, Group> groups;
  std::vector<Doubt *> rest;
  for (Doubt *doubt : doubts) {
    if (!doubt->demand)
      doubt->meeting = meetingOf(doubt->finding);
    const Meeting &meeting = doubt->meeting;
    NodeId place = meeting.loop == none ? meeting.first : meeting.loop;
    bool isLoop = meeting.isPartial() && program[place].kind == NodeKind::Loop;
    if (meeting.isPartial())
      groups[{isLoop ? layout[place].begin : layout[doubt->finding.later].begin, place, meeting}]
          .push_back(doubt);
    else
      rest.push_back(doubt);
  }
  struct Job {
    Range range;
    size_t number;
    Part part;
    Meeting meeting;
    Group same;
  };
  std::vector<Job> jobs;
  for (auto &[key, same] : groups) {
    Meeting meeting = std::get<Meeting>(key);
    Range range = rangeOf(same);
    Part part = partFor(meeting, range, same);
    jobs.push_back({range, jobs.size(), std::move(part), meeting, std::move(same)});
  }
  llvm::sort(jobs, [](const Job &a, const Job &b) {
    return std::pair(a.range.first, a.number) < std::pair(b.range.first, b.number);
  });
  // What is known before each item: the walk that left the doubts, once more.
  bool isComplete = true;
  State state(layout.columns());
  size_t at = 0;
  for (Job &job : jobs) {
    if (whole.visits < most) {
      for (; at < job.range.first; ++at) {
        walk.part = nullptr;
        walk.walk(program.top[at], state);
      }
      for (bool always : {true, false}) {
        bool isOpen = !job.same.empty() && whole.visits < most;
        if (!isOpen || (always ? job.meeting.loop == none : job.meeting.period == 1))
          continue;
        job.part.always = always;
        tryParts(job.part, job.meeting, job.range, state, job.same);
      }
    }
    isComplete &= job.same.empty() || whole.visits < most;
    llvm::append_range(rest, job.same);
  }
  whole.result.sweeps += walk.result.sweeps;
  doubts = std::move(rest);
  return isComplete;
}

/// Turns what is left in doubt into findings.
void Checker::settle() {
  std::vector<Doubt *> rest;
  for (Doubt &doubt : doubts)
    rest.push_back(&doubt);
  bool isComplete = rest.empty() || exhausted != none || Parts(*this).run(rest);
  for (Doubt *doubt : rest) {
    // Of one kind the strongest demand speaks for all.
    bool isCovered = doubt->demand && llvm::any_of(rest, [&](const Doubt *other) {
                       const Demand *x = doubt->demand, *y = other->demand;
                       return y && x != y && other->finding.later == doubt->finding.later &&
                              demands.isOfOnePipe(*x, *y) && (y->certain || !x->certain) &&
                              std::make_pair(-x->distance, x->position) <
                                  std::make_pair(-y->distance, y->position);
                     });
    if (isCovered)
      continue;
    if (!isComplete && doubt->meeting.isPartial())
      doubt->finding.what +=
          "; whether flags that stay set over outer loops order it was not looked "
          "at: the function has more of them than the limit of work allows";
    result.findings.push_back(std::move(doubt->finding));
  }
}
