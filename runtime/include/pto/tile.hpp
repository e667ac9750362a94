// Global tensors, tiles, addresses.
#pragma once
#include "arch.hpp"
#include "element.hpp"
#include "enums.hpp"

namespace pto {

constexpr int64_t DYNAMIC = -1;
/// What an instruction returns to those who record events.
struct RecordEvent {};

namespace rule {
/// Five extents or strides. Built from as many integers as are open, from all five, or from nothing
/// when none is open.
template <int64_t... N> struct Dims {
  static constexpr int open = ((N == DYNAMIC) + ... + 0);
  int64_t value[5] = {N...};
  Dims() { static_assert(open == 0, "open dimensions (-1) need a value each"); }
  template <typename... I> explicit Dims(int64_t first, I... rest) {
    constexpr int given = 1 + sizeof...(rest);
    static_assert(given == open || given == 5, "one value per open dimension, or all five");
    static_assert((std::is_convertible_v<I, int64_t> && ...), "dimensions are integers");
    const int64_t values[] = {first, int64_t(rest)...};
    for (int i = 0, next = 0; i < 5; ++i)
      if (given == 5 || value[i] == DYNAMIC)
        value[i] = values[next++];
  }
};
} // namespace rule

template <int64_t N1, int64_t N2, int64_t N3, int64_t N4, int64_t N5>
struct Shape : rule::Dims<N1, N2, N3, N4, N5> {
  using rule::Dims<N1, N2, N3, N4, N5>::Dims;
  static constexpr int64_t staticShape[5] = {N1, N2, N3, N4, N5};
};
template <int64_t S1, int64_t S2, int64_t S3, int64_t S4, int64_t S5>
struct Stride : rule::Dims<S1, S2, S3, S4, S5> {
  using rule::Dims<S1, S2, S3, S4, S5>::Dims;
  static constexpr int64_t staticStride[5] = {S1, S2, S3, S4, S5};
};

namespace rule {
/// Extents and strides of a block of R x C elements, contiguous in its layout.
template <typename T, int64_t R, int64_t C, Layout L> struct Block2D {
  static_assert(L == Layout::ND || L == Layout::DN || L == Layout::NZ,
                "a block is in ND, DN or NZ");
  static constexpr bool boxed = L == Layout::NZ;
  static constexpr int64_t c0 = 32 / int64_t(sizeof(T));
  using Extents = std::conditional_t<boxed, Shape<1, C / c0, R / 16, 16, c0>, Shape<1, 1, 1, R, C>>;
  using Steps =
      std::conditional_t<boxed, Stride<R * C, R * c0, 16 * c0, c0, 1>,
                         std::conditional_t<L == Layout::ND, Stride<R * C, R * C, R * C, C, 1>,
                                            Stride<R * C, R * C, R * C, 1, R>>>;
};
} // namespace rule
template <typename T, int64_t R, int64_t C, Layout L = Layout::ND>
using TileShape2D = typename rule::Block2D<T, R, C, L>::Extents;
template <typename T, int64_t R, int64_t C, Layout L = Layout::ND>
using BaseShape2D = typename rule::Block2D<T, R, C, L>::Steps;

/// Global memory seen as five dimensions; strides count elements. `Tag`: see Tile.
template <typename Element, typename ShapeT, typename StrideT, Layout L = Layout::ND,
          typename Tag = void>
class GlobalTensor {
public:
  using RawDType = Element;
  using DType = __gm__ Element;
  static constexpr Layout layout = L;
  static constexpr const int64_t *staticShape = ShapeT::staticShape;
  static constexpr const int64_t *staticStride = StrideT::staticStride;
  static_assert(rule::ElementOf<Element>::value != 0, "a global tensor holds numbers of the chip");

  GlobalTensor() = default;
  explicit GlobalTensor(DType *pointer) : GlobalTensor(pointer, ShapeT(), StrideT()) {}
  GlobalTensor(DType *pointer, const ShapeT &s) : GlobalTensor(pointer, s, StrideT()) {}
  GlobalTensor(DType *pointer, const ShapeT &s, const StrideT &t)
      : pointer(pointer), shape(s), stride(t) {}

