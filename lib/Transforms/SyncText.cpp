//===- SyncText.cpp - Synchronisation in words -----------------------------===//

#include "SyncText.h"
#include "SyncCost.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using sync::Node;
using sync::NodeId;
using sync::NodeKind;
using sync::Program;

mlir::Location pto::locationOf(const SyncModel &model, const Program &program, NodeId id) {
  if (id != sync::none && program[id].source != sync::none)
    return model.sources[program[id].source]->getLoc();
  return mlir::UnknownLoc::get(model.blocks.at({sync::none, 0})->getParentOp()->getContext());
}

std::string pto::describeRegion(const Program &program, sync::RegionId id) {
  if (id == sync::none)
    return "memory";
  const sync::Region &r = program.regions[id];
  std::string text;
  if (!r.offset.known)
    text = "some bytes";
  else if (r.offset.symbol != sync::none || !r.offset.terms.empty() || r.rotation.count > 1)
    text = std::to_string(r.span()) + " bytes";
  else
    text = "bytes " + std::to_string(r.offset.constant) + ".." +
           std::to_string(r.offset.constant + int64_t(r.span()));
  text += " of " + (r.name.empty() ? std::string("memory") : r.name);
  if (r.space != Space::GM)
    return text + " in " + name(r.space).str();
  return text + (r.root == sync::none ? " (a pointer of unknown origin)"
                                      : " behind " + program.roots[r.root].name);
}

namespace {
std::string place(const SyncModel &model, const Program &program, NodeId id) {
  std::string text = locationText(locationOf(model, program, id));
  return text.empty() ? "" : " (" + text + ")";
}
std::string who(const SyncModel &model, const Program &program, NodeId id) {
  const Node &n = program[id];
  std::string label = n.label.empty() ? "an instruction" : n.label;
  if (n.kind == NodeKind::Access && !llvm::StringRef(label).contains(" on "))
    label += " on " + name(n.pipe).str();
  return label + place(model, program, id);
}
} // namespace

std::string pto::describeReason(const SyncModel &model, const Program &program,
                                const sync::Reason &reason) {
  switch (reason.kind) {
  case sync::Reason::Exit:
    return "every write to global memory is complete when the function returns (C7)";
  case sync::Reason::Publication:
    return "what the signal lets another core or rank touch is complete and visible (C8): " +
           (reason.earlier == sync::none ? std::string("earlier accesses")
                                         : who(model, program, reason.earlier));
  case sync::Reason::Credit:
    return "the event id is used again only after its last wait (C3)";
  case sync::Reason::Order:
    break;
  }
  bool first = reason.hazard == sync::Hazard::WAR, second = reason.hazard == sync::Hazard::RAW;
  std::string text = sync::name(reason.hazard).str();
  if (reason.region != sync::none && !program.regions[reason.region].name.empty())
    text += " on " + program.regions[reason.region].name;
  if (reason.earlier != sync::none)
    text += std::string(": ") + (first ? "read" : "written") + " by " +
            who(model, program, reason.earlier);
  if (reason.later != sync::none)
    text += std::string(", ") + (second ? "read" : "written") + " by " +
            who(model, program, reason.later);
  if (reason.distance)
    text += ", " + std::to_string(reason.distance) + " iteration(s) later";
  return text;
}

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

namespace {
class Summary {
public:
  Summary(const SyncModel &model, const Program &solved, const Drains &drains, SyncFunction &out)
      : model(model), solved(solved), drains(drains), times(timelineOf(model, solved)), out(out) {
    if (times)
      out.modelled.emplace().cycles = times->cycles;
    if (times)
      out.modelled->free = times->free;
  }
  void list(const std::vector<NodeId> &nodes, const std::string &end);

private:
  bool isOurs(NodeId id) const;
  bool isPrinted(NodeId id) const;
  void countRuns(NodeId id);
  void count(NodeId id);
  void inside(NodeId macro, bool isText);
  void item(NodeId id, const std::string &before);
  void remarks(NodeId macro, llvm::ArrayRef<NodeId> after);

