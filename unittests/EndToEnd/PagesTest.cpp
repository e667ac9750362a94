//===- PagesTest.cpp - The examples of the reference pages are programs ----===//
//
// Each entry of docs/ops shows a text. What is shown parses, is accepted on a chip, and compiles.
//
//===----------------------------------------------------------------------===//

#include "../IR/Messages.h"
#include "HostCompiler.h"
#include "RecordsToCpp.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "gtest/gtest.h"
#include <map>

using namespace pto;
using namespace pto::test;
using llvm::StringRef;

namespace {

struct Entry {
  std::string page, name, text; ///< text: of the first ```mlir block, empty when there is none
  std::string all;
};

std::vector<Entry> entries() {
  std::vector<Entry> all;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(PTOAS_SOURCE "/docs/ops", error), end;
       it != end && !error; it.increment(error)) {
    auto page = llvm::MemoryBuffer::getFile(it->path());
    if (!page)
      continue;
    llvm::SmallVector<StringRef> parts;
    (*page)->getBuffer().split(parts, "\n## `");
    for (StringRef part : llvm::drop_begin(parts))
      all.push_back({llvm::sys::path::filename(it->path()).str(), part.split('`').first.str(),
                     part.split("```mlir\n").second.split("\n```").first.str(), part.str()});
  }
  EXPECT_FALSE(error) << error.message();
  return all;
}

/// Splits at the commas outside brackets.
llvm::SmallVector<StringRef> splitList(StringRef list) {
  llvm::SmallVector<StringRef> items;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= list.size(); ++i) {
    if (i == list.size() || (list[i] == ',' && depth == 0)) {
      items.push_back(list.slice(begin, i).trim());
      begin = i + 1;
    } else {
      depth += StringRef("<({").contains(list[i]) - StringRef(">)}").contains(list[i]);
    }
  }
  return items;
}

/// `ins(%a, %b : A, B) outs(%c : C)`: the operands that a text names, with their types.
std::map<std::string, std::string> operandsOf(StringRef text) {
  std::map<std::string, std::string> types;
  for (StringRef group : {"ins(", "outs("}) {
    auto [before, after] = text.split(group);
    if (after.empty())
      continue;
    auto [names, rest] = after.split(" : ");
    int depth = 1;
    size_t end = 0;
    for (; end < rest.size() && depth; ++end)
      depth += StringRef("<(").contains(rest[end]) - StringRef(">)").contains(rest[end]);
    auto values = splitList(names), kinds = splitList(rest.take_front(end ? end - 1 : 0));
    if (values.size() == kinds.size())
      for (auto [value, kind] : llvm::zip(values, kinds))
        types[value.split('{').first.trim().str()] = kind.str();
  }
  // `%a[%i, %j] : A -> f32`
  llvm::SmallVector<StringRef> parts;
  if (types.empty() && llvm::Regex("(%[a-z0-9_]+)\\[([^]]*)\\][^:]* : (.*)$").match(text, &parts)) {
    types[parts[1].str()] = splitList(parts[3].split(" ->").first).front().str();
    for (StringRef index : splitList(parts[2]))
      types[index.str()] = "index";
  }
  return types;
}

std::string moduleOf(const Entry &entry, StringRef arch) {
  std::string parameters, variables;
  for (const auto &[name, type] : operandsOf(entry.text)) {
    if (!StringRef(name).starts_with("%"))
      continue;
    // Structs and arrays are declared where they are used.
    std::string declare =
        ("pto.declare_" + StringRef(type).split("!pto.").second.split('<').first).str();
    if (llvm::any_of(allOpInfos(), [&](const OpInfo &info) { return info.name == declare; }))
      variables += name + " = " + declare + " -> " + type + "\n";
    else
      parameters += (parameters.empty() ? "" : ", ") + name + ": " + type;
  }
  return ("module attributes {pto.target_arch = \"" + arch + "\"} {\nfunc.func @f(" + parameters +
          ") {\n" + variables + entry.text + "\nreturn\n}\n}\n")
      .str();
}

class Pages : public ::testing::Test {
protected:
  Pages() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
    all = printAllRecords(&context);
    for (const CppForm &form : llvm::concat<const CppForm>(all.forms, all.unprinted))
      derived.insert(form.text);
  }
  mlir::MLIRContext context;
  CppForms all;
  std::set<std::string> derived; ///< texts that the test of the records compiles
};

/// Every record has its entry, and every entry all that a reader looks for.
TEST_F(Pages, EveryRecordHasAWholeEntry) {
  std::map<std::string, std::string> pages;
  for (const Entry &entry : entries())
    EXPECT_TRUE(pages.insert({entry.name, entry.all}).second) << entry.name << " stands twice";
  for (const OpInfo &info : allOpInfos()) {
    SCOPED_TRACE(info.name.str());
    std::string page = pages[info.name.str()];
    ASSERT_NE(page, "") << "no entry; run `make docs`";
    auto has = [&](const llvm::Twine &text) {
      EXPECT_TRUE(StringRef(page).contains(text.str())) << "the entry lacks " << text.str();
    };
    has("\n\n" + info.summary + "\n\n");
    for (StringRef heading : {"```mlir\n", "**Pipe:** ", "**Meaning:** ", "**C++:** "})
      has(heading);
    has("\nSince " + info.since);
    for (const OperandInfo &operand : info.operands)
      has("| `" + operand.name + "`");
    for (const AttributeInfo &attribute : info.attributes)
      has("**Attribute** `" + attribute.name + "`");
    for (unsigned arch : {0u, 1u})
      if (info.elements[arch])
        has("**Element types " + name(Arch(arch)) + ":** ");
    if (!info.rules.empty())
      has("**Rules**\n");
    for (StringRef old : info.was)
      has(", was `" + old + "`");
    pages.erase(info.name.str());
  }
  for (const auto &[record, page] : pages)
    ADD_FAILURE() << record << " has an entry and no record";
}

TEST_F(Pages, EveryEntryShowsAProgram) {
  unsigned written = 0, fromRecords = 0;
  for (const Entry &entry : entries()) {
    SCOPED_TRACE(entry.page + ", " + entry.name);
    EXPECT_NE(entry.text, "") << "no example; give the record one, or run `make docs`";
    if (entry.text.empty() || derived.count(entry.text) ||
        entry.text.find('\n') != std::string::npos) {
      ++fromRecords;
      continue;
    }
    std::string said;
    bool accepted = false;
    for (Arch arch : {Arch::A3, Arch::A5}) {
      pto::testing::Messages messages(context);
      CppForms one = printText(&context, moduleOf(entry, name(arch)), arch);
      if (one.forms.empty()) {
        said += llvm::join(messages.all(), "\n") + llvm::join(one.refusals, "\n") +
                llvm::join(one.failures, "\n");
        continue;
      }
      accepted = true;
      EXPECT_EQ(
          compileOnHost("#include \"pto/pto-inst.hpp\"\nusing namespace pto;\n" + one.forms[0].code,
                        arch, Core::Vector),
          "");
    }
    EXPECT_TRUE(accepted) << entry.text << "\n" << said;
    ++written;
  }
  std::printf("%u examples of records compiled, %u taken from the test of the records\n", written,
              fromRecords);
  EXPECT_GE(written + fromRecords, 100u);
}

} // namespace
