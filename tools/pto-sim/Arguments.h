//===- Arguments.h - Arrays and words that a launch passes ------*- C++ -*-===//
//
// Matches `--arg` with the arguments of the kernels, once; then makes the memory and the launches
// of every run afresh.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_TOOLS_PTOSIM_ARGUMENTS_H
#define PTOAS_TOOLS_PTOSIM_ARGUMENTS_H

#include "ptoas/Sim/ArgumentSpec.h"
#include "ptoas/Sim/Engine.h"
#include "ptoas/SimLower/Lower.h"

namespace pto::sim {

/// Memory and launches of one run: one launch per kernel, in order.
struct RunInputs {
  GlobalMemory memory;
  std::vector<std::vector<uint64_t>> addresses; ///< by argument spec and rank; 0 for scalars
  std::vector<Launch> launches;
};

class Arguments {
public:
  /// Matches by name, then by position; an argument of one half of a mixed kernel falls back on
  /// what the other half has at its position. Marks the parameters bound to `block` as properties
  /// of the core. Reads the files. The error joins everything that is wrong: arguments that are
  /// missing, unused, or of another type than the kernel takes, or more than `memoryLimit` bytes.
  static llvm::Expected<Arguments> match(std::vector<ArgumentSpec> specs,
                                         llvm::MutableArrayRef<Kernel> kernels, unsigned ranks,
                                         uint64_t memoryLimit);

  /// Fresh memory with the arrays as they were given, and the launches for it. `kernels` are
  /// lowered.
  RunInputs instantiate(llvm::ArrayRef<Kernel> kernels, unsigned blocks) const;

  /// The number of the array that --out calls `name` (an argument's name or position).
  llvm::Expected<unsigned> findArray(llvm::StringRef name) const;
  /// Its contents on one rank.
  Array read(const RunInputs &run, unsigned array, unsigned rank) const;
  bool isComplete(const RunInputs &run, unsigned array, unsigned rank) const;
  /// All arrays of all ranks, to compare runs.
  std::vector<Array> readAll(const RunInputs &run) const;

private:
  /// What a parameter gets.
  struct Source {
    enum Kind : uint8_t { Zero, Scalar, Pointer } kind = Zero;
    unsigned spec = 0;
    Element element = Element::I64; ///< Scalar
  };
  /// A spec with the names under which the kernels know it.
  struct Entry {
    ArgumentSpec spec;
    unsigned root = 0; ///< the entry that owns the array; another one after same:
    std::vector<std::string> names;
    bool used = false, mayAlias = false;
    std::vector<Array> contents; ///< by rank; type only for Poison
  };

  llvm::Error addSpecs(std::vector<ArgumentSpec> specs);
  llvm::Error resolveSame();
  /// The spec of each parameter of each core function.
  std::vector<std::vector<std::optional<unsigned>>> findAll(const Kernel &kernel) const;
  llvm::Error matchKernel(Kernel &kernel);
  std::optional<unsigned> find(const Parameter &parameter, size_t position) const;
  llvm::Expected<Source> bind(Parameter &parameter, unsigned index);
  llvm::Error checkPointer(const Parameter &parameter, const Entry &entry) const;
  llvm::Error checkMemory(uint64_t limit) const;
  llvm::Error loadArrays();
  void allocate(RunInputs &run) const;
  std::vector<uint64_t> words(const RunInputs &run, llvm::ArrayRef<Source> sources,
                              unsigned rank) const;

  unsigned ranks = 1;
  std::vector<Entry> entries;
  /// By kernel, core function and parameter.
  std::vector<std::vector<std::vector<Source>>> sources;
};

} // namespace pto::sim

#endif // PTOAS_TOOLS_PTOSIM_ARGUMENTS_H
