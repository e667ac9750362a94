//===- Reduce.h - Kernels of reductions and expansions by name --*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_KERNELS_REDUCE_H
#define PTOAS_LIB_SIM_KERNELS_REDUCE_H

#include "Kernels.h"

namespace pto::sim {

/// "row_sum", "col_argmin" ...: src, tmp? (not all have the operand), dst. Null for other names.
KernelFunction findReduceKernel(llvm::StringRef name);
/// "row_expand", "col_expand": src, dst; "row_expand_add" ...: src0, src1, tmp?, dst;
/// "col_expand_add" ...: src0, src1, dst. Null for other names.
KernelFunction findExpandKernel(llvm::StringRef name);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_REDUCE_H
