// One value for each row or column, one value spread over a row or column, partial results.
#pragma once
#include "elementwise.hpp"

namespace pto {
namespace rule {

constexpr Elements RowReduced = S16 | S32 | Floats;
constexpr Elements ColProductA5 = Int16 | Int32 | Floats | BF16;
constexpr Elements RowIndex = S16 | U16 | S32 | U32;

/// The column that holds a value per row: [R, 1] column-major, or row-major with one valid column.
template <typename D, typename S> constexpr void rowResult() {
  inUb<D, S>();
  static_assert(isND<S>, "the source of a row reduction is row-major without boxes");
  static_assert(!D::isBoxedLayout && (D::isRowMajor || D::Cols == 1),
                "the result of a row reduction is row-major, or column-major with one column");
  static_assert(mayBeEqual(D::ValidCol, 1) || D::ValidCol == 0,
                "the result of a row reduction has one valid column");
  static_assert(mayBeEqual(D::ValidRow, S::ValidRow) || D::ValidRow == 0,
                "the result of a row reduction has the valid rows of its source");
}
template <typename D, typename S> constexpr void colResult() {
  inUb<D, S>();
  rowMajor<D, S>();
  static_assert(mayBeEqual(D::ValidCol, S::ValidCol) || D::ValidCol == 0,
                "the result of a column reduction has the valid columns of its source");
}
} // namespace rule

#define PTO_ROW(NAME)                                                                              \
  template <typename D, typename S, typename Tmp> RecordEvent NAME(D &, S &, Tmp &) {              \
    using namespace rule;                                                                          \
    rowResult<D, S>();                                                                             \
    sameElement<S, D>();                                                                           \
    elements<RowReduced, RowReduced, S>();                                                         \
    scratch<Tmp>();                                                                                \
    return {};                                                                                     \
  }
#define PTO_ROW_ARG(NAME)                                                                          \
  template <typename D, typename S, typename Tmp> RecordEvent NAME(D &, S &, Tmp &) {              \
    using namespace rule;                                                                          \
    rowResult<D, S>();                                                                             \
    elements<RowIndex, RowIndex, D>();                                                             \
    elements<RowReduced, RowReduced, S>();                                                         \
    scratch<Tmp>();                                                                                \
    return {};                                                                                     \
  }                                                                                                \
  template <typename V, typename D, typename S, typename Tmp>                                      \
  RecordEvent NAME(V &, D &dst, S &src, Tmp &tmp) {                                                \
    rule::rowResult<V, S>();                                                                       \
    rule::sameElement<S, V>();                                                                     \
    return NAME(dst, src, tmp);                                                                    \
  }
PTO_ROW(TROWSUM)
PTO_ROW(TROWPROD)
PTO_ROW(TROWMAX)
PTO_ROW(TROWMIN)
PTO_ROW_ARG(TROWARGMAX)
PTO_ROW_ARG(TROWARGMIN)
#undef PTO_ROW
#undef PTO_ROW_ARG

#define PTO_COL(NAME, A5)                                                                          \
  template <typename D, typename S> RecordEvent NAME(D &, S &) {                                   \
    using namespace rule;                                                                          \
    colResult<D, S>();                                                                             \
    sameElement<S, D>();                                                                           \
    elements<ArithA3, A5, S>();                                                                    \
    return {};                                                                                     \
  }
#define PTO_COL_ARG(NAME)                                                                          \
  template <typename D, typename S, typename Tmp> RecordEvent NAME(D &, S &, Tmp &) {              \
    using namespace rule;                                                                          \
    colResult<D, S>();                                                                             \
    elements<Int32, Int32, D>();                                                                   \
    elements<Floats | U16 | U32, Floats | IntTo32, S>();                                           \
    scratch<Tmp>();                                                                                \
    return {};                                                                                     \
  }                                                                                                \
  template <typename V, typename D, typename S, typename Tmp>                                      \
  RecordEvent NAME(V &, D &dst, S &src, Tmp &tmp) {                                                \
    rule::colResult<V, S>();                                                                       \
    rule::sameElement<S, V>();                                                                     \
    return NAME(dst, src, tmp);                                                                    \
  }
PTO_COL(TCOLSUM, ArithA5)
PTO_COL(TCOLMAX, ArithA5)
PTO_COL(TCOLMIN, ArithA5)
PTO_COL(TCOLPROD, ColProductA5)
PTO_COL_ARG(TCOLARGMAX)
PTO_COL_ARG(TCOLARGMIN)
#undef PTO_COL
#undef PTO_COL_ARG
template <typename D, typename S, typename Tmp>
RecordEvent TCOLSUM(D &dst, S &src, Tmp &, bool isBinary) {
  rule::scratch<Tmp>();
  rule::sameElement<S, Tmp>();
  return TCOLSUM(dst, src);
}
template <typename D, typename S> RecordEvent TPAIRREDUCESUM(D &, S &) {
  rule::inUb<D, S>();
  rule::sameElement<S, D>();
  return {};
}

//===----------------------------------------------------------------------===//
// Spread
//===----------------------------------------------------------------------===//

template <typename D, typename S> RecordEvent TROWEXPAND(D &, S &) {
  using namespace rule;
  inUb<D, S>();
  rowMajor<D>();
  static_assert(!S::isBoxedLayout, "TROWEXPAND: the source has no boxes");
  sameElement<S, D>();
  elements<Plain32, Plain32, D>();
  static_assert(mayBeEqual(D::ValidRow, S::ValidRow) || D::ValidRow == 0,
                "TROWEXPAND: equally many valid rows");
  return {};
}
template <typename D, typename S> RecordEvent TCOLEXPAND(D &, S &) {
  using namespace rule;
  inUb<D, S>();
  rowMajor<D, S>();
  sameElement<S, D>();
  elements<Plain32, Plain32, D>();
  static_assert(mayBeEqual(D::ValidCol, S::ValidCol) || D::ValidCol == 0,
                "TCOLEXPAND: equally many valid columns");
  return {};
}

namespace rule {
template <typename T> constexpr bool holdsOnePerRow() {
  return (isDN<T> && mayBeEqual(T::ValidCol, 1)) ||
         (isND<T> && mayBeEqual(T::ValidCol, 32 / bytes<T>));
}
template <typename T, typename D> constexpr bool isFull() {
  return isND<T> && mayBeEqual(T::ValidRow, D::ValidRow) && mayBeEqual(T::ValidCol, D::ValidCol);
}
template <Elements A3, Elements A5, typename D, typename S0, typename S1>
constexpr void rowExpand() {
  inUb<D, S0, S1>();
  rowMajor<D>();
  sameElement<D, S0, S1>();
  elements<A3, A5, D>();
  static_assert((D::ValidRow == 0 && D::ValidCol == 0) || // nothing to do
                    (isFull<S0, D>() && holdsOnePerRow<S1>()) ||
                    (isFull<S1, D>() && holdsOnePerRow<S0>()),
                "one source has the valid shape of the result; the other holds a value per row: "
                "one column, column-major, or one 32-byte block of copies, row-major");
}
template <Elements A3, Elements A5, typename D, typename S0, typename S1>
constexpr void colExpand() {
  inUb<D, S0, S1>();
  rowMajor<D, S0, S1>();
  sameElement<D, S0, S1>();
  elements<A3, A5, D>();
  sameValid<D, S0>();
  static_assert(mayBeEqual(S1::ValidCol, D::ValidCol) || S1::ValidCol == 0 || D::ValidCol == 0,
                "the second source is a row with the valid columns of the result");
}
} // namespace rule

#define PTO_EXPAND(SUFFIX, A3, A5)                                                                 \
  template <typename D, typename S0, typename S1>                                                  \
  RecordEvent TROWEXPAND##SUFFIX(D &, S0 &, S1 &) {                                                \
    using namespace rule;                                                                          \
    rowExpand<A3, A5, D, S0, S1>();                                                                \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S0, typename S1, typename Tmp>                                    \
  RecordEvent TROWEXPAND##SUFFIX(D &, S0 &, S1 &, Tmp &) {                                         \
    using namespace rule;                                                                          \
    rowExpand<A3, A5, D, S0, S1>();                                                                \
    scratch<Tmp>();                                                                                \
    return {};                                                                                     \
  }                                                                                                \
  template <typename D, typename S0, typename S1>                                                  \
  RecordEvent TCOLEXPAND##SUFFIX(D &, S0 &, S1 &) {                                                \
    using namespace rule;                                                                          \
    colExpand<A3, A5, D, S0, S1>();                                                                \
    return {};                                                                                     \
  }
