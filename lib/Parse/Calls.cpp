//===- Calls.cpp - How deep functions call one another ---------------------===//
//
// Passes, the printer and the simulator follow a call into the function that is called, and so
// recurse as deep as the program does.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/MapVector.h"

using namespace pto;
using mlir::func::CallOp;
using mlir::func::FuncOp;

static constexpr unsigned mostCalls = 256;

namespace {
struct Callee {
  llvm::SmallVector<CallOp> calls;
  size_t next = 0;     ///< of them, to be followed
  unsigned height = 0; ///< calls in a row from here on
  bool isOpen = false, isDone = false;
};
} // namespace

mlir::LogicalResult pto::checkCallDepth(mlir::ModuleOp module) {
  llvm::MapVector<mlir::StringAttr, Callee> functions;
  module.walk([&](FuncOp function) {
    Callee &entry = functions[function.getSymNameAttr()];
    function.walk([&](CallOp call) { entry.calls.push_back(call); });
  });
  for (auto &[name, root] : functions) {
    llvm::SmallVector<Callee *> stack;
    if (!root.isDone)
      stack.push_back(&root);
    while (!stack.empty()) {
      Callee &top = *stack.back();
      top.isOpen = true;
      if (top.next == top.calls.size()) {
        top.isDone = true;
        stack.pop_back();
        continue;
      }
      CallOp call = top.calls[top.next];
      Callee &callee = functions.find(call.getCalleeAttr().getAttr())->second; // verified
      if (!callee.isOpen) {
        stack.push_back(&callee);
        continue;
      }
      ++top.next; // a call back to an open one is refused where it is followed
      top.height = std::max(top.height, callee.height + 1);
      if (top.height > mostCalls)
        return call.emitOpError() << "begins a chain of " << top.height
                                  << " calls; helpers may call one another " << mostCalls
                                  << " deep";
    }
  }
  return mlir::success();
}
