// Between global memory and the chip: TLOAD, TSTORE, TPREFETCH, gathers and scatters.
#pragma once
#include "check.hpp"

namespace pto {
namespace rule {

/// Extent 0 .. 4 of a view, -1 when open.
template <typename G> constexpr int64_t extent(int i) { return G::staticShape[i]; }
template <typename G> constexpr bool isOne(int i) { return extent<G>(i) == 1; }
template <typename G> constexpr int64_t product(int a, int b, int c, int d) {
  const int64_t n[] = {extent<G>(a), extent<G>(b), extent<G>(c), d < 0 ? 1 : extent<G>(d)};
  int64_t all = 1;
  for (int64_t x : n)
    all = x == -1 || all == -1 ? -1 : all * x;
  return all;
}

template <typename G> constexpr int bytesOf = int(sizeof(typename G::RawDType));

template <typename T, typename G> constexpr void transferElements() {
  static_assert(bytes<T> == bytesOf<G>, "tile and global tensor have elements of one size");
  static_assert(
      isOneOf<ElementType<T>>(onArch(Int | Floats | BF16, Int | Floats | BF16 | LowPrecision)),
      "the element type can be moved between global memory and this chip");
}

/// A view in NZ has boxes of 16 rows and 32 bytes as its last two extents.
template <typename T, typename G> constexpr void viewOfBoxes() {
  static_assert(extent<G>(3) == 16 && extent<G>(4) == 32 / bytesOf<G>,
                "a global tensor in NZ ends in [16, 32 / sizeof(element)], both static");
  static_assert(mayBeEqual(T::ValidRow, product<G>(2, 3, 2, -1) == -1 ? -1 : extent<G>(2) * 16),
                "valid rows of an Nz tile = shape[2] * shape[3]");
  static_assert(bytes<T> < 8, "64-bit elements move in ND and DN only");
}

template <typename T, typename G> constexpr void sameFamily() {
  constexpr Layout layout = G::layout;
  static_assert((layout == Layout::ND && isND<T>) || (layout == Layout::DN && isDN<T>) ||
                    (layout == Layout::NZ && isNz<T>),
                "global tensor and tile have layouts of one family: ND to row-major, DN to "
                "column-major, NZ to Nz");
  if constexpr (layout == Layout::NZ)
    viewOfBoxes<T, G>();
}

template <typename T, typename G> constexpr void loadToUb() {
  sameFamily<T, G>();
  if constexpr (G::layout == Layout::ND) {
    static_assert(extent<G>(3) < 4096 && T::Rows < 4096, "an ND load has fewer than 4096 rows");
    static_assert(mayBeEqual(T::ValidRow, product<G>(0, 1, 2, 3)),
                  "ND: valid rows of the tile = shape[0] * shape[1] * shape[2] * shape[3]");
    static_assert(mayBeEqual(T::ValidCol, extent<G>(4)),
                  "ND: valid columns of the tile = shape[4]");
  }
  if constexpr (G::layout == Layout::DN) {
    static_assert(mayBeEqual(T::ValidRow, extent<G>(3)), "DN: valid rows of the tile = shape[3]");
    static_assert(mayBeEqual(T::ValidCol, product<G>(0, 1, 2, 4)),
                  "DN: valid columns of the tile = shape[0] * shape[1] * shape[2] * shape[4]");
  }
}

template <typename T, typename G> constexpr void loadIntoBoxes() {
  constexpr bool byRow = G::layout == Layout::ND;
  static_assert(isOne<G>(0) && isOne<G>(1) && isOne<G>(2),
                "a load that makes boxes takes one matrix: shape[0..2] = 1, static");
  static_assert(T::SFractalSize == 512, "a load that makes boxes makes those of 512 bytes");
  static_assert(extent<G>(byRow ? 3 : 4) <= 16384 && extent<G>(byRow ? 4 : 3) <= 65535,
                "a load that makes boxes: at most 16384 lines of at most 65535 elements");
  static_assert(G::staticStride[byRow ? 3 : 4] <= 65535,
                "a load that makes boxes: lines at most 65535 elements apart");
}

template <typename T, typename G> constexpr void loadToL1() {
  constexpr Layout layout = G::layout;
  if constexpr (layout == Layout::MX_A_ZZ || layout == Layout::MX_B_NN) {
    onlyA5<T>();
    static_assert(T::SFractalSize == 32 && (layout == Layout::MX_A_ZZ ? isZz<T> : isNn<T>),
                  "scales go from MX_A_ZZ to Zz and from MX_B_NN to Nn, in boxes of 32 bytes");
    static_assert(extent<G>(3) == 16 && extent<G>(4) == 2,
                  "a global tensor of scales ends in [16, 2], both static");
  } else if constexpr (layout > Layout::NZ) {
    onlyA5<T>();
  } else if constexpr ((layout == Layout::ND && isNz<T>) || (layout == Layout::DN && isZn<T>)) {
    loadIntoBoxes<T, G>();
  } else if constexpr (layout == Layout::DN && isNz<T>) {
    static_assert(isA5 || !sizeof(T), "L1: DN to Nz exists on a5 only");
    loadIntoBoxes<T, G>();
  } else {
    sameFamily<T, G>();
    static_assert(layout != Layout::ND || extent<G>(4) == -1 || extent<G>(4) * bytesOf<G> % 32 == 0,
                  "L1: rows of an ND load are a multiple of 32 bytes");
  }
}

template <typename T, typename G, AtomicType A> constexpr void atomicElements() {
  static_assert(A == AtomicType::AtomicNone ||
                    isOneOf<typename G::RawDType>(F32 | F16 | BF16 | S32 | S16 | S8),
                "atomic addition exists for float, half, bfloat16_t, int32_t, int16_t, int8_t");
}

/// Behind the accumulator: what a type may become (Dst = element behind the conversion). Owner is
/// the tile, so that each call is judged by itself.
template <typename Owner, typename Src, typename Dst> constexpr void plainFixpipe() {
  static_assert(isOneOf<Src>(F32 | S32), "an accumulator holds float or int32_t");
  static_assert(isOneOf<Src>(F32) ? isOneOf<Dst>(F32 | F16 | BF16) : isOneOf<Dst>(S32),
                "without a scale float becomes float, half or bfloat16_t, int32_t stays");
}
template <typename Owner, typename Src, typename Dst> constexpr void scaledFixpipe() {
  static_assert(isOneOf<Src>(F32 | S32), "an accumulator holds float or int32_t");
  static_assert(isOneOf<Dst>(isOneOf<Src>(F32) ? onArch(Int8, Int8 | F16 | BF16 | F32 | HIF8 | E4M3)
                                               : onArch(Int8 | F16 | S16, Int8 | F16 | BF16)),
                "with a scale float becomes an 8-bit integer (a5: also half, bfloat16_t, float, "
                "8-bit floats), int32_t an 8-bit integer or half (a5: also bfloat16_t)");
}

template <typename T, typename G, bool Scaled> constexpr void storeFromAcc() {
  static_assert(isNz<T>, "an accumulator is Nz");
  static_assert(G::layout == Layout::ND || G::layout == Layout::NZ ||
                    G::layout == Layout::NC1HWC0 || (isA5 && G::layout == Layout::DN),
                "an accumulator goes to ND, NZ or NC1HWC0 (a5: also DN)");
  static_assert(T::Cols >= 1 && T::Cols <= 4095 && mayBeInside(T::ValidCol, 1, 4095),
                "an accumulator that is stored has 1 to 4095 columns");
  static_assert(G::layout != Layout::ND || T::ValidRow <= 8192,
                "an accumulator stored to ND has at most 8192 rows");
  if constexpr (Scaled)
    scaledFixpipe<T, ElementType<T>, typename G::RawDType>();
  else
    plainFixpipe<T, ElementType<T>, typename G::RawDType>();
  static_assert(!Scaled || !isOneOf<typename G::RawDType>(S16),
                "nothing leaves L0C for global memory as int16_t");
}

template <typename T, typename G, AtomicType A, ReluPreMode R, bool Scaled> constexpr void store() {
  globals<G>();
  tiles<T>();
  atomicElements<T, G, A>();
  static_assert(is<T>(TileType::Vec) || is<T>(TileType::Mat) || is<T>(TileType::Acc),
                "TSTORE reads UB, L1 or L0C");
  if constexpr (is<T>(TileType::Acc)) {
    storeFromAcc<T, G, Scaled>();
  } else {
    static_assert(!is<T>(TileType::Mat) || !isA5, "L1 to global memory exists on a2/a3 only");
    static_assert(R == ReluPreMode::NoRelu && !Scaled, "only L0C is scaled and clamped on its way");
    transferElements<T, G>();
    if constexpr (T::Rows != 1 && T::Cols != 1)
      sameFamily<T, G>();
  }
}

} // namespace rule

template <typename D, typename G> RecordEvent TLOAD(D &, G &) {
  rule::tiles<D>();
  rule::globals<G>();
  static_assert(rule::is<D>(TileType::Vec) || rule::is<D>(TileType::Mat),
                "TLOAD fills UB or L1 (TileType::Vec, TileType::Mat)");
  rule::transferElements<D, G>();
  if constexpr (rule::is<D>(TileType::Vec))
    rule::loadToUb<D, G>();
  else
    rule::loadToL1<D, G>();
  return {};
}

template <typename D, typename G> RecordEvent TPREFETCH(D &, G &) {
  rule::tiles<D>();
  rule::globals<G>();
  static_assert(rule::is<D>(TileType::Vec) || rule::is<D>(TileType::Mat),
                "TPREFETCH is shaped like a load into UB or L1");
  static_assert(rule::bytes<D> == rule::bytesOf<G>, "elements of one size");
  return {};
}

// The phase stands first; whoever wants the atomic mode or the clamp spells both types.
template <typename S, typename G> RecordEvent TSTORE(G &, S &) {
  rule::store<S, G, AtomicType::AtomicNone, ReluPreMode::NoRelu, false>();
  return {};
}
template <STPhase Phase, typename S, typename G> RecordEvent TSTORE(G &, S &) {
  rule::store<S, G, AtomicType::AtomicNone, ReluPreMode::NoRelu, false>();
  return {};
}
template <typename S, typename G, AtomicType A> RecordEvent TSTORE(G &, S &) {
  rule::store<S, G, A, ReluPreMode::NoRelu, false>();
  return {};
}
template <STPhase Phase, typename S, typename G, AtomicType A> RecordEvent TSTORE(G &, S &) {
  rule::store<S, G, A, ReluPreMode::NoRelu, false>();
  return {};
}
template <typename S, typename G, AtomicType A, ReluPreMode R> RecordEvent TSTORE(G &, S &) {
  rule::store<S, G, A, R, false>();
  return {};
}
template <STPhase Phase, typename S, typename G, AtomicType A, ReluPreMode R>
RecordEvent TSTORE(G &, S &) {
  rule::store<S, G, A, R, false>();
  return {};
}
template <typename S, typename G, AtomicType A = AtomicType::AtomicNone,
          ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TSTORE(G &, S &, uint64_t) {
  rule::store<S, G, A, R, true>();
  return {};
}
template <STPhase Phase, typename S, typename G, AtomicType A = AtomicType::AtomicNone,
          ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TSTORE(G &, S &, uint64_t) {
  rule::store<S, G, A, R, true>();
  return {};
}
template <typename S, typename G, typename Fp, AtomicType A = AtomicType::AtomicNone,
          ReluPreMode R = ReluPreMode::NoRelu>
RecordEvent TSTORE_FP(G &, S &, Fp &) {
  rule::store<S, G, A, R, true>();
  static_assert(rule::is<S>(TileType::Acc), "TSTORE_FP reads L0C");
  static_assert(rule::is<Fp>(TileType::Scaling), "the scales lie in FB (TileType::Scaling)");
  static_assert(rule::isOneOf<rule::ElementType<Fp>>(rule::Int64),
                "a scale of L0C is a word of 64 bits");
  return {};
}

//===----------------------------------------------------------------------===//
// Gather and scatter in global memory
//===----------------------------------------------------------------------===//

namespace rule {
template <typename T, typename G, typename I> constexpr void gatherInUb() {
  inUb<T, I>();
  rowMajor<T>();
  globals<G>();
  static_assert(!I::isBoxedLayout, "the index tile has no boxes");
  static_assert(isOneOf<ElementType<I>>(S32 | U32), "indices have 32 bits");
  static_assert(std::is_same_v<ElementType<T>, typename G::RawDType>,
                "tile and table have one element type");
  static_assert(G::layout == Layout::ND, "the table is in ND");
}
template <typename T, typename G, typename I> constexpr void gatherIntoL1() {
  globals<G, I>();
  static_assert(
      is<T>(TileType::Mat) && isNz<T> && T::SFractalSize == 512,
      "a gather with indices in global memory fills an Nz tile of L1 with boxes of 512 bytes");
  static_assert(std::is_same_v<ElementType<T>, typename G::RawDType>,
                "tile and table have one element type");
  static_assert(isOneOf<typename I::RawDType>(S32 | U32), "indices have 32 bits");
  static_assert(G::layout == Layout::ND, "the table is in ND");
}
} // namespace rule

enum class GatherExec { Default };

template <typename D, typename G, typename I> rule::IfTile<I> MGATHER(D &, G &, I &) {
  rule::gatherInUb<D, G, I>();
  return {};
}
template <Coalesce C, typename D, typename G, typename I> rule::IfTile<I> MGATHER(D &, G &, I &) {
  rule::gatherInUb<D, G, I>();
  return {};
}
template <Coalesce C, GatherOOB O, typename D, typename G, typename I>
rule::IfTile<I> MGATHER(D &, G &, I &) {
  rule::gatherInUb<D, G, I>();
  return {};
}
// Into L1 the indices lie in global memory; whole rows need no scratch.
template <Coalesce C, typename D, typename G, typename I> rule::IfGlobal<I> MGATHER(D &, G &, I &) {
  rule::gatherIntoL1<D, G, I>();
  static_assert(C == Coalesce::Row, "a gather of single elements into L1 needs a scratch tensor");
  return {};
}
template <Coalesce C, GatherOOB O, typename D, typename G, typename I>
rule::IfGlobal<I> MGATHER(D &, G &, I &) {
  rule::gatherIntoL1<D, G, I>();
  static_assert(C == Coalesce::Row, "a gather of single elements into L1 needs a scratch tensor");
  return {};
}
template <Coalesce C, typename D, typename G, typename I, typename W>
rule::IfGlobal<I> MGATHER(D &, G &, I &, W &) {
  rule::gatherIntoL1<D, G, I>();
  return {};
}
template <Coalesce C, GatherOOB O, typename D, typename G, typename I, typename W>
rule::IfGlobal<I> MGATHER(D &, G &, I &, W &) {
  rule::gatherIntoL1<D, G, I>();
  return {};
}
template <Coalesce C, GatherOOB O, GatherExec E, typename D, typename G, typename I, typename W>
rule::IfGlobal<I> MGATHER(D &, G &, I &, W &) {
  rule::gatherIntoL1<D, G, I>();
  return {};
}

template <typename G, typename S, typename I> RecordEvent MSCATTER(G &, S &, I &) {
  rule::gatherInUb<S, G, I>();
  return {};
}
template <Coalesce C, typename G, typename S, typename I> RecordEvent MSCATTER(G &, S &, I &) {
  rule::gatherInUb<S, G, I>();
  return {};
}
template <Coalesce C, ScatterAtomicOp A, typename G, typename S, typename I>
RecordEvent MSCATTER(G &, S &, I &) {
  rule::gatherInUb<S, G, I>();
  static_assert(A == ScatterAtomicOp::None || A != ScatterAtomicOp::Add ||
                    rule::isOneOf<rule::ElementType<S>>(rule::S32 | rule::F16 | rule::F32),
                "atomic addition: int32_t, half, float");
  static_assert((A != ScatterAtomicOp::Max && A != ScatterAtomicOp::Min) ||
                    rule::isOneOf<rule::ElementType<S>>(rule::S32 | rule::F32),
                "atomic maximum and minimum: int32_t, float");
  return {};
}
template <Coalesce C, ScatterAtomicOp A, ScatterOOB O, typename G, typename S, typename I>
RecordEvent MSCATTER(G &g, S &s, I &i) {
  return MSCATTER<C, A>(g, s, i);
}
template <Coalesce C, ScatterAtomicOp A, ScatterOOB O, ScatterConflict F, typename G, typename S,
          typename I>
RecordEvent MSCATTER(G &g, S &s, I &i) {
  return MSCATTER<C, A>(g, s, i);
}

} // namespace pto
