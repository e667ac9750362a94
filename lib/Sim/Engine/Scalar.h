//===- Scalar.h - Arithmetic of the scalar unit -----------------*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_ENGINE_SCALAR_H
#define PTOAS_LIB_SIM_ENGINE_SCALAR_H

#include "ptoas/Sim/Program.h"
#include <optional>

namespace pto::sim {

/// The word of a value of `type`: sign- or zero-extended as Program.h says; the upper bits of
/// `bits` do not matter.
uint64_t canonical(Element type, uint64_t bits);

/// Words in, word out. Integers wrap; none for a division by zero (or INT_MIN / -1, which C++
/// leaves undefined).
std::optional<uint64_t> evaluate(ArithOp op, Element type, uint64_t a, uint64_t b);
bool compareInteger(unsigned predicate, Element type, uint64_t a, uint64_t b);
bool compareFloat(unsigned predicate, uint64_t a, uint64_t b);
uint64_t convert(CastOp op, Element from, Element to, uint64_t value);
bool holds(WaitCompare compare, int32_t value, int32_t against);

/// Between a word and the bytes of one element in memory.
uint64_t wordFromBytes(Element type, const void *bytes);
void wordToBytes(Element type, uint64_t word, void *bytes);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_ENGINE_SCALAR_H
