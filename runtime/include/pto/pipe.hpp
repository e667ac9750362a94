// FIFOs between the cube and the vector cores of a block.
#pragma once
#include "check.hpp"

namespace pto {

struct Direction {
  static constexpr uint8_t DIR_C2V = 1, DIR_V2C = 2, DIR_BOTH = 3, DIR_V2C_CTRL = 4;
#ifdef PTO_NPU_ARCH_A5
  static constexpr uint8_t DIR_C2V_GM = 5, DIR_V2C_GM = 6, DIR_BOTH_GM = 7;
#endif
};
enum class TileSplitAxis {
  TILE_NO_SPLIT = 0,
  TILE_UP_DOWN = 1,
  TILE_LEFT_RIGHT = 2,
  TILE_UP_DOWN_ODD = 3,
  TILE_LEFT_RIGHT_ODD = 4
};

/// Slots of `SlotSize` bytes in a ring of `SlotNum`. Takes the flags FlagID (data) and FlagID + 1
/// (free), in both directions also the next two.
template <uint8_t FlagID, uint8_t DirType, uint32_t SlotSize, uint32_t SlotNum,
          uint32_t LocalSlotNum = 2, bool IsNoSplit = false, bool EN_UNIT_FLAG = false>
class TPipe {
public:
  static constexpr uint8_t flagId = FlagID, direction = DirType;
  static constexpr bool isBoth = DirType == 3 || DirType == 7;
  static constexpr bool isGm = DirType >= 5;
  static_assert(DirType >= 1 && DirType <= (rule::isA5 ? 7 : 3),
                "the direction of a pipe is DIR_C2V, DIR_V2C, DIR_BOTH (a5: also DIR_V2C_CTRL and "
                "the _GM ones)");
  static_assert(FlagID + (isBoth ? 3 : 1) < 16,
                "a pipe takes 2 flags, in both directions 4, out of 16");
  static_assert(SlotSize > 0, "a slot has bytes");
  static_assert(SlotNum > 0, "a ring has slots");
  static_assert(LocalSlotNum > 0, "the consumer has a local slot at least");

  struct RingFiFo {
    static constexpr uint32_t SLOT_SIZE = SlotSize, SLOT_NUM = SlotNum,
                              LOCAL_SLOT_NUM = LocalSlotNum;
  };
  struct End {
    uint32_t tileIndex = 0, subTileIndex = 0, entryOffset = 0;
    void setTileId(uint32_t i, uint32_t sub) { tileIndex = i, subTileIndex = sub; }
    void setAllocateStatus(bool) {}
    void setRecordStatus(bool) {}
    void setWaitStatus(bool) {}
    void setFreeStatus(bool) {}
    void setEntryOffset(uint32_t offset) { entryOffset = offset; }
  };

