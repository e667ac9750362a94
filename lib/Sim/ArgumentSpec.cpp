//===- ArgumentSpec.cpp - `--arg NAME=VALUE` of pto-sim --------------------===//

#include "ptoas/Sim/ArgumentSpec.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace pto;
using namespace pto::sim;
using llvm::StringRef;
using llvm::Twine;

/// Arrays above this size are typing errors rather than wishes.
static constexpr uint64_t maxArrayBytes = uint64_t(1) << 40;

static llvm::Error error(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

static llvm::Error parseShape(StringRef text, std::vector<int64_t> &shape) {
  llvm::SmallVector<StringRef, 5> extents;
  text.split(extents, 'x');
  for (StringRef extent : extents) {
    int64_t value;
    if (!llvm::all_of(extent, llvm::isDigit) || extent.getAsInteger(10, value))
      return error("'" + text + "' is not a shape such as 16x64");
    shape.push_back(value);
  }
  return llvm::Error::success();
}

static llvm::Error parseElementName(StringRef text, std::optional<Element> &element) {
  element = parseElement(text);
  if (element && *element != Element::Index)
    return llvm::Error::success();
  return error("'" + text +
               "' is not an element type (f32, f16, bf16, f8E4M3, i8 to i64, ui8 to ui64, i1 ...)");
}

llvm::Error pto::sim::parseShapedType(StringRef text, std::vector<int64_t> &shape,
                                      Element &element) {
  auto [extents, type] = text.split(':');
  if (llvm::Error problem = parseShape(extents, shape))
    return problem;
  if (type.empty())
    return error("'" + text + "' lacks the element type: write SHAPE:ELEMENT, such as 16x64:f32");
  std::optional<Element> parsed;
  if (llvm::Error problem = parseElementName(type, parsed))
    return problem;
  element = *parsed;
  uint64_t bytes = bytesOf(element);
  for (int64_t extent : shape)
    bytes = llvm::SaturatingMultiply(bytes, uint64_t(extent));
  if (bytes > maxArrayBytes)
    return error("an array of " + extents + " is larger than 1 TiB");
  return llvm::Error::success();
}

static llvm::Error parseArrayType(StringRef text, ArgumentSpec &spec) {
  Element element;
  if (llvm::Error problem = parseShapedType(text, spec.shape, element))
    return problem;
  spec.element = element;
  return llvm::Error::success();
}

static llvm::Error parseRandom(StringRef text, ArgumentSpec &spec) {
  auto [type, seed] = text.rsplit(':');
  // Without a seed the last field is the element type.
  if (!type.contains(':') || seed.getAsInteger(0, spec.seed))
    return error("'random" + Twine(text.empty() ? "" : ":") + text +
                 "' lacks a seed: write random:SHAPE:ELEMENT:SEED, such as random:16x64:f32:1");
  return parseArrayType(type, spec);
}

static llvm::Error parseWindow(StringRef text, ArgumentSpec &spec) {
  auto [offset, type] = text.split(':');
  if (offset.getAsInteger(0, spec.offset))
    return error(
        "'" + offset +
        "' is not a byte offset: write window:OFFSET:SHAPE:ELEMENT, such as window:0:16x64:f32");
  return parseArrayType(type, spec);
}

static llvm::Error parseFile(StringRef path, StringRef type, ArgumentSpec &spec) {
  spec.kind = ArgumentSpec::File;
  spec.path = path.str();
  return type.empty() ? llvm::Error::success() : parseElementName(type, spec.element);
}

/// Numbers as people write them; false when the text is none.
static bool parseNumber(StringRef text, ArgumentSpec &spec) {
  spec.kind = ArgumentSpec::Integer;
  if (text == "true" || text == "false") {
    spec.integer = text == "true";
    return true;
  }
  StringRef magnitude = text;
  magnitude.consume_front("-");
  unsigned radix = magnitude.starts_with("0x") ? 0 : 10; // 010 is ten, not eight
  uint64_t large;
  if (!text.getAsInteger(radix, spec.integer))
    return true;
  if (!text.getAsInteger(radix, large)) { // above the largest int64: an unsigned value
    spec.integer = int64_t(large);
    return true;
  }
  if (magnitude == "inf" || magnitude == "nan") {
    spec.real = magnitude == "inf" ? std::numeric_limits<double>::infinity()
                                   : std::numeric_limits<double>::quiet_NaN();
    if (magnitude.size() != text.size())
      spec.real = -spec.real;
  } else if (magnitude.empty() ||
             !llvm::isDigit(magnitude.front() == '.' ? magnitude.back() : magnitude.front()) ||
             text.getAsDouble(spec.real)) {
    return false;
  }
  spec.kind = ArgumentSpec::Real;
  return true;
}

static bool isKeyword(StringRef word) {
  return word == "zeros" || word == "poison" || word == "random" || word == "window" ||
         word == "same";
}

/// The forms KEYWORD:REST.
static llvm::Error parseKeyword(StringRef keyword, StringRef rest, ArgumentSpec &spec) {
  if (keyword == "random") {
    spec.kind = ArgumentSpec::Random;
    return parseRandom(rest, spec);
  }
  if (keyword == "window") {
    spec.kind = ArgumentSpec::Window;
    return parseWindow(rest, spec);
  }
  if (keyword == "same") {
    spec.kind = ArgumentSpec::Same;
    spec.other = rest.str();
    return rest.empty() ? error("same: lacks the name of the other argument")
                        : llvm::Error::success();
  }
  spec.kind = keyword == "zeros" ? ArgumentSpec::Zeros : ArgumentSpec::Poison;
  return parseArrayType(rest, spec);
}

llvm::Expected<ArgumentSpec> pto::sim::parseArgumentValue(StringRef value) {
  ArgumentSpec spec;
  constexpr std::pair<StringRef, ArgumentSpec::Kind> words[] = {
      {"rank", ArgumentSpec::Rank},   {"peer", ArgumentSpec::Peer},
      {"ranks", ArgumentSpec::Ranks}, {"block", ArgumentSpec::Block},
      {"ctx", ArgumentSpec::Context},
  };
  for (auto [word, kind] : words)
    if (value == word) {
      spec.kind = kind;
      return spec;
    }
  auto [keyword, rest] = value.split(':');
  if (isKeyword(keyword)) {
    if (llvm::Error problem = parseKeyword(keyword, rest, spec))
      return problem;
    return spec;
  }
  auto [path, type] = value.ends_with(".npy") ? std::pair(value, StringRef()) : value.rsplit(':');
  if (path.ends_with(".npy")) {
    if (llvm::Error problem = parseFile(path, type, spec))
      return problem;
    return spec;
  }
  if (parseNumber(value, spec))
    return spec;
  return error("'" + value +
               "' is no argument value; the forms are FILE.npy[:ELEMENT], zeros:SHAPE:ELEMENT, "
               "random:SHAPE:ELEMENT:SEED, poison:SHAPE:ELEMENT, window:OFFSET:SHAPE:ELEMENT, "
               "same:OTHER, a number, rank, peer, ranks, block, ctx");
}

llvm::Expected<ArgumentSpec> pto::sim::parseArgument(StringRef text) {
  auto [name, value] = text.split('=');
  name.consume_front("%");
  if (name.empty() || !text.contains('='))
    return error("'" + text + "' is not NAME=VALUE");
  auto spec = parseArgumentValue(value);
  if (!spec)
    return error("argument '" + name + "': " + llvm::toString(spec.takeError()));
  spec->name = name.str();
  return spec;
}

std::string pto::sim::pathForRank(StringRef path, int64_t rank) {
  std::string result;
  for (;;) {
    size_t at = path.find("{rank}");
    result += path.take_front(at);
    if (at == StringRef::npos)
      return result;
    result += std::to_string(rank);
    path = path.drop_front(at + 6);
  }
}

/// Whether an integer is a value of the element type, read as signed or as unsigned.
static bool fits(int64_t value, Element element) {
  unsigned bits = element == Element::I1 ? 1 : bytesOf(element) * 8;
  if (bits == 64)
    return true;
  // Signless integers take both readings: i8 accepts -128 ... 255.
  int64_t low = isUnsigned(element) || bits == 1 ? 0 : -(int64_t(1) << (bits - 1));
  return value >= low && value < int64_t(1) << bits;
}

llvm::Expected<ScalarOperand> pto::sim::scalarArgument(const ArgumentSpec &spec,
                                                       ArgumentPlace place, Element element) {
  int64_t value = 0;
  switch (spec.kind) {
  case ArgumentSpec::Integer:
    value = spec.integer;
    break;
  case ArgumentSpec::Real:
    if (!isFloat(element))
      return error("argument '" + spec.name + "' is a fraction, but the kernel takes " +
                   name(element));
    return ScalarOperand{element, llvm::bit_cast<uint64_t>(spec.real)};
  case ArgumentSpec::Rank:
    value = place.rank;
    break;
  case ArgumentSpec::Peer:
    value = (place.rank + 1) % place.ranks;
    break;
  case ArgumentSpec::Ranks:
    value = place.ranks;
    break;
  case ArgumentSpec::Block:
    value = place.block;
    break;
  default:
    return error("argument '" + spec.name + "' is an array, but the kernel takes " + name(element));
  }
  if (isFloat(element))
    return ScalarOperand{element, llvm::bit_cast<uint64_t>(double(value))};
  if (!fits(value, element))
    return error("argument '" + spec.name + "': " + Twine(value) + " is no value of " +
                 name(element));
  // Through the element's bytes, so that 255 for an i8 is the same operand as -1.
  char bytes[8];
  encodeInteger(element, value, bytes);
  return ScalarOperand{element, uint64_t(decodeInteger(element, bytes))};
}

static uint64_t splitmix64(uint64_t &state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// From 53 random bits; f8E8M0, a power of two, has no sign.
static double randomReal(Element element, uint64_t bits) {
  double value = double(bits) / 0x1p52 - 1;
  return element == Element::F8E8M0 ? std::fabs(value) : value;
}

static void fillRandom(Array &array, uint64_t seed) {
  unsigned size = bytesOf(array.element);
  for (size_t at = 0; at < array.bytes.size(); at += size) {
    uint64_t u = splitmix64(seed) >> 11;
    if (isPackedPair(array.element))
      array.bytes[at] = encodePair(array.element, randomReal(array.element, u),
                                   randomReal(array.element, splitmix64(seed) >> 11));
    else if (isFloat(array.element))
      encodeFloat(array.element, randomReal(array.element, u), &array.bytes[at]);
    else if (array.element == Element::I1)
      encodeInteger(array.element, int64_t(u % 2), &array.bytes[at]);
    else
      encodeInteger(array.element,
                    isUnsigned(array.element) ? int64_t(u % 100) : int64_t(u % 200) - 100,
                    &array.bytes[at]);
  }
}

/// Reads the file and, where the argument names an element type, takes its bytes as that type.
static llvm::Expected<Array> loadFile(const ArgumentSpec &spec, int64_t rank) {
  std::string path = pathForRank(spec.path, rank);
  auto array = readNpy(path);
  if (!array || !spec.element || array->element == *spec.element)
    return array;
  bool sameWidth = bytesOf(array->element) == bytesOf(*spec.element);
  if (!sameWidth || (isFloat(array->element) && isFloat(*spec.element)))
    return error("'" + path + "' holds " + name(array->element) + ", which cannot be taken as " +
                 name(*spec.element) + ": store it as unsigned integers of that width");
  array->element = *spec.element;
  return array;
}

llvm::Expected<Array> pto::sim::arrayArgument(const ArgumentSpec &spec, int64_t rank) {
  if (spec.kind == ArgumentSpec::File)
    return loadFile(spec, rank);
  bool hasType = spec.kind == ArgumentSpec::Zeros || spec.kind == ArgumentSpec::Random ||
                 spec.kind == ArgumentSpec::Poison || spec.kind == ArgumentSpec::Window;
  if (!hasType)
    return error("argument '" + spec.name + "' is not an array of its own");
  Array array{*spec.element, spec.shape, {}};
  array.bytes.resize(array.elements() * bytesOf(array.element));
  if (spec.kind == ArgumentSpec::Random)
    fillRandom(array, spec.seed + uint64_t(rank));
  return array;
}

std::vector<int64_t> pto::sim::windowContext(llvm::ArrayRef<uint64_t> windows, int64_t rank) {
  std::vector<int64_t> table{int64_t(windows[rank])};
  table.insert(table.end(), windows.begin(), windows.end());
  return table;
}
