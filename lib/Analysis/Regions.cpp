//===- Regions.cpp - Which bytes an operand names --------------------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "ptoas/Parse/Parse.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Value;

std::string analysis::nameOf(Value value) {
  llvm::StringRef name = sourceName(value);
  return name.empty() ? "a value without a name" : ("%" + name).str();
}

sync::RegionId ModelBuilder::viewRegion(Bound part, Bound view, mlir::ValueRange partOffsets,
                                        mlir::Type elementType, llvm::ArrayRef<int64_t> shape) {
  sync::Region region;
  region.space = Space::GM;
  region.root = sync::none;
  region.offset.known = false;
  region.name = nameOf(part.value);
  auto make = view.value.getDefiningOp<MakeTensorViewOp>();
  auto element = elementOf(elementType);
  int64_t bytes = element ? bytesOf(*element) : 1;
  if (view.value.getDefiningOp<DeclareGlobalOp>()) {
    region.offset = {};
    Value slots = entryOrigin(view, region.root, region.offset);
    make = slots ? slots.getDefiningOp<MakeTensorViewOp>() : MakeTensorViewOp();
  } else if (make && element) {
    region.offset = {};
    region.root = rootOf(follow(make.getPtr(), view.frame), bytes, region.offset);
  }
  if (!make || !element) {
    region.offset.known = false;
    return model.program.intern(std::move(region));
  }

  struct Dim {
    int64_t extent, stride;
  };
  llvm::SmallVector<Dim> dims;
  for (auto [i, strideValue] : llvm::enumerate(make.getStrides())) {
    auto stride = constantOf(follow(strideValue, view.frame).value);
    if (!stride)
      if (auto mul = strideValue.getDefiningOp<mlir::arith::MulIOp>()) {
        auto a = constantOf(mul.getLhs()), b = constantOf(mul.getRhs());
        if (a && b)
          stride = product(*a, *b);
      }
    int64_t extent = shape[i];
    stride = stride ? product(*stride, bytes) : std::nullopt;
    if (!stride || extent < 0 || !product(extent, std::max<int64_t>(*stride, bytes))) {
      region.offset.known =
          false; // a stride or an extent that only run time knows: the whole tensor
      break;
    }
    if (!partOffsets.empty())
      OffsetReader::add(region.offset, offsets.read(partOffsets[i], part.frame, *stride));
    dims.push_back({extent, *stride});
  }
  offsets.close(region.offset);
  if (!region.offset.known) {
    region.offset = {};
    region.offset.known = false;
    return model.program.intern(std::move(region));
  }
  // Widest stride first, so that DN and NZ views have the same normal form as ND; then merge what
  // is contiguous.
  llvm::sort(dims, [](const Dim &a, const Dim &b) {
    return std::tie(a.stride, a.extent) > std::tie(b.stride, b.extent);
  });
  region.run = bytes;
  for (const Dim &d : llvm::reverse(dims)) {
    if (d.extent == 1 || d.stride == 0)
      continue; // the same bytes again
    if (region.dims.empty() && d.stride == int64_t(region.run))
      region.run *= d.extent;
    else if (!region.dims.empty() &&
             d.stride == region.dims.front().stride * region.dims.front().extent)
      region.dims.front().extent *= d.extent;
    else
      region.dims.insert(region.dims.begin(), {d.extent, d.stride});
  }
  return model.program.intern(std::move(region));
}

sync::RegionId ModelBuilder::scalarRegion(Value pointer, Value index, Frame &frame) {
  sync::Region region;
  region.space = Space::GM;
  Bound bound = follow(pointer, &frame);
  region.name = nameOf(bound.value);
  auto element = elementOf(llvm::cast<PtrType>(pointer.getType()).getElementType());
  int64_t bytes = element ? bytesOf(*element) : 1;
  region.root = rootOf(bound, bytes, region.offset);
  if (index)
    OffsetReader::add(region.offset, offsets.read(index, &frame, bytes));
  offsets.close(region.offset);
  region.run = bytes;
  if (Space space = llvm::cast<PtrType>(pointer.getType()).getSpace(); space != Space::GM) {
    // A pointer into on-chip memory names no tile: it may touch any.
    region.space = space;
    region.root = 0;
    region.offset = {};
    region.offset.known = false;
    region.run = capacity(space, model.program.arch);
  }
  return model.program.intern(std::move(region));
}

/// The first byte behind a pointer or a view: it stands for its cache line.
sync::RegionId ModelBuilder::lineRegion(Value place, Frame &frame) {
  if (llvm::isa<PtrType>(place.getType()))
    return scalarRegion(place, Value(), frame);
  sync::Region region = model.program.regions[globalRegion(place, frame)];
  region.dims.clear();
  region.run = 1;
  return model.program.intern(std::move(region));
}

ModelBuilder::Regions ModelBuilder::regionsOf(Value value, Frame &frame) {
  if (auto tile = llvm::dyn_cast<TileBufType>(value.getType()))
    return tileRegions(follow(value, &frame), tile);
  return {globalRegion(value, frame)};
}

ModelBuilder::Regions ModelBuilder::operandRegions(mlir::Operation *op, const OpInfo &info,
                                                   unsigned operand, Value value, Frame &frame) {
  auto tile = llvm::dyn_cast<TileBufType>(value.getType());
  if (!tile)
    return regionsOf(value, frame);
  return tileRegions(follow(value, &frame), tile, info.operands[operand].isWhole,
                     bytesBehind(op, operand));
}

sync::RegionId ModelBuilder::globalRegion(Value value, Frame &frame) {
  Bound bound = follow(value, &frame);
  auto partition = bound.value.getDefiningOp<PartitionViewOp>();
  if (auto part = llvm::dyn_cast<PartitionTensorViewType>(value.getType()))
    return viewRegion(bound, partition ? follow(partition.getSource(), bound.frame) : bound,
                      partition ? partition.getOffsets() : mlir::ValueRange(),
                      part.getElementType(), part.getShape());
  if (auto entry = bound.value.getDefiningOp<DeclareGlobalOp>())
    return viewRegion(bound, bound, {}, entry.getEntry().getType().getElementType(),
                      entry.getEntry().getType().getShape());
  // A whole tensor view, or a pointer: everything behind its root.
  sync::Region region;
  region.space = Space::GM;
  region.offset.known = false;
  region.name = nameOf(bound.value);
  auto make = bound.value.getDefiningOp<MakeTensorViewOp>();
  sync::Offset ignored;
  region.root = make ? rootOf(follow(make.getPtr(), bound.frame), 1, ignored) : sync::none;
  sync::Offset drop;
  offsets.close(drop);
  return model.program.intern(std::move(region));
}
