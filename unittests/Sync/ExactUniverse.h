//===- ExactUniverse.h - All items that could be added ------------*- C++ -*-===//
//
// Test support, private to Exact*. A program with every candidate in it, each over ids of its own,
// and its paths; a solution is a subset of the candidates, and is run by skipping the events of the
// others.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_EXACT_UNIVERSE_H
#define PTOAS_UNITTESTS_SYNC_EXACT_UNIVERSE_H

#include "Exact.h"
#include "llvm/ADT/BitVector.h"

namespace pto::sync::judge {

struct Universe {
  Program program;
  std::vector<Candidate> candidates;
  std::vector<uint32_t> candidateOf; ///< by NodeId; none for what the program came with

  Universe(const Program &source, unsigned maxDelay);
  /// The universe's program with only the nodes of `chosen`.
  Program with(const llvm::BitVector &chosen) const;
  bool isChosen(NodeId node, const llvm::BitVector &chosen) const {
    return candidateOf[node] == none || chosen[candidateOf[node]];
  }
};

/// A trace of the universe, and the part of it that a solution leaves.
struct Path {
  Trace trace;                ///< its events are those of the solution that was selected last
  std::vector<Event> events;  ///< all
  std::vector<uint32_t> kept; ///< places of those of the solution

  Path(const Universe &universe, Trace trace);
  void select(const llvm::BitVector &chosen);

private:
  std::vector<uint32_t> fixed;               ///< places of what the program came with
  std::vector<std::vector<uint32_t>> places; ///< by candidate
};

/// Which candidates hold back no less than others, on all measured paths: each of their tokens is
/// set no earlier and waited for no later than one of the other's. Pipes work in order, so that
/// with such a candidate the other one costs no time.
class Pressure {
public:
  Pressure(const Universe &universe, llvm::ArrayRef<Path> measured);
  /// Itself included.
  std::vector<uint32_t> noFasterThan(uint32_t candidate) const;

private:
  struct Token {
    uint32_t path, set, wait;
  };
  const Universe &universe;
  std::vector<std::vector<Token>> tokens; ///< by candidate
  bool isNoFaster(uint32_t a, uint32_t b) const;
};

/// The paths that orders are looked for on. Rings of ids wrap after 8 iterations; the corners of
/// trip counts and arms come first.
std::vector<Trace> sampledPaths(const Program &program);

/// The paths on which prices are measured: unknown trips 4, first and last arms.
std::vector<Trace> measuredPaths(const Program &program);

/// Which candidates would carry "the event `earlier` is complete" a step further towards the event
/// `later`, on the path as selected? Empty when `later` knows it already. Any solution that
/// contains the selected one and orders the two contains one of the result: without them, what
/// knows of `earlier` stays as it is.
class Frontier {
public:
  Frontier(const Universe &universe, const Path &path, size_t earlier, size_t later);
  /// With these candidates and no others.
  llvm::SmallVector<uint32_t, 16> operator()(const llvm::BitVector &chosen) const;

private:
  const Universe &universe;
  const Path &path;
  size_t earlier, later; ///< in Path::events
};

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_EXACT_UNIVERSE_H
