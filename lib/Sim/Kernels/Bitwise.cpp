//===- Bitwise.cpp - TXOR, TSHL, TSHR --------------------------------------===//

#include "Elementwise.h"
#include <algorithm>

using namespace pto;
using namespace pto::sim;

/// The a2/a3 unit has no exclusive or: it is built from and, or, not with an intermediate in tmp,
/// which is dst-shaped.
void pto::sim::xorKernel(KernelContext &context) {
  ElementwiseCall call(context, 2, 3);
  if (!call)
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    if constexpr (value::Whole<typename Number::Value>)
      mapLoop<Number>(call, [](auto a, auto b) { return a ^ b; }, std::index_sequence<0, 1>());
    else
      call.refuse();
  });
  const Operand &scratch = context.operands[2];
  if (context.arch != Arch::A3 || scratch.kind != Operand::Tile)
    return;
  uint64_t rowBytes = uint64_t(call.output().shape.validCols) * bytesOf(call.element());
  uint64_t pitch = uint64_t(scratch.tile.shape.cols) * bytesOf(scratch.tile.shape.element);
  for (int64_t row = 0; row < call.output().shape.validRows; ++row)
    scribble(context, scratch.tile, row * pitch, rowBytes);
}

/// Both are scalar loops of the element's C++ type inside the library: a count that C++ leaves
/// undefined (negative, or not below the width of the promoted type) is reported, and shifts
/// everything out.
template <typename Function> static void shift(KernelContext &context, Function function) {
  ElementwiseCall call(context, 2, 2);
  if (!call)
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    if constexpr (value::Whole<typename Number::Value>) {
      using Stored = typename Number::Stored;
      constexpr uint64_t width = std::max<uint64_t>(32, sizeof(Stored) * 8);
      const Stored *counts = call.input(1).template as<Stored>();
      const Stored *bad = std::find_if(counts, counts + call.elements(), [](Stored count) {
        return uint64_t(int64_t(count)) >= width;
      });
      if (bad != counts + call.elements())
        context.fail("element " + std::to_string(bad - counts) + " is shifted by " +
                     std::to_string(*bad) + ", which C++ leaves undefined");
      mapLoop<Number>(call, function, std::index_sequence<0, 1>());
    } else {
      call.refuse();
    }
  });
}

void pto::sim::shiftLeftKernel(KernelContext &context) {
  shift(context, [](auto a, auto b) { return a << b; });
}
void pto::sim::shiftRightKernel(KernelContext &context) {
  shift(context, [](auto a, auto b) { return a >> b; });
}
