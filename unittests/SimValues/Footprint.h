//===- Footprint.h - Bytes that a program says and does it touches -----------===//
#ifndef PTOAS_UNITTESTS_SIMVALUES_FOOTPRINT_H
#define PTOAS_UNITTESTS_SIMVALUES_FOOTPRINT_H

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Sim/Engine.h"
#include <map>
#include <string>
#include <vector>

namespace pto::reference {

/// Stretches of bytes, sorted and apart.
class Stretches {
public:
  void add(uint64_t begin, uint64_t end) { all.push_back({begin, end}); }
  void normalise();
  uint64_t bytes() const;
  /// Those of `o`, without what is here. Both normalised.
  Stretches missingFrom(const Stretches &o) const;
  Stretches commonWith(const Stretches &o) const;
  const std::vector<std::pair<uint64_t, uint64_t>> &list() const { return all; }

private:
  std::vector<std::pair<uint64_t, uint64_t>> all;
};

/// Who touches what: by operation, pipe, direction and memory.
struct Access {
  std::string op;
  Pipe pipe;
  bool isWrite;
  Space space;
  auto operator<=>(const Access &) const = default;
};
using Footprint = std::map<Access, Stretches>;

/// What the access model of the synchronisation claims, by operand; several entries may overlap.
struct Claim {
  Access access;
  std::string operand;
  Stretches bytes;
};

/// Where the arrays of the launch lie, by the name of the pointer.
using Arrays = std::map<std::string, std::pair<uint64_t, uint64_t>>; ///< begin, end

std::vector<Claim> claimsOf(const SyncModel &model, Arch arch, const Arrays &arrays);
Footprint footprintOf(llvm::ArrayRef<sim::Observer::Touch> touches, const sim::Program &program);

/// "pto.tadd reads [0, 32) of vec on V, which the model does not have": touched and not claimed.
std::vector<std::string> unclaimed(const Footprint &touched, llvm::ArrayRef<Claim> claims);

} // namespace pto::reference

#endif // PTOAS_UNITTESTS_SIMVALUES_FOOTPRINT_H