  DType *data() const { return pointer; }
  int64_t GetShape(int dim) const { return shape.value[dim]; }
  int64_t GetShape(GlobalTensorDim dim) const { return shape.value[int(dim)]; }
  int64_t GetStride(int dim) const { return stride.value[dim]; }
  int64_t GetStride(GlobalTensorDim dim) const { return stride.value[int(dim)]; }
  void SetShape(const ShapeT &s) { shape = s; }
  void SetStride(const StrideT &t) { stride = t; }
  void setPointer(DType *p) { pointer = p; }

private:
  DType *pointer = nullptr;
  ShapeT shape;
  StrideT stride;
};

namespace rule {
/// A pointer into the memory that a tile lives in; the bias table has numbers instead.
template <TileType Loc, typename T> struct Pointer;
#define PTO_POINTER(LOC, QUALIFIER)                                                                \
  template <typename T> struct Pointer<TileType::LOC, T> {                                         \
    using type = QUALIFIER T *;                                                                    \
  };
PTO_POINTER(Vec, __ubuf__)
PTO_POINTER(Mat, __cbuf__)
PTO_POINTER(Left, __ca__)
PTO_POINTER(Right, __cb__)
PTO_POINTER(Acc, __cc__)
PTO_POINTER(Scaling, __fbuf__)
PTO_POINTER(ScaleLeft, __fbuf__)
PTO_POINTER(ScaleRight, __fbuf__)
PTO_POINTER(Ctrl, __ssbuf__)
#undef PTO_POINTER
template <typename T> struct Pointer<TileType::Bias, T> {
  using type = uint64_t;
};

/// Bytes of each memory; 0 where the chip has none.
constexpr int64_t capacity(TileType loc) {
  constexpr int64_t k = 1024;
  switch (loc) {
  case TileType::Vec:
    return isA5 ? 256 * k : 192 * k;
  case TileType::Mat:
    return 512 * k;
  case TileType::Left:
  case TileType::Right:
    return 64 * k;
  case TileType::Acc:
    return isA5 ? 256 * k : 128 * k;
  case TileType::Bias:
    return isA5 ? 4 * k : k;
  case TileType::Scaling:
    return isA5 ? 4 * k : 2 * k;
  case TileType::ScaleLeft:
  case TileType::ScaleRight:
    return isA5 ? 4 * k : 0;
  case TileType::Ctrl:
    return 0;
  }
  return 0;
}
} // namespace rule

/// `Tag` is ours and means nothing. A compiler asserts once per specialisation, so tests that want
/// to hear of each wrong call give every call tiles of its own.
template <TileType LocT, typename Element, int RowsT, int ColsT, BLayout B = BLayout::RowMajor,
          int RowValid = RowsT, int ColValid = ColsT, SLayout S = SLayout::NoneBox,
          int FractalSize = 512, PadValue Pad = PadValue::Null,
          CompactMode CompactT = CompactMode::Null, typename Tag = void>
class Tile {
public:
  using DType = Element;
  using TileDType = typename rule::Pointer<LocT, Element>::type;
  static constexpr TileType Loc = LocT;
  static constexpr int Rows = RowsT, Cols = ColsT, Numel = RowsT * ColsT;
  static constexpr int ValidRow = RowValid, ValidCol = ColValid;
  static constexpr bool isRowMajor = B == BLayout::RowMajor;
  static constexpr bool isBoxedLayout = S != SLayout::NoneBox;
  static constexpr SLayout SFractal = S;
  static constexpr int SFractalSize = FractalSize;
  static constexpr PadValue PadVal = Pad;
  static constexpr CompactMode Compact = CompactT;
  static constexpr int RowStride = isRowMajor ? Cols : 1, ColStride = isRowMajor ? 1 : Rows;
  static constexpr int InnerC0 = 32 / int(sizeof(Element));
  static constexpr int InnerRows = !isBoxedLayout           ? 1
                                   : FractalSize == 1024    ? 16
                                   : FractalSize == 32      ? (S == SLayout::RowMajor ? 16 : 2)
                                   : S == SLayout::RowMajor ? 16
                                                            : InnerC0;
  static constexpr int InnerCols = !isBoxedLayout           ? 1
                                   : FractalSize == 1024    ? 16
                                   : FractalSize == 32      ? (S == SLayout::RowMajor ? 2 : 16)
                                   : S == SLayout::RowMajor ? InnerC0
                                                            : 16;
  static constexpr int InnerNumel = InnerRows * InnerCols;

