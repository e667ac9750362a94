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
  code = code.drop_front(std::min(code.rfind(" f("), code.size())); // helpers stand before
  for (llvm::StringRef behind : {"(", ",", ")"}) {
    std::string needle = (" " + name + behind).str();
    for (size_t at = code.find(needle); at != llvm::StringRef::npos;
         at = code.find(needle, at + 1)) {
      // Back to where the type begins, over balanced brackets.
      size_t begin = at;
      for (int depth = 0; begin > 0; --begin) {
        char c = code[begin - 1];
        depth += c == '>' ? 1 : c == '<' ? -1 : 0;
        bool isBlank = c == ' ' && begin > 1 && (code[begin - 2] == ',' || code[begin - 2] == ' ');
        if (depth == 0 && (c == '(' || c == '\n' || isBlank))
          break;
      }
      llvm::StringRef type = code.slice(begin, at).trim();
      type.consume_back("&");
      if (type.starts_with("Tile<") || type.starts_with("GlobalTensor<") || type.ends_with("_t") ||
          type == "float" || type == "half")
        return type.str();
    }
  }
  return "";
}

/// `[x]` among template arguments becomes the type of x, everything but `*` stands for itself.
std::string patternOf(const Row &row, const CppForm &form) {
  std::string pattern;
  llvm::StringRef call = row.call;
  while (!call.empty()) {
    bool isType = call.front() == '[' &&
                  llvm::StringRef("< ").contains(row.call[row.call.size() - call.size() - 1]);
    size_t close = isType ? call.find(']') : llvm::StringRef::npos;
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
    if (row->call == "-") {
      EXPECT_EQ(code, "") << record << ", " << form.what << ": line " << row->line
                          << " says that nothing is printed of\n  " << form.text;
      continue;
    }
    std::string pattern = patternOf(*row, form); // The glob refers to its text.
    auto glob = llvm::GlobPattern::create(pattern);
    ASSERT_TRUE(bool(glob)) << llvm::toString(glob.takeError());
    ++compared;
    ++perArch[unsigned(form.arch)];
    EXPECT_TRUE(glob->match(code))
        << record << ", " << form.what << ": line " << row->line << " of the table says\n  "
        << row->call << "\nbut\n  " << form.text << "\nprints\n  " << code;
  }
  // What an earlier stage lowers has no C++ at all.
  for (const CppForm &form : all.unprinted)
    if (auto rows = table.find(form.info->name.str()); rows != table.end())
      if (Row *row = rowOf(rows->second, form); row && row->call == "-")
        ++row->used;
  unsigned rowCount = 0;
  for (const auto &[record, rows] : table)
    for (const Row &row : rows) {
      ++rowCount;
      EXPECT_GT(row.used, 0u) << "line " << row.line << " of the table: no form of " << record
                              << " has " << llvm::join(row.conditions, ", ") << " (" << row.call
                              << ")";
    }
  std::printf("%zu records, %u rows, %u forms compared: %u on a3, %u on a5\n", records.size(),
              rowCount, compared, perArch[0], perArch[1]);
}
