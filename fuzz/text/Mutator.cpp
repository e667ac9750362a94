//===- Mutator.cpp - Programs that are nearly right ------------------------===//

#include "Mutator.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <set>

using namespace pto::fuzz;

//===----------------------------------------------------------------------===//
// Tokens and groups
//===----------------------------------------------------------------------===//

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
    return token.contains('x') && !token.starts_with("0x") ? Kind::Shape : Kind::Number;
  if (llvm::isAlpha(first) || first == '_')
    return token.contains('.') ? Kind::Operation : Kind::Word;
  if (llvm::isSpace(first))
    return Kind::Space;
  return llvm::StringRef("()[]{}<>").contains(first) ? Kind::Bracket : Kind::Other;
}

/// Tokens of MLIR's grammar, white space included, so that joining them gives the text back, but
/// for its comments.
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

/// Types and attributes with angle brackets: `!pto.tile_buf<vec, 16x64xf32>`, `#pto<round_mode
/// RINT>`. Those inside of others are not listed.
static std::vector<llvm::StringRef> groupsOf(llvm::StringRef text) {
  std::vector<llvm::StringRef> found;
  for (size_t at = text.find_first_of("!#"); at < text.size(); at = text.find_first_of("!#", at)) {
    size_t end = at + 1;
    while (end < text.size() && (llvm::isAlnum(text[end]) || text[end] == '_' || text[end] == '.'))
      ++end;
    if (end == at + 1 || end >= text.size() || text[end] != '<') {
      at = end;
      continue;
    }
    unsigned depth = 0;
    do {
      depth += text[end] == '<';
      depth -= text[end] == '>';
      ++end;
    } while (depth && end < text.size() && text[end] != '\n');
    found.push_back(text.slice(at, end));
    at = end;
  }
  return found;
}
static std::string headOf(llvm::StringRef group) { return group.split('<').first.str(); }

Mutator::Mutator(const std::vector<std::string> &corpus,
                 llvm::function_ref<bool(llvm::StringRef)> accepts) {
  std::set<std::string> distinct[numKinds];
  std::map<std::string, std::set<std::string>> distinctGroups;
  for (const std::string &original : corpus) {
    std::string line, text; // without comments, and the lines that they leave empty
    for (const std::string &token : split(original)) {
      distinct[size_t(kindOf(token))].insert(token);
      line += token;
      if (token != "\n")
        continue;
      if (llvm::StringRef(line).trim().empty())
        line.clear();
      else
        lines.push_back(line);
      text += std::exchange(line, {});
    }
    texts.push_back(text + line);
    if (accepts(texts.back()))
      accepted.push_back(texts.size() - 1);
    for (llvm::StringRef group : groupsOf(texts.back()))
      distinctGroups[headOf(group)].insert(group.str());
  }
  // Edges that the corpus may not have.
  for (const char *number : {"0",
                             "1",
                             "2",
                             "7",
                             "8",
                             "15",
                             "16",
                             "31",
                             "32",
                             "33",
                             "255",
                             "256",
                             "4095",
                             "4096",
                             "65535",
                             "65536",
                             "16777215",
                             "16777216",
                             "2147483647",
                             "2147483648",
                             "4294967295",
                             "4294967296",
                             "9223372036854775807",
                             "9223372036854775808",
                             "18446744073709551615",
                             "18446744073709551616",
                             "340282366920938463463374607431768211456",
                             "-1",
                             "-2147483648",
                             "-9223372036854775808",
                             "0.0",
                             "-0.0",
                             "1.0e-45",
                             "3.4e38",
                             "1.0e400",
                             "0x7FC00000",
                             "0xFF800000",
                             "0xFFFFFFFFFFFFFFFF"})
    distinct[size_t(Kind::Number)].insert(number);
  for (const char *word :
       {"index",  "i1",     "i4",   "i8",   "ui8",   "i16",      "i32",    "i64",
        "i65",    "f16",    "bf16", "f32",  "f64",   "f8E4M3FN", "f8E5M2", "f4E2M1FN",
        "tensor", "vector", "none", "true", "false", "unit",     "dense"})
    distinct[size_t(Kind::Word)].insert(word);
  for (size_t i = 0; i < numKinds; ++i)
    pool[i].assign(distinct[i].begin(), distinct[i].end());
  for (auto &[head, all] : distinctGroups)
    groups[head].assign(all.begin(), all.end());
}

/// Another token of the same kind; of a shape one extent or the element type changes.
std::string Mutator::replacement(llvm::StringRef token, Random &random) const {
  Kind kind = kindOf(token);
  const std::vector<std::string> &like = pool[size_t(kind)];
  if (kind != Kind::Shape || below(random, 4) == 0)
    return like.empty() ? token.str() : like[below(random, like.size())];
  llvm::SmallVector<llvm::StringRef> parts;
  token.split(parts, 'x');
  size_t at = below(random, parts.size());
  Kind part = parts[at].empty() || llvm::isDigit(parts[at].front()) ? Kind::Number : Kind::Word;
  const std::vector<std::string> &others = pool[size_t(part)];
  const std::string &other = others[below(random, others.size())];
  switch (below(random, 8)) {
  case 0:
    parts[at] = "?";
    break;
  case 1: // a dimension more or less
    if (below(random, 2))
      parts.insert(parts.begin() + at, parts[at]);
    else
      parts.erase(parts.begin() + at);
    break;
  default:
    parts[at] = other;
  }
  return llvm::join(parts, "x");
}

