//===- Generate.h - Kernels of generators, tables and prefetches -*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_KERNELS_GENERATE_H
#define PTOAS_LIB_SIM_KERNELS_GENERATE_H

#include "Kernels.h"

namespace pto::sim {

/// "count_up": S, tmp?, dst; "triangle": diagonal, dst; "random": two words of key, four of
/// counter, dst; "histogram": src, idx, dst. Null for other names.
KernelFunction findGenerateKernel(llvm::StringRef name);

/// "table_gather": src view, idx?, gmIdx?, scratch?, dst; "table_scatter": src, idx, dst view;
/// "prefetch": src view, dst. Null for other names.
KernelFunction findTableKernel(llvm::StringRef name);

/// S reads the indices of either before anything moves (library 5.5).
void fetchTableIndices(KernelContext &context);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_GENERATE_H
