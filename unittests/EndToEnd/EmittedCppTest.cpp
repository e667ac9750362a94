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

using RecordOnArch = std::pair<std::string, Arch>;

/// Of each record on each chip that takes a form of it: true when a form is compiled here, false
/// when an earlier stage lowers it or it works on what no function can be given.
std::map<RecordOnArch, bool> reached(const CppForms &all) {
  std::map<RecordOnArch, bool> out;
  for (const CppForm &form : all.unprinted)
    out[{form.info->name.str(), form.arch}] = false;
  for (const CppForm &form : all.forms)
    out[{form.info->name.str(), form.arch}] = true;
  return out;
}

CppForms printAll() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  return printAllRecords(&context);
}

} // namespace

TEST(EmittedCpp, EveryRecordCompilesInEveryForm) {
  CppForms all = printAll();
  for (const std::string &failure : all.failures)
    ADD_FAILURE() << failure;
  for (Arch arch : {Arch::A3, Arch::A5}) {
    std::vector<const CppForm *> forms;
    for (const CppForm &form : all.forms)
      if (form.arch == arch)
        forms.push_back(&form);
    std::vector<llvm::StringRef> codes;
    for (const CppForm *form : forms)
      codes.push_back(form->code);
    auto messages = compileForms(codes, arch);
    // One report for each record and reason.
    std::map<std::string, std::vector<size_t>> reasons;
    for (const auto &[form, message] : messages)
      reasons[forms[form]->info->name.str() + reasonOf(message)].push_back(form);
    for (const auto &[reason, of] : reasons)
      ADD_FAILURE() << forms[of[0]]->info->name.str() << ", " << of.size()
                    << " forms, the first is " << forms[of[0]]->what << messages[of[0]] << "\n"
                    << forms[of[0]]->code;
  }
  std::map<RecordOnArch, bool> records = reached(all);
  size_t here = llvm::count_if(records, [](auto &entry) { return entry.second; });
  std::printf(
      "%u records, %u forms: %zu compiled (of %zu records on a chip, %zu more are left to "
      "the files below), %zu refused by the verifier, %u lowered by an earlier stage, %u of "
      "element types without MLIR type\n",
      all.records, all.tried, all.forms.size(), here, records.size() - here, all.refusals.size(),
      all.earlier, all.untyped);
  for (const OpInfo &info : allOpInfos()) {
    auto on = [&](Arch arch) { return records.find({info.name.str(), arch}); };
    bool isTaken = on(Arch::A3) != records.end() || on(Arch::A5) != records.end();
    EXPECT_TRUE(isTaken) << info.name.str() << ": the verifier takes no form of it on any chip";
    for (Arch arch : {Arch::A3, Arch::A5})
      EXPECT_TRUE(info.cpp.empty() || all.unpassable.count(info.name.str()) ||
                  on(arch) == records.end() || on(arch)->second)
          << info.name.str() << " has a C++ statement that nothing here prints on "
          << name(arch).str();
  }
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

namespace {

struct Command {
  std::string options; ///< of ptoas, without files
  bool mayFail;        ///< the test stops before C++
};

/// The commands of a lit file in which ptoas succeeds on `input`: %s, or a part (`%t/a3.pto`).
std::vector<Command> commandsOf(llvm::StringRef text, llvm::StringRef input) {
  std::vector<Command> commands;
  llvm::SmallVector<llvm::StringRef> lines, words;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    llvm::StringRef run = line.split("RUN:").second.split('|').first.split(" 2>").first.trim();
    if (!run.consume_front("ptoas ") || !run.contains(input))
      continue;
    Command command{"", false};
    words.clear();
    run.split(words, ' ', -1, false);
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "-o")
        ++i;
      else if (words[i] == "--emit-pto-ir" || words[i].contains("verify-sync"))
        command.mayFail = true;
      else if ((words[i] == "--pto-arch" || words[i] == "--pto-level") && i + 1 < words.size()) {
        command.options += (" " + words[i] + "=" + words[i + 1]).str();
        ++i;
      } else if (words[i].contains("--pto-") || words[i].contains("sync=") ||
                 words[i].starts_with("--enable-") || words[i].starts_with("--cpp-names"))
        command.options += " " + words[i].str();
    }
    commands.push_back(command);
  }
  return commands;
}

/// What split-file makes of a lit file: name and text of each part; none when it has none.
std::vector<std::pair<std::string, std::string>> partsOf(llvm::StringRef text) {
  std::vector<std::pair<std::string, std::string>> parts;
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    if (llvm::StringRef name = line; name.consume_front("//--- "))
      parts.push_back({name.trim().str(), ""});
    else if (!parts.empty())
      parts.back().second += (line + "\n").str();
  }
  return parts;
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

/// The chip is that of the option or of the module.
Arch archFor(llvm::StringRef file, llvm::StringRef options) {
  bool a5 = options.contains("arch=a5");
  if (!options.contains("arch="))
    if (auto source = llvm::MemoryBuffer::getFile(file))
      a5 = (*source)->getBuffer().contains("pto.target_arch = \"a5\"");
  return a5 ? Arch::A5 : Arch::A3;
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
  for (Core core : {Core::Vector, Core::Cube})
    EXPECT_EQ(compileOnHost(text, archFor(file, options), core), "") << text;
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
  std::string texts;                  // that became C++, as they were just before
  std::map<Arch, std::string> inputs; // and as they were written
  auto tryAll = [&](llvm::StringRef test, llvm::StringRef input, llvm::StringRef path) {
    std::set<std::string> done;
    for (const Command &command : commandsOf(test, input)) {
      if (!done.insert(command.options).second)
        continue;
      bool prints = printAndCompile(path, command.options, command.mayFail);
      ++(prints ? compiled : stopped);
      if (!prints)
        continue;
      inputs[archFor(path, command.options)] += (*llvm::MemoryBuffer::getFile(path))->getBuffer();
      texts += runCommand((llvm::Twine(PTOAS_BINARY) + command.options + " --emit-pto-ir " + path +
                           " 2>/dev/null")
                              .str())
                   .first;
    }
  };
  for (const std::string &file : filesUnder(PTOAS_SOURCE "/test")) {
    auto source = llvm::MemoryBuffer::getFile(file);
    ASSERT_TRUE(source);
    llvm::StringRef text = (*source)->getBuffer();
    tryAll(text, "%s", file);
    for (const auto &[name, part] : partsOf(text)) {
      TemporaryFile copy("pto");
      copy.write(part);
      tryAll(text, "%t/" + name, copy.name());
    }
  }
  // What no single function shows stands in one of these, on each chip that has it.
  auto stands = [](llvm::StringRef record, llvm::StringRef in) {
    return llvm::any_of(llvm::StringRef(" ([<{\n"),
                        [&](char end) { return in.contains((record + llvm::Twine(end)).str()); });
  };
  CppForms all = printAll();
  for (const std::string &record : all.unpassable)
    EXPECT_TRUE(stands(record, texts)) << record << " becomes C++ in no file";
  for (const auto &[record, isReached] : reached(all))
    EXPECT_TRUE(isReached || all.formless.count(record.first) ||
                stands(record.first, inputs[record.second]))
        << record.first << " becomes C++ on " << name(record.second).str() << " in no file";
  std::printf("%u commands of lit tests compiled, %u print no C++\n", compiled, stopped);
  EXPECT_GE(compiled, 15u);
}
