//===- OutputFileTest.cpp - Files that are written as a whole --------------===//

#include "ptoas/Support/OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace pto;
namespace fs = llvm::sys::fs;

namespace {
class OutputFile : public ::testing::Test {
protected:
  OutputFile() { EXPECT_FALSE(fs::createUniqueDirectory("ptoas-output", folder)); }
  ~OutputFile() override { fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) const { return (folder + "/" + name).str(); }
  static std::string textOf(const std::string &path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }
  static std::string write(const std::string &path, llvm::StringRef text) {
    return llvm::toString(writeOutputFile(path, [&](llvm::raw_ostream &os) { os << text; }));
  }
  unsigned files() const {
    std::error_code error;
    unsigned count = 0;
    for (fs::directory_iterator it(folder, error), end; it != end && !error; it.increment(error))
      ++count;
    return count;
  }

  llvm::SmallString<128> folder;
};
} // namespace

TEST_F(OutputFile, IsReplacedAsAWhole) {
  EXPECT_EQ(write(path("a"), "old"), "");
  EXPECT_EQ(textOf(path("a")), "old");
  EXPECT_EQ(write(path("a"), "new"), "");
  EXPECT_EQ(textOf(path("a")), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFile, NamesTheFileThatWasAskedFor) {
  EXPECT_EQ(write(path("no/such"), "x"), "'" + path("no/such") + "': No such file or directory");
  EXPECT_EQ(write("", "x"), "'': No such file or directory");
  EXPECT_EQ(write(folder.str().str(), "x"), "'" + folder.str().str() + "': Is a directory");
}

TEST_F(OutputFile, FollowsALink) {
  EXPECT_EQ(write(path("a"), "old"), "");
  ASSERT_FALSE(fs::create_link(path("a"), path("link")));
  EXPECT_EQ(write(path("link"), "new"), "");
  EXPECT_EQ(textOf(path("a")), "new");
  bool isLink = false;
  ASSERT_FALSE(fs::is_symlink_file(path("link"), isLink));
  EXPECT_TRUE(isLink);
}

// Here the rename of a temporary would put a plain file in the place of the device.
TEST_F(OutputFile, LeavesADeviceWhatItIs) {
  EXPECT_EQ(write("/dev/null", "x"), "");
  EXPECT_TRUE(fs::exists("/dev/null") && !fs::is_regular_file("/dev/null"));
  // Linux has a device that has no room; the text is longer than the buffer of the stream.
  if (fs::exists("/dev/full") && !fs::is_regular_file("/dev/full")) {
    EXPECT_EQ(write("/dev/full", "x"), "'/dev/full': No space left on device");
    EXPECT_EQ(write("/dev/full", std::string(1 << 20, 'x')),
              "'/dev/full': No space left on device");
    EXPECT_FALSE(fs::is_regular_file("/dev/full"));
  }
}
