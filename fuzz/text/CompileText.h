//===- CompileText.h - The whole compiler on a piece of text ----*- C++ -*-===//
#ifndef PTOAS_FUZZ_TEXT_COMPILETEXT_H
#define PTOAS_FUZZ_TEXT_COMPILETEXT_H

#include "llvm/ADT/StringRef.h"

namespace pto::fuzz {

/// What `ptoas --enable-insert-sync` does with `text`, in this process: parses, verifies, plans,
/// inserts and proves, prints C++. Returns whether C++ came out. Diagnostics are thrown away, but
/// a failure without one aborts: an error that says nothing is a bug.
bool compileText(llvm::StringRef text);

} // namespace pto::fuzz

#endif // PTOAS_FUZZ_TEXT_COMPILETEXT_H
