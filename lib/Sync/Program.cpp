//===- Program.cpp - Nodes, the region table and the listing --------------===//

#include "ptoas/Sync/Program.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
using namespace pto::sync;

void Region::bounds(int64_t &low, int64_t &high) const {
  low = high = 0;
  if (isEmpty())
    return;
  high = int64_t(run);
  for (const Dim &dim : dims) {
    int64_t reach = (dim.extent - 1) * dim.stride;
    (reach < 0 ? low : high) += reach;
  }
}

bool Region::isEmpty() const {
  if (!offset.known)
    return false; // nobody said how many bytes there are either
  for (const Dim &dim : dims)
    if (dim.extent <= 0)
      return true;
  return run == 0;
}

uint64_t Region::span() const {
  int64_t low, high;
  bounds(low, high);
  return uint64_t(high - low);
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

NodeId Program::add(Node node) {
  nodes.push_back(std::move(node));
  return NodeId(nodes.size() - 1);
}

const Counter *Program::counterOf(NodeId node) const {
  bool isCounter = node < nodes.size() && nodes[node].kind == NodeKind::Counter;
  return isCounter ? &counters[nodes[node].source] : nullptr;
}

llvm::SmallVector<NodeId, 2> Program::loopsOf(NodeId number) const {
  const Counter *counter = counterOf(number);
  return counter ? counter->loops : llvm::SmallVector<NodeId, 2>{number};
}

bool Program::counts(NodeId loop, NodeId number) const {
  const Counter *counter = counterOf(number);
  return counter ? llvm::is_contained(counter->loops, loop) : loop == number;
}

NodeId Program::startOf(NodeId number) const {
  const Counter *counter = counterOf(number);
  return counter ? counter->over : number;
}

bool Program::isSteady(NodeId number, NodeId loop) const {
  const Counter *counter = counterOf(number);
  return counter && !llvm::is_contained(counter->around, loop);
}

NodeId Program::addCounter(NodeId over, llvm::ArrayRef<NodeId> loops, std::string name) {
  Node node;
  node.kind = NodeKind::Counter;
  node.source = uint32_t(counters.size());
  node.label = std::move(name);
  NodeId id = add(std::move(node));
  counters.push_back({id, over, llvm::SmallVector<NodeId, 2>(loops), {}, 0});
  return id;
}

void Program::closeCounters() {
  if (counters.empty())
    return;
  std::vector<NodeId> open;
  auto walk = [&](auto &self, const std::vector<NodeId> &list) -> void {
    for (NodeId id : list) {
      bool isLoop = nodes[id].kind == NodeKind::Loop;
      for (Counter &counter : counters)
        if (isLoop && llvm::is_contained(counter.loops, id))
          for (NodeId loop : open)
            if (!llvm::is_contained(counter.around, loop))
              counter.around.push_back(loop);
      if (isLoop)
        open.push_back(id);
      for (const std::vector<NodeId> &arm : nodes[id].arms)
        self(self, arm);
      if (isLoop)
        open.pop_back();
    }
  };
  walk(walk, top);
}

/// Our own mixing: llvm::hash_combine may be seeded per process, and ids should not even in theory
/// depend on that.
static uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ull;
  hash *= 0xff51afd7ed558ccdull;
  return hash ^ (hash >> 32);
}

static uint64_t hashOf(const Region &region) {
  uint64_t hash = mix(uint64_t(region.space), region.root);
  hash = mix(hash, uint64_t(region.offset.constant));
  hash = mix(hash, uint64_t(region.offset.symbol) << 1 | region.offset.known);
  for (const Offset::Term &term : region.offset.terms)
    hash = mix(mix(hash, term.loop), uint64_t(term.coefficient));
  for (const Region::Dim &dim : region.dims)
    hash = mix(mix(hash, uint64_t(dim.extent)), uint64_t(dim.stride));
  hash = mix(mix(hash, region.run), region.rotation.count);
  hash = mix(mix(hash, uint64_t(region.rotation.stride)), region.rotation.loop);
  return mix(hash, uint64_t(region.rotation.add));
}

RegionId Program::intern(Region region) {
  // Open addressing with linear probing, at most half full.
  auto place = [&](uint64_t hash) {
    size_t at = hash & (index.size() - 1);
    while (index[at].second != none &&
           !(index[at].first == hash && regions[index[at].second] == region))
      at = (at + 1) & (index.size() - 1);
    return at;
  };
  if (index.size() < 2 * (regions.size() + 1)) {
    std::vector<std::pair<uint64_t, RegionId>> old = std::move(index);
    index.assign(std::max<size_t>(64, 2 * old.size()), {0, none});
    for (const auto &entry : old)
      if (entry.second != none) {
        size_t at = entry.first & (index.size() - 1);
        while (index[at].second != none)
          at = (at + 1) & (index.size() - 1);
        index[at] = entry;
      }
  }
  uint64_t hash = hashOf(region);
  size_t at = place(hash);
  if (index[at].second == none) {
    index[at] = {hash, RegionId(regions.size())};
    regions.push_back(std::move(region));
  }
  return index[at].second;
}

