//===- MapTable.cpp - The elementwise kernels that records spell out -------===//

#include "Elementwise.h"

namespace pto::sim::value {
namespace {
struct MapRow {
  llvm::StringLiteral mnemonic;
  KernelFunction function;
};

const MapRow mapRows[] = {
#include "ptoas/IR/SimMaps.inc"
};
} // namespace
} // namespace pto::sim::value

pto::sim::KernelFunction pto::sim::findMapKernel(llvm::StringRef mnemonic) {
  for (const value::MapRow &row : value::mapRows)
    if (row.mnemonic == mnemonic)
      return row.function;
  return nullptr;
}
