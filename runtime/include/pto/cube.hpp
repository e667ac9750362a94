// Products on the cube unit.
#pragma once
#include "check.hpp"

namespace pto {
namespace rule {

template <typename C, typename A, typename B> constexpr bool isProduct() {
  using E = ElementType<A>;
  using F = ElementType<B>;
  using R = ElementType<C>;
  constexpr bool same = std::is_same_v<E, F>;
  if (isOneOf<E>(S8))
    return same && isOneOf<R>(S32);
  if (isOneOf<E>(F16 | BF16 | F32))
    return same && isOneOf<R>(F32);
  if (isA5 && isOneOf<E>(Fp8))
    return isOneOf<F>(Fp8) && isOneOf<R>(F32);
  return isA5 && isOneOf<E>(HIF8) && same && isOneOf<R>(F32);
}

template <typename C, typename A, typename B> constexpr void productPlaces() {
  tiles<C, A, B>();
  static_assert(is<C>(TileType::Acc), "the result of a product lies in L0C (TileType::Acc)");
  static_assert(is<A>(TileType::Left),
                "the first operand of a product lies in L0A (TileType::Left)");
  static_assert(is<B>(TileType::Right),
                "the second operand of a product lies in L0B (TileType::Right)");
  static_assert(isNz<C>, "L0C is Nz (BLayout::ColMajor, SLayout::RowMajor)");
  static_assert(isA5 ? isNz<A> : isZz<A>, "L0A is Zz on a2/a3 (BLayout::RowMajor, "
                                          "SLayout::RowMajor) and Nz on a5 (ColMajor, RowMajor)");
  static_assert(isZn<B>, "L0B is Zn (BLayout::RowMajor, SLayout::ColMajor)");
}
template <typename C, typename A, typename B> constexpr void productExtents() {
  static_assert(mayBeInside(A::ValidRow, 0, 4095) && mayBeInside(A::ValidCol, 0, 4095) &&
                    mayBeInside(B::ValidCol, 0, 4095),
                "m, k and n lie in 1 .. 4095");
  static_assert(mayBeEqual(A::ValidCol, B::ValidRow),
                "k: columns of the first = rows of the second");
  static_assert(mayBeEqual(C::ValidRow, A::ValidRow), "m: rows of the result = rows of the first");
  static_assert(mayBeEqual(C::ValidCol, B::ValidCol),
                "n: columns of the result = columns of the second");
}
template <typename C, typename A, typename B> constexpr void product() {
  productPlaces<C, A, B>();
  productExtents<C, A, B>();
  static_assert(isProduct<C, A, B>(),
                "products: int32_t of int8_t; float of half, bfloat16_t or float (a5: also of "
                "float8_e4m3_t and float8_e5m2_t in any mixture, and of hifloat8_t)");
}
template <typename C, typename In> constexpr void accumulated() {
  tiles<In>();
  static_assert(is<In>(TileType::Acc) && isNz<In>, "what is added to lies in L0C, Nz");
  sameElement<C, In>();
  static_assert(C::Rows == In::Rows && C::Cols == In::Cols, "both accumulators have one shape");
}
template <typename C, typename Bias> constexpr void biased() {
  tiles<Bias>();
  static_assert(is<Bias>(TileType::Bias), "the bias lies in BT (TileType::Bias)");
  static_assert(Bias::Rows == 1, "the bias is one row");
  static_assert(isND<Bias>, "the bias is row-major without boxes");
  sameElement<C, Bias>();
}
} // namespace rule

#define PTO_PRODUCT(NAME)                                                                          \
  template <typename C, typename A, typename B> RecordEvent NAME(C &, A &, B &) {                  \
    rule::product<C, A, B>();                                                                      \
    return {};                                                                                     \
  }                                                                                                \
  template <AccPhase Phase, typename C, typename A, typename B> RecordEvent NAME(C &, A &, B &) {  \
    rule::product<C, A, B>();                                                                      \
    return {};                                                                                     \
  }                                                                                                \
  template <typename C, typename In, typename A, typename B>                                       \
  RecordEvent NAME##_ACC(C &, In &, A &, B &) {                                                    \
    rule::accumulated<C, In>();                                                                    \
    rule::product<C, A, B>();                                                                      \
    return {};                                                                                     \
  }                                                                                                \
  template <AccPhase Phase, typename C, typename In, typename A, typename B>                       \
  RecordEvent NAME##_ACC(C &, In &, A &, B &) {                                                    \
    rule::accumulated<C, In>();                                                                    \
    rule::product<C, A, B>();                                                                      \
    return {};                                                                                     \
  }                                                                                                \
  template <AccPhase Phase = AccPhase::Unspecified, typename C, typename A, typename B>            \
  RecordEvent NAME##_ACC(C &, A &, B &) {                                                          \
    rule::product<C, A, B>();                                                                      \
    return {};                                                                                     \
  }                                                                                                \
  template <typename C, typename A, typename B, typename Bias>                                     \
  RecordEvent NAME##_BIAS(C &, A &, B &, Bias &) {                                                 \
    rule::product<C, A, B>();                                                                      \
    rule::biased<C, Bias>();                                                                       \
    return {};                                                                                     \
  }                                                                                                \
  template <AccPhase Phase, typename C, typename A, typename B, typename Bias>                     \
  RecordEvent NAME##_BIAS(C &, A &, B &, Bias &) {                                                 \
    rule::product<C, A, B>();                                                                      \
    rule::biased<C, Bias>();                                                                       \
    return {};                                                                                     \
  }
