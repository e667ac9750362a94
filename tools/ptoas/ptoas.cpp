//===- ptoas.cpp - From .pto text to C++ -----------------------------------===//

#include "mlir/IR/AsmState.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/Timing.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/CommandLine.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Support/OutputFile.h"
#include "ptoas/Target/Cpp.h"
#include "ptoas/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/ToolOutputFile.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace pto;
namespace cl = llvm::cl;

namespace {

struct Options {
  cl::OptionCategory category{"ptoas"};
  cl::opt<std::string> input{cl::Positional, cl::desc("<input.pto>"), cl::init("-"),
                             cl::cat(category)};
  cl::opt<std::string> output{"o", cl::desc("Output file; - is standard output (default)"),
                              cl::value_desc("file"), cl::init("-"), cl::cat(category)};
  cl::opt<bool> emitIR{"emit-pto-ir", cl::desc("Print the IR after the sync passes instead of C++"),
                       cl::cat(category)};
  cl::opt<bool> explain{"explain-sync",
                        cl::desc("Say on stderr why each synchronisation instruction is there"),
                        cl::cat(category)};
  cl::opt<std::string> syncReport{
      "sync-report", cl::desc("Write what was inserted and proven as JSON (- for stdout)"),
      cl::value_desc("file"), cl::cat(category)};
  cl::opt<bool> traceAddPtr{"emit-addptr-trace",
                            cl::desc("A comment in the C++ for every pto.addptr"),
                            cl::cat(category)};
  cl::opt<bool> printPipes{"pto-print-pipes",
                           cl::desc("Say on stderr what each pipe between cores is given"),
                           cl::cat(category)};
  cl::opt<bool> printPipeline{"print-pipeline", cl::desc("Print the pass pipeline on stderr"),
                              cl::cat(category)};
  ChoiceOption<CppOptions::Names> names{
      "cpp-names", cl::desc("Names of values in the C++ (default source)"),
      cl::init(CppOptions::Source), cl::cat(category),
      cl::values(clEnumValN(CppOptions::Source, "source", "as in the source"),
                 clEnumValN(CppOptions::Numbered, "numbered", "v1, v2, ..."))};
};

bool writeFile(llvm::StringRef path, llvm::StringRef text) {
  llvm::Error problem = writeOutputFile(path, [&](llvm::raw_ostream &os) { os << text; });
  if (!problem)
    return true;
  llvm::errs() << "Error: cannot write " << llvm::toString(std::move(problem)) << "\n";
  return false;
}

#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
constexpr bool endsFast = true;
#else
constexpr bool endsFast = false;
#endif

/// Taking a large module apart costs as much as a pass over it, and the system takes the memory
/// back at once.
[[noreturn]] void endProcess() {
  llvm::outs().flush();
  llvm::errs().flush();
  std::_Exit(0);
}

/// Memory that is freed will be needed again: giving it back to the system and asking for it anew
/// costs a fault per page.
void keepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 4 << 20); // larger ones grow without being copied
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 1 << 20);
#endif
}

/// The program and the flags that show a fault of ours, for a report. Text is text: behind a line
/// of comment.
void writeReproducer(const Options &options, llvm::ArrayRef<const char *> flags,
                     llvm::StringRef source) {
  std::string path = options.output == "-" ? "ptoas-reproducer.pto"
                                           : std::string(options.output) + ".reproducer.pto";
  std::string text;
  llvm::raw_string_ostream os(text);
  if (source.find('\0') == llvm::StringRef::npos) {
    os << "// ptoas " PTOAS_VERSION " refuses what it inserted here:";
    for (const char *flag : flags)
      if (flag != llvm::StringRef(options.input))
        os << ' ' << flag;
    os << '\n';
  }
  os << source;
  if (writeFile(path, text))
    llvm::errs() << "Note: " << path << " shows the fault; please send it with your report\n";
}

int run(const Options &options, llvm::ArrayRef<const char *> flags) {
  if (compileOptionsConflict())
    return 1;
  // One of them would silently be lost; to a device both can go.
  bool isFile =
      !options.output.empty() && options.output != "-" &&
      (llvm::sys::fs::is_regular_file(options.output) || !llvm::sys::fs::exists(options.output));
  if (isFile && options.syncReport == options.output) {
    llvm::errs() << "Error: -o and --sync-report both name '" << options.output << "'\n";
    return 1;
  }
  std::string error;
  auto file = mlir::openInputFile(options.input, &error);
  if (!file) {
    llvm::errs() << "Error: Could not open input file: " << error << "\n";
    return 1;
  }
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(file), llvm::SMLoc());

  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  mlir::SourceMgrDiagnosticHandler handler(*sources, &context);

  CompileOptions compileOptions = compileOptionsFromCommandLine();
  auto module =
      parseProgram(*sources, context, compileOptions.arch, compileOptions.level != Level::Level3);
  if (!module)
    return 1;
  compileOptions.prepareForCpp = !options.emitIR;
  if (options.printPipeline) {
    mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
    buildPipeline(passes, compileOptions, nullptr);
    passes.printAsTextualPipeline(llvm::errs());
    llvm::errs() << "\n";
  }
  SyncReport report;
  report.detailed = options.explain || !options.syncReport.empty();
  mlir::LogicalResult compiled = compile(*module, compileOptions, &report);
  if (options.printPipes)
    report.printPipes(llvm::errs());
  if (options.explain)
    report.explain(llvm::errs());
  bool judged = llvm::any_of(report.functions, [](const SyncFunction &f) { return f.judged; });
  if (!options.syncReport.empty() && (judged || mlir::succeeded(compiled))) {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::formatv("{0:2}\n", report.toJson());
    if (!writeFile(options.syncReport, text))
      return 1;
  }
  if (report.refusedOwn)
    writeReproducer(options, flags,
                    sources->getMemoryBuffer(sources->getMainFileID())->getBuffer());
  if (mlir::failed(compiled))
    return 1;

  // Everything is printed before the output is touched.
  std::string text;
  llvm::raw_string_ostream os(text);
  if (options.emitIR)
    module->print(os, mlir::OpPrintingFlags().printNameLocAsPrefix());
  else if (mlir::failed(emitCpp(*module, os, CppOptions{options.names, options.traceAddPtr})))
    return 1;
  bool written = writeFile(options.output, text);
  if (endsFast && written)
    endProcess();
  return written ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  keepFreedMemory();
  registerPtoPasses();
  registerCompileOptions();
  Options options;
  setToolVersion("ptoas");
  cl::ParseCommandLineOptions(argc, argv,
                              "ptoas: tile programs for Ascend NPUs, to C++ that calls pto-isa\n");
  return run(options, llvm::ArrayRef(argv, argc).drop_front());
}
