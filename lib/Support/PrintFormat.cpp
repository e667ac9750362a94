//===- PrintFormat.cpp - Formats of pto.print ------------------------------===//

#include "ptoas/Support/PrintFormat.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdio>

using namespace pto;
using llvm::StringRef;

/// Reads the conversion behind the percent sign at `begin`; none when printf has no such one.
static std::optional<PrintConversion> readConversion(StringRef format, size_t begin) {
  PrintConversion c;
  c.begin = begin;
  StringRef rest = format.drop_front(begin + 1);
  c.flags =
      rest.take_while([](char x) { return llvm::isDigit(x) || StringRef("-+ #.").contains(x); });
  rest = rest.drop_front(c.flags.size());
  constexpr std::pair<llvm::StringLiteral, PrintConversion::Length> lengths[] = {
      {"hh", PrintConversion::Byte},
      {"h", PrintConversion::Short},
      {"ll", PrintConversion::LongLong},
      {"l", PrintConversion::Long},
      {"z", PrintConversion::Size}};
  for (auto &[text, length] : lengths)
    if (rest.consume_front(text)) {
      c.length = length;
      break;
    }
  if (rest.empty())
    return std::nullopt;
  c.letter = rest.front();
  c.isFloat = StringRef("fFeEgGaA").contains(c.letter);
  // `%lf` is `%f`; no other length goes with a float.
  bool fits = c.isFloat ? c.length == PrintConversion::Int || c.length == PrintConversion::Long
                        : StringRef("diuxXoc").contains(c.letter);
  if (!fits)
    return std::nullopt;
  c.end = format.size() - rest.size() + 1;
  return c;
}

std::optional<llvm::SmallVector<PrintConversion, 1>> pto::findConversions(StringRef format) {
  llvm::SmallVector<PrintConversion, 1> found;
  for (size_t at = format.find('%'); at != StringRef::npos;) {
    size_t next = at + 2; // `%%` is a percent sign
    if (!format.substr(at).starts_with("%%")) {
      auto conversion = readConversion(format, at);
      if (!conversion)
        return std::nullopt;
      next = conversion->end;
      found.push_back(*conversion);
    }
    at = format.find('%', next);
  }
  return found;
}

template <typename T> static std::string print(const std::string &format, T value) {
  int length = std::snprintf(nullptr, 0, format.c_str(), value);
  if (length < 0) // a width beyond what printf takes
    return format;
  std::string text(size_t(length) + 1, '\0');
  std::snprintf(text.data(), text.size(), format.c_str(), value);
  text.pop_back();
  return text;
}

/// The format with the one length that its argument is passed in.
static std::string withLength(StringRef format, const PrintConversion &c, StringRef length) {
  return (format.take_front(c.begin) + "%" + c.flags + length + llvm::Twine(c.letter) +
          format.drop_front(c.end))
      .str();
}

std::string pto::formatFloat(StringRef format, double value) {
  if (format.empty())
    format = "%f";
  auto conversions = findConversions(format);
  if (!conversions || conversions->size() != 1 || !conversions->front().isFloat)
    return format.str();
  return print(withLength(format, conversions->front(), ""), value);
}

std::string pto::formatInteger(StringRef format, int64_t value) {
  if (format.empty())
    format = "%lld";
  auto conversions = findConversions(format);
  if (!conversions || conversions->size() != 1 || conversions->front().isFloat)
    return format.str();
  const PrintConversion &c = conversions->front();
  if (c.letter == 'c')
    return print(withLength(format, c, ""), int(value));
  bool isSigned = c.letter == 'd' || c.letter == 'i';
  unsigned bits = c.length == PrintConversion::Byte    ? 8
                  : c.length == PrintConversion::Short ? 16
                  : c.length == PrintConversion::Int   ? 32
                                                       : 64;
  unsigned shift = 64 - bits;
  long long narrowed =
      isSigned ? (value << shift) >> shift : int64_t(uint64_t(value) << shift >> shift);
  return print(withLength(format, c, "ll"), narrowed);
}
