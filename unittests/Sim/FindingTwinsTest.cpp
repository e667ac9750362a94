//===- FindingTwinsTest.cpp - Every kind of finding has twin tests ---------===//
//
// The twins themselves are run by lit (test/Sim/Inputs/twins.py): with the defect the kind is
// reported at its lines, without it nothing is.
//
//===----------------------------------------------------------------------===//

#include "ptoas/Sim/Report.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>
#include <set>

using namespace pto::sim;

TEST(FindingTwins, EveryKindHasAFileOfTwins) {
  std::set<std::string> names;
  for (unsigned k = 0; k < numFindingKinds; ++k) {
    std::string kind = name(FindingKind(k)).str();
    EXPECT_TRUE(names.insert(kind).second) << kind << " is the name of two kinds";
    std::string path = std::string(PTOAS_TESTS) + "/Sim/findings-" + kind + ".pto";
    auto file = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(bool(file)) << "no twins: " << path;
    llvm::StringRef text = (*file)->getBuffer();
    EXPECT_TRUE(text.contains("// KIND: " + kind + "\n")) << path;
    EXPECT_TRUE(text.contains("// RUN: %python %S/Inputs/twins.py %s\n")) << path;
    EXPECT_TRUE(text.contains("@defect") && text.contains("@clean")) << path;
  }
}

TEST(FindingTwins, EveryKindIsInTheSchema) {
  auto file = llvm::MemoryBuffer::getFile(std::string(PTOAS_TESTS) + "/../docs/sim-report.md");
  ASSERT_TRUE(bool(file));
  for (unsigned k = 0; k < numFindingKinds; ++k)
    EXPECT_TRUE((*file)->getBuffer().contains(("| `" + name(FindingKind(k)) + "` |").str()))
        << name(FindingKind(k)).str();
}
