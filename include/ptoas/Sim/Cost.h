//===- Cost.h - How long an item keeps its pipe busy ------------*- C++ -*-===//
//
// The figures come from a text per chip (lib/Sim/costs, format: docs/cost-model.md), which a user
// may replace. All of them are estimates.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_COST_H
#define PTOAS_SIM_COST_H

#include "ptoas/Sim/Kernel.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace pto::sim {

struct CostTable {
  /// A transfer of n bytes: head + n / bandwidth.
  struct Route {
    double bandwidth = 0; ///< GiB/s
    double head = 0;      ///< cycles
  };
  /// A vector instruction: head + slope * repeats + tail cycles, a repeat being 256 bytes.
  struct Vector {
    double head = 0, slope = 0, tail = 0;
  };

  Arch arch = Arch::A3;
  double clock = 0;    ///< GHz
  uint64_t launch = 0; ///< cycles before the first instruction; no part of any time stamp
  std::array<std::array<Route, numSpaces>, numSpaces> routes; ///< from, to
  Vector vector;                                              ///< of operations that are not listed
  llvm::StringMap<Vector> vectorByOp;                         ///< by mnemonic
  double cubeHead = 0, cubeStep = 0, cubeStepWide = 0;        ///< per 16 x 16 x 32 bytes; of f32
  uint64_t scalar = 0, scalarLoad = 0; ///< of a scalar instruction; of one that loads from GM
  uint64_t sync = 0; ///< of set, wait, barrier and dsb on their pipe, besides the stall (HQ6)

  /// The figures of a2/a3.
  CostTable();
  /// The built-in figures of a chip, and their text.
  static const CostTable &of(Arch arch);
  static llvm::StringRef textOf(Arch arch);
  /// Reads figures; `file` is for messages. They must be complete: what the text does not say is an
  /// error, like what it says twice.
  static llvm::Expected<CostTable> parse(llvm::StringRef text, llvm::StringRef file);

  /// Cycles of one item of `op` on `pipe`: at least 1. `readBytes` and `writtenBytes` are what its
  /// kernel touched, by memory.
  uint64_t cycles(llvm::StringRef op, Pipe pipe, llvm::ArrayRef<Operand> operands,
                  const std::array<uint64_t, numSpaces> &readBytes,
                  const std::array<uint64_t, numSpaces> &writtenBytes) const;
  double microseconds(uint64_t cycles) const { return double(cycles) / (clock * 1e3); }

private:
  struct Blank {};
  explicit CostTable(Blank) {}
  double vectorCycles(llvm::StringRef op, llvm::ArrayRef<Operand> operands) const;
  double cubeCycles(llvm::ArrayRef<Operand> operands) const;
  double moveCycles(const std::array<uint64_t, numSpaces> &readBytes,
                    const std::array<uint64_t, numSpaces> &writtenBytes) const;
};

} // namespace pto::sim

#endif // PTOAS_SIM_COST_H
