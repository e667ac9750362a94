//===- ScalarCacheInsert.cpp - Cleans lines of the scalar data cache -------===//
//
// A store whose bytes another pipe may use later, or before a signal to others, is written back and
// fenced right behind it. A load of bytes that another pipe may have written since S was last at
// that array, or behind a signal from others, drops its line first. Later is what stands behind in
// the text or in a common loop; what the text cleans itself in the same list is left alone.
//
//===----------------------------------------------------------------------===//

#include "ScalarCache.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace pto;
using sync::Node;
using sync::NodeId;
using sync::NodeKind;
using sync::RegionId;

namespace {
/// Scalar accesses of one program that need their line cleaned, and for whom.
class Cleaning {
public:
  explicit Cleaning(const SyncModel &model) : model(model), program(model.program) {}
  llvm::MapVector<NodeId, NodeId> run();

private:
  struct Place {
    NodeId parent = sync::none;
    unsigned arm = 0, depth = 0;
    uint32_t position = 0;
    const std::vector<NodeId> *list = nullptr;
    uint32_t index = 0;
    bool looks = false; ///< other pipes access global memory there, or somebody is told or heard
  };
  const SyncModel &model;
  const sync::Program &program;
  std::vector<Place> places;
  uint32_t next = 0;
  std::vector<NodeId> loads, stores, signals, heard;
  std::map<RegionId, std::vector<NodeId>> users, writers; ///< other pipes, by region
  std::map<uint32_t, std::vector<NodeId>> ofRoot;         ///< scalar accesses

  mlir::Operation *source(NodeId id) const {
    return program[id].source == sync::none ? nullptr : model.sources[program[id].source];
  }
  bool place(const std::vector<NodeId> &list, NodeId parent, unsigned arm, unsigned depth);
  bool sort(NodeId id);
  bool comesAfter(NodeId later, NodeId earlier) const;
  bool isCleaned(NodeId scalar, bool behind) const;
  std::optional<NodeId> whoLooks(NodeId store, const sync::Overlap &overlap) const;
  std::optional<NodeId> whoWrote(NodeId load, const sync::Overlap &overlap) const;
};
} // namespace

bool Cleaning::place(const std::vector<NodeId> &list, NodeId parent, unsigned arm, unsigned depth) {
  bool any = false;
  for (auto [index, id] : llvm::enumerate(list)) {
    places[id] = {parent, arm, depth, next++, &list, uint32_t(index)};
    bool looks = sort(id);
    for (size_t i = 0; i < program[id].arms.size(); ++i)
      looks |= place(program[id].arms[i], id, unsigned(i), depth + 1);
    places[id].looks = looks;
    any |= looks;
  }
  return any;
}

/// True when it looks at global memory past the cache.
bool Cleaning::sort(NodeId id) {
  const Node &node = program[id];
  mlir::Operation *op = source(id);
  if (node.kind == NodeKind::Publish) {
    signals.push_back(id);
    return true;
  }
  if (node.kind != NodeKind::Access)
    return false;
  if (op && hearsOthers(op)) {
    heard.push_back(id);
    if (llvm::isa<SyncAllOp>(op))
      signals.push_back(id);
    return true;
  }
  auto isGlobal = [&](RegionId region) { return program.regions[region].space == Space::GM; };
  if (node.pipe == Pipe::S) {
    bool isLoad = op && llvm::isa<LoadScalarOp>(op), isStore = op && llvm::isa<StoreScalarOp>(op);
    for (RegionId region : isStore ? node.writes : node.reads)
      if ((isLoad || isStore) && isGlobal(region)) {
        (isLoad ? loads : stores).push_back(id);
        ofRoot[program.regions[region].root].push_back(id);
      }
    return false;
  }
  bool any = false;
  for (const auto *regions : {&node.reads, &node.writes})
    for (RegionId region : llvm::make_filter_range(*regions, isGlobal)) {
      any = true;
      users[region].push_back(id);
      if (regions == &node.writes)
        writers[region].push_back(id);
    }
  return any;
}

/// In some run, in the same iteration or a later one.
bool Cleaning::comesAfter(NodeId later, NodeId earlier) const {
  NodeId x = later, y = earlier;
  while (places[x].list != places[y].list) {
    NodeId &deeper = places[x].depth >= places[y].depth ? x : y;
    deeper = places[deeper].parent;
    if (deeper == sync::none)
      return true; // cannot be: the function holds both
  }
  for (NodeId around = places[x].parent; around != sync::none; around = places[around].parent)
    if (program[around].kind == NodeKind::Loop)
      return true;
  return places[later].position > places[earlier].position;
}

