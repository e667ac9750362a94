//===- InsertMarks.cpp - Places at the ends of arms ------------------------===//

#include "InsertMarks.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

Marks::Marks(const Program &source) : source(source) {
  if (llvm::none_of(source.nodes, [](const Node &n) { return n.kind == NodeKind::Branch; }))
    return;
  marked = source;
  markArms(source.top);
}

NodeId Marks::add(NodeId branch) {
  Node mark;
  mark.kind = NodeKind::Macro;
  mark.arms.resize(1);
  branches.push_back(branch);
  return marked->add(std::move(mark));
}

void Marks::markArms(llvm::ArrayRef<NodeId> list) {
  for (NodeId id : list) {
    const Node &node = source[id];
    if (node.kind == NodeKind::Macro)
      continue; // nothing stands inside
    for (unsigned arm = 0; arm < node.arms.size(); ++arm) {
      markArms(node.arms[arm]);
      if (node.kind != NodeKind::Branch || node.arms[arm].empty())
        continue;
      NodeId begin = add(id), end = add(id);
      std::vector<NodeId> &items = marked->nodes[id].arms[arm];
      items.insert(items.begin(), begin);
      items.push_back(end);
    }
  }
}

Program Marks::without(Program result) const {
  if (branches.empty())
    return result;
  NodeId first = source.nodes.size(), past = first + branches.size();
  result.nodes.erase(result.nodes.begin() + first, result.nodes.begin() + past);
  auto renumber = [&](std::vector<NodeId> &list) {
    llvm::erase_if(list, [&](NodeId id) { return id >= first && id < past; });
    for (NodeId &id : list)
      id -= id < past ? 0 : branches.size();
  };
  auto branchOf = [&](NodeId &id) {
    if (id != none && id >= first)
      id = branches[id - first];
  };
  renumber(result.top);
  for (Node &node : result.nodes) {
    llvm::for_each(node.arms, renumber);
    for (Reason &reason : node.reasons) {
      branchOf(reason.earlier);
      branchOf(reason.later);
    }
  }
  return result;
}
