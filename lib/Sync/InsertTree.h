//===- InsertTree.h - Statement lists and order demands ----------*- C++ -*-===//
//
// What the inserter derives once from a program: where every node stands, and which accesses must
// be complete before which others (C1, C8). Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTTREE_H
#define PTOAS_LIB_SYNC_INSERTTREE_H

#include "ptoas/Sync/Program.h"
#include "llvm/ADT/ArrayRef.h"

namespace pto::sync::inserter {

/// A static place in program order, or a claim "all up to this place, `d` iterations ago", which is
/// the place minus d times `iteration`. Larger claims say more.
using Position = int64_t;
/// Distance of neighbouring nodes: leaves room for what is inserted between them.
inline constexpr Position nodeStep = Position(1) << 20;
inline constexpr Position iteration = Position(1) << 46;
inline constexpr Position unknown = -(Position(1) << 60);
/// Distances beyond are treated as this one, which demands more (sync 13.1).
inline constexpr int64_t maxDistance = 16;

using ListId = uint32_t;

/// One statement list: the function, a loop body, the arm of a branch, the inside of a macro.
struct List {
  NodeId owner = none;
  llvm::ArrayRef<NodeId> items;
  ListId parent = none;
  unsigned depth = 0;                 ///< lists around it
  llvm::SmallVector<NodeId, 4> loops; ///< open loops, outermost first; loops.size() is its level
  bool isBody = false;                ///< of a loop
  uint32_t leave = none;              ///< index of the Leave in the body of a loop that ends inside
  bool frozen = false;                ///< inside a macro: nothing may be inserted
  bool dead = false;                  ///< inside a loop that never runs; frozen too
  Position begin = 0, end = 0;
  /// Ranges whose items are never on one path with items of this list: the arms before, of all
  /// enclosing branches. Innermost first.
  llvm::SmallVector<std::pair<Position, Position>, 2> exclusive;
};

/// Where a node stands.
struct Place {
  ListId list = none;
  uint32_t index = 0; ///< in List::items
  Position begin = 0, end = 0;
  llvm::SmallVector<ListId, 2> arms; ///< the lists that it owns
};

/// A set after item `producer` and a wait before item `consumer` of one list serve a demand.
struct Span {
  ListId list = none;
  uint32_t producer = 0, consumer = 0;
};

/// Where an access or a signal runs.
inline Pipe pipeOf(const Node &node) {
  return node.kind == NodeKind::Publish && !node.signals ? Pipe::S : node.pipe;
}

class Tree {
public:
  explicit Tree(const Program &program);

  const Program &program;
  std::vector<List> lists;   ///< parents before children; [0] is the function
  std::vector<Place> places; ///< by NodeId; list is none for nodes that are not in the program
  std::vector<NodeId> order; ///< nodes by place
  std::vector<std::vector<FlagKey>> rotations; ///< by loop: keys that rotate from its beginning on

  const List &listOf(NodeId node) const { return lists[places[node].list]; }
  /// The node at the place of a claim, whatever its distance.
  NodeId nodeAt(Position claim) const;
  /// The item of `list` that is `node` or holds it.
  uint32_t itemHolding(ListId list, NodeId node) const;
  /// Where a handoff from `earlier` to `later` can stand; `loop` carries it unless none. Nothing
  /// when both are inside one macro.
  std::optional<Span> spanOf(NodeId earlier, NodeId later, NodeId loop) const;
  bool endsInside(NodeId loop) const { return loop != none && program[loop].endsInside; }
  /// Does a flag of the program stand in a loop in a loop, outside of library calls?
  bool hasFlagsInNests() const;
  /// True when the loop runs at least once in every execution.
  bool alwaysRuns(NodeId loop) const;

private:
  void number(ListId list, Position &next);
  ListId addList(NodeId owner, unsigned arm);
  ListId visible(ListId list) const;
};

/// "All accesses of `pipe` up to `need` must be complete", from one access or Publish node.
struct Demand {
  NodeId later = none;
  Pipe pipe;
  uint8_t level;      ///< the open loops that both ends share and whose iteration is counted
  bool fence = false; ///< must be visible to others, not only complete (C8)
  Position need;
  RegionId region = none; ///< bytes of the later access
  Hazard hazard = Hazard::RAW;
  Reason::Kind kind = Reason::Order;
  /// When demands are apart: both ends stand in this loop, further in than the one that carries
  /// them, in iterations whose counters differ by a multiple of `period` (Part.h).
  NodeId within = none;
  unsigned period = 1;
  NodeId number = none; ///< whose turns they are; none: the counter of `within`
  unsigned column = 0;  ///< of the earlier accesses
};

/// Accesses of which claims are prefixes: all of a pipe, or in small programs with loops or
/// branches each alone. A prefix says little on a path without what it ends at, and a loop adds
/// nothing to one that is not complete where the loop begins.
class Columns {
public:
  explicit Columns(const Program &program);

  unsigned size() const { return total; }
  bool areAlone() const { return alone; }
  unsigned of(NodeId access) const { return byNode[access]; }
  /// First and one past the last of a pipe.
  std::pair<unsigned, unsigned> of(Pipe pipe) const { return ranges[unsigned(pipe)]; }

private:
  unsigned total = 0;
  bool alone = false;
  std::vector<unsigned> byNode;
  std::array<std::pair<unsigned, unsigned>, numPipes> ranges;
};

/// All demands, by node. Per (column, level, region, hazard) only the latest: claims are prefixes
/// (lemma L2).
class Demands {
public:
  /// `apart`: what both ends of stand in one loop is not merged with other demands.
  explicit Demands(const Tree &tree, bool apart = false);

  Columns columns;
  std::vector<Demand> all;
  std::vector<uint32_t> first; ///< by NodeId, one past the end included
  int64_t longestDistance = 1; ///< largest distance that matters, at most maxDistance

  /// A choice of handoffs is among these. Only where an order asks for them: pairs of pipes that
  /// the vendor does not list (HQ2), and S, whose waits hold up dispatch to all pipes (H6).
  bool mayHandOff(Pipe from, Pipe to) const {
    return from != to && (partners[unsigned(from)] >> unsigned(to) & 1);
  }

private:
  std::array<uint32_t, numPipes + 1> partners{}; ///< by pipe of the set pipes of the wait, as bits
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTTREE_H
