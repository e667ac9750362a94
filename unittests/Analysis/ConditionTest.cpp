//===- ConditionTest.cpp - Whiles, guards and arms that take turns ---------===//

#include "ModelTesting.h"

using namespace pto;
using namespace pto::testing;

namespace {

const sync::Node *firstOf(const sync::Program &program, sync::NodeKind kind) {
  for (const sync::Node &node : program.nodes)
    if (node.kind == kind)
      return &node;
  return nullptr;
}

/// A branch around a scalar load, on what `arithmetic` calls %b, in a loop of %i from %lower by
/// %step to %upper.
SyncModel inLoop(llvm::StringRef lower, llvm::StringRef upper, llvm::StringRef step,
                 llvm::StringRef arithmetic) {
  std::string text =
      "func.func @f(%p: !pto.ptr<f32>, %m: index, %n: index) {\n"
      "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n"
      "  %c2 = arith.constant 2 : index\n  %c3 = arith.constant 3 : index\n"
      "  %c9 = arith.constant 9 : index\n  scf.for %i = %" +
      lower.str() + " to %" + upper.str() + " step %" + step.str() + " {\n" + arithmetic.str() +
      "    scf.if %b {\n      %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32\n    }\n  }\n"
      "  return\n}\n";
  return Parsed(text).model();
}

TEST(Condition, EndsOfALoop) {
  struct {
    const char *lower, *upper, *step, *arithmetic;
    int first, last;
    bool inverted;
  } table[] = {
      {"c0", "n", "c1", "%b = arith.cmpi sgt, %i, %c0 : index\n", 1, 0, false},
      {"c0", "n", "c1", "%b = arith.cmpi sge, %i, %c2 : index\n", 2, 0, false},
      {"c0", "n", "c1", "%b = arith.cmpi slt, %i, %c2 : index\n", 2, 0, true},
      {"c0", "n", "c1", "%b = arith.cmpi eq, %i, %c0 : index\n", 1, 0, true},
      {"c0", "n", "c1", "%b = arith.cmpi ne, %i, %c0 : index\n", 1, 0, false},
      {"m", "n", "c1", "%b = arith.cmpi sgt, %i, %m : index\n", 1, 0, false},
      {"c2", "n", "c3", "%b = arith.cmpi sgt, %i, %c3 : index\n", 1, 0, false},
      {"c0", "n", "c1", "%j = arith.addi %i, %c1 : index\n%b = arith.cmpi slt, %j, %n : index\n", 0,
       1, false},
      {"m", "n", "c3", "%j = arith.addi %i, %c3 : index\n%b = arith.cmpi slt, %j, %n : index\n", 0,
       1, false},
      {"c0", "n", "c1", "%j = arith.subi %n, %c2 : index\n%b = arith.cmpi slt, %i, %j : index\n", 0,
       2, false},
      {"c0", "n", "c1", "%j = arith.subi %n, %c1 : index\n%b = arith.cmpi eq, %i, %j : index\n", 0,
       1, true},
      {"c0", "c9", "c1", "%b = arith.cmpi eq, %i, %c0 : index\n", 1, 0, true},
      // Never false, in the middle, between steps, by another number: no end of the loop.
      {"c0", "n", "c1", "%b = arith.cmpi sge, %i, %c0 : index\n", 0, 0, false},
      {"c0", "n", "c1", "%b = arith.cmpi eq, %i, %c3 : index\n", 0, 0, false},
      {"c0", "n", "c3", "%j = arith.addi %i, %c1 : index\n%b = arith.cmpi slt, %j, %n : index\n", 0,
       0, false},
      {"c0", "n", "c1", "%b = arith.cmpi slt, %i, %m : index\n", 0, 0, false},
  };
  for (auto &row : table) {
    SyncModel model = inLoop(row.lower, row.upper, row.step, row.arithmetic);
    const sync::Node *branch = firstOf(model.program, sync::NodeKind::Branch);
    ASSERT_TRUE(branch);
    const sync::Condition &c = branch->condition;
    EXPECT_EQ(c.loop != sync::none, row.first || row.last) << row.arithmetic;
    if (c.loop == sync::none)
      continue;
    EXPECT_EQ(int(c.first), row.first) << row.arithmetic;
    EXPECT_EQ(int(c.last), row.last) << row.arithmetic;
    EXPECT_EQ(c.inverted, row.inverted) << row.arithmetic;
  }
}

TEST(Condition, TurnsOfAnArm) {
  struct {
    const char *lower, *step, *arithmetic;
    int period, residue;
  } table[] = {
      {"c0", "c1", "%r = arith.remui %i, %c2 : index\n%b = arith.cmpi eq, %r, %c0 : index\n", 2, 0},
      {"c0", "c1", "%r = arith.remui %i, %c2 : index\n%b = arith.cmpi ne, %r, %c0 : index\n", 2, 1},
      {"c0", "c1", "%r = arith.andi %i, %c1 : index\n%b = arith.cmpi eq, %r, %c1 : index\n", 2, 1},
      {"c3", "c1", "%r = arith.remsi %i, %c2 : index\n%b = arith.cmpi eq, %r, %c0 : index\n", 2, 1},
      {"c0", "c2",
       "%q = arith.divui %i, %c2 : index\n%r = arith.remui %q, %c3 : index\n"
       "%b = arith.cmpi eq, %r, %c2 : index\n",
       3, 2},
      // All but one of three; never the same number; no number that turns.
      {"c0", "c1", "%r = arith.remui %i, %c3 : index\n%b = arith.cmpi ne, %r, %c0 : index\n", 1, 0},
      {"c0", "c1", "%r = arith.remui %i, %c2 : index\n%b = arith.cmpi slt, %r, %c1 : index\n", 1,
       0},
      {"c0", "c1", "%r = arith.remui %m, %c2 : index\n%b = arith.cmpi eq, %r, %c0 : index\n", 1, 0},
  };
  for (auto &row : table) {
    SyncModel model = inLoop(row.lower, "n", row.step, row.arithmetic);
    const sync::Node *access = firstOf(model.program, sync::NodeKind::Access);
    ASSERT_TRUE(access);
    EXPECT_EQ(access->turns.loop != sync::none, row.period > 1) << row.arithmetic;
    EXPECT_EQ(access->turns.period, row.period) << row.arithmetic;
    EXPECT_EQ(access->turns.residue, row.residue) << row.arithmetic;
  }
}

TEST(Condition, EqualValuesHaveEqualNumbers) {
  Parsed parsed(R"(
    func.func @f(%p: !pto.ptr<f32>, %m: index, %n: index) {
      %c0 = arith.constant 0 : index
      %a = arith.cmpi slt, %m, %n : index
      %b = arith.cmpi slt, %m, %n : index
      %c = arith.cmpi slt, %n, %m : index
      %d = arith.cmpi sgt, %n, %m : index
      scf.if %a {
        %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
      }
      scf.if %b {
        %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
      }
      scf.if %c {
        %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
      }
      scf.if %d {
        %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
      }
      return
    })");
  SyncModel model = parsed.model();
  std::vector<uint32_t> numbers;
  for (const sync::Node &node : model.program.nodes)
    if (node.kind == sync::NodeKind::Branch)
      numbers.push_back(node.condition.value);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{0, 0, 1, 0}));
  EXPECT_EQ(model.conditions.size(), 2u);
}

