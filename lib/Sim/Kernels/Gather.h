//===- Gather.h - Kernels that move elements by index or pattern -*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_KERNELS_GATHER_H
#define PTOAS_LIB_SIM_KERNELS_GATHER_H

#include "Kernels.h"

namespace pto::sim {

/// Of every `step` neighbours the one at `first` is meant (library 3.10).
struct MaskPattern {
  int64_t step, first;
  bool byRows; ///< neighbours are rows, not elements of a row
  explicit MaskPattern(const KernelContext &context);
};

/// "gather": src, indices?, thresholds?, tmp?, dst, cdst?; "gather_blocks": src, offsets,
/// dst; "scatter": src, indexes?, dst. Null for other names.
KernelFunction findGatherKernel(llvm::StringRef name);

/// Parts of calls that hand over to S (library 5.5): TGATHER by comparison on a3 builds its table
/// of element numbers, and fetches the thresholds; TSCATTER on a3 sets its result to zero.
void buildGatherTable(KernelContext &context);
void fetchThresholds(KernelContext &context);
void clearScatterResult(KernelContext &context);
/// The rest of TSCATTER on a3, element by element.
void scatterOnScalar(KernelContext &context);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_GATHER_H
