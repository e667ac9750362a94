//===- pto-opt.cpp - MLIR's pass driver with the pto dialect ---------------===//

#include "ptoas/Pipelines/Parse.h"
#include "ptoas/Transforms/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  pto::registerDialects(registry);
  pto::registerPtoPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "pto-opt: passes over .pto files\n", registry));
}