PTO_PRODUCT(TMATMUL)
PTO_PRODUCT(TGEMV)
#undef PTO_PRODUCT

//===----------------------------------------------------------------------===//
// With a scale for every 32 elements (a5)
//===----------------------------------------------------------------------===//

namespace rule {
template <typename C, typename A, typename SA, typename B, typename SB>
constexpr void scaledProduct() {
  onlyA5<C>();
  tiles<SA, SB>();
  productPlaces<C, A, B>();
  productExtents<C, A, B>();
  constexpr bool eight = isOneOf<ElementType<A>>(Fp8) && isOneOf<ElementType<B>>(Fp8);
  constexpr bool four = isOneOf<ElementType<A>>(Fp4) && isOneOf<ElementType<B>>(Fp4);
  static_assert((eight || four) && isOneOf<ElementType<C>>(F32),
                "scaled products: float of two 8-bit or of two packed 4-bit floats");
  static_assert(is<SA>(TileType::ScaleLeft) && is<SB>(TileType::ScaleRight),
                "the scales are tiles of TileType::ScaleLeft and ScaleRight");
  static_assert(isOneOf<ElementType<SA>>(E8M0) && isOneOf<ElementType<SB>>(E8M0),
                "the scales are float8_e8m0_t");
  static_assert(SA::SFractalSize == 32 && SB::SFractalSize == 32, "scales have boxes of 32 bytes");
  static_assert(isZz<SA>, "left scales are Zz (BLayout::RowMajor, SLayout::RowMajor)");
  static_assert(isNn<SB>, "right scales are Nn (BLayout::ColMajor, SLayout::ColMajor)");
  static_assert(A::Cols % 64 == 0 && B::Rows % 64 == 0, "the physical k is a multiple of 64");
  static_assert(mayBeEqual(SA::ValidRow, A::ValidRow), "left scales: the rows of the left operand");
  static_assert(mayBeEqual(SB::ValidCol, B::ValidCol),
                "right scales: the columns of the right operand");
  static_assert(A::ValidCol == -1 || SA::ValidCol == -1 || SA::ValidCol == (A::ValidCol + 31) / 32,
                "left scales: one column for every 32 elements of k");
  static_assert(B::ValidRow == -1 || SB::ValidRow == -1 || SB::ValidRow == (B::ValidRow + 31) / 32,
                "right scales: one row for every 32 elements of k");
}
} // namespace rule

// Five operands, six with an accumulator in front, six with a bias behind: told apart by where the
// second one lies.
#define PTO_SCALED_PRODUCT(NAME)                                                                   \
  template <typename C, typename A, typename SA, typename B, typename SB>                          \
  RecordEvent NAME(C &, A &, SA &, B &, SB &) {                                                    \
    rule::scaledProduct<C, A, SA, B, SB>();                                                        \
    return {};                                                                                     \
  }                                                                                                \
  template <AccPhase Phase, typename C, typename A, typename SA, typename B, typename SB>          \
  RecordEvent NAME(C &, A &, SA &, B &, SB &) {                                                    \
    rule::scaledProduct<C, A, SA, B, SB>();                                                        \
    return {};                                                                                     \
  }                                                                                                \
  template <typename C, typename X1, typename X2, typename X3, typename X4, typename X5>           \
  RecordEvent NAME(C &, X1 &, X2 &, X3 &, X4 &, X5 &) {                                            \
    rule::tiles<X1>();                                                                             \
    if constexpr (rule::is<X1>(TileType::Acc)) {                                                   \
      rule::accumulated<C, X1>();                                                                  \
      rule::scaledProduct<C, X2, X3, X4, X5>();                                                    \
    } else {                                                                                       \
      rule::scaledProduct<C, X1, X2, X3, X4>();                                                    \
      rule::biased<C, X5>();                                                                       \
    }                                                                                              \
    return {};                                                                                     \
  }                                                                                                \
  template <AccPhase Phase, typename C, typename X1, typename X2, typename X3, typename X4,        \
            typename X5>                                                                           \
  RecordEvent NAME(C &c, X1 &x1, X2 &x2, X3 &x3, X4 &x4, X5 &x5) {                                 \
    return NAME(c, x1, x2, x3, x4, x5);                                                            \
  }
PTO_SCALED_PRODUCT(TMATMUL_MX)
PTO_SCALED_PRODUCT(TGEMV_MX)
#undef PTO_SCALED_PRODUCT

} // namespace pto
