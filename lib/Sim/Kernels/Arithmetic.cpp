//===- Arithmetic.cpp - TREM, TPRELU, TPOW: more than one expression -------===//

#include "Elementwise.h"
#include "Remainder.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace pto;
using namespace pto::sim;

//===----------------------------------------------------------------------===//
// TREM (library 3.3)
//===----------------------------------------------------------------------===//

/// HIGH_PRECISION, which a5 alone knows: the exact remainder with the sign of the divisor.
static float exactRemainder(float a, float b) {
  float result = std::fmod(a, b);
  return result * b < 0 ? result + b : result;
}

/// The scratch that a2/a3 uses: one row of intermediate values, and behind its row stride the sign
/// mask, for which the f32 form writes a whole 256-byte repeat (library 3.5).
static void scribbleRemainder(KernelContext &context, const Operand &scratch,
                              const TileShape &shape) {
  if (scratch.kind != Operand::Tile)
    return;
  uint64_t mask = shape.element == Element::F32 ? 256 : llvm::divideCeil(shape.validCols, 64) * 8;
  scribble(context, scratch.tile, 0, uint64_t(shape.validCols) * 4);
  scribble(context, scratch.tile, uint64_t(shape.cols) * 4, mask);
}

/// a2/a3 with s32: src0 is left rounded to f32 precision and src1 as the bits of floats
/// (library 3.3).
static void remainderOnA3(KernelContext &context, ElementwiseCall &call) {
  Packed result = call.result(), rounded = call.result(), floats = call.result();
  const int32_t *a = call.input(0).as<int32_t>(), *b = call.input(1).as<int32_t>();
  for (int64_t i = 0; i < call.elements(); ++i) {
    result.as<int32_t>()[i] = remainderThroughFloat(a[i], b[i]);
    rounded.as<int32_t>()[i] =
        int32_t(std::clamp<double>(float(a[i]), -2147483648.0, 2147483647.0));
    floats.as<float>()[i] = float(b[i]);
  }
  writeTile(context, context.operands[0].tile, validRegion(call.output()), rounded);
  writeTile(context, context.operands[1].tile, validRegion(call.output()), floats);
  call.finish(result);
}

void pto::sim::remainderKernel(KernelContext &context) {
  ElementwiseCall call(context, 2, 3);
  if (!call)
    return;
  Element element = call.element();
  bool onA3 = context.arch == Arch::A3;
  if (onA3 && element == Element::I32) {
    if (context.operands[0].kind != Operand::Tile || context.operands[1].kind != Operand::Tile ||
        context.operands[0].tile.shape.element != element ||
        context.operands[1].tile.shape.element != element)
      return context.fail("TREM of i32 takes tiles of i32");
    remainderOnA3(context, call);
  } else if (onA3 && element != Element::F32) {
    return call.refuse();
  } else {
    bool exact = !onA3 && context.attribute("precisionType", 0) == 1;
    mapRemainder(call, floorRemainder, exact ? exactRemainder : floorRemainder);
  }
  if (onA3)
    scribbleRemainder(context, context.operands[2], call.output().shape);
}

//===----------------------------------------------------------------------===//
// TPRELU
//===----------------------------------------------------------------------===//

void pto::sim::preluKernel(KernelContext &context) {
  ElementwiseCall call(context, 2, 3);
  if (!call)
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    if constexpr (value::Real<typename Number::Value>)
      mapLoop<Number>(
          call, [](auto a, auto slope) { return a > 0 ? a : a * slope; },
          std::index_sequence<0, 1>());
    else
      call.refuse();
  });
  const Operand &scratch = context.operands[2];
  if (context.arch != Arch::A3 || scratch.kind != Operand::Tile)
    return;
  // tmp holds a compare mask, written in whole repeats of 256 bytes of source (library 3.5), and
  // one row more that the select uses.
  const TileShape &shape = call.output().shape, &mask = scratch.tile.shape;
  int64_t perRepeat = 256 / bytesOf(shape.element);
  uint64_t rowBytes =
      llvm::divideCeil(uint64_t(shape.validCols), uint64_t(perRepeat)) * (perRepeat / 8);
  uint64_t pitch = uint64_t(mask.cols) * bytesOf(mask.element);
  for (int64_t row = 0; row < shape.validRows; ++row)
    scribble(context, scratch.tile, row * pitch, rowBytes);
  scribble(context, scratch.tile, shape.validRows * pitch, std::min<uint64_t>(32, pitch));
}

//===----------------------------------------------------------------------===//
// TPOW (library 3.4)
//===----------------------------------------------------------------------===//

template <typename T> static T wholePower(T base, T exponent) {
  using Number = value::Wrapping<T>;
  if (exponent == 0)
    return 1;
  if (base == 0 || base == 1)
    return base;
  bool negative = std::is_signed_v<T> && exponent < 0;
  if (std::is_signed_v<T> && base == T(-1))
    return exponent & 1 ? base : T(1);
  if (negative)
    return 0;
  Number result(1), square(base);
  for (auto left = std::make_unsigned_t<T>(exponent); left; left >>= 1, square = square * square)
    if (left & 1)
      result = result * square;
  return result.value;
}

static float realPower(float base, float exponent) {
  if (exponent == 0)
    return 1;
  if (base == 0)
    return exponent > 0 ? 0 : INFINITY;
  if (base == -1 && std::isinf(exponent))
    return 1;
  float magnitude = std::exp(exponent * std::log(std::fabs(base)));
  if (base > 0 || std::isnan(base))
    return magnitude;
  if (std::floor(exponent) != exponent)
    return NAN;
  return std::fmod(exponent, 2.0f) != 0 ? -magnitude : magnitude;
}

void pto::sim::powerKernel(KernelContext &context) {
  ElementwiseCall call(context, 2, 3);
  if (!call)
    return;
  dispatchElement(call.element(), [&]<typename Number>() {
    using Value = typename Number::Value;
    auto power = [](Value base, Value exponent) -> Value {
      if constexpr (value::Whole<Value>)
        return wholePower(base.value, exponent.value);
      else
        return realPower(base, exponent);
    };
    mapLoop<Number>(call, power, std::index_sequence<0, 1>());
  });
  // The float form keeps its intermediate powers in tmp, which is dst-shaped (library 3.5).
  const Operand &scratch = context.operands[2];
  if (!isFloat(call.element()) || scratch.kind != Operand::Tile)
    return;
  uint64_t size = bytesOf(call.element()), pitch = uint64_t(scratch.tile.shape.cols) * size;
  for (int64_t row = 0; row < call.output().shape.validRows; ++row)
    scribble(context, scratch.tile, row * pitch, uint64_t(call.output().shape.validCols) * size);
}
