//===- LibraryCallsTest.cpp - Printed calls against a table by hand --------===//
//
// test/Target/Inputs/library-calls.txt says which call each operation becomes: name, template
// arguments, order of the operands, place of the scratch tile. Every form of every record is
// printed for every chip and compared; the table is none of the records' doing.
//
//===----------------------------------------------------------------------===//

#include "RecordsToCpp.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <map>
#include <set>

using namespace pto;
using namespace pto::test;

namespace {

/// One line of the table.
struct Row {
  unsigned line = 0;
  llvm::SmallVector<std::string, 2> conditions; ///< parts of the operation's text, or a chip
  std::string call;
  unsigned used = 0;
};
using Table = std::map<std::string, std::vector<Row>>;

Table readTable() {
  Table table;
  auto file = llvm::MemoryBuffer::getFile(PTOAS_SOURCE "/test/Target/Inputs/library-calls.txt");
  EXPECT_TRUE(file) << "there is no table";
  if (!file)
    return table;
  llvm::SmallVector<llvm::StringRef> lines;
  (*file)->getBuffer().split(lines, '\n');
  for (auto [i, line] : llvm::enumerate(lines)) {
    if (line.trim().empty() || line.starts_with("#"))
      continue;
    auto [record, rest] = line.split('|');
    auto [conditions, call] = rest.split('|');
    Row row{unsigned(i + 1), {}, call.trim().str()};
    // Blanks count inside a condition: ` fp %` is not `%fp`.
    llvm::SmallVector<llvm::StringRef> parts;
    conditions.trim(' ').split(parts, ", ", -1, /*KeepEmpty=*/false);
    for (llvm::StringRef part : parts)
      row.conditions.push_back(part.str());
    EXPECT_FALSE(row.call.empty()) << "line " << row.line << " has no call";
    table[record.trim().str()].push_back(row);
  }
  return table;
}

bool holds(const CppForm &form, llvm::StringRef condition) {
  if (condition == "a3" || condition == "a5")
    return condition == name(form.arch);
  return llvm::StringRef(form.text).contains(condition);
}

/// The row with the most conditions that hold; null when none does, or two do equally.
Row *rowOf(std::vector<Row> &rows, const CppForm &form) {
  Row *best = nullptr;
  bool tied = false;
  for (Row &row : rows) {
    if (!llvm::all_of(row.conditions, [&](auto &c) { return holds(form, c); }))
      continue;
    if (best && row.conditions.size() < best->conditions.size())
      continue;
    tied = best && row.conditions.size() == best->conditions.size();
    best = &row;
  }
  return tied ? nullptr : best;
}

/// The C++ type of a value by its name: from the list of parameters, or from the declaration of a
/// global tensor. Empty when there is none.
std::string typeOfName(llvm::StringRef code, llvm::StringRef name) {
  for (llvm::StringRef suffix : {"(", ",", ")", "& "}) {
    std::string needle =
        (suffix == "& " ? "& " : " ") + name.str() + (suffix == "& " ? "" : suffix.str());
    size_t at = code.find(needle);
    while (at != llvm::StringRef::npos) {
      // Back to where the type begins, over balanced brackets.
      size_t begin = at;
      int depth = 0;
      while (begin > 0) {
        char c = code[begin - 1];
        depth += c == '>' ? 1 : c == '<' ? -1 : 0;
        if (depth == 0 &&
            (c == '(' || c == '\n' || (c == ' ' && begin > 1 && code[begin - 2] == ',') ||
             (c == ' ' && begin > 1 && code[begin - 2] == ' ')))
          break;
        --begin;
      }
      llvm::StringRef type = code.slice(begin, at).trim();
      if (type.starts_with("Tile<") || type.starts_with("GlobalTensor<") || type.ends_with("_t") ||
          type == "float" || type == "half")
        return type.str();
      at = code.find(needle, at + 1);
    }
  }
  return "";
}

/// `[x]` becomes the type of x, everything but `*` stands for itself.
std::string patternOf(const Row &row, const CppForm &form) {
  std::string pattern;
  llvm::StringRef call = row.call;
  while (!call.empty()) {
    size_t close = call.front() == '[' ? call.find(']') : llvm::StringRef::npos;
    std::string type =
        close == llvm::StringRef::npos ? "" : typeOfName(form.code, call.slice(1, close));
    if (!type.empty()) {
      pattern += type;
      call = call.drop_front(close + 1);
      continue;
    }
    if (llvm::StringRef("[]{}\\?!^").contains(call.front()))
      pattern += '\\';
    pattern += call.front();
    call = call.drop_front();
  }
  return pattern;
}

/// Statements in one line, joined by "; ".
std::string oneLine(llvm::StringRef statements) {
  llvm::SmallVector<llvm::StringRef> lines;
  statements.split(lines, '\n', -1, /*KeepEmpty=*/false);
  std::string text;
  for (llvm::StringRef line : lines) {
    line = line.trim();
    line.consume_back(";");
    text += (text.empty() ? "" : "; ") + line.str();
  }
  return text;
}

CppForms printAll() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  return printAllRecords(&context, /*openIndices=*/true);
}
} // namespace

TEST(LibraryCalls, EveryFormOfEveryRecordIsTheCallOfTheTable) {
  Table table = readTable();
  CppForms all = printAll();
  std::set<std::string> records, printed;
  unsigned compared = 0, perArch[2] = {0, 0};
  for (const OpInfo &info : allOpInfos())
    records.insert(info.name.str());
  for (const std::string &record : records)
    EXPECT_TRUE(table.count(record)) << record << " has no row in library-calls.txt";
  for (const auto &[record, rows] : table)
    EXPECT_TRUE(records.count(record)) << "the table knows " << record << ", which has no record";

  for (const CppForm &form : all.forms) {
    std::string record = form.info->name.str(), code = oneLine(statementsOf(form));
    auto rows = table.find(record);
    if (rows == table.end())
      continue;
    Row *row = rowOf(rows->second, form);
    if (!row) {
      ADD_FAILURE() << record << ", " << form.what << ": not one row holds for\n  " << form.text
                    << "\n  which prints " << code;
      continue;
    }
    ++row->used;
    printed.insert(record);
    if (row->call == "-")
      continue;
    std::string pattern = patternOf(*row, form); // The glob refers to its text.
    auto glob = llvm::GlobPattern::create(pattern);
    ASSERT_TRUE(bool(glob)) << llvm::toString(glob.takeError());
    ++compared;
    ++perArch[unsigned(form.arch)];
    EXPECT_TRUE(glob->match(code))
        << record << ", " << form.what << ": line " << row->line << " of the table says\n  "
        << row->call << "\nbut\n  " << form.text << "\nprints\n  " << code;
  }
  unsigned rowCount = 0, idle = 0;
  for (const auto &[record, rows] : table)
    for (const Row &row : rows) {
      ++rowCount;
      bool isPrinted = row.call != "-" && !row.used;
      idle += isPrinted;
      EXPECT_FALSE(isPrinted) << "line " << row.line << " of the table: no form of " << record
                              << " has " << llvm::join(row.conditions, ", ") << " (" << row.call
                              << ")";
    }
  std::printf("%zu records, %u rows, %u forms compared: %u on a3, %u on a5\n", records.size(),
              rowCount, compared, perArch[0], perArch[1]);
}
