//===- Access.h - The bytes that an item touches ----------------*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_ENGINE_ACCESS_H
#define PTOAS_LIB_SIM_ENGINE_ACCESS_H

#include "Core.h"

namespace pto::sim {

/// A stretch of bytes inside one memory.
struct Span {
  Bytes *memory = nullptr;
  Space space = Space::GM;
  uint64_t base = 0;     ///< GM address of the memory's first byte
  uint32_t owner = none; ///< the core whose memory it is, unless in GM
  uint64_t begin = 0, end = 0;
  bool residue = false; ///< may be uninitialised
  bool atomic = false;
};

/// "vec", "vec of rank 0 block 0 vector 1" when it is not of `core`, "gm array 'x' of rank 0".
std::string nameOf(const Machine &machine, const Span &span, uint32_t core);

/// What a kernel sees of its core, and the record of what it touched.
class ItemContext final : public KernelContext {
public:
  ItemContext(Core &core, const Item &item, FlyingItem &flying);
  ~ItemContext() override;

  void read(Space space, uint64_t address, void *into, uint64_t bytes) override;
  void readResidue(Space space, uint64_t address, void *into, uint64_t bytes) override;
  void write(Space space, uint64_t address, const void *from, uint64_t bytes) override;
  void atomicAdd(uint64_t address, Element element, const void *from, uint64_t elements) override;
  void fail(const std::string &what) override;
  void print(const std::string &text) override;

  /// Judges everything that was touched (C1, uninitialised bytes) against what is known complete,
  /// on the chip and in GM.
  void judge(const Clock &clock, const Clock &gmClock, bool accumulates);
  llvm::ArrayRef<Span> writtenSpans() const { return writes; }
  /// After judge: hash of the on-chip bytes written, 0 when there are none.
  uint64_t loadFootprint() const { return onChip; }
  void noteGmWrite(PipeState &pipe) const; ///< for C7
  // FreeSync.cpp, after judge
  uint64_t readyAt() const; ///< when everything that shares these bytes is over
  void touchUntil(uint64_t time) const;

  std::array<uint64_t, numSpaces> readBytes{}, writtenBytes{};

private:
  void readAny(Space space, uint64_t address, void *into, uint64_t bytes, bool residue);
  void stage(Space space, uint64_t address, const void *from, uint64_t bytes, bool atomic,
             Element element);
  void note(std::vector<Span> &list, const Span &span);

  Core &core;
  const Item &item;
  FlyingItem &flying;
  std::vector<Span> reads, writes;
  uint64_t onChip = 0;
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_ACCESS_H