//===----------------------------------------------------------------------===//
// Edits
//===----------------------------------------------------------------------===//

std::string Mutator::editToken(llvm::StringRef text, Random &random) const {
  Tokens tokens = split(text);
  if (tokens.empty())
    return text.str();
  size_t at = below(random, tokens.size());
  // White space says nothing: the next token that does.
  for (size_t tries = 0; tries < tokens.size() && kindOf(tokens[at]) == Kind::Space; ++tries)
    at = (at + 1) % tokens.size();
  switch (below(random, 16)) {
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
  case 3:
  case 4: { // every token that is the same, as a change of a type must be
    std::string old = tokens[at], now = replacement(old, random);
    std::replace(tokens.begin(), tokens.end(), old, now);
    break;
  }
  default: // most often something of the same kind, which the parser takes
    tokens[at] = replacement(tokens[at], random);
  }
  return llvm::join(tokens, "");
}

std::string Mutator::editLine(llvm::StringRef text, Random &random) const {
  llvm::SmallVector<llvm::StringRef> all;
  text.split(all, '\n');
  size_t line = below(random, all.size());
  llvm::StringRef moved = all[line];
  switch (below(random, 4)) {
  case 0:
    all.erase(all.begin() + line);
    break;
  case 1:
    all.insert(all.begin() + line, moved);
    break;
  case 2: // elsewhere
    all.erase(all.begin() + line);
    all.insert(all.begin() + below(random, all.size() + 1), moved);
    break;
  default:
    if (!lines.empty())
      all.insert(all.begin() + line,
                 llvm::StringRef(lines[below(random, lines.size())]).rtrim('\n'));
  }
  return llvm::join(all, "\n");
}

static std::string replaceAll(llvm::StringRef text, llvm::StringRef old, llvm::StringRef now) {
  std::string out;
  for (size_t at = text.find(old); at != llvm::StringRef::npos; at = text.find(old)) {
    out += (text.take_front(at) + now).str();
    text = text.drop_front(at + old.size());
  }
  return out + text.str();
}

std::string Mutator::swapGroup(llvm::StringRef text, Random &random) const {
  std::vector<llvm::StringRef> own = groupsOf(text);
  if (own.empty())
    return text.str();
  llvm::StringRef old = own[below(random, own.size())];
  auto like = groups.find(headOf(old));
  if (like == groups.end() || below(random, 8) == 0)
    like = std::next(groups.begin(), below(random, groups.size()));
  const std::string &now = like->second[below(random, like->second.size())];
  if (below(random, 4))
    return replaceAll(text, old, now);
  size_t at = old.data() - text.data();
  return (text.take_front(at) + now + text.drop_front(at + old.size())).str();
}

std::string Mutator::editGroup(llvm::StringRef text, Random &random) const {
  std::vector<llvm::StringRef> own = groupsOf(text);
  if (own.empty())
    return text.str();
  llvm::StringRef old = own[below(random, own.size())];
  std::string now;
  static constexpr llvm::StringLiteral options[] = {", valid=?x?",
                                                    ", valid=0x0",
                                                    ", valid=1x?",
                                                    ", valid=1x1",
                                                    ", blayout=col_major",
                                                    ", slayout=row_major",
                                                    ", slayout=col_major",
                                                    ", fractal=32",
                                                    ", fractal=1024",
                                                    ", pad=1",
                                                    ", pad=3",
                                                    ", compact=1",
                                                    ", compact=2",
                                                    ", count=2",
                                                    ", count=16",
                                                    ", gm"};
  if (below(random, 3) == 0) {
    now = (old.drop_back() + options[below(random, std::size(options))] + ">").str();
  } else {
    Tokens tokens = split(old);
    size_t at = below(random, tokens.size());
    if (kindOf(tokens[at]) == Kind::Space || kindOf(tokens[at]) == Kind::Bracket)
      at = (at + 1) % tokens.size();
    tokens[at] = replacement(tokens[at], random);
    now = llvm::join(tokens, "");
  }
  return replaceAll(text, old, now);
}

std::string Mutator::edit(llvm::StringRef text, Random &random) const {
  const std::string &other = texts[below(random, texts.size())];
  switch (below(random, 16)) {
  case 0:
  case 1:
    return editLine(text, random);
  case 2:
  case 3:
    return swapGroup(text, random);
  case 4:
  case 5:
  case 6:
    return editGroup(text, random);
  case 7:
  case 8:
    return wrapLines(text, random);
  case 9:
  case 10:
    return spliceOperation(text, other, random);
  case 11:
    return spliceFunction(text, other, random);
  case 12:
    return below(random, 2) ? outlineOperation(text, random) : callCopy(text, random);
  default:
    return editToken(text, random);
  }
}

std::string Mutator::mutant(uint64_t seed) const {
  Random random(seed);
  bool fromAccepted = below(random, 8) && !accepted.empty();
  std::string text =
      texts[fromAccepted ? accepted[below(random, accepted.size())] : below(random, texts.size())];
  for (size_t edits = 1 + below(random, 2) * below(random, 4); edits; --edits)
    text = edit(text, random);
  return text;
}
