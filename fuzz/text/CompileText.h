//===- CompileText.h - The whole compiler on a piece of text ----*- C++ -*-===//
#ifndef PTOAS_FUZZ_TEXT_COMPILETEXT_H
#define PTOAS_FUZZ_TEXT_COMPILETEXT_H

#include "llvm/ADT/StringRef.h"

namespace pto::fuzz {

// Both throw diagnostics away, but a failure without an error aborts: a refusal that says nothing
// is a bug.

/// What `ptoas --enable-insert-sync` does with `text`, in this process: parses, verifies, plans,
/// inserts and proves, prints C++. Returns whether C++ came out.
bool compileText(llvm::StringRef text);

/// What `pto-sim` does with `text`: `seed` chooses whether synchronisation is inserted, the
/// schedule, the numbers of blocks and ranks, and what the arguments hold. The run ends after some
/// ten thousand steps. Returns whether there was one.
bool simulateText(llvm::StringRef text, uint64_t seed);

} // namespace pto::fuzz

#endif // PTOAS_FUZZ_TEXT_COMPILETEXT_H