PTO_EXPAND(ADD, ArithA3, Plain32)
PTO_EXPAND(SUB, ArithA3, Plain32)
PTO_EXPAND(MUL, ArithA3, Plain32)
PTO_EXPAND(MAX, ArithA3, Plain32)
PTO_EXPAND(MIN, ArithA3, Plain32)
PTO_EXPAND(EXPDIF, Floats, Floats)
#undef PTO_EXPAND
template <DivAlgorithm P = DivAlgorithm::DEFAULT, typename D, typename S0, typename S1>
RecordEvent TROWEXPANDDIV(D &, S0 &, S1 &) {
  rule::rowExpand<rule::Floats, rule::Plain32, D, S0, S1>();
  return {};
}
template <DivAlgorithm P = DivAlgorithm::DEFAULT, typename D, typename S0, typename S1,
          typename Tmp>
RecordEvent TROWEXPANDDIV(D &, S0 &, S1 &, Tmp &) {
  rule::rowExpand<rule::Floats, rule::Plain32, D, S0, S1>();
  rule::scratch<Tmp>();
  return {};
}
template <DivAlgorithm P = DivAlgorithm::DEFAULT, typename D, typename S0, typename S1>
RecordEvent TCOLEXPANDDIV(D &, S0 &, S1 &) {
  rule::colExpand<rule::Floats, rule::IntTo32 | rule::Floats, D, S0, S1>();
  return {};
}

