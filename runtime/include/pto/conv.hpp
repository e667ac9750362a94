// Convolutions as matrix products: feature maps in L1, unrolled on their way into L0A.
#pragma once
#include "check.hpp"

namespace pto {

template <int64_t... N> struct ConvTileShape : rule::Dims<N...> {
  using rule::Dims<N...>::Dims;
  static constexpr int rank = sizeof...(N);
};

/// A feature map or a filter in L1; `BufferSize` counts bytes.
template <TileType LocT, typename Element, int BufferSize, Layout L, typename ShapeT>
class ConvTile {
public:
  using DType = Element;
  static constexpr TileType Loc = LocT;
  static constexpr Layout layout = L;
  static_assert(LocT == TileType::Mat, "a feature map lies in L1 (TileType::Mat)");
  static_assert(rule::ElementOf<Element>::value != 0, "a feature map holds numbers of the chip");
  static_assert(BufferSize > 0 && BufferSize <= rule::capacity(TileType::Mat),
                "the feature map fits into L1");
  static_assert(L >= Layout::NC1HWC0 || L == Layout::NZ, "a layout of convolutions");
  ConvTile() = default;
  explicit ConvTile(const ShapeT &s) : shape(s) {}
  int64_t GetShape(int dim) const { return shape.value[dim]; }

private:
  ShapeT shape;
};

namespace rule {
template <typename T> struct IsConv : std::false_type {};
template <TileType P, typename E, int N, Layout L, typename S>
struct IsConv<ConvTile<P, E, N, L, S>> : std::true_type {};
template <typename T> constexpr void convTile() {
  static_assert(IsConv<T>::value, "a feature map (pto::ConvTile) is expected here");
}
} // namespace rule

template <SetFmatrixMode M = SetFmatrixMode::FMATRIX_A_AUTO, typename C> void SETFMATRIX(C &) {
  rule::convTile<C>();
}
template <typename C> void SET_IMG2COL_RPT(C &) { rule::convTile<C>(); }
template <typename C> void SET_IMG2COL_PADDING(C &) { rule::convTile<C>(); }
template <typename D, typename C, SetFmatrixMode M = SetFmatrixMode::FMATRIX_A_AUTO>
RecordEvent TIMG2COL(D &, C &, uint16_t posM = 0, uint16_t posK = 0) {
  rule::tiles<D>();
  rule::convTile<C>();
  static_assert(D::Loc == TileType::Left, "TIMG2COL fills L0A (TileType::Left)");
  static_assert(std::is_same_v<typename D::DType, typename C::DType>,
                "TIMG2COL keeps the element type");
  return {};
}

} // namespace pto