//===----------------------------------------------------------------------===//
// Listing
//===----------------------------------------------------------------------===//

static std::string loopName(const Program &program, NodeId loop) {
  if (loop == none)
    return "?";
  const std::string &label = program[loop].label;
  return label.empty() ? "i" + std::to_string(loop) : label;
}

/// "(iteration+1)%2"
static std::string rotationText(const Program &program, NodeId loop, int64_t add, uint32_t count) {
  std::string counter = loopName(program, loop);
  if (llvm::StringRef(counter).contains('.')) // the name of an operation, not of what it counts
    counter = "iteration";
  std::string text = "(" + counter;
  if (add != 0)
    text += (add > 0 ? "+" : "") + std::to_string(add);
  return text + ")%" + std::to_string(count);
}

std::string pto::sync::describe(const Program &program, const FlagKey &key) {
  std::string text = (llvm::Twine(name(key.from)) + ">" + name(key.to) + ", ").str();
  if (!key.id.known)
    return text + "?";
  text += std::to_string(key.id.base);
  if (key.id.count > 1)
    text += "+" + rotationText(program, key.id.loop, key.id.add, key.id.count);
  return text;
}

std::string pto::sync::describe(const Program &program, RegionId id) {
  const Region &region = program.regions[id];
  std::string text = region.name;
  if (text.empty()) {
    const Offset &offset = region.offset;
    text = name(region.space).str();
    if (region.space == Space::GM && region.root < program.roots.size())
      text = program.roots[region.root].name;
    text += "[" + (offset.known ? std::to_string(offset.constant) : std::string("?"));
    if (offset.symbol != none)
      text += "+s" + std::to_string(offset.symbol);
    for (const Offset::Term &term : offset.terms)
      text += "+" + std::to_string(term.coefficient) + "*" + loopName(program, term.loop);
    text += " : " + std::to_string(region.span()) + " B]";
  }
  const Rotation &ring = region.rotation;
  if (ring.count > 1)
    text += "[" + rotationText(program, ring.loop, ring.add, ring.count) + "]";
  return text;
}

namespace {
class Printer {
public:
  Printer(const Program &program, llvm::raw_ostream &os) : program(program), os(os) {}

  void list(const std::vector<NodeId> &nodes, unsigned depth) {
    for (NodeId id : nodes) {
      os.indent(2 * depth);
      line(id);
      os << (program[id].inserted ? "  // inserted\n" : "\n");
      const Node &node = program[id];
      for (size_t arm = 0; arm < node.arms.size(); ++arm) {
        if (node.kind == NodeKind::Branch)
          os.indent(2 * depth) << "arm " << arm << ":\n";
        list(node.arms[arm], depth + 1);
      }
    }
  }

private:
  const Program &program;
  llvm::raw_ostream &os;

  void refs(llvm::StringRef what, llvm::ArrayRef<RegionId> ids) {
    if (ids.empty())
      return;
    os << ' ' << what << '(';
    for (size_t i = 0; i < ids.size(); ++i)
      os << (i ? ", " : "") << describe(program, ids[i]);
    os << ')';
  }

  void line(NodeId id) {
    const Node &node = program[id];
    switch (node.kind) {
    case NodeKind::Access:
    case NodeKind::Publish:
      os << (node.kind == NodeKind::Publish ? "publish" : name(node.pipe)) << ' '
         << (node.label.empty() ? "n" + std::to_string(id) : node.label);
      refs("r", node.reads);
      refs("w", node.writes);
      if (node.accumulates)
        os << " accumulates";
      return;
    case NodeKind::Set:
      os << "set(" << describe(program, node.key) << ')';
      return;
    case NodeKind::Wait:
      os << "wait(" << describe(program, node.key) << ')';
      return;
    case NodeKind::Barrier:
      os << "bar(" << name(node.pipe) << ')';
      return;
    case NodeKind::Fence:
      os << "fence";
      return;
    case NodeKind::Loop:
      os << "loop " << loopName(program, id);
      if (node.endsInside)
        os << " until left";
      else if (node.trip)
        os << " trip " << *node.trip;
      else if (node.minTrip > 0)
        os << " trip >= " << node.minTrip;
      os << ':';
      return;
    case NodeKind::Branch:
      os << "branch:";
      return;
    case NodeKind::Macro:
      os << "macro " << (node.label.empty() ? "n" + std::to_string(id) : node.label) << ':';
      return;
    case NodeKind::Leave:
      os << "leave";
      return;
    case NodeKind::Counter:
      return;
    }
  }
};
} // namespace

void pto::sync::print(const Program &program, llvm::raw_ostream &os) {
  Printer(program, os).list(program.top, 0);
}
