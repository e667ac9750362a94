//===- SynchronisedTest.h - insert() in tests ---------------------*- C++ -*-===//
//
// Test support: what insert() returns is right before anything else is asked of it.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_SYNCHRONISED_TEST_H
#define PTOAS_UNITTESTS_SYNC_SYNCHRONISED_TEST_H

#include "Mutate.h"
#include "Oracle.h"
#include "ptoas/Sync/Check.h"
#include "ptoas/Sync/Insert.h"
#include <gtest/gtest.h>

namespace pto::sync::judge {

inline void expectRight(const Program &program, uint64_t seed = 1, bool strongFlags = true) {
  CheckOptions options;
  options.strongFlags = strongFlags;
  CheckResult result = check(program, options);
  EXPECT_TRUE(result.accepted()) << describe(program, result.findings.front()) << "\n"
                                 << listing(program);
  if (std::optional<Violation> found = findViolation(program, seed, 12, strongFlags))
    ADD_FAILURE() << describe(program, *found) << "\n" << listing(program);
}

inline Program synchronised(const Program &program, const InsertOptions &options = {}) {
  InsertResult result = insert(program, options);
  EXPECT_FALSE(result.stats.lastRung) << listing(program);
  expectRight(result.program, 1, options.strongFlags);
  return std::move(result.program);
}

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_SYNCHRONISED_TEST_H
