//===- Builder.h - Writes a sync::Program in program order -------*- C++ -*-===//
//
// Test support: keeps track of the statement list that is open.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_BUILDER_H
#define PTOAS_UNITTESTS_SYNC_BUILDER_H

#include "ptoas/Sync/Program.h"
#include "llvm/ADT/ArrayRef.h"

namespace pto::sync::judge {

class Builder {
public:
  explicit Builder(CoreKind core = CoreKind::Vector, Arch arch = Arch::A3) {
    program.core = core;
    program.arch = arch;
  }

  uint32_t root(std::string name, bool mayAlias = false) {
    program.roots.push_back({std::move(name), mayAlias});
    return program.roots.size() - 1;
  }
  /// A tile of `bytes` bytes, or the slot (counter(loop) + add) mod slots of a ring of such tiles.
  RegionId tile(Space space, int64_t offset, uint64_t bytes, std::string name = "",
                Rotation ring = {});
  /// `bytes` bytes of a GM pointer at constant + coefficient * counter(loop).
  RegionId global(uint32_t root, int64_t constant, uint64_t bytes, NodeId loop = none,
                  int64_t coefficient = 0);
  RegionId region(Region region) { return program.intern(std::move(region)); }

  NodeId access(Pipe pipe, llvm::ArrayRef<RegionId> reads, llvm::ArrayRef<RegionId> writes,
                std::string label = "");
  NodeId set(Pipe from, Pipe to, EventId id) { return flag(NodeKind::Set, from, to, id); }
  NodeId wait(Pipe from, Pipe to, EventId id) { return flag(NodeKind::Wait, from, to, id); }
  /// set and wait next to each other.
  void handoff(Pipe from, Pipe to, EventId id) {
    set(from, to, id);
    wait(from, to, id);
  }
  NodeId barrier(Pipe pipe);
  NodeId plain(NodeKind kind); ///< Fence, Publish
  NodeId openLoop(std::optional<int64_t> trip = std::nullopt, int64_t minTrip = 0);
  /// A loop that ends inside, where leave() comes.
  NodeId openWhile();
  void leave() { plain(NodeKind::Leave); }
  NodeId openBranch(Condition condition = {}); ///< opens its first arm
  void nextArm();
  NodeId openMacro(std::string label);
  void close();

  Program program;
  Turns turns; ///< of the accesses to come

private:
  NodeId append(Node node);
  NodeId open(Node node);
  NodeId flag(NodeKind kind, Pipe from, Pipe to, EventId id);
  struct Frame {
    NodeId node;
    size_t arm;
  };
  std::vector<Frame> frames;
};

/// A vector core with two tiles and two GM pointers.
struct TwoTiles {
  Builder b;
  uint32_t in = b.root("in"), out = b.root("out");
  RegionId gmIn = b.global(in, 0, 256), gmOut = b.global(out, 0, 256);
  RegionId x = b.tile(Space::Vec, 0, 256, "x"), y = b.tile(Space::Vec, 256, 256, "y");

  NodeId load(RegionId tile) { return b.access(Pipe::MTE2, {gmIn}, {tile}, "tload"); }
  NodeId add(RegionId from, RegionId to) { return b.access(Pipe::V, {from}, {to}, "tadds"); }
  NodeId store(RegionId tile) { return b.access(Pipe::MTE3, {tile}, {gmOut}, "tstore"); }
};

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_BUILDER_H
