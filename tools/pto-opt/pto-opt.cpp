//===- pto-opt.cpp - MLIR's pass driver with the pto dialect ---------------===//

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  pto::registerDialects(registry);
  pto::registerPtoPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "pto-opt: passes over .pto files\n", registry));
}
