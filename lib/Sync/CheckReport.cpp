//===- CheckReport.cpp - Findings in words --------------------------------===//

#include "ptoas/Sync/Check.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;

llvm::StringRef pto::sync::name(Rule rule) {
  static constexpr llvm::StringRef names[] = {"C1", "C2", "C3", "C4", "C5", "C7", "C8", "limit"};
  return names[unsigned(rule)];
}

llvm::StringRef pto::sync::name(Hazard hazard) {
  static constexpr llvm::StringRef names[] = {"RAW", "WAR", "WAW"};
  return names[unsigned(hazard)];
}

/// "MTE2 pto.tload (node 3)", "set(MTE2>V, 1) (node 4)"
static std::string nodeText(const Program &program, NodeId id) {
  const Node &node = program[id];
  std::string text;
  switch (node.kind) {
  case NodeKind::Set:
    text = "set(" + describe(program, node.key) + ")";
    break;
  case NodeKind::Wait:
    text = "wait(" + describe(program, node.key) + ")";
    break;
  case NodeKind::Barrier:
    text = "bar(" + name(node.pipe).str() + ")";
    break;
  case NodeKind::Access:
    text = name(node.pipe).str() + " " + (node.label.empty() ? "access" : node.label);
    break;
  case NodeKind::Fence:
  case NodeKind::Publish:
  case NodeKind::Loop:
  case NodeKind::Branch:
  case NodeKind::Macro:
  case NodeKind::Leave:
  case NodeKind::Counter: {
    static constexpr llvm::StringRef kinds[] = {"fence", "signal",      "loop",   "branch",
                                                "call",  "end of loop", "counter"};
    text = kinds[unsigned(node.kind) - unsigned(NodeKind::Fence)].str();
    if (!node.label.empty())
      text += " " + node.label;
    break;
  }
  }
  return text + " (node " + std::to_string(id) + ")";
}

std::string pto::sync::describe(const Program &program, const Finding &finding) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << name(finding.rule) << ": "
     << (finding.later == none ? std::string("exit") : nodeText(program, finding.later));
  if (finding.earlier != none) {
    os << " after " << nodeText(program, finding.earlier);
    if (finding.distance > 0)
      os << " of " << finding.distance << (finding.distance == 1 ? " iteration" : " iterations")
         << " ago";
  }
  if (finding.rule == Rule::C1)
    os << ", " << name(finding.hazard) << " on " << describe(program, finding.laterRegion);
  if (finding.rule == Rule::C1 && finding.earlierRegion != finding.laterRegion)
    os << " over " << describe(program, finding.earlierRegion);
  if (finding.rule == Rule::C2 || finding.rule == Rule::C5)
    os << ", flag (" << describe(program, finding.key) << ")";
  os << ": " << finding.what;
  return text;
}
