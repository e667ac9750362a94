//===- Variables.cpp - Pointers as numbers, arrays and structs, output -----===//

#include "Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

bool Lowering::lowerVariable(Operation *op) {
  if (lowerPointerCast(op) || lowerArray(op) || lowerStruct(op))
    return true;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](TGetValOp get) {
        define(get.getResult(), builder.loadTile(handle(get.getSrc()), word(get.getOffset())));
        return true;
      })
      .Case([&](TSetValOp set) {
        builder.storeTile(handle(set.getDst()), word(set.getOffset()), word(set.getVal()));
        return true;
      })
      .Case([&](PrintOp print) {
        if (auto type = element(op, print.getScalar().getType()))
          builder.print(print.getFormat().str(), *type, word(print.getScalar()));
        return true;
      })
      .Case([&](TrapOp) { return builder.trap(), true; })
      .Default([](Operation *) { return false; });
}

/// Pointers are byte addresses of global memory, so that every cast keeps the word.
bool Lowering::lowerPointerCast(Operation *op) {
  if (!llvm::isa<CastPtrOp, PtrToIntOp, IntToPtrOp>(op))
    return false;
  for (mlir::Value value : {op->getOperand(0), mlir::Value(op->getResult(0))})
    if (auto pointer = llvm::dyn_cast<PtrType>(value.getType());
        pointer && pointer.getSpace() != Space::GM) {
      (void)error(op, "is not simulated: it handles a pointer into " + name(pointer.getSpace()) +
                          ", which is not global memory");
      return true;
    }
  define(op->getResult(0), word(op->getOperand(0)));
  return true;
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

void Lowering::declareLocal(mlir::Value array, int64_t elements) {
  Register first = builder.localArray(uint32_t(elements));
  builder.clearLocal(first, uint32_t(elements));
  define(array, first);
}

Register Lowering::elementNumber(mlir::ValueRange indices, llvm::ArrayRef<int64_t> extents) {
  Register number = word(indices.front());
  if (indices.size() == 1)
    return number;
  builder.checkIndex(number, uint32_t(extents.front()));
  for (auto [index, extent] : llvm::drop_begin(llvm::zip(indices, extents))) {
    builder.checkIndex(word(index), uint32_t(extent));
    Register before = builder.arith(ArithOp::MulI, Element::I64, number, builder.constant(extent));
    number = builder.arith(ArithOp::AddI, Element::I64, before, word(index));
  }
  return number;
}

bool Lowering::lowerArray(Operation *op) {
  auto load = [&](mlir::Value result, mlir::Value array, int64_t elements, Register index) {
    define(result, builder.loadLocal(word(array), uint32_t(elements), index));
    return true;
  };
  auto store = [&](mlir::Value array, int64_t elements, Register index, mlir::Value value) {
    builder.storeLocal(word(array), uint32_t(elements), index, word(value));
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](DeclareLocalArrayOp d) {
        return declareLocal(d.getArray(), d.getArray().getType().getNumElements()), true;
      })
      .Case([&](DeclareEventIdArrayOp d) {
        return declareLocal(d.getArray(), d.getArray().getType().getSize()), true;
      })
      .Case([&](LocalArrayGetOp get) {
        LocalArrayType type = get.getArray().getType();
        return load(get.getValue(), get.getArray(), type.getNumElements(),
                    elementNumber(get.getIndices(), type.getShape()));
      })
      .Case([&](LocalArraySetOp set) {
        LocalArrayType type = set.getArray().getType();
        return store(set.getArray(), type.getNumElements(),
                     elementNumber(set.getIndices(), type.getShape()), set.getValue());
      })
      .Case([&](EventIdArrayGetOp get) {
        return load(get.getValue(), get.getArray(), get.getArray().getType().getSize(),
                    word(get.getIndex()));
      })
      .Case([&](EventIdArraySetOp set) {
        return store(set.getArray(), set.getArray().getType().getSize(), word(set.getIndex()),
                     set.getValue());
      })
      .Default([](Operation *) { return false; });
}

//===----------------------------------------------------------------------===//
// Structs
//===----------------------------------------------------------------------===//

/// The number of the scalar at `path` among all of the struct, in order.
static int64_t scalarNumber(StructType type, llvm::ArrayRef<int64_t> path) {
  int64_t before = 0;
  for (mlir::Type field : type.getFields().take_front(path.front())) {
    auto inner = llvm::dyn_cast<StructType>(field);
    before += inner ? inner.getNumScalars() : 1;
  }
  if (path.size() == 1)
    return before;
  return before +
         scalarNumber(llvm::cast<StructType>(type.getFields()[path.front()]), path.drop_front());
}

bool Lowering::lowerStruct(Operation *op) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](DeclareStructOp d) {
        return declareLocal(d.getStructure(), d.getStructure().getType().getNumScalars()), true;
      })
      .Case([&](StructGetOp get) {
        StructType type = get.getStructure().getType();
        Register index = builder.constant(scalarNumber(type, get.getPath()));
        define(get.getValue(),
               builder.loadLocal(word(get.getStructure()), uint32_t(type.getNumScalars()), index));
        return true;
      })
      .Case([&](StructSetOp set) {
        StructType type = set.getStructure().getType();
        Register index = builder.constant(scalarNumber(type, set.getPath()));
        builder.storeLocal(word(set.getStructure()), uint32_t(type.getNumScalars()), index,
                           word(set.getValue()));
        return true;
      })
      .Default([](Operation *) { return false; });
}
