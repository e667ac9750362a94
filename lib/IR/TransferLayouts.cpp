//===- TransferLayouts.cpp - Between global memory and tiles ---------------===//
//
// Layouts of one family on both sides, and extents that agree (library 1.1, 2.1, 2.2). The printer
// asks the same again when it knows more constants.
//
//===----------------------------------------------------------------------===//

#include "Rules.h"
#include "ptoas/IR/TileHandle.h"
#include "ptoas/IR/Transfer.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

std::optional<GlobalFacts> pto::globalFacts(mlir::Value view) {
  GlobalFacts facts;
  auto part = view.getDefiningOp<PartitionViewOp>();
  auto make = (part ? part.getSource() : view).getDefiningOp<MakeTensorViewOp>();
  llvm::ArrayRef<int64_t> shape;
  if (auto type = llvm::dyn_cast<PartitionTensorViewType>(view.getType()))
    shape = type.getShape();
  else if (auto type = llvm::dyn_cast<TensorViewType>(view.getType()))
    shape = type.getShape();
  size_t rank = shape.size();
  if (rank == 0 || rank > 5)
    return std::nullopt;
  auto element = elementOf(elementTypeOf(view.getType()));
  facts.elementBytes = element ? bytesOf(*element) : 0;
  if (make && make.getLayout())
    facts.layout = *make.getLayout();
  facts.shape.fill(1);
  facts.strides.fill(-1);
  for (size_t i = 0; i < rank; ++i) {
    mlir::Value size = part && i < part.getSizes().size()   ? part.getSizes()[i]
                       : make && i < make.getShape().size() ? make.getShape()[i]
                                                            : mlir::Value();
    int64_t &extent = facts.shape[5 - rank + i];
    extent = shape[i];
    if (mlir::ShapedType::isDynamic(extent) || extent < 0)
      extent = size ? constantOf(size).value_or(-1) : -1;
    if (make && i < make.getStrides().size())
      facts.strides[5 - rank + i] = constantOf(make.getStrides()[i]).value_or(-1);
  }
  return facts;
}

