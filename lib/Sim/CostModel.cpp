//===- CostModel.cpp - Figures of time as text -----------------------------===//
//
// A line is a key and its words; docs/cost-model.md describes the keys.
//
//===----------------------------------------------------------------------===//

#include "CostTexts.inc" // a3Costs, a5Costs
#include "ptoas/Sim/Cost.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace pto;
using namespace pto::sim;
using llvm::formatv;
using llvm::StringRef;

static std::optional<Space> parseSpace(StringRef text) {
  for (unsigned space = 0; space < numSpaces; ++space)
    if (name(Space(space)) == text)
      return Space(space);
  return std::nullopt;
}

namespace {
class Reader {
public:
  Reader(StringRef file, CostTable &table) : file(file), table(table) {}
  llvm::Error read(StringRef text);

private:
  using Words = llvm::SmallVector<StringRef, 8>;
  void line(StringRef text);
  void route(const Words &words);
  void vector(const Words &words);
  /// The number at `index`: finite, and positive or else at least zero.
  double number(const Words &words, unsigned index, bool positive = false);
  uint64_t cycles(const Words &words, unsigned index) {
    return uint64_t(std::llround(number(words, index)));
  }
  bool hasCount(const Words &words, unsigned count, StringRef form);
  void fail(const llvm::Twine &what) {
    if (problem.empty())
      problem = (file + ":" + llvm::Twine(lineNumber) + ": " + what).str();
  }

  StringRef file;
  CostTable &table;
  unsigned lineNumber = 0;
  std::string problem; ///< the first one
  llvm::StringSet<> seen;
  std::array<std::array<bool, numSpaces>, numSpaces> known{};
};
} // namespace

double Reader::number(const Words &words, unsigned index, bool positive) {
  double value = 0;
  if (words[index].getAsDouble(value) || !std::isfinite(value) || value < 0)
    fail("'" + words[index] + "' is not a number of at least 0");
  else if (positive && value == 0)
    fail(words[0] + " must be above 0");
  return value;
}

bool Reader::hasCount(const Words &words, unsigned count, StringRef form) {
  if (words.size() == count)
    return true;
  fail(formatv("'{0}' takes {1} words: {2}", words[0], count - 1, form).str());
  return false;
}

void Reader::route(const Words &words) {
  if (!hasCount(words, 5, "route FROM TO GiB/s HEAD"))
    return;
  CostTable::Route route{number(words, 3, true), number(words, 4)};
  if (words[1] == "*" && words[2] == "*") {
    for (unsigned from = 0; from < numSpaces; ++from)
      for (unsigned to = 0; to < numSpaces; ++to)
        if (!known[from][to])
          table.routes[from][to] = route;
    return;
  }
  auto from = parseSpace(words[1]), to = parseSpace(words[2]);
  if (!from || !to) {
    std::string spaces;
    for (unsigned space = 0; space < numSpaces; ++space)
      spaces += " " + name(Space(space)).str();
    return fail("no route " + words[1] + " " + words[2] + "; the memories are" + spaces +
                ", and `route * *` is all others");
  }
  table.routes[unsigned(*from)][unsigned(*to)] = route;
  known[unsigned(*from)][unsigned(*to)] = true;
}

void Reader::vector(const Words &words) {
  if (!hasCount(words, 5, "vector OP HEAD SLOPE TAIL"))
    return;
  CostTable::Vector cost{number(words, 2), number(words, 3), number(words, 4)};
  if (words[1] == "*")
    table.vector = cost;
  else if (words[1].starts_with("pto."))
    table.vectorByOp[words[1]] = cost;
  else
    fail("'" + words[1] +
         "' is no operation: their names begin with pto., `vector *` is all others");
}

void Reader::line(StringRef text) {
  Words words;
  llvm::SplitString(text.split('#').first, words, " \t\r");
  if (words.empty())
    return;
  StringRef key = words[0];
  std::string what = key.str();
  if (key == "route" || key == "vector") // one of many: what tells them apart
    for (StringRef word : llvm::ArrayRef(words).slice(1).take_front(key == "route" ? 2 : 1))
      what += " " + word.str();
  if (!seen.insert(what).second)
    return fail("'" + llvm::Twine(what) + "' is said twice");
  if (key == "arch") {
    if (!hasCount(words, 2, "arch a3|a5"))
      return;
    std::optional<Arch> arch = parseArch(words[1]);
    if (!arch)
      return fail("'" + words[1] + "' is no chip; there are a3 and a5");
    table.arch = *arch;
  } else if (key == "clock") {
    if (hasCount(words, 2, "clock GHz"))
      table.clock = number(words, 1, true);
  } else if (key == "launch") {
    if (hasCount(words, 2, "launch CYCLES"))
      table.launch = cycles(words, 1);
  } else if (key == "route") {
    route(words);
  } else if (key == "vector") {
    vector(words);
  } else if (key == "cube") {
    if (!hasCount(words, 4, "cube HEAD STEP STEP-OF-F32"))
      return;
    table.cubeHead = number(words, 1);
    table.cubeStep = number(words, 2);
    table.cubeStepWide = number(words, 3);
  } else if (key == "scalar") {
    if (!hasCount(words, 3, "scalar CYCLES CYCLES-OF-A-LOAD"))
      return;
    table.scalar = cycles(words, 1);
    table.scalarLoad = cycles(words, 2);
  } else if (key == "sync") {
    if (hasCount(words, 2, "sync CYCLES"))
      table.sync = std::max<uint64_t>(1, cycles(words, 1)); // or arrows would begin where they end
  } else {
    fail("unknown key '" + key + "'");
  }
}

llvm::Error Reader::read(StringRef text) {
  llvm::SmallVector<StringRef, 64> lines;
  text.split(lines, '\n');
  for (StringRef each : lines) {
    ++lineNumber;
    line(each);
  }
  for (StringRef key :
       {"arch", "clock", "launch", "route * *", "vector *", "cube", "scalar", "sync"})
    if (!seen.contains(key))
      fail("the file ends without '" + key + "'");
  if (problem.empty())
    return llvm::Error::success();
  return llvm::createStringError(llvm::inconvertibleErrorCode(), problem);
}

llvm::Expected<CostTable> CostTable::parse(StringRef text, StringRef file) {
  CostTable table{Blank()};
  if (llvm::Error problem = Reader(file, table).read(text))
    return problem;
  return table;
}

StringRef CostTable::textOf(Arch arch) { return arch == Arch::A3 ? a3Costs : a5Costs; }

const CostTable &CostTable::of(Arch arch) {
  static const std::array<CostTable, 2> tables = {
      llvm::cantFail(parse(a3Costs, "a3.costs"), "a built-in cost model is broken"),
      llvm::cantFail(parse(a5Costs, "a5.costs"), "a built-in cost model is broken")};
  return tables[arch == Arch::A3 ? 0 : 1];
}

CostTable::CostTable() : CostTable(of(Arch::A3)) {}
