//===- OutputFile.h - Files that are written as a whole ---------*- C++ -*-===//
#ifndef PTOAS_SUPPORT_OUTPUTFILE_H
#define PTOAS_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace pto {

/// Writes what `print` prints to `path` (`-`: standard output) so that a run that fails, also for
/// want of room, never leaves a partial file or destroys an old one: to a temporary beside it, then
/// a rename. What is no plain file is written into, a link is followed. The error is a
/// llvm::FileError with the path in it.
llvm::Error writeOutputFile(llvm::StringRef path,
                            llvm::function_ref<void(llvm::raw_ostream &)> print);

} // namespace pto

#endif // PTOAS_SUPPORT_OUTPUTFILE_H
