//===- Mutator.cpp - Programs that are nearly right ------------------------===//

#include "Mutator.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <set>

using namespace pto::fuzz;

Mutator::Kind Mutator::kindOf(llvm::StringRef token) {
  char first = token.front();
  if (first == '%')
    return Kind::Value;
  if (first == '"')
    return Kind::String;
  if (first == '@' || first == '#')
    return Kind::Symbol;
  if (first == '!')
    return Kind::Type;
  if (llvm::isDigit(first))
    return Kind::Number;
  if (llvm::isAlpha(first) || first == '_')
    return Kind::Word;
  if (llvm::isSpace(first))
    return Kind::Space;
  return llvm::StringRef("()[]{}<>").contains(first) ? Kind::Bracket : Kind::Other;
}

/// Tokens of MLIR's grammar, white space included, so that joining them gives the text back.
Mutator::Tokens Mutator::split(llvm::StringRef text) {
  Tokens tokens;
  auto inName = [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '$'; };
  while (!text.empty()) {
    size_t length = 1;
    char first = text.front();
    if (first == '"') {
      size_t end = text.find('"', 1);
      length = end == llvm::StringRef::npos ? text.size() : end + 1;
    } else if (text.starts_with("//")) {
      length = std::min(text.find('\n'), text.size());
    } else if (inName(first) || llvm::StringRef("%@#!").contains(first)) {
      while (length < text.size() && inName(text[length]))
        ++length;
    } else if (first == ' ') {
      while (length < text.size() && text[length] == ' ')
        ++length;
    }
    if (!text.starts_with("//"))
      tokens.push_back(text.take_front(length).str());
    text = text.drop_front(length);
  }
  return tokens;
}

Mutator::Mutator(const std::vector<std::string> &corpus) {
  std::set<std::string> distinct[std::size(pool)];
  for (const std::string &text : corpus) {
    texts.push_back(split(text));
    Tokens line;
    for (const std::string &token : texts.back()) {
      distinct[size_t(kindOf(token))].insert(token);
      line.push_back(token);
      if (token == "\n")
        lines.push_back(std::exchange(line, {}));
    }
  }
  // Edges that the corpus may not have.
  for (const char *number : {"0", "1", "15", "33", "4095", "4096", "65536", "2147483648",
                             "9223372036854775807", "18446744073709551616"})
    distinct[size_t(Kind::Number)].insert(number);
  for (size_t i = 0; i < std::size(pool); ++i)
    pool[i].assign(distinct[i].begin(), distinct[i].end());
}

static size_t below(std::mt19937_64 &random, size_t bound) { return random() % bound; }

void Mutator::editToken(Tokens &tokens, std::mt19937_64 &random) const {
  size_t at = below(random, tokens.size());
  // White space says nothing: the next token that does.
  for (size_t tries = 0; tries < tokens.size() && kindOf(tokens[at]) == Kind::Space; ++tries)
    at = (at + 1) % tokens.size();
  const std::vector<std::string> &like = pool[size_t(kindOf(tokens[at]))];
  switch (below(random, 12)) {
  case 0:
    tokens.erase(tokens.begin() + at);
    break;
  case 1: {
    std::string again = tokens[at];
    tokens.insert(tokens.begin() + at, again);
    break;
  }
  case 2:
    if (size_t other = below(random, tokens.size()); other != at)
      std::swap(tokens[at], tokens[other]);
    break;
  default: // most often something of the same kind, which the parser takes
    if (!like.empty())
      tokens[at] = like[below(random, like.size())];
  }
}

void Mutator::editLine(Tokens &tokens, std::mt19937_64 &random) const {
  std::vector<size_t> starts{0};
  for (size_t i = 0; i + 1 < tokens.size(); ++i)
    if (tokens[i] == "\n")
      starts.push_back(i + 1);
  size_t line = below(random, starts.size());
  auto begin = tokens.begin() + starts[line];
  auto end = line + 1 < starts.size() ? tokens.begin() + starts[line + 1] : tokens.end();
  Tokens moved(begin, end);
  switch (below(random, 4)) {
  case 0:
    tokens.erase(begin, end);
    break;
  case 1:
    tokens.insert(end, moved.begin(), moved.end());
    break;
  case 2: { // elsewhere
    tokens.erase(begin, end);
    size_t to = std::min(starts[below(random, starts.size())], tokens.size());
    tokens.insert(tokens.begin() + to, moved.begin(), moved.end());
    break;
  }
  default:
    if (!lines.empty()) {
      const Tokens &other = lines[below(random, lines.size())];
      tokens.insert(begin, other.begin(), other.end());
    }
  }
}

std::string Mutator::mutant(uint64_t seed) const {
  std::mt19937_64 random(seed);
  Tokens tokens = texts[below(random, texts.size())];
  for (size_t edits = 1 + below(random, 2) * below(random, 4); edits && !tokens.empty(); --edits) {
    if (below(random, 3) == 0)
      editLine(tokens, random);
    else
      editToken(tokens, random);
  }
  return llvm::join(tokens, "");
}
