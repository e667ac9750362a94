//===- Memory.h - Global memory of a simulation -----------------*- C++ -*-===//
//
// One flat 64-bit address space for all ranks. Every array and every window is one allocation with
// unmapped gaps of 64 GiB around it, so an access that leaves its array is found; peers reach a
// rank's window by address arithmetic.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_MEMORY_H
#define PTOAS_SIM_MEMORY_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pto::sim {

class Bytes; ///< contents and access history of one memory (lib/Sim/Engine/Bytes.h)

class GlobalMemory {
public:
  GlobalMemory();
  ~GlobalMemory();
  GlobalMemory(GlobalMemory &&);

  /// A new array of `bytes` bytes, at a multiple of 512. Its bytes are poison until `store` or a
  /// kernel writes them.
  uint64_t allocate(unsigned rank, std::string name, uint64_t bytes);

  /// Host access: false when the range leaves its allocation. A store makes the bytes initialised;
  /// a load of bytes that nobody wrote gives poison (0xff).
  bool store(uint64_t address, const void *from, uint64_t bytes);
  bool load(uint64_t address, void *into, uint64_t bytes) const;
  /// True when every byte of the range was written by the host or by a kernel.
  bool isInitialised(uint64_t address, uint64_t bytes) const;

  struct Allocation {
    uint64_t address, bytes;
    unsigned rank;
    std::string name;
    std::unique_ptr<Bytes> memory;
  };
  /// The allocation that holds `address`, or null.
  Allocation *find(uint64_t address);
  const Allocation *find(uint64_t address) const;
  /// The allocation that holds `address` or ends or begins next to it (for messages); null when
  /// there is none.
  const Allocation *nearest(uint64_t address) const;
  llvm::ArrayRef<Allocation> allocations() const { return all; }

  /// Forgets who accessed what, not the contents: everything that ran is complete (between two
  /// launches).
  void settle();

private:
  std::vector<Allocation>::const_iterator firstAbove(uint64_t address) const;

  std::vector<Allocation> all; ///< by address
};

} // namespace pto::sim

#endif // PTOAS_SIM_MEMORY_H
