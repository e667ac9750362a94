//===- CompileText.cpp - The whole compiler on a piece of text -------------===//

#include "CompileText.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Sim/Engine.h"
#include "ptoas/SimLower/Lower.h"
#include "ptoas/Target/Cpp.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SourceMgr.h"

using namespace pto;
using namespace pto::fuzz;

namespace {
/// A context that counts errors instead of printing them, and the program in it.
class Text {
public:
  explicit Text(llvm::StringRef text) : context(makeRegistry(), Threading::DISABLED) {
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "input.pto"),
                               llvm::SMLoc());
    context.printOpOnDiagnostic(false);
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
      errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    });
    // Programs that place their tiles themselves are level3: at level2 they would all be refused.
    if (text.contains("addr = "))
      options.level = Level::Level3;
    module = parseProgram(sources, context, std::nullopt, options.level != Level::Level3);
  }

  bool runPasses() {
    // The pass manager's flags were never registered here, so the pipeline is run without them.
    mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
    buildPipeline(passes, options, nullptr);
    return mlir::succeeded(passes.run(*module));
  }
  bool refused() const {
    if (errors == 0)
      llvm::report_fatal_error("refused without an error message");
    return false;
  }

private:
  using Threading = mlir::MLIRContext::Threading;
  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    return registry;
  }
  unsigned errors = 0;
  llvm::SourceMgr sources;
  mlir::MLIRContext context;

public: // the module ends before its context
  CompileOptions options;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};
} // namespace

bool pto::fuzz::compileText(llvm::StringRef text) {
  Text program(text);
  if (!program.module)
    return program.refused();
  program.options.sync = SyncMode::Insert;
  program.options.prepareForCpp = true;
  std::string cpp;
  llvm::raw_string_ostream os(cpp);
  return (program.runPasses() && mlir::succeeded(emitCpp(*program.module, os))) ||
         program.refused();
}

//===----------------------------------------------------------------------===//
// Simulation
//===----------------------------------------------------------------------===//

namespace {
/// Arguments that a mutant may find useful: arrays of 64 KiB and small numbers.
std::vector<uint64_t> argumentsOf(const sim::CoreFunction &core, sim::GlobalMemory &memory,
                                  std::vector<uint64_t> &arrays, unsigned rank, uint64_t seed) {
  constexpr uint64_t bytes = 1 << 16;
  std::vector<uint64_t> words;
  for (auto [i, parameter] : llvm::enumerate(core.parameters)) {
    if (!parameter.isPointer) {
      words.push_back((seed + i) % 7);
      continue;
    }
    // Both halves of a mixed kernel get the same arrays.
    if (arrays.size() <= i)
      arrays.resize(i + 1);
    if (!arrays[i]) {
      arrays[i] = memory.allocate(rank, parameter.name, bytes);
      if ((seed + i) % 4) {
        std::vector<uint8_t> contents(bytes, uint8_t((seed + i) % 3));
        memory.store(arrays[i], contents.data(), bytes);
      }
    }
    words.push_back(arrays[i]);
  }
  return words;
}

void runKernel(const sim::Program &program, const sim::Kernel &kernel, uint64_t seed,
               unsigned ranks) {
  sim::GlobalMemory memory;
  sim::Launch launch;
  launch.blocks = 1 + seed % 2;
  for (unsigned rank = 0; rank < ranks; ++rank) {
    std::vector<uint64_t> arrays;
    std::vector<sim::CoreLaunch> &block = launch.ranks.emplace_back();
    for (const sim::CoreFunction &core : kernel.cores) {
      unsigned subblocks = kernel.isMixed() && core.core == CoreKind::Vector ? 2 : 1;
      for (unsigned subblock = 0; subblock < subblocks; ++subblock)
        block.push_back(
            {core.index, subblock, subblocks, argumentsOf(core, memory, arrays, rank, seed)});
    }
  }
  sim::Options options;
  options.schedule = sim::Schedule(seed / 2 % 3);
  options.seed = seed;
  options.flags = sim::FlagModel(seed / 6 % 2);
  options.mostSteps = 20000;
  std::string printed;
  llvm::raw_string_ostream os(printed);
  options.output = &os;
  sim::Trace trace;
  sim::Report report = sim::run(program, memory, launch, options, &trace);
  report.print(os);
  trace.write(os);
  os << llvm::formatv("{0}", report.json());
}
} // namespace

namespace {
/// Any function with a body, by seed; none where the text says which are kernels.
std::vector<std::string> functionToRun(mlir::ModuleOp module, uint64_t seed) {
  std::vector<std::string> names;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    if (function->hasAttr(entryAttr))
      return {};
    if (!function.isExternal())
      names.push_back(function.getSymName().str());
  }
  return names.empty() ? names : std::vector<std::string>{names[seed % names.size()]};
}
} // namespace

bool pto::fuzz::simulateText(llvm::StringRef text, uint64_t seed) {
  Text program(text);
  if (!program.module)
    return program.refused();
  program.options.sync = seed % 3 ? SyncMode::Insert : SyncMode::None;
  program.options.verifySync = VerifySync::Off;
  if (!program.runPasses())
    return program.refused();
  auto kernels = sim::findKernels(*program.module, functionToRun(*program.module, seed));
  if (mlir::failed(kernels))
    return program.refused();
  auto lowered = sim::lowerKernels(*program.module, *kernels);
  if (mlir::failed(lowered))
    return program.refused();
  for (const sim::Kernel &kernel : *kernels)
    runKernel(*lowered, kernel, seed, text.contains("pto.comm") ? 2 : 1);
  return true;
}
