// Between the memories of the chip: TMOV, TEXTRACT, TINSERT, and what reorders a tile.
#pragma once
#include "transfer.hpp"

namespace pto {
namespace rule {

template <typename D, typename S> constexpr bool route(TileType from, TileType to) {
  return S::Loc == from && D::Loc == to;
}

template <typename D, typename S> constexpr void intoL0() {
  static_assert(std::is_same_v<ElementType<D>, ElementType<S>>, "L1 to L0 keeps the element type");
  static_assert(isOneOf<ElementType<D>>(
                    onArch(S8 | F16 | BF16 | F32, S8 | U8 | F16 | BF16 | F32 | Fp8 | HIF8 | Fp4)),
                "the cube multiplies int8_t, half, bfloat16_t, float (a5: also 8-bit and packed "
                "4-bit floats)");
  static_assert(isNz<S> || isZn<S> || (S::Rows == 1 && S::isRowMajor),
                "L1 to L0: the source is Nz or Zn, or one row");
  if constexpr (is<D>(TileType::Left))
    static_assert(isA5 ? isNz<D> : isZz<D>, "L0A is Zz on a2/a3 (BLayout::RowMajor, "
                                            "SLayout::RowMajor) and Nz on a5 (ColMajor, RowMajor)");
  else
    static_assert(isZn<D>, "L0B is Zn (BLayout::RowMajor, SLayout::ColMajor)");
  // Nz is plain for L0A and transposed for L0B, Zn the other way round.
  constexpr bool isVector = S::Rows == 1 && S::isRowMajor;
  constexpr bool transposes = !isVector && isNz<S> != is<D>(TileType::Left);
  constexpr int side = bytes<D> == 1 ? 32 : 16;
  static_assert(!transposes || (D::Rows % side == 0 && D::Cols % side == 0),
                "a transposing move into L0 takes multiples of 16 rows and columns, of 1-byte "
                "elements 32");
  static_assert(!isVector || S::Cols % (512 / bytes<S>) == 0,
                "a vector moves into L0 in pieces of 512 bytes");
}

template <typename D, typename S> constexpr void intoBias() {
  static_assert(D::Rows == 1 && S::Rows == 1, "L1 to BT moves one row");
  static_assert(
      std::is_same_v<ElementType<D>, ElementType<S>> ||
          (isOneOf<ElementType<S>>(onArch(F16, F16 | BF16)) && isOneOf<ElementType<D>>(F32)),
      "L1 to BT keeps the element type, or makes float of half (a5: also of bfloat16_t)");
  static_assert(S::Cols * bytes<S> % 64 == 0, "L1 to BT moves a multiple of 64 bytes");
}

template <typename D, typename S> constexpr void intoScaling() {
  if constexpr (is<D>(TileType::ScaleLeft) || is<D>(TileType::ScaleRight)) {
    onlyA5<D>();
    static_assert(isOneOf<ElementType<D>>(E8M0) && isOneOf<ElementType<S>>(E8M0),
                  "scales are float8_e8m0_t");
    static_assert(D::SFractalSize == 32 && S::SFractalSize == 32, "scales have boxes of 32 bytes");
    static_assert(is<D>(TileType::ScaleLeft) ? isZz<D> && isZz<S> : isNn<D> && isNn<S>,
                  "left scales are Zz, right scales are Nn, in L1 too");
  } else if constexpr (isOneOf<ElementType<D>>(E8M0 | U8)) {
    onlyA5<D>();
    sameElement<D, S>();
  } else {
    static_assert(isOneOf<ElementType<D>>(Int64) && bytes<S> == 8, "FB holds 64-bit scales");
    static_assert(D::Rows == 1, "L1 to FB moves one row");
    static_assert(D::Cols * 8 % 128 == 0, "L1 to FB moves a multiple of 128 bytes");
  }
}

template <typename D, typename S, bool Scaled> constexpr void fromAcc() {
  static_assert(isNz<S>, "an accumulator is Nz");
  static_assert(!is<D>(TileType::Mat) || isNz<D>, "L0C to L1: the destination is Nz");
  static_assert(isA5 || !is<D>(TileType::Mat) || D::SFractalSize == 512,
                "L0C to L1: the destination has boxes of 512 bytes");
  if constexpr (Scaled)
    scaledFixpipe<S, ElementType<S>, ElementType<D>>();
  else
    plainFixpipe<S, ElementType<S>, ElementType<D>>();
  static_assert(isA5 || Scaled || isOneOf<ElementType<D>>(F16 | BF16),
                "without a scale a2/a3 takes float into another memory as half or bfloat16_t only");
}

/// The pairs of memories that every move shares.
template <typename D, typename S, bool Scaled> constexpr void moved() {
  tiles<D, S>();
  constexpr bool fixpipe = S::Loc == TileType::Acc;
  static_assert(fixpipe || !Scaled, "only L0C is scaled and clamped on its way");
  if constexpr (fixpipe) {
    static_assert(is<D>(TileType::Mat) || (isA5 && is<D>(TileType::Vec)),
                  "L0C goes to L1 (a5: also to UB)");
    fromAcc<D, S, Scaled>();
  } else if constexpr (route<D, S>(TileType::Vec, TileType::Mat)) {
    static_assert(isA5 || !sizeof(D), "UB to L1 exists on a5 only");
    static_assert(std::is_same_v<ElementType<D>, ElementType<S>>,
                  "UB to L1 keeps the element type");
    static_assert(isNz<D> && (isND<S> || isNz<S>), "UB to L1 makes Nz of ND or Nz");
  } else if constexpr (route<D, S>(TileType::Vec, TileType::Vec)) {
    static_assert(std::is_same_v<ElementType<D>, ElementType<S>>,
                  "UB to UB keeps the element type");
    static_assert((D::isRowMajor == S::isRowMajor && D::SFractal == S::SFractal) ||
                      (isA5 && isND<S> && isNz<D>),
                  "UB to UB keeps the layout (a5: also ND to Nz)");
  } else if constexpr (route<D, S>(TileType::Mat, TileType::Left) ||
                       route<D, S>(TileType::Mat, TileType::Right)) {
    intoL0<D, S>();
  } else if constexpr (route<D, S>(TileType::Mat, TileType::Bias)) {
    intoBias<D, S>();
  } else if constexpr (S::Loc == TileType::Mat &&
                       (D::Loc == TileType::Scaling || D::Loc == TileType::ScaleLeft ||
                        D::Loc == TileType::ScaleRight)) {
    intoScaling<D, S>();
  } else {
    static_assert(!sizeof(D), "there is no way between these two memories");
  }
}

template <typename D, typename S> constexpr void whole() {
  if constexpr (S::Loc == TileType::Mat || !isA5)
    static_assert(D::Rows == S::Rows && D::Cols == S::Cols,
                  "TMOV moves a whole tile: equal shapes");
}
template <typename D, typename S, ReluPreMode R> constexpr void clamped() {
  static_assert(R == ReluPreMode::NoRelu || is<S>(TileType::Acc), "only L0C is clamped on its way");
}
template <typename D, typename S, AccToVecMode M> constexpr void toVec() {
  static_assert(route<D, S>(TileType::Acc, TileType::Vec),
                "a mode for the vector cores belongs to a move from L0C to UB");
}
template <typename Fp> constexpr void scales() {
  tiles<Fp>();
  static_assert(is<Fp>(TileType::Scaling), "the scales lie in FB (TileType::Scaling)");
  static_assert(isOneOf<ElementType<Fp>>(Int64), "a scale of L0C is a word of 64 bits");
}
template <typename D, typename S, ReluPreMode R, bool Scaled> constexpr void move() {
  moved<D, S, Scaled>();
  whole<D, S>();
  clamped<D, S, R>();
}
} // namespace rule

//===----------------------------------------------------------------------===//
// TMOV
//===----------------------------------------------------------------------===//

template <typename D, typename S> RecordEvent TMOV(D &, S &) {
  rule::move<D, S, ReluPreMode::NoRelu, false>();
  return {};
}
template <typename D, typename S, typename Tmp> rule::IfTile<Tmp> TMOV(D &, S &, Tmp &) {
  rule::onlyA5<D>();
  rule::inUb<D, S, Tmp>();
  rule::sameElement<D, S, Tmp>();
  rule::elements<0, rule::U8 | rule::HIF8 | rule::E8M0, D>();
  return {};
}
template <int GroupAxis, typename D, typename S, typename Tmp>
rule::IfTile<Tmp> TMOV(D &dst, S &src, Tmp &tmp) {
  return TMOV(dst, src, tmp);
}
template <typename D, typename S, ReluPreMode R> RecordEvent TMOV(D &, S &) {
  rule::move<D, S, R, false>();
  return {};
}
template <STPhase Phase, typename D, typename S> RecordEvent TMOV(D &, S &) {
  rule::move<D, S, ReluPreMode::NoRelu, false>();
  return {};
}
template <STPhase Phase, typename D, typename S, ReluPreMode R> RecordEvent TMOV(D &, S &) {
  rule::move<D, S, R, false>();
  return {};
}
template <typename D, typename S, AccToVecMode M, ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TMOV(D &, S &) {
  rule::toVec<D, S, M>();
  rule::move<D, S, R, false>();
  return {};
}
template <STPhase Phase, typename D, typename S, AccToVecMode M,
          ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TMOV(D &, S &) {
  rule::toVec<D, S, M>();
  rule::move<D, S, R, false>();
  return {};
}
template <typename D, typename S, ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TMOV(D &, S &, uint64_t) {
  rule::move<D, S, R, true>();
  return {};
}
template <STPhase Phase, typename D, typename S, ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TMOV(D &, S &, uint64_t) {
  rule::move<D, S, R, true>();
  return {};
}
template <typename D, typename S, AccToVecMode M, ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TMOV(D &, S &, uint64_t) {
  rule::toVec<D, S, M>();
  rule::move<D, S, R, true>();
  return {};
}
template <STPhase Phase, typename D, typename S, AccToVecMode M,
          ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TMOV(D &, S &, uint64_t) {
  rule::toVec<D, S, M>();
  rule::move<D, S, R, true>();
  return {};
}
template <typename D, typename S, typename Fp, AccToVecMode M, ReluPreMode R = ReluPreMode::NoRelu>
rule::IfTile<Fp> TMOV(D &, S &, Fp &) {
  rule::scales<Fp>();
  rule::toVec<D, S, M>();
  rule::move<D, S, R, true>();
  return {};
}
template <STPhase Phase, typename D, typename S, typename Fp, AccToVecMode M,
          ReluPreMode R = ReluPreMode::NoRelu>
rule::IfTile<Fp> TMOV(D &, S &, Fp &) {
  rule::scales<Fp>();
  rule::toVec<D, S, M>();
  rule::move<D, S, R, true>();
  return {};
}
template <typename D, typename S, typename Fp, ReluPreMode R = ReluPreMode::NoRelu>
rule::IfTile<Fp> TMOV_FP(D &, S &, Fp &) {
  rule::scales<Fp>();
  rule::move<D, S, R, true>();
  return {};
}
template <STPhase Phase, typename D, typename S, typename Fp, ReluPreMode R = ReluPreMode::NoRelu>
rule::IfTile<Fp> TMOV_FP(D &, S &, Fp &) {
  rule::scales<Fp>();
  rule::move<D, S, R, true>();
  return {};
}

//===----------------------------------------------------------------------===//
// TEXTRACT, TINSERT: windows; the scale stands before the place
//===----------------------------------------------------------------------===//

namespace rule {
template <typename Outer, typename Inner, typename D, typename S> constexpr void window() {
  if constexpr (route<D, S>(TileType::Vec, TileType::Vec))
    static_assert((isND<S> && isND<D>) || (isNz<S> && isNz<D>) || (isA5 && isND<S> && isNz<D>),
                  "a window of UB: ND to ND, Nz to Nz (a5: also ND to Nz)");
  // What is extracted has the shape of the window, what is inserted its valid region.
  constexpr bool inserts = !std::is_same_v<Outer, S>;
  static_assert((inserts && Inner::ValidRow != -1 ? Inner::ValidRow
                 : inserts                        ? 0
                                                  : Inner::Rows) <= Outer::Rows &&
                    (inserts && Inner::ValidCol != -1 ? Inner::ValidCol
                     : inserts                        ? 0
                                                      : Inner::Cols) <= Outer::Cols,
                "the window fits into the larger tile");
}
} // namespace rule

// One text for both: NAME, the tile that holds the window (Outer) and the window (Inner).
#define PTO_WINDOW(NAME, OUTER, INNER)                                                             \
  template <typename D, typename S> RecordEvent NAME(D &, S &, uint16_t, uint16_t) {               \
    rule::moved<D, S, false>();                                                                    \
    rule::window<OUTER, INNER, D, S>();                                                            \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S, ReluPreMode R>                                                 \
  RecordEvent NAME(D &, S &, uint16_t, uint16_t) {                                                 \
    rule::moved<D, S, false>();                                                                    \
    rule::window<OUTER, INNER, D, S>();                                                            \
    rule::clamped<D, S, R>();                                                                      \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S, AccToVecMode M, ReluPreMode R = ReluPreMode::NoRelu>           \
  RecordEvent NAME(D &, S &, uint16_t, uint16_t) {                                                 \
    rule::toVec<D, S, M>();                                                                        \
    rule::moved<D, S, false>();                                                                    \
    rule::window<OUTER, INNER, D, S>();                                                            \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S, ReluPreMode R = ReluPreMode::NoRelu>                           \
  RecordEvent NAME(D &, S &, uint64_t, uint16_t, uint16_t) {                                       \
    rule::moved<D, S, true>();                                                                     \
    rule::window<OUTER, INNER, D, S>();                                                            \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S, AccToVecMode M, ReluPreMode R = ReluPreMode::NoRelu>           \
  RecordEvent NAME(D &, S &, uint64_t, uint16_t, uint16_t) {                                       \
    rule::toVec<D, S, M>();                                                                        \
    rule::moved<D, S, true>();                                                                     \
    rule::window<OUTER, INNER, D, S>();                                                            \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S, typename Fp, AccToVecMode M,                                   \
            ReluPreMode R = ReluPreMode::NoRelu>                                                   \
  rule::IfTile<Fp> NAME(D &, S &, Fp &, uint16_t, uint16_t) {                                      \
    rule::scales<Fp>();                                                                            \
    rule::toVec<D, S, M>();                                                                        \
    rule::moved<D, S, true>();                                                                     \
    rule::window<OUTER, INNER, D, S>();                                                            \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S, typename Fp, ReluPreMode R = ReluPreMode::NoRelu>              \
  rule::IfTile<Fp> NAME##_FP(D &, S &, Fp &, uint16_t, uint16_t) {                                 \
    rule::scales<Fp>();                                                                            \
    rule::moved<D, S, true>();                                                                     \
    rule::window<OUTER, INNER, D, S>();                                                            \
    return {};                                                                                     \
  }
PTO_WINDOW(TEXTRACT, S, D)
PTO_WINDOW(TINSERT, D, S)
#undef PTO_WINDOW
template <typename D, typename S> RecordEvent TEXTRACT(D &dst, S &src, uint16_t row = 0) {
  return TEXTRACT(dst, src, row, uint16_t(0));
}

template <typename D0, typename D1, typename S>
rule::IfTile<D1> TEXTRACT(D0 &, D1 &, S &, uint16_t, uint16_t, uint16_t, uint16_t) {
  rule::inUb<D0, D1, S>();
  static_assert(rule::isND<S> && rule::isNz<D0> && rule::isNz<D1>,
                "TEXTRACT of two windows: from ND into two Nz tiles");
  rule::sameElement<S, D0, D1>();
  return {};
}
template <TInsertMode M, typename D, typename S> RecordEvent TINSERT(D &, S &, uint16_t, uint16_t) {
  rule::onlyA5<D>();
  rule::moved<D, S, false>();
  rule::window<D, S, D, S>();
  return {};
}

//===----------------------------------------------------------------------===//
// Padding and order
//===----------------------------------------------------------------------===//

namespace rule {
template <typename D, typename S, TFillPadMode M> constexpr void fillPad() {
  inUb<D, S>();
  rowMajor<D, S>();
  static_assert(bytes<D> == bytes<S> && (bytes<D> == 1 || bytes<D> == 2 || bytes<D> == 4),
                "TFILLPAD: elements of one size, 1, 2 or 4 bytes");
  elements<Plain32, Plain32, S>();
  static_assert(D::PadVal != PadValue::Null, "TFILLPAD: the destination says what to fill in");
  if constexpr (M == TFillPadMode::Expand)
    static_assert(D::Rows >= S::Rows && D::Cols >= S::Cols,
                  "TFILLPAD_EXPAND: the destination is at least as large as the source");
  else
    static_assert(D::Rows == S::Rows && D::Cols == S::Cols, "TFILLPAD: equal shapes");
}
} // namespace rule

template <TFillPadMode M = TFillPadMode::Normal, typename D, typename S>
RecordEvent TFILLPAD(D &, S &) {
  rule::fillPad<D, S, M>();
  return {};
}
/// The more special one: two tiles of one type without a mode are taken for tiles in L1.
template <typename T, PadValue P = PadValue::Zero> RecordEvent TFILLPAD(T &, T &) {
  static_assert(T::Loc == TileType::Mat && rule::isNz<T>,
                "TFILLPAD<Tile, PadValue> works on Nz in L1");
  static_assert(P == PadValue::Zero || P == PadValue::Null, "L1 is filled with zeros only");
  return {};
}
template <typename D, typename S> RecordEvent TFILLPAD_INPLACE(D &, S &) {
  rule::fillPad<D, S, TFillPadMode::InPlace>();
  return {};
}
template <typename D, typename S> RecordEvent TFILLPAD_EXPAND(D &, S &) {
  rule::fillPad<D, S, TFillPadMode::Expand>();
  return {};
}

template <typename D, typename S, typename Tmp> RecordEvent TTRANS(D &, S &, Tmp &) {
  rule::inUb<D, S, Tmp>();
  rule::sameElement<D, S, Tmp>();
  static_assert(!D::isBoxedLayout && !S::isBoxedLayout, "TTRANS: tiles without boxes");
  static_assert(rule::bytes<D> <= 4, "TTRANS: elements of 1, 2 or 4 bytes");
  static_assert((S::isRowMajor && D::isRowMajor) || rule::isA5, "TTRANS: row-major tiles");
  return {};
}
template <typename D, typename S0, typename S1> RecordEvent TCONCAT(D &, S0 &, S1 &) {
  rule::inUb<D, S0, S1>();
  rule::rowMajor<D, S0, S1>();
  rule::sameElement<D, S0, S1>();
  rule::elements<rule::Plain32, rule::Plain32, D>();
  return {};
}
template <typename D, typename S0, typename S1, typename I0, typename I1>
RecordEvent TCONCAT(D &, S0 &, S1 &, I0 &, I1 &) {
  rule::inUb<D, S0, S1, I0, I1>();
  rule::rowMajor<D, S0, S1, I0, I1>();
  rule::sameElement<D, S0, S1>();
  rule::sameElement<I0, I1>();
  rule::elements<rule::Plain32, rule::Plain32, D>();
  rule::elements<rule::S8 | rule::S16 | rule::S32, rule::S8 | rule::S16 | rule::S32, I0>();
  return {};
}
template <typename D, typename S0, typename S1, typename ID, typename I0, typename I1>
RecordEvent TCONCAT(D &d, S0 &s0, S1 &s1, ID &, I0 &i0, I1 &i1) {
  rule::inUb<ID>();
  return TCONCAT(d, s0, s1, i0, i1);
}
template <typename D1, typename D0, typename S1, typename S0>
RecordEvent TINTERLEAVE(D1 &, D0 &, S1 &, S0 &) {
  rule::onlyA5<D1>();
  rule::inUb<D1, D0, S1, S0>();
  rule::sameElement<D1, D0, S1, S0>();
  return {};
}
template <typename D1, typename D0, typename S1, typename S0>
RecordEvent TDEINTERLEAVE(D1 &, D0 &, S1 &, S0 &) {
  rule::onlyA5<D1>();
  rule::inUb<D1, D0, S1, S0>();
  rule::sameElement<D1, D0, S1, S0>();
  return {};
}
template <typename D1, typename D0, typename S> RecordEvent TDEINTERLEAVE(D1 &, D0 &, S &) {
  rule::onlyA5<D1>();
  rule::inUb<D1, D0, S>();
  rule::sameElement<D1, D0, S>();
  return {};
}
template <typename D, typename S> void TGET_SCALE_ADDR(D &, S &) {
  rule::onlyA5<D>();
  rule::tiles<D, S>();
  static_assert(S::Loc == TileType::Left || S::Loc == TileType::Right,
                "TGET_SCALE_ADDR: the scales of a tile in L0A or L0B");
  static_assert(D::Loc == (S::Loc == TileType::Left ? TileType::ScaleLeft : TileType::ScaleRight),
                "TGET_SCALE_ADDR: ScaleLeft belongs to L0A, ScaleRight to L0B");
}
#ifdef PTO_NPU_ARCH_A5
/// The scales of an operand lie at its address divided by 16.
template <typename P> uint64_t GetScaleAddr(P *operand) { return (uint64_t)operand >> 4; }
#endif

} // namespace pto
