//===- Problem.cpp - What has to be placed on chip -------------------------===//

#include "ptoas/Plan/Problem.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace pto;
using namespace pto::plan;

Problem Problem::forArch(Arch arch) {
  Problem problem;
  for (unsigned s = 0; s < numSpaces; ++s)
    problem.capacity[s] = pto::capacity(Space(s), arch);
  return problem;
}

uint64_t pto::plan::alignmentOf(const Buffer &buffer) {
  return std::max(alignment(buffer.space), buffer.alignment);
}

uint64_t pto::plan::strideOf(const Buffer &buffer) {
  return llvm::alignTo(buffer.bytes, alignmentOf(buffer));
}

uint64_t pto::plan::spanOf(const Buffer &buffer) {
  return strideOf(buffer) * (buffer.slots - 1) + buffer.bytes;
}
