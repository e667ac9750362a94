//===- run_kernel.cpp - Runs a .pto kernel from C++ ------------------------===//
//
// What pto-sim does, as a library: parse, compile with synchronisation, lower to the simulator's
// program, put arrays into its global memory, run, look at the findings, the numbers and the time.
//
//     run_kernel examples/vector_add/vector_add.pto
//
// The headers are ptoas/Parse/Parse.h, ptoas/Pipelines/Compile.h, ptoas/SimLower/Lower.h and what
// is in ptoas/Sim; examples/CMakeLists.txt says what to link. A program need not come from text:
// tests of the engine build it by hand with FunctionBuilder (ptoas/Sim/Program.h), and need no MLIR
// then.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Diagnostics.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Sim/Engine.h"
#include "ptoas/SimLower/Lower.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

using namespace pto;

/// z = x + y on 2048 x 64 values: the kernel of examples/vector_add.
static constexpr size_t elements = 2048 * 64;

/// From the text of a kernel to a program that the simulator can run. Errors go to the handler of
/// the context.
static mlir::FailureOr<sim::Program>
compileKernel(llvm::SourceMgr &sources, mlir::MLIRContext &context, sim::Kernel &kernel) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parseProgram(sources, context);
  CompileOptions options;
  options.sync = SyncMode::Insert; // --enable-insert-sync: inserted, and proven by the checker
  if (!module || mlir::failed(compile(*module, options)))
    return mlir::failure();
  auto kernels = sim::findKernels(*module); // the functions marked pto.entry
  if (mlir::failed(kernels))
    return mlir::failure();
  auto program = sim::lowerKernels(*module, *kernels);
  kernel = kernels->front();
  return program;
}

/// An array in the simulator's global memory, filled by a function of the index.
template <typename Fill>
static uint64_t newArray(sim::GlobalMemory &memory, const char *name, Fill fill) {
  std::vector<float> values(elements);
  for (size_t i = 0; i < elements; ++i)
    values[i] = fill(i);
  uint64_t address = memory.allocate(/*rank=*/0, name, elements * sizeof(float));
  memory.store(address, values.data(), elements * sizeof(float));
  return address;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    llvm::errs() << "usage: run_kernel vector_add.pto\n";
    return 2;
  }
  auto file = llvm::MemoryBuffer::getFile(argv[1], /*IsText=*/true);
  if (!file) {
    llvm::errs() << argv[1] << ": " << file.getError().message() << '\n';
    return 1;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context); // prints errors with their line
  sim::Kernel kernel;
  mlir::FailureOr<sim::Program> program = compileKernel(sources, context, kernel);
  if (mlir::failed(program))
    return 1;

  // Pointers are addresses in a memory of the simulator's own. What is allocated and not stored,
  // like z, holds no values: reading it would be a finding.
  sim::GlobalMemory memory;
  uint64_t x = newArray(memory, "x", [](size_t i) { return float(i); });
  uint64_t y = newArray(memory, "y", [](size_t i) { return 0.5f * float(i); });
  uint64_t z = memory.allocate(/*rank=*/0, "z", elements * sizeof(float));

  // One rank, one block, one vector core, which gets the arguments in order as 64-bit words.
  sim::Launch launch;
  launch.ranks.push_back(
      {{kernel.cores.front().index, /*subblock=*/0, /*subblocks=*/1, {x, y, z}}});

  // The race verdict is the same under every schedule; a random one shows what a race would do to
  // the numbers.
  sim::Options options;
  options.schedule = sim::Schedule::Random;
  options.seed = 1;
  options.cost = sim::CostTable::of(program->arch);
  sim::Report report = sim::run(*program, memory, launch, options);
  report.print(llvm::errs()); // findings as `file:line:col: error: ...`; nothing when it is clean
  if (!report.clean())
    return 1;

  std::vector<float> result(elements);
  memory.load(z, result.data(), elements * sizeof(float));
  for (size_t i = 0; i < elements; ++i)
    if (result[i] != float(i) + 0.5f * float(i)) {
      llvm::errs() << "z[" << i << "] is " << result[i] << '\n';
      return 1;
    }
  const sim::PipeTime &loads = report.cores[0].pipes[unsigned(Pipe::MTE2)];
  llvm::outs() << kernel.name << ": " << elements << " sums are right, " << report.cycles
               << " cycles (estimate), MTE2 busy for " << 100 * loads.busy / report.cycles
               << " %\n";
  return 0;
}
