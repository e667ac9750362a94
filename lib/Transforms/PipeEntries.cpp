//===- PipeEntries.cpp - What goes in and comes out of a pipe --------------===//

#include "PipeEntries.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/MapVector.h"

using namespace pto;
using mlir::Operation;

namespace {

/// The part of an entry that one call moves.
struct Piece {
  PipeCall call;
  Element element;
  std::optional<int64_t> rows, cols; ///< of the valid part; none where only run time knows
  std::string text() const {
    auto extent = [](std::optional<int64_t> n) { return n ? std::to_string(*n) : "?"; };
    return extent(rows) + "x" + extent(cols) + "x" + name(element).str();
  }
};

std::optional<Element> converted(AccPushEpilogueAttr epilogue, Element from) {
  switch (epilogue.getQuant()) {
  case EpilogueQuantKind::NoConvert:
    return from;
  case EpilogueQuantKind::F32ToF16:
  case EpilogueQuantKind::Deqf16Scalar:
  case EpilogueQuantKind::Deqf16Vec:
  case EpilogueQuantKind::Qf322f16Scalar:
    return Element::F16;
  case EpilogueQuantKind::F32ToBf16:
  case EpilogueQuantKind::Qf322bf16Scalar:
  case EpilogueQuantKind::Qs322bf16Scalar:
  case EpilogueQuantKind::Qs322bf16Vec:
    return Element::BF16;
  default:
    return std::nullopt; // one byte, signed or not as the receiver reads it
  }
}

std::optional<Piece> pieceOf(const PipeCall &call) {
  auto init = PipeInit::behind(call.handle);
  if (TileBufType tile = call.tile()) {
    auto element = elementOf(tile.getElementType());
    if (element && call.kind == PipeCall::Push && init->epilogue)
      element = converted(init->epilogue, *element);
    if (!element)
      return std::nullopt;
    auto known = [](bool isOpen, int64_t n) { return isOpen ? std::nullopt : std::optional(n); };
    return Piece{call, *element, known(tile.hasDynamicValidRows(), tile.getValidRows()),
                 known(tile.hasDynamicValidCols(), tile.getValidCols())};
  }
  auto view = llvm::cast<TensorViewType>(call.entry.getType());
  auto element = elementOf(view.getElementType());
  if (!element || view.getRank() < 2)
    return std::nullopt;
  return Piece{call, *element, view.getShape()[view.getRank() - 2], view.getShape().back()};
}

/// What all calls of one kind and direction move; none when they differ among themselves.
std::optional<Piece> onlyPiece(const PipeGroup &group, PipeCall::Kind kind,
                               PipeDirection direction) {
  std::optional<Piece> only;
  for (const PipeMember &member : group.members)
    for (Operation *user : member.init.op->getResult(0).getUsers()) {
      auto call = PipeCall::of(user);
      if (!call || call->kind != kind || call->direction() != direction)
        continue;
      auto piece = pieceOf(*call);
      if (!piece || (only && only->text() != piece->text()))
        return std::nullopt;
      only = piece;
    }
  return only;
}

bool mismatch(const Piece &sent, const Piece &received, const std::string &why) {
  received.call.op->emitOpError()
          .append("receives ", received.text(), ", but the other core sends ", sent.text(), why)
          .attachNote(sent.call.op->getLoc())
      << "sent here";
  return false;
}

/// A vector core has one half of what the cube core moves as a whole. Addresses may name the whole
/// slot on both sides.
bool halvesFit(const Piece &sent, const Piece &received, PipeDirection direction) {
  bool areTiles = sent.call.tile() && received.call.tile();
  int64_t split = received.call.split;
  if (!areTiles || split > 2 || !sent.rows || !sent.cols || !received.rows || !received.cols)
    return true;
  const Piece &whole = direction == PipeDirection::C2V ? sent : received;
  const Piece &half = direction == PipeDirection::C2V ? received : sent;
  int64_t byRows = split == 1 ? 2 : 1, byCols = split == 2 ? 2 : 1;
  if (*whole.rows == *half.rows * byRows && *whole.cols == *half.cols * byCols)
    return true;
  std::string why = split == 0   ? "; without a split both move the whole entry"
                    : split == 1 ? "; with split = 1 a vector core has half of the rows"
                                 : "; with split = 2 a vector core has half of the columns";
  return mismatch(sent, received, why);
}

bool directionAgrees(const PipeGroup &group, PipeDirection direction) {
  auto sent = onlyPiece(group, PipeCall::Push, direction);
  auto received = onlyPiece(group, PipeCall::Pop, direction);
  if (!sent || !received)
    return true;
  if (sent->element != received->element)
    return mismatch(*sent, *received, "; entries are bytes, nothing converts them");
  return halvesFit(*sent, *received, direction);
}

} // namespace

bool pto::entriesAgree(const PipeGroup &group) {
  bool down = directionAgrees(group, PipeDirection::C2V);
  return directionAgrees(group, PipeDirection::V2C) && down;
}

//===----------------------------------------------------------------------===//
// Forms of a5
//===----------------------------------------------------------------------===//

