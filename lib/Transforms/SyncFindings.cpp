//===- SyncFindings.cpp - Findings of the checker as diagnostics -----------===//
//
// The first line says what is wrong, with the numbers. Notes say where the other place is, by which
// calls, paths and iterations one gets there, and what to write instead.
//
//===----------------------------------------------------------------------===//

#include "SyncText.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/Parse/Parse.h"

using namespace pto;
using sync::Finding;
using sync::NodeId;
using sync::NodeKind;
using sync::Program;
using sync::Rule;
using sync::TokenFault;

//===----------------------------------------------------------------------===//
// What is wrong
//===----------------------------------------------------------------------===//

namespace {
std::string mayStillBe(const Program &p, const Finding &f, sync::RegionId region) {
  std::string was = f.hazard == sync::Hazard::WAR ? "reading" : "writing";
  return " while " + name(p[f.earlier].pipe).str() + " may still be " + was + " " +
         (region == sync::none ? "it" : describeRegion(p, region));
}

std::string headline(const Program &p, const Finding &f) {
  std::string key = describe(p, f.key);
  switch (f.rule) {
  case Rule::C1: {
    std::string what = f.hazard == sync::Hazard::RAW ? "reads " : "writes ";
    return what + describeRegion(p, f.laterRegion) + " on " + name(p[f.later].pipe).str() +
           mayStillBe(p, f, sync::none) + " (" + sync::name(f.hazard).str() + "): " + f.what;
  }
  case Rule::C7:
    return f.earlierRegion == sync::none
               ? f.what
               : "returns" + mayStillBe(p, f, f.earlierRegion) + ": " + f.what;
  case Rule::C8:
    return "signals" + mayStillBe(p, f, f.earlierRegion) + ": " + f.what;
  case Rule::Limit:
    return f.what;
  default:
    return key + ": " + f.what;
  }
}

llvm::StringRef ruleName(Rule rule) {
  return rule == Rule::Limit ? "limit of the checker" : sync::name(rule);
}

/// What `earlier` is to the finding.
std::string earlierText(const Program &p, const Finding &f) {
  const sync::Node &node = p[f.earlier];
  std::string text = "the earlier one is here: ";
  if (f.rule == Rule::C3 || (f.token == TokenFault::Missing && node.kind == NodeKind::Wait))
    text = "the token before is taken here: ";
  else if (f.token == TokenFault::Missing)
    text = "for " + describe(p, node.key) + ", which is set here, nobody waits: ";
  else if (node.kind == NodeKind::Set)
    text = "it is set here: ";
  text += node.label;
  if (f.earlierRegion != sync::none)
    text += ", " + describeRegion(p, f.earlierRegion);
  if (f.distance)
    text += ", " + std::to_string(f.distance) + " iteration(s) before";
  return text;
}

//===----------------------------------------------------------------------===//
// The way out
//===----------------------------------------------------------------------===//

/// "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]", as one writes it.
std::string spelled(llvm::StringRef op, Pipe from, Pipe to, const std::string &id) {
  return (op + "[<PIPE_" + name(from) + ">, <PIPE_" + name(to) + ">, " + id + "]").str();
}
std::string spelled(llvm::StringRef op, const sync::FlagKey &key) {
  bool isStatic = key.id.known && key.id.count <= 1;
  return spelled(op, key.from, key.to,
                 isStatic ? "<EVENT_ID" + std::to_string(key.id.base) + ">" : "id");
}

/// Does the later place of a pair that a loop carries stand before the earlier one in its body?
bool comesBefore(const SyncModel &model, const Finding &f) {
  const Program &p = model.program;
  if (f.loop == sync::none)
    return false;
  mlir::Operation *earlier = model.sources[p[f.earlier].source],
                  *later = model.sources[p[f.later].source];
  for (mlir::Region &region : model.sources[p[f.loop].source]->getRegions())
    for (mlir::Block &body : region) {
      mlir::Operation *x = body.findAncestorOpInBlock(*earlier),
                      *y = body.findAncestorOpInBlock(*later);
      if (x && y)
        return x != y && y->isBeforeInBlock(x);
    }
  return false;
}

std::string orderThem(const SyncModel &model, const Finding &f, const std::string &orInsert) {
  const Program &p = model.program;
  Pipe from = p[f.earlier].pipe, to = p[f.later].pipe;
  std::string text;
  if (from == to)
    text = "put pto.barrier <PIPE_" + name(from).str() + "> between them";
  else
    text = "put " + spelled("pto.set_flag", from, to, "id") +
           " after the first and pto.wait_flag before the second";
  if (from != to && comesBefore(model, f))
    text += ", and for the first and the last iteration one set before the loop and one wait "
            "behind it";
  return text + orInsert;
}

std::string mendToken(const Program &p, const Finding &f) {
  switch (f.token) {
  case TokenFault::Again:
    return "put " + spelled("pto.wait_flag", f.key) +
           " between the two sets, or use another event id for one of them";
  case TokenFault::Missing:
    return "put " + spelled("pto.set_flag", f.key) +
           " before it in program order, or take the wait out";
  case TokenFault::SomePaths:
    if (p[f.later].kind == NodeKind::Loop && !f.unproven)
      return "each iteration has to leave the flag as it found it; one set before the loop and one "
             "wait behind it carry it from iteration to iteration";
    return "set the flag and wait for it on the same paths: both under one condition, or both "
           "outside";
  case TokenFault::Unreadable:
    return "ids that can be read are constants and (counter + constant) mod n of a loop";
  case TokenFault::Rotation:
    return "use other event ids of the pair for one of the two";
  case TokenFault::None:
    break;
  }
  return "";
}

/// Empty: the first line says it.
std::string wayOut(const SyncModel &model, const Finding &f, Author author) {
  const Program &p = model.program;
  std::string orInsert =
      author == Author::Source ? ", or compile with --enable-insert-sync" : std::string();
  switch (f.rule) {
  case Rule::C1:
    return orderThem(model, f, orInsert);
  case Rule::C2:
    return mendToken(p, f);
  case Rule::C3:
    return "where a flag is one bit, a token that comes too early is lost: hand back from " +
           name(f.key.to).str() + " to " + name(f.key.from).str() +
           " after the wait and before the set, or take turns with more event ids";
  case Rule::C5:
    return "put " + spelled("pto.wait_flag", f.key) +
           " before the call, or use another event id of the pair";
  case Rule::C7:
    if (f.earlierRegion == sync::none)
      return "put " + spelled("pto.wait_flag", f.key) +
             " before the return: a token that stays belongs to the next kernel";
    return "put pto.barrier <PIPE_ALL> before the return" + orInsert;
  case Rule::C8:
    return "order them before the signal (on S: pto.set_flag and pto.wait_flag to PIPE_S, then "
           "pto.dsb)" +
           orInsert;
  case Rule::C4:
  case Rule::Limit:
    break;
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Where
//===----------------------------------------------------------------------===//

/// The calls by which control comes to a node, outermost first.
bool findCalls(const SyncModel &model, const std::vector<NodeId> &nodes, NodeId wanted,
               llvm::SmallVectorImpl<NodeId> &calls) {
  for (NodeId id : nodes) {
    if (id == wanted)
      return true;
    const sync::Node &node = model.program[id];
    bool isCall = node.kind == NodeKind::Macro && node.source != sync::none &&
                  llvm::isa<mlir::func::CallOp>(model.sources[node.source]);
    if (isCall)
      calls.push_back(id);
    for (const std::vector<NodeId> &arm : node.arms)
      if (findCalls(model, arm, wanted, calls))
        return true;
    if (isCall)
      calls.pop_back();
  }
  return false;
}

/// The contiguous region (sync 13.5) that holds both ends.
mlir::Operation *commonRegion(const SyncModel &model, const Finding &f) {
  auto regionOf = [&](NodeId id) -> mlir::Operation * {
    if (id == sync::none || model.program[id].source == sync::none)
      return nullptr;
    mlir::Operation *op = model.sources[model.program[id].source];
    auto region = op->getParentOfType<mlir::scf::ExecuteRegionOp>();
    return region && region.getNoInline() ? region.getOperation() : nullptr;
  };
  mlir::Operation *first = regionOf(f.earlier);
  return first == regionOf(f.later) ? first : nullptr;
}

/// The other place, and how one gets there.
void noteWhere(const SyncModel &model, const Finding &f, mlir::InFlightDiagnostic &diagnostic) {
  const Program &p = model.program;
  auto noteCalls = [&](NodeId id) {
    llvm::SmallVector<NodeId> calls;
    if (id == sync::none || !findCalls(model, p.top, id, calls))
      return calls;
    for (NodeId call : llvm::reverse(calls))
      diagnostic.attachNote(locationOf(model, p, call)) << "called from here";
    return calls;
  };
  auto calls = noteCalls(f.later);
  if (f.earlier != sync::none && f.earlier != f.later && p[f.earlier].source != sync::none) {
    diagnostic.attachNote(locationOf(model, p, f.earlier)) << earlierText(p, f);
    llvm::SmallVector<NodeId> there;
    if (findCalls(model, p.top, f.earlier, there) && there != calls)
      noteCalls(f.earlier);
  } else if (f.earlier != sync::none && f.distance) {
    diagnostic.attachNote(locationOf(model, p, f.earlier)) << earlierText(p, f);
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
}

bool isIn(const Program &p, NodeId node, NodeId around) {
  return node == around || llvm::any_of(p[around].arms, [&](const std::vector<NodeId> &arm) {
           return llvm::any_of(arm, [&](NodeId inner) { return isIn(p, node, inner); });
         });
}

/// Do both ends lie inside one execution of a library call? What it orders of its own steps is its
/// affair.
bool isInsideOneCall(const SyncModel &model, const Finding &f) {
  const Program &p = model.program;
  for (NodeId id = 0; f.rule == Rule::C1 && id < p.nodes.size(); ++id) {
    if (p[id].kind != NodeKind::Macro || p[id].source == sync::none)
      continue;
    const OpInfo *info = findOpInfo(model.sources[p[id].source]);
    if (info && info->pipeRule == PipeRule::ByMicro && isIn(p, f.earlier, id) &&
        isIn(p, f.later, id) && (f.loop == sync::none || isIn(p, f.loop, id)))
      return true;
  }
  return false;
}
} // namespace

std::string pto::describeAssumption(const SyncModel &model, const Finding &f) {
  std::string text = "not a fault, though only run time knows: " + headline(model.program, f);
  if (f.later == sync::none)
    return text;
  std::string at = locationText(locationOf(model, model.program, f.later));
  return at.empty() ? text : text + " (" + at + ")";
}

bool pto::emitFinding(const SyncModel &model, const Finding &f, bool warn, Author author) {
  const Program &p = model.program;
  mlir::Operation *function = model.blocks.at({sync::none, 0})->getParentOp();
  mlir::Operation *at = f.later == sync::none ? function : model.sources[p[f.later].source];
  auto diagnostic = warn || f.warning ? at->emitWarning() : at->emitError();
  diagnostic << "'" << at->getName() << "' op " << (f.unproven ? "cannot be proven: " : "")
             << headline(p, f) << " [" << ruleName(f.rule) << "]";
  noteWhere(model, f, diagnostic);
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
  if (author == Author::Inserter) {
    diagnostic.attachNote(function->getLoc())
        << "this is a bug of ptoas: it inserted this synchronisation itself; please report the "
           "input. --enable-inject-barrier-all-sync may help meanwhile";
    return true;
  }
  if (std::string text = wayOut(model, f, author); !text.empty())
    diagnostic.attachNote(at->getLoc()) << text;
  if (author == Author::Both)
    diagnostic.attachNote(function->getLoc())
        << "this program brings synchronisation of its own, and what was added to it cannot mend "
           "it; --verify-sync=error without insertion judges the original";
  return false;
}
