//===- Numbers.h - Number formats, a second time ----------------*- C++ -*-===//
//
// The references compute with these and with nothing of lib/Sim, so that a wrong conversion there
// is found. Written for clarity: every value goes through a double, which holds all of them but
// wide integers.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIMVALUES_NUMBERS_H
#define PTOAS_UNITTESTS_SIMVALUES_NUMBERS_H

#include "ptoas/Support/Element.h"
#include <cstdint>

namespace pto::reference {

/// Holds every integer that an operation of two 64-bit integers can make.
using Int = __int128;

/// The numbers of the attribute `round_mode` (library 1.5).
enum class Round { None, Rint, Away, Floor, Ceil, Trunc, Odd };

/// `value` to a whole number.
double roundWhole(double value, Round mode);

bool isReal(Element element);
unsigned sizeOf(Element element);

/// The value of a float from its bits.
double toReal(Element element, uint64_t bits);
/// The nearest float by `mode`, gradual underflow included; what is too large becomes infinity or,
/// with `saturates`, stays the largest one.
uint64_t fromReal(Element element, double value, Round mode = Round::Rint, bool saturates = false);
/// `value` as it is after a round trip through `element`.
double rounded(Element element, double value);
/// The distance between neighbours of `element` around `value`.
double spacing(Element element, double value);
double largestReal(Element element);

Int toWhole(Element element, uint64_t bits);
/// The low bits.
uint64_t fromWhole(Element element, Int value);
Int leastWhole(Element element);
Int mostWhole(Element element);

/// What `PadValue` means for an element (library 1.6).
uint64_t padBits(Element element, PadValue pad);

} // namespace pto::reference

#endif // PTOAS_UNITTESTS_SIMVALUES_NUMBERS_H
