//===- EmittedCppTest.cpp - What ptoas prints is C++ for the library -------===//
//
// Compiled against the stand-in of runtime/include: every record in every form on every chip, every
// example kernel, and every file of test/ that ptoas takes.
//
//===----------------------------------------------------------------------===//

#include "HostCompiler.h"
#include "RecordsToCpp.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <map>
#include <set>

using namespace pto;
using namespace pto::test;

//===----------------------------------------------------------------------===//
// Records
//===----------------------------------------------------------------------===//

namespace {

CppForms printAll() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  return printAllRecords(&context);
}

/// One file for all forms of a chip: each stands in a namespace and under a line number of its own,
/// so that a message of the compiler names the form.
std::string fileOf(const std::vector<const CppForm *> &forms) {
  std::string text = "#include \"pto/pto-inst.hpp\"\n#include \"pto/comm/pto_comm_inst.hpp\"\n"
                     "using namespace pto;\n";
  for (auto [i, form] : llvm::enumerate(forms))
    text += "namespace form" + std::to_string(i) + " {\n#line 1 \"form" + std::to_string(i) +
            "\"\n" + form->code + "} // namespace\n";
  return text;
}

/// The first message of each form that does not compile: form, then what the compiler says.
std::map<size_t, std::string> messagesByForm(llvm::StringRef said) {
  std::map<size_t, std::string> byForm;
  std::string open; // an error and its notes, until one of them names the form
  llvm::SmallVector<llvm::StringRef> lines;
  said.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    if (line.contains("error:"))
      open.clear();
    open += "\n  " + line.str();
    auto [before, after] = line.split("form");
    size_t form = 0;
    if (before.trim().empty() || before.ends_with("from ") || before.ends_with("file "))
      if (!after.consumeInteger(10, form) && after.starts_with(":"))
        byForm.emplace(form, open);
  }
  return byForm;
}

/// The words of an error, without the types that it is about.
std::string reasonOf(llvm::StringRef message) {
  auto [types, words] = message.split("error: ").second.split('\n').first.rsplit("': ");
  return words.empty() ? types.str() : words.str();
}

/// Records that accept what the library refuses.
bool isKnownGap(llvm::StringRef record) {
  return record == "pto.tmov" || record == "pto.textract" || record == "pto.tstore";
}

} // namespace

TEST(EmittedCpp, EveryRecordCompilesInEveryForm) {
  CppForms all = printAll();
  for (const std::string &failure : all.failures)
    ADD_FAILURE() << failure;
  std::set<std::string> compiled;
  for (Arch arch : {Arch::A3, Arch::A5}) {
    std::vector<const CppForm *> forms;
    for (const CppForm &form : all.forms)
      if (form.arch == arch)
        forms.push_back(&form);
    std::string said = compileOnHost(fileOf(forms), arch, Core::Vector);
    auto messages = messagesByForm(said);
    // One report for each record and reason.
    std::map<std::string, std::vector<size_t>> reasons;
    for (const auto &[form, message] : messages)
      reasons[forms[form]->info->name.str() + reasonOf(message)].push_back(form);
    for (const auto &[reason, of] : reasons)
      if (!isKnownGap(forms[of[0]]->info->name))
        ADD_FAILURE() << forms[of[0]]->info->name.str() << ", " << of.size()
                      << " forms, the first is " << forms[of[0]]->what << messages[of[0]] << "\n"
                      << forms[of[0]]->code;
    EXPECT_EQ(said.empty(), messages.empty()) << said; // no message is lost
    for (const CppForm *form : forms)
      compiled.insert(form->info->name.str());
  }
  std::printf("%u records, %u forms: %zu compiled (%zu records), %zu refused by the verifier, %u "
              "lowered by an earlier stage, %u of element types without MLIR type\n",
              all.records, all.tried, all.forms.size(), compiled.size(), all.refusals.size(),
              all.earlier, all.untyped);
  for (const std::string &record : all.unpassable)
    std::printf("%s is left to the files below\n", record.c_str());
  // What has a C++ statement in its record is printed here in some form.
  for (const OpInfo &info : allOpInfos())
    EXPECT_TRUE(info.cpp.empty() || compiled.count(info.name.str()) ||
                all.unpassable.count(info.name.str()))
        << info.name.str() << " has a C++ statement that nothing here prints";
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

namespace {

struct Command {
  std::string options; ///< of ptoas, without files
  bool mayFail;        ///< the test stops before C++
};

/// The commands of a lit file in which ptoas succeeds on the file itself.
std::vector<Command> commandsOf(llvm::StringRef text) {
  std::vector<Command> commands;
  llvm::SmallVector<llvm::StringRef> lines, words;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    llvm::StringRef run = line.split("RUN:").second.split('|').first.split(" 2>").first.trim();
    if (!run.consume_front("ptoas ") || !run.contains("%s"))
      continue;
    Command command{"", false};
    words.clear();
    run.split(words, ' ', -1, false);
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "-o")
        ++i;
      else if (words[i] == "--emit-pto-ir" || words[i].contains("verify-sync"))
        command.mayFail = true;
      else if ((words[i] == "--pto-arch" || words[i] == "--pto-level") && i + 1 < words.size())
        command.options += " " + words[i].str() + "=" + words[++i].str();
      else if (words[i].contains("--pto-") || words[i].contains("sync=") ||
               words[i].starts_with("--enable-") || words[i].starts_with("--cpp-names"))
        command.options += " " + words[i].str();
    }
    commands.push_back(command);
  }
  return commands;
}

