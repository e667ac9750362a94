//===- Emit.h - From text to C++ in one call --------------------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_TARGET_EMIT_H
#define PTOAS_UNITTESTS_TARGET_EMIT_H

#include "ptoas/Target/Cpp.h"
#include <string>
#include <vector>

namespace pto::test {

struct Emitted {
  bool parsed = false, printed = false;
  std::string text;
  std::vector<std::string> errors; ///< "line: message"
};
/// Parses `source`, prints it, and collects what was said. A text without "module" is wrapped by
/// the parser.
Emitted emit(llvm::StringRef source, const CppOptions &options = {});
/// The C++ of a program that must have one; a test failure otherwise.
std::string emitOk(llvm::StringRef source, const CppOptions &options = {});
/// The lines between the first `{` of the last function and its `return;`, without indentation.
std::string bodyOf(llvm::StringRef text);
/// The errors of a program that parses and must not be printed; checks that nothing was written.
std::vector<std::string> rejected(llvm::StringRef source);

} // namespace pto::test

#endif // PTOAS_UNITTESTS_TARGET_EMIT_H