namespace {
/// Zz and Nn are scales, in boxes of 32 bytes.
enum class Family : uint8_t { ND, DN, Nz, Zn, Zz, Nn, Other };

Family familyOf(TileBufType t) {
  bool byRow = t.getBlayout() == BLayout::RowMajor, isScale = t.getFractal() == 32;
  switch (t.getSlayout()) {
  case SLayout::NoneBox:
    return byRow ? Family::ND : Family::DN;
  case SLayout::RowMajor:
    return !byRow ? Family::Nz : isScale ? Family::Zz : Family::Other;
  case SLayout::ColMajor:
    return byRow ? Family::Zn : isScale ? Family::Nn : Family::Other;
  }
  return Family::Other;
}
bool isSameFamily(LayoutKind layout, Family family) {
  return (layout == LayoutKind::ND && family == Family::ND) ||
         (layout == LayoutKind::DN && family == Family::DN) ||
         (layout == LayoutKind::NZ && family == Family::Nz) ||
         (layout == LayoutKind::MX_A_ZZ && family == Family::Zz) ||
         (layout == LayoutKind::MX_B_NN && family == Family::Nn);
}
llvm::StringRef layoutName(LayoutKind layout) {
  switch (layout) {
  case LayoutKind::ND:
    return "ND";
  case LayoutKind::DN:
    return "DN";
  case LayoutKind::NZ:
    return "NZ";
  case LayoutKind::MX_A_ZZ:
    return "MX_A_ZZ";
  case LayoutKind::MX_B_NN:
    return "MX_B_NN";
  }
  return "";
}
std::string describe(TileBufType t) {
  return (llvm::Twine(t.getBlayout() == BLayout::RowMajor ? "row_major" : "col_major") + " " +
          (t.getSlayout() == SLayout::NoneBox    ? "none_box"
           : t.getSlayout() == SLayout::RowMajor ? "with boxes by rows"
                                                 : "with boxes by columns"))
      .str();
}

/// The product of some extents, -1 when one is not known; zero wins.
int64_t product(const GlobalFacts &view, std::initializer_list<int> dims) {
  int64_t all = 1;
  for (int i : dims) {
    int64_t n = view.shape[i];
    if (n == 0)
      return 0;
    all = n < 0 || all < 0                                         ? -1
          : llvm::SaturatingMultiply<uint64_t>(all, n) > INT64_MAX ? -1
                                                                   : all * n;
  }
  return all;
}

/// NZ ends in a box.
LogicalResult checkBoxes(Operation *op, const GlobalFacts &view) {
  if (*view.layout != LayoutKind::NZ || !view.elementBytes)
    return success();
  if (view.elementBytes == 8)
    return op->emitOpError() << "moves elements of 8 bytes in ND and DN only, not in NZ";
  int64_t c0 = 32 / view.elementBytes;
  if (view.shape[3] == 16 && view.shape[4] == c0)
    return success();
  return op->emitOpError() << "takes a view in NZ by boxes, so its last two extents must be the "
                              "constants 16 and "
                           << c0 << ", but they are " << extents({view.shape[3], view.shape[4]});
}

/// ND to Nz and the like: one matrix, of a limited size.
LogicalResult checkMatrix(Operation *op, const GlobalFacts &view, mlir::Value dst) {
  bool byRow = *view.layout == LayoutKind::ND;
  if (view.shape[0] != 1 || view.shape[1] != 1 || view.shape[2] != 1)
    return op->emitOpError() << "makes boxes of one matrix, so all dimensions of the view but the "
                                "last two must have the constant extent 1, but it is "
                             << extents(view.shape);
  auto type = llvm::cast<TileBufType>(dst.getType());
  if (type.getFractal() != 512)
    return op->emitOpError() << "makes boxes of 512 bytes, but dst has the fractal size "
                             << type.getFractal();
  int64_t lines = view.shape[byRow ? 3 : 4], length = view.shape[byRow ? 4 : 3],
          apart = view.strides[byRow ? 3 : 4];
  if (lines > 16384 || length > 65535 || apart > 65535)
    return op->emitOpError() << "makes boxes of at most 16384 lines of at most 65535 elements that "
                                "are at most 65535 apart, but the view has "
                             << extents({lines, length}) << ", " << extents({apart}) << " apart";
  return success();
}
} // namespace

std::array<int64_t, 2> pto::matrixOf(const GlobalFacts &view) {
  switch (*view.layout) {
  case LayoutKind::ND:
    return {product(view, {0, 1, 2, 3}), view.shape[4]};
  case LayoutKind::DN:
    return {view.shape[3], product(view, {0, 1, 2, 4})};
  case LayoutKind::NZ:
    return {product(view, {2, 3}), product(view, {0, 1, 4})};
  case LayoutKind::MX_A_ZZ:
    return {product(view, {0, 1, 3}), product(view, {2, 4})};
  case LayoutKind::MX_B_NN:
    return {product(view, {2, 4}), product(view, {0, 1, 3})};
  }
  return {-1, -1};
}

LogicalResult pto::checkExtents(Operation *op, const GlobalFacts &view, mlir::Value tile,
                                llvm::StringRef name) {
  if (!view.layout)
    return success();
  auto matrix = matrixOf(view), valid = knownValid(tile);
  for (unsigned i : {0u, 1u})
    if (matrix[i] >= 0 && valid[i] >= 0 && matrix[i] != valid[i])
      return op->emitOpError() << "needs equal extents on both sides, but the view is, in "
                               << layoutName(*view.layout) << ", a matrix of " << extents(matrix)
                               << " and " << name << " has " << extents(valid) << " valid elements";
  return success();
}

