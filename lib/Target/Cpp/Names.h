//===- Names.h - Identifiers of the printed program -------------*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_NAMES_H
#define PTOAS_TARGET_CPP_NAMES_H

#include "ptoas/Target/Cpp.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace pto::cpp {

/// True when a variable may not have this name: keywords, what the library and its macros define,
/// reserved spellings.
bool isReservedName(llvm::StringRef name);
/// True when `name` can be printed as a function's name as it stands.
bool isLegalFunctionName(llvm::StringRef name);

/// Gives every value of a function its name. Names follow C++ scopes: one that has left its scope
/// may come again, one that is visible never does, so no declaration shadows another.
class Names {
public:
  Names(CppOptions::Names style, const llvm::StringSet<> &globals)
      : style(style), globals(globals) {}

  void enterScope() { scopes.emplace_back(); }
  void leaveScope();
  /// A new name in the innermost scope, close to `hint`; `hint` is a source name or empty.
  std::string declare(llvm::StringRef hint);

private:
  bool isFree(llvm::StringRef name) const;

  CppOptions::Names style;
  const llvm::StringSet<> &globals; ///< functions and result structs
  llvm::StringSet<> visible;
  llvm::StringMap<unsigned> nextSuffix; ///< keeps the search for a free suffix short
  std::vector<std::vector<std::string>> scopes;
  unsigned count = 0;
};

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_NAMES_H
