//===- Kernels.h - Hand-made programs of known answer ------------*- C++ -*-===//
//
// Test support: the skeletons that the synchronisation of real kernels is measured on. All come
// without flags unless the name says otherwise.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_KERNELS_H
#define PTOAS_UNITTESTS_SYNC_KERNELS_H

#include "Builder.h"

namespace pto::sync::judge {

/// Who reads dst after the call of ringStep or tget.
enum class Tail : uint8_t { Nothing, Load, Scalar, Store, Notify };

/// TPUT with one staging tile that holds the transfer: load, handoff, store, handoff back, id 0.
void addPut(Builder &builder, RegionId dst, RegionId src, RegionId stage);
/// TGET with one tile: the same with bar(ALL) between load and store.
void addGet(Builder &builder, RegionId dst, RegionId src, RegionId stage);
/// One staging tile cut in halves by the library: ids 0 and 1, a loop over `chunk`-byte chunks of
/// dst and src (GM) inside. `stage` has room for one chunk at `stageOffset` of Vec.
void addSplitPut(Builder &builder, uint32_t dst, uint32_t src, int64_t stageOffset, int64_t chunk);
/// Two staging tiles, one chunk ahead: ids rotate with the loop inside.
void addPingPongPut(Builder &builder, uint32_t dst, uint32_t src, int64_t stageOffset,
                    int64_t chunk);

/// tload, tstore to src, TPUT from src to dst, then `tail` on dst.
Program ringStep(Tail tail, Arch arch = Arch::A3);
/// ringStep with the flags of the defect: the token (MTE3 > MTE2, 0) is pending across TPUT.
Program ringStepBroken();
/// Readers of dst and users of the staging tile, TGET, then `tail` on dst.
Program getMirror(Tail tail, Arch arch = Arch::A3);
/// c = a + b over tiles, `slots` slots a tile, rows of GM at 256 * i.
Program vectorAdd(unsigned slots, std::optional<int64_t> trip = std::nullopt, Arch arch = Arch::A3);
/// y = (x + z) + 1 in place, three slots, loads two iterations ahead.
Program threeSlot(std::optional<int64_t> trip = std::nullopt, Arch arch = Arch::A3);
/// GM -> L1 -> L0 -> accumulator -> GM, two slots each, accumulation over the inner loop.
Program gemm(std::optional<int64_t> trip = std::nullopt, Arch arch = Arch::A3);
/// Work in one arm only, then a store of both tiles.
Program branchBetween();
/// Stores to GM in a loop, then a signal to another rank, then a load of what was stored.
Program publishAfterLoop();

struct NamedKernel {
  std::string name;
  Program program;
};
/// All of the above without hand-written flags, on the archs that they make sense for.
std::vector<NamedKernel> allKernels();

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_KERNELS_H
