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

#endif // PTOAS_IR_INTERFACES
