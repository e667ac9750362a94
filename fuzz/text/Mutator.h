//===- Mutator.h - Programs that are nearly right ---------------*- C++ -*-===//
#ifndef PTOAS_FUZZ_TEXT_MUTATOR_H
#define PTOAS_FUZZ_TEXT_MUTATOR_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <random>
#include <string>
#include <vector>

namespace pto::fuzz {

using Random = std::mt19937_64;
/// 0 for an empty range, too.
inline size_t below(Random &random, size_t bound) { return bound ? random() % bound : 0; }

/// Mutates .pto text by its grammar, so that most mutants come through the parser and reach the
/// verifier, the passes and the simulator. It knows tokens (names, types, numbers, strings,
/// brackets), lines (operations), whole types and attributes, and the structures that can stand
/// around operations: loops, branches, sections, functions.
class Mutator {
public:
  /// Learns the parts of every text that it may mutate or take parts from. Mutants come mostly from
  /// the texts that `accepts`: the others have an error already, behind which little is reached.
  Mutator(const std::vector<std::string> &corpus,
          llvm::function_ref<bool(llvm::StringRef)> accepts);

  /// A few random edits, most often one or two, of one text of the corpus. The same seed gives the
  /// same text.
  std::string mutant(uint64_t seed) const;
  /// One random edit of `text`.
  std::string edit(llvm::StringRef text, Random &random) const;

private:
  using Tokens = std::vector<std::string>;
  enum class Kind : uint8_t {
    Value,
    Number,
    Shape, ///< 16x64xf32
    Operation,
    Word,
    String,
    Symbol,
    Type,
    Bracket,
    Space,
    Other
  };
  static constexpr unsigned numKinds = unsigned(Kind::Other) + 1;
  static Kind kindOf(llvm::StringRef token);
  static Tokens split(llvm::StringRef text);

  std::string editToken(llvm::StringRef text, Random &random) const;
  std::string editLine(llvm::StringRef text, Random &random) const;
  /// A type or an attribute with all that its brackets hold becomes another one, everywhere in the
  /// text (else operands and results would disagree, and the parser stops there).
  std::string swapGroup(llvm::StringRef text, Random &random) const;
  /// One word, number or option inside of a type changes, everywhere in the text.
  std::string editGroup(llvm::StringRef text, Random &random) const;
  std::string replacement(llvm::StringRef token, Random &random) const;

  std::vector<std::string> texts;
  std::vector<size_t> accepted;                           ///< indices of texts
  std::vector<std::string> pool[numKinds];                ///< distinct tokens of each kind, sorted
  std::vector<std::string> lines;                         ///< of all texts, to transplant
  std::map<std::string, std::vector<std::string>> groups; ///< "!pto.tile_buf": each one of it
};

//===----------------------------------------------------------------------===//
// Edits that know what stands around an operation (Structure.cpp). Each gives the text back when it
// finds no place.
//===----------------------------------------------------------------------===//

/// Neighbouring operations go into a loop, a branch or a section.
std::string wrapLines(llvm::StringRef text, Random &random);
/// An operation of `other` comes with all that it depends on; function arguments with it.
std::string spliceOperation(llvm::StringRef text, llvm::StringRef other, Random &random);
/// A function of `other` comes with the names of types that it uses.
std::string spliceFunction(llvm::StringRef text, llvm::StringRef other, Random &random);
/// An operation becomes the call of a new function that holds it, tiles being arguments.
std::string outlineOperation(llvm::StringRef text, Random &random);
/// A function calls a copy of itself first.
std::string callCopy(llvm::StringRef text, Random &random);

} // namespace pto::fuzz

#endif // PTOAS_FUZZ_TEXT_MUTATOR_H
