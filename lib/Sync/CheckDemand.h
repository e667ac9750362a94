//===- CheckDemand.h - What must be complete before each access -*- C++ -*-===//
//
// C1, C7 and C8 as numbers: for each access, what its pipe has to know about each other pipe.
// Computed once, since it depends on memory and structure only.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_CHECKDEMAND_H
#define PTOAS_LIB_SYNC_CHECKDEMAND_H

#include "CheckLayout.h"
#include "Part.h"
#include "ptoas/Sync/Check.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::checker {

/// Who has to know: a pipe, or the world outside the core (what S knew at its last fence).
using Row = unsigned;
inline constexpr Row visible = numPipes;
inline constexpr unsigned numRows = numPipes + 1;

/// "Row must know column up to `position` of `distance` iterations ago, in the execution of the
/// level's loop."
struct Demand {
  Rule rule;
  Row row;
  unsigned column;
  unsigned level; ///< number of open loops whose counters are equal, counting the carrying one
  uint32_t position;
  int64_t distance; ///< 0: same iteration
  NodeId loop;      ///< carries the pair; none: same iteration
  Hazard hazard;
  RegionId earlier, later;
  /// C1: false where the bytes may meet or not, as only run time knows.
  bool certain = true;
  Meeting meeting = {}; ///< further in than what carries the pair
};

class Demands {
public:
  Demands(const Program &program, const Layout &layout);

  /// Of an access or publication.
  llvm::ArrayRef<Demand> of(NodeId node) const;
  llvm::ArrayRef<Demand> atExit() const { return exit; }
  /// Largest distance of all demands, 0 without loops.
  int64_t maxDistance() const { return furthest; }
  uint64_t countC1() const { return numC1; }
  /// The same rule, row and level, and earlier accesses on one pipe.
  bool isOfOnePipe(const Demand &a, const Demand &b) const;

private:
  /// Positions of the accesses of one kind to one region, ascending.
  struct Sites {
    Pipe pipe;
    unsigned column;
    bool writes, accumulates, unitFlag;
    Turns turns;
    NodeId sample; ///< any of them
    std::vector<uint32_t> positions;
  };
  struct Publication {
    std::vector<uint32_t> positions;
    std::vector<RegionId> regions;
  };
  struct Arm {
    uint32_t branchBegin, begin;
  };

  const Program &program;
  const Layout &layout;
  Overlap overlap;
  std::vector<std::vector<Sites>> sites;            ///< by region
  std::vector<Publication> gmReads, gmWrites;       ///< by column
  std::vector<Demand> all, exit, current;           ///< current: of the node at hand
  std::vector<std::pair<uint32_t, uint32_t>> range; ///< of `all`, by node
  std::vector<NodeId> openLoops;
  std::vector<Arm> openArms;
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, int64_t> known; ///< answers of `overlap`
  int64_t furthest = 0;
  uint64_t numC1 = 0;

  void collect(llvm::ArrayRef<NodeId> nodes);
  void note(NodeId id, RegionId region, bool writes);
  void build(llvm::ArrayRef<NodeId> nodes);
  void buildAccess(NodeId id);
  void conflicts(const Node &node, uint32_t at, RegionId region, bool writes);
  void publication(const Node &node, uint32_t at);
  bool isCovered(const Demand &demand);
  void require(const Demand &demand);
  std::optional<uint32_t> latest(llvm::ArrayRef<uint32_t> positions, uint32_t from,
                                 uint32_t before) const;
  std::optional<int64_t> distance(RegionId x, RegionId y, unsigned level, bool carried);
  uint32_t levelBegin(unsigned level, uint32_t at) const;
  Meeting meetingOf(const Demand &demand, const SharedTurns &shared, unsigned level) const;
  void carried(Demand demand, const Sites &kind, const Node &node,
               llvm::function_ref<bool()> exempt);
};

} // namespace pto::sync::checker

#endif // PTOAS_LIB_SYNC_CHECKDEMAND_H
