//===- MutateTiles.cpp - Right synchronisation for other tiles -------------===//

#include "Mutate.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::judge;

namespace {
/// Accesses to rings outside of macros, with the loops around them.
struct Site {
  NodeId node;
  std::vector<NodeId> loops;
};
} // namespace

static void collect(const Program &program, llvm::ArrayRef<NodeId> nodes,
                    std::vector<NodeId> &loops, std::vector<Site> &sites) {
  for (NodeId id : nodes) {
    const Node &node = program[id];
    auto turns = [&](RegionId r) { return program.regions[r].rotation.count > 1; };
    if (llvm::any_of(node.reads, turns) || llvm::any_of(node.writes, turns))
      sites.push_back({id, loops});
    if (node.kind == NodeKind::Macro)
      continue;
    if (node.kind == NodeKind::Loop)
      loops.push_back(id);
    for (const std::vector<NodeId> &arm : node.arms)
      collect(program, arm, loops, sites);
    if (node.kind == NodeKind::Loop)
      loops.pop_back();
  }
}

void judge::forEachMovedTile(const Program &program, uint64_t seed, unsigned count,
                             llvm::function_ref<void(const Mutant &)> visit) {
  std::vector<NodeId> loops;
  std::vector<Site> sites;
  collect(program, program.top, loops, sites);
  if (sites.empty())
    return;
  Random random(seed ^ 0x711e5);
  for (unsigned i = 0; i < count; ++i) {
    const Site &site = random.pick(llvm::ArrayRef<Site>(sites));
    Mutant mutant{Mutation::MoveTile, site.node, false, program};
    unsigned how = random.below(3);
    NodeId other = site.loops.empty() ? none : random.pick(llvm::ArrayRef<NodeId>(site.loops));
    auto move = [&](RegionId &id) {
      Region region = program.regions[id];
      if (region.rotation.count < 2)
        return;
      if (how == 0)
        region.rotation.add += 1;
      else if (how == 1)
        region.rotation = Rotation();
      else
        region.rotation.loop = other;
      id = mutant.program.intern(std::move(region));
    };
    Node &node = mutant.program[site.node];
    for (RegionId &id : node.reads)
      move(id);
    for (RegionId &id : node.writes)
      move(id);
    visit(mutant);
  }
}
