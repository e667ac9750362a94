//===- Shrink.cpp - Smaller programs that still show a failure -------------===//

#include "Mutate.h"
#include "StatementLists.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

/// True when every loop that an id or an address counts with is still there.
static bool hasAllLoops(const Program &program) {
  std::vector<List> lists;
  collectLists(program, {}, true, lists);
  std::vector<bool> present(program.nodes.size(), false);
  for (const List &list : lists)
    for (NodeId id : list.in(program))
      present[id] = true;
  for (const Counter &counter : program.counters)
    present[counter.node] = present[counter.over];
  auto regionIsFine = [&](RegionId id) {
    const Region &region = program.regions[id];
    return (region.rotation.loop == none || present[region.rotation.loop]) &&
           llvm::all_of(region.offset.terms,
                        [&](const Offset::Term &term) { return present[term.loop]; });
  };
  for (NodeId id = 0; id < program.nodes.size(); ++id) {
    const Node &node = program[id];
    if (present[id] &&
        ((node.key.id.loop != none && !present[node.key.id.loop]) ||
         !llvm::all_of(node.reads, regionIsFine) || !llvm::all_of(node.writes, regionIsFine)))
      return false;
  }
  return true;
}

namespace {
/// Tries one removal after the other; each list of candidates is made anew after a success.
class Shrinker {
public:
  Shrinker(Program start, llvm::function_ref<bool(const Program &)> isInteresting)
      : program(std::move(start)), isInteresting(isInteresting) {}

  Program run() {
    while (dropStatement() || chooseArm() || dropRegion())
      ;
    return std::move(program);
  }

private:
  bool keep(Program candidate) {
    if (!hasAllLoops(candidate) || !isInteresting(candidate))
      return false;
    program = std::move(candidate);
    return true;
  }

  std::vector<NodeId> statements() const {
    std::vector<List> lists;
    collectLists(program, {}, true, lists);
    std::vector<NodeId> all;
    for (const List &list : lists)
      llvm::append_range(all, list.in(program));
    return all;
  }

  bool dropStatement() {
    for (NodeId id : statements()) // a loop that ends inside keeps its end
      if (program[id].kind != NodeKind::Leave && keep(without(program, id)))
        return true;
    return false;
  }

  /// Puts the statements of one arm in the place of their branch.
  bool chooseArm() {
    std::vector<List> lists;
    collectLists(program, {}, false, lists);
    for (const List &list : lists)
      for (size_t i = 0; i < list.in(program).size(); ++i) {
        const Node &node = program[list.in(program)[i]];
        for (size_t arm = 0; node.kind == NodeKind::Branch && arm < node.arms.size(); ++arm) {
          Program candidate = program;
          std::vector<NodeId> &statements = list.in(candidate);
          statements.erase(statements.begin() + i);
          statements.insert(statements.begin() + i, node.arms[arm].begin(), node.arms[arm].end());
          if (keep(std::move(candidate)))
            return true;
        }
      }
    return false;
  }

  bool dropRegion() {
    for (NodeId id : statements())
      for (bool writes : {false, true}) {
        size_t count = (writes ? program[id].writes : program[id].reads).size();
        for (size_t i = 0; i < count; ++i) {
          Program candidate = program;
          auto &regions = writes ? candidate[id].writes : candidate[id].reads;
          regions.erase(regions.begin() + i);
          if (keep(std::move(candidate)))
            return true;
        }
      }
    return false;
  }

  Program program;
  llvm::function_ref<bool(const Program &)> isInteresting;
};
} // namespace

Program judge::shrink(Program program, llvm::function_ref<bool(const Program &)> isInteresting) {
  return Shrinker(std::move(program), isInteresting).run();
}