std::vector<std::string> filesUnder(llvm::StringRef directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator it(directory, error), end; it != end && !error;
       it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".pto")
      files.push_back(it->path());
  EXPECT_FALSE(error) << directory.str() << ": " << error.message();
  llvm::sort(files);
  return files;
}

/// Prints with ptoas and compiles for both kinds of core; false when ptoas fails.
bool printAndCompile(llvm::StringRef file, llvm::StringRef options, bool mayFail) {
  SCOPED_TRACE(file.str() + options.str());
  auto [text, code] =
      runCommand((llvm::Twine(PTOAS_BINARY) + options + " " + file + " 2>/dev/null").str());
  if (code != 0) {
    EXPECT_TRUE(mayFail) << "ptoas fails";
    return false;
  }
  // The chip is that of the option or of the module.
  bool a5 = options.contains("arch=a5");
  if (!options.contains("arch="))
    if (auto source = llvm::MemoryBuffer::getFile(file))
      a5 = (*source)->getBuffer().contains("pto.target_arch = \"a5\"");
  for (Core core : {Core::Vector, Core::Cube})
    EXPECT_EQ(compileOnHost(text, a5 ? Arch::A5 : Arch::A3, core), "") << text;
  return true;
}
} // namespace

TEST(EmittedCpp, ExamplesCompile) {
  unsigned compiled = 0;
  for (const std::string &file : filesUnder(PTOAS_SOURCE "/examples")) {
    auto source = llvm::MemoryBuffer::getFile(file);
    ASSERT_TRUE(source);
    // Kernels that give their own addresses say so to ptoas.
    bool placed = (*source)->getBuffer().contains("alloc_tile addr");
    compiled += printAndCompile(
        file, std::string(" --enable-insert-sync") + (placed ? " --pto-level=level3" : ""), false);
  }
  std::printf("%u examples\n", compiled);
  EXPECT_GE(compiled, 3u);
}

TEST(EmittedCpp, FilesOfTheLitTestsCompile) {
  unsigned compiled = 0, stopped = 0;
  for (const std::string &file : filesUnder(PTOAS_SOURCE "/test")) {
    auto source = llvm::MemoryBuffer::getFile(file);
    ASSERT_TRUE(source);
    std::set<std::string> done;
    for (const Command &command : commandsOf((*source)->getBuffer()))
      if (done.insert(command.options).second)
        ++(printAndCompile(file, command.options, command.mayFail) ? compiled : stopped);
  }
  std::printf("%u commands of lit tests compiled, %u print no C++\n", compiled, stopped);
  EXPECT_GE(compiled, 15u);
}
