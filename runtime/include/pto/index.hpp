// Gather, scatter, sort, and tiles that are made from a rule.
#pragma once
#include "check.hpp"

namespace pto {

//===----------------------------------------------------------------------===//
// Gather and scatter inside UB
//===----------------------------------------------------------------------===//

namespace rule {
constexpr Elements Moved = Int16 | Int32 | Floats | BF16;
}
template <typename D, typename S, typename I, typename Tmp>
RecordEvent TGATHER(D &, S &, I &, Tmp &) {
  using namespace rule;
  inUb<D, S, I, Tmp>();
  rowMajor<D, S, I>();
  sameElement<D, S>();
  elements<Moved, Moved | Int8, D>();
  elements<Int32, Int16 | Int32, I>();
  sameValid<D, I>();
  return {};
}
template <typename D, typename S, MaskPattern P = MaskPattern::P1111,
          GatherAxis A = GatherAxis::ROW>
RecordEvent TGATHER(D &, S &) {
  using namespace rule;
  inUb<D, S>();
  rowMajor<D, S>();
  static_assert(bytes<D> == bytes<S>, "TGATHER by mask: elements of one size");
  elements<Moved, Moved | Int8, S>();
  static_assert(A == GatherAxis::COL || mayBeEqual(D::ValidCol, D::Cols),
                "TGATHER by mask: rows follow one another without gaps, so all columns of the "
                "destination are valid");
  return {};
}
template <typename D, typename S, typename K, typename C, typename Tmp, CmpMode M>
RecordEvent TGATHER(D &, S &, K &, C &, Tmp &, int) {
  using namespace rule;
  inUb<D, S, K, C, Tmp>();
  rowMajor<D, S, C>();
  static_assert(M == CmpMode::EQ || M == CmpMode::GT, "TGATHER by comparison: EQ or GT");
  elements<Int32, Int32, D>();
  elements<Int32, Int32, C>();
  elements<F16 | F32 | S32, F16 | F32 | S32 | S16, S>();
  elements<S16 | S32, S16 | S32, K>();
  static_assert(bytes<K> == bytes<S>, "TGATHER by comparison: thresholds as wide as the elements");
  return {};
}
template <typename D, typename S, typename O> RecordEvent TGATHERB(D &, S &, O &) {
  using namespace rule;
  inUb<D, S, O>();
  rowMajor<D, S, O>();
  sameElement<D, S>();
  elements<Int32, Int32, O>();
  return {};
}
template <typename D, typename S, typename I> RecordEvent TSCATTER(D &, S &, I &) {
  using namespace rule;
  inUb<D, S, I>();
  rowMajor<D, S, I>();
  sameElement<D, S>();
  elements<Plain32, Plain32 | Int64, D>();
  elements<Int16 | Int32, Int16 | Int32 | Int64, I>();
  static_assert(bytes<I> == (bytes<D> == 1 ? 2 : bytes<D>),
                "TSCATTER: an index is as wide as an element, 2 bytes for elements of 1");
  return {};
}
template <MaskPattern P = MaskPattern::P1111, ScatterAxis A = ScatterAxis::ROW, typename D,
          typename S>
RecordEvent TSCATTER(D &, S &) {
  using namespace rule;
  inUb<D, S>();
  rowMajor<D, S>();
  elements<Plain32, Plain32 | Int64, S>();
  static_assert(bytes<D> == bytes<S>, "TSCATTER by mask: elements of one size");
  return {};
}

//===----------------------------------------------------------------------===//
// Sorting: records of 8 bytes, a value and its index
//===----------------------------------------------------------------------===//

namespace rule {
template <typename D, typename S, typename I> constexpr void sorted() {
  inUb<D, S, I>();
  rowMajor<D, S, I>();
  sameElement<D, S>();
  elements<Floats, Floats, D>();
  elements<U32, U32, I>();
  static_assert(S::ValidCol == -1 || D::Cols >= S::ValidCol * (8 / bytes<D>),
                "TSORT32: an element becomes a record of 8 bytes: twice as many columns for float, "
                "four times as many for half");
}
template <typename D, typename... S> constexpr void merged() {
  inUb<D, S...>();
  rowMajor<D, S...>();
  sameElement<D, S...>();
  elements<Floats, Floats, D>();
  static_assert(D::Rows == 1 && ((S::Rows == 1) && ...), "TMRGSORT: tiles of one row");
}
} // namespace rule

/// How many records of each list were taken, written when one list ran out.
struct MrgSortExecutedNumList {
  uint16_t mrgSortList0 = 0, mrgSortList1 = 0, mrgSortList2 = 0, mrgSortList3 = 0;
};

template <typename D, typename S, typename I> RecordEvent TSORT32(D &, S &, I &) {
  rule::sorted<D, S, I>();
  return {};
}
template <typename D, typename S, typename I, typename Tmp>
RecordEvent TSORT32(D &, S &, I &, Tmp &) {
  rule::sorted<D, S, I>();
  rule::scratch<Tmp>();
  return {};
}
template <typename D, typename Tmp, typename S0, typename S1, typename S2, typename S3,
          bool Exhausted>
RecordEvent TMRGSORT(D &, MrgSortExecutedNumList &, Tmp &, S0 &, S1 &, S2 &, S3 &) {
  rule::merged<D, Tmp, S0, S1, S2, S3>();
  return {};
}
template <typename D, typename Tmp, typename S0, typename S1, typename S2, bool Exhausted>
RecordEvent TMRGSORT(D &, MrgSortExecutedNumList &, Tmp &, S0 &, S1 &, S2 &) {
  rule::merged<D, Tmp, S0, S1, S2>();
  return {};
}
template <typename D, typename Tmp, typename S0, typename S1, bool Exhausted>
RecordEvent TMRGSORT(D &, MrgSortExecutedNumList &, Tmp &, S0 &, S1 &) {
  rule::merged<D, Tmp, S0, S1>();
  return {};
}
template <typename D, typename S> RecordEvent TMRGSORT(D &, S &, uint32_t) {
  rule::merged<D, S>();
  return {};
}

//===----------------------------------------------------------------------===//
// Tiles from a rule
//===----------------------------------------------------------------------===//

namespace rule {
template <typename D, typename T> constexpr void counted() {
  inUb<D>();
  rowMajor<D>();
  elements<Int16 | Int32, Int16 | Int32, D>();
  static_assert(std::is_same_v<ElementType<D>, T>,
                "TCI: the start has the element type of the tile");
  static_assert(isA5 || D::Rows == 1, "TCI: one row on a2/a3");
}
} // namespace rule

template <typename D, typename T, int Descending> RecordEvent TCI(D &, T) {
  rule::counted<D, T>();
  return {};
}
template <typename D, typename Tmp, typename T, int Descending> RecordEvent TCI(D &, T, Tmp &) {
  rule::counted<D, T>();
  rule::scratch<Tmp>();
  return {};
}
template <typename D, int IsUpper> RecordEvent TTRI(D &, int) {
  using namespace rule;
  static_assert(IsUpper == 0 || IsUpper == 1, "TTRI: 0 is the lower triangle, 1 the upper one");
  inUb<D>();
  rowMajor<D>();
  elements<Floats | Int16 | Int32, Int | Floats | BF16, D>();
  return {};
}

using TRandomKey = uint32_t[2];
using TRandomCounter = uint32_t[4];
template <uint16_t Rounds = 10, typename D>
RecordEvent TRANDOM(D &, TRandomKey &, TRandomCounter &) {
  using namespace rule;
  onlyA5<D>();
  inUb<D>();
  rowMajor<D>();
  elements<0, Int32, D>();
  static_assert(Rounds == 7 || Rounds == 10, "TRANDOM: 7 or 10 rounds");
  return {};
}
template <HistByte B, typename D, typename S, typename I> RecordEvent THISTOGRAM(D &, S &, I &) {
  using namespace rule;
  onlyA5<D>();
  inUb<D, S, I>();
  rowMajor<D, S>();
  elements<0, U32, D>();
  elements<0, U16 | U32, S>();
  elements<0, U8, I>();
  return {};
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

template <typename T> void SET_QUANT_SCALAR(float) {}
template <typename Fp> void SET_QUANT_VECTOR(Fp &) {
  rule::tiles<Fp>();
  static_assert(rule::is<Fp>(TileType::Scaling), "the scales lie in FB (TileType::Scaling)");
}

} // namespace pto
