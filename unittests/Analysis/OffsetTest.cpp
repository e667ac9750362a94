//===- OffsetTest.cpp - Index arithmetic as affine offsets -----------------===//

#include "ModelTesting.h"

using namespace pto;
using namespace pto::testing;

namespace {

/// Scalar loads through %p at index %i, inside a loop of counter %i from `lower` by `step`; names
/// of the loads: %a, %b.
std::string inLoop(llvm::StringRef lower, llvm::StringRef step, llvm::StringRef body) {
  return ("func.func @f(%p: !pto.ptr<f32>, %q: !pto.ptr<f32>, %m: index, %n: index) {\n"
          "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  %c2 = "
          "arith.constant 2 : index\n"
          "  %c3 = arith.constant 3 : index\n  %c10 = arith.constant 10 : index\n"
          "  scf.for %i = %" +
          lower + " to %c10 step %" + step + " {\n" + body + "  }\n  return\n}\n")
      .str();
}
std::string load(llvm::StringRef index, llvm::StringRef name = "x") {
  return ("    %" + name + " = pto.load_scalar %p[%" + index + "] : !pto.ptr<f32> -> f32\n").str();
}

/// Offsets of the scalar accesses in program order.
std::vector<sync::Offset> offsetsOf(const SyncModel &model) {
  std::vector<sync::Offset> out;
  for (const sync::Node &n : model.program.nodes)
    if (n.kind == sync::NodeKind::Access)
      out.push_back(model.program.regions[n.reads.front()].offset);
  return out;
}
/// "constant + coefficient * counter", with "s" for a symbol.
std::string show(const sync::Offset &o) {
  if (!o.known)
    return "?";
  std::string text = std::to_string(o.constant);
  for (auto &t : o.terms)
    text += " + " + std::to_string(t.coefficient) + "i";
  return text + (o.symbol == sync::none ? "" : " + s" + std::to_string(o.symbol));
}

TEST(Offset, Table) {
  struct {
    const char *lower, *step, *arithmetic, *index, *expected; // elements of four bytes
  } table[] = {
      {"c0", "c1", "", "i", "0 + 4i"},
      {"c2", "c3", "", "i", "8 + 12i"},
      {"m", "c1", "", "i", "0 + 4i + s0"},
      {"c0", "n", "", "i", "?"}, // a step of run time: another product every iteration
      {"c0", "c1", "%j = arith.muli %i, %c3 : index\n", "j", "0 + 12i"},
      {"c2", "c1", "%j = arith.muli %c3, %i : index\n", "j", "24 + 12i"},
      {"c0", "c1", "%j = arith.addi %i, %m : index\n", "j", "0 + 4i + s0"},
      {"c0", "c1", "%j = arith.subi %c3, %i : index\n", "j", "12 + -4i"},
      {"c0", "c1",
       "%k = arith.index_cast %i : index to i64\n %j = arith.index_cast %k : i64 to index\n", "j",
       "0 + 4i"},
      {"c0", "c1", "%j = arith.subi %i, %i : index\n", "j", "0"},
      {"c0", "c1", "%k = arith.addi %m, %i : index\n %j = arith.subi %k, %m : index\n", "j",
       "0 + 4i"},
      {"c0", "c1", "%j = arith.muli %i, %i : index\n", "j", "?"},
      {"c0", "c1", "%j = arith.divui %i, %c2 : index\n", "j", "?"},
      // The number of the iteration.
      {"c0", "c2", "%j = arith.divui %i, %c2 : index\n", "j", "0 + 4i"},
      {"c2", "c3", "%k = arith.subi %i, %c2 : index\n %j = arith.divsi %k, %c3 : index\n", "j",
       "0 + 4i"},
      {"c3", "c2", "%j = arith.divui %i, %c2 : index\n", "j", "4 + 4i"}, // (2i + 3) / 2 = i + 1
      {"c0", "c2", "%j = arith.shrui %i, %c1 : index\n", "j", "0 + 4i"},
      {"m", "c2", "%k = arith.subi %i, %m : index\n %j = arith.divui %k, %c2 : index\n", "j",
       "0 + 4i"},
      {"m", "c2", "%j = arith.divui %i, %c2 : index\n", "j", "?"},
      {"c0", "c1", "", "m", "0 + s0"},
      // Beyond any memory: unknown, never wrapped.
      {"c0", "c1",
       "%h = arith.constant 9223372036854775807 : index\n %j = arith.addi %i, %h : index\n", "j",
       "?"},
      {"c0", "c1",
       "%h = arith.constant 4611686018427387904 : index\n %j = arith.muli %i, %h : index\n", "j",
       "?"},
      {"c0", "c1", "%h = arith.constant -9223372036854775808 : index\n", "h", "?"},
      {"c0", "c1", "", "c3", "12"},
  };
  for (auto &row : table) {
    std::string text =
        inLoop(row.lower, row.step, std::string("    ") + row.arithmetic + load(row.index));
    Parsed parsed(text);
    SyncModel model = parsed.model();
    auto offsets = offsetsOf(model);
    ASSERT_EQ(offsets.size(), 1u);
    EXPECT_EQ(show(offsets[0]), row.expected) << text;
  }
}

TEST(Offset, EqualSymbolsCancelOthersDoNot) {
  Parsed parsed(inLoop("c0", "c1",
                       "    %a = arith.addi %m, %c1 : index\n    %b = arith.addi %c2, %m : index\n "
                       "   %d = arith.addi %m, %n : index\n"
                       "    %e = arith.addi %n, %m : index\n    %g = arith.muli %m, %c2 : index\n" +
                           load("a", "xa") + load("b", "xb") + load("d", "xd") + load("e", "xe") +
                           load("n", "xn") + load("g", "xg")));
  std::vector<std::string> shown;
  SyncModel model = parsed.model();
  for (auto &o : offsetsOf(model))
    shown.push_back(show(o));
  EXPECT_EQ(shown,
            (std::vector<std::string>{"4 + s0", "8 + s0", "0 + s1", "0 + s1", "0 + s2", "0 + s3"}));
}

TEST(Offset, FollowsArgumentsOfHelpersToTheCaller) {
  Parsed parsed(R"(
    func.func @f(%p: !pto.ptr<f32>, %n: index) {
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      scf.for %i = %c4 to %c8 step %c1 {
        func.call @helper(%p, %i) : (!pto.ptr<f32>, index) -> ()
      }
      func.call @helper(%p, %n) : (!pto.ptr<f32>, index) -> ()
      return
    }
    func.func private @helper(%q: !pto.ptr<f32>, %j: index) {
      %c2 = arith.constant 2 : index
      %r = pto.addptr %q, %c2 : !pto.ptr<f32> -> !pto.ptr<f32>
      %x = pto.load_scalar %r[%j] : !pto.ptr<f32> -> f32
      return
    })");
  SyncModel model = parsed.model();
  auto offsets = offsetsOf(model);
  ASSERT_EQ(offsets.size(), 2u);
  EXPECT_EQ(show(offsets[0]), "24 + 4i");
  EXPECT_EQ(show(offsets[1]), "8 + s0");
  ASSERT_EQ(model.program.roots.size(), 1u);
  EXPECT_EQ(model.program.roots[0].name, "%p");
}

TEST(Offset, RootsAreArgumentsAndOthersMayBeAnywhere) {
  Parsed parsed(R"(
    func.func @f(%p: !pto.ptr<f32>, %q: !pto.ptr<f32> {pto.may_alias}, %c: i1, %i: index) {
      %s = arith.select %c, %p, %q : !pto.ptr<f32>
      %x = pto.load_scalar %p[%i] : !pto.ptr<f32> -> f32
      %y = pto.load_scalar %q[%i] : !pto.ptr<f32> -> f32
      %z = pto.load_scalar %s[%i] : !pto.ptr<f32> -> f32
      return
    })");
  SyncModel model = parsed.model();
  EXPECT_EQ(regionNamed(model, "%p").root, 0u);
  EXPECT_EQ(regionNamed(model, "%q").root, 1u);
  EXPECT_EQ(regionNamed(model, "%s").root, sync::none);
  EXPECT_FALSE(model.program.roots[0].mayAlias);
  EXPECT_TRUE(model.program.roots[1].mayAlias);
}

TEST(Offset, VariablesThatALoopCarries) {
  struct {
    const char *next, *index, *expected; // of %k, that begins at 2; elements of four bytes
  } table[] = {
      {"%k1 = arith.addi %k, %c3 : index", "%k", "8 + 12i"},
      {"%k0 = arith.addi %c3, %c1 : index %k1 = arith.addi %k, %c10 : index", "%k", "8 + 40i"},
      {"%k1 = arith.subi %k, %c1 : index", "%k", "8 + -4i"},
      {"%k0 = arith.addi %k, %c1 : index %k1 = arith.addi %k0, %c2 : index", "%k0", "12 + 12i"},
      {"%k1 = arith.addi %k, %c0 : index", "%k", "8"},
      {"%k1 = arith.addi %k, %n : index", "%k", "?"},
      {"%k1 = arith.muli %k, %c2 : index", "%k", "?"},
      {"%k1 = arith.addi %i, %c2 : index", "%k", "?"},
  };
  for (auto &row : table) {
    Parsed parsed(std::string(R"(func.func @f(%p: !pto.ptr<f32>, %n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c10 = arith.constant 10 : index
      %r = scf.for %i = %c0 to %c10 step %c1 iter_args(%k = %c2) -> (index) {
        )") + row.next +
                  "\n        %x = pto.load_scalar %p[" + row.index +
                  "] : !pto.ptr<f32> -> f32\n        scf.yield %k1 : index\n      }\n"
                  "      return\n    }");
    auto offsets = offsetsOf(parsed.model());
    ASSERT_EQ(offsets.size(), 1u);
    EXPECT_EQ(show(offsets[0]), row.expected) << row.next;
  }
}

TEST(Offset, PointersThatMoveOrAreChosen) {
  Parsed parsed(R"(
    func.func @f(%p: !pto.ptr<f32>, %q: !pto.ptr<f32>, %c: i1, %n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %behind = pto.addptr %p, %c8 : !pto.ptr<f32> -> !pto.ptr<f32>
      %a = scf.if %c -> !pto.ptr<f32> {
        scf.yield %p : !pto.ptr<f32>
      } else {
        scf.yield %behind : !pto.ptr<f32>
      }
      %x = pto.load_scalar %a[%c0] : !pto.ptr<f32> -> f32
      %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %behind, %t = %q) -> (!pto.ptr<f32>, !pto.ptr<f32>) {
        %y = pto.load_scalar %s[%c1] : !pto.ptr<f32> -> f32
        %z = pto.load_scalar %t[%c0] : !pto.ptr<f32> -> f32
        %s1 = pto.addptr %s, %c8 : !pto.ptr<f32> -> !pto.ptr<f32>
        %t1 = pto.addptr %t, %n : !pto.ptr<f32> -> !pto.ptr<f32>
        scf.yield %s1, %t1 : !pto.ptr<f32>, !pto.ptr<f32>
      }
      return
    })");
  SyncModel model = parsed.model();
  sync::Region a = regionNamed(model, "%a"), s = regionNamed(model, "%s"),
               t = regionNamed(model, "%t");
  // Somewhere behind %p; at a known place behind %p; somewhere behind %q.
  EXPECT_EQ(a.root, s.root);
  EXPECT_FALSE(a.offset.known);
  EXPECT_EQ(show(s.offset), "36 + 32i");
  EXPECT_FALSE(t.offset.known);
  ASSERT_LT(t.root, model.program.roots.size());
  EXPECT_EQ(model.program.roots[s.root].name, "%p");
  EXPECT_EQ(model.program.roots[t.root].name, "%q");
}

TEST(Offset, TripCounts) {
  struct {
    const char *lower, *upper, *step;
    std::optional<int64_t> trip;
  } table[] = {{"0", "10", "1", 10},
               {"2", "10", "3", 3},
               {"5", "5", "1", 0},
               {"7", "5", "1", 0},
               {"-4", "4", "4", 2},
               {"-9223372036854775808", "9223372036854775807", "1", std::nullopt},
               {"0", "9223372036854775807", "9223372036854775807", 1}};
  for (auto &row : table) {
    Parsed parsed(std::string("func.func @f() {\n %l = arith.constant ") + row.lower +
                  " : index\n %u = arith.constant " + row.upper +
                  " : index\n %s = arith.constant " + row.step +
                  " : index\n scf.for %i = %l to %u step %s {\n }\n return\n}\n");
    SyncModel model = parsed.model();
    ASSERT_EQ(model.program.nodes.size(), 1u);
    EXPECT_EQ(model.program.nodes[0].trip, row.trip) << row.lower << " to " << row.upper;
  }
}

TEST(EventId, IsReadBackInTheFormsThatTheInserterWrites) {
  struct {
    const char *arithmetic, *id;
    const char *expected; // base, count, add; "?": not readable
  } table[] = {
      {"", "c3", "3 1 0"},
      {"%r = arith.remui %i, %c2 : index\n", "r", "0 2 0"},
      {"%r = arith.remui %i, %c2 : index\n %e = arith.addi %r, %c3 : index\n", "e", "3 2 0"},
      {"%n1 = arith.addi %i, %c1 : index\n %r = arith.remui %n1, %c2 : index\n", "r", "0 2 1"},
      {"%n1 = arith.addi %i, %c3 : index\n %r = arith.remui %n1, %c2 : index\n %e = arith.addi %r, "
       "%c1 : index\n",
       "e", "1 2 1"},
      {"%r = arith.remui %i, %m : index\n", "r", "?"},
      {"%r = arith.remui %i, %c0 : index\n", "r", "?"},
      {"%r = arith.remui %m, %c2 : index\n", "r", "?"},
      {"", "m", "?"},
  };
  for (auto &row : table) {
    std::string text = inLoop("c0", "c1",
                              std::string("    ") + row.arithmetic +
                                  "    pto.set_flag_dyn[<PIPE_V>, <PIPE_MTE3>, %" + row.id + "]\n");
    Parsed parsed(text);
    SyncModel model = parsed.model();
    const sync::EventId *id = nullptr;
    for (const sync::Node &n : model.program.nodes)
      if (n.kind == sync::NodeKind::Set)
        id = &n.key.id;
    ASSERT_TRUE(id);
    std::string shown = !id->known ? "?"
                                   : std::to_string(id->base) + " " + std::to_string(id->count) +
                                         " " + std::to_string(id->add);
    EXPECT_EQ(shown, row.expected) << text;
  }
}

} // namespace