LogicalResult pto::checkLoad(Operation *op, const GlobalFacts &view, mlir::Value dst) {
  if (!view.layout)
    return success();
  auto type = llvm::cast<TileBufType>(dst.getType());
  LayoutKind layout = *view.layout;
  Family family = familyOf(type);
  bool inMat = type.getSpace() == Space::Mat, isA5 = archOf(op) == Arch::A5;
  bool makesBoxes = inMat && ((layout == LayoutKind::ND && family == Family::Nz) ||
                              (layout == LayoutKind::DN && family == Family::Zn) ||
                              (layout == LayoutKind::DN && family == Family::Nz && isA5));
  if (!makesBoxes && !isSameFamily(layout, family))
    return op->emitOpError()
           << "cannot load a view in " << layoutName(layout) << " into dst, which is "
           << describe(type) << " in " << name(type.getSpace())
           << "; it takes ND to row_major none_box, DN to col_major none_box, NZ "
              "to Nz (col_major, boxes by rows)"
           << (inMat ? isA5 ? ", ND and DN to Nz, DN to Zn (row_major, boxes by columns)"
                            : ", ND to Nz, DN to Zn (row_major, boxes by columns)"
                     : "")
           << (inMat && isA5 ? "; in boxes of 32 bytes MX_A_ZZ to row_major with boxes by rows, "
                               "MX_B_NN to col_major with boxes by columns"
                             : "");
  if (makesBoxes)
    return checkMatrix(op, view, dst);
  if (mlir::failed(checkBoxes(op, view)))
    return mlir::failure();
  if (layout != LayoutKind::ND)
    return success();
  if (inMat && view.shape[4] > 0 && view.shape[4] * view.elementBytes % 32)
    return op->emitOpError() << "loads rows of a multiple of 32 bytes into mat, but those of the "
                                "view have "
                             << view.shape[4] * view.elementBytes;
  if (!inMat && (view.shape[3] >= 4096 || storedShape(dst)[0] >= 4096))
    return op->emitOpError() << "loads fewer than 4096 rows at a time, but the view has "
                             << extents({view.shape[3]}) << " and dst has " << storedShape(dst)[0];
  return success();
}

LogicalResult pto::checkStore(Operation *op, const GlobalFacts &view, mlir::Value src) {
  if (!view.layout)
    return success();
  auto type = llvm::cast<TileBufType>(src.getType());
  LayoutKind layout = *view.layout;
  if (type.getSpace() == Space::Acc) {
    if (layout == LayoutKind::DN && archOf(op) == Arch::A3)
      return op->emitOpError()
             << "cannot store an accumulator into a view in DN on a3; it takes ND "
                "and NZ";
    auto valid = knownValid(src);
    if (layout == LayoutKind::ND && valid[0] > 8192)
      return op->emitOpError() << "stores at most 8192 rows of an accumulator, but src has "
                               << valid[0];
    return success();
  }
  // One row or one column goes into any layout.
  auto stored = storedShape(src);
  if (stored[0] == 1 || stored[1] == 1)
    return success();
  if (!isSameFamily(layout, familyOf(type)))
    return op->emitOpError() << "cannot store src, which is " << describe(type)
                             << ", into a view in " << layoutName(layout)
                             << "; it takes row_major none_box to ND, col_major none_box to DN, Nz "
                                "(col_major, boxes by rows) to NZ, and one row or column to any";
  return checkBoxes(op, view);
}

mlir::LogicalResult rules::loadLayout(Operation *op, const OpInfo &info, const RuleInfo &rule) {
  auto list = subjects(op, info, rule);
  auto view = globalFacts(list[0].value);
  return view ? checkLoad(op, *view, list[1].value) : success();
}
mlir::LogicalResult rules::storeLayout(Operation *op, const OpInfo &info, const RuleInfo &rule) {
  auto list = subjects(op, info, rule);
  auto view = globalFacts(list[1].value);
  return view ? checkStore(op, *view, list[0].value) : success();
}

/// Library 2.2.
mlir::LogicalResult rules::addedElements(Operation *op, const OpInfo &info, const RuleInfo &rule) {
  if (AtomicKind(attributeValue(op, "atomicType")) == AtomicKind::AtomicNone)
    return mlir::success();
  constexpr ElementMask legal = maskOf(Element::F32) | maskOf(Element::F16) |
                                maskOf(Element::BF16) | maskOf(Element::I32) |
                                maskOf(Element::I16) | maskOf(Element::I8);
  Subject view = subjects(op, info, rule)[0];
  auto element = elementOf(elementTypeOf(view.value.getType()));
  if (!element || (legal & maskOf(*element)))
    return mlir::success();
  return op->emitOpError() << "adds to f32, f16, bf16, i32, i16 and i8 only, but " << view.name
                           << " has " << name(*element);
}