  explicit TPipe(__gm__ void *gmSlots, uint32_t c2vConsumer, uint32_t v2cConsumer) {}
  TPipe(const TPipe &) = delete; // its destructor waits for credits
  End prod, cons;
  RingFiFo fifo;
};

/// What a push from L0C does to the values on their way out. The quantisation parameters of the
/// modes that need some are in registers.
enum class QuantMode_t {
  NoQuant,
  F322F16,
  F322BF16,
  REQ8,
  VREQ8,
  DEQF16,
  VDEQF16,
  QF322B8_PRE,
  VQF322B8_PRE,
  QF322F16_PRE,
  QF322BF16_PRE,
  QS322BF16_PRE,
  VQS322BF16_PRE,
  QF322HIF8_PRE,
  QF322FP8_PRE
};
enum class LayoutMode { NZ2ND, NZ2DN, NZ2NZ };
template <QuantMode_t Quant, ReluPreMode Relu, STPhase Ph, AtomicType Atomic, LayoutMode Mode,
          uint8_t SubBlock>
struct FixpipeParams {
  static constexpr QuantMode_t QuantPre = Quant;
  static constexpr ReluPreMode ReluMode = Relu;
  static constexpr STPhase Phase = Ph;
  static constexpr AtomicType AtomicT = Atomic;
  static constexpr pto::LayoutMode LayoutMode = Mode;
  static constexpr uint8_t SubBlockId = SubBlock;
  static_assert(SubBlock < 2, "a block has two vector cores");
};

namespace rule {
template <typename T> struct IsPipe : std::false_type {};
template <uint8_t F, uint8_t D, uint32_t S, uint32_t N, uint32_t L, bool P, bool U>
struct IsPipe<TPipe<F, D, S, N, L, P, U>> : std::true_type {};
template <typename P> constexpr void pipes() {
  static_assert(IsPipe<P>::value, "a pipe (pto::TPipe) is expected here");
}

template <typename P, typename T> constexpr void slotHolds() {
  static_assert(T::ValidRow == -1 || T::ValidCol == -1 ||
                    int64_t(T::ValidRow) * T::ValidCol * bytes<T> <=
                        int64_t(P::RingFiFo::SLOT_SIZE),
                "the valid part of the tile fits into a slot of the pipe");
}
template <typename P, typename T> constexpr void pushed() {
  pipes<P>();
  tiles<T>();
  static_assert(is<T>(TileType::Acc) || is<T>(TileType::Vec), "TPUSH sends a tile of L0C or UB");
  static_assert(!is<T>(TileType::Acc) || P::direction != Direction::DIR_V2C,
                "a pipe towards the cube is not fed from L0C");
  static_assert(!is<T>(TileType::Vec) || P::direction != Direction::DIR_C2V,
                "a pipe towards the vector cores is not fed from UB");
  slotHolds<P, T>();
}
template <typename P, typename T> constexpr void popped() {
  pipes<P>();
  tiles<T>();
  static_assert(is<T>(TileType::Vec) || is<T>(TileType::Mat), "TPOP fills a tile of UB or L1");
  static_assert(!is<T>(TileType::Vec) || P::direction != Direction::DIR_V2C,
                "a pipe towards the cube does not end in UB");
  static_assert(!is<T>(TileType::Mat) || P::direction != Direction::DIR_C2V,
                "a pipe towards the vector cores does not end in L1");
  slotHolds<P, T>();
}
} // namespace rule

// Tiles and addresses of slots (global tensors) take the same calls.
template <typename P, typename T, TileSplitAxis A> RecordEvent TPUSH(P &, T &) {
  rule::pipes<P>();
  if constexpr (!rule::IsGlobal<T>::value)
    rule::pushed<P, T>();
  return {};
}
template <typename P, typename T, TileSplitAxis A> rule::IfTile<T> TPUSH(P &, T &, int32_t) {
  rule::pushed<P, T>();
  static_assert(rule::is<T>(TileType::Vec), "only vector cores have numbers");
  return {};
}
/// With a FixpipeParams in place of the split: the whole entry goes to one vector core.
template <typename P, typename T, typename C> RecordEvent TPUSH(P &, T &) {
  rule::pipes<P>();
  rule::tiles<T>();
  static_assert(rule::is<T>(TileType::Acc), "only a tile of L0C is converted on its way out");
  static_assert(P::direction == Direction::DIR_C2V || P::isGm,
                "a conversion goes from the cube to the vector cores");
  static_assert(C::SubBlockId < 2, "a block has two vector cores");
  return {};
}
template <typename P, typename T, TileSplitAxis A> RecordEvent TPOP(P &, T &) {
  rule::pipes<P>();
  if constexpr (!rule::IsGlobal<T>::value)
    rule::popped<P, T>();
  return {};
}
template <typename P, typename T, TileSplitAxis A> rule::IfTile<T> TPOP(P &, T &, int32_t) {
  rule::popped<P, T>();
  static_assert(rule::is<T>(TileType::Vec), "only vector cores have numbers");
  return {};
}
template <typename P, typename G, TileSplitAxis A> RecordEvent TALLOC(P &, G &) {
  rule::pipes<P>();
  rule::globals<G>();
  return {};
}
template <typename P, TileSplitAxis A> RecordEvent TFREE(P &) {
  rule::pipes<P>();
  return {};
}
template <typename P> RecordEvent TFREE(P &) {
  rule::pipes<P>();
  return {};
}
template <typename P, typename G, TileSplitAxis A> RecordEvent TFREE(P &, G &) {
  rule::pipes<P>();
  rule::globals<G>();
  return {};
}

//===----------------------------------------------------------------------===//
// All cores
//===----------------------------------------------------------------------===//

template <SyncCoreType C = SyncCoreType::AIVOnly> void SYNCALL() {}
template <SyncAllMode M, SyncCoreType C = SyncCoreType::AIVOnly, typename G>
void SYNCALL(G &, int32_t usedCores = 0) {
  rule::globals<G>();
  static_assert(rule::isOneOf<typename G::RawDType>(rule::S32), "SYNCALL counts in int32_t");
}

} // namespace pto
