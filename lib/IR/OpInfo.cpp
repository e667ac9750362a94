//===- OpInfo.cpp - The op-info table and the generic verifier -------------===//

#include "Rules.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using llvm::StringLiteral;

namespace {
#include "ptoas/IR/Constraints.inc"
#include "ptoas/IR/OpInfo.inc"
} // namespace

unsigned OpInfo::operand(llvm::StringRef wanted) const {
  for (auto [i, o] : llvm::enumerate(operands))
    if (o.name == wanted)
      return i;
  llvm_unreachable("no such operand in the record");
}

unsigned OpInfo::attribute(llvm::StringRef wanted) const {
  for (auto [i, a] : llvm::enumerate(attributes))
    if (a.name == wanted)
      return i;
  llvm_unreachable("no such attribute in the record");
}

llvm::ArrayRef<OpInfo> pto::allOpInfos() { return opInfos; }

const OpInfo &pto::lookupOpInfo(llvm::StringRef name) {
  auto *it = llvm::lower_bound(opInfos, name,
                               [](const OpInfo &row, llvm::StringRef n) { return row.name < n; });
  assert(it != std::end(opInfos) && it->name == name && "operation without a record");
  return *it;
}

const OpInfo *pto::findOpInfo(mlir::Operation *op) {
  auto record = llvm::dyn_cast<RecordOp>(op);
  return record ? &record.getOpInfo() : nullptr;
}

Arch pto::archOf(mlir::Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto arch = op->getAttrOfType<mlir::StringAttr>(targetArchAttr))
      return parseArch(arch.getValue()).value_or(Arch::A3);
  return Arch::A3;
}

namespace {
/// Memory of an operand: of a tile its own, of a view GM.
std::optional<Space> spaceOf(mlir::Value value) {
  if (auto tile = llvm::dyn_cast<TileBufType>(value.getType()))
    return tile.getSpace();
  if (llvm::isa<PartitionTensorViewType, TensorViewType>(value.getType()))
    return Space::GM;
  return std::nullopt;
}
} // namespace

std::optional<Pipe> pto::pipeOf(mlir::Operation *op) {
  const OpInfo *info = findOpInfo(op);
  if (!info)
    return std::nullopt;
  if (info->pipeRule == PipeRule::Fixed)
    return info->pipe;
  if (info->pipeRule != PipeRule::ByRoute)
    return std::nullopt;
  auto record = llvm::cast<RecordOp>(op);
  auto to = spaceOf(*record.getRecordOperands(info->operand("dst")).begin());
  // What fills a tile has no source; its routes stay in one memory.
  bool hasSource = llvm::any_of(info->operands, [](auto &o) { return o.name == "src"; });
  auto from = hasSource ? spaceOf(*record.getRecordOperands(info->operand("src")).begin()) : to;
  unsigned arch = 1u << unsigned(archOf(op));
  for (const RouteInfo &r : info->routes)
    if (r.from == from && r.to == to && (r.archs & arch))
      return r.pipe;
  return std::nullopt;
}

int64_t pto::attributeValue(mlir::Operation *op, llvm::StringRef name, int64_t otherwise) {
  // Every enum attribute of the dialect is stored as an i32 behind its own class; the generic view
  // is its number.
  mlir::Attribute attr = op->getAttr(name);
  if (!attr) {
    const OpInfo *info = findOpInfo(op);
    for (const AttributeInfo &a : info ? info->attributes : llvm::ArrayRef<AttributeInfo>())
      if (a.name == name && a.defaultValue >= 0)
        return a.defaultValue;
    return otherwise;
  }
  if (auto flag = llvm::dyn_cast<mlir::BoolAttr>(attr))
    return flag.getValue();
  if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(attr))
    return integer.getValue().getSExtValue();
  return enumNumber(attr).value_or(otherwise);
}

bool rules::applies(mlir::Operation *op, const OpInfo &info, const RuleInfo &rule) {
  if (!(rule.archs >> unsigned(archOf(op)) & 1))
    return false;
  const RuleCondition &when = rule.when;
  auto record = llvm::cast<RecordOp>(op);
  switch (when.kind) {
  case RuleCondition::Always:
    return true;
  case RuleCondition::Present:
    return !record.getRecordOperands(when.index).empty();
  case RuleCondition::InSpace: {
    auto values = record.getRecordOperands(when.index);
    auto space = values.empty() ? std::nullopt : spaceOf(*values.begin());
    return space && (when.spaces >> unsigned(*space) & 1);
  }
  case RuleCondition::AttributeSet: {
    const AttributeInfo &a = info.attributes[when.index];
    return attributeValue(op, a.name, a.defaultValue) != a.defaultValue;
  }
  }
  return true;
}

namespace {
/// The core that runs the operation has its pipes and reaches its tiles.
mlir::LogicalResult verifyCore(mlir::Operation *op, const OpInfo &info, CoreKind kind, Arch arch) {
  auto lacks = [&](Pipe pipe) { return !coreHasPipe(kind, pipe, arch); };
  std::optional<Pipe> pipe = pipeOf(op);
  if (info.pipeRule == PipeRule::ByMicro) {
    auto possible = formsByShape(op);
    for (const MicroForm &form : info.micro)
      for (const MicroStep &step : form.steps)
        if (!pipe && lacks(step.pipe) &&
            (possible.empty() || llvm::is_contained(possible, form.name)))
          pipe = step.pipe;
  }
  auto other = kind == CoreKind::Cube ? CoreKind::Vector : CoreKind::Cube;
  auto wayOut = [&](mlir::InFlightDiagnostic diagnostic) -> mlir::LogicalResult {
    return diagnostic << "; mark the function kernel_kind<" << name(other)
                      << "> or put the operation into pto.section." << name(other);
  };
  if (pipe && lacks(*pipe))
    return wayOut(op->emitOpError() << "runs on " << name(*pipe) << ", which a " << name(kind)
                                    << " core of " << name(arch) << " does not have");
  for (auto [i, operand] : llvm::enumerate(info.operands))
    for (mlir::Value value : llvm::cast<RecordOp>(op).getRecordOperands(i))
      if (auto tile = llvm::dyn_cast<TileBufType>(value.getType());
          tile && operand.role != Role::Value && !coreReaches(kind, tile.getSpace(), arch))
        return wayOut(op->emitOpError()
                      << "uses " << operand.name << " in " << name(tile.getSpace()) << ", which a "
                      << name(kind) << " core of " << name(arch) << " does not reach");
  return mlir::success();
}
} // namespace

mlir::LogicalResult pto::verifyRecord(mlir::Operation *op) {
  const OpInfo &info = *findOpInfo(op);
  unsigned arch = unsigned(archOf(op));
  if ((info.elements[0] || info.elements[1]) && !info.elements[arch])
    return op->emitOpError() << "does not exist on " << name(Arch(arch)).str();
  bool ok = true;
  if (auto kind = coreKindOf(op))
    ok = mlir::succeeded(verifyCore(op, info, *kind, Arch(arch)));
  for (const RuleInfo &rule : info.rules)
    if (rules::applies(op, info, rule))
      ok &= mlir::succeeded(rule.check(op, info, rule));
  return mlir::success(ok);
}
