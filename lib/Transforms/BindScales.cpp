//===- BindScales.cpp - Addresses of scale tiles ---------------------------===//
//
// On the chip the scales of an operand lie at its own address, shifted, in a memory beside its own
// (library 4.1). With the address written into the declaration, everybody behind this pass sees the
// right bytes.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/TileHandle.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_BINDSCALES
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Value;
namespace arith = mlir::arith;

namespace {
/// An address: a number, and products to add.
struct Address {
  int64_t constant = 0;
  llvm::SmallVector<std::pair<Value, int64_t>, 2> terms;

  bool add(Value value, int64_t factor) {
    if (!value)
      return false;
    if (auto number = constantOf(value))
      constant += *number * factor;
    else
      terms.push_back({value, factor});
    return true;
  }
  /// Shifting the sum is the same as shifting its parts.
  bool shiftsExactly() const {
    auto divides = [](int64_t n) { return n % (int64_t(1) << scaleAddressShift) == 0; };
    return divides(constant) &&
           llvm::all_of(terms, [&](auto &term) { return divides(term.second); });
  }
};

/// Where a tile begins; none for what a block argument or a call hands over.
std::optional<Address> addressOf(Value tile) {
  Address address;
  auto known = [&](bool ok) { return ok ? std::optional(address) : std::nullopt; };
  if (auto alloc = tile.getDefiningOp<AllocTileOp>())
    return known(address.add(alloc.getAddr(), 1));
  if (auto assign = tile.getDefiningOp<TAssignOp>())
    return known(address.add(assign.getAddr(), 1));
  if (auto get = tile.getDefiningOp<MultiTileGetOp>()) {
    auto ring = get.getSource().getDefiningOp<AllocMultiTileOp>();
    return known(ring && address.add(ring.getAddr(), 1) &&
                 address.add(get.getSlot(), int64_t(ring.getResult().getType().getStride())));
  }
  auto view = tile.getDefiningOp<TileView>();
  auto source = view ? addressOf(view.getViewedTile()) : std::nullopt;
  auto window = tile.getDefiningOp<SubviewOp>();
  if (!source || !window)
    return source;
  TileShape storage = storageOf(window.getSource());
  std::array<int64_t, 2> stride = elementStrides(storage);
  int64_t bytes = bytesOf(storage.element);
  source->add(window.getRow(), stride[0] * bytes);
  source->add(window.getCol(), stride[1] * bytes);
  return source;
}

/// The shifted address, computed in front of `op`; a sum of products where it can be, because the
/// analyses read those.
Value shifted(TGetScaleAddrOp op, const Address &address) {
  mlir::OpBuilder b(op);
  mlir::Location loc = placeOf(op.getLoc());
  auto number = [&](int64_t n) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(n));
  };
  int64_t divisor = address.shiftsExactly() ? int64_t(1) << scaleAddressShift : 1;
  Value sum = number(address.constant / divisor);
  for (auto [value, factor] : address.terms) {
    if (!value.getType().isInteger(64))
      value = arith::IndexCastOp::create(b, loc, b.getI64Type(), value);
    if (factor != divisor)
      value = arith::MulIOp::create(b, loc, value, number(factor / divisor));
    sum = arith::AddIOp::create(b, loc, sum, value);
  }
  return divisor > 1 ? sum : arith::ShRUIOp::create(b, loc, sum, number(scaleAddressShift));
}

struct BindScalesPass : pto::impl::BindScalesBase<BindScalesPass> {
  void runOnOperation() override {
    llvm::SmallVector<TGetScaleAddrOp> all;
    getOperation().walk([&](TGetScaleAddrOp op) { all.push_back(op); });
    for (TGetScaleAddrOp op : all)
      if (mlir::failed(bind(op)))
        signalPassFailure();
  }

  mlir::LogicalResult bind(TGetScaleAddrOp op) {
    auto alloc = op.getDst().getDefiningOp<AllocTileOp>();
    if (!alloc)
      return op.emitOpError() << "binds a tile that no pto.alloc_tile of this function declares";
    auto address = addressOf(op.getSrc());
    if (!address)
      return op.emitOpError() << "cannot tell where src lies: it comes from a call, a branch or a "
                                 "loop variable; bind the scales where the tile is declared";
    if (!address->terms.empty()) {
      // Nothing uses the tile before: the verifier has made sure.
      alloc.getAddrMutable().assign(shifted(op, *address));
      alloc->moveBefore(op);
      return mlir::success();
    }
    TileBufType type = alloc.getResult().getType();
    int64_t place = address->constant >> scaleAddressShift, bytes = type.getTileShape().bytes();
    int64_t limit = int64_t(capacity(type.getSpace(), archOf(op)));
    if (place % int64_t(alignment(type.getSpace())))
      return op.emitOpError() << "finds the scales of " << address->constant << " at " << place
                              << ", but they need a multiple of " << alignment(type.getSpace());
    if (place + bytes > limit)
      return op.emitOpError() << "finds the scales of " << address->constant << " at " << place
                              << ", where " << bytes
                              << " bytes do not fit: " << name(type.getSpace()) << " ends at "
                              << limit;
    auto b =
        mlir::OpBuilder::atBlockBegin(&op->getParentOfType<mlir::func::FuncOp>().getBody().front());
    Value value = arith::ConstantOp::create(b, placeOf(alloc.getLoc()), b.getI64IntegerAttr(place));
    alloc.getAddrMutable().assign(value);
    return mlir::success();
  }
};
} // namespace
