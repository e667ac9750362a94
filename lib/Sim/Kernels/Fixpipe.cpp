//===- Fixpipe.cpp - What happens to accumulator values on the way out -----===//

#include "Fixpipe.h"
#include "Half.h"
#include "Kernels.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>

using namespace pto;
using namespace pto::sim;

float Fixpipe::scaleOf(uint64_t parameter) { return llvm::bit_cast<float>(uint32_t(parameter)); }

std::optional<std::string> Fixpipe::whyNot(Element from, Arch arch) const {
  constexpr ElementMask bytes = maskOf(Element::I8) | maskOf(Element::U8);
  constexpr ElementMask halves = maskOf(Element::F16) | maskOf(Element::BF16);
  bool fromFloat = from == Element::F32;
  ElementMask legal = 0;
  if (fromFloat || from == Element::I32) {
    if (scales.empty())
      legal = fromFloat ? maskOf(Element::F32) | halves : maskOf(Element::I32);
    else if (arch == Arch::A5)
      legal =
          bytes | halves |
          (fromFloat ? maskOf(Element::F32) | maskOf(Element::F8E4M3) | maskOf(Element::HIF8) : 0);
    else
      legal = bytes | (fromFloat ? 0 : maskOf(Element::F16));
  }
  if (legal & maskOf(to))
    return std::nullopt;
  if (from == Element::I32 && to == Element::I16 && arch == Arch::A3 && !scales.empty())
    return "from i32 to i16 the FIX pipe shifts by another field of the parameter, which is not "
           "modelled";
  return "the FIX pipe has no conversion from " + name(from).str() + " to " + name(to).str() +
         (scales.empty() ? " without" : " with") + " quantisation on " + name(arch).str();
}

/// Round to nearest even, saturate; NaN becomes 0.
static int64_t saturate(double value, Element to) {
  double low = isUnsigned(to) ? 0 : -128, high = isUnsigned(to) ? 255 : 127;
  return std::isnan(value) ? 0 : int64_t(std::clamp(std::nearbyint(value), low, high));
}

/// i32 to i32: no quantisation, so nothing passes through float.
static void keepIntegers(const Packed &values, bool relu, Packed &result) {
  std::transform(values.as<int32_t>(), values.as<int32_t>() + values.elements(),
                 result.as<int32_t>(),
                 [&](int32_t value) { return relu ? std::max(value, 0) : value; });
}

Packed Fixpipe::convert(const Packed &values, Element from) const {
  Packed result(values.rows, values.cols, bytesOf(to), values.order);
  if (scales.empty() && from == Element::I32) {
    keepIntegers(values, relu, result);
    return result;
  }
  int64_t count = values.elements();
  std::vector<float> reals(count);
  if (from == Element::F32)
    std::copy_n(values.as<float>(), count, reals.begin());
  else
    std::copy_n(values.as<int32_t>(), count, reals.begin());
  for (int64_t i = 0; !scales.empty() && i < count; ++i)
    reals[i] *= scales.size() == 1 ? scales[0] : scales[i % values.cols];
  if (relu)
    std::replace_if(reals.begin(), reals.end(), [](float value) { return value < 0; }, 0.0f);
  switch (to) {
  case Element::F32:
    std::copy_n(reals.begin(), count, result.as<float>());
    break;
  case Element::F16:
    llvm::transform(reals, result.as<uint16_t>(), narrowF16);
    break;
  case Element::BF16:
    llvm::transform(reals, result.as<uint16_t>(), narrowBF16);
    break;
  case Element::F8E4M3:
    for (int64_t i = 0; i < count; ++i)
      encodeFloat(to, std::clamp(reals[i], -448.0f, 448.0f), result.as<uint8_t>() + i);
    break;
  case Element::HIF8:
    for (int64_t i = 0; i < count; ++i)
      encodeFloat(to, std::clamp(reals[i], -32768.0f, 32768.0f), result.as<uint8_t>() + i);
    break;
  default: // one-byte integers, by whyNot
    llvm::transform(reals, result.as<uint8_t>(),
                    [&](float value) { return uint8_t(saturate(value, to)); });
  }
  return result;
}

bool pto::sim::readFixpipe(KernelContext &context, const Operand &preQuantScalar,
                           const Operand &parameters, Region columns, Fixpipe &fixpipe) {
  int64_t relu = context.attribute("reluPreMode", 0);
  fixpipe.relu = relu == 1;
  if (relu > 1) {
    context.fail("reluPreMode " + std::to_string(relu) +
                 " is not modelled: only no_relu and normal_relu are");
    return false;
  }
  if (preQuantScalar.kind == Operand::Scalar)
    fixpipe.scales = {Fixpipe::scaleOf(preQuantScalar.scalar.bits)};
  if (parameters.kind == Operand::Tile) {
    const TileOperand &tile = parameters.tile;
    if (bytesOf(tile.shape.element) != 8) {
      context.fail("quantisation parameters are 64-bit elements, not " +
                   name(tile.shape.element).str());
      return false;
    }
    Packed bits(1, columns.cols, 8);
    readTile(context, tile, {0, columns.col, 1, columns.cols}, bits);
    for (int64_t i = 0; i < columns.cols; ++i)
      fixpipe.scales.push_back(Fixpipe::scaleOf(bits.as<uint64_t>()[i]));
  }
  return true;
}
