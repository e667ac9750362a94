//===- Contents.h - Numbers in memory before a case runs --------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_SIMVALUES_CONTENTS_H
#define PTOAS_UNITTESTS_SIMVALUES_CONTENTS_H

#include "Case.h"

namespace pto::reference {

/// What suits the operation: sums need numbers whose order of addition does not matter, or a bound.
Data dataFor(const Case &c, uint64_t seed);

void adaptToLibrary(Case &c);
/// Arguments from the draft of the case, without places.
void describeArguments(Case &c);
/// Addresses, random bytes, then numbers in every operand that is read. `gap`: elements between the
/// lines of views.
void place(Case &c, int64_t gap);
void fillContents(Case &c);
/// The indices of a table of so many rows (or elements); some lie beyond it.
void fillTableIndices(Case &c, int64_t tableRows, bool beyond);

uint64_t readBits(const std::vector<uint8_t> &memory, uint64_t at, unsigned size);
void writeBits(std::vector<uint8_t> &memory, uint64_t at, unsigned size, uint64_t bits);

} // namespace pto::reference

#endif // PTOAS_UNITTESTS_SIMVALUES_CONTENTS_H
