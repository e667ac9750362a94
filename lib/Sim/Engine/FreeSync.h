//===- FreeSync.h - The bound: synchronisation at no cost -------*- C++ -*-===//
//
// With Options::freeSync the cores of a run take no notice of their flags and barriers. An item
// starts when its pipe is free and the items are over whose bytes it shares, at least one of the
// two writing: the bytes are those that the kernels touch. Nothing that keeps the order of issue
// can be faster.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_ENGINE_FREESYNC_H
#define PTOAS_LIB_SIM_ENGINE_FREESYNC_H

#include <cstdint>
#include <map>

namespace pto::sim {

/// When the bytes of one memory were last written and read, in pieces that do not overlap.
class TouchTimes {
public:
  /// The cycle from which [begin, end) may be read, or written.
  uint64_t readyAt(uint64_t begin, uint64_t end, bool writes);
  void touch(uint64_t begin, uint64_t end, bool writes, uint64_t until);

private:
  struct Piece {
    uint64_t written = 0, read = 0;
  };
  std::map<uint64_t, Piece> pieces{{0, {}}}; ///< each from its key to the next one

  std::map<uint64_t, Piece>::iterator split(uint64_t place);
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_FREESYNC_H
