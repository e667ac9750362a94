//===- Hardware.h - What the chip is: pipes, memories, flags ----*- C++ -*-===//
//
// The one table of hardware facts (sync 1 - 4). The IR, the planner, the sync
// checker, the inserter and the simulator all read it; none of them keeps a second copy. Nothing
// here depends on MLIR.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SUPPORT_HARDWARE_H
#define PTOAS_SUPPORT_HARDWARE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace pto {

/// A3 stands for the a2/a3 family (Ascend 910B/C), A5 for Ascend 950.
enum class Arch : uint8_t { A3, A5 };

/// The asynchronous in-order queues of a core. S is the scalar unit, which dispatches to all
/// others.
enum class Pipe : uint8_t { S, V, M, MTE1, MTE2, MTE3, FIX, ALL };
inline constexpr unsigned numPipes = 7; ///< without ALL

/// Memories. All but GM are private to a core; addresses in them are byte offsets from 0. ScaleLeft
/// and ScaleRight (a5) stand beside L0A and L0B and hold the scales of what lies there (library
/// 4.1); tiles of the dialect name them by `scaling` and their layout.
enum class Space : uint8_t { GM, Mat, Left, Right, Acc, Vec, Bias, Scaling, ScaleLeft, ScaleRight };
inline constexpr unsigned numSpaces = 10;

/// A scale lies at the address of its operand, shifted right by this (library 4.1).
inline constexpr unsigned scaleAddressShift = 4;

enum class CoreKind : uint8_t { Cube, Vector };

/// Event ids per directed pair of pipes (HQ7: 8 is the portable number on both archs).
inline constexpr unsigned numEventIds = 8;

llvm::StringRef name(Arch arch);   ///< "a3", "a5"
llvm::StringRef name(Pipe pipe);   ///< "S", "V", "MTE2", ...
llvm::StringRef name(Space space); ///< "gm", "vec", "mat", ...
llvm::StringRef name(CoreKind kind);

/// Reads "a3", "a2a3", "a2", "a5" in any case; nothing else.
std::optional<Arch> parseArch(llvm::StringRef text);
/// Reads "MTE2" or "PIPE_MTE2".
std::optional<Pipe> parsePipe(llvm::StringRef text);

/// Bytes of one on-chip memory; 0 for GM. UB (Vec) is what the vendor's toolchain leaves visible:
/// 192 KiB and 248 KiB.
uint64_t capacity(Space space, Arch arch);

/// The alignment in bytes that the hardware asks of a tile: 32 in UB and L1, 512 in L0, 64 in BT
/// and FB.
uint64_t alignment(Space space);

/// True when dependent neighbours on one pipe are ordered by hardware (sync 3): S always, V on a5.
bool keepsOrder(Pipe pipe, Arch arch);

/// True when `pipe_barrier(pipe)` compiles: PIPE_V is rejected on a5, PIPE_S has no barrier.
bool barrierIsLegal(Pipe pipe, Arch arch);

/// True when the core has the pipe (sync 1): AIV S V MTE2 MTE3; AIC S M MTE1 MTE2 FIX, and MTE3 on
/// a2/a3.
bool coreHasPipe(CoreKind kind, Pipe pipe, Arch arch);

/// True when instructions of the core can name the memory: UB is the vector core's and L1, L0, BT,
/// FB are the cube core's; on a5 a cube core also writes UB and a vector core L1 (the direct paths
/// of the FIFOs).
bool coreReaches(CoreKind kind, Space space, Arch arch);

/// True when the vendor enumerates the directed pair (sync 4). Others are a warning, not an error
/// (HQ2).
bool flagPairIsListed(Pipe from, Pipe to);

} // namespace pto

#endif // PTOAS_SUPPORT_HARDWARE_H
