//===- CheckTesting.h - What the tests of the checker share -----*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_SYNC_CHECKTESTING_H
#define PTOAS_UNITTESTS_SYNC_CHECKTESTING_H

#include "Kernels.h"
#include "ptoas/Sync/Check.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

namespace pto::sync::judge {

/// The rules of all findings, "C1 C3", warnings as "C4w"; "" when there is none.
inline std::string verdict(const Program &program, bool strong = true) {
  std::string text;
  for (const Finding &finding : check(program, {strong}).findings)
    text += (text.empty() ? "" : " ") + name(finding.rule).str() + (finding.warning ? "w" : "");
  return text;
}

/// Is there a finding of the rule in these words?
inline bool says(const Program &program, Rule rule, llvm::StringRef what,
                 const CheckOptions &options = {}) {
  return llvm::any_of(check(program, options).findings, [&](const Finding &finding) {
    return finding.rule == rule && finding.what == what;
  });
}

inline EventId id(int32_t base) { return {base}; }

/// The end is drained unless a test says otherwise.
struct CheckTest : ::testing::Test, TwoTiles {
  void drain() { b.barrier(Pipe::ALL); }
};

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_CHECKTESTING_H
