//===- TileScalar.cpp - TREMS, TAXPY, TRSQRT -------------------------------===//

#include "Elementwise.h"
#include "Remainder.h"

using namespace pto;
using namespace pto::sim;

//===----------------------------------------------------------------------===//
// TREMS (library 3.3)
//===----------------------------------------------------------------------===//

/// a2/a3 with s32: src is left rounded to f32 precision, as TREM leaves its first source.
static void remainderOfWholesOnA3(KernelContext &context, ElementwiseCall &call) {
  Packed result = call.result(), rounded = call.result();
  const int32_t *a = call.input(0).as<int32_t>(), *b = call.input(1).as<int32_t>();
  for (int64_t i = 0; i < call.elements(); ++i) {
    result.as<int32_t>()[i] = remainderThroughFloat(a[i], b[i]);
    rounded.as<int32_t>()[i] =
        int32_t(std::clamp<double>(float(a[i]), -2147483648.0, 2147483647.0));
  }
  writeTile(context, context.operands[0].tile, validRegion(call.output()), rounded);
  call.finish(result);
}

void pto::sim::remainderByScalarKernel(KernelContext &context) {
  ElementwiseCall call(context, 2, 3);
  if (!call)
    return;
  Element element = call.element();
  bool onA3 = context.arch == Arch::A3;
  if (onA3 && element != Element::I32 && element != Element::F32)
    return call.refuse();
  if (onA3 && element == Element::I32)
    remainderOfWholesOnA3(context, call);
  else
    // a3 alone corrects the sign.
    mapRemainder(call, rawFloorRemainder, onA3 ? floorRemainder : rawFloorRemainder);
  const Operand &scratch = context.operands[2];
  if (onA3 && scratch.kind == Operand::Tile) // one row of intermediate values
    scribble(context, scratch.tile, 0, uint64_t(call.output().shape.validCols) * 4);
}

//===----------------------------------------------------------------------===//
// TDIVS (library 4)
//===----------------------------------------------------------------------===//

/// a2/a3, floats in place: the library multiplies by the reciprocal, rounded to the type.
static void multiplyByReciprocal(ElementwiseCall &call) {
  dispatchElement(call.element(), [&]<typename Number>() {
    auto scaled = [](auto a, auto s) {
      if constexpr (value::Real<decltype(s)>)
        return a * Number::load(Number::store(1 / s));
      else
        return a;
    };
    mapLoop<Number>(call, scaled, std::index_sequence<0, 1>());
  });
}

/// Either the dividend or the divisor is the tile; the other one is absent.
void pto::sim::divideScalarKernel(KernelContext &context) {
  llvm::ArrayRef<Operand> all = context.operands;
  bool tileFirst = all[0].kind != Operand::None;
  const Operand present[] = {all[tileFirst ? 0 : 1], all[tileFirst ? 1 : 2], all[3]};
  context.operands = present;
  if (ElementwiseCall call(context, 2, 2); call) {
    bool inPlace = tileFirst && present[0].tile.address == call.output().address;
    if (context.arch == Arch::A3 && isFloat(call.element()) && inPlace)
      multiplyByReciprocal(call);
    else
      dispatchElement(call.element(), [&]<typename Number>() {
        mapLoop<Number>(call, [](auto a, auto b) { return a / b; }, std::index_sequence<0, 1>());
      });
  }
  context.operands = all; // `present` ends here
}

//===----------------------------------------------------------------------===//
// TAXPY, TRSQRT
//===----------------------------------------------------------------------===//

/// dst += src * scalar, in the type of dst. Modelled: one rounding, at the end for f16; the
/// product of f32 is rounded on its own.
void pto::sim::axpyKernel(KernelContext &context) {
  ElementwiseCall call(context, 3, 2); // the output is an input too
  if (!call)
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    if constexpr (value::Real<typename Number::Value>)
      mapLoop<Number>(
          call, [](auto a, auto scale, auto sum) { return sum + a * scale; },
          std::index_sequence<0, 1, 2>());
    else
      call.refuse();
  });
}

void pto::sim::rsqrtKernel(KernelContext &context) {
  ElementwiseCall call(context, 1, 2);
  if (!call)
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    if constexpr (value::Real<typename Number::Value>)
      mapLoop<Number>(call, [](auto a) { return value::rsqrt(a); }, std::index_sequence<0>());
    else
      call.refuse();
  });
  const Operand &scratch = context.operands[1];
  if (scratch.kind == Operand::Tile) // one block, on either arch
    scribble(context, scratch.tile, 0, 32);
}
