//===- pto-opt.cpp - MLIR's pass driver with the pto dialect ---------------===//

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Parse/Text.h"
#include "ptoas/Pipelines/CommandLine.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

/// The driver parses by itself: what MLIR's parser would not survive is refused before.
static bool isReadable(const llvm::MemoryBuffer &buffer) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(buffer.getMemBufferRef(), false), {});
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  return mlir::isBytecode(buffer) || mlir::succeeded(pto::checkText(buffer, context));
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  mlir::DialectRegistry registry;
  pto::registerDialects(registry);
  pto::registerPtoPasses();
  pto::setToolVersion("pto-opt");
  auto [input, output] =
      mlir::registerAndParseCLIOptions(argc, argv, "pto-opt: passes over .pto files\n", registry);
  std::string error;
  auto file = mlir::openInputFile(input, &error);
  auto out = mlir::openOutputFile(output, &error);
  if (!file || !out) {
    llvm::errs() << "Error: " << error << "\n";
    return 1;
  }
  if (!isReadable(*file) ||
      mlir::failed(mlir::MlirOptMain(out->os(), pto::textOf(*file), registry,
                                     mlir::MlirOptMainConfig::createFromCLOptions())))
    return 1;
  out->keep();
  return 0;
}
