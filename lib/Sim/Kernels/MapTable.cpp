//===- MapTable.cpp - The elementwise kernels that records spell out -------===//

#include "Elementwise.h"

namespace pto::sim::value {
namespace {
struct MapRow {
  llvm::StringLiteral mnemonic;
  KernelFunction function;
};

const MapRow mapRows[] = {
#if __has_include("ptoas/IR/SimMaps.inc")
#include "ptoas/IR/SimMaps.inc"
#else
#include "SimMaps.inc"
#endif
};
} // namespace
} // namespace pto::sim::value

pto::sim::KernelFunction pto::sim::findMapKernel(llvm::StringRef mnemonic) {
  for (const value::MapRow &row : value::mapRows)
    if (row.mnemonic == mnemonic)
      return row.function;
  return nullptr;
}
