//===- Fixpipe.h - What happens to accumulator values on the way out ------===//
#ifndef PTOAS_LIB_SIM_KERNELS_FIXPIPE_H
#define PTOAS_LIB_SIM_KERNELS_FIXPIPE_H

#include "Region.h"
#include <optional>
#include <vector>

namespace pto::sim {

/// quant, then relu, then conversion (library 2.3): the stages of the FIX pipe.
struct Fixpipe {
  explicit Fixpipe(Element to) : to(to) {}

  Element to;
  bool relu = false;
  /// Multipliers: empty (no quantisation), one for all columns, or one per column.
  std::vector<float> scales;

  /// The scale inside a quantisation parameter: its low 32 bits as a float. Modelled: the pages
  /// name no other field.
  static float scaleOf(uint64_t parameter);
  /// Whether the hardware has this conversion (library 2.3); the message when it has not.
  std::optional<std::string> whyNot(Element from, Arch arch) const;
  /// Converts packed rows of i32 or f32.
  Packed convert(const Packed &values, Element from) const;
};

/// Reads relu, preQuantScalar and the optional per-column parameter tile of a call; false after a
/// report.
bool readFixpipe(KernelContext &context, const Operand &preQuantScalar, const Operand &parameters,
                 Region columns, Fixpipe &fixpipe);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_FIXPIPE_H
