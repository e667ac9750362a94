//===- Normalize.cpp - What the text leaves open or says twice -------------===//

#include "Normalize.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Parse/Parse.h"

using namespace pto;
using mlir::Operation;

namespace {
constexpr llvm::StringLiteral segmentSizes = "operandSegmentSizes";

/// Nothing is verified yet: as many operands as the record has, in its segments?
bool isWellFormed(Operation *op) {
  const OpInfo *info = findOpInfo(op);
  if (!info)
    return false;
  unsigned least = 0, most = 0;
  for (const OperandInfo &operand : info->operands) {
    least += !operand.optional && !operand.variadic;
    most += 1;
  }
  if (!op->hasTrait<mlir::OpTrait::AttrSizedOperandSegments>())
    return op->getNumOperands() >= least && op->getNumOperands() <= most;
  auto sizes = op->getAttrOfType<mlir::DenseI32ArrayAttr>(segmentSizes);
  if (!sizes || sizes.size() != int64_t(info->operands.size()))
    return false;
  int64_t sum = 0;
  for (auto [operand, size] : llvm::zip(info->operands, sizes.asArrayRef())) {
    if (size < (operand.optional || operand.variadic ? 0 : 1) || (size > 1 && !operand.variadic))
      return false;
    sum += size;
  }
  return sum == op->getNumOperands();
}

/// The operation once more, with other operands, their segments, and without results.
void rebuild(Operation *op, mlir::ValueRange operands, mlir::Attribute segments = {}) {
  mlir::OpBuilder b(op);
  mlir::NamedAttrList attributes(op->getAttrDictionary());
  if (segments)
    attributes.set(segmentSizes, segments);
  mlir::OperationState state(op->getLoc(), op->getName(), operands, mlir::TypeRange(),
                             attributes.getAttrs());
  b.create(state);
  op->erase();
}

/// Places of operands in the list, one per record operand.
void giveScratch(Operation *op, unsigned operand, mlir::Value tile) {
  auto record = llvm::cast<RecordOp>(op);
  unsigned before = 0;
  for (unsigned i = 0; i < operand; ++i)
    before += record.getRecordOperands(i).size();
  llvm::SmallVector<mlir::Value> operands(op->getOperands());
  operands.insert(operands.begin() + before, tile);
  mlir::Attribute segments;
  if (auto sizes = op->getAttrOfType<mlir::DenseI32ArrayAttr>(segmentSizes)) {
    llvm::SmallVector<int32_t> counts(sizes.asArrayRef());
    counts[operand] = 1;
    segments = mlir::DenseI32ArrayAttr::get(op->getContext(), counts);
  }
  rebuild(op, operands, segments);
}
} // namespace

void pto::replaceReturnedDestinations(mlir::ModuleOp module) {
  module.walk([](Operation *op) {
    mlir::Value destination = isWellFormed(op) ? returnedDestination(op) : mlir::Value();
    if (!destination || destination.getType() != op->getResult(0).getType())
      return;
    op->getResult(0).replaceAllUsesWith(destination);
    op->setLoc(placeOf(op->getLoc()));
    rebuild(op, op->getOperands());
  });
}

void pto::addMissingScratch(mlir::ModuleOp module) {
  module.walk([](Operation *op) {
    auto missing = isWellFormed(op) ? missingScratch(op) : std::nullopt;
    if (!missing)
      return;
    auto [operand, type] = *missing;
    mlir::OpBuilder b(op);
    std::string name = (op->getName().stripDialect() + "_scratch").str();
    std::replace(name.begin(), name.end(), '.', '_');
    auto loc = mlir::NameLoc::get(b.getStringAttr(name), placeOf(op->getLoc()));
    mlir::Value none;
    giveScratch(op, operand, AllocTileOp::create(b, loc, type, none, none, none));
  });
}
