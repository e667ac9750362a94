// Element by element: two tiles, a tile and a scalar, one tile.
#pragma once
#include "check.hpp"

namespace pto {
namespace rule {
constexpr Elements ArithA3 = S16 | S32 | Floats;
constexpr Elements ArithA5 = Int | Floats | BF16;
constexpr Elements MulA5 = Int16 | Int32 | Int64 | Floats | BF16;
constexpr Elements DivA5 = Int16 | Int32 | Int64 | Floats;
constexpr Elements ModA5 = Int16 | Int32 | Floats;
} // namespace rule

//===----------------------------------------------------------------------===//
// Two tiles
//===----------------------------------------------------------------------===//

#define PTO_BINARY(NAME, A3, A5)                                                                   \
  template <typename D, typename S0, typename S1> RecordEvent NAME(D &, S0 &, S1 &) {              \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S0, S1>();                                                                   \
    return {};                                                                                     \
  }
#define PTO_BINARY_PRECISE(NAME, PRECISION, A3, A5)                                                \
  template <PRECISION P = PRECISION::DEFAULT, typename D, typename S0, typename S1>                \
  RecordEvent NAME(D &, S0 &, S1 &) {                                                              \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S0, S1>();                                                                   \
    return {};                                                                                     \
  }
PTO_BINARY(TADD, ArithA3, ArithA5)
PTO_BINARY(TSUB, ArithA3, ArithA5)
PTO_BINARY(TMUL, ArithA3, MulA5)
PTO_BINARY(TMAX, ArithA3, ArithA5)
PTO_BINARY(TMIN, ArithA3, ArithA5)
PTO_BINARY(TAND, Int16, IntTo32)
PTO_BINARY(TOR, Int16, IntTo32)
PTO_BINARY(TSHL, IntTo32, Int)
PTO_BINARY(TSHR, IntTo32, Int)
PTO_BINARY(TSUBRELU, Floats, Floats)
PTO_BINARY(TFUSEDMULADD, Floats, Floats)
PTO_BINARY(TFUSEDMULADDRELU, Floats, Floats)
PTO_BINARY(TMULADDDST, Floats, Floats)
PTO_BINARY_PRECISE(TDIV, DivAlgorithm, Floats, DivA5)
PTO_BINARY_PRECISE(TFMOD, FmodAlgorithm, F32, ModA5)
#undef PTO_BINARY
#undef PTO_BINARY_PRECISE

// With a scratch tile at the end.
#define PTO_BINARY_SCRATCH(NAME, A3, A5)                                                           \
  template <typename D, typename S0, typename S1, typename Tmp>                                    \
  RecordEvent NAME(D &, S0 &, S1 &, Tmp &) {                                                       \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S0, S1>();                                                                   \
    scratch<Tmp>();                                                                                \
    return {};                                                                                     \
  }
#define PTO_BINARY_SCRATCH_PRECISE(NAME, PRECISION, A3, A5)                                        \
  template <PRECISION P = PRECISION::DEFAULT, typename D, typename S0, typename S1, typename Tmp>  \
  RecordEvent NAME(D &, S0 &, S1 &, Tmp &) {                                                       \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S0, S1>();                                                                   \
    scratch<Tmp>();                                                                                \
    return {};                                                                                     \
  }
PTO_BINARY_SCRATCH(TXOR, Int16, IntTo32)
PTO_BINARY_SCRATCH(TPRELU, Floats, Floats)
PTO_BINARY_SCRATCH_PRECISE(TREM, RemAlgorithm, S32 | F32, DivA5)
PTO_BINARY_SCRATCH_PRECISE(TPOW, PowAlgorithm, S8 | S16 | S32 | F32, S8 | S16 | S32 | Floats | BF16)
#undef PTO_BINARY_SCRATCH
#undef PTO_BINARY_SCRATCH_PRECISE

namespace rule {
/// relu, then narrow: float to half, half to int8_t, int16_t to int8_t.
template <typename D, typename S0, typename S1> constexpr void reluNarrow() {
  inUb<D, S0, S1>();
  rowMajor<D, S0, S1>();
  sameElement<S0, S1>();
  sameValid<D, S0, S1>();
  static_assert((isOneOf<ElementType<S0>>(F32) && isOneOf<ElementType<D>>(F16)) ||
                    (isOneOf<ElementType<S0>>(F16 | S16) && isOneOf<ElementType<D>>(S8)),
                "relu and convert: float to half, half or int16_t to int8_t");
}
template <typename T> constexpr void onNoChip() {
  static_assert(!sizeof(T), "declared by the library, but not there on any chip: use two calls");
}
} // namespace rule
template <typename D, typename S0, typename S1> RecordEvent TADDRELUCONV(D &, S0 &, S1 &) {
  rule::reluNarrow<D, S0, S1>();
  return {};
}
template <typename D, typename S0, typename S1> RecordEvent TSUBRELUCONV(D &, S0 &, S1 &) {
  rule::reluNarrow<D, S0, S1>();
  return {};
}
template <typename D, typename S0, typename S1, typename Tmp>
RecordEvent TADDDEQRELU(D &, S0 &, S1 &, float, Tmp &) {
  rule::inUb<D, S0, S1, Tmp>();
  rule::sameValid<D, S0, S1>();
  rule::elements<rule::F16, rule::F16, D>();
  rule::elements<rule::S32, rule::S32, S0>();
  rule::elements<rule::S32, rule::S32, S1>();
  return {};
}
template <typename D, typename S0, typename S1, typename S2>
RecordEvent TADDC(D &, S0 &, S1 &, S2 &) {
  rule::onNoChip<D>();
  return {};
}
template <typename D, typename S0, typename S1, typename S2>
RecordEvent TSUBC(D &, S0 &, S1 &, S2 &) {
  rule::onNoChip<D>();
  return {};
}

//===----------------------------------------------------------------------===//
// A tile and a scalar, which has the element type of the tile
//===----------------------------------------------------------------------===//

namespace rule {
template <typename T> using ScalarOf = typename std::enable_if_t<IsTile<T>::value, T>::DType;
}

#define PTO_SCALAR(NAME, A3, A5)                                                                   \
  template <typename D, typename S> RecordEvent NAME(D &, S &, rule::ScalarOf<S>) {                \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S>();                                                                        \
    return {};                                                                                     \
  }
#define PTO_SCALAR_PRECISE(NAME, PRECISION, A3, A5)                                                \
  template <PRECISION P = PRECISION::DEFAULT, typename D, typename S>                              \
  RecordEvent NAME(D &, S &, rule::ScalarOf<S>) {                                                  \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S>();                                                                        \
    return {};                                                                                     \
  }
PTO_SCALAR(TADDS, ArithA3, ArithA5)
PTO_SCALAR(TSUBS, ArithA3, ArithA5)
PTO_SCALAR(TMULS, ArithA3, MulA5)
PTO_SCALAR(TMINS, ArithA3, ArithA5)
PTO_SCALAR(TMAXS, ArithA3, ArithA5)
PTO_SCALAR(TANDS, Int16 | Int32, IntTo32)
PTO_SCALAR(TORS, Int16 | Int32, IntTo32)
PTO_SCALAR(TSHLS, Int16 | Int32, Int)
PTO_SCALAR(TSHRS, Int16 | Int32, Int)
PTO_SCALAR_PRECISE(TDIVS, DivAlgorithm, ArithA3, DivA5)
PTO_SCALAR_PRECISE(TFMODS, FmodSAlgorithm, F32, ModA5)
#undef PTO_SCALAR
#undef PTO_SCALAR_PRECISE

template <DivAlgorithm P = DivAlgorithm::DEFAULT, typename D, typename S>
rule::IfTile<S> TDIVS(D &, rule::ScalarOf<S>, S &) {
  rule::vector<rule::ArithA3, rule::DivA5, D, S>();
  return {};
}
template <typename D, typename S> RecordEvent TLRELU(D &, S &, float) {
  rule::vector<rule::Floats, rule::Floats, D, S>();
  return {};
}
template <typename D, typename S, typename Tmp>
RecordEvent TXORS(D &, S &, rule::ScalarOf<S>, Tmp &) {
  rule::vector<rule::Int16, rule::IntTo32, D, S>();
  rule::scratch<Tmp>();
  return {};
}
template <RemSAlgorithm P = RemSAlgorithm::DEFAULT, typename D, typename S, typename Tmp>
RecordEvent TREMS(D &, S &, rule::ScalarOf<S>, Tmp &) {
  rule::vector<rule::S32 | rule::F32, rule::DivA5, D, S>();
  rule::scratch<Tmp>();
  return {};
}
template <PowAlgorithm P = PowAlgorithm::DEFAULT, typename D, typename S, typename Tmp>
RecordEvent TPOWS(D &, S &, rule::ScalarOf<S>, Tmp &) {
  using namespace rule;
  vector<S8 | S16 | S32 | F32, S8 | S16 | S32 | Floats | BF16, D, S>();
  scratch<Tmp>();
  return {};
}
/// dst += scalar * src; half may be added to float.
template <typename D, typename S> RecordEvent TAXPY(D &, S &, rule::ScalarOf<S>) {
  using namespace rule;
  inUb<D, S>();
  rowMajor<D, S>();
  sameValid<D, S>();
  elements<Floats, Floats, S>();
  static_assert(std::is_same_v<ElementType<D>, ElementType<S>> ||
                    (isOneOf<ElementType<D>>(F32) && isOneOf<ElementType<S>>(F16)),
                "TAXPY: one element type, or half added to float");
  return {};
}
template <typename D, typename S0, typename S1>
RecordEvent TADDSC(D &, S0 &, rule::ScalarOf<S0>, S1 &) {
  rule::onNoChip<D>();
  return {};
}
template <typename D, typename S0, typename S1>
RecordEvent TSUBSC(D &, S0 &, rule::ScalarOf<S0>, S1 &) {
  rule::onNoChip<D>();
  return {};
}
template <typename D> RecordEvent TEXPANDS(D &, rule::ScalarOf<D>) {
  using namespace rule;
  static_assert(is<D>(TileType::Vec) || is<D>(TileType::Mat), "TEXPANDS fills UB or L1");
  if constexpr (is<D>(TileType::Vec))
    static_assert(isND<D>, "TEXPANDS in UB: row-major without boxes");
  elements<Plain32, ArithA5, D>();
  return {};
}

//===----------------------------------------------------------------------===//
// One tile
//===----------------------------------------------------------------------===//

#define PTO_UNARY(NAME, A3, A5)                                                                    \
  template <typename D, typename S> RecordEvent NAME(D &, S &) {                                   \
    using namespace rule;                                                                          \
    vector<A3, A5, D, S>();                                                                        \
    return {};                                                                                     \
  }
#define PTO_UNARY_PRECISE(NAME, PRECISION)                                                         \
  template <PRECISION P = PRECISION::DEFAULT, typename D, typename S> RecordEvent NAME(D &, S &) { \
    using namespace rule;                                                                          \
    vector<Floats, Floats, D, S>();                                                                \
    return {};                                                                                     \
  }
PTO_UNARY(TABS, Floats, S8 | S16 | S32 | Floats)
PTO_UNARY(TNEG, ArithA3, MulA5)
PTO_UNARY(TNOT, Int16, IntTo32)
PTO_UNARY(TRELU, S32 | Floats, S32 | Floats)
PTO_UNARY_PRECISE(TEXP, ExpAlgorithm)
PTO_UNARY_PRECISE(TLOG, LogAlgorithm)
PTO_UNARY_PRECISE(TSQRT, SqrtAlgorithm)
PTO_UNARY_PRECISE(TRECIP, RecipAlgorithm)
PTO_UNARY_PRECISE(TRSQRT, RsqrtAlgorithm)
#undef PTO_UNARY
#undef PTO_UNARY_PRECISE
template <RsqrtAlgorithm P = RsqrtAlgorithm::DEFAULT, typename D, typename S, typename Tmp>
RecordEvent TRSQRT(D &, S &, Tmp &) {
  rule::vector<rule::Floats, rule::Floats, D, S>();
  rule::scratch<Tmp>();
  return {};
}

} // namespace pto
