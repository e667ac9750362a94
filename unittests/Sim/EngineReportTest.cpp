//===- EngineReportTest.cpp - What findings say --------------------------===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

TEST(EngineReport, BoundsOfBothMemories) {
  KernelText k({"x"});
  int onChip = k.load(k.view(0), k.tile(192 * 1024 - 128));
  int gm = k.load(k.view(0, 1, 96), k.tile(0, 1, 96));
  k.finish();
  GlobalMemory memory;
  Report report = run(k.program, memory, oneCore({floats(memory, 0, "x", 64, 0)}));
  const Finding *vec = find(report, FindingKind::OutOfBounds, onChip);
  ASSERT_NE(vec, nullptr) << textOf(report);
  EXPECT_EQ(vec->memory, "vec");
  const Finding *array = find(report, FindingKind::OutOfBounds, gm);
  ASSERT_NE(array, nullptr) << textOf(report);
  EXPECT_EQ(array->memory, "gm array 'x' of rank 0");
  EXPECT_NE(textOf(report).find("which has 256 bytes"), std::string::npos);
}

TEST(EngineReport, WrongOffsetNamesTheArrayAndTheDistance) {
  // However far, an access never lands in the other array.
  for (auto [offset, what] :
       {std::pair<int64_t, const char *>{256,
                                         "directly behind gm array 'x' of rank 0 of 256 bytes"},
        {256 + 1024, "1,024 bytes behind gm array 'x' of rank 0 of 256 bytes"},
        {int64_t(8) << 31, "17,179,868,928 bytes behind gm array 'x' of rank 0 of 256 bytes"},
        {-1024, "1,024 bytes before gm array 'x' of rank 0 of 256 bytes"},
        {-(int64_t(8) << 31), "17,179,869,184 bytes before gm array 'x' of rank 0 of 256 bytes"}}) {
    KernelText k({"x"});
    Register place = k.b.arith(ArithOp::AddI, Element::I64, 0, k.b.constant(offset));
    int load = k.load(k.view(place), k.tile(0));
    k.finish();
    GlobalMemory memory;
    floats(memory, 0, "w", 64, 0);
    uint64_t x = floats(memory, 0, "x", 64, 0);
    floats(memory, 0, "y", 64, 0);
    Report report = run(k.program, memory, oneCore({x}));
    ASSERT_NE(find(report, FindingKind::OutOfBounds, load), nullptr) << textOf(report);
    EXPECT_NE(textOf(report).find(std::string("pto.tload reads 256 bytes, ") + what),
              std::string::npos)
        << textOf(report);
  }
}

TEST(EngineReport, GlobalMemoryWithoutAnyArray) {
  KernelText k({"x"});
  int load = k.load(k.view(0), k.tile(0));
  k.finish();
  GlobalMemory memory;
  Report report = run(k.program, memory, oneCore({0x1000}));
  EXPECT_TRUE(says(report, FindingKind::OutOfBounds, load,
                   "pto.tload reads 256 bytes at GM address 0x1000, but there is no array"));
}

TEST(EngineReport, RacesWithoutAnySynchronisationPointToTheInserter) {
  for (bool hasBarrier : {false, true}) {
    KernelText k({"x"});
    k.load(k.view(0), k.tile(0));
    k.add(k.tile(0), k.tile(0), k.tile(256));
    if (hasBarrier)
      k.barrier(Pipe::ALL);
    k.finish();
    GlobalMemory memory;
    uint64_t x = floats(memory, 0, "x", 64, 0);
    Report report = run(k.program, memory, oneCore({x}));
    addFindings(report, run(k.program, memory, oneCore({x})));
    ASSERT_NE(find(report, FindingKind::Race), nullptr);
    std::string note = "note: the kernel has no synchronisation; try --enable-insert-sync\n";
    std::string text = textOf(report);
    size_t first = text.find(note);
    EXPECT_EQ(first == text.size() - note.size(), !hasBarrier) << "once, and last: " << text;
  }
}
