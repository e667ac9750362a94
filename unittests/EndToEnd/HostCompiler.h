//===- HostCompiler.h - Printed C++ against the stand-in headers *- C++ -*-===//
//
// Runs clang with the declarations of runtime/include: does a text compile as C++17 for a chip and
// a kind of core?
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_ENDTOEND_HOSTCOMPILER_H
#define PTOAS_UNITTESTS_ENDTOEND_HOSTCOMPILER_H

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace pto::test {

enum class Core : uint8_t { Vector, Cube };

/// What the compiler says about `text`, empty when it is content; warnings are errors.
std::string compileOnHost(llvm::StringRef text, Arch arch, Core core);

/// Runs `command` through the shell; its standard output and standard error together, and the exit
/// code.
std::pair<std::string, int> runCommand(llvm::StringRef command);

} // namespace pto::test

#endif // PTOAS_UNITTESTS_ENDTOEND_HOSTCOMPILER_H