  const SyncModel &model;
  const Program &solved;
  const Drains &drains;
  std::optional<sync::Timeline> times;
  SyncFunction &out;
  unsigned loops = 0; ///< around the list at work
};

std::string pairName(const sync::FlagKey &key) {
  return (name(key.from) + ">" + name(key.to)).str();
}

bool Summary::isOurs(NodeId id) const {
  const Node &node = solved[id];
  return node.inserted ||
         (node.source != sync::none && drains.contains(model.sources[node.source]));
}

/// Is it a line of the C++, and no part of a library call (TNOTIFY ends with a barrier)?
bool Summary::isPrinted(NodeId id) const {
  const Node &node = solved[id];
  if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
    return true;
  return (node.kind == NodeKind::Barrier || node.kind == NodeKind::Fence) &&
         (isOurs(id) || llvm::isa<BarrierOp, DsbOp>(model.sources[node.source]));
}

void Summary::countRuns(NodeId id) {
  const Node &node = solved[id];
  if (!times)
    return;
  SyncFunction::Modelled &m = *out.modelled;
  bool isFlag = node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
  bool isBarrier = node.kind == NodeKind::Barrier;
  m.flags += isFlag ? times->executed[id] : 0;
  (node.pipe == Pipe::ALL ? m.barriersAll : m.barriers) += isBarrier ? times->executed[id] : 0;
  m.fences += node.kind == NodeKind::Fence ? times->executed[id] : 0;
}

/// What stands in a contiguous region is text of this function; a helper has its own entry, and
/// only what it runs counts here as well.
void Summary::inside(NodeId macro, bool isText) {
  for (const std::vector<NodeId> &arm : solved[macro].arms)
    for (NodeId id : arm) {
      NodeKind kind = solved[id].kind;
      if (isPrinted(id))
        isText ? count(id) : countRuns(id);
      else if (kind == NodeKind::Loop || kind == NodeKind::Branch)
        inside(id, isText);
      else if (kind == NodeKind::Macro && solved[id].transparent)
        inside(id, isText && !llvm::isa<mlir::func::CallOp>(model.sources[solved[id].source]));
    }
}

void Summary::count(NodeId id) {
  const Node &node = solved[id];
  countRuns(id);
  switch (node.kind) {
  case NodeKind::Set:
  case NodeKind::Wait: {
    ++out.flags;
    out.handoffs += node.kind == NodeKind::Set && node.inserted;
    auto &ids = out.eventIds[pairName(node.key)];
    for (uint32_t i = 0; i < node.key.id.count; ++i)
      if (!llvm::is_contained(ids, unsigned(node.key.id.base + i)))
        ids.push_back(unsigned(node.key.id.base + i));
    llvm::sort(ids);
    return;
  }
  case NodeKind::Barrier:
    ++(node.pipe == Pipe::ALL ? out.barriersAll : out.barriers);
    return;
  case NodeKind::Fence:
    ++out.fences;
    return;
  default:
    return;
  }
}

void Summary::item(NodeId id, const std::string &before) {
  const Node &node = solved[id];
  SyncItem item;
  item.before = before;
  item.inLoop = loops > 0;
  item.isFull = node.kind == NodeKind::Barrier && node.pipe == Pipe::ALL;
  if (times) {
    item.executed = times->executed[id];
    if (node.kind == NodeKind::Wait || item.isFull)
      item.stalled = times->stalled[id];
  }
  if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
    item.text = std::string(node.kind == NodeKind::Set ? "set_flag " : "wait_flag ") +
                describe(solved, node.key);
  else
    item.text = node.kind == NodeKind::Barrier ? "pipe_barrier " + name(node.pipe).str()
                                               : std::string("dsb");
  for (const sync::Reason &reason : node.reasons) {
    std::string text = describeReason(model, solved, reason);
    if (!llvm::is_contained(item.reasons, text))
      item.reasons.push_back(std::move(text));
  }
  if (!node.inserted)
    item.reasons.push_back(drains.at(model.sources[node.source]));
  out.items.push_back(std::move(item));
}

/// The steps of a macro in one of its orders, for the question what its own flags say at the end.
void flatten(const Program &program, const std::vector<NodeId> &nodes, std::vector<NodeId> &flat) {
  for (NodeId id : nodes) {
    const Node &n = program[id];
    flat.push_back(id);
    if (n.kind == NodeKind::Branch && !n.arms.empty())
      flatten(program, n.arms.front(), flat);
    else
      for (const auto &arm : n.arms)
        flatten(program, arm, flat);
  }
}

/// Later accesses that need no flag of ours because the call's own wait tells their pipe (sync 9).
void Summary::remarks(NodeId macro, llvm::ArrayRef<NodeId> after) {
  std::vector<NodeId> flat;
  flatten(solved, solved[macro].arms.front(), flat);
  size_t trailing = flat.size(); // waits behind the last access
  while (trailing > 0 && solved[flat[trailing - 1]].kind != NodeKind::Access)
    --trailing;
  sync::Overlap overlap(solved);
  llvm::SmallSet<Pipe, 4> told;
  for (NodeId later : after) {
    const Node &y = solved[later];
    if (y.kind != NodeKind::Access || told.contains(y.pipe))
      continue;
    for (size_t i = flat.size(); i-- > 0;) {
      const Node &x = solved[flat[i]];
      if (x.kind != NodeKind::Access || x.pipe == y.pipe)
        continue;
      bool meets = llvm::any_of(x.writes, [&](auto w) {
        return llvm::any_of(y.reads, [&](auto r) { return overlap.ever(w, r); });
      });
      bool handed = false;
      for (size_t j = trailing; j < flat.size(); ++j)
        handed |= solved[flat[j]].kind == NodeKind::Wait && solved[flat[j]].key.from == x.pipe &&
                  solved[flat[j]].key.to == y.pipe;
      if (!meets || !handed)
        continue;
      told.insert(y.pipe);
      out.remarks.push_back({"no flag is needed between " + who(model, solved, macro) + " and " +
                             who(model, solved, later) + ": the call's own trailing wait (" +
                             name(x.pipe).str() + ">" + name(y.pipe).str() + ") orders them"});
      break;
    }
  }
}

void Summary::list(const std::vector<NodeId> &nodes, const std::string &end) {
  std::vector<std::string> next(nodes.size(), end);
  for (size_t i = nodes.size(); i-- > 0;)
    next[i] = !isOurs(nodes[i])      ? who(model, solved, nodes[i])
              : i + 1 < nodes.size() ? next[i + 1]
                                     : end;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node &node = solved[nodes[i]];
    if (isPrinted(nodes[i]))
      count(nodes[i]);
    if (isOurs(nodes[i]))
      item(nodes[i], next[i]);
    if (node.kind == NodeKind::Macro && node.transparent)
      inside(nodes[i], !llvm::isa<mlir::func::CallOp>(model.sources[node.source]));
    loops += node.kind == NodeKind::Loop;
    if (node.kind == NodeKind::Loop || node.kind == NodeKind::Branch)
      for (const auto &arm : node.arms)
        list(arm,
             node.kind == NodeKind::Loop ? "the end of the loop body" : "the end of the branch");
    loops -= node.kind == NodeKind::Loop;
    const OpInfo *info =
        node.kind == NodeKind::Macro ? findOpInfo(model.sources[node.source]) : nullptr;
    if (info && info->pipeRule == PipeRule::ByMicro)
      remarks(nodes[i], llvm::ArrayRef(nodes).drop_front(i + 1).take_front(
                            64)); // the next few users are what a reader asks for
  }
}
} // namespace

SyncFunction pto::summarize(const SyncModel &model, const Program &solved, llvm::StringRef function,
                            CoreKind core, bool detailed, const Drains &drains) {
  SyncFunction out;
  out.name = function.str();
  out.core = name(core).str();
  if (!detailed)
    return out;
  Summary(model, solved, drains, out).list(solved.top, "the end of the function");
  std::vector<std::string> distinct, marked;
  for (const sync::Root &root : solved.roots)
    (root.mayAlias ? marked : distinct).push_back(root.name);
  // One that is marked beside one that is not counts as distinct, too (sync 2).
  if (distinct.size() > 1)
    out.assumptions.push_back(llvm::join(distinct, ", ") + " are distinct memory" +
                              (marked.empty() ? "" : ", also from " + llvm::join(marked, ", ")));
  else if (!distinct.empty() && !marked.empty())
    out.assumptions.push_back(distinct[0] + " is distinct memory from " + llvm::join(marked, ", "));
  return out;
}