TEST(Condition, AWhileIsOneLoopThatEndsBetweenItsRegions) {
  Parsed parsed(R"(
    func.func @f(%p: !pto.ptr<f32>, %n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.while (%i = %c0) : (index) -> index {
        %b = arith.cmpi slt, %i, %n : index
        %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
        scf.condition(%b) %i : index
      } do {
      ^bb0(%j: index):
        %y = pto.load_scalar %p[%c1] : !pto.ptr<f32> -> f32
        %k = arith.addi %j, %c1 : index
        scf.yield %k : index
      }
      return
    })");
  SyncModel model = parsed.model();
  const sync::Node *loop = firstOf(model.program, sync::NodeKind::Loop);
  ASSERT_TRUE(loop && loop->endsInside);
  ASSERT_EQ(loop->arms[0].size(), 3u);
  EXPECT_EQ(model.program[loop->arms[0][0]].kind, sync::NodeKind::Access);
  EXPECT_EQ(model.program[loop->arms[0][1]].kind, sync::NodeKind::Leave);
  EXPECT_EQ(model.program[loop->arms[0][2]].kind, sync::NodeKind::Access);
}

TEST(Condition, ARegionThatStaysTogetherIsOnePiece) {
  Parsed parsed(R"(
    func.func @f(%p: !pto.ptr<f32>) {
      %c0 = arith.constant 0 : index
      scf.execute_region no_inline {
        %x = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
        scf.yield
      }
      scf.execute_region {
        %y = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32
        scf.yield
      }
      return
    })");
  SyncModel model = parsed.model();
  ASSERT_EQ(model.program.top.size(), 2u);
  EXPECT_EQ(model.program[model.program.top[0]].kind, sync::NodeKind::Macro);
  EXPECT_EQ(model.program[model.program.top[1]].kind, sync::NodeKind::Access);
}

} // namespace