namespace {

/// library 9.4: the FIX pipe writes the parts of an accumulator into UB.
bool localPushExists(const PipeCall &call, const PipeInit &init) {
  TileBufType tile = call.tile();
  auto refuse = [&](const llvm::Twine &what) {
    call.op->emitOpError().append(what).attachNote(init.op->getLoc()) << "the pipe";
    return false;
  };
  if (call.split > 2)
    return refuse("has split = " + llvm::Twine(call.split) +
                  ", which the library of a5 has through global memory only; give gm_slot_tensor "
                  "and c2v_consumer_buf");
  if (tile.getSpace() != Space::Acc || init.epilogue)
    return true;
  if (!tile.getElementType().isF32())
    return refuse("pushes " + name(*elementOf(tile.getElementType())) +
                  " into the memory of the vector cores, where the library of a5 pushes f32 only; "
                  "go through global memory, or use acc_push_epilogue");
  if (call.split == 1 && !tile.hasDynamicValidRows() && tile.getValidRows() % 2)
    return refuse("splits " + llvm::Twine(tile.getValidRows()) +
                  " rows between the vector cores, an odd number");
  if (call.split == 2 && !tile.hasDynamicValidCols() && tile.getValidCols() % 32)
    return refuse("splits " + llvm::Twine(tile.getValidCols()) +
                  " columns between the vector cores; the library of a5 needs a multiple of 32");
  return true;
}

/// library 9.4: there the credit goes out on MTE1 and the load runs on MTE2, so that nothing keeps
/// the slot until it is read.
bool popKeepsItsSlot(const PipeCall &call, const PipeInit &init) {
  if (!call.tile() || call.tile().getSpace() != Space::Mat)
    return true;
  call.op->emitOpError()
          .append("pops a tile into L1 through global memory, where the library of a5 gives the "
                  "slot back on MTE1 before its load on MTE2 has read it; pop an address and load "
                  "from it, or use a ring in local memory")
          .attachNote(init.op->getLoc())
      << "the pipe";
  return false;
}

} // namespace

bool pto::formsExist(const PipeGroup &group) {
  if (archOf(group.first().op) != Arch::A5)
    return true;
  bool ok = true;
  for (const PipeMember &member : group.members)
    for (Operation *user : member.init.op->getResult(0).getUsers()) {
      auto call = PipeCall::of(user);
      if (!call)
        continue;
      if (call->kind == PipeCall::Push && call->tile() && !member.init.throughGm())
        ok &= localPushExists(*call, member.init);
      if (call->kind == PipeCall::Pop && member.init.throughGm())
        ok &= popKeepsItsSlot(*call, member.init);
    }
  return ok;
}

//===----------------------------------------------------------------------===//
// Unit flags
//===----------------------------------------------------------------------===//

namespace {

/// An operation on an accumulator that may use its unit flag.
struct UnitUse {
  Operation *op;
  bool isProduct;
  bool hasFlag; ///< a product finishes the accumulator, a store drains it
  bool waits;   ///< a product: until the accumulator is drained
};

std::optional<UnitUse> useOf(Operation *op) {
  if (auto call = PipeCall::of(op)) {
    auto init = PipeInit::behind(call->handle);
    return call->kind == PipeCall::Push && init
               ? std::optional(UnitUse{op, false, usesUnitFlag(op), false})
               : std::nullopt;
  }
  const OpInfo *info = findOpInfo(op);
  auto pipe = info ? pipeOf(op) : std::nullopt;
  if (!pipe || (*pipe != Pipe::M && *pipe != Pipe::FIX))
    return std::nullopt;
  bool isProduct = *pipe == Pipe::M;
  bool uses = usesUnitFlag(op);
  bool isFinal = attributeValue(op, "accPhase") == int64_t(AccPhaseKind::Final);
  return UnitUse{op, isProduct, isProduct ? isFinal : uses, isProduct && uses};
}

bool differ(const UnitUse &at, const UnitUse &other) {
  auto error = at.op->emitOpError();
  if (at.isProduct)
    error
        << "finishes an accumulator with the unit flag (acc_phase final), but the store behind it "
           "has none and never drains it, so that the next product waits for ever; give the store "
           "st_phase final, or its pipe unit_flag = true";
  else
    error << "waits for the unit flag of an accumulator, which the product before it does not set, "
             "and so for ever; give the product acc_phase final";
  error.attachNote(other.op->getLoc()) << (at.isProduct ? "the store" : "the product");
  return false;
}

bool match(llvm::ArrayRef<UnitUse> uses) {
  bool ok = true;
  for (size_t i = 1; i < uses.size(); ++i) {
    const UnitUse &before = uses[i - 1], &now = uses[i];
    if (before.isProduct && before.hasFlag && now.waits) {
      now.op->emitOpError()
              .append("waits until the accumulator that the product before it has finished "
                      "(acc_phase final) is drained, and no store drains it in between, so that it "
                      "waits for ever; give the product before it acc_phase partial")
              .attachNote(before.op->getLoc())
          << "the product before it";
      ok = false;
      continue;
    }
    if (!before.isProduct || now.isProduct || before.hasFlag == now.hasFlag)
      continue;
    ok &= now.hasFlag ? differ(now, before) : differ(before, now);
  }
  return ok;
}

} // namespace

bool pto::unitFlagsMatch(mlir::ModuleOp module) {
  // The uses of each accumulator, in the order of the text.
  llvm::MapVector<mlir::Value, llvm::SmallVector<UnitUse>> accumulators;
  module.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    mlir::Value last;
    for (mlir::Value operand : op->getOperands()) {
      auto tile = llvm::dyn_cast<TileBufType>(operand.getType());
      if (!tile || tile.getSpace() != Space::Acc || operand == last ||
          !operand.getDefiningOp<AllocTileOp>())
        continue;
      last = operand;
      if (auto use = useOf(op))
        accumulators[operand].push_back(*use);
    }
  });
  bool ok = true;
  for (auto &[accumulator, uses] : accumulators)
    ok &= match(uses);
  return ok;
}
