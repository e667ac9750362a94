//===- CommandLine.h - What the command lines of the tools share -*- C++ -*-===//
#ifndef PTOAS_PIPELINES_COMMANDLINE_H
#define PTOAS_PIPELINES_COMMANDLINE_H

#include "llvm/Support/CommandLine.h"

namespace pto {

/// Parses the values of an option that is a choice, in any case, as front-ends write them. What it
/// says of another value names all that there are, behind the `Error:` that front-ends look for.
template <typename T> struct ChoiceParser : llvm::cl::parser<T> {
  using llvm::cl::parser<T>::parser;
  bool parse(llvm::cl::Option &option, llvm::StringRef name, llvm::StringRef value, T &out) {
    std::string lower = value.lower(), known;
    for (const auto &info : this->Values) {
      if (info.Name == lower)
        return llvm::cl::parser<T>::parse(option, name, lower, out);
      known += (known.empty() ? "" : ", ") + info.Name.str();
    }
    llvm::errs() << "Error: invalid --" << option.ArgStr << "=" << value << "; it is one of "
                 << known << "\n";
    return true;
  }
};

/// An option whose values are those of clEnumValN.
template <typename T> using ChoiceOption = llvm::cl::opt<T, false, ChoiceParser<T>>;

/// Makes --version say "TOOL 0.60".
void setToolVersion(llvm::StringRef tool);

} // namespace pto

#endif // PTOAS_PIPELINES_COMMANDLINE_H
