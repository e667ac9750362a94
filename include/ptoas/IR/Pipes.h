//===- Pipes.h - Pipe operations, seen alike --------------------*- C++ -*-===//
//
// The initialize operations differ in their operands and the calls in their direction; passes ask
// these views instead. The protocol behind them is in docs/library.md, section 9.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_PIPES_H
#define PTOAS_IR_PIPES_H

#include "ptoas/IR/Pto.h"

namespace pto {

/// The numbers of `dir_mask`.
enum class PipeDirection : uint8_t { C2V = 1, V2C = 2, Both = 3 };
/// "C2V", "V2C", "BOTH"
llvm::StringRef name(PipeDirection direction);

/// Cross-core flags of a block, and the largest count that one of them holds (library 9.5).
inline constexpr int64_t numCrossCoreFlags = 16;
inline constexpr int64_t mostPendingSignals = 15;
/// The generated accessors are unsigned, the text is not.
inline int64_t signedOf(uint32_t value) { return int32_t(value); }
inline std::optional<int64_t> signedOf(std::optional<uint32_t> value) {
  return value ? std::optional(signedOf(*value)) : std::nullopt;
}

/// Bytes that the base of a reservation is a multiple of.
inline constexpr int64_t reservationAlignment = 256;
/// The library's default for LocalSlotNum.
inline constexpr int64_t libraryLocalSlots = 2;

/// Entries after which the library's consumer gives credits back, by the slots of the ring, and the
/// slots that a front-end means which names the period alone (library 9.2).
inline int64_t syncPeriodOf(int64_t slotNum) { return slotNum <= 2 ? slotNum : slotNum / 2; }
inline int64_t slotsForPeriod(int64_t period) { return period == 1 ? 3 : 2 * period; }
/// The slots of a ring: as given, by the period, else the default of the direction.
inline int64_t slotsOf(std::optional<int64_t> given, std::optional<int64_t> period, bool bothWays) {
  return given ? *given : period ? slotsForPeriod(*period) : bothWays ? 4 : 8;
}

/// initialize_l2g2l_pipe or initialize_l2l_pipe. Values are those of the text; what is absent has
/// not been decided yet.
struct PipeInit {
  mlir::Operation *op = nullptr;
  PipeDirection direction = PipeDirection::C2V;
  int64_t slotSize = 0, slotNum = 0; ///< bytes of a whole entry; slots of the ring
  std::optional<int64_t> localSlotNum, flagBase, id;
  std::optional<int64_t> consSyncPeriod; ///< what the text says of syncPeriod()
  std::optional<bool> noSplit, unitFlag;
  AccPushEpilogueAttr epilogue;
  mlir::Value gm;               ///< pointer or tensor view; null for a ring in local memory
  mlir::Value local, peerLocal; ///< addresses, null when absent
  bool throughGm() const { return bool(gm); }
  bool carries(PipeDirection one) const { return unsigned(direction) & unsigned(one); }
  /// Data and free flags of one or of both directions.
  int64_t flagCount() const { return direction == PipeDirection::Both ? 4 : 2; }
  /// Tiles after which the consumer gives credits back, all at once (library 9.2).
  int64_t syncPeriod() const { return syncPeriodOf(slotNum); }
  /// Where the consumer of a direction keeps its tiles: null when entries are addresses.
  mlir::Value consumerBuffer(PipeDirection one) const {
    return one == PipeDirection::V2C && direction == PipeDirection::Both ? peerLocal : local;
  }
  /// The view of an initialize op; none for other operations.
  static std::optional<PipeInit> of(mlir::Operation *op);
  /// The initialize op behind a handle; none when the handle comes from elsewhere.
  static std::optional<PipeInit> behind(mlir::Value handle);
};

/// talloc, tpush, tpop or tfree on a handle.
struct PipeCall {
  enum Kind : uint8_t { Alloc, Push, Pop, Free } kind;
  mlir::Operation *op;
  mlir::Value entry; ///< tile or tensor view; null for the tfree of a tile
  mlir::Value handle;
  int64_t split;
  mlir::Value subblock; ///< the number of the vector core whose part moves; null: its own
  bool isProducer() const { return kind == Alloc || kind == Push; }
  TileBufType tile() const {
    return entry ? llvm::dyn_cast<TileBufType>(entry.getType()) : TileBufType();
  }
  /// From where to where the entry goes, by the core that runs the call; none outside of both.
  std::optional<PipeDirection> direction() const;
  static std::optional<PipeCall> of(mlir::Operation *op);
};

/// The micro form of a call: what it does on which pipe.
llvm::StringRef formOf(const PipeCall &call);

/// Does the call suit the pipe: direction, bytes, tiles or addresses? Tells at call.op, which may
/// be an operation of a front-end.
mlir::LogicalResult verifyAgainst(const PipeCall &call, const PipeInit &init);

/// Does a product, a store or a push hand its accumulator over by unit flag (cross-core 5)?
/// Products wait for the store before them from the phase Partial on.
bool usesUnitFlag(mlir::Operation *op);

/// The reservation that an address names, through imports to the function that they name; null when
/// it comes from elsewhere.
ReserveBufferOp reservationOf(mlir::Value address);

/// Bytes of the part of a tile that moves: the valid extents, the whole ones where only run time
/// knows.
int64_t movedBytes(TileBufType tile);

/// Of a function or section of the vector core: does it work on a pipe that is not split, and not
/// ask which of the two vector cores it runs on? On a5 core 0 alone runs such code, because it
/// alone takes part in the pipe; on a3 both run it, because both must (cross-core 4).
bool isForBothVectorCores(mlir::Operation *region);
inline bool runsOnFirstVectorCore(mlir::Operation *region) {
  return archOf(region) == Arch::A5 && isForBothVectorCores(region);
}

} // namespace pto

#endif // PTOAS_IR_PIPES_H
