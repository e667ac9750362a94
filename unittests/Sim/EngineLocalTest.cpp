//===- EngineLocalTest.cpp - Arrays of the scalar unit, output, trap -------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
struct Outcome {
  Report report;
  uint64_t word = 0;
  std::string log;
};

/// Runs what `emit` writes and stores the word that it returns.
Outcome runLocal(llvm::function_ref<Register(FunctionBuilder &)> emit) {
  KernelText k({"out"});
  k.line("pto.local");
  Register value = emit(k.b);
  k.b.storeGm(Element::I64, 0, none, value);
  k.finish();
  GlobalMemory memory;
  uint64_t out = memory.allocate(0, "out", 8);
  Outcome outcome;
  llvm::raw_string_ostream os(outcome.log);
  Options options;
  options.output = &os;
  outcome.report = run(k.program, memory, oneCore({out}), options);
  EXPECT_TRUE(memory.load(out, &outcome.word, 8));
  return outcome;
}
} // namespace

TEST(EngineLocal, ElementsKeepWhatWasWritten) {
  Outcome outcome = runLocal([](FunctionBuilder &b) {
    Register array = b.localArray(3), other = b.localArray(1);
    b.clearLocal(array, 3);
    b.clearLocal(other, 1);
    for (int64_t i = 0; i < 3; ++i)
      b.storeLocal(array, 3, b.constant(i), b.constant(10 * i));
    b.storeLocal(other, 1, b.constant(0), b.constant(99));
    return b.loadLocal(array, 3, b.constant(2));
  });
  EXPECT_TRUE(outcome.report.clean());
  EXPECT_EQ(outcome.word, 20u);
}

TEST(EngineLocal, ClearingForgets) {
  Outcome outcome = runLocal([](FunctionBuilder &b) {
    Register array = b.localArray(2);
    b.clearLocal(array, 2);
    b.storeLocal(array, 2, b.constant(0), b.constant(5));
    b.clearLocal(array, 2);
    return b.loadLocal(array, 2, b.constant(0));
  });
  EXPECT_NE(find(outcome.report, FindingKind::Uninitialised), nullptr);
}

TEST(EngineLocal, IndicesStayInside) {
  for (int64_t index : {int64_t(-1), int64_t(2), INT64_MAX}) {
    Outcome outcome = runLocal([&](FunctionBuilder &b) {
      Register array = b.localArray(2);
      b.clearLocal(array, 2);
      b.storeLocal(array, 2, b.constant(index), b.constant(5));
      return b.constant(0);
    });
    const Finding *finding = find(outcome.report, FindingKind::ScalarFailure);
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->what, "pto.local: index " + std::to_string(index) +
                                 " is outside the 2 elements of the array");
  }
}

TEST(EngineLocal, PrintsWithTheCoreInFront) {
  Outcome outcome = runLocal([](FunctionBuilder &b) {
    b.print("i = %d\n", Element::I32, b.constant(-3));
    b.print("%.2f", Element::F16, b.constantFloat(0.25));
    return b.constant(0);
  });
  EXPECT_EQ(outcome.log, "rank 0 block 0 vector 0: i = -3\nrank 0 block 0 vector 0: 0.25\n");
}

TEST(EngineLocal, NothingRunsBehindATrap) {
  Outcome outcome = runLocal([](FunctionBuilder &b) {
    b.trap();
    b.print("not reached", Element::I32, b.constant(0));
    return b.constant(1);
  });
  const Finding *finding = find(outcome.report, FindingKind::ScalarFailure);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->what, "pto.local stops the kernel");
  EXPECT_EQ(outcome.log, "");
}
