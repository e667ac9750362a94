//===- Fused.cpp - Two calls through the destination -----------------------===//

#include "Elementwise.h"

using namespace pto;
using namespace pto::sim;

/// The second call reads `last` after the first has written dst: shared bytes are lost.
static bool losesLast(KernelContext &context, const TileOperand &dst, const TileOperand &last) {
  bool overlap = dst.shape.space == last.shape.space &&
                 dst.address < last.address + last.shape.bytes() &&
                 last.address < dst.address + dst.shape.bytes();
  if (overlap)
    context.fail("the result shares bytes with the last operand, which is read after the result "
                 "has been written once");
  return overlap;
}

template <typename Function> static void fuse(KernelContext &context, Function first) {
  ElementwiseCall call(context, 3, 3);
  if (!call || losesLast(context, call.output(), context.operands[2].tile))
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    using Stored = typename Number::Stored;
    Packed result = call.result();
    const Stored *a = call.input(0).as<Stored>(), *b = call.input(1).as<Stored>(),
                 *c = call.input(2).as<Stored>();
    for (int64_t i = 0; i < call.elements(); ++i) {
      Stored between = Number::store(first(Number::load(a[i]), Number::load(b[i])));
      result.as<Stored>()[i] = Number::store(Number::load(between) + Number::load(c[i]));
    }
    call.finish(result);
  });
}

void pto::sim::addAddKernel(KernelContext &context) {
  fuse(context, [](auto a, auto b) { return a + b; });
}
void pto::sim::subtractAddKernel(KernelContext &context) {
  fuse(context, [](auto a, auto b) { return a - b; });
}
