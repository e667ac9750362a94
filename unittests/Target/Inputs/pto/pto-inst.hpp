// The least of the tile library that lets printed kernels compile on a host: names and signatures,
// nothing behind them. Scalar arithmetic is real, so that printed expressions can be run.
#pragma once
#include <cstdint>
#include <cstdio>

#define AICORE
#define __global__
#define __gm__
typedef _Float16 half;
/// Hosts have the type, but not all have the conversions.
struct bfloat16_t {
  explicit bfloat16_t(float value) {
    uint32_t all = __builtin_bit_cast(uint32_t, value);
    bits = (all + 0x7fff + (all >> 16 & 1)) >> 16;
  }
  explicit operator float() const { return __builtin_bit_cast(float, (uint32_t)bits << 16); }
  uint16_t bits;
};
enum pipe_t { PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_ALL, PIPE_FIX };
enum event_t {
  EVENT_ID0,
  EVENT_ID1,
  EVENT_ID2,
  EVENT_ID3,
  EVENT_ID4,
  EVENT_ID5,
  EVENT_ID6,
  EVENT_ID7
};
enum mem_dsb_t { DSB_DDR };
inline uint64_t getFFTSMsg(int mode, int64_t id) { return 1 | mode << 4 | id << 8; }
inline void ffts_cross_core_sync(pipe_t, uint64_t) {}
inline void wait_flag_dev(int64_t) {}
inline void wait_flag_dev(pipe_t, int64_t) {}
inline void set_ffts_base_addr(uint64_t) {}
inline void set_intra_block(pipe_t, int64_t) {}
inline void wait_intra_block(pipe_t, int64_t) {}
inline void get_buf(pipe_t, int64_t, int) {}
inline void rls_buf(pipe_t, int64_t, int) {}
struct cache_line_t {
  static constexpr int SINGLE_CACHE_LINE = 0;
  static constexpr int ENTIRE_DATA_CACHE = 1;
};
inline void set_flag(pipe_t, pipe_t, event_t) {}
inline void wait_flag(pipe_t, pipe_t, event_t) {}
inline void pipe_barrier(pipe_t) {}
inline void dsb(mem_dsb_t) {}
inline void dcci(void *, int) {}
inline void set_mask_norm() {}
inline void set_vector_mask(uint64_t, uint64_t) {}
inline int64_t get_block_idx() { return 0; }
inline int64_t get_block_num() { return 1; }
#ifndef get_subblockid
inline int64_t get_subblockid() { return 0; }
#endif
inline int64_t get_subblockdim() { return 2; }

inline void trap() {}
namespace cce {
using std::printf;
}

namespace pto {
enum class TileType { Vec, Mat, Left, Right, Acc, Bias, Scaling };
enum class BLayout { RowMajor, ColMajor };
enum class SLayout { NoneBox, RowMajor, ColMajor };
enum class PadValue { Null, Zero, Max, Min };
enum class CompactMode { Null, Normal, RowPlusOne };
enum class Layout { ND, DN, NZ };
enum class AtomicType { AtomicNone, AtomicAdd };
enum class ReluPreMode { NoRelu, NormalRelu };
enum class SyncAllMode { Hard, Soft };
enum class SyncCoreType { AIVOnly, AICOnly, Mix };
template <SyncCoreType> void SYNCALL() {}
template <SyncAllMode, SyncCoreType, typename G> void SYNCALL(G &, int32_t) {}
enum class PrintFormat { Width8_Precision4, Width8_Precision2, Width10_Precision6 };
enum class STPhase { Unspecified = 0, Partial = 2, Final = 3 };
enum class AccPhase { Unspecified = 0, Partial = 2, Final = 3 };

/// As many integers as there are -1 in the template list, in order, or nothing when there is none.
template <int64_t... N> struct Dims {
  static constexpr int open = ((N == -1) + ...);
  Dims() { static_assert(open == 0, "open dimensions need values"); }
  template <typename... I> explicit Dims(int64_t first, I... rest) {
    static_assert(1 + sizeof...(rest) == open, "one value per open dimension");
  }
};
template <int64_t A, int64_t B, int64_t C, int64_t D, int64_t E>
struct Shape : Dims<A, B, C, D, E> {
  using Dims<A, B, C, D, E>::Dims;
};
template <int64_t A, int64_t B, int64_t C, int64_t D, int64_t E>
struct Stride : Dims<A, B, C, D, E> {
  using Dims<A, B, C, D, E>::Dims;
};

template <typename T, typename S, typename D, Layout L = Layout::ND> struct GlobalTensor {
  explicit GlobalTensor(T *p) : GlobalTensor(p, S(), D()) {}
  GlobalTensor(T *p, S s) : GlobalTensor(p, s, D()) {}
  GlobalTensor(T *p, S, D) : pointer(p) {}
  int64_t GetShape(int) const { return 1; }
  T *pointer;
};

template <TileType K, typename T, int R, int C, BLayout B = BLayout::RowMajor, int VR = R,
          int VC = C, SLayout S = SLayout::NoneBox, int F = 512, PadValue P = PadValue::Null,
          CompactMode M = CompactMode::Null>
struct Tile {
  static constexpr int open = (VR == -1) + (VC == -1);
  Tile() { static_assert(open == 0, "open extents need values"); }
  explicit Tile(int64_t) { static_assert(open == 1, "one value per open extent"); }
  Tile(int64_t, int64_t) { static_assert(open == 2, "one value per open extent"); }
  T GetValue(int64_t) const { return T(); }
  void SetValue(int64_t, T) {}
  uint64_t address = 0;
};
template <typename Object> void TASSIGN(Object &t, uint64_t address) { t.address = address; }
template <PrintFormat = PrintFormat::Width8_Precision4, typename S> void TPRINT(S &) {}
template <PrintFormat = PrintFormat::Width8_Precision4, typename S, typename G>
void TPRINT(S &, G &) {}
template <typename D, typename S> void TLOAD(D &, S &) {}
template <typename G, typename S> void TSTORE(G &, S &) {}
template <typename G, typename S> void TSTORE(G &, S &, uint64_t) {}
template <STPhase, typename G, typename S> void TSTORE(G &, S &) {}
template <typename S, typename G, AtomicType, ReluPreMode = ReluPreMode::NoRelu>
void TSTORE(G &, S &) {}
template <typename D, typename S> void TMOV(D &, S &) {}
template <typename D, typename S, ReluPreMode> void TMOV(D &, S &) {}
template <typename D, typename A, typename B> void TADD(D &, A &, B &) {}
template <typename D, typename A, typename B> void TMATMUL(D &, A &, B &) {}
template <AccPhase, typename D, typename A, typename B> void TMATMUL(D &, A &, B &) {}
template <typename D, typename S> void TEXTRACT(D &, S &, uint16_t, uint16_t) {}
} // namespace pto
