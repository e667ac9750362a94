//===- HostCompiler.h - Printed C++ against the stand-in headers *- C++ -*-===//
//
// Runs clang with the declarations of runtime/include: does a text compile as C++17 for a chip and
// a kind of core?
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_ENDTOEND_HOSTCOMPILER_H
#define PTOAS_UNITTESTS_ENDTOEND_HOSTCOMPILER_H

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include <map>
#include <string>

namespace pto::test {

enum class Core : uint8_t { Vector, Cube };

/// What the compiler says about `text`, empty when it is content; warnings are errors.
std::string compileOnHost(llvm::StringRef text, Arch arch, Core core);

/// Functions of several printed files, each in a namespace of its own, compiled together for a
/// vector core: what the compiler says first about each that it does not take. Tiles of different
/// forms are different types, so that no assertion that failed before is left out.
std::map<size_t, std::string> compileForms(llvm::ArrayRef<llvm::StringRef> forms, Arch arch);
/// The words of an error, without the types that it is about.
std::string reasonOf(llvm::StringRef message);

/// A file that is removed when it goes out of scope.
class TemporaryFile {
public:
  explicit TemporaryFile(llvm::StringRef suffix);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  llvm::StringRef name() const { return path; }
  void write(llvm::StringRef text) const;
  std::string read() const;

private:
  llvm::SmallString<128> path;
};

/// Runs `command` through the shell; its standard output and standard error together, and the exit
/// code.
std::pair<std::string, int> runCommand(llvm::StringRef command);

} // namespace pto::test

#endif // PTOAS_UNITTESTS_ENDTOEND_HOSTCOMPILER_H
