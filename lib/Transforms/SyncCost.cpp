//===- SyncCost.cpp - How long the accesses of a model take ----------------===//
//
// The simulator's cost table, fed with what the text alone says: tiles at their valid or full
// extents, the bytes of the regions.
//
//===----------------------------------------------------------------------===//

#include "SyncCost.h"
#include "ptoas/IR/Transfer.h"
#include "ptoas/Sim/Cost.h"

using namespace pto;

static sim::Operand tileOperand(TileBufType type) {
  sim::Operand operand;
  operand.kind = sim::Operand::Tile;
  operand.tile.shape = type.getTileShape();
  TileShape &shape = operand.tile.shape;
  shape.validRows = shape.validRows < 0 ? shape.rows : shape.validRows;
  shape.validCols = shape.validCols < 0 ? shape.cols : shape.validCols;
  return operand;
}

static uint64_t bytesOf(const sync::Region &region) {
  uint64_t bytes = region.run;
  for (const sync::Region::Dim &dim : region.dims)
    bytes *= uint64_t(dim.extent);
  return bytes;
}

/// What a transfer moves in global memory, as far as the text says it; else 0.
static uint64_t bytesOfViews(mlir::Operation *op) {
  uint64_t sum = 0;
  for (mlir::Value value : op->getOperands()) {
    if (!llvm::isa<PartitionTensorViewType>(value.getType()))
      continue;
    std::optional<GlobalFacts> facts = globalFacts(value);
    if (!facts || llvm::is_contained(facts->shape, -1))
      return 0;
    uint64_t bytes = uint64_t(facts->elementBytes);
    for (int64_t extent : facts->shape)
      bytes *= uint64_t(extent);
    sum += bytes;
  }
  return sum;
}

static uint64_t cyclesOf(const sim::CostTable &table, mlir::Operation *op,
                         const sync::Program &program, const sync::Node &node) {
  std::array<uint64_t, numSpaces> read{}, written{};
  uint64_t most = 0;
  for (const auto *regions : {&node.reads, &node.writes})
    for (sync::RegionId id : *regions)
      most = std::max(most, bytesOf(program.regions[id]));
  if (uint64_t views = bytesOfViews(op))
    most = views;
  for (bool writes : {false, true})
    for (sync::RegionId id : writes ? node.writes : node.reads) {
      const sync::Region &region = program.regions[id];
      uint64_t bytes = bytesOf(region);
      // A place of run time in global memory says nothing of how much is moved.
      bool isSilent = region.space == Space::GM && bytes == 0;
      (writes ? written : read)[unsigned(region.space)] += isSilent ? most : bytes;
    }
  llvm::SmallVector<sim::Operand, 4> operands;
  if (auto record = llvm::dyn_cast<RecordOp>(op))
    for (unsigned i = 0; i < record.getOpInfo().operands.size(); ++i)
      for (mlir::Value value : record.getRecordOperands(i))
        if (auto tile = llvm::dyn_cast<TileBufType>(value.getType()))
          operands.push_back(tileOperand(tile));
  return table.cycles(op->getName().getStringRef(), node.pipe, operands, read, written);
}

std::function<uint64_t(sync::NodeId)> pto::accessCycles(const SyncModel &model,
                                                        const sync::Program &program) {
  return [&model, &program, table = sim::CostTable::of(program.arch)](sync::NodeId id) {
    const sync::Node &node = program[id];
    return node.source == sync::none ? uint64_t(0)
                                     : cyclesOf(table, model.sources[node.source], program, node);
  };
}

std::optional<sync::Timeline> pto::timelineOf(const SyncModel &model, const sync::Program &solved) {
  auto cyclesOf = accessCycles(model, solved);
  std::vector<uint64_t> cycles(solved.nodes.size(), 0);
  for (sync::NodeId id = 0; id < solved.nodes.size(); ++id)
    if (solved[id].kind == sync::NodeKind::Access)
      cycles[id] = cyclesOf(id);
  return sync::timeline(solved, cycles);
}
