//===- HostCompiler.cpp - Printed C++ against the stand-in headers ---------===//

#include "HostCompiler.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

using namespace pto;
using namespace pto::test;

TemporaryFile::TemporaryFile(llvm::StringRef suffix) {
  EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("ptoas", suffix, path));
}
TemporaryFile::~TemporaryFile() { llvm::sys::fs::remove(path); }
void TemporaryFile::write(llvm::StringRef text) const {
  std::error_code error;
  llvm::raw_fd_ostream(name(), error) << text;
  EXPECT_FALSE(error);
}
std::string TemporaryFile::read() const {
  auto buffer = llvm::MemoryBuffer::getFile(name());
  return buffer ? (*buffer)->getBuffer().str() : "";
}

namespace {
std::pair<std::string, int> run(llvm::StringRef program,
                                llvm::ArrayRef<llvm::StringRef> arguments) {
  TemporaryFile log("log");
  std::optional<llvm::StringRef> redirects[] = {std::nullopt, log.name(), log.name()};
  int code = llvm::sys::ExecuteAndWait(program, arguments, std::nullopt, redirects);
  return {log.read(), code};
}
} // namespace

std::string test::compileOnHost(llvm::StringRef text, Arch arch, Core core) {
  TemporaryFile source("cpp");
  source.write(text);
  auto [said, code] =
      run(PTOAS_CLANGXX,
          {PTOAS_CLANGXX, "-std=c++17", "-fsyntax-only", "-Wall", "-Wno-unused", "-Werror",
           "-Wno-return-type-c-linkage", "-ferror-limit=0", "-ftemplate-backtrace-limit=0",
           "-fno-caret-diagnostics", "-DPTO_HOST_ADDRESS_SPACES",
           arch == Arch::A5 ? "-D__NPU_ARCH__=3510" : "-D__NPU_ARCH__=2201",
           core == Core::Cube ? "-D__DAV_CUBE__" : "-D__DAV_VEC__", "-I" PTOAS_RUNTIME_INCLUDE,
           source.name()});
  return code == 0 ? "" : said.empty() ? "the compiler failed" : said;
}

namespace {
/// Each form stands under a line number of its own, so that a message of the compiler names it.
std::string fileOf(llvm::ArrayRef<llvm::StringRef> forms, size_t first, bool apart) {
  std::string text = "#include \"pto/pto-inst.hpp\"\n#include \"pto/comm/pto_comm_inst.hpp\"\n"
                     "using namespace pto;\n";
  for (auto [i, code] : llvm::enumerate(forms)) {
    std::string name = "form" + std::to_string(first + i);
    text += "namespace " + name + " {\n";
    if (apart)
      text += "struct Tag;\n"
              "template <TileType L, typename E, int R, int C, BLayout B, int VR, int VC, "
              "SLayout S, int F, PadValue P, CompactMode M>\n"
              "using Tile = pto::Tile<L, E, R, C, B, VR, VC, S, F, P, M, Tag>;\n"
              "template <typename E, typename S, typename T, pto::Layout L = pto::Layout::ND>\n"
              "using GlobalTensor = pto::GlobalTensor<E, S, T, L, Tag>;\n";
    text += "#line 1 \"" + name + "\"\n" + code.str() + "} // namespace\n";
  }
  return text;
}

/// The first message of each form that does not compile.
void sortByForm(llvm::StringRef said, std::map<size_t, std::string> &byForm) {
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
}
} // namespace

std::map<size_t, std::string> test::compileForms(llvm::ArrayRef<llvm::StringRef> forms, Arch arch) {
  constexpr size_t perFile = 1000; // more would take a lot of memory
  std::map<size_t, std::string> messages;
  for (size_t first = 0; first < forms.size(); first += perFile) {
    auto some = forms.drop_front(first).take_front(perFile);
    // Most often all is well, and types that are shared take much less time.
    if (compileOnHost(fileOf(some, first, false), arch, Core::Vector).empty())
      continue;
    size_t before = messages.size();
    std::string said = compileOnHost(fileOf(some, first, true), arch, Core::Vector);
    sortByForm(said, messages);
    EXPECT_EQ(said.empty(), messages.size() == before) << said; // no message is lost
  }
  return messages;
}

std::string test::reasonOf(llvm::StringRef message) {
  auto [types, words] = message.split("error: ").second.split('\n').first.rsplit("': ");
  return words.empty() ? types.str() : words.str();
}

std::pair<std::string, int> test::runCommand(llvm::StringRef command) {
  return run("/bin/sh", {"/bin/sh", "-c", command});
}
