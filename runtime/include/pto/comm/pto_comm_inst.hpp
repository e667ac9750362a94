// Between ranks: transfers through a staging tile, signals, collectives, asynchronous copies.
#pragma once
#include "../check.hpp"
#include "../intrinsics.hpp"
#include "../transfer.hpp"

namespace pto {
namespace comm {

enum class NotifyOp { AtomicAdd = 0, Set = 1 };
enum class WaitCmp { EQ = 0, NE = 1, GT = 2, GE = 3, LT = 4, LE = 5 };
enum class ReduceOp { Sum, Max, Min };
enum class DmaEngine { SDMA, URMA, RDMA };
enum class CollEngine { AIV, CCU };

using Signal = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 1>, Stride<1, 1, 1, 1, 1>>;
template <int64_t R, int64_t C>
using Signal2D = GlobalTensor<int32_t, Shape<1, 1, 1, R, C>, Stride<R * C, R * C, R * C, C, 1>>;

} // namespace comm

namespace rule {

template <typename... Staging> constexpr void staged() {
  tiles<Staging...>();
  static_assert((is<Staging>(TileType::Vec) && ...), "data between ranks goes through tiles in UB");
}
template <typename D, typename S, typename... Staging> constexpr void transferred() {
  globals<D, S>();
  staged<Staging...>();
  using E = typename S::RawDType;
  static_assert(std::is_same_v<E, typename D::RawDType> &&
                    (std::is_same_v<E, ElementType<Staging>> && ...),
                "both tensors and the staging tiles have one element type");
  static_assert(D::layout == S::layout, "both tensors have one layout");
}
template <typename First, typename Second> constexpr void pair() {
  static_assert(std::is_same_v<First, Second>, "both staging tiles have one type");
}
template <typename G> constexpr void signal() {
  globals<G>();
  static_assert(isOneOf<typename G::RawDType>(S32), "a signal is an int32_t in global memory");
}
} // namespace rule

namespace comm {

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

template <AtomicType A = AtomicType::AtomicNone, typename D, typename S, typename T>
RecordEvent TPUT(D &, S &, T &) {
  rule::transferred<D, S, T>();
  ::pto::rule::atomicElements<S, D, A>();
  return {};
}
template <typename D, typename S, typename T> RecordEvent TPUT(D &, S &, T &, AtomicType) {
  rule::transferred<D, S, T>();
  return {};
}
template <AtomicType A = AtomicType::AtomicNone, typename D, typename S, typename T, typename U>
rule::IfTile<U> TPUT(D &, S &, T &, U &) {
  rule::transferred<D, S, T, U>();
  ::pto::rule::atomicElements<S, D, A>();
  rule::pair<T, U>();
  return {};
}
template <typename D, typename S, typename T> RecordEvent TGET(D &, S &, T &) {
  rule::transferred<D, S, T>();
  return {};
}
template <typename D, typename S, typename T, typename U> RecordEvent TGET(D &, S &, T &, U &) {
  rule::transferred<D, S, T, U>();
  rule::pair<T, U>();
  return {};
}

//===----------------------------------------------------------------------===//
// Signals
//===----------------------------------------------------------------------===//

template <typename G> void TNOTIFY(G &, int32_t, NotifyOp) { rule::signal<G>(); }
template <typename G> void TWAIT(G &, int32_t, WaitCmp) { rule::signal<G>(); }
template <typename G> bool TTEST(G &, int32_t, WaitCmp) {
  rule::signal<G>();
  return false;
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

/// One tensor per rank; the root works, the others synchronise.
template <typename G> struct ParallelGroup {
  G *tensors = nullptr;
  int nranks = 0, rootIdx = 0;
  static ParallelGroup Create(G *tensors, int ranks, int root) { return {tensors, ranks, root}; }
  G &operator[](int rank) { return tensors[rank]; }
};

#define PTO_COLLECTIVE(NAME)                                                                       \
  template <CollEngine E = CollEngine::AIV, typename P, typename G, typename T>                    \
  RecordEvent NAME(ParallelGroup<P> &, G &, T &) {                                                 \
    rule::transferred<P, G, T>();                                                                  \
    return {};                                                                                     \
  }                                                                                                \
  template <CollEngine E = CollEngine::AIV, typename P, typename G, typename T, typename U>        \
  RecordEvent NAME(ParallelGroup<P> &, G &, T &, U &) {                                            \
    rule::transferred<P, G, T, U>();                                                               \
    rule::pair<T, U>();                                                                            \
    return {};                                                                                     \
  }
PTO_COLLECTIVE(TGATHER)
PTO_COLLECTIVE(TSCATTER)
PTO_COLLECTIVE(TBROADCAST)
#undef PTO_COLLECTIVE

template <CollEngine E = CollEngine::AIV, typename P, typename G, typename Acc, typename T>
RecordEvent TREDUCE(ParallelGroup<P> &, G &, Acc &, T &, ReduceOp) {
  rule::transferred<P, G, Acc, T>();
  return {};
}
template <CollEngine E = CollEngine::AIV, typename P, typename G, typename Acc, typename T,
          typename U>
RecordEvent TREDUCE(ParallelGroup<P> &, G &, Acc &, T &, U &, ReduceOp) {
  rule::transferred<P, G, Acc, T, U>();
  rule::pair<T, U>();
  return {};
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

struct AsyncSession {};
struct AsyncEvent {
  bool Wait(const AsyncSession &) const { return true; }
  bool Test(const AsyncSession &) const { return true; }
};
namespace sdma {
struct SdmaBaseConfig {
  uint64_t block_bytes, comm_block_offset;
  uint32_t queue_num;
};
} // namespace sdma

template <DmaEngine E = DmaEngine::SDMA, typename T>
bool BuildAsyncSession(T &, __gm__ uint8_t *, AsyncSession &, uint32_t syncId = 0,
                       const sdma::SdmaBaseConfig &config = {32768, 0, 1},
                       uint32_t channelGroup = UINT32_MAX) {
  rule::staged<T>();
  return true;
}
#define PTO_ASYNC(NAME)                                                                            \
  template <DmaEngine E = DmaEngine::SDMA, typename D, typename S>                                 \
  AsyncEvent NAME(D &, S &, const AsyncSession &) {                                                \
    rule::transferred<D, S>();                                                                     \
    return {};                                                                                     \
  }                                                                                                \
  template <DmaEngine E = DmaEngine::SDMA, typename D, typename S>                                 \
  AsyncEvent NAME(D &, S &, const AsyncSession &, uint32_t) {                                      \
    rule::transferred<D, S>();                                                                     \
    return {};                                                                                     \
  }
PTO_ASYNC(TPUT_ASYNC)
PTO_ASYNC(TGET_ASYNC)
#undef PTO_ASYNC

} // namespace comm

struct PrefetchAsyncContext {
  template <typename T> explicit PrefetchAsyncContext(__gm__ T *) {}
  comm::AsyncSession session;
};
template <typename G> comm::AsyncEvent TPREFETCH_ASYNC(G &, PrefetchAsyncContext &) {
  rule::globals<G>();
  return {};
}

} // namespace pto