/// Is the line cleaned in the same list, before (`behind`: after) anybody else looks?
bool Cleaning::isCleaned(NodeId scalar, bool behind) const {
  const Place &at = places[scalar];
  LineName name = lineName(source(scalar));
  bool isWritten = !behind; // back to memory; a load does not ask for the fence
  for (int64_t i = int64_t(at.index) + (behind ? 1 : -1); i >= 0 && i < int64_t(at.list->size());
       i += behind ? 1 : -1) {
    NodeId id = (*at.list)[i];
    mlir::Operation *op = source(id);
    auto clean = llvm::dyn_cast_or_null<CacheInvalidOp>(op);
    if (clean && (!clean.getPtr() || lineName(clean) == name)) {
      if (!behind)
        return true;
      isWritten = true;
    } else if (behind && isWritten && program[id].kind == NodeKind::Fence) {
      return true;
    } else if (places[id].looks) {
      return false;
    }
  }
  return false;
}

std::optional<NodeId> Cleaning::whoLooks(NodeId store, const sync::Overlap &overlap) const {
  for (RegionId region : program[store].writes)
    for (RegionId other : overlap.neighbours()[region])
      if (auto found = users.find(other); found != users.end())
        for (NodeId id : found->second)
          if (comesAfter(id, store))
            return id;
  for (NodeId id : signals)
    if (comesAfter(id, store))
      return id;
  return std::nullopt;
}

std::optional<NodeId> Cleaning::whoWrote(NodeId load, const sync::Overlap &overlap) const {
  uint32_t root = program.regions[program[load].reads.front()].root;
  auto wasThere = [&](NodeId since) {
    return llvm::any_of(ofRoot, [&](const auto &entry) {
      bool mayBeOne = entry.first == root || entry.first == sync::none || root == sync::none ||
                      program.roots[entry.first].mayAlias;
      return mayBeOne &&
             llvm::any_of(entry.second, [&](NodeId id) { return comesAfter(since, id); });
    });
  };
  for (RegionId other : overlap.neighbours()[program[load].reads.front()])
    if (auto found = writers.find(other); found != writers.end())
      for (NodeId id : found->second)
        if (comesAfter(load, id) && wasThere(id))
          return id;
  for (NodeId id : heard)
    if (comesAfter(load, id) && wasThere(id))
      return id;
  return std::nullopt;
}

llvm::MapVector<NodeId, NodeId> Cleaning::run() {
  places.resize(program.nodes.size());
  place(program.top, sync::none, 0, 0);
  llvm::MapVector<NodeId, NodeId> result;
  sync::Overlap overlap(program);
  for (NodeId store : stores)
    if (auto who = whoLooks(store, overlap); who && !isCleaned(store, true))
      result.insert({store, *who});
  for (NodeId load : loads)
    if (auto who = whoWrote(load, overlap); who && !isCleaned(load, false))
      result.insert({load, *who});
  return result;
}

//===----------------------------------------------------------------------===//
// Writing back
//===----------------------------------------------------------------------===//

/// `number` names a pointer that is new, so that its name stays when the IR is printed and read.
static void cleanLine(mlir::Operation *op, unsigned number) {
  mlir::OpBuilder b(op);
  mlir::Location place = placeOf(op->getLoc());
  auto named = mlir::NameLoc::get(b.getStringAttr("line" + llvm::Twine(number)), place);
  auto [pointer, index] = lineName(op);
  bool isStore = llvm::isa<StoreScalarOp>(op);
  if (isStore)
    b.setInsertionPointAfter(op);
  if (index)
    pointer = AddPtrOp::create(b, named, pointer.getType(), pointer, index);
  CacheInvalidOp::create(b, place, pointer, AddressSpaceAttr());
  if (isStore)
    DsbOp::create(b, place);
}

static bool hasScalars(mlir::ModuleOp module) {
  auto isScalar = [](mlir::Operation *op) {
    return llvm::isa<LoadScalarOp, StoreScalarOp>(op) ? mlir::WalkResult::interrupt()
                                                      : mlir::WalkResult::advance();
  };
  return module.walk(isScalar).wasInterrupted();
}

mlir::LogicalResult pto::cleanScalarLines(mlir::ModuleOp module, SyncReport *report) {
  if (!hasScalars(module))
    return mlir::success();
  llvm::SetVector<mlir::Operation *> wanted;
  for (mlir::func::FuncOp function : rootFunctions(module))
    for (CoreKind core : coresOf(function)) {
      auto model = buildSyncModel(function, core);
      if (mlir::failed(model))
        return mlir::failure();
      for (auto [scalar, other] : Cleaning(*model).run()) {
        mlir::Operation *op = model->sources[model->program[scalar].source];
        auto region = op->getParentOfType<mlir::scf::ExecuteRegionOp>();
        if ((region && region.getNoInline()) || !wanted.insert(op))
          continue;
        std::string text = "the cache line of " + op->getName().getStringRef().str() + " (" +
                           locationText(op->getLoc()) + ") is ";
        text += llvm::isa<StoreScalarOp>(op) ? "written back and fenced before "
                                             : "fetched anew behind ";
        for (SyncFunction &f : report ? llvm::MutableArrayRef(report->functions)
                                      : llvm::MutableArrayRef<SyncFunction>())
          if (f.name == function.getName() && f.core == name(core))
            f.remarks.push_back({text + model->program[other].label + " (C8)"});
      }
    }
  for (auto [number, op] : llvm::enumerate(wanted))
    cleanLine(op, unsigned(number) + 1);
  return mlir::success();
}
