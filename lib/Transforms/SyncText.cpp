//===- SyncText.cpp - Synchronisation in words -----------------------------===//

#include "SyncText.h"
#include "ScalarCache.h"
#include "SyncCost.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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
llvm::StringRef hazardName(sync::Hazard h) {
  return h == sync::Hazard::RAW ? "RAW" : h == sync::Hazard::WAR ? "WAR" : "WAW";
}

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
  std::string text = hazardName(reason.hazard).str();
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
  Summary(const SyncModel &model, const Program &solved, SyncFunction &out)
      : model(model), solved(solved), times(timelineOf(model, solved)), out(out) {
    if (times)
      out.modelled.emplace().cycles = times->cycles;
    if (times)
      out.modelled->free = times->free;
  }
  void list(const std::vector<NodeId> &nodes, const std::string &end);

private:
  void count(NodeId id);
  void item(NodeId id, const std::string &before);
  void remarks(NodeId macro, llvm::ArrayRef<NodeId> after);

  const SyncModel &model;
  const Program &solved;
  std::optional<sync::Timeline> times;
  SyncFunction &out;
  unsigned loops = 0; ///< around the list at work
};

std::string pairName(const sync::FlagKey &key) {
  return (name(key.from) + ">" + name(key.to)).str();
}

void Summary::count(NodeId id) {
  const Node &node = solved[id];
  if (times) {
    SyncFunction::Modelled &m = *out.modelled;
    bool isFlag = node.kind == NodeKind::Set || node.kind == NodeKind::Wait;
    bool isBarrier = node.kind == NodeKind::Barrier;
    m.flags += isFlag ? times->executed[id] : 0;
    (node.pipe == Pipe::ALL ? m.barriersAll : m.barriers) += isBarrier ? times->executed[id] : 0;
    m.fences += node.kind == NodeKind::Fence ? times->executed[id] : 0;
  }
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
  for (const sync::Reason &reason : node.reasons)
    item.reasons.push_back(describeReason(model, solved, reason));
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
    next[i] = !solved[nodes[i]].inserted ? who(model, solved, nodes[i])
              : i + 1 < nodes.size()     ? next[i + 1]
                                         : end;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node &node = solved[nodes[i]];
    count(nodes[i]);
    if (node.inserted)
      item(nodes[i], next[i]);
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
                            CoreKind core, bool detailed) {
  SyncFunction out;
  out.name = function.str();
  out.core = name(core).str();
  if (!detailed)
    return out;
  Summary(model, solved, out).list(solved.top, "the end of the function");
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

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

namespace {
std::string headline(const SyncModel &model, const sync::Finding &f) {
  const Program &p = model.program;
  std::string key = f.rule == sync::Rule::C1 || f.rule == sync::Rule::C8 ? "" : describe(p, f.key);
  switch (f.rule) {
  case sync::Rule::C1: {
    const Node &x = p[f.earlier], &y = p[f.later];
    std::string what = f.hazard == sync::Hazard::RAW ? "reads " : "writes ";
    std::string was = f.hazard == sync::Hazard::WAR ? "reading" : "writing";
    return what + describeRegion(p, f.laterRegion) + " on " + name(y.pipe).str() + " while " +
           name(x.pipe).str() + " may still be " + was + " it (" + hazardName(f.hazard).str() +
           "): " + f.what;
  }
  case sync::Rule::C7:
    return f.what;
  default:
    return (key.empty() ? "" : key + ": ") + f.what;
  }
}
llvm::StringRef ruleName(sync::Rule rule) {
  static constexpr llvm::StringLiteral names[] = {"C1", "C2", "C3", "C4",
                                                  "C5", "C7", "C8", "limit of the checker"};
  return names[unsigned(rule)];
}
} // namespace

/// The contiguous region (sync 13.5) that holds both ends.
static mlir::Operation *commonRegion(const SyncModel &model, const sync::Finding &f) {
  auto regionOf = [&](sync::NodeId id) -> mlir::Operation * {
    if (id == sync::none || model.program[id].source == sync::none)
      return nullptr;
    mlir::Operation *op = model.sources[model.program[id].source];
    auto region = op->getParentOfType<mlir::scf::ExecuteRegionOp>();
    return region && region.getNoInline() ? region.getOperation() : nullptr;
  };
  mlir::Operation *first = regionOf(f.earlier);
  return first == regionOf(f.later) ? first : nullptr;
}

static bool isIn(const Program &p, sync::NodeId node, sync::NodeId around) {
  return node == around || llvm::any_of(p[around].arms, [&](const std::vector<sync::NodeId> &arm) {
           return llvm::any_of(arm, [&](sync::NodeId inner) { return isIn(p, node, inner); });
         });
}

/// Do both ends lie inside one execution of a library call? What it orders of its own steps is its
/// affair.
static bool isInsideOneCall(const SyncModel &model, const sync::Finding &f) {
  const Program &p = model.program;
  for (sync::NodeId id = 0; f.rule == sync::Rule::C1 && id < p.nodes.size(); ++id) {
    if (p[id].kind != NodeKind::Macro || p[id].source == sync::none)
      continue;
    const OpInfo *info = findOpInfo(model.sources[p[id].source]);
    if (info && info->pipeRule == PipeRule::ByMicro && isIn(p, f.earlier, id) &&
        isIn(p, f.later, id) && (f.loop == sync::none || isIn(p, f.loop, id)))
      return true;
  }
  return false;
}

std::string pto::describeAssumption(const SyncModel &model, const sync::Finding &f) {
  std::string text = "not a fault, though only run time knows: " + headline(model, f);
  if (f.later == sync::none)
    return text;
  std::string at = locationText(locationOf(model, model.program, f.later));
  return at.empty() ? text : text + " (" + at + ")";
}

bool pto::emitFinding(const SyncModel &model, const sync::Finding &f, bool warn, Author author) {
  const Program &p = model.program;
  mlir::Operation *function = model.blocks.at({sync::none, 0})->getParentOp();
  mlir::Operation *at = f.later == sync::none ? function : model.sources[p[f.later].source];
  auto diagnostic = warn || f.warning ? at->emitWarning() : at->emitError();
  diagnostic << "'" << at->getName() << "' op " << (f.unproven ? "cannot be proven: " : "")
             << headline(model, f) << " [" << ruleName(f.rule) << "]";
  if (f.earlier != sync::none && p[f.earlier].source != sync::none) {
    auto &note = diagnostic.attachNote(locationOf(model, p, f.earlier))
                 << "the earlier one is here: " << p[f.earlier].label;
    if (f.earlierRegion != sync::none)
      note << ", " << describeRegion(p, f.earlierRegion);
    if (f.distance)
      note << ", " << f.distance << " iteration(s) before";
  }
  if (f.distance && f.loop != sync::none)
    diagnostic.attachNote(locationOf(model, p, f.loop)) << "carried by this loop";
  for (auto [value, arm] : f.path)
    diagnostic.attachNote(model.conditions[value].getLoc())
        << "on the paths where this condition is " << (arm == 0 ? "true" : "false");
  for (auto [node, choice] : f.choices) {
    auto &note = diagnostic.attachNote(locationOf(model, p, node)) << "on the paths where this ";
    if (p[node].kind == NodeKind::Loop)
      note << (choice ? "loop runs" : "loop does not run");
    else if (p[node].arms.size() == 2)
      note << "condition is " << (choice == 0 ? "true" : "false");
    else
      note << "takes arm " << choice + 1 << " of " << p[node].arms.size();
  }
  if (f.warning)
    return false; // nothing to mend
  if (f.unproven)
    diagnostic.attachNote(at->getLoc())
        << "only run time knows whether this is right; --assume takes it for right";
  if (mlir::Operation *together = commonRegion(model, f); together && author != Author::Source) {
    diagnostic.attachNote(together->getLoc())
        << "nothing is inserted into a region that stays together (no_inline); order its "
           "operations by hand, or take one of them out";
    return false;
  }
  if (isInsideOneCall(model, f)) {
    diagnostic.attachNote(at->getLoc())
        << "both are steps of this call, between which nothing can be inserted: what it reads and "
           "what it writes must not overlap";
    return false;
  }
  if (author == Author::Both)
    diagnostic.attachNote(function->getLoc())
        << "this program brings synchronisation of its own, and what was added to it cannot mend "
           "it; "
           "--verify-sync=error without insertion judges the original";
  else if (author == Author::Inserter)
    diagnostic.attachNote(function->getLoc())
        << "this is a bug of ptoas: it inserted this synchronisation itself; please report the "
           "input. "
           "--enable-inject-barrier-all-sync may help meanwhile";
  else if (f.rule == sync::Rule::C1 && p[f.earlier].pipe == p[f.later].pipe)
    diagnostic.attachNote(at->getLoc()) // a flag from a pipe to itself hangs (sync 4)
        << "put pto.barrier <PIPE_" << name(p[f.later].pipe)
        << "> between them, or compile with --enable-insert-sync";
  else if (f.rule == sync::Rule::C1)
    diagnostic.attachNote(at->getLoc())
        << "put pto.set_flag[<PIPE_" << name(p[f.earlier].pipe) << ">, <PIPE_"
        << name(p[f.later].pipe)
        << ">, id] after the first and pto.wait_flag before the second, or compile with "
           "--enable-insert-sync";
  else if (f.rule == sync::Rule::C3)
    diagnostic.attachNote(at->getLoc())
        << "take an id whose token is known to be gone, or send word that it is: a flag "
        << name(f.key.to) << ">" << name(f.key.from) << " from behind the wait to before this set";
  return author == Author::Inserter;
}

static std::string headline(const SyncModel &model, const StaleLine &line) {
  const Program &p = model.program;
  const Node &scalar = p[line.scalar], &other = p[line.other];
  std::string bytes = describeRegion(p, (line.isStore ? scalar.writes : scalar.reads).front());
  if (!line.isStore)
    return "may read " + bytes + " from the scalar data cache, as they were before " + other.label;
  bool tells = other.kind == NodeKind::Publish || other.pipe == Pipe::S;
  return (tells ? "tells of " : "uses ") + bytes + ", which " + scalar.label +
         " may have left in the scalar data cache";
}

std::string pto::describeAssumption(const SyncModel &model, const StaleLine &line) {
  sync::NodeId at = line.isStore ? line.other : line.scalar;
  return "not a fault, though only run time knows: " + model.program[at].label + " " +
         headline(model, line);
}

bool pto::emitStaleLine(const SyncModel &model, const StaleLine &line, bool warn, Author author) {
  const Program &p = model.program;
  const Node &scalar = p[line.scalar], &other = p[line.other];
  mlir::Operation *access = model.sources[scalar.source];
  bool isAtOther = line.isStore && other.source != sync::none;
  mlir::Operation *at = isAtOther ? model.sources[other.source] : access;
  auto diagnostic = warn ? at->emitWarning() : at->emitError();
  diagnostic << "'" << at->getName() << "' op " << (line.unproven ? "cannot be proven: " : "")
             << headline(model, line) << " [C8]";
  mlir::Operation *earlier = isAtOther                    ? access
                             : other.source == sync::none ? nullptr
                                                          : model.sources[other.source];
  if (earlier)
    diagnostic.attachNote(earlier->getLoc()) << "the earlier one is here: " << earlier->getName();
  if (line.unproven)
    diagnostic.attachNote(at->getLoc())
        << "only run time knows whether this is right; --assume takes it for right";
  if (author != Author::Inserter)
    diagnostic.attachNote(access->getLoc())
        << (line.isStore ? "put pto.cmo.cacheinvalid of its line, then pto.dsb, behind it"
                         : "put pto.cmo.cacheinvalid of its line before it")
        << ", or compile with --enable-insert-sync";
  return author == Author::Inserter;
}
