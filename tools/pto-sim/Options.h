//===- Options.h - Command line of pto-sim ----------------------*- C++ -*-===//
#ifndef PTOAS_TOOLS_PTOSIM_OPTIONS_H
#define PTOAS_TOOLS_PTOSIM_OPTIONS_H

#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Sim/ArgumentSpec.h"
#include "ptoas/Sim/Engine.h"

namespace pto::sim {

/// One --out NAME=FILE.npy.
struct OutputSpec {
  std::string name, path; ///< {rank} in the path stands for the rank's number
};

struct ToolOptions {
  std::string input; ///< "-": standard input
  std::vector<std::string> functions;
  std::vector<ArgumentSpec> arguments;
  std::vector<OutputSpec> outputs;
  unsigned blocks = 1, ranks = 1, runs = 1;
  Options engine;                     ///< of the first run; run k has seed + k
  bool keepsFlags = false;            ///< flags that are left up are there for the next launch
  bool showsProgress = false;         ///< from the start, and not only on a terminal
  uint64_t memoryLimit = 0;           ///< bytes
  std::optional<uint64_t> syncCycles; ///< of --chip, in place of the cost model's (HQ6)
  bool freeSync = false;              ///< compare with a run whose synchronisation costs nothing
  std::string reportPath, tracePath, timelinePath;
  std::string costPath; ///< of --cost-model, or ""
  bool summary = false;
  /// Does anything want to know where the time went?
  bool isTimed() const { return summary || !tracePath.empty() || !timelinePath.empty(); }
  CompileOptions compile;
};

/// Reads the command line; ends the program on --help and on what LLVM's parser refuses. Errors in
/// the values are printed, all of them; none is returned then.
std::optional<ToolOptions> parseCommandLine(int argc, char **argv);

} // namespace pto::sim

#endif // PTOAS_TOOLS_PTOSIM_OPTIONS_H
