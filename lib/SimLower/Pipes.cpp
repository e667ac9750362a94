//===- Pipes.cpp - Rings of slots between the cores of a block -------------===//
//
// The engine knows the protocol (cross-core 4); here it gets the pipe's numbers, the tile or the
// place of the entry, and the end of the pipe's life, which is that of the C++ object.
//
//===----------------------------------------------------------------------===//

#include "ptoas/IR/Pipes.h"
#include "Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

bool Lowering::lowerPipe(Operation *op) {
  if (auto init = PipeInit::of(op))
    return lowerPipeInit(*init), true;
  if (auto call = PipeCall::of(op))
    return lowerPipeCall(*call), true;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](DeclareTileOp declare) {
        TileShape shape = declare.getTile().getType().getTileShape();
        Register rows = declare.getValidRow() ? word(declare.getValidRow()) : none;
        Register cols = declare.getValidCol() ? word(declare.getValidCol()) : none;
        Handle tile = builder.tile(program.addShape(shape), builder.constant(0), rows, cols);
        bind(declare.getTile(), {Binding::Tile, tile, nullptr});
        return true;
      })
      .Case([&](DeclareGlobalOp declare) {
        Binding entry = fresh(op, declare.getEntry().getType());
        entry.view->layout = Layout::ND;
        bind(declare.getEntry(), entry);
        return true;
      })
      .Default([](Operation *) { return false; });
}

/// What the FIX pipe does to an accumulator on its way into the slot (library 9.6).
static void convert(AccPushEpilogueAttr epilogue, FifoShape &shape) {
  EpilogueQuantKind quant = epilogue.getQuant();
  switch (quant) {
  case EpilogueQuantKind::NoConvert:
    break;
  case EpilogueQuantKind::F32ToF16:
  case EpilogueQuantKind::Deqf16Scalar:
  case EpilogueQuantKind::Deqf16Vec:
  case EpilogueQuantKind::Qf322f16Scalar:
    shape.pushed = Element::F16;
    break;
  case EpilogueQuantKind::F32ToBf16:
  case EpilogueQuantKind::Qf322bf16Scalar:
  case EpilogueQuantKind::Qs322bf16Scalar:
  case EpilogueQuantKind::Qs322bf16Vec:
    shape.pushed = Element::BF16;
    break;
  case EpilogueQuantKind::Req8Scalar:
  case EpilogueQuantKind::Req8Vec:
  case EpilogueQuantKind::Qf322b8Scalar:
  case EpilogueQuantKind::Qf322b8Vec:
    shape.pushed = Element::I8;
    break;
  case EpilogueQuantKind::Qf322hif8Scalar:
    shape.pushed = Element::HIF8;
    break;
  case EpilogueQuantKind::Qf322fp8Scalar:
    shape.pushed = Element::F8E4M3;
    break;
  }
  shape.isScaled = quant > EpilogueQuantKind::F32ToBf16;
  shape.relu = epilogue.getRelu() == ReluKind::NormalRelu;
  shape.layout = epilogue.getLayout() == EpilogueLayoutKind::NZ2ND   ? Layout::ND
                 : epilogue.getLayout() == EpilogueLayoutKind::NZ2DN ? Layout::DN
                                                                     : Layout::NZ;
}

void Lowering::lowerPipeInit(const PipeInit &init) {
  FifoShape shape;
  if (init.epilogue)
    convert(init.epilogue, shape);
  shape.isLocal = !init.throughGm();
  shape.isNoSplit = init.noSplit.value_or(false);
  shape.flagId = unsigned(init.flagBase.value_or(0));
  shape.direction = FifoDirection(unsigned(init.direction));
  shape.slotSize = uint64_t(init.slotSize);
  shape.slots = unsigned(init.slotNum);
  shape.localSlots = unsigned(init.localSlotNum.value_or(libraryLocalSlots));
  shape.unitFlag = init.unitFlag.value_or(false);
  Register slots = none;
  if (init.gm) {
    Binding gm = get(init.gm);
    slots = gm.kind == Binding::View ? gm.view->pointer : gm.id;
  }
  auto buffer = [&](PipeDirection one) {
    mlir::Value address = init.carries(one) ? init.consumerBuffer(one) : mlir::Value();
    return address ? word(address) : none;
  };
  Handle fifo = builder.fifo(program.addFifo(shape), slots, buffer(PipeDirection::C2V),
                             buffer(PipeDirection::V2C));
  bind(init.op->getResult(0), {Binding::Word, fifo, nullptr});
  fifos.push_back({fifo, builder.currentPlace()});
}

void Lowering::endFifos(size_t first) {
  while (fifos.size() > first) {
    builder.setPlace(fifos.back().place);
    builder.endFifo(fifos.back().handle);
    fifos.pop_back();
  }
}

/// Where an entry lies, in the dimensions of its type and with the strides of the pipe's slots.
void Lowering::bindEntry(const PipeCall &call, const PipeInit &init, Register address) {
  Binding entry = get(call.entry);
  auto type = llvm::cast<TensorViewType>(call.entry.getType());
  Binding slots = get(init.gm);
  int64_t stride = 1;
  for (size_t i = entry.view->shape.size(); i-- > 0;) {
    int64_t extent = type.getShape()[i];
    builder.copy(entry.view->shape[i], builder.constant(extent));
    builder.copy(entry.view->stride[i],
                 slots.kind == Binding::View ? slots.view->stride[i] : builder.constant(stride));
    stride *= extent;
  }
  builder.copy(entry.view->pointer, address);
  builder.copyHandle(entry.id, builder.view(entry.view->element, *entry.view->layout, address,
                                            entry.view->shape, entry.view->stride));
}

void Lowering::lowerPipeCall(const PipeCall &call) {
  auto init = PipeInit::behind(call.handle); // there is one: the verifier of the call has looked
  Register subblock = call.subblock ? word(call.subblock) : none;
  Handle fifo = get(call.handle).id;
  FifoSplit split = FifoSplit(call.split);
  auto type = call.entry ? llvm::dyn_cast<TensorViewType>(call.entry.getType()) : TensorViewType();
  if (call.kind == PipeCall::Free)
    return builder.free(fifo, split, /*isEntry=*/bool(type));
  if (!type) {
    Handle tile = handle(call.entry);
    return call.kind == PipeCall::Push ? builder.push(fifo, tile, split, subblock)
                                       : builder.pop(fifo, tile, split, subblock);
  }
  if (call.kind == PipeCall::Push)
    return builder.pushEntry(fifo, split);
  // The part of vector core 1 (cross-core 4).
  int64_t columns = type.getShape().back(), rows = 1, bytes = 0;
  if (auto element = this->element(call.op, type.getElementType()))
    bytes = bytesOf(*element);
  if (type.getShape().size() > 1)
    rows = type.getShape()[type.getShape().size() - 2];
  int64_t offset = split == FifoSplit::UpDown      ? rows * columns * bytes
                   : split == FifoSplit::LeftRight ? columns * bytes
                                                   : 0;
  bindEntry(call, *init,
            call.kind == PipeCall::Alloc ? builder.allocEntry(fifo, split, offset)
                                         : builder.popEntry(fifo, split, offset));
}
