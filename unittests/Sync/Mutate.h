//===- Mutate.h - Programs with one thing wrong ------------------*- C++ -*-===//
//
// Test support: mutants of a synchronised program, a baseline synchroniser, and a shrinker.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_MUTATE_H
#define PTOAS_UNITTESTS_SYNC_MUTATE_H

#include "Random.h"
#include "ptoas/Sync/Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace pto::sync::judge {

enum class Mutation : uint8_t {
  DropFlag,      ///< one set or wait
  DropHandoff,   ///< all sets and waits that exchange tokens with one another: balance stays
  DropBarrier,   ///< also a fence
  DropExit,      ///< the barrier at the very end
  ChangeId,      ///< another id, or another range of a rotating id
  MoveHandoff,   ///< a whole handoff gets other ids: it may now share them with another one
  ShiftRotation, ///< the rotation runs ahead or behind by one
  SwapNext,      ///< exchanged with the next statement
  MoveTile,      ///< an access takes another slot of its ring
};
inline constexpr unsigned numMutations = 9;
const char *name(Mutation mutation);

struct Mutant {
  Mutation mutation;
  NodeId node;   ///< the first node touched
  bool inserted; ///< all nodes touched came from the inserter
  Program program;
};

/// All deletions of synchronisation outside of macros, then `tweaks` random other mutants.
void forEachMutant(const Program &program, uint64_t seed, unsigned tweaks,
                   llvm::function_ref<void(const Mutant &)> visit);

/// `count` mutants in which the slot of an access turns with another loop, or is the next, or
/// stands still: as if the program had been synchronised for other tiles.
void forEachMovedTile(const Program &program, uint64_t seed, unsigned count,
                      llvm::function_ref<void(const Mutant &)> visit);

/// What can be deleted outside of macros without unbalancing tokens: handoffs, barriers, fences.
std::vector<std::vector<NodeId>> deletableItems(const Program &program, uint64_t seed);

/// The program without these statements (of any list, also in macros).
Program without(Program program, llvm::ArrayRef<NodeId> nodes);

/// Sets and waits outside of macros, grouped by who consumes whose token on sampled paths.
std::vector<std::vector<NodeId>> handoffs(const Program &program, uint64_t seed);

/// bar(ALL) before every statement and at the end, and a fence before every signal.
Program withBarriersEverywhere(const Program &program);

/// Random barriers and balanced handoffs, also rotating ones over loops: sometimes enough, mostly
/// not. Owes nothing to insert(), so that check() meets code of another style.
Program withRandomSynchronisation(const Program &program, Random &random);

/// Removes statements, arms and regions as long as `isInteresting` holds. Programs are small:
/// every removal is tried until none is possible.
Program shrink(Program program, llvm::function_ref<bool(const Program &)> isInteresting);

std::string listing(const Program &program);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_MUTATE_H