  static_assert(rule::ElementOf<Element>::value != 0, "a tile holds numbers of the chip");
  static_assert(rule::isA5 || !rule::isOneOf<Element>(rule::LowPrecision),
                "floats of 8 and 4 bits exist on a5 only");
  static_assert(Rows > 0 && Cols > 0, "a tile has rows and columns");
  static_assert(FractalSize == 512 || FractalSize == 1024 || FractalSize == 32,
                "the fractal size is 512, 1024 or 32");
  static_assert(isBoxedLayout || !isRowMajor || Cols * sizeof(Element) % 32 == 0,
                "a row-major tile without boxes has rows of a multiple of 32 bytes");
  static_assert(isBoxedLayout || isRowMajor || Rows * sizeof(Element) % 32 == 0,
                "a column-major tile without boxes has columns of a multiple of 32 bytes");
  static_assert(Cols % InnerCols == 0, "the columns of a boxed tile are a multiple of its box");
  static_assert(Rows % InnerRows == 0 || Loc == TileType::Vec || FractalSize == 32 || Rows == 1,
                "the rows of a boxed tile are a multiple of its box");
  static_assert(RowValid <= Rows && ColValid <= Cols, "valid extents lie within the tile");
  static_assert(RowValid >= -1 && ColValid >= -1, "a valid extent is a number or -1 (open)");

  Tile() { static_assert(open == 0, "open valid extents (-1) need a value each"); }
  explicit Tile(int64_t value)
      : rows(openRow ? value : RowValid), cols(openRow ? ColValid : value) {
    static_assert(open == 1, "one value per open valid extent");
  }
  Tile(int64_t r, int64_t c) : rows(r), cols(c) {
    static_assert(open == 2, "one value per open valid extent");
  }

  int64_t GetValidRow() const { return rows; }
  int64_t GetValidCol() const { return cols; }
  void SetValidRow(int64_t r) {
    static_assert(openRow, "the valid rows of this tile are static");
    rows = r;
  }
  void SetValidCol(int64_t c) {
    static_assert(openCol, "the valid columns of this tile are static");
    cols = c;
  }
  void SetValidShape(int64_t r, int64_t c) {
    static_assert(open == 2, "both valid extents of the tile must be open (-1)");
    rows = r;
    cols = c;
  }
  void SetKAligned(bool value) {
    static_assert(Loc == TileType::Left || Loc == TileType::Right, "only L0A and L0B align K");
    kAligned = value;
  }
  bool GetKAligned() const { return kAligned; }

