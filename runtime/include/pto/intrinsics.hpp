// What kernels say to the core itself: flags, barriers, caches, cross-core signals, identity.
#pragma once
#include "arch.hpp"
#include <cstdint>

enum pipe_t {
  PIPE_S = 0,
  PIPE_V = 1,
  PIPE_MTE1 = 2,
  PIPE_MTE2 = 3,
  PIPE_MTE3 = 4,
  PIPE_M = 5,
  PIPE_ALL = 6,
  PIPE_FIX = 7
};
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
enum mem_dsb_t { DSB_ALL, DSB_DDR, DSB_UB };
enum cache_line_t { SINGLE_CACHE_LINE, ENTIRE_DATA_CACHE };
enum dcci_dst_t { CACHELINE_ALL, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };

inline void set_flag(pipe_t, pipe_t, event_t) {}
inline void wait_flag(pipe_t, pipe_t, event_t) {}
inline void pipe_barrier(pipe_t) {}
inline void dsb(mem_dsb_t) {}
template <typename T> inline void dcci(__gm__ T *, cache_line_t) {}
template <typename T> inline void dcci(__gm__ T *, cache_line_t, dcci_dst_t) {}
inline void set_mask_norm() {}
inline void set_mask_count() {}
inline void set_vector_mask(uint64_t, uint64_t) {}
inline void trap() {}
namespace cce {
template <typename... T> inline void printf(const char *, T...) {}
} // namespace cce

/// 32 ids; mode 0 blocks in the order of the program.
inline void get_buf(pipe_t, uint8_t, uint8_t) {}
inline void rls_buf(pipe_t, uint8_t, uint8_t) {}

inline void set_ffts_base_addr(uint64_t) {}
/// Mode 0: all cores of one kind; 1: the two vector cores of a block; 2: cube and vector of a
/// block.
inline uint16_t getFFTSMsg(uint16_t mode, uint16_t flag) {
  return uint16_t(1 | mode << 4 | flag << 8);
}
inline void ffts_cross_core_sync(pipe_t, uint64_t) {}
#ifdef PTO_NPU_ARCH_A5
inline void wait_flag_dev(pipe_t, uint16_t) {}
inline void set_intra_block(pipe_t, uint16_t) {}
inline void wait_intra_block(pipe_t, uint16_t) {}
#else
inline void wait_flag_dev(uint16_t) {}
#endif

inline int64_t get_block_idx() { return 0; }
inline int64_t get_block_num() { return 1; }
#ifndef get_subblockid // front-ends replace it by a macro
inline int64_t get_subblockid() { return 0; }
#endif
inline int64_t get_subblockdim() { return 2; }
inline int64_t get_coreid() { return 0; }
inline int64_t get_sys_cnt() { return 0; }
