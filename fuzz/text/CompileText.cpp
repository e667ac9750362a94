//===- CompileText.cpp - The whole compiler on a piece of text -------------===//

#include "CompileText.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Target/Cpp.h"
#include "llvm/Support/SourceMgr.h"

using namespace pto;

bool pto::fuzz::compileText(llvm::StringRef text) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "input.pto"),
                             llvm::SMLoc());
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  unsigned errors = 0;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  });
  auto refused = [&] {
    if (errors == 0)
      llvm::report_fatal_error("refused without an error message");
    return false;
  };
  auto module = parseProgram(sources, context, std::nullopt);
  if (!module)
    return refused();
  CompileOptions options;
  options.sync = SyncMode::Insert;
  options.prepareForCpp = true;
  // Programs that place their tiles themselves are level3: at level2 they would all be refused.
  if (text.contains("addr = "))
    options.level = Level::Level3;
  // The pass manager's flags were never registered here, so the pipeline is run without them.
  mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
  buildPipeline(passes, options, nullptr);
  if (mlir::failed(passes.run(*module)))
    return refused();
  std::string cpp;
  llvm::raw_string_ostream os(cpp);
  if (mlir::failed(emitCpp(*module, os)))
    return refused();
  return true;
}
