//===- Draft.cpp - Operations made from their records ----------------------===//

#include "Draft.h"
#include "../../lib/IR/Rules.h"
#include "DraftRules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::testing;

mlir::Type testing::typeOf(mlir::MLIRContext *context, Element element) {
  mlir::Builder b(context);
  auto integer = [&](unsigned width) -> mlir::Type {
    return mlir::IntegerType::get(context, width,
                                  isUnsigned(element) ? mlir::IntegerType::Unsigned
                                                      : mlir::IntegerType::Signless);
  };
  switch (element) {
  case Element::I1:
    return integer(1);
  case Element::I8:
  case Element::U8:
    return integer(8);
  case Element::I16:
  case Element::U16:
    return integer(16);
  case Element::I32:
  case Element::U32:
    return integer(32);
  case Element::I64:
  case Element::U64:
    return integer(64);
  case Element::F16:
    return b.getF16Type();
  case Element::BF16:
    return b.getBF16Type();
  case Element::F32:
    return b.getF32Type();
  case Element::F64:
    return b.getF64Type();
  case Element::F8E4M3:
    return mlir::Float8E4M3FNType::get(context);
  case Element::F8E5M2:
    return mlir::Float8E5M2Type::get(context);
  case Element::HIF8:
    return HiF8Type::get(context);
  case Element::F8E8M0:
    return F8E8M0Type::get(context);
  case Element::F4E1M2x2:
    return F4E1M2x2Type::get(context);
  case Element::F4E2M1x2:
    return F4E2M1x2Type::get(context);
  case Element::Index:
    return b.getIndexType();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

namespace {
mlir::Type typeOfValue(mlir::MLIRContext *context, const DraftValue &v) {
  mlir::Type element = typeOf(context, v.elementType());
  switch (v.kind) {
  case DraftValue::Tile: {
    const TileShape &t = v.tile;
    // Which of the scaling memories it is, the layout says, as in a text.
    Space space = t.space;
    if (space >= Space::Scaling)
      space = t.fractal != 32 || t.slayout == SLayout::NoneBox ? Space::Scaling
              : t.slayout == SLayout::RowMajor                 ? Space::ScaleLeft
                                                               : Space::ScaleRight;
    return TileBufType::get(context, space, element, t.rows, t.cols, t.validRows, t.validCols,
                            t.blayout, t.slayout, t.fractal, t.pad, t.compact);
  }
  case DraftValue::Part:
    if (v.layout)
      return PtrType::get(element);
    return PartitionTensorViewType::get(context, v.shape, element);
  case DraftValue::View:
    return TensorViewType::get(context, v.shape, element);
  case DraftValue::Pointer:
    return PtrType::get(element);
  case DraftValue::Scalar:
    return element;
  case DraftValue::Counts:
    return mlir::VectorType::get({4}, mlir::IntegerType::get(context, 16));
  }
  return {};
}

template <typename Attr, typename Kind>
mlir::Attribute make(mlir::MLIRContext *context, int64_t n) {
  return Attr::get(context, Kind(n));
}

/// The attribute of a case, by the enumeration that its C++ spelling names.
mlir::Attribute attributeOf(mlir::MLIRContext *context, const AttributeCase &c) {
  using Maker = mlir::Attribute (*)(mlir::MLIRContext *, int64_t);
  static constexpr std::pair<llvm::StringLiteral, Maker> makers[] = {
      {"pto::AccPhase", make<AccPhaseAttr, AccPhaseKind>},
      {"pto::STPhase", make<StPhaseAttr, StPhaseKind>},
      {"pto::AtomicType", make<AtomicTypeAttr, AtomicKind>},
      {"pto::ReluPreMode", make<ReluPreModeAttr, ReluKind>},
      {"pto::AccToVecMode", make<AccToVecModeAttr, AccToVecKind>},
      {"pto::TInsertMode", make<TInsertModeAttr, TInsertKind>},
      {"Axis", make<MxGroupAxisAttr, MxGroupAxisKind>},
      {"pto::PadValue", make<PadValueAttr, PadKind>},
      {"pto::DivAlgorithm", make<DivPrecisionAttr, DivPrecisionKind>},
      {"pto::FmodAlgorithm", make<FmodPrecisionAttr, FmodPrecisionKind>},
      {"pto::RemAlgorithm", make<RemPrecisionAttr, RemPrecisionKind>},
      {"pto::PowAlgorithm", make<PowPrecisionAttr, PowPrecisionKind>},
      {"pto::ExpAlgorithm", make<ExpPrecisionAttr, ExpPrecisionKind>},
      {"pto::LogAlgorithm", make<LogPrecisionAttr, LogPrecisionKind>},
      {"pto::SqrtAlgorithm", make<SqrtPrecisionAttr, SqrtPrecisionKind>},
      {"pto::RsqrtAlgorithm", make<RsqrtPrecisionAttr, RsqrtPrecisionKind>},
      {"pto::RecipAlgorithm", make<RecipPrecisionAttr, RecipPrecisionKind>},
      {"pto::PrintFormat", make<PrintFormatAttr, PrintFormatKind>},
      {"pto::QuantType", make<QuantTypeAttr, QuantKind>},
      {"pto::QuantScaleAlg", make<QuantScaleAlgAttr, QuantScaleAlgKind>},
      {"pto::VecStoreMode", make<VecStoreModeAttr, VecStoreModeKind>},
      {"pto::PadMode", make<PadModeAttr, PadModeKind>},
      {"CmpMode", make<CmpModeAttr, CmpKind>},
      {"RoundMode", make<RoundModeAttr, RoundKind>},
      {"SaturationMode", make<SaturationModeAttr, SaturationKind>},
      {"pto::MaskPattern", make<MaskPatternAttr, MaskPatternKind>},
      {"pto::Coalesce", make<CoalesceAttr, CoalesceKind>},
      {"pto::GatherOOB", make<GatherOobAttr, GatherOobKind>},
      {"pto::ScatterOOB", make<ScatterOobAttr, ScatterOobKind>},
      {"pto::ScatterAtomicOp", make<ScatterAtomicOpAttr, ScatterAtomicKind>},
      {"pto::ScatterConflict", make<ScatterConflictAttr, ScatterConflictKind>},
      {"pto::GatherAxis", make<GatherAxisAttr, AxisKind>},
      {"pto::ScatterAxis", make<ScatterAxisAttr, AxisKind>},
      {"pto::comm::ReduceOp", make<ReduceOpAttr, ReduceKind>},
      {"pto::comm::NotifyOp", make<NotifyOpAttr, NotifyKind>},
      {"pto::comm::WaitCmp", make<WaitCmpAttr, WaitCmpKind>}};
  for (auto &[prefix, maker] : makers)
    if (c.cpp.starts_with(prefix))
      return maker(context, c.value);
  llvm::report_fatal_error("Draft.cpp does not know the enumeration of " + llvm::Twine(c.cpp));
}
} // namespace

namespace {
/// The view of a draft that has a layout: all of a tensor that is contiguous in it.
mlir::Value makePart(mlir::OpBuilder &b, mlir::Value pointer, const DraftValue &v) {
  auto loc = b.getUnknownLoc();
  size_t rank = v.shape.size();
  llvm::SmallVector<int64_t> extents(v.shape), strides(rank, 1);
  for (int64_t &n : extents)
    n = n < 0 ? side : n; // known at run time only: as a constant it would be known
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * extents[i];
  if (v.layout == Layout::DN && rank > 1) { // the elements of a column are adjacent
    strides[rank - 1] = extents[rank - 2];
    strides[rank - 2] = 1;
  }
  llvm::SmallVector<mlir::Value> shape, steps, zeros;
  auto index = [&](int64_t n) -> mlir::Value {
    return mlir::arith::ConstantOp::create(b, loc, b.getIndexAttr(n));
  };
  for (size_t i = 0; i < rank; ++i) {
    shape.push_back(index(extents[i]));
    steps.push_back(index(strides[i]));
    zeros.push_back(index(0));
  }
  mlir::Type element = typeOf(b.getContext(), v.element);
  auto layout = LayoutAttr::get(b.getContext(), LayoutKind(unsigned(*v.layout)));
  mlir::Value whole = MakeTensorViewOp::create(
      b, loc, TensorViewType::get(b.getContext(), v.shape, element), pointer, shape, steps, layout);
  return PartitionViewOp::create(
      b, loc, PartitionTensorViewType::get(b.getContext(), v.shape, element), whole, zeros, shape);
}
} // namespace

mlir::OwningOpRef<mlir::ModuleOp> testing::build(mlir::MLIRContext *context, const Draft &draft) {
  mlir::OpBuilder b(context);
  auto loc = b.getUnknownLoc();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(loc);
  (*module)->setAttr(targetArchAttr, b.getStringAttr(name(draft.arch)));
  llvm::SmallVector<mlir::Type> arguments;
  for (auto &v : draft.operands)
    if (v && !v->constant && !v->same)
      arguments.push_back(typeOfValue(context, *v));
  b.setInsertionPointToEnd(module->getBody());
  auto function = mlir::func::FuncOp::create(b, loc, "f", b.getFunctionType(arguments, {}));
  b.setInsertionPointToStart(function.addEntryBlock());

  mlir::OperationState state(loc, draft.info->name);
  llvm::SmallVector<mlir::Value> values(draft.operands.size());
  unsigned next = 0;
  for (auto [i, v] : llvm::enumerate(draft.operands)) {
    if (!v)
      continue;
    if (v->same)
      values[i] = values[*v->same];
    else if (v->constant)
      values[i] = mlir::arith::ConstantOp::create(
          b, loc, b.getIntegerAttr(typeOf(context, v->element), *v->constant));
    else
      values[i] = function.getArgument(next++);
    if (v->layout)
      values[i] = makePart(b, values[i], *v);
    state.addOperands(values[i]);
  }
  if (state.name.hasTrait<mlir::OpTrait::AttrSizedOperandSegments>()) {
    llvm::SmallVector<int32_t> sizes;
    for (auto &v : draft.operands)
      sizes.push_back(v ? 1 : 0);
    state.addAttribute("operandSegmentSizes", b.getDenseI32ArrayAttr(sizes));
  }
  for (auto [i, chosen] : llvm::enumerate(draft.attributes))
    if (const AttributeInfo &a = draft.info->attributes[i]; chosen && a.cases.empty())
      state.addAttribute(a.name, b.getI32IntegerAttr(int32_t(*chosen)));
    else if (chosen)
      state.addAttribute(a.name, attributeOf(context, a.cases[*chosen]));
  if (draft.info->name == "pto.comm.ttest")
    state.addTypes(b.getI1Type());
  if (draft.info->name == "pto.tgetval")
    state.addTypes(rules::elementTypeOf(values[0].getType()));
  mlir::Operation *op = b.create(state);
  // A flag takes no number; its place is then still empty.
  for (auto [i, chosen] : llvm::enumerate(draft.attributes))
    if (const AttributeInfo &a = draft.info->attributes[i]; chosen && !op->getAttr(a.name))
      op->setAttr(a.name, b.getBoolAttr(*chosen != 0));
  mlir::func::ReturnOp::create(b, loc);
  return module;
}

mlir::Operation *testing::recordOf(mlir::ModuleOp module) {
  mlir::Operation *found = nullptr;
  module.walk([&](RecordOp op) { found = op; });
  return found;
}
