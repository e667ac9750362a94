//===- Memory.cpp - Global memory of a simulation --------------------------===//

#include "ptoas/Sim/Memory.h"
#include "Engine/Bytes.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto::sim;

GlobalMemory::GlobalMemory() = default;
GlobalMemory::~GlobalMemory() = default;
GlobalMemory::GlobalMemory(GlobalMemory &&) = default;

uint64_t GlobalMemory::allocate(unsigned rank, std::string name, uint64_t bytes) {
  // Wider than any 32-bit index of 8-byte elements, so that a wrong offset lands in no other array.
  constexpr uint64_t alignment = 512, gap = uint64_t(1) << 36;
  uint64_t address = gap;
  if (!all.empty())
    address = (all.back().address + all.back().bytes + gap + alignment - 1) / alignment * alignment;
  all.push_back({address, bytes, rank, std::move(name), std::make_unique<Bytes>(bytes)});
  return address;
}

std::vector<GlobalMemory::Allocation>::const_iterator
GlobalMemory::firstAbove(uint64_t address) const {
  return llvm::upper_bound(all, address,
                           [](uint64_t a, const Allocation &array) { return a < array.address; });
}

const GlobalMemory::Allocation *GlobalMemory::nearest(uint64_t address) const {
  auto above = firstAbove(address);
  if (above == all.begin())
    return all.empty() ? nullptr : &*above;
  auto below = std::prev(above);
  uint64_t end = below->address + below->bytes;
  bool isBelowNearer =
      above == all.end() || address < end || address - end <= above->address - address;
  return isBelowNearer ? &*below : &*above;
}

const GlobalMemory::Allocation *GlobalMemory::find(uint64_t address) const {
  auto above = firstAbove(address);
  if (above == all.begin())
    return nullptr;
  const Allocation &array = *std::prev(above);
  return address - array.address < array.bytes ? &array : nullptr;
}

GlobalMemory::Allocation *GlobalMemory::find(uint64_t address) {
  return const_cast<Allocation *>(std::as_const(*this).find(address));
}

bool GlobalMemory::store(uint64_t address, const void *from, uint64_t bytes) {
  Allocation *array = find(address);
  if (!array || bytes > array->bytes - (address - array->address))
    return bytes == 0;
  uint64_t at = address - array->address;
  array->memory->store(at, from, bytes);
  array->memory->markWritten(at, at + bytes);
  return true;
}

bool GlobalMemory::load(uint64_t address, void *into, uint64_t bytes) const {
  const Allocation *array = find(address);
  if (!array || bytes > array->bytes - (address - array->address))
    return bytes == 0;
  array->memory->load(address - array->address, into, bytes);
  return true;
}

bool GlobalMemory::isInitialised(uint64_t address, uint64_t bytes) const {
  const Allocation *array = find(address);
  if (!array || bytes > array->bytes - (address - array->address))
    return bytes == 0;
  uint64_t at = address - array->address;
  return array->memory->isWritten(at, at + bytes);
}

void GlobalMemory::settle() {
  for (Allocation &array : all)
    array.memory->forgetAccesses();
}
