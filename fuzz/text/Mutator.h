//===- Mutator.h - Programs that are nearly right ---------------*- C++ -*-===//
#ifndef PTOAS_FUZZ_TEXT_MUTATOR_H
#define PTOAS_FUZZ_TEXT_MUTATOR_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <random>
#include <string>
#include <vector>

namespace pto::fuzz {

/// Mutates .pto text by its grammar: it knows tokens (names, types, numbers, strings, brackets)
/// and lines (operations), so most mutants come through the parser and reach the verifier and the
/// passes.
class Mutator {
public:
  /// Learns the tokens of every text that it may mutate or take parts from.
  explicit Mutator(const std::vector<std::string> &corpus);

  /// A few random edits, most often one, of one text of the corpus. The same seed gives the same
  /// text.
  std::string mutant(uint64_t seed) const;

private:
  using Tokens = std::vector<std::string>;
  enum class Kind : uint8_t { Value, Number, Word, String, Symbol, Type, Bracket, Space, Other };
  static Kind kindOf(llvm::StringRef token);
  static Tokens split(llvm::StringRef text);

  /// An edit of tokens or, for the structural ones, of whole lines.
  void editToken(Tokens &tokens, std::mt19937_64 &random) const;
  void editLine(Tokens &tokens, std::mt19937_64 &random) const;

  std::vector<Tokens> texts;
  std::vector<std::string> pool[9]; ///< distinct tokens of each kind, sorted
  std::vector<Tokens> lines;        ///< lines of all texts, to transplant
};

} // namespace pto::fuzz

#endif // PTOAS_FUZZ_TEXT_MUTATOR_H
