//===- Cost.h - How long an item keeps its pipe busy ------------*- C++ -*-===//
#ifndef PTOAS_SIM_COST_H
#define PTOAS_SIM_COST_H

#include "ptoas/Sim/Kernel.h"

namespace pto::sim {

/// Figures of library 7 as bytes and cycles. All are estimates; a user may replace
/// them.
struct CostTable {
  double clockGHz = 1.85;
  /// GiB/s by route.
  double gmToVec = 100.9, gmToMat = 135, vecToGm = 188.46, matToGm = 32, vecToMat = 1024;
  double accToGm = 70, accToMat = 128, accToVec = 128;
  double matToLeft = 441, matToRight = 220.5, matToOther = 32;
  /// A vector instruction costs head + slope * repeats + tail, 256 bytes a repeat (mocker, vadd).
  double vectorHead = 10, vectorSlope = 2, vectorTail = 14;
  /// A matrix product costs head + one cycle per fractal step, two for f32.
  double cubeHead = 6;
  /// Cycles of a scalar load from GM (an L2 hit) and of every other scalar instruction.
  uint64_t scalarLoad = 50, scalar = 1;
  /// set, wait, barrier, dsb on their pipe, besides the stall (HQ6).
  uint64_t sync = 1;

  static CostTable of(Arch arch);

  /// Cycles of one item on `pipe`: at least 1. `readBytes` and `writtenBytes` are what its kernel
  /// touched, by memory.
  uint64_t cycles(Pipe pipe, llvm::ArrayRef<Operand> operands,
                  const std::array<uint64_t, numSpaces> &readBytes,
                  const std::array<uint64_t, numSpaces> &writtenBytes) const;
};

} // namespace pto::sim

#endif // PTOAS_SIM_COST_H
