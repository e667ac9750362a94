// Rules that families of instructions share. Each is a function of types that instantiates its
// static_asserts; the trace of the compiler shows the call and the tiles.
#pragma once
#include "tile.hpp"

namespace pto {
namespace rule {

template <typename T> using ElementType = typename T::DType;
template <typename T> constexpr int bytes = int(sizeof(typename T::DType));
template <typename T> constexpr bool is(TileType loc) { return T::Loc == loc; }

// Layouts by name (section 1.3 of the library page of ptoas).
template <typename T> constexpr bool isND = T::isRowMajor && !T::isBoxedLayout;
template <typename T> constexpr bool isDN = !T::isRowMajor && !T::isBoxedLayout;
template <typename T> constexpr bool isNz = !T::isRowMajor && T::SFractal == SLayout::RowMajor;
template <typename T> constexpr bool isZz = T::isRowMajor && T::SFractal == SLayout::RowMajor;
template <typename T> constexpr bool isZn = T::isRowMajor && T::SFractal == SLayout::ColMajor;
template <typename T> constexpr bool isNn = !T::isRowMajor && T::SFractal == SLayout::ColMajor;

constexpr bool mayBeEqual(int64_t a, int64_t b) { return a == b || a == -1 || b == -1; }
constexpr bool mayBeInside(int64_t n, int64_t low, int64_t high) {
  return n == -1 || (n >= low && n <= high);
}

template <typename... T> constexpr void inUb() {
  tiles<T...>();
  static_assert((is<T>(TileType::Vec) && ...),
                "the operands of a vector instruction are tiles in UB (TileType::Vec)");
}
template <typename... T> constexpr void rowMajor() {
  static_assert((isND<T> && ...), "row-major tiles without boxes (BLayout::RowMajor, "
                                  "SLayout::NoneBox)");
}
template <typename First, typename... Rest> constexpr void sameElement() {
  static_assert((std::is_same_v<ElementType<First>, ElementType<Rest>> && ...),
                "tiles of one element type");
}
template <Elements A3, Elements A5, typename T> constexpr void elements() {
  static_assert(isOneOf<ElementType<T>>(onArch(A3, A5)),
                "the instruction does not exist for this element type on this chip");
}
/// Equal valid extents; one that is open matches any.
template <typename First, typename... Rest> constexpr void sameValid() {
  static_assert((mayBeEqual(First::ValidRow, Rest::ValidRow) && ...), "equally many valid rows");
  static_assert((mayBeEqual(First::ValidCol, Rest::ValidCol) && ...), "equally many valid columns");
}
template <typename T> constexpr void onlyA5() {
  static_assert(isA5 || !sizeof(T), "the instruction exists on a5 only");
}

/// dst, sources: what most vector instructions want.
template <Elements A3, Elements A5, typename First, typename... Rest> constexpr void vector() {
  inUb<First, Rest...>();
  rowMajor<First, Rest...>();
  elements<A3, A5, First>();
  sameElement<First, Rest...>();
  sameValid<First, Rest...>();
}
template <typename... T> constexpr void scratch() { inUb<T...>(); }

} // namespace rule
} // namespace pto
