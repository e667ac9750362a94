//===- MicroFormsTest.cpp - Which form a transfer takes --------------------===//
//
// A table written from the library's rules, and random shapes against a walk over the chunks as the
// library makes them: groups of the three outer dimensions, row steps, column steps.
//
//===----------------------------------------------------------------------===//

#include "ModelTesting.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <random>

using namespace pto;
using namespace pto::testing;

namespace {

struct Transfer {
  bool put = true;
  std::array<int64_t, 5> shape{1, 1, 1, 1, 64};
  int64_t rows = 1, cols = 64;            ///< of the staging tile
  int64_t validRows = -1, validCols = -1; ///< -1: as the shape
  enum Valid { Static, Constant, RunTime } valid = Static;
  bool twoTiles = false;
  bool colMajor = false;
  bool shared = false; ///< another call uses the staging tile too

  int64_t entryRows() const { return validRows < 0 ? rows : validRows; }
  int64_t entryCols() const { return validCols < 0 ? cols : validCols; }
};

std::string textOf(const Transfer &t) {
  std::string head, body;
  llvm::raw_string_ostream h(head), b(body);
  llvm::SmallVector<std::string> sizes, strides;
  int64_t stride = t.shape[0] * t.shape[1] * t.shape[2] * t.shape[3] * t.shape[4];
  for (int i = 0; i < 5; ++i) {
    stride /= t.shape[i];
    h << "    %n" << i << " = arith.constant " << t.shape[i] << " : index\n"
      << "    %s" << i << " = arith.constant " << stride << " : index\n";
    sizes.push_back("%n" + std::to_string(i));
    strides.push_back("%s" + std::to_string(i));
  }
  bool dynamic = t.valid != Transfer::Static;
  std::string tile = llvm::formatv("!pto.tile_buf<vec, {0}x{1}xf32, valid={2}x{3}{4}>", t.rows,
                                   t.cols, dynamic ? "?" : std::to_string(t.entryRows()),
                                   dynamic ? "?" : std::to_string(t.entryCols()),
                                   t.colMajor ? ", blayout=col_major" : "");
  std::string valid = t.valid == Transfer::Constant ? "valid_row = %vr valid_col = %vc"
                      : dynamic                     ? "valid_row = %r valid_col = %c"
                                                    : "";
  std::string part = llvm::formatv(
      "!pto.partition_tensor_view<{0}xf32>",
      llvm::join(llvm::map_range(t.shape, [](int64_t d) { return std::to_string(d); }), "x"));
  b << "    %vr = arith.constant " << t.entryRows() << " : index\n    %vc = arith.constant "
    << t.entryCols() << " : index\n";
  for (llvm::StringRef name : {"d", "s"})
    b << "    %" << name << "v = pto.make_tensor_view %" << name << ", shape = ["
      << llvm::join(sizes, ", ") << "], strides = [" << llvm::join(strides, ", ")
      << "] : !pto.tensor_view<?x?x?x?x?xf32>\n"
      << "    %" << name << "p = pto.partition_view %" << name
      << "v, offsets = [%zero, %zero, %zero, %zero, %zero], sizes = [" << llvm::join(sizes, ", ")
      << "] : !pto.tensor_view<?x?x?x?x?xf32> -> " << part << "\n";
  b << "    %ping = pto.alloc_tile " << valid << " : " << tile << "\n    %pong = pto.alloc_tile "
    << valid << " : " << tile << "\n";
  for (int i = 0; i <= t.shared; ++i)
    b << "    pto.comm." << (t.put ? "tput" : "tget") << "(%dp, %sp, buf(%ping"
      << (t.twoTiles ? ", %pong" : "") << ") : " << part << ", " << part << ", " << tile
      << (t.twoTiles ? ", " + tile : "") << ")\n";
  return "func.func @f(%d: !pto.ptr<f32>, %s: !pto.ptr<f32>, %r: index, %c: index) {\n    %zero = "
         "arith.constant 0 : index\n" +
         head + body + "    return\n}\n";
}

std::vector<std::string> formsOf(const Transfer &t) {
  Parsed parsed(textOf(t));
  mlir::Operation *call =
      t.put ? parsed.first<CommTPutOp>().getOperation() : parsed.first<CommTGetOp>().getOperation();
  if (!call)
    return {};
  std::vector<std::string> out;
  for (llvm::StringRef form : possibleForms(call))
    out.push_back(form.str());
  return out;
}

/// What the library does, by doing it: counts the chunks one by one.
std::string simulate(const Transfer &t) {
  auto &s = t.shape;
  if (s[0] * s[1] * s[2] * s[3] <= t.entryRows() && s[4] <= t.entryCols())
    return t.twoTiles ? "fits, two tiles" : "fits, one tile";
  int64_t chunks = 0;
  for (int64_t i0 = 0; i0 < s[0]; ++i0)
    for (int64_t i1 = 0; i1 < s[1]; ++i1)
      for (int64_t i2 = 0; i2 < s[2]; ++i2)
        for (int64_t r = 0; r < s[3]; r += t.entryRows())
          for (int64_t c = 0; c < s[4]; c += t.entryCols())
            ++chunks;
  if (t.twoTiles)
    return chunks % 2 ? "two tiles" : "two tiles, even number of chunks";
  bool halves = !t.colMajor && t.rows % 2 == 0 && t.rows >= 2 && t.entryRows() == t.rows &&
                t.entryCols() == t.cols && chunks >= 8;
  if (halves && (!t.put || chunks <= 16))
    return t.put ? "8 to 16 chunks, halved" : "8 chunks or more, halved";
  return "chunks";
}

TEST(MicroForms, TableOfKnownShapes) {
  struct {
    const char *why;
    Transfer transfer;
    std::vector<std::string> forms;
  } table[] = {
      {"one row that fits", {}, {"fits, one tile"}},
      {"one row that fits, two tiles", {.twoTiles = true}, {"fits, two tiles"}},
      {"outer dimensions count as rows",
       {.shape = {2, 1, 2, 2, 64}, .rows = 8},
       {"fits, one tile"}},
      {"four column chunks", {.shape = {1, 1, 1, 1, 256}}, {"chunks"}},
      {"eight chunks of an odd tile", {.shape = {1, 1, 1, 8, 64}}, {"chunks"}},
      {"seven chunks of an even tile", {.shape = {1, 1, 1, 14, 64}, .rows = 2}, {"chunks"}},
      {"eight chunks of an even tile",
       {.shape = {1, 1, 1, 16, 64}, .rows = 2},
       {"8 to 16 chunks, halved"}},
      {"sixteen chunks of an even tile",
       {.shape = {1, 1, 1, 32, 64}, .rows = 2},
       {"8 to 16 chunks, halved"}},
      {"seventeen are too many for a put", {.shape = {1, 1, 1, 34, 64}, .rows = 2}, {"chunks"}},
      {"but not for a get",
       {.put = false, .shape = {1, 1, 1, 34, 64}, .rows = 2},
       {"8 chunks or more, halved"}},
      {"a get of seven chunks", {.put = false, .shape = {1, 1, 1, 14, 64}, .rows = 2}, {"chunks"}},
      {"a valid region smaller than the tile",
       {.shape = {1, 1, 1, 16, 64}, .rows = 4, .validRows = 2},
       {"chunks"}},
      {"a column-major tile",
       {.shape = {1, 1, 1, 128, 64}, .rows = 8, .colMajor = true},
       {"chunks"}},
      {"a chunk never spans two groups", {.shape = {1, 1, 3, 1, 64}, .rows = 2}, {"chunks"}},
      {"two tiles, three chunks", {.shape = {1, 1, 1, 3, 64}, .twoTiles = true}, {"two tiles"}},
      {"two tiles, four chunks",
       {.shape = {1, 1, 1, 4, 64}, .twoTiles = true},
       {"two tiles, even number of chunks"}},
      {"two tiles are never halved",
       {.shape = {1, 1, 1, 16, 64}, .rows = 2, .twoTiles = true},
       {"two tiles, even number of chunks"}},
      {"run-time extents that are constants",
       {.shape = {1, 1, 1, 4, 64}, .valid = Transfer::Constant},
       {"chunks"}},
      {"run-time extents: anything without halves of an odd tile",
       {.valid = Transfer::RunTime},
       {"fits, one tile", "chunks"}},
      {"run-time extents of an even tile",
       {.rows = 2, .valid = Transfer::RunTime},
       {"fits, one tile", "chunks", "8 to 16 chunks, halved"}},
      {"run-time extents, two tiles",
       {.valid = Transfer::RunTime, .twoTiles = true},
       {"fits, two tiles", "two tiles", "two tiles, even number of chunks"}},
      // The first call may leave the tile at its last chunk's size (library 5.2).
      {"run-time extents shared by two calls",
       {.valid = Transfer::Constant, .shared = true},
       {"fits, one tile", "chunks"}},
      {"static extents shared by two calls", {.shared = true}, {"fits, one tile"}},
  };
  for (auto &row : table) {
    EXPECT_EQ(formsOf(row.transfer), row.forms) << row.why;
    if (row.forms.size() == 1) {
      EXPECT_EQ(simulate(row.transfer), row.forms.front()) << row.why;
    }
  }
}

TEST(MicroForms, AgreeWithAWalkOverTheChunks) {
  std::mt19937 random(7);
  auto pick = [&](std::initializer_list<int64_t> from) {
    return *(from.begin() + random() % from.size());
  };
  std::map<std::string, unsigned> seen;
  for (int round = 0; round < 600; ++round) {
    Transfer t;
    t.put = random() % 2;
    t.shape = {pick({1, 1, 2}), pick({1, 1, 3}), pick({1, 2, 4}), pick({1, 2, 3, 5, 8, 16}),
               pick({8, 24, 64, 100})};
    t.colMajor = random() % 8 == 0;
    t.rows = t.colMajor ? pick({8, 16}) : pick({1, 2, 3, 4, 8});
    t.cols = pick({8, 16, 64});
    if (random() % 3 == 0)
      t.validRows = 1 + random() % t.rows;
    t.valid = Transfer::Valid(random() % 3);
    t.twoTiles = random() % 3 == 0;
    t.shared = random() % 4 == 0;
    std::string really = simulate(t);
    auto forms = formsOf(t);
    EXPECT_TRUE(llvm::is_contained(forms, really)) << "left out '" << really << "' of\n"
                                                   << textOf(t);
    bool known = t.valid == Transfer::Static || (t.valid == Transfer::Constant && !t.shared);
    EXPECT_EQ(known, forms.size() == 1) << "known shapes take one form\n" << textOf(t);
    ++seen[really];
  }
  EXPECT_EQ(seen.size(), 7u) << "the random shapes do not reach every form";
}

TEST(MicroForms, DivisionByAScalarIsALoopForWholes) {
  const struct {
    llvm::StringRef arch, element, form;
  } rows[] = {{"a3", "i32", "a3, scalar loop"},
              {"a3", "f16", "a3, vector"},
              {"a5", "i32", "a5, scalar loop"},
              {"a5", "i64", "a5, vector"},
              {"a5", "f32", "a5, vector"}};
  for (auto &row : rows) {
    std::string tile = ("!pto.tile_buf<vec, 16x64x" + row.element + ">").str();
    Parsed parsed(("module attributes {pto.target_arch = \"" + row.arch +
                   "\"} { func.func @f(%a: " + tile + ", %x: " + row.element +
                   ") {\n  pto.tdivs ins(%a, %x : " + tile + ", " + row.element +
                   ") outs(%a : " + tile + ")\n  return } }")
                      .str());
    auto forms = possibleForms(parsed.first<TDivSOp>());
    ASSERT_EQ(forms.size(), 1u);
    EXPECT_EQ(forms.front(), row.form);
  }
}

TEST(MicroForms, ShiftsAreScalarLoopsOnA3Only) {
  for (llvm::StringRef arch : {"a3", "a5"}) {
    Parsed parsed(("module attributes {pto.target_arch = \"" + arch +
                   "\"} { func.func @f(%a: !pto.tile_buf<vec, 16x64xi32>) {\n"
                   "  pto.tshl ins(%a, %a : !pto.tile_buf<vec, 16x64xi32>, !pto.tile_buf<vec, "
                   "16x64xi32>) outs(%a : !pto.tile_buf<vec, 16x64xi32>)\n"
                   "  return } }")
                      .str());
    auto forms = possibleForms(parsed.first<TShlOp>());
    ASSERT_EQ(forms.size(), 1u);
    EXPECT_EQ(forms.front(), arch);
  }
}

} // namespace
