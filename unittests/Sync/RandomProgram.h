//===- RandomProgram.h - Programs nobody would write --------------*- C++ -*-===//
//
// Test support: random programs without synchronisation, over few bytes so that they conflict
// often.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_RANDOM_PROGRAM_H
#define PTOAS_UNITTESTS_SYNC_RANDOM_PROGRAM_H

#include "Builder.h"
#include "Random.h"

namespace pto::sync::judge {

struct Shape {
  CoreKind core = CoreKind::Vector;
  Arch arch = Arch::A3;
  unsigned eventIds = numEventIds;
  unsigned accesses = 8; ///< accesses, library calls and signals together
  unsigned depth = 2;    ///< of loops and branches
  bool calls = true;     ///< TPUT and TGET (vector core)
  bool publishes = true;
  bool handWritten = true; ///< some barriers, fences and flag pairs that are already there
  bool unknowns = true;    ///< symbols, unknown offsets and slots, pointers that may alias
};

/// A mix in which every feature is often absent, so that short causes are found.
Shape randomShape(Random &random);
Program randomProgram(Random &random, const Shape &shape);
/// Loops in loops through rings of tiles, as kernels have them.
Program randomNest(Random &random);
/// Loops in loops with flags as people write them, right and wrong.
Program randomKept(Random &random);

/// A random region of a small arena, for tests of Overlap. `loops` are open, outermost first.
RegionId randomRegion(Builder &builder, Random &random, llvm::ArrayRef<NodeId> loops);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_RANDOM_PROGRAM_H
