//===- Interfaces.td - What passes ask an operation -------------*- tablegen -*-===//
#ifndef PTOAS_IR_INTERFACES
#define PTOAS_IR_INTERFACES

include "mlir/IR/OpBase.td"
include "mlir/IR/Interfaces.td"

def RecordOp : OpInterface<"RecordOp"> {
  let cppNamespace = "::pto";
  let description = [{
    Gives a pass the facts of an operation's record without naming the operation (law 2). Every operation of the
    dialect has it; its verifier is the generic one.
  }];
  let methods = [
    InterfaceMethod<"The row of the op-info table.", "const ::pto::OpInfo &", "getOpInfo", (ins), "", [{
      static const ::pto::OpInfo &info = ::pto::lookupOpInfo(ConcreteOp::getOperationName());
      return info;
    }]>,
    InterfaceMethod<"The values of operand `index` of the record: none when optional and absent.",
                    "::mlir::Operation::operand_range", "getRecordOperands", (ins "unsigned":$index), "", [{
      return $_op.getODSOperands(index);
    }]>,
  ];
  let verify = [{ return ::pto::verifyRecord($_op); }];
}

def TileView : OpInterface<"TileView"> {
  let cppNamespace = "::pto";
  let description = [{
    The result names bytes of another tile, or of one slot of a ring; nothing is moved. The operand is called `source`.
  }];
  let methods = [
    InterfaceMethod<"The tile or ring whose bytes the result names.", "::mlir::Value", "getViewedTile", (ins), "", [{
      return $_op.getSource();
    }]>,
  ];
}

#endif // PTOAS_IR_INTERFACES
