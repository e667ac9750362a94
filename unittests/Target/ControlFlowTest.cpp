//===- ControlFlowTest.cpp - Loops and branches as a person writes them ----===//

#include "Emit.h"
#include "gtest/gtest.h"

using namespace pto::test;

namespace {
std::string body(llvm::StringRef text, llvm::StringRef arguments) {
  return bodyOf(emitOk(("func.func @k(" + arguments + ") {\n%c0 = arith.constant 0 : index\n" +
                        "%c1 = arith.constant 1 : index\n%c2 = arith.constant 2 : index\n" + text +
                        "\nreturn }")
                           .str()));
}
} // namespace

// Signed, so that a negative bound runs as often as it should.
TEST(ControlFlow, ForIsSigned64) {
  EXPECT_EQ(
      body("%m = arith.constant -2 : index\n%u = arith.subi %n, %c1 : index\n"
           "scf.for %i = %m to %u step %c2 { pto.barrier <PIPE_ALL> }",
           "%n: index"),
      "int64_t u = n - 1;\nfor (int64_t i = -2; i < u; i += 2) {\npipe_barrier(PIPE_ALL);\n}\n");
}

TEST(ControlFlow, ForOverI32AndUnsigned) {
  EXPECT_EQ(body("%z = arith.constant 0 : i32\n%o = arith.constant 1 : i32\n"
                 "scf.for unsigned %i = %z to %n step %o : i32 { pto.barrier <PIPE_ALL> }",
                 "%n: i32"),
            "for (int32_t i = 0; (uint32_t)i < (uint32_t)n; ++i) {\npipe_barrier(PIPE_ALL);\n}\n");
}

TEST(ControlFlow, LoopVariablesAreAssignedAllAtOnce) {
  EXPECT_EQ(body("%r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y, %c = %x) -> "
                 "(f32, f32, f32) {\n"
                 "%s = arith.addf %a, %b : f32\nscf.yield %b, %s, %a : f32, f32, f32 }\n"
                 "pto.store_scalar %r#2, %p[%c0] : !pto.ptr<f32>, f32",
                 "%n: index, %x: f32, %y: f32, %p: !pto.ptr<f32>"),
            "float a = x;\nfloat b = y;\nfloat c = x;\nfor (int64_t i = 0; i < n; ++i) {\nfloat s "
            "= a + b;\n"
            "float a_1 = a;\na = b;\nb = s;\nc = a_1;\n}\np[0] = c;\n");
}

TEST(ControlFlow, ElseIfChains) {
  EXPECT_EQ(body("%r = scf.if %p -> (i32) { scf.yield %x : i32 } else {\n%q = arith.cmpi slt, %x, "
                 "%y : i32\n"
                 "%s = scf.if %q -> (i32) { scf.yield %y : i32 } else { %z = arith.constant 7 : "
                 "i32\n scf.yield %z : i32 }\n"
                 "scf.yield %s : i32 }\npto.store_scalar %r, %m[%c0] : !pto.ptr<i32>, i32",
                 "%p: i1, %x: i32, %y: i32, %m: !pto.ptr<i32>"),
            "int32_t r;\nif (p) {\nr = x;\n} else if (x < y) {\nr = y;\n} else {\nr = 7;\n}\nm[0] "
            "= r;\n");
}

TEST(ControlFlow, ElseWithStatementsBeforeTheInnerIfStaysNested) {
  EXPECT_EQ(body("scf.if %p { pto.barrier <PIPE_M> } else {\npto.barrier <PIPE_ALL>\n"
                 "scf.if %q { pto.barrier <PIPE_M> }\n}",
                 "%p: i1, %q: i1"),
            "if (p) {\npipe_barrier(PIPE_M);\n} else {\npipe_barrier(PIPE_ALL);\nif (q) "
            "{\npipe_barrier(PIPE_M);\n}\n}\n");
}

TEST(ControlFlow, WhileWithAPlainCondition) {
  EXPECT_EQ(
      body(
          "%k = scf.while (%i = %c0) : (index) -> index {\n%l = arith.cmpi slt, %i, %n : index\n"
          "scf.condition(%l) %i : index } do {\n^bb0(%j: index):\n%s = arith.addi %j, %c2 : index\n"
          "scf.yield %s : index }\npto.store_scalar %x, %p[%k] : !pto.ptr<f32>, f32",
          "%n: index, %x: f32, %p: !pto.ptr<f32>"),
      "int64_t i = 0;\nwhile (i < n) {\ni = i + 2;\n}\np[i] = x;\n");
}

TEST(ControlFlow, WhileThatComputesBeforeItAsks) {
  EXPECT_EQ(
      body("%r = scf.while (%i = %c0) : (index) -> f32 {\n%v = pto.load_scalar %p[%i] : "
           "!pto.ptr<f32> -> f32\n"
           "%l = arith.cmpf olt, %v, %x : f32\nscf.condition(%l) %v : f32 } do {\n^bb0(%g: f32):\n"
           "%t = arith.fptosi %g : f32 to i64\n%u = arith.index_cast %t : i64 to index\nscf.yield "
           "%u : index }\n"
           "pto.store_scalar %r, %p[%c0] : !pto.ptr<f32>, f32",
           "%x: f32, %p: !pto.ptr<f32>"),
      "int64_t i = 0;\nfloat r;\nwhile (true) {\nfloat v = p[i];\nr = v;\nif (!(v < x)) "
      "{\nbreak;\n}\n"
      "i = (int64_t)r;\n}\np[0] = r;\n");
}

TEST(ControlFlow, Switch) {
  EXPECT_EQ(body("%r = scf.index_switch %n -> f32\ncase 2 { scf.yield %x : f32 }\ncase -1 { "
                 "scf.yield %y : f32 }\n"
                 "default { %s = arith.subf %x, %y : f32\nscf.yield %s : f32 }\n"
                 "pto.store_scalar %r, %p[%c0] : !pto.ptr<f32>, f32",
                 "%n: index, %x: f32, %y: f32, %p: !pto.ptr<f32>"),
            "float r;\nswitch (n) {\ncase 2: {\nr = x;\nbreak;\n}\ncase -1: {\nr = y;\nbreak;\n}\n"
            "default: {\nr = x - y;\nbreak;\n}\n}\np[0] = r;\n");
}

// A value read in a loop body is computed once, before the loop; an unused one not at all.
TEST(ControlFlow, ExpressionsStayOutOfLoops) {
  EXPECT_EQ(
      body("%s = arith.addf %x, %y : f32\n%dead = arith.mulf %s, %y : f32\n"
           "scf.for %i = %c0 to %n step %c1 { pto.store_scalar %s, %p[%i] : !pto.ptr<f32>, f32 }",
           "%n: index, %x: f32, %y: f32, %p: !pto.ptr<f32>"),
      "float s = x + y;\nfor (int64_t i = 0; i < n; ++i) {\np[i] = s;\n}\n");
}

// The expression of a load is the value at the load, whatever is stored later.
TEST(ControlFlow, LoadsAreSnapshots) {
  EXPECT_EQ(body("%v = pto.load_scalar %p[%c0] : !pto.ptr<f32> -> f32\npto.store_scalar %x, "
                 "%p[%c0] : !pto.ptr<f32>, f32\n"
                 "pto.store_scalar %v, %p[%c1] : !pto.ptr<f32>, f32",
                 "%x: f32, %p: !pto.ptr<f32>"),
            "float v = p[0];\np[0] = x;\np[1] = v;\n");
}