//===----------------------------------------------------------------------===//
// Partial: where only one source is valid, it is copied
//===----------------------------------------------------------------------===//

#define PTO_PARTIAL(NAME, A5)                                                                      \
  template <typename D, typename S0, typename S1> RecordEvent NAME(D &, S0 &, S1 &) {              \
    using namespace rule;                                                                          \
    inUb<D, S0, S1>();                                                                             \
    rowMajor<D, S0, S1>();                                                                         \
    sameElement<D, S0, S1>();                                                                      \
    elements<ArithA3, A5, D>();                                                                    \
    return {};                                                                                     \
  }
#define PTO_PARTIAL_ARG(NAME)                                                                      \
  template <typename D, typename S0, typename S1, typename ID, typename I0, typename I1>           \
  RecordEvent NAME(D &, S0 &, S1 &, ID &, I0 &, I1 &) {                                            \
    using namespace rule;                                                                          \
    inUb<D, S0, S1, ID, I0, I1>();                                                                 \
    rowMajor<D, S0, S1, ID, I0, I1>();                                                             \
    sameElement<D, S0, S1>();                                                                      \
    sameElement<ID, I0, I1>();                                                                     \
    elements<Floats, Floats, D>();                                                                 \
    elements<Int16 | Int32, Int16 | Int32, ID>();                                                  \
    return {};                                                                                     \
  }
PTO_PARTIAL(TPARTADD, ArithA5)
PTO_PARTIAL(TPARTMUL, Plain32)
PTO_PARTIAL(TPARTMAX, ArithA5)
PTO_PARTIAL(TPARTMIN, ArithA5)
PTO_PARTIAL_ARG(TPARTARGMAX)
PTO_PARTIAL_ARG(TPARTARGMIN)
#undef PTO_PARTIAL
#undef PTO_PARTIAL_ARG

} // namespace pto
