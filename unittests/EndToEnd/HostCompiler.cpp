//===- HostCompiler.cpp - Printed C++ against the stand-in headers ---------===//

#include "HostCompiler.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

using namespace pto;
using namespace pto::test;

namespace {
/// A file that is removed when it goes out of scope.
class TemporaryFile {
public:
  explicit TemporaryFile(llvm::StringRef suffix) {
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("ptoas", suffix, path));
  }
  ~TemporaryFile() { llvm::sys::fs::remove(path); }
  llvm::StringRef name() const { return path; }
  void write(llvm::StringRef text) const {
    std::error_code error;
    llvm::raw_fd_ostream(name(), error) << text;
    EXPECT_FALSE(error);
  }
  std::string read() const {
    auto buffer = llvm::MemoryBuffer::getFile(name());
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

private:
  llvm::SmallString<128> path;
};

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

std::pair<std::string, int> test::runCommand(llvm::StringRef command) {
  return run("/bin/sh", {"/bin/sh", "-c", command});
}
