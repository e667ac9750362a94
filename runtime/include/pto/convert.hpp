// Conversions, quantisation, comparison and selection.
#pragma once
#include "check.hpp"

namespace pto {
namespace rule {

/// What TCVT makes of a type on a2/a3 and on a5; 0 when it takes it not at all.
constexpr Elements convertedA3(Elements src) {
  switch (src) {
  case F32:
    return F16 | BF16 | F32 | S32 | S16 | S64;
  case F16:
    return F32 | S32 | S16 | S8 | U8 | S4;
  case BF16:
    return F32 | S32;
  case S16:
    return F16 | F32;
  case S32:
    return F32 | S16 | S64 | F16;
  case S64:
    return F32 | S32;
  case S8:
  case U8:
  case S4:
    return F16;
  default:
    return 0;
  }
}
constexpr Elements convertedA5(Elements src) {
  switch (src) {
  case F32:
    return F16 | BF16 | F32 | S16 | S32 | S64 | E4M3 | E5M2 | HIF8;
  case F16:
    return F32 | S32 | S16 | S8 | U8 | HIF8;
  case BF16:
    return F32 | F16 | S32 | E1M2 | E2M1;
  case E1M2:
  case E2M1:
    return BF16;
  case E4M3:
  case E5M2:
  case HIF8:
    return F32;
  case U8:
    return F16 | U16;
  case S8:
    return F16 | S16 | S32;
  case S16:
    return F16 | F32 | U8 | S32 | U32;
  case S32:
    return F32 | S16 | U16 | U8 | S64;
  case U32:
    return U8 | U16 | S16;
  case S64:
    return F32 | S32;
  default:
    return 0;
  }
}

template <typename D, typename S> constexpr void converted() {
  inUb<D, S>();
  rowMajor<D, S>();
  sameValid<D, S>();
  constexpr Elements from = ElementOf<ElementType<S>>::value;
  static_assert(isOneOf<ElementType<D>>(onArch(convertedA3(from), convertedA5(from))),
                "TCVT does not know this pair of element types on this chip; go through float");
}
} // namespace rule

template <bool NeedSetCtrl = true, typename D, typename S>
RecordEvent TCVT(D &, S &, RoundMode, SaturationMode) {
  rule::converted<D, S>();
  return {};
}
template <bool NeedSetCtrl = true, typename D, typename S> RecordEvent TCVT(D &, S &, RoundMode) {
  rule::converted<D, S>();
  return {};
}
template <bool NeedSetCtrl = true, typename D, typename S, typename Tmp>
rule::IfTile<Tmp> TCVT(D &, S &, Tmp &, RoundMode, SaturationMode) {
  rule::converted<D, S>();
  rule::scratch<Tmp>();
  return {};
}
template <bool NeedSetCtrl = true, typename D, typename S, typename Tmp>
rule::IfTile<Tmp> TCVT(D &, S &, Tmp &, RoundMode) {
  rule::converted<D, S>();
  rule::scratch<Tmp>();
  return {};
}

//===----------------------------------------------------------------------===//
// Quantisation
//===----------------------------------------------------------------------===//

namespace rule {
template <QuantType Q, typename D, typename S, typename P> constexpr void quantized() {
  inUb<D, S, P>();
  rowMajor<D, S>();
  static_assert(Q == QuantType::INT8_SYM || Q == QuantType::INT8_ASYM,
                "TQUANT with a parameter tile makes 8-bit integers (INT8_SYM, INT8_ASYM)");
  static_assert(isOneOf<ElementType<S>>(F32), "TQUANT: the source is float");
  static_assert(isOneOf<ElementType<D>>(Q == QuantType::INT8_SYM ? S8 : U8),
                "TQUANT: INT8_SYM makes int8_t, INT8_ASYM uint8_t");
  static_assert(isOneOf<ElementType<P>>(F32), "TQUANT: the parameters are float");
}
template <bool Four, typename D, typename S, typename E, typename M, typename F>
constexpr void quantizedMx() {
  onlyA5<D>();
  inUb<D, S, E, M, F>();
  rowMajor<S, E, M, F>();
  sameValid<D, S>();
  static_assert(isOneOf<ElementType<D>>(Four ? E2M1 : Int8 | E4M3),
                "MX: MXFP8 makes 8-bit integers or float8_e4m3_t, MXFP4 float4_e2m1x2_t");
  static_assert(!Four || bytes<S> == 2, "MX: MXFP4 is made of half and bfloat16_t");
  static_assert(isOneOf<ElementType<S>>(Floats | BF16),
                "MX: the source is float, half, bfloat16_t");
  static_assert(isOneOf<ElementType<E>>(Int8 | E8M0), "MX: exponents have 8 bits");
  sameElement<S, M, F>();
}
template <int GroupAxis, typename S> constexpr void wholeGroups() {
  constexpr int64_t along = GroupAxis ? S::ValidCol : S::ValidRow;
  static_assert(GroupAxis == 0 || GroupAxis == 1, "MX: groups along rows (1) or columns (0)");
  static_assert(along == -1 || along % 32 == 0, "MX: groups of 32 numbers");
}
constexpr bool isFour(MxQuantAlg a) {
  return a == MxQuantAlg::OcpMxFp4E2M1 || a == MxQuantAlg::NvMxFp4E2M1;
}
} // namespace rule

template <QuantType Q, typename D, typename S, typename P>
RecordEvent TQUANT(D &, S &, P &, P *offset = nullptr) {
  rule::quantized<Q, D, S, P>();
  static_assert(rule::isA5 || !sizeof(D), "TQUANT on a2/a3 needs a scratch tile");
  return {};
}
template <QuantType Q, typename D, typename S, typename P, typename Tmp>
rule::IfTile<Tmp> TQUANT(D &, S &, P &, Tmp &, P *offset = nullptr) {
  rule::quantized<Q, D, S, P>();
  rule::scratch<Tmp>();
  return {};
}
template <QuantType Q, typename D, typename S, typename E, typename M, typename F,
          QuantScaleAlg A = QuantScaleAlg::OCP>
RecordEvent TQUANT(D &, S &, E *, M *, F *) {
  rule::quantizedMx<Q == QuantType::MXFP4_E2M1, D, S, E, M, F>();
  rule::wholeGroups<1, S>();
  rule::rowMajor<D>();
  return {};
}
template <QuantType Q, VecStoreMode V, typename D, typename S, typename E, typename M, typename F>
RecordEvent TQUANT(D &, S &, E *, M *, F *, E *) {
  rule::quantizedMx<Q == QuantType::MXFP4_E2M1, D, S, E, M, F>();
  rule::wholeGroups<1, S>();
  static_assert(V == VecStoreMode::NZ ? rule::isNz<D> : rule::isND<D>,
                "MX: the destination has the layout of the store mode");
  return {};
}
template <int GroupAxis, MxQuantAlg A, typename D, typename S, typename E, typename M, typename F>
RecordEvent TQUANT(D &, S &, E *, M *, F *) {
  rule::quantizedMx<rule::isFour(A), D, S, E, M, F>();
  rule::wholeGroups<GroupAxis, S>();
  rule::rowMajor<D>();
  return {};
}
template <int GroupAxis, MxQuantAlg A, bool Interleave, typename D, typename S, typename E,
          typename M, typename F>
RecordEvent TQUANT(D &, S &, E *, M *, F *) {
  rule::quantizedMx<rule::isFour(A), D, S, E, M, F>();
  rule::wholeGroups<GroupAxis, S>();
  rule::rowMajor<D>();
  return {};
}
template <typename D, typename S, typename P> RecordEvent TDEQUANT(D &, S &, P &, P &) {
  using namespace rule;
  inUb<D, S, P>();
  rowMajor<D, S>();
  elements<S8 | S16, S8 | S16, S>();
  elements<F32, F32, D>();
  elements<F32, F32, P>();
  return {};
}

//===----------------------------------------------------------------------===//
// Masks: one bit per element
//===----------------------------------------------------------------------===//

namespace rule {
template <typename M, typename T> constexpr void mask() {
  inUb<M>();
  rowMajor<M>();
  static_assert(isOneOf<ElementType<M>>(Int8), "a mask is a tile of 8-bit integers");
  static_assert(mayBeEqual(M::ValidRow, T::ValidRow) || (M::ValidRow == 0 && M::ValidCol == 0),
                "a mask has the valid rows of its data; an empty one asks for nothing");
}
} // namespace rule

template <typename D, typename S0, typename S1> RecordEvent TCMP(D &, S0 &, S1 &, CmpMode) {
  using namespace rule;
  inUb<S0, S1>();
  rowMajor<S0, S1>();
  sameElement<S0, S1>();
  sameValid<S0, S1>();
  elements<Floats | S32, Int | Floats | BF16, S0>();
  mask<D, S0>();
  return {};
}
template <typename D, typename S> RecordEvent TCMPS(D &, S &, typename S::DType, CmpMode) {
  using namespace rule;
  inUb<S>();
  rowMajor<S>();
  elements<Floats | S16 | U16 | S32, Int | Floats | BF16, S>();
  mask<D, S>();
  return {};
}
template <typename D, typename S0, typename S1> rule::IfTile<S1> TCMPS(D &, S0 &, S1 &, CmpMode) {
  using namespace rule;
  inUb<S0, S1>();
  rowMajor<S0>();
  sameElement<S0, S1>();
  elements<Floats | S16 | U16 | S32, Int | Floats | BF16, S0>();
  mask<D, S0>();
  return {};
}
/// One type of tile for the result and both sources.
template <typename T, typename M, typename Tmp> RecordEvent TSEL(T &, M &, T &, T &, Tmp &) {
  using namespace rule;
  inUb<T, Tmp>();
  rowMajor<T>();
  static_assert(isA5 || bytes<T> == 2 || bytes<T> == 4, "a2/a3 select elements of 2 or 4 bytes");
  mask<M, T>();
  return {};
}
template <typename D, typename M, typename S, typename Tmp>
RecordEvent TSELS(D &, M &, S &, Tmp &, typename S::DType) {
  using namespace rule;
  inUb<D, S, Tmp>();
  rowMajor<D, S>();
  sameElement<D, S>();
  sameValid<D, S>();
  static_assert(isA5 || bytes<D> == 2 || bytes<D> == 4, "a2/a3 select elements of 2 or 4 bytes");
  elements<Int | Floats | BF16, Int | Floats, D>();
  mask<M, S>();
  return {};
}

} // namespace pto