  TileDType &data() { return memory; }
  const TileDType &data() const { return memory; }
  Element GetValue(int64_t) const {
    static_assert(Loc == TileType::Vec, "the scalar unit reads tiles in UB only");
    return Element();
  }
  void SetValue(int64_t, Element) {
    static_assert(Loc == TileType::Vec, "the scalar unit writes tiles in UB only");
  }

private:
  static constexpr bool openRow = RowValid == -1, openCol = ColValid == -1;
  static constexpr int open = openRow + openCol;
  int64_t rows = RowValid, cols = ColValid;
  bool kAligned = false;
  TileDType memory = TileDType();
};

namespace rule {
constexpr BLayout leftLayout = isA5 ? BLayout::ColMajor : BLayout::RowMajor;
}
template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeft = Tile<TileType::Left, T, R, C, rule::leftLayout, VR, VC, SLayout::RowMajor, 512>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRight = Tile<TileType::Right, T, R, C, BLayout::RowMajor, VR, VC, SLayout::ColMajor, 512>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileAcc = Tile<TileType::Acc, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor, 1024>;
// Their boxes are laid out for the valid region.
template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeftCompact = Tile<TileType::Left, T, R, C, rule::leftLayout, VR, VC, SLayout::RowMajor,
                             512, PadValue::Null, CompactMode::Normal>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRightCompact = Tile<TileType::Right, T, R, C, BLayout::RowMajor, VR, VC,
                              SLayout::ColMajor, 512, PadValue::Null, CompactMode::Normal>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileAccCompact = Tile<TileType::Acc, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor,
                            1024, PadValue::Null, CompactMode::Normal>;
// Scales of the MX products (a5).
template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeftScale =
    Tile<TileType::ScaleLeft, T, R, C, BLayout::RowMajor, VR, VC, SLayout::RowMajor, 32>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRightScale =
    Tile<TileType::ScaleRight, T, R, C, BLayout::ColMajor, VR, VC, SLayout::ColMajor, 32>;

namespace rule {
template <typename T> struct IsTile : std::false_type {};
template <TileType L, typename E, int R, int C, BLayout B, int VR, int VC, SLayout S, int F,
          PadValue P, CompactMode M, typename Tag>
struct IsTile<Tile<L, E, R, C, B, VR, VC, S, F, P, M, Tag>> : std::true_type {};
template <typename T> struct IsGlobal : std::false_type {};
template <typename E, typename S, typename T, Layout L, typename Tag>
struct IsGlobal<GlobalTensor<E, S, T, L, Tag>> : std::true_type {};

template <typename T> using IfTile = std::enable_if_t<IsTile<T>::value, RecordEvent>;
template <typename T> using IfGlobal = std::enable_if_t<IsGlobal<T>::value, RecordEvent>;

template <typename... T> constexpr void tiles() {
  static_assert((IsTile<T>::value && ...), "a tile (pto::Tile) is expected here");
}
template <typename... T> constexpr void globals() {
  static_assert((IsGlobal<T>::value && ...),
                "a global tensor (pto::GlobalTensor) is expected here");
}
} // namespace rule

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

/// `address` is an offset in bytes in the tile's memory.
template <typename T, typename Address> rule::IfTile<T> TASSIGN(T &tile, Address address) {
  static_assert(std::is_integral_v<Address>, "the address of a tile is a number of bytes");
  static_assert(int64_t(T::Numel) * int64_t(sizeof(typename T::DType)) <= rule::capacity(T::Loc),
                "the tile fits into its memory: UB 192 K (a5: 256 K), L1 512 K, L0A and L0B 64 K, "
                "L0C 128 K (a5: 256 K), BT 1 K (a5: 4 K), FB 2 K (a5: 4 K)");
  tile.data() = (typename T::TileDType)(uint64_t)address;
  return {};
}
template <typename T, typename Pointer> rule::IfGlobal<T> TASSIGN(T &tensor, Pointer *pointer) {
  static_assert(std::is_same_v<Pointer, typename T::DType>,
                "a global tensor points to elements of its type in global memory");
  tensor.setPointer(pointer);
  return {};
}
template <uint64_t Address, typename T> rule::IfTile<T> TASSIGN(T &tile) {
  static_assert(Address % 32 == 0, "the address of a tile is a multiple of 32 bytes");
  static_assert(Address + uint64_t(T::Numel) * sizeof(typename T::DType) <=
                    uint64_t(rule::capacity(T::Loc)),
                "the tile ends inside its memory");
  return TASSIGN(tile, Address);
}

template <typename D, typename S> RecordEvent TRESHAPE(D &dst, S &src) {
  rule::tiles<D, S>();
  static_assert(D::Loc == S::Loc, "TRESHAPE: both tiles live in one memory");
  static_assert(D::Numel * sizeof(typename D::DType) == S::Numel * sizeof(typename S::DType),
                "TRESHAPE: both tiles have equally many bytes");
  static_assert(D::isBoxedLayout == S::isBoxedLayout,
                "TRESHAPE: both tiles have boxes, or none of them has");
  dst.data() = (typename D::TileDType)(uint64_t)src.data();
  return {};
}
#ifndef PTO_NPU_ARCH_A5
template <typename D, typename S> RecordEvent TSUBVIEW(D &dst, S &src, uint16_t, uint16_t) {
  rule::tiles<D, S>();
  static_assert(D::Loc == S::Loc, "TSUBVIEW: both tiles live in one memory");
  dst.data() = src.data();
  return {};
}
#endif

template <PrintFormat F = PrintFormat::Width8_Precision4, typename T> void TPRINT(T &) {
  static_assert(rule::IsTile<T>::value || rule::IsGlobal<T>::value,
                "TPRINT: a tile or a global tensor");
}
template <PrintFormat F = PrintFormat::Width8_Precision4, typename T, typename G>
void TPRINT(T &, G &) {
  rule::tiles<T>();
  rule::globals<G>();
}

} // namespace pto
